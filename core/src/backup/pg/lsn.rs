//! Places in the write-ahead log.

/// A place in the WAL, bytes from its beginning.
pub(super) type Lsn = u64;

/// As PostgreSQL writes it: `16/B374D848`.
pub(super) fn show(lsn: Lsn) -> String {
    format!("{:X}/{:X}", lsn >> 32, lsn & 0xffff_ffff)
}

/// Reads what [`show`] writes.
pub(super) fn parse(text: &str) -> Option<Lsn> {
    let (high, low) = text.split_once('/')?;
    let half = |part: &str| {
        let good = (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
        good.then(|| u64::from_str_radix(part, 16).ok()).flatten()
    };
    Some(half(high)? << 32 | half(low)?)
}

/// The name of a segment's file.
pub(super) fn file_name(timeline: u32, segment: u64, size: u64) -> String {
    let per_id = (1 << 32) / size;
    format!("{timeline:08X}{:08X}{:08X}", segment / per_id, segment % per_id)
}

/// True of a segment's name.
pub(super) fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
}
