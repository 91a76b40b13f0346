//! Where lines and bars stand on the page. In: instants and lengths of time. Out: coordinates of SVG figures 1000 units
//! wide. Floats here are ink: no figure of the page comes from one.

use super::words::{self, pick};
use crate::assess::{Assessment, OutageRow};
use crate::calendar::{Date, Zone};
use crate::error::Lang;
use crate::time::{DAY, HOUR, Instant, Interval, MINUTE, Micros};
use chrono::{Datelike, Days, Months};
use serde::Serialize;

pub(super) const WIDTH: f64 = 1000.0;
pub(super) const RIGHT: f64 = 14.0;
/// Narrower bars would not be seen.
pub(super) const LEAST_BAR: f64 = 2.0;
/// At most so many marks on an axis.
const MOST_TICKS: i64 = 14;

/// An axis of time from `left` to the figure's right edge.
pub(super) struct Axis {
    pub(super) span: Interval,
    pub(super) left: f64,
}

impl Axis {
    pub(super) fn x(&self, t: Instant) -> f64 {
        let part = t.clamp(self.span.start, self.span.end) - self.span.start;
        round(self.left + part as f64 / self.span.len().max(1) as f64 * (WIDTH - RIGHT - self.left))
    }
}

/// One decimal is finer than a printer's dot.
pub(super) fn round(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

/// A mark on an axis.
#[derive(Serialize)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// A point of the curve with what it stands for.
#[derive(Serialize)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) at: String,
    pub(super) total_us: Micros,
}

/// Counted downtime so far, against the limit.
#[derive(Serialize)]
pub(super) struct Burn {
    pub(super) name: &'static str,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    pub(super) height: f64,
    pub(super) line: String,
    pub(super) area: String,
    pub(super) points: Vec<Point>,
    pub(super) limit_y: Option<f64>,
    pub(super) breach_x: Option<f64>,
    pub(super) forecast: Option<String>,
    pub(super) now_x: Option<f64>,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
}

/// What a burn-down draws.
pub(super) struct Curve {
    /// Instants and the total reached by then, exact.
    pub(super) points: Vec<(Instant, Micros)>,
    /// The limit of the first clause on downtime.
    pub(super) limit: Option<Micros>,
    /// Its breach.
    pub(super) breached_at: Option<Instant>,
    /// Where the open outage leads.
    pub(super) forecast_at: Option<Instant>,
    /// The instant asked for.
    pub(super) as_of: Instant,
}

/// The points of the curve: start and end of each episode with downtime, with the total before and after it. Episodes
/// that reach beyond the period take what the exact total leaves for them.
pub(super) fn curve_points(a: &Assessment, period: Interval) -> Vec<(Instant, Micros)> {
    let whole = |e: Interval| period.start <= e.start && e.end <= period.end;
    let episodes: Vec<(Interval, Micros)> = a
        .outages
        .episodes
        .iter()
        .filter(|e| e.downtime_us > 0)
        .map(|e| (Interval::new(e.start.at, e.end.at), e.downtime_us))
        .collect();
    let inside: Micros = episodes.iter().filter(|(e, _)| whole(*e)).map(|(_, d)| d).sum();
    let mut rest = (a.outages.downtime_us - inside).max(0);
    let mut total = 0;
    let mut points = vec![(period.start, 0)];
    for (episode, downtime) in episodes {
        let clipped = episode.clip(period);
        let part = if whole(episode) { downtime } else { rest.min(downtime).min(clipped.len()) };
        if !whole(episode) {
            rest -= part;
        }
        points.push((clipped.start, total));
        total += part;
        points.push((clipped.end, total));
    }
    points.push((a.as_of.at.clamp(period.start, period.end), total));
    points
}

