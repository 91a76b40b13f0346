//! The properties that the accounting page states for any input.

use crate::common::model::Question;
use crate::common::scenario::{Draft, Scenario, scenario};
use crate::common::{account, assess, clause, clocks, contract, shown};
use crate::{VIEWS, check, in_words, pick, question, same_document};
use opsledger::assess::{Assessment, Figure, View};
use opsledger::calendar::Date;
use opsledger::contract::Contract;
use opsledger::facts::kinds::{self, ActsBy, Family};
use opsledger::rules::RuleParams;
use opsledger::time::{DAY, HOUR, Instant, Interval};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;

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
                for (x, y) in clocks(x).iter().flat_map(|x| clocks(y).iter().map(move |y| (x, y))) {
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
                let breach = clause(&later, &c.id).breached_at.map(|s| s.at);
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
