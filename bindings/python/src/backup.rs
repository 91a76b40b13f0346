//! `BackupReport` and the door to the operations; `opsledger/backup.py` has their keyword arguments.

use crate::assessment::parse_json;
use crate::convert::datetime;
use crate::errors::{detached, raise};
use crate::ledger::{Ledger, asked_to_go_on};
use opsledger::backup::{self, Progress, Report, Watch};
use opsledger::ledger::clock::system_now;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyIterator};

/// What an operation on backups found. The whole document is `json` (text) and, key by key, `report["coverage"]["files"]`.
#[pyclass(frozen, mapping, module = "opsledger")]
pub(crate) struct BackupReport {
    inner: Report,
    json: String,
    document: PyOnceLock<Py<PyDict>>,
}

impl BackupReport {
    fn document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let made = self.document.get_or_try_init(py, || {
            PyResult::Ok(parse_json(py, &self.json)?.cast_into::<PyDict>()?.unbind())
        })?;
        Ok(made.bind(py).clone())
    }
}

#[pymethods]
impl BackupReport {
    /// The document as JSON text with its line feed, as every language and the command give it.
    #[getter]
    fn json(&self) -> &str {
        &self.json
    }

    /// SM3 of `json` in hex: what the ledger keeps of it.
    #[getter]
    fn sm3(&self) -> String {
        self.inner.sm3()
    }

    /// The document as a new dict of your own.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        parse_json(py, &self.json)
    }

    /// "seal", "verify", "drill", "compare" or "status".
    #[getter]
    fn operation(&self) -> &'static str {
        self.inner.operation
    }

    /// "pass", "pass-with-remarks", "unverifiable", "unstable-read" or "fail".
    #[getter]
    fn verdict(&self) -> &'static str {
        self.inner.verdict.name()
    }

    /// True for a pass, with or without remarks.
    #[getter]
    fn passed(&self) -> bool {
        self.inner.verdict.exit_status() == 0
    }

    /// The backup set of the contract, or None.
    #[getter]
    fn set(&self) -> Option<&str> {
        self.inner.set.as_deref()
    }

    /// The run: the subject of its facts, or None.
    #[getter]
    fn run(&self) -> Option<&str> {
        self.inner.run.as_deref()
    }

    /// When it began (UTC).
    #[getter]
    fn started<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        datetime(py, self.inner.started)
    }

    /// When it ended (UTC).
    #[getter]
    fn finished<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        datetime(py, self.inner.finished)
    }

    /// The problems as the document has them: dicts with `kind`, `weight`, `path` and others.
    #[getter]
    fn problems<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.document(py)?.as_any().get_item("problems")
    }

    /// SM3 that stands for the whole set, hex, or None.
    #[getter]
    fn manifest_sm3(&self) -> Option<&str> {
        self.inner.manifest_sm3.as_deref()
    }

    /// The entries that it became; empty without a ledger.
    #[getter]
    fn entries(&self) -> Vec<u64> {
        self.inner.entries.clone()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.document(py)?.as_any().get_item(key)
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.document(key.py())?.contains(key)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.document(py)?.try_iter()
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.document(py)?.len())
    }

    /// The document's keys.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.document(py)?.keys().into_any())
    }

    fn __repr__(&self) -> String {
        format!(
            "<opsledger.BackupReport {} {}: {}>",
            self.inner.operation,
            self.inner.path,
            self.inner.verdict.name()
        )
    }
}

/// Runs an operation; `options` is a JSON object. See `opsledger.backup`.
#[pyfunction]
#[pyo3(signature = (operation, options, ledger=None, progress=None))]
pub(crate) fn backup_run(
    py: Python<'_>,
    operation: &str,
    options: &str,
    ledger: Option<&Ledger>,
    progress: Option<Py<PyAny>>,
) -> PyResult<BackupReport> {
    let mut raised = None;
    let done = detached(py, || {
        let ledger = ledger.map(Ledger::open_handle).transpose()?;
        let mut tell = |p: &Progress| {
            let (done, total) =
                if p.bytes_total > 0 { (p.bytes, p.bytes_total) } else { (p.files, p.files_total) };
            asked_to_go_on(progress.as_ref(), done, total).unwrap_or_else(|e| {
                raised = Some(e);
                false
            })
        };
        backup::run(ledger.as_ref(), operation, options, &mut Watch::new(system_now(), &mut tell))
    });
    if let Some(e) = raised {
        return Err(e);
    }
    let mut inner = done?;
    let failed = inner.not_recorded.take();
    let report = BackupReport { json: inner.to_json(), inner, document: PyOnceLock::new() };
    match failed {
        Some(error) => {
            let e = raise(py, &error);
            e.value(py).setattr("report", report.into_pyobject(py)?)?;
            Err(e)
        }
        None => Ok(report),
    }
}
