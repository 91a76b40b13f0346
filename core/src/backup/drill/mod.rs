//! Restore drills (L3): a scratch target of the real engine, stopped at the first error, counted and timed.

use super::{DrillOptions, Report, Watch};
use crate::error::{Code, Result, err};

/// What was restored.
#[derive(Clone, Debug, serde::Serialize)]
pub struct DrillDetail {}

/// Restores a set into a scratch target, and compares what it holds with what was recorded when it was made.
pub fn drill(options: &DrillOptions, _watch: &mut Watch<'_>) -> Result<Report> {
    err(Code::Unsupported, options.path.display().to_string())
}
