//! Outages of one scope as episodes, kept in order while outages come, change and go. In: outages as they count (after
//! corrections, views, the scope's choice of systems) with the time that windows and exclusions take from each. Out:
//! episodes, totals a span, breach and forecast instants. Knows no fact and no clause. See the accounting page, outages 4 to 10.

mod figures;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use super::episodes::Episode;
use super::settled::{Pos, Settled};
use crate::calendar::Calendar;
use crate::time::{Instant, Interval, Micros, OPEN, interval_set};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An outage of the scope that counts and is present (`start <= as_of`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outage {
    pub(crate) start: Instant,
    /// [`crate::time::OPEN`] while open (also when its end lies after `as_of`).
    pub(crate) end: Instant,
    /// What planned windows and exclusions take from it: sorted, disjoint; may reach beyond the end, and for an open outage
    /// holds those still to come.
    pub(crate) taken: Arc<[Interval]>,
}

impl Outage {
    fn is_present(&self, as_of: Instant) -> bool {
        let ends = self.end == OPEN || (self.start <= self.end && self.end <= as_of);
        self.start <= as_of && ends && interval_set::is_set(&self.taken)
    }
}

/// What a timeline is asked about.
pub(crate) struct Scope {
    /// Pieces with at most this gap are one episode.
    pub(crate) merge_gap: Micros,
    /// Only downtime inside these hours counts; none: all.
    pub(crate) hours: Option<Calendar>,
    /// Stretches that limits hold for, sorted, disjoint.
    pub(crate) spans: Vec<Interval>,
    /// Thresholds of classes, above zero.
    pub(crate) thresholds: Vec<Micros>,
}

/// Episodes that count in a span, by a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) long: i64,
    pub(crate) short: i64,
    pub(crate) pending: i64,
}

/// The episodes of one scope at an instant that only moves forward. Only the last can be open, because open outages
/// reach `as_of`: it is kept apart (`live`), drawn up to `as_of`; all others are settled into running sums.
/// Figures cost O(log n); so does an outage that comes or ends in order. A late one costs what it touches.
pub(crate) struct Timeline {
    scope: Scope,
    as_of: Instant,
    outages: Vec<Option<Outage>>,
    by_start: BTreeSet<(Instant, u32)>,
    settled: Settled,
    live: Option<Live>,
    work: Work,
}

/// The last episode.
struct Live {
    episode: Episode,
    /// Its members by end, [`OPEN`] ones last.
    by_end: BTreeSet<(Instant, u32)>,
    /// Time to come in which every open member is taken out, as planned so far.
    up: Vec<Interval>,
}

impl Live {
    fn is_running(&self) -> bool {
        self.by_end.last().is_some_and(|(end, _)| *end == OPEN)
    }

    /// Downtime to come inside `within`, as if the open members never ended.
    fn coming(&self, within: Interval) -> Vec<Interval> {
        let mut down = Vec::new();
        if self.is_running() {
            interval_set::append_difference(within, &self.up, &mut down);
        }
        down
    }
}

/// Memory used again and again.
#[derive(Default)]
struct Work {
    members: Vec<(Instant, u32)>,
    down: Vec<Interval>,
    united: Vec<Interval>,
}

/// One episode as it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EpisodeView {
    pub(crate) start: Instant,
    /// `as_of` while an outage of it is open.
    pub(crate) end: Instant,
    /// Of the whole episode, inside the hours.
    pub(crate) downtime: Micros,
    pub(crate) open: bool,
    /// The first microsecond of its downtime.
    pub(crate) first_down: Option<Instant>,
    /// Ids, by start, then id.
    pub(crate) members: Vec<u32>,
}

/// The first instant at which two versions of an outage differ in what they make of time.
fn first_difference(old: Option<&Outage>, new: Option<&Outage>) -> Option<Instant> {
    let (a, b) = match (old, new) {
        (None, None) => return None,
        (Some(one), None) | (None, Some(one)) => return Some(one.start),
        (Some(a), Some(b)) if a.start != b.start => return Some(a.start.min(b.start)),
        (Some(a), Some(b)) => (a, b),
    };
    let by_end = (a.end != b.end).then(|| a.end.min(b.end));
    let same = Arc::ptr_eq(&a.taken, &b.taken);
    let i =
        if same { a.taken.len() } else { a.taken.iter().zip(&*b.taken).take_while(|(x, y)| x == y).count() };
    let by_taken = match (a.taken.get(i), b.taken.get(i)) {
        (Some(x), Some(y)) if x.start == y.start => Some(x.end.min(y.end)),
        (Some(x), Some(y)) => Some(x.start.min(y.start)),
        (x, y) => x.or(y).map(|i| i.start),
    };
    by_end.into_iter().chain(by_taken).min().map(|t| t.max(a.start))
}

