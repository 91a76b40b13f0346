//! Cases of every family that has no file of its own: the facts of each subject, and what other families say of it.

use super::agreement::{Lens, Party};
use super::{Interner, Item, index};
use crate::error::Error;
use crate::facts::kinds::Family;
use crate::facts::{Fact, Standing, original};
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was stated about one subject.
#[derive(Debug)]
pub(crate) struct SubjectCase {
    pub(crate) family: Family,
    pub(crate) name: u32,
    /// In the order they were recorded; with those of other families whose body names the subject.
    pub(crate) items: Vec<Item>,
    standing: Standing,
}

/// All of them by number.
#[derive(Debug, Default)]
pub(crate) struct SubjectStore {
    families: BTreeMap<Family, (Interner, Vec<u32>)>,
    cases: Vec<SubjectCase>,
    /// Entries with the cases of other families that they name.
    links: BTreeSet<(u64, u32)>,
}

/// Fields of a body that name a case of another family.
const LINKS: [(&str, Family); 2] = [("incident", Family::Incident), ("change", Family::Change)];

impl SubjectStore {
    pub(crate) fn len(&self) -> u32 {
        index(self.cases.len())
    }
    pub(crate) fn case(&self, id: u32) -> &SubjectCase {
        &self.cases[id as usize]
    }
    pub(crate) fn subject(&self, id: u32) -> &str {
        let case = self.case(id);
        self.families.get(&case.family).map_or("", |(names, _)| names.text(case.name))
    }
    pub(crate) fn find(&self, family: Family, subject: &str) -> Option<u32> {
        let (names, ids) = self.families.get(&family)?;
        Some(ids[names.find(subject)? as usize])
    }
    pub(crate) fn subject_arc(&self, id: u32) -> Arc<str> {
        let case = self.case(id);
        self.families.get(&case.family).map_or_else(|| "".into(), |(names, _)| names.shared(case.name))
    }
    /// The cases of that subject, of whatever family.
    pub(crate) fn named(&self, subject: &str) -> Vec<u32> {
        self.families.keys().filter_map(|family| self.find(*family, subject)).collect()
    }
    /// The cases of other families that an entry names.
    pub(crate) fn links(&self, seq: u64) -> impl Iterator<Item = u32> + '_ {
        self.links.range((seq, 0)..=(seq, u32::MAX)).map(|(_, case)| *case)
    }

    pub(super) fn add(
        &mut self,
        seq: u64,
        recorded_at: Instant,
        fact: Fact,
        party: Party,
    ) -> Result<u32, Error> {
        let family = fact.kind.family;
        let id = self.number(family, &fact.subject);
        if matches!(family, Family::Incident | Family::Desk) {
            self.cases[id as usize].standing.step(&fact, recorded_at)?;
            if fact.kind.name == "incident.duplicate" {
                let of = self.find(family, fact.text("of").unwrap_or_default());
                let nothing = Standing::default();
                original(&fact, of.map_or(&nothing, |of| &self.case(of).standing))?;
            }
        }
        let of_others = LINKS.iter().filter(|(_, other)| *other != family);
        let named: Vec<(Family, String)> =
            of_others.filter_map(|(field, other)| Some((*other, fact.text(field)?.to_owned()))).collect();
        let item = super::item(seq, recorded_at, fact, party);
        for (other, subject) in named {
            let linked = self.number(other, &subject);
            self.links.insert((seq, linked));
            self.cases[linked as usize].items.push(item.clone());
        }
        self.cases[id as usize].items.push(item);
        Ok(id)
    }

    fn number(&mut self, family: Family, subject: &str) -> u32 {
        let (names, ids) = self.families.entry(family).or_default();
        let name = names.number(subject);
        if let Some(id) = ids.get(name as usize) {
            return *id;
        }
        let id = index(self.cases.len());
        ids.push(id);
        self.cases.push(SubjectCase { family, name, items: Vec::new(), standing: Standing::default() });
        id
    }
}

impl SubjectCase {
    /// What is there at `as_of`, in (`at`, seq) order; corrections are [`SubjectCase::corrections`]. And the `at` of the
    /// next fact that is known and not yet there.
    pub(crate) fn events<'a>(
        &'a self,
        lens: &Lens<'_>,
        as_of: Instant,
        without: Option<u64>,
    ) -> (Vec<&'a Item>, Option<Instant>) {
        let mut next = None;
        let mut events: Vec<&Item> = Vec::with_capacity(self.items.len());
        for item in &self.items {
            if item.is_correction() || without == Some(item.seq) || !lens.sees_item(item) {
                continue;
            }
            if item.at <= as_of {
                events.push(item);
            } else {
                next = Some(next.map_or(item.at, |n: Instant| n.min(item.at)));
            }
        }
        events.sort_by_key(|i| (i.at, i.seq));
        (events, next)
    }
    /// Corrections that are known, in (recorded, seq) order.
    pub(crate) fn corrections(&self, lens: &Lens<'_>, without: Option<u64>) -> Vec<&Item> {
        let known = |i: &&Item| i.is_correction() && without != Some(i.seq) && lens.sees_item(i);
        let mut fixes: Vec<&Item> = self.items.iter().filter(known).collect();
        fixes.sort_by_key(|i| (lens.item_recorded(i), i.seq));
        fixes
    }
}

impl Item {
    pub(crate) fn is_correction(&self) -> bool {
        self.kind.acts_by == crate::facts::kinds::ActsBy::RecordedAt
    }
}
