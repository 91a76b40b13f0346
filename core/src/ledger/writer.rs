//! Appending. Threads that append at the same time share a commit: the first leads, what arrives while it waits or flushes
//! goes into the next transaction, led by the first of those who wait.

use super::batch::{Batch, Done, Item, New, read_fact};
use super::db::{self, Db, Identity, Mode};
use super::head::{self, Chain, NO_PREV};
use super::queue::Place;
use super::side::{RUN, Side};
use super::store::{Store, wait_limit};
use super::{Head, Options};
use crate::error::{Code, Error, Result, err};
use crate::facts::{Actor, Fact, kinds};
use crate::time::{DAY, Instant, SECOND, canonical_instant};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

/// A clock so far ahead of the last entry is refused.
const CLOCK_JUMP: i64 = 400 * DAY;
/// A clock so far behind the last entry is recorded.
const CLOCK_BEHIND: i64 = SECOND;
/// Batches whose clocks differ by more do not share a commit, which has one instant.
const SAME_CLOCK: i64 = SECOND;
/// WAL bytes after which they are copied into the file.
const CHECKPOINT_BYTES: u64 = 4 << 20;
/// WAL bytes after which the file is cut.
const TRUNCATE_BYTES: u64 = 64 << 20;
/// What an entry costs in the WAL beside its text.
const ENTRY_OVERHEAD: u64 = 64;
/// A head line, about.
const HEAD_BYTES: u64 = 170;
/// Entries read at once before the queue is entered; the rest is read inside.
const CATCH_UP: u64 = 65_536;
/// Entries in memory that are written as a lookup run even in the middle of catching up.
const TAIL_LIMIT: u64 = 1 << 19;
/// How often one append follows files that are replaced.
const REOPENINGS: usize = 3;

/// Who waits to append.
#[derive(Default)]
pub(super) struct Line {
    jobs: VecDeque<Arc<Job>>,
    led: bool,
}

/// A batch on its way.
struct Job {
    items: Mutex<Vec<Item>>,
    now: Instant,
    lenient: bool,
    sync: bool,
    accept_clock: bool,
    deadline: Moment,
    state: Mutex<State>,
    changed: Condvar,
}

enum State {
    Waiting,
    /// Its thread leads the next commit.
    Leads,
    Done(Result<Done>),
    Taken,
}

/// Appends the items as one batch, all or none.
pub(super) fn append(
    store: &Store,
    options: &Options,
    items: Vec<Item>,
    now: Instant,
    lenient: bool,
) -> Result<Done> {
    store.check_process()?;
    if options.read_only {
        return Err(Error::new(Code::ReadOnlyFile, store.path.display().to_string())
            .with_hints("the ledger was opened read-only", "台账以只读方式打开"));
    }
    canonical_instant(now)?;
    if items.is_empty() {
        return Ok(Done::default());
    }
    let job = Arc::new(Job {
        items: Mutex::new(items),
        now,
        lenient,
        sync: options.sync,
        accept_clock: options.accept_clock,
        deadline: Moment::now() + wait_limit(options),
        state: Mutex::new(State::Waiting),
        changed: Condvar::new(),
    });
    let leads = {
        let mut line = store.line.lock();
        line.jobs.push_back(job.clone());
        !std::mem::replace(&mut line.led, true)
    };
    if leads || job.wait() {
        Lead { store, group: Vec::new() }.run(&job);
    }
    job.result()
}

impl Job {
    /// Waits for the result; true: this thread leads now.
    fn wait(&self) -> bool {
        let mut state = self.state.lock();
        while matches!(*state, State::Waiting) {
            self.changed.wait(&mut state);
        }
        matches!(*state, State::Leads)
    }

    fn set(&self, next: State) {
        *self.state.lock() = next;
        self.changed.notify_all();
    }

    fn result(&self) -> Result<Done> {
        match std::mem::replace(&mut *self.state.lock(), State::Taken) {
            State::Done(result) => result,
            _ => err(Code::Internal, "an append without a result"),
        }
    }
}

/// The lead of one commit. Dropping it answers who was not answered and hands on, also when something panics.
struct Lead<'a> {
    store: &'a Store,
    group: Vec<Arc<Job>>,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.answer(&Error::new(Code::Internal, "the commit broke off"));
        let mut line = self.store.line.lock();
        match line.jobs.front() {
            Some(next) => next.set(State::Leads),
            None => line.led = false,
        }
    }
}

