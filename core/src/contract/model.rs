//! What a contract says, checked and resolved.

use crate::calendar::{CalendarSpec, Date, DayLine, Zone};
use crate::rules::RuleParams;
use crate::time::{Interval, Micros};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One service contract.
#[derive(Clone, Debug)]
pub struct Contract {
    /// `id`.
    pub id: String,
    /// `title`.
    pub title: String,
    /// `timezone`: local dates belong to it.
    pub zone: Zone,
    /// `holidays`: the holiday data for day counts (`"CN"`), if any.
    pub holidays: Option<String>,
    /// First and last local day, both inclusive.
    pub period_dates: (Date, Date),
    /// The service period as instants: local midnight to the local midnight after the last day.
    pub period: Interval,
    /// `[accounting]`.
    pub accounting: Accounting,
    /// `[agreement] needs`.
    pub needs: Needs,
    /// `[[calendar]]`, by id; `7x24` always exists.
    pub calendars: BTreeMap<String, CalendarSpec>,
    /// `[[holiday]]` and `[[workday]]` lines of the contract's own.
    pub days: Vec<DayLine>,
    /// `[[fault]]`: fault types that the emergency plan has to answer.
    pub faults: Vec<Fault>,
    /// Backup sets.
    pub backups: Vec<BackupSet>,
    /// `[[clause]]`, in file order.
    pub clauses: Vec<Clause>,
    /// `amends`: identity of the text this one replaces, with the local date from which this one holds.
    pub amends: Option<(String, Date)>,
    /// SM3 of the file's bytes, lower-case hex: the contract's identity.
    pub sm3: String,
    /// The file's bytes.
    pub text: Arc<str>,
    /// Its calendars, once they were asked for.
    pub(crate) compiled: super::Compiled,
}

/// `[accounting]`: how outages are counted; see the accounting page of the documentation for each figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Accounting {
    /// Impacts that count (default `down`, `partial`).
    pub counted_impacts: Vec<String>,
    /// Attributions that do not count (default `buyer`, `force-majeure`).
    pub excluded_attributions: Vec<String>,
    /// An episode of at least this downtime is long (default 1 h).
    pub long_from: Micros,
    /// Pieces with a gap of at most this are one episode (default 0).
    pub merge_gap: Micros,
    /// A window must be recorded this long before its start (default 0).
    pub maintenance_notice: Micros,
    /// A limit on outages is met with no outage even when nobody watched (default false).
    pub assume_watched: bool,
    /// At risk when less than this part of the limit is left (default 0.25).
    pub warn_fraction: Decimal,
    /// Parties whose pauses stop a clock (default `buyer`).
    pub pause_parties: Vec<String>,
    /// A fact recorded more than this after its `at` is late (default 24 h).
    pub late_after: Micros,
}

/// `[agreement] needs`: what takes effect in the agreed view only once the other party confirmed it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// Kinds withheld whole.
    pub kinds: Vec<String>,
    /// An attribution to anyone but the supplier.
    pub attribution: bool,
    /// A correction that lowers a figure.
    pub lowering: bool,
    /// A pause recorded after the due instant.
    pub late_pause: bool,
}

impl Needs {
    /// True when the agreed view is the claimed one.
    pub fn is_empty(&self) -> bool {
        *self == Needs::default()
    }
}

/// One promise.
#[derive(Clone, Debug)]
pub struct Clause {
    /// `id`.
    pub id: String,
    /// `ref`: where the promise stands in the source text.
    pub reference: Option<String>,
    /// `text`: the promise in the source's words.
    pub text: Option<String>,
    /// Who owes it (default `supplier`).
    pub party: String,
    /// A value the parties never agreed on.
    pub assumed: bool,
    /// Overrides the contract's.
    pub warn_fraction: Option<Decimal>,
    /// Only cases that start in it are judged: instants of the two local dates, both days inclusive.
    pub holds: Option<Interval>,
    /// The rule and its parameters.
    pub rule: RuleParams,
}

