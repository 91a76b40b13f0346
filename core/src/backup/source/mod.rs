//! Databases, read through the engine's own client: it knows the server's ways of logging in, its encryption and its
//! password files. In: `postgresql://…`, `mariadb://…`, `sqlite:PATH`. Out: tables, rows as canonical text, and what they hold.

mod address;
mod client;
mod mariadb;
mod mariadb_tables;
mod postgres;
mod postgres_tables;
mod row;
mod sqlite;

pub(super) use address::{Address, mask};
pub(super) use client::find;
pub(super) use row::{Batch, Canon, Row, Sum, fields};

use super::{Problem, Watch};
use crate::digest::sm3_hex;
use crate::error::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

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
    /// Sequences, in the order of their names' bytes. They are in no snapshot: what is made from it may be further on.
    #[serde(default)]
    pub sequences: Vec<SequencePrint>,
    /// What was not read: views, foreign tables, what a standby cannot read.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
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

/// How far a sequence is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SequencePrint {
    /// `schema.sequence`; the table's name in SQLite.
    pub name: String,
    /// The last value given; none yet: left out.
    pub value: Option<i64>,
    /// By how much it moves; negative: downwards.
    pub step: i64,
}

impl SequencePrint {
    /// True when this one would give out values again that `other` gave already.
    pub(super) fn behind(&self, other: &SequencePrint) -> bool {
        match (self.value, other.value) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(own), Some(other)) => {
                if self.step < 0 {
                    own > other
                } else {
                    own < other
                }
            }
        }
    }
}

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A view: it holds nothing of its own.
    View,
    /// A materialised view: it is made from tables, and a restore makes it anew.
    MaterialisedView,
    /// A foreign table: its rows lie elsewhere.
    ForeignTable,
    /// A table of an extension.
    Extension,
    /// An unlogged table: it has no content on a standby.
    Unlogged,
    /// A virtual table of SQLite: its rows lie in its shadow tables, which are read.
    VirtualTable,
    /// This user may not read it, or not all of its rows.
    NotAllowed,
}

impl Why {
    /// Why, Chinese and English.
    pub(super) fn texts(self) -> (&'static str, &'static str) {
        match self {
            Why::View => ("视图：本身不存数据", "a view: it holds nothing of its own"),
            Why::MaterialisedView => {
                ("物化视图：由其他表生成", "a materialised view: it is made from tables")
            }
            Why::ForeignTable => ("外部表：数据在别处", "a foreign table: its rows lie elsewhere"),
            Why::Extension => ("扩展自带的表", "a table of an extension"),
            Why::Unlogged => {
                ("不记日志的表：备库上没有内容", "an unlogged table: it has no content on a standby")
            }
            Why::VirtualTable => {
                ("虚拟表：其数据在影子表中，影子表已读取", "a virtual table: its shadow tables are read")
            }
            Why::NotAllowed => ("当前用户无权读取其全部行", "this user may not read all of its rows"),
        }
    }
}

/// Something that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: Why,
}

/// A column that is read.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// How it is asked for.
    pub(super) expression: String,
    pub(super) canon: Canon,
}

/// A table that is read.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// As it stands after FROM.
    pub(super) from: String,
    pub(super) columns: Vec<Column>,
    /// Places in `columns` of the primary key, else of a unique key without NULLs; empty: none.
    pub(super) key: Vec<usize>,
    /// Its definition, a line each: columns in order, then keys, indexes and checks in the order of their bytes.
    pub(super) lines: Vec<String>,
}

impl Table {
    /// SM3 of the definition, hex.
    pub(super) fn schema(&self) -> String {
        sm3_hex(self.lines.join("\n").as_bytes())
    }
}

/// What is known of a source once it is open.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    pub(super) engine: &'static str,
    pub(super) version: String,
    /// What no other server or database has: it tells whether two addresses lead to one place.
    pub(super) identity: String,
    /// What a primary and its streaming standbys share, where there is such a thing.
    pub(super) family: Option<String>,
    pub(super) point: Option<String>,
    /// True when `point` is exactly what the snapshot shows: nothing was written between.
    pub(super) exact: bool,
    /// A point at which all that was described, sequences too, had been written.
    pub(super) until: Option<String>,
    /// True when all tables are read in one snapshot.
    pub(super) one_point: bool,
    /// True of a standby that replays.
    pub(super) standby: bool,
    /// How far a standby is behind, microseconds, as it says itself.
    pub(super) lag_us: Option<i64>,
    /// False when the point waited for was not reached in time.
    pub(super) reached: bool,
    /// True when a point was waited for and reached: this was read no earlier than the other.
    pub(super) ahead: bool,
    pub(super) tables: Vec<Table>,
    pub(super) sequences: Vec<SequencePrint>,
    pub(super) left_out: Vec<LeftOut>,
    /// Name and version.
    pub(super) extensions: Vec<(String, String)>,
    /// Invalid indexes, constraints that were never checked, tables outside of the snapshot.
    pub(super) remarks: Vec<Problem>,
}

