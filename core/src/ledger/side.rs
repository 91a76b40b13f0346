//! Which entries hold a key or a subject: sorted runs in the `side_*` tables, and the entries after them in memory. Can be
//! rebuilt from the entries and proves nothing; whoever asks compares the entry itself.
//!
//! A run covers some thousand entries. Its (hash, seq) pairs lie sorted in buckets of a page each, and a filter says of most
//! hashes that the run lacks them. Eight runs of a size are merged into one. So a flush writes in sorted bulk, and a lookup in
//! ten million entries tests some twenty filters and reads a page or two.

use super::db::{Db, RunRow};
use crate::error::{Code, Result, err};
use crate::facts::Fact;
use std::collections::BTreeSet;

/// Entries that are worth a run.
pub(super) const RUN: u64 = 8192;
/// Runs of a size that are merged.
const MERGE: usize = 8;
/// Pairs a bucket holds on average, at most; their bytes fit a page of the file.
const BUCKET: usize = 256;
/// hash and seq less the run's first.
const PAIR: usize = 12;
/// Bits of a bucket's number in its id.
const BUCKET_BITS: u32 = 18;
/// Pairs to one 64-bit word of the filter.
const FILTER_SHARE: usize = 4;

/// A hash for lookups; never part of the proof. FNV-1a, mixed so that all bits count.
fn hash(tag: u8, text: &str) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    for b in std::iter::once(tag).chain(text.bytes()) {
        h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    }
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

/// The hash of a key.
pub(super) fn key_hash(key: &str) -> u64 {
    hash(b'k', key)
}

/// The hash of a subject, whatever its family.
pub(super) fn subject_hash(subject: &str) -> u64 {
    hash(b's', subject)
}

/// The hashes under which a fact is found.
pub(super) fn hashes(fact: &Fact) -> impl Iterator<Item = u64> {
    let subject = (!fact.subject.is_empty()).then(|| subject_hash(&fact.subject));
    subject.into_iter().chain(fact.key.as_deref().map(key_hash))
}

/// A sum over pairs that does not depend on their order.
pub(super) fn checksum(hash: u64, seq: u64) -> u64 {
    (hash ^ seq.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29)
}

/// A run as it is kept in memory.
struct Run {
    first: u64,
    last: u64,
    buckets: u64,
    filter: Vec<u64>,
}

/// The lookup of one connection.
#[derive(Default)]
pub(super) struct Side {
    runs: Vec<Run>,
    tail: BTreeSet<(u64, u64)>,
    /// The last recorded entry that is in the runs or the tail.
    upto: u64,
    /// Pairs of the tail whose entries are not recorded yet.
    pending: Vec<(u64, u64)>,
}

/// Which bucket of `buckets` (a power of two) holds `hash`.
fn bucket_of(hash: u64, buckets: u64) -> u64 {
    ((u128::from(hash) * u128::from(buckets)) >> 64) as u64
}

fn filter_bits(hash: u64, words: usize) -> (usize, u64) {
    let word = ((u128::from(hash) * words as u128) >> 64) as usize;
    (word, 1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63))
}

fn bucket_id(first: u64, bucket: u64) -> i64 {
    (first << BUCKET_BITS | bucket) as i64
}

fn pair(chunk: &[u8], first: u64) -> (u64, u64) {
    let (hash, seq) = chunk.split_at(8);
    let word = |b: &[u8]| b.iter().rev().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    (word(hash), first + word(seq))
}

impl Side {
    /// Reads which runs there are. `None`: they do not belong to these entries, and must be built anew.
    pub(super) fn load(db: &Db) -> Result<Option<Side>> {
        let mut side = Side::default();
        for row in db.runs()? {
            let words = row.filter.len() / 8;
            let fits = row.first == side.upto + 1
                && row.last >= row.first
                && row.buckets.is_power_of_two()
                && row.buckets < 1 << BUCKET_BITS
                && row.filter.len().is_multiple_of(8)
                && words > 0;
            if !fits {
                return Ok(None);
            }
            side.upto = row.last;
            side.runs.push(Run {
                first: row.first,
                last: row.last,
                buckets: row.buckets,
                filter: row.filter.chunks_exact(8).map(|c| pair(c, 0).0).collect(),
            });
            if db.head_at(row.last)?.is_none_or(|h| h.sm3 != row.head) {
                return Ok(None);
            }
        }
        Ok(Some(side))
    }

    /// True while the tables hold the runs that are known here. Every process writes and merges runs, and one that goes on
    /// with runs that are gone does not find what they held.
    pub(super) fn is_current(&self, db: &Db) -> Result<bool> {
        let known = self.runs.iter().map(|r| (r.first, r.last, r.buckets));
        Ok(db.run_spans()?.into_iter().eq(known))
    }

    /// Takes up the runs that are in the tables now, and keeps the entries in memory that no run covers. `false`: what is known
    /// here does not reach from the runs on without a gap, and entries are to be read again from `upto` on.
    pub(super) fn follow(&mut self, now: Side) -> bool {
        let joins = (self.in_runs()..=self.upto).contains(&now.in_runs());
        if joins {
            self.runs = now.runs;
            let covered = self.in_runs();
            self.tail.retain(|(_, seq)| *seq > covered);
        } else {
            *self = now;
        }
        joins
    }

