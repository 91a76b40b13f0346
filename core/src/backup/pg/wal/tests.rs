use super::super::lsn;
use super::super::segments::Segments;
use super::{Broken, Known, Totals, check};
use crate::backup::{ProblemKind, Watch};
use proptest::prelude::*;
use std::path::Path;

const SIZE: u64 = 1 << 20;
const PAGE: u64 = 8192;
const START: u64 = SIZE + 40;

/// WAL as a server writes it, from segment 1 on.
struct Writer {
    bytes: Vec<u8>,
    /// What of the record in hand is still to come.
    rest: u32,
    before: u64,
    /// What a switch left unused.
    unused: std::ops::Range<usize>,
}

impl Writer {
    fn new() -> Writer {
        let mut writer = Writer { bytes: Vec::new(), rest: 0, before: 0x100, unused: 0..0 };
        writer.page();
        writer
    }
    fn at(&self) -> u64 {
        SIZE + self.bytes.len() as u64
    }
    fn page(&mut self) {
        let at = self.at();
        let long = at.is_multiple_of(SIZE);
        let flags = u16::from(self.rest > 0) | if long { 2 } else { 0 };
        for part in
            [&0xD110u16.to_le_bytes()[..], &flags.to_le_bytes(), &1u32.to_le_bytes(), &at.to_le_bytes()]
        {
            self.bytes.extend_from_slice(part);
        }
        self.bytes.extend_from_slice(&u64::from(self.rest).to_le_bytes());
        if long {
            self.bytes.extend_from_slice(&77u64.to_le_bytes());
            self.bytes.extend_from_slice(&(SIZE as u32).to_le_bytes());
            self.bytes.extend_from_slice(&(PAGE as u32).to_le_bytes());
        }
    }
    fn put(&mut self, bytes: &[u8], counts: bool) {
        for byte in bytes {
            if self.at().is_multiple_of(PAGE) {
                self.page();
            }
            self.bytes.push(*byte);
            self.rest -= u32::from(counts);
        }
    }
    fn record(&mut self, body: &[u8], info: u8, rmgr: u8) {
        if self.at().is_multiple_of(PAGE) {
            self.page();
        }
        let at = self.at();
        let total = 24 + body.len() as u32;
        let mut head = Vec::new();
        head.extend_from_slice(&total.to_le_bytes());
        head.extend_from_slice(&9u32.to_le_bytes());
        head.extend_from_slice(&self.before.to_le_bytes());
        head.extend_from_slice(&[info, rmgr, 0, 0]);
        let crc = crc32c::crc32c_append(crc32c::crc32c(body), &head);
        head.extend_from_slice(&crc.to_le_bytes());
        self.rest = total;
        self.put(&head, true);
        self.put(body, true);
        while !self.at().is_multiple_of(8) {
            self.put(&[0], false);
        }
        self.before = at;
    }
    /// Ends the segment, as `pg_switch_wal` does.
    fn switch(&mut self) {
        self.record(&[], 0x40, 0);
        let from = self.bytes.len();
        while !self.at().is_multiple_of(SIZE) {
            self.put(&[0], false);
        }
        self.unused = from..self.bytes.len();
    }
}

/// Records of all lengths over three segments and a switch; gives the end of the last.
fn wal() -> (Writer, u64, u64) {
    let mut writer = Writer::new();
    let mut records = 0;
    for i in 0..40u32 {
        let len = [0, 1, 7, 100, 8100, 60_000][i as usize % 6];
        writer.record(&vec![i as u8; len], 0x10, 10);
        records += 1;
    }
    writer.record(&vec![1; SIZE as usize], 0x10, 10);
    writer.switch();
    writer.record(b"after the switch", 0x10, 10);
    let end = writer.at();
    writer.bytes.resize(writer.bytes.len().next_multiple_of(SIZE as usize), 0);
    (writer, end, records + 3)
}

fn lay(folder: &Path, bytes: &[u8]) {
    for (i, segment) in bytes.chunks(SIZE as usize).enumerate() {
        std::fs::write(folder.join(lsn::file_name(1, 1 + i as u64, SIZE)), segment).unwrap();
    }
}

