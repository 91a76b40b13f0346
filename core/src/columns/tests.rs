//! The batch against a timeline for each system, whatever the order of rows; and what it refuses.

use super::*;
use crate::books::timeline::{Outage, Scope, Timeline};
use crate::time::{HOUR, OPEN};
use proptest::prelude::*;

type Row3 = (i32, Instant, Instant);

/// Columns that own their rows.
#[derive(Clone, Debug)]
struct Table {
    rows: Vec<Row3>,
    windows: Vec<Row3>,
    period: Interval,
    as_of: Instant,
    merge_gap: Micros,
    long_from: Micros,
}

impl Table {
    fn new(rows: &[Row3], windows: &[Row3]) -> Table {
        Table {
            rows: rows.to_vec(),
            windows: windows.to_vec(),
            period: Interval::new(0, 1000),
            as_of: 500,
            merge_gap: 0,
            long_from: 10,
        }
    }

    fn figures(&self, systems: usize) -> Result<Vec<Figures>> {
        let mut results = vec![Figures { long: -1, ..Figures::default() }; systems];
        let column = |rows: &[Row3]| -> (Vec<i32>, Vec<Instant>, Vec<Instant>) {
            (
                rows.iter().map(|r| r.0).collect(),
                rows.iter().map(|r| r.1).collect(),
                rows.iter().map(|r| r.2).collect(),
            )
        };
        let (system, start, end) = column(&self.rows);
        let (window_system, window_start, window_end) = column(&self.windows);
        let columns = Columns {
            system: &system,
            start: &start,
            end: &end,
            window_system: &window_system,
            window_start: &window_start,
            window_end: &window_end,
            period: self.period,
            as_of: self.as_of,
            merge_gap: self.merge_gap,
            long_from: self.long_from,
        };
        outages(&columns, &mut results).map(|()| results)
    }

    /// The same figures from a timeline.
    fn by_timeline(&self, system: i32) -> Figures {
        let mut taken: Vec<Interval> = Vec::new();
        let windows = self.windows.iter().filter(|w| w.0 == -1 || w.0 == system);
        let mut windows: Vec<Interval> = windows.map(|w| Interval::new(w.1, w.2)).collect();
        interval_set::union_unsorted(&mut windows, 0, &mut taken);
        let scope = Scope {
            merge_gap: self.merge_gap,
            hours: None,
            spans: vec![self.period],
            thresholds: vec![self.long_from],
        };
        let mut timeline = Timeline::new(scope, self.as_of);
        for (id, (_, start, end)) in
            self.rows.iter().enumerate().filter(|(_, r)| r.0 == system && r.1 <= self.as_of)
        {
            let end = if *end > self.as_of { OPEN } else { *end };
            timeline.put(id as u32, Some(Outage { start: *start, end, taken: taken.clone().into() }));
        }
        let counts = timeline.counts(0, 0);
        let elapsed = Interval::new(self.period.start, self.period.end.min(self.as_of));
        let (mut planned, mut rest) = (Vec::new(), Vec::new());
        interval_set::clip(&taken, elapsed, &mut planned);
        interval_set::subtract(&planned, &timeline.pieces(elapsed), &mut rest);
        Figures {
            long: counts.long,
            short: counts.short,
            pending: counts.pending,
            downtime: timeline.downtime(0),
            planned: interval_set::measure(&rest),
        }
    }
}

#[test]
fn figures_of_two_systems() {
    let rows = [(1, 0, 10), (0, 5, 9), (1, 10, 30), (0, 480, i64::MAX), (1, 495, i64::MAX), (1, 501, 600)];
    let mut table = Table::new(&rows, &[(-1, 490, 510), (1, 2, 4)]);
    let expected = [
        Figures { long: 1, short: 1, pending: 0, downtime: 14, planned: 10 },
        Figures { long: 1, short: 0, pending: 0, downtime: 28, planned: 12 },
    ];
    assert_eq!(table.figures(2).unwrap(), expected);
    table.as_of = 515;
    let later = table.figures(2).unwrap();
    assert_eq!((later[1].pending, later[1].downtime, later[1].planned), (1, 33, 22));
    assert_eq!(Table::new(&[], &[]).figures(1).unwrap(), [Figures::default()]);
    assert_eq!(Table::new(&[], &[]).figures(0).unwrap(), []);
}

