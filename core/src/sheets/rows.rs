//! Finds the filled rows of a workbook: which tab is of which family, where its head stands, and what its cells say.

use super::cell::{self, Read, half_width};
use super::families::FAMILIES;
use super::family::{Column, Family, Type};
use super::form::{EXPLAINED, LABELS, SAMPLE};
use crate::contract::Contract;
use crate::error::{Code, Error, Result};
use crate::table::xlsx::{Book, Cell, Sheet, Value};
use std::collections::BTreeMap;

/// Rows among which the head is looked for.
const HEAD_WITHIN: u32 = 30;

/// A tab of a family.
#[derive(Debug)]
pub(super) struct Tab {
    /// Place in the book.
    pub(super) sheet: usize,
    pub(super) family: &'static Family,
    /// Row of the Chinese heads, from 0.
    pub(super) head: u32,
    /// Column of the sheet, by the place in the family's table.
    pub(super) columns: Vec<Option<u32>>,
    /// Who filled it in: person and party, as the tab says.
    pub(super) by: (Option<String>, Option<String>),
}

/// A filled row.
#[derive(Debug)]
pub(super) struct Row {
    /// Place among the tabs.
    pub(super) tab: usize,
    /// From 0.
    pub(super) row: u32,
    pub(super) cells: BTreeMap<&'static str, Read>,
    /// One of its cells is wrong.
    pub(super) wrong: bool,
}

/// A cell that keeps the sheet from being recorded, or that should be looked at.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) sheet: usize,
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) error: Error,
}

/// All that a workbook says.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) tabs: Vec<Tab>,
    pub(super) rows: Vec<Row>,
    pub(super) wrong: Vec<Found>,
    /// Chinese and English.
    pub(super) remarks: Vec<(Found, (&'static str, &'static str))>,
}

impl Tab {
    /// The sheet's column of a family's column; the first where the sheet lacks it.
    pub(super) fn column(&self, key: &str) -> u32 {
        self.family.index(key).and_then(|i| self.columns[i]).or(self.columns[0]).unwrap_or_default()
    }
}

/// Reads all tabs.
///
/// # Errors
/// `other-sheet` for a form of another contract or zone; `bad-sheet` where no tab is one of ours.
pub(super) fn read(book: &Book, contract: &Contract) -> Result<Filled> {
    let mut filled = Filled::default();
    for (i, sheet) in book.sheets.iter().enumerate() {
        if sheet.name == EXPLAINED {
            continue;
        }
        let Some((family, head)) = recognise(sheet) else {
            // Lists behind drop-downs live on hidden tabs; what is shown must be understood.
            if let (false, Some((row, column))) = (sheet.hidden, sheet.cells.keys().next()) {
                let error = bad(
                    sheet,
                    *row,
                    *column,
                    "",
                    (
                        "这一页不是已知的表单：请删除这一页，或恢复其表头",
                        "this tab is none of the forms: delete it, or restore its heads",
                    ),
                );
                filled.wrong.push(Found { sheet: i, row: *row, column: *column, error });
            }
            continue;
        };
        let tab = place_columns(i, sheet, family, head, &mut filled.wrong);
        let tab = Tab { by: check_labels(sheet, head, contract)?, ..tab };
        let first = filled.rows.len();
        read_rows(sheet, tab, contract, &mut filled);
        if sheet.hidden && filled.rows.len() > first {
            let error = bad(
                sheet,
                head,
                0,
                "",
                ("这一页被隐藏：请取消隐藏或删除", "this tab is hidden: show it, or delete it"),
            );
            filled.wrong.push(Found { sheet: i, row: head, column: 0, error });
        }
    }
    if filled.tabs.is_empty() {
        let names: Vec<&str> = FAMILIES.iter().map(|f| f.zh).collect();
        return Err(Error::new(Code::BadSheet, "").with_hints(
            format!("no tab has the heads of a form; write one with opsledger form: {}", names.join(", ")),
            format!("没有一页具有表单的表头；请用 opsledger form 生成表单：{}", names.join("、")),
        ));
    }
    Ok(filled)
}

fn bad(sheet: &Sheet, row: u32, column: u32, what: &str, (zh, en): (&str, &str)) -> Error {
    let blank = if what.is_empty() { "" } else { " " };
    Error::new(Code::BadCell, format!("{}{blank}{what}", sheet.place(row, column))).with_hints(en, zh)
}

/// A head as it is compared: blanks and full-width signs make no difference.
fn plain(text: &str) -> String {
    half_width(text).chars().filter(|c| !c.is_whitespace() && *c != '*').collect::<String>().to_lowercase()
}

fn text(cell: &Cell) -> &str {
    match &cell.value {
        Value::Text(text) => text,
        _ => "",
    }
}