impl Lead<'_> {
    /// Answers everybody of the group who has no answer yet.
    fn answer(&mut self, e: &Error) {
        for job in self.group.drain(..) {
            if matches!(*job.state.lock(), State::Waiting | State::Leads) {
                job.set(State::Done(Err(e.clone())));
            }
        }
    }

    fn run(&mut self, own: &Arc<Job>) {
        let mut writer = self.store.writer.lock();
        let entered = enter(self.store, &mut writer, own.deadline);
        self.gather(own);
        let place = match entered {
            Ok(place) => place,
            Err(e) => {
                // The others have their own time to wait.
                self.give_back(own);
                return self.answer(&e);
            }
        };
        let Some(open) = writer.as_mut() else {
            return self.answer(&Error::new(Code::Internal, "no writer"));
        };
        let outcome = open.commit(&self.group);
        let in_place = self.store.in_place(place.queue());
        if in_place && outcome.is_ok() {
            open.tidy();
        }
        drop(place);
        match outcome {
            Ok(committed) if !in_place => self.disturbed(&mut writer, &committed),
            Ok(committed) => {
                for (job, result) in self.group.drain(..).zip(committed.results) {
                    job.set(State::Done(result));
                }
                open.checkpoint();
            }
            Err(e) => self.answer(&e),
        }
    }

    /// Takes everybody out of the line who can share the commit.
    fn gather(&mut self, own: &Arc<Job>) {
        let mut line = self.store.line.lock();
        let (group, rest): (Vec<_>, Vec<_>) =
            line.jobs.drain(..).partition(|job| (job.now.saturating_sub(own.now)).abs() <= SAME_CLOCK);
        line.jobs = rest.into();
        self.group = group;
    }

    fn give_back(&mut self, own: &Arc<Job>) {
        let mut line = self.store.line.lock();
        let (own, others): (Vec<_>, Vec<_>) = self.group.drain(..).partition(|job| Arc::ptr_eq(job, own));
        self.group = own;
        for job in others.into_iter().rev() {
            line.jobs.push_front(job);
        }
    }

    /// The files were replaced while the group was written: looks which of its entries the file holds now.
    fn disturbed(&mut self, writer: &mut Option<Writer>, committed: &Committed) {
        if let Some(old) = writer.take() {
            old.db.abandon();
        }
        let found = self.store.reopen(true).and_then(|()| self.store.read_here(|db| committed.look(db)));
        for (job, result) in self.group.drain(..).zip(&committed.results) {
            let answer = match (result, &found) {
                (Err(e), _) => e.clone(),
                (Ok(done), Ok(lost)) => said(done, lost, &self.store.path.display()),
                (Ok(_), Err(e)) => Error::new(Code::Disturbed, e.detail()),
            };
            job.set(State::Done(Err(answer)));
        }
    }
}

fn said(done: &Done, lost: &[u64], file: &dyn std::fmt::Display) -> Error {
    let list = |keep: bool| {
        let seqs: Vec<String> =
            done.seqs.iter().filter(|seq| lost.contains(seq) == keep).map(u64::to_string).collect();
        if seqs.is_empty() { "-".to_owned() } else { seqs.join(", ") }
    };
    Error::new(
        Code::Disturbed,
        format!("{file}: not in the file: {}; in the file: {}", list(true), list(false)),
    )
}

/// Opens the writer where there is none, takes the queue, and follows files that were replaced.
fn enter(store: &Store, writer: &mut Option<Writer>, deadline: Moment) -> Result<Place> {
    for _ in 0..REOPENINGS {
        if writer.is_none() {
            *writer = Some(Writer::open(store)?);
        }
        let (Some(queue), Some(open)) = (store.queue(), writer.as_mut()) else {
            return err(Code::Internal, "a writer without a queue");
        };
        let left = deadline.saturating_duration_since(Moment::now());
        open.db.set_patience(left.max(Duration::from_millis(1)))?;
        let Some(place) = Place::take_and(&queue, deadline, || open.catch_up(CATCH_UP).map(|_| ()))? else {
            return err(Code::Busy, store.path.display().to_string());
        };
        if store.in_place(place.queue()) {
            open.settle()?;
            return Ok(place);
        }
        drop(place);
        tracing::warn!("{}: the ledger's files were replaced; opening them anew", store.path.display());
        let last = writer.take().map(|old| {
            old.db.abandon();
            old.head
        });
        let followed = store.reopen(true).and_then(|()| store.holds(last.as_ref()));
        followed.map_err(|e| {
            Error::new(Code::Disturbed, format!("nothing of this batch was recorded; {}", e.detail()))
        })?;
    }
    err(Code::Disturbed, format!("{}: replaced again and again", store.path.display()))
}

/// Empties the lookup tables; the next append builds them anew.
pub(super) fn clear_lookups(store: &Store, options: &Options) -> Result<()> {
    let mut writer = store.writer.lock();
    let place = enter(store, &mut writer, Moment::now() + wait_limit(options))?;
    if let Some(open) = writer.as_mut() {
        open.db.begin()?;
        open.db.end(open.db.clear_side())?;
    }
    let old = writer.take();
    drop(old);
    drop(place);
    Ok(())
}

