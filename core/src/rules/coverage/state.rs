//! What the clause keeps while facts come and time passes: who is where, what is owed, the gaps. Facts change single
//! stretches; only those are swept anew, once all facts of a step are in.

use super::floor::{Needs, Presence};
use super::gaps::{Gaps, Waivers};
use super::owed::{Owed, Unsure};
use super::sheet::{Instead, Sheet, changes};
use super::signing::Signing;
use super::stated::{self, Names, Stated};
use super::watch::{Asked, Watching, presence};
use super::{Counts, Params, Source, Window};
use crate::books::{Interner, Item};
use crate::facts::kinds::Family;
use crate::rules::{Cx, Setup, WaiverChange};
use crate::time::{Instant, Interval, Micros, parse_instant};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// The cases of the sheets are subjects; of watching the streams, and that anything is watched.
const ANY: usize = u32::MAX as usize;

/// The state of a coverage clause.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) params: Params,
    pub(super) needs: Needs,
    /// Position by role.
    pub(super) roles: BTreeMap<String, u32>,
    people: Interner,
    pub(super) holds: Interval,
    pub(super) period: Interval,
    owed: Owed,
    pub(super) events: BTreeMap<u32, Vec<Interval>>,
    events_changed: bool,
    /// What is owed, with events.
    pub(super) time: Vec<Interval>,
    pub(super) unsure: Vec<Unsure>,
    /// The first owed instant that is judged.
    pub(super) first_owed: Option<Instant>,
    pub(super) first_unsure: Option<Instant>,
    pub(super) cases: BTreeMap<u32, Stated>,
    /// Subjects of which some fact is there.
    pub(super) present: BTreeSet<u32>,
    /// When facts come to be there that are known already.
    queue: BTreeSet<(Instant, u32)>,
    queued: BTreeMap<u32, Instant>,
    /// Everyone as assigned: what is to come. And, unless one of the next two is there, what was.
    pub(super) roster: Sheet,
    pub(super) signing: Option<Signing>,
    /// As was watched, until a word is missed.
    said: Option<Sheet>,
    pub(super) watching: Watching,
    /// No fact of watching needs a confirmation.
    lasting: bool,
    pub(super) waivers: Waivers,
    /// The listed gaps that are not waived, each with the length of those before it; laid out when first asked for.
    pub(super) passed: OnceCell<Vec<(Micros, Interval)>>,
}

impl State {
    pub(crate) fn new(setup: &mut Setup<'_>, params: &Params) -> State {
        let contract = setup.contract;
        let calendar = setup.tools.calendar(&params.calendar);
        let owed = Owed::new(params, contract, &setup.tools.days, &calendar);
        let holds = setup.clause.holds.unwrap_or(contract.period);
        let watch = params.source == Source::Watch;
        let least = params.roles.iter().map(|(_, n)| *n).collect();
        let names = params.roles.iter().map(|(name, _)| name.clone());
        let sheet = || Sheet::new(Gaps::new(params.tolerance, holds));
        let mut state = State {
            needs: Needs { least, distinct: params.distinct },
            roles: names.zip(0..).collect(),
            people: Interner::default(),
            holds,
            period: contract.period,
            owed,
            events: BTreeMap::new(),
            events_changed: true,
            time: Vec::new(),
            unsure: Vec::new(),
            first_owed: None,
            first_unsure: None,
            cases: BTreeMap::new(),
            present: BTreeSet::new(),
            queue: BTreeSet::new(),
            queued: BTreeMap::new(),
            roster: sheet(),
            signing: (params.source == Source::Duty && params.counts == Counts::Signed)
                .then(|| Signing::new(sheet())),
            said: watch.then(sheet),
            watching: Watching::default(),
            lasting: !contract.needs.kinds.iter().any(|kind| kind.starts_with("watch.")),
            waivers: Waivers::default(),
            passed: OnceCell::new(),
            params: params.clone(),
        };
        state.owe(&[contract.period]);
        state
    }

    /// What was, as opposed to what is to come.
    pub(super) fn actual(&self) -> &Sheet {
        match (&self.signing, &self.said) {
            (Some(signing), _) => &signing.sheet,
            (_, Some(said)) => said,
            _ => &self.roster,
        }
    }

    fn sheets(&mut self) -> impl Iterator<Item = &mut Sheet> {
        let signed = self.signing.as_mut().map(|s| &mut s.sheet);
        std::iter::once(&mut self.roster).chain(signed).chain(&mut self.said)
    }

    /// The facts of this family are what the clause looks at.
    fn judges(&self, family: Family) -> bool {
        match self.params.source {
            Source::Duty => family == Family::Desk,
            Source::Staff => family == Family::Staff,
            Source::Watch => false,
        }
    }

