//! Several processes on one ledger, killed ones, forked ones, and what drops SQLite's locks or replaces its files under us.

mod ledger_common;

use ledger_common::*;
use opsledger::error::{Category, Code};
use opsledger::ledger::{Ledger, Options};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The other process: see [`play`].
#[test]
fn role() {
    let Some((role, path, argument)) = ledger_common::role() else { return };
    match role.as_str() {
        "append" => append_for(&path, &argument),
        "append-reopening" => append_reopening(&path, &argument),
        "append-disturbed" => append_beside_foreign_closes(&path, &argument),
        "fork" => fork(&path),
        "hold" => hold(&path),
        other => panic!("{other}"),
    }
}

fn open(path: &Path) -> Ledger {
    Ledger::open(path, &Options::default()).unwrap()
}

fn moment(text: &str) -> (String, Duration) {
    let (name, ms) = text.split_once(' ').unwrap();
    (name.to_owned(), Duration::from_millis(ms.parse().unwrap()))
}

/// Appends one key a transaction, and says each once it is recorded.
fn append_for(path: &Path, argument: &str) {
    let (name, time) = moment(argument);
    let ledger = open(path);
    let started = Instant::now();
    let mut longest = Duration::ZERO;
    for i in 0.. {
        if started.elapsed() > time {
            break;
        }
        let before = Instant::now();
        let key = format!("{name}-{i}");
        let seq = ledger.append(&[keyed(&key, &name)], at(i)).unwrap()[0];
        longest = longest.max(before.elapsed());
        say(&format!("{seq} {key}"));
    }
    eprintln!("{name}: longest wait {longest:?}");
}

fn append_reopening(path: &Path, argument: &str) {
    let (name, time) = moment(argument);
    let started = Instant::now();
    for i in 0.. {
        if started.elapsed() > time {
            break;
        }
        let key = format!("{name}-{i}");
        // Opened and closed each time: often the last one to close, which removes the WAL.
        let seq = open(path).append(&[keyed(&key, &name)], at(i)).unwrap()[0];
        say(&format!("{seq} {key}"));
    }
}

/// What processes said they recorded.
fn acknowledged(words: &[String]) -> BTreeMap<String, u64> {
    let pair = |line: &String| {
        let (seq, key) = line.split_once(' ').unwrap();
        (key.to_owned(), seq.parse().unwrap())
    };
    words.iter().map(pair).collect()
}

/// Each key that was acknowledged is there under its number, and each key once.
fn all_there(ledger: &Ledger, acknowledged: &BTreeMap<String, u64>) {
    let mut seen = BTreeSet::new();
    let mut missing = acknowledged.clone();
    for entry in ledger.entries(1, u64::MAX).unwrap() {
        let Some(key) = entry.fact.key else { continue };
        if let Some(seq) = missing.remove(&key) {
            assert_eq!(seq, entry.seq, "{key}");
        }
        assert!(seen.insert(key.clone()), "{key} is there twice");
    }
    assert!(missing.is_empty(), "lost: {missing:?}");
    let total = ledger.head().unwrap().seq;
    assert_eq!(verdict(ledger), (total, None, None));
}

#[test]
fn processes_append_at_once_and_take_turns() {
    let place = Place::new();
    place.create();
    let time = soak(1500, 30_000);
    let names = ["a", "b", "c"];
    let children: Vec<Child> = names.map(|n| play("append", &place.path(), &format!("{n} {time}"))).into();
    let mut all = BTreeMap::new();
    let mut served = Vec::new();
    for child in children {
        let done = acknowledged(&hear(child));
        served.push(done.len());
        all.extend(done);
    }
    let ledger = place.open();
    all_there(&ledger, &all);
    let who: Vec<_> =
        ledger.entries(1, u64::MAX).unwrap().iter().filter_map(|e| e.fact.key.clone()).collect();
    let turns = who.windows(2).filter(|w| w[0][..1] != w[1][..1]).count();
    println!("served {served:?}, {turns} turns");
    assert!(served.iter().all(|n| *n as u64 >= time / 60), "{served:?}");
    assert!(turns as u64 >= time / 30, "{turns} turns, {served:?}");
    let (most, least) = (served.iter().max().unwrap(), served.iter().min().unwrap());
    assert!(*most <= 3 * least, "{served:?}");
}

