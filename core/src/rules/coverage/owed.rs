//! Which time is owed, and of which nobody can say yet. In: the windows of a clause, days, service hours. Out: sets of
//! intervals inside the service period. See the rules page, coverage.

use super::{Params, Window};
use crate::calendar::{Calendar, Date, Days, Zone};
use crate::contract::Contract;
use crate::error::{Code, Error, Result};
use crate::time::{Instant, Interval, Micros, interval_set};

/// Time of which the calendar data do not say whether it is owed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unsure {
    pub(super) span: Interval,
    pub(super) code: Code,
    pub(super) detail: String,
}

/// What is owed by the calendar alone; events come and go.
#[derive(Debug)]
pub(super) struct Owed {
    period: Interval,
    /// The windows.
    days: Vec<Interval>,
    /// Days that may belong to them.
    unsure_days: Vec<Unsure>,
    /// The service hours of the period.
    open: Vec<Interval>,
    /// Days of which the hours are not known.
    unsure_hours: Vec<Unsure>,
}

impl Owed {
    pub(super) fn new(
        params: &Params,
        contract: &Contract,
        days: &Days,
        calendar: &Result<Calendar>,
    ) -> Owed {
        let (first, last) = contract.period_dates;
        let walk = Walk { days, zone: contract.zone, period: contract.period, first, last };
        let mut found = Found::default();
        for window in &params.windows {
            match window {
                Window::Period => found.owed.push(walk.period),
                Window::Statutory => walk.each_day(|d| days.is_statutory(d), &mut found),
                Window::DaysOff => walk.each_day(|d| days.is_given_off(d), &mut found),
                Window::NonWorkdays => walk.each_day(|d| Ok(!days.is_workday(d)?), &mut found),
                Window::WholeBreak => walk.breaks(params.break_from, params.break_to, &mut found),
                Window::Events => {}
            }
        }
        let mut owed = Vec::new();
        interval_set::union_unsorted(&mut found.owed, 0, &mut owed);
        let mut hours = Found::default();
        match calendar {
            Ok(calendar) => match calendar.open_in(walk.period) {
                Ok(open) => hours.owed = open,
                Err(_) => walk.hours(calendar, &mut hours),
            },
            Err(e) => hours.unsure(walk.period, e),
        }
        Owed {
            period: walk.period,
            days: owed,
            unsure_days: found.unsure,
            open: hours.owed,
            unsure_hours: hours.unsure,
        }
    }

    /// The owed time with that of events, and the time that may be owed beside it, in no order.
    pub(super) fn with(&self, events: &[Interval]) -> (Vec<Interval>, Vec<Unsure>) {
        let mut all: Vec<Interval> = events.iter().map(|e| e.clip(self.period)).collect();
        all.extend(&self.days);
        all.retain(|i| !i.is_empty());
        let (mut windows, mut owed) = (Vec::new(), Vec::new());
        interval_set::union_unsorted(&mut all, 0, &mut windows);
        interval_set::intersect(&windows, &self.open, &mut owed);
        let mut unsure = Vec::new();
        let mut put = |from: &Unsure, spans: &[Interval]| {
            unsure.extend(spans.iter().map(|span| Unsure { span: *span, ..from.clone() }));
        };
        let (mut rest, mut part) = (Vec::new(), Vec::new());
        for u in &self.unsure_days {
            interval_set::subtract(&[u.span], &windows, &mut rest);
            interval_set::intersect(&rest, &self.open, &mut part);
            put(u, &part);
        }
        let mut asked: Vec<Interval> =
            windows.iter().copied().chain(self.unsure_days.iter().map(|u| u.span)).collect();
        interval_set::union_unsorted(&mut asked, 0, &mut rest);
        for u in &self.unsure_hours {
            interval_set::intersect(&[u.span], &rest, &mut part);
            put(u, &part);
        }
        (owed, unsure)
    }
}

#[derive(Default)]
struct Found {
    owed: Vec<Interval>,
    unsure: Vec<Unsure>,
}

impl Found {
    fn unsure(&mut self, span: Interval, e: &Error) {
        if span.is_empty() {
            return;
        }
        let (code, detail) = (e.code(), e.detail());
        match self.unsure.last_mut() {
            Some(last) if last.span.end == span.start && last.code == code && last.detail == detail => {
                last.span.end = span.end;
            }
            _ => self.unsure.push(Unsure { span, code, detail: detail.to_owned() }),
        }
    }
}

