//! The documents that people sign: structure in each form, both languages, the same bytes for the same facts, and no name
//! that breaks out of its place. (What office programs and a browser make of them is the business of tests/documents.)

use opsledger::account::Account;
use opsledger::assess::{Ask, View};
use opsledger::digest::sm3_hex;
use opsledger::error::{Code, Lang};
use opsledger::facts::Fact;
use opsledger::ledger::{Ledger, Options};
use opsledger::report::model::{Block, Document};
use opsledger::report::{DocumentKind, DocumentOptions, Format, Month, Package, Rendered, document, package};
use opsledger::time::{Instant, parse_instant};
use std::io::Read;
use tempfile::TempDir;

const CONTRACT: &str = r#"format = 1
id = "c-1"
title = "Portal service"
timezone = "Asia/Shanghai"
holidays = "CN"
period = { start = "2026-01-01", end = "2026-03-31" }
[agreement]
needs = ["outage.void"]
[[clause]]
id = "long"
ref = "4.1"
text = "At most one long outage"
rule = "outage-count"
at_least = "1h"
max = 1
[[clause]]
id = "down"
rule = "downtime"
max = "3h"
[[clause]]
id = "respond"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
within = "1h"
assumed = true
[[clause]]
id = "monthly"
rule = "recurring"
fact = { kind = "report.submit", where = { kind = "monthly" } }
every = "month"
by = "calendar"
grace = "10d"
"#;

/// Formulas, markup, a path, control characters, a mark that turns the direction of writing.
const HOSTILE: [&str; 6] = [
    "=cmd|'/c calc'!A0",
    "+1+1",
    "@SUM(A1:A9)",
    "</w:t></si></table><script>alert(1)</script><img src=x onerror=alert(2)>",
    "../../etc/passwd",
    "a\u{1}b\u{8}\u{202e}c]]>&amp;",
];

fn at(text: &str) -> Instant {
    parse_instant(&format!("{text}+08:00")).unwrap()
}

struct Place {
    folder: TempDir,
}

impl Place {
    /// A ledger that adopted the contract.
    fn new(contract: &str) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        let options = Options { create: true, ..Options::default() };
        let ledger = Ledger::open(&place.folder.path().join("l"), &options).unwrap();
        let sm3 = sm3_hex(contract.as_bytes());
        let body = serde_json::json!({ "sm3": sm3, "text": contract, "from": "2026-01-01" });
        let start = at("2026-01-01T00:00:00");
        ledger.append(&[fact("contract.adopt", "", "2026-01-01T00:00:00", body)], start).unwrap();
        place
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(&self.folder.path().join("l"), &Options::default()).unwrap()
    }

    /// Records facts an hour after they happened.
    fn with(self, facts: &[(&str, &str, &str, serde_json::Value)]) -> Place {
        for (kind, subject, when, body) in facts {
            let now = at(when) + opsledger::time::HOUR;
            self.ledger().append(&[fact(kind, subject, when, body.clone())], now).unwrap();
        }
        self
    }

    fn account(&self) -> Account {
        Account::open(None, self.ledger()).unwrap()
    }

    fn make(&self, kind: DocumentKind, lang: Lang, known_at: &str, month: Option<&str>) -> Package {
        let options = DocumentOptions {
            lang,
            month: month.map(|m| Month::parse(m).unwrap()),
            subject: Some("I-1"),
            formats: &[Format::Docx, Format::Xlsx, Format::Html],
            ..DocumentOptions::default()
        };
        package(&self.account(), kind, &ask(known_at), &options).unwrap()
    }
}

fn ask(known_at: &str) -> Ask {
    Ask { known_at: Some(at(known_at)), ..Ask::default() }
}

fn fact(kind: &str, subject: &str, when: &str, body: serde_json::Value) -> Fact {
    let mut json = serde_json::json!({ "kind": kind, "subject": subject, "at": format!("{when}+08:00"), "body": body,
        "actor": { "party": "supplier", "person": "engineer-1" } });
    if subject.is_empty() {
        json.as_object_mut().unwrap().remove("subject");
    }
    Fact::parse(&json.to_string()).unwrap_or_else(|e| panic!("{json}: {e:?}"))
}

