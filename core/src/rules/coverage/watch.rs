//! Systems watched in place of people on duty. Each system that is to be watched is a role, and its watching the one person
//! of it. In: what was stated of the watching. Out: presences; a `watch.seen` in order changes the last one only.

use super::floor::Presence;
use crate::books::watching::{SEEN_EVERY, WatchStore};
use crate::books::{Item, Lens};
use crate::time::{Instant, Interval, interval_set};

/// What is asked for.
pub(super) struct Asked<'a> {
    pub(super) store: &'a WatchStore,
    pub(super) lens: Lens<'a>,
    pub(super) as_of: Instant,
    /// Empty: all.
    pub(super) systems: &'a [String],
    pub(super) period: Interval,
    /// No fact of watching needs a confirmation, so that what was read stays read.
    pub(super) lasting: bool,
}

/// The watching of one system; without a name, of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stream {
    name: Option<String>,
    /// Of a running one, the last word.
    seen: Option<Instant>,
    /// Until when stated gaps reach.
    gaps_end: Option<Instant>,
    /// If nothing more is said: until a `watch.seen` is missed.
    pub(super) said: Vec<Interval>,
    /// If it goes on as it does at `as_of`.
    pub(super) ahead: Vec<Interval>,
}

/// A stream of which one stretch is another: its position, the sheet, the stretch before and after (empty: gone).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) stream: usize,
    pub(super) is_ahead: bool,
    pub(super) old: Option<Interval>,
    pub(super) new: Interval,
}

/// When the systems are watched, inside the service period.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Watching {
    pub(super) streams: Vec<Stream>,
    /// Where no systems are given: from when on anything was watched.
    pub(super) any: Option<Interval>,
    /// The entries this rests on.
    pub(super) evidence: Vec<u64>,
    /// The first later `as_of` at which it reads differently.
    pub(super) next: Option<Instant>,
    /// How many facts were read, in the order they were recorded; the last of them in (`at`, seq) order.
    read: usize,
    last: Option<(Instant, u64)>,
    /// Some fact is known and not there yet.
    pending: bool,
}

impl Watching {
    /// Of `systems` each from the period's start on; of all systems (none given) each from its first `watch.start` on.
    pub(super) fn read(asked: &Asked<'_>) -> Watching {
        let Asked { store, lens, as_of, systems, period, .. } = asked;
        let mut watching = Watching { read: store.known(lens.limit).len(), ..Watching::default() };
        for item in store.items().filter(|i| lens.sees_item(i)) {
            if item.at > *as_of {
                watching.pending = true;
                watching.next = earlier(watching.next, Some(item.at));
            } else {
                watching.last = watching.last.max(Some((item.at, item.seq)));
            }
        }
        let mut names: Vec<Option<String>> = match systems {
            [] => store.named(lens, *as_of).into_iter().map(Some).collect(),
            named => named.iter().cloned().map(Some).collect(),
        };
        // Where nobody names a system there is one stream, of all.
        if names.is_empty() {
            names.push(None);
        }
        let mut first = None;
        for name in names {
            let of: Vec<String> = name.iter().cloned().collect();
            let found = store.until(lens, *as_of, period.end, &of);
            let mut stream = Stream { name, ..Stream::default() };
            stream.seen = found.lapses.map(|lapses| lapses - SEEN_EVERY);
            stream.gaps_end = found.gaps.iter().map(|g| g.end).max();
            stream.said = inside(&found.watched, *period);
            stream.ahead = stream.said.clone();
            if let Some(lapses) = found.lapses.filter(|lapses| lapses > as_of) {
                let (mut gaps, mut stated, mut on) = (found.gaps, Vec::new(), Vec::new());
                interval_set::union_unsorted(&mut gaps, 0, &mut stated);
                interval_set::subtract(&[Interval::new(lapses, period.end)], &stated, &mut on);
                on.extend(&stream.said);
                interval_set::union_unsorted(&mut on, 0, &mut stream.ahead);
                stream.ahead = inside(&stream.ahead, *period);
            }
            if systems.is_empty() {
                // Not begun, so not to be watched yet.
                let before = Interval::new(period.start, found.since.unwrap_or(period.end)).clip(*period);
                for spans in [&mut stream.said, &mut stream.ahead] {
                    let mut all = std::mem::take(spans);
                    all.push(before);
                    interval_set::union_unsorted(&mut all, 0, spans);
                }
                first = earlier(first, found.since);
            }
            watching.evidence.extend(found.evidence);
            watching.streams.push(stream);
        }
        watching.evidence.sort_unstable();
        watching.evidence.dedup();
        watching.any = first.map(|first| Interval::new(first, period.end).clip(*period));
        watching.next = earlier(watching.next, watching.lapses_after(*as_of));
        watching
    }

