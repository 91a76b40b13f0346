//! What lies in the package beside the cells: its true size, and which rows and columns are hidden.

use super::MAX_FILE;
use crate::error::{Code, Error, Result};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// All parts together, unpacked, bytes: a small file can unpack to any size.
const MAX_UNPACKED: u64 = 256 * 1024 * 1024;
/// Parts of the package.
const MAX_PARTS: usize = 4_096;

/// Rows and columns that are not shown, from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hidden {
    pub(super) rows: BTreeSet<u32>,
    /// First and last.
    pub(super) columns: Vec<(u32, u32)>,
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// The worksheets by name, after the package proved to be one and of bounded size.
pub(super) fn inspect(bytes: &[u8]) -> Result<BTreeMap<String, Hidden>> {
    if bytes.len() > MAX_FILE {
        return Err(Error::new(Code::BadSheet, format!("{} > {MAX_FILE} bytes", bytes.len()))
            .with_hints("split the file", "请拆分文件"));
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(Error::new(Code::BadSheet, "").with_hints(
            "it is an old .xls or has a password: save it as .xlsx without a password",
            "该文件是旧版 .xls 或设有密码：请另存为不带密码的 .xlsx",
        ));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| {
        Error::new(Code::BadSheet, e.to_string()).with_hints(
            "not an .xlsx file: save it as Excel workbook (.xlsx)",
            "不是 .xlsx 文件：请另存为 Excel 工作簿（.xlsx）",
        )
    })?;
    measure(&mut archive)?;
    let mut sheets = BTreeMap::new();
    for (name, path) in worksheets(&mut archive)? {
        if let Some(xml) = part(&mut archive, &path)? {
            sheets.insert(name, hidden(&xml)?);
        }
    }
    Ok(sheets)
}

/// Unpacks everything once, into nothing: the sizes that a package states need not be true.
fn measure(archive: &mut Archive<'_>) -> Result<()> {
    let too_large = || {
        Error::new(Code::BadSheet, format!("> {MAX_UNPACKED} bytes unpacked"))
            .with_hints("keep only the tables in it", "请只保留表格内容")
    };
    if archive.len() > MAX_PARTS {
        return Err(too_large());
    }
    let mut left = MAX_UNPACKED;
    for i in 0..archive.len() {
        let file = archive.by_index(i).map_err(super::damaged)?;
        left -= std::io::copy(&mut file.take(left), &mut std::io::sink()).map_err(super::damaged)?;
        if left == 0 {
            return Err(too_large());
        }
    }
    Ok(())
}

fn part(archive: &mut Archive<'_>, path: &str) -> Result<Option<String>> {
    let mut bytes = Vec::new();
    match archive.by_name(path) {
        Ok(file) => file.take(MAX_UNPACKED).read_to_end(&mut bytes).map_err(super::damaged)?,
        Err(_) => return Ok(None),
    };
    String::from_utf8(bytes).map(Some).map_err(|e| Error::new(Code::BadSheet, format!("{path}: {e}")))
}

/// Names and paths, in the workbook's order.
fn worksheets(archive: &mut Archive<'_>) -> Result<Vec<(String, String)>> {
    const BOOK: &str = "xl/workbook.xml";
    const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
    let (Some(book), Some(relations)) = (part(archive, BOOK)?, part(archive, RELATIONS)?) else {
        return Err(Error::new(Code::BadSheet, BOOK));
    };
    let mut paths = BTreeMap::new();
    each(&relations, |name, e| {
        if name == "Relationship"
            && attribute(e, "Type")?.is_some_and(|t| t.ends_with("/worksheet"))
            && let (Some(id), Some(target)) = (attribute(e, "Id")?, attribute(e, "Target")?)
        {
            let path = match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("xl/{target}"),
            };
            paths.insert(id, path);
        }
        Ok(())
    })?;
    let mut sheets = Vec::new();
    each(&book, |name, e| {
        if name == "sheet"
            && let (Some(name), Some(id)) = (attribute(e, "name")?, attribute(e, "id")?)
        {
            sheets.extend(paths.get(&id).map(|path| (name, path.clone())));
        }
        Ok(())
    })?;
    Ok(sheets)
}

fn hidden(xml: &str) -> Result<Hidden> {
    let mut out = Hidden::default();
    let mut row = 0;
    each(xml, |name, e| {
        let number = |attribute: Option<String>| attribute.and_then(|n| n.parse::<u32>().ok());
        match name {
            "row" => {
                row = number(attribute(e, "r")?).unwrap_or(row + 1);
                if is_true(attribute(e, "hidden")?) {
                    out.rows.insert(row.saturating_sub(1));
                }
            }
            "col" if is_true(attribute(e, "hidden")?) => {
                if let (Some(first), Some(last)) =
                    (number(attribute(e, "min")?), number(attribute(e, "max")?))
                {
                    out.columns.push((first.saturating_sub(1), last.saturating_sub(1)));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(out)
}

fn is_true(attribute: Option<String>) -> bool {
    matches!(attribute.as_deref(), Some("1" | "true"))
}

/// Hands out every element's local name and start tag.
fn each(xml: &str, mut take: impl FnMut(&str, &BytesStart<'_>) -> Result<()>) -> Result<()> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(super::damaged)? {
            Event::Start(e) | Event::Empty(e) => take(e.local_name().as_ref(), &e)?,
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// By local name: `r:id` is `id`.
fn attribute(e: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    for attribute in e.attributes() {
        let attribute = attribute.map_err(super::damaged)?;
        if attribute.key.local_name().as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            return value.map(|v| Some(v.into_owned())).map_err(super::damaged);
        }
    }
    Ok(None)
}
