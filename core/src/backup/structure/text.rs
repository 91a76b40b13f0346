//! Lines of text as they come, whatever their length: what a dump's line begins with, and how it ends.

use super::Format;
use super::stream::{Head, Stop};
use std::io::BufRead;

/// Kept of a line's head and tail.
const KEPT: usize = 512;

/// A line: its head, its last bytes, where it begins, and whether it was ended.
#[derive(Default)]
pub(super) struct Line {
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
    pub(super) at: u64,
    pub(super) len: u64,
    pub(super) ended: bool,
    pub(super) nul: bool,
}

impl Line {
    /// The line, where it is short enough to be kept whole.
    pub(super) fn text(&self) -> &[u8] {
        if self.len as usize <= KEPT { &self.head } else { b"" }
    }
    pub(super) fn is_blank(&self) -> bool {
        self.len as usize <= KEPT && self.head.iter().all(u8::is_ascii_whitespace)
    }
    pub(super) fn ends_with(&self, end: &[u8]) -> bool {
        self.tail.ends_with(end) || (self.tail.is_empty() && self.head.ends_with(end))
    }
}

/// Reads the next line into `line`; false: there is none.
pub(super) fn next(stream: &mut Head<'_>, line: &mut Line) -> Result<bool, Stop> {
    use super::stream::Bytes;
    line.head.clear();
    line.tail.clear();
    line.at = stream.at();
    line.len = 0;
    line.ended = false;
    line.nul = false;
    loop {
        let ready = stream.fill_buf()?;
        if ready.is_empty() {
            break;
        }
        let end = ready.iter().position(|b| *b == b'\n');
        let part = &ready[..end.unwrap_or(ready.len())];
        line.nul |= part.contains(&0);
        let room = KEPT.saturating_sub(line.head.len()).min(part.len());
        line.head.extend_from_slice(&part[..room]);
        line.tail.extend_from_slice(&part[part.len().saturating_sub(KEPT)..]);
        let over = line.tail.len().saturating_sub(KEPT);
        line.tail.drain(..over);
        line.len += part.len() as u64;
        let n = part.len() + usize::from(end.is_some());
        stream.consume(n);
        if end.is_some() {
            line.ended = true;
            break;
        }
    }
    for kept in [&mut line.head, &mut line.tail] {
        if kept.last() == Some(&b'\r') && (line.len as usize <= KEPT || std::ptr::eq(kept, kept)) {
            kept.pop();
        }
    }
    Ok(line.len > 0 || line.ended)
}

/// What a text begins with.
pub(super) fn sniff(first: &[u8]) -> Format {
    let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    for line in first.split(|b| *b == b'\n').take(40) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line == b"-- PostgreSQL database cluster dump" {
            return Format::PgCluster;
        }
        if line == b"-- PostgreSQL database dump" {
            return Format::PgPlain;
        }
        let mysql: [&[u8]; 5] = [
            b"/*M!999999\\- enable the sandbox mode */",
            b"/*!999999\\- enable the sandbox mode */",
            b"-- MySQL dump ",
            b"-- MariaDB dump ",
            b"/*!40101 SET @OLD_CHARACTER_SET_CLIENT",
        ];
        if mysql.iter().any(|m| line.starts_with(m)) {
            return Format::Mysql;
        }
        // A dump begins with comments and settings; anything else is no dump's head.
        if !(line.is_empty()
            || line.starts_with(b"--")
            || line.starts_with(b"\\restrict")
            || line.starts_with(b"SET "))
        {
            break;
        }
    }
    Format::Other
}
