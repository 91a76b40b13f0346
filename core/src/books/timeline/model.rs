//! A timeline against a model that looks at every unit of time by itself.

use super::tests::{ALL, hours};
use super::*;
use crate::error::Code;
use crate::time::{DAY, HOUR};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Model {
    /// The model counts in units; without hours one is a microsecond.
    unit: Micros,
    hours: Option<&'static [(u16, u16)]>,
    gap: Micros,
    spans: Vec<Interval>,
    thresholds: Vec<Micros>,
    outages: Vec<Option<Outage>>,
}

struct Naive {
    start: Instant,
    end: Instant,
    open: bool,
    down: Vec<Instant>,
    members: Vec<u32>,
}

/// The model's episodes at an instant.
struct Moment<'a> {
    model: &'a Model,
    episodes: Vec<Naive>,
}

impl Moment<'_> {
    fn counting(&self, span: usize) -> impl Iterator<Item = &Naive> {
        let span = self.model.spans[span];
        self.episodes.iter().filter(move |e| e.down.first().is_some_and(|t| span.contains(*t)))
    }

    fn downtime(&self, span: usize) -> impl Iterator<Item = Instant> {
        let span = self.model.spans[span];
        self.episodes.iter().flat_map(|e| &e.down).copied().filter(move |t| span.contains(*t))
    }

    fn downtime_breach(&self, span: usize, max: i64) -> Option<Instant> {
        self.downtime(span).nth(max as usize)
    }

    fn counts(&self, span: usize, threshold: usize) -> Counts {
        let mut c = Counts::default();
        for e in self.counting(span) {
            if e.down.len() as i64 >= self.model.thresholds[threshold] {
                c.long += 1;
            } else if e.open {
                c.pending += 1;
            } else {
                c.short += 1;
            }
        }
        c
    }

    fn long_breach(&self, span: usize, threshold: usize, max: i64) -> Option<Instant> {
        let limit = self.model.thresholds[threshold] as usize;
        self.counting(span).filter_map(|e| e.down.get(limit - 1)).nth(max as usize).map(|t| t + 1)
    }

    fn short_breach(&self, span: usize, threshold: usize, max: i64) -> Option<Instant> {
        let limit = self.model.thresholds[threshold] as usize;
        let mut short = self.counting(span).filter(|e| !e.open && e.down.len() < limit);
        short.nth(max as usize).map(|e| e.end + self.model.gap)
    }
}

/// The later breach if nothing more is recorded: none once it is there, else as the first moment that shows it says.
/// What is broken stays broken, so the moment can be searched by halves.
fn foresee(moments: &[Moment], breach: impl Fn(&Moment) -> Option<Instant>) -> Option<Instant> {
    match moments.partition_point(|m| breach(m).is_none()) {
        0 => None,
        i => moments.get(i).and_then(breach),
    }
}

impl Model {
    fn is_open(&self, t: Instant) -> bool {
        let hour = t.rem_euclid(24);
        self.hours.is_none_or(|h| h.iter().any(|(a, b)| i64::from(*a) <= hour && hour < i64::from(*b)))
    }

    fn in_us(&self, i: Interval) -> Interval {
        let us = |t: Instant| if t == OPEN { OPEN } else { t * self.unit };
        Interval::new(us(i.start), us(i.end))
    }

