//! An entry as the books keep it, for those who list entries: who stated what, when, and how it stands between the parties.

use super::agreement::{Lens, Standing};
use super::{Books, Item, Place};
use crate::assess::Stamp;
use crate::calendar::Zone;
use crate::error::Lang;
use crate::facts::Entry;
use crate::facts::kinds::{self, FieldType};
use crate::facts::terms::term;
use crate::time::{Instant, parse_instant};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FactLine {
    /// Its number.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// What a Chinese reader calls it.
    pub kind_zh: &'static str,
    /// The case it belongs to.
    pub subject: String,
    /// When it happened.
    pub at: Stamp,
    /// When the ledger learnt it.
    pub recorded_at: Stamp,
    /// Who stated it: the party.
    pub party: Option<String>,
    /// Who stated it: the person.
    pub person: Option<String>,
    /// How it stands between the parties: `confirmed`, `disputed`; null where nobody said anything.
    pub standing: Option<&'static str>,
    /// What it says.
    pub body: Map<String, Value>,
}

/// Most characters of a field that are shown.
const LONGEST: usize = 80;

impl FactLine {
    /// Who stated it: party and person.
    pub fn who(&self, lang: Lang) -> String {
        let party = self.party.as_deref().map(|p| term(lang, p));
        party.into_iter().chain(self.person.as_deref()).collect::<Vec<_>>().join(" ")
    }
    /// What it says, in a line: instants in the contract's zone, words of the trade in the reader's language.
    pub fn told(&self, lang: Lang) -> String {
        let kind = kinds::find(&self.kind);
        let field = |(name, value): (&String, &Value)| {
            let ty = kind.and_then(|k| k.field(name)).map(|f| f.ty);
            let instant = match ty {
                Some(FieldType::Instant | FieldType::DateOrInstant) => {
                    value.as_str().and_then(|t| parse_instant(t).ok())
                }
                _ => None,
            };
            let text = match (instant, value) {
                (Some(at), _) => self.at.zone.format(at),
                (_, Value::String(text)) => term(lang, text).to_owned(),
                (_, Value::Array(list)) => {
                    let word =
                        |v: &Value| v.as_str().map_or_else(|| v.to_string(), |t| term(lang, t).to_owned());
                    list.iter().map(word).collect::<Vec<_>>().join(if lang == Lang::Zh {
                        "、"
                    } else {
                        ", "
                    })
                }
                (_, other) => other.to_string(),
            };
            let cut = text.char_indices().nth(LONGEST).map(|(i, _)| format!("{}…", &text[..i]));
            format!("{name}={}", cut.unwrap_or(text))
        };
        self.body.iter().map(field).collect::<Vec<_>>().join(" ")
    }
    /// Its kind as a reader calls it.
    pub fn name(&self, lang: Lang) -> &str {
        if lang == Lang::Zh && !self.kind_zh.is_empty() { self.kind_zh } else { &self.kind }
    }
}

fn standing(lens: &Lens<'_>, seq: u64) -> Option<&'static str> {
    match lens.standing(seq) {
        Standing::Unconfirmed => None,
        Standing::Confirmed => Some("confirmed"),
        Standing::Disputed => Some("disputed"),
    }
}

impl Books {
    /// The entry of that number, where the books keep it: refused entries and those that no rule looks at they do not.
    pub(crate) fn statement(&self, seq: u64, lens: &Lens<'_>, zone: Zone) -> Option<FactLine> {
        let one = |subject: &str, item: &Item| self.line(subject, item, lens, zone);
        match self.place(seq) {
            Place::Outage(id) => {
                let (subject, case) = (self.outages.subject(id), self.outages.case(id));
                if let Some(item) = case.fixes().iter().find(|f| f.seq == seq) {
                    return Some(one(subject, item));
                }
                let (_, kind, at, _) = case.entries(lens).into_iter().find(|e| e.0 == seq)?;
                let body = if seq == case.opening() { case.stated(&self.outages) } else { Map::new() };
                let party = self.record.party_of(seq).and_then(|p| self.record.party_name(p));
                Some(FactLine {
                    seq,
                    kind: kind.name.to_owned(),
                    kind_zh: kind.zh,
                    subject: subject.to_owned(),
                    at: Stamp { at, zone },
                    recorded_at: Stamp { at: self.recorded_at(seq)?, zone },
                    party: party.map(str::to_owned),
                    person: None,
                    standing: standing(lens, seq),
                    body,
                })
            }
            Place::Window(id) => {
                let item = self.windows.case(id).items().find(|i| i.seq == seq)?;
                Some(one(self.windows.subject(id), item))
            }
            Place::Watching => self.watching.items().find(|i| i.seq == seq).map(|i| one("", i)),
            Place::Subject(id) => {
                let item = self.subjects.case(id).items.iter().find(|i| i.seq == seq)?;
                Some(one(self.subjects.subject(id), item))
            }
            Place::Waiver(n) => Some(one("", &self.waivers.get(n as usize)?.item)),
            Place::Adoption(n) => {
                let mut line = one("", &self.adoptions.get(n as usize)?.item);
                line.body.remove("text");
                Some(line)
            }
            Place::Agreement(from, to) => {
                let (kind, at, recorded_at) = self.record.word(seq, from, to)?;
                let mut body = Map::new();
                if from == to {
                    body.insert("entry".to_owned(), from.into());
                } else {
                    body.extend([("from".to_owned(), from.into()), ("to".to_owned(), to.into())]);
                }
                let party = self.record.party_of(seq).and_then(|p| self.record.party_name(p));
                Some(FactLine {
                    seq,
                    kind: kind.name.to_owned(),
                    kind_zh: kind.zh,
                    subject: String::new(),
                    at: Stamp { at, zone },
                    recorded_at: Stamp { at: recorded_at, zone },
                    party: party.map(str::to_owned),
                    person: None,
                    standing: None,
                    body,
                })
            }
            Place::Nowhere => None,
        }
    }

    fn line(&self, subject: &str, item: &Item, lens: &Lens<'_>, zone: Zone) -> FactLine {
        let stamp = |at: Instant| Stamp { at, zone };
        FactLine {
            seq: item.seq,
            kind: item.kind.name.to_owned(),
            kind_zh: item.kind.zh,
            subject: subject.to_owned(),
            at: stamp(item.at),
            recorded_at: stamp(item.recorded_at),
            party: self.record.party_name(item.party).map(str::to_owned),
            person: item.person.as_deref().map(str::to_owned),
            standing: standing(lens, item.seq),
            body: item.body.as_deref().cloned().unwrap_or_default(),
        }
    }
}

/// An entry as the ledger holds it.
pub(crate) fn of_entry(entry: &Entry, lens: &Lens<'_>, zone: Zone) -> FactLine {
    let fact = &entry.fact;
    let mut body = fact.body.clone();
    if fact.kind.name == "contract.adopt" {
        body.remove("text");
    }
    FactLine {
        seq: entry.seq,
        kind: fact.kind_name().to_owned(),
        kind_zh: fact.kind.zh,
        subject: fact.subject.clone(),
        at: Stamp { at: fact.at, zone },
        recorded_at: Stamp { at: entry.recorded_at, zone },
        party: fact.party().map(str::to_owned),
        person: fact.actor.as_ref().and_then(|a| a.person.clone()),
        standing: standing(lens, entry.seq),
        body,
    }
}
