//! A tally of cases that have names of their own: of several a subject, or of none.

use super::{Totals, unit};
use crate::assess::Status;
use crate::books::tally::{Tally, Verdict};
use crate::time::Instant;
use std::collections::BTreeMap;

/// Cases by key; a key keeps its place in the tally for ever.
#[derive(Debug)]
pub(crate) struct Keyed<K, T> {
    tally: Tally<T>,
    places: BTreeMap<K, u32>,
    keys: Vec<K>,
}

impl<K, T> Default for Keyed<K, T> {
    fn default() -> Self {
        Keyed { tally: Tally::default(), places: BTreeMap::new(), keys: Vec::new() }
    }
}

impl<K: Ord + Clone, T> Keyed<K, T> {
    /// Replaces the verdict of a case; none: it is not judged.
    pub(crate) fn set(&mut self, key: K, verdict: Option<Verdict<T>>) {
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None if verdict.is_none() => return,
            None => {
                // As in the books: more cases than 2^32 need more memory than any machine of the field has.
                let place = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
                self.keys.push(key.clone());
                self.places.insert(key, place);
                place
            }
        };
        self.tally.set(place, verdict);
    }
    pub(crate) fn get(&self, key: &K) -> Option<&Verdict<T>> {
        self.tally.get(*self.places.get(key)?)
    }
    /// A case whose verdict may have changed by `as_of`.
    pub(crate) fn due(&self, as_of: Instant) -> Option<K> {
        self.tally.due(as_of).map(|place| self.keys[place as usize].clone())
    }
    /// Cases that are there, by key.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (&K, &Verdict<T>)> {
        let cases = self.places.iter().filter_map(|(key, place)| Some((key, self.tally.get(*place)?)));
        cases.filter(|(_, v)| v.status != Status::NotDue)
    }
    /// Those keys that have a verdict, from `first` to `last`.
    pub(crate) fn between(&self, first: K, last: K) -> impl Iterator<Item = (&K, &Verdict<T>)> {
        self.places.range(first..=last).filter_map(|(key, place)| Some((key, self.tally.get(*place)?)))
    }
    pub(crate) fn tally(&self) -> &Tally<T> {
        &self.tally
    }
}

/// The figures of a clause whose value is the number of its breached cases, and whose limit is none.
pub(crate) fn breach_totals<T>(tally: &Tally<T>) -> Totals {
    let breaches = tally.breaches();
    Totals {
        status: tally.status(),
        value: Some(breaches),
        limit: Some(0),
        unit: unit::COUNT,
        scale: 0,
        breaches,
        breached_at: tally.breached_at(),
        forecast: if breaches > 0 { None } else { tally.forecast() },
    }
}

/// `a`, or where it is earlier `b`.
pub(crate) fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}