    /// The last entry that can be found.
    pub(super) fn upto(&self) -> u64 {
        self.upto
    }

    /// Takes up the recorded entry `upto + 1`.
    pub(super) fn add(&mut self, fact: &Fact) {
        self.note(self.upto + 1, hashes(fact));
        self.keep(self.upto + 1);
    }

    /// Finds an entry from now on that is about to be recorded.
    pub(super) fn note(&mut self, seq: u64, hashes: impl Iterator<Item = u64>) {
        for hash in hashes {
            self.tail.insert((hash, seq));
            self.pending.push((hash, seq));
        }
    }

    /// Entries up to `upto` are recorded.
    pub(super) fn keep(&mut self, upto: u64) {
        self.pending.clear();
        self.upto = upto;
    }

    /// Entries from `seq` on are not recorded after all.
    pub(super) fn forget(&mut self, seq: u64) {
        while let Some(pair) = self.pending.pop_if(|pair| pair.1 >= seq) {
            self.tail.remove(&pair);
        }
    }

    /// Entries that no run covers.
    pub(super) fn waiting(&self) -> u64 {
        self.upto - self.in_runs()
    }

    /// The last entry of the runs.
    pub(super) fn in_runs(&self) -> u64 {
        self.runs.last().map_or(0, |r| r.last)
    }

    /// Entries that may hold what `hash` stands for, in order.
    pub(super) fn find(&self, db: &Db, hash: u64) -> Result<Vec<u64>> {
        let mut seqs = Vec::new();
        for run in &self.runs {
            let (word, bits) = filter_bits(hash, run.filter.len());
            if run.filter[word] & bits != bits {
                continue;
            }
            let id = bucket_id(run.first, bucket_of(hash, run.buckets));
            db.buckets(id, id, |_, data| {
                let pairs = data.chunks_exact(PAIR).map(|c| pair(c, run.first));
                seqs.extend(pairs.filter(|p| p.0 == hash).map(|p| p.1));
            })?;
        }
        seqs.extend(self.tail.range((hash, 0)..=(hash, u64::MAX)).map(|p| p.1));
        Ok(seqs)
    }

    /// Writes the entries in memory as a run (`head`: SM3 of the last one's head) inside the caller's transaction. What is in
    /// memory changes only by [`Side::flushed`], once the transaction is through.
    pub(super) fn flush(&self, db: &Db, head: &str) -> Result<()> {
        let mut pairs: Vec<(u64, u64)> = self.tail.iter().copied().collect();
        let mut first = self.in_runs() + 1;
        let level = |first: u64, last: u64| (last + 1 - first).max(RUN).ilog2() / MERGE.ilog2();
        let mut rest = &self.runs[..];
        loop {
            let own = level(first, self.upto);
            let alike = rest.iter().rev().take_while(|r| level(r.first, r.last) <= own).count();
            if alike < MERGE - 1 {
                break;
            }
            let (kept, merged) = rest.split_at(rest.len() - alike);
            for run in merged {
                read_run(db, run, &mut pairs)?;
                db.drop_run(run.first, bucket_id(run.first, 0), bucket_id(run.first, run.buckets - 1))?;
            }
            first = merged[0].first;
            pairs.sort_unstable();
            rest = kept;
        }
        write_run(db, first, self.upto, head, &pairs)
    }

    /// Forgets what a committed flush wrote, and learns of the runs.
    pub(super) fn flushed(&mut self, db: &Db) -> Result<()> {
        if let Some(side) = Side::load(db)? {
            *self = side;
        }
        Ok(())
    }

    /// Compares the runs with a sum over the pairs of the entries they cover. The reason when they do not agree.
    pub(super) fn check(&self, db: &Db, expected: u64) -> Result<Option<String>> {
        let mut sum = 0_u64;
        for run in &self.runs {
            let mut pairs = Vec::new();
            read_run(db, run, &mut pairs)?;
            let mut wrong = !pairs.is_sorted();
            for (hash, seq) in &pairs {
                let (word, bits) = filter_bits(*hash, run.filter.len());
                wrong |= run.filter[word] & bits != bits || *seq > run.last;
                sum = sum.wrapping_add(checksum(*hash, *seq));
            }
            if wrong {
                return Ok(Some(format!(
                    "the lookup run of entries {} to {} is damaged",
                    run.first, run.last
                )));
            }
        }
        Ok((sum != expected)
            .then(|| format!("the lookup tables do not agree with entries 1 to {}", self.in_runs())))
    }
}

/// Adds the run's pairs that lie in their own bucket.
fn read_run(db: &Db, run: &Run, pairs: &mut Vec<(u64, u64)>) -> Result<()> {
    let (from, to) = (bucket_id(run.first, 0), bucket_id(run.first, run.buckets - 1));
    db.buckets(from, to, |id, data| {
        let here = data.chunks_exact(PAIR).map(|c| pair(c, run.first));
        pairs.extend(here.filter(|p| bucket_id(run.first, bucket_of(p.0, run.buckets)) == id));
    })
}

