//! Figures of other tools, through an account: each is given back, or stands below as a difference with its reason.

mod common;

use common::model::Question;
use common::{account, assess, clause, clocks, contract, instant, read_json, tests_file};
use opsledger::assess::{Assessment, Status, View};
use opsledger::contract::Contract;
use opsledger::time::{
    DAY, HOUR, Instant, Interval, MINUTE, Micros, SECOND, canonical_instant, parse_instant,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn utc(text: &str) -> Instant {
    parse_instant(text).unwrap()
}

fn time(t: Instant) -> String {
    canonical_instant(t).unwrap()
}

const CLAUSES: &str = "[[clause]]\nid = \"downtime\"\nrule = \"downtime\"\nmax = \"10h\"\n\
    [[clause]]\nid = \"long\"\nrule = \"outage-count\"\nat_least = \"1h\"\nmax = 2\n";

fn contract_over(zone: &str, first: &str, last: &str, more: &str) -> Arc<Contract> {
    contract(&format!(
        "format = 1\nid = \"peer\"\ntitle = \"peer\"\ntimezone = \"{zone}\"\n\
         period = {{ start = \"{first}\", end = \"{last}\" }}\n{more}\n{CLAUSES}"
    ))
}

/// Facts of a peer's data, in the order of their recording.
#[derive(Default)]
struct Facts(Vec<(Instant, Value)>);

impl Facts {
    fn push(&mut self, kind: &str, subject: &str, at: Instant, recorded: Instant, body: Value) {
        let mut fact = json!({ "kind": kind, "at": time(at), "recorded_at": time(recorded), "body": body });
        if !subject.is_empty() {
            fact["subject"] = json!(subject);
        }
        self.0.push((recorded, fact));
    }
    fn start(&mut self, subject: &str, at: Instant) {
        self.push("outage.start", subject, at, at, json!({ "system": "s" }));
    }
    fn end(&mut self, subject: &str, at: Instant) {
        self.push("outage.end", subject, at, at, json!({}));
    }
    fn window(&mut self, subject: &str, recorded: Instant, start: Instant, end: Instant) {
        let body = json!({ "start": time(start), "end": time(end) });
        self.push("maintenance.approve", subject, recorded, recorded, body);
    }
    fn gap(&mut self, start: Instant, end: Instant) {
        self.push("watch.gap", "", end, end, json!({ "start": time(start), "end": time(end) }));
    }
    fn lines(mut self) -> Vec<String> {
        self.0.sort_by_key(|f| f.0);
        self.0.into_iter().map(|f| f.1.to_string()).collect()
    }
}

fn at(contract: &Arc<Contract>, lines: &[String], as_of: Instant) -> Assessment {
    known(contract, lines, as_of, as_of)
}

fn known(contract: &Arc<Contract>, lines: &[String], as_of: Instant, known_at: Instant) -> Assessment {
    assess(&account(contract, lines), Question { as_of, known_at, view: View::Agreed })
}

/// A percentage in ten-thousandths, as the peers print them.
fn percent(text: &Option<String>) -> Option<i64> {
    let (units, decimals) = text.as_ref()?.split_once('.').unwrap_or((text.as_ref()?, ""));
    let billionths: i64 = format!("{units}{decimals:0<9}").parse().unwrap();
    Some((billionths + 500) / 1000)
}

fn printed(v: &Value) -> Option<i64> {
    v.as_f64().map(|p| (p * 10_000.0).round() as i64)
}

// --- Icinga DB's SLA function ---

/// Where an answer differs from Icinga's, and what ours is: (A, B, unknown) in ten-thousandths of a per cent and days.
enum Peer {
    /// Planned time and time before the first known state are good and stay in the divisor: A.
    SameInA,
    /// Icinga takes the time before the first known state out of the divisor: B, where nothing was planned.
    SameInB,
    /// Icinga guesses the state of time it knows nothing of; here it is unknown, and nothing is left to divide by.
    Unknown,
}

fn expected(name: &str) -> Peer {
    match name {
        "EmptyHistory" | "FallbackToCurrentState" | "FallbackToPreviousState" => Peer::Unknown,
        // No state was ever known inside the period: Icinga, with an empty divisor, prints 100 %.
        "probe: all UNKNOWN(99) then up at end" => Peer::Unknown,
        "InitialUnknownReducesTotalTime" => Peer::SameInB,
        _ => Peer::SameInA,
    }
}

/// The window in the peer's opaque units, laid over whole days of UTC: figures are ratios.
struct Scale {
    from: i64,
    unit: Micros,
    first: Instant,
    days: i64,
}

impl Scale {
    fn new(start: i64, end: i64) -> Scale {
        let days = [1, 7, 365].into_iter().find(|d| d * DAY % (end - start) == 0).expect("whole days");
        // Milliseconds of a real year stay what they are.
        let first = if end - start == 365 * DAY / 1000 { start * 1000 } else { utc("2026-03-02T00:00:00Z") };
        Scale { from: start, unit: days * DAY / (end - start), first, days }
    }
    fn at(&self, t: i64) -> Instant {
        self.first + (t - self.from) * self.unit
    }
    fn contract(&self) -> Arc<Contract> {
        let day = |t: Instant| time(t)[..10].to_owned();
        contract_over("UTC", &day(self.first), &day(self.first + (self.days - 1) * DAY), "")
    }
    fn end(&self) -> Instant {
        self.first + self.days * DAY
    }
}

/// A host is down above state 0, a service above 1; what was before the first event is its `prev`, and 99 is unknown.
fn icinga_facts(events: &[Value], scale: &Scale, down_above: i64, end: i64) -> Vec<String> {
    let mut facts = Facts::default();
    let number = |e: &Value, field: &str| e[field].as_i64().unwrap();
    let long_before = scale.at(scale.from) - 400 * DAY;
    let states: Vec<&Value> =
        events.iter().filter(|e| e["type"].as_str().unwrap_or("state") == "state").collect();
    let mut subject = None;
    for (i, e) in states.iter().enumerate() {
        let t = scale.at(number(e, "t"));
        let down = number(e, "state") > down_above;
        match (&subject, down) {
            (None, true) => {
                let name = format!("O-{i}");
                facts.start(&name, t);
                subject = Some(name);
            }
            (Some(name), false) => {
                facts.end(name, t);
                subject = None;
            }
            _ => {}
        }
    }
    let first = states.first().map_or(end, |e| number(e, "t"));
    if first > scale.from && states.first().is_none_or(|e| number(e, "prev") == 99) {
        facts.gap(scale.at(scale.from), scale.at(first));
    }
    for (i, e) in events.iter().filter(|e| e["type"] == "downtime").enumerate() {
        facts.window(
            &format!("M-{i}"),
            long_before,
            scale.at(number(e, "start")),
            scale.at(number(e, "end")),
        );
    }
    facts.lines()
}

#[test]
fn icinga_db() {
    let doc = read_json(&tests_file("vectors/icingadb_sla.json"));
    let cases = doc["cases"].as_array().unwrap();
    let (mut same, mut different) = (0, 0);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (start, end) = (case["start"].as_i64().unwrap(), case["end"].as_i64().unwrap());
        let events = case["events"].as_array().unwrap();
        let scale = Scale::new(start, end);
        for (down_above, theirs) in [(0, "upstream_result_host"), (1, "upstream_result_service")] {
            let lines = icinga_facts(events, &scale, down_above, end);
            let o = at(&scale.contract(), &lines, scale.end()).outages;
            let (a, b) = (percent(&o.availability_elapsed), percent(&o.availability_eligible));
            let theirs = printed(&case[theirs]);
            match expected(name) {
                Peer::SameInA => {
                    assert_eq!(a, theirs, "{name}");
                    same += 1;
                }
                Peer::SameInB => {
                    assert_eq!(b, theirs, "{name}");
                    assert_ne!(a, theirs, "{name} is no difference any more");
                    different += 1;
                }
                Peer::Unknown => {
                    assert_eq!((a, b), (Some(1_000_000), None), "{name}");
                    assert_eq!(o.unknown_us, scale.days * DAY, "{name}");
                    different += 1;
                }
            }
        }
        // The expected values of the unit tests are what their function answers.
        if let Some(wanted) = printed(&case["expected_ok_percent"]) {
            assert_eq!(Some(wanted), printed(&case["upstream_result_host"]), "{name}");
        }
    }
    println!(
        "icinga db: {} of {} answers equal, {different} in the list of differences",
        same,
        2 * cases.len()
    );
    assert_eq!((same, different), (2 * cases.len() - 8, 8));
}

