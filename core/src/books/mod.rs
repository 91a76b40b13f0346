//! Facts folded into cases. In: entries in the order they were recorded. Out: cases with everything that was stated about
//! them, and the list of what contradicts the record. Knows no contract, no instant asked for, no view: those only choose
//! what of a case is looked at ([`agreement::Lens`]), so the books are filled once and never undone.

pub(crate) mod agreement;
pub(crate) mod engine;
mod episodes;
pub(crate) mod incidents;
mod intern;
pub(crate) mod lines;
pub(crate) mod outages;
pub mod registers;
mod settled;
pub(crate) mod statements;
pub(crate) mod subjects;
pub(crate) mod tally;
pub(crate) mod timeline;
pub(crate) mod watching;
pub(crate) mod windows;

use crate::error::{Code, Error};
use crate::facts::kinds::{Family, Kind};
use crate::facts::{Entry, Fact, agreement_on};
use crate::time::Instant;
pub(crate) use agreement::Lens;
use agreement::{Party, Record};
pub(crate) use intern::Interner;
use outages::OutageStore;
use serde_json::{Map, Value};
pub use statements::FactLine;
use std::sync::Arc;
use subjects::SubjectStore;
use watching::WatchStore;
use windows::WindowStore;

/// A fact as a case keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) seq: u64,
    pub(crate) at: Instant,
    /// The ledger's.
    pub(crate) recorded_at: Instant,
    /// What an import states.
    pub(crate) claimed: Option<Instant>,
    pub(crate) kind: &'static Kind,
    pub(crate) party: Party,
    /// Who stated it: `actor.person`.
    pub(crate) person: Option<Arc<str>>,
    /// `evidence.digest`.
    pub(crate) digest: Option<Arc<str>>,
    pub(crate) body: Option<Box<Map<String, Value>>>,
}

impl Item {
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.body.as_ref()?.get(field)?.as_str()
    }
    pub(crate) fn flag(&self, field: &str) -> Option<bool> {
        self.body.as_ref()?.get(field)?.as_bool()
    }
    pub(crate) fn instant(&self, field: &str) -> Option<Instant> {
        crate::time::parse_instant(self.text(field)?).ok()
    }
}

/// Where a fact went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A case of an outage.
    Outage(u32),
    /// A planned window or an exclusion.
    Window(u32),
    /// The watching of some systems.
    Watching,
    /// A case of another family.
    Subject(u32),
    /// A word of one party on these entries, both inclusive.
    Agreement(u64, u64),
    /// A waiver: its place in [`Books::waivers`].
    Waiver(u32),
    /// A text adopted: its place in [`Books::adoptions`].
    Adoption(u32),
    /// Nothing that a rule looks at, or refused.
    Nowhere,
}

/// A fact that contradicts the record; it has no effect.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) seq: u64,
    pub(crate) subject: String,
    pub(crate) error: Error,
}

/// A waiver of a party.
#[derive(Debug)]
pub(crate) struct Waiver {
    pub(crate) item: Item,
    pub(crate) clause: String,
    pub(crate) case: Option<String>,
}

/// `contract.adopt`.
#[derive(Debug)]
pub(crate) struct Adoption {
    pub(crate) item: Item,
    pub(crate) sm3: String,
    pub(crate) text: String,
    /// A local date or an instant, as written.
    pub(crate) from: Option<String>,
}

/// Everything that was recorded, by case.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) outages: OutageStore,
    pub(crate) windows: WindowStore,
    pub(crate) watching: WatchStore,
    pub(crate) subjects: SubjectStore,
    pub(crate) record: Record,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) adoptions: Vec<Adoption>,
    pub(crate) refused: Vec<Refused>,
    /// `clock.fault` entries.
    pub(crate) clock_faults: Vec<u64>,
    /// By entry, from 1.
    places: Vec<Place>,
    recorded: Vec<Instant>,
}

impl Books {
    /// How many entries were read.
    pub(crate) fn len(&self) -> u64 {
        self.places.len() as u64
    }
    /// `recorded_at` of the last entry.
    pub(crate) fn last_recorded_at(&self) -> Option<Instant> {
        self.recorded.last().copied()
    }
    /// `recorded_at` of an entry.
    pub(crate) fn recorded_at(&self, seq: u64) -> Option<Instant> {
        self.recorded.get(usize::try_from(seq).ok()?.checked_sub(1)?).copied()
    }
    /// How many entries were recorded at or before `known_at`.
    pub(crate) fn known(&self, known_at: Instant) -> u64 {
        // The usual question is about now.
        if self.recorded.last().is_none_or(|last| *last <= known_at) {
            return self.len();
        }
        self.recorded.partition_point(|r| *r <= known_at) as u64
    }
    /// Where an entry went.
    pub(crate) fn place(&self, seq: u64) -> Place {
        let index = usize::try_from(seq).ok().and_then(|s| s.checked_sub(1));
        index.and_then(|i| self.places.get(i)).copied().unwrap_or(Place::Nowhere)
    }

