//! The cases of one backup set from its facts: a pure function. In: runs, checks, drills, lists. Out: gaps beyond the RPO, turns of
//! verification and drill, runs that should exist and do not.

use super::retention::{Retention, kept};
use super::{Params, Set};
use crate::assess::Status;
use crate::calendar::Zone;
use crate::contract::{Decimal, Limit};
use crate::time::{Instant, Interval};
use std::collections::BTreeSet;

/// A run that finished.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) name: String,
    pub(super) started: Instant,
    pub(super) finished: Instant,
    /// A verification failed.
    pub(super) bad: bool,
}

/// The facts of a set that are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    pub(super) runs: Vec<Run>,
    /// Verifications deep enough that passed.
    pub(super) verified: Vec<Instant>,
    /// Drills that passed, within the RTO.
    pub(super) drilled: Vec<Instant>,
    /// The newest list of what lies there: when it was made, the runs on it.
    pub(super) listed: Option<(Instant, BTreeSet<String>)>,
    /// Facts of the set, of any kind.
    pub(super) facts: usize,
}

/// What a record is judged with.
pub(super) struct Frame<'a> {
    pub(super) params: &'a Params,
    pub(super) set: &'a Set,
    pub(super) zone: Zone,
    pub(super) period: Interval,
    pub(super) holds: Interval,
    pub(super) as_of: Instant,
    pub(super) warn: Decimal,
    /// A case by one of its names, or any instant of it.
    pub(super) waives: &'a dyn Fn(&str, Interval) -> bool,
}

/// A stretch in which the newest good run was older than the RPO.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GapCase {
    pub(super) start: Instant,
    /// None: it goes on.
    pub(super) end: Option<Instant>,
    pub(super) status: Status,
}

/// A turn of a duty that is owed again and again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TurnCase {
    pub(super) from: Instant,
    pub(super) due: Instant,
    pub(super) settled_at: Option<Instant>,
    pub(super) status: Status,
}

/// What should exist.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RetainedCase {
    pub(super) listed_at: Option<Instant>,
    /// Runs that should exist.
    pub(super) owed: u64,
    pub(super) missing: Vec<(String, Status)>,
    pub(super) status: Status,
}

/// The cases.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Judged {
    pub(super) gaps: Vec<GapCase>,
    /// The status of the promise on RPO as a whole; none: none is made, or its time has not come.
    pub(super) rpo: Option<Status>,
    pub(super) verified: Vec<TurnCase>,
    pub(super) drilled: Vec<TurnCase>,
    pub(super) retained: Option<RetainedCase>,
    pub(super) breaches: Vec<Instant>,
    pub(super) forecast: Option<Instant>,
}

impl Judged {
    /// The status of every case.
    pub(super) fn statuses(&self) -> impl Iterator<Item = Status> + '_ {
        let turns = self.verified.iter().chain(&self.drilled).map(|t| t.status);
        let gaps = self.gaps.iter().map(|g| g.status);
        gaps.chain(self.rpo).chain(turns).chain(self.retained.iter().map(|r| r.status))
    }
}

pub(super) fn judge(record: &Record, frame: &Frame<'_>) -> Judged {
    let mut out = Judged::default();
    let seen = record.facts > 0;
    gaps(record, frame, seen, &mut out);
    let verify = frame.set.verify_every.map(|every| (every, &record.verified));
    let drill = frame.set.drill_every.map(|every| (every, &record.drilled));
    if let Some((every, done)) = verify {
        out.verified = turns("verified", every, done, frame, seen, &mut out.breaches, &mut out.forecast);
    }
    if let Some((every, done)) = drill {
        out.drilled = turns("drilled", every, done, frame, seen, &mut out.breaches, &mut out.forecast);
    }
    if let Some(retention) = &frame.set.retention {
        retained(record, retention, frame, &mut out);
    }
    out.breaches.sort_unstable();
    out
}

fn sooner(forecast: &mut Option<Instant>, at: Instant) {
    *forecast = Some(forecast.map_or(at, |f| f.min(at)));
}

