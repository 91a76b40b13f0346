//! Platform against standby with real engines: what is the same is the same, every kind of difference is found and named, and
//! rows in motion are not taken for differences.

#[path = "support/engines.rs"]
#[allow(dead_code, reason = "the drills need all of it")]
mod engines;

use engines::{Mariadb, Postgres, folder};
use opsledger::backup::{CompareOptions, ProblemKind, Report, Verdict, Watch, compare};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

const NOW: i64 = 1_780_000_000_000_000;

fn run(platform: &str, standby: &str) -> Report {
    run_with(platform, standby, |_| {})
}

fn run_with(platform: &str, standby: &str, set: impl FnOnce(&mut CompareOptions)) -> Report {
    let mut options = CompareOptions {
        platform: platform.to_owned(),
        standby: standby.to_owned(),
        // Nothing moves here but where a test says so.
        recheck: Some("0s".to_owned()),
        ..CompareOptions::default()
    };
    set(&mut options);
    compare(&options, &mut Watch::new(NOW, &mut |_| true)).unwrap_or_else(|e| panic!("{e:?}"))
}

/// Failures by kind, with the table.
fn failures(report: &Report) -> Vec<(ProblemKind, String)> {
    let failed = |k: ProblemKind| opsledger::backup::Weight::Fail == k.weight();
    report.problems.iter().filter(|p| failed(p.kind)).map(|p| (p.kind, p.path.clone())).collect()
}

fn table<'a>(report: &'a Report, name: &str) -> &'a opsledger::backup::TableDetail {
    let detail = report.compare.as_ref().unwrap();
    detail.tables.iter().find(|t| t.name == name).unwrap_or_else(|| panic!("{name}"))
}

const SETUP: &str = "
CREATE TABLE trainee (id int PRIMARY KEY, name text, score numeric, at timestamptz, raw bytea, more jsonb, tags text[], ok boolean, f double precision);
INSERT INTO trainee SELECT i, '测试员' || i, i / 7.0, timestamptz '2026-01-01 00:00:00+08' + i * interval '1 second', decode(md5(i::text), 'hex'),
  jsonb_build_object('n', i), ARRAY['a,b', 'c' || i], i % 2 = 0, i / 3.0 FROM generate_series(1, 3000) i;
CREATE INDEX trainee_name ON trainee (name);
CREATE TABLE log (line text, n int);
INSERT INTO log SELECT 'line ' || (i % 50), i % 10 FROM generate_series(1, 500) i;
CREATE TABLE pair (id int PRIMARY KEY, a text, b text);
INSERT INTO pair VALUES (1, 'ab', 'c'), (2, NULL, ''), (3, 'x', 'y');
CREATE SEQUENCE ticket START 100; SELECT nextval('ticket');
CREATE VIEW v AS SELECT 1 AS one;";

