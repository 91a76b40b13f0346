//! `show`.

use crate::args::{Cli, Show};
use crate::out::{Out, clean};
use crate::table::{self, Value};
use crate::texts::{self, Text};
use crate::{EXIT_OK, verbs};
use opsledger::calendar::Zone;
use opsledger::contract::Contract;
use opsledger::error::{Code, Error, Result};
use opsledger::facts::{Entry, Fact, kinds};
use opsledger::ledger::{Ledger, Record};
use opsledger::time::Instant;
use opsledger::{Lang, digest};
use serde_json::{Map, json};
use std::collections::VecDeque;

/// Entries that are read at a time.
const PAGE: u64 = 10_000;
/// Entries of one table: its columns are as wide as the widest of them.
const TABLE: usize = 1_000;

pub(super) fn run(cli: &Cli, args: &Show, out: &mut Out<'_, '_>) -> Result<i32> {
    let ledger = verbs::open(cli, false)?;
    if args.seqs.is_empty() {
        let filter = Filter::new(args)?;
        let zone = zone(cli, &ledger, out)?;
        list(&ledger, args, &filter, zone, out)?;
    } else {
        for seq in &args.seqs {
            let record = ledger.read(*seq, 1)?.into_iter().find(|r| r.seq == *seq);
            single(&record.ok_or_else(|| Error::new(Code::UnknownEntry, seq.to_string()))?, out)?;
        }
    }
    Ok(EXIT_OK)
}

/// Times are shown in the contract's zone; of a ledger without a contract, in UTC. (The first text adopted is found without
/// reading the ledger, and an amendment moves no zone.)
fn zone(cli: &Cli, ledger: &Ledger, out: &mut Out<'_, '_>) -> Result<Zone> {
    const FIRST: &str =
        "SELECT fact FROM entry WHERE instr(fact, '\"kind\":\"contract.adopt\"') ORDER BY seq LIMIT 1";
    if !out.json {
        if let Some(contract) = verbs::stated_contract(cli, out)? {
            return Ok(contract.zone);
        }
        let adopted = ledger.sql(FIRST)?.rows.into_iter().flatten().next();
        let fact = adopted.as_ref().and_then(|text| Fact::parse_stored(text.as_str()?).ok());
        if let Some(contract) = fact.and_then(|fact| Contract::parse(fact.text("text")?).ok()) {
            return Ok(contract.zone);
        }
    }
    Zone::parse("UTC")
}

fn single(record: &Record, out: &mut Out<'_, '_>) -> Result<()> {
    let hash = digest::sm3_hex(record.head.as_bytes());
    if out.json {
        let document = json!({ "seq": record.seq, "head": record.head, "hash": hash, "fact": fact(record)? });
        return out.line(&document.to_string());
    }
    let lang = out.lang;
    let line = |text: &Text, value: &dyn std::fmt::Display| text.with(lang, &[value]);
    out.line(&line(&texts::ENTRY, &record.seq))?;
    out.line(&line(&texts::HEAD, &record.head))?;
    out.line(&line(&texts::HASH, &hash))?;
    out.line(&clean(&line(&texts::FACT, &format!("{:#}", fact(record)?))))
}

fn fact(record: &Record) -> Result<serde_json::Value> {
    serde_json::from_str(&record.fact)
        .map_err(|e| Error::new(Code::Corrupt, format!("fact of entry {}: {e}", record.seq)))
}

/// What an entry must be.
struct Filter {
    kinds: Vec<String>,
    subject: Option<String>,
    since: Option<Instant>,
    until: Option<Instant>,
}

impl Filter {
    fn new(args: &Show) -> Result<Filter> {
        if let Some(unknown) = args.kind.iter().find(|k| kinds::find(k).is_none()) {
            return Err(Error::new(Code::UnknownKind, format!("--kind = {unknown:?}")));
        }
        Ok(Filter {
            kinds: args.kind.clone(),
            subject: args.subject.clone(),
            since: verbs::instant("--since", args.since.as_ref())?,
            until: verbs::instant("--until", args.until.as_ref())?,
        })
    }

