//! What a clause keeps of its items: the submissions by kind and person, who joined when, and a verdict for each item.

use super::item::{Owed, Stand};
use super::shelf::{Paper, Shelf, papers};
use super::{Detail, Due, Params};
use crate::assess::Status;
use crate::books::tally::Verdict;
use crate::calendar::Calendar;
use crate::error::{Error, Result};
use crate::facts::kinds::Family;
use crate::rules::due::Dues;
use crate::rules::keyed::{Keyed, breach_totals};
use crate::rules::{self, Cx, Finding, Rule, Setup, Totals, WaiverChange};
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An item of the list by its place, and whose, where each person owes one.
type Key = (usize, Option<String>);

/// What is kept of an item beside the verdict.
#[derive(Clone, Debug, Default)]
struct Found {
    due: Option<Instant>,
    settled: Option<(Instant, Arc<str>)>,
    /// By their place in the contract.
    missing_faults: Vec<usize>,
    error: Option<Error>,
}

/// Somebody who joined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Join {
    person: String,
    at: Instant,
    seq: u64,
}

/// The cases.
pub(crate) struct State {
    params: Params,
    calendar: Result<Calendar>,
    /// The kinds of the list, each once.
    kinds: Vec<String>,
    per_person: bool,
    papers: BTreeMap<u32, BTreeSet<Paper>>,
    joins: BTreeMap<u32, BTreeSet<Join>>,
    /// What was submitted for each item.
    shelves: BTreeMap<Key, Shelf>,
    /// Nothing submitted, by the place in the list.
    empty: Vec<Shelf>,
    /// When each person joined.
    people: BTreeMap<String, BTreeSet<(Instant, u64)>>,
    /// How many submissions of the kinds of the list are there.
    selected: usize,
    /// Subjects with facts that are known and not yet there.
    queue: BTreeSet<(Instant, u32)>,
    queued: BTreeMap<u32, Instant>,
    items: Keyed<Key, Found>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let mut kinds: Vec<String> = params.list.iter().map(|p| p.kind.clone()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let faults = setup.contract.faults.len();
        let mut items = Keyed::default();
        for (i, paper) in params.list.iter().enumerate() {
            if !paper.per_person {
                items.set((i, None), Some(not_yet(Instant::MIN)));
            }
        }
        State {
            calendar: setup.tools.calendar(&params.calendar),
            kinds,
            per_person: params.list.iter().any(|p| p.per_person),
            papers: BTreeMap::new(),
            joins: BTreeMap::new(),
            shelves: BTreeMap::new(),
            empty: params.list.iter().map(|p| Shelf::new(if p.covers_faults { faults } else { 0 })).collect(),
            people: BTreeMap::new(),
            selected: 0,
            queue: BTreeSet::new(),
            queued: BTreeMap::new(),
            items,
            params: params.clone(),
        }
    }

    /// The items that a submission is for.
    fn answers(&self, paper: &Paper) -> Vec<Key> {
        let kind = &self.kinds[paper.kind];
        let list = self.params.list.iter().enumerate().filter(|(_, item)| item.kind == *kind);
        let key = |(i, item): (usize, &super::Paper)| match (item.per_person, &paper.person) {
            (true, Some(person)) => Some((i, Some(person.clone()))),
            (true, None) => None,
            (false, _) => Some((i, None)),
        };
        list.filter_map(key).collect()
    }

    /// The submissions of a subject, and the `at` of its next fact that is not yet there.
    fn papers(&self, cx: &Cx<'_>, case: u32, without: Option<u64>) -> (BTreeSet<Paper>, Option<Instant>) {
        let (events, next) = cx.books.subjects.case(case).events(&cx.lens, cx.as_of, without);
        let faults: Vec<&str> = cx.contract.faults.iter().map(|f| f.id.as_str()).collect();
        (papers(&events, &self.kinds, &faults).into_iter().collect(), next)
    }

