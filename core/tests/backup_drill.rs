//! Restore drills with real engines: good backups pass, their rows counted and digested; damaged ones fail and say where.

#[path = "drill/base.rs"]
mod base;
#[path = "support/engines.rs"]
mod engines;
#[path = "drill/mariadb.rs"]
mod mariadb;
#[path = "drill/others.rs"]
mod others;
#[path = "drill/postgres.rs"]
mod postgres;
#[path = "drill/refused.rs"]
mod refused;

use opsledger::backup::{
    DrillDetail, DrillOptions, Kind, ProblemKind, Report, SealOptions, Verdict, Watch, drill, seal,
};
use std::path::{Path, PathBuf};

const NOW: i64 = 1_780_000_000_000_000;

/// A folder for one test, with what drills need below it.
struct Work(tempfile::TempDir);

impl Work {
    fn new() -> Work {
        Work(engines::folder())
    }
    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    /// An empty folder.
    fn folder(&self, name: &str) -> PathBuf {
        std::fs::create_dir_all(self.at(name)).unwrap();
        self.at(name)
    }
    fn text(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }
    /// A folder sealed with what the source holds now.
    fn sealed(&self, name: &str, kind: Kind, source: Option<&str>) -> PathBuf {
        let options = SealOptions {
            path: self.at(name),
            kind: Some(kind),
            source: source.map(str::to_owned),
            ..SealOptions::default()
        };
        let mut tell = |_: &_| true;
        let report = seal(&options, &mut Watch::new(NOW, &mut tell)).unwrap();
        assert!(report.verdict <= Verdict::PassWithRemarks, "{}", shown(&report));
        self.at(name)
    }
    /// Drills a set in a scratch folder of its own.
    fn drill(&self, path: &Path, kind: Kind) -> Report {
        self.drill_with(DrillOptions { path: path.to_owned(), kind: Some(kind), ..DrillOptions::default() })
    }
    fn drill_with(&self, options: DrillOptions) -> Report {
        let scratch = tempfile::Builder::new().prefix("scratch").tempdir_in(self.0.path()).unwrap();
        std::fs::set_permissions(scratch.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let ours = options.target.is_none();
        let options = DrillOptions { scratch: Some(scratch.path().to_owned()), ..options };
        let mut tell = |_: &_| true;
        let report = drill(&options, &mut Watch::new(NOW, &mut tell)).unwrap();
        let kept = ours && report.drill.as_ref().unwrap().kept;
        let left = std::fs::read_dir(scratch.path()).unwrap().count();
        assert_eq!(left, usize::from(kept), "{}", shown(&report));
        if kept {
            assert!(Path::new(&report.drill.as_ref().unwrap().target).join("drill.log").is_file());
        }
        report
    }
}

fn shown(report: &Report) -> String {
    serde_json::to_string_pretty(report).unwrap()
}

fn detail(report: &Report) -> &DrillDetail {
    report.drill.as_ref().unwrap()
}

/// A pass with everything compared, and a time for it.
fn assert_pass(report: &Report, tables: u64) {
    let detail = detail(report);
    assert_eq!(report.verdict, Verdict::Pass, "{}", shown(report));
    assert!(!detail.kept);
    assert_eq!((detail.tables_compared, detail.tables_equal), (tables, tables), "{}", shown(report));
    assert_eq!(detail.digests_equal, Some(true));
    assert_eq!(detail.expected_from, Some("bag"));
    assert_rto(report);
}

/// The time is that of the steps that count, and none of them took none.
fn assert_rto(report: &Report) {
    let detail = detail(report);
    let steps: i64 = detail.steps.iter().filter(|s| s.rto).map(|s| s.micros).sum();
    assert_eq!(detail.rto, steps);
    assert!(
        detail.rto > 0 && detail.steps.iter().any(|s| s.name == "compare" && !s.rto),
        "{}",
        shown(report)
    );
    assert!(detail.log_sm3.len() == 64);
}

/// A fail of that kind at that place, whose text holds `says`; the scratch target stays.
fn assert_fail(report: &Report, kind: ProblemKind, path: &str, says: &str) {
    assert_eq!(report.verdict, Verdict::Fail, "{}", shown(report));
    let found = report.problems.iter().any(|p| {
        let text = format!("{:?} {:?} {:?}", p.detail, p.expected, p.found);
        p.kind == kind && p.path == path && text.contains(says)
    });
    assert!(found, "no {kind:?} at {path:?} with {says:?} in {}", shown(report));
}
