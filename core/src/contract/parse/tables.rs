//! The format: which tables exist, which keys they have, how their values are written.

use super::backups::{BackupKindText, LevelText, RetentionText};
use super::hours::HoursText;
use super::reader::{At, tables};
use super::values::{
    Count, DateText, Elapsed, Flag, Fraction, LimitText, MonthDay, Sm3Text, Text, Unread, ZoneText,
};

tables! {
    /// A service contract: what one party promised another, as data.
    struct ContractText {
        /// Version of the format: 1.
        "format" format: At<'a, Count>,
        /// Name of the contract, unique among the contracts of its keeper.
        "id" id: At<'a, Text>,
        /// What people call it.
        "title" title: At<'a, Text>,
        /// IANA name of the zone that local dates belong to.
        "timezone" timezone: At<'a, ZoneText>,
        /// Holiday data for workday counts, `roll` and windows; calendars take them too unless they name their own.
        "holidays" holidays: Option<At<'a, Text>>,
        /// The service period.
        "period" period: At<'a, PeriodText<'a>>,
        /// SM3 of the text that this one replaces; with `from`.
        "amends" amends: Option<At<'a, Sm3Text>>,
        /// The first local date on which this text holds; with `amends`.
        "from" from: Option<At<'a, DateText>>,
        /// How outages are counted.
        "accounting" accounting: Option<At<'a, AccountingText<'a>>>,
        /// What the other party has to confirm.
        "agreement" agreement: Option<At<'a, AgreementText<'a>>>,
        /// Service hours; `7x24` exists without being written.
        "calendar" calendars: Option<At<'a, Vec<At<'a, CalendarText<'a>>>>>,
        /// Days off of the contract's own.
        "holiday" holiday_lines: Option<At<'a, Vec<At<'a, DayText<'a>>>>>,
        /// Workdays of the contract's own.
        "workday" workday_lines: Option<At<'a, Vec<At<'a, DayText<'a>>>>>,
        /// The promises.
        "clause" clauses: At<'a, Vec<At<'a, super::clauses::ClauseTable<'a>>>>,
        /// The papers a promise comes from, with rank.
        "source" sources: Option<At<'a, Vec<At<'a, Unread>>>>,
        /// Fault types of the emergency plan.
        "fault" faults: Option<At<'a, Vec<At<'a, FaultText<'a>>>>>,
        /// Backup sets.
        "backup" backups: Option<At<'a, Vec<At<'a, BackupText<'a>>>>>,
        /// What is monitored, and how targets make up the system.
        "target" targets: Option<At<'a, Vec<At<'a, Unread>>>>,
        /// Roles of people.
        "person" people: Option<At<'a, Vec<At<'a, Unread>>>>,
    }

    /// Local dates, both inclusive.
    struct PeriodText {
        /// First day.
        "start" start: At<'a, DateText>,
        /// Last day.
        "end" end: At<'a, DateText>,
    }

    /// How outages are counted.
    struct AccountingText {
        /// Impacts that count (default down, partial).
        "counted_impacts" counted_impacts: Option<At<'a, Vec<At<'a, Text>>>>,
        /// Attributions of outages that do not count (default buyer, force-majeure).
        "excluded_attributions" excluded_attributions: Option<At<'a, Vec<At<'a, Text>>>>,
        /// An episode of at least this downtime is long (default 1h).
        "long_from" long_from: Option<At<'a, Elapsed>>,
        /// Pieces with a gap of at most this are one episode (default 0s).
        "merge_gap" merge_gap: Option<At<'a, Elapsed>>,
        /// A planned window must be recorded this long before its start (default 0s).
        "maintenance_notice" maintenance_notice: Option<At<'a, Elapsed>>,
        /// A limit on outages is met with no outage even when nobody watched (default false).
        "assume_watched" assume_watched: Option<At<'a, Flag>>,
        /// At risk when less than this part of the limit is left (default 0.25).
        "warn_fraction" warn_fraction: Option<At<'a, Fraction>>,
        /// Parties whose pauses stop a clock (default buyer).
        "pause_parties" pause_parties: Option<At<'a, Vec<At<'a, Text>>>>,
        /// A fact recorded more than this after it happened is late (default 24h).
        "late_after" late_after: Option<At<'a, Elapsed>>,
    }

    /// What takes effect in the agreed view only once the other party confirmed it.
    struct AgreementText {
        /// Kinds of facts, and the conditions attribution, lowering, late-pause.
        "needs" needs: Option<At<'a, Vec<At<'a, Text>>>>,
    }

    /// Service hours.
    struct CalendarText {
        /// Name of the calendar.
        "id" id: At<'a, Text>,
        /// Hours; left out: open all the time.
        "open" open: Option<At<'a, OpenText<'a>>>,
        /// Parts of each year with hours of their own.
        "seasons" seasons: Option<At<'a, Vec<At<'a, SeasonText<'a>>>>>,
        /// Holiday data by name (default: the contract's).
        "holidays" holidays: Option<At<'a, Text>>,
    }

    /// Hours of days, as lists of "09:00-17:00"; an empty list: closed.
    struct OpenText {
        /// Every day.
        "every-day" every_day: Option<At<'a, HoursText>>,
        /// Monday to Friday minus days off plus make-up workdays.
        "workday" workday: Option<At<'a, HoursText>>,
        /// Monday.
        "mon" mon: Option<At<'a, HoursText>>,
        /// Tuesday.
        "tue" tue: Option<At<'a, HoursText>>,
        /// Wednesday.
        "wed" wed: Option<At<'a, HoursText>>,
        /// Thursday.
        "thu" thu: Option<At<'a, HoursText>>,
        /// Friday.
        "fri" fri: Option<At<'a, HoursText>>,
        /// Saturday.
        "sat" sat: Option<At<'a, HoursText>>,
        /// Sunday.
        "sun" sun: Option<At<'a, HoursText>>,
    }

    /// Hours of a part of each year.
    struct SeasonText {
        /// First day.
        "from" from: At<'a, MonthDay>,
        /// Last day, inclusive; before `from`: over the turn of the year.
        "to" to: At<'a, MonthDay>,
        /// Hours then.
        "open" open: At<'a, OpenText<'a>>,
    }

    /// A day, or days, off or worked.
    struct DayText {
        /// The day; or `from` and `to`.
        "date" date: Option<At<'a, DateText>>,
        /// First day.
        "from" from: Option<At<'a, DateText>>,
        /// Last day, inclusive.
        "to" to: Option<At<'a, DateText>>,
        /// What it is called.
        "name" name: Option<At<'a, Text>>,
        /// A statutory holiday (default false).
        "statutory" statutory: Option<At<'a, Flag>>,
        /// Every year, by month and day (default false).
        "yearly" yearly: Option<At<'a, Flag>>,
    }

    /// What every clause has.
    struct CommonText {
        /// Name of the clause.
        "id" id: At<'a, Text>,
        /// Kind of promise.
        "rule" rule: At<'a, Text>,
        /// Where the promise stands in the source text.
        "ref" reference: Option<At<'a, Text>>,
        /// The promise in the source's words.
        "text" text: Option<At<'a, Text>>,
        /// Who owes it (default supplier).
        "party" party: Option<At<'a, Text>>,
        /// A value the parties never agreed on (default false).
        "assumed" assumed: Option<At<'a, Flag>>,
        /// At risk when less than this part of the limit is left (default: the contract's).
        "warn_fraction" warn_fraction: Option<At<'a, Fraction>>,
        /// Only cases that start in it are judged (default: the service period).
        "holds" holds: Option<At<'a, HoldsText<'a>>>,
    }

    /// A backup set: what it holds, and what is promised of it.
    struct BackupText {
        /// What facts name in `set`.
        "id" id: At<'a, Text>,
        /// What it holds, in words.
        "holds" holds: Option<At<'a, Text>>,
        /// How its structure is checked and how it is restored (default files).
        "kind" kind: Option<At<'a, BackupKindText>>,
        /// When it is made, in words.
        "schedule" schedule: Option<At<'a, Text>>,
        /// The newest good run was started at most this long ago.
        "rpo" rpo: Option<At<'a, Elapsed>>,
        /// A restore takes at most this long.
        "rto" rto: Option<At<'a, Elapsed>>,
        /// Which runs are kept.
        "retention" retention: Option<At<'a, RetentionText>>,
        /// A run is verified at least this often.
        "verify_every" verify_every: Option<At<'a, LimitText>>,
        /// A verification counts from this level on (default L1).
        "level" level: Option<At<'a, LevelText>>,
        /// A run is restored in a drill at least this often.
        "drill_every" drill_every: Option<At<'a, LimitText>>,
        /// What the log of the tool says at the end of a good run (kind opaque).
        "log_marker" log_marker: Option<At<'a, Text>>,
    }

    /// A type of fault that the emergency plan has to answer.
    struct FaultText {
        /// What submissions name in `covers_faults`.
        "id" id: At<'a, Text>,
        /// What people call it.
        "name" name: Option<At<'a, Text>>,
    }

    /// Local dates, both inclusive; one left out is the service period's.
    struct HoldsText {
        /// First day.
        "from" from: Option<At<'a, DateText>>,
        /// Last day.
        "until" until: Option<At<'a, DateText>>,
    }
}
