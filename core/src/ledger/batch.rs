//! What may be recorded. In: facts with their canonical text. Out: which of them are new, and under which number. Judges each
//! fact against the record as it will stand, inside the writer's transaction; writes nothing itself.

use super::db::{self, Db};
use super::head;
use super::side::{Side, key_hash, subject_hash};
use crate::digest::{hex, sm3_many};
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
    /// Under what it is found.
    hashes: Hashes,
}

/// Hashes of subject and key.
#[derive(Clone, Copy)]
struct Hashes {
    subject: Option<u64>,
    key: Option<u64>,
}

impl Hashes {
    fn of(fact: &Fact) -> Hashes {
        let subject = (!fact.subject.is_empty()).then(|| subject_hash(&fact.subject));
        Hashes { subject, key: fact.key.as_deref().map(key_hash) }
    }
    fn iter(self) -> impl Iterator<Item = u64> {
        self.subject.into_iter().chain(self.key)
    }
}

impl Item {
    /// Readies a batch: canonical text and SM3.
    ///
    /// # Errors
    /// Category input, with the row: what no fact may hold, also of a fact that was not parsed.
    pub(super) fn all<'f>(facts: impl Iterator<Item = &'f Fact>) -> Result<Vec<Item>> {
        let ready = |(row, fact)| Item::text_of(fact).map_err(|e: Error| e.at_row(row));
        let texts = (1..).zip(facts).map(ready).collect::<Result<Vec<(Fact, String)>>>()?;
        let digests = sm3_many(&texts.iter().map(|(_, text)| text.as_bytes()).collect::<Vec<_>>());
        let item = |((fact, text), digest): ((Fact, String), [u8; 32])| {
            let hashes = Hashes::of(&fact);
            Item { fact, text, digest: hex(&digest), hashes }
        };
        Ok(texts.into_iter().zip(digests).map(item).collect())
    }

    /// The canonical text, and the fact as it will be read from it: one put together by hand may differ.
    fn text_of(fact: &Fact) -> Result<(Fact, String)> {
        let text = fact.canonical()?;
        let read = Fact::parse_stored(&text)?;
        if read != *fact {
            return err(Code::NotCanonical, format!("{} {:?}", fact.kind_name(), fact.subject));
        }
        Ok((read, text))
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
    /// Finds all entries, the new ones included.
    side: &'a mut Side,
    /// The last entry before.
    base: u64,
    recorded_at: Instant,
    /// Entries `base + 1..`.
    new: Vec<New>,
    /// Earlier entries, as far as they were asked for.
    old: BTreeMap<u64, Entry>,
}

/// A new entry.
pub(super) struct New {
    entry: Entry,
    pub(super) text: String,
    pub(super) digest: String,
}

impl<'a> Batch<'a> {
    /// After entry `base`, recorded at `recorded_at`.
    pub(super) fn new(db: &'a Db, side: &'a mut Side, base: u64, recorded_at: Instant) -> Self {
        Batch { db, side, base, recorded_at, new: Vec::new(), old: BTreeMap::new() }
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
        self.side.note(seq, item.hashes.iter());
        let entry = Entry { seq, recorded_at: self.recorded_at, fact: item.fact };
        self.new.push(New { entry, text: item.text, digest: item.digest });
        seq
    }

    fn take_one(&mut self, item: Item, row: u64, lenient: bool, done: &mut Done) -> Result<()> {
        if let (Some(hash), Some(key)) = (item.hashes.key, &item.fact.key)
            && let Some((seq, digest)) = self.recorded_under(hash, key)?
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
    fn recorded_under(&self, hash: u64, key: &str) -> Result<Option<(u64, String)>> {
        for seq in self.side.find(self.db, hash)? {
            if let Some(new) = self.fresh(seq) {
                if new.entry.fact.key.as_deref() == Some(key) {
                    return Ok(Some((seq, new.digest.clone())));
                }
                continue;
            }
            let record = self.record(seq)?;
            if read_fact(seq, &record.fact)?.key.as_deref() == Some(key) {
                let Some(line) = head::parse(&record.head) else {
                    return db::corrupt(seq as i64, "no head line");
                };
                return Ok(Some((seq, line.fact.to_owned())));
            }
        }
        Ok(None)
    }

    fn judge(&mut self, fact: &Fact) -> Result<()> {
        let needs = lookup(fact);
        let mut seqs = Vec::new();
        for (family, subject) in &needs.cases {
            for seq in self.side.find(self.db, subject_hash(subject))? {
                self.load(seq)?;
                let of_case = |e: &Entry| e.fact.kind.family == *family && e.fact.subject == *subject;
                if self.entry(seq).is_some_and(of_case) {
                    seqs.push(seq);
                }
            }
        }
        if let Some(seq) = needs.entry.filter(|seq| *seq >= 1) {
            self.load(seq)?;
            seqs.push(seq);
        }
        seqs.sort_unstable();
        seqs.dedup();
        let earlier: Vec<&Entry> = seqs.iter().filter_map(|seq| self.entry(*seq)).collect();
        admit(fact, self.recorded_at, &earlier)
    }

    fn entry(&self, seq: u64) -> Option<&Entry> {
        self.fresh(seq).map(|n| &n.entry).or_else(|| self.old.get(&seq))
    }

    fn fresh(&self, seq: u64) -> Option<&New> {
        self.new.get(seq.checked_sub(self.base + 1)? as usize)
    }

    fn load(&mut self, seq: u64) -> Result<()> {
        if seq <= self.base && !self.old.contains_key(&seq) {
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
        self.new.truncate((mark - self.base - 1) as usize);
        self.side.forget(mark);
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
