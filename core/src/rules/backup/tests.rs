//! What the cases of the rules page do not show: refusals, data faults, the list of what is due.

use crate::account::Account;
use crate::assess::{Ask, Assessment};
use crate::contract::Contract;
use crate::due::Reason;
use crate::error::{Code, Lang};
use crate::time::{DAY, parse_instant};
use std::sync::Arc;

const HEAD: &str = "format = 1\nid = \"t\"\ntitle = \"t\"\ntimezone = \"Asia/Shanghai\"\n\
    period = { start = \"2026-03-01\", end = \"2026-06-30\" }\n";

fn text(set: &str, clause: &str) -> String {
    format!("{HEAD}[[backup]]\nid = \"db\"\n{set}\n[[clause]]\nid = \"b\"\nrule = \"backup\"\n{clause}\n")
}

/// Code, line and words of what the reader refuses.
fn refused(set: &str, clause: &str) -> (Code, String) {
    let error = Contract::parse(&text(set, clause)).expect_err("refused");
    (error.code(), error.text(Lang::En))
}

fn account(set: &str, facts: &[&str]) -> Account {
    let contract = Contract::parse(&text(set, "set = \"db\"")).unwrap();
    let account = Account::new(Arc::new(contract));
    account.add(&facts.join("\n")).unwrap();
    account
}

fn ask(at: &str) -> Ask {
    let at = Some(parse_instant(at).unwrap());
    Ask { as_of: at, known_at: at, ..Ask::default() }
}

fn at(account: &Account, at: &str) -> Assessment {
    account.assess(&ask(at)).unwrap()
}

const RUN: &str = r#"{"kind":"backup.run","subject":"R-1","at":"2026-03-01T23:00:00+08:00","body":{"set":"db","started":"2026-03-01T22:00:00+08:00","finished":"2026-03-01T23:00:00+08:00"}}"#;
const ASTRAY: &str = r#"{"kind":"backup.run","subject":"R-2","at":"2026-03-02T12:00:00+08:00","body":{"set":"bd","started":"2026-03-02T11:00:00+08:00","finished":"2026-03-02T12:00:00+08:00"}}"#;

#[test]
fn what_a_set_cannot_mean_is_refused_where_it_stands() {
    let (code, said) = refused("rpo = \"24h\"", "set = \"bd\"");
    assert!(code == Code::ContractReference && said.contains("did you mean \"db\"?"), "{said}");
    assert!(said.contains("line 12,"), "{said}");
    assert_eq!(refused("", "set = \"db\"").0, Code::ContractMissing);
    for (set, word) in [
        ("kind = \"postgres\"", "postgres-base"),
        ("rpo = \"0h\"", "longer than nothing"),
        ("rpo = \"24h\"\nlevel = \"L0\"", "L1"),
        ("retention = {}", "duration"),
        ("retention = { weekly = 0 }", "whole number"),
        ("retention = { last = 3, hourly = 2 }", "hourly"),
        ("retention = \"3 workdays\"", "workdays"),
        ("verify_every = \"2 workdays\"", "workdays"),
        ("rop = \"24h\"", "rpo"),
    ] {
        let (_, said) = refused(set, "set = \"db\"");
        assert!(
            said.contains(word) && (said.contains("line 8,") || said.contains("line 9,")),
            "{set}: {said}"
        );
    }
}

#[test]
fn a_set_that_is_not_declared_is_a_data_fault() {
    let account = account("rpo = \"24h\"", &[RUN, ASTRAY]);
    assert!(at(&account, "2026-03-02T11:59:59+08:00").faults.is_empty());
    let a = at(&account, "2026-03-03T00:00:00+08:00");
    let found: Vec<_> = a.faults.iter().map(|f| (f.seq, f.code, f.subject.as_str())).collect();
    assert_eq!(found, [(Some(2), "unknown-set", "R-2")]);
    assert!(a.faults[0].text_en.contains("bd"), "{}", a.faults[0].text_en);
    // And it does not make the gap any shorter.
    assert_eq!(a.clauses[0].breaches, 1);
}

#[test]
fn what_is_due_is_listed() {
    let account = account("rpo = \"24h\"\nverify_every = \"30d\"", &[RUN]);
    let listed = |when: &str, span| {
        let list = account.due(&ask(when), span).unwrap();
        let item = |i: &crate::due::DueItem| (i.reason, i.at.unwrap().zone.format(i.at.unwrap().at));
        list.items.iter().map(item).collect::<Vec<_>>()
    };
    let forecast = (Reason::Forecast, "2026-03-02T22:00:00+08:00".to_owned());
    assert_eq!(listed("2026-03-02T12:00:00+08:00", DAY), [forecast]);
    let overdue = (Reason::Overdue, "2026-03-02T22:00:00+08:00".to_owned());
    let due = (Reason::Due, "2026-03-31T00:00:00+08:00".to_owned());
    assert_eq!(listed("2026-03-03T00:00:00+08:00", 30 * DAY), [overdue, due]);
}