#[test]
fn wrong_rows_are_named() {
    let sound: Row3 = (0, 1, 2);
    let case = |rows: &[Row3], windows: &[Row3]| {
        let e = Table::new(rows, windows).figures(2).unwrap_err();
        (e.code(), e.row())
    };
    assert_eq!(case(&[sound, (2, 1, 2)], &[]), (Code::OutOfRange, Some(2)));
    assert_eq!(case(&[sound, sound, (-1, 1, 2)], &[]), (Code::OutOfRange, Some(3)));
    assert_eq!(case(&[(0, 5, 5), sound], &[]), (Code::EndBeforeStart, Some(1)));
    // Rows that are not yet there are checked too.
    assert_eq!(case(&[sound, (0, 900, 899)], &[]), (Code::EndBeforeStart, Some(2)));
    assert_eq!(case(&[(1, i64::MIN, 5)], &[]), (Code::OutOfRange, Some(1)));
    assert_eq!(case(&[], &[(-1, 1, 2), (-2, 1, 2)]), (Code::OutOfRange, Some(2)));
    assert_eq!(case(&[], &[(0, 2, 1)]), (Code::EndBeforeStart, Some(1)));
    let mut table = Table::new(&[sound], &[]);
    table.merge_gap = -1;
    assert_eq!(table.figures(1).unwrap_err().code(), Code::OutOfRange);
    table.merge_gap = 0;
    table.long_from = 0;
    assert_eq!(table.figures(1).unwrap_err().code(), Code::OutOfRange);
    table.long_from = HOUR;
    table.as_of = i64::MAX;
    assert_eq!(table.figures(1).unwrap_err().code(), Code::OutOfRange);
    let unequal = Columns {
        system: &[0],
        start: &[],
        end: &[1],
        window_system: &[],
        window_start: &[],
        window_end: &[],
        period: Interval::new(0, 1),
        as_of: 1,
        merge_gap: 0,
        long_from: 1,
    };
    assert_eq!(outages(&unequal, &mut [Figures::default()]).unwrap_err().code(), Code::BadRequest);
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row3>> {
    let one = (0..5i32, 0..400i64, prop_oneof![(1..40i64).prop_map(Some), Just(None)]);
    let row = |(system, start, length): (i32, i64, Option<i64>)| {
        (system, start, length.map_or(i64::MAX, |n| start + n))
    };
    // Few open ones, or everything is one episode.
    prop::collection::vec((one.prop_map(row), 0..8u8), 0..most).prop_map(|rows| {
        let closed = |(mut r, die): (Row3, u8)| {
            if die > 0 && r.2 == i64::MAX {
                r.2 = r.1 + i64::from(die);
            }
            r
        };
        rows.into_iter().map(closed).collect()
    })
}

proptest! {
    #[test]
    fn columns_are_a_timeline_a_system(
        mut table_rows in rows(300),
        windows in prop::collection::vec((-1..5i32, 0..400i64, 1..50i64), 0..6),
        (merge_gap, long_from, as_of) in (0..6i64, 1..30i64, 0..450i64),
        period in (0..300i64, 0..300i64),
        order in 0..4u8,
        systems in 1..6i32,
    ) {
        table_rows.iter_mut().for_each(|r| r.0 %= systems);
        match order {
            0 => {}
            1 => table_rows.sort_unstable_by_key(|r| r.1),
            2 => table_rows.sort_unstable(),
            _ => table_rows.sort_unstable_by_key(|r| r.0),
        }
        let windows: Vec<Row3> = windows.into_iter().map(|(s, a, n)| (s.min(systems - 1), a, a + n)).collect();
        let period = Interval::new(period.0, period.0 + period.1);
        let table = Table { rows: table_rows, windows, period, as_of, merge_gap, long_from };
        let expected: Vec<Figures> = (0..systems).map(|s| table.by_timeline(s)).collect();
        prop_assert_eq!(table.figures(systems as usize).unwrap(), expected);
    }

    #[test]
    fn the_first_wrong_row_is_named_wherever_it_lies(
        mut table_rows in rows(200),
        wrong in prop::collection::vec((0..200usize, 0..4usize), 1..3),
        sorted in any::<bool>(),
        systems in 1..6i32,
    ) {
        table_rows.iter_mut().for_each(|r| r.0 %= systems);
        if sorted {
            table_rows.sort_unstable();
        }
        for (place, what) in wrong {
            let row = [(systems, 1, 2), (-1, 1, 2), (0, 7, 7), (0, i64::MIN, i64::MAX)][what];
            let place = place % (table_rows.len() + 1);
            table_rows.insert(place, row);
        }
        let wrong = Table::new(&table_rows, &[]).figures(systems as usize).unwrap_err();
        let least = table_rows.iter().position(|r| r.0 < 0 || r.0 >= systems || r.2 <= r.1 || r.1 == i64::MIN).unwrap();
        prop_assert_eq!(wrong.row(), Some(least as u64 + 1));
    }
}
