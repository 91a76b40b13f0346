//! The roster: who is on duty within a span, and where nobody is.

use super::{DueItem, DueList, Reason};
use crate::assess::Stamp;
use crate::books::Books;
use crate::books::engine::Engine;
use crate::books::registers::{self, Cell};
use crate::error::{Lang, Result};
use crate::facts::terms::term;
use schemars::JsonSchema;
use serde::Serialize;

/// A shift.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Shift {
    /// Its subject.
    pub subject: String,
    /// Who.
    pub person: String,
    /// As what.
    pub role: String,
    /// From.
    pub start: Stamp,
    /// To, as cancelled.
    pub end: Stamp,
    /// When somebody signed in.
    pub signed_in_at: Option<Stamp>,
    /// Entries.
    pub entries: Vec<u64>,
}

/// Shifts and gaps.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Roster {
    /// 1.
    pub format: u32,
    /// Id of the contract.
    pub contract: String,
    /// Its title.
    pub title: String,
    /// From.
    pub from: Stamp,
    /// To.
    pub until: Stamp,
    /// Shifts that share an instant with the span, by start.
    pub shifts: Vec<Shift>,
    /// Stretches of the span that nobody covers, of every clause.
    pub gaps: Vec<DueItem>,
}

impl Roster {
    /// The document as JSON text.
    pub fn to_json(&self) -> String {
        // Serialising these types cannot fail: no maps with other keys than text, no failing Serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
    /// The document as plain text.
    pub fn text(&self, lang: Lang) -> String {
        let zone = self.from.zone;
        let mut out = match lang {
            Lang::Zh => format!(
                "{} 值班表：{} 至 {}\n",
                self.title,
                zone.format(self.from.at),
                zone.format(self.until.at)
            ),
            Lang::En => format!(
                "{} roster: {} to {}\n",
                self.title,
                zone.format(self.from.at),
                zone.format(self.until.at)
            ),
        };
        for s in &self.shifts {
            let (start, end) = (zone.format(s.start.at), zone.format(s.end.at));
            out.push_str(&format!("{start}  {end}  {}  {}  {}\n", term(lang, &s.role), s.person, s.subject));
        }
        for gap in &self.gaps {
            let at = |t: Option<Stamp>| t.map_or_else(String::new, |t| zone.format(t.at));
            out.push_str(&format!(
                "{}  {}  {}  {}\n",
                at(gap.at),
                at(gap.end),
                gap.reason.name(lang),
                gap.text.get(lang)
            ));
        }
        out
    }
}

/// The roster of the span of a due list.
///
/// # Errors
/// What a register answers.
pub(crate) fn roster(due: DueList, engine: &Engine, books: &Books) -> Result<Roster> {
    let rows = registers::rows(registers::find("duty")?, engine, books);
    let stamp = |at| Stamp { at, zone: due.as_of.zone };
    let mut shifts = Vec::new();
    for row in &rows.rows {
        let instant = |key| match rows.cell(row, key) {
            Some(Cell::Instant(at)) => Some(*at),
            _ => None,
        };
        let text = |key| match rows.cell(row, key) {
            Some(Cell::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let (Some(start), Some(end)) = (instant("start"), instant("end")) else { continue };
        let end = instant("cancelled_from").map_or(end, |cancel| end.min(cancel));
        if start >= due.until.at || end <= due.as_of.at || end <= start {
            continue;
        }
        shifts.push(Shift {
            subject: row.subject.clone(),
            person: text("person"),
            role: text("role"),
            start: stamp(start),
            end: stamp(end),
            signed_in_at: instant("signed_in_at").map(stamp),
            entries: row.entries.clone(),
        });
    }
    shifts.sort_by(|a, b| (a.start.at, &a.role, &a.subject).cmp(&(b.start.at, &b.role, &b.subject)));
    Ok(Roster {
        format: 1,
        contract: due.contract,
        title: due.title,
        from: due.as_of,
        until: due.until,
        shifts,
        gaps: due.items.into_iter().filter(|i| i.reason == Reason::Gap).collect(),
    })
}