/// The connection that appends.
pub(super) struct Writer {
    db: Db,
    sync: Option<bool>,
    head: Head,
    side: Side,
    /// The file's `data_version` when the lookup runs were last compared; none before the first time.
    lookups_seen: Option<i64>,
    /// The lookup tables do not belong to these entries.
    stale: bool,
    /// Bytes written since the last checkpoint, about.
    written: u64,
    /// The clock was behind the last entry, and that is recorded.
    clock_behind: bool,
}

/// What a commit did.
struct Committed {
    /// In the order of the group.
    results: Vec<Result<Done>>,
    /// New entries with the SM3 of their heads.
    heads: Vec<(u64, String)>,
}

impl Committed {
    /// Which of the new entries the file does not hold.
    fn look(&self, db: &Db) -> Result<Vec<u64>> {
        let mut lost = Vec::new();
        for (seq, sm3) in &self.heads {
            if db.head_at(*seq)?.is_none_or(|h| h.sm3 != *sm3) {
                lost.push(*seq);
            }
        }
        Ok(lost)
    }
}

impl Writer {
    fn open(store: &Store) -> Result<Writer> {
        let db = Db::open(&store.path, Mode::Write)?;
        if db.identify()? == Identity::Empty {
            return err(Code::NotALedger, format!("{}: empty", store.path.display()));
        }
        db.prepare_writer()?;
        Ok(Writer {
            db,
            sync: None,
            head: Head { seq: 0, recorded_at: i64::MIN, sm3: NO_PREV.to_owned() },
            side: Side::default(),
            lookups_seen: None,
            stale: false,
            written: 0,
            clock_behind: false,
        })
    }

    pub(super) fn into_db(self) -> Db {
        self.db
    }

    /// Reads what other processes appended, at most `limit` entries, checking that each links to the one before. Returns how
    /// many.
    fn catch_up(&mut self, limit: u64) -> Result<u64> {
        self.follow_lookups()?;
        let (head, side) = (&mut self.head, &mut self.side);
        let from = head.seq;
        self.db.rows(head.seq as i64 + 1, limit, |seq, line, fact| {
            let text = |b: Option<&[u8]>| b.and_then(|b| String::from_utf8(b.to_vec()).ok());
            let (Some(line), Some(fact)) = (text(line), text(fact)) else {
                return db::corrupt(seq, "head or fact is not text");
            };
            let next = head.seq + 1;
            match head::parse(&line) {
                Some(l) if l.seq == next && i64::try_from(next) == Ok(seq) && l.prev == head.sm3 => {
                    side.add(&read_fact(next, &fact)?);
                    *head = Head { seq: next, recorded_at: l.recorded_at, sm3: head::digest(&line) };
                    Ok(true)
                }
                _ => db::corrupt(next as i64, "does not follow the entry before"),
            }
        })?;
        Ok(head.seq - from)
    }

    /// Takes up which lookup runs there are: at first, and when another process has written or merged some since.
    fn follow_lookups(&mut self) -> Result<()> {
        let version = Some(self.db.data_version()?);
        if self.lookups_seen != version {
            if self.lookups_seen.is_none() || !self.side.is_current(&self.db)? {
                let loaded = Side::load(&self.db)?;
                self.stale = loaded.is_none();
                if !self.side.follow(loaded.unwrap_or_default()) || self.lookups_seen.is_none() {
                    let nothing = Head { seq: 0, recorded_at: i64::MIN, sm3: NO_PREV.to_owned() };
                    self.head = self.db.head_at(self.side.upto())?.unwrap_or(nothing);
                }
            }
            self.lookups_seen = version;
        }
        Ok(())
    }

