//! Each edge of the accounting page by example.

use super::*;
use crate::calendar::{CalendarSpec, Days, OpenHours, Zone};
use crate::error::Code;
use crate::time::{DAY, HOUR, parse_instant};

pub(super) const ALL: Interval = Interval::new(i64::MIN / 4, i64::MAX / 4);

fn outage(start: Instant, end: Instant, taken: &[(Instant, Instant)]) -> Outage {
    Outage { start, end, taken: taken.iter().map(|(a, b)| Interval::new(*a, *b)).collect() }
}

fn scope(merge_gap: Micros, spans: &[(Instant, Instant)], thresholds: &[Micros]) -> Scope {
    let spans = spans.iter().map(|(a, b)| Interval::new(*a, *b)).collect();
    Scope { merge_gap, hours: None, spans, thresholds: thresholds.to_vec() }
}

/// A timeline at `as_of` over one span from 0 to 1000 hours, long from one hour.
fn timeline(merge_gap: Micros, as_of: Instant, outages: &[Outage]) -> Timeline {
    let mut t = Timeline::new(scope(merge_gap, &[(0, 1000 * HOUR)], &[HOUR]), as_of);
    for (id, o) in outages.iter().enumerate() {
        t.put(id as u32, Some(o.clone()));
    }
    t
}

fn counts(long: i64, short: i64, pending: i64) -> Counts {
    Counts { long, short, pending }
}

#[test]
fn exactly_one_hour_is_long_and_one_microsecond_less_is_short() {
    let t = timeline(0, 9 * HOUR, &[outage(0, HOUR, &[]), outage(2 * HOUR, 3 * HOUR - 1, &[])]);
    assert_eq!(t.counts(0, 0), counts(1, 1, 0));
    assert_eq!(t.long_breach(0, 0, 0), Some(HOUR));
    assert_eq!(t.short_breach(0, 0, 0), Some(3 * HOUR - 1));
    assert_eq!((t.long_breach(0, 0, 1), t.short_breach(0, 0, 1)), (None, None));
}

#[test]
fn exactly_the_limit_keeps_it_and_the_next_microsecond_breaks_it() {
    let mut t = timeline(0, 10 * HOUR, &[outage(0, OPEN, &[])]);
    assert_eq!((t.downtime(0), t.downtime_breach(0, 10 * HOUR)), (10 * HOUR, None));
    assert_eq!(t.forecast_downtime(0, 10 * HOUR), Some(10 * HOUR));
    t.advance(10 * HOUR + 1);
    assert_eq!(t.downtime_breach(0, 10 * HOUR), Some(10 * HOUR));
    assert_eq!(t.forecast_downtime(0, 10 * HOUR), None);
    // Reached in one outage, passed in the next: the instant is the start of the next.
    let t = timeline(0, 99 * HOUR, &[outage(0, 10 * HOUR, &[]), outage(20 * HOUR, 21 * HOUR, &[])]);
    assert_eq!(t.downtime_breach(0, 10 * HOUR), Some(20 * HOUR));
    assert_eq!(t.downtime_breach(0, 0), Some(0));
}

#[test]
fn the_gap_joins_when_it_is_exactly_the_allowed_one_and_is_never_downtime() {
    let two = [outage(0, 10, &[]), outage(15, 20, &[])];
    let one = timeline(5, 99, &two).episodes(ALL);
    assert_eq!((one.len(), one[0].downtime, one[0].members.as_slice()), (1, 15, &[0, 1][..]));
    assert_eq!(timeline(4, 99, &two).episodes(ALL).len(), 2);
    // Touching pieces are one episode even without a gap.
    assert_eq!(timeline(0, 99, &[outage(0, 10, &[]), outage(10, 20, &[])]).episodes(ALL).len(), 1);
}

#[test]
fn windows_split_downtime_and_not_the_episode() {
    let mut t = timeline(0, 99, &[outage(10, 40, &[(5, 12), (20, 25), (38, 60)])]);
    let e = t.episodes(ALL);
    assert_eq!((e.len(), e[0].downtime, e[0].first_down, e[0].end), (1, 21, Some(12), 40));
    assert_eq!(t.pieces(ALL), [Interval::new(12, 20), Interval::new(25, 38)]);
    assert_eq!(t.pieces(Interval::new(14, 30)), [Interval::new(14, 20), Interval::new(25, 30)]);
    // Another outage without windows fills what the first one was spared.
    t.put(1, Some(outage(22, 24, &[])));
    assert_eq!(t.downtime(0), 23);
    // All of it planned: the episode is listed and not counted.
    t.put(0, Some(outage(10, 40, &[(0, 50)])));
    t.put(1, None);
    assert_eq!((t.episodes(ALL)[0].first_down, t.counts(0, 0)), (None, counts(0, 0, 0)));
}

