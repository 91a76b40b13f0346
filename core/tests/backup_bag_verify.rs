//! Checks of sets that are no bags, parts of bags, the log of a tool, and what is unstable while it is read.

mod backup_bag;

use backup_bag::{find, is_pass, kinds, now, of, sealed, shell, try_seal, try_verify, verified, write};
use opsledger::backup::{Kind, Level, Rotation, SealOptions, Verdict, VerifyOptions, Watch, verify};
use opsledger::digest::sm3_hex;
use opsledger::error::Code;
use std::io::Write;
use std::path::Path;

fn with_check_file(root: &Path, file: &str) -> VerifyOptions {
    VerifyOptions { check_file: Some(root.join(file)), level: Some(Level::L1), ..of(root) }
}

#[test]
fn check_files_of_every_tool() {
    let tools = [
        "cksum -a sm3",
        "cksum -a sm3 --untagged",
        "cksum -a sha256",
        "cksum -a md5",
        "cksum -a sha1 --untagged",
        "cksum -a sha512",
        "sha256sum",
        "sha256sum --binary",
        "sha256sum --tag",
        "sha512sum",
        "sha384sum",
        "sha224sum",
        "md5sum",
        "sha1sum",
        "openssl dgst -sm3",
        "openssl dgst -sha256",
        "openssl dgst -md5",
        "openssl dgst -r -sm3",
    ];
    for tool in tools {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        let mut names = vec!["a.sql", "with space", "数据库.sql", "sub/x", "a (1) = b"];
        if !tool.starts_with("openssl") {
            names.extend(["line\nend", "back\\slash"]);
        }
        for name in &names {
            write(root, name, name.as_bytes());
        }
        let (ok, text) =
            shell(root, &format!("find . -type f -print0 | xargs -0 {tool} > ../sums && mv ../sums sums"));
        assert!(ok, "{tool}: {text}");
        let report = try_verify(&with_check_file(root, "sums")).unwrap();
        assert!(is_pass(&report), "{tool}: {:?}", report.problems);
        assert_eq!(report.coverage.files_read, names.len() as u64, "{tool}");
        let weak = tool.contains("md5") || tool.contains("sha1");
        assert_eq!(kinds(&report), if weak { vec!["weak-digest"] } else { vec![] }, "{tool}");
        std::fs::write(root.join("with space"), b"other").unwrap();
        std::fs::remove_file(root.join("sub/x")).unwrap();
        write(root, "added", b"1");
        let report = try_verify(&with_check_file(root, "sums")).unwrap();
        assert_eq!(report.verdict, Verdict::Fail, "{tool}");
        assert_eq!(find(&report, "checksum-mismatch")[0].path, "with space", "{tool}");
        assert_eq!(find(&report, "missing-on-disk")[0].path, "sub/x", "{tool}");
        assert!(
            report.coverage.not_covered.iter().any(|u| u.path == "added"),
            "{tool}: said, though not failed"
        );
    }
}

#[test]
fn a_check_file_is_hostile() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    write(root, "a", b"1");
    let h = sm3_hex(b"1");
    for (text, kind) in [
        (format!("{h}  ../a\n"), "unsafe-path"),
        (format!("{h}  /etc/passwd\n"), "unsafe-path"),
        (format!("{h}  ~/a\n"), "unsafe-path"),
        (format!("{h}\n"), "manifest-broken"),
        ("no line of any tool\n".into(), "manifest-broken"),
        ("zz".repeat(100_000), "manifest-broken"),
        (String::new(), "no-digest"),
        ("\n# nothing\n\n".into(), "no-digest"),
    ] {
        write(root, "sums", text.as_bytes());
        let report = try_verify(&with_check_file(root, "sums")).unwrap();
        assert!(!is_pass(&report), "{text:.80}");
        assert!(!find(&report, kind).is_empty(), "{text:.80}: {:?}", report.problems);
    }
    write(root, "sums", b"\xff\xfe\x00");
    assert!(!is_pass(&try_verify(&with_check_file(root, "sums")).unwrap()));
    let gone = try_verify(&with_check_file(root, "gone")).unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
}

#[test]
fn one_file_with_and_without_a_digest() {
    let place = tempfile::tempdir().unwrap();
    let file = write(place.path(), "a", b"1");
    write(place.path(), "b", b"2");
    let report = verified(&file);
    assert_eq!(report.verdict, Verdict::Unverifiable);
    assert!(kinds(&report).contains(&"no-digest"));
    assert!(shell(place.path(), "cksum -a sm3 a b > sums").0);
    let options = VerifyOptions { check_file: Some(place.path().join("sums")), ..of(&file) };
    let report = try_verify(&options).unwrap();
    assert!(is_pass(&report), "{:?}", report.problems);
    assert_eq!(report.coverage.files_read, 1, "only the one that was asked for");
}

