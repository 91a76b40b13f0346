//! Appending and reading: chain, idempotency, all or nothing, what contradicts the record.

mod ledger_common;

use ledger_common::*;
use opsledger::error::Code;
use opsledger::facts::Fact;
use opsledger::ledger::{Ledger, Options};

#[test]
fn entries_are_chained_and_read_back() {
    let place = Place::new();
    let ledger = place.create();
    let empty = ledger.head().unwrap();
    assert_eq!((empty.seq, empty.sm3.as_str()), (0, "0".repeat(64).as_str()));
    assert_eq!(ledger.append(&[start("O-1", 0), end("O-1", 1)], at(10)).unwrap(), [1, 2]);
    assert_eq!(ledger.append(&[note("x")], at(20)).unwrap(), [3]);
    let records = ledger.read(1, u64::MAX).unwrap();
    let mut prev = "0".repeat(64);
    for (record, recorded_at) in records.iter().zip([10, 10, 20]) {
        let fact = sm3(&record.fact);
        let time = format!("2026-03-02T00:{recorded_at}:00.000000Z");
        assert_eq!(record.head, format!("{}\t{time}\t{prev}\t{fact}", record.seq));
        prev = sm3(&record.head);
    }
    let head = ledger.head().unwrap();
    assert_eq!((head.seq, head.recorded_at, head.sm3), (3, at(20), prev));
    let entries = ledger.entries(2, 1).unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].seq, entries[0].recorded_at), (2, at(10)));
    assert_eq!(entries[0].fact, end("O-1", 1));
    assert!(ledger.entries(4, 10).unwrap().is_empty());
    drop(ledger);
    // The next process finds the same.
    let again = Ledger::open(&place.path(), &Options::default()).unwrap();
    assert_eq!(again.read(1, 9).unwrap(), records);
    assert!(!place.path().with_extension("db-wal").exists() || again.head().is_ok());
}
