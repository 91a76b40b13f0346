//! What a clause keeps of its findings and rounds.

use super::course::{Course, Sides, Sign, course};
use super::{Case, Detail, Params, SettledBy};
use crate::assess::Status;
use crate::books::Item;
use crate::books::subjects::SubjectCase;
use crate::books::tally::{Tally, Verdict};
use crate::calendar::Calendar;
use crate::contract::{KindFilter, Limit, Where, Within};
use crate::error::{Code, Error, Result};
use crate::facts::kinds::Family;
use crate::rules::deadline::takes;
use crate::rules::due::Dues;
use crate::rules::keyed::{breach_totals, earliest};
use crate::rules::occurrences::Occurrences;
use crate::rules::recurring::{self, Units};
use crate::rules::{self, Cx, Finding, Rule, Setup, Totals, WaiverChange};
use crate::time::Instant;

/// What is kept of a finding beside the verdict.
#[derive(Clone, Debug, Default)]
struct Found {
    due: Option<Instant>,
    settled: Option<(Instant, SettledBy)>,
    /// The entry that names a severity without a limit.
    unknown_severity: Option<u64>,
    error: Option<Error>,
}

/// The cases.
pub(crate) struct State {
    params: Params,
    calendar: Result<Calendar>,
    /// By subject.
    tally: Tally<Found>,
    rounds: Option<Occurrences>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let rounds = params.rounds.as_ref().map(|rounds| {
            let owed = recurring::Params {
                fact: KindFilter { kind: "rectification.round".to_owned(), conditions: Where::new() },
                every: rounds.per,
                units: Units::Service,
                grace: Limit::Elapsed(0),
                roll: false,
                parts: Vec::new(),
                curable: true,
                covers: "covers".to_owned(),
                max_missed: 0,
                limits: std::collections::BTreeMap::new(),
                during: None,
                conditions: Where::new(),
                calendar: params.calendar.clone(),
            };
            Occurrences::new(setup, owed, usize::try_from(rounds.count).unwrap_or(usize::MAX))
        });
        let calendar = setup.tools.calendar(&params.calendar);
        State { params: params.clone(), calendar, tally: Tally::default(), rounds }
    }

    fn judge(
        &self,
        cx: &Cx<'_>,
        case: &SubjectCase,
        subject: &str,
        without: Option<u64>,
    ) -> Option<Verdict<Found>> {
        let (events, next) = case.events(&cx.lens, cx.as_of, without);
        let opening = events.iter().position(|e| self.opens(e));
        let Some((first, opening)) = opening.map(|i| (i, events[i])).filter(|(_, o)| cx.holds.contains(o.at))
        else {
            // Looked at again when the next known fact is there.
            return next.map(|next| verdict(Status::NotDue, Some(next), Found::default()));
        };
        // What has the instant of the opening may have been recorded before it.
        let same = events[..first].iter().filter(|e| e.at == opening.at);
        let after: Vec<&Item> = same.chain(&events[first + 1..]).copied().collect();
        let mut verdict = self.stands(cx, opening, &after).unwrap_or_else(|e| {
            let found = Found { error: Some(e), ..Found::default() };
            verdict(Status::NoEvidence, None, found)
        });
        if cx.waives(subject) {
            // What is waived, also in advance, breaks nothing.
            verdict.forecast = None;
            if verdict.status == Status::Breached {
                verdict.status = Status::Waived;
            }
        }
        verdict.valid_until = earliest(verdict.valid_until, next);
        Some(verdict)
    }

    fn opens(&self, item: &Item) -> bool {
        item.kind.name == "finding.open"
            && takes(&self.params.conditions, |field| item.body.as_ref()?.get(field).cloned())
    }

    fn stands(&self, cx: &Cx<'_>, opening: &Item, after: &[&Item]) -> Result<Verdict<Found>> {
        let calendar = self.calendar.as_ref().map_err(Clone::clone)?;
        let dues = Dues { calendar, days: cx.days, zone: cx.contract.zone };
        let (limit, known) = self.limit(&dues, opening)?;
        let sides = Sides { until: self.params.until, owes: &cx.clause.party };
        let sign = |e: &&Item| Some((e.at, sides.sign(e, cx.books.record.party_name(e.party))?));
        let signs: Vec<(Instant, Sign)> = after.iter().filter_map(sign).collect();
        let Course { settled, due, broken } = course(&dues, limit, opening.at, &signs, cx.as_of)?;
        let unknown_severity = (!known).then_some(opening.seq);
        let found = Found { due: Some(due), settled, unknown_severity, error: None };
        if broken {
            let mut broken = verdict(Status::Breached, None, found);
            broken.breached_at = Some(due);
            return Ok(broken);
        }
        if settled.is_some() {
            return Ok(verdict(Status::Met, None, found));
        }
        let left = dues.left(limit, opening.at, due, cx.as_of, cx.warn)?;
        let status = if left.at_risk { Status::AtRisk } else { Status::Running };
        let mut open = verdict(status, earliest(left.turns, Some(due + 1)), found);
        open.forecast = Some(due);
        Ok(open)
    }

    /// The limit of a finding, and whether its severity has one of its own; else the shortest is taken.
    fn limit(&self, dues: &Dues<'_>, opening: &Item) -> Result<(Limit, bool)> {
        let table = match &self.params.within {
            Within::One(limit) => return Ok((*limit, true)),
            Within::By(table) => table,
        };
        if let Some(limit) = opening.text("severity").and_then(|s| table.get(s)) {
            return Ok((*limit, true));
        }
        let shortest = dues.shortest(table.values().copied(), opening.at)?;
        Ok((shortest, false))
    }

    fn judged(&self) -> impl Iterator<Item = (u32, &Verdict<Found>)> {
        self.tally.cases().filter(|(_, v)| v.status != Status::NotDue)
    }
}