    /// A fact that bears on the clause, of those of its family.
    pub(super) fn bears(&self, item: &Item) -> bool {
        self.params.source != Source::Staff
            || matches!(item.kind.name, "staff.join" | "staff.leave" | "staff.absent")
    }

    pub(super) fn touch_case(&mut self, cx: &Cx<'_>, case: u32) {
        let subject = cx.books.subjects.case(case);
        if subject.family == Family::Event && self.params.windows.contains(&Window::Events) {
            let (events, next) = subject.events(&cx.lens, cx.as_of, None);
            self.wait(case, next);
            let declared = events.iter().filter(|i| i.kind.name == "event.declare");
            let new: Vec<Interval> = declared.filter_map(|i| stated::span(i)).collect();
            let old = if new.is_empty() {
                self.events.remove(&case)
            } else {
                self.events.insert(case, new.clone())
            };
            let old = old.unwrap_or_default();
            if old != new {
                let spans: Vec<Interval> = old.into_iter().chain(new).collect();
                self.owe(&spans);
            }
        }
        if self.judges(subject.family) {
            let (events, next) = subject.events(&cx.lens, cx.as_of, None);
            self.wait(case, next);
            if events.iter().any(|i| self.bears(i)) {
                self.present.insert(case);
            } else {
                self.present.remove(&case);
            }
            let (people, roles) = (&mut self.people, &self.roles);
            let mut person = |name: &str| people.number(name);
            let names = Names { roles, person: &mut person };
            let new = says(self.params.source, cx, &events, names);
            self.replace(case, new);
        }
    }

    fn wait(&mut self, case: u32, next: Option<Instant>) {
        let old = match next {
            Some(next) => self.queued.insert(case, next),
            None => self.queued.remove(&case),
        };
        if old == next {
            return;
        }
        old.map(|t| self.queue.remove(&(t, case)));
        next.map(|t| self.queue.insert((t, case)));
    }

    fn replace(&mut self, case: u32, new: Stated) {
        let old = self.cases.remove(&case).unwrap_or_default();
        if old != new {
            self.roster.replace(
                case,
                &clipped(&old.presences, self.period),
                &clipped(&new.presences, self.period),
            );
            if let Some(signing) = &mut self.signing {
                signing.replace(case, &old, &new);
            }
        }
        if new != Stated::default() {
            self.cases.insert(case, new);
        }
    }

    /// What is owed is another in these stretches.
    fn owe(&mut self, spans: &[Interval]) {
        self.events_changed = true;
        for span in spans {
            self.sheets().for_each(|sheet| sheet.touch(*span));
        }
    }

    pub(super) fn watch_systems(&mut self, cx: &Cx<'_>) {
        let Some(said) = &mut self.said else { return };
        let asked = Asked {
            store: &cx.books.watching,
            lens: cx.lens,
            as_of: cx.as_of,
            systems: &self.params.systems,
            period: self.period,
            lasting: self.lasting,
        };
        let has_read = !self.needs.least.is_empty();
        if let Some(changes) = if has_read { self.watching.follow(&asked) } else { None } {
            for c in changes {
                let sheet = if c.is_ahead { &mut self.roster } else { &mut *said };
                let old = c.old.map(|span| presence(c.stream, span));
                sheet.swap(case_of(c.stream), old, presence(c.stream, c.new));
            }
            return;
        }
        let new = Watching::read(&asked);
        let old = std::mem::replace(&mut self.watching, new);
        let new = &self.watching;
        let roles = new.streams.len() + usize::from(self.params.systems.is_empty());
        let any = |w: &Watching, role: usize| w.any.map(|span| presence(role, span)).into_iter().collect();
        let spans = |spans: Option<&Vec<Interval>>, i: usize| -> Vec<Presence> {
            spans.into_iter().flatten().map(|span| presence(i, *span)).collect()
        };
        for i in 0..old.streams.len().max(new.streams.len()) {
            let both = |of: fn(&super::watch::Stream) -> &Vec<Interval>| {
                (spans(old.streams.get(i).map(of), i), spans(new.streams.get(i).map(of), i))
            };
            let (before, after) = both(|s| &s.said);
            said.replace(case_of(i), &before, &after);
            let (before, after) = both(|s| &s.ahead);
            self.roster.replace(case_of(i), &before, &after);
        }
        let (before, after): (Vec<Presence>, Vec<Presence>) =
            (any(&old, self.needs.least.len().saturating_sub(1)), any(new, roles.saturating_sub(1)));
        said.replace(case_of(ANY), &before, &after);
        self.roster.replace(case_of(ANY), &before, &after);
        if self.needs.least.len() != roles {
            self.needs = Needs { least: vec![1; roles], distinct: false };
            let period = self.period;
            self.sheets().for_each(|sheet| sheet.touch(period));
        }
    }

