//! Our half of `working_time.py`: reads instants, answers, writes the answers, prints the time of each round as JSON.
//!
//! `peer_working_time between|add CONTRACT A B OUT ROUNDS`: A and B are files of little-endian i64; B holds the other instants
//! (between) or the working time (add). The contract's calendar is called `hours`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed benchmark")]

use opsledger::contract::Contract;
use std::time::Instant as Timer;

fn read(path: &str) -> Vec<i64> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect()
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
    let [what, contract, a, b, out, rounds] = &args[..] else { panic!("see the head of the source") };
    let contract = Contract::parse_named(contract, &std::fs::read_to_string(contract).unwrap()).unwrap();
    let calendar = contract.hours("hours", contract.period.end).unwrap();
    let (a, b) = (read(a), read(b));
    assert_eq!(a.len(), b.len());
    let mut answers = vec![0i64; a.len()];
    let (mut used, mut wall) = (Vec::new(), Vec::new());
    for _ in 0..rounds.parse().unwrap() {
        let (timer, before) = (Timer::now(), cpu());
        let pairs = a.iter().zip(&b).zip(&mut answers);
        match what.as_str() {
            "between" => pairs.for_each(|((a, b), out)| *out = calendar.between(*a, *b).unwrap()),
            "add" => pairs.for_each(|((a, n), out)| *out = calendar.add(*a, *n).unwrap()),
            _ => panic!("unknown question {what}"),
        }
        used.push(cpu() - before);
        wall.push(timer.elapsed().as_secs_f64());
    }
    std::fs::write(out, answers.iter().flat_map(|t| t.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    println!("{{\"cpu\":{used:?},\"wall\":{wall:?}}}");
}