    /// Episodes at `as_of`; ends that lie later are not known.
    fn at(&self, as_of: Instant) -> Moment<'_> {
        let mut present: Vec<(Instant, Instant, u32, &Outage)> = Vec::new();
        for (id, o) in self.outages.iter().enumerate() {
            if let Some(o) = o.as_ref().filter(|o| o.start <= as_of) {
                present.push((o.start, o.end.min(as_of), id as u32, o));
            }
        }
        present.sort_by_key(|(start, _, id, _)| (*start, *id));
        let mut episodes: Vec<Naive> = Vec::new();
        for (start, end, id, o) in present {
            if episodes.last().is_none_or(|e| start > e.end + self.gap) {
                episodes.push(Naive { start, end, open: false, down: vec![], members: vec![] });
            }
            let e = episodes.last_mut().unwrap();
            e.end = e.end.max(end);
            e.open |= o.end > as_of;
            e.members.push(id);
            e.down.extend((start..end).filter(|t| !o.taken.iter().any(|w| w.contains(*t))));
        }
        for e in &mut episodes {
            e.down.sort_unstable();
            e.down.dedup();
            e.down.retain(|t| self.is_open(*t));
            e.open |= as_of < e.end + self.gap;
        }
        Moment { model: self, episodes }
    }

    /// The same facts without the ends and outages that `as_of` does not know.
    fn endless(&self, as_of: Instant) -> Model {
        let mut m = self.clone();
        m.outages.iter_mut().flatten().filter(|o| o.end > as_of).for_each(|o| o.end = OPEN);
        m.outages.iter_mut().for_each(|o| _ = o.take_if(|o| o.start > as_of));
        m
    }

    fn scope(&self) -> Scope {
        Scope {
            merge_gap: self.gap * self.unit,
            hours: self.hours.map(|h| hours(h, false)),
            spans: self.spans.iter().map(|span| self.in_us(*span)).collect(),
            thresholds: self.thresholds.iter().map(|t| t * self.unit).collect(),
        }
    }

    /// What a timeline at `as_of` is given.
    fn given(&self, id: usize, as_of: Instant) -> Option<Outage> {
        let o = self.outages[id].as_ref().filter(|o| o.start <= as_of)?;
        let end = if o.end > as_of { OPEN } else { o.end };
        let Interval { start, end } = self.in_us(Interval::new(o.start, end));
        Some(Outage { start, end, taken: o.taken.iter().map(|i| self.in_us(*i)).collect() })
    }

    fn check(&self, t: &Timeline, as_of: Instant) {
        let unit = self.unit;
        let us = |t: Option<Instant>| t.map(|t| t * unit);
        let endless = self.endless(as_of);
        let moments: Vec<Moment> = (as_of..as_of + 130).map(|t| endless.at(t)).collect();
        let now = self.at(as_of);
        let view = |e: &Naive| EpisodeView {
            start: e.start * unit,
            end: e.end * unit,
            downtime: e.down.len() as i64 * unit,
            open: e.open,
            first_down: us(e.down.first().copied()),
            members: e.members.clone(),
        };
        let views: Vec<EpisodeView> = now.episodes.iter().map(view).collect();
        assert_eq!(t.episodes(ALL), views, "episodes at {as_of}");
        for span in 0..self.spans.len() {
            let within = self.spans[span];
            let down: Vec<Instant> = now.downtime(span).collect();
            assert_eq!(t.downtime(span), down.len() as i64 * unit, "downtime of {within:?} at {as_of}");
            let pieces = t.pieces(self.in_us(within));
            assert!(interval_set::is_set(&pieces) && pieces.iter().all(|p| !p.is_empty()));
            let units = pieces.iter().flat_map(|p| (p.start..p.end).step_by(unit as usize));
            assert_eq!(units.collect::<Vec<_>>(), down.iter().map(|t| t * unit).collect::<Vec<_>>());
            let meets = |e: &Naive| (e.start..e.end.max(e.start + 1)).any(|t| within.contains(t));
            let listed: Vec<EpisodeView> = now.episodes.iter().filter(|e| meets(e)).map(view).collect();
            assert_eq!(t.episodes(self.in_us(within)), listed);
            for max in [0, 1, 5, 9] {
                let at = format!("max {max}, span {within:?}, as_of {as_of}");
                assert_eq!(t.downtime_breach(span, max * unit), us(now.downtime_breach(span, max)), "{at}");
                let later = foresee(&moments, |m| m.downtime_breach(span, max));
                assert_eq!(t.forecast_downtime(span, max * unit), us(later), "forecast, {at}");
            }
            for th in 0..self.thresholds.len() {
                assert_eq!(t.counts(span, th), now.counts(span, th), "span {within:?}, {th}");
                for max in [0, 1, 2, 4] {
                    let at = format!("max {max}, span {within:?}, threshold {th}, as_of {as_of}");
                    assert_eq!(t.long_breach(span, th, max), us(now.long_breach(span, th, max)), "{at}");
                    assert_eq!(t.short_breach(span, th, max), us(now.short_breach(span, th, max)), "{at}");
                    let later = foresee(&moments, |m| m.long_breach(span, th, max));
                    assert_eq!(t.forecast_long(span, th, max), us(later), "forecast long, {at}");
                    let later = foresee(&moments, |m| m.short_breach(span, th, max));
                    assert_eq!(t.forecast_short(span, th, max), us(later), "forecast short, {at}");
                }
            }
        }
        for (th, limit) in self.thresholds.iter().enumerate() {
            let open = |m: &Moment| m.episodes.last().filter(|e| e.open).map(|e| (e.start, e.down.clone()));
            let last = open(&now).filter(|(_, down)| (down.len() as i64) < *limit).map(|(start, _)| start);
            let long =
                |m: &Moment| open(m).filter(|e| Some(e.0) == last)?.1.get(*limit as usize - 1).map(|t| t + 1);
            assert_eq!(t.becomes_long_at(th), us(last.and(foresee(&moments, long))), "{limit} at {as_of}");
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(usize, Outage),
    Remove(usize),
    Advance(Instant),
}

const RANGE: i64 = 90;
const IDS: usize = 16;

fn an_outage() -> impl Strategy<Value = Outage> {
    let end = prop_oneof![3 => (0..4i64).prop_map(Some), 3 => (0..25i64).prop_map(Some), 1 => Just(None)];
    let taken = prop_oneof![
        2 => Just(vec![]),
        1 => prop::collection::vec((0..RANGE, 1..15i64), 1..4)
    ];
    (0..RANGE, end, taken).prop_map(|(start, length, taken)| {
        let mut windows: Vec<Interval> = taken.iter().map(|(a, n)| Interval::new(*a, a + n)).collect();
        let mut set = Vec::new();
        interval_set::union_unsorted(&mut windows, 0, &mut set);
        Outage { start, end: length.map_or(OPEN, |n| start + n), taken: set.into() }
    })
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..IDS, an_outage()).prop_map(|(id, o)| Step::Put(id, o)),
        1 => (0..IDS).prop_map(Step::Remove),
        3 => (0..9i64).prop_map(Step::Advance),
    ]
}

