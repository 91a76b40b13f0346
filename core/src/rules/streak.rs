//! `streak`: so many late repairs in a row give the buyer a right. Its elements are those of a `deadline` clause's cases,
//! ordered by instant. See the accounting page, streak.

use super::{Cx, Rule, Setup, Totals, deadline, unit};
use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{Stamp, Status};
use crate::contract::parse::written::*;
use crate::error::{Code, Result};
use crate::rules::say::{Listed, Said};
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

tables! {
    /// streak: so many late ones in a row.
    struct Keys {
        /// Id of a deadline clause.
        "of" of: At<'a, Text>,
        /// From so many in a row.
        "length" length: At<'a, Count>,
        /// A field of the opening fact that must be true.
        "only_if" only_if: Option<At<'a, Text>>,
        /// What the buyer may do then.
        "effect" effect: Option<At<'a, Text>>,
        /// Attributions that are not judged (default none).
        "excluded_attributions" excluded_attributions: Option<At<'a, Vec<At<'a, Text>>>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, _frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        let length = self.length.value.0;
        if length == 0 {
            return self.length.node.fail(Code::OutOfRange, "at least 1", "至少为 1");
        }
        Ok(Params {
            of: self.of.value.0,
            length,
            only_if: self.only_if.map(|t| t.value.0),
            effect: self.effect.map(|t| t.value.0),
            excluded_attributions: texts(self.excluded_attributions).unwrap_or_default(),
        })
    }
    fn names(&self) -> Vec<Named<'a>> {
        vec![Named { name: self.of.clone(), rules: &["deadline"] }]
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `of`: id of a `deadline` clause.
    pub of: String,
    /// `length`: from so many in a row.
    pub length: i64,
    /// `only_if`: a field of the incident that must be true.
    pub only_if: Option<String>,
    /// `effect`: what the buyer may do then.
    pub effect: Option<String>,
    /// `excluded_attributions` (default none).
    pub excluded_attributions: Vec<String>,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        Vec::new()
    }
    fn calendar(&self) -> Option<&str> {
        None
    }
    fn words(&self) -> Sentence {
        let effect = self.effect.as_deref().unwrap_or_default();
        Sentence::new(
            format!("条款 {} 连续 {} 次未按时：{effect}", self.of, self.length),
            format!("{} late in a row under {}: {effect}", self.length, self.of),
        )
    }
}

/// What the clause shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Detail {
    /// The sequence, in order.
    pub elements: Vec<Element>,
    /// What the buyer may do once the length is reached.
    pub effect: Option<String>,
}

impl Listed for Detail {
    fn cases(&self) -> Vec<CaseLine> {
        self.elements
            .iter()
            .map(|e| {
                let status = if e.late { Status::Breached } else { Status::Met };
                let note = Sentence::new(
                    if e.late {
                        format!("未按时，连续第 {} 次", e.run)
                    } else {
                        "按时，重新计数".to_owned()
                    },
                    if e.late {
                        format!("late, {} in a row", e.run)
                    } else {
                        "in time, counted anew".to_owned()
                    },
                );
                CaseLine {
                    settled_at: Some(e.at).filter(|_| !e.late),
                    breached_at: Some(e.at).filter(|_| e.late),
                    note,
                    ..CaseLine::new(&e.subject, Some(status))
                }
            })
            .collect()
    }
}

/// One element of the sequence.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Element {
    /// Incident.
    pub subject: String,
    /// When it was stopped in time, or broke.
    pub at: Stamp,
    /// Late.
    pub late: bool,
    /// Late ones in a row, this one included.
    pub run: i64,
}

/// Instant, incident, late: the order of the sequence.
type Key = (Instant, Arc<str>, bool);

