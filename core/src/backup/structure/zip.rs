//! zip: the directory at its end, every member unpacked with its sum, local heads that say what the directory says, and
//! nothing unexplained before or behind.

use super::stream::{Stop, Stopped};
use super::{Place, told};
use crate::backup::path::refused;
use crate::backup::report::ProblemKind;
use crate::backup::{Report, Watch, files};
use crate::error::Result;
use ::zip::ZipArchive;
use ::zip::result::ZipError;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Unpacked at once.
const BLOCK: usize = 128 * 1024;
/// The end record without its comment.
const END: u64 = 22;

pub(super) fn check(place: &Place<'_>, report: &mut Report, watch: &mut Watch<'_>) -> Result<()> {
    let (file, meta) = match files::open(place.file) {
        Ok(opened) => opened,
        Err(_) => return Ok(()),
    };
    let mut archive = match ZipArchive::new(io::BufReader::new(file)) {
        Ok(archive) => archive,
        Err(error) => {
            told(report, "zip", place, &[]);
            report
                .problem(place.problem(ProblemKind::Cut).detail(format!("no directory at its end: {error}")));
            return Ok(());
        }
    };
    if archive.offset() > 0 {
        report.problem(place.problem(ProblemKind::LeadingBytes).with(0, archive.offset()));
    }
    let comment = archive.comment().len() as u64;
    match end_at(place, meta.len(), comment) {
        // Members of one name are one to a reader: what the others hold nobody sees. All ones: the count is that of zip64.
        Ok(Some(told)) if told != u16::MAX && usize::from(told) != archive.len() => {
            let twice = place.problem(ProblemKind::ArchiveDamaged).with(told, archive.len());
            report.problem(twice.detail("members of one name"));
        }
        Ok(Some(_)) => {}
        Ok(None) => report.problem(place.problem(ProblemKind::TrailingBytes)),
        Err(error) => report.problem(place.problem(ProblemKind::CannotRead).detail(error.to_string())),
    }
    let mut spans = Vec::new();
    let (mut bytes, mut sealed) = (0u64, 0u64);
    let count = archive.len();
    let mut local = File::open(place.file).map_err(|error| files::io(place.file, &error))?;
    for i in 0..count {
        watch.tick()?;
        match member(&mut archive, i, &mut local, &mut spans, place, report, watch) {
            Ok(Some(size)) => bytes = bytes.saturating_add(size),
            Ok(None) => sealed += 1,
            Err(Stop::Cancelled(error)) => return Err(error),
            Err(Stop::Io(error)) => {
                report.problem(place.problem(ProblemKind::ArchiveDamaged).detail(error.to_string()));
            }
            Err(Stop::Told) => {}
        }
    }
    overlaps(&mut spans, place, report);
    if sealed > 0 {
        report.problem(place.problem(ProblemKind::Encrypted).detail(format!("{sealed} / {count}")));
    }
    told(report, "zip", place, &[("members", count.to_string()), ("bytes", bytes.to_string())]);
    Ok(())
}

/// Members that share bytes: a bomb, or a directory that was tampered with.
fn overlaps(spans: &mut [(u64, u64)], place: &Place<'_>, report: &mut Report) {
    spans.sort_unstable();
    let mut end = 0;
    for (at, behind) in spans {
        if *at < end {
            report.problem(place.problem(ProblemKind::ArchiveDamaged).at(*at).detail("members overlap"));
        }
        end = end.max(*behind);
    }
}

/// The end record, with its comment, ends where the file does; how many members it speaks of, if it can.
fn end_at(place: &Place<'_>, len: u64, comment: u64) -> io::Result<Option<u16>> {
    let Some(at) = len.checked_sub(END + comment) else { return Ok(None) };
    let mut file = File::open(place.file)?;
    file.seek(SeekFrom::Start(at))?;
    let mut end = [0; END as usize];
    file.read_exact(&mut end)?;
    Ok(end.starts_with(b"PK\x05\x06").then(|| u16::from_le_bytes([end[10], end[11]])))
}

/// Unpacks a member; none: it is encrypted.
fn member(
    archive: &mut ZipArchive<io::BufReader<File>>,
    i: usize,
    local: &mut File,
    spans: &mut Vec<(u64, u64)>,
    place: &Place<'_>,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> std::result::Result<Option<u64>, Stop> {
    let (name, raw, at, encrypted, size, packed, link) = {
        let entry = archive.by_index_raw(i).map_err(io::Error::other)?;
        (
            entry.name().map(|n| n.into_owned()).map_err(io::Error::other)?,
            entry.name_raw().to_vec(),
            entry.header_start(),
            entry.encrypted(),
            entry.size(),
            entry.compressed_size(),
            entry.is_symlink(),
        )
    };
    let plain = name.trim_end_matches('/');
    if let Some(why) = refused(plain) {
        report.problem(place.problem(ProblemKind::UnsafePath).at(at).detail(format!("{name}: {why}")));
    }
    // The local head names the member too: a reader that goes from the front would see that one.
    let mut head = [0; 30];
    local.seek(SeekFrom::Start(at))?;
    local.read_exact(&mut head)?;
    let mut there = vec![0; usize::from(u16::from_le_bytes([head[26], head[27]]))];
    local.read_exact(&mut there)?;
    let extra = u64::from(u16::from_le_bytes([head[28], head[29]]));
    let begin = at.saturating_add(30 + there.len() as u64 + extra);
    spans.push((at, begin.saturating_add(packed)));
    if link {
        report.problem(place.problem(ProblemKind::LinkRefused).at(at).detail(name.clone()));
    }
    if there != raw {
        report.problem(
            place
                .problem(ProblemKind::ArchiveDamaged)
                .at(at)
                .with(&name, String::from_utf8_lossy(&there))
                .detail("the name in the local head"),
        );
    }
    if encrypted {
        return Ok(None);
    }
    let mut entry = match archive.by_index(i) {
        Ok(entry) => entry,
        Err(error @ (ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_))) => {
            // Sound, as far as is known.
            report.problem(place.problem(ProblemKind::CannotRead).at(at).detail(format!("{name}: {error}")));
            return Err(Stop::Told);
        }
        Err(error) => {
            told(report, "zip", place, &[]);
            report.problem(
                place.problem(ProblemKind::ArchiveDamaged).at(at).detail(format!("{name}: {error}")),
            );
            return Err(Stop::Told);
        }
    };
    let mut block = vec![0; BLOCK];
    let mut read = 0u64;
    loop {
        match entry.read(&mut block) {
            Ok(0) => break,
            Ok(n) => {
                read += n as u64;
                watch.reading(n as u64).map_err(|stop| io::Error::other(Stopped(stop)))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                // A method that is not known here says nothing against the member.
                let unknown = error.kind() == io::ErrorKind::Unsupported;
                let kind = if unknown { ProblemKind::CannotRead } else { ProblemKind::ArchiveDamaged };
                report.problem(place.problem(kind).at(at).detail(format!("{name}: {error}")));
                return Err(Stop::Told);
            }
        }
    }
    if read != size {
        report.problem(place.problem(ProblemKind::SizeMismatch).at(at).with(size, read).detail(name));
    }
    Ok(Some(read))
}
