//! What the facts of one subject say of people: shifts and sign-ins, or the holding of a role. In: facts that are there, in
//! (`at`, seq) order. Out: who is where, and when. Pure.

use super::floor::Presence;
use crate::books::{Item, Lens};
use crate::time::{Instant, Interval, MINUTE, Micros, OPEN, interval_set};
use std::collections::BTreeMap;

/// A sign-in serves a shift that begins at most this much later.
pub(super) const EARLY: Micros = 30 * MINUTE;

/// What one subject says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stated {
    /// Sorted; none twice, none empty. Of a cancelled shift what was left of it.
    pub(super) presences: Vec<Presence>,
    /// Person and instant, sorted.
    pub(super) sign_ins: Vec<SignIn>,
}

/// A sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SignIn {
    pub(super) person: u32,
    pub(super) at: Instant,
    pub(super) seq: u64,
}

/// Names to numbers.
pub(super) struct Names<'a> {
    pub(super) roles: &'a BTreeMap<String, u32>,
    pub(super) person: &'a mut dyn FnMut(&str) -> u32,
}

impl Names<'_> {
    /// Who, in which role; none for a role that is not owed.
    fn who(&mut self, item: &Item) -> Option<(u32, u32)> {
        let role = *self.roles.get(item.text("role")?)?;
        Some(((self.person)(item.text("person")?), role))
    }
}

/// The stretch that a fact states.
pub(super) fn span(item: &Item) -> Option<Interval> {
    Some(Interval::new(item.instant("start")?, item.instant("end")?)).filter(|s| !s.is_empty())
}

fn tidy(mut presences: Vec<Presence>) -> Vec<Presence> {
    presences.retain(|p| !p.span.is_empty());
    presences.sort_unstable();
    presences.dedup();
    presences
}

/// `duty.*`. A cancel takes what is left, from its `at` or from when it was recorded, of the shifts assigned before it.
pub(super) fn duty(events: &[&Item], lens: &Lens<'_>, names: &mut Names<'_>) -> Stated {
    let (mut shifts, mut sign_ins): (Vec<Presence>, Vec<SignIn>) = Default::default();
    for item in events {
        match item.kind.name {
            "duty.assign" => {
                let who = names.who(item).zip(span(item));
                shifts.extend(who.map(|((person, role), span)| Presence { span, person, role }));
            }
            "duty.cancel" => {
                let from = item.at.max(lens.item_recorded(item));
                shifts.iter_mut().for_each(|s| s.span.end = s.span.end.min(from));
            }
            "duty.sign-in" => {
                let person = item.text("person").map(|p| (names.person)(p));
                sign_ins.extend(person.map(|person| SignIn { person, at: item.at, seq: item.seq }));
            }
            _ => {}
        }
    }
    sign_ins.sort_unstable();
    Stated { presences: tidy(shifts), sign_ins }
}

/// `staff.*`: a role is held from join to leave, except while absent without a deputy.
pub(super) fn staff(events: &[&Item], names: &mut Names<'_>) -> Stated {
    let mut held: Vec<Presence> = Vec::new();
    let mut away: Vec<Interval> = Vec::new();
    for item in events {
        match item.kind.name {
            "staff.join" => {
                let span = Interval::new(item.at, OPEN);
                held.extend(names.who(item).map(|(person, role)| Presence { span, person, role }));
            }
            "staff.leave" => held.iter_mut().for_each(|h| h.span.end = h.span.end.min(item.at)),
            "staff.absent" if item.text("deputy").is_none() => away.extend(span(item)),
            _ => {}
        }
    }
    let (mut gone, mut parts, mut presences) = (Vec::new(), Vec::new(), Vec::new());
    interval_set::union_unsorted(&mut away, 0, &mut gone);
    for h in held.into_iter().filter(|h| !h.span.is_empty()) {
        interval_set::subtract(&[h.span], &gone, &mut parts);
        presences.extend(parts.iter().map(|span| Presence { span: *span, ..h }));
    }
    Stated { presences: tidy(presences), sign_ins: Vec::new() }
}
