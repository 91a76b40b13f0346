//! Contract and books to assessment.

use crate::time::{Instant, Micros};

/// Which facts count: all, or what needs confirmation only once confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// What needs confirmation counts once confirmed and not in dispute.
    #[default]
    Agreed,
    /// All facts.
    Claimed,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Default: `known_at`.
    pub as_of: Option<Instant>,
    /// Default: the last `recorded_at`; with a ledger the later of `now` and that.
    pub known_at: Option<Instant>,
    /// Only entries up to this one.
    pub head: Option<u64>,
    /// Which view.
    pub view: View,
    /// The host's clock: with a ledger, `known_at` defaults to the later of this and the last `recorded_at`.
    pub now: Option<Instant>,
}

/// The flat figures of the `opsl_budget` struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The instant asked for.
    pub as_of: Instant,
    /// What was known.
    pub known_at: Instant,
    /// Status of the contract.
    pub status: Status,
    /// Long episodes, and the limit of the first such clause without `systems` or `per`.
    pub long_count: Option<i64>,
    /// See above.
    pub long_max: Option<i64>,
    /// Short episodes.
    pub short_count: Option<i64>,
    /// Limit.
    pub short_max: Option<i64>,
    /// Open episodes below the threshold.
    pub pending_count: Option<i64>,
    /// Downtime of the period so far.
    pub downtime: Option<Micros>,
    /// Limit.
    pub downtime_max: Option<Micros>,
    /// Limit minus downtime; negative once broken.
    pub remaining: Option<Micros>,
    /// The earliest forecast breach.
    pub next_breach_at: Option<Instant>,
    /// The last entry read.
    pub head_seq: Option<u64>,
}

/// Status of a case, a clause or the contract; the numbers stand in the C struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum Status {
    NotDue = 0,
    Met = 1,
    Waived = 2,
    AtRisk = 3,
    NoEvidence = 4,
    Breached = 5,
    Running = 6,
    Paused = 7,
}

impl Status {
    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Status::NotDue => "not-due",
            Status::Met => "met",
            Status::Waived => "waived",
            Status::AtRisk => "at-risk",
            Status::NoEvidence => "no-evidence",
            Status::Breached => "breached",
            Status::Running => "running",
            Status::Paused => "paused",
        }
    }
}
