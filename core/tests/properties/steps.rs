//! However an account got to an answer, it is the answer from scratch.

use crate::common::model::Question;
use crate::common::scenario::{Scenario, scenario};
use crate::common::{account, assess, contract, entries};
use crate::{VIEWS, check, pick, question, same_document};
use opsledger::account::Account;
use opsledger::assess::{Assessment, Stamp};
use opsledger::rules::Detail;
use opsledger::time::{HOUR, Instant};
use proptest::test_runner::TestCaseError;
use std::collections::BTreeSet;

/// One account, asked after each fact, answers as an account that is given all facts so far at once.
#[test]
fn fact_by_fact_is_from_scratch() {
    check("fact_by_fact_is_from_scratch", 1_000, &(scenario(10), pick()), |(s, p)| {
        let contract = contract(&s.contract());
        let lines = s.lines();
        let one = Account::new(contract.clone());
        let entries = entries(&lines);
        for n in 1..=lines.len() {
            one.add(&lines[n - 1]).unwrap();
            let fresh = account(&contract, &lines[..n]);
            let now = entries[n - 1].recorded_at;
            for view in VIEWS {
                let mut q = Question { as_of: now, known_at: now, view };
                same_document(&assess(&one, q), &assess(&fresh, q), q)?;
                // Now and then the question looks back, or at another instant than now.
                if n % 5 == 0 {
                    q = question(&s, p, view);
                    same_document(&assess(&one, q), &assess(&fresh, q), q)?;
                }
            }
        }
        Ok(())
    });
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
/// it, answers as a fresh account at each.
fn step_through(s: &Scenario, known: impl Fn(Instant) -> Instant) -> Result<(), TestCaseError> {
    let contract = contract(&s.contract());
    let lines = s.lines();
    for view in VIEWS {
        let one = account(&contract, &lines);
        let beside = |t: Instant| [t - 1, t, t + 1];
        // What follows a watcher's last word is unknown from an hour on.
        let edges = s.edges().into_iter().flat_map(|t| [t, t + HOUR]);
        let mut to_come: BTreeSet<Instant> = edges.flat_map(beside).collect();
        while let Some(as_of) = to_come.pop_first() {
            let q = Question { as_of, known_at: known(as_of).max(as_of), view };
            let got = assess(&one, q);
            same_document(&got, &assess(&account(&contract, &lines), q), q)?;
            to_come.extend(instants_to_come(&got).into_iter().flat_map(beside).filter(|t| *t > as_of));
            // Episodes that ended close a gap later.
            let ended = got.outages.episodes.iter().map(|e| e.end.at).filter(|end| *end < as_of);
            let close = ended.map(|end| end + contract.accounting.merge_gap);
            to_come.extend(close.flat_map(beside).filter(|t| *t > as_of));
        }
    }
    Ok(())
}

#[test]
fn instant_by_instant_is_from_scratch() {
    check("instant_by_instant_is_from_scratch", 160, &scenario(5), |s| {
        let last = s.last_recorded();
        step_through(&s, |_| last)?;
        step_through(&s, |as_of| as_of)
    });
}
