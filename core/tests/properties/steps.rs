//! However an account got to an answer, it is the answer from scratch.

use crate::common::model::Question;
use crate::common::scenario::duties::{Duties, duties};
use crate::common::scenario::scenario;
use crate::common::{account, assess, contract, entries};
use crate::{Pick, VIEWS, ask_near, check, pick, question, same_document};
use opsledger::account::Account;
use opsledger::assess::{Assessment, Stamp, View};
use opsledger::rules::Detail;
use opsledger::time::{HOUR, Instant, parse_instant};
use proptest::test_runner::TestCaseError;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// One account, asked after each fact, answers as an account that is given all facts so far at once.
fn fact_by_fact(text: &str, lines: &[String], other: impl Fn(View) -> Question) -> Result<(), TestCaseError> {
    let contract = contract(text);
    let one = Account::new(contract.clone());
    let entries = entries(lines);
    for n in 1..=lines.len() {
        one.add(&lines[n - 1]).unwrap();
        let fresh = account(&contract, &lines[..n]);
        let now = entries[n - 1].recorded_at;
        for view in VIEWS {
            let mut q = Question { as_of: now, known_at: now, view };
            same_document(&assess(&one, q), &assess(&fresh, q), q)?;
            // Now and then the question looks back, or at another instant than now.
            if n % 5 == 0 {
                q = other(view);
                same_document(&assess(&one, q), &assess(&fresh, q), q)?;
            }
        }
    }
    Ok(())
}

#[test]
fn fact_by_fact_is_from_scratch() {
    check("fact_by_fact_is_from_scratch", 1_000, &(scenario(10), pick()), |(s, p)| {
        fact_by_fact(&s.contract(), &s.lines(), |view| question(&s, p, view))
    });
}

#[test]
fn duties_fact_by_fact_are_from_scratch() {
    check("duties_fact_by_fact_are_from_scratch", 1_000, &(duties(12), pick()), |(s, p)| {
        let other = |view| duties_question(&s, p, view);
        fact_by_fact(&s.contract(), &s.lines(), other)
    });
}

fn duties_question(s: &Duties, p: Pick, view: View) -> Question {
    // Much is settled only when the period is over.
    ask_near(&s.edges(), &[s.end() + 1], s.last_recorded(), p, view)
}

/// Every instant that an assessment names after its own.
fn instants_to_come(a: &Assessment) -> Vec<Instant> {
    let mut found = Vec::new();
    let mut take = |s: Option<Stamp>| found.extend(s.map(|s| s.at));
    let f = a.outages.forecast;
    for s in [f.becomes_long_at, f.long_breach_at, f.downtime_breach_at] {
        take(s);
    }
    for c in &a.clauses {
        take(c.forecast_breach_at);
        take(c.breached_at);
        if let Some(Detail::Deadline(d)) = &c.detail {
            d.cases.iter().for_each(|case| take(case.due));
        }
    }
    found
}

/// One account whose clock moves through every instant at which something may turn, and through the microseconds beside
/// it, answers as a fresh account at each. `to_come` says what else may turn after an answer.
fn step_through(
    text: &str,
    lines: &[String],
    edges: &[Instant],
    known: impl Fn(Instant) -> Instant,
    to_come: impl Fn(&Assessment) -> Vec<Instant>,
) -> Result<(), TestCaseError> {
    let contract = contract(text);
    for view in VIEWS {
        let one = account(&contract, lines);
        let beside = |t: Instant| [t - 1, t, t + 1];
        let mut next: BTreeSet<Instant> = edges.iter().copied().flat_map(beside).collect();
        while let Some(as_of) = next.pop_first() {
            let q = Question { as_of, known_at: known(as_of).max(as_of), view };
            let got = assess(&one, q);
            same_document(&got, &assess(&account(&contract, lines), q), q)?;
            // What lies at as_of itself has been or is being stepped to.
            let turns = to_come(&got).into_iter().filter(|t| *t > as_of);
            next.extend(turns.flat_map(beside).filter(|t| *t > as_of));
        }
    }
    Ok(())
}

