//! Outages as corrected, and what is taken from them.

use super::record::Record;
use opsledger::facts::Entry;
use opsledger::time::{Instant, Interval};

/// An outage that is present, as corrected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outage {
    pub(crate) subject: String,
    pub(crate) system: String,
    pub(crate) start: Instant,
    /// None while open.
    pub(crate) end: Option<Instant>,
    pub(crate) impact: String,
    pub(crate) attribution: String,
    pub(crate) cause: Option<String>,
    pub(crate) entry: u64,
    pub(crate) counts: bool,
}

/// Time that is taken from outages: a planned window or an exclusion.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) time: Interval,
    /// A window takes only from outages that start at or after its recording; an exclusion from any.
    pub(crate) recorded_at: Option<Instant>,
    pub(crate) systems: Option<Vec<String>>,
    pub(crate) subject: String,
}

/// Every present outage, counted or not, by start, then entry.
pub(crate) fn outages(record: &Record) -> Vec<Outage> {
    let facts = record.in_view();
    let mut found = Vec::new();
    for e in facts.iter().filter(|e| e.fact.kind.name == "outage.start") {
        if !record.corrections("outage.void", &e.fact.subject).is_empty() {
            continue;
        }
        let outage = corrected(record, e, &facts);
        if outage.start <= record.q.as_of && outage.end.is_none_or(|end| end > outage.start) {
            found.push(outage);
        }
    }
    found.sort_by_key(|o| (o.start, o.entry));
    found
}

/// The outage after its corrections, field by field. A lowering is measured against what held before it: the stated value
/// and the earlier corrections that count; an outage that is open has the latest end of all.
fn corrected(record: &Record, e: &Entry, facts: &[&Entry]) -> Outage {
    let accounting = &record.contract.accounting;
    let counted_impact = |impact: &str| accounting.counted_impacts.iter().any(|i| i == impact);
    let mut start = e.fact.at;
    let mut end = facts
        .iter()
        .find(|f| f.fact.kind.name == "outage.end" && f.fact.subject == e.fact.subject && record.there(f))
        .map(|f| f.fact.at);
    let mut impact = e.fact.text("impact").unwrap_or("down").to_owned();
    let mut attribution = record.attribution(e).unwrap_or("supplier").to_owned();
    for a in record.corrections("outage.amend", &e.fact.subject) {
        let withheld = record.withheld_lowering(a);
        if let Some(s) = a.fact.instant("start")
            && !(withheld && s > start)
        {
            start = s;
        }
        if let Some(t) = a.fact.instant("end")
            && !(withheld && end.is_none_or(|end| t < end))
        {
            end = Some(t);
        }
        if let Some(i) = a.fact.text("impact")
            && !(withheld && counted_impact(&impact) && !counted_impact(i))
        {
            impact = i.to_owned();
        }
        if let Some(who) = record.attribution(a) {
            attribution = who.to_owned();
        }
    }
    let counts = counted_impact(&impact) && !accounting.excluded_attributions.contains(&attribution);
    Outage {
        subject: e.fact.subject.clone(),
        system: e.fact.text("system").unwrap_or_default().to_owned(),
        start,
        end: end.filter(|end| *end <= record.q.as_of),
        impact,
        attribution,
        cause: e.fact.text("cause").map(str::to_owned),
        entry: e.seq,
        counts,
    }
}

/// Planned windows: recorded in time, and shortened by their cancellation.
pub(crate) fn windows(record: &Record) -> Vec<Taken> {
    let facts = record.facts();
    let mut found = Vec::new();
    for e in facts.iter().filter(|e| e.fact.kind.name == "maintenance.approve") {
        let (Some(start), Some(end)) = (e.fact.instant("start"), e.fact.instant("end")) else { continue };
        if e.recorded_at + record.contract.accounting.maintenance_notice > start {
            continue;
        }
        let cancelled = facts
            .iter()
            .find(|c| c.fact.kind.name == "maintenance.cancel" && c.fact.subject == e.fact.subject)
            .map(|c| c.fact.at.max(c.recorded_at));
        found.push(Taken {
            time: Interval::new(start, end.min(cancelled.unwrap_or(end))),
            recorded_at: Some(e.recorded_at),
            systems: e
                .fact
                .body
                .get("systems")
                .and_then(|v| v.as_array())
                .map(|list| list.iter().filter_map(|s| s.as_str()).map(str::to_owned).collect()),
            subject: e.fact.subject.clone(),
        });
    }
    found
}

/// Approved exclusions that were not withdrawn.
pub(crate) fn exclusions(record: &Record) -> Vec<Taken> {
    let mut found = Vec::new();
    for e in record.facts().iter().filter(|e| e.fact.kind.name == "exclusion.approve") {
        let (Some(start), Some(end)) = (e.fact.instant("start"), e.fact.instant("end")) else { continue };
        if record.corrections("exclusion.void", &e.fact.subject).is_empty() {
            let time = Interval::new(start, end);
            found.push(Taken { time, recorded_at: None, systems: None, subject: e.fact.subject.clone() });
        }
    }
    found
}

pub(super) fn takes(t: &Taken, o: &Outage) -> bool {
    t.recorded_at.is_none_or(|r| o.start >= r) && t.systems.as_ref().is_none_or(|s| s.contains(&o.system))
}

pub(crate) fn taken(record: &Record) -> Vec<Taken> {
    windows(record).into_iter().chain(exclusions(record)).collect()
}
