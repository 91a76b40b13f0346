//! The empty sheet: title, contract and zone, heads in both languages, a sample row, drop-downs, and a tab that explains.

use super::family::{Column, Family, Type};
use crate::contract::Contract;
use crate::error::{Code, Error, Lang, Result};
use crate::facts::terms::term;
use crate::table::xlsx::{Looks, Safe, finish, lines_of, make_room, write_refused};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, Format, FormatAlign, Note, Workbook, Worksheet,
};

/// Rows of a form where nobody says how many.
pub const DEFAULT_ROWS: u32 = 200;
/// Most rows of a form.
pub const MAX_ROWS: u32 = 10_000;
/// The tab that explains.
pub(super) const EXPLAINED: &str = "说明";
/// How the first cell of the sample row begins.
pub(super) const SAMPLE: &str = "示例";
/// Row of the Chinese heads, from 0.
const HEAD: u32 = 3;

/// Labels above the head; what belongs to them stands in the next cell.
pub(super) struct Labels {
    pub(super) contract: &'static str,
    pub(super) zone: &'static str,
    pub(super) family: &'static str,
    pub(super) person: &'static str,
    pub(super) party: &'static str,
}
pub(super) const LABELS: Labels =
    Labels { contract: "合同", zone: "时区", family: "表单", person: "填表人", party: "当事方" };

