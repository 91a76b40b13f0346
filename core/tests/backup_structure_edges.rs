//! Sound files that look damaged, and damaged ones that look sound: what a look at the structure must not take one for the other.

use opsledger::backup::{Kind, ProblemKind, Verdict, VerifyOptions, Watch, verify};
use opsledger::ledger::{Ledger, Options};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NOW: i64 = 1_780_000_000_000_000;

fn found(file: &Path, kind: Kind) -> (Vec<ProblemKind>, Verdict) {
    let options = VerifyOptions { path: file.to_owned(), kind: Some(kind), ..VerifyOptions::default() };
    let report = verify(&options, &mut Watch::new(NOW, &mut |_| true)).unwrap();
    // A single file has no digest beside it.
    (report.problems.iter().map(|p| p.kind).filter(|k| *k != ProblemKind::NoDigest).collect(), report.verdict)
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
    fn kinds(&self, name: &str, bytes: &[u8], kind: Kind) -> Vec<ProblemKind> {
        found(&self.write(name, bytes), kind).0
    }
    fn run(&self, program: &str, words: &[&str]) {
        let status = Command::new(program)
            .current_dir(self.0.path())
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{program} {words:?}");
    }
    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }
}

/// What a program makes of bytes.
fn through(program: &str, words: &[&str], bytes: &[u8]) -> Vec<u8> {
    let mut child =
        Command::new(program).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = bytes.to_owned();
    let feeding = std::thread::spawn(move || drop(input.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    assert!(output.status.success(), "{program} {words:?}");
    output.stdout
}

const MYSQL_HEAD: &str =
    "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n--\n";
const MYSQL_END: &str = "-- Dump completed on 2026-05-01  2:00:00\n";

#[test]
fn mysql_comments_inside_routines_open_no_quotes() {
    let place = Place::new();
    for comment in
        ["  -- don't touch", "  # don't touch", "  SELECT 1; -- it's one", "  SELECT 1; # it's", "  --\n"]
    {
        let text = format!(
            "{MYSQL_HEAD}DELIMITER ;;\nCREATE PROCEDURE p()\nBEGIN\n{comment}\n  SELECT 1;\nEND ;;\nDELIMITER ;\n{MYSQL_END}"
        );
        assert_eq!(place.kinds("a.sql", text.as_bytes(), Kind::MysqlDump), [], "{comment}");
    }
    // Two dashes without white space behind them are two minus signs.
    let text = format!("{MYSQL_HEAD}INSERT INTO t VALUES (5--1,'a');\n{MYSQL_END}");
    assert_eq!(place.kinds("b.sql", text.as_bytes(), Kind::MysqlDump), []);
    // A mark that stands in a text is no end.
    let text = format!("{MYSQL_HEAD}INSERT INTO t VALUES ('\n{MYSQL_END}');\n");
    assert_eq!(place.kinds("c.sql", text.as_bytes(), Kind::MysqlDump), [ProblemKind::NoEndMark]);
}

#[test]
fn a_mysql_dump_with_a_head_has_an_end() {
    let place = Place::new();
    // Its head is written only where comments are, and then so is the end: this one was cut between two statements.
    let text = format!("{MYSQL_HEAD}CREATE TABLE `t` (`a` int);\n");
    assert_eq!(place.kinds("a.sql", text.as_bytes(), Kind::MysqlDump), [ProblemKind::NoEndMark]);
    let compact = "/*M!999999\\- enable the sandbox mode */ \nCREATE TABLE `t` (`a` int);\n";
    let file = place.write("b.sql", compact.as_bytes());
    assert_eq!(found(&file, Kind::MysqlDump), (vec![ProblemKind::NoEndMarkWritten], Verdict::Unverifiable));
}

#[test]
fn plain_dumps_are_read_as_statements() {
    let place = Place::new();
    let head = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n";
    let end = "--\n-- PostgreSQL database dump complete\n--\n\n";
    let kinds = |name: &str, text: String| place.kinds(name, text.as_bytes(), Kind::PostgresDump);
    // The words of a function's body are not the dump's own.
    for body in [
        "COPY public.t (a) FROM stdin;",
        "\\restrict abc",
        "-- PostgreSQL database dump",
        "-- it's",
        "$x$ ; $x$",
    ] {
        let text = format!(
            "{head}CREATE FUNCTION f() RETURNS void\n    LANGUAGE sql\n    AS $_$\n{body}\n$_$;\n{end}"
        );
        assert_eq!(kinds("a.sql", text), [], "{body}");
    }
    // An end mark in a value of --inserts is no end; the dump was cut behind it.
    for open in ["'", "E'\\'"] {
        let text = format!("{head}INSERT INTO t VALUES ({open}\n{end}');\n");
        assert_eq!(kinds("b.sql", text), [ProblemKind::NoEndMark]);
        let text = format!("{head}INSERT INTO t VALUES ({open}\n{end}rest");
        assert_eq!(kinds("c.sql", text), [ProblemKind::Cut]);
    }
    let text =
        format!("{head}INSERT INTO t VALUES ('a''\\');\nINSERT INTO \"o'dd\" VALUES (1); -- it's\n{end}");
    assert_eq!(kinds("d.sql", text), []);
    // A comment behind the end is something behind the end.
    assert_eq!(kinds("e.sql", format!("{head}{end}-- more\n")), [ProblemKind::TrailingBytes]);
    // A long text over the edges of blocks, quotes in it.
    let long = "x''".repeat(200_000);
    assert_eq!(kinds("f.sql", format!("{head}INSERT INTO t VALUES ('{long}');\n{end}")), []);
}

#[test]
fn a_snapshot_of_a_ledger_is_its_backup() {
    let place = Place::new();
    let live = place.0.path().join("ledger.db");
    let ledger = Ledger::open(&live, &Options { create: true, ..Options::default() }).unwrap();
    let snapshot = place.0.path().join("snapshot.db");
    ledger.snapshot(&snapshot).unwrap();
    assert_eq!(found(&snapshot, Kind::Sqlite).0, []);
    drop(ledger);
    assert_eq!(found(&live, Kind::Sqlite).0, [ProblemKind::LiveLedger]);
}

#[test]
fn names_that_are_sound_in_a_tar() {
    let place = Place::new();
    std::fs::create_dir(place.0.path().join("in")).unwrap();
    for name in ["in/aux.log", "in/dev-disk-by\\x2duuid", "in/a:b", "in/com1", "in/~x"] {
        place.write(name, b"content");
    }
    place.run("tar", &["-cf", "a.tar", "in"]);
    assert_eq!(found(&place.0.path().join("a.tar"), Kind::Archive).0, []);
    place.run("tar", &["-cf", "b.tar", "-P", "--transform=s,^in/,../in/,", "in"]);
    let (kinds, _) = found(&place.0.path().join("b.tar"), Kind::Archive);
    assert!(kinds.contains(&ProblemKind::UnsafePath) && kinds.iter().all(|k| *k == ProblemKind::UnsafePath));
}

#[test]
fn sparse_members_of_a_tar() {
    let place = Place::new();
    let mut file = std::fs::File::create(place.0.path().join("holes")).unwrap();
    for i in 0..60u64 {
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(i * 1_000_000)).unwrap();
        file.write_all(b"island").unwrap();
    }
    drop(file);
    place.write("after", b"behind it");
    for words in [
        &["--format=gnu"][..],
        &["--format=pax", "--sparse-version=1.0"],
        &["--format=pax", "--sparse-version=0.1"],
    ] {
        let all = [&["-cSf", "s.tar"], words, &["holes", "after"]].concat();
        place.run("tar", &all);
        assert_eq!(found(&place.0.path().join("s.tar"), Kind::Archive).0, [], "{words:?}");
        let bytes = place.read("s.tar");
        let kinds = place.kinds("cut.tar", &bytes[..4096], Kind::Archive);
        assert_eq!(kinds, [ProblemKind::Cut], "{words:?}");
    }
}

#[test]
fn lz4_frames() {
    let place = Place::new();
    for size in [0usize, 1, 65_535, 65_536, 65_537, 300_000] {
        let text: Vec<u8> = (0..size).map(|i| (i * i % 251) as u8).collect();
        let packed = through("lz4", &["-c", "-q"], &text);
        assert_eq!(place.kinds("a.lz4", &packed, Kind::Archive), [], "{size}");
        let two = [&packed[..], &packed[..]].concat();
        assert_eq!(place.kinds("two.lz4", &two, Kind::Archive), [], "{size}");
        for cut in (1..packed.len()).step_by(packed.len() / 20 + 1).chain([
            packed.len() - 1,
            packed.len() - 4,
            packed.len() - 8,
        ]) {
            assert_ne!(place.kinds("cut.lz4", &packed[..cut], Kind::Archive), [], "{size} cut at {cut}");
        }
        let more = [&packed[..], b"more"].concat();
        assert_eq!(place.kinds("more.lz4", &more, Kind::Archive), [ProblemKind::TrailingBytes], "{size}");
        if size > 0 {
            let mut flipped = packed.clone();
            let last = flipped.len() - 1;
            flipped[last] ^= 1;
            assert_eq!(place.kinds("f.lz4", &flipped, Kind::Archive), [ProblemKind::ArchiveDamaged]);
        }
    }
}

#[test]
fn sound_streams_of_every_size() {
    let place = Place::new();
    for size in [0usize, 1, 511, 512, 131_071, 131_072, 131_073, 400_000] {
        let text: Vec<u8> = (0..size).map(|i| (i * 7 % 253) as u8).collect();
        for (program, words, name) in [
            ("gzip", &["-c"][..], "a.gz"),
            ("zstd", &["-c", "-q", "--check"], "a.zst"),
            ("xz", &["-c", "-0"], "a.xz"),
        ] {
            let packed = through(program, words, &text);
            assert_eq!(place.kinds(name, &packed, Kind::Archive), [], "{program} {size}");
            let two = [&packed[..], &packed[..]].concat();
            assert_eq!(place.kinds(name, &two, Kind::Archive), [], "{program} {size}, twice");
        }
    }
}

#[test]
fn what_no_decoder_here_reads_is_not_damage() {
    let place = Place::new();
    place.write("t", &b"some text ".repeat(2000));
    // A window that takes more memory than is given.
    let wide = through("xz", &["-c", "--lzma2=dict=256MiB"], b"text");
    assert_eq!(found(&place.write("w.xz", &wide), Kind::Archive).1, Verdict::Unverifiable);
    place.run("zip", &["-q", "-Z", "bzip2", "b.zip", "t"]);
    let zip = found(&place.0.path().join("b.zip"), Kind::Archive);
    assert_eq!(zip.1, Verdict::Unverifiable, "{zip:?}");
}

#[test]
fn zip_members_may_not_overlap() {
    let place = Place::new();
    place.write("a", &b"one ".repeat(500));
    place.write("b", &b"one ".repeat(500));
    place.run("zip", &["-q", "-X", "z.zip", "a", "b"]);
    let good = place.read("z.zip");
    assert_eq!(place.kinds("g.zip", &good, Kind::Archive), []);
    // Both entries of the directory name the first member.
    let mut bytes = good.clone();
    let second = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    bytes[second + 42..second + 46].fill(0);
    assert!(place.kinds("o.zip", &bytes, Kind::Archive).contains(&ProblemKind::ArchiveDamaged));
    // Names of one and the same, so that only the overlap is wrong.
    bytes[second + 46] = b'a';
    assert!(place.kinds("p.zip", &bytes, Kind::Archive).contains(&ProblemKind::ArchiveDamaged));
}

#[test]
fn names_with_odd_signs_reach_sqlite() {
    let place = Place::new();
    let file = place.0.path().join("数据?mode=rwc#1 %41.db");
    assert!(Command::new("sqlite3").arg(&file).arg("CREATE TABLE t (a)").status().unwrap().success());
    assert_eq!(found(&file, Kind::Sqlite).0, []);
    let doubled = PathBuf::from(format!("/{}", file.display()));
    assert_eq!(found(&doubled, Kind::Sqlite).0, []);
}

#[test]
fn every_cut_of_a_dump_is_found() {
    let place = Place::new();
    let postgres = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nCREATE FUNCTION f() RETURNS text\n    LANGUAGE sql\n    AS $$ SELECT 'it'';s' -- don't\n$$;\nCOPY public.t (a, b) FROM stdin;\n1\tit's\n\\.\n\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n";
    let mysql = format!(
        "{MYSQL_HEAD}CREATE TABLE `t``x` (`a` int); /*!40000 ALTER TABLE `t` DISABLE KEYS */;\nINSERT INTO `t` VALUES (1,'it\\'s ; \\\\'),(2,\"--\");\nDELIMITER ;;\nCREATE PROCEDURE p()\nBEGIN -- it's\n SELECT 1; END ;;\nDELIMITER ;\n{MYSQL_END}"
    );
    for (text, kind) in [(postgres, Kind::PostgresDump), (&mysql, Kind::MysqlDump)] {
        assert_eq!(place.kinds("whole.sql", text.as_bytes(), kind), []);
        // What is behind the last word of a dump is blank.
        for cut in 1..text.trim_end().len() {
            let kinds = place.kinds("cut.sql", &text.as_bytes()[..cut], kind);
            assert_ne!(kinds, [], "{:?}", &text[..cut]);
        }
    }
}

#[test]
fn every_cut_of_a_zip_is_found_and_no_flip_crashes() {
    let place = Place::new();
    place.write("a", &b"one ".repeat(50));
    place.write("名", b"two");
    place.run("zip", &["-q", "z.zip", "a", "名"]);
    let whole = place.read("z.zip");
    for cut in 4..whole.len() {
        assert_ne!(place.kinds("cut.zip", &whole[..cut], Kind::Archive), [], "{cut}");
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        place.kinds("flip.zip", &damaged, Kind::Archive);
    }
}
