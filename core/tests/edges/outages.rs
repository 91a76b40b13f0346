//! Outages, windows, watching.

use crate::common::clause;
use crate::{LIMITS, at, broken, fact, forecast, outage, t, text, text_of, window};
use opsledger::assess::{Figure, Status};
use opsledger::time::{HOUR, MINUTE};

fn class(accounting: &str, lines: &[String], as_of: i64) -> (&'static str, bool, i64) {
    let a = at(&text_of(accounting, LIMITS), lines, as_of);
    let e = &a.outages.episodes[0];
    (e.class, e.open, e.downtime_us)
}

#[test]
fn one_hour_exactly_is_long_and_a_microsecond_less_is_short() {
    let late = 5 * HOUR;
    assert_eq!(class("", &outage("O", HOUR, 2 * HOUR), late), ("long", false, HOUR));
    assert_eq!(class("", &outage("O", HOUR, 2 * HOUR - 1), late), ("short", false, HOUR - 1));
    assert_eq!(class("", &outage("O", HOUR, HOUR + 1), late), ("short", false, 1));
    // While it runs it is pending until the hour is full.
    assert_eq!(class("", &outage("O", HOUR, 3 * HOUR), 2 * HOUR - 1), ("pending", true, HOUR - 1));
    assert_eq!(class("", &outage("O", HOUR, 3 * HOUR), 2 * HOUR), ("long", true, HOUR));
    assert_eq!(class("", &outage("O", HOUR, 3 * HOUR), HOUR), ("none", true, 0));
}

#[test]
fn a_long_breach_shows_at_the_instant_the_hour_is_full() {
    let (text, lines) = (text_of("", LIMITS), outage("O", HOUR, 3 * HOUR));
    let before = at(&text, &lines, 2 * HOUR - 1);
    assert_eq!((broken(&before, "long"), forecast(&before, "long")), (None, Some(2 * HOUR)));
    assert_eq!(clause(&before, "long").status, Status::AtRisk);
    assert_eq!(before.outages.forecast.becomes_long_at.map(|s| s.at), Some(t(2 * HOUR)));
    assert_eq!(before.outages.forecast.long_breach_at.map(|s| s.at), Some(t(2 * HOUR)));
    for later in [2 * HOUR, 2 * HOUR + 1, 9 * HOUR] {
        let a = at(&text, &lines, later);
        assert_eq!((broken(&a, "long"), forecast(&a, "long")), (Some(2 * HOUR), None));
        assert_eq!(clause(&a, "long").status, Status::Breached);
        assert_eq!(a.outages.forecast.becomes_long_at, None);
    }
    // An outage of exactly an hour breaks it at its own end.
    let a = at(&text, &outage("O", HOUR, 2 * HOUR), 9 * HOUR);
    assert_eq!(broken(&a, "long"), Some(2 * HOUR));
}

#[test]
fn a_short_breach_shows_when_the_episode_closes() {
    let text = text_of("merge_gap = \"5m\"", LIMITS);
    let lines = outage("O", HOUR, HOUR + MINUTE);
    let closes = HOUR + 6 * MINUTE;
    for (as_of, breach) in
        [(HOUR + MINUTE, None), (closes - 1, None), (closes, Some(closes)), (closes + 1, Some(closes))]
    {
        let a = at(&text, &lines, as_of);
        assert_eq!(broken(&a, "short"), breach, "as of {as_of}");
        assert_eq!(a.outages.episodes[0].open, breach.is_none());
        // Ended, and only waiting for its gap to pass: that is when it breaks if nothing more is recorded.
        assert_eq!(forecast(&a, "short"), breach.is_none().then_some(closes), "as of {as_of}");
    }
    // While the outage runs it may still become long.
    assert_eq!(forecast(&at(&text, &lines, HOUR + 1), "short"), None);
}

#[test]
fn a_gap_of_exactly_merge_gap_merges() {
    for (gap, episodes) in [(5 * MINUTE, 1), (5 * MINUTE + 1, 2)] {
        let second = HOUR + 30 * MINUTE + gap;
        let lines =
            [outage("A", HOUR, HOUR + 30 * MINUTE), outage("B", second, second + 30 * MINUTE)].concat();
        let a = at(&text_of("merge_gap = \"5m\"", LIMITS), &lines, 9 * HOUR);
        assert_eq!(a.outages.episodes.len(), episodes);
        assert_eq!(a.outages.downtime_us, HOUR);
        assert_eq!((a.outages.long, a.outages.short), if episodes == 1 { (1, 0) } else { (0, 2) });
        let full = second + 30 * MINUTE;
        assert_eq!(broken(&a, "long"), (episodes == 1).then_some(full));
    }
    // By default pieces that touch are one, and pieces a microsecond apart are two.
    for (second, episodes) in [(2 * HOUR, 1), (2 * HOUR + 1, 2)] {
        let lines = [outage("A", HOUR, 2 * HOUR), outage("B", second, 3 * HOUR)].concat();
        assert_eq!(at(&text_of("", LIMITS), &lines, 9 * HOUR).outages.episodes.len(), episodes);
    }
}

