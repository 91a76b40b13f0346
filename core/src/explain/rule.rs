//! A rule with its parameters in words, and the kinds of facts it reads.

use crate::assess::cases::Sentence;
use crate::contract::parse::top::ALWAYS;
use crate::contract::{Clause, KindFilter, Limit, Where, Within};
use crate::error::Lang;
use crate::facts::kinds;
use crate::facts::terms::term;
use crate::rules::coverage::{Source, Window};
use crate::rules::documents::Due;
use crate::rules::findings::Until;
use crate::rules::outage_count::Threshold;
use crate::rules::recurring::Every;
use crate::rules::{OutageScope, Per, RuleParams};
use crate::time::{DAY, Micros, words};

/// The kinds of facts that decide a clause; empty for one that is made of other clauses.
pub(crate) fn kinds(rule: &RuleParams) -> Vec<&str> {
    fn name(k: &KindFilter) -> &str {
        &k.kind
    }
    match rule {
        RuleParams::OutageCount(_) | RuleParams::Downtime(_) | RuleParams::Availability(_) => {
            vec![
                "outage.start",
                "outage.end",
                "outage.amend",
                "outage.void",
                "maintenance.approve",
                "exclusion.approve",
            ]
        }
        RuleParams::Deadline(p) => p.from.iter().chain(&p.to).map(name).collect(),
        RuleParams::Recurring(p) => {
            [Some(&p.fact), p.during.as_ref()].into_iter().flatten().map(name).collect()
        }
        RuleParams::Coverage(p) => {
            let mut kinds = match p.source {
                Source::Duty => vec!["duty.assign", "duty.cancel", "duty.sign-in"],
                Source::Staff => vec!["staff.join", "staff.leave", "staff.absent"],
                Source::Watch => vec!["watch.start", "watch.seen", "watch.gap", "watch.stop"],
            };
            if p.windows.contains(&Window::Events) {
                kinds.push("event.declare");
            }
            kinds
        }
        RuleParams::Sequence(p) => {
            let mut kinds: Vec<&str> = p.needs.iter().chain([&p.then]).map(name).collect();
            kinds.extend(p.ratify.as_ref().map(|r| name(&r.kind)));
            if let Some(notice) = &p.notice {
                kinds.push(name(&notice.from));
                kinds.extend(notice.cured_by.as_ref().map(name));
            }
            kinds
        }
        RuleParams::Documents(_) => {
            vec!["document.submit", "report.submit", "document.accept", "document.reject"]
        }
        RuleParams::Findings(p) => {
            let mut kinds = vec![
                "finding.open",
                "finding.fix",
                "finding.verify",
                "finding.transfer",
                "finding.accept-risk",
            ];
            kinds.extend(p.rounds.map(|_| "rectification.round"));
            kinds
        }
        RuleParams::Judgement(_) => vec!["judgement.record"],
        RuleParams::Streak(_) | RuleParams::Score(_) | RuleParams::Unbuilt(_) => Vec::new(),
    }
}