#[test]
fn a_folder_without_any_manifest_is_unverifiable() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "a", b"1");
    let report = verified(place.path());
    assert_eq!(report.verdict, Verdict::Unverifiable, "{:?}", report.problems);
    assert_eq!((report.coverage.files, report.coverage.files_read), (1, 0));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(verified(empty.path()).verdict, Verdict::Unverifiable);
}

fn bag(files: usize) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for i in 0..files {
        write(place.path(), &format!("f{i:03}"), &vec![b'x'; i * 37 % 3000]);
    }
    let big: Vec<u8> = (0..2_500_000u32).map(|i| i.to_le_bytes()[(i % 4) as usize]).collect();
    write(place.path(), "big", &big);
    let options =
        SealOptions { path: place.path().into(), chunks_from: Some(1_000_000), ..SealOptions::default() };
    try_seal(&options).unwrap();
    place
}

/// After t runs of 1/t everything was read exactly once, and a damage anywhere was found once.
#[test]
fn a_rotation_reads_everything() {
    let place = bag(60);
    let state = tempfile::tempdir().unwrap();
    let options = |sample: &str| VerifyOptions {
        sample: Some(sample.into()),
        state: Some(state.path().join(sample.replace('/', "-"))),
        level: Some(Level::L1),
        ..of(place.path())
    };
    let whole = verified(place.path());
    for (sample, runs) in [("1/2", 2u32), ("2/3", 2), ("1/1", 1), ("1/9", 9)] {
        let mut read = 0;
        let mut most = 0;
        for _ in 0..runs {
            let report = try_verify(&options(sample)).unwrap();
            assert!(is_pass(&report), "{sample}: {:?}", report.problems);
            let tags = 5; // bag-info, bagit, chunks, two manifests: read each time
            assert!(report.coverage.files_read >= tags);
            let tag_bytes: u64 =
                ["bag-info.txt", "bagit.txt", "chunks-sm3.tsv", "manifest-sm3.txt", "manifest-sha256.txt"]
                    .iter()
                    .map(|n| place.path().join(n).metadata().unwrap().len())
                    .sum();
            let payload = report.coverage.bytes_read - tag_bytes;
            assert!(payload > 0, "{sample}: nothing was read");
            if payload + tag_bytes < report.coverage.bytes {
                assert!(report.coverage.not_covered.iter().any(|u| u.en.starts_with("a sample")));
            }
            read += payload;
            most = most.max(payload);
        }
        let payload: u64 = whole.coverage.bytes
            - ["bag-info.txt", "bagit.txt", "chunks-sm3.tsv", "manifest-sm3.txt", "manifest-sha256.txt"]
                .iter()
                .map(|n| place.path().join(n).metadata().unwrap().len())
                .sum::<u64>();
        if sample == "1/2" || runs == 1 {
            assert_eq!(read, payload, "{sample}");
        } else {
            assert!(
                read > payload && read < payload * 4,
                "{sample}: parts that hold nothing are passed over"
            );
        }
        if sample == "1/2" {
            assert!(most < payload / 2 + 1024 * 1024, "{sample}: the parts are even: {most} of {payload}");
        }
    }

    // One damaged chunk and one damaged file: found in one of the next two runs each.
    let mut big = std::fs::read(place.path().join("data/big")).unwrap();
    big[1_345_678] ^= 1;
    std::fs::write(place.path().join("data/big"), big).unwrap();
    std::fs::write(place.path().join("data/f031"), b"other").unwrap();
    let mut found = Vec::new();
    let mut rotation: Option<Rotation> = None;
    for _ in 0..2 {
        let report = try_verify(&VerifyOptions { state: None, rotation, ..options("1/2") }).unwrap();
        found.extend(report.problems.iter().filter(|p| p.kind.name().ends_with("-mismatch")).cloned());
        rotation = report.rotation;
    }
    let chunk: Vec<_> =
        found.iter().filter(|p| p.path == "data/big").map(|p| (p.kind.name(), p.at)).collect();
    assert_eq!(chunk, [("chunk-mismatch", Some(1024 * 1024))]);
    assert_eq!(found.iter().filter(|p| p.path == "data/f031").count(), 1);
}

#[test]
fn more_parts_than_there_is_to_read() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "a", b"1");
    write(place.path(), "b", b"2");
    sealed(place.path());
    let state = place.path().with_extension("state");
    let options =
        VerifyOptions { sample: Some("1/1000".into()), state: Some(state.clone()), ..of(place.path()) };
    std::fs::write(place.path().join("data/b"), b"x").unwrap();
    let found: Vec<bool> =
        (0..2).map(|_| !find(&try_verify(&options).unwrap(), "checksum-mismatch").is_empty()).collect();
    assert_eq!(found, [false, true], "each run reads the next file");
    std::fs::remove_file(&state).unwrap();
}

