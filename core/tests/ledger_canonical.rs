//! The canonical text of facts: one vector file for all languages.

mod ledger_common;

use ledger_common::*;
use opsledger::facts::{Fact, is_canonical};
use serde_json::Value;

fn cases() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/canonical.json");
    let doc: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    doc["cases"].as_array().unwrap().clone()
}

/// The case's text of that name; `None` when it holds bytes that are no UTF-8.
fn filled(case: &Value, name: &str) -> Option<String> {
    let text = case[name].as_str()?.to_owned();
    Some(match case["fill"].as_u64() {
        Some(n) => text.replace("FILL", &"a".repeat(n as usize)),
        None => text,
    })
}

#[test]
fn every_case_is_stored_or_refused_as_written() {
    let place = Place::new();
    let ledger = place.create();
    let (mut stored, mut refused) = (0, 0);
    for case in cases() {
        let name = case["name"].as_str().unwrap();
        let Some(input) = filled(&case, "input") else {
            // Rust text is UTF-8: only the other languages can be given such bytes.
            assert_eq!(case["error"], "bad-utf8", "{name}");
            let hex = case["input_hex"].as_str().unwrap();
            let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
            let bytes: Vec<u8> = (0..hex.len() / 2).map(byte).collect();
            assert!(std::str::from_utf8(&bytes).is_err(), "{name}");
            continue;
        };
        // What append asks: the canonical text may be longer than the input.
        let read = Fact::parse(&input).and_then(|fact| fact.canonical().map(|_| fact));
        match (read, filled(&case, "canonical")) {
            (Ok(fact), Some(canonical)) => {
                assert_eq!(fact.canonical().unwrap(), canonical, "{name}");
                is_canonical(&canonical).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert_eq!(Fact::parse_stored(&canonical).unwrap(), fact, "{name}");
                if fact.kind_name() != "outage.end" {
                    let seq = ledger.append(&[fact], at(0)).unwrap()[0];
                    let record = &ledger.read(seq, 1).unwrap()[0];
                    assert_eq!(record.fact, canonical, "{name}");
                    assert_eq!(record.head.rsplit('\t').next(), case["sm3"].as_str(), "{name}");
                }
                // Any other text of the same fact is not canonical.
                if input != canonical {
                    assert!(is_canonical(&input).is_err(), "{name}");
                }
                stored += 1;
            }
            (Err(e), None) => {
                assert_eq!(e.code().info().name, case["error"], "{name}: {e}");
                refused += 1;
            }
            (Ok(fact), None) => panic!("{name}: taken as {:?}", fact.canonical()),
            (Err(e), Some(_)) => panic!("{name}: {e:?}"),
        }
    }
    assert!(stored >= 30 && refused >= 50, "{stored} stored, {refused} refused");
    let total = ledger.head().unwrap().seq;
    assert_eq!(verdict(&ledger), (total, None, None));
}