#[test]
fn a_killed_writer_loses_nothing_it_was_told() {
    let mut random = Random::new();
    for _ in 0..soak(3, 60) {
        let place = Place::new();
        place.create();
        let mut killed = play("append", &place.path(), "k 60000");
        let beside = play("append", &place.path(), "s 400");
        let lines = BufReader::new(killed.stdout.take().unwrap()).lines();
        std::thread::sleep(Duration::from_millis(150 + random.below(200)));
        killed.kill().unwrap();
        killed.wait().unwrap();
        // A line may be cut in the middle by the kill: then its key was not read by anybody.
        let text: Vec<String> = lines.map_while(Result::ok).collect();
        let mut words = said(&text.join("\n"));
        words.retain(|w| w.split_once(' ').is_some_and(|(_, key)| key.starts_with("k-")));
        words.extend(hear(beside));
        let all = acknowledged(&words);
        assert!(!all.is_empty());
        let ledger = place.open();
        all_there(&ledger, &all);
        ledger.append(&[note("and on")], at(1)).unwrap();
    }
}

/// Holds the writer's place until it is killed.
fn hold(path: &Path) {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch("BEGIN IMMEDIATE").unwrap();
    say("holds");
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_writer_waits_as_long_as_it_may() {
    let place = Place::new();
    let ledger = place.create();
    ledger.append(&[note("a")], at(0)).unwrap();
    let mut holder = play("hold", &place.path(), "");
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("@holds") {}
    let hasty = Options { wait_limit: 200_000, ..Options::default() };
    let hasty = Ledger::open(&place.path(), &hasty).unwrap();
    let before = Instant::now();
    let e = hasty.append(&[note("b")], at(1)).unwrap_err();
    assert_eq!((e.code(), e.category()), (Code::Busy, Category::Busy));
    assert!(before.elapsed() >= Duration::from_millis(190) && before.elapsed() < Duration::from_secs(20));
    // Readers do not wait.
    assert_eq!(ledger.head().unwrap().seq, 1);
    assert_eq!(ledger.entries(1, 9).unwrap().len(), 1);
    // A patient writer gets its turn once the other is gone.
    std::thread::scope(|scope| {
        let patient = scope.spawn(|| ledger.append(&[note("c")], at(1)));
        std::thread::sleep(Duration::from_millis(100));
        holder.kill().unwrap();
        holder.wait().unwrap();
        assert_eq!(patient.join().unwrap().unwrap(), [2]);
    });
    assert_eq!(verdict(&ledger), (2, None, None));
}

fn fork(path: &Path) {
    let ledger = open(path);
    ledger.append(&[note("parent")], at(0)).unwrap();
    let mut ends = [0; 2];
    // SAFETY: plain system calls; the child calls into the library as a forked host would, and ends by `_exit`.
    let child = unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        libc::fork()
    };
    assert!(child >= 0);
    if child == 0 {
        let forked = |e: opsledger::Error| (e.code(), e.category()) == (Code::Forked, Category::Forked);
        let mut good = ledger.head().is_err_and(forked)
            && ledger.append(&[note("child")], at(1)).is_err_and(forked)
            && ledger.read(1, 9).is_err_and(forked)
            && ledger.sql("SELECT 1").is_err_and(forked)
            && ledger.verify(&mut |_, _| true).is_err_and(forked)
            && ledger.snapshot(&path.with_extension("copy")).is_err_and(forked);
        drop(ledger);
        // The child opens its own.
        let own = Ledger::open(path, &Options::default());
        good &= own.is_ok_and(|own| own.append(&[keyed("child", "x")], at(1)).is_ok());
        // SAFETY: as above. It goes on living while the parent closes and opens.
        unsafe {
            let byte = u8::from(good);
            libc::write(ends[1], (&raw const byte).cast(), 1);
            libc::sleep(60);
            libc::_exit(0);
        }
    }
    let mut byte = 0_u8;
    // SAFETY: reads one byte into a local.
    assert_eq!(unsafe { libc::read(ends[0], (&raw mut byte).cast(), 1) }, 1);
    assert_eq!(byte, 1, "the child saw something else");
    ledger.append(&[note("parent again")], at(2)).unwrap();
    drop(ledger);
    let again = open(path);
    again.append(&[note("and on")], at(3)).unwrap();
    assert_eq!(again.head().unwrap().seq, 4);
    assert_eq!(verdict(&again), (4, None, None));
    drop(again);
    // Another process is not kept out by what the child inherited.
    assert_eq!(hear(play("append", path, "other 1")).len(), 1);
    // SAFETY: ends the child that was started above.
    unsafe {
        libc::kill(child, libc::SIGKILL);
        libc::waitpid(child, std::ptr::null_mut(), 0);
    }
    say("done");
}

