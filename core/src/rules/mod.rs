//! One file a rule: its parameters, what a fact touches, how a case is judged, how cases are totalled, its sentences.
//! In: cases of the books through a lens. Out: totals, details, evidence. A rule never sees a ledger row or a binding.

mod clock;
pub(crate) mod due;
mod keyed;
mod occurrences;
pub(crate) mod outages;
mod register;
pub(crate) mod say;
mod units;

pub mod availability;
pub mod backup;
pub mod coverage;
pub mod deadline;
pub mod documents;
pub mod downtime;
pub mod findings;
pub mod judgement;
pub mod outage_count;
pub mod recurring;
pub mod score;
pub mod sequence;
pub mod streak;

mod unbuilt;

use crate::assess::{Stamp, Status};
use crate::books::lines::Lines;
use crate::books::{Books, Item, Lens};
use crate::calendar::Days;
use crate::contract::{Clause, Contract, Decimal, Tools};
use crate::error::{Code, Error};
use crate::facts::kinds::{ActsBy, Kind};
use crate::time::{Instant, Interval, Micros};

// Every rule of the format: its name, its variant and its module, and whether it shows a detail. A module has `Keys` (its
// parameters as written), `Params`, `State` and, where it shows one, `Detail`.
register::rules! {
    "outage-count" OutageCount(outage_count);
    "downtime" Downtime(downtime);
    "availability" Availability(availability) shows Detail;
    "deadline" Deadline(deadline) shows Detail;
    "streak" Streak(streak) shows Detail;
    "recurring" Recurring(recurring) shows Detail;
    "coverage" Coverage(coverage) shows Detail;
    "sequence" Sequence(sequence) shows Detail;
    "documents" Documents(documents) shows Detail;
    "findings" Findings(findings) shows Detail;
    "judgement" Judgement(judgement);
    "score" Score(score) shows Detail;
    "backup" Backup(backup) shows Detail;
    unbuilt "transfer";
}

/// What a limit holds for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// The service period.
    #[default]
    Period,
    /// Each calendar month, clipped to the period.
    Month,
    /// Each calendar quarter.
    Quarter,
    /// Each calendar year.
    Year,
}

/// Which outages a clause looks at: parameters that both outage rules share.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutageScope {
    /// `systems`; empty: all.
    pub systems: Vec<String>,
    /// `calendar`; none: `7x24`.
    pub calendar: Option<String>,
    /// `per`.
    pub per: Per,
    /// `max_unknown`, microseconds.
    pub max_unknown: Option<Micros>,
}

/// What a rule is asked with.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) clause: &'a Clause,
    pub(crate) books: &'a Books,
    pub(crate) lines: &'a Lines,
    pub(crate) days: &'a Days,
    pub(crate) lens: Lens<'a>,
    pub(crate) as_of: Instant,
    /// Only cases that start in it are judged.
    pub(crate) holds: Interval,
    pub(crate) warn: Decimal,
    pub(crate) waived: &'a Waived,
    /// The other clauses, for those that are made of them.
    pub(crate) peers: &'a dyn Peers,
}

/// The other clauses of the contract, by position.
pub(crate) trait Peers {
    /// Runs `ask` with the rule of a clause and what it is asked with.
    fn ask(&self, books: &Books, clause: usize, ask: &mut dyn FnMut(&dyn Rule, &Cx<'_>));
}

/// What the state of a clause starts from.
pub(crate) struct Setup<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) clause: &'a Clause,
    pub(crate) tools: &'a Tools,
    pub(crate) lines: &'a mut Lines,
}

impl Cx<'_> {
    pub(crate) fn waives(&self, case: &str) -> bool {
        self.waived.all || self.waived.cases.contains(case)
    }
    pub(crate) fn stamp(&self, t: Option<Instant>) -> Option<Stamp> {
        t.map(|at| Stamp { at, zone: self.contract.zone })
    }
    /// Known, and there at `as_of`.
    pub(crate) fn there(&self, item: &Item) -> bool {
        self.lens.sees_item(item) && acts(item.kind, item.at, self.as_of)
    }
}

/// A fact of this kind, stated for `at`, is there at `as_of`: corrections as soon as they are known.
pub(crate) fn acts(kind: &Kind, at: Instant, as_of: Instant) -> bool {
    kind.acts_by == ActsBy::RecordedAt || at <= as_of
}

/// Waivers of a clause that came or went.
#[derive(Debug, Default)]
pub(crate) struct WaiverChange {
    /// Every case is touched.
    pub(crate) all: bool,
    pub(crate) cases: Vec<String>,
}

impl WaiverChange {
    /// The cases of subjects that it touches.
    pub(crate) fn subjects(&self, cx: &Cx<'_>) -> Vec<u32> {
        if self.all {
            return (0..cx.books.subjects.len()).collect();
        }
        self.cases.iter().flat_map(|case| cx.books.subjects.named(case)).collect()
    }
}

/// The waivers of a clause that hold now.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Waived {
    pub(crate) all: bool,
    pub(crate) cases: std::collections::BTreeSet<String>,
    pub(crate) seqs: Vec<u64>,
}

