//! What a contract says of its backup sets, as far as operations need it; the rule `backup` judges by the same lines.

use super::{Kind, Level};
use crate::calendar::Zone;
use crate::contract::Contract;
use crate::error::{Code, Error, Result};
use crate::time::{DAY, Instant, Micros, parse_duration};
use toml::Value;

/// One `[[backup]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) id: String,
    pub(super) kind: Option<Kind>,
    pub(super) level: Option<Level>,
    pub(super) rpo: Option<Micros>,
    pub(super) rto: Option<String>,
    /// Where retention is a plain span: every run younger than it must be there.
    pub(super) keep: Option<Span>,
    pub(super) verify_every: Option<Span>,
    pub(super) drill_every: Option<Span>,
}

/// A span of elapsed time, or of calendar months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Elapsed(Micros),
    Months(u32),
}

impl Span {
    /// `30d`, `24h`, `1 months`, `3 months`.
    fn parse(text: &str) -> Option<Span> {
        if let Some(months) = text.trim().strip_suffix("months").or(text.trim().strip_suffix("month")) {
            return months.trim().parse().ok().map(Span::Months);
        }
        if let Some(days) = text.trim().strip_suffix("days").or(text.trim().strip_suffix("day")) {
            return Some(Span::Elapsed(days.trim().parse::<i64>().ok()?.checked_mul(DAY)?));
        }
        parse_duration(text.trim()).ok().map(Span::Elapsed)
    }
    /// So much later, in the zone.
    pub(super) fn after(self, at: Instant, zone: Zone) -> Result<Instant> {
        match self {
            Span::Elapsed(us) => Ok(at.saturating_add(us)),
            Span::Months(months) => zone.add_months(at, months),
        }
    }
}

/// The sets of a contract, in its order.
pub(super) fn sets(contract: &Contract) -> Vec<Declared> {
    // The text was read as a contract before: what is no table or no text here, that reading refused or left to the rule.
    let text = toml::from_str::<Value>(&contract.text).ok();
    let list = text.as_ref().and_then(|t| t.get("backup")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(set).collect()
}

fn set(table: &Value) -> Option<Declared> {
    let text = |key: &str| table.get(key).and_then(Value::as_str);
    let word = |key: &str| text(key).map(|word| serde_json::Value::String(word.to_owned()));
    let span = |key: &str| text(key).and_then(Span::parse);
    Some(Declared {
        id: text("id")?.to_owned(),
        kind: word("kind").and_then(|word| serde_json::from_value(word).ok()),
        level: word("level").and_then(|word| serde_json::from_value(word).ok()),
        rpo: text("rpo").and_then(|text| parse_duration(text).ok()),
        rto: text("rto").filter(|text| parse_duration(text).is_ok()).map(str::to_owned),
        keep: span("retention"),
        verify_every: span("verify_every"),
        drill_every: span("drill_every"),
    })
}

/// The set of that id; an error where the contract has sets, and none of that id.
pub(super) fn find(contract: &Contract, id: &str) -> Result<Declared> {
    let sets = sets(contract);
    match sets.iter().find(|set| set.id == id) {
        Some(set) => Ok(set.clone()),
        None if sets.is_empty() => Ok(Declared::default()),
        None => {
            let known: Vec<&str> = sets.iter().map(|set| set.id.as_str()).collect();
            Err(Error::new(Code::NotFound, format!("set {id:?}")).with_hint(known.join(", ")))
        }
    }
}
