//! Figures of many systems from columns of intervals, through the kernel that the rules use. In: slices. Out: one row of
//! figures a system. Allocates nothing per row; knows no contract.

mod order;
mod sweep;
#[cfg(test)]
mod tests;

use crate::error::{Code, Error, Result, err};
use crate::time::{Instant, Interval, Micros, interval_set};
use order::Order;
use sweep::{BLOCK, Sweep, Terms};

/// Columns of outages and planned windows. Slices of one group have one length.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// System of each outage, from 0 to the number of results.
    pub system: &'a [i32],
    /// Start of each outage, microseconds.
    pub start: &'a [Instant],
    /// End of each outage; `i64::MAX` while it is open.
    pub end: &'a [Instant],
    /// System of each planned window; -1 for all.
    pub window_system: &'a [i32],
    /// Start of each planned window.
    pub window_start: &'a [Instant],
    /// End of each planned window.
    pub window_end: &'a [Instant],
    /// Hours are clipped to it; an episode counts in it when the first microsecond of its downtime lies in it.
    pub period: Interval,
    /// Outages that start later are not yet there; open ones run to it.
    pub as_of: Instant,
    /// Pieces with at most this gap are one episode, microseconds.
    pub merge_gap: Micros,
    /// Episodes of at least this downtime are long, microseconds.
    pub long_from: Micros,
}

/// Figures of one system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Figures {
    /// Long episodes that count in the period.
    pub long: i64,
    /// Short ones.
    pub short: i64,
    /// Open ones below `long_from`.
    pub pending: i64,
    /// Downtime inside the period, microseconds.
    pub downtime: Micros,
    /// Planned time inside the elapsed period that is not counted downtime, microseconds.
    pub planned: Micros,
}

/// Instants further from 1970 than this (73 000 years) are refused, so that no sum can overflow.
const FAR: Instant = 1 << 61;

/// Fills one row of `results` a system. O(n) for columns in order of system and start, and for most others; O(n log n) at
/// worst. Columns that are not in order are copied once.
///
/// # Errors
/// `bad-request` for columns of unequal length; `out-of-range` with the row (from 1) for a system outside the results or an
/// instant beyond any calendar, and for a negative `merge_gap` or a `long_from` below 1; `end-before-start` with the row for
/// an end at or before its start. `results` is then as it was, or zero.
pub fn outages(columns: &Columns<'_>, results: &mut [Figures]) -> Result<()> {
    let c = columns;
    let lengths = [c.system.len(), c.start.len(), c.end.len()];
    let window_lengths = [c.window_system.len(), c.window_start.len(), c.window_end.len()];
    for (name, [system, start, end]) in [("", lengths), ("window_", window_lengths)] {
        if system != start || system != end {
            let text = format!("{name}system has {system} rows, {name}start {start}, {name}end {end}");
            return err(Code::BadRequest, text);
        }
    }
    for (name, value) in [("period", c.period.start), ("period", c.period.end), ("as_of", c.as_of)] {
        if !(-FAR..=FAR).contains(&value) {
            return err(Code::OutOfRange, format!("{name} = {value}"));
        }
    }
    if c.period.end < c.period.start {
        return err(Code::ContractPeriod, format!("from {} to {}", c.period.start, c.period.end));
    }
    for (name, value, least) in [("merge_gap", c.merge_gap, 0), ("long_from", c.long_from, 1)] {
        if value < least {
            return err(Code::OutOfRange, format!("{name} = {value}"));
        }
    }
    let windows = Windows::new(c, results.len())?;
    let terms = Terms { period: c.period, as_of: c.as_of, merge_gap: c.merge_gap, long_from: c.long_from };
    let mut sweep = Sweep::new(terms);
    if !in_order(c, &windows, &mut sweep, results) {
        results.fill(Figures::default());
        let sound = match results {
            [only] => crowded(c, &windows, &mut sweep, only),
            _ => scattered(c, &windows, &mut sweep, results),
        };
        if !sound {
            results.fill(Figures::default());
            check_rows("", c.system, c.start, c.end, 0, results.len())?;
        }
    }
    let elapsed = Interval::new(c.period.start, c.period.end.min(c.as_of));
    // A window of a system takes time from all its outages, so what is planned is never downtime.
    for (system, figures) in results.iter_mut().enumerate() {
        let near = windows.of(system);
        figures.planned = near.iter().map(|w| w.clip(elapsed).len()).sum();
    }
    Ok(())
}

/// The first row that is wrong.
fn check_rows(
    name: &str,
    system: &[i32],
    start: &[Instant],
    end: &[Instant],
    least: i32,
    systems: usize,
) -> Result<()> {
    let most = i64::try_from(systems).unwrap_or(i64::MAX);
    let wrong = |s: i32, from: Instant, to: Instant| {
        (s < least) | (i64::from(s) >= most) | (to <= from) | (from < -FAR)
    };
    // Without a way out the loop is as quick as memory; the row is looked for only when there is one.
    let rows = || system.iter().zip(start).zip(end).map(|((s, from), to)| (*s, *from, *to));
    if !rows().fold(false, |any, (s, from, to)| any | wrong(s, from, to)) {
        return Ok(());
    }
    let Some((row, (s, from, to))) = rows().enumerate().find(|(_, (s, from, to))| wrong(*s, *from, *to))
    else {
        return Ok(());
    };
    let error = if s < least || i64::from(s) >= most {
        Error::new(Code::OutOfRange, format!("{name}system = {s} of {systems}"))
    } else if to <= from {
        Error::new(Code::EndBeforeStart, format!("{name}start = {from}, {name}end = {to}"))
    } else {
        Error::new(Code::OutOfRange, format!("{name}start = {from}"))
    };
    Err(error.at_row(row as u64 + 1))
}

