//! Connections for reading, and whether they still read the file that the ledger's name leads to. Readers never wait for
//! writers.

use super::Head;
use super::db::{Db, Identity, Mode};
use super::files::{self, FileId, Names};
use crate::error::{Code, Error, Result, err};
use parking_lot::{Condvar, Mutex};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Connections kept for the next reader.
const IDLE_READERS: usize = 4;
/// How often a reader of a frozen file looks again when the file changed under it.
const FROZEN_TRIES: usize = 8;
/// How long those who read are waited for before the files are opened anew: while one has the old files open, SQLite gives
/// them to everybody in the process.
const RETURN_PATIENCE: Duration = Duration::from_secs(5);

/// All connections for reading of one store.
pub(super) struct Readers {
    path: PathBuf,
    state: Mutex<State>,
    returned: Condvar,
    follower: Mutex<Option<Follower>>,
}

struct State {
    idle: Vec<Reader>,
    /// Connections in use.
    out: usize,
    /// Counts the times the files were replaced; a connection of an earlier time is not used again.
    generation: u64,
    /// The files as the first connection found them.
    names: Names,
}

/// A connection for reading.
struct Reader {
    db: Db,
    generation: u64,
    /// How the file looked, where SQLite itself cannot notice changes.
    frozen: Option<Stamp>,
}

/// The connection that answers `head`. It stays open as long as the store, so that the process keeps its share of the lock.
struct Follower {
    reader: Reader,
    /// The head with the file's state in which it was read.
    known: Option<(i64, Head)>,
}

/// What changes about a file's names when somebody writes it.
#[derive(Clone, PartialEq, Eq)]
struct Stamp {
    ledger: Option<(FileId, u64, std::time::SystemTime)>,
    wal: Option<u64>,
}

impl Stamp {
    fn of(path: &Path) -> Stamp {
        let meta = |p: &Path| std::fs::metadata(p).ok();
        Stamp {
            ledger: meta(path).and_then(|m| Some((FileId::of(&m), m.len(), m.modified().ok()?))),
            wal: meta(&files::beside(path, "-wal")).map(|m| m.len()).filter(|n| *n > 0),
        }
    }
}

/// Counts a connection back in, however its use ends.
struct Out<'a>(&'a Readers);

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.0.state.lock().out -= 1;
        self.0.returned.notify_all();
    }
}

impl Readers {
    /// Opens the first connection.
    pub(super) fn open(path: &Path) -> Result<Readers> {
        let follower = Follower::open(path, 0)?;
        let state = State { idle: Vec::new(), out: 0, generation: 0, names: Names::now(path)? };
        Ok(Readers {
            path: path.to_owned(),
            state: Mutex::new(state),
            returned: Condvar::new(),
            follower: Mutex::new(Some(follower)),
        })
    }

    /// True while the names lead to the files that are open. `write`: all three must be there.
    pub(super) fn in_place(&self, write: bool) -> bool {
        Names::now(&self.path).is_ok_and(|now| {
            let names = &self.state.lock().names;
            if write { names.are_complete() && now == *names } else { names.lead_on(&now) }
        })
    }

    /// Runs `f` with a connection. `f` may run again when a frozen file changed meanwhile.
    pub(super) fn with<T>(&self, mut f: impl FnMut(&mut Db) -> Result<T>) -> Result<T> {
        for _ in 0..FROZEN_TRIES {
            let (idle, generation) = {
                let mut state = self.state.lock();
                state.out += 1;
                (state.idle.pop(), state.generation)
            };
            let out = Out(self);
            let mut reader = match idle {
                Some(reader) if reader.is_current(&self.path) => reader,
                _ => Reader::open(&self.path, generation)?,
            };
            let answer = f(&mut reader.db);
            if reader.is_current(&self.path) {
                self.put_back(reader);
                drop(out);
                return answer;
            }
        }
        err(Code::Busy, format!("{}: changes all the time", self.path.display()))
    }

    fn put_back(&self, reader: Reader) {
        let mut state = self.state.lock();
        if reader.generation != state.generation {
            drop(state);
            reader.db.abandon();
        } else if state.idle.len() < IDLE_READERS {
            state.idle.push(reader);
        }
    }

