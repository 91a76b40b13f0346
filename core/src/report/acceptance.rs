//! The acceptance form (验收书): every clause with its promise, figure, verdict, evidence and remark, and what the year was.

use super::draft::{Draft, fit};
use super::kind::{DocumentKind, DocumentOptions, Month};
use super::model::{Block, Cell, Column, Document, Pair, Row, Signature, Table};
use super::page;
use super::parts::{Part, part};
use super::words::{self, pick};
use crate::account::Account;
use crate::assess::{Ask, ClauseVerdict, Status};
use crate::books::registers::Rows;
use crate::error::Result;
use crate::time::Micros;

const DOCUMENTS: &[Part] = &[
    part(
        "documents",
        &[
            "subject",
            "kind",
            "version",
            "person",
            "submitted_at",
            "accepted_at",
            "rejected_at",
            "digest",
            "state",
        ],
        None,
        &["kind"],
    ),
    part(
        "reports",
        &[
            "subject",
            "kind",
            "covers",
            "version",
            "submitted_at",
            "signed_at",
            "sign_parties",
            "digest",
            "state",
        ],
        None,
        &["kind"],
    ),
];
const SECURITY: &[Part] = &[
    part(
        "assessments",
        &["subject", "completed_at", "scheme", "agency", "level", "score", "conclusion"],
        None,
        &[],
    ),
    part("rectification", &["subject", "done_at", "scope", "covers"], None, &[]),
    part("drills", &["subject", "run_at", "plan", "fault", "rto", "rpo", "result"], None, &[]),
    part("restores", &["subject", "done_at", "set", "rto", "rpo", "verdict"], None, &[]),
];
const MONEY: &[Part] = &[
    part(
        "remedies",
        &[
            "subject",
            "deliverable",
            "text",
            "kind",
            "party",
            "amount_fen",
            "agreed_at",
            "replaced_at",
            "state",
        ],
        None,
        &[],
    ),
    part("scores", &["subject", "recorded_at", "covers", "score", "grade", "party", "text"], None, &[]),
    part("payments", &["subject", "text", "due_at", "due_fen", "paid_at", "paid_fen", "state"], None, &[]),
    part("surveys", &["subject", "submitted_at", "party", "unit", "score", "text"], None, &[]),
];
const STEPS: &[Part] = &[
    part(
        "acceptance",
        &[
            "subject",
            "applied_at",
            "reviewed_at",
            "reviewers",
            "review",
            "rectifications",
            "concluded_at",
            "conclusion",
            "concluded_by",
            "state",
        ],
        None,
        &[],
    ),
    part("judgements", &["clause", "recorded_at", "result", "by", "reason"], None, &[]),
];

/// The form, sealed.
pub(super) fn build(account: &Account, ask: &Ask, options: &DocumentOptions<'_>) -> Result<Document> {
    let period = account.contract_at(ask)?.period;
    let mut w = Draft::open(account, DocumentKind::Acceptance, ask, options, Some(period.end))?;
    let covers = w.contract.id.clone();
    w.number(DocumentKind::Acceptance, "");
    w.d.covers = covers;
    w.d.heading(1, w.word("1　总体结论", "1. Result"));
    result(&mut w);
    w.d.heading(1, w.word("2　逐条验收", "2. Clause by clause"));
    clauses(&mut w);
    w.views();
    w.cases(period);
    w.d.heading(1, w.word("3　年度概况", "3. The year, month by month"));
    months(&mut w)?;
    let sections = [
        ("4　提交的文档与报告", "4. Documents and reports", DOCUMENTS),
        ("5　安全测评、整改与演练", "5. Security, rectification and drills", SECURITY),
        ("6　补救、考核、付款与满意度", "6. Remedies, scores, payments, satisfaction", MONEY),
        ("7　验收过程", "7. Steps of the acceptance", STEPS),
    ];
    for (zh, en, parts) in sections {
        w.d.heading(1, pick(w.lang, zh, en));
        parts.iter().try_for_each(|part| w.register(part, period))?;
    }
    w.d.heading(1, w.word("8　记录状况", "8. The record"));
    w.record_state()?;
    w.d.blocks.push(Block::PageBreak);
    w.d.heading(1, w.word("9　验收意见与签章", "9. Opinion, signatures, stamps"));
    signatures(&mut w);
    w.finish()
}

