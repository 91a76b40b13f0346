//! Rows as canonical text, and what they sum up to. A row's message is its table's name and then each field, in the order
//! of the columns: the length in decimal, `:`, the bytes; a NULL is `-`. So `ab|c` differs from `a|bc`, and NULL from `''`.

use crate::digest::{hex, sm3_many};

/// How the engine's text of a value becomes ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Canon {
    /// As it stands.
    Text,
    /// Without the zeros that end a fraction: `1.0` and `1.00` are one number.
    Decimal,
    /// With six digits of the second's fraction.
    Instant,
    /// The shortest digits that give back a 32-bit float.
    Float4,
    /// The same of a 64-bit float.
    Float8,
    /// Bytes, which become hex.
    Bytes,
    /// Bytes the engine already wrote in hex, after `\x`.
    Hex,
}

/// The fields of one row; kept from row to row, so that reading allocates little.
#[derive(Debug, Default)]
pub(crate) struct Row {
    bytes: Vec<u8>,
    /// Where each field lies; NULL has none.
    fields: Vec<Option<(usize, usize)>>,
}

impl Row {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.fields.clear();
    }
    pub(super) fn null(&mut self) {
        self.fields.push(None);
    }
    /// Adds a field, `raw` being the engine's text of it.
    pub(crate) fn field(&mut self, canon: Canon, raw: &[u8]) {
        let start = self.bytes.len();
        canonical(canon, raw, &mut self.bytes);
        self.fields.push(Some((start, self.bytes.len())));
    }
    /// How many fields there are.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }
    /// A field; `None` is NULL.
    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        self.fields.get(at).copied().flatten().map(|(start, end)| &self.bytes[start..end])
    }
    /// The message of the fields at those places.
    pub(crate) fn message(&self, table: &str, at: impl Iterator<Item = usize>, out: &mut Vec<u8>) {
        piece(Some(table.as_bytes()), out);
        for at in at {
            piece(self.get(at), out);
        }
    }
    /// The message of the whole row.
    pub(crate) fn whole(&self, table: &str, out: &mut Vec<u8>) {
        self.message(table, 0..self.len(), out);
    }
}

/// One field of a message.
fn piece(field: Option<&[u8]>, out: &mut Vec<u8>) {
    match field {
        None => out.push(b'-'),
        Some(bytes) => {
            out.extend_from_slice(bytes.len().to_string().as_bytes());
            out.push(b':');
            out.extend_from_slice(bytes);
        }
    }
}

/// The fields of a message, its table's name left out; `None` is NULL.
pub(crate) fn fields(message: &[u8]) -> Vec<Option<&[u8]>> {
    let mut fields = Vec::new();
    let mut rest = message;
    while let Some(&first) = rest.first() {
        if first == b'-' {
            fields.push(None);
            rest = &rest[1..];
            continue;
        }
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let len = rest[..digits].iter().fold(0usize, |n, b| n * 10 + usize::from(b - b'0'));
        let (from, to) = (digits + 1, digits + 1 + len);
        fields.push(rest.get(from..to));
        rest = rest.get(to..).unwrap_or_default();
    }
    fields.drain(..1.min(fields.len()));
    fields
}

fn canonical(canon: Canon, raw: &[u8], out: &mut Vec<u8>) {
    match canon {
        Canon::Text => out.extend_from_slice(raw),
        Canon::Bytes => out.extend_from_slice(hex(raw).as_bytes()),
        Canon::Hex => out.extend_from_slice(raw.strip_prefix(b"\\x").unwrap_or(raw)),
        Canon::Decimal => decimal(raw, out),
        Canon::Instant => instant(raw, out),
        Canon::Float4 => match parse::<f32>(raw) {
            Some(value) => out.extend_from_slice(format!("{value:e}").as_bytes()),
            None => out.extend_from_slice(raw),
        },
        Canon::Float8 => match parse::<f64>(raw) {
            Some(value) => out.extend_from_slice(format!("{value:e}").as_bytes()),
            None => out.extend_from_slice(raw),
        },
    }
}

fn parse<T: std::str::FromStr>(raw: &[u8]) -> Option<T> {
    std::str::from_utf8(raw).ok()?.parse().ok()
}

fn decimal(raw: &[u8], out: &mut Vec<u8>) {
    // `NaN`, `Infinity` and what is written with an exponent stay as they are.
    let plain = raw.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    let mut end = raw.len();
    if plain && raw.contains(&b'.') {
        while end > 0 && raw[end - 1] == b'0' {
            end -= 1;
        }
        if end > 0 && raw[end - 1] == b'.' {
            end -= 1;
        }
    }
    match &raw[..end] {
        b"-0" | b"" | b"-" => out.push(b'0'),
        kept => out.extend_from_slice(kept),
    }
}

