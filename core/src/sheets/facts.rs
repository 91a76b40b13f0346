//! The facts that a row states, and whether the record admits them.

use super::STATED_ZONE;
use super::family::At;
use super::plan::{Out, Plan};
use super::record::Stated;
use super::rows::{Found, Row, Tab};
use crate::error::{Code, Error, Lang};
use crate::facts::terms::term;
use crate::facts::{Entry, Fact, admit};
use crate::table::xlsx;
use crate::time::{Instant, canonical_instant};
use serde_json::{Map, Value, json};

impl Plan<'_> {
    /// The fact of a step.
    pub(super) fn push(&mut self, tab: &Tab, row: &Row, subject: &str, step: &Stated<'_>, out: &mut Out) {
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
    pub(super) fn fact(
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
    pub(super) fn admit(&mut self, tab: &Tab, row: &Row, subject: &str, out: &mut Out) {
        let mut entries = self.record.of(subject).to_vec();
        let next = entries.last().map_or(0, |e| e.seq) + 1;
        for ((fact, column), seq) in out.facts.iter().zip(&out.columns).zip(next..) {
            let earlier: Vec<&Entry> = entries.iter().collect();
            if let Err(e) = admit(fact, self.now, &earlier) {
                let place = self.book.sheets[tab.sheet].place(row.row, *column);
                let error = Error::new(e.code(), format!("{place}: {}", e.detail()));
                self.wrong.push(Found { sheet: tab.sheet, row: row.row, column: *column, error });
                out.wrong = true;
                return;
            }
            entries.push(Entry { seq, recorded_at: self.now, fact: fact.clone() });
        }
    }

    /// A value as its column writes it: words of the drop-down, times in the contract's zone.
    pub(super) fn told(&self, tab: &Tab, key: &str, value: Option<&Value>) -> String {
        match value {
            None => "-".to_owned(),
            Some(Value::Array(items)) => {
                items.iter().map(|item| self.told(tab, key, Some(item))).collect::<Vec<_>>().join("；")
            }
            Some(Value::Bool(flag)) => (if *flag { "是" } else { "否" }).to_owned(),
            Some(Value::String(text)) => {
                let words = tab.family.column(key).map_or(&[][..], |c| c.ty.words());
                match (words.iter().find(|w| *w == text), crate::time::parse_instant(text)) {
                    (Some(word), _) => term(Lang::Zh, word).to_owned(),
                    (None, Ok(at)) => super::local(at, self.contract.zone),
                    (None, Err(_)) => format!("{:?}", xlsx::shown(text)),
                }
            }
            Some(other) => other.to_string(),
        }
    }
}
