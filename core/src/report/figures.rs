//! The drawings of documents: curves, bars and lanes as shapes. In: instants and lengths of time. Out: shapes. Floats here
//! are ink: no figure of a document comes from one.

use super::chart::{self, Axis, LEAST_BAR, RIGHT, WIDTH, round};
use super::model::{Figure, Shape};
use super::words::{self, pick};
use crate::calendar::Zone;
use crate::error::Lang;
use crate::time::{HOUR, Instant, Interval, Micros};

/// A bar of a lane.
pub(super) struct Bar {
    pub(super) span: Interval,
    /// Its colour.
    pub(super) class: &'static str,
    pub(super) title: String,
}

/// A row of bars.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) bars: Vec<Bar>,
}

fn text(class: &'static str, x: f64, y: f64, anchor: &'static str, text: impl Into<String>) -> Shape {
    Shape::Text { class, x: round(x), y: round(y), anchor, text: text.into() }
}

fn line(class: &'static str, from: (f64, f64), to: (f64, f64)) -> Shape {
    Shape::Line { class, x1: round(from.0), y1: round(from.1), x2: round(to.0), y2: round(to.1) }
}

/// Lanes over a span, a line at `now`.
pub(super) fn lanes(lanes: &[Lane], span: Interval, now: Instant, zone: Zone) -> Figure {
    let (left, top, height) = (190.0, 6.0, 20.0);
    let axis = Axis { span, left };
    let bottom = top + lanes.len() as f64 * height + 4.0;
    let mut shapes = Vec::new();
    for tick in chart::time_ticks(&axis, zone) {
        shapes.push(line("grid", (tick.at, 0.0), (tick.at, bottom)));
        shapes.push(text("tick", tick.at, bottom + 17.0, "middle", tick.label));
    }
    for (i, lane) in lanes.iter().enumerate() {
        let y = top + i as f64 * height;
        shapes.push(line("lane-line", (left, y + height), (WIDTH - RIGHT, y + height)));
        shapes.push(text("lane", left - 10.0, y + height / 2.0 + 4.0, "end", chart::shorten(&lane.name, 26)));
        for bar in &lane.bars {
            let x = axis.x(bar.span.start).min(WIDTH - RIGHT - LEAST_BAR);
            let width = round((axis.x(bar.span.end) - x).max(LEAST_BAR));
            let title = bar.title.clone();
            shapes.push(Shape::Rect { class: bar.class, x, y: round(y + 3.0), width, height: 14.0, title });
        }
    }
    if span.start < now && now < span.end {
        shapes.push(line("now", (axis.x(now), 0.0), (axis.x(now), bottom)));
    }
    Figure { height: bottom + 24.0, shapes }
}

/// A column of a bar chart.
pub(super) struct Amount {
    pub(super) label: String,
    pub(super) us: Micros,
    pub(super) class: &'static str,
    pub(super) title: String,
}

/// Lengths of time side by side, with a line at `limit`.
pub(super) fn amounts(columns: &[Amount], limit: Option<Micros>, lang: Lang) -> Figure {
    let (left, top, bottom) = (58.0, 14.0, 190.0);
    let most = columns.iter().map(|c| c.us).chain(limit).max().unwrap_or(0).max(HOUR / 6);
    let y = |us: Micros| bottom - us as f64 / (most as f64 * 1.06) * (bottom - top);
    let mut shapes = Vec::new();
    for (us, label) in chart::amount_ticks(most, lang) {
        shapes.push(line("grid", (left, y(us)), (WIDTH - RIGHT, y(us))));
        shapes.push(text("tick", left - 8.0, y(us) + 4.0, "end", label));
    }
    let step = (WIDTH - RIGHT - left) / columns.len().max(1) as f64;
    // As many labels as do not touch.
    let every = (columns.len() / 16 + 1).max(1);
    for (i, column) in columns.iter().enumerate() {
        let x = left + i as f64 * step;
        let height = round((bottom - y(column.us)).max(if column.us > 0 { LEAST_BAR } else { 0.0 }));
        shapes.push(Shape::Rect {
            class: column.class,
            x: round(x + step * 0.15),
            y: round(bottom - height),
            width: round((step * 0.7).max(LEAST_BAR)),
            height,
            title: column.title.clone(),
        });
        if i % every == 0 {
            shapes.push(text(
                "tick",
                x + step / 2.0,
                bottom + 17.0,
                "middle",
                chart::shorten(&column.label, 10),
            ));
        }
    }
    shapes.push(line("axis", (left, bottom), (WIDTH - RIGHT, bottom)));
    if let Some(limit) = limit {
        shapes.push(line("limit", (left, y(limit)), (WIDTH - RIGHT, y(limit))));
        let label = format!("{} {}", pick(lang, "约定", "limit"), words::duration(lang, limit));
        shapes.push(text("limit-text", left + 8.0, y(limit) - 5.0, "start", label));
    }
    Figure { height: bottom + 24.0, shapes }
}

/// Downtime so far against its limit.
pub(super) fn burn(curve: &chart::Curve, span: Interval, zone: Zone, lang: Lang) -> Figure {
    let b = chart::burn("period", curve, span, zone, lang);
    let mut shapes = Vec::new();
    for tick in &b.y_ticks {
        shapes.push(line("grid", (b.left, tick.at), (b.right, tick.at)));
        shapes.push(text("tick", b.left - 8.0, tick.at + 4.0, "end", &tick.label));
    }
    for tick in &b.x_ticks {
        shapes.push(line("axis", (tick.at, b.bottom), (tick.at, b.bottom + 5.0)));
        shapes.push(text("tick", tick.at, b.bottom + 19.0, "middle", &tick.label));
    }
    shapes.push(line("axis", (b.left, b.bottom), (b.right, b.bottom)));
    if let Some(x) = b.now_x {
        shapes.push(line("now", (x, 18.0), (x, b.bottom)));
    }
    shapes.push(Shape::Path { class: "area", d: b.area });
    shapes.push(Shape::Path { class: "line", d: b.line });
    if let Some(d) = b.forecast {
        shapes.push(Shape::Path { class: "forecast", d });
    }
    if let (Some(y), Some(limit)) = (b.limit_y, curve.limit) {
        shapes.push(line("limit", (b.left, y), (b.right, y)));
        let label = format!("{} {}", pick(lang, "约定", "limit"), words::duration(lang, limit));
        shapes.push(text("limit-text", b.left + 8.0, y - 6.0, "start", label));
    }
    for p in &b.points {
        let title = format!("{} {}", p.at, words::duration(lang, p.total_us));
        shapes.push(Shape::Circle { class: "point", x: p.x, y: p.y, r: 1.8, title });
    }
    if let (Some(x), Some(y)) = (b.breach_x, b.limit_y) {
        shapes.push(Shape::Circle {
            class: "breach",
            x,
            y,
            r: 5.0,
            title: pick(lang, "违约", "breach").to_owned(),
        });
    }
    Figure { height: b.height, shapes }
}
