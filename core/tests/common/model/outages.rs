//! Outages, what is taken from them, episodes, and the figures of the period.

use super::record::Record;
use super::watch;
use opsledger::calendar::Calendar;
use opsledger::facts::Entry;
use opsledger::time::{Instant, Interval, Micros};

/// An outage that is present, as corrected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outage {
    pub(crate) subject: String,
    pub(crate) system: String,
    pub(crate) start: Instant,
    /// None while open.
    pub(crate) end: Option<Instant>,
    pub(crate) impact: String,
    pub(crate) attribution: String,
    pub(crate) cause: Option<String>,
    pub(crate) entry: u64,
    pub(crate) counts: bool,
}

/// Time that is taken from outages: a planned window or an exclusion.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) time: Interval,
    /// A window takes only from outages that start at or after its recording; an exclusion from any.
    pub(crate) recorded_at: Option<Instant>,
    pub(crate) systems: Option<Vec<String>>,
    pub(crate) subject: String,
}

/// What every clause on outages and the outages object look at.
pub(crate) struct Scope<'a> {
    /// Empty: all.
    pub(crate) systems: &'a [String],
    pub(crate) hours: Option<Calendar>,
}

#[derive(Clone, Debug)]
pub(crate) struct Episode {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) members: Vec<Outage>,
    /// Sorted and disjoint.
    pub(crate) down: Vec<Interval>,
    pub(crate) open: bool,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) downtime: Micros,
    pub(crate) class: &'static str,
    pub(crate) open: bool,
    pub(crate) counted: bool,
    pub(crate) outages: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) episodes: Vec<Row>,
    pub(crate) long: i64,
    pub(crate) short: i64,
    pub(crate) pending: i64,
    pub(crate) downtime: Micros,
    pub(crate) planned: Micros,
    pub(crate) unknown: Micros,
    pub(crate) availability_elapsed: Option<String>,
    pub(crate) availability_eligible: Option<String>,
    pub(crate) becomes_long_at: Option<Instant>,
    /// Present outages that do not count by impact or attribution, and exclusions: what may be listed as excluded.
    pub(crate) may_be_excluded: Vec<String>,
    /// Outages that would count but for their attribution and share an instant with the period: what must be.
    pub(crate) must_be_excluded: Vec<String>,
}

/// Every present outage, counted or not, by start, then entry.
pub(crate) fn outages(record: &Record) -> Vec<Outage> {
    let facts = record.in_view();
    let mut found = Vec::new();
    for e in facts.iter().filter(|e| e.fact.kind.name == "outage.start") {
        if !record.corrections("outage.void", &e.fact.subject).is_empty() {
            continue;
        }
        let outage = corrected(record, e, &facts);
        if outage.start <= record.q.as_of && outage.end.is_none_or(|end| end > outage.start) {
            found.push(outage);
        }
    }
    found.sort_by(|a, b| (a.start, a.entry).cmp(&(b.start, b.entry)));
    found
}

/// The outage after its corrections, field by field. A lowering is measured against what held before it: the stated value
/// and the earlier corrections that count; an outage that is open has the latest end of all.
fn corrected(record: &Record, e: &Entry, facts: &[&Entry]) -> Outage {
    let accounting = &record.contract.accounting;
    let counted_impact = |impact: &str| accounting.counted_impacts.iter().any(|i| i == impact);
    let mut start = e.fact.at;
    let mut end = facts
        .iter()
        .find(|f| f.fact.kind.name == "outage.end" && f.fact.subject == e.fact.subject && record.there(f))
        .map(|f| f.fact.at);
    let mut impact = e.fact.text("impact").unwrap_or("down").to_owned();
    let mut attribution = record.attribution(e).unwrap_or("supplier").to_owned();
    for a in record.corrections("outage.amend", &e.fact.subject) {
        let withheld = record.withheld_lowering(a);
        if let Some(s) = a.fact.instant("start")
            && !(withheld && s > start)
        {
            start = s;
        }
        if let Some(t) = a.fact.instant("end")
            && !(withheld && end.is_none_or(|end| t < end))
        {
            end = Some(t);
        }
        if let Some(i) = a.fact.text("impact")
            && !(withheld && counted_impact(&impact) && !counted_impact(i))
        {
            impact = i.to_owned();
        }
        if let Some(who) = record.attribution(a) {
            attribution = who.to_owned();
        }
    }
    let counts = counted_impact(&impact) && !accounting.excluded_attributions.contains(&attribution);
    Outage {
        subject: e.fact.subject.clone(),
        system: e.fact.text("system").unwrap_or_default().to_owned(),
        start,
        end: end.filter(|end| *end <= record.q.as_of),
        impact,
        attribution,
        cause: e.fact.text("cause").map(str::to_owned),
        entry: e.seq,
        counts,
    }
}

