//! The list of settled episodes with running sums. In: episodes in order. Out: sums up to a place and of each span, the
//! episode in which a sum reaches a value. Knows no outage.

use super::episodes::{Episode, Hours};
use crate::time::{Instant, Interval, Micros};

/// What the list sums.
#[derive(Clone, Copy, Debug)]
pub(super) enum Measure {
    Downtime,
    /// Episodes whose downtime is unknown.
    Faults,
    /// Episodes at or above a threshold.
    Long(usize),
    /// Episodes with downtime below it.
    Short(usize),
}

/// Sums kept in a row: downtime, faults, episodes with downtime, then one a threshold.
const FIXED: usize = 3;

fn value(row: &[i64], m: Measure) -> i64 {
    match m {
        Measure::Downtime => row[0],
        Measure::Faults => row[1],
        Measure::Long(i) => row[FIXED + i],
        Measure::Short(i) => row[2] - row[FIXED + i],
    }
}

fn add_row(row: &mut [i64], e: &Episode, downtime: Micros, thresholds: &[Micros], sign: i64) {
    row[0] += sign * downtime;
    row[1] += sign * i64::from(e.fault.is_some());
    row[2] += sign * i64::from(e.downtime > 0);
    for (sum, threshold) in row[FIXED..].iter_mut().zip(thresholds) {
        *sum += sign * i64::from(e.downtime >= *threshold);
    }
}

/// Episodes a chunk; a late change moves at most so many. Small under test, so that chunks split and empty.
const CHUNK: usize = if cfg!(test) { 4 } else { 64 };

/// A place in the list; the end is a place too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pos {
    chunk: usize,
    at: usize,
}

/// Settled episodes in order, in chunks; over the chunks lies a Fenwick tree of their sums, and beside it the sums of
/// each span.
pub(super) struct Settled {
    thresholds: Vec<Micros>,
    spans: Vec<Interval>,
    /// One row a span: downtime inside it, and the episodes that count in it.
    in_spans: Vec<i64>,
    /// Start of the first episode of each chunk, beside the chunks for the search's sake.
    firsts: Vec<Instant>,
    /// None empty.
    chunks: Vec<Vec<Episode>>,
    /// Node `i` (from 1) sums the chunks `i - lowbit(i)` to `i - 1`.
    tree: Vec<i64>,
}

fn lowbit(i: usize) -> usize {
    i & i.wrapping_neg()
}

impl Settled {
    pub(super) fn new(thresholds: &[Micros], spans: &[Interval]) -> Self {
        Settled {
            thresholds: thresholds.to_vec(),
            spans: spans.to_vec(),
            in_spans: vec![0; spans.len() * (FIXED + thresholds.len())],
            firsts: Vec::new(),
            chunks: Vec::new(),
            tree: Vec::new(),
        }
    }

    fn width(&self) -> usize {
        FIXED + self.thresholds.len()
    }

    fn node(&self, i: usize) -> &[i64] {
        let w = self.width();
        &self.tree[(i - 1) * w..i * w]
    }

    fn measure(&self, e: &Episode, m: Measure) -> i64 {
        match m {
            Measure::Downtime => e.downtime,
            Measure::Faults => i64::from(e.fault.is_some()),
            Measure::Long(i) => i64::from(e.downtime >= self.thresholds[i]),
            Measure::Short(i) => i64::from(e.downtime > 0 && e.downtime < self.thresholds[i]),
        }
    }

    /// Adds an episode's row, `sign` times, to the nodes over its chunk.
    fn count(&mut self, chunk: usize, at: usize, sign: i64) {
        let w = self.width();
        let e = &self.chunks[chunk][at];
        let mut i = chunk + 1;
        while i <= self.chunks.len() {
            add_row(&mut self.tree[(i - 1) * w..i * w], e, e.downtime, &self.thresholds, sign);
            i += lowbit(i);
        }
    }

