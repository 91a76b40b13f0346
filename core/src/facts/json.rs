//! Strict JSON values: serde_json reads the grammar; here duplicate keys, null, numbers that are not plain integers and
//! deep nesting are refused, each with its path.

use crate::error::{Code, Error, Result};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

/// Objects and lists inside each other, the fact itself counted.
pub const MAX_DEPTH: u32 = 32;
/// Largest magnitude of an integer: what every language's JSON keeps exactly.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// What was wrong, carried past serde's own error, which can only hold text.
#[derive(Default)]
pub(super) struct Trouble(RefCell<Option<(Code, String, String)>>);

impl Trouble {
    pub(super) fn set<E: serde::de::Error>(&self, code: Code, value: String) -> E {
        *self.0.borrow_mut() = Some((code, String::new(), value));
        E::custom("refused")
    }
    /// Called on the way out, innermost first.
    pub(super) fn within<E>(&self, key: &str, error: E) -> E {
        if let Some((_, path, _)) = &mut *self.0.borrow_mut() {
            let joint = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            *path = format!("{key}{joint}{path}");
        }
        error
    }
    /// The error to hand out for serde's `error`.
    pub(super) fn finish(self, error: &serde_json::Error) -> Error {
        match self.0.into_inner() {
            Some((code, path, value)) if path.is_empty() => Error::new(code, value),
            Some((code, path, value)) if value.is_empty() => Error::new(code, path),
            Some((code, path, value)) => Error::new(code, format!("{path} = {value}")),
            None => Error::new(Code::BadJson, error.to_string()),
        }
    }
}

/// A key, borrowed from the text where it holds no escape.
pub(super) struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Cow<'de, str>;
    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> std::result::Result<Self::Value, D::Error> {
        d.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_borrowed_str<E>(self, v: &'de str) -> std::result::Result<Self::Value, E> {
        Ok(Cow::Borrowed(v))
    }
    fn visit_str<E>(self, v: &str) -> std::result::Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_owned()))
    }
}

/// Any value. `depth`: how many objects and lists it lies in.
pub(super) struct ValueSeed<'t> {
    pub(super) trouble: &'t Trouble,
    pub(super) depth: u32,
}

impl ValueSeed<'_> {
    fn inner<E: serde::de::Error>(&self) -> std::result::Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.trouble.set(Code::TooDeep, String::new()));
        }
        Ok(ValueSeed { trouble: self.trouble, depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, d: D) -> std::result::Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_bool<E>(self, v: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(v))
    }
    fn visit_i64<E: serde::de::Error>(self, v: i64) -> std::result::Result<Value, E> {
        if v.unsigned_abs() > MAX_INTEGER as u64 {
            return Err(self.trouble.set(Code::NotInteger, v.to_string()));
        }
        Ok(v.into())
    }
    fn visit_u64<E: serde::de::Error>(self, v: u64) -> std::result::Result<Value, E> {
        if v > MAX_INTEGER as u64 {
            return Err(self.trouble.set(Code::NotInteger, v.to_string()));
        }
        Ok(v.into())
    }
    fn visit_f64<E: serde::de::Error>(self, v: f64) -> std::result::Result<Value, E> {
        Err(self.trouble.set(Code::NotInteger, v.to_string()))
    }
    fn visit_str<E>(self, v: &str) -> std::result::Result<Value, E> {
        Ok(Value::String(v.to_owned()))
    }
    fn visit_unit<E: serde::de::Error>(self) -> std::result::Result<Value, E> {
        Err(self.trouble.set(Code::NullValue, "null".to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let seed = self.inner()?;
            match seq.next_element_seed(seed) {
                Ok(Some(v)) => items.push(v),
                Ok(None) => return Ok(Value::Array(items)),
                Err(e) => return Err(self.trouble.within(&format!("[{}]", items.len()), e)),
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> std::result::Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key_seed(KeySeed)? {
            let value = access.next_value_seed(self.inner()?).map_err(|e| self.trouble.within(&key, e))?;
            if map.contains_key(&*key) {
                let e = self.trouble.set(Code::DuplicateKey, String::new());
                return Err(self.trouble.within(&key, e));
            }
            map.insert(key.into_owned(), value);
        }
        Ok(Value::Object(map))
    }
}

/// Appends the canonical text of `value`: keys sorted by their bytes, no blanks.
///
/// # Errors
/// What no fact may hold: `null-value`, `not-integer`, `too-deep` (values that were not read by this module).
pub(super) fn write_value(out: &mut String, value: &Value, depth: u32) -> Result<()> {
    match value {
        Value::Null => return Err(Error::new(Code::NullValue, "null")),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => match n.as_i64() {
            Some(i) if i.unsigned_abs() <= MAX_INTEGER as u64 => {
                use fmt::Write;
                let _ = write!(out, "{i}");
            }
            _ => return Err(Error::new(Code::NotInteger, n.to_string())),
        },
        Value::String(s) => write_text(out, s),
        Value::Array(items) => {
            too_deep(depth)?;
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, item, depth + 1)?;
            }
            out.push(']');
        }
        Value::Object(map) => write_map(out, map, depth)?,
    }
    Ok(())
}

/// As [`write_value`], of an object.
pub(super) fn write_map(out: &mut String, map: &Map<String, Value>, depth: u32) -> Result<()> {
    too_deep(depth)?;
    out.push('{');
    let mut first = true;
    let mut pair = |key: &str, value: &Value| {
        if !std::mem::take(&mut first) {
            out.push(',');
        }
        write_text(out, key);
        out.push(':');
        write_value(out, value, depth + 1)
    };
    // Stored facts come sorted; only a fact just stated pays for sorting.
    if map.keys().is_sorted() {
        for (k, v) in map {
            pair(k, v)?;
        }
    } else {
        let mut pairs: Vec<_> = map.iter().collect();
        pairs.sort_unstable_by_key(|(k, _)| *k);
        for (k, v) in pairs {
            pair(k, v)?;
        }
    }
    out.push('}');
    Ok(())
}

fn too_deep(depth: u32) -> Result<()> {
    if depth >= MAX_DEPTH { Err(Error::new(Code::TooDeep, "")) } else { Ok(()) }
}

/// Appends a JSON string: only quote, backslash and the controls below U+0020 are escaped.
pub(super) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (i, b) in text.bytes().enumerate() {
        if b >= 0x20 && b != b'"' && b != b'\\' {
            continue;
        }
        out.push_str(&text[from..i]);
        from = i + 1;
        match b {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            0x09 => out.push_str("\\t"),
            0x0a => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            0x0d => out.push_str("\\r"),
            _ => {
                use fmt::Write;
                let _ = write!(out, "\\u{b:04x}");
            }
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}
