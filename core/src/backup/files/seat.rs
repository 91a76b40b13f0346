//! A file on its way through the lanes: a buffer, what was read into it, and the streams that hash it: the whole file's SM3, and
//! the SM3 of the chunk it is in. Other digests are made as it is read.

use super::queue::{Gone, Sender, Split};
use super::{Digests, Job, Outcome, open, unchanged};
use crate::backup::watch::Shared;
use crate::digest::{Algorithm, Hasher, Message};
use std::fs::{File, Metadata};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// A stream of a file.
pub(super) struct Stream {
    pub(super) message: Message,
    /// The state of the digest, while no lane has it.
    pub(super) state: [u32; 8],
    pub(super) turn: Turn,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// It is not asked for, or has had all of what lies in the buffer.
    Idle,
    /// Blocks wait for a lane.
    Waits,
    /// A lane has it.
    Runs,
}

impl Stream {
    fn new() -> Stream {
        Stream { message: Message::new(), state: Message::START, turn: Turn::Idle }
    }
    fn start(&mut self) {
        *self = Stream::new();
    }
    fn take(&mut self, piece: &[u8], last: bool) {
        self.message.take(piece, last);
        if self.message.step() {
            self.turn = Turn::Waits;
        }
    }
}

/// The whole file's stream, and the chunk's.
pub(super) const WHOLE: usize = 0;
pub(super) const CHUNK: usize = 1;

/// What is being read.
#[allow(clippy::large_enum_variant, reason = "one in each seat, where it stays")]
enum Source {
    Whole { job: usize, file: File, before: Metadata, hashers: Vec<Option<Hasher>>, chunk: Option<Chunk> },
    Chunk { split: Arc<Split>, chunk: u64 },
}

/// Chunks of a file that is read from its beginning.
struct Chunk {
    size: u64,
    /// Bytes of the chunk that it is in.
    at: u64,
    /// Its end has been read.
    ends: bool,
    digests: Vec<[u8; 32]>,
}

pub(super) struct Seat {
    buffer: Vec<u8>,
    /// Bytes read into it.
    len: usize,
    pub(super) streams: [Stream; 2],
    source: Option<Source>,
    /// Where the next read begins, and where the end should be.
    at: u64,
    end: u64,
    /// The end has been read.
    last: bool,
}

/// What came of reading on.
pub(super) enum Filled {
    /// Streams wait for lanes.
    Data,
    /// The file is done.
    Free,
    /// Stop.
    Stop,
}

impl From<Gone> for Filled {
    fn from(_: Gone) -> Filled {
        Filled::Stop
    }
}

impl Seat {
    pub(super) fn new(buffer: usize) -> Seat {
        Seat {
            buffer: vec![0; buffer],
            len: 0,
            streams: [Stream::new(), Stream::new()],
            source: None,
            at: 0,
            end: 0,
            last: false,
        }
    }
    pub(super) fn is_free(&self) -> bool {
        self.source.is_none()
    }
    /// True when two streams read it, which want two lanes.
    pub(super) fn is_pair(&self) -> bool {
        matches!(&self.source, Some(Source::Whole { hashers, chunk: Some(_), .. }) if hashers.iter().any(Option::is_none))
    }
    pub(super) fn blocks(&self, stream: usize) -> &[u8] {
        self.streams[stream].message.blocks(&self.buffer[..self.len])
    }

    /// Begins a file; what came of it, when it cannot be read.
    pub(super) fn open(&mut self, at: usize, job: &Job) -> Result<(), Outcome> {
        let (file, before) = open(&job.path)?;
        (self.at, self.end) = (0, before.len());
        let hashers = job.algorithms.iter().map(|a| (*a != Algorithm::Sm3).then(|| a.hasher())).collect();
        let chunk = job.chunk.filter(|size| *size > 0);
        let chunk = chunk.map(|size| Chunk { size, at: 0, ends: false, digests: Vec::new() });
        self.begin(Source::Whole { job: at, file, before, hashers, chunk });
        Ok(())
    }
    /// Begins a chunk of a file.
    pub(super) fn chunk(&mut self, split: Arc<Split>, chunk: u64) {
        (self.at, self.end) = split.range(chunk);
        self.begin(Source::Chunk { split, chunk });
    }
    fn begin(&mut self, source: Source) {
        (self.source, self.last, self.len) = (Some(source), false, 0);
        self.streams.iter_mut().for_each(Stream::start);
    }

