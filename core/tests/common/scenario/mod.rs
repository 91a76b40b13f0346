//! Random contracts with fact streams that meet at the instants where rules turn: full half hours, limits, period ends,
//! and one microsecond beside them. `shape` makes the contract, `events` says what happens, `layout` writes it as facts.

pub(crate) mod duties;
mod events;
mod layout;
mod promises;
mod shape;

pub(crate) use shape::Shape;

use layout::Layout;
use opsledger::facts::kinds;
use opsledger::time::{DAY, Instant, canonical_instant};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::fmt;

/// A fact before it has a line number.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) at: Instant,
    pub(crate) recorded_at: Instant,
    pub(crate) body: Map<String, Value>,
    pub(crate) party: Option<&'static str>,
    /// The drafts that an agreement fact speaks of: one, or a range.
    pub(crate) names: Option<(usize, Option<usize>)>,
}

/// A contract and its facts.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) shape: Shape,
    pub(crate) drafts: Vec<Draft>,
}

impl Scenario {
    pub(crate) fn contract(&self) -> String {
        self.shape.text()
    }

    /// Facts in the order in which they were recorded, as JSON Lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        lines(&self.drafts)
    }

    pub(crate) fn lines_in(&self, order: &[usize]) -> Vec<String> {
        lines_in(&self.drafts, order)
    }

    /// Instants at which something may turn, without their neighbours.
    pub(crate) fn edges(&self) -> Vec<Instant> {
        edges(&self.drafts, self.shape.base(), self.shape.days())
    }

    pub(crate) fn outage_starts(&self) -> Vec<Instant> {
        self.drafts.iter().filter(|d| d.kind == "outage.start").map(|d| d.at).collect()
    }

    pub(crate) fn last_recorded(&self) -> Instant {
        last_recorded(&self.drafts, self.shape.base())
    }

    /// The same without some of the facts; what speaks of a fact that is gone goes too.
    pub(crate) fn keep(&self, keep: impl Fn(&Draft) -> bool) -> Scenario {
        let stays: Vec<bool> = self
            .drafts
            .iter()
            .map(|d| {
                let named = |i: usize| keep(&self.drafts[i]);
                keep(d) && d.names.is_none_or(|(from, to)| named(from) && to.is_none_or(named))
            })
            .collect();
        let place = |i: usize| stays[..i].iter().filter(|s| **s).count();
        let mut drafts = Vec::new();
        for (_, d) in self.drafts.iter().enumerate().filter(|(i, _)| stays[*i]) {
            let mut d = d.clone();
            d.names = d.names.map(|(from, to)| (place(from), to.map(place)));
            drafts.push(d);
        }
        Scenario { shape: self.shape.clone(), drafts }
    }
}

fn lines(drafts: &[Draft]) -> Vec<String> {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|i| drafts[*i].recorded_at);
    lines_in(drafts, &order)
}

fn lines_in(drafts: &[Draft], order: &[usize]) -> Vec<String> {
    let seq = |draft: usize| order.iter().position(|i| *i == draft).map_or(0, |p| p + 1);
    order.iter().map(|i| drafts[*i].line(&seq)).collect()
}

fn edges(drafts: &[Draft], base: Instant, days: i64) -> Vec<Instant> {
    let mut edges = Vec::new();
    for d in drafts {
        edges.extend([d.at, d.recorded_at]);
        for field in ["start", "end"] {
            let text = d.body.get(field).and_then(|v| v.as_str());
            edges.extend(text.map(|t| opsledger::time::parse_instant(t).unwrap()));
        }
    }
    edges.extend([base, base + days * DAY, base + days * DAY / 2]);
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn last_recorded(drafts: &[Draft], base: Instant) -> Instant {
    drafts.iter().map(|d| d.recorded_at).max().unwrap_or(base)
}

fn write_out(f: &mut fmt::Formatter<'_>, contract: &str, lines: &[String]) -> fmt::Result {
    writeln!(f, "\n{contract}")?;
    for (i, line) in lines.iter().enumerate() {
        writeln!(f, "{}: {line}", i + 1)?;
    }
    Ok(())
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_out(f, &self.contract(), &self.lines())
    }
}

impl Draft {
    pub(crate) fn new(kind: &'static str, subject: &str, at: Instant, recorded_at: Instant) -> Draft {
        let (subject, body) = (subject.to_owned(), Map::new());
        Draft { kind, subject, at, recorded_at, body, party: None, names: None }
    }
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Draft {
        self.body.insert(field.to_owned(), value.into());
        self
    }
    fn with_some(self, field: &str, value: Option<impl Into<Value>>) -> Draft {
        match value {
            Some(v) => self.with(field, v),
            None => self,
        }
    }
    pub(crate) fn with_time(self, field: &str, t: Instant) -> Draft {
        self.with(field, canonical_instant(t).unwrap())
    }
    fn by(mut self, party: Option<&'static str>) -> Draft {
        self.party = party;
        self
    }
    fn line(&self, seq: &dyn Fn(usize) -> usize) -> String {
        let mut body = self.body.clone();
        match self.names {
            Some((entry, None)) => {
                body.insert("entry".into(), json!(seq(entry).max(1)));
            }
            Some((from, Some(to))) => {
                let (a, b) = (seq(from).max(1), seq(to).max(1));
                body.insert("from".into(), json!(a.min(b)));
                body.insert("to".into(), json!(a.max(b)));
            }
            None => {}
        }
        let time = |t: Instant| canonical_instant(t).unwrap();
        let mut fact =
            json!({ "kind": self.kind, "at": time(self.at), "recorded_at": time(self.recorded_at) });
        if kinds::find(self.kind).unwrap().subject {
            fact["subject"] = json!(self.subject);
        }
        if !body.is_empty() {
            fact["body"] = Value::Object(body);
        }
        if let Some(party) = self.party {
            fact["actor"] = json!({ "party": party });
        }
        fact.to_string()
    }
}

/// A contract with the facts of at most so many events.
pub(crate) fn scenario(events: usize) -> impl Strategy<Value = Scenario> {
    (shape::shape(), vec((events::event(), events::party()), 0..events)).prop_map(|(shape, events)| {
        let mut layout = Layout::new(shape.base());
        for (i, (event, by)) in events.iter().enumerate() {
            layout.lay(i, event, *by);
        }
        let facts = layout.drafts.len();
        for (event, _) in &events {
            layout.speak(event, facts);
        }
        Scenario { shape, drafts: layout.drafts }
    })
}
