//! The search in bounded memory against a naive model: any bound finds the same.

use super::*;
use crate::backup::source::{About, Canon, Column, Row};
use proptest::prelude::*;

type Line = (u16, u8);

/// A source that holds its rows.
struct Lines {
    about: About,
    rows: Vec<Line>,
    /// How often it was read.
    reads: usize,
}

impl Lines {
    fn of(rows: &[Line]) -> Lines {
        Lines { about: About::default(), rows: rows.to_vec(), reads: 0 }
    }
}

impl Source for Lines {
    fn about(&self) -> &About {
        &self.about
    }
    fn snapshot(&mut self) -> Result<Option<String>> {
        Ok(None)
    }
    fn read(&mut self, _: &Table, _: &mut Watch<'_>, each: &mut dyn FnMut(&Row) -> Result<()>) -> Result<()> {
        self.reads += 1;
        let mut row = Row::default();
        for (id, value) in &self.rows {
            row.clear();
            row.field(Canon::Text, id.to_string().as_bytes());
            row.field(Canon::Text, value.to_string().as_bytes());
            each(&row)?;
        }
        Ok(())
    }
}

fn table() -> Table {
    let column = |name: &str| Column { name: name.into(), expression: name.into(), canon: Canon::Text };
    Table {
        name: "t".into(),
        from: "t".into(),
        columns: vec![column("id"), column("v")],
        key: vec![0],
        lines: Vec::new(),
    }
}

/// Missing, extra, differing; and how often the platform was read.
fn found(own: &[Line], other: &[Line], keyed: bool, held: usize) -> ([u64; 3], usize) {
    let (mut platform, mut standby) = (Lines::of(own), Lines::of(other));
    let mut counts = [0; 3];
    let mut pair = Pair {
        platform: &mut platform,
        standby: &mut standby,
        tables: [table(), table()],
        key: if keyed { vec![0] } else { Vec::new() },
        bytes: 0,
    };
    let rows = own.len().max(other.len()) as u64;
    let mut tell = |_: &crate::backup::Progress| true;
    pair.differences_within(rows, held, &mut Watch::new(0, &mut tell), &mut |spot| {
        let kind = match (spot.platform, spot.standby) {
            (Some(_), None) => 0,
            (None, _) => 1,
            _ => 2,
        };
        counts[kind] += spot.copies;
    })
    .unwrap();
    (counts, platform.reads)
}

/// The same, row by row. With a key that stands more than once, as a damaged index allows, copies are paired.
fn naive(own: &[Line], other: &[Line], keyed: bool) -> [u64; 3] {
    let mut left: Vec<Line> = Vec::new();
    let mut right = other.to_vec();
    for row in own {
        match right.iter().position(|r| r == row) {
            Some(at) => drop(right.remove(at)),
            None => left.push(*row),
        }
    }
    let mut differing = 0;
    if keyed {
        left.retain(|row| match right.iter().position(|r| r.0 == row.0) {
            Some(at) => {
                right.remove(at);
                differing += 1;
                false
            }
            None => true,
        });
    }
    [left.len() as u64, right.len() as u64, differing]
}

proptest! {
    #[test]
    fn any_bound_finds_the_same(
        own in prop::collection::vec((0u16..60, 0u8..3), 0..120),
        other in prop::collection::vec((0u16..60, 0u8..3), 0..120),
        held in 1usize..40,
        keyed in any::<bool>(),
    ) {
        let want = naive(&own, &other, keyed);
        prop_assert_eq!(found(&own, &other, keyed, held).0, want);
        prop_assert_eq!(found(&own, &other, keyed, HELD).0, want);
    }
}

#[test]
fn few_differences_in_a_large_table_are_one_reading() {
    let own: Vec<Line> = (0..20_000).map(|id| (id, 0)).collect();
    let mut other = own.clone();
    for at in (0..20_000).step_by(400) {
        other[at].1 = 1;
    }
    // The buckets once, then all that differ together: 50 of 4 or 5 rows each.
    assert_eq!(found(&own, &other, true, 1000), ([0, 0, 50], 2));
}

#[test]
fn rows_that_are_alike_are_held_once() {
    let own = vec![(1, 1); 5000];
    let (counts, reads) = found(&own, &own[..4998], false, 10);
    assert_eq!(counts, [2, 0, 0]);
    assert!(reads <= 1 + (1 << PART_BITS), "{reads}");
}
