//! Clocks and the sequence.

use crate::common::{clause, clocks};
use crate::{at, broken, fact, forecast, t, text, text_of};
use opsledger::assess::Status;
use opsledger::time::HOUR;

const CLOCK: &str = "[[clause]]\nid = \"repair\"\nrule = \"deadline\"\nfrom = \"incident.report\"\nto = \"incident.repair\"\n\
    within = { critical = \"4h\", major = \"8h\" }\npausable = true\n\
    [[clause]]\nid = \"streak\"\nrule = \"streak\"\nof = \"repair\"\nlength = 1\n";

fn clock(lines: &[String], as_of: i64) -> (Status, Option<i64>, Option<i64>) {
    let a = at(&text_of("", CLOCK), lines, as_of);
    let c = &clocks(clause(&a, "repair"))[0];
    (c.status, c.due.map(|s| s.at - t(0)), c.breached_at.map(|s| s.at - t(0)))
}

fn report(severity: &str) -> String {
    fact("incident.report", "I", 0, 0, &format!("\"severity\":\"{severity}\",\"affects_use\":true"))
}

fn repair(at: i64) -> String {
    fact("incident.repair", "I", at, at, "")
}

fn pause(at: i64, recorded: i64) -> String {
    fact("incident.pause", "I", at, recorded, "\"party\":\"buyer\",\"reason\":\"no access\"")
}

#[test]
fn answered_at_the_due_instant_is_on_time() {
    let due = 4 * HOUR;
    assert_eq!(clock(&[report("critical"), repair(due)], 9 * HOUR).0, Status::Met);
    assert_eq!(
        clock(&[report("critical"), repair(due + 1)], 9 * HOUR),
        (Status::Breached, Some(due), Some(due))
    );
    let open = [report("critical")];
    assert_eq!(clock(&open, due - 1), (Status::AtRisk, Some(due), None));
    assert_eq!(clock(&open, due), (Status::AtRisk, Some(due), None));
    assert_eq!(clock(&open, due + 1), (Status::Breached, Some(due), Some(due)));
    // A quarter of the limit is the warning: less than an hour left.
    assert_eq!(clock(&open, 3 * HOUR), (Status::Running, Some(due), None));
    assert_eq!(clock(&open, 3 * HOUR + 1), (Status::AtRisk, Some(due), None));
    for (as_of, arisen) in [(due, None), (due + 1, Some(due))] {
        let a = at(&text_of("", CLOCK), &open, as_of);
        assert_eq!((broken(&a, "repair"), broken(&a, "streak")), (arisen, arisen));
        assert_eq!(forecast(&a, "repair"), arisen.is_none().then_some(due));
    }
}

#[test]
fn a_pause_recorded_before_the_due_instant_counts() {
    let resume = fact("incident.resume", "I", 6 * HOUR, 6 * HOUR, "\"party\":\"buyer\"");
    for (recorded, due) in [(4 * HOUR - 1, 7 * HOUR), (4 * HOUR, 4 * HOUR), (4 * HOUR + 1, 4 * HOUR)] {
        let lines = [report("critical"), pause(3 * HOUR, recorded), resume.clone(), repair(7 * HOUR)];
        let (status, _, breach) = clock(&lines, 9 * HOUR);
        let on_time = due == 7 * HOUR;
        assert_eq!(status, if on_time { Status::Met } else { Status::Breached }, "recorded at {recorded}");
        assert_eq!(breach, (!on_time).then_some(due));
    }
    let paused = [report("critical"), pause(3 * HOUR, 3 * HOUR)];
    assert_eq!(clock(&paused, 3 * HOUR - 1).0, Status::Running);
    assert_eq!(clock(&paused, 3 * HOUR), (Status::Paused, None, None));
    assert_eq!(clock(&paused, 300 * HOUR), (Status::Paused, None, None));
}

#[test]
fn a_late_pause_counts_once_the_other_party_confirms_it() {
    let resume = fact("incident.resume", "I", 6 * HOUR, 6 * HOUR, "");
    let confirm = |entry: u64, party: &str| {
        format!(
            "{{\"kind\":\"fact.confirm\",\"at\":\"{0}\",\"recorded_at\":\"{0}\",\"body\":{{\"entry\":{entry}}},\"actor\":{{\"party\":\"{party}\"}}}}",
            text(10 * HOUR)
        )
    };
    let mut lines = vec![report("critical"), pause(3 * HOUR, 5 * HOUR), resume, repair(7 * HOUR)];
    assert_eq!(clock(&lines, 9 * HOUR).0, Status::Breached);
    lines.push(confirm(2, "buyer"));
    assert_eq!(clock(&lines, 9 * HOUR).0, Status::Met, "a confirmation acts as soon as it is known");
    lines[4] = confirm(2, "supplier");
    assert_eq!(
        clock(&lines, 9 * HOUR).0,
        Status::Breached,
        "what nobody in particular stated is the buyer's to confirm"
    );
}