/// Spans with a hole between them, as a contract's months have when `holds` narrows them.
fn a_model() -> impl Strategy<Value = Model> {
    (0..4i64, any::<bool>()).prop_map(|(gap, hours)| Model {
        unit: if hours { HOUR } else { 1 },
        hours: hours.then_some(&[(2, 5), (6, 10), (13, 24)]),
        gap,
        spans: [(8, 30), (30, 45), (55, 80)].map(|(a, b)| Interval::new(a, b)).to_vec(),
        thresholds: vec![2, 6],
        outages: vec![None; IDS],
    })
}

fn build(model: &Model, as_of: Instant, order: impl Iterator<Item = usize>) -> Timeline {
    let mut t = Timeline::new(model.scope(), as_of * model.unit);
    order.for_each(|id| t.put(id as u32, model.given(id, as_of)));
    t
}

/// So many, or as many as the environment asks for.
fn cases(few: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(few))
}

/// All figures, to compare two timelines with.
fn figures(t: &Timeline) -> String {
    let spans = 0..t.scope.spans.len();
    let one = |span: usize| {
        let downtime = (t.downtime(span), t.downtime_breach(span, DAY), t.forecast_downtime(span, 3 * DAY));
        let counts = (t.counts(span, 0), t.long_breach(span, 0, 1), t.short_breach(span, 0, 1));
        (downtime, counts, t.forecast_long(span, 0, 0), t.forecast_short(span, 0, 0))
    };
    format!(
        "{:?} {:?} {:?} {:?}",
        t.episodes(ALL),
        t.pieces(ALL),
        t.fault(),
        spans.map(one).collect::<Vec<_>>()
    )
}

