//! Coverage at the edges of what is known: late rosters, years without a schedule, what a verdict rests on, its words.

mod common;

use common::model::Question;
use common::{account, assess, clause, contract};
use opsledger::assess::{Assessment, ClauseVerdict, Status, View};
use opsledger::calendar::{Date, DayLine, Days};
use opsledger::error::Code;
use opsledger::rules::Detail;
use opsledger::rules::coverage::Gap;
use opsledger::time::{Instant, parse_instant};
use serde_json::{Value, json};

fn at(text: &str) -> Instant {
    parse_instant(&format!("{text}+08:00")).unwrap()
}

/// A contract of these days with these clauses.
fn text(period: (&str, &str), rest: &str) -> String {
    format!(
        "format = 1\nid = \"c\"\ntitle = \"c\"\ntimezone = \"Asia/Shanghai\"\nholidays = \"CN\"\n\
         period = {{ start = \"{}\", end = \"{}\" }}\n{rest}",
        period.0, period.1
    )
}

fn fact(kind: &str, subject: &str, stated: &str, recorded: &str, body: Value) -> String {
    json!({
        "kind": kind, "subject": subject, "at": format!("{stated}+08:00"), "recorded_at": format!("{recorded}+08:00"),
        "actor": { "person": "测试员01", "party": "supplier" }, "body": body,
    })
    .to_string()
}

fn shift(subject: &str, recorded: &str, person: &str, role: &str, start: &str, end: &str) -> String {
    let (start, end) = (format!("{start}+08:00"), format!("{end}+08:00"));
    let body = json!({ "person": person, "role": role, "start": start, "end": end });
    fact("duty.assign", subject, recorded, recorded, body)
}

fn ask(contract_text: &str, lines: &[String], as_of: Instant) -> Assessment {
    let known_at = as_of.max(at("2026-11-23T00:00:00"));
    assess(&account(&contract(contract_text), lines), Question { as_of, known_at, view: View::Agreed })
}

fn gaps(c: &ClauseVerdict) -> (&[Gap], &[Gap]) {
    match &c.detail {
        Some(Detail::Coverage(d)) => (&d.gaps, &d.coming),
        other => panic!("{other:?}"),
    }
}

const DESK: &str =
    "[[clause]]\nid = \"d\"\nrule = \"coverage\"\nroles = { desk = 1 }\nwindows = \"statutory\"\n";

#[test]
fn a_roster_recorded_after_its_shift_is_late_and_counts() {
    let text = text(("2026-05-01", "2026-05-05"), DESK);
    let lines = [
        shift("D-1", "2026-04-20T09:00:00", "工程师甲", "desk", "2026-05-01T00:00:00", "2026-05-01T12:00:00"),
        // Stated and recorded at the shift's end: not after it.
        shift("D-2", "2026-05-01T18:00:00", "工程师乙", "desk", "2026-05-01T12:00:00", "2026-05-01T18:00:00"),
        shift("D-3", "2026-05-03T09:00:00", "工程师乙", "desk", "2026-05-01T18:00:00", "2026-05-03T00:00:00"),
        // Of a role that is not owed, and of time that is not.
        shift(
            "D-4",
            "2026-05-04T09:00:00",
            "工程师乙",
            "driver",
            "2026-05-01T18:00:00",
            "2026-05-03T00:00:00",
        ),
        shift("D-5", "2026-05-04T09:00:00", "工程师乙", "desk", "2026-05-03T00:00:00", "2026-05-03T09:00:00"),
    ];
    let found = ask(&text, &lines, at("2026-05-04T09:00:00"));
    assert_eq!((clause(&found, "d").status, found.late.as_slice()), (Status::Met, &[3][..]));
    assert_eq!(clause(&found, "d").evidence, [1, 2, 3]);
}

#[test]
fn a_late_sign_in_or_deputy_that_fills_a_gap_is_listed() {
    let rest = format!(
        "{DESK}counts = \"signed\"\n[[clause]]\nid = \"m\"\nrule = \"coverage\"\nsource = \"staff\"\n\
         roles = {{ manager = 1 }}\nwindows = \"period\"\n"
    );
    let text = text(("2026-05-01", "2026-05-05"), &rest);
    let sign_in = |subject: &str, person: &str, stated: &str, recorded: &str| {
        fact("duty.sign-in", subject, stated, recorded, json!({ "person": person }))
    };
    let lines = [
        shift("D-1", "2026-04-20T09:00:00", "工程师甲", "desk", "2026-05-01T00:00:00", "2026-05-02T00:00:00"),
        shift("D-2", "2026-04-20T09:00:00", "工程师乙", "desk", "2026-05-02T00:00:00", "2026-05-03T00:00:00"),
        sign_in("X-1", "工程师甲", "2026-04-30T23:30:00", "2026-04-30T23:30:00"),
        sign_in("X-2", "工程师乙", "2026-05-02T00:00:00", "2026-05-03T08:00:00"),
        // Late too, but it adds nothing: an earlier one serves the shift.
        sign_in("X-3", "工程师甲", "2026-05-01T09:00:00", "2026-05-03T09:00:00"),
        fact(
            "staff.join",
            "S-1",
            "2026-05-01T00:00:00",
            "2026-05-03T10:00:00",
            json!({ "person": "甲", "role": "manager" }),
        ),
    ];
    let found = ask(&text, &lines, at("2026-05-04T00:00:00"));
    let status = |id| clause(&found, id).status;
    assert_eq!((status("d"), status("m"), found.late.as_slice()), (Status::Met, Status::Met, &[4, 6][..]));
    assert_eq!(clause(&found, "d").evidence, [1, 2, 3, 4, 5]);
}