/// Draws a curve over `span`.
pub(super) fn burn(name: &'static str, curve: &Curve, span: Interval, zone: Zone, lang: Lang) -> Burn {
    let (left, top, bottom, height) = (58.0, 26.0, 218.0, 240.0);
    let axis = Axis { span, left };
    let total = curve.points.last().map_or(0, |p| p.1);
    let most = total.max(curve.limit.unwrap_or(0)).max(HOUR);
    let y = |us: Micros| round(bottom - us as f64 / (most as f64 * 1.06) * (bottom - top));
    let shown = |t: Instant| span.start <= t && t <= span.end;
    let points: Vec<Point> = curve
        .points
        .iter()
        .filter(|(t, _)| shown(*t))
        .map(|(t, us)| Point { x: axis.x(*t), y: y(*us), at: zone.format(*t), total_us: *us })
        .collect();
    let before = curve.points.iter().rev().find(|(t, _)| *t < span.start).map(|p| (left, y(p.1)));
    let drawn: Vec<(f64, f64)> = before.into_iter().chain(points.iter().map(|p| (p.x, p.y))).collect();
    let line = path(&drawn);
    let area = match (drawn.first(), drawn.last()) {
        (Some(first), Some(last)) => format!("{line} L{} {bottom} L{} {bottom} Z", last.0, first.0),
        _ => String::new(),
    };
    let now_x = shown(curve.as_of).then(|| axis.x(curve.as_of));
    let forecast = match (curve.forecast_at.filter(|t| shown(*t)), curve.limit, now_x) {
        (Some(t), Some(limit), Some(now)) => Some(path(&[(now, y(total)), (axis.x(t), y(limit))])),
        _ => None,
    };
    Burn {
        name,
        left,
        right: WIDTH - RIGHT,
        bottom,
        height,
        line,
        area,
        points,
        limit_y: curve.limit.map(y),
        breach_x: curve.breached_at.filter(|t| shown(*t)).map(|t| axis.x(t)),
        forecast,
        now_x,
        x_ticks: time_ticks(&axis, zone),
        y_ticks: amount_ticks(most, lang).into_iter().map(|(us, label)| Tick { at: y(us), label }).collect(),
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let steps = points.iter().enumerate();
    let steps: Vec<String> =
        steps.map(|(i, (x, y))| format!("{}{x} {y}", if i == 0 { "M" } else { "L" })).collect();
    steps.join(" ")
}

/// A bar of the timeline.
#[derive(Serialize)]
pub(super) struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// Position in the rows given.
    row: usize,
}

/// A row of the timeline.
#[derive(Serialize)]
pub(super) struct Lane {
    y: f64,
    height: f64,
    label: String,
}

/// One lane a system, one bar an outage.
#[derive(Serialize)]
pub(super) struct Timeline {
    left: f64,
    right: f64,
    bottom: f64,
    height: f64,
    lanes: Vec<Lane>,
    /// Lanes are high enough for a name.
    named: bool,
    bars: Vec<Bar>,
    now_x: Option<f64>,
    ticks: Vec<Tick>,
}

/// Lays the outages out over `span`; open ones run to `as_of`.
pub(super) fn timeline(rows: &[OutageRow], span: Interval, as_of: Instant, zone: Zone) -> Timeline {
    let mut systems: Vec<&str> = rows.iter().map(|r| r.system.as_str()).collect();
    systems.sort_unstable();
    systems.dedup();
    let lane = match systems.len() {
        0..=30 => 20.0,
        31..=80 => 11.0,
        _ => 4.0,
    };
    let (left, top) = (190.0, 8.0);
    let axis = Axis { span, left };
    let lane_y = |system: &str| top + systems.binary_search(&system).unwrap_or(0) as f64 * lane;
    let bar = |(row, r): (usize, &OutageRow)| {
        let (x, end) = (axis.x(r.start), axis.x(r.end.unwrap_or(as_of)));
        let x = x.min(WIDTH - RIGHT - LEAST_BAR);
        let (y, height) = (round(lane_y(&r.system) + lane * 0.15), round(lane * 0.7));
        Bar { x, y, width: round((end - x).max(LEAST_BAR)), height, row }
    };
    let bottom = top + systems.len() as f64 * lane + 4.0;
    Timeline {
        left,
        right: WIDTH - RIGHT,
        bottom,
        height: bottom + 24.0,
        lanes: systems.iter().map(|s| Lane { y: lane_y(s), height: lane, label: shorten(s, 26) }).collect(),
        named: lane > 10.0,
        bars: rows.iter().enumerate().map(bar).collect(),
        now_x: (span.start <= as_of && as_of <= span.end).then(|| axis.x(as_of)),
        ticks: time_ticks(&axis, zone),
    }
}

