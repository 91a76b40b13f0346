//! Answers: registers, what falls due, why a clause stands as it does, and the documents that people sign.

use crate::account::{ask_in_words, ask_with, lang, opsl_account, opsl_assess_options};
use crate::guard::{guard, guard_or};
use crate::ledger::request;
use crate::log::c_text;
use crate::types::*;
use opsledger::account::Account;
use opsledger::error::Lang;
use opsledger::report::{self, DocumentKind, DocumentOptions, Format, Month, Rendered};
use opsledger::time::DAY;
use opsledger::{Code, Error, Result};
use std::ffi::{CString, c_char};

/// The files of a document. Nothing changes them; any number of threads may read them at once.
#[allow(non_camel_case_types)]
pub struct opsl_documents(Vec<File>);

struct File {
    name: CString,
    media_type: CString,
    bytes: Vec<u8>,
}

impl From<Rendered> for File {
    fn from(file: Rendered) -> Self {
        File { name: c_text(&file.name), media_type: c_text(file.media_type), bytes: file.bytes }
    }
}

impl opsl_documents {
    fn file(&self, i: usize) -> Result<&File> {
        self.0
            .get(i)
            .ok_or_else(|| Error::new(Code::OutOfRange, format!("i = {i}, count = {}", self.0.len())))
    }
}

/// What `opsl_account_documents` reads from its JSON.
#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DocumentsRequest {
    as_of: Option<String>,
    known_at: Option<String>,
    head: i64,
    view: String,
    lang: String,
    month: Option<String>,
    subject: Option<String>,
    formats: Vec<String>,
    ledger: Option<String>,
    contract: Option<String>,
}

pub(crate) fn documents_of(account: &Account, kind: &str, json: &str) -> Result<Vec<Rendered>> {
    let kind = DocumentKind::parse(kind)?;
    let wanted: DocumentsRequest = request(json)?;
    let formats = wanted.formats.iter().map(|f| Format::parse(f)).collect::<Result<Vec<_>>>()?;
    let options = DocumentOptions {
        lang: lang(&wanted.lang, Lang::Zh)?,
        month: wanted.month.as_deref().map(Month::parse).transpose()?,
        subject: wanted.subject.as_deref(),
        formats: &formats,
        ledger: wanted.ledger.as_deref(),
        contract_file: wanted.contract.as_deref(),
    };
    let ask = ask_in_words(wanted.as_of.as_deref(), wanted.known_at.as_deref(), wanted.head, &wanted.view)?;
    report::document(account, kind, &ask, &options)
}

/// The span that is looked ahead: microseconds, or a week.
pub(crate) fn within(us: i64) -> i64 {
    given(us).unwrap_or(7 * DAY)
}

/// The case asked for; empty text asks for all.
pub(crate) fn case(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A register ("incidents", "duty", ...) as JSON: its columns, and a row a subject. Other arguments as in `opsl_account_assess`.
/// A name there is not gives `OPSL_E_NOT_FOUND`, with those there are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_register_json(
    account: Option<&opsl_account>,
    name: opsl_str,
    as_of: i64,
    known_at: i64,
    options: *const opsl_assess_options,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let name = text(name, "name")?;
            let ask = ask_with(as_of, known_at, options)?;
            give(to, required(account, "account")?.run(|a| a.register(name, &ask))?.to_json());
            Ok(())
        })
    }
}

/// Why a clause stands as it does, as JSON. `case_name` is one case of it (a subject or a period), empty for all of them. Other
/// arguments as in `opsl_account_assess`. A clause or a case there is not gives `OPSL_E_NOT_FOUND`, with those there are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_explain_json(
    account: Option<&opsl_account>,
    clause: opsl_str,
    case_name: opsl_str,
    as_of: i64,
    known_at: i64,
    options: *const opsl_assess_options,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let (clause, of) = (text(clause, "clause")?, text(case_name, "case_name")?);
            let ask = ask_with(as_of, known_at, options)?;
            let found = required(account, "account")?.run(|a| a.explain(&ask, clause, case(of)))?;
            give(to, found.to_json());
            Ok(())
        })
    }
}

/// What falls due, is at risk, or waits for whom, from `as_of` on and for `within_us` microseconds (`OPSL_ABSENT`: 7 days), if
/// nothing more is recorded, as JSON. Other arguments as in `opsl_account_assess`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_due_json(
    account: Option<&opsl_account>,
    as_of: i64,
    known_at: i64,
    within_us: i64,
    options: *const opsl_assess_options,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let ask = ask_with(as_of, known_at, options)?;
            give(to, required(account, "account")?.run(|a| a.due(&ask, within(within_us)))?.to_json());
            Ok(())
        })
    }
}

/// A document that people sign, as files. `kind` is "monthly", "incident", "ledger", "roster" or "acceptance". `json` may be
/// empty or an object: "month" ("2026-03"; absent: the month before the last instant known), "subject" (the incident; needed for
/// "incident"), "formats" (an array of "docx", "xlsx", "html"; absent: those the kind is usually given in), "lang" ("zh", the
/// default, or "en"), "as_of", "known_at" (RFC 3339), "head", "view" as in `opsl_account_report`; "ledger" and "contract" are the
/// names of their files, for the commands in the annex. The same question gives the same bytes, in every language. The first file
/// is the document itself; of "acceptance" it is the index. `*documents` is the caller's, freed with `opsl_documents_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_documents(
    account: Option<&opsl_account>,
    kind: opsl_str,
    json: opsl_str,
    documents: *mut *mut opsl_documents,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = out(documents, "documents")?;
            let (kind, json) = (text(kind, "kind")?, text(json, "json")?);
            let files = required(account, "account")?.run(|a| documents_of(a, kind, json))?;
            to.write(Box::into_raw(Box::new(opsl_documents(files.into_iter().map(File::from).collect()))));
            Ok(())
        })
    }
}

/// How many files there are; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_documents_count(documents: Option<&opsl_documents>) -> usize {
    guard_or(0, || documents.map_or(0, |d| d.0.len()))
}

/// The name of file `i` (from 0): no absolute path, parts separated by `/`. It belongs to `documents`. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_documents_name(documents: Option<&opsl_documents>, i: usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        documents.and_then(|d| d.0.get(i)).map_or(std::ptr::null(), |f| f.name.as_ptr())
    })
}

/// The media type of file `i`. It belongs to `documents`. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_documents_media_type(documents: Option<&opsl_documents>, i: usize) -> *const c_char {
    guard_or(std::ptr::null(), || {
        documents.and_then(|d| d.0.get(i)).map_or(std::ptr::null(), |f| f.media_type.as_ptr())
    })
}

/// The content of file `i`. `bytes->ptr` belongs to `documents`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_documents_bytes(
    documents: Option<&opsl_documents>,
    i: usize,
    bytes: *mut opsl_str,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = out(bytes, "bytes")?;
            let file = required(documents, "documents")?.file(i)?;
            to.write(opsl_str { ptr: file.bytes.as_ptr().cast(), len: file.bytes.len() });
            Ok(())
        })
    }
}

/// Frees the files. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_documents_free(documents: Option<Box<opsl_documents>>) {
    guard_or((), || drop(documents))
}
