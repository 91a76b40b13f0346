//! Coverage, however an account got to an answer, is the answer from scratch: fact by fact while the clock follows, and
//! instant by instant over what is known. Duty, staff, watching, events, waivers and words of the other party, in every
//! order. `OPSLEDGER_SOAK=1` runs twenty times as many.

mod common;

use common::model::Question;
use common::{account, assess, clause, contract, entries};
use opsledger::account::Account;
use opsledger::assess::{Assessment, View};
use opsledger::time::{DAY, HOUR, Instant, MINUTE, canonical_instant, parse_instant};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CLAUSES: &str = r#"
format = 1
id = "steps"
title = "steps"
timezone = "Asia/Shanghai"
holidays = "CN"
period = { start = "2026-04-29", end = "2026-05-09" }
[[calendar]]
id = "7x8"
open = { every-day = ["09:00-17:00"] }
[[clause]]
id = "desk"
rule = "coverage"
roles = { desk = 1, engineer = 2 }
windows = "period"
lookahead = "2d"
[[clause]]
id = "signed"
rule = "coverage"
roles = { desk = 1 }
windows = ["days-off", "events"]
counts = "signed"
tolerance = "1h"
[[clause]]
id = "break"
rule = "coverage"
roles = { engineer = 1, desk = 1 }
windows = ["whole-break", "events"]
calendar = "7x8"
lookahead = "1d"
[[clause]]
id = "held"
rule = "coverage"
roles = { desk = 2 }
windows = "statutory"
counts = "signed"
distinct = false
holds = { from = "2026-05-01", until = "2026-05-01" }
[[clause]]
id = "staff"
rule = "coverage"
source = "staff"
roles = { manager = 1, A = 1 }
windows = "period"
tolerance = "6h"
[[clause]]
id = "watch"
rule = "coverage"
source = "watch"
windows = "period"
tolerance = "10m"
[[clause]]
id = "watch.two"
rule = "coverage"
source = "watch"
systems = ["portal", "db"]
windows = ["non-workdays", "events"]
[[clause]]
id = "score"
rule = "score"
base = 100
min = 95
grades = [{ at_least = 90, grade = "good", pay = "100%" }]
lines = [
  { clause = "desk", each_hour = 1, cap = 9 }, { clause = "signed", each = 2 }, { clause = "staff", each_hour = 1 },
  { clause = "watch", once = 3 }, { clause = "break", each_hour = 1 },
]
"#;

const NEEDS: [&str; 4] = [
    "",
    "[agreement]\nneeds = [\"duty.assign\", \"duty.cancel\", \"duty.sign-in\", \"staff.absent\", \"event.declare\"]\n",
    "[agreement]\nneeds = [\"watch.gap\", \"watch.seen\", \"duty.assign\", \"staff.join\"]\n",
    "[agreement]\nneeds = [\"duty.sign-in\"]\n",
];

#[derive(Clone, Debug)]
struct Fact {
    what: usize,
    subject: u32,
    who: u32,
    /// Hours from the period's start, and microseconds beside.
    at: i64,
    beside: i64,
    /// Hours after which it was recorded.
    delay: i64,
    start: i64,
    length: i64,
    entry: usize,
}

#[derive(Clone, Debug)]
struct Scenario {
    needs: usize,
    facts: Vec<Fact>,
    /// How far the instant asked for stays behind what is known.
    lag: i64,
}

const FIRST: &str = "2026-04-29T00:00:00+08:00";
/// Hours of the period.
const HOURS: i64 = 11 * 24;

fn fact() -> impl Strategy<Value = Fact> {
    let delay = select(&[0, 0, 0, 0, 1, 3, 30, 60][..]);
    let length = select(&[1, 2, 8, 8, 12, 24, 24, 72, 300][..]);
    let beside = select(&[0, 0, 0, 1, -1, 30 * MINUTE, 59 * MINUTE][..]);
    (0usize..26, 0u32..6, 0u32..4, -20..HOURS + 20, beside, delay, -30..HOURS + 10, length, 0usize..60)
        .prop_map(|(what, subject, who, at, beside, delay, start, length, entry)| Fact {
            what,
            subject,
            who,
            at,
            beside,
            delay,
            start,
            length,
            entry,
        })
}

fn scenario(most: usize) -> impl Strategy<Value = Scenario> {
    (0usize..3, proptest::collection::vec(fact(), 1..most), select(&[0, 0, 5, 40][..]))
        .prop_map(|(needs, facts, lag)| Scenario { needs, facts, lag: lag * HOUR })
}

fn text(t: Instant) -> String {
    canonical_instant(t).unwrap()
}

