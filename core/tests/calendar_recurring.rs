//! Recurring windows: which days, where the clock is set, what is refused.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use chrono::Weekday::{Fri, Mon, Sun, Tue};
use opsledger::calendar::Zone;
use opsledger::calendar::recurring::{MAX_WINDOWS, Missing, Nth, On, Recurring};
use opsledger::error::Code;
use opsledger::time::{DAY, HOUR, Interval, MINUTE, Micros, parse_instant};

fn expand(on: On, start: Micros, length: Micros, zone: &str, from: &str, to: &str) -> Vec<String> {
    let zone = Zone::parse(zone).unwrap();
    let range = Interval::new(parse_instant(from).unwrap(), parse_instant(to).unwrap());
    let windows = Recurring { on, start, length }.expand(zone, range).unwrap();
    windows.iter().map(|w| format!("{} {}m", zone.format(w.start), w.len() / MINUTE)).collect()
}

fn shanghai(on: On, from: &str, to: &str) -> Vec<String> {
    let at = |d: &str| format!("{d}T00:00:00+08:00");
    let windows = expand(on, 22 * HOUR, HOUR, "Asia/Shanghai", &at(from), &at(to));
    windows.iter().map(|w| w.strip_suffix("T22:00:00+08:00 60m").unwrap().to_owned()).collect()
}

#[test]
fn days_of_each_rule() {
    assert_eq!(
        shanghai(On::Days { every: 3 }, "2026-02-26", "2026-03-05"),
        ["2026-02-26", "2026-03-01", "2026-03-04"]
    );
    // 2026-03-05 is a Thursday; the Monday of its week does not come again.
    let weeks = On::Weeks { every: 2, weekdays: vec![Mon, Fri] };
    assert_eq!(
        shanghai(weeks, "2026-03-05", "2026-03-31"),
        ["2026-03-06", "2026-03-16", "2026-03-20", "2026-03-30"]
    );
    let day = |day, missing, every, months| On::MonthDay { months, every, day, missing };
    assert_eq!(
        shanghai(day(31, Missing::LastDay, 1, vec![]), "2026-01-01", "2026-05-01"),
        ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    );
    assert_eq!(
        shanghai(day(31, Missing::Skip, 1, vec![]), "2026-01-01", "2026-05-01"),
        ["2026-01-31", "2026-03-31"]
    );
    assert_eq!(
        shanghai(day(15, Missing::Skip, 5, vec![]), "2026-11-16", "2027-10-01"),
        ["2027-04-15", "2027-09-15"]
    );
    assert_eq!(
        shanghai(day(1, Missing::Skip, 1, vec![4, 12]), "2026-02-01", "2027-02-01"),
        ["2026-04-01", "2026-12-01"]
    );
    let weekday = |nth, every, months| On::MonthWeekday { months, every, nth, weekdays: vec![Mon, Sun] };
    assert_eq!(
        shanghai(weekday(Nth::Th(1), 1, vec![]), "2026-03-01", "2026-04-01"),
        ["2026-03-01", "2026-03-02"]
    );
    assert_eq!(
        shanghai(weekday(Nth::Th(5), 1, vec![]), "2026-02-01", "2026-05-01"),
        ["2026-03-29", "2026-03-30"]
    );
    assert_eq!(
        shanghai(weekday(Nth::Last, 2, vec![]), "2026-01-01", "2026-04-01"),
        ["2026-01-25", "2026-01-26", "2026-03-29", "2026-03-30"]
    );
    assert_eq!(
        shanghai(weekday(Nth::Last, 1, vec![2]), "2026-01-01", "2026-12-31"),
        ["2026-02-22", "2026-02-23"]
    );
}

