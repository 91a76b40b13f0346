//! `downtime`: at most so much downtime in all. A case is a span. See the accounting page, outages 8 to 10.

use super::outage_count::findings;
use super::outages::{Place, ScopeKeys, evidence, first_outage, no_evidence, waives_open};
use super::{Cx, Finding, Per, Rule, Setup, Totals, unit};
use crate::assess::Status;
use crate::assess::cases::Sentence;
use crate::books::lines::Line;
use crate::contract::parse::written::*;
use crate::error::{Lang, Result};
use crate::rules::say::{self, Said};
use crate::time::{Instant, Micros, words};

tables! {
    /// downtime: at most so much in all.
    struct Keys {
        ..scope: ScopeKeys,
        /// Exactly so much keeps the promise.
        "max" max: At<'a, Elapsed>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        Ok(Params { max: self.max.value.0, scope: self.scope.scope(frame, Per::Period)? })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Which outages.
    pub scope: super::OutageScope,
    /// `max`: exactly so much keeps the promise, microseconds.
    pub max: i64,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        super::outages::KINDS.to_vec()
    }
    fn calendar(&self) -> Option<&str> {
        self.scope.calendar.as_deref()
    }
    fn words(&self) -> Sentence {
        let mut text = Sentence::new(
            format!("每{}累计故障时间不超过 {}", say::per(self.scope.per).0, say::zh_time(self.max)),
            format!("at most {} of downtime, each {}", say::en_time(self.max), say::per(self.scope.per).1),
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

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let place = Place::new(setup, &params.scope, None);
        State { params: params.clone(), place }
    }

    /// What each span has beyond the limit and no waiver takes, in order.
    fn beyond<'a>(&'a self, cx: &'a Cx<'_>) -> impl Iterator<Item = (&'a Line, usize, Micros)> + 'a {
        let line = self.place.line(cx.lines).ok().map(|(line, _)| line);
        let spans = line.into_iter().flat_map(|line| (0..line.spans.len()).map(move |span| (line, span)));
        spans.filter_map(|(line, span)| {
            let at = line.timeline.downtime_breach(span, self.params.max)?;
            let beyond = line.timeline.downtime(span) - self.params.max;
            (!self.waived(cx, line, span, at)).then_some((line, span, beyond))
        })
    }

    /// A waiver names no case, or the first outage of the episode in which the limit was passed.
    fn waived(&self, cx: &Cx<'_>, line: &Line, span: usize, at: Instant) -> bool {
        cx.waived.all
            || (!cx.waived.is_empty()
                && line
                    .timeline
                    .episodes(line.spans[span])
                    .iter()
                    .any(|e| e.start <= at && at < e.end && cx.waives(first_outage(cx, e))))
    }
}

impl Rule for State {
    fn totals(&self, cx: &Cx<'_>) -> Totals {
        let max = self.params.max;
        let mut totals = Totals {
            status: Status::NoEvidence,
            value: None,
            limit: Some(max),
            unit: unit::US,
            scale: 0,
            breaches: 0,
            breached_at: None,
            forecast: None,
        };
        let Ok((line, _)) = self.place.line(cx.lines) else { return totals };
        let (mut waived, mut warned) = (false, false);
        let mut forecast: Option<Instant> = None;
        for span in 0..line.spans.len() {
            let down = line.timeline.downtime(span);
            totals.value = totals.value.max(Some(down));
            match line.timeline.downtime_breach(span, max) {
                Some(at) if self.waived(cx, line, span, at) => waived = true,
                Some(at) => {
                    totals.breaches += 1;
                    totals.breached_at = totals.breached_at.into_iter().chain([at]).min();
                }
                None => {
                    forecast = forecast.into_iter().chain(line.timeline.forecast_downtime(span, max)).min();
                    warned |= cx.warn.is_more_than(max - down, max);
                }
            }
        }
        let breached = totals.breaches > 0;
        totals.forecast = forecast.filter(|_| !breached && !waives_open(cx, line));
        totals.status = match () {
            () if breached => Status::Breached,
            () if no_evidence(cx, line, self.params.scope.max_unknown) => Status::NoEvidence,
            () if totals.forecast.is_some() || warned => Status::AtRisk,
            () if waived => Status::Waived,
            () => Status::Met,
        };
        totals
    }

    fn sentence(&self, _cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let (value, max) = (totals.value.unwrap_or_default(), self.params.max);
        let left = max - value;
        let (left_zh, left_en) = if left >= 0 {
            (format!("尚余 {}", words(left, Lang::Zh)), format!("{} left", words(left, Lang::En)))
        } else {
            (format!("超出 {}", words(-left, Lang::Zh)), format!("{} too much", words(-left, Lang::En)))
        };
        let zh = format!("累计故障时间 {}，限 {}，{left_zh}", words(value, Lang::Zh), words(max, Lang::Zh));
        let en =
            format!("{} of downtime; at most {}; {left_en}", words(value, Lang::En), words(max, Lang::En));
        (zh, en)
    }

    fn breach_instants(&self, cx: &Cx<'_>) -> Vec<Instant> {
        let max = self.params.max;
        let breaches = self.beyond(cx).filter_map(|(line, span, _)| line.timeline.downtime_breach(span, max));
        let mut at: Vec<Instant> = breaches.collect();
        at.sort_unstable();
        at
    }

    fn excess(&self, cx: &Cx<'_>) -> Micros {
        self.beyond(cx).map(|(.., beyond)| beyond).sum()
    }

    fn excess_passes(&self, cx: &Cx<'_>, us: Micros) -> Option<Instant> {
        let mut before = 0;
        for (line, span, beyond) in self.beyond(cx) {
            if before + beyond > us {
                return line.timeline.downtime_breach(span, self.params.max + us - before);
            }
            before += beyond;
        }
        None
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        self.place.line(cx.lines).map_or_else(|_| Vec::new(), |(line, _)| evidence(cx, line))
    }

    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        findings(cx, &self.place)
    }
}
