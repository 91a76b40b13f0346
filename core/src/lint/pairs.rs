//! Clauses that contradict each other.

use super::{Found, Level};
use crate::contract::{Clause, Contract, Limit, Within};
use crate::error::Lang;
use crate::rules::outage_count::Threshold;
use crate::rules::{OutageScope, RuleParams};
use crate::time::{Micros, words};

const WARN: Level = Level::Warning;
const ERROR: Level = Level::Error;

pub(super) fn look(contract: &Contract, found: &mut Found) {
    let clauses = &contract.clauses;
    for (j, second) in clauses.iter().enumerate() {
        for first in &clauses[..j] {
            // Clauses for different stretches do not meet.
            let (a, b) = (first.holds.unwrap_or(contract.period), second.holds.unwrap_or(contract.period));
            if !a.clip(b).is_empty() && first.party == second.party {
                pair(contract, first, second, j, found);
            }
        }
    }
    classes(contract, found);
}

/// They hold for the same outages and stretches.
fn same_scope(a: &OutageScope, b: &OutageScope) -> bool {
    (&a.systems, &a.calendar, a.per) == (&b.systems, &b.calendar, b.per)
}

fn pair(contract: &Contract, first: &Clause, second: &Clause, j: usize, found: &mut Found) {
    let mut say = |key: &str, level, code, zh: String, en: String| {
        found.clause(contract, j, key, (level, code), zh, en)
    };
    let id = &first.id;
    let mut differ = |key: &str, a: String, b: String| {
        if a != b {
            say(
                key,
                ERROR,
                "limits-contradict",
                format!("与条款 {id} 约定同一事项，限值不同：{a} 与 {b}"),
                format!("says the same as {id} with another limit: {a} and {b}"),
            );
        } else {
            say(
                key,
                WARN,
                "said-twice",
                format!("与条款 {id} 约定同一事项"),
                format!("says the same as {id}"),
            );
        }
    };
    match (&first.rule, &second.rule) {
        (RuleParams::OutageCount(a), RuleParams::OutageCount(b))
            if same_scope(&a.scope, &b.scope) && a.threshold == b.threshold =>
        {
            differ("max", a.max.to_string(), b.max.to_string());
        }
        (RuleParams::Downtime(a), RuleParams::Downtime(b)) if same_scope(&a.scope, &b.scope) => {
            differ("max", words(a.max, Lang::En), words(b.max, Lang::En));
        }
        (RuleParams::Availability(a), RuleParams::Availability(b))
            if same_scope(&a.scope, &b.scope) && a.basis == b.basis =>
        {
            let text = |d: crate::contract::Decimal| {
                crate::assess::document::decimal_text(d.mantissa, u32::from(d.scale))
            };
            differ("target", text(a.target), text(b.target));
        }
        (RuleParams::Deadline(a), RuleParams::Deadline(b))
            if (&a.from, &a.to, &a.conditions) == (&b.from, &b.to, &b.conditions) =>
        {
            let text = |p: &crate::rules::deadline::Params| format!("{:?} {}", p.within, p.calendar);
            if text(a) == text(b) {
                differ("within", String::new(), String::new());
            } else {
                differ("within", within(&a.within), format!("{} ({})", within(&b.within), b.calendar));
            }
        }
        (RuleParams::Deadline(a), RuleParams::Deadline(b))
            if a.from == b.from && a.conditions == b.conditions =>
        {
            steps(id, a, b, &mut say);
        }
        (RuleParams::Recurring(a), RuleParams::Recurring(b))
            if (&a.fact, &a.conditions, a.every, &a.parts) == (&b.fact, &b.conditions, b.every, &b.parts)
                && a.during == b.during
                && a.units == b.units =>
        {
            differ("grace", format!("{:?}", a.grace), format!("{:?}", b.grace));
        }
        (RuleParams::Findings(a), RuleParams::Findings(b))
            if a.conditions == b.conditions && a.until == b.until =>
        {
            differ("within", within(&a.within), within(&b.within));
        }
        (RuleParams::Coverage(a), RuleParams::Coverage(b))
            if a.windows == b.windows && a.calendar == b.calendar && a.source == b.source =>
        {
            for (role, n) in &b.roles {
                if let Some((_, m)) = a.roles.iter().find(|(r, _)| r == role) {
                    differ("roles", format!("{role} {m}"), format!("{role} {n}"));
                }
            }
        }
        (RuleParams::Documents(a), RuleParams::Documents(b)) => {
            for paper in &b.list {
                if let Some(other) =
                    a.list.iter().find(|p| p.kind == paper.kind && p.per_person == paper.per_person)
                {
                    differ(
                        "list",
                        format!("{} {:?}", paper.kind, other.due),
                        format!("{} {:?}", paper.kind, paper.due),
                    );
                }
            }
        }
        _ => {}
    }
}

