//! The evaluator: the rows of any register from the facts that are seen.

use super::{Cell, Kinds, Of, Pick, Register, Row, Rows, Source};
use crate::books::engine::Engine;
use crate::books::incidents::Report;
use crate::books::outages::OutageNow;
use crate::books::{Books, Item, Lens};
use crate::contract::Accounting;
use crate::facts::decimal::Decimal;
use crate::facts::kinds::FieldType;
use crate::rules::acts;
use crate::time::{Instant, parse_duration, parse_instant};
use serde_json::Value;

/// What a row is made of.
pub(super) struct Facts<'a> {
    pub(super) subject: &'a str,
    /// What is seen and there, in (`at`, seq) order; corrections too.
    pub(super) items: Vec<&'a Item>,
    /// The corrections among them, in the order in which they hold.
    fixes: Vec<&'a Item>,
    pub(super) lens: Lens<'a>,
    pub(super) as_of: Instant,
    pub(super) accounting: &'a Accounting,
    /// Of an outage, how it stands, and its system.
    pub(super) outage: Option<(OutageNow<'a>, &'a str)>,
}

/// The rows of a register where the engine stands.
pub(crate) fn rows(register: &'static Register, engine: &Engine, books: &Books) -> Rows {
    let mut rows = match register.of {
        Of::Subjects(family, kinds) => subjects(engine, books, family, |facts, rows| {
            if facts.of(kinds).next().is_some() {
                push(register, &facts, kinds, rows);
            }
        }),
        Of::Each(family, kinds) => subjects(engine, books, family, |facts, rows| {
            facts.each(kinds, |one| push(register, &one, kinds, rows))
        }),
        Of::Outages => super::outages::rows(register, engine, books),
        Of::Windows(exclusion) => windows(register, engine, books, exclusion),
    };
    rows.sort_by(|a, b| (a.at, a.entries.first()).cmp(&(b.at, b.entries.first())));
    Rows {
        name: register.name,
        zh: register.zh,
        en: register.en,
        columns: register.columns.iter().map(|s| s.column).collect(),
        rows,
        zone: engine.contract().zone,
    }
}

fn subjects<'a>(
    engine: &'a Engine,
    books: &'a Books,
    family: crate::facts::kinds::Family,
    mut take: impl FnMut(Facts<'a>, &mut Vec<Row>),
) -> Vec<Row> {
    let mut rows = Vec::new();
    for id in 0..books.subjects.len() {
        let case = books.subjects.case(id);
        if case.family == family {
            take(Facts::new(engine, books, books.subjects.subject(id), case.items.iter()), &mut rows);
        }
    }
    rows
}

fn windows(register: &Register, engine: &Engine, books: &Books, exclusion: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for id in 0..books.windows.len() {
        let case = books.windows.case(id);
        if case.exclusion == exclusion {
            let facts = Facts::new(engine, books, books.windows.subject(id), case.items());
            push(register, &facts, &["maintenance.approve", "exclusion.approve"], &mut rows);
        }
    }
    rows
}