#[test]
fn instant_by_instant_is_from_scratch() {
    check("instant_by_instant_is_from_scratch", 160, &scenario(5), |s| {
        let last = s.last_recorded();
        let merge_gap = contract(&s.contract()).accounting.merge_gap;
        // What follows a watcher's last word is unknown from an hour on.
        let edges: Vec<Instant> = s.edges().into_iter().flat_map(|t| [t, t + HOUR]).collect();
        let to_come = |a: &Assessment| {
            let ended = a.outages.episodes.iter().map(|e| e.end.at).filter(|end| *end < a.as_of.at);
            let mut found = instants_to_come(a);
            // Episodes that ended close a gap later.
            found.extend(ended.map(|end| end + merge_gap));
            found
        };
        step_through(&s.contract(), &s.lines(), &edges, |_| last, to_come)?;
        step_through(&s.contract(), &s.lines(), &edges, |as_of| as_of, to_come)
    });
}

/// Every instant in the document, and those from which less than `warn_fraction` of the time from an opening is left.
fn instants_in(a: &Assessment, openings: &[Instant], warn_fractions: &[(i64, i64)]) -> Vec<Instant> {
    fn collect(value: &Value, found: &mut BTreeSet<Instant>) {
        match value {
            Value::String(text) if text.len() > 19 => found.extend(parse_instant(text).ok()),
            Value::Array(list) => list.iter().for_each(|v| collect(v, found)),
            Value::Object(fields) => fields.values().for_each(|v| collect(v, found)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(&a.to_json()).expect("a document");
    let mut found = BTreeSet::new();
    collect(&document["clauses"], &mut found);
    found.retain(|t| *t > a.as_of.at);
    let pairs = found.iter().flat_map(|due| openings.iter().map(move |open| (*due, *open)));
    let warned = pairs.filter(|(due, open)| open < due);
    let at_risk =
        warned.flat_map(|(due, open)| warn_fractions.iter().map(move |(n, of)| due - (due - open) * n / of));
    let at_risk: Vec<Instant> = at_risk.collect();
    found.into_iter().chain(at_risk).collect()
}

#[test]
fn duties_instant_by_instant_are_from_scratch() {
    check("duties_instant_by_instant_are_from_scratch", 600, &duties(6), |s| {
        let (last, openings) = (s.last_recorded(), s.openings());
        let to_come = |a: &Assessment| instants_in(a, &openings, &[(1, 4), (1, 2)]);
        step_through(&s.contract(), &s.lines(), &s.edges(), |_| last, to_come)?;
        step_through(&s.contract(), &s.lines(), &s.edges(), |as_of| as_of, to_come)
    });
}

/// The random contracts and facts reach what the rules can say; else the properties above say little.
#[test]
fn duties_reach_every_status() {
    let seen = RefCell::new(BTreeSet::new());
    check("duties_reach_every_status", 20_000, &(duties(24), pick()), |(s, p)| {
        let contract = contract(&s.contract());
        let account = account(&contract, &s.lines());
        for view in VIEWS {
            let document: Value =
                serde_json::from_str(&assess(&account, duties_question(&s, p, view)).to_json()).unwrap();
            for clause in document["clauses"].as_array().unwrap() {
                let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                seen.borrow_mut().insert((name(&clause["rule"]), name(&clause["status"])));
            }
        }
        Ok(())
    });
    let seen = seen.into_inner();
    let all = ["breached", "no-evidence", "at-risk", "waived", "met", "not-due"];
    let never = |rule: &str, status: &str| match rule {
        // Steps are judged when they are done, so nothing is owed ahead; without a `then` there is nothing to have evidence of.
        "sequence" => ["at-risk", "no-evidence"].contains(&status),
        "judgement" | "score" => status == "at-risk",
        "availability" => status == "no-evidence",
        _ => false,
    };
    for rule in
        ["recurring", "coverage", "sequence", "documents", "findings", "availability", "judgement", "score"]
    {
        let missed = |status: &&&str| {
            !never(rule, status) && !seen.contains(&(rule.to_owned(), (**status).to_owned()))
        };
        let missed: Vec<&&str> = all.iter().filter(missed).collect();
        assert!(missed.is_empty(), "no {rule} is {missed:?}");
    }
}
