//! JSON Schema of a fact, from the table of kinds.

use super::kinds::{FieldType, KINDS, Kind};
use serde_json::{Map, Value, json};

/// JSON Schema (draft 2020-12) of one fact as it is stated: one alternative a kind. What only the record can see (an
/// unknown subject, an end before its start) is beyond it.
pub fn schema() -> Value {
    let kinds = KINDS.iter().map(alternative).chain([other()]);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fact",
        "description": "One fact: a line of a JSON Lines file, or an entry's fact. Fields of a body that are not named here are kept, not judged.",
        "oneOf": kinds.collect::<Vec<_>>(),
        "$defs": {
            "instant": {
                "type": "string",
                "format": "date-time",
                "description": "RFC 3339 with an offset, at most six digits of the second, years 1900 to 9999.",
            },
            "decimal": { "type": "string", "pattern": "^-?(0|[1-9][0-9]*)(\\.[0-9]*[1-9])?$" },
            "text": { "type": "string", "minLength": 1 },
        },
    })
}

fn alternative(kind: &Kind) -> Value {
    let mut body = Map::new();
    for field in kind.fields {
        body.insert(field.name.to_owned(), field_schema(field.ty));
    }
    let needed: Vec<&str> = kind.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    let mut required = vec!["kind", "at"];
    if kind.subject {
        required.push("subject");
    }
    if !needed.is_empty() {
        required.push("body");
    }
    let mut fact = common(
        json!({ "const": kind.name }),
        json!({ "type": "object", "properties": body, "required": needed }),
    );
    fact["title"] = json!(kind.zh);
    fact["required"] = json!(required);
    fact
}

fn other() -> Value {
    let mut fact = common(json!({ "type": "string", "pattern": "^x\\..+" }), json!({ "type": "object" }));
    fact["required"] = json!(["kind", "at"]);
    fact
}

fn common(kind: Value, body: Value) -> Value {
    let text = json!({ "$ref": "#/$defs/text" });
    let instant = json!({ "$ref": "#/$defs/instant" });
    json!({
        "type": "object",
        "properties": {
            "kind": kind,
            "subject": text,
            "at": instant,
            "body": body,
            "key": text,
            "actor": {
                "type": "object",
                "properties": { "person": text, "party": text },
                "additionalProperties": false,
            },
            "evidence": { "type": "object", "required": ["digest"] },
            "signature": { "type": "object" },
            "recorded_at": instant,
        },
        "additionalProperties": false,
    })
}

fn field_schema(ty: FieldType) -> Value {
    match ty {
        FieldType::Text => json!({ "$ref": "#/$defs/text" }),
        FieldType::Instant => json!({ "$ref": "#/$defs/instant" }),
        FieldType::DateOrInstant => {
            json!({ "anyOf": [{ "type": "string", "format": "date" }, { "$ref": "#/$defs/instant" }] })
        }
        FieldType::Integer => {
            json!({ "type": "integer", "minimum": -super::MAX_INTEGER, "maximum": super::MAX_INTEGER })
        }
        FieldType::Seq => json!({ "type": "integer", "minimum": 1 }),
        FieldType::Bool => json!({ "type": "boolean" }),
        FieldType::Decimal => json!({ "anyOf": [{ "$ref": "#/$defs/decimal" }, { "type": "integer" }] }),
        FieldType::Duration => json!({ "type": "string" }),
        FieldType::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        FieldType::OneOf(words) => json!({ "enum": words }),
        FieldType::Any => json!(true),
    }
}
