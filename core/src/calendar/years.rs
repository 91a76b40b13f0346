//! Service hours laid out over the local days of 1899 to 10000: open time of a local clock that is never set. Years that
//! look alike share their days, so that eight thousand years take little room.

use super::days::Days;
use super::run::{Pattern, Run};
use super::spec::{CalendarSpec, Checked};
use super::{Wall, date_of};
use crate::error::Result;
use crate::time::{DAY, MINUTE, Micros};
use chrono::Datelike;
use std::collections::BTreeMap;

/// Local clocks show these years at instants of 1900 to 9999.
const FIRST_YEAR: i32 = 1899;
const LAST_YEAR: i32 = 10_000;
/// 1899-01-01.
const FIRST_DAY: i64 = -25_932;

/// The layout.
#[derive(Debug)]
pub(super) struct Years {
    /// From [`FIRST_YEAR`] on, and the year after the last, which has no days.
    years: Box<[Year]>,
    runs: Box<[Run]>,
    patterns: Box<[Pattern]>,
}

#[derive(Clone, Copy, Debug)]
struct Year {
    /// Open time of all years before.
    before: Micros,
    /// Day number of January 1.
    first_day: i32,
    /// Its days.
    run: u32,
    /// Index of the first year from this one on that has an unknown day.
    unknown: u32,
}

impl Years {
    pub(super) fn new(spec: &CalendarSpec, days: &Days) -> Result<Years> {
        let checked = Checked::new(spec)?;
        let special = days.special_years();
        let mut build = Build::default();
        let mut years: Vec<Year> = Vec::with_capacity((LAST_YEAR - FIRST_YEAR + 2) as usize);
        // By length and first day of the week.
        let mut alike = [[None; 7]; 2];
        let (mut before, mut first_day) = (0, FIRST_DAY);
        for number in FIRST_YEAR..=LAST_YEAR {
            let leap = number % 4 == 0 && (number % 100 != 0 || number % 400 == 0);
            let run = if special.contains(&number) {
                build.run(first_day, number, &checked, days)
            } else {
                let alike = &mut alike[usize::from(leap)][first_day.rem_euclid(7) as usize];
                *alike.get_or_insert_with(|| build.run(first_day, number, &checked, days))
            };
            years.push(Year { before, first_day: first_day as i32, run, unknown: u32::MAX });
            before += i64::from(build.runs[run as usize].minutes) * MINUTE;
            first_day += if leap { 366 } else { 365 };
        }
        let mut unknown = years.len() as u32;
        years.push(Year { before, first_day: first_day as i32, run: u32::MAX, unknown });
        for i in (0..years.len() - 1).rev() {
            if build.runs[years[i].run as usize].unknown(0).is_some() {
                unknown = i as u32;
            }
            years[i].unknown = unknown;
        }
        Ok(Years { years: years.into(), runs: build.runs.into(), patterns: build.patterns.into() })
    }

    /// True when every day is known and open from 00:00 to 24:00.
    pub(super) fn always_open(&self) -> bool {
        self.longest_known().is_none() && self.patterns.iter().all(|p| p.len() == DAY)
    }

    /// Day numbers, the last exclusive, of the longest stretch of years without unknown day; none where no day is unknown.
    pub(super) fn longest_known(&self) -> Option<(i64, i64)> {
        let years = &self.years[..self.years.len() - 1];
        let all = years.len();
        if years[0].unknown as usize > all - 1 {
            return None;
        }
        // From each year to the first one that has an unknown day.
        let stretch = |i: usize| (years[i].unknown as usize).min(all) - i;
        let first = (0..all).max_by_key(|i| (stretch(*i), all - i)).unwrap_or_default();
        let day = |i: usize| i64::from(self.years[i].first_day);
        Some((day(first), day(first + stretch(first))))
    }

    /// Open time before a time on the local clock.
    #[inline]
    pub(super) fn before(&self, wall: Wall) -> Micros {
        let (day, time) = (wall.div_euclid(DAY), wall.rem_euclid(DAY));
        let y = &self.years[self.year(day)];
        let day = (day - i64::from(y.first_day)) as usize;
        y.before + self.runs[y.run as usize].before(day, time, &self.patterns)
    }

