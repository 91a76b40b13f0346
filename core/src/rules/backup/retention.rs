//! Which runs should still exist. In: good runs by the instant they were started, newest last, and the instant it is asked at. Out: those
//! that any part of the retention keeps. Calendar periods are those of the contract's zone.

use crate::calendar::Zone;
use crate::contract::Limit;
use crate::time::Instant;
use chrono::Datelike;

/// What is kept. A run is kept when any part keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Every run, until it is older than that: `"30d"`, `"3 months"` after it was started.
    pub keep_for: Option<Limit>,
    /// `last`: the newest runs.
    pub last: u32,
    /// `daily`: the newest run of each of the last days that have one.
    pub daily: u32,
    /// `weekly`: the same by weeks from Monday.
    pub weekly: u32,
    /// `monthly`: the same by months.
    pub monthly: u32,
    /// `yearly`: the same by years.
    pub yearly: u32,
    /// `within`: every run started less than that before the newest one.
    pub within: Option<Limit>,
}

/// The instant a limit ends that began at `start`; far away where the calendar ends.
pub(crate) fn after(zone: Zone, limit: Limit, start: Instant) -> Instant {
    match limit {
        Limit::Elapsed(us) => start.saturating_add(us),
        Limit::Months(n) => zone.add_months(start, n).unwrap_or(Instant::MAX),
        // Refused where contracts are read: a day off says nothing about how long a copy is of use.
        Limit::Workdays(n) => start.saturating_add(i64::from(n) * crate::time::DAY),
    }
}

/// The instant a limit began that ends at `end`; far away where the calendar begins.
fn before(zone: Zone, limit: Limit, end: Instant) -> Instant {
    match limit {
        Limit::Elapsed(us) => end.saturating_sub(us),
        Limit::Months(n) => zone.months_before(end, n).unwrap_or(Instant::MIN),
        Limit::Workdays(n) => end.saturating_sub(i64::from(n) * crate::time::DAY),
    }
}

/// The calendar period of a day: its year, and which it is in it.
type PeriodOf = fn(crate::calendar::Date) -> (i32, u32);

