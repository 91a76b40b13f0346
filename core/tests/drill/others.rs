//! SQLite, files, archives and scripts.

use super::{Work, assert_fail, assert_pass, assert_rto, detail, shown};
use opsledger::backup::{DrillOptions, Kind, ProblemKind, Verdict};
use rusqlite::Connection;
use std::io::{Seek, SeekFrom, Write};

fn database(path: &std::path::Path) -> Connection {
    let db = Connection::open(path).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode=WAL;
         CREATE TABLE unit (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE record (id INTEGER PRIMARY KEY, unit INTEGER REFERENCES unit, note TEXT);
         CREATE INDEX record_note ON record (note);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) INSERT INTO unit SELECT i, '科室' || i FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
           INSERT INTO record SELECT i, 1 + i % 20, '备注' || i FROM n;",
    )
    .unwrap();
    db
}

#[test]
fn sqlite_files() {
    let work = Work::new();
    let live = work.at("live.db");
    let db = database(&live);
    let url = format!("sqlite:{}", live.display());
    // The database with its write-ahead log, as a snapshot of the disk has them.
    let set = work.folder("wal");
    assert!(std::fs::metadata(work.at("live.db-wal")).unwrap().len() > 0);
    for end in ["", "-wal"] {
        std::fs::copy(work.at(&format!("live.db{end}")), set.join(format!("app.db{end}"))).unwrap();
    }
    let set = work.sealed("wal", Kind::Sqlite, Some(&url));
    assert_pass(&work.drill(&set, Kind::Sqlite), 2);

    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    std::fs::copy(&live, work.folder("one").join("app.db")).unwrap();
    let set = work.sealed("one", Kind::Sqlite, Some(&url));
    let report = work.drill(&set, Kind::Sqlite);
    assert_pass(&report, 2);
    assert!(report.checks.iter().any(|c| c.name == "sqlite"));

    // A row less, a row changed, a reference to nothing, a page overwritten.
    for (name, sql) in [
        ("missing", "DELETE FROM record WHERE id = 1500"),
        ("changed", "UPDATE record SET note = '改动' WHERE id = 1500"),
        ("reference", "PRAGMA foreign_keys=OFF; DELETE FROM unit WHERE id = 3"),
    ] {
        let file = work.folder(name).join("app.db");
        std::fs::copy(work.at("one/data/app.db"), &file).unwrap();
        Connection::open(&file)
            .unwrap()
            .execute_batch(&format!("PRAGMA journal_mode=DELETE; {sql}"))
            .unwrap();
        let report = work.drill(&work.sealed(name, Kind::Sqlite, Some(&url)), Kind::Sqlite);
        match name {
            "missing" => assert_fail(&report, ProblemKind::RestoredCount, "record", "2999"),
            "changed" => assert_fail(&report, ProblemKind::RestoredRows, "record", ""),
            _ => assert_eq!(report.verdict, Verdict::Fail, "{}", shown(&report)),
        }
    }
    let file = work.at("page.db");
    std::fs::copy(work.at("one/data/app.db"), &file).unwrap();
    let mut page = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
    page.seek(SeekFrom::Start(5 * 4096)).unwrap();
    page.write_all(&[0x5a; 4096]).unwrap();
    let report = work.drill(&file, Kind::Sqlite);
    assert_eq!(report.verdict, Verdict::Fail, "{}", shown(&report));
}