#[test]
fn postgresql_loaded_from_a_dump() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", "CREATE DATABASE a; CREATE DATABASE b;");
    server.sql("postgres", "a", SETUP);
    let dump = server.command("pg_dump", "postgres").args(["-d", "a"]).output().unwrap().stdout;
    server.sql("postgres", "b", &String::from_utf8(dump).unwrap());
    let (a, b) = (server.url("postgres", "a"), server.url("postgres", "b"));
    let same = run(&a, &b);
    assert_eq!(failures(&same), [], "{:?}", same.problems);
    assert!(matches!(same.verdict, Verdict::Pass | Verdict::PassWithRemarks));
    let trainee = table(&same, "public.trainee");
    assert!(trainee.schema_equal && trainee.rows_equal);
    assert_eq!(trainee.platform.as_ref().unwrap().rows, 3000);
    assert_eq!(trainee.platform, trainee.standby);
    assert!(same.coverage.not_covered.iter().any(|u| u.path.contains('v')), "a view is said to be left out");

    // Each damage alone: what it is called, and in which table.
    let cases: [(&str, &str, ProblemKind, &str); 12] = [
        (
            "UPDATE trainee SET name = '测试员X' WHERE id = 77",
            "UPDATE trainee SET name = '测试员77' WHERE id = 77",
            ProblemKind::RowDiffers,
            "public.trainee",
        ),
        (
            "UPDATE trainee SET f = f + 1e-12 WHERE id = 5",
            "UPDATE trainee SET f = 5 / 3.0 WHERE id = 5",
            ProblemKind::RowDiffers,
            "public.trainee",
        ),
        (
            "DELETE FROM pair WHERE id = 3",
            "INSERT INTO pair VALUES (3, 'x', 'y')",
            ProblemKind::RowMissing,
            "public.pair",
        ),
        (
            "INSERT INTO pair VALUES (9, 'x', 'y')",
            "DELETE FROM pair WHERE id = 9",
            ProblemKind::RowExtra,
            "public.pair",
        ),
        (
            "UPDATE pair SET a = 'a', b = 'bc' WHERE id = 1",
            "UPDATE pair SET a = 'ab', b = 'c' WHERE id = 1",
            ProblemKind::RowDiffers,
            "public.pair",
        ),
        (
            "UPDATE pair SET a = '', b = NULL WHERE id = 2",
            "UPDATE pair SET a = NULL, b = '' WHERE id = 2",
            ProblemKind::RowDiffers,
            "public.pair",
        ),
        (
            "UPDATE pair SET a = '\\N' WHERE id = 2",
            "UPDATE pair SET a = NULL WHERE id = 2",
            ProblemKind::RowDiffers,
            "public.pair",
        ),
        (
            "UPDATE trainee SET name = E'e\\u0301' WHERE id = 1; UPDATE trainee SET name = E'\\u00e9' WHERE id = 2",
            "UPDATE trainee SET name = '测试员' || id WHERE id < 3",
            ProblemKind::RowDiffers,
            "public.trainee",
        ),
        // Doubled rows: an XOR of digests would say that nothing was added.
        (
            "INSERT INTO log VALUES ('line 1', 1), ('line 1', 1)",
            "DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE line = 'line 1' AND n = 1 ORDER BY ctid DESC LIMIT 2)",
            ProblemKind::RowExtra,
            "public.log",
        ),
        (
            "DROP INDEX trainee_name",
            "CREATE INDEX trainee_name ON trainee (name)",
            ProblemKind::SchemaDiffers,
            "public.trainee",
        ),
        (
            "ALTER TABLE pair ALTER COLUMN a TYPE varchar(10)",
            "ALTER TABLE pair ALTER COLUMN a TYPE text",
            ProblemKind::SchemaDiffers,
            "public.pair",
        ),
        (
            "SELECT setval('ticket', 50)",
            "SELECT setval('ticket', 100)",
            ProblemKind::SequenceBehind,
            "public.ticket",
        ),
    ];
    for (damage, mend, kind, place) in cases {
        server.sql("postgres", "b", damage);
        let report = run(&a, &b);
        assert_eq!(report.verdict, Verdict::Fail, "{damage}");
        let found = failures(&report);
        assert!(found.iter().any(|(k, path)| *k == kind && path.starts_with(place)), "{damage}: {found:?}");
        assert!(found.iter().all(|(_, path)| path.starts_with(place)), "{damage}: {found:?}");
        let told = serde_json::to_string(&report).unwrap();
        assert!(!told.contains("测试员X"), "a value of a row is never printed");
        server.sql("postgres", "b", mend);
        assert_eq!(failures(&run(&a, &b)), [], "after {mend}");
    }
    // Thousands: all counted, so many named.
    server.sql(
        "postgres",
        "b",
        "UPDATE trainee SET name = name || '!' WHERE id % 2 = 0; DELETE FROM trainee WHERE id % 100 = 1",
    );
    let report = run_with(&a, &b, |o| o.rows = Some(10));
    let trainee = table(&report, "public.trainee");
    assert_eq!((trainee.differing, trainee.missing, trainee.extra), (1500, 30, 0));
    let named = report
        .problems
        .iter()
        .filter(|p| matches!(p.kind, ProblemKind::RowDiffers | ProblemKind::RowMissing));
    assert_eq!(named.count(), 10);
    // A table that one lacks, only some tables, a table nobody has, one database twice.
    server.sql("postgres", "b", "DROP TABLE log; CREATE TABLE additional (x int)");
    let found = failures(&run_with(&a, &b, |o| o.ignore = vec!["public.trainee".to_owned()]));
    assert!(found.contains(&(ProblemKind::TableMissing, "public.log".to_owned())), "{found:?}");
    assert!(found.contains(&(ProblemKind::TableExtra, "public.additional".to_owned())), "{found:?}");
    assert_eq!(failures(&run_with(&a, &b, |o| o.tables = vec!["public.pair".to_owned()])), []);
    for (standby, tables) in [(&b, vec!["public.nothing".to_owned()]), (&a, Vec::new())] {
        let options = CompareOptions {
            platform: a.clone(),
            standby: standby.clone(),
            tables,
            ..CompareOptions::default()
        };
        assert!(compare(&options, &mut Watch::new(NOW, &mut |_| true)).is_err());
    }
}

