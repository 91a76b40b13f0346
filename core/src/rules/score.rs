//! `score`: points off for the breaches of other clauses, grade and pay. The case is the clause. See the rules page, score.

use super::{Cx, Rule, Setup, Totals, unit};
use crate::assess::Status;
use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::document::decimal_text;
use crate::contract::Decimal;
use crate::contract::parse::written::*;
use crate::error::{Code, Result};
use crate::rules::say::{self, Listed, Said};
use crate::time::{HOUR, Instant, Micros};

tables! {
    /// score: points off for the breaches of other clauses.
    struct Keys {
        /// Points to begin with (default 100).
        "base" base: Option<At<'a, PointsText>>,
        /// What is taken off.
        "lines" lines: At<'a, Vec<At<'a, LineText<'a>>>>,
        /// Grades; the highest one reached holds.
        "grades" grades: Option<At<'a, Vec<At<'a, GradeText<'a>>>>>,
        /// Below this the clause is breached.
        "min" min: Option<At<'a, PointsText>>,
    }

    /// What a clause takes off. One of `each`, `each_hour` and `once`.
    struct LineText {
        /// Id of the clause.
        "clause" clause: At<'a, Text>,
        /// Points for each of its breaches.
        "each" each: Option<At<'a, PointsText>>,
        /// Points for each started hour beyond its limit.
        "each_hour" each_hour: Option<At<'a, PointsText>>,
        /// Points if it is breached.
        "once" once: Option<At<'a, PointsText>>,
        /// At most so many.
        "cap" cap: Option<At<'a, PointsText>>,
    }

    /// A grade.
    struct GradeText {
        /// From so many points on.
        "at_least" at_least: At<'a, PointsText>,
        /// Its name.
        "grade" grade: At<'a, Text>,
        /// The part of the fee that is paid.
        "pay" pay: Option<At<'a, PercentText>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, _frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        let mut lines = Vec::new();
        for At { value: line, node } in self.lines.value {
            let points = |p: Option<At<'a, PointsText>>| p.map(|p| p.value.0);
            let off = match (points(line.each), points(line.each_hour), points(line.once)) {
                (Some(p), None, None) => Off::Each(p),
                (None, Some(p), None) => Off::EachHour(p),
                (None, None, Some(p)) => Off::Once(p),
                _ => {
                    return node.fail(
                        Code::ContractValue,
                        "one of each = 2, each_hour = 1 and once = 20",
                        "each = 2、each_hour = 1、once = 20 三者写且只写一个",
                    );
                }
            };
            lines.push(Line { clause: line.clause.value.0, off, cap: points(line.cap) });
        }
        let grade = |g: At<'a, GradeText<'a>>| Grade {
            at_least: g.value.at_least.value.0,
            grade: g.value.grade.value.0,
            pay: g.value.pay.map(|p| p.value.text),
        };
        Ok(Params {
            base: self.base.map_or(Decimal { mantissa: 100, scale: 0 }, |b| b.value.0),
            lines,
            grades: self.grades.into_iter().flat_map(|g| g.value).map(grade).collect(),
            min: self.min.map(|m| m.value.0),
        })
    }
    fn names(&self) -> Vec<Named<'a>> {
        let rules = |line: &LineText<'a>| -> &'static [&'static str] {
            if line.each_hour.is_some() { &["downtime", "coverage"] } else { &[] }
        };
        let lines = self.lines.value.iter();
        lines.map(|l| Named { name: l.value.clause.clone(), rules: rules(&l.value) }).collect()
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `base`.
    pub base: Decimal,
    /// `lines`.
    pub lines: Vec<Line>,
    /// `grades`.
    pub grades: Vec<Grade>,
    /// `min`: the limit below which the clause is breached.
    pub min: Option<Decimal>,
}

/// What a clause takes off.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// `clause`.
    pub clause: String,
    /// `each`, `each_hour` or `once`.
    pub off: Off,
    /// `cap`.
    pub cap: Option<Decimal>,
}

/// Points off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Off {
    /// For each breach.
    Each(Decimal),
    /// For each started hour beyond the limit.
    EachHour(Decimal),
    /// If breached.
    Once(Decimal),
}

