//! The fact: what somebody stated. In: JSON. Out: [`Fact`] and its canonical text. Knows the table of kinds and what
//! contradicts what (admit); knows no contract.

mod admit;
pub mod canonical;
pub mod decimal;
mod json;
pub mod kinds;
mod parse;
mod schema;
pub mod terms;

pub use admit::{Lookup, admit, lookup};
pub(crate) use admit::{Standing, agreement_on, original};
pub use canonical::is_canonical;
pub use json::{MAX_DEPTH, MAX_INTEGER};
pub use schema::schema;

use crate::time::Instant;
use kinds::Kind;

/// Longest canonical text of a fact, bytes.
pub const MAX_FACT: usize = 64 * 1024;

/// One stated fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Its row of the table of kinds (`kinds::OTHER` for `x.…`).
    pub kind: &'static Kind,
    /// The name of a kind `x.…`.
    pub other: Option<Box<str>>,
    /// The case it belongs to; empty where the kind needs none.
    pub subject: String,
    /// When it happened.
    pub at: Instant,
    /// The kind's fields (times in canonical text) and any further ones.
    pub body: serde_json::Map<String, serde_json::Value>,
    /// Recorded once for ever.
    pub key: Option<String>,
    /// Who states it.
    pub actor: Option<Actor>,
    /// `{digest, name}` of a file.
    pub evidence: Option<serde_json::Value>,
    /// Reserved.
    pub signature: Option<serde_json::Value>,
    /// What an import states about when it was recorded.
    pub claimed_recorded_at: Option<Instant>,
}

/// Who states a fact: the writer's word, not authenticated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// A name.
    pub person: Option<String>,
    /// `buyer`, `supplier`, `machine`, or another party.
    pub party: Option<String>,
}

/// A fact with its place in the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// From 1; the line number of loose facts.
    pub seq: u64,
    /// When the ledger learnt it.
    pub recorded_at: Instant,
    /// What was stated.
    pub fact: Fact,
}

impl Fact {
    /// The kind's name, `x.…` included.
    pub fn kind_name(&self) -> &str {
        self.other.as_deref().unwrap_or(self.kind.name)
    }
    /// A text field of the body.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field)?.as_str()
    }
    /// An instant field of the body.
    pub fn instant(&self, field: &str) -> Option<Instant> {
        crate::time::parse_instant(self.text(field)?).ok()
    }
    /// The actor's party.
    pub fn party(&self) -> Option<&str> {
        self.actor.as_ref()?.party.as_deref()
    }
}
