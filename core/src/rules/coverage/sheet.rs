//! The roster of a clause: every presence, and the gaps it leaves. In: presences that come and go. Out: gaps, swept anew
//! only where something changed.

use super::floor::{Needs, Presence, append_uncovered};
use super::gaps::{Gaps, Waivers};
use crate::time::{Instant, Interval, Micros, interval_set};
use std::collections::{BTreeMap, BTreeSet};

/// Other presences for some cases, to see what would be.
pub(super) type Instead = BTreeMap<u32, Vec<Presence>>;

/// Presences by their length and start. A stretch is met by those of each class that start inside it or, at most the
/// longest length of the class, before it; so that one long presence does not make the search for short ones long.
#[derive(Debug)]
struct Index {
    /// Length class (power of two), presence, case.
    all: BTreeSet<(u8, Presence, u32)>,
    /// How many, by class.
    sizes: [usize; 64],
}

fn class(span: Interval) -> u8 {
    // A length is at least 1 and below 2^63.
    (63 - span.len().unsigned_abs().max(1).leading_zeros()).to_le_bytes()[0]
}

impl Index {
    fn insert(&mut self, case: u32, p: Presence) {
        let class = class(p.span);
        self.sizes[usize::from(class)] += usize::from(self.all.insert((class, p, case)));
    }
    fn remove(&mut self, case: u32, p: Presence) {
        let class = class(p.span);
        self.sizes[usize::from(class)] -= usize::from(self.all.remove(&(class, p, case)));
    }
    fn meeting(&self, within: Interval) -> impl Iterator<Item = (u32, Presence)> + '_ {
        let at = |start: Instant| Presence { span: Interval::new(start, Instant::MIN), person: 0, role: 0 };
        let classes = (0u8..64).filter(|c| self.sizes[usize::from(*c)] > 0);
        classes.flat_map(move |class| {
            let longest: Micros =
                1i64.checked_shl(u32::from(class) + 1).filter(|l| *l > 0).unwrap_or(Micros::MAX);
            let first = (class, at(within.start.saturating_sub(longest)), 0);
            let met = self.all.range(first..(class, at(within.end), 0));
            met.filter(move |(_, p, _)| p.span.end > within.start).map(|(_, p, case)| (*case, *p))
        })
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Sheet {
    index: Index,
    pub(super) gaps: Gaps,
    /// Where someone left, or other time is owed, since the last sweep.
    changed: Vec<Interval>,
    /// Where someone came: nothing but the gaps there can be other than they were.
    more: Vec<Interval>,
}

impl Sheet {
    pub(super) fn new(gaps: Gaps) -> Sheet {
        let index = Index { all: BTreeSet::new(), sizes: [0; 64] };
        Sheet { index, gaps, changed: Vec::new(), more: Vec::new() }
    }

    /// Replaces the presences of a case; both lists are sorted and hold no presence twice.
    pub(super) fn replace(&mut self, case: u32, old: &[Presence], new: &[Presence]) {
        for (p, is_new) in difference(old, new) {
            if is_new { self.index.insert(case, p) } else { self.index.remove(case, p) }
        }
        for (span, comes) in changes(old, new) {
            if comes { self.more.push(span) } else { self.changed.push(span) }
        }
    }

    /// Replaces one presence of a case; empty ones are none.
    pub(super) fn swap(&mut self, case: u32, old: Option<Presence>, new: Presence) {
        let list = |p: Option<Presence>| p.into_iter().filter(|p| !p.span.is_empty()).collect::<Vec<_>>();
        self.replace(case, &list(old), &list(Some(new)));
    }

    /// The owed time of that stretch is another.
    pub(super) fn touch(&mut self, stretch: Interval) {
        self.changed.push(stretch);
    }

    /// Sweeps what changed.
    pub(super) fn settle(&mut self, owed: &[Interval], needs: &Needs, waivers: &Waivers) {
        let mut stretches = Vec::new();
        interval_set::union_unsorted(&mut self.changed, 0, &mut stretches);
        self.changed.clear();
        let mut more = Vec::new();
        interval_set::union_unsorted(&mut self.more, 0, &mut more);
        self.more.clear();
        let mut rest = Vec::new();
        interval_set::subtract(&more, &stretches, &mut rest);
        stretches.extend(rest.into_iter().flat_map(|stretch| self.gaps.inside(stretch)));
        for stretch in stretches {
            let fresh = self.uncovered(owed, stretch, needs, &Instead::new());
            self.gaps.splice(stretch, &fresh, waivers);
        }
    }

