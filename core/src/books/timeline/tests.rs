//! Each edge of the accounting page by example, then everything against a model that looks at every unit of time.

use super::*;
use crate::time::HOUR;
use proptest::prelude::*;

const ALL: Interval = Interval::new(i64::MIN / 4, i64::MAX / 4);

fn outage(start: Instant, end: Instant, taken: &[(Instant, Instant)]) -> Outage {
    Outage { start, end, taken: taken.iter().map(|(a, b)| Interval::new(*a, *b)).collect() }
}

fn scope(merge_gap: Micros, spans: &[(Instant, Instant)], thresholds: &[Micros]) -> Scope {
    let spans = spans.iter().map(|(a, b)| Interval::new(*a, *b)).collect();
    Scope { merge_gap, hours: None, spans, thresholds: thresholds.to_vec() }
}

/// A timeline at `as_of` over one span from 0 to 1000 hours, long from one hour.
fn timeline(merge_gap: Micros, as_of: Instant, outages: &[Outage]) -> Timeline {
    let mut t = Timeline::new(scope(merge_gap, &[(0, 1000 * HOUR)], &[HOUR]), as_of);
    for (id, o) in outages.iter().enumerate() {
        t.put(id as u32, Some(o.clone()));
    }
    t
}

fn counts(long: i64, short: i64, pending: i64) -> Counts {
    Counts { long, short, pending }
}

#[test]
fn exactly_one_hour_is_long_and_one_microsecond_less_is_short() {
    let t = timeline(0, 9 * HOUR, &[outage(0, HOUR, &[]), outage(2 * HOUR, 3 * HOUR - 1, &[])]);
    assert_eq!(t.counts(0, 0), counts(1, 1, 0));
    assert_eq!(t.long_breach(0, 0, 0), Some(HOUR));
    assert_eq!(t.short_breach(0, 0, 0), Some(3 * HOUR - 1));
    assert_eq!((t.long_breach(0, 0, 1), t.short_breach(0, 0, 1)), (None, None));
}

#[test]
fn exactly_the_limit_keeps_it_and_the_next_microsecond_breaks_it() {
    let mut t = timeline(0, 10 * HOUR, &[outage(0, OPEN, &[])]);
    assert_eq!((t.downtime(0), t.downtime_breach(0, 10 * HOUR)), (10 * HOUR, None));
    assert_eq!(t.forecast_downtime(0, 10 * HOUR), Some(10 * HOUR));
    t.advance(10 * HOUR + 1);
    assert_eq!(t.downtime_breach(0, 10 * HOUR), Some(10 * HOUR));
    assert_eq!(t.forecast_downtime(0, 10 * HOUR), None);
    // Reached in one outage, passed in the next: the instant is the start of the next.
    let t = timeline(0, 99 * HOUR, &[outage(0, 10 * HOUR, &[]), outage(20 * HOUR, 21 * HOUR, &[])]);
    assert_eq!(t.downtime_breach(0, 10 * HOUR), Some(20 * HOUR));
    assert_eq!(t.downtime_breach(0, 0), Some(0));
}

#[test]
fn the_gap_joins_when_it_is_exactly_the_allowed_one_and_is_never_downtime() {
    let two = [outage(0, 10, &[]), outage(15, 20, &[])];
    let one = timeline(5, 99, &two).episodes(ALL);
    assert_eq!((one.len(), one[0].downtime, one[0].members.as_slice()), (1, 15, &[0, 1][..]));
    assert_eq!(timeline(4, 99, &two).episodes(ALL).len(), 2);
    // Touching pieces are one episode even without a gap.
    assert_eq!(timeline(0, 99, &[outage(0, 10, &[]), outage(10, 20, &[])]).episodes(ALL).len(), 1);
}

#[test]
fn windows_split_downtime_and_not_the_episode() {
    let mut t = timeline(0, 99, &[outage(10, 40, &[(5, 12), (20, 25), (38, 60)])]);
    let e = t.episodes(ALL);
    assert_eq!((e.len(), e[0].downtime, e[0].first_down, e[0].end), (1, 21, Some(12), 40));
    assert_eq!(t.pieces(ALL), [Interval::new(12, 20), Interval::new(25, 38)]);
    assert_eq!(t.pieces(Interval::new(14, 30)), [Interval::new(14, 20), Interval::new(25, 30)]);
    // Another outage without windows fills what the first one was spared.
    t.put(1, Some(outage(22, 24, &[])));
    assert_eq!(t.downtime(0), 23);
    // All of it planned: the episode is listed and not counted.
    t.put(0, Some(outage(10, 40, &[(0, 50)])));
    t.put(1, None);
    assert_eq!((t.episodes(ALL)[0].first_down, t.counts(0, 0)), (None, counts(0, 0, 0)));
}

