//! The gaps of a clause on the whole axis of time, and the sums over those that lie behind. In: stretches swept anew,
//! waivers, the instant asked for, which only moves forward. Out: what the clause shows, without a walk over all gaps.

use crate::time::{Instant, Interval, Micros};
use std::collections::{BTreeMap, BTreeSet};

/// The instants at which gaps are waived.
#[derive(Debug, Default)]
pub(super) struct Waivers {
    /// Every gap is.
    pub(super) all: bool,
    pub(super) at: BTreeSet<Instant>,
}

impl Waivers {
    pub(super) fn take(&self, gap: Interval) -> bool {
        self.all || self.at.range(gap.start..gap.end.max(gap.start)).next().is_some()
    }
}

/// A gap as it is listed: up to the instant asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Listed {
    pub(super) gap: Interval,
    pub(super) waived: bool,
}

/// Sums over listed gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) breached: i64,
    pub(super) waived: i64,
    /// Length of all.
    pub(super) length: Micros,
    /// Length of those that are not waived.
    pub(super) excess: Micros,
}

impl Sums {
    fn add(&mut self, listed: Listed, by: i64) {
        let length = by * listed.gap.len();
        self.length += length;
        if listed.waived {
            self.waived += by;
        } else {
            self.breached += by;
            self.excess += length;
        }
    }
}

/// See the module. Gaps are maximal and do not touch.
#[derive(Debug)]
pub(super) struct Gaps {
    tolerance: Micros,
    /// Only gaps that start in it are judged.
    holds: Interval,
    /// End by start.
    all: BTreeMap<Instant, Instant>,
    /// Starts of those that are judged and longer than the tolerance.
    counting: BTreeSet<Instant>,
    /// The instant asked for; gaps that end at or before it lie behind.
    as_of: Instant,
    behind: Sums,
    /// Of the counting gaps behind that are not waived, the starts.
    breached: BTreeSet<Instant>,
}

impl Gaps {
    pub(super) fn new(tolerance: Micros, holds: Interval) -> Gaps {
        Gaps {
            tolerance,
            holds,
            all: BTreeMap::new(),
            counting: BTreeSet::new(),
            as_of: Instant::MIN,
            behind: Sums::default(),
            breached: BTreeSet::new(),
        }
    }

    /// Judged, and longer than the tolerance.
    pub(super) fn counts(&self, gap: Interval) -> bool {
        gap.len() > self.tolerance && self.holds.contains(gap.start)
    }
    /// The breach instant.
    pub(super) fn breaks_at(&self, start: Instant) -> Instant {
        start.saturating_add(self.tolerance)
    }

