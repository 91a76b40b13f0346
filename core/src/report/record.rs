//! The state of the record: what is unconfirmed, disputed, waived, late or faulty; how to check the page; how its figures
//! are to be read.

use super::Options;
use super::page::Time;
use super::words::{self, pick};
use crate::assess::{Assessment, View};
use crate::calendar::Zone;
use crate::contract::Contract;
use crate::error::Lang;
use crate::facts::Entry;
use crate::shell::quote;
use serde::Serialize;
use std::collections::BTreeMap;

/// Fields of a body that say why.
const TOLD: [&str; 8] =
    ["reason", "attribution", "impact", "severity", "approver", "clause", "case", "entry"];

/// The lists under the figures.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    unconfirmed: Vec<Line>,
    disputed: Vec<Line>,
    waived: Vec<Line>,
    late: Vec<Line>,
    excluded: Vec<ExcludedView<'a>>,
    faults: Vec<FaultView<'a>>,
}

/// An entry, described where the caller gave it.
#[derive(Serialize)]
struct Line {
    seq: u64,
    entry: Option<EntryView>,
}

#[derive(Serialize)]
struct EntryView {
    kind: String,
    name: String,
    subject: String,
    at: Time,
    by: String,
    told: String,
}

#[derive(Serialize)]
struct ExcludedView<'a> {
    subject: &'a str,
    start: Time,
    end: Option<Time>,
    cause: Option<&'a str>,
    entry: u64,
}

#[derive(Serialize)]
struct FaultView<'a> {
    seq: Option<u64>,
    code: &'static str,
    subject: &'a str,
    text: &'a str,
}

