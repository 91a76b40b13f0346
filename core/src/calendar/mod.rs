//! Service hours, holidays, zones: the only place that knows chrono-tz. In: specifications, instants, what was known
//! when. Out: working time and local dates. Knows no contract and no fact, reads no file and no clock.
//!
//! `zone`: instants and local clocks. `local`: local times as people write them. `notices`: the embedded holiday files.
//! `days`: which days are workdays. `spec`: service hours as written. `years`, made of `run`s: them laid out over the local
//! days of 1900 to 9999. `slots`: open time ready to be read off. `hours`: working time between instants. `recurring`:
//! windows that come again.

mod days;
mod hours;
mod local;
mod notices;
pub mod recurring;
mod run;
mod slots;
mod spec;
mod years;
mod zone;

pub(crate) use local::is_local_time;

pub use chrono::NaiveDate as Date;
pub use days::{DayLine, Days};
pub use hours::Calendar;
pub use spec::{CalendarSpec, Hours, OpenHours, Season};
pub use zone::Zone;

use crate::error::{Code, Result, err};
use crate::time::{DAY, Instant};

/// Microseconds that a local clock shows, counted from its own 1970-01-01T00:00.
type Wall = i64;

/// 1900-01-01T00:00:00Z.
const FIRST_INSTANT: Instant = -25_567 * DAY;
/// 10000-01-01T00:00:00Z: the end of the last interval, not an instant inside.
const LAST_INSTANT: Instant = 2_932_897 * DAY;

fn check_range(t: Instant) -> Result<()> {
    if (FIRST_INSTANT..=LAST_INSTANT).contains(&t) {
        return Ok(());
    }
    err(Code::OutOfRange, format!("instant {t}; the years 1900 to 9999 are supported"))
}

/// Days from 1970-01-01.
fn day_number(d: Date) -> i64 {
    i64::from(d.to_epoch_days())
}

/// The date of a day number; the nearest one there is.
fn date_of(day: i64) -> Date {
    let fallback = if day < 0 { Date::MIN } else { Date::MAX };
    i32::try_from(day).ok().and_then(Date::from_epoch_days).unwrap_or(fallback)
}
