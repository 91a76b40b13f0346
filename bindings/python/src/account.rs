//! `Account`: the books of one contract, from a ledger or from loose facts; and the flat `Budget`.

use crate::assessment::{Assessment, parse_json};
use crate::contract::{Contract, core_of};
use crate::convert::{datetime, datetime_opt, delta_opt, instant_opt, micros};
use crate::documents::{Document, Wanted};
use crate::errors::{detached, input};
use crate::facts;
use crate::ledger::Ledger;
use opsledger::account;
use opsledger::assess::{self, Ask, OutageRow, View};
use opsledger::due::ical;
use opsledger::error::Code;
use opsledger::ledger::clock::system_now;
use opsledger::time::{DAY, Micros};
use opsledger::{Error, Lang};
use parking_lot::RwLock;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDelta, PyString, PyTuple};
use std::sync::Arc;

/// The books of one contract. `Account(contract)` takes loose facts; `Account(contract, ledger)` follows a ledger, and
/// `Account(ledger=ledger)` takes the contract that the ledger adopted.
///
/// A context manager. Threads may share it.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Account {
    /// None once closed.
    inner: RwLock<Option<Arc<account::Account>>>,
    follows: bool,
}

impl Account {
    fn handle(&self) -> opsledger::Result<Arc<account::Account>> {
        self.inner.read().clone().ok_or_else(|| Error::new(Code::Closed, "account"))
    }

    fn ask(
        &self,
        py: Python<'_>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Ask> {
        let view = match view {
            "agreed" => View::Agreed,
            "claimed" => View::Claimed,
            other => {
                let detail = format!("view = {other:?}, not \"agreed\" or \"claimed\"");
                return Err(input(py, Code::UnknownWord, detail));
            }
        };
        Ok(Ask {
            as_of: instant_opt(as_of, "as_of")?,
            known_at: instant_opt(known_at, "known_at")?,
            head,
            view,
            now: self.follows.then(system_now),
        })
    }
}

#[pymethods]
impl Account {
    #[new]
    #[pyo3(signature = (contract=None, ledger=None))]
    fn new(
        py: Python<'_>,
        contract: Option<&Bound<'_, Contract>>,
        ledger: Option<&Bound<'_, Ledger>>,
    ) -> PyResult<Account> {
        let contract = core_of(contract);
        let follows = ledger.is_some();
        let account = match (contract, ledger) {
            (contract, Some(ledger)) => {
                let ledger = ledger.get();
                detached(py, move || account::Account::open(contract, ledger.open_handle()?))?
            }
            (Some(contract), None) => account::Account::new(contract),
            (None, None) => {
                return Err(PyTypeError::new_err("an account needs a contract, a ledger, or both"));
            }
        };
        Ok(Account { inner: RwLock::new(Some(Arc::new(account))), follows })
    }

    /// Closes it; further calls raise ClosedError. Closing twice is fine.
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

    /// The contract in force.
    #[getter]
    fn contract(&self, py: Python<'_>) -> PyResult<Contract> {
        Ok(Contract::wrap(detached(py, || Ok(self.handle()?.contract()))?))
    }

    /// Adds loose facts, all or none: a list of dicts, or JSON Lines as `str` or `bytes`, each with its stated `recorded_at`
    /// (absent: its `at`), in that order. Returns how many. Facts that contradict the record become faults.
    ///
    /// Raises InputError with `row`, also on an account that follows a ledger (append to the ledger instead).
    fn add(&self, py: Python<'_>, facts: &Bound<'_, PyAny>) -> PyResult<u64> {
        let lines = facts::lines(facts)?;
        detached(py, || self.handle()?.add(&lines))
    }

