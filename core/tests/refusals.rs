//! Bad input to an account: each refusal says what, where and which value, and nothing that was there is lost; what only
//! contradicts the record is kept and listed as a fault, without touching a figure.

mod common;

use common::{account, ask, clause, contract};
use opsledger::account::Account;
use opsledger::assess::{Ask, Assessment, Status, View};
use opsledger::error::{Category, Code};
use opsledger::time::{HOUR, parse_instant};
use opsledger::{Error, Lang};

const CONTRACT: &str = r#"
format = 1
id = "refusals"
title = "refusals"
timezone = "Asia/Shanghai"
holidays = "CN"
period = { start = "2026-01-01", end = "2026-12-31" }
[agreement]
needs = ["outage.void"]
[[calendar]]
id = "workdays"
open = { workday = ["09:00-17:00"] }
[[clause]]
id = "downtime"
rule = "downtime"
max = "10h"
[[clause]]
id = "repair"
rule = "deadline"
from = "incident.report"
to = "incident.repair"
within = { critical = "4h", minor = "3d" }
calendar = "workdays"
pausable = true
"#;

fn line(kind: &str, subject: &str, at: &str, body: &str) -> String {
    format!(
        "{{\"kind\":\"{kind}\",\"subject\":\"{subject}\",\"at\":\"2026-03-{at}:00+08:00\",\"body\":{{{body}}}}}"
    )
}

fn good() -> Vec<String> {
    vec![
        line("outage.start", "O-1", "02T08:00", "\"system\":\"portal\""),
        line("outage.end", "O-1", "02T09:00", ""),
        line("incident.report", "I-1", "02T10:00", "\"severity\":\"critical\""),
    ]
}

fn now() -> Ask {
    let t = parse_instant("2026-03-20T00:00:00+08:00").unwrap();
    ask(t, t, View::Agreed)
}

/// Adds `bad` after good facts; the whole batch must be refused, and the account must answer as before.
fn refused(bad: &[String]) -> Error {
    let account = account(&contract(CONTRACT), &good());
    let before = account.assess(&now()).unwrap().to_json();
    let e = account.add(&bad.join("\n")).expect_err(&bad.join("\n"));
    assert_eq!(account.assess(&now()).unwrap().to_json(), before, "after {e:?}");
    let more = line("outage.start", "O-2", "10T08:00", "\"system\":\"portal\"");
    assert_eq!(account.add(&more).unwrap(), 1, "the account goes on after {e:?}");
    assert_eq!(account.assess(&now()).unwrap().outages.episodes.len(), 2);
    e
}

/// The refusal names the line, and says in both languages which value.
fn says(bad: &[String], row: u64, code: Code, value: &str) {
    let e = refused(bad);
    assert_eq!((e.code(), e.row()), (code, Some(row)), "{e:?}");
    for lang in [Lang::En, Lang::Zh] {
        let text = e.text(lang);
        assert!(text.contains(value), "{text:?} does not name {value:?}");
    }
    assert!(
        e.text(Lang::En).starts_with(&format!("row {row}: "))
            && e.text(Lang::Zh).contains(&format!("第 {row} 行"))
    );
}

fn after(bad: String) -> Vec<String> {
    vec![line("x.note", "n", "03T08:00", ""), bad]
}

#[test]
fn times() {
    let naive = "2026-03-04T08:00:00";
    let start = |at: &str| {
        format!(
            "{{\"kind\":\"outage.start\",\"subject\":\"O-9\",\"at\":\"{at}\",\"body\":{{\"system\":\"p\"}}}}"
        )
    };
    says(&after(start(naive)), 2, Code::NaiveTime, naive);
    says(&after(start("2026-02-30T08:00:00Z")), 2, Code::BadTime, "2026-02-30");
    says(&after(start("2026-03-04T08:00:00.1234567Z")), 2, Code::BadTime, "1234567");
    let recorded =
        start("2026-03-04T08:00:00Z").replace("\"body\"", &format!("\"recorded_at\":\"{naive}\",\"body\""));
    says(&after(recorded), 2, Code::NaiveTime, naive);
    let body = format!("\"start\":\"{naive}\",\"end\":\"2026-03-05T00:00:00Z\"");
    says(&after(line("maintenance.approve", "M-1", "04T08:00", &body)), 2, Code::NaiveTime, naive);
    let reversed = "\"start\":\"2026-03-06T00:00:00Z\",\"end\":\"2026-03-05T00:00:00Z\"";
    says(
        &after(line("maintenance.approve", "M-1", "04T08:00", reversed)),
        2,
        Code::EndBeforeStart,
        "2026-03-06",
    );
    let empty = "\"start\":\"2026-03-05T00:00:00Z\",\"end\":\"2026-03-05T00:00:00Z\"";
    says(
        &after(line("watch.gap", "", "06T08:00", empty).replace("\"subject\":\"\",", "")),
        2,
        Code::EndBeforeStart,
        "2026-03-05",
    );
}

