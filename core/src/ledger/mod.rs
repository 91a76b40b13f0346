//! The append-only, provable file. The only place with SQL on the ledger's file.

use crate::error::{Code, Result, err};
use crate::facts::{Entry, Fact};
use crate::time::Instant;
use std::path::Path;

/// An open ledger; clones share it. `Send + Sync`.
#[derive(Clone)]
pub struct Ledger {}

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
    /// `chain-broken`, `fact-changed`, …
    pub name: &'static str,
    /// Words.
    pub detail: String,
}

/// Progress: done, total (entries or bytes); answer false to cancel.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> bool;

impl Ledger {
    /// Opens (or makes) a ledger.
    ///
    /// # Errors
    /// `not-a-ledger`, `ledger-version`, `read-only-file`, `second-copy`, `network-file-system`, `io`.
    pub fn open(_path: &Path, _options: &Options) -> Result<Ledger> {
        err(Code::Unsupported, "ledger")
    }
    /// Appends a batch: all recorded or none. Returns the entries' numbers (an old number where the same key holds the same fact).
    ///
    /// # Errors
    /// Category input, refused or conflict with the row; `busy`, `disk-full`, `read-only-file`, `disturbed`, `clock-jump`.
    pub fn append(&self, _facts: &[Fact], _now: Instant) -> Result<Vec<u64>> {
        err(Code::Unsupported, "ledger")
    }
    /// The last entry.
    ///
    /// # Errors
    /// `io`, `corrupt`, `closed`, `forked`.
    pub fn head(&self) -> Result<Head> {
        err(Code::Unsupported, "ledger")
    }
    /// Rows `from..` (at most `limit`), in order.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    pub fn read(&self, _from: u64, _limit: u64) -> Result<Vec<Record>> {
        err(Code::Unsupported, "ledger")
    }
    /// The same rows, parsed.
    ///
    /// # Errors
    /// As [`Ledger::head`].
    pub fn entries(&self, _from: u64, _limit: u64) -> Result<Vec<Entry>> {
        err(Code::Unsupported, "ledger")
    }
    /// Records facts that were recorded elsewhere before: what each states as `recorded_at` is kept as
    /// `claimed_recorded_at`. A fact whose `key` is recorded already with the same content is skipped. With `lenient`, facts
    /// that contradict the record are recorded all the same (the books give them no effect and list them); else the first
    /// such fact refuses all.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub fn import(
        &self,
        _facts: &[(Fact, Option<Instant>)],
        _now: Instant,
        _lenient: bool,
    ) -> Result<Imported> {
        err(Code::Unsupported, "ledger")
    }
    /// Answers a read-only query over the public table `entry`.
    ///
    /// # Errors
    /// `not-read-only` for anything that writes or attaches; `bad-request` with SQLite's words.
    pub fn sql(&self, _query: &str) -> Result<Table> {
        err(Code::Unsupported, "ledger")
    }
    /// Writes one consistent, self-contained copy (no WAL) for read-only media and auditors.
    ///
    /// # Errors
    /// `ledger-exists` when `path` exists; `io`, `disk-full`, `read-only-file`.
    pub fn snapshot(&self, _path: &Path) -> Result<()> {
        err(Code::Unsupported, "ledger")
    }
    /// Re-hashes everything; names the first bad entry.
    ///
    /// # Errors
    /// Only what keeps it from reading; what it finds is in the verdict.
    pub fn verify(&self, _progress: Progress<'_>) -> Result<Verdict> {
        err(Code::Unsupported, "ledger")
    }
}