    /// Takes the next entry. One that contradicts the record has no effect and is listed.
    pub(crate) fn add(&mut self, entry: Entry) {
        let Entry { seq, recorded_at, fact } = entry;
        debug_assert_eq!(seq, self.len() + 1);
        debug_assert!(self.recorded.last().is_none_or(|last| *last <= recorded_at));
        let party = self.record.party(fact.party());
        let subject = fact.subject.clone();
        let place = self.file(seq, recorded_at, fact, party).unwrap_or_else(|error| {
            self.refused.push(Refused { seq, subject, error });
            Place::Nowhere
        });
        self.record.state(party);
        self.places.push(place);
        self.recorded.push(recorded_at);
    }

    /// Notes what is wrong with an entry that was taken.
    pub(crate) fn refuse(&mut self, seq: u64, subject: String, error: Error) {
        self.refused.push(Refused { seq, subject, error });
    }

    fn file(&mut self, seq: u64, recorded_at: Instant, fact: Fact, party: Party) -> Result<Place, Error> {
        match fact.kind.family {
            Family::Outage => self.outages.add(seq, recorded_at, fact, party).map(Place::Outage),
            Family::Planned | Family::Exclusion => {
                self.windows.add(seq, recorded_at, fact, party).map(Place::Window)
            }
            Family::Agreement => self.agree(seq, recorded_at, fact, party),
            Family::Contract if fact.kind.name == "contract.adopt" => {
                let text = |field| fact.text(field).unwrap_or_default().to_owned();
                let (sm3, text, from) = (text("sm3"), text("text"), fact.text("from").map(str::to_owned));
                let item = item(seq, recorded_at, fact, party);
                self.adoptions.push(Adoption { item, sm3, text, from });
                Ok(Place::Adoption(index(self.adoptions.len() - 1)))
            }
            Family::Watching if fact.kind.name == "clock.fault" => {
                self.clock_faults.push(seq);
                Ok(Place::Nowhere)
            }
            Family::Watching => {
                self.watching.add(item(seq, recorded_at, fact, party));
                Ok(Place::Watching)
            }
            Family::Other => Ok(Place::Nowhere),
            _ => self.subjects.add(seq, recorded_at, fact, party).map(Place::Subject),
        }
    }

    fn agree(&mut self, seq: u64, recorded_at: Instant, fact: Fact, party: Party) -> Result<Place, Error> {
        agreement_on(&fact, |seq| self.record.party_of(seq).map(|p| self.record.party_name(p)))?;
        match fact.kind.name {
            "fact.confirm" | "fact.dispute" | "dispute.resolve" => {
                let (from, to) = self.record.add(seq, recorded_at, &fact, party);
                Ok(Place::Agreement(from, to))
            }
            "waive" => {
                let clause = fact.text("clause").unwrap_or_default().to_owned();
                let case = fact.text("case").map(str::to_owned);
                let item = item(seq, recorded_at, fact, party);
                self.waivers.push(Waiver { item, clause, case });
                Ok(Place::Waiver(index(self.waivers.len() - 1)))
            }
            // What the buyer did with a right changes no verdict.
            _ => Ok(Place::Nowhere),
        }
    }
}

/// A position as it is kept in cases.
///
/// # Panics
/// Never in practice: 2^32 cases need more memory than any machine of the field has.
fn index(i: usize) -> u32 {
    u32::try_from(i).unwrap_or(u32::MAX)
}

/// What a case keeps of a fact.
fn item(seq: u64, recorded_at: Instant, fact: Fact, party: Party) -> Item {
    Item {
        seq,
        at: fact.at,
        recorded_at,
        claimed: fact.claimed_recorded_at,
        kind: fact.kind,
        party,
        person: fact.actor.and_then(|a| a.person).map(Into::into),
        digest: fact.evidence.as_ref().and_then(|e| e.get("digest")?.as_str()).map(Into::into),
        body: (!fact.body.is_empty()).then(|| Box::new(fact.body)),
    }
}

/// The error of an entry that names nothing known; used where a store has no case.
fn unknown(code: Code, fact: &Fact) -> Error {
    Error::new(code, format!("{} {:?}", fact.kind.name, fact.subject))
}
