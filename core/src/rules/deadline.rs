//! `deadline`: a clock from one fact to another.

use crate::contract::{KindFilter, Where, Within};

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
