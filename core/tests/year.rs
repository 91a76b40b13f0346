//! The demo's year: the figures that can be added up by hand from the real outages, and one answer by both ways in, loose
//! facts and a ledger.
#![cfg(feature = "ledger")]

use opsledger::account::Account;
use opsledger::assess::{Ask, Assessment, Figure, Status, View};
use opsledger::contract::Contract;
use opsledger::import::csv;
use opsledger::ledger::{Ledger, Options};
use opsledger::time::{HOUR, MINUTE, SECOND, parse_instant};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/year")
}

fn contract() -> Arc<Contract> {
    let file = folder().join("../../contracts/medical-education.toml");
    Arc::new(Contract::parse_bytes(file.to_str(), &std::fs::read(&file).unwrap()).unwrap())
}

fn loose() -> Account {
    let account = Account::new(contract());
    account.add(&std::fs::read_to_string(folder().join("facts.jsonl")).unwrap()).unwrap();
    account
}

fn ask(account: &Account, as_of: &str, view: View) -> Assessment {
    let as_of = Some(parse_instant(&format!("{as_of}+08:00")).unwrap());
    account.assess(&Ask { as_of, view, ..Ask::default() }).unwrap()
}

/// Status and value of a clause.
fn clause(a: &Assessment, id: &str) -> (Status, i64) {
    let c = a.clauses.iter().find(|c| c.id == id).unwrap();
    let Some(Figure::Integer(value)) = c.value else { panic!("{id}: {:?}", c.value) };
    (c.status, value)
}

const END: &str = "2026-08-22T09:18:30";
/// The union of the 47 outages.
const ALL: i64 = 38_508 * SECOND;

#[test]
fn the_agreed_figures_by_hand() {
    let a = ask(&loose(), END, View::Agreed);
    // 30 min planned for 22:00, the outage began at 22:01:10; 532 s excluded on 18 August.
    let planned = 28 * MINUTE + 50 * SECOND;
    assert_eq!(clause(&a, "quality.downtime"), (Status::Breached, ALL - planned - 532 * SECOND));
    assert_eq!(clause(&a, "quality.long-outages"), (Status::Breached, 4));
    assert_eq!(clause(&a, "quality.short-outages"), (Status::Breached, 13));
    assert_eq!(clause(&a, "support.respond"), (Status::Breached, 1));
    assert_eq!(clause(&a, "support.diagnose"), (Status::Met, 0));
    assert_eq!(clause(&a, "support.onsite"), (Status::Met, 0));
    assert_eq!(clause(&a, "support.repair"), (Status::Breached, 3));
    assert_eq!(clause(&a, "support.termination-right"), (Status::AtRisk, 2));
    let classes: Vec<_> = a.outages.episodes.iter().map(|e| e.class).collect();
    let count = |class| classes.iter().filter(|c| **c == class).count();
    assert_eq!((classes.len(), count("long"), count("short"), count("none")), (18, 4, 13, 1));
    assert_eq!((a.unconfirmed.len(), a.disputed.len(), a.waived.len(), a.late.len()), (2, 1, 1, 1));
    let faults = a.faults.iter().map(|f| f.code).filter(|c| *c != "rule-not-built");
    assert_eq!(faults.collect::<Vec<_>>(), ["pause-while-stopped"]);
    assert_eq!(a.outages.unknown_us, 0);
}

#[test]
fn what_the_supplier_claims_would_keep_two_promises() {
    let a = ask(&loose(), END, View::Claimed);
    // Two outages called force majeure (4 504 s and 7 021 s), one called a test system (4 637 s).
    let claimed = 36_246 * SECOND - (4_504 + 7_021 + 4_637) * SECOND;
    assert_eq!(clause(&a, "quality.downtime"), (Status::Met, claimed));
    assert_eq!(clause(&a, "quality.long-outages"), (Status::Met, 1));
}

#[test]
fn the_forecast_is_the_later_breach() {
    let account = loose();
    let running = ask(&account, "2026-08-21T23:45:00", View::Agreed);
    let ended = ask(&account, END, View::Agreed);
    let downtime = |a: &Assessment| a.clauses.iter().find(|c| c.id == "quality.downtime").unwrap().clone();
    let breach = parse_instant("2026-08-21T23:58:10+08:00").unwrap();
    assert_eq!(downtime(&running).status, Status::AtRisk);
    assert_eq!(downtime(&running).forecast_breach_at.unwrap().at, breach);
    assert_eq!(downtime(&ended).breached_at.unwrap().at, breach);
    // Ten hours are reached there, not before and not after.
    assert_eq!(
        clause(&ask(&account, "2026-08-21T23:58:10", View::Agreed), "quality.downtime"),
        (Status::AtRisk, 10 * HOUR)
    );
    let after = ask(&account, "2026-08-21T23:58:10.000001", View::Agreed);
    assert_eq!(clause(&after, "quality.downtime"), (Status::Breached, 10 * HOUR + 1));
}

/// The ledger keeps the stated instants as claims, which hold once the other party confirmed the import.
#[test]
fn a_ledger_answers_as_the_loose_facts_do() {
    let dir = tempfile::tempdir().unwrap();
    let open = Options { create: true, sync: false, ..Options::default() };
    let ledger = Ledger::open(&dir.path().join("year.ledger"), &open).unwrap();
    let contract = contract();
    let adopt = serde_json::json!({
        "kind": "contract.adopt", "at": "2026-01-01T00:00:00+08:00",
        "body": {"sm3": contract.sm3, "text": &*contract.text},
    });
    let now = parse_instant("2026-11-01T00:00:00+08:00").unwrap();
    let fact = |line: &str| opsledger::facts::Fact::parse(line).unwrap();
    ledger.append(&[fact(&adopt.to_string())], now).unwrap();
    let year = csv::read(&std::fs::read(folder().join("import.csv")).unwrap(), None).unwrap();
    ledger.import(&year, now, false).unwrap();
    let said = std::fs::read_to_string(folder().join("agreement.jsonl")).unwrap();
    let said: Vec<_> = said.lines().map(fact).collect();

    let account = Account::open(None, ledger.clone()).unwrap();
    let before = ask(&account, END, View::Agreed);
    assert_eq!(clause(&before, "quality.downtime").1, ALL, "unconfirmed, nothing is taken out");
    ledger.append(&said, now).unwrap();
    let loose = loose();
    for at in ["2026-08-15T00:00:00", "2026-08-19T00:00:00", "2026-08-21T23:45:00", END] {
        for view in [View::Agreed, View::Claimed] {
            let (of_ledger, of_facts) = (ask(&account, at, view), ask(&loose, at, view));
            // Adopting is entry 1 of the ledger and a note is line 1 of the file, so that even the entries are the same.
            assert_eq!(of_ledger.clauses, of_facts.clauses, "{at} {view:?}");
            assert_eq!(of_ledger.outages, of_facts.outages, "{at} {view:?}");
        }
    }
}
