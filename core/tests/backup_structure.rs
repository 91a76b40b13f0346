//! The structure of dumps, archives and databases, made for real by their own programs, beside what those programs say.

#[path = "support/engines.rs"]
#[allow(dead_code, reason = "the drills need all of it")]
mod engines;

use engines::{Mariadb, Postgres, folder};
use opsledger::backup::{
    Kind, ProblemKind, Report, SealOptions, Verdict, VerifyOptions, Watch, seal, verify,
};
use proptest::prelude::*;
use std::path::Path;
use std::process::{Command, Stdio};

const NOW: i64 = 1_780_000_000_000_000;

/// What an ordinary program says of a file: its exit status.
fn says(program: &str, words: &[&str], file: &Path) -> i32 {
    let mut command = Command::new(program);
    let status = command
        .args(words)
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status();
    status.unwrap_or_else(|e| panic!("{program}: {e}")).code().unwrap()
}

fn look(file: &Path, kind: Kind) -> Report {
    let options = VerifyOptions { path: file.to_owned(), kind: Some(kind), ..VerifyOptions::default() };
    verify(&options, &mut Watch::new(NOW, &mut |_| true)).unwrap()
}

/// The kinds of problems that are more than "no digest beside it", which a single file always has.
fn found(file: &Path, kind: Kind) -> Vec<ProblemKind> {
    let report = look(file, kind);
    report.problems.iter().map(|p| p.kind).filter(|k| *k != ProblemKind::NoDigest).collect()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn made(program: &str, words: &[&str], from: &Path) -> Vec<u8> {
    let output = Command::new(program).args(words).arg(from).output().unwrap();
    assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Position of a text of the content.
fn at(bytes: &[u8], text: &[u8]) -> usize {
    bytes.windows(text.len()).position(|w| w == text).unwrap()
}

#[test]
fn dumps_of_postgresql() {
    let server = Postgres::start("postgres");
    server.sql(
        "postgres",
        "postgres",
        "CREATE DATABASE med; \\c med\nCREATE TABLE trainee (id int PRIMARY KEY, name text, note text);\
         INSERT INTO trainee SELECT i, '测试员' || i, repeat(md5(i::text), 8) FROM generate_series(1, 4000) i;\
         CREATE TABLE empty (x int); SELECT lo_from_bytea(0, '\\x010203');\
         CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'COPY x (y) FROM elsewhere;'::text $$;",
    );
    let work = folder();
    let dump = |words: &[&str], name: &str| {
        let output = server.command("pg_dump", "postgres").args(words).args(["-d", "med"]).output().unwrap();
        assert!(output.status.success());
        write(work.path(), name, &output.stdout)
    };
    let restore = server.bin.join("pg_restore").to_str().unwrap().to_owned();
    let lists = |file: &Path| says(&restore, &["-l"], file) == 0;
    let restores = |file: &Path| says(&restore, &["-f", "/dev/null"], file) == 0;

    // Custom format: whole; cut at the half; one bit flipped where it is packed.
    let custom = dump(&["-Fc"], "custom.dump");
    assert_eq!(found(&custom, Kind::PostgresDump), []);
    let bytes = std::fs::read(&custom).unwrap();
    let half = write(work.path(), "half.dump", &bytes[..bytes.len() / 2]);
    assert!(lists(&half) && !restores(&half), "the list alone is no check");
    assert_eq!(found(&half, Kind::PostgresDump), [ProblemKind::Cut]);
    let mut flipped = bytes.clone();
    let middle = bytes.len() * 3 / 4;
    flipped[middle] ^= 4;
    let flipped = write(work.path(), "flipped.dump", &flipped);
    assert!(lists(&flipped) && !restores(&flipped));
    assert_eq!(found(&flipped, Kind::PostgresDump), [ProblemKind::DumpDamaged]);
    let mut longer = bytes.clone();
    longer.extend_from_slice(b"rest");
    assert_ne!(found(&write(work.path(), "longer.dump", &longer), Kind::PostgresDump), []);

    // Not packed: both forms of pg_restore pass a flipped bit, and so does any look at the structure. The digest finds it.
    std::fs::create_dir(work.path().join("set")).unwrap();
    let plain = dump(&["-Fc", "-Z0"], "set/unpacked.dump");
    assert_eq!(found(&plain, Kind::PostgresDump), [ProblemKind::NoSums]);
    let options = SealOptions {
        path: work.path().join("set"),
        kind: Some(Kind::PostgresDump),
        ..SealOptions::default()
    };
    seal(&options, &mut Watch::new(NOW, &mut |_| true)).unwrap();
    let sealed = work.path().join("set/data/unpacked.dump");
    let mut bytes = std::fs::read(&sealed).unwrap();
    let place = at(&bytes, "测试员77\t".as_bytes());
    bytes[place + 9] = b'8';
    std::fs::write(&sealed, &bytes).unwrap();
    assert!(lists(&sealed) && restores(&sealed), "both pass");
    assert_eq!(found(&sealed, Kind::PostgresDump), [ProblemKind::NoSums]);
    let whole = look(&work.path().join("set"), Kind::PostgresDump);
    assert_eq!(whole.verdict, Verdict::Fail);
    let named = whole.problems.iter().find(|p| p.kind == ProblemKind::ChecksumMismatch).unwrap();
    assert_eq!(named.path, "data/unpacked.dump");

    // Directory format, whole and with a file gone.
    let folder = work.path().join("dir.dump");
    let status =
        server.command("pg_dump", "postgres").args(["-Fd", "-d", "med", "-f"]).arg(&folder).status().unwrap();
    assert!(status.success());
    assert_eq!(found(&folder.join("toc.dat"), Kind::PostgresDump), []);
    let data = std::fs::read_dir(&folder).unwrap().flatten().map(|e| e.path());
    let data = data
        .filter(|p| p.extension().is_some_and(|e| e == "gz"))
        .max_by_key(|p| p.metadata().unwrap().len())
        .unwrap();
    assert_eq!(found(&data, Kind::PostgresDump), []);
    std::fs::remove_file(&data).unwrap();
    assert_eq!(found(&folder.join("toc.dat"), Kind::PostgresDump), [ProblemKind::MissingOnDisk]);
    let tar = dump(&["-Ft"], "tar.dump");
    assert_eq!(found(&tar, Kind::PostgresDump), []);

    // Plain: the end mark, and behind it the token of the head.
    let plain = dump(&[], "plain.sql");
    assert_eq!(found(&plain, Kind::PostgresDump), []);
    let text = std::fs::read_to_string(&plain).unwrap();
    let damaged =
        |name: &str, text: &str| found(&write(work.path(), name, text.as_bytes()), Kind::PostgresDump);
    let mark = "-- PostgreSQL database dump complete";
    assert_eq!(damaged("unmarked.sql", &text.replace(mark, "--")), [ProblemKind::NoEndMark]);
    let rows = text.find("3999\t").unwrap();
    assert_eq!(damaged("rows.sql", &text[..rows]), [ProblemKind::Cut]);
    let between = text.find("\\.\n").unwrap() + 3;
    assert_eq!(damaged("between.sql", &text[..between]), [ProblemKind::NoEndMark]);
    assert_eq!(damaged("more.sql", &format!("{text}DROP TABLE trainee;\n")), [ProblemKind::TrailingBytes]);
    assert_eq!(damaged("nul.sql", &text.replacen("测试员5\t", "测试员\0\t", 1)), [ProblemKind::DumpDamaged]);
    if let Some(token) = text.lines().find_map(|l| l.strip_prefix("\\restrict ")) {
        let other = text.replacen(&format!("\\unrestrict {token}"), "\\unrestrict abc", 1);
        assert_eq!(damaged("token.sql", &other), [ProblemKind::TokenMismatch]);
        let none = text.replacen(&format!("\\unrestrict {token}\n"), "", 1);
        assert_eq!(damaged("untoken.sql", &none), [ProblemKind::TokenMismatch]);
    }
    let all = server.command("pg_dumpall", "postgres").output().unwrap().stdout;
    let all = String::from_utf8(all).unwrap();
    assert_eq!(damaged("all.sql", &all), []);
    let mark = "-- PostgreSQL database cluster dump complete";
    assert!(all.contains(mark));
    assert_eq!(damaged("all-unmarked.sql", &all.replace(mark, "--")), [ProblemKind::NoEndMark]);
    let inner = all.rfind("-- PostgreSQL database dump complete").unwrap();
    assert_ne!(damaged("all-cut.sql", &all[..inner]), []);

    // Through a compressor, and a file that is no dump.
    for (program, name) in [("gzip", "p.sql.gz"), ("zstd", "p.sql.zst"), ("xz", "p.sql.xz")] {
        let packed = made(program, &["-c", "-q"], &plain);
        assert_eq!(found(&write(work.path(), name, &packed), Kind::PostgresDump), [], "{program}");
        let cut = write(
            work.path(),
            &format!("u-{name}"),
            &made(program, &["-c", "-q"], &write(work.path(), "c.sql", &text.as_bytes()[..between])),
        );
        assert_eq!(found(&cut, Kind::PostgresDump), [ProblemKind::NoEndMark], "{program}");
    }
    assert_eq!(damaged("notes.txt", "not a dump\n"), [ProblemKind::OtherFormat]);
    assert_eq!(damaged("empty.sql", ""), [ProblemKind::Empty]);
}

#[test]
fn dumps_of_mariadb() {
    let server = Mariadb::start();
    server.sql(
        "CREATE DATABASE med CHARACTER SET utf8mb4; USE med; CREATE TABLE t (id int PRIMARY KEY, name text, raw blob);
         INSERT INTO t SELECT seq, CONCAT('测试员''s ; \"', seq, '\\n--'), UNHEX(MD5(seq)) FROM seq_1_to_2000;
         DELIMITER //\n         CREATE PROCEDURE p() BEGIN SELECT 'a;b'; SELECT 1; END //\n",
    );
    let work = folder();
    let dump = |name: &str, words: &[&str]| {
        let path = work.path().join(name);
        server.dump(&path, words);
        path
    };
    let whole = dump("whole.sql", &["--routines", "med"]);
    assert_eq!(found(&whole, Kind::MysqlDump), []);
    assert_eq!(found(&dump("undated.sql", &["--skip-dump-date", "--routines", "med"]), Kind::MysqlDump), []);
    let text = std::fs::read(&whole).unwrap();
    assert!(text.starts_with(b"/*M!999999\\- enable the sandbox mode */"));
    for unmarked in [["--compact", "med"], ["--skip-comments", "med"]] {
        let path = dump("unmarked.sql", &unmarked);
        let report = look(&path, Kind::MysqlDump);
        assert_eq!(found(&path, Kind::MysqlDump), [ProblemKind::NoEndMarkWritten], "{unmarked:?}");
        assert_eq!(report.verdict, Verdict::Unverifiable);
        let bytes = std::fs::read(&path).unwrap();
        let cut = write(work.path(), "cut-unmarked.sql", &bytes[..bytes.len() * 2 / 3]);
        assert_eq!(found(&cut, Kind::MysqlDump), [ProblemKind::Cut], "{unmarked:?}");
    }
    let cut = write(work.path(), "cut.sql", &text[..text.len() / 2]);
    assert_eq!(found(&cut, Kind::MysqlDump), [ProblemKind::Cut]);
    let mark = at(&text, b"-- Dump completed");
    let unmarked = write(work.path(), "no-mark.sql", &text[..mark]);
    assert_eq!(found(&unmarked, Kind::MysqlDump), [ProblemKind::NoEndMark]);
    let mut more = text.clone();
    more.extend_from_slice(b"DROP TABLE t;\n");
    assert_eq!(found(&write(work.path(), "more.sql", &more), Kind::MysqlDump), [ProblemKind::TrailingBytes]);
}

#[test]
fn gzip_members_padding_and_what_is_behind() {
    let work = folder();
    let text = write(work.path(), "t", &b"some text, again and again. ".repeat(500));
    let one = made("gzip", &["-c"], &text);
    let file = |name: &str, parts: &[&[u8]]| write(work.path(), name, &parts.concat());
    let two = file("two.gz", &[&one, &one]);
    let zeros = file("zeros.gz", &[&one, &[0; 700]]);
    let garbage = file("garbage.gz", &[&one, b"garbage"]);
    let cut = file("cut.gz", &[&one[..one.len() - 3]]);
    let empty = file("empty.gz", &[]);
    // The statuses of gzip 1.12: a warning is 2.
    for (file, status, kinds) in [
        (&two, 0, vec![]),
        (&zeros, 0, vec![]),
        (&garbage, 2, vec![ProblemKind::TrailingBytes]),
        (&cut, 1, vec![ProblemKind::Cut]),
        (&empty, 1, vec![ProblemKind::Empty]),
    ] {
        assert_eq!(says("gzip", &["-t"], file), status, "{file:?}");
        assert_eq!(found(file, Kind::Archive), kinds, "{file:?}");
    }
    let at_garbage =
        look(&garbage, Kind::Archive).problems.into_iter().find(|p| p.kind == ProblemKind::TrailingBytes);
    assert_eq!(at_garbage.unwrap().at, Some(one.len() as u64));
    let members = look(&two, Kind::Archive).checks;
    assert_eq!(members.iter().find(|c| c.name == "gzip").unwrap().figures["members"], "2");
}

#[test]
fn tar_cut_between_members_and_more() {
    let work = folder();
    let source = work.path().join("in");
    std::fs::create_dir_all(source.join("目录")).unwrap();
    for (name, size) in [("a", 1000), ("目录/b", 512), ("c", 0), ("目录/long", 70_000)] {
        std::fs::write(source.join(name), vec![b'x'; size]).unwrap();
    }
    let long = "n".repeat(180);
    std::fs::write(source.join(&long), "long name").unwrap();
    for format in ["gnu", "pax", "ustar"] {
        let file = work.path().join(format!("{format}.tar"));
        let words = [
            "--sort=name",
            &format!("--format={format}"),
            "-C",
            source.to_str().unwrap(),
            "-cf",
            file.to_str().unwrap(),
        ];
        let names: &[&str] = if format == "ustar" { &["a", "目录", "c"] } else { &["."] };
        assert!(Command::new("tar").args(words).args(names).status().unwrap().success());
        assert_eq!(found(&file, Kind::Archive), [], "{format}");
        let bytes = std::fs::read(&file).unwrap();
        // Between two members: the header of a later one.
        let mut cuts = 0;
        for cut in (512..bytes.len()).step_by(512) {
            let path = write(work.path(), "cut.tar", &bytes[..cut]);
            let ours = found(&path, Kind::Archive);
            if bytes[cut..].iter().all(|b| *b == 0) && ours.is_empty() {
                // Two blocks of zeros are the end; more of them are padding.
                assert!(bytes[cut - 1024..cut].iter().all(|b| *b == 0));
                continue;
            }
            assert_eq!(ours, [ProblemKind::Cut], "{format} at {cut}");
            cuts += usize::from(says("tar", &["-tf"], &path) == 0);
        }
        assert!(cuts > 0, "tar takes some cut archive for a whole one");
        // A flipped bit of the content passes every look at the structure; one in a header does not.
        let content = bytes.windows(8).position(|w| w == b"xxxxxxxx").unwrap();
        let flip = |at: usize| {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            write(work.path(), "flip.tar", &damaged)
        };
        assert_eq!(says("tar", &["-tf"], &flip(content)), 0);
        assert_eq!(found(&flip(content), Kind::Archive), []);
        assert_eq!(found(&flip(100), Kind::Archive).len(), 1);
        let mut more = bytes.clone();
        more.extend_from_slice(&[0; 512]);
        more.extend_from_slice(b"more");
        assert_eq!(
            found(&write(work.path(), "more.tar", &more), Kind::Archive),
            [ProblemKind::TrailingBytes]
        );
        let packed = made("gzip", &["-c"], &file);
        assert_eq!(found(&write(work.path(), "x.tar.gz", &packed), Kind::Archive), []);
    }
    // Links that leave the folder, absolute names.
    std::os::unix::fs::symlink("/etc/passwd", source.join("leaves")).unwrap();
    let file = work.path().join("links.tar");
    assert!(
        Command::new("tar")
            .args(["-C", source.to_str().unwrap(), "-cf", file.to_str().unwrap(), "."])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(found(&file, Kind::Archive), [ProblemKind::LinkRefused]);
    let file = work.path().join("absolute.tar");
    assert!(
        Command::new("tar")
            .args(["-P", "-cf", file.to_str().unwrap(), source.join("a").to_str().unwrap()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(found(&file, Kind::Archive), [ProblemKind::UnsafePath]);
}

#[test]
fn zip_archives() {
    let work = folder();
    std::fs::write(work.path().join("a.txt"), b"text ".repeat(400)).unwrap();
    std::fs::write(work.path().join("名.txt"), "样例").unwrap();
    let file = work.path().join("z.zip");
    assert!(
        Command::new("zip")
            .current_dir(work.path())
            .args(["-q", "z.zip", "a.txt", "名.txt"])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(found(&file, Kind::Archive), []);
    let bytes = std::fs::read(&file).unwrap();
    let put = |name: &str, bytes: &[u8]| found(&write(work.path(), name, bytes), Kind::Archive);
    assert_eq!(put("cut.zip", &bytes[..bytes.len() / 2]), [ProblemKind::Cut]);
    let mut more = bytes.clone();
    more.extend_from_slice(b"garbage");
    assert_ne!(put("more.zip", &more), []);
    let mut flipped = bytes.clone();
    let data = 35 + usize::from(u16::from_le_bytes([bytes[28], bytes[29]]));
    flipped[data + 2] ^= 1;
    assert!(put("flipped.zip", &flipped).contains(&ProblemKind::ArchiveDamaged));
    let mut renamed = bytes.clone();
    let local = at(&bytes, b"a.txt");
    renamed[local] = b'b';
    assert!(put("renamed.zip", &renamed).contains(&ProblemKind::ArchiveDamaged));
}

#[test]
fn sqlite_files() {
    let work = folder();
    let file = work.path().join("db.sqlite");
    let script = "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX n ON p (name);
        WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 500) INSERT INTO p SELECT i, 'trainee-' || i || '-mark' FROM c;
        CREATE TABLE k (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id));";
    assert!(Command::new("sqlite3").arg(&file).arg(script).status().unwrap().success());
    assert_eq!(found(&file, Kind::Sqlite), []);
    let bytes = std::fs::read(&file).unwrap();
    let put = |name: &str, bytes: &[u8]| write(work.path(), name, bytes);
    let pragma = |file: &Path, pragma: &str| {
        let output = Command::new("sqlite3").arg(file).arg(format!("PRAGMA {pragma}")).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    // The same text stands in the row and in its index.
    let places: Vec<usize> =
        (0..bytes.len() - 16).filter(|i| bytes[*i..].starts_with(b"trainee-250-mark")).collect();
    assert_eq!(places.len(), 2);
    let mut one = bytes.clone();
    one[places[0] + 2] = b'X';
    let one = put("one.sqlite", &one);
    assert_eq!(pragma(&one, "quick_check"), "ok", "the quick check passes it");
    assert!(
        found(&one, Kind::Sqlite).iter().all(|k| *k == ProblemKind::DatabaseDamaged)
            && !found(&one, Kind::Sqlite).is_empty()
    );
    let mut both = bytes.clone();
    places.iter().for_each(|p| both[p + 15] = b'q');
    let both = put("both.sqlite", &both);
    assert_eq!((pragma(&both, "quick_check"), pragma(&both, "integrity_check")), ("ok".into(), "ok".into()));
    assert_eq!(found(&both, Kind::Sqlite), [], "only a digest finds it");
    // Cut by its last page, a page zeroed, the count of pages raised.
    let page = 4096;
    assert!(
        found(&put("cut.sqlite", &bytes[..bytes.len() - page]), Kind::Sqlite).contains(&ProblemKind::Cut)
    );
    let mut zeroed = bytes.clone();
    zeroed[page * 2..page * 3].fill(0);
    assert!(found(&put("zeroed.sqlite", &zeroed), Kind::Sqlite).contains(&ProblemKind::DatabaseDamaged));
    let mut raised = bytes.clone();
    raised[31] += 1;
    assert!(found(&put("raised.sqlite", &raised), Kind::Sqlite).contains(&ProblemKind::Cut));
    // A row that refers to none; changes that lie beside it.
    let loose = put("loose.sqlite", &bytes);
    assert!(
        Command::new("sqlite3").arg(&loose).arg("INSERT INTO k VALUES (1, 9999)").status().unwrap().success()
    );
    assert_eq!(found(&loose, Kind::Sqlite), [ProblemKind::ForeignKey]);
    put("db.sqlite-wal", b"something");
    assert_eq!(found(&file, Kind::Sqlite), [ProblemKind::DatabaseUnsettled]);
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "what is checked is not written to");
}

#[test]
fn zstd_xz_and_sums() {
    let work = folder();
    let text = write(work.path(), "t", &b"0123456789 and more of it. ".repeat(3000));
    let zst = made("zstd", &["-c", "-q"], &text);
    let put = |name: &str, bytes: &[u8]| found(&write(work.path(), name, bytes), Kind::Archive);
    assert_eq!(put("a.zst", &zst), []);
    assert_eq!(put("two.zst", &[&zst[..], &zst[..]].concat()), []);
    assert_eq!(put("unsummed.zst", &made("zstd", &["-c", "-q", "--no-check"], &text)), [ProblemKind::NoSums]);
    assert_eq!(put("more.zst", &[&zst[..], b"more"].concat()), [ProblemKind::TrailingBytes]);
    assert_ne!(put("cut.zst", &zst[..zst.len() - 1]), []);
    let xz = made("xz", &["-c", "-q"], &text);
    assert_eq!(put("a.xz", &xz), []);
    assert_eq!(put("two.xz", &[&xz[..], &xz[..]].concat()), []);
    assert_ne!(put("more.xz", &[&xz[..], b"more"].concat()), []);
    assert_ne!(put("cut.xz", &xz[..xz.len() - 1]), []);
    // Compressed more often than any backup tool does.
    let mut deep = write(work.path(), "deep", b"x");
    for i in 0..6 {
        let bytes = made("gzip", &["-c"], &deep);
        deep = write(work.path(), &format!("deep{i}.gz"), &bytes);
    }
    assert_eq!(found(&deep, Kind::Archive), [ProblemKind::TooDeep]);
}

/// Sound files of several formats, small.
fn samples() -> Vec<(&'static str, Vec<u8>, Kind)> {
    let work = folder();
    std::fs::write(work.path().join("m"), b"content ".repeat(300)).unwrap();
    let file = work.path().join("m");
    let tar = work.path().join("m.tar");
    assert!(
        Command::new("tar")
            .args(["-C", work.path().to_str().unwrap(), "-cf", tar.to_str().unwrap(), "m"])
            .status()
            .unwrap()
            .success()
    );
    vec![
        ("gz", made("gzip", &["-c"], &file), Kind::Archive),
        ("zst", made("zstd", &["-c", "-q"], &file), Kind::Archive),
        ("xz", made("xz", &["-c"], &file), Kind::Archive),
        ("tar.gz", made("gzip", &["-c"], &tar), Kind::Archive),
    ]
}

#[test]
fn every_cut_and_flip_of_a_summed_file_is_found() {
    let work = folder();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(
        if std::env::var_os("OPSLEDGER_SOAK").is_some() { 4000 } else { 150 },
    ));
    let all = samples();
    for (name, bytes, kind) in &all {
        assert_eq!(found(&write(work.path(), name, bytes), *kind), [], "{name}");
    }
    let strategy = (0..all.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..8);
    runner
        .run(&strategy, |(which, cut, flip, bit)| {
            let (name, bytes, kind) = &all[which];
            let cut = cut.index(bytes.len() - 1) + 1;
            let path = write(work.path(), &format!("c.{name}"), &bytes[..cut]);
            prop_assert!(!found(&path, *kind).is_empty(), "{} cut at {}", name, cut);
            let mut damaged = bytes.clone();
            let at = flip.index(bytes.len());
            damaged[at] ^= 1 << bit;
            let path = write(work.path(), &format!("f.{name}"), &damaged);
            let ours = found(&path, *kind);
            // Some bits carry nothing: a head's time and name, the filling of the last byte. Then the content is what it was.
            let harmless = || {
                let tool = match *name {
                    "zst" => "zstd",
                    "xz" => "xz",
                    _ => "gzip",
                };
                let read =
                    |path: &Path| Command::new(tool).args(["-d", "-c", "-q"]).arg(path).output().unwrap();
                let (now, before) = (read(&path), read(&write(work.path(), &format!("o.{name}"), bytes)));
                now.status.success() && now.stdout == before.stdout
            };
            prop_assert!(!ours.is_empty() || harmless(), "{} flipped at {} bit {}", name, at, bit);
            Ok(())
        })
        .unwrap();
}
