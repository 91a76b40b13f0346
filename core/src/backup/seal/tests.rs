//! A seal that is stopped between any two changes on the disk loses nothing, is no bag, and is completed by running it again.

use super::stage::stop;
use super::{SealOptions, Watch, seal};
use crate::backup::{Report, Verdict, VerifyOptions, verify};
use crate::error::{Code, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn content(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.insert(path.strip_prefix(root).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    all
}

fn run(options: &SealOptions, stop_after: Option<u32>) -> Result<Report> {
    stop::AFTER.set(stop_after);
    let result = seal(options, &mut Watch::new(0, &mut |_| true));
    stop::AFTER.set(None);
    result
}

fn check(path: &Path) -> Result<Report> {
    let options = VerifyOptions { path: path.to_owned(), ..VerifyOptions::default() };
    verify(&options, &mut Watch::new(0, &mut |_| true))
}

fn is_whole(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Pass | Verdict::PassWithRemarks)
}

/// A set with names that a bag uses itself.
fn set(place: &Path) -> PathBuf {
    let from = place.join("set");
    std::fs::create_dir_all(from.join("data/data")).unwrap();
    std::fs::create_dir_all(from.join("sub")).unwrap();
    for (name, text) in [("data/data/a", "1"), ("bag-info.txt", "not ours"), ("sub/b", "2"), ("c", "3")] {
        std::fs::write(from.join(name), text).unwrap();
    }
    from
}

/// Stopped after `first` changes, run again and stopped after `second`, then run to its end; true when the first run came to its end.
fn stopped(in_place: bool, first: u32, second: Option<u32>) -> bool {
    let place = tempfile::tempdir().unwrap();
    let from = set(place.path());
    let before = content(&from);
    let into = (!in_place).then(|| place.path().join("bag"));
    let at = into.clone().unwrap_or_else(|| from.clone());
    let options = SealOptions { path: from.clone(), into, ..SealOptions::default() };
    let shown = format!("in place {in_place}, stopped after {first} and {second:?}");
    let whole = run(&options, Some(first)).is_ok();
    for stop in second.into_iter().map(Some).chain([None]) {
        let kept: Vec<_> = content(place.path()).into_values().collect();
        assert!(before.values().all(|c| kept.contains(c)), "{shown}: content is lost");
        if let (false, Ok(report)) = (whole, check(&at)) {
            assert!(!is_whole(&report) || at.join("bagit.txt").exists(), "{shown}: half a bag passes");
        }
        match run(&options, stop) {
            Ok(report) => assert!(is_whole(&report), "{shown}: {:?}", report.problems),
            Err(error) if stop.is_some() && error.code() == Code::Internal => {}
            // It was whole already.
            Err(error) => {
                assert!(matches!(error.code(), Code::AlreadySealed | Code::CannotSeal), "{shown}: {error}");
            }
        }
    }
    assert!(content(&at.join("data")) == before, "{shown}: {:?}", content(&at.join("data")).keys());
    if !in_place {
        assert_eq!(content(&from), before, "{shown}: the source stays as it is");
    }
    let report = check(&at).unwrap();
    assert!(is_whole(&report), "{shown}: {:?}", report.problems);
    assert_eq!(report.coverage.files, report.coverage.files_read, "{shown}");
    whole
}

#[test]
fn stopped_anywhere_it_is_completed_by_running_it_again() {
    for in_place in [true, false] {
        let stops = (0..).take_while(|n| !stopped(in_place, *n, None)).count();
        assert!(stops >= 15, "in place {in_place}: only {stops} points");
    }
}

#[test]
fn stopped_twice_it_is_completed_by_the_third() {
    for in_place in [true, false] {
        for first in 0.. {
            let mut whole = false;
            for second in (0..24).step_by(5) {
                whole = stopped(in_place, first, Some(second));
            }
            if whole {
                break;
            }
        }
    }
}

/// What is made at the place of a file that was moved already is not written over, and said.
#[test]
fn what_is_made_anew_meanwhile_is_kept() {
    let place = tempfile::tempdir().unwrap();
    let from = set(place.path());
    let options = SealOptions { path: from.clone(), ..SealOptions::default() };
    assert!(run(&options, Some(4)).is_err());
    let moved = ["c", "data", "sub", "bag-info.txt"].into_iter().find(|n| !from.join(n).exists());
    let moved = from.join(moved.unwrap());
    std::fs::write(&moved, "new").unwrap();
    let error = run(&options, None).unwrap_err();
    assert_eq!(error.code(), Code::CannotSeal);
    assert_eq!(std::fs::read(&moved).unwrap(), b"new");
    std::fs::rename(&moved, place.path().join("away")).unwrap();
    assert!(is_whole(&run(&options, None).unwrap()));
}
