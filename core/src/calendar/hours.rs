//! Working time between instants: the open time of the local clock, corrected where the clock was set.

use super::days::Days;
use super::slots::Slots;
use super::spec::CalendarSpec;
use super::years::Years;
use super::zone::{Offsets, Zone};
use super::{FIRST_INSTANT, LAST_INSTANT, check_range};
use crate::error::{Code, Error, Result, err};
use crate::time::{DAY, Instant, Interval, Micros};
use std::sync::Arc;

/// Compiled service hours.
///
/// An instant is open when the local clock then shows a time inside the hours of the date that it shows. Hours that a
/// clock set forward skips are no working time; hours that a clock set back repeats count twice. A question touches the
/// local dates from its first instant to its last, no others.
#[derive(Clone, Debug)]
pub struct Calendar(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    always: bool,
    /// The longest stretch of years without unknown day: what is asked inside it needs no look at single days.
    known: Interval,
    years: Years,
    slots: Slots,
    offsets: &'static Offsets,
    /// For each piece of `offsets`.
    pieces: Box<[Piece]>,
    days: Days,
}

/// A stretch of constant offset.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: Instant,
    offset: Micros,
    /// Added to the open time of the local clock, it gives the open time since [`FIRST_INSTANT`].
    correction: Micros,
    /// Open time from [`FIRST_INSTANT`] to the start.
    before: Micros,
}

impl Calendar {
    /// Compiles a specification; `days` are those of its `holidays`.
    ///
    /// # Errors
    /// `bad-calendar`.
    pub fn new(spec: &CalendarSpec, zone: Zone, days: &Days) -> Result<Calendar> {
        let years = Years::new(spec, days)?;
        let offsets = zone.offsets();
        let mut pieces: Vec<Piece> = Vec::with_capacity(offsets.pieces.len());
        for p in &offsets.pieces {
            let start = p.start.max(FIRST_INSTANT);
            let before = pieces.last().map_or(0, |last| years.before(start + last.offset) + last.correction);
            let correction = before - years.before(start + p.offset);
            pieces.push(Piece { start, offset: p.offset, correction, before });
        }
        let known =
            years.longest_known().map_or(Interval::new(FIRST_INSTANT, LAST_INSTANT), |(first, after)| {
                Interval::new(offsets.last_at(first * DAY), offsets.first_at(after * DAY))
            });
        Ok(Calendar(Arc::new(Inner {
            id: spec.id.clone(),
            always: years.always_open(),
            known: known.clip(Interval::new(FIRST_INSTANT, LAST_INSTANT)),
            years,
            slots: Slots::new(),
            offsets,
            pieces: pieces.into(),
            days: days.clone(),
        })))
    }

    /// Open at every instant.
    pub fn is_always(&self) -> bool {
        self.0.always
    }

    /// Working time in `[a, b)`, microseconds; 0 when `b <= a`. O(log days); allocates nothing but, once, a table for each
    /// hundred days that it is asked about.
    ///
    /// # Errors
    /// `no-schedule`, naming the year; `out-of-range` outside the years 1900 to 9999.
    #[inline]
    pub fn between(&self, a: Instant, b: Instant) -> Result<Micros> {
        if b <= a {
            return Ok(0);
        }
        if a < self.0.known.start || self.0.known.end < b {
            check_range(a).and(check_range(b))?;
            self.known(a, b)?;
        }
        if self.0.always {
            return Ok(b - a);
        }
        Ok(self.0.open_before(b) - self.0.open_before(a))
    }