#[test]
fn words() {
    let o = |body: &str| line("outage.start", "O-9", "04T08:00", body);
    says(&after("{\"kind\":".into()), 2, Code::BadJson, "");
    says(&after(line("outage.begin", "O-9", "04T08:00", "")), 2, Code::UnknownKind, "outage.begin");
    says(&after(o("")), 2, Code::MissingField, "system");
    says(&after(o("\"system\":7")), 2, Code::WrongType, "system");
    says(&after(o("\"system\":null")), 2, Code::NullValue, "system");
    says(&after(o("\"system\":\"\"")), 2, Code::EmptyText, "system");
    says(&after(o("\"system\":\"p\",\"system\":\"q\"")), 2, Code::DuplicateKey, "system");
    says(&after(o("\"system\":\"p\",\"weight\":1.5")), 2, Code::NotInteger, "weight");
    says(
        &after(o("\"system\":\"p\"").replace("\"body\"", "\"sytem\":1,\"body\"")),
        2,
        Code::UnknownField,
        "sytem",
    );
    let claimed = o("\"system\":\"p\"")
        .replace("\"body\"", "\"claimed_recorded_at\":\"2026-03-04T08:00:00Z\",\"body\"");
    says(&after(claimed), 2, Code::StatedRecordedAt, "claimed_recorded_at");
    says(&after(line("outage.start", "", "04T08:00", "\"system\":\"p\"")), 2, Code::EmptyText, "subject");
    let outcome = "{\"kind\":\"dispute.resolve\",\"at\":\"2026-03-04T00:00:00Z\",\"body\":{\"entry\":1,\"outcome\":\"maybe\"}}";
    says(&after(outcome.into()), 2, Code::UnknownWord, "maybe");
}

/// Blank lines are skipped and still counted as lines of the text.
#[test]
fn the_row_is_the_line_of_the_text() {
    let lines = [
        String::new(),
        line("x.note", "", "03T08:00", "").replace("\"subject\":\"\",", ""),
        "  ".into(),
        "oops".into(),
    ];
    let account = Account::new(contract(CONTRACT));
    let e = account.add(&lines.join("\n")).unwrap_err();
    assert_eq!((e.code(), e.row()), (Code::BadJson, Some(4)));
    assert_eq!(account.add(&lines[..3].join("\n")).unwrap(), 1);
    assert_eq!(account.add("").unwrap(), 0);
}

#[test]
fn lines_out_of_order() {
    let note = |at: &str| line("x.note", "n", at, "");
    says(&[note("05T08:00"), note("04T08:00")], 2, Code::NotInOrder, "2026-03-04");
    // Also against what an earlier call added.
    says(&[line("x.note", "n", "01T08:00", "")], 1, Code::NotInOrder, "2026-03-01");
    // `recorded_at` is what is ordered, not `at`.
    let late = note("01T08:00").replace("\"body\"", "\"recorded_at\":\"2026-03-05T08:00:00+08:00\",\"body\"");
    let account = account(&contract(CONTRACT), &good());
    assert_eq!(account.add(&late).unwrap(), 1);
}