#[test]
fn a_sign_in_half_an_hour_before_counts_and_no_earlier() {
    let text = text(("2026-05-01", "2026-05-05"), &format!("{DESK}counts = \"signed\"\n"));
    let lines = |signed: &str| {
        let start = ("2026-05-01T00:00:00", "2026-05-03T00:00:00");
        let body = json!({ "person": "工程师甲" });
        [
            shift("D-1", "2026-04-20T09:00:00", "工程师甲", "desk", start.0, start.1),
            fact("duty.sign-in", "D-1", signed, "2026-05-01T00:00:00", body),
        ]
    };
    for (signed, status) in [
        ("2026-04-30T23:30:00", Status::Met),
        ("2026-04-30T23:29:59.999999", Status::Breached),
        ("2026-05-01T00:00:00", Status::Met),
    ] {
        let found = ask(&text, &lines(signed), at("2026-05-01T00:00:00.000001"));
        assert_eq!(clause(&found, "d").status, status, "{signed}");
    }
}

/// The part before `as_of` is as it was: not signed in; what lies ahead is as planned.
#[test]
fn a_gap_ahead_is_whole_with_what_was_not_signed() {
    let rest = format!("{DESK}counts = \"signed\"\ntolerance = \"1h\"\nlookahead = \"1h\"\n");
    let text = text(("2026-05-01", "2026-05-05"), &rest);
    let lines = [
        // Nobody signed in on the shift that ends in half an hour, and for the half hour after it nobody is assigned.
        shift("D-1", "2026-04-20T09:00:00", "工程师甲", "desk", "2026-05-01T00:00:00", "2026-05-01T00:40:00"),
        shift("D-2", "2026-04-20T09:00:00", "工程师乙", "desk", "2026-05-01T01:10:00", "2026-05-03T00:00:00"),
    ];
    let seen = |as_of: &str| {
        let found = ask(&text, &lines, at(as_of));
        let d = clause(&found, "d");
        let coming: Vec<_> = gaps(d).1.iter().map(|g| (g.start.at, g.end.at)).collect();
        (d.status, d.forecast_breach_at.map(|s| s.at), coming)
    };
    let breaks = Some(at("2026-05-01T01:00:00"));
    // Still inside the shift: what is planned is half an hour, at most the tolerance; what runs, unsigned, breaks at one.
    assert_eq!(seen("2026-05-01T00:10:00"), (Status::Met, breaks, vec![]));
    // Inside the hole: with its part before it is longer than an hour.
    let coming = vec![(at("2026-05-01T00:50:00"), at("2026-05-01T01:10:00"))];
    assert_eq!(seen("2026-05-01T00:50:00"), (Status::AtRisk, breaks, coming));
}

#[test]
fn roles_stand_as_in_the_contract() {
    let rest = DESK.replace("{ desk = 1 }", "{ manager = 2, A = 1, desk = 1 }");
    let text = text(("2026-05-01", "2026-05-05"), &rest);
    let lines =
        [shift("D-1", "2026-04-20T09:00:00", "甲", "manager", "2026-05-01T00:00:00", "2026-05-03T00:00:00")];
    let found = ask(&text, &lines, at("2026-05-01T12:00:00"));
    let (listed, _) = gaps(clause(&found, "d"));
    let roles: Vec<_> = listed[0].roles.iter().map(|r| (r.role.as_str(), r.have, r.need)).collect();
    assert_eq!(roles, [("manager", 1, 2), ("A", 0, 1), ("desk", 0, 1)]);
    let words = (&clause(&found, "d").text_zh, &clause(&found, "d").text_en);
    let wanted = (
        "缺岗 1 段，共 12 小时；今后 7 天内将缺岗 1 段",
        "gaps in duty: 1, 12 h in all; to come within 7 d: 1",
    );
    assert_eq!((words.0.as_str(), words.1.as_str()), wanted);
}

