//! What a comparison found, in figures.

use crate::backup::source::{About, Sum, mask};

/// What differs.
#[derive(Clone, Debug, serde::Serialize, schemars::JsonSchema)]
pub struct CompareDetail {
    /// The platform.
    pub platform: Side,
    /// The standby.
    pub standby: Side,
    /// True when both were read at the same point of one log: then every difference is one.
    pub one_point: bool,
    /// How often the tables that differed were read.
    pub rounds: u32,
    /// Tables, in the order of their names' bytes.
    pub tables: Vec<TableDetail>,
}

/// One of the two.
#[derive(Clone, Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Side {
    /// Its address, the password masked.
    pub source: String,
    /// `postgresql`, `mariadb`, `mysql` or `sqlite`.
    pub engine: String,
    /// Its version, as it says.
    pub version: String,
    /// Where in its log it was read: an LSN, a GTID set.
    pub point: Option<String>,
    /// True when it replays or replicates.
    pub standby: bool,
    /// How far it says it is behind, microseconds.
    pub lag_us: Option<i64>,
}

/// What a table holds on one side.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Held {
    /// Rows.
    pub rows: u64,
    /// Sum of the rows' SM3 modulo 2^256, hex.
    pub sum: String,
}

/// A table on both sides.
#[derive(Clone, Debug, serde::Serialize, schemars::JsonSchema)]
pub struct TableDetail {
    /// `schema.table`, or the table's name where the engine has no schemas.
    pub name: String,
    /// True when its definition is the same.
    pub schema_equal: bool,
    /// True when its rows were compared and are the same.
    pub rows_equal: bool,
    /// Columns its rows are told apart by; empty: whole rows are counted.
    pub key: Vec<String>,
    /// On the platform; left out where it was not read.
    pub platform: Option<Held>,
    /// On the standby.
    pub standby: Option<Held>,
    /// Rows that only the platform has.
    pub missing: u64,
    /// Rows that only the standby has.
    pub extra: u64,
    /// Rows that both have, with other content.
    pub differing: u64,
    /// Rows that were written meanwhile, and differed each time in another way.
    pub unsettled: u64,
}

impl Side {
    pub(super) fn new(source: &str, about: &About) -> Side {
        Side {
            source: mask(source),
            engine: about.engine.to_owned(),
            version: about.version.clone(),
            point: about.point.clone(),
            standby: about.standby,
            lag_us: about.lag_us,
        }
    }
}

impl From<Sum> for Held {
    fn from(sum: Sum) -> Held {
        Held { rows: sum.rows, sum: sum.hex() }
    }
}