/// The rule of a clause with its parameters.
pub(crate) fn describe(clause: &Clause) -> Sentence {
    let mut text = match &clause.rule {
        RuleParams::OutageCount(p) => {
            let (us, zh, en) = match p.threshold {
                Threshold::AtLeast(us) => (us, "及以上", "or more"),
                Threshold::Below(us) => (us, "以内", "or less, closed"),
            };
            let mut text = Sentence::new(
                format!("每{}故障时间 {}{zh}的故障不多于 {} 次", per(p.scope.per).0, zh_time(us), p.max),
                format!("at most {} outages of {} {en}, each {}", p.max, en_time(us), per(p.scope.per).1),
            );
            scope(&mut text, &p.scope);
            text
        }
        RuleParams::Downtime(p) => {
            let mut text = Sentence::new(
                format!("每{}累计故障时间不超过 {}", per(p.scope.per).0, zh_time(p.max)),
                format!("at most {} of downtime, each {}", en_time(p.max), per(p.scope.per).1),
            );
            scope(&mut text, &p.scope);
            text
        }
        RuleParams::Availability(p) => {
            let target = percent(p.target);
            let mut text = Sentence::new(
                format!("每{}可用率不低于 {target}", per(p.scope.per).0),
                format!("availability of at least {target}, each {}", per(p.scope.per).1),
            );
            scope(&mut text, &p.scope);
            text
        }
        RuleParams::Deadline(p) => {
            let mut text = Sentence::new(
                format!(
                    "自 {} 起，至 {} 止，限 {}",
                    list(&p.from, Lang::Zh),
                    list(&p.to, Lang::Zh),
                    within(&p.within, Lang::Zh)
                ),
                format!(
                    "from {} to {} within {}",
                    list(&p.from, Lang::En),
                    list(&p.to, Lang::En),
                    within(&p.within, Lang::En)
                ),
            );
            if !p.needs.is_empty() {
                text.add(format!("须写明 {}", p.needs.join("、")), format!("stating {}", p.needs.join(", ")));
            }
            if p.pausable {
                text.add("可暂停", "may be paused");
            }
            calendar(&mut text, &p.calendar);
            conditions(&mut text, &p.conditions);
            text
        }
        RuleParams::Streak(p) => {
            let effect = p.effect.as_deref().unwrap_or_default();
            Sentence::new(
                format!("条款 {} 连续 {} 次未按时：{effect}", p.of, p.length),
                format!("{} late in a row under {}: {effect}", p.length, p.of),
            )
        }
        RuleParams::Recurring(p) => {
            let (zh, en) = every(p.every);
            let kind = std::slice::from_ref(&p.fact);
            let mut text = Sentence::new(
                format!("每{zh}一次 {}，期末后宽限 {}", list(kind, Lang::Zh), limit(p.grace, Lang::Zh)),
                format!("{} once a {en}, {} of grace", list(kind, Lang::En), limit(p.grace, Lang::En)),
            );
            if !p.parts.is_empty() {
                let zh: Vec<&str> = p.parts.iter().map(|part| term(Lang::Zh, part)).collect();
                text.add(format!("须含 {}", zh.join("、")), format!("with {}", p.parts.join(", ")));
            }
            if p.max_missed > 0 {
                text.add(format!("允许缺 {} 次", p.max_missed), format!("{} may be missed", p.max_missed));
            }
            if !p.curable {
                text.add("期后补做不计", "not curable afterwards");
            }
            calendar(&mut text, &p.calendar);
            conditions(&mut text, &p.conditions);
            text
        }
        RuleParams::Coverage(p) => {
            let windows: Vec<(&str, &str)> = p.windows.iter().map(|w| window(*w)).collect();
            let (zh, en): (Vec<&str>, Vec<&str>) = windows.into_iter().unzip();
            let roles = |lang| -> String {
                let one = |(role, n): &(String, i64)| format!("{} {n}", term(lang, role));
                let roles: Vec<String> = p.roles.iter().map(one).collect();
                if roles.is_empty() {
                    watched(lang).to_owned()
                } else {
                    roles.join(if lang == Lang::Zh { "、" } else { ", " })
                }
            };
            let mut text = Sentence::new(
                format!("{}内不间断：{}", zh.join("、"), roles(Lang::Zh)),
                format!("without a gap in {}: {}", en.join(", "), roles(Lang::En)),
            );
            if p.tolerance > 0 {
                text.add(
                    format!("不超过 {} 的空缺不计", zh_time(p.tolerance)),
                    format!("gaps up to {} do not count", en_time(p.tolerance)),
                );
            }
            calendar(&mut text, &p.calendar);
            text
        }
        RuleParams::Sequence(p) => {
            let then = std::slice::from_ref(&p.then);
            let mut text = Sentence::new(
                format!("{} 之前依次须有 {}", list(then, Lang::Zh), list(&p.needs, Lang::Zh)),
                format!("before {}, in order: {}", list(then, Lang::En), list(&p.needs, Lang::En)),
            );
            if let Some(r) = &p.ratify {
                let kind = std::slice::from_ref(&r.kind);
                text.add(
                    format!("可于其后 {} 内以 {} 追认", limit(r.within, Lang::Zh), list(kind, Lang::Zh)),
                    format!(
                        "{} within {} afterwards heals it",
                        list(kind, Lang::En),
                        limit(r.within, Lang::En)
                    ),
                );
            }
            if let Some(n) = &p.notice {
                let kind = std::slice::from_ref(&n.from);
                text.add(
                    format!("不早于 {} 后 {}", list(kind, Lang::Zh), limit(n.at_least, Lang::Zh)),
                    format!("no earlier than {} after {}", limit(n.at_least, Lang::En), list(kind, Lang::En)),
                );
            }
            conditions(&mut text, &p.conditions);
            text
        }
        RuleParams::Documents(p) => {
            let mut text = Sentence::new("按期提交", "to be handed in");
            for paper in &p.list {
                let person = if paper.per_person { ("（每人）", " (each person)") } else { ("", "") };
                let (zh, en) = match paper.due {
                    Due::After(l) => {
                        (format!("{}内", limit(l, Lang::Zh)), format!("within {}", limit(l, Lang::En)))
                    }
                    Due::On(date) => (format!("{date} 前"), format!("by {date}")),
                    Due::BeforeEnd(0) => ("期末".to_owned(), "by the end".to_owned()),
                    Due::BeforeEnd(us) => {
                        (format!("期末前 {}", zh_time(us)), format!("{} before the end", en_time(us)))
                    }
                };
                text.add(
                    format!("{}{} {zh}", paper.kind, person.0),
                    format!("{}{} {en}", paper.kind, person.1),
                );
            }
            text
        }
        RuleParams::Findings(p) => {
            let (zh, en) =
                if p.until == Until::Fix { ("整改", "fixed") } else { ("复核通过", "verified") };
            let mut text = Sentence::new(
                format!("问题须在 {} 内{zh}", within(&p.within, Lang::Zh)),
                format!("findings {en} within {}", within(&p.within, Lang::En)),
            );
            if let Some(r) = p.rounds {
                let (zh, en) = every(r.per);
                text.add(format!("每{zh}整改 {} 轮", r.count), format!("{} rounds each {en}", r.count));
            }
            calendar(&mut text, &p.calendar);
            conditions(&mut text, &p.conditions);
            text
        }
        RuleParams::Judgement(p) => {
            let due = p.due.map_or_else(
                || ("期末".to_owned(), "the end of the period".to_owned()),
                |d| (d.to_string(), d.to_string()),
            );
            Sentence::new(
                format!("由{}评判，最迟 {}", term(Lang::Zh, &p.by), due.0),
                format!("judged by the {}, by {}", p.by, due.1),
            )
        }
        RuleParams::Score(p) => Sentence::new(
            format!("基准 {} 分，按 {} 条扣分", decimal(p.base), p.lines.len()),
            format!("{} points, {} lines of deductions", decimal(p.base), p.lines.len()),
        ),
        RuleParams::Unbuilt(name) => {
            Sentence::new(format!("{name}（尚未实现）"), format!("{name} (not built yet)"))
        }
    };
    if clause.holds.is_some() {
        text.add("仅评判所列期间内开始的", "only what starts in the stretch it holds for");
    }
    text
}

