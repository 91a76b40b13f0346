//! Public issue threads about other things than intervals: days, hours, pauses, notices.

use crate::common::{clause, clocks};
use crate::icinga::pooled;
use crate::issues::{issues, seconds};
use crate::{Facts, at, contract_over, printed, utc};
use opsledger::assess::Status;
use opsledger::time::{DAY, HOUR, Instant, Interval, MINUTE, Micros};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every other thread has a test of its own below.
#[test]
fn every_other_issue_has_its_test() {
    let doc = issues();
    let ids: BTreeSet<&str> =
        doc["other_cases"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    let tested =
        ["R30", "R32", "R34", "R36", "R38", "R40", "R42", "R44", "R46", "R48", "R50", "R52", "R54", "R56"];
    assert_eq!(ids, BTreeSet::from(tested));
}

fn other(id: &str) -> Value {
    issues()["other_cases"].as_array().unwrap().iter().find(|c| c["id"] == id).unwrap().clone()
}

/// A day down from midnight to midnight.
fn day_down(zone: &str, day: &str) -> Micros {
    let contract = contract_over(zone, day, day, "");
    let mut facts = Facts::default();
    facts.start("O", contract.period.start);
    at(&contract, &facts.lines(), contract.period.end).outages.downtime_us
}

#[test]
fn r30_a_day_has_the_hours_that_its_zone_gives_it() {
    let case = other("R30");
    let (zone, day) = (case["input"]["tz"].as_str().unwrap(), case["input"]["day"].as_str().unwrap());
    assert_eq!(day_down(zone, day), seconds(&case["right"]["day_s"]));
    assert_eq!(day_down("Europe/Paris", "2012-10-28"), 25 * HOUR);
}

const NINE_TO_FIVE: &str = "[[calendar]]\nid = \"hours\"\nopen = { every-day = [\"09:00-17:00\"] }\n";

#[test]
fn r32_hours_keep_their_wall_clock_over_a_change() {
    let case = other("R32");
    let contract =
        contract_over(case["input"]["tz"].as_str().unwrap(), "2020-03-01", "2020-04-30", NINE_TO_FIVE);
    let hours = contract.hours("hours", utc("2020-03-01T00:00:00Z")).unwrap();
    let open =
        hours.open_in(Interval::new(utc("2020-03-28T00:00:00Z"), utc("2020-03-30T00:00:00Z"))).unwrap();
    let expected = [
        Interval::new(utc("2020-03-28T09:00:00+01:00"), utc("2020-03-28T17:00:00+01:00")),
        Interval::new(utc("2020-03-29T09:00:00+02:00"), utc("2020-03-29T17:00:00+02:00")),
    ];
    assert_eq!(open, expected);
}

#[test]
fn r34_the_end_of_a_day_is_24_00() {
    let case = other("R34");
    let calendars = "[[calendar]]\nid = \"night\"\nopen = { every-day = [\"00:00-04:00\", \"22:00-24:00\"] }\n\
        [[calendar]]\nid = \"hole\"\nopen = { every-day = [\"00:00-04:00\", \"22:00-23:59\"] }\n";
    let contract = contract_over("Asia/Shanghai", "2026-03-01", "2026-03-31", calendars);
    let night = Interval::new(utc("2026-03-02T22:00:00+08:00"), utc("2026-03-03T04:00:00+08:00"));
    let hours = contract.hours("night", night.start).unwrap();
    assert_eq!(hours.open_in(night).unwrap(), [night], "{}", case["right"]["window"]);
    assert_eq!(
        contract.hours("hole", night.start).unwrap().between(night.start, night.end).unwrap(),
        6 * HOUR - MINUTE
    );
    // Maintenance in two pieces that touch at midnight leaves no hole either.
    let mut facts = Facts::default();
    let midnight = utc("2026-03-03T00:00:00+08:00");
    facts.window("M-1", night.start - DAY, night.start, midnight);
    facts.window("M-2", night.start - DAY, midnight, night.end);
    facts.start("O", night.start);
    facts.end("O", night.end);
    assert_eq!(at(&contract, &facts.lines(), night.end).outages.downtime_us, 0);
}

#[test]
fn r36_parts_are_pooled() {
    let case = other("R36");
    let events = json!([{ "t": 1500, "state": 2, "prev": 99 }, { "t": 1700, "state": 0, "prev": 2 }]);
    let figures = [60.0, 100.0, 100.0];
    let parts = case["input"]["parts"].as_array().unwrap().iter().zip(figures);
    let probe = json!({
        "whole": { "start": case["input"]["window"][0], "end": case["input"]["window"][1], "ok_percent": case["right"]["pooled"] },
        "parts": parts.map(|(p, ok)| json!({ "start": p[0], "end": p[1], "ok_percent": ok })).collect::<Vec<_>>(),
        "mean_of_parts": case["wrong"]["mean_of_parts"],
    });
    pooled(
        &events,
        |part| (part["start"].as_i64().unwrap(), part["end"].as_i64().unwrap(), printed(&part["ok_percent"])),
        &probe,
    );
}

#[test]
fn r38_what_nobody_watched_is_no_evidence() {
    let case = other("R38");
    assert!(case["right"]["ok_percent"].is_null());
    let contract = contract_over("UTC", "2026-03-01", "2026-03-31", "");
    let a = at(&contract, &[], contract.period.end);
    assert!(a.clauses.iter().all(|c| c.status == Status::NoEvidence));
    assert_eq!(a.status, Status::NoEvidence);
    // An importer that knows the object did not exist says so, and there is nothing to divide by.
    let mut facts = Facts::default();
    facts.gap(contract.period.start, contract.period.end);
    let a = at(&contract, &facts.lines(), contract.period.end);
    assert_eq!((&a.outages.availability_eligible, a.outages.unknown_us), (&None, contract.period.len()));
    assert_eq!(a.status, Status::NoEvidence);
}

#[test]
fn r40_the_parts_of_time_are_never_negative_and_add_up() {
    let case = other("R40");
    assert!(case["right"]["property"].as_str().unwrap().contains("add up"));
    let more = format!(
        "{NINE_TO_FIVE}[[clause]]\nid = \"worked\"\nrule = \"downtime\"\nmax = \"10h\"\ncalendar = \"hours\"\n"
    );
    let contract = contract_over("UTC", "2026-03-02", "2026-03-02", &more);
    let day = contract.period.start;
    let mut facts = Facts::default();
    facts.window("M", day - DAY, day + 8 * HOUR, day + 12 * HOUR);
    facts.start("O", day + 10 * HOUR);
    facts.end("O", day + 14 * HOUR);
    let a = at(&contract, &facts.lines(), contract.period.end);
    let o = &a.outages;
    assert_eq!((o.downtime_us, o.planned_us, o.unknown_us), (2 * HOUR, 4 * HOUR, 0));
    assert_eq!(o.availability_elapsed.as_deref(), Some("0.916666667"));
    assert_eq!(o.availability_eligible.as_deref(), Some("0.9"));
    assert_eq!(clause(&a, "worked").value, Some(opsledger::assess::Figure::Integer(2 * HOUR)));
}

#[test]
fn r42_summer_is_accounted_as_winter_is() {
    let case = other("R42");
    assert_eq!(case["right"]["state"], "same as winter");
    let contract = contract_over("Europe/Berlin", "2023-01-01", "2023-12-31", "");
    for noon in ["2023-02-01T12:00:00+01:00", "2023-07-01T12:00:00+02:00"] {
        let mut facts = Facts::default();
        facts.start("O", utc(noon));
        facts.end("O", utc(noon) + 2 * HOUR);
        let o = at(&contract, &facts.lines(), contract.period.end).outages;
        assert_eq!((o.downtime_us, o.long, o.unknown_us), (2 * HOUR, 1, 0), "{noon}");
    }
}

#[test]
fn r44_a_clock_that_went_back_is_a_fault_and_no_percentage() {
    let case = other("R44");
    assert!(case["right"]["property"].as_str().unwrap().starts_with("<= 100"));
    let contract = contract_over("UTC", "2026-03-01", "2026-03-31", "");
    let mut facts = Facts::default();
    facts.start("O", contract.period.start + HOUR);
    facts.push(
        "clock.fault",
        "",
        contract.period.start + 2 * HOUR,
        contract.period.start + 3 * HOUR,
        json!({}),
    );
    let a = at(&contract, &facts.lines(), contract.period.start + 4 * HOUR);
    assert_eq!(a.outages.availability_elapsed.as_deref(), Some("0.25"));
    assert!(a.faults.iter().any(|f| f.code == "clock-fault" && f.seq == Some(2)), "{:?}", a.faults);
}

#[test]
fn r46_time_weighs_and_not_the_number_of_observations() {
    let case = other("R46");
    assert_eq!(case["right"]["rule"], "weigh by time");
    let contract = contract_over("UTC", "2026-03-02", "2026-03-02", "");
    let day = contract.period.start;
    let availability = |every: Micros| {
        let mut facts = Facts::default();
        facts.push("watch.start", "", day, day, json!({}));
        for k in 1..DAY / every {
            facts.push("watch.seen", "", day + k * every, day + k * every, json!({}));
        }
        facts.start("O", day + HOUR);
        facts.end("O", day + HOUR + 10 * MINUTE);
        at(&contract, &facts.lines(), contract.period.end).outages.availability_elapsed
    };
    assert_eq!(availability(5 * MINUTE), Some("0.993055556".into()));
    assert_eq!(availability(HOUR), availability(5 * MINUTE));
}

#[test]
fn r48_the_last_day_of_a_month_belongs_to_it() {
    let case = other("R48");
    assert_eq!(case["right"]["days"], "1..31");
    let month = "[[clause]]\nid = \"month\"\nrule = \"downtime\"\nmax = \"30m\"\nper = \"month\"\n";
    let contract = contract_over("Asia/Shanghai", "2026-01-01", "2026-12-31", month);
    let last = utc("2026-01-31T23:00:00+08:00");
    for (start, broken) in [(last, Some(last + 30 * MINUTE)), (last + 30 * MINUTE, None)] {
        let mut facts = Facts::default();
        facts.start("O", start);
        facts.end("O", start + HOUR);
        let a = at(&contract, &facts.lines(), start + DAY);
        assert_eq!(
            clause(&a, "month").breached_at.map(|s| s.at),
            broken,
            "half an hour in each month keeps it"
        );
    }
}

const WEEKDAYS: &str = "[[calendar]]\nid = \"hours\"\nopen = { mon = [\"09:00-17:00\"], tue = [\"09:00-17:00\"], \
    wed = [\"09:00-17:00\"], thu = [\"09:00-17:00\"], fri = [\"09:00-17:00\"] }\n\
    [[clause]]\nid = \"repair\"\nrule = \"deadline\"\nfrom = \"incident.report\"\nto = \"incident.repair\"\nwithin = \"8h\"\n\
    calendar = \"hours\"\npausable = true\n";

fn pause_facts(report: Instant, pause: Instant, resume: Instant) -> Facts {
    let mut facts = Facts::default();
    facts.push("incident.report", "I", report, report, json!({}));
    facts.push("incident.pause", "I", pause, pause, json!({ "party": "buyer", "reason": "no access" }));
    facts.push("incident.resume", "I", resume, resume, json!({ "party": "buyer" }));
    facts
}

#[test]
fn r50_only_the_worked_part_of_a_pause_extends_the_due_instant() {
    let case = other("R50");
    assert!(case["right"]["effect"].as_str().unwrap().starts_with("only the working part"));
    let contract = contract_over("Europe/Paris", "2026-01-01", "2026-12-31", WEEKDAYS);
    // Thursday noon to Friday noon on the calendar; paused from Friday 10:00 to Monday 11:00: 7 h and 2 h of service hours.
    let day = |d: &str, hour: i64| utc(&format!("2026-06-{d}T00:00:00+02:00")) + hour * HOUR;
    let facts = pause_facts(day("11", 12), day("12", 10), day("15", 11));
    let a = at(&contract, &facts.lines(), day("15", 11));
    let c = &clocks(clause(&a, "repair"))[0];
    assert_eq!((c.due.map(|s| s.at), c.remaining_us), (Some(day("15", 13)), Some(2 * HOUR)));
}

#[test]
fn r52_a_pause_after_the_due_instant_neither_heals_nor_adds() {
    let case = other("R52");
    assert_eq!(case["right"]["effect"], "overdue frozen at the pause");
    let contract = contract_over("Europe/Paris", "2026-01-01", "2026-12-31", WEEKDAYS);
    let day = |d: &str, hour: i64| utc(&format!("2026-06-{d}T00:00:00+02:00")) + hour * HOUR;
    let lines = pause_facts(day("11", 9), day("12", 10), day("15", 11)).lines();
    for as_of in [day("12", 9), day("12", 11), day("15", 12), day("30", 0)] {
        let a = at(&contract, &lines, as_of);
        let c = &clocks(clause(&a, "repair"))[0];
        assert_eq!((c.status, c.breached_at.map(|s| s.at)), (Status::Breached, Some(day("11", 17))));
        assert_eq!(clause(&a, "repair").breaches, 1);
    }
}

fn cn_hours(text: &str, known_at: &str) -> Micros {
    let calendar =
        "[[calendar]]\nid = \"workdays\"\nopen = { workday = [\"09:00-17:00\"] }\nholidays = \"CN\"\n";
    let contract = contract_over("Asia/Shanghai", "2020-01-01", "2020-12-31", calendar);
    let midnight = utc(&format!("{text}T00:00:00+08:00"));
    contract.hours("workdays", utc(known_at)).unwrap().between(midnight, midnight + DAY).unwrap()
}

#[test]
fn r54_a_notice_in_mid_holiday_is_known_from_its_day() {
    let right = other("R54")["right"].clone();
    for (name, known_at) in [
        ("as_known_2020_01_26", "2020-01-26T23:59:59+08:00"),
        ("as_known_2020_01_27", "2020-01-27T23:59:59+08:00"),
    ] {
        for (day, word) in right[name].as_object().unwrap() {
            let worked = if word == "work" { 8 * HOUR } else { 0 };
            assert_eq!(cn_hours(day, known_at), worked, "{day} {name}");
        }
    }
}

#[test]
fn r56_a_make_up_workday_is_a_day_of_its_zone() {
    let case = other("R56");
    assert_eq!(case["right"]["day"], "2025-10-11, Asia/Shanghai");
    let calendar =
        "[[calendar]]\nid = \"workdays\"\nopen = { workday = [\"09:00-17:00\"] }\nholidays = \"CN\"\n";
    let contract = contract_over("Asia/Shanghai", "2025-01-01", "2025-12-31", calendar);
    let hours = contract.hours("workdays", utc("2025-01-01T00:00:00+08:00")).unwrap();
    let weekend = Interval::new(utc("2025-10-11T00:00:00+08:00"), utc("2025-10-13T00:00:00+08:00"));
    let expected = Interval::new(utc("2025-10-11T09:00:00+08:00"), utc("2025-10-11T17:00:00+08:00"));
    assert_eq!(
        hours.open_in(weekend).unwrap(),
        [expected],
        "a Saturday worked for the holiday, the Sunday off"
    );
}