    /// All streams have had what lies in the buffer: reads on until one has blocks, or the end of the file.
    pub(super) fn fill(&mut self, shared: &Shared, since: std::time::Instant, sender: &mut Sender) -> Filled {
        loop {
            match self.step(shared, since) {
                Ok(true) => {
                    if self.streams.iter().any(|stream| stream.turn == Turn::Waits) {
                        return Filled::Data;
                    }
                }
                Ok(false) => return self.finish(None, sender),
                Err(Some(outcome)) => return self.finish(Some(outcome), sender),
                Err(None) => return Filled::Stop,
            }
        }
    }

    /// One read. False at the end; an outcome when it does not end as it should, none when asked to stop.
    fn step(&mut self, shared: &Shared, since: std::time::Instant) -> Result<bool, Option<Outcome>> {
        let Seat { buffer, len, streams, source, at, end, last } = self;
        if let Some(Source::Whole { chunk: Some(chunk), .. }) = source
            && std::mem::take(&mut chunk.ends)
        {
            chunk.digests.push(Message::digest(&streams[CHUNK].state));
            chunk.at = 0;
            streams[CHUNK].start();
        }
        if *last {
            return Ok(false);
        }
        let left = *end - *at;
        // One byte more than there should be: a read that brings fewer has seen the end.
        let (file, most) = match source {
            Some(Source::Whole { file, chunk, .. }) => {
                let room = chunk.as_ref().map_or(u64::MAX, |chunk| chunk.size - chunk.at);
                (&*file, left.saturating_add(1).min(room))
            }
            Some(Source::Chunk { split, .. }) => (&split.file, left),
            None => return Ok(false),
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
        shared.admit(left.min(most as u64), since).map_err(|_| None)?;
        let n = loop {
            match file.read_at(&mut buffer[..most], *at) {
                Ok(n) => break n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Some(Outcome::Refused(error))),
            }
        };
        shared.read(n as u64);
        *len = n;
        *at += n as u64;
        if *at > *end || (n == 0 && *at < *end) {
            return Err(Some(Outcome::Changed));
        }
        let piece = &buffer[..n];
        match source {
            Some(Source::Whole { hashers, chunk, .. }) => {
                *last = *at == *end && n < most;
                for hasher in hashers.iter_mut().flatten() {
                    hasher.update(piece);
                }
                if hashers.iter().any(Option::is_none) {
                    streams[WHOLE].take(piece, *last);
                }
                if let Some(chunk) = chunk {
                    chunk.at += n as u64;
                    chunk.ends = chunk.at == chunk.size || (*last && chunk.at > 0);
                    streams[CHUNK].take(piece, chunk.ends);
                }
            }
            _ => {
                *last = *at == *end;
                streams[CHUNK].take(piece, *last);
            }
        }
        Ok(true)
    }

    /// Tells what came of it.
    fn finish(&mut self, failed: Option<Outcome>, sender: &mut Sender) -> Filled {
        let told = match self.source.take() {
            Some(Source::Whole { job, file, before, hashers, chunk }) => {
                let outcome = failed.unwrap_or_else(|| match unchanged(&file, &before) {
                    Ok(true) => {
                        let sm3 = Message::digest(&self.streams[WHOLE].state);
                        let digest = |h: Option<Hasher>| h.map_or_else(|| sm3.to_vec(), Hasher::finish);
                        Outcome::Read(Digests {
                            bytes: before.len(),
                            digests: hashers.into_iter().map(digest).collect(),
                            chunks: chunk.map_or_else(Vec::new, |chunk| chunk.digests),
                        })
                    }
                    Ok(false) => Outcome::Changed,
                    Err(error) => Outcome::Refused(error),
                });
                sender.send(job, outcome)
            }
            Some(Source::Chunk { split, chunk }) => {
                let digest = Message::digest(&self.streams[CHUNK].state);
                split.put(chunk, failed.map_or(Ok(digest), Err), sender)
            }
            None => Ok(()),
        };
        told.map_or_else(Filled::from, |()| Filled::Free)
    }
}

/// What comes of a file that says it is empty.
pub(super) fn whole(file: &File, before: &Metadata) -> Outcome {
    let read = file.read_at(&mut [0], 0).and_then(|n| Ok(n == 0 && unchanged(file, before)?));
    match read {
        Ok(true) => Outcome::Read(Digests { bytes: 0, digests: Vec::new(), chunks: Vec::new() }),
        Ok(false) => Outcome::Changed,
        Err(error) => Outcome::Refused(error),
    }
}
