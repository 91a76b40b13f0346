//! Bad input: a clear message in both languages, the right exit status, and nothing lost.

mod support;

use std::os::unix::process::CommandExt;
use std::path::Path;
use support::{CONTRACT, Place, Ran, finish, outage};

/// The status, and a part of the English message; the Chinese one is Chinese and names the same value.
#[track_caller]
fn refused(place: &Place, args: &[&str], stdin: &str, status: i32, parts: &[&str]) {
    let english = place.run_with(args, stdin);
    assert_eq!((english.status, english.out.as_str()), (status, ""), "{english:?}");
    assert!(english.err.starts_with("error: "), "{english:?}");
    for part in parts {
        assert!(english.err.contains(part), "{part}: {english:?}");
    }
    let mut args = args.to_vec();
    args.extend(["--lang", "zh"]);
    let chinese = place.run_with(&args, stdin);
    assert_eq!(chinese.status, status);
    assert!(chinese.err.starts_with("错误："), "{chinese:?}");
}

const APPEND: [&str; 4] = ["append", "-", "--ledger", "l"];

#[test]
fn facts_that_are_wrong() {
    let place = Place::with_ledger();
    let good = outage("O-1", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z");
    let cases = [
        (r#"{"kind":"watch.seen","at":"2026-03-02T08:00:00"}"#, "no zone", "2026-03-02T08:00:00"),
        (
            r#"{"kind":"watch.seen","at":"2026-03-02T08:00:00Z","recorded_at":"2026-03-02T08:00:00Z"}"#,
            "recorded_at",
            "import",
        ),
        (r#"{"kind":"outage","at":"2026-03-02T08:00:00Z"}"#, "outage.start", "kind"),
        (r#"{"kind":"outage.start","subject":"O-2","at":"2026-03-02T08:00:00Z"}"#, "body.system", "missing"),
        (r#"{"kind":"incident.repair","subject":"I-9","at":"2026-03-02T08:00:00Z"}"#, "I-9", "opening"),
        (
            r#"{"kind":"maintenance.approve","subject":"M","at":"2026-03-02T08:00:00Z","body":{"start":"2026-03-03T02:00:00Z","end":"2026-03-03T01:00:00Z"}}"#,
            "end is at or before",
            "2026-03-03T01:00:00",
        ),
        (r#"{"kind":"outage.end","subject":"O-1","at":"2026-03-02T07:00:00Z"}"#, "O-1", "ended"),
        (r#"{"kind":"watch.seen","at":"2026-03-02T08:00:00Z","body":{"n":1.5}}"#, "1.5", "integer"),
        ("not json", "JSON", "row"),
    ];
    for (line, part, other) in cases {
        refused(&place, &APPEND, &format!("{good}\n{line}\n"), 2, &["row 4", part, other]);
        assert_eq!(place.entries(), 1, "nothing of the batch is recorded: {line}");
    }
    let end = good.lines().next().unwrap().replace("outage.start", "outage.end").replace("T08", "T07");
    refused(
        &place,
        &APPEND,
        &format!("{}\n{end}\n", good.lines().next().unwrap()),
        2,
        &["row 2", "end is at or before"],
    );
    assert_eq!(place.entries(), 1);
}

#[test]
fn a_key_names_one_fact_for_ever() {
    let place = Place::with_ledger();
    let fact = r#"{"kind":"watch.seen","at":"2026-03-02T08:00:00Z","key":"k"}"#;
    place.run_with(&APPEND, fact).ok();
    refused(&place, &APPEND, &fact.replace("08:00", "09:00"), 2, &["row 1", "another fact", "k"]);
    assert_eq!(place.entries(), 2);
}

#[test]
fn bytes_that_are_no_text() {
    let place = Place::with_ledger();
    let mut facts = outage("O-1", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z").into_bytes();
    facts.extend(b"{\"kind\":\"\xff\"}\n");
    let ran = place.run_with(&APPEND, &facts);
    assert!(ran.status == 2 && ran.err.contains("row 3") && ran.err.contains("0xff"), "{ran:?}");
    assert_eq!(place.entries(), 1);
    let endless = place.run_with(&APPEND, vec![b' '; 3 << 20]);
    assert!(endless.status == 2 && endless.err.contains("row 1"), "{endless:?}");
    place.write("latin.toml", b"title = \"\xe9\"");
    let contract = place.run(&["init", "--ledger", "m", "--contract", "latin.toml"]);
    assert!(contract.status == 2 && contract.err.contains("UTF-8"), "{contract:?}");
    assert!(!place.path().join("m").exists(), "no ledger is left behind");
}

#[test]
fn long_files_keep_whole_batches() {
    let place = Place::with_ledger();
    let mut facts = String::new();
    for n in 0..10_003 {
        facts += &format!("{{\"kind\":\"watch.seen\",\"at\":\"2026-03-02T08:00:00Z\",\"key\":\"{n}\"}}\n");
    }
    let broken = facts.clone() + "{}\n";
    let ran = place.run_with(&APPEND, &broken);
    assert_eq!((ran.status, ran.out.as_str()), (2, "10000 facts, entries 2-10001\n"), "{}", ran.err);
    assert!(ran.err.contains("rows 1 to 10000 are recorded") && ran.err.contains("row 10004"), "{}", ran.err);
    assert_eq!(place.entries(), 10_001);
    // With keys the mended file is simply given again.
    place.run_with(&APPEND, &facts).ok();
    assert_eq!(place.entries(), 10_004);
}

#[test]
fn contracts_that_are_wrong() {
    let place = Place::new();
    let wrong = |text: String, parts: &[&str]| {
        place.write("wrong.toml", text);
        for args in [["init", "--ledger", "l"].as_slice(), &["assess", "--facts", "-"]] {
            let args: Vec<&str> = args.iter().copied().chain(["--contract", "wrong.toml"]).collect();
            refused(&place, &args, "", 2, parts);
        }
        assert!(!place.path().join("l").exists(), "no ledger is left behind");
    };
    wrong(CONTRACT.replace("max = 1\n", "mx = 1\n"), &["wrong.toml", "line 19, column 1", "mx", "max"]);
    wrong(CONTRACT.replace("2026-12-31", "2025-12-31"), &["period"]);
    wrong(CONTRACT.replace("outage-count", "outage-cuont"), &["outage-cuont", "outage-count"]);
    let circle = "[[clause]]\nid = \"a\"\nrule = \"streak\"\nof = \"b\"\nlength = 3\n\
                  [[clause]]\nid = \"b\"\nrule = \"streak\"\nof = \"a\"\nlength = 3\n";
    wrong(format!("{CONTRACT}{circle}"), &["wrong.toml", "line"]);
    wrong("title = ".to_owned(), &["TOML"]);
    refused(&place, &["init", "--ledger", "l", "--contract", "none.toml"], "", 4, &["none.toml"]);
}

#[test]
fn questions_that_are_wrong() {
    let place = Place::with_ledger();
    refused(
        &place,
        &["assess", "--ledger", "l", "--as-of", "2026-03-02"],
        "",
        2,
        &["--as-of", "2026-03-02", "no zone"],
    );
    let early =
        ["assess", "--ledger", "l", "--as-of", "2026-03-02T00:00:00Z", "--known-at", "2026-03-01T00:00:00Z"];
    refused(&place, &early, "", 2, &["as_of"]);
    refused(&place, &["assess", "--facts", "-"], "", 2, &["--contract", "OPSLEDGER_CONTRACT"]);
    refused(&place, &["verify"], "", 2, &["--ledger", "OPSLEDGER_LEDGER"]);
    refused(
        &place,
        &["calendar", "add", "2026-03-02T00:00:00Z", "soon", "--ledger", "l"],
        "",
        2,
        &["soon", "90m"],
    );
    let unordered = outage("O-1", "2026-03-02T08:00:00Z", "2026-03-02T07:59:59Z");
    refused(&place, &["assess", "--contract", "contract.toml", "--facts", "-"], &unordered, 2, &["row 2"]);
    assert_eq!(place.run(&["assess", "--bogus"]).status, 2);
    assert_eq!(place.run(&["import", "xml", "x"]).status, 2);
    assert_eq!(place.run(&[]).status, 2);
}

#[test]
fn files_that_are_no_ledger() {
    let place = Place::with_ledger();
    place.write(
        "text",
        "not a ledger at all, only some words that are long enough to be more than a header of a database",
    );
    for verb in [["verify"].as_slice(), &["append", "-"], &["assess"], &["init"]] {
        let args: Vec<&str> = verb.iter().copied().chain(["--ledger", "text"]).collect();
        refused(&place, &args, "", 2, &["not a ledger"]);
    }
    for verb in [["verify"].as_slice(), &["append", "-"]] {
        let args: Vec<&str> = verb.iter().copied().chain(["--ledger", "none"]).collect();
        refused(&place, &args, "", 4, &["none"]);
    }
    assert!(!place.path().join("none").exists());
    place.run(&["snapshot", "newer", "--ledger", "l"]).ok();
    let mut bytes = std::fs::read(place.path().join("newer")).unwrap();
    // user_version of an SQLite file.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    place.write("newer", &bytes);
    refused(&place, &["show", "--ledger", "newer"], "", 4, &["newer version"]);
    refused(&place, &["append", "-", "--ledger", "newer"], "", 4, &["newer version"]);
    assert_eq!(std::fs::read(place.path().join("newer")).unwrap(), bytes, "the file is left as it is");
}

/// The binary, where a user without rights can run it.
fn as_nobody(place: &Place, args: &[&str]) -> Ran {
    let binary = place.path().join("opsledger");
    if !binary.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_opsledger"), &binary).unwrap();
    }
    let mut command = std::process::Command::new(binary);
    command.args(args).current_dir(place.path()).env("LC_ALL", "C.UTF-8");
    // Root may write anything.
    if is_root(place.path()) {
        command.uid(65_534).gid(65_534);
    }
    finish(command, outage("O-1", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"))
}

fn is_root(own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    own.metadata().unwrap().uid() == 0
}

#[test]
fn a_ledger_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_ledger();
    let mode =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    place.run(&["snapshot", "copy", "--ledger", "l"]).ok();
    mode(&place.path().join("copy"), 0o444);
    as_nobody(&place, &["--version"]).ok();
    mode(place.path(), 0o555);
    let ran = as_nobody(&place, &["append", "-", "--ledger", "copy"]);
    assert!(ran.status == 4 && ran.err.contains("cannot be written"), "{ran:?}");
    // Reading needs no right to write.
    let read = as_nobody(&place, &["verify", "--ledger", "copy"]).ok();
    assert_eq!(read.out, "sound: 1 entries\n");
    let made = as_nobody(&place, &["init", "--ledger", "new"]);
    assert!(made.status == 4 && made.err.contains("cannot be written"), "{made:?}");
    mode(place.path(), 0o755);
}

#[test]
fn a_full_disk() {
    let place = Place::with_ledger();
    let before = place.entries();
    let mut facts = String::new();
    for n in 0..9_000 {
        facts += &format!("{{\"kind\":\"watch.seen\",\"at\":\"2026-03-02T08:00:00Z\",\"key\":\"{n}\"}}\n");
    }
    let append = |blocks: &str| {
        let mut shell = std::process::Command::new("sh");
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {} append - --ledger l",
            env!("CARGO_BIN_EXE_opsledger")
        );
        shell.args(["-c", &script]).current_dir(place.path()).env("LC_ALL", "C.UTF-8");
        finish(shell, &facts)
    };
    let full = append("256");
    assert!(full.status == 4 && full.out.is_empty() && full.err.starts_with("error: "), "{full:?}");
    assert_eq!(place.entries(), before);
    place.run(&["verify", "--ledger", "l"]).ok();
    append("unlimited").ok();
    assert_eq!(place.entries(), before + 9_000);
}
