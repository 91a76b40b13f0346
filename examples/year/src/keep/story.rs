//! `story.txt`, and the real outages with what answers them (`facts.jsonl`).

use crate::book::{Book, Who};
use crate::time::{local_text, parse};
use opsledger::digest::sm3_hex;
use opsledger::time::{Instant, parse_instant};
use serde_json::{Map, Value};
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error>>;

const STORY: &str = include_str!("../../story.txt");
const REAL: &str = include_str!("../../facts.jsonl");

/// Writes the story into the book.
pub(crate) fn tell(book: &mut Book) -> Outcome<()> {
    for (n, line) in (1..).zip(STORY.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        told(book, line).map_err(|e| format!("story.txt:{n}: {e}"))?;
    }
    Ok(())
}

/// `AT [@RECORDED] WHO KIND SUBJECT {BODY}`
fn told(book: &mut Book, line: &str) -> Outcome<()> {
    let (head, body) = line.split_at(line.find('{').ok_or("no body")?);
    let mut words: Vec<&str> = head.split_whitespace().collect();
    let recorded = words.get(1).and_then(|w| w.strip_prefix('@')).map(parse).transpose()?;
    if recorded.is_some() {
        words.remove(1);
    }
    let [at, who, kind, subject] = words[..] else { return Err("AT WHO KIND SUBJECT".into()) };
    let at = parse(at)?;
    let who = match who.split_once(':') {
        Some((party, person)) => Who::Person(party, person),
        None if who == "monitor" => Who::Monitor,
        None => return Err(format!("{who}: party:person, or monitor").into()),
    };
    let subject = if subject == "-" { "" } else { subject };
    let mut fields: Map<String, Value> = serde_json::from_str(body)?;
    for value in fields.values_mut() {
        // `2026-03-01T10:00` is local; a date stays a date.
        if let Some(t) = value.as_str().filter(|t| t.contains('T')).and_then(|t| parse(t).ok()) {
            *value = local_text(t).into();
        }
    }
    if kind == "document.submit" {
        // No paper is behind it; its digest is that of its own line.
        fields.insert("digest".into(), sm3_hex(line.as_bytes()).into());
    }
    match recorded {
        Some(recorded) => book.add_late(at, recorded, who, kind, subject, fields.into()),
        None => book.add(at, who, kind, subject, fields.into()),
    }
    Ok(())
}

/// Takes the real outages and what answers them, up to what the parties said of them (the story says that anew).
/// Gives the instants at which incidents were repaired.
pub(crate) fn real(book: &mut Book) -> Outcome<Vec<(String, Instant)>> {
    let mut repaired = Vec::new();
    for line in REAL.lines() {
        let mut fact: Map<String, Value> = serde_json::from_str(line)?;
        let kind = fact.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(recorded) = fact.shift_remove("recorded_at") else {
            return Err(format!("{line}: recorded_at").into());
        };
        if matches!(kind.as_str(), "x.note" | "fact.confirm" | "fact.dispute" | "waive") {
            continue;
        }
        let instant = |v: Option<&Value>| parse_instant(v.and_then(Value::as_str).unwrap_or_default());
        if kind == "incident.repair" {
            let subject = fact.get("subject").and_then(Value::as_str).unwrap_or_default().to_owned();
            repaired.retain(|(s, _)| *s != subject);
            repaired.push((subject, instant(fact.get("at"))?));
        }
        book.take(instant(Some(&recorded))?, fact);
    }
    Ok(repaired)
}
