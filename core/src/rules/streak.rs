//! `streak`: so many late repairs in a row give the buyer a right.

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
