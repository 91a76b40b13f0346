//! Every path and number of threads gives what one plain loop gives; what is not a file is not opened; changes are seen.

use super::pipeline::digest_all_by;
use super::{Digests, Job, Outcome};
use crate::backup::{Progress, Watch};
use crate::digest::{Algorithm, Path as Lanes, sm3};
use crate::error::{Code, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

fn job(path: PathBuf, algorithms: &[Algorithm], chunk: Option<u64>) -> Job {
    Job { path, algorithms: algorithms.to_vec(), chunk }
}

fn content(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 31) ^ (i >> 8) ^ (seed * 101)) as u8).collect()
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// What a plain loop over the content makes.
fn plain(bytes: &[u8], algorithms: &[Algorithm], chunk: Option<u64>) -> Digests {
    let digest = |a: &Algorithm| {
        let mut hasher = a.hasher();
        hasher.update(bytes);
        hasher.finish()
    };
    Digests {
        bytes: bytes.len() as u64,
        digests: algorithms.iter().map(digest).collect(),
        chunks: chunk
            .map_or_else(Vec::new, |size| bytes.chunks(usize::try_from(size).unwrap()).map(sm3).collect()),
    }
}

fn run_with(lanes: Lanes, threads: usize, jobs: &[Job], watch: &mut Watch<'_>) -> Result<Vec<Outcome>> {
    let mut outcomes: Vec<Option<Outcome>> = jobs.iter().map(|_| None).collect();
    digest_all_by(lanes, threads, jobs, watch, &mut |at, outcome| {
        assert!(outcomes[at].replace(outcome).is_none(), "{at} told twice");
    })?;
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap()).collect())
}

fn run(lanes: Lanes, threads: usize, jobs: &[Job]) -> Vec<Outcome> {
    run_with(lanes, threads, jobs, &mut Watch::new(0, &mut |_| true)).unwrap()
}

#[test]
fn results_depend_neither_on_the_path_nor_on_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    let mut jobs = Vec::new();
    let mut expected = Vec::new();
    // Around a block, around a buffer (128 KiB), and well beyond; odd chunks leave parts of blocks over.
    let lengths = [0, 1, 55, 56, 63, 64, 65, 1000, 4096, 131_072, 131_073, 300_000];
    let several: &[Algorithm] = &[Algorithm::Sha256, Algorithm::Sm3, Algorithm::Md5, Algorithm::Sm3];
    let asked: [(&[Algorithm], Option<u64>); 8] = [
        (&[Algorithm::Sm3], None),
        (several, None),
        (&[Algorithm::Sha512], None),
        (&[Algorithm::Sm3], Some(65_536)),
        (&[Algorithm::Sm3, Algorithm::Sha256], Some(1000)),
        (&[Algorithm::Sha256], Some(50_000)),
        (&[], Some(65_536)),
        (&[], Some(7777)),
    ];
    for (i, len) in lengths.into_iter().enumerate() {
        let bytes = content(i, len);
        let path = file(folder.path(), &format!("文件{i}"), &bytes);
        for (algorithms, chunk) in asked {
            jobs.push(job(path.clone(), algorithms, chunk));
            expected.push(plain(&bytes, algorithms, chunk));
        }
    }
    for lanes in Lanes::all_here() {
        for threads in [1, 3] {
            for (at, outcome) in run(lanes, threads, &jobs).into_iter().enumerate() {
                let Outcome::Read(digests) = outcome else { panic!("{at}: {outcome:?}") };
                assert_eq!(digests, expected[at], "{} {threads} {at}", lanes.name());
            }
        }
        // Each alone, so that few lanes are busy.
        for (at, job) in jobs.iter().enumerate().skip(3).step_by(7) {
            let outcomes = run(lanes, 2, std::slice::from_ref(job));
            assert!(matches!(&outcomes[..], [Outcome::Read(d)] if *d == expected[at]), "{at}");
        }
    }
}

