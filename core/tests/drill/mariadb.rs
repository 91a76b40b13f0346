//! Dumps of MariaDB.

use super::engines::Mariadb;
use super::refused::refused;
use super::{Work, assert_fail, assert_pass, detail, shown};
use opsledger::backup::{DrillOptions, Kind, ProblemKind, Verdict};
use opsledger::error::Code;

const APP: &str = "
CREATE DATABASE app CHARACTER SET utf8mb4; USE app;
CREATE TABLE unit (id int PRIMARY KEY, name varchar(40) NOT NULL) ENGINE=InnoDB;
CREATE TABLE record (id int PRIMARY KEY, unit int, amount decimal(12,2), at datetime(6), note text, raw varbinary(32),
  KEY (at), FOREIGN KEY (unit) REFERENCES unit (id)) ENGINE=InnoDB;
INSERT INTO unit SELECT seq, CONCAT('科室', seq) FROM seq_1_to_20;
INSERT INTO record SELECT seq, 1 + seq % 20, seq * 1.25, '2026-01-01' + INTERVAL seq MINUTE,
  IF(seq % 7 = 0, NULL, CONCAT('备注', seq)), UNHEX(MD5(seq)) FROM seq_1_to_500;
";

#[test]
fn dumps_of_mariadb() {
    let server = Mariadb::start();
    server.sql(APP);
    let url = server.url("app");
    let work = Work::new();
    for (name, words) in [
        ("one", &["--hex-blob", "app"][..]),
        ("databases", &["--databases", "app"]),
        ("compact", &["--compact", "app"]),
    ] {
        server.dump(&work.folder(name).join("app.sql"), words);
        let set = work.sealed(name, Kind::MysqlDump, Some(&url));
        let report = work.drill(&set, Kind::MysqlDump);
        assert_pass(&report, 2);
        assert_eq!(detail(&report).engine, "mariadb");
        assert!(report.checks.iter().any(|c| c.name == "check-table-extended"));
        println!("{name}: rto {} us, {:?}", detail(&report).rto, detail(&report).steps);
    }

    // A running server's database: empty, and not the source.
    server.sql("CREATE DATABASE spare");
    let options = |name: &str, target: &str| DrillOptions {
        path: work.at(name),
        target: Some(target.to_owned()),
        sources: vec![url.clone()],
        ..DrillOptions::default()
    };
    let report = work.drill_with(options("one", &server.url("spare")));
    assert_eq!((report.verdict, detail(&report).tables_equal), (Verdict::Pass, 2), "{}", shown(&report));
    assert_eq!(refused(&options("one", &server.url("spare"))), Code::TargetNotEmpty);
    assert_eq!(refused(&options("one", &url)), Code::TargetInUse);
    assert_eq!(
        refused(&options("one", &url.replace("localhost", "LOCALHOST").replace("?", "?protocol=socket&"))),
        Code::TargetInUse
    );
    server.sql("CREATE DATABASE spare2");
    let report = work.drill_with(options("databases", &server.url("spare2")));
    assert_eq!(report.verdict, Verdict::Unverifiable, "{}", shown(&report));
    assert_eq!(server.sql("SELECT COUNT(*) FROM app.record").trim(), "500");

    let good = std::fs::read_to_string(work.at("one/data/app.sql")).unwrap();
    for (name, text) in [
        ("error", good.replace("INSERT INTO `record` VALUES", "INSERT INTO `recrod` VALUES")),
        ("missing", good.replace(",\n(20,'科室20')", "")),
        ("changed", good.replace("'备注100'", "'备注1OO'")),
        ("cut", good[..good.find("'备注400'").unwrap()].to_owned()),
    ] {
        assert_ne!(text, good, "{name}");
        std::fs::write(work.folder(name).join("app.sql"), text).unwrap();
        let set = work.sealed(name, Kind::MysqlDump, Some(&url));
        let report = work.drill(&set, Kind::MysqlDump);
        match name {
            "error" => assert_fail(
                &report,
                ProblemKind::RestoreFailed,
                "data/app.sql",
                "ERROR 1100 (HY000) at line 4",
            ),
            "missing" => assert_fail(&report, ProblemKind::RestoredCount, "unit", "19"),
            "changed" => assert_fail(&report, ProblemKind::RestoredRows, "record", ""),
            _ => assert_eq!(report.verdict, Verdict::Fail, "{}", shown(&report)),
        }
    }
}
