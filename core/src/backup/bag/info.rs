//! `bag-info.txt` (`package-info.txt` up to 0.95): who made the bag, of what, and how much is in it.

use super::text::{Encoding, Lines, Trouble};
use std::path::Path;

/// Its name.
pub(in crate::backup) const NAME: &str = "bag-info.txt";
/// Its name in the first versions.
pub(in crate::backup) const OLD_NAME: &str = "package-info.txt";
/// Lines at most.
const MAX_LINES: usize = 10_000;

/// Labels of our own; those of RFC 8493 stand as literals where they are written.
pub(in crate::backup) const SET: &str = "Opsledger-Set";
pub(in crate::backup) const KIND: &str = "Opsledger-Kind";
pub(in crate::backup) const STARTED: &str = "Opsledger-Started";
pub(in crate::backup) const FINISHED: &str = "Opsledger-Finished";
pub(in crate::backup) const ENGINE: &str = "Opsledger-Engine";
pub(in crate::backup) const SIGNER: &str = "Opsledger-Signer";
pub(in crate::backup) const CHUNKS: &str = "Opsledger-Chunks";
pub(in crate::backup) const RUN: &str = "External-Identifier";
pub(in crate::backup) const AGENT: &str = "Bag-Software-Agent";
pub(in crate::backup) const OXUM: &str = "Payload-Oxum";

/// Labels and values in order; labels are compared without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::backup) struct Info(pub(in crate::backup) Vec<(String, String)>);

impl Info {
    /// The first value of a label.
    pub(in crate::backup) fn get<'a>(&'a self, label: &'a str) -> Option<&'a str> {
        self.all(label).next()
    }
    /// Every value of a label.
    pub(in crate::backup) fn all<'a>(&'a self, label: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(l, _)| l.eq_ignore_ascii_case(label)).map(|(_, v)| v.as_str())
    }
    /// True when this library wrote the bag: then its form is known to the byte.
    pub(in crate::backup) fn is_ours(&self) -> bool {
        self.all(AGENT).any(|agent| agent.starts_with("opsledger "))
    }

    /// Reads one, with what is wrong with its lines.
    pub(in crate::backup) fn read(path: &Path, encoding: Encoding) -> Result<(Info, Vec<String>), Trouble> {
        let mut lines = Lines::open(path, encoding)?;
        let mut info = Info::default();
        let mut wrong = Vec::new();
        while let Some(line) = lines.line()? {
            if info.0.len() + wrong.len() == MAX_LINES {
                return Err(Trouble::Text(format!("more than {MAX_LINES} lines"), lines.at));
            }
            let continued = line.starts_with([' ', '\t']);
            match (line.split_once(':'), info.0.last_mut()) {
                (_, Some((_, value))) if continued => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (Some((label, value)), _) if !label.trim().is_empty() && !continued => {
                    info.0.push((label.trim().to_owned(), value.trim().to_owned()));
                }
                _ if line.trim().is_empty() => {}
                _ => wrong.push(format!("{line:?} is not \"Label: value\"")),
            }
        }
        Ok((info, wrong))
    }

    /// As it is written; values are one line each.
    pub(in crate::backup) fn write(&self) -> String {
        self.0.iter().map(|(label, value)| format!("{label}: {value}\n")).collect()
    }
}

/// Bytes and files of `Payload-Oxum`.
pub(in crate::backup) fn oxum(value: &str) -> Option<(u64, u64)> {
    let (bytes, files) = value.split_once('.')?;
    Some((bytes.parse().ok()?, files.parse().ok()?))
}
