//! Outages as clauses look at them: one timeline for each choice of systems, hours and spans, fed from the outage cases and
//! the windows that take time from them.

use super::Books;
use super::agreement::Lens;
use super::timeline::{Outage, Scope, Timeline};
use super::watching::Watched;
use super::windows::WindowNow;
use crate::calendar::Calendar;
use crate::contract::Accounting;
use crate::error::Result;
use crate::time::{Instant, Interval, Micros, OPEN, interval_set};
use std::collections::{BTreeMap, BTreeSet};

/// One timeline and what feeds it.
pub(crate) struct Line {
    /// Empty: all.
    pub(crate) systems: Vec<String>,
    calendar: Option<String>,
    pub(crate) hours: Option<Calendar>,
    pub(crate) spans: Vec<Interval>,
    pub(crate) thresholds: Vec<Micros>,
    pub(crate) timeline: Timeline,
    /// Outages of its systems that are there, counted or not.
    pub(crate) present: i64,
}

impl Line {
    /// It is the line of this choice.
    pub(crate) fn is(&self, systems: &[String], calendar: Option<&str>, spans: &[Interval]) -> bool {
        self.systems == systems && self.calendar.as_deref() == calendar && self.spans == spans
    }
}

/// All of them; the first covers all systems on 7x24 and the service period.
pub(crate) struct Lines {
    merge_gap: Micros,
    pub(crate) list: Vec<Line>,
    windows: Vec<Option<WindowNow>>,
    by_start: BTreeSet<(Instant, u32)>,
    longest: Micros,
    /// By outage: there, counted.
    flags: Vec<(bool, bool)>,
    /// Outages that count and are open: windows still to come matter to them.
    open: BTreeSet<u32>,
    /// Outages and windows that change by time alone.
    queue: BTreeSet<(Instant, Waiting)>,
    queued: BTreeMap<Waiting, Instant>,
    /// The stretches in which outages or windows became others since [`Lines::advance`].
    changed: Vec<Interval>,
}

/// So many changed stretches are kept apart; more are taken as one.
const MOST_CHANGED: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    Outage(u32),
    Window(u32),
}

impl Lines {
    pub(crate) fn new(accounting: &Accounting) -> Lines {
        Lines {
            merge_gap: accounting.merge_gap,
            list: Vec::new(),
            windows: Vec::new(),
            by_start: BTreeSet::new(),
            longest: 0,
            flags: Vec::new(),
            open: BTreeSet::new(),
            queue: BTreeSet::new(),
            queued: BTreeMap::new(),
            changed: Vec::new(),
        }
    }

    /// The stretches in which outages or windows became others since the last step forward.
    pub(crate) fn changed(&self) -> &[Interval] {
        &self.changed
    }

    fn note(&mut self, stretch: Interval) {
        if self.changed.len() < MOST_CHANGED {
            self.changed.push(stretch);
        } else if let Some(last) = self.changed.last_mut() {
            *last = Interval::new(last.start.min(stretch.start), last.end.max(stretch.end));
        }
    }

    /// The line for a choice of systems, hours and spans, and the place of `threshold` in it. Before any fact.
    pub(crate) fn line(
        &mut self,
        systems: &[String],
        calendar: Option<(&str, Result<Calendar>)>,
        spans: Vec<Interval>,
        threshold: Option<Micros>,
    ) -> Result<(usize, usize)> {
        let name = calendar.as_ref().map(|(name, _)| (*name).to_owned());
        let same = |l: &Line| l.is(systems, name.as_deref(), &spans);
        let index = match self.list.iter().position(same) {
            Some(index) => index,
            None => {
                let hours = calendar.map(|(_, c)| c).transpose()?.filter(|c| !c.is_always());
                let scope = Scope {
                    merge_gap: self.merge_gap,
                    hours: hours.clone(),
                    spans: spans.clone(),
                    thresholds: Vec::new(),
                };
                self.list.push(Line {
                    systems: systems.to_vec(),
                    calendar: name,
                    hours,
                    spans,
                    thresholds: Vec::new(),
                    timeline: Timeline::new(scope, Instant::MIN),
                    present: 0,
                });
                self.list.len() - 1
            }
        };
        let line = &mut self.list[index];
        let Some(threshold) = threshold else { return Ok((index, 0)) };
        let place = line.thresholds.iter().position(|t| *t == threshold).unwrap_or_else(|| {
            line.thresholds.push(threshold);
            line.thresholds.len() - 1
        });
        Ok((index, place))
    }

