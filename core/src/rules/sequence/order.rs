//! One `then` of a subject: which steps before it are not in order. Pure: in, what is there of the subject in (`at`, seq)
//! order. See the rules page, sequence.

use super::{Params, Problem, Ratify};
use crate::books::Item;
use crate::books::incidents::Report;
use crate::contract::{KindFilter, Where};
use crate::error::{Error, Result};
use crate::facts::kinds;
use crate::rules::deadline::takes;
use crate::rules::due::Dues;
use crate::time::Instant;

/// A subject as it is judged.
pub(super) struct Subject<'a> {
    pub(super) params: &'a Params,
    /// Its first fact of the family, as corrected.
    pub(super) report: Report<'a>,
    pub(super) opening: &'a Item,
    /// In (`at`, seq) order.
    pub(super) events: Vec<&'a Item>,
}

/// What is wrong with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: Instant,
    pub(super) step: &'static str,
    pub(super) problem: Problem,
}

/// How a `then` stands.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// In the order of `needs`, notice last.
    pub(super) faults: Vec<Fault>,
    /// Until then the first step may still be ratified.
    pub(super) pending: Option<Instant>,
    /// Why a step could not be judged.
    pub(super) errors: Vec<Error>,
}

impl Order {
    /// Takes in what is wrong with the step that the notice is counted from; one line for each step and problem.
    fn add(&mut self, at: Instant, step: &'static str, problem: Option<Problem>) {
        let Some(problem) = problem else { return };
        match self.faults.iter_mut().find(|f| (f.step, f.problem) == (step, problem)) {
            Some(listed) => listed.at = listed.at.min(at),
            None => self.faults.push(Fault { at, step, problem }),
        }
    }
}

/// A fact of a step's kind, and whether it has the fields that are needed.
struct Stated {
    at: Instant,
    good: bool,
}

impl<'a> Subject<'a> {
    /// The opening fact has these fields.
    pub(super) fn opens(&self, conditions: &Where) -> bool {
        takes(conditions, |field| self.report.value(field))
    }

    pub(super) fn judge(&self, then: &Item, dues: &Result<Dues<'_>>, as_of: Instant) -> Order {
        let mut order = Order::default();
        let ratify = self.params.ratify.as_ref().filter(|r| self.opens(&r.conditions));
        for (i, problem) in self.problems(then.at) {
            let step = name(&self.params.needs[i]);
            let heals = i == 0 && matches!(problem, Problem::Missing | Problem::Late);
            let Some(ratify) = ratify.filter(|_| heals) else {
                order.faults.push(Fault { at: then.at, step, problem });
                continue;
            };
            match within(dues, |d| d.after(ratify.within, then.at)) {
                Err(e) => order.errors.push(e),
                Ok(until) if self.ratified(ratify, then.at, until) => {}
                Ok(until) if as_of <= until => order.pending = Some(until),
                Ok(until) => order.faults.push(Fault { at: until, step, problem }),
            }
        }
        if let Some(notice) = &self.params.notice {
            let problem = self.notice(notice, then.at, dues).unwrap_or_else(|e| {
                order.errors.push(e);
                None
            });
            order.add(then.at, name(&notice.from), problem);
        }
        order
    }

    /// Steps that are not in order, read backwards from `then`; by their place in `needs`.
    fn problems(&self, then: Instant) -> Vec<(usize, Problem)> {
        let mut problems = Vec::new();
        // The last instant at which the next step may have happened.
        let mut bound = then.saturating_sub(1);
        for (i, need) in self.params.needs.iter().enumerate().rev() {
            let stated = self.stated(need);
            let before_then = |s: &&Stated| s.at < then;
            let last = stated.iter().rfind(before_then);
            let taken = if self.params.last_of.contains(&need.kind) {
                last.filter(|s| s.good && s.at <= bound)
            } else {
                stated.iter().rfind(|s| s.good && s.at <= bound)
            };
            if let Some(taken) = taken {
                bound = taken.at;
                continue;
            }
            let failed_last = self.params.last_of.contains(&need.kind) && last.is_some_and(|s| !s.good);
            let problem = if failed_last {
                Problem::Failed
            } else if stated.iter().any(|s| s.good) {
                Problem::Late
            } else if last.is_some() {
                Problem::Failed
            } else {
                Problem::Missing
            };
            problems.push((i, problem));
        }
        problems.reverse();
        problems
    }

    /// Everything that was stated of a step, in (`at`, seq) order; with the opening where it stands for the step.
    fn stated(&self, need: &KindFilter) -> Vec<Stated> {
        let stands = self.params.have.get(&need.kind).is_some_and(|conditions| self.opens(conditions));
        let mut stated = Vec::new();
        for event in &self.events {
            if stands && event.seq == self.opening.seq {
                stated.push(Stated { at: event.at, good: true });
            }
            if event.kind.name == need.kind {
                stated.push(Stated { at: event.at, good: need.takes(event) });
            }
        }
        stated
    }

    fn ratified(&self, ratify: &Ratify, then: Instant, until: Instant) -> bool {
        self.events.iter().any(|e| ratify.kind.takes(e) && then <= e.at && e.at <= until)
    }

    fn notice(
        &self,
        notice: &super::Notice,
        then: Instant,
        dues: &Result<Dues<'_>>,
    ) -> Result<Option<Problem>> {
        let Some(from) = self.events.iter().find(|e| notice.from.takes(e)) else {
            return Ok(Some(Problem::Missing));
        };
        if from.at > then {
            return Ok(Some(Problem::Late));
        }
        let cures = |e: &&Item| {
            notice.cured_by.as_ref().is_some_and(|k| k.takes(e))
                && e.flag("shorter_notice") == Some(true)
                && e.at <= then
        };
        if self.events.iter().any(cures) || then >= within(dues, |d| d.after(notice.at_least, from.at))? {
            return Ok(None);
        }
        Ok(Some(Problem::ShortNotice))
    }
}

fn within<'a>(dues: &Result<Dues<'a>>, due: impl FnOnce(&Dues<'a>) -> Result<Instant>) -> Result<Instant> {
    match dues {
        Ok(dues) => due(dues),
        Err(e) => Err(e.clone()),
    }
}

/// The kind of a step; contracts name only kinds that exist.
fn name(step: &KindFilter) -> &'static str {
    kinds::find(&step.kind).map_or("", |k| k.name)
}
