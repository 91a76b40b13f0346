//! What happens, before it is laid out as facts.

use super::shape::CLAUSE_IDS;
use opsledger::time::{DAY, HOUR, MINUTE, Micros};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// An instant as minutes and microseconds from the period's start.
pub(super) type Slot = (i64, i64);

pub(super) fn slot() -> impl Strategy<Value = Slot> {
    let half_hours = prop_oneof![
        6 => 0..96i64,
        2 => -20..340i64,
        1 => select(&[0, -1, 1, 48 * 7, 48 * 14, 48 * 5][..]),
    ];
    (half_hours, select(&[0, 0, 0, 0, 0, 0, -1, 1][..])).prop_map(|(h, us)| (h * 30, us))
}

pub(super) fn length() -> impl Strategy<Value = Micros> {
    let short =
        select(&[1, 10 * MINUTE, 10 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE, HOUR - 1][..]);
    let long = select(&[HOUR, HOUR, HOUR + 1, 90 * MINUTE, 3 * HOUR, 10 * HOUR][..]);
    prop_oneof![short, long]
}

pub(super) fn delay() -> impl Strategy<Value = Micros> {
    select(
        &[0, 0, 0, 0, 0, 1, 10 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR, DAY, DAY + 1, 3 * DAY, -30 * MINUTE][..],
    )
}

pub(super) fn shift() -> impl Strategy<Value = Micros> {
    select(&[-HOUR, -30 * MINUTE, -1, 1, 30 * MINUTE, HOUR][..])
}

pub(super) fn party() -> impl Strategy<Value = Option<&'static str>> {
    select(&[None, Some("supplier"), Some("supplier"), Some("buyer"), Some("machine")][..])
}

pub(super) const SYSTEMS: [&str; 3] = ["portal", "api", "db"];
pub(super) const IMPACTS: [Option<&str>; 5] =
    [None, Some("down"), Some("down"), Some("partial"), Some("degraded")];
pub(super) const ATTRIBUTIONS: [Option<&str>; 7] = [
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
pub(super) enum Event {
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
pub(super) struct Outage {
    pub(super) start: Slot,
    pub(super) length: Option<Micros>,
    pub(super) system: &'static str,
    pub(super) impact: usize,
    pub(super) attribution: usize,
    pub(super) delays: [Micros; 2],
    pub(super) amends: Vec<Amend>,
    pub(super) void: Option<Micros>,
    /// A window about it: recorded so long before it, starting and ending so much beside it.
    pub(super) window: Option<[Micros; 3]>,
}

#[derive(Clone, Debug)]
pub(super) struct Amend {
    pub(super) start: Option<Micros>,
    pub(super) end: Option<Micros>,
    pub(super) impact: Option<usize>,
    pub(super) attribution: Option<usize>,
    pub(super) after: Micros,
}

/// Severity, whether it affects use, attribution, and how long after the report.
type IncidentAmend = (Option<&'static str>, Option<bool>, Option<usize>, Micros);

#[derive(Clone, Debug)]
pub(super) struct Incident {
    pub(super) start: Slot,
    pub(super) severity: Option<&'static str>,
    pub(super) affects_use: Option<bool>,
    pub(super) attribution: usize,
    pub(super) onsite: bool,
    pub(super) steps: Vec<(Micros, &'static str, Option<&'static str>, Micros)>,
    pub(super) amends: Vec<IncidentAmend>,
    pub(super) withdrawn: Option<Micros>,
    pub(super) duplicate_of: Option<(usize, Micros)>,
}

pub(super) fn amend() -> impl Strategy<Value = Amend> {
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

pub(super) fn outage() -> impl Strategy<Value = Event> {
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

pub(super) fn incident() -> impl Strategy<Value = Event> {
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

pub(super) fn event() -> impl Strategy<Value = Event> {
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

pub(super) fn speaker2() -> impl Strategy<Value = Option<&'static str>> {
    select(&[Some("buyer"), Some("buyer"), Some("supplier"), None][..])
}
