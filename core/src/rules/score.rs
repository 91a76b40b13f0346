//! `score`: points off for the breaches of other clauses, grade and pay. The case is the clause. See the rules page, score.

use super::{Cx, Finding, Rule, Setup, Totals};
use crate::contract::Decimal;
use crate::contract::parse::written::*;
use crate::error::{Code, Result};
use crate::time::Instant;

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

/// The cases.
pub(crate) struct State;

impl State {
    pub(crate) fn new(_setup: &mut Setup<'_>, _params: &Params) -> State {
        State
    }
}

impl Rule for State {
    fn totals(&self, cx: &Cx<'_>) -> Totals {
        super::unbuilt::State { name: cx.clause.rule.name() }.totals(cx)
    }
    fn sentence(&self, cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        super::unbuilt::State { name: cx.clause.rule.name() }.sentence(cx, totals)
    }
    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        Vec::new()
    }
    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        super::unbuilt::State { name: cx.clause.rule.name() }.findings(cx)
    }
}