    /// The first instant at which `n` of working time has passed since `at`; `at` itself for `n` = 0. O(log days),
    /// allocates nothing.
    ///
    /// # Errors
    /// `no-schedule`, naming the year; `out-of-range` for a negative `n`, outside the years 1900 to 9999, and when no such
    /// instant exists.
    pub fn add(&self, at: Instant, n: Micros) -> Result<Instant> {
        check_range(at)?;
        match n {
            ..0 => return err(Code::OutOfRange, format!("{n} us of working time")),
            0 => return Ok(at),
            1.. => {}
        }
        let never = || Error::new(Code::OutOfRange, format!("calendar {:?}: {n} us after {at}", self.0.id));
        if self.0.always {
            return at.checked_add(n).filter(|t| *t <= LAST_INSTANT).ok_or_else(never);
        }
        let Inner { pieces, years, .. } = &*self.0;
        let own = self.0.offsets.index(at);
        let first_day = (at + pieces[own].offset).div_euclid(DAY);
        let target = self.0.open_before(at).checked_add(n).ok_or_else(never)?;
        // The last piece that begins before the target is reached.
        let k = match pieces.get(own + 1) {
            Some(next) if next.before < target => pieces.partition_point(|p| p.before < target) - 1,
            _ => own,
        };
        let piece = &pieces[k];
        let start = if k == own { first_day } else { (piece.start + piece.offset).div_euclid(DAY) };
        let reached = years.reach(target - piece.correction, years.year(start));
        let reached = reached.map(|(wall, day)| (wall - piece.offset, day));
        let Some((t, day)) = reached.filter(|(t, _)| *t <= LAST_INSTANT) else {
            self.known(at, LAST_INSTANT)?;
            return Err(never());
        };
        if at < self.0.known.start || self.0.known.end < t {
            self.known_days(first_day, day.max(first_day))?;
        }
        Ok(t)
    }

    /// The open intervals inside `within`, sorted, disjoint, not touching. Linear in their number and the days of `within`.
    ///
    /// # Errors
    /// `no-schedule`, naming the year; `out-of-range` outside the years 1900 to 9999.
    pub fn open_in(&self, within: Interval) -> Result<Vec<Interval>> {
        if within.is_empty() {
            return Ok(Vec::new());
        }
        check_range(within.start).and(check_range(within.end))?;
        if self.0.always {
            return Ok(vec![within]);
        }
        self.known(within.start, within.end)?;
        Ok(self.0.open_in(within))
    }

    /// Refuses `[a, b)`, not empty, where it touches a day without published schedule.
    fn known(&self, a: Instant, b: Instant) -> Result<()> {
        let day = |t: Instant| self.0.offsets.wall(t).div_euclid(DAY);
        let (first, last) = (day(a), day(b - 1));
        self.known_days(first.min(last), first.max(last))
    }

    fn known_days(&self, first: i64, last: i64) -> Result<()> {
        match self.0.years.unknown_between(first, last) {
            None => Ok(()),
            Some(year) => Err(self.0.days.no_schedule(year)),
        }
    }
}

impl Inner {
    /// Open time from [`FIRST_INSTANT`] to `t`, unknown days counted as closed.
    #[inline]
    fn open_before(&self, t: Instant) -> Micros {
        match self.slots.before(t) {
            Some(open) => open,
            None => self.open_before_unread(t),
        }
    }

    #[cold]
    fn open_before_unread(&self, t: Instant) -> Micros {
        self.slots.fill(t, |block| (self.compute(block.start), self.open_in(block)));
        self.compute(t)
    }

    /// As [`Inner::open_before`], without slots.
    fn compute(&self, t: Instant) -> Micros {
        let piece = &self.pieces[self.offsets.index(t)];
        self.years.before(t + piece.offset) + piece.correction
    }

    /// The open intervals, unknown days taken as closed.
    fn open_in(&self, within: Interval) -> Vec<Interval> {
        let mut open: Vec<Interval> = Vec::new();
        let pieces = &self.pieces[self.offsets.index(within.start)..];
        for (k, piece) in pieces.iter().enumerate() {
            let end = pieces.get(k + 1).map_or(LAST_INSTANT, |next| next.start);
            let part = Interval::new(piece.start, end).clip(within);
            if part.is_empty() {
                break;
            }
            let wall = Interval::new(part.start + piece.offset, part.end + piece.offset);
            for day in wall.start.div_euclid(DAY)..=(wall.end - 1).div_euclid(DAY) {
                for (from, to) in self.years.spans(day) {
                    let span = Interval::new(day * DAY + from, day * DAY + to).clip(wall);
                    if span.is_empty() {
                        continue;
                    }
                    let span = Interval::new(span.start - piece.offset, span.end - piece.offset);
                    match open.last_mut() {
                        Some(last) if last.end == span.start => last.end = span.end,
                        _ => open.push(span),
                    }
                }
            }
        }
        open
    }
}
