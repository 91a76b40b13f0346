//! Every fact of the case files is read, has one canonical text, and is admitted.

use opsledger::error::Code;
use opsledger::facts::{Entry, Fact, admit, is_canonical, lookup};
use serde_json::Value;

fn facts(file: &str, list: &str) -> Vec<(String, Vec<String>)> {
    let path = format!("{}/../tests/cases/{file}", env!("CARGO_MANIFEST_DIR"));
    let doc: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = doc[list].as_array().unwrap().iter();
    cases
        .map(|c| {
            let lines = c["facts"].as_array().unwrap().iter().map(Value::to_string).collect();
            (c["name"].as_str().unwrap().to_owned(), lines)
        })
        .collect()
}

/// The facts of both generated files.
fn generated() -> Vec<(String, Vec<String>)> {
    let mut all = facts("accounting.json", "accounting");
    all.extend(facts("rules.json", "rules"));
    all
}

const GENERATED: usize = 5645 + 1551;

#[test]
fn read_and_canonical() {
    let mut read = 0;
    for (case, lines) in generated() {
        for line in lines {
            let (fact, recorded_at) =
                Fact::parse_stated(&line).unwrap_or_else(|e| panic!("{case}: {line}: {e:?}"));
            assert!(recorded_at.is_some());
            let text = fact.canonical().unwrap();
            assert_eq!(Fact::parse_stored(&text).unwrap(), fact);
            is_canonical(&text).unwrap();
            read += 1;
        }
    }
    assert_eq!(read, GENERATED);
}

#[test]
fn admitted() {
    let (mut admitted, mut of_the_same_party) = (0, 0);
    for (case, lines) in generated() {
        let mut entries: Vec<Entry> = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            let (fact, recorded_at) = Fact::parse_stated(line).unwrap();
            let needs = lookup(&fact);
            let seen = |e: &&Entry| {
                Some(e.seq) == needs.entry
                    || needs.cases.iter().any(|(f, s)| *f == e.fact.kind.family && *s == e.fact.subject)
            };
            let earlier: Vec<&Entry> = entries.iter().filter(seen).collect();
            let recorded_at = recorded_at.unwrap();
            match admit(&fact, recorded_at, &earlier) {
                Ok(()) => admitted += 1,
                // The cases of the rules also hold words of a party about its own statements; they must stay without effect.
                Err(e) if e.code() == Code::SameParty => of_the_same_party += 1,
                Err(e) => panic!("{case} line {}: {e:?}", i + 1),
            }
            entries.push(Entry { seq: i as u64 + 1, recorded_at, fact });
        }
    }
    assert_eq!((admitted, of_the_same_party), (GENERATED - 28, 28));
}