#[test]
fn an_open_outage_at_its_own_start_joins_its_episode_and_pends_once_it_lasts() {
    let mut t = timeline(5, 14, &[outage(0, 10, &[])]);
    assert_eq!(t.counts(0, 0), counts(0, 0, 1), "open until end + gap");
    assert_eq!(t.forecast_short(0, 0, 0), Some(15));
    t.advance(15);
    assert_eq!((t.counts(0, 0), t.short_breach(0, 0, 0)), (counts(0, 1, 0), Some(15)));
    t.put(1, Some(outage(15, OPEN, &[])));
    let e = t.episodes(ALL);
    assert_eq!((e.len(), e[0].end, e[0].downtime, e[0].open), (1, 15, 10, true));
    assert_eq!((t.counts(0, 0), t.forecast_short(0, 0, 0)), (counts(0, 0, 1), None));
    // Alone, it has no length: listed where it starts, and in no class yet.
    let t = timeline(0, 15, &[outage(15, OPEN, &[])]);
    assert_eq!((t.counts(0, 0), t.episodes(Interval::new(15, 16)).len()), (counts(0, 0, 0), 1));
    assert_eq!(t.episodes(Interval::new(0, 15)).len(), 0);
}

#[test]
fn an_episode_counts_where_its_first_downtime_lies_and_is_clipped_by_each_span() {
    let spans = scope(0, &[(0, 100), (100, 200)], &[50]);
    let mut t = Timeline::new(spans, 300);
    t.put(0, Some(outage(80, 160, &[])));
    assert_eq!((t.counts(0, 0).long, t.counts(1, 0).long), (1, 0));
    assert_eq!((t.downtime(0), t.downtime(1)), (20, 60));
    assert_eq!(t.long_breach(0, 0, 0), Some(130), "after the span's end");
    assert_eq!((t.downtime_breach(0, 20), t.downtime_breach(1, 20)), (None, Some(120)));
    // A window until the turn of the span moves it into the next one.
    t.put(0, Some(outage(80, 160, &[(70, 100)])));
    assert_eq!((t.counts(0, 0).long, t.counts(1, 0).long), (0, 1));
    assert_eq!(t.long_breach(1, 0, 0), Some(150));
}

#[test]
fn forecasts_run_on_through_windows_already_planned() {
    let mut t = timeline(0, HOUR / 2, &[outage(0, OPEN, &[(HOUR / 2, HOUR), (2 * HOUR, 3 * HOUR)])]);
    assert_eq!(t.becomes_long_at(0), Some(HOUR + HOUR / 2));
    assert_eq!((t.forecast_long(0, 0, 0), t.forecast_long(0, 0, 1)), (Some(HOUR + HOUR / 2), None));
    assert_eq!(t.forecast_downtime(0, 2 * HOUR), Some(3 * HOUR + HOUR / 2));
    assert_eq!(t.forecast_downtime(0, 998 * HOUR + HOUR / 2), None, "the span ends first");
    // A second open outage without windows: nothing is spared any more.
    t.put(1, Some(outage(HOUR / 2, OPEN, &[])));
    assert_eq!(t.becomes_long_at(0), Some(HOUR));
    // Taken out for ever: nothing comes.
    let t = timeline(0, HOUR, &[outage(0, OPEN, &[(HOUR / 2, OPEN)])]);
    assert_eq!((t.becomes_long_at(0), t.forecast_downtime(0, HOUR)), (None, None));
}

#[test]
fn an_open_episode_without_downtime_counts_where_its_first_one_will_lie() {
    let mut t = Timeline::new(scope(0, &[(0, 100), (100, 200)], &[50]), 90);
    t.put(0, Some(outage(80, OPEN, &[(70, 110)])));
    assert_eq!((t.forecast_long(0, 0, 0), t.forecast_long(1, 0, 0)), (None, Some(160)));
}

// The model: every unit of time is looked at by itself.

