//! `sequence`: steps in their order before another. A case is one `then` of a subject. See the rules page, sequence.

mod order;
mod state;

pub(crate) use state::State;

use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{Stamp, Status};
use crate::contract::parse::written::*;
use crate::contract::{KindFilter, Limit, Where};
use crate::error::Lang;
use crate::error::Result;
use crate::rules::say::{self, Listed, Said};
use std::collections::BTreeMap;

tables! {
    /// sequence: steps in their order before another.
    struct Keys {
        /// The step that is judged.
        "then" then: At<'a, SubjectKindText>,
        /// The steps before it, in order.
        "needs" needs: Option<At<'a, OneOrMany<'a, SubjectKindText>>>,
        /// Steps that a field of the subject's opening fact stands for.
        "have" have: Option<At<'a, HaveText>>,
        /// Kinds of which only the last before `then` counts.
        "last_of" last_of: Option<At<'a, OneOrMany<'a, SubjectKindText>>>,
        /// What heals a first step that is missing or late.
        "ratify" ratify: Option<At<'a, RatifyText<'a>>>,
        /// `then` comes no earlier than so long after a step.
        "notice" notice: Option<At<'a, NoticeText<'a>>>,
        /// Conditions on the subject's opening fact.
        "where" conditions: Option<At<'a, WhereText>>,
        /// Durations run inside these service hours (default 7x24).
        "calendar" calendar: Option<At<'a, Text>>,
    }

    /// What heals a first step that is missing or late.
    struct RatifyText {
        /// The kind.
        "kind" kind: At<'a, SubjectKindText>,
        /// Conditions on the subject's opening fact.
        "if" conditions: Option<At<'a, WhereText>>,
        /// So long after `then`.
        "within" within: At<'a, LimitText>,
    }

    /// `then` comes no earlier than so long after a step.
    struct NoticeText {
        /// The step.
        "from" from: At<'a, SubjectKindText>,
        /// How long.
        "at_least" at_least: At<'a, LimitText>,
        /// A fact with `shorter_notice` that lets it be shorter.
        "cured_by" cured_by: Option<At<'a, SubjectKindText>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        let kinds = |list: Option<At<'a, OneOrMany<'a, SubjectKindText>>>| -> Vec<KindFilter> {
            list.into_iter().flat_map(|l| l.value.0).map(|k| k.value.0).collect()
        };
        let ratify = self.ratify.map(|r| Ratify {
            kind: r.value.kind.value.0,
            conditions: r.value.conditions.map(|w| w.value.0).unwrap_or_default(),
            within: r.value.within.value.0,
        });
        let notice = self.notice.map(|n| Notice {
            from: n.value.from.value.0,
            at_least: n.value.at_least.value.0,
            cured_by: n.value.cured_by.map(|k| k.value.0),
        });
        Ok(Params {
            then: self.then.value.0,
            needs: kinds(self.needs),
            have: self.have.map(|h| h.value.0).unwrap_or_default(),
            last_of: kinds(self.last_of).into_iter().map(|k| k.kind).collect(),
            ratify,
            notice,
            conditions: self.conditions.map(|w| w.value.0).unwrap_or_default(),
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
    /// `then`: the step that is judged.
    pub then: KindFilter,
    /// `needs`: the steps before it, in order.
    pub needs: Vec<KindFilter>,
    /// `have`: steps that fields of the opening fact stand for.
    pub have: BTreeMap<String, Where>,
    /// `last_of`: kinds of which only the last before `then` counts.
    pub last_of: Vec<String>,
    /// `ratify`.
    pub ratify: Option<Ratify>,
    /// `notice`.
    pub notice: Option<Notice>,
    /// `where`, on the opening fact.
    pub conditions: Where,
    /// `calendar` of durations.
    pub calendar: String,
}

/// What heals a first step that is missing or late.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratify {
    /// `kind`.
    pub kind: KindFilter,
    /// `if`, on the opening fact.
    pub conditions: Where,
    /// `within`, counted from `then`.
    pub within: Limit,
}

/// `then` comes no earlier than `at_least` after `from`.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// `from`.
    pub from: KindFilter,
    /// `at_least`.
    pub at_least: Limit,
    /// `cured_by`.
    pub cured_by: Option<KindFilter>,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self.needs.iter().chain([&self.then]).map(KindFilter::name).collect();
        kinds.extend(self.ratify.as_ref().map(|r| r.kind.name()));
        if let Some(notice) = &self.notice {
            kinds.push(notice.from.name());
            kinds.extend(notice.cured_by.as_ref().map(KindFilter::name));
        }
        kinds
    }
    fn calendar(&self) -> Option<&str> {
        Some(&self.calendar)
    }
    fn words(&self) -> Sentence {
        let then = std::slice::from_ref(&self.then);
        let mut text = Sentence::new(
            format!("{} 之前依次须有 {}", say::kinds(then, Lang::Zh), say::kinds(&self.needs, Lang::Zh)),
            format!("before {}, in order: {}", say::kinds(then, Lang::En), say::kinds(&self.needs, Lang::En)),
        );
        if let Some(r) = &self.ratify {
            let kind = std::slice::from_ref(&r.kind);
            text.add(
                format!(
                    "可于其后 {} 内以 {} 追认",
                    say::limit(r.within, Lang::Zh),
                    say::kinds(kind, Lang::Zh)
                ),
                format!(
                    "{} within {} afterwards heals it",
                    say::kinds(kind, Lang::En),
                    say::limit(r.within, Lang::En)
                ),
            );
        }
        if let Some(n) = &self.notice {
            let kind = std::slice::from_ref(&n.from);
            text.add(
                format!("不早于 {} 后 {}", say::kinds(kind, Lang::Zh), say::limit(n.at_least, Lang::Zh)),
                format!(
                    "no earlier than {} after {}",
                    say::limit(n.at_least, Lang::En),
                    say::kinds(kind, Lang::En)
                ),
            );
        }
        say::conditions(&mut text, &self.conditions);
        text
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// By subject, then in order.
    pub cases: Vec<Case>,
    /// By subject, in the order of `needs`, notice last.
    pub violations: Vec<Violation>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        self.cases.iter().map(|c| in_order(c, &self.violations)).collect()
    }
}

