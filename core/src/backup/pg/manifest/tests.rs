use super::{Manifest, Refused, WalRange, read};
use crate::digest::Algorithm;
use proptest::prelude::*;

const HEAD: &str = "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n";

/// A manifest of these lines, sealed.
fn sealed(lines: &str) -> String {
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(lines.as_bytes());
    format!("{lines}\"Manifest-Checksum\": \"{}\"}}\n", hasher.finish_hex())
}

fn sound() -> String {
    sealed(&format!(
        "{HEAD}\"Files\": [\n{{ \"Path\": \"base/1/2\", \"Size\": 3, \"Last-Modified\": \"2026-01-01 00:00:00 GMT\", \
         \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"0a0b0C0d\" }},\n\
         {{ \"Encoded-Path\": \"61ff\", \"Size\": 0 }}\n],\n\"WAL-Ranges\": [\n\
         {{ \"Timeline\": 2, \"Start-LSN\": \"A/2000028\", \"End-LSN\": \"A/2000100\" }}\n],\n"
    ))
}

fn broken(text: &str) -> String {
    match read(text.as_bytes()) {
        Err(Refused::Broken(what)) => what,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_manifest_is_read() {
    let manifest: Manifest = read(sound().as_bytes()).unwrap();
    assert_eq!(manifest.files.len(), 2);
    assert_eq!(manifest.files[0].digest, Some((Algorithm::Crc32c, vec![10, 11, 12, 13])));
    assert_eq!(manifest.files[1].path.as_encoded_bytes(), [0x61, 0xff]);
    assert_eq!(manifest.wal, [WalRange { timeline: 2, start: 0xa_0200_0028, end: 0xa_0200_0100 }]);
    assert_eq!(manifest.sm3, crate::digest::sm3_hex(sound().as_bytes()));
}

#[test]
fn one_byte_more_is_a_change() {
    assert!(matches!(read((sound() + "\n").as_bytes()), Err(Refused::Changed(..))));
    let other = sound().replace("base/1/2", "base/1/3");
    assert!(matches!(read(other.as_bytes()), Err(Refused::Changed(..))));
}

#[test]
fn texts_are_bounded_before_they_are_held() {
    for long in [
        "\"".to_owned() + &"a".repeat(100_000),
        "1".repeat(100_000),
        "\"".to_owned() + &"\\\"".repeat(50_000),
    ] {
        assert!(
            broken(&(HEAD.to_owned() + "\"Files\": [{\"Path\": " + &long)).contains("longer than"),
            "{long:.9}"
        );
    }
}

#[test]
fn what_stands_twice_is_refused() {
    assert!(broken(&sealed(&format!("{HEAD}\"Files\": [],\n\"Files\": [],\n"))).contains("twice"));
    let file = "{\"Path\": \"x\", \"Size\": 1, \"Size\": 1}";
    assert!(broken(&sealed(&format!("{HEAD}\"Files\": [{file}],\n"))).contains("twice"));
    let second = HEAD.replace('1', "2");
    assert!(broken(&sealed(&format!("{second}\"Files\": [],\n"))).contains("System-Identifier"));
}

proptest! {
    #[test]
    fn damaged_manifests_never_pass(at in 0usize..700, byte: u8, cut: bool) {
        let mut bytes = sound().into_bytes();
        let at = at % bytes.len();
        if cut {
            bytes.truncate(at);
        } else if bytes[at].eq_ignore_ascii_case(&byte) {
            return Ok(()); // hex in either case
        } else {
            bytes[at] = byte;
        }
        // Space behind the last line's value is no part of anything; PostgreSQL takes it as well.
        if let Ok(manifest) = read(bytes.as_slice()) {
            let mut same = read(sound().as_bytes()).unwrap();
            same.sm3.clone_from(&manifest.sm3);
            prop_assert_eq!(manifest, same);
        }
    }
}
