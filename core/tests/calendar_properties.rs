//! Calendars against models that walk every minute or every day, over random hours, seasons, lines, zones and instants.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use chrono::{DateTime, Datelike, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::Tz;
use opsledger::calendar::{Calendar, CalendarSpec, Date, DayLine, Days, Hours, OpenHours, Season, Zone};
use opsledger::error::Code;
use opsledger::time::{DAY, HOUR, Instant, Interval, MINUTE, Micros, parse_instant};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Zones with ordinary, half-hour, midnight and date-line changes, and without any; offsets of whole minutes since 1975.
const ZONES: [&str; 12] = [
    "Asia/Shanghai",
    "UTC",
    "Europe/Berlin",
    "America/Chicago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Tehran",
    "Pacific/Apia",
    "Asia/Kathmandu",
];

/// Instants around which clocks were set or schedules change.
const MARKS: [&str; 14] = [
    "2011-12-30T10:00:00Z",
    "2010-11-07T02:31:00Z",
    "2015-10-18T03:00:00Z",
    "2015-02-22T02:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2020-10-03T15:30:00Z",
    "2020-03-08T08:00:00Z",
    "1986-05-03T18:00:00Z",
    "2021-03-21T20:30:00Z",
    "2020-01-27T00:00:00Z",
    "2018-01-01T00:00:00Z",
    "2026-12-31T16:00:00Z",
    "2024-02-29T00:00:00Z",
];

fn hours() -> impl Strategy<Value = Hours> {
    prop::collection::btree_set(0..=1440u16, 0..=8).prop_map(|edges| {
        let edges: Vec<u16> = edges.into_iter().collect();
        edges.chunks_exact(2).map(|e| (e[0], e[1])).collect()
    })
}

fn open_hours() -> impl Strategy<Value = OpenHours> {
    let some = |p| prop::option::weighted(p, hours());
    let week = prop::array::uniform7(some(0.15));
    (some(0.6), some(0.6), week).prop_map(|(every_day, workday, week)| OpenHours { every_day, workday, week })
}

fn season() -> impl Strategy<Value = Season> {
    ((1..=12u8, 1..=28u8), (1..=12u8, 1..=28u8), open_hours()).prop_map(|(from, to, open)| Season {
        from,
        to,
        open,
    })
}

fn spec(holidays: bool) -> impl Strategy<Value = CalendarSpec> {
    (open_hours(), prop::collection::vec(season(), 0..=1)).prop_map(move |(open, seasons)| CalendarSpec {
        id: "random".into(),
        open,
        seasons,
        holidays: holidays.then(|| "CN".into()),
    })
}

fn near_mark() -> impl Strategy<Value = Instant> {
    (prop::sample::select(&MARKS[..]), -3 * DAY..3 * DAY, any::<bool>()).prop_map(|(mark, shift, whole)| {
        let t = parse_instant(mark).unwrap() + shift;
        if whole { t - t.rem_euclid(30 * MINUTE) } else { t }
    })
}

fn anywhere() -> impl Strategy<Value = Instant> {
    // 1975 to 2090
    prop_oneof![2 => near_mark(), 1 => 5 * 365 * DAY..120 * 365 * DAY]
}

fn lines() -> impl Strategy<Value = Vec<DayLine>> {
    let line =
        (near_mark(), 0..5i64, any::<bool>(), any::<bool>()).prop_map(|(t, length, workday, yearly)| {
            let day = |t: Instant| DateTime::from_timestamp_micros(t).unwrap().date_naive();
            let (from, to) = (day(t), day(t + length * DAY));
            DayLine { from, to, name: String::new(), workday, statutory: false, yearly }
        });
    prop::collection::vec(line, 0..=4)
}

/// What the local clock shows, from the tables themselves.
fn wall(tz: Tz, t: Instant) -> NaiveDateTime {
    tz.from_utc_datetime(&DateTime::from_timestamp_micros(t).unwrap().naive_utc()).naive_local()
}

