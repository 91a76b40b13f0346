//! The monthly sheet of opinions. In: the books of a month. Out: an xlsx that lists what waits for a party's word (not
//! confirmed, disputed, waived, recorded late and lowering a figure), and the confirmations and disputes that come back on it.

mod answers;
mod words;

pub use answers::{Answer, Answers, read};

use super::form::LABELS;
use super::local;
use crate::account::Account;
use crate::assess::{Ask, View};
use crate::calendar::{Date, Zone};
use crate::contract::Contract;
use crate::digest;
use crate::error::{Code, Error, Result};
use crate::facts::Entry;
use crate::ledger::Ledger;
use crate::table::xlsx::{Looks, Safe, finish, lines_of, make_room, write_refused};
use crate::time::{Instant, SECOND};
use chrono::Months;
use rust_xlsxwriter::{DataValidation, Format, Workbook, Worksheet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Name of the tab.
const TAB: &str = "确认表";
/// Row of the Chinese heads, from 0.
const HEAD: u32 = 7;
/// Chinese head, English head, width.
const COLUMNS: [(&str, &str, f64); 11] = [
    ("序号", "No.", 6.0),
    ("类别", "Why listed", 11.0),
    ("事项", "What was recorded", 40.0),
    ("发生时间", "Happened", 11.0),
    ("记录时间", "Recorded", 11.0),
    ("记录方", "Stated by", 11.0),
    ("说明", "What follows", 28.0),
    ("意见", "Opinion", 8.0),
    ("理由", "Reason", 20.0),
    ("记录号", "Entry", 8.0),
    ("记录摘要", "Digest SM3", 22.0),
];
const NUMBER: u16 = 0;
const WHY: u16 = 1;
const WHAT: u16 = 2;
const HAPPENED: u16 = 3;
const RECORDED: u16 = 4;
const BY: u16 = 5;
const EFFECT: u16 = 6;
const OPINION: u16 = 7;
const REASON: u16 = 8;
const ENTRY: u16 = 9;
const DIGEST: u16 = 10;
const CONFIRM: &str = "确认";
const DISPUTE: &str = "异议";

/// An entry on the sheet.
struct Line {
    entry: Entry,
    why: Vec<&'static str>,
    effects: Vec<String>,
    /// SM3 of its fact.
    digest: String,
    case: Vec<Entry>,
}

/// The entries of a case in order, by (kind's stem, subject).
type Cases = BTreeMap<(String, String), Vec<Entry>>;

fn stem(entry: &Entry) -> (String, String) {
    let kind = entry.fact.kind_name();
    (kind.split('.').next().unwrap_or(kind).to_owned(), entry.fact.subject.clone())
}

/// A calendar month, `2026-03`, in the contract's zone.
fn month_of(text: &str, zone: Zone) -> Result<(Instant, Instant)> {
    let first = format!("{text}-01").parse::<Date>().ok().filter(|_| text.len() == 7);
    let next = first.and_then(|first| first.checked_add_months(Months::new(1)));
    match (first, next) {
        (Some(first), Some(next)) => Ok((zone.midnight(first), zone.midnight(next))),
        _ => Err(Error::new(Code::OutOfRange, format!("month = {text:?}")).with_hint("2026-03")),
    }
}

/// Writes the sheet of a month for the party that is to confirm (`buyer`, `supplier`), as known at `now`. Without
/// `contract`, by the one that the ledger adopted.
///
/// # Errors
/// `out-of-range` for a month that is none, has not begun or lies outside the service period; as [`Account::assess`].
pub fn form(
    contract: Option<Arc<Contract>>,
    ledger: &Ledger,
    month: &str,
    party: &str,
    now: Instant,
) -> Result<Vec<u8>> {
    if !matches!(party, "buyer" | "supplier") {
        return Err(Error::new(Code::UnknownWord, format!("party = {party:?}")).with_hint("buyer, supplier"));
    }
    let account = Account::open(contract, ledger.clone())?;
    let contract = account.contract();
    let (start, end) = month_of(month, contract.zone)?;
    let (first, last) = contract.period_dates;
    let outside =
        end <= contract.zone.midnight(first) || start > contract.zone.midnight(last) || start >= now;
    if outside {
        return Err(Error::new(Code::OutOfRange, format!("month = {month:?}")).with_hints(
            format!("the month has not begun, or lies outside the service period {first} to {last}"),
            format!("该月尚未开始，或不在服务期 {first} 至 {last} 内"),
        ));
    }
    let ask = Ask { as_of: Some(end.min(now)), now: Some(now), ..Ask::default() };
    let agreed = account.assess(&ask)?;
    let head = agreed.head.clone().map_or(0, |head| head.seq);
    // Of one head, whatever is appended meanwhile.
    let same = Ask { known_at: Some(agreed.known_at.at), head: Some(head), ..ask };
    let claimed = account.assess(&Ask { view: View::Claimed, ..same })?;
    let late: BTreeSet<u64> = agreed.late.iter().chain(&claimed.late).copied().collect();
    let lists: [(&'static str, Vec<u64>); 4] = [
        ("待确认", agreed.unconfirmed.clone()),
        ("有异议", agreed.disputed.clone()),
        ("已豁免", agreed.waived.clone()),
        ("补录", late.into_iter().collect()),
    ];
    let lines = lines(ledger, &lists, (start, end))?;
    let about = About {
        contract: &contract,
        month,
        party,
        as_of: agreed.as_of.at,
        known_at: agreed.known_at.at,
        head: (head, agreed.head.map_or_else(String::new, |head| head.sm3)),
    };
    write(&about, &lines)
}

/// What stands above the list.
struct About<'a> {
    contract: &'a Contract,
    month: &'a str,
    party: &'a str,
    as_of: Instant,
    known_at: Instant,
    head: (u64, String),
}

/// The listed entries that concern the month: what still waits for a word, of any time before its end; what was waived or
/// recorded late, once, in the month it happened or was recorded in.
fn lines(
    ledger: &Ledger,
    lists: &[(&'static str, Vec<u64>)],
    (start, end): (Instant, Instant),
) -> Result<Vec<Line>> {
    let mut why: BTreeMap<u64, Vec<&'static str>> = BTreeMap::new();
    for (name, seqs) in lists {
        for seq in seqs {
            why.entry(*seq).or_default().push(name);
        }
    }
    let mut lines = Vec::new();
    for (seq, why) in why {
        let Some(entry) = ledger.entries(seq, 1)?.into_iter().find(|e| e.seq == seq) else {
            return Err(Error::new(Code::UnknownEntry, seq.to_string()));
        };
        lines.push(Line { digest: digest_of(&entry)?, entry, why, effects: Vec::new(), case: Vec::new() });
    }
    let cases = cases(ledger, lines.iter().map(|line| stem(&line.entry)).collect())?;
    for line in &mut lines {
        line.case = cases.get(&stem(&line.entry)).cloned().unwrap_or_default();
        line.effects = line.why.iter().map(|why| effect(why, &line.entry)).collect();
    }
    lines.retain(|line| {
        let happened = words::happened(&line.entry, &line.case);
        let waits = line.why.iter().any(|why| matches!(*why, "待确认" | "有异议"));
        happened < end && (waits || happened >= start || line.entry.recorded_at >= start)
    });
    lines.sort_by_key(|line| {
        (lists.iter().position(|(name, _)| line.why.first() == Some(name)), line.entry.seq)
    });
    Ok(lines)
}

/// When the ledger learnt it, to the second.
fn recorded(entry: &Entry, zone: Zone) -> String {
    local(entry.recorded_at - entry.recorded_at.rem_euclid(SECOND), zone)
}

fn digest_of(entry: &Entry) -> Result<String> {
    Ok(digest::sm3_hex(entry.fact.canonical()?.as_bytes()))
}

/// The entries of these cases, in one pass over the ledger.
fn cases(ledger: &Ledger, wanted: BTreeSet<(String, String)>) -> Result<Cases> {
    const PAGE: u64 = 20_000;
    let mut cases = Cases::new();
    let named: BTreeSet<_> = wanted.into_iter().filter(|(_, subject)| !subject.is_empty()).collect();
    let mut from = 1;
    while !named.is_empty() {
        let page = ledger.entries(from, PAGE)?;
        let Some(last) = page.last().map(|entry| entry.seq) else { break };
        for entry in page {
            let key = stem(&entry);
            if named.contains(&key) {
                cases.entry(key).or_default().push(entry);
            }
        }
        from = last + 1;
    }
    Ok(cases)
}

fn effect(why: &str, entry: &Entry) -> String {
    match why {
        "待确认" => words::effect(entry).to_owned(),
        "有异议" => "已提出异议，未计入双方认可的数字；改填“确认”即不再异议".to_owned(),
        "已豁免" => "已同意不追究，不计违约".to_owned(),
        _ => {
            let days = (entry.recorded_at - entry.fact.at).max(0) / crate::time::DAY;
            let hours = (entry.recorded_at - entry.fact.at).max(0) % crate::time::DAY / crate::time::HOUR;
            format!("发生后 {days} 天 {hours} 小时才记录，且使故障或超时减少，请核对")
        }
    }
}

/// Whether the party may confirm the entry: what the other one stated, and of nobody's and the machine's only the buyer.
fn may_answer(entry: &Entry, party: &str) -> bool {
    match entry.fact.party() {
        None | Some("machine") => party == "buyer",
        Some(owner) => owner != party,
    }
}

fn write(about: &About<'_>, lines: &[Line]) -> Result<Vec<u8>> {
    let looks = Looks::default();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(TAB).map_err(write_refused)?;
    above(sheet, about, &looks)?;
    for ((zh, en, width), at) in COLUMNS.into_iter().zip(0..) {
        sheet.text(HEAD, at, zh, if at == OPINION { &looks.required } else { &looks.head })?;
        sheet.text(HEAD + 1, at, en, &looks.below)?;
        sheet.set_column_width(at, width).map_err(write_refused)?;
    }
    let wrap = looks.fill.clone().set_text_wrap();
    let grey = wrap.clone().set_background_color(0x00F2_F2F2);
    for (line, row) in lines.iter().zip(HEAD + 2..) {
        let zone = about.contract.zone;
        let cells = [
            (NUMBER, (row - HEAD - 1).to_string()),
            (WHY, line.why.join("、")),
            (WHAT, words::what(&line.entry, &line.case, zone)),
            (HAPPENED, local(line.entry.fact.at, zone)),
            (RECORDED, recorded(&line.entry, zone)),
            (BY, words::by(&line.entry)),
            (EFFECT, line.effects.join("；")),
            (ENTRY, line.entry.seq.to_string()),
            (DIGEST, line.digest.clone()),
        ];
        let mut lines = 1;
        for (at, text) in &cells {
            sheet.text(row, *at, text, &wrap)?;
            lines = lines.max(lines_of(text, COLUMNS[usize::from(*at)].2));
        }
        make_room(sheet, row, lines)?;
        opinion(sheet, row, may_answer(&line.entry, about.party), &wrap, &grey)?;
    }
    let mut row = HEAD + 2 + lines.len() as u32;
    if lines.is_empty() {
        sheet.text(row, WHAT, "本月没有待确认、有异议、已豁免或补录的记录。", &looks.prose)?;
        row += 1;
    }
    below(sheet, row + 1, about, lines.len(), &looks)?;
    sheet.set_freeze_panes(HEAD + 2, 0).map_err(write_refused)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(HEAD, HEAD + 1).map_err(write_refused)?;
    finish(&mut book, &format!("{} {}", about.contract.title, about.month))
}

fn opinion(sheet: &mut Worksheet, row: u32, asked: bool, fill: &Format, grey: &Format) -> Result<()> {
    if !asked {
        sheet.text(row, OPINION, "—", grey)?;
        return sheet.text(row, REASON, "己方记录，由对方确认", grey);
    }
    sheet.write_blank(row, OPINION, fill).map_err(write_refused)?;
    sheet.write_blank(row, REASON, fill).map_err(write_refused)?;
    let words = DataValidation::new().allow_list_strings(&[CONFIRM, DISPUTE]).map_err(write_refused)?;
    let words = words.set_error_message("请选择 确认 或 异议；异议须写理由").map_err(write_refused)?;
    sheet.add_data_validation(row, OPINION, row, OPINION, &words).map_err(write_refused)?;
    Ok(())
}

/// Labels of what identifies the sheet; the values stand in the next cell.
const MONTH: &str = "月份";
const PARTY: &str = "确认方";
const HEAD_SEQ: &str = "台账记录号";
const HEAD_SM3: &str = "台账摘要SM3";

fn above(sheet: &mut Worksheet, about: &About<'_>, looks: &Looks) -> Result<()> {
    let (contract, zone) = (about.contract, about.contract.zone);
    sheet.text(0, 0, &format!("{} · {} 运维记录确认表", contract.title, about.month), &looks.title)?;
    let party = if about.party == "buyer" { "采购方" } else { "供应商" };
    let pairs = [
        (1, WHY, LABELS.contract, contract.id.as_str()),
        (1, HAPPENED, "合同摘要SM3", contract.sm3.as_str()),
        (2, WHY, MONTH, about.month),
        (2, HAPPENED, LABELS.zone, zone.name()),
        (3, WHY, PARTY, party),
        (3, HAPPENED, "截至", &local(about.as_of, zone)),
        (4, WHY, HEAD_SEQ, &about.head.0.to_string()),
        (4, HAPPENED, HEAD_SM3, about.head.1.as_str()),
        (5, WHY, "生成时间", &local(about.known_at - about.known_at.rem_euclid(SECOND), zone)),
    ];
    for (row, at, label, value) in pairs {
        sheet.text(row, at, label, &looks.label)?;
        sheet.text(row, at + 1, value, &looks.plain)?;
    }
    let how = "请在“意见”栏选择 确认 或 异议，异议须写理由；不填表示暂不表态。其余各栏请勿改动。Choose 确认 (confirm) or 异议 (object, with a reason); leave empty what is not decided; change nothing else.";
    sheet.text(6, 0, how, &looks.plain)
}

fn below(sheet: &mut Worksheet, row: u32, about: &About<'_>, count: usize, looks: &Looks) -> Result<()> {
    let (year, month) = about.month.split_once('-').unwrap_or((about.month, ""));
    let month = month.trim_start_matches('0');
    let text = format!("以上共 {count} 条。双方对 {year} 年 {month} 月运维记录的意见以本表为准。");
    sheet.text(row, 0, &text, &looks.plain)?;
    for (i, who) in (0..).zip(["采购方（签字、盖章）Buyer", "供应商（签字、盖章）Supplier"])
    {
        let line = format!("{who}：＿＿＿＿＿＿＿＿＿＿＿＿　　日期 Date：＿＿＿＿ 年 ＿＿ 月 ＿＿ 日");
        sheet.text(row + 2 + 2 * i, NUMBER, &line, &looks.label)?;
    }
    Ok(())
}
