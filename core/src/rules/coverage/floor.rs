//! Who is there, through a stretch of time. In: presences and the least number of people for each role. Out: the stretches
//! between two changes, and whether the roles are filled. Pure.

use crate::time::{Instant, Interval};
use std::collections::BTreeMap;

/// A person in a role for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Presence {
    pub(super) span: Interval,
    pub(super) person: u32,
    /// Position in [`Needs::least`].
    pub(super) role: u32,
}

/// What is needed at every instant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Needs {
    /// Least number of people, by role.
    pub(super) least: Vec<i64>,
    /// One person fills one role at a time.
    pub(super) distinct: bool,
}

/// The people there at an instant.
pub(super) struct Floor {
    /// People, by role.
    here: Vec<i64>,
    /// How often each person stands in each role; two assignments of one person in one role are one person.
    people: BTreeMap<u32, BTreeMap<u32, u32>>,
    /// People in more than one role.
    double: usize,
}

impl Floor {
    fn come(&mut self, person: u32, role: u32) {
        let roles = self.people.entry(person).or_default();
        let times = roles.entry(role).or_default();
        *times += 1;
        if *times == 1 {
            self.here[role as usize] += 1;
            self.double += usize::from(roles.len() == 2);
        }
    }

    fn go(&mut self, person: u32, role: u32) {
        let Some(roles) = self.people.get_mut(&person) else { return };
        let Some(times) = roles.get_mut(&role) else { return };
        *times -= 1;
        if *times == 0 {
            roles.remove(&role);
            self.here[role as usize] -= 1;
            self.double -= usize::from(roles.len() == 1);
            if roles.is_empty() {
                self.people.remove(&person);
            }
        }
    }

    /// Every role has its people.
    pub(super) fn fills(&self, needs: &Needs) -> bool {
        if self.here.iter().zip(&needs.least).any(|(here, least)| here < least) {
            return false;
        }
        !needs.distinct || self.double == 0 || self.fills_distinct(needs)
    }

    /// People in one role fill it; what is left is given to those in several, one role each, along augmenting paths.
    fn fills_distinct(&self, needs: &Needs) -> bool {
        let mut left = needs.least.clone();
        let mut holders: Vec<Vec<usize>> = vec![Vec::new(); left.len()];
        let mut people = 0;
        for roles in self.people.values() {
            if roles.len() > 1 {
                roles.keys().for_each(|role| holders[*role as usize].push(people));
                people += 1;
            } else if let Some(role) = roles.keys().next() {
                left[*role as usize] -= 1;
            }
        }
        let wanted: i64 = left.iter().map(|n| (*n).max(0)).sum();
        if usize::try_from(wanted).unwrap_or(usize::MAX) > people {
            return false;
        }
        let mut seats: Vec<Option<usize>> = vec![None; people];
        (0..left.len()).all(|role| {
            (0..left[role]).all(|_| seat(role, &holders, &mut seats, &mut vec![false; left.len()]))
        })
    }
}

/// Finds one more person for a role; people may move on to another role that finds nobody else.
fn seat(role: usize, holders: &[Vec<usize>], seats: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    seen[role] = true;
    if let Some(free) = holders[role].iter().find(|p| seats[**p].is_none()) {
        seats[*free] = Some(role);
        return true;
    }
    for person in &holders[role] {
        let Some(other) = seats[*person].filter(|other| !seen[*other]) else { continue };
        if seat(other, holders, seats, seen) {
            seats[*person] = Some(role);
            return true;
        }
    }
    false
}

/// Goes through `within` from change to change.
pub(super) fn sweep(
    within: Interval,
    presences: &[Presence],
    needs: &Needs,
    mut each: impl FnMut(Interval, &Floor),
) {
    let mut edges: Vec<(Instant, bool, u32, u32)> = Vec::with_capacity(2 * presences.len());
    for p in presences {
        let span = p.span.clip(within);
        if !span.is_empty() {
            edges.push((span.start, true, p.person, p.role));
            edges.push((span.end, false, p.person, p.role));
        }
    }
    edges.sort_unstable();
    let mut floor = Floor { here: vec![0; needs.least.len()], people: BTreeMap::new(), double: 0 };
    let mut from = within.start;
    for (at, comes, person, role) in edges {
        if from < at {
            each(Interval::new(from, at), &floor);
            from = at;
        }
        if comes { floor.come(person, role) } else { floor.go(person, role) }
    }
    if from < within.end {
        each(Interval::new(from, within.end), &floor);
    }
}

