//! The append-only, provable file. In: facts and the instant at which they are recorded. Out: entries, each linked to the one
//! before by SM3, and what a third party needs to check them. Judges facts by the record alone ([`crate::facts::admit`]); knows no
//! contract, and asks no clock.
//!
//! The file is one SQLite database in WAL mode; several processes and threads append and read at once. [`db`] holds all SQL on
//! it, [`writer`] the commits, [`queue`] the line of writers, [`store`] what a process shares, [`side`] the lookups, [`verify`] the proof.

mod batch;
pub mod clock;
pub(crate) mod db;
mod files;
mod head;
mod query;
mod queue;
mod readers;
mod side;
mod snapshot;
mod store;
mod verify;
mod writer;

use crate::error::{Code, Error, Result};
use crate::facts::{Entry, Fact};
use crate::time::Instant;
use batch::Item;
use std::path::Path;
use std::sync::Arc;
use store::Store;

/// An open ledger; clones share it. `Send + Sync`.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<Store>,
    options: Options,
}

/// How to open.
#[derive(Clone, Debug)]
pub struct Options {
    /// Make the file if there is none (an existing one is opened).
    pub create: bool,
    /// Flush to disk before an append returns (default true; false is `durability = "os"`).
    pub sync: bool,
    /// How long a writer waits for others, microseconds (default 30 s).
    pub wait_limit: i64,
    /// Accept a clock more than 400 days ahead of the last entry.
    pub accept_clock: bool,
    /// Only reading.
    pub read_only: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { create: false, sync: true, wait_limit: 30_000_000, accept_clock: false, read_only: false }
    }
}

/// The last entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 for an empty ledger.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// SM3 of its head line, lower-case hex (64 zeros for an empty ledger).
    pub sm3: String,
}

/// A row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Number, from 1.
    pub seq: u64,
    /// The head line.
    pub head: String,
    /// The canonical fact.
    pub fact: String,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The entry of each fact, in order.
    pub seqs: Vec<u64>,
    /// How many of them are new.
    pub new: u64,
    /// With `lenient`: rows (from 1) that contradict the record, with the reason.
    pub faults: Vec<(u64, String)>,
}

/// The answer to a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows of integers, texts (blobs as hex), decimal texts for floating-point numbers, or null.
    pub rows: Vec<Vec<serde_json::Value>>,
}

/// What `verify` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Entries read.
    pub entries: u64,
    /// The first bad entry, if any.
    pub first_bad: Option<u64>,
    /// What is wrong (also without a bad entry: a dropped trigger, a wrong side table).
    pub problem: Option<Problem>,
}

/// A problem's stable name and its detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Of an entry: `entry-missing`, `entry-added`, `not-text`, `head-malformed`, `seq-wrong`, `fact-changed`, `chain-broken`,
    /// `time-backwards`, `not-canonical`, `duplicate-key`, `file-damaged`. Of the file: `trigger-missing`, `trigger-changed`,
    /// `trigger-added`, `table-changed`, `side-wrong` (lookup tables that do not agree; no part of the proof).
    pub name: &'static str,
    /// Words.
    pub detail: String,
}

