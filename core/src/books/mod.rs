//! Facts folded into cases.

pub(crate) mod timeline;
