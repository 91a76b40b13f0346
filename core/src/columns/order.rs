//! Rows in order of start. Rows that are in order are only read; others are split by the top bits of their start into
//! pieces that fit a cache, and sorted there by one pass over the next bits, or two where starts crowd. Where even those do
//! not tell them apart, a comparison sort takes over: never worse than n log n.

use crate::time::Instant;

/// Start and end.
pub(super) type Row = [Instant; 2];

/// Below this a comparison sort is as quick.
const FEW: usize = if cfg!(test) { 4 } else { 32 };
/// Rows that are sorted in one go with their copy in the cache of a core (2 x 256 KiB).
const FIT: usize = if cfg!(test) { 64 } else { 1 << 14 };
/// Rows a piece is split for.
const PIECE: usize = if cfg!(test) { 16 } else { 1 << 10 };
/// More pieces at once gain nothing (measured on 10 M rows).
const MOST_BITS: u32 = 13;

/// Rows that are looked at to guess the range of all.
const SAMPLE: usize = if cfg!(test) { 10 } else { 1 << 12 };

/// First and last start.
pub(super) type Range = (Instant, Instant);

/// The range of no start.
pub(super) const NOWHERE: Range = (Instant::MAX, Instant::MIN);

/// A range that holds one more start.
pub(super) fn widen((low, high): Range, start: Instant) -> Range {
    (low.min(start), high.max(start))
}

fn range_of(rows: &[Row]) -> Range {
    rows.iter().fold(NOWHERE, |range, row| widen(range, row[0]))
}

/// Memory for so many rows. Most of the time of a first write goes into getting pages, so it asks for large ones.
pub(super) fn room(n: usize) -> Vec<Row> {
    let rows = vec![[0; 2]; n];
    #[cfg(target_os = "linux")]
    {
        const LARGE: usize = 1 << 21;
        let (from, bytes) = (rows.as_ptr() as usize, size_of_val(&*rows));
        let (first, last) = (from.next_multiple_of(LARGE), (from + bytes) / LARGE * LARGE);
        if first < last {
            // SAFETY: the pages lie inside the vector; advice changes no content. Refused advice is no loss.
            unsafe { libc::madvise(first as *mut libc::c_void, last - first, libc::MADV_HUGEPAGE) };
        }
    }
    rows
}

/// Distance above the lowest start.
fn above(low: Instant, start: Instant) -> u64 {
    start.wrapping_sub(low) as u64
}

/// How far to shift distances so that `bits` are left.
fn shift_for(range: Range, bits: u32) -> u32 {
    (64 - above(range.0, range.1).leading_zeros()).saturating_sub(bits)
}

/// Splits rows by the top bits of their start into `out`, which has room for all of them; returns where each piece ends.
/// All starts of a piece are at or before those of the next. The range is taken from a sample: what lies outside goes to
/// the first or last piece. O(n).
pub(super) fn split(rows: impl ExactSizeIterator<Item = Row> + Clone, out: &mut [Row]) -> Vec<usize> {
    let sample = rows.clone().step_by(rows.len() / SAMPLE + 1);
    let (low, high) = sample.fold(NOWHERE, |range, row| widen(range, row[0]));
    let bits = (out.len() / PIECE).next_power_of_two().trailing_zeros().clamp(1, MOST_BITS);
    let shift = shift_for((low, high), bits);
    let piece = |row: Row| (above(low, row[0].clamp(low, high)) >> shift) as usize;
    let mut next = vec![0; 1 << bits];
    rows.clone().for_each(|row| next[piece(row)] += 1);
    let mut sum = 0;
    for n in &mut next {
        sum += std::mem::replace(n, sum);
    }
    for row in rows {
        let at = &mut next[piece(row)];
        out[*at] = row;
        *at += 1;
    }
    next
}

/// Sorts by start; keeps its memory.
#[derive(Default)]
pub(super) struct Order {
    spare: Vec<Row>,
    counts: Vec<u32>,
}

