//! Exceptions: one class a category, made from core's table. In: [`opsledger::Error`]. Out: an instance with `code`, `row`,
//! the place in a text and the messages.

use opsledger::error::{CODES, Category, Code};
use opsledger::{Error, Lang};
use pyo3::exceptions::{PyException, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use std::panic::AssertUnwindSafe;

const BASE_DOC: &str = "What went wrong. `code` is the stable name of the error (`naive-time`), `category` the stable name of \
    its class (`input`), `row` the place in a batch counted from 1, `file`, `line` and `column` the place in a text, or None; `text_en` and `text_zh` the whole message.";

/// The classes, in the order of the categories.
static CLASSES: PyOnceLock<Vec<(Category, Py<PyType>)>> = PyOnceLock::new();

/// Name of a category in JSON and in `.category`.
fn category_name(category: Category) -> &'static str {
    match category {
        Category::Input => "input",
        Category::Refused => "refused",
        Category::Conflict => "conflict",
        Category::NotFound => "not-found",
        Category::Busy => "busy",
        Category::Io => "io",
        Category::Corrupt => "corrupt",
        Category::Version => "version",
        Category::Unsupported => "unsupported",
        Category::Closed => "closed",
        Category::Forked => "forked",
        Category::Disturbed => "disturbed",
        Category::Cancelled => "cancelled",
        Category::Internal => "internal",
    }
}

/// Name and docstring of a category's class.
fn class_of(category: Category) -> (String, &'static str) {
    let doc = match category {
        Category::Input => "The data given are wrong.",
        Category::Refused => "The data contradict what is recorded, or a safety rule forbids the call.",
        Category::Conflict => "The same key was recorded with another fact.",
        Category::NotFound => "No such thing.",
        Category::Busy => "Another writer held the ledger longer than the wait limit.",
        Category::Io => "The operating system refused.",
        Category::Corrupt => "The file's content is damaged or forged.",
        Category::Version => "Made by a newer version.",
        Category::Unsupported => "Not in this build.",
        Category::Closed => "The ledger or account was closed.",
        Category::Forked => "The ledger was opened by the parent process.",
        Category::Disturbed => {
            "The file was replaced while it was open; what is recorded was looked up again."
        }
        Category::Cancelled => "The progress callback said stop.",
        Category::Internal => "A bug of opsledger.",
    };
    let name = match category {
        Category::Io => "LedgerIOError".to_owned(),
        other => format!("{other:?}Error"),
    };
    (name, doc)
}

/// Makes the classes and puts them into the module, with `ERROR_CODES`: the class of each code.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let base = new_class(py, "OpsledgerError", BASE_DOC, "", &py.get_type::<PyException>())?;
    module.add("OpsledgerError", &base)?;
    let mut classes: Vec<(Category, Py<PyType>)> = Vec::new();
    let codes = PyDict::new(py);
    for row in CODES {
        let class = match classes.iter().find(|(category, _)| *category == row.category) {
            Some((_, class)) => class.clone_ref(py),
            None => {
                let (name, doc) = class_of(row.category);
                let builtin = match row.category {
                    Category::Input => Some(py.get_type::<PyValueError>()),
                    Category::Io => Some(py.get_type::<PyOSError>()),
                    _ => None,
                };
                let bases = match builtin {
                    Some(builtin) => PyTuple::new(py, [&base, &builtin])?,
                    None => PyTuple::new(py, [&base])?,
                };
                let class = new_class(py, &name, doc, category_name(row.category), &bases)?;
                module.add(name.as_str(), &class)?;
                classes.push((row.category, class.clone().unbind()));
                class.unbind()
            }
        };
        codes.set_item(row.name, class)?;
    }
    module.add("ERROR_CODES", codes)?;
    // A second interpreter would get classes of its own from PyO3's refusal to be imported twice; so the first set holds.
    CLASSES.get_or_init(py, || classes);
    Ok(())
}

/// `bases` is one class or a tuple of classes.
fn new_class<'py>(
    py: Python<'py>,
    name: &str,
    doc: &str,
    category: &str,
    bases: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyType>> {
    let bases = match bases.cast::<PyTuple>() {
        Ok(tuple) => tuple.clone(),
        Err(_) => PyTuple::new(py, [bases])?,
    };
    let body = PyDict::new(py);
    body.set_item("__doc__", doc)?;
    // Found under this name by pickle and in tracebacks.
    body.set_item("__module__", "opsledger")?;
    body.set_item("category", category)?;
    for text in ["code", "text_en", "text_zh"] {
        body.set_item(text, "")?;
    }
    for place in ["row", "file", "line", "column"] {
        body.set_item(place, py.None())?;
    }
    Ok(py.get_type::<PyType>().call1((name, bases, body))?.cast_into::<PyType>()?)
}

/// The exception of an error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    match instance(py, error) {
        Ok(e) | Err(e) => e,
    }
}

fn instance(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let category = error.category();
    let class = CLASSES
        .get(py)
        .and_then(|classes| classes.iter().find(|(c, _)| *c == category))
        .map(|(_, class)| class.bind(py));
    let Some(class) = class else {
        return Ok(pyo3::exceptions::PyRuntimeError::new_err(error.text(Lang::En)));
    };
    let text = error.text(Lang::En);
    let made = class.call1((&text,))?;
    made.setattr("code", error.code().info().name)?;
    made.setattr("row", error.row())?;
    if let Some(place) = error.place() {
        made.setattr("file", place.file.as_deref())?;
        made.setattr("line", place.line)?;
        made.setattr("column", place.column)?;
    }
    made.setattr("text_en", text)?;
    made.setattr("text_zh", error.text(Lang::Zh))?;
    Ok(PyErr::from_value(made))
}

/// What can go wrong with a value of Python's: our own error (which may still get its row), or an exception.
pub(crate) enum Trouble {
    Ours(Error),
    Python(PyErr),
}

impl From<Error> for Trouble {
    fn from(e: Error) -> Self {
        Trouble::Ours(e)
    }
}

impl From<PyErr> for Trouble {
    fn from(e: PyErr) -> Self {
        Trouble::Python(e)
    }
}

impl From<Trouble> for PyErr {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Ours(e) => Python::attach(|py| raise(py, &e)),
            Trouble::Python(e) => e,
        }
    }
}

/// An error of the input category, as Python sees it.
pub(crate) fn input(py: Python<'_>, code: Code, detail: impl Into<String>) -> PyErr {
    raise(py, &Error::new(code, detail))
}

/// Runs `work` without the interpreter lock; a panic becomes an `InternalError`.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> opsledger::Result<T> + Send,
) -> PyResult<T> {
    py.detach(|| guarded(work)).map_err(|e| raise(py, &e))
}

/// As [`detached`], without giving up the interpreter lock: for what takes less than a few microseconds.
pub(crate) fn attached<T>(py: Python<'_>, work: impl FnOnce() -> opsledger::Result<T>) -> PyResult<T> {
    guarded(work).map_err(|e| raise(py, &e))
}

fn guarded<T>(work: impl FnOnce() -> opsledger::Result<T>) -> opsledger::Result<T> {
    // Nothing that the closure may have left half done is looked at again by us: core's locks do not poison, and its
    // handles answer for themselves.
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("panic");
        Err(Error::new(Code::Internal, what))
    })
}
