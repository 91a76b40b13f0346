//! Dumps of PostgreSQL.

use super::engines::Postgres;
use super::refused::refused;
use super::{NOW, Work, assert_fail, assert_pass, assert_rto, detail, shown};
use opsledger::backup::{DrillOptions, Kind, ProblemKind, Verdict, Watch, drill};
use opsledger::error::Code;
use std::io::Write;

pub(crate) const APP: &str = "
CREATE ROLE app; CREATE ROLE reader; CREATE DATABASE app OWNER app;
\\connect app
CREATE TABLE unit (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE record (id int PRIMARY KEY, unit int REFERENCES unit, amount numeric(12,2), at timestamptz, note text, raw bytea);
CREATE INDEX record_at ON record (at);
CREATE SEQUENCE ticket START 100;
INSERT INTO unit SELECT n, '科室' || n FROM generate_series(1, 20) n;
INSERT INTO record SELECT n, 1 + n % 20, n * 1.25, '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 minute',
  CASE WHEN n % 7 = 0 THEN NULL ELSE '备注' || n END, decode(md5(n::text), 'hex') FROM generate_series(1, 2000) n;
ALTER TABLE record OWNER TO app; GRANT SELECT ON record TO reader;
";

#[test]
fn dumps_of_every_format() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let url = server.url("postgres", "app");
    // A tablespace, whose folder the drill must not touch.
    let place = server.folder("far away");
    server.sql(
        "postgres",
        "app",
        &format!("CREATE TABLESPACE \"far 盘\" OWNER app LOCATION '{}';", place.display()),
    );
    server.sql(
        "postgres",
        "app",
        "CREATE TABLE far TABLESPACE \"far 盘\" AS SELECT generate_series(1, 50) AS id;",
    );
    let work = Work::new();
    for (name, program, words) in [
        ("plain", "pg_dump", &["-d", "app", "-f"][..]),
        ("custom", "pg_dump", &["-d", "app", "-Fc", "-f"]),
        ("tar", "pg_dump", &["-d", "app", "-Ft", "-f"]),
        ("folder", "pg_dump", &["-d", "app", "-Fd", "-f"]),
        ("create", "pg_dump", &["-d", "app", "-C", "-f"]),
        ("all", "pg_dumpall", &["-f"]),
    ] {
        work.folder(name);
        let dump = if name == "plain" { "app.sql" } else { "app.dump" };
        let file = work.text(&format!("{name}/{dump}"));
        server.run(program, "postgres", &[words, &[file.as_str()]].concat());
        let set = work.sealed(name, Kind::PostgresDump, Some(&url));
        let report = work.drill(&set, Kind::PostgresDump);
        assert_pass(&report, 4);
        assert_eq!(detail(&report).engine, "postgresql");
        assert!(detail(&report).rows >= 2020, "{}", shown(&report));
        let names: Vec<_> = detail(&report).steps.iter().map(|s| s.name).collect();
        for step in ["check-set", "initdb", "start", "restore", "engine-checks", "compare", "clean-up"] {
            assert!(names.contains(&step), "{name}: {names:?}");
        }
        assert!(report.checks.iter().any(|c| c.name == "pg-amcheck"), "{}", shown(&report));
        // The roles are in the dump of the cluster alone.
        let told = report.coverage.not_covered.iter().any(|u| u.en.contains("app, reader"));
        assert_eq!(told, name != "all", "{name}: {}", shown(&report));
        println!("{name}: rto {} us, {:?}", detail(&report).rto, detail(&report).steps);
    }
}

#[test]
fn compressed_dumps_are_fed_through() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let work = Work::new();
    let plain = work.text("app.sql");
    server.run("pg_dump", "postgres", &["-d", "app", "-f", &plain]);
    let text = std::fs::read(&plain).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(&text).unwrap();
    let gz = gz.finish().unwrap();
    let counts = [("public.unit".to_owned(), 20), ("public.record".to_owned(), 2000)].into();
    for (name, bytes) in
        [("app.sql.gz", gz.clone()), ("app.sql.zst", zstd::encode_all(&text[..], 3).unwrap())]
    {
        std::fs::write(work.at(name), bytes).unwrap();
        let report = work.drill_with(DrillOptions {
            path: work.at(name),
            kind: Some(Kind::PostgresDump),
            counts: Clone::clone(&counts),
            ..DrillOptions::default()
        });
        assert!(report.verdict <= Verdict::PassWithRemarks, "{}", shown(&report));
        assert_eq!((detail(&report).tables_equal, detail(&report).expected_from), (2, Some("counts")));
        assert_rto(&report);
    }
    // Cut: nothing is committed of what came before.
    std::fs::write(work.at("cut.sql.gz"), &gz[..gz.len() * 2 / 3]).unwrap();
    let report = work.drill(&work.at("cut.sql.gz"), Kind::PostgresDump);
    assert_eq!(report.verdict, Verdict::Fail, "{}", shown(&report));
    assert_ne!(detail(&report).rows, 2020);
}

