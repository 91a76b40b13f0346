//! One connection to the ledger's file. The only place with SQL on it. In: rows. Out: rows, and SQLite's errors as ours.

use super::files;
use super::head::{self, NO_PREV};
use super::{Head, Record};
use crate::error::{Code, Error, Result, err};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, ffi};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// "OPSL" in the file's header.
pub(crate) const APPLICATION_ID: i32 = 0x4f50_534c;
/// The newest format this library reads and writes.
pub(super) const FORMAT: i32 = 1;
/// How long a reader waits for another process that recovers the file or changes its schema.
const READER_PATIENCE: Duration = Duration::from_secs(30);
const WRITER_CACHE_KIB: i64 = 16 << 10;

/// Everything of format 1 that speaks of entries: (type, name, statement), as it must stand in the schema.
pub(super) const SCHEMA: [(&str, &str, &str); 3] = [
    ("table", "entry", "CREATE TABLE entry(seq INTEGER PRIMARY KEY, head TEXT NOT NULL, fact TEXT NOT NULL)"),
    (
        "trigger",
        "entry_keep",
        "CREATE TRIGGER entry_keep BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END",
    ),
    (
        "trigger",
        "entry_same",
        "CREATE TRIGGER entry_same BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END",
    ),
];

/// Lookup tables: can be rebuilt from the entries, and are no part of the proof.
const SIDE_TABLES: &str = "
    CREATE TABLE IF NOT EXISTS side_run(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, head TEXT NOT NULL,
        buckets INTEGER NOT NULL, filter BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS side_bucket(id INTEGER PRIMARY KEY, data BLOB NOT NULL);";

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Make the file if there is none.
    Create,
    /// Append.
    Write,
    /// Read a file that others may write.
    Read,
    /// Read a file in a folder where SQLite can make no side files.
    Frozen,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    Ledger,
    /// A file without content.
    Empty,
}

/// A row of `side_run`.
pub(super) struct RunRow {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) head: String,
    pub(super) buckets: u64,
    pub(super) filter: Vec<u8>,
}

/// A connection. In a forked child it is never closed: closing would drop the parent's locks.
pub(super) struct Db {
    conn: ManuallyDrop<Connection>,
    path: PathBuf,
    pid: u32,
}

impl Drop for Db {
    fn drop(&mut self) {
        if self.pid == std::process::id() {
            // SAFETY: dropped once, here, and not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.conn) };
        }
    }
}

impl Db {
    /// Opens a connection. SQLite reads nothing of the file before the first statement.
    pub(super) fn open(path: &Path, mode: Mode) -> Result<Db> {
        if mode != Mode::Create && files::id(path)?.is_none() {
            return err(Code::NotFound, path.display().to_string());
        }
        let flags = match mode {
            Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            Mode::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Mode::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Mode::Frozen => OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        } | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = match mode {
            Mode::Frozen => Connection::open_with_flags(frozen_uri(path), flags),
            _ => Connection::open_with_flags(path, flags),
        };
        let conn = opened.map_err(|e| translate(&e, 0, path))?;
        let db = Db { conn: ManuallyDrop::new(conn), path: path.to_owned(), pid: std::process::id() };
        db.harden().map_err(|e| db.fail(&e))?;
        Ok(db)
    }

    /// A file from elsewhere may hold anything in its schema: nothing of it runs with more rights than a plain query.
    fn harden(&self) -> rusqlite::Result<()> {
        self.conn.busy_timeout(READER_PATIENCE)?;
        self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        self.conn.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        Ok(())
    }

    /// SQLite's error as ours.
    pub(super) fn fail(&self, e: &rusqlite::Error) -> Error {
        // SAFETY: the handle is open, and only read.
        let errno = unsafe { ffi::sqlite3_system_errno(self.conn.handle()) };
        translate(e, errno, &self.path)
    }

    fn run(&self, statements: &str) -> Result<()> {
        self.conn.execute_batch(statements).map_err(|e| self.fail(&e))
    }