/// The instants from `first` on at which no good run that had finished was started at most `rpo` before.
fn gaps(record: &Record, frame: &Frame<'_>, seen: bool, out: &mut Judged) {
    let Some(rpo) = frame.set.rpo else { return };
    let first = frame.params.first.unwrap_or_else(|| frame.period.start.saturating_add(rpo));
    let until = frame.as_of.min(frame.period.end);
    // A breach is foreseen only where something is known of the set at all.
    if !seen {
        out.rpo = (frame.as_of > first).then_some(Status::NoEvidence);
        return;
    }
    // What each good run covers: from the instant it was there until it is too old.
    let good = record.runs.iter().filter(|r| !r.bad && r.finished <= frame.as_of);
    let mut covered: Vec<(Instant, Instant)> =
        good.map(|r| (r.finished, r.started.saturating_add(rpo))).collect();
    covered.retain(|(from, to)| from < to);
    covered.sort_unstable();
    let mut at = first;
    let mut found = Vec::new();
    for (from, to) in covered {
        if from > at {
            found.push((at, Some(from)));
        }
        at = at.max(to);
    }
    let holds_until = at;
    if at < until {
        found.push((at, (until < frame.as_of).then_some(until)));
    }
    for (start, end) in found {
        // What lies after the period's end is not owed.
        if start >= until || !frame.holds.contains(start) {
            continue;
        }
        let end = end.map(|e| e.min(frame.period.end));
        let stretch = Interval::new(start, end.unwrap_or(Instant::MAX));
        let waived = (frame.waives)("gaps", stretch);
        if !waived {
            out.breaches.push(start);
        }
        out.gaps.push(GapCase { start, end, status: if waived { Status::Waived } else { Status::Breached } });
    }
    let open = holds_until < until;
    if open || frame.as_of >= frame.period.end {
        out.rpo = Some(Status::Met).filter(|_| out.gaps.is_empty());
        return;
    }
    let warned = frame.warn.most_below(rpo);
    let left = holds_until.saturating_sub(frame.as_of);
    let now = if left <= warned { Status::AtRisk } else { Status::Met };
    out.rpo = Some(now).filter(|_| frame.as_of >= first);
    let ahead = Interval::new(holds_until, holds_until.saturating_add(1));
    if holds_until < frame.period.end && frame.holds.contains(holds_until) && !(frame.waives)("gaps", ahead) {
        sooner(&mut out.forecast, holds_until);
    }
}

/// From the period's start, or the last good one, due after `every`; those due after the period's end are not owed.
fn turns(
    name: &str,
    every: Limit,
    done: &[Instant],
    frame: &Frame<'_>,
    seen: bool,
    breaches: &mut Vec<Instant>,
    forecast: &mut Option<Instant>,
) -> Vec<TurnCase> {
    let after = |from: Instant| match every {
        Limit::Elapsed(us) => from.saturating_add(us),
        Limit::Months(n) => frame.zone.add_months(from, n).unwrap_or(Instant::MAX),
        Limit::Workdays(n) => from.saturating_add(i64::from(n) * crate::time::DAY),
    };
    let mut out = Vec::new();
    let mut from = frame.period.start;
    let mut done = done.iter().copied().filter(|at| *at >= frame.period.start).peekable();
    loop {
        let due = after(from);
        if from > frame.as_of || due > frame.period.end {
            return out;
        }
        let settled_at = done.next();
        let stretch = Interval::new(due, settled_at.unwrap_or(Instant::MAX).max(due.saturating_add(1)));
        let waived = (frame.waives)(name, stretch);
        let status = match settled_at {
            Some(at) if at <= due => Status::Met,
            _ if frame.as_of > due && !seen => Status::NoEvidence,
            _ if frame.as_of > due && waived => Status::Waived,
            _ if frame.as_of > due => Status::Breached,
            _ => {
                if seen && !waived && frame.holds.contains(from) {
                    sooner(forecast, due);
                }
                let warned = frame.warn.most_below(due - from);
                if due - frame.as_of <= warned { Status::AtRisk } else { Status::Running }
            }
        };
        if frame.holds.contains(from) {
            if status == Status::Breached {
                breaches.push(due);
            }
            out.push(TurnCase { from, due, settled_at, status });
        }
        match settled_at {
            Some(at) => from = at,
            None => return out,
        }
        // Several on one instant are one.
        while done.peek() == Some(&from) {
            done.next();
        }
    }
}

/// The runs that retention says should exist and that are not on the newest list. A run that finished after the list was
/// made cannot be on it.
fn retained(record: &Record, retention: &Retention, frame: &Frame<'_>, out: &mut Judged) {
    let mut runs: Vec<&Run> = record.runs.iter().filter(|r| !r.bad && r.finished <= frame.as_of).collect();
    runs.sort_by(|a, b| (a.started, a.finished, &a.name).cmp(&(b.started, b.finished, &b.name)));
    let started: Vec<Instant> = runs.iter().map(|r| r.started).collect();
    let kept = kept(retention, frame.zone, &started, frame.as_of);
    let owed = runs.iter().zip(kept).filter(|(run, kept)| *kept && frame.holds.contains(run.started));
    let owed: Vec<&Run> = owed.map(|(run, _)| *run).collect();
    if owed.is_empty() {
        return;
    }
    let Some((listed_at, there)) = &record.listed else {
        // Nobody has looked: whether they are there is not known.
        out.retained = Some(RetainedCase {
            listed_at: None,
            owed: owed.len() as u64,
            missing: Vec::new(),
            status: Status::NoEvidence,
        });
        return;
    };
    let mut missing = Vec::new();
    for run in owed.iter().filter(|r| r.finished <= *listed_at && !there.contains(&r.name)) {
        let waived = (frame.waives)("retained", Interval::new(*listed_at, *listed_at))
            || (frame.waives)(&run.name, Interval::new(0, 0));
        if !waived {
            out.breaches.push(*listed_at);
        }
        missing.push((run.name.clone(), if waived { Status::Waived } else { Status::Breached }));
    }
    let worst = super::super::worst(missing.iter().map(|(_, s)| *s));
    let status = if missing.is_empty() { Status::Met } else { worst };
    out.retained =
        Some(RetainedCase { listed_at: Some(*listed_at), owed: owed.len() as u64, missing, status });
}
