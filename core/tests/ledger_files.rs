//! Files that are no ledgers, of a newer version, read-only, on a full disk; read-only SQL; snapshots.

mod ledger_common;

use ledger_common::*;
use opsledger::error::{Category, Code, Lang};
use opsledger::ledger::{Ledger, Options};
use rusqlite::Connection;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The other process: see [`play`].
#[test]
fn role() {
    let Some((role, path, argument)) = ledger_common::role() else { return };
    match role.as_str() {
        "read-only" => as_somebody_else(&path, &argument),
        "refused" => {
            become_nobody();
            let e = open(&path, reading()).unwrap_err();
            say(&format!("{} {}", e.code().info().name, e.text(Lang::En)));
        }
        "full" => until_the_disk_is_full(&path),
        other => panic!("{other}"),
    }
}

fn open(path: &Path, options: Options) -> Result<Ledger, opsledger::Error> {
    Ledger::open(path, &options)
}

fn reading() -> Options {
    Options { read_only: true, ..Options::default() }
}

fn making() -> Options {
    Options { create: true, ..Options::default() }
}

#[test]
fn what_is_no_ledger_is_refused_and_left_alone() {
    let place = Place::new();
    let path = place.path();
    for options in [Options::default(), reading()] {
        let e = open(&path, options).unwrap_err();
        assert_eq!((e.code(), e.category()), (Code::NotFound, Category::NotFound));
        assert!(e.text(Lang::Zh).contains("ledger.db"), "{e}");
    }
    assert!(std::fs::read_dir(place.folder()).unwrap().next().is_none(), "asking leaves nothing behind");
    let e = open(&place.folder().join("no/such/folder.db"), making()).unwrap_err();
    assert_eq!(e.code(), Code::NotFound);
    let contents: [(&str, Vec<u8>); 4] = [
        ("text", b"kind,subject,at\n".to_vec()),
        ("long text", b"some text. ".repeat(1000)),
        ("zeros", vec![0; 8192]),
        ("half a database", b"SQLite format 3\0".to_vec()),
    ];
    for (what, content) in contents {
        std::fs::write(&path, &content).unwrap();
        for options in [Options::default(), reading(), making()] {
            assert_eq!(open(&path, options).unwrap_err().code(), Code::NotALedger, "{what}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), content, "{what}");
    }
    std::fs::remove_file(&path).unwrap();
    // Another program's database.
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE entry(a); INSERT INTO entry VALUES(1)")
        .unwrap();
    let content = std::fs::read(&path).unwrap();
    for options in [Options::default(), reading(), making()] {
        assert_eq!(open(&path, options).unwrap_err().code(), Code::NotALedger);
    }
    assert_eq!(std::fs::read(&path).unwrap(), content);
    assert_eq!(std::fs::read_dir(place.folder()).unwrap().count(), 1, "no side files beside it");
    assert_eq!(open(place.folder(), making()).unwrap_err().code(), Code::NotALedger);
    // A file without content becomes a ledger only when one is to be made.
    std::fs::write(&path, "").unwrap();
    assert_eq!(open(&path, Options::default()).unwrap_err().code(), Code::NotALedger);
    assert_eq!(open(&path, making()).unwrap().append(&[note("a")], at(0)).unwrap(), [1]);
    // An existing ledger is opened, not made anew.
    assert_eq!(open(&path, making()).unwrap().append(&[note("b")], at(0)).unwrap(), [2]);
}

#[test]
fn a_newer_version_is_refused_also_while_it_is_open() {
    let place = Place::new();
    let ledger = place.create();
    ledger.append(&[note("a")], at(0)).unwrap();
    let newer = "PRAGMA user_version = 2; CREATE TABLE side_more(a)";
    Connection::open(place.path()).unwrap().execute_batch(newer).unwrap();
    let e = ledger.append(&[note("b")], at(1)).unwrap_err();
    assert_eq!((e.code(), e.category()), (Code::LedgerVersion, Category::Version));
    drop(ledger);
    for options in [Options::default(), reading(), making()] {
        let e = open(&place.path(), options).unwrap_err();
        assert_eq!(e.code(), Code::LedgerVersion);
        assert!(e.text(Lang::En).contains("install a newer opsledger"), "{e}");
    }
    let rows: i64 = Connection::open(place.path())
        .unwrap()
        .query_row("SELECT count(*) FROM entry", [], |r| r.get(0))
        .unwrap();
    assert_eq!(rows, 1);
}

/// Gives up root's rights, under which nothing is read-only.
fn become_nobody() {
    const NOBODY: u32 = 65_534;
    // SAFETY: plain system calls in a process that was started for this.
    unsafe {
        if libc::geteuid() == 0 {
            assert_eq!(libc::setgroups(0, std::ptr::null()), 0);
            assert_eq!(libc::setgid(NOBODY), 0);
            assert_eq!(libc::setuid(NOBODY), 0);
        }
    }
}

fn as_somebody_else(path: &Path, entries: &str) {
    become_nobody();
    let e = open(path, Options::default()).unwrap_err();
    assert_eq!((e.code(), e.category()), (Code::ReadOnlyFile, Category::Io), "{e}");
    assert!(e.text(Lang::En).contains("open it read-only"), "{e}");
    let fresh = path.with_file_name("fresh.db");
    let e = open(&fresh, making());
    if path.parent().unwrap().metadata().unwrap().permissions().mode() & 0o222 == 0 {
        assert_eq!(e.unwrap_err().code(), Code::ReadOnlyFile);
    }
    let entries: u64 = entries.parse().unwrap();
    let ledger = open(path, reading()).unwrap();
    assert_eq!(ledger.head().unwrap().seq, entries);
    assert_eq!(ledger.entries(1, 99).unwrap().len() as u64, entries);
    assert_eq!(verdict(&ledger), (entries, None, None));
    assert_eq!(ledger.sql("SELECT count(*) FROM entry").unwrap().rows[0][0], json!(entries));
    assert_eq!(ledger.append(&[note("x")], at(9)).unwrap_err().code(), Code::ReadOnlyFile);
    say("ready");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    // What others append meanwhile is seen.
    if let Ok(more) = line.trim().parse::<u64>() {
        assert_eq!(ledger.head().unwrap().seq, entries + more);
        assert_eq!(ledger.entries(1, 99).unwrap().len() as u64, entries + more);
        assert_eq!(verdict(&ledger), (entries + more, None, None));
    }
    say("done");
}

/// Runs the reader as another user; `meanwhile` runs once it has the ledger open, and says what the reader is told.
fn read_as_somebody_else(place: &Place, entries: u64, meanwhile: impl FnOnce() -> String) {
    use std::io::{BufRead, Write};
    let mut child = play("read-only", &place.path(), &entries.to_string());
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut heard = String::new();
    while !heard.contains("@ready") {
        heard = lines.next().expect("the reader ended").unwrap();
    }
    writeln!(child.stdin.take().unwrap(), "{}", meanwhile()).unwrap();
    let rest: Vec<String> = lines.map(|l| l.unwrap()).collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    assert!(rest.iter().any(|l| l.contains("@done")), "{rest:?}");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_read_only_ledger_can_be_read_by_another_user() {
    let place = Place::new();
    let ledger = place.create();
    ledger.append(&[note("a"), note("b")], at(0)).unwrap();
    set_mode(&place.path(), 0o444);
    set_mode(place.folder(), 0o555);
    // Beside a writer that has it open.
    read_as_somebody_else(&place, 2, || {
        if ledger.append(&[note("c")], at(1)).is_ok() { "1".into() } else { "0".into() }
    });
    let entries = ledger.head().unwrap().seq;
    drop(ledger);
    let content = std::fs::read(place.path()).unwrap();
    // Alone, where SQLite can make no side files.
    assert!(!place.beside("-wal").exists());
    read_as_somebody_else(&place, entries, String::new);
    assert_eq!(std::fs::read(place.path()).unwrap(), content);
    // Alone at first; then a writer comes.
    if !files_are_writable(&place.path()) {
        set_mode(place.folder(), 0o755);
        return; // not root: this process may not write either
    }
    let mut kept = None;
    read_as_somebody_else(&place, entries, || {
        let ledger = place.open();
        ledger.append(&[note("d"), note("e")], at(2)).unwrap();
        kept = Some(ledger);
        "2".into()
    });
    set_mode(place.folder(), 0o755);
}

fn files_are_writable(path: &Path) -> bool {
    std::fs::File::options().append(true).open(path).is_ok()
}

#[test]
fn a_wal_that_nobody_copied_is_not_passed_over() {
    let place = Place::new();
    let ledger = place.create();
    ledger.append(&[note("a")], at(0)).unwrap();
    // The state a killed writer leaves: a WAL with content, and no index of it.
    let copy = Place::new();
    std::fs::copy(place.path(), copy.path()).unwrap();
    std::fs::copy(place.beside("-wal"), copy.beside("-wal")).unwrap();
    assert!(copy.beside("-wal").metadata().unwrap().len() > 0);
    set_mode(&copy.path(), 0o444);
    set_mode(copy.folder(), 0o555);
    let heard = hear(play("refused", &copy.path(), ""));
    set_mode(copy.folder(), 0o755);
    assert!(
        heard[0].starts_with("read-only-file ") && heard[0].contains("open the ledger once"),
        "{heard:?}"
    );
    // Whoever may write brings it in order.
    set_mode(&copy.path(), 0o644);
    assert_eq!(verdict(&copy.open()), (1, None, None));
}

const ROOM: u64 = 300_000;

fn until_the_disk_is_full(path: &Path) {
    // SAFETY: plain system calls in a process that was started for this; the signal would end it.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let limit = libc::rlimit { rlim_cur: ROOM, rlim_max: ROOM };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
    let ledger = open(path, Options::default()).unwrap();
    let mut acknowledged = 0;
    let full = loop {
        let facts = [note(&"x".repeat(2000)), note("y")];
        match ledger.append(&facts, at(0)) {
            Ok(seqs) => acknowledged = seqs[1],
            Err(e) => break e,
        }
    };
    assert_eq!((full.code(), full.category()), (Code::DiskFull, Category::Io), "{full:?}");
    // Nothing of the refused batch is there, and reading goes on.
    assert_eq!(ledger.head().unwrap().seq, acknowledged);
    assert_eq!(verdict(&ledger), (acknowledged, None, None));
    let again = ledger.append(&[note(&"x".repeat(40_000))], at(0)).unwrap_err();
    assert_eq!(again.code(), Code::DiskFull);
    say(&acknowledged.to_string());
}

#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    place.create();
    let heard = hear(play("full", &place.path(), ""));
    let acknowledged: u64 = heard[0].parse().unwrap();
    assert!(acknowledged > 20, "{acknowledged}");
    let ledger = place.open();
    assert_eq!(verdict(&ledger), (acknowledged, None, None));
    // With room again it goes on.
    assert_eq!(ledger.append(&[note("z")], at(1)).unwrap(), [acknowledged + 1]);
    let e = opsledger::Error::new(Code::DiskFull, "");
    assert!(e.text(Lang::En).contains("nothing of this batch was recorded"), "{e}");
}

#[test]
fn queries_only_read() {
    let place = Place::new();
    let ledger = place.create();
    ledger.append(&[start("O-1", 0), end("O-1", 7)], at(10)).unwrap();
    let table = ledger.sql(
        "SELECT seq, fact ->> '$.kind' AS kind, 1.5 AS real, NULL AS none, x'00ff' AS blob, 1e300 AS big FROM entry",
    );
    let table = table.unwrap();
    assert_eq!(table.columns, ["seq", "kind", "real", "none", "blob", "big"]);
    assert_eq!(
        table.rows[0][..5],
        [json!(1), json!("outage.start"), json!("1.5"), json!(null), json!("00ff")]
    );
    assert_eq!(table.rows[1][1], json!("outage.end"));
    assert_eq!(ledger.sql("PRAGMA user_version").unwrap().rows, [[json!(1)]]);
    assert_eq!(ledger.sql("PRAGMA quick_check").unwrap().rows, [[json!("ok")]]);
    assert_eq!(
        ledger
            .sql(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n"
            )
            .unwrap()
            .rows
            .len(),
        5
    );
    let before = std::fs::read(place.path()).unwrap();
    let other = place.folder().join("other.db");
    for query in [
        "INSERT INTO entry VALUES(3, '', '')",
        "UPDATE entry SET fact = ''",
        "DELETE FROM entry",
        "DROP TABLE side_run",
        "DROP TRIGGER entry_keep",
        "CREATE TABLE t(a)",
        "CREATE TEMP TABLE t(a)",
        "CREATE TEMP VIEW v AS SELECT 1",
        "ANALYZE",
        "BEGIN",
        "SAVEPOINT s",
        "PRAGMA user_version = 9",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA locking_mode = EXCLUSIVE",
        "SELECT load_extension('x')",
        &format!("ATTACH '{}' AS o", other.display()),
        &format!("VACUUM INTO '{}'", other.display()),
        "VACUUM",
        "DETACH main",
    ] {
        let e = ledger.sql(query).unwrap_err();
        assert_eq!((e.code(), e.category()), (Code::NotReadOnly, Category::Refused), "{query}: {e}");
    }
    for query in [
        "",
        "SELEC 1",
        "SELECT nothing FROM entry",
        "SELECT 1; SELECT 2",
        "SELECT ?1, abs('x', 2)",
        "SELECT abs(-9223372036854775808)",
    ] {
        assert_eq!(ledger.sql(query).unwrap_err().code(), Code::BadRequest, "{query}");
    }
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
    assert!(!other.exists());
    // The connection serves the next one as before.
    assert_eq!(ledger.append(&[note("x")], at(11)).unwrap(), [3]);
    assert_eq!(ledger.sql("SELECT count(*) FROM entry").unwrap().rows, [[json!(3)]]);
    assert_eq!(verdict(&ledger), (3, None, None));
}

#[test]
fn a_snapshot_is_one_whole_file() {
    let place = Place::new();
    let ledger = place.create();
    let facts: Vec<_> = (0..500).map(|i| keyed(&format!("k{i}"), "x")).collect();
    ledger.append(&facts, at(0)).unwrap();
    let copy = place.folder().join("copy.db");
    // While others append.
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                ledger.append(&[note("a"), note("b")], at(1)).unwrap();
            }
        });
        let taken = ledger.snapshot(&copy);
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        writer.join().unwrap();
        taken.unwrap();
    });
    assert_eq!(ledger.snapshot(&copy).unwrap_err().code(), Code::LedgerExists);
    assert_eq!(ledger.snapshot(&place.path()).unwrap_err().code(), Code::LedgerExists);
    let mut names: Vec<_> = std::fs::read_dir(place.folder())
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("copy"))
        .collect();
    assert_eq!(names, ["copy.db"]);
    let mode: String =
        Connection::open(&copy).unwrap().query_row("PRAGMA journal_mode", [], |r| r.get(0)).unwrap();
    assert_eq!(mode, "delete");
    let snapshot = open(&copy, reading()).unwrap();
    let head = snapshot.head().unwrap();
    assert_eq!(head.seq % 2, 0, "whole batches only");
    assert_eq!(ledger.head_at(head.seq).unwrap(), Some(head.clone()));
    assert_eq!(verdict(&snapshot), (head.seq, None, None));
    assert_eq!(shell_verdict(&copy).0, Some(0));
    drop(snapshot);
    names = std::fs::read_dir(place.folder())
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("copy"))
        .collect();
    assert_eq!(names, ["copy.db"], "reading a snapshot leaves nothing beside it");
    // It is a ledger: one can go on from it.
    let further = open(&copy, Options::default()).unwrap();
    assert_eq!(further.append(&[keyed("k7", "x"), note("n")], at(2)).unwrap(), [8, head.seq + 1]);
    assert_eq!(verdict(&further), (head.seq + 1, None, None));
}

