//! The figures of the period: all systems, on 7x24.

use super::cells::{clip, measure, minus};
use super::episodes::{Scope, episodes};
use super::outages::{Taken, exclusions, outages, windows};
use super::record::Record;
use super::watch;
use opsledger::time::{Instant, Interval, Micros};

#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) downtime: Micros,
    pub(crate) class: &'static str,
    pub(crate) open: bool,
    pub(crate) counted: bool,
    pub(crate) outages: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) episodes: Vec<Row>,
    pub(crate) long: i64,
    pub(crate) short: i64,
    pub(crate) pending: i64,
    pub(crate) downtime: Micros,
    pub(crate) planned: Micros,
    pub(crate) unknown: Micros,
    pub(crate) availability_elapsed: Option<String>,
    pub(crate) availability_eligible: Option<String>,
    pub(crate) becomes_long_at: Option<Instant>,
    /// Present outages that do not count by impact or attribution, and exclusions: what may be listed as excluded.
    pub(crate) may_be_excluded: Vec<String>,
    /// Outages that would count but for their attribution and share an instant with the period: what must be.
    pub(crate) must_be_excluded: Vec<String>,
}

/// The elapsed part of the period.
pub(crate) fn elapsed(record: &Record, period: Interval) -> Interval {
    period.clip(Interval::new(Instant::MIN, record.q.as_of))
}

/// A share of at most nine digits, half up, without trailing zeros.
fn decimal9(part: i128, whole: i128) -> Option<String> {
    if whole == 0 {
        return None;
    }
    let scaled = (part * 1_000_000_000 * 2 + whole) / (whole * 2);
    let text = format!("{}.{:09}", scaled / 1_000_000_000, scaled % 1_000_000_000);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// All systems, on 7x24.
pub(crate) fn figures(record: &Record) -> Figures {
    let period = record.contract.period;
    let long_from = record.contract.accounting.long_from;
    let scope = Scope { systems: &[], hours: None };
    let episodes = episodes(record, &scope);
    let elapsed = elapsed(record, period);
    let split = split(record, &scope, elapsed);
    let total = i128::from(elapsed.len());
    let eligible = total - i128::from(split.planned) - i128::from(split.unknown);
    let mut rows = Vec::new();
    for e in &episodes {
        let shares = if e.start == e.end {
            period.contains(e.start)
        } else {
            !period.clip(Interval::new(e.start, e.end)).is_empty()
        };
        if shares {
            rows.push(Row {
                start: e.start,
                end: e.end,
                downtime: e.downtime(),
                class: e.class(long_from),
                open: e.open,
                counted: e.first_down().is_some_and(|t| period.contains(t)),
                outages: e.members.iter().map(|o| o.subject.clone()).collect(),
            });
        }
    }
    let of_class = |class: &str| rows.iter().filter(|r| r.counted && r.class == class).count() as i64;
    let (may, must) = excluded(record);
    Figures {
        long: of_class("long"),
        short: of_class("short"),
        pending: of_class("pending"),
        downtime: split.down,
        planned: split.planned,
        unknown: split.unknown,
        availability_elapsed: decimal9(total - i128::from(split.down), total),
        availability_eligible: decimal9(eligible - i128::from(split.down), eligible),
        becomes_long_at: episodes.iter().find_map(|e| e.becomes_long(record, &scope, long_from)).map(|x| x.0),
        may_be_excluded: may,
        must_be_excluded: must,
        episodes: rows,
    }
}

/// How elapsed time splits: counted downtime first, then planned, then unknown; the rest is up.
pub(crate) struct Split {
    pub(crate) down: Micros,
    pub(crate) planned: Micros,
    pub(crate) unknown: Micros,
}

pub(crate) fn split(record: &Record, scope: &Scope, elapsed: Interval) -> Split {
    let mut down = Vec::new();
    for e in episodes(record, scope) {
        down.extend(clip(&e.down, elapsed));
    }
    let concerns = |t: &Taken| {
        scope.systems.is_empty()
            || t.systems.as_ref().is_none_or(|s| s.iter().any(|s| scope.systems.contains(s)))
    };
    let open = match &scope.hours {
        Some(calendar) if !elapsed.is_empty() => calendar.open_in(elapsed).expect("a published schedule"),
        _ => vec![elapsed],
    };
    let inside =
        |list: Vec<Interval>| -> Vec<Interval> { list.iter().flat_map(|i| clip(&open, *i)).collect() };
    let windows = inside(windows(record).iter().filter(|t| concerns(t)).map(|t| t.time).collect());
    let planned = minus(&windows, &down);
    let gaps = inside(watch::unknown(record, scope.systems));
    let known: Vec<Interval> = down.iter().chain(&planned).copied().collect();
    Split { down: measure(&down), planned: measure(&planned), unknown: measure(&minus(&gaps, &known)) }
}

fn excluded(record: &Record) -> (Vec<String>, Vec<String>) {
    let accounting = &record.contract.accounting;
    let period = record.contract.period;
    let (mut may, mut must) = (Vec::new(), Vec::new());
    for o in outages(record).into_iter().filter(|o| !o.counts) {
        let shares = !period.clip(Interval::new(o.start, record.until(o.end))).is_empty();
        if shares && accounting.counted_impacts.contains(&o.impact) {
            must.push(o.subject.clone());
        }
        may.push(o.subject);
    }
    may.extend(exclusions(record).into_iter().map(|t| t.subject));
    (may, must)
}