#[test]
fn a_question_about_what_cannot_be_known() {
    let account = account(&contract(CONTRACT), &good());
    let t = parse_instant("2026-03-02T09:00:00+08:00").unwrap();
    let asked = ask(t + 1, t, View::Agreed);
    let refusals = [
        account.assess(&asked).unwrap_err(),
        account.budget(&asked).unwrap_err(),
        account.outages(&asked).unwrap_err(),
    ];
    for e in refusals {
        assert_eq!((e.code(), e.category()), (Code::AsOfAfterKnown, Category::Input), "{e:?}");
        assert!(e.text(Lang::En).contains("2026-03-0"), "{e:?} names no instant");
    }
    assert!(account.assess(&ask(t, t, View::Agreed)).is_ok());
    // Without `known_at` all is known that was recorded, and more cannot have been.
    let default = |as_of| account.assess(&Ask { as_of, ..Ask::default() }).unwrap();
    assert_eq!((default(Some(t)).known_at.at, default(None).as_of.at), (t + HOUR, t + HOUR));
    assert_eq!(default(Some(t + 24 * HOUR)).known_at.at, t + 24 * HOUR);
}

/// Adds facts that contradict the record: no error, one fault a fact, and the figures of the good facts alone.
fn faults(bad: &[String]) -> Assessment {
    let (one, other) = (account(&contract(CONTRACT), &good()), account(&contract(CONTRACT), &good()));
    assert_eq!(one.add(&bad.join("\n")).unwrap(), bad.len() as u64);
    let (with, without) = (one.assess(&now()).unwrap(), other.assess(&now()).unwrap());
    assert_eq!(with.outages, without.outages);
    assert_eq!(with.clauses, without.clauses);
    with
}

fn is_fault(bad: String, code: Code, subject: &str) {
    let a = faults(std::slice::from_ref(&bad));
    let found: Vec<_> = a.faults.iter().filter(|f| f.seq == Some(4)).collect();
    assert_eq!(found.len(), 1, "{bad}: {:?}", a.faults);
    assert_eq!((found[0].code, found[0].subject.as_str()), (code.info().name, subject), "{bad}");
    assert!(!found[0].text_zh.is_empty() && !found[0].text_en.is_empty());
}

#[test]
fn facts_that_contradict_the_record_are_faults() {
    is_fault(line("incident.repair", "I-7", "05T08:00", ""), Code::UnknownSubject, "I-7");
    is_fault(line("outage.end", "O-7", "05T08:00", ""), Code::UnknownSubject, "O-7");
    is_fault(line("outage.end", "O-1", "05T08:00", ""), Code::AlreadyEnded, "O-1");
    is_fault(line("outage.start", "O-1", "05T08:00", "\"system\":\"api\""), Code::SecondStart, "O-1");
    is_fault(line("incident.report", "I-1", "05T08:00", ""), Code::SecondStart, "I-1");
    is_fault(line("outage.void", "O-7", "05T08:00", "\"reason\":\"r\""), Code::NothingToCorrect, "O-7");
    is_fault(line("outage.amend", "O-7", "05T08:00", "\"reason\":\"r\""), Code::NothingToCorrect, "O-7");
    let reversed = "\"reason\":\"r\",\"end\":\"2026-03-02T08:00:00+08:00\"";
    is_fault(line("outage.amend", "O-1", "05T08:00", reversed), Code::EndBeforeStart, "O-1");
    is_fault(line("maintenance.cancel", "M-7", "05T08:00", ""), Code::NothingToCorrect, "M-7");
    is_fault(line("exclusion.void", "X-7", "05T08:00", ""), Code::NothingToCorrect, "X-7");
    is_fault(
        line("incident.duplicate", "I-1", "05T08:00", "\"of\":\"I-1\""),
        Code::DuplicateOfDuplicate,
        "I-1",
    );
    is_fault(line("incident.duplicate", "I-1", "05T08:00", "\"of\":\"I-7\""), Code::UnknownSubject, "I-1");
    let window = "\"start\":\"2026-03-06T00:00:00Z\",\"end\":\"2026-03-07T00:00:00Z\"";
    let later = line("maintenance.approve", "M-1", "05T08:00", window)
        .replace("\"body\"", "\"recorded_at\":\"2026-03-04T08:00:00+08:00\",\"body\"");
    is_fault(later, Code::AtAfterRecorded, "M-1");
}

