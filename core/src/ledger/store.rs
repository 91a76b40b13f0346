//! One store a file and process: its connections, who shares it, and what happens to it after a fork.

use super::db::{Db, Identity, Mode};
use super::files::{self, FileId};
use super::queue::Queue;
use super::writer::{Line, Writer};
use super::{Head, Options};
use crate::error::{Code, Error, Result, err};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as PlainMutex, MutexGuard, Once, PoisonError, Weak};
use std::time::{Duration, Instant as Moment};

/// Connections kept for the next reader.
const IDLE_READERS: usize = 4;
/// How often a reader of a frozen file looks again when the file changed under it.
const FROZEN_TRIES: usize = 8;
/// What any wait limit is cut to, so that adding it to a moment cannot overflow.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 86_400);
/// How long closing waits for a writer of another process.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// An open file.
pub(super) struct Store {
    pub(super) path: PathBuf,
    pid: u32,
    queue: Mutex<Option<Arc<Queue>>>,
    readers: Mutex<Readers>,
    follower: Mutex<Option<Follower>>,
    pub(super) writer: Mutex<Option<Writer>>,
    pub(super) line: Mutex<Line>,
}

/// Idle connections for reading.
struct Readers {
    idle: Vec<Reader>,
    /// Counts the times the files were replaced; a connection of an earlier time is not used again.
    generation: u64,
}

/// A connection for reading.
struct Reader {
    db: Db,
    generation: u64,
    /// How the file looked, where SQLite itself cannot notice changes.
    frozen: Option<Stamp>,
}

/// The connection that answers `head`.
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

/// A row of the table of open stores.
struct Slot {
    id: FileId,
    pid: u32,
    queue: Option<i32>,
    store: Weak<Store>,
}

static OPEN: PlainMutex<Vec<Slot>> = PlainMutex::new(Vec::new());

