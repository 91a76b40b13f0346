//! `bagit.txt`: the version and the encoding of the other tag files. Its own is UTF-8 without a byte-order mark.

use super::text::{Encoding, Lines, Trouble};
use std::path::Path;

/// Its name.
pub(in crate::backup) const NAME: &str = "bagit.txt";
/// What we write.
pub(in crate::backup) const WRITTEN: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/// Versions read, as major and minor.
const VERSIONS: [(u32, u32); 6] = [(0, 93), (0, 94), (0, 95), (0, 96), (0, 97), (1, 0)];

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backup) struct Declaration {
    pub(in crate::backup) version: (u32, u32),
    pub(in crate::backup) encoding: Encoding,
}

impl Declaration {
    /// What a bag without one is read as, to say what else is wrong.
    pub(in crate::backup) const ASSUMED: Declaration =
        Declaration { version: (1, 0), encoding: Encoding::Utf8 };

    /// True for RFC 8493.
    pub(in crate::backup) fn is_1_0(self) -> bool {
        self.version >= (1, 0)
    }

    pub(in crate::backup) fn read(root: &Path) -> Result<Declaration, Trouble> {
        let mut lines = Lines::open(&root.join(NAME), Encoding::Utf8)?;
        let broken = |what: String| Trouble::Text(what, 0);
        let mut texts = Vec::new();
        while let Some(line) = lines.line()? {
            if texts.len() == 2 && line.trim().is_empty() {
                continue;
            }
            if texts.len() == 2 {
                return Err(broken(format!("more than two lines: {line:?}")));
            }
            texts.push(line);
        }
        let mut texts = texts.into_iter();
        let Some((version, strict)) = texts.next().as_deref().and_then(version) else {
            return Err(broken("the first line is not \"BagIt-Version: M.N\"".into()));
        };
        if !VERSIONS.contains(&version) {
            return Err(broken(format!("BagIt {}.{} is not known here", version.0, version.1)));
        }
        let second = texts.next().unwrap_or_default();
        let Some((name, exact)) = value(&second, "Tag-File-Character-Encoding") else {
            return Err(broken("the second line is not \"Tag-File-Character-Encoding: NAME\"".into()));
        };
        if version >= (1, 0) && !(strict && exact) {
            return Err(broken("white space that BagIt 1.0 does not allow".into()));
        }
        match Encoding::named(name) {
            Some(encoding) => Ok(Declaration { version, encoding }),
            None => Err(broken(format!("the encoding {name:?} is not known here"))),
        }
    }
}

/// Major, minor, and whether it is written without any white space but one after the colon.
fn version(line: &str) -> Option<((u32, u32), bool)> {
    let (text, exact) = value(line, "BagIt-Version")?;
    let (major, minor) = text.split_once('.')?;
    let digits = |t: &str| !t.is_empty() && t.len() <= 4 && t.bytes().all(|b| b.is_ascii_digit());
    if !(digits(major) && digits(minor)) {
        return None;
    }
    Some(((major.parse().ok()?, minor.parse().ok()?), exact))
}

fn value<'a>(line: &'a str, label: &str) -> Option<(&'a str, bool)> {
    let (name, text) = line.split_once(':')?;
    if name.trim() != label {
        return None;
    }
    let exact = name == label && text.strip_prefix(' ').is_some_and(|t| t == t.trim());
    Some((text.trim(), exact))
}
