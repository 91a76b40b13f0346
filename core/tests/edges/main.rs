//! The microseconds at which a figure turns, each with the value that the accounting page gives. The case files are in
//! whole minutes; these are not.

mod clocks;
#[path = "../common/mod.rs"]
mod common;
mod duties;
mod outages;
mod remedies;

use common::model::Question;
use common::{account, assess, clause, contract};
use opsledger::assess::{Assessment, View};
use opsledger::time::{HOUR, Instant, parse_instant};

/// A day in UTC; facts of these tests are written as microseconds after its midnight.
pub(crate) const DAY: &str = "2026-03-02";

pub(crate) fn t(us: i64) -> Instant {
    parse_instant(&format!("{DAY}T00:00:00Z")).unwrap() + us
}

pub(crate) fn text(us: i64) -> String {
    opsledger::time::canonical_instant(t(us)).unwrap()
}

pub(crate) const LIMITS: &str = "[[clause]]\nid = \"long\"\nrule = \"outage-count\"\nat_least = \"1h\"\nmax = 0\n\
    [[clause]]\nid = \"short\"\nrule = \"outage-count\"\nbelow = \"1h\"\nmax = 0\n\
    [[clause]]\nid = \"downtime\"\nrule = \"downtime\"\nmax = \"10h\"\n";

pub(crate) fn text_of(accounting: &str, clauses: &str) -> String {
    format!(
        "format = 1\nid = \"edges\"\ntitle = \"edges\"\ntimezone = \"UTC\"\n\
         period = {{ start = \"{DAY}\", end = \"2026-03-31\" }}\n[accounting]\n{accounting}\n{clauses}"
    )
}

pub(crate) fn fact(kind: &str, subject: &str, at: i64, recorded: i64, body: &str) -> String {
    format!(
        "{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"{}\",\"recorded_at\":\"{}\",\"body\":{{{body}}}}}",
        text(at),
        text(recorded)
    )
}

pub(crate) fn outage(subject: &str, start: i64, end: i64) -> [String; 2] {
    [
        fact("outage.start", subject, start, start, "\"system\":\"portal\""),
        fact("outage.end", subject, end, end, ""),
    ]
}

pub(crate) fn window(recorded: i64, start: i64, end: i64) -> String {
    let body = format!("\"start\":\"{}\",\"end\":\"{}\"", text(start), text(end));
    fact("maintenance.approve", "M", recorded, recorded, &body)
}

/// The assessment at an instant of that day, with everything known.
pub(crate) fn at(contract_text: &str, lines: &[String], as_of: i64) -> Assessment {
    let known_at = t(as_of).max(t(20 * 24 * HOUR));
    let q = Question { as_of: t(as_of), known_at, view: View::Agreed };
    assess(&account(&contract(contract_text), lines), q)
}

pub(crate) fn broken(a: &Assessment, id: &str) -> Option<i64> {
    clause(a, id).breached_at.map(|s| s.at - t(0))
}

pub(crate) fn forecast(a: &Assessment, id: &str) -> Option<i64> {
    clause(a, id).forecast_breach_at.map(|s| s.at - t(0))
}
