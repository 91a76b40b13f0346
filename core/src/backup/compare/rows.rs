//! The rows in which a table differs, found in bounded memory. A row's place is the SM3 of its key (of the whole row where
//! there is no key): the servers' own order of text, which differs from one to the next, plays no part. A large table is
//! first summed up in buckets of places; only the buckets that differ are then read, some at a time.

use crate::backup::Watch;
use crate::backup::source::{Batch, Source, Sum, Table, fields};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a side held at once.
const HELD: usize = 1 << 17;
/// Bits of a place that choose its bucket.
const BUCKET_BITS: u32 = 12;
/// A bucket is read in at most 2^6 parts: rows that are alike cannot be divided, and are held once.
const PART_BITS: u32 = 6;

pub(super) type Digest = [u8; 32];

/// The two sides, and the table as each has it: the same columns in the same order.
pub(super) struct Pair<'a> {
    pub(super) platform: &'a mut dyn Source,
    pub(super) standby: &'a mut dyn Source,
    pub(super) tables: [Table; 2],
    /// Places of the key's columns; empty: none.
    pub(super) key: Vec<usize>,
    /// Bytes read so far.
    pub(super) bytes: u64,
}

/// A place where the two differ: the row's digest on each side, how many copies each holds, and how many of them differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) place: Digest,
    pub(super) platform: Option<Digest>,
    pub(super) standby: Option<Digest>,
    pub(super) held: [u64; 2],
    pub(super) copies: u64,
}

impl Pair<'_> {
    /// Reads one side: place, digest and message of each row.
    fn scan(
        &mut self,
        side: usize,
        watch: &mut Watch<'_>,
        mut each: impl FnMut(&Digest, &Digest, &[u8]),
    ) -> Result<()> {
        let table = &self.tables[side];
        let source = if side == 0 { &mut *self.platform } else { &mut *self.standby };
        let key = &self.key;
        let (mut keys, mut rows, mut bytes) = (Batch::default(), Batch::default(), 0);
        let mut flush = |keys: &mut Batch, rows: &mut Batch| {
            let mut places = Vec::new();
            keys.drain(|_, digest| places.push(*digest));
            let mut at = 0;
            rows.drain(|message, digest| {
                bytes += message.len() as u64;
                each(places.get(at).unwrap_or(digest), digest, message);
                at += 1;
            });
        };
        source.read(table, watch, &mut |row| {
            if !key.is_empty() {
                keys.push(|out| row.message(&table.name, key.iter().copied(), out));
            }
            rows.push(|out| row.whole(&table.name, out));
            if rows.full() || keys.full() {
                flush(&mut keys, &mut rows);
            }
            Ok(())
        })?;
        flush(&mut keys, &mut rows);
        self.bytes += bytes;
        Ok(())
    }

    /// Rows of a side, and the sum of their digests.
    pub(super) fn sum(&mut self, side: usize, watch: &mut Watch<'_>) -> Result<Sum> {
        let mut sum = Sum::default();
        let key = std::mem::take(&mut self.key);
        let read = self.scan(side, watch, |_, digest, _| sum.add(digest));
        self.key = key;
        read.map(|()| sum)
    }

    /// Hands over every place where the two differ, in the order of the places.
    pub(super) fn differences(
        &mut self,
        rows: u64,
        watch: &mut Watch<'_>,
        found: &mut dyn FnMut(Spot),
    ) -> Result<()> {
        self.differences_within(rows, HELD, watch, found)
    }

    fn differences_within(
        &mut self,
        rows: u64,
        held: usize,
        watch: &mut Watch<'_>,
        found: &mut dyn FnMut(Spot),
    ) -> Result<()> {
        let slices = if rows <= held as u64 { vec![Slice::all()] } else { self.slices(held, watch)? };
        for slice in slices {
            let mut sides = [Rows::new(held), Rows::new(held)];
            for (side, rows) in sides.iter_mut().enumerate() {
                self.scan(side, watch, |place, digest, _| {
                    if slice.has(place) {
                        rows.add(place, digest);
                    }
                })?;
            }
            let [platform, standby] = sides.map(Rows::finish);
            merge(&platform, &standby, found);
        }
        Ok(())
    }

    /// The buckets that differ, put together to slices that can be held.
    fn slices(&mut self, held: usize, watch: &mut Watch<'_>) -> Result<Vec<Slice>> {
        let mut sums = [vec![Sum::default(); 1 << BUCKET_BITS], vec![Sum::default(); 1 << BUCKET_BITS]];
        for (side, sums) in sums.iter_mut().enumerate() {
            self.scan(side, watch, |place, digest, _| sums[bucket(place)].add(digest))?;
        }
        let [platform, standby] = sums;
        let mut slices: Vec<Slice> = Vec::new();
        let (mut gathered, mut room) = (Slice::none(), held as u64);
        for at in (0..platform.len()).filter(|&at| platform[at] != standby[at]) {
            let rows = platform[at].rows.max(standby[at].rows);
            if rows > held as u64 {
                let bits = rows.div_ceil(held as u64).next_power_of_two().trailing_zeros().min(PART_BITS);
                for part in 0..1 << bits {
                    slices.push(Slice { part: Some((bits, part)), ..Slice::none().with(at) });
                }
                continue;
            }
            if rows > room {
                slices.push(std::mem::replace(&mut gathered, Slice::none()));
                room = held as u64;
            }
            gathered = gathered.with(at);
            room -= rows;
        }
        slices.push(gathered);
        slices.retain(|slice| slice.buckets.contains(&true));
        Ok(slices)
    }

    /// Fields of the rows at some places, on each side: the key's text, and a digest of each field.
    pub(super) fn name(
        &mut self,
        places: &BTreeSet<Digest>,
        watch: &mut Watch<'_>,
    ) -> Result<[BTreeMap<Digest, Named>; 2]> {
        let mut named = [BTreeMap::new(), BTreeMap::new()];
        for (side, named) in named.iter_mut().enumerate() {
            let key = self.key.clone();
            self.scan(side, watch, |place, _, message| {
                if places.contains(place) {
                    let fields = fields(message);
                    named.insert(
                        *place,
                        Named {
                            key: key.iter().map(|&at| fields.get(at).copied().flatten().map(shown)).collect(),
                            fields: fields.iter().map(|field| field.map(crate::digest::sm3)).collect(),
                        },
                    );
                }
            })?;
        }
        Ok(named)
    }
}

