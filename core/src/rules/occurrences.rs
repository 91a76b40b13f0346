//! Owed occurrences of a duty, judged from the facts that name or fall into their units. `recurring` is made of them, and the
//! rounds of `findings`.

use super::due::Dues;
use super::recurring::{Owed, Params};
use super::units::{Unit, covered, holding, units};
use super::{Cx, Finding, Setup, WaiverChange};
use crate::assess::Status;
use crate::books::Item;
use crate::books::tally::{Tally, Verdict};
use crate::contract::Where;
use crate::error::{Code, Error, Result};
use crate::facts::kinds::{self, Family};
use crate::time::{Instant, Interval, Micros, parse_duration};
use std::collections::{BTreeMap, BTreeSet};

/// What a fact does for a unit.
#[derive(Clone, Debug, PartialEq)]
struct Deed {
    /// The unit; none: it names one that is not owed, or falls into none.
    unit: Option<usize>,
    at: Instant,
    seq: u64,
    /// Which of the parts it lists.
    parts: Vec<usize>,
    /// What it names as its unit, where that is none.
    astray: Option<String>,
}

/// What is kept of a unit beside the verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Done {
    due: Option<Instant>,
    settled_at: Option<Instant>,
    missing: Vec<usize>,
}

/// The facts of a unit by (`at`, seq).
type Deeds = BTreeMap<(Instant, u64), Vec<usize>>;

/// See the module.
pub(crate) struct Occurrences {
    params: Params,
    /// How many satisfying facts complete a unit without parts.
    count: usize,
    family: Option<Family>,
    units: Vec<Unit>,
    dues: Vec<Result<Instant>>,
    by_unit: Vec<Deeds>,
    by_case: BTreeMap<u32, Vec<Deed>>,
    /// Facts that are known and not yet there.
    queue: BTreeSet<(Instant, u32)>,
    queued: BTreeMap<u32, Instant>,
    /// Facts that the clause selects, of any unit.
    selected: usize,
    /// Intervals of `during`, with the entries that state them.
    declared: BTreeMap<u32, Vec<(Interval, u64)>>,
    tally: Tally<Done>,
}

impl Occurrences {
    pub(crate) fn new(setup: &Setup<'_>, params: Params, count: usize) -> Occurrences {
        let contract = setup.contract;
        let holds = setup.clause.holds.unwrap_or(contract.period);
        let units = units(contract, params.every, params.units);
        let calendar = setup.tools.calendar(&params.calendar);
        let due = |unit: &Unit| -> Result<Instant> {
            let calendar = calendar.as_ref().map_err(|e| Error::new(e.code(), e.detail()))?;
            let dues = Dues { calendar, days: &setup.tools.days, zone: contract.zone };
            let due = dues.after_end(params.grace, unit.stretch.end)?;
            if params.roll { dues.rolled(due) } else { Ok(due) }
        };
        let dues = units.iter().map(due).collect();
        let mut tally = Tally::default();
        for (i, unit) in (0..).zip(&units) {
            if holds.contains(unit.stretch.start) {
                tally.set(i, Some(not_yet(unit.stretch.start)));
            }
        }
        Occurrences {
            family: kinds::find(&params.fact.kind).map(|k| k.family),
            count,
            by_unit: vec![Deeds::new(); units.len()],
            units,
            dues,
            by_case: BTreeMap::new(),
            queue: BTreeSet::new(),
            queued: BTreeMap::new(),
            selected: 0,
            declared: BTreeMap::new(),
            tally,
            params,
        }
    }

