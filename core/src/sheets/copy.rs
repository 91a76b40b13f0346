//! The workbook given back: every cell where it stood, wrong ones red with the reason as a note, drop-downs and heads as in
//! a new form, so that it can be corrected and imported in its turn.

use super::cell;
use super::form;
use super::rows::{self, Filled, Found, Tab};
use crate::error::{Lang, Result};
use crate::table::xlsx::{Book, Cell, Looks, Safe, Sheet, Value, finish, shown, write_refused};
use chrono::{Datelike, Timelike};
use rust_xlsxwriter::{Color, ExcelDateTime, Format, Note, Workbook, Worksheet};
use std::collections::BTreeMap;

/// Characters of a note.
const NOTE: usize = 1_000;
/// Rows below the last filled one that get drop-downs.
const ROOM: u32 = 50;

pub(super) fn write(book: &Book, filled: &Filled) -> Result<Vec<u8>> {
    let looks = Looks::default();
    let mut out = Workbook::new();
    for (i, sheet) in book.sheets.iter().enumerate() {
        let tab = filled.tabs.iter().find(|tab| tab.sheet == i);
        let mut marks: BTreeMap<(u32, u32), (bool, String)> = BTreeMap::new();
        let mut mark = |found: &Found, wrong: bool, text: String| {
            let mark = marks.entry((found.row, found.column)).or_insert((wrong, String::new()));
            mark.0 |= wrong;
            mark.1 = if mark.1.is_empty() { text } else { format!("{}\n{text}", mark.1) };
        };
        for found in filled.wrong.iter().filter(|found| found.sheet == i) {
            mark(found, true, found.error.text(Lang::Zh));
        }
        for (found, (zh, _)) in filled.remarks.iter().filter(|(found, _)| found.sheet == i) {
            mark(found, false, (*zh).to_owned());
        }
        tab_of(out.add_worksheet(), sheet, tab, &marks, &looks)?;
    }
    finish(&mut out, "")
}

fn tab_of(
    out: &mut Worksheet,
    sheet: &Sheet,
    tab: Option<&Tab>,
    marks: &BTreeMap<(u32, u32), (bool, String)>,
    looks: &Looks,
) -> Result<()> {
    out.set_name(&*shown(&sheet.name)).map_err(write_refused)?;
    let last = sheet.rows().last().copied().unwrap_or_default();
    if let Some(tab) = tab {
        for (column, at) in tab.family.columns.iter().zip(&tab.columns) {
            let Some(at) = at.and_then(|at| u16::try_from(at).ok()) else { continue };
            form::head(out, column, tab.head, at, looks)?;
            let first = tab.head + 1;
            let end = (last + ROOM).min(first + form::MAX_ROWS);
            form::blank(out, column, first, end, at, looks)?;
            form::drop_down(out, column, first, end, at)?;
        }
        out.set_freeze_panes(tab.head + 1, 1).map_err(write_refused)?;
        form::page(out, tab.family, tab.head)?;
    }
    for ((row, column), held) in &sheet.cells {
        let english = tab.is_some_and(|tab| rows::is_english_head(sheet, tab, *row));
        // The heads stand already, with their notes.
        let head = tab.is_some_and(|tab| *row == tab.head && tab.columns.contains(&Some(*column)));
        let marked = marks.get(&(*row, *column)).map(|(wrong, _)| *wrong);
        if !head || marked.is_some() {
            let format = match english {
                true => looks.below.clone(),
                false => looks_of(held, tab, (*row, *column), marked, looks),
            };
            put(out, (*row, *column), held, format)?;
        }
    }
    for ((row, column), (wrong, text)) in marks {
        let at = u16::try_from(*column).unwrap_or(u16::MAX);
        if !sheet.cells.contains_key(&(*row, *column)) {
            let format = if *wrong { &looks.wrong } else { &looks.remark };
            out.write_blank(*row, at, format).map_err(write_refused)?;
        }
        let text: String = shown(text).chars().take(NOTE).collect();
        let note = Note::new(text).add_author_prefix(false).set_width(280).set_height(120);
        out.insert_note(*row, at, &note).map_err(write_refused)?;
    }
    Ok(())
}

fn looks_of(
    held: &Cell,
    tab: Option<&Tab>,
    (row, column): (u32, u32),
    marked: Option<bool>,
    looks: &Looks,
) -> Format {
    let known = tab.filter(|tab| row > tab.head).and_then(|tab| {
        let i = tab.columns.iter().position(|at| *at == Some(column))?;
        Some(form::cell_format(tab.family.columns[i].ty, looks))
    });
    let format = match (&held.value, known) {
        (Value::Time(_), _) => looks.fill_time.clone(),
        (_, Some(format)) => format.clone(),
        (_, None) => looks.plain.clone(),
    };
    match marked {
        Some(true) => format.set_background_color(Color::RGB(0x00FF_5050)),
        Some(false) => format.set_background_color(Color::RGB(0x00FF_F2CC)),
        None => format,
    }
}

/// The value as it was; of a formula its last result.
fn put(out: &mut Worksheet, (row, column): (u32, u32), held: &Cell, format: Format) -> Result<()> {
    let at = u16::try_from(column).unwrap_or(u16::MAX);
    match &held.value {
        Value::Time(time) => {
            let day = ExcelDateTime::from_ymd(time.year() as u16, time.month() as u8, time.day() as u8);
            let whole =
                day.and_then(|day| day.and_hms(time.hour() as u16, time.minute() as u8, time.second() as u8));
            match whole {
                Ok(whole) => out
                    .write_datetime_with_format(row, at, &whole, &format)
                    .map(|_| ())
                    .map_err(write_refused),
                // Before 1900: as text.
                Err(_) => out.text(row, at, &time.to_string(), &format),
            }
        }
        Value::Number(number) => match number.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                let format = format.set_num_format("General");
                out.write_number_with_format(row, at, number, &format).map(|_| ()).map_err(write_refused)
            }
            _ => out.text(row, at, number, &format),
        },
        Value::Flag(flag) => {
            out.write_boolean_with_format(row, at, *flag, &format).map(|_| ()).map_err(write_refused)
        }
        Value::Text(text) | Value::Error(text) => out.text(row, at, text, &format),
        Value::Clock(_) => {
            let told = cell::told(&held.value);
            out.text(row, at, told.trim_matches('"'), &format)
        }
        Value::Nothing => out.write_blank(row, at, &format).map(|_| ()).map_err(write_refused),
    }
}
