//! Engine against model: the first figure in which they differ.

use super::model::clocks::Case;
use super::model::sequence::Element;
use super::model::{Answer, Verdict};
use super::shown;
use opsledger::assess::{Assessment, Budget, ClauseVerdict, Figure, OutageRow, Status};
use opsledger::contract::{Clause, Contract};
use opsledger::rules::{Detail, Per, RuleParams};
use opsledger::time::Instant;
use std::fmt::Debug;

type Outcome = Result<(), String>;

fn same<T: PartialEq + Debug>(what: impl Fn() -> String, model: &T, engine: &T) -> Outcome {
    if model == engine { Ok(()) } else { Err(format!("{}: model {model:?}, engine {engine:?}", what())) }
}

fn same_at(what: impl Fn() -> String, model: Option<Instant>, engine: Option<Instant>) -> Outcome {
    if model == engine {
        return Ok(());
    }
    Err(format!("{}: model {}, engine {}", what(), shown(model), shown(engine)))
}

/// Every figure of the assessment.
pub(crate) fn assessment(contract: &Contract, model: &Answer, engine: &Assessment) -> Outcome {
    outages(model, engine)?;
    same(|| "clauses".into(), &model.clauses.len(), &engine.clauses.len())?;
    for ((m, e), c) in model.clauses.iter().zip(&engine.clauses).zip(&contract.clauses) {
        clause(c, m, e)?;
    }
    same(|| "status".into(), &model.status, &engine.status)?;
    same(|| "disputed".into(), &model.disputed, &engine.disputed)?;
    let with_fault = |seq: &u64| engine.faults.iter().any(|f| f.seq == Some(*seq));
    match model.refused.iter().find(|seq| !with_fault(seq)) {
        Some(seq) => Err(format!("the refused fact {seq} is not among the faults")),
        None => Ok(()),
    }
}

fn outages(model: &Answer, engine: &Assessment) -> Outcome {
    let (m, e) = (&model.outages, &engine.outages);
    for (i, (m, e)) in m.episodes.iter().zip(&e.episodes).enumerate() {
        let what = |field: &str| format!("episode {i} ({}) {field}", shown(Some(m.start)));
        same_at(|| what("start"), Some(m.start), Some(e.start.at))?;
        same_at(|| what("end"), Some(m.end), Some(e.end.at))?;
        same(|| what("downtime"), &m.downtime, &e.downtime_us)?;
        same(|| what("class"), &m.class, &e.class)?;
        same(|| what("open"), &m.open, &e.open)?;
        same(|| what("counted"), &m.counted, &e.counted)?;
        same(|| what("outages"), &m.outages, &e.outages)?;
    }
    same(|| "number of episodes".into(), &m.episodes.len(), &e.episodes.len())?;
    same(|| "long".into(), &m.long, &e.long)?;
    same(|| "short".into(), &m.short, &e.short)?;
    same(|| "pending".into(), &m.pending, &e.pending)?;
    same(|| "downtime_us".into(), &m.downtime, &e.downtime_us)?;
    same(|| "planned_us".into(), &m.planned, &e.planned_us)?;
    same(|| "unknown_us".into(), &m.unknown, &e.unknown_us)?;
    same(|| "availability_elapsed".into(), &m.availability_elapsed, &e.availability_elapsed)?;
    same(|| "availability_eligible".into(), &m.availability_eligible, &e.availability_eligible)?;
    same_at(|| "becomes_long_at".into(), m.becomes_long_at, e.forecast.becomes_long_at.map(|s| s.at))?;
    for x in &e.excluded {
        if !m.may_be_excluded.contains(&x.subject) {
            return Err(format!("excluded lists {}, which counts or is not there", x.subject));
        }
    }
    match m.must_be_excluded.iter().find(|s| !e.excluded.iter().any(|x| x.subject == **s)) {
        Some(s) => Err(format!("excluded does not list {s}")),
        None => Ok(()),
    }
}

fn clause(c: &Clause, m: &Verdict, e: &ClauseVerdict) -> Outcome {
    let what = |field: &str| format!("clause {} {field}", m.id);
    same(|| what("id"), &m.id, &e.id)?;
    cases(m, e)?;
    if let RuleParams::Streak(_) = c.rule {
        elements(&m.id, &m.elements, e)?;
    }
    let number = |f: &Option<Figure>| match f {
        Some(Figure::Integer(n)) => Some(*n),
        _ => None,
    };
    if m.value.is_some() {
        same(|| what("value"), &m.value, &number(&e.value))?;
    }
    if m.limit.is_some() {
        same(|| what("limit"), &m.limit, &number(&e.limit))?;
    }
    if let (Some(value), Some(limit), Per::Period) = (m.value, m.limit, per(c)) {
        same(|| what("margin"), &Some(limit - value), &number(&e.margin))?;
    }
    same_at(|| what("breached_at"), m.breached_at, e.breached_at.map(|s| s.at))?;
    same_at(|| what("forecast_breach_at"), m.forecast, e.forecast_breach_at.map(|s| s.at))?;
    if let Some(n) = m.breaches {
        same(|| what("breaches"), &n, &e.breaches)?;
    }
    same(|| what("status"), &m.status, &e.status)
}

fn per(c: &Clause) -> Per {
    match &c.rule {
        RuleParams::OutageCount(p) => p.scope.per,
        RuleParams::Downtime(p) => p.scope.per,
        _ => Per::Period,
    }
}

