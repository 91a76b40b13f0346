//! Planned windows and exclusions: what takes time from outages. See the accounting page, outages 3.

use super::agreement::{Lens, Party};
use super::{Interner, Item};
use crate::error::{Code, Error};
use crate::facts::kinds::Family;
use crate::facts::{Fact, Standing};
use crate::time::{Instant, Interval, Micros};
use serde_json::Value;

/// A planned window or an exclusion.
#[derive(Debug)]
pub(crate) struct WindowCase {
    pub(crate) approve: Item,
    pub(crate) exclusion: bool,
    window: Interval,
    systems: Option<Vec<String>>,
    /// `maintenance.cancel`, `exclusion.void`.
    end: Option<Item>,
    standing: Standing,
}

/// All of them by number.
#[derive(Debug, Default)]
pub(crate) struct WindowStore {
    planned: Interner,
    exclusions: Interner,
    numbers: [Vec<u32>; 2],
    cases: Vec<WindowCase>,
    names: Vec<String>,
}

/// A window as it holds now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowNow {
    pub(crate) window: Interval,
    /// It takes time only from outages that start no earlier; `i64::MIN` for an exclusion.
    pub(crate) from: Instant,
    /// It takes time from these systems' outages only; none: from all.
    pub(crate) systems: Option<Vec<String>>,
    pub(crate) exclusion: bool,
}

impl WindowNow {
    pub(crate) fn takes_from(&self, system: &str, start: Instant) -> bool {
        start >= self.from && self.names(system)
    }
    pub(crate) fn names(&self, system: &str) -> bool {
        self.systems.as_ref().is_none_or(|s| s.iter().any(|s| s == system))
    }
}

impl WindowStore {
    pub(crate) fn len(&self) -> u32 {
        super::index(self.cases.len())
    }
    pub(crate) fn case(&self, id: u32) -> &WindowCase {
        &self.cases[id as usize]
    }
    pub(crate) fn subject(&self, id: u32) -> &str {
        &self.names[id as usize]
    }

    pub(super) fn add(
        &mut self,
        seq: u64,
        recorded_at: Instant,
        fact: Fact,
        party: Party,
    ) -> Result<u32, Error> {
        let exclusion = fact.kind.family == Family::Exclusion;
        let subjects = if exclusion { &mut self.exclusions } else { &mut self.planned };
        if let Some(number) = subjects.find(&fact.subject) {
            let id = self.numbers[usize::from(exclusion)][number as usize];
            let case = &mut self.cases[id as usize];
            case.standing.step(&fact, recorded_at)?;
            case.end = Some(super::item(seq, recorded_at, fact, party));
            return Ok(id);
        }
        let mut standing = Standing::default();
        standing.step(&fact, recorded_at)?;
        let (Some(start), Some(end)) = (fact.instant("start"), fact.instant("end")) else {
            return Err(super::unknown(Code::UnknownSubject, &fact));
        };
        let id = super::index(self.cases.len());
        subjects.number(&fact.subject);
        self.numbers[usize::from(exclusion)].push(id);
        self.names.push(fact.subject.clone());
        let systems = systems(fact.body.get("systems"));
        let approve = super::item(seq, recorded_at, fact, party);
        let window = Interval::new(start, end);
        self.cases.push(WindowCase { approve, exclusion, window, systems, end: None, standing });
        Ok(id)
    }

    /// The window as it holds, none where it takes no time; and when that changes if nothing more is recorded.
    pub(crate) fn now(
        &self,
        id: u32,
        lens: &Lens<'_>,
        as_of: Instant,
        notice: Micros,
    ) -> (Option<WindowNow>, Option<Instant>) {
        let case = self.case(id);
        let approve = &case.approve;
        if !lens.sees_item(approve) {
            return (None, None);
        }
        let end = case.end.as_ref().filter(|e| lens.sees_item(e));
        if case.exclusion {
            let holds = WindowNow { window: case.window, from: Instant::MIN, systems: None, exclusion: true };
            return (end.is_none().then_some(holds), None);
        }
        if approve.at > as_of {
            return (None, Some(approve.at));
        }
        let next = end.map(|e| e.at).filter(|at| *at > as_of);
        let recorded = lens.item_recorded(approve);
        if recorded.saturating_add(notice) > case.window.start {
            return (None, next);
        }
        let mut window = case.window;
        if let Some(cancel) = end.filter(|e| e.at <= as_of) {
            window.end = window.end.min(cancel.at.max(lens.item_recorded(cancel)));
        }
        let now = WindowNow { window, from: recorded, systems: case.systems.clone(), exclusion: false };
        ((!window.is_empty()).then_some(now), next)
    }
}

impl WindowCase {
    /// Every entry of it.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        std::iter::once(&self.approve).chain(&self.end)
    }
}

/// The names of a `systems` field; none where it is left out: all.
pub(super) fn systems(field: Option<&Value>) -> Option<Vec<String>> {
    let names = field?.as_array()?;
    Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