/// Icinga refuses an empty and a reversed window; a period of local dates cannot be empty, and a reversed one is refused.
#[test]
fn icinga_db_impossible_windows() {
    let doc = read_json(&tests_file("vectors/icingadb_sla.json"));
    for w in doc["invalid"].as_array().unwrap() {
        let (start, end) = (w["start"].as_i64().unwrap(), w["end"].as_i64().unwrap());
        assert!(end <= start);
        // The last day is inclusive: a window that ends where it starts would end the day before.
        let last = if end == start { "2026-03-01" } else { "2026-02-01" };
        let text = format!(
            "format = 1\nid = \"p\"\ntitle = \"p\"\ntimezone = \"UTC\"\nperiod = {{ start = \"2026-03-02\", end = \"{last}\" }}\n{CLAUSES}"
        );
        assert_eq!(Contract::parse(&text).unwrap_err().code(), opsledger::Code::ContractPeriod);
    }
}

/// The total of a period does not depend on how it is cut; percentages of parts are never averaged.
#[test]
fn icinga_db_breakdown() {
    let doc = read_json(&tests_file("vectors/icingadb_sla.json"));
    pooled(
        &doc["breakdown_probe"]["host_events"],
        |part| (part["start"].as_i64().unwrap(), part["end"].as_i64().unwrap(), printed(&part["ok_percent"])),
        &doc["breakdown_probe"],
    );
}