    /// The flat figures.
    ///
    /// `known_at` defaults to the last `recorded_at` (with a ledger: the later of that and now), `as_of` to `known_at`; `head`
    /// reads only entries up to that one; `view` is "agreed" or "claimed".
    ///
    /// Raises InputError when `as_of` is after `known_at`.
    #[pyo3(signature = (as_of=None, known_at=None, *, head=None, view="agreed"))]
    fn budget(
        &self,
        py: Python<'_>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Budget> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        Ok(Budget(detached(py, || self.handle()?.budget(&ask))?))
    }

    /// The assessment: the verdict of each clause with figures, evidence and sentences. Arguments as for `budget`.
    #[pyo3(signature = (as_of=None, known_at=None, *, head=None, view="agreed"))]
    fn assess(
        &self,
        py: Python<'_>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Assessment> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        Ok(Assessment::wrap(detached(py, || self.handle()?.assess(&ask))?))
    }

    /// Every outage that shares an instant with the service period, counted or not, by start. Arguments as for `budget`.
    #[pyo3(signature = (as_of=None, known_at=None, *, head=None, view="agreed"))]
    fn outages(
        &self,
        py: Python<'_>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Vec<Outage>> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        Ok(detached(py, || self.handle()?.outages(&ask))?.into_iter().map(Outage).collect())
    }

