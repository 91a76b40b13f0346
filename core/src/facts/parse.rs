//! Reads a fact: one strict JSON object, checked against the table of kinds, its times brought to UTC.

use super::json::{KeySeed, Trouble, ValueSeed};
use super::kinds::{self, Field, FieldType, Kind};
use super::{Actor, Fact, MAX_FACT, decimal};
use crate::error::{Code, Error, Result, err};
use crate::time::{self, Instant};
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The longest text that is looked at. A canonical fact has at most [`MAX_FACT`] bytes; the same fact written with `\u`
/// escapes and blanks may be longer.
const MAX_TEXT: usize = 8 * MAX_FACT;

/// Who may write what.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A caller's new fact.
    New,
    /// Loose facts and imports: `recorded_at` may be stated.
    Stated,
    /// The ledger: `claimed_recorded_at` may stand.
    Stored,
}

impl Fact {
    /// Reads one JSON object and checks it against the table of kinds; `recorded_at` is refused.
    ///
    /// # Errors
    /// Category input, with path and value; `end-before-start` of an interval that is empty.
    pub fn parse(json: &str) -> Result<Fact> {
        Ok(read(json, Source::New)?.0)
    }
    /// Reads a fact that may state `recorded_at` (loose facts and imports).
    ///
    /// # Errors
    /// As [`Fact::parse`].
    pub fn parse_stated(json: &str) -> Result<(Fact, Option<Instant>)> {
        read(json, Source::Stated)
    }
    /// Reads a fact from the ledger: as [`Fact::parse`], and `claimed_recorded_at` may stand.
    ///
    /// # Errors
    /// As [`Fact::parse`]. That the text is canonical is [`super::is_canonical`]'s business.
    pub fn parse_stored(json: &str) -> Result<Fact> {
        Ok(read(json, Source::Stored)?.0)
    }
}

/// The top-level keys as they stand.
#[derive(Default)]
struct Raw {
    kind: Option<Value>,
    subject: Option<Value>,
    at: Option<Value>,
    body: Option<Value>,
    key: Option<Value>,
    actor: Option<Value>,
    evidence: Option<Value>,
    signature: Option<Value>,
    recorded_at: Option<Value>,
    claimed_recorded_at: Option<Value>,
}

impl Raw {
    fn slot(&mut self, key: &str) -> Option<&mut Option<Value>> {
        Some(match key {
            "kind" => &mut self.kind,
            "subject" => &mut self.subject,
            "at" => &mut self.at,
            "body" => &mut self.body,
            "key" => &mut self.key,
            "actor" => &mut self.actor,
            "evidence" => &mut self.evidence,
            "signature" => &mut self.signature,
            "recorded_at" => &mut self.recorded_at,
            "claimed_recorded_at" => &mut self.claimed_recorded_at,
            _ => return None,
        })
    }
}

struct RawSeed<'t>(&'t Trouble);

impl<'de> DeserializeSeed<'de> for RawSeed<'_> {
    type Value = Raw;
    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> std::result::Result<Raw, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RawSeed<'_> {
    type Value = Raw;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> std::result::Result<Raw, A::Error> {
        let trouble = self.0;
        let mut raw = Raw::default();
        while let Some(key) = access.next_key_seed(KeySeed)? {
            let Some(slot) = raw.slot(&key) else {
                let e = trouble.set(Code::UnknownField, String::new());
                return Err(trouble.within(&key, e));
            };
            if slot.is_some() {
                let e = trouble.set(Code::DuplicateKey, String::new());
                return Err(trouble.within(&key, e));
            }
            let value = access
                .next_value_seed(ValueSeed { trouble, depth: 1 })
                .map_err(|e| trouble.within(&key, e))?;
            *slot = Some(value);
        }
        Ok(raw)
    }
}

fn read(json: &str, source: Source) -> Result<(Fact, Option<Instant>)> {
    if json.len() > MAX_TEXT {
        return err(Code::TooLong, format!("{} bytes", json.len()));
    }
    let trouble = Trouble::default();
    let mut reader = serde_json::Deserializer::from_str(json);
    let raw = RawSeed(&trouble).deserialize(&mut reader).and_then(|raw| reader.end().map(|()| raw));
    let raw = match raw {
        Ok(raw) => raw,
        Err(e) => return Err(trouble.finish(&e)),
    };
    let (fact, recorded_at) = build(raw, source)?;
    if json.len() > MAX_FACT {
        fact.canonical()?;
    }
    Ok((fact, recorded_at))
}

