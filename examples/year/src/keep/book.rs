//! The day-book of the year: facts with the instant at which each was recorded, in the order in which they were.

use crate::time::{local_text, minutes};
use opsledger::time::Instant;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::error::Error;

/// Who says so.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    /// The monitor, at once.
    Monitor,
    /// A person of a party, some minutes later.
    Person(&'a str, &'a str),
}

impl<'a> Who<'a> {
    /// Somebody of the supplier.
    pub(crate) fn supplier(person: &'a str) -> Who<'a> {
        Who::Person("supplier", person)
    }
    /// Somebody of the buyer.
    pub(crate) fn buyer(person: &'a str) -> Who<'a> {
        Who::Person("buyer", person)
    }
    fn actor(self) -> Value {
        match self {
            Who::Monitor => json!({ "party": "machine", "person": "monitor" }),
            Who::Person(party, person) => json!({ "party": party, "person": person }),
        }
    }
    fn delay(self) -> Instant {
        match self {
            Who::Monitor => 0,
            Who::Person(..) => minutes(2),
        }
    }
}

/// One fact.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// When it was recorded.
    pub(crate) recorded_at: Instant,
    /// As JSON, without `recorded_at`.
    pub(crate) fact: Map<String, Value>,
}

impl Line {
    fn text(&self, name: &str) -> &str {
        self.fact.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Book {
    lines: Vec<Line>,
}

impl Book {
    /// Adds what happened `at`, recorded as its writer does it.
    pub(crate) fn add(&mut self, at: Instant, who: Who<'_>, kind: &str, subject: &str, body: Value) {
        self.add_late(at, at + who.delay(), who, kind, subject, body);
    }

    /// Adds what was recorded later than its writer usually does.
    pub(crate) fn add_late(
        &mut self,
        at: Instant,
        recorded_at: Instant,
        who: Who<'_>,
        kind: &str,
        subject: &str,
        body: Value,
    ) {
        let mut fact = Map::new();
        fact.insert("kind".into(), kind.into());
        if !subject.is_empty() {
            fact.insert("subject".into(), subject.into());
        }
        fact.insert("at".into(), local_text(at).into());
        fact.insert("actor".into(), who.actor());
        let mut body = match body {
            Value::Object(body) => body,
            _ => Map::new(),
        };
        body.insert("example".into(), true.into());
        fact.insert("body".into(), body.into());
        self.lines.push(Line { recorded_at, fact });
    }

    /// Adds a fact as it stands.
    pub(crate) fn take(&mut self, recorded_at: Instant, fact: Map<String, Value>) {
        self.lines.push(Line { recorded_at, fact });
    }

    /// In recorded order, the first being entry `first` of the ledger, with `#kind subject` replaced by the entry's number.
    pub(crate) fn in_order(mut self, first: u64) -> Result<Vec<Line>, Box<dyn Error>> {
        self.lines.sort_by_key(|l| l.recorded_at);
        let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
        for (seq, line) in (first..).zip(&mut self.lines) {
            let name = format!("#{} {}", line.text("kind"), line.text("subject"));
            if let Some(entry) = line.fact.get_mut("body").and_then(|b| b.get_mut("entry"))
                && let Some(of) = entry.as_str()
            {
                *entry =
                    (*numbers.get(of).ok_or(format!("{name} speaks of {of}, which is not there yet"))?)
                        .into();
            }
            numbers.insert(name, seq);
        }
        Ok(self.lines)
    }
}
