//! `due`.

use crate::args::{Cli, Due};
use crate::out::{Out, clean};
use crate::table::{self, Value};
use crate::{EXIT_OK, input, texts, verbs};
use opsledger::due::{DueList, Roster, ical};
use opsledger::error::Result;
use opsledger::facts::terms::term;
use opsledger::time;
use serde_json::json;

pub(super) fn run(cli: &Cli, args: &Due, out: &mut Out<'_, '_>) -> Result<i32> {
    let within = time::parse_duration(&args.within).map_err(|e| e.in_field("--within"))?;
    let (account, ask) = verbs::assess::account(cli, &args.ask, out)?;
    if args.roster {
        let roster = account.roster(&ask, within)?;
        if out.json {
            out.line(&roster.to_json())?
        } else {
            shifts(&roster, out)?
        }
        return Ok(EXIT_OK);
    }
    let list = account.due(&ask, within)?;
    if let Some(path) = &args.ical {
        input::write_all(path, ical::calendar(&list, out.lang).as_bytes(), out)?;
        if input::is_stdin(path) {
            return Ok(EXIT_OK);
        }
        if out.json {
            out.line(&json!({ "ical": path.display().to_string(), "items": list.items.len() }).to_string())?;
        } else {
            out.line(&texts::WRITTEN.with(out.lang, &[&path.display()]))?;
        }
        return Ok(EXIT_OK);
    }
    if out.json {
        out.line(&list.to_json())?
    } else {
        items(&list, out)?
    }
    Ok(EXIT_OK)
}

fn items(list: &DueList, out: &mut Out<'_, '_>) -> Result<()> {
    let (lang, zone) = (out.lang, list.as_of.zone);
    let (from, until) = (zone.format(list.as_of.at), zone.format(list.until.at));
    out.line(&clean(&texts::DUE.with(lang, &[&list.title, &from, &until, &list.items.len()])))?;
    let head = [texts::DUE_AT, texts::REASON, texts::PARTY, texts::CLAUSE, texts::CASE, texts::WHAT]
        .map(|t| t.get(lang));
    let rows = list.items.iter().map(|item| {
        let reason = item.reason.name(lang).to_owned();
        vec![
            item.at.map_or_else(|| "-".to_owned(), |at| zone.format(at.at)).into(),
            item.status.map_or_else(|| Value::from(reason.clone()), |s| Value::Status(s, reason.clone())),
            term(lang, &item.party).into(),
            item.clause.as_deref().unwrap_or("-").into(),
            item.case.as_str().into(),
            item.text.get(lang).into(),
        ]
    });
    table::print(out, &head, rows.collect())
}

fn shifts(roster: &Roster, out: &mut Out<'_, '_>) -> Result<()> {
    let (lang, zone) = (out.lang, roster.from.zone);
    let (from, until) = (zone.format(roster.from.at), zone.format(roster.until.at));
    out.line(&clean(&texts::ROSTER.with(lang, &[&roster.title, &from, &until])))?;
    let head = [texts::START, texts::END, texts::ROLE, texts::PERSON, texts::SUBJECT].map(|t| t.get(lang));
    let rows = roster.shifts.iter().map(|s| {
        vec![
            zone.format(s.start.at).into(),
            zone.format(s.end.at).into(),
            term(lang, &s.role).into(),
            s.person.as_str().into(),
            s.subject.as_str().into(),
        ]
    });
    table::print(out, &head, rows.collect())?;
    if roster.gaps.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.line(texts::GAPS.get(lang))?;
    let head = [texts::START, texts::END, texts::CLAUSE, texts::WHAT].map(|t| t.get(lang));
    let at = |s: Option<opsledger::assess::Stamp>| s.map_or_else(String::new, |s| zone.format(s.at));
    let rows = roster.gaps.iter().map(|gap| {
        vec![
            at(gap.at).into(),
            at(gap.end).into(),
            gap.clause.as_deref().unwrap_or("-").into(),
            gap.text.get(lang).into(),
        ]
    });
    table::print(out, &head, rows.collect())
}
