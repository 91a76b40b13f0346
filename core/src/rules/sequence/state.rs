//! What a clause keeps of its sequences: a verdict for each `then`.

use super::order::{Fault, Subject};
use super::{Case, Detail, Params, Violation};
use crate::assess::{Stamp, Status};
use crate::books::Item;
use crate::books::incidents::Report;
use crate::books::tally::Verdict;
use crate::calendar::Calendar;
use crate::error::{Error, Result};
use crate::facts::kinds::{self, Family};
use crate::rules::due::Dues;
use crate::rules::keyed::{Keyed, breach_totals, earliest};
use crate::rules::{self, Cx, Finding, Rule, Setup, Totals, WaiverChange};
use crate::time::Instant;
use std::collections::BTreeSet;

/// A subject, and which of its `then`, from 0.
type Key = (u32, u32);

/// What is kept of a case beside the verdict.
#[derive(Clone, Debug, Default)]
struct Found {
    faults: Vec<Fault>,
    errors: Vec<Error>,
    /// Entries that wait for the other party's word.
    waiting: Vec<u64>,
}

/// The cases.
pub(crate) struct State {
    params: Params,
    family: Option<Family>,
    calendar: Result<Calendar>,
    cases: Keyed<Key, Found>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        State {
            params: params.clone(),
            family: kinds::find(&params.then.kind).map(|k| k.family),
            calendar: setup.tools.calendar(&params.calendar),
            cases: Keyed::default(),
        }
    }

    /// Every `then` of a subject in order; none for one that is not judged.
    fn judge(&self, cx: &Cx<'_>, case: u32, without: Option<u64>) -> Vec<Option<Verdict<Found>>> {
        let (events, next) = cx.books.subjects.case(case).events(&cx.lens, cx.as_of, without);
        let mut verdicts = self.thens(cx, case, events, without);
        if let Some(next) = next {
            // Looked at again when the next known fact is there.
            match verdicts.first_mut() {
                Some(Some(first)) => first.valid_until = earliest(first.valid_until, Some(next)),
                Some(first) => *first = Some(waiting(next)),
                None => verdicts.push(Some(waiting(next))),
            }
        }
        verdicts
    }

    fn thens<'a>(
        &self,
        cx: &Cx<'a>,
        case: u32,
        events: Vec<&'a Item>,
        without: Option<u64>,
    ) -> Vec<Option<Verdict<Found>>> {
        let thens: Vec<&Item> = events.iter().copied().filter(|e| self.params.then.takes(e)).collect();
        let opening = events.iter().copied().find(|e| Some(e.kind.family) == self.family);
        let Some(opening) = opening.filter(|_| !thens.is_empty()) else { return Vec::new() };
        let fixes = cx.books.subjects.case(case).corrections(&cx.lens, without);
        let report = Report::new(opening, fixes, cx.lens);
        let subject = Subject { params: &self.params, report, opening, events };
        if subject.report.withdrawn() || subject.report.duplicate() || !subject.opens(&self.params.conditions)
        {
            return Vec::new();
        }
        let calendar = self.calendar.as_ref().map_err(Clone::clone);
        let dues = calendar.map(|calendar| Dues { calendar, days: cx.days, zone: cx.contract.zone });
        let name = cx.books.subjects.subject(case);
        let verdict = |(n, then): (u32, &Item)| {
            let waives = cx.waives(&case_name(name, n));
            cx.holds.contains(then.at).then(|| self.verdict(cx, &subject, then, &dues, waives))
        };
        (0..).zip(thens).map(verdict).collect()
    }

    fn verdict(
        &self,
        cx: &Cx<'_>,
        subject: &Subject<'_>,
        then: &Item,
        dues: &Result<Dues<'_>>,
        waives: bool,
    ) -> Verdict<Found> {
        let order = subject.judge(then, dues, cx.as_of);
        let breached_at = order.faults.iter().map(|f| f.at).min();
        let status = match breached_at {
            Some(_) if waives => Status::Waived,
            Some(_) => Status::Breached,
            None if !order.errors.is_empty() => Status::NoEvidence,
            None if order.pending.is_some() => Status::Running,
            None => Status::Met,
        };
        // What is waived, also in advance, breaks nothing.
        let forecast = order.pending.filter(|_| status == Status::Running && !waives);
        let valid_until = order.pending.map(|t| t + 1);
        let waiting = if cx.lens.wants_lowering() { subject.report.lowering() } else { Vec::new() };
        let more = Found { faults: order.faults, errors: order.errors, waiting };
        Verdict { status, breached_at, forecast, valid_until, more }
    }

    /// A fact of this kind has a part in a verdict; the opening where something looks at it.
    fn names(&self, item: &Item, opening: u64) -> bool {
        let p = &self.params;
        let named = [&p.then].into_iter().chain(&p.needs);
        let named = named.chain(p.ratify.iter().map(|r| &r.kind));
        let named = named.chain(p.notice.iter().flat_map(|n| [&n.from].into_iter().chain(&n.cured_by)));
        let looks = !p.conditions.is_empty()
            || !p.have.is_empty()
            || p.ratify.as_ref().is_some_and(|r| !r.conditions.is_empty());
        named.into_iter().any(|k| k.kind == item.kind.name)
            || (looks && (item.seq == opening || item.is_correction()))
    }

    fn subjects(&self) -> BTreeSet<u32> {
        self.cases.judged().map(|((case, _), _)| *case).collect()
    }
}

