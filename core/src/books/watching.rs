//! When the systems were watched, and when that is unknown. See the accounting page, outages 11.

use super::agreement::Lens;
use super::{Item, windows};
use crate::time::{HOUR, Instant, Interval, Micros, interval_set};
use std::collections::BTreeSet;

/// A monitor says at least so often that it still watches.
pub(crate) const SEEN_EVERY: Micros = HOUR;

/// `watch.*` as stated, with the systems each names.
#[derive(Debug, Default)]
pub(crate) struct WatchStore {
    items: Vec<Stated>,
}

/// The systems that a fact names (none: all), and the fact.
pub(crate) type Stated = (Option<Vec<String>>, Item);

/// What is known of the watching of some systems.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Watched {
    /// Watched from start to stop, minus what is unknown.
    pub(crate) watched: Vec<Interval>,
    /// Gaps, and what follows a missed `watch.seen`.
    pub(crate) unknown: Vec<Interval>,
    /// The entries this rests on.
    pub(crate) evidence: Vec<u64>,
    /// The first later `as_of` at which the unknown time may be other than it is now, if nothing more is recorded.
    pub(crate) next: Option<Instant>,
    /// Gaps as stated.
    pub(crate) gaps: Vec<Interval>,
    /// When the watching first began.
    pub(crate) since: Option<Instant>,
    /// Of what was not stopped: the first instant at which a `watch.seen` is missed, if none comes.
    pub(crate) lapses: Option<Instant>,
}

impl WatchStore {
    pub(super) fn add(&mut self, item: Item) {
        let systems = windows::systems(item.body.as_ref().and_then(|b| b.get("systems")));
        self.items.push((systems, item));
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(|(_, item)| item)
    }

    /// The facts up to entry `limit`, in the order they were recorded.
    pub(crate) fn known(&self, limit: u64) -> &[Stated] {
        &self.items[..self.items.partition_point(|(_, item)| item.seq <= limit)]
    }

    /// The systems that some fact names, of those that are there.
    pub(crate) fn named(&self, lens: &Lens<'_>, as_of: Instant) -> BTreeSet<String> {
        let there = self.items.iter().filter(|(_, item)| item.at <= as_of && lens.sees_item(item));
        there.flat_map(|(named, _)| named.iter().flatten().cloned()).collect()
    }

    /// The watching of `systems` (empty: all) up to `as_of`. A fact that names no systems speaks of all of them.
    pub(crate) fn now(&self, lens: &Lens<'_>, as_of: Instant, systems: &[String]) -> Watched {
        self.until(lens, as_of, as_of, systems)
    }

    /// The same up to `until`, as if nothing more than what is there at `as_of` were said.
    pub(crate) fn until(
        &self,
        lens: &Lens<'_>,
        as_of: Instant,
        until: Instant,
        systems: &[String],
    ) -> Watched {
        let concerns = |named: &Option<Vec<String>>| match named {
            Some(named) if !systems.is_empty() => named.iter().any(|n| systems.contains(n)),
            _ => true,
        };
        let there = |item: &Item| item.at <= as_of && lens.sees_item(item);
        let coming = |(_, item): &&(_, Item)| item.at > as_of && lens.sees_item(item);
        let coming = self.items.iter().filter(coming).map(|(_, item)| item.at).min();
        let mut items: Vec<(&Option<Vec<String>>, &Item)> = self
            .items
            .iter()
            .filter(|(named, item)| concerns(named) && there(item))
            .map(|(n, i)| (n, i))
            .collect();
        items.sort_by_key(|(_, i)| (i.at, i.seq));
        let evidence = items.iter().map(|(_, i)| i.seq).collect();
        let mut found = Watched { evidence, next: coming, ..Watched::default() };
        for (_, gap) in items.iter().filter(|(_, i)| i.kind.name == "watch.gap") {
            if let (Some(start), Some(end)) = (gap.instant("start"), gap.instant("end")) {
                found.unknown.push(Interval::new(start, end.min(until)));
                if end > until {
                    found.turns(start.max(until).saturating_add(1));
                }
            }
        }
        items.retain(|(_, i)| i.kind.name != "watch.gap");
        found.gaps.clone_from(&found.unknown);
        // One stream a system that is named, and one for the rest.
        let mut names: BTreeSet<Option<&str>> = BTreeSet::new();
        if systems.is_empty() {
            names.insert(None);
            names.extend(items.iter().flat_map(|(n, _)| n.iter().flatten()).map(|n| Some(n.as_str())));
        } else {
            names.extend(systems.iter().map(|s| Some(s.as_str())));
        }
        for name in names {
            let of = |named: &Option<Vec<String>>| match (named, name) {
                (None, _) => true,
                (Some(named), Some(name)) => named.iter().any(|n| n == name),
                (Some(_), None) => false,
            };
            let stream: Vec<&Item> = items.iter().filter(|(n, _)| of(n)).map(|(_, i)| *i).collect();
            found.follow(&stream, until);
        }
        let mut united = Vec::new();
        found.unknown.retain(|u| !u.is_empty());
        interval_set::union_unsorted(&mut found.unknown, 0, &mut united);
        found.unknown = united;
        let mut watched = Vec::new();
        found.watched.retain(|w| !w.is_empty());
        interval_set::union_unsorted(&mut found.watched, 0, &mut watched);
        found.watched.clear();
        interval_set::subtract(&watched, &found.unknown, &mut found.watched);
        found
    }
}

impl Watched {
    fn turns(&mut self, at: Instant) {
        self.next = self.next.into_iter().chain([at]).min();
    }

    /// What was said of one system, in order.
    fn follow(&mut self, items: &[&Item], until: Instant) {
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
                ("watch.start", None) => {
                    (since, seen) = (Some(item.at), item.at);
                    self.since = self.since.into_iter().chain(since).min();
                }
                // Said without a start, or after a stop: nothing is watched.
                (_, None) => {}
            }
        }
        if let Some(start) = since {
            miss(seen, until);
            self.turns(seen.saturating_add(SEEN_EVERY).max(until).saturating_add(1));
            self.watched.push(Interval::new(start, until));
            self.lapses = self.lapses.into_iter().chain([seen.saturating_add(SEEN_EVERY)]).min();
        }
    }
}