    /// Adds an episode, `sign` times, to the spans it lies in.
    fn count_in_spans(&mut self, e: &Episode, sign: i64, hours: &Hours) {
        let Some(first) = e.first_down(hours) else { return };
        let w = self.width();
        let from = self.spans.partition_point(|span| span.end <= first);
        for (span, row) in self.spans[from..].iter().zip(self.in_spans[from * w..].chunks_exact_mut(w)) {
            if span.start >= e.end {
                break;
            }
            let inside = e.down_before(span.end, hours) - e.down_before(span.start, hours);
            if span.contains(first) {
                add_row(row, e, inside, &self.thresholds, sign);
            } else {
                row[0] += sign * inside;
            }
        }
    }

    /// A sum of a span. O(1).
    pub(super) fn in_span(&self, span: usize, m: Measure) -> i64 {
        let w = self.width();
        value(&self.in_spans[span * w..(span + 1) * w], m)
    }

    /// Turns nodes into sums of single chunks (`sign` -1) or back (+1).
    fn fold_tree(&mut self, sign: i64) {
        let (w, n) = (self.width(), self.tree.len() / self.width());
        let step = |tree: &mut Vec<i64>, i: usize| {
            let parent = i + lowbit(i);
            if parent <= n {
                let (low, high) = tree.split_at_mut((parent - 1) * w);
                for (up, x) in high[..w].iter_mut().zip(&low[(i - 1) * w..i * w]) {
                    *up += sign * x;
                }
            }
        };
        if sign > 0 {
            (1..=n).for_each(|i| step(&mut self.tree, i));
        } else {
            (1..=n).rev().for_each(|i| step(&mut self.tree, i));
        }
    }

    /// A new last chunk; its node starts with what lies under it.
    fn push_chunk(&mut self, first: Episode) {
        self.firsts.push(first.start);
        let mut chunk = Vec::with_capacity(CHUNK);
        chunk.push(first);
        self.chunks.push(chunk);
        let i = self.chunks.len();
        let w = self.width();
        self.tree.resize(i * w, 0);
        let mut under = 1;
        while under < lowbit(i) {
            let (low, high) = self.tree.split_at_mut((i - 1) * w);
            let from = (i - under - 1) * w;
            for (sum, x) in high.iter_mut().zip(&low[from..from + w]) {
                *sum += x;
            }
            under <<= 1;
        }
        self.count(i - 1, 0, 1);
    }