#[test]
fn where_the_clock_is_set() {
    let daily = On::Days { every: 1 };
    // skipped: the first instant after the gap, for the whole length
    assert_eq!(
        expand(
            daily.clone(),
            2 * HOUR + 30 * MINUTE,
            90 * MINUTE,
            "Europe/Berlin",
            "2026-03-28T00:00:00+01:00",
            "2026-03-30T12:00:00+02:00"
        ),
        ["2026-03-28T02:30:00+01:00 90m", "2026-03-29T03:00:00+02:00 90m", "2026-03-30T02:30:00+02:00 90m"]
    );
    // repeated: once, at the first
    assert_eq!(
        expand(
            daily.clone(),
            2 * HOUR,
            HOUR,
            "Europe/Berlin",
            "2026-10-24T12:00:00+02:00",
            "2026-10-25T12:00:00+01:00"
        ),
        ["2026-10-25T02:00:00+02:00 60m"]
    );
    // a midnight that does not exist, a midnight that comes twice, a date that does not exist
    assert_eq!(
        expand(
            daily.clone(),
            0,
            HOUR,
            "America/Sao_Paulo",
            "2015-10-17T12:00:00-03:00",
            "2015-10-18T12:00:00-02:00"
        ),
        ["2015-10-18T01:00:00-02:00 60m"]
    );
    assert_eq!(
        expand(
            daily.clone(),
            0,
            HOUR,
            "America/St_Johns",
            "2010-11-06T12:00:00-02:30",
            "2010-11-07T12:00:00-03:30"
        ),
        ["2010-11-07T00:00:00-02:30 60m"]
    );
    assert_eq!(
        expand(daily, 0, HOUR, "Pacific/Apia", "2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00"),
        ["2011-12-29T00:00:00-10:00 60m", "2011-12-31T00:00:00+14:00 60m"]
    );
}

#[test]
fn ranges_cut_and_windows_overlap() {
    assert_eq!(
        expand(On::Days { every: 1 }, 0, 25 * HOUR, "UTC", "2026-01-01T00:00:01Z", "2026-01-03T12:00:00Z"),
        ["2026-01-02T00:00:00+00:00 1500m", "2026-01-03T00:00:00+00:00 720m"]
    );
    let windows = Recurring { on: On::Days { every: 1 }, start: 0, length: 1 };
    let utc = Zone::parse("UTC").unwrap();
    assert!(windows.expand(utc, Interval::new(5, 5)).unwrap().is_empty());
    assert_eq!(windows.expand(utc, Interval::new(0, MAX_WINDOWS as i64 * DAY)).unwrap().len(), MAX_WINDOWS);
    for range in [Interval::new(0, MAX_WINDOWS as i64 * DAY + 1), Interval::new(0, i64::MAX)] {
        assert_eq!(windows.expand(utc, range).unwrap_err().code(), Code::OutOfRange);
    }
}

#[test]
fn impossible_rules_are_refused() {
    let month_day = |day, every, months| On::MonthDay { months, every, day, missing: Missing::Skip };
    for (on, start, length, expected) in [
        (On::Days { every: 0 }, 0, 1, "every 0; every first is 1"),
        (On::Days { every: 1 }, DAY, 1, "start 86400000000 us; a time of day lies from 0 to below 24 h"),
        (On::Days { every: 1 }, -1, 1, "start -1 us; a time of day lies from 0 to below 24 h"),
        (On::Days { every: 1 }, 0, 0, "length 0 us; a window lasts longer than nothing"),
        (On::Weeks { every: 1, weekdays: vec![] }, 0, 1, "no weekday named"),
        (month_day(0, 1, vec![]), 0, 1, "day 0; a month has the days 1 to 31"),
        (month_day(32, 1, vec![]), 0, 1, "day 32; a month has the days 1 to 31"),
        (month_day(1, 1, vec![1, 13]), 0, 1, "month 13; a year has the months 1 to 12"),
        (
            On::MonthWeekday { months: vec![], every: 1, nth: Nth::Th(6), weekdays: vec![Tue] },
            0,
            1,
            "nth 6; a month has at most five of a weekday",
        ),
    ] {
        let e = Recurring { on, start, length }.expand(Zone::parse("UTC").unwrap(), Interval::new(0, DAY));
        let e = e.unwrap_err();
        assert_eq!((e.code(), e.detail()), (Code::BadCalendar, expected));
    }
}
