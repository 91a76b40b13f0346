//! The side file `<ledger>-queue`: where writers line up, and where a copy of the library claims its process. Holds locks of
//! open file descriptions only, which a foreign `close` of the ledger does not drop.

use super::files::{self, FileId};
use crate::digest::sm3;
use crate::error::{Code, Error, Result, err};
use parking_lot::{Condvar, Mutex};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant as Moment;

/// Byte that the writer holds.
const WRITER: i64 = 0;
/// Byte that the next writer holds while it waits, so that the last one cannot overtake it.
const NEXT: i64 = 1;
/// Claims lie above.
const CLAIMS: i64 = 1 << 40;

/// An open queue file with this copy's claim.
pub(super) struct Queue {
    /// Not closed by a forked child, which let go of its copy already.
    file: ManuallyDrop<File>,
    pid: u32,
    path: PathBuf,
    claim: i64,
    waiter: Mutex<Waiter>,
    woken: Condvar,
}

/// The thread that waits for the lock when it is not free at once; there is no way to wait for it with a limit.
#[derive(Default)]
struct Waiter {
    running: bool,
    /// Somebody still wants the lock.
    wanted: bool,
    /// The thread holds the lock for whoever wants it.
    granted: bool,
    failed: Option<io::Error>,
}

/// The writer's place; given up when dropped.
pub(super) struct Place(Arc<Queue>);

impl Place {
    /// Waits until `deadline`; `None`: not in time.
    ///
    /// # Errors
    /// `io`.
    pub(super) fn take(queue: &Arc<Queue>, deadline: Moment) -> Result<Option<Place>> {
        Place::take_and(queue, deadline, || Ok(()))
    }
    /// As [`Place::take`]; `meanwhile` runs once if there is a wait.
    pub(super) fn take_and(
        queue: &Arc<Queue>,
        deadline: Moment,
        meanwhile: impl FnOnce() -> Result<()>,
    ) -> Result<Option<Place>> {
        Ok(queue.enter(deadline, meanwhile)?.then(|| Place(queue.clone())))
    }
    pub(super) fn queue(&self) -> &Queue {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if self.pid == std::process::id() {
            // SAFETY: dropped once, here, and not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.file) };
        }
    }
}