/// For each of `started` (ascending), whether it should exist at `as_of`. O(n).
pub(crate) fn kept(retention: &Retention, zone: Zone, started: &[Instant], as_of: Instant) -> Vec<bool> {
    let mut kept = vec![false; started.len()];
    let Some(newest) = started.last() else { return kept };
    let within = retention.within.map(|limit| before(zone, limit, *newest));
    for (i, start) in started.iter().enumerate() {
        let young = retention.keep_for.is_some_and(|limit| after(zone, limit, *start) >= as_of);
        kept[i] = young || within.is_some_and(|from| *start > from);
    }
    for i in (0..started.len()).rev().take(retention.last as usize) {
        kept[i] = true;
    }
    let periods: [(u32, PeriodOf); 4] = [
        (retention.daily, |d| (d.year(), d.ordinal())),
        (retention.weekly, |d| (d.iso_week().year(), d.iso_week().week())),
        (retention.monthly, |d| (d.year(), d.month())),
        (retention.yearly, |d| (d.year(), 0)),
    ];
    for (count, period) in periods {
        let mut left = count;
        let mut last = None;
        for i in (0..started.len()).rev() {
            if left == 0 {
                break;
            }
            let this = period(zone.date(started[i]));
            // Where there are too few periods the oldest run is kept as well.
            if last != Some(this) || i == 0 {
                kept[i] = true;
                left -= 1;
            }
            last = Some(this);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, HOUR, parse_instant};
    use proptest::prelude::*;

    fn zone() -> Zone {
        Zone::parse("Asia/Shanghai").unwrap()
    }
    fn at(text: &str) -> Instant {
        parse_instant(&format!("{text}+08:00")).unwrap()
    }

    #[test]
    fn days_are_those_of_the_zone() {
        // 23:30 and 00:30 of one night are two days in Shanghai and one in UTC.
        let runs = [at("2026-03-01T23:30:00"), at("2026-03-02T00:30:00"), at("2026-03-02T12:00:00")];
        let r = Retention { daily: 2, ..Retention::default() };
        assert_eq!(kept(&r, zone(), &runs, at("2026-03-03T00:00:00")), [true, false, true]);
        assert_eq!(kept(&r, Zone::parse("UTC").unwrap(), &runs, 0), [false, true, true]);
        let one = Retention { daily: 1, ..Retention::default() };
        assert_eq!(kept(&one, zone(), &runs, 0), [false, false, true]);
    }

    #[test]
    fn weeks_begin_on_monday_and_years_with_their_first_week() {
        // 2025-12-29 is the Monday of the first week of 2026.
        let runs = [at("2025-12-28T01:00:00"), at("2025-12-29T01:00:00"), at("2026-01-04T01:00:00")];
        let weekly = Retention { weekly: 5, ..Retention::default() };
        // The oldest is of another week, and is the oldest.
        assert_eq!(kept(&weekly, zone(), &runs, 0), [true, false, true]);
        let yearly = Retention { yearly: 1, ..Retention::default() };
        assert_eq!(kept(&yearly, zone(), &runs, 0), [false, false, true]);
    }

    #[test]
    fn the_oldest_is_kept_where_there_are_too_few() {
        let runs = [at("2026-03-02T01:00:00"), at("2026-03-02T02:00:00"), at("2026-03-02T03:00:00")];
        let r = Retention { daily: 7, ..Retention::default() };
        assert_eq!(kept(&r, zone(), &runs, 0), [true, false, true]);
        let r = Retention { daily: 1, ..Retention::default() };
        assert_eq!(kept(&r, zone(), &runs, 0), [false, false, true]);
    }

    #[test]
    fn a_length_counts_from_the_start_and_within_from_the_newest() {
        let runs = [at("2026-01-31T01:00:00"), at("2026-02-28T00:00:00"), at("2026-03-10T00:00:00")];
        let months = Retention { keep_for: Some(Limit::Months(1)), ..Retention::default() };
        // One month after 31 January is 28 February, the last day of that month.
        assert_eq!(kept(&months, zone(), &runs, at("2026-02-28T01:00:00")), [true, true, true]);
        assert_eq!(kept(&months, zone(), &runs, at("2026-02-28T01:00:00") + 1), [false, true, true]);
        let within = Retention { within: Some(Limit::Elapsed(10 * DAY)), ..Retention::default() };
        assert_eq!(kept(&within, zone(), &runs, 0), [false, false, true]);
        let within = Retention { within: Some(Limit::Elapsed(10 * DAY + 1)), ..Retention::default() };
        assert_eq!(kept(&within, zone(), &runs, 0), [false, true, true]);
        assert_eq!(kept(&within, zone(), &[], 0), [] as [bool; 0]);
    }

    #[test]
    fn months_within_are_counted_back() {
        // One month before 31 March is 28 February, in a leap year the 29th.
        let within = Retention { within: Some(Limit::Months(1)), ..Retention::default() };
        let runs = [at("2026-02-28T01:00:00"), at("2026-02-28T01:00:00") + 1, at("2026-03-31T01:00:00")];
        assert_eq!(kept(&within, zone(), &runs, 0), [false, true, true]);
        let runs = [at("2028-02-28T02:00:00"), at("2028-02-29T01:00:01"), at("2028-03-31T01:00:00")];
        assert_eq!(kept(&within, zone(), &runs, 0), [false, true, true]);
    }

    #[test]
    fn a_leap_day_is_a_day_and_ends_its_month() {
        let runs = [at("2028-02-28T23:00:00"), at("2028-02-29T23:59:59"), at("2028-03-01T00:00:00")];
        let daily = Retention { daily: 3, ..Retention::default() };
        assert_eq!(kept(&daily, zone(), &runs, 0), [true, true, true]);
        let monthly = Retention { monthly: 2, ..Retention::default() };
        assert_eq!(kept(&monthly, zone(), &runs, 0), [false, true, true]);
    }

    #[test]
    fn days_of_23_and_25_hours_are_days() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let utc = |text: &str| parse_instant(&format!("{text}Z")).unwrap();
        // Summer time begins on 29 March 2026 at 01:00 UTC: the local day is 28 March 23:00 to 29 March 22:00 UTC.
        let spring = [utc("2026-03-28T22:59:59"), utc("2026-03-28T23:00:00"), utc("2026-03-29T22:00:00")];
        let daily = Retention { daily: 3, ..Retention::default() };
        assert_eq!(kept(&daily, zone, &spring, 0), [true, true, true]);
        // It ends on 25 October: 24 October 22:00 to 25 October 23:00 UTC, in which 02:30 comes twice.
        let autumn = [utc("2026-10-24T21:59:59"), utc("2026-10-25T00:30:00"), utc("2026-10-25T01:30:00")];
        assert_eq!(
            kept(&Retention { daily: 2, ..Retention::default() }, zone, &autumn, 0),
            [true, false, true]
        );
    }

    /// As one would say it: for each kind of period the newest run of each period, of which the last n count, and the oldest
    /// of all where there are fewer.
    fn naive(r: &Retention, zone: Zone, runs: &[Instant], as_of: Instant) -> Vec<bool> {
        let day = |t: Instant| zone.date(t);
        let mut keep = vec![false; runs.len()];
        let newest = runs.last().copied();
        for (i, t) in runs.iter().enumerate() {
            if let Some(Limit::Elapsed(us)) = r.keep_for {
                keep[i] |= *t >= as_of - us;
            }
            if let (Some(Limit::Elapsed(us)), Some(newest)) = (r.within, newest) {
                keep[i] |= *t > newest - us;
            }
            keep[i] |= runs.len() - i <= r.last as usize;
        }
        for (n, name) in [(r.daily, "%F"), (r.weekly, "%G-%V"), (r.monthly, "%Y-%m"), (r.yearly, "%Y")] {
            let mut heads: Vec<usize> = Vec::new();
            for i in (0..runs.len()).rev() {
                let of = |i: usize| day(runs[i]).format(name).to_string();
                if heads.last().is_none_or(|h| of(*h) != of(i)) {
                    heads.push(i);
                }
            }
            if heads.len() < n as usize && !runs.is_empty() {
                heads.push(0);
            }
            heads.iter().take(n as usize).for_each(|i| keep[*i] = true);
        }
        keep
    }

    proptest! {
        #[test]
        fn is_the_naive_model(
            gaps in prop::collection::vec(0i64..60, 0..60), counts in prop::array::uniform5(0u32..6),
            keep in prop::option::of(0i64..40), within in prop::option::of(0i64..40), from in 0i64..800
        ) {
            let mut t = at("2024-12-20T00:00:00") + from * DAY;
            let runs: Vec<Instant> = gaps.iter().map(|g| { t += g * 7 * HOUR; t }).collect();
            let limit = |days: i64| Limit::Elapsed(days * DAY);
            let [last, daily, weekly, monthly, yearly] = counts;
            let r = Retention { keep_for: keep.map(limit), last, daily, weekly, monthly, yearly, within: within.map(limit) };
            let as_of = t + 3 * DAY;
            prop_assert_eq!(kept(&r, zone(), &runs, as_of), naive(&r, zone(), &runs, as_of));
        }
    }
}
