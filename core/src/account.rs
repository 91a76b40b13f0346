//! Contract, ledger (or loose facts) and books: what a host holds in its hand.

mod questions;

use crate::assess::{Ask, Assessment, Budget, HeadRef, OutageRow, View, document};
use crate::books::Books;
use crate::books::engine::{Engine, Position};
use crate::calendar::Date;
use crate::contract::Contract;
#[cfg(feature = "ledger")]
use crate::error::err;
use crate::error::{Code, Error, Result};
use crate::facts::{Entry, Fact};
#[cfg(feature = "ledger")]
use crate::ledger::Ledger;
use crate::time::{Instant, parse_instant};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The books of one contract. `Send + Sync`; locks inside.
///
/// Questions may go forward and back. Going forward (a later `as_of`, more facts) costs what changed; an earlier `as_of` or
/// `known_at` is folded from scratch and leaves the books of the present as they are.
pub struct Account {
    inner: Mutex<Inner>,
}

struct Inner {
    given: Option<Arc<Contract>>,
    /// Texts that the ledger adopted and that could be read, with the entry and the instant from which each holds.
    adopted: Vec<(u64, Option<Instant>, Arc<Contract>)>,
    /// How many of the books' adoptions were read.
    read: usize,
    books: Books,
    /// The foremost engine of each view.
    engines: [Option<Engine>; 2],
    #[cfg(feature = "ledger")]
    ledger: Option<Ledger>,
}

/// Entries are read from the ledger in batches of so many.
#[cfg(feature = "ledger")]
const BATCH: u64 = 20_000;

impl Account {
    /// An account of loose facts.
    pub fn new(contract: Arc<Contract>) -> Account {
        Account { inner: Mutex::new(Inner::new(Some(contract))) }
    }

    /// An account that follows a ledger: every question first reads what was appended since. Without `contract`, the one the
    /// ledger adopted (`contract.adopt`) that is in force at `as_of` as known at `known_at`.
    ///
    /// # Errors
    /// `not-found` when the ledger adopted no contract; whatever reading it may answer.
    #[cfg(feature = "ledger")]
    pub fn open(contract: Option<Arc<Contract>>, ledger: Ledger) -> Result<Account> {
        let mut inner = Inner::new(contract);
        inner.ledger = Some(ledger);
        inner.follow()?;
        inner.contract(Position { as_of: Instant::MAX, known_at: Instant::MAX, limit: u64::MAX })?;
        Ok(Account { inner: Mutex::new(inner) })
    }

    /// The contract given, or the newest the ledger adopted.
    pub fn contract(&self) -> Arc<Contract> {
        let inner = self.inner.lock();
        let newest = inner.given.as_ref().or(inner.adopted.last().map(|(.., c)| c));
        // `new` is given one, `open` checked that there is one.
        newest.cloned().unwrap_or_else(|| unreachable!("an account has a contract"))
    }

    /// The contract in force at the instants asked for.
    ///
    /// # Errors
    /// As [`Account::budget`]; `not-found` when the ledger had adopted none.
    pub fn contract_at(&self, ask: &Ask) -> Result<Arc<Contract>> {
        self.with(ask, |engine, _, _| Ok(engine.contract().clone()))
    }

    /// Entries by number, from the ledger; without one none, for loose facts are not kept as they were written.
    ///
    /// # Errors
    /// What reading the ledger may answer.
    pub fn entries(&self, seqs: &BTreeSet<u64>) -> Result<Vec<Entry>> {
        #[cfg(feature = "ledger")]
        if let Some(ledger) = self.inner.lock().ledger.clone() {
            let mut entries = Vec::with_capacity(seqs.len());
            for (from, count) in runs(seqs) {
                entries.extend(ledger.entries(from, count)?);
            }
            return Ok(entries);
        }
        let _ = seqs;
        Ok(Vec::new())
    }

    /// SM3 of the head line of entries, by number, in order; without a ledger none.
    ///
    /// # Errors
    /// What reading the ledger may answer.
    pub fn heads(&self, seqs: &BTreeSet<u64>) -> Result<Vec<HeadRef>> {
        #[cfg(feature = "ledger")]
        if let Some(ledger) = self.inner.lock().ledger.clone() {
            let mut heads = Vec::with_capacity(seqs.len());
            for (from, count) in runs(seqs) {
                let read = ledger.read(from, count)?.into_iter();
                heads.extend(
                    read.map(|r| HeadRef { seq: r.seq, sm3: crate::digest::sm3_hex(r.head.as_bytes()) }),
                );
            }
            return Ok(heads);
        }
        let _ = seqs;
        Ok(Vec::new())
    }

