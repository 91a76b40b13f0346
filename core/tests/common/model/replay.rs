//! One clock, replayed fact by fact in (`at`, seq) order for a given limit.

use super::clocks::{is_kind, names_kind};
use super::record::Record;
use opsledger::calendar::{Calendar, Days};
use opsledger::contract::Limit;
use opsledger::facts::Entry;
use opsledger::facts::kinds::Family;
use opsledger::rules::deadline;
use opsledger::time::{Instant, Micros};
use std::collections::BTreeSet;

/// A limit while a clock is replayed.
pub(super) struct Setting<'r> {
    pub(super) record: &'r Record<'r>,
    pub(super) p: &'r deadline::Params,
    pub(super) hours: &'r Calendar,
    pub(super) limit: Limit,
    /// A raised severity is never due before this.
    pub(super) floor: Instant,
}

/// How a clock stands after its facts.
pub(super) struct Run {
    pub(super) settled_at: Option<Instant>,
    pub(super) breached_at: Option<Instant>,
    pub(super) paused: bool,
    /// While it runs.
    pub(super) due: Option<Instant>,
    pub(super) remaining: Option<Micros>,
    pub(super) marks: Vec<(Instant, bool)>,
}

fn has(e: &Entry, field: &str) -> bool {
    e.fact.body.get(field).is_some_and(|v| v.as_str() != Some(""))
}

/// A `to` of another family belongs to the case that its body names.
fn belongs(e: &Entry, family: Family, subject: &str) -> bool {
    if e.fact.kind.family == family {
        return e.fact.subject == subject;
    }
    let field = match family {
        Family::Incident => "incident",
        Family::Change => "change",
        _ => return false,
    };
    e.fact.text(field) == Some(subject)
}

/// The clock, one fact after the other.
struct Clock<'s> {
    s: &'s Setting<'s>,
    start: Instant,
    /// Used up to `mark`.
    spent: Micros,
    mark: Instant,
    stopped: bool,
    paused_by: BTreeSet<String>,
    breached_at: Option<Instant>,
    settled_at: Option<Instant>,
    marks: Vec<(Instant, bool)>,
}

impl Clock<'_> {
    fn runs(&self) -> bool {
        !self.stopped && self.paused_by.is_empty()
    }
    /// The due instant while it runs.
    fn due(&self) -> opsledger::Result<Option<Instant>> {
        if !self.runs() {
            return Ok(None);
        }
        let zone = self.s.record.contract.zone;
        let due = match self.s.limit {
            Limit::Elapsed(limit) => self.s.hours.add(self.mark, (limit - self.spent).max(0))?,
            Limit::Months(n) => zone.add_months(self.start, n)?,
            Limit::Workdays(n) => {
                let contract = self.s.record.contract;
                let days = Days::new(contract.holidays.as_deref(), &contract.days, self.s.record.q.known_at)?;
                let day = days.add_workdays(zone.date(self.start), n)?;
                zone.midnight(day.succ_opt().expect("a date has a next one"))
            }
        };
        Ok(Some(due.max(self.s.floor)))
    }
    /// Time goes on to `now`: it breaks when the due instant lies before.
    fn pass(&mut self, now: Instant) -> opsledger::Result<()> {
        if self.breached_at.is_none()
            && let Some(due) = self.due()?
            && due < now
        {
            self.breached_at = Some(due);
            self.marks.push((due, true));
        }
        Ok(())
    }
    fn used(&self, now: Instant) -> opsledger::Result<Micros> {
        Ok(self.spent + if self.runs() { self.s.hours.between(self.mark, now)? } else { 0 })
    }
    fn counts_pauses(&self) -> bool {
        self.s.p.pausable && matches!(self.s.limit, Limit::Elapsed(_))
    }
    fn step(&mut self, e: &Entry) -> opsledger::Result<()> {
        let at = e.fact.at;
        let party = e.fact.text("party");
        match e.fact.kind.name {
            _ if is_kind(&self.s.p.to, e) => {
                let complete = self.s.p.needs.iter().all(|f| has(e, f));
                let auto = e.fact.body.get("auto").and_then(|v| v.as_bool()) == Some(true);
                if !self.stopped && complete && !auto {
                    self.spent = self.used(at)?;
                    self.stopped = true;
                    self.paused_by.clear();
                    self.settled_at = Some(at);
                    if self.breached_at.is_none() {
                        self.marks.push((at, false));
                    }
                }
            }
            // A breached clock has one breach: reopening adds nothing.
            "incident.reopen"
                if names_kind(&self.s.p.to, &["incident.repair", "incident.restore"])
                    && self.stopped
                    && self.breached_at.is_none() =>
            {
                self.stopped = false;
                self.mark = at;
                self.settled_at = None;
            }
            "incident.pause" if self.counts_pauses() && !self.stopped => {
                let party = party.unwrap_or_default();
                let accounting = &self.s.record.contract.accounting;
                let in_time = self.breached_at.is_none() && self.due()?.is_none_or(|due| e.recorded_at < due);
                if accounting.pause_parties.iter().any(|p| p == party)
                    && (in_time || self.s.record.confirmed(e))
                {
                    self.spent = self.used(at)?;
                    self.mark = at;
                    self.paused_by.insert(party.to_owned());
                }
            }
            "incident.resume" if self.counts_pauses() && !self.stopped && !self.paused_by.is_empty() => {
                match party {
                    Some(p) => self.paused_by.retain(|q| q != p),
                    None => self.paused_by.clear(),
                }
                if self.paused_by.is_empty() {
                    self.mark = at;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

pub(super) fn replay(s: &Setting, from: &Entry) -> opsledger::Result<Run> {
    let start = from.fact.at;
    let mut clock = Clock {
        s,
        start,
        spent: 0,
        mark: start,
        stopped: false,
        paused_by: BTreeSet::new(),
        breached_at: None,
        settled_at: None,
        marks: Vec::new(),
    };
    let as_of = s.record.q.as_of;
    // Corrections that are known but lie ahead of `as_of` are no time that has passed.
    for e in s.record.facts().into_iter().filter(|e| e.fact.at <= as_of) {
        let after = (e.fact.at, e.seq) > (start, from.seq);
        if after && belongs(e, from.fact.kind.family, &from.fact.subject) {
            clock.pass(e.fact.at)?;
            clock.step(e)?;
        }
    }
    clock.pass(as_of)?;
    let due = clock.due()?;
    let remaining = match s.limit {
        // Due at the recording of a raised severity: what is left is the time to then.
        Limit::Elapsed(_) if due == Some(s.floor) => Some(s.hours.between(as_of, s.floor)?),
        Limit::Elapsed(limit) if !clock.stopped => Some((limit - clock.used(as_of)?).max(0)),
        _ => None,
    };
    Ok(Run {
        settled_at: clock.settled_at,
        breached_at: clock.breached_at,
        paused: !clock.paused_by.is_empty(),
        due,
        remaining,
        marks: clock.marks,
    })
}