/// What a day is for a break.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Day {
    Work,
    /// A weekend day.
    Free,
    /// Given off by the notice.
    Given,
}

/// A maximal run of days that are no workdays.
struct Run {
    first: Date,
    last: Date,
    given: bool,
    /// What lies before it, after it, where that is not known.
    before: Option<Error>,
    after: Option<Error>,
}

struct Walk<'a> {
    days: &'a Days,
    zone: Zone,
    period: Interval,
    first: Date,
    last: Date,
}

fn next(d: Date) -> Date {
    d.succ_opt().unwrap_or(d)
}
fn previous(d: Date) -> Date {
    d.pred_opt().unwrap_or(d)
}

impl Walk<'_> {
    /// Days of the period, both inclusive.
    fn span(&self, first: Date, last: Date) -> Interval {
        Interval::new(self.zone.midnight(first), self.zone.midnight(next(last))).clip(self.period)
    }
    fn dates(&self) -> impl Iterator<Item = Date> + use<> {
        let last = self.last;
        self.first.iter_days().take_while(move |d| *d <= last)
    }

    fn each_day(&self, owed: impl Fn(Date) -> Result<bool>, found: &mut Found) {
        for d in self.dates() {
            match owed(d) {
                Ok(true) => found.owed.push(self.span(d, d)),
                Ok(false) => {}
                Err(e) => found.unsure(self.span(d, d), &e),
            }
        }
    }

    /// The service hours day by day, where those of some day are not known.
    fn hours(&self, calendar: &Calendar, found: &mut Found) {
        let mut open = Vec::new();
        for d in self.dates() {
            match calendar.open_in(self.span(d, d)) {
                Ok(hours) => open.extend(hours),
                Err(e) => found.unsure(self.span(d, d), &e),
            }
        }
        interval_set::union(&open, 0, &mut found.owed);
    }

    fn day(&self, d: Date) -> Result<Day> {
        Ok(match (self.days.is_workday(d)?, self.days.is_given_off(d)?) {
            (true, _) => Day::Work,
            (false, true) => Day::Given,
            (false, false) => Day::Free,
        })
    }

    /// The run around `d`, which is no workday.
    fn run(&self, d: Date) -> Run {
        let mut run = Run { first: d, last: d, given: false, before: None, after: None };
        let mut at = d;
        loop {
            match self.day(at) {
                Ok(Day::Work) => break,
                Ok(day) => (run.last, run.given) = (at, run.given || day == Day::Given),
                Err(e) => {
                    run.after = Some(e);
                    break;
                }
            }
            if next(at) == at {
                break;
            }
            at = next(at);
        }
        at = d;
        while previous(at) != at {
            at = previous(at);
            match self.day(at) {
                Ok(Day::Work) => break,
                Ok(day) => (run.first, run.given) = (at, run.given || day == Day::Given),
                Err(e) => {
                    run.before = Some(e);
                    break;
                }
            }
        }
        run
    }

    /// The breaks that reach into the period. One that ends on the day before it leaves its morning there, one that begins
    /// on the day after it its evening; both only as far as they are known.
    fn breaks(&self, from: Micros, to: Micros, found: &mut Found) {
        let mut d = previous(self.first);
        while d <= next(self.last) {
            let day = self.day(d);
            let mut end = d;
            match day {
                Ok(Day::Work) => {}
                Ok(_) => {
                    let run = self.run(d);
                    end = run.last;
                    self.take(&run, from, to, found);
                }
                Err(e) if self.first <= d && d <= self.last => found.unsure(self.span(d, d), &e),
                Err(_) => {}
            }
            if next(end) == end {
                break;
            }
            d = next(end);
        }
    }

    fn take(&self, run: &Run, from: Micros, to: Micros, found: &mut Found) {
        let start: Instant = match run.before {
            None => self.zone.at(previous(run.first), from),
            Some(_) => self.zone.midnight(run.first),
        };
        let end = match run.after {
            None => self.zone.at(next(run.last), to),
            Some(_) => self.zone.midnight(next(run.last)),
        };
        let span = Interval::new(start, end).clip(self.period);
        if run.given {
            found.owed.push(span);
        } else if let Some(e) = run.before.as_ref().or(run.after.as_ref())
            && run.first <= self.last
            && run.last >= self.first
        {
            found.unsure(span, e);
        }
    }
}
