//! Instants and local clocks. The stretches of constant offset of a zone are found once and kept.

use super::{Date, FIRST_INSTANT, Wall, check_range, date_of, day_number};
use crate::error::{Code, Error, Result, err};
use crate::time::{DAY, HOUR, Instant, MINUTE, Micros, SECOND};
use chrono::{DateTime, Datelike, Months, Offset, TimeZone};
use chrono_tz::TZ_VARIANTS;
use std::sync::OnceLock;

/// An IANA time zone. The rules of daylight saving are known until 2099; after that each zone keeps its last offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(pub(super) chrono_tz::Tz);

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
    pub fn date(self, t: Instant) -> Date {
        date_of(self.offsets().wall(t).div_euclid(DAY))
    }
    /// The first instant of a local date; where the zone skipped the whole date, the first instant after it.
    pub fn midnight(self, d: Date) -> Instant {
        self.at(d, 0)
    }
    /// The first instant at which the local clock shows `time` (microseconds from 00:00) of `date` or later: where a
    /// clock set forward skips it, the first instant after the gap; where a clock set back shows it twice, the first.
    pub fn at(self, date: Date, time: Micros) -> Instant {
        self.offsets().first_at((day_number(date) * DAY).saturating_add(time))
    }
    /// RFC 3339 with the zone's offset, fraction (six digits) only when there is one. Offsets with seconds, of before
    /// standard time, are cut to the minute; the text names the same instant.
    pub fn format(self, t: Instant) -> String {
        let offset = self.offsets().piece(t).offset.div_euclid(MINUTE) * MINUTE;
        let wall = t.saturating_add(offset);
        let (date, time) = (date_of(wall.div_euclid(DAY)), wall.rem_euclid(DAY));
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / MINUTE);
        let (h, m, s, us) = (time / HOUR, time / MINUTE % 60, time / SECOND % 60, time % SECOND);
        let fraction = if us == 0 { String::new() } else { format!(".{us:06}") };
        format!(
            "{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}{fraction}{sign}{:02}:{:02}",
            date.year(),
            date.month(),
            date.day(),
            minutes / 60,
            minutes % 60
        )
    }
    /// Same local day and time of day `months` later, or the last day of that month; skipped and repeated times as in
    /// [`Zone::at`]. `t` itself for 0 months.
    ///
    /// # Errors
    /// `out-of-range` when `t` or the result lies outside the years 1900 to 9999.
    pub fn add_months(self, t: Instant, months: u32) -> Result<Instant> {
        check_range(t)?;
        if months == 0 {
            return Ok(t);
        }
        let wall = self.offsets().wall(t);
        let date = date_of(wall.div_euclid(DAY)).checked_add_months(Months::new(months));
        let too_late = || Error::new(Code::OutOfRange, format!("{months} months after {}", self.format(t)));
        let later = self.at(date.ok_or_else(too_late)?, wall.rem_euclid(DAY));
        check_range(later).map_err(|_| too_late())?;
        Ok(later)
    }

    /// `t` so many calendar months earlier: same day and time of day, or the last day of the month.
    ///
    /// # Errors
    /// `OutOfRange`.
    pub fn months_before(self, t: Instant, months: u32) -> Result<Instant> {
        check_range(t)?;
        if months == 0 {
            return Ok(t);
        }
        let wall = self.offsets().wall(t);
        let date = date_of(wall.div_euclid(DAY)).checked_sub_months(Months::new(months));
        let too_early = || Error::new(Code::OutOfRange, format!("{months} months before {}", self.format(t)));
        let earlier = self.at(date.ok_or_else(too_early)?, wall.rem_euclid(DAY));
        check_range(earlier).map_err(|_| too_early())?;
        Ok(earlier)
    }

    pub(super) fn offsets(self) -> &'static Offsets {
        static ZONES: [OnceLock<Offsets>; TZ_VARIANTS.len()] = [const { OnceLock::new() }; TZ_VARIANTS.len()];
        ZONES[self.0 as usize].get_or_init(|| Offsets::find(self.0))
    }
}

/// A stretch of constant offset, to the start of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: Instant,
    /// Local clock minus UTC.
    pub(super) offset: Micros,
}

/// A zone's stretches of constant offset.
#[derive(Debug)]
pub(super) struct Offsets {
    /// In order, each with another offset than the one before; the first reaches back for ever.
    pub(super) pieces: Box<[Piece]>,
    /// The piece in force at the start of each slot from [`FIRST_INSTANT`] on: an index instead of a search.
    slots: Box<[u16]>,
}