#[test]
fn ten_hours_exactly_keep_the_promise() {
    let text = text_of("", LIMITS);
    let exact = outage("O", HOUR, 11 * HOUR);
    let a = at(&text, &exact, 30 * HOUR);
    assert_eq!(clause(&a, "downtime").value, Some(Figure::Integer(10 * HOUR)));
    assert_eq!((broken(&a, "downtime"), clause(&a, "downtime").status), (None, Status::AtRisk));
    assert_eq!(clause(&a, "downtime").margin, Some(Figure::Integer(0)));
    // One microsecond more, at once or days later, breaks it at the start of that microsecond.
    let a = at(&text, &outage("O", HOUR, 11 * HOUR + 1), 30 * HOUR);
    assert_eq!((broken(&a, "downtime"), clause(&a, "downtime").status), (Some(11 * HOUR), Status::Breached));
    let more = [exact.as_slice(), &outage("P", 200 * HOUR, 200 * HOUR + 1)].concat();
    assert_eq!(broken(&at(&text, &more, 200 * HOUR), "downtime"), None);
    assert_eq!(broken(&at(&text, &more, 200 * HOUR + 1), "downtime"), Some(200 * HOUR));
}

#[test]
fn a_downtime_breach_shows_after_its_instant() {
    let (text, lines) = (text_of("", LIMITS), outage("O", HOUR, 20 * HOUR));
    for (as_of, breach) in [(11 * HOUR - 1, None), (11 * HOUR, None), (11 * HOUR + 1, Some(11 * HOUR))] {
        let a = at(&text, &lines, as_of);
        assert_eq!(broken(&a, "downtime"), breach, "as of {as_of}");
        assert_eq!(forecast(&a, "downtime"), breach.is_none().then_some(11 * HOUR), "as of {as_of}");
        assert_eq!(clause(&a, "downtime").breaches, i64::from(breach.is_some()));
    }
}

#[test]
fn a_window_recorded_with_exact_notice_is_planned() {
    let text = text_of("maintenance_notice = \"1h\"", LIMITS);
    let lines = |recorded: i64| {
        let mut lines = vec![window(recorded, 5 * HOUR, 7 * HOUR)];
        lines.extend(outage("O", 5 * HOUR, 7 * HOUR));
        lines
    };
    let of = |recorded| {
        let o = at(&text, &lines(recorded), 9 * HOUR).outages;
        (o.downtime_us, o.planned_us, o.episodes[0].class)
    };
    assert_eq!(of(4 * HOUR), (0, 2 * HOUR, "none"));
    assert_eq!(of(4 * HOUR + 1), (2 * HOUR, 0, "long"));
}

#[test]
fn a_window_takes_only_from_outages_that_start_at_or_after_its_recording() {
    let text = text_of("", LIMITS);
    for (start, downtime) in [(4 * HOUR, HOUR), (4 * HOUR - 1, 3 * HOUR + 1)] {
        let mut lines = vec![window(4 * HOUR, 5 * HOUR, 7 * HOUR)];
        lines.extend(outage("O", start, 7 * HOUR));
        lines.sort_by_key(|l| l.split("recorded_at").nth(1).map(str::to_owned));
        assert_eq!(at(&text, &lines, 9 * HOUR).outages.downtime_us, downtime, "started at {start}");
    }
}

#[test]
fn a_cancelled_window_ends_no_earlier_than_the_recording_of_it() {
    let text = text_of("", LIMITS);
    for (recorded, downtime) in [(6 * HOUR, HOUR), (6 * HOUR + 30 * MINUTE, 30 * MINUTE), (7 * HOUR, 0)] {
        let mut lines = vec![window(HOUR, 5 * HOUR, 7 * HOUR)];
        lines.push(fact("outage.start", "O", 5 * HOUR, 5 * HOUR, "\"system\":\"portal\""));
        lines.push(fact("maintenance.cancel", "M", 6 * HOUR, recorded, ""));
        lines.push(fact("outage.end", "O", 7 * HOUR, 7 * HOUR, ""));
        assert_eq!(at(&text, &lines, 9 * HOUR).outages.downtime_us, downtime, "recorded at {recorded}");
    }
}

#[test]
fn a_window_inside_splits_downtime_and_delays_the_hour() {
    let mut lines = vec![window(0, 2 * HOUR - 1, 4 * HOUR)];
    lines.extend(outage("O", HOUR, 6 * HOUR));
    let text = text_of("", LIMITS);
    let a = at(&text, &lines, 3 * HOUR);
    assert_eq!(a.outages.episodes[0].downtime_us, HOUR - 1);
    assert_eq!((a.outages.episodes.len(), forecast(&a, "long")), (1, Some(4 * HOUR + 1)));
    assert_eq!(broken(&at(&text, &lines, 4 * HOUR + 1), "long"), Some(4 * HOUR + 1));
}

