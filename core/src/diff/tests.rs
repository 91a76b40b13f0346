use super::*;
use crate::account::Account;
use crate::assess::Ask;
use crate::contract::Contract;
use crate::time::parse_instant;
use std::sync::Arc;

const CONTRACT: &str = r#"format = 1
id = "t"
title = "对比"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }
[accounting]
assume_watched = true
[agreement]
needs = ["outage.void"]
[[clause]]
id = "long"
rule = "outage-count"
at_least = "1h"
max = 0
[[clause]]
id = "respond"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
within = "1h"
"#;

fn fact(kind: &str, subject: &str, at: &str, recorded: &str, party: &str, body: &str) -> String {
    format!(
        "{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"2026-03-{at}+08:00\",\"recorded_at\":\"2026-03-{recorded}+08:00\",\"actor\":{{\"party\":\"{party}\"}},\"body\":{body}}}\n"
    )
}

fn account() -> Account {
    let facts = [
        fact("outage.start", "O-1", "02T00:00:00", "02T00:00:00", "supplier", r#"{"system":"portal"}"#),
        fact("outage.end", "O-1", "02T02:00:00", "02T02:00:00", "supplier", "{}"),
        fact("incident.report", "I-1", "02T03:00:00", "02T03:00:00", "buyer", "{}"),
        fact("incident.respond", "I-1", "02T03:30:00", "03T09:00:00", "supplier", "{}"),
        fact("outage.void", "O-1", "03T10:00:00", "03T10:00:00", "supplier", r#"{"reason":"误报"}"#),
        fact("fact.confirm", "", "04T10:00:00", "04T10:00:00", "buyer", r#"{"entry":5}"#),
    ];
    let account = Account::new(Arc::new(Contract::parse(CONTRACT).unwrap()));
    account.add(&facts.concat().replace("\"subject\":\"\",", "")).unwrap();
    account
}

fn known(at: &str, view: View) -> Ask {
    Ask { known_at: Some(parse_instant(&format!("2026-03-{at}+08:00")).unwrap()), view, ..Ask::default() }
}

#[test]
fn what_was_learnt_between_explains_what_changed() {
    let d = account().diff(&known("02T12:00:00", View::Agreed), &known("05T00:00:00", View::Agreed)).unwrap();
    // Both as of the earlier known_at.
    assert_eq!((d.from.as_of, d.to.as_of), (d.from.known_at, d.from.known_at));
    assert_eq!((d.from.status, d.to.status), (Status::Breached, Status::Met));
    let ids: Vec<(&str, &[u64])> =
        d.clauses.iter().map(|c| (c.clause.as_str(), c.because.as_slice())).collect();
    // The void and its confirmation; the answer recorded late.
    assert_eq!(ids, [("long", [5, 6].as_slice()), ("respond", &[4])]);
    assert_eq!(d.entries.iter().map(|e| e.seq).collect::<Vec<_>>(), [4, 5, 6]);
    let status = &d.clauses[0].figures[0];
    assert_eq!((status.field, status.text.text_zh.as_str()), ("status", "状态 违约 → 达标"));
    let case = &d.clauses[1].cases[0];
    assert_eq!(case.from.as_ref().map(|c| c.status), Some(Some(Status::Breached)));
    assert_eq!(case.to.as_ref().map(|c| c.status), Some(Some(Status::Met)));
    assert!(d.outages.iter().any(|f| f.field == "downtime_us" && f.text.text_en == "downtime 2 h → 0 s"));
    let text = d.text(Lang::Zh);
    assert!(text.contains("#6 确认记录") && text.contains("状态 违约 → 达标"), "{text}");
}

#[test]
fn two_views_differ_by_what_waits() {
    let d =
        account().diff(&known("04T00:00:00", View::Agreed), &known("04T00:00:00", View::Claimed)).unwrap();
    assert_eq!(d.clauses.iter().map(|c| c.clause.as_str()).collect::<Vec<_>>(), ["long"]);
    assert_eq!(d.entries.iter().map(|e| (e.seq, e.kind.as_str())).collect::<Vec<_>>(), [(5, "outage.void")]);
    let same =
        account().diff(&known("04T00:00:00", View::Agreed), &known("04T00:00:00", View::Agreed)).unwrap();
    assert!(same.is_empty() && same.entries.is_empty() && same.text(Lang::En).contains("no difference"));
}
