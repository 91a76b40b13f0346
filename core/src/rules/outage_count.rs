//! `outage-count`: at most so many episodes of at least, or of less than, a downtime. A case is an episode; those beyond
//! `max`, in order, are breached. See the accounting page, outages 6 to 9.

use super::outages::{Place, ScopeKeys, current, evidence, first_outage, no_evidence, waives_open};
use super::{Cx, Finding, Per, Rule, Setup, Totals, unit};
use crate::assess::Status;
use crate::assess::cases::Sentence;
use crate::books::lines::Line;
use crate::contract::parse::written::*;
use crate::error::{Code, Lang, Result};
use crate::rules::say::{self, Said};
use crate::time::{Instant, words};

tables! {
    /// outage-count: at most so many episodes of a class. One of `at_least` and `below`.
    struct Keys {
        ..scope: ScopeKeys,
        /// Episodes of at least this downtime.
        "at_least" at_least: Option<At<'a, Elapsed>>,
        /// Episodes of less than this downtime.
        "below" below: Option<At<'a, Elapsed>>,
        /// So many keep the promise.
        "max" max: At<'a, Count>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, clause: &Node<'a>) -> Result<Params> {
        Ok(Params {
            threshold: threshold(&self, clause)?,
            max: self.max.value.0,
            scope: self.scope.scope(frame, Per::Period)?,
        })
    }
}

fn threshold(own: &Keys<'_>, clause: &Node<'_>) -> Result<Threshold> {
    let threshold = match (&own.at_least, &own.below) {
        (Some(t), None) => (t, Threshold::AtLeast(t.value.0)),
        (None, Some(t)) => (t, Threshold::Below(t.value.0)),
        (Some(_), Some(below)) => {
            return below.node.fail(
                Code::ContractValue,
                "either at_least or below; two classes are two clauses",
                "at_least 与 below 只能写一个；两类故障请写成两条条款",
            );
        }
        (None, None) => {
            return clause.fail(
                Code::ContractMissing,
                "add at_least = \"1h\" (long outages) or below = \"1h\" (short ones)",
                "请补充 at_least = \"1h\"（长故障）或 below = \"1h\"（短故障）",
            );
        }
    };
    if threshold.0.value.0 == 0 { positive(&threshold.0.node) } else { Ok(threshold.1) }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Which outages.
    pub scope: super::OutageScope,
    /// Which episodes.
    pub threshold: Threshold,
    /// `max`: so many keep the promise.
    pub max: i64,
}

/// `at_least` or `below`, microseconds of an episode's downtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Long episodes.
    AtLeast(i64),
    /// Short episodes: closed, above zero.
    Below(i64),
}

impl Threshold {
    fn us(self) -> i64 {
        match self {
            Threshold::AtLeast(us) | Threshold::Below(us) => us,
        }
    }
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        super::outages::KINDS.to_vec()
    }
    fn calendar(&self) -> Option<&str> {
        self.scope.calendar.as_deref()
    }
    fn words(&self) -> Sentence {
        let (us, zh, en) = match self.threshold {
            Threshold::AtLeast(us) => (us, "及以上", "or more"),
            Threshold::Below(us) => (us, "以内", "or less, closed"),
        };
        let mut text = Sentence::new(
            format!(
                "每{}故障时间 {}{zh}的故障不多于 {} 次",
                say::per(self.scope.per).0,
                say::zh_time(us),
                self.max
            ),
            format!(
                "at most {} outages of {} {en}, each {}",
                self.max,
                say::en_time(us),
                say::per(self.scope.per).1
            ),
        );
        say::scope(&mut text, &self.scope);
        text
    }
}

/// Where the clause looks.
pub(crate) struct State {
    params: Params,
    place: Place,
}

