//! Values of the rules' parameters that are more than a word: percentages, points, money, times of day, tables of them.

use super::reader::{Node, Read};
use super::values::{Elapsed, KindText, LimitText, WhereText, text_of};
use crate::calendar::Date;
use crate::contract::{Decimal, KindFilter, Where};
use crate::error::{Code, Result};
use crate::facts::kinds::{self, Family};
use crate::rules::documents::Due;
use crate::time::{HOUR, MINUTE, Micros};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeMap;
use toml::de::DeValue;

/// Most digits after the point of points and percentages.
const MAX_PLACES: usize = 9;
/// Most points.
const MAX_POINTS: i64 = 1_000_000;
/// Most people of a role.
const MAX_PEOPLE: i64 = 1_000;

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
    PercentText: { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$", "description": "A percentage from 0% to 100%, such as 99.95%" }
    PointsText: { "type": "number", "minimum": 0, "maximum": 1_000_000 }
    FenText: { "type": "integer", "minimum": 0, "maximum": 1_000_000_000_000_000_i64, "description": "Money, fen (0.01 yuan)" }
    TimeText: { "type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$", "description": "Time of day, 18:00" }
    DueText: { "type": "string", "description": "30d, 5 workdays or 2 months from the period's start; a date; end; end-30d" }
    RolesText: { "type": "object", "minProperties": 1, "additionalProperties": { "type": "integer", "minimum": 1, "maximum": 1000 } }
    LimitsText: { "type": "object", "minProperties": 1, "additionalProperties": { "type": "string" } }
}

/// Digits with at most one point and [`MAX_PLACES`] places, exactly.
fn decimal(text: &str) -> Option<Decimal> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let part = part.trim_end_matches('0');
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > MAX_PLACES || whole.len() > 9 {
        return None;
    }
    let mantissa = format!("{whole}{part}").parse().ok()?;
    Some(Decimal { mantissa, scale: u8::try_from(part.len()).ok()? })
}

/// A percentage: as a part of one, and as written.
#[derive(Clone)]
pub(crate) struct PercentText {
    pub(crate) part: Decimal,
    pub(crate) text: String,
}

impl<'a> Read<'a> for PercentText {
    const EXPECTED: (&'static str, &'static str) =
        ("a percentage such as \"99.95%\"", "百分比，如 \"99.95%\"");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = text_of::<Self>(node)?;
        let Some(number) = text.strip_suffix('%').and_then(decimal) else { return node.wrong::<Self, _>() };
        let part = Decimal { scale: number.scale + 2, ..number };
        if part.mantissa > 10i64.pow(u32::from(part.scale)) {
            return node.fail(Code::OutOfRange, "0% to 100%", "范围为 0% 至 100%");
        }
        Ok(PercentText { part, text })
    }
}

/// Points: an exact decimal from 0.
#[derive(Clone, Copy)]
pub(crate) struct PointsText(pub(crate) Decimal);

impl<'a> Read<'a> for PointsText {
    const EXPECTED: (&'static str, &'static str) = ("points such as 2 or 0.5", "分值，如 2 或 0.5");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = match node.value {
            DeValue::Float(f) => f.as_str(),
            DeValue::Integer(n) if n.radix() == 10 => n.as_str(),
            _ => return node.wrong::<Self, _>(),
        };
        let Some(points) = decimal(text.strip_prefix('+').unwrap_or(text)) else {
            return node.wrong::<Self, _>();
        };
        if points.mantissa > MAX_POINTS * 10i64.pow(u32::from(points.scale)) {
            return node.fail(
                Code::OutOfRange,
                format!("0 to {MAX_POINTS}"),
                format!("范围为 0 至 {MAX_POINTS}"),
            );
        }
        Ok(PointsText(points))
    }
}

/// Money in fen.
#[derive(Clone, Copy)]
pub(crate) struct FenText(pub(crate) i64);

impl<'a> Read<'a> for FenText {
    const EXPECTED: (&'static str, &'static str) =
        ("a whole number of fen (100 fen are one yuan)", "整数，单位为分");
    fn read(node: &Node<'a>) -> Result<Self> {
        let Some(n) = node.value.as_integer() else { return node.wrong::<Self, _>() };
        match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) if (0..=1_000_000_000_000_000).contains(&n) => Ok(FenText(n)),
            _ => node.fail(Code::OutOfRange, "0 to 10^15", "范围为 0 至 10^15"),
        }
    }
}

/// A time of day, microseconds from midnight.
#[derive(Clone, Copy)]
pub(crate) struct TimeText(pub(crate) Micros);

impl<'a> Read<'a> for TimeText {
    const EXPECTED: (&'static str, &'static str) = ("a time of day such as \"18:00\"", "钟点，如 \"18:00\"");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = text_of::<Self>(node)?;
        let two = |s: &str| (s.len() == 2).then(|| s.parse::<i64>().ok()).flatten();
        let time = text.split_once(':').and_then(|(h, m)| Some((two(h)?, two(m)?)));
        match time {
            Some((h @ 0..=23, m @ 0..=59)) => Ok(TimeText(h * HOUR + m * MINUTE)),
            _ => node.wrong::<Self, _>(),
        }
    }
}

/// When a paper is due.
#[derive(Clone, Copy)]
pub(crate) struct DueText(pub(crate) Due);

