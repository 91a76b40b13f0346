//! Figures from columns of outages: one system and many, in order and not. Ours alone and quick; the peers are in
//! `peers/intervals.py`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use opsledger::columns::{Columns, Figures, outages};
use opsledger::time::{HOUR, Interval, SECOND};
use std::hint::black_box;

const ROWS: usize = 1_000_000;
const YEAR: u64 = 365 * 24 * 3600 * 1_000_000;

/// Numbers without a pattern, the same every time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, n: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n) as i64
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    Grouped,
    Arrival,
    Random,
}

/// Rows over a year; lengths so that about half of the rows of a system touch another.
fn rows(systems: u64, order: Order) -> Vec<(i32, i64, i64)> {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let mean = YEAR * systems / ROWS as u64 / 2;
    let mut rows: Vec<(i32, i64, i64)> = (0..ROWS)
        .map(|_| {
            let (system, start) = (noise.below(systems) as i32, noise.below(YEAR));
            (system, start, start + 1 + noise.below(2 * mean))
        })
        .collect();
    match order {
        Order::Grouped => rows.sort_unstable(),
        Order::Arrival => rows.sort_unstable_by_key(|r| r.1),
        Order::Random => {}
    }
    rows
}

fn columns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("columns");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    let windows: Vec<i64> = (0..50).map(|week| week * 7 * 24 * HOUR).collect();
    let window_ends: Vec<i64> = windows.iter().map(|w| w + 2 * HOUR).collect();
    for (name, systems, order, planned) in [
        ("one system, in order", 1, Order::Grouped, false),
        ("one system, in order, windows and a gap", 1, Order::Grouped, true),
        ("one system, random order", 1, Order::Random, false),
        ("1000 systems, grouped", 1000, Order::Grouped, false),
        ("1000 systems, as they arrive", 1000, Order::Arrival, false),
        ("1000 systems, random order", 1000, Order::Random, false),
    ] {
        let rows = rows(systems, order);
        let system: Vec<i32> = rows.iter().map(|r| r.0).collect();
        let start: Vec<i64> = rows.iter().map(|r| r.1).collect();
        let end: Vec<i64> = rows.iter().map(|r| r.2).collect();
        let many = if planned { windows.len() } else { 0 };
        let given = Columns {
            system: &system,
            start: &start,
            end: &end,
            window_system: &vec![-1; many],
            window_start: &windows[..many],
            window_end: &window_ends[..many],
            period: Interval::new(0, YEAR as i64),
            as_of: YEAR as i64,
            merge_gap: if planned { SECOND } else { 0 },
            long_from: HOUR,
        };
        let mut results = vec![Figures::default(); systems as usize];
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| outages(black_box(&given), black_box(&mut results)).expect("sound rows"));
        });
        assert!(results.iter().all(|f| f.downtime > 0 && f.long + f.short > 0));
    }
    group.finish();
}

criterion_group!(benches, columns);
criterion_main!(benches);