/// The hours of a day; none where they hang on a schedule that is not published.
fn day_hours(spec: &CalendarSpec, days: &Days, d: Date) -> Option<Hours> {
    let key = (d.month() as u8, d.day() as u8);
    let season = spec.seasons.iter().find(|s| {
        let (after, before) = (s.from <= key, key <= s.to);
        if s.from <= s.to { after && before } else { after || before }
    });
    let open = season.map_or(&spec.open, |s| &s.open);
    if *open == OpenHours::default() {
        return Some(vec![(0, 1440)]);
    }
    if let Some(hours) = &open.week[d.weekday().num_days_from_monday() as usize] {
        return Some(hours.clone());
    }
    if let Some(hours) = &open.workday {
        match days.is_workday(d) {
            Ok(true) => return Some(hours.clone()),
            Ok(false) => {}
            Err(e) => {
                assert_eq!(e.code(), Code::NoSchedule);
                return None;
            }
        }
    }
    Some(open.every_day.clone().unwrap_or_default())
}

/// Every minute of `[a, b)`: working time, or the first year without schedule.
fn by_minutes(spec: &CalendarSpec, days: &Days, zone: &str, a: Instant, b: Instant) -> Result<Micros, i32> {
    let (mut total, mut t) = (0, a);
    let tz: Tz = zone.parse().unwrap();
    let (first, last) = (wall(tz, a).date(), wall(tz, b - 1).date());
    for d in first.min(last).iter_days().take_while(|d| *d <= first.max(last)) {
        day_hours(spec, days, d).ok_or(d.year())?;
    }
    let mut cached = (first, day_hours(spec, days, first));
    while t < b {
        let next = (t - t.rem_euclid(MINUTE) + MINUTE).min(b);
        let local = wall(tz, t);
        if cached.0 != local.date() {
            cached = (local.date(), day_hours(spec, days, local.date()));
        }
        let minute = (local.hour() * 60 + local.minute()) as u16;
        let open = cached.1.iter().flatten().any(|&(from, to)| from <= minute && minute < to);
        total += if open { next - t } else { 0 };
        t = next;
    }
    Ok(total)
}

