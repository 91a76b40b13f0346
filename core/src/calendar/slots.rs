//! Open time since some instant, ready to be read off: time is cut into slots, and each slot holds what is open in it. Blocks
//! of slots are filled when first asked for, so that a calendar costs room only where it is used.

use crate::time::{Instant, Interval, Micros};
use std::sync::OnceLock;

/// A slot is 2^35 us, 9 1/2 hours.
const SLOT_BITS: u32 = 35;
/// A block is 256 slots, 102 days, 10 KiB.
const BLOCK_BITS: u32 = SLOT_BITS + 8;
/// Blocks from 1970 to 2100.
const BLOCKS: usize = 468;

/// Open time over 1970 to 2100.
#[derive(Debug)]
pub(super) struct Slots {
    /// An empty block: some slot of it has more than two open intervals.
    blocks: Box<[OnceLock<Box<[Slot]>>]>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Open time before the slot, less the starts of its spans.
    base: Micros,
    /// What is open inside it.
    spans: [Interval; 2],
}

impl Slots {
    pub(super) fn new() -> Slots {
        Slots { blocks: (0..BLOCKS).map(|_| OnceLock::new()).collect() }
    }

    /// Open time before `t`; none where the slots do not say.
    #[inline]
    pub(super) fn before(&self, t: Instant) -> Option<Micros> {
        let block = self.blocks.get((t >> BLOCK_BITS) as usize)?.get()?;
        let slot = block.get((t >> SLOT_BITS) as usize & 255)?;
        let reached = |span: Interval| t.max(span.start).min(span.end);
        Some(slot.base + reached(slot.spans[0]) + reached(slot.spans[1]))
    }

    /// Fills the block of `t` unless it is filled; `open` gives the open time before an instant, and the open intervals.
    pub(super) fn fill(&self, t: Instant, open: impl Fn(Interval) -> (Micros, Vec<Interval>)) {
        let Some(block) = self.blocks.get((t >> BLOCK_BITS) as usize) else { return };
        block.get_or_init(|| {
            let start = t >> BLOCK_BITS << BLOCK_BITS;
            let (mut before, spans) = open(Interval::new(start, start + (1 << BLOCK_BITS)));
            let mut rest = spans.as_slice();
            let slots: Option<Vec<Slot>> = (0..256)
                .map(|i| {
                    let start = start + (i << SLOT_BITS);
                    let slot = Interval::new(start, start + (1 << SLOT_BITS));
                    let inside = rest.iter().take_while(|s| s.start < slot.end).count();
                    let mut spans = [Interval::new(start, start); 2];
                    if inside > spans.len() {
                        return None;
                    }
                    for (span, own) in rest[..inside].iter().zip(&mut spans) {
                        *own = span.clip(slot);
                    }
                    let base = before - spans[0].start - spans[1].start;
                    before += spans[0].len() + spans[1].len();
                    // The last may reach into the next slot.
                    let done = rest[..inside].iter().take_while(|s| s.end <= slot.end).count();
                    rest = &rest[done..];
                    Some(Slot { base, spans })
                })
                .collect();
            slots.unwrap_or_default().into()
        });
    }
}
