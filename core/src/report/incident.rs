//! The report of one incident (故障处理报告).

use super::draft::{Draft, fit, missing};
use super::kind::{DocumentKind, DocumentOptions};
use super::model::{Block, Cell, Column, Document, Pair, Row, Signature, Table};
use super::words::{self, pick};
use crate::account::Account;
use crate::assess::Ask;
use crate::books::registers::{self, Rows};
use crate::error::{Code, Error, Result};
use crate::facts::Entry;
use crate::rules::Detail;
use std::collections::BTreeSet;

/// Fields of a fact that its line in the timeline tells.
const TOLD: &[&str] = &[
    "severity",
    "affects_use",
    "attribution",
    "channel",
    "person",
    "arrangement",
    "report",
    "cause",
    "text",
    "action",
    "party",
    "level",
    "reason",
    "of",
    "by",
    "result",
];
/// Empty rows for what is written by hand.
const BLANK_ROWS: usize = 4;

/// The report of an incident, sealed.
pub(super) fn build(account: &Account, ask: &Ask, options: &DocumentOptions<'_>) -> Result<Document> {
    let subject = options.subject.ok_or_else(|| {
        missing(
            "report incident: subject",
            "say which incident: --subject INC-1",
            "请指明事件：--subject INC-1",
        )
    })?;
    let mut w = Draft::open(account, DocumentKind::Incident, ask, options, None)?;
    let rows = w.rows("incidents")?;
    let row = rows.rows.iter().find(|r| r.subject == subject).ok_or_else(|| {
        Error::new(Code::NotFound, format!("incident {subject:?}")).with_hints(
            "opsledger show --kind incident.report lists them",
            "可用 opsledger show --kind incident.report 查看全部事件",
        )
    })?;
    w.number(DocumentKind::Incident, subject);
    w.d.title = format!("{} {subject}", w.contract.title);
    let entries = w.account.entries(&row.entries.iter().copied().collect())?;
    w.d.heading(1, w.word("1　基本情况", "1. The incident"));
    facts(&mut w, &rows, row);
    w.d.heading(1, w.word("2　处理过程", "2. Timeline"));
    timeline(&mut w, row, &entries);
    w.d.heading(1, w.word("3　影响", "3. Effect"));
    effect(&mut w, &rows, row)?;
    w.d.heading(1, w.word("4　时限核对", "4. Clocks"));
    clocks(&mut w, subject, &row.entries);
    w.d.heading(1, w.word("5　原因分析", "5. Cause"));
    cause(&mut w, &entries);
    w.d.heading(1, w.word("6　处置与证据", "6. Handling and evidence"));
    handling(&mut w, subject, &entries)?;
    w.d.heading(1, w.word("7　改进措施", "7. Improvement"));
    improvement(&mut w);
    let lines = pick(w.lang, ["签字：", "日期：　　　　年　　月　　日（盖章）"], ["Signed:", "Date, stamp:"]);
    let parties = [("编制（供应商）", "Prepared by (supplier)"), ("确认（采购方）", "Confirmed by (buyer)")];
    let parties = parties.map(|(zh, en)| Signature {
        party: pick(w.lang, zh, en).to_owned(),
        lines: lines.iter().map(|l| (*l).to_owned()).collect(),
    });
    w.d.blocks.push(Block::Signatures { parties: parties.to_vec() });
    w.finish()
}

/// Everything that the register holds of it.
fn facts(w: &mut Draft<'_>, rows: &Rows, row: &registers::Row) {
    let stated = rows.columns.iter().zip(&row.cells).filter(|(_, cell)| **cell != registers::Cell::Empty);
    let mut pairs: Vec<Pair> =
        stated.map(|(column, cell)| Pair::new(column.head(w.lang), w.register_cell(column, cell))).collect();
    let refs = w.refs(&row.entries);
    pairs.push(Pair::new(w.word("依据", "Entries"), refs));
    w.d.pairs(pairs);
}

