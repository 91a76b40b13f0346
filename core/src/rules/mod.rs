//! One file a rule: its parameters, what a fact touches, how a case is judged, how cases are totalled, its sentences.

pub mod deadline;
pub mod downtime;
pub mod outage_count;
pub mod streak;

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
    pub max_unknown: Option<crate::time::Micros>,
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