/// A standby that streams, in a folder of its own.
struct Standby {
    server: std::process::Child,
    root: tempfile::TempDir,
}

impl Standby {
    fn of(platform: &Postgres) -> Standby {
        use std::os::unix::fs::{MetadataExt, chown};
        use std::os::unix::process::CommandExt;
        let root = folder();
        let owner = std::fs::metadata(platform.root.path()).unwrap();
        if owner.uid() != 0 {
            // As the account of the platform's server.
            chown(root.path(), Some(owner.uid()), Some(owner.gid())).ok();
        }
        let data = root.path().join("data");
        let as_owner = |command: &mut Command| {
            command.current_dir(root.path());
            if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
                command.uid(owner.uid()).gid(owner.gid());
            }
        };
        let mut copy = platform.command("pg_basebackup", "postgres");
        copy.args(["-R", "-X", "stream", "-c", "fast", "-D"]).arg(&data);
        as_owner(&mut copy);
        let output = copy.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut server = Command::new(platform.bin.join("postgres"));
        server.arg("-D").arg(&data).arg("-k").arg(root.path());
        for setting in
            ["listen_addresses=", "fsync=off", "hot_standby=on", "archive_mode=off", "max_connections=120"]
        {
            server.arg("-c").arg(setting);
        }
        as_owner(&mut server);
        let log = std::fs::File::create(root.path().join("log")).unwrap();
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let since = std::time::Instant::now();
        while !std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default().contains("ready") {
            let log = || std::fs::read_to_string(root.path().join("log")).unwrap_or_default();
            assert!(since.elapsed().as_secs() < 60, "{}", log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Standby { server, root }
    }
    fn url(&self) -> String {
        let host = self.root.path().to_str().unwrap().replace('/', "%2F");
        format!("postgresql:///postgres?host={host}&user=postgres")
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn postgresql_streaming() {
    let platform = Postgres::start("postgres");
    platform.sql("postgres", "postgres", SETUP);
    let standby = Standby::of(&platform);
    let own = platform.url("postgres", "postgres");
    let report = run(&own, &standby.url());
    assert_eq!(failures(&report), [], "{:?}", report.problems);
    let detail = report.compare.as_ref().unwrap();
    assert!(detail.one_point && detail.standby.standby && !detail.platform.standby, "{detail:?}");
    // Somebody writes all the time: what moves is no difference.
    let stop = std::sync::atomic::AtomicBool::new(false);
    let reports = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let text = "UPDATE trainee SET score = score + 1 WHERE id = 1 + floor(random() * 3000); INSERT INTO log VALUES ('new', 1);";
                platform.sql("postgres", "postgres", &text.repeat(40));
            }
        });
        let reports = [(); 2].map(|()| {
            let options = CompareOptions {
                platform: own.clone(),
                standby: standby.url(),
                recheck: Some("1s".to_owned()),
                ..CompareOptions::default()
            };
            compare(&options, &mut Watch::new(NOW, &mut |_| true))
        });
        // The writer ends whatever the reports say.
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap();
        reports
    });
    for report in reports {
        let report = report.unwrap();
        assert_eq!(failures(&report), [], "{:?}", report.problems);
    }
    // A standby that does not follow is told.
    let mut psql = Command::new(platform.bin.join("psql"));
    let psql = psql.arg("-h").arg(standby.root.path()).args([
        "-U",
        "postgres",
        "-X",
        "-c",
        "SELECT pg_wal_replay_pause()",
    ]);
    assert!(psql.stdout(Stdio::null()).status().unwrap().success());
    platform.sql("postgres", "postgres", "UPDATE trainee SET name = 'later' WHERE id = 3");
    let report = run(&own, &standby.url());
    assert!(report.problems.iter().any(|p| p.kind == ProblemKind::StandbyLags), "{:?}", report.problems);
}