fn timeline(w: &mut Draft<'_>, row: &registers::Row, entries: &[Entry]) {
    if entries.is_empty() {
        let note = w.word("未使用台账，没有逐条记录。", "No ledger: there are no entries to tell.");
        w.d.note(note);
        return;
    }
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|e| (e.fact.at, e.seq));
    let mut out = Vec::new();
    for e in sorted {
        let fact = &e.fact;
        let party = fact.party().map(|p| words::term(w.lang, p).to_owned());
        let by: Vec<String> =
            party.into_iter().chain(fact.actor.as_ref().and_then(|a| a.person.clone())).collect();
        out.push(Row::new(vec![
            Cell::text(w.time(fact.at)),
            Cell::text(if w.lang == crate::error::Lang::Zh { fact.kind.zh } else { fact.kind_name() }),
            Cell::text(told(w, fact)),
            Cell::text(by.join(" ")),
            Cell::text(words::duration(w.lang, fact.at - row.at)),
            Cell::text(w.time(e.recorded_at)),
            w.refs(&[e.seq]),
        ]));
    }
    let heads = [
        ("时间", "At"),
        ("事项", "What"),
        ("内容", "What it says"),
        ("记录人", "By"),
        ("申报后", "After the report"),
        ("记录时间", "Recorded at"),
        ("依据", "Entry"),
    ];
    let head = heads.map(|(zh, en)| Column::left(pick(w.lang, zh, en), 0)).to_vec();
    let mut table =
        Table { name: w.word("处理过程", "timeline").to_owned(), head, rows: out, ..Table::default() };
    fit(&mut table, w.lang);
    w.d.table(table);
}

fn told(w: &Draft<'_>, fact: &crate::facts::Fact) -> String {
    let parts = TOLD.iter().filter_map(|field| fact.body.get(*field)).map(|value| match value {
        serde_json::Value::String(text) => words::term(w.lang, text).to_owned(),
        serde_json::Value::Bool(yes) => {
            pick(w.lang, ["影响使用", "不影响使用"], ["affects use", "does not affect use"])
                [usize::from(!*yes)]
            .to_owned()
        }
        other => other.to_string(),
    });
    parts.collect::<Vec<_>>().join(pick(w.lang, "；", "; "))
}

/// The outage that belongs to it, as it counts.
fn effect(w: &mut Draft<'_>, rows: &Rows, row: &registers::Row) -> Result<()> {
    let outages = w.rows("outages")?;
    let linked = match rows.cell(row, "outage") {
        Some(registers::Cell::Text(outage)) => outage.clone(),
        _ => String::new(),
    };
    let keys = ["subject", "system", "start", "end", "lasted", "impact", "attribution", "cause", "counts"];
    let mut table = w.register_table(&outages, &keys, |r| !linked.is_empty() && r.subject == linked);
    table.caption = w.word("对应的系统故障", "The outage it belongs to").to_owned();
    table.empty = w.word("没有登记对应的系统故障。", "No outage is recorded for it.").to_owned();
    w.d.table(table);
    let blank = [("受影响用户", "Users affected"), ("数据影响", "Data affected")];
    w.d.pairs(blank.map(|(zh, en)| Pair::new(pick(w.lang, zh, en), "")).to_vec());
    Ok(())
}