/// Made by the first release of format 1; never written again.
#[test]
fn the_sample_of_format_1_is_read_and_goes_on() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/ledger-v1.db");
    let place = Place::new();
    std::fs::copy(sample, place.path()).unwrap();
    set_mode(&place.path(), 0o644);
    assert_eq!(shell_verdict(&place.path()).0, Some(0));
    let ledger = place.open();
    assert_eq!(verdict(&ledger), (9, None, None));
    let head = ledger.head().unwrap();
    assert_eq!(
        (head.seq, head.sm3.as_str()),
        (9, "0532fc76e0302cd8f6642ae5760b6f67ef092e2432fe8e0a3cf091c9cec9d0b1")
    );
    let kinds: Vec<_> =
        ledger.entries(1, 99).unwrap().iter().map(|e| e.fact.kind_name().to_owned()).collect();
    assert_eq!(
        kinds,
        [
            "watch.start",
            "outage.start",
            "outage.end",
            "incident.report",
            "clock.fault",
            "incident.respond",
            "fact.confirm",
            "outage.start",
            "x.note",
        ]
    );
    let claimed = ledger.entries(8, 1).unwrap()[0].fact.claimed_recorded_at;
    assert_eq!(claimed.map(text).as_deref(), Some("2026-03-03T00:00:00.000000Z"));
    assert_eq!(ledger.append(&[end("O-2", 60 * 24 * 3)], at(60 * 24 * 9)).unwrap(), [10]);
    assert_eq!(
        ledger.append(&[end("O-1", 60 * 24 * 3)], at(60 * 24 * 9)).unwrap_err().code(),
        Code::AlreadyEnded
    );
    assert_eq!(verdict(&ledger), (10, None, None));
}

