//! Service hours as written, and which of them a day has.

use super::Date;
use crate::error::{Code, Error, Result};
use crate::time::{DAY, MINUTE, Micros};
use chrono::Datelike;

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

/// `open = { … }`. The more specific wins: a day of the week over `workday`, `workday` over `every-day`; a day that none
/// of them names is closed. A list without hours closes the days it names.
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

/// The open intervals of a local day on its clock, microseconds from midnight; sorted, disjoint, not touching.
pub(super) type Pattern = Box<[(Micros, Micros)]>;

/// A specification that was checked.
pub(super) struct Checked {
    open: Week,
    seasons: Vec<(Range, Week)>,
}

/// Month and day, both inclusive; the second before the first: over the turn of the year.
#[derive(Clone, Copy)]
pub(super) struct Range(pub(super) (u32, u32), pub(super) (u32, u32));

impl Range {
    pub(super) fn holds(self, d: Date) -> bool {
        let (Range(from, to), day) = (self, (d.month(), d.day()));
        if from <= to { from <= day && day <= to } else { from <= day || day <= to }
    }
}

/// What decides the hours of a day.
struct Week {
    always: bool,
    every_day: Option<Pattern>,
    workday: Option<Pattern>,
    days: [Option<Pattern>; 7],
}

const ALWAYS: &[(Micros, Micros)] = &[(0, DAY)];

impl Checked {
    pub(super) fn new(spec: &CalendarSpec) -> Result<Checked> {
        let bad = |what: String| Error::new(Code::BadCalendar, format!("calendar {:?}: {what}", spec.id));
        let mut seasons: Vec<(Range, Week)> = Vec::new();
        for s in &spec.seasons {
            let text = format!("season {:02}-{:02} to {:02}-{:02}", s.from.0, s.from.1, s.to.0, s.to.1);
            // 2000 is a leap year: 02-29 may begin or end a season.
            let date = |(m, d): (u8, u8)| Date::from_ymd_opt(2000, u32::from(m), u32::from(d));
            let (Some(from), Some(to)) = (date(s.from), date(s.to)) else {
                return Err(bad(format!("{text}: no such date")));
            };
            let range = Range((from.month(), from.day()), (to.month(), to.day()));
            // Two stretches of a circle that meet hold the start of one of them.
            let start = |r: Range| Date::from_ymd_opt(2000, r.0.0, r.0.1).unwrap_or_default();
            if seasons.iter().any(|(other, _)| other.holds(from) || range.holds(start(*other))) {
                return Err(bad(format!("{text}: overlaps another season")));
            }
            let week = Week::new(&s.open).map_err(|what| bad(format!("{text}: {what}")))?;
            seasons.push((range, week));
        }
        Ok(Checked { open: Week::new(&spec.open).map_err(bad)?, seasons })
    }

    /// The hours of a day; none when they hang on whether it is a workday and that is not known.
    pub(super) fn hours(
        &self,
        d: Date,
        is_workday: impl FnOnce() -> Option<bool>,
    ) -> Option<&[(Micros, Micros)]> {
        let week = self.seasons.iter().find(|(range, _)| range.holds(d)).map_or(&self.open, |(_, week)| week);
        if week.always {
            return Some(ALWAYS);
        }
        let of_weekday = &week.days[d.weekday().num_days_from_monday() as usize];
        let hours = match (of_weekday, &week.workday) {
            (Some(hours), _) => Some(hours),
            (None, Some(hours)) if is_workday()? => Some(hours),
            _ => week.every_day.as_ref(),
        };
        Some(hours.map_or(&[], |h| h))
    }
}

impl Week {
    fn new(open: &OpenHours) -> std::result::Result<Week, String> {
        let pattern = |h: &Option<Hours>| h.as_deref().map(pattern).transpose();
        let mut days = [const { None }; 7];
        for (day, hours) in days.iter_mut().zip(&open.week) {
            *day = pattern(hours)?;
        }
        Ok(Week {
            always: *open == OpenHours::default(),
            every_day: pattern(&open.every_day)?,
            workday: pattern(&open.workday)?,
            days,
        })
    }
}

fn pattern(hours: &[(u16, u16)]) -> std::result::Result<Pattern, String> {
    let mut sorted = hours.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<(Micros, Micros)> = Vec::new();
    let mut last = 0;
    for (from, to) in sorted {
        let text = || {
            let clock = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
            format!("hours {}-{}", clock(from), clock(to))
        };
        if to <= from {
            return Err(format!("{}: the end is not after the start", text()));
        }
        if to > 24 * 60 {
            return Err(format!("{}: a day ends at 24:00", text()));
        }
        if from < last {
            return Err(format!("{}: overlap others of the day", text()));
        }
        let span = (i64::from(from) * MINUTE, i64::from(to) * MINUTE);
        match joined.last_mut() {
            Some(before) if before.1 == span.0 => before.1 = span.1,
            _ => joined.push(span),
        }
        last = to;
    }
    Ok(joined.into())
}
