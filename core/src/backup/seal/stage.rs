//! The staging folder of a seal, and what is moved into and out of it.

use crate::backup::bag::{self, SOURCE, declaration};
use crate::backup::files::{self, Found, What};
use crate::backup::{Fingerprint, Watch};
use crate::error::{Code, Error, Result, err};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// In place: it holds the content itself.
const STAGE: &str = ".opsledger-seal";
/// Elsewhere: it holds links and copies only.
const COPY: &str = ".opsledger-seal-copy";
/// Says that everything is written and synced.
const READY: &str = "ready";
/// The payload.
const DATA: &str = "data";
/// Bytes copied at once.
const BUFFER: usize = 256 * 1024;

/// What a test stops a seal at: each change of names on the disk.
#[cfg(test)]
pub(super) mod stop {
    use super::{Code, Result, err};
    use std::cell::Cell;

    thread_local! {
        pub(in crate::backup::seal) static AFTER: Cell<Option<u32>> = const { Cell::new(None) };
    }

    pub(in crate::backup::seal) fn change() -> Result<()> {
        match AFTER.get() {
            Some(0) => err(Code::Internal, "stopped by the test"),
            Some(n) => {
                AFTER.set(Some(n - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[cfg(not(test))]
mod stop {
    // Only tests stop a seal between two changes.
    #[allow(clippy::unnecessary_wraps, reason = "the test's own gives an error")]
    pub(super) fn change() -> super::Result<()> {
        Ok(())
    }
}

/// True for the staging folder itself and what is in it.
pub(super) fn is_stage(path: &OsStr) -> bool {
    let bytes = path.as_encoded_bytes();
    bytes.strip_prefix(STAGE.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// True for a folder whose seal was stopped.
pub(in crate::backup) fn is_half_sealed(root: &Path) -> bool {
    [STAGE, COPY].iter().any(|stage| root.join(stage).symlink_metadata().is_ok_and(|m| m.is_dir()))
}

/// How the content came into the stage.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    pub(super) linked: u64,
    pub(super) copied: u64,
}

/// Where a seal stands.
pub(super) struct Stage {
    /// Where the bag will be.
    place: PathBuf,
    /// The staging folder.
    pub(super) root: PathBuf,
    copies: bool,
    /// True when a seal that was stopped goes on.
    pub(super) resumed: bool,
}

impl Stage {
    /// Finds where a seal stands, or that one may begin.
    pub(super) fn find(from: &Path, into: Option<&Path>) -> Result<Stage> {
        let meta = from.symlink_metadata().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::new(Code::NotFound, from.display().to_string()),
            _ => files::io(from, &error),
        })?;
        if !meta.is_dir() {
            return err(Code::CannotSeal, format!("{}: not a folder", from.display()));
        }
        let place = into.unwrap_or(from);
        let root = place.join(if into.is_some() { COPY } else { STAGE });
        let resumed = root.symlink_metadata().is_ok_and(|m| m.is_dir());
        if !resumed && bag::is_bag(from) {
            return err(Code::AlreadySealed, from.display().to_string());
        }
        if let Some(into) = into {
            if from.join(STAGE).exists() {
                return err(
                    Code::CannotSeal,
                    format!("{}: half sealed in place; complete that first", from.display()),
                );
            }
            Self::target(from, into, resumed)?;
        }
        Ok(Stage { place: place.to_owned(), root, copies: into.is_some(), resumed })
    }

    /// The target must be empty, outside the source, or a seal's own.
    fn target(from: &Path, into: &Path, resumed: bool) -> Result<()> {
        match fs::create_dir_all(into) {
            Err(error) => return Err(files::io(into, &error)),
            Ok(()) if resumed => {}
            Ok(()) => {
                let mut entries = fs::read_dir(into).map_err(|error| files::io(into, &error))?;
                if entries.next().is_some() {
                    return err(Code::CannotSeal, format!("{}: not empty", into.display()));
                }
            }
        }
        let whole = |p: &Path| p.canonicalize().map_err(|error| files::io(p, &error));
        if whole(into)?.starts_with(whole(from)?) {
            return err(Code::CannotSeal, format!("{}: inside {}", into.display(), from.display()));
        }
        Ok(())
    }

    /// True when everything is written: what is left is to move it out, or only to remove the empty stage.
    pub(super) fn is_ready(&self) -> bool {
        let there = |path: PathBuf| path.symlink_metadata().is_ok();
        let published = || !there(self.data()) && there(self.place.join(declaration::NAME));
        self.resumed && (there(self.root.join(READY)) || published())
    }
    /// The payload's folder.
    pub(super) fn data(&self) -> PathBuf {
        self.root.join(DATA)
    }
    /// Folders that hold the content now, and whether the stage lies in it.
    pub(super) fn content(&self, from: &Path) -> Vec<(PathBuf, bool)> {
        let mut content = vec![(from.to_owned(), !self.copies)];
        if self.resumed && !self.copies && self.data().is_dir() {
            content.push((self.data(), false));
        }
        content
    }

    /// True when content was moved already.
    pub(super) fn is_begun(&self) -> bool {
        let filled = fs::read_dir(self.data()).is_ok_and(|mut entries| entries.next().is_some());
        !self.copies && filled
    }
    /// What the source held when the seal that is completed began.
    pub(super) fn fingerprint(&self) -> Result<Option<Fingerprint>> {
        if self.root.join(SOURCE).symlink_metadata().is_err() {
            return Ok(None);
        }
        bag::source(&self.root).map(Some).ok_or_else(|| {
            Error::new(Code::CannotSeal, format!("{}: not readable", self.root.join(SOURCE).display()))
        })
    }

    /// Brings the content into the stage.
    pub(super) fn gather(
        &mut self,
        from: &Path,
        fingerprint: Option<&Fingerprint>,
        watch: &mut Watch<'_>,
    ) -> Result<Moved> {
        if self.copies && self.resumed {
            // Links and copies of a seal that was stopped: the content lies where it always lay.
            stop::change()?;
            fs::remove_dir_all(&self.root).map_err(|error| files::io(&self.root, &error))?;
        }
        let data = self.data();
        stop::change()?;
        fs::create_dir_all(&data).map_err(|error| files::io(&data, &error))?;
        if let Some(fingerprint) = fingerprint {
            self.write(SOURCE, &super::tags::source(fingerprint)?)?;
        }
        sync_folder(&self.root)?;
        sync_folder(&self.place)?;
        if self.copies { self.copy(from, watch) } else { self.rename(watch).map(|()| Moved::default()) }
    }

    fn rename(&self, watch: &mut Watch<'_>) -> Result<()> {
        let data = self.data();
        let entries = fs::read_dir(&self.place).map_err(|error| files::io(&self.place, &error))?;
        // All names first: a folder that is changed while it is listed may leave some out.
        let names: std::io::Result<Vec<_>> = entries.map(|e| e.map(|e| e.file_name())).collect();
        for name in names.map_err(|error| files::io(&self.place, &error))? {
            watch.tick()?;
            if name == STAGE {
                continue;
            }
            let (old, new) = (self.place.join(&name), data.join(&name));
            if new.symlink_metadata().is_ok() {
                return err(
                    Code::CannotSeal,
                    format!("{}: it was made anew while {} was being sealed", old.display(), new.display()),
                );
            }
            stop::change()?;
            fs::rename(&old, &new).map_err(|error| files::io(&old, &error))?;
        }
        sync_folder(&data)?;
        sync_folder(&self.place)
    }

    fn copy(&self, from: &Path, watch: &mut Watch<'_>) -> Result<Moved> {
        let (found, unreadable) = files::walk(from, watch)?;
        if let Some(u) = unreadable.into_iter().next() {
            return Err(files::io(&from.join(u.path), &u.error));
        }
        let count = |what| found.iter().filter(move |f| f.what == what);
        watch.step(
            "seal copies",
            count(What::File).count() as u64,
            count(What::File).map(|f| f.len).sum(),
        )?;
        let mut moved = Moved::default();
        for Found { path, what, .. } in &found {
            let (old, new) = (from.join(path), self.data().join(path));
            if *what == What::Folder {
                stop::change()?;
                fs::create_dir_all(&new).map_err(|error| files::io(&new, &error))?;
                continue;
            }
            stop::change()?;
            if fs::hard_link(&old, &new).is_ok() {
                moved.linked += 1;
            } else {
                copy_file(&old, &new, watch)?;
                moved.copied += 1;
            }
            watch.shared().file();
        }
        for f in count(What::Folder) {
            sync_folder(&self.data().join(&f.path))?;
        }
        sync_folder(&self.data())?;
        Ok(moved)
    }

    /// Removes the tag files of a seal that was stopped: it may have been asked for others. What the source held stays.
    pub(super) fn clear(&self) -> Result<()> {
        let entries = fs::read_dir(&self.root).map_err(|error| files::io(&self.root, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| files::io(&self.root, &error))?;
            let name = entry.file_name();
            if name != DATA && name != SOURCE {
                stop::change()?;
                fs::remove_file(entry.path()).map_err(|error| files::io(&entry.path(), &error))?;
            }
        }
        Ok(())
    }

    /// Writes a tag file into the stage.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        stop::change()?;
        let path = self.root.join(name);
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|error| files::io(&path, &error))
    }

    /// From here on only [`Stage::publish`] is left.
    pub(super) fn ready(&self) -> Result<()> {
        sync_folder(&self.root)?;
        self.write(READY, b"")?;
        sync_folder(&self.root)
    }

    /// Moves everything out, the declaration last.
    pub(super) fn publish(&self) -> Result<()> {
        let entries = fs::read_dir(&self.root).map_err(|error| files::io(&self.root, &error))?;
        let names: std::io::Result<Vec<_>> = entries.map(|e| e.map(|e| e.file_name())).collect();
        let mut names = names.map_err(|error| files::io(&self.root, &error))?;
        names.retain(|name| name != READY && name != declaration::NAME);
        names.sort();
        for name in names {
            let (old, new) = (self.root.join(&name), self.place.join(&name));
            if new.symlink_metadata().is_ok() {
                return err(
                    Code::CannotSeal,
                    format!("{}: it was made while the folder was being sealed; move it away", new.display()),
                );
            }
            stop::change()?;
            fs::rename(&old, &new).map_err(|error| files::io(&old, &error))?;
        }
        sync_folder(&self.place)?;
        let (old, new) = (self.root.join(declaration::NAME), self.place.join(declaration::NAME));
        stop::change()?;
        match fs::rename(&old, &new) {
            Ok(()) => {}
            // Stopped after this very step.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && new.exists() => {}
            Err(error) => return Err(files::io(&old, &error)),
        }
        sync_folder(&self.place)?;
        let ready = self.root.join(READY);
        stop::change()?;
        match fs::remove_file(&ready) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(files::io(&ready, &error));
            }
            _ => {}
        }
        stop::change()?;
        fs::remove_dir(&self.root).map_err(|error| files::io(&self.root, &error))?;
        sync_folder(&self.place)
    }
}

/// Copies a file with its permissions; nothing is taken for a copy that did not reach the disk.
fn copy_file(old: &Path, new: &Path, watch: &mut Watch<'_>) -> Result<()> {
    let changed =
        || Error::new(Code::CannotSeal, format!("{}: it changes while it is sealed", old.display()));
    let (mut input, before) = match files::open(old) {
        Ok(opened) => opened,
        Err(files::Outcome::Refused(error)) => return Err(files::io(old, &error)),
        Err(_) => return Err(changed()),
    };
    let mode = before.mode() & 0o7777;
    let output = OpenOptions::new().write(true).create_new(true).mode(mode).open(new);
    let mut output = output.map_err(|error| files::io(new, &error))?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let n = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(files::io(old, &error)),
        };
        watch.reading(n as u64)?;
        output.write_all(&buffer[..n]).map_err(|error| files::io(new, &error))?;
    }
    let end = || {
        output.set_permissions(fs::Permissions::from_mode(mode))?;
        output.set_modified(before.modified()?)?;
        output.sync_all()
    };
    end().map_err(|error| files::io(new, &error))?;
    match files::unchanged(&input, &before) {
        Ok(true) => Ok(()),
        Ok(false) => Err(changed()),
        Err(error) => Err(files::io(old, &error)),
    }
}

/// Makes the names in a folder last.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|f| f.sync_all()).map_err(|error| files::io(path, &error))
}
