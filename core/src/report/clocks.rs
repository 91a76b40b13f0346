//! Clocks as a matrix, a row a case and a column a clause; streaks as sequences.

use super::page::{Chip, Time, chip};
use super::words::{self, pick};
use crate::assess::{Assessment, ClauseVerdict, Figure, Stamp, Status};
use crate::contract::Contract;
use crate::error::Lang;
use crate::facts::kinds::{self, Family};
use crate::rules::{Detail, deadline};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Columns that fit a page of A4.
const MOST_COLUMNS: usize = 4;

/// A table of more rows shows only those with something that is not met.
const MOST_ROWS: usize = 60;

/// Some clauses on time, with their cases.
#[derive(Serialize)]
pub(super) struct Clocks<'a> {
    columns: Vec<Column<'a>>,
    rows: Vec<Row<'a>>,
    /// Says how many rows are not shown because all of theirs is met.
    rest: Option<String>,
}

#[derive(Serialize)]
struct Column<'a> {
    id: &'a str,
    text: Option<&'a str>,
    assumed: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    subject: &'a str,
    /// One a column; none where the case has no such clock.
    cells: Vec<Option<Cell>>,
}

#[derive(Serialize)]
struct Cell {
    status: Chip,
    due: Option<Time>,
    settled: Option<Time>,
    /// How much too late, or how much is left.
    by: Option<String>,
}

/// The clauses on time, so many side by side as fit.
pub(super) fn clocks<'a>(a: &'a Assessment, contract: &'a Contract, lang: Lang) -> Vec<Clocks<'a>> {
    let timed: Vec<Timed<'a>> = a
        .clauses
        .iter()
        .filter_map(|c| match &c.detail {
            Some(Detail::Deadline(d)) if !d.cases.is_empty() => Some((c, d)),
            _ => None,
        })
        .collect();
    // Cases of one family are named alike: its clauses stand side by side.
    let family = |c: &ClauseVerdict| {
        let clause = contract.clauses.iter().find(|x| x.id == c.id)?;
        kinds::find(clause.rule.kinds().first()?).map(|k| k.family)
    };
    let mut families: Vec<(Option<Family>, Vec<Timed<'a>>)> = Vec::new();
    for clause in timed {
        let family = family(clause.0);
        match families.iter_mut().find(|(f, _)| *f == family) {
            Some((_, clauses)) => clauses.push(clause),
            None => families.push((family, vec![clause])),
        }
    }
    let parts = families.iter().flat_map(|(_, clauses)| clauses.chunks(MOST_COLUMNS));
    parts.map(|part| matrix(part, a.as_of, contract, lang)).collect()
}

/// A clause on time with its cases.
type Timed<'a> = (&'a ClauseVerdict, &'a deadline::Detail);

fn matrix<'a>(part: &[Timed<'a>], as_of: Stamp, contract: &'a Contract, lang: Lang) -> Clocks<'a> {
    let subjects: BTreeSet<&str> =
        part.iter().flat_map(|(_, d)| d.cases.iter().map(|c| c.subject.as_str())).collect();
    let by_subject: Vec<BTreeMap<&str, &deadline::Case>> =
        part.iter().map(|(_, d)| d.cases.iter().map(|c| (c.subject.as_str(), c)).collect()).collect();
    let column = |(c, _): &(&'a ClauseVerdict, &deadline::Detail)| Column {
        id: &c.id,
        text: contract.clauses.iter().find(|x| x.id == c.id).and_then(|x| x.text.as_deref()),
        assumed: c.assumed,
    };
    let row = |subject: &'a str| Row {
        subject,
        cells: by_subject.iter().map(|cases| cases.get(subject).map(|c| cell(c, as_of, lang))).collect(),
    };
    let all = subjects.len();
    let met = |subject: &&str| {
        by_subject.iter().filter_map(|cases| cases.get(subject)).all(|c| c.status == Status::Met)
    };
    let shown: Vec<&str> = subjects.into_iter().filter(|s| all <= MOST_ROWS || !met(s)).collect();
    let left = all - shown.len();
    let rest = pick(
        lang,
        format!("另有 {left} 件均按时，未列出"),
        format!("{left} more, all in time, are not listed"),
    );
    Clocks {
        columns: part.iter().map(column).collect(),
        rows: shown.into_iter().map(row).collect(),
        rest: (left > 0).then_some(rest),
    }
}

fn cell(c: &deadline::Case, as_of: Stamp, lang: Lang) -> Cell {
    let late = matches!(c.status, Status::Breached | Status::Waived);
    let by = match (c.due, c.settled_at, c.remaining_us) {
        (Some(due), settled, _) if late => {
            let over = words::duration(lang, settled.unwrap_or(as_of).at - due.at);
            Some(match settled {
                Some(_) => pick(lang, format!("晚 {over}"), format!("{over} late")),
                None => pick(lang, format!("已超期 {over}"), format!("{over} overdue")),
            })
        }
        (_, None, Some(left)) => {
            let left = words::duration(lang, left);
            Some(pick(lang, format!("余 {left}"), format!("{left} left")))
        }
        _ => None,
    };
    Cell {
        status: chip(lang, c.status),
        due: c.due.as_ref().map(Time::from),
        settled: c.settled_at.as_ref().map(Time::from),
        by,
    }
}

/// One streak clause with its sequence.
#[derive(Serialize)]
pub(super) struct StreakView<'a> {
    id: &'a str,
    limit: String,
    value: String,
    effect: Option<&'a str>,
    elements: Vec<ElementView<'a>>,
}

#[derive(Serialize)]
struct ElementView<'a> {
    subject: &'a str,
    at: Time,
    late: bool,
    run: i64,
}

pub(super) fn streaks(a: &Assessment, lang: Lang) -> Vec<StreakView<'_>> {
    a.clauses.iter().filter_map(|c| streak_view(c, lang)).collect()
}

fn streak_view(c: &ClauseVerdict, lang: Lang) -> Option<StreakView<'_>> {
    let Some(Detail::Streak(d)) = &c.detail else { return None };
    let figure = |f: &Option<Figure>| {
        f.as_ref().map_or_else(|| "—".to_owned(), |f| words::figure(lang, f, Some("count")))
    };
    Some(StreakView {
        id: &c.id,
        limit: figure(&c.limit),
        value: figure(&c.value),
        effect: d.effect.as_deref(),
        elements: d
            .elements
            .iter()
            .map(|e| ElementView { subject: &e.subject, at: (&e.at).into(), late: e.late, run: e.run })
            .collect(),
    })
}
