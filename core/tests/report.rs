//! The HTML page from hand-made assessments: what it must carry, and that no name can break out of it. (The page of a
//! whole contract year, opened in a browser, is the business of tests/page.)

use opsledger::assess::{
    Assessment, ClauseVerdict, Episode, Excluded, Fault, Figure, HeadRef, OutageForecast, OutageRow, Outages,
    Stamp, Status, View,
};
use opsledger::calendar::Zone;
use opsledger::contract::Contract;
use opsledger::error::Lang;
use opsledger::facts::{Entry, Fact};
use opsledger::report::{Options, Section, html};
use opsledger::rules::{Detail, deadline, streak};
use opsledger::time::{HOUR, Instant, MINUTE, SECOND, parse_instant};

/// Breaks out of text, of a double- and of a single-quoted attribute, of style, of SVG.
const HOSTILE: &str = r#"</style></svg><script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;"#;

fn zone() -> Zone {
    Zone::parse("Asia/Shanghai").unwrap()
}

fn at(text: &str) -> Instant {
    parse_instant(&format!("{text}+08:00")).unwrap()
}

fn stamp(text: &str) -> Stamp {
    Stamp { at: at(text), zone: zone() }
}

fn contract(id: &str, text: &str) -> Contract {
    let toml = format!(
        r#"format = 1
id = {id}
title = {text}
timezone = "Asia/Shanghai"
period = {{ start = "2026-01-01", end = "2026-12-31" }}
[[clause]]
id = "long"
ref = "二.4.(3)①"
text = {text}
rule = "outage-count"
at_least = "1h"
max = 2
[[clause]]
id = "downtime"
rule = "downtime"
max = "10h"
[[clause]]
id = "repair"
rule = "deadline"
from = "incident.report"
to = "incident.repair"
within = "4h"
assumed = true
[[clause]]
id = "right"
rule = "streak"
of = "repair"
length = 3
"#,
        id = serde_json::to_string(id).unwrap(),
        text = serde_json::to_string(text).unwrap(),
    );
    Contract::parse(&toml).unwrap()
}

fn verdict(
    id: &str,
    rule: &'static str,
    status: Status,
    figures: Option<(i64, i64)>,
    unit: &'static str,
) -> ClauseVerdict {
    ClauseVerdict {
        id: id.to_owned(),
        reference: None,
        rule,
        status,
        value: figures.map(|(value, _)| Figure::Integer(value)),
        limit: figures.map(|(_, limit)| Figure::Integer(limit)),
        margin: figures.map(|(value, limit)| Figure::Integer(limit - value)),
        unit: Some(unit),
        breaches: 0,
        breached_at: None,
        forecast_breach_at: None,
        assumed: false,
        text_zh: format!("{id}：结论"),
        text_en: format!("{id}: verdict"),
        evidence: vec![2, 3, 4, 9],
        detail: None,
    }
}

fn outage(subject: &str, system: &str, start: &str, end: Option<&str>, counted: bool) -> OutageRow {
    OutageRow {
        subject: subject.to_owned(),
        system: system.to_owned(),
        start: at(start),
        end: end.map(at),
        impact: "down".to_owned(),
        attribution: if counted { "supplier" } else { "buyer" }.to_owned(),
        cause: Some(format!("cause of {subject}")),
        counted,
        entry: 3,
    }
}

fn episode(start: &str, end: &str, downtime_us: i64, class: &'static str, outages: &[&str]) -> Episode {
    Episode {
        start: stamp(start),
        end: stamp(end),
        downtime_us,
        class,
        open: class == "pending",
        counted: class == "long" || class == "short",
        outages: outages.iter().map(|s| (*s).to_owned()).collect(),
        evidence: vec![3, 4],
    }
}

/// A year with one outage that began before it, a long one of two systems, one that is still open, one excluded.
fn rows(name: &str) -> Vec<OutageRow> {
    vec![
        outage("O-0", "portal", "2025-12-31T23:30:00", Some("2026-01-01T00:10:00"), true),
        outage(name, "portal", "2026-03-02T08:00:00", Some("2026-03-02T10:00:00"), true),
        outage("O-2", "search", "2026-03-02T09:00:00", Some("2026-03-02T11:00:00"), true),
        outage("O-3", "portal", "2026-03-05T01:00:00", Some("2026-03-05T02:00:00"), false),
        outage("O-4", name, "2026-03-09T12:00:00", None, true),
    ]
}

