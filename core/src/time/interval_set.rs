//! Sets of intervals as free functions over slices. A *set* is a slice of intervals in order of start that do not
//! overlap (they may touch; empty ones are nothing). Results replace what `out` held, are sets without empty or touching
//! intervals, and use its capacity: nothing is allocated per row.

use super::{Instant, Interval, Micros};

/// True for a set: in order of start, without overlap.
pub fn is_set(a: &[Interval]) -> bool {
    a.windows(2).all(|w| w[0].start <= w[1].start && w[0].end <= w[1].start)
}

fn by_start(a: &[Interval]) -> bool {
    a.is_sorted_by_key(|i| i.start)
}

/// Total length of a set. O(n).
pub fn measure(set: &[Interval]) -> Micros {
    debug_assert!(is_set(set));
    set.iter().map(|i| i.len()).sum()
}

/// Appends to a set an interval that does not start before its last one, joining over a gap of at most `gap`.
#[inline]
fn join(out: &mut Vec<Interval>, next: Interval, gap: Micros) {
    match out.last_mut() {
        Some(last) if next.start <= last.end.saturating_add(gap) => last.end = last.end.max(next.end),
        _ => out.push(next),
    }
}

/// Union of intervals in order of start; pieces with at most `gap` (>= 0) between them become one. O(n).
pub fn union(sorted: &[Interval], gap: Micros, out: &mut Vec<Interval>) {
    debug_assert!(by_start(sorted) && gap >= 0);
    out.clear();
    for &i in sorted.iter().filter(|i| !i.is_empty()) {
        join(out, i, gap);
    }
}

/// Union of intervals in any order, which it sorts in place. O(n log n).
pub fn union_unsorted(intervals: &mut [Interval], gap: Micros, out: &mut Vec<Interval>) {
    if !by_start(intervals) {
        intervals.sort_unstable();
    }
    union(intervals, gap, out);
}

/// What of `within` no interval of a set covers, in order. The set is read from its first interval on, so that a caller who
/// goes through time leaves away what lies behind.
#[inline]
pub(crate) fn for_each_difference(within: Interval, set: &[Interval], mut each: impl FnMut(Interval)) {
    let mut from = within.start;
    for taken in
        set.iter().take_while(|t| t.start < within.end).filter(|t| t.end > within.start && !t.is_empty())
    {
        if from < taken.start {
            each(Interval::new(from, taken.start));
        }
        from = taken.end;
    }
    if from < within.end {
        each(Interval::new(from, within.end));
    }
}

/// The same, appended to `out` (not cleared). O(log n + intervals met).
pub(crate) fn append_difference(within: Interval, set: &[Interval], out: &mut Vec<Interval>) {
    let near = &set[set.partition_point(|i| i.end <= within.start)..];
    for_each_difference(within, near, |i| out.push(i));
}

/// What is in `a` and not in `b`, two sets. O(n + m).
pub fn subtract(a: &[Interval], b: &[Interval], out: &mut Vec<Interval>) {
    debug_assert!(is_set(a) && is_set(b));
    out.clear();
    let mut rest = b;
    for &i in a.iter().filter(|i| !i.is_empty()) {
        // Two pieces of `a` may lie in one of `b`, so what reaches beyond this piece stays.
        while rest.first().is_some_and(|t| t.end <= i.start) {
            rest = &rest[1..];
        }
        let mut from = i.start;
        for taken in rest.iter().take_while(|t| t.start < i.end).filter(|t| !t.is_empty()) {
            if from < taken.start {
                join(out, Interval::new(from, taken.start), 0);
            }
            from = taken.end;
        }
        if from < i.end {
            join(out, Interval::new(from, i.end), 0);
        }
    }
}

/// What is in both of two sets. O(n + m).
pub fn intersect(a: &[Interval], b: &[Interval], out: &mut Vec<Interval>) {
    debug_assert!(is_set(a) && is_set(b));
    out.clear();
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let both = a[i].clip(b[j]);
        if !both.is_empty() {
            join(out, both, 0);
        }
        if a[i].end <= b[j].end {
            i += 1;
        } else {
            j += 1;
        }
    }
}

/// The part of a set inside `within`. O(log n + result).
pub fn clip(set: &[Interval], within: Interval, out: &mut Vec<Interval>) {
    debug_assert!(is_set(set));
    out.clear();
    for &i in &set[set.partition_point(|i| i.end <= within.start)..] {
        if i.start >= within.end {
            break;
        }
        let part = i.clip(within);
        if !part.is_empty() {
            join(out, part, 0);
        }
    }
}

