//! Bytes of a file as they come, with the caller's progress, stop and limit on the way, and a look ahead.

use crate::backup::Watch;
use crate::error::Error;
use std::fs::File;
use std::io::{self, BufRead, Read};

/// Read at once.
const BLOCK: usize = 128 * 1024;
/// What a look ahead sees: a tar header and some lines.
pub(super) const AHEAD: usize = 4096;

/// Why a check ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    Cancelled(Error),
    /// A problem says it.
    Told,
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        match error.downcast::<Stopped>() {
            Ok(stopped) => Stop::Cancelled(stopped.0),
            Err(error) => Stop::Io(error),
        }
    }
}

/// The caller's stop, on its way through readers that know only errors of their own.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
pub(super) struct Stopped(pub(super) Error);

/// A file's own bytes.
pub(super) struct Raw<'w, 'a> {
    file: File,
    watch: &'w mut Watch<'a>,
    block: Vec<u8>,
    from: usize,
    to: usize,
    /// Offset behind the block.
    read: u64,
}

impl<'w, 'a> Raw<'w, 'a> {
    pub(super) fn new(file: File, watch: &'w mut Watch<'a>) -> Raw<'w, 'a> {
        Raw { file, watch, block: vec![0; BLOCK], from: 0, to: 0, read: 0 }
    }
}

/// A stream that knows how far it is.
pub(super) trait Bytes: BufRead {
    /// Bytes given out.
    fn at(&self) -> u64;
}

impl Read for Raw<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let n = ready.len().min(out.len());
        out[..n].copy_from_slice(&ready[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Raw<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.from == self.to {
            self.from = 0;
            self.to = 0;
            self.to = loop {
                match self.file.read(&mut self.block) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.read += self.to as u64;
            self.watch.reading(self.to as u64).map_err(|stop| io::Error::other(Stopped(stop)))?;
        }
        Ok(&self.block[self.from..self.to])
    }
    fn consume(&mut self, n: usize) {
        self.from = (self.from + n).min(self.to);
    }
}

impl Bytes for Raw<'_, '_> {
    fn at(&self) -> u64 {
        self.read - (self.to - self.from) as u64
    }
}

/// A stream with a look ahead.
pub(super) struct Head<'s> {
    inner: &'s mut dyn Bytes,
    ahead: Vec<u8>,
    given: usize,
    looked: bool,
    start: u64,
}

impl<'s> Head<'s> {
    pub(super) fn new(inner: &'s mut dyn Bytes) -> Head<'s> {
        let start = inner.at();
        Head { inner, ahead: Vec::new(), given: 0, looked: false, start }
    }
    /// The first bytes; fewer than [`AHEAD`] only where the stream has no more. Before anything is read.
    pub(super) fn peek(&mut self) -> Result<&[u8], Stop> {
        if !self.looked {
            self.looked = true;
            while self.ahead.len() < AHEAD {
                let ready = self.inner.fill_buf()?;
                let n = ready.len().min(AHEAD - self.ahead.len());
                if n == 0 {
                    break;
                }
                self.ahead.extend_from_slice(&ready[..n]);
                self.inner.consume(n);
            }
        }
        Ok(&self.ahead)
    }
    /// Reads until the stream ends or `out` is full.
    pub(super) fn fill(&mut self, out: &mut [u8]) -> Result<usize, Stop> {
        let mut done = 0;
        while done < out.len() {
            match self.read(&mut out[done..]) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }
    /// Passes over bytes; how many there were.
    pub(super) fn skip(&mut self, n: u64) -> Result<u64, Stop> {
        let mut left = n;
        while left > 0 {
            let ready = self.fill_buf()?.len() as u64;
            if ready == 0 {
                break;
            }
            let step = ready.min(left);
            self.consume(step as usize);
            left -= step;
        }
        Ok(n - left)
    }
    /// True when the rest is zero bytes only; the offset of the first other byte otherwise.
    pub(super) fn only_zeros(&mut self) -> Result<Result<(), u64>, Stop> {
        loop {
            let at = self.at();
            let ready = self.fill_buf()?;
            if ready.is_empty() {
                return Ok(Ok(()));
            }
            if let Some(i) = ready.iter().position(|b| *b != 0) {
                return Ok(Err(at + i as u64));
            }
            let n = ready.len();
            self.consume(n);
        }
    }
}

impl Read for Head<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let n = ready.len().min(out.len());
        out[..n].copy_from_slice(&ready[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Head<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given < self.ahead.len() { Ok(&self.ahead[self.given..]) } else { self.inner.fill_buf() }
    }
    fn consume(&mut self, n: usize) {
        if self.given < self.ahead.len() {
            self.given = (self.given + n).min(self.ahead.len());
        } else {
            self.inner.consume(n);
        }
    }
}

impl Bytes for Head<'_> {
    fn at(&self) -> u64 {
        let waiting = (self.ahead.len() - self.given) as u64;
        if waiting > 0 { self.start + self.given as u64 } else { self.inner.at() }
    }
}

/// Counts what comes out of a reader that does not count itself.
pub(super) struct Counting<R> {
    inner: R,
    at: u64,
}

impl<R: BufRead> Counting<R> {
    pub(super) fn new(inner: R) -> Counting<R> {
        Counting { inner, at: 0 }
    }
}

impl<R> Counting<R> {
    pub(super) fn inner_mut(&mut self) -> &mut R {
        &mut self.inner
    }
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }
    fn consume(&mut self, n: usize) {
        self.inner.consume(n);
        self.at += n as u64;
    }
}

impl<R: BufRead> Bytes for Counting<R> {
    fn at(&self) -> u64 {
        self.at
    }
}