    /// Takes up what is there when the ledger is first written to; under the queue.
    fn settle(&mut self) -> Result<()> {
        if self.lookups_seen.is_none() {
            while self.catch_up(TAIL_LIMIT)? == TAIL_LIMIT {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Commits the batches of the group; one that is refused leaves the others alone.
    fn commit(&mut self, group: &[Arc<Job>]) -> Result<Committed> {
        let sync = group.iter().any(|job| job.sync);
        if self.sync != Some(sync) {
            self.db.set_sync(sync)?;
            self.sync = Some(sync);
        }
        self.db.begin()?;
        self.side.forget(self.head.seq + 1); // only after a panic is there anything to forget
        let filled = self.catch_up(u64::MAX).and_then(|_| self.fill(group)).and_then(|filled| {
            if !filled.records_nothing() {
                self.db.commit()?;
            }
            Ok(filled)
        });
        let filled = match filled {
            Ok(filled) if !filled.records_nothing() => filled,
            other => {
                self.db.rollback();
                self.side.forget(self.head.seq + 1);
                return other.map(|filled| Committed { heads: Vec::new(), ..filled.committed });
            }
        };
        self.clock_behind = filled.behind;
        self.side.keep(filled.head.seq);
        let bytes = |n: &New| n.text.len() as u64 + HEAD_BYTES + ENTRY_OVERHEAD;
        self.written += filled.new.iter().map(bytes).sum::<u64>();
        self.head = filled.head;
        Ok(filled.committed)
    }

    /// Judges the batches and inserts what is new.
    fn fill(&mut self, group: &[Arc<Job>]) -> Result<Filled> {
        let (db, last) = (&self.db, &self.head);
        let jumps = |job: &Job| {
            last.seq > 0 && !job.accept_clock && job.now.saturating_sub(last.recorded_at) > CLOCK_JUMP
        };
        let now = group.iter().filter(|job| !jumps(job)).map(|job| job.now).max();
        let behind =
            now.is_some_and(|now| last.seq > 0 && last.recorded_at.saturating_sub(now) > CLOCK_BEHIND);
        let recorded_at = now.unwrap_or(i64::MIN).max(last.recorded_at.saturating_add(1));
        let mut committed = Committed { results: Vec::with_capacity(group.len()), heads: Vec::new() };
        let mut batch = Batch::new(db, &mut self.side, last.seq, recorded_at);
        let mut chain = Chain::new(last.clone(), if now.is_some() { recorded_at } else { 0 })?;
        let mut insert = |new: &[New]| -> Result<()> {
            for n in new {
                let line = chain.next(&n.digest);
                db.insert(chain.head.seq, &line, &n.text)?;
                committed.heads.push((chain.head.seq, chain.head.sm3.clone()));
            }
            Ok(())
        };
        if let (true, false, Some(now)) = (behind, self.clock_behind, now) {
            for item in clock_fault(now, last)? {
                let seq = batch.add(item);
                insert(batch.from(seq))?;
            }
        }
        for job in group {
            let mark = batch.next();
            let result = if jumps(job) {
                Err(jump(job.now, last))
            } else {
                batch.take(std::mem::take(&mut *job.items.lock()), job.lenient)
            };
            insert(batch.from(mark))?;
            committed.results.push(result);
        }
        let new = batch.into_new();
        Ok(Filled { committed, new, head: chain.head, behind })
    }

    /// What is due after a commit and needs the queue; nothing that was answered depends on it.
    fn tidy(&mut self) {
        if self.side.waiting() >= RUN
            && let Err(e) = self.flush()
        {
            tracing::warn!("lookup tables: {e}");
        }
        if self.written >= CHECKPOINT_BYTES && self.db.wal_bytes() > TRUNCATE_BYTES {
            self.db.truncate_wal();
            self.written = 0;
        }
    }

    /// Copies the WAL into the file now and then.
    fn checkpoint(&mut self) {
        if self.written >= CHECKPOINT_BYTES {
            self.db.checkpoint();
            self.written = 0;
        }
    }

    /// Writes the entries in memory into the lookup tables.
    fn flush(&mut self) -> Result<()> {
        self.db.begin()?;
        let write = || {
            if self.stale {
                self.db.clear_side()?;
            }
            self.side.flush(&self.db, &self.head.sm3)
        };
        self.db.end(write())?;
        self.stale = false;
        self.side.flushed(&self.db)
    }
}

/// A commit before it is one.
struct Filled {
    committed: Committed,
    new: Vec<New>,
    head: Head,
    behind: bool,
}

impl Filled {
    /// Nobody's fact is new; a clock that lies behind alone is no reason to write.
    fn records_nothing(&self) -> bool {
        self.committed.results.iter().flatten().all(|done| done.new == 0)
    }
}

fn jump(now: Instant, last: &Head) -> Error {
    let text = |t| canonical_instant(t).unwrap_or_else(|_| t.to_string());
    Error::new(Code::ClockJump, format!("{}, entry {}: {}", text(now), last.seq, text(last.recorded_at)))
}

/// What is recorded when the host's clock lies behind the last entry.
fn clock_fault(now: Instant, last: &Head) -> Result<Vec<Item>> {
    let Some(kind) = kinds::find("clock.fault") else { return err(Code::Internal, "clock.fault") };
    let mut body = serde_json::Map::new();
    body.insert("behind_us".to_owned(), (last.recorded_at - now).into());
    let fact = Fact {
        kind,
        other: None,
        subject: String::new(),
        at: now,
        body,
        key: None,
        actor: Some(Actor { person: None, party: Some("machine".to_owned()) }),
        evidence: None,
        signature: None,
        claimed_recorded_at: None,
    };
    Item::all(std::iter::once(&fact))
}
