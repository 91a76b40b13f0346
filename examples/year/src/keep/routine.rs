//! What comes round by itself: watching, checks, inspections, backups, logs, advice, reports.

use crate::book::{Book, Who};
use crate::random::Random;
use crate::time::{Notices, at, hours, local_text, minutes, parse};
use crate::year::Year;
use chrono::{Datelike, Months, NaiveDate, Weekday};
use opsledger::digest::sm3_hex;
use opsledger::time::{Instant, SECOND};
use serde_json::json;
use std::error::Error;

/// Systems watched all year; the real ones are watched in August.
const WATCHED: [&str; 3] = ["platform", "gov-service", "residency-upload"];

/// Writes all of it. `repaired`: incidents that the story does not log the work of.
pub(crate) fn write(
    book: &mut Book,
    year: &Year,
    notices: &Notices,
    random: &mut Random,
    repaired: &[(String, Instant)],
) -> Result<(), Box<dyn Error>> {
    watching(book, year)?;
    for day in year.days() {
        daily(book, year, day, random);
    }
    for month in year.months() {
        monthly(book, year, notices, month, random);
    }
    for n in 0..4 {
        quarterly(book, year, year.first + Months::new(n * 3), random);
    }
    assets(book, year);
    for (incident, at) in repaired {
        let body = json!({ "asset": "平台", "action": "repair", "person": "工程师戊", "minutes": 60, "incident": incident });
        book.add(at + hours(20), Who::supplier("工程师戊"), "work.log", &format!("WL-{incident}"), body);
    }
    Ok(())
}

/// A sign of life every hour.
fn watching(book: &mut Book, year: &Year) -> Result<(), Box<dyn Error>> {
    let body = json!({ "systems": WATCHED });
    let (start, stop) = (at(year.first, 0, 0), at(year.last(), 24, 0));
    book.add(start, Who::Monitor, "watch.start", "", body.clone());
    let mut seen = start + hours(1);
    while seen < stop {
        book.add(seen, Who::Monitor, "watch.seen", "", body.clone());
        seen += hours(1);
    }
    book.add(stop, Who::Monitor, "watch.stop", "", body);
    // The source of the real outages was read to here.
    book.add(
        parse("2026-08-22T09:18:30")?,
        Who::Monitor,
        "watch.stop",
        "",
        json!({ "systems": real_systems() }),
    );
    Ok(())
}

fn real_systems() -> Vec<&'static str> {
    let published = include_str!("../../source/published.csv");
    published.lines().skip(1).filter_map(|l| l.split(',').next()).collect()
}

fn daily(book: &mut Book, year: &Year, day: NaiveDate, random: &mut Random) {
    let person = Who::supplier(year.engineer(day, day.ordinal()));
    let name = day.format("%Y%m%d").to_string();
    if !year.unchecked(day) {
        let all = ["host", "database", "middleware"];
        let parts = if year.half_checked(day) { &all[..1] } else { &all[..] };
        let minute = random.between(30, 55);
        book.add(
            at(day, 8, minute),
            person,
            "inspection.complete",
            &format!("VD-{name}"),
            json!({ "type": "daily", "parts": parts }),
        );
    }
    if !year.unsaved(day) {
        backup(book, "platform-db", at(day, 1, 0), 18 + random.between(0, 9), &name);
    }
    backup(book, "standby-db", at(day, 2, 0), 15 + random.between(0, 9), &name);
    if day.weekday() == Weekday::Sun {
        backup(book, "application", at(day, 3, 0), 6, &name);
    }
    if day.weekday() == Weekday::Thu {
        let action = match day.ordinal0() / 7 % 13 {
            1 => "preventive",
            3 => "optimise",
            _ => random.one_of(&["check", "patch", "clean", "account", "tune"]),
        };
        let body = json!({ "asset": "平台", "action": action, "person": year.engineer(day, 0), "minutes": random.between(20, 150) });
        book.add(at(day, 16, 0), person, "work.log", &format!("WL-{name}"), body);
    }
}

/// The sets, and for how many days their runs are kept.
const SETS: [(&str, u64); 3] = [("platform-db", 30), ("standby-db", 30), ("application", 90)];

fn run_name(set: &str, day: &str) -> String {
    format!("B-{set}-{day}")
}

/// The runs of a set in the days up to one, oldest first.
fn saved(year: &Year, set: &str, until: NaiveDate, days: u64) -> Vec<String> {
    let first = (until - chrono::Days::new(days)).max(year.first);
    let there = |day: &NaiveDate| match set {
        "platform-db" => !year.unsaved(*day),
        "application" => day.weekday() == Weekday::Sun,
        _ => true,
    };
    let found = crate::time::days(first, until).filter(there);
    found.map(|day| run_name(set, &day.format("%Y%m%d").to_string())).collect()
}

fn backup(book: &mut Book, set: &str, started: Instant, took: i64, day: &str) {
    let name = run_name(set, day);
    let finished = started + minutes(took) + 7 * SECOND;
    let body = json!({
        "set": set, "started": local_text(started), "finished": local_text(finished),
        "bytes": 40_000_000_000_i64 + took * 1_000_003, "digest": sm3_hex(name.as_bytes()),
    });
    book.add(finished, Who::Monitor, "backup.run", &name, body);
}