impl<'a> Record<'a> {
    pub(super) fn new(a: &'a Assessment, entries: &[Entry], lang: Lang, zone: Zone) -> Record<'a> {
        let known: BTreeMap<u64, &Entry> = entries.iter().map(|e| (e.seq, e)).collect();
        let list = |seqs: &[u64]| -> Vec<Line> {
            let line = |seq: &u64| Line { seq: *seq, entry: known.get(seq).map(|e| describe(e, lang, zone)) };
            seqs.iter().map(line).collect()
        };
        Record {
            unconfirmed: list(&a.unconfirmed),
            disputed: list(&a.disputed),
            waived: list(&a.waived),
            late: list(&a.late),
            excluded: a
                .outages
                .excluded
                .iter()
                .map(|e| ExcludedView {
                    subject: &e.subject,
                    start: (&e.start).into(),
                    end: e.end.as_ref().map(Time::from),
                    cause: e.cause.as_deref().map(|c| words::term(lang, c)),
                    entry: e.entry,
                })
                .collect(),
            faults: a
                .faults
                .iter()
                .map(|f| FaultView {
                    seq: f.seq,
                    code: f.code,
                    subject: &f.subject,
                    text: pick(lang, &f.text_zh, &f.text_en),
                })
                .collect(),
        }
    }
}

fn describe(e: &Entry, lang: Lang, zone: Zone) -> EntryView {
    let fact = &e.fact;
    let actor = fact.actor.as_ref();
    let party = fact.party().map(|p| words::term(lang, p).to_owned());
    let by: Vec<String> = party.into_iter().chain(actor.and_then(|a| a.person.clone())).collect();
    let told = TOLD.iter().filter_map(|field| fact.body.get(*field)).map(|value| match value.as_str() {
        Some(text) => words::term(lang, text).to_owned(),
        None => value.to_string(),
    });
    EntryView {
        kind: fact.kind_name().to_owned(),
        name: pick(lang, fact.kind.zh, "").to_owned(),
        subject: fact.subject.clone(),
        at: Time::new(fact.at, zone),
        by: by.join(" "),
        told: told.collect::<Vec<_>>().join(pick(lang, "；", "; ")),
    }
}

/// A line for the shell, and what it shows.
#[derive(Serialize)]
pub(super) struct Command {
    pub(super) what: &'static str,
    line: String,
    /// What it must print.
    answer: Option<String>,
}

impl Command {
    /// The line, and under it what it must print.
    pub(super) fn text(&self) -> String {
        match &self.answer {
            Some(answer) => format!("{}\n→ {answer}", self.line),
            None => self.line.clone(),
        }
    }
}

/// The commands that check this very page.
pub(super) fn commands(a: &Assessment, o: &Options<'_>) -> Vec<Command> {
    let t = words::words(o.lang);
    let word = |name: &str| t.get(name).copied().unwrap_or_default();
    let contract = quote(o.contract_file.unwrap_or("CONTRACT.toml"));
    let instants = format!(
        "--as-of {} --known-at {} --view {} --json",
        a.as_of.zone.format(a.as_of.at),
        a.known_at.zone.format(a.known_at.at),
        match a.view {
            View::Agreed => "agreed",
            View::Claimed => "claimed",
        }
    );
    let mut out = Vec::new();
    if let Some(head) = &a.head {
        let ledger = quote(o.ledger.unwrap_or("LEDGER"));
        out.push(Command {
            what: word("check_verify"),
            line: format!("opsledger verify --ledger {ledger}"),
            answer: None,
        });
        out.push(Command {
            what: word("check_shell"),
            line: format!("tools/verify-ledger.sh {ledger} 1 {}", head.seq),
            answer: Some(head.sm3.clone()),
        });
        let line = format!("opsledger assess --ledger {ledger} --head {} {instants}", head.seq);
        out.push(Command { what: word("check_assess"), line, answer: None });
    } else {
        let line = format!("opsledger assess --contract {contract} --facts FACTS.jsonl {instants}");
        out.push(Command { what: word("check_assess"), line, answer: None });
    }
    out.push(Command {
        what: word("check_contract"),
        line: format!("openssl dgst -sm3 {contract}"),
        answer: Some(a.contract_sm3.clone()),
    });
    out
}

/// How the figures are to be read.
pub(super) fn notes(a: &Assessment, contract: &Contract, lang: Lang) -> Vec<String> {
    let acc = &contract.accounting;
    let list = |w: &[String]| -> String {
        w.iter().map(|w| words::term(lang, w)).collect::<Vec<_>>().join(pick(lang, "、", ", "))
    };
    let long = words::duration(lang, acc.long_from);
    let gap = words::duration(lang, acc.merge_gap);
    let (impacts, excluded) = (list(&acc.counted_impacts), list(&acc.excluded_attributions));
    let mut out = vec![
        pick(
            lang,
            format!("恰好 {long} 的故障计为长时间故障；恰好达到上限不违约，超过一微秒即违约。"),
            format!("An outage of exactly {long} is long; exactly the limit keeps the promise, a microsecond more breaks it."),
        ),
        pick(
            lang,
            format!("计入的影响：{impacts}；责任属于 {excluded} 的故障列明但不计。"),
            format!("Impacts that count: {impacts}. Outages attributed to {excluded} are listed and not counted."),
        ),
        pick(
            lang,
            format!("间隔不超过 {gap} 的故障并为一次，间隔本身不计为故障时间。"),
            format!("Outages with at most {gap} between them are one episode; what lies between is no downtime."),
        ),
        pick(
            lang,
            "时间精确到微秒，区间含起点不含终点；仅在显示时换算。可用率仅供参考，不作判定。".to_owned(),
            "Times are exact to the microsecond, intervals hold their start and not their end; availability is informative and decides nothing.".to_owned(),
        ),
        pick(
            lang,
            "记录人身份为记录方自述，尚未以签名核验。".to_owned(),
            "Who recorded a fact is the writer's word: the parties are not authenticated by signatures.".to_owned(),
        ),
    ];
    if a.clauses.iter().any(|c| c.assumed) {
        out.push(pick(
            lang,
            "标有“未约定，示例值”的条款，其数值原文未写，须由双方另行约定后方可据以主张。".to_owned(),
            "Where a clause says “not agreed, example value”, the source text leaves the value open; nothing can be claimed on it until both parties agree.".to_owned(),
        ));
    }
    out
}