fn quarter() -> Place {
    let body = |text: &str| serde_json::from_str(text).unwrap();
    Place::new(CONTRACT).with(&[
        ("outage.start", "O-1", "2026-01-10T08:00:00", body(r#"{"system":"portal","cause":"disk"}"#)),
        ("outage.end", "O-1", "2026-01-10T10:00:00", body("{}")),
        ("incident.report", "I-1", "2026-01-10T08:05:00", body(r#"{"severity":"major","affects_use":true,"outage":"O-1"}"#)),
        ("incident.respond", "I-1", "2026-01-10T08:20:00", body(r#"{"person":"engineer-1","arrangement":"on it"}"#)),
        ("incident.repair", "I-1", "2026-01-10T10:00:00", body("{}")),
        ("duty.assign", "D-1", "2026-01-01T00:00:00", body(r#"{"person":"engineer-1","role":"desk","start":"2026-01-02T08:00:00+08:00","end":"2026-01-02T20:00:00+08:00"}"#)),
        ("duty.assign", "D-2", "2026-01-01T00:00:00", body(r#"{"person":"engineer-1","role":"desk","start":"2026-01-02T20:00:00+08:00","end":"2026-01-03T08:00:00+08:00"}"#)),
        ("request.open", "Q-1", "2026-01-12T09:00:00", body(r#"{"type":"consult","channel":"phone","unit":"007"}"#)),
        ("request.close", "Q-1", "2026-01-12T10:30:30", body(r#"{"score":"4.5","confirmed_by":"tester-1"}"#)),
        ("outage.start", "O-2", "2026-02-05T08:00:00", body(r#"{"system":"portal"}"#)),
        ("outage.end", "O-2", "2026-02-05T08:30:00", body("{}")),
    ].map(|(kind, subject, when, body)| (kind, subject, when, body)))
}

/// A part of a docx or xlsx.
fn part(file: &Rendered, name: &str) -> String {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&file.bytes)).unwrap();
    let mut text = String::new();
    zip.by_name(name).unwrap_or_else(|e| panic!("{name}: {e}")).read_to_string(&mut text).unwrap();
    text
}

fn parts(file: &Rendered) -> Vec<String> {
    let zip = zip::ZipArchive::new(std::io::Cursor::new(&file.bytes)).unwrap();
    zip.file_names().map(|name| name.unwrap().into_owned()).collect()
}

/// Everything in a file that a reader may come to see.
fn text_of(file: &Rendered) -> String {
    match file.name.rsplit_once('.').unwrap().1 {
        "docx" => {
            ["word/document.xml", "word/header1.xml", "word/footer1.xml"].map(|p| part(file, p)).concat()
        }
        "xlsx" => part(file, "xl/sharedStrings.xml") + &part(file, "xl/workbook.xml"),
        _ => String::from_utf8(file.bytes.clone()).unwrap(),
    }
}

fn tables(d: &Document) -> Vec<&opsledger::report::model::Table> {
    d.blocks
        .iter()
        .filter_map(|b| match b {
            Block::Table { table } => Some(table),
            Block::Chart { chart } => Some(&chart.table),
            _ => None,
        })
        .collect()
}

#[test]
fn every_kind_in_every_form_and_language() {
    let place = quarter();
    for kind in DocumentKind::ALL {
        for lang in [Lang::Zh, Lang::En] {
            let made = place.make(kind, lang, "2026-04-02T00:00:00", Some("2026-01"));
            assert!(made.files.len() >= 3, "{kind:?}");
            for file in
                made.files.iter().filter(|f| ["docx", "xlsx", "html"].iter().any(|e| f.name.ends_with(e)))
            {
                let text = text_of(file);
                let han = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
                // All data of the facts is ASCII: every Han character is a word of the document.
                assert_eq!(han, lang == Lang::Zh, "{} {lang:?}", file.name);
            }
            for file in &made.files {
                assert!(!file.name.contains(['/', '\\']) && !file.name.contains(".."), "{}", file.name);
                assert!(!file.bytes.is_empty(), "{}", file.name);
            }
        }
    }
}

#[test]
fn a_docx_has_headings_repeated_heads_page_fields_and_its_digest_in_the_footer() {
    let made = quarter().make(DocumentKind::Monthly, Lang::Zh, "2026-04-02T00:00:00", Some("2026-01"));
    let docx = &made.files[0];
    let body = part(docx, "word/document.xml");
    let headings = made.document.blocks.iter().filter(|b| matches!(b, Block::Heading { .. })).count();
    assert_eq!(body.matches(r#"<w:pStyle w:val="Heading1" />"#).count(), headings);
    let with_rows = tables(&made.document).iter().filter(|t| !t.rows.is_empty()).count();
    // And the entries.
    assert_eq!(body.matches("<w:tblHeader />").count(), with_rows + 1);
    assert!(!body.contains("trHeight"));
    assert!(body.contains(r#"w:w="11906""#) && body.contains(r#"w:h="16838""#));
    assert!(body.contains(r#"w:anchor="entry_2""#) && body.contains(r#"w:name="entry_2""#));
    let footer = part(docx, "word/footer1.xml");
    assert!(footer.contains(&made.document.number) && footer.contains(&made.document.digest));
    assert!(footer.contains("PAGE") && footer.contains("NUMPAGES"));
    let styles = part(docx, "word/styles.xml");
    assert!(styles.contains(r#"w:eastAsia="宋体""#) && styles.contains(r#"w:ascii="Times New Roman""#));
}

#[test]
fn an_xlsx_keeps_texts_heads_and_filters() {
    let made = quarter().make(DocumentKind::Ledger, Lang::En, "2026-04-02T00:00:00", Some("2026-01"));
    let xlsx = &made.files[1];
    let sheet = part(xlsx, "xl/worksheets/sheet2.xml");
    assert!(sheet.contains("<autoFilter") && sheet.contains(r#"state="frozen""#));
    assert!(sheet.contains(r#"orientation="landscape""#) && sheet.contains(r#"paperSize="9""#));
    assert!(part(xlsx, "xl/sharedStrings.xml").contains(">007<"), "a code keeps its zeros");
    // Ninety minutes and a half: whole ones; a score stays a number.
    assert!(sheet.contains("<v>90</v>") && sheet.contains("<v>4.5</v>"), "{sheet}");
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let place = quarter();
    let make = |kind| place.make(kind, Lang::Zh, "2026-04-02T00:00:00", Some("2026-02")).files;
    for kind in DocumentKind::ALL {
        let first = make(kind);
        make(DocumentKind::Incident);
        assert_eq!(first, make(kind), "{kind:?}");
        let elsewhere = std::thread::scope(|s| s.spawn(|| make(kind)).join().unwrap());
        assert_eq!(first, elsewhere, "{kind:?}");
    }
}

#[test]
fn nothing_in_a_fact_breaks_out() {
    let mut place = quarter();
    for (i, text) in HOSTILE.iter().enumerate() {
        let body = serde_json::json!({ "system": text, "cause": text });
        let subject = format!("{text}{i}");
        let incident = serde_json::json!({ "severity": text, "affects_use": true, "channel": text });
        let diagnosis = serde_json::json!({ "report": text });
        place = place.with(&[
            ("outage.start", &subject, "2026-03-01T00:00:00", body),
            ("outage.end", &subject, "2026-03-01T00:01:00", serde_json::json!({})),
            ("incident.report", &subject, "2026-03-01T00:00:00", incident),
            ("incident.diagnose", &subject, "2026-03-01T00:05:00", diagnosis),
            (
                "request.open",
                &subject,
                "2026-03-01T00:00:00",
                serde_json::json!({ "type": text, "unit": text, "text": text }),
            ),
        ]);
    }
    for kind in DocumentKind::ALL {
        let options = DocumentOptions {
            month: Some(Month::parse("2026-03").unwrap()),
            subject: Some("../../etc/passwd4"),
            formats: &[Format::Docx, Format::Xlsx, Format::Html],
            ..DocumentOptions::default()
        };
        for file in document(&place.account(), kind, &ask("2026-04-02T00:00:00"), &options).unwrap() {
            check_neutral(&file);
        }
    }
}

fn check_neutral(file: &Rendered) {
    assert!(!file.name.contains(['/', '\\']) && !file.name.contains(".."), "{}", file.name);
    let no_control =
        |text: &str| !text.chars().any(|c| (c.is_control() && !"\n\r\t".contains(c)) || c == '\u{202e}');
    if file.name.ends_with(".html") {
        let text = text_of(file);
        assert!(!text.contains("<script") && !text.contains("<img") && no_control(&text), "{}", file.name);
    } else if file.name.ends_with(".docx") || file.name.ends_with(".xlsx") {
        for name in parts(file) {
            let text = part(file, &name);
            assert!(
                !text.contains("<script") && !text.contains("<img") && no_control(&text),
                "{} {name}",
                file.name
            );
            assert!(!text.contains("<f>") && !text.contains("<f "), "{} {name}: a formula", file.name);
        }
        let formulas = |text: &str| text.contains(">=cmd|");
        if file.name.ends_with(".xlsx") && formulas(&part(file, "xl/sharedStrings.xml")) {
            assert!(part(file, "xl/styles.xml").contains(r#"quotePrefix="1""#), "{}", file.name);
        }
    }
}

#[test]
fn what_was_corrected_since_the_last_issue_is_told_by_the_next() {
    let place = quarter();
    let january = place.make(DocumentKind::Monthly, Lang::Zh, "2026-02-06T00:00:00", Some("2026-01"));
    assert_eq!(january.document.number, "c-1-M-2026-01-v1");
    let now = at("2026-02-06T10:00:00");
    let issued = january.issue(now, "supplier", Some("engineer-1")).unwrap();
    assert_eq!(issued.text("digest").unwrap(), sm3_hex(&january.files[0].bytes));
    assert_eq!(issued.text("covers").unwrap(), "2026-01");
    let seqs = place.ledger().append(&[issued], now).unwrap();
    let again = place.make(DocumentKind::Monthly, Lang::Zh, "2026-02-07T00:00:00", Some("2026-01"));
    assert_eq!(again.document.number, "c-1-M-2026-01-v2");
    // The outage of January ended an hour later than was recorded.
    let amend = fact(
        "outage.amend",
        "O-1",
        "2026-02-10T00:00:00",
        serde_json::json!({ "end": "2026-01-10T11:00:00+08:00", "reason": "checked" }),
    );
    let amended = place.ledger().append(&[amend], at("2026-02-10T00:00:00")).unwrap();
    let february = place.make(DocumentKind::Monthly, Lang::Zh, "2026-03-02T00:00:00", Some("2026-02"));
    let table = tables(&february.document).into_iter().find(|t| t.name == "更正").expect("adjustments");
    let line = table.rows.iter().find(|r| r.cells[1].text == "down").expect("the downtime of January");
    assert_eq!(line.cells[0].text, "2026-01");
    assert_eq!((line.cells[2].text.as_str(), line.cells[3].text.as_str()), ("2 小时", "3 小时"));
    assert!(line.cells[4].runs.contains(&(amended[0], amended[0])), "{:?}", line.cells[4]);
    // The clause that asks for the report knows that it came.
    let ask = Ask { as_of: Some(at("2026-02-09T00:00:00")), ..ask("2026-03-02T00:00:00") };
    let a = place.account().assess(&ask).unwrap();
    let owed = a.clauses.iter().find(|c| c.id == "monthly").unwrap();
    assert!(owed.evidence.contains(&seqs[0]), "{owed:?}");
}

#[test]
fn the_figures_are_those_of_the_assessment() {
    let place = quarter();
    for view in [View::Agreed, View::Claimed] {
        let ask = Ask { view, ..ask("2026-04-02T00:00:00") };
        let month = Some(Month::parse("2026-02").unwrap());
        let options = DocumentOptions { month, lang: Lang::En, ..DocumentOptions::default() };
        let made = package(&place.account(), DocumentKind::Monthly, &ask, &options).unwrap();
        let end = Ask { as_of: Some(at("2026-03-01T00:00:00")), ..ask.clone() };
        let a = place.account().assess(&end).unwrap();
        let levels = tables(&made.document).into_iter().find(|t| t.name == "service levels").unwrap();
        assert_eq!(levels.rows.len(), a.clauses.len());
        for (row, clause) in levels.rows.iter().zip(&a.clauses) {
            assert_eq!(row.cells[0].text, clause.id);
            assert_eq!(row.cells[5].status.unwrap().name, clause.status.name());
        }
        let down = levels.rows.iter().find(|r| r.cells[0].text == "down").unwrap();
        assert_eq!((down.cells[2].text.as_str(), down.cells[3].text.as_str()), ("30 min", "2 h 30 min"));
        assert!(levels.rows[2].cells[1].text.contains("not agreed, example value"));
        let head = a.head.unwrap();
        let meta = |key: &str| made.document.meta.iter().find(|p| p.key == key).unwrap().value.text.clone();
        assert_eq!(meta("Ledger head"), format!("#{} {}", head.seq, head.sm3));
        assert_eq!(meta("Contract SM3"), a.contract_sm3);
        assert_eq!(meta("As of"), "2026-03-01T00:00:00+08:00");
    }
}

#[test]
fn every_entry_that_a_cell_links_to_is_in_the_annex() {
    let place = quarter();
    for kind in DocumentKind::ALL {
        let made = place.make(kind, Lang::Zh, "2026-04-02T00:00:00", Some("2026-01"));
        let listed: Vec<u64> = made
            .document
            .blocks
            .iter()
            .filter_map(|b| match b {
                Block::Entries { entries } => Some(entries.iter().map(|e| e.seq)),
                _ => None,
            })
            .flatten()
            .collect();
        let cells = tables(&made.document).into_iter().flat_map(|t| &t.rows).flat_map(|r| &r.cells);
        let linked: Vec<u64> = cells.flat_map(|c| &c.runs).flat_map(|(a, b)| *a..=*b).collect();
        assert!(!linked.is_empty(), "{kind:?}");
        for seq in linked {
            assert!(listed.contains(&seq), "{kind:?}: #{seq}");
        }
        let heads = place.account().heads(&listed.iter().copied().collect()).unwrap();
        let Some(Block::Entries { entries }) = made.document.blocks.last() else {
            panic!("{kind:?}: no annex")
        };
        assert!(entries.iter().zip(&heads).all(|(e, h)| e.head == h.sm3 && e.seq == h.seq));
    }
}

#[test]
fn the_index_has_the_digest_of_every_file() {
    let made = quarter().make(DocumentKind::Acceptance, Lang::Zh, "2026-04-02T00:00:00", None);
    let sums = made.files.iter().find(|f| f.name == "SM3SUMS").unwrap();
    let sums = std::str::from_utf8(&sums.bytes).unwrap();
    let rest: Vec<&Rendered> =
        made.files.iter().filter(|f| !f.name.starts_with("000-") && f.name != "SM3SUMS").collect();
    let expected: Vec<String> = rest.iter().map(|f| format!("{}  {}", sm3_hex(&f.bytes), f.name)).collect();
    assert_eq!(sums.lines().collect::<Vec<_>>(), expected);
    let index = text_of(&made.files[0]);
    assert!(rest.iter().all(|f| index.contains(&sm3_hex(&f.bytes)) && index.contains(&f.name)));
    for month in ["2026-01", "2026-02", "2026-03"] {
        assert!(rest.iter().any(|f| f.name.contains("运维月报") && f.name.contains(month)), "{month}");
    }
    assert!(rest.iter().any(|f| f.name.ends_with("contract.toml") && f.bytes == CONTRACT.as_bytes()));
}

#[test]
fn what_cannot_be_told_is_said() {
    let place = quarter();
    let account = place.account();
    let build = |kind, options: &DocumentOptions<'_>| {
        package(&account, kind, &ask("2026-02-10T00:00:00"), options).unwrap_err()
    };
    let none = DocumentOptions::default();
    assert_eq!(build(DocumentKind::Incident, &none).code(), Code::BadRequest);
    let unknown = DocumentOptions { subject: Some("I-9"), ..none.clone() };
    assert_eq!(build(DocumentKind::Incident, &unknown).code(), Code::NotFound);
    let later = DocumentOptions { month: Some(Month::parse("2026-03").unwrap()), ..none };
    assert_eq!(build(DocumentKind::Monthly, &later).code(), Code::BadRequest);
    for text in ["2026-13", "2026-3", "2026-03-01", "x", ""] {
        assert_eq!(Month::parse(text).unwrap_err().code(), Code::BadRequest, "{text:?}");
    }
    assert_eq!(DocumentKind::parse("yearly").unwrap_err().code(), Code::BadRequest);
    assert_eq!(Format::parse("pdf").unwrap_err().code(), Code::BadRequest);
}
