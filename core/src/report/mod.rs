//! Documents from assessments. In: an assessment, its contract, the outages, and what the caller adds. Out: text.
//! Decides nothing: every figure stands in the assessment.

mod chart;
mod clocks;
mod page;
mod record;
mod words;

use crate::assess::{Assessment, OutageRow};
use crate::contract::Contract;
use crate::error::{Lang, Result};
use crate::facts::Entry;

/// What a page shows beside the assessment; all of it may be left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Language of the page.
    pub lang: Lang,
    /// The same question in the other view: printed beside each clause whose status or value differs.
    pub other: Option<&'a Assessment>,
    /// Entries in any order; those that the page's lists name (late, unconfirmed, disputed, waived, faults, excluded) are
    /// described in a line each. Without them the numbers stand alone.
    pub entries: &'a [Entry],
    /// Further sections, after the record.
    pub sections: &'a [Section],
    /// Name of the ledger's file for the commands at the end.
    pub ledger: Option<&'a str>,
    /// Name of the contract's file for the commands at the end.
    pub contract_file: Option<&'a str>,
}

/// A table of the caller's own.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Section {
    /// Title.
    pub title: String,
    /// A paragraph under it; empty: none.
    pub note: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// Rows, as long as `head`.
    pub rows: Vec<Vec<String>>,
}

/// A self-contained HTML page (no script, nothing loaded): verdict per clause, outages as list and timeline, budget
/// burn-down, clocks, streaks, the state of the record, and how to check all of it.
///
/// Each clause's element carries `data-clause`, `data-status` and `data-value` as they stand in the JSON document (empty for
/// null); each bar of the timeline is a `rect.outage` with `data-subject`.
///
/// # Errors
/// `internal` when the template fails.
pub fn html(
    assessment: &Assessment,
    contract: &Contract,
    outages: &[OutageRow],
    options: &Options<'_>,
) -> Result<String> {
    page::render(assessment, contract, outages, options)
}
