//! The Python extension module `_opsledger`: what `opsledger/__init__.py` shows. It holds no rule; it turns Python's
//! values into core's and back, gives up the interpreter lock, and turns errors and panics into exceptions.

mod account;
mod assessment;
mod backup;
mod columns;
mod contract;
mod convert;
mod documents;
mod errors;
mod facts;
mod ledger;
mod sheets;
mod stored;

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the `opsledger` command; `arguments` begins with the program's name. Returns the exit status.
#[pyfunction]
fn _command(py: Python<'_>, arguments: Vec<OsString>) -> i32 {
    py.detach(|| opsledger_cli::main(arguments))
}

/// Panics inside, to show what becomes of a panic (debug builds only).
#[cfg(debug_assertions)]
#[pyfunction]
fn _panic(py: Python<'_>, text: String) -> PyResult<()> {
    errors::detached(py, || std::panic::panic_any(text))
}

/// The module.
#[pymodule]
fn _opsledger(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::register(module)?;
    module.add_class::<contract::Contract>()?;
    module.add_class::<ledger::Ledger>()?;
    module.add_class::<stored::Head>()?;
    module.add_class::<stored::Record>()?;
    module.add_class::<stored::Table>()?;
    module.add_class::<stored::Verdict>()?;
    module.add_class::<stored::Imported>()?;
    module.add_class::<account::Account>()?;
    module.add_class::<account::Budget>()?;
    module.add_class::<account::Outage>()?;
    module.add_class::<documents::Document>()?;
    module.add_class::<assessment::Assessment>()?;
    module.add_class::<assessment::Clause>()?;
    module.add_class::<columns::SystemFigures>()?;
    module.add_class::<backup::BackupReport>()?;
    module.add_function(wrap_pyfunction!(backup::backup_run, module)?)?;
    module.add_function(wrap_pyfunction!(columns::outages_batch, module)?)?;
    module.add_function(wrap_pyfunction!(contract::lint, module)?)?;
    module.add_class::<sheets::SheetPreview>()?;
    module.add_class::<sheets::SheetRow>()?;
    module.add_class::<sheets::SheetCell>()?;
    module.add_class::<sheets::SheetAnswers>()?;
    module.add_function(wrap_pyfunction!(sheets::sheet_families, module)?)?;
    module.add_function(wrap_pyfunction!(sheets::sheet_form, module)?)?;
    module.add_function(wrap_pyfunction!(sheets::import_sheet, module)?)?;
    module.add_function(wrap_pyfunction!(sheets::confirmation_form, module)?)?;
    module.add_function(wrap_pyfunction!(sheets::confirm_sheet, module)?)?;
    module.add_function(wrap_pyfunction!(_command, module)?)?;
    #[cfg(debug_assertions)]
    module.add_function(wrap_pyfunction!(_panic, module)?)?;
    Ok(())
}
