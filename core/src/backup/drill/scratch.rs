//! The scratch target: a folder made for one drill, private, under a random name; gone afterwards unless it is kept.

use crate::backup::files::io;
use crate::error::{Code, Error, Result, err};
use std::hash::{BuildHasher, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The longest path a socket may lie at (`sun_path`, less what an engine appends).
const SOCKET_PATH: usize = 80;
/// Accounts an engine is started as where we are root, the first that exists: engines refuse root, and an account that
/// owns nothing can do the least harm when a dump turns out to be hostile.
const ACCOUNTS: &[&str] = &["nobody", "postgres", "mysql"];

/// A scratch folder.
pub(super) struct Scratch {
    path: PathBuf,
    /// Folder of the sockets, where `path` is too long for one.
    short: Option<PathBuf>,
    /// The account that engines run as, where we are root.
    pub(super) account: Option<(u32, u32)>,
    /// Its name, or ours.
    pub(super) account_name: String,
    keep: bool,
}

impl Scratch {
    /// Makes one below `base` (the system's temporary folder). Refused when `base` holds anything, lies in the set or in a
    /// source, or the other way round.
    pub(super) fn make(base: Option<&Path>, set: &Path, sources: &[String]) -> Result<Scratch> {
        let base = match base {
            Some(base) => base.to_owned(),
            None => std::env::temp_dir(),
        };
        let base = real(&base)?;
        let mut taken = vec![("path", real(set)?)];
        for source in sources {
            if let Some(file) = source.strip_prefix("sqlite:") {
                taken.push(("sources", real(Path::new(file))?));
            }
        }
        for (field, other) in taken {
            // A set below the temporary folder is no overlap: what is made there has a name of its own.
            if base.starts_with(&other) {
                return err(
                    Code::TargetInUse,
                    format!("scratch = {} ({field}: {})", base.display(), other.display()),
                );
            }
        }
        std::fs::create_dir_all(&base).map_err(|error| io(&base, &error))?;
        let path = private(&base, "opsledger-drill-")?;
        let mut scratch =
            Scratch { path, short: None, account: None, account_name: String::new(), keep: false };
        let owner = std::fs::metadata(&scratch.path).map_err(|error| io(&scratch.path, &error))?.uid();
        if owner == 0 {
            let (name, user, group) = account()?;
            scratch.account = Some((user, group));
            scratch.account_name = name;
            scratch.give(&scratch.path)?;
            scratch.reachable(user)?;
        }
        if scratch.path.as_os_str().len() > SOCKET_PATH {
            let short = private(Path::new("/tmp"), "od-")?;
            scratch.give(&short)?;
            scratch.short = Some(short);
        }
        Ok(scratch)
    }
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
    /// A folder of that name in it, made now.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(|error| io(&path, &error))?;
        self.give(&path)?;
        Ok(path)
    }
    /// Folder of the sockets.
    pub(super) fn sockets(&self) -> &Path {
        self.short.as_deref().unwrap_or(&self.path)
    }
    /// Hands a file or folder over to the account that engines run as.
    pub(super) fn give(&self, path: &Path) -> Result<()> {
        match self.account {
            Some((user, group)) => {
                std::os::unix::fs::lchown(path, Some(user), Some(group)).map_err(|error| io(path, &error))
            }
            None => Ok(()),
        }
    }
    /// It stays.
    pub(super) fn keep(&mut self) {
        self.keep = true;
    }
    /// Removes it now.
    pub(super) fn remove(mut self) -> Result<()> {
        let gone = std::fs::remove_dir_all(&self.path).map_err(|error| io(&self.path, &error));
        self.keep = gone.is_err();
        gone
    }
    /// Every folder on the way must let the account through, else its engine fails with a message that explains nothing.
    fn reachable(&self, user: u32) -> Result<()> {
        for folder in self.path.ancestors().skip(1) {
            let meta = std::fs::metadata(folder).map_err(|error| io(folder, &error))?;
            if meta.permissions().mode() & 0o001 == 0 && meta.uid() != user {
                return Err(Error::new(Code::BadRequest, format!("scratch = {}", self.path.display()))
                    .with_hints(
                        format!(
                            "the account {} that engines run as may not enter {}: choose another folder",
                            self.account_name,
                            folder.display()
                        ),
                        format!(
                            "运行数据库引擎的账户 {} 无权进入 {}：请另选目录",
                            self.account_name,
                            folder.display()
                        ),
                    ));
            }
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(short) = &self.short {
            let _ = std::fs::remove_dir_all(short);
        }
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Refuses a scratch folder that the caller named and that holds anything.
pub(super) fn empty(base: &Path) -> Result<()> {
    match std::fs::read_dir(base) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => err(Code::TargetNotEmpty, format!("scratch = {}", base.display())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(base, &error)),
    }
}

/// A private folder under a name nobody can foresee.
fn private(base: &Path, prefix: &str) -> Result<PathBuf> {
    for _ in 0..16 {
        let random = std::hash::RandomState::new().build_hasher().finish();
        let path = base.join(format!("{prefix}{random:016x}"));
        match std::fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io(&path, &error)),
        }
    }
    err(Code::Io, base.display().to_string())
}

/// The path with its links resolved, as far as it exists.
pub(super) fn real(path: &Path) -> Result<PathBuf> {
    let full = std::path::absolute(path).map_err(|error| io(path, &error))?;
    for there in full.ancestors() {
        if let Ok(real) = there.canonicalize() {
            let rest = full.strip_prefix(there).unwrap_or(Path::new(""));
            return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
        }
    }
    Ok(full)
}

/// The first of [`ACCOUNTS`] that this host has: name, user, group.
fn account() -> Result<(String, u32, u32)> {
    let accounts = Path::new("/etc/passwd");
    let text = std::fs::read_to_string(accounts).map_err(|error| io(accounts, &error))?;
    for wanted in ACCOUNTS {
        for line in text.lines() {
            let mut fields = line.split(':');
            let (name, _, user, group) = (fields.next(), fields.next(), fields.next(), fields.next());
            if let (Some(name), Some(user), Some(group)) =
                (name, user.and_then(|u| u.parse().ok()), group.and_then(|g| g.parse().ok()))
                && name == *wanted
                && user != 0
            {
                return Ok((name.to_owned(), user, group));
            }
        }
    }
    Err(Error::new(Code::BadRequest, format!("{}: {}", accounts.display(), ACCOUNTS.join(", "))).with_hints(
        "engines refuse to run as root, and none of these accounts exists: run the drill as an ordinary user",
        "数据库引擎拒绝以 root 运行，且上述账户均不存在：请以普通用户运行演练",
    ))
}
