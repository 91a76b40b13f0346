//! Compares filled rows with the record: what is new, what was recorded before, what was recorded with other values.

use super::cell::Read;
use super::family::{At, Correction, Family, Step};
use super::rows::{self, Filled, Found, Row, Tab};
use super::{STATED_ZONE, copy};
use crate::contract::Contract;
use crate::error::{Code, Error, Lang, Result};
use crate::facts::kinds;
use crate::facts::{Entry, Fact, admit};
use crate::ledger::{Imported, Ledger};
use crate::table::xlsx::{self, Book};
use crate::time::{Instant, canonical_instant};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Who states what a sheet says; what stands in the sheet's own head is taken where this says nothing.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// A name.
    pub person: Option<String>,
    /// `supplier`, `buyer`.
    pub party: Option<String>,
}

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
    columns: Vec<u32>,
    sheet_index: usize,
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
/// `bad-sheet`, `other-sheet`, and what reading the ledger may answer. Wrong cells are in the preview.
pub fn preview(bytes: &[u8], contract: &Contract, ledger: &Ledger, who: &Who, now: Instant) -> Result<Preview> {
    let book = xlsx::read(bytes)?;
    let mut filled = rows::read(&book, contract)?;
    let rows = std::mem::take(&mut filled.rows);
    let named: Vec<Option<String>> = rows.iter().map(|row| subject(&filled.tabs[row.tab], row, contract)).collect();
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
    let planned = rows.iter().zip(named).map(|(row, subject)| plan.row(&filled.tabs[row.tab], row, subject)).collect();
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
            (place, match lang {
                Lang::Zh => (*zh).to_owned(),
                Lang::En => (*en).to_owned(),
            })
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

/// What the ledger holds of the rows' cases.
struct Recorded {
    cases: BTreeMap<String, Vec<Entry>>,
}

/// Entries that are read at a time.
const PAGE: u64 = 20_000;
/// Between a row's number and the count of its assignments: `班次~2`.
const AGAIN: char = '~';

impl Recorded {
    /// One pass over the ledger; only facts of these kinds are looked into.
    fn load(ledger: &Ledger, kinds: &BTreeSet<&str>, wanted: &BTreeSet<&str>) -> Result<Recorded> {
        let mut cases: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        let stems: BTreeSet<String> = kinds
            .iter()
            .filter_map(|kind| kind.split_once('.'))
            .map(|(stem, _)| format!("\"kind\":\"{stem}."))
            .collect();
        let mut from = 1;
        loop {
            let page = ledger.read(from, PAGE)?;
            let Some(last) = page.last().map(|record| record.seq) else { break };
            for record in page {
                if !stems.iter().any(|stem| record.fact.contains(stem)) {
                    continue;
                }
                let fact = Fact::parse_stored(&record.fact)?;
                let base = fact.subject.rsplit_once(AGAIN).map_or(fact.subject.as_str(), |(base, _)| base);
                let own = [fact.subject.as_str(), base].into_iter().find(|s| wanted.contains(s));
                if let Some(own) = own.map(str::to_owned) {
                    let entries = ledger.entries(record.seq, 1)?;
                    cases.entry(own).or_default().extend(entries);
                }
            }
            from = last + 1;
        }
        Ok(Recorded { cases })
    }

    fn of(&self, subject: &str) -> &[Entry] {
        self.cases.get(subject).map_or(&[], Vec::as_slice)
    }
}

struct Plan<'a> {
    book: &'a Book,
    contract: &'a Contract,
    who: &'a Who,
    now: Instant,
    record: Recorded,
    /// Rows of this workbook by family and number, to find doubles.
    seen: BTreeMap<(&'static str, String), String>,
    wrong: Vec<Found>,
    remarks: Vec<(Found, (&'static str, &'static str))>,
}

/// A step of a row as the row states it.
struct Stated<'a> {
    step: &'static Step,
    at: &'a Read,
    /// Column, field, value.
    fields: Vec<(&'static str, &'static str, &'a Read)>,
}

/// What the facts of a row are gathered in.
#[derive(Default)]
struct Out {
    facts: Vec<Fact>,
    columns: Vec<u32>,
    corrected: bool,
    recorded: bool,
    wrong: bool,
}

const ADDED: (&str, &str) = (
    "该行导入时此格为空，现补填的内容不会入账",
    "this cell was empty when the row was recorded; what was added since is not recorded",
);

impl Plan<'_> {
    fn row(&mut self, tab: &Tab, row: &Row, subject: Option<String>) -> Planned {
        let sheet = &self.book.sheets[tab.sheet];
        let mut planned = Planned {
            sheet: sheet.name.clone(),
            row: row.row + 1,
            family: tab.family.name,
            subject: subject.clone().unwrap_or_default(),
            change: Change::Wrong,
            facts: Vec::new(),
            columns: Vec::new(),
            sheet_index: tab.sheet,
        };
        let Some(subject) = subject else { return planned };
        let key = (tab.family.name, subject.clone());
        let here = sheet.place(row.row, tab.column(tab.family.columns[0].key));
        if let Some(other) = self.seen.get(&key) {
            let detail = format!("{here} {} = {subject:?}", tab.family.columns[0].zh);
            let error = Error::new(Code::BadCell, detail).with_hints(
                format!("the same number stands in {other}: one row a number"),
                format!("{other} 已有同一编号：一个编号只占一行"),
            );
            self.fail(tab, row, tab.family.columns[0].key, error);
            return planned;
        }
        self.seen.insert(key, here);
        if row.wrong {
            return planned;
        }
        let stated = self.stated(tab, row);
        let Some(stated) = stated else { return planned };
        let mut out = Out::default();
        match &tab.family.correction {
            Correction::Anew { .. } => self.assign(tab, row, &subject, &stated, &mut out),
            _ => self.compare(tab, row, &subject, &stated, &mut out),
        }
        if !out.wrong {
            self.admit(tab, row, &subject, &mut out);
        }
        planned.change = match (out.wrong, out.corrected, out.recorded, out.facts.is_empty()) {
            (true, ..) => return planned,
            (_, true, ..) => Change::Corrected,
            (_, _, _, true) => Change::Unchanged,
            (_, _, true, _) => Change::Further,
            _ => Change::New,
        };
        (planned.facts, planned.columns) = (out.facts, out.columns);
        planned
    }

    fn fail(&mut self, tab: &Tab, row: &Row, key: &str, error: Error) {
        self.wrong.push(Found { sheet: tab.sheet, row: row.row, column: tab.column(key), error });
    }

    /// `Sheet1!C7 申报时间`.
    fn cell(&self, tab: &Tab, row: &Row, key: &str) -> String {
        let place = self.book.sheets[tab.sheet].place(row.row, tab.column(key));
        format!("{place} {}", tab.family.column(key).map_or("", |c| c.zh))
    }

    /// The steps that happened, after their own cells were found whole and in order.
    fn stated<'r>(&mut self, tab: &Tab, row: &'r Row) -> Option<Vec<Stated<'r>>> {
        let before = self.wrong.len();
        let mut out = Vec::new();
        let shared = |key: &str| {
            tab.family.steps.iter().filter(|s| s.fields.iter().any(|(column, _)| *column == key)).count() > 1
        };
        for step in tab.family.steps {
            let fields: Vec<_> =
                step.fields.iter().filter_map(|(c, f)| row.cells.get(c).map(|read| (*c, *f, read))).collect();
            let Some(at) = row.cells.get(step.at.column()) else {
                // A reason may stand for a correction; what belongs to this step alone wants its time.
                let reason = correction_reason(tab.family);
                if let Some((column, ..)) = fields.iter().find(|(c, ..)| !shared(c) && Some(*c) != reason) {
                    let detail = self.cell(tab, row, step.at.column());
                    let filled = tab.family.column(column).map_or("", |c| c.zh);
                    let error = Error::new(Code::MissingField, detail).with_hints(
                        format!("{column} is filled in, so its time is wanted too"),
                        format!("已填写“{filled}”，请同时填写时间"),
                    );
                    self.fail(tab, row, step.at.column(), error);
                }
                continue;
            };
            for needed in step.needs.iter().filter(|key| !row.cells.contains_key(*key)) {
                let detail = self.cell(tab, row, needed);
                let time = tab.family.column(step.at.column()).map_or("", |c| c.zh);
                let error = Error::new(Code::MissingField, detail).with_hints(
                    format!("{} is filled in, so this is wanted too", step.at.column()),
                    format!("已填写“{time}”，此格必填"),
                );
                self.fail(tab, row, needed, error);
            }
            self.check_order(tab, row, step, at);
            out.push(Stated { step, at, fields });
        }
        (self.wrong.len() == before).then_some(out)
    }

    fn check_order(&mut self, tab: &Tab, row: &Row, step: &Step, at: &Read) {
        let bound = step.after.and_then(|key| row.cells.get(key).map(|read| (key, read)));
        let Some((key, Read { instant: Some(bound), .. })) = bound else { return };
        // An outage of no length is no outage; everything else may happen within the same minute.
        let too_early = at.instant.is_some_and(|at| at < *bound || (step.kind == "outage.end" && at == *bound));
        if too_early {
            let detail = self.cell(tab, row, step.at.column());
            let other = tab.family.column(key).map_or("", |c| c.zh);
            let error = Error::new(Code::EndBeforeStart, detail).with_hints(
                format!("it lies before {key}: check date and time"),
                format!("早于或等于“{other}”：请核对日期与时刻"),
            );
            self.fail(tab, row, step.at.column(), error);
        }
    }

    /// Each step against the entries of its kind: recorded before, new, or recorded with other values.
    fn compare(&mut self, tab: &Tab, row: &Row, subject: &str, stated: &[Stated<'_>], out: &mut Out) {
        let entries: Vec<Entry> = self.record.of(subject).to_vec();
        let overlay = overlay(tab.family, &entries);
        let mut amended = BTreeMap::new();
        for step in stated {
            let same_kind: Vec<&Entry> = entries.iter().filter(|e| e.fact.kind.name == step.step.kind).collect();
            let differing = |e: &&Entry| differences(step, e, &overlay);
            let Some(last) = same_kind.last() else {
                self.push(tab, row, subject, step, out);
                continue;
            };
            out.recorded = true;
            let diff = same_kind.iter().map(differing).find(Vec::is_empty).unwrap_or_else(|| differing(last));
            for (key, was) in diff {
                self.differs(tab, row, (key, was), last, step, &mut amended, out);
            }
        }
        if let (Correction::Amend { kind, columns, reason, .. }, false, false) =
            (&tab.family.correction, amended.is_empty(), out.wrong)
        {
            self.amend(tab, row, subject, (kind, columns, reason), &amended, &entries, out);
        }
    }

    /// A cell that says something else than the record: to be corrected, noted, or refused.
    #[allow(clippy::too_many_arguments, reason = "the cell, the record, and where each answer goes")]
    fn differs(
        &mut self,
        tab: &Tab,
        row: &Row,
        (key, was): (&'static str, Option<Value>),
        entry: &Entry,
        step: &Stated<'_>,
        amended: &mut BTreeMap<&'static str, Option<Value>>,
        out: &mut Out,
    ) {
        let (zh, en) = match &tab.family.correction {
            Correction::Amend { columns, .. } if columns.iter().any(|(column, _)| *column == key) => {
                amended.insert(key, was);
                return;
            }
            Correction::Amend { zh, en, .. } | Correction::None(zh, en) | Correction::Anew { zh, en, .. } => (zh, en),
        };
        // No rule reads this field: nothing is contradicted, but nothing is recorded either.
        let field = step.fields.iter().find(|(column, ..)| *column == key).map(|(_, field, _)| *field);
        let judged = field.is_none_or(|field| step.step.kind_row().is_some_and(|k| k.field(field).is_some()));
        if was.is_none() && !judged {
            let error = Error::new(Code::RecordedOtherwise, self.cell(tab, row, key));
            let found = Found { sheet: tab.sheet, row: row.row, column: tab.column(key), error };
            self.remarks.push((found, ADDED));
            return;
        }
        let now = row.cells.get(key).map_or(String::new(), |read| self.told(&read.value));
        let was = was.map_or_else(|| "-".to_owned(), |was| self.told(&was));
        let detail = format!("{} = {now}, entry {}: {was}", self.cell(tab, row, key), entry.seq);
        let error = Error::new(Code::RecordedOtherwise, detail).with_hints(*en, *zh);
        self.fail(tab, row, key, error);
        out.wrong = true;
    }

    /// One further fact for all cells of the row that are to be corrected.
    #[allow(clippy::too_many_arguments, reason = "the row, the correction of its family, the record")]
    fn amend(
        &mut self,
        tab: &Tab,
        row: &Row,
        subject: &str,
        (kind, columns, reason): (&&'static str, &&'static [(&'static str, &'static str)], &&'static str),
        amended: &BTreeMap<&'static str, Option<Value>>,
        entries: &[Entry],
        out: &mut Out,
    ) {
        let Some(why) = row.cells.get(reason) else {
            let changes = amended.iter().map(|(key, was)| {
                let zh = tab.family.column(key).map_or("", |c| c.zh);
                let now = row.cells.get(key).map_or(String::new(), |read| self.told(&read.value));
                let was = was.as_ref().map_or_else(|| "-".to_owned(), |was| self.told(was));
                format!("{zh} {was} → {now}")
            });
            let detail = format!("{}: {}", self.cell(tab, row, reason), changes.collect::<Vec<_>>().join(", "));
            let error = Error::new(Code::RecordedOtherwise, detail).with_hints(
                "to correct what is recorded, write the reason here; else restore the old value",
                "如要更正已有记录，请在此格写明原因；否则请恢复原值",
            );
            self.fail(tab, row, reason, error);
            out.wrong = true;
            return;
        };
        let mut body = Map::new();
        let mut local = false;
        for (key, field) in columns.iter().filter(|(key, _)| amended.contains_key(key)) {
            if let Some(read) = row.cells.get(key) {
                body.insert((*field).to_owned(), read.value.clone());
                local |= read.local;
            }
        }
        body.insert("reason".to_owned(), why.value.clone());
        // What it corrects is part of the key: the same correction may be made again after another one.
        let last = entries.last().map_or(0, |e| e.seq);
        let key = format!("sheet:{}:{subject}:{kind}:{last}", tab.family.name);
        let first = amended.keys().next().copied().unwrap_or(*reason);
        self.fact(tab, row, (kind, subject, self.now, first), body, local, key, out);
        out.corrected = true;
    }

    /// Shifts: what is assigned holds until it is cancelled, so a changed row cancels and assigns anew.
    fn assign(&mut self, tab: &Tab, row: &Row, subject: &str, stated: &[Stated<'_>], out: &mut Out) {
        let Correction::Anew { cancel, until, reason, zh, en } = &tab.family.correction else { return };
        let entries: Vec<Entry> = self.record.of(subject).to_vec();
        let opening = &tab.family.steps[0];
        let last = entries.iter().rfind(|e| e.fact.kind.name == opening.kind);
        let mut current = last.map_or_else(|| subject.to_owned(), |e| e.fact.subject.clone());
        let cancelled = |subject: &str| {
            entries.iter().any(|e| e.fact.kind.name == *cancel && e.fact.subject == subject)
        };
        for step in stated {
            let of_current = |e: &&Entry| e.fact.kind.name == step.step.kind && e.fact.subject == current;
            let Some(entry) = entries.iter().rfind(of_current) else {
                if !std::ptr::eq(step.step, opening) || last.is_none() {
                    self.push(tab, row, &current, step, out);
                }
                continue;
            };
            out.recorded = true;
            let diff = differences(step, entry, &BTreeMap::new());
            let Some((key, was)) = diff.first().cloned() else { continue };
            let over = entry.fact.instant(until).is_some_and(|end| end <= self.now);
            let refuse = |plan: &mut Self, key: &str, hints: (&str, &str)| {
                let was = was.as_ref().map_or_else(|| "-".to_owned(), |was| plan.told(was));
                let detail = format!("{}, entry {}: {was}", plan.cell(tab, row, key), entry.seq);
                plan.fail(tab, row, key, Error::new(Code::RecordedOtherwise, detail).with_hints(hints.1, hints.0));
            };
            if over || !std::ptr::eq(step.step, opening) {
                refuse(self, key, (*zh, *en));
                out.wrong = true;
                return;
            }
            let Some(why) = row.cells.get(reason) else {
                refuse(self, reason, (
                    "如要改班，请在此格写明原因；否则请恢复原值",
                    "to change the shift, write the reason here; else restore the old value",
                ));
                out.wrong = true;
                return;
            };
            let marked = |what: &str| format!("sheet:{}:{subject}:{what}:{}", tab.family.name, entry.seq);
            if !cancelled(&current) {
                let mut body = Map::new();
                body.insert("reason".to_owned(), why.value.clone());
                self.fact(tab, row, (cancel, &current, self.now, key), body, false, marked(cancel), out);
            }
            let count = 2 + current.rsplit_once(AGAIN).and_then(|(_, n)| n.parse::<u32>().ok()).map_or(0, |n| n - 1);
            current = format!("{subject}{AGAIN}{count}");
            self.push(tab, row, &current, step, out);
            out.corrected = true;
        }
    }

    /// The fact of a step.
    fn push(&mut self, tab: &Tab, row: &Row, subject: &str, step: &Stated<'_>, out: &mut Out) {
        let mut body = Map::new();
        let mut local = false;
        for (_, field, read) in &step.fields {
            body.insert((*field).to_owned(), read.value.clone());
            local |= read.local;
        }
        let at = step.at.instant.unwrap_or(self.now);
        let at = match step.step.at {
            At::Column(_) => {
                local |= step.at.local;
                at
            }
            At::Before(_) => at.min(self.now),
        };
        let key = format!("sheet:{}:{subject}:{}", tab.family.name, step.step.kind);
        self.fact(tab, row, (step.step.kind, subject, at, step.step.at.column()), body, local, key, out);
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a fact, and where it goes")]
    fn fact(
        &mut self,
        tab: &Tab,
        row: &Row,
        (kind, subject, at, column): (&str, &str, Instant, &str),
        mut body: Map<String, Value>,
        local: bool,
        key: String,
        out: &mut Out,
    ) {
        if local {
            body.insert(STATED_ZONE.to_owned(), self.contract.zone.name().into());
        }
        let person = self.who.person.as_ref().or(tab.by.0.as_ref());
        let party = self.who.party.as_ref().or(tab.by.1.as_ref());
        let mut actor = Map::new();
        for (name, value) in [("person", person), ("party", party)] {
            if let Some(value) = value {
                actor.insert(name.to_owned(), value.clone().into());
            }
        }
        let made = canonical_instant(at).and_then(|at| {
            let mut fact = json!({ "kind": kind, "subject": subject, "at": at, "key": key });
            for (name, object) in [("actor", actor), ("body", body)] {
                if !object.is_empty() {
                    fact[name] = object.into();
                }
            }
            Fact::parse(&fact.to_string())
        });
        match made {
            Ok(fact) => {
                out.facts.push(fact);
                out.columns.push(tab.column(column));
            }
            Err(e) => {
                // An interval's end is the cell to look at.
                let column = match (e.code(), tab.family.index("end")) {
                    (Code::EndBeforeStart, Some(_)) => "end",
                    _ => column,
                };
                let detail = format!("{}: {}", self.cell(tab, row, column), e.detail());
                self.fail(tab, row, column, Error::new(e.code(), detail));
                out.wrong = true;
            }
        }
    }

    /// What the record contradicts is a wrong cell too.
    fn admit(&mut self, tab: &Tab, row: &Row, subject: &str, out: &mut Out) {
        let mut entries = self.record.of(subject).to_vec();
        let mut seq = entries.last().map_or(0, |e| e.seq);
        for (fact, column) in out.facts.iter().zip(&out.columns) {
            let earlier: Vec<&Entry> = entries.iter().collect();
            if let Err(e) = admit(fact, self.now, &earlier) {
                let place = self.book.sheets[tab.sheet].place(row.row, *column);
                let error = Error::new(e.code(), format!("{place}: {}", e.detail()));
                self.wrong.push(Found { sheet: tab.sheet, row: row.row, column: *column, error });
                out.wrong = true;
                return;
            }
            seq += 1;
            entries.push(Entry { seq, recorded_at: self.now, fact: fact.clone() });
        }
    }

    /// A value as people write it: times in the contract's zone.
    fn told(&self, value: &Value) -> String {
        let Some(text) = value.as_str() else { return value.to_string() };
        match crate::time::parse_instant(text) {
            Ok(at) => format!("{:?}", self.contract.zone.format(at)),
            Err(_) => format!("{text:?}"),
        }
    }
}

impl Step {
    fn kind_row(&self) -> Option<&'static kinds::Kind> {
        kinds::find(self.kind)
    }
}

fn correction_reason(family: &Family) -> Option<&'static str> {
    match &family.correction {
        Correction::Amend { reason, .. } | Correction::Anew { reason, .. } => Some(reason),
        Correction::None(..) => None,
    }
}

/// What the corrections of a case say, by column; the last holds.
fn overlay(family: &Family, entries: &[Entry]) -> BTreeMap<&'static str, Value> {
    let mut out = BTreeMap::new();
    let Correction::Amend { kind, columns, .. } = &family.correction else { return out };
    for entry in entries.iter().filter(|e| e.fact.kind.name == *kind) {
        for (column, field) in columns.iter() {
            if let Some(value) = entry.fact.body.get(*field) {
                out.insert(*column, value.clone());
            }
        }
    }
    out
}

/// Columns in which a step differs from an entry, with what is recorded there.
fn differences(
    step: &Stated<'_>,
    entry: &Entry,
    overlay: &BTreeMap<&'static str, Value>,
) -> Vec<(&'static str, Option<Value>)> {
    let mut out = Vec::new();
    let mut check = |column: &'static str, said: &Value, recorded: Option<Value>| {
        let recorded = overlay.get(column).cloned().or(recorded);
        if recorded.as_ref() != Some(said) {
            out.push((column, recorded));
        }
    };
    if let At::Column(column) = step.step.at {
        check(column, &step.at.value, canonical_instant(entry.fact.at).ok().map(Value::from));
    }
    for (column, field, read) in &step.fields {
        check(column, &read.value, entry.fact.body.get(*field).cloned());
    }
    out
}
