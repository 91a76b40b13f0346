//! What filled rows record, and what becomes of rows that changed.

use crate::support::{Desk, Filled, at, incident, now, told, wrong};
use opsledger::sheets::Change::{Corrected, Further, New, Unchanged};
use serde_json::json;

#[test]
fn an_incident_goes_on_from_import_to_import() {
    let desk = Desk::new();
    let first = Filled::new("incidents").row(1, &incident("I-1"));
    assert_eq!(desk.import(&first.bytes()), [New]);
    let sheet = || {
        let row = [("responded", "2026-03-02 08:25"), ("responder", "工程师甲"), ("arrangement", "远程")];
        Filled::new("incidents").row(1, &incident("I-1")).row(1, &row)
    };
    assert_eq!(desk.import(&sheet().bytes()), [Further]);
    assert_eq!(desk.import(&sheet().bytes()), [Unchanged]);
    let body = json!({ "severity": "major", "affects_use": true });
    assert_eq!(
        desk.facts(),
        [
            ("incident.report".to_owned(), "I-1".to_owned(), body),
            (
                "incident.respond".to_owned(),
                "I-1".to_owned(),
                json!({ "person": "工程师甲", "arrangement": "远程" })
            ),
        ]
    );
    let entry = &desk.entries()[1];
    assert_eq!((entry.fact.at, entry.recorded_at), (at("2026-03-02 08:25"), now() + 1));
    assert_eq!(entry.fact.text("stated_zone"), Some("Asia/Shanghai"));
    assert_eq!(entry.fact.key.as_deref(), Some("sheet:incidents:I-1:incident.respond"));
    let actor = entry.fact.actor.as_ref().unwrap();
    assert_eq!((actor.person.as_deref(), actor.party.as_deref()), (Some("测试员01"), Some("supplier")));
}

#[test]
fn a_lower_severity_needs_a_reason_and_is_a_further_fact() {
    let desk = Desk::new();
    desk.import(&Filled::new("incidents").row(1, &incident("I-1")).bytes());
    let lower = || Filled::new("incidents").row(1, &incident("I-1")).row(1, &[("severity", "一般")]);
    let preview = desk.preview(&lower().bytes());
    let (place, text) = told(&preview).remove(0);
    assert_eq!(place, "事件!V2");
    assert!(text.contains("级别 严重 → 一般") && text.contains("请在此格写明原因"), "{text}");
    assert!(preview.record(&desk.ledger, now()).is_err());
    let sheet = || lower().row(1, &[("reason", "误登记")]);
    assert_eq!(desk.import(&sheet().bytes()), [Corrected]);
    assert_eq!(desk.import(&sheet().bytes()), [Unchanged]);
    let amend = desk.facts().pop().unwrap();
    assert_eq!(amend.0, "incident.amend");
    assert_eq!(amend.2, json!({ "severity": "minor", "reason": "误登记" }));
    // And back again, and once more: each is a correction of its own.
    let back = || Filled::new("incidents").row(1, &incident("I-1")).row(1, &[("reason", "复核")]);
    for (sheet, n) in [(back().bytes(), 3), (sheet().bytes(), 4)] {
        assert_eq!(desk.import(&sheet), [Corrected]);
        assert_eq!(desk.entries().len(), n);
    }
}

#[test]
fn a_recorded_time_is_not_rewritten() {
    let desk = Desk::new();
    desk.import(&Filled::new("incidents").row(1, &incident("I-1")).bytes());
    let moved = Filled::new("incidents").row(1, &incident("I-1")).row(1, &[("reported", "2026-03-02 08:11")]);
    let preview = desk.preview(&moved.bytes());
    let (place, text) = told(&preview).remove(0);
    assert_eq!((place.as_str(), preview.wrong()[0].1.code().info().name), ("事件!B2", "recorded-otherwise"));
    assert!(text.contains("#1 2026-03-02 08:10 → 2026-03-02 08:11") && text.contains("新编号"), "{text}");
}