/// How the sample was made, and that the same facts make the same bytes today.
#[test]
fn the_same_facts_make_the_same_entries() {
    let place = Place::new();
    let ledger = place.create();
    ledger
        .append(
            &[fact(r#"{"kind":"watch.start","at":"2026-03-01T00:00:00Z","actor":{"party":"machine"}}"#)],
            at(-1440),
        )
        .unwrap();
    let named = r#"{"kind":"outage.start","subject":"O-1","key":"o1s","at":"2026-03-02T08:10:00+08:00","actor":{"person":"张三","party":"supplier"},"body":{"system":"portal","impact":"down","cause":"磁盘\t\"满\""},"evidence":{"digest":"66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0","name":"log.txt"}}"#;
    ledger.append(&[fact(named), end("O-1", 70)], at(71)).unwrap();
    let report = r#"{"kind":"incident.report","subject":"I-1","at":"2026-03-02T00:12:00Z","body":{"severity":"major","outage":"O-1"}}"#;
    ledger.append(&[fact(report)], at(72)).unwrap();
    let respond = r#"{"kind":"incident.respond","subject":"I-1","at":"2026-03-02T00:20:00Z","body":{"person":"李四","arrangement":"到场"}}"#;
    ledger.append(&[fact(respond)], at(30)).unwrap();
    let confirm =
        r#"{"kind":"fact.confirm","at":"2026-03-02T02:00:00Z","actor":{"party":"buyer"},"body":{"entry":2}}"#;
    ledger.append(&[fact(confirm)], at(120)).unwrap();
    ledger.import(&[(start("O-2", 1430), Some(at(1440)))], at(2000), false).unwrap();
    ledger.append(&[note("完")], at(2001)).unwrap();
    if let Ok(path) = std::env::var("OPSLEDGER_SAMPLE") {
        ledger.snapshot(Path::new(&path)).unwrap();
    }
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/ledger-v1.db");
    let copy = Place::new();
    std::fs::copy(sample, copy.path()).unwrap();
    assert_eq!(ledger.read(1, 99).unwrap(), copy.open().read(1, 99).unwrap());
}
