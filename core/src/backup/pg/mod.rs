//! PostgreSQL base backups: `backup_manifest` (versions 1 and 2), the control file, the WAL range.

mod control;
mod lsn;
mod manifest;
mod segments;
mod tar;
mod verify;
mod wal;

pub(super) use verify::{check, check_below};