#[test]
fn nothing_but_a_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let there = file(folder.path(), "there", b"abc");
    std::os::unix::fs::symlink(&there, folder.path().join("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    // A pipe without a writer would wait for ever.
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    assert!(made.success());
    let names = ["there", "link", "pipe", "socket", "gone", "there/below", "."];
    for chunk in [None, Some(4096)] {
        for algorithms in [&[Algorithm::Sm3][..], &[]] {
            let mut jobs: Vec<Job> =
                names.iter().map(|n| job(folder.path().join(n), algorithms, chunk)).collect();
            jobs.push(job("/dev/zero".into(), algorithms, chunk));
            for lanes in Lanes::all_here() {
                let outcomes = run(lanes, 2, &jobs);
                assert!(matches!(&outcomes[0], Outcome::Read(d) if *d == plain(b"abc", algorithms, chunk)));
                for at in [1, 2, 6, 7] {
                    assert!(matches!(outcomes[at], Outcome::NotAFile), "{at}: {:?}", outcomes[at]);
                }
                assert!(matches!(outcomes[3], Outcome::NotAFile | Outcome::Refused(_)), "{:?}", outcomes[3]);
                for at in [4, 5] {
                    assert!(matches!(outcomes[at], Outcome::Vanished), "{at}: {:?}", outcomes[at]);
                }
            }
        }
    }
}

#[test]
fn a_file_that_says_it_is_empty_and_is_not_is_unstable() {
    // The kernel's own files say that they have no bytes.
    for (algorithms, chunk) in [(&[Algorithm::Sm3][..], None), (&[][..], Some(4096))] {
        let outcomes = run(Lanes::chosen(), 1, &[job("/proc/self/status".into(), algorithms, chunk)]);
        assert!(matches!(outcomes[..], [Outcome::Changed]), "{outcomes:?}");
    }
}

/// Digests one file of 4 MiB, with a limit that makes it last, and changes it once reading has begun.
fn changed_while_read(change: impl Fn(&Path), algorithms: &[Algorithm], chunk: Option<u64>) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "a", &content(1, 4 << 20));
    let mut changed = false;
    let mut tell = |progress: &Progress| {
        if progress.bytes > 0 && !changed {
            assert!(progress.bytes < 4 << 20, "read whole before it could be changed");
            change(&path);
            changed = true;
        }
        true
    };
    let mut watch = Watch::new(0, &mut tell).with_io_limit(8 << 20);
    let jobs = [job(path.clone(), algorithms, chunk)];
    let mut outcomes = run_with(Lanes::chosen(), 2, &jobs, &mut watch).unwrap();
    drop(watch);
    assert!(changed);
    outcomes.remove(0)
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told_apart() {
    let open = |path: &Path| std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let grow = |path: &Path| {
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
    };
    let shrink = |path: &Path| open(path).set_len(1 << 20).unwrap();
    let rewrite = |path: &Path| open(path).write_all(b"other").unwrap();
    let asked: [(&[Algorithm], Option<u64>); 3] =
        [(&[Algorithm::Sm3], None), (&[Algorithm::Sm3], Some(1 << 20)), (&[], Some(1 << 20))];
    for (algorithms, chunk) in asked {
        for change in [&grow as &dyn Fn(&Path), &shrink, &rewrite] {
            let outcome = changed_while_read(change, algorithms, chunk);
            assert!(matches!(outcome, Outcome::Changed), "{outcome:?}");
        }
        // Its name went, its bytes are there: read as they were. Its other attributes say so, and nobody can read it again.
        let outcome = changed_while_read(|path| std::fs::remove_file(path).unwrap(), algorithms, chunk);
        assert!(matches!(outcome, Outcome::Changed), "{outcome:?}");
    }
}

#[test]
fn a_stop_is_heard_soon() {
    let folder = tempfile::tempdir().unwrap();
    let jobs: Vec<Job> = (0..40)
        .map(|i| {
            let path = file(folder.path(), &i.to_string(), &content(i, 300_000));
            job(path, &[Algorithm::Sm3], (i % 2 == 0).then_some(65_536))
        })
        .collect();
    // At this rate all would take five minutes.
    for by_signal in [false, true] {
        let begun = std::time::Instant::now();
        let shared = crate::backup::Shared::default();
        let signal = shared.clone();
        let mut calls = 0;
        let mut tell = |_: &Progress| {
            calls += 1;
            if by_signal && calls == 3 {
                signal.stop();
            }
            by_signal || calls < 3
        };
        let mut watch = Watch::new(0, &mut tell).with_io_limit(40_000).with_shared(shared);
        let error = run_with(Lanes::chosen(), 2, &jobs, &mut watch).unwrap_err();
        assert_eq!(error.code(), Code::Cancelled);
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

#[test]
fn the_limit_holds_over_all_threads() {
    let folder = tempfile::tempdir().unwrap();
    let jobs: Vec<Job> = (0..20)
        .map(|i| job(file(folder.path(), &i.to_string(), &content(i, 100_000)), &[Algorithm::Sm3], None))
        .collect();
    let begun = std::time::Instant::now();
    let mut last = Progress::default();
    let mut tell = |progress: &Progress| {
        // What was granted at most: the limit's share of the time, and what each thread's last read may bring before it waits.
        let granted = begun.elapsed().as_secs_f64() * 4e6 + 2.0 * 131_072.0;
        assert!((progress.bytes as f64) <= granted, "{} of {granted}", progress.bytes);
        last = *progress;
        true
    };
    let mut watch = Watch::new(0, &mut tell).with_io_limit(4_000_000);
    assert_eq!(run_with(Lanes::chosen(), 2, &jobs, &mut watch).unwrap().len(), 20);
    drop(watch);
    // Two million bytes at four million a second; the last read begins when those before it have had their time.
    assert!(begun.elapsed().as_millis() >= 400, "{:?}", begun.elapsed());
    assert!(last.bytes > 0 && last.files <= 20);
}
