//! `Contract`: promises as data, and its calendars.

use crate::assessment::parse_json;
use crate::columns::{Column, Int64Column, checked_rows};
use crate::convert::{datetime, delta, instant, instant_opt, micros};
use crate::errors::{attached, detached, input, raise};
use opsledger::Error;
use opsledger::calendar::Calendar;
use opsledger::error::Code;
use opsledger::time::{Instant, OPEN};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDelta, PyMemoryView, PyString};
use std::path::PathBuf;
use std::sync::Arc;

/// One service contract: promises as data.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Contract {
    pub(crate) inner: Arc<opsledger::contract::Contract>,
}

impl Contract {
    pub(crate) fn wrap(inner: Arc<opsledger::contract::Contract>) -> Self {
        Contract { inner }
    }

    fn hours(&self, id: &str, known_at: Option<Instant>) -> opsledger::Result<Calendar> {
        self.inner.hours(id, known_at.unwrap_or(OPEN))
    }
}

#[pymethods]
impl Contract {
    /// Reads a contract from its TOML text (`str`, or UTF-8 `bytes` as a file holds them).
    ///
    /// Raises InputError with line, column and a hint for anything unknown, missing, wrong or impossible.
    #[staticmethod]
    fn parse(text: &Bound<'_, PyAny>) -> PyResult<Contract> {
        let py = text.py();
        let bytes = text_bytes(text)?;
        let inner = detached(py, move || opsledger::contract::Contract::parse_bytes(None, &bytes))?;
        Ok(Contract::wrap(Arc::new(inner)))
    }

    /// Reads a contract from a file; messages begin with its name.
    ///
    /// Raises LedgerIOError when the file cannot be read; else as `parse`.
    #[staticmethod]
    fn from_file(py: Python<'_>, path: PathBuf) -> PyResult<Contract> {
        let inner = detached(py, move || {
            let bytes = read_file(&path)?;
            opsledger::contract::Contract::parse_bytes(Some(&path.to_string_lossy()), &bytes)
        })?;
        Ok(Contract::wrap(Arc::new(inner)))
    }

    /// SM3 of the text's bytes, lower-case hex: the contract's identity.
    #[getter]
    fn sm3(&self) -> &str {
        &self.inner.sm3
    }

    /// `id` in the text.
    #[getter]
    fn id(&self) -> &str {
        &self.inner.id
    }

    /// `title` in the text.
    #[getter]
    fn title(&self) -> &str {
        &self.inner.title
    }

    /// IANA name of the zone that local dates belong to.
    #[getter]
    fn zone(&self) -> &'static str {
        self.inner.zone.name()
    }

    /// The whole text.
    #[getter]
    fn text(&self) -> &str {
        &self.inner.text
    }

    /// The service period: first instant, and first instant after it (UTC).
    #[getter]
    fn period<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((datetime(py, self.inner.period.start)?, datetime(py, self.inner.period.end)?))
    }

    /// Working time on a calendar between two instants; zero when `end` is not after `start`.
    ///
    /// `known_at` selects the holiday notices in force then (default: every notice this version carries).
    /// Raises NotFoundError for an unknown calendar, InputError that names the year where no schedule is published.
    #[pyo3(signature = (calendar, start, end, *, known_at=None))]
    fn between<'py>(
        &self,
        py: Python<'py>,
        calendar: &str,
        start: &Bound<'py, PyAny>,
        end: &Bound<'py, PyAny>,
        known_at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDelta>> {
        let (start, end) = (instant(start, "start")?, instant(end, "end")?);
        let known_at = instant_opt(known_at, "known_at")?;
        let us = attached(py, || self.hours(calendar, known_at)?.between(start, end))?;
        delta(py, us)
    }

    /// The first instant (UTC) at which `amount` of working time has passed since `start`; `start` itself for none.
    ///
    /// Raises as `between`, and InputError for a negative amount or when no such instant exists.
    #[pyo3(signature = (calendar, start, amount, *, known_at=None))]
    fn add<'py>(
        &self,
        py: Python<'py>,
        calendar: &str,
        start: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        known_at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (start, amount) = (instant(start, "start")?, micros(amount, "amount")?);
        let known_at = instant_opt(known_at, "known_at")?;
        let at = attached(py, || self.hours(calendar, known_at)?.add(start, amount))?;
        datetime(py, at)
    }

    /// `between` for columns: buffers of int64 microseconds since 1970-01-01T00:00:00Z, read in place. Returns int64
    /// microseconds, a row each. The interpreter lock is released; do not write to the buffers meanwhile.
    ///
    /// Raises as `between`, with the row.
    #[pyo3(signature = (calendar, start, end, *, known_at=None))]
    fn between_batch<'py>(
        &self,
        py: Python<'py>,
        calendar: &str,
        start: &Bound<'py, PyAny>,
        end: &Bound<'py, PyAny>,
        known_at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyMemoryView>> {
        self.batch(py, calendar, (start, "start"), (end, "end"), known_at, Calendar::between)
    }

    /// `add` for columns: buffers of int64 microseconds (instants, and amounts of working time). Returns instants.
    ///
    /// Raises as `add`, with the row.
    #[pyo3(signature = (calendar, start, amount, *, known_at=None))]
    fn add_batch<'py>(
        &self,
        py: Python<'py>,
        calendar: &str,
        start: &Bound<'py, PyAny>,
        amount: &Bound<'py, PyAny>,
        known_at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyMemoryView>> {
        self.batch(py, calendar, (start, "start"), (amount, "amount"), known_at, Calendar::add)
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.Contract {} {}>", self.inner.id, self.inner.sm3)
    }
}

