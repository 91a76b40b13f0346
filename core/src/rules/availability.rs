//! `availability`: at least so much of the time up, with tiers of credit. A case is a span. See the rules page, availability.

mod left_out;

use self::left_out::LeftOut;
use super::outages::{Place, ScopeKeys, evidence, no_evidence, spans};
use super::recurring::Every;
use super::units::calendar_name;
use super::{Cx, Finding, OutageScope, Per, Rule, Setup, Totals, unit, worst};
use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::document::{decimal_text, ratio};
use crate::assess::{Stamp, Status};
use crate::books::lines::Line;
use crate::books::watching::Watched;
use crate::contract::Decimal;
use crate::contract::parse::written::*;
use crate::error::Lang;
use crate::error::{Code, Result};
use crate::rules::say::{self, Listed, Said};
use crate::time::words;
use crate::time::{Instant, Interval, Micros};

tables! {
    /// availability: at least so much of the time up.
    struct Keys {
        ..scope: ScopeKeys,
        /// The least availability, "99.95%".
        "target" target: At<'a, PercentText>,
        /// What is divided by: eligible time (the default) or elapsed time.
        "basis" basis: Option<At<'a, BasisText>>,
        /// Credits; the lowest one reached holds.
        "tiers" tiers: Option<At<'a, Vec<At<'a, TierText<'a>>>>>,
        /// The fee of a span, fen.
        "fee_fen" fee_fen: Option<At<'a, FenText>>,
    }

    /// A credit.
    struct TierText {
        /// Availability below this reaches it.
        "below" below: At<'a, PercentText>,
        /// The part of the fee, "10%".
        "credit" credit: At<'a, PercentText>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        let mut tiers = Vec::new();
        for At { value: tier, .. } in self.tiers.into_iter().flat_map(|t| t.value) {
            let (credit, credit_text) = (tier.credit.value.part, tier.credit.value.text);
            tiers.push(Tier { below: tier.below.value.part, credit, credit_text });
        }
        if let Some(fee) = self.fee_fen.as_ref().filter(|_| tiers.is_empty()) {
            return fee.node.fail(
                Code::ContractValue,
                "a fee goes with tiers, [{ below = \"99.9%\", credit = \"10%\" }]",
                "fee_fen 须与 tiers 并用：[{ below = \"99.9%\", credit = \"10%\" }]",
            );
        }
        Ok(Params {
            scope: self.scope.scope(frame, Per::Month)?,
            target: self.target.value.part,
            basis: self.basis.map_or(Basis::Eligible, |b| b.value.0),
            tiers,
            fee_fen: self.fee_fen.map(|f| f.value.0),
        })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Which outages, and the span (default a month).
    pub scope: OutageScope,
    /// `target`, a part of one.
    pub target: Decimal,
    /// `basis`.
    pub basis: Basis,
    /// `tiers`.
    pub tiers: Vec<Tier>,
    /// `fee_fen`: the fee of a span.
    pub fee_fen: Option<i64>,
}

/// What downtime is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Elapsed minus planned minus unknown time.
    Eligible,
    /// Elapsed time.
    Elapsed,
}

/// A credit.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// `below`, a part of one.
    pub below: Decimal,
    /// `credit`, a part of the fee.
    pub credit: Decimal,
    /// As the contract writes it.
    pub credit_text: String,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        super::outages::KINDS.to_vec()
    }
    fn calendar(&self) -> Option<&str> {
        self.scope.calendar.as_deref()
    }
    fn words(&self) -> Sentence {
        let target = say::percent(self.target);
        let mut text = Sentence::new(
            format!("每{}可用率不低于 {target}", say::per(self.scope.per).0),
            format!("availability of at least {target}, each {}", say::per(self.scope.per).1),
        );
        say::scope(&mut text, &self.scope);
        text
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// Spans that have started, in order.
    pub spans: Vec<Span>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        self.spans.iter().map(span).collect()
    }
}

fn span(s: &Span) -> CaseLine {
    let mut note = Sentence::default();
    if let Some(a) = &s.availability {
        note.add(format!("可用率 {a}"), format!("availability {a}"));
    }
    let (down, allowed) = (s.downtime_us, s.allowed_us);
    note.add(
        format!("故障 {}，整段允许 {}", words(down, Lang::Zh), words(allowed, Lang::Zh)),
        format!("{} down, {} allowed in the whole span", words(down, Lang::En), words(allowed, Lang::En)),
    );
    if let Some(credit) = &s.credit {
        note.add(format!("抵扣 {credit}"), format!("credit {credit}"));
    }
    CaseLine { start: Some(s.start), end: Some(s.end), note, ..CaseLine::new(&s.span, Some(s.status)) }
}

