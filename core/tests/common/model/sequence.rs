//! The sequence of a `streak`.

use super::clocks::{Case, Incident};
use super::record::Record;
use opsledger::assess::Status;
use opsledger::contract::Clause;
use opsledger::facts::kinds::Family;
use opsledger::rules::streak;
use opsledger::time::{Instant, Interval};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Element {
    pub(crate) subject: String,
    pub(crate) at: Instant,
    pub(crate) late: bool,
    pub(crate) run: i64,
}

/// The sequence, in order, with the run after each element.
pub(crate) fn elements(record: &Record, clause: &Clause, p: &streak::Params, of: &[Case]) -> Vec<Element> {
    let marks = of.iter().filter(|c| takes_part(record, clause, p, c)).flat_map(|c| {
        // A breach that was waived is none.
        let waived = c.status == Status::Waived;
        c.marks.iter().filter(move |m| !(waived && m.1)).map(|(at, late)| (*at, &c.subject, *late))
    });
    in_a_row(marks.collect())
}

/// The sequence with every due instant to come as a breach.
pub(crate) fn elements_to_come(
    record: &Record,
    clause: &Clause,
    p: &streak::Params,
    of: &[Case],
) -> Vec<Element> {
    let mut marks = Vec::new();
    for c in of.iter().filter(|c| takes_part(record, clause, p, c)) {
        let waived = c.status == Status::Waived;
        marks.extend(c.marks.iter().filter(|m| !(waived && m.1)).map(|(at, late)| (*at, &c.subject, *late)));
        marks.extend(c.coming.map(|due| (due, &c.subject, true)));
    }
    in_a_row(marks)
}

fn in_a_row(mut marks: Vec<(Instant, &String, bool)>) -> Vec<Element> {
    marks.sort_by(|a, b| (a.0, a.1.as_bytes(), a.2).cmp(&(b.0, b.1.as_bytes(), b.2)));
    let mut run = 0;
    marks
        .into_iter()
        .map(|(at, subject, late)| {
            run = if late { run + 1 } else { 0 };
            Element { subject: subject.clone(), at, late, run }
        })
        .collect()
}

fn takes_part(record: &Record, clause: &Clause, p: &streak::Params, case: &Case) -> bool {
    let incident = Incident::new(record, Family::Incident, &case.subject);
    let holds: Option<Interval> = clause.holds;
    let reported = record
        .facts()
        .into_iter()
        .find(|e| e.fact.kind.name == "incident.report" && e.fact.subject == case.subject)
        .map(|e| e.fact.at);
    let affects =
        p.only_if.as_ref().is_none_or(|f| incident.body.get(f).and_then(|v| v.as_bool()) == Some(true));
    affects
        && !incident.withdrawn
        && !incident.duplicate
        && !p.excluded_attributions.contains(&incident.attribution)
        && holds.is_none_or(|h| reported.is_some_and(|t| h.contains(t)))
}
