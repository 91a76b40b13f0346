//! How single values are written: texts, numbers, dates, durations, kinds, conditions.

use super::reader::{At, Node, Read, nearest};
use crate::calendar::{Date, Zone};
use crate::contract::{Decimal, KindFilter, Limit, Where, Within};
use crate::error::{Code, Result};
use crate::facts::kinds;
use crate::rules::Per;
use crate::time::{DAY, Micros, parse_duration};
use chrono::Datelike;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeMap;
use toml::de::DeValue;

/// Longest duration, years; nothing that a contract promises lasts longer.
pub(crate) const MAX_YEARS: u32 = 100;
const MAX_DURATION: Micros = MAX_YEARS as i64 * 366 * DAY;
/// Largest count.
const MAX_COUNT: i64 = 1_000_000_000;

/// Gives a value type its JSON Schema.
macro_rules! schema {
    ($($name:ident: $schema:tt)*) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool { true }
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut SchemaGenerator) -> Schema { json_schema!($schema) }
        }
    )*};
}

schema! {
    Text: { "type": "string", "minLength": 1 }
    Flag: { "type": "boolean" }
    Count: { "type": "integer", "minimum": 0, "maximum": 1_000_000_000 }
    Fraction: { "type": "number", "minimum": 0, "maximum": 1 }
    DateText: { "type": "string", "format": "date" }
    ZoneText: { "type": "string", "description": "IANA name, such as Asia/Shanghai" }
    Sm3Text: { "type": "string", "pattern": "^[0-9a-f]{64}$" }
    Elapsed: {
        "type": "string",
        "description": "Elapsed time: 90m, 1h30m, 3d (24 h each) or ISO 8601 PT1H30M",
        "pattern": "^([0-9]+(d|h|m|s|ms|us))+$|^P([0-9]+W)?([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$"
    }
    LimitText: {
        "type": "string",
        "description": "90m, 1h30m, 3d (24 h each), PT1H30M; or a day count, 3 workdays; or 3 months",
        "pattern": "^([0-9]+(d|h|m|s|ms|us))+$|^P([0-9]+[YMWD])*(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$|^[0-9]+ (workday|workdays|month|months)$"
    }
    PerText: { "enum": ["period", "month", "quarter", "year"] }
    MonthDay: { "type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$", "description": "Month and day, 05-01" }
    WhereText: {
        "type": "object",
        "description": "Each field of the body has the value, or one of the values",
        "additionalProperties": {
            "anyOf": [
                { "type": ["string", "integer", "boolean"] },
                { "type": "array", "minItems": 1, "items": { "type": ["string", "integer", "boolean"] } }
            ]
        }
    }
    Unread: { "type": "object" }
}

/// A text that says something.
#[derive(Clone)]
pub(crate) struct Text(pub(crate) String);

impl<'a> Read<'a> for Text {
    const EXPECTED: (&'static str, &'static str) = ("a text in double quotes", "双引号中的文字");
    fn read(node: &Node<'a>) -> Result<Self> {
        match node.value {
            DeValue::String(s) if s.trim().is_empty() => {
                node.fail(Code::ContractValue, "the text is empty", "文字为空")
            }
            DeValue::String(s) => Ok(Text(s.clone().into_owned())),
            _ => node.wrong::<Self, _>(),
        }
    }
}

pub(super) fn text_of<'a, T: Read<'a>>(node: &Node<'a>) -> Result<String> {
    match Text::read(node) {
        Ok(Text(s)) => Ok(s),
        Err(_) => node.wrong::<T, _>(),
    }
}

/// True or false.
#[derive(Clone, Copy)]
pub(crate) struct Flag(pub(crate) bool);

impl<'a> Read<'a> for Flag {
    const EXPECTED: (&'static str, &'static str) = ("true or false", " true 或 false");
    fn read(node: &Node<'a>) -> Result<Self> {
        node.value.as_bool().map_or_else(|| node.wrong::<Self, _>(), |b| Ok(Flag(b)))
    }
}

/// A whole number from 0.
#[derive(Clone, Copy)]
pub(crate) struct Count(pub(crate) i64);

