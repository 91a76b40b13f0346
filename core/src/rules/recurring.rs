//! `recurring`: a duty owed once a unit of time. A case is one owed occurrence. See the rules page, recurring.

use super::occurrences::Occurrences;
use super::{Cx, Finding, Rule, Setup, Totals, WaiverChange, unit};
use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{Stamp, Status};
use crate::contract::parse::written::*;
use crate::contract::{KindFilter, Limit, Where};
use crate::error::Lang;
use crate::error::Result;
use crate::facts::terms::term;
use crate::rules::say::{self, Listed, Said};
use crate::time::{Instant, Micros};
use std::collections::BTreeMap;

tables! {
    /// recurring: a duty owed once a unit of time.
    struct Keys {
        /// The kind of fact that meets it.
        "fact" fact: At<'a, SubjectKindText>,
        /// The unit (default month).
        "every" every: Option<At<'a, EveryText>>,
        /// Units from the period's first day (service, the default) or of the calendar.
        "by" by: Option<At<'a, UnitsText>>,
        /// Time after the unit's end (default 0d).
        "grace" grace: Option<At<'a, LimitText>>,
        /// A due day on a day off moves to the next workday (default false).
        "roll" roll: Option<At<'a, Flag>>,
        /// Parts that the facts of an occurrence list together.
        "parts" parts: Option<At<'a, OneOrMany<'a, Text>>>,
        /// A fact after the unit's end still counts (default true).
        "curable" curable: Option<At<'a, Flag>>,
        /// The field that names the unit (default covers).
        "covers" covers: Option<At<'a, Text>>,
        /// So many breached units are let pass (default 0).
        "max_missed" max_missed: Option<At<'a, Count>>,
        /// Fields, durations, above which a fact does not satisfy.
        "limits" limits: Option<At<'a, LimitsText>>,
        /// Only units that share an instant with an interval of this kind (event.declare).
        "during" during: Option<At<'a, SubjectKindText>>,
        /// Conditions on the fact.
        "where" conditions: Option<At<'a, WhereText>>,
        /// Grace runs inside these service hours (default 7x24).
        "calendar" calendar: Option<At<'a, Text>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        Ok(Params {
            fact: self.fact.value.0,
            every: self.every.map_or(Every::Month, |e| e.value.0),
            units: self.by.map_or(Units::Service, |b| b.value.0),
            grace: self.grace.map_or(Limit::Elapsed(0), |g| g.value.0),
            roll: self.roll.is_some_and(|f| f.value.0),
            parts: many(self.parts),
            curable: self.curable.is_none_or(|f| f.value.0),
            covers: self.covers.map_or_else(|| "covers".to_owned(), |c| c.value.0),
            max_missed: self.max_missed.map_or(0, |m| m.value.0),
            limits: self.limits.map(|l| l.value.0).unwrap_or_default(),
            during: self.during.map(|d| d.value.0),
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
    /// `fact`: the kind that meets it.
    pub fact: KindFilter,
    /// `every`.
    pub every: Every,
    /// `by`.
    pub units: Units,
    /// `grace`, counted from the unit's end.
    pub grace: Limit,
    /// `roll`: a due day on a day off moves to the next workday.
    pub roll: bool,
    /// `parts`: each must be listed by the facts of the occurrence.
    pub parts: Vec<String>,
    /// `curable`: a fact at or after the unit's end counts.
    pub curable: bool,
    /// `covers`: the field that names the unit.
    pub covers: String,
    /// `max_missed`: so many breached units count as met.
    pub max_missed: i64,
    /// `limits`: fields, microseconds, above which a fact does not satisfy.
    pub limits: BTreeMap<String, Micros>,
    /// `during`: only units that share an instant with an interval of this kind.
    pub during: Option<KindFilter>,
    /// `where`.
    pub conditions: Where,
    /// `calendar` of the grace.
    pub calendar: String,
}

/// A unit of time, from short to long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Every {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// A year.
    Year,
}

/// Where units begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// Counted from the period's first day.
    Service,
    /// Of the calendar; weeks from Monday.
    Calendar,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        [Some(&self.fact), self.during.as_ref()].into_iter().flatten().map(KindFilter::name).collect()
    }
    fn calendar(&self) -> Option<&str> {
        Some(&self.calendar)
    }
    fn words(&self) -> Sentence {
        let (zh, en) = say::every(self.every);
        let kind = std::slice::from_ref(&self.fact);
        let mut text = Sentence::new(
            format!(
                "每{zh}一次 {}，期末后宽限 {}",
                say::kinds(kind, Lang::Zh),
                say::limit(self.grace, Lang::Zh)
            ),
            format!(
                "{} once a {en}, {} of grace",
                say::kinds(kind, Lang::En),
                say::limit(self.grace, Lang::En)
            ),
        );
        if !self.parts.is_empty() {
            let zh: Vec<&str> = self.parts.iter().map(|part| term(Lang::Zh, part)).collect();
            text.add(format!("须含 {}", zh.join("、")), format!("with {}", self.parts.join(", ")));
        }
        if self.max_missed > 0 {
            text.add(format!("允许缺 {} 次", self.max_missed), format!("{} may be missed", self.max_missed));
        }
        if !self.curable {
            text.add("期后补做不计", "not curable afterwards");
        }
        say::calendar(&mut text, &self.calendar);
        say::conditions(&mut text, &self.conditions);
        text
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// Units that have started, in order.
    pub owed: Vec<Owed>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        self.owed.iter().map(owed).collect()
    }
}

