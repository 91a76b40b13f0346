//! `documents`: papers to hand in. A case is one item of the list. See the rules page, documents.

mod item;
mod shelf;
mod state;

pub(crate) use state::State;

use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{Stamp, Status};
use crate::calendar::Date;
use crate::contract::Limit;
use crate::contract::parse::written::*;
use crate::error::Lang;
use crate::error::{Code, Result};
use crate::rules::say::{self, Listed, Said};

tables! {
    /// documents: papers to hand in.
    struct Keys {
        /// The papers.
        "list" list: At<'a, Vec<At<'a, ItemText<'a>>>>,
        /// Time to hand in anew after a rejection past the due date (default 0d).
        "resubmit" resubmit: Option<At<'a, LimitText>>,
        /// Durations run inside these service hours (default 7x24).
        "calendar" calendar: Option<At<'a, Text>>,
    }

    /// A paper.
    struct ItemText {
        /// What the submission names as its kind.
        "kind" kind: At<'a, Text>,
        /// From the period's start (30d), a date, the period's end (end) or before it (end-30d).
        "due" due: At<'a, DueText>,
        /// person: one for each person.
        "per" per: Option<At<'a, PerPersonText>>,
        /// Only what was accepted counts (default false).
        "accept" accept: Option<At<'a, Flag>>,
        /// The submissions together name every fault of the contract (default false).
        "covers_faults" covers_faults: Option<At<'a, Flag>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        if self.list.value.is_empty() {
            return self.list.node.fail(Code::ContractValue, "the list is empty", "列表为空");
        }
        let mut list = Vec::new();
        for At { value: item, .. } in self.list.value {
            let covers_faults = item.covers_faults.as_ref().is_some_and(|f| f.value.0);
            if let Some(flag) = item.covers_faults.filter(|_| covers_faults && frame.faults.is_empty()) {
                return flag.node.fail(
                    Code::ContractReference,
                    "the contract names no [[fault]]",
                    "合同未列出任何 [[fault]]",
                );
            }
            list.push(Paper {
                kind: item.kind.value.0,
                due: item.due.value.0,
                per_person: item.per.is_some(),
                accept: item.accept.is_some_and(|f| f.value.0),
                covers_faults,
            });
        }
        Ok(Params {
            list,
            resubmit: self.resubmit.map_or(Limit::Elapsed(0), |r| r.value.0),
            calendar: self
                .calendar
                .map(|c| frame.calendar(c))
                .transpose()?
                .unwrap_or_else(|| ALWAYS.to_owned()),
        })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `list`.
    pub list: Vec<Paper>,
    /// `resubmit`: time to hand in anew after a rejection past the due date.
    pub resubmit: Limit,
    /// `calendar` of durations.
    pub calendar: String,
}

/// A paper of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    /// `kind`.
    pub kind: String,
    /// `due`.
    pub due: Due,
    /// `per = "person"`: one for each person.
    pub per_person: bool,
    /// `accept`: only what was accepted counts.
    pub accept: bool,
    /// `covers_faults`: the submissions together name every fault of the contract.
    pub covers_faults: bool,
}

/// When a paper is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Counted from the period's start; per person from the first join, if later.
    After(Limit),
    /// At 24:00 local of the date.
    On(Date),
    /// So long before the period's end, microseconds; 0: at it.
    BeforeEnd(crate::time::Micros),
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        vec!["document.submit", "report.submit", "document.accept", "document.reject"]
    }
    fn calendar(&self) -> Option<&str> {
        Some(&self.calendar)
    }
    fn words(&self) -> Sentence {
        let mut text = Sentence::new("按期提交", "to be handed in");
        for paper in &self.list {
            let person = if paper.per_person { ("（每人）", " (each person)") } else { ("", "") };
            let (zh, en) = match paper.due {
                Due::After(l) => {
                    (format!("{}内", say::limit(l, Lang::Zh)), format!("within {}", say::limit(l, Lang::En)))
                }
                Due::On(date) => (format!("{date} 前"), format!("by {date}")),
                Due::BeforeEnd(0) => ("期末".to_owned(), "by the end".to_owned()),
                Due::BeforeEnd(us) => {
                    (format!("期末前 {}", say::zh_time(us)), format!("{} before the end", say::en_time(us)))
                }
            };
            text.add(format!("{}{} {zh}", paper.kind, person.0), format!("{}{} {en}", paper.kind, person.1));
        }
        text
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// By list, then persons in the order they joined.
    pub items: Vec<Item>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        self.items.iter().map(item).collect()
    }
}

fn item(i: &Item) -> CaseLine {
    let case = i.person.as_ref().map_or_else(|| i.kind.clone(), |p| format!("{}/{p}", i.kind));
    let mut note = Sentence::default();
    if !i.missing_faults.is_empty() {
        let missing = &i.missing_faults;
        note.add(
            format!("未覆盖故障类型 {}", missing.join("、")),
            format!("faults not covered: {}", missing.join(", ")),
        );
    }
    if let Some(digest) = &i.digest {
        note.add(format!("摘要 {digest}"), format!("digest {digest}"));
    }
    CaseLine { due: i.due, settled_at: i.settled_at, note, ..CaseLine::new(case, Some(i.status)) }
}

/// One owed paper.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Item {
    /// What it is.
    pub kind: String,
    /// Whose, where owed by each person.
    pub person: Option<String>,
    /// When it is due; null where a schedule that it needs is not published.
    pub due: Option<Stamp>,
    /// `met`, `breached`, `at-risk`, `running`, `waived`, `no-evidence`.
    pub status: Status,
    /// The `at` of the earliest standing submission, also when late.
    pub settled_at: Option<Stamp>,
    /// Its digest.
    pub digest: Option<String>,
    /// Fault types that no standing submission names.
    pub missing_faults: Vec<String>,
}
