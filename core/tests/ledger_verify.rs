//! The proof: what was changed is found, and the shell script finds the same.

mod ledger_common;

use ledger_common::*;
use opsledger::error::Code;
use opsledger::ledger::{Ledger, Options, Record};
use rusqlite::Connection;
use std::path::Path;

const ENTRIES: i64 = 12;

/// A ledger of twelve entries, closed.
fn ledger() -> Place {
    let place = Place::new();
    let quick = Options { create: true, sync: false, ..Options::default() };
    fill(&Ledger::open(&place.path(), &quick).unwrap(), ENTRIES);
    place
}

fn fill(ledger: &Ledger, entries: i64) {
    let first = ledger.head().unwrap().seq as i64;
    for i in first + 1..=first + entries {
        ledger.append(&[fact(&format!(
            r#"{{"kind":"x.note","subject":"N-{i}","key":"k{i}","at":"{}","body":{{"words":"故障 {i}"}}}}"#,
            text(at(i))
        ))], at(100 + i)).unwrap();
    }
}

/// Changes the file as somebody may who does not care for triggers, and puts them back.
fn tamper(path: &Path, statements: &str) {
    let file = Connection::open(path).unwrap();
    let triggers: Vec<(String, String)> = file
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (name, _) in &triggers {
        file.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    file.execute_batch(statements).unwrap();
    for (_, sql) in &triggers {
        file.execute_batch(sql).unwrap();
    }
}

/// Writes the heads from `seq` on anew, so that the chain holds: what only somebody can do who rewrites the whole rest.
fn forge(path: &Path, seq: u64, change: impl Fn(&Record) -> (String, String)) {
    let records = Ledger::open(path, &Options::default()).unwrap().read(1, u64::MAX).unwrap();
    let mut prev = String::new();
    let mut statements = String::new();
    for record in &records {
        let (mut time, mut text) = (record.head.split('\t').nth(1).unwrap().to_owned(), record.fact.clone());
        if record.seq == seq {
            (time, text) = change(record);
        }
        let head = if record.seq < seq {
            record.head.clone()
        } else {
            format!("{}\t{time}\t{prev}\t{}", record.seq, sm3(&text))
        };
        prev = sm3(&head);
        statements += &format!(
            "UPDATE entry SET head = '{head}', fact = '{}' WHERE seq = {};",
            text.replace('\'', "''"),
            record.seq
        );
    }
    tamper(path, &statements);
}

/// Our verifier and the script say the same entry and the same words.
fn both_find(place: &Place, seq: u64, name: &str) {
    let ledger = place.open();
    let verdict = ledger.verify(&mut |_, _| true).unwrap();
    let problem = verdict.problem.unwrap();
    assert_eq!((verdict.first_bad, problem.name), (Some(seq), name), "{}", problem.detail);
    assert_eq!(verdict.entries, seq - 1, "entries before the bad one are sound");
    let (status, words) = shell_verdict(&place.path());
    assert_eq!((status, words.trim()), (Some(1), format!("broken: entry {seq}: {name}").as_str()));
}

#[test]
fn a_sound_ledger_is_sound() {
    let place = ledger();
    let ledger = place.open();
    let mut calls = Vec::new();
    let found = ledger.verify(&mut |done, total| {
        calls.push((done, total));
        true
    });
    let found = found.unwrap();
    assert_eq!((found.entries, found.first_bad, found.problem), (12, None, None));
    assert_eq!(calls.last(), Some(&(12, 12)));
    let head = ledger.head().unwrap().sm3;
    let (status, words) = shell_verdict(&place.path());
    assert_eq!(
        (status, words.trim()),
        (Some(0), format!("sound: entries 1 to 12, last head {head}").as_str())
    );
    assert_eq!(ledger.verify(&mut |_, _| false).unwrap_err().code(), Code::Cancelled);
    // An empty one too.
    let place = Place::new();
    assert_eq!(verdict(&place.create()), (0, None, None));
    assert_eq!(shell_verdict(&place.path()).0, Some(0));
}

#[test]
fn every_change_is_found_by_both() {
    let cases: &[(&str, u64, &str)] = &[
        ("UPDATE entry SET fact = replace(fact, '故障 5', '故障 6') WHERE seq = 5", 5, "fact-changed"),
        ("UPDATE entry SET fact = fact || ' ' WHERE seq = 12", 12, "fact-changed"),
        ("UPDATE entry SET fact = fact || char(10) WHERE seq = 3", 3, "fact-changed"),
        ("UPDATE entry SET fact = '' WHERE seq = 1", 1, "fact-changed"),
        ("DELETE FROM entry WHERE seq = 7", 7, "entry-missing"),
        ("DELETE FROM entry WHERE seq = 1", 1, "entry-missing"),
        ("DELETE FROM entry WHERE seq BETWEEN 4 AND 6", 4, "entry-missing"),
        // A swapped pair: the whole rows, the facts, the heads.
        (
            "UPDATE entry SET seq = 99 WHERE seq = 4; UPDATE entry SET seq = 4 WHERE seq = 5;
          UPDATE entry SET seq = 5 WHERE seq = 99",
            4,
            "seq-wrong",
        ),
        (
            "UPDATE entry SET fact = (SELECT fact FROM entry e WHERE e.seq = 17 - entry.seq) WHERE seq IN (8, 9)",
            8,
            "fact-changed",
        ),
        (
            "UPDATE entry SET head = (SELECT head FROM entry e WHERE e.seq = 17 - entry.seq) WHERE seq IN (8, 9)",
            8,
            "seq-wrong",
        ),
        // Each part of a head.
        ("UPDATE entry SET head = replace(head, '01:45:00', '01:45:01') WHERE seq = 5", 6, "chain-broken"),
        ("UPDATE entry SET head = replace(head, '.000000Z', 'Z') WHERE seq = 5", 5, "head-malformed"),
        ("UPDATE entry SET head = '0' || head WHERE seq = 5", 5, "head-malformed"),
        ("UPDATE entry SET head = upper(head) WHERE seq = 5", 5, "head-malformed"),
        ("UPDATE entry SET head = head || char(9) WHERE seq = 5", 5, "head-malformed"),
        ("UPDATE entry SET head = head || char(10) WHERE seq = 5", 5, "head-malformed"),
        ("UPDATE entry SET head = replace(head, char(9), '|') WHERE seq = 5", 5, "head-malformed"),
        ("UPDATE entry SET head = '' WHERE seq = 2", 2, "head-malformed"),
        ("UPDATE entry SET head = CAST(head AS BLOB) WHERE seq = 6", 6, "not-text"),
        ("UPDATE entry SET fact = CAST(fact AS BLOB) WHERE seq = 6", 6, "not-text"),
        ("INSERT INTO entry SELECT 0, head, fact FROM entry WHERE seq = 1", 1, "entry-added"),
        ("INSERT INTO entry SELECT -5, head, fact FROM entry WHERE seq = 1", 1, "entry-added"),
        ("INSERT INTO entry SELECT 13, head, fact FROM entry WHERE seq = 12", 13, "seq-wrong"),
        ("INSERT INTO entry SELECT 14, head, fact FROM entry WHERE seq = 12", 13, "entry-missing"),
        ("INSERT OR REPLACE INTO entry SELECT 9, head, fact FROM entry WHERE seq = 8", 9, "seq-wrong"),
        // Two changes: the first counts.
        ("UPDATE entry SET fact = 'x' WHERE seq IN (10, 3)", 3, "fact-changed"),
    ];
    for (statements, seq, name) in cases {
        let place = ledger();
        tamper(&place.path(), statements);
        println!("{statements}");
        both_find(&place, *seq, name);
    }
}

#[test]
fn forged_chains_are_found_by_what_they_hold() {
    let place = ledger();
    forge(&place.path(), 5, |r| ("2026-03-01T00:00:00.000000Z".to_owned(), r.fact.clone()));
    both_find(&place, 5, "time-backwards");
    let time = |r: &Record| r.head.split('\t').nth(1).unwrap().to_owned();
    type Change<'a> = &'a dyn Fn(&Record) -> String;
    let only_ours: [(Change<'_>, &str); 4] = [
        (&|r| r.fact.replace(r#""kind""#, r#" "kind""#), "not-canonical"),
        (&|r| r.fact.replace("x.note", "outage.begin"), "not-canonical"),
        (&|_| "no fact".to_owned(), "not-canonical"),
        (&|r| r.fact.replace(r#""k5""#, r#""k2""#), "duplicate-key"),
    ];
    for (change, name) in only_ours {
        let place = ledger();
        forge(&place.path(), 5, |r| (time(r), change(r)));
        assert_eq!(
            verdict(&place.open()),
            (if name == "duplicate-key" { 12 } else { 4 }, Some(5), Some(name))
        );
        assert_eq!(shell_verdict(&place.path()).0, Some(0));
    }
}

#[test]
fn changes_at_the_seams_of_batches_are_found() {
    let place = Place::new();
    let ledger = place.create();
    let entries = 2200;
    for chunk in 0..entries / 1100 {
        let facts: Vec<_> = (0..1100).map(|i| note(&format!("n{}", chunk * 1100 + i))).collect();
        ledger.append(&facts, at(chunk)).unwrap();
    }
    drop(ledger);
    let whole = std::fs::read(place.path()).unwrap();
    let mut random = Random::new();
    // Our batches hold 1024 entries, the script's 2000.
    let mut seqs = vec![1, 1024, 1025, 2000, 2001, 2199];
    seqs.extend((0..soak(1, 60)).map(|_| 1 + random.below(2199)));
    for (turn, seq) in seqs.into_iter().enumerate() {
        let (statement, bad, name) = match turn % 3 {
            0 => (format!("UPDATE entry SET fact = fact || 'x' WHERE seq = {seq}"), seq, "fact-changed"),
            1 => (format!("DELETE FROM entry WHERE seq = {seq}"), seq, "entry-missing"),
            _ => {
                let change = format!(
                    "UPDATE entry SET head = replace(head, '.000000Z', '.000001Z') WHERE seq = {seq}"
                );
                (change, seq + 1, "chain-broken")
            }
        };
        std::fs::write(place.path(), &whole).unwrap();
        tamper(&place.path(), &statement);
        both_find(&place, bad, name);
    }
}

#[test]
fn triggers_guard_the_entries_and_are_checked() {
    let place = ledger();
    let file = Connection::open(place.path()).unwrap();
    for statement in ["UPDATE entry SET fact = ''", "UPDATE entry SET seq = seq + 1", "DELETE FROM entry"] {
        let e = file.execute_batch(statement).unwrap_err().to_string();
        assert!(e.contains("entries are never"), "{e}");
    }
    drop(file);
    assert_eq!(verdict(&place.open()), (12, None, None));
    for (statements, name) in [
        ("DROP TRIGGER entry_keep", "trigger-missing"),
        ("DROP TRIGGER entry_same", "trigger-missing"),
        (
            "DROP TRIGGER entry_keep; CREATE TRIGGER entry_keep BEFORE DELETE ON entry BEGIN SELECT 1; END",
            "trigger-changed",
        ),
        ("CREATE TRIGGER more AFTER INSERT ON entry BEGIN SELECT 1; END", "trigger-added"),
        ("ALTER TABLE entry ADD COLUMN more TEXT", "table-changed"),
    ] {
        let place = ledger();
        Connection::open(place.path()).unwrap().execute_batch(statements).unwrap();
        assert_eq!(verdict(&place.open()), (12, None, Some(name)), "{statements}");
        let (status, words) = shell_verdict(&place.path());
        assert!(status == Some(1) && words.starts_with("broken: the table or its triggers"), "{words}");
        // A bad entry counts for more.
        tamper(&place.path(), "UPDATE entry SET fact = 'x' WHERE seq = 2");
        both_find(&place, 2, "fact-changed");
    }
}

#[test]
fn wrong_lookup_tables_are_found_and_built_anew() {
    let place = Place::new();
    let total = 8300;
    let facts: Vec<_> = (1..=total).map(|i| keyed(&format!("k{i}"), "x")).collect();
    place.create().append(&facts, at(0)).unwrap();
    let whole = std::fs::read(place.path()).unwrap();
    for damage in [
        "UPDATE side_bucket SET data = zeroblob(length(data)) WHERE id = (SELECT min(id) FROM side_bucket)",
        "DELETE FROM side_bucket WHERE id = (SELECT max(id) FROM side_bucket)",
        "UPDATE side_run SET filter = zeroblob(length(filter))",
        "UPDATE side_run SET head = 'x'",
        "DELETE FROM side_run",
    ] {
        std::fs::write(place.path(), &whole).unwrap();
        Connection::open(place.path()).unwrap().execute_batch(damage).unwrap();
        let ledger = place.open();
        if damage.starts_with("UPDATE") || damage.contains("side_bucket") {
            assert_eq!(verdict(&ledger), (total, None, Some("side-wrong")), "{damage}");
        }
        assert_eq!(ledger.append(&[keyed("k1", "x"), keyed("k8300", "x")], at(1)).unwrap(), [1, total]);
        assert_eq!(ledger.append(&[keyed("k1", "y")], at(1)).unwrap_err().code(), Code::KeyConflict);
        ledger.append(&[note("more")], at(2)).unwrap();
        drop(ledger);
        assert_eq!(verdict(&place.open()), (total + 1, None, None), "{damage}");
        let runs = place.open().sql("SELECT first, last FROM side_run").unwrap().rows;
        assert_eq!(runs[0][0], 1, "{damage}: {runs:?}");
    }
    // They are no part of the proof.
    Connection::open(place.path()).unwrap().execute_batch("DELETE FROM side_bucket").unwrap();
    assert_eq!(shell_verdict(&place.path()).0, Some(0));
}

#[test]
fn a_damaged_page_is_found() {
    let place = Place::new();
    fill(&place.create(), 400);
    let mut bytes = std::fs::read(place.path()).unwrap();
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 4096].fill(0xa5);
    std::fs::write(place.path(), &bytes).unwrap();
    let ledger = place.open();
    let found = ledger.verify(&mut |_, _| true).unwrap();
    assert_eq!(found.problem.unwrap().name, "file-damaged");
    let first_bad = found.first_bad.unwrap();
    assert!(first_bad > 1 && first_bad <= 400, "{first_bad}");
    assert_eq!(ledger.read(1, first_bad - 1).unwrap().len() as u64, first_bad - 1);
    assert_eq!(ledger.read(1, 400).unwrap_err().code(), Code::Corrupt);
    assert_eq!(shell_verdict(&place.path()).0, Some(1));
}

#[test]
fn an_append_does_not_go_on_from_a_broken_end() {
    let place = ledger();
    tamper(&place.path(), "UPDATE entry SET head = replace(head, '2026', '2025') WHERE seq = 7");
    let ledger = place.open();
    let e = ledger.append(&[note("x")], at(999)).unwrap_err();
    assert_eq!(e.code(), Code::Corrupt);
    assert!(e.detail().contains("entry 8"), "{e}");
    // What can be read is read.
    assert_eq!(ledger.entries(1, 99).unwrap().len(), 12);
}

#[test]
fn the_script_says_what_it_lacks() {
    let place = ledger();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/verify-ledger.sh");
    let run = |arguments: &[&str]| {
        let out = std::process::Command::new("sh").arg(script).args(arguments).output().unwrap();
        let words =
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        (out.status.code(), words)
    };
    let path = place.path();
    let path = path.to_str().unwrap();
    assert_eq!(run(&[]).0, Some(2));
    assert_eq!(run(&["/no/such/ledger"]).0, Some(2));
    assert_eq!(run(&[script]).0, Some(2), "not a ledger");
    assert_eq!(run(&[path, "one"]).0, Some(2));
    // A part of it: only the link to the entry before is taken for granted.
    assert_eq!(run(&[path, "5", "9"]).0, Some(0));
    assert_eq!(run(&[path, "5", "13"]), (Some(1), "broken: entry 13: entry-missing\n".to_owned()));
    tamper(&place.path(), "UPDATE entry SET fact = 'x' WHERE seq = 4");
    assert_eq!(run(&[path, "5"]).0, Some(0));
    assert_eq!(run(&[path, "4"]).0, Some(1));
}
