//! TOML text to [`Contract`]. `reader` turns tables with their places in the file into plain structs, `values` knows how a
//! value is written, `tables` says which keys exist; `top` and `clauses` check what they mean together. The first error
//! ends it.

mod amounts;
pub(crate) mod backups;
pub(crate) mod clauses;
mod hours;
pub(crate) mod reader;
mod tables;
pub(crate) mod top;
pub(crate) mod values;
mod words;

pub(super) use tables::ContractText;

use super::Contract;
use crate::error::{Code, Error, Place, Result};
use reader::{Node, Source, Table as _};
use toml::de::{DeTable, DeValue};

/// What the file of a rule needs to say how its parameters are written.
pub(crate) mod written {
    pub(crate) use super::amounts::*;
    pub(crate) use super::clauses::{Frame, Named, Written};
    pub(crate) use super::reader::{At, Node, tables};
    pub(crate) use super::top::{ALWAYS, positive, texts};
    pub(crate) use super::values::*;
    pub(crate) use super::words::*;

    /// The words of one or many.
    pub(crate) fn many(list: Option<At<'_, OneOrMany<'_, Text>>>) -> Vec<String> {
        list.into_iter().flat_map(|l| l.value.0).map(|t| t.value.0).collect()
    }
}

/// Longest contract, bytes: a hundred times what a long one needs.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// The format that this library reads.
pub(super) const FORMAT: i64 = 1;

pub(super) fn parse_bytes(file: Option<&str>, bytes: &[u8]) -> Result<Contract> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(file, text),
        Err(e) => {
            let good = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
            let source = Source { file, text: &good };
            let byte = bytes.get(e.valid_up_to()).copied().unwrap_or_default();
            Err(Error::new(Code::BadUtf8, format!("0x{byte:02x}"))
                .with_hints(
                    "save the file as UTF-8; it may be GBK",
                    "请将文件另存为 UTF-8 编码；原文件可能是 GBK 编码",
                )
                .at_place(source.place(good.len())))
        }
    }
}

pub(super) fn parse(file: Option<&str>, text: &str) -> Result<Contract> {
    let source = Source { file, text };
    if text.len() > MAX_BYTES {
        let e = Error::new(Code::OutOfRange, format!("{} > {MAX_BYTES} bytes", text.len()));
        return Err(e.at_place(source.place(0)));
    }
    if text.starts_with('\u{feff}') {
        return Err(Error::new(Code::ContractSyntax, "U+FEFF")
            .with_hints(
                "save the file as UTF-8 without a byte order mark (BOM)",
                "请另存为不带 BOM 的 UTF-8 文件",
            )
            .at_place(source.place(0)));
    }
    let table = DeTable::parse(text).map_err(|e| syntax(&source, &e))?;
    let root = DeValue::Table(table.into_inner());
    let node = Node::root(&source, &root);
    top::check_format(&node)?;
    let written = ContractText::read_table(&node, &[])?;
    top::resolve(&node, written)
}

fn syntax(source: &Source<'_>, e: &toml::de::Error) -> Error {
    let offset = e.span().map_or(0, |s| s.start);
    let place: Place = source.place(offset);
    if e.message() == "duplicate key" {
        let key = source.text[e.span().unwrap_or_default()].to_owned();
        return Error::new(Code::ContractDuplicate, key)
            .with_hints(
                "a key stands once in its table; lists of tables are written with [[…]]",
                "同一个键在一个表中只能出现一次；多个同类表请写成 [[…]]",
            )
            .at_place(place);
    }
    let line = source.text.lines().nth(place.line as usize - 1).unwrap_or_default().trim();
    Error::new(Code::ContractSyntax, format!("{} [{}]", reader::clip(line), e.message().trim()))
        .with_hints(
            "texts stand in double quotes, keys before =",
            "请检查此处的引号、括号与等号：文字须加双引号，键写在 = 之前",
        )
        .at_place(place)
}
