//! Planned and unknown time of a span that is no downtime, kept hour by hour, so that what a new outage or window changes
//! is measured anew and nothing else.

use crate::books::lines::{Line, Lines};
use crate::books::watching::Watched;
use crate::error::Result;
use crate::time::{HOUR, Instant, Interval, Micros, interval_set};

/// Time left out of a span's divisor.
#[derive(Debug)]
pub(super) struct LeftOut {
    span: Interval,
    planned: Sums,
    unknown: Sums,
    /// Up to here both are measured; windows to come beyond it are, gaps are not.
    as_of: Instant,
}

/// Figures by hour, and the sum of any first ones of them in O(log n): a binary indexed tree.
#[derive(Debug)]
struct Sums {
    tree: Vec<Micros>,
}

impl Sums {
    fn new(hours: usize) -> Sums {
        Sums { tree: vec![0; hours + 1] }
    }
    fn add(&mut self, hour: usize, us: Micros) {
        let mut i = hour + 1;
        while i < self.tree.len() {
            self.tree[i] += us;
            i += i & i.wrapping_neg();
        }
    }
    /// The sum of the first `hours`.
    fn first(&self, hours: usize) -> Micros {
        let mut i = hours.min(self.tree.len() - 1);
        let mut sum = 0;
        while i > 0 {
            sum += self.tree[i];
            i -= i & i.wrapping_neg();
        }
        sum
    }
    fn clear(&mut self, hour: usize) {
        let here = self.first(hour + 1) - self.first(hour);
        if here != 0 {
            self.add(hour, -here);
        }
    }
}

impl LeftOut {
    /// Nothing is measured yet.
    pub(super) fn new(span: Interval) -> LeftOut {
        let hours = usize::try_from((span.len() + HOUR - 1) / HOUR).unwrap_or_default();
        LeftOut { span, planned: Sums::new(hours), unknown: Sums::new(hours), as_of: Instant::MIN }
    }

    fn hour(&self, t: Instant) -> usize {
        usize::try_from((t - self.span.start) / HOUR).unwrap_or_default()
    }

    /// Measures anew the hours that `stretch` touches, and those between the last `as_of` and this one.
    pub(super) fn measure(
        &mut self,
        line: &Line,
        lines: &Lines,
        watched: &Watched,
        as_of: Instant,
        changed: &[Interval],
    ) -> Result<()> {
        let passed = if self.as_of == Instant::MIN {
            self.span
        } else {
            // One instant is enough to touch the hour that it lies in.
            Interval::new(self.as_of, as_of.saturating_add(1))
        };
        self.as_of = as_of;
        for stretch in std::iter::once(&passed).chain(changed) {
            let stretch = stretch.clip(self.span);
            if !stretch.is_empty() {
                self.hours(line, lines, watched, stretch)?;
            }
        }
        Ok(())
    }

    fn hours(&mut self, line: &Line, lines: &Lines, watched: &Watched, stretch: Interval) -> Result<()> {
        let (first, last) = (self.hour(stretch.start), self.hour(stretch.end - 1));
        for hour in first..=last {
            self.planned.clear(hour);
            self.unknown.clear(hour);
        }
        let start = |hour: usize| self.span.start + i64::try_from(hour).unwrap_or_default() * HOUR;
        let whole = Interval::new(start(first), start(last + 1)).clip(self.span);
        for piece in line.planned_in(lines, whole)? {
            each_hour(self.span, piece, |hour, us| self.planned.add(hour, us));
        }
        let elapsed = Interval::new(whole.start, whole.end.min(self.as_of).max(whole.start));
        for piece in line.unknown_in(lines, watched, elapsed)? {
            each_hour(self.span, piece, |hour, us| self.unknown.add(hour, us));
        }
        Ok(())
    }

    /// Of the elapsed part, and of the whole span with the windows to come.
    pub(super) fn figures(&self, line: &Line, lines: &Lines) -> Result<(Micros, Micros)> {
        let unknown = self.unknown.first(usize::MAX);
        let whole = self.planned.first(usize::MAX) + unknown;
        if self.as_of >= self.span.end {
            return Ok((whole, whole));
        }
        let hour = self.hour(self.as_of);
        let since = self.span.start + i64::try_from(hour).unwrap_or_default() * HOUR;
        let begun = line.planned_in(lines, Interval::new(since, self.as_of))?;
        Ok((self.planned.first(hour) + interval_set::measure(&begun) + unknown, whole))
    }
}

/// Cuts a piece of a span at its hours.
fn each_hour(span: Interval, piece: Interval, mut each: impl FnMut(usize, Micros)) {
    let mut from = piece.start;
    while from < piece.end {
        let hour = (from - span.start) / HOUR;
        let to = piece.end.min(span.start + (hour + 1) * HOUR);
        each(usize::try_from(hour).unwrap_or_default(), to - from);
        from = to;
    }
}
