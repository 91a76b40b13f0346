//! Outages and maintenance of public issue threads, each with the figure that was wrong and the one that is right.

use crate::common::{instant, read_json, tests_file};
use crate::{Facts, at, contract_over, known, percent, printed, time, utc};
use opsledger::contract::Contract;
use opsledger::time::{DAY, HOUR, Instant, Interval, Micros, SECOND};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn issues() -> Value {
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

pub(crate) fn seconds(v: &Value) -> Micros {
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
