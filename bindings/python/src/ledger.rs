//! `Ledger`: the append-only, provable file.

use crate::contract::read_file;
use crate::convert::micros;
use crate::errors::{detached, input};
use crate::facts;
use crate::stored::{Head, Imported, Record, Table, Verdict};
use opsledger::Error;
use opsledger::calendar::Zone;
use opsledger::error::Code;
use opsledger::facts::Fact;
use opsledger::ledger::clock::system_now;
use opsledger::ledger::{self, Options};
use parking_lot::RwLock;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use std::path::PathBuf;

/// A ledger: an append-only file of facts whose every entry proves the ones before it.
///
/// Opened with `Ledger.open`; a context manager. Several threads and processes may use one file at once.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Ledger {
    /// None once closed.
    inner: RwLock<Option<ledger::Ledger>>,
    path: PathBuf,
}

impl Ledger {
    /// The open ledger; clones share it.
    pub(crate) fn open_handle(&self) -> opsledger::Result<ledger::Ledger> {
        self.inner.read().clone().ok_or_else(|| Error::new(Code::Closed, self.path.display().to_string()))
    }
}

#[pymethods]
impl Ledger {
    /// Opens a ledger; with `create`, makes the file if there is none.
    ///
    /// `durability` is "disk" (an append that returned is on disk) or "os" (it survives a crash of the process, not of the
    /// machine). A writer waits `wait_limit` (default 30 s) for others. `accept_clock` takes a clock more than 400 days ahead
    /// of the last entry. `read_only` never writes.
    ///
    /// Raises RefusedError (no ledger, a network file system, a second copy of the library), VersionError (made by a newer
    /// version), LedgerIOError.
    #[staticmethod]
    #[pyo3(signature = (path, *, create=false, durability="disk", wait_limit=None, accept_clock=false, read_only=false))]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        create: bool,
        durability: &str,
        wait_limit: Option<&Bound<'_, PyAny>>,
        accept_clock: bool,
        read_only: bool,
    ) -> PyResult<Ledger> {
        let mut options = Options { create, accept_clock, read_only, ..Options::default() };
        options.sync = match durability {
            "disk" => true,
            "os" => false,
            other => {
                return Err(input(
                    py,
                    Code::UnknownWord,
                    format!("durability = {other:?}, not \"disk\" or \"os\""),
                ));
            }
        };
        if let Some(wait_limit) = wait_limit {
            options.wait_limit = micros(wait_limit, "wait_limit")?;
        }
        let opened = detached(py, || ledger::Ledger::open(&path, &options))?;
        Ok(Ledger { inner: RwLock::new(Some(opened)), path })
    }

    /// Closes it; further calls raise ClosedError. An account made of it keeps the file open for itself. Closing twice is fine.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || {
            drop(self.inner.write().take());
            Ok(())
        })
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)
    }

    /// Appends a batch, all or none: a list of dicts, or JSON Lines as `str` or `bytes` (blank lines are skipped).
    ///
    /// A `datetime` in a dict must be aware, a `Decimal` becomes its plain text, a float is refused. Returns the number of each
    /// fact's entry: the old one where the same `key` holds the same fact already. It is on disk when the call returns.
    ///
    /// Raises InputError, RefusedError or ConflictError with `row` (counted from 1); nothing is recorded then.
    fn append<'py>(&self, py: Python<'py>, facts: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let lines = facts::lines(facts)?;
        let seqs = detached(py, || {
            let (mut facts, mut rows) = (Vec::new(), Vec::new());
            for (row, line) in (1..).zip(lines.lines()).filter(|(_, line)| !line.trim().is_empty()) {
                facts.push(Fact::parse(line).map_err(|e| e.at_row(row))?);
                rows.push(row);
            }
            // Core counts the facts; the caller's rows have blank lines between them.
            let row_of = |e: &Error| rows.get(usize::try_from(e.row()?).ok()?.checked_sub(1)?).copied();
            self.open_handle()?.append(&facts, system_now()).map_err(|e| match row_of(&e) {
                Some(row) => e.at_row(row),
                None => e,
            })
        })?;
        PyList::new(py, seqs)
    }

    /// The last entry.
    fn head(&self, py: Python<'_>) -> PyResult<Head> {
        Ok(Head(detached(py, || self.open_handle()?.head())?))
    }

    /// Entries from `start` (counted from 1) on, at most `limit`, as they are stored.
    #[pyo3(signature = (start=1, limit=1000))]
    fn read(&self, py: Python<'_>, start: u64, limit: u64) -> PyResult<Vec<Record>> {
        let rows = detached(py, || self.open_handle()?.read(start, limit))?;
        Ok(rows.into_iter().map(Record).collect())
    }

    /// Answers a read-only query over the table `entry(seq, head, fact)`. Columns of the answer hold int, str or None (blobs as
    /// hex, floating-point numbers as decimal text).
    ///
    /// Raises RefusedError for anything that writes or attaches, InputError with SQLite's words.
    fn sql(&self, py: Python<'_>, query: &str) -> PyResult<Table> {
        Table::wrap(py, detached(py, || self.open_handle()?.sql(query))?)
    }

    /// Re-hashes every fact and head, and checks chain, order, triggers and side tables.
    ///
    /// `progress(done, total)` is called in this thread now and then; answering False cancels (CancelledError), and an exception
    /// of its own is raised. Ctrl-C cancels too. What is wrong is in the verdict, not raised.
    #[pyo3(signature = (progress=None))]
    fn verify(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<Verdict> {
        let mut raised = None;
        let done = detached(py, || {
            let ledger = self.open_handle()?;
            ledger.verify(&mut |done, total| match asked_to_go_on(progress.as_ref(), done, total) {
                Ok(go_on) => go_on,
                Err(e) => {
                    raised = Some(e);
                    false
                }
            })
        });
        match raised {
            Some(e) => Err(e),
            None => done.map(Verdict),
        }
    }

    /// Writes one consistent, self-contained copy for read-only media and auditors. `path` must not exist yet.
    fn snapshot(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        detached(py, || self.open_handle()?.snapshot(&path))
    }

    /// Imports a CSV file: columns `kind`, `subject`, `at`, `key`, `recorded_at`, `body.*`.
    ///
    /// Times without an offset take `zone` (an IANA name), and the facts say so; without `zone` they are refused. What the file
    /// states as `recorded_at` is kept as `claimed_recorded_at`. With `lenient`, facts that contradict the record are recorded
    /// all the same and listed; else the first one refuses all.
    #[pyo3(signature = (path, *, zone=None, lenient=false))]
    fn import_csv(
        &self,
        py: Python<'_>,
        path: PathBuf,
        zone: Option<&str>,
        lenient: bool,
    ) -> PyResult<Imported> {
        let imported = detached(py, || {
            let ledger = self.open_handle()?;
            let zone = zone.map(Zone::parse).transpose()?;
            let facts = opsledger::import::csv::read(&read_file(&path)?, zone)?;
            ledger.import(&facts, system_now(), lenient)
        })?;
        Ok(Imported(imported))
    }

    /// True once closed.
    #[getter]
    fn closed(&self) -> bool {
        self.inner.read().is_none()
    }

    /// As it was given to `open`.
    #[getter]
    fn path(&self) -> PathBuf {
        self.path.clone()
    }

    fn __repr__(&self) -> String {
        let state = if self.closed() { " (closed)" } else { "" };
        format!("<opsledger.Ledger {}{state}>", self.path.display())
    }
}

/// Asks the callback, and whether Ctrl-C was pressed.
pub(crate) fn asked_to_go_on(progress: Option<&Py<PyAny>>, done: u64, total: u64) -> PyResult<bool> {
    Python::attach(|py| {
        py.check_signals()?;
        match progress {
            Some(callback) => {
                let answer = callback.bind(py).call1((done, total))?;
                Ok(answer.is_none() || answer.is_truthy()?)
            }
            None => Ok(true),
        }
    })
}