/// Adds the row of these facts, if one of `kinds` is among them: the first of those is its beginning.
pub(super) fn push(register: &Register, facts: &Facts<'_>, kinds: Kinds, rows: &mut Vec<Row>) {
    let Some(at) = facts.of(kinds).next().map(|i| i.at) else { return };
    let mut entries: Vec<u64> = facts.items.iter().map(|i| i.seq).collect();
    entries.sort_unstable();
    rows.push(Row { subject: facts.subject.to_owned(), at, cells: facts.cells(register), entries });
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        books: &'a Books,
        subject: &'a str,
        items: impl Iterator<Item = &'a Item>,
    ) -> Facts<'a> {
        let (lens, as_of) = (engine.lens(books), engine.position().as_of);
        let mut items: Vec<&Item> =
            items.filter(|i| lens.sees_item(i) && acts(i.kind, i.at, as_of)).collect();
        items.sort_by_key(|i| (i.at, i.seq));
        let mut fixes: Vec<&Item> = items.iter().copied().filter(|i| i.is_correction()).collect();
        fixes.sort_by_key(|i| (lens.item_recorded(i), i.seq));
        Facts { subject, items, fixes, lens, as_of, accounting: &engine.contract().accounting, outage: None }
    }

    /// Those of these kinds, in order.
    pub(super) fn of(&self, kinds: Kinds) -> impl DoubleEndedIterator<Item = &'a Item> + '_ {
        self.items.iter().copied().filter(move |i| kinds.contains(&i.kind.name))
    }

    fn pick(&self, pick: Pick, kinds: Kinds) -> Option<&'a Item> {
        match pick {
            Pick::First => self.of(kinds).next(),
            Pick::Last => self.of(kinds).next_back(),
        }
    }

    /// Cuts the facts at each one of these kinds: it, and what follows up to the next.
    fn each(&self, kinds: Kinds, mut take: impl FnMut(Facts<'a>)) {
        let starts: Vec<usize> =
            (0..self.items.len()).filter(|i| kinds.contains(&self.items[*i].kind.name)).collect();
        for (n, start) in starts.iter().enumerate() {
            let end = starts.get(n + 1).copied().unwrap_or(self.items.len());
            take(Facts {
                subject: self.subject,
                items: self.items[*start..end].to_vec(),
                fixes: self.fixes.clone(),
                lens: self.lens,
                as_of: self.as_of,
                accounting: self.accounting,
                outage: None,
            });
        }
    }

    pub(super) fn cells(&self, register: &Register) -> Vec<Cell> {
        register.columns.iter().map(|spec| self.cell(&spec.source)).collect()
    }

    fn cell(&self, source: &Source) -> Cell {
        match source {
            Source::Subject => Cell::Text(self.subject.to_owned()),
            Source::Field(pick, kinds, field) => self.field(*pick, kinds, field),
            Source::Amended(field) => self.amended(field),
            Source::At(pick, kinds) => self.pick(*pick, kinds).map_or(Cell::Empty, |i| Cell::Instant(i.at)),
            Source::Party(pick, kinds) => {
                let party = self.pick(*pick, kinds).and_then(|i| self.lens.record.party_name(i.party));
                party.map_or(Cell::Empty, |p| Cell::Text(p.to_owned()))
            }
            Source::Person(pick, kinds) => {
                let person = self.pick(*pick, kinds).and_then(|i| i.person.as_deref());
                person.map_or(Cell::Empty, text)
            }
            Source::Evidence(kinds) => {
                let digest = self.of(kinds).rev().find_map(|i| i.digest.as_deref());
                digest.map_or(Cell::Empty, text)
            }
            Source::Between(from, pick, to) => {
                let (from, to) = (self.pick(Pick::First, from), self.pick(*pick, to));
                let between = from.zip(to).map(|(from, to)| to.at - from.at);
                between.filter(|us| *us >= 0).map_or(Cell::Empty, Cell::Duration)
            }
            Source::Count(kinds) => Cell::Integer(i64::try_from(self.of(kinds).count()).unwrap_or(i64::MAX)),
            Source::Values(kinds, field) => self.values(kinds, field),
            Source::Any(kinds) => Cell::Flag(self.of(kinds).next().is_some()),
            Source::State(words) => self.state(words),
            Source::Own(of) => of(self),
        }
    }

    /// The word beside the kind of the last fact that has one.
    pub(super) fn state(&self, words: &[(&str, &str)]) -> Cell {
        let word = |i: &&Item| words.iter().find(|(kind, _)| *kind == i.kind.name).map(|(_, w)| *w);
        self.items.iter().rev().find_map(word).map_or(Cell::Empty, text)
    }

    fn field(&self, pick: Pick, kinds: Kinds, field: &str) -> Cell {
        let stated = |i: &'a Item| Some((i, i.body.as_ref()?.get(field)?));
        let found = match pick {
            Pick::First => self.of(kinds).find_map(stated),
            Pick::Last => self.of(kinds).rev().find_map(stated),
        };
        found.map_or(Cell::Empty, |(item, value)| cell(item.kind.field(field).map(|f| f.ty), value))
    }

    /// What the opening report says after corrections, in the view.
    fn amended(&self, field: &str) -> Cell {
        let Some(opening) = self.of(&["incident.report"]).next() else { return Cell::Empty };
        let report = Report::new(opening, self.fixes.clone(), self.lens);
        let value = report.value(field);
        value.map_or(Cell::Empty, |v| cell(opening.kind.field(field).map(|f| f.ty), &v))
    }

    fn values(&self, kinds: Kinds, field: &str) -> Cell {
        let mut list: Vec<String> = Vec::new();
        for value in self.of(kinds).filter_map(|i| i.body.as_ref()?.get(field)) {
            let texts = match value {
                Value::Array(values) => values.iter().map(plain).collect(),
                other => vec![plain(other)],
            };
            for text in texts {
                if !list.contains(&text) {
                    list.push(text);
                }
            }
        }
        if list.is_empty() { Cell::Empty } else { Cell::List(list) }
    }
}

/// A value as a cell, by the type of its field; without one, or where the value is none of it, by the JSON.
fn cell(ty: Option<FieldType>, value: &Value) -> Cell {
    let text = value.as_str();
    let typed = match (ty, text) {
        (Some(FieldType::Instant | FieldType::DateOrInstant), Some(t)) => {
            parse_instant(t).ok().map(Cell::Instant)
        }
        (Some(FieldType::Duration), Some(t)) => parse_duration(t).ok().map(Cell::Duration),
        (Some(FieldType::Decimal), Some(t)) => Decimal::parse(t).ok().map(|_| Cell::Decimal(t.to_owned())),
        _ => None,
    };
    typed.unwrap_or_else(|| match value {
        Value::Null => Cell::Empty,
        Value::Bool(yes) => Cell::Flag(*yes),
        Value::Number(n) => n.as_i64().map_or_else(|| Cell::Decimal(n.to_string()), Cell::Integer),
        Value::Array(values) => Cell::List(values.iter().map(plain).collect()),
        other => Cell::Text(plain(other)),
    })
}

pub(super) fn text(word: &str) -> Cell {
    Cell::Text(word.to_owned())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
