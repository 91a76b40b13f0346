//! Sequences, findings and papers: what they list beside the verdicts. The verdicts themselves are in the case files.

use crate::common::{clause, contract};
use crate::{at, broken, fact, forecast, text, text_of};
use opsledger::assess::{Assessment, Status};
use opsledger::contract::Contract;
use opsledger::time::{DAY as ONE_DAY, HOUR};

const CHANGE: &str = "[[clause]]\nid = \"c\"\nrule = \"sequence\"\nthen = \"change.deploy\"\n\
    needs = [\"change.approve\", { kind = \"change.test\", where = { result = \"pass\" } }]\n";
const FINDING: &str =
    "[[clause]]\nid = \"c\"\nrule = \"findings\"\nwithin = { high = \"2d\", low = \"3d\" }\n";
const PAPERS: &str = "[[clause]]\nid = \"c\"\nrule = \"documents\"\nlist = [{ kind = \"plan\", due = \"8d\" }, { kind = \"log\", due = \"end\" }]\n";

fn status(a: &Assessment) -> Status {
    clause(a, "c").status
}

fn codes(a: &Assessment) -> Vec<(Option<u64>, &'static str, &str)> {
    a.faults.iter().map(|f| (f.seq, f.code, f.subject.as_str())).collect()
}

/// What was recorded within a day of its instant is not late; what was recorded later and spares a breach is listed.
#[test]
fn late_facts_that_spare_a_breach_are_listed() {
    let done = 5 * HOUR;
    for (recorded, late) in [(done + ONE_DAY, vec![]), (done + ONE_DAY + 1, vec![3])] {
        let lines = [
            fact("change.request", "C", 0, 0, ""),
            fact("change.test", "C", 6 * HOUR, 6 * HOUR, "\"result\":\"pass\""),
            fact("change.approve", "C", done, recorded, ""),
        ];
        let deploy = fact("change.deploy", "C", 7 * HOUR, recorded + ONE_DAY, "");
        let all = [&lines[..], &[deploy]].concat();
        let a = at(&text_of("", CHANGE), &all, 19 * ONE_DAY);
        // The deployment is late too, and spares nothing.
        assert_eq!((status(&a), a.late), (Status::Met, late), "recorded {recorded}");
    }
    for (kind, at_us, recorded, late) in [
        ("finding.fix", 2 * ONE_DAY, 3 * ONE_DAY + 1, vec![2]),
        ("finding.fix", 2 * ONE_DAY + 1, 3 * ONE_DAY + 2, vec![]),
        ("finding.fix", 2 * ONE_DAY, 3 * ONE_DAY, vec![]),
    ] {
        let open = fact("finding.open", "F", 0, 0, "\"severity\":\"high\"");
        let a = at(&text_of("", FINDING), &[open, fact(kind, "F", at_us, recorded, "")], 19 * ONE_DAY);
        assert_eq!(a.late, late, "fixed {at_us}, recorded {recorded}");
    }
    for (at_us, late) in [(8 * ONE_DAY, vec![1]), (8 * ONE_DAY + 1, vec![])] {
        let body = "\"kind\":\"plan\",\"digest\":\"d\"";
        let a = at(
            &text_of("", PAPERS),
            &[fact("document.submit", "D", at_us, at_us + ONE_DAY + 1, body)],
            19 * ONE_DAY,
        );
        assert_eq!(a.late, late, "submitted {at_us}");
    }
}

#[test]
fn a_severity_without_a_limit_takes_the_shortest_and_is_a_fault() {
    let open = |body: &str| [fact("finding.open", "F", 0, 0, body)];
    for body in ["\"severity\":\"odd\"", ""] {
        let a = at(&text_of("", FINDING), &open(body), 2 * ONE_DAY + 1);
        assert_eq!(broken(&a, "c"), Some(2 * ONE_DAY));
        assert_eq!(codes(&a), [(Some(1), "unknown-severity", "F")]);
    }
    let a = at(&text_of("", FINDING), &open("\"severity\":\"low\""), 2 * ONE_DAY + 1);
    assert_eq!((broken(&a, "c"), forecast(&a, "c")), (None, Some(3 * ONE_DAY)));
    assert!(a.faults.is_empty());
}

