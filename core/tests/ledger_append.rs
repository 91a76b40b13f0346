//! Appending and reading: chain, idempotency, all or nothing, what contradicts the record, the clock, group commit.

mod ledger_common;

use ledger_common::*;
use opsledger::error::{Category, Code};
use opsledger::ledger::{Ledger, Options};
use opsledger::time::{DAY, SECOND, canonical_instant};
use std::sync::Barrier;

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
    assert!(ledger.read(u64::MAX, 1).unwrap().is_empty());
    drop(ledger);
    assert!(!place.beside("-wal").exists(), "the last close leaves one file");
    assert_eq!(place.open().read(1, 9).unwrap(), records);
}

#[test]
fn what_was_known_when() {
    let place = Place::new();
    let ledger = place.create();
    assert_eq!(ledger.known_at(at(99)).unwrap(), None);
    for i in 1..=9 {
        ledger.append(&[note("a"), note("b")], at(i * 10)).unwrap();
    }
    for (t, seq) in [(9, None), (10, Some(2)), (19, Some(2)), (50, Some(10)), (90, Some(18)), (999, Some(18))]
    {
        assert_eq!(ledger.known_at(at(t)).unwrap().map(|h| h.seq), seq, "{t}");
    }
    assert_eq!(ledger.head_at(18).unwrap(), Some(ledger.head().unwrap()));
    assert_eq!(ledger.head_at(3).unwrap().unwrap().recorded_at, at(20));
    assert_eq!(ledger.head_at(19).unwrap(), None);
    assert_eq!(ledger.head_at(0).unwrap(), None);
}

#[test]
fn a_key_is_recorded_once() {
    let place = Place::new();
    let ledger = place.create();
    assert_eq!(ledger.append(&[keyed("a", "1"), keyed("b", "1")], at(1)).unwrap(), [1, 2]);
    // The same fact: the old number, beside new ones, and twice in one batch.
    assert_eq!(
        ledger.append(&[keyed("b", "1"), keyed("c", "1"), keyed("c", "1")], at(2)).unwrap(),
        [2, 3, 3]
    );
    assert_eq!(ledger.append(&[keyed("a", "1")], at(3)).unwrap(), [1]);
    assert_eq!(ledger.head().unwrap().seq, 3);
    assert_eq!(ledger.head().unwrap().recorded_at, at(2), "nothing new, nothing recorded");
    // Another fact: conflict, and nothing of the batch is recorded.
    let e = ledger.append(&[keyed("d", "1"), keyed("a", "2")], at(4)).unwrap_err();
    assert_eq!((e.code(), e.category(), e.row()), (Code::KeyConflict, Category::Conflict, Some(2)));
    assert!(e.detail().contains("\"a\"") && e.detail().contains("entry 1"), "{e}");
    let e = ledger.append(&[keyed("d", "1"), keyed("d", "2")], at(4)).unwrap_err();
    assert_eq!((e.code(), e.row()), (Code::KeyConflict, Some(2)));
    assert_eq!(ledger.append(&[keyed("d", "3")], at(5)).unwrap(), [4], "a refused batch left nothing behind");
}

#[test]
fn facts_are_admitted_against_the_record_and_their_own_batch() {
    let place = Place::new();
    let ledger = place.create();
    let refused = |facts: &[_], code, row| {
        let before = ledger.head().unwrap();
        let e = ledger.append(facts, at(60)).unwrap_err();
        assert_eq!((e.code(), e.row()), (code, Some(row)), "{e:?}");
        assert_eq!(ledger.head().unwrap(), before);
    };
    refused(&[note("x"), end("O-1", 5)], Code::UnknownSubject, 2);
    refused(&[start("O-1", 5), start("O-1", 6)], Code::SecondStart, 2);
    refused(&[start("O-1", 5), end("O-1", 5)], Code::EndBeforeStart, 2);
    ledger.append(&[start("O-1", 5)], at(60)).unwrap();
    refused(&[start("O-1", 6)], Code::SecondStart, 1);
    refused(&[end("O-1", 4)], Code::EndBeforeStart, 1);
    // A refused batch does not count for the next one.
    refused(&[end("O-1", 6), end("O-1", 7)], Code::AlreadyEnded, 2);
    ledger.append(&[end("O-1", 6)], at(60)).unwrap();
    refused(&[end("O-1", 7)], Code::AlreadyEnded, 1);
    // Another family with the same subject is another case.
    let report = r#"{"kind":"incident.report","subject":"O-1","at":"2026-03-02T00:05:00Z","body":{"severity":"major"}}"#;
    ledger.append(&[fact(report)], at(61)).unwrap();
    // An entry of the same batch can be confirmed, one that is not there cannot.
    let confirm = |seq: u64| {
        fact(&format!(
            r#"{{"kind":"fact.confirm","at":"2026-03-02T01:10:00Z","body":{{"entry":{seq}}},"actor":{{"party":"buyer"}}}}"#
        ))
    };
    refused(&[start("O-2", 5), confirm(6)], Code::UnknownEntry, 2);
    assert_eq!(ledger.append(&[start("O-2", 5), confirm(4), confirm(1)], at(70)).unwrap(), [4, 5, 6]);
}