    /// All clauses have named their lines.
    pub(crate) fn begin(&mut self, as_of: Instant) {
        for line in &mut self.list {
            let scope = Scope {
                merge_gap: self.merge_gap,
                hours: line.hours.clone(),
                spans: line.spans.clone(),
                thresholds: line.thresholds.clone(),
            };
            line.timeline = Timeline::new(scope, as_of);
        }
    }

    /// Moves on to `as_of`: what changes by time alone, changes.
    pub(crate) fn advance(&mut self, books: &Books, look: &Look<'_>) {
        let as_of = look.as_of;
        self.changed.clear();
        for line in &mut self.list {
            line.timeline.advance(as_of);
        }
        while let Some((_, waiting)) = self.queue.first().filter(|(t, _)| *t <= as_of).copied() {
            match waiting {
                Waiting::Outage(id) => self.touch_outage(id, books, look),
                Waiting::Window(id) => self.touch_window(id, books, look),
            }
        }
    }

    fn wait(&mut self, waiting: Waiting, until: Option<Instant>) {
        let before = match until {
            Some(t) => self.queued.insert(waiting, t),
            None if self.queued.is_empty() => None,
            None => self.queued.remove(&waiting),
        };
        if let Some(before) = before {
            self.queue.remove(&(before, waiting));
        }
        if let Some(t) = until {
            self.queue.insert((t, waiting));
        }
    }

    /// An outage was stated, corrected or confirmed.
    pub(crate) fn touch_outage(&mut self, id: u32, books: &Books, look: &Look<'_>) {
        let store = &books.outages;
        let (as_of, accounting) = (look.as_of, look.accounting);
        let now = store.now(id, &look.lens, as_of, accounting, None);
        self.wait(Waiting::Outage(id), now.as_ref().and_then(|n| n.next));
        let now = now.filter(|n| n.start <= as_of && !n.void);
        if self.flags.len() <= id as usize {
            self.flags.resize(id as usize + 1, (false, false));
        }
        let (was_there, was_counted) = self.flags[id as usize];
        let there = now.is_some();
        let system = store.word(store.case(id).system);
        let counted = now.filter(|n| n.counts(accounting) && !n.empty);
        self.flags[id as usize] = (there, counted.is_some());
        let outage = counted.map(|n| {
            let end = n.end.filter(|end| *end <= as_of).unwrap_or(OPEN);
            Outage { start: n.start, end, taken: self.taken(system, n.start, end, None).into() }
        });
        if outage.as_ref().is_some_and(|o| o.end == OPEN) {
            self.open.insert(id);
        } else if !self.open.is_empty() {
            self.open.remove(&id);
        }
        // Every line draws the same outages; the first has all of them.
        let before = self.list[0].timeline.outage(id).map(|o| Interval::new(o.start, o.end));
        let both = before.into_iter().chain(outage.as_ref().map(|o| Interval::new(o.start, o.end)));
        if let Some(hull) = both.reduce(|a, b| Interval::new(a.start.min(b.start), a.end.max(b.end))) {
            self.note(hull);
        }
        for line in &mut self.list {
            if !line.systems.is_empty() && !line.systems.iter().any(|s| s == system) {
                continue;
            }
            line.present += i64::from(there) - i64::from(was_there);
            if outage.is_some() || was_counted {
                line.timeline.put(id, outage.clone());
            }
        }
    }

