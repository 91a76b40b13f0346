//! `availability`: at least so much of the time up, with tiers of credit. A case is a span. See the rules page, availability.

use super::outages::ScopeKeys;
use super::{Cx, Finding, OutageScope, Per, Rule, Setup, Totals};
use crate::assess::{Stamp, Status};
use crate::contract::Decimal;
use crate::contract::parse::written::*;
use crate::error::{Code, Result};
use crate::time::{Instant, Micros};

tables! {
    /// availability: at least so much of the time up.
    struct Keys {
        ..scope: ScopeKeys,
        /// The least availability, "99.95%".
        "target" target: At<'a, PercentText>,
        /// What is divided by: eligible time (the default) or elapsed time.
        "basis" basis: Option<At<'a, BasisText>>,
        /// Credits; the lowest one reached holds.
        "tiers" tiers: Option<At<'a, Vec<At<'a, TierText<'a>>>>>,
        /// The fee of a span, fen.
        "fee_fen" fee_fen: Option<At<'a, FenText>>,
    }

    /// A credit.
    struct TierText {
        /// Availability below this reaches it.
        "below" below: At<'a, PercentText>,
        /// The part of the fee, "10%".
        "credit" credit: At<'a, PercentText>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        let mut tiers = Vec::new();
        for At { value: tier, .. } in self.tiers.into_iter().flat_map(|t| t.value) {
            let (credit, credit_text) = (tier.credit.value.part, tier.credit.value.text);
            tiers.push(Tier { below: tier.below.value.part, credit, credit_text });
        }
        if let Some(fee) = self.fee_fen.as_ref().filter(|_| tiers.is_empty()) {
            return fee.node.fail(
                Code::ContractValue,
                "a fee goes with tiers, [{ below = \"99.9%\", credit = \"10%\" }]",
                "fee_fen 须与 tiers 并用：[{ below = \"99.9%\", credit = \"10%\" }]",
            );
        }
        Ok(Params {
            scope: self.scope.scope(frame, Per::Month)?,
            target: self.target.value.part,
            basis: self.basis.map_or(Basis::Eligible, |b| b.value.0),
            tiers,
            fee_fen: self.fee_fen.map(|f| f.value.0),
        })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Which outages, and the span (default a month).
    pub scope: OutageScope,
    /// `target`, a part of one.
    pub target: Decimal,
    /// `basis`.
    pub basis: Basis,
    /// `tiers`.
    pub tiers: Vec<Tier>,
    /// `fee_fen`: the fee of a span.
    pub fee_fen: Option<i64>,
}

/// What downtime is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Elapsed minus planned minus unknown time.
    Eligible,
    /// Elapsed time.
    Elapsed,
}

/// A credit.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// `below`, a part of one.
    pub below: Decimal,
    /// `credit`, a part of the fee.
    pub credit: Decimal,
    /// As the contract writes it.
    pub credit_text: String,
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// Spans that have started, in order.
    pub spans: Vec<Span>,
}

/// One span.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Span {
    /// `2026-03`, `2026-Q1`, `2026`, `period`.
    pub span: String,
    /// Start.
    pub start: Stamp,
    /// End.
    pub end: Stamp,
    /// `met`, `breached`, `at-risk`, `running`, `waived`, `no-evidence`.
    pub status: Status,
    /// Downtime so far.
    pub downtime_us: Micros,
    /// What it is divided by, so far.
    pub divisor_us: Micros,
    /// Nine digits, half up; null with nothing to divide by.
    pub availability: Option<String>,
    /// What the whole span allows.
    pub allowed_us: Micros,
    /// The tier's text; null while it runs.
    pub credit: Option<String>,
    /// In fen, half up; null while it runs or without a fee.
    pub credit_fen: Option<i64>,
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
