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

/// What of `within` no interval of `set` covers, appended to `out` (not cleared). O(log n + intervals met).
pub(crate) fn append_difference(within: Interval, set: &[Interval], out: &mut Vec<Interval>) {
    let mut from = within.start;
    for taken in &set[set.partition_point(|i| i.end <= within.start)..] {
        if taken.start >= within.end {
            break;
        }
        if !taken.is_empty() {
            if from < taken.start {
                out.push(Interval::new(from, taken.start));
            }
            from = from.max(taken.end);
        }
    }
    if from < within.end {
        out.push(Interval::new(from, within.end));
    }
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
