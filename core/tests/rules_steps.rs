//! The books answer the same however they got there: one fact at a time, and one instant at a time, against a fold from
//! scratch, over every contract of the rules' cases and both views. Instants are those that the assessment itself names
//! (due, settled, breached, forecast, starts and ends) and one microsecond to either side.
//!
//! `OPSLEDGER_CASE=name` runs only the case of that name; `OPSLEDGER_SOAK=1` all of them (else every sixth).

mod common;

use common::{account, ask, contract, instant, read_json, shown, tests_file};
use opsledger::account::Account;
use opsledger::assess::View;
use opsledger::contract::Contract;
use opsledger::time::{Instant, parse_instant};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

const VIEWS: [View; 2] = [View::Agreed, View::Claimed];

struct Case {
    name: String,
    contract: Arc<Contract>,
    lines: Vec<String>,
    recorded: Vec<Instant>,
}

fn cases() -> Vec<Case> {
    let folder = tests_file("cases/rules");
    let own =
        std::fs::read_dir(&folder).into_iter().flatten().map(|f| f.unwrap().path().display().to_string());
    let mut files: Vec<String> = own.filter(|name| name.ends_with(".json")).collect();
    files.sort_unstable();
    files.push(tests_file("cases/rules.json"));
    let only = std::env::var("OPSLEDGER_CASE").ok().filter(|name| !name.is_empty());
    let all = only.is_some() || std::env::var_os("OPSLEDGER_SOAK").is_some();
    let mut cases = Vec::new();
    let mut count = 0;
    for case in files.iter().flat_map(|file| read_json(file)["rules"].as_array().cloned().unwrap_or_default())
    {
        count += 1;
        let name = case["name"].as_str().expect("a name").to_owned();
        if only.as_ref().is_some_and(|only| *only != name) || !(all || count % 6 == 0) {
            continue;
        }
        let facts = case["facts"].as_array().expect("facts");
        let stated =
            |f: &Value| instant(&f["recorded_at"]).or_else(|| instant(&f["at"])).expect("an instant");
        cases.push(Case {
            name,
            contract: contract(case["contract"].as_str().expect("a contract")),
            lines: facts.iter().map(Value::to_string).collect(),
            recorded: facts.iter().map(stated).collect(),
        });
    }
    assert!(!cases.is_empty(), "no case of this name");
    cases
}

/// The document as both sides of a comparison show it.
fn shown_by(account: &Account, as_of: Instant, known_at: Instant, view: View) -> Value {
    let assessment = account.assess(&ask(as_of, known_at, view)).expect("an assessment");
    serde_json::from_str(&assessment.to_json()).expect("a document")
}

fn check(case: &Case, kept: &Account, facts: usize, as_of: Instant, known_at: Instant, view: View) -> Value {
    let fresh = account(&case.contract, &case.lines[..facts]);
    let (step, scratch) = (shown_by(kept, as_of, known_at, view), shown_by(&fresh, as_of, known_at, view));
    let at = format!("{}, {facts} facts, as of {} {view:?}", case.name, shown(Some(as_of)));
    let clauses = |doc: &Value| doc["clauses"].as_array().cloned().unwrap_or_default();
    for (step, scratch) in clauses(&step).iter().zip(clauses(&scratch)) {
        assert_eq!(*step, scratch, "{at}");
    }
    assert_eq!(step, scratch, "{at}");
    scratch
}

/// Every instant that the document names.
fn instants(doc: &Value, into: &mut BTreeSet<Instant>) {
    match doc {
        Value::String(text) => into.extend(parse_instant(text).ok()),
        Value::Array(list) => list.iter().for_each(|v| instants(v, into)),
        Value::Object(fields) => fields.values().for_each(|v| instants(v, into)),
        _ => {}
    }
}

#[test]
fn one_fact_at_a_time() {
    for case in cases() {
        for view in VIEWS {
            let kept = Account::new(case.contract.clone());
            for (i, line) in case.lines.iter().enumerate() {
                kept.add(line).expect("a fact");
                check(&case, &kept, i + 1, case.recorded[i], case.recorded[i], view);
            }
        }
    }
}

#[test]
fn one_instant_at_a_time() {
    for case in cases() {
        for view in VIEWS {
            let known = case.recorded.iter().copied().max().unwrap_or(case.contract.period.end);
            let known_at = known.max(case.contract.period.end) + 366 * opsledger::time::DAY;
            let kept = account(&case.contract, &case.lines);
            let mut named = BTreeSet::new();
            for as_of in [case.contract.period.start, case.contract.period.end, known_at] {
                let doc = shown_by(&account(&case.contract, &case.lines), as_of, known_at, view);
                instants(&doc["clauses"], &mut named);
            }
            let steps: BTreeSet<Instant> = named.iter().flat_map(|t| [t - 1, *t, t + 1]).collect();
            for as_of in steps.into_iter().filter(|t| *t <= known_at) {
                check(&case, &kept, case.lines.len(), as_of, known_at, view);
            }
        }
    }
}
