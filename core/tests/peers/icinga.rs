//! Icinga DB's SLA function.

use crate::common::{read_json, tests_file};
use crate::{CLAUSES, Facts, at, contract_over, percent, printed, time, utc};
use opsledger::contract::Contract;
use opsledger::time::{DAY, Instant, Micros};
use serde_json::Value;
use std::sync::Arc;

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

pub(crate) fn pooled(events: &Value, part: impl Fn(&Value) -> (i64, i64, Option<i64>), probe: &Value) {
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
