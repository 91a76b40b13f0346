//! `coverage`: people on duty, or systems watched, for all of some time. A case is one maximal gap. See the rules page, coverage.

mod floor;
mod gaps;
mod owed;
mod sheet;
mod signing;
mod state;
mod stated;
mod verdict;
mod watch;

pub(crate) use state::State;

use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{Stamp, Status};
use crate::contract::parse::written::*;
use crate::error::Lang;
use crate::error::{Code, Result};
use crate::facts::terms::term;
use crate::rules::say::{self, Listed, Said};
use crate::time::words;
use crate::time::{DAY, HOUR, Micros};

tables! {
    /// coverage: people on duty, or systems watched, for all of some time.
    struct Keys {
        /// Each role with its least number of people; not with source = "watch".
        "roles" roles: Option<At<'a, RolesText>>,
        /// The owed time, one or several of: period, statutory, days-off, whole-break, non-workdays, events.
        "windows" windows: At<'a, OneOrMany<'a, WindowText>>,
        /// Only inside these service hours (default 7x24).
        "calendar" calendar: Option<At<'a, Text>>,
        /// People count as assigned (the default) or from their sign-in.
        "counts" counts: Option<At<'a, CountsText>>,
        /// One person fills one role at a time (default true).
        "distinct" distinct: Option<At<'a, Flag>>,
        /// Gaps of at most this do not count (default 0s).
        "tolerance" tolerance: Option<At<'a, Elapsed>>,
        /// Gaps to come within this are at risk (default 7d).
        "lookahead" lookahead: Option<At<'a, Elapsed>>,
        /// Time of day at which a whole break begins, on the day before (default 18:00).
        "break_from" break_from: Option<At<'a, TimeText>>,
        /// Time of day at which a whole break ends, on the first workday (default 08:00).
        "break_to" break_to: Option<At<'a, TimeText>>,
        /// duty (the default), staff or watch.
        "source" source: Option<At<'a, SourceText>>,
        /// With source = "watch": the systems (default all).
        "systems" systems: Option<At<'a, OneOrMany<'a, Text>>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, clause: &Node<'a>) -> Result<Params> {
        let source = self.source.map_or(Source::Duty, |s| s.value.0);
        match (&self.roles, source) {
            (None, Source::Duty | Source::Staff) => {
                return clause.fail(
                    Code::ContractMissing,
                    "add roles = { desk = 1 }: each role with its least number of people",
                    "请补充 roles = { desk = 1 }：各岗位及其最少人数",
                );
            }
            (Some(roles), Source::Watch) => {
                return roles.node.fail(
                    Code::ContractValue,
                    "source = \"watch\" has systems, no roles",
                    "source = \"watch\" 时写 systems，不写 roles",
                );
            }
            _ => {}
        }
        let needs_days = |w: &Window| !matches!(w, Window::Period | Window::Events);
        let windows = self.windows.value.0;
        if let Some(w) = windows.iter().find(|w| needs_days(&w.value.0)).filter(|_| frame.holidays.is_none())
        {
            return w.node.fail(
                Code::ContractValue,
                "this window follows the holidays; add holidays = \"CN\" at the top",
                "该时段按节假日确定；请在顶层补充 holidays = \"CN\"",
            );
        }
        Ok(Params {
            roles: self.roles.map(|r| r.value.0).unwrap_or_default(),
            windows: windows.into_iter().map(|w| w.value.0).collect(),
            calendar: self
                .calendar
                .map(|c| frame.calendar(c))
                .transpose()?
                .unwrap_or_else(|| ALWAYS.to_owned()),
            counts: self.counts.map_or(Counts::Assigned, |c| c.value.0),
            distinct: self.distinct.is_none_or(|f| f.value.0),
            tolerance: self.tolerance.map_or(0, |t| t.value.0),
            lookahead: self.lookahead.map_or(7 * DAY, |t| t.value.0),
            break_from: self.break_from.map_or(18 * HOUR, |t| t.value.0),
            break_to: self.break_to.map_or(8 * HOUR, |t| t.value.0),
            source,
            systems: many(self.systems),
        })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `roles`: each with its least number of people, at least 1; in the order of the contract.
    pub roles: Vec<(String, i64)>,
    /// `windows`: the owed time is their union.
    pub windows: Vec<Window>,
    /// `calendar`: only inside it.
    pub calendar: String,
    /// `counts`.
    pub counts: Counts,
    /// `distinct`: one person fills one role at a time.
    pub distinct: bool,
    /// `tolerance`, microseconds.
    pub tolerance: Micros,
    /// `lookahead`, microseconds.
    pub lookahead: Micros,
    /// `break_from`: time of day, microseconds from midnight.
    pub break_from: Micros,
    /// `break_to`: time of day, microseconds from midnight.
    pub break_to: Micros,
    /// `source`.
    pub source: Source,
    /// `systems`: each is to be watched from the period's start on; empty: every one that is watched, from its first
    /// `watch.start` on.
    pub systems: Vec<String>,
}

/// A part of the owed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The service period.
    Period,
    /// Days that the notice marks as statutory.
    Statutory,
    /// Days that the notice gives off.
    DaysOff,
    /// From the evening before a break to the morning of the first workday.
    WholeBreak,
    /// Days that are no workdays.
    NonWorkdays,
    /// Intervals of `event.declare`.
    Events,
}

