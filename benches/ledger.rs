//! The ledger beside plain SQLite, turn by turn in one run on one disk: flushes differ from minute to minute, ratios do not. Prints a
//! Markdown table. `OPSLEDGER_BENCH_ENTRIES` sets the size of the ledger that is scanned.

use opsledger::digest::{hex, sm3, sm3_many};
use opsledger::facts::Fact;
use opsledger::ledger::{Ledger, Options};
use opsledger::time::parse_instant;
use rusqlite::Connection;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const BATCH: usize = 1000;
const NOW: &str = "2026-03-02T08:10:00+08:00";

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("| what | ours | beside it | ratio |\n|---|---|---|---|");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let parts: [(&str, Part); 4] =
        [("one", one_by_one), ("batches", batches), ("threads", threads), ("reading", reading)];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            part(folder.path());
        }
    }
}

type Part = fn(&Path);

fn now() -> i64 {
    parse_instant(NOW).expect("an instant")
}

/// A fact of about 280 bytes, as an incident system writes them.
fn fact(i: usize, keyed: bool) -> Fact {
    let key = if keyed { format!(r#""key":"portal/{i:08x}","#) } else { String::new() };
    Fact::parse(&format!(
        r#"{{"kind":"outage.start","subject":"O-{i}",{key}"at":"{NOW}","actor":{{"person":"值班员","party":"supplier"}},"body":{{"system":"portal","impact":"down","attribution":"supplier","cause":"disk full on the second database node, failover did not start"}}}}"#
    ))
    .expect("a fact")
}

fn ledger(path: &Path, sync: bool) -> Ledger {
    Ledger::open(path, &Options { create: true, sync, ..Options::default() }).expect("a ledger")
}

/// A plain table of the same three columns.
fn plain(path: &Path, sync: bool) -> Connection {
    let file = Connection::open(path).expect("a database");
    let sync = if sync { "FULL" } else { "NORMAL" };
    file.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {sync};
         CREATE TABLE entry(seq INTEGER PRIMARY KEY, head TEXT NOT NULL, fact TEXT NOT NULL)"
    ))
    .expect("a table");
    file
}

/// The rows that a ledger of these facts holds.
fn rows(facts: &[Fact]) -> Vec<(String, String)> {
    let head = format!("12345\t2026-03-02T00:10:00.000000Z\t{0}\t{0}", "0".repeat(64));
    facts.iter().map(|f| (head.clone(), f.canonical().expect("canonical"))).collect()
}

fn insert(file: &mut Connection, rows: &[(String, String)]) {
    let transaction = file.transaction().expect("a transaction");
    {
        let mut statement =
            transaction.prepare_cached("INSERT INTO entry(head, fact) VALUES(?1, ?2)").expect("a statement");
        for row in rows {
            statement.execute((&row.0, &row.1)).expect("a row");
        }
    }
    transaction.commit().expect("a commit");
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let answer = work();
    (answer, start.elapsed())
}

/// The time that the processors worked for us, all threads: on a busy machine only this can be compared.
fn cpu<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let now = || {
        // SAFETY: the kernel fills the struct.
        unsafe {
            let mut time: libc::timespec = std::mem::zeroed();
            libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time);
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        }
    };
    let start = now();
    let answer = work();
    (answer, now() - start)
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn row(what: &str, ours: f64, unit: &str, beside: &str, theirs: f64, ratio: f64) {
    println!("| {what} | {ours:.2} {unit} | {theirs:.2} {unit} {beside} | {ratio:.2} |");
}

/// One entry a transaction, each flushed.
fn one_by_one(folder: &Path) {
    const ROUNDS: usize = 600;
    let ledger = ledger(&folder.join("one.db"), true);
    let mut file = plain(&folder.join("one-plain.db"), true);
    let facts: Vec<Fact> = (0..ROUNDS).map(|i| fact(i, true)).collect();
    let rows = rows(&facts);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (fact, row) in facts.iter().zip(&rows) {
        ours.push(timed(|| ledger.append(std::slice::from_ref(fact), now()).expect("appended")).1);
        theirs.push(timed(|| insert(&mut file, std::slice::from_ref(row))).1);
    }
    let (a, b) = (median(&mut ours), median(&mut theirs));
    row("append, 1 a transaction, `FULL`, p50", a, "us", "plain SQLite insert", b, a / b);
}