/// Progress: done, total (entries or bytes); answer false to cancel.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("path", &self.store.path).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens (or makes) a ledger. Handles of one file share one store in a process.
    ///
    /// # Errors
    /// `not-found` (without `create`), `not-a-ledger`, `ledger-version`, `read-only-file`, `second-copy`, `network-file-system`,
    /// `busy`, `disk-full`, `io`.
    pub fn open(path: &Path, options: &Options) -> Result<Ledger> {
        Ok(Ledger { store: Store::open(path, options)?, options: options.clone() })
    }
    /// The file, symbolic links resolved.
    pub fn path(&self) -> &Path {
        &self.store.path
    }
    /// Appends a batch: all recorded or none. Returns the entries' numbers (an old number where the same key holds the same fact).
    /// All new entries of a commit have one `recorded_at`: `now`, or one microsecond after the last entry where that is later. A
    /// `now` more than a second behind the last entry is recorded first, as a fact `clock.fault`.
    ///
    /// # Errors
    /// Category input, refused or conflict with the row; `busy`, `disk-full`, `read-only-file`, `disturbed`, `clock-jump`.
    pub fn append(&self, facts: &[Fact], now: Instant) -> Result<Vec<u64>> {
        if let Some(i) = facts.iter().position(|fact| fact.claimed_recorded_at.is_some()) {
            return Err(Error::new(Code::StatedRecordedAt, "claimed_recorded_at").at_row(i as u64 + 1));
        }
        let items = Item::all(facts.iter())?;
        Ok(writer::append(&self.store, &self.options, items, now, false)?.seqs)
    }
    /// The last entry.
    ///
    /// # Errors
    /// `io`, `corrupt`, `forked`.
    pub fn head(&self) -> Result<Head> {
        self.store.head()
    }
    /// The entry `seq` as a head; `None` when there is none.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    pub fn head_at(&self, seq: u64) -> Result<Option<Head>> {
        self.store.read(|db| db.head_at(seq))
    }
    /// The last entry that was recorded at or before `known_at`; `None` when there is none.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    pub fn known_at(&self, known_at: Instant) -> Result<Option<Head>> {
        self.store.read(|db| {
            let (mut low, mut high) = (0, db.last()?.seq);
            while low < high {
                let middle = low + (high - low).div_ceil(2);
                match db.head_at(middle)? {
                    Some(head) if head.recorded_at <= known_at => low = middle,
                    Some(_) => high = middle - 1,
                    None => return db::corrupt(middle as i64, "is missing"),
                }
            }
            db.head_at(low)
        })
    }
    /// Rows `from..` (at most `limit`), in order.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    pub fn read(&self, from: u64, limit: u64) -> Result<Vec<Record>> {
        self.store.read(|db| {
            let mut records = Vec::new();
            each(db, from, limit, |seq, head, fact| {
                records.push(Record { seq, head: head.to_owned(), fact: fact.to_owned() });
                Ok(())
            })?;
            Ok(records)
        })
    }
    /// The same rows, parsed.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    pub fn entries(&self, from: u64, limit: u64) -> Result<Vec<Entry>> {
        self.store.read(|db| {
            let mut entries = Vec::new();
            each(db, from, limit, |seq, head, fact| {
                entries.push(batch::entry_of(seq, head, fact)?);
                Ok(())
            })?;
            Ok(entries)
        })
    }
    /// Records facts that were recorded elsewhere before: what each states as `recorded_at` is kept as
    /// `claimed_recorded_at`. A fact whose `key` is recorded already with the same content is skipped. With `lenient`, facts
    /// that contradict the record are recorded all the same (the books give them no effect and list them); else the first
    /// such fact refuses all.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn import(&self, facts: &[(Fact, Option<Instant>)], now: Instant, lenient: bool) -> Result<Imported> {
        let claiming = |(fact, stated): &(Fact, Option<Instant>)| {
            let claimed = stated.or(fact.claimed_recorded_at);
            Fact { claimed_recorded_at: claimed, ..fact.clone() }
        };
        let facts: Vec<Fact> = facts.iter().map(claiming).collect();
        let items = Item::all(facts.iter())?;
        let done = writer::append(&self.store, &self.options, items, now, lenient)?;
        Ok(Imported { seqs: done.seqs, new: done.new, faults: done.faults })
    }
    /// Answers a read-only query over the public table `entry`.
    ///
    /// # Errors
    /// `not-read-only` for anything that writes or attaches; `bad-request` with SQLite's words.
    pub fn sql(&self, query: &str) -> Result<Table> {
        query::answer(&self.store, query)
    }
    /// Writes one consistent, self-contained copy (no WAL) for read-only media and auditors.
    ///
    /// # Errors
    /// `ledger-exists` when `path` exists; `io`, `disk-full`, `read-only-file`.
    pub fn snapshot(&self, path: &Path) -> Result<()> {
        snapshot::write(&self.store, path)
    }
    /// Re-hashes everything; names the first bad entry. Lookup tables that do not agree with the entries are emptied, so that
    /// the next append builds them anew.
    ///
    /// # Errors
    /// `cancelled`, and what keeps it from reading; what it finds is in the verdict.
    pub fn verify(&self, progress: Progress<'_>) -> Result<Verdict> {
        verify::run(&self.store, &self.options, progress)
    }
}

/// Hands the rows `from..` (at most `limit`) to `take`, in order.
fn each(
    db: &db::Db,
    from: u64,
    limit: u64,
    mut take: impl FnMut(u64, &str, &str) -> Result<()>,
) -> Result<()> {
    let Ok(from) = i64::try_from(from) else { return Ok(()) };
    db.rows(from, limit, |seq, head, fact| {
        match (u64::try_from(seq), head.map(str::from_utf8), fact.map(str::from_utf8)) {
            (Ok(seq), Some(Ok(head)), Some(Ok(fact))) => take(seq, head, fact).map(|()| true),
            _ => db::corrupt(seq, "number, head or fact is not what it must be"),
        }
    })
}
