use super::*;
use crate::account::Account;
use crate::assess::Ask;
use crate::contract::Contract;
use crate::time::{DAY, parse_instant};
use std::sync::Arc;

const CONTRACT: &str = r#"format = 1
id = "t"
title = "待办"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }
[agreement]
needs = ["outage.void"]
[[clause]]
id = "repair"
text = "三日内修复；逗号,分号;反斜线\\"
rule = "deadline"
from = "incident.report"
to = "incident.repair"
within = "3d"
pausable = true
[[clause]]
id = "right"
rule = "streak"
of = "repair"
length = 2
effect = "可解除合同"
[[clause]]
id = "opinion"
rule = "judgement"
due = "2026-03-06"
"#;

fn fact(kind: &str, subject: &str, at: &str, body: &str) -> String {
    let at = format!("2026-03-{at}+08:00");
    format!(
        "{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"{at}\",\"body\":{body},\"actor\":{{\"party\":\"supplier\"}}}}\n"
    )
}

fn account() -> Account {
    let facts = [
        fact("incident.report", "I-1", "01T00:00:00", "{}"),
        fact("incident.report", "I-2", "02T12:00:00", "{}"),
        fact("incident.report", "I-3", "02T13:00:00", "{}"),
        fact("incident.pause", "I-3", "02T14:00:00", r#"{"party":"buyer"}"#),
        fact("outage.start", "O-1", "03T00:00:00", r#"{"system":"portal"}"#),
        fact("outage.void", "O-1", "03T01:00:00", r#"{"reason":"误报"}"#),
        fact("task.assign", "T-1", "03T02:00:00", r#"{"by":"buyer","due":"2026-03-05","text":"换证书"}"#),
        fact("task.assign", "T-2", "03T02:00:00", r#"{"by":"buyer","due":"2026-09-05"}"#),
        fact(
            "maintenance.approve",
            "M-1",
            "03T03:00:00",
            r#"{"start":"2026-03-08T00:00:00+08:00","end":"2026-03-08T02:00:00+08:00","systems":["portal"]}"#,
        ),
        fact(
            "duty.assign",
            "S-1",
            "03T03:00:00",
            r#"{"person":"值班员01","role":"desk","start":"2026-03-04T00:00:00+08:00","end":"2026-03-05T00:00:00+08:00"}"#,
        ),
    ];
    let account = Account::new(Arc::new(Contract::parse(CONTRACT).unwrap()));
    account.add(&facts.concat()).unwrap();
    account
}

fn ask(at: &str) -> Ask {
    Ask { as_of: Some(parse_instant(at).unwrap()), ..Ask::default() }
}

fn shown(list: &DueList) -> Vec<(Reason, String, String, &str)> {
    let zone = list.as_of.zone;
    let at = |i: &DueItem| i.at.map_or_else(String::new, |at| zone.format(at.at)[5..16].to_owned());
    list.items.iter().map(|i| (i.reason, at(i), i.case.clone(), i.party.as_str())).collect()
}

#[test]
fn a_span_shows_what_it_holds_and_for_whom() {
    let list = account().due(&ask("2026-03-04T12:00:00+08:00"), 7 * DAY).unwrap();
    let line = |reason, at: &str, case: &str, party| (reason, at.to_owned(), case.to_owned(), party);
    assert_eq!(
        shown(&list),
        [
            line(Reason::Overdue, "03-04T00:00", "I-1", "supplier"),
            line(Reason::Due, "03-05T12:00", "I-2", "supplier"),
            line(Reason::Streak, "03-05T12:00", "right", "supplier"),
            line(Reason::Task, "03-06T00:00", "T-1", "supplier"),
            line(Reason::Judgement, "03-07T00:00", "opinion", "buyer"),
            line(Reason::Planned, "03-08T00:00", "M-1", "supplier"),
            line(Reason::Paused, "", "I-3", "buyer"),
            line(Reason::Confirm, "", "6", "buyer"),
        ]
    );
    assert!(list.items[1].text.text_zh.ends_with("距到期 24 小时"), "{:?}", list.items[1].text);
    assert!(list.items[7].text.text_zh.starts_with("#6 作废故障 O-1"), "{:?}", list.items[7].text);
    // Due exactly at the end of the span is in, a microsecond later is out.
    let cases = |us| {
        let list = account().due(&ask("2026-03-04T12:00:00+08:00"), us).unwrap();
        list.items.iter().filter(|i| i.reason == Reason::Due).count()
    };
    assert_eq!((cases(DAY), cases(DAY - 1)), (1, 0));
    assert_eq!(
        account().due(&ask("2026-03-04T12:00:00+08:00"), -1).unwrap_err().code(),
        crate::Code::OutOfRange
    );
}

#[test]
fn the_roster_shows_shifts_of_the_span() {
    let of = |at| account().roster(&ask(at), DAY).unwrap();
    let roster = of("2026-03-04T12:00:00+08:00");
    assert_eq!(roster.shifts.len(), 1);
    assert_eq!((roster.shifts[0].person.as_str(), roster.shifts[0].role.as_str()), ("值班员01", "desk"));
    assert!(roster.text(Lang::Zh).contains("服务台  值班员01"));
    assert!(of("2026-03-05T00:00:00+08:00").shifts.is_empty());
}

#[test]
fn the_calendar_is_well_formed_and_stable() {
    let list = account().due(&ask("2026-03-04T12:00:00+08:00"), 7 * DAY).unwrap();
    let text = ical::calendar(&list, Lang::Zh);
    assert_eq!(text, ical::calendar(&list, Lang::Zh));
    assert!(text.replace("\r\n", "").find('\n').is_none() && text.ends_with("END:VCALENDAR\r\n"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 6);
    let unfolded = text.replace("\r\n ", "");
    assert!(
        unfolded.contains("DESCRIPTION:三日内修复；逗号\\,分号\\;反斜线\\\\；距到期 24 小时\\n供应商\r\n"),
        "{unfolded}"
    );
    assert!(unfolded.contains("DTSTART:20260307T160000Z\r\nDTEND:20260307T180000Z\r\n"));
    // What was known: the last fact before the question, never the clock.
    assert_eq!(unfolded.matches("DTSTAMP:20260304T040000Z").count(), 6);
    let uids = |text: &str| -> Vec<String> {
        text.lines().filter(|l| l.starts_with("UID:")).map(str::to_owned).collect()
    };
    let mut all = uids(&text);
    // I-2 keeps its name once it is overdue.
    let later = account().due(&ask("2026-03-05T12:00:01+08:00"), DAY).unwrap();
    let overdue: Vec<&DueItem> = later.items.iter().filter(|i| i.reason == Reason::Overdue).collect();
    assert_eq!(overdue.len(), 2);
    assert!(uids(&ical::calendar(&later, Lang::Zh)).contains(&all[1]));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 6);
}

#[test]
fn units_to_come_gaps_and_notices_are_listed() {
    let contract = r#"format = 1
id = "t"
title = "待办"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }
[[clause]]
id = "daily"
rule = "recurring"
fact = { kind = "inspection.complete", where = { type = "daily" } }
every = "day"
[[clause]]
id = "desk"
rule = "coverage"
roles = { desk = 1 }
windows = "period"
[[clause]]
id = "notice"
rule = "sequence"
then = "staff.replace.effect"
notice = { from = "staff.replace.request", at_least = "2 months" }
"#;
    let account = Account::new(Arc::new(Contract::parse(contract).unwrap()));
    let facts = [
        fact("staff.replace.request", "P-1", "01T09:00:00", "{}"),
        fact("inspection.complete", "X-1", "02T09:00:00", r#"{"type":"daily"}"#),
        fact(
            "duty.assign",
            "S-1",
            "02T10:00:00",
            r#"{"person":"值班员01","role":"desk","start":"2026-01-01T00:00:00+08:00","end":"2026-03-04T08:00:00+08:00"}"#,
        ),
    ];
    account.add(&facts.concat()).unwrap();
    // The second day is done, the third runs, the fourth has not begun; the roster ends within the span.
    let list = account.due(&ask("2026-03-03T12:00:00+08:00"), 2 * DAY).unwrap();
    let of = |reason| -> Vec<(String, String)> {
        shown(&list).into_iter().filter(|l| l.0 == reason).map(|l| (l.1, l.2)).collect()
    };
    let line = |at: &str, case: &str| (at.to_owned(), case.to_owned());
    assert_eq!(of(Reason::Due), [line("03-04T00:00", "2026-03-03"), line("03-05T00:00", "2026-03-04")]);
    assert_eq!(of(Reason::Gap), [line("03-04T08:00", "2026-03-04T08:00:00+08:00")]);
    let gap = list.items.iter().find(|i| i.reason == Reason::Gap).unwrap();
    assert_eq!(gap.end.map(|end| end.at), Some(list.until.at));
    assert_eq!(gap.status, Some(Status::AtRisk));
    let roster = account.roster(&ask("2026-03-03T12:00:00+08:00"), 2 * DAY).unwrap();
    assert_eq!((roster.shifts.len(), roster.gaps.len()), (1, 1));
    assert_eq!(of(Reason::Notice), []);
    let later = account.due(&ask("2026-04-28T12:00:00+08:00"), 7 * DAY).unwrap();
    let notices: Vec<_> = shown(&later).into_iter().filter(|l| l.0 == Reason::Notice).collect();
    assert_eq!(notices, [(Reason::Notice, "05-01T09:00".to_owned(), "P-1".to_owned(), "supplier")]);
}
