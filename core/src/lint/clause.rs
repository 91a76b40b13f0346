//! What concerns one clause by itself.

use super::{Found, Level};
use crate::contract::parse::reader::nearest;
use crate::contract::parse::top::ALWAYS;
use crate::contract::{BackupSet, Clause, Contract, KindFilter, Limit, Where, Within};
use crate::facts::kinds;
use crate::rules::RuleParams;
use crate::rules::score;

const WARN: Level = Level::Warning;

/// Words of a promise that speak of office hours, and of all hours.
const OFFICE: [&str; 7] = ["工作日", "工作时间", "上班时间", "7x8", "7×8", "5x8", "5×8"];
const ALL: [&str; 5] = ["7x24", "7×24", "24小时", "24 小时", "全天候"];

pub(super) fn look(contract: &Contract, clause: &Clause, i: usize, found: &mut Found) {
    let mut say = |key: &str, rank, zh: String, en: String| found.clause(contract, i, key, rank, zh, en);
    if clause.assumed {
        say(
            "assumed",
            (WARN, "assumed"),
            "数值未经双方约定（示例值）".into(),
            "the value was never agreed on (an example)".into(),
        );
    }
    if clause.reference.is_none() {
        say("id", (WARN, "no-ref"), "未写明出处 ref".into(), "no ref says where the promise stands".into());
    }
    if clause.text.is_none() {
        say(
            "id",
            (WARN, "no-text"),
            "未写原文 text".into(),
            "no text gives the promise in the source's words".into(),
        );
    }
    if let RuleParams::Unbuilt(name) = &clause.rule {
        say(
            "rule",
            (WARN, "rule-not-built"),
            format!("规则 {name} 尚未实现，结论恒为无证据"),
            format!("the rule {name} is not built yet: always no-evidence"),
        );
    }
    if clause.holds.is_some_and(|h| h.clip(contract.period).is_empty()) {
        say(
            "holds",
            (WARN, "holds-outside"),
            "holds 不在服务期内".into(),
            "holds lies outside the service period".into(),
        );
    }
    for kind in clause.rule.kinds().iter().filter(|k| k.starts_with("x.")) {
        say(
            "rule",
            (WARN, "kind-unjudged"),
            format!("{kind} 只保存、不评判，须由其他程序写入"),
            format!("{kind} is kept unjudged; something else has to write it"),
        );
    }
    hours(contract, clause, i, found);
    fields(contract, clause, i, found);
    own(contract, clause, i, found);
}