#[test]
fn files_and_archives() {
    let work = Work::new();
    let set = work.folder("files");
    std::fs::create_dir(set.join("子目录")).unwrap();
    for (name, text) in [("a.txt", "甲"), ("子目录/b.txt", "乙"), ("empty", "")] {
        std::fs::write(set.join(name), text).unwrap();
    }
    let set = work.sealed("files", Kind::Files, None);
    let report = work.drill(&set, Kind::Files);
    assert_eq!(report.verdict, Verdict::Pass, "{}", shown(&report));
    assert_eq!(detail(&report).digests_equal, Some(true));
    assert_rto(&report);

    // An archive of the bag brings the manifest along; without one nothing says what should be in it.
    for (name, inside) in [("bag", "files"), ("loose", "files/data")] {
        let file = std::fs::File::create(work.folder(name).join("a.tar.gz")).unwrap();
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
        tar.append_dir_all("set", work.at(inside)).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        let report = work.drill(&work.sealed(name, Kind::Archive, None), Kind::Archive);
        if name == "bag" {
            assert_eq!(
                (report.verdict, detail(&report).digests_equal),
                (Verdict::Pass, Some(true)),
                "{}",
                shown(&report)
            );
        } else {
            assert_eq!(report.verdict, Verdict::PassWithRemarks, "{}", shown(&report));
            assert!(report.problems.iter().any(|p| p.kind == ProblemKind::NothingExpected));
            assert_eq!(detail(&report).rows, 3);
        }
    }

    // A member that would leave the folder.
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..9].copy_from_slice(b"../../out");
    header.set_size(3);
    header.set_mode(0o644);
    header.set_cksum();
    let mut tar = tar::Builder::new(std::fs::File::create(work.at("out.tar")).unwrap());
    tar.append(&header, &b"out"[..]).unwrap();
    tar.finish().unwrap();
    let report = work.drill(&work.at("out.tar"), Kind::Archive);
    assert_eq!(report.verdict, Verdict::Fail, "{}", shown(&report));
    assert!(report.problems.iter().any(|p| p.kind == ProblemKind::UnsafePath), "{}", shown(&report));
    assert!(!work.at("out").exists());
}

#[test]
fn scripts_of_the_customer() {
    let work = Work::new();
    let set = work.folder("oracle");
    std::fs::write(set.join("exp.dmp"), "opaque").unwrap();
    let set = work.sealed("oracle", Kind::Opaque, None);
    let options = |command: &str, counts: &[(&str, u64)]| DrillOptions {
        path: set.clone(),
        kind: Some(Kind::Command),
        command: Some(command.to_owned()),
        counts: counts.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect(),
        ..DrillOptions::default()
    };
    let restore = "cp \"$OPSLEDGER_SET/data/exp.dmp\" \"$OPSLEDGER_SCRATCH/\" && sleep 0.1 && echo restored && echo count USERS 12";
    let report = work.drill_with(options(restore, &[("USERS", 12)]));
    assert_eq!(report.verdict, Verdict::Pass, "{}", shown(&report));
    assert!(detail(&report).rto >= 100_000);
    assert!(detail(&report).log.contains("restored"));

    let report = work.drill_with(options(restore, &[("USERS", 13)]));
    assert_fail(&report, ProblemKind::RestoredCount, "USERS", "12");
    let report = work.drill_with(options("true", &[("USERS", 13)]));
    assert_fail(&report, ProblemKind::RestoredTableMissing, "USERS", "13");
    let report = work.drill_with(options("true", &[]));
    assert_eq!(report.verdict, Verdict::PassWithRemarks, "{}", shown(&report));
    assert!(report.problems.iter().any(|p| p.kind == ProblemKind::NothingExpected));
    let report = work.drill_with(options("echo no space >&2; exit 7", &[]));
    assert_fail(&report, ProblemKind::RestoreFailed, "", "no space");
    assert_fail(&report, ProblemKind::RestoreFailed, "", "exit status: 7");

    // Too slow, though all is well otherwise.
    let slow = DrillOptions { rto: Some("50ms".into()), ..options(restore, &[("USERS", 12)]) };
    let report = work.drill_with(slow);
    assert_fail(&report, ProblemKind::RtoExceeded, "", "50000 us");
    // What it prints does not fill the memory.
    let report = work
        .drill_with(options("head -c 20000000 /dev/zero | tr '\\0' x; echo; echo count A 1", &[("A", 1)]));
    assert_eq!(report.verdict, Verdict::Pass, "{}", shown(&report));
}