#[test]
fn a_forked_child_is_told_and_harms_nothing() {
    let place = Place::new();
    place.create();
    assert!(hear(play("fork", &place.path(), "")).contains(&"done".to_owned()));
    // The other process's clock lay behind, which is an entry of its own.
    assert_eq!(verdict(&place.open()), (6, None, None));
}

type Open = unsafe extern "C" fn(*const libc::c_char, *mut *mut libc::c_void) -> i32;
type Exec = unsafe extern "C" fn(
    *mut libc::c_void,
    *const libc::c_char,
    *const libc::c_void,
    *const libc::c_void,
    *const libc::c_void,
) -> i32;
type Close = unsafe extern "C" fn(*mut libc::c_void) -> i32;

/// A second copy of SQLite in this process, as another language's runtime brings one.
struct SecondSqlite {
    open: Open,
    exec: Exec,
    close: Close,
}

impl SecondSqlite {
    fn load() -> Option<SecondSqlite> {
        // SAFETY: the names are NUL-terminated, and the signatures those of sqlite3.h.
        unsafe {
            let library = libc::dlopen(c"libsqlite3.so.0".as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
            if library.is_null() {
                return None;
            }
            let find = |name: &std::ffi::CStr| libc::dlsym(library, name.as_ptr());
            Some(SecondSqlite {
                open: std::mem::transmute::<*mut libc::c_void, Open>(find(c"sqlite3_open")),
                exec: std::mem::transmute::<*mut libc::c_void, Exec>(find(c"sqlite3_exec")),
                close: std::mem::transmute::<*mut libc::c_void, Close>(find(c"sqlite3_close")),
            })
        }
    }

    /// Reads the ledger and closes it: our locks are gone.
    fn look(&self, path: &Path) {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
        let none = std::ptr::null();
        // SAFETY: a connection is opened, used and closed in this thread.
        unsafe {
            let mut file = std::ptr::null_mut();
            (self.open)(name.as_ptr(), &raw mut file);
            (self.exec)(file, c"SELECT count(*) FROM entry".as_ptr(), none, none, none);
            (self.close)(file);
        }
    }
}

/// Appends while the same process opens and closes the ledger's files behind our back.
fn append_beside_foreign_closes(path: &Path, argument: &str) {
    let (name, time) = moment(argument);
    let second = SecondSqlite::load();
    eprintln!("a second SQLite: {}", second.is_some());
    let ledger = open(path);
    let started = Instant::now();
    for i in 0.. {
        if started.elapsed() > time {
            break;
        }
        match &second {
            Some(second) if i % 2 == 0 => second.look(path),
            _ => drop(["", "-wal", "-shm"].map(|s| std::fs::File::open(format!("{}{s}", path.display())))),
        }
        let key = format!("{name}-{i}");
        match ledger.append(&[keyed(&key, &name)], at(i)) {
            Ok(seqs) => say(&format!("{} {key}", seqs[0])),
            // Told, not silent; the key can be appended again.
            Err(e) if e.code() == Code::Disturbed => eprintln!("{e}"),
            Err(e) => panic!("{e:?}"),
        }
    }
}

#[test]
fn locks_that_others_drop_lose_nothing() {
    let place = Place::new();
    place.create();
    let time = soak(1500, 30_000);
    let children = [
        play("append-disturbed", &place.path(), &format!("d {time}")),
        play("append-reopening", &place.path(), &format!("r {time}")),
        play("append-reopening", &place.path(), &format!("q {time}")),
    ];
    let mut all = BTreeMap::new();
    for child in children {
        let done = acknowledged(&hear(child));
        assert!(done.len() > 5, "{done:?}");
        all.extend(done);
    }
    println!("{} keys", all.len());
    all_there(&place.open(), &all);
}

#[test]
fn pythons_sqlite_beside_us_loses_nothing() {
    let place = Place::new();
    let ledger = place.create();
    let program = "
import sqlite3, sys
while sys.stdin.read(1):
    file = sqlite3.connect(sys.argv[1])
    print(file.execute('SELECT count(*) FROM entry').fetchone()[0], flush=True)
    file.close()
";
    let python = Command::new("python3")
        .args(["-c", program])
        .arg(place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        println!("python3 is not installed: not tried");
        return;
    };
    let mut ask = python.stdin.take().unwrap();
    let mut answers = BufReader::new(python.stdout.take().unwrap()).lines();
    let mut all = BTreeMap::new();
    for i in 0..soak(60, 1200) {
        use std::io::Write;
        let key = format!("k{i}");
        let seq = ledger.append(&[keyed(&key, "x")], at(0)).unwrap()[0];
        all.insert(key, seq);
        ask.write_all(b".").unwrap();
        let seen: u64 = answers.next().unwrap().unwrap().parse().unwrap();
        assert_eq!(seen, i + 1, "what is acknowledged is seen by others");
    }
    drop(ask);
    assert!(python.wait().unwrap().success());
    all_there(&ledger, &all);
}

/// Puts the file `old` in the ledger's place, as somebody does who restores a backup.
fn restore(place: &Place, old: &[u8]) {
    let beside = place.folder().join("restored");
    std::fs::write(&beside, old).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(place.beside(suffix));
    }
    std::fs::rename(&beside, place.path()).unwrap();
}

