//! Databases, read through the engine's own client: it knows the server's ways of logging in, its encryption and its
//! password files. In: `postgresql://…`, `mariadb://…`, `sqlite:PATH`. Out: tables, rows as canonical text, and what they hold.

use super::Watch;
use crate::error::{Code, Result, err};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a database held, to compare with later or elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fingerprint {
    /// `postgresql`, `mariadb`, `mysql` or `sqlite`.
    pub engine: String,
    /// Its version, as it says.
    pub version: String,
    /// Where in its log it was read: an LSN, a GTID set.
    pub point: Option<String>,
    /// True when all tables were read in one snapshot.
    pub one_point: bool,
    /// SM3 over all tables' names and schemas, hex.
    pub schema: String,
    /// Tables, in the order of their names' bytes.
    pub tables: Vec<TablePrint>,
}

/// What a table held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TablePrint {
    /// `schema.table`, or the table's name where the engine has no schemas.
    pub name: String,
    /// SM3 of its columns, types, keys and indexes, hex.
    pub schema: String,
    /// Rows.
    pub rows: u64,
    /// Sum of the rows' SM3 modulo 2^256, hex: the order of the rows does not matter, and doubled rows do.
    pub sum: String,
}

/// A database that is being read in one session.
pub(super) trait Source {
    /// What the tables hold, read at one point where the engine can.
    fn fingerprint(&mut self, watch: &mut Watch<'_>) -> Result<Fingerprint>;
}

/// Opens a session. `programs`: where the engine's programs lie; `snapshot`: an exported snapshot to read in.
pub(super) fn open(
    source: &str,
    _programs: Option<&Path>,
    _snapshot: Option<&str>,
) -> Result<Box<dyn Source>> {
    err(Code::BadRequest, source)
}
