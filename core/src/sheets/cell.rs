//! Reads single cells by the type of their column. Full-width signs, dates as text and true dates are read alike; what
//! could be read in two ways is refused with what to write instead.

use super::family::{Column, Type};
use crate::Lang;
use crate::calendar::Zone;
use crate::error::{Code, Error, Result};
use crate::facts::terms::term;
use crate::table::xlsx::{Cell, Value as Held};
use crate::time::{self, Instant};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use serde_json::Value;

/// What a cell says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Read {
    /// As the fact's field holds it.
    pub(super) value: Value,
    /// Of a time.
    pub(super) instant: Option<Instant>,
    /// The time had no offset and took the contract's zone.
    pub(super) local: bool,
    /// Something to look at: Chinese and English.
    pub(super) remark: Option<(&'static str, &'static str)>,
}

impl Read {
    fn of(value: impl Into<Value>) -> Option<Read> {
        Some(Read { value: value.into(), instant: None, local: false, remark: None })
    }
}

/// Longest text of a cell that is looked at, characters.
const LONGEST: usize = 8_000;

/// Reads a cell; `None` where it holds nothing but blanks.
///
/// # Errors
/// `bad-cell`, with `place`, the value and what to write.
pub(super) fn read(cell: &Cell, column: &Column, zone: Zone, place: &str) -> Result<Option<Read>> {
    let wrong = |(zh, en): (&str, &str)| {
        let detail = format!("{place} {} = {}", column.zh, told(&cell.value));
        Error::new(Code::BadCell, detail).with_hints(en, zh)
    };
    if cell.formula {
        return Err(wrong((
            "单元格含公式：请复制后“选择性粘贴为数值”",
            "the cell holds a formula: copy it and paste its value",
        )));
    }
    let read = match &cell.value {
        Held::Nothing => return Ok(None),
        Held::Error(_) => {
            Err(("单元格显示错误值：请填写实际内容", "the cell shows an error: write what is meant"))
        }
        Held::Text(text) => match text_of(text) {
            Ok(text) if text.is_empty() => return Ok(None),
            Ok(text) => from_text(&text, column.ty, zone),
            Err(e) => Err(e),
        },
        Held::Number(number) => from_number(number, column.ty),
        Held::Time(time) => from_time(*time, column.ty, zone),
        Held::Clock(seconds) => from_clock(*seconds, column.ty),
        Held::Flag(flag) => match column.ty {
            Type::YesNo => Ok(Read::of(*flag)),
            _ => Err(ask(column.ty)),
        },
    };
    read.map_err(wrong)
}

type Said = std::result::Result<Option<Read>, (&'static str, &'static str)>;

/// Trimmed, line ends alike; control characters are refused, for nobody sees them.
fn text_of(text: &str) -> std::result::Result<String, (&'static str, &'static str)> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'));
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err((
            "含有看不见的控制字符：请重新键入",
            "it holds control characters that nobody sees: type it anew",
        ));
    }
    if text.chars().count() > LONGEST {
        return Err((
            "文字过长（超过 8000 字）：请存为附件并填写编号",
            "too long (over 8000 characters): keep it in a file and write its number",
        ));
    }
    Ok(text.to_owned())
}

/// Full-width letters, digits, signs and blanks as the plain ones.
pub(super) fn half_width(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' => ' ',
        '–' | '—' | '−' | '‐' | '‑' => '-',
        '∶' => ':',
        c => c,
    };
    text.chars().map(plain).collect()
}

