//! The sheets people fill in: forms, filled forms, the monthly confirmation.

use crate::contract::{Contract, core_of, read_file};
use crate::errors::{detached, raise};
use crate::ledger::Ledger;
use crate::stored::Imported;
use opsledger::account::Account;
use opsledger::error::Lang;
use opsledger::ledger::clock::system_now;
use opsledger::sheets::{self, Preview, Who, confirmation, families};
use opsledger::{Error, ledger};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use std::path::PathBuf;
use std::sync::Arc;

// The signature below says it again: what stands there must be a plain number.
const _: () = assert!(sheets::DEFAULT_ROWS == 200);

/// The names of the forms there are, as `sheet_form` takes them.
#[pyfunction]
pub(crate) fn sheet_families() -> Vec<&'static str> {
    families::FAMILIES.iter().map(|family| family.name).collect()
}

/// An empty form (xlsx) of one family or several, a tab each, with `rows` rows to fill.
///
/// Raises InputError for a family there is not, and for rows outside 1 to 10 000.
#[pyfunction]
#[pyo3(signature = (families, contract, *, rows=200))]
pub(crate) fn sheet_form<'py>(
    py: Python<'py>,
    families: &Bound<'py, PyAny>,
    contract: &Bound<'py, Contract>,
    rows: u32,
) -> PyResult<Bound<'py, PyBytes>> {
    let names: Vec<String> = match families.cast::<PyString>() {
        Ok(name) => vec![name.to_string()],
        Err(_) => families.extract()?,
    };
    let contract = contract.get().inner.clone();
    let bytes = detached(py, move || {
        let families =
            names.iter().map(|name| families::find(name)).collect::<opsledger::Result<Vec<_>>>()?;
        sheets::form(&families, &contract, rows)
    })?;
    Ok(PyBytes::new(py, &bytes))
}

/// Reads a filled form (a path, or the file's bytes) and records what it states: all of it or nothing. The same sheet twice
/// changes nothing. Without `contract`, the one that the ledger adopted; times are read in its zone. `person` and `party` say
/// who states it; without them, as the sheet says.
///
/// With `dry_run` nothing is recorded and wrong cells are in the answer; else the first wrong cell is raised as InputError or
/// RefusedError, and nothing is recorded.
#[pyfunction]
#[pyo3(signature = (ledger, sheet, *, contract=None, person=None, party=None, dry_run=false))]
pub(crate) fn import_sheet(
    py: Python<'_>,
    ledger: &Bound<'_, Ledger>,
    sheet: &Bound<'_, PyAny>,
    contract: Option<&Bound<'_, Contract>>,
    person: Option<String>,
    party: Option<String>,
    dry_run: bool,
) -> PyResult<SheetPreview> {
    let (source, contract, ledger) = (Source::of(sheet)?, core_of(contract), ledger.get());
    let (preview, recorded) = detached(py, move || {
        let ledger = ledger.open_handle()?;
        let contract = adopted(contract, &ledger)?;
        let now = system_now();
        let preview = sheets::preview(&source.bytes()?, &contract, &ledger, &Who { person, party }, now)?;
        let recorded = if dry_run { None } else { Some(preview.record(&ledger, now)?) };
        Ok((preview, recorded))
    })?;
    Ok(SheetPreview { preview, recorded })
}

/// The confirmation sheet (xlsx) of a month such as "2026-03", for the `party` that is to give its opinions.
///
/// Raises InputError for a month that has not begun or lies outside the service period.
#[pyfunction]
#[pyo3(signature = (ledger, month, *, contract=None, party="buyer"))]
pub(crate) fn confirmation_form<'py>(
    py: Python<'py>,
    ledger: &Bound<'py, Ledger>,
    month: &str,
    contract: Option<&Bound<'py, Contract>>,
    party: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let (contract, ledger) = (core_of(contract), ledger.get());
    let bytes = detached(py, move || {
        confirmation::form(contract, &ledger.open_handle()?, month, party, system_now())
    })?;
    Ok(PyBytes::new(py, &bytes))
}

