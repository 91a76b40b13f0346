//! Instants, durations, intervals. In: text and numbers. Out: integers of microseconds. Knows nothing of
//! zones by name, calendars or contracts, and never asks what time it is.
//!
//! An instant is `i64` microseconds since 1970-01-01T00:00:00Z; a duration is `i64` microseconds; an interval is
//! half-open, `[start, end)`.

pub mod interval_set;
mod words;

pub use words::words;

use crate::error::{Code, Error, Result, err};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Instant = i64;
/// Microseconds.
pub type Micros = i64;

/// One second in microseconds.
pub const SECOND: Micros = 1_000_000;
/// One minute in microseconds.
pub const MINUTE: Micros = 60 * SECOND;
/// One hour in microseconds.
pub const HOUR: Micros = 60 * MINUTE;
/// 24 hours in microseconds.
pub const DAY: Micros = 24 * HOUR;
/// The end of what has not ended.
pub const OPEN: Instant = i64::MAX;

/// Half-open `[start, end)`, microseconds; empty when `end <= start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// First instant inside.
    pub start: Instant,
    /// First instant after.
    pub end: Instant,
}

impl Interval {
    /// `[start, end)`.
    pub const fn new(start: Instant, end: Instant) -> Self {
        Interval { start, end }
    }
    /// Length, 0 when empty.
    pub const fn len(self) -> Micros {
        if self.end > self.start { self.end - self.start } else { 0 }
    }
    /// True when nothing is inside.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }
    /// The part inside `other`.
    #[must_use]
    pub fn clip(self, other: Interval) -> Interval {
        Interval::new(self.start.max(other.start), self.end.min(other.end))
    }
    /// True when `t` is inside.
    pub const fn contains(self, t: Instant) -> bool {
        self.start <= t && t < self.end
    }
}

