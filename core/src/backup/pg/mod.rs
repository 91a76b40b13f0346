//! PostgreSQL base backups: `backup_manifest` (versions 1 and 2), the control file, the WAL range.

use super::{Report, VerifyOptions, Watch};
use crate::error::Result;
use std::path::Path;

/// Checks the base backup in `root` against its `backup_manifest` (L1) and the WAL it needs (L2).
pub(super) fn check(
    _root: &Path,
    _options: &VerifyOptions,
    _report: &mut Report,
    _watch: &mut Watch<'_>,
) -> Result<()> {
    Ok(())
}
