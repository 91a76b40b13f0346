//! Who was watched when: from start to stop minus gaps and what follows a missed hourly `seen`.

use super::cells::minus;
use super::record::Record;
use opsledger::facts::Entry;
use opsledger::time::{HOUR, Instant, Interval};
use std::collections::BTreeSet;

/// Stated gaps, and what follows a missed `seen`, of any system of the scope (empty: all systems).
pub(crate) fn unknown(record: &Record, systems: &[String]) -> Vec<Interval> {
    names(record, systems).iter().flat_map(|s| of_system(record, s).1).collect()
}

/// True when the scope was watched for some time of `within`: some system of it was, and none was unknown.
pub(crate) fn watched(record: &Record, systems: &[String], within: Interval) -> bool {
    let started: Vec<Interval> = names(record, systems).iter().flat_map(|s| of_system(record, s).0).collect();
    minus(&started, &unknown(record, systems)).iter().any(|i| !i.clip(within).is_empty())
}

/// Every system that any fact names, and one for all that none does.
fn names(record: &Record, systems: &[String]) -> Vec<String> {
    if !systems.is_empty() {
        return systems.to_vec();
    }
    let mut all = BTreeSet::from([String::new()]);
    for e in record.facts() {
        all.extend(e.fact.text("system").map(str::to_owned));
        all.extend(listed(e).unwrap_or_default());
    }
    all.into_iter().collect()
}

fn listed(e: &Entry) -> Option<Vec<String>> {
    let list = e.fact.body.get("systems")?.as_array()?;
    Some(list.iter().filter_map(|s| s.as_str()).map(str::to_owned).collect())
}

/// (from start to stop, unknown) of one system.
fn of_system(record: &Record, system: &str) -> (Vec<Interval>, Vec<Interval>) {
    let as_of = record.q.as_of;
    let (mut started, mut unknown) = (Vec::new(), Vec::new());
    let mut since: Option<Instant> = None;
    let mut sign = 0;
    let mut miss = |sign: Instant, now: Instant| {
        if now > sign + HOUR {
            unknown.push(Interval::new(sign + HOUR, now));
        }
    };
    let mut gaps = Vec::new();
    for e in record.facts() {
        if listed(e).is_some_and(|list| !list.iter().any(|s| s == system)) {
            continue;
        }
        let at = e.fact.at;
        match e.fact.kind.name {
            "watch.start" | "watch.seen" => {
                if since.is_some() {
                    miss(sign, at);
                } else if e.fact.kind.name == "watch.start" {
                    since = Some(at);
                }
                sign = at;
            }
            "watch.stop" => {
                if let Some(start) = since.take() {
                    miss(sign, at);
                    started.push(Interval::new(start, at));
                }
            }
            "watch.gap" => {
                if let (Some(start), Some(end)) = (e.fact.instant("start"), e.fact.instant("end")) {
                    gaps.push(Interval::new(start, end.min(as_of)));
                }
            }
            _ => {}
        }
    }
    if let Some(start) = since {
        miss(sign, as_of);
        started.push(Interval::new(start, as_of));
    }
    unknown.extend(gaps);
    unknown.retain(|i| !i.is_empty());
    started.retain(|i| !i.is_empty());
    (started, unknown)
}