/// Planned windows as sets, by system.
struct Windows {
    of_all: Vec<Interval>,
    /// One after the other, of the systems that have windows of their own; those of all are in each.
    own: Vec<Interval>,
    /// System, and where its windows lie in `own`; by system.
    places: Vec<(usize, std::ops::Range<usize>)>,
}

impl Windows {
    fn new(c: &Columns<'_>, systems: usize) -> Result<Windows> {
        check_rows("window_", c.window_system, c.window_start, c.window_end, -1, systems)?;
        let times = c.window_start.iter().zip(c.window_end).map(|(s, e)| Interval::new(*s, (*e).min(FAR)));
        let mut rows: Vec<(i32, Interval)> =
            c.window_system.iter().copied().zip(times).filter(|(_, w)| !w.is_empty()).collect();
        rows.sort_unstable();
        let mut united = Vec::new();
        let mut of_all: Vec<Interval> = Vec::new();
        let (mut own, mut places) = (Vec::new(), Vec::new());
        for group in rows.chunk_by(|a, b| a.0 == b.0) {
            let mut windows: Vec<Interval> = group.iter().map(|(_, w)| *w).collect();
            windows.extend(&of_all);
            interval_set::union_unsorted(&mut windows, 0, &mut united);
            match usize::try_from(group[0].0) {
                // -1 comes first.
                Err(_) => of_all = std::mem::take(&mut united),
                Ok(system) => {
                    let from = own.len();
                    own.append(&mut united);
                    places.push((system, from..own.len()));
                }
            }
        }
        Ok(Windows { of_all, own, places })
    }

    fn of(&self, system: usize) -> &[Interval] {
        match self.places.binary_search_by_key(&system, |(s, _)| *s) {
            Ok(i) => &self.own[self.places[i].1.clone()],
            Err(_) => &self.of_all,
        }
    }
}

/// Columns in order of system, then start, are read once as they lie. False where they are not, or a row is wrong.
fn in_order<'w>(
    c: &Columns<'_>,
    windows: &'w Windows,
    sweep: &mut Sweep<'w>,
    results: &mut [Figures],
) -> bool {
    let mut from = 0;
    let mut next = 0;
    while let Some(&system) = c.system.get(from) {
        let Ok(place) = usize::try_from(system) else { return false };
        if place < next || place >= results.len() {
            return false;
        }
        results[next..place].fill(Figures::default());
        sweep.begin(windows.of(place));
        while c.system.get(from) == Some(&system) {
            let to = c.system.len().min(from + BLOCK);
            let same = c.system[from..to].iter().fold(true, |same, s| same & (*s == system));
            let to = if same {
                to
            } else {
                from + c.system[from..to].iter().take_while(|s| **s == system).count()
            };
            if !sweep.add(&c.start[from..to], &c.end[from..to]) {
                return false;
            }
            from = to;
        }
        results[place] = sweep.finish();
        next = place + 1;
    }
    results[next..].fill(Figures::default());
    true
}

/// One system whose rows are in no order: they are split by start, and each piece is sorted and read before the next.
/// False where a row is wrong.
fn crowded<'w>(c: &Columns<'_>, windows: &'w Windows, sweep: &mut Sweep<'w>, figures: &mut Figures) -> bool {
    if c.system.iter().fold(0, |any, s| any | *s) != 0 {
        return false;
    }
    let mut rows = order::room(c.start.len());
    let given = c.start.iter().zip(c.end).map(|(s, e)| [*s, *e]);
    let ends = order::split(given, &mut rows);
    let mut order = Order::default();
    let mut from = 0;
    sweep.begin(windows.of(0));
    for end in ends {
        let piece = &mut rows[from..end];
        let range = piece.iter().fold(order::NOWHERE, |range, row| order::widen(range, row[0]));
        if !sweep.add_rows(order.sorted(piece, range)) {
            return false;
        }
        from = end;
    }
    *figures = sweep.finish();
    true
}

/// Rows are put together by system, keeping their order, then each system's are sorted if they need it. False where a row
/// is wrong.
fn scattered<'w>(
    c: &Columns<'_>,
    windows: &'w Windows,
    sweep: &mut Sweep<'w>,
    results: &mut [Figures],
) -> bool {
    let mut next = vec![0; results.len()];
    for system in c.system {
        match usize::try_from(*system).ok().and_then(|s| next.get_mut(s)) {
            Some(n) => *n += 1,
            None => return false,
        }
    }
    let mut sum = 0;
    for n in &mut next {
        sum += std::mem::replace(n, sum);
    }
    let mut rows = order::room(c.start.len());
    let mut range = order::NOWHERE;
    for ((system, start), end) in c.system.iter().zip(c.start).zip(c.end) {
        let at = &mut next[*system as usize];
        rows[*at] = [*start, *end];
        *at += 1;
        range = order::widen(range, *start);
    }
    let mut order = Order::default();
    let mut from = 0;
    for (system, (figures, end)) in results.iter_mut().zip(next).enumerate() {
        sweep.begin(windows.of(system));
        if !sweep.add_rows(order.sorted(&mut rows[from..end], range)) {
            return false;
        }
        *figures = sweep.finish();
        from = end;
    }
    true
}