    /// What falls due, is at risk, or waits for whom, from `as_of` on and for `within` (default 7 days), if nothing more is
    /// recorded: the command's document as a dict. Other arguments as for `budget`.
    ///
    /// Raises InputError for a negative `within`.
    #[pyo3(signature = (as_of=None, known_at=None, *, within=None, head=None, view="agreed"))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn due<'py>(
        &self,
        py: Python<'py>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        within: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        let within = span(within)?;
        parse_json(py, &detached(py, || Ok(self.handle()?.due(&ask, within)?.to_json()))?)
    }

    /// Who is on duty from `as_of` on and for `within` (default 7 days), and where nobody is. Arguments as for `due`.
    #[pyo3(signature = (as_of=None, known_at=None, *, within=None, head=None, view="agreed"))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn roster<'py>(
        &self,
        py: Python<'py>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        within: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        let within = span(within)?;
        parse_json(py, &detached(py, || Ok(self.handle()?.roster(&ask, within)?.to_json()))?)
    }

    /// The due list as iCalendar text; `lang` is "zh" or "en". Other arguments as for `due`.
    #[pyo3(signature = (as_of=None, known_at=None, *, within=None, lang="zh", head=None, view="agreed"))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn due_ical<'py>(
        &self,
        py: Python<'py>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        within: Option<&Bound<'_, PyAny>>,
        lang: &str,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        let within = span(within)?;
        let lang = language(py, lang)?;
        let text = detached(py, || Ok(ical::calendar(&self.handle()?.due(&ask, within)?, lang)))?;
        Ok(PyString::new(py, &text).into_any())
    }

    /// Why a clause stands as it does, with `case` only that case: the command's document as a dict. Other arguments as for
    /// `budget`.
    ///
    /// Raises NotFoundError for a clause or a case there is not, with those there are.
    #[pyo3(signature = (clause, case=None, as_of=None, known_at=None, *, head=None, view="agreed"))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        clause: &str,
        case: Option<&str>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        parse_json(py, &detached(py, || Ok(self.handle()?.explain(&ask, clause, case)?.to_json()))?)
    }

    /// A register ("incidents", "duty", …) as a dict. Other arguments as for `budget`.
    ///
    /// Raises NotFoundError for a name there is not, with those there are.
    #[pyo3(signature = (name, as_of=None, known_at=None, *, head=None, view="agreed"))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn register<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        parse_json(py, &detached(py, || Ok(self.handle()?.register(name, &ask)?.to_json()))?)
    }

    /// A document that people sign, as files: `kind` is "monthly", "incident", "ledger", "roster" or "acceptance". `month` is
    /// "2026-03" (default: the month before the last instant known), `subject` the incident, `formats` some of "docx", "xlsx",
    /// "html" (default: those the kind is usually given in), `lang` "zh" or "en". `ledger` and `contract` are the names of their
    /// files, for the commands in the annex. The first file is the document itself; of "acceptance" it is the index. Other arguments
    /// as for `budget`.
    ///
    /// Raises InputError for another kind, form or month, and without the incident; NotFoundError for one nobody reported.
    #[pyo3(signature = (kind, *, month=None, subject=None, formats=None, lang="zh", as_of=None, known_at=None, head=None,
        view="agreed", ledger=None, contract=None))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn documents(
        &self,
        py: Python<'_>,
        kind: String,
        month: Option<String>,
        subject: Option<String>,
        formats: Option<Vec<String>>,
        lang: &str,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        head: Option<u64>,
        view: &str,
        ledger: Option<String>,
        contract: Option<String>,
    ) -> PyResult<Vec<Document>> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        let (formats, lang) = (formats.unwrap_or_default(), language(py, lang)?);
        let wanted = Wanted { kind, month, subject, formats, lang, ledger, contract };
        detached(py, || {
            let handle = self.handle()?;
            wanted.of(&handle, &ask)
        })
    }

    /// What the author of the contract wants to know, with what the record shows: the command's document as a dict. `file` is the
    /// name to print. Other arguments as for `budget`.
    #[pyo3(signature = (as_of=None, known_at=None, *, file=None, head=None, view="agreed"))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn lint<'py>(
        &self,
        py: Python<'py>,
        as_of: Option<&Bound<'_, PyAny>>,
        known_at: Option<&Bound<'_, PyAny>>,
        file: Option<&str>,
        head: Option<u64>,
        view: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ask = self.ask(py, as_of, known_at, head, view)?;
        parse_json(py, &detached(py, || Ok(self.handle()?.lint(&ask, file)?.to_json()))?)
    }

    /// What changed between two assessments, and the entries that explain it: the command's document as a dict. Each argument
    /// is one value for both, or a pair (before, after). Without `as_of` both are asked for the earlier `known_at`.
    #[pyo3(signature = (*, known_at=None, as_of=None, head=None, view=None))]
    fn diff<'py>(
        &self,
        py: Python<'py>,
        known_at: Option<&Bound<'_, PyAny>>,
        as_of: Option<&Bound<'_, PyAny>>,
        head: Option<&Bound<'_, PyAny>>,
        view: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ask = |i: usize| -> PyResult<Ask> {
            let (known_at, as_of) = (side(known_at, i)?, side(as_of, i)?);
            let head = side(head, i)?.map(|h| h.extract::<u64>()).transpose()?;
            let view = side(view, i)?.map_or_else(|| Ok("agreed".to_owned()), |v| v.extract::<String>())?;
            self.ask(py, as_of.as_ref(), known_at.as_ref(), head, &view)
        };
        let (from, to) = (ask(0)?, ask(1)?);
        parse_json(py, &detached(py, || Ok(self.handle()?.diff(&from, &to)?.to_json()))?)
    }
}

/// A span; left out: 7 days.
fn span(within: Option<&Bound<'_, PyAny>>) -> PyResult<Micros> {
    Ok(within.map(|w| micros(w, "within")).transpose()?.unwrap_or(7 * DAY))
}

fn language(py: Python<'_>, name: &str) -> PyResult<Lang> {
    match name {
        "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        other => {
            let detail = format!("lang = {other:?}, not \"zh\" or \"en\"");
            Err(input(py, Code::UnknownWord, detail))
        }
    }
}

/// One side of a pair; a single value is both sides.
fn side<'py>(value: Option<&Bound<'py, PyAny>>, i: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(value) = value else { return Ok(None) };
    let side = match value.cast::<PyTuple>() {
        Ok(pair) if pair.len() == 2 => pair.get_item(i)?,
        Ok(pair) => {
            let wrong = format!("a pair (before, after), not {} values", pair.len());
            return Err(PyTypeError::new_err(wrong));
        }
        Err(_) => value.clone(),
    };
    Ok((!side.is_none()).then_some(side))
}

