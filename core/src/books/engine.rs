//! One contract's verdicts over the books, in one view, at an instant that only moves forward. New facts touch the cases
//! they name or overlap; time touches those whose instant has come; the rest stays as it was judged.

use super::agreement::{Lens, NeedSet};
use super::lines::{Lines, Look};
use super::{Books, Place};
use crate::assess::View;
use crate::contract::{Clause, Contract, Decimal, Tools};
use crate::error::Result;
use crate::rules::{self, Cx, Peers, Rule, Setup, Totals, Waived, WaiverChange};
use crate::time::{Instant, Interval};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where the books are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) as_of: Instant,
    pub(crate) known_at: Instant,
    /// Entries up to this one.
    pub(crate) limit: u64,
}

/// See the module.
pub(crate) struct Engine {
    contract: Arc<Contract>,
    view: View,
    needs: NeedSet,
    tools: Arc<Tools>,
    lines: Lines,
    /// The threshold of the `outages` object in the first line.
    long_from: usize,
    rules: Vec<Box<dyn Rule>>,
    waived: Vec<Waived>,
    next_waiver: Option<Instant>,
    position: Position,
}

/// What new facts touch.
#[derive(Default)]
struct Touched {
    outages: BTreeSet<u32>,
    windows: BTreeSet<u32>,
    subjects: BTreeSet<u32>,
    watching: bool,
    waivers: bool,
}

impl Touched {
    fn place(&mut self, place: Place) {
        match place {
            Place::Outage(id) => drop(self.outages.insert(id)),
            Place::Window(id) => drop(self.windows.insert(id)),
            Place::Subject(id) => drop(self.subjects.insert(id)),
            Place::Waiver(_) => self.waivers = true,
            Place::Watching => self.watching = true,
            Place::Agreement(..) | Place::Adoption(_) | Place::Nowhere => {}
        }
    }

    /// Everything between two entries; none when only a fold from scratch is right.
    fn between(books: &Books, after: u64, limit: u64) -> Option<Touched> {
        let mut touched = Touched::default();
        for seq in after + 1..=limit {
            touched.entry(books, seq);
            if let Place::Agreement(from, to) = books.place(seq) {
                if from != to {
                    return None;
                }
                touched.entry(books, from);
            }
        }
        Some(touched)
    }

    fn entry(&mut self, books: &Books, seq: u64) {
        self.place(books.place(seq));
        self.subjects.extend(books.subjects.links(seq));
    }

    fn everything(books: &Books) -> Touched {
        Touched {
            outages: (0..books.outages.len()).collect(),
            windows: (0..books.windows.len()).collect(),
            subjects: (0..books.subjects.len()).collect(),
            watching: true,
            waivers: true,
        }
    }
}

impl Engine {
    /// Folds the books from scratch.
    ///
    /// # Errors
    /// `not-found` for holiday data that do not exist.
    pub(crate) fn fold(
        contract: Arc<Contract>,
        view: View,
        books: &Books,
        position: Position,
    ) -> Result<Engine> {
        let tools = contract.tools(position.known_at)?;
        let mut lines = Lines::new(&contract.accounting);
        let long_from = Some(contract.accounting.long_from);
        let (_, long_from) = lines.line(&[], None, vec![contract.period], long_from)?;
        let start = |clause| {
            rules::start(&mut Setup { contract: &contract, clause, tools: &tools, lines: &mut lines })
        };
        let rules = contract.clauses.iter().map(start).collect();
        lines.begin(position.as_of);
        let needs = NeedSet::new(&contract.needs);
        let waived = contract.clauses.iter().map(|_| Waived::default()).collect();
        let mut engine = Engine {
            contract,
            view,
            needs,
            tools,
            lines,
            long_from,
            rules,
            waived,
            next_waiver: None,
            position,
        };
        engine.apply(books, &Touched::everything(books));
        Ok(engine)
    }

    /// Moves on to a later position; false when only a fold from scratch is right.
    pub(crate) fn forward(&mut self, books: &Books, to: Position) -> bool {
        let at = self.position;
        if to == at {
            return true;
        }
        let notice = self.tools.valid_until.is_some_and(|until| until <= to.known_at);
        if to.as_of < at.as_of || to.known_at < at.known_at || to.limit < at.limit || notice {
            return false;
        }
        let Some(touched) = Touched::between(books, at.limit, to.limit) else { return false };
        self.position = to;
        self.apply(books, &touched);
        true
    }

