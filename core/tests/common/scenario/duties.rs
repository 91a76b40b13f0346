//! Random facts of the families that the rules of `promises` read: inspections, rounds, rosters, staff, events, changes, papers,
//! findings, judgements; with outages, watching, words of the parties and waivers by the name of a case.

use super::events::{Event, Slot, delay, length, outage, party};
use super::layout::Layout;
use super::promises::{Promises, clause_ids, promises};
use super::{Draft, edges, last_recorded, lines, write_out};
use opsledger::time::{DAY, HOUR, Instant, MINUTE, Micros};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::json;
use std::fmt;

/// A contract and its facts.
#[derive(Clone)]
pub(crate) struct Duties {
    pub(crate) promises: Promises,
    pub(crate) drafts: Vec<Draft>,
}

impl Duties {
    pub(crate) fn contract(&self) -> String {
        self.promises.text()
    }
    pub(crate) fn lines(&self) -> Vec<String> {
        lines(&self.drafts)
    }
    pub(crate) fn edges(&self) -> Vec<Instant> {
        edges(&self.drafts, self.promises.base(), self.promises.days())
    }
    pub(crate) fn last_recorded(&self) -> Instant {
        last_recorded(&self.drafts, self.promises.base())
    }
    /// The period's end.
    pub(crate) fn end(&self) -> Instant {
        self.promises.base() + self.promises.days() * DAY
    }
    /// Instants from which the time to a due instant is counted.
    pub(crate) fn openings(&self) -> Vec<Instant> {
        let opens = |d: &&Draft| matches!(d.kind, "finding.open" | "staff.join" | "change.deploy");
        let found = self.drafts.iter().filter(opens).map(|d| d.at);
        std::iter::once(self.promises.base()).chain(found).collect()
    }
}

impl fmt::Debug for Duties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_out(f, &self.contract(), &self.lines())
    }
}

/// A day's start and a time beside it: minutes and microseconds from the period's start.
fn slot() -> impl Strategy<Value = Slot> {
    let minutes = select(&[0, 0, 0, 30, 8 * 60, 9 * 60, 12 * 60, 17 * 60, 18 * 60, 23 * 60 + 30][..]);
    let us = select(&[0, 0, 0, 0, 0, -1, 1, 1_000_000][..]);
    (-1..15i64, minutes, us).prop_map(|(day, minutes, us)| (day * 24 * 60 + minutes, us))
}

const PEOPLE: [&str; 3] = ["甲", "乙", "丙"];
const ROLES: [&str; 4] = ["desk", "desk", "engineer", "A"];
const NAMES: [&str; 12] = [
    "2026-04",
    "2026-05",
    "2026-Q2",
    "2026",
    "2026-W13",
    "2026-W14",
    "2026-W18",
    "2026-W19",
    "2026-04-28",
    "2026-05-01",
    "2026-03-29",
    "2025-12",
];

