//! Contracts with the rules of duties, papers, order, findings, availability, judgement and score.

use opsledger::time::Instant;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// What varies in the contract.
#[derive(Clone, Debug)]
pub(crate) struct Promises {
    place: usize,
    /// Only the clauses of this rule; without, some of all.
    rule: Option<&'static str>,
    needs: Vec<&'static str>,
    warn_fraction: &'static str,
    stands: Vec<bool>,
    /// One clause judges only what starts in these dates.
    holds: Option<(usize, bool)>,
}

/// Zone, first and last day, its first instant, days: a long holiday at a turn of months; a change of clocks and another holiday;
/// long enough that a month is owed.
const PLACES: [(&str, &str, &str, &str, i64); 3] = [
    ("Asia/Shanghai", "2026-04-27", "2026-05-10", "2026-04-26T16:00:00Z", 14),
    ("Europe/Berlin", "2026-03-27", "2026-04-07", "2026-03-26T23:00:00Z", 12),
    ("Asia/Shanghai", "2026-04-20", "2026-05-24", "2026-04-19T16:00:00Z", 35),
];

/// Clauses that always stand; the score's lines name them.
const ALWAYS: [&str; 6] = [
    "id = \"week\"\nrule = \"recurring\"\nfact = \"inspection.complete\"\nevery = \"week\"\nby = \"calendar\"\nroll = true\nmax_missed = 1",
    "id = \"duty\"\nrule = \"coverage\"\nroles = { desk = 1 }\nwindows = [\"statutory\"]\ntolerance = \"30m\"",
    "id = \"order\"\nrule = \"sequence\"\nthen = \"change.deploy\"\nneeds = [\"change.approve\", { kind = \"change.test\", where = { result = \"pass\" } }]\n\
     have = { \"change.approve\" = { by = \"buyer\" } }\nlast_of = [\"change.test\"]\n\
     ratify = { kind = \"change.ratify\", if = { emergency = true }, within = \"1d\" }",
    "id = \"judged\"\nrule = \"judgement\"\ndue = \"2026-04-30\"",
    "id = \"down\"\nrule = \"downtime\"\nmax = \"1h\"",
    "id = \"score\"\nrule = \"score\"\nmin = 90\nlines = [{ clause = \"week\", each = 2.5, cap = 4 }, { clause = \"duty\", each_hour = 0.5, cap = 30 }, \
     { clause = \"order\", each = 5 }, { clause = \"judged\", once = 10 }, { clause = \"down\", each_hour = 3 }]\n\
     grades = [{ at_least = 95, grade = \"A\", pay = \"100%\" }, { at_least = 80, grade = \"B\", pay = \"90%\" }]",
];

/// Clauses that stand or not.
const FURTHER: [&str; 24] = [
    "id = \"day\"\nrule = \"recurring\"\nfact = { kind = \"inspection.complete\", where = { type = \"daily\" } }\nevery = \"day\"\ngrace = \"1 workday\"",
    "id = \"parts\"\nrule = \"recurring\"\nfact = \"inspection.complete\"\nevery = \"week\"\nparts = [\"hardware\", \"logs\"]\ngrace = \"6h\"\nwarn_fraction = 0.5",
    "id = \"month\"\nrule = \"recurring\"\nfact = \"inspection.complete\"\nby = \"calendar\"\ncurable = false\ngrace = \"2 workdays\"",
    "id = \"event.day\"\nrule = \"recurring\"\nfact = \"inspection.complete\"\nevery = \"day\"\nduring = \"event.declare\"",
    "id = \"buyer.week\"\nrule = \"recurring\"\nparty = \"buyer\"\nfact = { kind = \"inspection.complete\", where = { type = [\"daily\", \"monthly\"] } }\nevery = \"week\"",
    "id = \"break\"\nrule = \"coverage\"\nroles = { desk = 1, engineer = 1 }\nwindows = \"whole-break\"\nlookahead = \"1d\"",
    "id = \"signed\"\nrule = \"coverage\"\nroles = { desk = 1 }\nwindows = [\"days-off\"]\ncounts = \"signed\"\ntolerance = \"1h\"",
    "id = \"hours\"\nrule = \"coverage\"\nroles = { desk = 1, engineer = 1 }\nwindows = [\"non-workdays\"]\ncalendar = \"7x8\"\ndistinct = false\nlookahead = \"2d\"",
    "id = \"events\"\nrule = \"coverage\"\nroles = { desk = 2 }\nwindows = [\"events\"]\nlookahead = \"3d\"",
    "id = \"manager\"\nrule = \"coverage\"\nsource = \"staff\"\nroles = { manager = 1, A = 1 }\nwindows = [\"period\"]\ntolerance = \"12h\"\nlookahead = \"0d\"",
    "id = \"watched\"\nrule = \"coverage\"\nsource = \"watch\"\nwindows = [\"period\"]\nlookahead = \"0d\"",
    "id = \"plain.order\"\nrule = \"sequence\"\nthen = \"change.deploy\"\nneeds = [\"change.approve\", \"change.test\"]\nwhere = { type = \"upgrade\" }",
    "id = \"workday.order\"\nrule = \"sequence\"\nthen = \"change.deploy\"\nneeds = \"change.approve\"\nratify = { kind = \"change.ratify\", within = \"1 workday\" }",
    "id = \"notice\"\nrule = \"sequence\"\nthen = \"staff.replace.effect\"\nneeds = [\"staff.replace.request\", \"staff.replace.approve\"]\n\
     notice = { from = \"staff.replace.request\", at_least = \"3d\", cured_by = \"staff.replace.approve\" }",
    "id = \"papers\"\nrule = \"documents\"\nlist = [{ kind = \"plan\", due = \"2d\" }, { kind = \"manual\", due = \"2026-05-01\", accept = true }, { kind = \"summary\", due = \"end-1d\" }]",
    "id = \"pledges\"\nrule = \"documents\"\nresubmit = \"1d\"\nlist = [{ kind = \"nda\", due = \"1 workday\", per = \"person\" }, { kind = \"plan\", due = \"3 workdays\", accept = true }]\nwarn_fraction = 0.5",
    "id = \"findings\"\nrule = \"findings\"\nwithin = { high = \"1d\", low = \"3d\" }",
    "id = \"verified\"\nrule = \"findings\"\nwithin = \"8h\"\nuntil = \"verify\"\ncalendar = \"7x8\"\nwhere = { source = [\"scan\", \"code\"] }",
    "id = \"rounds\"\nrule = \"findings\"\nwithin = \"2 workdays\"\nwhere = { severity = \"low\", source = \"notice\" }\nrounds = { count = 2, per = \"month\" }",
    "id = \"up\"\nrule = \"availability\"\ntarget = \"99.5%\"\ntiers = [{ below = \"99.5%\", credit = \"10%\" }, { below = \"95%\", credit = \"50%\" }]\nfee_fen = 33333",
    "id = \"up.portal\"\nrule = \"availability\"\ntarget = \"99%\"\nbasis = \"elapsed\"\nper = \"period\"\nsystems = [\"portal\"]",
    "id = \"up.hours\"\nrule = \"availability\"\ntarget = \"99%\"\nper = \"quarter\"\ncalendar = \"workdays\"\nwarn_fraction = 0.75",
    "id = \"of.supplier\"\nrule = \"judgement\"\nby = \"supplier\"\nparty = \"buyer\"",
    "id = \"score.two\"\nrule = \"score\"\nbase = 10\nlines = [{ clause = \"order\", once = 4 }, { clause = \"duty\", each = 1.5 }]",
];