impl Waived {
    pub(crate) fn is_empty(&self) -> bool {
        self.seqs.is_empty()
    }
}

/// Names of units.
pub(crate) mod unit {
    pub(crate) const COUNT: &str = "count";
    pub(crate) const US: &str = "us";
    pub(crate) const FEN: &str = "fen";
    /// Exact decimals: `value` and `limit` are units of `10^-scale`.
    pub(crate) const POINTS: &str = "points";
}

/// The figures of a clause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Totals {
    pub(crate) status: Status,
    pub(crate) value: Option<i64>,
    pub(crate) limit: Option<i64>,
    pub(crate) unit: &'static str,
    /// Digits of `value` and `limit` after the point; 0 but for points.
    pub(crate) scale: u32,
    pub(crate) breaches: i64,
    pub(crate) breached_at: Option<Instant>,
    /// None once breached.
    pub(crate) forecast: Option<Instant>,
}

/// The clause's status from its cases'. See the rules page, common.
pub(crate) fn worst(cases: impl Iterator<Item = Status>) -> Status {
    const ORDER: [Status; 5] =
        [Status::Breached, Status::NoEvidence, Status::AtRisk, Status::Waived, Status::Met];
    let place = |s: Status| ORDER.iter().position(|o| *o == s).unwrap_or(ORDER.len());
    ORDER.get(cases.map(place).min().unwrap_or(ORDER.len())).copied().unwrap_or(Status::NotDue)
}

/// Something wrong with the data that a rule came upon.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) seq: Option<u64>,
    pub(crate) subject: String,
    pub(crate) error: Error,
}

impl Finding {
    pub(crate) fn new(seq: Option<u64>, code: Code, subject: &str, detail: &str) -> Finding {
        Finding { seq, subject: subject.to_owned(), error: Error::new(code, detail) }
    }
}

/// The state of one clause: what it keeps of its cases while facts come and time passes.
pub(crate) trait Rule: Send {
    /// Judges a case of a subject again.
    fn touch(&mut self, _cx: &Cx<'_>, _case: u32) {}
    /// The watching of some systems is known otherwise.
    fn watch(&mut self, _cx: &Cx<'_>) {}
    /// Waivers of this clause came or went.
    fn waive(&mut self, _cx: &Cx<'_>, _change: &WaiverChange) {}
    /// `as_of` has moved forward.
    fn advance(&mut self, _cx: &Cx<'_>) {}
    /// The figures; cheap, whatever the number of cases.
    fn totals(&self, cx: &Cx<'_>) -> Totals;
    /// The verdict in words, Chinese and English.
    fn sentence(&self, cx: &Cx<'_>, totals: &Totals) -> (String, String);
    /// What is shown beside.
    fn detail(&self, _cx: &Cx<'_>) -> Option<Detail> {
        None
    }
    /// The entries the verdict rests on, in any order.
    fn evidence(&self, _cx: &Cx<'_>) -> Vec<u64> {
        Vec::new()
    }
    /// What is wrong with the data.
    fn findings(&self, _cx: &Cx<'_>) -> Vec<Finding> {
        Vec::new()
    }
    /// Entries that wait for the other party's word beyond what the table of kinds says.
    fn waiting(&self, _cx: &Cx<'_>) -> Vec<u64> {
        Vec::new()
    }
    /// Without entry `seq` the case of that subject would stand worse.
    fn lowers(&self, _cx: &Cx<'_>, _case: u32, _seq: u64) -> bool {
        false
    }
    /// Entries that came too late by the rule's own reading, beside those that came late and lower something.
    fn late(&self, _cx: &Cx<'_>) -> Vec<u64> {
        Vec::new()
    }
    /// The breach instants of its breached cases, in order; as many as `breaches` says.
    fn breach_instants(&self, cx: &Cx<'_>) -> Vec<Instant>;
    /// Time beyond the limit (downtime, uncovered time) that no waiver takes, microseconds.
    fn excess(&self, _cx: &Cx<'_>) -> Micros {
        0
    }
    /// The instant at which that time passes `us`.
    fn excess_passes(&self, _cx: &Cx<'_>, _us: Micros) -> Option<Instant> {
        None
    }
    /// The clause, position in the contract, whose cases this one is made of.
    fn source(&self) -> Option<usize> {
        None
    }
    /// Takes in cases of its source that changed.
    fn feed(&mut self, _cx: &Cx<'_>, _source: &deadline::State, _changed: &[u32]) {}
    /// Itself, where it can be a source.
    fn as_deadline(&mut self) -> Option<&mut deadline::State> {
        None
    }
}

/// Stands in while a rule is asked.
pub(crate) struct Absent;

impl Rule for Absent {
    fn totals(&self, cx: &Cx<'_>) -> Totals {
        unbuilt::State { name: cx.clause.rule.name() }.totals(cx)
    }
    fn sentence(&self, _cx: &Cx<'_>, _totals: &Totals) -> (String, String) {
        (String::new(), String::new())
    }
    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        Vec::new()
    }
}
