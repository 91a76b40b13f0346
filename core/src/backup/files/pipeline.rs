//! Digests of many files: threads read and hash, each with lanes of its own over many files; the caller's thread tells.

use super::queue::{Queue, Sender, Task};
use super::seat::{CHUNK, Filled, Seat, Turn, WHOLE};
use super::{Job, Outcome, io};
use crate::backup::Watch;
use crate::backup::watch::{Shared, TELL_EVERY};
use crate::digest::{Algorithm, Feed, Path, run};
use crate::error::{Code, Error, Result};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

/// Threads at most.
const THREADS: usize = 32;
/// Bytes of all buffers together, at most, and of one.
const BUFFERS: usize = 32 << 20;
const BUFFER: usize = 128 << 10;
/// Batches of outcomes that wait for the caller's thread.
const BATCHES: usize = 16;

/// Digests every file; `done` hears of each by its position, in any order, on this thread. As many threads as this process
/// may use read and hash; together they hold at most 32 MiB, whatever the files' sizes, and 32 bytes a chunk.
pub fn digest_all(jobs: &[Job], watch: &mut Watch<'_>, done: &mut dyn FnMut(usize, Outcome)) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    digest_all_by(Path::chosen(), threads, jobs, watch, done)
}

/// The same with lanes and threads of the caller's choice.
pub(super) fn digest_all_by(
    path: Path,
    threads: usize,
    jobs: &[Job],
    watch: &mut Watch<'_>,
    done: &mut dyn FnMut(usize, Outcome),
) -> Result<()> {
    watch.tick()?;
    let chunks_alone = jobs.iter().any(|job| job.algorithms.is_empty());
    let threads = threads.clamp(1, THREADS).min(if chunks_alone { THREADS } else { jobs.len().max(1) });
    let buffer = (BUFFERS / threads / path.lanes()).min(BUFFER);
    let queue = Queue::new(jobs, threads);
    let (shared, since) = (watch.shared().clone(), watch.since());
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(BATCHES);
        let mut started = Ok(());
        for i in 0..threads {
            let worker =
                Worker::new(path, buffer, jobs, &queue, shared.clone(), since, Sender::new(sender.clone()));
            let thread = std::thread::Builder::new().name("opsledger-digest".to_owned());
            if let Err(error) = thread.spawn_scoped(scope, move || worker.work()) {
                // Fewer do as well.
                if i == 0 {
                    started = Err(io(std::path::Path::new("opsledger-digest"), &error));
                }
                break;
            }
        }
        started?;
        drop(sender);
        let mut told = 0;
        loop {
            match receiver.recv_timeout(TELL_EVERY) {
                Ok(batch) => {
                    for (at, outcome) in batch {
                        told += 1;
                        watch.shared().file();
                        done(at, outcome);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // On an error the receiver goes, and the threads end at their next read or word.
            watch.tick()?;
        }
        // A thread that heard the stop first has gone without a word.
        if told == jobs.len() { Ok(()) } else { Err(Error::new(Code::Cancelled, "")) }
    })
}

/// A thread: its files, and which of their streams each lane has.
struct Worker<'a> {
    path: Path,
    jobs: &'a [Job],
    queue: &'a Queue<'a>,
    shared: Shared,
    since: std::time::Instant,
    sender: Sender,
    seats: Vec<Seat>,
    /// Of each lane, the seat and the stream.
    lanes: Vec<Option<(usize, usize)>>,
    /// Some job wants two lanes.
    pairs: bool,
    stopped: bool,
}

impl<'a> Worker<'a> {
    fn new(
        path: Path,
        buffer: usize,
        jobs: &'a [Job],
        queue: &'a Queue<'a>,
        shared: Shared,
        since: std::time::Instant,
        sender: Sender,
    ) -> Worker<'a> {
        Worker {
            path,
            jobs,
            queue,
            shared,
            since,
            sender,
            seats: (0..path.lanes()).map(|_| Seat::new(buffer)).collect(),
            lanes: vec![None; path.lanes()],
            pairs: jobs.iter().any(|job| job.chunk.is_some() && job.algorithms.contains(&Algorithm::Sm3)),
            stopped: false,
        }
    }

    fn work(mut self) {
        run(self.path, self.path.lanes(), &mut self);
        // Where nobody listens any more, nothing is left to be said.
        let _ = self.sender.flush();
    }

    /// Reads on at a seat whose streams have all had what was read.
    fn fill(&mut self, seat: usize) {
        self.stopped |= self.sender.tick().is_err();
        match self.seats[seat].fill(&self.shared, self.since, &mut self.sender) {
            Filled::Data => {}
            Filled::Free => self.queue.done(),
            Filled::Stop => self.stopped = true,
        }
    }

    /// A stream that waits: of this seat, or else of any.
    fn waiting(&self, seat: Option<usize>) -> Option<(usize, usize)> {
        let of = |seat: usize| {
            [WHOLE, CHUNK]
                .into_iter()
                .find(|s| self.seats[seat].streams[*s].turn == Turn::Waits)
                .map(|s| (seat, s))
        };
        let own = seat.and_then(of);
        // Without pairs no stream waits for any lane but its own.
        if self.pairs { own.or_else(|| (0..self.seats.len()).find_map(of)) } else { own }
    }

    /// Takes a task to a free seat; the seat, when it has blocks.
    fn begin(&mut self) -> Option<usize> {
        while !self.stopped {
            let free = self.seats.iter().position(Seat::is_free)?;
            let own = self.seats.iter().filter(|seat| !seat.is_free()).count();
            match self.queue.take(own, &mut self.sender) {
                Ok(Some(Task::Whole(at))) => {
                    if let Err(outcome) = self.seats[free].open(at, &self.jobs[at]) {
                        self.queue.done();
                        self.stopped |= self.sender.send(at, outcome).is_err();
                        continue;
                    }
                }
                Ok(Some(Task::Chunk(split, chunk))) => self.seats[free].chunk(split, chunk),
                Ok(None) => return None,
                Err(_) => {
                    self.stopped = true;
                    return None;
                }
            }
            self.fill(free);
            if !self.stopped && !self.seats[free].is_free() {
                return Some(free);
            }
        }
        None
    }
}

impl Feed for Worker<'_> {
    fn blocks(&self, lane: usize) -> &[u8] {
        self.lanes[lane].map_or(&[], |(seat, stream)| self.seats[seat].blocks(stream))
    }

    fn next(&mut self, lane: usize, state: &mut [u32; 8]) -> crate::digest::Turn {
        let mut seat = None;
        if let Some((at, which)) = self.lanes[lane].take() {
            let stream = &mut self.seats[at].streams[which];
            if stream.message.step() {
                self.lanes[lane] = Some((at, which));
                return crate::digest::Turn::Go;
            }
            (stream.state, stream.turn) = (*state, Turn::Idle);
            if !self.stopped && self.seats[at].streams.iter().all(|stream| stream.turn == Turn::Idle) {
                self.fill(at);
            }
            seat = Some(at);
        }
        if self.stopped {
            return crate::digest::Turn::End;
        }
        let found = self.waiting(seat).or_else(|| {
            let seat = self.begin()?;
            self.waiting(Some(seat))
        });
        let Some((at, which)) = found else {
            // The other stream of a pair may want this lane again.
            let pair = self.seats.iter().any(Seat::is_pair);
            return if pair { crate::digest::Turn::Rest } else { crate::digest::Turn::End };
        };
        let stream = &mut self.seats[at].streams[which];
        stream.turn = Turn::Runs;
        *state = stream.state;
        self.lanes[lane] = Some((at, which));
        crate::digest::Turn::Go
    }
}