#[test]
fn recorded_at_never_goes_back() {
    let place = Place::new();
    let ledger = place.create();
    ledger.append(&[note("a")], at(10)).unwrap();
    ledger.append(&[note("b")], at(10)).unwrap();
    ledger.append(&[note("c")], at(10) + 1 - SECOND).unwrap();
    let times: Vec<_> = ledger.entries(1, 9).unwrap().iter().map(|e| e.recorded_at).collect();
    assert_eq!(times, [at(10), at(10) + 1, at(10) + 2], "up to a second behind is no fault");
    // More than a second behind is recorded once, before the batch.
    assert_eq!(ledger.append(&[note("d")], at(5)).unwrap(), [5]);
    assert_eq!(ledger.append(&[note("e")], at(6)).unwrap(), [6]);
    let entries = ledger.entries(4, 9).unwrap();
    let kinds: Vec<_> = entries.iter().map(|e| e.fact.kind_name().to_owned()).collect();
    assert_eq!(kinds, ["clock.fault", "x.note", "x.note"]);
    assert_eq!(entries[0].fact.at, at(5));
    assert_eq!(entries[0].fact.body["behind_us"], at(10) + 2 - at(5));
    assert_eq!(entries[1].recorded_at, at(10) + 3);
    // When the clock is right again and wrong again, that is a second fault.
    ledger.append(&[note("f")], at(20)).unwrap();
    assert_eq!(ledger.append(&[note("g")], at(7)).unwrap(), [9]);
    // A batch that records nothing records no fault either.
    ledger.append(&[keyed("k", "1")], at(30)).unwrap();
    ledger.append(&[keyed("k", "1")], at(1)).unwrap();
    assert_eq!(ledger.head().unwrap().seq, 10);
}

#[test]
fn a_clock_far_ahead_is_refused() {
    let place = Place::new();
    let ledger = place.create();
    ledger.append(&[note("an empty ledger takes any clock")], at(0) + 5000 * DAY).unwrap();
    let last = ledger.head().unwrap().recorded_at;
    let e = ledger.append(&[note("b")], last + 400 * DAY + 1).unwrap_err();
    assert_eq!(e.code(), Code::ClockJump);
    assert!(e.detail().contains(&canonical_instant(last).unwrap()), "{e}");
    assert_eq!(ledger.append(&[note("b")], last + 400 * DAY).unwrap(), [2]);
    let accepting =
        Ledger::open(&place.path(), &Options { accept_clock: true, ..Options::default() }).unwrap();
    assert_eq!(accepting.append(&[note("c")], last + 4000 * DAY).unwrap(), [3]);
    let e = ledger.append(&[note("d")], i64::MAX).unwrap_err();
    assert_eq!(e.code(), Code::OutOfRange);
}

