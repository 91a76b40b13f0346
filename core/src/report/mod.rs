//! Documents from assessments. In: an assessment, its contract, the registers, and what the caller adds. Out: text and
//! files. Decides nothing: every figure stands in an assessment or a register.
//!
//! Two ways: [`of`] is the page of one assessment; [`document`] makes the documents that people sign, from one model of
//! blocks ([`model`]) in three forms.

mod acceptance;
mod bundle;
mod chart;
mod clocks;
mod document_html;
mod docx;
mod draft;
mod figures;
mod incident;
mod issued;
mod kind;
mod levels;
pub mod model;
mod monthly;
mod monthly_charts;
mod page;
mod parts;
mod record;
mod render;
mod roster;
mod service_ledger;
mod text;
mod words;
mod xlsx;

pub use kind::{DocumentKind, DocumentOptions, Month, Package, document, package};
pub use render::{Format, Rendered, render};
pub use text::file_name;

use crate::account::Account;
use crate::assess::{Ask, Assessment, OutageRow, View};
use crate::contract::Contract;
use crate::error::{Lang, Result};
use crate::facts::Entry;
use std::collections::BTreeSet;

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

/// The page of an account: [`html`] with everything that the account knows. `options` says the language, the files' names
/// and further sections; the other view and the entries are looked up.
///
/// # Errors
/// As [`Account::assess`]; `internal` when the template fails.
pub fn of(account: &Account, ask: &Ask, options: &Options<'_>) -> Result<String> {
    let assessment = account.assess(ask)?;
    // The ledger may grow meanwhile: everything is asked of one head and one pair of instants.
    let same = Ask {
        as_of: Some(assessment.as_of.at),
        known_at: Some(assessment.known_at.at),
        head: assessment.head.as_ref().map(|h| h.seq).or(ask.head),
        ..ask.clone()
    };
    let view = if ask.view == View::Agreed { View::Claimed } else { View::Agreed };
    let other = account.assess(&Ask { view, ..same.clone() })?;
    let outages = account.outages(&same)?;
    let mut entries = account.entries(&named(&assessment))?;
    entries.extend_from_slice(options.entries);
    let contract = account.contract_at(&same)?;
    html(&assessment, &contract, &outages, &Options { other: Some(&other), entries: &entries, ..*options })
}

/// The entries that the lists of an assessment name.
pub fn named(assessment: &Assessment) -> BTreeSet<u64> {
    let lists = [&assessment.late, &assessment.unconfirmed, &assessment.disputed, &assessment.waived];
    let faults = assessment.faults.iter().filter_map(|f| f.seq);
    let excluded = assessment.outages.excluded.iter().map(|e| e.entry);
    lists.into_iter().flatten().copied().chain(faults).chain(excluded).collect()
}