impl<'a> Read<'a> for Count {
    const EXPECTED: (&'static str, &'static str) = ("a whole number", "整数");
    fn read(node: &Node<'a>) -> Result<Self> {
        let Some(n) = node.value.as_integer() else { return node.wrong::<Self, _>() };
        match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) if (0..=MAX_COUNT).contains(&n) => Ok(Count(n)),
            _ => node.fail(Code::OutOfRange, format!("0 to {MAX_COUNT}"), format!("范围为 0 至 {MAX_COUNT}")),
        }
    }
}

/// An exact part of one, read from its digits.
#[derive(Clone, Copy)]
pub(crate) struct Fraction(pub(crate) Decimal);

impl<'a> Read<'a> for Fraction {
    const EXPECTED: (&'static str, &'static str) =
        ("a fraction from 0 to 1, such as 0.25", " 0 至 1 的小数，如 0.25");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = match node.value {
            DeValue::Float(f) => f.as_str(),
            DeValue::Integer(n) if n.radix() == 10 => n.as_str(),
            _ => return node.wrong::<Self, _>(),
        };
        let text = text.strip_prefix('+').unwrap_or(text);
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let part = part.trim_end_matches('0');
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if text.starts_with('-') || (plain(whole) && plain(part) && !matches!(whole, "0" | "1")) {
            return node.fail(Code::OutOfRange, "0 to 1, such as 0.25", "范围为 0 至 1，如 0.25");
        }
        if !plain(whole) || !plain(part) || part.len() > 18 {
            return node.wrong::<Self, _>();
        }
        let Ok(mantissa) = format!("{whole}{part}").parse::<i64>() else { return node.wrong::<Self, _>() };
        if whole == "1" && !part.is_empty() {
            return node.fail(Code::OutOfRange, "0 to 1, such as 0.25", "范围为 0 至 1，如 0.25");
        }
        Ok(Fraction(Decimal { mantissa, scale: u8::try_from(part.len()).unwrap_or_default() }))
    }
}

/// A local date, in quotes or bare.
#[derive(Clone, Copy)]
pub(crate) struct DateText(pub(crate) Date);

impl<'a> Read<'a> for DateText {
    const EXPECTED: (&'static str, &'static str) =
        ("a date such as \"2026-01-31\"", "日期，如 \"2026-01-31\"");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = match node.value {
            DeValue::String(s) => s.clone().into_owned(),
            DeValue::Datetime(d) if d.time.is_none() && d.offset.is_none() => d.to_string(),
            _ => return node.wrong::<Self, _>(),
        };
        let shape =
            text.len() == 10 && text.bytes().enumerate().all(|(i, b)| (i == 4 || i == 7) == (b == b'-'));
        match text.parse::<Date>() {
            Ok(d) if shape && (1900..=9998).contains(&d.year()) => Ok(DateText(d)),
            Ok(_) if shape => node.fail(Code::OutOfRange, "years 1900 to 9998", "年份范围为 1900 至 9998"),
            Err(_) if shape => node.fail(
                Code::ContractValue,
                "there is no such day",
                "不存在这一天；日期写法如 \"2026-01-31\"",
            ),
            _ => node.wrong::<Self, _>(),
        }
    }
}

/// An IANA zone.
#[derive(Clone, Copy)]
pub(crate) struct ZoneText(pub(crate) Zone);

impl<'a> Read<'a> for ZoneText {
    const EXPECTED: (&'static str, &'static str) =
        ("an IANA zone such as \"Asia/Shanghai\"", " IANA 时区，如 \"Asia/Shanghai\"");
    fn read(node: &Node<'a>) -> Result<Self> {
        let name = text_of::<Self>(node)?;
        Zone::parse(&name).map(ZoneText).or_else(|_| {
            let near = ["Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei", "UTC"];
            node.unknown(Code::BadZone, &name, near.into_iter())
        })
    }
}

/// A contract's identity.
#[derive(Clone)]
pub(crate) struct Sm3Text(pub(crate) String);

