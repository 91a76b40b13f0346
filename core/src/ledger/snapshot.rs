//! One consistent file without a WAL. In: a name that is not taken. Out: a ledger of the same entries, for read-only media.

use super::files;
use super::store::Store;
use crate::error::{Code, Error, Result, err};
use std::io;
use std::path::Path;

/// Writes the copy beside its name first, and gives it the name when it is whole.
pub(super) fn write(store: &Store, path: &Path) -> Result<()> {
    store.check_process()?;
    let path = files::resolve(path)?;
    if files::id(&path)?.is_some() {
        return err(Code::LedgerExists, path.display().to_string());
    }
    let part = files::beside(&path, &format!("-part-{}", std::process::id()));
    let written = fill(store, &part).and_then(|()| publish(&part, &path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}

fn fill(store: &Store, part: &Path) -> Result<()> {
    let Some(name) = part.to_str() else {
        return err(Code::BadRequest, format!("{}: the name is not UTF-8", part.display()));
    };
    store.read(|db| {
        // What an earlier attempt left; SQLite wants an empty or no file.
        match std::fs::remove_file(part) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(files::os(&e, part)),
            _ => {}
        }
        db.vacuum_into(name)
    })?;
    std::fs::File::open(part).and_then(|f| f.sync_all()).map_err(|e| files::os(&e, part))
}

/// Gives the whole file its name without ever overwriting one.
fn publish(part: &Path, path: &Path) -> Result<()> {
    match std::fs::hard_link(part, path) {
        Ok(()) => std::fs::remove_file(part).map_err(|e| files::os(&e, part))?,
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Error::new(Code::LedgerExists, path.display().to_string()));
        }
        // A file system without links.
        Err(_) => std::fs::rename(part, path).map_err(|e| files::os(&e, path))?,
    }
    files::sync_folder(files::folder(path))
}
