//! Facts folded into cases.

mod episodes;
pub(crate) mod timeline;
