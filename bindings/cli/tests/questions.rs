//! `due`, `explain`, `lint`, `diff` and `register`, on real runs of the binary.

mod support;

use serde_json::{Value, json};
use support::{Place, Ran, outage};

const CONTRACT: &str = r#"format = 1
id = "portal"
title = "门户运维"
timezone = "Asia/Shanghai"
period = { start = "2026-01-01", end = "2026-12-31" }
[accounting]
assume_watched = true
[agreement]
needs = ["outage.void"]
[[clause]]
id = "long"
ref = "二.4"
text = "长故障不多于1次"
rule = "outage-count"
at_least = "1h"
max = 0
[[clause]]
id = "respond"
ref = "二.5"
text = "1小时内响应"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
within = "1h"
"#;

fn facts() -> String {
    let fact = |kind: &str, subject: &str, at: &str, rest: &str| {
        format!("{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"2026-03-{at}+08:00\"{rest}}}\n")
    };
    outage("O-1", "2026-03-02T08:00:00+08:00", "2026-03-02T10:00:00+08:00")
        + &fact(
            "outage.void",
            "O-1",
            "03T09:00:00",
            r#","body":{"reason":"误报"},"actor":{"party":"supplier","person":"工程师甲"}"#,
        )
        + &fact("incident.report", "I-1", "04T08:00:00", "")
        + &fact("incident.respond", "I-1", "04T08:20:00", r#","body":{"person":"\u001b[31m工程师乙"}"#)
        + &fact("incident.report", "I-2", "04T09:00:00", "")
}

fn place() -> Place {
    let place = Place::new();
    place.write("contract.toml", CONTRACT);
    place.write("facts.jsonl", facts());
    place
}

fn ask(place: &Place, args: &[&str]) -> Ran {
    let mut all = args.to_vec();
    all.extend(["--contract", "contract.toml", "--facts", "facts.jsonl"]);
    place.run(&all)
}

const AT: [&str; 2] = ["--as-of", "2026-03-04T09:30:00+08:00"];

#[test]
fn due_lists_writes_a_calendar_and_shows_the_roster() {
    let place = place();
    let list = ask(&place, &[&["due", "--within", "1h", "--json"], &AT[..]].concat()).ok().json();
    let cases: Vec<(&Value, &Value)> =
        list["items"].as_array().unwrap().iter().map(|i| (&i["reason"], &i["case"])).collect();
    assert_eq!(cases, [(&json!("due"), &json!("I-2")), (&json!("confirm"), &json!("3"))]);
    let text = ask(&place, &[&["due", "--within", "1h", "--lang", "zh"], &AT[..]].concat()).ok().out;
    assert!(text.contains("到期") && text.contains("采购方") && text.contains("距到期 30 分"), "{text}");
    let ran = ask(&place, &[&["due", "--ical", "due.ics"], &AT[..]].concat()).ok();
    assert_eq!(ran.out, "wrote due.ics\n");
    let written = std::fs::read_to_string(place.path().join("due.ics")).unwrap();
    assert!(
        written.starts_with("BEGIN:VCALENDAR\r\n") && written.contains("DTSTART:20260304T020000Z\r\n"),
        "{written}"
    );
    let roster = ask(&place, &[&["due", "--roster", "--json"], &AT[..]].concat()).ok().json();
    assert_eq!((&roster["shifts"], &roster["gaps"]), (&json!([]), &json!([])));
    let bad = ask(&place, &["due", "--within", "soon"]);
    assert!(bad.status == 2 && bad.err.contains("--within"), "{bad:?}");
}

#[test]
fn explain_gives_facts_arithmetic_and_a_command_that_works() {
    let place = place();
    let why = ask(&place, &[&["explain", "respond", "--lang", "zh"], &AT[..]].concat()).ok().out;
    assert!(why.contains("I-1  达标  自 2026-03-04T08:00:00+08:00 起；到期 2026-03-04T09:00:00+08:00；2026-03-04T08:20:00+08:00 完成，余 40 分"), "{why}");
    assert!(!why.contains('\u{1b}') && why.contains("工程师乙"), "{why}");
    // The command it names gives the same again.
    let command = why.lines().last().unwrap().strip_prefix("核对：opsledger ").unwrap().to_owned();
    let args: Vec<&str> = command.split(' ').chain(["--lang", "zh"]).collect();
    assert_eq!(place.run(&args).ok().out, why);
    let long = ask(&place, &[&["explain", "long", "--json"], &AT[..]].concat()).ok().json();
    assert_eq!(
        (&long["clause"]["status"], &long["left_out"][0]["why"]),
        (&json!("breached"), &json!("unconfirmed"))
    );
    let one =
        ask(&place, &[&["explain", "respond", "--case", "I-2", "--json"], &AT[..]].concat()).ok().json();
    assert_eq!(one["facts"].as_array().unwrap().len(), 1);
    let none = ask(&place, &["explain", "respnd"]);
    assert!(none.status == 4 && none.err.contains("respond"), "{none:?}");
}

#[test]
fn lint_answers_by_exit_status() {
    let place = place();
    let sound = place.run(&["lint", "contract.toml"]).ok();
    assert_eq!(
        (sound.status, sound.out.as_str()),
        (0, "contract.toml:7:1: note: limits on outages are met even when nobody watched [assume-watched]\n")
    );
    place.write("assumed.toml", CONTRACT.replace("max = 0", "max = 0\nassumed = true"));
    let warned = place.run(&["lint", "assumed.toml", "--lang", "zh"]);
    assert_eq!(warned.status, 1);
    assert!(
        warned.out.contains("assumed.toml:17:1: 警告: long: 数值未经双方约定（示例值） [assumed]"),
        "{}",
        warned.out
    );
    let again = "[[clause]]\nid = \"long2\"\nref = \"1\"\ntext = \"t\"\nrule = \"outage-count\"\nat_least = \"1h\"\nmax = 5\n";
    place.write("two.toml", format!("{CONTRACT}{again}"));
    let wrong = place.run(&["lint", "two.toml", "--json"]);
    assert_eq!((wrong.status, &wrong.json()["findings"][1]["code"]), (2, &json!("limits-contradict")));
    place.write("bad.toml", "format = 1\nid =");
    let bad = place.run(&["lint", "bad.toml"]);
    assert!(bad.status == 2 && bad.out.starts_with("bad.toml:2:"), "{bad:?}");
    // With a ledger, its record too; without a file, the contract it adopted.
    place.run(&["init", "--ledger", "l", "--contract", "contract.toml"]).ok();
    let recorded = place.run(&["lint", "--ledger", "l", "--json"]);
    let codes: Vec<Value> =
        recorded.json()["findings"].as_array().unwrap().iter().map(|f| f["code"].clone()).collect();
    assert_eq!((recorded.status, codes.iter().filter(|c| **c == json!("nothing-recorded")).count()), (1, 2));
}

#[test]
fn diff_shows_what_changed_and_why() {
    let place = place();
    let known = ["--known-at", "2026-03-02T12:00:00+08:00", "--known-at", "2026-03-04T12:00:00+08:00"];
    let claimed = ask(&place, &[&["diff", "--view", "claimed", "--json"], &known[..]].concat());
    assert_eq!(claimed.status, 1);
    let document = claimed.json();
    assert_eq!(
        (&document["clauses"][0]["clause"], &document["clauses"][0]["because"]),
        (&json!("long"), &json!([3]))
    );
    let text = ask(&place, &[&["diff", "--view", "claimed", "--lang", "zh"], &known[..]].concat()).out;
    assert!(text.contains("long  因 #3\n  状态 违约 → 达标"), "{text}");
    // Agreed, the void waits: nothing has changed.
    let agreed = ask(&place, &[&["diff"], &known[..]].concat()).ok();
    assert!(agreed.out.contains("no difference"), "{agreed:?}");
    let views = ask(&place, &["diff", "--view", "agreed", "--view", "claimed"]);
    assert!(views.status == 1 && views.out.contains("#3 outage.void O-1"), "{views:?}");
    let once = ask(&place, &["diff", "--view", "agreed"]);
    assert!(once.status == 2 && once.err.contains("twice"), "{once:?}");
}

#[test]
fn register_shows_rows_and_names_the_registers() {
    let place = place();
    let text = ask(&place, &["register", "incidents", "--lang", "zh"]).ok().out;
    assert!(text.lines().next().unwrap().contains("响应用时") && text.contains("20 分"), "{text}");
    assert!(!text.contains('\u{1b}'));
    let rows = ask(&place, &["register", "outages", "--view", "claimed", "--json"]).ok().json();
    assert_eq!(
        (&rows["rows"][0]["cells"]["state"], &rows["rows"][0]["entries"]),
        (&json!("void"), &json!([1, 2, 3]))
    );
    let none = ask(&place, &["register", "incident"]);
    assert!(none.status == 4 && none.err.contains("incidents"), "{none:?}");
}
