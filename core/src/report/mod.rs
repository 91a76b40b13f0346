//! Documents from assessments. In: an assessment, its contract, the outages. Out: text. Decides nothing.

use crate::assess::{Assessment, OutageRow};
use crate::contract::Contract;
use crate::error::{Code, Lang, Result, err};

/// A self-contained HTML page (no network): verdict per clause, list of outages, timeline and budget burn-down as SVG.
///
/// # Errors
/// `internal` when the template fails.
pub fn html(
    _assessment: &Assessment,
    _contract: &Contract,
    _outages: &[OutageRow],
    _lang: Lang,
) -> Result<String> {
    err(Code::Unsupported, "report")
}