/// What of `within` is not covered, in order, joined.
pub(super) fn append_uncovered(
    within: Interval,
    presences: &[Presence],
    needs: &Needs,
    out: &mut Vec<Interval>,
) {
    sweep(within, presences, needs, |part, floor| {
        if floor.fills(needs) {
            return;
        }
        match out.last_mut() {
            Some(last) if last.end == part.start => last.end = part.end,
            _ => out.push(part),
        }
    });
}

/// The roles that have too few people at some instant of `within`, each with its least number there.
pub(super) fn short(within: Interval, presences: &[Presence], needs: &Needs) -> Vec<(usize, i64)> {
    let mut least: Vec<Option<i64>> = vec![None; needs.least.len()];
    sweep(within, presences, needs, |_, floor| {
        for (least, here) in least.iter_mut().zip(&floor.here) {
            *least = Some(least.map_or(*here, |l| l.min(*here)));
        }
    });
    let found = least.into_iter().enumerate().filter_map(|(role, least)| Some((role, least?)));
    found.filter(|(role, least)| *least < needs.least[*role]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn presences() -> impl Strategy<Value = Vec<Presence>> {
        let one = (0i64..20, 1i64..12, 0u32..6, 0u32..4).prop_map(|(start, length, person, role)| Presence {
            span: Interval::new(start, start + length),
            person,
            role,
        });
        proptest::collection::vec(one, 0..14)
    }

    /// Hall: every set of roles has as many people as it needs together.
    fn hall(at: Instant, presences: &[Presence], needs: &Needs) -> bool {
        let roles = needs.least.len();
        let people = |set: usize| {
            let mut who: Vec<u32> = presences
                .iter()
                .filter(|p| p.span.contains(at) && set & (1 << p.role) != 0)
                .map(|p| p.person)
                .collect();
            who.sort_unstable();
            who.dedup();
            who.len() as i64
        };
        let needed =
            |set: usize| (0..roles).filter(|r| set & (1 << r) != 0).map(|r| needs.least[r]).sum::<i64>();
        let mut sets = (1..1usize << roles).filter(|set| needs.distinct || set.count_ones() == 1);
        sets.all(|set| people(set) >= needed(set))
    }

    proptest! {
        #[test]
        fn uncovered_is_what_hall_says(
            presences in presences(),
            least in proptest::collection::vec(1i64..3, 4),
            distinct in any::<bool>(),
        ) {
            let (needs, within) = (Needs { least, distinct }, Interval::new(2, 25));
            let mut gaps = Vec::new();
            append_uncovered(within, &presences, &needs, &mut gaps);
            for at in -3..35 {
                let in_gap = gaps.iter().any(|g| g.contains(at));
                prop_assert_eq!(in_gap, within.contains(at) && !hall(at, &presences, &needs), "at {}", at);
            }
            prop_assert!(gaps.windows(2).all(|w| w[0].end < w[1].start));
        }

        #[test]
        fn short_is_the_least_of_each_role(
            presences in presences(),
            least in proptest::collection::vec(1i64..3, 4),
        ) {
            let (needs, within) = (Needs { least, distinct: true }, Interval::new(4, 9));
            let have = |role: u32, at: Instant| {
                let here = presences.iter().filter(|p| p.role == role && p.span.contains(at));
                here.map(|p| p.person).collect::<std::collections::BTreeSet<_>>().len() as i64
            };
            let all = (0u32..4).map(|r| (r as usize, (4..9).map(|at| have(r, at)).min().unwrap_or(0)));
            let wanted: Vec<_> = all.filter(|(r, have)| *have < needs.least[*r]).collect();
            prop_assert_eq!(short(within, &presences, &needs), wanted);
        }
    }
}