/// Hours that the promise's own words contradict.
fn hours(contract: &Contract, clause: &Clause, i: usize, found: &mut Found) {
    let Some(text) = &clause.text else { return };
    let says = |words: &[&'static str]| words.iter().copied().find(|w| text.contains(w));
    let within = match &clause.rule {
        RuleParams::Deadline(p) => &p.within,
        RuleParams::Findings(p) => &p.within,
        _ => return,
    };
    let elapsed = match within {
        Within::One(l) => matches!(l, Limit::Elapsed(_)),
        Within::By(table) => table.values().all(|l| matches!(l, Limit::Elapsed(_))),
    };
    let always = clause.rule.calendar() == Some(ALWAYS);
    match (says(&OFFICE), says(&ALL)) {
        (Some(word), None) if always && elapsed => found.clause(
            contract,
            i,
            "calendar",
            (WARN, "hours-contradict"),
            format!("原文写 {word}，但计时按 7x24"),
            format!("the text says {word}, and the clock runs 7x24"),
        ),
        (None, Some(word)) if !always => found.clause(
            contract,
            i,
            "calendar",
            (WARN, "hours-contradict"),
            format!("原文写 {word}，但计时按 {}", clause.rule.calendar().unwrap_or_default()),
            format!(
                "the text says {word}, and the clock runs {}",
                clause.rule.calendar().unwrap_or_default()
            ),
        ),
        _ => {}
    }
}

/// Fields that the kinds of the clause do not have.
fn fields(contract: &Contract, clause: &Clause, i: usize, found: &mut Found) {
    let mut say = |key: &str, field: &str, kinds: &[KindFilter]| {
        let rows: Vec<&kinds::Kind> = kinds.iter().filter_map(|k| kinds::find(&k.kind)).collect();
        // Kinds without a list of fields take any.
        if rows.is_empty() || rows.iter().any(|k| k.fields.is_empty() || k.field(field).is_some()) {
            return;
        }
        let known = rows.iter().flat_map(|k| k.fields.iter().map(|f| f.name));
        let near = nearest(field, known);
        let kind = rows[0].name;
        found.clause(
            contract,
            i,
            key,
            (WARN, "unknown-field"),
            format!(
                "{kind} 的字段表中没有 {field}，录入时不会检查其写法{}",
                near.map(|n| format!("，是否应为 {n}？")).unwrap_or_default()
            ),
            format!(
                "{kind} has no field {field} in its table, so nothing checks how it is written{}",
                near.map(|n| format!("; did you mean {n}?")).unwrap_or_default()
            ),
        );
    };
    let wheres = |say: &mut dyn FnMut(&str, &str, &[KindFilter]),
                  key: &str,
                  conditions: &Where,
                  kinds: &[KindFilter]| {
        for field in conditions.keys() {
            say(key, field, kinds);
        }
        for kind in kinds {
            for field in kind.conditions.keys() {
                say(key, field, std::slice::from_ref(kind));
            }
        }
    };
    match &clause.rule {
        RuleParams::Deadline(p) => {
            for field in &p.needs {
                say("needs", field, &p.to);
            }
            if matches!(p.within, Within::By(_)) {
                say("by", &p.by, &p.from);
            }
            wheres(&mut say, "where", &p.conditions, &p.from);
            wheres(&mut say, "to", &Where::new(), &p.to);
        }
        RuleParams::Recurring(p) => {
            let kind = std::slice::from_ref(&p.fact);
            for field in p.limits.keys() {
                say("limits", field, kind);
            }
            if !p.parts.is_empty() {
                say("parts", "parts", kind);
            }
            wheres(&mut say, "where", &p.conditions, kind);
        }
        _ => {}
    }
}

/// What a rule's own parameters say against themselves.
fn own(contract: &Contract, clause: &Clause, i: usize, found: &mut Found) {
    let mut say = |key: &str, level, code, zh: String, en: String| {
        found.clause(contract, i, key, (level, code), zh, en)
    };
    match &clause.rule {
        RuleParams::Streak(p) => {
            let of = contract.clauses.iter().find(|c| c.id == p.of);
            if of.is_some_and(|c| c.assumed) {
                say(
                    "of",
                    WARN,
                    "assumed-source",
                    format!("所依条款 {} 的时限未经约定，权利无从成立", p.of),
                    format!("the limit of {} was never agreed on, so no right can rest on it", p.of),
                );
            }
            let excluded = &contract.accounting.excluded_attributions;
            let left: Vec<&str> = excluded
                .iter()
                .filter(|a| !p.excluded_attributions.contains(a))
                .map(String::as_str)
                .collect();
            if p.only_if.as_deref() == Some("affects_use") && !left.is_empty() {
                let list = left.join(", ");
                say(
                    "only_if",
                    WARN,
                    "affects-use-not-counted",
                    format!(
                        "责任在 {list} 的事件影响使用时计入连续次数，而对应的故障不计；如非本意，请写 excluded_attributions"
                    ),
                    format!(
                        "an incident of {list} that affects use counts here, while its outage does not; if that is not meant, write excluded_attributions"
                    ),
                );
            }
        }
        RuleParams::Availability(p) => {
            for pair in p.tiers.windows(2) {
                let less = |a: crate::contract::Decimal, b: crate::contract::Decimal| {
                    compare(a, b) == std::cmp::Ordering::Less
                };
                if !(less(pair[1].below, pair[0].below) && less(pair[0].credit, pair[1].credit)) {
                    say(
                        "tiers",
                        WARN,
                        "tiers-order",
                        "各档应由高到低：可用率越低，抵扣越多".into(),
                        "tiers should fall: the lower the availability, the larger the credit".into(),
                    );
                    break;
                }
            }
            if p.tiers.first().is_some_and(|t| compare(t.below, p.target).is_ne()) {
                say(
                    "tiers",
                    WARN,
                    "tiers-target",
                    "第一档与目标值不同：低于目标而不抵扣，或达标而抵扣".into(),
                    "the first tier differs from the target: a miss without credit, or credit without a miss"
                        .into(),
                );
            }
        }
        RuleParams::Score(p) => scored(p, &mut say),
        RuleParams::Backup(p) => backed_up(&p.set, &mut say),
        RuleParams::Findings(p) => {
            if let Within::By(table) = &p.within
                && table.len() == 1
            {
                say(
                    "within",
                    WARN,
                    "one-severity",
                    "时限只列一个级别，其余级别按同一时限计并列为数据问题".into(),
                    "limits for one severity only: the others take it too, as data faults".into(),
                );
            }
        }
        _ => {}
    }
}

fn compare(a: crate::contract::Decimal, b: crate::contract::Decimal) -> std::cmp::Ordering {
    let scaled =
        |x: crate::contract::Decimal, other: u8| i128::from(x.mantissa) * 10i128.pow(u32::from(other));
    scaled(a, b.scale).cmp(&scaled(b, a.scale))
}

/// What a backup set promises and nobody can see kept.
fn backed_up(set: &BackupSet, say: &mut dyn FnMut(&str, Level, &'static str, String, String)) {
    match (set.drill_every, set.rto) {
        (Some(_), None) => say(
            "set",
            WARN,
            "drill-without-rto",
            format!("备份集 {} 约定了恢复演练而未约定 rto：恢复再慢也算通过", set.id),
            format!(
                "backup set {} is drilled and has no rto: a restore passes however long it takes",
                set.id
            ),
        ),
        (None, Some(_)) => say(
            "set",
            WARN,
            "rto-not-drilled",
            format!("备份集 {} 约定了 rto 而未约定 drill_every：rto 不会被判定", set.id),
            format!("backup set {} has an rto and no drill_every: the rto is never judged", set.id),
        ),
        _ => {}
    }
    if let (Some(Limit::Elapsed(kept)), Some(rpo)) =
        (set.retention.as_ref().and_then(|r| r.keep_for), set.rpo)
        && kept < rpo
    {
        say(
            "set",
            WARN,
            "retention-below-rpo",
            format!("备份集 {} 的留存时间短于 rpo：仍须使用的备份可以不在", set.id),
            format!(
                "backup set {} keeps runs for less than its rpo: one that is still needed may be gone",
                set.id
            ),
        );
    }
}

fn scored(p: &score::Params, say: &mut dyn FnMut(&str, Level, &'static str, String, String)) {
    for (n, line) in p.lines.iter().enumerate() {
        if p.lines[..n].iter().any(|l| l.clause == line.clause) {
            say(
                "lines",
                WARN,
                "scored-twice",
                format!("条款 {} 扣分两次", line.clause),
                format!("{} is scored twice", line.clause),
            );
        }
    }
    for grade in p.grades.iter().filter(|g| compare(g.at_least, p.base).is_gt()) {
        say(
            "grades",
            WARN,
            "grade-unreachable",
            format!("等次 {} 高于基准分，无法达到", grade.grade),
            format!("grade {} lies above the base", grade.grade),
        );
    }
    if p.min.is_some_and(|min| compare(min, p.base).is_gt()) {
        say(
            "min",
            Level::Error,
            "min-above-base",
            "下限高于基准分：一开始即违约".into(),
            "min lies above the base: breached from the beginning".into(),
        );
    }
}
