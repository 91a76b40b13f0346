//! Owed stretches of a recurring duty, and the names that facts give them. See the rules page, recurring.

use super::recurring::{Every, Units};
use crate::calendar::{Date, Zone};
use crate::contract::Contract;
use crate::time::{Instant, Interval};
use chrono::{Datelike, Days, Months, NaiveDate};

/// One owed stretch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) name: String,
    /// Clipped to the period.
    pub(crate) stretch: Interval,
    /// First day, and the day after the last; not clipped.
    whole: (Date, Date),
}

/// The units that are owed: those of which at least half of the days lie in the period.
pub(crate) fn units(contract: &Contract, every: Every, by: Units) -> Vec<Unit> {
    let (first, last) = contract.period_dates;
    let after = next_day(last);
    let begin = match by {
        Units::Service => first,
        Units::Calendar => floor(every, first),
    };
    let mut units = Vec::new();
    for n in 0.. {
        let (Some(start), Some(end)) = (step(begin, every, n), step(begin, every, n + 1)) else { break };
        if start >= after {
            break;
        }
        let inside = (end.min(after) - start.max(first)).num_days();
        if 2 * inside >= (end - start).num_days() {
            let name = match by {
                Units::Service => start.to_string(),
                Units::Calendar => name(every, start),
            };
            let (from, to) = (contract.zone.midnight(start), contract.zone.midnight(end));
            let stretch = Interval::new(from, to).clip(contract.period);
            units.push(Unit { name, stretch, whole: (start, end) });
        }
    }
    units
}

/// The n-th unit's first day, counted from the first one's and not from the unit before.
fn step(begin: Date, every: Every, n: u32) -> Option<Date> {
    let months = |m: u32| begin.checked_add_months(Months::new(m.checked_mul(n)?));
    match every {
        Every::Day => begin.checked_add_days(Days::new(u64::from(n))),
        Every::Week => begin.checked_add_days(Days::new(7 * u64::from(n))),
        Every::Month => months(1),
        Every::Quarter => months(3),
        Every::Year => months(12),
    }
}

/// The first day of the calendar's unit that holds `d`.
fn floor(every: Every, d: Date) -> Date {
    let first = |month: u32| Date::from_ymd_opt(d.year(), month, 1).unwrap_or(d);
    match every {
        Every::Day => d,
        Every::Week => d.week(chrono::Weekday::Mon).first_day(),
        Every::Month => first(d.month()),
        Every::Quarter => first(d.month0() / 3 * 3 + 1),
        Every::Year => first(1),
    }
}

fn name(every: Every, start: Date) -> String {
    match every {
        Every::Day => start.to_string(),
        Every::Week => format!("{:04}-W{:02}", start.iso_week().year(), start.iso_week().week()),
        Every::Month => format!("{:04}-{:02}", start.year(), start.month()),
        Every::Quarter => format!("{:04}-Q{}", start.year(), start.month0() / 3 + 1),
        Every::Year => format!("{:04}", start.year()),
    }
}

fn next_day(d: Date) -> Date {
    d.succ_opt().unwrap_or(d)
}

/// What a name of a unit stands for: its kind, its first day, and the day after its last.
fn named(text: &str) -> Option<(Every, Date, Date)> {
    let digits = |s: &str, n: usize| (s.len() == n && s.bytes().all(|b| b.is_ascii_digit())).then_some(());
    let (year, rest) = match text.split_once('-') {
        Some((year, rest)) => (year, rest),
        None => (text, ""),
    };
    digits(year, 4)?;
    let year: i32 = year.parse().ok()?;
    let (every, first) = match rest.as_bytes() {
        [] => (Every::Year, Date::from_ymd_opt(year, 1, 1)?),
        [b'Q', q @ b'1'..=b'4'] => {
            (Every::Quarter, Date::from_ymd_opt(year, u32::from(q - b'1') * 3 + 1, 1)?)
        }
        [b'W', _, _] => {
            digits(&rest[1..], 2)?;
            let week = rest[1..].parse().ok()?;
            (Every::Week, NaiveDate::from_isoywd_opt(year, week, chrono::Weekday::Mon)?)
        }
        [_, _] => {
            digits(rest, 2)?;
            (Every::Month, Date::from_ymd_opt(year, rest.parse().ok()?, 1)?)
        }
        [_, _, b'-', _, _] => (Every::Day, text.parse().ok()?),
        _ => return None,
    };
    Some((every, first, step(first, every, 1)?))
}

