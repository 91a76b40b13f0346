//! The structure of dumps, archives and databases, to the very last byte (L2). In: a file. Out: what it is, what was counted in
//! it, and every problem. One file a format; what is compressed is looked through, never unpacked to disk.

mod compressed;
mod mysql;
mod pg_custom;
mod pg_plain;
mod sql;
mod sqlite;
mod stream;
mod tar;
mod text;
mod zip;

use super::files;
use super::report::{Problem, ProblemKind};
use super::{Kind, Level, Report, Watch};
use crate::error::Result;
use std::path::Path;
use stream::{Head, Raw, Stop};

/// Compressed in compressed in compressed: no backup tool does more.
const MAX_DEPTH: u32 = 4;

/// What a file's first bytes say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Gzip,
    Zstd,
    Xz,
    Lz4,
    Tar,
    Zip,
    Sqlite,
    PgCustom,
    PgPlain,
    PgCluster,
    Mysql,
    Other,
}

/// Where a check stands: the file's name in the report, and what its set holds.
struct Place<'a> {
    shown: &'a str,
    file: &'a Path,
    kind: Kind,
    depth: u32,
}

impl Place<'_> {
    fn problem(&self, kind: ProblemKind) -> Problem {
        Problem::new(kind, self.shown)
    }
}

/// Checks one file; `shown` is its name in the report, `kind` what its set holds.
pub(super) fn check(
    file: &Path,
    shown: &str,
    kind: Kind,
    report: &mut Report,
    watch: &mut Watch<'_>,
) -> Result<()> {
    let place = Place { shown, file, kind, depth: 0 };
    let (opened, meta) = match files::open(file) {
        Ok(opened) => opened,
        Err(files::Outcome::Refused(error)) => {
            report.problem(place.problem(ProblemKind::CannotRead).detail(error.to_string()));
            return Ok(());
        }
        // What is not there, or no file, is said where names are compared.
        Err(_) => return Ok(()),
    };
    let mut raw = Raw::new(opened, watch);
    let mut head = Head::new(&mut raw);
    let format = match head.peek() {
        Ok(first) => sniff(first),
        Err(error) => return ended(error, &place, report),
    };
    let done = match format {
        Format::Zip | Format::Sqlite => {
            drop(head);
            drop(raw);
            return match format {
                Format::Zip => zip::check(&place, report, watch),
                _ => sqlite::check(&place, meta.len(), report, watch),
            };
        }
        _ => inspect(format, &mut head, &place, report),
    };
    match done {
        Ok(()) => {
            if meta.len() == 0 && demands(kind) {
                told(report, "format", &place, &[]);
                report.problem(place.problem(ProblemKind::Empty));
            }
            Ok(())
        }
        Err(stop) => ended(stop, &place, report),
    }
}

/// A reading that ended early: the caller's stop, a problem told already, or the system's error.
fn ended(stop: Stop, place: &Place<'_>, report: &mut Report) -> Result<()> {
    match stop {
        Stop::Cancelled(error) => Err(error),
        Stop::Told => Ok(()),
        Stop::Io(error) => {
            report.problem(place.problem(ProblemKind::CannotRead).detail(error.to_string()));
            Ok(())
        }
    }
}

/// The kinds whose files must have a structure.
fn demands(kind: Kind) -> bool {
    matches!(kind, Kind::PostgresDump | Kind::MysqlDump | Kind::Sqlite | Kind::Archive)
}

/// Looks through a stream of a format; all of it is read, unless it is of no known structure.
fn inspect(
    format: Format,
    head: &mut Head<'_>,
    place: &Place<'_>,
    report: &mut Report,
) -> std::result::Result<(), Stop> {
    match format {
        Format::Gzip | Format::Zstd | Format::Xz | Format::Lz4 => {
            compressed::check(format, head, place, report)
        }
        Format::Tar => tar::check(head, place, report),
        Format::PgCustom => pg_custom::check(head, place, report),
        Format::PgPlain => pg_plain::check(head, place, report, false),
        Format::PgCluster => pg_plain::check(head, place, report, true),
        Format::Mysql => mysql::check(head, place, report),
        Format::Zip | Format::Sqlite => {
            // Inside a compressed file these cannot be read from their end; their digest stands for them.
            report.leave_out(
                place.shown,
                "压缩文件内的 zip 或 SQLite 未作结构校验",
                "a zip or SQLite file inside a compressed one is not looked into",
            );
            Ok(())
        }
        Format::Other if place.kind == Kind::MysqlDump && !head.peek()?.is_empty() => {
            mysql::check(head, place, report)
        }
        Format::Other => other(head, place, report),
    }
}

/// A content without a structure of its own.
fn other(head: &mut Head<'_>, place: &Place<'_>, report: &mut Report) -> std::result::Result<(), Stop> {
    let wanted = match place.kind {
        Kind::PostgresDump => "pg_dump, pg_dumpall",
        Kind::Sqlite => "SQLite",
        Kind::Archive if place.depth == 0 => "tar, zip, gzip, zstd, xz, lz4",
        _ => return Ok(()),
    };
    if head.peek()?.is_empty() {
        return Ok(());
    }
    // Beside a dump lie its list of contents, its data files: only a whole set without one is wrong, which the caller sees.
    if pg_custom::is_part_of_directory(place.file) || sqlite::is_beside_database(place.file) {
        return Ok(());
    }
    told(report, "format", place, &[]);
    report.problem(place.problem(ProblemKind::OtherFormat).with(wanted, "?"));
    Ok(())
}

fn sniff(first: &[u8]) -> Format {
    let starts = |magic: &[u8]| first.starts_with(magic);
    if starts(b"\x1f\x8b") {
        return Format::Gzip;
    }
    let skippable = first.len() >= 4 && first[0] & 0xf0 == 0x50 && first[1..4] == [0x2a, 0x4d, 0x18];
    if starts(b"\x28\xb5\x2f\xfd") || skippable {
        return Format::Zstd;
    }
    if starts(b"\xfd7zXZ\0") {
        return Format::Xz;
    }
    if starts(b"\x04\x22\x4d\x18") {
        return Format::Lz4;
    }
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        return Format::Zip;
    }
    if starts(b"SQLite format 3\0") {
        return Format::Sqlite;
    }
    if starts(b"PGDMP") {
        return Format::PgCustom;
    }
    if tar::is_tar(first) {
        return Format::Tar;
    }
    text::sniff(first)
}

/// A level's check of this file.
fn told(report: &mut Report, name: &str, place: &Place<'_>, figures: &[(&str, String)]) {
    report.check(Level::L2, name, Some(place.shown), figures);
}