/// `subject`, `subject#2` for its second.
fn case_name(subject: &str, n: u32) -> String {
    if n == 0 { subject.to_owned() } else { format!("{subject}#{}", n + 1) }
}

fn waiting(next: Instant) -> Verdict<Found> {
    let more = Found::default();
    Verdict { status: Status::NotDue, breached_at: None, forecast: None, valid_until: Some(next), more }
}

/// The first fact of the family that is there.
fn opening(cx: &Cx<'_>, case: u32) -> Option<u64> {
    let subject = cx.books.subjects.case(case);
    let (events, _) = subject.events(&cx.lens, cx.as_of, None);
    events.iter().find(|e| e.kind.family == subject.family).map(|e| e.seq)
}

/// Breach instants in order, for comparing.
fn breaks(verdicts: &[Option<Verdict<Found>>]) -> Vec<Instant> {
    let mut instants: Vec<Instant> = verdicts.iter().flatten().filter_map(|v| v.breached_at).collect();
    instants.sort_unstable();
    instants
}

impl Rule for State {
    fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        if Some(cx.books.subjects.case(case).family) != self.family {
            return;
        }
        let verdicts = self.judge(cx, case, None);
        let known = self.cases.between((case, 0), (case, u32::MAX)).map(|(key, _)| key.1);
        let gone: Vec<u32> = known.filter(|n| *n as usize >= verdicts.len()).collect();
        for n in gone {
            self.cases.set((case, n), None);
        }
        for (n, verdict) in (0..).zip(verdicts) {
            self.cases.set((case, n), verdict);
        }
    }

    fn waive(&mut self, cx: &Cx<'_>, change: &WaiverChange) {
        let mut subjects: BTreeSet<u32> = change.subjects(cx).into_iter().collect();
        for (subject, n) in change.cases.iter().filter_map(|case| case.rsplit_once('#')) {
            if n.parse::<u32>().is_ok() {
                subjects.extend(cx.books.subjects.named(subject));
            }
        }
        for case in subjects {
            self.touch(cx, case);
        }
    }

    fn advance(&mut self, cx: &Cx<'_>) {
        while let Some((case, _)) = self.cases.due(cx.as_of) {
            self.touch(cx, case);
        }
    }

    fn totals(&self, _cx: &Cx<'_>) -> Totals {
        breach_totals(self.cases.tally())
    }

    fn sentence(&self, _cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let count = |s: Status| self.cases.judged().filter(|(_, v)| v.status == s).count();
        let (met, breaches) = (count(Status::Met), totals.breaches);
        let mut zh = format!("按规定次序 {met} 件，违反次序 {breaches} 件");
        let mut en = format!("{met} in order, {breaches} out of order");
        for (status, text_zh, text_en) in [
            (Status::Running, "可在期限内追认", "may still be ratified"),
            (Status::Waived, "豁免", "waived"),
            (Status::NoEvidence, "无法判定", "cannot be judged"),
        ] {
            let n = count(status);
            if n > 0 {
                zh.push_str(&format!("，{text_zh} {n} 件"));
                en.push_str(&format!(", {n} {text_en}"));
            }
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<rules::Detail> {
        let mut judged: Vec<_> = self.cases.judged().collect();
        let subject = |case: u32| cx.books.subjects.subject(case);
        judged.sort_by_key(|((case, n), _)| (subject(*case), *n));
        let (mut cases, mut violations) = (Vec::new(), Vec::new());
        for ((case, n), verdict) in judged {
            let name = case_name(subject(*case), *n);
            let shown = verdict.more.faults.iter().map(|f| Violation {
                subject: name.clone(),
                at: Stamp { at: f.at, zone: cx.contract.zone },
                step: f.step.to_owned(),
                problem: f.problem,
            });
            violations.extend(shown);
            cases.push(Case { subject: name, status: verdict.status });
        }
        Some(rules::Detail::Sequence(Detail { cases, violations }))
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        let mut seqs = Vec::new();
        for case in self.subjects() {
            let first = opening(cx, case).unwrap_or_default();
            let items = cx.books.subjects.case(case).items.iter();
            seqs.extend(items.filter(|i| cx.there(i) && self.names(i, first)).map(|i| i.seq));
        }
        seqs
    }

    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        for ((case, n), verdict) in self.cases.judged() {
            let name = case_name(cx.books.subjects.subject(*case), *n);
            let errors = verdict.more.errors.iter();
            found.extend(errors.map(|e| Finding::new(None, e.code(), &name, e.detail())));
        }
        found
    }

    fn waiting(&self, _cx: &Cx<'_>) -> Vec<u64> {
        self.cases.judged().flat_map(|(_, v)| v.more.waiting.iter().copied()).collect()
    }

    fn lowers(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        if Some(cx.books.subjects.case(case).family) != self.family {
            return false;
        }
        let with = breaks(&self.judge(cx, case, None));
        let without = breaks(&self.judge(cx, case, Some(seq)));
        // A breach that is not there, or that comes later, because of this entry.
        without.len() > with.len()
            || (without.len() == with.len()
                && without.iter().zip(&with).any(|(without, with)| without < with))
    }

    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        self.cases.tally().breach_instants()
    }
}