    fn apply(&mut self, books: &Books, touched: &Touched) {
        let contract = self.contract.clone();
        let lens = Lens {
            known_at: self.position.known_at,
            limit: self.position.limit,
            view: self.view,
            needs: &self.needs,
            record: &books.record,
        };
        let as_of = self.position.as_of;
        let look = Look { lens, as_of, accounting: &contract.accounting };
        self.lines.advance(books, &look);
        for id in &touched.windows {
            self.lines.touch_window(*id, books, &look);
        }
        for id in &touched.outages {
            self.lines.touch_outage(*id, books, &look);
        }
        let waivers = if touched.waivers || self.next_waiver.is_some_and(|t| t <= as_of) {
            self.waive(books)
        } else {
            Vec::new()
        };
        for i in 0..self.rules.len() {
            // Taken out, so that the rest of the engine can be looked at.
            let mut rule = std::mem::replace(&mut self.rules[i], Box::new(rules::Absent));
            let cx = self.cx(books, i);
            for case in &touched.subjects {
                rule.touch(&cx, *case);
            }
            if touched.watching {
                rule.watch(&cx);
            }
            if let Some(change) = waivers.get(i).filter(|c| c.all || !c.cases.is_empty()) {
                rule.waive(&cx, change);
            }
            rule.advance(&cx);
            self.rules[i] = rule;
        }
        self.feed(books);
    }

    /// Hands the changed cases of each clause to those that are made of them.
    fn feed(&mut self, books: &Books) {
        for i in 0..self.rules.len() {
            let mut rule = std::mem::replace(&mut self.rules[i], Box::new(rules::Absent));
            if let Some(source) = rule.as_deadline() {
                let changed = source.take_changed();
                for j in 0..self.rules.len() {
                    if self.rules[j].source() == Some(i) && !changed.is_empty() {
                        let mut made = std::mem::replace(&mut self.rules[j], Box::new(rules::Absent));
                        made.feed(&self.cx(books, j), source, &changed);
                        self.rules[j] = made;
                    }
                }
            }
            self.rules[i] = rule;
        }
    }

    /// Reads the waivers anew; what changed, by clause.
    fn waive(&mut self, books: &Books) -> Vec<WaiverChange> {
        self.next_waiver = None;
        let mut changes = Vec::with_capacity(self.waived.len());
        for i in 0..self.waived.len() {
            let clause = &self.contract.clauses[i];
            let mut waived = Waived::default();
            for waiver in books.waivers.iter().filter(|w| w.clause == clause.id) {
                let cx = self.cx(books, i);
                let party = books.record.party_name(waiver.item.party);
                let other = party.is_some_and(|p| p != clause.party && p != "machine");
                if !other || !cx.lens.sees_item(&waiver.item) {
                    continue;
                }
                if waiver.item.at > self.position.as_of {
                    self.next_waiver = self.next_waiver.into_iter().chain([waiver.item.at]).min();
                    continue;
                }
                waived.seqs.push(waiver.item.seq);
                match &waiver.case {
                    Some(case) => drop(waived.cases.insert(case.clone())),
                    None => waived.all = true,
                }
            }
            let cases = waived.cases.symmetric_difference(&self.waived[i].cases).cloned().collect();
            changes.push(WaiverChange { all: waived.all != self.waived[i].all, cases });
            self.waived[i] = waived;
        }
        changes
    }

    pub(crate) fn lens<'a>(&'a self, books: &'a Books) -> Lens<'a> {
        Lens {
            known_at: self.position.known_at,
            limit: self.position.limit,
            view: self.view,
            needs: &self.needs,
            record: &books.record,
        }
    }

    /// What clause `i` is asked with.
    pub(crate) fn cx<'a>(&'a self, books: &'a Books, i: usize) -> Cx<'a> {
        let clause = &self.contract.clauses[i];
        Cx {
            contract: &self.contract,
            clause,
            books,
            lines: &self.lines,
            days: &self.tools.days,
            lens: self.lens(books),
            as_of: self.position.as_of,
            holds: self.holds(clause),
            warn: self.warn(clause),
            waived: &self.waived[i],
            peers: self,
        }
    }
    fn holds(&self, clause: &Clause) -> Interval {
        clause.holds.unwrap_or(self.contract.period)
    }
    fn warn(&self, clause: &Clause) -> Decimal {
        clause.warn_fraction.unwrap_or(self.contract.accounting.warn_fraction)
    }
    pub(crate) fn rule(&self, i: usize) -> &dyn Rule {
        &*self.rules[i]
    }
    pub(crate) fn totals<'a>(&'a self, books: &'a Books) -> impl Iterator<Item = Totals> + 'a {
        (0..self.rules.len()).map(|i| self.rules[i].totals(&self.cx(books, i)))
    }
    pub(crate) fn contract(&self) -> &Arc<Contract> {
        &self.contract
    }
    pub(crate) fn view(&self) -> View {
        self.view
    }
    pub(crate) fn position(&self) -> Position {
        self.position
    }
    pub(crate) fn lines(&self) -> &Lines {
        &self.lines
    }
    pub(crate) fn long_from(&self) -> usize {
        self.long_from
    }
    pub(crate) fn tools(&self) -> &Tools {
        &self.tools
    }
    pub(crate) fn waivers(&self) -> impl Iterator<Item = u64> + '_ {
        self.waived.iter().flat_map(|w| w.seqs.iter().copied())
    }
}

impl Peers for Engine {
    fn ask(&self, books: &Books, clause: usize, ask: &mut dyn FnMut(&dyn Rule, &Cx<'_>)) {
        ask(&*self.rules[clause], &self.cx(books, clause));
    }
}
