//! The proof. In: the stored bytes. Out: the first bad entry and what is wrong with it. Trusts nothing that the writer keeps in
//! memory or in the lookup tables. One thread reads, the others check: each entry is checked with the head before it alone.

use super::db::{Db, SCHEMA};
use super::head::{self, NO_PREV};
use super::side::{self, Side};
use super::store::Store;
use super::{Options, Problem, Progress, Verdict, writer};
use crate::digest::{hex, sm3_many};
use crate::error::{Code, Error, Lang, Result, err};
use crate::facts::Fact;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Scope;

/// Entries that are handed to a thread at once.
const CHUNK: usize = 1024;
/// More threads than that wait for the reader.
const MOST_THREADS: usize = 8;

/// Checks everything in one state of the file.
pub(super) fn run(store: &Store, options: &Options, progress: Progress<'_>) -> Result<Verdict> {
    let mut verdict = store.read(|db| {
        db.begin_read()?;
        let verdict = check(db, progress);
        db.rollback();
        verdict
    })?;
    if let Some(problem) = verdict.problem.as_mut().filter(|p| p.name == "side-wrong" && !options.read_only) {
        writer::clear_lookups(store, options)?;
        problem.detail.push_str("; they are built anew");
    }
    Ok(verdict)
}

fn check(db: &Db, progress: Progress<'_>) -> Result<Verdict> {
    let side = Side::load(db)?;
    let indexed = side.as_ref().map_or(0, Side::in_runs);
    let found = scan(db, indexed, progress)?;
    if let Some((seq, problem)) = found.bad {
        // Threads may have checked entries after it; those before it are sound.
        return Ok(Verdict { entries: seq - 1, first_bad: Some(seq), problem: Some(problem) });
    }
    let verdict = |first_bad, problem| Ok(Verdict { entries: found.entries, first_bad, problem });
    if let Some((seq, problem)) = duplicate_key(db, found.keys)? {
        return verdict(Some(seq), Some(problem));
    }
    if let Some(problem) = schema_problem(&db.schema()?) {
        return verdict(None, Some(problem));
    }
    let wrong = match side {
        Some(side) => side.check(db, found.sum)?,
        None => Some("the lookup tables belong to other entries".to_owned()),
    };
    verdict(None, wrong.map(|detail| Problem { name: "side-wrong", detail }))
}

/// What a scan found.
#[derive(Default)]
struct Found {
    entries: u64,
    bad: Option<(u64, Problem)>,
    /// Hashes of all keys.
    keys: Vec<u64>,
    /// Sum over the lookups of the entries that the tables cover.
    sum: u64,
}

impl Found {
    fn join(&mut self, part: Found) {
        self.entries += part.entries;
        self.keys.extend(part.keys);
        self.sum = self.sum.wrapping_add(part.sum);
        if let Some(bad) = part.bad
            && self.bad.as_ref().is_none_or(|(seq, _)| bad.0 < *seq)
        {
            self.bad = Some(bad);
        }
    }
}

/// Rows as they lie in the file.
#[derive(Default)]
struct Chunk {
    /// The number the first row must have.
    first: u64,
    /// The head before the first row.
    before: Option<Vec<u8>>,
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

struct Row {
    seq: i64,
    /// `None`: not text.
    head: Option<Range<usize>>,
    fact: Option<Range<usize>>,
}

impl Chunk {
    fn push(&mut self, seq: i64, head: Option<&[u8]>, fact: Option<&[u8]>) {
        let mut keep = |part: Option<&[u8]>| {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(part?);
            Some(start..self.bytes.len())
        };
        let row = Row { seq, head: keep(head), fact: keep(fact) };
        self.rows.push(row);
    }

    fn text(&self, part: &Option<Range<usize>>) -> Option<&str> {
        std::str::from_utf8(&self.bytes[part.clone()?]).ok()
    }