/// Where at least `k` (>= 1) of the intervals, in any order, overlap. `edges` is working memory. O(n log n).
pub fn covered_by(
    intervals: &[Interval],
    k: usize,
    edges: &mut Vec<(Instant, bool)>,
    out: &mut Vec<Interval>,
) {
    debug_assert!(k >= 1);
    edges.clear();
    out.clear();
    for i in intervals.iter().filter(|i| !i.is_empty()) {
        edges.push((i.start, true));
        edges.push((i.end, false));
    }
    // Ends before starts of the same instant: half-open neighbours do not overlap.
    edges.sort_unstable();
    let (mut depth, mut since) = (0, 0);
    for &(at, begins) in &*edges {
        if begins {
            depth += 1;
            if depth == k {
                since = at;
            }
        } else {
            if depth == k && since < at {
                join(out, Interval::new(since, at), 0);
            }
            depth -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: i64 = 40;

    fn intervals() -> impl Strategy<Value = Vec<Interval>> {
        let one = (-RANGE..RANGE, -1..12i64).prop_map(|(start, n)| Interval::new(start, start + n));
        prop::collection::vec(one, 0..12)
    }

    /// A set as callers may write it: pieces may touch or be empty.
    fn set() -> impl Strategy<Value = Vec<Interval>> {
        prop::collection::vec((0..5i64, 0..7i64), 0..12).prop_map(|steps| {
            let mut at = -RANGE;
            let piece = |(gap, n): (i64, i64)| {
                let start = at + gap;
                at = start + n;
                Interval::new(start, at)
            };
            steps.into_iter().map(piece).collect()
        })
    }

    /// One cell a unit of time: how many intervals cover it.
    fn cells(a: &[Interval]) -> Vec<usize> {
        (-2 * RANGE..3 * RANGE).map(|t| a.iter().filter(|i| i.contains(t)).count()).collect()
    }

    fn sets(a: &[usize], b: &[usize], rule: impl Fn(bool, bool) -> bool) -> Vec<usize> {
        a.iter().zip(b).map(|(a, b)| usize::from(rule(*a > 0, *b > 0))).collect()
    }

    /// What every result is: no empty interval, and time between each two.
    fn well_formed(out: &[Interval]) -> bool {
        out.iter().all(|i| i.start < i.end) && out.windows(2).all(|w| w[0].end < w[1].start)
    }

    #[test]
    fn examples() {
        let i = Interval::new;
        let mut out = vec![i(7, 7)];
        union(&[i(0, 2), i(2, 3), i(5, 6)], 0, &mut out);
        assert_eq!(out, [i(0, 3), i(5, 6)]);
        union(&[i(0, 2), i(2, 3), i(5, 6)], 2, &mut out);
        assert_eq!(out, [i(0, 6)], "a gap of exactly the allowed length joins");
        union(&[i(0, i64::MAX), i(5, i64::MAX)], i64::MAX, &mut out);
        assert_eq!(out, [i(0, i64::MAX)]);
        subtract(&[i(0, 10)], &[i(2, 3), i(3, 4), i(9, 20)], &mut out);
        assert_eq!(out, [i(0, 2), i(4, 9)]);
        intersect(&[i(0, 5), i(5, 10)], &[i(3, 7)], &mut out);
        assert_eq!(out, [i(3, 7)]);
        clip(&[i(0, 5), i(8, 10)], i(4, 9), &mut out);
        assert_eq!(out, [i(4, 5), i(8, 9)]);
        covered_by(&[i(0, 5), i(3, 9), i(4, 6), i(9, 12), i(11, 12)], 2, &mut Vec::new(), &mut out);
        assert_eq!(out, [i(3, 6), i(11, 12)]);
        assert_eq!(measure(&out), 4);
    }

    proptest! {
        #[test]
        fn union_is_the_cells(mut a in intervals(), gap in 0..4i64) {
            let before = cells(&a);
            let mut out = Vec::new();
            union_unsorted(&mut a, 0, &mut out);
            prop_assert!(well_formed(&out));
            prop_assert_eq!(cells(&out), sets(&before, &before, |a, _| a));
            prop_assert_eq!(measure(&out), before.iter().filter(|n| **n > 0).count() as i64);
            // With a gap, holes of at most its length are filled.
            let mut joined = Vec::new();
            union(&a, gap, &mut joined);
            let mut filled = out.clone();
            filled.extend(out.windows(2).filter(|w| w[1].start - w[0].end <= gap).map(|w| Interval::new(w[0].end, w[1].start)));
            prop_assert!(well_formed(&joined));
            prop_assert_eq!(cells(&joined), cells(&filled));
        }

        #[test]
        fn starts_and_ends_sorted_apart_find_the_same_gaps(mut a in intervals()) {
            a.retain(|i| !i.is_empty());
            let (mut starts, mut ends): (Vec<i64>, Vec<i64>) = a.iter().map(|i| (i.start, i.end)).unzip();
            starts.sort_unstable();
            ends.sort_unstable();
            let mut out = Vec::new();
            union_unsorted(&mut a, 0, &mut out);
            let gaps: Vec<(i64, i64)> = (1..starts.len()).map(|i| (ends[i - 1], starts[i])).filter(|(e, s)| s > e).collect();
            prop_assert_eq!(out.windows(2).map(|w| (w[0].end, w[1].start)).collect::<Vec<_>>(), gaps);
        }

        #[test]
        fn subtract_intersect_and_clip_are_the_cells(a in set(), b in set(), from in -RANGE..RANGE, n in -2..40i64) {
            let (in_a, in_b) = (cells(&a), cells(&b));
            let mut out = Vec::new();
            subtract(&a, &b, &mut out);
            prop_assert!(well_formed(&out));
            prop_assert_eq!(cells(&out), sets(&in_a, &in_b, |a, b| a && !b));
            intersect(&a, &b, &mut out);
            prop_assert!(well_formed(&out));
            prop_assert_eq!(cells(&out), sets(&in_a, &in_b, |a, b| a && b));
            let within = Interval::new(from, from + n);
            clip(&a, within, &mut out);
            prop_assert!(well_formed(&out));
            prop_assert_eq!(cells(&out), sets(&in_a, &cells(&[within]), |a, b| a && b));
            out.clear();
            append_difference(within, &b, &mut out);
            prop_assert!(well_formed(&out));
            prop_assert_eq!(cells(&out), sets(&cells(&[within]), &in_b, |a, b| a && !b));
        }

        #[test]
        fn covered_by_k_is_the_cells(a in intervals(), k in 1..5usize) {
            let mut out = Vec::new();
            covered_by(&a, k, &mut Vec::new(), &mut out);
            prop_assert!(well_formed(&out));
            let deep: Vec<usize> = cells(&a).into_iter().map(|n| usize::from(n >= k)).collect();
            prop_assert_eq!(cells(&out), deep);
        }
    }
}