fn watched(lang: Lang) -> &'static str {
    if lang == Lang::Zh { "监测" } else { "watched" }
}

fn zh_time(us: Micros) -> String {
    time(us, Lang::Zh)
}
fn en_time(us: Micros) -> String {
    time(us, Lang::En)
}

/// A length of time as contracts write it: whole days from three on.
fn time(us: Micros, lang: Lang) -> String {
    if us >= 3 * DAY && us % DAY == 0 {
        return format!("{} {}", us / DAY, if lang == Lang::Zh { "天" } else { "d" });
    }
    words(us, lang)
}

fn decimal(d: crate::contract::Decimal) -> String {
    crate::assess::document::decimal_text(d.mantissa, u32::from(d.scale))
}

/// A part of one as a percentage.
fn percent(d: crate::contract::Decimal) -> String {
    let hundredfold =
        d.mantissa.checked_mul(100).map(|m| crate::assess::document::decimal_text(m, u32::from(d.scale)));
    hundredfold.map_or_else(|| decimal(d), |text| format!("{text}%"))
}

fn per(per: Per) -> (&'static str, &'static str) {
    match per {
        Per::Period => ("服务期", "service period"),
        Per::Month => ("月", "month"),
        Per::Quarter => ("季度", "quarter"),
        Per::Year => ("年", "year"),
    }
}