fn verdict(status: Status, valid_until: Option<Instant>, more: Found) -> Verdict<Found> {
    Verdict { status, breached_at: None, forecast: None, valid_until, more }
}

/// Adds how many rounds were owed.
fn rounds_words(rounds: &Occurrences, zh: &mut String, en: &mut String) {
    let count = |s: &[Status]| rounds.judged().filter(|(_, v)| s.contains(&v.status)).count();
    let (met, open) = (count(&[Status::Met]), count(&[Status::Running, Status::AtRisk]));
    let missed = count(&[Status::Breached, Status::Waived, Status::NoEvidence]);
    zh.push_str(&format!("；整改轮次按期 {met} 期，未按期 {missed} 期，未到期 {open} 期"));
    en.push_str(&format!("; rounds: {met} in time, {missed} late or missing, {open} not due yet"));
}

impl Rule for State {
    fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        if let Some(rounds) = &mut self.rounds {
            rounds.touch(cx, case);
        }
        let subject = cx.books.subjects.case(case);
        if subject.family == Family::Finding {
            let verdict = self.judge(cx, subject, cx.books.subjects.subject(case), None);
            self.tally.set(case, verdict);
        }
    }

    fn waive(&mut self, cx: &Cx<'_>, change: &WaiverChange) {
        if let Some(rounds) = &mut self.rounds {
            rounds.waive(cx, change);
        }
        for case in change.subjects(cx) {
            self.touch(cx, case);
        }
    }

    fn advance(&mut self, cx: &Cx<'_>) {
        if let Some(rounds) = &mut self.rounds {
            rounds.advance(cx);
        }
        while let Some(case) = self.tally.due(cx.as_of) {
            self.touch(cx, case);
        }
    }

    fn totals(&self, _cx: &Cx<'_>) -> Totals {
        let cases = breach_totals(&self.tally);
        let Some(rounds) = self.rounds.as_ref().map(|r| breach_totals(r.tally())) else { return cases };
        let breaches = cases.breaches + rounds.breaches;
        let forecast = if breaches > 0 { None } else { earliest(cases.forecast, rounds.forecast) };
        Totals {
            status: rules::worst([cases.status, rounds.status].into_iter()),
            value: Some(breaches),
            breaches,
            breached_at: earliest(cases.breached_at, rounds.breached_at),
            forecast,
            ..cases
        }
    }

    fn sentence(&self, _cx: &Cx<'_>, _totals: &Totals) -> (String, String) {
        let count = |s: &[Status]| self.judged().filter(|(_, v)| s.contains(&v.status)).count();
        let (met, late) = (count(&[Status::Met]), count(&[Status::Breached]));
        let open = count(&[Status::Running, Status::AtRisk]);
        let mut zh = format!("按期整改 {met} 项，逾期 {late} 项，整改中 {open} 项");
        let mut en = format!("{met} put right in time, {late} late, {open} open");
        for (status, text_zh, text_en) in
            [(Status::Waived, "豁免", "waived"), (Status::NoEvidence, "无法判定", "cannot be judged")]
        {
            let n = count(&[status]);
            if n > 0 {
                zh.push_str(&format!("，{text_zh} {n} 项"));
                en.push_str(&format!(", {n} {text_en}"));
            }
        }
        if let Some(rounds) = &self.rounds {
            rounds_words(rounds, &mut zh, &mut en);
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<rules::Detail> {
        let case = |(id, v): (u32, &Verdict<Found>)| Case {
            subject: cx.books.subjects.subject(id).to_owned(),
            status: v.status,
            due: cx.stamp(v.more.due),
            settled_at: cx.stamp(v.more.settled.map(|(at, _)| at)),
            settled_by: v.more.settled.map(|(_, by)| by),
        };
        let mut cases: Vec<Case> = self.judged().map(case).collect();
        cases.sort_by(|a, b| a.subject.as_bytes().cmp(b.subject.as_bytes()));
        let rounds = self.rounds.as_ref().map(|r| r.owed(cx));
        Some(rules::Detail::Findings(Detail { cases, rounds }))
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        let items = self.judged().flat_map(|(id, _)| &cx.books.subjects.case(id).items);
        let of_family = items.filter(|i| i.kind.family == Family::Finding && cx.there(i)).map(|i| i.seq);
        of_family.chain(self.rounds.iter().flat_map(|r| r.evidence(cx))).collect()
    }

    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        for (id, v) in self.judged() {
            let subject = cx.books.subjects.subject(id);
            let unknown = v.more.unknown_severity;
            found.extend(unknown.map(|seq| Finding::new(Some(seq), Code::UnknownSeverity, subject, "")));
            let error = v.more.error.as_ref();
            found.extend(error.map(|e| Finding::new(None, e.code(), subject, e.detail())));
        }
        found.extend(self.rounds.iter().flat_map(|r| r.findings(cx)));
        found
    }

    fn lowers(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        if self.rounds.as_ref().is_some_and(|r| r.lowers(cx, case, seq)) {
            return true;
        }
        let subject = cx.books.subjects.case(case);
        if subject.family != Family::Finding {
            return false;
        }
        let with = self.tally.get(case).and_then(|v| v.breached_at);
        let without = self.judge(cx, subject, cx.books.subjects.subject(case), Some(seq));
        // A breach that is not there, or that comes later, because of this entry.
        match (with, without.and_then(|v| v.breached_at)) {
            (None, Some(_)) => true,
            (Some(with), Some(without)) => with > without,
            _ => false,
        }
    }

    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        let mut instants = self.tally.breach_instants();
        instants.extend(self.rounds.iter().flat_map(|r| r.tally().breach_instants()));
        instants.sort_unstable();
        instants
    }
}
