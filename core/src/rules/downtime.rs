//! `downtime`: at most so much downtime in all.

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Which outages.
    pub scope: super::OutageScope,
    /// `max`: exactly so much keeps the promise, microseconds.
    pub max: i64,
}