#[test]
fn mariadb_two_servers() {
    let (one, two) = (Mariadb::start(), Mariadb::start());
    let work = folder();
    one.sql(
        "CREATE DATABASE med CHARACTER SET utf8mb4; USE med;
         CREATE TABLE trainee (id int PRIMARY KEY, name varchar(40), score decimal(10,4), at datetime(6), raw blob, f double, bits bit(4));
         INSERT INTO trainee SELECT seq, CONCAT('测试员\t', seq, '\\\\N'), seq / 7, '2026-01-01 00:00:00' + INTERVAL seq SECOND, UNHEX(MD5(seq)), seq / 3, seq % 16 FROM seq_1_to_2000;
         CREATE TABLE log (line text) ENGINE=InnoDB; INSERT INTO log VALUES ('a'), ('a'), (NULL), ('NULL'), ('');",
    );
    let dump = work.path().join("d.sql");
    one.dump(&dump, &["--hex-blob", "--databases", "med"]);
    two.sql(&std::fs::read_to_string(&dump).unwrap());
    let (a, b) = (one.url("med"), two.url("med"));
    let same = run(&a, &b);
    assert_eq!(failures(&same), [], "{:?}", same.problems);
    assert_eq!(table(&same, "trainee").platform.as_ref().unwrap().rows, 2000);
    for (damage, kind, place) in [
        ("UPDATE trainee SET name = CONCAT(name, ' ') WHERE id = 7", ProblemKind::RowDiffers, "trainee"),
        ("UPDATE trainee SET raw = UNHEX('00ff') WHERE id = 8", ProblemKind::RowDiffers, "trainee"),
        ("UPDATE log SET line = NULL WHERE line = 'NULL'", ProblemKind::RowMissing, "log"),
        ("INSERT INTO log VALUES ('a'), ('a')", ProblemKind::RowExtra, "log"),
        ("ALTER TABLE trainee ADD INDEX (name)", ProblemKind::SchemaDiffers, "trainee"),
    ] {
        two.sql(&format!("USE med; {damage}"));
        let found = failures(&run(&a, &b));
        assert!(found.iter().any(|(k, path)| *k == kind && path.starts_with(place)), "{damage}: {found:?}");
        two.sql(&format!("DROP DATABASE med; {}", std::fs::read_to_string(&dump).unwrap()));
        assert_eq!(failures(&run(&a, &b)), [], "restored after {damage}");
    }
    let options =
        CompareOptions { platform: a, standby: "sqlite:/nowhere.db".to_owned(), ..CompareOptions::default() };
    assert!(compare(&options, &mut Watch::new(NOW, &mut |_| true)).is_err());
}

#[test]
fn mariadb_replicated() {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let port_setting = format!("--port={port}");
    let settings = ["--bind-address=127.0.0.1", port_setting.as_str(), "--server-id=1", "--log-bin=bin"];
    let one = Mariadb::start_with(&settings);
    let two = Mariadb::start_with(&["--skip-networking", "--server-id=2"]);
    one.sql("CREATE USER r@'%' IDENTIFIED BY 'r'; GRANT REPLICATION SLAVE ON *.* TO r@'%';");
    two.sql(&format!(
        "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'r', MASTER_PASSWORD = 'r', \
         MASTER_USE_GTID = slave_pos; START SLAVE;"
    ));
    one.sql(
        "CREATE DATABASE med CHARACTER SET utf8mb4; USE med;
         CREATE TABLE trainee (id int PRIMARY KEY, name varchar(40) CHARACTER SET gbk, n int);
         INSERT INTO trainee SELECT seq, CONCAT('学员', seq), 0 FROM seq_1_to_500;",
    );
    // The database must be there before it can be named.
    let since = std::time::Instant::now();
    while !two.sql("SELECT 1 FROM information_schema.tables WHERE table_name = 'trainee'").contains('1') {
        assert!(since.elapsed().as_secs() < 30, "{}", two.sql("SHOW SLAVE STATUS"));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let (a, b) = (one.url("med"), two.url("med"));
    let report = run(&a, &b);
    let detail = report.compare.as_ref().unwrap();
    assert!(detail.one_point && detail.standby.standby && detail.platform.point.is_some(), "{detail:?}");
    assert_eq!((failures(&report), table(&report, "trainee").rows_equal), (vec![], true));
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.problems);
    // Somebody writes all the time.
    let stop = std::sync::atomic::AtomicBool::new(false);
    let reports = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                one.sql(&format!(
                    "USE med; {}",
                    "UPDATE trainee SET n = n + 1 WHERE id = 1 + FLOOR(RAND() * 500);".repeat(40)
                ));
            }
        });
        let report = std::panic::catch_unwind(|| run(&a, &b));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap();
        report
    });
    let report = reports.unwrap();
    assert_eq!(failures(&report), [], "{:?}", report.problems);
    // What differs at one point is a difference at once.
    two.sql("USE med; UPDATE trainee SET name = '学员甲' WHERE id = 9");
    let report = run(&a, &b);
    let detail = report.compare.as_ref().unwrap();
    let kinds: Vec<ProblemKind> = failures(&report).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [ProblemKind::RowsDiffer, ProblemKind::RowDiffers]);
    let row = report.problems.iter().find(|p| p.kind == ProblemKind::RowDiffers).unwrap();
    assert_eq!(row.detail.as_deref(), Some("id=9: name"));
    assert!(detail.one_point && detail.rounds == 1, "{detail:?}");
    // A replica that does not follow is told.
    two.sql("STOP SLAVE; USE med; UPDATE trainee SET name = '学员9' WHERE id = 9");
    one.sql("USE med; DELETE FROM trainee WHERE id = 500");
    let report = run(&a, &b);
    assert!(report.problems.iter().any(|p| p.kind == ProblemKind::StandbyLags), "{:?}", report.problems);
    assert_eq!(table(&report, "trainee").extra, 1);
}