/// A grade.
#[derive(Clone, Debug, PartialEq)]
pub struct Grade {
    /// `at_least`.
    pub at_least: Decimal,
    /// `grade`.
    pub grade: String,
    /// `pay`, as the contract writes it.
    pub pay: Option<String>,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        Vec::new()
    }
    fn calendar(&self) -> Option<&str> {
        None
    }
    fn words(&self) -> Sentence {
        Sentence::new(
            format!("基准 {} 分，按 {} 条扣分", say::decimal(self.base), self.lines.len()),
            format!("{} points, {} lines of deductions", say::decimal(self.base), self.lines.len()),
        )
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// In the contract's order.
    pub lines: Vec<LineDetail>,
    /// The grade reached; null below the lowest.
    pub grade: Option<String>,
    /// The part of the fee that is paid; null below the lowest grade.
    pub pay: Option<String>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        self.lines
            .iter()
            .map(|l| CaseLine {
                note: Sentence::new(
                    format!("违约 {} 次，扣 {} 分", l.breaches, l.off),
                    format!("{} breaches, {} points off", l.breaches, l.off),
                ),
                ..CaseLine::new(&l.clause, None)
            })
            .collect()
    }
}

/// What a clause took off.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct LineDetail {
    /// Its id.
    pub clause: String,
    /// Its breaches.
    pub breaches: i64,
    /// Points off, a decimal.
    pub off: String,
}

/// Most digits after the point that points have.
const PLACES: u32 = 9;

/// Points in units of `10^-9`, so that all of them add up exactly.
fn units(points: Decimal) -> i64 {
    // At most 10^6 points of at most nine places.
    points.mantissa * 10i64.pow(PLACES - u32::from(points.scale))
}

/// Where the lines' clauses stand.
pub(crate) struct State {
    params: Params,
    /// Position of each line's clause in the contract.
    clauses: Vec<usize>,
}

/// What one line takes off.
struct Taken {
    breaches: i64,
    off: i64,
    status: Status,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let clauses = &setup.contract.clauses;
        let position = |line: &Line| clauses.iter().position(|c| c.id == line.clause).unwrap_or_default();
        State { clauses: params.lines.iter().map(position).collect(), params: params.clone() }
    }

    fn taken(&self, cx: &Cx<'_>, line: usize) -> Taken {
        let (clause, line) = (self.clauses[line], &self.params.lines[line]);
        let mut taken = Taken { breaches: 0, off: 0, status: Status::NotDue };
        cx.peers.ask(cx.books, clause, &mut |rule, peer| {
            let totals = rule.totals(peer);
            (taken.breaches, taken.status) = (totals.breaches, totals.status);
            let (points, times) = match line.off {
                Off::Each(points) => (points, totals.breaches),
                Off::EachHour(points) => (points, started_hours(rule.excess(peer))),
                Off::Once(points) => (points, i64::from(totals.status == Status::Breached)),
            };
            let all = i128::from(units(points)) * i128::from(times);
            let most = line.cap.map_or(i64::MAX, units);
            taken.off = i64::try_from(all).unwrap_or(i64::MAX).min(most);
        });
        taken
    }

    fn score(&self, cx: &Cx<'_>) -> i64 {
        let off = |line| self.taken(cx, line).off;
        let off = (0..self.params.lines.len()).map(off).fold(0, i64::saturating_add);
        units(self.params.base).saturating_sub(off).max(0)
    }

    /// The instants at which a line takes points off, in order, each with how much more; caps not looked at.
    fn steps(&self, cx: &Cx<'_>, line: usize) -> Vec<(Instant, i64)> {
        let (clause, line) = (self.clauses[line], &self.params.lines[line]);
        let mut steps = Vec::new();
        cx.peers.ask(cx.books, clause, &mut |rule, peer| match line.off {
            Off::Each(points) => {
                steps.extend(rule.breach_instants(peer).into_iter().map(|at| (at, units(points))));
            }
            Off::EachHour(points) => {
                let hours = 0..started_hours(rule.excess(peer));
                let passes = hours.filter_map(|n| rule.excess_passes(peer, n * HOUR));
                steps.extend(passes.map(|at| (at, units(points))));
            }
            Off::Once(points) => {
                let at = rule.totals(peer).breached_at;
                steps.extend(at.map(|at| (at, units(points))));
            }
        });
        steps.sort_unstable();
        steps
    }

    /// The instant at which the score first fell below `min`.
    fn fell(&self, cx: &Cx<'_>, min: i64) -> Option<Instant> {
        let mut steps: Vec<(Instant, i64)> = Vec::new();
        for (line, params) in self.params.lines.iter().enumerate() {
            let mut left = params.cap.map_or(i64::MAX, units);
            for (at, off) in self.steps(cx, line) {
                let off = off.min(left);
                left -= off;
                steps.push((at, off));
            }
        }
        steps.sort_unstable();
        let mut score = units(self.params.base);
        for (at, off) in steps {
            score = score.saturating_sub(off);
            if score < min {
                return Some(at);
            }
        }
        None
    }

    fn grade(&self, score: i64) -> Option<&Grade> {
        let reached = self.params.grades.iter().filter(|g| units(g.at_least) <= score);
        reached.max_by_key(|g| units(g.at_least))
    }
}

