//! tar: every header's sum, every member's bytes, the two blocks of zeros at the end. Its own readers take an archive that was cut
//! between two members for a whole one.

use super::stream::{Bytes, Head, Stop};
use super::{Place, told};
use crate::backup::Report;
use crate::backup::report::ProblemKind;
use ::tar::{EntryType, Header};

const BLOCK: usize = 512;
/// Longest name or pax header, bytes.
const MAX_NAME: u64 = 1 << 20;

/// True for the first block of an archive: it says so, or its sum fits (before POSIX nothing said so).
pub(super) fn is_tar(first: &[u8]) -> bool {
    let Some(block) = first.get(..BLOCK) else { return false };
    let magic = &block[257..262] == b"ustar";
    magic || (block[0] != 0 && sum_fits(block))
}

/// The header's sum, over unsigned or signed bytes, its own field taken as blanks.
fn sum_fits(block: &[u8]) -> bool {
    let header = Header::from_byte_slice(block);
    let Ok(stated) = header.cksum() else { return false };
    let field = 148..156;
    let byte = |(i, b): (usize, &u8)| if field.contains(&i) { b' ' } else { *b };
    let unsigned: u32 = block.iter().enumerate().map(|x| u32::from(byte(x))).sum();
    let signed: i64 = block.iter().enumerate().map(|x| i64::from(byte(x) as i8)).sum();
    stated == unsigned || i64::from(stated) == signed
}

#[derive(Default)]
struct Found {
    members: u64,
    bytes: u64,
    /// Names that the next member has, from GNU or pax headers.
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    size: Option<u64>,
}

pub(super) fn check(head: &mut Head<'_>, place: &Place<'_>, report: &mut Report) -> Result<(), Stop> {
    let mut found = Found::default();
    let mut block = [0; BLOCK];
    loop {
        let at = head.at();
        let n = head.fill(&mut block)?;
        if n == 0 {
            report.problem(
                place
                    .problem(ProblemKind::Cut)
                    .at(at)
                    .detail("cut between two members: the end blocks are missing"),
            );
            break;
        }
        if n < BLOCK {
            report.problem(place.problem(ProblemKind::Cut).at(at).detail("cut in a header"));
            break;
        }
        if block.iter().all(|b| *b == 0) {
            end(head, place, report, at)?;
            break;
        }
        if !sum_fits(&block) {
            report.problem(place.problem(ProblemKind::ArchiveDamaged).at(at).detail("the sum of a header"));
            // Where the next header is, a damaged one does not say.
            break;
        }
        if !member(head, &block, at, &mut found, place, report)? {
            break;
        }
    }
    head.skip(u64::MAX)?;
    told(report, "tar", place, &[("members", found.members.to_string()), ("bytes", found.bytes.to_string())]);
    Ok(())
}

/// The second block of zeros, and nothing but zeros behind it.
fn end(head: &mut Head<'_>, place: &Place<'_>, report: &mut Report, at: u64) -> Result<(), Stop> {
    let mut block = [1; BLOCK];
    let n = head.fill(&mut block)?;
    if n < BLOCK || block.iter().any(|b| *b != 0) {
        report.problem(place.problem(ProblemKind::Cut).at(at).detail("one end block of two"));
        return Ok(());
    }
    if let Err(at) = head.only_zeros()? {
        report.problem(place.problem(ProblemKind::TrailingBytes).at(at));
    }
    Ok(())
}