impl Fact {
    fn line(&self, first: Instant, recorded: Instant, at: Instant) -> Value {
        let (s, who) = (self.subject, ["甲", "乙", "丙", "丁"][self.who as usize]);
        let (start, end) =
            (first + self.start * HOUR, first + (self.start + self.length) * HOUR + self.beside);
        let role = ["desk", "engineer", "desk", "engineer"][(self.who as usize + self.entry) % 4];
        let held = ["manager", "A"][self.entry % 2];
        let span = json!({ "start": text(start), "end": text(end.max(start + 1)) });
        let with = |extra: Value| {
            let mut body = span.clone();
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            body
        };
        let systems = [json!({}), json!({ "systems": ["portal"] }), json!({ "systems": ["db"] })];
        let systems = systems[self.entry % 3].clone();
        let (kind, subject, party, body) = match self.what {
            0..6 => {
                ("duty.assign", format!("D-{s}"), "supplier", with(json!({ "person": who, "role": role })))
            }
            6 => ("duty.cancel", format!("D-{s}"), "supplier", json!({})),
            7..10 => ("duty.sign-in", format!("D-{s}"), "supplier", json!({ "person": who })),
            10 => ("event.declare", format!("E-{s}"), "buyer", span),
            11 | 12 => ("staff.join", format!("S-{s}"), "supplier", json!({ "person": who, "role": held })),
            13 => ("staff.leave", format!("S-{s}"), "supplier", json!({})),
            14 => ("staff.absent", format!("S-{s}"), "supplier", span),
            15 => ("staff.absent", format!("S-{s}"), "supplier", with(json!({ "deputy": who }))),
            16 => ("watch.start", "W".to_owned(), "machine", systems),
            17..20 => ("watch.seen", "W".to_owned(), "machine", systems),
            20 if self.who == 0 => ("watch.stop", "W".to_owned(), "machine", systems),
            20 => ("watch.gap", "W".to_owned(), "machine", with(systems)),
            21 => {
                let clause = ["desk", "signed", "staff", "watch"][self.entry % 4];
                let mut body = json!({ "clause": clause, "approver": "甲", "reason": "agreed" });
                if self.who > 0 {
                    body["case"] = json!(text(start));
                }
                ("waive", format!("V-{s}"), "buyer", body)
            }
            22..25 => ("fact.confirm", "C".to_owned(), "buyer", json!({ "entry": self.entry + 1 })),
            _ => {
                ("fact.dispute", "C".to_owned(), "buyer", json!({ "entry": self.entry + 1, "reason": "no" }))
            }
        };
        json!({
            "kind": kind, "subject": subject, "at": text(at), "recorded_at": text(recorded),
            "actor": { "person": "测试员01", "party": party }, "body": body,
        })
    }
}

impl Scenario {
    fn contract(&self) -> String {
        CLAUSES.replacen("[[calendar]]", &format!("{}[[calendar]]", NEEDS[self.needs]), 1)
    }

    fn lines(&self) -> Vec<String> {
        let first = parse_instant(FIRST).unwrap();
        let mut facts: Vec<(Instant, &Fact, Instant)> = self
            .facts
            .iter()
            .map(|f| {
                let at = first + f.at * HOUR + f.beside;
                // Some facts are stated for an instant to come.
                let ahead = if f.entry % 11 == 0 { 30 } else { 0 };
                (at + (f.delay - ahead) * HOUR, f, at)
            })
            .collect();
        facts.sort_by_key(|(recorded, ..)| *recorded);
        facts.iter().map(|(recorded, f, at)| f.line(first, *recorded, *at).to_string()).collect()
    }

    /// Every instant at which something may turn.
    fn edges(&self) -> BTreeSet<Instant> {
        let first = parse_instant(FIRST).unwrap();
        let mut edges: BTreeSet<Instant> = (0..12).map(|d| first + d * DAY).collect();
        for f in &self.facts {
            let at = first + f.at * HOUR + f.beside;
            let (start, end) = (first + f.start * HOUR, first + (f.start + f.length) * HOUR + f.beside);
            for t in [at, at + HOUR, start, end, start + HOUR, at + 6 * HOUR, end - 2 * DAY] {
                edges.extend([t - 1, t, t + 1]);
            }
        }
        edges
    }
}

fn check(name: &str, cases: u32, most: usize, test: impl Fn(Scenario) -> Result<(), TestCaseError>) {
    let soaks = std::env::var_os("OPSLEDGER_SOAK").is_some();
    let seed = if soaks { std::process::id().into() } else { 7 };
    let cases = if soaks { 20 * cases } else { cases };
    println!("{name}: {cases} cases, seed {seed}");
    let rng_seed = RngSeed::Fixed(seed);
    let config =
        Config { cases, failure_persistence: None, rng_seed, max_shrink_iters: 2_000, ..Config::default() };
    if let Err(e) = TestRunner::new(config).run(&scenario(most), test) {
        panic!("{name}: {e}");
    }
}

