//! Calendar arithmetic: questions in random order over eleven years, and what it costs to compile a calendar.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed benchmark")]
#![allow(missing_docs, reason = "criterion_group makes an undocumented function")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use opsledger::calendar::{Calendar, CalendarSpec, Days, OpenHours, Zone};
use opsledger::time::{DAY, HOUR, Instant, Micros, parse_instant};
use std::hint::black_box;

const QUESTIONS: usize = 4096;

fn spec() -> CalendarSpec {
    let open = OpenHours { workday: Some(vec![(510, 720), (840, 1050)]), ..OpenHours::default() };
    CalendarSpec { id: "workdays".into(), open, seasons: Vec::new(), holidays: Some("CN".into()) }
}

fn calendar(zone: &str) -> Calendar {
    let days = Days::new(Some("CN"), &[], i64::MAX).unwrap();
    Calendar::new(&spec(), Zone::parse(zone).unwrap(), &days).unwrap()
}

/// Instants of 2018 to 2025 and lengths up to `span`, the same ones each time.
fn questions(span: Micros) -> Vec<(Instant, Micros)> {
    let (first, last) =
        (parse_instant("2018-01-02T00:00:00Z").unwrap(), parse_instant("2025-12-01T00:00:00Z").unwrap());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((i128::from(state >> 1) * i128::from(below)) >> 63) as i64
    };
    (0..QUESTIONS).map(|_| (first + next(last - first - span), next(span))).collect()
}

fn between(c: &mut Criterion) {
    let mut group = c.benchmark_group("between");
    group.throughput(Throughput::Elements(QUESTIONS as u64));
    for zone in ["Asia/Shanghai", "Europe/Berlin"] {
        let calendar = calendar(zone);
        for (name, span) in [("60d", 60 * DAY), ("2y", 730 * DAY)] {
            let questions = questions(span);
            group.bench_function(format!("{zone}/{name}"), |b| {
                b.iter(|| {
                    questions.iter().map(|(at, len)| calendar.between(*at, at + len).unwrap()).sum::<Micros>()
                });
            });
        }
    }
    group.finish();
}

fn add(c: &mut Criterion) {
    let mut group = c.benchmark_group("add");
    group.throughput(Throughput::Elements(QUESTIONS as u64));
    for zone in ["Asia/Shanghai", "Europe/Berlin"] {
        let calendar = calendar(zone);
        let questions = questions(DAY);
        for hours in [8, 40, 2000] {
            let questions: Vec<Instant> =
                questions.iter().map(|q| q.0 - if hours > 40 { 500 * DAY } else { 0 }).collect();
            let questions: Vec<Instant> =
                questions.into_iter().filter(|t| calendar.add(*t, hours * HOUR).is_ok()).collect();
            group.bench_function(format!("{zone}/{hours}h"), |b| {
                b.iter(|| {
                    let due = questions.iter().map(|at| calendar.add(*at, hours * HOUR).unwrap());
                    due.fold(0, Instant::wrapping_add)
                });
            });
        }
    }
    group.finish();
}

fn compile(c: &mut Criterion) {
    let days = Days::new(Some("CN"), &[], i64::MAX).unwrap();
    let (spec, zone) = (spec(), Zone::parse("Asia/Shanghai").unwrap());
    c.bench_function("compile/workdays", |b| {
        b.iter(|| Calendar::new(black_box(&spec), zone, &days).unwrap());
    });
    c.bench_function("compile/days", |b| {
        b.iter_batched(|| (), |()| Days::new(Some("CN"), &[], i64::MAX).unwrap(), BatchSize::SmallInput);
    });
}

criterion_group!(benches, between, add, compile);
criterion_main!(benches);
