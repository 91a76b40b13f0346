//! What a sheet would record, and recording it.

use super::cell::Read;
use super::copy;
use super::family::{Correction, Family};
use super::plan::Plan;
use super::record::Recorded;
use super::rows::{self, Filled, Found, Row, Tab};
use crate::contract::Contract;
use crate::error::{Code, Error, Lang, Result};
use crate::facts::Fact;
use crate::ledger::{Imported, Ledger};
use crate::table::xlsx::{self, Book};
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Who states what a sheet says; what stands in the sheet's own head is taken where this says nothing.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// A name.
    pub person: Option<String>,
    /// `supplier`, `buyer`.
    pub party: Option<String>,
}

/// Who fills in sheets.
const PARTIES: [&str; 2] = ["supplier", "buyer"];

/// What a sheet would record.
#[derive(Debug)]
pub struct Preview {
    book: Book,
    filled: Filled,
    /// The filled rows, in the sheet's order.
    pub rows: Vec<Planned>,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Name of the tab.
    pub sheet: String,
    /// From 1.
    pub row: u32,
    /// Its family.
    pub family: &'static str,
    /// The number under which its facts are recorded; empty where a wrong cell keeps it from being made.
    pub subject: String,
    /// What it is.
    pub change: Change,
    /// What it would record.
    pub facts: Vec<Fact>,
    /// The column each of them is read from.
    pub(super) columns: Vec<u32>,
    pub(super) sheet_index: usize,
}

/// What a row is, compared with the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing of it is recorded.
    New,
    /// It goes on: further facts.
    Further,
    /// It corrects what is recorded.
    Corrected,
    /// All of it is recorded.
    Unchanged,
    /// A cell of it is wrong.
    Wrong,
}

impl Change {
    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Further => "further",
            Change::Corrected => "corrected",
            Change::Unchanged => "unchanged",
            Change::Wrong => "wrong",
        }
    }
}

/// Reads a workbook and says what it would record at `now`; records nothing.
///
/// # Errors
/// `bad-sheet`, `other-sheet`, `unknown-word` for a party that is none, and what reading the ledger may answer. Wrong cells are in the preview.
pub fn preview(
    bytes: &[u8],
    contract: &Contract,
    ledger: &Ledger,
    who: &Who,
    now: Instant,
) -> Result<Preview> {
    if let Some(party) = who.party.as_deref().filter(|party| !PARTIES.contains(party)) {
        return Err(Error::new(Code::UnknownWord, format!("party = {party:?}")).with_hint(PARTIES.join(", ")));
    }
    let book = xlsx::read(bytes)?;
    let mut filled = rows::read(&book, contract)?;
    let rows = std::mem::take(&mut filled.rows);
    let named: Vec<Option<String>> =
        rows.iter().map(|row| subject(&filled.tabs[row.tab], row, contract)).collect();
    let kinds: BTreeSet<&str> = filled.tabs.iter().flat_map(|tab| kinds_of(tab.family)).collect();
    let wanted: BTreeSet<&str> = named.iter().flatten().map(String::as_str).collect();
    let mut plan = Plan {
        book: &book,
        contract,
        who,
        now,
        record: Recorded::load(ledger, &kinds, &wanted)?,
        seen: BTreeMap::new(),
        wrong: Vec::new(),
        remarks: Vec::new(),
    };
    let planned =
        rows.iter().zip(named).map(|(row, subject)| plan.row(&filled.tabs[row.tab], row, subject)).collect();
    let Plan { wrong, remarks, .. } = plan;
    filled.wrong.extend(wrong);
    filled.wrong.sort_by_key(|found| (found.sheet, found.row, found.column));
    filled.remarks.extend(remarks);
    Ok(Preview { book, filled, rows: planned })
}

impl Preview {
    /// Wrong cells, in the book's order: their place (`Sheet1!C7`) and what is wrong.
    pub fn wrong(&self) -> Vec<(String, Error)> {
        let place = |found: &Found| self.book.sheets[found.sheet].place(found.row, found.column);
        self.filled.wrong.iter().map(|found| (place(found), found.error.clone())).collect()
    }

    /// Cells to look at, which keep nothing from being recorded: place and remark.
    pub fn remarks(&self, lang: Lang) -> Vec<(String, String)> {
        let told = |(found, (zh, en)): &(Found, (&'static str, &'static str))| {
            let place = self.book.sheets[found.sheet].place(found.row, found.column);
            (
                place,
                match lang {
                    Lang::Zh => (*zh).to_owned(),
                    Lang::En => (*en).to_owned(),
                },
            )
        };
        self.filled.remarks.iter().map(told).collect()
    }

    /// All that would be recorded, in order.
    pub fn facts(&self) -> Vec<Fact> {
        self.rows.iter().flat_map(|row| row.facts.clone()).collect()
    }

    /// The workbook as it was read, with its wrong cells red and the reason in a note; as xlsx.
    ///
    /// # Errors
    /// `internal`.
    pub fn copy(&self) -> Result<Vec<u8>> {
        copy::write(&self.book, &self.filled)
    }

    /// Records it: all or nothing.
    ///
    /// # Errors
    /// The first wrong cell, if there is one; as [`Ledger::import`], with the cell.
    pub fn record(&self, ledger: &Ledger, now: Instant) -> Result<Imported> {
        if let Some(found) = self.filled.wrong.first() {
            return Err(found.error.clone());
        }
        let facts: Vec<_> = self.facts().into_iter().map(|fact| (fact, None)).collect();
        ledger.import(&facts, now, false).map_err(|e| self.place(e))
    }

    /// The ledger counts facts; people look for cells.
    fn place(&self, e: Error) -> Error {
        let Some(position) = e.row() else { return e };
        let mut left = position.saturating_sub(1) as usize;
        for row in &self.rows {
            if let Some(column) = row.columns.get(left) {
                let place = self.book.sheets[row.sheet_index].place(row.row - 1, *column);
                return Error::new(e.code(), format!("{place}: {}", e.detail()));
            }
            left -= row.columns.len();
        }
        e
    }
}

/// Every kind that a family's rows state or are corrected by.
fn kinds_of(family: &'static Family) -> impl Iterator<Item = &'static str> {
    let correction = match &family.correction {
        Correction::Amend { kind, .. } => Some(*kind),
        Correction::Anew { cancel, .. } => Some(*cancel),
        Correction::None(..) => None,
    };
    family.steps.iter().map(|step| step.kind).chain(correction)
}

/// The number of a row: its own, or made of the columns that tell it from others.
fn subject(tab: &Tab, row: &Row, contract: &Contract) -> Option<String> {
    let family = tab.family;
    if let Some(code) = row.cells.get(family.columns[0].key) {
        return code.value.as_str().map(str::to_owned);
    }
    if family.identity.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    for key in family.identity {
        match row.cells.get(key) {
            Some(Read { instant: Some(at), .. }) => {
                let local = contract.zone.format(*at);
                // 2026-03-02T08:10:00+08:00, without the offset and whole minutes' seconds.
                let short = local.get(..19).unwrap_or(&local).replace(['-', ':'], "").replace('T', "-");
                parts.push(short.strip_suffix("00").map_or(short.clone(), str::to_owned));
            }
            Some(read) => parts.extend(read.value.as_str().map(str::to_owned)),
            None if family.column(key).is_some_and(|c| c.required) => return None,
            None => {}
        }
    }
    Some(parts.join("/"))
}