/// Records the opinions of a filled confirmation sheet (a path, or the file's bytes) as confirmations and disputes of the
/// party it was written for, stated by `person`. The same sheet twice changes nothing.
///
/// Raises RefusedError for a sheet of another ledger, or one that does not show what the ledger holds. With `dry_run`
/// nothing is recorded and wrong cells are in the answer.
#[pyfunction]
#[pyo3(signature = (ledger, sheet, *, person, contract=None, dry_run=false))]
pub(crate) fn confirm_sheet(
    py: Python<'_>,
    ledger: &Bound<'_, Ledger>,
    sheet: &Bound<'_, PyAny>,
    person: &str,
    contract: Option<&Bound<'_, Contract>>,
    dry_run: bool,
) -> PyResult<SheetAnswers> {
    let (source, contract, ledger) = (Source::of(sheet)?, core_of(contract), ledger.get());
    let (answers, recorded) = detached(py, move || {
        let ledger = ledger.open_handle()?;
        let contract = adopted(contract, &ledger)?;
        let now = system_now();
        let answers = confirmation::read(&source.bytes()?, &contract, &ledger, person, now)?;
        let recorded = if dry_run { None } else { Some(answers.record(&ledger, now)?) };
        Ok((answers, recorded))
    })?;
    Ok(SheetAnswers { answers, recorded })
}

fn adopted(
    contract: Option<Arc<opsledger::contract::Contract>>,
    ledger: &ledger::Ledger,
) -> opsledger::Result<Arc<opsledger::contract::Contract>> {
    match contract {
        Some(contract) => Ok(contract),
        None => Ok(Account::open(None, ledger.clone())?.contract()),
    }
}

/// A sheet as it was given.
enum Source {
    Bytes(Vec<u8>),
    Path(PathBuf),
}

impl Source {
    fn of(sheet: &Bound<'_, PyAny>) -> PyResult<Source> {
        if let Ok(bytes) = sheet.cast::<PyBytes>() {
            return Ok(Source::Bytes(bytes.as_bytes().to_vec()));
        }
        match sheet.extract::<PathBuf>() {
            Ok(path) => Ok(Source::Path(path)),
            Err(_) => Err(PyTypeError::new_err("the sheet must be a path, or the bytes of an xlsx file")),
        }
    }

    fn bytes(self) -> opsledger::Result<Vec<u8>> {
        match self {
            Source::Bytes(bytes) => Ok(bytes),
            Source::Path(path) => read_file(&path),
        }
    }
}

/// What a filled form states, row by row, and what became of it.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct SheetPreview {
    preview: Preview,
    recorded: Option<ledger::Imported>,
}

#[pymethods]
impl SheetPreview {
    /// The filled rows, in the sheet's order.
    #[getter]
    fn rows(&self, py: Python<'_>) -> PyResult<Vec<SheetRow>> {
        let row = |row: &sheets::Planned| -> opsledger::Result<SheetRow> {
            let facts =
                row.facts.iter().map(|fact| fact.canonical()).collect::<opsledger::Result<Vec<_>>>()?;
            Ok(SheetRow {
                sheet: row.sheet.clone(),
                row: row.row,
                family: row.family,
                subject: row.subject.clone(),
                change: row.change.name(),
                facts,
            })
        };
        self.preview.rows.iter().map(row).collect::<opsledger::Result<Vec<_>>>().map_err(|e| raise(py, &e))
    }

    /// Wrong cells; with one, nothing is recorded.
    #[getter]
    fn wrong(&self) -> Vec<SheetCell> {
        self.preview.wrong().iter().map(SheetCell::of).collect()
    }

    /// Cells to look at, which keep nothing from being recorded.
    #[getter]
    fn remarks(&self) -> Vec<SheetCell> {
        let (zh, en) = (self.preview.remarks(Lang::Zh), self.preview.remarks(Lang::En));
        zh.into_iter()
            .zip(en)
            .map(|((cell, text_zh), (_, text_en))| SheetCell { cell, code: "", text_zh, text_en })
            .collect()
    }

