//! The cases of the rules: contracts with facts and questions, their expectations written from the rules' page alone.
//! `tests/cases/rules.json` was answered by an independent model; `tests/cases/rules/*.json` is derived by hand, each
//! question with the sentence it rests on. What is compared is the assessment's JSON, as every language gets it.
//!
//! `OPSLEDGER_CASES=path` takes another file of the same form, `OPSLEDGER_RULE=coverage` only the clauses of one rule,
//! `OPSLEDGER_CASE=name` only the case of that name.

mod common;

use common::{ask, instant, read_json, shown, tests_file};
use opsledger::account::Account;
use opsledger::assess::View;
use opsledger::contract::Contract;
#[cfg(feature = "ledger")]
use opsledger::facts::Fact;
#[cfg(feature = "ledger")]
use opsledger::ledger::{Ledger, Options};
#[cfg(feature = "ledger")]
use opsledger::time::Instant;
use opsledger::time::parse_instant;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
#[cfg(feature = "ledger")]
use std::path::Path;
use std::sync::Arc;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn list<'a>(doc: &'a Value, name: &str) -> &'a [Value] {
    doc[name].as_array().map_or(&[], Vec::as_slice)
}

fn files() -> Vec<String> {
    if let Some(path) = variable("OPSLEDGER_CASES") {
        return vec![path];
    }
    let folder = tests_file("cases/rules");
    let own =
        std::fs::read_dir(&folder).into_iter().flatten().map(|f| f.unwrap().path().display().to_string());
    let mut files: Vec<String> = own.filter(|name| name.ends_with(".json")).collect();
    files.sort_unstable();
    files.insert(0, tests_file("cases/rules.json"));
    files
}

/// A case with the rule of each clause that is asked for, read from the contract's text: it must be known of a contract that does
/// not parse, too.
struct Case {
    name: String,
    text: String,
    lines: Vec<String>,
    asks: Vec<Value>,
    rules: BTreeMap<String, String>,
}

fn rules_of(text: &str) -> BTreeMap<String, String> {
    let table: toml::Table = text.parse().unwrap_or_else(|e| panic!("{e}\n{text}"));
    let clauses = table["clause"].as_array().expect("clauses");
    let word = |clause: &toml::Value, key: &str| clause[key].as_str().expect("a text").to_owned();
    clauses.iter().map(|clause| (word(clause, "id"), word(clause, "rule"))).collect()
}

fn cases() -> Vec<Case> {
    let (rule, name) = (variable("OPSLEDGER_RULE"), variable("OPSLEDGER_CASE"));
    let mut cases = Vec::new();
    for file in files() {
        let doc = read_json(&file);
        assert!(!list(&doc, "rules").is_empty(), "{file} has no cases");
        for case in list(&doc, "rules") {
            let text = case["contract"].as_str().expect("a contract").to_owned();
            let mut rules = rules_of(&text);
            let expected =
                |id: &str| list(case, "asks").iter().any(|asked| asked["expect"].get(id).is_some());
            rules.retain(|id, of| expected(id) && rule.as_ref().is_none_or(|only| only == of));
            cases.push(Case {
                name: case["name"].as_str().expect("a name").to_owned(),
                lines: list(case, "facts").iter().map(Value::to_string).collect(),
                asks: list(case, "asks").to_vec(),
                text,
                rules,
            });
        }
    }
    let names: BTreeSet<&str> = cases.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    cases.retain(|c| !c.rules.is_empty() && name.as_ref().is_none_or(|only| *only == c.name));
    assert!(!cases.is_empty(), "no case of this rule or name");
    cases
}

/// Figures that are decimals in text; everything else in text is a name, a word or an instant.
const DECIMALS: [&str; 3] = ["value", "availability", "off"];