fn in_order(c: &Case, all: &[Violation]) -> CaseLine {
    let mut line = CaseLine::new(&c.subject, Some(c.status));
    for v in all.iter().filter(|v| v.subject == c.subject) {
        let (zh, en) = match v.problem {
            Problem::Missing => ("缺少", "missing"),
            Problem::Late => ("过晚", "late"),
            Problem::Failed => ("未通过", "failed"),
            Problem::ShortNotice => ("提前不足", "short notice"),
        };
        let step = crate::facts::kinds::find(&v.step).map_or("", |k| k.zh);
        line.note.add(format!("{step}（{}）{zh}", v.step), format!("{} {en}", v.step));
        if c.status == Status::Breached {
            line.breached_at = line.breached_at.into_iter().chain([v.at]).min_by_key(|s| s.at);
        } else {
            line.due = line.due.into_iter().chain([v.at]).min_by_key(|s| s.at);
        }
    }
    line
}

/// One `then`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Case {
    /// Whose; `subject#2` for its second.
    pub subject: String,
    /// `met`, `running`, `breached`, `waived`, `no-evidence`.
    pub status: Status,
}

/// A step that is not in order.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Violation {
    /// The case.
    pub subject: String,
    /// When it counts.
    pub at: Stamp,
    /// The kind of the step.
    pub step: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// There is none.
    Missing,
    /// It came after what it should come before.
    Late,
    /// It came without the fields that are needed.
    Failed,
    /// `then` came too soon after it.
    ShortNotice,
}