    fn take_papers(&mut self, cx: &Cx<'_>, case: u32) {
        let (new, next) = self.papers(cx, case, None);
        self.requeue(case, next);
        let old = self.papers.remove(&case).unwrap_or_default();
        let before = self.selected;
        self.selected = before + new.len() - old.len();
        let mut touched = BTreeSet::new();
        for paper in old.difference(&new) {
            for key in self.answers(paper) {
                if let Some(shelf) = self.shelves.get_mut(&key) {
                    shelf.take(paper);
                }
                touched.insert(key);
            }
        }
        for paper in new.difference(&old) {
            for key in self.answers(paper) {
                let empty = &self.empty[key.0];
                self.shelves.entry(key.clone()).or_insert_with(|| empty.clone()).put(paper);
                touched.insert(key);
            }
        }
        if !new.is_empty() {
            self.papers.insert(case, new);
        }
        if (before == 0) == (self.selected == 0) {
            touched.into_iter().for_each(|key| self.judge(cx, key));
        } else {
            self.judge_all(cx);
        }
    }

    fn take_joins(&mut self, cx: &Cx<'_>, case: u32) {
        let (events, next) = cx.books.subjects.case(case).events(&cx.lens, cx.as_of, None);
        self.requeue(case, next);
        let joins = events.iter().filter(|e| e.kind.name == "staff.join");
        let join = |e: &&crate::books::Item| {
            Some(Join { person: e.text("person")?.to_owned(), at: e.at, seq: e.seq })
        };
        let new: BTreeSet<Join> = joins.filter_map(join).collect();
        let old = self.joins.remove(&case).unwrap_or_default();
        let mut touched = BTreeSet::new();
        for join in old.difference(&new) {
            if let Some(joined) = self.people.get_mut(&join.person) {
                joined.remove(&(join.at, join.seq));
            }
            touched.insert(join.person.clone());
        }
        for join in new.difference(&old) {
            self.people.entry(join.person.clone()).or_default().insert((join.at, join.seq));
            touched.insert(join.person.clone());
        }
        if !new.is_empty() {
            self.joins.insert(case, new);
        }
        for person in touched {
            for i in 0..self.params.list.len() {
                if self.params.list[i].per_person {
                    self.judge(cx, (i, Some(person.clone())));
                }
            }
        }
    }

    fn requeue(&mut self, case: u32, next: Option<Instant>) {
        let before = match next {
            Some(next) => self.queued.insert(case, next),
            None => self.queued.remove(&case),
        };
        if let Some(before) = before {
            self.queue.remove(&(before, case));
        }
        if let Some(next) = next {
            self.queue.insert((next, case));
        }
    }

