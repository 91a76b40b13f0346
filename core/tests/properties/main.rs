//! Random contracts and fact streams: the engine gives what the naive model gives, keeps every property that the
//! accounting page states, and answers the same however it got there (one fact at a time, one instant at a time).
//! `OPSLEDGER_SOAK=1` runs twenty times as many; `OPSLEDGER_SEED=n` repeats a run.

#[path = "../common/mod.rs"]
mod common;
mod laws;
mod model;
mod steps;

use common::model::Question;
use common::scenario::Scenario;
use common::shown;
use opsledger::assess::{Assessment, View};
use opsledger::time::{DAY, HOUR, Instant, MINUTE};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use std::hash::{BuildHasher, RandomState};

pub(crate) const VIEWS: [View; 2] = [View::Agreed, View::Claimed];

/// Runs `soak` cases (a twentieth by default) and prints the seed.
pub(crate) fn check<S: Strategy>(
    name: &str,
    soak: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) where
    S::Value: std::fmt::Debug,
{
    let asked = std::env::var("OPSLEDGER_SEED").ok().map(|s| s.parse().expect("OPSLEDGER_SEED is a number"));
    let soaks = std::env::var_os("OPSLEDGER_SOAK").is_some();
    // The short run is the same every time, so that it fails only by what was changed; the long one looks elsewhere each time.
    let usual = || {
        name.bytes()
            .fold(14_695_981_039_346_656_037, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(1_099_511_628_211))
    };
    let seed: u64 = asked.unwrap_or_else(|| if soaks { RandomState::new().hash_one(name) } else { usual() });
    let cases = if soaks { soak } else { soak / 20 };
    println!("{name}: {cases} cases, OPSLEDGER_SEED={seed}");
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    if let Err(e) = TestRunner::new(config).run(strategy, test) {
        panic!("{name}, OPSLEDGER_SEED={seed}: {e}");
    }
}

pub(crate) fn failed(text: String) -> TestCaseError {
    TestCaseError::fail(text)
}

/// Two instants, each an edge of the scenario or close to one: `as_of` (of a start, if so), and what was known
/// (none: all).
pub(crate) type Pick = (Index, i64, Option<Index>, bool);

pub(crate) fn pick() -> impl Strategy<Value = Pick> {
    let near = select(
        &[
            0,
            0,
            0,
            1,
            1,
            -1,
            10 * MINUTE,
            30 * MINUTE,
            HOUR - 1,
            HOUR,
            HOUR + 1,
            2 * HOUR,
            4 * HOUR,
            8 * HOUR,
            DAY,
            3 * DAY,
        ][..],
    );
    (any::<Index>(), near, proptest::option::weighted(0.4, any::<Index>()), prop::bool::weighted(0.3))
}

pub(crate) fn question(s: &Scenario, p: Pick, view: View) -> Question {
    ask_near(&s.edges(), &s.outage_starts(), s.last_recorded(), p, view)
}

/// The question of a pick: near an edge, or near one of the starts.
pub(crate) fn ask_near(
    edges: &[Instant],
    starts: &[Instant],
    last: Instant,
    (at, near, known, of_start): Pick,
    view: View,
) -> Question {
    let as_of = *at.get(if of_start && !starts.is_empty() { starts } else { edges }) + near;
    let known_at = known.map_or(last, |k| *k.get(edges)).max(as_of);
    Question { as_of, known_at, view }
}

pub(crate) fn in_words(q: Question) -> String {
    format!("as of {} known {} {:?}", shown(Some(q.as_of)), shown(Some(q.known_at)), q.view)
}

pub(crate) fn same_document(got: &Assessment, fresh: &Assessment, q: Question) -> Result<(), TestCaseError> {
    if got == fresh && got.to_json() == fresh.to_json() {
        return Ok(());
    }
    let (got, fresh) = (got.to_json(), fresh.to_json());
    let at = got.bytes().zip(fresh.bytes()).position(|(a, b)| a != b).unwrap_or(0);
    let cut = |s: &str| {
        let chars: Vec<char> = s.chars().collect();
        let at = s.get(..at).map_or(0, |head| head.chars().count());
        chars[at.saturating_sub(120).min(chars.len())..(at + 120).min(chars.len())].iter().collect::<String>()
    };
    Err(failed(format!("{}:\nstep by step {}\nfrom scratch {}", in_words(q), cut(&got), cut(&fresh))))
}