fn word(kind: &str, body: &str, party: Option<&str>) -> String {
    let actor = party.map_or(String::new(), |p| format!(",\"actor\":{{\"party\":\"{p}\"}}"));
    format!("{{\"kind\":\"{kind}\",\"at\":\"2026-03-05T08:00:00+08:00\",\"body\":{{{body}}}{actor}}}")
}

#[test]
fn words_of_a_party_about_what_is_not_the_others() {
    is_fault(word("fact.confirm", "\"entry\":99", Some("buyer")), Code::UnknownEntry, "");
    is_fault(word("fact.confirm", "\"entry\":1", None), Code::NoParty, "");
    is_fault(word("fact.confirm", "\"entry\":1", Some("supplier")), Code::BuyerOnly, "");
    is_fault(word("fact.dispute", "\"entry\":4,\"reason\":\"r\"", Some("buyer")), Code::UnknownEntry, "");
}

#[test]
fn an_outage_that_ends_before_it_starts_stays_open() {
    let account = Account::new(contract(CONTRACT));
    let lines = [line("outage.start", "O-1", "02T08:00", "\"system\":\"p\""), {
        line("outage.end", "O-1", "02T08:00", "")
            .replace("\"body\"", "\"recorded_at\":\"2026-03-02T10:00:00+08:00\",\"body\"")
    }];
    account.add(&lines.join("\n")).unwrap();
    let a = account.assess(&now()).unwrap();
    assert_eq!(a.faults.iter().map(|f| (f.seq, f.code)).collect::<Vec<_>>(), [(Some(2), "end-before-start")]);
    assert!(a.outages.episodes[0].open);
    // The right end can still be recorded.
    account.add(&line("outage.end", "O-1", "03T08:00", "")).unwrap();
    let a = account.assess(&now()).unwrap();
    assert_eq!((a.outages.episodes[0].open, a.outages.downtime_us), (false, 24 * HOUR));
}

#[test]
fn what_only_a_contract_sees_is_a_fault() {
    let mut lines = good();
    lines[2] = line("incident.report", "I-1", "02T10:00", "\"severity\":\"odd\"");
    lines.push(line("incident.reopen", "I-1", "02T10:30", ""));
    lines.push(line("incident.repair", "I-1", "02T11:00", ""));
    lines.push(line("incident.pause", "I-1", "02T12:00", "\"party\":\"buyer\",\"reason\":\"r\""));
    let a = account(&contract(CONTRACT), &lines).assess(&now()).unwrap();
    for (seq, code) in [(3, Code::UnknownSeverity), (4, Code::ReopenRunning), (6, Code::PauseWhileStopped)] {
        let found =
            a.faults.iter().any(|f| f.seq == Some(seq) && f.code == code.info().name && f.subject == "I-1");
        assert!(found, "{code:?} of entry {seq} is not among {:?}", a.faults);
    }
    assert_eq!(common::clocks(clause(&a, "repair"))[0].status, Status::Met, "the shortest limit applies");
}

/// A year without a schedule leaves the cases that need it without evidence, and only those.
#[test]
fn a_year_without_a_schedule_touches_only_the_cases_that_need_it() {
    let report = |subject: &str, day: &str| {
        format!(
            "{{\"kind\":\"incident.report\",\"subject\":\"{subject}\",\"at\":\"2026-{day}T10:00:00+08:00\",\"body\":{{\"severity\":\"minor\"}}}}"
        )
    };
    let account = account(&contract(CONTRACT), &[report("I-1", "06-01"), report("I-2", "12-31")]);
    let t = parse_instant("2026-12-31T18:00:00+08:00").unwrap();
    let a = account.assess(&ask(t, t, View::Agreed)).unwrap();
    let repair = clause(&a, "repair");
    let statuses: Vec<_> = common::clocks(repair).iter().map(|c| (c.subject.as_str(), c.status)).collect();
    assert_eq!(statuses, [("I-1", Status::Breached), ("I-2", Status::NoEvidence)]);
    assert_eq!(repair.status, Status::Breached);
    let fault = a.faults.iter().find(|f| f.code == Code::NoSchedule.info().name).expect("a fault");
    assert_eq!(fault.subject, "I-2");
    assert!(fault.text_en.contains("2027") && fault.text_zh.contains("2027"), "{fault:?} names no year");
}