impl Queue {
    /// Opens (or with `create` makes) the queue of `ledger` and claims it for this copy of the library in this process.
    /// `None`: there is none, or it cannot be written and `create` is false.
    ///
    /// # Errors
    /// `second-copy`, `read-only-file`, `disk-full`, `io`.
    pub(super) fn open(ledger: &Path, create: bool) -> Result<Option<Queue>> {
        let path = files::beside(ledger, "-queue");
        let file = match File::options()
            .read(true)
            .write(true)
            .create(create)
            .truncate(false)
            .mode(0o644)
            .open(&path)
        {
            Ok(file) => file,
            Err(e)
                if !create
                    && matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) =>
            {
                return Ok(None);
            }
            Err(e) if !create && e.raw_os_error() == Some(libc::EROFS) => return Ok(None),
            Err(e) => return Err(files::os(&e, &path)),
        };
        let claim = claim_of(std::process::id());
        match lock(&file, libc::F_OFD_SETLK, libc::F_WRLCK, claim) {
            Ok(true) => {}
            Ok(false) => return err(Code::SecondCopy, ledger.display().to_string()),
            Err(e) => return Err(no_locks(&e, &path)),
        }
        Ok(Some(Queue::of(file, path, claim)))
    }

    fn of(file: File, path: PathBuf, claim: i64) -> Queue {
        let pid = std::process::id();
        Queue {
            file: ManuallyDrop::new(file),
            path,
            claim,
            pid,
            waiter: Mutex::default(),
            woken: Condvar::new(),
        }
    }

    /// Lets whoever may write the ledger take part: same mode, and the same owner where we may give it.
    pub(super) fn share_like(&self, ledger: &Path) {
        let (Ok(like), Ok(own)) = (std::fs::metadata(ledger), self.file.metadata()) else { return };
        let mode = like.mode() & 0o777;
        if own.mode() & 0o777 != mode && self.file.set_permissions(PermissionsExt::from_mode(mode)).is_err() {
            return; // not ours: its owner set the mode
        }
        if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
            // SAFETY: a plain system call on our own descriptor; only root may succeed, and others need not.
            unsafe { libc::fchown(self.file.as_raw_fd(), like.uid(), like.gid()) };
        }
    }

    /// True when the name still leads to this file.
    pub(super) fn in_place(&self) -> bool {
        let own = self.file.metadata().ok().map(|m| FileId::of(&m));
        own.is_some() && files::id(&self.path).ok().flatten() == own
    }

    pub(super) fn fd(&self) -> i32 {
        self.file.as_raw_fd()
    }

    /// Takes the writer's place, waiting until `deadline`. `meanwhile` runs once if there is a wait. False: not in time.
    /// Only one thread may be in here or inside at a time.
    ///
    /// # Errors
    /// `io`.
    fn enter(self: &Arc<Self>, deadline: Moment, meanwhile: impl FnOnce() -> Result<()>) -> Result<bool> {
        let mut waiter = self.waiter.lock();
        if !waiter.running {
            if self.try_enter().map_err(|e| no_locks(&e, &self.path))? {
                return Ok(true);
            }
            waiter.running = true;
            waiter.wanted = true;
            let queue = self.clone();
            let started = std::thread::Builder::new()
                .name("opsledger-queue".into())
                .stack_size(64 << 10)
                .spawn(move || queue.wait());
            if let Err(e) = started {
                waiter.running = false;
                return Err(files::os(&e, &self.path));
            }
        }
        waiter.wanted = true;
        drop(waiter);
        let caught_up = meanwhile();
        let mut waiter = self.waiter.lock();
        while waiter.running && !waiter.granted && caught_up.is_ok() {
            if self.woken.wait_until(&mut waiter, deadline).timed_out() {
                break;
            }
        }
        waiter.wanted = false;
        let granted = std::mem::take(&mut waiter.granted);
        if let Some(e) = waiter.failed.take() {
            return Err(no_locks(&e, &self.path));
        }
        drop(waiter);
        if let (true, Err(e)) = (granted, &caught_up) {
            self.leave();
            tracing::debug!("left the queue: {e}");
        }
        caught_up.map(|()| granted)
    }

    /// Gives the writer's place to the next.
    fn leave(&self) {
        if let Err(e) = lock(&self.file, libc::F_OFD_SETLK, libc::F_UNLCK, WRITER) {
            tracing::error!("{}: cannot unlock: {e}", self.path.display());
        }
    }

    /// Takes the place if nobody has it or waits for it.
    fn try_enter(&self) -> io::Result<bool> {
        if !lock(&self.file, libc::F_OFD_SETLK, libc::F_WRLCK, NEXT)? {
            return Ok(false);
        }
        let entered = lock(&self.file, libc::F_OFD_SETLK, libc::F_WRLCK, WRITER);
        lock(&self.file, libc::F_OFD_SETLK, libc::F_UNLCK, NEXT)?;
        entered
    }

    fn wait(&self) {
        let entered = lock(&self.file, libc::F_OFD_SETLKW, libc::F_WRLCK, NEXT).and_then(|_| {
            let entered = lock(&self.file, libc::F_OFD_SETLKW, libc::F_WRLCK, WRITER);
            lock(&self.file, libc::F_OFD_SETLK, libc::F_UNLCK, NEXT)?;
            entered
        });
        let mut waiter = self.waiter.lock();
        waiter.running = false;
        match entered {
            Ok(_) if waiter.wanted => waiter.granted = true,
            Ok(_) => self.leave(),
            Err(e) => waiter.failed = waiter.wanted.then_some(e),
        }
        self.woken.notify_all();
    }

    /// Gives the claim back. Unlocking by name, not by closing: a child process may still hold the description.
    pub(super) fn release(&self) {
        for byte in [self.claim, WRITER, NEXT] {
            let _ = lock(&self.file, libc::F_OFD_SETLK, libc::F_UNLCK, byte);
        }
    }
}

/// The byte that stands for a process: pid, start time and pid namespace, so that a later process with the same number and one
/// in another container have another.
fn claim_of(pid: u32) -> i64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The command's name, in parentheses, may hold blanks; the start time is the 20th field after it.
    let started =
        stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19)).unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let digest = sm3(format!("{pid} {started} {}", space.display()).as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    CLAIMS + i64::from_be_bytes(first).rem_euclid(1 << 61)
}

