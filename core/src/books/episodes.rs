//! One episode with its downtime. In: intervals of downtime. Out: downtime up to an instant, the instant at which it
//! reaches a value. Knows no outage.

use crate::calendar::Calendar;
use crate::error::{Error, Result};
use crate::time::{Instant, Interval, Micros};

/// The hours in which downtime counts; none: all.
pub(super) type Hours = Option<Calendar>;

/// Counted time in `[from, to)`.
fn counted(hours: &Hours, from: Instant, to: Instant) -> Result<Micros> {
    match hours {
        None => Ok(to - from),
        Some(calendar) => calendar.between(from, to),
    }
}

/// The first instant at which `n` (>= 1) of counted time has passed since `from`, if it comes and is known.
fn after(hours: &Hours, from: Instant, n: Micros) -> Option<Instant> {
    match hours {
        None => from.checked_add(n),
        Some(calendar) => calendar.add(from, n).ok(),
    }
}

/// The instant at which the counted time of `intervals` (the last one may never end) reaches `n` (>= 1).
pub(super) fn reach_in(hours: &Hours, intervals: &[Interval], mut n: Micros) -> Option<Instant> {
    let (last, whole) = intervals.split_last()?;
    for i in whole {
        let here = counted(hours, i.start, i.end).ok()?;
        if n <= here {
            return after(hours, i.start, n);
        }
        n -= here;
    }
    after(hours, last.start, n).filter(|at| *at <= last.end)
}

/// A maximal stretch of downtime; where there are hours, it may reach over closed ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) start: Instant,
    pub(super) end: Instant,
    /// Downtime of the episode before it.
    before: Micros,
}

/// Nearly every episode has one piece, so that one needs no memory of its own.
#[derive(Debug)]
enum Pieces {
    One([Piece; 1]),
    Many(Vec<Piece>),
}

/// Outages that touch, as one.
#[derive(Debug)]
pub(super) struct Episode {
    pub(super) start: Instant,
    pub(super) end: Instant,
    pub(super) downtime: Micros,
    /// Why its downtime is not known (and read as none).
    pub(super) fault: Option<Error>,
    pieces: Pieces,
}

impl Episode {
    /// Without downtime so far.
    pub(super) fn new(start: Instant) -> Self {
        Episode { start, end: start, downtime: 0, fault: None, pieces: Pieces::Many(Vec::new()) }
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        match &self.pieces {
            Pieces::One(piece) => piece,
            Pieces::Many(list) => list,
        }
    }

    fn last(&mut self) -> Option<&mut Piece> {
        match &mut self.pieces {
            Pieces::One(piece) => piece.last_mut(),
            Pieces::Many(list) => list.last_mut(),
        }
    }

    fn append(&mut self, piece: Piece) {
        match &mut self.pieces {
            Pieces::Many(list) if list.is_empty() => self.pieces = Pieces::One([piece]),
            Pieces::Many(list) => list.push(piece),
            Pieces::One([first]) => self.pieces = Pieces::Many(vec![*first, piece]),
        }
    }

    fn drop_last(&mut self) {
        match &mut self.pieces {
            Pieces::One(_) => self.pieces = Pieces::Many(Vec::new()),
            Pieces::Many(list) => _ = list.pop(),
        }
    }

    /// Adds downtime that starts in the last piece or after it.
    pub(super) fn add_down(&mut self, down: Interval, hours: &Hours) {
        if self.fault.is_some() || down.is_empty() {
            return;
        }
        let total = self.downtime;
        let piece = match self.last() {
            Some(last) if down.start <= last.end => {
                last.end = last.end.max(down.end);
                *last
            }
            _ => {
                let piece = Piece { start: down.start, end: down.end, before: total };
                self.append(piece);
                piece
            }
        };
        self.measure_last(piece, hours);
    }

    fn measure_last(&mut self, piece: Piece, hours: &Hours) {
        match counted(hours, piece.start, piece.end) {
            Ok(length) => {
                self.downtime = piece.before + length;
                // A piece outside the hours must not stand for the first downtime.
                if length == 0 {
                    self.drop_last();
                }
            }
            Err(e) => {
                self.pieces = Pieces::Many(Vec::new());
                self.downtime = 0;
                self.fault = Some(e);
            }
        }
    }

    /// Forgets downtime from `t` on; what it took away, in order, is appended to `tail`.
    pub(super) fn cut(&mut self, t: Instant, hours: &Hours, tail: &mut Vec<Interval>) {
        let from = tail.len();
        while let Some(piece) = self.pieces().last().copied().filter(|last| last.end > t) {
            tail.push(Interval::new(piece.start.max(t), piece.end));
            self.downtime = piece.before;
            self.drop_last();
            if piece.start < t {
                self.add_down(Interval::new(piece.start, t), hours);
            }
        }
        tail[from..].reverse();
    }

    /// Downtime before `t`. O(log pieces + log days).
    pub(super) fn down_before(&self, t: Instant, hours: &Hours) -> Micros {
        if t >= self.end {
            return self.downtime;
        }
        let pieces = self.pieces();
        let Some(i) = pieces.partition_point(|p| p.start < t).checked_sub(1) else { return 0 };
        match pieces.get(i + 1) {
            Some(next) if t >= pieces[i].end => next.before,
            None if t >= pieces[i].end => self.downtime,
            _ => pieces[i].before + counted(hours, pieces[i].start, t).unwrap_or(0),
        }
    }

    /// The instant at which its downtime reaches `n`, 1 to its downtime. O(log pieces + log days).
    pub(super) fn reach(&self, n: Micros, hours: &Hours) -> Option<Instant> {
        let pieces = self.pieces();
        let i = pieces.partition_point(|p| p.before < n).checked_sub(1)?;
        after(hours, pieces[i].start, n - pieces[i].before)
    }

    /// The first microsecond of its downtime.
    pub(super) fn first_down(&self, hours: &Hours) -> Option<Instant> {
        match hours {
            None => self.pieces().first().map(|p| p.start),
            Some(_) => self.reach(1, hours).filter(|_| self.downtime > 0).map(|t| t - 1),
        }
    }

    /// True when it shares an instant with `within`, or has no length and starts in it.
    pub(super) fn meets(&self, within: Interval) -> bool {
        if self.start == self.end {
            within.contains(self.start)
        } else {
            self.start < within.end && within.start < self.end
        }
    }
}
