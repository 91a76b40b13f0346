//! `docs/requirements.md` against the requirements and the medical contract: every sentence is there, in order and under its
//! section; every clause that a row names exists; every clause quotes a sentence that names it.

use opsledger::contract::Contract;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

fn contract() -> Contract {
    let file = root().join("contracts/medical-education.toml");
    Contract::parse_bytes(file.to_str(), &std::fs::read(&file).unwrap()).unwrap()
}

/// A sentence of the requirements and the section it stands in: `二.4.(3)①`.
#[derive(Debug, PartialEq, Eq)]
struct Sentence {
    section: String,
    text: String,
}

/// The source without the marks that its word processor left in it.
fn source() -> String {
    let mut out = text("contracts/sources/medical-education.zh.txt");
    while let Some(start) = out.find("[bookmark: ") {
        let end = start + out[start..].find(']').unwrap() + 1;
        out.replace_range(start..end, "");
    }
    out
}

fn sentences() -> Vec<Sentence> {
    let mut section = Section::default();
    let mut out = Vec::new();
    for line in source().lines().map(str::trim).filter(|l| !l.is_empty()) {
        section.enter(line);
        for sentence in line.split_inclusive(['。', '；']).filter(|s| !s.trim().is_empty()) {
            out.push(Sentence { section: section.to_string(), text: sentence.to_owned() });
        }
    }
    out
}

/// Where the source stands: 一、 then 1. then （1） then ① or a.; within 二.3.(1) whose paragraph it is.
#[derive(Default)]
struct Section {
    part: String,
    number: String,
    item: String,
    whose: String,
    point: String,
}

impl Section {
    fn enter(&mut self, line: &str) {
        let first = line.chars().next().unwrap();
        let until = |mark: &str| line.split_once(mark).map(|(head, _)| head.to_owned());
        if let Some(part) = until("、").filter(|p| ["一", "二", "三"].contains(&p.as_str())) {
            *self = Section { part, ..Section::default() };
        } else if let Some(n) = until(". ").filter(|n| n.parse::<u8>().is_ok()) {
            *self = Section { part: self.part.clone(), number: format!(".{n}"), ..Section::default() };
        } else if let Some(n) = line.strip_prefix('（').and_then(|l| l.split_once('）')).map(|(n, _)| n) {
            (self.item, self.whose, self.point) = (format!(".({n})"), String::new(), String::new());
        } else if ('①'..='⑨').contains(&first) {
            self.point = first.to_string();
        } else if let Some(letter) = until(".").filter(|l| ["a", "b", "c"].contains(&l.as_str())) {
            self.point.truncate('④'.len_utf8());
            self.point.push_str(&letter);
        } else if let Some(whose) = ["项目经理", "维护人员"].iter().find(|w| line.starts_with(**w)) {
            (self.whose, self.point) = ((*whose).to_owned(), String::new());
        }
    }
}

impl std::fmt::Display for Section {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [&self.part, &self.number, &self.item, &self.whose, &self.point].map(String::as_str);
        let all = all.concat();
        f.write_str(if all.is_empty() { "—" } else { &all })
    }
}

/// A row of the table: a sentence, the clauses it names, how they are judged.
struct Row {
    sentence: Sentence,
    clauses: Vec<String>,
    why: String,
}

fn table() -> Vec<Row> {
    let page = text("docs/requirements.md");
    let rows = page.lines().skip_while(|l| !l.starts_with("|---")).skip(1);
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [section, text, clauses, why] = cells[..] else { panic!("four cells: {line}") };
        let clauses = clauses.split_whitespace().filter(|c| *c != "—");
        let clauses = clauses.map(|c| c.strip_prefix('`').unwrap().strip_suffix('`').unwrap().to_owned());
        Row {
            sentence: Sentence { section: section.to_owned(), text: text.to_owned() },
            clauses: clauses.collect(),
            why: why.to_owned(),
        }
    })
    .collect()
}

#[test]
fn every_sentence_has_its_row_in_order() {
    let (wanted, rows) = (sentences(), table());
    assert!(wanted.len() > 60, "{}", wanted.len());
    for (i, sentence) in wanted.iter().enumerate() {
        assert_eq!(rows.get(i).map(|r| &r.sentence), Some(sentence), "row {}", i + 1);
    }
    assert_eq!(rows.len(), wanted.len());
}

#[test]
fn every_row_has_an_answer() {
    let known: BTreeSet<String> = contract().clauses.into_iter().map(|c| c.id).collect();
    for Row { sentence: Sentence { text, .. }, clauses, why } in table() {
        for id in &clauses {
            assert!(known.contains(id), "no clause {id}: {text}");
        }
        // Only a heading promises nothing.
        match why.as_str() {
            "标题" => assert!(clauses.is_empty() || text == "（2）系统最终验收", "{text}"),
            "引出下列三项" => assert!(clauses.is_empty() && text.ends_with('：'), "{text}"),
            _ => assert!(!clauses.is_empty() && !why.is_empty(), "{text}"),
        }
        let heading = why == "标题";
        assert_eq!(heading, !text.ends_with(['。', '；', '：']) && clauses.is_empty(), "{text}");
    }
}

#[test]
fn every_clause_quotes_a_sentence_that_names_it() {
    let (source, rows, contract) = (source(), table(), contract());
    for clause in &contract.clauses {
        let (text, reference) = (clause.text.as_deref().unwrap(), clause.reference.as_deref().unwrap());
        assert!(source.contains(text), "{}: {text}", clause.id);
        let named: Vec<&Row> = rows.iter().filter(|r| r.clauses.contains(&clause.id)).collect();
        let quoted = |r: &&Row| r.sentence.section == reference && r.sentence.text.contains(text.trim());
        assert!(named.iter().any(quoted), "{} ({reference}): no row in its section quotes {text}", clause.id);
    }
}

#[test]
fn a_row_that_leaves_a_part_to_judgement_has_a_judgement() {
    let contract = contract();
    let judgement = |id: &String| {
        let clause = contract.clauses.iter().find(|c| c.id == *id);
        clause.is_some_and(|c| c.rule.name() == "judgement")
    };
    let mut judged = BTreeSet::new();
    for row in table() {
        let left = row.why.contains("采购方评定") || row.why.contains("采购方在验收时评定");
        assert_eq!(left, row.clauses.iter().any(judgement), "{}", row.sentence.text);
        judged.extend(row.clauses.into_iter().filter(judgement));
    }
    assert!(judged.len() > 15, "{judged:?}");
}
