//! `global/pg_control`: whose cluster it is, and how its WAL is laid out. Read as servers of the common 64-bit systems write it
//! (x86-64, aarch64: least byte first).

use super::super::content;
use std::path::Path;

/// The file is 8 KiB; PostgreSQL reads no more either.
const MOST: u64 = 64 * 1024;
/// Layouts: `pg_control_version`, where its CRC stands. 1300: PostgreSQL 13 to 17; 1800: 18.
const LAYOUTS: [(u32, usize); 2] = [(1300, 288), (1800, 292)];

/// What the control file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) system_identifier: u64,
    /// `pg_control_version`.
    pub(super) version: u32,
    /// Bytes of a WAL segment.
    pub(super) segment: u64,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It could not be read.
    Closed,
    /// A version that is not known here.
    Unknown(u32),
    Broken(String),
}

pub(super) fn read(path: &Path) -> Result<Control, Trouble> {
    parse(&content::read_small(path, MOST).map_err(|_| Trouble::Closed)?)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

pub(super) fn parse(bytes: &[u8]) -> Result<Control, Trouble> {
    let short = || Trouble::Broken(format!("{} bytes", bytes.len()));
    let version = u32_at(bytes, 8).ok_or_else(short)?;
    let Some((_, crc_at)) = LAYOUTS.iter().find(|(known, _)| *known == version) else {
        return Err(Trouble::Unknown(version));
    };
    let crc = u32_at(bytes, *crc_at).ok_or_else(short)?;
    let found = crc32c::crc32c(&bytes[..*crc_at]);
    if crc != found {
        return Err(Trouble::Broken(format!("CRC-32C {crc:08x}, computed {found:08x}")));
    }
    let segment = u64::from(u32_at(bytes, 228).ok_or_else(short)?);
    let system_identifier = u64_at(bytes, 0).ok_or_else(short)?;
    Ok(Control { system_identifier, version, segment })
}

#[cfg(test)]
mod tests {
    use super::{Trouble, parse};
    use proptest::prelude::*;

    fn file(version: u32, crc_at: usize) -> Vec<u8> {
        let mut bytes = vec![0; 8192];
        bytes[..8].copy_from_slice(&7_123_456_789_012_345_678u64.to_le_bytes());
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        bytes[228..232].copy_from_slice(&(16u32 << 20).to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..crc_at]);
        bytes[crc_at..crc_at + 4].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    #[test]
    fn control_files_are_read_by_their_version() {
        for (version, at) in [(1300, 288), (1800, 292)] {
            let control = parse(&file(version, at)).unwrap();
            assert_eq!((control.system_identifier, control.segment), (7_123_456_789_012_345_678, 16 << 20));
        }
        assert!(matches!(parse(&file(1201, 288)), Err(Trouble::Unknown(1201))));
        assert!(matches!(parse(b"short"), Err(Trouble::Broken(_))));
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_found(at in 0usize..292, bit in 0u32..8) {
            let mut bytes = file(1300, 288);
            bytes[at] ^= 1 << bit;
            prop_assert!(parse(&bytes).is_err());
        }
    }
}
