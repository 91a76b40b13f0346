//! `calendar between` and `calendar add`.

use crate::args::{Between, Calendar, Cli, Hours, Question};
use crate::out::Out;
use crate::{EXIT_OK, verbs};
use opsledger::calendar::Calendar as ServiceHours;
use opsledger::contract::Contract;
use opsledger::error::{Code, Error, Result};
use opsledger::ledger::clock;
use opsledger::time::{self, Instant};
use serde_json::json;
use std::sync::Arc;

pub(super) fn run(cli: &Cli, args: &Calendar, out: &mut Out<'_, '_>) -> Result<i32> {
    match &args.question {
        Question::Between(args) => between(cli, args, out),
        Question::Add(args) => {
            let (contract, hours) = hours(cli, &args.hours, out)?;
            let start = stated("START", &args.start)?;
            let duration = time::parse_duration(&args.duration).map_err(|e| e.in_field("DURATION"))?;
            let at = contract.zone.format(hours.add(start, duration)?);
            if out.json {
                out.line(&json!({ "at": at }).to_string())?;
            } else {
                out.line(&at)?;
            }
            Ok(EXIT_OK)
        }
    }
}

fn between(cli: &Cli, args: &Between, out: &mut Out<'_, '_>) -> Result<i32> {
    let (_, hours) = hours(cli, &args.hours, out)?;
    let (start, end) = (stated("START", &args.start)?, stated("END", &args.end)?);
    if end < start {
        return Err(Error::new(Code::EndBeforeStart, format!("{} < {}", args.end, args.start)));
    }
    let us = hours.between(start, end)?;
    if out.json {
        out.line(&json!({ "working_us": us }).to_string())?;
    } else {
        out.line(&time::words(us, out.lang))?;
    }
    Ok(EXIT_OK)
}

fn hours(cli: &Cli, args: &Hours, out: &mut Out<'_, '_>) -> Result<(Arc<Contract>, ServiceHours)> {
    let contract = verbs::contract(cli, out)?;
    let known_at = verbs::instant("--known-at", args.known_at.as_ref())?.unwrap_or_else(clock::system_now);
    let hours = contract.hours(&args.calendar, known_at).map_err(|e| match e.code() {
        Code::NotFound => {
            let ids: Vec<&str> = contract.calendars.keys().map(String::as_str).collect();
            e.with_hint(ids.join(", "))
        }
        _ => e,
    })?;
    Ok((contract, hours))
}

fn stated(name: &str, text: &str) -> Result<Instant> {
    time::parse_instant(text).map_err(|e| e.in_field(name))
}
