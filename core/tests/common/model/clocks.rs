//! Clocks of a `deadline` clause: which there are, what limit each has, how each stands.

use super::less_than_fraction;
use super::record::Record;
use super::replay::{Run, Setting, replay};
use opsledger::assess::Status;
use opsledger::calendar::Calendar;
use opsledger::contract::{Clause, KindFilter, Limit, Where, Within};
use opsledger::facts::Entry;
use opsledger::facts::kinds::Family;
use opsledger::rules::deadline;
use opsledger::time::{DAY, Instant, Micros};
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

fn fits(conditions: &Where, body: &serde_json::Map<String, serde_json::Value>) -> bool {
    conditions.iter().all(|(field, values)| body.get(field).is_some_and(|v| values.contains(v)))
}

pub(super) fn is_kind(filters: &[KindFilter], e: &Entry) -> bool {
    filters.iter().any(|f| f.kind == e.fact.kind_name() && fits(&f.conditions, &e.fact.body))
}

pub(super) fn names_kind(filters: &[KindFilter], kinds: &[&str]) -> bool {
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
