//! Figures of other tools, through an account: each is given back, or stands here as a difference with its reason.

#[path = "../common/mod.rs"]
mod common;
mod icinga;
mod issues;
mod threads;

use common::model::Question;
use common::{account, assess, contract};
use opsledger::assess::{Assessment, View};
use opsledger::contract::Contract;
use opsledger::time::{Instant, canonical_instant, parse_instant};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn utc(text: &str) -> Instant {
    parse_instant(text).unwrap()
}

pub(crate) fn time(t: Instant) -> String {
    canonical_instant(t).unwrap()
}

pub(crate) const CLAUSES: &str = "[[clause]]\nid = \"downtime\"\nrule = \"downtime\"\nmax = \"10h\"\n\
    [[clause]]\nid = \"long\"\nrule = \"outage-count\"\nat_least = \"1h\"\nmax = 2\n";

pub(crate) fn contract_over(zone: &str, first: &str, last: &str, more: &str) -> Arc<Contract> {
    contract(&format!(
        "format = 1\nid = \"peer\"\ntitle = \"peer\"\ntimezone = \"{zone}\"\n\
         period = {{ start = \"{first}\", end = \"{last}\" }}\n{more}\n{CLAUSES}"
    ))
}

/// Facts of a peer's data, in the order of their recording.
#[derive(Default)]
pub(crate) struct Facts(Vec<(Instant, Value)>);

impl Facts {
    pub(crate) fn push(&mut self, kind: &str, subject: &str, at: Instant, recorded: Instant, body: Value) {
        let mut fact = json!({ "kind": kind, "at": time(at), "recorded_at": time(recorded), "body": body });
        if !subject.is_empty() {
            fact["subject"] = json!(subject);
        }
        self.0.push((recorded, fact));
    }
    pub(crate) fn start(&mut self, subject: &str, at: Instant) {
        self.push("outage.start", subject, at, at, json!({ "system": "s" }));
    }
    pub(crate) fn end(&mut self, subject: &str, at: Instant) {
        self.push("outage.end", subject, at, at, json!({}));
    }
    pub(crate) fn window(&mut self, subject: &str, recorded: Instant, start: Instant, end: Instant) {
        let body = json!({ "start": time(start), "end": time(end) });
        self.push("maintenance.approve", subject, recorded, recorded, body);
    }
    pub(crate) fn gap(&mut self, start: Instant, end: Instant) {
        self.push("watch.gap", "", end, end, json!({ "start": time(start), "end": time(end) }));
    }
    pub(crate) fn lines(mut self) -> Vec<String> {
        self.0.sort_by_key(|f| f.0);
        self.0.into_iter().map(|f| f.1.to_string()).collect()
    }
}

pub(crate) fn at(contract: &Arc<Contract>, lines: &[String], as_of: Instant) -> Assessment {
    known(contract, lines, as_of, as_of)
}

pub(crate) fn known(
    contract: &Arc<Contract>,
    lines: &[String],
    as_of: Instant,
    known_at: Instant,
) -> Assessment {
    assess(&account(contract, lines), Question { as_of, known_at, view: View::Agreed })
}

/// A percentage in ten-thousandths, as the peers print them.
pub(crate) fn percent(text: &Option<String>) -> Option<i64> {
    let (units, decimals) = text.as_ref()?.split_once('.').unwrap_or((text.as_ref()?, ""));
    let billionths: i64 = format!("{units}{decimals:0<9}").parse().unwrap();
    Some((billionths + 500) / 1000)
}

pub(crate) fn printed(v: &Value) -> Option<i64> {
    v.as_f64().map(|p| (p * 10_000.0).round() as i64)
}
