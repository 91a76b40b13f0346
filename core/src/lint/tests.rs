use super::*;
use crate::account::Account;
use crate::assess::Ask;
use std::sync::Arc;

const HEAD: &str = r#"format = 1
id = "t"
title = "检查"
timezone = "Asia/Shanghai"
holidays = "CN"
period = { start = "2026-01-01", end = "2026-12-31" }
"#;

fn clause(id: &str, rest: &str) -> String {
    format!("[[clause]]\nid = \"{id}\"\nref = \"1\"\ntext = \"承诺\"\n{rest}\n")
}

fn of(body: &str) -> Vec<(Level, &'static str, Option<String>, u32)> {
    let lint = bytes(Some("c.toml"), format!("{HEAD}{body}").as_bytes());
    lint.findings
        .into_iter()
        .filter(|f| f.code != "nothing-to-confirm")
        .map(|f| (f.level, f.code, f.clause, f.line))
        .collect()
}

const LONG: &str = "rule = \"outage-count\"\nat_least = \"1h\"\nmax = 2";
const REPAIR: &str =
    "rule = \"deadline\"\nfrom = \"incident.report\"\nto = \"incident.repair\"\nwithin = \"4h\"";

#[test]
fn a_sound_contract_has_nothing_to_say() {
    assert_eq!(of(&(clause("long", LONG) + &clause("repair", REPAIR))), []);
    let lint = bytes(None, format!("{HEAD}{}", clause("long", LONG)).as_bytes());
    assert_eq!(lint.worst(), Some(Level::Note));
    assert!(
        lint.text(Lang::Zh).starts_with("contract:1:1: 提示: 没有事实须经对方确认"),
        "{}",
        lint.text(Lang::Zh)
    );
}

#[test]
fn limits_that_contradict_are_errors_at_their_line() {
    let found = of(&(clause("long", LONG) + &clause("long2", &LONG.replace('2', "3"))));
    assert_eq!(found, [(Level::Error, "limits-contradict", Some("long2".to_owned()), 20)]);
    let twice = of(&(clause("a", REPAIR) + &clause("b", REPAIR)));
    assert_eq!((twice[0].0, twice[0].1), (Level::Warning, "said-twice"));
    let other = REPAIR.replace("4h", "5h");
    assert_eq!(of(&(clause("a", REPAIR) + &clause("b", &other)))[0].1, "limits-contradict");
    // Another year, another limit: nothing contradicts.
    let holds = |year| format!("holds = {{ from = \"2026-0{year}-01\", until = \"2026-0{year}-28\" }}\n");
    let apart = clause("a", &(holds(1) + REPAIR)) + &clause("b", &(holds(2) + &other));
    assert_eq!(of(&apart), []);
}

