//! What the tests of the ledger share.
#![allow(dead_code, reason = "each test binary uses its part")]

use opsledger::facts::Fact;
use opsledger::ledger::{Ledger, Options};
use opsledger::time::{Instant, MINUTE, canonical_instant, parse_instant};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A folder that vanishes, with the name of a ledger in it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("ledger.db")
    }
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        self.0.path().join(format!("ledger.db{suffix}"))
    }
    pub(crate) fn create(&self) -> Ledger {
        Ledger::open(&self.path(), &Options { create: true, ..Options::default() }).unwrap()
    }
    pub(crate) fn open(&self) -> Ledger {
        Ledger::open(&self.path(), &Options::default()).unwrap()
    }
}

/// That many minutes after 2026-03-02T00:00Z.
pub(crate) fn at(minutes: i64) -> Instant {
    parse_instant("2026-03-02T00:00:00Z").unwrap() + minutes * MINUTE
}

pub(crate) fn text(t: Instant) -> String {
    canonical_instant(t).unwrap()
}

pub(crate) fn fact(json: &str) -> Fact {
    Fact::parse(json).unwrap()
}

pub(crate) fn start(subject: &str, minute: i64) -> Fact {
    let time = text(at(minute));
    fact(&format!(
        r#"{{"kind":"outage.start","subject":"{subject}","at":"{time}","body":{{"system":"portal"}}}}"#
    ))
}

pub(crate) fn end(subject: &str, minute: i64) -> Fact {
    fact(&format!(r#"{{"kind":"outage.end","subject":"{subject}","at":"{}"}}"#, text(at(minute))))
}

pub(crate) fn note(words: &str) -> Fact {
    fact(&format!(r#"{{"kind":"x.note","at":"{}","body":{{"words":"{words}"}}}}"#, text(at(0))))
}

pub(crate) fn keyed(key: &str, words: &str) -> Fact {
    fact(&format!(r#"{{"kind":"x.note","key":"{key}","at":"{}","body":{{"words":"{words}"}}}}"#, text(at(0))))
}

pub(crate) fn sm3(text: &str) -> String {
    opsledger::digest::sm3_hex(text.as_bytes())
}

/// Entries, first bad entry, and the problem's name.
pub(crate) fn verdict(ledger: &Ledger) -> (u64, Option<u64>, Option<&'static str>) {
    let verdict = ledger.verify(&mut |_, _| true).unwrap();
    (verdict.entries, verdict.first_bad, verdict.problem.map(|p| p.name))
}

/// What the shell script says: its status and its words.
pub(crate) fn shell_verdict(path: &Path) -> (Option<i32>, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tools/verify-ledger.sh");
    let out = Command::new("sh").arg(script).arg(path).output().unwrap();
    let words = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    (out.status.code(), words)
}

/// A number of repetitions: the first, or the second with `OPSLEDGER_SOAK=1`.
pub(crate) fn soak(quick: u64, whole: u64) -> u64 {
    if std::env::var("OPSLEDGER_SOAK").is_ok_and(|v| v == "1") { whole } else { quick }
}

/// Random numbers whose seed is printed, and taken from `OPSLEDGER_SEED`.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Random {
        use std::hash::{BuildHasher, RandomState};
        let given = std::env::var("OPSLEDGER_SEED").ok().map(|s| s.parse().unwrap());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0_u8) >> 1);
        println!("OPSLEDGER_SEED={seed}");
        Random(seed | 1)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % n
    }
}

/// Starts this test binary again as another process that plays `role`; see [`role`].
pub(crate) fn play(role: &str, path: &Path, argument: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "role", "--nocapture", "--test-threads=1"])
        .env("OPSLEDGER_ROLE", role)
        .env("OPSLEDGER_PATH", path)
        .env("OPSLEDGER_ARGUMENT", argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// In a process that [`play`] started: its role, path and argument.
pub(crate) fn role() -> Option<(String, PathBuf, String)> {
    let get = |name| std::env::var(name).ok();
    Some((get("OPSLEDGER_ROLE")?, get("OPSLEDGER_PATH")?.into(), get("OPSLEDGER_ARGUMENT")?))
}

/// Says something to the process that called [`play`].
pub(crate) fn say(words: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "@{words}").unwrap();
    out.flush().unwrap();
}

/// What a process said, without the test runner's own lines.
pub(crate) fn said(out: &str) -> Vec<String> {
    out.lines().filter_map(|line| line.split_once('@').map(|(_, words)| words.to_owned())).collect()
}

/// Waits for the process and returns what it said; it must have ended well.
pub(crate) fn hear(child: Child) -> Vec<String> {
    let out = child.wait_with_output().unwrap();
    let words = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success(), "{words}");
    said(&words)
}
