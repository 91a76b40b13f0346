//! The duty roster (值班表): every day of a month, who was on duty, and what a reader must look at.

use super::draft::{Draft, fit};
use super::kind::{self, DocumentKind, DocumentOptions};
use super::model::{Align, Block, Cell, Column, Document, Pair, Row, Signature, Table};
use super::words::{self, pick};
use crate::account::Account;
use crate::assess::Ask;
use crate::books::registers::{self, Rows};
use crate::calendar::{Date, Days};
use crate::error::{Lang, Result};
use crate::time::{Instant, Interval};
use chrono::{Datelike, Weekday};
use std::collections::BTreeMap;

const HEADS: [(&str, &str); 11] = [
    ("日期", "Date"),
    ("星期", "Day"),
    ("日类", "Kind of day"),
    ("班次", "Shift"),
    ("岗位", "Role"),
    ("值班人", "On duty"),
    ("电话", "Phone"),
    ("签到", "Signed in"),
    ("交接记录", "Handover"),
    ("签名", "Signature"),
    ("依据", "Entries"),
];

/// The roster of a month, sealed.
pub(super) fn build(account: &Account, ask: &Ask, options: &DocumentOptions<'_>) -> Result<Document> {
    let month = kind::month(account, ask, options)?;
    let zone = account.contract_at(ask)?.zone;
    let span = month.interval(zone);
    // A roster looks ahead: shifts assigned for the rest of the month belong to it.
    let mut w = Draft::open(account, DocumentKind::Roster, ask, options, None)?;
    let covers = month.name();
    w.number(DocumentKind::Roster, &covers);
    w.d.title = format!("{} {covers}", w.contract.title);
    w.d.landscape = true;
    w.first_meta(w.word("值班月份", "Month"), covers.as_str());
    let duty = w.rows("duty")?;
    let shifts = shifts(&duty);
    let days = w.contract.tools(w.a.known_at.at)?;
    let mut rows = Vec::new();
    let mut checks = Checks::default();
    let any = shifts.iter().any(|s| s.span.start < span.end && s.span.end > span.start);
    let mut date = zone.date(span.start);
    while any && zone.midnight(date) < span.end {
        let next = date.succ_opt().unwrap_or(date);
        let day = Interval::new(zone.midnight(date), zone.midnight(next));
        day_rows(&mut w, &days.days, date, day, &shifts, &duty, &mut rows, &mut checks);
        if next == date {
            break;
        }
        date = next;
    }
    let head =
        HEADS.map(|(zh, en)| Column { text: pick(w.lang, zh, en).to_owned(), align: Align::Left, width: 0 });
    let mut table = Table {
        name: w.word("值班表", "roster").to_owned(),
        caption: String::new(),
        head: head.to_vec(),
        rows,
        empty: w.word("本月没有排班记录。", "No shift of the month is recorded.").to_owned(),
    };
    fit(&mut table, w.lang);
    w.d.table(table);
    if any {
        w.d.heading(1, w.word("核对", "Checks"));
        let of_month: Vec<&Shift<'_>> = shifts.iter().filter(|s| span.contains(s.span.start)).collect();
        checks.tell(&mut w, &of_month);
    }
    let lines = pick(w.lang, ["签字：", "日期："], ["Signed:", "Date:"]).map(str::to_owned).to_vec();
    let parties = [("带班领导", "Officer in charge"), ("项目经理", "Project manager")];
    let parties =
        parties.map(|(zh, en)| Signature { party: pick(w.lang, zh, en).to_owned(), lines: lines.clone() });
    w.d.blocks.push(Block::Signatures { parties: parties.to_vec() });
    w.finish()
}

/// A shift that was not cancelled from its start.
struct Shift<'a> {
    span: Interval,
    person: String,
    row: &'a registers::Row,
}

fn shifts(duty: &Rows) -> Vec<Shift<'_>> {
    let instant = |row, key| match duty.cell(row, key) {
        Some(registers::Cell::Instant(at)) => Some(*at),
        _ => None,
    };
    let shift = |row| {
        let (start, end): (Instant, Instant) = (instant(row, "start")?, instant(row, "end")?);
        let end = instant(row, "cancelled_from").map_or(end, |at| at.min(end));
        let person = match duty.cell(row, "person") {
            Some(registers::Cell::Text(person)) => person.clone(),
            _ => String::new(),
        };
        (start < end).then(|| Shift { span: Interval::new(start, end), person, row })
    };
    let mut shifts: Vec<Shift<'_>> = duty.rows.iter().filter_map(shift).collect();
    shifts.sort_by_key(|s| (s.span.start, s.span.end));
    shifts
}

/// What the checks found.
#[derive(Default)]
struct Checks {
    empty: Vec<Date>,
    statutory: Vec<Date>,
    unsigned: Vec<u64>,
}