    /// Appends an episode that starts after all others. O(log n).
    pub(super) fn push(&mut self, e: Episode, hours: &Hours) {
        self.count_in_spans(&e, 1, hours);
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => {
                debug_assert!(chunk.last().is_some_and(|last| last.end <= e.start));
                chunk.push(e);
                let at = chunk.len() - 1;
                self.count(self.chunks.len() - 1, at, 1);
            }
            _ => self.push_chunk(e),
        }
    }

    /// The first episode that starts at or after `t`. O(log n).
    pub(super) fn locate(&self, t: Instant) -> Pos {
        let chunk = self.firsts.partition_point(|first| *first < t).saturating_sub(1);
        let at = self.chunks.get(chunk).map_or(0, |c| c.partition_point(|e| e.start < t));
        self.normal(Pos { chunk, at })
    }

    /// The end of a chunk is the start of the next.
    fn normal(&self, p: Pos) -> Pos {
        match self.chunks.get(p.chunk) {
            Some(chunk) if p.at >= chunk.len() => Pos { chunk: p.chunk + 1, at: 0 },
            _ => p,
        }
    }

    /// The place after the last one.
    pub(super) fn end(&self) -> Pos {
        Pos { chunk: self.chunks.len(), at: 0 }
    }

    pub(super) fn get(&self, p: Pos) -> Option<&Episode> {
        self.chunks.get(p.chunk)?.get(p.at)
    }

    pub(super) fn next(&self, p: Pos) -> Pos {
        self.normal(Pos { at: p.at + 1, ..p })
    }

    pub(super) fn previous(&self, p: Pos) -> Option<Pos> {
        match (p.at, p.chunk) {
            (0, 0) => None,
            (0, c) => Some(Pos { chunk: c - 1, at: self.chunks[c - 1].len() - 1 }),
            (at, chunk) => Some(Pos { chunk, at: at - 1 }),
        }
    }

    /// All from a place on.
    pub(super) fn from(&self, p: Pos) -> impl Iterator<Item = &Episode> {
        let here = self.chunks.get(p.chunk).map_or(&[][..], |c| &c[p.at..]);
        here.iter().chain(self.chunks.iter().skip(p.chunk + 1).flatten())
    }

    /// Sum over the episodes before a place. O(log n).
    pub(super) fn before(&self, p: Pos, m: Measure) -> i64 {
        let mut sum = 0;
        let mut i = p.chunk;
        while i > 0 {
            sum += value(self.node(i), m);
            i -= lowbit(i);
        }
        let here = self.chunks.get(p.chunk).map_or(&[][..], |c| &c[..p.at]);
        sum + here.iter().map(|e| self.measure(e, m)).sum::<i64>()
    }

    /// The episode in which the sum reaches `n` (>= 1), and the sum before it. O(log n).
    pub(super) fn reach(&self, n: i64, m: Measure) -> Option<(&Episode, i64)> {
        let mut under = 0;
        let mut sum = 0;
        let mut step = (self.chunks.len() + 1).next_power_of_two() / 2;
        while step > 0 {
            let i = under + step;
            if i <= self.chunks.len() && sum + value(self.node(i), m) < n {
                sum += value(self.node(i), m);
                under = i;
            }
            step /= 2;
        }
        for e in self.chunks.get(under)? {
            let here = self.measure(e, m);
            if sum + here >= n {
                return Some((e, sum));
            }
            sum += here;
        }
        None
    }

    /// Puts `new` in the place of the `old` episodes from `p` on; between the same neighbours, in order.
    pub(super) fn replace(&mut self, p: Pos, old: usize, new: Vec<Episode>, hours: &Hours) {
        new.iter().for_each(|e| self.count_in_spans(e, 1, hours));
        let mut p = p;
        let mut new = new.into_iter();
        let mut left = old;
        while left > 0 {
            self.count(p.chunk, p.at, -1);
            match new.next() {
                Some(e) => {
                    if p.at == 0 {
                        self.firsts[p.chunk] = e.start;
                    }
                    let before = std::mem::replace(&mut self.chunks[p.chunk][p.at], e);
                    self.count_in_spans(&before, -1, hours);
                    self.count(p.chunk, p.at, 1);
                    p = self.next(p);
                }
                None => p = self.remove_uncounted(p, hours),
            }
            left -= 1;
        }
        for e in new {
            p = self.insert(p, e);
        }
    }

    /// Takes out an episode whose row was taken out; returns the place of what followed it.
    fn remove_uncounted(&mut self, p: Pos, hours: &Hours) -> Pos {
        let e = self.chunks[p.chunk].remove(p.at);
        self.count_in_spans(&e, -1, hours);
        match self.chunks[p.chunk].first() {
            Some(first) => self.firsts[p.chunk] = first.start,
            None => {
                self.fold_tree(-1);
                let w = self.width();
                self.tree.drain(p.chunk * w..(p.chunk + 1) * w);
                self.fold_tree(1);
                self.chunks.remove(p.chunk);
                self.firsts.remove(p.chunk);
            }
        }
        self.normal(p)
    }

    /// Inserts before a place; returns the place after it. O(log n + chunk), and O(chunks) when a chunk is split.
    fn insert(&mut self, p: Pos, e: Episode) -> Pos {
        let mut p = p;
        if p.at == 0 && p.chunk > 0 {
            // At the end of the chunk before: there it moves nothing.
            p = Pos { chunk: p.chunk - 1, at: self.chunks[p.chunk - 1].len() };
        }
        if self.chunks.is_empty() {
            self.push_chunk(e);
            return Pos { chunk: 1, at: 0 };
        }
        if self.chunks[p.chunk].len() == CHUNK {
            if p.chunk + 1 == self.chunks.len() && p.at == CHUNK {
                self.push_chunk(e);
                return Pos { chunk: p.chunk + 2, at: 0 };
            }
            p = self.split(p);
        }
        self.chunks[p.chunk].insert(p.at, e);
        if p.at == 0 {
            self.firsts[p.chunk] = self.chunks[p.chunk][0].start;
        }
        self.count(p.chunk, p.at, 1);
        self.next(p)
    }

    /// Halves a full chunk; returns where the place lies now.
    fn split(&mut self, p: Pos) -> Pos {
        let w = self.width();
        for at in CHUNK / 2..CHUNK {
            self.count(p.chunk, at, -1);
        }
        let second = self.chunks[p.chunk].split_off(CHUNK / 2);
        self.fold_tree(-1);
        let from = (p.chunk + 1) * w;
        self.tree.splice(from..from, std::iter::repeat_n(0, w));
        self.firsts.insert(p.chunk + 1, second[0].start);
        self.chunks.insert(p.chunk + 1, second);
        self.fold_tree(1);
        for at in 0..CHUNK / 2 {
            self.count(p.chunk + 1, at, 1);
        }
        if p.at < CHUNK / 2 { p } else { Pos { chunk: p.chunk + 1, at: p.at - CHUNK / 2 } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THRESHOLDS: [Micros; 2] = [2, 4];

    /// An episode of a length at a place; at most 9 long, with 10 between places.
    fn episode(place: i64, length: i64) -> Episode {
        let mut e = Episode::new(place * 10);
        e.end = e.start + length;
        e.add_down(Interval::new(e.start, e.end), &None);
        e
    }

    fn check(list: &Settled, naive: &[(i64, i64)]) {
        let all: Vec<(i64, i64)> =
            list.from(list.locate(i64::MIN)).map(|e| (e.start / 10, e.downtime)).collect();
        assert_eq!(all, naive);
        for m in [Measure::Downtime, Measure::Long(0), Measure::Long(1), Measure::Short(0), Measure::Short(1)]
        {
            let of = |length: i64| match m {
                Measure::Downtime => length,
                Measure::Faults => 0,
                Measure::Long(i) => i64::from(length >= THRESHOLDS[i]),
                Measure::Short(i) => i64::from(length > 0 && length < THRESHOLDS[i]),
            };
            let mut sum = 0;
            for (place, length) in naive {
                let p = list.locate(place * 10 - 3);
                assert_eq!(list.get(p).map(|e| e.start), Some(place * 10));
                assert_eq!(list.before(p, m), sum);
                for n in 1..=of(*length) {
                    let (e, before) = list.reach(sum + n, m).unwrap();
                    assert_eq!((e.start, before), (place * 10, sum), "{m:?} {n}");
                }
                sum += of(*length);
            }
            assert_eq!(list.before(list.end(), m), sum);
            assert!(list.reach(sum + 1, m).is_none());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_list_is_a_plain_list_with_sums(
            steps in prop::collection::vec((0..120i64, 0..6usize, prop::collection::vec(0..7i64, 0..6)), 1..80)
        ) {
            let mut list = Settled::new(&THRESHOLDS, &[]);
            let mut naive: Vec<(i64, i64)> = Vec::new();
            for (place, old, new) in steps {
                // Some old ones from a place on give way to new ones on neighbouring places.
                let from = naive.partition_point(|(p, _)| *p < place);
                let old = old.min(naive.len() - from);
                let room = naive.get(from + old).map_or(i64::MAX, |(p, _)| *p);
                let low = if old > 0 { naive[from].0 } else { place };
                let new: Vec<(i64, i64)> =
                    new.iter().enumerate().map(|(i, n)| (low + i as i64, *n)).filter(|(p, _)| *p < room).collect();
                let p = list.locate(place * 10);
                list.replace(p, old, new.iter().map(|(p, n)| episode(*p, *n)).collect(), &None);
                naive.splice(from..from + old, new);
                let next = naive.last().map_or(0, |(p, _)| p + 1);
                list.push(episode(next, place % 7), &None);
                naive.push((next, place % 7));
            }
            check(&list, &naive);
        }
    }
}