/// The probes lie closer together than any two changes of one zone in the tables (at least 6.9 days apart since 1900),
/// so that between two probes there is at most one; a test holds this against the tables.
const PROBE: Micros = 6 * DAY;
/// After the last change in the tables.
const LAST_CHANGE: Instant = 47_482 * DAY;
/// A slot is 2^41 us, 25 days.
const SLOT_BITS: u32 = 41;
/// Longer than any offset (15 h 14 min before standard time).
const MAX_OFFSET: Micros = 16 * HOUR;

impl Offsets {
    fn find(tz: chrono_tz::Tz) -> Offsets {
        let offset = |t: Instant| {
            let utc = DateTime::from_timestamp_micros(t).unwrap_or_default().naive_utc();
            i64::from(tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * SECOND
        };
        let mut last = Piece { start: Instant::MIN, offset: offset(FIRST_INSTANT) };
        let mut pieces = vec![last];
        let mut probe = FIRST_INSTANT;
        while probe < LAST_CHANGE {
            let next = probe + PROBE;
            let after = offset(next);
            if after != last.offset {
                let (mut before, mut from) = (probe, next);
                while from - before > SECOND {
                    let middle = before + (from - before) / (2 * SECOND) * SECOND;
                    *(if offset(middle) == last.offset { &mut before } else { &mut from }) = middle;
                }
                last = Piece { start: from, offset: after };
                pieces.push(last);
            }
            probe = next;
        }
        let mut slots = Vec::new();
        let mut k = 0;
        for slot in 0..=(LAST_CHANGE - FIRST_INSTANT) >> SLOT_BITS {
            let start = FIRST_INSTANT + (slot << SLOT_BITS);
            while pieces.get(k + 1).is_some_and(|p| p.start <= start) {
                k += 1;
            }
            slots.push(k as u16);
        }
        Offsets { pieces: pieces.into(), slots: slots.into() }
    }

    /// Which piece is in force.
    #[inline]
    pub(super) fn index(&self, t: Instant) -> usize {
        let last = self.pieces.len() - 1;
        if last == 0 || t >= self.pieces[last].start {
            return last;
        }
        // Before the last change, so inside the slots, or before all of them.
        let slot = (t.saturating_sub(FIRST_INSTANT) >> SLOT_BITS).max(0) as usize;
        let mut k = usize::from(self.slots[slot]);
        while self.pieces[k + 1].start <= t {
            k += 1;
        }
        k
    }

    #[inline]
    pub(super) fn piece(&self, t: Instant) -> Piece {
        self.pieces[self.index(t)]
    }

    /// The instant from which on the local clock never shows less than `wall` again.
    pub(super) fn last_at(&self, wall: Wall) -> Instant {
        let shows_less = |p: &Piece| p.start.saturating_add(p.offset) < wall;
        let k = self.pieces.iter().rposition(shows_less).unwrap_or_default();
        let t = wall.saturating_sub(self.pieces[k].offset);
        self.pieces.get(k + 1).map_or(t, |next| t.min(next.start))
    }

    /// What the local clock shows.
    #[inline]
    pub(super) fn wall(&self, t: Instant) -> Wall {
        t.saturating_add(self.piece(t).offset)
    }

    /// The first instant at which the local clock shows `wall` or later.
    pub(super) fn first_at(&self, wall: Wall) -> Instant {
        let mut k = self.index(wall.saturating_sub(MAX_OFFSET));
        loop {
            let Piece { start, offset } = self.pieces[k];
            let t = start.max(wall.saturating_sub(offset));
            k += 1;
            if self.pieces.get(k).is_none_or(|next| t < next.start) {
                return t;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    /// Every zone's pieces against the tables, twice a day around each change and weekly elsewhere.
    #[test]
    fn pieces_are_those_of_the_tables() {
        for tz in TZ_VARIANTS {
            let z = Zone(tz);
            let offsets = z.offsets();
            let check = |t: Instant| {
                let utc = DateTime::from_timestamp_micros(t).unwrap().naive_utc();
                let expected = i64::from(tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * SECOND;
                assert_eq!(offsets.piece(t).offset, expected, "{} at {t}", z.name());
            };
            for pair in offsets.pieces.windows(2) {
                check(pair[1].start - 1);
                check(pair[1].start);
                assert!(
                    pair[0].start == Instant::MIN || pair[1].start - pair[0].start > PROBE,
                    "{}",
                    z.name()
                );
                assert_ne!(pair[0].offset, pair[1].offset);
                assert!(pair[1].offset.abs() < MAX_OFFSET);
            }
            assert!(offsets.pieces.last().unwrap().start < LAST_CHANGE);
            let mut t = FIRST_INSTANT;
            while t < LAST_CHANGE + 400 * DAY {
                check(t);
                t += 3 * DAY + 5 * HOUR + 7;
            }
        }
    }

    #[test]
    fn midnights() {
        for (name, date, expected) in [
            ("Asia/Shanghai", (2026, 1, 1), "2026-01-01T00:00:00+08:00"),
            // no midnight: the clock goes from 24:00 to 01:00
            ("America/Sao_Paulo", (2015, 10, 18), "2015-10-18T01:00:00-02:00"),
            // the day before is repeated from 23:00
            ("America/Sao_Paulo", (2015, 2, 22), "2015-02-22T00:00:00-03:00"),
            // at 00:01 back to 23:01 of the day before: the first of two midnights
            ("America/St_Johns", (2010, 11, 7), "2010-11-07T00:00:00-02:30"),
            // no such date at all
            ("Pacific/Apia", (2011, 12, 30), "2011-12-31T00:00:00+14:00"),
            ("Pacific/Apia", (2011, 12, 31), "2011-12-31T00:00:00+14:00"),
            ("UTC", (1970, 1, 1), "1970-01-01T00:00:00+00:00"),
        ] {
            let (z, d) = (zone(name), Date::from_ymd_opt(date.0, date.1, date.2).unwrap());
            let t = z.midnight(d);
            assert_eq!(z.format(t), expected);
            assert!(z.date(t) >= d && z.date(t - 1) < d);
        }
    }

    #[test]
    fn months() {
        let at = |text| crate::time::parse_instant(text).unwrap();
        for (name, from, months, to) in [
            ("Asia/Shanghai", "2026-01-31T09:30:00.000001+08:00", 1, "2026-02-28T09:30:00.000001+08:00"),
            ("Asia/Shanghai", "2024-01-31T09:30:00+08:00", 1, "2024-02-29T09:30:00+08:00"),
            ("Asia/Shanghai", "2026-02-28T00:00:00+08:00", 12, "2027-02-28T00:00:00+08:00"),
            ("Europe/Berlin", "2026-02-28T02:30:00+01:00", 1, "2026-03-28T02:30:00+01:00"),
            ("Europe/Berlin", "2026-02-28T12:00:00+01:00", 2, "2026-04-28T12:00:00+02:00"),
            // skipped: the first instant after the gap; repeated: the first of the two
            ("Europe/Berlin", "2026-01-29T02:30:00+01:00", 2, "2026-03-29T03:00:00+02:00"),
            ("Europe/Berlin", "2026-09-25T02:30:00+02:00", 1, "2026-10-25T02:30:00+02:00"),
            ("Europe/Berlin", "2026-10-25T02:30:00+01:00", 0, "2026-10-25T02:30:00+01:00"),
        ] {
            assert_eq!(zone(name).format(zone(name).add_months(at(from), months).unwrap()), to);
        }
        let e = zone("UTC").add_months(at("9999-12-31T00:00:00Z"), 1).unwrap_err();
        assert_eq!((e.code(), e.detail()), (Code::OutOfRange, "1 months after 9999-12-31T00:00:00+00:00"));
        assert_eq!(
            zone("UTC").add_months(at("2026-01-01T00:00:00Z"), u32::MAX).unwrap_err().code(),
            Code::OutOfRange
        );
    }

    #[test]
    fn text_names_the_instant() {
        for name in ["Asia/Shanghai", "UTC", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"] {
            // before standard time too, with seconds in the offset
            for t in
                [-2_200_000_000_000_001, -1, 0, 1, 999_999, 1_767_225_600_000_000, 253_370_764_799_999_999]
            {
                assert_eq!(crate::time::parse_instant(&zone(name).format(t)).unwrap(), t, "{name}");
            }
        }
        assert_eq!(zone("Asia/Shanghai").format(600_000), "1970-01-01T08:00:00.600000+08:00");
        assert_eq!(zone("Asia/Shanghai").format(0), "1970-01-01T08:00:00+08:00");
    }

    #[test]
    fn no_instant_panics() {
        for z in TZ_VARIANTS.map(Zone) {
            for t in [i64::MIN, i64::MIN + 1, FIRST_INSTANT, 0, LAST_CHANGE, i64::MAX - 1, i64::MAX] {
                let _ = (z.date(t), z.format(t), z.add_months(t, 1).is_ok());
            }
            for d in [Date::MIN, Date::MAX] {
                let _ = z.midnight(d);
            }
        }
        assert_eq!(Zone::parse("Asia/Beijing").unwrap_err().detail(), "\"Asia/Beijing\"");
    }
}
