//! `backup_manifest`, versions 1 (PostgreSQL 13 to 16) and 2 (17 and later): read strictly, as a stream.
//! PostgreSQL documentation, "Backup Manifest Format".

use super::lsn::{self, Lsn};
use crate::digest::{Algorithm, Hasher};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::ffi::OsString;
use std::io::{BufReader, Read};
use std::os::unix::ffi::OsStringExt;

/// The longest text in a manifest, bytes; paths have at most 4 096.
const MAX_TEXT: usize = 64 * 1024;
/// Files at most.
const MAX_FILES: usize = 20_000_000;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Below the data directory.
    pub(super) path: OsString,
    /// Bytes.
    pub(super) size: u64,
    /// Its digest; `None`: made with `--manifest-checksums=none`.
    pub(super) digest: Option<(Algorithm, Vec<u8>)>,
}

/// WAL that a restore needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WalRange {
    pub(super) timeline: u32,
    pub(super) start: Lsn,
    /// Behind the last record.
    pub(super) end: Lsn,
}

/// What a manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) version: u64,
    /// Of version 2.
    pub(super) system_identifier: Option<u64>,
    pub(super) files: Vec<Entry>,
    pub(super) wal: Vec<WalRange>,
    /// SM3 of the manifest's bytes, hex.
    pub(super) sm3: String,
}

/// Why it is refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// It cannot be understood.
    Broken(String),
    /// It does not agree with its own digest: what it says, what the bytes give.
    Changed(String, String),
}

/// Reads a manifest and checks it against its own digest.
pub(super) fn read(input: impl Read) -> Result<Manifest, Refused> {
    let mut stream = Stream::new(input);
    let mut checksum = None;
    let mut manifest = {
        let mut json = serde_json::Deserializer::from_reader(BufReader::new(&mut stream));
        let manifest = (&mut json).deserialize_map(Top(&mut checksum)).map_err(broken)?;
        json.end().map_err(broken)?;
        manifest
    };
    let Some(said) = checksum else { return Err(Refused::Broken("Manifest-Checksum: missing".to_owned())) };
    let wanted = unhex(&said).filter(|d| d.len() == 32);
    let Some(wanted) = wanted else {
        return Err(Refused::Broken(format!("Manifest-Checksum: {said:?} is not a SHA-256 in hex")));
    };
    let (ends, sha256, sm3) = stream.finish();
    if !ends {
        return Err(Refused::Broken("the last line does not end with a newline".to_owned()));
    }
    let Some(sha256) = sha256 else { return Err(Refused::Broken("fewer than two lines".to_owned())) };
    let found = sha256.finish();
    if found != wanted {
        return Err(Refused::Changed(said, crate::digest::hex(&found)));
    }
    manifest.sm3 = sm3;
    Ok(manifest)
}

fn broken(error: serde_json::Error) -> Refused {
    Refused::Broken(error.to_string())
}

/// Bytes on their way to the parser: digested line by line, and refused where a text is too long to be held.
struct Stream<R> {
    input: R,
    all: Hasher,
    sha256: Hasher,
    /// SHA-256 up to and with the last newline but one, and the last.
    behind: [Option<Hasher>; 2],
    ends: bool,
    text: Text,
}

#[derive(Default)]
struct Text {
    inside: bool,
    escaped: bool,
    len: usize,
}

impl Text {
    /// False: too long.
    fn take(&mut self, byte: u8) -> bool {
        let quote = byte == b'"' && !self.escaped;
        // Numbers and words outside quotes are held by the parser as well.
        if quote || (!self.inside && byte.is_ascii_whitespace()) {
            self.inside ^= quote;
            self.len = 0;
        } else {
            self.len += 1;
        }
        self.escaped = self.inside && byte == b'\\' && !self.escaped;
        self.len <= MAX_TEXT
    }
}

impl<R: Read> Stream<R> {
    fn new(input: R) -> Self {
        Stream {
            input,
            all: Algorithm::Sm3.hasher(),
            sha256: Algorithm::Sha256.hasher(),
            behind: [None, None],
            ends: false,
            text: Text::default(),
        }
    }
    fn finish(self) -> (bool, Option<Hasher>, String) {
        let [before_last, _] = self.behind;
        (self.ends, before_last, self.all.finish_hex())
    }
}

impl<R: Read> Read for &mut Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.input.read(buffer)?;
        let bytes = &buffer[..n];
        self.all.update(bytes);
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            self.sha256.update(line);
            self.ends = line.ends_with(b"\n");
            if self.ends {
                self.behind = [self.behind[1].take(), Some(self.sha256.clone())];
            }
        }
        if !bytes.iter().all(|b| self.text.take(*b)) {
            return Err(std::io::Error::other(format!("a text longer than {MAX_TEXT} bytes")));
        }
        Ok(n)
    }
}