fn open_stores() -> MutexGuard<'static, Vec<Slot>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens the file, or shares the store that has it open already.
    pub(super) fn open(path: &Path, options: &Options) -> Result<Arc<Store>> {
        watch_forks();
        let path = files::resolve(path)?;
        files::refuse_network(files::folder(&path))?;
        let shared = loop {
            let mut stores = open_stores();
            match Store::shared(&stores, &path)? {
                Some(Some(store)) => break store,
                None => return Store::open_new(&mut stores, path, options),
                // Its last handle was just dropped, and waits for the table to close the file.
                Some(None) => drop(stores),
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        // Without the table of stores: dropping `shared` needs it.
        if !options.read_only {
            shared.ready_to_write()?;
        }
        Ok(shared)
    }

    /// The store that has this file open; `Some(None)` while it closes.
    fn shared(stores: &[Slot], path: &Path) -> Result<Option<Option<Arc<Store>>>> {
        let Some(id) = files::id(path)? else { return Ok(None) };
        let pid = std::process::id();
        let slot = stores.iter().find(|s| s.pid == pid && s.id == id);
        Ok(slot.map(|s| s.store.upgrade()))
    }

    fn open_new(stores: &mut Vec<Slot>, path: PathBuf, options: &Options) -> Result<Arc<Store>> {
        let exists = match std::fs::metadata(&path) {
            Ok(meta) if !meta.is_file() => return err(Code::NotALedger, path.display().to_string()),
            Ok(_) => true,
            Err(_) => false,
        };
        if !exists && (!options.create || options.read_only) {
            return err(Code::NotFound, path.display().to_string());
        }
        if !options.read_only {
            refuse_unwritable(&path, exists)?;
        }
        let had_queue = files::id(&files::beside(&path, "-queue"))?.is_some();
        let queue = Queue::open(&path, !options.read_only)?.map(Arc::new);
        let opened = Store::fill(&path, exists, options, queue.as_ref());
        let follower = match opened {
            Ok(follower) => follower,
            Err(e) => {
                if let Some(queue) = &queue {
                    queue.release();
                    if !had_queue && matches!(e.code(), Code::NotALedger | Code::LedgerVersion) {
                        let _ = std::fs::remove_file(files::beside(&path, "-queue"));
                    }
                }
                return Err(e);
            }
        };
        let Some(id) = files::id(&path)? else { return err(Code::NotFound, path.display().to_string()) };
        let store = Arc::new(Store {
            path,
            pid: std::process::id(),
            queue: Mutex::new(queue.clone()),
            readers: Mutex::new(Readers { idle: Vec::new(), generation: 0 }),
            follower: Mutex::new(Some(follower)),
            writer: Mutex::new(None),
            line: Mutex::default(),
        });
        let queue = queue.map(|q| q.fd());
        stores.push(Slot { id, pid: store.pid, queue, store: Arc::downgrade(&store) });
        Ok(store)
    }

    /// Makes the file a ledger where that is asked for, and opens the first connection.
    fn fill(path: &Path, exists: bool, options: &Options, queue: Option<&Arc<Queue>>) -> Result<Follower> {
        if let Some(queue) = queue.filter(|_| options.create && !options.read_only) {
            let deadline = Moment::now() + wait_limit(options);
            if !queue.enter(deadline, || Ok(()))? {
                return err(Code::Busy, path.display().to_string());
            }
            let made = make(path, exists);
            queue.leave();
            made?;
            queue.share_like(path);
        }
        Follower::open(path, 0)
    }

    /// Brings a store that was opened for reading to writing.
    fn ready_to_write(&self) -> Result<()> {
        refuse_unwritable(&self.path, true)?;
        let mut queue = self.queue.lock();
        if queue.is_some() {
            return Ok(());
        }
        let own = Queue::open(&self.path, true)?.map(Arc::new);
        queue.clone_from(&own);
        drop(queue);
        self.note_files(own.as_ref())
    }

    /// Writes into the table of stores which files this one has open.
    fn note_files(&self, queue: Option<&Arc<Queue>>) -> Result<()> {
        let id = files::id(&self.path)?;
        let mut stores = open_stores();
        let own = stores.iter_mut().find(|s| s.pid == self.pid && std::ptr::eq(s.store.as_ptr(), self));
        if let Some(slot) = own {
            slot.queue = queue.map(|q| q.fd());
            if let Some(id) = id {
                slot.id = id;
            }
        }
        Ok(())
    }

    /// # Errors
    /// `forked` in a child of the process that opened the store.
    pub(super) fn check_process(&self) -> Result<()> {
        if self.pid == std::process::id() {
            return Ok(());
        }
        err(Code::Forked, format!("{}: opened by process {}", self.path.display(), self.pid))
    }

    pub(super) fn queue(&self) -> Option<Arc<Queue>> {
        self.queue.lock().clone()
    }

    /// Runs `f` with a connection for reading. `f` may run again when a frozen file changed meanwhile.
    pub(super) fn read<T>(&self, mut f: impl FnMut(&mut Db) -> Result<T>) -> Result<T> {
        self.check_process()?;
        for _ in 0..FROZEN_TRIES {
            let (idle, generation) = {
                let mut readers = self.readers.lock();
                (readers.idle.pop(), readers.generation)
            };
            let mut reader = match idle {
                Some(reader) if reader.is_current(&self.path) => reader,
                _ => Reader::open(&self.path, generation)?,
            };
            let answer = f(&mut reader.db);
            if !reader.is_current(&self.path) {
                continue;
            }
            let mut readers = self.readers.lock();
            if reader.generation != readers.generation {
                drop(readers);
                reader.db.abandon();
            } else if readers.idle.len() < IDLE_READERS {
                readers.idle.push(reader);
            }
            return answer;
        }
        err(Code::Busy, format!("{}: changes all the time", self.path.display()))
    }

    /// The last entry. Costs a look at the WAL's index when nothing was appended.
    pub(super) fn head(&self) -> Result<Head> {
        self.check_process()?;
        let mut follower = self.follower.lock();
        match &mut *follower {
            Some(f) if f.reader.is_current(&self.path) => f.head(),
            other => {
                let generation = self.readers.lock().generation;
                other.insert(Follower::open(&self.path, generation)?).head()
            }
        }
    }

    /// Drops all connections for reading without touching the files they have open, and follows the names anew. The caller
    /// has dropped the writer's.
    pub(super) fn reopen(&self) -> Result<()> {
        let mut queue = self.queue.lock();
        let (stale, generation) = {
            let mut readers = self.readers.lock();
            readers.generation += 1;
            (std::mem::take(&mut readers.idle), readers.generation)
        };
        stale.into_iter().for_each(|r| r.db.abandon());
        let mut follower = self.follower.lock();
        if let Some(old) = follower.take() {
            old.reader.db.abandon();
        }
        if let Some(old) = queue.as_ref().filter(|q| !q.in_place()) {
            old.release();
            *queue = None;
        }
        if queue.is_none() {
            *queue = Queue::open(&self.path, true)?.map(Arc::new);
        }
        let own = queue.clone();
        drop(queue);
        self.note_files(own.as_ref())?;
        *follower = Some(Follower::open(&self.path, generation)?);
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // In a forked child connections and queue leak themselves; the table's slot is the parent's.
        if self.pid != std::process::id() {
            return;
        }
        let mut stores = open_stores();
        let own: *const Store = self;
        stores.retain(|s| !std::ptr::eq(s.store.as_ptr(), own));
        let queue = self.queue.get_mut().take();
        // SQLite's last close copies and removes the WAL; under the queue, no writer of ours can be in the middle of a commit.
        let entered = queue.as_ref().map(|q| q.enter(Moment::now() + CLOSE_PATIENCE, || Ok(())));
        let alone = matches!(entered, None | Some(Ok(true)));
        let readers = std::mem::take(&mut self.readers.get_mut().idle).into_iter().map(|r| r.db);
        let follower = self.follower.get_mut().take().map(|f| f.reader.db);
        let writer = self.writer.get_mut().take().map(Writer::into_db);
        for db in readers.chain(follower).chain(writer) {
            if alone {
                drop(db);
            } else {
                db.abandon();
            }
        }
        if let Some(queue) = queue {
            queue.release();
        }
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

/// Makes the file a ledger, unless it is one; another process may have been faster. Under the queue's lock.
fn make(path: &Path, existed: bool) -> Result<()> {
    let db = Db::open(path, Mode::Create)?;
    if db.identify()? == Identity::Empty {
        db.create()?;
    }
    drop(db);
    if existed { Ok(()) } else { files::sync_folder(files::folder(path)) }
}

fn refuse_unwritable(path: &Path, exists: bool) -> Result<()> {
    let folder = files::folder(path);
    for place in [exists.then_some(path), Some(folder)].into_iter().flatten() {
        if !files::may_write(place)? {
            return Err(Error::new(Code::ReadOnlyFile, place.display().to_string())
                .with_hints("to read it, open it read-only", "如只需读取，请以只读方式打开"));
        }
    }
    Ok(())
}

pub(super) fn wait_limit(options: &Options) -> Duration {
    Duration::from_micros(options.wait_limit.max(0).unsigned_abs()).min(LONGEST_WAIT)
}

thread_local! {
    /// The table of stores while a fork is under way in this thread.
    static HELD: RefCell<Option<MutexGuard<'static, Vec<Slot>>>> = const { RefCell::new(None) };
}

/// A fork copies the table of stores in one piece, and the child lets go of the queue: else it would hold the parent's locks
/// for as long as it lives.
fn watch_forks() {
    unsafe extern "C" fn before() {
        HELD.with(|held| *held.borrow_mut() = Some(open_stores()));
    }
    unsafe extern "C" fn in_parent() {
        HELD.with(|held| drop(held.borrow_mut().take()));
    }
    unsafe extern "C" fn in_child() {
        HELD.with(|held| {
            let mut held = held.borrow_mut();
            for fd in held.iter_mut().flat_map(|slots| slots.iter_mut()).filter_map(|slot| slot.queue.take())
            {
                // SAFETY: the child's own copy of the descriptor; the queue it belongs to never closes it here.
                unsafe { libc::close(fd) };
            }
            drop(held.take());
        });
    }
    static ONCE: Once = Once::new();
    // SAFETY: the handlers only lock, close and unlock; they stay loaded with the library.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
    });
}