#[test]
fn an_outage_is_amended_and_voided() {
    let desk = Desk::new();
    let row =
        [("code", "O-1"), ("system", "门户"), ("start", "2026-03-02 08:00"), ("end", "2026-03-02 10:00")];
    desk.import(&Filled::new("outages").row(1, &row).bytes());
    let sheet =
        Filled::new("outages").row(1, &row).row(1, &[("end", "2026-03-02 09:00"), ("reason", "监测记录")]);
    assert_eq!(desk.import(&sheet.bytes()), [Corrected]);
    let amend = desk.facts().pop().unwrap();
    assert_eq!(amend.2, json!({ "end": "2026-03-02T01:00:00.000000Z", "reason": "监测记录" }));
    let row = [row[0], row[1], row[2], ("end", "2026-03-02 09:00")];
    let void =
        Filled::new("outages").row(1, &row).row(1, &[("voided", "2026-03-03 09:00"), ("reason", "误报")]);
    assert_eq!(desk.import(&void.bytes()), [Further]);
    assert_eq!(desk.facts().pop().unwrap().0, "outage.void");
    // What is void is not amended: the record itself says so, and the cell is named.
    let late =
        Filled::new("outages").row(1, &row).row(1, &[("end", "2026-03-02 09:30"), ("reason", "再更正")]);
    assert_eq!(wrong(&desk.preview(&late.bytes())), [("故障!D2".to_owned(), "already-void".to_owned())]);
}

#[test]
fn a_coming_shift_is_cancelled_and_assigned_anew() {
    let desk = Desk::new();
    let shift = |end: &'static str| {
        [("person", "工程师甲"), ("role", "值班"), ("start", "2026-05-01 08:00"), ("end", end)]
    };
    assert_eq!(desk.import(&Filled::new("roster").row(1, &shift("2026-05-01 24:00")).bytes()), [New]);
    let longer = || Filled::new("roster").row(1, &shift("2026-05-02 08:00"));
    assert_eq!(
        wrong(&desk.preview(&longer().bytes())),
        [("排班!H2".to_owned(), "recorded-otherwise".to_owned())]
    );
    let sheet = || longer().row(1, &[("reason", "换班")]).bytes();
    assert_eq!(desk.import(&sheet()), [Corrected]);
    assert_eq!(desk.import(&sheet()), [Unchanged]);
    let kinds: Vec<_> = desk.facts().into_iter().map(|(kind, subject, _)| (kind, subject)).collect();
    let own = "20260501-0800/duty/工程师甲";
    let expected = [
        ("duty.assign", own.to_owned()),
        ("duty.cancel", own.to_owned()),
        ("duty.assign", format!("{own}~2")),
    ];
    assert_eq!(kinds, expected.map(|(kind, subject)| (kind.to_owned(), subject)));
    // Once more changed: the third assignment.
    let again = Filled::new("roster").row(1, &shift("2026-05-02 09:00")).row(1, &[("reason", "再换")]);
    assert_eq!(desk.import(&again.bytes()), [Corrected]);
    assert_eq!(desk.facts().pop().unwrap().1, format!("{own}~3"));
    // What is over stays.
    let over = Filled::new("roster").row(1, &shift("2026-05-02 10:00")).row(1, &[("reason", "补")]);
    let preview = desk.preview_at(&over.bytes(), at("2026-05-03 08:00"));
    assert_eq!(wrong(&preview), [("排班!E2".to_owned(), "recorded-otherwise".to_owned())]);
    assert!(told(&preview)[0].1.contains("班次已结束"));
}

