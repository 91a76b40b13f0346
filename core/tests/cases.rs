//! The case file: contracts with facts and questions, answered elsewhere by two independent implementations. The engine
//! must give every figure of it, and so must the naive model that the property tests hold the engine against.
//! `OPSLEDGER_CASES=path` takes another file of the same form.

mod common;

use common::model::{self, Question};
use common::{account, assess, clause, clocks, contract, entries, instant, read_json, shown, tests_file};
use opsledger::assess::{Assessment, Figure, View};
use opsledger::contract::Contract;
use opsledger::rules::Detail;
use opsledger::time::Instant;
use serde_json::Value;
use std::sync::Arc;

fn file() -> Value {
    let path = std::env::var("OPSLEDGER_CASES").unwrap_or_else(|_| tests_file("cases/accounting.json"));
    read_json(&path)
}

fn list<'a>(doc: &'a Value, name: &str) -> &'a [Value] {
    doc[name].as_array().map_or(&[], Vec::as_slice)
}

fn lines(case: &Value) -> Vec<String> {
    list(case, "facts").iter().map(Value::to_string).collect()
}

fn question(asked: &Value) -> Question {
    let known_at = instant(&asked["known_at"]).unwrap();
    let as_of = instant(&asked["as_of"]).unwrap();
    let view = if asked["view"] == "claimed" { View::Claimed } else { View::Agreed };
    Question { as_of, known_at, view }
}

