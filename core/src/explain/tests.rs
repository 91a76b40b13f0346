use super::*;
use crate::account::Account;
use crate::assess::Ask;
use crate::contract::Contract;
use crate::error::Code;
use crate::time::parse_instant;
use std::sync::Arc;

const CONTRACT: &str = r#"format = 1
id = "t"
title = "说明"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }
[accounting]
assume_watched = true
[agreement]
needs = ["outage.void", "incident.withdraw"]
[[clause]]
id = "long"
ref = "二.4"
text = "长故障不多于1次"
rule = "outage-count"
at_least = "1h"
max = 1
[[clause]]
id = "down"
rule = "downtime"
max = "10h"
[[clause]]
id = "respond"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
within = "1h"
"#;

fn fact(kind: &str, subject: &str, at: &str, body: &str) -> String {
    let at = format!("2026-03-{at}+08:00");
    format!(
        "{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"{at}\",\"body\":{body},\"actor\":{{\"party\":\"supplier\",\"person\":\"工程师甲\"}}}}\n"
    )
}

fn account() -> Account {
    let facts = [
        fact("outage.start", "O-1", "02T00:00:00", r#"{"system":"portal"}"#),
        fact("outage.end", "O-1", "02T01:00:00", "{}"),
        fact("outage.start", "O-2", "03T00:00:00", r#"{"system":"portal"}"#),
        fact("outage.end", "O-2", "03T02:30:00", "{}"),
        fact("outage.void", "O-2", "03T03:00:00", r#"{"reason":"误报"}"#),
        fact(
            "outage.start",
            "O-3",
            "04T00:00:00",
            r#"{"system":"portal","attribution":"buyer","cause":"断电"}"#,
        ),
        fact("outage.end", "O-3", "04T02:00:00", "{}"),
        fact("incident.report", "I-1", "05T09:00:00", "{}"),
        fact("incident.respond", "I-1", "05T10:20:00", "{}"),
        fact("incident.report", "I-2", "05T11:00:00", "{}"),
        fact("incident.withdraw", "I-2", "05T11:30:00", "{}"),
        fact("incident.report", "I-3", "05T11:40:00", "{}"),
    ];
    let account = Account::new(Arc::new(Contract::parse(CONTRACT).unwrap()));
    account.add(&facts.concat()).unwrap();
    account
}

fn ask(view: View) -> Ask {
    Ask { as_of: Some(parse_instant("2026-03-05T12:00:00+08:00").unwrap()), view, ..Ask::default() }
}

fn steps(e: &Explanation) -> Vec<(&str, Option<Status>, &str)> {
    e.cases.iter().map(|c| (c.line.case.as_str(), c.line.status, c.step.text_zh.as_str())).collect()
}

fn left(e: &Explanation) -> Vec<(Option<u64>, &str, &str)> {
    e.left_out.iter().map(|l| (l.entry, l.subject.as_str(), l.why)).collect()
}

#[test]
fn a_count_is_counted_up_and_what_was_left_out_is_named() {
    let e = account().explain(&ask(View::Agreed), "long", None).unwrap();
    assert_eq!(
        steps(&e),
        [
            (
                "O-1",
                Some(Status::Met),
                "2026-03-02T00:00:00+08:00 至 2026-03-02T01:00:00+08:00；故障时间 1 小时；第 1 次，限 1 次"
            ),
            (
                "O-2",
                Some(Status::Breached),
                "2026-03-03T00:00:00+08:00 至 2026-03-03T02:30:00+08:00；故障时间 2 小时 30 分；第 2 次，超出，限 1 次"
            ),
        ]
    );
    // The void waits for the buyer, and the buyer's outage is excluded.
    assert_eq!(left(&e), [(Some(5), "O-2", "unconfirmed"), (Some(6), "O-3", "excluded")]);
    assert!(e.conclusion.text_zh.contains("限值 1 − 数值 2 = 余量 -1"), "{:?}", e.conclusion);
    assert_eq!(e.facts.iter().map(|f| f.seq).collect::<Vec<_>>(), e.clause.evidence);
    assert_eq!(e.rule.text_zh, "每服务期故障时间 1 小时及以上的故障不多于 1 次");
    let text = e.text(Lang::Zh, Files { contract: Some("a b.toml"), ..Files::default() });
    assert!(text.starts_with("long 二.4：违约\n原文：长故障不多于1次\n"), "{text}");
    assert!(text.contains("#1 故障开始 O-1 2026-03-02T00:00:00+08:00"), "{text}");
    assert!(text.trim_end().ends_with("--contract 'a b.toml' --facts FACTS.jsonl --as-of 2026-03-05T12:00:00+08:00 --known-at 2026-03-05T12:00:00+08:00 --view agreed"), "{text}");
    let claimed = account().explain(&ask(View::Claimed), "long", None).unwrap();
    assert_eq!(claimed.cases.len(), 1);
}

#[test]
fn downtime_is_summed_step_by_step() {
    let e = account().explain(&ask(View::Agreed), "down", None).unwrap();
    assert!(e.cases[1].step.text_en.ends_with("down 2 h 30 min; 3 h 30 min so far"), "{:?}", e.cases[1].step);
    assert_eq!(e.clause.value, Some(crate::assess::Figure::Integer(12_600_000_000)));
}

#[test]
fn a_clock_is_shown_from_start_to_stop() {
    let e = account().explain(&ask(View::Claimed), "respond", None).unwrap();
    assert_eq!(
        steps(&e)[0],
        (
            "I-1",
            Some(Status::Breached),
            "自 2026-03-05T09:00:00+08:00 起；到期 2026-03-05T10:00:00+08:00；2026-03-05T10:20:00+08:00 完成，超时 20 分"
        )
    );
    assert_eq!(e.cases[0].entries, [8, 9]);
    assert!(e.cases[1].step.text_zh.ends_with("未完成，距到期 40 分"));
    assert_eq!(left(&e), [(Some(11), "I-2", "unconfirmed"), (Some(10), "I-2", "withdrawn")]);
    let one = account().explain(&ask(View::Claimed), "respond", Some("I-1")).unwrap();
    assert_eq!((one.cases.len(), one.facts.len(), one.left_out.len()), (1, 2, 0));
    assert!(one.check(Files::default()).starts_with("opsledger explain respond --case I-1 "));
}

#[test]
fn what_there_is_not_is_named_with_what_there_is() {
    let no_clause = account().explain(&ask(View::Agreed), "longs", None).unwrap_err();
    assert_eq!(no_clause.code(), Code::NotFound);
    assert!(no_clause.text(Lang::Zh).contains("long, down, respond"));
    let no_case = account().explain(&ask(View::Agreed), "respond", Some("I-9")).unwrap_err();
    assert!(no_case.text(Lang::En).contains("one of I-1"), "{no_case}");
}