    fn one<T: rusqlite::types::FromSql>(&self, query: &str) -> Result<T> {
        let get = || self.conn.prepare_cached(query)?.query_row([], |r| r.get(0));
        get().map_err(|e| self.fail(&e))
    }

    /// Says whether the file is a ledger of a format this library knows; reads, never writes.
    ///
    /// # Errors
    /// `not-a-ledger`, `ledger-version`.
    pub(super) fn identify(&self) -> Result<Identity> {
        let not = |detail: &str| err(Code::NotALedger, format!("{}{detail}", self.path.display()));
        let application: i32 = self.one("PRAGMA application_id")?;
        let format: i32 = self.one("PRAGMA user_version")?;
        let objects: i64 = self.one("SELECT count(*) FROM sqlite_schema")?;
        if application == 0 && format == 0 && objects == 0 {
            return Ok(Identity::Empty);
        }
        if application != APPLICATION_ID {
            return not("");
        }
        if format > FORMAT {
            return err(Code::LedgerVersion, format!("{}: {format} > {FORMAT}", self.path.display()));
        }
        let tables: i64 =
            self.one("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'entry'")?;
        if format < 1 || tables != 1 {
            return not(": no table \"entry\"");
        }
        Ok(Identity::Ledger)
    }

    /// Makes an empty file a ledger.
    pub(super) fn create(&self) -> Result<()> {
        self.wal()?;
        self.run("BEGIN IMMEDIATE")?;
        let make = || {
            if self.identify()? == Identity::Ledger {
                return Ok(());
            }
            for (_, _, statement) in SCHEMA {
                self.run(statement)?;
            }
            self.run(SIDE_TABLES)?;
            self.run(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}"))
        };
        self.end(make())
    }

    /// Sees to it that the file is in WAL mode; a snapshot is not.
    pub(super) fn wal(&self) -> Result<()> {
        let mode: String = self.one("PRAGMA journal_mode = WAL")?;
        if mode == "wal" {
            return Ok(());
        }
        err(Code::Io, format!("{}: SQLite's journal mode stays {mode}, not WAL", self.path.display()))
    }

    /// Readies the connection for appending.
    pub(super) fn prepare_writer(&self) -> Result<()> {
        self.run(&format!("PRAGMA cache_size = -{WRITER_CACHE_KIB}; PRAGMA wal_autocheckpoint = 0"))?;
        self.run(SIDE_TABLES)
    }

    /// Forbids this connection to write.
    pub(super) fn only_read(&self) -> Result<()> {
        self.run("PRAGMA query_only = ON")
    }

