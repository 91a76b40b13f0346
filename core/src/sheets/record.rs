//! What the ledger holds of the rows' cases, and in what a row differs from it.

use super::cell::Read;
use super::family::{At, Correction, Family, Step};
use crate::error::Result;
use crate::facts::Entry;
use crate::ledger::Ledger;
use crate::time::canonical_instant;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the ledger holds of the rows' cases.
pub(super) struct Recorded {
    cases: BTreeMap<String, Vec<Entry>>,
}

/// Entries that are read at a time.
const PAGE: u64 = 20_000;
/// Between a row's number and the count of its assignments: `班次~2`.
pub(super) const AGAIN: char = '~';

impl Recorded {
    /// One pass over the ledger; only facts of these kinds are looked into.
    pub(super) fn load(ledger: &Ledger, kinds: &BTreeSet<&str>, wanted: &BTreeSet<&str>) -> Result<Recorded> {
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
            let looked_for = page.iter().filter(|r| stems.iter().any(|stem| r.fact.contains(stem)));
            let seqs: Vec<u64> = looked_for.map(|record| record.seq).collect();
            if let (Some(first), Some(end)) = (seqs.first(), seqs.last()) {
                for entry in ledger.entries(*first, end - first + 1)? {
                    let subject = &entry.fact.subject;
                    let base = subject.rsplit_once(AGAIN).map_or(subject.as_str(), |(base, _)| base);
                    let own = [subject.as_str(), base].into_iter().find(|s| wanted.contains(s));
                    if let Some(own) = own.filter(|_| kinds.contains(entry.fact.kind.name)) {
                        cases.entry(own.to_owned()).or_default().push(entry);
                    }
                }
            }
            from = last + 1;
        }
        Ok(Recorded { cases })
    }

    pub(super) fn of(&self, subject: &str) -> &[Entry] {
        self.cases.get(subject).map_or(&[], Vec::as_slice)
    }
}

/// A step of a row as the row states it.
pub(super) struct Stated<'a> {
    pub(super) step: &'static Step,
    pub(super) at: &'a Read,
    /// Column, field, value.
    pub(super) fields: Vec<(&'static str, &'static str, &'a Read)>,
}

/// What the corrections of a case say, by column; the last holds.
pub(super) fn overlay(family: &Family, entries: &[Entry]) -> BTreeMap<&'static str, Value> {
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
pub(super) fn differences(
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
