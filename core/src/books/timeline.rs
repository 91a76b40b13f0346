//! Outages of one scope as episodes, kept in order while outages come, change and go. In: outages as they count (after
//! corrections, views, the scope's choice of systems) with the time that windows and exclusions take from each. Out:
//! episodes, totals a span, breach and forecast instants. Knows no fact and no clause. See the accounting page, outages 4 to 10.

use crate::calendar::Calendar;
use crate::time::{Instant, Interval, Micros};
use std::sync::Arc;

/// An outage of the scope that counts and is present (`start <= as_of`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outage {
    pub(crate) start: Instant,
    /// [`crate::time::OPEN`] while open (also when its end lies after `as_of`).
    pub(crate) end: Instant,
    /// What planned windows and exclusions take from it: sorted, disjoint; may reach beyond the end, and for an open outage
    /// holds those still to come.
    pub(crate) taken: Arc<[Interval]>,
}

/// What a timeline is asked about.
pub(crate) struct Scope {
    /// Pieces with at most this gap are one episode.
    pub(crate) merge_gap: Micros,
    /// Only downtime inside these hours counts; none: all.
    pub(crate) hours: Option<Calendar>,
    /// Stretches that limits hold for, sorted, disjoint.
    pub(crate) spans: Vec<Interval>,
    /// Thresholds of classes, above zero.
    pub(crate) thresholds: Vec<Micros>,
}

/// Episodes that count in a span, by a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) long: i64,
    pub(crate) short: i64,
    pub(crate) pending: i64,
}

/// The episodes of one scope at an instant that only moves forward.
pub(crate) struct Timeline {
    scope: Scope,
    as_of: Instant,
}

/// One episode as it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EpisodeView {
    pub(crate) start: Instant,
    /// `as_of` while an outage of it is open.
    pub(crate) end: Instant,
    /// Of the whole episode, inside the hours.
    pub(crate) downtime: Micros,
    pub(crate) open: bool,
    /// The first microsecond of its downtime.
    pub(crate) first_down: Option<Instant>,
    /// Ids, by start, then id.
    pub(crate) members: Vec<u32>,
}