#[test]
fn damaged_dumps_fail_and_say_where() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let url = server.url("postgres", "app");
    let work = Work::new();
    let plain = work.text("app.sql");
    server.run("pg_dump", "postgres", &["-d", "app", "-f", &plain]);
    let good = std::fs::read_to_string(&plain).unwrap();
    let line = good.lines().find(|l| l.starts_with("1000\t")).unwrap();
    let cases = [
        // An error in the middle: stopped there, and rolled back.
        ("error", good.replace(line, "1000\tnot a number\t\\N\t\\N\t\\N\t\\N")),
        // A row that is missing, though the dump is well formed.
        ("missing", good.replace(&format!("{line}\n"), "")),
        // A row changed, the count the same.
        ("changed", good.replace("\t备注1000\t", "\t备注1OOO\t")),
        // A constraint that is gone.
        (
            "schema",
            good.replace(
                "ADD CONSTRAINT record_unit_fkey FOREIGN KEY (unit)",
                "ADD CONSTRAINT other FOREIGN KEY (unit)",
            ),
        ),
        // A table that is gone.
        ("table", {
            let from = good.find("COPY public.unit").unwrap();
            let to = from + good[from..].find("\\.\n").unwrap() + 3;
            format!("{}{}", &good[..from], &good[to..])
        }),
    ];
    for (name, text) in cases {
        assert_ne!(text, good, "{name}");
        std::fs::write(work.folder(name).join("app.sql"), text).unwrap();
        let set = work.sealed(name, Kind::PostgresDump, Some(&url));
        let report = work.drill(&set, Kind::PostgresDump);
        match name {
            "error" => {
                assert_fail(&report, ProblemKind::RestoreFailed, "data/app.sql", "not a number");
                assert_fail(&report, ProblemKind::RestoreFailed, "data/app.sql", "psql:<stdin>:");
                assert_eq!(detail(&report).tables_compared, 0);
                assert!(detail(&report).log.contains("not a number"));
            }
            "missing" => {
                assert_fail(&report, ProblemKind::RestoredCount, "public.record", "1999");
                assert_eq!(detail(&report).digests_equal, Some(false));
            }
            "changed" => assert_fail(&report, ProblemKind::RestoredRows, "public.record", ""),
            "schema" => assert_fail(&report, ProblemKind::RestoredSchema, "public.record", ""),
            _ => assert_eq!(report.verdict, Verdict::Fail, "{}", shown(&report)),
        }
        assert!(detail(&report).kept, "{name}");
    }
    // Cut at the end of a row: psql itself takes the end of its input for the end of the data.
    let cut = &good[..good.find(line).unwrap()];
    std::fs::write(work.at("cut.sql"), cut).unwrap();
    let report = work.drill(&work.at("cut.sql"), Kind::PostgresDump);
    assert_fail(&report, ProblemKind::RestoreFailed, "cut.sql", "COPY");
    // Cut and mended, so that only the recorded count tells.
    std::fs::write(work.folder("mended").join("app.sql"), format!("{cut}\\.\n")).unwrap();
    let set = work.sealed("mended", Kind::PostgresDump, Some(&url));
    let report = work.drill(&set, Kind::PostgresDump);
    assert_eq!(report.verdict, Verdict::Fail, "{}", shown(&report));
    assert_eq!(detail(&report).tables_compared, detail(&report).tables.len() as u64);
}