/// The unit that a fact's `covers` names: of a name as long as the unit or longer the first that starts in it; of a shorter
/// one, or a date, the one that holds its first day.
pub(crate) fn covered(units: &[Unit], every: Every, covers: &str) -> Option<usize> {
    let (kind, first, after) = named(covers)?;
    if kind == Every::Day || kind < every {
        units.iter().position(|u| u.whole.0 <= first && first < u.whole.1)
    } else {
        units.iter().position(|u| first <= u.whole.0 && u.whole.0 < after)
    }
}

/// The unit that an instant falls in.
pub(crate) fn holding(units: &[Unit], at: Instant) -> Option<usize> {
    let next = units.partition_point(|u| u.stretch.start <= at);
    next.checked_sub(1).filter(|i| units[*i].stretch.contains(at))
}

/// The calendar's name of the stretch that begins at `start`, a local midnight.
pub(crate) fn calendar_name(every: Every, zone: Zone, start: Instant) -> String {
    name(every, floor(every, zone.date(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(start: &str, end: &str) -> Contract {
        let text = format!(
            "format = 1\nid = \"u\"\ntitle = \"u\"\ntimezone = \"Asia/Shanghai\"\nperiod = {{ start = \"{start}\", end = \"{end}\" }}\n\
             [[clause]]\nid = \"c\"\nrule = \"judgement\"\n"
        );
        Contract::parse(&text).unwrap()
    }
    fn names(c: &Contract, every: Every, by: Units) -> Vec<String> {
        units(c, every, by).into_iter().map(|u| u.name).collect()
    }

    #[test]
    fn half_of_the_days_make_a_unit_owed() {
        let c = contract("2026-01-16", "2026-03-15");
        // 16 of 31 days of January, 15 of 31 of March.
        assert_eq!(names(&c, Every::Month, Units::Calendar), ["2026-01", "2026-02"]);
        let c = contract("2026-01-17", "2026-03-16");
        assert_eq!(names(&c, Every::Month, Units::Calendar), ["2026-02", "2026-03"]);
    }

    #[test]
    fn service_months_are_counted_from_the_first_day() {
        let c = contract("2026-01-31", "2026-05-30");
        let all = units(&c, Every::Month, Units::Service);
        let names: Vec<&str> = all.iter().map(|u| u.name.as_str()).collect();
        assert_eq!(names, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
        assert_eq!(covered(&all, Every::Month, "2026-03"), Some(2));
        assert_eq!(covered(&all, Every::Month, "2026-02-28"), Some(1));
        assert_eq!(covered(&all, Every::Month, "2026-W10"), Some(1));
        assert_eq!(covered(&all, Every::Month, "2026"), Some(0));
        assert_eq!(covered(&all, Every::Month, "2026-06"), None);
        assert_eq!(covered(&all, Every::Month, "2026-13"), None);
    }

    #[test]
    fn weeks_begin_on_monday_and_have_iso_names() {
        let c = contract("2025-12-31", "2026-01-11");
        assert_eq!(names(&c, Every::Week, Units::Calendar), ["2026-W01", "2026-W02"]);
        let c = contract("2025-12-25", "2026-01-01");
        assert_eq!(names(&c, Every::Week, Units::Calendar), ["2025-W52", "2026-W01"]);
    }
}
