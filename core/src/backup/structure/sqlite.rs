//! SQLite: its head against its length, then its own checks on a copy-free, read-only view that takes no lock and writes nothing.

use super::{Place, told};
use crate::backup::report::ProblemKind;
use crate::backup::{Report, Watch, files};
use crate::error::{Code, Error, Result};
use crate::ledger::db::APPLICATION_ID;
use rusqlite::{Connection, OpenFlags};
use std::io::Read;
use std::path::Path;

/// Lines of `integrity_check` and rows of `foreign_key_check` that are told.
const TOLD: usize = 100;
/// Write version of a file that keeps a log beside it.
const LOGGED: u8 = 2;
/// Steps of the engine between two looks at the stop.
const STEPS: i32 = 20_000;

pub(super) fn check(place: &Place<'_>, len: u64, report: &mut Report, watch: &mut Watch<'_>) -> Result<()> {
    let mut head = [0; 100];
    let read = files::open(place.file).ok().and_then(|(mut file, _)| file.read_exact(&mut head).ok());
    if read.is_none() {
        report.problem(place.problem(ProblemKind::Cut).with(100, len));
        return Ok(());
    }
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    // A snapshot keeps no log beside it, and is what a backup of a ledger is.
    if number(68) == APPLICATION_ID as u32 && head[18] == LOGGED {
        let ledger = place.problem(ProblemKind::LiveLedger);
        report.problem(ledger.detail("opsledger snapshot"));
        told(report, "sqlite", place, &[]);
        return Ok(());
    }
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        n => u64::from(n),
    };
    if !page.is_power_of_two() || page < 512 {
        report.problem(
            place.problem(ProblemKind::DatabaseDamaged).at(16).detail(format!("pages of {page} bytes")),
        );
        return Ok(());
    }
    // The count of pages holds where the last writer wrote it.
    let pages = u64::from(number(28));
    let counted = pages > 0 && number(24) == number(92);
    if counted && pages * page != len {
        let kind = if pages * page > len { ProblemKind::Cut } else { ProblemKind::TrailingBytes };
        report.problem(place.problem(kind).with(pages * page, len));
    } else if !counted && !len.is_multiple_of(page) {
        report.problem(place.problem(ProblemKind::Cut).with(len.next_multiple_of(page), len));
    }
    for (end, what) in [("-wal", "WAL"), ("-journal", "journal")] {
        let mut beside = place.file.as_os_str().to_owned();
        beside.push(end);
        if std::fs::symlink_metadata(&beside).is_ok_and(|m| m.len() > 0) {
            report.problem(place.problem(ProblemKind::DatabaseUnsettled).detail(what));
        }
    }
    engine(place, page, report, watch)
}

/// True for the log, its index or the journal of a database that lies beside it.
pub(super) fn is_beside_database(file: &Path) -> bool {
    let Some(name) = file.file_name().and_then(|n| n.to_str()) else { return false };
    let base = ["-wal", "-shm", "-journal"].iter().find_map(|end| name.strip_suffix(end));
    let mut magic = [0; 16];
    let starts = |base: &str| files::open(&file.with_file_name(base)).ok()?.0.read_exact(&mut magic).ok();
    base.and_then(starts).is_some() && &magic == b"SQLite format 3\0"
}

/// What the engine itself says.
fn engine(place: &Place<'_>, page: u64, report: &mut Report, watch: &mut Watch<'_>) -> Result<()> {
    let damaged =
        |error: &rusqlite::Error| place.problem(ProblemKind::DatabaseDamaged).detail(error.to_string());
    // With an authority that is empty: two slashes at a path's start would be taken for one that is not.
    let whole = std::path::absolute(place.file).unwrap_or_else(|_| place.file.to_owned());
    let mut uri = String::from("file://");
    for byte in whole.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte))
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = match Connection::open_with_flags(&uri, flags) {
        Ok(db) => db,
        Err(error) => {
            report.problem(damaged(&error));
            return Ok(());
        }
    };
    watch.tick()?;
    let shared = watch.shared().clone();
    let watching = db.progress_handler(STEPS, Some(move || shared.stopped()));
    let asked = watching.and_then(|()| ask(&db, place, report));
    watch.tick()?;
    match asked {
        Ok((tables, encoding)) => {
            told(
                report,
                "sqlite",
                place,
                &[("tables", tables.to_string()), ("page", page.to_string()), ("encoding", encoding)],
            );
        }
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            return Err(Error::new(Code::Cancelled, ""));
        }
        Err(error) => report.problem(damaged(&error)),
    }
    Ok(())
}

fn ask(db: &Connection, place: &Place<'_>, report: &mut Report) -> rusqlite::Result<(u64, String)> {
    // Views and functions of a hostile schema are not run.
    db.pragma_update(None, "trusted_schema", false)?;
    let mut statement = db.prepare(&format!("PRAGMA integrity_check({TOLD})"))?;
    let mut lines = statement.query([])?;
    while let Some(row) = lines.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            report.problem(place.problem(ProblemKind::DatabaseDamaged).detail(line));
        }
    }
    drop(lines);
    let mut statement = db.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    let mut loose = 0u64;
    while let Some(row) = rows.next()? {
        loose += 1;
        if loose <= TOLD as u64 {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            let id: Option<i64> = row.get(1)?;
            let id = id.map_or_else(|| "?".to_owned(), |id| id.to_string());
            report
                .problem(place.problem(ProblemKind::ForeignKey).detail(format!("{table} {id} -> {parent}")));
        }
    }
    let tables = db.query_row("SELECT count(*) FROM sqlite_master WHERE type = 'table'", [], |row| {
        row.get::<_, i64>(0)
    })?;
    let encoding = db.query_row("PRAGMA encoding", [], |row| row.get(0))?;
    Ok((u64::try_from(tables).unwrap_or(0), encoding))
}