#[test]
fn a_damaged_set_is_not_restored() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let work = Work::new();
    work.folder("set");
    let file = work.text("set/app.sql");
    server.run("pg_dump", "postgres", &["-d", "app", "-f", &file]);
    let set = work.sealed("set", Kind::PostgresDump, Some(&server.url("postgres", "app")));
    let dump = set.join("data/app.sql");
    let text = std::fs::read_to_string(&dump).unwrap();
    std::fs::write(&dump, text.replace("备注5\t", "备注6\t")).unwrap();
    let report = work.drill(&set, Kind::PostgresDump);
    assert_fail(&report, ProblemKind::ChecksumMismatch, "data/app.sql", "");
    assert_fail(&report, ProblemKind::SetDamaged, "", "");
    assert_eq!(detail(&report).rto, 0);
}

#[test]
fn a_running_servers_database_as_the_target() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let (url, other) = (server.url("postgres", "app"), server.url("postgres", "drill"));
    let work = Work::new();
    for (name, form) in [("plain", "p"), ("custom", "c"), ("create", "p")] {
        work.folder(name);
        let file = work.text(&format!("{name}/app.sql"));
        let create: &[&str] = if name == "create" { &["-C"] } else { &[] };
        server.run("pg_dump", "postgres", &[&["-d", "app", "-F", form, "-f", &file], create].concat());
        work.sealed(name, Kind::PostgresDump, Some(&url));
    }
    let options = |name: &str, target: &str, sources: &[&str]| DrillOptions {
        path: work.at(name),
        target: Some(target.to_owned()),
        sources: sources.iter().map(|s| (*s).to_owned()).collect(),
        ..DrillOptions::default()
    };
    for name in ["plain", "custom"] {
        server.sql("postgres", "postgres", "CREATE DATABASE drill TEMPLATE template0;");
        let report = work.drill_with(options(name, &other, &[&url]));
        assert_eq!(report.verdict, Verdict::Pass, "{}", shown(&report));
        assert_eq!(detail(&report).tables_equal, 3);
        assert!(detail(&report).kept && !detail(&report).target.contains("secret"));
        // It is no longer empty, and nothing is written over.
        assert_eq!(refused(&options(name, &other, &[])), Code::TargetNotEmpty);
        server.sql("postgres", "postgres", "DROP DATABASE drill;");
    }
    // The source itself under another name: the same server says so.
    server.sql("postgres", "postgres", "CREATE DATABASE empty;");
    let (here, there) = (server.url("postgres", "empty"), server.url("reader", "empty"));
    let there =
        there.replace("?host=", "?connect_timeout=9&host=").replace("%2Fopsledger", "%2F.%2Fopsledger");
    server.sql("postgres", "empty", "ALTER ROLE reader LOGIN SUPERUSER;");
    assert_ne!(here, there);
    assert_eq!(refused(&options("plain", &here, &[&there])), Code::TargetInUse);
    // A dump that makes its own database would leave the target.
    let report = work.drill_with(options("create", &here, &[]));
    assert_eq!(report.verdict, Verdict::Unverifiable, "{}", shown(&report));
    // A server that is not there.
    let report =
        work.drill_with(options("plain", "postgresql://x:secret@localhost:1/x?connect_timeout=2", &[]));
    assert_eq!(report.verdict, Verdict::Unverifiable, "{}", shown(&report));
    assert!(!shown(&report).contains("secret"));
}

#[test]
fn a_long_way_to_the_scratch_target() {
    let work = Work::new();
    let empty = "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE t (id int);\n\n--\n-- PostgreSQL database dump complete\n--\n\n";
    std::fs::write(work.at("app.sql"), empty).unwrap();
    // Longer than the path of a socket may be.
    let long = work.folder(&format!("{}/{}", "长".repeat(30), "x".repeat(60)));
    let options =
        DrillOptions { path: work.at("app.sql"), scratch: Some(long.clone()), ..DrillOptions::default() };
    let report = drill(&options, &mut Watch::new(NOW, &mut |_| true)).unwrap();
    assert_eq!(report.verdict, Verdict::PassWithRemarks, "{}", shown(&report));
    let tables = &detail(&report).tables;
    assert!(tables.iter().any(|t| t.name == "public.t" && t.found == Some(0)), "{}", shown(&report));
    assert!(report.problems.iter().all(|p| p.kind == ProblemKind::NothingExpected));
    assert_eq!(std::fs::read_dir(&long).unwrap().count(), 0);
}