    pub(super) fn set_sync(&self, sync: bool) -> Result<()> {
        self.run(if sync { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" })
    }

    pub(super) fn set_patience(&self, wait: Duration) -> Result<()> {
        self.conn.busy_timeout(wait).map_err(|e| self.fail(&e))
    }

    /// Starts a write transaction; the file's format is checked again, since another process may have brought it to a newer one.
    pub(super) fn begin(&self) -> Result<()> {
        self.rollback(); // only after a panic is there anything to roll back
        self.step("BEGIN IMMEDIATE")?;
        let format: Result<i32> = self.one("PRAGMA user_version");
        match format {
            Ok(FORMAT) => Ok(()),
            Ok(other) => {
                self.rollback();
                err(Code::LedgerVersion, format!("{}: {other} > {FORMAT}", self.path.display()))
            }
            Err(e) => {
                self.rollback();
                Err(e)
            }
        }
    }

    /// Starts a transaction that sees one state of the file until [`Db::rollback`].
    pub(super) fn begin_read(&self) -> Result<()> {
        self.step("BEGIN")
    }

    pub(super) fn commit(&self) -> Result<()> {
        self.step("COMMIT").inspect_err(|_| self.rollback())
    }

    pub(super) fn rollback(&self) {
        if !self.conn.is_autocommit()
            && let Err(e) = self.step("ROLLBACK")
        {
            tracing::error!("cannot roll back: {e}");
        }
    }

    /// Ends a write transaction by how its content went.
    pub(super) fn end<T>(&self, content: Result<T>) -> Result<T> {
        match content {
            Ok(value) => self.commit().map(|()| value),
            Err(e) => {
                self.rollback();
                Err(e)
            }
        }
    }

    fn step(&self, statement: &str) -> Result<()> {
        let step = || self.conn.prepare_cached(statement)?.execute([]);
        step().map(|_| ()).map_err(|e| self.fail(&e))
    }

    /// A number that changes when another connection commits.
    pub(super) fn data_version(&self) -> Result<i64> {
        self.one("PRAGMA data_version")
    }

    /// The number of the last entry; 0 when there is none.
    pub(super) fn last_seq(&self) -> Result<u64> {
        let seq: Option<i64> = self.one("SELECT max(seq) FROM entry")?;
        Ok(seq.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }

    /// The last entry.
    ///
    /// # Errors
    /// `corrupt` when its head line is none.
    pub(super) fn last(&self) -> Result<Head> {
        let get = || {
            self.conn
                .prepare_cached("SELECT seq, head FROM entry ORDER BY seq DESC LIMIT 1")?
                .query_row([], |r| Ok((r.get(0)?, text(r.get_ref(1)?))))
                .optional()
        };
        let row: Option<(i64, Option<String>)> = get().map_err(|e| self.fail(&e))?;
        match row {
            None => Ok(Head { seq: 0, recorded_at: i64::MIN, sm3: NO_PREV.to_owned() }),
            Some((seq, Some(line))) => head_of(seq, &line),
            Some((seq, None)) => corrupt(seq, "the head is not text"),
        }
    }

    /// The head of entry `seq`.
    pub(super) fn head_at(&self, seq: u64) -> Result<Option<Head>> {
        let Some(record) = self.row(seq)? else { return Ok(None) };
        head_of(record.seq as i64, &record.head).map(Some)
    }

    /// The row of entry `seq`.
    pub(super) fn row(&self, seq: u64) -> Result<Option<Record>> {
        let get = || {
            self.conn
                .prepare_cached("SELECT head, fact FROM entry WHERE seq = ?1")?
                .query_row([seq as i64], |r| Ok((text(r.get_ref(0)?), text(r.get_ref(1)?))))
                .optional()
        };
        match get().map_err(|e| self.fail(&e))? {
            None => Ok(None),
            Some((Some(head), Some(fact))) => Ok(Some(Record { seq, head, fact })),
            Some(_) => corrupt(seq as i64, "head or fact is not text"),
        }
    }

    /// Hands the rows from `from` on to `each`, in order, at most `limit`, until it answers false. A value that is not text
    /// comes as `None`.
    pub(super) fn rows(
        &self,
        from: i64,
        limit: u64,
        mut each: impl FnMut(i64, Option<&[u8]>, Option<&[u8]>) -> Result<bool>,
    ) -> Result<()> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT seq, head, fact FROM entry WHERE seq >= ?1 ORDER BY seq LIMIT ?2")
            .map_err(|e| self.fail(&e))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query([from, limit]).map_err(|e| self.fail(&e))?;
        while let Some(row) = rows.next().map_err(|e| self.fail(&e))? {
            let get = || -> rusqlite::Result<_> { Ok((row.get(0)?, row.get_ref(1)?, row.get_ref(2)?)) };
            let (seq, head, fact) = get().map_err(|e| self.fail(&e))?;
            if !each(seq, bytes(head), bytes(fact))? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn insert(&self, seq: u64, head: &str, fact: &str) -> Result<()> {
        let insert = || {
            self.conn
                .prepare_cached("INSERT INTO entry(seq, head, fact) VALUES(?1, ?2, ?3)")?
                .execute((seq as i64, head, fact))
        };
        insert().map(|_| ()).map_err(|e| self.fail(&e))
    }

    /// What the schema says about the table of entries, in order of type and name.
    pub(super) fn schema(&self) -> Result<Vec<(String, String, String)>> {
        let get = || -> rusqlite::Result<Vec<_>> {
            self.conn
                .prepare(
                    "SELECT type, name, sql FROM sqlite_schema
                     WHERE tbl_name = 'entry' COLLATE NOCASE AND type <> 'index' ORDER BY type, name",
                )?
                .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
                .collect()
        };
        get().map_err(|e| self.fail(&e))
    }

    /// Lookup runs, by their first entry; none where the tables are missing.
    pub(super) fn runs(&self) -> Result<Vec<RunRow>> {
        let tables: i64 = self.one(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('side_run', 'side_bucket')",
        )?;
        if tables != 2 {
            return Ok(Vec::new());
        }
        let get = || -> rusqlite::Result<Vec<_>> {
            self.conn
                .prepare_cached("SELECT first, last, head, buckets, filter FROM side_run ORDER BY first")?
                .query_map([], |r| {
                    Ok(RunRow {
                        first: r.get::<_, i64>(0)? as u64,
                        last: r.get::<_, i64>(1)? as u64,
                        head: r.get(2)?,
                        buckets: r.get::<_, i64>(3)? as u64,
                        filter: r.get(4)?,
                    })
                })?
                .collect()
        };
        get().map_err(|e| self.fail(&e))
    }

    /// First and last entry and number of buckets of each lookup run, by its first entry.
    pub(super) fn run_spans(&self) -> Result<Vec<(u64, u64, u64)>> {
        let get = || -> rusqlite::Result<Vec<_>> {
            let number = |r: &rusqlite::Row<'_>, i| r.get::<_, i64>(i).map(|n| n as u64);
            self.conn
                .prepare_cached("SELECT first, last, buckets FROM side_run ORDER BY first")?
                .query_map([], |r| Ok((number(r, 0)?, number(r, 1)?, number(r, 2)?)))?
                .collect()
        };
        get().map_err(|e| self.fail(&e))
    }

    pub(super) fn put_run(&self, run: &RunRow) -> Result<()> {
        let put = || {
            self.conn
                .prepare_cached(
                    "INSERT INTO side_run(first, last, head, buckets, filter) VALUES(?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((run.first as i64, run.last as i64, &run.head, run.buckets as i64, &run.filter))
        };
        put().map(|_| ()).map_err(|e| self.fail(&e))
    }

    pub(super) fn put_bucket(&self, id: i64, data: &[u8]) -> Result<()> {
        let put = || {
            self.conn.prepare_cached("INSERT INTO side_bucket(id, data) VALUES(?1, ?2)")?.execute((id, data))
        };
        put().map(|_| ()).map_err(|e| self.fail(&e))
    }

    /// Hands the buckets of the ids `from..=to` to `each`, in order.
    pub(super) fn buckets(&self, from: i64, to: i64, mut each: impl FnMut(i64, &[u8])) -> Result<()> {
        let mut read = || {
            let mut statement = self
                .conn
                .prepare_cached("SELECT id, data FROM side_bucket WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
            let mut rows = statement.query([from, to])?;
            while let Some(row) = rows.next()? {
                let data = row.get_ref(1)?;
                each(row.get(0)?, data.as_blob().unwrap_or_default());
            }
            Ok(())
        };
        read().map_err(|e| self.fail(&e))
    }

    /// Removes a run and its buckets `from..=to`.
    pub(super) fn drop_run(&self, first: u64, from: i64, to: i64) -> Result<()> {
        let drop = || {
            self.conn
                .prepare_cached("DELETE FROM side_bucket WHERE id BETWEEN ?1 AND ?2")?
                .execute([from, to])?;
            self.conn.prepare_cached("DELETE FROM side_run WHERE first = ?1")?.execute([first as i64])
        };
        drop().map(|_| ()).map_err(|e| self.fail(&e))
    }

    /// Empties the lookup tables, so that they are built anew.
    pub(super) fn clear_side(&self) -> Result<()> {
        self.run("DROP TABLE IF EXISTS side_run; DROP TABLE IF EXISTS side_bucket;")?;
        self.run(SIDE_TABLES)
    }

    /// Size of the WAL's file.
    pub(super) fn wal_bytes(&self) -> u64 {
        std::fs::metadata(files::beside(&self.path, "-wal")).map_or(0, |m| m.len())
    }

    /// Copies what it can from the WAL into the file; waits for nobody.
    pub(super) fn checkpoint(&self) {
        self.try_checkpoint("PRAGMA wal_checkpoint(PASSIVE)");
    }

    /// Copies everything and makes the WAL empty, if no reader stands in the way.
    pub(super) fn truncate_wal(&self) {
        let _ = self.conn.busy_timeout(Duration::ZERO);
        self.try_checkpoint("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    fn try_checkpoint(&self, statement: &str) {
        let done = || self.conn.prepare_cached(statement)?.query_row([], |_| Ok(()));
        // What could not be copied now is copied later; nothing depends on it.
        if let Err(e) = done() {
            tracing::warn!("checkpoint: {}", self.fail(&e));
        }
    }

    /// Writes a compact copy to `path`, which must not exist.
    pub(super) fn vacuum_into(&self, path: &str) -> Result<()> {
        // The copy is a second database of the statement, and written.
        self.run("PRAGMA query_only = OFF")?;
        let copy = || {
            self.conn.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_ATTACHED, 1)?;
            self.conn.execute("VACUUM main INTO ?1", [path])
        };
        let done = copy().map(|_| ()).map_err(|e| self.fail(&e));
        self.conn.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(|e| self.fail(&e))?;
        self.only_read()?;
        done
    }

    /// The connection itself, for queries of the caller's.
    pub(super) fn raw(&mut self) -> &mut Connection {
        &mut self.conn
    }

    /// Closes the connection without touching the files: they may be others' by now.
    pub(super) fn abandon(self) {
        let _ = self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
    }
}

fn bytes(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Text(bytes) => Some(bytes),
        _ => None,
    }
}

fn text(value: ValueRef<'_>) -> Option<String> {
    Some(std::str::from_utf8(bytes(value)?).ok()?.to_owned())
}

fn head_of(seq: i64, line: &str) -> Result<Head> {
    match head::parse(line) {
        Some(parts) if i64::try_from(parts.seq) == Ok(seq) => {
            Ok(Head { seq: parts.seq, recorded_at: parts.recorded_at, sm3: head::digest(line) })
        }
        _ => corrupt(seq, "the head is not that of this entry"),
    }
}

pub(super) fn corrupt<T>(seq: i64, what: &str) -> Result<T> {
    err(Code::Corrupt, format!("entry {seq}: {what}"))
}

/// The name as a URI that tells SQLite the file cannot change.
fn frozen_uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::from("file:");
    for &b in path.as_os_str().as_bytes() {
        match b {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(b as char),
            _ => uri.push_str(&format!("%{b:02X}")),
        }
    }
    uri + "?immutable=1"
}

fn translate(e: &rusqlite::Error, errno: i32, path: &Path) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = e else {
        return Error::new(Code::Corrupt, format!("{}: {e}", path.display()));
    };
    let io = matches!(failure.code, ErrorCode::SystemIoFailure | ErrorCode::CannotOpen);
    let code = match failure.code {
        ErrorCode::DiskFull => Code::DiskFull,
        _ if io && files::is_full(errno) => Code::DiskFull,
        _ if io && matches!(errno, libc::EACCES | libc::EROFS | libc::EPERM) => Code::ReadOnlyFile,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Code::ReadOnlyFile,
        ErrorCode::NotADatabase => Code::NotALedger,
        ErrorCode::DatabaseCorrupt => Code::Corrupt,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Code::Busy,
        ErrorCode::AuthorizationForStatementDenied => Code::NotReadOnly,
        ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch => Code::Corrupt,
        _ => Code::Io,
    };
    let what = message.clone().unwrap_or_else(|| failure.to_string());
    Error::new(code, format!("{}: {what}", path.display()))
}
