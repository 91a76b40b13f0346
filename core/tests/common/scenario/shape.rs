//! What varies in the contract.

use opsledger::time::Instant;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What varies in the contract.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) place: usize,
    pub(crate) accounting: Vec<String>,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) max: (u8, u8, &'static str),
    pub(crate) threshold: &'static str,
    /// Which of the further clauses stand in it.
    pub(crate) further: Vec<bool>,
    pub(crate) streak: u8,
}

/// Zone, first and last day, its first instant, days: turns of months and quarters, clock changes, a holiday.
const PLACES: [(&str, &str, &str, &str, i64); 3] = [
    ("Asia/Shanghai", "2026-03-25", "2026-04-07", "2026-03-24T16:00:00Z", 14),
    ("Europe/Berlin", "2026-03-27", "2026-04-02", "2026-03-26T23:00:00Z", 7),
    ("America/New_York", "2026-03-06", "2026-03-10", "2026-03-06T05:00:00Z", 5),
];

/// Clauses that stand in a contract or not; `{…}` stand for what varies.
const FURTHER: [&str; 17] = [
    "id = \"long.month\"\nrule = \"outage-count\"\nat_least = \"{threshold}\"\nmax = {long}\nper = \"month\"",
    "id = \"short.month\"\nrule = \"outage-count\"\nbelow = \"{threshold}\"\nmax = {short}\nper = \"month\"\nwarn_fraction = 0.5",
    "id = \"downtime.month\"\nrule = \"downtime\"\nmax = \"{downtime}\"\nper = \"month\"",
    "id = \"downtime.quarter\"\nrule = \"downtime\"\nmax = \"{downtime}\"\nper = \"quarter\"\nwarn_fraction = 0.9",
    "id = \"long.portal\"\nrule = \"outage-count\"\nat_least = \"{threshold}\"\nmax = {long}\nsystems = [\"portal\"]",
    "id = \"downtime.two\"\nrule = \"downtime\"\nmax = \"{downtime}\"\nsystems = [\"portal\", \"db\"]\nwarn_fraction = 0",
    "id = \"long.hours\"\nrule = \"outage-count\"\nat_least = \"{threshold}\"\nmax = {long}\ncalendar = \"7x8\"",
    "id = \"short.hours\"\nrule = \"outage-count\"\nbelow = \"{threshold}\"\nmax = {short}\ncalendar = \"workdays\"",
    "id = \"downtime.hours\"\nrule = \"downtime\"\nmax = \"{downtime}\"\ncalendar = \"workdays\"\nper = \"month\"",
    "id = \"downtime.known\"\nrule = \"downtime\"\nmax = \"10h\"\nmax_unknown = \"2h\"",
    "id = \"repair.blamed\"\nrule = \"deadline\"\nfrom = \"incident.report\"\nto = [\"incident.restore\", \"incident.repair\"]\n\
     within = { critical = \"4h\", major = \"8h\" }\nexcluded_attributions = [\"buyer\"]\nwhere = { affects_use = true }\npausable = true",
    "id = \"diagnose\"\nrule = \"deadline\"\nfrom = \"incident.report\"\nto = \"incident.diagnose\"\nwithin = \"2h\"\ncalendar = \"7x8\"\nwarn_fraction = 1",
    "id = \"onsite\"\nrule = \"deadline\"\nfrom = [\"incident.onsite.request\", { kind = \"incident.report\", where = { onsite = true } }]\n\
     to = \"incident.onsite.arrive\"\nwithin = \"2h\"",
    "id = \"log\"\nrule = \"deadline\"\nfrom = \"incident.repair\"\nto = \"work.log\"\nwithin = \"1 workday\"",
    "id = \"complaint\"\nrule = \"deadline\"\nfrom = \"request.open\"\nto = \"request.answer\"\nwithin = \"1 month\"\nwhere = { type = [\"complaint\", \"data\"] }",
    "id = \"streak.blamed\"\nrule = \"streak\"\nof = \"repair\"\nlength = 2\nexcluded_attributions = [\"buyer\", \"force-majeure\"]",
    "id = \"streak.respond\"\nrule = \"streak\"\nof = \"respond\"\nlength = 1\nonly_if = \"affects_use\"",
];

pub(crate) const CLAUSE_IDS: [&str; 8] =
    ["long", "short", "downtime", "respond", "repair", "streak", "long.month", "diagnose"];

