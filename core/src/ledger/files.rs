//! Names and places: which files belong to a ledger, whether a name still leads to the file that was opened, and what kind of
//! file system it lies on. Looks at names only: opening and closing the ledger by hand would drop SQLite's locks.

use crate::error::{Code, Error, Result, err};
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl FileId {
    pub(super) fn of(meta: &std::fs::Metadata) -> FileId {
        FileId { device: meta.dev(), inode: meta.ino() }
    }
}

/// Which file the name leads to; `None` when there is none.
pub(super) fn id(path: &Path) -> Result<Option<FileId>> {
    match std::fs::metadata(path) {
        Ok(meta) => Ok(Some(FileId::of(&meta))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(os(&e, path)),
    }
}

/// The files behind a ledger's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    ledger: Option<FileId>,
    wal: Option<FileId>,
    shm: Option<FileId>,
}

impl Names {
    pub(super) fn now(ledger: &Path) -> Result<Names> {
        Ok(Names {
            ledger: id(ledger)?,
            wal: id(&beside(ledger, "-wal"))?,
            shm: id(&beside(ledger, "-shm"))?,
        })
    }
    /// All three are there, as they are while somebody writes.
    pub(super) fn are_complete(&self) -> bool {
        self.ledger.is_some() && self.wal.is_some() && self.shm.is_some()
    }
    /// True when what was there is there still; a file that is read may get side files.
    pub(super) fn lead_on(&self, now: &Names) -> bool {
        let same = |then: Option<FileId>, now| then.is_none() || then == now;
        same(self.ledger, now.ledger) && same(self.wal, now.wal) && same(self.shm, now.shm)
    }
}

/// The ledger's own name with symbolic links resolved, so that every name of it finds the same side files.
pub(super) fn resolve(path: &Path) -> Result<PathBuf> {
    if let Ok(whole) = std::fs::canonicalize(path) {
        return Ok(whole);
    }
    let Some(name) = path.file_name() else { return err(Code::NotALedger, path.display().to_string()) };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match std::fs::canonicalize(folder) {
        Ok(folder) => Ok(folder.join(name)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => err(Code::NotFound, folder.display().to_string()),
        Err(e) => Err(os(&e, folder)),
    }
}

/// `<ledger><suffix>`.
pub(super) fn beside(ledger: &Path, suffix: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The folder of a resolved name.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| Error::new(Code::BadRequest, format!("{} holds a zero byte", path.display())))
}

/// Whether this process may write what `path` names (asked of the kernel, without opening it).
pub(super) fn may_write(path: &Path) -> Result<bool> {
    let name = c_path(path)?;
    // SAFETY: `name` is a NUL-terminated string that outlives the call.
    Ok(unsafe { libc::faccessat(libc::AT_FDCWD, name.as_ptr(), libc::W_OK, libc::AT_EACCESS) } == 0)
}

/// Refuses folders on file systems whose locks do not hold between machines.
pub(super) fn refuse_network(folder: &Path) -> Result<()> {
    let name = c_path(folder)?;
    // SAFETY: all-zero is a valid `statfs`; `name` is NUL-terminated; the kernel fills the struct.
    let magic = unsafe {
        let mut info: libc::statfs = std::mem::zeroed();
        if libc::statfs(name.as_ptr(), &raw mut info) != 0 {
            return Err(os(&io::Error::last_os_error(), folder));
        }
        info.f_type as u64 & 0xffff_ffff
    };
    let kind = match network_name(magic) {
        Some("fuse") => match mounted_as(folder) {
            // A block device behind FUSE (ntfs-3g, exfat) is local.
            Some(kind) if kind == "fuseblk" => return Ok(()),
            Some(kind) => kind,
            None => "fuse".to_owned(),
        },
        Some(kind) => kind.to_owned(),
        None => return Ok(()),
    };
    err(Code::NetworkFile, format!("{} ({kind})", folder.display()))
}

/// The name of a network file system by its magic number (linux/magic.h).
fn network_name(magic: u64) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "nfs",
        0x517b => "smb",
        0xff53_4d42 => "cifs",
        0xfe53_4d42 => "smb2",
        0x5346_414f | 0x6b41_4653 => "afs",
        0x7375_7245 => "coda",
        0x0102_1997 => "9p",
        0x00c3_6400 => "ceph",
        0x564c => "ncp",
        0x0bd0_0bd0 => "lustre",
        0x4750_4653 => "gpfs",
        0x0116_1970 => "gfs2",
        0x7461_636f => "ocfs2",
        0x1983_0326 => "beegfs",
        0x786f_4256 => "vboxsf",
        0x6573_5546 => "fuse",
        _ => return None,
    })
}

/// The type of the mount that holds `folder`, as the kernel lists it.
fn mounted_as(folder: &Path) -> Option<String> {
    let list = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let device = std::fs::metadata(folder).ok()?.dev();
    let device = format!("{}:{}", libc::major(device), libc::minor(device));
    list.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        (left.split(' ').nth(2)? == device).then(|| right.split(' ').next().map(str::to_owned))?
    })
}

/// Flushes the folder, so that a new name in it survives a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(|e| os(&e, folder))
}

/// The error of an operating-system call on `path`.
pub(super) fn os(e: &io::Error, path: &Path) -> Error {
    let code = match e.raw_os_error() {
        Some(n) if is_full(n) => Code::DiskFull,
        Some(libc::EACCES | libc::EPERM | libc::EROFS) => Code::ReadOnlyFile,
        Some(libc::ENOENT) => Code::NotFound,
        _ => Code::Io,
    };
    Error::new(code, format!("{}: {e}", path.display()))
}

/// No room: on the device, in the quota, or under the process's file-size limit.
pub(super) fn is_full(errno: i32) -> bool {
    matches!(errno, libc::ENOSPC | libc::EDQUOT | libc::EFBIG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_magics() {
        assert_eq!(network_name(0x6969), Some("nfs"));
        assert_eq!(network_name(0xff53_4d42), Some("cifs"));
        for local in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x2fc1_2fc1, 0x794c_7630] {
            assert_eq!(network_name(local), None, "{local:x}");
        }
        refuse_network(&std::env::temp_dir()).unwrap();
        assert_eq!(refuse_network(Path::new("/no/such/folder")).unwrap_err().code(), Code::NotFound);
    }

    #[test]
    fn names() {
        assert_eq!(beside(Path::new("/a/b.db"), "-wal"), Path::new("/a/b.db-wal"));
        assert_eq!(resolve(Path::new("/no/such/folder/x")).unwrap_err().code(), Code::NotFound);
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.db");
        std::fs::write(&real, "x").unwrap();
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(resolve(&link).unwrap(), std::fs::canonicalize(&real).unwrap());
        assert_eq!(id(&link).unwrap(), id(&real).unwrap());
        assert_eq!(id(&folder.path().join("none")).unwrap(), None);
    }
}
