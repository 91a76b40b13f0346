//! Every fact of the case files is read, has one canonical text, and is admitted.

use opsledger::facts::{Fact, is_canonical};
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
