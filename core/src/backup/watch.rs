//! What an operation tells while it runs, and how it is stopped and slowed. The caller's function is only ever called on
//! the caller's thread; workers count into [`Shared`].

use crate::error::{Code, Error, Result};
use crate::time::{Instant, Micros};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The caller's function is called no more often than this.
pub(super) const TELL_EVERY: Duration = Duration::from_millis(50);

/// How far an operation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being done: a level and a word, `L1 digests`.
    pub step: &'static str,
    /// Files done.
    pub files: u64,
    /// Files in all, as far as known.
    pub files_total: u64,
    /// Bytes done.
    pub bytes: u64,
    /// Bytes in all, as far as known.
    pub bytes_total: u64,
}

/// Counters and the stop flag, for threads that read.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    stop: AtomicBool,
    files: AtomicU64,
    bytes: AtomicU64,
    /// Bytes a second; 0: as fast as it goes.
    limit: AtomicU64,
    /// What was granted under the limit so far, microseconds of reading time since the operation began.
    granted: AtomicU64,
}

impl Shared {
    /// Asks the operation to stop; a signal handler may call it. It ends with [`Code::Cancelled`] between two reads.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
    /// True once it was asked to stop.
    pub fn stopped(&self) -> bool {
        self.0.stop.load(Ordering::Relaxed)
    }
    /// Counts bytes read.
    pub(super) fn read(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
    /// Counts a file done.
    pub(super) fn file(&self) {
        self.0.files.fetch_add(1, Ordering::Relaxed);
    }
    /// Waits until reading `bytes` more keeps below the limit; an error once stopped.
    pub(super) fn admit(&self, bytes: u64, since: std::time::Instant) -> Result<()> {
        let limit = self.0.limit.load(Ordering::Relaxed);
        if limit > 0 {
            let cost = u64::try_from(u128::from(bytes) * 1_000_000 / u128::from(limit)).unwrap_or(u64::MAX);
            let from = self.0.granted.fetch_add(cost, Ordering::Relaxed);
            // Short sleeps, so that a stop is heard.
            while !self.stopped() && since.elapsed() < Duration::from_micros(from) {
                std::thread::sleep(
                    TELL_EVERY.min(Duration::from_micros(from).saturating_sub(since.elapsed())),
                );
            }
        }
        if self.stopped() { Err(Error::new(Code::Cancelled, "")) } else { Ok(()) }
    }
}

/// What an operation tells and asks while it runs.
pub struct Watch<'a> {
    tell: &'a mut dyn FnMut(&Progress) -> bool,
    shared: Shared,
    now: Instant,
    since: std::time::Instant,
    told: Option<std::time::Instant>,
    step: &'static str,
    files_total: u64,
    bytes_total: u64,
}

impl<'a> Watch<'a> {
    /// `now`: what time it is as the operation begins. `tell` hears how far it is, on this thread; false stops it.
    pub fn new(now: Instant, tell: &'a mut dyn FnMut(&Progress) -> bool) -> Watch<'a> {
        Watch {
            tell,
            shared: Shared::default(),
            now,
            since: std::time::Instant::now(),
            told: None,
            step: "",
            files_total: 0,
            bytes_total: 0,
        }
    }
    /// Reads at most that many bytes a second, over all threads; 0: no limit.
    #[must_use]
    pub fn with_io_limit(self, bytes_per_second: u64) -> Self {
        self.shared.0.limit.store(bytes_per_second, Ordering::Relaxed);
        self
    }
    /// The same, once the options were read.
    pub(super) fn limit_io(&mut self, bytes_per_second: u64) {
        self.shared.0.limit.store(bytes_per_second, Ordering::Relaxed);
    }
    /// Stops when `shared` is asked to, and counts there: for a signal handler.
    #[must_use]
    pub fn with_shared(mut self, shared: Shared) -> Self {
        shared.0.limit.store(self.shared.0.limit.load(Ordering::Relaxed), Ordering::Relaxed);
        self.shared = shared;
        self
    }
    /// Counters for threads that read.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }
    /// What time it is: the instant it began, and what has passed since by a clock that is never set.
    pub fn now(&self) -> Instant {
        self.now.saturating_add(self.elapsed())
    }
    /// What has passed since the operation began, microseconds.
    pub fn elapsed(&self) -> Micros {
        Micros::try_from(self.since.elapsed().as_micros()).unwrap_or(Micros::MAX)
    }
    /// A new step: its totals, its counters at nothing.
    pub(super) fn step(&mut self, step: &'static str, files_total: u64, bytes_total: u64) -> Result<()> {
        self.step = step;
        self.files_total = files_total;
        self.bytes_total = bytes_total;
        self.shared.0.files.store(0, Ordering::Relaxed);
        self.shared.0.bytes.store(0, Ordering::Relaxed);
        self.told = None;
        self.tick()
    }
    /// Counts bytes that this thread is about to read, keeping to the limit, and tells.
    pub(super) fn reading(&mut self, bytes: u64) -> Result<()> {
        self.shared.admit(bytes, self.since)?;
        self.shared.read(bytes);
        self.tick()
    }
    /// When the limit's count began.
    pub(super) fn since(&self) -> std::time::Instant {
        self.since
    }
    /// Tells, if it is time to; an error once somebody said stop.
    pub(super) fn tick(&mut self) -> Result<()> {
        if self.told.is_none_or(|t| t.elapsed() >= TELL_EVERY) {
            self.told = Some(std::time::Instant::now());
            let progress = Progress {
                step: self.step,
                files: self.shared.0.files.load(Ordering::Relaxed),
                files_total: self.files_total,
                bytes: self.shared.0.bytes.load(Ordering::Relaxed),
                bytes_total: self.bytes_total,
            };
            if !(self.tell)(&progress) {
                self.shared.stop();
            }
        }
        if self.shared.stopped() { Err(Error::new(Code::Cancelled, "")) } else { Ok(()) }
    }
}
