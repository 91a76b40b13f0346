//! The set as a drill sees it: its payload, what it holds, and what was recorded when it was sealed.

use crate::backup::files::{What, io, walk};
use crate::backup::{DrillOptions, Fingerprint, Kind, Watch, bag};
use crate::error::Result;
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a file that tell what it is.
const HEAD: u64 = 64 * 1024;

/// A set.
pub(super) struct Set {
    /// As the caller named it.
    pub(super) root: PathBuf,
    /// The folder or file that was backed up: `data` of a bag, else the root.
    pub(super) payload: PathBuf,
    pub(super) kind: Kind,
    /// Files of the payload, below it; of a single file, its name alone.
    pub(super) files: Vec<File>,
    /// What the database held when it was sealed.
    pub(super) expected: Option<Fingerprint>,
}

/// A file of the payload.
#[derive(Clone)]
pub(super) struct File {
    /// Its name in reports, below the set's folder.
    pub(super) shown: String,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

impl Set {
    /// Looks what is there.
    pub(super) fn look(options: &DrillOptions, watch: &mut Watch<'_>) -> Result<Set> {
        let root = options.path.clone();
        let meta = std::fs::symlink_metadata(&root).map_err(|error| io(&root, &error))?;
        let bag = meta.is_dir() && bag::is_bag(&root);
        let said = if bag { bag::described(&root) } else { None };
        let said = said.and_then(|info| info.get(bag::info::KIND).map(|kind| Value::String(kind.to_owned())));
        let payload = if bag { root.join("data") } else { root.clone() };
        let mut files = Vec::new();
        if meta.is_dir() {
            for found in walk(&payload, watch)?.0 {
                if found.what == What::File {
                    let below = found.path.to_string_lossy();
                    let shown = if bag { format!("data/{below}") } else { below.into_owned() };
                    files.push(File { shown, path: payload.join(&found.path), bytes: found.len });
                }
            }
        } else {
            let shown = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(File { shown, path: root.clone(), bytes: meta.len() });
        }
        let kind = match options.kind {
            Some(kind) => kind,
            None if options.command.is_some() => Kind::Command,
            None => match said.and_then(|kind| serde_json::from_value(kind).ok()) {
                Some(kind) => kind,
                None => guess(&payload, &files)?,
            },
        };
        let expected = if bag { bag::source(&root) } else { None };
        Ok(Set { root, payload, kind, files, expected })
    }
    /// Bytes of the payload.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.bytes).fold(0, u64::saturating_add)
    }
}

/// The start of a file, decompressed.
pub(super) fn head(file: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let source = super::feed::open_plain(file)?;
    match source.take(HEAD).read_to_end(&mut head) {
        Ok(_) => Ok(head),
        // A damaged start: what could be read of it still tells what it is; the restore will say what is wrong.
        Err(_) => Ok(head),
    }
}

/// The folder of a base backup: the payload itself or the one below it that has `PG_VERSION`, or `base.tar`.
pub(super) fn base_folder(payload: &Path, files: &[File]) -> Option<PathBuf> {
    let mut folders: Vec<_> = files
        .iter()
        .filter(|f| {
            f.path
                .file_name()
                .is_some_and(|n| n == "PG_VERSION" || n.to_string_lossy().starts_with("base.tar"))
        })
        .filter_map(|f| f.path.parent())
        .filter(|f| f.starts_with(payload) && (f.join("global").is_dir() || !f.join("PG_VERSION").exists()))
        .collect();
    folders.sort_by_key(|f| f.components().count());
    folders.first().map(|f| f.to_path_buf())
}

fn guess(payload: &Path, files: &[File]) -> Result<Kind> {
    if base_folder(payload, files).is_some() {
        return Ok(Kind::PostgresBase);
    }
    if files.iter().any(|f| f.path.file_name().is_some_and(|n| n == "toc.dat")) {
        return Ok(Kind::PostgresDump);
    }
    let mut archives = false;
    for file in files.iter().take(100) {
        let head = head(&file.path)?;
        if head.starts_with(b"SQLite format 3\0") {
            return Ok(Kind::Sqlite);
        }
        if head.starts_with(b"PGDMP") || head.starts_with(b"toc.dat\0") {
            return Ok(Kind::PostgresDump);
        }
        let text = String::from_utf8_lossy(&head[..head.len().min(4096)]);
        if text.contains("-- PostgreSQL database") {
            return Ok(Kind::PostgresDump);
        }
        if ["-- MariaDB dump", "-- MySQL dump", "/*M!999999"].iter().any(|m| text.contains(m)) {
            return Ok(Kind::MysqlDump);
        }
        archives |= head.get(257..262) == Some(b"ustar") || head.starts_with(b"PK\x03\x04");
    }
    Ok(if archives { Kind::Archive } else { Kind::Files })
}