fn pooled(events: &Value, part: impl Fn(&Value) -> (i64, i64, Option<i64>), probe: &Value) {
    let (start, end, whole) = part(&probe["whole"]);
    let unit = DAY / 1000;
    let scale = Scale { from: start, unit, first: utc("2026-03-02T00:00:00Z"), days: (end - start) / 1000 };
    let lines = icinga_facts(events.as_array().unwrap(), &scale, 0, end);
    let o = at(&scale.contract(), &lines, scale.end()).outages;
    assert_eq!(percent(&o.availability_eligible), whole, "whole");
    let (mut down, mut eligible, mut sum) = (0, 0, 0);
    let parts = probe["parts"].as_array().unwrap();
    for p in parts {
        let (start, end, theirs) = part(p);
        let piece = Scale { from: start, unit, first: scale.at(start), days: (end - start) / 1000 };
        let o = at(&piece.contract(), &lines, scale.end()).outages;
        assert_eq!(percent(&o.availability_eligible), theirs, "part from {start}");
        down += o.downtime_us;
        eligible += piece.days * DAY - o.planned_us - o.unknown_us;
        sum += percent(&o.availability_eligible).unwrap();
    }
    assert_eq!(Some((2_000_000 * (eligible - down) / eligible + 1) / 2), whole, "pooled from the parts");
    assert_ne!(Some(sum / parts.len() as i64), whole, "the mean is another figure");
    assert_eq!((sum * 10 / parts.len() as i64 + 5) / 10, printed(&probe["mean_of_parts"]).unwrap());
}

// --- regressions from public issue threads ---

fn issues() -> Value {
    read_json(&tests_file("vectors/issue_regressions.json"))
}

fn pairs(v: &Value) -> Vec<(Instant, Option<Instant>)> {
    v.as_array().unwrap().iter().map(|p| (instant(&p[0]).unwrap(), instant(&p[1]))).collect()
}

/// A regression, laid over whole days of UTC: all its instants are shifted alike so that its window starts at midnight.
struct Regression {
    facts: Facts,
    contract: Arc<Contract>,
    shift: Micros,
    as_of: Instant,
    outages: Vec<(Instant, Option<Instant>)>,
}

impl Regression {
    fn new(case: &Value) -> Regression {
        let window: Vec<Instant> = case["window"].as_array().unwrap().iter().filter_map(instant).collect();
        let shift = window[0].div_euclid(DAY) * DAY - window[0];
        let days = (window[1] - window[0] + DAY - 1) / DAY;
        let first = window[0] + shift;
        let day = |t: Instant| time(t)[..10].to_owned();
        let contract = contract_over("UTC", &day(first), &day(first + (days - 1) * DAY), "");
        let mut facts = Facts::default();
        let outages: Vec<_> =
            pairs(&case["outages"]).into_iter().map(|(s, e)| (s + shift, e.map(|e| e + shift))).collect();
        for (i, (start, end)) in outages.iter().enumerate() {
            facts.start(&format!("O-{i}"), *start);
            if let Some(end) = end {
                facts.end(&format!("O-{i}"), *end);
            }
        }
        Regression { facts, contract, shift, as_of: window[1] + shift, outages }
    }
    fn with_windows(mut self, case: &Value) -> Regression {
        for (i, (start, end)) in pairs(&case["maintenance"]).into_iter().enumerate() {
            let recorded = start + self.shift - DAY;
            self.facts.window(&format!("M-{i}"), recorded, start + self.shift, end.unwrap() + self.shift);
        }
        self
    }
}

fn seconds(v: &Value) -> Micros {
    (v.as_f64().unwrap() * 1e6).round() as Micros
}