fn read(folder: &Path, end: u64) -> Result<Totals, Broken> {
    let segments = Segments::below(None, folder.to_owned());
    let known = Known { segment: None, system_identifier: Some(77) };
    check(&segments, &[1], (START, end), known, &mut Watch::new(0, &mut |_| true)).unwrap()
}

#[test]
fn records_over_pages_and_segments_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (wal, end, records) = wal();
    lay(folder.path(), &wal.bytes);
    let read = read(folder.path(), end).unwrap();
    assert_eq!((read.records, read.major), (records, 15));
    assert_eq!(read.segments, wal.bytes.len() as u64 / SIZE);
    assert!(read.segments >= 3);
}

#[test]
fn a_range_may_end_on_a_switch() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::new();
    writer.record(b"one", 0x10, 10);
    writer.switch();
    let end = writer.at();
    lay(folder.path(), &writer.bytes);
    assert_eq!(read(folder.path(), end).unwrap().records, 2);
}

#[test]
fn what_is_missing_cut_or_of_another_cluster_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (wal, end, _) = wal();
    lay(folder.path(), &wal.bytes);
    let second = folder.path().join(lsn::file_name(1, 2, SIZE));
    let sound = std::fs::read(&second).unwrap();
    std::fs::write(&second, &sound[..100_000]).unwrap();
    let cut = read(folder.path(), end).unwrap_err();
    assert_eq!((cut.kind, cut.file.as_str()), (ProblemKind::WalBroken, "000000010000000000000002"));
    assert!(cut.what.contains("100000 bytes"), "{}", cut.what);
    std::fs::remove_file(&second).unwrap();
    let missing = read(folder.path(), end).unwrap_err();
    assert_eq!((missing.kind, missing.at), (ProblemKind::WalMissing, 0));
    let mut other = sound;
    other[24] ^= 1;
    std::fs::write(&second, other).unwrap();
    assert!(read(folder.path(), end).unwrap_err().what.contains("another cluster"));
}

#[test]
fn a_record_that_a_crash_left_unfinished_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::new();
    writer.record(&[1; 100], 0x10, 10);
    let before = writer.before;
    writer.record(&[2; 20_000], 0x10, 10);
    // Recovery kept the first page of it, and began the next with a record that says so.
    writer.bytes.truncate(PAGE as usize);
    (writer.rest, writer.before) = (0, before);
    writer.page();
    writer.bytes[PAGE as usize + 2] |= 8;
    writer.record(&[3; 16], 0xD0, 0);
    writer.record(&[4; 30], 0x10, 10);
    let end = writer.at();
    writer.bytes.resize(SIZE as usize, 0);
    lay(folder.path(), &writer.bytes);
    assert_eq!(read(folder.path(), end).unwrap().records, 3);
    // Without the flag the page is one that does not go on.
    writer.bytes[PAGE as usize + 2] &= !8;
    lay(folder.path(), &writer.bytes);
    assert!(read(folder.path(), end).unwrap_err().what.contains("should go on"));
}

#[test]
fn a_record_behind_the_end_is_a_wrong_length() {
    let folder = tempfile::tempdir().unwrap();
    let (wal, end, _) = wal();
    lay(folder.path(), &wal.bytes);
    assert!(read(folder.path(), end - 8).unwrap_err().what.contains("behind the range's end"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_wal_is_found_and_nothing_panics(at in 0usize..2_600_000, with in 1u8..=255, run in 1usize..9000) {
        let folder = tempfile::tempdir().unwrap();
        let (wal, end, _) = wal();
        let mut bytes = wal.bytes.clone();
        let used = (end - SIZE) as usize;
        let at = at % used;
                for byte in bytes.iter_mut().skip(at).take(run) {
            *byte ^= with;
        }
        lay(folder.path(), &bytes);
        let found = read(folder.path(), end);
        // Padding and what a switch left unused is no record's.
        let counted = (at..(at + run).min(used)).any(|i| wal.bytes[i] != 0 && !wal.unused.contains(&i));
        prop_assert!(found.is_err() || !counted, "{at} {run}");
    }
}
