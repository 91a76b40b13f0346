//! When the systems were watched, and when that is unknown. See the accounting page, outages 11.

use super::agreement::Lens;
use super::{Item, windows};
use crate::time::{HOUR, Instant, Interval, Micros, interval_set};
use std::collections::BTreeMap;

/// A monitor says at least so often that it still watches.
const SEEN_EVERY: Micros = HOUR;

/// `watch.*` as stated, by subject and systems.
#[derive(Debug, Default)]
pub(crate) struct WatchStore {
    items: Vec<(String, Option<Vec<String>>, Item)>,
}

/// What is known of the watching of some systems.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Watched {
    /// Watched from start to stop, minus what is unknown.
    pub(crate) watched: Vec<Interval>,
    /// Gaps, and what follows a missed `watch.seen`.
    pub(crate) unknown: Vec<Interval>,
    /// The entries this rests on.
    pub(crate) evidence: Vec<u64>,
}

impl WatchStore {
    pub(super) fn add(&mut self, (subject, item): (String, Item)) {
        let systems = windows::systems(item.body.as_ref().and_then(|b| b.get("systems")));
        self.items.push((subject, systems, item));
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(|(_, _, item)| item)
    }

    /// The watching of `systems` (empty: all) up to `as_of`.
    pub(crate) fn now(&self, lens: &Lens<'_>, as_of: Instant, systems: &[String]) -> Watched {
        let concerns = |named: &Option<Vec<String>>| match named {
            Some(named) if !systems.is_empty() => named.iter().any(|n| systems.contains(n)),
            _ => true,
        };
        let mut streams: BTreeMap<(&str, Option<&[String]>), Vec<&Item>> = BTreeMap::new();
        let mut found = Watched::default();
        for (subject, named, item) in &self.items {
            if !concerns(named) || item.at > as_of || !lens.sees_item(item) {
                continue;
            }
            found.evidence.push(item.seq);
            if item.kind.name == "watch.gap" {
                if let (Some(start), Some(end)) = (item.instant("start"), item.instant("end")) {
                    found.unknown.push(Interval::new(start, end.min(as_of)));
                }
            } else {
                streams.entry((subject, named.as_deref())).or_default().push(item);
            }
        }
        for items in streams.values_mut() {
            items.sort_by_key(|i| (i.at, i.seq));
            found.follow(items, as_of);
        }
        let mut united = Vec::new();
        found.unknown.retain(|u| !u.is_empty());
        interval_set::union_unsorted(&mut found.unknown, 0, &mut united);
        found.unknown = united;
        let mut watched = Vec::new();
        interval_set::union_unsorted(&mut found.watched, 0, &mut watched);
        found.watched.clear();
        interval_set::subtract(&watched, &found.unknown, &mut found.watched);
        found
    }
}

impl Watched {
    /// One monitor's own words, in order.
    fn follow(&mut self, items: &[&Item], as_of: Instant) {
        let (mut since, mut seen): (Option<Instant>, Instant) = (None, 0);
        let mut miss = |from: Instant, to: Instant| {
            let late = from.saturating_add(SEEN_EVERY);
            if late < to {
                self.unknown.push(Interval::new(late, to));
            }
        };
        for item in items {
            match (item.kind.name, since) {
                ("watch.stop", Some(start)) => {
                    miss(seen, item.at);
                    self.watched.push(Interval::new(start, item.at));
                    since = None;
                }
                (_, Some(_)) => {
                    miss(seen, item.at);
                    seen = item.at;
                }
                ("watch.start", None) => (since, seen) = (Some(item.at), item.at),
                // Said without a start, or after a stop: nothing is watched.
                (_, None) => {}
            }
        }
        if let Some(start) = since {
            miss(seen, as_of);
            self.watched.push(Interval::new(start, as_of));
        }
    }
}
