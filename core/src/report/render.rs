//! A document in its forms. In: blocks. Out: files as bytes, the same for the same blocks.

use super::model::{Cell, Column, Document, EntryLine, Row, Table};
use super::words::pick;
use super::{document_html, docx, xlsx};
use crate::error::{Code, Error, Lang, Result};

/// A form of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Office Open XML text.
    Docx,
    /// Office Open XML sheets.
    Xlsx,
    /// One page that loads nothing.
    Html,
}

impl Format {
    /// By its name: `docx`, `xlsx`, `html`.
    ///
    /// # Errors
    /// `bad-request` with any other name.
    pub fn parse(name: &str) -> Result<Format> {
        match name {
            "docx" => Ok(Format::Docx),
            "xlsx" => Ok(Format::Xlsx),
            "html" => Ok(Format::Html),
            other => Err(Error::new(Code::BadRequest, format!("format = {other:?}"))
                .with_hints("formats are docx, xlsx and html", "格式只有 docx、xlsx、html")),
        }
    }
    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Docx => "docx",
            Format::Xlsx => "xlsx",
            Format::Html => "html",
        }
    }
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Html => "text/html; charset=utf-8",
        }
    }
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its name, without a folder.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Writes a sealed document in a form.
///
/// # Errors
/// `internal` when a writer fails.
pub fn render(document: &Document, format: Format) -> Result<Rendered> {
    let bytes = match format {
        Format::Docx => docx::write(document)?,
        Format::Xlsx => xlsx::write(document)?,
        Format::Html => document_html::write(document)?.into_bytes(),
    };
    Ok(Rendered {
        name: format!("{}.{}", document.name, format.ending()),
        media_type: format.media_type(),
        bytes,
    })
}

/// Digits of a head that paper shows; the sheet and the page have all of them.
const HEAD_ON_PAPER: usize = 16;

/// Entries as a table; on paper, heads are cut.
pub(super) fn entry_table(entries: &[EntryLine], lang: Lang, paper: bool) -> Table {
    let head = |e: &EntryLine| match e.head.get(..HEAD_ON_PAPER) {
        Some(start) if paper => format!("{start}…"),
        _ => e.head.clone(),
    };
    let row = |e: &EntryLine| {
        let text = [&e.kind, &e.subject, &e.at, &e.recorded_at, &e.by, &head(e)].map(Cell::text);
        Row::new(std::iter::once(Cell::text(format!("#{}", e.seq))).chain(text).collect())
    };
    Table {
        name: pick(lang, "台账记录", "entries").to_owned(),
        caption: String::new(),
        head: vec![
            Column::right(pick(lang, "序号", "Entry"), 7),
            Column::left(pick(lang, "事实", "Fact"), 20),
            Column::left(pick(lang, "编号", "Subject"), 13),
            Column::left(pick(lang, "发生时间", "At"), if paper { 12 } else { 18 }),
            Column::left(pick(lang, "记录时间", "Recorded at"), if paper { 17 } else { 24 }),
            Column::left(pick(lang, "记录人", "By"), 14),
            Column::left(pick(lang, "记录头 SM3", "Head SM3"), if paper { 20 } else { 62 }),
        ],
        rows: entries.iter().map(row).collect(),
        empty: pick(lang, "无", "none").to_owned(),
    }
}
