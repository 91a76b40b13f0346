//! One kind of year: the open time of its days.

use crate::time::{DAY, MINUTE, Micros};

/// No unknown day follows in the year.
const NONE: u16 = u16::MAX;

/// The days of years that look alike.
#[derive(Debug)]
pub(super) struct Run {
    days: Box<[Day]>,
    /// Open minutes of the year.
    pub(super) minutes: u32,
    /// The days with open time.
    open: Box<[u16]>,
    /// Where among them the first of each 2^shift open minutes lies: an index instead of a search.
    hints: Box<[u16]>,
    shift: u32,
}

#[derive(Clone, Copy, Debug)]
struct Day {
    /// Open minutes of the days of the year before.
    before: u32,
    pattern: u16,
    /// Day of the year (from 0) of the first unknown day from this one on.
    unknown: u16,
}

impl Run {
    /// From the open intervals of each day, by number in `patterns`; none: unknown, and closed until it is known.
    pub(super) fn new(days: &[Option<u16>], closed: u16, patterns: &[Pattern]) -> Run {
        let mut minutes = 0;
        let mut laid_out: Vec<Day> = Vec::with_capacity(days.len());
        for pattern in days {
            let pattern = pattern.unwrap_or(closed);
            laid_out.push(Day { before: minutes, pattern, unknown: NONE });
            minutes += (patterns[usize::from(pattern)].len() / MINUTE) as u32;
        }
        let mut unknown = NONE;
        for (number, day) in laid_out.iter_mut().enumerate().rev() {
            if days[number].is_none() {
                unknown = number as u16;
            }
            day.unknown = unknown;
        }
        let open = (0..laid_out.len()).filter(|day| patterns[usize::from(laid_out[*day].pattern)].len() > 0);
        let open: Box<[u16]> = open.map(|day| day as u16).collect();
        // At most 512 hints, more than there are days.
        let shift = (u32::BITS - minutes.leading_zeros()).saturating_sub(9);
        let mut hint = 0;
        let first_minutes = (0..minutes).step_by(1 << shift);
        let hints = first_minutes.map(|minute| {
            while open.get(hint + 1).is_some_and(|day| laid_out[usize::from(*day)].before <= minute) {
                hint += 1;
            }
            hint as u16
        });
        let hints = hints.collect();
        Run { days: laid_out.into(), minutes, open, hints, shift }
    }

    /// Open time of the year before a time of one of its days.
    #[inline]
    pub(super) fn before(&self, day: usize, time: Micros, patterns: &[Pattern]) -> Micros {
        let day = &self.days[day];
        i64::from(day.before) * MINUTE + patterns[usize::from(day.pattern)].before(time)
    }

    /// Day and time of day at which `open` has passed, `0 < open <=` the year's.
    #[inline]
    pub(super) fn reach(&self, open: Micros, patterns: &[Pattern]) -> Option<(usize, Micros)> {
        let minute = ((open - 1) / MINUTE) as u32; // in which the last microsecond lies
        let mut rest = self.open.get(usize::from(*self.hints.get((minute >> self.shift) as usize)?)..)?;
        while rest.get(1).is_some_and(|next| self.days[usize::from(*next)].before <= minute) {
            rest = &rest[1..];
        }
        let day = usize::from(*rest.first()?);
        let Day { before, pattern, .. } = self.days[day];
        Some((day, patterns[usize::from(pattern)].after(open - i64::from(before) * MINUTE)))
    }

    pub(super) fn pattern(&self, day: usize) -> usize {
        usize::from(self.days[day].pattern)
    }

    /// The first unknown day from one on.
    pub(super) fn unknown(&self, from: usize) -> Option<usize> {
        let unknown = self.days.get(from)?.unknown;
        (unknown != NONE).then_some(usize::from(unknown))
    }
}

/// The open intervals of a day on its clock; most have at most two.
#[derive(Debug)]
pub(super) struct Pattern {
    two: [(Micros, Micros); 2],
    more: Box<[(Micros, Micros)]>,
}

impl Pattern {
    pub(super) fn new(spans: &[(Micros, Micros)]) -> Pattern {
        let span = |i: usize| spans.get(i).copied().unwrap_or_default();
        Pattern { two: [span(0), span(1)], more: spans.get(2..).unwrap_or_default().into() }
    }

    pub(super) fn spans(&self) -> impl Iterator<Item = (Micros, Micros)> {
        self.two.iter().chain(&self.more).copied().filter(|(from, to)| from < to)
    }

    pub(super) fn len(&self) -> Micros {
        self.before(DAY)
    }

    /// Open time of the day before a time of day.
    #[inline]
    fn before(&self, time: Micros) -> Micros {
        let part = |(from, to): (Micros, Micros)| time.max(from).min(to) - from;
        let two = part(self.two[0]) + part(self.two[1]);
        if self.more.is_empty() { two } else { two + self.more.iter().map(|s| part(*s)).sum::<Micros>() }
    }

    /// The time of day at which `n` of open time has passed, `0 < n <=` the day's.
    #[inline]
    fn after(&self, mut n: Micros) -> Micros {
        let [(first, end), (second, last)] = self.two;
        let len = end - first;
        if n <= len + (last - second) {
            return n + if n <= len { first } else { second - len };
        }
        n -= len + (last - second);
        for (from, to) in &self.more {
            if n <= to - from {
                return from + n;
            }
            n -= to - from;
        }
        DAY
    }
}
