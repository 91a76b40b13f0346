//! What the page's template sees: an assessment put into words. The template holds no decision beyond "is there one".

use super::chart::{self, Burn, Curve, Timeline};
use super::clocks::{self, Clocks, StreakView};
use super::record::{self, Record};
use super::words::{self, pick};
use super::{Options, Section};
use crate::assess::{Assessment, ClauseVerdict, Episode, Figure, OutageRow, Stamp, Status, View};
use crate::calendar::Zone;
use crate::contract::Contract;
use crate::error::{Code, Error, Lang, Result};
use crate::rules::RuleParams;
use crate::time::{Instant, Interval};
use chrono::Datelike;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// Runs of entry numbers that a clause shows.
const MOST_RUNS: usize = 12;

pub(super) fn render(
    a: &Assessment,
    contract: &Contract,
    outages: &[OutageRow],
    options: &Options<'_>,
) -> Result<String> {
    let failed = |e: minijinja::Error| Error::new(Code::Internal, format!("page: {e:#}"));
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?);
    env.add_template("page.html", TEMPLATE).map_err(failed)?;
    let template = env.get_template("page.html").map_err(failed)?;
    template.render(Serde(Page::new(a, contract, outages, options))).map_err(failed)
}

/// An instant for machines and for people.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Time {
    pub(super) exact: String,
    pub(super) text: String,
}

impl Time {
    pub(super) fn new(at: Instant, zone: Zone) -> Time {
        let exact = zone.format(at);
        // The offset stands in the head of the page; here it would only widen every column.
        let end = exact.get(19..).and_then(|rest| rest.find(['+', '-', 'Z'])).map_or(exact.len(), |i| i + 19);
        let text = exact[..end].replacen('T', " ", 1);
        Time { exact, text }
    }
}

/// The end of a stretch: what of its date the start says already is left out.
fn end_of(start: Instant, end: Instant, zone: Zone) -> Time {
    let time = Time::new(end, zone);
    let (from, to) = (zone.date(start), zone.date(end));
    let text = match time.text.split_once(' ') {
        Some((_, clock)) if from == to => clock.to_owned(),
        Some((_, clock)) if from.year() == to.year() => format!("{} {clock}", to.format("%m-%d")),
        _ => return time,
    };
    Time { text, ..time }
}

impl From<&Stamp> for Time {
    fn from(s: &Stamp) -> Time {
        Time::new(s.at, s.zone)
    }
}

/// A status as a coloured word.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Chip {
    name: &'static str,
    label: &'static str,
}

pub(super) fn chip(lang: Lang, s: Status) -> Chip {
    Chip { name: s.name(), label: words::status(lang, s) }
}

#[derive(Serialize)]
struct Page<'a> {
    css: &'static str,
    t: BTreeMap<&'static str, &'static str>,
    lang: &'static str,
    contract_id: &'a str,
    contract_title: &'a str,
    contract_sm3: &'a str,
    period: String,
    zone: String,
    view: &'static str,
    view_label: &'static str,
    as_of: Time,
    known_at: Time,
    head: Option<&'a crate::assess::HeadRef>,
    holidays: &'a [crate::assess::HolidayFile],
    status: Chip,
    summary: String,
    other_label: &'static str,
    clauses: Vec<ClauseView<'a>>,
    differs: bool,
    tiles: Vec<Tile>,
    burns: Vec<Burn>,
    breach: Option<Time>,
    forecast: Option<Time>,
    limit: Option<String>,
    timeline: Option<Timeline>,
    rows: Vec<OutageView<'a>>,
    episodes: Vec<EpisodeView>,
    outside: Vec<usize>,
    clocks: Vec<Clocks<'a>>,
    streaks: Vec<StreakView<'a>>,
    record: Record<'a>,
    sections: &'a [Section],
    commands: Vec<record::Command>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct ClauseView<'a> {
    id: &'a str,
    reference: Option<&'a str>,
    rule: &'static str,
    text: Option<&'a str>,
    sentence: &'a str,
    status: Chip,
    /// As it stands in the JSON document; empty for null.
    raw: String,
    value: Option<Shown>,
    limit: Option<Shown>,
    margin: Option<String>,
    breaches: i64,
    breached_at: Option<Time>,
    forecast: Option<Time>,
    assumed: bool,
    evidence: String,
    other: Option<OtherView>,
}

#[derive(Serialize)]
struct Shown {
    text: String,
    exact: Option<String>,
}

#[derive(Serialize)]
struct OtherView {
    status: Chip,
    value: Option<String>,
}

#[derive(Serialize)]
struct Tile {
    label: &'static str,
    value: String,
    note: String,
}

#[derive(Serialize)]
struct EpisodeView {
    start: Time,
    end: Option<Time>,
    duration: String,
    downtime: String,
    downtime_us: i64,
    class: &'static str,
    class_label: String,
    counted: bool,
    /// Positions in `rows`.
    rows: Vec<usize>,
}