    /// The chunk after this one.
    fn next(&self) -> Chunk {
        let last = self.rows.last().and_then(|row| row.head.clone()).map(|head| self.bytes[head].to_vec());
        Chunk {
            first: self.first + self.rows.len() as u64,
            before: last.or_else(|| self.before.clone()),
            bytes: Vec::with_capacity(self.bytes.len()),
            rows: Vec::with_capacity(CHUNK),
        }
    }
}

/// Reads all entries and has them checked.
fn scan(db: &Db, indexed: u64, progress: Progress<'_>) -> Result<Found> {
    let total = db.last_seq()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    std::thread::scope(|scope| {
        let mut pool = Pool::start(scope, threads, indexed);
        let mut chunk = Chunk { first: 1, ..Chunk::default() };
        let read = db.rows(i64::MIN, u64::MAX, |seq, head, fact| {
            chunk.push(seq, head, fact);
            if chunk.rows.len() < CHUNK {
                return Ok(true);
            }
            let next = chunk.next();
            pool.send(std::mem::replace(&mut chunk, next))?;
            if !progress(pool.found.entries, total) {
                return err(Code::Cancelled, "verify");
            }
            Ok(pool.found.bad.is_none())
        });
        let next = chunk.first + chunk.rows.len() as u64;
        pool.send(chunk)?;
        let mut found = pool.finish();
        match read {
            Err(e) if e.code() == Code::Corrupt => {
                let problem = Problem { name: "file-damaged", detail: e.detail().to_owned() };
                found.join(Found { bad: Some((next, problem)), ..Found::default() });
            }
            other => other?,
        }
        if !progress(found.entries, total) {
            return err(Code::Cancelled, "verify");
        }
        Ok(found)
    })
}

/// The threads that check.
struct Pool {
    work: Vec<SyncSender<Chunk>>,
    results: Receiver<Found>,
    turn: usize,
    found: Found,
}

impl Pool {
    fn start<'scope>(scope: &'scope Scope<'scope, '_>, threads: usize, indexed: u64) -> Pool {
        let (answer, results): (Sender<Found>, _) = channel();
        let start = |_| {
            let (send, receive) = sync_channel::<Chunk>(2);
            let answer = answer.clone();
            scope.spawn(move || {
                for chunk in receive {
                    if answer.send(check_chunk(&chunk, indexed)).is_err() {
                        break;
                    }
                }
            });
            send
        };
        Pool { work: (0..threads).map(start).collect(), results, turn: 0, found: Found::default() }
    }

    /// Gives the chunk to the next thread, and takes up what is done.
    fn send(&mut self, chunk: Chunk) -> Result<()> {
        let turn = self.turn % self.work.len();
        self.turn += 1;
        self.work[turn].send(chunk).map_err(|_| Error::new(Code::Internal, "a checking thread ended"))?;
        while let Ok(part) = self.results.try_recv() {
            self.found.join(part);
        }
        Ok(())
    }

    /// Waits for what is still being checked.
    fn finish(mut self) -> Found {
        drop(self.work);
        for part in self.results {
            self.found.join(part);
        }
        self.found
    }
}

/// Checks the rows in order, up to the first bad one.
fn check_chunk(chunk: &Chunk, indexed: u64) -> Found {
    let mut found = Found::default();
    let digests = Digests::of(chunk);
    let mut link = Link { head: digests.before, recorded_at: Instant::MIN };
    // A line that is none was reported where it stands.
    if let Some(line) = chunk.before.as_deref().and_then(|b| head::parse(std::str::from_utf8(b).ok()?)) {
        link.recorded_at = line.recorded_at;
    }
    for (i, row) in chunk.rows.iter().enumerate() {
        let expected = chunk.first + i as u64;
        match check_row(chunk, row, expected, &digests.facts[i], &link) {
            Ok((fact, recorded_at)) => {
                link = Link { head: Some(digests.heads[i]), recorded_at };
                found.entries += 1;
                if let Some(key) = &fact.key {
                    found.keys.push(side::key_hash(key));
                }
                if expected <= indexed {
                    for hash in side::hashes(&fact) {
                        found.sum = found.sum.wrapping_add(side::checksum(hash, expected));
                    }
                }
            }
            Err(problem) => {
                found.bad = Some((expected, problem));
                break;
            }
        }
    }
    found
}

/// SM3 of all that a chunk holds.
struct Digests {
    /// Of the head before; none at the first entry.
    before: Option<[u8; 32]>,
    heads: Vec<[u8; 32]>,
    facts: Vec<[u8; 32]>,
}