impl Contract {
    fn batch<'py>(
        &self,
        py: Python<'py>,
        calendar: &str,
        a: (&Bound<'py, PyAny>, &str),
        b: (&Bound<'py, PyAny>, &str),
        known_at: Option<&Bound<'py, PyAny>>,
        step: impl Fn(&Calendar, i64, i64) -> opsledger::Result<i64> + Sync,
    ) -> PyResult<Bound<'py, PyMemoryView>> {
        let known_at = instant_opt(known_at, "known_at")?;
        let names = (a.1, b.1);
        let (a, b) = (Column::<i64>::get(a.0, a.1)?, Column::<i64>::get(b.0, b.1)?);
        if a.slice().len() != b.slice().len() {
            let detail =
                format!("{} has {} rows, {} has {}", names.0, a.slice().len(), names.1, b.slice().len());
            return Err(input(py, Code::BadRequest, detail));
        }
        let mut out = vec![0i64; a.slice().len()];
        let mut interrupted = None;
        let done = detached(py, || {
            let calendar = self.hours(calendar, known_at)?;
            let rows = a.slice().iter().zip(b.slice()).zip(out.iter_mut());
            checked_rows(&mut interrupted, rows, |((a, b), out)| {
                *out = step(&calendar, *a, *b)?;
                Ok(())
            })
        });
        match interrupted {
            Some(e) => Err(e),
            None => done.and_then(|()| Int64Column::view(py, out)),
        }
    }
}

/// The bytes of a file that the caller names.
pub(crate) fn read_file(path: &std::path::Path) -> opsledger::Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| Error::new(Code::Io, format!("{}: {e}", path.display())))
}

/// The core contract of an optional argument.
pub(crate) fn core_of(contract: Option<&Bound<'_, Contract>>) -> Option<Arc<opsledger::contract::Contract>> {
    contract.map(|c| c.get().inner.clone())
}

/// An error of the bad-request code.
pub(crate) fn bad_request(py: Python<'_>, detail: impl Into<String>) -> PyErr {
    raise(py, &Error::new(Code::BadRequest, detail))
}

/// The bytes of a contract's text.
fn text_bytes(text: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = text.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    let Ok(string) = text.cast::<PyString>() else {
        return Err(PyTypeError::new_err("the contract's text must be str or bytes"));
    };
    match string.to_cow() {
        Ok(text) => Ok(text.into_owned().into_bytes()),
        Err(_) => Err(input(text.py(), Code::BadUtf8, "the contract's text has a lone surrogate")),
    }
}

/// Looks a contract's text over (`str`, or UTF-8 `bytes`): contradictions, values nobody agreed on, promises that no fact can
/// meet; the command's document as a dict. What cannot be read is the one error found. `file` is the name to print.
#[pyfunction]
#[pyo3(signature = (text, *, file=None))]
pub(crate) fn lint<'py>(text: &Bound<'py, PyAny>, file: Option<String>) -> PyResult<Bound<'py, PyAny>> {
    let py = text.py();
    let bytes = text_bytes(text)?;
    let json = detached(py, move || Ok(opsledger::lint::bytes(file.as_deref(), &bytes).to_json()))?;
    parse_json(py, &json)
}
