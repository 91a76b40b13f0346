//! `judgement`: what a party decides and records. The case is the clause. See the rules page, judgement.

use super::{Cx, Finding, Rule, Setup, Totals};
use crate::calendar::Date;
use crate::contract::parse::written::*;
use crate::error::Result;
use crate::time::Instant;

tables! {
    /// judgement: recorded, not computed.
    struct Keys {
        /// The party whose record counts (default buyer).
        "by" by: Option<At<'a, Text>>,
        /// The date by whose end it is due (default the period's last).
        "due" due: Option<At<'a, DateText>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, _frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        Ok(Params {
            by: self.by.map_or_else(|| "buyer".to_owned(), |b| b.value.0),
            due: self.due.map(|d| d.value.0),
        })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `by`: the party whose record counts.
    pub by: String,
    /// `due`: at its 24:00 local; none: the period's end.
    pub due: Option<Date>,
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