fn from_text(text: &str, ty: Type, zone: Zone) -> Said {
    let one_line = !text.contains(['\n', '\t']);
    let half = || half_width(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match ty {
        Type::Text => Ok(Read::of(text)),
        Type::Line if one_line => Ok(Read::of(text)),
        Type::Code if one_line => Ok(Read::of(half())),
        Type::Line | Type::Code => {
            Err(("应为一行文字：请删除换行", "one line is wanted: remove the line break"))
        }
        Type::Time => time_of(&half(), zone),
        Type::YesNo => match half().to_lowercase().as_str() {
            "是" | "yes" | "y" | "true" | "1" | "√" | "✓" => Ok(Read::of(true)),
            "否" | "no" | "n" | "false" | "0" | "×" => Ok(Read::of(false)),
            _ => Err(ask(ty)),
        },
        Type::Words(words) => match find(words, &half()) {
            Some(word) => Ok(Read::of(word)),
            None => Err(ask(ty)),
        },
        Type::Mostly(words) if one_line => Ok(match find(words, &half()) {
            Some(word) => Read::of(word),
            None => Read::of(text).map(|read| Read { remark: Some(OTHER_WORD), ..read }),
        }),
        Type::Mostly(_) => Err(("应为一行文字：请删除换行", "one line is wanted: remove the line break")),
        Type::Integer => integer(&half()),
        Type::Decimal => decimal(&half()),
        Type::List(words) => Ok(list(text, words)),
        Type::Unit => unit(&half()),
    }
}

const OTHER_WORD: (&str, &str) =
    ("不在下拉选项中，按所填文字记录", "not one of the drop-down's words; kept as written");
const MIDNIGHT: (&str, &str) =
    ("按 00:00 读取；如只填了日期，请补上时刻", "read as 00:00; if only a date was meant, add the time");

fn find(words: &[&'static str], text: &str) -> Option<&'static str> {
    words.iter().find(|w| term(Lang::Zh, w) == text || w.eq_ignore_ascii_case(text)).copied()
}

fn from_number(number: &str, ty: Type) -> Said {
    /// What a sheet's number keeps exactly.
    const DIGITS: usize = 15;
    match ty {
        Type::Code if number.len() > DIGITS => Err((
            "数字过长，表格只保留 15 位：请先把单元格格式设为文本，再重新填写",
            "too long for a number, of which sheets keep 15 digits: format the cell as text and write it anew",
        )),
        Type::Text | Type::Line | Type::Code => Ok(Read::of(number)),
        Type::YesNo if number == "1" => Ok(Read::of(true)),
        Type::YesNo if number == "0" => Ok(Read::of(false)),
        Type::Integer => integer(number),
        Type::Decimal => decimal(number),
        Type::Mostly(_) => Ok(Read::of(number).map(|read| Read { remark: Some(OTHER_WORD), ..read })),
        Type::Unit if number.len() == 4 => unit(number),
        Type::Time => Err((
            "此处是数字而不是时间：请把单元格格式设为日期时间，或写成 2026-03-02 08:10",
            "a number, not a time: format the cell as date and time, or write 2026-03-02 08:10",
        )),
        _ => Err(ask(ty)),
    }
}

fn from_time(time: NaiveDateTime, ty: Type, zone: Zone) -> Said {
    match ty {
        Type::Time => local(time, zone).map(|read| {
            let midnight = time.num_seconds_from_midnight() == 0;
            read.map(|read| Read { remark: midnight.then_some(MIDNIGHT), ..read })
        }),
        Type::Unit if chrono::Datelike::day(&time) != 1 => Ok(Read::of(time.date().to_string())),
        Type::Unit => Err((
            "表格把它当成了日期：请先把单元格格式设为文本，再写 2026-03（月）或 2026-03-01（日）",
            "taken for a date: format the cell as text, then write 2026-03 (month) or 2026-03-01 (day)",
        )),
        _ => Err((
            "表格把它当成了日期：请先把单元格格式设为文本再填写",
            "taken for a date: format the cell as text, then write it",
        )),
    }
}

fn from_clock(_: i64, ty: Type) -> Said {
    match ty {
        Type::Time => Err((
            "只有时刻，没有日期：请写成 2026-03-02 08:10",
            "a time without a date: write 2026-03-02 08:10",
        )),
        _ => Err(ask(ty)),
    }
}

/// A date and time as text: with an offset, or local in one of the usual forms; `24:00` ends the day.
fn time_of(text: &str, zone: Zone) -> Said {
    const WANTED: (&str, &str) =
        ("请写成 2026-03-02 08:10，日期与时刻都要有", "write it as 2026-03-02 08:10, date and time");
    if let Ok(at) = time::parse_instant(text) {
        return instant(at, false);
    }
    let plain = text
        .replace('T', " ")
        .replace(['年', '月', '/', '.'], "-")
        .replace('日', " ")
        .replace(['时', '点'], ":")
        .replace('分', "");
    let mut parts = plain.split_whitespace();
    let (Some(date), Some(clock), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(WANTED);
    };
    // Four digits first: 3-2-2026 would be read in two ways.
    let date = match date.split('-').next().map(str::len) {
        Some(4) => NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| WANTED)?,
        _ => return Err(WANTED),
    };
    if clock == "24:00" || clock == "24:00:00" {
        let next = date.succ_opt().ok_or(WANTED)?;
        return local(next.and_time(NaiveTime::MIN), zone);
    }
    let clock = clock.strip_suffix(':').map_or_else(|| clock.to_owned(), |hour| format!("{hour}:00"));
    let time = ["%H:%M", "%H:%M:%S"].iter().find_map(|f| NaiveTime::parse_from_str(&clock, f).ok());
    let time = time.filter(|t| t.nanosecond() < 1_000_000_000).ok_or(WANTED)?;
    local(date.and_time(time), zone)
}

/// The instant of a local time.
fn local(time: NaiveDateTime, zone: Zone) -> Said {
    match zone.parse_local(&time.format("%Y-%m-%d %H:%M:%S").to_string()) {
        Ok(at) => instant(at, true),
        Err(_) => Err((
            "该时区没有这一时间，或时钟两次显示它：请核对年份与时刻，或写明时区偏移，如 2026-10-25T02:30:00+02:00",
            "the zone has no such time, or shows it twice: check it, or write the offset, 2026-10-25T02:30:00+02:00",
        )),
    }
}

fn instant(at: Instant, local: bool) -> Said {
    let text = time::canonical_instant(at)
        .map_err(|_| ("年份超出 1900 至 9999", "the year is not within 1900 to 9999"))?;
    Ok(Some(Read { value: text.into(), instant: Some(at), local, remark: None }))
}

fn integer(text: &str) -> Said {
    match text.parse::<u32>() {
        Ok(n) if !text.starts_with('+') => Ok(Read::of(n)),
        _ => Err(ask(Type::Integer)),
    }
}

/// As the decimals of facts are written: no trailing zeros.
fn decimal(text: &str) -> Said {
    let plain = crate::import::csv::plain_decimal(text);
    match crate::facts::decimal::Decimal::parse(plain) {
        Ok(_) => Ok(Read::of(plain)),
        Err(_) => Err(ask(Type::Decimal)),
    }
}

fn list(text: &str, words: &[&'static str]) -> Option<Read> {
    let items = text.split([';', '；', '、', '\n', ',', '，']).map(str::trim).filter(|item| !item.is_empty());
    let mut other = false;
    let known = items.map(|item| {
        let word = find(words, &half_width(item));
        other |= word.is_none() && !words.is_empty();
        Value::from(word.unwrap_or(item))
    });
    let value: Vec<Value> = known.collect();
    if value.is_empty() {
        return None;
    }
    Some(Read { value: value.into(), instant: None, local: false, remark: other.then_some(OTHER_WORD) })
}

/// `2026-03`, `2026年3月`, `2026-Q1`, `2026-W07`, `2026-03-02`, `2026`.
fn unit(text: &str) -> Said {
    const WANTED: (&str, &str) = (
        "请写成 2026-03（月）、2026-Q1（季）、2026-W07（周）、2026-03-02（日）或 2026（年）",
        "write 2026-03 (month), 2026-Q1, 2026-W07, 2026-03-02 (day) or 2026",
    );
    let plain = text.replace(['年', '/', '.'], "-").replace(['月', '日'], "-").to_uppercase();
    let plain = plain.replace(' ', "");
    let mut parts = plain.trim_end_matches('-').split('-').map(str::to_owned).collect::<Vec<_>>();
    let number = |text: &str, from: u32, to: u32| {
        text.parse::<u32>().ok().filter(|n| text.len() <= 2 && (from..=to).contains(n))
    };
    if parts[0].len() != 4 || parts[0].parse::<u16>().is_err() {
        return Err(WANTED);
    }
    for (i, part) in parts.iter_mut().enumerate().skip(1) {
        let padded = match (i, part.strip_prefix('Q'), part.strip_prefix('W')) {
            (1, Some(q), _) => number(q, 1, 4).map(|n| format!("Q{n}")),
            (1, _, Some(w)) => number(w, 1, 53).map(|n| format!("W{n:02}")),
            (1, None, None) => number(part, 1, 12).map(|n| format!("{n:02}")),
            (2, None, None) => number(part, 1, 31).map(|n| format!("{n:02}")),
            _ => None,
        };
        *part = padded.ok_or(WANTED)?;
    }
    let text = parts.join("-");
    let day = parts.len() == 3;
    if day && NaiveDate::parse_from_str(&text, "%Y-%m-%d").is_err() {
        return Err(WANTED);
    }
    Ok(Read::of(text))
}

/// What a column wants.
fn ask(ty: Type) -> (&'static str, &'static str) {
    match ty {
        Type::YesNo => ("请填写 是 或 否", "write 是 (yes) or 否 (no)"),
        Type::Words(_) => ("请从下拉选项中选择", "choose from the drop-down"),
        Type::Integer => ("请填写整数，如 40", "write an integer such as 40"),
        Type::Decimal => ("请填写数字，如 95 或 4.5", "write a number such as 95 or 4.5"),
        Type::Time => ("请写成 2026-03-02 08:10", "write it as 2026-03-02 08:10"),
        Type::Unit => ("请写成 2026-03", "write it as 2026-03"),
        _ => ("请填写文字", "write text"),
    }
}

/// The value, shortened for a message.
pub(super) fn told(value: &Held) -> String {
    const SHOWN: usize = 60;
    let text = match value {
        Held::Text(text) => text.clone(),
        Held::Number(text) | Held::Error(text) => text.clone(),
        Held::Time(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        Held::Clock(seconds) => {
            let clock = NaiveTime::MIN.overflowing_add_signed(TimeDelta::seconds(*seconds)).0;
            clock.format("%H:%M:%S").to_string()
        }
        Held::Flag(flag) => flag.to_string(),
        Held::Nothing => String::new(),
    };
    let text = crate::table::xlsx::shown(&text).replace('\n', " ");
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{:?}…", &text[..cut]),
        None => format!("{text:?}"),
    }
}