impl<'a> Read<'a> for Sm3Text {
    const EXPECTED: (&'static str, &'static str) =
        ("the SM3 of the replaced text, 64 hex digits in lower case", "被替换文本的 SM3：64 位小写十六进制");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = text_of::<Self>(node)?;
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 64 && text.bytes().all(hex) { Ok(Sm3Text(text)) } else { node.wrong::<Self, _>() }
    }
}

/// Elapsed time.
#[derive(Clone, Copy)]
pub(crate) struct Elapsed(pub(crate) Micros);

impl<'a> Read<'a> for Elapsed {
    const EXPECTED: (&'static str, &'static str) = (
        "a duration such as \"90m\", \"1h30m\", \"3d\" or \"PT1H30M\"",
        "时长，如 \"90m\"、\"1h30m\"、\"3d\" 或 \"PT1H30M\"",
    );
    fn read(node: &Node<'a>) -> Result<Self> {
        match limit(node, &text_of::<Self>(node)?)? {
            Limit::Elapsed(us) => Ok(Elapsed(us)),
            Limit::Workdays(_) | Limit::Months(_) => node.fail(
                Code::BadDuration,
                "elapsed time is needed here, not a count of workdays or months",
                "此处须为固定时长，不能按工作日或月计",
            ),
        }
    }
}

/// A limit of time: elapsed, workdays or months.
#[derive(Clone, Copy)]
pub(crate) struct LimitText(pub(crate) Limit);

impl<'a> Read<'a> for LimitText {
    const EXPECTED: (&'static str, &'static str) = (
        "a duration such as \"90m\", \"3d\", \"3 workdays\" or \"3 months\"",
        "时长，如 \"90m\"、\"3d\"、\"3 workdays\" 或 \"3 months\"",
    );
    fn read(node: &Node<'a>) -> Result<Self> {
        limit(node, &text_of::<Self>(node)?).map(LimitText)
    }
}

fn limit(node: &Node<'_>, text: &str) -> Result<Limit> {
    let too_long =
        || node.fail(Code::OutOfRange, format!("at most {MAX_YEARS} years"), format!("最长 {MAX_YEARS} 年"));
    if let Some((count, unit)) = day_count(text) {
        // Numbers too large for the type are as much too long as those above the bound.
        let n: u32 = count.parse().unwrap_or(u32::MAX);
        return match unit {
            Unit::Workday if n <= MAX_YEARS * 366 => Ok(Limit::Workdays(n)),
            Unit::Month if n <= MAX_YEARS * 12 => Ok(Limit::Months(n)),
            Unit::Year if n <= MAX_YEARS => Ok(Limit::Months(n * 12)),
            _ => too_long(),
        };
    }
    match parse_duration(text) {
        Ok(us) if us <= MAX_DURATION => Ok(Limit::Elapsed(us)),
        Ok(_) => too_long(),
        Err(_) => Err(node.error(Code::BadDuration)),
    }
}

enum Unit {
    Workday,
    Month,
    Year,
}

/// `3 workdays`, `1 month`, `P3M`, `P1Y`.
fn day_count(text: &str) -> Option<(&str, Unit)> {
    let iso = |letter, unit| Some((text.strip_prefix('P')?.strip_suffix(letter)?, unit));
    let (count, unit) = match text.split_once(' ') {
        Some((n, "workday" | "workdays")) => (n, Unit::Workday),
        Some((n, "month" | "months")) => (n, Unit::Month),
        Some(_) => return None,
        None => iso('M', Unit::Month).or_else(|| iso('Y', Unit::Year))?,
    };
    (!count.is_empty() && count.bytes().all(|b| b.is_ascii_digit())).then_some((count, unit))
}

/// `within`: one limit, or a table of them.
#[derive(Clone)]
pub(crate) struct WithinText(pub(crate) Within);

