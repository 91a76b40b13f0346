//! BagIt (RFC 8493), versions 0.93 to 1.0 read, 1.0 written.

mod check;
pub(super) mod declaration;
pub(super) mod info;
mod listing;
pub(super) mod manifest;
mod seal_of;
pub(super) mod text;

pub(super) use check::{Bag, check};
pub(super) use listing::trouble;
pub(super) use manifest::unhex;

use super::content;
use std::path::Path;

/// Bytes of a tag manifest, or of the manifest that stands for it, at most.
pub(super) const MAX_SEALED: u64 = 256 * 1024 * 1024;
/// What the database held when the bag was sealed, as JSON.
pub(super) const SOURCE: &str = "opsledger-source.json";

/// True when a folder is a bag, or was one before its declaration was lost.
pub(super) fn is_bag(root: &Path) -> bool {
    if root.join(declaration::NAME).symlink_metadata().is_ok() {
        return true;
    }
    let has_data = root.join("data").symlink_metadata().is_ok();
    let names = std::fs::read_dir(root).into_iter().flatten().flatten().map(|e| e.file_name());
    has_data && names.into_iter().any(|n| n.to_str().is_some_and(|n| manifest::named(n).is_some()))
}

/// What a bag says of itself, where it says so readably.
pub(super) fn described(root: &Path) -> Option<info::Info> {
    let declared = declaration::Declaration::read(root).ok()?;
    info::Info::read(&root.join(info::NAME), declared.encoding).ok().map(|(info, _)| info)
}

/// What the database held when the bag was sealed.
pub(super) fn source(root: &Path) -> Option<super::Fingerprint> {
    let bytes = content::read_small(&root.join(SOURCE), MAX_SEALED).ok()?;
    serde_json::from_slice(&bytes).ok()
}