/// A backup set, and what is promised of it; what is left out is not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSet {
    /// `id`: what facts name in `set`.
    pub id: String,
    /// `holds`, in words.
    pub holds: Option<String>,
    /// `kind`: `files`, `postgres-base`, `postgres-dump`, `mysql-dump`, `sqlite`, `archive`, `opaque`, `command`.
    pub kind: &'static str,
    /// `schedule`, in words.
    pub schedule: Option<String>,
    /// `rpo`, microseconds.
    pub rpo: Option<Micros>,
    /// `rto`, microseconds.
    pub rto: Option<Micros>,
    /// `retention`.
    pub retention: Option<crate::rules::backup::retention::Retention>,
    /// `verify_every`.
    pub verify_every: Option<Limit>,
    /// `level`, 1 to 4: a verification counts from it on.
    pub level: u8,
    /// `drill_every`.
    pub drill_every: Option<Limit>,
    /// `log_marker`.
    pub log_marker: Option<String>,
}

/// A type of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `id`: what a document names in `covers_faults`.
    pub id: String,
    /// `name` (default: the id).
    pub name: String,
}

/// An exact decimal: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// All digits.
    pub mantissa: i64,
    /// How many of them stand after the point (0 to 18).
    pub scale: u8,
}

impl Decimal {
    /// The largest integer below `self * whole`, computed exactly; -1 when that is 0.
    pub fn most_below(self, whole: i64) -> i64 {
        let one = 10i128.pow(u32::from(self.scale));
        let below = (i128::from(self.mantissa) * i128::from(whole) + one - 1).div_euclid(one) - 1;
        // `self` is at most 1, so this is at most `whole`.
        i64::try_from(below).unwrap_or(i64::MAX)
    }
    /// `self * whole` rounded half up, computed exactly; `self` and `whole` are not negative.
    pub fn of_half_up(self, whole: i64) -> i64 {
        let one = 10i128.pow(u32::from(self.scale));
        let twice = 2 * i128::from(self.mantissa) * i128::from(whole) + one;
        i64::try_from(twice.div_euclid(2 * one)).unwrap_or(i64::MAX)
    }
    /// By value, whatever the number of places.
    pub fn compare(self, other: Decimal) -> std::cmp::Ordering {
        let at = |d: Decimal, scale: u8| i128::from(d.mantissa) * 10i128.pow(u32::from(scale - d.scale));
        let scale = self.scale.max(other.scale);
        at(self, scale).cmp(&at(other, scale))
    }
    /// True when `part < self * whole`, computed exactly.
    pub fn is_more_than(self, part: i64, whole: i64) -> bool {
        i128::from(part) * 10i128.pow(u32::from(self.scale)) < i128::from(self.mantissa) * i128::from(whole)
    }
}

/// A limit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Time on the clause's calendar, microseconds.
    Elapsed(Micros),
    /// Due at 24:00 local of the n-th workday after the local day of the start.
    Workdays(u32),
    /// Calendar months: same day and time of day, or the last day of the month.
    Months(u32),
}

/// `within`: one limit, or one by the value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Within {
    /// For every case.
    One(Limit),
    /// By the value of the field that `by` names.
    By(BTreeMap<String, Limit>),
}

/// A kind of fact, with conditions on its body: `"kind"` or `{ kind = "…", where = {…} }`.
#[derive(Clone, Debug, PartialEq)]
pub struct KindFilter {
    /// Name of the kind.
    pub kind: String,
    /// Conditions; empty: none.
    pub conditions: Where,
}

impl KindFilter {
    pub(crate) fn name(&self) -> &str {
        &self.kind
    }
}

/// `where = { field = value, other = ["a", "b"] }`: each field of the body has one of the values.
pub type Where = BTreeMap<String, Vec<serde_json::Value>>;
