//! Keeps the demo's year: `year-keep CONTRACT FOLDER` writes the contract with the demo's dates, the ledger as it would stand if
//! every fact had been recorded when the story says so, and the monthly reports, each made on its day. The same every time.

mod book;
mod issue;
mod random;
mod rota;
mod routine;
mod service;
mod story;
#[cfg(test)]
mod tests;
mod time;
mod year;

use crate::book::{Book, Line};
use crate::issue::Office;
use crate::random::Random;
use crate::time::{Notices, local_text, parse};
use crate::year::Year;
use opsledger::contract::Contract;
use opsledger::facts::Fact;
use opsledger::ledger::{Ledger, Options};
use opsledger::time::Instant;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn Error>>;

const SEED: u64 = 20_260_831;
/// When the contract was adopted: entry 1.
const ADOPTED: &str = "2025-08-15T09:00";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [contract, folder] => keep(contract, Path::new(folder)),
        _ => Err("usage: year-keep CONTRACT FOLDER".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("year-keep: {e}");
            ExitCode::from(2)
        }
    }
}

fn keep(contract: &str, folder: &Path) -> Outcome<()> {
    let text = dated(&std::fs::read_to_string(contract)?)?;
    let contract = Contract::parse_bytes(Some(contract), text.as_bytes())?;
    let lines = facts(&contract)?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("contract.toml"), &text)?;
    let options = Options { create: true, sync: false, ..Options::default() };
    let ledger = Ledger::open(&folder.join("year.ledger"), &options)?;
    let mut office = Office::new(Arc::new(contract), ledger.clone(), folder.join("monthly"))?;
    record(&lines, &ledger, Some(&mut office))
}

/// The contract with the dates of the demo's year, in which the real outages lie.
fn dated(text: &str) -> Outcome<String> {
    let mut text = text.to_owned();
    for (from, to) in [
        ("\"medu-2026\"", "\"medu-2025\""),
        (
            "{ start = \"2026-01-01\", end = \"2026-12-31\" }",
            "{ start = \"2025-09-01\", end = \"2026-08-31\" }",
        ),
        ("holds = { until = \"2027-03-31\" }", "holds = { until = \"2026-12-31\" }"),
    ] {
        if text.matches(from).count() != 1 {
            return Err(format!("the contract has no {from}").into());
        }
        text = text.replace(from, to);
    }
    Ok(text)
}

/// Every fact of the year, the adoption of the contract first.
fn facts(contract: &Contract) -> Outcome<Vec<Line>> {
    let (mut book, mut random) = (Book::default(), Random::new(SEED));
    let (year, notices) = (Year::new(), Notices::read()?);
    story::tell(&mut book)?;
    let repaired = story::real(&mut book)?;
    rota::write(&mut book, &year, &notices, &mut random);
    routine::write(&mut book, &year, &notices, &mut random, &repaired)?;
    service::write(&mut book, &year, &mut random)?;
    service::judgements(&mut book, contract)?;
    let mut lines = vec![adoption(contract)?];
    lines.extend(book.in_order(2)?);
    Ok(lines)
}

fn adoption(contract: &Contract) -> Outcome<Line> {
    let at = parse(ADOPTED)?;
    let mut fact = Map::new();
    fact.insert("kind".into(), "contract.adopt".into());
    fact.insert("at".into(), local_text(at).into());
    fact.insert("body".into(), json!({ "sm3": contract.sm3, "text": &*contract.text }));
    Ok(Line { recorded_at: at, fact })
}

/// Records each fact at its instant, as a host would that is told the time. With an office, it makes the monthly reports that
/// the lines speak of; without, the lines are recorded as they stand.
fn record(lines: &[Line], ledger: &Ledger, mut office: Option<&mut Office>) -> Outcome<()> {
    let mut waiting: Vec<Fact> = Vec::new();
    let mut since: Instant = 0;
    for line in lines {
        let now = line.recorded_at;
        let report = office.as_deref_mut().zip(Office::month(line));
        if (now != since || report.is_some()) && !waiting.is_empty() {
            ledger.append(&waiting, since)?;
            waiting.clear();
        }
        since = now;
        if let Some((office, month)) = report {
            waiting.push(office.issue(line, month, now)?);
            continue;
        }
        let mut fact = line.fact.clone();
        if let Some(office) = &office {
            office.sign(&mut fact);
        }
        let text = Value::from(fact).to_string();
        waiting.push(Fact::parse(&text).map_err(|e| format!("{e}: {text}"))?);
    }
    ledger.append(&waiting, since)?;
    Ok(())
}
