//! Foreign records to facts, one file a source. In: bytes. Out: facts with what they state about when they were recorded.
//! Knows no ledger.

pub mod csv;

use crate::facts::Fact;
use crate::time::Instant;

/// A fact with the `recorded_at` its source states.
pub type Stated = (Fact, Option<Instant>);
