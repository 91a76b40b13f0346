//! Service hours laid out over the local days of 1899 to 10000: open time of a local clock that is never set. Years that
//! look alike share their days, so that eight thousand years take little room.

use super::days::Days;
use super::spec::{CalendarSpec, Checked};
use super::{Date, Wall};
use crate::error::Result;
use crate::time::{DAY, MINUTE, Micros};
use chrono::Datelike;
use std::collections::BTreeMap;

/// Local clocks show these years at instants of 1900 to 9999.
const FIRST_YEAR: i32 = 1899;
const LAST_YEAR: i32 = 10_000;
/// 1899-01-01.
const FIRST_DAY: i64 = -25_932;
/// No unknown day follows in the year.
const NONE: u16 = u16::MAX;

/// The layout.
#[derive(Debug)]
pub(super) struct Years {
    /// From [`FIRST_YEAR`] on, and the year after the last, which has no days.
    years: Box<[Year]>,
    /// The days of the years, one run of days for years that look alike.
    cells: Box<[Cell]>,
    patterns: Box<[Pattern]>,
}

#[derive(Clone, Copy, Debug)]
struct Year {
    /// Open time of all years before.
    before: Micros,
    /// Day number of January 1.
    first_day: i32,
    /// Where its days begin in the cells.
    cells: u32,
    /// Index of the first year from this one on that has an unknown day.
    unknown: u32,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Open minutes of the days of the year before.
    before: u32,
    pattern: u16,
    /// Day of the year (from 0) of the first unknown day from this one on.
    unknown: u16,
}

/// The open intervals of a day; most have at most two.
#[derive(Debug)]
struct Pattern {
    two: [(Micros, Micros); 2],
    more: Box<[(Micros, Micros)]>,
}

impl Pattern {
    fn new(spans: &[(Micros, Micros)]) -> Pattern {
        let span = |i: usize| spans.get(i).copied().unwrap_or_default();
        Pattern { two: [span(0), span(1)], more: spans.get(2..).unwrap_or_default().into() }
    }
    fn spans(&self) -> impl Iterator<Item = (Micros, Micros)> {
        self.two.iter().chain(&self.more).copied().filter(|(from, to)| from < to)
    }
    fn len(&self) -> Micros {
        self.before(DAY)
    }
    /// Open time of the day before a time of day.
    #[inline]
    fn before(&self, time: Micros) -> Micros {
        let part = |(from, to): (Micros, Micros)| (time - from).clamp(0, to - from);
        let two = part(self.two[0]) + part(self.two[1]);
        if self.more.is_empty() { two } else { two + self.more.iter().map(|s| part(*s)).sum::<Micros>() }
    }
    /// The time of day at which `n` of open time has passed, `0 < n <=` the day's.
    fn after(&self, mut n: Micros) -> Micros {
        for (from, to) in self.spans() {
            if n <= to - from {
                return from + n;
            }
            n -= to - from;
        }
        DAY
    }
}

/// A place on the layout.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// Open time before it, on a clock that is never set.
    pub(super) open: Micros,
    year: usize,
    /// Its day number.
    pub(super) day: i64,
}

impl Years {
    pub(super) fn new(spec: &CalendarSpec, days: &Days) -> Result<Years> {
        let checked = Checked::new(spec)?;
        let mut build = Build::default();
        let mut years: Vec<Year> = Vec::with_capacity((LAST_YEAR - FIRST_YEAR + 2) as usize);
        let mut alike: BTreeMap<(u32, bool), u32> = BTreeMap::new();
        let (mut before, mut first_day) = (0, FIRST_DAY);
        for number in FIRST_YEAR..=LAST_YEAR {
            let Some(first) = Date::from_ymd_opt(number, 1, 1) else { break };
            let shape = (first.weekday().num_days_from_monday(), first.leap_year());
            let cells = match alike.get(&shape).filter(|_| days.is_plain(number)) {
                Some(cells) => *cells,
                None => {
                    let cells = build.year(first, &checked, days);
                    if days.is_plain(number) {
                        alike.insert(shape, cells);
                    }
                    cells
                }
            };
            years.push(Year { before, first_day: first_day as i32, cells, unknown: u32::MAX });
            let length = if first.leap_year() { 366 } else { 365 };
            let last = &build.cells[cells as usize + length - 1];
            before += i64::from(last.before) * MINUTE + build.patterns[usize::from(last.pattern)].len();
            first_day += length as i64;
        }
        let mut unknown = years.len() as u32;
        years.push(Year { before, first_day: first_day as i32, cells: 0, unknown });
        for i in (0..years.len() - 1).rev() {
            if build.cells[years[i].cells as usize].unknown != NONE {
                unknown = i as u32;
            }
            years[i].unknown = unknown;
        }
        Ok(Years { years: years.into(), cells: build.cells.into(), patterns: build.patterns.into() })
    }

    /// True when every day is known and open from 00:00 to 24:00.
    pub(super) fn always_open(&self) -> bool {
        let all_day = |c: &Cell| c.unknown == NONE && self.patterns[usize::from(c.pattern)].len() == DAY;
        self.cells.iter().all(all_day)
    }

    #[inline]
    pub(super) fn spot(&self, wall: Wall) -> Spot {
        let (day, time) = (wall.div_euclid(DAY), wall.rem_euclid(DAY));
        let year = self.year(day);
        let y = &self.years[year];
        let cell = &self.cells[y.cells as usize + (day - i64::from(y.first_day)) as usize];
        let of_day = self.patterns[usize::from(cell.pattern)].before(time);
        Spot { open: y.before + i64::from(cell.before) * MINUTE + of_day, year, day }
    }