#[test]
fn the_first_microsecond_of_downtime_names_the_period() {
    let text = text_of("", LIMITS);
    // The period begins at 0; a window takes what lies before it.
    for (window_end, counted) in [(0, true), (-1, false)] {
        let mut lines = vec![window(-3 * HOUR, -2 * HOUR, window_end)];
        lines.extend(outage("O", -2 * HOUR, 2 * HOUR));
        let a = at(&text, &lines, 9 * HOUR);
        let e = &a.outages.episodes[0];
        assert_eq!((e.counted, e.class, a.outages.long), (counted, "long", i64::from(counted)));
        assert_eq!(a.outages.downtime_us, 2 * HOUR, "hours are clipped");
    }
}

#[test]
fn an_amendment_moves_an_outage_in_and_out_of_sight() {
    let text = text_of("", LIMITS);
    let mut lines = outage("O", 5 * HOUR, 7 * HOUR).to_vec();
    let body = format!("\"start\":\"{}\",\"reason\":\"log\"", self::text(4 * HOUR));
    lines.push(fact("outage.amend", "O", 8 * HOUR, 8 * HOUR, &body));
    let a = at(&text, &lines, 4 * HOUR);
    assert_eq!((a.outages.episodes.len(), a.outages.downtime_us), (1, 0), "present at its amended start");
    assert_eq!(at(&text, &lines, 4 * HOUR - 1).outages.episodes.len(), 0);
    assert_eq!(at(&text, &lines, 5 * HOUR).outages.downtime_us, HOUR);
}

#[test]
fn unknown_time_comes_after_counted_and_planned_time() {
    let gap = |start: i64, end: i64| {
        format!(
            "{{\"kind\":\"watch.gap\",\"at\":\"{1}\",\"recorded_at\":\"{1}\",\"body\":{{\"start\":\"{0}\",\"end\":\"{1}\"}}}}",
            text(start),
            text(end)
        )
    };
    let clauses = "[[clause]]\nid = \"downtime\"\nrule = \"downtime\"\nmax = \"10h\"\nmax_unknown = \"1h\"\n";
    let of = |gap_end: i64| {
        let mut lines = vec![window(0, 2 * HOUR, 3 * HOUR)];
        lines.extend(outage("O", HOUR, 2 * HOUR));
        lines.push(gap(HOUR, gap_end));
        at(&text_of("", clauses), &lines, 10 * HOUR)
    };
    let a = of(4 * HOUR);
    let o = &a.outages;
    assert_eq!((o.downtime_us, o.planned_us, o.unknown_us), (HOUR, HOUR, HOUR));
    assert_eq!(o.availability_elapsed.as_deref(), Some("0.9"));
    assert_eq!(o.availability_eligible.as_deref(), Some("0.875"));
    assert_eq!(clause(&a, "downtime").status, Status::Met, "exactly max_unknown");
    assert_eq!(clause(&of(4 * HOUR + 1), "downtime").status, Status::NoEvidence);
}

#[test]
fn nothing_to_divide_by_is_null() {
    let a = at(&text_of("", LIMITS), &[], 0);
    assert_eq!((&a.outages.availability_elapsed, &a.outages.availability_eligible), (&None, &None));
    assert_eq!(clause(&a, "long").status, Status::NoEvidence, "nobody watched");
    let watched = text_of("assume_watched = true", LIMITS);
    assert_eq!(clause(&at(&watched, &[], HOUR), "long").status, Status::Met);
    let mut lines = vec![window(-HOUR, 0, 5 * HOUR)];
    lines.extend(outage("O", 0, HOUR));
    let a = at(&watched, &lines, 5 * HOUR);
    assert_eq!(a.outages.availability_elapsed.as_deref(), Some("1"));
    assert_eq!(a.outages.availability_eligible, None, "all of it was planned");
}

#[test]
fn a_missed_hourly_seen_is_unknown_from_the_missing_hour() {
    let watch = |kind: &str, at: i64| format!("{{\"kind\":\"{kind}\",\"at\":\"{}\"}}", text(at));
    let unknown = |lines: &[String], as_of: i64| at(&text_of("", LIMITS), lines, as_of).outages.unknown_us;
    let lines = [watch("watch.start", 0), watch("watch.seen", HOUR), watch("watch.seen", 2 * HOUR + 1)];
    assert_eq!(unknown(&lines, 2 * HOUR), 0);
    assert_eq!(unknown(&lines, 3 * HOUR), 1);
    assert_eq!(unknown(&lines, 3 * HOUR + 1), 1);
    assert_eq!(unknown(&lines, 4 * HOUR), HOUR);
    let stopped = [lines.as_slice(), &[watch("watch.stop", 3 * HOUR)]].concat();
    assert_eq!(unknown(&stopped, 9 * HOUR), 1, "time never watched is not unknown");
}
