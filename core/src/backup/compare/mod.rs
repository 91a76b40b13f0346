//! Platform against standby (L4): schema, counts, row digests, split down to the rows that differ.

use super::{CompareOptions, Report, Watch};
use crate::error::{Code, Result, err};

/// What differs.
#[derive(Clone, Debug, serde::Serialize)]
pub struct CompareDetail {}

/// Compares two databases.
pub fn compare(options: &CompareOptions, _watch: &mut Watch<'_>) -> Result<Report> {
    err(Code::Unsupported, options.platform.as_str())
}
