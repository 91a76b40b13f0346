//! What a ledger answers: its head, entries, tables, verdicts, imports.

use crate::convert::datetime;
use crate::errors::raise;
use opsledger::Error;
use opsledger::error::Code;
use opsledger::ledger;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

/// The last entry of a ledger.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Head(pub(crate) ledger::Head);

#[pymethods]
impl Head {
    /// Its number; 0 for an empty ledger.
    #[getter]
    fn seq(&self) -> u64 {
        self.0.seq
    }

    /// When it was recorded (UTC).
    #[getter]
    fn recorded_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        datetime(py, self.0.recorded_at)
    }

    /// SM3 of its head line, lower-case hex (64 zeros for an empty ledger).
    #[getter]
    fn sm3(&self) -> &str {
        &self.0.sm3
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.Head {} {}>", self.0.seq, self.0.sm3)
    }
}

/// An entry as it is stored.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Record(pub(crate) ledger::Record);

#[pymethods]
impl Record {
    /// Its number, from 1.
    #[getter]
    fn seq(&self) -> u64 {
        self.0.seq
    }

    /// The head line: seq, recorded_at, previous hash, SM3 of the fact, separated by tabs.
    #[getter]
    fn head(&self) -> &str {
        &self.0.head
    }

    /// The canonical JSON text of the fact.
    #[getter]
    fn fact(&self) -> &str {
        &self.0.fact
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.Record {} {}>", self.0.seq, self.0.fact)
    }
}

/// The answer to a query.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Table {
    columns: Vec<String>,
    rows: Py<PyList>,
}

impl Table {
    pub(crate) fn wrap(py: Python<'_>, table: ledger::Table) -> PyResult<Table> {
        let mut rows = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            let cells = row.iter().map(|cell| cell_of(py, cell)).collect::<PyResult<Vec<_>>>()?;
            rows.push(PyTuple::new(py, cells)?.unbind());
        }
        Ok(Table { columns: table.columns, rows: PyList::new(py, rows)?.unbind() })
    }
}

fn cell_of<'py>(py: Python<'py>, cell: &serde_json::Value) -> PyResult<Bound<'py, PyAny>> {
    match cell {
        serde_json::Value::Null => Ok(py.None().into_bound(py)),
        serde_json::Value::Number(n) if n.is_i64() => Ok(n.as_i64().into_pyobject(py)?.into_any()),
        serde_json::Value::String(text) => Ok(text.into_pyobject(py)?.into_any()),
        other => Err(raise(py, &Error::new(Code::Internal, format!("cell {other}")))),
    }
}

#[pymethods]
impl Table {
    /// Names of the columns.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    /// A list of tuples of int, str or None.
    #[getter]
    fn rows(&self, py: Python<'_>) -> Py<PyList> {
        self.rows.clone_ref(py)
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.rows.bind(py).len()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<opsledger.Table {} x {}>", self.rows.bind(py).len(), self.columns.join(", "))
    }
}

/// What `verify` found; true when the ledger is sound.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Verdict(pub(crate) ledger::Verdict);

#[pymethods]
impl Verdict {
    /// Nothing is wrong.
    #[getter]
    fn ok(&self) -> bool {
        self.0.problem.is_none() && self.0.first_bad.is_none()
    }

    /// Entries read.
    #[getter]
    fn entries(&self) -> u64 {
        self.0.entries
    }

    /// The first bad entry, or None.
    #[getter]
    fn first_bad(&self) -> Option<u64> {
        self.0.first_bad
    }

    /// Stable name of what is wrong (`chain-broken`), or None.
    #[getter]
    fn problem(&self) -> Option<&'static str> {
        self.0.problem.as_ref().map(|p| p.name)
    }

    /// What is wrong in words, or None.
    #[getter]
    fn detail(&self) -> Option<&str> {
        self.0.problem.as_ref().map(|p| p.detail.as_str())
    }

    fn __bool__(&self) -> bool {
        self.ok()
    }

    fn __repr__(&self) -> String {
        match &self.0.problem {
            None => format!("<opsledger.Verdict sound, {} entries>", self.0.entries),
            Some(p) => format!("<opsledger.Verdict {}: {}>", p.name, p.detail),
        }
    }
}

/// What an import did.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Imported(pub(crate) ledger::Imported);

#[pymethods]
impl Imported {
    /// The entry of each fact, in order.
    #[getter]
    fn seqs(&self) -> Vec<u64> {
        self.0.seqs.clone()
    }

    /// How many of them are new.
    #[getter(new)]
    fn recorded(&self) -> u64 {
        self.0.new
    }

    /// With `lenient`: rows (from 1) that contradict the record, with the reason.
    #[getter]
    fn faults(&self) -> Vec<(u64, String)> {
        self.0.faults.clone()
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.Imported {} of {} new>", self.0.new, self.0.seqs.len())
    }
}
