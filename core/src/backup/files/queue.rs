//! What waits to be read, for all threads: files in their order, and of a file whose chunks alone are asked for, its chunks,
//! which go to whichever lane is free.

use super::{Digests, Job, Outcome, open, unchanged};
use crate::backup::watch::TELL_EVERY;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// Outcomes that are told at once, at most.
const BATCH: usize = 64;

/// What came of files, by their positions.
pub(super) type Batch = Vec<(usize, Outcome)>;

/// Tells the caller's thread of a thread's files, many at a time: waking it for each small file costs more than hashing one.
pub(super) struct Sender {
    channel: SyncSender<Batch>,
    batch: Batch,
    told: std::time::Instant,
}

/// The receiver has gone: nobody wants to know any more.
pub(super) struct Gone;

impl Sender {
    pub(super) fn new(channel: SyncSender<Batch>) -> Sender {
        Sender { channel, batch: Vec::new(), told: std::time::Instant::now() }
    }
    pub(super) fn send(&mut self, at: usize, outcome: Outcome) -> Result<(), Gone> {
        self.batch.push((at, outcome));
        if self.batch.len() < BATCH { Ok(()) } else { self.flush() }
    }
    /// Tells, if it is time to.
    pub(super) fn tick(&mut self) -> Result<(), Gone> {
        if !self.batch.is_empty() && self.told.elapsed() >= TELL_EVERY { self.flush() } else { Ok(()) }
    }
    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        self.told = std::time::Instant::now();
        if self.batch.is_empty() {
            return Ok(());
        }
        self.channel.send(std::mem::take(&mut self.batch)).map_err(|_| Gone)
    }
}

/// What a lane is to read.
pub(super) enum Task {
    /// The job at this position.
    Whole(usize),
    /// One chunk of a file.
    Chunk(Arc<Split>, u64),
}

/// A file of which only the chunks are asked for.
pub(super) struct Split {
    pub(super) job: usize,
    pub(super) file: File,
    pub(super) before: Metadata,
    /// Bytes of a chunk; the last one has the rest.
    pub(super) size: u64,
    count: u64,
    state: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    /// Handed out.
    next: u64,
    /// In a lane.
    busy: u64,
    /// By position; as long as what was handed out, never as what the file says it is.
    digests: Vec<[u8; 32]>,
    failed: Option<Outcome>,
}

impl Split {
    /// Where a chunk begins and ends, bytes.
    pub(super) fn range(&self, chunk: u64) -> (u64, u64) {
        let start = chunk.saturating_mul(self.size);
        (start, start.saturating_add(self.size).min(self.before.len()))
    }
    fn left(&self) -> u64 {
        self.count - self.state.lock().next
    }
    fn take(&self) -> u64 {
        let mut state = self.state.lock();
        let chunk = state.next;
        state.next += 1;
        state.busy += 1;
        state.digests.push([0; 32]);
        chunk
    }
    /// A chunk was read, or could not be; the last one tells of the file.
    pub(super) fn put(
        &self,
        chunk: u64,
        digest: Result<[u8; 32], Outcome>,
        sender: &mut Sender,
    ) -> Result<(), Gone> {
        let mut state = self.state.lock();
        state.busy -= 1;
        match digest {
            Ok(digest) => {
                if let Some(place) = usize::try_from(chunk).ok().and_then(|i| state.digests.get_mut(i)) {
                    *place = digest;
                }
            }
            Err(outcome) => {
                // The chunks that were not handed out are not needed any more.
                state.next = self.count;
                state.failed.get_or_insert(outcome);
            }
        }
        if state.next < self.count || state.busy > 0 {
            return Ok(());
        }
        let outcome = match (state.failed.take(), unchanged(&self.file, &self.before)) {
            (Some(failed), _) => failed,
            (None, Ok(true)) => Outcome::Read(Digests {
                bytes: self.before.len(),
                digests: Vec::new(),
                chunks: std::mem::take(&mut state.digests),
            }),
            (None, Ok(false)) => Outcome::Changed,
            (None, Err(error)) => Outcome::Refused(error),
        };
        sender.send(self.job, outcome)
    }
}

/// What is left to do.
pub(super) struct Queue<'a> {
    jobs: &'a [Job],
    threads: usize,
    state: Mutex<Waiting>,
}

struct Waiting {
    next: usize,
    /// Tasks in lanes, of all threads.
    busy: usize,
    splits: VecDeque<Arc<Split>>,
    /// Files from `next` on whose chunks alone are asked for.
    splits_ahead: usize,
}

/// True when only the chunks are asked for, so that they can be read side by side.
fn is_split(job: &Job) -> bool {
    job.algorithms.is_empty() && job.chunk.is_some_and(|size| size > 0)
}

impl<'a> Queue<'a> {
    pub(super) fn new(jobs: &'a [Job], threads: usize) -> Queue<'a> {
        let splits_ahead = jobs.iter().filter(|job| is_split(job)).count();
        let waiting = Waiting { next: 0, busy: 0, splits: VecDeque::new(), splits_ahead };
        Queue { jobs, threads, state: Mutex::new(waiting) }
    }
    /// The next task for a thread that has `own` already; none when nothing is left, or when what is left is the other threads'
    /// share. What is left never grows, so a lane that gets nothing never will.
    pub(super) fn take(&self, own: usize, sender: &mut Sender) -> Result<Option<Task>, Gone> {
        let mut state = self.state.lock();
        loop {
            let files = self.jobs.len() - state.next;
            let chunks: u64 = state.splits.iter().map(|split| split.left()).sum();
            if files == 0 && chunks == 0 {
                return Ok(None);
            }
            let left = files.saturating_add(usize::try_from(chunks).unwrap_or(usize::MAX));
            let share = state.busy.saturating_add(left).div_ceil(self.threads);
            if own >= share && state.splits_ahead == 0 {
                return Ok(None);
            }
            if let Some(split) = state.splits.front() {
                if split.left() > 0 {
                    let split = Arc::clone(split);
                    let chunk = split.take();
                    state.busy += 1;
                    return Ok(Some(Task::Chunk(split, chunk)));
                }
                state.splits.pop_front();
                continue;
            }
            let at = state.next;
            state.next += 1;
            if !is_split(&self.jobs[at]) {
                state.busy += 1;
                return Ok(Some(Task::Whole(at)));
            }
            state.splits_ahead -= 1;
            if let Some(split) = self.split(at, sender)? {
                state.splits.push_back(Arc::new(split));
            }
        }
    }
    /// A task is done.
    pub(super) fn done(&self) {
        self.state.lock().busy -= 1;
    }
    fn split(&self, at: usize, sender: &mut Sender) -> Result<Option<Split>, Gone> {
        let job = &self.jobs[at];
        let size = job.chunk.unwrap_or(1).max(1);
        let outcome = match open(&job.path) {
            Ok((file, before)) if before.len() > 0 => {
                let count = before.len().div_ceil(size);
                return Ok(Some(Split { job: at, file, before, size, count, state: Mutex::default() }));
            }
            // A file that says it is empty may not be: the usual way will see.
            Ok((file, before)) => super::seat::whole(&file, &before),
            Err(outcome) => outcome,
        };
        sender.send(at, outcome)?;
        Ok(None)
    }
}