fn same(one: &Account, fresh: &Account, q: Question) -> Result<Assessment, TestCaseError> {
    let (got, wanted) = (assess(one, q), assess(fresh, q));
    for (a, b) in got.clauses.iter().zip(&wanted.clauses) {
        prop_assert_eq!(a, b, "{:?} as of {}", q.view, text(q.as_of));
    }
    prop_assert_eq!(got.to_json(), wanted.to_json(), "{:?} as of {}", q.view, text(q.as_of));
    Ok(got)
}

#[test]
fn fact_by_fact() {
    check("fact_by_fact", 60, 60, |s| step_by_facts(&s));
}

/// Few people, close together, and the other party changes its mind.
#[test]
fn duty_by_duty() {
    check("duty_by_duty", 250, 20, |mut s| {
        s.needs = 3;
        let count = s.facts.len();
        for f in &mut s.facts {
            f.what = [0, 1, 2, 6, 7, 8, 22, 23, 25, 25][f.what % 10];
            (f.who, f.subject, f.entry) = (f.who % 2, f.subject % 4, f.entry % count / 2);
            (f.at, f.start) = (f.at.rem_euclid(40) + 40, f.start.rem_euclid(40) + 40);
        }
        step_by_facts(&s)
    });
}

fn step_by_facts(s: &Scenario) -> Result<(), TestCaseError> {
    let contract = contract(&s.contract());
    let lines = s.lines();
    let one = Account::new(contract.clone());
    let entries = entries(&lines);
    for n in 1..=lines.len() {
        one.add(&lines[n - 1]).unwrap();
        let fresh = account(&contract, &lines[..n]);
        let now = entries[n - 1].recorded_at;
        for view in [View::Agreed, View::Claimed] {
            same(&one, &fresh, Question { as_of: now - s.lag, known_at: now, view })?;
        }
    }
    Ok(())
}

#[test]
fn instant_by_instant() {
    check("instant_by_instant", 6, 30, |s| {
        let contract = contract(&s.contract());
        let lines = s.lines();
        let last = entries(&lines).last().map(|e| e.recorded_at).unwrap_or_default();
        for known in [Some(last), None] {
            for view in [View::Agreed, View::Claimed] {
                let one = account(&contract, &lines);
                for (i, as_of) in s.edges().into_iter().enumerate() {
                    let q = Question { as_of, known_at: known.map_or(as_of, |k| k.max(as_of)), view };
                    // Every instant is stepped on; a mistake stays, so that every third is compared.
                    if i % 3 == 0 {
                        same(&one, &account(&contract, &lines), q)?;
                    } else {
                        assess(&one, q);
                    }
                }
            }
        }
        Ok(())
    });
}

/// What is forecast is the later breach, if nothing more is recorded. Not where only a sign-in or a watcher's next word
/// keeps the promise: those in sight are taken to come.
#[test]
fn a_forecast_comes_true() {
    let met = std::cell::Cell::new(0);
    check("a_forecast_comes_true", 40, 30, |mut s| {
        // All is said in the first days.
        s.facts.iter_mut().for_each(|f| f.at = f.at.rem_euclid(60) - 20);
        let contract = contract(&s.contract());
        let mut lines = s.lines();
        // Waivers may name what is to come.
        lines.retain(|l| !l.contains("\"waive\""));
        let facts = entries(&lines);
        let Some(known_at) = facts.iter().flat_map(|e| [e.recorded_at, e.fact.at]).max() else {
            return Ok(());
        };
        let view = View::Claimed;
        let account = account(&contract, &lines);
        for as_of in s.edges().into_iter().filter(|t| facts.iter().all(|e| e.fact.at <= *t)) {
            let now = assess(&account, Question { as_of, known_at: known_at.max(as_of), view });
            for id in ["desk", "break", "staff"] {
                let Some(breaks) = clause(&now, id).forecast_breach_at else { continue };
                met.set(met.get() + 1);
                let at = |as_of| assess(&account, Question { as_of, known_at: known_at.max(as_of), view });
                prop_assert_eq!(clause(&at(breaks.at), id).breached_at, None);
                prop_assert_eq!(clause(&at(breaks.at + 1), id).breached_at, Some(breaks));
            }
        }
        Ok(())
    });
    assert!(met.get() > 10, "{} forecasts", met.get());
}