    /// Index of the year of a day number.
    #[inline]
    fn year(&self, day: i64) -> usize {
        // In 400 years there are 146 097 days; so shifted, the quotient is the year or the one after it.
        let guess = (((day - FIRST_DAY) * 400 + 1000) / 146_097) as usize;
        guess - usize::from(day < i64::from(self.years[guess].first_day))
    }

    /// The first time on the local clock at which `open` has passed, which lies after `from`, with the day of the
    /// microsecond before it; none if there is not so much.
    pub(super) fn reach(&self, open: Micros, from: Spot) -> Option<(Wall, i64)> {
        let next = from.year + 1;
        let year = if self.years.get(next).is_none_or(|y| open <= y.before) {
            from.year
        } else {
            next + self.years[next..].partition_point(|y| y.before < open) - 1
        };
        let (y, after) = (&self.years[year], self.years.get(year + 1)?);
        let length = (after.first_day - y.first_day) as usize;
        let cells = &self.cells[y.cells as usize..][..length];
        let left = open - y.before;
        let day = cells.partition_point(|c| i64::from(c.before) * MINUTE < left).checked_sub(1)?;
        let time = self.patterns[usize::from(cells[day].pattern)]
            .after(left - i64::from(cells[day].before) * MINUTE);
        let day = i64::from(y.first_day) + day as i64;
        Some((day * DAY + time, day))
    }

    /// The year of the first day from one day to another (inclusive) that has no published schedule.
    #[inline]
    pub(super) fn unknown_between(&self, from: Spot, to: Spot) -> Option<i32> {
        if self.years[from.year].unknown as usize > to.year {
            None
        } else {
            self.unknown_from(from.day, to.day)
        }
    }

    /// As [`Years::unknown_between`], for day numbers.
    pub(super) fn unknown_from(&self, from: i64, to: i64) -> Option<i32> {
        let (mut year, mut day) = (self.year(from), from);
        loop {
            let y = self.years.get(year).filter(|y| (y.unknown as usize) < self.years.len() - 1)?;
            if y.unknown as usize != year {
                year = y.unknown as usize;
                day = i64::from(self.years[year].first_day);
                continue;
            }
            let cell = &self.cells[y.cells as usize + (day - i64::from(y.first_day)) as usize];
            if cell.unknown != NONE {
                let unknown = i64::from(y.first_day) + i64::from(cell.unknown);
                return (unknown <= to).then_some(FIRST_YEAR + year as i32);
            }
            year += 1;
            day = i64::from(self.years.get(year)?.first_day);
        }
    }

    /// The open intervals of a day, on its clock.
    pub(super) fn spans(&self, day: i64) -> impl Iterator<Item = (Micros, Micros)> {
        let y = &self.years[self.year(day)];
        let cell = &self.cells[y.cells as usize + (day - i64::from(y.first_day)) as usize];
        self.patterns[usize::from(cell.pattern)].spans()
    }
}

/// What is shared while years are laid out.
#[derive(Default)]
struct Build {
    cells: Vec<Cell>,
    patterns: Vec<Pattern>,
    pattern_ids: BTreeMap<Box<[(Micros, Micros)]>, u16>,
    /// Where the days of a year begin, by the patterns of its days (none: unknown).
    runs: BTreeMap<Vec<Option<u16>>, u32>,
}

impl Build {
    fn year(&mut self, first: Date, spec: &Checked, days: &Days) -> u32 {
        let of_year = first.iter_days().take_while(|d| d.year() == first.year());
        let ids: Vec<Option<u16>> = of_year
            .map(|d| spec.hours(d, || days.known_workday(d)).map(|hours| self.pattern(hours)))
            .collect();
        if let Some(cells) = self.runs.get(&ids) {
            return *cells;
        }
        let closed = self.pattern(&[]);
        let start = self.cells.len();
        let mut before = 0;
        for id in &ids {
            let pattern = id.unwrap_or(closed);
            self.cells.push(Cell { before, pattern, unknown: NONE });
            before += (self.patterns[usize::from(pattern)].len() / MINUTE) as u32;
        }
        let mut unknown = NONE;
        for (day, id) in ids.iter().enumerate().rev() {
            if id.is_none() {
                unknown = day as u16;
            }
            self.cells[start + day].unknown = unknown;
        }
        self.runs.insert(ids, start as u32);
        start as u32
    }

    fn pattern(&mut self, spans: &[(Micros, Micros)]) -> u16 {
        if let Some(id) = self.pattern_ids.get(spans) {
            return *id;
        }
        let id = self.patterns.len() as u16;
        self.patterns.push(Pattern::new(spans));
        self.pattern_ids.insert(spans.into(), id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_finds_its_year() {
        let spec =
            CalendarSpec { id: "c".into(), open: Default::default(), seasons: Vec::new(), holidays: None };
        let years = Years::new(&spec, &Days::new(None, &[], 0).unwrap()).unwrap();
        let mut day = FIRST_DAY;
        for number in FIRST_YEAR..=LAST_YEAR {
            let first = Date::from_ymd_opt(number, 1, 1).unwrap();
            assert_eq!(day, i64::from(first.to_epoch_days()));
            let next = i64::from(Date::from_ymd_opt(number + 1, 1, 1).unwrap().to_epoch_days());
            for d in [day, day + 1, day + 58, day + 59, day + 60, day + 200, next - 2, next - 1] {
                assert_eq!(years.year(d), (number - FIRST_YEAR) as usize, "{d}");
            }
            day = next;
        }
        // Eight thousand years that look alike are kept as two.
        assert_eq!(years.cells.len(), 365 + 366);
    }
}
