//! A second, naive reading of the accounting page: every figure from the contract and the list of facts, from scratch,
//! by filtering and scanning. In: a parsed contract, the admitted order of facts, a question. Out: the figures that the
//! engine must give. It shares with the engine the reading of contracts and facts, what admit refuses, and service hours;
//! how facts become cases and cases become figures is written here a second time, as plainly as possible.
//!
//! Where the page leaves room, the choice taken stands beside the code that takes it.

mod cells;
pub(crate) mod clauses;
pub(crate) mod clocks;
mod episodes;
pub(crate) mod figures;
pub(crate) mod outages;
mod record;
mod replay;
pub(crate) mod sequence;
mod watch;

use opsledger::assess::{Status, View};
use opsledger::contract::Contract;
use opsledger::facts::Entry;
use opsledger::time::{Instant, Micros};
use record::Record;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) as_of: Instant,
    pub(crate) known_at: Instant,
    pub(crate) view: View,
}

/// The model's assessment.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) outages: figures::Figures,
    pub(crate) rows: Vec<outages::Outage>,
    pub(crate) clauses: Vec<Verdict>,
    pub(crate) status: Status,
    pub(crate) disputed: Vec<u64>,
    pub(crate) refused: Vec<u64>,
}

/// One clause.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) id: String,
    pub(crate) status: Status,
    /// Not compared where the page names no figure.
    pub(crate) value: Option<i64>,
    pub(crate) limit: Option<i64>,
    pub(crate) breaches: Option<i64>,
    pub(crate) breached_at: Option<Instant>,
    pub(crate) forecast: Option<Instant>,
    pub(crate) cases: Vec<clocks::Case>,
    pub(crate) elements: Vec<sequence::Element>,
}

/// Everything, from scratch.
pub(crate) fn assess(contract: &Contract, entries: &[Entry], q: Question) -> Answer {
    let record = Record::new(contract, entries, q);
    let clauses = clauses::verdicts(&record);
    let worst =
        [Status::Breached, Status::NoEvidence, Status::AtRisk, Status::Waived, Status::Met, Status::NotDue];
    let status = worst.into_iter().find(|s| clauses.iter().any(|c| c.status == *s)).unwrap_or(Status::NotDue);
    Answer {
        outages: figures::figures(&record),
        rows: outages::outages(&record),
        clauses,
        status,
        disputed: record.disputed(),
        refused: record.refused.iter().map(|e| e.seq).collect(),
    }
}

/// `part < fraction * whole`, exactly.
pub(crate) fn less_than_fraction(
    part: Micros,
    contract: &Contract,
    own: Option<opsledger::contract::Decimal>,
    whole: Micros,
) -> bool {
    own.unwrap_or(contract.accounting.warn_fraction).is_more_than(part, whole)
}
