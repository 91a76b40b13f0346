//! What may be recorded. In: facts with their canonical text. Out: which of them are new, and under which number. Judges each
//! fact against the record as it will stand, inside the writer's transaction; writes nothing itself.

use super::db::{self, Db};
use super::head;
use super::side::{Side, subject_hash};
use crate::digest::sm3_hex;
use crate::error::{Category, Code, Error, Lang, Result, err};
use crate::facts::{Entry, Fact, admit, lookup};
use crate::time::Instant;
use std::collections::BTreeMap;

/// A fact ready to be recorded; made by the caller's thread.
pub(super) struct Item {
    pub(super) fact: Fact,
    /// Canonical.
    pub(super) text: String,
    /// SM3 of the text.
    pub(super) digest: String,
}

impl Item {
    /// # Errors
    /// Category input: what no fact may hold, also of a fact that was not parsed.
    pub(super) fn new(fact: &Fact) -> Result<Item> {
        let text = fact.canonical()?;
        let digest = sm3_hex(text.as_bytes());
        // What is recorded is what a reader will read; a fact put together by hand may differ.
        let read = Fact::parse_stored(&text)?;
        if read != *fact {
            return err(Code::NotCanonical, format!("{} {:?}", fact.kind_name(), fact.subject));
        }
        Ok(Item { fact: read, text, digest })
    }
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) seqs: Vec<u64>,
    pub(super) new: u64,
    pub(super) faults: Vec<(u64, String)>,
}

/// The new entries of one commit.
pub(super) struct Batch<'a> {
    db: &'a Db,
    side: &'a Side,
    /// The last entry before.
    base: u64,
    recorded_at: Instant,
    /// Entries `base + 1..`.
    new: Vec<New>,
    /// New entries by hash of key or subject.
    found: BTreeMap<u64, Vec<u64>>,
    /// Earlier entries by hash of the subject, as far as they were asked for.
    cases: BTreeMap<u64, Vec<u64>>,
    old: BTreeMap<u64, Entry>,
}

/// A new entry.
pub(super) struct New {
    entry: Entry,
    pub(super) text: String,
    pub(super) digest: String,
}

impl New {
    pub(super) fn fact(&self) -> &Fact {
        &self.entry.fact
    }
}

impl<'a> Batch<'a> {
    /// After entry `base`, recorded at `recorded_at`. `side` finds all entries up to `base`.
    pub(super) fn new(db: &'a Db, side: &'a Side, base: u64, recorded_at: Instant) -> Self {
        Batch {
            db,
            side,
            base,
            recorded_at,
            new: Vec::new(),
            found: BTreeMap::new(),
            cases: BTreeMap::new(),
            old: BTreeMap::new(),
        }
    }

    /// The new entries from number `from` on.
    pub(super) fn from(&self, from: u64) -> &[New] {
        &self.new[(from - self.base - 1) as usize..]
    }

    pub(super) fn into_new(self) -> Vec<New> {
        self.new
    }

    /// The number of the next new entry.
    pub(super) fn next(&self) -> u64 {
        self.base + 1 + self.new.len() as u64
    }

    /// Takes all items, or none.
    ///
    /// # Errors
    /// With the row: refused and conflict; whatever reading the record answers. With `lenient`, what is refused by the record
    /// is taken all the same and listed.
    pub(super) fn take(&mut self, items: Vec<Item>, lenient: bool) -> Result<Done> {
        let mark = self.next();
        let mut done = Done::default();
        for (row, item) in (1..).zip(items) {
            if let Err(e) = self.take_one(item, row, lenient, &mut done) {
                self.forget(mark);
                return Err(e.at_row(row));
            }
        }
        Ok(done)
    }

    /// Takes a fact that needs no judging.
    pub(super) fn add(&mut self, item: Item) -> u64 {
        let seq = self.next();
        for hash in super::side::hashes(&item.fact) {
            self.found.entry(hash).or_default().push(seq);
        }
        let entry = Entry { seq, recorded_at: self.recorded_at, fact: item.fact };
        self.new.push(New { entry, text: item.text, digest: item.digest });
        seq
    }

    fn take_one(&mut self, item: Item, row: u64, lenient: bool, done: &mut Done) -> Result<()> {
        if let Some(key) = &item.fact.key
            && let Some((seq, digest)) = self.recorded_under(key)?
        {
            if digest == item.digest {
                done.seqs.push(seq);
                return Ok(());
            }
            return err(Code::KeyConflict, format!("key {key:?}, entry {seq}"));
        }
        match self.judge(&item.fact) {
            Err(e) if lenient && e.category() == Category::Refused => {
                done.faults.push((row, e.text(Lang::En)))
            }
            other => other?,
        }
        done.seqs.push(self.add(item));
        done.new += 1;
        Ok(())
    }