fn monthly(book: &mut Book, year: &Year, notices: &Notices, month: NaiveDate, random: &mut Random) {
    let name = month.format("%Y-%m").to_string();
    let engineer = Who::supplier("工程师甲");
    let on = |n| Year::in_month(month, n);
    let last = (month + Months::new(1)).pred_opt().unwrap_or(month);
    let mut inspect =
        |subject: &str, at: Instant, recorded: Instant, parts: &[&str], covers: Option<&str>| {
            let mut body = json!({ "type": "monthly", "parts": parts, "findings": [] });
            if let Some(covers) = covers {
                body["covers"] = covers.into();
            }
            book.add_late(at, recorded, engineer, "inspection.complete", &format!("V-{subject}"), body);
        };
    let all = ["hardware", "software", "database", "logs"];
    let usual = at(on(20), 15, 0);
    match name.as_str() {
        // In two visits.
        "2025-12" => {
            inspect("2025-12a", at(on(18), 15, 0), at(on(18), 15, 2), &all[..2], None);
            inspect("2025-12b", at(on(29), 15, 0), at(on(29), 15, 2), &all[2..], None);
        }
        // Two days late.
        "2026-02" => inspect(&name, at(on(30), 15, 0), at(on(30), 15, 2), &all, Some("2026-02")),
        // In time, entered five days later.
        "2026-05" => inspect(&name, at(on(29), 15, 0), at(on(34), 9, 0), &all, None),
        _ => inspect(&name, usual, usual + minutes(2), &all, None),
    }
    let body =
        json!({ "type": "security", "parts": ["account", "patch", "log", "certificate"], "findings": [] });
    book.add(at(on(25), 15, 0), engineer, "inspection.complete", &format!("VS-{name}"), body);
    let first = on(1);
    let body = json!({
        "system": "platform", "signature": "超时", "count": random.between(0, 12),
        "first": local_text(at(first, 3, 0)), "last": local_text(at(on(28), 9, 0)),
    });
    book.add(at(on(28), 16, 0), engineer, "errorlog.register", &format!("EL-{name}"), body);
    for (metric, unit, low, high) in
        [("cpu", "%", 18, 46), ("storage", "%", 52, 71), ("users", "人", 3_000, 9_000)]
    {
        let body = json!({ "name": metric, "value": random.between(low, high).to_string(), "unit": unit, "covers": name });
        book.add(at(last, 17, 0), Who::Monitor, "metric.record", &format!("ME-{metric}-{name}"), body);
    }
    for (set, _) in SETS {
        let checked = on(12);
        let runs = saved(year, set, checked, 30);
        if let Some(newest) = runs.last() {
            let body = json!({ "set": set, "level": "L2", "verdict": "pass" });
            book.add(at(checked, 10, 0), engineer, "backup.verify", newest, body);
        }
    }
    for (set, days) in SETS {
        let listed = on(28);
        let body = json!({ "set": set, "level": "L0", "verdict": "pass", "present": saved(year, set, listed, days) });
        book.add(at(listed, 10, 30), engineer, "backup.verify", set, body);
    }
    let reported = year.reported(month, notices);
    let report = format!("RP-{name}");
    let body = json!({ "kind": "monthly", "covers": name, "digest": sm3_hex(report.as_bytes()) });
    book.add(reported, Who::supplier("项目经理甲"), "report.submit", &report, body);
    let body = json!({ "signer": "测试员01", "party": "buyer" });
    book.add(reported + hours(50), Who::buyer("测试员01"), "report.sign", &report, body);
}

fn quarterly(book: &mut Book, year: &Year, first: NaiveDate, random: &mut Random) {
    let name = first.format("%Y%m").to_string();
    let kinds = [
        ("resource", "归档三年前附件，腾出存储"),
        ("configuration", "连接池上限调整"),
        ("capacity", "按增长率一年内需扩容"),
    ];
    for (n, (kind, text)) in (40..).zip(kinds) {
        let subject = format!("AD-{kind}-{name}");
        let day = Year::in_month(first, n);
        let person = Who::supplier(year.engineer(day, 0));
        book.add(at(day, 11, 0), person, "advice.submit", &subject, json!({ "kind": kind, "text": text }));
        let body = json!({ "answer": random.one_of(&["采纳", "部分采纳", "暂缓"]) });
        book.add(
            at(Year::in_month(first, n + 9), 11, 0),
            Who::buyer("测试员01"),
            "advice.answer",
            &subject,
            body,
        );
    }
    let body = json!({ "score": format!("4.{}", random.between(2, 9)), "answers": random.between(40, 160) });
    book.add(
        at(Year::in_month(first, 75), 11, 0),
        Who::buyer("测试员02"),
        "survey.submit",
        &format!("SV-{name}"),
        body,
    );
}

fn assets(book: &mut Book, year: &Year) {
    let list =
        ["应用服务器甲", "应用服务器乙", "数据库服务器", "备库服务器", "存储阵列", "核心交换机", "旧读卡器"];
    for (n, name) in (1..).zip(list) {
        let body = json!({ "name": name, "place": "示例机房", "keeper": "工程师甲" });
        book.add(
            at(year.first, 14, n),
            Who::supplier("工程师甲"),
            "asset.register",
            &format!("A-{n:02}"),
            body,
        );
    }
    let retired = Year::in_month(year.first + Months::new(9), 25);
    book.add(
        at(retired, 10, 0),
        Who::supplier("工程师丙"),
        "asset.retire",
        "A-07",
        json!({ "reason": "更换" }),
    );
}