    fn lapses_after(&self, as_of: Instant) -> Option<Instant> {
        let lapses = self.streams.iter().filter_map(Stream::lapses);
        lapses.filter(|lapses| *lapses > as_of).min()
    }

    /// Reads on from where it stands; none when only [`Watching::read`] is right: anything but a `watch.seen` of what
    /// runs, that comes in order.
    pub(super) fn follow(&mut self, asked: &Asked<'_>) -> Option<Vec<Change>> {
        let known = asked.store.known(asked.lens.limit);
        let fresh = known.get(self.read..).filter(|_| asked.lasting && !self.pending)?;
        let mut last = self.last;
        for (named, item) in fresh {
            let in_order = last < Some((item.at, item.seq)) && item.at <= asked.as_of;
            let mut names = named.iter().flatten();
            let is_new = |n: &String| self.streams.iter().all(|s| s.name.as_ref() != Some(n));
            if item.kind.name != "watch.seen" || !in_order || (asked.systems.is_empty() && names.any(is_new))
            {
                return None;
            }
            last = Some((item.at, item.seq));
        }
        // Each stream that is spoken of must run, and no stated gap reach beyond its last word.
        let plain = |s: &Stream| s.seen.is_some_and(|seen| s.gaps_end.is_none_or(|end| end <= seen));
        let spoken = |s: &Stream| fresh.iter().any(|(named, _)| s.is_of(named.as_deref()));
        let lapsed = |s: &Stream| s.lapses().is_some_and(|lapses| lapses <= asked.as_of);
        if self.streams.iter().any(|s| (spoken(s) || lapsed(s)) && !plain(s)) {
            return None;
        }
        let mut changes = Vec::new();
        for (named, item) in fresh {
            let concerned = self.streams.iter_mut().enumerate().filter(|(_, s)| s.is_of(named.as_deref()));
            let heard = concerned.map(|(i, s)| s.hear(i, item, asked, &mut changes)).count();
            if heard > 0 {
                self.evidence.push(item.seq);
            }
        }
        for (i, stream) in self.streams.iter_mut().enumerate() {
            stream.lapse(i, asked.as_of, &mut changes);
        }
        (self.read, self.last) = (known.len(), last);
        self.next = self.lapses_after(asked.as_of);
        Some(changes)
    }
}

impl Stream {
    fn is_of(&self, named: Option<&[String]>) -> bool {
        match (&self.name, named) {
            (None, _) | (_, None) => true,
            (Some(name), Some(named)) => named.contains(name),
        }
    }
    /// Of a running one: when a word is missed.
    fn lapses(&self) -> Option<Instant> {
        Some(self.seen?.saturating_add(SEEN_EVERY))
    }

    /// A word of what runs, taken to go on: see [`Stream::lapse`]. After a missed one it is watched again from here.
    fn hear(&mut self, i: usize, item: &Item, asked: &Asked<'_>, changes: &mut Vec<Change>) {
        let missed = self.lapses().is_some_and(|lapses| item.at > lapses);
        if missed {
            self.lapse(i, item.at, changes);
        }
        self.seen = Some(item.at);
        let until = item.at.saturating_add(SEEN_EVERY);
        for (is_ahead, spans, end) in
            [(false, &mut self.said, until), (true, &mut self.ahead, asked.period.end)]
        {
            let from = spans.last().filter(|_| !missed).map(|last| last.start);
            let new = Interval::new(from.unwrap_or(item.at), end).clip(asked.period);
            if new.is_empty() || spans.last() == Some(&new) {
                continue;
            }
            let old = from.and_then(|_| spans.pop());
            spans.push(new);
            changes.push(Change { stream: i, is_ahead, old, new });
        }
    }

    /// Whoever missed a word does not go on.
    fn lapse(&mut self, i: usize, as_of: Instant, changes: &mut Vec<Change>) {
        let Some(lapses) = self.lapses().filter(|lapses| *lapses <= as_of) else { return };
        let Some(old) = self.ahead.last().copied().filter(|last| last.end > lapses) else { return };
        self.ahead.pop();
        let new = Interval { end: lapses, ..old };
        if !new.is_empty() {
            self.ahead.push(new);
        }
        changes.push(Change { stream: i, is_ahead: true, old: Some(old), new });
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}

fn inside(spans: &[Interval], period: Interval) -> Vec<Interval> {
    let mut part = Vec::new();
    interval_set::clip(spans, period, &mut part);
    part
}

/// The presence of a stream.
pub(super) fn presence(stream: usize, span: Interval) -> Presence {
    let number = u32::try_from(stream).unwrap_or(u32::MAX);
    Presence { span, person: number, role: number }
}
