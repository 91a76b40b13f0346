//! Texts into cells, so that no program that opens, edits or converts the sheet runs them.

use crate::error::{Code, Error, Result};
use crate::table::text::{is_unseen, looks_like_formula};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::borrow::Cow;

/// Characters a cell may hold.
const LONGEST: usize = 32_767;

/// The text as it is shown: controls and marks that turn the direction of writing are replaced by U+FFFD, since neither
/// can be seen; line breaks and tabs stay. Longer than a cell may be, it is cut.
pub fn shown(text: &str) -> Cow<'_, str> {
    // A cell counts UTF-16 units.
    if !text.contains(is_unseen) && text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut units = 0;
    for c in text.replace("\r\n", "\n").chars() {
        let c = if is_unseen(c) { '\u{fffd}' } else { c };
        units += c.len_utf16();
        if units >= LONGEST {
            out.push('…');
            break;
        }
        out.push(c);
    }
    Cow::Owned(out)
}

/// Writes texts as texts.
pub trait Safe {
    /// A text cell, whatever the text looks like.
    ///
    /// # Errors
    /// `internal` for a place outside the sheet.
    fn text(&mut self, row: u32, column: u16, text: &str, format: &Format) -> Result<()>;
}

impl Safe for Worksheet {
    fn text(&mut self, row: u32, column: u16, text: &str, format: &Format) -> Result<()> {
        let text = shown(text);
        let quoted;
        let format = if looks_like_formula(&text) {
            quoted = format.clone().set_quote_prefix();
            &quoted
        } else {
            format
        };
        self.write_string_with_format(row, column, &*text, format).map(|_| ()).map_err(refused)
    }
}

/// Lines that a text takes in a column so many half-width characters wide; at most what a row can hold.
pub fn lines_of(text: &str, width: f64) -> u32 {
    const MOST: u32 = 25;
    let wide = |line: &str| line.chars().map(|c| if c.is_ascii() { 1.0 } else { 2.0 }).sum::<f64>();
    // Words are not cut where the line ends, so a line is not filled to its last character.
    let lines = text.lines().map(|line| (wide(line) / (width - 2.0)).ceil().max(1.0) as u32).sum::<u32>();
    lines.clamp(1, MOST)
}

/// Makes a row so many lines high: not every program makes room for wrapped text by itself.
///
/// # Errors
/// `internal`.
pub fn make_room(sheet: &mut Worksheet, row: u32, lines: u32) -> Result<()> {
    sheet.set_row_height(row, f64::from(lines) * 15.0).map(|_| ()).map_err(refused)
}

/// The looks all sheets share.
#[derive(Clone, Debug)]
pub struct Looks {
    /// The title.
    pub title: Format,
    /// A label before a value.
    pub label: Format,
    /// A value that is text.
    pub plain: Format,
    /// Chinese head.
    pub head: Format,
    /// Head of a column that must be filled.
    pub required: Format,
    /// English head below.
    pub below: Format,
    /// The sample row.
    pub sample: Format,
    /// A cell to be filled, text.
    pub fill: Format,
    /// A cell to be filled, date and time.
    pub fill_time: Format,
    /// A cell to be filled, a date.
    pub fill_day: Format,
    /// A cell to be filled, free text.
    pub fill_long: Format,
    /// A wrong cell.
    pub wrong: Format,
    /// A cell to look at.
    pub remark: Format,
    /// Long text.
    pub prose: Format,
}

impl Default for Looks {
    fn default() -> Looks {
        let base =
            Format::new().set_font_name("宋体").set_font_size(11).set_align(FormatAlign::VerticalCenter);
        let boxed = base.clone().set_border(FormatBorder::Thin).set_border_color(0x00BF_BFBF);
        let head =
            boxed.clone().set_bold().set_text_wrap().set_align(FormatAlign::Center).set_num_format("@");
        let text = boxed.clone().set_num_format("@");
        Looks {
            title: base.clone().set_bold().set_font_size(14),
            label: base.clone().set_bold().set_num_format("@"),
            plain: base.clone().set_num_format("@"),
            head: head.clone().set_background_color(0x00D9_E2F3),
            required: head.clone().set_background_color(0x00FF_E699),
            below: head
                .clone()
                .set_font_size(9)
                .set_font_color(0x0059_5959)
                .set_background_color(0x00F2_F2F2),
            sample: text.clone().set_italic().set_font_color(0x0080_8080).set_background_color(0x00F2_F2F2),
            fill_time: boxed.clone().set_num_format("yyyy-mm-dd hh:mm"),
            fill_day: boxed.set_num_format("yyyy-mm-dd"),
            fill_long: text.clone().set_text_wrap(),
            wrong: text.clone().set_background_color(0x00FF_5050),
            remark: text.clone().set_background_color(0x00FF_F2CC),
            fill: text,
            prose: base.set_text_wrap().set_align(FormatAlign::Top).set_num_format("@"),
        }
    }
}

/// The file's bytes. The same cells give the same bytes: no clock is asked.
///
/// # Errors
/// `internal`.
pub fn finish(book: &mut Workbook, title: &str) -> Result<Vec<u8>> {
    let made = ExcelDateTime::from_ymd(2026, 1, 1).map_err(refused)?;
    let properties = DocProperties::new().set_title(shown(title)).set_author("opsledger");
    book.set_properties(&properties.set_creation_datetime(&made));
    book.save_to_buffer().map_err(refused)
}

/// What the writer of workbooks refuses is a mistake of ours.
#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub fn refused(e: XlsxError) -> Error {
    Error::new(Code::Internal, format!("xlsx: {e}"))
}
