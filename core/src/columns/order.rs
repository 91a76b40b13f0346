//! Rows in order of start. Rows that are in order are only read; others are split by the top bits of their start into
//! pieces that fit a cache, and sorted there by two passes over 16 bits. Where starts crowd so that bits do not tell them
//! apart, a comparison sort takes over: never worse than n log n.

use crate::time::Instant;

/// Start and end.
pub(super) type Row = [Instant; 2];

/// Below this a comparison sort is as quick.
const FEW: usize = if cfg!(test) { 4 } else { 96 };
/// Rows that are sorted in one go with their copy in the cache of a core (2 x 256 KiB).
const FIT: usize = if cfg!(test) { 64 } else { 1 << 14 };
/// Rows a piece is split for.
const PIECE: usize = if cfg!(test) { 16 } else { 1 << 11 };
/// More pieces than this would be written to at once with a fault of the address cache for nearly each row.
const MOST_BITS: u32 = 12;

/// First and last start of some rows.
pub(super) fn range(starts: impl Iterator<Item = Instant>) -> (Instant, Instant) {
    starts.fold((Instant::MAX, Instant::MIN), |(low, high), s| (low.min(s), high.max(s)))
}

/// Distance above the lowest start.
fn above(low: Instant, start: Instant) -> u64 {
    start.wrapping_sub(low) as u64
}

/// How far to shift distances so that `bits` are left.
fn shift_for(range: (Instant, Instant), bits: u32) -> u32 {
    (64 - above(range.0, range.1).leading_zeros()).saturating_sub(bits)
}

/// Splits rows by the top bits of their start into `out`, which has room for all of them; returns where each piece ends.
/// All starts of a piece are at or before those of the next. O(n).
pub(super) fn split(
    rows: impl Iterator<Item = Row> + Clone,
    range: (Instant, Instant),
    out: &mut [Row],
) -> Vec<usize> {
    let bits = (out.len() / PIECE).next_power_of_two().trailing_zeros().clamp(1, MOST_BITS);
    let shift = shift_for(range, bits);
    let piece = |row: Row| (above(range.0, row[0]) >> shift) as usize;
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
}

impl Order {
    /// Sorts rows by start. O(n) when they are in order or their starts lie apart; O(n log n) at worst.
    pub(super) fn sort(&mut self, rows: &mut [Row]) {
        if rows.is_sorted_by_key(|row| row[0]) {
            return;
        }
        if rows.len() <= FIT {
            return self.sort_piece(rows);
        }
        let mut out = vec![[0; 2]; rows.len()];
        let ends = split(rows.iter().copied(), range(rows.iter().map(|row| row[0])), &mut out);
        let mut from = 0;
        for end in ends {
            self.sort_piece(&mut out[from..end]);
            from = end;
        }
        rows.copy_from_slice(&out);
    }

    /// Sorts a piece of a split.
    pub(super) fn sort_piece(&mut self, rows: &mut [Row]) {
        if rows.len() <= FEW || rows.len() > FIT {
            return rows.sort_unstable_by_key(|row| row[0]);
        }
        let range = range(rows.iter().map(|row| row[0]));
        let shift = shift_for(range, 16);
        let key = |row: &Row| above(range.0, row[0]) >> shift;
        let (mut low, mut high) = ([0u32; 256], [0u32; 256]);
        for row in &*rows {
            low[(key(row) & 255) as usize] += 1;
            high[(key(row) >> 8 & 255) as usize] += 1;
        }
        self.spare.resize(rows.len().max(self.spare.len()), [0; 2]);
        let spare = &mut self.spare[..rows.len()];
        pass(rows, spare, &mut low, |row| (key(row) & 255) as usize);
        pass(spare, rows, &mut high, |row| (key(row) >> 8 & 255) as usize);
        if shift > 0 {
            finish(rows);
        }
    }
}

/// One stable pass by a digit.
fn pass(from: &[Row], to: &mut [Row], counts: &mut [u32; 256], digit: impl Fn(&Row) -> usize) {
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

/// Puts right what the digits did not tell apart: few rows, by few places. Many: a comparison sort.
fn finish(rows: &mut [Row]) {
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
            return rows.sort_unstable_by_key(|row| row[0]);
        }
    }
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
            order.sort(&mut rows);
            prop_assert!(rows.is_sorted_by_key(|row| row[0]));
            rows.sort_unstable();
            prop_assert_eq!(&rows, &expected, "no row is lost");
        }
    }
}
