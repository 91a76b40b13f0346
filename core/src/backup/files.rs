//! Files of a set: found without following links, opened so that nothing but a file is read, digested whole.

mod pipeline;
mod queue;
mod seat;
#[cfg(test)]
mod tests;

pub use pipeline::digest_all;

use super::Watch;
use crate::digest::Algorithm;
use crate::error::{Code, Error, Result, err};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    File,
    Folder,
    Link,
    /// A device, a socket, a pipe.
    Other,
}

/// One thing below a folder.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Below the folder, parts joined by `/`.
    pub(super) path: OsString,
    pub(super) what: What,
    /// Bytes, of a file.
    pub(super) len: u64,
}

/// What could not be looked into, and why.
pub(super) struct Unreadable {
    pub(super) path: OsString,
    pub(super) error: std::io::Error,
}

/// Everything below a folder, in the order of the paths' bytes; links are named, never followed.
pub(super) fn walk(root: &Path, watch: &mut Watch<'_>) -> Result<(Vec<Found>, Vec<Unreadable>)> {
    let mut found = Vec::new();
    let mut unreadable = Vec::new();
    let mut folders = vec![OsString::new()];
    while let Some(folder) = folders.pop() {
        watch.tick()?;
        let entries = match std::fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if folder.is_empty() => return err(Code::Io, format!("{}: {error}", root.display())),
            Err(error) => {
                unreadable.push(Unreadable { path: folder, error });
                continue;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    unreadable.push(Unreadable { path: folder.clone(), error });
                    break;
                }
            };
            let mut path = folder.clone();
            if !path.is_empty() {
                path.push("/");
            }
            path.push(entry.file_name());
            match entry.metadata() {
                Ok(meta) => {
                    let kind = meta.file_type();
                    let what = if kind.is_file() {
                        What::File
                    } else if kind.is_dir() {
                        folders.push(path.clone());
                        What::Folder
                    } else if kind.is_symlink() {
                        What::Link
                    } else {
                        What::Other
                    };
                    found.push(Found { path, what, len: if what == What::File { meta.len() } else { 0 } });
                }
                Err(error) => unreadable.push(Unreadable { path, error }),
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((found, unreadable))
}

/// A file to digest.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where it is.
    pub path: PathBuf,
    /// Its digests; more than one come from one read.
    pub algorithms: Vec<Algorithm>,
    /// SM3 of each chunk of that many bytes too; 32 bytes of memory each. Without `algorithms`, the chunks are read side by
    /// side.
    pub chunk: Option<u64>,
}

/// What came of a [`Job`].
#[derive(Debug)]
pub enum Outcome {
    /// Read from its first to its last byte, and unchanged while it was.
    Read(Digests),
    /// It was not there, or no longer.
    Vanished,
    /// Its length or its time of change moved while it was read.
    Changed,
    /// A link, a folder, a device: not opened.
    NotAFile,
    /// The system refused.
    Refused(std::io::Error),
}

/// The digests of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Its length, bytes.
    pub bytes: u64,
    /// In the order asked for.
    pub digests: Vec<Vec<u8>>,
    /// SM3 of each chunk, in order; empty where none was asked for.
    pub chunks: Vec<[u8; 32]>,
}

/// Opens a file for reading, never through a link, never a device.
pub(super) fn open(path: &Path) -> std::result::Result<(File, std::fs::Metadata), Outcome> {
    // Without O_NONBLOCK the opening of a pipe would wait for a writer.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path);
    let file = file.map_err(|error| match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR) => Outcome::Vanished,
        Some(libc::ELOOP) => Outcome::NotAFile,
        _ => Outcome::Refused(error),
    })?;
    let meta = file.metadata().map_err(Outcome::Refused)?;
    if meta.is_file() { Ok((file, meta)) } else { Err(Outcome::NotAFile) }
}

/// True when a file is as it was when it was opened.
pub(super) fn unchanged(file: &File, before: &std::fs::Metadata) -> std::io::Result<bool> {
    let now = file.metadata()?;
    let state = |m: &std::fs::Metadata| (m.len(), m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec());
    Ok(state(&now) == state(before))
}

/// An error of the system at a path.
pub(super) fn io(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Code::Io, format!("{}: {error}", path.display()))
}