/// The ids of the clauses of a rule, or of all; those that always stand more often.
pub(super) fn clause_ids(rule: Option<&str>) -> Vec<&'static str> {
    let id = |clause: &'static str| clause.split('"').nth(1).unwrap_or_default();
    ALWAYS.iter().chain(&ALWAYS).chain(&FURTHER).filter(|c| is_of(c, rule)).map(|c| id(c)).collect()
}

fn is_of(clause: &str, rule: Option<&str>) -> bool {
    rule.is_none_or(|rule| clause.contains(&format!("rule = \"{rule}\"")))
}

const NEEDS: [&str; 14] = [
    "inspection.complete",
    "duty.assign",
    "duty.sign-in",
    "duty.cancel",
    "staff.absent",
    "event.declare",
    "change.approve",
    "change.test",
    "document.accept",
    "document.reject",
    "finding.fix",
    "finding.verify",
    "judgement.record",
    "outage.void",
];

impl Promises {
    pub(crate) fn base(&self) -> Instant {
        opsledger::time::parse_instant(PLACES[self.place].3).unwrap()
    }
    pub(crate) fn days(&self) -> i64 {
        PLACES[self.place].4
    }
    pub(super) fn text(&self) -> String {
        let (zone, first, last, _, _) = PLACES[self.place];
        let needs: Vec<String> = self.needs.iter().map(|n| format!("\"{n}\"")).collect();
        let mut text = format!(
            "format = 1\nid = \"random\"\ntitle = \"random\"\ntimezone = \"{zone}\"\nholidays = \"CN\"\n\
             period = {{ start = \"{first}\", end = \"{last}\" }}\n\
             [accounting]\nassume_watched = true\nwarn_fraction = {}\n[agreement]\nneeds = [{}]\n\
             [[calendar]]\nid = \"7x8\"\nopen = {{ every-day = [\"09:00-17:00\"] }}\n\
             [[calendar]]\nid = \"workdays\"\nopen = {{ workday = [\"08:30-12:00\", \"14:00-17:30\"] }}\n",
            self.warn_fraction,
            needs.join(", "),
        );
        let stands = |stands: bool| stands || self.rule.is_some();
        let further = FURTHER.iter().zip(&self.stands).filter(|(_, s)| stands(**s)).map(|(c, _)| c);
        let clauses = ALWAYS.iter().chain(further).filter(|c| is_of(c, self.rule));
        for (i, clause) in clauses.enumerate() {
            text.push_str(&format!("[[clause]]\n{clause}\n"));
            if let Some((_, until)) = self.holds.filter(|(nth, _)| *nth == i) {
                let holds = if until { "until = \"2026-04-30\"" } else { "from = \"2026-04-01\"" };
                text.push_str(&format!("holds = {{ {holds} }}\n"));
            }
        }
        text
    }
}

pub(crate) fn promises(rule: Option<&'static str>) -> impl Strategy<Value = Promises> {
    (
        0..PLACES.len(),
        prop_oneof![1 => Just(Vec::new()), 1 => subsequence(NEEDS.to_vec(), 1..=NEEDS.len())],
        select(&["0.25", "0.5", "0"][..]),
        vec(prop::bool::weighted(0.3), FURTHER.len()),
        proptest::option::weighted(0.3, (0..8usize, any::<bool>())),
    )
        .prop_map(move |(place, needs, warn_fraction, stands, holds)| Promises {
            // Stepping through what comes to be seen of a roster is slow over weeks.
            place: if matches!(rule, Some("coverage") | None) { place % 2 } else { place },
            rule,
            needs,
            warn_fraction,
            stands,
            holds,
        })
}
