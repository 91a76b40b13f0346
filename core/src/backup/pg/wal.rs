//! The write-ahead log, read record by record from a range's start to its end: page headers, lengths, the chain of previous
//! records and each record's CRC-32C. PostgreSQL source, `access/xlog_internal.h` and `access/xlogrecord.h` (13 to 18).

use super::control::{u16_at, u32_at, u64_at};
use super::lsn::{self, Lsn};
use super::segments::{Closed, Segments};
use crate::backup::{ProblemKind, Watch};
use crate::error::Result;
use std::io::Read;

/// Page magic, PostgreSQL 13 to 18.
const MAGICS: [(u16, u32); 6] =
    [(0xD106, 13), (0xD10D, 14), (0xD110, 15), (0xD113, 16), (0xD116, 17), (0xD118, 18)];
const FIRST_IS_CONTRECORD: u16 = 1;
const LONG_HEADER: u16 = 2;
/// The record that the page before began was never finished; this page begins with another.
const FIRST_IS_OVERWRITE_CONTRECORD: u16 = 8;
const ALL_FLAGS: u16 = 15;
const SHORT: usize = 24;
const LONG: usize = 40;
/// Bytes of a record's header, its CRC last.
const HEADER: usize = 24;
const CRC_AT: usize = 20;
/// The longest record, bytes (`XLogRecordMaxSize`, and what fits one allocation before 16).
const LONGEST: u32 = 0x3fff_ffff;
/// Pages have 1 to 64 KiB.
const PAGES: std::ops::RangeInclusive<u32> = 1024..=65_536;

/// What is wrong with it, and where.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) kind: ProblemKind,
    /// The segment's file name.
    pub(super) file: String,
    /// Bytes from the file's start.
    pub(super) at: u64,
    /// What, with the LSN.
    pub(super) what: String,
}

/// What a range held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) records: u64,
    pub(super) segments: u64,
    /// Major version of PostgreSQL, by the pages.
    pub(super) major: u32,
}

type Found<T> = std::result::Result<T, Stop>;

enum Stop {
    Broken(Box<Broken>),
    /// Cancelled.
    Error(crate::error::Error),
}

impl From<crate::error::Error> for Stop {
    fn from(error: crate::error::Error) -> Stop {
        Stop::Error(error)
    }
}

/// What must be the same on every page.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// Of the control file, where it is sound.
    pub(super) segment: Option<u64>,
    pub(super) system_identifier: Option<u64>,
}

struct Header {
    flags: u16,
    rest: u32,
    len: usize,
}

struct Reader<'a, 'w, 'p> {
    segments: &'a Segments,
    watch: &'w mut Watch<'p>,
    timelines: &'a [u32],
    size: u64,
    page_size: usize,
    magic: Option<u16>,
    system_identifier: Option<u64>,
    /// Timeline of the last page: it never falls.
    page_timeline: u32,
    /// The open segment, its number and name.
    open: Option<(u64, String, Box<dyn Read>)>,
    page: Vec<u8>,
    /// Where the page begins; `None`: none read yet.
    page_at: Option<Lsn>,
    read: Totals,
}

