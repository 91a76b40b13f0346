use super::*;
use crate::account::Account;
use crate::assess::{Ask, View};
use crate::contract::Contract;
use crate::facts::kinds;
use crate::time::{HOUR, parse_instant};
use std::collections::BTreeSet;
use std::sync::Arc;

const CONTRACT: &str = r#"format = 1
id = "t"
title = "登记"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }
[accounting]
maintenance_notice = "24h"
[agreement]
needs = ["outage.void", "lowering", "attribution"]
[[clause]]
id = "respond"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
within = "1h"
"#;

fn account(facts: &str) -> Account {
    let account = Account::new(Arc::new(Contract::parse(CONTRACT).unwrap()));
    account.add(facts).unwrap();
    account
}

fn ask(as_of: &str, view: View) -> Ask {
    Ask { as_of: Some(parse_instant(as_of).unwrap()), view, ..Ask::default() }
}

/// Subjects with the cells of some columns, as a reader sees them.
fn shown(rows: &Rows, keys: &[&str]) -> Vec<Vec<String>> {
    let line = |row: &Row| {
        let cells = keys.iter().map(|key| {
            let i = rows.column(key).unwrap_or_else(|| panic!("{key}"));
            rows.columns[i].text(&row.cells[i], Lang::Zh, rows.zone)
        });
        std::iter::once(row.subject.clone()).chain(cells).collect()
    };
    rows.rows.iter().map(line).collect()
}

fn fact(kind: &str, subject: &str, at: &str, rest: &str) -> String {
    format!("{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"2026-03-{at}+08:00\"{rest}}}\n")
}

#[test]
fn every_register_is_sound() {
    for pair in REGISTERS.windows(2) {
        assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
    }
    for register in REGISTERS {
        let keys: BTreeSet<&str> = register.columns.iter().map(|s| s.column.key).collect();
        assert_eq!(keys.len(), register.columns.len(), "{}", register.name);
        let mut named = Vec::new();
        match register.of {
            Of::Subjects(family, of) | Of::Each(family, of) => {
                assert!(of.iter().all(|k| kinds::find(k).unwrap().family == family), "{}", register.name);
            }
            Of::Outages | Of::Windows(_) => {}
        }
        for spec in register.columns {
            assert!(!spec.column.zh.is_empty() && !spec.column.en.is_empty());
            match &spec.source {
                Source::Field(_, k, _)
                | Source::At(_, k)
                | Source::Party(_, k)
                | Source::Person(_, k)
                | Source::Evidence(k)
                | Source::Count(k)
                | Source::Values(k, _)
                | Source::Any(k) => named.extend(*k),
                Source::Between(a, _, b) => named.extend(a.iter().chain(*b)),
                Source::State(words) => named.extend(words.iter().map(|(k, _)| k)),
                Source::Subject | Source::Amended(_) | Source::Own(_) => {}
            }
        }
        for kind in named {
            assert!(kinds::find(kind).is_some(), "{}: {kind}", register.name);
        }
    }
    let error = find("incident").unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.text(Lang::Zh).contains("incidents"));
}

