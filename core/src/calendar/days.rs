//! Which days are workdays: the week, the notices known, the contract's own lines.

use super::notices::{Notice, NoticeDay, notices};
use super::spec::Range;
use super::{Date, day_number};
use crate::error::{Code, Error, Result, err};
use crate::time::Instant;
use chrono::{Datelike, Weekday};
use std::collections::{BTreeMap, BTreeSet};

/// A `[[holiday]]` or `[[workday]]` line of a contract.
#[derive(Clone, Debug, PartialEq)]
pub struct DayLine {
    /// First day.
    pub from: Date,
    /// Last day, inclusive.
    pub to: Date,
    /// What it is called.
    pub name: String,
    /// True for `[[workday]]`.
    pub workday: bool,
    /// A statutory holiday.
    pub statutory: bool,
    /// Every year, by month and day.
    pub yearly: bool,
}

/// What the contract says of a day.
#[derive(Clone, Copy, Debug)]
struct Own {
    workday: bool,
    statutory: bool,
}

impl Own {
    fn of(line: &DayLine) -> Own {
        Own { workday: line.workday, statutory: line.statutory }
    }
}

impl DayLine {
    /// Days.
    fn length(&self) -> i64 {
        day_number(self.to) - day_number(self.from) + 1
    }
    fn holds(&self, d: Date) -> bool {
        if !self.yearly {
            return self.from <= d && d <= self.to;
        }
        let month_day = |d: Date| (d.month(), d.day());
        self.length() > 365 || Range(month_day(self.from), month_day(self.to)).holds(d)
    }
}

/// Which days are workdays, as known at an instant. Built once an assessment.
///
/// A line of the contract's own answers for the days it names, also in a year without published schedule; it does not
/// make the other days of that year known. Of several lines for one day a dated one comes before a yearly one, then the
/// shorter, then the later in the list. A notice for a year may name days of the year before; the one published last
/// holds, and a later version of a year's notice replaces the earlier.
#[derive(Clone, Debug)]
pub struct Days {
    /// Where the schedules come from; none: every year is known.
    holidays: Option<String>,
    /// Days that dated lines name, where the lines are not longer than a year.
    own_days: BTreeMap<Date, Own>,
    /// The other lines, in the order in which they decide.
    own_lines: Vec<DayLine>,
    /// Days that the notices name.
    named: BTreeMap<Date, NoticeDay>,
    /// The notices in force, by year.
    in_force: BTreeMap<i32, &'static Notice>,
    valid_until: Option<Instant>,
}

impl Days {
    /// `holidays`: name of the data (`"CN"`), or none (then only Monday to Friday and `own` decide). `own` lines win.
    ///
    /// # Errors
    /// `not-found` for unknown holiday data; `bad-calendar` for a line that ends before it starts.
    pub fn new(holidays: Option<&str>, own: &[DayLine], known_at: Instant) -> Result<Days> {
        if let Some(line) = own.iter().find(|l| l.to < l.from) {
            return err(Code::BadCalendar, format!("{:?} from {} to {}", line.name, line.from, line.to));
        }
        let mut own_lines: Vec<DayLine> = own.iter().rev().cloned().collect();
        own_lines.sort_by_key(|l| (l.yearly, l.length()));
        let mut own_days = BTreeMap::new();
        let short = own_lines.partition_point(|l| !l.yearly && l.length() <= 366);
        for line in own_lines.drain(..short) {
            for d in line.from.iter_days().take_while(|d| *d <= line.to) {
                own_days.entry(d).or_insert(Own::of(&line));
            }
        }
        let mut days = Days {
            holidays: holidays.map(str::to_owned),
            own_days,
            own_lines,
            named: BTreeMap::new(),
            in_force: BTreeMap::new(),
            valid_until: None,
        };
        let all = holidays.map(notices).transpose()?.unwrap_or_default();
        let known = all.partition_point(|n| n.published.is_none_or(|p| p <= known_at));
        days.valid_until = all.get(known).and_then(|n| n.published);
        for notice in &all[..known] {
            days.in_force.insert(notice.year, notice);
        }
        for notice in all[..known].iter().filter(|n| days.in_force[&n.year].id == n.id) {
            days.named.extend(notice.days.iter().map(|d| (d.date, *d)));
        }
        Ok(days)
    }

    /// # Errors
    /// `no-schedule`, naming the year, where no schedule is published.
    pub fn is_workday(&self, d: Date) -> Result<bool> {
        self.known_workday(d).ok_or_else(|| self.no_schedule(d.year()))
    }

