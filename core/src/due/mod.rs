//! The due list: what falls due, is at risk, or waits for whom, within a span. In: how the contract stands now, and how it
//! would stand at the end of the span if nothing more were recorded. Out: items by instant. Decides nothing of its own.

pub mod ical;
mod list;
mod roster;
#[cfg(test)]
mod tests;

pub(crate) use list::list;
pub(crate) use roster::roster;
pub use roster::{Roster, Shift};

use crate::assess::cases::Sentence;
use crate::assess::{HeadRef, Stamp, Status, View};
use crate::error::Lang;
use crate::facts::terms::term;
use schemars::JsonSchema;
use serde::Serialize;

/// Why something is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Its time has passed and it is still not done.
    Overdue,
    /// It falls due within the span.
    Due,
    /// It is at risk, and due later.
    AtRisk,
    /// A stretch that nobody covers.
    Gap,
    /// A clause breaks then if nothing changes.
    Forecast,
    /// The next miss gives the other party a right.
    Streak,
    /// Its clock is stopped for the other party.
    Paused,
    /// A task on call.
    Task,
    /// Somebody has to judge.
    Judgement,
    /// The end of a notice that runs.
    Notice,
    /// A planned window.
    Planned,
    /// An entry waits for the other party's word.
    Confirm,
    /// An entry is in dispute.
    Dispute,
}

impl Reason {
    /// In words.
    pub fn name(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Reason::Overdue => ("已逾期", "overdue"),
            Reason::Due => ("到期", "due"),
            Reason::AtRisk => ("有风险", "at risk"),
            Reason::Gap => ("值守空缺", "gap"),
            Reason::Forecast => ("预计违约", "forecast"),
            Reason::Streak => ("差一次", "one away"),
            Reason::Paused => ("已暂停", "paused"),
            Reason::Task => ("任务", "task"),
            Reason::Judgement => ("待评判", "to judge"),
            Reason::Notice => ("预告期满", "notice ends"),
            Reason::Planned => ("计划停机", "planned"),
            Reason::Confirm => ("待确认", "to confirm"),
            Reason::Dispute => ("有异议", "disputed"),
        };
        if lang == Lang::Zh { zh } else { en }
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DueItem {
    /// Why it is on the list.
    pub reason: Reason,
    /// When; null for what waits without a date.
    pub at: Option<Stamp>,
    /// The end, of a stretch of time.
    pub end: Option<Stamp>,
    /// The clause.
    pub clause: Option<String>,
    /// The case, task or entry.
    pub case: String,
    /// How it stands now; null where it has not begun.
    pub status: Option<Status>,
    /// Who has to act.
    pub party: String,
    /// What it is, in words.
    #[serde(flatten)]
    pub text: Sentence,
    /// The entries it rests on.
    pub entries: Vec<u64>,
}

/// The list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DueList {
    /// 1.
    pub format: u32,
    /// Id of the contract.
    pub contract: String,
    /// Its title.
    pub title: String,
    /// Its identity.
    pub contract_sm3: String,
    /// The view.
    pub view: View,
    /// The instant asked for.
    pub as_of: Stamp,
    /// What was known.
    pub known_at: Stamp,
    /// The end of the span.
    pub until: Stamp,
    /// The last entry read; null without a ledger.
    pub head: Option<HeadRef>,
    /// How many entries were read.
    pub entries: u64,
    /// By instant, those without one last.
    pub items: Vec<DueItem>,
}

impl DueList {
    /// The document as JSON text.
    pub fn to_json(&self) -> String {
        // Serialising these types cannot fail: no maps with other keys than text, no failing Serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
    /// The document as plain text, a line an item.
    pub fn text(&self, lang: Lang) -> String {
        let zone = self.as_of.zone;
        let (from, until) = (zone.format(self.as_of.at), zone.format(self.until.at));
        let mut out = match lang {
            Lang::Zh => format!("{}：{from} 至 {until} 待办 {} 项\n", self.title, self.items.len()),
            Lang::En => format!("{}: {from} to {until}, {} items\n", self.title, self.items.len()),
        };
        for item in &self.items {
            let at = item.at.map_or_else(|| "-".to_owned(), |at| zone.format(at.at));
            out.push_str(&format!(
                "{at}  {}  {}  {}  {}\n",
                item.reason.name(lang),
                term(lang, &item.party),
                item.case,
                item.text.get(lang)
            ));
        }
        out
    }
}
