//! What the tests of bags share.
#![allow(dead_code, reason = "each test binary uses its part")]

use opsledger::backup::{Problem, Report, SealOptions, Verdict, VerifyOptions, Watch, seal, verify};
use opsledger::error::Result;
use opsledger::time::{Instant, parse_instant};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of tests/vectors.
pub(crate) fn vectors(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name)
}

pub(crate) fn now() -> Instant {
    parse_instant("2026-11-24T19:00:00Z").unwrap()
}

pub(crate) fn try_seal(options: &SealOptions) -> Result<Report> {
    seal(options, &mut Watch::new(now(), &mut |_| true))
}

pub(crate) fn try_verify(options: &VerifyOptions) -> Result<Report> {
    verify(options, &mut Watch::new(now(), &mut |_| true))
}

/// Seals a folder in place.
pub(crate) fn sealed(path: &Path) -> Report {
    try_seal(&SealOptions { path: path.to_owned(), ..SealOptions::default() }).unwrap()
}

pub(crate) fn of(path: &Path) -> VerifyOptions {
    VerifyOptions { path: path.to_owned(), ..VerifyOptions::default() }
}

pub(crate) fn verified(path: &Path) -> Report {
    try_verify(&of(path)).unwrap()
}

pub(crate) fn is_pass(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Pass | Verdict::PassWithRemarks)
}

pub(crate) fn kinds(report: &Report) -> Vec<&'static str> {
    report.problems.iter().map(|p| p.kind.name()).collect()
}

pub(crate) fn find<'a>(report: &'a Report, kind: &str) -> Vec<&'a Problem> {
    report.problems.iter().filter(|p| p.kind.name() == kind).collect()
}

pub(crate) fn write(root: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Runs a shell line in a folder: whether it succeeded, and what it printed.
pub(crate) fn shell(folder: &Path, line: &str) -> (bool, String) {
    let out = Command::new("/bin/sh").arg("-c").arg(line).current_dir(folder).output().unwrap();
    let text = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8_lossy(&text).into_owned())
}
