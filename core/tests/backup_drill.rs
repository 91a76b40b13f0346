//! Restore drills with real engines: good backups pass with their rows counted and digested; damaged ones fail and say where.

#[path = "drill/engines.rs"]
mod engines;

use engines::{Mariadb, Postgres, folder};
use opsledger::backup::{DrillOptions, Kind, ProblemKind, Report, Verdict, Watch, drill};
use std::path::Path;

const APP: &str = "
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

fn run(options: &DrillOptions) -> Report {
    let mut tell = |_: &_| true;
    drill(options, &mut Watch::new(1_780_000_000_000_000, &mut tell)).unwrap()
}

fn shown(report: &Report) -> String {
    serde_json::to_string_pretty(report).unwrap()
}

fn options(path: &Path, scratch: &Path) -> DrillOptions {
    DrillOptions { path: path.to_owned(), scratch: Some(scratch.to_owned()), ..DrillOptions::default() }
}

#[test]
fn postgres_dumps() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", APP);
    let work = folder();
    let at = |name: &str| work.path().join(name);
    let to = |name: &str| at(name).to_str().unwrap().to_owned();
    server.run("pg_dump", "postgres", &["-d", "app", "-f", &to("plain.sql")]);
    server.run("pg_dump", "postgres", &["-d", "app", "-Fc", "-f", &to("custom.dump")]);
    server.run("pg_dump", "postgres", &["-d", "app", "-Ft", "-f", &to("tar.dump")]);
    server.run("pg_dump", "postgres", &["-d", "app", "-Fd", "-f", &to("folder")]);
    server.run("pg_dump", "postgres", &["-d", "app", "-C", "-f", &to("create.sql")]);
    server.run("pg_dumpall", "postgres", &["-f", &to("all.sql")]);
    for name in ["plain.sql", "custom.dump", "tar.dump", "folder", "create.sql", "all.sql"] {
        let report = run(&options(&at(name), &at("scratch")));
        println!("{name}: {}", shown(&report));
    }
}
