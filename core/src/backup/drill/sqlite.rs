//! SQLite files: copied, opened for themselves alone, checked by SQLite.

use super::set::head;
use super::{Done, Drill, expect};
use crate::backup::files::io;
use crate::backup::{Level, Problem, ProblemKind};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};

/// Lines of a check that are reported at most.
const LINES: usize = 100;

pub(super) fn restore(drill: &mut Drill<'_, '_>) -> Done<()> {
    drill.detail.engine = "sqlite".into();
    drill.detail.version = Some(rusqlite::version().to_owned());
    let mut databases = Vec::new();
    for file in &drill.set.files {
        let mark = |end: &str| file.shown.ends_with(end);
        if !(mark("-wal") || mark("-shm") || mark("-journal"))
            && head(&file.path)?.starts_with(b"SQLite format 3\0")
        {
            databases.push(file.clone());
        }
    }
    if databases.is_empty() {
        return Err(drill.failed("", "no SQLite database"));
    }
    let folder = drill.scratch.folder("sqlite")?;
    let mut sources = Vec::new();
    for (n, file) in databases.iter().enumerate() {
        let copy = folder.join(format!("{}.db", n + 1));
        drill.step("copy", true, |drill| {
            super::archive::copy(drill, &file.path, &copy)?;
            for end in ["-wal", "-journal"] {
                let beside = with_end(&file.path, end);
                if beside.is_file() {
                    super::archive::copy(drill, &beside, &with_end(&copy, end))?;
                }
            }
            Ok(())
        })?;
        drill.step("engine-checks", true, |drill| check(drill, &file.shown, &copy))?;
        sources.push((file.shown.clone(), format!("sqlite:{}", copy.display())));
    }
    drill.step("compare", false, |drill| expect::compare(drill, &sources))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn check(drill: &mut Drill<'_, '_>, shown: &str, copy: &Path) -> Done<()> {
    // The copy is ours: opened for writing once, so that a write-ahead log or a hot journal goes in; read-only from then on.
    let recovered = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|db| {
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        db.query_row("PRAGMA journal_mode=DELETE", [], |_| Ok(()))
    });
    if let Err(error) = recovered {
        return Err(drill.failed(shown, &error.to_string()));
    }
    let url = format!("file:{}?immutable=1", super::postgres::percent(&copy.to_string_lossy()));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let mut db = match Connection::open_with_flags(url, flags) {
        Ok(db) => db,
        Err(error) => return Err(drill.failed(shown, &error.to_string())),
    };
    let stop = drill.watch.shared().clone();
    db.progress_handler(100_000, Some(move || stop.stopped())).map_err(|error| sqlite(copy, &error))?;
    let mut sound = true;
    for pragma in ["PRAGMA integrity_check(100)", "PRAGMA foreign_key_check"] {
        drill.watch.tick()?;
        let lines = lines(&db, pragma);
        drill.watch.tick()?;
        match lines {
            Ok(lines) if lines.is_empty() || lines == ["ok"] => {}
            Ok(lines) => {
                sound = false;
                for line in lines {
                    drill.report.problem(
                        Problem::new(ProblemKind::EngineCheckFailed, shown)
                            .detail(format!("{pragma}: {line}")),
                    );
                }
            }
            Err(error) => {
                sound = false;
                let detail = format!("{pragma}: {error}");
                drill.report.problem(Problem::new(ProblemKind::EngineCheckFailed, shown).detail(detail));
            }
        }
    }
    if sound {
        drill.report.check(Level::L3, "sqlite", Some(shown), &[("bytes", size(copy)?.to_string())]);
    }
    Ok(())
}

fn lines(db: &Connection, pragma: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare(pragma)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let mut line = Vec::new();
        for i in 0..columns {
            line.push(match row.get_ref(i)? {
                rusqlite::types::ValueRef::Null => "NULL".to_owned(),
                rusqlite::types::ValueRef::Integer(n) => n.to_string(),
                rusqlite::types::ValueRef::Text(t) => String::from_utf8_lossy(t).into_owned(),
                _ => "?".to_owned(),
            });
        }
        Ok(line.join(" "))
    })?;
    rows.take(LINES).collect()
}

fn size(path: &Path) -> Done<u64> {
    Ok(std::fs::metadata(path).map_err(|error| io(path, &error))?.len())
}

fn sqlite(path: &Path, error: &rusqlite::Error) -> crate::error::Error {
    crate::error::Error::new(crate::error::Code::Io, format!("{}: {error}", path.display()))
}