fn assessment(name: &str) -> Assessment {
    let mut downtime = verdict("downtime", "downtime", Status::AtRisk, Some((4 * HOUR, 10 * HOUR)), "us");
    downtime.forecast_breach_at = Some(stamp("2026-03-09T18:50:00"));
    let mut repair = verdict("repair", "deadline", Status::Breached, None, "count");
    let case = |subject: &str, status, due: &str, settled: Option<&str>| deadline::Case {
        subject: subject.to_owned(),
        status,
        due: Some(stamp(due)),
        settled_at: settled.map(stamp),
        breached_at: (status == Status::Breached).then(|| stamp(due)),
        remaining_us: (status == Status::Running).then_some(90 * MINUTE),
    };
    repair.assumed = true;
    repair.breaches = 2;
    repair.breached_at = Some(stamp("2026-03-02T12:05:00"));
    repair.detail = Some(Detail::Deadline(deadline::Detail {
        cases: vec![
            case(name, Status::Breached, "2026-03-02T12:05:00", Some("2026-03-02T12:30:00")),
            case("I-2", Status::Breached, "2026-03-05T06:00:00", None),
            case("I-3", Status::Met, "2026-03-06T06:00:00", Some("2026-03-06T05:00:00")),
            case("I-4", Status::Running, "2026-03-09T14:30:00", None),
        ],
    }));
    let mut right = verdict("right", "streak", Status::AtRisk, Some((2, 3)), "count");
    let element = |subject: &str, time: &str, run| streak::Element {
        subject: subject.to_owned(),
        at: stamp(time),
        late: run > 0,
        run,
    };
    right.detail = Some(Detail::Streak(streak::Detail {
        elements: vec![
            element("I-0", "2026-02-02T12:05:00", 0),
            element(name, "2026-03-02T12:05:00", 1),
            element("I-2", "2026-03-05T06:00:00", 2),
        ],
        effect: Some(format!("right of {name}")),
    }));
    let text = |prefix: &str| format!("{prefix} {name}");
    Assessment {
        format: 1,
        contract: name.to_owned(),
        contract_sm3: "c".repeat(64),
        holidays: Vec::new(),
        view: View::Agreed,
        as_of: stamp("2026-03-09T12:50:00"),
        known_at: stamp("2026-03-10T00:00:00.000001"),
        head: Some(HeadRef { seq: 42, sm3: "a".repeat(64) }),
        status: Status::Breached,
        clauses: vec![
            verdict("long", "outage-count", Status::Met, Some((1, 2)), "count"),
            downtime,
            repair,
            right,
        ],
        outages: Outages {
            episodes: vec![
                episode("2025-12-31T23:30:00", "2026-01-01T00:10:00", 40 * MINUTE, "short", &["O-0"]),
                episode("2026-03-02T08:00:00", "2026-03-02T11:00:00", 3 * HOUR, "long", &[name, "O-2"]),
                episode("2026-03-09T12:00:00", "2026-03-09T12:50:00", 50 * MINUTE, "pending", &["O-4"]),
            ],
            long: 1,
            short: 0,
            pending: 1,
            downtime_us: 4 * HOUR,
            planned_us: 0,
            unknown_us: SECOND,
            availability_elapsed: Some("0.997549315".to_owned()),
            availability_eligible: None,
            excluded: vec![Excluded {
                subject: "O-3".to_owned(),
                start: stamp("2026-03-05T01:00:00"),
                end: Some(stamp("2026-03-05T02:00:00")),
                cause: Some(text("cause")),
                entry: 7,
            }],
            forecast: OutageForecast::default(),
        },
        remedies: Vec::new(),
        late: vec![9],
        unconfirmed: vec![7],
        disputed: vec![8],
        waived: vec![],
        faults: vec![Fault {
            seq: None,
            code: "pause-while-stopped",
            subject: name.to_owned(),
            text_zh: text("问题"),
            text_en: text("fault"),
        }],
    }
}

fn entries(name: &str) -> Vec<Entry> {
    let fact = serde_json::json!({
        "kind": "outage.amend", "subject": name, "at": "2026-03-06T00:00:00+08:00",
        "actor": {"party": "supplier", "person": name}, "body": {"attribution": "buyer", "reason": name},
    });
    vec![Entry {
        seq: 7,
        recorded_at: at("2026-03-06T00:00:00"),
        fact: Fact::parse(&fact.to_string()).unwrap(),
    }]
}

fn page(name: &str, lang: Lang) -> String {
    let (a, entries) = (assessment(name), entries(name));
    let other = Assessment { view: View::Claimed, ..a.clone() };
    let mut other = other;
    other.clauses[0].status = Status::Breached;
    let section = Section {
        title: name.to_owned(),
        note: name.to_owned(),
        head: vec![name.to_owned(), "b".to_owned()],
        rows: vec![vec![name.to_owned(), "2".to_owned()]],
    };
    let options = Options {
        lang,
        other: Some(&other),
        entries: &entries,
        sections: &[section],
        ledger: Some(name),
        contract_file: Some(name),
    };
    html(&a, &contract(name, name), &rows(name), &options).unwrap()
}