    /// Index of the year of a day number.
    #[inline]
    pub(super) fn year(&self, day: i64) -> usize {
        // In 400 years there are 146 097 days; so shifted, the quotient is the year or the one after it.
        let guess = (((day - FIRST_DAY) * 400 + 1000) / 146_097) as usize;
        guess - usize::from(day < i64::from(self.years[guess].first_day))
    }

    /// The first time on the local clock at which `open` has passed, which does not lie before the year of index `from_year`,
    /// with the day of the microsecond before it; none if there is not so much.
    #[inline]
    pub(super) fn reach(&self, open: Micros, from_year: usize) -> Option<(Wall, i64)> {
        // Most answers lie in the same year or soon after: steps that double, then a search between the last two.
        let mut year = from_year;
        let mut step = 1;
        while self.years.get(year + step).is_some_and(|y| y.before < open) {
            year += step;
            step *= 2;
        }
        let rest = self.years.get(year + 1..self.years.len().min(year + step)).unwrap_or_default();
        year += rest.partition_point(|y| y.before < open);
        let y = &self.years[year];
        let (day, time) = self.runs.get(y.run as usize)?.reach(open - y.before, &self.patterns)?;
        let day = i64::from(y.first_day) + day as i64;
        Some((day * DAY + time, day))
    }

    /// The year of the first day from one day to another (inclusive) that has no published schedule.
    pub(super) fn unknown_between(&self, from: i64, to: i64) -> Option<i32> {
        let (mut year, mut day) = (self.year(from), from);
        loop {
            let y = self.years.get(year)?;
            if y.unknown as usize != year {
                year = y.unknown as usize;
                day = i64::from(self.years.get(year)?.first_day);
                continue;
            }
            let run = self.runs.get(y.run as usize)?;
            if let Some(unknown) = run.unknown((day - i64::from(y.first_day)) as usize) {
                let known = i64::from(y.first_day) + (unknown as i64) > to;
                return (!known).then_some(FIRST_YEAR + year as i32);
            }
            year += 1;
            day = i64::from(self.years.get(year)?.first_day);
        }
    }

    /// The open intervals of a day, on its clock.
    pub(super) fn spans(&self, day: i64) -> impl Iterator<Item = (Micros, Micros)> {
        let y = &self.years[self.year(day)];
        let pattern = self.runs[y.run as usize].pattern((day - i64::from(y.first_day)) as usize);
        self.patterns[pattern].spans()
    }
}

/// What is shared while years are laid out.
#[derive(Default)]
struct Build {
    runs: Vec<Run>,
    patterns: Vec<Pattern>,
    pattern_ids: BTreeMap<Box<[(Micros, Micros)]>, u16>,
    /// By the patterns of the days (none: unknown).
    run_ids: BTreeMap<Vec<Option<u16>>, u32>,
}

impl Build {
    fn run(&mut self, first_day: i64, year: i32, spec: &Checked, days: &Days) -> u32 {
        let of_year = date_of(first_day).iter_days().take_while(|d| d.year() == year);
        let mut last: Option<(&[(Micros, Micros)], u16)> = None;
        let ids = of_year.map(|d| {
            let hours = spec.hours(d, || days.known_workday(d))?;
            let same = last.filter(|(of_last, _)| std::ptr::eq(*of_last, hours));
            let id = same.map_or_else(|| self.pattern(hours), |(_, id)| id);
            last = Some((hours, id));
            Some(id)
        });
        let ids: Vec<Option<u16>> = ids.collect();
        if let Some(run) = self.run_ids.get(&ids) {
            return *run;
        }
        // A year without unknown day asks for no pattern of its own.
        let closed = if ids.contains(&None) { self.pattern(&[]) } else { 0 };
        let run = self.runs.len() as u32;
        self.runs.push(Run::new(&ids, closed, &self.patterns));
        self.run_ids.insert(ids, run);
        run
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
    use super::super::Date;
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
        assert_eq!(years.runs.len(), 2);
    }
}
