//! Checks a set: the manifest it has (L1), then the structure of its files (L2).

use super::{Report, VerifyOptions, Watch};
use crate::error::{Code, Result, err};

/// Checks a set to the level asked for; every problem is reported, not the first.
pub fn verify(options: &VerifyOptions, _watch: &mut Watch<'_>) -> Result<Report> {
    err(Code::Unsupported, options.path.display().to_string())
}