/// Writes empty sheets of these families, a tab each, with `rows` rows to fill.
///
/// # Errors
/// `out-of-range` for no family, one twice, or more than [`MAX_ROWS`] rows.
pub fn form(families: &[&'static Family], contract: &Contract, rows: u32) -> Result<Vec<u8>> {
    if !(1..=MAX_ROWS).contains(&rows) {
        return Err(
            Error::new(Code::OutOfRange, format!("rows = {rows}")).with_hint(format!("1..{MAX_ROWS}"))
        );
    }
    let twice = families.iter().enumerate().find(|(i, f)| families[..*i].iter().any(|g| g.name == f.name));
    if families.is_empty() || twice.is_some() {
        let name = twice.map_or("", |(_, f)| f.name);
        return Err(Error::new(Code::BadRequest, format!("FAMILY {name}"))
            .with_hints("name each family once", "每个表单写一次"));
    }
    let looks = Looks::default();
    let mut book = Workbook::new();
    for family in families {
        tab(book.add_worksheet(), family, contract, rows, &looks)?;
    }
    explain(book.add_worksheet(), families, contract, &looks)?;
    finish(&mut book, &contract.title)
}

fn tab(sheet: &mut Worksheet, family: &Family, contract: &Contract, rows: u32, looks: &Looks) -> Result<()> {
    sheet.set_name(family.zh).map_err(write_refused)?;
    sheet.text(0, 0, &format!("{} · {} {}", contract.title, family.zh, family.en), &looks.title)?;
    let label = |sheet: &mut Worksheet, row, column, label: &str, value: &str| -> Result<()> {
        sheet.text(row, column, label, &looks.label)?;
        sheet.text(row, column + 1, value, &looks.plain)
    };
    label(sheet, 1, 0, LABELS.contract, &contract.id)?;
    label(sheet, 1, 2, LABELS.zone, contract.zone.name())?;
    label(sheet, 1, 4, LABELS.family, family.name)?;
    label(sheet, 2, 0, LABELS.person, "")?;
    label(sheet, 2, 2, LABELS.party, "")?;
    sheet.set_cell_format(2, 1, &looks.fill).map_err(write_refused)?;
    sheet.set_cell_format(2, 3, &looks.fill).map_err(write_refused)?;
    let parties = list(&["供应商", "采购方"], true)?;
    sheet.add_data_validation(2, 3, 2, 3, &parties).map_err(write_refused)?;
    for (column, at) in family.columns.iter().zip(0..) {
        head(sheet, column, HEAD, at, looks)?;
        sheet.text(HEAD + 1, at, column.en, &looks.below)?;
        let sample = match (at, column.sample) {
            (0, "") => SAMPLE.to_owned(),
            (0, sample) => format!("{SAMPLE} {sample}"),
            (_, sample) => sample.to_owned(),
        };
        sheet.text(HEAD + 2, at, &sample, &looks.sample)?;
        let (first, last) = (HEAD + 3, HEAD + 2 + rows);
        blank(sheet, column, first, last, at, looks)?;
        drop_down(sheet, column, first, last, at)?;
    }
    sheet.set_freeze_panes(HEAD + 2, 1).map_err(write_refused)?;
    page(sheet, family, HEAD)
}

/// The Chinese head with the note on how to fill the column, and its width.
pub(super) fn head(sheet: &mut Worksheet, column: &Column, row: u32, at: u16, looks: &Looks) -> Result<()> {
    sheet.text(row, at, column.zh, if column.required { &looks.required } else { &looks.head })?;
    let help = help_zh(column);
    let note = Note::new(&help).add_author_prefix(false).set_width(220).set_height(90);
    sheet.insert_note(row, at, &note).map_err(write_refused)?;
    sheet.set_column_width(at, width(column)).map_err(write_refused)?;
    Ok(())
}

/// A4 across, as wide as one page where that stays readable; the heads on every page.
pub(super) fn page(sheet: &mut Worksheet, family: &Family, head: u32) -> Result<()> {
    const READABLE: f64 = 170.0;
    sheet.set_landscape().set_paper_size(9);
    if family.columns.iter().map(width).sum::<f64>() <= READABLE {
        sheet.set_print_fit_to_pages(1, 0);
    }
    sheet.set_repeat_rows(head, head + 1).map_err(write_refused)?;
    Ok(())
}

fn width(column: &Column) -> f64 {
    let own = match column.ty {
        Type::Time => 17.5,
        Type::Text => 26.0,
        Type::List(_) => 24.0,
        Type::YesNo => 9.0,
        _ => 14.0,
    };
    // Half-width characters; a Chinese one takes two.
    let head = 2.0 * column.zh.chars().count() as f64 + 2.0;
    head.max(own).min(26.0)
}

/// Empty cells ready to be filled: text where a program would else make a number or a date of what is typed.
pub(super) fn blank(
    sheet: &mut Worksheet,
    column: &Column,
    first: u32,
    last: u32,
    at: u16,
    looks: &Looks,
) -> Result<()> {
    for row in first..=last {
        sheet.write_blank(row, at, cell_format(column.ty, looks)).map_err(write_refused)?;
    }
    Ok(())
}

pub(super) fn cell_format(ty: Type, looks: &Looks) -> &Format {
    match ty {
        Type::Time => &looks.fill_time,
        Type::Text => &looks.fill_long,
        _ => &looks.fill,
    }
}

/// A drop-down of the column's words: others are refused, or asked back about where they are allowed.
pub(super) fn drop_down(
    sheet: &mut Worksheet,
    column: &Column,
    first: u32,
    last: u32,
    at: u16,
) -> Result<()> {
    let words: Vec<&str> = match column.ty {
        Type::YesNo => vec!["是", "否"],
        Type::Words(words) | Type::Mostly(words) => words.iter().map(|w| term(Lang::Zh, w)).collect(),
        _ => return Ok(()),
    };
    let validation = list(&words, !matches!(column.ty, Type::Mostly(_)))?;
    sheet.add_data_validation(first, at, last, at, &validation).map_err(write_refused)?;
    Ok(())
}

fn list(words: &[&str], only_these: bool) -> Result<DataValidation> {
    let style =
        if only_these { DataValidationErrorStyle::Stop } else { DataValidationErrorStyle::Information };
    let validation = DataValidation::new().allow_list_strings(words).map_err(write_refused)?;
    let message = if only_these {
        "请从下拉选项中选择"
    } else {
        "不在下拉选项中，将按所填文字记录"
    };
    validation.set_error_style(style).set_error_message(message).map_err(write_refused)
}

fn help_zh(column: &Column) -> String {
    let kind = match column.ty {
        Type::Time => "日期与时刻，如 2026-03-02 08:10",
        Type::YesNo => "是 或 否",
        Type::Words(_) => "从下拉选项中选择",
        Type::Mostly(_) => "从下拉选项中选择，也可另写",
        Type::Integer => "整数",
        Type::Decimal => "数字",
        Type::List(_) => "多个用；分开",
        Type::Unit => "期间，如 2026-03",
        Type::Code => "编号，按文本填写",
        Type::Line | Type::Text => "文字",
    };
    let must = if column.required { "必填" } else { "可不填" };
    match column.help_zh {
        "" => format!("{must}。{kind}。"),
        help => format!("{must}。{kind}。{help}。"),
    }
}

fn explain(
    sheet: &mut Worksheet,
    families: &[&'static Family],
    contract: &Contract,
    looks: &Looks,
) -> Result<()> {
    /// Half-width characters of a column of prose.
    const PROSE: f64 = 60.0;
    sheet.set_name(EXPLAINED).map_err(write_refused)?;
    sheet.set_column_width(0, 22).map_err(write_refused)?;
    sheet.set_column_width(1, PROSE).map_err(write_refused)?;
    sheet.set_column_width(2, PROSE).map_err(write_refused)?;
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    let label = looks.label.clone().set_align(FormatAlign::Top);
    let mut row = 0;
    let mut line = |a: &str, b: &str, c: &str, first: &Format| -> Result<()> {
        for (column, text) in (0..).zip([a, b, c]) {
            sheet.text(row, column, text, if column == 0 { first } else { &looks.prose })?;
        }
        make_room(sheet, row, lines_of(b, PROSE).max(lines_of(c, PROSE)))?;
        row += 1;
        Ok(())
    };
    line("填表说明", "", "How to fill it in", &looks.title)?;
    line("合同", &format!("{} {}", contract.id, contract.title), "", &label)?;
    line("合同摘要 SM3", &contract.sm3, "Digest of the contract", &label)?;
    line(
        "时间",
        &format!(
            "均为 {} 当地时间，精确到分，写成 2026-03-02 08:10；24:00 表示当日结束。",
            contract.zone.name()
        ),
        &format!(
            "All times are local times of {}, to the minute: 2026-03-02 08:10; 24:00 ends the day.",
            contract.zone.name()
        ),
        &looks.label,
    )?;
    for (zh, en) in GENERAL {
        line("", zh, en, &label)?;
    }
    for family in families {
        line("", "", "", &looks.plain)?;
        line(&format!("{} {}", family.zh, family.en), family.help_zh, family.help_en, &label)?;
        for column in family.columns {
            let words: Vec<&str> = column.ty.words().iter().map(|w| term(Lang::Zh, w)).collect();
            let words =
                if words.is_empty() { String::new() } else { format!("选项：{}。", words.join("、")) };
            let head = column.en.trim_end_matches('.');
            let english = match (column.required, column.help_en) {
                (true, "") => format!("{head}. Required."),
                (true, help) => format!("{head}. Required. {help}."),
                (false, "") => format!("{head}."),
                (false, help) => format!("{head}. {help}."),
            };
            line(column.zh, &format!("{}{words}", help_zh(column)), &english, &looks.prose)?;
        }
    }
    Ok(())
}

const GENERAL: &[(&str, &str)] = &[
    (
        "黄色表头必填。灰色的示例行不会导入，可保留或删除。",
        "Columns with a yellow head are required. The grey sample row is not imported; keep it or delete it.",
    ),
    (
        "请填写填表人与当事方：台账据此判断哪些记录需要对方确认。",
        "Say who filled it in and for which party: it decides what the other party has to confirm.",
    ),
    (
        "不要合并单元格，不要写公式，不要隐藏行列；编号按文本填写。",
        "Do not merge cells, write formulas, or hide rows and columns; numbers of things are text.",
    ),
    (
        "导入前先预览：opsledger import sheet 本表.xlsx --dry-run --preview 预览.xlsx；有误的单元格标红并附原因。有一格不对，整张表都不记录。",
        "Preview first: opsledger import sheet THIS.xlsx --dry-run --preview PREVIEW.xlsx; wrong cells are red, with the reason. With one wrong cell nothing is recorded.",
    ),
    (
        "同一张表可反复导入：已记录的行不会重复，补填的单元格记为后续事实。",
        "The same sheet may be imported again: what is recorded is not recorded twice, and cells filled in since are further facts.",
    ),
];