    fn fits(&self, entry: &Entry) -> bool {
        let fact = &entry.fact;
        (self.kinds.is_empty() || self.kinds.iter().any(|k| k == fact.kind_name()))
            && self.subject.as_ref().is_none_or(|s| *s == fact.subject)
            && self.since.is_none_or(|t| fact.at >= t)
            && self.until.is_none_or(|t| fact.at < t)
    }
}

fn list(ledger: &Ledger, args: &Show, filter: &Filter, zone: Zone, out: &mut Out<'_, '_>) -> Result<()> {
    let last = ledger.head()?.seq;
    if args.all || args.from.is_some() {
        let mut next = args.from.unwrap_or(1).max(1);
        while next <= last && !out.is_gone() {
            let entries = ledger.entries(next, PAGE.min(last - next + 1))?;
            let Some(read) = entries.last().map(|e| e.seq) else { break };
            let fitting: Vec<Entry> = entries.into_iter().filter(|e| filter.fits(e)).collect();
            for part in fitting.chunks(TABLE) {
                print(part, zone, out)?;
            }
            next = read + 1;
        }
        return Ok(());
    }
    // Backwards, page by page, until enough fit.
    let mut found = VecDeque::new();
    let mut end = last;
    let mut complete = true;
    while end > 0 {
        let start = end.saturating_sub(PAGE) + 1;
        for entry in ledger.entries(start, end - start + 1)?.into_iter().rev().filter(|e| filter.fits(e)) {
            if found.len() as u64 == args.tail {
                complete = false;
                break;
            }
            found.push_front(entry);
        }
        if !complete {
            break;
        }
        end = start - 1;
    }
    for part in found.make_contiguous().chunks(TABLE) {
        print(part, zone, out)?;
    }
    if !complete && !out.json {
        out.note(&texts::TAIL.with(out.lang, &[&args.tail]));
    }
    Ok(())
}

fn print(entries: &[Entry], zone: Zone, out: &mut Out<'_, '_>) -> Result<()> {
    if out.json {
        for entry in entries {
            let recorded_at = opsledger::time::canonical_instant(entry.recorded_at)?;
            // The canonical text is JSON already; it is not read and written once more.
            out.line(&format!(
                "{{\"seq\":{},\"recorded_at\":\"{recorded_at}\",\"fact\":{}}}",
                entry.seq,
                entry.fact.canonical()?
            ))?;
        }
        return Ok(());
    }
    let lang = out.lang;
    let head = [texts::SEQ, texts::RECORDED_AT, texts::AT, texts::KIND, texts::SUBJECT, texts::BODY]
        .map(|t| t.get(lang));
    let rows = entries.iter().map(|entry| {
        let fact = &entry.fact;
        vec![
            Value::Number(entry.seq.to_string()),
            zone.format(entry.recorded_at).into(),
            zone.format(fact.at).into(),
            kind(fact.kind_name(), fact.kind.zh, lang).into(),
            fact.subject.as_str().into(),
            body(&fact.body).into(),
        ]
    });
    table::print(out, &head, rows.collect())
}

fn kind(name: &str, zh: &str, lang: Lang) -> String {
    match lang {
        Lang::En => name.to_owned(),
        Lang::Zh => format!("{zh} {name}"),
    }
}

/// `system=portal impact=down`, long values cut.
fn body(body: &Map<String, serde_json::Value>) -> String {
    const LONGEST: usize = 60;
    let pair = |(key, value): (&String, &serde_json::Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let text = text.replace('\n', " ");
        match text.char_indices().nth(LONGEST) {
            Some((cut, _)) => format!("{key}={}…", &text[..cut]),
            None => format!("{key}={text}"),
        }
    };
    body.iter().map(pair).collect::<Vec<_>>().join(" ")
}
