//! `streak`: so many late repairs in a row give the buyer a right.

use crate::assess::Stamp;

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `of`: id of a `deadline` clause.
    pub of: String,
    /// `length`: from so many in a row.
    pub length: i64,
    /// `only_if`: a field of the incident that must be true.
    pub only_if: Option<String>,
    /// `effect`: what the buyer may do then.
    pub effect: Option<String>,
    /// `excluded_attributions` (default none).
    pub excluded_attributions: Vec<String>,
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// The sequence, in order.
    pub elements: Vec<Element>,
    /// What the buyer may do once the length is reached.
    pub effect: Option<String>,
}

/// One element of the sequence.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Element {
    /// Incident.
    pub subject: String,
    /// When it was stopped in time, or broke.
    pub at: Stamp,
    /// Late.
    pub late: bool,
    /// Late ones in a row, this one included.
    pub run: i64,
}