/// A due instant in a year without a published schedule: that case has no evidence, the others are judged.
#[test]
fn a_year_without_a_schedule_leaves_only_its_cases_open() {
    let head = |clauses: &str| {
        format!(
            "format = 1\nid = \"edges\"\ntitle = \"edges\"\ntimezone = \"UTC\"\nholidays = \"CN\"\n\
             period = {{ start = \"2017-12-01\", end = \"2018-12-31\" }}\n{clauses}"
        )
    };
    let line = |kind: &str, subject: &str, at: &str, body: &str| {
        format!(
            "{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"{at}T00:00:00Z\",\"body\":{{{body}}}}}"
        )
    };
    let findings = "[[clause]]\nid = \"c\"\nrule = \"findings\"\nwithin = \"3 workdays\"\n";
    let lines = [
        line("finding.open", "A", "2017-12-04", ""),
        line("finding.open", "B", "2018-03-05", ""),
        line("finding.fix", "B", "2018-03-06", ""),
    ];
    let a = at(&head(findings), &lines, 0);
    assert_eq!(status(&a), Status::NoEvidence);
    assert_eq!(codes(&a), [(None, "no-schedule", "A")]);
    assert!(a.faults[0].text_en.contains("2017") && a.faults[0].text_zh.contains("2017"));
    let papers =
        "[[clause]]\nid = \"c\"\nrule = \"documents\"\nlist = [{ kind = \"plan\", due = \"3 workdays\" }]\n";
    let a = at(
        &head(papers),
        &[line("document.submit", "D", "2017-12-02", "\"kind\":\"plan\",\"digest\":\"d\"")],
        0,
    );
    assert_eq!((status(&a), codes(&a)), (Status::NoEvidence, vec![(None, "no-schedule", "plan")]));
    let notice = "[[clause]]\nid = \"c\"\nrule = \"sequence\"\nthen = \"staff.replace.effect\"\n\
        notice = { from = \"staff.replace.request\", at_least = \"5 workdays\" }\n";
    let lines = [
        line("staff.replace.request", "S", "2017-12-04", ""),
        line("staff.replace.effect", "S", "2018-01-04", ""),
        line("staff.replace.effect", "S", "2018-02-04", ""),
    ];
    let a = at(&head(notice), &lines, 0);
    assert_eq!(codes(&a), [(None, "no-schedule", "S"), (None, "no-schedule", "S#2")]);
}

#[test]
fn a_verdict_rests_on_the_facts_that_have_a_part_in_it() {
    let lines = [
        fact("change.request", "C", 0, 0, "\"type\":\"fix\""),
        fact("change.approve", "C", 1, 1, ""),
        fact("change.scan", "C", 2, 2, ""),
        fact("change.test", "C", 3, 3, "\"result\":\"pass\""),
        fact("change.deploy", "C", 4, 4, ""),
        fact("change.approve", "not deployed", 5, 5, ""),
    ];
    let evidence =
        |text: &str, lines: &[String]| clause(&at(&text_of("", text), lines, HOUR), "c").evidence.clone();
    assert_eq!(evidence(CHANGE, &lines), [2, 4, 5]);
    assert_eq!(evidence(&format!("{CHANGE}where = {{ type = \"fix\" }}\n"), &lines), [1, 2, 4, 5]);
    assert!(evidence(&format!("{CHANGE}where = {{ type = \"upgrade\" }}\n"), &lines).is_empty());
    let papers = [
        fact("document.submit", "D", 0, 0, "\"kind\":\"plan\",\"digest\":\"d\""),
        fact("document.submit", "E", 1, 1, "\"kind\":\"other\",\"digest\":\"d\""),
        fact("document.accept", "E", 2, 2, ""),
        fact("document.reject", "D", 3, 3, ""),
    ];
    assert_eq!(evidence(PAPERS, &papers), [1, 4]);
}

/// A day count is not stopped by a fix: a failed verification finds it due at once, or at the end of its days.
#[test]
fn a_day_count_runs_on_while_a_fix_is_looked_at() {
    let text = text_of("", "[[clause]]\nid = \"c\"\nrule = \"findings\"\nwithin = \"3 workdays\"\n");
    // Opened on a Monday: due at the end of Thursday.
    let due = 4 * ONE_DAY;
    let lines = |failed: i64| {
        [
            fact("finding.open", "F", 0, 0, ""),
            fact("finding.fix", "F", HOUR, HOUR, ""),
            fact("finding.verify", "F", failed, failed, "\"result\":\"fail\""),
        ]
    };
    for (failed, then) in [(2 * HOUR, due), (due - 1, due), (due + HOUR, due + HOUR)] {
        let a = at(&text, &lines(failed), failed);
        assert_eq!((broken(&a, "c"), forecast(&a, "c")), (None, Some(then)), "failed {failed}");
        assert_eq!(broken(&at(&text, &lines(failed), then + 1), "c"), Some(then));
    }
}

/// Waived in advance, nothing is forecast; the words say how many.
#[test]
fn what_is_waived_is_not_forecast() {
    let waive = format!(
        "{{\"kind\":\"waive\",\"at\":\"{}\",\"actor\":{{\"party\":\"buyer\"}},\"body\":{{\"clause\":\"c\",\"case\":\"F\",\"approver\":\"b\",\"reason\":\"r\"}}}}",
        text(0)
    );
    let open = fact("finding.open", "F", 0, 0, "\"severity\":\"high\"");
    let text = text_of("", FINDING);
    assert_eq!(forecast(&at(&text, std::slice::from_ref(&open), HOUR), "c"), Some(2 * ONE_DAY));
    assert_eq!(forecast(&at(&text, &[waive.clone(), open.clone()], HOUR), "c"), None);
    let a = at(&text, &[waive, open], 3 * ONE_DAY);
    assert_eq!((status(&a), clause(&a, "c").breaches), (Status::Waived, 0));
    assert!(clause(&a, "c").text_zh.contains("豁免 1 项"), "{}", clause(&a, "c").text_zh);
}

#[test]
fn no_rounds_is_no_promise() {
    let text = text_of("", &format!("{FINDING}rounds = {{ count = 0 }}\n"));
    let e = Contract::parse(&text).expect_err("refused");
    assert!(format!("{e}").contains("at least 1"), "{e}");
    contract(&text.replace("count = 0", "count = 1"));
}
