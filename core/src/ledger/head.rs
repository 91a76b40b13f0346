//! The head line: `seq TAB recorded_at TAB prev TAB sm3(fact)`. In: its parts. Out: exactly the bytes that are hashed.

use super::Head;
use crate::digest::{hex, sm3};
use crate::error::Result;
use crate::time::{Instant, canonical_instant, parse_instant};

/// What the first entry's `prev` holds.
pub(super) const NO_PREV: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Length of a canonical instant.
const INSTANT: usize = 27;

/// Room for a head line of any number.
const LINE: usize = 20 + INSTANT + 2 * 64 + 3;

/// The parts of a head line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) seq: u64,
    pub(super) recorded_at: Instant,
    /// SM3 of the head before.
    pub(super) prev: &'a str,
    /// SM3 of the fact.
    pub(super) fact: &'a str,
}

/// Reads a head line; `None` when it is not exactly of this form.
pub(super) fn parse(head: &str) -> Option<Line<'_>> {
    let mut parts = head.split('\t');
    let (seq, at, prev, fact) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !is_digest(prev) || !is_digest(fact) {
        return None;
    }
    let plain = !seq.starts_with('0') && seq.bytes().all(|b| b.is_ascii_digit());
    let b = at.as_bytes();
    let shape = b.len() == INSTANT && b[10] == b'T' && b[19] == b'.' && b[26] == b'Z';
    if !plain || !shape {
        return None;
    }
    Some(Line { seq: seq.parse().ok()?, recorded_at: parse_instant(at).ok()?, prev, fact })
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// True when the text is the digest in lower-case hex.
pub(super) fn says(text: &str, digest: &[u8; 32]) -> bool {
    let digit = |n: u8| b"0123456789abcdef"[usize::from(n)];
    let same = |(pair, byte): (&[u8], &u8)| *pair == [digit(byte >> 4), digit(byte & 15)];
    text.len() == 64 && text.as_bytes().chunks_exact(2).zip(digest).all(same)
}

/// SM3 of a head line, as the next one's `prev` holds it.
pub(super) fn digest(head: &str) -> String {
    hex(&sm3(head.as_bytes()))
}

/// Writes the heads of one commit, one after the other.
pub(super) struct Chain {
    /// The last entry.
    pub(super) head: Head,
    recorded_at: Instant,
    text: String,
}

impl Chain {
    /// A chain that goes on from `head` at `recorded_at`.
    ///
    /// # Errors
    /// `out-of-range` outside the years 1900 to 9999.
    pub(super) fn new(head: Head, recorded_at: Instant) -> Result<Chain> {
        Ok(Chain { head, recorded_at, text: canonical_instant(recorded_at)? })
    }
    /// The head line of the next entry, whose fact has the digest `fact`.
    pub(super) fn next(&mut self, fact: &str) -> String {
        let seq = self.head.seq + 1;
        let mut line = String::with_capacity(LINE);
        for part in [&*seq.to_string(), "\t", &self.text, "\t", &self.head.sm3, "\t", fact] {
            line.push_str(part);
        }
        self.head = Head { seq, recorded_at: self.recorded_at, sm3: digest(&line) };
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_link() {
        let empty = Head { seq: 0, recorded_at: i64::MIN, sm3: NO_PREV.to_owned() };
        let mut chain = Chain::new(empty, 0).unwrap();
        let fact = crate::digest::sm3_hex(b"{}");
        let first = chain.next(&fact);
        assert_eq!(first, format!("1\t1970-01-01T00:00:00.000000Z\t{NO_PREV}\t{fact}"));
        let second = chain.next(&fact);
        let line = parse(&second).unwrap();
        assert!(says(line.fact, &crate::digest::sm3(b"{}")) && !says(line.fact, &[0; 32]));
        assert!(!says(&line.fact[1..], &crate::digest::sm3(b"{}")));
        assert_eq!(line, Line { seq: 2, recorded_at: 0, prev: &digest(&first), fact: &fact });
    }

    #[test]
    fn only_one_form() {
        let zeros = NO_PREV;
        let good = format!("7\t2026-03-02T00:10:00.000000Z\t{zeros}\t{zeros}");
        assert!(parse(&good).is_some());
        for bad in [
            good.replacen('7', "07", 1),
            good.replacen('7', "+7", 1),
            good.replacen('7', "", 1),
            good.replacen('7', "99999999999999999999", 1),
            good.replace("00:10:00.000000Z", "00:10:00Z"),
            good.replace("00.000000Z", "00.0000000"),
            good.replace("2026-03-02", "2026-02-30"),
            good.replace('T', " "),
            good.to_uppercase().replace('0', "A"),
            format!("{good}\t"),
            format!("{good}\n"),
            format!(" {good}"),
            good[..good.len() - 1].to_owned(),
        ] {
            assert_eq!(parse(&bad), None, "{bad:?}");
        }
    }
}