    /// Every item of the list, and of every person who joined.
    fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        for (i, paper) in self.params.list.iter().enumerate() {
            if paper.per_person {
                keys.extend(self.people.keys().map(|person| (i, Some(person.clone()))));
            } else {
                keys.push((i, None));
            }
        }
        keys
    }

    fn judge_all(&mut self, cx: &Cx<'_>) {
        self.keys().into_iter().for_each(|key| self.judge(cx, key));
    }

    fn judge(&mut self, cx: &Cx<'_>, key: Key) {
        let shelf = self.shelves.get(&key).unwrap_or(&self.empty[key.0]);
        let verdict = self.verdict(cx, &key, shelf);
        self.items.set(key, verdict);
    }

    /// The first instant somebody joined.
    fn joined(&self, person: &str) -> Option<Instant> {
        self.people.get(person)?.first().map(|(at, _)| *at)
    }

    fn verdict(&self, cx: &Cx<'_>, key: &Key, shelf: &Shelf) -> Option<Verdict<Found>> {
        let period = cx.contract.period;
        let start = match &key.1 {
            Some(person) => self.joined(person)?.max(period.start),
            None => period.start,
        };
        if !cx.holds.contains(start) {
            return None;
        }
        if cx.as_of < start {
            return Some(not_yet(start));
        }
        let mut more = Found { missing_faults: shelf.missing().collect(), ..Found::default() };
        let stand = match self.stands(cx, key, start, shelf, &mut more) {
            Ok(stand) => stand,
            Err(e) => {
                more.error = Some(e);
                Stand { status: Status::NoEvidence, ..NOTHING }
            }
        };
        Some(verdict(stand, more))
    }

    fn stands(
        &self,
        cx: &Cx<'_>,
        key: &Key,
        start: Instant,
        shelf: &Shelf,
        more: &mut Found,
    ) -> Result<Stand> {
        let calendar = self.calendar.as_ref().map_err(Clone::clone)?;
        let dues = Dues { calendar, days: cx.days, zone: cx.contract.zone };
        let paper = &self.params.list[key.0];
        let due = match paper.due {
            Due::After(limit) => dues.after(limit, start)?,
            Due::On(day) => dues.end_of(day)?,
            Due::BeforeEnd(us) => cx.contract.period.end - us,
        };
        more.due = Some(due);
        let owed = Owed { start, due, accept: paper.accept, resubmit: self.params.resubmit };
        let mut stand = owed.stands(shelf, &dues, cx.as_of, cx.warn)?;
        let waives = cx.waives(&paper.kind) || cx.waives(&self.case_name(key));
        // What is waived, also in advance, breaks nothing; nor does what nobody recorded anything of.
        stand.forecast = stand.forecast.filter(|_| !waives && self.selected > 0);
        if stand.status == Status::Breached {
            stand.status = match self.selected {
                0 => Status::NoEvidence,
                _ if waives => Status::Waived,
                _ => Status::Breached,
            };
        }
        if !matches!(stand.status, Status::Running | Status::AtRisk) {
            more.settled = shelf.earliest(paper.accept);
        }
        Ok(stand)
    }

    /// `kind`, `kind/person`.
    fn case_name(&self, key: &Key) -> String {
        let kind = &self.params.list[key.0].kind;
        key.1.as_ref().map_or_else(|| kind.clone(), |person| format!("{kind}/{person}"))
    }
}

const NOTHING: Stand = Stand { status: Status::NotDue, breached_at: None, forecast: None, turns: None };

fn verdict(stand: Stand, more: Found) -> Verdict<Found> {
    let Stand { status, breached_at, forecast, turns } = stand;
    Verdict { status, breached_at, forecast, valid_until: turns, more }
}

fn not_yet(start: Instant) -> Verdict<Found> {
    verdict(Stand { turns: Some(start), ..NOTHING }, Found::default())
}