/// Planned windows: recorded in time, and shortened by their cancellation.
pub(crate) fn windows(record: &Record) -> Vec<Taken> {
    let facts = record.facts();
    let mut found = Vec::new();
    for e in facts.iter().filter(|e| e.fact.kind.name == "maintenance.approve") {
        let (Some(start), Some(end)) = (e.fact.instant("start"), e.fact.instant("end")) else { continue };
        if e.recorded_at + record.contract.accounting.maintenance_notice > start {
            continue;
        }
        let cancelled = facts
            .iter()
            .find(|c| c.fact.kind.name == "maintenance.cancel" && c.fact.subject == e.fact.subject)
            .map(|c| c.fact.at.max(c.recorded_at));
        found.push(Taken {
            time: Interval::new(start, end.min(cancelled.unwrap_or(end))),
            recorded_at: Some(e.recorded_at),
            systems: e
                .fact
                .body
                .get("systems")
                .and_then(|v| v.as_array())
                .map(|list| list.iter().filter_map(|s| s.as_str()).map(str::to_owned).collect()),
            subject: e.fact.subject.clone(),
        });
    }
    found
}

/// Approved exclusions that were not withdrawn.
pub(crate) fn exclusions(record: &Record) -> Vec<Taken> {
    let mut found = Vec::new();
    for e in record.facts().iter().filter(|e| e.fact.kind.name == "exclusion.approve") {
        let (Some(start), Some(end)) = (e.fact.instant("start"), e.fact.instant("end")) else { continue };
        if record.corrections("exclusion.void", &e.fact.subject).is_empty() {
            let time = Interval::new(start, end);
            found.push(Taken { time, recorded_at: None, systems: None, subject: e.fact.subject.clone() });
        }
    }
    found
}

fn takes(t: &Taken, o: &Outage) -> bool {
    t.recorded_at.is_none_or(|r| o.start >= r) && t.systems.as_ref().is_none_or(|s| s.contains(&o.system))
}

/// Downtime of these outages, cell by cell between all edges; open ones run to `horizon`.
pub(crate) fn down(
    outages: &[Outage],
    taken: &[Taken],
    hours: Option<&Calendar>,
    horizon: Instant,
) -> Vec<Interval> {
    let Some(first) = outages.iter().map(|o| o.start).min() else { return Vec::new() };
    let all = Interval::new(first, horizon);
    let open = match hours {
        None => vec![all],
        Some(_) if all.is_empty() => Vec::new(),
        Some(calendar) => calendar.open_in(all).expect("a published schedule"),
    };
    let mut edges = vec![horizon];
    edges.extend(outages.iter().flat_map(|o| [o.start, o.end.unwrap_or(horizon)]));
    edges.extend(taken.iter().flat_map(|t| [t.time.start, t.time.end]));
    edges.extend(open.iter().flat_map(|i| [i.start, i.end]));
    edges.retain(|t| *t <= horizon);
    edges.sort_unstable();
    edges.dedup();
    let mut cells = Vec::new();
    for pair in edges.windows(2) {
        let cell = Interval::new(pair[0], pair[1]);
        let inside = |start: Instant, end: Instant| start <= cell.start && cell.end <= end;
        let is_down = outages.iter().any(|o| {
            inside(o.start, o.end.unwrap_or(horizon))
                && !taken.iter().any(|t| takes(t, o) && inside(t.time.start, t.time.end))
        });
        if is_down && open.iter().any(|i| inside(i.start, i.end)) {
            cells.push(cell);
        }
    }
    cells
}

pub(crate) fn measure(cells: &[Interval]) -> Micros {
    cells.iter().map(|c| c.len()).sum()
}

pub(crate) fn clip(cells: &[Interval], to: Interval) -> Vec<Interval> {
    cells.iter().map(|c| c.clip(to)).filter(|c| !c.is_empty()).collect()
}