fn heads(sheet: &Sheet, row: u32) -> impl Iterator<Item = (u32, &Cell)> {
    sheet.cells.range((row, 0)..(row + 1, 0)).map(|((_, column), cell)| (*column, cell))
}

fn is_head(column: &Column, head: &str) -> bool {
    head == plain(column.zh) || head == plain(column.en) || head == column.key
}

/// The family whose heads a row has, and that row: at least half of the columns, and more than any other family.
fn recognise(sheet: &Sheet) -> Option<(&'static Family, u32)> {
    let mut best: Option<(usize, &'static Family, u32)> = None;
    for row in sheet.rows().into_iter().take_while(|row| *row < HEAD_WITHIN) {
        let found: Vec<String> = heads(sheet, row).map(|(_, cell)| plain(text(cell))).collect();
        for family in FAMILIES {
            let known = family.columns.iter().filter(|c| found.iter().any(|head| is_head(c, head))).count();
            let share = known * 100 / family.columns.len();
            if share >= 50 && best.is_none_or(|(most, ..)| share > most) {
                best = Some((share, *family, row));
            }
        }
    }
    best.map(|(_, family, row)| (family, row))
}

/// Finds the columns by their heads, in whatever order they stand.
fn place_columns(i: usize, sheet: &Sheet, family: &'static Family, head: u32, wrong: &mut Vec<Found>) -> Tab {
    let mut columns = vec![None; family.columns.len()];
    let found = |row, column, what: &str, hints| Found {
        sheet: i,
        row,
        column,
        error: bad(sheet, row, column, what, hints),
    };
    for (column, cell) in heads(sheet, head) {
        let name = plain(text(cell));
        let Some(known) = family.columns.iter().position(|c| is_head(c, &name)) else {
            let below = sheet.cells.keys().find(|(row, c)| *row > head + 1 && *c == column);
            if let Some((row, _)) = below {
                wrong.push(found(
                    *row,
                    column,
                    &cell::told(&cell.value),
                    (
                        "表单没有这一列：请删除该列，或改正表头",
                        "the form has no such column: delete it, or correct its head",
                    ),
                ));
            }
            continue;
        };
        if columns[known].is_some() {
            wrong.push(found(
                head,
                column,
                family.columns[known].zh,
                ("该列重复", "the column stands twice"),
            ));
            continue;
        }
        columns[known] = Some(column);
    }
    for (known, column) in family.columns.iter().enumerate() {
        if column.required && columns[known].is_none() {
            wrong.push(found(
                head,
                0,
                column.zh,
                ("缺少这一列：请恢复表头", "this column is missing: restore its head"),
            ));
        }
    }
    Tab { sheet: i, family, head, columns, by: (None, None) }
}

/// What stands beside the labels above the head: the form must be of this contract and its zone.
fn check_labels(sheet: &Sheet, head: u32, contract: &Contract) -> Result<(Option<String>, Option<String>)> {
    let beside = |label: &str| {
        let at = sheet.cells.range(..(head, 0)).find(|(_, cell)| plain(text(cell)) == label);
        let ((row, column), _) = at?;
        let cell = sheet.cell(*row, column + 1)?;
        let value = text(cell).trim();
        (!value.is_empty()).then(|| (sheet.place(*row, column + 1), value.to_owned()))
    };
    for (label, wanted) in [(LABELS.contract, contract.id.as_str()), (LABELS.zone, contract.zone.name())] {
        if let Some((place, found)) = beside(label).filter(|(_, found)| found != wanted) {
            return Err(Error::new(Code::OtherSheet, format!("{place} {label} = {found:?}, not {wanted:?}")));
        }
    }
    let party = match beside(LABELS.party) {
        None => None,
        Some((_, word)) if word == "供应商" || word == "supplier" => Some("supplier"),
        Some((_, word)) if word == "采购方" || word == "buyer" => Some("buyer"),
        Some((place, word)) => {
            return Err(Error::new(Code::BadCell, format!("{place} = {word:?}"))
                .with_hints("choose 供应商 (supplier) or 采购方 (buyer)", "请选择 供应商 或 采购方"));
        }
    };
    Ok((beside(LABELS.person).map(|(_, name)| name), party.map(str::to_owned)))
}

fn read_rows(sheet: &Sheet, tab: Tab, contract: &Contract, filled: &mut Filled) {
    let (i, tab_index, first) = (tab.sheet, filled.tabs.len(), tab.head + 1);
    for area in &sheet.merged {
        if area.end.0 >= tab.head {
            let (row, column) = area.start;
            let error = bad(
                sheet,
                row,
                column,
                "",
                ("单元格已合并：请取消合并，逐格填写", "merged cells: unmerge them and fill in each"),
            );
            filled.wrong.push(Found { sheet: i, row, column, error });
        }
    }
    for row in sheet.rows().into_iter().filter(|row| *row >= first) {
        if is_english_head(sheet, &tab, row) {
            continue;
        }
        match is_sample(sheet, &tab, row) {
            Sample::Untouched => continue,
            Sample::Overwritten => {
                let column = tab.columns[0].unwrap_or_default();
                let error = bad(
                    sheet,
                    row,
                    column,
                    "",
                    (
                        "示例行已被改写，但编号仍是“示例”：请填写编号（可不填的清空）",
                        "the sample row was overwritten, but its number still says 示例: write the number (or empty it where it may be left out)",
                    ),
                );
                filled.wrong.push(Found { sheet: i, row, column, error });
                continue;
            }
            Sample::No => {}
        }
        if let Some(row) = read_row(sheet, &tab, tab_index, row, contract, filled) {
            filled.rows.push(row);
        }
    }
    filled.tabs.push(tab);
}

/// Nothing but English heads stands in it.
pub(super) fn is_english_head(sheet: &Sheet, tab: &Tab, row: u32) -> bool {
    let filled = tab.family.columns.iter().zip(&tab.columns).filter_map(|(column, known)| {
        let cell = sheet.cell(row, (*known)?)?;
        Some(plain(text(cell)) == plain(column.en))
    });
    let (heads, others): (Vec<bool>, Vec<bool>) = filled.partition(|head| *head);
    row == tab.head + 1 && heads.len() > 1 && others.is_empty()
}

enum Sample {
    No,
    Untouched,
    Overwritten,
}

/// The sample row says so in its first column.
fn is_sample(sheet: &Sheet, tab: &Tab, row: u32) -> Sample {
    let cell = |known: Option<u32>| known.and_then(|column| sheet.cell(row, column));
    if !cell(tab.columns[0]).is_some_and(|c| text(c).trim_start().starts_with(SAMPLE)) {
        return Sample::No;
    }
    let same = tab.family.columns.iter().zip(&tab.columns).skip(1).all(|(column, known)| {
        let written = cell(*known).map_or("", text).trim();
        // What was taken out of it is no row of anybody's.
        written == column.sample || cell(*known).is_none()
    });
    if same { Sample::Untouched } else { Sample::Overwritten }
}

fn read_row(
    sheet: &Sheet,
    tab: &Tab,
    tab_index: usize,
    row: u32,
    contract: &Contract,
    filled: &mut Filled,
) -> Option<Row> {
    let mut out = Row { tab: tab_index, row, cells: BTreeMap::new(), wrong: false };
    let before = filled.wrong.len();
    for (column, at) in tab.family.columns.iter().zip(&tab.columns) {
        let Some(at) = *at else { continue };
        let Some(cell) = sheet.cell(row, at) else { continue };
        let found = |error| Found { sheet: tab.sheet, row, column: at, error };
        match cell::read(cell, column, contract.zone, &sheet.place(row, at)) {
            Ok(None) => {}
            Ok(Some(read)) => {
                if sheet.hides_row(row) || sheet.hides_column(at) {
                    let hints = (
                        "该单元格被隐藏：请取消隐藏行或列，核对后再导入",
                        "the cell is hidden: show its row or column and check it",
                    );
                    filled.wrong.push(found(bad(sheet, row, at, column.zh, hints)));
                } else if let Some(remark) = read.remark {
                    filled.remarks.push((found(bad(sheet, row, at, column.zh, remark)), remark));
                }
                out.cells.insert(column.key, read);
            }
            Err(error) => filled.wrong.push(found(error)),
        }
    }
    if out.cells.is_empty() && filled.wrong.len() == before {
        return None;
    }
    for (k, column) in tab.family.columns.iter().enumerate() {
        let said = tab.columns[k].is_some_and(|at| {
            filled.wrong[before..].iter().any(|found| (found.row, found.column) == (row, at))
        });
        if let (true, false, false, Some(at)) =
            (column.required, out.cells.contains_key(column.key), said, tab.columns[k])
        {
            let detail = format!("{} {}", sheet.place(row, at), column.zh);
            let error = Error::new(Code::MissingField, detail).with_hints(column.help_en, column.help_zh);
            let error = if column.help_zh.is_empty() {
                error.with_hints(wanted(column).1, wanted(column).0)
            } else {
                error
            };
            filled.wrong.push(Found { sheet: tab.sheet, row, column: at, error });
        }
    }
    out.wrong = filled.wrong.len() > before;
    Some(out)
}

fn wanted(column: &Column) -> (&'static str, &'static str) {
    match column.ty {
        Type::Time => ("如 2026-03-02 08:10", "such as 2026-03-02 08:10"),
        Type::Words(_) | Type::Mostly(_) | Type::YesNo => ("请从下拉选项中选择", "choose from the drop-down"),
        _ => ("请填写", "fill it in"),
    }
}