/// What the caller's thread does before the writer is asked.
fn prepare(facts: &[Fact]) -> Vec<(Fact, String, String)> {
    let texts: Vec<String> = facts.iter().map(|f| f.canonical().expect("canonical")).collect();
    let digests = sm3_many(&texts.iter().map(String::as_bytes).collect::<Vec<_>>());
    let read =
        |(text, digest): (String, [u8; 32])| (Fact::parse_stored(&text).expect("a fact"), text, hex(&digest));
    texts.into_iter().zip(digests).map(read).collect()
}

/// A thousand a transaction; with keys each is looked up.
fn batches(folder: &Path) {
    const ROUNDS: usize = 60;
    for (name, keyed) in [("without keys", false), ("with keys", true)] {
        let ledger = ledger(&folder.join(format!("batch-{keyed}.db")), true);
        let mut file = plain(&folder.join(format!("batch-plain-{keyed}.db")), true);
        let (mut ours, mut theirs, mut callers) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let facts: Vec<Fact> = (0..BATCH).map(|i| fact(round * BATCH + i, keyed)).collect();
            let rows = rows(&facts);
            ours.push(cpu(|| ledger.append(&facts, now()).expect("appended")).1);
            theirs.push(cpu(|| insert(&mut file, &rows)).1);
            callers.push(cpu(|| black_box(prepare(&facts))).1);
        }
        let each = |times: &mut [Duration]| median(times) / BATCH as f64;
        let (a, b, c) = (each(&mut ours), each(&mut theirs), each(&mut callers));
        row(
            &format!("append, 1000 a transaction, `FULL`, {name}, CPU an entry"),
            a,
            "us",
            "plain SQLite insert",
            b,
            a / b,
        );
        println!("| of it, the caller's canonical text and SM3 | {c:.2} us | | |");
        row("of it, inside the writer", a - c, "us", "plain SQLite insert", b, (a - c) / b);
    }
}

/// Entries a second of threads that append one at a time, each waiting until it is on disk.
fn threads(folder: &Path) {
    const EACH: usize = 400;
    const THREADS: usize = 8;
    const NAIVE: usize = 4;
    let ledger = ledger(&folder.join("threads.db"), true);
    let alone: Vec<Fact> = (0..EACH).map(|i| fact(i, false)).collect();
    let path = folder.join("naive.db");
    drop(plain(&path, true));
    let (mut one, mut shared, mut naive) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=3 {
        let facts = |thread: usize| -> Vec<Fact> {
            let first = (round * THREADS + thread) * EACH + EACH;
            (first..first + EACH).map(|i| fact(i, false)).collect()
        };
        if round == 1 {
            one.push(
                timed(|| alone.iter().for_each(|f| drop(ledger.append(std::slice::from_ref(f), now())))).1,
            );
        } else {
            let facts = facts(THREADS);
            one.push(
                timed(|| facts.iter().for_each(|f| drop(ledger.append(std::slice::from_ref(f), now())))).1,
            );
        }
        let work: Vec<Vec<Fact>> = (0..THREADS).map(|t| facts(t + 100 * THREADS)).collect();
        shared.push(
            timed(|| {
                std::thread::scope(|scope| {
                    for facts in &work {
                        let ledger = ledger.clone();
                        scope.spawn(move || {
                            for f in facts {
                                ledger.append(std::slice::from_ref(f), now()).expect("appended");
                            }
                        });
                    }
                });
            })
            .1,
        );
        let rows: Vec<_> = work[..NAIVE].iter().map(|facts| rows(facts)).collect();
        naive.push(
            timed(|| {
                std::thread::scope(|scope| {
                    for rows in &rows {
                        let path = &path;
                        scope.spawn(move || {
                            let file = Connection::open(path).expect("a connection");
                            file.busy_timeout(Duration::from_secs(60)).expect("a timeout");
                            file.execute_batch("PRAGMA synchronous = FULL").expect("a pragma");
                            for row in rows {
                                file.execute(
                                    "INSERT INTO entry(head, fact) VALUES(?1, ?2)",
                                    (&row.0, &row.1),
                                )
                                .expect("a row");
                            }
                        });
                    }
                });
            })
            .1,
        );
    }
    let rate = |times: &mut [Duration], entries: usize| entries as f64 / median(times) * 1e6;
    let (a, b, c) = (rate(&mut shared, THREADS * EACH), rate(&mut one, EACH), rate(&mut naive, NAIVE * EACH));
    row("append, 8 threads, 1 each, `FULL`", a, "/s", "our one thread", b, a / b);
    row("append, 8 threads, 1 each, `FULL`", a, "/s", "4 plain connections", c, a / c);
}