/// What both sides of a comparison come down to.
#[derive(Default)]
struct Found {
    outages: Vec<(&'static str, i64)>,
    episodes: Vec<Vec<(&'static str, String)>>,
    breached_at: Vec<(String, Option<Instant>)>,
    forecast: Vec<(String, Option<Instant>)>,
    clocks: Vec<(String, Vec<Clock>)>,
    streak: (Option<i64>, Option<Instant>),
}

struct Clock {
    subject: String,
    status: &'static str,
    settled_at: Option<Instant>,
    breached_at: Option<Instant>,
}

/// The first difference between what is expected and what was found.
fn difference(expect: &Value, q: Question, found: &Found) -> Result<(), String> {
    for (name, got) in &found.outages {
        same(&format!("outages.{name}"), &expect["outages"][name], got)?;
    }
    let wanted = list(&expect["outages"], "episodes");
    for (i, episode) in wanted.iter().enumerate() {
        let Some(got) = found.episodes.get(i) else {
            return Err(format!("episode {i} is missing: {episode}"));
        };
        for (name, text) in got {
            let wanted = match *name {
                "start" | "end" => shown(instant(&episode[name])),
                _ => episode[name].to_string(),
            };
            differ(&format!("episodes[{i}].{name}"), &wanted, text)?;
        }
    }
    differ("number of episodes", &wanted.len(), &found.episodes.len())?;
    for (id, got) in &found.breached_at {
        at(&format!("breached_at.{id}"), &expect["breached_at"][id], *got)?;
    }
    if q.as_of == q.known_at {
        for (id, got) in &found.forecast {
            at(&format!("forecast_breach_at.{id}"), &expect["forecast_breach_at"][id], *got)?;
        }
    }
    for (id, clocks) in &found.clocks {
        let wanted = expect[id].as_object().ok_or_else(|| format!("{id} is not in the file"))?;
        differ(&format!("number of clocks in {id}"), &wanted.len(), &clocks.len())?;
        for c in clocks {
            let Some(want) = wanted.get(&c.subject) else {
                return Err(format!("{id}: {} is no clock", c.subject));
            };
            same(&format!("{id}.{}.status", c.subject), &want["status"], &c.status)?;
            for (name, got) in [("settled_at", c.settled_at), ("breached_at", c.breached_at)] {
                if want.get(name).is_some() {
                    at(&format!("{id}.{}.{name}", c.subject), &want[name], got)?;
                }
            }
        }
    }
    differ("streak.value", &expect["streak"]["value"].as_i64(), &found.streak.0)?;
    at("streak.breached_at", &expect["streak"]["breached_at"], found.streak.1)
}

fn differ<T: PartialEq + std::fmt::Debug>(what: &str, wanted: &T, got: &T) -> Result<(), String> {
    if wanted == got { Ok(()) } else { Err(format!("{what}: expected {wanted:?}, got {got:?}")) }
}

fn same<T: serde::Serialize>(what: &str, wanted: &Value, got: &T) -> Result<(), String> {
    differ(what, wanted, &serde_json::to_value(got).unwrap())
}

fn at(what: &str, wanted: &Value, got: Option<Instant>) -> Result<(), String> {
    if wanted.is_null() == got.is_none() && instant(wanted) == got {
        return Ok(());
    }
    Err(format!("{what}: expected {}, got {}", shown(instant(wanted)), shown(got)))
}

const OUTAGE_CLAUSES: [&str; 3] = ["long", "short", "downtime"];
const FORECAST_CLAUSES: [&str; 2] = ["long", "downtime"];
const CLOCK_CLAUSES: [&str; 2] = ["respond", "repair"];

fn of_engine(a: &Assessment) -> Found {
    let o = &a.outages;
    let episode = |e: &opsledger::assess::Episode| {
        vec![
            ("start", shown(Some(e.start.at))),
            ("end", shown(Some(e.end.at))),
            ("downtime_us", e.downtime_us.to_string()),
            ("open", e.open.to_string()),
            ("counted", e.counted.to_string()),
            ("class", format!("{:?}", e.class)),
        ]
    };
    let clock = |c: &opsledger::rules::deadline::Case| Clock {
        subject: c.subject.clone(),
        status: c.status.name(),
        settled_at: c.settled_at.map(|s| s.at),
        breached_at: c.breached_at.map(|s| s.at),
    };
    let streak = clause(a, "streak");
    assert!(matches!(streak.detail, Some(Detail::Streak(_)) | None));
    let value = match streak.value {
        Some(Figure::Integer(n)) => Some(n),
        _ => None,
    };
    Found {
        outages: vec![
            ("long", o.long),
            ("short", o.short),
            ("pending", o.pending),
            ("downtime_us", o.downtime_us),
        ],
        episodes: o.episodes.iter().map(episode).collect(),
        breached_at: OUTAGE_CLAUSES.map(|id| (id.to_owned(), clause(a, id).breached_at.map(|s| s.at))).into(),
        forecast: FORECAST_CLAUSES
            .map(|id| (id.to_owned(), clause(a, id).forecast_breach_at.map(|s| s.at)))
            .into(),
        clocks: CLOCK_CLAUSES
            .map(|id| (id.to_owned(), clocks(clause(a, id)).iter().map(clock).collect()))
            .into(),
        streak: (value, streak.breached_at.map(|s| s.at)),
    }
}

fn of_model(a: &model::Answer) -> Found {
    let o = &a.outages;
    let verdict = |id: &str| a.clauses.iter().find(|c| c.id == id).unwrap();
    let episode = |e: &model::figures::Row| {
        vec![
            ("start", shown(Some(e.start))),
            ("end", shown(Some(e.end))),
            ("downtime_us", e.downtime.to_string()),
            ("open", e.open.to_string()),
            ("counted", e.counted.to_string()),
            ("class", format!("{:?}", e.class)),
        ]
    };
    let clock = |c: &model::clocks::Case| Clock {
        subject: c.subject.clone(),
        status: c.status.name(),
        settled_at: c.settled_at,
        breached_at: c.breached_at,
    };
    Found {
        outages: vec![
            ("long", o.long),
            ("short", o.short),
            ("pending", o.pending),
            ("downtime_us", o.downtime),
        ],
        episodes: o.episodes.iter().map(episode).collect(),
        breached_at: OUTAGE_CLAUSES.map(|id| (id.to_owned(), verdict(id).breached_at)).into(),
        forecast: FORECAST_CLAUSES.map(|id| (id.to_owned(), verdict(id).forecast)).into(),
        clocks: CLOCK_CLAUSES.map(|id| (id.to_owned(), verdict(id).cases.iter().map(clock).collect())).into(),
        streak: (verdict("streak").value, verdict("streak").breached_at),
    }
}

/// Runs every case and prints how many hold; fails with the first difference of each that does not.
fn run(who: &str, answer: impl Fn(&Arc<Contract>, &[String], Question) -> Found) {
    let doc = file();
    let cases = list(&doc, "accounting");
    let mut failed = Vec::new();
    for case in cases {
        let (name, contract) = (case["name"].as_str().unwrap(), contract(case["contract"].as_str().unwrap()));
        let lines = lines(case);
        let first = list(case, "asks").iter().find_map(|asked| {
            let q = question(asked);
            let found = answer(&contract, &lines, q);
            let wrong = difference(&asked["expect"], q, &found).err()?;
            Some(format!("{name} as of {} known {}: {wrong}", shown(Some(q.as_of)), shown(Some(q.known_at))))
        });
        failed.extend(first);
    }
    println!("{who}: {} of {}", cases.len() - failed.len(), cases.len());
    assert!(!cases.is_empty(), "the file has no cases");
    assert!(failed.is_empty(), "{} cases differ:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn engine_answers_every_case() {
    run("engine", |contract, lines, q| of_engine(&assess(&account(contract, lines), q)));
}

/// One account a case, asked in the file's order, answers the same as a new account for each question.
#[test]
fn engine_answers_every_case_from_one_account() {
    let doc = file();
    for case in list(&doc, "accounting") {
        let one = account(&contract(case["contract"].as_str().unwrap()), &lines(case));
        for asked in list(case, "asks") {
            let q = question(asked);
            let wrong = difference(&asked["expect"], q, &of_engine(&assess(&one, q)));
            assert_eq!(wrong, Ok(()), "{} {q:?}", case["name"]);
        }
    }
}

#[test]
fn model_answers_every_case() {
    run("model", |contract, lines, q| of_model(&model::assess(contract, &entries(lines), q)));
}

#[test]
fn working_time() {
    let doc = file();
    let Some(calendars) = doc["calendars"].as_str() else { return };
    let head = "format = 1\nid = \"w\"\ntitle = \"w\"\ntimezone = \"Asia/Shanghai\"\n\
                period = { start = \"2026-01-01\", end = \"2026-12-31\" }\n";
    let tail = "[[clause]]\nid = \"long\"\nrule = \"outage-count\"\nat_least = \"1h\"\nmax = 0\n";
    let contract = contract(&format!("{head}{calendars}\n{tail}"));
    let cases = list(&doc, "working_time");
    let mut failed = Vec::new();
    for case in cases {
        let read = |name: &str| instant(&case[name]).unwrap();
        let (start, end) = (read("start"), read("end"));
        // What is known at the later of both ends knows every notice that the case needs.
        let hours = contract.hours(case["calendar"].as_str().unwrap(), read("add_gives").max(end)).unwrap();
        let between = hours.between(start, end).map_err(|e| format!("{e:?}"));
        let added = hours.add(start, case["add_us"].as_i64().unwrap()).map_err(|e| format!("{e:?}"));
        if between != Ok(case["working_us"].as_i64().unwrap()) || added != Ok(read("add_gives")) {
            failed.push(format!("{case}: between {between:?}, add {added:?}"));
        }
    }
    println!("working time: {} of {}", cases.len() - failed.len(), cases.len());
    assert!(failed.is_empty(), "{} cases differ:\n{}", failed.len(), failed.join("\n"));
}
