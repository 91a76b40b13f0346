//! Systems watched in place of people on duty. In: what was stated of the watching. Out: when every system that is to be
//! watched is.

use crate::books::{Lens, watching::WatchStore};
use crate::time::{Instant, Interval, interval_set};

/// When all the systems are watched, inside the service period.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// If nothing more is said: until a `watch.seen` is missed.
    pub(super) said: Vec<Interval>,
    /// If those who watch at `as_of` go on.
    pub(super) ahead: Vec<Interval>,
    /// The entries this rests on.
    pub(super) evidence: Vec<u64>,
    /// The first later `as_of` at which it reads differently.
    pub(super) next: Option<Instant>,
}

/// Of `systems` each from the period's start on; of all systems (none given) each from its first `watch.start` on.
pub(super) fn watching(
    store: &WatchStore,
    lens: &Lens<'_>,
    as_of: Instant,
    systems: &[String],
    period: Interval,
) -> Watching {
    let later = store.items().filter(|i| i.at > as_of && lens.sees_item(i)).map(|i| i.at).min();
    let mut watching = Watching { next: later, ..Watching::default() };
    let streams: Vec<Vec<String>> = match systems {
        [] => store.named(lens, as_of).into_iter().map(|name| vec![name]).collect(),
        named => named.iter().map(|name| vec![name.clone()]).collect(),
    };
    // Where nobody names a system there is one stream, of all.
    let streams = if streams.is_empty() { vec![Vec::new()] } else { streams };
    let (mut first, mut not_said, mut not_ahead) = (None, Vec::new(), Vec::new());
    for stream in streams {
        let mut found = store.until(lens, as_of, period.end, &stream);
        watching.evidence.append(&mut found.evidence);
        let since = if systems.is_empty() { found.since } else { Some(period.start) };
        let Some(since) = since else { continue };
        first = Some(first.map_or(since, |f: Instant| f.min(since)));
        let whole = [Interval::new(since, period.end)];
        let mut rest = Vec::new();
        interval_set::subtract(&whole, &found.watched, &mut rest);
        not_said.extend(&rest);
        let goes_on = found.lapses.filter(|lapses| *lapses > as_of);
        if let Some(lapses) = goes_on {
            watching.next = watching.next.into_iter().chain([lapses]).min();
            let (mut gaps, mut on) = (Vec::new(), Vec::new());
            interval_set::union_unsorted(&mut found.gaps, 0, &mut gaps);
            interval_set::subtract(&[Interval::new(lapses, period.end)], &gaps, &mut on);
            let missed = std::mem::take(&mut rest);
            interval_set::subtract(&missed, &on, &mut rest);
        }
        not_ahead.extend(&rest);
    }
    let whole: Vec<Interval> =
        first.map(|first| Interval::new(first, period.end).clip(period)).into_iter().collect();
    let mut united = Vec::new();
    for (mut not, watched) in [(not_said, &mut watching.said), (not_ahead, &mut watching.ahead)] {
        interval_set::union_unsorted(&mut not, 0, &mut united);
        interval_set::subtract(&whole, &united, watched);
    }
    watching.evidence.sort_unstable();
    watching.evidence.dedup();
    watching
}
