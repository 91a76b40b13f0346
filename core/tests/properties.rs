//! Random contracts and fact streams: the engine gives what the naive model gives, keeps every property that the
//! accounting page states, and answers the same however it got there (one fact at a time, one instant at a time).
//! `OPSLEDGER_SOAK=1` runs twenty times as many; `OPSLEDGER_SEED=n` repeats a run.

mod common;

use common::model::{self, Question};
use common::scenario::{Draft, Scenario, scenario};
use common::{account, ask, assess, compare, contract, entries, shown};
use opsledger::account::Account;
use opsledger::assess::{Assessment, Figure, View};
use opsledger::calendar::Date;
use opsledger::contract::Contract;
use opsledger::facts::kinds::{self, ActsBy, Family};
use opsledger::rules::{Detail, RuleParams};
use opsledger::time::{DAY, HOUR, Instant, Interval, MINUTE};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

const VIEWS: [View; 2] = [View::Agreed, View::Claimed];

/// Runs `soak` cases (a twentieth by default) and prints the seed.
fn check<S: Strategy>(
    name: &str,
    soak: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) where
    S::Value: std::fmt::Debug,
{
    let asked = std::env::var("OPSLEDGER_SEED").ok().map(|s| s.parse().expect("OPSLEDGER_SEED is a number"));
    let seed: u64 = asked.unwrap_or_else(|| RandomState::new().hash_one(name));
    let cases = if std::env::var_os("OPSLEDGER_SOAK").is_some() { soak } else { soak / 20 };
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

fn failed(text: String) -> TestCaseError {
    TestCaseError::fail(text)
}

/// Two instants, each an edge of the scenario or close to one: `as_of` (of an outage's start, if so), and what was known
/// (none: all).
type Pick = (Index, i64, Option<Index>, bool);

fn pick() -> impl Strategy<Value = Pick> {
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

fn question(s: &Scenario, (at, near, known, of_outage): Pick, view: View) -> Question {
    let edges = s.edges();
    let starts = s.outage_starts();
    let as_of = *at.get(if of_outage && !starts.is_empty() { &starts } else { &edges }) + near;
    let known_at = known.map_or(s.last_recorded(), |k| *k.get(&edges)).max(as_of);
    Question { as_of, known_at, view }
}

#[test]
fn engine_is_the_model() {
    let strategy = (scenario(16), proptest::collection::vec(pick(), 1..4));
    check("engine_is_the_model", 4_000, &strategy, |(s, picks)| {
        let contract = contract(&s.contract());
        let lines = s.lines();
        let (account, entries) = (account(&contract, &lines), entries(&lines));
        for (p, view) in picks.into_iter().flat_map(|p| VIEWS.map(|v| (p, v))) {
            let q = question(&s, p, view);
            let answer = model::assess(&contract, &entries, q);
            let asked = ask(q.as_of, q.known_at, q.view);
            let got = assess(&account, q);
            let rows = account.outages(&asked).unwrap();
            let budget = account.budget(&asked).unwrap();
            compare::assessment(&contract, &answer, &got)
                .and_then(|()| compare::rows(&contract, &answer, q.as_of, &rows))
                .and_then(|()| compare::budget(&contract, &got, &budget))
                .map_err(|e| failed(format!("{}: {e}", in_words(q))))?;
        }
        Ok(())
    });
}

fn in_words(q: Question) -> String {
    format!("as of {} known {} {:?}", shown(Some(q.as_of)), shown(Some(q.known_at)), q.view)
}

fn same_document(got: &Assessment, fresh: &Assessment, q: Question) -> Result<(), TestCaseError> {
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

/// One account, asked after each fact, answers as an account that is given all facts so far at once.
#[test]
fn fact_by_fact_is_from_scratch() {
    check("fact_by_fact_is_from_scratch", 1_000, &(scenario(10), pick()), |(s, p)| {
        let contract = contract(&s.contract());
        let lines = s.lines();
        let one = Account::new(contract.clone());
        let entries = entries(&lines);
        for n in 1..=lines.len() {
            one.add(&lines[n - 1]).unwrap();
            let fresh = account(&contract, &lines[..n]);
            let now = entries[n - 1].recorded_at;
            for view in VIEWS {
                let mut q = Question { as_of: now, known_at: now, view };
                same_document(&assess(&one, q), &assess(&fresh, q), q)?;
                // Now and then the question looks back, or at another instant than now.
                if n % 5 == 0 {
                    q = question(&s, p, view);
                    same_document(&assess(&one, q), &assess(&fresh, q), q)?;
                }
            }
        }
        Ok(())
    });
}

/// Every instant that an assessment names after its own.
fn instants_to_come(a: &Assessment) -> Vec<Instant> {
    let mut found = Vec::new();
    let mut take = |s: Option<opsledger::assess::Stamp>| found.extend(s.map(|s| s.at));
    let f = a.outages.forecast;
    for s in [f.becomes_long_at, f.long_breach_at, f.downtime_breach_at] {
        take(s);
    }
    for c in &a.clauses {
        take(c.forecast_breach_at);
        take(c.breached_at);
        if let Some(Detail::Deadline(d)) = &c.detail {
            d.cases.iter().for_each(|case| take(case.due));
        }
    }
    found
}

/// One account whose clock moves through every instant at which something may turn, and through the microseconds beside
/// it, answers as a fresh account at each.
fn step_through(s: &Scenario, known: impl Fn(Instant) -> Instant) -> Result<(), TestCaseError> {
    let contract = contract(&s.contract());
    let lines = s.lines();
    for view in VIEWS {
        let one = account(&contract, &lines);
        let beside = |t: Instant| [t - 1, t, t + 1];
        let mut to_come: BTreeSet<Instant> = s.edges().into_iter().flat_map(beside).collect();
        let mut gap = contract.accounting.merge_gap;
        while let Some(as_of) = to_come.pop_first() {
            let q = Question { as_of, known_at: known(as_of).max(as_of), view };
            let got = assess(&one, q);
            same_document(&got, &assess(&account(&contract, &lines), q), q)?;
            to_come.extend(instants_to_come(&got).into_iter().flat_map(beside).filter(|t| *t > as_of));
            if gap > 0 {
                // Episodes close a gap after their end.
                to_come.extend(got.outages.episodes.iter().flat_map(|e| beside(e.end.at + gap)));
                to_come = to_come.split_off(&(as_of + 1));
            }
            if to_come.len() > 2_000 {
                gap = 0;
            }
        }
    }
    Ok(())
}

#[test]
fn instant_by_instant_is_from_scratch() {
    check("instant_by_instant_is_from_scratch", 160, &scenario(6), |s| {
        let last = s.last_recorded();
        step_through(&s, |_| last)?;
        step_through(&s, |as_of| as_of)
    });
}

fn integer(f: &Option<Figure>) -> i64 {
    match f {
        Some(Figure::Integer(n)) => *n,
        other => panic!("{other:?} is no integer"),
    }
}

/// `text` is `part / whole` with at most nine digits, half up.
fn is_ratio(text: &Option<String>, part: i64, whole: i64) -> bool {
    let Some(text) = text else { return whole == 0 };
    let (units, digits) = text.split_once('.').unwrap_or((text, ""));
    let shown: i128 = format!("{units}{digits:0<9}").parse().expect("digits");
    let exact = i128::from(part) * 1_000_000_000;
    // |shown - exact/whole| <= 1/2
    digits.len() <= 9
        && !digits.ends_with('0')
        && whole > 0
        && (2 * (shown * i128::from(whole) - exact)).abs() <= i128::from(whole)
}

#[test]
fn figures_add_up() {
    check("figures_add_up", 2_000, &(scenario(16), pick()), |(s, p)| {
        let contract = contract(&s.contract());
        for view in VIEWS {
            let q = question(&s, p, view);
            let o = assess(&account(&contract, &s.lines()), q).outages;
            let elapsed = contract.period.clip(Interval::new(Instant::MIN, q.as_of)).len();
            let up = elapsed - o.downtime_us - o.planned_us - o.unknown_us;
            let all = [o.downtime_us, o.planned_us, o.unknown_us, up];
            prop_assert!(all.iter().all(|t| *t >= 0), "{}: down, planned, unknown, up: {all:?}", in_words(q));
            prop_assert!(is_ratio(&o.availability_elapsed, elapsed - o.downtime_us, elapsed), "A of {o:?}");
            let eligible = elapsed - o.planned_us - o.unknown_us;
            prop_assert!(
                is_ratio(&o.availability_eligible, eligible - o.downtime_us, eligible),
                "B of {o:?}"
            );
            let zero_to_one = |t: &Option<String>| t.as_deref().is_none_or(|t| ("0"..="1").contains(&t));
            prop_assert!(zero_to_one(&o.availability_elapsed) && zero_to_one(&o.availability_eligible));
        }
        Ok(())
    });
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn totals(a: &Assessment) -> [i64; 6] {
    let o = &a.outages;
    [o.downtime_us, o.planned_us, o.unknown_us, o.long, o.short, o.pending]
}

#[test]
fn cutting_the_period_in_two_changes_no_total() {
    check("cutting_the_period", 1_000, &(scenario(14), pick(), any::<Index>()), |(s, p, cut)| {
        let (first, last) = s.shape.first_and_last();
        let days: Vec<Date> = date(first).iter_days().take_while(|d| *d < date(last)).collect();
        let until = *cut.get(&days);
        let next = until.succ_opt().expect("a next day");
        let parts =
            [s.shape.text_over(first, &until.to_string()), s.shape.text_over(&next.to_string(), last)];
        let lines = s.lines();
        for view in VIEWS {
            let q = question(&s, p, view);
            let of = |text: &str| totals(&assess(&account(&contract(text), &lines), q));
            let (whole, a, b) = (of(&s.contract()), of(&parts[0]), of(&parts[1]));
            let sum: Vec<i64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
            prop_assert_eq!(&whole[..], &sum[..], "cut after {}, {}", until, in_words(q));
        }
        Ok(())
    });
}

/// Downtime of all systems and of each clause on it.
fn downtimes(contract: &Contract, a: &Assessment) -> Vec<i64> {
    let clauses = contract.clauses.iter().zip(&a.clauses);
    let of_clauses = clauses
        .filter(|(c, _)| matches!(&c.rule, RuleParams::Downtime(p) if p.scope.per == Default::default()))
        .map(|(_, v)| integer(&v.value));
    std::iter::once(a.outages.downtime_us).chain(of_clauses).collect()
}

#[test]
fn adding_a_window_never_raises_downtime() {
    let window =
        (any::<Index>(), select(&[-HOUR, 0, HOUR, DAY][..]), select(&[1, HOUR, 5 * HOUR, 2 * DAY][..]));
    let strategy = (scenario(14), pick(), window, select(&[None, Some("portal")][..]));
    check("adding_a_window", 1_000, &strategy, |(s, p, (start, lead, length), system)| {
        let start = *start.get(&s.edges());
        let recorded = start - lead;
        let mut window = Draft::new("maintenance.approve", "M-added", recorded, recorded)
            .with_time("start", start)
            .with_time("end", start + length);
        if let Some(system) = system {
            window = window.with("systems", serde_json::json!([system]));
        }
        let mut more = s.clone();
        more.drafts.push(window);
        let contract = contract(&s.contract());
        for view in VIEWS {
            let q = question(&s, p, view);
            let without = downtimes(&contract, &assess(&account(&contract, &s.lines()), q));
            let with = downtimes(&contract, &assess(&account(&contract, &more.lines()), q));
            for (with, without) in with.iter().zip(&without) {
                prop_assert!(with <= without, "{}: {with} with the window, {without} without", in_words(q));
            }
        }
        Ok(())
    });
}

fn is_correction(d: &Draft) -> bool {
    let kind = kinds::find(d.kind).expect("a kind");
    kind.acts_by == ActsBy::RecordedAt || kind.family == Family::Agreement
}

/// With no corrections and what is known fixed, later questions leave what was settled as it was.
#[test]
fn the_past_does_not_move() {
    check("the_past_does_not_move", 1_500, &(scenario(16), pick(), pick()), |(s, a, b)| {
        let s = s.keep(|d| !is_correction(d));
        let contract = contract(&s.contract());
        let account = account(&contract, &s.lines());
        for view in VIEWS {
            let (one, other) = (question(&s, a, view).as_of, question(&s, b, view).as_of);
            let known_at = s.last_recorded().max(one).max(other);
            let early = Question { as_of: one.min(other), known_at, view };
            let late = Question { as_of: one.max(other), known_at, view };
            let (before, after) = (assess(&account, early), assess(&account, late));
            for e in before.outages.episodes.iter().filter(|e| !e.open) {
                prop_assert!(
                    after.outages.episodes.contains(e),
                    "{} then {}: {e:?}",
                    in_words(early),
                    in_words(late)
                );
            }
            for (x, y) in before.clauses.iter().zip(&after.clauses) {
                prop_assert!(
                    x.breached_at.is_none() || x.breached_at == y.breached_at,
                    "{} then {}: {} {:?}, {:?}",
                    in_words(early),
                    in_words(late),
                    x.id,
                    x.breached_at,
                    y.breached_at
                );
                for (x, y) in
                    common::clocks(x).iter().flat_map(|x| common::clocks(y).iter().map(move |y| (x, y)))
                {
                    let moved =
                        x.subject == y.subject && x.breached_at.is_some() && x.breached_at != y.breached_at;
                    prop_assert!(!moved, "{} then {}: {x:?}, {y:?}", in_words(early), in_words(late));
                }
            }
            fixed_interval(&s, early, late)?;
        }
        Ok(())
    });
}

/// The downtime of days that were over at the earlier instant.
fn fixed_interval(s: &Scenario, early: Question, late: Question) -> Result<(), TestCaseError> {
    let (first, last) = s.shape.first_and_last();
    let zone = contract(&s.contract()).zone;
    let over = date(first)
        .iter_days()
        .take_while(|d| *d <= date(last))
        .filter(|d| zone.midnight(d.succ_opt().expect("a next day")) <= early.as_of);
    let Some(day) = over.last() else { return Ok(()) };
    let past = account(&contract(&s.shape.text_over(first, &day.to_string())), &s.lines());
    let (before, after) = (assess(&past, early).outages, assess(&past, late).outages);
    prop_assert_eq!(
        before.downtime_us,
        after.downtime_us,
        "until {}: {} then {}",
        day,
        in_words(early),
        in_words(late)
    );
    Ok(())
}

/// A forecast is the later breach if nothing more is recorded; without one nothing breaks.
#[test]
fn a_forecast_is_the_later_breach() {
    check("a_forecast_is_the_later_breach", 1_500, &(scenario(14), pick()), |(s, p)| {
        let now = question(&s, p, View::Agreed).as_of;
        let s = s.keep(|d| d.recorded_at <= now && (d.at <= now || is_correction(d) && d.kind != "waive"));
        let contract = contract(&s.contract());
        let account = account(&contract, &s.lines());
        for view in VIEWS {
            let at = |t: Instant| Question { as_of: t, known_at: t, view };
            let today = assess(&account, at(now));
            for c in today.clauses.iter().filter(|c| c.breached_at.is_none()) {
                // Far enough for every limit, and still in years with a schedule.
                let then = c.forecast_breach_at.map_or(now + 60 * DAY, |s| s.at + 1);
                let later = assess(&account, at(then));
                let breach = common::clause(&later, &c.id).breached_at.map(|s| s.at);
                prop_assert_eq!(
                    breach,
                    c.forecast_breach_at.map(|s| s.at),
                    "{}: {} forecast {}, as of {} broken {}",
                    in_words(at(now)),
                    c.id,
                    shown(c.forecast_breach_at.map(|s| s.at)),
                    shown(Some(then)),
                    shown(breach)
                );
            }
        }
        Ok(())
    });
}

#[test]
fn without_needs_both_views_are_one() {
    check("without_needs", 1_000, &(scenario(16), pick()), |(mut s, p)| {
        s.shape.needs.clear();
        let account = account(&contract(&s.contract()), &s.lines());
        let q = question(&s, p, View::Agreed);
        let agreed = assess(&account, q);
        let mut claimed = assess(&account, Question { view: View::Claimed, ..q });
        claimed.view = View::Agreed;
        same_document(&claimed, &agreed, q)
    });
}

/// Facts of different cases that were recorded at one instant may stand in any order.
#[test]
fn order_of_other_cases_does_not_matter() {
    check("order_of_other_cases", 1_000, &(scenario(14), pick(), any::<u64>()), |(s, p, salt)| {
        // These speak of other cases, or of numbers.
        let s = s.keep(|d| d.kind != "incident.duplicate" && d.names.is_none_or(|n| n.1.is_none()));
        let contract = contract(&s.contract());
        let group = |d: &Draft| {
            let agreement = kinds::find(d.kind).expect("a kind").family == Family::Agreement;
            let mixed = d
                .subject
                .bytes()
                .fold(salt, |h, b| h.rotate_left(5) ^ u64::from(b).wrapping_mul(0x9E37_79B9));
            (d.recorded_at, agreement, if agreement { 0 } else { mixed })
        };
        let mut order: Vec<usize> = (0..s.drafts.len()).collect();
        order.sort_by_key(|i| group(&s.drafts[*i]));
        for view in VIEWS {
            let q = question(&s, p, view);
            let one = assess(&account(&contract, &s.lines()), q);
            let other = assess(&account(&contract, &s.lines_in(&order)), q);
            same_document(&without_numbers(other), &without_numbers(one), q)?;
        }
        Ok(())
    });
}

/// The assessment without the numbers of entries.
fn without_numbers(mut a: Assessment) -> Assessment {
    for list in [&mut a.late, &mut a.unconfirmed, &mut a.disputed, &mut a.waived] {
        list.iter_mut().for_each(|seq| *seq = 0);
    }
    a.clauses.iter_mut().for_each(|c| c.evidence.iter_mut().for_each(|seq| *seq = 0));
    a.outages.episodes.iter_mut().for_each(|e| e.evidence.iter_mut().for_each(|seq| *seq = 0));
    a.outages.excluded.iter_mut().for_each(|x| x.entry = 0);
    a.outages.excluded.sort_by(|x, y| (x.start.at, &x.subject).cmp(&(y.start.at, &y.subject)));
    a.faults.iter_mut().for_each(|f| f.seq = None);
    a.faults.sort_by(|x, y| (&x.subject, x.code, &x.text_en).cmp(&(&y.subject, y.code, &y.text_en)));
    a
}

/// The generator reaches what the properties speak of.
#[test]
fn scenarios_are_rich() {
    let mut seen: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    let seen_cell = std::cell::RefCell::new(&mut seen);
    check("scenarios_are_rich", 4_000, &(scenario(16), pick()), |(s, p)| {
        let contract: Arc<Contract> = contract(&s.contract());
        let entries = entries(&s.lines());
        let claimed = model::assess(&contract, &entries, question(&s, p, View::Claimed));
        let agreed = model::assess(&contract, &entries, question(&s, p, View::Agreed));
        let mut seen = seen_cell.borrow_mut();
        let mut count = |what: &'static str, yes: bool| *seen.entry(what).or_default() += u32::from(yes);
        let o = &agreed.outages;
        for class in ["long", "short", "pending", "none"] {
            count(class, o.episodes.iter().any(|e| e.class == class));
        }
        count("merged", o.episodes.iter().any(|e| e.outages.len() > 1));
        count("planned", o.planned > 0);
        count("unknown", o.unknown > 0);
        count("forecast", agreed.clauses.iter().any(|c| c.forecast.is_some()));
        count("views differ", claimed.outages.downtime != o.downtime);
        for c in &agreed.clauses {
            count(c.status.name(), true);
            c.cases.iter().for_each(|case| count(case.status.name(), true));
            count("streak of two", c.elements.iter().any(|e| e.run >= 2));
        }
        count("refused", !agreed.refused.is_empty());
        Ok(())
    });
    println!("{seen:?}");
    let wanted = [
        "long",
        "short",
        "pending",
        "none",
        "merged",
        "planned",
        "unknown",
        "forecast",
        "views differ",
        "breached",
        "met",
        "at-risk",
        "waived",
        "not-due",
        "no-evidence",
        "running",
        "paused",
        "streak of two",
        "refused",
    ];
    for what in wanted {
        assert!(seen.get(what).is_some_and(|n| *n >= 2), "the scenarios hardly reach {what}: {seen:?}");
    }
}
