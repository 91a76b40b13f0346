//! `Document`: a file of a document that people sign.

use opsledger::report::{self, DocumentKind, DocumentOptions, Format, Month, Rendered};
use opsledger::{Lang, Result, account::Account, assess::Ask};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A file of a document: its name (no absolute path), media type and content.
#[pyclass(frozen, eq, module = "opsledger")]
#[derive(PartialEq)]
pub(crate) struct Document(Rendered);

#[pymethods]
impl Document {
    /// Its name; parts are separated by `/`.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// Its media type.
    #[getter]
    fn media_type(&self) -> &str {
        self.0.media_type
    }

    /// Its content.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.bytes)
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.Document {}, {} bytes>", self.0.name, self.0.bytes.len())
    }
}

/// What a document is asked with, as Python gives it.
pub(crate) struct Wanted {
    pub(crate) kind: String,
    pub(crate) month: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) formats: Vec<String>,
    pub(crate) lang: Lang,
    pub(crate) ledger: Option<String>,
    pub(crate) contract: Option<String>,
}

impl Wanted {
    pub(crate) fn of(&self, account: &Account, ask: &Ask) -> Result<Vec<Document>> {
        let formats = self.formats.iter().map(|f| Format::parse(f)).collect::<Result<Vec<_>>>()?;
        let options = DocumentOptions {
            lang: self.lang,
            month: self.month.as_deref().map(Month::parse).transpose()?,
            subject: self.subject.as_deref(),
            formats: &formats,
            ledger: self.ledger.as_deref(),
            contract_file: self.contract.as_deref(),
        };
        let files = report::document(account, DocumentKind::parse(&self.kind)?, ask, &options)?;
        Ok(files.into_iter().map(Document).collect())
    }
}
