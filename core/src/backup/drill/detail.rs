//! What a drill did: part of the report, a public document.

use crate::time::Micros;
use serde::Serialize;

/// Tables listed at most; `tables_compared` counts them all.
pub(super) const MAX_TABLES: usize = 10_000;

/// What was restored, how long it took, and what came of the comparison.
#[derive(Clone, Debug, Default, Serialize, schemars::JsonSchema)]
pub struct DrillDetail {
    /// `postgresql`, `mariadb`, `sqlite`, `files`, `archive` or `command`.
    pub engine: String,
    /// Version of the engine it was restored with, as its program says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The scratch folder, or the database it was restored into (without its password).
    pub target: String,
    /// True when the target is still there: after a failure, when asked to keep it, and always a database of a running server.
    pub kept: bool,
    /// What was done, in this order.
    pub steps: Vec<DrillStep>,
    /// Measured recovery time, microseconds: the sum of the steps with `rto`, that is from the beginning of the restore (a
    /// server of the drill's own is made first, that counts) until the engine answers and its own checks of what it holds are
    /// done. Checking the set beforehand, counting and digesting for the comparison, and cleaning up are listed apart.
    pub rto: Micros,
    /// The longest it may take, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_limit: Option<Micros>,
    /// Where the expected values come from: `bag` (recorded when it was sealed) or `counts` (given by the caller).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_from: Option<&'static str>,
    /// The database that was compared, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Tables (or names that a script counted) compared.
    pub tables_compared: u64,
    /// Those of them that are as expected.
    pub tables_equal: u64,
    /// Rows found in all tables.
    pub rows: u64,
    /// True when every row digest was compared and is equal; absent when none was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digests_equal: Option<bool>,
    /// Each table; at most 10 000.
    pub tables: Vec<DrillTable>,
    /// SM3 of the log: what the engine's programs said, step by step, each bounded; kept as `drill.log` with the scratch folder.
    pub log_sm3: String,
    /// The last lines of it.
    pub log: String,
}

/// One step.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct DrillStep {
    /// `check-set`, `initdb`, `copy`, `start`, `restore`, `engine-checks`, `compare`, `clean-up` and others.
    pub name: &'static str,
    /// How long it took, microseconds, by a clock that is never set.
    pub micros: Micros,
    /// True when it counts into `rto`.
    pub rto: bool,
}

/// One table.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct DrillTable {
    /// Its name, or the name that a script counted.
    pub name: String,
    /// Rows it should have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
    /// Rows it has; absent: it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<u64>,
    /// Whether its rows are the very ones; absent where no digest was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest_equal: Option<bool>,
}