fn build(raw: Raw, source: Source) -> Result<(Fact, Option<Instant>)> {
    if source != Source::Stated && raw.recorded_at.is_some() {
        return err(Code::StatedRecordedAt, "recorded_at");
    }
    if source != Source::Stored && raw.claimed_recorded_at.is_some() {
        return err(Code::StatedRecordedAt, "claimed_recorded_at");
    }
    let name = text("kind", raw.kind)?.ok_or_else(|| Error::new(Code::MissingField, "kind"))?;
    let Some(kind) = kinds::find(&name) else { return Err(unknown_kind(&name)) };
    let subject = text("subject", raw.subject)?;
    if kind.subject && subject.is_none() {
        return err(Code::MissingField, format!("subject ({name})"));
    }
    let at = instant("at", raw.at)?.ok_or_else(|| Error::new(Code::MissingField, format!("at ({name})")))?;
    let mut body = match raw.body {
        None => Map::new(),
        Some(Value::Object(map)) => map,
        Some(other) => return Err(wrong("body", "an object", &other)),
    };
    check_body(kind, &mut body)?;
    let fact = Fact {
        kind,
        other: std::ptr::eq(kind, &kinds::OTHER).then(|| name.into_boxed_str()),
        subject: subject.unwrap_or_default(),
        at,
        body,
        key: text("key", raw.key)?,
        actor: raw.actor.map(actor).transpose()?.flatten(),
        evidence: raw.evidence.map(evidence).transpose()?,
        signature: raw.signature.map(signature).transpose()?,
        claimed_recorded_at: instant("claimed_recorded_at", raw.claimed_recorded_at)?,
    };
    Ok((fact, instant("recorded_at", raw.recorded_at)?))
}

fn unknown_kind(name: &str) -> Error {
    let e = Error::new(Code::UnknownKind, format!("kind = {name:?}"));
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let near: Vec<&str> = kinds::KINDS
        .iter()
        .map(|k| k.name)
        .filter(|k| k.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.')))
        .collect();
    if near.is_empty() { e } else { e.with_hint(near.join(", ")) }
}

fn wrong(path: &str, wanted: &str, value: &Value) -> Error {
    Error::new(Code::WrongType, format!("{path} = {}", shown(value))).with_hint(wanted)
}

/// The value, shortened for a message.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

fn text(path: &str, value: Option<Value>) -> Result<Option<String>> {
    match value {
        None => Ok(None),
        Some(Value::String(s)) if s.is_empty() => err(Code::EmptyText, path),
        Some(Value::String(s)) => Ok(Some(s)),
        Some(other) => Err(wrong(path, "text", &other)),
    }
}

fn instant(path: &str, value: Option<Value>) -> Result<Option<Instant>> {
    value.map(|v| instant_of(path, &v)).transpose()
}

fn instant_of(path: &str, value: &Value) -> Result<Instant> {
    let Value::String(s) = value else { return Err(wrong(path, "2026-03-02T08:10:00+08:00", value)) };
    time::parse_instant(s).map_err(|e| Error::new(e.code(), format!("{path} = {s:?}")))
}

fn actor(value: Value) -> Result<Option<Actor>> {
    let Value::Object(map) = value else {
        return Err(wrong("actor", "{\"person\": …, \"party\": …}", &value));
    };
    let mut actor = Actor::default();
    for (key, value) in map {
        match key.as_str() {
            "person" => actor.person = text("actor.person", Some(value))?,
            "party" => actor.party = text("actor.party", Some(value))?,
            _ => return err(Code::UnknownField, format!("actor.{key}")),
        }
    }
    Ok((actor != Actor::default()).then_some(actor))
}

fn evidence(value: Value) -> Result<Value> {
    match value.get("digest") {
        Some(Value::String(s)) if !s.is_empty() => Ok(value),
        Some(other) => Err(wrong("evidence.digest", "text", other)),
        None if value.is_object() => err(Code::MissingField, "evidence.digest"),
        None => Err(wrong("evidence", "{\"digest\": …, \"name\": …}", &value)),
    }
}

fn signature(value: Value) -> Result<Value> {
    if value.is_object() {
        Ok(value)
    } else {
        Err(wrong("signature", "{\"key\": …, \"value\": …}", &value))
    }
}

/// Checks the fields of the kind and brings their times to canonical text; further fields are kept as they are.
fn check_body(kind: &'static Kind, body: &mut Map<String, Value>) -> Result<()> {
    let mut required = 0;
    let (mut start, mut end) = (None, None);
    for (name, value) in body.iter_mut() {
        let Some(field) = kind.field(name) else { continue };
        required += usize::from(field.required);
        let instant = check_field(field, value)?;
        match field.name {
            "start" => start = instant,
            "end" => end = instant,
            _ => {}
        }
    }
    if required < kind.fields.iter().filter(|f| f.required).count() {
        let missing = kind.fields.iter().filter(|f| f.required && !body.contains_key(f.name));
        let names: Vec<String> = missing.map(|f| format!("body.{}", f.name)).collect();
        return err(Code::MissingField, format!("{} ({})", names.join(", "), kind.name));
    }
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        let shown = |field: &str| body.get(field).map_or_else(String::new, shown);
        return err(
            Code::EndBeforeStart,
            format!("body.start = {}, body.end = {}", shown("start"), shown("end")),
        );
    }
    if kind.name == "fact.confirm" {
        check_confirmed(body)?;
    }
    Ok(())
}