    /// What windows and exclusions (but `without`) take from an outage.
    fn taken(&self, system: &str, start: Instant, end: Instant, without: Option<u32>) -> Vec<Interval> {
        let within = Interval::new(start, end);
        let near = self.windows_in(within).filter(|id| without != Some(*id));
        let windows = near.filter_map(|id| self.window(id)).filter(|w| w.takes_from(system, start));
        let mut found: Vec<Interval> = windows.map(|w| w.window).collect();
        let mut united = Vec::with_capacity(found.len());
        interval_set::union_unsorted(&mut found, 0, &mut united);
        united
    }

    /// The windows and exclusions that share time with `within`, by start.
    pub(crate) fn windows_in(&self, within: Interval) -> impl Iterator<Item = u32> + '_ {
        let from = (within.start.saturating_sub(self.longest), 0);
        let near = self.by_start.range(from..(within.end.max(from.0), 0)).map(|(_, id)| *id);
        near.filter(move |id| self.window(*id).is_some_and(|w| w.window.end > within.start))
    }

    /// The downtime of one outage by itself so far, as if entry `without` were not there.
    pub(crate) fn downtime_of(
        &self,
        id: u32,
        books: &Books,
        look: &Look<'_>,
        without: Option<u64>,
        without_window: Option<u32>,
    ) -> Micros {
        let store = &books.outages;
        let now = store.now(id, &look.lens, look.as_of, look.accounting, without);
        let Some(now) = now.filter(|n| n.start <= look.as_of && n.counts(look.accounting)) else { return 0 };
        let end = now.end.map_or(look.as_of, |end| end.min(look.as_of));
        let taken = self.taken(store.word(store.case(id).system), now.start, end, without_window);
        interval_set::measure(&minus(&[Interval::new(now.start, end.max(now.start))], &taken))
    }

    /// Without this window or exclusion some outage would have more downtime.
    pub(crate) fn takes_time(&self, window: u32, books: &Books, look: &Look<'_>) -> bool {
        let Some(now) = self.window(window) else { return false };
        let near = self.list[0].timeline.episodes(now.window).into_iter().flat_map(|e| e.members);
        let down = |id, without| self.downtime_of(id, books, look, None, without);
        near.into_iter().any(|id| down(id, None) < down(id, Some(window)))
    }

    /// A window or an exclusion was stated, ended or confirmed.
    pub(crate) fn touch_window(&mut self, id: u32, books: &Books, look: &Look<'_>) {
        let notice = look.accounting.maintenance_notice;
        let (now, next) = books.windows.now(id, &look.lens, look.as_of, notice);
        self.wait(Waiting::Window(id), next);
        if self.windows.len() <= id as usize {
            self.windows.resize(id as usize + 1, None);
        }
        if self.windows[id as usize] == now {
            return;
        }
        let old = std::mem::replace(&mut self.windows[id as usize], now.clone());
        if let Some(old) = &old {
            self.by_start.remove(&(old.window.start, id));
        }
        if let Some(now) = &now {
            self.by_start.insert((now.window.start, id));
            self.longest = self.longest.max(now.window.len());
        }
        let either = old.iter().chain(&now).map(|w| w.window);
        let Some(hull) = either.reduce(|a, b| Interval::new(a.start.min(b.start), a.end.max(b.end))) else {
            return;
        };
        self.note(hull);
        let touched = self.list[0].timeline.episodes(hull).into_iter().flat_map(|e| e.members);
        let touched: BTreeSet<u32> = touched.chain(self.open.iter().copied()).collect();
        for outage in touched {
            self.touch_outage(outage, books, look);
        }
    }

    /// The windows that hold for a line's systems, inside `within`.
    pub(crate) fn planned(&self, systems: &[String], within: Interval) -> Vec<Interval> {
        let concerns =
            |w: &&WindowNow| !w.exclusion && (systems.is_empty() || systems.iter().any(|s| w.names(s)));
        let near = self.windows_in(within).filter_map(|id| self.window(id));
        let mut found: Vec<Interval> = near.filter(concerns).map(|w| w.window.clip(within)).collect();
        found.retain(|w| !w.is_empty());
        let mut united = Vec::new();
        interval_set::union_unsorted(&mut found, 0, &mut united);
        united
    }
    pub(crate) fn window(&self, id: u32) -> Option<&WindowNow> {
        self.windows.get(id as usize)?.as_ref()
    }
}

