//! The desk's daily bread: consultations, accounts, data, alarms; and what the buyer judges at the end.

use crate::book::{Book, Who};
use crate::random::Random;
use crate::time::{at, hours, minutes, parse};
use crate::year::Year;
use chrono::Datelike;
use opsledger::contract::Contract;
use opsledger::time::Instant;
use serde_json::json;
use std::error::Error;

const UNITS: [&str; 4] = ["示例医院甲", "示例医院乙", "示例医院丙", "示例学院丁"];

/// Requests and alarms.
pub(crate) fn write(book: &mut Book, year: &Year, random: &mut Random) -> Result<(), Box<dyn Error>> {
    let mut n = 0;
    for day in year.days() {
        if random.between(1, 10) <= 4 {
            n += 1;
            let kind = random.one_of(&["consult", "consult", "consult", "account", "data"]);
            let opened = at(day, random.between(8, 21), random.between(0, 59));
            let delay = random.between(5, 150);
            request(book, year, &format!("Q-{n:03}"), kind, (opened, delay), day.ordinal(), random);
        }
        if random.between(1, 14) == 1 {
            let raised = at(day, random.between(0, 23), random.between(0, 59));
            alarm(book, year, &format!("AL-{}", day.format("%Y%m%d")), raised, random.between(3, 22));
        }
    }
    // One answered five hours later, one alarm acknowledged after 50 minutes.
    request(book, year, "Q-L1", "consult", (parse("2026-05-06T10:00")?, 310), 1, random);
    alarm(book, year, "AL-L1", parse("2026-03-22T02:00")?, 50);
    Ok(())
}

fn request(
    book: &mut Book,
    year: &Year,
    subject: &str,
    kind: &str,
    (opened, delay): (Instant, i64),
    n: u32,
    random: &mut Random,
) {
    let unit = random.one_of(&UNITS);
    let asker = format!("{unit}用户");
    let desk = Who::supplier(year.desk(n));
    let channel = random.one_of(&["phone", "email", "wechat"]);
    let body = json!({ "type": kind, "channel": channel, "unit": unit });
    book.add(opened, Who::buyer(&asker), "request.open", subject, body);
    let answered = opened + minutes(delay);
    book.add(answered, desk, "request.answer", subject, json!({ "person": year.desk(n) }));
    let closed =
        answered + if kind == "data" { hours(random.between(4, 40)) } else { minutes(random.between(5, 60)) };
    let score = random.between(3, 5).to_string();
    book.add(closed, desk, "request.close", subject, json!({ "confirmed_by": asker, "score": score }));
}

fn alarm(book: &mut Book, year: &Year, subject: &str, raised: Instant, delay: i64) {
    book.add(
        raised,
        Who::Monitor,
        "alarm.raise",
        subject,
        json!({ "system": "gov-service", "level": "warning" }),
    );
    book.add(raised + minutes(delay), Who::supplier(year.desk(0)), "alarm.ack", subject, json!({}));
    book.add(raised + minutes(delay + 30), Who::Monitor, "alarm.clear", subject, json!({}));
}

/// The buyer's word on every clause that no fact decides.
pub(crate) fn judgements(book: &mut Book, contract: &Contract) -> Result<(), Box<dyn Error>> {
    let mut when = parse("2026-09-09T10:00")?;
    for clause in contract.clauses.iter().filter(|c| c.rule.name() == "judgement") {
        let result = match clause.id.as_str() {
            "ledger.kept" => "breached",
            "remedy.return" => "not-due",
            _ => "met",
        };
        let body = json!({ "clause": clause.id, "by": "buyer", "result": result });
        book.add(when, Who::buyer("测试员01"), "judgement.record", "", body);
        when += minutes(2);
    }
    Ok(())
}