/// The value of `attribute` in each element that starts with `start`.
fn attributes(page: &str, start: &str, attribute: &str) -> Vec<String> {
    let needle = format!(" {attribute}=\"");
    page.split(start)
        .skip(1)
        .map(|rest| {
            let tag = rest.split('>').next().unwrap();
            let value = tag.split_once(&needle).unwrap_or_else(|| panic!("{attribute} in {tag}")).1;
            value.split('"').next().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn each_clause_carries_its_figures_as_in_the_document() {
    let page = page("O-1", Lang::Zh);
    let json: serde_json::Value = serde_json::from_str(&assessment("O-1").to_json()).unwrap();
    let clauses = json["clauses"].as_array().unwrap();
    let of = |name| attributes(&page, "<article class=\"clause", name);
    assert_eq!(of("data-clause"), clauses.iter().map(|c| c["id"].as_str().unwrap()).collect::<Vec<_>>());
    assert_eq!(of("data-status"), clauses.iter().map(|c| c["status"].as_str().unwrap()).collect::<Vec<_>>());
    let values: Vec<String> = clauses
        .iter()
        .map(|c| if c["value"].is_null() { String::new() } else { c["value"].to_string() })
        .collect();
    assert_eq!(of("data-value"), values);
    for (name, key) in
        [("data-contract-sm3", "contract_sm3"), ("data-as-of", "as_of"), ("data-known-at", "known_at")]
    {
        assert_eq!(attributes(&page, "<body", name), [json[key].as_str().unwrap()]);
    }
    assert_eq!(attributes(&page, "<body", "data-head-seq"), ["42"]);
}

#[test]
fn one_bar_an_outage() {
    let page = page("O-1", Lang::Zh);
    assert_eq!(
        attributes(&page, "<rect class=\"outage", "data-subject"),
        ["O-0", "O-1", "O-2", "O-3", "O-4"]
    );
    assert!(page.contains("<rect class=\"outage excluded\" data-subject=\"O-3\""));
    assert!(page.contains("<rect class=\"outage pending\" data-subject=\"O-4\""));
}

#[test]
fn the_burn_down_ends_at_the_exact_total() {
    let page = page("O-1", Lang::Zh);
    let period = page.split("data-burn=\"period\"").nth(1).unwrap().split("</svg>").next().unwrap();
    let totals = attributes(period, "<circle class=\"point\"", "data-total-us");
    // The outage of the year before leaves its ten minutes of this one.
    let expected: Vec<String> =
        [0, 0, 10 * MINUTE, 10 * MINUTE, 190 * MINUTE, 190 * MINUTE, 4 * HOUR, 4 * HOUR]
            .iter()
            .map(ToString::to_string)
            .collect();
    assert_eq!(totals, expected);
    let ats = attributes(period, "<circle class=\"point\"", "data-at");
    assert_eq!(ats[1], "2026-01-01T00:00:00+08:00");
    assert_eq!(ats[4], "2026-03-02T11:00:00+08:00");
    assert!(period.contains("class=\"forecast\""));
}

#[test]
fn says_what_an_auditor_asks() {
    let page = page("O-1", Lang::Zh);
    for text in [
        "违约",
        "未约定，示例值",
        "全部主张口径",
        "晚 25 分",
        "已超期",
        "余 1 小时 30 分",
        "连续 2 次",
        "right of O-1",
        "#2–4、#9",
        "14,400,000,000 µs",
        "4 小时",
        "余 6 小时",
        "更正故障",
        "供应商 O-1",
        "尚未以签名核验",
        "恰好 1 小时 的故障计为长时间故障",
        "opsledger assess --ledger O-1 --head 42 --as-of 2026-03-09T12:50:00+08:00 --known-at 2026-03-10T00:00:00.000001+08:00 --view agreed --json",
        "openssl dgst -sm3 O-1",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn english_has_no_chinese_of_its_own() {
    let page = page("O-1", Lang::En);
    let own: String = page
        .split("</style>")
        .nth(1)
        .unwrap()
        .chars()
        .filter(|c| ('\u{3000}'..='\u{9fff}').contains(c) || ('\u{ff00}'..='\u{ffef}').contains(c))
        .collect();
    assert_eq!(own, "");
    assert!(page.contains("<html lang=\"en\">") && page.contains("25 min late"));
}

#[test]
fn no_name_breaks_out() {
    for lang in [Lang::Zh, Lang::En] {
        let (plain, hostile) = (page("name", lang), page(HOSTILE, lang));
        for needle in ["<script", "<img", "onerror=alert(2)>", "'>", "</style></svg>"] {
            assert!(!hostile.contains(needle), "{needle}");
        }
        // Whatever the names say, the page has the same elements.
        assert_eq!(hostile.matches('<').count(), plain.matches('<').count());
        assert_eq!(hostile.matches('>').count(), plain.matches('>').count());
        assert_eq!(hostile.matches('"').count(), plain.matches('"').count());
    }
}

#[test]
fn loads_nothing() {
    let page = page("O-1", Lang::Zh);
    assert!(
        page.contains("Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"")
    );
    for needle in ["http:", "https:", "src=", "href=", "@import", "url(", "<script", "<link"] {
        assert!(!page.contains(needle), "{needle}");
    }
}

#[test]
fn an_empty_year_has_a_page() {
    let mut a = assessment("O-1");
    a.head = None;
    a.clauses.truncate(1);
    a.outages.episodes.clear();
    a.outages.excluded.clear();
    a.outages.downtime_us = 0;
    let page = html(&a, &contract("c", "t"), &[], &Options { lang: Lang::Zh, ..Options::default() }).unwrap();
    assert!(
        !page.contains("class=\"outage ") && page.contains("无台账") && page.contains("--facts FACTS.jsonl")
    );
}
