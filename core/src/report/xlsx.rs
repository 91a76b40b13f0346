//! A document as xlsx: what it says on the first tab, then one tab a table. Texts stay texts (no formula, no lost zero),
//! heads are frozen and filtered, pages are A4 on their side.

use super::model::{Align, Block, Cell, Column, Document, Row, Table};
use super::words::{self, pick};
use crate::error::{Code, Error, Result};
use crate::table::text::looks_like_formula;
use rust_xlsxwriter as xl;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::collections::BTreeSet;

/// Characters that a cell may hold.
const MAX_CELL: usize = 32_767;
/// Characters that a tab's name may have.
const MAX_NAME: usize = 31;
/// Rows that a tab may hold, its head included.
const MAX_ROWS: usize = 1_048_576;
/// Digits that a number of a sheet keeps.
const MAX_DIGITS: usize = 15;
const A4: u8 = 9;
/// Width of a letter in units of a column's width, with a little air.
const LETTER: f64 = 1.15;
/// Height of a line, points.
const LINE: f64 = 13.5;
/// Heights of headings and the title, points.
const HEADING: f64 = 18.0;
const TITLE: f64 = 24.0;
/// Lines that a row is made high for.
const MOST_LINES: usize = 20;
/// Letters of the two columns of the first tab.
const ABOUT: [u16; 2] = [26, 92];

/// The document as the bytes of an xlsx.
pub(super) fn write(d: &Document) -> Result<Vec<u8>> {
    build(d).map_err(|e| Error::new(Code::Internal, format!("xlsx: {e}")))
}

fn build(d: &Document) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The clock of the machine has no place in a file that is the same for the same facts.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let title = format!("{} {}", d.kind, d.title);
    book.set_properties(&DocProperties::new().set_title(&title).set_creation_datetime(&created));
    let mut writer = Writer { d, formats: Formats::new(), names: BTreeSet::new() };
    writer.first(book.add_worksheet())?;
    for block in &d.blocks {
        match block {
            Block::Table { table } => writer.tab(book.add_worksheet(), table)?,
            Block::Chart { chart } => writer.tab(book.add_worksheet(), &chart.table)?,
            Block::Entries { entries } => {
                writer.tab(book.add_worksheet(), &super::render::entry_table(entries, d.lang, false))?;
            }
            _ => {}
        }
    }
    book.save_to_buffer()
}

/// What cells look like.
struct Formats {
    title: Format,
    heading: Format,
    key: Format,
    head: Format,
    text: Format,
    right: Format,
    strong: Format,
    strong_right: Format,
}

impl Formats {
    fn new() -> Formats {
        let base = || {
            Format::new().set_font_name("宋体").set_font_size(10).set_text_wrap().set_align(FormatAlign::Top)
        };
        let framed = || base().set_border(FormatBorder::Thin).set_border_color(xl::Color::RGB(0x00B8_C2CC));
        let shade = xl::Color::RGB(0x00EE_F1F4);
        let right = |f: Format| f.set_align(FormatAlign::Right);
        Formats {
            // They run on over the empty cell beside them.
            title: Format::new().set_font_name("宋体").set_font_size(16).set_bold(),
            heading: Format::new().set_font_name("宋体").set_font_size(12).set_bold(),
            key: framed().set_bold().set_background_color(shade),
            head: framed().set_bold().set_background_color(shade).set_align(FormatAlign::Center),
            text: framed().set_num_format("@"),
            right: right(framed()),
            strong: framed().set_bold().set_background_color(shade).set_num_format("@"),
            strong_right: right(framed().set_bold().set_background_color(shade)),
        }
    }
}

struct Writer<'a> {
    d: &'a Document,
    formats: Formats,
    /// Names of tabs that are taken, in lower case: a sheet does not tell them apart by case.
    names: BTreeSet<String>,
}