/// Reads the records of a range. `timelines`: the range's own first, then later ones, whose segments hold what is older too.
pub(super) fn check(
    segments: &Segments,
    timelines: &[u32],
    (start, end): (Lsn, Lsn),
    known: Known,
    watch: &mut Watch<'_>,
) -> Result<std::result::Result<Totals, Broken>> {
    let size = known.segment.filter(|s| sound_size(*s)).or_else(|| segments.size());
    let Some(size) = size else {
        let timeline = timelines.first().copied().unwrap_or(1);
        return Ok(Err(Broken {
            kind: ProblemKind::WalMissing,
            file: String::new(),
            at: 0,
            what: format!(
                "no readable segment in {}; from {} on timeline {timeline}",
                segments.shown(),
                lsn::show(start)
            ),
        }));
    };
    let mut reader = Reader {
        segments,
        watch,
        timelines,
        size,
        page_size: 0,
        magic: None,
        system_identifier: known.system_identifier,
        page_timeline: 0,
        open: None,
        page: Vec::new(),
        page_at: None,
        read: Totals::default(),
    };
    match reader.range(start, end) {
        Ok(()) => Ok(Ok(reader.read)),
        Err(Stop::Broken(broken)) => Ok(Err(*broken)),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// Segments are a power of two from 1 MiB to 1 GiB.
pub(super) fn sound_size(size: u64) -> bool {
    size.is_power_of_two() && (1 << 20..=1 << 30).contains(&size)
}

/// The segment size that a first page states.
pub(super) fn size_of(page: &[u8]) -> Option<u64> {
    let known = MAGICS.iter().any(|(m, _)| Some(*m) == u16_at(page, 0));
    let long = u16_at(page, 2)? & LONG_HEADER != 0;
    let size = u64::from(u32_at(page, 32)?);
    (known && long && sound_size(size)).then_some(size)
}

impl Reader<'_, '_, '_> {
    fn broken<T>(&self, kind: ProblemKind, at: Lsn, what: &str) -> Found<T> {
        let segment = at / self.size;
        let file = match &self.open {
            Some((open, name, _)) if *open == segment => name.clone(),
            _ => lsn::file_name(self.timelines.first().copied().unwrap_or(1), segment, self.size),
        };
        let what = format!("LSN {}: {what}", lsn::show(at));
        Err(Stop::Broken(Box::new(Broken { kind, file, at: at % self.size, what })))
    }

    fn range(&mut self, start: Lsn, end: Lsn) -> Found<()> {
        if start > end {
            return self.broken(
                ProblemKind::WalBroken,
                start,
                &format!("the range ends before, at {}", lsn::show(end)),
            );
        }
        let (mut at, mut before) = (start, None);
        while at < end {
            self.page_of(at)?;
            at = self.begin(at)?;
            if at >= end {
                break;
            }
            match self.record(at, before, end)? {
                Some(next) => {
                    before = Some(at);
                    at = next;
                    self.read.records += 1;
                }
                // Never finished; the page that was read last begins with the record that says so.
                None => at = self.page_at.unwrap_or(at),
            }
        }
        Ok(())
    }

    /// Where the record at `at` begins: behind the page's header where `at` is the page's first byte.
    fn begin(&mut self, at: Lsn) -> Found<Lsn> {
        let offset = self.offset(at);
        let header = self.header(at - offset as u64)?;
        if offset == 0 {
            if header.flags & FIRST_IS_CONTRECORD != 0 {
                let what = "the page goes on with a record that none began";
                return self.broken(ProblemKind::WalBroken, at, what);
            }
            return Ok(at + header.len as u64);
        }
        if offset < header.len || !at.is_multiple_of(8) {
            return self.broken(ProblemKind::WalBroken, at, "no record can begin here");
        }
        Ok(at)
    }

    fn offset(&self, at: Lsn) -> usize {
        usize::try_from(at % self.page_size.max(1) as u64).unwrap_or(0)
    }

    /// One record; gives where the next begins, or `None` where it was given up and overwritten.
    fn record(&mut self, at: Lsn, before: Option<Lsn>, end: Lsn) -> Found<Option<Lsn>> {
        let mut offset = self.offset(at);
        let total = u32_at(&self.page, offset).unwrap_or(0);
        if total == 0 {
            return self.broken(ProblemKind::WalBroken, at, "no record: zeros");
        }
        if !(HEADER as u32..=LONGEST).contains(&total) {
            return self.broken(ProblemKind::WalBroken, at, &format!("a record of {total} bytes"));
        }
        let mut head = [0u8; HEADER];
        let (mut done, total_bytes, mut crc) = (0usize, total as usize, 0u32);
        while done < total_bytes {
            if offset == self.page_size {
                match self.next_page(at, total_bytes - done)? {
                    Some(len) => offset = len,
                    None => return Ok(None),
                }
            }
            let n = (self.page_size - offset).min(total_bytes - done);
            let bytes = &self.page[offset..offset + n];
            let of_head = HEADER.saturating_sub(done).min(n);
            head[done.min(HEADER)..done.min(HEADER) + of_head].copy_from_slice(&bytes[..of_head]);
            crc = crc32c::crc32c_append(crc, &bytes[of_head..]);
            done += n;
            offset += n;
            // Before a wrong length leads far: the chain tells.
            if of_head > 0 && done >= HEADER {
                self.chain(&head, at, before)?;
            }
        }
        crc = crc32c::crc32c_append(crc, &head[..CRC_AT]);
        let said = u32_at(&head, CRC_AT).unwrap_or(0);
        if crc != said {
            return self.broken(
                ProblemKind::WalBroken,
                at,
                &format!("the record's CRC-32C is {said:08x}, computed {crc:08x}"),
            );
        }
        let behind = self.page_at.unwrap_or(at) + offset as u64;
        let mut next = behind.div_ceil(8) * 8;
        // A switch fills the rest of its segment.
        if head[17] == 0 && head[16] & 0xf0 == 0x40 {
            next = next.div_ceil(self.size) * self.size;
        }
        if next > end {
            return self.broken(
                ProblemKind::WalBroken,
                at,
                &format!("a record goes on to {}, behind the range's end", lsn::show(next)),
            );
        }
        Ok(Some(next))
    }

    fn chain(&self, head: &[u8], at: Lsn, before: Option<Lsn>) -> Found<()> {
        let said = u64_at(head, 8).unwrap_or(0);
        let good = before.map_or(said < at, |b| said == b);
        if good {
            return Ok(());
        }
        let wanted = before.map_or_else(|| "one before".to_owned(), lsn::show);
        let what = format!("the record before should be {wanted}, and is said to be {}", lsn::show(said));
        self.broken(ProblemKind::WalBroken, at, &what)
    }

    /// The page that goes on with the record at `at`; gives the length of its header.
    fn next_page(&mut self, at: Lsn, rest: usize) -> Found<Option<usize>> {
        let Some(next) = self.page_at.and_then(|p| p.checked_add(self.page_size as u64)) else {
            return self.broken(ProblemKind::WalBroken, at, "the end of the address space");
        };
        self.page_of(next)?;
        let header = self.header(next)?;
        if header.flags & FIRST_IS_OVERWRITE_CONTRECORD != 0 {
            return Ok(None);
        }
        if header.flags & FIRST_IS_CONTRECORD == 0 || header.rest as usize != rest {
            let what = format!(
                "the page should go on with {rest} bytes of the record at {}, and says {}",
                lsn::show(at),
                header.rest
            );
            return self.broken(ProblemKind::WalBroken, next, &what);
        }
        Ok(Some(header.len))
    }

    /// Reads the page that holds `at`.
    fn page_of(&mut self, at: Lsn) -> Found<()> {
        let segment = at / self.size;
        if self.open.as_ref().is_none_or(|(open, _, _)| *open != segment) {
            self.open_segment(segment, at)?;
        }
        let page = at - self.offset(at) as u64;
        while self.page_at.is_none_or(|p| p < page) {
            self.read_page()?;
        }
        Ok(())
    }

    fn open_segment(&mut self, segment: u64, wanted: Lsn) -> Found<()> {
        self.open = None;
        let mut kind = (ProblemKind::WalMissing, String::from("the segment is missing"));
        for timeline in self.timelines {
            let name = lsn::file_name(*timeline, segment, self.size);
            match self.segments.open(&name, self.size) {
                Ok(input) => {
                    self.open = Some((segment, name, input));
                    break;
                }
                Err(Closed::Missing) => {}
                Err(Closed::Cut(found)) => {
                    kind = (ProblemKind::WalBroken, format!("{found} bytes, not {}", self.size));
                    break;
                }
                Err(Closed::Refused(said)) => {
                    kind = (ProblemKind::CannotRead, said);
                    break;
                }
            }
        }
        let start = segment * self.size;
        if self.open.is_none() {
            return self.broken(kind.0, wanted, &kind.1);
        }
        self.read.segments += 1;
        // The first page says how long pages are.
        let mut head = vec![0; LONG];
        self.fill(&mut head, start)?;
        let page_size = u32_at(&head, 36).unwrap_or(0);
        let flags = u16_at(&head, 2).unwrap_or(0);
        if size_of(&head) != Some(self.size)
            || flags & LONG_HEADER == 0
            || !page_size.is_power_of_two()
            || !PAGES.contains(&page_size)
        {
            return self.broken(ProblemKind::WalBroken, start, "the first page is none of WAL");
        }
        if self.page_size != 0 && self.page_size != page_size as usize {
            return self.broken(ProblemKind::WalBroken, start, "pages of another length");
        }
        self.page_size = page_size as usize;
        let id = u64_at(&head, 24).unwrap_or(0);
        if id != *self.system_identifier.get_or_insert(id) {
            return self.broken(ProblemKind::WalBroken, start, &format!("WAL of another cluster, {id}"));
        }
        let mut page = vec![0; self.page_size];
        page[..LONG].copy_from_slice(&head);
        self.fill(&mut page[LONG..], start)?;
        self.page = page;
        self.page_at = Some(start);
        self.header(start).map(|_| ())
    }

    fn read_page(&mut self) -> Found<()> {
        let next = self.page_at.map_or(0, |p| p + self.page_size as u64);
        let mut page = std::mem::take(&mut self.page);
        let filled = self.fill(&mut page, next);
        self.page = page;
        self.page_at = Some(next);
        filled
    }

    fn fill(&mut self, bytes: &mut [u8], at: Lsn) -> Found<()> {
        self.watch.reading(bytes.len() as u64)?;
        let Some((_, _, input)) = &mut self.open else { return Ok(()) };
        match input.read_exact(bytes) {
            Ok(()) => Ok(()),
            Err(error) => self.broken(ProblemKind::WalBroken, at, &error.to_string()),
        }
    }

    /// The header of the page at `at`, which is the one that was read last.
    fn header(&mut self, at: Lsn) -> Found<Header> {
        let magic = u16_at(&self.page, 0).unwrap_or(0);
        let flags = u16_at(&self.page, 2).unwrap_or(0);
        let timeline = u32_at(&self.page, 4).unwrap_or(0);
        let address = u64_at(&self.page, 8).unwrap_or(0);
        let rest = u32_at(&self.page, 16).unwrap_or(0);
        let Some((_, major)) = MAGICS.iter().find(|(m, _)| *m == magic) else {
            return self.broken(ProblemKind::WalBroken, at, &format!("page magic {magic:04X}"));
        };
        if magic != *self.magic.get_or_insert(magic) {
            return self.broken(ProblemKind::WalBroken, at, "a page of another version of PostgreSQL");
        }
        self.read.major = *major;
        let first = at.is_multiple_of(self.size);
        if flags & !ALL_FLAGS != 0 || first != (flags & LONG_HEADER != 0) {
            return self.broken(ProblemKind::WalBroken, at, &format!("page flags {flags:04X}"));
        }
        if address != at {
            return self.broken(
                ProblemKind::WalBroken,
                at,
                &format!("the page says it is {}", lsn::show(address)),
            );
        }
        let newest = self.timelines.iter().max().copied().unwrap_or(0);
        if timeline < self.page_timeline || timeline > newest {
            return self.broken(ProblemKind::WalBroken, at, &format!("a page of timeline {timeline}"));
        }
        self.page_timeline = timeline;
        Ok(Header { flags, rest, len: if first { LONG } else { SHORT } })
    }
}

#[cfg(test)]
mod tests;
