//! SM3 of many messages at once: one message a lane, and a lane that ends one takes the next, so that messages of any lengths
//! keep all lanes busy.

use super::kernel::{BLOCK, Column, LANES, Path, State, compress};
use super::message::Message;

/// Where lanes get their work: so many slots, each with a message on its way.
pub(crate) trait Feed {
    /// The blocks that the slot goes through now: at least one, nothing but whole ones.
    fn blocks(&self, slot: usize) -> &[u8];
    /// The slot has gone through its blocks (at first: it begins); `state` is what they made of the state. Sets it up for what
    /// follows.
    fn next(&mut self, slot: usize, state: &mut Column) -> Turn;
}

/// How a slot goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It has blocks.
    Go,
    /// It waits for another slot, and is asked again after some blocks of the others.
    Rest,
    /// There is no more for it.
    End,
}

/// A slot in a lane.
#[derive(Clone, Copy, Default)]
struct Busy {
    slot: usize,
    /// Bytes of its blocks that went through, of so many.
    at: usize,
    len: usize,
}

/// Runs the slots `0..slots`, no more than the path has lanes, until all have ended.
pub(crate) fn run(path: Path, slots: usize, feed: &mut impl Feed) {
    let slots = slots.min(path.lanes());
    let mut state = State::new();
    let mut lanes = [Busy::default(); LANES];
    let mut busy = 0;
    let mut resting: Vec<(usize, Column)> = (0..slots).map(|slot| (slot, [0; 8])).collect();
    loop {
        resting.retain_mut(|(slot, column)| match feed.next(*slot, column) {
            Turn::Go => {
                state.set(busy, *column);
                lanes[busy] = Busy { slot: *slot, at: 0, len: feed.blocks(*slot).len() };
                busy += 1;
                false
            }
            Turn::Rest => true,
            Turn::End => false,
        });
        if busy == 0 {
            if resting.is_empty() {
                return;
            }
            continue;
        }
        let mut bytes: [&[u8]; LANES] = [&[]; LANES];
        for (bytes, lane) in bytes.iter_mut().zip(&lanes[..busy]) {
            *bytes = &feed.blocks(lane.slot)[lane.at..];
        }
        let run = bytes[..busy].iter().map(|bytes| bytes.len() / BLOCK).min().unwrap_or(0);
        compress(path, &mut state, &mut bytes, busy, run);
        // From the last on, so that the one that takes an empty lane has had its turn.
        for i in (0..busy).rev() {
            lanes[i].at += run * BLOCK;
            if lanes[i].at < lanes[i].len {
                continue;
            }
            let slot = lanes[i].slot;
            let mut column = state.column(i);
            let turn = feed.next(slot, &mut column);
            if turn == Turn::Go {
                state.set(i, column);
                lanes[i] = Busy { slot, at: 0, len: feed.blocks(slot).len() };
                continue;
            }
            if turn == Turn::Rest {
                resting.push((slot, column));
            }
            busy -= 1;
            lanes[i] = lanes[busy];
            state.set(i, state.column(busy));
        }
    }
}

/// SM3 of each message, in order.
pub fn sm3_many(messages: &[&[u8]]) -> Vec<[u8; 32]> {
    sm3_many_by(Path::chosen(), messages)
}

/// The same by a path of the caller's choice.
pub fn sm3_many_by(path: Path, messages: &[&[u8]]) -> Vec<[u8; 32]> {
    let mut many = Many {
        messages,
        digests: vec![[0; 32]; messages.len()],
        slots: std::array::from_fn(|_| (None, Message::new())),
        next: 0,
    };
    run(path, path.lanes(), &mut many);
    many.digests
}

/// Messages that lie in memory whole.
struct Many<'a> {
    messages: &'a [&'a [u8]],
    digests: Vec<[u8; 32]>,
    /// The message of each slot.
    slots: [(Option<usize>, Message); LANES],
    next: usize,
}

impl Feed for Many<'_> {
    fn blocks(&self, slot: usize) -> &[u8] {
        let (at, message) = &self.slots[slot];
        message.blocks(at.map_or(&[], |at| self.messages[at]))
    }
    fn next(&mut self, slot: usize, state: &mut Column) -> Turn {
        let (at, message) = &mut self.slots[slot];
        if let Some(at) = *at {
            if message.step() {
                return Turn::Go;
            }
            self.digests[at] = Message::digest(state);
        }
        *at = None;
        let Some(piece) = self.messages.get(self.next) else { return Turn::End };
        *at = Some(self.next);
        self.next += 1;
        *message = Message::new();
        *state = Message::START;
        message.take(piece, true);
        message.step();
        Turn::Go
    }
}
