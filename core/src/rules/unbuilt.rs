//! A rule whose name is reserved: its clause loads, and cannot be judged yet.

use super::{Cx, Finding, Rule, Totals, unit};
use crate::assess::Status;
use crate::error::{Code, Lang};
use crate::time::Instant;

pub(crate) struct State {
    pub(crate) name: &'static str,
}

impl Rule for State {
    fn totals(&self, _cx: &Cx<'_>) -> Totals {
        Totals {
            status: Status::NoEvidence,
            value: None,
            limit: None,
            unit: unit::COUNT,
            scale: 0,
            breaches: 0,
            breached_at: None,
            forecast: None,
        }
    }
    fn sentence(&self, cx: &Cx<'_>, _totals: &Totals) -> (String, String) {
        let error = &self.findings(cx)[0].error;
        (error.text(Lang::Zh), error.text(Lang::En))
    }
    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        Vec::new()
    }
    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        vec![Finding::new(None, Code::RuleNotBuilt, &cx.clause.id, self.name)]
    }
}
