//! `Assessment` and `Clause`: the public document, typed where Python has a type for it, whole as JSON.

use crate::convert::{datetime, datetime_opt, decimal, delta};
use crate::errors::detached;
use opsledger::assess::{self, ClauseVerdict, Figure, View};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyIterator};
use std::sync::Arc;

/// How a contract stands. The whole document is `json` (text) and, key by key, `assessment["outages"]["long"]`.
#[pyclass(frozen, mapping, module = "opsledger")]
pub(crate) struct Assessment {
    inner: Arc<assess::Assessment>,
    json: PyOnceLock<String>,
    document: PyOnceLock<Py<PyDict>>,
}

impl Assessment {
    pub(crate) fn wrap(inner: assess::Assessment) -> Self {
        Assessment { inner: Arc::new(inner), json: PyOnceLock::new(), document: PyOnceLock::new() }
    }

    fn document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let text = self.json(py)?;
        let made = self
            .document
            .get_or_try_init(py, || PyResult::Ok(parse_json(py, text)?.cast_into::<PyDict>()?.unbind()))?;
        Ok(made.bind(py).clone())
    }
}

/// What Python's own parser makes of JSON text (no number in our documents is a float).
pub(crate) fn parse_json<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "json"))?.call_method1(intern!(py, "loads"), (text,))
}

#[pymethods]
impl Assessment {
    /// The document as JSON text, as every language and the command give it.
    #[getter]
    fn json(&self, py: Python<'_>) -> PyResult<&str> {
        let made = self.json.get_or_try_init(py, || detached(py, || Ok(self.inner.to_json())))?;
        Ok(made)
    }

    /// The document as a new dict of your own.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        parse_json(py, self.json(py)?)
    }

    /// Status of the contract: the worst of its clauses.
    #[getter]
    fn status(&self) -> &'static str {
        self.inner.status.name()
    }

    /// "agreed" or "claimed".
    #[getter]
    fn view(&self) -> &'static str {
        match self.inner.view {
            View::Agreed => "agreed",
            View::Claimed => "claimed",
        }
    }

    /// The instant asked for (UTC).
    #[getter]
    fn as_of<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        datetime(py, self.inner.as_of.at)
    }

    /// What was known (UTC).
    #[getter]
    fn known_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        datetime(py, self.inner.known_at.at)
    }

    /// The clauses, in the contract's order.
    #[getter]
    fn clauses(&self) -> Vec<Clause> {
        (0..self.inner.clauses.len()).map(|index| Clause { of: self.inner.clone(), index }).collect()
    }

    /// Availability over the elapsed period, excluded and unknown time as good; None with nothing elapsed.
    #[getter]
    fn availability_elapsed<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.inner.outages.availability_elapsed.as_ref().map(|text| decimal(py, text)).transpose()
    }

    /// Availability over elapsed minus planned minus unknown time; None with nothing to divide by.
    #[getter]
    fn availability_eligible<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.inner.outages.availability_eligible.as_ref().map(|text| decimal(py, text)).transpose()
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

    /// The keys of the document.
    fn keys(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.document(py)?.keys().extract()
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.Assessment {} {}>", self.inner.contract, self.inner.status.name())
    }
}

/// The verdict of one clause.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Clause {
    of: Arc<assess::Assessment>,
    index: usize,
}

impl Clause {
    fn verdict(&self) -> &ClauseVerdict {
        &self.of.clauses[self.index]
    }

    /// A figure in Python's type for its unit: `us` a timedelta, `points` a Decimal, `count` and `fen` an int.
    fn figure<'py>(&self, py: Python<'py>, figure: Option<&Figure>) -> PyResult<Option<Bound<'py, PyAny>>> {
        figure
            .map(|figure| match (figure, self.verdict().unit) {
                (Figure::Integer(us), Some("us")) => Ok(delta(py, *us)?.into_any()),
                (Figure::Integer(n), _) => Ok(n.into_pyobject(py)?.into_any()),
                (Figure::Points(text), _) => decimal(py, text),
            })
            .transpose()
    }
}

#[pymethods]
impl Clause {
    /// Its id in the contract.
    #[getter]
    fn id(&self) -> &str {
        &self.verdict().id
    }

    /// Where the promise stands in the source text, or None.
    #[getter]
    fn r#ref(&self) -> Option<&str> {
        self.verdict().reference.as_deref()
    }

    /// Name of its rule.
    #[getter]
    fn rule(&self) -> &'static str {
        self.verdict().rule
    }

    /// Its status.
    #[getter]
    fn status(&self) -> &'static str {
        self.verdict().status.name()
    }

    /// The figure (a timedelta, an int or a Decimal, by `unit`), or None.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.figure(py, self.verdict().value.as_ref())
    }

    /// The limit, or None.
    #[getter]
    fn limit<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.figure(py, self.verdict().limit.as_ref())
    }

    /// Limit minus value, or None.
    #[getter]
    fn margin<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.figure(py, self.verdict().margin.as_ref())
    }

    /// `us`, `count`, `fen` or `points`; None where there is no figure.
    #[getter]
    fn unit(&self) -> Option<&'static str> {
        self.verdict().unit
    }

    /// How many of its cases are breached.
    #[getter]
    fn breaches(&self) -> i64 {
        self.verdict().breaches
    }

    /// The earliest breach (UTC), or None.
    #[getter]
    fn breached_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        datetime_opt(py, self.verdict().breached_at.map(|s| s.at))
    }

    /// The earliest breach to come if nothing more is recorded (UTC), or None.
    #[getter]
    fn forecast_breach_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        datetime_opt(py, self.verdict().forecast_breach_at.map(|s| s.at))
    }

    /// A value the parties never agreed on.
    #[getter]
    fn assumed(&self) -> bool {
        self.verdict().assumed
    }

    /// The verdict in Chinese.
    #[getter]
    fn text_zh(&self) -> &str {
        &self.verdict().text_zh
    }

    /// The verdict in English.
    #[getter]
    fn text_en(&self) -> &str {
        &self.verdict().text_en
    }

    /// The entries it rests on.
    #[getter]
    fn evidence(&self) -> Vec<u64> {
        self.verdict().evidence.clone()
    }

    /// What the rule shows beside, as in the document (a dict), or None.
    #[getter]
    fn detail<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let text = self.verdict().detail.as_ref().map(serde_json::to_string).transpose();
        match text {
            Ok(text) => text.map(|text| parse_json(py, &text)).transpose(),
            Err(e) => Err(crate::errors::input(py, opsledger::error::Code::Internal, e.to_string())),
        }
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.Clause {} {}>", self.verdict().id, self.verdict().status.name())
    }
}
