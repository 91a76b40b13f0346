//! `outage-count`: at most so many episodes of at least, or of less than, a downtime. A case is an episode; those beyond
//! `max`, in order, are breached. See the accounting page, outages 6 to 9.

use super::outages::{Place, current, evidence, first_outage, no_evidence, waives_open};
use super::{Cx, Finding, Rule, Totals, unit};
use crate::assess::Status;
use crate::books::lines::{Line, Lines};
use crate::contract::{Clause, Contract, Tools};

use crate::error::Lang;
use crate::time::{Instant, words};

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
    pub(crate) fn new(
        contract: &Contract,
        clause: &Clause,
        params: &Params,
        tools: &Tools,
        lines: &mut Lines,
    ) -> State {
        let threshold = Some(params.threshold.us());
        let place = Place::new(contract, clause, &params.scope, threshold, tools, lines);
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