/// A confirmation names one entry, or the range of an import.
fn check_confirmed(body: &Map<String, Value>) -> Result<()> {
    let seq = |field: &str| body.get(field).and_then(Value::as_u64);
    match (seq("entry"), seq("from"), seq("to")) {
        (Some(_), None, None) => Ok(()),
        (None, Some(from), Some(to)) if from <= to => Ok(()),
        (None, Some(from), Some(to)) => err(Code::OutOfRange, format!("body.from = {from}, body.to = {to}")),
        (Some(_), _, _) => Err(Error::new(Code::UnknownField, "body.from, body.to")
            .with_hint("entry | from + to (fact.confirm)")),
        _ => Err(Error::new(Code::MissingField, "body.entry (fact.confirm)").with_hint("entry | from + to")),
    }
}

/// Checks one field; normalises times and decimals. Returns the instant of an instant field.
fn check_field(field: &Field, value: &mut Value) -> Result<Option<Instant>> {
    let path = || format!("body.{}", field.name);
    match (field.ty, &*value) {
        (FieldType::Any, _) | (FieldType::Bool, Value::Bool(_)) | (FieldType::Integer, Value::Number(_)) => {}
        (FieldType::Text, Value::String(s)) => {
            if s.is_empty() {
                return err(Code::EmptyText, path());
            }
        }
        (FieldType::Instant, Value::String(s)) => {
            return normalise(field.name, s).map(|(t, canonical)| {
                if let Some(text) = canonical {
                    *value = Value::String(text);
                }
                Some(t)
            });
        }
        (FieldType::DateOrInstant, Value::String(s)) => {
            if !is_date(s)
                && let (_, Some(text)) = normalise(field.name, s)?
            {
                *value = Value::String(text);
            }
        }
        (FieldType::Seq, Value::Number(n)) => {
            if n.as_u64().is_none_or(|n| n == 0) {
                return err(Code::OutOfRange, format!("{} = {n}", path()));
            }
        }
        (FieldType::Decimal, Value::String(s)) => {
            decimal::Decimal::parse(s).map_err(|e| Error::new(e.code(), format!("{} = {s:?}", path())))?;
        }
        (FieldType::Decimal, Value::Number(n)) => *value = Value::String(n.to_string()),
        (FieldType::Duration, Value::String(s)) => {
            time::parse_duration(s).map_err(|e| Error::new(e.code(), format!("{} = {s:?}", path())))?;
        }
        (FieldType::Texts, Value::Array(items)) => {
            if let Some(i) = items.iter().position(|v| !v.is_string()) {
                return Err(wrong(&format!("{}[{i}]", path()), "text", &items[i]));
            }
        }
        (FieldType::OneOf(words), Value::String(s)) => {
            if !words.contains(&s.as_str()) {
                return Err(
                    Error::new(Code::UnknownWord, format!("{} = {s:?}", path())).with_hint(words.join(", "))
                );
            }
        }
        _ => return Err(wrong(&path(), wanted(field.ty), value)),
    }
    Ok(None)
}

/// The instant, and its canonical text where `s` is not that already.
fn normalise(field: &str, s: &str) -> Result<(Instant, Option<String>)> {
    let t = time::parse_instant(s).map_err(|e| Error::new(e.code(), format!("body.{field} = {s:?}")))?;
    let canonical = time::canonical_instant(t)?;
    Ok((t, (canonical != s).then_some(canonical)))
}

fn is_date(s: &str) -> bool {
    s.len() == 10 && chrono::NaiveDate::parse_from_str(s, "%Y-%m-%d").is_ok()
}

fn wanted(ty: FieldType) -> &'static str {
    match ty {
        FieldType::Text | FieldType::OneOf(_) => "text",
        FieldType::Instant => "2026-03-02T08:10:00+08:00",
        FieldType::DateOrInstant => "2026-03-02",
        FieldType::Integer | FieldType::Seq => "42",
        FieldType::Bool => "true, false",
        FieldType::Decimal => "\"93.5\"",
        FieldType::Duration => "\"90m\"",
        FieldType::Texts => "[\"…\"]",
        FieldType::Any => "",
    }
}
