//! Service hours, holidays, zones: the only place that knows chrono-tz. In: specifications, instants, what was known
//! when. Out: working time and local dates. Knows no contract and no fact.

pub use chrono::NaiveDate as Date;

use crate::error::{Code, Result, err};
use crate::time::{Instant, Interval, Micros};

/// An IANA time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    /// By IANA name.
    ///
    /// # Errors
    /// `bad-zone`.
    pub fn parse(name: &str) -> Result<Zone> {
        name.parse().map(Zone).or_else(|_| err(Code::BadZone, format!("{name:?}")))
    }
    /// The IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
    /// The local date at an instant.
    pub fn date(self, _t: Instant) -> Date {
        todo!()
    }
    /// The first instant of a local date.
    pub fn midnight(self, _d: Date) -> Instant {
        todo!()
    }
    /// RFC 3339 with the zone's offset, fraction only when there is one.
    pub fn format(self, _t: Instant) -> String {
        todo!()
    }
    /// Same local day and time of day `months` later, or the last day of that month.
    pub fn add_months(self, _t: Instant, _months: u32) -> Result<Instant> {
        todo!()
    }
}

/// `[[calendar]]` as written.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarSpec {
    /// `id`.
    pub id: String,
    /// Empty: open all the time.
    pub open: OpenHours,
    /// Date ranges (`05-01` to `09-30`, both inclusive, month and day) with hours of their own.
    pub seasons: Vec<Season>,
    /// Holiday data by name; needed by `workday` hours.
    pub holidays: Option<String>,
}

/// Hours of a day as minutes from local midnight, half-open, 0 to 1440.
pub type Hours = Vec<(u16, u16)>;

/// `open = { … }`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenHours {
    /// Every day.
    pub every_day: Option<Hours>,
    /// Workdays: Monday to Friday minus days off plus make-up workdays.
    pub workday: Option<Hours>,
    /// Monday to Sunday.
    pub week: [Option<Hours>; 7],
}

/// Hours of a part of each year.
#[derive(Clone, Debug, PartialEq)]
pub struct Season {
    /// Month and day, inclusive.
    pub from: (u8, u8),
    /// Month and day, inclusive; before `from`: over the turn of the year.
    pub to: (u8, u8),
    /// Replaces the calendar's hours.
    pub open: OpenHours,
}

/// A `[[holiday]]` or `[[workday]]` line of a contract.
#[derive(Clone, Debug, PartialEq)]
pub struct DayLine {
    /// First day.
    pub from: Date,
    /// Last day, inclusive.
    pub to: Date,
    /// What it is called.
    pub name: String,
    /// True for `[[workday]]`.
    pub workday: bool,
    /// A statutory holiday.
    pub statutory: bool,
    /// Every year, by month and day.
    pub yearly: bool,
}

/// Which days are workdays, as known at an instant. Built once an assessment.
#[derive(Clone, Debug)]
pub struct Days {}

impl Days {
    /// `holidays`: name of the data (`"CN"`), or none (then only Monday to Friday and `own` decide). `own` lines win.
    ///
    /// # Errors
    /// `not-found` for unknown holiday data.
    pub fn new(_holidays: Option<&str>, _own: &[DayLine], _known_at: Instant) -> Result<Days> {
        todo!()
    }
    /// # Errors
    /// `no-schedule`, naming the year, where no schedule is published.
    pub fn is_workday(&self, _d: Date) -> Result<bool> {
        todo!()
    }
    /// # Errors
    /// `no-schedule`; `no-statutory` where the source has no flag.
    pub fn is_statutory(&self, _d: Date) -> Result<bool> {
        todo!()
    }
    /// The n-th workday after `d` (n = 0: `d` itself).
    ///
    /// # Errors
    /// `no-schedule`.
    pub fn add_workdays(&self, _d: Date, _n: u32) -> Result<Date> {
        todo!()
    }
    /// Id (`CN/2026`) and SM3 of each data file that these days rest on.
    pub fn sources(&self) -> Vec<(String, String)> {
        todo!()
    }
    /// The first `known_at` at which these days may read differently (a notice published later), if any.
    pub fn valid_until(&self) -> Option<Instant> {
        todo!()
    }
}

/// Compiled service hours.
#[derive(Clone, Debug)]
pub struct Calendar {}

impl Calendar {
    /// Compiles a specification.
    ///
    /// # Errors
    /// `bad-calendar`.
    pub fn new(_spec: &CalendarSpec, _zone: Zone, _days: &Days) -> Result<Calendar> {
        todo!()
    }
    /// Open at every instant.
    pub fn is_always(&self) -> bool {
        todo!()
    }
    /// Working time in `[a, b)`, microseconds; 0 when `b <= a`. O(log days).
    ///
    /// # Errors
    /// `no-schedule`, naming the year.
    pub fn between(&self, _a: Instant, _b: Instant) -> Result<Micros> {
        todo!()
    }
    /// The first instant at which `n` of working time has passed since `at`; `at` itself for `n` = 0. O(log days).
    ///
    /// # Errors
    /// `no-schedule`, naming the year; `out-of-range` when no such instant exists.
    pub fn add(&self, _at: Instant, _n: Micros) -> Result<Instant> {
        todo!()
    }
    /// The open intervals inside `within`, sorted, disjoint.
    ///
    /// # Errors
    /// `no-schedule`, naming the year.
    pub fn open_in(&self, _within: Interval) -> Result<Vec<Interval>> {
        todo!()
    }
}
