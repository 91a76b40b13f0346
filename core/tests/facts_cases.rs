//! Every fact of the case files is read, has one canonical text, and is admitted.

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

#[test]
fn read_and_canonical() {
    let mut read = 0;
    for (case, lines) in facts("accounting.json", "accounting") {
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
    assert_eq!(read, 5645);
}

#[test]
fn admitted() {
    let mut admitted = 0;
    for (case, lines) in facts("accounting.json", "accounting") {
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
            admit(&fact, recorded_at, &earlier).unwrap_or_else(|e| panic!("{case} line {}: {e:?}", i + 1));
            entries.push(Entry { seq: i as u64 + 1, recorded_at, fact });
            admitted += 1;
        }
    }
    assert_eq!(admitted, 5645);
}
