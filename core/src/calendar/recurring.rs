//! Windows that come again: daily, weekly, monthly. In: a rule, a zone, a range. Out: intervals.

use super::{Date, Zone, check_range, date_of, day_number};
use crate::error::{Code, Result, err};
use crate::time::{DAY, Interval, Micros};
use chrono::{Datelike, Weekday};

/// The days on which a window starts. Every n-th is counted from the local date of the range's start; a week begins on
/// Monday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// Every n-th day.
    Days {
        /// 1 or more.
        every: u32,
    },
    /// Days of every n-th week.
    Weeks {
        /// 1 or more.
        every: u32,
        /// At least one.
        weekdays: Vec<Weekday>,
    },
    /// A day of the month.
    MonthDay {
        /// In which months, 1 to 12; empty: each.
        months: Vec<u32>,
        /// Every n-th month, 1 or more.
        every: u32,
        /// 1 to 31.
        day: u32,
        /// In months that do not have the day.
        missing: Missing,
    },
    /// The n-th of some day of the week in a month.
    MonthWeekday {
        /// In which months, 1 to 12; empty: each.
        months: Vec<u32>,
        /// Every n-th month, 1 or more.
        every: u32,
        /// Which of them.
        nth: Nth,
        /// At least one; each has its own n-th.
        weekdays: Vec<Weekday>,
    },
}

/// What to do in a month without the 29th, 30th or 31st.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// The last day of the month.
    #[default]
    LastDay,
    /// No window in that month.
    Skip,
}

/// Which of the four or five of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nth {
    /// 1 to 5; no window in a month without the fifth.
    Th(u32),
    /// The last.
    Last,
}

/// A window that comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurring {
    /// The days on which it starts.
    pub on: On,
    /// Time of day on the local clock at which it starts, microseconds from midnight, below 24 h. Where a clock set forward
    /// skips it, the window starts at the first instant after the gap (a date that the zone skipped has none); where a clock
    /// set back repeats it, at the first.
    pub start: Micros,
    /// How long it lasts, elapsed microseconds, above zero.
    pub length: Micros,
}

/// Starts of windows that [`Recurring::expand`] returns at most.
pub const MAX_WINDOWS: usize = 100_000;

impl Recurring {
    /// The windows that start in `range`, in order, cut at its end; they overlap when they last longer than it takes until
    /// the next.
    ///
    /// # Errors
    /// `bad-calendar` for an impossible rule; `out-of-range` outside the years 1900 to 9999 and for more than
    /// [`MAX_WINDOWS`] windows.
    pub fn expand(&self, zone: Zone, range: Interval) -> Result<Vec<Interval>> {
        self.check()?;
        if range.is_empty() {
            return Ok(Vec::new());
        }
        check_range(range.start).and(check_range(range.end))?;
        let anchor = zone.date(range.start);
        let mut windows = Vec::new();
        // The date may go back when a clock is set back over midnight.
        for day in day_number(anchor) - 1..=day_number(zone.date(range.end)) + 1 {
            let date = date_of(day);
            let skipped = || zone.date(zone.midnight(date)) != date;
            if !self.on.holds(anchor, date) || skipped() {
                continue;
            }
            let start = zone.at(date, self.start);
            if !range.contains(start) {
                continue;
            }
            if windows.len() == MAX_WINDOWS {
                return err(Code::OutOfRange, format!("more than {MAX_WINDOWS} windows"));
            }
            windows.push(Interval::new(start, start.saturating_add(self.length)).clip(range));
        }
        Ok(windows)
    }

    fn check(&self) -> Result<()> {
        let bad = |what: String| err(Code::BadCalendar, what);
        if !(0..DAY).contains(&self.start) {
            return bad(format!("start {} us; a time of day lies from 0 to below 24 h", self.start));
        }
        if self.length <= 0 {
            return bad(format!("length {} us; a window lasts longer than nothing", self.length));
        }
        let (every, months, weekdays) = match &self.on {
            On::Days { every } => (*every, None, None),
            On::Weeks { every, weekdays } => (*every, None, Some(weekdays)),
            On::MonthDay { months, every, day, .. } => {
                if !(1..=31).contains(day) {
                    return bad(format!("day {day}; a month has the days 1 to 31"));
                }
                (*every, Some(months), None)
            }
            On::MonthWeekday { months, every, nth, weekdays } => {
                if let Nth::Th(n) = nth
                    && !(1..=5).contains(n)
                {
                    return bad(format!("nth {n}; a month has at most five of a weekday"));
                }
                (*every, Some(months), Some(weekdays))
            }
        };
        if every == 0 {
            return bad("every 0; every first is 1".to_owned());
        }
        if let Some(month) = months.and_then(|months| months.iter().find(|m| !(1..=12).contains(*m))) {
            return bad(format!("month {month}; a year has the months 1 to 12"));
        }
        if weekdays.is_some_and(Vec::is_empty) {
            return bad("no weekday named".to_owned());
        }
        Ok(())
    }
}

impl On {
    /// Whether a window starts on a date.
    fn holds(&self, anchor: Date, d: Date) -> bool {
        let nth = |n: i64, every: u32| n.rem_euclid(i64::from(every)) == 0;
        let month = |d: Date| i64::from(d.year()) * 12 + i64::from(d.month0());
        let in_month = |months: &[u32], every: u32| {
            (months.is_empty() || months.contains(&d.month())) && nth(month(d) - month(anchor), every)
        };
        let last_day = u32::from(d.num_days_in_month());
        match self {
            On::Days { every } => nth(day_number(d) - day_number(anchor), *every),
            On::Weeks { every, weekdays } => {
                let monday = |d: Date| day_number(d) - i64::from(d.weekday().num_days_from_monday());
                weekdays.contains(&d.weekday()) && nth((monday(d) - monday(anchor)) / 7, *every)
            }
            On::MonthDay { months, every, day, missing } => {
                let wanted = match missing {
                    Missing::LastDay => (*day).min(last_day),
                    Missing::Skip => *day,
                };
                d.day() == wanted && in_month(months, *every)
            }
            On::MonthWeekday { months, every, nth, weekdays } => {
                let which = match nth {
                    Nth::Th(n) => d.day().div_ceil(7) == *n,
                    Nth::Last => d.day() + 7 > last_day,
                };
                which && weekdays.contains(&d.weekday()) && in_month(months, *every)
            }
        }
    }
}
