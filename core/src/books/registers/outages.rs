//! Outages as they stand after corrections.

use super::eval::{Facts, text};
use super::{Cell, Of, Register, Row, Source::*, col};
use crate::books::Books;
use crate::books::engine::Engine;
use crate::time::Instant;

pub(super) static OUTAGES: Register = Register {
    name: "outages",
    zh: "故障登记",
    en: "Outages",
    of: Of::Outages,
    columns: &[
        col("subject", "故障编号", "Outage", Subject),
        col("system", "系统", "System", Own(|f| f.outage.as_ref().map_or(Cell::Empty, |(_, s)| text(s)))),
        col("start", "开始", "Start", Own(|f| of(f, |o, _| Cell::Instant(o.start)))),
        col(
            "end",
            "结束",
            "End",
            Own(|f| of(f, |o, now| ended(o.end, now).map_or(Cell::Empty, Cell::Instant))),
        ),
        col("lasted", "历时", "Lasted", Own(|f| of(f, |o, now| lasted(o.start, o.end, now)))),
        col("impact", "影响", "Impact", Own(|f| of(f, |o, _| text(o.impact)))).words(),
        col("attribution", "责任", "Attribution", Own(|f| of(f, |o, _| text(o.attribution)))).words(),
        col("cause", "原因", "Cause", Own(|f| of(f, |o, _| o.reason.or(o.cause).map_or(Cell::Empty, text)))),
        col(
            "counts",
            "计入",
            "Counts",
            Own(|f| f.outage.as_ref().map_or(Cell::Empty, |(o, _)| Cell::Flag(o.counts(f.accounting)))),
        ),
        col("state", "状态", "State", Own(|f| of(f, state))).words(),
    ],
};

use crate::books::outages::OutageNow;

fn of(facts: &Facts<'_>, cell: fn(&OutageNow<'_>, Instant) -> Cell) -> Cell {
    facts.outage.as_ref().map_or(Cell::Empty, |(o, _)| cell(o, facts.as_of))
}

fn ended(end: Option<Instant>, now: Instant) -> Option<Instant> {
    end.filter(|end| *end <= now)
}

fn lasted(start: Instant, end: Option<Instant>, now: Instant) -> Cell {
    Cell::Duration((end.map_or(now, |end| end.min(now)) - start).max(0))
}

fn state(o: &OutageNow<'_>, now: Instant) -> Cell {
    text(match ended(o.end, now) {
        _ if o.void => "void",
        None => "open",
        Some(_) => "over",
    })
}

/// Every outage that is there, voided ones too.
pub(super) fn rows(register: &Register, engine: &Engine, books: &Books) -> Vec<Row> {
    let (lens, as_of) = (engine.lens(books), engine.position().as_of);
    let accounting = &engine.contract().accounting;
    let mut rows = Vec::new();
    for id in 0..books.outages.len() {
        let Some(now) = books.outages.now(id, &lens, as_of, accounting, None) else { continue };
        if now.start > as_of {
            continue;
        }
        let case = books.outages.case(id);
        let mut facts = Facts::new(engine, books, books.outages.subject(id), std::iter::empty());
        let there = |kind: &_, at: Instant| crate::rules::acts(kind, at, as_of);
        let mut entries: Vec<u64> =
            case.entries(&lens).iter().filter(|(_, kind, at, _)| there(kind, *at)).map(|e| e.0).collect();
        entries.sort_unstable();
        let at = now.start;
        facts.outage = Some((now, books.outages.word(case.system)));
        rows.push(Row { subject: facts.subject.to_owned(), at, cells: facts.cells(register), entries });
    }
    rows
}