#[test]
fn a_roster_is_decided_when_it_is_read_or_when_it_begins() {
    let desk = Desk::new();
    let sheet = Filled::new("roster")
        .row(
            1,
            &[("person", "甲"), ("role", "值班"), ("start", "2026-05-01 08:00"), ("end", "2026-05-01 20:00")],
        )
        .row(
            2,
            &[("person", "乙"), ("role", "值班"), ("start", "2026-03-01 08:00"), ("end", "2026-03-01 20:00")],
        );
    desk.import(&sheet.bytes());
    let ats: Vec<_> = desk.entries().iter().map(|e| e.fact.at).collect();
    assert_eq!(ats, [now(), at("2026-03-01 08:00")]);
}

#[test]
fn a_window_is_approved_before_it_begins_or_not_at_all() {
    let desk = Desk::new();
    let row = [
        ("code", "P-1"),
        ("approved", "2026-04-01 10:00"),
        ("approver", "采购方甲"),
        ("start", "2026-04-10 22:00"),
        ("end", "2026-04-11 02:00"),
        ("systems", "门户；报名、 统计"),
    ];
    assert_eq!(desk.import(&Filled::new("planned").row(1, &row).bytes()), [New]);
    assert_eq!(desk.facts()[0].2["systems"], json!(["门户", "报名", "统计"]));
    let moved = Filled::new("planned").row(1, &row).row(1, &[("end", "2026-04-11 03:00")]);
    let preview = desk.preview(&moved.bytes());
    assert_eq!(wrong(&preview), [("计划停机!E2".to_owned(), "recorded-otherwise".to_owned())]);
    assert!(told(&preview)[0].1.contains("取消时间"));
    // Approved tomorrow: the record refuses it, at the cell of the approval.
    let ahead =
        Filled::new("planned").row(1, &row).row(1, &[("code", "P-2"), ("approved", "2026-04-03 10:00")]);
    assert_eq!(
        wrong(&desk.preview(&ahead.bytes())),
        [("计划停机!B2".to_owned(), "at-after-recorded".to_owned())]
    );
    // An end before its start.
    let back = Filled::new("planned").row(1, &row).row(1, &[("code", "P-2"), ("end", "2026-04-10 21:00")]);
    assert_eq!(
        wrong(&desk.preview(&back.bytes())),
        [("计划停机!E2".to_owned(), "end-before-start".to_owned())]
    );
}

#[test]
fn steps_want_their_time_their_fields_and_their_order() {
    let desk = Desk::new();
    for (cells, cell, code) in [
        (vec![("responder", "甲")], "J2", "missing-field"),
        (vec![("responded", "2026-03-02 08:25"), ("responder", "甲")], "L2", "missing-field"),
        (vec![("repaired", "2026-03-02 08:09")], "S2", "end-before-start"),
        (vec![("withdrawn", "2026-03-02 09:00")], "V2", "missing-field"),
    ] {
        let sheet = Filled::new("incidents").row(1, &incident("I-1")).row(1, &cells);
        assert_eq!(wrong(&desk.preview(&sheet.bytes())), [(format!("事件!{cell}"), code.to_owned())]);
    }
    // In the same minute is in order.
    let sheet = Filled::new("incidents").row(1, &incident("I-1")).row(1, &[("repaired", "2026-03-02 08:10")]);
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), []);
    let sheet = Filled::new("incidents").row(1, &[("code", "I-1")]);
    let cells = ["B2", "C2", "D2"].map(|cell| (format!("事件!{cell}"), "missing-field".to_owned()));
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), cells);
}

