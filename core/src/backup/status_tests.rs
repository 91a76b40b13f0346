use super::*;
use crate::backup::run;
use crate::facts::Fact;
use crate::ledger::{Ledger, Options};
use crate::time::{DAY, HOUR};

const CONTRACT: &str = "format = 1\nid = \"c\"\ntitle = \"t\"\ntimezone = \"Asia/Shanghai\"\nperiod = { start = \"2026-03-01\", end = \"2026-12-31\" }\n\
    [[backup]]\nid = \"db\"\nkind = \"postgres-dump\"\nrpo = \"24h\"\nretention = \"3d\"\nverify_every = \"1 months\"\ndrill_every = \"6 months\"\n\
    [[clause]]\nid = \"long\"\nrule = \"outage-count\"\nat_least = \"1h\"\nmax = 2\n";

fn at(text: &str) -> Instant {
    parse_instant(text).unwrap()
}

fn books(folder: &Path, runs: &[(&str, &str, u64)]) -> Ledger {
    let ledger =
        Ledger::open(&folder.join("l"), &Options { create: true, accept_clock: true, ..Options::default() })
            .unwrap();
    let contract = crate::contract::Contract::parse(CONTRACT).unwrap();
    let body = serde_json::json!({ "sm3": contract.sm3, "text": CONTRACT, "from": "2026-03-01" });
    let mut facts = vec![
        serde_json::json!({ "kind": "contract.adopt", "at": "2026-01-01T00:00:00+08:00", "subject": "c", "body": body }),
    ];
    for (name, started, bytes) in runs {
        facts.push(serde_json::json!({ "kind": "backup.run", "subject": name, "at": started,
            "body": { "set": "db", "started": started, "finished": started, "bytes": bytes } }));
    }
    let facts: Vec<Fact> = facts.iter().map(|f| Fact::parse(&f.to_string()).unwrap()).collect();
    ledger.append(&facts, at("2026-03-10T12:00:00+08:00")).unwrap();
    ledger
}

fn look(ledger: &Ledger, json: &str, now: Instant) -> Report {
    let mut tell = |_: &crate::backup::Progress| true;
    run(Some(ledger), "status", json, &mut Watch::new(now, &mut tell)).unwrap()
}

fn kinds(report: &Report) -> Vec<&'static str> {
    report.problems.iter().map(|p| p.kind.name()).collect()
}

#[test]
fn rpo_to_the_microsecond_and_what_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = books(folder.path(), &[("B-1", "2026-03-10T01:00:00+08:00", 100)]);
    let edge = at("2026-03-11T01:00:00+08:00");
    let report = look(&ledger, "", edge - 60 * crate::time::SECOND);
    assert_eq!((kinds(&report), report.verdict), (vec![], Verdict::Pass));
    let set = &report.status.as_ref().unwrap().sets[0];
    assert_eq!((set.newest.as_deref(), set.rpo), (Some("B-1"), Some(24 * HOUR)));
    assert_eq!(set.verify_due.as_deref(), Some("2026-04-01T00:00:00+08:00"));
    assert_eq!(kinds(&look(&ledger, "", edge + 60 * crate::time::SECOND)), ["rpo-exceeded"]);
    assert_eq!(
        kinds(&look(&ledger, "", at("2026-10-01T00:00:00+08:00"))),
        ["rpo-exceeded", "verify-overdue", "drill-overdue"]
    );
}

#[test]
fn a_run_that_failed_is_not_the_newest_and_a_shallow_check_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = books(
        folder.path(),
        &[("B-1", "2026-03-10T01:00:00+08:00", 100), ("B-2", "2026-03-10T02:00:00+08:00", 100)],
    );
    let check = |subject: &str, run: Option<&str>, level: &str, verdict: &str| {
        let mut body = serde_json::json!({ "set": "db", "level": level, "verdict": verdict });
        if let Some(run) = run {
            body["run"] = run.into();
        }
        let fact = serde_json::json!({ "kind": "backup.verify", "subject": subject, "at": "2026-03-10T03:00:00+08:00", "body": body });
        ledger.append(&[Fact::parse(&fact.to_string()).unwrap()], at("2026-03-10T12:30:00+08:00")).unwrap();
    };
    let now = at("2026-03-10T13:00:00+08:00");
    let newest = |ledger: &Ledger| {
        let set = look(ledger, "", now).status.unwrap().sets.remove(0);
        (set.newest, set.verified_at)
    };
    assert_eq!(newest(&ledger), (Some("B-2".to_owned()), None));
    check("db@today", None, "L0", "pass");
    assert_eq!(newest(&ledger).1, None);
    check("BV-1", Some("B-2"), "L2", "fail");
    assert_eq!(newest(&ledger).0.as_deref(), Some("B-1"));
    check("B-1", None, "L2", "pass-with-remarks");
    assert_eq!(newest(&ledger).1.as_deref(), Some("2026-03-10T03:00:00+08:00"));
    check("B-1", None, "L2", "fail");
    assert_eq!((newest(&ledger).0, kinds(&look(&ledger, "", now))), (None, vec!["no-run"]));
}

#[test]
fn what_lies_in_the_folder_is_held_against_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let runs: Vec<(String, String, u64)> = (1..=9)
        .map(|d| (format!("B-{d}"), format!("2026-03-0{d}T01:00:00+08:00"), if d == 9 { 40 } else { 100 }))
        .collect();
    let runs: Vec<(&str, &str, u64)> = runs.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), *c)).collect();
    let ledger = books(folder.path(), &runs);
    let place = folder.path().join("runs");
    std::fs::create_dir_all(place.join("B-9")).unwrap();
    std::fs::create_dir_all(place.join(".trash")).unwrap();
    let json = serde_json::json!({ "folders": { "db": place } }).to_string();
    let now = at("2026-03-09T12:00:00+08:00");
    let report = look(&ledger, &json, now);
    // Three days back from then: the runs of the 7th to the 9th.
    assert_eq!(kinds(&report), ["size-trend", "run-missing", "run-missing"]);
    let missing: Vec<_> = report.problems.iter().filter_map(|p| p.detail.as_deref()).collect();
    assert_eq!((missing, report.verdict), (vec!["B-7", "B-8"], Verdict::Fail));
    assert_eq!(report.entries.len(), 1);
    let entry = &ledger.entries(report.entries[0], 1).unwrap()[0].fact;
    assert_eq!(entry.body["present"], serde_json::json!(["B-9"]));
    assert_eq!((entry.kind.name, entry.text("level")), ("backup.verify", Some("L0")));
    assert!(report.finished - now < DAY);
    let mut tell = |_: &crate::backup::Progress| true;
    let wrong = run(Some(&ledger), "status", "{\"set\":\"files\"}", &mut Watch::new(now, &mut tell));
    assert!(wrong.unwrap_err().text(crate::Lang::En).contains("db"));
}