#[test]
fn a_replaced_file_is_noticed_and_named() {
    let place = Place::new();
    place.create().append(&[note("a"), note("b")], at(0)).unwrap();
    let old = std::fs::read(place.path()).unwrap();
    let ledger = place.open();
    ledger.append(&[note("c")], at(1)).unwrap();
    // The same content under another inode: nothing is lost, and nobody is bothered.
    drop(place.open().head());
    let copy = place.folder().join("copy");
    ledger.snapshot(&copy).unwrap();
    restore(&place, &std::fs::read(&copy).unwrap());
    assert_eq!(ledger.append(&[note("d")], at(2)).unwrap(), [4]);
    assert_eq!(ledger.head().unwrap().seq, 4);
    // An older file: what was recorded is not there any more, and that is said before anything is added.
    restore(&place, &old);
    let e = ledger.append(&[note("e")], at(3)).unwrap_err();
    assert_eq!((e.code(), e.category()), (Code::Disturbed, Category::Disturbed));
    assert!(e.detail().contains("nothing of this batch") && e.detail().contains("entry 4"), "{e}");
    assert_eq!(ledger.head().unwrap().seq, 2);
    assert_eq!(ledger.append(&[note("e")], at(3)).unwrap(), [3]);
    assert_eq!(verdict(&ledger), (3, None, None));
    // No file at all.
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(place.beside(suffix)).unwrap();
    }
    let e = ledger.append(&[note("f")], at(4)).unwrap_err();
    assert_eq!(e.code(), Code::Disturbed);
    assert_eq!(ledger.append(&[note("f")], at(4)).unwrap_err().code(), Code::NotFound);
    restore(&place, &old);
    assert_eq!(ledger.append(&[note("f")], at(4)).unwrap(), [3]);
    // The line of writers was replaced: both would think themselves alone.
    std::fs::remove_file(place.beside("-queue")).unwrap();
    assert_eq!(ledger.append(&[note("g")], at(5)).unwrap(), [4]);
    assert!(place.beside("-queue").exists());
    drop(ledger);
    assert_eq!(verdict(&place.open()), (4, None, None));
}

#[test]
fn what_a_replacement_in_mid_commit_took_is_named() {
    let place = Place::new();
    place.create().append(&[note("a")], at(0)).unwrap();
    let old = std::fs::read(place.path()).unwrap();
    let ledger = place.open();
    ledger.append(&[keyed("b", "x")], at(1)).unwrap();
    let big: Vec<_> = (0..4000).map(|i| note(&format!("{i}"))).collect();
    std::thread::scope(|scope| {
        let commit = scope.spawn(|| ledger.append(&big, at(2)));
        // The WAL grows only inside the transaction, when pages no longer fit into memory, or at its end; the lock is taken first.
        while !writer_is_inside(&place) {
            assert!(!commit.is_finished(), "the commit was too quick for this test");
            std::thread::yield_now();
        }
        restore(&place, &old);
        let e = commit.join().unwrap().unwrap_err();
        assert_eq!(e.code(), Code::Disturbed);
        let detail = e.detail();
        // Replaced before the names were looked at the first time, or after.
        assert!(
            detail.contains("not in the file: 3, 4, 5,") || detail.contains("does not hold entry 2"),
            "{}",
            &detail[..detail.len().min(200)]
        );
    });
    assert_eq!(ledger.head().unwrap().seq, 1);
    assert_eq!(ledger.append(&[note("c")], at(3)).unwrap(), [2]);
    assert_eq!(verdict(&ledger), (2, None, None));
}

/// Whether somebody holds the writer's byte of the queue.
fn writer_is_inside(place: &Place) -> bool {
    use std::os::fd::AsRawFd;
    let file = std::fs::File::options().read(true).write(true).open(place.beside("-queue")).unwrap();
    // SAFETY: asks about a lock with a zeroed, then filled struct.
    unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = libc::F_WRLCK as libc::c_short;
        lock.l_len = 1;
        assert_eq!(libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock), 0);
        lock.l_type != libc::F_UNLCK as libc::c_short
    }
}
