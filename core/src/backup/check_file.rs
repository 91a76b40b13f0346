//! Check files as the field's tools write them: `sha256sum`, `md5sum`, `cksum -a` (tagged and untagged), `openssl dgst`.

use super::bag::text::{Encoding, Lines, Trouble};
use super::bag::unhex;
use super::path;
use crate::digest::Algorithm;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Several where the digest's length does not tell: the one that agrees is meant.
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) digest: Vec<u8>,
    pub(super) path: String,
}

/// Reads one: entries, and what is wrong with the other lines. `hint`: the algorithm that the file's name says.
pub(super) fn read(
    file: &std::path::Path,
    each: &mut dyn FnMut(u64, Result<Entry, String>),
) -> Result<(), Trouble> {
    let hint = hint(file);
    let mut lines = Lines::open(file, Encoding::Utf8)?;
    let mut number = 0;
    while let Some(line) = lines.line()? {
        number += 1;
        if !line.trim().is_empty() && !line.starts_with('#') {
            each(number, parse(&line, hint));
        }
    }
    Ok(())
}

/// The algorithm in a name such as `SHA256SUMS`, `x.sm3`, `manifest-sm3.txt`.
fn hint(file: &std::path::Path) -> Option<Algorithm> {
    let name = file.file_name()?.to_str()?.to_ascii_lowercase();
    // Longer names first: no name here is the beginning of another, so the order only has to be fixed.
    Algorithm::ALL.into_iter().find(|a| name.contains(a.name()))
}

/// Reads a line.
pub(super) fn parse(line: &str, hint: Option<Algorithm>) -> Result<Entry, String> {
    let (line, escaped) = match line.strip_prefix('\\') {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let (algorithms, digest, name) = match tagged(line) {
        Some((algorithm, digest, name)) => (vec![algorithm], digest, name),
        None => untagged(line, hint)?,
    };
    let name = if escaped { unescape(name)? } else { name.to_owned() };
    let name = name.strip_prefix("./").map(str::to_owned).unwrap_or(name);
    Ok(Entry { algorithms, digest, path: name })
}

/// `SM3 (name) = hex` of `cksum`, `SM3(name)= hex` of `openssl`.
fn tagged(line: &str) -> Option<(Algorithm, Vec<u8>, &str)> {
    let (head, digest) = line.rsplit_once(['=', ' '])?;
    let digest = unhex(digest.trim())?;
    let head = head.trim_end_matches([' ', '=']).strip_suffix(')')?;
    let (name, path) = head.split_once('(')?;
    let name = name.trim();
    // OpenSSL also writes SHA2-256.
    let algorithm = Algorithm::named(&name.replacen("SHA2-", "SHA", 1))?;
    (digest.len() == algorithm.len()).then_some((algorithm, digest, path))
}

fn untagged(line: &str, hint: Option<Algorithm>) -> Result<(Vec<Algorithm>, Vec<u8>, &str), String> {
    let wrong = || format!("{line:?} is no line of a check file");
    let (digest, rest) = line.split_once([' ', '\t']).ok_or_else(wrong)?;
    let digest = unhex(digest).filter(|d| !d.is_empty()).ok_or_else(wrong)?;
    let name = rest.strip_prefix([' ', '*']).unwrap_or(rest);
    let fits = |a: &Algorithm| a.len() == digest.len() && *a != Algorithm::Crc32c;
    let algorithms: Vec<Algorithm> = match hint.filter(fits) {
        Some(hint) => vec![hint],
        None => Algorithm::ALL.into_iter().filter(fits).collect(),
    };
    if algorithms.is_empty() {
        return Err(format!("no digest is {} bytes long", digest.len()));
    }
    Ok((algorithms, digest, name))
}

/// Undoes the escapes of names with a line end or a backslash.
fn unescape(name: &str) -> Result<String, String> {
    let mut out = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some('\\')) => out.push('\\'),
            ('\\', _) => return Err(format!("an escape that is none in {name:?}")),
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// Why a path of a check file is refused: those it was made for lie beside it. Backslashes are names here, not separators.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    path::refused(&name.replace('\\', "_"))
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, parse};

    fn read(line: &str) -> (Vec<Algorithm>, String) {
        let entry = parse(line, None).unwrap();
        (entry.algorithms, entry.path)
    }

    #[test]
    fn lines_of_every_tool_are_read() {
        let h32 = "ab".repeat(32);
        let both = vec![Algorithm::Sm3, Algorithm::Sha256];
        assert_eq!(read(&format!("{h32}  a b")), (both.clone(), "a b".into()));
        assert_eq!(read(&format!("{h32} *a")), (both.clone(), "a".into()));
        assert_eq!(read(&format!("\\{h32}  a\\nb\\\\c")), (both, "a\nb\\c".into()));
        assert_eq!(read(&format!("SM3 (a (1) = x) = {h32}")), (vec![Algorithm::Sm3], "a (1) = x".into()));
        assert_eq!(read(&format!("SM3(./备份)= {h32}")), (vec![Algorithm::Sm3], "备份".into()));
        assert_eq!(read(&format!("SHA2-256(a)= {h32}")), (vec![Algorithm::Sha256], "a".into()));
        assert_eq!(read(&format!("{}  a", "0".repeat(32))), (vec![Algorithm::Md5], "a".into()));
        let hinted = parse(&format!("{h32}  a"), Some(Algorithm::Sha256)).unwrap();
        assert_eq!(hinted.algorithms, [Algorithm::Sha256]);
    }

    #[test]
    fn what_is_no_line_is_said() {
        for line in ["x", "zz  a", "ab  a", "1234 5 a", &format!("\\{}  a\\q", "00".repeat(16))] {
            assert!(parse(line, None).is_err(), "{line:?}");
        }
    }
}