fn result(w: &mut Draft<'_>) {
    let (lang, status) = (w.lang, w.a.status);
    let standing = page::summary(&w.a, lang);
    let assumed = w.a.clauses.iter().filter(|c| c.assumed).count();
    w.d.pairs(vec![
        Pair::new(w.word("合同整体状态", "The contract"), Cell::status(lang, status)),
        Pair::new(w.word("各条结论", "Clauses"), standing),
        Pair::new(
            w.word("未约定、取示例值的条款", "Clauses on example values"),
            Cell::integer(i64::try_from(assumed).unwrap_or(i64::MAX)),
        ),
    ]);
    if assumed > 0 {
        w.d.note(w.word(
            "标有“未约定，示例值”的条款，须由双方另行约定后方可据以主张。",
            "Nothing can be claimed on a clause marked “not agreed, example value” until both parties agree on the value.",
        ));
    }
}

fn clauses(w: &mut Draft<'_>) {
    let clauses = w.a.clauses.clone();
    let mut rows = Vec::new();
    for (n, c) in (1..).zip(&clauses) {
        let promise = w.clause(c).and_then(|k| k.text.clone()).unwrap_or_else(|| c.id.clone());
        let refs = w.refs(&c.evidence);
        rows.push(Row::new(vec![
            Cell::integer(n),
            Cell::text(c.reference.clone().unwrap_or_default()),
            Cell::text(promise),
            Cell::text(measured(w, c)),
            Cell::status(w.lang, c.status),
            refs,
            Cell::text(remark(w, c)),
        ]));
    }
    let heads = [
        ("序号", "No."),
        ("章节", "Ref"),
        ("承诺", "Promise"),
        ("实际", "Measured"),
        ("结论", "Verdict"),
        ("依据", "Evidence"),
        ("备注", "Remark"),
    ];
    let mut table = Table {
        name: w.word("逐条验收", "clauses").to_owned(),
        caption: String::new(),
        head: heads.map(|(zh, en)| Column::left(pick(w.lang, zh, en), 0)).to_vec(),
        rows,
        empty: String::new(),
    };
    fit(&mut table, w.lang);
    w.d.table(table);
}

/// The verdict's sentence, with the exact figure beside the limit.
fn measured(w: &Draft<'_>, c: &ClauseVerdict) -> String {
    let figure = |f: &Option<crate::assess::Figure>| f.as_ref().map(|f| words::figure(w.lang, f, c.unit));
    let sentence = pick(w.lang, &c.text_zh, &c.text_en);
    match (figure(&c.value), figure(&c.limit)) {
        (Some(value), Some(limit)) => {
            format!("{sentence}\n{} {value} / {} {limit}", w.word("实际", "actual"), w.word("约定", "limit"))
        }
        _ => sentence.clone(),
    }
}

fn remark(w: &Draft<'_>, c: &ClauseVerdict) -> String {
    let mut parts = vec![c.id.clone()];
    if c.assumed {
        parts.push(w.word("未约定，示例值", "not agreed, example value").to_owned());
    }
    if let Some(at) = c.breached_at.filter(|_| c.status == Status::Breached) {
        parts.push(format!("{} {}", w.word("违约于", "breached at"), w.time(at.at)));
    }
    if c.breaches > 0 {
        parts.push(pick(w.lang, format!("违约 {} 次", c.breaches), format!("{} breaches", c.breaches)));
    }
    if let Some(margin) = &c.margin {
        parts.push(words::margin(w.lang, margin, c.unit));
    }
    if c.rule == "judgement" {
        parts.push(w.word("由评判方认定", "as judged by the party named").to_owned());
    }
    parts.join(pick(w.lang, "；", "; "))
}

