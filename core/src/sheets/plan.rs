//! Compares filled rows with the record: what is new, what was recorded before, what was recorded with other values.

use super::cell::Read;
use super::family::{Correction, Family, Step};
use super::preview::{Change, Planned, Who};
use super::record::{AGAIN, Recorded, Stated, differences, overlay};
use super::rows::{Found, Row, Tab};
use crate::contract::Contract;
use crate::error::{Code, Error};
use crate::facts::kinds;
use crate::facts::{Entry, Fact};
use crate::table::xlsx::Book;
use crate::time::Instant;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) struct Plan<'a> {
    pub(super) book: &'a Book,
    pub(super) contract: &'a Contract,
    pub(super) who: &'a Who,
    pub(super) now: Instant,
    pub(super) record: Recorded,
    /// Rows of this workbook by family and number, to find doubles.
    pub(super) seen: BTreeMap<(&'static str, String), String>,
    pub(super) wrong: Vec<Found>,
    pub(super) remarks: Vec<(Found, (&'static str, &'static str))>,
}

/// What the facts of a row are gathered in.
#[derive(Default)]
pub(super) struct Out {
    pub(super) facts: Vec<Fact>,
    pub(super) columns: Vec<u32>,
    pub(super) corrected: bool,
    pub(super) recorded: bool,
    pub(super) wrong: bool,
}

const ADDED: (&str, &str) = (
    "该行导入时此格为空，现补填的内容不会入账",
    "this cell was empty when the row was recorded; what was added since is not recorded",
);

impl Plan<'_> {
    pub(super) fn row(&mut self, tab: &Tab, row: &Row, subject: Option<String>) -> Planned {
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

    pub(super) fn fail(&mut self, tab: &Tab, row: &Row, key: &str, error: Error) {
        self.wrong.push(Found { sheet: tab.sheet, row: row.row, column: tab.column(key), error });
    }

    /// `Sheet1!C7 申报时间`.
    pub(super) fn cell(&self, tab: &Tab, row: &Row, key: &str) -> String {
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
        let too_early =
            at.instant.is_some_and(|at| at < *bound || (step.kind == "outage.end" && at == *bound));
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
        // An incident may be called I-1~2 in its own right.
        let own = self.record.of(subject).iter().filter(|e| e.fact.subject == subject);
        let entries: Vec<Entry> = own.cloned().collect();
        let overlay = overlay(tab.family, &entries);
        let mut amended = BTreeMap::new();
        for step in stated {
            let same_kind: Vec<&Entry> =
                entries.iter().filter(|e| e.fact.kind.name == step.step.kind).collect();
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
            Correction::Amend { zh, en, .. } | Correction::None(zh, en) | Correction::Anew { zh, en, .. } => {
                (zh, en)
            }
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
        let now = self.told(tab, key, row.cells.get(key).map(|read| &read.value));
        let was = self.told(tab, key, was.as_ref());
        let detail = format!("{}: #{} {was} → {now}", self.cell(tab, row, key), entry.seq);
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
                let now = self.told(tab, key, row.cells.get(key).map(|read| &read.value));
                let was = self.told(tab, key, was.as_ref());
                format!("{zh} {was} → {now}")
            });
            let detail =
                format!("{}: {}", self.cell(tab, row, reason), changes.collect::<Vec<_>>().join(", "));
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
        let cancelled =
            |subject: &str| entries.iter().any(|e| e.fact.kind.name == *cancel && e.fact.subject == subject);
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
            let Some((differs, was)) = diff.first().cloned() else { continue };
            let over = entry.fact.instant(until).is_some_and(|end| end <= self.now);
            let refuse = |plan: &mut Self, key: &str, hints: (&str, &str)| {
                let now = plan.told(tab, differs, row.cells.get(differs).map(|read| &read.value));
                let was = plan.told(tab, differs, was.as_ref());
                let zh = tab.family.column(differs).map_or("", |c| c.zh);
                let detail = format!("{}: {zh} #{} {was} → {now}", plan.cell(tab, row, key), entry.seq);
                plan.fail(
                    tab,
                    row,
                    key,
                    Error::new(Code::RecordedOtherwise, detail).with_hints(hints.1, hints.0),
                );
            };
            if over || !std::ptr::eq(step.step, opening) {
                refuse(self, differs, (*zh, *en));
                out.wrong = true;
                return;
            }
            let Some(why) = row.cells.get(reason) else {
                refuse(
                    self,
                    reason,
                    (
                        "如要改班，请在此格写明原因；否则请恢复原值",
                        "to change the shift, write the reason here; else restore the old value",
                    ),
                );
                out.wrong = true;
                return;
            };
            let marked = |what: &str| format!("sheet:{}:{subject}:{what}:{}", tab.family.name, entry.seq);
            if !cancelled(&current) {
                let mut body = Map::new();
                body.insert("reason".to_owned(), why.value.clone());
                self.fact(tab, row, (cancel, &current, self.now, differs), body, false, marked(cancel), out);
            }
            let count =
                2 + current.rsplit_once(AGAIN).and_then(|(_, n)| n.parse::<u32>().ok()).map_or(0, |n| n - 1);
            current = format!("{subject}{AGAIN}{count}");
            self.push(tab, row, &current, step, out);
            out.corrected = true;
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