/// What is written otherwise and is the same value is no difference; what a weak sum cannot see is one.
#[test]
fn postgresql_values() {
    let server = Postgres::start("postgres");
    server.sql("postgres", "postgres", "CREATE DATABASE a; CREATE DATABASE b;");
    let make = "CREATE TABLE amount (id int PRIMARY KEY, n numeric, at timestamptz, f float4);
        CREATE TABLE slot (id int, at timestamp);
        CREATE TABLE big (id int PRIMARY KEY, body bytea, words text[]);
        CREATE TABLE part (k int, v text, PRIMARY KEY (k)) PARTITION BY RANGE (k);
        CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
        CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
        INSERT INTO part SELECT i, 'v' || i FROM generate_series(0, 19) i;
        INSERT INTO big VALUES (1, decode(repeat('00ff5c0a', 500000), 'hex'), ARRAY['a', NULL, 'NULL', '', '\\']);
        SELECT lo_from_bytea(4711, decode(repeat('0102', 5000), 'hex'));";
    for database in ["a", "b"] {
        server.sql("postgres", database, make);
    }
    server.sql(
        "postgres",
        "a",
        "INSERT INTO amount VALUES (1, 1.0, '2026-03-01 08:00+08', 0.1), (2, 100, 'infinity', 'NaN'), (3, 'NaN', NULL, -0.5);
         INSERT INTO slot SELECT i, timestamp '2026-03-01 08:10:00' + i * interval '1 hour' FROM generate_series(1, 4) i;",
    );
    server.sql(
        "postgres",
        "b",
        "SET timezone = 'America/New_York';
         INSERT INTO amount VALUES (3, 'NaN', NULL, -0.5), (2, 100.000, 'infinity', 'NaN'), (1, 1.00, '2026-02-28 19:00-05', 0.1);
         INSERT INTO slot SELECT i, timestamp '2026-03-01 08:10:00' + i * interval '1 hour' FROM generate_series(1, 4) i;",
    );
    let (a, b) = (server.url("postgres", "a"), server.url("postgres", "b"));
    let same = run(&a, &b);
    assert_eq!(failures(&same), [], "{:?}", same.problems);
    assert_eq!(table(&same, "pg_catalog.pg_largeobject").platform.as_ref().unwrap().rows, 5);
    assert_eq!(table(&same, "public.part_2").platform.as_ref().unwrap().rows, 10);
    // Four rows whose minute changed the same way: an XOR of CRC-32 does not see it.
    server.sql("postgres", "b", "UPDATE slot SET at = at + interval '1 minute'");
    let slot = run(&a, &b);
    let slot = table(&slot, "public.slot");
    assert_eq!((slot.missing, slot.extra, slot.rows_equal), (4, 4, false));
    // One byte of a large object, one of a large row, one row in a partition.
    server.sql(
        "postgres",
        "b",
        "UPDATE slot SET at = at - interval '1 minute'; SELECT lo_put(4711, 3000, '\\xee');
         UPDATE big SET body = set_byte(body, 1234567, 7); UPDATE part SET v = 'x' WHERE k = 12;",
    );
    let found: Vec<String> = run(&a, &b)
        .problems
        .into_iter()
        .filter(|p| p.kind == ProblemKind::RowDiffers)
        .map(|p| format!("{} {}", p.path, p.detail.unwrap_or_default()))
        .collect();
    let want = [
        "pg_catalog.pg_largeobject loid=4711, pageno=1: data",
        "public.big id=1: body",
        "public.part_2 k=12: v",
    ];
    assert_eq!(found, want);
}

