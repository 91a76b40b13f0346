//! Random contracts with fact streams that meet at the instants where rules turn: full half hours, limits, period ends,
//! and one microsecond beside them.

use opsledger::facts::kinds;
use opsledger::time::{DAY, HOUR, Instant, MINUTE, Micros, canonical_instant};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use std::fmt;

/// A fact before it has a line number.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) at: Instant,
    pub(crate) recorded_at: Instant,
    pub(crate) body: Map<String, Value>,
    pub(crate) party: Option<&'static str>,
    /// The drafts that an agreement fact speaks of: one, or a range.
    pub(crate) names: Option<(usize, Option<usize>)>,
}

/// A contract and its facts.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) shape: Shape,
    pub(crate) drafts: Vec<Draft>,
}

impl Scenario {
    pub(crate) fn contract(&self) -> String {
        self.shape.text()
    }

    /// Facts in the order in which they were recorded, as JSON Lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut order: Vec<usize> = (0..self.drafts.len()).collect();
        order.sort_by_key(|i| self.drafts[*i].recorded_at);
        self.lines_in(&order)
    }

    pub(crate) fn lines_in(&self, order: &[usize]) -> Vec<String> {
        let seq = |draft: usize| order.iter().position(|i| *i == draft).map_or(0, |p| p + 1);
        order.iter().map(|i| self.drafts[*i].line(&seq)).collect()
    }

    /// Instants at which something may turn, without their neighbours.
    pub(crate) fn edges(&self) -> Vec<Instant> {
        let mut edges = Vec::new();
        for d in &self.drafts {
            edges.extend([d.at, d.recorded_at]);
            for field in ["start", "end"] {
                edges.extend(
                    d.body
                        .get(field)
                        .and_then(|v| v.as_str())
                        .map(|t| opsledger::time::parse_instant(t).unwrap()),
                );
            }
        }
        let (start, days) = (self.shape.base(), self.shape.days());
        edges.extend([start, start + days * DAY, start + days * DAY / 2]);
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    pub(crate) fn outage_starts(&self) -> Vec<Instant> {
        self.drafts.iter().filter(|d| d.kind == "outage.start").map(|d| d.at).collect()
    }

    pub(crate) fn last_recorded(&self) -> Instant {
        self.drafts.iter().map(|d| d.recorded_at).max().unwrap_or(self.shape.base())
    }

    /// The same without some of the facts; what speaks of a fact that is gone goes too.
    pub(crate) fn keep(&self, keep: impl Fn(&Draft) -> bool) -> Scenario {
        let stays: Vec<bool> = self
            .drafts
            .iter()
            .map(|d| {
                let named = |i: usize| keep(&self.drafts[i]);
                keep(d) && d.names.is_none_or(|(from, to)| named(from) && to.is_none_or(named))
            })
            .collect();
        let place = |i: usize| stays[..i].iter().filter(|s| **s).count();
        let mut drafts = Vec::new();
        for (_, d) in self.drafts.iter().enumerate().filter(|(i, _)| stays[*i]) {
            let mut d = d.clone();
            d.names = d.names.map(|(from, to)| (place(from), to.map(place)));
            drafts.push(d);
        }
        Scenario { shape: self.shape.clone(), drafts }
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.contract())?;
        for (i, line) in self.lines().iter().enumerate() {
            writeln!(f, "{}: {line}", i + 1)?;
        }
        Ok(())
    }
}