    /// The last entry. Costs a look at the WAL's index when nothing was appended.
    pub(super) fn head(&self) -> Result<Head> {
        let mut follower = self.follower.lock();
        match &mut *follower {
            Some(f) if f.reader.is_current(&self.path) => f.head(),
            other => {
                let generation = self.state.lock().generation;
                other.insert(Follower::open(&self.path, generation)?).head()
            }
        }
    }

    /// The head that was last answered.
    pub(super) fn known(&self) -> Option<Head> {
        self.follower.lock().as_ref().and_then(|f| Some(f.known.as_ref()?.1.clone()))
    }

    /// Drops all connections without touching the files they have open, and waits for those in use.
    pub(super) fn abandon(&self) {
        let mut follower = self.follower.lock();
        let mut state = self.state.lock();
        state.generation += 1;
        state.idle.drain(..).for_each(|r| r.db.abandon());
        if let Some(old) = follower.take() {
            old.reader.db.abandon();
        }
        while state.out > 0 {
            if self.returned.wait_for(&mut state, RETURN_PATIENCE).timed_out() {
                tracing::warn!("{}: somebody still reads the files that were replaced", self.path.display());
                break;
            }
        }
    }

    /// Follows the names anew, after [`Readers::abandon`].
    pub(super) fn reopen(&self) -> Result<()> {
        let mut follower = self.follower.lock();
        let generation = self.state.lock().generation;
        *follower = Some(Follower::open(&self.path, generation)?);
        self.state.lock().names = Names::now(&self.path)?;
        Ok(())
    }

    /// All connections, to close them.
    pub(super) fn take(&mut self) -> Vec<Db> {
        let idle = std::mem::take(&mut self.state.get_mut().idle).into_iter().map(|r| r.db);
        idle.chain(self.follower.get_mut().take().map(|f| f.reader.db)).collect()
    }
}

impl Reader {
    fn open(path: &Path, generation: u64) -> Result<Reader> {
        if let Some(reader) = Reader::open_live(path, generation)? {
            return Ok(reader);
        }
        // SQLite can make no side files here, so it must be told that there are none and that nobody writes.
        let frozen = Stamp::of(path);
        if frozen.wal.is_some() {
            return Err(Error::new(Code::ReadOnlyFile, format!("{}-wal", path.display())).with_hints(
                "the last writer left entries in the WAL: let a process that may write here open the ledger once",
                "上次写入有内容留在 WAL 中：请先由有写权限的进程打开一次台账",
            ));
        }
        let db = Db::open(path, Mode::Frozen)?;
        identify(&db, path)?;
        Ok(Reader { db, generation, frozen: Some(frozen) })
    }

    /// `None` when the folder is closed to SQLite's side files.
    fn open_live(path: &Path, generation: u64) -> Result<Option<Reader>> {
        let writable = files::may_write(path)? && files::may_write(files::folder(path))?;
        let db = Db::open(path, if writable { Mode::Write } else { Mode::Read })?;
        match identify(&db, path) {
            Ok(()) => {}
            Err(e) if !writable && matches!(e.code(), Code::ReadOnlyFile | Code::Io) => return Ok(None),
            Err(e) => return Err(e),
        }
        db.only_read()?;
        Ok(Some(Reader { db, generation, frozen: None }))
    }

    fn is_current(&self, path: &Path) -> bool {
        self.frozen.as_ref().is_none_or(|stamp| *stamp == Stamp::of(path))
    }
}

impl Follower {
    fn open(path: &Path, generation: u64) -> Result<Follower> {
        Ok(Follower { reader: Reader::open(path, generation)?, known: None })
    }

    fn head(&mut self) -> Result<Head> {
        let version = self.reader.db.data_version()?;
        match &self.known {
            Some((known, head)) if *known == version => Ok(head.clone()),
            _ => {
                let head = self.reader.db.last()?;
                self.known = Some((version, head.clone()));
                Ok(head)
            }
        }
    }
}

fn identify(db: &Db, path: &Path) -> Result<()> {
    match db.identify()? {
        Identity::Ledger => Ok(()),
        Identity::Empty => err(Code::NotALedger, format!("{}: empty", path.display())),
    }
}