    /// The contract that computes the answers to `ask`: the one given, or the adopted one in force then.
    ///
    /// # Errors
    /// As [`Account::budget`].
    pub fn contract_for(&self, ask: &Ask) -> Result<Arc<Contract>> {
        self.with(ask, |engine, _, _| Ok(engine.contract().clone()))
    }

    /// Adds facts as JSON Lines (blank lines are skipped), each with its stated `recorded_at` (absent: its `at`), in that
    /// order. All or none. Returns how many.
    ///
    /// # Errors
    /// Category input (with the line as row); facts that contradict the record become faults and are no error here;
    /// `bad-request` on an account that follows a ledger.
    pub fn add(&self, jsonl: &str) -> Result<u64> {
        let mut inner = self.inner.lock();
        #[cfg(feature = "ledger")]
        if inner.ledger.is_some() {
            return Err(Error::new(Code::BadRequest, "account.add")
                .with_hints("append to the ledger; the account follows it", "请写入台账，账目会自动跟随"));
        }
        let mut last = inner.books.last_recorded_at();
        let mut facts = Vec::new();
        for (row, line) in (1..).zip(jsonl.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let (fact, stated) = Fact::parse_stated(line).map_err(|e| e.at_row(row))?;
            let recorded_at = stated.unwrap_or(fact.at);
            if last.is_some_and(|last| recorded_at < last) {
                let text = crate::time::canonical_instant(recorded_at)?;
                return Err(Error::new(Code::NotInOrder, format!("recorded_at = {text}")).at_row(row));
            }
            last = Some(recorded_at);
            facts.push((fact, recorded_at));
        }
        let count = facts.len() as u64;
        for (fact, recorded_at) in facts {
            let seq = inner.books.len() + 1;
            inner.books.add(Entry { seq, recorded_at, fact });
        }
        Ok(count)
    }

    /// The flat figures. Costs what changed since the last question, not what is recorded.
    ///
    /// # Errors
    /// `as-of-after-known-at`; with a ledger, whatever reading it may answer.
    pub fn budget(&self, ask: &Ask) -> Result<Budget> {
        self.with(ask, |engine, books, head| Ok(document::budget(engine, books, head.map(|h| h.seq))))
    }

    /// Long and short outages and counted downtime of all systems inside the period; costs what [`Account::budget`] costs.
    ///
    /// # Errors
    /// As [`Account::budget`].
    #[cfg(feature = "report")]
    pub(crate) fn outage_totals(&self, ask: &Ask) -> Result<(i64, i64, crate::time::Micros)> {
        self.with(ask, |engine, books, _| document::outage_totals(engine, books))
    }

    /// The assessment document.
    ///
    /// # Errors
    /// As [`Account::budget`].
    pub fn assess(&self, ask: &Ask) -> Result<Assessment> {
        self.with(ask, |engine, books, head| document::assessment(engine, books, head, ask.view))
    }

    /// Every outage that shares an instant with the service period, counted or not, by start; voided ones are gone.
    ///
    /// # Errors
    /// As [`Account::budget`].
    pub fn outages(&self, ask: &Ask) -> Result<Vec<OutageRow>> {
        self.with(ask, |engine, books, _| Ok(document::rows(engine, books)))
    }

    fn with<T>(
        &self,
        ask: &Ask,
        answer: impl FnOnce(&Engine, &Books, Option<HeadRef>) -> Result<T>,
    ) -> Result<T> {
        let mut inner = self.inner.lock();
        let head = inner.follow()?;
        let (as_of, known_at) = document::instants(ask, inner.books.last_recorded_at(), head.is_some())?;
        let limit = inner.books.known(known_at).min(ask.head.unwrap_or(u64::MAX));
        let position = Position { as_of, known_at, limit };
        let head = inner.head_at(head, limit)?;
        let contract = inner.contract(position)?;
        let inner = &mut *inner;
        // With nothing to confirm the two views are one.
        let view = if contract.needs.is_empty() { View::Agreed } else { ask.view };
        let slot = &mut inner.engines[view as usize];
        let stands = slot
            .as_mut()
            .is_some_and(|e| Arc::ptr_eq(e.contract(), &contract) && e.forward(&inner.books, position));
        if let Some(engine) = slot.as_ref().filter(|_| stands) {
            return answer(engine, &inner.books, head);
        }
        let engine = Engine::fold(contract, view, &inner.books, position)?;
        let result = answer(&engine, &inner.books, head);
        // A question about what was known before does not cost the present its books.
        if limit == inner.books.len() {
            *slot = Some(engine);
        }
        result
    }
}

impl Inner {
    fn new(given: Option<Arc<Contract>>) -> Inner {
        Inner {
            given,
            adopted: Vec::new(),
            read: 0,
            books: Books::default(),
            engines: [None, None],
            #[cfg(feature = "ledger")]
            ledger: None,
        }
    }