impl Draft {
    pub(crate) fn new(kind: &'static str, subject: &str, at: Instant, recorded_at: Instant) -> Draft {
        let (subject, body) = (subject.to_owned(), Map::new());
        Draft { kind, subject, at, recorded_at, body, party: None, names: None }
    }
    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Draft {
        self.body.insert(field.to_owned(), value.into());
        self
    }
    fn with_some(self, field: &str, value: Option<impl Into<Value>>) -> Draft {
        match value {
            Some(v) => self.with(field, v),
            None => self,
        }
    }
    pub(crate) fn with_time(self, field: &str, t: Instant) -> Draft {
        self.with(field, canonical_instant(t).unwrap())
    }
    fn by(mut self, party: Option<&'static str>) -> Draft {
        self.party = party;
        self
    }
    fn line(&self, seq: &dyn Fn(usize) -> usize) -> String {
        let mut body = self.body.clone();
        match self.names {
            Some((entry, None)) => {
                body.insert("entry".into(), json!(seq(entry).max(1)));
            }
            Some((from, Some(to))) => {
                let (a, b) = (seq(from).max(1), seq(to).max(1));
                body.insert("from".into(), json!(a.min(b)));
                body.insert("to".into(), json!(a.max(b)));
            }
            None => {}
        }
        let time = |t: Instant| canonical_instant(t).unwrap();
        let mut fact =
            json!({ "kind": self.kind, "at": time(self.at), "recorded_at": time(self.recorded_at) });
        if kinds::find(self.kind).unwrap().subject {
            fact["subject"] = json!(self.subject);
        }
        if !body.is_empty() {
            fact["body"] = Value::Object(body);
        }
        if let Some(party) = self.party {
            fact["actor"] = json!({ "party": party });
        }
        fact.to_string()
    }
}

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
    fn text(&self) -> String {
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

/// An instant as minutes and microseconds from the period's start.
type Slot = (i64, i64);

fn slot() -> impl Strategy<Value = Slot> {
    let half_hours = prop_oneof![
        6 => 0..96i64,
        2 => -20..340i64,
        1 => select(&[0, -1, 1, 48 * 7, 48 * 14, 48 * 5][..]),
    ];
    (half_hours, select(&[0, 0, 0, 0, 0, 0, -1, 1][..])).prop_map(|(h, us)| (h * 30, us))
}

fn length() -> impl Strategy<Value = Micros> {
    let short =
        select(&[1, 10 * MINUTE, 10 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE, HOUR - 1][..]);
    let long = select(&[HOUR, HOUR, HOUR + 1, 90 * MINUTE, 3 * HOUR, 10 * HOUR][..]);
    prop_oneof![short, long]
}

fn delay() -> impl Strategy<Value = Micros> {
    select(
        &[0, 0, 0, 0, 0, 1, 10 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR, DAY, DAY + 1, 3 * DAY, -30 * MINUTE][..],
    )
}

fn shift() -> impl Strategy<Value = Micros> {
    select(&[-HOUR, -30 * MINUTE, -1, 1, 30 * MINUTE, HOUR][..])
}

fn party() -> impl Strategy<Value = Option<&'static str>> {
    select(&[None, Some("supplier"), Some("supplier"), Some("buyer"), Some("machine")][..])
}

const SYSTEMS: [&str; 3] = ["portal", "api", "db"];
const IMPACTS: [Option<&str>; 5] = [None, Some("down"), Some("down"), Some("partial"), Some("degraded")];
const ATTRIBUTIONS: [Option<&str>; 7] = [
    None,
    Some("supplier"),
    Some("supplier"),
    Some("subcontractor"),
    Some("buyer"),
    Some("force-majeure"),
    Some("third"),
];