impl Order {
    /// The rows in order of start; `rows` itself is left in some order. `range` holds all starts; the quickest way is for
    /// rows that lie all over it. O(n) when they are in order or their starts lie apart; O(n log n) at worst.
    pub(super) fn sorted<'a>(&'a mut self, rows: &'a mut [Row], range: Range) -> &'a [Row] {
        if rows.is_sorted_by_key(|row| row[0]) {
            return rows;
        }
        if rows.len() <= FEW {
            rows.sort_unstable_by_key(|row| row[0]);
            return rows;
        }
        if rows.len() <= FIT {
            return self.sorted_piece(rows, range);
        }
        let mut out = room(rows.len());
        let mut from = 0;
        for end in split(rows.iter().copied(), &mut out) {
            let piece = &mut out[from..end];
            let sorted = if (1..=FIT).contains(&piece.len()) {
                self.sorted_piece(piece, range_of(piece))
            } else {
                piece.sort_unstable_by_key(|row| row[0]);
                piece
            };
            rows[from..end].copy_from_slice(sorted);
            from = end;
        }
        rows
    }

    /// One pass by so many bits that rows seldom share a place, then the rest by hand; for crowded starts two passes by
    /// the bits that tell them apart.
    fn sorted_piece<'a>(&'a mut self, rows: &'a mut [Row], range: Range) -> &'a [Row] {
        let n = rows.len();
        if self.spare.len() < n {
            self.spare.resize(n, [0; 2]);
        }
        let spare = &mut self.spare[..n];
        let bits = n.ilog2() + 2;
        let shift = shift_for(range, bits);
        self.counts.clear();
        self.counts.resize(1 << bits, 0);
        let digit = |row: &Row| (above(range.0, row[0]) >> shift) as usize;
        rows.iter().for_each(|row| self.counts[digit(row)] += 1);
        pass(rows, spare, &mut self.counts, digit);
        if finish(spare) {
            return spare;
        }
        let range = range_of(rows);
        let shift = shift_for(range, 16);
        let key = |row: &Row| (above(range.0, row[0]) >> shift) as usize;
        let (mut low, mut high) = ([0; 256], [0; 256]);
        for row in &*rows {
            low[key(row) & 255] += 1;
            high[key(row) >> 8 & 255] += 1;
        }
        pass(rows, spare, &mut low, |row| key(row) & 255);
        pass(spare, rows, &mut high, |row| key(row) >> 8 & 255);
        if !finish(rows) {
            rows.sort_unstable_by_key(|row| row[0]);
        }
        rows
    }
}

/// One stable pass by a digit.
fn pass(from: &[Row], to: &mut [Row], counts: &mut [u32], digit: impl Fn(&Row) -> usize) {
    let mut sum = 0;
    for n in counts.iter_mut() {
        sum += std::mem::replace(n, sum);
    }
    for row in from {
        let at = &mut counts[digit(row)];
        to[*at as usize] = *row;
        *at += 1;
    }
}

/// Puts right what the digits did not tell apart: few rows, by few places. False when they are many.
fn finish(rows: &mut [Row]) -> bool {
    let mut moves = rows.len();
    for i in 1..rows.len() {
        let row = rows[i];
        if rows[i - 1][0] <= row[0] {
            continue;
        }
        let mut at = i;
        while at > 0 && rows[at - 1][0] > row[0] {
            rows[at] = rows[at - 1];
            at -= 1;
        }
        rows[at] = row;
        moves = moves.saturating_sub(i - at);
        if moves == 0 {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn order_is_a_plain_sort(
            starts in prop::collection::vec((0..3u8, any::<i64>(), 0..40i64), 0..400),
            wide in any::<bool>(),
        ) {
            // Crowds far from each other, and starts as far apart as can be.
            let place = |(crowd, far, near): &(u8, i64, i64)| match crowd {
                0 if wide => *far,
                0 => *near,
                1 => 1 << 40 | *near,
                _ => (1 << 50) + (*near << 20),
            };
            let mut rows: Vec<Row> = starts.iter().enumerate().map(|(i, s)| [place(s), i as i64]).collect();
            let mut expected = rows.clone();
            expected.sort_unstable();
            let mut order = Order::default();
            let range = range_of(&rows);
            let mut rows = order.sorted(&mut rows, range).to_vec();
            prop_assert!(rows.is_sorted_by_key(|row| row[0]));
            rows.sort_unstable();
            prop_assert_eq!(&rows, &expected, "no row is lost");
        }
    }
}