    /// The gap that holds `t`, or that starts or ends there; the earlier of two.
    fn touching(&self, t: Instant) -> Option<Interval> {
        let (start, end) = self.all.range(..=t).next_back()?;
        (*end >= t).then(|| Interval::new(*start, *end))
    }
    /// The gap that runs on over `t`: it started before and has not ended.
    pub(super) fn running(&self, t: Instant) -> Option<Interval> {
        let (start, end) = self.all.range(..t).next_back()?;
        (*end > t).then(|| Interval::new(*start, *end))
    }
    /// The gap that holds `t`.
    pub(super) fn at(&self, t: Instant) -> Option<Interval> {
        self.touching(t).filter(|gap| gap.contains(t))
    }
    /// The parts of gaps inside a stretch, in order.
    pub(super) fn inside(&self, stretch: Interval) -> Vec<Interval> {
        let first = self.at(stretch.start).map_or(stretch.start, |gap| gap.start);
        let met = self.all.range(first..stretch.end.max(first));
        met.map(|(start, end)| Interval::new(*start, *end).clip(stretch)).collect()
    }
    /// Counting gaps that start after `t`, in order.
    pub(super) fn after(&self, t: Instant) -> impl Iterator<Item = Interval> + '_ {
        let after = (std::ops::Bound::Excluded(t), std::ops::Bound::Unbounded);
        self.counting.range(after).filter_map(|start| Some(Interval::new(*start, *self.all.get(start)?)))
    }

    /// What the gaps around a stretch become when `fresh` are the gaps inside it: those that go, those that come.
    pub(super) fn around(&self, stretch: Interval, fresh: &[Interval]) -> (Vec<Interval>, Vec<Interval>) {
        let first = self.touching(stretch.start).map_or(stretch.start, |gap| gap.start);
        let gone: Vec<Interval> =
            self.all.range(first..=stretch.end).map(|(start, end)| Interval::new(*start, *end)).collect();
        let mut come: Vec<Interval> = Vec::with_capacity(fresh.len() + 2);
        let left = gone.first().map(|gap| Interval::new(gap.start, gap.end.min(stretch.start)));
        let right = gone.last().map(|gap| Interval::new(gap.start.max(stretch.end), gap.end));
        for part in left.into_iter().chain(fresh.iter().copied()).chain(right).filter(|p| !p.is_empty()) {
            match come.last_mut() {
                Some(last) if last.end == part.start => last.end = part.end,
                _ => come.push(part),
            }
        }
        (gone, come)
    }

    /// Puts in what was swept anew. Linear in the gaps of the stretch.
    pub(super) fn splice(&mut self, stretch: Interval, fresh: &[Interval], waivers: &Waivers) {
        let (gone, come) = self.around(stretch, fresh);
        if gone == come {
            return;
        }
        for gap in gone {
            self.note(gap, waivers, -1);
            self.all.remove(&gap.start);
            self.counting.remove(&gap.start);
        }
        for gap in come {
            self.all.insert(gap.start, gap.end);
            if self.counts(gap) {
                self.counting.insert(gap.start);
            }
            self.note(gap, waivers, 1);
        }
    }

    /// A gap that lies behind comes or goes.
    fn note(&mut self, gap: Interval, waivers: &Waivers, by: i64) {
        if gap.end > self.as_of || !self.counts(gap) {
            return;
        }
        let waived = waivers.take(gap);
        self.behind.add(Listed { gap, waived }, by);
        if by < 0 {
            self.breached.remove(&gap.start);
        } else if !waived {
            self.breached.insert(gap.start);
        }
    }

    /// Time passes: gaps come to lie behind.
    pub(super) fn advance(&mut self, as_of: Instant, waivers: &Waivers) {
        if as_of <= self.as_of {
            return;
        }
        let from = self.running(self.as_of).map_or(self.as_of, |gap| gap.start);
        let passed = self.all.range(from..as_of).map(|(start, end)| Interval::new(*start, *end));
        let passed: Vec<Interval> = passed.filter(|gap| gap.end <= as_of).collect();
        self.as_of = as_of;
        for gap in passed {
            self.note(gap, waivers, 1);
        }
    }

    /// The waivers are others: of all gaps, or where the changed ones name an instant inside a gap.
    pub(super) fn rewaive(&mut self, changed: Option<&[Instant]>, old: &Waivers, new: &Waivers) {
        let behind: BTreeSet<Instant> = match changed {
            Some(instants) => instants.iter().filter_map(|t| Some(self.at(*t)?.start)).collect(),
            None => self.counting.range(..self.as_of).copied().collect(),
        };
        for start in behind {
            let Some(end) = self.all.get(&start).copied() else { continue };
            let gap = Interval::new(start, end);
            self.note(gap, old, -1);
            self.note(gap, new, 1);
        }
    }

    /// The gap that runs at the instant asked for, where it is listed.
    fn open(&self, waivers: &Waivers) -> Option<Listed> {
        let gap = Interval { end: self.as_of, ..self.running(self.as_of)? };
        self.counts(gap).then(|| Listed { gap, waived: waivers.take(gap) })
    }

    /// The sums over all listed gaps. O(log n).
    pub(super) fn sums(&self, waivers: &Waivers) -> Sums {
        let mut sums = self.behind;
        if let Some(open) = self.open(waivers) {
            sums.add(open, 1);
        }
        sums
    }

    /// The first breach instant. O(log n).
    pub(super) fn breached_at(&self, waivers: &Waivers) -> Option<Instant> {
        let open = || self.open(waivers).filter(|l| !l.waived).map(|l| l.gap.start);
        self.breached.first().copied().or_else(open).map(|start| self.breaks_at(start))
    }

    /// Every listed gap, in order.
    pub(super) fn listed<'a>(&'a self, waivers: &'a Waivers) -> impl Iterator<Item = Listed> + 'a {
        let behind = self.counting.range(..self.as_of).filter_map(|start| {
            let gap = Interval::new(*start, *self.all.get(start)?);
            (gap.end <= self.as_of).then(|| Listed { gap, waived: waivers.take(gap) })
        });
        behind.chain(self.open(waivers))
    }

    /// The length of what would be listed of these gaps.
    pub(super) fn length(&self, gaps: &[Interval]) -> Micros {
        let shown = gaps.iter().map(|gap| Interval { end: gap.end.min(self.as_of), ..*gap });
        shown.filter(|gap| self.counts(*gap)).map(Interval::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::interval_set;
    use proptest::prelude::*;

    const AXIS: Interval = Interval::new(0, 60);

    #[derive(Clone, Debug)]
    enum Step {
        /// The gaps of a stretch are now those cells.
        Sweep(Interval, Vec<bool>),
        Advance(i64),
        Waive(BTreeSet<Instant>, bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        let sweep = (0i64..60, 1i64..25, proptest::collection::vec(any::<bool>(), 60)).prop_map(
            |(start, length, cells)| Step::Sweep(Interval::new(start, start + length).clip(AXIS), cells),
        );
        let waive = (proptest::collection::btree_set(0i64..60, 0..4), any::<bool>());
        prop_oneof![
            4 => sweep,
            2 => (0i64..12).prop_map(Step::Advance),
            1 => waive.prop_map(|(at, all)| Step::Waive(at, all)),
        ]
    }

    fn runs(cells: &[bool], within: Interval) -> Vec<Interval> {
        let single = (within.start..within.end).filter(|t| cells[*t as usize]);
        let single: Vec<Interval> = single.map(|t| Interval::new(t, t + 1)).collect();
        let mut runs = Vec::new();
        interval_set::union(&single, 0, &mut runs);
        runs
    }

    /// From the cells alone.
    fn naive(cells: &[bool], gaps: &Gaps, as_of: Instant, waivers: &Waivers) -> Vec<Listed> {
        let whole = runs(cells, AXIS).into_iter().filter(|g| g.start < as_of);
        let shown = whole.map(|g| Interval { end: g.end.min(as_of), ..g });
        let listed = shown.filter(|g| g.len() > gaps.tolerance && gaps.holds.contains(g.start));
        listed.map(|gap| Listed { gap, waived: waivers.take(gap) }).collect()
    }

    proptest! {
        #[test]
        fn the_sums_are_those_of_the_cells(
            steps in proptest::collection::vec(step(), 1..25),
            tolerance in 0i64..4,
            holds in (0i64..30, 5i64..60),
        ) {
            let mut gaps = Gaps::new(tolerance, Interval::new(holds.0, holds.0 + holds.1));
            let (mut cells, mut as_of, mut waivers) = (vec![false; 60], 0, Waivers::default());
            gaps.advance(as_of, &waivers);
            for step in steps {
                match step {
                    Step::Sweep(stretch, fresh) => {
                        let range = stretch.start as usize..stretch.end as usize;
                        cells[range.clone()].copy_from_slice(&fresh[range]);
                        gaps.splice(stretch, &runs(&fresh, stretch), &waivers);
                    }
                    Step::Advance(by) => {
                        as_of += by;
                        gaps.advance(as_of, &waivers);
                    }
                    Step::Waive(at, all) => {
                        let new = Waivers { all, at };
                        let changed: Vec<Instant> = new.at.symmetric_difference(&waivers.at).copied().collect();
                        let some = (new.all == waivers.all).then_some(&changed[..]);
                        gaps.rewaive(some, &waivers, &new);
                        waivers = new;
                    }
                }
                let wanted = naive(&cells, &gaps, as_of, &waivers);
                prop_assert_eq!(gaps.listed(&waivers).collect::<Vec<_>>(), wanted.clone());
                let mut sums = Sums::default();
                wanted.iter().for_each(|l| sums.add(*l, 1));
                prop_assert_eq!(gaps.sums(&waivers), sums);
                let first = wanted.iter().find(|l| !l.waived).map(|l| l.gap.start + tolerance);
                prop_assert_eq!(gaps.breached_at(&waivers), first);
                let all = gaps.all.iter().map(|(start, end)| Interval::new(*start, *end)).collect::<Vec<_>>();
                prop_assert_eq!(gaps.length(&all), sums.length);
                prop_assert_eq!(all, runs(&cells, AXIS));
            }
        }
    }
}
