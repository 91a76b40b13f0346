//! Writes the demo's page: how the contract stands at an instant, in the agreed view, with the claimed one beside it.
//!
//! `year-report SOURCE CONTRACT AS_OF OUT.html [zh|en]`: SOURCE is a ledger, or loose facts (`.jsonl`).
//! `year-report SOURCE CONTRACT standing AS_OF…` prints how it stood at each instant, and the conclusion of the last.

mod published;
mod standing;

use opsledger::account::Account;
use opsledger::assess::Ask;
use opsledger::contract::Contract;
use opsledger::error::Lang;
use opsledger::facts::{Entry, Fact};
use opsledger::ledger::{Ledger, Options as LedgerOptions};
use opsledger::report::{self, Options, Section};
use opsledger::time::parse_instant;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [source, contract, "standing", ref instants @ ..] => stood(source, contract, instants),
        [source, contract, as_of, out] => run(source, contract, as_of, out, Lang::Zh),
        [source, contract, as_of, out, "zh"] => run(source, contract, as_of, out, Lang::Zh),
        [source, contract, as_of, out, "en"] => run(source, contract, as_of, out, Lang::En),
        _ => {
            Err("usage: year-report SOURCE CONTRACT AS_OF OUT.html [zh|en] | SOURCE CONTRACT standing AS_OF…"
                .into())
        }
    }
    .map_or_else(
        |e| {
            eprintln!("year-report: {e}");
            ExitCode::from(2)
        },
        |()| ExitCode::SUCCESS,
    )
}

fn load(file: &str) -> Outcome<Arc<Contract>> {
    Ok(Arc::new(Contract::parse_bytes(Some(file), &std::fs::read(file)?)?))
}

fn stood(source: &str, contract: &str, instants: &[&str]) -> Outcome<()> {
    let (account, _) = open(source, load(contract)?)?;
    Ok(standing::print(&account, instants)?)
}

fn run(source: &str, contract_file: &str, as_of: &str, out: &str, lang: Lang) -> Outcome<()> {
    let (account, entries) = open(source, load(contract_file)?)?;
    let ask = Ask { as_of: Some(parse_instant(as_of)?), ..Ask::default() };
    let sections = [comparison(lang)?];
    let options = Options {
        lang,
        entries: &entries,
        sections: &sections,
        ledger: Some(source),
        contract_file: Some(contract_file),
        ..Options::default()
    };
    std::fs::write(out, report::of(&account, &ask, &options)?)?;
    Ok(())
}

/// The account, and of loose facts what was written.
fn open(source: &str, contract: Arc<Contract>) -> Outcome<(Account, Vec<Entry>)> {
    if source.ends_with(".jsonl") {
        let text = std::fs::read_to_string(source)?;
        let account = Account::new(contract);
        account.add(&text)?;
        let mut entries = Vec::new();
        for (seq, line) in (1..).zip(text.lines()) {
            let (fact, stated) = Fact::parse_stated(line)?;
            entries.push(Entry { seq, recorded_at: stated.unwrap_or(fact.at), fact });
        }
        return Ok((account, entries));
    }
    let ledger =
        Ledger::open(Path::new(source), &LedgerOptions { read_only: true, ..LedgerOptions::default() })?;
    Ok((Account::open(Some(contract), ledger)?, Vec::new()))
}

/// What the source of the outages publishes of them, and what they come to.
fn comparison(lang: Lang) -> Outcome<Section> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("source");
    let lines = published::compare(&folder)?;
    let same = lines.iter().filter(|l| l.by_their_rule == l.published).count();
    let ours = lines.iter().filter(|l| l.ours == l.published).count();
    let seconds = |us: i64| (us / 1_000_000).to_string();
    let words = |zh: &str, en: &str| if lang == Lang::Zh { zh.to_owned() } else { en.to_owned() };
    let n = lines.len();
    let left_out: usize = lines.iter().map(|l| l.left_out).sum();
    let missing: i64 = lines.iter().map(|l| l.left_out_downtime).sum();
    Ok(Section {
        title: words("公开状态页的可用率与本库对照", "Availability as published, and as computed here"),
        note: words(
            &format!(
                "故障数据来源的状态页会删去 15 分钟以内的故障：按其规则，{n} 项中有 {same} 项与其公布值一致；不删减时只有 {ours} 项一致，\
                 被删去的 {left_out} 次故障共 {} 秒。按本合同，这些正是“1小时以内、不多于5次”的故障。",
                seconds(missing)
            ),
            &format!(
                "The source of the outages deletes those shorter than 15 minutes: by its rule {same} of its {n} figures are \
                 reproduced, with nothing left out {ours}; {left_out} outages of {} s are missing from it. Under this contract \
                 they are the outages of less than an hour, of which five are allowed.",
                seconds(missing)
            ),
        ),
        head: [
            ("服务", "Service"),
            ("公布值", "Published"),
            ("按其规则", "By its rule"),
            ("本库（不删减）", "Here, nothing left out"),
            ("故障时间（秒）", "Downtime, s"),
            ("被删去的故障", "Outages left out"),
            ("被删去的时间（秒）", "Left out, s"),
        ]
        .iter()
        .map(|(zh, en)| words(zh, en))
        .collect(),
        rows: lines
            .into_iter()
            .map(|l| {
                let (down, left) = (seconds(l.downtime), seconds(l.left_out_downtime));
                vec![l.service, l.published, l.by_their_rule, l.ours, down, l.left_out.to_string(), left]
            })
            .collect(),
    })
}
