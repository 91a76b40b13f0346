//! Backup sets as written.

use super::reader::{At, Node, Read};
use super::tables::BackupText;
use super::values::{LimitText, Text, text_of};
use crate::contract::BackupSet;
use crate::error::{Code, Result};
use crate::rules::backup::plain_limit;
use crate::rules::backup::retention::Retention;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use toml::de::DeValue;

/// The kinds of sets.
const KINDS: &[&str] =
    &["files", "postgres-base", "postgres-dump", "mysql-dump", "sqlite", "archive", "opaque", "command"];
/// The levels that a verification may have.
const LEVELS: &[&str] = &["L1", "L2", "L3", "L4"];
/// Most runs that a part of a retention keeps.
const MAX_KEPT: i64 = 100_000;

/// `kind`.
#[derive(Clone)]
pub(crate) struct BackupKindText(&'static str);

impl<'a> Read<'a> for BackupKindText {
    const EXPECTED: (&'static str, &'static str) =
        ("a kind of backup such as \"files\"", "备份类型，如 \"files\"");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = text_of::<Self>(node)?;
        match KINDS.iter().find(|k| **k == text) {
            Some(kind) => Ok(BackupKindText(kind)),
            None => node.unknown(Code::ContractValue, &text, KINDS.iter().copied()),
        }
    }
}

/// `level`.
#[derive(Clone)]
pub(crate) struct LevelText(u8);

impl<'a> Read<'a> for LevelText {
    const EXPECTED: (&'static str, &'static str) = ("a level, \"L1\" to \"L4\"", "级别 \"L1\" 至 \"L4\"");
    fn read(node: &Node<'a>) -> Result<Self> {
        let text = text_of::<Self>(node)?;
        match LEVELS.iter().position(|l| *l == text) {
            Some(i) => Ok(LevelText(i as u8 + 1)),
            None => node.unknown(Code::ContractValue, &text, LEVELS.iter().copied()),
        }
    }
}

/// `retention`: a length of time, or what is kept by calendar periods.
#[derive(Clone)]
pub(crate) struct RetentionText(Retention);

impl<'a> Read<'a> for RetentionText {
    const EXPECTED: (&'static str, &'static str) = (
        "a duration such as \"30d\", or { last = 3, daily = 7, weekly = 4, monthly = 12, yearly = 3, within = \"14d\" }",
        "时长，如 \"30d\"，或 { last = 3, daily = 7, weekly = 4, monthly = 12, yearly = 3, within = \"14d\" }",
    );
    fn read(node: &Node<'a>) -> Result<Self> {
        let length = |node: &Node<'a>| plain_limit(&At { value: LimitText::read(node)?, node: node.clone() });
        if let DeValue::String(_) = node.value {
            return Ok(RetentionText(Retention { keep_for: Some(length(node)?), ..Retention::default() }));
        }
        if !matches!(node.value, DeValue::Table(_)) {
            return node.wrong::<Self, _>();
        }
        node.only(&["last", "daily", "weekly", "monthly", "yearly", "within"])?;
        let count = |key: &str| -> Result<u32> {
            let Some(node) = node.get(key) else { return Ok(0) };
            let found = node.value.as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
            match found {
                Some(n) if (1..=MAX_KEPT).contains(&n) => Ok(n as u32),
                _ => node.fail(
                    Code::OutOfRange,
                    format!("a whole number, 1 to {MAX_KEPT}"),
                    format!("1 至 {MAX_KEPT} 的整数"),
                ),
            }
        };
        let retention = Retention {
            keep_for: None,
            last: count("last")?,
            daily: count("daily")?,
            weekly: count("weekly")?,
            monthly: count("monthly")?,
            yearly: count("yearly")?,
            within: node.get("within").map(|n| length(&n)).transpose()?,
        };
        if retention == Retention::default() {
            return node.wrong::<Self, _>();
        }
        Ok(RetentionText(retention))
    }
}

macro_rules! schemas {
    ($($name:ident: $schema:tt)*) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool { true }
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut SchemaGenerator) -> Schema { json_schema!($schema) }
        }
    )*};
}
schemas! {
    BackupKindText: { "enum": ["files", "postgres-base", "postgres-dump", "mysql-dump", "sqlite", "archive", "opaque", "command"] }
    LevelText: { "enum": ["L1", "L2", "L3", "L4"] }
    RetentionText: { "anyOf": [
        { "type": "string" },
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": false,
            "properties": {
                "last": { "type": "integer", "minimum": 1 },
                "daily": { "type": "integer", "minimum": 1 },
                "weekly": { "type": "integer", "minimum": 1 },
                "monthly": { "type": "integer", "minimum": 1 },
                "yearly": { "type": "integer", "minimum": 1 },
                "within": { "type": "string" }
            }
        }
    ] }
}

/// A set from its table.
pub(super) fn set(text: BackupText<'_>) -> Result<BackupSet> {
    let word = |at: Option<At<'_, Text>>| at.map(|t| t.value.0);
    if let Some(at) = [&text.rpo, &text.rto].into_iter().flatten().find(|at| at.value.0 == 0) {
        return at.node.fail(Code::OutOfRange, "longer than nothing", "应大于 0");
    }
    let every = |at: Option<At<'_, LimitText>>| at.map(|at| plain_limit(&at)).transpose();
    Ok(BackupSet {
        id: text.id.value.0,
        holds: word(text.holds),
        kind: text.kind.map_or("files", |k| k.value.0),
        schedule: word(text.schedule),
        rpo: text.rpo.map(|d| d.value.0),
        rto: text.rto.map(|d| d.value.0),
        retention: text.retention.map(|r| r.value.0),
        verify_every: every(text.verify_every)?,
        level: text.level.map_or(1, |l| l.value.0),
        drill_every: every(text.drill_every)?,
        log_marker: word(text.log_marker),
    })
}