    /// A day that the notice marks as a statutory holiday, or a `[[holiday]]` line of the contract's own with
    /// `statutory`; a `[[workday]]` line takes the mark from its days. Without holiday data only the lines decide.
    ///
    /// # Errors
    /// `no-schedule`; `no-statutory` where the source has no flag.
    pub fn is_statutory(&self, d: Date) -> Result<bool> {
        let own = self.own(d);
        if let Some(own) = own.filter(|o| o.workday || o.statutory) {
            return Ok(!own.workday);
        }
        let Some(name) = &self.holidays else { return Ok(false) };
        match (self.named.get(&d), self.in_force.get(&d.year())) {
            (Some(NoticeDay { statutory: Some(flag), .. }), _) => Ok(*flag),
            (None, Some(notice)) if notice.statutory_marked => Ok(false),
            // What no source answers, the line that names the day does.
            _ if own.is_some() => Ok(false),
            (Some(_), _) | (None, Some(_)) => err(Code::NoStatutory, format!("{d} ({name})")),
            (None, None) => Err(self.no_schedule(d.year())),
        }
    }

    /// A day that the notice gives off, or a `[[holiday]]` line of the contract's own; a `[[workday]]` line takes its days
    /// out. A weekend day that no notice names is no workday and is not given off.
    ///
    /// # Errors
    /// `no-schedule`.
    pub fn is_given_off(&self, d: Date) -> Result<bool> {
        let own = self.own(d).map(|own| own.workday);
        if let Some(workday) = own.or_else(|| Some(self.named.get(&d)?.workday)) {
            return Ok(!workday);
        }
        // In a known year nothing else is.
        self.is_workday(d).map(|_| false)
    }

    /// The n-th workday after `d` (n = 0: `d` itself).
    ///
    /// # Errors
    /// `no-schedule`; `out-of-range` beyond the year 9999.
    pub fn add_workdays(&self, d: Date, n: u32) -> Result<Date> {
        let (mut day, mut left) = (d, n);
        while left > 0 {
            day = day
                .succ_opt()
                .filter(|day| day.year() <= 9999)
                .ok_or_else(|| Error::new(Code::OutOfRange, format!("{n} workdays after {d}")))?;
            left -= u32::from(self.is_workday(day)?);
        }
        Ok(day)
    }

    /// Id (`CN/2026`) and SM3 of each data file that these days rest on, by year.
    pub fn sources(&self) -> Vec<(String, String)> {
        self.in_force.values().map(|n| (n.id.clone(), n.sm3.clone())).collect()
    }

    /// As [`Days::sources`], but only the files that decide days from `first` to `last`.
    pub fn sources_between(&self, first: Date, last: Date) -> Vec<(String, String)> {
        let decides = |n: &Notice| {
            (first.year()..=last.year()).contains(&n.year)
                || n.days.iter().any(|d| first <= d.date && d.date <= last)
        };
        let used = self.in_force.values().filter(|n| decides(n));
        used.map(|n| (n.id.clone(), n.sm3.clone())).collect()
    }

    /// The first `known_at` at which these days may read differently (a notice published later), if any.
    pub fn valid_until(&self) -> Option<Instant> {
        self.valid_until
    }

    /// None where no schedule is published.
    pub(super) fn known_workday(&self, d: Date) -> Option<bool> {
        if let Some(own) = self.own(d) {
            return Some(own.workday);
        }
        if let Some(named) = self.named.get(&d) {
            return Some(named.workday);
        }
        let week = || !matches!(d.weekday(), Weekday::Sat | Weekday::Sun);
        (self.holidays.is_none() || self.in_force.contains_key(&d.year())).then(week)
    }

    /// The years whose days do not follow from the first day of the week and the length of the year alone.
    pub(super) fn special_years(&self) -> BTreeSet<i32> {
        let dated = self.own_lines.iter().filter(|l| !l.yearly);
        let named = self.named.keys().chain(self.own_days.keys());
        let single = self.in_force.keys().copied().chain(named.map(Datelike::year));
        single.chain(dated.flat_map(|l| l.from.year()..=l.to.year())).collect()
    }

    pub(super) fn no_schedule(&self, year: i32) -> Error {
        let name = self.holidays.as_ref().map(|name| format!(" ({name})"));
        Error::new(Code::NoSchedule, format!("{year}{}", name.unwrap_or_default()))
    }

    fn own(&self, d: Date) -> Option<Own> {
        let line = || self.own_lines.iter().find(|l| l.holds(d)).map(Own::of);
        self.own_days.get(&d).copied().or_else(line)
    }
}