#[test]
fn an_open_outage_at_its_own_start_joins_its_episode_and_pends_once_it_lasts() {
    let mut t = timeline(5, 14, &[outage(0, 10, &[])]);
    assert_eq!(t.counts(0, 0), counts(0, 0, 1), "open until end + gap");
    assert_eq!(t.forecast_short(0, 0, 0), Some(15));
    t.advance(15);
    assert_eq!((t.counts(0, 0), t.short_breach(0, 0, 0)), (counts(0, 1, 0), Some(15)));
    t.put(1, Some(outage(15, OPEN, &[])));
    let e = t.episodes(ALL);
    assert_eq!((e.len(), e[0].end, e[0].downtime, e[0].open), (1, 15, 10, true));
    assert_eq!((t.counts(0, 0), t.forecast_short(0, 0, 0)), (counts(0, 0, 1), None));
    // Alone, it has no length: listed where it starts, and in no class yet.
    let t = timeline(0, 15, &[outage(15, OPEN, &[])]);
    assert_eq!((t.counts(0, 0), t.episodes(Interval::new(15, 16)).len()), (counts(0, 0, 0), 1));
    assert_eq!(t.episodes(Interval::new(0, 15)).len(), 0);
}

#[test]
fn an_episode_counts_where_its_first_downtime_lies_and_is_clipped_by_each_span() {
    let spans = scope(0, &[(0, 100), (100, 200)], &[50]);
    let mut t = Timeline::new(spans, 300);
    t.put(0, Some(outage(80, 160, &[])));
    assert_eq!((t.counts(0, 0).long, t.counts(1, 0).long), (1, 0));
    assert_eq!((t.downtime(0), t.downtime(1)), (20, 60));
    assert_eq!(t.long_breach(0, 0, 0), Some(130), "after the span's end");
    assert_eq!((t.downtime_breach(0, 20), t.downtime_breach(1, 20)), (None, Some(120)));
    // A window until the turn of the span moves it into the next one.
    t.put(0, Some(outage(80, 160, &[(70, 100)])));
    assert_eq!((t.counts(0, 0).long, t.counts(1, 0).long), (0, 1));
    assert_eq!(t.long_breach(1, 0, 0), Some(150));
}

#[test]
fn forecasts_run_on_through_windows_already_planned() {
    let mut t = timeline(0, HOUR / 2, &[outage(0, OPEN, &[(HOUR / 2, HOUR), (2 * HOUR, 3 * HOUR)])]);
    assert_eq!(t.becomes_long_at(0), Some(HOUR + HOUR / 2));
    assert_eq!((t.forecast_long(0, 0, 0), t.forecast_long(0, 0, 1)), (Some(HOUR + HOUR / 2), None));
    assert_eq!(t.forecast_downtime(0, 2 * HOUR), Some(3 * HOUR + HOUR / 2));
    assert_eq!(t.forecast_downtime(0, 998 * HOUR + HOUR / 2), None, "the span ends first");
    // A second open outage without windows: nothing is spared any more.
    t.put(1, Some(outage(HOUR / 2, OPEN, &[])));
    assert_eq!(t.becomes_long_at(0), Some(HOUR));
    // Taken out for ever: nothing comes.
    let t = timeline(0, HOUR, &[outage(0, OPEN, &[(HOUR / 2, OPEN)])]);
    assert_eq!((t.becomes_long_at(0), t.forecast_downtime(0, HOUR)), (None, None));
}

#[test]
fn an_open_episode_without_downtime_counts_where_its_first_one_will_lie() {
    let mut t = Timeline::new(scope(0, &[(0, 100), (100, 200)], &[50]), 90);
    t.put(0, Some(outage(80, OPEN, &[(70, 110)])));
    assert_eq!((t.forecast_long(0, 0, 0), t.forecast_long(1, 0, 0)), (None, Some(160)));
}