/// Reads RFC 3339 with an offset, at most six digits of the second, years 1900 to 9999.
///
/// # Errors
/// `naive-time` without an offset, `bad-time` otherwise (leap seconds included: they do not exist on this axis).
pub fn parse_instant(text: &str) -> Result<Instant> {
    if let Some(instant) = parse_canonical(text.as_bytes()) {
        return Ok(instant);
    }
    let bad = || Error::new(Code::BadTime, format!("{text:?}"));
    if let Some(dot) = text.find('.') {
        let digits = text[dot + 1..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 6 || digits == 0 {
            return Err(bad());
        }
    }
    let b = text.as_bytes();
    if b.len() >= 19 && b[17] == b'6' {
        return Err(bad()); // second 60: chrono would fold it into the next minute's fraction
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(t) if b.get(10).is_some_and(|c| *c == b'T' || *c == b't' || *c == b' ') => {
            if (1900..=9999).contains(&t.naive_utc().year()) { Ok(t.timestamp_micros()) } else { Err(bad()) }
        }
        Ok(_) => Err(bad()),
        Err(_) => {
            let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
            if naive.iter().any(|f| NaiveDateTime::parse_from_str(text, f).is_ok())
                || NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
            {
                err(Code::NaiveTime, format!("{text:?}"))
            } else {
                Err(bad())
            }
        }
    }
}

/// The canonical text of an instant: `2026-03-02T00:10:00.000000Z`, always six digits.
///
/// # Errors
/// `out-of-range` outside the years 1900 to 9999.
pub fn canonical_instant(us: Instant) -> Result<String> {
    match DateTime::from_timestamp_micros(us) {
        Some(t) if (1900..=9999).contains(&t.year()) => Ok(write_canonical(&t.naive_utc())),
        _ => err(Code::OutOfRange, format!("instant {us}")),
    }
}

/// The canonical text and its digits: every stored fact holds one or more, so they are not read and written by way of a format.
const CANONICAL: &[u8; 27] = b"0000-00-00T00:00:00.000000Z";

fn write_canonical(t: &NaiveDateTime) -> String {
    let mut text = *CANONICAL;
    let parts = [
        (0..4, t.year().unsigned_abs()),
        (5..7, t.month()),
        (8..10, t.day()),
        (11..13, t.hour()),
        (14..16, t.minute()),
        (17..19, t.second()),
        (20..26, t.and_utc().timestamp_subsec_micros()),
    ];
    for (place, mut n) in parts {
        for digit in text[place].iter_mut().rev() {
            *digit = b'0' + (n % 10) as u8;
            n /= 10;
        }
    }
    text.iter().map(|b| char::from(*b)).collect()
}

/// Reads the canonical form; `None` for any other, and for what is no time.
fn parse_canonical(text: &[u8]) -> Option<Instant> {
    let shape = text.len() == CANONICAL.len()
        && text.iter().zip(CANONICAL).all(|(b, c)| if *c == b'0' { b.is_ascii_digit() } else { b == c });
    if !shape {
        return None;
    }
    let number =
        |place: std::ops::Range<usize>| text[place].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    let date = NaiveDate::from_ymd_opt(number(0..4) as i32, number(5..7), number(8..10))?;
    let time = date.and_hms_micro_opt(number(11..13), number(14..16), number(17..19), number(20..26))?;
    (date.year() >= 1900).then(|| time.and_utc().timestamp_micros())
}

/// Reads a duration of elapsed time: `90s`, `90m`, `1h30m`, `3d` (24 h each), `250ms`, `5us`, or ISO 8601 `PT1H30M`, `P1DT2H`.
///
/// # Errors
/// `bad-duration`; negative, fractional and overflowing ones included.
pub fn parse_duration(text: &str) -> Result<Micros> {
    let bad = || Error::new(Code::BadDuration, format!("{text:?}"));
    let (body, iso) = match text.strip_prefix('P') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let mut total: Micros = 0;
    let mut rest = body;
    let mut in_time = false;
    let mut last_unit = i64::MAX;
    let mut any = false;
    while !rest.is_empty() {
        if iso && !in_time && rest.starts_with('T') {
            in_time = true;
            rest = &rest[1..];
            if rest.is_empty() {
                return Err(bad());
            }
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let n: i64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        // In ISO text the units follow each other without blanks, one letter each.
        let letters = if iso { letters.min(1) } else { letters };
        let unit = match (&rest[..letters], iso, in_time) {
            ("d", false, _) | ("D", true, false) => DAY,
            ("W", true, false) => 7 * DAY,
            ("h", false, _) | ("H", true, true) => HOUR,
            ("m", false, _) | ("M", true, true) => MINUTE,
            ("s", false, _) | ("S", true, true) => SECOND,
            ("ms", false, _) => 1000,
            ("us", false, _) => 1,
            _ => return Err(bad()),
        };
        if unit >= last_unit {
            return Err(bad());
        }
        last_unit = unit;
        rest = &rest[letters..];
        total = n.checked_mul(unit).and_then(|x| total.checked_add(x)).ok_or_else(bad)?;
        any = true;
    }
    if any { Ok(total) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        assert_eq!(parse_instant("1970-01-01T08:00:00+08:00").unwrap(), 0);
        assert_eq!(parse_instant("2026-03-02T08:10:00.000001+08:00").unwrap() % SECOND, 1);
        assert_eq!(
            canonical_instant(parse_instant("2026-03-02T08:10:00+08:00").unwrap()).unwrap(),
            "2026-03-02T00:10:00.000000Z"
        );
        for naive in ["2026-03-02T08:10:00", "2026-03-02 08:10", "2026-03-02"] {
            assert_eq!(parse_instant(naive).unwrap_err().code(), Code::NaiveTime, "{naive}");
        }
        for bad in [
            "",
            "yesterday",
            "2026-03-02T08:10:00.1234567Z",
            "2026-02-30T00:00:00Z",
            "1899-12-31T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2026-03-02T08:10:00.Z",
        ] {
            assert_eq!(parse_instant(bad).unwrap_err().code(), Code::BadTime, "{bad}");
        }
    }

    #[test]
    fn the_canonical_form_is_read_and_written_as_by_chrono() {
        let mut us = parse_instant("1900-01-01T00:00:00Z").unwrap();
        let last = parse_instant("9999-12-31T23:59:59.999999Z").unwrap();
        while us <= last {
            let text = canonical_instant(us).unwrap();
            let t = DateTime::from_timestamp_micros(us).unwrap();
            assert_eq!(text, t.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
            assert_eq!(parse_canonical(text.as_bytes()), Some(us));
            assert_eq!(DateTime::parse_from_rfc3339(&text).unwrap().timestamp_micros(), us);
            us += 9_876_543_219_876; // about 114 days
        }
        for (bad, code) in [
            ("2026-02-29T00:00:00.000000Z", Code::BadTime),
            ("2026-03-02T24:00:00.000000Z", Code::BadTime),
            ("2026-03-02T00:60:00.000000Z", Code::BadTime),
            ("2026-03-02T00:00:60.000000Z", Code::BadTime),
            ("2026-00-02T00:00:00.000000Z", Code::BadTime),
            ("1899-12-31T23:59:59.999999Z", Code::BadTime),
            ("2026-03-02T00:00:00.0000000", Code::BadTime),
        ] {
            assert_eq!(parse_canonical(bad.as_bytes()), None, "{bad}");
            assert_eq!(parse_instant(bad).unwrap_err().code(), code, "{bad}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("90m").unwrap(), 90 * MINUTE);
        assert_eq!(parse_duration("1h30m").unwrap(), 90 * MINUTE);
        assert_eq!(parse_duration("PT1H30M").unwrap(), 90 * MINUTE);
        assert_eq!(parse_duration("P1DT2H").unwrap(), 26 * HOUR);
        assert_eq!(parse_duration("0s").unwrap(), 0);
        assert_eq!(parse_duration("3d").unwrap(), 3 * DAY);
        for bad in ["", "P", "PT", "m", "1", "-1h", "1.5h", "30m1h", "P1M", "1 h", "99999999999d", "1h1h"] {
            assert_eq!(parse_duration(bad).unwrap_err().code(), Code::BadDuration, "{bad}");
        }
    }
}