/// The outermost object; the checksum is handed out on the side.
struct Top<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for Top<'_> {
    type Value = Manifest;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the object of a backup manifest")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Manifest, A::Error> {
        let mut manifest = Manifest::default();
        let (mut files, mut wal) = (false, false);
        match map.next_key::<String>()?.as_deref() {
            Some("PostgreSQL-Backup-Manifest-Version") => manifest.version = map.next_value()?,
            _ => return Err(A::Error::custom("PostgreSQL-Backup-Manifest-Version must come first")),
        }
        if !matches!(manifest.version, 1 | 2) {
            return Err(A::Error::custom(format!(
                "manifest version {}: 1 and 2 are known",
                manifest.version
            )));
        }
        while let Some(key) = map.next_key::<String>()? {
            let twice = match key.as_str() {
                "System-Identifier" if manifest.version == 2 => {
                    manifest.system_identifier.replace(map.next_value()?).is_some()
                }
                "Files" => {
                    manifest.files = map.next_value_seed(List(File, MAX_FILES))?;
                    std::mem::replace(&mut files, true)
                }
                "WAL-Ranges" => {
                    manifest.wal = map.next_value_seed(List(Range, MAX_TEXT))?;
                    std::mem::replace(&mut wal, true)
                }
                "Manifest-Checksum" => {
                    let sum: Option<String> = map.next_value()?;
                    let twice = self.0.is_some();
                    *self.0 = sum;
                    twice
                }
                _ => return Err(A::Error::custom(format!("unknown field {key:?}"))),
            };
            if twice {
                return Err(A::Error::custom(format!("{key} stands twice")));
            }
        }
        if manifest.version == 2 && manifest.system_identifier.is_none() {
            return Err(A::Error::custom("System-Identifier: missing"));
        }
        if !files {
            return Err(A::Error::custom("Files: missing"));
        }
        Ok(manifest)
    }
}

/// A list of at most so many.
struct List<S>(S, usize);

impl<'de, S: DeserializeSeed<'de> + Copy> DeserializeSeed<'de> for List<S> {
    type Value = Vec<S::Value>;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Copy> Visitor<'de> for List<S> {
    type Value = Vec<S::Value>;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = seq.next_element_seed(self.0)? {
            if all.len() == self.1 {
                return Err(A::Error::custom(format!("more than {} entries", self.1)));
            }
            all.push(one);
        }
        Ok(all)
    }
}

/// A field that must stand once at most.
fn once<'de, A: MapAccess<'de>, T: serde::Deserialize<'de>>(
    slot: &mut Option<T>,
    key: &str,
    map: &mut A,
) -> Result<(), A::Error> {
    if slot.replace(map.next_value()?).is_some() {
        return Err(A::Error::custom(format!("{key} stands twice")));
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct File;

impl<'de> DeserializeSeed<'de> for File {
    type Value = Entry;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Entry, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for File {
    type Value = Entry;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the object of a file")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let (mut path, mut coded, mut size, mut modified) = (None::<String>, None::<String>, None, None);
        let (mut algorithm, mut sum) = (None::<String>, None::<String>);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "Path" => once(&mut path, &key, &mut map)?,
                "Encoded-Path" => once(&mut coded, &key, &mut map)?,
                "Size" => once(&mut size, &key, &mut map)?,
                "Last-Modified" => once::<_, String>(&mut modified, &key, &mut map)?,
                "Checksum-Algorithm" => once(&mut algorithm, &key, &mut map)?,
                "Checksum" => once(&mut sum, &key, &mut map)?,
                _ => return Err(A::Error::custom(format!("unknown field of a file {key:?}"))),
            }
        }
        let path = match (path, coded) {
            (Some(path), None) => path.into_bytes(),
            (None, Some(coded)) => unhex(&coded)
                .ok_or_else(|| A::Error::custom(format!("Encoded-Path {coded:?}: not hex of whole bytes")))?,
            (Some(_), Some(_)) => return Err(A::Error::custom("both Path and Encoded-Path")),
            (None, None) => return Err(A::Error::custom("Path: missing")),
        };
        let shown = String::from_utf8_lossy(&path).into_owned();
        let size = size.ok_or_else(|| A::Error::custom(format!("Size of {shown:?}: missing")))?;
        let digest = digest(algorithm, sum).map_err(|e| A::Error::custom(format!("{shown:?}: {e}")))?;
        Ok(Entry { path: OsString::from_vec(path), size, digest })
    }
}

fn digest(algorithm: Option<String>, sum: Option<String>) -> Result<Option<(Algorithm, Vec<u8>)>, String> {
    let Some(name) = algorithm else {
        return match sum {
            Some(_) => Err("Checksum without Checksum-Algorithm".to_owned()),
            None => Ok(None),
        };
    };
    let algorithm = match name.as_str() {
        "NONE" => return Ok(None),
        "CRC32C" => Algorithm::Crc32c,
        "SHA224" => Algorithm::Sha224,
        "SHA256" => Algorithm::Sha256,
        "SHA384" => Algorithm::Sha384,
        "SHA512" => Algorithm::Sha512,
        _ => return Err(format!("Checksum-Algorithm {name:?}: unknown")),
    };
    let Some(sum) = sum else { return Err("Checksum: missing".to_owned()) };
    match unhex(&sum).filter(|d| d.len() == algorithm.len()) {
        Some(digest) => Ok(Some((algorithm, digest))),
        None => Err(format!("Checksum {sum:?} is not a {name} in hex")),
    }
}

#[derive(Clone, Copy)]
struct Range;

impl<'de> DeserializeSeed<'de> for Range {
    type Value = WalRange;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<WalRange, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Range {
    type Value = WalRange;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the object of a WAL range")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WalRange, A::Error> {
        let (mut timeline, mut start, mut end) = (None, None::<String>, None::<String>);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "Timeline" => once(&mut timeline, &key, &mut map)?,
                "Start-LSN" => once(&mut start, &key, &mut map)?,
                "End-LSN" => once(&mut end, &key, &mut map)?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    return Err(A::Error::custom(format!("unknown field of a WAL range {key:?}")));
                }
            }
        }
        let place = |name: &str, text: Option<String>| {
            let text = text.ok_or_else(|| A::Error::custom(format!("{name}: missing")))?;
            lsn::parse(&text).ok_or_else(|| A::Error::custom(format!("{name} {text:?}: not an LSN")))
        };
        let timeline = timeline.ok_or_else(|| A::Error::custom("Timeline: missing"))?;
        Ok(WalRange { timeline, start: place("Start-LSN", start)?, end: place("End-LSN", end)? })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|d| d.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests;