/// From when on an assigned person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// From the shift's start.
    Assigned,
    /// From the sign-in.
    Signed,
}

/// Who or what covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `duty.*`.
    Duty,
    /// `staff.*`: a role held all the time.
    Staff,
    /// `watch.*`.
    Watch,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        let mut kinds = match self.source {
            Source::Duty => vec!["duty.assign", "duty.cancel", "duty.sign-in"],
            Source::Staff => vec!["staff.join", "staff.leave", "staff.absent"],
            Source::Watch => vec!["watch.start", "watch.seen", "watch.gap", "watch.stop"],
        };
        if self.windows.contains(&Window::Events) {
            kinds.push("event.declare");
        }
        kinds
    }
    fn calendar(&self) -> Option<&str> {
        Some(&self.calendar)
    }
    fn words(&self) -> Sentence {
        let windows: Vec<(&str, &str)> = self.windows.iter().map(|w| say::window(*w)).collect();
        let (zh, en): (Vec<&str>, Vec<&str>) = windows.into_iter().unzip();
        let roles = |lang| -> String {
            let one = |(role, n): &(String, i64)| format!("{} {n}", term(lang, role));
            let roles: Vec<String> = self.roles.iter().map(one).collect();
            if roles.is_empty() {
                say::watched(lang).to_owned()
            } else {
                roles.join(if lang == Lang::Zh { "、" } else { ", " })
            }
        };
        let mut text = Sentence::new(
            format!("{}内不间断：{}", zh.join("、"), roles(Lang::Zh)),
            format!("without a gap in {}: {}", en.join(", "), roles(Lang::En)),
        );
        if self.tolerance > 0 {
            text.add(
                format!("不超过 {} 的空缺不计", say::zh_time(self.tolerance)),
                format!("gaps up to {} do not count", say::en_time(self.tolerance)),
            );
        }
        say::calendar(&mut text, &self.calendar);
        text
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// Up to `as_of`, in order.
    pub gaps: Vec<Gap>,
    /// Within `lookahead` after it.
    pub coming: Vec<Gap>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        self.gaps.iter().chain(&self.coming).map(gap).collect()
    }
}

fn gap(g: &Gap) -> CaseLine {
    let mut note = Sentence::default();
    for short in &g.roles {
        note.add(
            format!("{} {} 人，应 {} 人", term(Lang::Zh, &short.role), short.have, short.need),
            format!("{}: {} of {}", short.role, short.have, short.need),
        );
    }
    let us = g.end.at - g.start.at;
    note.add(format!("时长 {}", words(us, Lang::Zh)), format!("for {}", words(us, Lang::En)));
    CaseLine {
        start: Some(g.start),
        end: Some(g.end),
        note,
        ..CaseLine::new(g.start.zone.format(g.start.at), Some(g.status))
    }
}

/// Owed time that is not covered.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Gap {
    /// Start.
    pub start: Stamp,
    /// End.
    pub end: Stamp,
    /// `breached`, `waived` or, to come, `at-risk`.
    pub status: Status,
    /// Roles short of people; empty where only `distinct` fails.
    pub roles: Vec<Short>,
}

/// A role short of people.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Short {
    /// The role.
    pub role: String,
    /// Its least number of people in the gap.
    pub have: i64,
    /// The number owed.
    pub need: i64,
}