/// A limit in words.
fn within(within: &Within) -> String {
    let one = |l: &Limit| match l {
        Limit::Elapsed(us) => words(*us, Lang::En),
        Limit::Workdays(n) => format!("{n} workdays"),
        Limit::Months(n) => format!("{n} months"),
    };
    match within {
        Within::One(l) => one(l),
        Within::By(table) => {
            table.iter().map(|(k, l)| format!("{k} {}", one(l))).collect::<Vec<_>>().join(", ")
        }
    }
}

/// The order in which an incident goes: a later step that is due before an earlier one.
fn steps(
    id: &str,
    a: &crate::rules::deadline::Params,
    b: &crate::rules::deadline::Params,
    say: &mut dyn FnMut(&str, Level, &'static str, String, String),
) {
    const ORDER: [&str; 4] = ["incident.respond", "incident.diagnose", "incident.restore", "incident.repair"];
    let place = |p: &crate::rules::deadline::Params| {
        p.to.iter().filter_map(|k| ORDER.iter().position(|o| *o == k.kind)).min()
    };
    let longest = |w: &Within| -> Option<Micros> {
        let us = |l: &Limit| match l {
            Limit::Elapsed(us) => Some(*us),
            Limit::Workdays(_) | Limit::Months(_) => None,
        };
        match w {
            Within::One(l) => us(l),
            Within::By(table) => table.values().map(us).collect::<Option<Vec<_>>>()?.into_iter().min(),
        }
    };
    let (Some(x), Some(y)) = (place(a), place(b)) else { return };
    let (Some(first), Some(second)) = (longest(&a.within), longest(&b.within)) else { return };
    if a.calendar == b.calendar && ((x < y && second < first) || (y < x && first < second)) {
        say(
            "within",
            WARN,
            "steps-out-of-order",
            format!("后一步的时限短于前一步（见条款 {id}）：后一步到期时前一步尚未到期"),
            format!("a later step is due before an earlier one (see {id})"),
        );
    }
}

/// Long and short outages that overlap, or leave a hole between them.
fn classes(contract: &Contract, found: &mut Found) {
    let of = |c: &Clause| match &c.rule {
        RuleParams::OutageCount(p) => Some((p.scope.clone(), p.threshold)),
        _ => None,
    };
    for (j, second) in contract.clauses.iter().enumerate() {
        let Some((scope, Threshold::Below(below))) = of(second) else { continue };
        for first in &contract.clauses {
            let Some((other, Threshold::AtLeast(from))) = of(first) else { continue };
            if !same_scope(&scope, &other) || from == below {
                continue;
            }
            let (zh, en) = if from < below {
                ("重复计入", "counts twice")
            } else {
                ("不计入任何一条", "counts nowhere")
            };
            let (low, high) = (from.min(below), from.max(below));
            found.clause(
                contract,
                j,
                "below",
                (WARN, "classes-do-not-meet"),
                format!(
                    "{} 至 {} 的故障{zh}（见条款 {}）",
                    words(low, Lang::Zh),
                    words(high, Lang::Zh),
                    first.id
                ),
                format!(
                    "an outage of {} to {} {en} (see {})",
                    words(low, Lang::En),
                    words(high, Lang::En),
                    first.id
                ),
            );
        }
    }
}
