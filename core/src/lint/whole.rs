//! What concerns the contract as a whole: its dates, what the parties have to confirm, what nothing refers to.

use super::{Found, Level};
use crate::contract::parse::top::ALWAYS;
use crate::contract::{Contract, Limit};
use crate::error::Code;
use crate::facts::kinds::{self, ActsBy, Family};
use crate::rules::RuleParams;
use crate::rules::coverage::Window;
use crate::time::OPEN;
use std::collections::BTreeSet;

const WARN: Level = Level::Warning;

pub(super) fn look(contract: &Contract, found: &mut Found) {
    schedule(contract, found);
    needs(contract, found);
    unused(contract, found);
    faults(contract, found);
    if contract.accounting.assume_watched {
        found.top(
            &["accounting", "assume_watched"],
            (Level::Note, "assume-watched"),
            "无人监测时，故障条款也按达标计",
            "limits on outages are met even when nobody watched",
        );
    }
}

/// Years of the period whose schedule is not published, where something asks for it.
fn schedule(contract: &Contract, found: &mut Found) {
    let asks = contract.calendars.values().any(|c| c.holidays.is_some())
        || contract.clauses.iter().any(|c| match &c.rule {
            RuleParams::Coverage(p) => {
                p.windows.iter().any(|w| !matches!(w, Window::Period | Window::Events))
            }
            RuleParams::Recurring(p) => p.roll || matches!(p.grace, Limit::Workdays(_)),
            _ => false,
        });
    let Ok(tools) = contract.tools(OPEN) else { return };
    let statutory =
        |c: &RuleParams| matches!(c, RuleParams::Coverage(p) if p.windows.contains(&Window::Statutory));
    let mut told: BTreeSet<String> = BTreeSet::new();
    let (first, last) = contract.period_dates;
    for day in first.iter_days().take_while(|d| *d <= last) {
        let error = match tools.days.is_workday(day) {
            Err(e) if asks => e,
            _ if contract.clauses.iter().any(|c| statutory(&c.rule)) => match tools.days.is_statutory(day) {
                Err(e) => e,
                Ok(_) => continue,
            },
            _ => continue,
        };
        if told.insert(format!("{:?}{}", error.code(), error.detail())) {
            let code = if error.code() == Code::NoStatutory { "no-statutory" } else { "no-schedule" };
            found.top(
                &["period"],
                (WARN, code),
                format!("服务期超出已有的放假数据：{}；须用到它的条款在此之前无证据", error.text(crate::Lang::Zh)),
                format!("the period reaches beyond the holiday data: {}; clauses that need it have no evidence until then", error.text(crate::Lang::En)),
            );
        }
    }
}

/// What has to be confirmed and no clause reads.
fn needs(contract: &Contract, found: &mut Found) {
    let mut read: BTreeSet<&str> = BTreeSet::new();
    for clause in &contract.clauses {
        let kinds_read = clause.rule.kinds();
        let families: BTreeSet<Family> =
            kinds_read.iter().filter_map(|k| kinds::find(k)).map(|k| k.family).collect();
        let outages = kinds_read.contains(&"outage.start");
        let belongs = |k: &&kinds::Kind| {
            let correction = k.acts_by == ActsBy::RecordedAt || k.name.ends_with(".cancel");
            correction
                && (families.contains(&k.family)
                    || (outages && matches!(k.family, Family::Planned | Family::Exclusion)))
        };
        read.extend(kinds::KINDS.iter().filter(belongs).map(|k| k.name));
        if families.contains(&Family::Incident) {
            read.extend(["incident.pause", "incident.resume", "incident.reopen"]);
        }
        read.extend(kinds_read);
    }
    for kind in contract.needs.kinds.iter().filter(|k| !read.contains(k.as_str())) {
        found.top(
            &["agreement", "needs"],
            (WARN, "needs-unread"),
            format!("needs 列有 {kind}，但没有条款用到它"),
            format!("needs names {kind}, and no clause reads it"),
        );
    }
    let any = |family: Family| {
        let reads = |c: &crate::contract::Clause| {
            c.rule.kinds().iter().any(|k| kinds::find(k).is_some_and(|k| k.family == family))
        };
        contract.clauses.iter().any(reads)
    };
    let speaks = any(Family::Outage) || any(Family::Incident);
    let pausable = contract.clauses.iter().any(|c| matches!(&c.rule, RuleParams::Deadline(p) if p.pausable));
    let conditions = [
        ("attribution", contract.needs.attribution && !speaks),
        ("lowering", contract.needs.lowering && !speaks),
        ("late-pause", contract.needs.late_pause && !pausable),
    ];
    for (name, _) in conditions.iter().filter(|(_, bad)| *bad) {
        found.top(
            &["agreement", "needs"],
            (WARN, "needs-unread"),
            format!("needs 列有 {name}，但没有条款用到它"),
            format!("needs names {name}, and no clause reads it"),
        );
    }
    if contract.needs.is_empty() {
        found.top(
            &["agreement"],
            (Level::Note, "nothing-to-confirm"),
            "没有事实须经对方确认：一方的陈述即时生效",
            "nothing needs the other party's word: what one side states takes effect at once",
        );
    }
}

fn unused(contract: &Contract, found: &mut Found) {
    for id in contract.calendars.keys().filter(|id| *id != ALWAYS) {
        let used = contract.clauses.iter().any(|c| c.rule.calendar() == Some(id.as_str()));
        if !used {
            found.top(
                &["calendar", id],
                (WARN, "unused-calendar"),
                format!("没有条款使用日历 {id}"),
                format!("no clause uses the calendar {id}"),
            );
        }
    }
}

/// Fault types that no document has to cover.
fn faults(contract: &Contract, found: &mut Found) {
    let covered = contract.clauses.iter().any(|c| match &c.rule {
        RuleParams::Documents(p) => p.list.iter().any(|paper| paper.covers_faults),
        _ => false,
    });
    if !contract.faults.is_empty() && !covered {
        found.top(
            &["fault"],
            (WARN, "faults-not-covered"),
            "列有故障类型 [[fault]]，但没有要求任何文档覆盖它们（covers_faults = true）",
            "there are [[fault]] types, and no document has to cover them (covers_faults = true)",
        );
    }
}
