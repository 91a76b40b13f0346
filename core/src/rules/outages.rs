//! What the two rules on outages share: their line, their spans, and when there is no evidence.

use super::{Cx, OutageScope, Per, Setup};
use crate::books::lines::{Line, Lines};
use crate::books::timeline::EpisodeView;
use crate::books::{Books, Item, Lens};
use crate::calendar::Date;
use crate::contract::Contract;
use crate::contract::parse::written::*;
use crate::error::{Error, Result};
use crate::time::{Instant, Interval, Micros};
use chrono::{Datelike, Months};

tables! {
    /// Which outages a clause looks at.
    struct ScopeKeys {
        /// Systems (default: all).
        "systems" systems: Option<At<'a, OneOrMany<'a, Text>>>,
        /// Only downtime inside these service hours counts (default 7x24).
        "calendar" calendar: Option<At<'a, Text>>,
        /// What the limit holds for (default period).
        "per" per: Option<At<'a, PerText>>,
        /// Unknown time beyond which there is no verdict (default: none).
        "max_unknown" max_unknown: Option<At<'a, Elapsed>>,
    }
}

impl ScopeKeys<'_> {
    /// `per`: where the clause does not say.
    pub(super) fn scope(self, frame: &Frame<'_>, per: Per) -> Result<OutageScope> {
        Ok(OutageScope {
            systems: many(self.systems),
            calendar: self.calendar.map(|c| frame.calendar(c)).transpose()?,
            per: self.per.map_or(per, |p| p.value.0),
            max_unknown: self.max_unknown.map(|m| m.value.0),
        })
    }
}

/// The kinds that the outages and what is taken from them come from.
pub(super) const KINDS: [&str; 6] =
    ["outage.start", "outage.end", "outage.amend", "outage.void", "maintenance.approve", "exclusion.approve"];

/// A clause's place among the lines.
pub(super) struct Place {
    line: Result<(usize, usize)>,
}

impl Place {
    pub(super) fn new(setup: &mut Setup<'_>, scope: &OutageScope, threshold: Option<Micros>) -> Place {
        let spans = spans(setup.contract, setup.clause.holds.unwrap_or(setup.contract.period), scope.per);
        Place::of_spans(setup, scope, spans, threshold)
    }
    pub(super) fn of_spans(
        setup: &mut Setup<'_>,
        scope: &OutageScope,
        spans: Vec<Interval>,
        threshold: Option<Micros>,
    ) -> Place {
        let Setup { tools, lines, .. } = setup;
        let calendar = scope.calendar.as_deref().map(|name| (name, tools.calendar(name)));
        Place { line: lines.line(&scope.systems, calendar, spans, threshold) }
    }
    /// The line, and the place of the threshold in it.
    ///
    /// # Errors
    /// What is wrong with the clause's calendar.
    pub(super) fn line<'a>(&self, lines: &'a Lines) -> Result<(&'a Line, usize)> {
        match &self.line {
            Ok((line, threshold)) => Ok((&lines.list[*line], *threshold)),
            Err(e) => Err(Error::new(e.code(), e.detail())),
        }
    }
}

/// The stretches a limit holds for: calendar units clipped to `whole`.
pub(crate) fn spans(contract: &Contract, whole: Interval, per: Per) -> Vec<Interval> {
    let zone = contract.zone;
    let months = match per {
        Per::Period => return vec![whole],
        Per::Month => 1,
        Per::Quarter => 3,
        Per::Year => 12,
    };
    let first = zone.date(whole.start);
    let month = first.month0() / months * months;
    let Some(mut unit) = Date::from_ymd_opt(first.year(), month + 1, 1) else { return vec![whole] };
    let mut spans = Vec::new();
    while let Some(next) = unit.checked_add_months(Months::new(months)) {
        let span = Interval::new(zone.midnight(unit), zone.midnight(next)).clip(whole);
        if span.start >= whole.end {
            break;
        }
        spans.push(span);
        unit = next;
    }
    spans
}

/// Why there is no evidence, if so: nobody watched and no outage is known, too much is unknown, or the hours are.
pub(super) fn no_evidence(cx: &Cx<'_>, line: &Line, max_unknown: Option<Micros>) -> bool {
    if line.timeline.fault().is_some() {
        return true;
    }
    if line.present == 0 && !cx.contract.accounting.assume_watched && !watched(cx, line) {
        return true;
    }
    let Some(max) = max_unknown else { return false };
    let watched = cx.books.watching.now(&cx.lens, cx.as_of, &line.systems);
    let unknown = |span: &Interval| line.unknown(cx.lines, &watched, *span, cx.as_of).unwrap_or(Micros::MAX);
    line.spans.iter().any(|span| unknown(span) > max)
}

fn watched(cx: &Cx<'_>, line: &Line) -> bool {
    if cx.books.watching.is_empty() {
        return false;
    }
    let watched = cx.books.watching.now(&cx.lens, cx.as_of, &line.systems).watched;
    let any = |span: &Interval| watched.iter().any(|w| !w.clip(*span).is_empty());
    line.spans.iter().any(any)
}

/// The span that holds `as_of`; before the first, the first; after the last, the last.
pub(super) fn current(spans: &[Interval], as_of: Instant) -> usize {
    spans.partition_point(|s| s.end <= as_of).min(spans.len().saturating_sub(1))
}

/// The entries behind the episodes that count in the clause's spans.
pub(super) fn evidence(cx: &Cx<'_>, line: &Line) -> Vec<u64> {
    let mut seqs = Vec::new();
    for span in &line.spans {
        for episode in line.timeline.episodes(*span) {
            seqs.extend(episode_evidence(cx.books, cx.lines, &cx.lens, cx.as_of, &episode));
        }
    }
    if seqs.is_empty() {
        seqs = cx.books.watching.now(&cx.lens, cx.as_of, &line.systems).evidence;
    }
    seqs
}

/// The entries behind an episode: what was stated of its outages, and the windows that took time from it.
pub(crate) fn episode_evidence(
    books: &Books,
    lines: &Lines,
    lens: &Lens<'_>,
    as_of: Instant,
    episode: &EpisodeView,
) -> Vec<u64> {
    let mut seqs = Vec::new();
    for id in &episode.members {
        let entries = books.outages.case(*id).entries(lens);
        seqs.extend(entries.iter().filter(|(_, kind, at, _)| super::acts(kind, *at, as_of)).map(|e| e.0));
    }
    for id in lines.windows_in(Interval::new(episode.start, episode.end)) {
        let items = books.windows.case(id).items();
        let there = |i: &&Item| lens.sees_item(i) && super::acts(i.kind, i.at, as_of);
        seqs.extend(items.filter(there).map(|i| i.seq));
    }
    seqs.sort_unstable();
    seqs.dedup();
    seqs
}

/// A waiver of the clause, or of the episode that is open, holds: whatever comes of it breaks nothing.
pub(super) fn waives_open(cx: &Cx<'_>, line: &Line) -> bool {
    let around = Interval::new(cx.as_of.saturating_sub(1), cx.as_of.saturating_add(1));
    cx.waived.all
        || (!cx.waived.is_empty()
            && line.timeline.episodes(around).iter().any(|e| e.open && cx.waives(first_outage(cx, e))))
}

/// The subject of an episode's first outage: what a waiver names.
pub(super) fn first_outage<'a>(cx: &Cx<'a>, episode: &EpisodeView) -> &'a str {
    episode.members.first().map_or("", |id| cx.books.outages.subject(*id))
}