/// `2026-01-02 03:04:05.6+00` becomes `2026-01-02 03:04:05.600000+00`; `infinity` stays.
fn instant(raw: &[u8], out: &mut Vec<u8>) {
    let Some(colon) = raw.iter().position(|&b| b == b':') else {
        out.extend_from_slice(raw);
        return;
    };
    // The seconds begin after the second colon; a zone's own colons come later.
    let Some(second) = raw[colon + 1..].iter().position(|&b| b == b':').map(|p| colon + 1 + p) else {
        out.extend_from_slice(raw);
        return;
    };
    let whole = raw[second + 1..].iter().take_while(|b| b.is_ascii_digit()).count() + second + 1;
    out.extend_from_slice(&raw[..whole]);
    out.push(b'.');
    let mut rest = &raw[whole..];
    let mut digits = 0;
    if let [b'.', fraction @ ..] = rest {
        digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        out.extend_from_slice(&fraction[..digits]);
        rest = &fraction[digits..];
    }
    out.extend(std::iter::repeat_n(b'0', 6usize.saturating_sub(digits)));
    out.extend_from_slice(rest);
}

/// Bytes gathered before they are digested: enough for every lane, little enough for the cache.
const BATCH_BYTES: usize = 1 << 20;
/// Messages gathered before they are digested.
const BATCH_MESSAGES: usize = 4096;

/// Messages that wait to be digested together, so that every lane is busy.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    /// Adds the message that `write` appends.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }
    /// True when it is time to digest them.
    pub(crate) fn full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES || self.ends.len() >= BATCH_MESSAGES
    }
    /// Each message with its digest, in order; the batch is empty then.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(&[u8], &[u8; 32])) {
        let mut start = 0;
        let mut messages = Vec::with_capacity(self.ends.len());
        for &end in &self.ends {
            messages.push(&self.bytes[start..end]);
            start = end;
        }
        for (message, digest) in messages.iter().zip(sm3_many(&messages)) {
            each(message, &digest);
        }
        self.ends.clear();
        self.bytes.clear();
        // A single huge row must not keep its room for the rest of the run.
        self.bytes.shrink_to(2 * BATCH_BYTES);
    }
}

/// Rows counted, and their digests added up modulo 2^256. Never XOR: that cancels doubled rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) rows: u64,
    /// Least significant part first.
    parts: [u64; 4],
}

impl Sum {
    /// Adds a row's digest, a number with its most significant byte first.
    pub(crate) fn add(&mut self, digest: &[u8; 32]) {
        self.rows += 1;
        let mut carry = false;
        for (part, bytes) in self.parts.iter_mut().zip(digest.rchunks_exact(8)) {
            let mut word = [0; 8];
            word.copy_from_slice(bytes);
            let (sum, over) = part.overflowing_add(u64::from_be_bytes(word));
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            *part = sum;
            carry = over | again;
        }
    }
    /// 64 hex digits.
    pub(crate) fn hex(&self) -> String {
        let [a, b, c, d] = self.parts;
        format!("{d:016x}{c:016x}{b:016x}{a:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(canon: Canon, raw: &str) -> String {
        let mut out = Vec::new();
        canonical(canon, raw.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_have_one_text() {
        for (canon, raw, want) in [
            (Canon::Decimal, "1.00", "1"),
            (Canon::Decimal, "100", "100"),
            (Canon::Decimal, "-0.00", "0"),
            (Canon::Decimal, "0.10", "0.1"),
            (Canon::Decimal, "NaN", "NaN"),
            (Canon::Instant, "2026-01-02 03:04:05+00", "2026-01-02 03:04:05.000000+00"),
            (Canon::Instant, "2026-01-02 03:04:05.12", "2026-01-02 03:04:05.120000"),
            (Canon::Instant, "03:04:05.1234567+08:00", "03:04:05.1234567+08:00"),
            (Canon::Instant, "infinity", "infinity"),
            (Canon::Float8, "0.1", "1e-1"),
            (Canon::Float8, "0.10000000000000001", "1e-1"),
            (Canon::Float8, "1e+100", "1e100"),
            (Canon::Float4, "16777216", "1.6777216e7"),
            (Canon::Hex, "\\x00ff", "00ff"),
            (Canon::Bytes, "ab", "6162"),
        ] {
            assert_eq!(text(canon, raw), want, "{canon:?} {raw}");
        }
    }

    #[test]
    fn fields_keep_their_bounds() {
        let message = |fields: &[Option<&str>]| {
            let mut row = Row::default();
            for field in fields {
                match field {
                    Some(text) => row.field(Canon::Text, text.as_bytes()),
                    None => row.null(),
                }
            }
            let mut out = Vec::new();
            row.whole("t", &mut out);
            out
        };
        assert_eq!(message(&[Some("ab"), None, Some("")]), b"1:t2:ab-0:");
        assert_eq!(super::fields(b"1:t2:ab-0:"), [Some(&b"ab"[..]), None, Some(&b""[..])]);
        assert_ne!(message(&[Some("ab"), Some("c")]), message(&[Some("a"), Some("bc")]));
        assert_ne!(message(&[None]), message(&[Some("")]));
        assert_ne!(message(&[Some("-")]), message(&[None]));
    }

    #[test]
    fn sums_carry_and_keep_doubled_rows() {
        let mut sum = Sum::default();
        sum.add(&[0xff; 32]);
        let mut one = [0; 32];
        one[31] = 1;
        sum.add(&one);
        assert_eq!((sum.rows, sum.hex()), (2, "0".repeat(64)));
        let mut word = [0; 32];
        word[24..].copy_from_slice(&[0xff; 8]);
        let mut sum = Sum::default();
        sum.add(&word);
        sum.add(&one);
        assert_eq!(sum.hex(), format!("{}1{}", "0".repeat(47), "0".repeat(16)));
    }
}