    pub(crate) fn tally(&self) -> &Tally<Done> {
        &self.tally
    }
    /// Units that have started and are owed.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (u32, &Verdict<Done>)> {
        self.tally.cases().filter(|(_, v)| v.status != Status::NotDue)
    }

    pub(crate) fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        let family = cx.books.subjects.case(case).family;
        if Some(family) == self.family {
            self.take(cx, case);
        }
        let during = self.params.during.as_ref().and_then(|k| kinds::find(&k.kind));
        if during.is_some_and(|k| k.family == family) {
            self.declare(cx, case);
        }
    }

    /// Takes in what the facts of a subject do.
    fn take(&mut self, cx: &Cx<'_>, case: u32) {
        let (deeds, next) = self.deeds(cx, case, None);
        self.requeue(case, next);
        let old = self.by_case.remove(&case).unwrap_or_default();
        if old == deeds {
            if !deeds.is_empty() {
                self.by_case.insert(case, deeds);
            }
            return;
        }
        let mut touched = BTreeSet::new();
        for deed in &old {
            if let Some(unit) = deed.unit {
                self.by_unit[unit].remove(&(deed.at, deed.seq));
                touched.insert(unit);
            }
        }
        for deed in &deeds {
            if let Some(unit) = deed.unit {
                self.by_unit[unit].insert((deed.at, deed.seq), deed.parts.clone());
                touched.insert(unit);
            }
        }
        let before = self.selected;
        self.selected = before + deeds.len() - old.len();
        if !deeds.is_empty() {
            self.by_case.insert(case, deeds);
        }
        if (before == 0) != (self.selected == 0) {
            touched.extend(0..self.units.len());
        }
        for unit in touched {
            self.judge(cx, unit);
        }
    }

    fn requeue(&mut self, case: u32, next: Option<Instant>) {
        let before = match next {
            Some(next) => self.queued.insert(case, next),
            None => self.queued.remove(&case),
        };
        if let Some(before) = before {
            self.queue.remove(&(before, case));
        }
        if let Some(next) = next {
            self.queue.insert((next, case));
        }
    }

    /// The facts of a subject that the clause selects, and the `at` of the next one that is not yet there.
    fn deeds(&self, cx: &Cx<'_>, case: u32, without: Option<u64>) -> (Vec<Deed>, Option<Instant>) {
        let (events, next) = cx.books.subjects.case(case).events(&cx.lens, cx.as_of, without);
        let selects = |item: &&Item| self.params.fact.takes(item) && holds_all(&self.params.conditions, item);
        let deeds = events.into_iter().filter(selects).map(|item| self.deed(item));
        (deeds.collect(), next)
    }

    /// What a fact does; one with a field above its limit does nothing.
    fn deed(&self, item: &Item) -> Deed {
        let (at, seq) = (item.at, item.seq);
        for (field, most) in &self.params.limits {
            let value = item.body.as_ref().and_then(|b| b.get(field));
            if value.is_some_and(|v| duration(v).is_none_or(|us| us > *most)) {
                return Deed { unit: None, at, seq, parts: Vec::new(), astray: None };
            }
        }
        let covers = item.text(&self.params.covers);
        let unit = match covers {
            Some(name) => covered(&self.units, self.params.every, name),
            None => holding(&self.units, item.at),
        };
        let astray = covers.filter(|_| unit.is_none()).map(str::to_owned);
        let listed = item.body.as_ref().and_then(|b| b.get("parts")?.as_array());
        let lists = |part: &String| listed.is_some_and(|l| l.iter().any(|p| p.as_str() == Some(part)));
        let parts = (0..).zip(&self.params.parts).filter(|(_, part)| lists(part)).map(|(i, _)| i).collect();
        Deed { unit, at, seq, parts, astray }
    }

    /// Takes in the intervals that a subject of `during` states.
    fn declare(&mut self, cx: &Cx<'_>, case: u32) {
        let (events, next) = cx.books.subjects.case(case).events(&cx.lens, cx.as_of, None);
        self.requeue(case, next);
        let Some(during) = &self.params.during else { return };
        let stated = events.iter().filter(|item| during.takes(item)).filter_map(|item| {
            let interval = Interval::new(item.instant("start")?, item.instant("end")?);
            (!interval.is_empty()).then_some((interval, item.seq))
        });
        let stated: Vec<_> = stated.collect();
        if self.declared.get(&case).map_or(&[][..], Vec::as_slice) != stated {
            self.declared.insert(case, stated);
            for unit in 0..self.units.len() {
                self.judge(cx, unit);
            }
        }
    }

    /// `during` leaves the unit owed.
    fn is_owed(&self, unit: usize) -> bool {
        let stretch = self.units[unit].stretch;
        let shares = |i: &Interval| !i.clip(stretch).is_empty();
        self.params.during.is_none() || self.declared.values().flatten().any(|(i, _)| shares(i))
    }

    fn judge(&mut self, cx: &Cx<'_>, unit: usize) {
        let holds = cx.holds.contains(self.units[unit].stretch.start);
        let verdict = (holds && self.is_owed(unit)).then(|| self.verdict(cx, unit, &self.by_unit[unit]));
        // As many units as days of a period at most.
        self.tally.set(u32::try_from(unit).unwrap_or(u32::MAX), verdict);
    }

    fn verdict(&self, cx: &Cx<'_>, unit: usize, deeds: &Deeds) -> Verdict<Done> {
        let stretch = self.units[unit].stretch;
        if cx.as_of < stretch.start {
            return not_yet(stretch.start);
        }
        let (settled_at, missing) = self.complete(deeds, stretch.end);
        let done = |due| Done { due, settled_at, missing: missing.clone() };
        let Ok(due) = self.dues[unit] else {
            let status =
                if settled_at.is_some_and(|t| t <= stretch.end) { Status::Met } else { Status::NoEvidence };
            return Verdict {
                status,
                breached_at: None,
                forecast: None,
                valid_until: None,
                more: done(None),
            };
        };
        let more = done(Some(due));
        let plain = |status, valid_until| Verdict {
            status,
            breached_at: None,
            forecast: None,
            valid_until,
            more: more.clone(),
        };
        if settled_at.is_some_and(|t| t <= due) {
            return plain(Status::Met, None);
        }
        if cx.as_of > due {
            if self.selected == 0 {
                return plain(Status::NoEvidence, None);
            }
            let status = if cx.waives(&self.units[unit].name) { Status::Waived } else { Status::Breached };
            return Verdict { breached_at: Some(due), ..plain(status, None) };
        }
        let breaks = self.selected > 0 && !cx.waives(&self.units[unit].name);
        let (status, until) = if cx.as_of < stretch.end {
            (Status::Running, stretch.end.min(due + 1))
        } else {
            (Status::AtRisk, due + 1)
        };
        Verdict { forecast: breaks.then_some(due), ..plain(status, Some(until)) }
    }

    /// When the facts of a unit completed it, and the parts that none of them lists.
    fn complete(&self, deeds: &Deeds, end: Instant) -> (Option<Instant>, Vec<usize>) {
        let parts = self.params.parts.len();
        let mut missing: BTreeSet<usize> = (0..parts).collect();
        let mut left = self.count;
        let mut settled = None;
        for ((at, _), listed) in deeds {
            if !self.params.curable && *at >= end {
                break;
            }
            for part in listed {
                missing.remove(part);
            }
            left = left.saturating_sub(1);
            if missing.is_empty() && (left == 0 || parts > 0) {
                settled = Some(*at);
                break;
            }
        }
        (settled, missing.into_iter().collect())
    }

    pub(crate) fn advance(&mut self, cx: &Cx<'_>) {
        while let Some((_, case)) = self.queue.first().filter(|(t, _)| *t <= cx.as_of).copied() {
            self.touch(cx, case);
        }
        while let Some(unit) = self.tally.due(cx.as_of) {
            self.judge(cx, unit as usize);
        }
    }

    pub(crate) fn waive(&mut self, cx: &Cx<'_>, change: &WaiverChange) {
        for unit in 0..self.units.len() {
            if change.all || change.cases.contains(&self.units[unit].name) {
                self.judge(cx, unit);
            }
        }
    }

    pub(crate) fn owed(&self, cx: &Cx<'_>) -> Vec<Owed> {
        let owed = |(i, v): (u32, &Verdict<Done>)| {
            let unit = &self.units[i as usize];
            let parts = v.more.missing.iter().map(|p| self.params.parts[*p].clone());
            Some(Owed {
                unit: unit.name.clone(),
                start: cx.stamp(Some(unit.stretch.start))?,
                end: cx.stamp(Some(unit.stretch.end))?,
                due: cx.stamp(v.more.due),
                status: v.status,
                settled_at: cx.stamp(v.more.settled_at),
                missing_parts: parts.collect(),
            })
        };
        self.judged().filter_map(owed).collect()
    }

    pub(crate) fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        let judged: BTreeSet<usize> = self.judged().map(|(i, _)| i as usize).collect();
        let deeds = judged.iter().flat_map(|i| self.by_unit[*i].keys().map(|(_, seq)| *seq));
        let declared =
            self.declared.values().flatten().filter(|(i, _)| i.start <= cx.as_of).map(|(_, seq)| *seq);
        deeds.chain(declared).collect()
    }

    pub(crate) fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        for (case, deeds) in &self.by_case {
            let subject = cx.books.subjects.subject(*case);
            for deed in deeds {
                if let Some(name) = &deed.astray {
                    let detail = format!("{} = {name:?}", self.params.covers);
                    found.push(Finding::new(Some(deed.seq), Code::UnknownUnit, subject, &detail));
                }
            }
        }
        for (i, _) in self.judged() {
            if let Err(e) = &self.dues[i as usize] {
                found.push(Finding::new(None, e.code(), &cx.clause.id, e.detail()));
            }
        }
        found
    }

    /// Without entry `seq` a unit would break that does not, or earlier.
    pub(crate) fn lowers(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        let deed = self.by_case.get(&case).and_then(|deeds| deeds.iter().find(|d| d.seq == seq));
        let Some((deed, unit)) = deed.and_then(|d| Some((d, d.unit?))) else { return false };
        let Some(with) = u32::try_from(unit).ok().and_then(|i| self.tally.get(i)) else { return false };
        let mut rest = self.by_unit[unit].clone();
        rest.remove(&(deed.at, deed.seq));
        with.breached_at.is_none() && self.verdict(cx, unit, &rest).breached_at.is_some()
    }
}

fn not_yet(start: Instant) -> Verdict<Done> {
    let more = Done::default();
    Verdict { status: Status::NotDue, breached_at: None, forecast: None, valid_until: Some(start), more }
}

/// A duration as facts write it.
fn duration(value: &serde_json::Value) -> Option<Micros> {
    parse_duration(value.as_str()?).ok()
}

fn holds_all(conditions: &Where, item: &Item) -> bool {
    super::deadline::takes(conditions, |field| item.body.as_ref()?.get(field).cloned())
}