/// Hours of every day or of every workday, UTC.
pub(super) fn hours(hours: &[(u16, u16)], workdays: bool) -> Calendar {
    let listed = Some(hours.iter().map(|(a, b)| (a * 60, b * 60)).collect());
    let open = match workdays {
        true => OpenHours { workday: listed, ..OpenHours::default() },
        false => OpenHours { every_day: listed, ..OpenHours::default() },
    };
    let holidays = workdays.then(|| "CN".to_owned());
    let days = Days::new(holidays.as_deref(), &[], i64::MAX).unwrap();
    let spec = CalendarSpec { id: "hours".into(), open, seasons: vec![], holidays };
    Calendar::new(&spec, Zone::parse("UTC").unwrap(), &days).unwrap()
}

#[test]
fn only_downtime_inside_the_hours_counts() {
    let mut spans = scope(0, &[(0, DAY), (DAY, 9 * DAY)], &[HOUR, 8 * HOUR + 1]);
    spans.hours = Some(hours(&[(9, 17)], false));
    let mut t = Timeline::new(spans, DAY);
    t.put(0, Some(outage(16 * HOUR, OPEN, &[])));
    assert_eq!((t.downtime(0), t.counts(0, 0).long, t.long_breach(0, 0, 0)), (HOUR, 1, Some(17 * HOUR)));
    // The eight hours of the next day are not enough for the second threshold; its first microsecond is.
    assert_eq!(t.becomes_long_at(1), Some(DAY + 16 * HOUR + 1));
    assert_eq!(t.forecast_downtime(1, 8 * HOUR), Some(2 * DAY + 9 * HOUR));
    t.advance(DAY + 12 * HOUR);
    assert_eq!((t.downtime(1), t.downtime_breach(1, 0)), (3 * HOUR, Some(DAY + 9 * HOUR)));
    assert_eq!(
        t.pieces(ALL),
        [Interval::new(16 * HOUR, 17 * HOUR), Interval::new(DAY + 9 * HOUR, DAY + 12 * HOUR)]
    );
    // At night nothing is down: the episode is open, and in no class.
    t.put(0, Some(outage(18 * HOUR, OPEN, &[])));
    t.put(1, None);
    assert_eq!((t.counts(0, 0), t.counts(1, 0).long), (counts(0, 0, 0), 1));
    assert_eq!(t.episodes(ALL)[0].first_down, Some(DAY + 9 * HOUR));
}

#[test]
fn a_year_without_schedule_is_a_fault_until_nothing_needs_it() {
    let at = |text: &str| parse_instant(text).unwrap();
    let (start, end) = (at("2026-12-31T10:00:00Z"), at("2027-01-04T12:00:00Z"));
    let mut spans = scope(0, &[(at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"))], &[HOUR]);
    spans.hours = Some(hours(&[(9, 17)], true));
    let mut t = Timeline::new(spans, at("2026-12-31T12:00:00Z"));
    t.put(0, Some(outage(at("2026-06-01T09:00:00Z"), at("2026-06-01T11:00:00Z"), &[])));
    t.put(1, Some(outage(start, OPEN, &[])));
    assert_eq!((t.downtime(0), t.fault().is_none()), (4 * HOUR, true));
    assert_eq!(t.forecast_downtime(0, 8 * HOUR), Some(at("2026-12-31T16:00:00Z")));
    assert_eq!(t.forecast_downtime(0, 10 * HOUR), None, "whether the new year's days count is not known");
    t.advance(end);
    assert_eq!(t.fault().map(|e| (e.code(), e.detail().contains("2027"))), Some((Code::NoSchedule, true)));
    assert_eq!((t.downtime(0), t.counts(0, 0)), (2 * HOUR, counts(1, 0, 0)));
    assert_eq!((t.becomes_long_at(0), t.forecast_downtime(0, 3 * HOUR)), (None, None));
    // The fault stays with its episode when another one follows, and goes with the time that needs the year.
    t.put(2, Some(outage(end, OPEN, &[])));
    t.put(1, Some(outage(start, end - HOUR, &[])));
    assert!(t.fault().is_some());
    t.put(2, None);
    t.put(1, Some(outage(start, at("2026-12-31T12:00:00Z"), &[])));
    assert_eq!((t.downtime(0), t.fault().is_none()), (4 * HOUR, true));
}