/// A database that is being read in one session.
pub(super) trait Source {
    /// What it is and what it has.
    fn about(&self) -> &About;
    /// The id of the snapshot it is read in, for another program to read in the same; `None` where the engine has none to give.
    fn snapshot(&mut self) -> Result<Option<String>>;
    /// Hands over each row of a table, in no order.
    fn read(
        &mut self,
        table: &Table,
        watch: &mut Watch<'_>,
        each: &mut dyn FnMut(&Row) -> Result<()>,
    ) -> Result<()>;

    /// What the tables hold, read at one point where the engine can.
    fn fingerprint(&mut self, watch: &mut Watch<'_>) -> Result<Fingerprint> {
        let about = self.about().clone();
        let mut tables = Vec::with_capacity(about.tables.len());
        let mut schema = String::new();
        for table in &about.tables {
            let sum = self.sum(table, watch)?;
            let print = TablePrint {
                name: table.name.clone(),
                schema: table.schema(),
                rows: sum.rows,
                sum: sum.hex(),
            };
            schema.push_str(&format!("{}\n{}\n", print.name, print.schema));
            tables.push(print);
        }
        Ok(Fingerprint {
            engine: about.engine.to_owned(),
            version: about.version,
            point: about.point,
            one_point: about.one_point,
            schema: sm3_hex(schema.as_bytes()),
            tables,
            sequences: about.sequences,
            left_out: about.left_out,
        })
    }

    /// Rows of a table, and the sum of their digests.
    fn sum(&mut self, table: &Table, watch: &mut Watch<'_>) -> Result<Sum> {
        let mut sum = Sum::default();
        let mut batch = Batch::default();
        self.read(table, watch, &mut |row| {
            batch.push(|out| row.whole(&table.name, out));
            if batch.full() {
                batch.drain(|_, digest| sum.add(digest));
            }
            Ok(())
        })?;
        batch.drain(|_, digest| sum.add(digest));
        Ok(sum)
    }
}

/// A point of another source that should be reached before reading begins.
#[derive(Clone, Debug)]
pub(super) struct After {
    pub(super) family: Option<String>,
    pub(super) point: String,
    /// How long to wait for it at most.
    pub(super) most: Duration,
}

/// True when two sources were read at the very same point of one log.
pub(super) fn same_point(platform: &About, standby: &About) -> bool {
    let both = platform.exact && standby.exact && platform.one_point && standby.one_point && standby.standby;
    match (&platform.point, &standby.point) {
        (Some(one), Some(other)) if both => match platform.engine {
            "postgresql" => {
                platform.family.is_some()
                    && platform.family == standby.family
                    && postgres::same_point(one, other)
            }
            _ => mariadb::same_point(one, other),
        },
        _ => false,
    }
}

/// Opens a session. `programs`: where the engine's programs lie; `snapshot`: an exported snapshot to read in.
pub(super) fn open(source: &str, programs: Option<&Path>, snapshot: Option<&str>) -> Result<Box<dyn Source>> {
    open_after(source, programs, snapshot, None, None)
}

/// The same; a standby is given time to reach a point first.
pub(super) fn open_after(
    source: &str,
    programs: Option<&Path>,
    snapshot: Option<&str>,
    after: Option<&After>,
    mut watch: Option<&mut Watch<'_>>,
) -> Result<Box<dyn Source>> {
    let no_snapshot = || match snapshot {
        None => Ok(()),
        Some(id) => Err(Error::new(Code::BadSource, format!("{}: snapshot {id}", mask(source))).with_hints(
            "only PostgreSQL can read in a snapshot that another session exported",
            "只有 PostgreSQL 能在其他会话导出的快照中读取",
        )),
    };
    if let Some(path) = source.strip_prefix("sqlite:") {
        no_snapshot()?;
        return Ok(Box::new(sqlite::open(path.strip_prefix("//").unwrap_or(path))?));
    }
    match source.split("://").next() {
        Some("postgresql" | "postgres") => {
            Ok(Box::new(postgres::open(source, programs, snapshot, after, &mut watch)?))
        }
        Some("mariadb" | "mysql") => {
            no_snapshot()?;
            Ok(Box::new(mariadb::open(source, programs, after, &mut watch)?))
        }
        _ => Err(Error::new(Code::BadSource, mask(source))),
    }
}
