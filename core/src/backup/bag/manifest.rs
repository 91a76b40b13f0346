//! Manifests and tag manifests: digest, white space, path.

use super::declaration::Declaration;
use super::text::{Lines, Trouble};
use crate::backup::path;
use crate::digest::{Algorithm, hex};
use std::path::Path;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::backup) struct Line {
    pub(in crate::backup) digest: Vec<u8>,
    /// Decoded, without marks.
    pub(in crate::backup) path: String,
    /// As it stands, without marks, where that is another name.
    pub(in crate::backup) literal: Option<String>,
    /// The `*` of md5sum's binary mode.
    pub(in crate::backup) star: bool,
    /// `./` before the path.
    pub(in crate::backup) dot: bool,
}

/// What a manifest's name says: its algorithm's name, and whether it lists tag files.
pub(in crate::backup) fn named(name: &str) -> Option<(&str, bool)> {
    let (rest, tags) = match name.strip_prefix("tagmanifest-") {
        Some(rest) => (rest, true),
        None => (name.strip_prefix("manifest-")?, false),
    };
    let algorithm = rest.strip_suffix(".txt")?;
    let plain = !algorithm.is_empty() && algorithm.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then_some((algorithm, tags))
}

/// Bytes of hex in any case.
pub(in crate::backup) fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |b: u8| char::from(b).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|p| u8::try_from(nibble(p[0])? * 16 + nibble(p[1])?).ok()).collect()
}

/// Reads a line; what is wrong with it, in words.
pub(in crate::backup) fn parse(line: &str, algorithm: Algorithm, version_1: bool) -> Result<Line, String> {
    let blank = |c: char| c == ' ' || c == '\t';
    let (digest, rest) = line.split_once(blank).ok_or("no white space after the digest")?;
    let digest = unhex(digest)
        .filter(|d| d.len() == algorithm.len())
        .ok_or_else(|| format!("{digest:?} is no {} in hex", algorithm.name()))?;
    let rest = rest.trim_start_matches(blank);
    let (rest, star) = match rest.strip_prefix('*') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (rest, dot) = match rest.strip_prefix("./") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let decoded = if version_1 { path::decode(rest) } else { rest.to_owned() };
    let other = if version_1 { rest.to_owned() } else { path::decode_line_ends(rest) };
    let literal = (other != decoded).then_some(other);
    Ok(Line { digest, path: decoded, literal, star, dot })
}

/// As we write it.
pub(in crate::backup) fn write(digest: &[u8], path: &str) -> String {
    format!("{}  {}\n", hex(digest), path::encode(path))
}

/// A manifest that is read.
#[derive(Clone, Debug)]
pub(in crate::backup) struct Manifest {
    pub(in crate::backup) name: String,
    pub(in crate::backup) algorithm: Algorithm,
}

impl Manifest {
    /// Hands every line over with its number from 1; what is wrong with a line does not end it. `ours`: the form must be ours to
    /// the byte.
    pub(in crate::backup) fn read(
        &self,
        root: &Path,
        declaration: Declaration,
        ours: bool,
        each: &mut dyn FnMut(u64, Result<Line, String>),
    ) -> Result<(), Trouble> {
        let mut lines = Lines::open(&root.join(&self.name), declaration.encoding)?;
        let mut before = String::new();
        let mut number = 0;
        while let Some(text) = lines.line()? {
            number += 1;
            if text.trim().is_empty() && !ours {
                continue;
            }
            let mut line = parse(&text, self.algorithm, declaration.is_1_0());
            if let (true, Ok(read)) = (ours, &line) {
                let form = write(&read.digest, &read.path);
                if form != format!("{text}{}", String::from_utf8_lossy(lines.end)) || read.path <= before {
                    line = Err(format!("{text:?} is not as it was written"));
                } else {
                    before.clone_from(&read.path);
                }
            }
            each(number, line);
        }
        Ok(())
    }
}
