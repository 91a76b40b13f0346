//! The year's frame: its days, its people, its events, and the days on which something goes wrong.

use crate::rota::stretch;
use crate::time::{Notices, at, later};
use chrono::{Datelike, Months, NaiveDate};
use opsledger::time::Instant;

const DESK: [&str; 4] = ["客服甲", "客服乙", "客服丙", "客服丁"];
const ENGINEERS: [&str; 4] = ["工程师甲", "工程师乙", "工程师丙", "工程师丁"];

/// One event: when it was declared, and its days.
#[derive(Debug)]
struct Event {
    declared: Instant,
    days: Vec<NaiveDate>,
}

/// The frame.
#[derive(Debug)]
pub(crate) struct Year {
    /// The first day of the service period.
    pub(crate) first: NaiveDate,
    /// A shift of the desk is vacant for an hour.
    pub(crate) ill: NaiveDate,
    /// An engineer signs in 45 min late.
    pub(crate) overslept: NaiveDate,
    /// An event's day without its report.
    pub(crate) unreported: NaiveDate,
    events: Vec<Event>,
}

fn day(y: i32, m: u32, d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(y, m, d).unwrap_or_default()
}

impl Year {
    /// September 2025 to August 2026; the events are the story's.
    pub(crate) fn new() -> Year {
        let event = |declared: NaiveDate, days| Event { declared: at(declared, 9, 0), days };
        Year {
            first: day(2025, 9, 1),
            ill: day(2025, 12, 13),
            overslept: day(2026, 5, 2),
            unreported: day(2026, 3, 8),
            events: vec![
                event(day(2025, 11, 3), stretch((2025, 11, 15), (2025, 11, 16))),
                event(day(2026, 2, 24), stretch((2026, 3, 4), (2026, 3, 11))),
                event(day(2026, 6, 1), stretch((2026, 6, 6), (2026, 6, 8))),
            ],
        }
    }
    /// The last day.
    pub(crate) fn last(&self) -> NaiveDate {
        (self.first + Months::new(12)).pred_opt().unwrap_or(self.first)
    }
    pub(crate) fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        crate::time::days(self.first, self.last())
    }
    /// The first day of each month.
    pub(crate) fn months(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let first = self.first;
        (0..12).map(move |n| first + Months::new(n))
    }
    pub(crate) fn event_on(&self, day: NaiveDate) -> bool {
        self.events.iter().any(|e| e.days.contains(&day))
    }
    /// When the event that this day belongs to was declared.
    pub(crate) fn declared(&self, day: NaiveDate) -> Option<Instant> {
        self.events.iter().find(|e| e.days.contains(&day)).map(|e| e.declared)
    }
    /// Somebody of the desk who stays all year.
    pub(crate) fn desk(&self, n: u32) -> &'static str {
        DESK[n as usize % 3]
    }
    /// Somebody of the desk: the fourth changes in July.
    pub(crate) fn desk_on(&self, at: NaiveDate, n: u32) -> &'static str {
        match DESK[n as usize % 4] {
            "客服丁" if at >= day(2026, 7, 1) => "客服戊",
            person => person,
        }
    }
    /// An engineer: two of them change during the year.
    pub(crate) fn engineer(&self, at: NaiveDate, n: u32) -> &'static str {
        match ENGINEERS[n as usize % 4] {
            "工程师乙" if at >= day(2026, 4, 16) => "工程师戊",
            "工程师丁" if at >= day(2026, 6, 16) => "工程师己",
            person => person,
        }
    }
    /// When the monthly report of that month is handed in: on the third workday after it, once on the sixth.
    pub(crate) fn reported(&self, month: NaiveDate, notices: &Notices) -> Instant {
        let last = (month + Months::new(1)).pred_opt().unwrap_or(month);
        let n = if (month.year(), month.month()) == (2026, 2) { 6 } else { 3 };
        at(notices.workday_after(last, n), 10, 0)
    }
    /// Whether that day's check is missing.
    pub(crate) fn unchecked(&self, at: NaiveDate) -> bool {
        [day(2026, 1, 1), day(2026, 2, 17)].contains(&at)
    }
    /// Whether that day's check is of the hosts alone.
    pub(crate) fn half_checked(&self, at: NaiveDate) -> bool {
        at == day(2026, 4, 5)
    }
    /// Whether that night's backup of the platform is missing.
    pub(crate) fn unsaved(&self, at: NaiveDate) -> bool {
        at == day(2026, 1, 18)
    }
    /// The day of that month that is n days after its first.
    pub(crate) fn in_month(month: NaiveDate, n: u64) -> NaiveDate {
        later(month, n - 1)
    }
}