impl Writer<'_> {
    /// Everything that is no table.
    fn first(&mut self, sheet: &mut Worksheet) -> std::result::Result<(), XlsxError> {
        let (d, lang) = (self.d, self.d.lang);
        self.page(sheet, pick(lang, "说明", "About"))?;
        for (i, width) in (0u16..).zip(ABOUT) {
            sheet.set_column_width(i, f64::from(width) * LETTER)?;
        }
        let f = &self.formats;
        put(sheet, 0, 0, &d.kind, &f.heading)?;
        put(sheet, 1, 0, &d.title, &f.title)?;
        sheet.set_row_height(0, HEADING)?.set_row_height(1, TITLE)?;
        let mut row = 3;
        let number = (pick(lang, "编号", "Number").to_owned(), d.number.clone());
        let digest = (pick(lang, "内容摘要 SM3", "Content SM3").to_owned(), d.digest.clone());
        let meta = d.meta.iter().map(|p| (p.key.clone(), p.value.plain(lang)));
        let pair = |sheet: &mut Worksheet, row: &mut u32, key: &str, value: &str| {
            if !key.is_empty() {
                put(sheet, *row, 0, key, &f.key)?;
            }
            put(sheet, *row, 1, value, &f.text)?;
            Self::height(sheet, *row, &[(key.to_owned(), ABOUT[0]), (value.to_owned(), ABOUT[1])])?;
            *row += 1;
            Ok::<(), XlsxError>(())
        };
        for (key, value) in std::iter::once(number).chain(meta).chain([digest]) {
            pair(sheet, &mut row, &key, &value)?;
        }
        row += 1;
        for block in &d.blocks {
            match block {
                Block::Heading { text, .. } => {
                    put(sheet, row, 0, text, &f.heading)?;
                    sheet.set_row_height(row, HEADING)?;
                    row += 1;
                }
                Block::Paragraph { text } | Block::Note { text } => pair(sheet, &mut row, "", text)?,
                Block::KeyValues { pairs } => {
                    for p in pairs {
                        pair(sheet, &mut row, &p.key, &p.value.plain(lang))?;
                    }
                }
                Block::Signatures { parties } => {
                    for s in parties {
                        pair(sheet, &mut row, &s.party, &s.lines.join("\n"))?;
                    }
                }
                Block::Table { .. } | Block::Chart { .. } | Block::Entries { .. } | Block::PageBreak => {}
            }
        }
        Ok(())
    }

    /// A tab of its own for a table.
    fn tab(&mut self, sheet: &mut Worksheet, table: &Table) -> std::result::Result<(), XlsxError> {
        self.page(sheet, if table.name.is_empty() { &table.caption } else { &table.name })?;
        for (i, column) in (0u16..).zip(&table.head) {
            put(sheet, 0, i, &column.text, &self.formats.head)?;
            sheet.set_column_width(i, f64::from(letters(column)) * LETTER)?;
        }
        sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
        let last = u16::try_from(table.head.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let fit = &table.rows[..table.rows.len().min(MAX_ROWS - 1)];
        if fit.len() < table.rows.len() {
            return Err(XlsxError::RowColumnLimitError);
        }
        if fit.is_empty() {
            put(sheet, 1, 0, &table.empty, &self.formats.text)?;
        } else if !table.head.is_empty() {
            let bottom = u32::try_from(fit.len()).unwrap_or(u32::MAX);
            sheet.autofilter(0, 0, bottom, last)?;
        }
        for (i, row) in (1u32..).zip(fit) {
            self.row(sheet, i, row, &table.head)?;
        }
        Ok(())
    }

    fn row(
        &self,
        sheet: &mut Worksheet,
        at: u32,
        row: &Row,
        head: &[Column],
    ) -> std::result::Result<(), XlsxError> {
        let f = &self.formats;
        let texts =
            row.cells.iter().zip(head).map(|(cell, column)| (cell.plain(self.d.lang), letters(column)));
        Self::height(sheet, at, &texts.collect::<Vec<_>>())?;
        for ((i, cell), column) in (0u16..).zip(&row.cells).zip(head) {
            let right = column.align == Align::Right;
            let format = match (row.strong, right) {
                (true, true) => &f.strong_right,
                (true, false) => &f.strong,
                (false, true) => &f.right,
                (false, false) => &f.text,
            };
            match number(cell) {
                Some(n) => {
                    sheet.write_number_with_format(
                        at,
                        i,
                        n,
                        if row.strong { &f.strong_right } else { &f.right },
                    )?;
                }
                None => put(sheet, at, i, &cell.plain(self.d.lang), format)?,
            }
        }
        Ok(())
    }

    /// Gives a row the height of its highest cell: not every program finds it by itself.
    fn height(sheet: &mut Worksheet, at: u32, cells: &[(String, u16)]) -> std::result::Result<(), XlsxError> {
        let high = |(text, width): &(String, u16)| {
            let width = usize::from(*width).max(1);
            text.split('\n').map(|line| words::columns(line).div_ceil(width).max(1)).sum::<usize>()
        };
        let lines = cells.iter().map(high).max().unwrap_or(1).min(MOST_LINES);
        if lines > 1 {
            let lines = u32::try_from(lines).unwrap_or(u32::MAX);
            sheet.set_row_height(at, f64::from(lines) * LINE)?;
        }
        Ok(())
    }

    fn page(&mut self, sheet: &mut Worksheet, name: &str) -> std::result::Result<(), XlsxError> {
        let name = self.name(name);
        sheet.set_name(&name)?.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
        sheet.set_margins(0.5, 0.5, 0.6, 0.7, 0.3, 0.3);
        let number = self.d.number.replace('&', "&&");
        let of = pick(self.d.lang, "第 &P 页 / 共 &N 页", "page &P of &N");
        sheet.set_footer(format!("&L&8{number}&C&8SM3 {}&R&8{of}", self.d.digest));
        Ok(())
    }

    /// A name that a tab may have, and that no other has.
    fn name(&mut self, wanted: &str) -> String {
        let kept = |c: char| if "[]:*?/\\'".contains(c) || c.is_control() { '_' } else { c };
        let base: String = wanted.chars().map(kept).collect();
        let base = if base.trim().is_empty() { pick(self.d.lang, "表", "table").to_owned() } else { base };
        let mut n = 1;
        loop {
            let tail = if n == 1 { String::new() } else { format!(" {n}") };
            let name: String = base.chars().take(MAX_NAME - tail.len()).chain(tail.chars()).collect();
            if self.names.insert(name.to_lowercase()) {
                return name;
            }
            n += 1;
        }
    }
}

/// How many letters wide a column is made.
fn letters(column: &Column) -> u16 {
    column.width.clamp(6, 66)
}

/// The number that a sheet keeps exactly.
fn number(cell: &Cell) -> Option<f64> {
    let digits = cell.text.chars().filter(char::is_ascii_digit).count();
    let plain = cell.number && cell.status.is_none() && cell.runs.is_empty() && digits <= MAX_DIGITS;
    if plain { cell.text.parse().ok().filter(|n: &f64| n.is_finite()) } else { None }
}

/// Writes a text as a text, whatever it looks like.
fn put(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    format: &Format,
) -> std::result::Result<(), XlsxError> {
    let text: String = text.chars().take(MAX_CELL).collect();
    if text.is_empty() {
        sheet.write_blank(row, column, format)?;
    } else if looks_like_formula(&text) {
        sheet.write_string_with_format(row, column, text, &format.clone().set_quote_prefix())?;
    } else {
        sheet.write_string_with_format(row, column, text, format)?;
    }
    Ok(())
}