/// The name in at most so many columns (Chinese characters are two wide); the whole of it stands in the list.
pub(super) fn shorten(name: &str, columns: usize) -> String {
    let width = |c: char| words::columns(c.encode_utf8(&mut [0; 4]));
    if words::columns(name) <= columns {
        return name.to_owned();
    }
    let mut used = 1;
    let kept = name.chars().take_while(|c| {
        used += width(*c);
        used <= columns
    });
    kept.chain(['…']).collect()
}

/// The stretch worth showing in detail: local days from the first outage to `as_of`, where that is less than a third of
/// the period.
pub(super) fn detail_span(
    rows: &[OutageRow],
    period: Interval,
    as_of: Instant,
    zone: Zone,
) -> Option<Interval> {
    let first = rows.iter().map(|r| r.start).min()?.max(period.start);
    let last = rows.iter().map(|r| r.end.unwrap_or(as_of)).max()?.max(first).clamp(period.start, period.end);
    let next = zone.date(last).checked_add_days(Days::new(1))?;
    let span = Interval::new(zone.midnight(zone.date(first)), zone.midnight(next)).clip(period);
    (span.len() < period.len() / 3).then_some(span)
}

/// Marks at local midnights or whole hours, months over long spans.
pub(super) fn time_ticks(axis: &Axis, zone: Zone) -> Vec<Tick> {
    let span = axis.span;
    let mut ticks = Vec::new();
    let mut mark = |t: Instant, label: String| {
        if span.start <= t && t < span.end {
            ticks.push(Tick { at: axis.x(t), label });
        }
    };
    let first = zone.date(span.start);
    let hours = [1, 2, 3, 6, 12].into_iter().find(|h| span.len() / (h * HOUR) <= MOST_TICKS);
    let days = [1, 2, 7, 14].into_iter().find(|d| span.len() / (d * DAY) <= MOST_TICKS);
    if let Some(step) = hours {
        for date in dates(first, zone.date(span.end), 1) {
            let (midnight, label) = (zone.midnight(date), date.format("%m-%d").to_string());
            for hour in (0..24).step_by(step as usize) {
                let label = if hour == 0 { label.clone() } else { format!("{hour:02}:00") };
                mark(midnight + hour * HOUR, label);
            }
        }
    } else if let Some(step) = days {
        for date in dates(first, zone.date(span.end), step) {
            mark(zone.midnight(date), date.format("%m-%d").to_string());
        }
    } else {
        let months = span.len() / (30 * DAY) / MOST_TICKS + 1;
        let mut date = first.with_day(1);
        while let Some(d) = date.filter(|d| zone.midnight(*d) < span.end) {
            mark(zone.midnight(d), d.format("%Y-%m").to_string());
            date = d.checked_add_months(Months::new(u32::try_from(months).unwrap_or(12)));
        }
    }
    ticks
}

fn dates(first: Date, last: Date, step: i64) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), move |d| d.checked_add_days(Days::new(step.unsigned_abs())))
        .take_while(move |d| *d <= last)
}

/// Marks on the axis of downtime, from nothing to at least the largest amount.
pub(super) fn amount_ticks(most: Micros, lang: Lang) -> Vec<(Micros, String)> {
    let steps =
        [10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY];
    let step = steps.into_iter().find(|s| most / s <= 6).unwrap_or(most / 5);
    let label = |us: Micros| match us {
        _ if step < HOUR => pick(lang, format!("{} 分", us / MINUTE), format!("{} min", us / MINUTE)),
        _ => pick(lang, format!("{} 时", us / HOUR), format!("{} h", us / HOUR)),
    };
    (0..=most / step).map(|n| (n * step, label(n * step))).collect()
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn names_are_cut_by_the_columns_they_take() {
        assert_eq!(shorten("portal", 6), "portal");
        assert_eq!(shorten("portals", 6), "porta…");
        assert_eq!(shorten("门户网站", 8), "门户网站");
        assert_eq!(shorten("门户网站群", 8), "门户网…");
        assert_eq!(shorten("", 6), "");
    }
}