    /// Everything that waits for `as_of` or was left by the facts of this step.
    pub(super) fn settle(&mut self, cx: &Cx<'_>) {
        while let Some((_, case)) = self.queue.first().copied().filter(|(t, _)| *t <= cx.as_of) {
            self.touch_case(cx, case);
        }
        if self.watching.next.is_some_and(|next| next <= cx.as_of) {
            self.watch_systems(cx);
        }
        if self.events_changed {
            let events: Vec<Interval> = self.events.values().flatten().copied().collect();
            (self.time, self.unsure) = self.owed.with(&events);
            let judged =
                |span: Interval| Some(span.clip(self.holds)).filter(|s| !s.is_empty()).map(|s| s.start);
            self.first_owed = self.time.iter().find_map(|o| judged(*o));
            self.first_unsure = self.unsure.iter().filter_map(|u| judged(u.span)).min();
            self.events_changed = false;
        }
        self.passed = OnceCell::new();
        let State { roster, signing, said, time, needs, waivers, cases, period, .. } = self;
        if let Some(signing) = &mut *signing {
            signing.refresh(cases, *period);
        }
        let signed = signing.as_mut().map(|s| &mut s.sheet);
        for sheet in std::iter::once(roster).chain(signed).chain(said) {
            sheet.settle(time, needs, waivers);
            sheet.gaps.advance(cx.as_of, waivers);
        }
    }

    pub(super) fn change_waivers(&mut self, cx: &Cx<'_>, change: &WaiverChange) {
        let instants = |case: &String| parse_instant(case).ok();
        let at = cx.waived.cases.iter().filter_map(instants).collect();
        let new = Waivers { all: cx.waived.all, at };
        let changed: Vec<Instant> = change.cases.iter().filter_map(instants).collect();
        let old = std::mem::take(&mut self.waivers);
        for sheet in self.sheets() {
            sheet.gaps.rewaive((!change.all).then_some(&changed), &old, &new);
        }
        self.waivers = new;
    }

    /// Without an entry of the case more time would be uncovered.
    pub(super) fn helps(&self, cx: &Cx<'_>, case: u32, seq: u64) -> bool {
        let subject = cx.books.subjects.case(case);
        let Some(old) = self.cases.get(&case).filter(|_| self.judges(subject.family)) else { return false };
        let (events, _) = subject.events(&cx.lens, cx.as_of, Some(seq));
        let mut person = |name: &str| self.people.find(name).unwrap_or(u32::MAX);
        let new = says(self.params.source, cx, &events, Names { roles: &self.roles, person: &mut person });
        let mut instead = Instead::new();
        let mut changed: Vec<(Interval, bool)> = Vec::new();
        if let Some(signing) = &self.signing {
            let signed = |shifts: &[Presence]| signing.signed(shifts, self.period, Some(seq));
            let sign_in = old.sign_ins.iter().find(|s| s.seq == seq);
            for other in sign_in.map(|s| signing.served(s)).unwrap_or_default() {
                if let Some(stated) = self.cases.get(&other) {
                    instead.insert(other, signed(&stated.presences));
                }
            }
            instead.insert(case, signed(&new.presences));
            for (case, list) in &instead {
                changed.extend(changes(signing.counted(*case), list));
            }
        } else {
            let list = clipped(&new.presences, self.period);
            changed.extend(changes(&clipped(&old.presences, self.period), &list));
            instead.insert(case, list);
        }
        let Some(start) = changed.iter().map(|(s, _)| s.start).min() else { return false };
        let end = changed.iter().map(|(s, _)| s.end).max().unwrap_or(start);
        let (stretch, sheet) = (Interval::new(start, end), self.actual());
        let fresh = sheet.uncovered(&self.time, stretch, &self.needs, &instead);
        let (gone, come) = sheet.gaps.around(stretch, &fresh);
        sheet.gaps.length(&come) > sheet.gaps.length(&gone)
    }
}

fn says(source: Source, cx: &Cx<'_>, events: &[&Item], mut names: Names<'_>) -> Stated {
    match source {
        Source::Duty => stated::duty(events, &cx.lens, &mut names),
        Source::Staff => stated::staff(events, &mut names),
        Source::Watch => Stated::default(),
    }
}

/// The part inside the service period; sorted and without doubles, as before.
fn clipped(presences: &[Presence], within: Interval) -> Vec<Presence> {
    let mut parts: Vec<Presence> = presences
        .iter()
        .map(|p| Presence { span: p.span.clip(within), ..*p })
        .filter(|p| !p.span.is_empty())
        .collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

fn case_of(stream: usize) -> u32 {
    u32::try_from(stream).unwrap_or(u32::MAX)
}
