//! What a drill refuses, what it cannot do here, and that nothing of it is left when it is stopped.

use super::engines::Postgres;
use super::postgres::APP;
use super::{NOW, Work, shown};
use opsledger::backup::{DrillOptions, Kind, ProblemKind, Progress, Verdict, Watch, drill};
use opsledger::error::Code;

pub(crate) fn refused(options: &DrillOptions) -> Code {
    let mut tell = |_: &_| true;
    drill(options, &mut Watch::new(NOW, &mut tell)).unwrap_err().code()
}

#[test]
fn targets_that_are_in_use() {
    let work = Work::new();
    let set = work.folder("set");
    std::fs::write(set.join("a"), "a").unwrap();
    let full = work.folder("full");
    std::fs::write(full.join("mine"), "mine").unwrap();
    let options = DrillOptions { path: set.clone(), kind: Some(Kind::Files), ..DrillOptions::default() };
    let with = |scratch| DrillOptions { scratch: Some(scratch), ..options.clone() };
    assert_eq!(refused(&with(full.clone())), Code::TargetNotEmpty);
    assert_eq!(std::fs::read_to_string(full.join("mine")).unwrap(), "mine");
    assert_eq!(refused(&with(set.join("new"))), Code::TargetInUse);
    std::os::unix::fs::symlink(&set, work.at("link")).unwrap();
    assert_eq!(refused(&with(work.at("link/new"))), Code::TargetInUse);
    let source = format!("sqlite:{}", work.at("live").display());
    assert_eq!(refused(&DrillOptions { sources: vec![source], ..with(work.at("live")) }), Code::TargetInUse);
    let target = Some("postgresql://app:secret@127.0.0.1/app".to_owned());
    let sources = vec!["postgres://127.0.0.1/app?sslmode=require".to_owned()];
    assert_eq!(refused(&DrillOptions { target, sources, ..options.clone() }), Code::TargetInUse);
    assert_eq!(refused(&DrillOptions { rto: Some("soon".into()), ..options.clone() }), Code::BadDuration);
    assert_eq!(refused(&DrillOptions { kind: Some(Kind::Command), ..options }), Code::MissingField);
    assert_eq!(std::fs::read_dir(&set).unwrap().count(), 1);
}

#[test]
fn no_engine_is_no_pass() {
    let work = Work::new();
    std::fs::write(
        work.at("app.sql"),
        "--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n",
    )
    .unwrap();
    std::fs::write(work.at("my.sql"), "-- MariaDB dump\nCREATE TABLE t (a int);\n-- Dump completed\n")
        .unwrap();
    let none = work.folder("none");
    for (file, kind, program) in
        [("app.sql", Kind::PostgresDump, "initdb"), ("my.sql", Kind::MysqlDump, "mariadb-install-db")]
    {
        let report = work.drill_with(DrillOptions {
            path: work.at(file),
            kind: Some(kind),
            programs: Some(none.clone()),
            ..DrillOptions::default()
        });
        assert_eq!(report.verdict, Verdict::Unverifiable, "{}", shown(&report));
        let problem = report.problems.iter().find(|p| p.kind == ProblemKind::DrillImpossible).unwrap();
        assert!(problem.detail.as_deref().unwrap().contains(program));
    }
    // A dump of a newer pg_dump than any.
    let newer = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped by pg_dump version 99.1\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
    std::fs::write(work.at("newer.sql"), newer).unwrap();
    let report = work.drill(&work.at("newer.sql"), Kind::PostgresDump);
    assert_eq!(report.verdict, Verdict::Unverifiable, "{}", shown(&report));
    let problem = report.problems.iter().find(|p| p.kind == ProblemKind::EngineVersion).unwrap();
    assert_eq!(problem.expected.as_deref(), Some("PostgreSQL 99"));
}

/// Processes whose words hold that text.
fn running(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        if words.contains(text) {
            found.push(words);
        }
    }
    found
}

#[test]
fn stopped_at_any_step_nothing_is_left() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let work = Work::new();
    let dump = work.text("app.sql");
    server.run("pg_dump", "postgres", &["-d", "app", "-f", &dump]);
    for step in ["initdb", "start", "restore", "engine-checks"] {
        let scratch = work.at(&format!("scratch-{step}"));
        let options = DrillOptions {
            path: work.at("app.sql"),
            kind: Some(Kind::PostgresDump),
            scratch: Some(scratch.clone()),
            ..DrillOptions::default()
        };
        // Not at its first word: in the middle of it, when its program runs.
        let mut heard = 0;
        let mut tell = |progress: &Progress| {
            heard += usize::from(progress.step == step);
            heard < if matches!(step, "initdb" | "engine-checks") { 3 } else { 1 }
        };
        let error = drill(&options, &mut Watch::new(NOW, &mut tell)).unwrap_err();
        assert_eq!(error.code(), Code::Cancelled, "{step}");
        assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "{step}");
        let left = running(scratch.to_str().unwrap());
        assert!(left.is_empty(), "{step}: {left:?}");
    }
    // A script, and what it started.
    let scratch = work.at("scratch-script");
    let options = DrillOptions {
        path: work.at("app.sql"),
        command: Some("sleep 5432.1 & sleep 5432.1; true".into()),
        scratch: Some(scratch.clone()),
        ..DrillOptions::default()
    };
    let since = std::time::Instant::now();
    let mut tell = |_: &Progress| since.elapsed().as_millis() < 400;
    let error = drill(&options, &mut Watch::new(NOW, &mut tell)).unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
    assert!(since.elapsed().as_secs() < 10);
    assert!(running("sleep 5432.1").is_empty());
    assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
}

/// What the next test runs in a process of its own, by this variable; else it has nothing to do.
#[test]
fn a_drill_to_be_killed() {
    if let Some(folder) = std::env::var_os("OPSLEDGER_DRILL_TO_BE_KILLED") {
        let folder = std::path::PathBuf::from(folder);
        let options = DrillOptions {
            path: folder.join("app.sql"),
            kind: Some(Kind::PostgresDump),
            scratch: Some(folder.join("scratch")),
            ..DrillOptions::default()
        };
        let mut tell = |progress: &Progress| {
            if progress.step == "restore" {
                std::fs::write(folder.join("restoring"), "").unwrap();
                std::thread::sleep(std::time::Duration::from_secs(60));
            }
            true
        };
        drill(&options, &mut Watch::new(NOW, &mut tell)).unwrap();
    }
}

#[test]
fn killed_half_way_no_server_is_left() {
    let work = Work::new();
    std::fs::write(
        work.at("app.sql"),
        "--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n",
    )
    .unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["refused::a_drill_to_be_killed", "--exact"])
        .env("OPSLEDGER_DRILL_TO_BE_KILLED", work.0.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let since = std::time::Instant::now();
    while !work.at("restoring").exists() {
        assert!(since.elapsed().as_secs() < 60, "the drill does not start");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let scratch = work.text("scratch");
    assert!(!running(&scratch).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    let since = std::time::Instant::now();
    while !running(&scratch).is_empty() {
        assert!(since.elapsed().as_secs() < 20, "{:?}", running(&scratch));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