/// What happens, before it is laid out as facts.
#[derive(Clone, Debug)]
enum Duty {
    /// Outages, watching and words, as in the other scenario.
    Other(Event),
    Planned(Slot, Micros, Micros),
    Inspection(Slot, Option<&'static str>, Vec<&'static str>, Option<&'static str>, Micros),
    Round(Slot, Micros),
    Shift(Shift),
    Event(Slot, Micros, Micros, Micros),
    Staff(Slot, &'static str, bool, Vec<(Slot, Micros, Option<&'static str>)>, Option<Slot>, Vec<Step>),
    Change(Slot, bool, Option<bool>, Vec<Step>),
    Paper(Slot, &'static str, Option<&'static str>, Vec<Step>),
    Finding(Slot, &'static str, &'static str, Vec<Step>),
    Judgement(Slot, &'static str, &'static str, Option<&'static str>, Micros),
    Waiver(&'static str, Option<Name>, Option<&'static str>, Slot, Micros),
}

/// How long after the step before, what, and how much later it is recorded.
type Step = (Micros, &'static str, Micros);

/// A person's shift: its start and length, whose role, how long ahead it is assigned, sign-ins from its start, a cancel.
#[derive(Clone, Debug)]
struct Shift {
    start: Slot,
    length: Micros,
    person: &'static str,
    role: &'static str,
    lead: Micros,
    sign_ins: Vec<(Micros, &'static str, Micros)>,
    cancel: Option<(Micros, Micros)>,
}

/// How a waiver names its case.
#[derive(Clone, Debug)]
enum Name {
    Text(&'static str),
    SubjectOf(Index, bool),
    InstantOf(Index),
}

fn steps(kinds: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<Step>> {
    let gap =
        select(&[0, 1, 30 * MINUTE, HOUR, 6 * HOUR, 8 * HOUR, DAY - 1, DAY, DAY + 1, 2 * DAY, 3 * DAY][..]);
    vec((gap, select(kinds), delay()), 0..most)
}

fn shift() -> impl Strategy<Value = Duty> {
    let long = select(&[HOUR, 8 * HOUR, 8 * HOUR + 1, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 6 * DAY][..]);
    let lead = select(&[-DAY, -HOUR, 0, HOUR, DAY, 5 * DAY][..]);
    let sign =
        (select(&[-30 * MINUTE - 1, -30 * MINUTE, 0, 1, HOUR, 30 * HOUR][..]), select(&PEOPLE[..]), delay());
    let cancel = option::weighted(0.2, (select(&[-HOUR, 0, HOUR, 12 * HOUR][..]), delay()));
    (slot(), long, select(&PEOPLE[..]), select(&ROLES[..]), lead, vec(sign, 0..3), cancel).prop_map(
        |(start, length, person, role, lead, sign_ins, cancel)| {
            Duty::Shift(Shift { start, length, person, role, lead, sign_ins, cancel })
        },
    )
}

fn staff() -> impl Strategy<Value = Duty> {
    let absence = (slot(), select(&[HOUR, 12 * HOUR, DAY, 3 * DAY][..]), option::of(select(&PEOPLE[..])));
    let steps = steps(&["replace.request", "replace.approve", "replace.shorter", "replace.effect"], 5);
    (slot(), select(&PEOPLE[..]), any::<bool>(), vec(absence, 0..2), option::weighted(0.4, slot()), steps)
        .prop_map(|(at, person, manager, absences, leaves, steps)| {
            Duty::Staff(at, person, manager, absences, leaves, steps)
        })
}

fn waiver(rule: Option<&str>) -> impl Strategy<Value = Duty> {
    let text = select(
        &[
            "2026-W13",
            "2026-W14",
            "2026-W18",
            "2026-W19",
            "2026-04-27",
            "2026-05-04",
            "2026-04",
            "2026-05",
            "plan",
            "nda",
            "nda/甲",
            "nda/乙",
            "judged",
            "score",
        ][..],
    );
    let name = prop_oneof![
        3 => text.prop_map(Name::Text),
        3 => (any::<Index>(), prop::bool::weighted(0.3)).prop_map(|(i, second)| Name::SubjectOf(i, second)),
        3 => any::<Index>().prop_map(Name::InstantOf),
    ];
    let speaker = select(&[Some("buyer"), Some("buyer"), Some("buyer"), Some("supplier"), None][..]);
    // A waiver may precede the breach.
    let at = prop_oneof![slot(), Just((-24 * 60, 0))];
    (select(clause_ids(rule)), option::weighted(0.5, name), speaker, at, delay())
        .prop_map(|(a, b, c, d, e)| Duty::Waiver(a, b, c, d, e))
}

fn inspection() -> impl Strategy<Value = Duty> {
    let parts = subsequence(vec!["hardware", "logs"], 0..=2);
    let typed = option::weighted(0.7, select(&["daily", "monthly"][..]));
    (slot(), option::weighted(0.4, select(&NAMES[..])), parts, typed, delay())
        .prop_map(|(a, b, c, d, e)| Duty::Inspection(a, b, c, d, e))
}

fn event() -> impl Strategy<Value = Duty> {
    let (long, lead) = (&[1, HOUR, 12 * HOUR, DAY, 2 * DAY][..], &[-DAY, 0, DAY, 3 * DAY][..]);
    (slot(), select(long), select(lead), delay()).prop_map(|(a, b, c, d)| Duty::Event(a, b, c, d))
}

fn change() -> impl Strategy<Value = Duty> {
    const STEPS: &[&str] = &[
        "approve",
        "approve",
        "test.pass",
        "test.pass",
        "test.fail",
        "deploy",
        "deploy",
        "ratify",
        "rollback",
    ];
    (slot(), any::<bool>(), option::of(any::<bool>()), steps(STEPS, 7))
        .prop_map(|(a, b, c, d)| Duty::Change(a, b, c, d))
}

fn paper() -> impl Strategy<Value = Duty> {
    const STEPS: &[&str] = &["submit", "submit", "bare", "report", "accept", "reject"];
    let kind = select(&["plan", "manual", "summary", "nda", "other"][..]);
    (slot(), kind, option::of(select(&PEOPLE[..])), steps(STEPS, 5))
        .prop_map(|(a, b, c, d)| Duty::Paper(a, b, c, d))
}

fn finding() -> impl Strategy<Value = Duty> {
    const STEPS: &[&str] =
        &["fix", "fix", "verify.pass", "verify.fail", "verify.fail", "transfer", "keep", "accept-risk"];
    let (severity, source) = (select(&["high", "low", "odd"][..]), select(&["scan", "code", "notice"][..]));
    (slot(), severity, source, steps(STEPS, 5)).prop_map(|(a, b, c, d)| Duty::Finding(a, b, c, d))
}

fn judgement() -> impl Strategy<Value = Duty> {
    let clause = select(&["judged", "of.supplier", "week"][..]);
    let result = select(&["met", "breached", "breached", "not-due"][..]);
    (slot(), clause, result, party(), delay()).prop_map(|(a, b, c, d, e)| Duty::Judgement(a, b, c, d, e))
}

fn planned() -> impl Strategy<Value = Duty> {
    (slot(), length(), select(&[-HOUR, 0, HOUR, 2 * DAY][..])).prop_map(|(a, b, c)| Duty::Planned(a, b, c))
}

fn watch() -> impl Strategy<Value = Duty> {
    let kind = select(&["watch.start", "watch.stop", "watch.gap", "watch.gap"][..]);
    (kind, slot(), length()).prop_map(|(kind, at, length)| Duty::Other(Event::Watch(kind, at, None, length)))
}

/// What the clauses of a rule read; without a rule, everything.
fn of_rule(rule: Option<&str>) -> BoxedStrategy<Duty> {
    let round = || (slot(), delay()).prop_map(|(a, b)| Duty::Round(a, b));
    let outage = || outage().prop_map(Duty::Other);
    match rule {
        Some("recurring") => prop_oneof![4 => inspection(), 1 => event()].boxed(),
        Some("coverage") => prop_oneof![5 => shift(), 2 => staff(), 1 => event(), 1 => watch()].boxed(),
        Some("sequence") => prop_oneof![3 => change(), 1 => staff()].boxed(),
        Some("documents") => prop_oneof![4 => paper(), 1 => staff()].boxed(),
        Some("findings") => prop_oneof![4 => finding(), 1 => round()].boxed(),
        Some("availability") => prop_oneof![4 => outage(), 1 => planned(), 1 => watch()].boxed(),
        Some("judgement") => judgement().boxed(),
        _ => prop_oneof![
            4 => inspection(), 1 => round(), 6 => shift(), 2 => event(), 2 => staff(), 4 => change(), 4 => paper(), 4 => finding(),
            2 => judgement(), 2 => outage(), 1 => planned(), 1 => watch(),
        ]
        .boxed(),
    }
}

fn duty(rule: Option<&str>) -> impl Strategy<Value = Duty> {
    let word = select(&["confirm", "confirm", "confirm", "dispute", "upheld", "rejected"][..]);
    let speaker = select(&[Some("buyer"), Some("buyer"), Some("supplier"), Some("machine"), None][..]);
    let word = (word, any::<Index>(), option::weighted(0.15, any::<Index>()), speaker, delay())
        .prop_map(|(a, b, c, d, e)| Duty::Other(Event::Word(a, b, c, d, e)));
    prop_oneof![7 => of_rule(rule), 1 => word, 1 => waiver(rule)]
}

struct Writer {
    base: Instant,
    drafts: Vec<Draft>,
    by: Option<&'static str>,
}

impl Writer {
    fn at(&self, (minutes, us): Slot) -> Instant {
        self.base + minutes * MINUTE + us
    }

    fn put(&mut self, draft: Draft) {
        let by = self.by;
        self.drafts.push(draft.by(by));
    }

    /// The steps of a subject, each so long after the one before.
    fn steps(
        &mut self,
        start: Instant,
        steps: &[Step],
        fact: impl Fn(&'static str, Instant, Instant) -> Option<Draft>,
    ) {
        let mut at = start;
        for (gap, word, delay) in steps {
            at += gap;
            if let Some(draft) = fact(word, at, at + delay) {
                self.put(draft);
            }
        }
    }

    fn lay(&mut self, i: usize, duty: &Duty) {
        match duty {
            Duty::Other(_) | Duty::Waiver(..) => {}
            Duty::Planned(start, length, lead) => {
                let start = self.at(*start);
                let window = Draft::new("maintenance.approve", &format!("M-{i}"), start - lead, start - lead);
                self.put(window.with_time("start", start).with_time("end", start + length));
            }
            Duty::Inspection(at, covers, parts, typed, delay) => {
                let at = self.at(*at);
                let draft = Draft::new("inspection.complete", &format!("V-{i}"), at, at + delay)
                    .with_some("covers", *covers)
                    .with_some("type", *typed)
                    .with("parts", json!(parts));
                self.put(draft);
            }
            Duty::Round(at, delay) => {
                let at = self.at(*at);
                self.put(Draft::new("rectification.round", &format!("R-{i}"), at, at + delay));
            }
            Duty::Shift(shift) => self.shift(i, shift),
            Duty::Event(start, length, lead, delay) => {
                let start = self.at(*start);
                let draft =
                    Draft::new("event.declare", &format!("E-{i}"), start - lead, start - lead + delay);
                self.put(draft.with_time("start", start).with_time("end", start + length));
            }
            Duty::Staff(at, person, manager, absences, leaves, steps) => {
                let (subject, at) = (format!("S-{i}"), self.at(*at));
                let role = if *manager { "manager" } else { "A" };
                self.put(
                    Draft::new("staff.join", &subject, at, at).with("person", *person).with("role", role),
                );
                for (start, length, deputy) in absences {
                    let start = self.at(*start);
                    let draft = Draft::new("staff.absent", &subject, start - HOUR, start)
                        .with_some("deputy", *deputy);
                    self.put(draft.with_time("start", start).with_time("end", start + length));
                }
                if let Some(leaves) = leaves {
                    let at = self.at(*leaves);
                    self.put(Draft::new("staff.leave", &subject, at, at));
                }
                self.steps(at, steps, |word, at, recorded| {
                    let fact = |kind| Draft::new(kind, &subject, at, recorded);
                    Some(match word {
                        "replace.request" => fact("staff.replace.request"),
                        "replace.approve" => fact("staff.replace.approve"),
                        "replace.shorter" => fact("staff.replace.approve").with("shorter_notice", true),
                        _ => fact("staff.replace.effect"),
                    })
                });
            }
            Duty::Change(at, buyer, emergency, steps) => self.change(i, *at, *buyer, *emergency, steps),
            Duty::Paper(at, kind, person, steps) => self.paper(i, *at, kind, *person, steps),
            Duty::Finding(at, severity, source, steps) => self.finding(i, *at, severity, source, steps),
            Duty::Judgement(at, clause, result, by, delay) => {
                let at = self.at(*at);
                let draft = Draft::new("judgement.record", "", at, at + delay)
                    .with("clause", *clause)
                    .with("result", *result)
                    .with_some("by", *by);
                self.drafts.push(draft.by(*by));
            }
        }
    }

    fn shift(&mut self, i: usize, s: &Shift) {
        let (subject, start) = (format!("D-{i}"), self.at(s.start));
        let at = start - s.lead;
        let assigned = Draft::new("duty.assign", &subject, at, at)
            .with("person", s.person)
            .with("role", s.role)
            .with_time("start", start)
            .with_time("end", start + s.length);
        self.put(assigned);
        for (after, person, delay) in &s.sign_ins {
            let at = start + after;
            self.put(Draft::new("duty.sign-in", &subject, at, at + delay).with("person", *person));
        }
        if let Some((after, delay)) = s.cancel {
            let at = start + after;
            self.put(Draft::new("duty.cancel", &subject, at, at + delay).with("reason", "ill"));
        }
    }

    fn change(&mut self, i: usize, at: Slot, buyer: bool, emergency: Option<bool>, steps: &[Step]) {
        let (subject, at) = (format!("C-{i}"), self.at(at));
        let asked = Draft::new("change.request", &subject, at, at)
            .with("by", if buyer { "buyer" } else { "supplier" })
            .with("type", if i.is_multiple_of(2) { "upgrade" } else { "config" })
            .with_some("emergency", emergency);
        self.put(asked);
        self.steps(at, steps, |word, at, recorded| {
            let fact = |kind| Draft::new(kind, &subject, at, recorded);
            Some(match word {
                "approve" => fact("change.approve"),
                "test.pass" => fact("change.test").with("result", "pass"),
                "test.fail" => fact("change.test").with("result", "fail"),
                "deploy" => fact("change.deploy").with("version", "1"),
                "ratify" => fact("change.ratify"),
                _ => fact("change.rollback"),
            })
        });
    }

    fn paper(
        &mut self,
        i: usize,
        at: Slot,
        kind: &'static str,
        person: Option<&'static str>,
        steps: &[Step],
    ) {
        let (subject, at) = (format!("P-{i}"), self.at(at));
        let submit = |name, at, recorded: Instant| {
            let digest = format!("{:08x}", recorded.unsigned_abs() % 0xffff_ffff);
            let draft =
                Draft::new(name, &subject, at, recorded).with("kind", kind).with_some("person", person);
            draft.with("digest", digest)
        };
        self.put(submit("document.submit", at, at));
        self.steps(at, steps, |word, at, recorded| {
            Some(match word {
                "submit" => submit("document.submit", at, recorded),
                "report" => submit("report.submit", at, recorded),
                "bare" => Draft::new("document.submit", &subject, at, recorded).with("kind", kind),
                "accept" => Draft::new("document.accept", &subject, at, recorded),
                _ => Draft::new("document.reject", &subject, at, recorded).with("reason", "no"),
            })
        });
    }

    fn finding(&mut self, i: usize, at: Slot, severity: &'static str, source: &'static str, steps: &[Step]) {
        let (subject, at) = (format!("F-{i}"), self.at(at));
        self.put(
            Draft::new("finding.open", &subject, at, at).with("severity", severity).with("source", source),
        );
        self.steps(at, steps, |word, at, recorded| {
            let fact = |kind| Draft::new(kind, &subject, at, recorded);
            Some(match word {
                "fix" => fact("finding.fix"),
                "verify.pass" => fact("finding.verify").with("result", "pass"),
                "verify.fail" => fact("finding.verify").with("result", "fail"),
                "transfer" => fact("finding.transfer").with("to", "buyer"),
                "keep" => fact("finding.transfer").with("to", "supplier"),
                _ => fact("finding.accept-risk"),
            })
        });
    }

    fn waive(&mut self, duty: &Duty, facts: usize) {
        let Duty::Waiver(clause, name, by, at, delay) = duty else { return };
        let at = self.at(*at);
        let case = name.as_ref().filter(|_| facts > 0).map(|name| match name {
            Name::Text(text) => (*text).to_owned(),
            Name::SubjectOf(of, second) => {
                let subject = &self.drafts[of.index(facts)].subject;
                if *second { format!("{subject}#2") } else { subject.clone() }
            }
            Name::InstantOf(of) => {
                let d = &self.drafts[of.index(facts)];
                let named = d.body.get("end").or_else(|| d.body.get("start")).and_then(|t| t.as_str());
                let own = || opsledger::time::canonical_instant(d.at).unwrap();
                named.map_or_else(own, str::to_owned)
            }
        });
        let draft = Draft::new("waive", "", at, at + (*delay).max(0))
            .with("clause", *clause)
            .with("approver", "Wang")
            .with("reason", "let pass")
            .with_some("case", case.filter(|c| !c.is_empty()));
        self.drafts.push(draft.by(*by));
    }
}

/// Rules that a scenario may be about, alone; all together, with the score over them, as often as two of them.
const RULES: [Option<&str>; 9] = [
    Some("recurring"),
    Some("coverage"),
    Some("sequence"),
    Some("documents"),
    Some("findings"),
    Some("availability"),
    Some("judgement"),
    None,
    None,
];

/// A contract with the facts of at most so many duties.
pub(crate) fn duties(most: usize) -> impl Strategy<Value = Duties> {
    select(&RULES[..]).prop_flat_map(move |rule| duties_of(rule, most))
}

fn duties_of(rule: Option<&'static str>, most: usize) -> impl Strategy<Value = Duties> {
    (promises(rule), vec((duty(rule), party()), 0..most)).prop_map(|(promises, duties)| {
        let mut writer = Writer { base: promises.base(), drafts: Vec::new(), by: None };
        for (i, (duty, by)) in duties.iter().enumerate() {
            writer.by = *by;
            if let Duty::Other(event) = duty {
                let mut layout = Layout::new(writer.base);
                layout.lay(i, event, *by);
                writer.drafts.append(&mut layout.drafts);
            }
            writer.lay(i, duty);
        }
        let facts = writer.drafts.len();
        for (duty, _) in &duties {
            if let Duty::Other(event) = duty {
                let mut layout = Layout::new(writer.base);
                layout.drafts = std::mem::take(&mut writer.drafts);
                layout.speak(event, facts);
                writer.drafts = layout.drafts;
            }
            writer.waive(duty, facts);
        }
        Duties { promises, drafts: writer.drafts }
    })
}