/// Locks or unlocks one byte for this open file description. False: another description holds it.
fn lock(file: &File, command: i32, kind: i32, byte: i64) -> io::Result<bool> {
    loop {
        // SAFETY: all-zero is a valid `flock` (and `l_pid` must be 0); the descriptor is open as long as `file`.
        let done = unsafe {
            let mut range: libc::flock = std::mem::zeroed();
            range.l_type = kind as libc::c_short;
            range.l_whence = libc::SEEK_SET as libc::c_short;
            range.l_start = byte;
            range.l_len = 1;
            libc::fcntl(file.as_raw_fd(), command, &raw mut range)
        };
        if done == 0 {
            return Ok(true);
        }
        let e = io::Error::last_os_error();
        match e.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::EAGAIN | libc::EACCES) => return Ok(false),
            _ => return Err(e),
        }
    }
}

fn no_locks(e: &io::Error, path: &Path) -> Error {
    let e = files::os(e, path);
    if e.detail().contains("os error 22") {
        return e.with_hints(
            "the kernel has no open-file-description locks (Linux 3.15 has)",
            "内核不支持打开文件描述锁（需要 Linux 3.15 以上）",
        );
    }
    e
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ledger() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("l.db");
        (folder, ledger)
    }

    fn soon(ms: u64) -> Moment {
        Moment::now() + Duration::from_millis(ms)
    }

    /// A queue as another process sees it: without the claim.
    fn stranger(ledger: &Path) -> Arc<Queue> {
        let path = files::beside(ledger, "-queue");
        let file = File::options().read(true).write(true).open(&path).unwrap();
        Arc::new(Queue::of(file, path, CLAIMS))
    }

    #[test]
    fn a_second_copy_in_the_process_is_refused() {
        let (_folder, ledger) = ledger();
        assert!(Queue::open(&ledger, false).unwrap().is_none());
        let first = Queue::open(&ledger, true).unwrap().unwrap();
        assert_eq!(Queue::open(&ledger, true).map(|_| ()).unwrap_err().code(), Code::SecondCopy);
        // A foreign open and close of the same file drops nothing.
        drop(File::open(files::beside(&ledger, "-queue")).unwrap());
        assert_eq!(Queue::open(&ledger, true).map(|_| ()).unwrap_err().code(), Code::SecondCopy);
        first.release();
        assert!(Queue::open(&ledger, true).unwrap().is_some());
        assert_ne!(claim_of(1), claim_of(2));
        assert!(claim_of(1) >= CLAIMS);
    }

    #[test]
    fn waits_no_longer_than_asked_and_takes_over() {
        let (_folder, ledger) = ledger();
        let a = Arc::new(Queue::open(&ledger, true).unwrap().unwrap());
        let b = stranger(&ledger);
        assert!(a.enter(soon(0), || Ok(())).unwrap());
        let mut ran = false;
        assert!(
            !b.enter(soon(20), || {
                ran = true;
                Ok(())
            })
            .unwrap()
        );
        assert!(ran);
        // The waiter of the first attempt still waits; the second one uses it.
        assert!(!b.enter(soon(20), || Ok(())).unwrap());
        a.leave();
        assert!(b.enter(soon(5000), || Ok(())).unwrap());
        assert!(!a.enter(soon(10), || Ok(())).unwrap());
        b.leave();
        // An abandoned wait does not keep the lock.
        assert!(a.enter(soon(5000), || Ok(())).unwrap());
        assert!(!b.enter(soon(10), || Ok(())).unwrap());
        a.leave();
        let mut free = false;
        for _ in 0..500 {
            std::thread::sleep(Duration::from_millis(10));
            if a.enter(soon(0), || Ok(())).unwrap() {
                free = true;
                break;
            }
        }
        assert!(free);
    }

    #[test]
    fn the_last_writer_does_not_overtake_the_next() {
        let (_folder, ledger) = ledger();
        let a = Arc::new(Queue::open(&ledger, true).unwrap().unwrap());
        let b = stranger(&ledger);
        assert!(a.enter(soon(0), || Ok(())).unwrap());
        let waiting = std::thread::spawn(move || b.enter(soon(10_000), || Ok(())).map(|ok| (ok, b)));
        while a.try_next() {
            std::thread::sleep(Duration::from_millis(1));
        }
        a.leave();
        // `b` holds the place or the claim to it, so this cannot succeed at once.
        assert!(!a.enter(soon(0), || Ok(())).unwrap());
        let (entered, b) = waiting.join().unwrap().unwrap();
        assert!(entered);
        b.leave();
    }

    impl Queue {
        /// True while nobody waits.
        fn try_next(&self) -> bool {
            let free = lock(&self.file, libc::F_OFD_SETLK, libc::F_WRLCK, NEXT).unwrap();
            if free {
                lock(&self.file, libc::F_OFD_SETLK, libc::F_UNLCK, NEXT).unwrap();
            }
            free
        }
    }
}
