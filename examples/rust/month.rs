//! A month of a contract: read it, record the month's facts in a ledger, and print how the contract stands at the month's end.
//!
//! `cargo run --example month -- examples/month month.ledger`

use opsledger::account::Account;
use opsledger::assess::Ask;
use opsledger::calendar::Zone;
use opsledger::contract::Contract;
use opsledger::facts::Fact;
use opsledger::ledger::{Ledger, Options, clock};
use opsledger::time::{Instant, Micros, SECOND, parse_instant};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, ledger] = arguments.as_slice() else { return Err("usage: month FOLDER LEDGER".into()) };
    let contract =
        Arc::new(Contract::parse(&std::fs::read_to_string(Path::new(folder).join("contract.toml"))?)?);
    let facts = std::fs::read_to_string(Path::new(folder).join("facts.jsonl"))?;
    let as_of = parse_instant("2026-04-01T00:00:00+08:00")?;

    // The figures of the month as it was known at its end.
    let account = Account::new(contract.clone());
    account.add(&facts)?;
    let ask = Ask { as_of: Some(as_of), known_at: Some(as_of), ..Ask::default() };
    print_budget(&account, &ask, contract.zone)?;
    record(Path::new(ledger), &facts)?;
    println!();
    for clause in account.assess(&ask)?.clauses {
        println!("{:<26} {}", clause.id, clause.status.name());
    }
    Ok(())
}

fn print_budget(account: &Account, ask: &Ask, zone: Zone) -> Result<(), Box<dyn Error>> {
    let budget = account.budget(ask)?;
    let count = |n: Option<i64>| n.unwrap_or(-1);
    line("as of:", &zone.format(budget.as_of));
    line("status:", budget.status.name());
    line("long outages:", &format!("{} of {}", count(budget.long_count), count(budget.long_max)));
    line("short outages:", &format!("{} of {}", count(budget.short_count), count(budget.short_max)));
    line("downtime:", &format!("{} of {}", duration(budget.downtime), duration(budget.downtime_max)));
    line("remaining:", &duration(budget.remaining));
    line("next breach:", &budget.next_breach_at.map_or("none".to_owned(), |at: Instant| zone.format(at)));
    Ok(())
}

/// Facts that were typed in today are known from today on: the ledger proves that, and keeps them for good.
fn record(path: &Path, facts: &str) -> Result<(), Box<dyn Error>> {
    let ledger = Ledger::open(path, &Options { create: true, ..Options::default() })?;
    let facts: Vec<Fact> = facts.lines().map(Fact::parse).collect::<Result<_, _>>()?;
    ledger.append(&facts, clock::system_now())?;
    let sound = ledger.verify(&mut |_, _| true)?.problem.is_none();
    let state = if sound { "sound" } else { "broken" };
    line("ledger:", &format!("{} entries, {state}", ledger.head()?.seq));
    Ok(())
}

fn line(name: &str, value: &str) {
    println!("{name:<15} {value}");
}

fn duration(us: Option<Micros>) -> String {
    let s = us.unwrap_or(0) / SECOND;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}
