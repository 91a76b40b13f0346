//! What the tests of the account share: reading files, facts and instants; asking; the first difference in words.
#![allow(dead_code)] // each test file uses a part

pub(crate) mod compare;
pub(crate) mod model;
pub(crate) mod scenario;

use opsledger::account::Account;
use opsledger::assess::{Ask, Assessment, View};
use opsledger::contract::Contract;
use opsledger::facts::{Entry, Fact};
use opsledger::time::{Instant, parse_instant};
use serde_json::Value;
use std::sync::Arc;

/// A file below the project's `tests/`.
pub(crate) fn tests_file(name: &str) -> String {
    format!("{}/../tests/{name}", env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read_json(path: &str) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The instant in a text, or none of null.
pub(crate) fn instant(v: &Value) -> Option<Instant> {
    let text = v.as_str()?;
    Some(parse_instant(text).unwrap_or_else(|e| panic!("{text}: {e:?}")))
}

/// An instant as canonical text, for messages.
pub(crate) fn shown(t: Option<Instant>) -> String {
    t.map_or_else(|| "none".to_owned(), |t| opsledger::time::canonical_instant(t).unwrap())
}

pub(crate) fn contract(text: &str) -> Arc<Contract> {
    Arc::new(Contract::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}")))
}

pub(crate) fn ask(as_of: Instant, known_at: Instant, view: View) -> Ask {
    Ask { as_of: Some(as_of), known_at: Some(known_at), view, ..Ask::default() }
}

/// An account of these lines.
pub(crate) fn account(contract: &Arc<Contract>, lines: &[String]) -> Account {
    let account = Account::new(contract.clone());
    let added = account.add(&lines.join("\n")).unwrap_or_else(|e| panic!("{e:?}\n{}", lines.join("\n")));
    assert_eq!(added, lines.len() as u64);
    account
}

pub(crate) fn assess(account: &Account, q: model::Question) -> Assessment {
    account.assess(&ask(q.as_of, q.known_at, q.view)).unwrap_or_else(|e| panic!("{q:?}: {e:?}"))
}

/// The lines as entries: line numbers from 1, an absent `recorded_at` is `at`.
pub(crate) fn entries(lines: &[String]) -> Vec<Entry> {
    let read = lines.iter().enumerate().map(|(i, line)| {
        let (fact, recorded_at) = Fact::parse_stated(line).unwrap_or_else(|e| panic!("{e:?}\n{line}"));
        Entry { seq: i as u64 + 1, recorded_at: recorded_at.unwrap_or(fact.at), fact }
    });
    read.collect()
}

/// The clause of that id.
pub(crate) fn clause<'a>(a: &'a Assessment, id: &str) -> &'a opsledger::assess::ClauseVerdict {
    a.clauses.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("no clause {id}"))
}

/// The clocks of a `deadline` clause.
pub(crate) fn clocks(c: &opsledger::assess::ClauseVerdict) -> &[opsledger::rules::deadline::Case] {
    match &c.detail {
        Some(opsledger::rules::Detail::Deadline(d)) => &d.cases,
        _ => &[],
    }
}
