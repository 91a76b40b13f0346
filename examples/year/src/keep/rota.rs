//! Who is on duty: the desk at all hours, an engineer every day, the holidays, the events; and who signed in.

use crate::book::{Book, Who};
use crate::random::Random;
use crate::time::{Notices, at, days, hours, later, local_text, minutes};
use crate::year::Year;
use chrono::{Datelike, NaiveDate};
use opsledger::time::Instant;
use serde_json::json;

const MANAGER: &str = "项目经理甲";

/// Writes every roster of the year.
pub(crate) fn write(book: &mut Book, year: &Year, notices: &Notices, random: &mut Random) {
    for day in year.days() {
        desk(book, year, day);
        if notices.off(day) {
            let person = year.desk(day.ordinal());
            shift(
                book,
                posted(year, day),
                &name("F", day, 0),
                person,
                "duty",
                (at(day, 0, 0), at(day, 24, 0)),
            );
        }
        if notices.statutory(day) || year.event_on(day) {
            around_the_clock(book, year, day, random);
        } else {
            let person = year.engineer(day, day.ordinal());
            shift(
                book,
                posted(year, day),
                &name("E", day, 0),
                person,
                "engineer",
                (at(day, 9, 0), at(day, 17, 0)),
            );
        }
    }
}

fn name(letter: &str, day: NaiveDate, n: i64) -> String {
    format!("{letter}-{}-{n}", day.format("%Y%m%d"))
}

/// The roster of a month is posted on the 25th before it; that of a day of an event when the event is known.
fn posted(year: &Year, day: NaiveDate) -> Instant {
    let before = day.with_day(1).map_or(day, |d| d - chrono::Days::new(1));
    let month = at(before.with_day(25).unwrap_or(before), 10, 0);
    year.declared(day).map_or(month, |declared| month.max(declared + hours(24)))
}

fn shift(book: &mut Book, posted: Instant, name: &str, person: &str, role: &str, time: (Instant, Instant)) {
    let body =
        json!({ "person": person, "role": role, "start": local_text(time.0), "end": local_text(time.1) });
    book.add(posted, Who::supplier(MANAGER), "duty.assign", name, body);
}

/// Three shifts of eight hours.
fn desk(book: &mut Book, year: &Year, day: NaiveDate) {
    for n in 0..3 {
        let name = name("D", day, n);
        let person = year.desk_on(day, day.ordinal() * 3 + u32::try_from(n).unwrap_or_default());
        let (start, end) = (at(day, n * 8, 0), at(day, n * 8 + 8, 0));
        shift(book, posted(year, day), &name, person, "desk", (start, end));
        if (day, n) == (year.ill, 2) {
            // Ill half an hour before the shift; the substitute comes an hour late, and is entered the next morning.
            book.add(
                start - minutes(30),
                Who::supplier(person),
                "duty.cancel",
                &name,
                json!({ "reason": "突发疾病" }),
            );
            let from = start + hours(1);
            let body = json!({ "person": "客服甲", "role": "desk", "start": local_text(from), "end": local_text(end) });
            let entered = at(later(day, 1), 9, 0);
            book.add_late(from, entered, Who::supplier(MANAGER), "duty.assign", &format!("{name}b"), body);
        }
    }
}

/// Two engineers of twelve hours each, who sign in.
fn around_the_clock(book: &mut Book, year: &Year, day: NaiveDate, random: &mut Random) {
    for n in 0..2 {
        let name = name("E", day, n);
        let person = year.engineer(day, day.ordinal() + u32::try_from(n).unwrap_or_default());
        let start = at(day, n * 12, 0);
        shift(book, posted(year, day), &name, person, "engineer", (start, start + hours(12)));
        let late = if (day, n) == (year.overslept, 0) { 45 } else { random.between(-10, 15) };
        book.add(
            start + minutes(late),
            Who::supplier(person),
            "duty.sign-in",
            &name,
            json!({ "person": person }),
        );
    }
    let log = json!({ "note": "值班期间运行平稳" });
    book.add(
        at(day, 23, 50),
        Who::supplier(year.engineer(day, day.ordinal() + 1)),
        "duty.log",
        &name("E", day, 1),
        log,
    );
    // A day of an event has its report by the evening; one is missing.
    if year.event_on(day) && day != year.unreported {
        let body = json!({ "kind": "event-daily", "covers": day.to_string() });
        book.add(at(day, 18, 0), Who::supplier(MANAGER), "report.submit", &name("ED", day, 0), body);
    }
}

/// The days from the first to the last.
pub(crate) fn stretch(first: (i32, u32, u32), last: (i32, u32, u32)) -> Vec<NaiveDate> {
    let day = |(y, m, d)| NaiveDate::from_ymd_opt(y, m, d).unwrap_or_default();
    days(day(first), day(last)).collect()
}