/// The cells minus `away`, both any lists of intervals, as disjoint cells.
pub(crate) fn minus(cells: &[Interval], away: &[Interval]) -> Vec<Interval> {
    let mut edges: Vec<Instant> = cells.iter().chain(away).flat_map(|c| [c.start, c.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let holds =
        |list: &[Interval], cell: Interval| list.iter().any(|c| c.start <= cell.start && cell.end <= c.end);
    edges
        .windows(2)
        .map(|p| Interval::new(p[0], p[1]))
        .filter(|cell| holds(cells, *cell) && !holds(away, *cell))
        .collect()
}

/// The first instant at which `amount` of these cells has passed.
pub(crate) fn reached(cells: &[Interval], amount: Micros) -> Option<Instant> {
    let mut left = amount;
    for c in cells {
        if c.len() >= left {
            return Some(c.start + left);
        }
        left -= c.len();
    }
    None
}

/// The start of the first microsecond of these cells beyond `amount`.
pub(crate) fn beyond(cells: &[Interval], amount: Micros) -> Option<Instant> {
    let mut left = amount;
    for c in cells {
        if c.len() > left {
            return Some(c.start + left);
        }
        left -= c.len();
    }
    None
}

pub(crate) fn taken(record: &Record) -> Vec<Taken> {
    windows(record).into_iter().chain(exclusions(record)).collect()
}

pub(crate) fn in_scope(record: &Record, scope: &Scope) -> Vec<Outage> {
    let mut found = outages(record);
    found.retain(|o| scope.systems.is_empty() || scope.systems.contains(&o.system));
    found
}

/// Episodes of the scope, by start: unite what touches or leaves a gap of at most `merge_gap`, until nothing unites.
pub(crate) fn episodes(record: &Record, scope: &Scope) -> Vec<Episode> {
    let as_of = record.q.as_of;
    let gap = record.contract.accounting.merge_gap;
    let taken = taken(record);
    let mut groups: Vec<Vec<Outage>> =
        in_scope(record, scope).into_iter().filter(|o| o.counts).map(|o| vec![o]).collect();
    let hull = |g: &[Outage]| {
        let start = g.iter().map(|o| o.start).min().unwrap_or_default();
        (start, g.iter().map(|o| o.end.unwrap_or(as_of)).max().unwrap_or_default())
    };
    'again: loop {
        for i in 0..groups.len() {
            for j in i + 1..groups.len() {
                let ((s1, e1), (s2, e2)) = (hull(&groups[i]), hull(&groups[j]));
                if s1.max(s2) - e1.min(e2) <= gap {
                    let joined = groups.remove(j);
                    groups[i].extend(joined);
                    continue 'again;
                }
            }
        }
        break;
    }
    let mut found: Vec<Episode> = groups
        .into_iter()
        .map(|mut members| {
            members.sort_by(|a, b| (a.start, a.entry).cmp(&(b.start, b.entry)));
            let (start, end) = hull(&members);
            let open = members.iter().any(|o| o.end.is_none()) || as_of < end + gap;
            let down = down(&members, &taken, scope.hours.as_ref(), as_of);
            Episode { start, end, members, down, open }
        })
        .collect();
    found.sort_by_key(|e| e.start);
    found
}

impl Episode {
    pub(crate) fn downtime(&self) -> Micros {
        measure(&self.down)
    }
    /// The first microsecond of its downtime.
    pub(crate) fn first_down(&self) -> Option<Instant> {
        self.down.first().map(|c| c.start)
    }
    pub(crate) fn class(&self, long_from: Micros) -> &'static str {
        match self.downtime() {
            0 => "none",
            d if d >= long_from => "long",
            _ if self.open => "pending",
            _ => "short",
        }
    }
    /// Downtime as if its open outages never ended, up to `horizon`; none while no outage of it is open.
    pub(crate) fn continued(
        &self,
        record: &Record,
        scope: &Scope,
        horizon: Instant,
    ) -> Option<Vec<Interval>> {
        let open = self.members.iter().any(|o| o.end.is_none());
        open.then(|| down(&self.members, &taken(record), scope.hours.as_ref(), horizon))
    }
    /// When it becomes long if its open outages never end; none when it is, or when nothing of it is open.
    pub(crate) fn becomes_long(
        &self,
        record: &Record,
        scope: &Scope,
        long_from: Micros,
    ) -> Option<(Instant, Vec<Interval>)> {
        if self.downtime() >= long_from {
            return None;
        }
        // Far enough for any threshold of these tests, with nights, weekends and windows in between.
        for days in [1, 3, 10, 40] {
            let cells = self.continued(record, scope, record.q.as_of + days * opsledger::time::DAY)?;
            if let Some(t) = reached(&cells, long_from) {
                return Some((t, cells));
            }
        }
        None
    }
}