/// One span.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Span {
    /// `2026-03`, `2026-Q1`, `2026`, `period`.
    pub span: String,
    /// Start.
    pub start: Stamp,
    /// End.
    pub end: Stamp,
    /// `met`, `breached`, `at-risk`, `running`, `waived`, `no-evidence`.
    pub status: Status,
    /// Downtime so far.
    pub downtime_us: Micros,
    /// What it is divided by, so far.
    pub divisor_us: Micros,
    /// Nine digits, half up; null with nothing to divide by.
    pub availability: Option<String>,
    /// What the whole span allows.
    pub allowed_us: Micros,
    /// The tier's text; null while it runs.
    pub credit: Option<String>,
    /// In fen, half up; null while it runs or without a fee.
    pub credit_fen: Option<i64>,
}

/// What is kept of a span.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figures {
    status: Status,
    finished: bool,
    down: Micros,
    /// Of the elapsed part.
    divisor: Micros,
    allowed: Micros,
    breached_at: Option<Instant>,
    forecast: Option<Instant>,
}

/// The spans.
pub(crate) struct State {
    params: Params,
    place: Place,
    names: Vec<String>,
    watched: Watched,
    /// None: `watched` is not known.
    watched_until: Option<Instant>,
    /// By span; of a basis of eligible time.
    left_out: Vec<LeftOut>,
    /// By span; none before it starts.
    figures: Result<Vec<Option<Figures>>>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let contract = setup.contract;
        let holds = setup.clause.holds.unwrap_or(contract.period);
        let mut spans = spans(contract, contract.period, params.scope.per);
        spans.retain(|s| holds.contains(s.start));
        let name = |s: &Interval| {
            let every = match params.scope.per {
                Per::Period => return "period".to_owned(),
                Per::Month => Every::Month,
                Per::Quarter => Every::Quarter,
                Per::Year => Every::Year,
            };
            calendar_name(every, contract.zone, s.start)
        };
        let names = spans.iter().map(name).collect();
        let eligible = spans.iter().filter(|_| params.basis == Basis::Eligible);
        let left_out = eligible.map(|span| LeftOut::new(*span)).collect();
        State {
            params: params.clone(),
            place: Place::of_spans(setup, &params.scope, spans, None),
            names,
            watched: Watched::default(),
            watched_until: None,
            left_out,
            figures: Ok(Vec::new()),
        }
    }

    fn figures(&self, cx: &Cx<'_>, line: &Line, span: usize, blind: bool) -> Result<Option<Figures>> {
        let Interval { start, end } = line.spans[span];
        if cx.as_of < start {
            return Ok(None);
        }
        let finished = end <= cx.as_of;
        let down = line.timeline.downtime(span);
        let elapsed = Interval::new(start, end.min(cx.as_of));
        let (before, all) = match self.left_out.get(span) {
            Some(left_out) => left_out.figures(line, cx.lines)?,
            None => (0, 0),
        };
        let divisor = line.hours_in(elapsed)? - before;
        let whole = if finished { divisor } else { line.hours_in(Interval::new(start, end))? - all };
        let allowed = rest(self.params.target, whole);
        let breached_at = line.timeline.downtime_breach(span, allowed);
        let waived = cx.waives(&self.names[span]);
        let status = match breached_at {
            Some(_) if waived => Status::Waived,
            Some(_) => Status::Breached,
            None if blind => Status::NoEvidence,
            None if finished => Status::Met,
            None if cx.warn.is_more_than(allowed - down, allowed) => Status::AtRisk,
            None => Status::Running,
        };
        let runs = !waived && breached_at.is_none() && !finished;
        let forecast = if runs { line.timeline.forecast_downtime(span, allowed) } else { None };
        Ok(Some(Figures { status, finished, down, divisor, allowed, breached_at, forecast }))
    }

    fn all(&self) -> impl Iterator<Item = (usize, &Figures)> {
        let spans = self.figures.iter().flatten().enumerate();
        spans.filter_map(|(i, f)| Some((i, f.as_ref()?)))
    }

    /// The lowest tier that a finished span reached.
    fn tier(&self, f: &Figures) -> Option<&Tier> {
        let up = f.divisor - f.down;
        let reached =
            self.params.tiers.iter().filter(|t| f.divisor > 0 && t.below.is_more_than(up, f.divisor));
        reached.min_by(|a, b| a.below.compare(b.below))
    }

    fn credit_fen(&self, f: &Figures) -> Option<i64> {
        let fee = self.params.fee_fen?;
        Some(self.tier(f).map_or(0, |tier| tier.credit.of_half_up(fee)))
    }

    fn in_fen(&self) -> bool {
        self.params.fee_fen.is_some() && !self.params.tiers.is_empty()
    }
}

/// From where two sets begin to differ to the end of either.
fn difference(a: &[Interval], b: &[Interval]) -> Option<Interval> {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let rest = a[same..].iter().chain(&b[same..]);
    rest.copied().reduce(|x, y| Interval::new(x.start.min(y.start), x.end.max(y.end)))
}