/// Hours that have begun in so much time.
fn started_hours(us: Micros) -> i64 {
    us.max(0).saturating_add(HOUR - 1) / HOUR
}

impl Rule for State {
    fn totals(&self, cx: &Cx<'_>) -> Totals {
        let score = self.score(cx);
        let min = self.params.min.map(units);
        let unknown = || {
            let lines = 0..self.params.lines.len();
            lines.into_iter().any(|line| self.taken(cx, line).status == Status::NoEvidence)
        };
        let status = match min {
            Some(min) if score < min && cx.waives(&cx.clause.id) => Status::Waived,
            Some(min) if score < min => Status::Breached,
            _ if unknown() => Status::NoEvidence,
            _ if cx.as_of >= cx.contract.period.end => Status::Met,
            _ => Status::NotDue,
        };
        let breached = status == Status::Breached;
        Totals {
            status,
            value: Some(score),
            limit: min,
            unit: unit::POINTS,
            scale: PLACES,
            breaches: i64::from(breached),
            breached_at: min.filter(|_| breached).and_then(|min| self.fell(cx, min)),
            forecast: None,
        }
    }

    fn sentence(&self, _cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let score = totals.value.unwrap_or_default();
        let text = decimal_text(score, PLACES);
        let mut zh = format!("得分 {text}");
        let mut en = format!("{text} points");
        match self.grade(score) {
            Some(grade) => {
                zh.push_str(&format!("，等级 {}", grade.grade));
                en.push_str(&format!(", grade {}", grade.grade));
                if let Some(pay) = &grade.pay {
                    zh.push_str(&format!("，支付比例 {pay}"));
                    en.push_str(&format!(", {pay} is paid"));
                }
            }
            None if self.params.grades.is_empty() => {}
            None => {
                zh.push_str("，低于最低等级");
                en.push_str(", below the lowest grade");
            }
        }
        if let Some(min) = totals.limit {
            let min = decimal_text(min, PLACES);
            zh.push_str(&format!("；不得低于 {min}"));
            en.push_str(&format!("; at least {min}"));
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<super::Detail> {
        let line = |(i, line): (usize, &Line)| {
            let taken = self.taken(cx, i);
            let off = decimal_text(taken.off, PLACES);
            LineDetail { clause: line.clause.clone(), breaches: taken.breaches, off }
        };
        let grade = self.grade(self.score(cx));
        Some(super::Detail::Score(Detail {
            lines: self.params.lines.iter().enumerate().map(line).collect(),
            grade: grade.map(|g| g.grade.clone()),
            pay: grade.and_then(|g| g.pay.clone()),
        }))
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        let mut seqs = Vec::new();
        for clause in &self.clauses {
            cx.peers.ask(cx.books, *clause, &mut |rule, peer| seqs.extend(rule.evidence(peer)));
        }
        seqs
    }
    fn breach_instants(&self, cx: &Cx<'_>) -> Vec<Instant> {
        self.totals(cx).breached_at.into_iter().collect()
    }
}
