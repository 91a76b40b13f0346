//! Local dates and times of the contract's zone, UTC+8 all year, and the days of the holiday notices.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Weekday};
use opsledger::time::{HOUR, Instant, MINUTE};
use std::error::Error;

/// What the zone is ahead of UTC.
const AHEAD: Instant = 8 * HOUR;
const NOTICES: [&str; 2] = [
    include_str!("../../../../core/data/holidays/CN/2025.toml"),
    include_str!("../../../../core/data/holidays/CN/2026.toml"),
];

pub(crate) fn minutes(n: i64) -> Instant {
    n * MINUTE
}

pub(crate) fn hours(n: i64) -> Instant {
    n * HOUR
}

/// That time of that local day; 24 hours and more are the next day's.
pub(crate) fn at(day: NaiveDate, hour: i64, minute: i64) -> Instant {
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
    midnight - AHEAD + hours(hour) + minutes(minute)
}

/// `2026-03-01T10:00` or with seconds, local.
pub(crate) fn parse(text: &str) -> Result<Instant, Box<dyn Error>> {
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let read = formats.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
    Ok(read.ok_or(format!("{text}: no local time"))?.and_utc().timestamp_micros() - AHEAD)
}

/// RFC 3339 with the zone's offset.
pub(crate) fn local_text(t: Instant) -> String {
    let local = chrono::DateTime::from_timestamp_micros(t + AHEAD).map(|t| t.naive_utc());
    local.map_or_else(|| t.to_string(), |t| format!("{}+08:00", t.format("%Y-%m-%dT%H:%M:%S%.f")))
}

/// The days from `first` up to and with `last`.
pub(crate) fn days(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |d| *d <= last)
}

pub(crate) fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day + Days::new(days)
}

/// What the notices say.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    off: Vec<(NaiveDate, bool)>,
    work: Vec<NaiveDate>,
}

impl Notices {
    /// Reads the files that the library carries.
    pub(crate) fn read() -> Result<Notices, Box<dyn Error>> {
        let mut notices = Notices::default();
        for text in NOTICES {
            for line in text.lines().filter_map(|l| l.trim().strip_prefix("{ date = \"")) {
                let day: NaiveDate = line.get(..10).unwrap_or_default().parse()?;
                match line.split_once("statutory = ") {
                    Some((_, marked)) => notices.off.push((day, marked.starts_with("true"))),
                    None => notices.work.push(day),
                }
            }
        }
        Ok(notices)
    }
    /// Given off by a notice.
    pub(crate) fn off(&self, day: NaiveDate) -> bool {
        self.off.iter().any(|(d, _)| *d == day)
    }
    /// Marked as statutory.
    pub(crate) fn statutory(&self, day: NaiveDate) -> bool {
        self.off.contains(&(day, true))
    }
    pub(crate) fn workday(&self, day: NaiveDate) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        self.work.contains(&day) || !weekend && !self.off(day)
    }
    /// The n-th workday after that day.
    pub(crate) fn workday_after(&self, day: NaiveDate, n: usize) -> NaiveDate {
        let next = later(day, 1).iter_days().filter(|d| self.workday(*d)).nth(n.saturating_sub(1));
        next.unwrap_or(day)
    }
}