fn cases(m: &Verdict, e: &ClauseVerdict) -> Outcome {
    let engine = match &e.detail {
        Some(Detail::Deadline(d)) => d.cases.as_slice(),
        _ => &[],
    };
    let names: Vec<&str> = m.cases.iter().map(|c| c.subject.as_str()).collect();
    let theirs: Vec<&str> = engine.iter().map(|c| c.subject.as_str()).collect();
    same(|| format!("clause {} cases", m.id), &names, &theirs)?;
    for (m_case, e_case) in m.cases.iter().zip(engine) {
        let what = |field: &str| format!("clause {} case {} {field}", m.id, m_case.subject);
        same(|| what("status"), &m_case.status, &e_case.status)?;
        same_at(|| what("settled_at"), m_case.settled_at, e_case.settled_at.map(|s| s.at))?;
        same_at(|| what("breached_at"), m_case.breached_at, e_case.breached_at.map(|s| s.at))?;
        if !matches!(m_case.status, Status::Met | Status::NoEvidence) {
            same_at(|| what("due"), m_case.due, e_case.due.map(|s| s.at))?;
        }
        if is_running(m_case) {
            same(|| what("remaining_us"), &m_case.remaining, &e_case.remaining_us)?;
        }
    }
    Ok(())
}

fn is_running(c: &Case) -> bool {
    matches!(c.status, Status::Running | Status::AtRisk | Status::Paused)
}

fn elements(id: &str, model: &[Element], e: &ClauseVerdict) -> Outcome {
    let engine: Vec<Element> = match &e.detail {
        Some(Detail::Streak(d)) => d
            .elements
            .iter()
            .map(|x| Element { subject: x.subject.clone(), at: x.at.at, late: x.late, run: x.run })
            .collect(),
        _ => Vec::new(),
    };
    same(|| format!("clause {id} elements"), &model.to_vec(), &engine)
}

/// Every outage that shares an instant with the period.
pub(crate) fn rows(contract: &Contract, model: &Answer, as_of: Instant, engine: &[OutageRow]) -> Outcome {
    let shares = |start: Instant, end: Option<Instant>| {
        start < contract.period.end
            && (end.unwrap_or(as_of) > contract.period.start
                || (start == end.unwrap_or(as_of) && start >= contract.period.start))
    };
    let mut wanted: Vec<OutageRow> = model
        .rows
        .iter()
        .filter(|o| shares(o.start, o.end))
        .map(|o| OutageRow {
            subject: o.subject.clone(),
            system: o.system.clone(),
            start: o.start,
            end: o.end,
            impact: o.impact.clone(),
            attribution: o.attribution.clone(),
            cause: o.cause.clone(),
            counted: o.counts,
            entry: o.entry,
        })
        .collect();
    let mut got = engine.to_vec();
    if got.windows(2).any(|w| w[0].start > w[1].start) {
        return Err("outages are not by start".into());
    }
    // Among outages of one start any order will do.
    wanted.sort_by(|a, b| (a.start, &a.subject).cmp(&(b.start, &b.subject)));
    got.sort_by(|a, b| (a.start, &a.subject).cmp(&(b.start, &b.subject)));
    same(|| "outages".into(), &wanted, &got)
}

/// The flat figures are a view of the assessment.
pub(crate) fn budget(contract: &Contract, a: &Assessment, b: &Budget) -> Outcome {
    let whole = |c: &&Clause| match &c.rule {
        RuleParams::OutageCount(p) => p.scope.systems.is_empty() && p.scope.per == Per::Period,
        RuleParams::Downtime(p) => p.scope.systems.is_empty() && p.scope.per == Per::Period,
        _ => false,
    };
    let first = |is: &dyn Fn(&RuleParams) -> bool| {
        let clause = contract.clauses.iter().filter(whole).find(|c| is(&c.rule))?;
        a.clauses.iter().find(|c| c.id == clause.id)
    };
    let number = |f: Option<&Figure>| match f {
        Some(Figure::Integer(n)) => Some(*n),
        _ => None,
    };
    use opsledger::rules::outage_count::Threshold;
    let long =
        first(&|r| matches!(r, RuleParams::OutageCount(p) if matches!(p.threshold, Threshold::AtLeast(_))));
    let short =
        first(&|r| matches!(r, RuleParams::OutageCount(p) if matches!(p.threshold, Threshold::Below(_))));
    let down = first(&|r| matches!(r, RuleParams::Downtime(_)));
    let value = |c: Option<&ClauseVerdict>| number(c.and_then(|c| c.value.as_ref()));
    let limit = |c: Option<&ClauseVerdict>| number(c.and_then(|c| c.limit.as_ref()));
    let next = a.clauses.iter().filter_map(|c| c.forecast_breach_at.map(|s| s.at)).min();
    same(|| "budget.as_of".into(), &a.as_of.at, &b.as_of)?;
    same(|| "budget.known_at".into(), &a.known_at.at, &b.known_at)?;
    same(|| "budget.status".into(), &a.status, &b.status)?;
    same(|| "budget.long_count".into(), &value(long), &b.long_count)?;
    same(|| "budget.long_max".into(), &limit(long), &b.long_max)?;
    same(|| "budget.short_count".into(), &value(short), &b.short_count)?;
    same(|| "budget.short_max".into(), &limit(short), &b.short_max)?;
    same(|| "budget.pending_count".into(), &Some(a.outages.pending), &b.pending_count)?;
    same(|| "budget.downtime".into(), &value(down), &b.downtime)?;
    same(|| "budget.downtime_max".into(), &limit(down), &b.downtime_max)?;
    let remaining = limit(down).zip(value(down)).map(|(l, v)| l - v);
    same(|| "budget.remaining".into(), &remaining, &b.remaining)?;
    same_at(|| "budget.next_breach_at".into(), next, b.next_breach_at)?;
    same(|| "budget.head_seq".into(), &None, &b.head_seq)
}
