//! Seals a folder.

use super::{Report, SealOptions, Watch};
use crate::error::{Code, Result, err};

/// What was sealed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct SealDetail {}

/// Seals a folder as a BagIt 1.0 bag.
pub fn seal(options: &SealOptions, _watch: &mut Watch<'_>) -> Result<Report> {
    err(Code::Unsupported, options.path.display().to_string())
}