/// Writes a run of sorted pairs.
fn write_run(db: &Db, first: u64, last: u64, head: &str, pairs: &[(u64, u64)]) -> Result<()> {
    if u32::try_from(last - first).is_err() {
        return err(Code::OutOfRange, format!("a lookup run of {} entries", last - first));
    }
    // What an earlier run of that name left, were its row lost.
    db.drop_run(first, bucket_id(first, 0), bucket_id(first, (1 << BUCKET_BITS) - 1))?;
    let buckets = (pairs.len() / BUCKET + 1).next_power_of_two().min(1 << (BUCKET_BITS - 1)) as u64;
    let mut filter = vec![0_u64; pairs.len() / FILTER_SHARE + 1];
    let mut from = 0;
    let mut data = Vec::new();
    while from < pairs.len() {
        let bucket = bucket_of(pairs[from].0, buckets);
        data.clear();
        while let Some((hash, seq)) = pairs.get(from).filter(|p| bucket_of(p.0, buckets) == bucket) {
            let (word, bits) = filter_bits(*hash, filter.len());
            filter[word] |= bits;
            data.extend_from_slice(&hash.to_le_bytes());
            data.extend_from_slice(&((seq - first) as u32).to_le_bytes());
            from += 1;
        }
        db.put_bucket(bucket_id(first, bucket), &data)?;
    }
    let filter = filter.iter().flat_map(|w| w.to_le_bytes()).collect();
    db.put_run(&RunRow { first, last, head: head.to_owned(), buckets, filter })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Head;
    use crate::ledger::db::Mode;
    use crate::ledger::head::{Chain, NO_PREV};

    /// A database with the last entries of runs only, which is all that `load` looks at.
    fn database() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("l.db"), Mode::Create).unwrap();
        db.create().unwrap();
        db.set_sync(false).unwrap();
        (folder, db)
    }

    fn flush(db: &Db, side: &mut Side) {
        let before = Head { seq: side.upto() - 1, recorded_at: 0, sm3: NO_PREV.to_owned() };
        let mut chain = Chain::new(before, 0).unwrap();
        let line = chain.next(NO_PREV);
        db.begin().unwrap();
        db.insert(side.upto(), &line, "{}").unwrap();
        db.end(side.flush(db, &chain.head.sm3)).unwrap();
        side.flushed(db).unwrap();
        assert_eq!((side.waiting(), side.tail.len()), (0, 0));
    }

    #[test]
    fn runs_are_merged_and_lose_nothing() {
        let (_folder, db) = database();
        let mut fact = Fact::parse(r#"{"kind":"x.note","at":"2026-03-02T00:00:00Z"}"#).unwrap();
        let mut side = Side::default();
        let mut sum = 0_u64;
        let total = 9 * RUN + 5;
        for seq in 1..=total {
            fact.subject = format!("s{}", seq / 2);
            fact.key = (seq % 3 == 0).then(|| format!("k{seq}"));
            side.add(&fact);
            if side.waiting() == RUN {
                flush(&db, &mut side);
            }
            if seq <= 9 * RUN {
                sum = hashes(&fact).fold(sum, |sum, hash| sum.wrapping_add(checksum(hash, seq)));
            }
        }
        let sizes: Vec<u64> = side.runs.iter().map(|r| r.last + 1 - r.first).collect();
        assert_eq!(sizes, [8 * RUN, RUN]);
        let mut again = Side::load(&db).unwrap().unwrap();
        assert_eq!((again.upto(), again.in_runs()), (9 * RUN, 9 * RUN));
        assert_eq!(again.check(&db, sum).unwrap(), None);
        assert!(again.check(&db, sum + 1).unwrap().is_some());
        for seq in (1..total).step_by(97).chain(total - 10..=total) {
            let pair: Vec<u64> =
                [seq / 2 * 2, seq / 2 * 2 + 1].into_iter().filter(|s| *s >= 1 && *s <= total).collect();
            assert_eq!(side.find(&db, subject_hash(&format!("s{}", seq / 2))).unwrap(), pair);
            let key = side.find(&db, key_hash(&format!("k{seq}"))).unwrap();
            assert_eq!(key, if seq % 3 == 0 { vec![seq] } else { vec![] });
        }
        // Filters keep most lookups of what is not there away from the file.
        let passed = (0..10_000).filter(|i| {
            let hash = key_hash(&format!("absent{i}"));
            again.runs.iter().any(|r| {
                let (word, bits) = filter_bits(hash, r.filter.len());
                r.filter[word] & bits == bits
            })
        });
        let passed = passed.count();
        assert!(passed < 500, "{passed} of 10000");
        // A run that does not belong to these entries is noticed.
        again.runs.clear();
        db.begin().unwrap();
        let rows = db.runs().unwrap();
        db.drop_run(rows[1].first, 0, 0).unwrap();
        db.put_run(&RunRow { head: NO_PREV.to_owned(), ..rows.into_iter().nth(1).unwrap() }).unwrap();
        db.commit().unwrap();
        assert!(Side::load(&db).unwrap().is_none());
    }
}
