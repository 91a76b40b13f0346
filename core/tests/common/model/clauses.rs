//! Verdicts, clause by clause.

use super::cells::{beyond, clip, measure, reached};
use super::clocks;
use super::episodes::{self, Episode, Scope};
use super::figures;
use super::record::Record;
use super::sequence;
use super::watch;
use super::{Verdict, less_than_fraction};
use opsledger::assess::Status;
use opsledger::calendar::{Date, Zone};
use opsledger::contract::{Clause, Contract};
use opsledger::rules::outage_count::Threshold;
use opsledger::rules::{OutageScope, Per, RuleParams, streak};
use opsledger::time::{Instant, Interval, Micros};

pub(crate) fn verdicts(record: &Record) -> Vec<Verdict> {
    record.contract.clauses.iter().map(|c| verdict(record, c)).collect()
}

fn verdict(record: &Record, clause: &Clause) -> Verdict {
    match &clause.rule {
        RuleParams::OutageCount(p) => outage_count(record, clause, &p.scope, p.threshold, p.max),
        RuleParams::Downtime(p) => downtime(record, clause, &p.scope, p.max),
        RuleParams::Deadline(p) => deadline(clause, clocks::cases(record, clause, p)),
        RuleParams::Streak(p) => streak(record, clause, p),
        _ => Verdict { status: Status::NoEvidence, ..empty(clause) },
    }
}

fn empty(clause: &Clause) -> Verdict {
    Verdict {
        id: clause.id.clone(),
        status: Status::NotDue,
        value: None,
        limit: None,
        breaches: None,
        breached_at: None,
        forecast: None,
        cases: Vec::new(),
        elements: Vec::new(),
    }
}

/// Units of the years that the tests are set in: calendar units clipped to the period (to `holds`, where the clause has it).
pub(crate) fn units(contract: &Contract, clause: &Clause, per: Per) -> Vec<Interval> {
    let base = clause.holds.unwrap_or(contract.period);
    let months = match per {
        Per::Period => return vec![base],
        Per::Month => 1,
        Per::Quarter => 3,
        Per::Year => 12,
    };
    let zone: Zone = contract.zone;
    let mut found = Vec::new();
    for year in 2025..2028 {
        for month in (1..=12).step_by(months) {
            let first = Date::from_ymd_opt(year, month, 1);
            let next = first.and_then(|d| d.checked_add_months(chrono::Months::new(months as u32)));
            let (Some(first), Some(next)) = (first, next) else { continue };
            let unit = Interval::new(zone.midnight(first), zone.midnight(next)).clip(base);
            if !unit.is_empty() {
                found.push(unit);
            }
        }
    }
    found
}

/// Instants in order, each with the case it belongs to, of which those after the first `max` are breaches.
struct Count<'e> {
    past: Vec<(Instant, &'e Episode)>,
    coming: Vec<(Instant, &'e Episode)>,
}

fn outage_count(
    record: &Record,
    clause: &Clause,
    p: &OutageScope,
    threshold: Threshold,
    max: i64,
) -> Verdict {
    let hours =
        p.calendar.as_ref().map(|id| record.contract.hours(id, record.q.known_at).expect("a calendar"));
    let scope = Scope { systems: &p.systems, hours };
    let episodes = episodes::episodes(record, &scope);
    let units = units(record.contract, clause, p.per);
    let mut breaches = Vec::new();
    let mut waived = false;
    let mut forecasts = Vec::new();
    let mut counts = Vec::new();
    for unit in &units {
        let count = count(record, &scope, &episodes, threshold, *unit);
        counts.push(count.past.len() as i64);
        for (i, (at, episode)) in count.past.iter().chain(&count.coming).enumerate() {
            if (i as i64) < max {
                continue;
            }
            if record.waived(clause, Some(&episode.members[0].subject)) {
                waived |= i < count.past.len();
            } else if i < count.past.len() {
                breaches.push(*at);
            } else {
                forecasts.push(*at);
            }
        }
    }
    let breached_at = breaches.iter().min().copied();
    let forecast = if breached_at.is_some() { None } else { forecasts.iter().min().copied() };
    let status = outage_status(record, &scope, p, clause, breached_at.is_some(), forecast.is_some(), waived);
    Verdict {
        status,
        value: (p.per == Per::Period).then(|| counts[0]),
        limit: Some(max),
        breaches: Some(breaches.len() as i64),
        breached_at,
        forecast,
        ..empty(clause)
    }
}

fn count<'e>(
    record: &Record,
    scope: &Scope,
    episodes: &'e [Episode],
    threshold: Threshold,
    unit: Interval,
) -> Count<'e> {
    let gap = record.contract.accounting.merge_gap;
    let mut count = Count { past: Vec::new(), coming: Vec::new() };
    for e in episodes {
        let counted = e.first_down().is_some_and(|t| unit.contains(t));
        match threshold {
            Threshold::AtLeast(from) => {
                if let Some(t) = reached(&e.down, from).filter(|_| counted) {
                    count.past.push((t, e));
                } else if let Some((t, cells)) = e.becomes_long(record, scope, from)
                    && unit.contains(cells[0].start)
                {
                    count.coming.push((t, e));
                }
            }
            Threshold::Below(below) => {
                let closes = e.end + gap;
                let is_short = counted && e.downtime() < below;
                if is_short && !e.open {
                    count.past.push((closes, e));
                } else if is_short && e.members.iter().all(|o| o.end.is_some()) {
                    // Nothing of it is open: it closes unless an outage joins it.
                    count.coming.push((closes, e));
                }
            }
        }
    }
    count.past.sort_by_key(|x| x.0);
    count.coming.sort_by_key(|x| x.0);
    count
}

