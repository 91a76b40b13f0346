//! Workbooks (xlsx). In: bytes from people, of any origin. Out: the cells that hold something, with what may hide or blur
//! them: formulas, merged areas, hidden rows, columns and sheets. Judges nothing; [`Safe`] writes texts that no program
//! takes for a formula.

mod parts;
mod write;

pub use write::{Looks, Safe, finish, lines_of, make_room, refused as write_refused, shown};

use crate::error::{Code, Error, Result};
use calamine::{DataRef, Dimensions, Reader, SheetType, SheetVisible, Xlsx};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use parts::Hidden;
use std::collections::BTreeMap;
use std::io::Cursor;

/// Largest file, bytes.
pub const MAX_FILE: usize = 16 * 1024 * 1024;
/// Last row that is looked at, from 1.
pub const MAX_ROWS: u32 = 100_000;
/// Last column that is looked at, from 1.
pub const MAX_COLUMNS: u32 = 256;
/// Cells that hold something, over all sheets.
pub const MAX_CELLS: usize = 1_000_000;

/// A workbook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    /// In the order of its tabs.
    pub sheets: Vec<Sheet>,
}

/// One tab.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// As the tab says.
    pub name: String,
    /// Not shown.
    pub hidden: bool,
    /// Cells that hold something, by (row, column) from 0.
    pub cells: BTreeMap<(u32, u32), Cell>,
    /// Merged areas.
    pub merged: Vec<Area>,
    hides: Hidden,
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The value, or the last one a formula gave.
    pub value: Value,
    /// It is computed, so that nobody typed it.
    pub formula: bool,
}

/// A cell's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, as typed.
    Text(String),
    /// A number as the shortest decimal text that gives it back.
    Number(String),
    /// A date with its time of day, to the second.
    Time(NaiveDateTime),
    /// A time of day, or elapsed time: seconds.
    Clock(i64),
    /// True or false.
    Flag(bool),
    /// `#REF!` and the like.
    Error(String),
    /// A formula that no program has computed yet.
    Nothing,
}

/// Merged cells, from 0, both ends inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Upper left corner: row, column.
    pub start: (u32, u32),
    /// Lower right corner.
    pub end: (u32, u32),
}

impl Sheet {
    /// The cell, if it holds anything.
    pub fn cell(&self, row: u32, column: u32) -> Option<&Cell> {
        self.cells.get(&(row, column))
    }
    /// `Sheet1!C7`.
    pub fn place(&self, row: u32, column: u32) -> String {
        place(&self.name, row, column)
    }
    /// Rows that hold something, from 0, in order.
    pub fn rows(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = self.cells.keys().map(|(row, _)| *row).collect();
        rows.dedup();
        rows
    }
    /// The row is not shown.
    pub fn hides_row(&self, row: u32) -> bool {
        self.hides.rows.contains(&row)
    }
    /// The column is not shown.
    pub fn hides_column(&self, column: u32) -> bool {
        self.hides.columns.iter().any(|(first, last)| (*first..=*last).contains(&column))
    }
}

/// `Sheet1!C7`; row and column from 0.
pub fn place(sheet: &str, row: u32, column: u32) -> String {
    let mut letters = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.insert(0, char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    format!("{sheet}!{letters}{}", row + 1)
}

/// Reads a workbook.
///
/// # Errors
/// `bad-sheet`: not an xlsx, damaged, or too large in files, rows, columns or cells.
pub fn read(bytes: &[u8]) -> Result<Book> {
    let mut hidden = parts::inspect(bytes)?;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(damaged)?;
    // Charts and macros have tabs too; they hold no cells.
    let tabs = book.sheets_metadata().iter().filter(|s| s.typ == SheetType::WorkSheet);
    let tabs: Vec<(String, bool)> =
        tabs.map(|s| (s.name.clone(), s.visible != SheetVisible::Visible)).collect();
    let mut out = Book::default();
    let mut total = 0;
    for (name, hides) in tabs {
        let Some(hidden_parts) = hidden.remove(&name) else { return Err(Error::new(Code::BadSheet, name)) };
        let mut sheet = Sheet { name, hidden: hides, hides: hidden_parts, ..Sheet::default() };
        read_cells(&mut book, &mut sheet, &mut total)?;
        let merged = book.merge_cells_by_sheet_name(&sheet.name).map_err(damaged)?;
        sheet.merged = merged.into_iter().map(|Dimensions { start, end }| Area { start, end }).collect();
        out.sheets.push(sheet);
    }
    Ok(out)
}

fn read_cells(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &mut Sheet, total: &mut usize) -> Result<()> {
    let from_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(damaged)?;
    while let Some(found) = cells.next_cell_with_formula_metadata().map_err(damaged)? {
        let formula = found.formula.is_some();
        let value = value(found.value, from_1904);
        if value == Value::Nothing && !formula {
            continue;
        }
        let (row, column) = found.pos;
        *total += 1;
        if row >= MAX_ROWS || column >= MAX_COLUMNS || *total > MAX_CELLS {
            return Err(Error::new(Code::BadSheet, place(&sheet.name, row, column)).with_hints(
                format!("at most {MAX_ROWS} rows, {MAX_COLUMNS} columns and {MAX_CELLS} filled cells are read: delete what does not belong here, or split the file"),
                format!("最多读取 {MAX_ROWS} 行、{MAX_COLUMNS} 列、{MAX_CELLS} 个有内容的单元格：请删除多余内容或拆分文件"),
            ));
        }
        sheet.cells.insert((row, column), Cell { value, formula });
    }
    Ok(())
}

fn value(data: DataRef<'_>, from_1904: bool) -> Value {
    let text = |text: &str| match text.is_empty() {
        true => Value::Nothing,
        false => Value::Text(text.to_owned()),
    };
    match data {
        DataRef::Empty => Value::Nothing,
        DataRef::String(s) => text(&s),
        DataRef::SharedString(s) => text(s),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => text(&s),
        DataRef::Int(n) => Value::Number(n.to_string()),
        DataRef::Float(f) => Value::Number(f.to_string()),
        DataRef::Bool(b) => Value::Flag(b),
        DataRef::Error(e) => Value::Error(e.to_string()),
        DataRef::DateTime(t) => time(&t, from_1904),
    }
}

/// Whole seconds: sheets keep days as a floating-point number, which no time of day in seconds is lost in.
fn time(t: &calamine::ExcelDateTime, from_1904: bool) -> Value {
    /// The first serial number after the 29 February 1900 that never was; dates before it are nobody's.
    const FIRST: f64 = 61.0;
    const DAY: i64 = 86_400;
    let serial = t.as_f64();
    if !serial.is_finite() || !(0.0..=2_958_466.0).contains(&serial) {
        return Value::Error(serial.to_string());
    }
    let seconds = (serial * DAY as f64).round() as i64;
    if t.is_duration() || serial < 1.0 {
        return Value::Clock(seconds);
    }
    let epoch = match from_1904 {
        true => NaiveDate::from_ymd_opt(1904, 1, 1),
        false => NaiveDate::from_ymd_opt(1899, 12, 30).filter(|_| serial >= FIRST),
    };
    let midnight = epoch.and_then(|date| date.and_hms_opt(0, 0, 0));
    match midnight.and_then(|m| m.checked_add_signed(TimeDelta::seconds(seconds))) {
        Some(time) => Value::Time(time),
        None => Value::Error(serial.to_string()),
    }
}

fn damaged(e: impl std::fmt::Display) -> Error {
    Error::new(Code::BadSheet, e.to_string())
}
