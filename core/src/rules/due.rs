//! When something is due: a limit counted from an instant, or from the end of a stretch. See the rules page, common.

use crate::calendar::{Calendar, Date, Days, Zone};
use crate::contract::{Decimal, Limit};
use crate::error::{Code, Error, Result};
use crate::time::{Instant, Micros};

/// What a limit is counted with.
#[derive(Clone, Copy)]
pub(crate) struct Dues<'a> {
    pub(crate) calendar: &'a Calendar,
    pub(crate) days: &'a Days,
    pub(crate) zone: Zone,
}

/// What is left of a limit that runs.
pub(crate) struct Left {
    /// On the calendar; of a day count on 7x24.
    pub(crate) us: Micros,
    /// Less than the warned part of the whole limit.
    pub(crate) at_risk: bool,
    /// When it will be.
    pub(crate) turns: Option<Instant>,
}

impl Dues<'_> {
    /// The limit that is due first, of several that start at `start`.
    ///
    /// # Errors
    /// As [`Dues::after`]; there is at least one.
    pub(crate) fn shortest(&self, limits: impl Iterator<Item = Limit>, start: Instant) -> Result<Limit> {
        let mut shortest: Option<(Instant, Limit)> = None;
        for limit in limits {
            let due = self.after(limit, start)?;
            if shortest.is_none_or(|(d, _)| due < d) {
                shortest = Some((due, limit));
            }
        }
        let (_, limit) = shortest.ok_or_else(|| Error::new(Code::Internal, "empty table"))?;
        Ok(limit)
    }

    /// What is left at `as_of` of a limit that started at `start` and is due at `due`.
    ///
    /// # Errors
    /// As [`Dues::after`].
    pub(crate) fn left(
        &self,
        limit: Limit,
        start: Instant,
        due: Instant,
        as_of: Instant,
        warn: Decimal,
    ) -> Result<Left> {
        let (whole, us) = match limit {
            Limit::Elapsed(whole) => (whole, self.calendar.between(as_of, due)?),
            limit => (self.after(limit, start)? - start, due - as_of),
        };
        let warned = warn.most_below(whole);
        let at_risk = us <= warned;
        let turns = match limit {
            _ if at_risk || warned < 0 => None,
            Limit::Elapsed(_) => Some(self.calendar.add(as_of, us - warned)?),
            _ => Some(due - warned),
        };
        Ok(Left { us, at_risk, turns })
    }

    /// When `limit` ends that starts at `start`.
    ///
    /// # Errors
    /// `no-schedule` for a year without one; `out-of-range` beyond the year 9999.
    pub(crate) fn after(&self, limit: Limit, start: Instant) -> Result<Instant> {
        match limit {
            Limit::Elapsed(us) => self.calendar.add(start, us),
            Limit::Workdays(n) => self.end_of(self.days.add_workdays(self.zone.date(start), n)?),
            Limit::Months(n) => self.zone.add_months(start, n),
        }
    }

    /// When `limit` ends that is counted from an end: of a day count, the day that ends there is day 0.
    ///
    /// # Errors
    /// As [`Dues::after`].
    pub(crate) fn after_end(&self, limit: Limit, end: Instant) -> Result<Instant> {
        match limit {
            Limit::Workdays(0) => Ok(end),
            Limit::Workdays(n) => self.end_of(self.days.add_workdays(self.last_day(end), n)?),
            _ => self.after(limit, end),
        }
    }

    /// A due day on a day off moves to the next workday, and is due at its end.
    ///
    /// # Errors
    /// As [`Dues::after`].
    pub(crate) fn rolled(&self, due: Instant) -> Result<Instant> {
        let day = self.last_day(due);
        if self.days.is_workday(day)? { Ok(due) } else { self.end_of(self.days.add_workdays(day, 1)?) }
    }

    /// The day that ends at, or holds the microsecond before, an instant.
    fn last_day(&self, end: Instant) -> Date {
        self.zone.date(end.saturating_sub(1))
    }

    /// 24:00 of a day.
    ///
    /// # Errors
    /// `out-of-range`.
    pub(crate) fn end_of(&self, day: Date) -> Result<Instant> {
        let after = day.succ_opt().ok_or_else(|| Error::new(Code::OutOfRange, day.to_string()))?;
        Ok(self.zone.midnight(after))
    }
}