impl<'a> Read<'a> for WithinText {
    const EXPECTED: (&'static str, &'static str) = (
        "a duration such as \"90m\" or \"3 workdays\", or a table of them, { critical = \"4h\", minor = \"3d\" }",
        "时长，如 \"90m\" 或 \"3 workdays\"，或按级别的表：{ critical = \"4h\", minor = \"3d\" }",
    );
    fn read(node: &Node<'a>) -> Result<Self> {
        let DeValue::Table(table) = node.value else {
            return match node.value {
                DeValue::String(_) => LimitText::read(node).map(|l| WithinText(Within::One(l.0))),
                _ => node.wrong::<Self, _>(),
            };
        };
        if table.is_empty() {
            return node.fail(
                Code::ContractValue,
                "the table is empty; name at least one value with its limit, { critical = \"4h\" }",
                "表为空；至少写明一个级别及其时限：{ critical = \"4h\" }",
            );
        }
        let mut by = BTreeMap::new();
        for key in table.keys() {
            if let Some(value) = node.get(key.get_ref()) {
                by.insert(key.get_ref().clone().into_owned(), LimitText::read(&value)?.0);
            }
        }
        Ok(WithinText(Within::By(by)))
    }
}

impl JsonSchema for WithinText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Within".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let limit = generator.subschema_for::<LimitText>();
        json_schema!({ "anyOf": [limit, { "type": "object", "minProperties": 1, "additionalProperties": limit }] })
    }
}

/// What a limit holds for.
#[derive(Clone, Copy)]
pub(crate) struct PerText(pub(crate) Per);

impl<'a> Read<'a> for PerText {
    const EXPECTED: (&'static str, &'static str) =
        ("\"period\", \"month\", \"quarter\" or \"year\"", " \"period\"、\"month\"、\"quarter\" 或 \"year\"");
    fn read(node: &Node<'a>) -> Result<Self> {
        let name = text_of::<Self>(node)?;
        Ok(PerText(match name.as_str() {
            "period" => Per::Period,
            "month" => Per::Month,
            "quarter" => Per::Quarter,
            "year" => Per::Year,
            _ => {
                return node.unknown(
                    Code::ContractValue,
                    &name,
                    ["period", "month", "quarter", "year"].into_iter(),
                );
            }
        }))
    }
}

/// Month and day of every year.
#[derive(Clone, Copy)]
pub(crate) struct MonthDay(pub(crate) (u8, u8));

impl<'a> Read<'a> for MonthDay {
    const EXPECTED: (&'static str, &'static str) =
        ("month and day, such as \"05-01\"", "月-日，如 \"05-01\"");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = text_of::<Self>(node)?;
        // A leap year, so that 02-29 can be named.
        let date = (text.len() == 5).then(|| format!("2000-{text}").parse::<Date>().ok()).flatten();
        match date {
            Some(d) => Ok(MonthDay((d.month() as u8, d.day() as u8))),
            None => node.wrong::<Self, _>(),
        }
    }
}

/// `where`: conditions on the fields of a body.
#[derive(Clone)]
pub(crate) struct WhereText(pub(crate) Where);

impl<'a> Read<'a> for WhereText {
    const EXPECTED: (&'static str, &'static str) = (
        "a table, { field = \"value\", other = [\"a\", \"b\"] }",
        "表：{ 字段 = \"值\", 其他 = [\"a\", \"b\"] }",
    );
    fn read(node: &Node<'a>) -> Result<Self> {
        let DeValue::Table(table) = node.value else { return node.wrong::<Self, _>() };
        let mut conditions = Where::new();
        for key in table.keys() {
            let Some(value) = node.get(key.get_ref()) else { continue };
            let values = match value.items() {
                Some(items) if items.is_empty() => {
                    return value.fail(Code::ContractValue, "no value is named", "未写明任何值");
                }
                Some(items) => items.iter().map(scalar).collect::<Result<_>>()?,
                None => vec![scalar(&value)?],
            };
            conditions.insert(key.get_ref().clone().into_owned(), values);
        }
        Ok(WhereText(conditions))
    }
}