fn compile(spec: &CalendarSpec, days: &Days, zone: &str) -> Calendar {
    Calendar::new(spec, Zone::parse(zone).unwrap(), days).unwrap()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None::<Box<FileFailurePersistence>>.map(|f| f as _),
        ..Default::default()
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// Working time, its instants and its intervals against every minute, in every zone.
    #[test]
    fn as_every_minute(
        spec in any::<bool>().prop_flat_map(spec),
        own in lines(),
        zone in prop::sample::select(&ZONES[..]),
        a in anywhere(),
        span in 1..5 * DAY,
        known_at in near_mark(),
    ) {
        let days = Days::new(spec.holidays.as_deref(), &own, known_at).unwrap();
        let calendar = compile(&spec, &days, zone);
        let b = a + span;
        let open = calendar.open_in(Interval::new(a, b));
        match (by_minutes(&spec, &days, zone, a, b), calendar.between(a, b)) {
            (Ok(expected), Ok(working)) => {
                prop_assert_eq!(working, expected);
                let open = open.unwrap();
                prop_assert_eq!(open.iter().map(|i| i.len()).sum::<Micros>(), expected);
                prop_assert!(open.windows(2).all(|w| w[0].end < w[1].start));
                for i in open {
                    prop_assert!(a <= i.start && i.start < i.end && i.end <= b);
                    prop_assert_eq!(calendar.between(i.start, i.end).unwrap(), i.len());
                    let before = calendar.between(a, i.start).unwrap();
                    prop_assert_eq!(calendar.add(a, before + 1).unwrap(), i.start + 1);
                    prop_assert_eq!(calendar.add(a, before + i.len()).unwrap(), i.end);
                }
                let middle = a + span / 3;
                let parts = calendar.between(a, middle).unwrap() + calendar.between(middle, b).unwrap();
                prop_assert_eq!(parts, working);
            }
            (Err(year), Err(e)) => {
                for e in [e, open.unwrap_err()] {
                    prop_assert_eq!(e.code(), Code::NoSchedule);
                    prop_assert!(e.detail().starts_with(&format!("{year} (CN)")), "{:?}", e);
                }
            }
            (model, ours) => prop_assert!(false, "{:?} {:?}", model, ours),
        }
    }

    /// `add` is the least instant at which so much has passed; where it refuses, the way there is not known.
    #[test]
    fn add_is_least(
        spec in any::<bool>().prop_flat_map(spec),
        own in lines(),
        zone in prop::sample::select(&ZONES[..]),
        at in anywhere(),
        n in prop_oneof![1..100 * HOUR, 1..10i64, 1..1000 * DAY],
    ) {
        let days = Days::new(spec.holidays.as_deref(), &own, i64::MAX).unwrap();
        let calendar = compile(&spec, &days, zone);
        prop_assert_eq!(calendar.add(at, 0).unwrap(), at);
        match calendar.add(at, n) {
            Ok(t) => {
                prop_assert_eq!(calendar.between(at, t).unwrap(), n);
                prop_assert_eq!(calendar.between(at, t - 1).unwrap(), n - 1);
            }
            Err(e) => {
                let end = parse_instant("9999-12-31T23:59:59.999999Z").unwrap();
                match calendar.between(at, end) {
                    Ok(all) => prop_assert!(all < n && e.code() == Code::OutOfRange, "{:?}", e),
                    Err(other) => prop_assert_eq!(e.detail(), other.detail()),
                }
            }
        }
    }

    /// Long spans against every day, where the clock is never set.
    #[test]
    fn as_every_day(
        spec in spec(false),
        own in lines(),
        first in -25_000..2_000_000i64,
        length in 1..4000i64,
        (skip, cut) in (0..DAY, 0..DAY),
    ) {
        let days = Days::new(None, &own, 0).unwrap();
        let calendar = compile(&spec, &days, "UTC");
        let (a, b) = (first * DAY + skip, (first + length) * DAY + cut);
        let mut expected = 0;
        for day in first..=first + length {
            let d = Date::from_epoch_days(day as i32).unwrap();
            for (from, to) in day_hours(&spec, &days, d).unwrap() {
                let (from, to) = (day * DAY + i64::from(from) * MINUTE, day * DAY + i64::from(to) * MINUTE);
                expected += (to.min(b) - from.max(a)).max(0);
            }
        }
        prop_assert_eq!(calendar.between(a, b).unwrap(), expected);
    }

    /// A workday count is as many steps over days.
    #[test]
    fn workdays_are_steps(own in lines(), from in 17_600..20_700i64, n in 0..60u32) {
        let days = Days::new(Some("CN"), &own, i64::MAX).unwrap();
        let d = Date::from_epoch_days(from as i32).unwrap();
        match days.add_workdays(d, n) {
            Ok(later) => {
                let between = d.iter_days().skip(1).take_while(|x| *x <= later);
                prop_assert_eq!(between.filter(|x| days.is_workday(*x).unwrap()).count(), n as usize);
                prop_assert!(n == 0 || days.is_workday(later).unwrap());
            }
            Err(e) => prop_assert!(e.code() == Code::NoSchedule && e.detail().starts_with("2027"), "{:?}", e),
        }
    }
}