pub(super) fn owed(o: &Owed) -> CaseLine {
    let mut note = Sentence::default();
    if !o.missing_parts.is_empty() {
        let zh: Vec<&str> = o.missing_parts.iter().map(|p| term(Lang::Zh, p)).collect();
        note.add(format!("缺 {}", zh.join("、")), format!("missing {}", o.missing_parts.join(", ")));
    }
    CaseLine {
        start: Some(o.start),
        end: Some(o.end),
        due: o.due,
        settled_at: o.settled_at,
        breached_at: o.due.filter(|_| o.status == Status::Breached),
        note,
        ..CaseLine::new(&o.unit, Some(o.status))
    }
}

/// One owed occurrence.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Owed {
    /// `2026-03`, `2026-Q1`, `2026-W07`, `2026`, a date; a service unit: the date of its first day.
    pub unit: String,
    /// Start, clipped to the period.
    pub start: Stamp,
    /// End, clipped to the period.
    pub end: Stamp,
    /// When it is due; null where a schedule that it needs is not published.
    pub due: Option<Stamp>,
    /// `met`, `breached`, `at-risk`, `running`, `waived`, `no-evidence`.
    pub status: Status,
    /// The `at` of the fact that completed it, late or not.
    pub settled_at: Option<Stamp>,
    /// Parts that no fact lists.
    pub missing_parts: Vec<String>,
}

/// The owed occurrences.
pub(crate) struct State {
    occurrences: Occurrences,
    max_missed: i64,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let occurrences = Occurrences::new(setup, params.clone(), 1);
        State { occurrences, max_missed: params.max_missed }
    }

    /// The breach beyond what is let pass.
    fn breached_at(&self) -> Option<Instant> {
        let let_pass = usize::try_from(self.max_missed).unwrap_or(usize::MAX);
        self.occurrences.tally().breach_instants().get(let_pass).copied()
    }

    fn forecast(&self) -> Option<Instant> {
        let left = self.max_missed - self.occurrences.tally().breaches();
        self.occurrences.tally().nth_forecast(usize::try_from(left).ok()?)
    }
}

impl Rule for State {
    fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        self.occurrences.touch(cx, case);
    }
    fn waive(&mut self, cx: &Cx<'_>, change: &WaiverChange) {
        self.occurrences.waive(cx, change);
    }
    fn advance(&mut self, cx: &Cx<'_>) {
        self.occurrences.advance(cx);
    }

    fn totals(&self, _cx: &Cx<'_>) -> Totals {
        let tally = self.occurrences.tally();
        let breaches = tally.breaches();
        let (status, breached_at) = if breaches > self.max_missed {
            (Status::Breached, self.breached_at())
        } else {
            (tally.status_but_for_breaches(), None)
        };
        Totals {
            status,
            value: Some(breaches),
            limit: Some(self.max_missed),
            unit: unit::COUNT,
            scale: 0,
            breaches,
            breached_at,
            forecast: if status == Status::Breached { None } else { self.forecast() },
        }
    }

    fn sentence(&self, _cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let count = |s: &[Status]| self.occurrences.judged().filter(|(_, v)| s.contains(&v.status)).count();
        let (met, open) = (count(&[Status::Met]), count(&[Status::Running, Status::AtRisk]));
        let (waived, unknown) = (count(&[Status::Waived]), count(&[Status::NoEvidence]));
        let breaches = totals.breaches;
        let mut zh = format!("按期完成 {met} 期，逾期或缺失 {breaches} 期，未到期 {open} 期");
        let mut en = format!("{met} done in time, {breaches} late or missing, {open} not due yet");
        for (n, text_zh, text_en) in [(waived, "豁免", "waived"), (unknown, "无证据", "without evidence")]
        {
            if n > 0 {
                zh.push_str(&format!("，{text_zh} {n} 期"));
                en.push_str(&format!(", {n} {text_en}"));
            }
        }
        if self.max_missed > 0 {
            zh.push_str(&format!("；允许缺 {} 期", self.max_missed));
            en.push_str(&format!("; {} may be missed", self.max_missed));
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<super::Detail> {
        Some(super::Detail::Recurring(Detail { owed: self.occurrences.owed(cx) }))
    }
    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        self.occurrences.evidence(cx)
    }
    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        self.occurrences.findings(cx)
    }
    fn lowers(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        self.occurrences.lowers(cx, case, seq)
    }
    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        self.occurrences.tally().breach_instants()
    }
}
