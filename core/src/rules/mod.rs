//! One file a rule: its parameters, what a fact touches, how a case is judged, how cases are totalled, its sentences.
//! In: cases of the books through a lens. Out: totals, details, evidence. A rule never sees a ledger row or a binding.

mod clock;
pub mod deadline;
pub mod downtime;
pub mod outage_count;
pub(crate) mod outages;
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

/// The fourteen names; those without a file here load, and their verdict is `no-evidence` with a fault.
pub const RULE_NAMES: [&str; 14] = [
    "outage-count",
    "downtime",
    "availability",
    "deadline",
    "streak",
    "recurring",
    "coverage",
    "sequence",
    "documents",
    "findings",
    "backup",
    "transfer",
    "judgement",
    "score",
];

/// A rule with its parameters.
#[derive(Clone, Debug)]
pub enum RuleParams {
    /// At most so many episodes of a class.
    OutageCount(outage_count::Params),
    /// At most so much downtime.
    Downtime(downtime::Params),
    /// A clock.
    Deadline(deadline::Params),
    /// Misses in a row.
    Streak(streak::Params),
    /// Reserved and not built yet; its name (one of [`RULE_NAMES`]).
    Unbuilt(&'static str),
}

impl RuleParams {
    /// The name in the contract.
    pub fn name(&self) -> &'static str {
        match self {
            RuleParams::OutageCount(_) => "outage-count",
            RuleParams::Downtime(_) => "downtime",
            RuleParams::Deadline(_) => "deadline",
            RuleParams::Streak(_) => "streak",
            RuleParams::Unbuilt(name) => name,
        }
    }
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

/// What a clause shows beside its figures, by rule.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Detail {
    /// Cases of a clock.
    Deadline(deadline::Detail),
    /// Elements of a sequence.
    Streak(streak::Detail),
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
}

/// The figures of a clause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Totals {
    pub(crate) status: Status,
    pub(crate) value: Option<i64>,
    pub(crate) limit: Option<i64>,
    pub(crate) unit: &'static str,
    pub(crate) breaches: i64,
    pub(crate) breached_at: Option<Instant>,
    /// None once breached.
    pub(crate) forecast: Option<Instant>,
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
}

/// The state of a clause before any fact. One line a rule.
pub(crate) fn start(contract: &Contract, clause: &Clause, tools: &Tools, lines: &mut Lines) -> Box<dyn Rule> {
    match &clause.rule {
        RuleParams::OutageCount(p) => Box::new(outage_count::State::new(contract, clause, p, tools, lines)),
        RuleParams::Downtime(p) => Box::new(downtime::State::new(contract, clause, p, tools, lines)),
        RuleParams::Deadline(p) => Box::new(deadline::State::new(p, tools.calendar(&p.calendar))),
        RuleParams::Streak(p) => Box::new(streak::State::new(contract, p)),
        RuleParams::Unbuilt(name) => Box::new(unbuilt::State { name }),
    }
}
