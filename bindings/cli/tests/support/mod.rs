//! Runs the real binary.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The exit status and what was printed.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
    /// Each line as JSON.
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
    }
    #[track_caller]
    pub fn ok(self) -> Ran {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

/// A folder with a contract, in which the command runs.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        place.write("contract.toml", CONTRACT);
        place
    }
    /// With the ledger `l`, which adopted the contract.
    pub fn with_ledger() -> Place {
        let place = Place::new();
        place.run(&["init", "--ledger", "l", "--contract", "contract.toml"]).ok();
        place
    }
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
    pub fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsledger"));
        command.args(args).current_dir(self.path()).env("LC_ALL", "C.UTF-8");
        for name in ["OPSLEDGER_LEDGER", "OPSLEDGER_CONTRACT"] {
            command.env_remove(name);
        }
        command
    }
    pub fn run(&self, args: &[&str]) -> Ran {
        finish(self.command(args), "")
    }
    pub fn run_with(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
        finish(self.command(args), stdin)
    }
    /// Entries of the ledger `l`.
    pub fn entries(&self) -> u64 {
        let counted = self.run(&["sql", "select count(*) from entry", "--ledger", "l", "--json"]).ok().json();
        counted["rows"][0][0].as_u64().unwrap()
    }
}

pub fn finish(mut command: Command, stdin: impl AsRef<[u8]>) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
    let done = child.wait_with_output().unwrap();
    Ran {
        status: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// An outage of `system` from `start` to `end`, two lines.
pub fn outage(subject: &str, start: &str, end: &str) -> String {
    format!(
        "{{\"kind\":\"outage.start\",\"subject\":\"{subject}\",\"at\":\"{start}\",\"body\":{{\"system\":\"portal\"}}}}\n\
         {{\"kind\":\"outage.end\",\"subject\":\"{subject}\",\"at\":\"{end}\"}}\n"
    )
}

pub const CONTRACT: &str = r#"format = 1
id = "portal"
title = "门户运维"
timezone = "Asia/Shanghai"
holidays = "CN"
period = { start = "2026-01-01", end = "2026-12-31" }

[[calendar]]
id = "workdays"
open = { workday = ["08:30-12:00", "14:00-17:30"] }
holidays = "CN"

[[clause]]
id = "long"
ref = "二.4"
text = "长故障不多于1次"
rule = "outage-count"
at_least = "1h"
max = 1

[[clause]]
id = "downtime"
rule = "downtime"
max = "10h"
"#;
