//! People who count from their sign-in on. In: shifts and sign-ins that come and go. Out: a sheet of who was there, where a
//! sign-in changes only the shifts it serves.

use super::floor::Presence;
use super::sheet::Sheet;
use super::stated::{EARLY, SignIn, Stated};
use crate::time::{Instant, Interval, Micros};
use std::collections::{BTreeMap, BTreeSet};

/// The shifts of one person.
#[derive(Debug, Default)]
struct Shifts {
    /// Start, end, case.
    all: BTreeSet<(Instant, Instant, u32)>,
    /// No shift was ever longer.
    longest: Micros,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Signing {
    pub(super) sheet: Sheet,
    sign_ins: BTreeMap<u32, BTreeSet<(Instant, u64)>>,
    shifts: BTreeMap<u32, Shifts>,
    /// What is in the sheet, by case.
    counted: BTreeMap<u32, Vec<Presence>>,
    stale: BTreeSet<u32>,
}

impl Signing {
    pub(super) fn new(sheet: Sheet) -> Signing {
        Signing {
            sheet,
            sign_ins: BTreeMap::new(),
            shifts: BTreeMap::new(),
            counted: BTreeMap::new(),
            stale: BTreeSet::new(),
        }
    }

    /// A case says something else.
    pub(super) fn replace(&mut self, case: u32, old: &Stated, new: &Stated) {
        if old.presences != new.presences {
            for p in &old.presences {
                if let Some(shifts) = self.shifts.get_mut(&p.person) {
                    shifts.all.remove(&(p.span.start, p.span.end, case));
                }
            }
            for p in &new.presences {
                let shifts = self.shifts.entry(p.person).or_default();
                shifts.all.insert((p.span.start, p.span.end, case));
                shifts.longest = shifts.longest.max(p.span.len());
            }
            self.stale.insert(case);
        }
        for s in old.sign_ins.iter().filter(|s| new.sign_ins.binary_search(s).is_err()) {
            if let Some(all) = self.sign_ins.get_mut(&s.person) {
                all.remove(&(s.at, s.seq));
            }
            self.stale.extend(self.served(s));
        }
        for s in new.sign_ins.iter().filter(|s| old.sign_ins.binary_search(s).is_err()) {
            self.sign_ins.entry(s.person).or_default().insert((s.at, s.seq));
            self.stale.extend(self.served(s));
        }
    }

    /// The cases with a shift that a sign-in may serve.
    pub(super) fn served(&self, s: &SignIn) -> Vec<u32> {
        let Some(shifts) = self.shifts.get(&s.person) else { return Vec::new() };
        let first = (s.at.saturating_sub(shifts.longest), Instant::MIN, 0);
        let last = (s.at.saturating_add(EARLY), Instant::MAX, u32::MAX);
        shifts.all.range(first..=last).filter(|(_, end, _)| s.at < *end).map(|(.., case)| *case).collect()
    }

    /// Brings the sheet up to what was said.
    pub(super) fn refresh(&mut self, cases: &BTreeMap<u32, Stated>, within: Interval) {
        for case in std::mem::take(&mut self.stale) {
            let shifts = cases.get(&case).map_or(&[][..], |stated| &stated.presences);
            let new = self.signed(shifts, within, None);
            let old = self.counted.get(&case).map_or(&[][..], Vec::as_slice);
            self.sheet.replace(case, old, &new);
            if new.is_empty() {
                self.counted.remove(&case)
            } else {
                self.counted.insert(case, new)
            };
        }
    }

    /// What is in the sheet of a case.
    pub(super) fn counted(&self, case: u32) -> &[Presence] {
        self.counted.get(&case).map_or(&[], Vec::as_slice)
    }

    /// Shifts from the sign-in on, inside `within`; without one sign-in, if asked.
    pub(super) fn signed(
        &self,
        shifts: &[Presence],
        within: Interval,
        without: Option<u64>,
    ) -> Vec<Presence> {
        let from = |shift: &Presence| {
            let since = (shift.span.start.saturating_sub(EARLY), 0);
            let mut all = self.sign_ins.get(&shift.person)?.range(since..);
            all.find(|(_, seq)| Some(*seq) != without).map(|(at, _)| *at)
        };
        let mut signed: Vec<Presence> = shifts
            .iter()
            .filter_map(|shift| {
                let span = Interval { start: shift.span.start.max(from(shift)?), ..shift.span };
                Some(Presence { span: span.clip(within), ..*shift })
            })
            .filter(|p| !p.span.is_empty())
            .collect();
        signed.sort_unstable();
        signed.dedup();
        signed
    }
}