/// `(1 - target) * whole`, rounded down.
fn rest(target: Decimal, whole: Micros) -> Micros {
    let one = 10i128.pow(u32::from(target.scale));
    let left = (one - i128::from(target.mantissa)) * i128::from(whole) / one;
    // A part of `whole`, which fits.
    i64::try_from(left).unwrap_or(i64::MAX)
}

impl Rule for State {
    fn watch(&mut self, _cx: &Cx<'_>) {
        self.watched_until = None;
    }

    fn advance(&mut self, cx: &Cx<'_>) {
        let line = match self.place.line(cx.lines) {
            Ok((line, _)) => line,
            Err(e) => {
                self.figures = Err(e);
                return;
            }
        };
        let mut changed = cx.lines.changed().to_vec();
        if self.watched_until.is_none_or(|until| until <= cx.as_of) {
            let watched = cx.books.watching.now(&cx.lens, cx.as_of, &line.systems);
            changed.extend(difference(&self.watched.unknown, &watched.unknown));
            self.watched_until = Some(watched.next.unwrap_or(Instant::MAX));
            self.watched = watched;
        }
        for left_out in &mut self.left_out {
            if let Err(e) = left_out.measure(line, cx.lines, &self.watched, cx.as_of, &changed) {
                self.figures = Err(e);
                return;
            }
        }
        let blind = no_evidence(cx, line, self.params.scope.max_unknown);
        let spans = 0..line.spans.len();
        self.figures = spans.map(|span| self.figures(cx, line, span, blind)).collect();
    }

    fn totals(&self, _cx: &Cx<'_>) -> Totals {
        let breached = || self.all().filter(|(_, f)| f.status == Status::Breached);
        let breaches = i64::try_from(breached().count()).unwrap_or(i64::MAX);
        let breached_at = breached().filter_map(|(_, f)| f.breached_at).min();
        let kept = self.all().filter(|(_, f)| f.finished && f.status != Status::Waived);
        let fen: i64 = kept.filter_map(|(_, f)| self.credit_fen(f)).sum();
        let in_fen = self.in_fen();
        let forecast = self.all().filter_map(|(_, f)| f.forecast).min();
        Totals {
            status: match &self.figures {
                Ok(_) => worst(self.all().map(|(_, f)| f.status)),
                Err(_) => Status::NoEvidence,
            },
            value: self.figures.as_ref().ok().map(|_| if in_fen { fen } else { breaches }),
            limit: Some(0),
            unit: if in_fen { unit::FEN } else { unit::COUNT },
            scale: 0,
            breaches,
            breached_at,
            forecast: forecast.filter(|_| breaches == 0),
        }
    }

    fn sentence(&self, _cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let target =
            decimal_text(self.params.target.mantissa, u32::from(self.params.target.scale.saturating_sub(2)));
        let ended = self.all().filter(|(_, f)| f.finished).count();
        let below = totals.breaches;
        let mut zh = format!("可用性不低于 {target}%：已结束 {ended} 段，不达标 {below} 段");
        let mut en = format!("at least {target}% available: {ended} spans ended, {below} below");
        let empty = self.all().filter(|(_, f)| f.finished && f.divisor == 0).count();
        if empty > 0 {
            zh.push_str(&format!("；{empty} 段无可计时间，按达标计"));
            en.push_str(&format!("; {empty} had no time to count and are met"));
        }
        if let Some(fen) = totals.value.filter(|_| self.in_fen()) {
            let yuan = decimal_text(fen, 2);
            zh.push_str(&format!("；服务抵扣 {yuan} 元"));
            en.push_str(&format!("; service credits {yuan} yuan"));
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<super::Detail> {
        let (line, _) = self.place.line(cx.lines).ok()?;
        let tiered = !self.params.tiers.is_empty();
        let span = |(i, f): (usize, &Figures)| {
            let credit = || self.tier(f).map_or_else(|| "0%".to_owned(), |tier| tier.credit_text.clone());
            Some(Span {
                span: self.names[i].clone(),
                start: cx.stamp(Some(line.spans[i].start))?,
                end: cx.stamp(Some(line.spans[i].end))?,
                status: f.status,
                downtime_us: f.down,
                divisor_us: f.divisor,
                availability: ratio(f.divisor - f.down, f.divisor),
                allowed_us: f.allowed,
                credit: (f.finished && tiered).then(credit),
                credit_fen: if f.finished && tiered { self.credit_fen(f) } else { None },
            })
        };
        Some(super::Detail::Availability(Detail { spans: self.all().filter_map(span).collect() }))
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        self.place.line(cx.lines).map_or_else(|_| Vec::new(), |(line, _)| evidence(cx, line))
    }
    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        match &self.figures {
            Ok(_) => super::outage_count::findings(cx, &self.place),
            Err(e) => vec![Finding::new(None, e.code(), &cx.clause.id, e.detail())],
        }
    }
    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        let breached = self.all().filter(|(_, f)| f.status == Status::Breached);
        let mut at: Vec<Instant> = breached.filter_map(|(_, f)| f.breached_at).collect();
        at.sort_unstable();
        at
    }
}