#[test]
fn what_append_does_not_take() {
    let place = Place::new();
    let ledger = place.create();
    assert_eq!(ledger.append(&[], at(0)).unwrap(), [0; 0]);
    let mut claimed = note("a");
    claimed.claimed_recorded_at = Some(at(0));
    assert_eq!(ledger.append(&[note("b"), claimed], at(1)).unwrap_err().code(), Code::StatedRecordedAt);
    // A fact put together by hand is checked like one that was read.
    let mut broken = start("O-1", 0);
    broken.body.remove("system");
    let e = ledger.append(&[note("b"), broken], at(1)).unwrap_err();
    assert_eq!((e.code(), e.row()), (Code::MissingField, Some(2)));
    let mut broken = start("O-1", 0);
    broken.subject.clear();
    assert_eq!(ledger.append(&[broken], at(1)).unwrap_err().code(), Code::MissingField);
    let mut odd = start("O-1", 0);
    odd.body.insert("start".into(), "2026-03-02T08:00:00+08:00".into());
    odd.body.insert("since".into(), 1.5.into());
    assert_eq!(ledger.append(&[odd], at(1)).unwrap_err().code(), Code::NotInteger);
    let reader = Ledger::open(&place.path(), &Options { read_only: true, ..Options::default() }).unwrap();
    assert_eq!(reader.append(&[note("a")], at(1)).unwrap_err().code(), Code::ReadOnlyFile);
    assert_eq!(reader.head().unwrap().seq, 0);
}

#[test]
fn imports_keep_what_was_claimed() {
    let place = Place::new();
    let ledger = place.create();
    let stated = [(start("O-1", 0), Some(at(1))), (keyed("k", "1"), Some(at(2))), (end("O-1", 9), None)];
    let done = ledger.import(&stated, at(100), false).unwrap();
    assert_eq!((done.seqs, done.new, done.faults.len()), (vec![1, 2, 3], 3, 0));
    let entries = ledger.entries(1, 9).unwrap();
    let claims: Vec<_> = entries.iter().map(|e| (e.recorded_at, e.fact.claimed_recorded_at)).collect();
    assert_eq!(claims, [(at(100), Some(at(1))), (at(100), Some(at(2))), (at(100), None)]);
    // The same key with the same content is skipped; with another claim it is another fact.
    let done = ledger.import(&[(keyed("k", "1"), Some(at(2))), (note("new"), None)], at(101), false).unwrap();
    assert_eq!((done.seqs, done.new), (vec![2, 4], 1));
    let e = ledger.import(&[(keyed("k", "1"), Some(at(3)))], at(102), true).unwrap_err();
    assert_eq!(e.code(), Code::KeyConflict);
    // What contradicts the record refuses all, or is recorded and listed.
    let bad = [(note("a"), None), (start("O-1", 3), None), (start("O-2", 3), None), (end("O-2", 2), None)];
    let e = ledger.import(&bad, at(103), false).unwrap_err();
    assert_eq!((e.code(), e.row()), (Code::SecondStart, Some(2)));
    assert_eq!(ledger.head().unwrap().seq, 4);
    let done = ledger.import(&bad, at(104), true).unwrap();
    assert_eq!((done.seqs, done.new), (vec![5, 6, 7, 8], 4));
    let rows: Vec<_> = done.faults.iter().map(|f| f.0).collect();
    assert_eq!(rows, [2, 4]);
    assert!(done.faults[0].1.contains("O-1") && done.faults[1].1.contains("O-2"), "{:?}", done.faults);
    // What had no effect has none for the next fact either.
    ledger.append(&[end("O-2", 4)], at(105)).unwrap();
    assert_eq!(verdict(&ledger), (9, None, None));
}

#[test]
fn keys_and_cases_are_found_in_old_entries() {
    let place = Place::new();
    let total = soak(20_000, 400_000);
    let batch = 1000;
    let key = |i: u64| {
        fact(&format!(
            r#"{{"kind":"outage.start","subject":"O-{i}","key":"k{i}","at":"{}","body":{{"system":"portal"}}}}"#,
            text(at(i as i64))
        ))
    };
    let unsafe_but_quick = Options { create: true, sync: false, ..Options::default() };
    for first in (0..total).step_by(batch as usize) {
        // Every so often a new process: what it knows it has from the file.
        let ledger = Ledger::open(&place.path(), &unsafe_but_quick).unwrap();
        let facts: Vec<_> = (first..first + batch).map(key).collect();
        let seqs = ledger.append(&facts, at(1_000_000)).unwrap();
        assert_eq!(seqs, (first + 1..=first + batch).collect::<Vec<_>>());
    }
    let ledger = place.open();
    let mut random = Random::new();
    let mut picked: Vec<u64> = (0..500).map(|_| random.below(total)).collect();
    picked.extend([0, total - 1]);
    for i in picked {
        assert_eq!(ledger.append(&[key(i)], at(1_000_001)).unwrap(), [i + 1]);
        let e = ledger.append(&[start(&format!("O-{i}"), 0)], at(1_000_001)).unwrap_err();
        assert_eq!(e.code(), Code::SecondStart);
    }
    assert_eq!(ledger.head().unwrap().seq, total);
    assert_eq!(verdict(&ledger), (total, None, None));
    let runs = ledger.sql("SELECT first, last FROM side_run ORDER BY first").unwrap().rows;
    assert!(!runs.is_empty() && runs[0][0] == 1, "{runs:?}");
}