#[test]
fn what_a_sample_must_be() {
    let place = bag(3);
    for sample in ["0/5", "6/5", "1/0", "x", "1", "1/2/3", "-1/5", "1/9999999999", "1/5 5"] {
        let options = VerifyOptions { sample: Some(sample.into()), ..of(place.path()) };
        assert_eq!(try_verify(&options).expect_err(sample).code(), Code::BadRequest, "{sample}");
    }
    let state = write(place.path().parent().unwrap(), "opsledger-bad-state", b"{");
    let options =
        VerifyOptions { sample: Some("1/2".into()), state: Some(state.clone()), ..of(place.path()) };
    assert_eq!(try_verify(&options).unwrap_err().code(), Code::BadRequest);
    std::fs::remove_file(state).unwrap();
}

/// A cancelled run remembers nothing.
#[test]
fn a_run_that_was_stopped_does_not_move_the_rotation() {
    let place = bag(10);
    let state = place.path().with_extension("state");
    let options =
        VerifyOptions { sample: Some("1/2".into()), state: Some(state.clone()), ..of(place.path()) };
    let mut calls = 0;
    let stopped = verify(
        &options,
        &mut Watch::new(now(), &mut |p| {
            calls += 1;
            p.step != "L1 digests"
        }),
    );
    assert_eq!(stopped.unwrap_err().code(), Code::Cancelled);
    assert!(calls > 0 && !state.exists());
    assert!(is_pass(&try_verify(&options).unwrap()) && state.exists());
    std::fs::remove_file(&state).unwrap();
}

#[test]
fn ignored_paths_are_listed_as_not_covered() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "a", b"1");
    write(place.path(), "logs/x", b"1");
    write(place.path(), "logs/y", b"1");
    sealed(place.path());
    std::fs::write(place.path().join("data/logs/x"), b"other").unwrap();
    std::fs::remove_file(place.path().join("data/logs/y")).unwrap();
    write(place.path(), "data/logs/z", b"1");
    let report = try_verify(&VerifyOptions { ignore: vec!["data/logs".into()], ..of(place.path()) }).unwrap();
    let left: Vec<&str> =
        report.problems.iter().map(|p| p.kind.name()).filter(|k| *k != "unsigned").collect();
    assert_eq!(left, [] as [&str; 0], "{:?}", report.problems);
    assert!(report.coverage.not_covered.iter().any(|u| u.path == "data/logs"));
    assert_eq!(report.coverage.files, report.coverage.files_read);
}

#[test]
fn all_problems_or_the_first() {
    let place = tempfile::tempdir().unwrap();
    for i in 0..300 {
        write(place.path(), &format!("f{i}"), b"1");
    }
    sealed(place.path());
    for i in 0..300 {
        std::fs::write(place.path().join(format!("data/f{i}")), b"2").unwrap();
    }
    assert_eq!(find(&verified(place.path()), "checksum-mismatch").len(), 300);
    let first = try_verify(&VerifyOptions { first: true, ..of(place.path()) }).unwrap();
    assert_eq!(first.verdict, Verdict::Fail);
    assert!(find(&first, "checksum-mismatch").len() < 300);
}

/// Stopping at the first problem must not stop at a remark: an unsigned sound bag is still read whole.
#[test]
fn first_does_not_stop_at_a_remark() {
    let place = tempfile::tempdir().unwrap();
    for i in 0..200 {
        write(place.path(), &format!("f{i}"), b"1");
    }
    sealed(place.path());
    let report = try_verify(&VerifyOptions { first: true, ..of(place.path()) }).unwrap();
    assert_eq!(report.coverage.files, report.coverage.files_read);
    std::fs::write(place.path().join("data/f150"), b"2").unwrap();
    let report = try_verify(&VerifyOptions { first: true, ..of(place.path()) }).unwrap();
    assert_eq!(find(&report, "checksum-mismatch").len(), 1, "{:?}", report.problems);
}