fn reading(folder: &Path) {
    let entries: usize =
        std::env::var("OPSLEDGER_BENCH_ENTRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let path = folder.join("read.db");
    let ledger = ledger(&path, false);
    for first in (0..entries).step_by(BATCH) {
        let facts: Vec<Fact> = (first..(first + BATCH).min(entries)).map(|i| fact(i, true)).collect();
        ledger.append(&facts, now()).expect("appended");
    }
    let file = Connection::open(&path).expect("a connection");
    let scan = |each: &mut dyn FnMut(&[u8], &[u8])| {
        let mut statement =
            file.prepare_cached("SELECT seq, head, fact FROM entry ORDER BY seq").expect("a statement");
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let part = |i| row.get_ref(i).expect("a value").as_bytes().expect("text");
            each(part(1), part(2));
        }
    };
    let (mut ours, mut bare, mut hashed, mut parsed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut lanes, mut singles) = (Vec::new(), Vec::new());
    let messages: Vec<Vec<u8>> = (0..BATCH).map(|i| vec![i as u8; 304]).collect();
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    for _ in 0..20 {
        lanes.push(cpu(|| black_box(sm3_many(&messages))).1);
        singles.push(cpu(|| black_box(messages.iter().map(|m| sm3(m)).collect::<Vec<_>>())).1);
    }
    let (many, one) = (median(&mut lanes) / BATCH as f64, median(&mut singles) / BATCH as f64);
    row(
        "SM3 of many messages of 304 bytes, CPU a message",
        many,
        "us",
        "one at a time, `sm3` crate",
        one,
        many / one,
    );
    for _ in 0..5 {
        let (verdict, time) = cpu(|| ledger.verify(&mut |_, _| true).expect("verified"));
        assert_eq!((verdict.entries, verdict.problem), (entries as u64, None));
        ours.push(time);
        let mut sum = 0;
        bare.push(cpu(|| scan(&mut |head, fact| sum += head.len() + fact.len())).1);
        hashed.push(cpu(|| scan(&mut |head, fact| sum += usize::from(sm3(head)[0] ^ sm3(fact)[0]))).1);
        black_box(sum);
        parsed.push(cpu(|| ledger.entries(1, u64::MAX).expect("entries").len()).1);
    }
    let each = |times: &mut [Duration]| median(times) / entries as f64;
    let (a, b, c, d) = (each(&mut ours), each(&mut bare), each(&mut hashed), each(&mut parsed));
    row(
        "verify (hashes, chain, canonical form, keys, lookups), CPU an entry",
        a,
        "us",
        "bare scan",
        b,
        a / b,
    );
    row("verify, CPU an entry", a, "us", "one thread with the `sm3` crate, hashes only", c, a / c);
    row("`entries`, parsed, CPU an entry", d, "us", "bare scan", b, d / b);
    let mut heads: Vec<_> = (0..2001).map(|_| timed(|| ledger.head().expect("a head")).1).collect();
    println!("| `head`, nothing new, p50 | {:.2} us | | |", median(&mut heads));
    drop(ledger);
    let (again, open) = timed(|| Ledger::open(&path, &Options::default()).expect("opened"));
    let (_, first) = timed(|| again.append(&[fact(entries, true)], now()).expect("appended"));
    println!(
        "| open {entries} entries, then the first append | {:.1} ms + {:.1} ms | | |",
        open.as_secs_f64() * 1e3,
        first.as_secs_f64() * 1e3
    );
}