impl Shape {
    pub(crate) fn base(&self) -> Instant {
        opsledger::time::parse_instant(PLACES[self.place].3).unwrap()
    }
    pub(crate) fn days(&self) -> i64 {
        PLACES[self.place].4
    }
    pub(super) fn text(&self) -> String {
        let (zone, first, last, _, _) = PLACES[self.place];
        self.text_for(zone, first, last)
    }
    /// The same contract over other days.
    pub(crate) fn text_over(&self, first: &str, last: &str) -> String {
        self.text_for(PLACES[self.place].0, first, last)
    }
    pub(crate) fn first_and_last(&self) -> (&'static str, &'static str) {
        (PLACES[self.place].1, PLACES[self.place].2)
    }
    fn text_for(&self, zone: &str, first: &str, last: &str) -> String {
        let needs: Vec<String> = self.needs.iter().map(|n| format!("\"{n}\"")).collect();
        let mut text = format!(
            "format = 1\nid = \"random\"\ntitle = \"random\"\ntimezone = \"{zone}\"\nholidays = \"CN\"\n\
             period = {{ start = \"{first}\", end = \"{last}\" }}\n\
             [accounting]\n{}\n[agreement]\nneeds = [{}]\n\
             [[calendar]]\nid = \"7x8\"\nopen = {{ every-day = [\"09:00-17:00\"] }}\n\
             [[calendar]]\nid = \"workdays\"\nopen = {{ workday = [\"08:30-12:00\", \"14:00-17:30\"] }}\n",
            self.accounting.join("\n"),
            needs.join(", "),
        );
        let always = [
            "id = \"long\"\nrule = \"outage-count\"\nat_least = \"{threshold}\"\nmax = {long}",
            "id = \"short\"\nrule = \"outage-count\"\nbelow = \"{threshold}\"\nmax = {short}",
            "id = \"downtime\"\nrule = \"downtime\"\nmax = \"{downtime}\"",
            "id = \"respond\"\nrule = \"deadline\"\nfrom = \"incident.report\"\nto = \"incident.respond\"\n\
             needs = [\"person\", \"arrangement\"]\nwithin = \"1h\"",
            "id = \"repair\"\nrule = \"deadline\"\nfrom = \"incident.report\"\nto = \"incident.repair\"\n\
             within = { critical = \"4h\", major = \"8h\", minor = \"1d\" }\npausable = true",
            "id = \"streak\"\nrule = \"streak\"\nof = \"repair\"\nlength = {streak}\nonly_if = \"affects_use\"",
        ];
        let further = FURTHER.iter().zip(&self.further).filter(|(_, stands)| **stands).map(|(c, _)| c);
        for clause in always.iter().chain(further) {
            let clause = clause
                .replace("{threshold}", self.threshold)
                .replace("{long}", &self.max.0.to_string())
                .replace("{short}", &self.max.1.to_string())
                .replace("{downtime}", self.max.2)
                .replace("{streak}", &self.streak.to_string());
            text.push_str(&format!("[[clause]]\n{clause}\n"));
        }
        text
    }
}

fn line(options: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(options).prop_map(str::to_owned)
}

fn accounting() -> impl Strategy<Value = Vec<String>> {
    (
        line(&["", "", "merge_gap = \"1us\"", "merge_gap = \"30m\"", "merge_gap = \"2h\""]),
        line(&["", "", "maintenance_notice = \"30m\"", "maintenance_notice = \"1d\""]),
        line(&["", "assume_watched = true"]),
        line(&["", "", "long_from = \"30m\"", "long_from = \"1us\""]),
        line(&[
            "",
            "",
            "",
            "counted_impacts = [\"down\"]",
            "counted_impacts = [\"down\", \"partial\", \"degraded\"]",
        ]),
        line(&["", "", "", "excluded_attributions = []", "excluded_attributions = [\"buyer\", \"third\"]"]),
        line(&["", "", "warn_fraction = 0.5", "warn_fraction = 0"]),
        line(&["", "", "pause_parties = [\"buyer\", \"third\"]", "pause_parties = []"]),
        line(&["", "", "late_after = \"30m\""]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i)| vec![a, b, c, d, e, f, g, h, i])
        .prop_map(|lines| lines.into_iter().filter(|l| !l.is_empty()).collect())
}

/// The kinds that the medical contract withholds, and others that a contract may name.
const NEEDS: [&str; 17] = [
    "outage.void",
    "exclusion.approve",
    "incident.withdraw",
    "maintenance.approve",
    "attribution",
    "lowering",
    "late-pause",
    "outage.start",
    "outage.end",
    "outage.amend",
    "exclusion.void",
    "maintenance.cancel",
    "incident.report",
    "incident.repair",
    "incident.amend",
    "incident.duplicate",
    "incident.pause",
];

fn needs() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        2 => Just(Vec::new()),
        2 => Just(NEEDS[..7].to_vec()),
        1 => proptest::sample::subsequence(NEEDS.to_vec(), 0..=NEEDS.len()),
    ]
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    (
        0..PLACES.len(),
        accounting(),
        needs(),
        (0..3u8, 0..3u8, select(&["0s", "1h", "90m", "150m", "10h"][..])),
        select(&["1h", "1h", "30m", "3h"][..]),
        vec(any::<bool>(), FURTHER.len()),
        1..4u8,
    )
        .prop_map(|(place, accounting, needs, max, threshold, further, streak)| Shape {
            place,
            accounting,
            needs,
            max,
            threshold,
            further,
            streak,
        })
}