#[test]
fn intervals_of_issue_threads() {
    let doc = issues();
    let cases = doc["interval_cases"].as_array().unwrap();
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let right = &case["right"];
        // Without its maintenance: what was down in all.
        let bare = Regression::new(case);
        let all_down = at(&bare.contract, &bare.facts.lines(), bare.as_of).outages.downtime_us;
        assert_eq!(all_down, seconds(&right["counted_down_s"]) + seconds(&right["excluded_down_s"]), "{id}");
        if id == "R20" {
            entered_afterwards(case);
            continue;
        }
        let r = Regression::new(case).with_windows(case);
        let windows = r.contract.clone();
        let a = at(&windows, &r.facts.lines(), r.as_of);
        let o = &a.outages;
        let elapsed = r.contract.period.clip(Interval::new(Instant::MIN, r.as_of)).len();
        assert_eq!(o.downtime_us, seconds(&right["counted_down_s"]), "{id}");
        assert_eq!(elapsed, seconds(&right["window_s"]), "{id}");
        assert_eq!(percent(&o.availability_elapsed), printed(&right["ok_percent"]), "{id}");
        assert_ne!(Some(&right["counted_down_s"]), case["wrong"].get("counted_down_s"), "{id}");
        match id {
            "R01" => {
                // The four figures that the thread's tool got wrong, one of them by 1158050441 days.
                let planned = pairs(&case["maintenance"]).iter().map(|(s, e)| e.unwrap() - s).sum::<Micros>();
                assert_eq!(o.planned_us, planned);
                assert_eq!(elapsed - planned, seconds(&right["ok_unscheduled_s"]));
                assert_eq!(planned - all_down, seconds(&right["ok_scheduled_s"]));
                assert_eq!((o.downtime_us, all_down), (0, seconds(&right["critical_scheduled_s"])));
            }
            "R10" => {
                let e = &o.episodes[0];
                assert!(e.open && e.end.at == r.as_of, "the future is not filled");
            }
            "R14" => assert_eq!((o.episodes[0].class, o.long + o.short), ("none", 0), "listed, not counted"),
            "R18" => assert_eq!(o.short, right["outages"].as_i64().unwrap()),
            "R22" => lost_recovery(case),
            _ => {}
        }
    }
    assert_eq!(cases.len(), 12);
}

/// Maintenance that is entered afterwards: a window excludes nothing then; an approved exclusion does, once it is known.
fn entered_afterwards(case: &Value) {
    let right = &case["right"];
    let (start, end) = pairs(&case["maintenance"])[0];
    let entered = utc("2020-03-12T00:00:00Z");
    let mut late = Regression::new(case);
    late.facts.window("M-0", entered, start, end.unwrap());
    let r = Regression::new(case);
    let (contract, as_of) = (r.contract, utc("2020-03-11T00:00:00Z"));
    let mut excluded = r.facts;
    let body =
        json!({ "start": time(start), "end": time(end.unwrap()), "approver": "buyer", "reason": "agreed" });
    excluded.push("exclusion.approve", "X-0", entered, entered, body);
    let excluded = excluded.lines();
    let of =
        |lines: &[String], known_at: &str| known(&contract, lines, as_of, utc(known_at)).outages.downtime_us;
    let (before, after) = ("2020-03-11T00:00:00Z", "2020-03-13T00:00:00Z");
    assert_eq!(of(&excluded, before), seconds(&right["counted_down_s_as_known_2020_03_11"]));
    assert_eq!(of(&excluded, after), seconds(&right["counted_down_s_as_known_2020_03_13"]));
    assert_eq!(of(&late.facts.lines(), after), HOUR, "a window recorded later excludes nothing");
    assert!(
        known(&contract, &excluded, as_of, utc(after)).outages.excluded.iter().any(|x| x.subject == "X-0")
    );
}

/// A recovery that was lost: open until a further fact says when it ended.
fn lost_recovery(case: &Value) {
    let r = Regression::new(case);
    assert_eq!(r.outages[0].1, None);
    let corrected = utc("2020-09-01T00:00:00Z");
    let mut facts = r.facts;
    let body = json!({ "end": "2020-05-19T00:10:00Z", "reason": "recovery found in the log" });
    facts.push("outage.amend", "O-0", corrected, corrected, body);
    let lines = facts.lines();
    let before = known(&r.contract, &lines, corrected - 1, corrected - 1).outages;
    assert!(before.episodes[0].open);
    assert_eq!(before.downtime_us, corrected - 1 - r.outages[0].0);
    let after = known(&r.contract, &lines, r.as_of, r.as_of).outages;
    assert_eq!((after.episodes[0].open, after.downtime_us), (false, 600 * SECOND));
}

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
