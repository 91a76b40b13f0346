//! `deadline`: a clock from one fact to another.

use crate::assess::{Stamp, Status};
use crate::contract::{KindFilter, Where, Within};
use crate::time::Micros;

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `from`: the kinds that start the clock.
    pub from: Vec<KindFilter>,
    /// `to`: the kinds that stop it.
    pub to: Vec<KindFilter>,
    /// `needs`: fields without which a `to` does not stop it.
    pub needs: Vec<String>,
    /// `within`.
    pub within: Within,
    /// `by`: the field that `within` is a table of (default `severity`).
    pub by: String,
    /// `calendar` (default `7x24`).
    pub calendar: String,
    /// `pausable` (default false).
    pub pausable: bool,
    /// `where`, on the opening fact.
    pub conditions: Where,
    /// `excluded_attributions` (default none).
    pub excluded_attributions: Vec<String>,
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// By subject.
    pub cases: Vec<Case>,
}

/// One clock.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Case {
    /// Whose.
    pub subject: String,
    /// `met`, `running`, `at-risk`, `paused`, `breached` or `waived`.
    pub status: Status,
    /// The due instant; of a breach the one missed; null while paused.
    pub due: Option<Stamp>,
    /// When it stopped.
    pub settled_at: Option<Stamp>,
    /// When it broke.
    pub breached_at: Option<Stamp>,
    /// What is left on the clock while it runs or is paused, microseconds.
    pub remaining_us: Option<Micros>,
}