/// Reads a member; false: the archive ends in it.
fn member(
    head: &mut Head<'_>,
    block: &[u8],
    at: u64,
    found: &mut Found,
    place: &Place<'_>,
    report: &mut Report,
) -> Result<bool, Stop> {
    let header = Header::from_byte_slice(block);
    let Ok(stated) = header.entry_size() else {
        report.problem(place.problem(ProblemKind::ArchiveDamaged).at(at).detail("the size of a member"));
        return Ok(false);
    };
    let kind = header.entry_type();
    // Links and folders hold nothing, whatever size an old tar writes for a hard link.
    let empty = matches!(
        kind,
        EntryType::Symlink | EntryType::Char | EntryType::Block | EntryType::Fifo | EntryType::Directory
    );
    // What a pax header said is of the next member, whatever that is.
    let special = kind.is_pax_local_extensions() || kind.is_gnu_longname() || kind.is_gnu_longlink();
    let said = if special || kind.is_pax_global_extensions() { None } else { found.size.take() };
    let size = if kind.is_pax_local_extensions()
        || kind.is_pax_global_extensions()
        || kind.is_gnu_longname()
        || kind.is_gnu_longlink()
    {
        stated
    } else if empty {
        0
    } else {
        said.unwrap_or(stated)
    };
    if kind.is_gnu_sparse() && block[482] != 0 {
        // More of the map of holes, block for block, until one says that it is the last.
        let mut more = [0; BLOCK];
        loop {
            if head.fill(&mut more)? < BLOCK {
                report.problem(place.problem(ProblemKind::Cut).at(at).detail("cut in a map of holes"));
                return Ok(false);
            }
            if more[504] == 0 {
                break;
            }
        }
    }
    if special {
        if size > MAX_NAME {
            report.problem(
                place.problem(ProblemKind::ArchiveDamaged).at(at).detail(format!("a name of {size} bytes")),
            );
            return Ok(false);
        }
        let mut text = vec![0; size as usize];
        if head.fill(&mut text)? < text.len() {
            report.problem(place.problem(ProblemKind::Cut).at(at).detail("cut in a name"));
            return Ok(false);
        }
        let name = |text: &[u8]| text.strip_suffix(b"\0").unwrap_or(text).to_vec();
        if kind.is_gnu_longname() {
            found.long_name = Some(name(&text));
        } else if kind.is_gnu_longlink() {
            found.long_link = Some(name(&text));
        } else {
            pax(&text, found);
        }
    } else {
        if !kind.is_pax_global_extensions() {
            found.members += 1;
            names(header, kind, at, found, place, report);
        }
        let read = head.skip(size)?;
        found.bytes += read;
        if read < size {
            report.problem(place.problem(ProblemKind::Cut).at(at).with(size, read).detail("cut in a member"));
            return Ok(false);
        }
    }
    let padding = size.next_multiple_of(BLOCK as u64) - size;
    if head.skip(padding)? < padding {
        report.problem(place.problem(ProblemKind::Cut).at(at).detail("cut behind a member"));
        return Ok(false);
    }
    Ok(true)
}

/// `30 path=…\n`: what a pax header says of the next member.
fn pax(text: &[u8], found: &mut Found) {
    for extension in ::tar::PaxExtensions::new(text).flatten() {
        let value = extension.value_bytes();
        match extension.key() {
            Ok("path") => found.long_name = Some(value.to_vec()),
            Ok("linkpath") => found.long_link = Some(value.to_vec()),
            Ok("size") => found.size = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()),
            _ => {}
        }
    }
}

/// Names that would leave the folder that the archive is unpacked in, links that do, devices.
fn names(
    header: &Header,
    kind: EntryType,
    at: u64,
    found: &mut Found,
    place: &Place<'_>,
    report: &mut Report,
) {
    let name = found.long_name.take().unwrap_or_else(|| header.path_bytes().into_owned());
    let link = found
        .long_link
        .take()
        .or_else(|| header.link_name_bytes().map(|l| l.into_owned()))
        .unwrap_or_default();
    let shown = String::from_utf8_lossy(&name).into_owned();
    let plain = shown.strip_prefix("./").unwrap_or(&shown).trim_end_matches('/');
    if let Some(why) = unsafe_name(&shown) {
        report.problem(place.problem(ProblemKind::UnsafePath).at(at).detail(format!("{shown}: {why}")));
    }
    if matches!(kind, EntryType::Char | EntryType::Block | EntryType::Fifo) {
        report.problem(place.problem(ProblemKind::NotAFile).at(at).detail(shown.clone()));
    }
    if matches!(kind, EntryType::Symlink | EntryType::Link) {
        let target = String::from_utf8_lossy(&link).into_owned();
        // Tablespaces of a base backup are links to where they lay.
        let tablespace = plain.starts_with("pg_tblspc/");
        if leaves(plain, &target, kind == EntryType::Symlink) && !tablespace {
            report.problem(
                place.problem(ProblemKind::LinkRefused).at(at).detail(format!("{shown} -> {target}")),
            );
        }
    }
}

/// Why a name is refused. Names that only another system would not take are sound in an archive of this one.
fn unsafe_name(name: &str) -> Option<&'static str> {
    if name.starts_with('/') {
        return Some("absolute path");
    }
    name.split('/').any(|part| part == "..").then_some("..: leaves the folder")
}

/// True when a link's target lies outside the archive's folder.
fn leaves(name: &str, target: &str, relative: bool) -> bool {
    if target.starts_with('/') {
        return true;
    }
    let mut depth =
        if relative { name.split('/').filter(|p| !p.is_empty()).count().saturating_sub(1) as i64 } else { 0 };
    for part in target.split('/') {
        match part {
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_leave() {
        assert!(!leaves("a/b/link", "../c", true));
        assert!(leaves("a/link", "../../c", true));
        assert!(leaves("link", "/etc", true));
        assert!(!leaves("a/link", "x/y", false) && leaves("a/link", "../y", false));
    }
}