/// A decimal without what does not change it.
fn decimal(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

fn same_text(key: &str, wanted: &str, got: &str) -> bool {
    if wanted == got {
        return true;
    }
    if DECIMALS.contains(&key) {
        return decimal(wanted) == decimal(got);
    }
    matches!((parse_instant(wanted), parse_instant(got)), (Ok(a), Ok(b)) if a == b)
}

/// The first difference: every field that is expected must be there, lists have the same members in the same order.
fn differs(path: &str, key: &str, wanted: &Value, got: &Value) -> Option<String> {
    let unlike = || Some(format!("{path}: expected {wanted}, got {got}"));
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => wanted.iter().find_map(|(key, wanted)| {
            let path = format!("{path}.{key}");
            match got.get(key) {
                Some(got) => differs(&path, key, wanted, got),
                None => Some(format!("{path}: expected {wanted}, the field is not there")),
            }
        }),
        (Value::Array(wanted), Value::Array(got)) => {
            let both = wanted.iter().zip(got).enumerate();
            let first = both.into_iter().find_map(|(i, (w, g))| differs(&format!("{path}[{i}]"), key, w, g));
            let (members, found) = (wanted.len(), got.len());
            first.or_else(|| {
                let next = wanted.get(found).or_else(|| got.get(members))?;
                Some(format!(
                    "{path}: expected {members} members, got {found}, the first without a peer {next}"
                ))
            })
        }
        (Value::String(wanted), Value::String(got)) if same_text(key, wanted, got) => None,
        _ if wanted == got => None,
        _ => unlike(),
    }
}

/// The differences of one question, by clause.
fn answer(case: &Case, account: &Account, asked: &Value) -> BTreeMap<String, String> {
    let (as_of, known_at) = (instant(&asked["as_of"]).unwrap(), instant(&asked["known_at"]).unwrap());
    let view = match asked["view"].as_str() {
        Some("claimed") => View::Claimed,
        Some("agreed") | None => View::Agreed,
        Some(other) => panic!("{}: unknown view {other}", case.name),
    };
    let question = format!("as of {} known {} {view:?}", shown(Some(as_of)), shown(Some(known_at)));
    let empty = Map::new();
    let expected = asked["expect"].as_object().unwrap_or(&empty);
    assert!(!expected.is_empty(), "{}: {question} expects nothing", case.name);
    let document: Value = match account.assess(&ask(as_of, known_at, view)) {
        Ok(a) => serde_json::from_str(&a.to_json()).expect("a document"),
        Err(e) => return case.rules.keys().map(|id| (id.clone(), format!("{question}: {e:?}"))).collect(),
    };
    let why = asked["why"].as_str().map_or_else(String::new, |why| format!(" ({why})"));
    let wrong = expected.iter().filter(|(id, _)| case.rules.contains_key(*id)).filter_map(|(id, wanted)| {
        let found = list(&document, "clauses").iter().find(|clause| clause["id"] == id.as_str());
        let text = differs(id, id, wanted, found.unwrap_or(&Value::Null))?;
        Some((id.clone(), format!("{question}: {text}{why}")))
    });
    wrong.collect()
}

fn account(contract: &Arc<Contract>, case: &Case) -> Result<Account, String> {
    let account = Account::new(contract.clone());
    account.add(&case.lines.join("\n")).map_err(|e| format!("{e:?}"))?;
    Ok(account)
}

/// An account of a ledger in which each fact was recorded when it says so; what contradicts the record is recorded too.
#[cfg(feature = "ledger")]
fn account_of_ledger(folder: &Path, contract: &Arc<Contract>, case: &Case) -> Result<Account, String> {
    let told = |e| format!("{e:?}");
    let options = Options { create: true, accept_clock: true, ..Options::default() };
    let ledger = Ledger::open(&folder.join("books"), &options).map_err(told)?;
    let read =
        |line: &String| Fact::parse_stated(line).map(|(fact, at)| (at.unwrap_or(fact.at), (fact, None)));
    let facts: Vec<_> = case.lines.iter().map(read).collect::<Result<_, _>>().map_err(told)?;
    // One commit has one instant, so that facts of one instant are recorded together.
    for batch in facts.chunk_by(|a, b| a.0 == b.0) {
        let together: Vec<(Fact, Option<Instant>)> = batch.iter().map(|(_, fact)| fact.clone()).collect();
        ledger.import(&together, batch[0].0, true).map_err(told)?;
    }
    Account::open(Some(contract.clone()), ledger).map_err(told)
}

/// Where the answers come from.
#[derive(Clone, Copy, PartialEq)]
enum From {
    NewAccounts,
    OneAccount,
    #[cfg(feature = "ledger")]
    Ledger,
}