/// 2027 has no published schedule: only what needs it is without a verdict, from its first day on.
#[test]
fn a_year_without_schedule_is_named_where_its_days_are_needed() {
    let one = |id: &str, windows: &str, more: &str| {
        format!(
            "[[clause]]\nid = \"{id}\"\nrule = \"coverage\"\nroles = {{ desk = 1 }}\nwindows = \"{windows}\"\n{more}"
        )
    };
    let rest = [
        "[[calendar]]\nid = \"work\"\nopen = { workday = [\"09:00-17:00\"] }\nholidays = \"CN\"\n".to_owned(),
        one("all", "period", ""),
        one("statutory", "statutory", ""),
        one("off", "days-off", ""),
        one("weekend", "non-workdays", ""),
        one("break", "whole-break", ""),
        one("hours", "period", "calendar = \"work\"\n"),
        one("events", "events", "calendar = \"work\"\n"),
        one("year", "statutory", "holds = { from = \"2026-12-28\", until = \"2026-12-31\" }\n"),
    ]
    .concat();
    let text = text(("2026-12-28", "2027-01-10"), &rest);
    let lines =
        [shift("D-1", "2026-12-01T09:00:00", "甲", "desk", "2026-12-01T00:00:00", "2027-02-01T00:00:00")];
    let found = |as_of: &str| {
        let found = ask(&text, &lines, at(as_of));
        let without: Vec<String> =
            found.clauses.iter().filter(|c| c.status == Status::NoEvidence).map(|c| c.id.clone()).collect();
        let faults: Vec<(String, &str, bool)> =
            found.faults.iter().map(|f| (f.subject.clone(), f.code, f.text_zh.contains("2027"))).collect();
        (without, faults)
    };
    assert_eq!(found("2027-01-01T00:00:00"), (vec![], vec![]));
    let (without, faults) = found("2027-01-01T00:00:00.000001");
    assert_eq!(without, ["statutory", "off", "weekend", "break", "hours"]);
    let wanted = ["break", "hours", "off", "statutory", "weekend"];
    assert_eq!(faults, wanted.map(|id| (id.to_owned(), Code::NoSchedule.info().name, true)));
}

/// Lines of the contract's own say what they say, also in such a year; a break that begins there leaves its evening in the
/// year before.
#[test]
fn own_lines_make_a_break_of_an_unpublished_year() {
    let days = "[[holiday]]\nname = \"元旦\"\nfrom = \"2027-01-01\"\nto = \"2027-01-03\"\nstatutory = true\n\
                [[workday]]\nname = \"\u{5468}\u{4e00}\"\ndate = \"2027-01-04\"\n";
    let rest = format!("{days}{}", DESK.replace("statutory", "whole-break"));
    let text = text(("2026-12-28", "2027-01-04"), &rest);
    let lines =
        [shift("D-1", "2026-12-01T09:00:00", "甲", "desk", "2026-12-01T00:00:00", "2026-12-31T20:00:00")];
    let found = ask(&text, &lines, at("2027-01-05T00:00:00"));
    let spans: Vec<_> = gaps(clause(&found, "d")).0.iter().map(|g| (g.start.at, g.end.at)).collect();
    assert_eq!(spans, [(at("2026-12-31T20:00:00"), at("2027-01-04T08:00:00"))]);
    assert!(found.faults.is_empty());
}

#[test]
fn days_that_the_notice_gives_off() {
    let day = |text: &str| text.parse::<Date>().unwrap();
    let line = |date: &str, workday: bool| DayLine {
        from: day(date),
        to: day(date),
        name: "x".to_owned(),
        workday,
        statutory: false,
        yearly: false,
    };
    let own = [line("2026-05-03", true), line("2026-05-06", false), line("2027-05-01", false)];
    let days = Days::new(Some("CN"), &own, at("2026-11-23T00:00:00")).unwrap();
    for (date, given) in [
        ("2026-05-01", true),
        ("2026-05-02", true), // a Saturday that the notice names
        ("2026-05-03", false),
        ("2026-05-06", true),
        ("2026-05-09", false), // worked instead
        ("2026-05-16", false), // a Saturday
        ("2026-05-18", false),
        ("2027-05-01", true),
    ] {
        assert_eq!(days.is_given_off(day(date)).unwrap(), given, "{date}");
    }
    assert_eq!(days.is_given_off(day("2027-05-02")).unwrap_err().code(), Code::NoSchedule);
    let plain = Days::new(None, &own, 0).unwrap();
    assert!(
        !plain.is_given_off(day("2026-05-02")).unwrap() && plain.is_given_off(day("2026-05-06")).unwrap()
    );
}
