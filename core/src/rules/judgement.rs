//! `judgement`: what a party decides and records. The case is the clause. See the rules page, judgement.

use super::{Cx, Finding, Rule, Setup, Totals, unit};
use crate::assess::Status;
use crate::assess::cases::Sentence;
use crate::books::Item;
use crate::calendar::Date;
use crate::contract::parse::written::*;
use crate::error::Lang;
use crate::error::{Code, Error, Result};
use crate::facts::kinds::Family;
use crate::facts::terms::term;
use crate::rules::say::Said;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

tables! {
    /// judgement: recorded, not computed.
    struct Keys {
        /// The party whose record counts (default buyer).
        "by" by: Option<At<'a, Text>>,
        /// The date by whose end it is due (default the period's last).
        "due" due: Option<At<'a, DateText>>,
    }
}

impl<'a> Written<'a> for Keys<'a> {
    type Params = Params;
    fn resolve(self, _frame: &Frame<'_>, _clause: &Node<'a>) -> Result<Params> {
        Ok(Params {
            by: self.by.map_or_else(|| "buyer".to_owned(), |b| b.value.0),
            due: self.due.map(|d| d.value.0),
        })
    }
}

/// Parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// `by`: the party whose record counts.
    pub by: String,
    /// `due`: at its 24:00 local; none: the period's end.
    pub due: Option<Date>,
}

impl Said for Params {
    fn kinds(&self) -> Vec<&str> {
        vec!["judgement.record"]
    }
    fn calendar(&self) -> Option<&str> {
        None
    }
    fn words(&self) -> Sentence {
        let due = self.due.map_or_else(
            || ("期末".to_owned(), "the end of the period".to_owned()),
            |d| (d.to_string(), d.to_string()),
        );
        Sentence::new(
            format!("由{}评判，最迟 {}", term(Lang::Zh, &self.by), due.0),
            format!("judged by the {}, by {}", self.by, due.1),
        )
    }
}

/// What was recorded.
pub(crate) struct State {
    by: String,
    due: Result<Instant>,
    /// The results that count and are there, by (`at`, seq).
    records: BTreeMap<(Instant, u64), Status>,
    by_case: BTreeMap<u32, Vec<(Instant, u64)>>,
    /// Records that are known and not yet there.
    queue: BTreeSet<(Instant, u32)>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let contract = setup.contract;
        let end_of = |day: Date| {
            let after = day.succ_opt().ok_or_else(|| Error::new(Code::OutOfRange, day.to_string()))?;
            Ok(contract.zone.midnight(after))
        };
        State {
            by: params.by.clone(),
            due: params.due.map_or(Ok(contract.period.end), end_of),
            records: BTreeMap::new(),
            by_case: BTreeMap::new(),
            queue: BTreeSet::new(),
        }
    }

    /// The first of the unbroken row of `breached` records that the newest ends.
    fn breached_at(&self) -> Option<Instant> {
        let row = self.records.iter().rev().take_while(|(_, result)| **result == Status::Breached);
        row.last().map(|((at, _), _)| *at)
    }
}

/// The result that a record states.
fn result(item: &Item) -> Option<Status> {
    match item.text("result")? {
        "met" => Some(Status::Met),
        "breached" => Some(Status::Breached),
        "not-due" => Some(Status::NotDue),
        _ => None,
    }
}

impl Rule for State {
    fn touch(&mut self, cx: &Cx<'_>, case: u32) {
        let subject = cx.books.subjects.case(case);
        if subject.family != Family::Judgement {
            return;
        }
        for key in self.by_case.remove(&case).unwrap_or_default() {
            self.records.remove(&key);
        }
        self.queue.retain(|(_, waiting)| *waiting != case);
        let mut keys = Vec::new();
        for item in &subject.items {
            let party = cx.books.record.party_name(item.party);
            let mine = item.text("clause") == Some(&cx.clause.id) && party == Some(&self.by);
            let Some(result) = result(item).filter(|_| mine && cx.lens.sees_item(item)) else { continue };
            if item.at > cx.as_of {
                self.queue.insert((item.at, case));
                continue;
            }
            self.records.insert((item.at, item.seq), result);
            keys.push((item.at, item.seq));
        }
        if !keys.is_empty() {
            self.by_case.insert(case, keys);
        }
    }

    fn advance(&mut self, cx: &Cx<'_>) {
        while let Some((_, case)) = self.queue.first().filter(|(t, _)| *t <= cx.as_of).copied() {
            self.touch(cx, case);
        }
    }

    fn totals(&self, cx: &Cx<'_>) -> Totals {
        let status = match self.records.last_key_value().map(|(_, result)| *result) {
            Some(Status::Breached) if cx.waives(&cx.clause.id) => Status::Waived,
            Some(result) => result,
            None if self.due.as_ref().is_ok_and(|due| cx.as_of <= *due) => Status::NotDue,
            None => Status::NoEvidence,
        };
        let breached = status == Status::Breached;
        Totals {
            status,
            value: None,
            limit: None,
            unit: unit::COUNT,
            scale: 0,
            breaches: i64::from(breached),
            breached_at: self.breached_at().filter(|_| breached),
            forecast: None,
        }
    }

    fn sentence(&self, cx: &Cx<'_>, totals: &Totals) -> (String, String) {
        let (by_zh, by_en) = match self.by.as_str() {
            "buyer" => ("采购方", "buyer"),
            "supplier" => ("供应商", "supplier"),
            other => (other, other),
        };
        let newest = self.records.last_key_value().map(|((at, _), _)| cx.contract.zone.format(*at));
        let zh = totals.status.zh();
        match newest {
            Some(at) => (
                format!("{by_zh} {at} 评定：{zh}"),
                format!("judged by the {by_en} at {at}: {}", totals.status.name()),
            ),
            None => (format!("{by_zh}尚未评定"), format!("the {by_en} has not judged it yet")),
        }
    }

    fn evidence(&self, _cx: &Cx<'_>) -> Vec<u64> {
        self.records.keys().map(|(_, seq)| *seq).collect()
    }
    fn findings(&self, cx: &Cx<'_>) -> Vec<Finding> {
        let error = self.due.as_ref().err().map(|e| Finding::new(None, e.code(), &cx.clause.id, e.detail()));
        error.into_iter().collect()
    }
    fn breach_instants(&self, cx: &Cx<'_>) -> Vec<Instant> {
        self.totals(cx).breached_at.into_iter().collect()
    }
}