#[test]
fn threads_share_commits_and_a_refused_batch_leaves_the_others_alone() {
    let place = Place::new();
    let ledger = place.create();
    let (threads, rounds) = (8, soak(40, 800));
    let barrier = Barrier::new(threads as usize);
    let acknowledged: Vec<(u64, String)> = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let (ledger, barrier) = (ledger.clone(), &barrier);
            move || {
                barrier.wait();
                let mut done = Vec::new();
                for round in 0..rounds {
                    let key = format!("t{thread}-{round}");
                    let seq = ledger.append(&[keyed(&key, "x"), note("y")], at(1)).unwrap()[0];
                    done.push((seq, key.clone()));
                    // The key is recorded with another fact: refused, whoever shares the commit.
                    let e = ledger.append(&[note("z"), keyed(&key, "other")], at(1)).unwrap_err();
                    assert_eq!((e.code(), e.row()), (Code::KeyConflict, Some(2)));
                }
                done
            }
        };
        let started: Vec<_> = (0..threads).map(|t| scope.spawn(work(t))).collect();
        started.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    let entries = ledger.entries(1, u64::MAX).unwrap();
    assert_eq!(entries.len() as u64, threads * rounds * 2, "two facts a round, none of the refused");
    for (seq, key) in &acknowledged {
        assert_eq!(entries[*seq as usize - 1].fact.key.as_ref(), Some(key));
    }
    let commits = entries.chunk_by(|a, b| a.recorded_at == b.recorded_at).count() as u64;
    println!("{} appends in {commits} commits", threads * rounds);
    assert!(commits < threads * rounds, "no commit was shared");
    assert_eq!(verdict(&ledger), (threads * rounds * 2, None, None));
}

#[test]
fn clocks_that_differ_do_not_share_a_commit() {
    let place = Place::new();
    let ledger = place.create();
    ledger.append(&[note("first")], at(0)).unwrap();
    std::thread::scope(|scope| {
        for i in 1..=8 {
            let ledger = ledger.clone();
            scope.spawn(move || {
                for _ in 0..10 {
                    // Refused by their clock; the others' instant is not touched by it.
                    let e = ledger.append(&[note("ahead")], at(0) + 401 * DAY).unwrap_err();
                    assert_eq!(e.code(), Code::ClockJump);
                    ledger.append(&[note("right")], at(i)).unwrap();
                }
            });
        }
    });
    let last = ledger.head().unwrap();
    assert!(last.recorded_at < at(9), "{}", text(last.recorded_at));
}

#[test]
fn handles_share_one_store_and_follow_each_other() {
    let place = Place::new();
    let a = place.create();
    let b = place.open();
    let reader = Ledger::open(&place.path(), &Options { read_only: true, ..Options::default() }).unwrap();
    let link = place.folder().join("link.db");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    let c = Ledger::open(&link, &Options::default()).unwrap();
    assert_eq!(c.path(), std::fs::canonicalize(place.path()).unwrap());
    for (i, ledger) in [&a, &b, &c, &a].into_iter().enumerate() {
        ledger.append(&[note("x")], at(i as i64)).unwrap();
        for other in [&a, &b, &c, &reader] {
            assert_eq!(other.head().unwrap().seq, i as u64 + 1);
        }
    }
    drop((a, b, c));
    assert_eq!(reader.head().unwrap().seq, 4);
    // Opening and dropping in many threads: never two stores, never a refusal.
    drop(reader);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    place.open().append(&[note("y")], at(9)).unwrap();
                }
            });
        }
    });
    assert_eq!(place.open().head().unwrap().seq, 104);
}
