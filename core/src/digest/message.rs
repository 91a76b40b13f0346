//! A message that comes in pieces, as whole blocks for a lane: what a piece leaves over waits for the next one, and the padding
//! of the standard follows the last.

use super::kernel::{BLOCK, Column, START};
use std::ops::Range;

/// Where a message is. The pieces stay with whoever reads them.
pub(crate) struct Message {
    /// Bytes taken.
    bytes: u64,
    /// What earlier pieces left over, filled up by this one.
    head: [u8; BLOCK],
    /// What this one leaves over, and after the last piece the padding: one block or two.
    tail: [u8; 2 * BLOCK],
    /// Bytes left over.
    left: usize,
    /// The whole blocks of this piece.
    body: Range<usize>,
    /// What is to go through a lane still, of this piece, the first first.
    head_waits: bool,
    body_waits: bool,
    /// Bytes of the padded end.
    tail_waits: usize,
    now: Now,
}

/// What is in the lane.
#[derive(Clone, Copy)]
enum Now {
    Head,
    Body,
    Tail(usize),
}

impl Message {
    /// What a lane's state is before the first block.
    pub(crate) const START: Column = START;

    pub(crate) fn new() -> Message {
        Message {
            bytes: 0,
            head: [0; BLOCK],
            tail: [0; 2 * BLOCK],
            left: 0,
            body: 0..0,
            head_waits: false,
            body_waits: false,
            tail_waits: 0,
            now: Now::Body,
        }
    }

    /// Takes the next piece, once all of the one before went through. `last`: the message ends with it.
    pub(crate) fn take(&mut self, piece: &[u8], last: bool) {
        self.bytes = self.bytes.wrapping_add(piece.len() as u64);
        let mut from = 0;
        if self.left > 0 {
            from = piece.len().min(BLOCK - self.left);
            self.tail[self.left..self.left + from].copy_from_slice(&piece[..from]);
            self.left += from;
            if self.left == BLOCK {
                self.head.copy_from_slice(&self.tail[..BLOCK]);
                self.head_waits = true;
                self.left = 0;
            }
        }
        let whole = (piece.len() - from) / BLOCK * BLOCK;
        self.body = from..from + whole;
        self.body_waits = whole > 0;
        let rest = &piece[from + whole..];
        self.tail[self.left..self.left + rest.len()].copy_from_slice(rest);
        self.left += rest.len();
        if last {
            self.tail_waits = if self.left + 1 + 8 <= BLOCK { BLOCK } else { 2 * BLOCK };
            let (length, end) = (self.tail_waits - 8, self.tail_waits);
            self.tail[self.left] = 0x80;
            self.tail[self.left + 1..length].fill(0);
            self.tail[length..end].copy_from_slice(&self.bytes.wrapping_mul(8).to_be_bytes());
        }
    }

    /// Goes on to the next blocks of this piece; false when there are none.
    pub(crate) fn step(&mut self) -> bool {
        if std::mem::take(&mut self.head_waits) {
            self.now = Now::Head;
        } else if std::mem::take(&mut self.body_waits) {
            self.now = Now::Body;
        } else {
            match std::mem::take(&mut self.tail_waits) {
                0 => return false,
                bytes => self.now = Now::Tail(bytes),
            }
        }
        true
    }

    /// The blocks it stands at: in `piece`, the one taken last, or kept here.
    pub(crate) fn blocks<'a>(&'a self, piece: &'a [u8]) -> &'a [u8] {
        match self.now {
            Now::Head => &self.head,
            Now::Body => &piece[self.body.clone()],
            Now::Tail(bytes) => &self.tail[..bytes],
        }
    }

    /// The digest, from a lane's state after the last block.
    pub(crate) fn digest(state: &Column) -> [u8; 32] {
        let mut digest = [0; 32];
        for (out, word) in digest.chunks_exact_mut(4).zip(state) {
            out.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }
}
