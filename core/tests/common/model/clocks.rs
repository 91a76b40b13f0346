//! Clocks of a `deadline` clause, replayed fact by fact in (`at`, seq) order, and the sequence of a `streak`.

use super::less_than_fraction;
use super::record::Record;
use opsledger::assess::Status;
use opsledger::calendar::{Calendar, Days};
use opsledger::contract::{Clause, KindFilter, Limit, Where, Within};
use opsledger::facts::Entry;
use opsledger::facts::kinds::Family;
use opsledger::rules::{deadline, streak};
use opsledger::time::{DAY, Instant, Interval, Micros};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) subject: String,
    pub(crate) status: Status,
    /// Not compared for a clock that stopped in time or has no schedule.
    pub(crate) due: Option<Instant>,
    pub(crate) settled_at: Option<Instant>,
    pub(crate) breached_at: Option<Instant>,
    pub(crate) remaining: Option<Micros>,
    /// On-time stops and the breach, in order: (instant, late).
    pub(crate) marks: Vec<(Instant, bool)>,
    /// The due instant to come if nothing more is recorded.
    pub(crate) coming: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Element {
    pub(crate) subject: String,
    pub(crate) at: Instant,
    pub(crate) late: bool,
    pub(crate) run: i64,
}

fn fits(conditions: &Where, body: &serde_json::Map<String, serde_json::Value>) -> bool {
    conditions.iter().all(|(field, values)| body.get(field).is_some_and(|v| values.contains(v)))
}

fn is_kind(filters: &[KindFilter], e: &Entry) -> bool {
    filters.iter().any(|f| f.kind == e.fact.kind_name() && fits(&f.conditions, &e.fact.body))
}

fn names_kind(filters: &[KindFilter], kinds: &[&str]) -> bool {
    filters.iter().any(|f| kinds.contains(&f.kind.as_str()))
}

/// Every clock of the clause, by subject.
pub(crate) fn cases(record: &Record, clause: &Clause, p: &deadline::Params) -> Vec<Case> {
    let holds = clause.holds.unwrap_or(record.contract.period);
    let facts = record.facts();
    let hours = record.contract.hours(&p.calendar, record.q.known_at).expect("a calendar");
    let mut subjects: BTreeSet<(Family, &str)> = BTreeSet::new();
    for e in &facts {
        if is_kind(&p.from, e) {
            subjects.insert((e.fact.kind.family, &e.fact.subject));
        }
    }
    let mut found = Vec::new();
    for (family, subject) in subjects {
        let from = facts
            .iter()
            .find(|e| e.fact.kind.family == family && e.fact.subject == subject && is_kind(&p.from, e))
            .expect("it was just seen");
        if !holds.contains(from.fact.at) {
            continue;
        }
        let incident = Incident::new(record, family, subject);
        let mut opening = incident.body.clone();
        if from.fact.kind.name != "incident.report" {
            opening.extend(from.fact.body.clone());
        }
        // Duplicates keep their own response clock; the other clocks run once, on the original.
        let not_judged = incident.withdrawn
            || (incident.duplicate && !names_kind(&p.to, &["incident.respond"]))
            || p.excluded_attributions.contains(&incident.attribution)
            || !fits(&p.conditions, &opening);
        if !not_judged {
            found.push(judge(record, clause, p, &hours, from, &opening));
        }
    }
    found
}

/// An incident as corrected, in the view.
pub(crate) struct Incident {
    pub(crate) body: serde_json::Map<String, serde_json::Value>,
    pub(crate) attribution: String,
    pub(crate) withdrawn: bool,
    pub(crate) duplicate: bool,
}

