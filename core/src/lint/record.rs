//! What the record says about a contract: promises that nothing recorded can meet, facts that no promise reads, incidents
//! that affect use while their outage does not count.

use super::places::Places;
use super::{Finding, Level, Lint};
use crate::assess::cases::Sentence;
use crate::books::engine::Engine;
use crate::books::incidents::Report;
use crate::books::outages::OutageNow;
use crate::books::{Books, Place};
use crate::contract::Contract;
use crate::facts::kinds::Family;
use std::collections::{BTreeMap, BTreeSet};

/// Adds what the record shows to a contract's findings.
pub(crate) fn record(mut lint: Lint, engine: &Engine, books: &Books) -> Lint {
    let contract = engine.contract().clone();
    let places = Places::new(&contract.text);
    let seen = seen(engine, books);
    for (i, clause) in contract.clauses.iter().enumerate() {
        let kinds = clause.rule.kinds();
        if !kinds.is_empty() && !kinds.iter().any(|k| seen.contains_key(k)) {
            let list = kinds.join(", ");
            let (line, column) = places.clause(i, "id");
            lint.findings.push(Finding {
                level: Level::Warning,
                code: "nothing-recorded",
                clause: Some(clause.id.clone()),
                line,
                column,
                text: Sentence::new(
                    format!("台账中没有此条所看的任何事实：{list}"),
                    format!("nothing that this clause reads was recorded: {list}"),
                ),
                entries: Vec::new(),
            });
        }
    }
    affects_use(&contract, engine, books, &places, &mut lint);
    lint.sort();
    lint
}

/// The kinds that are seen, with one entry each.
fn seen(engine: &Engine, books: &Books) -> BTreeMap<&'static str, u64> {
    let lens = engine.lens(books);
    let mut seen = BTreeMap::new();
    for id in 0..books.outages.len() {
        for (seq, kind, ..) in books.outages.case(id).entries(&lens) {
            seen.entry(kind.name).or_insert(seq);
        }
    }
    let windows = (0..books.windows.len()).flat_map(|id| books.windows.case(id).items());
    let subjects = (0..books.subjects.len()).flat_map(|id| &books.subjects.case(id).items);
    for item in
        windows.chain(subjects).chain(books.watching.items()).filter(|i| lens.knows(i.seq, i.recorded_at))
    {
        seen.entry(item.kind.name).or_insert(item.seq);
    }
    seen
}

/// Incidents that affect use and name an outage that does not count.
fn affects_use(contract: &Contract, engine: &Engine, books: &Books, places: &Places, lint: &mut Lint) {
    let lens = engine.lens(books);
    let as_of = engine.position().as_of;
    let accounting = &contract.accounting;
    let mut outages: BTreeMap<&str, u32> = BTreeMap::new();
    for id in 0..books.outages.len() {
        outages.insert(books.outages.subject(id), id);
    }
    let (line, column) = places.top(&["accounting"]);
    let mut told: BTreeSet<u64> = BTreeSet::new();
    for id in 0..books.subjects.len() {
        let case = books.subjects.case(id);
        if case.family != Family::Incident {
            continue;
        }
        let (events, _) = case.events(&lens, as_of, None);
        let Some(opening) = events.into_iter().find(|e| e.kind.name == "incident.report") else { continue };
        let report = Report::new(opening, case.corrections(&lens, None), lens);
        let named = report.value("outage").and_then(|v| v.as_str().map(str::to_owned));
        let Some(named) = named.filter(|_| report.flag("affects_use") && !report.withdrawn()) else {
            continue;
        };
        let subject = books.subjects.subject(id);
        let found = outages.get(named.as_str());
        let now = found.and_then(|id| books.outages.now(*id, &lens, as_of, accounting, None));
        let why = match &now {
            None => Some(("台账中没有该故障".to_owned(), "no such outage is recorded".to_owned())),
            Some(now) => not_counted(now, contract),
        };
        let Some((zh, en)) = why else { continue };
        debug_assert!(!matches!(books.place(opening.seq), Place::Nowhere));
        if told.insert(opening.seq) {
            lint.findings.push(Finding {
                level: Level::Warning,
                code: "affects-use-not-counted",
                clause: None,
                line,
                column,
                text: Sentence::new(
                    format!("事件 {subject} 影响使用，但其故障 {named} 不计：{zh}"),
                    format!("incident {subject} affects use, and its outage {named} does not count: {en}"),
                ),
                entries: vec![opening.seq],
            });
        }
    }
}

fn not_counted(now: &OutageNow<'_>, contract: &Contract) -> Option<(String, String)> {
    let accounting = &contract.accounting;
    match () {
        () if now.void => Some(("已作废".to_owned(), "voided".to_owned())),
        () if !now.has_counted_impact(accounting) => {
            Some((format!("影响为 {}", now.impact), format!("its impact is {}", now.impact)))
        }
        () if now.excluded(accounting) => {
            Some((format!("责任在 {}", now.attribution), format!("it is attributed to {}", now.attribution)))
        }
        () => None,
    }
}