pub(super) fn scalar(node: &Node<'_>) -> Result<serde_json::Value> {
    match node.value {
        DeValue::String(s) => Ok(serde_json::Value::String(s.clone().into_owned())),
        DeValue::Boolean(b) => Ok((*b).into()),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            // Facts hold no larger integers.
            Ok(n) if n.unsigned_abs() <= 1 << 53 => Ok(n.into()),
            _ => node.fail(Code::OutOfRange, "integers within 2^53", "整数须在 2^53 以内"),
        },
        _ => node.fail(
            Code::ContractValue,
            "expected a text, a whole number, true or false (facts hold decimals as texts, \"93.5\")",
            "应为文字、整数、true 或 false（事实中的小数以文字记录，如 \"93.5\"）",
        ),
    }
}

/// Tables of the format that nothing reads yet.
#[derive(Clone)]
pub(crate) struct Unread;

impl<'a> Read<'a> for Unread {
    const EXPECTED: (&'static str, &'static str) = ("a table", "表");
    fn read(node: &Node<'a>) -> Result<Self> {
        node.keys().map(|_| Unread)
    }
}

/// One value, or a list of at least one.
#[derive(Clone)]
pub(crate) struct OneOrMany<'a, T>(pub(crate) Vec<At<'a, T>>);

impl<'a, T: Read<'a>> Read<'a> for OneOrMany<'a, T> {
    const EXPECTED: (&'static str, &'static str) = T::EXPECTED;
    fn read(node: &Node<'a>) -> Result<Self> {
        let Some(items) = node.items() else {
            return Ok(OneOrMany(vec![At { value: T::read(node)?, node: node.clone() }]));
        };
        if items.is_empty() {
            let (en, zh) = T::EXPECTED;
            return node.fail(
                Code::ContractValue,
                format!("the list is empty; name {en}"),
                format!("列表为空；应写{zh}"),
            );
        }
        items
            .into_iter()
            .map(|node| Ok(At { value: T::read(&node)?, node }))
            .collect::<Result<_>>()
            .map(OneOrMany)
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<'_, T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
    }
}

/// A kind of fact, with conditions.
#[derive(Clone)]
pub(crate) struct KindText(pub(crate) KindFilter);

impl<'a> Read<'a> for KindText {
    const EXPECTED: (&'static str, &'static str) = (
        "a kind such as \"incident.report\", or { kind = \"…\", where = { … } }",
        "事实种类，如 \"incident.report\"，或 { kind = \"…\", where = { … } }",
    );
    fn read(node: &Node<'a>) -> Result<Self> {
        if let DeValue::String(_) = node.value {
            return Ok(KindText(KindFilter { kind: kind(node)?, conditions: Where::new() }));
        }
        if !matches!(node.value, DeValue::Table(_)) {
            return node.wrong::<Self, _>();
        }
        node.only(&["kind", "where"])?;
        let Some(name) = node.get("kind") else { return node.wrong::<Self, _>() };
        let conditions = node.get("where").map(|w| WhereText::read(&w)).transpose()?;
        Ok(KindText(KindFilter {
            kind: kind(&name)?,
            conditions: conditions.map(|w| w.0).unwrap_or_default(),
        }))
    }
}

impl JsonSchema for KindText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Kind".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let conditions = generator.subschema_for::<WhereText>();
        json_schema!({ "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": { "kind": { "type": "string" }, "where": conditions },
                "required": ["kind"],
                "additionalProperties": false,
            },
        ] })
    }
}

/// The name of a kind that exists.
pub(crate) fn kind(node: &Node<'_>) -> Result<String> {
    let Text(name) = Text::read(node)?;
    if kinds::find(&name).is_some() {
        return Ok(name);
    }
    // A wrong last word is helped best by the words of its family.
    let family = |k: &str| k.split('.').next().unwrap_or_default().to_owned();
    let all = kinds::KINDS.iter().map(|k| k.name);
    let same: Vec<&str> = all.clone().filter(|k| family(k) == family(&name)).collect();
    match nearest(&name, all.clone()) {
        None if !same.is_empty() => node.unknown(Code::UnknownKind, &name, same.into_iter()),
        None => Err(node.error(Code::UnknownKind)),
        Some(_) => node.unknown(Code::UnknownKind, &name, all),
    }
}
