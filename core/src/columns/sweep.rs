//! Outages of one system, in order of start, into its figures. Rows are united into pieces without a branch, a block at a
//! time; what is counted of the pieces is counted while they lie in the nearest cache.

use super::order::Row;
use super::{FAR, Figures};
use crate::time::interval_set::for_each_difference;
use crate::time::{Instant, Interval, Micros};

/// What the figures are asked for.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) period: Interval,
    pub(super) as_of: Instant,
    pub(super) merge_gap: Micros,
    pub(super) long_from: Micros,
}

/// Rows a block.
pub(super) const BLOCK: usize = if cfg!(test) { 8 } else { 1024 };

/// An episode whose pieces are still coming.
#[derive(Clone, Copy)]
struct Current {
    end: Instant,
    down: Micros,
    first: Instant,
}

/// Takes systems one after the other; keeps its memory.
pub(super) struct Sweep<'w> {
    terms: Terms,
    /// What takes time from the system's outages, from the first that may still do.
    windows: &'w [Interval],
    figures: Figures,
    /// The last piece, as far as it is drawn; none before the first row.
    piece: Option<Interval>,
    /// Start of the last row.
    last: Instant,
    /// Used where pieces are not episodes.
    current: Option<Current>,
    starts: [Instant; BLOCK + 1],
    ends: [Instant; BLOCK + 1],
}

impl<'w> Sweep<'w> {
    pub(super) fn new(terms: Terms) -> Self {
        Sweep {
            terms,
            windows: &[],
            figures: Figures::default(),
            piece: None,
            last: Instant::MIN,
            current: None,
            starts: [0; BLOCK + 1],
            ends: [0; BLOCK + 1],
        }
    }

    /// Begins a system; `windows` is a set.
    pub(super) fn begin(&mut self, windows: &'w [Interval]) {
        self.windows = windows;
        self.figures = Figures::default();
        self.piece = None;
        self.last = Instant::MIN;
        self.current = None;
    }

    /// Adds rows that follow those before in order; what starts after `as_of` is not there. False if they are not in order
    /// or one is wrong: then the system's figures mean nothing, and nothing more may be asked of it.
    #[must_use]
    pub(super) fn add(&mut self, start: &[Instant], end: &[Instant]) -> bool {
        let mut blocks = start.chunks(BLOCK).zip(end.chunks(BLOCK));
        blocks.all(|(start, end)| {
            let present = match start.last() {
                Some(last) if *last > self.terms.as_of => start.partition_point(|s| *s <= self.terms.as_of),
                _ => start.len(),
            };
            let (start, absent) = start.split_at(present);
            if !self.unite(start.iter().copied().zip(end.iter().copied())) {
                return false;
            }
            absent.iter().zip(&end[present..]).fold(true, |sound, (s, e)| {
                let fits = (*s >= self.last) & (e > s);
                self.last = *s;
                sound & fits
            })
        })
    }

    /// The same for rows, of which the absent ones are only looked at for their ends.
    #[must_use]
    pub(super) fn add_rows(&mut self, rows: &[Row]) -> bool {
        let present = match rows.last() {
            Some([last, _]) if *last > self.terms.as_of => rows.partition_point(|r| r[0] <= self.terms.as_of),
            _ => rows.len(),
        };
        let (rows, absent) = rows.split_at(present);
        absent.iter().all(|[s, e]| e > s)
            && rows.chunks(BLOCK).all(|block| self.unite(block.iter().map(|[s, e]| (*s, *e))))
    }

    /// Unites at most a block of rows: whether a row begins a piece decides where the next one is written, not whether.
    fn unite(&mut self, mut rows: impl Iterator<Item = (Instant, Instant)>) -> bool {
        let (mut k, mut last, mut sound) = (0, self.last, true);
        let (starts, ends) = (&mut self.starts, &mut self.ends);
        let mut end = match self.piece {
            Some(piece) => {
                starts[0] = piece.start;
                piece.end
            }
            None => match rows.next() {
                Some((s, e)) => {
                    (starts[0], last, sound) = (s, s, (s >= -FAR) & (e > s));
                    e
                }
                None => return true,
            },
        };
        for (s, e) in rows {
            sound &= (s >= last) & (e > s);
            last = s;
            ends[k] = end;
            starts[k + 1] = s;
            k += usize::from(s > end);
            end = end.max(e);
        }
        if !sound {
            return false;
        }
        self.last = last;
        self.piece = Some(Interval::new(starts[k], end));
        if self.windows.is_empty() && self.terms.merge_gap == 0 {
            self.count_episodes(k);
        } else {
            (0..k).for_each(|i| self.count_piece(Interval::new(self.starts[i], self.ends[i])));
        }
        true
    }

    /// Counts the first `k` pieces of the buffers, each a closed episode.
    fn count_episodes(&mut self, k: usize) {
        let Terms { period, long_from, .. } = self.terms;
        let (mut all, mut long, mut downtime) = (0, 0, 0);
        for (s, e) in self.starts[..k].iter().zip(&self.ends[..k]) {
            let counts = (*s >= period.start) & (*s < period.end);
            all += i64::from(counts);
            long += i64::from(counts & (e.wrapping_sub(*s) >= long_from));
            let inside = (*e).min(period.end).wrapping_sub((*s).max(period.start));
            downtime += inside.max(0);
        }
        self.figures.long += long;
        self.figures.short += all - long;
        self.figures.downtime += downtime;
    }

    /// Takes the windows out of a piece and adds it to its episode.
    fn count_piece(&mut self, piece: Interval) {
        let joins = |c: &Current| piece.start <= c.end.saturating_add(self.terms.merge_gap);
        let mut current = match self.current.take() {
            Some(c) if joins(&c) => c,
            before => {
                if let Some(c) = before {
                    self.count_class(c, false);
                }
                Current { end: piece.end, down: 0, first: piece.start }
            }
        };
        while self.windows.first().is_some_and(|w| w.end <= piece.start) {
            self.windows = &self.windows[1..];
        }
        for_each_difference(piece, self.windows, |down| {
            if current.down == 0 {
                current.first = down.start;
            }
            current.down += down.len();
            self.figures.downtime += down.clip(self.terms.period).len();
        });
        current.end = piece.end;
        self.current = Some(current);
    }

    fn count_class(&mut self, c: Current, open: bool) {
        let place = match c.down {
            0 => return,
            down if down >= self.terms.long_from => &mut self.figures.long,
            _ if open => &mut self.figures.pending,
            _ => &mut self.figures.short,
        };
        *place += i64::from(self.terms.period.contains(c.first));
    }

    /// Ends the system.
    pub(super) fn finish(&mut self) -> Figures {
        if let Some(Interval { start, end }) = self.piece.take() {
            let as_of = self.terms.as_of;
            self.count_piece(Interval::new(start, end.min(as_of)));
            if let Some(c) = self.current.take() {
                let waits = as_of < c.end.saturating_add(self.terms.merge_gap);
                self.count_class(c, end > as_of || waits);
            }
        }
        self.figures
    }
}