/// What an outage is looked at with.
pub(crate) struct Look<'a> {
    pub(crate) lens: Lens<'a>,
    pub(crate) as_of: Instant,
    pub(crate) accounting: &'a Accounting,
}

/// How the elapsed part of a span divides, microseconds; the parts add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Division {
    pub(crate) elapsed: Micros,
    pub(crate) down: Micros,
    pub(crate) planned: Micros,
    pub(crate) unknown: Micros,
}

impl Line {
    /// Counted downtime comes first; planned time is the windows' minus it, unknown time what is left of the gaps.
    pub(crate) fn divide(
        &self,
        lines: &Lines,
        watched: &Watched,
        span: Interval,
        as_of: Instant,
    ) -> Result<Division> {
        let elapsed = Interval::new(span.start, span.end.min(as_of));
        if elapsed.is_empty() {
            return Ok(Division::default());
        }
        let down = self.timeline.pieces(elapsed);
        let mut planned = self.in_hours(lines.planned(&self.systems, elapsed))?;
        planned = minus(&planned, &down);
        let mut unknown = Vec::new();
        interval_set::clip(&watched.unknown, elapsed, &mut unknown);
        unknown = minus(&minus(&self.in_hours(unknown)?, &down), &planned);
        let all = self.in_hours(vec![elapsed])?;
        Ok(Division {
            elapsed: interval_set::measure(&all),
            down: interval_set::measure(&down),
            planned: interval_set::measure(&planned),
            unknown: interval_set::measure(&unknown),
        })
    }

    /// Unknown time of a span, from the gaps alone: cheap while there are few.
    pub(crate) fn unknown(
        &self,
        lines: &Lines,
        watched: &Watched,
        span: Interval,
        as_of: Instant,
    ) -> Result<Micros> {
        let elapsed = Interval::new(span.start, span.end.min(as_of));
        Ok(interval_set::measure(&self.unknown_in(lines, watched, elapsed)?))
    }

    /// The unknown stretches inside `within`.
    pub(crate) fn unknown_in(
        &self,
        lines: &Lines,
        watched: &Watched,
        within: Interval,
    ) -> Result<Vec<Interval>> {
        let mut unknown = Vec::new();
        let from = watched.unknown.partition_point(|gap| gap.end <= within.start);
        for gap in watched.unknown[from..].iter().take_while(|gap| gap.start < within.end) {
            let gap = gap.clip(within);
            let down = self.timeline.pieces(gap);
            let planned = lines.planned(&self.systems, gap);
            unknown.extend(minus(&minus(&self.in_hours(vec![gap])?, &down), &planned));
        }
        Ok(unknown)
    }

    /// The planned stretches inside `within` that are not downtime so far, windows to come included.
    pub(crate) fn planned_in(&self, lines: &Lines, within: Interval) -> Result<Vec<Interval>> {
        let mut planned = Vec::new();
        for window in lines.planned(&self.systems, within) {
            planned.extend(minus(&self.in_hours(vec![window])?, &self.timeline.pieces(window)));
        }
        Ok(planned)
    }

    /// Time of a stretch inside the hours.
    pub(crate) fn hours_in(&self, span: Interval) -> Result<Micros> {
        match &self.hours {
            None => Ok(span.len()),
            Some(hours) => hours.between(span.start, span.end),
        }
    }

    fn in_hours(&self, set: Vec<Interval>) -> Result<Vec<Interval>> {
        let Some(hours) = &self.hours else { return Ok(set) };
        let mut inside = Vec::new();
        for part in set {
            inside.extend(hours.open_in(part)?);
        }
        Ok(inside)
    }
}

fn minus(a: &[Interval], b: &[Interval]) -> Vec<Interval> {
    let mut out = Vec::new();
    interval_set::subtract(a, b, &mut out);
    out
}