#[allow(clippy::too_many_arguments, reason = "one day of one table")]
fn day_rows(
    w: &mut Draft<'_>,
    days: &Days,
    date: Date,
    day: Interval,
    shifts: &[Shift<'_>],
    duty: &Rows,
    rows: &mut Vec<Row>,
    checks: &mut Checks,
) {
    let kind = kind_of(days, date, w.lang);
    if days.is_statutory(date).is_ok_and(|yes| yes) {
        checks.statutory.push(date);
    }
    let first = [date.to_string(), weekday(date, w.lang).to_owned(), kind.to_owned()];
    // A shift is listed on each day that it starts on or reaches into.
    let of_day: Vec<&Shift<'_>> =
        shifts.iter().filter(|s| s.span.start < day.end && s.span.end > day.start).collect();
    if of_day.is_empty() {
        checks.empty.push(date);
        let mut cells: Vec<Cell> = first.into_iter().map(Cell::text).collect();
        cells.push(Cell::text(w.word("无人值班", "nobody on duty")));
        cells.resize(HEADS.len(), Cell::default());
        rows.push(Row::strong(cells));
        return;
    }
    for shift in of_day {
        let text = |key: &str| {
            duty.column(key)
                .map(|i| w.register_cell(&duty.columns[i], &shift.row.cells[i]))
                .unwrap_or_default()
        };
        let signed = text("signed_in_at");
        let begins = day.contains(shift.span.start);
        if begins && signed.is_empty() && shift.span.start <= w.a.as_of.at {
            checks.unsigned.extend(shift.row.entries.first());
        }
        let hours = format!("{} – {}", clock(w, shift.span.start, day), clock(w, shift.span.end, day));
        let mut cells: Vec<Cell> = first.iter().map(Cell::text).collect();
        cells.extend([
            Cell::text(hours),
            text("role"),
            text("person"),
            text("phone"),
            signed,
            text("log"),
            Cell::default(),
        ]);
        let refs = w.refs(&shift.row.entries);
        cells.push(refs);
        rows.push(Row::new(cells));
    }
}

/// The time of day, with the date where it is another day's.
fn clock(w: &Draft<'_>, at: Instant, day: Interval) -> String {
    if at == day.end {
        return "24:00".to_owned();
    }
    let text = w.time(at);
    let (date, time) = text.split_once(' ').unwrap_or((&text, ""));
    let time = time.strip_suffix(":00").unwrap_or(time);
    if day.contains(at) { time.to_owned() } else { format!("{} {time}", date.get(5..).unwrap_or(date)) }
}

fn kind_of(days: &Days, date: Date, lang: Lang) -> &'static str {
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    match (days.is_statutory(date), days.is_workday(date)) {
        (Ok(true), _) => pick(lang, "法定节假日", "statutory holiday"),
        (_, Ok(true)) if weekend => pick(lang, "调休上班", "make-up workday"),
        (_, Ok(true)) => pick(lang, "工作日", "workday"),
        (_, Ok(false)) if weekend => pick(lang, "周末", "weekend"),
        (_, Ok(false)) => pick(lang, "调休放假", "day off by notice"),
        _ => pick(lang, "放假安排未公布", "no notice published"),
    }
}

fn weekday(date: Date, lang: Lang) -> &'static str {
    let day = date.weekday().num_days_from_monday() as usize;
    pick(lang, ["一", "二", "三", "四", "五", "六", "日"], ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
        [day]
}

impl Checks {
    fn tell(&self, w: &mut Draft<'_>, shifts: &[&Shift<'_>]) {
        let none = || Cell::text(w.word("无", "none"));
        let dates = |dates: &[Date]| {
            let texts: Vec<String> = dates.iter().map(Date::to_string).collect();
            if texts.is_empty() { none() } else { Cell::text(texts.join(pick(w.lang, "、", ", "))) }
        };
        let (empty, statutory) = (dates(&self.empty), dates(&self.statutory));
        let running = consecutive(w, shifts);
        let running = if running.is_empty() { none() } else { Cell::text(running.join("\n")) };
        let unsigned = if self.unsigned.is_empty() { none() } else { w.refs(&self.unsigned) };
        w.d.pairs(vec![
            Pair::new(w.word("无人值班的日期", "Days with nobody on duty"), empty),
            Pair::new(w.word("法定节假日", "Statutory holidays"), statutory),
            Pair::new(w.word("同一人首尾相接的班次", "One person's shifts without a break"), running),
            Pair::new(w.word("已开始而未签到的班次", "Shifts begun and not signed in"), unsigned),
        ]);
    }
}

/// Shifts of one person of which one begins where another ends.
fn consecutive(w: &Draft<'_>, shifts: &[&Shift<'_>]) -> Vec<String> {
    let mut last: BTreeMap<&str, Instant> = BTreeMap::new();
    let mut found = Vec::new();
    for s in shifts.iter().filter(|s| !s.person.is_empty()) {
        if last.get(s.person.as_str()).is_some_and(|end| *end >= s.span.start) {
            found.push(format!(
                "{} {}（{}）",
                s.person,
                w.time(s.span.start),
                words::duration(w.lang, s.span.len())
            ));
        }
        let end = last.entry(&s.person).or_insert(s.span.end);
        *end = (*end).max(s.span.end);
    }
    found
}
