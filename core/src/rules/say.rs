//! Rules in words: what each says of itself and of its cases, and the pieces that they share.

use super::coverage::Window;
use super::recurring::Every;
use super::{OutageScope, Per};
use crate::assess::cases::{CaseLine, Sentence};
use crate::contract::parse::top::ALWAYS;
use crate::contract::{KindFilter, Limit, Where, Within};
use crate::error::Lang;
use crate::facts::terms::term;
use crate::time::{DAY, Micros, words};

/// What the parameters of a rule say of themselves.
pub(crate) trait Said {
    /// The kinds of facts that decide a clause; empty for one that is made of other clauses.
    fn kinds(&self) -> Vec<&str>;
    /// The service hours that it names or takes.
    fn calendar(&self) -> Option<&str>;
    /// The rule with its parameters.
    fn words(&self) -> Sentence;
}

/// What the detail of a rule says of its cases.
pub(crate) trait Listed {
    /// In one shape whatever the rule, in the detail's order.
    fn cases(&self) -> Vec<CaseLine>;
}

pub(crate) fn watched(lang: Lang) -> &'static str {
    if lang == Lang::Zh { "监测" } else { "watched" }
}

pub(crate) fn zh_time(us: Micros) -> String {
    time(us, Lang::Zh)
}
pub(crate) fn en_time(us: Micros) -> String {
    time(us, Lang::En)
}

/// A length of time as contracts write it: whole days from three on.
pub(crate) fn time(us: Micros, lang: Lang) -> String {
    if us >= 3 * DAY && us % DAY == 0 {
        return format!("{} {}", us / DAY, if lang == Lang::Zh { "天" } else { "d" });
    }
    words(us, lang)
}

pub(crate) fn decimal(d: crate::contract::Decimal) -> String {
    crate::assess::document::decimal_text(d.mantissa, u32::from(d.scale))
}

/// A part of one as a percentage.
pub(crate) fn percent(d: crate::contract::Decimal) -> String {
    let hundredfold =
        d.mantissa.checked_mul(100).map(|m| crate::assess::document::decimal_text(m, u32::from(d.scale)));
    hundredfold.map_or_else(|| decimal(d), |text| format!("{text}%"))
}

pub(crate) fn per(per: Per) -> (&'static str, &'static str) {
    match per {
        Per::Period => ("服务期", "service period"),
        Per::Month => ("月", "month"),
        Per::Quarter => ("季度", "quarter"),
        Per::Year => ("年", "year"),
    }
}

pub(crate) fn every(every: Every) -> (&'static str, &'static str) {
    match every {
        Every::Day => ("日", "day"),
        Every::Week => ("周", "week"),
        Every::Month => ("月", "month"),
        Every::Quarter => ("季度", "quarter"),
        Every::Year => ("年", "year"),
    }
}

pub(crate) fn window(window: Window) -> (&'static str, &'static str) {
    match window {
        Window::Period => ("服务期", "the service period"),
        Window::Statutory => ("法定节假日", "statutory holidays"),
        Window::DaysOff => ("放假日", "days off"),
        Window::WholeBreak => ("整个假期", "whole breaks"),
        Window::NonWorkdays => ("非工作日", "non-workdays"),
        Window::Events => ("重要活动", "declared events"),
    }
}

pub(crate) fn scope(text: &mut Sentence, scope: &OutageScope) {
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

pub(crate) fn calendar(text: &mut Sentence, id: &str) {
    if id != ALWAYS {
        text.add(format!("服务时间 {id}"), format!("inside the hours {id}"));
    }
}

pub(crate) fn conditions(text: &mut Sentence, conditions: &Where) {
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
pub(crate) fn kinds(kinds: &[KindFilter], lang: Lang) -> String {
    let name = |k: &KindFilter| match (crate::facts::kinds::find(&k.kind), lang) {
        (Some(kind), Lang::Zh) => kind.zh.to_owned(),
        _ => k.kind.clone(),
    };
    let names: Vec<String> = kinds.iter().map(name).collect();
    names.join(if lang == Lang::Zh { "、" } else { ", " })
}

pub(crate) fn limit(limit: Limit, lang: Lang) -> String {
    match (limit, lang) {
        (Limit::Elapsed(us), lang) => time(us, lang),
        (Limit::Workdays(n), Lang::Zh) => format!("{n} 个工作日"),
        (Limit::Workdays(n), Lang::En) => format!("{n} workdays"),
        (Limit::Months(n), Lang::Zh) => format!("{n} 个月"),
        (Limit::Months(n), Lang::En) => format!("{n} months"),
    }
}

pub(crate) fn within(within: &Within, lang: Lang) -> String {
    match within {
        Within::One(one) => limit(*one, lang),
        Within::By(table) => {
            let one = |(value, l): (&String, &Limit)| format!("{} {}", term(lang, value), limit(*l, lang));
            table.iter().map(one).collect::<Vec<_>>().join(if lang == Lang::Zh { "、" } else { ", " })
        }
    }
}