    /// What was recorded; None after a dry run.
    #[getter]
    fn recorded(&self) -> Option<Imported> {
        self.recorded.clone().map(Imported)
    }

    /// The sheet (xlsx) with its wrong cells coloured and the reasons as notes, to be corrected and imported in its turn.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = detached(py, || self.preview.copy())?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn __repr__(&self) -> String {
        format!(
            "<opsledger.SheetPreview {} rows, {} wrong>",
            self.preview.rows.len(),
            self.preview.wrong().len()
        )
    }
}

/// A filled row.
#[pyclass(frozen, eq, get_all, module = "opsledger")]
#[derive(PartialEq)]
pub(crate) struct SheetRow {
    /// Name of the tab.
    sheet: String,
    /// From 1.
    row: u32,
    /// Its family.
    family: &'static str,
    /// The number under which its facts are recorded.
    subject: String,
    /// "new", "further", "corrected", "unchanged" or "wrong".
    change: &'static str,
    /// What it records: canonical JSON.
    facts: Vec<String>,
}

#[pymethods]
impl SheetRow {
    fn __repr__(&self) -> String {
        format!("<opsledger.SheetRow {}!{} {} {}>", self.sheet, self.row, self.subject, self.change)
    }
}

/// A cell with what is to be said about it.
#[pyclass(frozen, eq, get_all, module = "opsledger")]
#[derive(PartialEq)]
pub(crate) struct SheetCell {
    /// `Sheet1!C7`.
    cell: String,
    /// Stable name of the error; empty for a remark.
    code: &'static str,
    /// In Chinese.
    text_zh: String,
    /// In English.
    text_en: String,
}

impl SheetCell {
    fn of((cell, e): &(String, Error)) -> SheetCell {
        SheetCell {
            cell: cell.clone(),
            code: e.code().info().name,
            text_zh: e.text(Lang::Zh),
            text_en: e.text(Lang::En),
        }
    }
}

#[pymethods]
impl SheetCell {
    fn __repr__(&self) -> String {
        format!("<opsledger.SheetCell {}: {}>", self.cell, self.text_en)
    }
}

/// The opinions of a confirmation sheet, and what became of them.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct SheetAnswers {
    answers: confirmation::Answers,
    recorded: Option<ledger::Imported>,
}

impl SheetAnswers {
    fn entries(&self, wanted: impl Fn(&confirmation::Answer) -> bool) -> Vec<u64> {
        self.answers.answers.iter().filter(|a| wanted(a)).map(|a| a.entry).collect()
    }
}

#[pymethods]
impl SheetAnswers {
    /// Entries that it confirms.
    #[getter]
    fn confirmed(&self) -> Vec<u64> {
        self.entries(|a| a.confirms)
    }

    /// Entries that it disputes.
    #[getter]
    fn disputed(&self) -> Vec<u64> {
        self.entries(|a| !a.confirms)
    }

    /// Entries whose opinion was recorded before.
    #[getter]
    fn unchanged(&self) -> Vec<u64> {
        self.entries(|a| a.fact.is_none())
    }

    /// Rows left without an opinion.
    #[getter]
    fn open(&self) -> usize {
        self.answers.open
    }

    /// Wrong cells; with one, nothing is recorded.
    #[getter]
    fn wrong(&self) -> Vec<SheetCell> {
        self.answers.wrong.iter().map(SheetCell::of).collect()
    }

    /// What was recorded; None after a dry run.
    #[getter]
    fn recorded(&self) -> Option<Imported> {
        self.recorded.clone().map(Imported)
    }

    fn __repr__(&self) -> String {
        let (confirmed, disputed) = (self.confirmed().len(), self.disputed().len());
        format!(
            "<opsledger.SheetAnswers {confirmed} confirmed, {disputed} disputed, {} open>",
            self.answers.open
        )
    }
}
