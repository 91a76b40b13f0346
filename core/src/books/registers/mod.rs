//! Registers: what a person calls the books of a service. In: the cases of the books, through the lens of a view. Out: rows
//! of cells. One file a family of facts, each a table of columns; [`rows`] evaluates them all. Decides nothing.

mod acceptance;
mod backup;
mod care;
mod changes;
mod contract;
mod desk;
mod documents;
mod eval;
mod incidents;
mod interface;
mod outages;
mod planned;
mod remedies;
mod requests;
mod security;
mod staff;
mod tasks;
#[cfg(test)]
mod tests;
mod transfer;

use crate::assess::Stamp;
use crate::calendar::Zone;
use crate::error::{Code, Error, Lang, Result};
use crate::facts::kinds::Family;
use crate::facts::terms::term;
use crate::time::{self, Instant, Micros};
use eval::Facts;
pub(crate) use eval::rows;
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

/// One register: a table of data.
#[derive(Debug)]
pub struct Register {
    /// Stable name.
    pub name: &'static str,
    /// Chinese title.
    pub zh: &'static str,
    /// English title.
    pub en: &'static str,
    /// What a row is.
    of: Of,
    columns: &'static [Spec],
}

/// What a row of a register is.
#[derive(Debug)]
enum Of {
    /// A subject of the family about which one of the kinds was stated.
    Subjects(Family, &'static [&'static str]),
    /// A fact of one of the kinds, with what follows it in its subject up to the next one.
    Each(Family, &'static [&'static str]),
    /// An outage.
    Outages,
    /// A planned window, or (true) an exclusion.
    Windows(bool),
}

/// A column and where its cells come from.
#[derive(Debug)]
struct Spec {
    column: Column,
    source: Source,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Stable name.
    pub key: &'static str,
    /// Chinese head.
    pub zh: &'static str,
    /// English head.
    pub en: &'static str,
    /// Its texts are words of the trade (states, parties, kinds), shown in the reader's language.
    #[serde(skip)]
    pub worded: bool,
}

/// Kinds of facts.
type Kinds = &'static [&'static str];

/// Which one of several facts.
#[derive(Clone, Copy, Debug)]
enum Pick {
    First,
    Last,
}
use Pick::{First, Last};