impl Digests {
    fn of(chunk: &Chunk) -> Digests {
        let bytes = |part: &Option<Range<usize>>| part.clone().map_or(&[][..], |range| &chunk.bytes[range]);
        // Heads are alike in length, and so are facts, more or less: lanes that end together waste nothing.
        let heads: Vec<&[u8]> = chunk.rows.iter().map(|row| bytes(&row.head)).collect();
        let facts: Vec<&[u8]> = chunk.rows.iter().map(|row| bytes(&row.fact)).collect();
        let before = chunk.before.as_deref().map(crate::digest::sm3);
        Digests { before, heads: sm3_many(&heads), facts: sm3_many(&facts) }
    }
}

/// What the next entry follows.
struct Link {
    head: Option<[u8; 32]>,
    recorded_at: Instant,
}

fn check_row(
    chunk: &Chunk,
    row: &Row,
    expected: u64,
    digest: &[u8; 32],
    link: &Link,
) -> std::result::Result<(Fact, Instant), Problem> {
    let bad = |name, detail: String| Err(Problem { name, detail });
    if i64::try_from(expected) != Ok(row.seq) {
        let name = if row.seq < 1 { "entry-added" } else { "entry-missing" };
        return bad(name, format!("row {} where {expected} must be", row.seq));
    }
    let (Some(line), Some(text)) = (chunk.text(&row.head), chunk.text(&row.fact)) else {
        return bad("not-text", "head or fact is not UTF-8 text".to_owned());
    };
    let Some(parts) = head::parse(line) else {
        return bad("head-malformed", format!("{line:?}"));
    };
    if parts.seq != expected {
        return bad("seq-wrong", format!("the head says {}", parts.seq));
    }
    if !head::says(parts.fact, digest) {
        return bad(
            "fact-changed",
            format!("SM3 of the fact is {}, the head says {}", hex(digest), parts.fact),
        );
    }
    if !link.head.map_or(parts.prev == NO_PREV, |before| head::says(parts.prev, &before)) {
        let before = link.head.map_or_else(|| NO_PREV.to_owned(), |before| hex(&before));
        return bad(
            "chain-broken",
            format!("SM3 of the head before is {before}, this one says {}", parts.prev),
        );
    }
    if parts.recorded_at < link.recorded_at {
        return bad("time-backwards", "recorded before the entry before".to_owned());
    }
    match Fact::parse_stored(text).and_then(|fact| Ok((fact.canonical()?, fact))) {
        Ok((canonical, fact)) if canonical == text => Ok((fact, parts.recorded_at)),
        Ok(_) => bad("not-canonical", "the fact is not in canonical form".to_owned()),
        Err(e) => bad("not-canonical", e.text(Lang::En)),
    }
}

/// The first entry that holds a key which an earlier one holds.
fn duplicate_key(db: &Db, mut keys: Vec<u64>) -> Result<Option<(u64, Problem)>> {
    keys.sort_unstable();
    let twice: BTreeSet<u64> =
        keys.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    if twice.is_empty() {
        return Ok(None);
    }
    drop(keys);
    let mut first: BTreeMap<String, i64> = BTreeMap::new();
    let mut found = None;
    db.rows(1, u64::MAX, |seq, _, fact| {
        let text = fact.and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default();
        let key = Fact::parse_stored(text).ok().and_then(|fact| fact.key);
        if let Some(key) = key.filter(|key| twice.contains(&side::key_hash(key))) {
            if let Some(earlier) = first.get(&key) {
                let detail = format!("key {key:?} is that of entry {earlier}");
                found = Some((seq as u64, Problem { name: "duplicate-key", detail }));
                return Ok(false);
            }
            first.insert(key, seq);
        }
        Ok(true)
    })?;
    Ok(found)
}

/// Compares the schema of the entries with format 1.
fn schema_problem(schema: &[(String, String, String)]) -> Option<Problem> {
    let changed = |kind: &str| if kind == "table" { "table-changed" } else { "trigger-changed" };
    for (kind, name, statement) in SCHEMA {
        match schema.iter().find(|(k, n, _)| (k.as_str(), n.as_str()) == (kind, name)) {
            None => return Some(Problem { name: "trigger-missing", detail: format!("{kind} {name:?}") }),
            Some((_, _, stands)) if stands != statement => {
                return Some(Problem { name: changed(kind), detail: stands.clone() });
            }
            Some(_) => {}
        }
    }
    let own = |k: &str, n: &str| SCHEMA.iter().any(|(kind, name, _)| (*kind, *name) == (k, n));
    let added = schema.iter().find(|(kind, name, _)| !own(kind, name))?;
    Some(Problem { name: "trigger-added", detail: added.2.clone() })
}
