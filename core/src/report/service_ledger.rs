//! The service ledger sheet (服务台账): what was done for whom, line by line.

use super::draft::{Draft, fit, touches};
use super::kind::{DocumentKind, DocumentOptions};
use super::model::{Cell, Column, Document, Row, Table};
use super::words::pick;
use crate::account::Account;
use crate::assess::Ask;
use crate::books::registers::{self, Rows};
use crate::calendar::Calendar;
use crate::error::Result;
use crate::facts::kinds;
use crate::rules::RuleParams;
use crate::time::{Instant, Interval, MINUTE, Micros};

/// Where the columns of a line come from in a register; empty: from nowhere.
struct Source {
    register: &'static str,
    /// What a line of it is called.
    zh: &'static str,
    en: &'static str,
    /// The kind that opens it: clauses that start their clock with it say the service hours.
    opens: &'static str,
    keys: [&'static str; FIELDS],
    open: &'static str,
}

const FIELDS: usize = 13;
/// In the order of [`Source::keys`].
const HEADS: [(&str, &str); FIELDS] = [
    ("单位", "Unit"),
    ("请求人", "Requester"),
    ("渠道", "Channel"),
    ("系统", "System"),
    ("类型", "Type"),
    ("内容", "What"),
    ("级别", "Severity"),
    ("首次答复", "First answer"),
    ("解决", "Solved"),
    ("工程师", "Engineer"),
    ("结果", "Result"),
    ("确认人", "Confirmed by"),
    ("评分", "Score"),
];
/// Place of "solved" among them.
const SOLVED: usize = 8;

const SOURCES: [Source; 4] = [
    Source {
        register: "requests",
        zh: "服务请求",
        en: "request",
        opens: "request.open",
        keys: [
            "unit",
            "",
            "channel",
            "",
            "type",
            "text",
            "",
            "answered_at",
            "closed_at",
            "",
            "state",
            "confirmed_by",
            "score",
        ],
        open: "closed_at",
    },
    Source {
        register: "incidents",
        zh: "事件",
        en: "incident",
        opens: "incident.report",
        keys: [
            "",
            "reported_by",
            "channel",
            "",
            "",
            "diagnosis",
            "severity",
            "responded_at",
            "repaired_at",
            "person",
            "state",
            "",
            "",
        ],
        open: "repaired_at",
    },
    Source {
        register: "tasks",
        zh: "任务",
        en: "task",
        opens: "task.assign",
        keys: ["", "by", "", "", "", "text", "", "", "done_at", "", "state", "accepted_by", ""],
        open: "done_at",
    },
    Source {
        register: "changes",
        zh: "变更",
        en: "change",
        opens: "change.request",
        keys: [
            "",
            "by",
            "",
            "",
            "type",
            "text",
            "",
            "approved_at",
            "deployed_at",
            "",
            "state",
            "approved_by",
            "",
        ],
        open: "deployed_at",
    },
];

/// The sheet of a month, or of the whole period where no month is asked for; sealed.
pub(super) fn build(account: &Account, ask: &Ask, options: &DocumentOptions<'_>) -> Result<Document> {
    let contract = account.contract_at(ask)?;
    let span = options.month.map_or(contract.period, |m| m.interval(contract.zone));
    let mut w = Draft::open(account, DocumentKind::Ledger, ask, options, Some(span.end))?;
    let covers = options.month.map_or_else(String::new, |m| m.name());
    w.number(DocumentKind::Ledger, &covers);
    w.d.title = format!("{} {covers}", w.contract.title).trim_end().to_owned();
    w.d.landscape = true;
    let mut lines: Vec<(Instant, u64, Row)> = Vec::new();
    for source in &SOURCES {
        let rows = w.rows(source.register)?;
        let hours = hours(&w, source.opens);
        for row in rows.rows.iter().filter(|r| touches(&rows, r, span, Some(source.open))) {
            let line = line(&mut w, source, &rows, row, hours.as_ref());
            lines.push((row.at, row.entries.first().copied().unwrap_or_default(), line));
        }
    }
    lines.sort_by_key(|(at, seq, _)| (*at, *seq));
    let rows = (1..).zip(lines).map(|(n, (.., mut row))| {
        row.cells.insert(0, Cell::integer(n));
        row
    });
    let mut heads = vec![("序号", "No."), ("受理时间", "Accepted"), ("类别", "Line"), ("编号", "Subject")];
    heads.extend(HEADS);
    heads.extend([
        ("用时（分钟，自然）", "Minutes, clock"),
        ("用时（分钟，服务时间）", "Minutes, hours"),
        ("关联", "Related"),
        ("依据", "Entries"),
    ]);
    let numbers = ["序号", "评分", "用时（分钟，自然）", "用时（分钟，服务时间）"];
    let column = |(zh, en): (&str, &str)| {
        let text = pick(w.lang, zh, en);
        if numbers.contains(&zh) { Column::right(text, 0) } else { Column::left(text, 0) }
    };
    let mut table = Table {
        name: w.word("服务台账", "service ledger").to_owned(),
        caption: String::new(),
        head: heads.into_iter().map(column).collect(),
        rows: rows.collect(),
        empty: w.word("本期无记录。", "Nothing was recorded for this stretch.").to_owned(),
    };
    fit(&mut table, w.lang);
    w.d.table(table);
    w.d.note(w.word(
        "用时自受理至解决，整分钟，不足一分钟舍去；服务时间按为其计时的条款所用服务时间计。",
        "From acceptance to solution in whole minutes, what is short of one left out; hours are those of the clause that times it.",
    ));
    w.finish()
}

fn line(
    w: &mut Draft<'_>,
    source: &Source,
    rows: &Rows,
    row: &registers::Row,
    hours: Option<&Calendar>,
) -> Row {
    let mut cells =
        vec![Cell::text(w.time(row.at)), Cell::text(w.word(source.zh, source.en)), Cell::text(&row.subject)];
    for key in source.keys {
        cells.push(match rows.column(key) {
            Some(i) => w.register_cell(&rows.columns[i], &row.cells[i]),
            None => Cell::default(),
        });
    }
    let solved = match rows.cell(row, source.keys[SOLVED]) {
        Some(registers::Cell::Instant(at)) if *at >= row.at => Some(*at),
        _ => None,
    };
    let minutes = |us: Micros| Cell::integer(us / MINUTE);
    cells.push(solved.map_or_else(Cell::default, |at| minutes(at - row.at)));
    let inside = solved.zip(hours).and_then(|(at, hours)| hours.open_in(Interval::new(row.at, at)).ok());
    cells.push(inside.map_or_else(Cell::default, |open| minutes(open.iter().map(|i| i.len()).sum())));
    let related: Vec<String> = ["outage", "duplicate_of", "doc", "version"]
        .iter()
        .filter_map(|key| rows.column(key))
        .map(|i| rows.columns[i].text(&row.cells[i], w.lang, w.zone))
        .filter(|text| !text.is_empty())
        .collect();
    cells.push(Cell::text(related.join(pick(w.lang, "、", ", "))));
    cells.push(w.refs(&row.entries));
    Row::new(cells)
}

/// The service hours of the first clause that starts a clock with this kind.
fn hours(w: &Draft<'_>, opens: &str) -> Option<Calendar> {
    debug_assert!(kinds::find(opens).is_some());
    let id = w.contract.clauses.iter().find_map(|c| match &c.rule {
        RuleParams::Deadline(p) if p.from.iter().any(|k| k.kind == opens) => Some(p.calendar.clone()),
        _ => None,
    })?;
    let tools = w.contract.tools(w.a.known_at.at).ok()?;
    tools.calendar(&id).ok()
}