/// The elapsed part of the period.
pub(crate) fn elapsed(record: &Record, period: Interval) -> Interval {
    period.clip(Interval::new(Instant::MIN, record.q.as_of))
}

/// A share of at most nine digits, half up, without trailing zeros.
fn decimal9(part: i128, whole: i128) -> Option<String> {
    if whole == 0 {
        return None;
    }
    let scaled = (part * 1_000_000_000 * 2 + whole) / (whole * 2);
    let text = format!("{}.{:09}", scaled / 1_000_000_000, scaled % 1_000_000_000);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// All systems, on 7x24.
pub(crate) fn figures(record: &Record) -> Figures {
    let period = record.contract.period;
    let long_from = record.contract.accounting.long_from;
    let scope = Scope { systems: &[], hours: None };
    let episodes = episodes(record, &scope);
    let elapsed = elapsed(record, period);
    let split = split(record, &scope, elapsed);
    let total = i128::from(elapsed.len());
    let eligible = total - i128::from(split.planned) - i128::from(split.unknown);
    let mut rows = Vec::new();
    for e in &episodes {
        let shares = if e.start == e.end {
            period.contains(e.start)
        } else {
            !period.clip(Interval::new(e.start, e.end)).is_empty()
        };
        if shares {
            rows.push(Row {
                start: e.start,
                end: e.end,
                downtime: e.downtime(),
                class: e.class(long_from),
                open: e.open,
                counted: e.first_down().is_some_and(|t| period.contains(t)),
                outages: e.members.iter().map(|o| o.subject.clone()).collect(),
            });
        }
    }
    let of_class = |class: &str| rows.iter().filter(|r| r.counted && r.class == class).count() as i64;
    let (may, must) = excluded(record);
    Figures {
        long: of_class("long"),
        short: of_class("short"),
        pending: of_class("pending"),
        downtime: split.down,
        planned: split.planned,
        unknown: split.unknown,
        availability_elapsed: decimal9(total - i128::from(split.down), total),
        availability_eligible: decimal9(eligible - i128::from(split.down), eligible),
        becomes_long_at: episodes.iter().find_map(|e| e.becomes_long(record, &scope, long_from)).map(|x| x.0),
        may_be_excluded: may,
        must_be_excluded: must,
        episodes: rows,
    }
}

/// How elapsed time splits: counted downtime first, then planned, then unknown; the rest is up.
pub(crate) struct Split {
    pub(crate) down: Micros,
    pub(crate) planned: Micros,
    pub(crate) unknown: Micros,
}

pub(crate) fn split(record: &Record, scope: &Scope, elapsed: Interval) -> Split {
    let mut down = Vec::new();
    for e in episodes(record, scope) {
        down.extend(clip(&e.down, elapsed));
    }
    let concerns = |t: &Taken| {
        scope.systems.is_empty()
            || t.systems.as_ref().is_none_or(|s| s.iter().any(|s| scope.systems.contains(s)))
    };
    let open = match &scope.hours {
        Some(calendar) if !elapsed.is_empty() => calendar.open_in(elapsed).expect("a published schedule"),
        _ => vec![elapsed],
    };
    let inside =
        |list: Vec<Interval>| -> Vec<Interval> { list.iter().flat_map(|i| clip(&open, *i)).collect() };
    let windows = inside(windows(record).iter().filter(|t| concerns(t)).map(|t| t.time).collect());
    let planned = minus(&windows, &down);
    let gaps = inside(watch::unknown(record, scope.systems));
    let known: Vec<Interval> = down.iter().chain(&planned).copied().collect();
    Split { down: measure(&down), planned: measure(&planned), unknown: measure(&minus(&gaps, &known)) }
}

fn excluded(record: &Record) -> (Vec<String>, Vec<String>) {
    let accounting = &record.contract.accounting;
    let period = record.contract.period;
    let (mut may, mut must) = (Vec::new(), Vec::new());
    for o in outages(record).into_iter().filter(|o| !o.counts) {
        let shares = !period.clip(Interval::new(o.start, record.until(o.end))).is_empty();
        if shares && accounting.counted_impacts.contains(&o.impact) {
            must.push(o.subject.clone());
        }
        may.push(o.subject);
    }
    may.extend(exclusions(record).into_iter().map(|t| t.subject));
    (may, must)
}