#[derive(Clone, Debug)]
struct Model {
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
        let (spans, thresholds) = (self.spans.clone(), self.thresholds.clone());
        Scope { merge_gap: self.gap, hours: None, spans, thresholds }
    }

    /// What a timeline at `as_of` is given.
    fn given(&self, id: usize, as_of: Instant) -> Option<Outage> {
        let mut o = self.outages[id].clone().filter(|o| o.start <= as_of)?;
        if o.end > as_of {
            o.end = OPEN;
        }
        Some(o)
    }

    fn check(&self, t: &Timeline, as_of: Instant) {
        let endless = self.endless(as_of);
        let moments: Vec<Moment> = (as_of..as_of + 130).map(|t| endless.at(t)).collect();
        let now = self.at(as_of);
        let views: Vec<EpisodeView> = now
            .episodes
            .iter()
            .map(|e| EpisodeView {
                start: e.start,
                end: e.end,
                downtime: e.down.len() as i64,
                open: e.open,
                first_down: e.down.first().copied(),
                members: e.members.clone(),
            })
            .collect();
        assert_eq!(t.episodes(ALL), views, "episodes at {as_of}");
        for span in 0..self.spans.len() {
            let within = self.spans[span];
            let down: Vec<Instant> = now.downtime(span).collect();
            assert_eq!(t.downtime(span), down.len() as i64, "downtime of {within:?} at {as_of}");
            let pieces = t.pieces(within);
            assert!(interval_set::is_set(&pieces) && pieces.iter().all(|p| !p.is_empty()));
            assert_eq!(pieces.iter().flat_map(|p| p.start..p.end).collect::<Vec<_>>(), down);
            let meets = |e: &EpisodeView| (e.start..e.end.max(e.start + 1)).any(|t| within.contains(t));
            let listed: Vec<_> = views.iter().filter(|e| meets(e)).cloned().collect();
            assert_eq!(t.episodes(within), listed);
            for max in [0, 1, 5, 9] {
                let at = format!("max {max}, span {within:?}, as_of {as_of}");
                assert_eq!(t.downtime_breach(span, max), now.downtime_breach(span, max), "{at}");
                let later = foresee(&moments, |m| m.downtime_breach(span, max));
                assert_eq!(t.forecast_downtime(span, max), later, "forecast, {at}");
            }
            for th in 0..self.thresholds.len() {
                assert_eq!(t.counts(span, th), now.counts(span, th), "span {within:?}, {th}");
                for max in [0, 1, 2, 4] {
                    let at = format!("max {max}, span {within:?}, threshold {th}, as_of {as_of}");
                    assert_eq!(t.long_breach(span, th, max), now.long_breach(span, th, max), "{at}");
                    assert_eq!(t.short_breach(span, th, max), now.short_breach(span, th, max), "{at}");
                    let later = foresee(&moments, |m| m.long_breach(span, th, max));
                    assert_eq!(t.forecast_long(span, th, max), later, "forecast long, {at}");
                    let later = foresee(&moments, |m| m.short_breach(span, th, max));
                    assert_eq!(t.forecast_short(span, th, max), later, "forecast short, {at}");
                }
            }
        }
        for (th, limit) in self.thresholds.iter().enumerate() {
            let open = |m: &Moment| m.episodes.last().filter(|e| e.open).map(|e| (e.start, e.down.clone()));
            let last = open(&now).filter(|(_, down)| (down.len() as i64) < *limit).map(|(start, _)| start);
            let long =
                |m: &Moment| open(m).filter(|e| Some(e.0) == last)?.1.get(*limit as usize - 1).map(|t| t + 1);
            assert_eq!(t.becomes_long_at(th), last.and(foresee(&moments, long)), "{limit} at {as_of}");
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
    (0..4i64).prop_map(|gap| Model {
        gap,
        spans: [(8, 30), (30, 45), (55, 80)].map(|(a, b)| Interval::new(a, b)).to_vec(),
        thresholds: vec![2, 6],
        outages: vec![None; IDS],
    })
}

fn build(model: &Model, as_of: Instant, order: impl Iterator<Item = usize>) -> Timeline {
    let mut t = Timeline::new(model.scope(), as_of);
    order.for_each(|id| t.put(id as u32, model.given(id, as_of)));
    t
}

/// So many, or as many as the environment asks for.
fn cases(few: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(few))
}

proptest! {
    #![proptest_config(cases(32))]

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
                    t.advance(as_of);
                    (0..IDS).for_each(|id| t.put(id as u32, model.given(id, as_of)));
                }
            }
            model.check(&t, as_of);
        }
        model.check(&build(&model, as_of, 0..IDS), as_of);
        model.check(&build(&model, as_of, (0..IDS).rev()), as_of);
        let at_once = (0..IDS).map(|id| model.given(id, as_of)).collect();
        model.check(&Timeline::build(model.scope(), as_of, at_once), as_of);
    }

    #[test]
    fn stepping_unit_by_unit_through_recorded_facts_is_the_models(
        mut model in a_model(),
        outages in prop::collection::vec(an_outage(), IDS),
    ) {
        model.outages = outages.into_iter().map(Some).collect();
        let mut t = build(&model, 0, 0..IDS);
        for as_of in 0..RANGE {
            t.advance(as_of);
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
