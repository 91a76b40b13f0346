//! The canonical text of a fact: the bytes that are hashed and stored.

use super::json::{write_map, write_text, write_value};
use super::{Fact, MAX_FACT};
use crate::error::{Code, Error, Result, err};
use crate::time::{Instant, canonical_instant};

impl Fact {
    /// The canonical JSON that is hashed and stored: keys sorted by their bytes, no blanks, times in UTC with six digits.
    ///
    /// # Errors
    /// `too-long` over 64 KiB; of a fact that was not parsed, what no fact may hold (`null-value`, `not-integer`,
    /// `too-deep`, `out-of-range` for an instant outside the years 1900 to 9999).
    pub fn canonical(&self) -> Result<String> {
        let mut out = String::with_capacity(256);
        out.push('{');
        if let Some(actor) = &self.actor
            && (actor.person.is_some() || actor.party.is_some())
        {
            out.push_str("\"actor\":{");
            if let Some(party) = &actor.party {
                out.push_str("\"party\":");
                write_text(&mut out, party);
            }
            if let Some(person) = &actor.person {
                out.push_str(if actor.party.is_some() { ",\"person\":" } else { "\"person\":" });
                write_text(&mut out, person);
            }
            out.push_str("},");
        }
        write_instant(&mut out, "\"at\":\"", self.at)?;
        if !self.body.is_empty() {
            out.push_str(",\"body\":");
            write_map(&mut out, &self.body, 1).map_err(|e| within("body", &e))?;
        }
        if let Some(t) = self.claimed_recorded_at {
            write_instant(&mut out, ",\"claimed_recorded_at\":\"", t)?;
        }
        if let Some(evidence) = &self.evidence {
            out.push_str(",\"evidence\":");
            write_value(&mut out, evidence, 1).map_err(|e| within("evidence", &e))?;
        }
        if let Some(key) = &self.key {
            out.push_str(",\"key\":");
            write_text(&mut out, key);
        }
        out.push_str(",\"kind\":");
        write_text(&mut out, self.kind_name());
        if let Some(signature) = &self.signature {
            out.push_str(",\"signature\":");
            write_value(&mut out, signature, 1).map_err(|e| within("signature", &e))?;
        }
        if !self.subject.is_empty() {
            out.push_str(",\"subject\":");
            write_text(&mut out, &self.subject);
        }
        out.push('}');
        if out.len() > MAX_FACT {
            return err(Code::TooLong, format!("{} bytes", out.len()));
        }
        Ok(out)
    }
}

/// Says whether `text` is exactly the canonical text of the fact it holds.
///
/// # Errors
/// `not-canonical` with the first byte that differs; what [`Fact::parse_stored`] answers when it is no fact.
pub fn is_canonical(text: &str) -> Result<()> {
    let canonical = Fact::parse_stored(text)?.canonical()?;
    if canonical == text {
        return Ok(());
    }
    let at = canonical.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
    err(Code::NotCanonical, format!("byte {at}"))
}

fn write_instant(out: &mut String, before: &str, t: Instant) -> Result<()> {
    out.push_str(before);
    out.push_str(&canonical_instant(t)?);
    out.push('"');
    Ok(())
}

fn within(field: &str, e: &Error) -> Error {
    Error::new(e.code(), format!("{field}: {}", e.detail()))
}