    /// The gaps of a stretch; of the cases in `instead` with these presences.
    pub(super) fn uncovered(
        &self,
        owed: &[Interval],
        stretch: Interval,
        needs: &Needs,
        instead: &Instead,
    ) -> Vec<Interval> {
        let mut gaps = Vec::new();
        for piece in &owed[owed.partition_point(|o| o.end <= stretch.start)..] {
            if piece.start >= stretch.end {
                break;
            }
            let within = piece.clip(stretch);
            append_uncovered(within, &self.presences(within, instead), needs, &mut gaps);
        }
        gaps
    }

    /// Who is there at some time of `within`.
    pub(super) fn presences(&self, within: Interval, instead: &Instead) -> Vec<Presence> {
        let own = self.index.meeting(within).filter(|(case, _)| !instead.contains_key(case)).map(|(_, p)| p);
        own.chain(instead.values().flatten().copied()).collect()
    }
}

/// What is in one of two sorted lists alone, and whether it is the second.
fn difference(old: &[Presence], new: &[Presence]) -> Vec<(Presence, bool)> {
    let only = |a: &[Presence], b: &[Presence], is_new: bool| {
        a.iter().filter(|p| b.binary_search(p).is_err()).map(|p| (*p, is_new)).collect::<Vec<_>>()
    };
    let mut all = only(old, new, false);
    all.extend(only(new, old, true));
    all
}

/// Where who is there differs between two sorted lists, and whether someone comes. Of a presence that only ends otherwise,
/// the part between the ends.
pub(super) fn changes(old: &[Presence], new: &[Presence]) -> Vec<(Interval, bool)> {
    let mut differ = difference(old, new);
    differ.sort_unstable_by_key(|(p, _)| (p.person, p.role, p.span.start));
    let mut spans = Vec::with_capacity(differ.len());
    let mut rest = differ.as_slice();
    while let [(a, a_comes), tail @ ..] = rest {
        let same = |b: &Presence| (a.person, a.role, a.span.start) == (b.person, b.role, b.span.start);
        match tail {
            [(b, b_comes), tail @ ..] if a_comes != b_comes && same(b) => {
                let span = Interval::new(a.span.end.min(b.span.end), a.span.end.max(b.span.end));
                spans.push((span, *a_comes == (a.span.end > b.span.end)));
                rest = tail;
            }
            _ => {
                spans.push((a.span, *a_comes));
                rest = tail;
            }
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lists() -> impl Strategy<Value = Vec<(u32, Vec<Presence>)>> {
        let length = prop_oneof![1i64..6, 1i64..200, Just(1i64 << 40)];
        let one = (0i64..300, length, 0u32..3, 0u32..2).prop_map(|(start, length, person, role)| Presence {
            span: Interval::new(start, start + length),
            person,
            role,
        });
        let list = proptest::collection::vec(one, 0..4).prop_map(|mut list| {
            list.sort_unstable();
            list.dedup();
            list
        });
        proptest::collection::vec((0u32..6, list), 1..30)
    }

    proptest! {
        #[test]
        fn what_is_swept_anew_is_what_is_swept_at_once(
            steps in lists(),
            owed in proptest::collection::vec((0i64..400, 1i64..80), 1..8),
        ) {
            let mut owed: Vec<Interval> = owed.into_iter().map(|(s, l)| Interval::new(s, s + l)).collect();
            let mut united = Vec::new();
            interval_set::union_unsorted(&mut owed, 0, &mut united);
            let (needs, waivers) = (Needs { least: vec![1, 2], distinct: true }, Waivers::default());
            let (whole, holds) = (Interval::new(0, 500), Interval::new(Instant::MIN, Instant::MAX));
            let mut sheet = Sheet::new(Gaps::new(0, holds));
            sheet.touch(whole);
            let mut now: BTreeMap<u32, Vec<Presence>> = BTreeMap::new();
            for (case, list) in steps {
                let old = now.insert(case, list.clone()).unwrap_or_default();
                sheet.replace(case, &old, &list);
                sheet.settle(&united, &needs, &waivers);
                let all: Vec<Presence> = now.values().flatten().copied().collect();
                let mut wanted = Vec::new();
                for piece in &united {
                    append_uncovered(*piece, &all, &needs, &mut wanted);
                }
                prop_assert_eq!(sheet.gaps.after(Instant::MIN).collect::<Vec<_>>(), wanted);
                // The search by length finds who is there, and nobody else.
                let within = Interval::new(40, 90);
                let mut met = sheet.presences(within, &Instead::new());
                let mut there: Vec<Presence> =
                    all.into_iter().filter(|p| !p.span.clip(within).is_empty()).collect();
                met.sort_unstable();
                there.sort_unstable();
                prop_assert_eq!(met, there);
            }
        }
    }
}