#[derive(Serialize)]
struct OutageView<'a> {
    subject: &'a str,
    system: &'a str,
    start: Time,
    end: Option<Time>,
    duration: String,
    impact: &'a str,
    attribution: &'a str,
    cause: Option<&'a str>,
    counted: bool,
    /// Class of its episode, or `excluded`.
    class: &'static str,
    entry: u64,
}

impl<'a> Page<'a> {
    fn new(a: &'a Assessment, contract: &'a Contract, outages: &'a [OutageRow], o: &Options<'a>) -> Page<'a> {
        let (lang, zone) = (o.lang, contract.zone);
        let clauses: Vec<ClauseView<'a>> = a.clauses.iter().map(|c| clause(c, contract, o)).collect();
        let budget = budget_clause(a, contract);
        let curve = Curve {
            points: chart::curve_points(a, contract.period),
            limit: budget.and_then(|(_, max)| max),
            breached_at: budget.and_then(|(c, _)| c.breached_at).map(|s| s.at),
            forecast_at: budget.and_then(|(c, _)| c.forecast_breach_at).map(|s| s.at),
            as_of: a.as_of.at,
        };
        let detail = chart::detail_span(outages, contract.period, a.as_of.at, zone);
        let draw = |name, span: Interval| chart::burn(name, &curve, span, zone, lang);
        let burns = [Some(draw("period", contract.period)), detail.map(|span| draw("detail", span))];
        let episodes = episodes(a, outages, lang);
        let members: BTreeSet<usize> = episodes.iter().flat_map(|e| e.rows.iter().copied()).collect();
        let span = detail.unwrap_or(contract.period);
        Page {
            css: STYLE,
            t: words::words(lang),
            lang: pick(lang, "zh-CN", "en"),
            contract_id: &a.contract,
            contract_title: &contract.title,
            contract_sm3: &a.contract_sm3,
            period: format!(
                "{} {} {}",
                contract.period_dates.0,
                pick(lang, "至", "to"),
                contract.period_dates.1
            ),
            zone: zone_text(a.as_of),
            view: view_name(a.view),
            view_label: words::view(lang, a.view),
            as_of: (&a.as_of).into(),
            known_at: (&a.known_at).into(),
            head: a.head.as_ref(),
            holidays: &a.holidays,
            status: chip(lang, a.status),
            summary: summary(a, lang),
            other_label: o.other.map_or("", |other| words::view(lang, other.view)),
            differs: clauses.iter().any(|c| c.other.is_some()),
            clauses,
            tiles: tiles(a, lang),
            breach: curve.breached_at.map(|t| Time::new(t, zone)),
            forecast: curve.forecast_at.map(|t| Time::new(t, zone)),
            limit: curve.limit.map(|us| words::duration(lang, us)),
            burns: burns.into_iter().flatten().collect(),
            timeline: (!outages.is_empty()).then(|| chart::timeline(outages, span, a.as_of.at, zone)),
            rows: rows(a, outages, lang, zone),
            outside: (0..outages.len()).filter(|i| !members.contains(i)).collect(),
            episodes,
            clocks: clocks::clocks(a, contract, lang),
            streaks: clocks::streaks(a, lang),
            record: Record::new(a, o.entries, lang, zone),
            sections: o.sections,
            commands: record::commands(a, o),
            notes: record::notes(a, contract, lang),
        }
    }
}

/// The first clause on downtime of all systems over the whole period, with its limit: what the burn-down is drawn against.
pub(super) fn budget_clause<'a>(
    a: &'a Assessment,
    contract: &Contract,
) -> Option<(&'a ClauseVerdict, Option<i64>)> {
    let whole = |c: &&crate::contract::Clause| {
        matches!(&c.rule, RuleParams::Downtime(p)
            if p.scope.systems.is_empty() && p.scope.calendar.is_none() && p.scope.per == crate::rules::Per::Period)
    };
    let clause = contract.clauses.iter().find(whole)?;
    let RuleParams::Downtime(params) = &clause.rule else { return None };
    let verdict = a.clauses.iter().find(|v| v.id == clause.id)?;
    Some((verdict, Some(params.max)))
}

fn view_name(v: View) -> &'static str {
    match v {
        View::Agreed => "agreed",
        View::Claimed => "claimed",
    }
}

/// `Asia/Shanghai (+08:00)`.
pub(super) fn zone_text(at: Stamp) -> String {
    let exact = at.zone.format(at.at);
    let offset =
        exact.get(19..).and_then(|rest| rest.find(['+', '-', 'Z']).map(|i| &rest[i..])).unwrap_or("");
    format!("{} ({offset})", at.zone.name())
}