/// How each clause on time judges it.
fn clocks(w: &mut Draft<'_>, subject: &str, entries: &[u64]) {
    let clauses = w.a.clauses.clone();
    let mut out = Vec::new();
    for c in &clauses {
        let Some(Detail::Deadline(d)) = &c.detail else { continue };
        for case in d.cases.iter().filter(|case| case.subject == subject) {
            let time =
                |s: &Option<crate::assess::Stamp>| Cell::text(s.map(|s| w.time(s.at)).unwrap_or_default());
            let late = match (case.due, case.settled_at) {
                (Some(due), Some(done)) if done.at > due.at => words::duration(w.lang, done.at - due.at),
                _ => String::new(),
            };
            let cells = vec![
                Cell::text(w.promise(c)),
                time(&case.due),
                time(&case.settled_at),
                Cell::text(late),
                Cell::status(w.lang, case.status),
            ];
            let own: Vec<u64> =
                entries.iter().filter(|seq| c.evidence.binary_search(seq).is_ok()).copied().collect();
            let refs = w.refs(&own);
            out.push(Row::new(cells.into_iter().chain([refs]).collect()));
        }
    }
    let heads = [
        ("承诺", "Promise"),
        ("到期", "Due"),
        ("完成", "Settled"),
        ("超期", "Late by"),
        ("结论", "Verdict"),
        ("依据", "Entries"),
    ];
    let mut table = Table {
        name: w.word("时限核对", "clocks").to_owned(),
        head: heads.map(|(zh, en)| Column::left(pick(w.lang, zh, en), 0)).to_vec(),
        rows: out,
        empty: w.word("没有条款对它计时。", "No clause times it.").to_owned(),
        ..Table::default()
    };
    fit(&mut table, w.lang);
    w.d.table(table);
}

/// The cause as stated, and lines for the five whys.
fn cause(w: &mut Draft<'_>, entries: &[Entry]) {
    let stated = entries.iter().filter_map(|e| e.fact.text("cause").or(e.fact.text("report")));
    let stated: Vec<&str> = stated.collect();
    if !stated.is_empty() {
        w.d.paragraph(stated.join("\n"));
    }
    let why = (1..=5).map(|n| Pair::new(pick(w.lang, format!("为什么（{n}）"), format!("Why ({n})")), ""));
    w.d.pairs(why.collect());
}

/// Work logged for it, changes made for it, files kept for it.
fn handling(w: &mut Draft<'_>, subject: &str, entries: &[Entry]) -> Result<()> {
    let work = w.rows("work")?;
    let of_it = |r: &registers::Row| matches!(work.cell(r, "incident"), Some(registers::Cell::Text(i)) if i == subject);
    let table = w.register_table(
        &work,
        &["logged_at", "asset", "action", "person", "minutes", "result", "change"],
        of_it,
    );
    w.d.table(table);
    let mut files = Vec::new();
    for e in entries {
        let Some(evidence) = &e.fact.evidence else { continue };
        let text = |field| evidence.get(field).and_then(|v| v.as_str()).unwrap_or_default();
        let refs = w.refs(&[e.seq]);
        files.push(Row::new(vec![Cell::text(text("name")), Cell::text(text("digest")), refs]));
    }
    let mut table = Table {
        name: w.word("证据", "evidence").to_owned(),
        caption: w.word("证据文件", "Evidence").to_owned(),
        head: [("文件", "File"), ("摘要", "Digest"), ("依据", "Entry")]
            .map(|(zh, en)| Column::left(pick(w.lang, zh, en), 0))
            .to_vec(),
        rows: files,
        empty: w.word("没有登记证据文件。", "No file is recorded.").to_owned(),
    };
    fit(&mut table, w.lang);
    w.d.table(table);
    Ok(())
}

/// A table to fill in.
fn improvement(w: &mut Draft<'_>) {
    let heads =
        [("措施", "Measure", 50), ("责任人", "Owner", 12), ("完成日期", "By", 14), ("验证", "Checked", 14)];
    let row = Row::new(vec![Cell::default(); heads.len()]);
    w.d.table(Table {
        name: w.word("改进措施", "improvement").to_owned(),
        head: heads.map(|(zh, en, width)| Column::left(pick(w.lang, zh, en), width)).to_vec(),
        rows: vec![row; BLANK_ROWS],
        ..Table::default()
    });
}

/// The incidents whose outage or use was touched, for a package of files.
pub(super) fn grave(rows: &Rows) -> BTreeSet<String> {
    let affects = |r: &&registers::Row| rows.cell(r, "affects_use") == Some(&registers::Cell::Flag(true));
    rows.rows.iter().filter(affects).map(|r| r.subject.clone()).collect()
}
