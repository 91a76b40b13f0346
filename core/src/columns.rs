//! Figures of many systems from columns of intervals, through the kernel that the rules use. In: slices. Out: one row of
//! figures a system. Allocates nothing per row; knows no contract.

use crate::error::{Code, Result, err};
use crate::time::{Instant, Interval, Micros};

/// Columns of outages and planned windows. Slices of one group have one length.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// System of each outage, from 0 to the number of results.
    pub system: &'a [i32],
    /// Start of each outage, microseconds.
    pub start: &'a [Instant],
    /// End of each outage; `i64::MAX` while it is open.
    pub end: &'a [Instant],
    /// System of each planned window; -1 for all.
    pub window_system: &'a [i32],
    /// Start of each planned window.
    pub window_start: &'a [Instant],
    /// End of each planned window.
    pub window_end: &'a [Instant],
    /// Hours are clipped to it; an episode counts in it when the first microsecond of its downtime lies in it.
    pub period: Interval,
    /// Outages that start later are not yet there; open ones run to it.
    pub as_of: Instant,
    /// Pieces with at most this gap are one episode, microseconds.
    pub merge_gap: Micros,
    /// Episodes of at least this downtime are long, microseconds.
    pub long_from: Micros,
}

/// Figures of one system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Figures {
    /// Long episodes that count in the period.
    pub long: i64,
    /// Short ones.
    pub short: i64,
    /// Open ones below `long_from`.
    pub pending: i64,
    /// Downtime inside the period, microseconds.
    pub downtime: Micros,
    /// Planned time inside the elapsed period that is not counted downtime, microseconds.
    pub planned: Micros,
}

/// Fills one row of `results` a system. O(n log n) at worst, O(n) for columns in order of start.
///
/// # Errors
/// `bad-request` for columns of unequal length; `out-of-range` with the row for a system outside the results;
/// `end-before-start` with the row.
pub fn outages(_columns: &Columns<'_>, _results: &mut [Figures]) -> Result<()> {
    err(Code::Unsupported, "columns")
}
