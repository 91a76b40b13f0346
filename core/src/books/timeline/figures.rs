//! What a timeline answers at its `as_of`. Each figure of a span costs O(log n), whatever the number of outages;
//! lists cost what they hold.

use super::super::episodes::{Episode, reach_in};
use super::super::settled::Measure;
use super::{Counts, EpisodeView, Live, Timeline};
use crate::error::Error;
use crate::time::{Instant, Interval, Micros, OPEN};

impl Timeline {
    /// Why some downtime is not known: the first episode's that needs a year without a schedule. Its downtime is read as
    /// none until then.
    pub(crate) fn fault(&self) -> Option<&Error> {
        let settled = self.settled.reach(1, Measure::Faults).and_then(|(e, _)| e.fault.as_ref());
        settled.or_else(|| self.live.as_ref()?.episode.fault.as_ref())
    }

    /// Downtime inside a span, up to `as_of`.
    pub(crate) fn downtime(&self, span: usize) -> Micros {
        let Interval { start, end } = self.scope.spans[span];
        let before = |t| self.live.as_ref().map_or(0, |live| live.episode.down_before(t, &self.scope.hours));
        self.settled.in_span(span, Measure::Downtime) + before(end) - before(start)
    }

    /// Downtime of all episodes before `t`.
    fn down_before(&self, t: Instant) -> Micros {
        let p = self.settled.locate(t);
        let mut sum = self.settled.before(p, Measure::Downtime);
        // Of those that start before `t`, only the last can reach it.
        if let Some(e) = self.settled.previous(p).and_then(|p| self.settled.get(p)) {
            sum += e.down_before(t, &self.scope.hours) - e.downtime;
        }
        sum + self.live.as_ref().map_or(0, |live| live.episode.down_before(t, &self.scope.hours))
    }

    /// The start of the first microsecond of downtime beyond `max` in a span.
    pub(crate) fn downtime_breach(&self, span: usize, max: Micros) -> Option<Instant> {
        if self.downtime(span) <= max {
            return None;
        }
        let n = self.down_before(self.scope.spans[span].start) + max + 1;
        let (episode, before) = match self.settled.reach(n, Measure::Downtime) {
            Some(found) => found,
            None => {
                (&self.live.as_ref()?.episode, self.settled.before(self.settled.end(), Measure::Downtime))
            }
        };
        episode.reach(n - before, &self.scope.hours).map(|t| t - 1)
    }

    /// How many episodes count in a span, by class at a threshold.
    pub(crate) fn counts(&self, span: usize, threshold: usize) -> Counts {
        let mut counts = Counts {
            long: self.settled.in_span(span, Measure::Long(threshold)),
            short: self.settled.in_span(span, Measure::Short(threshold)),
            pending: 0,
        };
        if let Some(live) = self.live_in(span) {
            if live.episode.downtime >= self.scope.thresholds[threshold] {
                counts.long += 1;
            } else if self.is_open(live) {
                counts.pending += 1;
            } else {
                counts.short += 1;
            }
        }
        counts
    }

    /// The settled episode in which a measure of those that count in a span reaches `n`.
    fn settled_number(&self, span: usize, m: Measure, n: i64) -> Option<&Episode> {
        let start = self.scope.spans[span].start;
        let mut p = self.settled.locate(start);
        // One that starts before the span counts in it if its downtime starts there.
        if let Some(before) = self.settled.previous(p) {
            let first = self.settled.get(before).and_then(|e| e.first_down(&self.scope.hours));
            if first.is_some_and(|first| first >= start) {
                p = before;
            }
        }
        self.settled.reach(self.settled.before(p, m) + n, m).map(|(e, _)| e)
    }

    /// The last episode, if it has downtime and counts in a span.
    fn live_in(&self, span: usize) -> Option<&Live> {
        let live = self.live.as_ref()?;
        let first = live.episode.first_down(&self.scope.hours)?;
        self.scope.spans[span].contains(first).then_some(live)
    }

    fn is_open(&self, live: &Live) -> bool {
        live.is_running() || self.as_of < self.closes(&live.episode)
    }

    /// When nothing can join an episode any more.
    fn closes(&self, e: &Episode) -> Instant {
        e.end.saturating_add(self.scope.merge_gap)
    }

    /// When the downtime of the long episode number `max` + 1 of a span reached the threshold.
    pub(crate) fn long_breach(&self, span: usize, threshold: usize, max: i64) -> Option<Instant> {
        let limit = self.scope.thresholds[threshold];
        let reached = |e: &Episode| e.reach(limit, &self.scope.hours);
        let here = self.settled.in_span(span, Measure::Long(threshold));
        if here > max {
            return self.settled_number(span, Measure::Long(threshold), max + 1).and_then(reached);
        }
        let live = self.live_in(span).filter(|live| here == max && live.episode.downtime >= limit)?;
        reached(&live.episode)
    }