/// A row that is named.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) key: Vec<Option<String>>,
    pub(super) fields: Vec<Option<Digest>>,
}

/// A value of a key for people: characters of text, else hex, and not more than fits a line.
fn shown(value: &[u8]) -> String {
    const MOST: usize = 80;
    let text = match std::str::from_utf8(value) {
        Ok(text) => text
            .chars()
            .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
            .collect(),
        Err(_) => crate::digest::hex(&value[..value.len().min(MOST / 2)]),
    };
    let text: String = text;
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain(['…']).collect() }
}

fn bucket(place: &Digest) -> usize {
    usize::from(u16::from_be_bytes([place[0], place[1]]) >> (16 - BUCKET_BITS))
}

/// Some of the places.
struct Slice {
    /// Which buckets.
    buckets: Vec<bool>,
    /// Only the part with this number, of 2^bits.
    part: Option<(u32, u32)>,
}

impl Slice {
    fn none() -> Slice {
        Slice { buckets: vec![false; 1 << BUCKET_BITS], part: None }
    }
    fn all() -> Slice {
        Slice { buckets: vec![true; 1 << BUCKET_BITS], part: None }
    }
    fn with(mut self, bucket: usize) -> Slice {
        self.buckets[bucket] = true;
        self
    }
    fn has(&self, place: &Digest) -> bool {
        self.buckets[bucket(place)]
            && self.part.is_none_or(|(bits, part)| {
                bits == 0
                    || u32::from_be_bytes([place[2], place[3], place[4], place[5]]) >> (32 - bits) == part
            })
    }
}

/// Rows of a slice: place, digest, copies.
struct Rows {
    rows: Vec<(Digest, Digest, u64)>,
    held: usize,
}

impl Rows {
    fn new(held: usize) -> Rows {
        Rows { rows: Vec::new(), held }
    }
    fn add(&mut self, place: &Digest, digest: &Digest) {
        if self.rows.len() >= self.held {
            self.pack();
            // Where that did not help, the next look is later.
            self.held = self.held.max(self.rows.len() + self.rows.len() / 2);
        }
        self.rows.push((*place, *digest, 1));
    }
    /// Puts copies together.
    fn pack(&mut self) {
        self.rows.sort_unstable();
        self.rows.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 += next.2;
            }
            same
        });
    }
    fn finish(mut self) -> Vec<(Digest, Digest, u64)> {
        self.pack();
        self.rows
    }
}

/// Goes through both sides in the order of the places.
fn merge(platform: &[(Digest, Digest, u64)], standby: &[(Digest, Digest, u64)], found: &mut dyn FnMut(Spot)) {
    let (mut a, mut b) = (platform, standby);
    while let Some(place) = [a.first(), b.first()].into_iter().flatten().map(|row| row.0).min() {
        let here = |rows: &[(Digest, Digest, u64)]| rows.iter().take_while(|row| row.0 == place).count();
        let (own, other) = (here(a), here(b));
        at_place(place, &a[..own], &b[..other], found);
        (a, b) = (&a[own..], &b[other..]);
    }
}

/// Rows of one place: equal ones go, what is left differs, is missing, or is extra.
fn at_place(
    place: Digest,
    own: &[(Digest, Digest, u64)],
    other: &[(Digest, Digest, u64)],
    found: &mut dyn FnMut(Spot),
) {
    let copies = |rows: &[(Digest, Digest, u64)], digest: &Digest| -> u64 {
        rows.iter().find(|row| row.1 == *digest).map_or(0, |row| row.2)
    };
    let held = |digest: &Digest| [copies(own, digest), copies(other, digest)];
    // Digest, and copies that the other side has no equal for.
    let left = |rows: &[(Digest, Digest, u64)], against: &[(Digest, Digest, u64)]| -> Vec<(Digest, u64)> {
        rows.iter()
            .map(|row| (row.1, row.2.saturating_sub(copies(against, &row.1))))
            .filter(|(_, copies)| *copies > 0)
            .collect()
    };
    let (mut mine, mut theirs) = (left(own, other), left(other, own));
    while let (Some((a, n)), Some((b, m))) = (mine.last_mut(), theirs.last_mut()) {
        let copies = (*n).min(*m);
        let held = [held(a)[0], held(b)[1]];
        found(Spot { place, platform: Some(*a), standby: Some(*b), held, copies });
        (*n, *m) = (*n - copies, *m - copies);
        mine.retain(|(_, n)| *n > 0);
        theirs.retain(|(_, m)| *m > 0);
    }
    for (digest, copies) in mine {
        found(Spot { place, platform: Some(digest), standby: None, held: held(&digest), copies });
    }
    for (digest, copies) in theirs {
        found(Spot { place, platform: None, standby: Some(digest), held: held(&digest), copies });
    }
}

#[cfg(test)]
mod tests;
