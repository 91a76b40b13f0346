//! The due list as iCalendar (RFC 5545). The same list gives the same bytes: stamps come from what was known, never from
//! a clock, and an item keeps its UID from list to list, so that a calendar that reads a later one moves the event.

use super::{DueItem, DueList, Reason};
use crate::digest::sm3_hex;
use crate::error::Lang;
use crate::facts::terms::term;
use crate::time::{Instant, SECOND};
use chrono::DateTime;

/// Longest line, octets, its end not counted.
const LINE: usize = 75;
/// Characters of a UID before the `@`.
const UID: usize = 32;

/// One event an item that has an instant, in UTC. Lines end in CR LF.
pub fn calendar(list: &DueList, lang: Lang) -> String {
    let mut out = Writer(String::new());
    out.line("BEGIN:VCALENDAR");
    out.line("VERSION:2.0");
    out.line("PRODID:-//opsledger//due//ZH");
    out.line("CALSCALE:GREGORIAN");
    out.line("METHOD:PUBLISH");
    out.text("X-WR-CALNAME", &list.title);
    for item in &list.items {
        if let Some(at) = item.at {
            event(&mut out, list, item, at.at, lang);
        }
    }
    out.line("END:VCALENDAR");
    out.0
}

fn event(out: &mut Writer, list: &DueList, item: &DueItem, at: Instant, lang: Lang) {
    let clause = item.clause.as_deref().unwrap_or_default();
    // A case keeps its name while it turns from due to overdue.
    let sort = match item.reason {
        Reason::Notice => "notice",
        Reason::Planned => "planned",
        _ => "",
    };
    let name = format!("{}\n{clause}\n{}\n{sort}", list.contract, item.case);
    let name = sm3_hex(name.as_bytes());
    out.line("BEGIN:VEVENT");
    out.line(&format!("UID:{}@opsledger", &name[..UID.min(name.len())]));
    out.line(&format!("DTSTAMP:{}", utc(list.known_at.at)));
    out.line(&format!("SEQUENCE:{}", list.entries));
    out.line(&format!("DTSTART:{}", utc(at)));
    if let Some(end) = item.end.filter(|end| end.at > at) {
        out.line(&format!("DTEND:{}", utc(end.at)));
    }
    out.text("SUMMARY", &format!("{} {} {}", item.reason.name(lang), item.case, clause));
    let mut description = format!("{}\n{}", item.text.get(lang), term(lang, &item.party));
    if !item.entries.is_empty() {
        let entries: Vec<String> = item.entries.iter().map(|s| format!("#{s}")).collect();
        description.push_str(&format!("\n{}", entries.join(" ")));
    }
    out.text("DESCRIPTION", &description);
    out.text("CATEGORIES", item.reason.name(Lang::En));
    out.line("TRANSP:TRANSPARENT");
    out.line("END:VEVENT");
}

/// Whole seconds: what is due within a second is due at its start.
fn utc(at: Instant) -> String {
    let at = DateTime::from_timestamp(at.div_euclid(SECOND), 0).unwrap_or_default();
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

struct Writer(String);

impl Writer {
    /// A property whose value is text.
    fn text(&mut self, name: &str, value: &str) {
        let mut line = format!("{name}:");
        for c in value.chars() {
            match c {
                '\\' | ';' | ',' => line.extend(['\\', c]),
                '\n' => line.push_str("\\n"),
                // Other controls have no place in a calendar.
                c if c.is_control() => {}
                c => line.push(c),
            }
        }
        self.line(&line);
    }

    /// A content line, folded between characters.
    fn line(&mut self, text: &str) {
        let mut room = LINE;
        for c in text.chars() {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = LINE - 1;
            }
            room -= c.len_utf8();
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }
}