/// One span's figures.
#[derive(Clone, Copy)]
struct Span {
    count: i64,
    breaches: i64,
    breached_at: Option<Instant>,
    waived: bool,
    forecast: Option<Instant>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let place = Place::new(setup, &params.scope, Some(params.threshold.us()));
        State { params: params.clone(), place }
    }

    fn span(&self, cx: &Cx<'_>, line: &Line, threshold: usize, span: usize) -> Span {
        let (timeline, max) = (&line.timeline, self.params.max);
        let counts = timeline.counts(span, threshold);
        let (count, reached, forecast) = match self.params.threshold {
            Threshold::AtLeast(_) => (
                counts.long,
                timeline.long_breach(span, threshold, max),
                timeline.forecast_long(span, threshold, max),
            ),
            Threshold::Below(_) => (
                counts.short,
                timeline.short_breach(span, threshold, max),
                timeline.forecast_short(span, threshold, max),
            ),
        };
        let mut found =
            Span { count, breaches: (count - max).max(0), breached_at: reached, waived: false, forecast };
        if found.breaches > 0 && !cx.waived.is_empty() {
            let kept = self.not_waived(cx, line, threshold, span);
            found.waived = kept.is_empty();
            found.breaches = i64::try_from(kept.len()).unwrap_or(i64::MAX);
            found.breached_at = kept.first().copied();
        }
        found
    }

    /// The instants of the breached episodes that no waiver names.
    fn not_waived(&self, cx: &Cx<'_>, line: &Line, threshold: usize, span: usize) -> Vec<Instant> {
        let (timeline, max) = (&line.timeline, self.params.max);
        let episodes = timeline.episodes(line.spans[span]);
        let counted = episodes.iter().filter(|e| e.first_down.is_some_and(|t| line.spans[span].contains(t)));
        let of_class = counted.filter(|e| match self.params.threshold {
            Threshold::AtLeast(us) => e.downtime >= us,
            Threshold::Below(us) => !e.open && e.downtime < us,
        });
        let beyond = of_class.zip(0..).filter(|(_, n)| *n >= max);
        let kept = beyond.filter(|(e, _)| !cx.waives(first_outage(cx, e)));
        // The n-th breach is the breach of a limit of n.
        kept.filter_map(|(_, n)| match self.params.threshold {
            Threshold::AtLeast(_) => timeline.long_breach(span, threshold, n),
            Threshold::Below(_) => timeline.short_breach(span, threshold, n),
        })
        .collect()
    }
}

impl Rule for State {
    fn totals(&self, cx: &Cx<'_>) -> Totals {
        let mut totals = Totals {
            status: Status::NoEvidence,
            value: None,
            limit: Some(self.params.max),
            unit: unit::COUNT,
            scale: 0,
            breaches: 0,
            breached_at: None,
            forecast: None,
        };
        let Ok((line, threshold)) = self.place.line(cx.lines) else { return totals };
        let spans = (0..line.spans.len()).map(|span| self.span(cx, line, threshold, span));
        let mut waived = false;
        let mut forecast: Option<Instant> = None;
        for span in spans {
            totals.value = totals.value.max(Some(span.count));
            totals.breaches += span.breaches;
            totals.breached_at = totals.breached_at.into_iter().chain(span.breached_at).min();
            waived |= span.waived;
            forecast = forecast.into_iter().chain(span.forecast).min();
        }
        let breached = totals.breaches > 0;
        totals.forecast = forecast.filter(|_| !breached && !waives_open(cx, line));
        totals.status = match () {
            () if breached => Status::Breached,
            () if no_evidence(cx, line, self.params.scope.max_unknown) => Status::NoEvidence,
            () if totals.forecast.is_some() => Status::AtRisk,
            () if waived => Status::Waived,
            () => Status::Met,
        };
        totals
    }

    fn sentence(&self, cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let max = self.params.max;
        let threshold = self.params.threshold.us();
        let (hours_zh, hours_en) = (words(threshold, Lang::Zh), words(threshold, Lang::En));
        let (class_zh, class_en) = match self.params.threshold {
            Threshold::AtLeast(_) => (format!("{hours_zh}及以上"), format!("of {hours_en} or more")),
            Threshold::Below(_) => (format!("{hours_zh}以内"), format!("under {hours_en}")),
        };
        let count = totals.value.unwrap_or_default();
        let mut zh = format!("{class_zh}的故障 {count} 次，限 {max} 次");
        let mut en = format!("{count} outages {class_en}; at most {max}");
        if let Ok((line, threshold)) = self.place.line(cx.lines) {
            let span = current(&line.spans, cx.as_of);
            let pending = line.timeline.counts(span, threshold).pending;
            if pending > 0 {
                zh.push_str("；另有 1 次仍在进行，类别未定");
                en.push_str("; one more is still open, its class undecided");
            }
        }
        (zh, en)
    }

    fn breach_instants(&self, cx: &Cx<'_>) -> Vec<Instant> {
        let Ok((line, threshold)) = self.place.line(cx.lines) else { return Vec::new() };
        let spans = 0..line.spans.len();
        let mut at: Vec<Instant> =
            spans.flat_map(|span| self.not_waived(cx, line, threshold, span)).collect();
        at.sort_unstable();
        at
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        self.place.line(cx.lines).map_or_else(|_| Vec::new(), |(line, _)| evidence(cx, line))
    }

    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        findings(cx, &self.place)
    }
}

/// What is wrong with the hours of a clause on outages.
pub(super) fn findings(cx: &Cx<'_>, place: &Place) -> Vec<Finding> {
    let about = |e: &crate::error::Error| vec![Finding::new(None, e.code(), &cx.clause.id, e.detail())];
    match place.line(cx.lines) {
        Ok((line, _)) => line.timeline.fault().map_or_else(Vec::new, about),
        Err(e) => about(&e),
    }
}
