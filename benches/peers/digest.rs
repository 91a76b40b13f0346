//! Our half of `digest.py`: digests files by the library's pipeline, prints the digests as `cksum` does and one line of JSON.
//!
//! `peer_digest MODE LIST`: MODE is `whole`, `chunks` (of 1 MiB, side by side) or `both`; LIST names a file a line. The environment
//! variable `OPSLEDGER_DIGEST` chooses the lanes, `taskset` the processors.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed benchmark")]

use opsledger::backup::Watch;
use opsledger::backup::files::{Job, Outcome, digest_all};
use opsledger::digest::{Algorithm, Path, hex, sm3_hex};
use std::io::Write;
use std::time::Instant as Timer;

/// CPU time of this process, seconds.
fn cpu() -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `t` is a valid place to write to.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) }, 0);
    t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9
}

/// The most memory that this process held, bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [mode, list] = &args[..] else { panic!("see the head of the source") };
    let (algorithms, chunk) = match mode.as_str() {
        "whole" => (vec![Algorithm::Sm3], None),
        "chunks" => (vec![], Some(1 << 20)),
        "both" => (vec![Algorithm::Sm3], Some(1 << 20)),
        _ => panic!("unknown mode {mode}"),
    };
    let names = std::fs::read_to_string(list).unwrap();
    let job = |name: &str| Job { path: name.into(), algorithms: algorithms.clone(), chunk };
    let jobs: Vec<Job> = names.lines().map(job).collect();
    let mut lines = vec![String::new(); jobs.len()];
    let (timer, before) = (Timer::now(), cpu());
    let mut tell = |_: &opsledger::backup::Progress| true;
    digest_all(&jobs, &mut Watch::new(0, &mut tell), &mut |at, outcome| {
        let Outcome::Read(digests) = outcome else { panic!("{}: {outcome:?}", jobs[at].path.display()) };
        // Of chunks, the digest of their digests: so short that it costs nothing, so that the runs can be compared.
        let whole =
            digests.digests.first().map_or_else(|| sm3_hex(&digests.chunks.concat()), |digest| hex(digest));
        lines[at] = format!("{whole}  {}", jobs[at].path.display());
    })
    .unwrap();
    let (used, wall) = (cpu() - before, timer.elapsed().as_secs_f64());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in lines {
        writeln!(out, "{line}").unwrap();
    }
    out.flush().unwrap();
    let name = Path::chosen().name();
    eprintln!("{{\"path\":\"{name}\",\"cpu\":{used},\"wall\":{wall},\"peak\":{}}}", peak());
}