/// A line a month.
fn months(w: &mut Draft<'_>) -> Result<()> {
    let names = ["incidents", "requests", "changes", "inspections", "findings", "backups"];
    let registers = names.iter().map(|name| w.rows(name)).collect::<Result<Vec<Rows>>>()?;
    let period = w.contract.period;
    let mut rows = Vec::new();
    let mut before = (0, 0, 0);
    for month in begun(w) {
        let span = month.interval(w.zone);
        let at = span.end.min(w.a.as_of.at);
        let (long, short, down): (i64, i64, Micros) =
            w.account.outage_totals(&Ask { as_of: Some(at), ..w.ask.clone() })?;
        let part = (long - before.0, short - before.1, down - before.2);
        before = (long, short, down);
        let mut cells = vec![
            Cell::text(month.name()),
            Cell::integer(part.0),
            Cell::integer(part.1),
            Cell::text(words::duration(w.lang, part.2)),
        ];
        cells.extend(registers.iter().map(|rows| {
            let n = rows.rows.iter().filter(|r| span.clip(period).contains(r.at)).count();
            Cell::integer(i64::try_from(n).unwrap_or(i64::MAX))
        }));
        rows.push(Row::new(cells));
    }
    let mut head = vec![
        Column::left(w.word("月份", "Month"), 0),
        Column::right(w.word("长时间故障", "Long outages"), 0),
        Column::right(w.word("短时间故障", "Short outages"), 0),
        Column::right(w.word("故障时间", "Downtime"), 0),
    ];
    head.extend(registers.iter().map(|r| Column::right(pick(w.lang, r.zh, r.en), 0)));
    let mut table = Table {
        name: w.word("按月汇总", "by month").to_owned(),
        caption: w.word("按月汇总（次数、件数）", "By month (counts)").to_owned(),
        head,
        rows,
        empty: String::new(),
    };
    fit(&mut table, w.lang);
    w.d.table(table);
    Ok(())
}

/// The months of the period that had begun.
fn begun(w: &Draft<'_>) -> Vec<Month> {
    months_of(w.contract.period_dates, w.zone, w.a.as_of.at)
}

/// The months of a period that had begun at an instant.
pub(super) fn months_of(
    (first, last): (crate::calendar::Date, crate::calendar::Date),
    zone: crate::calendar::Zone,
    at: crate::time::Instant,
) -> Vec<Month> {
    let months = std::iter::successors(Some(Month::of(first)), |m| Some(m.next()));
    months.take_while(|m| m.first() <= last && m.interval(zone).start < at).collect()
}

fn signatures(w: &mut Draft<'_>) {
    let lines = pick(
        w.lang,
        ["意见：", "代表签字：", "日期：　　　　年　　月　　日（盖章）"],
        ["Opinion:", "Signed:", "Date, stamp:"],
    );
    let parties = [
        ("采购方", "Buyer"),
        ("供应商", "Supplier"),
        ("验收小组", "Acceptance panel"),
        ("监理（如有）", "Supervisor (if any)"),
    ];
    let parties = parties.map(|(zh, en)| Signature {
        party: pick(w.lang, zh, en).to_owned(),
        lines: lines.iter().map(|l| (*l).to_owned()).collect(),
    });
    w.d.blocks.push(Block::Signatures { parties: parties.to_vec() });
}

/// Every register of the period as one annex, a table each.
pub(super) fn annex(account: &Account, ask: &Ask, options: &DocumentOptions<'_>) -> Result<Document> {
    let period = account.contract_at(ask)?.period;
    let mut w = Draft::open(account, DocumentKind::Acceptance, ask, options, Some(period.end))?;
    w.number(DocumentKind::Acceptance, "");
    w.d.number.push_str("-registers");
    w.d.kind = w.word("各类登记", "Registers").to_owned();
    w.d.name = super::text::file_name(&format!("{}-{}", w.contract.id, w.d.kind));
    for register in crate::books::registers::REGISTERS {
        let rows = w.rows(register.name)?;
        let keys: Vec<&str> = rows.columns.iter().map(|c| c.key).collect();
        let table = w.register_table(&rows, &keys, |r| super::draft::touches(&rows, r, period, None));
        if !table.rows.is_empty() {
            w.d.table(table);
        }
    }
    w.finish()
}