fn every(every: Every) -> (&'static str, &'static str) {
    match every {
        Every::Day => ("日", "day"),
        Every::Week => ("周", "week"),
        Every::Month => ("月", "month"),
        Every::Quarter => ("季度", "quarter"),
        Every::Year => ("年", "year"),
    }
}

fn window(window: Window) -> (&'static str, &'static str) {
    match window {
        Window::Period => ("服务期", "the service period"),
        Window::Statutory => ("法定节假日", "statutory holidays"),
        Window::DaysOff => ("放假日", "days off"),
        Window::WholeBreak => ("整个假期", "whole breaks"),
        Window::NonWorkdays => ("非工作日", "non-workdays"),
        Window::Events => ("重要活动", "declared events"),
    }
}

fn scope(text: &mut Sentence, scope: &OutageScope) {
    if !scope.systems.is_empty() {
        text.add(
            format!("系统 {}", scope.systems.join("、")),
            format!("systems {}", scope.systems.join(", ")),
        );
    }
    if let Some(id) = &scope.calendar {
        calendar(text, id);
    }
}

fn calendar(text: &mut Sentence, id: &str) {
    if id != ALWAYS {
        text.add(format!("服务时间 {id}"), format!("inside the hours {id}"));
    }
}

fn conditions(text: &mut Sentence, conditions: &Where) {
    for (field, values) in conditions {
        let values: Vec<String> =
            values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
        text.add(
            format!("仅 {field} = {}", values.join("、")),
            format!("only {field} = {}", values.join(", ")),
        );
    }
}

/// Kinds as a reader calls them.
fn list(kinds: &[KindFilter], lang: Lang) -> String {
    let name = |k: &KindFilter| match (kinds::find(&k.kind), lang) {
        (Some(kind), Lang::Zh) => kind.zh.to_owned(),
        _ => k.kind.clone(),
    };
    let names: Vec<String> = kinds.iter().map(name).collect();
    names.join(if lang == Lang::Zh { "、" } else { ", " })
}

fn limit(limit: Limit, lang: Lang) -> String {
    match (limit, lang) {
        (Limit::Elapsed(us), lang) => time(us, lang),
        (Limit::Workdays(n), Lang::Zh) => format!("{n} 个工作日"),
        (Limit::Workdays(n), Lang::En) => format!("{n} workdays"),
        (Limit::Months(n), Lang::Zh) => format!("{n} 个月"),
        (Limit::Months(n), Lang::En) => format!("{n} months"),
    }
}

fn within(within: &Within, lang: Lang) -> String {
    match within {
        Within::One(one) => limit(*one, lang),
        Within::By(table) => {
            let one = |(value, l): (&String, &Limit)| format!("{} {}", term(lang, value), limit(*l, lang));
            table.iter().map(one).collect::<Vec<_>>().join(if lang == Lang::Zh { "、" } else { ", " })
        }
    }
}
