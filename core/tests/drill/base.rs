//! Base backups of PostgreSQL.

use super::engines::Postgres;
use super::postgres::APP;
use super::{Work, assert_fail, assert_pass, assert_rto, detail, shown};
use opsledger::backup::{DrillOptions, Kind, ProblemKind, Verdict};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

fn counts(records: u64) -> std::collections::BTreeMap<String, u64> {
    [("public.unit".to_owned(), 20), ("public.record".to_owned(), records), ("public.far".to_owned(), 500)]
        .into()
}

fn server() -> Postgres {
    // A superuser of another name: the drill has to find it out.
    let server = Postgres::start("主管");
    server.sql("主管", "postgres", APP);
    let place = server.folder("tablespace");
    server.sql("主管", "app", &format!("CREATE TABLESPACE far LOCATION '{}';", place.display()));
    server.sql("主管", "app", "CREATE TABLE far (id int PRIMARY KEY) TABLESPACE far; INSERT INTO far SELECT generate_series(1, 500);");
    server
}

#[test]
fn base_backups_plain_and_tar() {
    let server = server();
    let work = Work::new();
    let place = server.root.path().join("tablespace").display().to_string();
    // Plain, its tablespace beside it in the set.
    let set = work.folder("plain");
    server.run(
        "pg_basebackup",
        "主管",
        &[
            "-D",
            &work.text("plain/base"),
            "-T",
            &format!("{place}={}", work.text("plain/tablespace")),
            "-c",
            "fast",
        ],
    );
    let plain = DrillOptions {
        path: set,
        kind: Some(Kind::PostgresBase),
        counts: counts(2000),
        ..DrillOptions::default()
    };
    let report = work.drill_with(plain.clone());
    assert!(report.verdict <= Verdict::PassWithRemarks, "{}", shown(&report));
    assert_eq!(detail(&report).tables_equal, 3, "{}", shown(&report));
    assert_eq!(detail(&report).database.as_deref(), Some("app"));
    assert!(report.checks.iter().any(|c| c.name == "pg-dump-to-nowhere" && c.path.as_deref() == Some("app")));
    assert_rto(&report);
    println!("base: {} us {:?}", detail(&report).rto, detail(&report).steps);

    // Moved elsewhere, the links of its tablespaces lead nowhere: found by their names.
    std::fs::rename(work.at("plain"), work.at("moved")).unwrap();
    let report = work.drill_with(DrillOptions { path: work.at("moved"), ..plain.clone() });
    assert_eq!(detail(&report).tables_equal, 3, "{}", shown(&report));

    // Without its tablespace it is not whole, though the real server still has the folder.
    std::fs::rename(work.at("moved/tablespace"), work.at("away")).unwrap();
    let report = work.drill_with(DrillOptions { path: work.at("moved"), ..plain.clone() });
    assert_fail(&report, ProblemKind::RestoreFailed, &tablespace_link(&work.at("moved/base")), "tablespace");

    // Tar, sealed, with what the database holds.
    let set = work.folder("tar");
    server.run("pg_basebackup", "主管", &["-D", &work.text("tar"), "-Ft", "-z", "-c", "fast"]);
    let tar = DrillOptions { path: set, ..plain };
    let report = work.drill_with(tar);
    assert_eq!(detail(&report).tables_equal, 3, "{}", shown(&report));
    assert_rto(&report);
}

fn tablespace_link(base: &Path) -> String {
    let link = std::fs::read_dir(base.join("pg_tblspc")).unwrap().next().unwrap().unwrap();
    format!("pg_tblspc/{}", link.file_name().to_str().unwrap())
}

#[test]
fn archived_wal_is_replayed() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let work = Work::new();
    server.run("pg_basebackup", "postgres", &["-D", &work.text("base"), "-X", "none", "-c", "fast"]);
    server.sql("postgres", "app", "DELETE FROM record WHERE id > 1500;");
    server.sql("postgres", "postgres", "SELECT pg_switch_wal();");
    let archive = server.root.path().join("archive");
    let switched = std::time::Instant::now();
    while server
        .sql(
            "postgres",
            "postgres",
            "SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver",
        )
        .trim()
        != "t"
    {
        assert!(switched.elapsed().as_secs() < 30, "nothing archived");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let with = DrillOptions {
        path: work.at("base"),
        kind: Some(Kind::PostgresBase),
        wal: Some(archive),
        counts: [("public.unit".to_owned(), 20), ("public.record".to_owned(), 1500)].into(),
        ..DrillOptions::default()
    };
    let report = work.drill_with(with.clone());
    assert!(report.verdict <= Verdict::PassWithRemarks, "{}", shown(&report));
    assert_eq!(detail(&report).tables_equal, 2, "{}", shown(&report));
    // Sealed, a bag keeps no empty folders: the server gets them back. Its own WAL is enough for what was recorded.
    server.run("pg_basebackup", "postgres", &["-D", &work.text("bag"), "-c", "fast"]);
    let set = work.sealed("bag", Kind::PostgresBase, Some(&server.url("postgres", "app")));
    assert_pass(&work.drill(&set, Kind::PostgresBase), 3);
    // Without it the backup cannot become consistent.
    let report = work.drill_with(DrillOptions { wal: None, ..with });
    assert_eq!(report.verdict, Verdict::Fail, "{}", shown(&report));
    assert_fail(&report, ProblemKind::RestoreFailed, "", "checkpoint");
}

#[test]
fn damaged_and_foreign_base_backups() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let path = server.sql("postgres", "app", "SELECT pg_relation_filepath('record');");
    let work = Work::new();
    // No manifest of its own, so that the engine has to find it.
    server.run("pg_basebackup", "postgres", &["-D", &work.text("base"), "--no-manifest", "-c", "fast"]);
    let options =
        DrillOptions { path: work.at("base"), kind: Some(Kind::PostgresBase), ..DrillOptions::default() };
    let heap = work.at("base").join(path.trim());
    let good = std::fs::read(&heap).unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open(&heap).unwrap();
    file.seek(SeekFrom::Start(8192)).unwrap();
    file.write_all(&[0xff; 64]).unwrap();
    let report = work.drill_with(options.clone());
    assert_fail(&report, ProblemKind::EngineCheckFailed, "", "record");
    std::fs::write(&heap, good).unwrap();

    // Another major version than any that is installed.
    std::fs::write(work.at("base/PG_VERSION"), "9\n").unwrap();
    let report = work.drill_with(options);
    assert_eq!(report.verdict, Verdict::Unverifiable, "{}", shown(&report));
    let problem = report.problems.iter().find(|p| p.kind == ProblemKind::EngineVersion).unwrap();
    assert_eq!(problem.expected.as_deref(), Some("PostgreSQL 9"));
}