impl Timeline {
    /// Empty, at `as_of`.
    pub(crate) fn new(scope: Scope, as_of: Instant) -> Self {
        let settled = Settled::new(&scope.thresholds, &scope.spans);
        Timeline {
            scope,
            as_of,
            outages: Vec::new(),
            by_start: BTreeSet::new(),
            settled,
            live: None,
            work: Work::default(),
        }
    }

    /// An outage as it was last put.
    pub(crate) fn outage(&self, id: u32) -> Option<&Outage> {
        self.outages.get(id as usize)?.as_ref()
    }

    fn end_of(&self, id: u32) -> Instant {
        self.outages[id as usize].as_ref().map_or(Instant::MIN, |o| o.end)
    }

    /// Inserts, replaces or (`None`) removes an outage that is present. Ids are dense. O(log n) in order.
    pub(crate) fn put(&mut self, id: u32, outage: Option<Outage>) {
        debug_assert!(outage.as_ref().is_none_or(|o| o.is_present(self.as_of)));
        let at = id as usize;
        if at >= self.outages.len() {
            self.outages.resize(at + 1, None);
        }
        let Some(t) = first_difference(self.outages[at].as_ref(), outage.as_ref()) else { return };
        let t = t.min(self.as_of);
        let old = std::mem::replace(&mut self.outages[at], outage);
        let new = self.outages[at].as_ref();
        if let Some(o) = &old {
            self.by_start.remove(&(o.start, id));
        }
        if let Some(o) = new {
            self.by_start.insert((o.start, id));
        }
        let both = || old.iter().chain(new);
        let lo = both().map(|o| o.start).min().unwrap_or(t);
        let hi = both().map(|o| o.end.min(self.as_of)).max().unwrap_or(t);
        match &mut self.live {
            Some(live)
                if live.episode.start < t && live.episode.start <= lo && live.episode.fault.is_none() =>
            {
                if let Some(o) = &old {
                    live.by_end.remove(&(o.end, id));
                }
                if let Some(o) = new {
                    live.by_end.insert((o.end, id));
                }
                self.redraw_tail(t, if old.is_none() { Some(id) } else { None });
            }
            _ => self.redraw(lo, hi),
        }
    }

    /// Draws the last episode anew from `t` on; what lies before did not change. If all that changed is that `added`
    /// came, its own downtime is united with what was drawn.
    fn redraw_tail(&mut self, t: Instant, added: Option<u32>) {
        let Some(Live { mut episode, by_end, up }) = self.live.take() else { return };
        let mut work = std::mem::take(&mut self.work);
        work.members.clear();
        work.down.clear();
        let Work { members, down, .. } = &mut work;
        episode.cut(t, &self.scope.hours, down);
        match added {
            Some(id) => members.push((t, id)),
            None => {
                down.clear();
                let start = |id: u32| self.outages[id as usize].as_ref().map_or(t, |o| o.start);
                members.extend(by_end.range((t, 0)..).map(|(_, id)| (start(*id), *id)));
                members.sort_unstable();
                let before = by_end.range(..(t, 0)).next_back().map_or(episode.start, |(end, _)| *end);
                episode.end = if members.first().is_some_and(|(start, _)| *start < t) { t } else { before };
            }
        }
        let mut done = self.draw(Some(episode), t, &mut work);
        self.work = work;
        if let Some(last) = done.pop() {
            let by_end = if let Some(before) = done.last() {
                // Only members of the last episode end after the one before it.
                let mut by_end = by_end;
                by_end.split_off(&(before.end + 1, 0))
            } else {
                by_end
            };
            done.into_iter().for_each(|e| self.settled.push(e, &self.scope.hours));
            self.live = Some(Live { episode: last, by_end, up });
            self.plan();
        }
    }