/// What happens, before it is laid out as facts.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Outage(Outage),
    Window(Slot, Micros, Option<Vec<&'static str>>, Micros, Option<(Micros, Micros)>),
    Exclusion(Slot, Micros, Micros, Option<Micros>),
    Incident(Incident),
    Watch(&'static str, Slot, Option<&'static str>, Micros),
    Seen(Slot, u8, Micros),
    Request(Slot, &'static str, Option<Micros>),
    Word(&'static str, Index, Option<Index>, Option<&'static str>, Micros),
    Waiver(&'static str, Option<Index>, Option<&'static str>, Slot, Micros),
}

#[derive(Clone, Debug)]
pub(crate) struct Outage {
    start: Slot,
    length: Option<Micros>,
    system: &'static str,
    impact: usize,
    attribution: usize,
    delays: [Micros; 2],
    amends: Vec<Amend>,
    void: Option<Micros>,
    /// A window about it: recorded so long before it, starting and ending so much beside it.
    window: Option<[Micros; 3]>,
}

#[derive(Clone, Debug)]
pub(crate) struct Amend {
    start: Option<Micros>,
    end: Option<Micros>,
    impact: Option<usize>,
    attribution: Option<usize>,
    after: Micros,
}

#[derive(Clone, Debug)]
pub(crate) struct Incident {
    start: Slot,
    severity: Option<&'static str>,
    affects_use: Option<bool>,
    attribution: usize,
    onsite: bool,
    steps: Vec<(Micros, &'static str, Option<&'static str>, Micros)>,
    amends: Vec<(Option<&'static str>, Option<bool>, Option<usize>, Micros)>,
    withdrawn: Option<Micros>,
    duplicate_of: Option<(usize, Micros)>,
}

fn amend() -> impl Strategy<Value = Amend> {
    (
        option::weighted(0.4, shift()),
        option::weighted(0.4, shift()),
        option::weighted(0.3, 1..IMPACTS.len()),
        option::weighted(0.3, 1..ATTRIBUTIONS.len()),
        select(&[10 * MINUTE, HOUR, 3 * HOUR, 2 * DAY][..]),
    )
        .prop_map(|(start, end, impact, attribution, after)| Amend {
            start,
            end,
            impact,
            attribution,
            after,
        })
}

fn outage() -> impl Strategy<Value = Event> {
    (
        slot(),
        option::weighted(0.93, length()),
        select(&SYSTEMS[..]),
        [0..IMPACTS.len(), 0..ATTRIBUTIONS.len()],
        [delay(), delay()],
        vec(amend(), 0..3),
        option::weighted(0.1, select(&[HOUR, DAY][..])),
        option::weighted(
            0.2,
            [
                select(&[0, HOUR, DAY][..]),
                select(&[-HOUR, -1, 0, 0, 1, 10 * MINUTE][..]),
                select(&[-10 * MINUTE, -1, 0, 0, 1, HOUR][..]),
            ],
        ),
    )
        .prop_map(|(start, length, system, [impact, attribution], delays, amends, void, window)| {
            Event::Outage(Outage { start, length, system, impact, attribution, delays, amends, void, window })
        })
}

fn incident() -> impl Strategy<Value = Event> {
    let severity = || select(&["critical", "critical", "major", "minor", "odd"][..]);
    let gap = select(&[0, 30 * MINUTE, HOUR, HOUR, 90 * MINUTE, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, 1][..]);
    let kind = select(
        &[
            "respond",
            "respond",
            "vague",
            "auto",
            "diagnose",
            "onsite.request",
            "onsite.arrive",
            "restore",
            "repair",
            "repair",
            "repair",
            "reopen",
            "pause",
            "pause",
            "resume",
            "resume",
            "work.log",
        ][..],
    );
    let by = select(&[None, Some("buyer"), Some("buyer"), Some("third"), Some("supplier")][..]);
    let start = (slot(), option::weighted(0.8, severity()), option::weighted(0.8, prop::bool::weighted(0.8)));
    (
        start,
        0..ATTRIBUTIONS.len(),
        any::<bool>(),
        vec((gap, kind, by, delay()), 0..8),
        vec(
            (
                option::weighted(0.6, severity()),
                option::weighted(0.3, any::<bool>()),
                option::weighted(0.3, 1..ATTRIBUTIONS.len()),
                select(&[10 * MINUTE, HOUR, 4 * HOUR, 5 * HOUR, 2 * DAY][..]),
            ),
            0..3,
        ),
        option::weighted(0.08, select(&[HOUR, DAY][..])),
        option::weighted(0.1, (0..4usize, select(&[10 * MINUTE, DAY][..]))),
    )
        .prop_map(
            |(
                (start, severity, affects_use),
                attribution,
                onsite,
                steps,
                amends,
                withdrawn,
                duplicate_of,
            )| {
                Event::Incident(Incident {
                    start,
                    severity,
                    affects_use,
                    attribution,
                    onsite,
                    steps,
                    amends,
                    withdrawn,
                    duplicate_of,
                })
            },
        )
}

fn event() -> impl Strategy<Value = Event> {
    let systems = || option::weighted(0.3, proptest::sample::subsequence(SYSTEMS.to_vec(), 1..=2));
    let lead = select(&[-HOUR, 0, 30 * MINUTE, 30 * MINUTE - 1, HOUR, DAY, 2 * DAY][..]);
    let cancel = option::weighted(0.25, (select(&[-HOUR, 0, 10 * MINUTE, HOUR][..]), delay()));
    let watch = select(&["watch.start", "watch.start", "watch.stop", "watch.gap", "watch.gap"][..]);
    let word = select(&["confirm", "confirm", "dispute", "upheld", "rejected"][..]);
    let speaker = select(&[Some("buyer"), Some("buyer"), Some("supplier"), Some("machine"), None][..]);
    prop_oneof![
        8 => outage(),
        3 => (slot(), length(), systems(), lead, cancel).prop_map(|(a, b, c, d, e)| Event::Window(a, b, c, d, e)),
        1 => (slot(), length(), delay(), option::weighted(0.2, select(&[HOUR, DAY][..])))
            .prop_map(|(a, b, c, d)| Event::Exclusion(a, b, c, d)),
        6 => incident(),
        1 => (watch, slot(), option::weighted(0.2, select(&SYSTEMS[..])), length())
            .prop_map(|(a, b, c, d)| Event::Watch(a, b, c, d)),
        1 => (slot(), 1..60u8, select(&[30 * MINUTE, HOUR, HOUR + 1][..])).prop_map(|(a, b, c)| Event::Seen(a, b, c)),
        1 => (slot(), select(&["complaint", "data", "consult"][..]), option::of(length()))
            .prop_map(|(a, b, c)| Event::Request(a, b, c)),
        5 => (word, any::<Index>(), option::weighted(0.15, any::<Index>()), speaker, delay())
            .prop_map(|(a, b, c, d, e)| Event::Word(a, b, c, d, e)),
        1 => (select(&CLAUSE_IDS[..]), option::weighted(0.7, any::<Index>()), speaker2(), slot(), delay())
            .prop_map(|(a, b, c, d, e)| Event::Waiver(a, b, c, d, e)),
    ]
}

fn speaker2() -> impl Strategy<Value = Option<&'static str>> {
    select(&[Some("buyer"), Some("buyer"), Some("supplier"), None][..])
}

/// Facts of the events.
struct Layout {
    base: Instant,
    drafts: Vec<Draft>,
    incidents: usize,
}

impl Layout {
    fn at(&self, (minutes, us): Slot) -> Instant {
        self.base + minutes * MINUTE + us
    }

    fn lay(&mut self, i: usize, event: &Event, by: Option<&'static str>) {
        match event {
            Event::Outage(outage) => self.outage(i, outage, by),
            Event::Window(start, length, systems, lead, cancel) => {
                let subject = format!("M-{i}");
                let start = self.at(*start);
                let recorded = start - lead;
                let draft = Draft::new("maintenance.approve", &subject, recorded, recorded)
                    .with_time("start", start)
                    .with_time("end", start + length)
                    .with_some("systems", systems.as_ref().map(|s| json!(s)));
                self.drafts.push(draft.by(by));
                if let Some((after, delay)) = cancel {
                    let at = start + after;
                    self.drafts.push(Draft::new("maintenance.cancel", &subject, at, at + delay).by(by));
                }
            }
            Event::Exclusion(start, length, delay, void) => {
                let subject = format!("X-{i}");
                let start = self.at(*start);
                let at = start + length;
                let draft = Draft::new("exclusion.approve", &subject, at, at + delay)
                    .with_time("start", start)
                    .with_time("end", at)
                    .with("approver", "buyer")
                    .with("reason", "agreed");
                self.drafts.push(draft.by(by));
                if let Some(after) = void {
                    self.drafts.push(Draft::new("exclusion.void", &subject, at + after, at + after).by(by));
                }
            }
            Event::Incident(incident) => self.incident(incident, by),
            Event::Watch(kind, at, system, length) => {
                let at = self.at(*at);
                let mut draft = Draft::new(kind, "", at, at).with_some("systems", system.map(|s| json!([s])));
                if *kind == "watch.gap" {
                    draft = draft.with_time("start", at - length).with_time("end", at);
                }
                self.drafts.push(draft);
            }
            Event::Seen(at, n, step) => {
                let first = self.at(*at);
                for k in 0..i64::from(*n) {
                    self.drafts.push(Draft::new("watch.seen", "", first + k * step, first + k * step));
                }
            }
            Event::Request(at, kind, answered) => {
                let (subject, at) = (format!("R-{i}"), self.at(*at));
                self.drafts.push(Draft::new("request.open", &subject, at, at).with("type", *kind).by(by));
                if let Some(after) = answered {
                    self.drafts.push(Draft::new("request.answer", &subject, at + after, at + after).by(by));
                }
            }
            Event::Word(..) | Event::Waiver(..) => {}
        }
    }

    fn outage(&mut self, i: usize, x: &Outage, by: Option<&'static str>) {
        let subject = format!("O-{i}");
        let start = self.at(x.start);
        let opened = Draft::new("outage.start", &subject, start, start + x.delays[0])
            .with("system", x.system)
            .with_some("impact", IMPACTS[x.impact])
            .with_some("attribution", ATTRIBUTIONS[x.attribution])
            .with_some("cause", (x.impact % 2 == 0).then_some("power"));
        self.drafts.push(opened.by(by));
        let end = x.length.map(|l| start + l);
        if let Some(end) = end {
            self.drafts.push(Draft::new("outage.end", &subject, end, end + x.delays[1]).by(by));
        }
        let mut at = end.unwrap_or(start);
        for a in &x.amends {
            at += a.after;
            let mut draft = Draft::new("outage.amend", &subject, at, at).with("reason", "checked");
            let (new_start, new_end) =
                (a.start.map(|s| start + s), a.end.map(|s| end.unwrap_or(start + 2 * HOUR) + s));
            if let Some(t) = new_start {
                draft = draft.with_time("start", t);
            }
            // One fact with its end before its own start is not even read.
            if let Some(t) = new_end.filter(|t| new_start.is_none_or(|s| s < *t)) {
                draft = draft.with_time("end", t);
            }
            let draft = draft
                .with_some("impact", a.impact.and_then(|i| IMPACTS[i]))
                .with_some("attribution", a.attribution.and_then(|i| ATTRIBUTIONS[i]));
            self.drafts.push(draft.by(by));
        }
        if let Some(after) = x.void {
            let at = at + after;
            self.drafts.push(Draft::new("outage.void", &subject, at, at).with("reason", "wrong").by(by));
        }
        if let Some([lead, before, after]) = x.window {
            let recorded = start + before - lead;
            let until = end.unwrap_or(start + 2 * HOUR) + after;
            if until > start + before {
                let window = Draft::new("maintenance.approve", &format!("M-{i}"), recorded, recorded)
                    .with_time("start", start + before)
                    .with_time("end", until);
                self.drafts.push(window.by(by));
            }
        }
    }

    fn incident(&mut self, x: &Incident, by: Option<&'static str>) {
        let subject = format!("I-{}", self.incidents);
        self.incidents += 1;
        let start = self.at(x.start);
        let report = Draft::new("incident.report", &subject, start, start)
            .with_some("severity", x.severity)
            .with_some("affects_use", x.affects_use)
            .with_some("attribution", ATTRIBUTIONS[x.attribution])
            .with_some("onsite", x.onsite.then_some(true));
        self.drafts.push(report.by(by));
        let mut at = start;
        // What a severity does to a clock that was paused or reopened before it changed, the text leaves open.
        let changes = x.amends.iter().any(|a| a.0.is_some());
        for (gap, kind, party, delay) in &x.steps {
            at += gap;
            let recorded = at + delay;
            let fact = |kind: &'static str| Draft::new(kind, &subject, at, recorded).by(by);
            self.drafts.push(match *kind {
                "respond" => fact("incident.respond").with("person", "Li").with("arrangement", "at once"),
                "vague" => fact("incident.respond").with("person", "Li"),
                "auto" => fact("incident.respond")
                    .with("person", "bot")
                    .with("arrangement", "queued")
                    .with("auto", true),
                "diagnose" => fact("incident.diagnose"),
                "onsite.request" => fact("incident.onsite.request"),
                "onsite.arrive" => fact("incident.onsite.arrive"),
                "restore" => fact("incident.restore"),
                "repair" => fact("incident.repair"),
                "reopen" if !changes => fact("incident.reopen"),
                "pause" if !changes => {
                    fact("incident.pause").with("party", party.unwrap_or("buyer")).with("reason", "waiting")
                }
                "resume" if !changes => fact("incident.resume").with_some("party", *party),
                "work.log" => {
                    let log = format!("W-{}-{}", self.incidents, self.drafts.len());
                    Draft::new("work.log", &log, at, recorded).with("incident", subject.as_str())
                }
                _ => continue,
            });
        }
        let mut at = start;
        for (severity, affects_use, attribution, after) in &x.amends {
            at += after;
            let draft = Draft::new("incident.amend", &subject, at, at)
                .with("reason", "checked")
                .with_some("severity", *severity)
                .with_some("affects_use", *affects_use)
                .with_some("attribution", attribution.and_then(|i| ATTRIBUTIONS[i]));
            self.drafts.push(draft.by(by));
        }
        if let Some(after) = x.withdrawn {
            self.drafts.push(Draft::new("incident.withdraw", &subject, start + after, start + after).by(by));
        }
        if let Some((of, after)) = x.duplicate_of {
            let of = format!("I-{of}");
            let draft =
                Draft::new("incident.duplicate", &subject, start + after, start + after).with("of", of);
            self.drafts.push(draft.by(by));
        }
    }

    /// Words of the parties and waivers, once the facts they speak of are there.
    fn speak(&mut self, event: &Event, facts: usize) {
        match event {
            Event::Word(word, of, to, party, delay) if facts > 0 => {
                let of = of.index(facts);
                let at = self.drafts[of].recorded_at + (*delay).max(0);
                let kind = match *word {
                    "confirm" => "fact.confirm",
                    "dispute" => "fact.dispute",
                    _ => "dispute.resolve",
                };
                let mut draft = Draft::new(kind, "", at, at).by(*party);
                draft.names = Some((of, None));
                match *word {
                    "confirm" => draft.names = Some((of, to.map(|t| t.index(facts)))),
                    "dispute" => draft = draft.with("reason", "not so"),
                    outcome => draft = draft.with("outcome", outcome),
                }
                self.drafts.push(draft);
            }
            Event::Waiver(clause, case, party, at, delay) => {
                let at = self.at(*at);
                let draft = Draft::new("waive", "", at, at + (*delay).max(0))
                    .with("clause", *clause)
                    .with("approver", "Wang")
                    .with("reason", "let pass");
                let subject = case.filter(|_| facts > 0).map(|c| self.drafts[c.index(facts)].subject.clone());
                self.drafts.push(draft.with_some("case", subject.filter(|s| !s.is_empty())).by(*party));
            }
            _ => {}
        }
    }
}

pub(crate) fn scenario(events: usize) -> impl Strategy<Value = Scenario> {
    (shape(), vec((event(), party()), 0..events)).prop_map(|(shape, events)| {
        let mut layout = Layout { base: shape.base(), drafts: Vec::new(), incidents: 0 };
        for (i, (event, by)) in events.iter().enumerate() {
            layout.lay(i, event, *by);
        }
        let facts = layout.drafts.len();
        for (event, _) in &events {
            layout.speak(event, facts);
        }
        Scenario { shape, drafts: layout.drafts }
    })
}
