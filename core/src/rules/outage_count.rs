//! `outage-count`: at most so many episodes of at least, or of less than, a downtime.

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Which outages.
    pub scope: super::OutageScope,
    /// Which episodes.
    pub threshold: Threshold,
    /// `max`: so many keep the promise.
    pub max: i64,
}

/// `at_least` or `below`, microseconds of an episode's downtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Long episodes.
    AtLeast(i64),
    /// Short episodes: closed, above zero.
    Below(i64),
}
