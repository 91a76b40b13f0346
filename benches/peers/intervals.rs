//! Our half of `intervals.py`: reads columns, fills the figures, prints them and the time of each round as JSON.
//!
//! `peer_intervals FOLDER SYSTEMS ROUNDS`: FOLDER holds `system` (little-endian i32), `start` and `end` (i64 microseconds).
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed benchmark")]

use opsledger::columns::{Columns, Figures, outages};
use opsledger::time::{HOUR, Interval};
use std::path::Path;
use std::time::Instant as Timer;

fn i64s(path: &Path) -> Vec<i64> {
    std::fs::read(path).unwrap().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect()
}

fn i32s(path: &Path) -> Vec<i32> {
    std::fs::read(path).unwrap().chunks_exact(4).map(|b| i32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// CPU time of this process, seconds.
fn cpu() -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `t` is a valid place to write to.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) }, 0);
    t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, systems, rounds] = &args[..] else { panic!("see the head of the source") };
    let folder = Path::new(folder);
    let (system, start, end) =
        (i32s(&folder.join("system")), i64s(&folder.join("start")), i64s(&folder.join("end")));
    let far = *end.iter().max().unwrap() + HOUR;
    let columns = Columns {
        system: &system,
        start: &start,
        end: &end,
        window_system: &[],
        window_start: &[],
        window_end: &[],
        period: Interval::new(0, far),
        as_of: far,
        merge_gap: 0,
        long_from: HOUR,
    };
    let mut figures = vec![Figures::default(); systems.parse().unwrap()];
    let mut copy = vec![0i64; start.len()];
    let (mut used, mut wall, mut copied) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds.parse().unwrap() {
        figures.fill(Figures::default());
        let (timer, before) = (Timer::now(), cpu());
        outages(&columns, &mut figures).unwrap();
        used.push(cpu() - before);
        wall.push(timer.elapsed().as_secs_f64());
        // What copying the same bytes costs, as a yardstick.
        let before = cpu();
        for column in [&start, &end] {
            copy.copy_from_slice(column);
            std::hint::black_box(&mut copy);
        }
        copied.push(cpu() - before);
    }
    let sum = |of: fn(&Figures) -> i64| figures.iter().map(of).sum::<i64>();
    let (long, short, downtime) = (sum(|f| f.long), sum(|f| f.short), sum(|f| f.downtime));
    println!(
        "{{\"cpu\":{used:?},\"wall\":{wall:?},\"copy\":{copied:?},\"answer\":[{long},{short},{downtime}]}}"
    );
}