/// How many clauses stand how, the worst first.
pub(super) fn summary(a: &Assessment, lang: Lang) -> String {
    let order =
        [Status::Breached, Status::NoEvidence, Status::AtRisk, Status::Waived, Status::Met, Status::NotDue];
    let parts: Vec<String> = order
        .into_iter()
        .map(|s| (s, a.clauses.iter().filter(|c| c.status == s).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(s, n)| format!("{} {n}", words::status(lang, s)))
        .collect();
    let n = a.clauses.len();
    pick(lang, format!("共 {n} 条承诺：{}", parts.join("，")), format!("{n} promises: {}", parts.join(", ")))
}

fn raw(figure: Option<&Figure>) -> String {
    match figure {
        Some(Figure::Integer(n)) => n.to_string(),
        Some(Figure::Points(p)) => p.clone(),
        None => String::new(),
    }
}

fn clause<'a>(c: &'a ClauseVerdict, contract: &'a Contract, o: &Options<'a>) -> ClauseView<'a> {
    let lang = o.lang;
    let shown = |f: &Figure| Shown { text: words::figure(lang, f, c.unit), exact: words::exact(f, c.unit) };
    let other = o.other.and_then(|other| other.clauses.iter().find(|x| x.id == c.id));
    let other = other.filter(|x| (x.status, &x.value) != (c.status, &c.value));
    ClauseView {
        id: &c.id,
        reference: c.reference.as_deref(),
        rule: c.rule,
        text: contract.clauses.iter().find(|x| x.id == c.id).and_then(|x| x.text.as_deref()),
        sentence: pick(lang, &c.text_zh, &c.text_en),
        status: chip(lang, c.status),
        raw: raw(c.value.as_ref()),
        value: c.value.as_ref().map(shown),
        limit: c.limit.as_ref().map(shown),
        margin: c.margin.as_ref().map(|m| words::margin(lang, m, c.unit)),
        breaches: c.breaches,
        breached_at: c.breached_at.as_ref().map(Time::from),
        forecast: c.forecast_breach_at.as_ref().map(Time::from),
        assumed: c.assumed,
        evidence: words::entries(lang, &c.evidence, MOST_RUNS),
        other: other.map(|x| OtherView {
            status: chip(lang, x.status),
            value: x.value.as_ref().map(|f| words::figure(lang, f, x.unit)),
        }),
    }
}

fn tiles(a: &Assessment, lang: Lang) -> Vec<Tile> {
    let t = words::words(lang);
    let word = |name: &str| t.get(name).copied().unwrap_or_default();
    let tile = |name, value: String, note: &str| Tile { label: word(name), value, note: note.to_owned() };
    let o = &a.outages;
    let count = |n: i64| words::figure(lang, &Figure::Integer(n), Some("count"));
    let us = |n| words::duration(lang, n);
    let none = || "—".to_owned();
    vec![
        tile("long", count(o.long), ""),
        tile("short", count(o.short), ""),
        tile("pending", count(o.pending), ""),
        tile("downtime", us(o.downtime_us), ""),
        tile("planned", us(o.planned_us), ""),
        tile("unknown", us(o.unknown_us), ""),
        tile(
            "availability_elapsed",
            o.availability_elapsed.clone().unwrap_or_else(none),
            word("availability_elapsed_note"),
        ),
        tile(
            "availability_eligible",
            o.availability_eligible.clone().unwrap_or_else(none),
            word("availability_eligible_note"),
        ),
    ]
}

fn episodes(a: &Assessment, outages: &[OutageRow], lang: Lang) -> Vec<EpisodeView> {
    let position: BTreeMap<&str, usize> =
        outages.iter().enumerate().map(|(i, r)| (r.subject.as_str(), i)).collect();
    let view = |e: &Episode| EpisodeView {
        start: (&e.start).into(),
        end: (!e.open).then(|| end_of(e.start.at, e.end.at, e.end.zone)),
        duration: words::duration(lang, e.end.at - e.start.at),
        downtime: words::duration(lang, e.downtime_us),
        downtime_us: e.downtime_us,
        class: e.class,
        class_label: words::term(lang, e.class).to_owned(),
        counted: e.counted,
        rows: e.outages.iter().filter_map(|s| position.get(s.as_str()).copied()).collect(),
    };
    a.outages.episodes.iter().map(view).collect()
}

fn rows<'a>(a: &Assessment, outages: &'a [OutageRow], lang: Lang, zone: Zone) -> Vec<OutageView<'a>> {
    let mut class: BTreeMap<&str, &'static str> = BTreeMap::new();
    for e in &a.outages.episodes {
        class.extend(e.outages.iter().map(|s| (s.as_str(), e.class)));
    }
    let view = |r: &'a OutageRow| OutageView {
        subject: &r.subject,
        system: &r.system,
        start: Time::new(r.start, zone),
        end: r.end.map(|t| end_of(r.start, t, zone)),
        duration: words::duration(lang, r.end.unwrap_or(a.as_of.at) - r.start),
        impact: words::term(lang, &r.impact),
        attribution: words::term(lang, &r.attribution),
        cause: r.cause.as_deref(),
        counted: r.counted,
        class: if r.counted { class.get(r.subject.as_str()).copied().unwrap_or("none") } else { "excluded" },
        entry: r.entry,
    };
    outages.iter().map(view).collect()
}
