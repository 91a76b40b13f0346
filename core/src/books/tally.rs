//! Running totals of one clause: the verdict of each case, their sums, and when each verdict changes by time alone. A new
//! fact re-judges the cases it touches; a later `as_of` re-judges those whose time has come; nothing else is looked at.

use crate::assess::Status;
use crate::time::Instant;
use std::collections::BTreeSet;

/// How a case stands, for the totals; `more` is the rule's own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict<T> {
    pub(crate) status: Status,
    /// Set when the case is breached, or was and is waived.
    pub(crate) breached_at: Option<Instant>,
    /// When it breaks if nothing more is recorded.
    pub(crate) forecast: Option<Instant>,
    /// The first `as_of` at which it may read differently if nothing more is recorded.
    pub(crate) valid_until: Option<Instant>,
    pub(crate) more: T,
}

const STATUSES: usize = 8;

/// The cases of one clause.
#[derive(Debug)]
pub(crate) struct Tally<T> {
    verdicts: Vec<Option<Verdict<T>>>,
    counts: [i64; STATUSES],
    breaches: BTreeSet<(Instant, u32)>,
    forecasts: BTreeSet<(Instant, u32)>,
    queue: BTreeSet<(Instant, u32)>,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Tally {
            verdicts: Vec::new(),
            counts: [0; STATUSES],
            breaches: BTreeSet::new(),
            forecasts: BTreeSet::new(),
            queue: BTreeSet::new(),
        }
    }
}

impl<T> Tally<T> {
    /// Replaces the verdict of a case (none: it is not judged by this clause); returns the one before.
    pub(crate) fn set(&mut self, case: u32, verdict: Option<Verdict<T>>) -> Option<Verdict<T>> {
        if self.verdicts.len() <= case as usize {
            verdict.as_ref()?;
            self.verdicts.resize_with(case as usize + 1, || None);
        }
        let old = self.verdicts[case as usize].take();
        if let Some(v) = &old {
            self.count(v, case, -1);
        }
        if let Some(v) = &verdict {
            self.count(v, case, 1);
        }
        self.verdicts[case as usize] = verdict;
        old
    }

    fn count(&mut self, v: &Verdict<T>, case: u32, by: i64) {
        self.counts[v.status as usize] += by;
        let mut note = |set: fn(&mut Self) -> &mut BTreeSet<(Instant, u32)>, t: Option<Instant>| {
            if let Some(t) = t {
                if by > 0 {
                    set(self).insert((t, case))
                } else {
                    set(self).remove(&(t, case))
                };
            }
        };
        note(|s| &mut s.breaches, v.breached_at.filter(|_| v.status == Status::Breached));
        note(|s| &mut s.forecasts, v.forecast);
        note(|s| &mut s.queue, v.valid_until);
    }

    /// A case whose verdict may have changed by `as_of`.
    pub(crate) fn due(&self, as_of: Instant) -> Option<u32> {
        self.queue.first().filter(|(t, _)| *t <= as_of).map(|(_, case)| *case)
    }
    pub(crate) fn get(&self, case: u32) -> Option<&Verdict<T>> {
        self.verdicts.get(case as usize)?.as_ref()
    }
    pub(crate) fn cases(&self) -> impl Iterator<Item = (u32, &Verdict<T>)> {
        self.verdicts.iter().enumerate().filter_map(|(i, v)| Some((super::index(i), v.as_ref()?)))
    }
    pub(crate) fn breaches(&self) -> i64 {
        self.counts[Status::Breached as usize]
    }
    pub(crate) fn breached_at(&self) -> Option<Instant> {
        self.breaches.first().map(|(t, _)| *t)
    }
    /// Of every breached case, in order.
    pub(crate) fn breach_instants(&self) -> Vec<Instant> {
        self.breaches.iter().map(|(t, _)| *t).collect()
    }
    pub(crate) fn forecast(&self) -> Option<Instant> {
        self.forecasts.first().map(|(t, _)| *t)
    }
    /// The n-th (from 0) instant at which a case breaks if nothing more is recorded.
    pub(crate) fn nth_forecast(&self, n: usize) -> Option<Instant> {
        self.forecasts.iter().nth(n).map(|(t, _)| *t)
    }
    /// As [`Tally::status`], breached cases taken as met.
    pub(crate) fn status_but_for_breaches(&self) -> Status {
        let taken = |s: Status| if s == Status::Breached { Status::Met } else { s };
        crate::rules::worst(self.statuses().map(taken))
    }
    /// The clause's status from its cases'.
    pub(crate) fn status(&self) -> Status {
        crate::rules::worst(self.statuses())
    }
    fn statuses(&self) -> impl Iterator<Item = Status> + '_ {
        const ALL: [Status; STATUSES] = [
            Status::NotDue,
            Status::Met,
            Status::Waived,
            Status::AtRisk,
            Status::NoEvidence,
            Status::Breached,
            Status::Running,
            Status::Paused,
        ];
        ALL.into_iter().filter(|s| self.counts[*s as usize] > 0)
    }
}
