//! The list of chunks, `chunks-sm3.tsv`: path, offset, length and SM3 of every chunk of the big files. It locates damage, and
//! lets a part of a file be checked; the digest of the whole file stays the one that counts.

use super::files::Digests;
use super::path;
use super::{Problem, ProblemKind, Report};
use crate::digest::hex;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Its name in a bag.
pub(super) const NAME: &str = "chunks-sm3.tsv";
/// Files longer than this get a list, bytes.
pub(super) const FROM: u64 = 64 * 1024 * 1024;
/// Bytes of a chunk.
pub(super) const SIZE: u64 = 1024 * 1024;
/// The longest chunk that is read from a list, bytes: a chunk is held in memory.
const MAX_SIZE: u64 = 16 * 1024 * 1024;
/// The first line.
const HEAD: &str = "path\toffset\tlength\tsm3";

/// The chunks of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileChunks {
    /// Bytes of each chunk but the last.
    pub(super) size: u64,
    /// Bytes of the file.
    pub(super) bytes: u64,
    /// SM3 of each chunk.
    pub(super) digests: Vec<[u8; 32]>,
}

impl FileChunks {
    /// Offset and length of a chunk.
    pub(super) fn range(&self, i: usize) -> (u64, u64) {
        let offset = self.size.saturating_mul(i as u64);
        (offset, self.size.min(self.bytes.saturating_sub(offset)))
    }
    /// Reports every chunk that is another; `whole`: the digest of the whole file agreed.
    pub(super) fn tell(&self, shown: &str, read: &Digests, whole: bool, report: &mut Report) {
        if whole || (self.digests == read.chunks && self.bytes == read.bytes) {
            report.problem(Problem::new(ProblemKind::ChunkListWrong, NAME).detail(shown));
            return;
        }
        if self.bytes != read.bytes {
            report.problem(Problem::new(ProblemKind::SizeMismatch, shown).with(self.bytes, read.bytes));
        }
        for (i, digest) in self.digests.iter().enumerate() {
            if read.chunks.get(i) != Some(digest) {
                self.damaged(shown, i, read.chunks.get(i), report);
            }
        }
    }
    /// Reports one chunk.
    pub(super) fn damaged(&self, shown: &str, i: usize, found: Option<&[u8; 32]>, report: &mut Report) {
        let (offset, length) = self.range(i);
        report.problem(
            Problem::new(ProblemKind::ChunkMismatch, shown)
                .with(hex(&self.digests[i]), found.map(|d| hex(d)).unwrap_or_default())
                .at(offset)
                .detail(format!("{length} bytes")),
        );
    }
}

/// The first line.
pub(super) fn head() -> String {
    format!("{HEAD}\n")
}

/// The lines of one file; `shown` is its path in the bag.
pub(super) fn lines(shown: &str, read: &Digests, size: u64) -> String {
    let name = path::encode(shown).replace('\t', "%09");
    let mut out = String::new();
    for (i, digest) in read.chunks.iter().enumerate() {
        let offset = size * i as u64;
        let length = size.min(read.bytes - offset);
        // Writing into a string never fails.
        let _ = writeln!(out, "{name}\t{offset}\t{length}\t{}", hex(digest));
    }
    out
}

/// A list that is being read.
#[derive(Default)]
pub(super) struct Reader {
    files: BTreeMap<String, FileChunks>,
    name: String,
    file: FileChunks,
    started: bool,
}

impl Reader {
    /// Takes a line; what is wrong with it, in words.
    pub(super) fn line(&mut self, line: &str) -> Result<(), String> {
        if !std::mem::replace(&mut self.started, true) {
            return if line == HEAD { Ok(()) } else { Err(format!("the first line is not {HEAD:?}")) };
        }
        let mut fields = line.split('\t');
        let (Some(name), Some(offset), Some(length), Some(digest), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err("not four fields".into());
        };
        let offset = number(offset)?;
        let length = number(length)?;
        let digest =
            unhex(digest).and_then(|d| <[u8; 32]>::try_from(d).ok()).ok_or("not an SM3 in lower-case hex")?;
        if name != self.name {
            self.close()?;
            name.clone_into(&mut self.name);
            self.file = FileChunks { size: length, ..FileChunks::default() };
            if length == 0 || length > MAX_SIZE {
                return Err(format!("a chunk of {length} bytes"));
            }
        }
        let full = self.file.bytes == self.file.size.saturating_mul(self.file.digests.len() as u64);
        if offset != self.file.bytes || !full || length == 0 || length > self.file.size {
            return Err(format!("chunk at {offset}, {length} bytes: not the one that follows"));
        }
        self.file.bytes = offset.checked_add(length).ok_or("too long")?;
        self.file.digests.push(digest);
        Ok(())
    }
    fn close(&mut self) -> Result<(), String> {
        if self.name.is_empty() {
            return Ok(());
        }
        let name = path::decode(&self.name.replace("%09", "\t"));
        let file = std::mem::take(&mut self.file);
        match self.files.insert(name, file) {
            None => Ok(()),
            Some(_) => Err(format!("{} stands twice", self.name)),
        }
    }
    /// The files, once all lines were taken.
    pub(super) fn finish(mut self) -> Result<BTreeMap<String, FileChunks>, String> {
        if !self.started {
            return Err("empty".into());
        }
        self.close()?;
        Ok(self.files)
    }
}

/// Decimal digits without sign or leading zeros.
fn number(text: &str) -> Result<u64, String> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain).ok_or_else(|| format!("{text:?} is not a number"))
}

/// Lower-case hex only.
fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) { None } else { super::bag::unhex(text) }
}