    /// The entry that holds the key, with the digest of its fact.
    fn recorded_under(&self, key: &str) -> Result<Option<(u64, String)>> {
        let hash = super::side::key_hash(key);
        for seq in self.side.find(self.db, hash)? {
            let record = self.record(seq)?;
            if read_fact(seq, &record.fact)?.key.as_deref() == Some(key) {
                let Some(line) = head::parse(&record.head) else {
                    return db::corrupt(seq as i64, "no head line");
                };
                return Ok(Some((seq, line.fact.to_owned())));
            }
        }
        let fresh = self.found.get(&hash).into_iter().flatten().map(|seq| (*seq, self.fresh(*seq)));
        Ok(fresh
            .filter(|(_, n)| n.fact().key.as_deref() == Some(key))
            .map(|(seq, n)| (seq, n.digest.clone()))
            .next())
    }

    fn judge(&mut self, fact: &Fact) -> Result<()> {
        let needs = lookup(fact);
        let mut seqs = Vec::new();
        for (family, subject) in &needs.cases {
            let hash = subject_hash(subject);
            self.load_case(hash)?;
            let all = [self.cases.get(&hash), self.found.get(&hash)];
            let of_case = |seq: &u64| {
                let fact = &self.entry(*seq)?.fact;
                (fact.kind.family == *family && fact.subject == *subject).then_some(*seq)
            };
            seqs.extend(all.into_iter().flatten().flatten().filter_map(of_case));
        }
        if let Some(seq) = needs.entry {
            if seq >= 1 && seq <= self.base {
                self.load(seq)?;
            }
            seqs.push(seq);
        }
        seqs.sort_unstable();
        seqs.dedup();
        let earlier: Vec<&Entry> = seqs.iter().filter_map(|seq| self.entry(*seq)).collect();
        admit(fact, self.recorded_at, &earlier)
    }

    fn entry(&self, seq: u64) -> Option<&Entry> {
        if seq > self.base {
            return self.new.get((seq - self.base - 1) as usize).map(|n| &n.entry);
        }
        self.old.get(&seq)
    }

    fn fresh(&self, seq: u64) -> &New {
        &self.new[(seq - self.base - 1) as usize]
    }

    fn load_case(&mut self, hash: u64) -> Result<()> {
        if self.cases.contains_key(&hash) {
            return Ok(());
        }
        let seqs = self.side.find(self.db, hash)?;
        for seq in &seqs {
            self.load(*seq)?;
        }
        self.cases.insert(hash, seqs);
        Ok(())
    }

    fn load(&mut self, seq: u64) -> Result<()> {
        if !self.old.contains_key(&seq) {
            let record = self.record(seq)?;
            self.old.insert(seq, entry_of(seq, &record.head, &record.fact)?);
        }
        Ok(())
    }

    fn record(&self, seq: u64) -> Result<super::Record> {
        match self.db.row(seq)? {
            Some(record) => Ok(record),
            None => db::corrupt(seq as i64, "is missing"),
        }
    }

    /// Takes back everything from `mark` on.
    fn forget(&mut self, mark: u64) {
        for new in self.new.drain((mark - self.base - 1) as usize..) {
            for hash in super::side::hashes(&new.entry.fact) {
                if let Some(seqs) = self.found.get_mut(&hash) {
                    seqs.retain(|seq| *seq < mark);
                }
            }
        }
    }
}

/// A stored row as an entry.
///
/// # Errors
/// `corrupt`.
pub(super) fn entry_of(seq: u64, head: &str, fact: &str) -> Result<Entry> {
    let Some(line) = head::parse(head).filter(|line| line.seq == seq) else {
        return db::corrupt(seq as i64, "the head is not that of this entry");
    };
    Ok(Entry { seq, recorded_at: line.recorded_at, fact: read_fact(seq, fact)? })
}

/// A stored fact.
///
/// # Errors
/// `corrupt`.
pub(super) fn read_fact(seq: u64, text: &str) -> Result<Fact> {
    Fact::parse_stored(text)
        .map_err(|e| Error::new(Code::Corrupt, format!("entry {seq}: {}", e.text(Lang::En))))
}