proptest! {
    #![proptest_config(cases(10))]

    #[test]
    fn around_the_end_of_the_known_years_the_order_of_things_changes_nothing(
        mut model in a_model(),
        steps in prop::collection::vec(a_step(), 1..40),
    ) {
        // Units of half a day from 2026-12-01 on; 2027 has no schedule.
        let zero = crate::time::parse_instant("2026-12-01T00:00:00Z").unwrap();
        model.unit = DAY / 2;
        model.hours = None;
        let scope = || {
            let mut scope = model.scope();
            scope.hours = Some(hours(&[(9, 17)], true));
            scope.spans.iter_mut().for_each(|s| *s = Interval::new(s.start + zero, s.end + zero));
            scope
        };
        let given = |o: &Option<Outage>, as_of: Instant| {
            let shift = |t: Instant| if t == OPEN { t } else { t * (DAY / 2) + zero };
            let mut o = o.clone().filter(|o| o.start <= as_of)?;
            o.end = shift(if o.end > as_of { OPEN } else { o.end });
            o.start = shift(o.start);
            o.taken = o.taken.iter().map(|i| Interval::new(shift(i.start), shift(i.end))).collect();
            Some(o)
        };
        let mut outages: Vec<Option<Outage>> = vec![None; IDS];
        let mut as_of = 40;
        let mut t = Timeline::new(scope(), as_of * (DAY / 2) + zero);
        for step in steps {
            match step {
                Step::Put(id, o) => outages[id] = Some(o),
                Step::Remove(id) => outages[id] = None,
                Step::Advance(by) => {
                    as_of += by;
                    t.advance(as_of * (DAY / 2) + zero);
                }
            }
            let given: Vec<Option<Outage>> = outages.iter().map(|o| given(o, as_of)).collect();
            given.iter().enumerate().for_each(|(id, o)| t.put(id as u32, o.clone()));
            let mut afresh = Timeline::new(scope(), as_of * (DAY / 2) + zero);
            given.into_iter().enumerate().rev().for_each(|(id, o)| afresh.put(id as u32, o));
            prop_assert!(t.fault().is_none_or(|e| e.code() == Code::NoSchedule));
            prop_assert_eq!(figures(&t), figures(&afresh));
        }
    }

    #[test]
    fn every_figure_after_every_step_is_the_models(
        mut model in a_model(),
        start in 0..RANGE,
        steps in prop::collection::vec(a_step(), 1..40),
    ) {
        let mut as_of = start;
        let mut t = build(&model, as_of, 0..0);
        for step in steps {
            match step {
                Step::Put(id, o) => {
                    model.outages[id] = Some(o);
                    t.put(id as u32, model.given(id, as_of));
                }
                Step::Remove(id) => {
                    model.outages[id] = None;
                    t.put(id as u32, None);
                }
                Step::Advance(by) => {
                    as_of += by;
                    t.advance(as_of * model.unit);
                    (0..IDS).for_each(|id| t.put(id as u32, model.given(id, as_of)));
                }
            }
            model.check(&t, as_of);
        }
        model.check(&build(&model, as_of, 0..IDS), as_of);
        model.check(&build(&model, as_of, (0..IDS).rev()), as_of);
    }

    #[test]
    fn stepping_unit_by_unit_through_recorded_facts_is_the_models(
        mut model in a_model(),
        outages in prop::collection::vec(an_outage(), IDS),
    ) {
        model.outages = outages.into_iter().map(Some).collect();
        let mut t = build(&model, 0, 0..IDS);
        for as_of in 0..RANGE {
            t.advance(as_of * model.unit);
            for id in 0..IDS {
                let o = model.outages[id].as_ref().unwrap();
                if o.start == as_of || o.end == as_of {
                    t.put(id as u32, model.given(id, as_of));
                }
            }
            if as_of % 7 == 0 {
                model.check(&t, as_of);
            }
        }
    }
}