#[test]
fn a_reopened_clock_has_what_was_left() {
    let reopen = |at: i64| fact("incident.reopen", "I", at, at, "");
    let lines = [report("critical"), repair(3 * HOUR), reopen(10 * HOUR)];
    assert_eq!(clock(&lines, 11 * HOUR), (Status::AtRisk, Some(11 * HOUR), None));
    assert_eq!(clock(&lines, 11 * HOUR + 1), (Status::Breached, Some(11 * HOUR), Some(11 * HOUR)));
    // Nothing left: due at the reopening, met only by a repair at that very instant.
    let mut lines = vec![report("critical"), repair(4 * HOUR), reopen(10 * HOUR)];
    assert_eq!(clock(&lines, 10 * HOUR), (Status::AtRisk, Some(10 * HOUR), None));
    assert_eq!(clock(&lines, 10 * HOUR + 1), (Status::Breached, Some(10 * HOUR), Some(10 * HOUR)));
    lines.push(repair(10 * HOUR));
    assert_eq!(clock(&lines, 20 * HOUR).0, Status::Met);
}

#[test]
fn a_raised_severity_is_never_due_before_it_was_recorded() {
    let raise = |recorded: i64| {
        fact("incident.amend", "I", recorded, recorded, "\"severity\":\"critical\",\"reason\":\"seen\"")
    };
    let due = |recorded: i64| clock(&[report("major"), raise(recorded)], 20 * HOUR).2;
    assert_eq!(due(HOUR), Some(4 * HOUR), "replayed from the start");
    assert_eq!(due(4 * HOUR), Some(4 * HOUR));
    assert_eq!(due(4 * HOUR + 1), Some(4 * HOUR + 1));
    assert_eq!(due(8 * HOUR + 1), Some(8 * HOUR), "what was due before stays due");
    assert_eq!(clock(&[report("major"), repair(5 * HOUR), raise(6 * HOUR)], 20 * HOUR).0, Status::Met);
}

#[test]
fn a_severity_lowered_after_the_due_instant_changes_nothing() {
    let lower = |recorded: i64| {
        fact("incident.amend", "I", recorded, recorded, "\"severity\":\"major\",\"reason\":\"seen\"")
    };
    let due = |recorded: i64| clock(&[report("critical"), lower(recorded)], 20 * HOUR).2;
    assert_eq!(due(HOUR), Some(8 * HOUR));
    assert_eq!(due(4 * HOUR), Some(8 * HOUR), "at the due instant is not after it");
    assert_eq!(due(4 * HOUR + 1), Some(4 * HOUR));
}

#[test]
fn overlapping_pauses_unite_and_a_stop_ends_them() {
    let third = |at: i64| fact("incident.pause", "I", at, at, "\"party\":\"third\",\"reason\":\"law\"");
    let resume =
        |at: i64, party: &str| fact("incident.resume", "I", at, at, &format!("\"party\":\"{party}\""));
    let text = text_of("pause_parties = [\"buyer\", \"third\"]", CLOCK);
    let lines = [
        report("critical"),
        pause(HOUR, HOUR),
        third(2 * HOUR),
        resume(3 * HOUR, "buyer"),
        resume(5 * HOUR, "third"),
    ];
    let a = at(&text, &lines, 6 * HOUR);
    let c = &clocks(clause(&a, "repair"))[0];
    assert_eq!((c.due.map(|s| s.at), c.remaining_us), (Some(t(8 * HOUR)), Some(2 * HOUR)));
    // The stop ends the pause, so a reopened clock runs.
    let reopen = fact("incident.reopen", "I", 9 * HOUR, 9 * HOUR, "");
    let lines = [report("critical"), pause(HOUR, HOUR), repair(5 * HOUR), reopen];
    assert_eq!(clock(&lines, 10 * HOUR), (Status::Running, Some(12 * HOUR), None));
}