#[test]
fn the_whole_range() {
    let days = Days::new(None, &[], 0).unwrap();
    let [start, end] = ["1900-01-01T00:00:00Z", "9999-12-31T00:00:00Z"].map(|t| parse_instant(t).unwrap());
    let end = end + DAY;
    let whole_days = (end - start) / DAY;
    let spec = |open| CalendarSpec { id: "c".into(), open, seasons: Vec::new(), holidays: None };
    let office: Hours = vec![(9 * 60, 17 * 60)];
    let daily = spec(OpenHours { every_day: Some(office.clone()), ..OpenHours::default() });
    let workdays = spec(OpenHours { workday: Some(office), ..OpenHours::default() });
    let always = compile(&spec(OpenHours::default()), &days, "Asia/Shanghai");
    assert!(always.is_always());
    assert_eq!(always.between(start, end).unwrap(), end - start);
    assert_eq!(always.add(start, end - start).unwrap(), end);
    let full = spec(OpenHours { every_day: Some(vec![(0, 720), (720, 1440)]), ..OpenHours::default() });
    assert!(compile(&full, &days, "Asia/Shanghai").is_always());
    // 1900-01-01 was a Monday and 9999-12-31 is a Friday.
    for (spec, expected) in [(&daily, whole_days), (&workdays, (whole_days + 2) / 7 * 5)] {
        let calendar = compile(spec, &days, "UTC");
        assert!(!calendar.is_always());
        assert_eq!(calendar.between(start, end).unwrap(), expected * 8 * HOUR);
        let last = end - 7 * HOUR;
        assert_eq!(calendar.add(start, expected * 8 * HOUR).unwrap(), last);
        assert_eq!(calendar.add(start, expected * 8 * HOUR + 1).unwrap_err().code(), Code::OutOfRange);
    }
    for calendar in [always, compile(&daily, &days, "Pacific/Apia")] {
        assert_eq!(calendar.between(5, 5).unwrap(), 0);
        assert_eq!(calendar.between(i64::MAX, i64::MIN).unwrap(), 0);
        assert!(calendar.open_in(Interval::new(5, 5)).unwrap().is_empty());
        for (a, b) in [(start - 1, start), (end, end + 1), (i64::MIN, i64::MAX), (0, i64::MAX)] {
            assert_eq!(calendar.between(a, b).unwrap_err().code(), Code::OutOfRange);
            assert_eq!(calendar.open_in(Interval::new(a, b)).unwrap_err().code(), Code::OutOfRange);
        }
        for (at, n) in [(i64::MAX, 1), (0, i64::MAX), (0, -1), (end, 1), (i64::MIN, 0)] {
            assert_eq!(calendar.add(at, n).unwrap_err().code(), Code::OutOfRange);
        }
    }
}

#[test]
fn wrong_hours_are_refused_with_place_and_value() {
    let days = Days::new(None, &[], 0).unwrap();
    let open = |h: &[(u16, u16)]| OpenHours { every_day: Some(h.to_vec()), ..OpenHours::default() };
    let season = |from, to, h: &[(u16, u16)]| Season { from, to, open: open(h) };
    let spec = |open, seasons| CalendarSpec { id: "desk".into(), open, seasons, holidays: None };
    let summer = season((5, 1), (9, 30), &[(480, 960)]);
    for (spec, expected) in [
        (spec(open(&[(540, 540)]), vec![]), "hours 09:00-09:00: the end is not after the start"),
        (spec(open(&[(540, 1441)]), vec![]), "hours 09:00-24:01: a day ends at 24:00"),
        (spec(open(&[(540, 600), (599, 660)]), vec![]), "hours 09:59-11:00: overlap others of the day"),
        (spec(open(&[]), vec![season((2, 30), (3, 1), &[])]), "season 02-30 to 03-01: no such date"),
        (
            spec(open(&[]), vec![season((3, 1), (4, 1), &[(9, 8)])]),
            "season 03-01 to 04-01: hours 00:09-00:08: the end is not after the start",
        ),
        (
            spec(open(&[]), vec![summer, season((9, 30), (1, 1), &[])]),
            "season 09-30 to 01-01: overlaps another season",
        ),
    ] {
        let e = Calendar::new(&spec, Zone::parse("UTC").unwrap(), &days).unwrap_err();
        assert_eq!(
            (e.code(), e.detail()),
            (Code::BadCalendar, format!("calendar \"desk\": {expected}").as_str())
        );
    }
}