    /// Draws anew all episodes that `[lo, hi]` touches.
    fn redraw(&mut self, lo: Instant, hi: Instant) {
        let gap = self.scope.merge_gap;
        let (below, above) = (lo.saturating_sub(gap), hi.saturating_add(gap));
        let mut from = self.settled.locate(below);
        if let Some(p) = self.settled.previous(from)
            && self.settled.get(p).is_some_and(|e| e.end >= below)
        {
            from = p;
        }
        let (mut old, mut first, mut last) = (0, lo, hi);
        for e in self.settled.from(from).take_while(|e| e.start <= above) {
            first = first.min(e.start);
            last = last.max(e.end);
            old += 1;
        }
        let with_live = match &self.live {
            Some(live) if live.episode.start <= above => {
                first = first.min(live.episode.start);
                last = self.as_of;
                self.live = None;
                true
            }
            live => live.is_none() && self.settled.get(self.after(from, old)).is_none(),
        };
        let mut work = std::mem::take(&mut self.work);
        work.down.clear();
        work.members.clear();
        work.members.extend(self.by_start.range((first, 0)..=(last, u32::MAX)).copied());
        let mut done = self.draw(None, Instant::MIN, &mut work);
        let live = if with_live { done.pop() } else { None };
        self.settled.replace(from, old, done, &self.scope.hours);
        if let Some(episode) = live {
            let mine = work.members.iter().filter(|(start, _)| *start >= episode.start);
            let by_end = mine.map(|(_, id)| (self.end_of(*id), *id)).collect();
            self.live = Some(Live { episode, by_end, up: Vec::new() });
            self.plan();
        }
        self.work = work;
    }

    /// The place `n` episodes after `p`.
    fn after(&self, p: Pos, n: usize) -> Pos {
        (0..n).fold(p, |p, _| self.settled.next(p))
    }

    /// Sweeps members in order of start into episodes, from `t` on, continuing `episode` with the downtime in `work.down`.
    fn draw(&self, episode: Option<Episode>, t: Instant, work: &mut Work) -> Vec<Episode> {
        let Work { members, down, united } = work;
        let hours = &self.scope.hours;
        let mut done = Vec::new();
        let mut current = episode;
        let mut finish = |mut e: Episode, down: &mut Vec<Interval>| {
            interval_set::union_unsorted(down, 0, united);
            united.iter().for_each(|i| e.add_down(*i, hours));
            down.clear();
            done.push(e);
        };
        for &(start, id) in &*members {
            let Some(o) = &self.outages[id as usize] else { continue };
            let end = o.end.min(self.as_of);
            let mut e = match current.take() {
                Some(e) if start <= e.end.saturating_add(self.scope.merge_gap) => e,
                before => {
                    if let Some(e) = before {
                        finish(e, down);
                    }
                    Episode::new(start)
                }
            };
            e.end = e.end.max(end);
            current = Some(e);
            interval_set::append_difference(Interval::new(start.max(t), end), &o.taken, down);
        }
        if let Some(e) = current {
            finish(e, down);
        }
        done
    }

    /// Finds when the open members of the last episode are all taken out, from `as_of` on.
    fn plan(&mut self) {
        let Some(live) = &mut self.live else { return };
        let to_come = Interval::new(self.as_of, OPEN);
        let mut open =
            live.by_end.range((OPEN, 0)..).filter_map(|(_, id)| self.outages[*id as usize].as_ref());
        live.up.clear();
        if let Some(first) = open.next() {
            interval_set::clip(&first.taken, to_come, &mut live.up);
        }
        for o in open {
            if live.up.is_empty() {
                break;
            }
            interval_set::intersect(&live.up, &o.taken, &mut self.work.united);
            std::mem::swap(&mut live.up, &mut self.work.united);
        }
    }

    /// Moves forward; open outages grow.
    pub(crate) fn advance(&mut self, as_of: Instant) {
        debug_assert!(as_of >= self.as_of, "a timeline only moves forward");
        if let Some(live) = self.live.as_mut().filter(|live| live.is_running()) {
            let grown = Interval::new(self.as_of, as_of);
            self.work.down.clear();
            interval_set::append_difference(grown, &live.up, &mut self.work.down);
            self.work.down.iter().for_each(|i| live.episode.add_down(*i, &self.scope.hours));
            live.episode.end = as_of;
        }
        self.as_of = as_of;
    }
}