fn outage_status(
    record: &Record,
    scope: &Scope,
    p: &OutageScope,
    clause: &Clause,
    breached: bool,
    at_risk: bool,
    waived: bool,
) -> Status {
    let base = clause.holds.unwrap_or(record.contract.period);
    let elapsed = figures::elapsed(record, base);
    let watched = record.contract.accounting.assume_watched || watch::watched(record, scope.systems, elapsed);
    let none_known = episodes::in_scope(record, scope).is_empty();
    let unknown = figures::split(record, scope, elapsed).unknown;
    if breached {
        Status::Breached
    } else if (!watched && none_known) || p.max_unknown.is_some_and(|max| unknown > max) {
        Status::NoEvidence
    } else if at_risk {
        Status::AtRisk
    } else if waived {
        Status::Waived
    } else {
        Status::Met
    }
}

fn downtime(record: &Record, clause: &Clause, p: &OutageScope, max: Micros) -> Verdict {
    let hours =
        p.calendar.as_ref().map(|id| record.contract.hours(id, record.q.known_at).expect("a calendar"));
    let scope = Scope { systems: &p.systems, hours };
    let episodes = episodes::episodes(record, &scope);
    let units = units(record.contract, clause, p.per);
    let (mut breaches, mut forecasts, mut totals) = (Vec::new(), Vec::new(), Vec::new());
    let (mut little_left, mut any_waived) = (false, false);
    for unit in &units {
        let so_far: Vec<_> = episodes.iter().map(|e| (e, clip(&e.down, *unit))).collect();
        let horizon = unit.end.max(record.q.as_of);
        let continued = |e: &Episode| e.continued(record, &scope, horizon).unwrap_or_else(|| e.down.clone());
        let to_come: Vec<_> = episodes.iter().map(|e| (e, clip(&continued(e), *unit))).collect();
        let total: Micros = so_far.iter().map(|(_, cells)| measure(cells)).sum();
        totals.push(total);
        // The case is named by the episode in which the limit breaks.
        let breach = |cells: &[(&Episode, Vec<Interval>)]| {
            let at = beyond(&cells.iter().flat_map(|(_, c)| c.clone()).collect::<Vec<_>>(), max)?;
            let (e, _) = cells.iter().find(|(_, cells)| cells.iter().any(|c| c.contains(at)))?;
            Some((at, record.waived(clause, Some(&e.members[0].subject))))
        };
        match (breach(&so_far), breach(&to_come)) {
            (Some((_, true)), _) => any_waived = true,
            (Some((at, false)), _) => breaches.push(at),
            (None, Some((at, false))) => forecasts.push(at),
            _ => {}
        }
        little_left |=
            total <= max && less_than_fraction(max - total, record.contract, clause.warn_fraction, max);
    }
    let breached_at = breaches.iter().min().copied();
    let forecast = forecasts.iter().min().copied().filter(|_| breached_at.is_none());
    let at_risk = forecast.is_some() || little_left;
    let status = outage_status(record, &scope, p, clause, breached_at.is_some(), at_risk, any_waived);
    Verdict {
        status,
        value: (p.per == Per::Period).then(|| totals[0]),
        limit: Some(max),
        breaches: Some(breaches.len() as i64),
        breached_at,
        forecast,
        ..empty(clause)
    }
}

fn deadline(clause: &Clause, cases: Vec<clocks::Case>) -> Verdict {
    let any = |s: Status| cases.iter().any(|c| c.status == s);
    let status = [Status::Breached, Status::NoEvidence, Status::AtRisk, Status::Waived, Status::Met]
        .into_iter()
        .find(|s| any(*s))
        .unwrap_or(Status::NotDue);
    let broken = || cases.iter().filter(|c| c.status == Status::Breached);
    let breached_at = broken().filter_map(|c| c.breached_at).min();
    let coming = cases.iter().filter_map(|c| c.coming).min();
    Verdict {
        status,
        breaches: Some(broken().count() as i64),
        breached_at,
        forecast: if breached_at.is_some() { None } else { coming },
        cases,
        ..empty(clause)
    }
}

fn streak(record: &Record, clause: &Clause, p: &streak::Params) -> Verdict {
    let of = record.contract.clauses.iter().find(|c| c.id == p.of).expect("of names a clause");
    let RuleParams::Deadline(deadline) = &of.rule else { unreachable!("of names a deadline") };
    let cases = clocks::cases(record, of, deadline);
    let elements = sequence::elements(record, clause, p, &cases);
    let first = |list: &[sequence::Element]| list.iter().find(|e| e.run >= p.length).map(|e| e.at);
    let value = elements.last().map_or(0, |e| e.run);
    let reached = first(&elements);
    let waived = record.waived(clause, None);
    let breached_at = reached.filter(|_| !waived);
    let forecast = first(&sequence::elements_to_come(record, clause, p, &cases))
        .filter(|_| reached.is_none() && !waived);
    let status = if breached_at.is_some() {
        Status::Breached
    } else if waived && reached.is_some() {
        Status::Waived
    } else if elements.is_empty() {
        Status::NotDue
    } else if value == p.length - 1 {
        Status::AtRisk
    } else {
        Status::Met
    };
    Verdict {
        status,
        value: Some(value),
        limit: Some(p.length),
        breaches: Some(i64::from(breached_at.is_some())),
        breached_at,
        forecast,
        elements,
        ..empty(clause)
    }
}