/// A password is in no message and on no command line, and an account that may not read says so.
#[test]
fn what_may_not_be_read() {
    let server = Postgres::start("postgres");
    let make = "CREATE TABLE open (id int PRIMARY KEY); CREATE TABLE closed (id int PRIMARY KEY); CREATE TABLE partly (id int PRIMARY KEY);
        ALTER TABLE partly ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON partly USING (id < 5);
        INSERT INTO partly SELECT generate_series(1, 9); GRANT SELECT ON open, partly TO reader;";
    server.sql("postgres", "postgres", "CREATE ROLE reader LOGIN; CREATE DATABASE a; CREATE DATABASE b;");
    for database in ["a", "b"] {
        server.sql("postgres", database, make);
    }
    let report = run(&server.url("reader", "a"), &server.url("reader", "b"));
    assert_eq!(report.verdict, Verdict::Unverifiable, "{:?}", report.problems);
    let mut unread: Vec<&str> = report
        .problems
        .iter()
        .filter(|p| p.kind == ProblemKind::CannotRead)
        .map(|p| p.path.as_str())
        .collect();
    unread.sort_unstable();
    assert_eq!(unread, ["public.closed", "public.partly"]);
    let host = server.root.path().display().to_string().replace('/', "%2F");
    let secret = format!("postgresql://nobody:geheim@/a?host={host}");
    let options = CompareOptions {
        platform: secret.clone(),
        standby: server.url("reader", "b"),
        ..CompareOptions::default()
    };
    let error = compare(&options, &mut Watch::new(NOW, &mut |_| true)).unwrap_err();
    let told = error.text(opsledger::error::Lang::Zh);
    assert!(told.contains("nobody:***@") && !told.contains("geheim"), "{told}");
}

fn sqlite(path: &Path, rows: &[(i64, u8)], keyed: bool) -> String {
    let _ = std::fs::remove_file(path);
    let db = rusqlite::Connection::open(path).unwrap();
    let key = if keyed { "PRIMARY KEY" } else { "" };
    db.execute_batch(&format!("CREATE TABLE t (id INTEGER {key}, v TEXT)")).unwrap();
    for (id, v) in rows {
        db.execute("INSERT INTO t VALUES (?1, ?2)", (id, format!("v{v}"))).unwrap();
    }
    format!("sqlite:{}", path.display())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("OPSLEDGER_SOAK").is_some() { 2000 } else { 60 }))]
    /// Counts of missing, extra and differing rows are those of a naive comparison, with a key and without.
    #[test]
    fn sqlite_is_the_naive_model(
        left in prop::collection::btree_map(0i64..40, 0u8..4, 0..30), right in prop::collection::btree_map(0i64..40, 0u8..4, 0..30),
        doubled in prop::collection::vec((0i64..6, 0u8..2), 0..20), doubled_right in prop::collection::vec((0i64..6, 0u8..2), 0..20),
    ) {
        let work = folder();
        let path = |name: &str| work.path().join(name);
        let rows = |map: &BTreeMap<i64, u8>| map.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>();
        let at_once = |o: &mut CompareOptions| o.recheck = Some("0s".to_owned());
        let (a, b) = (sqlite(&path("a"), &rows(&left), true), sqlite(&path("b"), &rows(&right), true));
        let report = run_with(&a, &b, at_once);
        let t = table(&report, "t");
        let missing = left.keys().filter(|k| !right.contains_key(k)).count() as u64;
        let extra = right.keys().filter(|k| !left.contains_key(k)).count() as u64;
        let differing = left.iter().filter(|(k, v)| right.get(k).is_some_and(|o| o != *v)).count() as u64;
        prop_assert_eq!((t.missing, t.extra, t.differing), (missing, extra, differing));
        prop_assert_eq!(t.rows_equal, missing + extra + differing == 0);

        let (a, b) = (sqlite(&path("c"), &doubled, false), sqlite(&path("d"), &doubled_right, false));
        let report = run_with(&a, &b, at_once);
        let t = table(&report, "t");
        let count = |rows: &[(i64, u8)]| rows.iter().fold(BTreeMap::new(), |mut m, r| { *m.entry(*r).or_insert(0i64) += 1; m });
        let (l, r) = (count(&doubled), count(&doubled_right));
        let more = |a: &BTreeMap<(i64, u8), i64>, b: &BTreeMap<(i64, u8), i64>| {
            a.iter().map(|(k, n)| (n - b.get(k).unwrap_or(&0)).max(0)).sum::<i64>() as u64
        };
        prop_assert_eq!((t.missing, t.extra), (more(&l, &r), more(&r, &l)));
    }
}