/// The sequence.
pub(crate) struct State {
    params: Params,
    source: usize,
    elements: BTreeSet<Key>,
    on_time: BTreeSet<Key>,
    by_case: BTreeMap<u32, Vec<Key>>,
    /// Late ones since the last on-time one.
    run: i64,
    /// The element at which a run first reached the length.
    first: Option<Key>,
    /// Running clocks by the instant at which they break.
    running: BTreeSet<(Instant, u32)>,
    running_by_case: BTreeMap<u32, Instant>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let source = setup.contract.clauses.iter().position(|c| c.id == params.of).unwrap_or(usize::MAX);
        State {
            params: params.clone(),
            source,
            elements: BTreeSet::new(),
            on_time: BTreeSet::new(),
            by_case: BTreeMap::new(),
            run: 0,
            first: None,
            running: BTreeSet::new(),
            running_by_case: BTreeMap::new(),
        }
    }

    /// The elements of a case, and when it breaks next if nothing more is recorded.
    fn look(&self, cx: &Cx<'_>, source: &deadline::State, case: u32) -> (Vec<Key>, Option<Instant>) {
        let nothing = (Vec::new(), None);
        let Some(verdict) = source.verdict(case).filter(|v| v.status != Status::NotDue) else {
            return nothing;
        };
        let subject = cx.books.subjects.case(case);
        let Some(report) = deadline::report(subject, cx.lens, cx.as_of) else { return nothing };
        if report.withdrawn()
            || report.duplicate()
            || self.params.only_if.as_ref().is_some_and(|field| !report.flag(field))
            || self.params.excluded_attributions.iter().any(|a| a == report.attribution())
        {
            return nothing;
        }
        let name = cx.books.subjects.subject_arc(case);
        let on_time = verdict.more.on_time.iter().map(|t| (*t, name.clone(), false));
        let late = verdict.breached_at.filter(|_| verdict.status == Status::Breached);
        (on_time.chain(late.map(|t| (t, name.clone(), true))).collect(), verdict.forecast)
    }

    fn insert(&mut self, key: Key) {
        let last_on_time = self.on_time.last();
        if key.2 {
            if last_on_time.is_none_or(|last| key > *last) {
                self.run += 1;
            }
        } else {
            if last_on_time.is_none_or(|last| key > *last) {
                self.run = count(self.elements.range((Excluded(&key), Unbounded)));
            }
            self.on_time.insert(key.clone());
        }
        self.elements.insert(key.clone());
        if self.first.as_ref().is_none_or(|first| key < *first) {
            self.find_first(&key);
        }
    }

    fn remove(&mut self, key: &Key) {
        self.elements.remove(key);
        let last_on_time = self.on_time.last();
        if key.2 {
            if last_on_time.is_none_or(|last| key > last) {
                self.run -= 1;
            }
        } else {
            let was_last = last_on_time == Some(key);
            self.on_time.remove(key);
            if was_last {
                self.run = match self.on_time.last() {
                    Some(last) => count(self.elements.range((Excluded(last), Unbounded))),
                    None => count(self.elements.iter()),
                };
            }
        }
        if self.first.as_ref().is_none_or(|first| key <= first) {
            self.find_first(key);
        }
    }

    /// Finds the first run of the length after a change at `key`; earlier elements have none, but for the run `key` lies in.
    fn find_first(&mut self, key: &Key) {
        let length = self.params.length;
        // More than `length` late ones before it without a first would be a contradiction, so this walk is short.
        let mut from = self.elements.range(..key).rev().take_while(|k| k.2);
        let start =
            from.by_ref().take(usize::try_from(length).unwrap_or(usize::MAX)).last().unwrap_or(key).clone();
        let mut run = 0;
        self.first = None;
        for element in self.elements.range(start..) {
            run = if element.2 { run + 1 } else { 0 };
            if run == length {
                self.first = Some(element.clone());
                break;
            }
        }
    }

    fn forecast(&self) -> Option<Instant> {
        if self.first.is_some() {
            return None;
        }
        let missing = usize::try_from(self.params.length - self.run - 1).ok()?;
        self.running.iter().nth(missing).map(|(t, _)| *t)
    }
}

fn count<'a>(elements: impl Iterator<Item = &'a Key>) -> i64 {
    i64::try_from(elements.count()).unwrap_or(i64::MAX)
}

impl Rule for State {
    fn source(&self) -> Option<usize> {
        Some(self.source)
    }

    fn feed(&mut self, cx: &Cx<'_>, source: &deadline::State, changed: &[u32]) {
        for case in changed {
            let (new, due) = self.look(cx, source, *case);
            let old = self.by_case.get(case).cloned().unwrap_or_default();
            for key in old.iter().filter(|k| !new.contains(k)) {
                self.remove(key);
            }
            for key in new.iter().filter(|k| !old.contains(k)) {
                self.insert(key.clone());
            }
            if new.is_empty() {
                self.by_case.remove(case)
            } else {
                self.by_case.insert(*case, new)
            };
            let before = match due {
                Some(due) => self.running_by_case.insert(*case, due),
                None => self.running_by_case.remove(case),
            };
            if let Some(before) = before {
                self.running.remove(&(before, *case));
            }
            if let Some(due) = due {
                self.running.insert((due, *case));
            }
        }
    }

    fn totals(&self, cx: &Cx<'_>) -> Totals {
        let arisen = self.first.as_ref().map(|(t, _, _)| *t);
        let waives = cx.waives(&cx.clause.id);
        let waived = arisen.is_some() && waives;
        let status = match arisen {
            Some(_) if waived => Status::Waived,
            Some(_) => Status::Breached,
            None if self.run == self.params.length - 1 && !self.elements.is_empty() => Status::AtRisk,
            None if self.elements.is_empty() => Status::NotDue,
            None => Status::Met,
        };
        Totals {
            status,
            value: Some(self.run),
            limit: Some(self.params.length),
            unit: unit::COUNT,
            scale: 0,
            breaches: i64::from(arisen.is_some() && !waived),
            breached_at: arisen.filter(|_| !waived),
            forecast: self.forecast().filter(|_| !waives),
        }
    }

    fn breach_instants(&self, cx: &Cx<'_>) -> Vec<Instant> {
        self.totals(cx).breached_at.into_iter().collect()
    }

    fn sentence(&self, cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let (run, length) = (self.run, self.params.length);
        let mut zh = format!("当前连续未按时 {run} 次，达到 {length} 次即成立");
        let mut en = format!("{run} late in a row now; {length} in a row give the right");
        if let Some(at) = totals.breached_at {
            let at = cx.contract.zone.format(at);
            zh = format!("{at} 起连续未按时已达 {length} 次；当前连续 {run} 次");
            en = format!("{length} late in a row since {at}; {run} in a row now");
            if let Some(effect) = &self.params.effect {
                zh.push_str(&format!("：{effect}"));
                en.push_str(&format!(": {effect}"));
            }
        }
        (zh, en)
    }

    fn detail(&self, cx: &Cx<'_>) -> Option<super::Detail> {
        let mut run = 0;
        let elements = self.elements.iter().map(|(at, subject, late)| {
            run = if *late { run + 1 } else { 0 };
            let at = Stamp { at: *at, zone: cx.contract.zone };
            Element { subject: subject.to_string(), at, late: *late, run }
        });
        let elements = elements.collect();
        Some(super::Detail::Streak(Detail { elements, effect: self.params.effect.clone() }))
    }

    fn evidence(&self, cx: &Cx<'_>) -> Vec<u64> {
        let cases = self.by_case.keys().map(|case| cx.books.subjects.case(*case));
        cases.flat_map(|c| &c.items).filter(|i| cx.there(i)).map(|i| i.seq).collect()
    }
}
