//! Stretches of time cut at every edge: slow, and plain to read.

use opsledger::time::{Instant, Interval, Micros};

pub(crate) fn measure(cells: &[Interval]) -> Micros {
    cells.iter().map(|c| c.len()).sum()
}

pub(crate) fn clip(cells: &[Interval], to: Interval) -> Vec<Interval> {
    cells.iter().map(|c| c.clip(to)).filter(|c| !c.is_empty()).collect()
}

/// The cells minus `away`, both any lists of intervals, as disjoint cells.
pub(crate) fn minus(cells: &[Interval], away: &[Interval]) -> Vec<Interval> {
    let mut edges: Vec<Instant> = cells.iter().chain(away).flat_map(|c| [c.start, c.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let holds =
        |list: &[Interval], cell: Interval| list.iter().any(|c| c.start <= cell.start && cell.end <= c.end);
    edges
        .windows(2)
        .map(|p| Interval::new(p[0], p[1]))
        .filter(|cell| holds(cells, *cell) && !holds(away, *cell))
        .collect()
}

/// The first instant at which `amount` of these cells has passed.
pub(crate) fn reached(cells: &[Interval], amount: Micros) -> Option<Instant> {
    let mut left = amount;
    for c in cells {
        if c.len() >= left {
            return Some(c.start + left);
        }
        left -= c.len();
    }
    None
}

/// The start of the first microsecond of these cells beyond `amount`.
pub(crate) fn beyond(cells: &[Interval], amount: Micros) -> Option<Instant> {
    let mut left = amount;
    for c in cells {
        if c.len() > left {
            return Some(c.start + left);
        }
        left -= c.len();
    }
    None
}