#[test]
fn each_warning_comes_from_what_it_names() {
    let codes = |body: &str| -> Vec<&'static str> { of(body).into_iter().map(|f| f.1).collect() };
    let respond = REPAIR.replace("repair", "respond");
    let streak = "rule = \"streak\"\nof = \"repair\"\nlength = 3\nonly_if = \"affects_use\"";
    let cases = [
        (clause("a", &format!("assumed = true\n{LONG}")), vec!["assumed"]),
        (format!("[[clause]]\nid = \"a\"\n{LONG}\n"), vec!["no-ref", "no-text"]),
        (
            clause("a", LONG) + &clause("b", "rule = \"outage-count\"\nbelow = \"2h\"\nmax = 5"),
            vec!["classes-do-not-meet"],
        ),
        (clause("repair", REPAIR) + &clause("s", streak), vec!["affects-use-not-counted"]),
        (
            clause("repair", REPAIR)
                + &clause("s", &format!("{streak}\nexcluded_attributions = [\"buyer\", \"force-majeure\"]")),
            vec![],
        ),
        (
            clause("repair", &format!("assumed = true\n{REPAIR}"))
                + &clause("s", "rule = \"streak\"\nof = \"repair\"\nlength = 3"),
            vec!["assumed", "assumed-source"],
        ),
        (clause("a", &respond.replace("4h", "5h")) + &clause("b", REPAIR), vec!["steps-out-of-order"]),
        (clause("a", &format!("{respond}\nneeds = [\"persn\"]")), vec!["unknown-field"]),
        (
            format!(
                "[[calendar]]\nid = \"office\"\nopen = {{ mon = [\"09:00-17:00\"] }}\n{}",
                clause("a", LONG)
            ),
            vec!["unused-calendar"],
        ),
        (
            format!(
                "[agreement]\nneeds = [\"exclusion.approve\", \"finding.transfer\", \"late-pause\"]\n{}",
                clause("a", LONG)
            ),
            vec!["needs-unread", "needs-unread"],
        ),
        (format!("[[fault]]\nid = \"disk\"\n{}", clause("a", LONG)), vec!["faults-not-covered"]),
        (clause("a", REPAIR).replace("承诺", "工作时间内修复"), vec!["hours-contradict"]),
        (clause("a", "rule = \"transfer\""), vec!["rule-not-built"]),
        (
            "[[backup]]\nid = \"db\"\ndrill_every = \"3 months\"\n".to_owned()
                + &clause("a", "rule = \"backup\"\nset = \"db\""),
            vec!["drill-without-rto"],
        ),
        (
            "[[backup]]\nid = \"db\"\nrpo = \"36h\"\nrto = \"4h\"\nretention = \"1d\"\n".to_owned()
                + &clause("a", "rule = \"backup\"\nset = \"db\""),
            vec!["retention-below-rpo", "rto-not-drilled"],
        ),
        (
            clause("a", LONG)
                + &clause(
                    "s",
                    "rule = \"score\"\nbase = 100\nmin = 101\nlines = [{ clause = \"a\", each = 2 }]",
                ),
            vec!["min-above-base"],
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(codes(&body), expected, "{body}");
    }
}

#[test]
fn a_calendar_is_found_by_its_id() {
    let calendar = |id: &str| format!("[[calendar]]\nid = \"{id}\"\nopen = {{ mon = [\"09:00-17:00\"] }}\n");
    let found = of(&(calendar("z") + &calendar("a") + &clause("c", &format!("calendar = \"z\"\n{LONG}"))));
    assert_eq!(found, [(Level::Warning, "unused-calendar", None, 10)]);
}

#[test]
fn years_without_a_schedule_are_named() {
    let head = HEAD.replace("2026-12-31", "2031-12-31");
    let body = "[[calendar]]\nid = \"w\"\nopen = { workday = [\"09:00-17:00\"] }\nholidays = \"CN\"\n"
        .to_owned()
        + &clause("a", &format!("calendar = \"w\"\n{REPAIR}"));
    let lint = bytes(None, format!("{head}{body}").as_bytes());
    let found: Vec<&Finding> = lint.findings.iter().filter(|f| f.code == "no-schedule").collect();
    assert!(found.iter().any(|f| f.text.text_zh.contains("2031")) && found[0].line == 6, "{found:?}");
}

#[test]
fn what_cannot_be_read_is_the_one_error() {
    let lint = bytes(Some("c.toml"), format!("{HEAD}{}", clause("a", "rule = \"downtme\"")).as_bytes());
    assert_eq!((lint.worst(), lint.findings.len()), (Some(Level::Error), 1));
    let text = lint.text(Lang::En);
    assert!(text.starts_with("c.toml:11:") && text.contains("did you mean \"downtime\"?"), "{text}");
}

#[test]
fn the_record_shows_what_the_text_cannot() {
    let contract = format!("{HEAD}{}{}", clause("long", LONG), clause("repair", REPAIR));
    let account = Account::new(Arc::new(Contract::parse(&contract).unwrap()));
    let fact = |kind: &str, subject: &str, body: &str| {
        format!(
            "{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"2026-03-02T00:00:00+08:00\",\"body\":{body}}}\n"
        )
    };
    let facts = fact("outage.start", "O-1", r#"{"system":"portal","attribution":"buyer","cause":"断电"}"#)
        + &fact("incident.report", "I-1", r#"{"affects_use":true,"outage":"O-1"}"#)
        + &fact("incident.report", "I-2", r#"{"affects_use":false,"outage":"O-1"}"#)
        + &fact("incident.report", "I-3", r#"{"affects_use":true,"outage":"O-9"}"#);
    let codes = |account: &Account| -> Vec<(&'static str, Vec<u64>)> {
        let lint = account.lint(&Ask::default(), None).unwrap();
        lint.findings.into_iter().filter(|f| f.level > Level::Note).map(|f| (f.code, f.entries)).collect()
    };
    account.add(&facts).unwrap();
    assert_eq!(codes(&account), [("affects-use-not-counted", vec![2]), ("affects-use-not-counted", vec![4])]);
    let empty = Account::new(Arc::new(Contract::parse(&contract).unwrap()));
    assert_eq!(codes(&empty), [("nothing-recorded", vec![]), ("nothing-recorded", vec![])]);
}