/// The flat figures of a contract; None where no clause gives one.
#[pyclass(frozen, eq, module = "opsledger")]
#[derive(PartialEq)]
pub(crate) struct Budget(assess::Budget);

#[pymethods]
impl Budget {
    /// The instant asked for (UTC).
    #[getter]
    fn as_of<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        datetime(py, self.0.as_of)
    }

    /// What was known (UTC).
    #[getter]
    fn known_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        datetime(py, self.0.known_at)
    }

    /// Status of the contract.
    #[getter]
    fn status(&self) -> &'static str {
        self.0.status.name()
    }

    /// Long episodes of the first such clause without `systems` or `per`.
    #[getter]
    fn long_count(&self) -> Option<i64> {
        self.0.long_count
    }

    /// Its limit.
    #[getter]
    fn long_max(&self) -> Option<i64> {
        self.0.long_max
    }

    /// Short episodes of the first such clause without `systems` or `per`.
    #[getter]
    fn short_count(&self) -> Option<i64> {
        self.0.short_count
    }

    /// Its limit.
    #[getter]
    fn short_max(&self) -> Option<i64> {
        self.0.short_max
    }

    /// Open episodes below `long_from`.
    #[getter]
    fn pending_count(&self) -> Option<i64> {
        self.0.pending_count
    }

    /// Downtime of the first such clause without `systems` or `per`.
    #[getter]
    fn downtime<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDelta>>> {
        delta_opt(py, self.0.downtime)
    }

    /// Its limit.
    #[getter]
    fn downtime_max<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDelta>>> {
        delta_opt(py, self.0.downtime_max)
    }

    /// Limit minus downtime; negative once broken.
    #[getter]
    fn remaining<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDelta>>> {
        delta_opt(py, self.0.remaining)
    }

    /// The earliest forecast breach of all clauses (UTC).
    #[getter]
    fn next_breach_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        datetime_opt(py, self.0.next_breach_at)
    }

    /// The last entry read; None without a ledger.
    #[getter]
    fn head_seq(&self) -> Option<u64> {
        self.0.head_seq
    }

    fn __repr__(&self) -> String {
        let limited = |count: Option<i64>, max: Option<i64>| match (count, max) {
            (Some(count), Some(max)) => format!("{count} of {max}"),
            _ => "none".to_owned(),
        };
        let b = &self.0;
        format!(
            "<opsledger.Budget {}, long {}, short {}>",
            b.status.name(),
            limited(b.long_count, b.long_max),
            limited(b.short_count, b.short_max)
        )
    }
}

/// One outage as it stands at the instant asked for.
#[pyclass(frozen, eq, module = "opsledger")]
#[derive(PartialEq)]
pub(crate) struct Outage(OutageRow);

#[pymethods]
impl Outage {
    /// Its subject.
    #[getter]
    fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The system that was out.
    #[getter]
    fn system(&self) -> &str {
        &self.0.system
    }

    /// Its start, as corrected (UTC).
    #[getter]
    fn start<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        datetime(py, self.0.start)
    }

    /// Its end, as corrected (UTC); None while open.
    #[getter]
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        datetime_opt(py, self.0.end)
    }

    /// Its impact.
    #[getter]
    fn impact(&self) -> &str {
        &self.0.impact
    }

    /// Its attribution.
    #[getter]
    fn attribution(&self) -> &str {
        &self.0.attribution
    }

    /// Its cause, where stated.
    #[getter]
    fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Its impact and attribution count, and it was not voided.
    #[getter]
    fn counted(&self) -> bool {
        self.0.counted
    }

    /// The entry that opened it.
    #[getter]
    fn entry(&self) -> u64 {
        self.0.entry
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.Outage {} of {}>", self.0.subject, self.0.system)
    }
}
