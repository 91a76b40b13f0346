//! `findings`: problems found, each put right in time. A case is one finding, or one owed round. See the rules page, findings.

mod course;
mod state;

pub(crate) use state::State;

use super::recurring::{Every, Owed};
use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{Stamp, Status};
use crate::contract::parse::written::*;
use crate::contract::{Where, Within};
use crate::error::Lang;
use crate::error::{Code, Result};
use crate::rules::say::{self, Listed, Said};

tables! {
    /// findings: problems found, each put right in time.
    struct Keys {
        /// The limit; or a table of limits by severity.
        "within" within: At<'a, WithinText>,
        /// fix (the default) or verify: what ends it.
        "until" until: Option<At<'a, UntilText>>,
        /// Rounds of rectification owed besides.
        "rounds" rounds: Option<At<'a, RoundsText<'a>>>,
        /// Conditions on the opening fact.
        "where" conditions: Option<At<'a, WhereText>>,
        /// The clock runs inside these service hours (default 7x24).
        "calendar" calendar: Option<At<'a, Text>>,
    }

    /// Rounds of rectification owed besides.
    struct RoundsText {
        /// How many a unit (default 1).
        "count" count: Option<At<'a, Count>>,
        /// The unit (default year).
        "per" per: Option<At<'a, EveryText>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        let count = self.rounds.as_ref().and_then(|r| r.value.count.as_ref());
        if let Some(zero) = count.filter(|c| c.value.0 == 0) {
            return zero.node.fail(Code::OutOfRange, "at least 1", "至少为 1");
        }
        let rounds = self.rounds.map(|r| Rounds {
            count: r.value.count.map_or(1, |c| c.value.0),
            per: r.value.per.map_or(Every::Year, |p| p.value.0),
        });
        Ok(Params {
            within: self.within.value.0,
            until: self.until.map_or(Until::Fix, |u| u.value.0),
            rounds,
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
    /// `within`, by severity where it is a table.
    pub within: Within,
    /// `until`: what ends a finding.
    pub until: Until,
    /// `rounds`.
    pub rounds: Option<Rounds>,
    /// `where`, on the opening fact.
    pub conditions: Where,
    /// `calendar`.
    pub calendar: String,
}

/// What ends a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// `finding.fix`.
    Fix,
    /// The first passing `finding.verify`.
    Verify,
}

/// Rounds of rectification owed besides, by service unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// How many a unit.
    pub count: i64,
    /// The unit.
    pub per: Every,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        let mut kinds =
            vec!["finding.open", "finding.fix", "finding.verify", "finding.transfer", "finding.accept-risk"];
        kinds.extend(self.rounds.map(|_| "rectification.round"));
        kinds
    }
    fn calendar(&self) -> Option<&str> {
        Some(&self.calendar)
    }
    fn words(&self) -> Sentence {
        let (zh, en) =
            if self.until == Until::Fix { ("整改", "fixed") } else { ("复核通过", "verified") };
        let mut text = Sentence::new(
            format!("问题须在 {} 内{zh}", say::within(&self.within, Lang::Zh)),
            format!("findings {en} within {}", say::within(&self.within, Lang::En)),
        );
        if let Some(r) = self.rounds {
            let (zh, en) = say::every(r.per);
            text.add(format!("每{zh}整改 {} 轮", r.count), format!("{} rounds each {en}", r.count));
        }
        say::calendar(&mut text, &self.calendar);
        say::conditions(&mut text, &self.conditions);
        text
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// By subject.
    pub cases: Vec<Case>,
    /// Units with their rounds, where rounds are owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<Vec<Owed>>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        let found = self.cases.iter().map(|c| CaseLine {
            due: c.due,
            settled_at: c.settled_at,
            breached_at: c.due.filter(|_| c.status == Status::Breached),
            ..CaseLine::new(&c.subject, Some(c.status))
        });
        found.chain(self.rounds.iter().flatten().map(super::recurring::owed)).collect()
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Case {
    /// Which.
    pub subject: String,
    /// `met`, `running`, `at-risk`, `breached`, `waived` or `no-evidence`.
    pub status: Status,
    /// When it is due; of a breach the instant missed.
    pub due: Option<Stamp>,
    /// When it ended, also when late; null while open or reopened.
    pub settled_at: Option<Stamp>,
    /// What ended it.
    pub settled_by: Option<SettledBy>,
}

/// What ended a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettledBy {
    /// `finding.fix`.
    Fix,
    /// `finding.verify`.
    Verify,
    /// `finding.transfer`.
    Transfer,
    /// `finding.accept-risk`.
    AcceptRisk,
}
