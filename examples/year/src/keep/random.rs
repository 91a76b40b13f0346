//! The same numbers every time, everywhere.

/// SplitMix64.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// From `low` up to and with `high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low).unsigned_abs() + 1;
        low + i64::try_from(self.next() % span).unwrap_or_default()
    }
    /// One of these.
    pub(crate) fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let last = i64::try_from(list.len()).unwrap_or(1) - 1;
        let i = usize::try_from(self.between(0, last)).unwrap_or_default();
        list.get(i).copied().unwrap_or_default()
    }
}