    /// Reads what the ledger has beyond the books; its last head.
    #[cfg(feature = "ledger")]
    fn follow(&mut self) -> Result<Option<HeadRef>> {
        let Some(ledger) = self.ledger.clone() else { return Ok(None) };
        let head = ledger.head()?;
        while self.books.len() < head.seq {
            let from = self.books.len() + 1;
            let entries = ledger.entries(from, BATCH.min(head.seq - from + 1))?;
            if entries.is_empty() {
                return err(Code::Corrupt, format!("entry {from}"));
            }
            for entry in entries {
                if entry.seq != self.books.len() + 1 {
                    return err(Code::Corrupt, format!("entry {}", self.books.len() + 1));
                }
                self.books.add(entry);
            }
        }
        self.adopt();
        Ok(Some(HeadRef { seq: head.seq, sm3: head.sm3 }))
    }
    #[cfg(not(feature = "ledger"))]
    #[allow(clippy::unnecessary_wraps, reason = "one signature with and without a ledger")]
    fn follow(&mut self) -> Result<Option<HeadRef>> {
        Ok(None)
    }

    /// The head of the last entry that is looked at.
    #[cfg(feature = "ledger")]
    fn head_at(&self, last: Option<HeadRef>, limit: u64) -> Result<Option<HeadRef>> {
        let Some(ledger) = self.ledger.as_ref().filter(|_| last.as_ref().is_some_and(|h| h.seq != limit))
        else {
            return Ok(last);
        };
        if limit == 0 {
            return Ok(Some(HeadRef { seq: 0, sm3: "0".repeat(64) }));
        }
        let rows = ledger.read(limit, 1)?;
        let sm3 = rows.first().map(|r| crate::digest::sm3_hex(r.head.as_bytes()));
        Ok(sm3.map(|sm3| HeadRef { seq: limit, sm3 }))
    }
    #[cfg(not(feature = "ledger"))]
    #[allow(clippy::unnecessary_wraps, reason = "one signature with and without a ledger")]
    fn head_at(&self, last: Option<HeadRef>, _limit: u64) -> Result<Option<HeadRef>> {
        Ok(last)
    }

    /// Reads the texts that were adopted since.
    #[cfg(feature = "ledger")]
    fn adopt(&mut self) {
        while let Some(adoption) = self.books.adoptions.get(self.read) {
            self.read += 1;
            let seq = adoption.item.seq;
            let subject = format!("contract {}", adoption.sm3);
            match Contract::parse(&adoption.text) {
                Ok(contract) if contract.sm3 == adoption.sm3 => {
                    let from = adoption.from.as_deref().and_then(|from| from_instant(&contract, from));
                    self.adopted.push((seq, from, Arc::new(contract)));
                }
                Ok(contract) => self.books.refuse(seq, subject, Error::new(Code::Corrupt, contract.sm3)),
                Err(error) => self.books.refuse(seq, subject, error),
            }
        }
    }

    /// The text in force at a position.
    fn contract(&self, at: Position) -> Result<Arc<Contract>> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        let known =
            |seq: u64| seq <= at.limit && self.books.recorded_at(seq).is_some_and(|r| r <= at.known_at);
        let texts = || self.adopted.iter().filter(|(seq, ..)| known(*seq));
        let in_force = texts()
            .filter(|(_, from, _)| from.is_none_or(|from| from <= at.as_of))
            .max_by_key(|(seq, from, _)| (from.unwrap_or(Instant::MIN), *seq));
        // Before the first one holds, the first one says so.
        let text = in_force.or_else(|| texts().next()).or_else(|| self.adopted.first());
        match text {
            Some((.., contract)) => Ok(contract.clone()),
            None => Err(Error::new(Code::NotFound, "contract.adopt").with_hints(
                "name the contract, or let the ledger adopt one: init --contract",
                "请指定合同，或在台账中采用合同：init --contract",
            )),
        }
    }
}

/// Numbers that follow each other, as first and how many.
#[cfg(feature = "ledger")]
fn runs(seqs: &BTreeSet<u64>) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for seq in seqs {
        match runs.last_mut() {
            Some((from, count)) if *from + *count == *seq && *count < BATCH => *count += 1,
            _ => runs.push((*seq, 1)),
        }
    }
    runs
}

/// The instant from which an adopted text holds: of a local date, its first.
fn from_instant(contract: &Contract, from: &str) -> Option<Instant> {
    match from.parse::<Date>() {
        Ok(date) => Some(contract.zone.midnight(date)),
        Err(_) => parse_instant(from).ok(),
    }
}