#[test]
fn what_was_recorded_in_another_way_is_recognised() {
    let desk = Desk::new();
    let fact = |kind: &str, at: &str, body: &str| {
        format!(r#"{{"kind":"{kind}","subject":"I-1","at":"{at}","body":{body}}}"#)
    };
    let body = r#"{"severity":"major","affects_use":true,"channel":"phone"}"#;
    desk.append(&fact("incident.report", "2026-03-02T00:10:00Z", body), now());
    desk.append(&fact("incident.respond", "2026-03-02T00:12:00Z", r#"{"auto":true}"#), now());
    let body = r#"{"person":"甲","arrangement":"远程"}"#;
    desk.append(&fact("incident.respond", "2026-03-02T00:20:00Z", body), now());
    let row = [("responded", "2026-03-02 08:20"), ("responder", "甲"), ("arrangement", "远程")];
    assert_eq!(
        desk.import(&Filled::new("incidents").row(1, &incident("I-1")).row(1, &row).bytes()),
        [Unchanged]
    );
}

#[test]
fn a_number_that_looks_like_a_second_assignment_is_its_own() {
    let desk = Desk::new();
    desk.import(&Filled::new("incidents").row(1, &incident("I-1~2")).bytes());
    let other = Filled::new("incidents").row(1, &incident("I-1")).row(1, &[("severity", "一般")]);
    assert_eq!(desk.import(&other.bytes()), [New]);
}

#[test]
fn a_party_that_is_none_is_refused() {
    let desk = Desk::new();
    let bytes = Filled::new("incidents").row(1, &incident("I-1")).bytes();
    let who = opsledger::sheets::Who { person: None, party: Some("suplier".to_owned()) };
    let e = opsledger::sheets::preview(&bytes, &desk.contract, &desk.ledger, &who, now()).unwrap_err();
    assert_eq!(e.code().info().name, "unknown-word");
}

#[test]
fn all_rows_or_none() {
    let desk = Desk::new();
    let sheet = Filled::new("incidents")
        .row(1, &incident("I-1"))
        .row(2, &incident("I-2"))
        .row(2, &[("severity", "很严重")]);
    let preview = desk.preview(&sheet.bytes());
    assert_eq!(preview.record(&desk.ledger, now()).unwrap_err().code().info().name, "bad-cell");
    assert_eq!(desk.entries().len(), 0);
}

#[test]
fn a_number_names_one_row() {
    let desk = Desk::new();
    let sheet = Filled::new("incidents").row(1, &incident("I-1")).row(3, &incident("Ｉ-１")).bytes();
    assert_eq!(wrong(&desk.preview(&sheet)), [("事件!A4".to_owned(), "bad-cell".to_owned())]);
    assert!(told(&desk.preview(&sheet))[0].1.contains("事件!A2"));
}

#[test]
fn text_added_later_is_said_not_to_be_recorded() {
    let desk = Desk::new();
    let row = [("code", "R-1"), ("opened", "2026-03-02 08:10"), ("type", "咨询")];
    desk.import(&Filled::new("requests").row(1, &row).bytes());
    let more = Filled::new("requests").row(1, &row).row(1, &[("summary", "如何登录")]);
    let preview = desk.preview(&more.bytes());
    assert_eq!((wrong(&preview), preview.rows[0].change), (vec![], Unchanged));
    let remarks = preview.remarks(opsledger::Lang::Zh);
    assert!(remarks[0].0 == "请求!F2" && remarks[0].1.contains("不会入账"), "{remarks:?}");
}

#[test]
fn two_thousand_rows_are_one_batch() {
    let desk = Desk::new();
    let mut sheet = Filled::new("work");
    for row in 1..=2_000 {
        let code = format!("W-{row}");
        let minute = format!("2026-03-{:02} {:02}:{:02}", 1 + row / 100, row % 24, row % 60);
        let cells = [
            ("code", code.as_str()),
            ("at", &minute),
            ("action", "优化"),
            ("person", "工程师甲"),
            ("minutes", "5"),
        ];
        sheet = sheet.row(row, &cells);
    }
    let bytes = sheet.bytes();
    assert_eq!(desk.import(&bytes).len(), 2_000);
    assert!(desk.import(&bytes).iter().all(|change| *change == Unchanged));
    let first = desk.entries()[0].recorded_at;
    assert!(desk.ledger.entries(1, 5_000).unwrap().iter().all(|e| e.recorded_at == first));
}