#[test]
fn an_incident_stands_as_corrected_in_each_view() {
    let facts = fact(
        "incident.report",
        "I-2",
        "02T09:00:00",
        r#","body":{"severity":"major","affects_use":true},"actor":{"party":"buyer"}"#,
    ) + &fact(
        "incident.report",
        "I-1",
        "02T09:05:00",
        r#","body":{"severity":"minor","channel":"phone"}"#,
    ) + &fact("incident.respond", "I-2", "02T09:10:00", r#","body":{"auto":true}"#)
        + &fact("incident.respond", "I-2", "02T09:40:00", r#","body":{"person":"工程师甲"}"#)
        + &fact("incident.repair", "I-2", "02T11:00:00", "")
        + &fact("incident.reopen", "I-2", "02T12:00:00", "")
        + &fact("work.log", "W-1", "02T12:30:00", r#","body":{"incident":"I-2","minutes":30}"#)
        + &fact("incident.repair", "I-2", "02T13:00:00", "")
        + &fact(
            "incident.amend",
            "I-2",
            "03T09:00:00",
            r#","body":{"severity":"minor","affects_use":false,"reason":"误报"},"actor":{"party":"supplier"}"#,
        )
        + &fact("incident.withdraw", "I-1", "03T09:00:00", "");
    let account = account(&facts);
    let keys =
        ["responded_at", "response", "severity", "affects_use", "elapsed", "reopened", "work_logs", "state"];
    let at = "2026-03-04T00:00:00+08:00";
    let claimed = account.register("incidents", &ask(at, View::Claimed)).unwrap();
    assert_eq!(
        shown(&claimed, &keys),
        [
            ["I-2", "2026-03-02T09:40:00+08:00", "40 分", "一般", "否", "4 小时", "1", "1", "已修复"],
            ["I-1", "", "", "一般", "", "", "0", "0", "已撤回"],
        ]
    );
    assert_eq!(claimed.rows[0].entries, [1, 3, 4, 5, 6, 7, 8, 9]);
    let agreed = account.register("incidents", &ask(at, View::Agreed)).unwrap();
    assert_eq!(shown(&agreed, &["affects_use"])[0], ["I-2", "是"]);
    // Before the second repair, as known now.
    let before = account.register("incidents", &ask("2026-03-02T12:45:00+08:00", View::Agreed)).unwrap();
    assert_eq!(shown(&before, &["elapsed", "state"])[0], ["I-2", "2 小时", "已重开"]);
    // An incident that only a work log names is none.
    let json: serde_json::Value = serde_json::from_str(&claimed.to_json()).unwrap();
    assert_eq!(json["rows"][0]["cells"]["response"], 40 * 60 * 1_000_000_i64);
    assert_eq!(json["rows"][0]["cells"]["responded_at"], "2026-03-02T09:40:00+08:00");
    assert_eq!(json["columns"][0]["key"], "subject");
}

#[test]
fn a_row_is_a_fact_with_what_follows_it() {
    let submit = |subject, at, digest| {
        let body = format!(r#","body":{{"kind":"monthly-platform","covers":"2026-02","digest":"{digest}"}}"#);
        fact("report.submit", subject, at, &body)
    };
    let facts = submit("R", "02T09:00:00", "aa")
        + &fact("document.reject", "R", "02T10:00:00", r#","body":{"reason":"缺图"}"#)
        + &submit("R", "03T09:00:00", "bb")
        + &fact("report.sign", "R", "03T10:00:00", r#","body":{"signer":"采购员01","party":"buyer"}"#)
        + &fact("report.sign", "R", "03T11:00:00", r#","body":{"signer":"供应商员01","party":"supplier"}"#);
    let rows = account(&facts).register("reports", &ask("2026-03-04T00:00:00+08:00", View::Agreed)).unwrap();
    assert_eq!(
        shown(&rows, &["digest", "signers", "sign_parties", "state"]),
        [["R", "aa", "", "", "已退回"], ["R", "bb", "采购员01、供应商员01", "采购方、供应商", "已签署"]]
    );
    assert_eq!((rows.rows[0].entries.clone(), rows.rows[1].entries.clone()), (vec![1, 2], vec![3, 4, 5]));
}

#[test]
fn outages_and_windows_stand_as_corrected() {
    let facts = fact("outage.start", "O-1", "02T09:00:00", r#","body":{"system":"portal","cause":"磁盘"}"#)
        + &fact(
            "maintenance.approve",
            "M-1",
            "02T09:00:00",
            r#","body":{"start":"2026-03-05T00:00:00+08:00","end":"2026-03-05T02:00:00+08:00"}"#,
        )
        + &fact(
            "maintenance.approve",
            "M-2",
            "02T09:30:00",
            r#","body":{"start":"2026-03-02T20:00:00+08:00","end":"2026-03-02T21:00:00+08:00","systems":["portal"]}"#,
        )
        + &fact("outage.end", "O-1", "02T12:00:00", "")
        + &fact(
            "outage.amend",
            "O-1",
            "03T09:00:00",
            r#","body":{"start":"2026-03-02T08:00:00+08:00","reason":"监测记录"}"#,
        )
        + &fact(
            "outage.void",
            "O-1",
            "03T10:00:00",
            r#","body":{"reason":"误报"},"actor":{"party":"supplier"}"#,
        )
        + &fact("maintenance.cancel", "M-1", "03T10:00:00", r#","body":{"reason":"延期"}"#);
    let account = account(&facts);
    let at = "2026-03-04T00:00:00+08:00";
    let rows = |name, view| account.register(name, &ask(at, view)).unwrap();
    let keys = ["system", "start", "lasted", "counts", "state"];
    assert_eq!(
        shown(&rows("outages", View::Agreed), &keys),
        [["O-1", "portal", "2026-03-02T08:00:00+08:00", "4 小时", "是", "已结束"]]
    );
    assert_eq!(shown(&rows("outages", View::Claimed), &keys)[0][4..], ["否", "已作废"]);
    assert_eq!(
        shown(&rows("planned", View::Claimed), &["in_time", "systems", "state"]),
        [["M-1", "是", "", "已取消"], ["M-2", "否", "portal", "已结束"]]
    );
}

#[test]
fn what_is_not_there_or_not_known_is_not_listed() {
    let facts = fact("task.assign", "T-1", "02T09:00:00", r#","body":{"due":"2026-03-05"}"#)
        + &fact("task.done", "T-1", "04T09:00:00", "")
        + &fact("payment.due", "P-1", "02T09:00:00", r#","body":{"amount_fen":1200}"#)
        + &fact(
            "remedy.agree",
            "D-1",
            "02T09:00:00",
            r#","body":{"kind":"depreciate","items":[{"amount_fen":5},{"amount_fen":7}]}"#,
        )
        + &fact(
            "duty.assign",
            "S-1",
            "02T09:00:00",
            r#","body":{"person":"值班员01","role":"desk","start":"2026-03-03T00:00:00+08:00","end":"2026-03-04T00:00:00+08:00"}"#,
        );
    // The last two come in non-decreasing order of their recording.
    let mut lines: Vec<&str> = facts.lines().collect();
    let done = lines.remove(1);
    lines.push(done);
    let account = account(&lines.join("\n"));
    let rows = |name, at| account.register(name, &ask(at, View::Agreed)).unwrap();
    assert!(rows("tasks", "2026-03-01T00:00:00+08:00").rows.is_empty());
    assert_eq!(
        shown(&rows("tasks", "2026-03-03T00:00:00+08:00"), &["due", "state"]),
        [["T-1", "2026-03-05", "未完成"]]
    );
    let late = rows("tasks", "2026-03-05T00:00:00+08:00");
    assert_eq!(late.cell(&late.rows[0], "elapsed"), Some(&Cell::Duration(48 * HOUR)));
    assert_eq!(
        shown(&rows("payments", "2026-03-05T00:00:00+08:00"), &["due_fen", "state"]),
        [["P-1", "1200", "应付"]]
    );
    assert_eq!(
        shown(&rows("remedies", "2026-03-05T00:00:00+08:00"), &["items", "amount_fen"]),
        [["D-1", "2", "12"]]
    );
    assert_eq!(
        shown(&rows("duty", "2026-03-05T00:00:00+08:00"), &["person", "role"]),
        [["S-1", "值班员01", "服务台"]]
    );
}