#[test]
fn the_log_of_the_tool_must_end_with_its_marker() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("set");
    write(&root, "rman.bkp", b"\x00\x01");
    let options = SealOptions { path: root.clone(), kind: Some(Kind::Opaque), ..SealOptions::default() };
    try_seal(&options).unwrap();
    let check = |log: Option<&str>, marker: Option<&str>| {
        let log = log.map(|text| write(place.path(), "tool.log", text.as_bytes()));
        try_verify(&VerifyOptions { log, log_marker: marker.map(str::to_owned), ..of(&root) })
    };
    let marker = Some("Recovery Manager complete.");
    for log in [
        "begin\nRecovery Manager complete.\n",
        "Recovery Manager complete.\r\n\r\n\n",
        "x\n12:00 Recovery Manager complete.",
    ] {
        let report = check(Some(log), marker).unwrap();
        assert!(is_pass(&report), "{log:?}: {:?}", report.problems);
        assert!(report.checks.iter().any(|c| c.name == "log-marker"));
    }
    for log in [
        "",
        "begin\n",
        "Recovery Manager complete.\nbegin\nORA-19502: write error\n",
        "recovery manager complete.\n",
    ] {
        let report = check(Some(log), marker).unwrap();
        assert_eq!(report.verdict, Verdict::Fail, "{log:?}");
        assert_eq!(find(&report, "log-marker-missing").len(), 1);
    }
    assert!(is_pass(&check(Some("a\nb ok\nc ok\n"), Some("b ok\nc ok")).unwrap()));
    assert!(!is_pass(&check(Some("a\nc ok\n"), Some("b ok\nc ok")).unwrap()));
    assert_eq!(check(None, None).unwrap().verdict, Verdict::Fail, "no log at all");
    assert_eq!(check(Some("x"), None).unwrap_err().code(), Code::BadRequest);
    assert_eq!(check(Some("x"), Some(" \n")).unwrap_err().code(), Code::BadRequest);
    let gone = VerifyOptions {
        log: Some(place.path().join("gone")),
        log_marker: marker.map(str::to_owned),
        ..of(&root)
    };
    assert_eq!(try_verify(&gone).unwrap().verdict, Verdict::Fail);
}

/// A file that grows, shrinks or vanishes while it is read is no damage: check again.
#[test]
fn what_changes_while_it_is_read_is_unstable() {
    for what in ["grows", "vanishes"] {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), "a", b"1");
        write(place.path(), "big", &vec![7; 8_000_000]);
        sealed(place.path());
        let path = place.path().join("data/big");
        let (mut steps, mut done) = (0, false);
        let report = verify(
            &VerifyOptions { level: Some(Level::L1), ..of(place.path()) },
            &mut Watch::new(now(), &mut |p| {
                steps += 1;
                if p.step == "L1 digests" && !done {
                    done = true;
                    if what == "grows" {
                        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
                        file.write_all(b"more").unwrap();
                    } else {
                        std::fs::remove_file(&path).unwrap();
                    }
                }
                true
            }),
        )
        .unwrap();
        assert!(done && steps > 0);
        let kind = if what == "grows" { "checksum-mismatch" } else { "vanished" };
        let named = report.problems.iter().find(|p| p.path == "data/big").map(|p| p.kind.name());
        if what == "vanishes" {
            assert_eq!((report.verdict, named), (Verdict::UnstableRead, Some(kind)), "{:?}", report.problems);
        } else {
            // It grew between the names and the reading: what it was when its name was read is not what it is now.
            assert_eq!(
                (report.verdict, named),
                (Verdict::UnstableRead, Some("changed-while-read")),
                "{:?}",
                report.problems
            );
        }
    }
}

#[test]
fn a_command_writes_the_backup_that_is_sealed() {
    let place = tempfile::tempdir().unwrap();
    let db = place.path().join("live.db");
    let (ok, text) =
        shell(place.path(), "sqlite3 live.db 'create table t(a); insert into t values (1), (2)'");
    assert!(ok, "{text}");
    let root = place.path().join("set");
    std::fs::create_dir(&root).unwrap();
    let dump = format!("sqlite3 {0} .dump > {1}/dump.sql", db.display(), root.display());
    let options = |command: &str| SealOptions {
        path: root.clone(),
        source: Some(format!("sqlite:{}", db.display())),
        command: Some(command.into()),
        ..SealOptions::default()
    };
    let failed = try_seal(&options("echo something is wrong; echo 错误 >&2; exit 3")).unwrap_err();
    assert_eq!(failed.code(), Code::CommandFailed);
    assert!(failed.detail().contains("something is wrong") && failed.detail().contains("错误"), "{failed}");
    assert!(!root.join("bagit.txt").exists());
    let report = try_seal(&options(&dump)).unwrap();
    let tables = report.source.unwrap().tables;
    assert_eq!((tables.len(), tables[0].rows), (1, 2));
    assert!(std::fs::read_to_string(root.join("data/dump.sql")).unwrap().contains("INSERT INTO t"));
    let checked = verified(&root);
    assert!(is_pass(&checked), "{:?}", checked.problems);
    assert_eq!(checked.source.unwrap().tables, tables);
    let info = std::fs::read_to_string(root.join("bag-info.txt")).unwrap();
    assert!(info.lines().any(|l| l.starts_with("Opsledger-Engine: sqlite ")), "{info}");
}
