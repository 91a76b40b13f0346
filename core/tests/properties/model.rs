//! The engine against the model.

use crate::common::model::{self};
use crate::common::scenario::scenario;
use crate::common::{account, ask, assess, compare, contract, entries};
use crate::{VIEWS, check, failed, in_words, pick, question};
use opsledger::assess::View;
use opsledger::contract::Contract;
use std::sync::Arc;

#[test]
fn engine_is_the_model() {
    let strategy = (scenario(16), proptest::collection::vec(pick(), 1..4));
    check("engine_is_the_model", 4_000, &strategy, |(s, picks)| {
        let contract = contract(&s.contract());
        let lines = s.lines();
        let (account, entries) = (account(&contract, &lines), entries(&lines));
        for (p, view) in picks.into_iter().flat_map(|p| VIEWS.map(|v| (p, v))) {
            let q = question(&s, p, view);
            let answer = model::assess(&contract, &entries, q);
            let asked = ask(q.as_of, q.known_at, q.view);
            let got = assess(&account, q);
            let rows = account.outages(&asked).unwrap();
            let budget = account.budget(&asked).unwrap();
            compare::assessment(&contract, &answer, &got)
                .and_then(|()| compare::rows(&contract, &answer, q.as_of, &rows))
                .and_then(|()| compare::budget(&contract, &got, &budget))
                .map_err(|e| failed(format!("{}: {e}", in_words(q))))?;
        }
        Ok(())
    });
}

/// The generator reaches what the properties speak of.
#[test]
fn scenarios_are_rich() {
    let mut seen: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    let seen_cell = std::cell::RefCell::new(&mut seen);
    check("scenarios_are_rich", 3_000, &(scenario(16), pick()), |(s, p)| {
        let contract: Arc<Contract> = contract(&s.contract());
        let entries = entries(&s.lines());
        let claimed = model::assess(&contract, &entries, question(&s, p, View::Claimed));
        let agreed = model::assess(&contract, &entries, question(&s, p, View::Agreed));
        let mut seen = seen_cell.borrow_mut();
        let mut count = |what: &'static str, yes: bool| *seen.entry(what).or_default() += u32::from(yes);
        let o = &agreed.outages;
        for class in ["long", "short", "pending", "none"] {
            count(class, o.episodes.iter().any(|e| e.class == class));
        }
        count("merged", o.episodes.iter().any(|e| e.outages.len() > 1));
        count("planned", o.planned > 0);
        count("unknown", o.unknown > 0);
        count("forecast", agreed.clauses.iter().any(|c| c.forecast.is_some()));
        count("views differ", claimed.outages.downtime != o.downtime);
        for c in &agreed.clauses {
            count(c.status.name(), true);
            c.cases.iter().for_each(|case| count(case.status.name(), true));
            count("streak of two", c.elements.iter().any(|e| e.run >= 2));
        }
        count("refused", !agreed.refused.is_empty());
        Ok(())
    });
    println!("{seen:?}");
    let wanted = [
        "long",
        "short",
        "pending",
        "none",
        "merged",
        "planned",
        "unknown",
        "forecast",
        "views differ",
        "breached",
        "met",
        "at-risk",
        "waived",
        "not-due",
        "no-evidence",
        "running",
        "paused",
        "streak of two",
        "refused",
    ];
    for what in wanted {
        assert!(seen.get(what).is_some_and(|n| *n >= 1), "the scenarios hardly reach {what}: {seen:?}");
    }
}
