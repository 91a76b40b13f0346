//! The course of one finding: when it was settled, by what, and when it broke. Pure: in, its events in (`at`, seq) order
//! and a limit. See the rules page, findings.

use super::{SettledBy, Until};
use crate::books::Item;
use crate::contract::Limit;
use crate::error::Result;
use crate::rules::due::Dues;
use crate::time::{Instant, Micros};

/// What an event is to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It settles it; true: for good.
    Settles(SettledBy, bool),
    /// It reopens what was put right.
    Reopens,
}

/// Who is who.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) until: Until,
    /// The party that owes the clause.
    pub(super) owes: &'a str,
}

impl Sides<'_> {
    /// What `event`, stated by `party`, is to a finding.
    pub(super) fn sign(&self, event: &Item, party: Option<&str>) -> Option<Sign> {
        let result = event.text("result");
        match (event.kind.name, self.until) {
            ("finding.fix", Until::Fix) => Some(Sign::Settles(SettledBy::Fix, false)),
            ("finding.verify", Until::Verify) => {
                (result == Some("pass")).then_some(Sign::Settles(SettledBy::Verify, true))
            }
            ("finding.verify", Until::Fix) => result.filter(|r| *r != "pass").map(|_| Sign::Reopens),
            ("finding.transfer", _) => {
                let to = event.text("to").filter(|to| *to != self.owes);
                to.map(|_| Sign::Settles(SettledBy::Transfer, true))
            }
            ("finding.accept-risk", _) => {
                (party == Some("buyer")).then_some(Sign::Settles(SettledBy::AcceptRisk, true))
            }
            _ => None,
        }
    }
}

/// How a finding stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    /// None while open or reopened.
    pub(super) settled: Option<(Instant, SettledBy)>,
    /// When it is due, or would have been; of a breach the instant missed.
    pub(super) due: Instant,
    pub(super) broken: bool,
}

/// Runs a finding opened at `opened` over the signs after it, up to `as_of`.
pub(super) fn course(
    dues: &Dues<'_>,
    limit: Limit,
    opened: Instant,
    signs: &[(Instant, Sign)],
    as_of: Instant,
) -> Result<Course> {
    let mut clock = Running { since: opened, used: 0 };
    let mut course = Course { settled: None, due: clock.due(dues, limit, opened)?, broken: false };
    let mut for_good = false;
    for (at, sign) in signs {
        match (*sign, course.settled) {
            (Sign::Settles(by, last), None) => {
                course.broken |= *at > course.due;
                clock.used += dues.calendar.between(clock.since, *at)?;
                course.settled = Some((*at, by));
                for_good = last;
            }
            (Sign::Settles(_, last), Some(_)) => for_good |= last,
            (Sign::Reopens, Some(_)) if !for_good => {
                clock.since = *at;
                course.settled = None;
                if !course.broken {
                    course.due = clock.due(dues, limit, opened)?;
                }
            }
            (Sign::Reopens, _) => {}
        }
    }
    course.broken |= course.settled.is_none() && as_of > course.due;
    Ok(course)
}

/// A clock that runs.
struct Running {
    since: Instant,
    used: Micros,
}

impl Running {
    fn due(&self, dues: &Dues<'_>, limit: Limit, opened: Instant) -> Result<Instant> {
        match limit {
            Limit::Elapsed(us) => dues.calendar.add(self.since, (us - self.used).max(0)),
            // A day count does not stop; reopened after it, it is due then.
            limit => Ok(dues.after(limit, opened)?.max(self.since)),
        }
    }
}