/// The first difference of each clause of the case that has one.
fn run_case(case: &Case, from: From) -> BTreeMap<String, String> {
    let all = |text: String| case.rules.keys().map(|id| (id.clone(), text.clone())).collect();
    let contract = match Contract::parse(&case.text) {
        Ok(contract) => Arc::new(contract),
        Err(e) => return all(format!("{e:?}")),
    };
    #[cfg(feature = "ledger")]
    let folder = tempfile::tempdir().expect("a folder");
    let opened = match from {
        #[cfg(feature = "ledger")]
        From::Ledger => account_of_ledger(folder.path(), &contract, case),
        From::NewAccounts | From::OneAccount => account(&contract, case),
    };
    let kept = match opened {
        Ok(kept) => kept,
        Err(e) => return all(e),
    };
    let mut wrong = BTreeMap::new();
    for asked in &case.asks {
        let fresh = (from == From::NewAccounts).then(|| account(&contract, case).expect("added before"));
        for (id, text) in answer(case, fresh.as_ref().unwrap_or(&kept), asked) {
            wrong.entry(id).or_insert(text);
        }
    }
    wrong
}

/// Runs every case, prints how many verdicts hold for each rule; fails with the first difference of each that does not.
fn run(who: &str, from: From) {
    let (mut held, mut all) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    let mut failed = Vec::new();
    for case in cases() {
        let wrong = run_case(&case, from);
        for (id, rule) in &case.rules {
            *all.entry(rule.clone()).or_default() += 1;
            match wrong.get(id) {
                None => *held.entry(rule.clone()).or_default() += 1,
                Some(text) => failed.push(format!("{} {rule} {text}", case.name)),
            }
        }
    }
    for (rule, all) in &all {
        println!("{who}: {rule} {} of {all}", held.get(rule).unwrap_or(&0));
    }
    assert!(failed.is_empty(), "{} clauses differ:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_case_from_a_new_account_for_each_question() {
    run("a new account for each question", From::NewAccounts);
}

/// One account a case, asked in the file's order, answers the same.
#[test]
fn every_case_from_one_account() {
    run("one account a case", From::OneAccount);
}

/// The same facts recorded in a ledger, at the instants they state, give the same.
#[cfg(feature = "ledger")]
#[test]
fn every_case_from_a_ledger() {
    run("a ledger a case", From::Ledger);
}

/// What the comparison must not let pass.
#[test]
fn the_comparison_sees_a_difference() {
    let wanted = serde_json::json!({
        "value": "93.5", "credit": "10%", "breached_at": "2026-03-02T08:10:00+08:00", "settled_at": null,
        "owed": [{ "unit": "2026-03", "missing_parts": [] }], "breaches": 1
    });
    let but = |key: &str, value: Value| {
        let mut changed = wanted.clone();
        changed[key] = value;
        changed
    };
    let is_same = |got: &Value| differs("c", "c", &wanted, got).is_none();
    assert!(is_same(&wanted));
    assert!(is_same(&but("more", 1.into())), "fields that no one asked for");
    assert!(is_same(&but("value", "93.50".into())));
    assert!(is_same(&but("breached_at", "2026-03-02T00:10:00.000000Z".into())));
    for (key, other) in [
        ("value", serde_json::json!("93.51")),
        ("credit", "10.0%".into()),
        ("breached_at", "2026-03-02T08:10:00.000001+08:00".into()),
        ("breached_at", Value::Null),
        ("settled_at", "2026-03-02T08:10:00+08:00".into()),
        ("owed", serde_json::json!([])),
        ("owed", serde_json::json!([{ "unit": "2026-04", "missing_parts": [] }])),
        ("owed", serde_json::json!([{ "unit": "2026-03", "missing_parts": ["logs"] }])),
        ("owed", serde_json::json!([wanted["owed"][0], wanted["owed"][0]])),
        ("breaches", 2.into()),
        ("breaches", "1".into()),
    ] {
        assert!(!is_same(&but(key, other.clone())), "{key}: {other}");
    }
    let mut without = wanted.clone();
    without.as_object_mut().expect("an object").remove("settled_at");
    assert!(!is_same(&without), "null is a field that is there");
}