impl Incident {
    /// Severity is left out of the corrections: how it changes depends on the clock.
    pub(crate) fn new(record: &Record, family: Family, subject: &str) -> Incident {
        let facts = record.facts();
        let mut incident = Incident {
            body: serde_json::Map::new(),
            attribution: "supplier".to_owned(),
            withdrawn: false,
            duplicate: false,
        };
        if family != Family::Incident {
            return incident;
        }
        let report =
            facts.iter().find(|e| e.fact.kind.name == "incident.report" && e.fact.subject == subject);
        let amends = record.corrections("incident.amend", subject);
        for e in report.into_iter().chain(&amends) {
            let is_amend = e.fact.kind.name == "incident.amend";
            for (field, value) in &e.fact.body {
                let withheld = is_amend
                    && field == "affects_use"
                    && value.as_bool() == Some(false)
                    && record.withheld_lowering(e);
                if !(withheld || (is_amend && field == "severity")) {
                    incident.body.insert(field.clone(), value.clone());
                }
            }
            if let Some(who) = record.attribution(e) {
                incident.attribution = who.to_owned();
                incident.body.insert("attribution".to_owned(), who.into());
            }
        }
        incident.withdrawn = !record.corrections("incident.withdraw", subject).is_empty();
        incident.duplicate = !record.corrections("incident.duplicate", subject).is_empty();
        incident
    }
}

/// A limit while a clock is replayed.
struct Setting<'r> {
    record: &'r Record<'r>,
    p: &'r deadline::Params,
    hours: &'r Calendar,
    limit: Limit,
    /// A raised severity is never due before this.
    floor: Instant,
}

/// How a clock stands after its facts.
struct Run {
    settled_at: Option<Instant>,
    breached_at: Option<Instant>,
    paused: bool,
    /// While it runs.
    due: Option<Instant>,
    remaining: Option<Micros>,
    marks: Vec<(Instant, bool)>,
}

fn judge(
    record: &Record,
    clause: &Clause,
    p: &deadline::Params,
    hours: &Calendar,
    from: &Entry,
    opening: &serde_json::Map<String, serde_json::Value>,
) -> Case {
    let subject = from.fact.subject.clone();
    let waived = record.waived(clause, Some(&subject));
    let mut case = Case {
        subject,
        status: Status::NoEvidence,
        due: None,
        settled_at: None,
        breached_at: None,
        remaining: None,
        marks: Vec::new(),
        coming: None,
    };
    // A year without a schedule leaves this case without evidence, not the others.
    let Ok((run, limit)) = with_severity(record, p, hours, from, opening) else { return case };
    case.due = run.breached_at.or(run.due);
    case.settled_at = run.settled_at;
    case.breached_at = run.breached_at;
    case.marks = run.marks;
    let (left, whole) = match limit {
        Limit::Elapsed(whole) => (run.remaining, whole),
        _ => {
            let due = run.due.unwrap_or(from.fact.at);
            (run.due.map(|d| d - record.q.as_of), due - from.fact.at)
        }
    };
    case.remaining = left;
    case.status = if run.breached_at.is_some() {
        if waived { Status::Waived } else { Status::Breached }
    } else if run.settled_at.is_some() {
        Status::Met
    } else if run.paused {
        Status::Paused
    } else if less_than_fraction(left.unwrap_or_default(), record.contract, clause.warn_fraction, whole) {
        Status::AtRisk
    } else {
        Status::Running
    };
    // What is waived before it breaks will not break.
    if matches!(case.status, Status::AtRisk | Status::Running) && !waived {
        case.coming = run.due;
    }
    case
}

/// The limit that a severity gives; unknown or missing ones take the shortest.
fn limit_of(within: &Within, value: Option<&str>) -> Limit {
    match within {
        Within::One(limit) => *limit,
        Within::By(table) => value
            .and_then(|v| table.get(v))
            .or_else(|| table.values().min_by_key(|l| length(**l)))
            .copied()
            .expect("a table of limits is not empty"),
    }
}

fn length(limit: Limit) -> i64 {
    match limit {
        Limit::Elapsed(us) => us,
        Limit::Workdays(n) => i64::from(n) * DAY,
        Limit::Months(n) => i64::from(n) * 28 * DAY,
    }
}