    /// When the short episode number `max` + 1 of a span closed.
    pub(crate) fn short_breach(&self, span: usize, threshold: usize, max: i64) -> Option<Instant> {
        let here = self.settled.in_span(span, Measure::Short(threshold));
        if here > max {
            return self.settled_number(span, Measure::Short(threshold), max + 1).map(|e| self.closes(e));
        }
        let live = self.live_in(span).filter(|live| here == max && !self.is_open(live))?;
        (live.episode.downtime < self.scope.thresholds[threshold]).then(|| self.closes(&live.episode))
    }

    /// When the open episode becomes long if its open outages never end and no more windows come.
    pub(crate) fn becomes_long_at(&self, threshold: usize) -> Option<Instant> {
        let live = self.live.as_ref()?;
        let left = self.scope.thresholds[threshold] - live.episode.downtime;
        if left <= 0 || live.episode.fault.is_some() {
            return None;
        }
        reach_in(&self.scope.hours, &live.coming(Interval::new(self.as_of, OPEN)), left)
    }

    /// When the long count of a span breaks, on the same terms; none once it is broken.
    pub(crate) fn forecast_long(&self, span: usize, threshold: usize, max: i64) -> Option<Instant> {
        // Only one episode is open, so only the very next one can be foreseen.
        if self.settled.in_span(span, Measure::Long(threshold)) != max {
            return None;
        }
        let live = self.live.as_ref()?;
        let first = live.episode.first_down(&self.scope.hours).or_else(|| {
            let coming = live.coming(Interval::new(self.as_of, OPEN));
            reach_in(&self.scope.hours, &coming, 1).map(|t| t - 1)
        })?;
        if self.scope.spans[span].contains(first) { self.becomes_long_at(threshold) } else { None }
    }

    /// When the short count of a span breaks because the last episode closes; none once it is broken.
    pub(crate) fn forecast_short(&self, span: usize, threshold: usize, max: i64) -> Option<Instant> {
        let live = self.live_in(span).filter(|live| !live.is_running() && self.is_open(live))?;
        let short = live.episode.downtime < self.scope.thresholds[threshold];
        let next = short && self.settled.in_span(span, Measure::Short(threshold)) == max;
        next.then(|| self.closes(&live.episode))
    }

    /// The start of the first microsecond beyond `max` in a span, on the same terms; none once it is passed.
    pub(crate) fn forecast_downtime(&self, span: usize, max: Micros) -> Option<Instant> {
        let live = self.live.as_ref().filter(|live| live.episode.fault.is_none())?;
        let left = max.checked_sub(self.downtime(span)).filter(|left| *left >= 0)?.checked_add(1)?;
        let Interval { start, end } = self.scope.spans[span];
        let coming = live.coming(Interval::new(start.max(self.as_of), end));
        reach_in(&self.scope.hours, &coming, left).map(|t| t - 1)
    }

    /// All episodes that touch a stretch, the last one too.
    fn meeting(&self, within: Interval) -> impl Iterator<Item = &Episode> {
        let p = self.settled.locate(within.start);
        let p = self.settled.previous(p).unwrap_or(p);
        let settled = self.settled.from(p).take_while(move |e| e.start < within.end);
        settled.chain(self.live.iter().map(|live| &live.episode)).filter(move |e| e.meets(within))
    }

    /// The episodes that share an instant with a stretch (of no length: that start in it), in order.
    pub(crate) fn episodes(&self, within: Interval) -> Vec<EpisodeView> {
        let last = self.live.as_ref().filter(|live| self.is_open(live)).map(|live| live.episode.start);
        let view = |e: &Episode| EpisodeView {
            start: e.start,
            end: e.end,
            downtime: e.downtime,
            open: Some(e.start) == last,
            first_down: e.first_down(&self.scope.hours),
            members: self.by_start.range((e.start, 0)..=(e.end, u32::MAX)).map(|(_, id)| *id).collect(),
        };
        self.meeting(within).map(view).collect()
    }

    /// Counted downtime inside a stretch, in order.
    pub(crate) fn pieces(&self, within: Interval) -> Vec<Interval> {
        let mut out: Vec<Interval> = Vec::new();
        for e in self.meeting(within) {
            let pieces = e.pieces();
            for piece in &pieces[pieces.partition_point(|p| p.end <= within.start)..] {
                let part = Interval::new(piece.start, piece.end).clip(within);
                match &self.scope.hours {
                    _ if part.is_empty() => break,
                    None => out.push(part),
                    // What was measured is known.
                    Some(hours) => out.extend(hours.open_in(part).unwrap_or_default()),
                }
            }
        }
        out
    }
}