/// Where the cells of a column come from.
#[derive(Debug)]
enum Source {
    /// The name of the case.
    Subject,
    /// A field of the first or last fact of these kinds that has it.
    Field(Pick, Kinds, &'static str),
    /// A field of the opening report, as corrected.
    Amended(&'static str),
    /// `at` of the first or last fact of these kinds.
    At(Pick, Kinds),
    /// Party of the actor of the first or last fact of these kinds.
    Party(Pick, Kinds),
    /// Who stated the first or last fact of these kinds.
    Person(Pick, Kinds),
    /// Digest of the evidence of the last fact of these kinds that has some.
    Evidence(Kinds),
    /// From the first fact of these kinds to the first or last of those; empty without either, or backwards.
    Between(Kinds, Pick, Kinds),
    /// How many facts of these kinds.
    Count(Kinds),
    /// The different values of a field, in the order in which they were stated.
    Values(Kinds, &'static str),
    /// There is one of these kinds.
    Any(Kinds),
    /// The word beside the last fact of these kinds.
    State(&'static [(&'static str, &'static str)]),
    /// Something of its own.
    Own(fn(&Facts<'_>) -> Cell),
}

const fn col(key: &'static str, zh: &'static str, en: &'static str, source: Source) -> Spec {
    Spec { column: Column { key, zh, en, worded: false }, source }
}

impl Spec {
    /// Its texts are words of the trade.
    const fn words(mut self) -> Spec {
        self.column.worded = true;
        self
    }
}

/// What stands where a row and a column meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing was stated.
    Empty,
    /// Text, or a word of the trade ([`Column::text`]).
    Text(String),
    /// An integer: a count, minutes, fen; the column's head says which.
    Integer(i64),
    /// A decimal as stated.
    Decimal(String),
    /// An instant.
    Instant(Instant),
    /// A duration in microseconds.
    Duration(Micros),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The case, as its facts name it.
    pub subject: String,
    /// When it began.
    pub at: Instant,
    /// As many as there are columns.
    pub cells: Vec<Cell>,
    /// The entries it rests on, ascending.
    pub entries: Vec<u64>,
}

/// A register as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Stable name of the register.
    pub name: &'static str,
    /// Chinese title.
    pub zh: &'static str,
    /// English title.
    pub en: &'static str,
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// By (`at`, entry).
    pub rows: Vec<Row>,
    /// The zone in which instants are printed: the contract's.
    pub zone: Zone,
}

/// Every register, by name.
pub const REGISTERS: &[&Register] = &[
    &acceptance::ACCEPTANCE,
    &care::ADVICE,
    &interface::ALARMS,
    &security::ASSESSMENTS,
    &care::ASSETS,
    &backup::BACKUPS,
    &changes::CHANGES,
    &documents::DOCUMENTS,
    &care::DRILLS,
    &desk::DUTY,
    &care::ERRORS,
    &staff::EVENTS,
    &planned::EXCLUSIONS,
    &security::FINDINGS,
    &incidents::INCIDENTS,
    &care::INSPECTIONS,
    &interface::INTERFACE,
    &contract::JUDGEMENTS,
    &care::METRICS,
    &outages::OUTAGES,
    &contract::PAYMENTS,
    &planned::PLANNED,
    &security::RECTIFICATION,
    &remedies::REMEDIES,
    &documents::REPORTS,
    &requests::REQUESTS,
    &backup::RESTORES,
    &contract::SCORES,
    &staff::STAFF,
    &requests::SURVEYS,
    &tasks::TASKS,
    &transfer::TRANSFERS,
    &backup::VERIFICATIONS,
    &transfer::WINDOWS,
    &care::WORK,
];

/// The register of that name.
///
/// # Errors
/// `not-found`, with the names there are.
pub fn find(name: &str) -> Result<&'static Register> {
    REGISTERS.iter().copied().find(|r| r.name == name).ok_or_else(|| {
        let names = REGISTERS.iter().map(|r| r.name).collect::<Vec<_>>().join(", ");
        Error::new(Code::NotFound, format!("register {name:?}"))
            .with_hints(format!("one of {names}"), format!("可用名称：{names}"))
    })
}

impl Column {
    /// A cell of this column for a reader: words of the trade and durations in their language, instants in `zone`.
    pub fn text(&self, cell: &Cell, lang: Lang, zone: Zone) -> String {
        let word = |text: &str| if self.worded { term(lang, text).to_owned() } else { text.to_owned() };
        match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => word(text),
            Cell::Integer(n) => n.to_string(),
            Cell::Decimal(text) => text.clone(),
            Cell::Instant(at) => zone.format(*at),
            Cell::Duration(us) => time::words(*us, lang),
            Cell::Flag(yes) => match (yes, lang) {
                (true, Lang::Zh) => "是",
                (false, Lang::Zh) => "否",
                (true, Lang::En) => "yes",
                (false, Lang::En) => "no",
            }
            .to_owned(),
            Cell::List(texts) => {
                let between = if lang == Lang::Zh { "、" } else { ", " };
                texts.iter().map(|t| word(t)).collect::<Vec<_>>().join(between)
            }
        }
    }
    /// Its head.
    pub fn head(&self, lang: Lang) -> &'static str {
        if lang == Lang::Zh { self.zh } else { self.en }
    }
}

impl Rows {
    /// The place of a column.
    pub fn column(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.key == key)
    }
    /// The cell of a row in the column of that name.
    pub fn cell<'a>(&self, row: &'a Row, key: &str) -> Option<&'a Cell> {
        row.cells.get(self.column(key)?)
    }
    /// As JSON text: instants as RFC 3339 in the zone, durations as integers of microseconds, what was not stated as null.
    pub fn to_json(&self) -> String {
        // Serialising these types cannot fail: no maps with other keys than text, no failing Serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let rows: Vec<RowIn<'_>> = self.rows.iter().map(|row| RowIn(self, row)).collect();
        let mut map = s.serialize_struct("Rows", 5)?;
        map.serialize_field("register", self.name)?;
        map.serialize_field("zh", self.zh)?;
        map.serialize_field("en", self.en)?;
        map.serialize_field("columns", &self.columns)?;
        map.serialize_field("rows", &rows)?;
        map.end()
    }
}

struct RowIn<'a>(&'a Rows, &'a Row);

impl Serialize for RowIn<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let RowIn(rows, row) = self;
        let mut map = s.serialize_struct("Row", 4)?;
        map.serialize_field("subject", &row.subject)?;
        map.serialize_field("at", &Stamp { at: row.at, zone: rows.zone })?;
        map.serialize_field("cells", &CellsIn(rows, row))?;
        map.serialize_field("entries", &row.entries)?;
        map.end()
    }
}

struct CellsIn<'a>(&'a Rows, &'a Row);

impl Serialize for CellsIn<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let CellsIn(rows, row) = self;
        let mut map = s.serialize_map(Some(row.cells.len()))?;
        for (column, cell) in rows.columns.iter().zip(&row.cells) {
            match cell {
                Cell::Empty => map.serialize_entry(column.key, &())?,
                Cell::Text(text) | Cell::Decimal(text) => map.serialize_entry(column.key, text)?,
                Cell::Integer(n) | Cell::Duration(n) => map.serialize_entry(column.key, n)?,
                Cell::Instant(at) => map.serialize_entry(column.key, &Stamp { at: *at, zone: rows.zone })?,
                Cell::Flag(yes) => map.serialize_entry(column.key, yes)?,
                Cell::List(texts) => map.serialize_entry(column.key, texts)?,
            }
        }
        map.end()
    }
}