impl<'a> Read<'a> for DueText {
    const EXPECTED: (&'static str, &'static str) = (
        "\"30d\", \"5 workdays\", \"2 months\", a date such as \"2026-03-31\", \"end\" or \"end-30d\"",
        " \"30d\"、\"5 workdays\"、\"2 months\"、日期（如 \"2026-03-31\"）、\"end\" 或 \"end-30d\"",
    );
    fn read(node: &Node<'a>) -> Result<Self> {
        if matches!(node.value, DeValue::Datetime(_)) {
            return super::values::DateText::read(node).map(|d| DueText(Due::On(d.0)));
        }
        let text = text_of::<Self>(node)?;
        if let Some(before) = text.strip_prefix("end") {
            return match before.strip_prefix('-').map(crate::time::parse_duration) {
                None if before.is_empty() => Ok(DueText(Due::BeforeEnd(0))),
                Some(Ok(us)) => Ok(DueText(Due::BeforeEnd(us))),
                _ => node.wrong::<Self, _>(),
            };
        }
        if text.len() == 10 && text.parse::<Date>().is_ok() {
            return super::values::DateText::read(node).map(|d| DueText(Due::On(d.0)));
        }
        match LimitText::read(node) {
            Ok(LimitText(limit)) => Ok(DueText(Due::After(limit))),
            Err(_) => node.wrong::<Self, _>(),
        }
    }
}

/// Each role with its least number of people, as written.
#[derive(Clone)]
pub(crate) struct RolesText(pub(crate) Vec<(String, i64)>);

impl<'a> Read<'a> for RolesText {
    const EXPECTED: (&'static str, &'static str) =
        ("a table of numbers, { desk = 1, engineer = 2 }", "表：{ desk = 1, engineer = 2 }");
    fn read(node: &Node<'a>) -> Result<Self> {
        let DeValue::Table(table) = node.value else { return node.wrong::<Self, _>() };
        let mut keys: Vec<_> = table.keys().collect();
        keys.sort_by_key(|key| key.span().start);
        let mut roles = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(value) = node.get(key.get_ref()) else { continue };
            let number =
                value.value.as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
            match number {
                Some(n @ 1..=MAX_PEOPLE) => roles.push((key.get_ref().clone().into_owned(), n)),
                _ => {
                    return value.fail(
                        Code::OutOfRange,
                        format!("1 to {MAX_PEOPLE} people"),
                        format!("人数范围为 1 至 {MAX_PEOPLE}"),
                    );
                }
            }
        }
        if roles.is_empty() { node.wrong::<Self, _>() } else { Ok(RolesText(roles)) }
    }
}

/// Fields with the durations that they may not pass.
#[derive(Clone)]
pub(crate) struct LimitsText(pub(crate) BTreeMap<String, Micros>);

impl<'a> Read<'a> for LimitsText {
    const EXPECTED: (&'static str, &'static str) =
        ("a table of durations, { rto = \"4h\" }", "时长表：{ rto = \"4h\" }");
    fn read(node: &Node<'a>) -> Result<Self> {
        let DeValue::Table(table) = node.value else { return node.wrong::<Self, _>() };
        let mut limits = BTreeMap::new();
        for key in table.keys() {
            if let Some(value) = node.get(key.get_ref()) {
                limits.insert(key.get_ref().clone().into_owned(), Elapsed::read(&value)?.0);
            }
        }
        if limits.is_empty() { node.wrong::<Self, _>() } else { Ok(LimitsText(limits)) }
    }
}

/// Steps that fields of the opening fact stand for: kinds with conditions.
#[derive(Clone)]
pub(crate) struct HaveText(pub(crate) BTreeMap<String, Where>);

impl<'a> Read<'a> for HaveText {
    const EXPECTED: (&'static str, &'static str) = (
        "a table, { \"change.approve\" = { by = \"buyer\" } }",
        "表：{ \"change.approve\" = { by = \"buyer\" } }",
    );
    fn read(node: &Node<'a>) -> Result<Self> {
        let DeValue::Table(table) = node.value else { return node.wrong::<Self, _>() };
        let mut have = BTreeMap::new();
        for key in table.keys() {
            let Some(value) = node.get(key.get_ref()) else { continue };
            let name = key.get_ref().clone().into_owned();
            if kinds::find(&name).is_none() {
                return value.unknown(Code::UnknownKind, &name, kinds::KINDS.iter().map(|k| k.name));
            }
            have.insert(name, WhereText::read(&value)?.0);
        }
        Ok(HaveText(have))
    }
}

impl JsonSchema for HaveText {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Have".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let conditions = generator.subschema_for::<WhereText>();
        json_schema!({ "type": "object", "additionalProperties": conditions })
    }
}

/// A kind whose facts are read by subject, with conditions.
#[derive(Clone)]
pub(crate) struct SubjectKindText(pub(crate) KindFilter);

impl<'a> Read<'a> for SubjectKindText {
    const EXPECTED: (&'static str, &'static str) = KindText::EXPECTED;
    fn read(node: &Node<'a>) -> Result<Self> {
        let KindText(filter) = KindText::read(node)?;
        let family = kinds::find(&filter.kind).map(|k| k.family);
        let other = [
            Family::Agreement,
            Family::Contract,
            Family::Watching,
            Family::Outage,
            Family::Planned,
            Family::Exclusion,
            Family::Other,
        ];
        if family.is_some_and(|f| !other.contains(&f)) {
            return Ok(SubjectKindText(filter));
        }
        node.fail(
            Code::ContractValue,
            "outages, planned windows, watching, agreement and x.… kinds have rules of their own, or none",
            "故障、计划停机、监测、确认类及 x.… 类事实不能用于此规则",
        )
    }
}

impl JsonSchema for SubjectKindText {
    fn inline_schema() -> bool {
        KindText::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        KindText::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        KindText::json_schema(generator)
    }
}
