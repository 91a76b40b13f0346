//! `init` and `append`.

use crate::args::{Append, Cli, Init};
use crate::input::Lines;
use crate::out::Out;
use crate::progress::Progress;
use crate::texts::{self, Text};
use crate::verbs;
use crate::{EXIT_OK, exit_of};
use opsledger::contract::Contract;
use opsledger::error::{Code, Error, Result};
use opsledger::facts::Fact;
use opsledger::ledger::{Ledger, Options, clock};
use serde_json::json;

/// Facts that are recorded together or not at all.
const BATCH: usize = 10_000;

pub(super) fn init(cli: &Cli, args: &Init, out: &mut Out<'_, '_>) -> Result<i32> {
    let path = verbs::ledger_path(cli)?;
    // Read before anything is made: a contract that does not load leaves no ledger behind.
    let contract = verbs::stated_contract(cli, out)?;
    let exists = path.exists();
    let options = Options { create: true, accept_clock: args.accept_clock, ..Options::default() };
    let ledger = Ledger::open(&path, &options)?;
    let entries = ledger.head()?.seq;
    let adopted = contract.as_deref().map(|c| adopt(&ledger, c)).transpose()?;
    if out.json {
        let document = json!({ "ledger": path.display().to_string(), "made": !exists, "entries": ledger.head()?.seq,
            "contract_sm3": contract.as_deref().map(|c| &c.sm3), "adopted": adopted.flatten() });
        out.line(&document.to_string())?;
        return Ok(EXIT_OK);
    }
    let lang = out.lang;
    out.line(&match exists {
        false => texts::MADE.with(lang, &[&path.display()]),
        true => texts::EXISTS.with(lang, &[&path.display(), &entries]),
    })?;
    if let (Some(contract), Some(seq)) = (contract, adopted) {
        out.line(&match seq {
            Some(seq) => texts::ADOPTED.with(lang, &[&contract.id, &contract.sm3, &seq]),
            None => texts::ADOPTED_BEFORE.with(lang, &[&contract.id, &contract.sm3]),
        })?;
    }
    Ok(EXIT_OK)
}

/// Records the adoption; `None` where this very text was adopted before.
fn adopt(ledger: &Ledger, contract: &Contract) -> Result<Option<u64>> {
    let from = contract.amends.as_ref().map_or(contract.period_dates.0, |(_, from)| *from);
    let now = clock::system_now();
    let fact = json!({
        "kind": "contract.adopt", "at": opsledger::time::canonical_instant(now)?, "key": format!("contract.adopt:{}", contract.sm3),
        "body": { "sm3": contract.sm3, "text": &*contract.text, "from": from.to_string() },
    });
    match ledger.append(&[Fact::parse(&fact.to_string())?], now) {
        Ok(seqs) => Ok(seqs.first().copied()),
        // The key holds the text's digest; only the instant of the adoption differs.
        Err(e) if e.code() == Code::KeyConflict => Ok(None),
        Err(e) => Err(e),
    }
}

pub(super) fn append(cli: &Cli, args: &Append, out: &mut Out<'_, '_>) -> Result<i32> {
    let path = verbs::ledger_path(cli)?;
    let ledger = Ledger::open(&path, &Options { accept_clock: args.accept_clock, ..Options::default() })?;
    let bar = Progress::new(out, texts::APPENDING.get(out.lang), None);
    let mut seqs = Vec::new();
    let mut lines = Lines::open(&args.facts, out)?;
    let mut kept = 0;
    let failed = loop {
        let batch = match Batch::read(&mut lines) {
            Ok(batch) if batch.facts.is_empty() => break None,
            Ok(batch) => batch,
            Err(e) => break Some(e),
        };
        match ledger.append(&batch.facts, clock::system_now()) {
            Ok(new) => seqs.extend(new),
            Err(e) => break Some(batch.place(e)),
        }
        bar.add(batch.facts.len() as u64);
        kept = lines.row();
    };
    drop(lines);
    drop(bar);
    report(&seqs, failed.is_none(), out)?;
    let Some(e) = failed else { return Ok(EXIT_OK) };
    if kept > 0 {
        out.note(&texts::KEPT.with(out.lang, &[&kept]));
    }
    out.error(&e);
    Ok(exit_of(&e))
}

fn report(seqs: &[u64], done: bool, out: &mut Out<'_, '_>) -> Result<()> {
    if out.json {
        // What was recorded is said even when a later row was refused.
        return if done || !seqs.is_empty() {
            out.line(&json!({ "seqs": seqs }).to_string())
        } else {
            Ok(())
        };
    }
    match seqs {
        [] if done => out.line(texts::NOTHING_READ.get(out.lang)),
        [] => Ok(()),
        _ => {
            let text: &Text = &texts::RECORDED;
            out.line(&text.with(out.lang, &[&seqs.len(), &texts::ranges(seqs)]))
        }
    }
}

/// Facts with the rows they stand in.
struct Batch {
    facts: Vec<Fact>,
    rows: Vec<u64>,
}

impl Batch {
    fn read(lines: &mut Lines<'_>) -> Result<Batch> {
        let mut batch = Batch { facts: Vec::new(), rows: Vec::new() };
        while batch.facts.len() < BATCH {
            let Some(line) = lines.next()? else { break };
            if line.trim().is_empty() {
                continue;
            }
            let fact = Fact::parse(line);
            let row = lines.row();
            batch.facts.push(fact.map_err(|e| e.at_row(row))?);
            batch.rows.push(row);
        }
        Ok(batch)
    }

    /// The ledger counts within the batch, the user in the file.
    fn place(&self, e: Error) -> Error {
        let row = e.row().and_then(|row| self.rows.get(usize::try_from(row).ok()?.checked_sub(1)?));
        match row.copied() {
            Some(row) => e.at_row(row),
            None => e,
        }
    }
}
