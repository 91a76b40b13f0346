//! What the tests of the ledger share.
#![allow(dead_code, reason = "each test binary uses its part")]

use opsledger::facts::Fact;
use opsledger::ledger::{Ledger, Options};
use opsledger::time::{Instant, MINUTE, canonical_instant, parse_instant};
use std::path::PathBuf;

/// A folder that vanishes, with the name of a ledger in it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.0.path()
    }
    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("ledger.db")
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
    fact(&format!(
        r#"{{"kind":"outage.start","subject":"{subject}","at":"{}","body":{{"system":"portal"}}}}"#,
        text(at(minute))
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
