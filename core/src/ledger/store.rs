//! One store a file and process: who shares it, how it is opened and closed, and what happens to it after a fork.

use super::db::{Db, Identity, Mode};
use super::files::{self, FileId};
use super::queue::{Place, Queue};
use super::readers::Readers;
use super::writer::{Line, Writer};
use super::{Head, Options};
use crate::error::{Code, Error, Result, err};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as PlainMutex, MutexGuard, Once, PoisonError, Weak};
use std::time::{Duration, Instant as Moment};

/// What any wait limit is cut to, so that adding it to a moment cannot overflow.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 86_400);
/// How long opening and closing wait for a writer of another process.
const DOOR_PATIENCE: Duration = Duration::from_secs(2);

/// An open file.
pub(super) struct Store {
    pub(super) path: PathBuf,
    pid: u32,
    queue: Mutex<Option<Arc<Queue>>>,
    readers: Readers,
    pub(super) writer: Mutex<Option<Writer>>,
    pub(super) line: Mutex<Line>,
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
        let opened = match &queue {
            Some(queue) if !options.read_only => {
                first_connections(&path, options.create, wait_limit(options), queue)
            }
            _ => Readers::open(&path),
        };
        let found = opened.and_then(|readers| match files::id(&path)? {
            Some(id) => Ok((readers, id)),
            None => err(Code::NotFound, path.display().to_string()),
        });
        let (readers, id) = match found {
            Ok(found) => found,
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
        let fd = queue.as_ref().map(|q| q.fd());
        let store = Arc::new(Store {
            path,
            pid: std::process::id(),
            queue: Mutex::new(queue),
            readers,
            writer: Mutex::new(None),
            line: Mutex::default(),
        });
        stores.push(Slot { id, pid: store.pid, queue: fd, store: Arc::downgrade(&store) });
        Ok(store)
    }

    /// Brings a store that was opened for reading to writing.
    fn ready_to_write(&self) -> Result<()> {
        refuse_unwritable(&self.path, true)?;
        let mut writer = self.writer.lock();
        if self.queue().is_some() && self.readers.in_place(true) {
            return Ok(());
        }
        if let Some(old) = writer.take() {
            old.into_db().abandon();
        }
        self.reopen(true)
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

    /// True while the ledger's names lead to the files that are open for writing.
    pub(super) fn in_place(&self, queue: &Queue) -> bool {
        queue.in_place() && self.readers.in_place(true)
    }

    /// Runs `f` with a connection for reading. `f` may run again when a frozen file changed meanwhile.
    pub(super) fn read<T>(&self, f: impl FnMut(&mut Db) -> Result<T>) -> Result<T> {
        self.check_process()?;
        self.follow_names()?;
        self.readers.with(f)
    }

    /// As [`Store::read`], for who holds the writer and has followed the names already.
    pub(super) fn read_here<T>(&self, f: impl FnMut(&mut Db) -> Result<T>) -> Result<T> {
        self.readers.with(f)
    }

    /// The last entry.
    pub(super) fn head(&self) -> Result<Head> {
        self.check_process()?;
        self.follow_names()?;
        self.readers.head()
    }

    /// Opens the files anew if they were replaced: nobody shall go on reading what others no longer write.
    fn follow_names(&self) -> Result<()> {
        if self.readers.in_place(false) {
            return Ok(());
        }
        let mut writer = self.writer.lock();
        if self.readers.in_place(false) {
            return Ok(());
        }
        tracing::warn!("{}: the ledger's files were replaced; opening them anew", self.path.display());
        let last = self.readers.known();
        let write = writer.is_some();
        if let Some(old) = writer.take() {
            old.into_db().abandon();
        }
        self.reopen(write)?;
        self.holds(last.as_ref())
    }

    /// # Errors
    /// `disturbed` when the file does not hold the entry `last` as it was recorded.
    pub(super) fn holds(&self, last: Option<&Head>) -> Result<()> {
        let Some(last) = last.filter(|last| last.seq > 0) else { return Ok(()) };
        if self.readers.with(|db| db.head_at(last.seq))?.is_some_and(|h| h.sm3 == last.sm3) {
            return Ok(());
        }
        err(
            Code::Disturbed,
            format!("the file that is there now does not hold entry {} as it was recorded", last.seq),
        )
    }

    /// Drops all connections for reading without touching the files they have open, and follows the names anew. The caller
    /// holds the writer's lock and has dropped its connection.
    pub(super) fn reopen(&self, write: bool) -> Result<()> {
        self.readers.abandon();
        let own = {
            let mut queue = self.queue.lock();
            if let Some(old) = queue.as_ref().filter(|q| !q.in_place()) {
                old.release();
                *queue = None;
            }
            if queue.is_none() {
                *queue = Queue::open(&self.path, write)?.map(Arc::new);
            }
            queue.clone()
        };
        self.note_files(own.as_ref())?;
        match own {
            Some(queue) if write => {
                let place = Place::take(&queue, Moment::now() + DOOR_PATIENCE)?;
                let first = first(&self.path, false)?;
                self.readers.reopen()?;
                drop((first, place));
                self.note_files(Some(&queue))
            }
            _ => self.readers.reopen(),
        }
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
        let place = queue.as_ref().map(|q| Place::take(q, Moment::now() + DOOR_PATIENCE));
        let alone = matches!(place, None | Some(Ok(Some(_)))) && self.readers.in_place(false);
        let writer = self.writer.get_mut().take().map(Writer::into_db);
        for db in self.readers.take().into_iter().chain(writer) {
            if alone {
                drop(db);
            } else {
                db.abandon();
            }
        }
        drop(place);
        if let Some(queue) = queue {
            queue.release();
        }
    }
}

/// Opens a file for writing, under the queue: what SQLite does when it opens the WAL's index first and last must not happen
/// in the middle of a commit.
fn first_connections(path: &Path, create: bool, wait: Duration, queue: &Arc<Queue>) -> Result<Readers> {
    let wait = if create { wait } else { wait.min(DOOR_PATIENCE) };
    let place = Place::take(queue, Moment::now() + wait)?;
    if create && place.is_none() {
        return err(Code::Busy, path.display().to_string());
    }
    let first = first(path, create)?;
    let readers = Readers::open(path)?;
    drop((first, place));
    queue.share_like(path);
    Ok(readers)
}

/// The first connection; with `create` it makes the file a ledger where it is none. Another process may have been faster.
fn first(path: &Path, create: bool) -> Result<Db> {
    let existed = files::id(path)?.is_some();
    let db = Db::open(path, if create { Mode::Create } else { Mode::Write })?;
    match db.identify()? {
        Identity::Ledger => db.wal()?,
        Identity::Empty if create => db.create()?,
        Identity::Empty => return err(Code::NotALedger, format!("{}: empty", path.display())),
    }
    if !existed {
        files::sync_folder(files::folder(path))?;
    }
    Ok(db)
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