impl Rule for State {
    fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        match cx.books.subjects.case(case).family {
            Family::Document => self.take_papers(cx, case),
            Family::Staff if self.per_person => self.take_joins(cx, case),
            _ => {}
        }
    }

    fn waive(&mut self, cx: &Cx<'_>, change: &WaiverChange) {
        for key in self.keys() {
            let kind = &self.params.list[key.0].kind;
            if change.all || change.cases.iter().any(|c| c == kind || *c == self.case_name(&key)) {
                self.judge(cx, key);
            }
        }
    }

    fn advance(&mut self, cx: &Cx<'_>) {
        while let Some((_, case)) = self.queue.first().filter(|(t, _)| *t <= cx.as_of).copied() {
            self.touch(cx, case);
        }
        while let Some(key) = self.items.due(cx.as_of) {
            self.judge(cx, key);
        }
    }

    fn totals(&self, _cx: &Cx<'_>) -> Totals {
        breach_totals(self.items.tally())
    }

    fn sentence(&self, _cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let count = |s: &[Status]| self.items.judged().filter(|(_, v)| s.contains(&v.status)).count();
        let (met, open) = (count(&[Status::Met]), count(&[Status::Running, Status::AtRisk]));
        let breaches = totals.breaches;
        let mut zh = format!("已按期提交 {met} 份，逾期或缺失 {breaches} 份，待完成 {open} 份");
        let mut en = format!("{met} handed in in time, {breaches} late or missing, {open} still open");
        for (status, text_zh, text_en) in
            [(Status::Waived, "豁免", "waived"), (Status::NoEvidence, "无证据", "without evidence")]
        {
            let n = count(&[status]);
            if n > 0 {
                zh.push_str(&format!("，{text_zh} {n} 份"));
                en.push_str(&format!(", {n} {text_en}"));
            }
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<rules::Detail> {
        let mut judged: Vec<_> = self.items.judged().collect();
        let joined = |person: &Option<String>| person.as_ref().and_then(|p| self.joined(p));
        judged.sort_by_key(|((i, person), _)| (*i, joined(person), person.as_deref()));
        let item = |(key, v): (&Key, &Verdict<Found>)| super::Item {
            kind: self.params.list[key.0].kind.clone(),
            person: key.1.clone(),
            due: cx.stamp(v.more.due),
            status: v.status,
            settled_at: cx.stamp(v.more.settled.as_ref().map(|(at, _)| *at)),
            digest: v.more.settled.as_ref().map(|(_, digest)| digest.to_string()),
            missing_faults: v.more.missing_faults.iter().map(|i| cx.contract.faults[*i].id.clone()).collect(),
        };
        Some(rules::Detail::Documents(Detail { items: judged.into_iter().map(item).collect() }))
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        let judged: BTreeSet<&Key> = self.items.judged().map(|(key, _)| key).collect();
        let mut seqs = Vec::new();
        for (case, papers) in &self.papers {
            let answers = |p: &&Paper| self.answers(p).iter().any(|key| judged.contains(key));
            let before = seqs.len();
            seqs.extend(papers.iter().filter(answers).map(|p| p.seq));
            if seqs.len() > before {
                let words = ["document.accept", "document.reject"];
                let items = cx.books.subjects.case(*case).items.iter();
                let said = items.filter(|i| words.contains(&i.kind.name) && cx.there(i));
                seqs.extend(said.map(|i| i.seq));
            }
        }
        let people: BTreeSet<&String> = judged.iter().filter_map(|(_, person)| person.as_ref()).collect();
        let joins = people.into_iter().filter_map(|person| self.people.get(person)?.first());
        seqs.extend(joins.map(|(_, seq)| *seq));
        seqs
    }

    fn findings(&self, _cx: &Cx<'_>) -> Vec<Finding> {
        let failed = self.items.judged().filter_map(|(key, v)| Some((key, v.more.error.as_ref()?)));
        failed.map(|(key, e)| Finding::new(None, e.code(), &self.case_name(key), e.detail())).collect()
    }

    fn lowers(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        let Some(with) = self.papers.get(&case) else { return false };
        let (without, _) = self.papers(cx, case, Some(seq));
        let gone: Vec<&Paper> = with.difference(&without).collect();
        let keys: BTreeSet<Key> = gone.iter().flat_map(|p| self.answers(p)).collect();
        keys.into_iter().any(|key| {
            let (Some(stands), Some(shelf)) = (self.items.get(&key), self.shelves.get(&key)) else {
                return false;
            };
            let mut rest = shelf.clone();
            gone.iter().filter(|p| self.answers(p).contains(&key)).for_each(|p| rest.take(p));
            let other = without.difference(with);
            other.filter(|p| self.answers(p).contains(&key)).for_each(|p| rest.put(p));
            let Some(worse) = self.verdict(cx, &key, &rest).and_then(|v| v.breached_at) else { return false };
            // A breach that is not there, or that comes later, because of this entry.
            stands.breached_at.is_none_or(|breached| worse < breached)
        })
    }

    fn breach_instants(&self, _cx: &Cx<'_>) -> Vec<Instant> {
        self.items.tally().breach_instants()
    }
}