/// Replays the clock for the stated severity, then for each correction of it in the order in which they hold.
/// Lowered (a longer limit) after the due instant: no effect without confirmation. Raised: replayed, but never due before
/// it was recorded, also when it is lowered again in part, and what was due before that stays due.
fn with_severity(
    record: &Record,
    p: &deadline::Params,
    hours: &Calendar,
    from: &Entry,
    opening: &serde_json::Map<String, serde_json::Value>,
) -> opsledger::Result<(Run, Limit)> {
    let stated = opening.get(&p.by).and_then(|v| v.as_str());
    let mut setting = Setting { record, p, hours, limit: limit_of(&p.within, stated), floor: Instant::MIN };
    let mut run = replay(&setting, from)?;
    if p.by != "severity" || from.fact.kind.family != Family::Incident {
        return Ok((run, setting.limit));
    }
    for amend in record.corrections("incident.amend", &from.fact.subject) {
        let Some(severity) = amend.fact.text("severity") else { continue };
        let limit = limit_of(&p.within, Some(severity));
        let due = run.breached_at.or(run.due);
        let was_due = due.is_some_and(|due| due < amend.recorded_at);
        if length(limit) > length(setting.limit) {
            let needs_word = was_due || record.withheld_lowering(amend);
            if needs_word && !record.confirmed(amend) {
                continue;
            }
            setting.limit = limit;
        } else if length(limit) < length(setting.limit) {
            let floor = due.map_or(amend.recorded_at, |due| due.min(amend.recorded_at));
            (setting.limit, setting.floor) = (limit, floor);
        }
        run = replay(&setting, from)?;
    }
    Ok((run, setting.limit))
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
            "incident.reopen" if names_kind(&self.s.p.to, &["incident.repair", "incident.restore"]) => {
                // A breached clock has one breach: reopening adds nothing.
                if self.stopped && self.breached_at.is_none() {
                    self.stopped = false;
                    self.mark = at;
                    self.settled_at = None;
                }
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

fn replay(s: &Setting, from: &Entry) -> opsledger::Result<Run> {
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

/// The sequence, in order, with the run after each element.
pub(crate) fn elements(record: &Record, clause: &Clause, p: &streak::Params, of: &[Case]) -> Vec<Element> {
    let marks = of.iter().filter(|c| takes_part(record, clause, p, c)).flat_map(|c| {
        // A breach that was waived is none.
        let waived = c.status == Status::Waived;
        c.marks.iter().filter(move |m| !(waived && m.1)).map(|(at, late)| (*at, &c.subject, *late))
    });
    in_a_row(marks.collect())
}

/// The sequence with every due instant to come as a breach.
pub(crate) fn elements_to_come(
    record: &Record,
    clause: &Clause,
    p: &streak::Params,
    of: &[Case],
) -> Vec<Element> {
    let mut marks = Vec::new();
    for c in of.iter().filter(|c| takes_part(record, clause, p, c)) {
        let waived = c.status == Status::Waived;
        marks.extend(c.marks.iter().filter(|m| !(waived && m.1)).map(|(at, late)| (*at, &c.subject, *late)));
        marks.extend(c.coming.map(|due| (due, &c.subject, true)));
    }
    in_a_row(marks)
}

fn in_a_row(mut marks: Vec<(Instant, &String, bool)>) -> Vec<Element> {
    marks.sort_by(|a, b| (a.0, a.1.as_bytes(), a.2).cmp(&(b.0, b.1.as_bytes(), b.2)));
    let mut run = 0;
    marks
        .into_iter()
        .map(|(at, subject, late)| {
            run = if late { run + 1 } else { 0 };
            Element { subject: subject.clone(), at, late, run }
        })
        .collect()
}

fn takes_part(record: &Record, clause: &Clause, p: &streak::Params, case: &Case) -> bool {
    let incident = Incident::new(record, Family::Incident, &case.subject);
    let holds: Option<Interval> = clause.holds;
    let reported = record
        .facts()
        .into_iter()
        .find(|e| e.fact.kind.name == "incident.report" && e.fact.subject == case.subject)
        .map(|e| e.fact.at);
    let affects =
        p.only_if.as_ref().is_none_or(|f| incident.body.get(f).and_then(|v| v.as_bool()) == Some(true));
    affects
        && !incident.withdrawn
        && !incident.duplicate
        && !p.excluded_attributions.contains(&incident.attribution)
        && holds.is_none_or(|h| reported.is_some_and(|t| h.contains(t)))
}
