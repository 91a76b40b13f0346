//! The assessment document, and the budget, from an engine that stands where it is asked.

use super::remedies::remedies;
use super::{
    Ask, Assessment, Budget, ClauseVerdict, Episode, Excluded, Fault, Figure, HeadRef, HolidayFile,
    OutageForecast, OutageRow, Outages, Stamp, Status, View,
};
use crate::books::agreement::Standing;
use crate::books::engine::Engine;
use crate::books::lines::Look;
use crate::books::outages::OutageNow;
use crate::books::{Books, Item};
use crate::contract::Contract;
use crate::error::{Code, Error, Lang, Result};
use crate::rules::outage_count::Threshold;
use crate::rules::{Cx, Finding, OutageScope, Per, RuleParams, Totals, outages, unit, worst};
use crate::time::{Instant, Micros};
use std::collections::BTreeSet;

/// The flat figures.
pub(crate) fn budget(engine: &Engine, books: &Books, head_seq: Option<u64>) -> Budget {
    let contract = engine.contract();
    let totals: Vec<Totals> = engine.totals(books).collect();
    let statuses: Vec<Status> = totals.iter().map(|t| t.status).collect();
    let first =
        |is: fn(&RuleParams) -> bool| contract.clauses.iter().position(|c| is(&c.rule)).map(|i| &totals[i]);
    let long = first(|r| whole(r, |t| matches!(t, Threshold::AtLeast(_))));
    let short = first(|r| whole(r, |t| matches!(t, Threshold::Below(_))));
    let down = first(|r| matches!(r, RuleParams::Downtime(p) if is_whole(&p.scope)));
    let line = &engine.lines().list[0];
    let position = engine.position();
    Budget {
        as_of: position.as_of,
        known_at: position.known_at,
        status: worst(statuses.iter().copied()),
        long_count: long.and_then(|t| t.value),
        long_max: long.and_then(|t| t.limit),
        short_count: short.and_then(|t| t.value),
        short_max: short.and_then(|t| t.limit),
        pending_count: Some(line.timeline.counts(0, engine.long_from()).pending),
        downtime: down.and_then(|t| t.value),
        downtime_max: down.and_then(|t| t.limit),
        remaining: down.and_then(|t| Some(t.limit? - t.value?)),
        next_breach_at: totals.iter().filter_map(|t| t.forecast).min(),
        head_seq,
    }
}

/// Without `systems` or `per`.
fn is_whole(scope: &OutageScope) -> bool {
    scope.systems.is_empty() && scope.per == Per::Period
}
fn whole(rule: &RuleParams, class: fn(&Threshold) -> bool) -> bool {
    matches!(rule, RuleParams::OutageCount(p) if is_whole(&p.scope) && class(&p.threshold))
}

/// Every outage that shares an instant with the service period, by start.
pub(crate) fn rows(engine: &Engine, books: &Books) -> Vec<OutageRow> {
    let accounting = &engine.contract().accounting;
    let mut rows: Vec<OutageRow> = present(engine, books)
        .map(|(id, now)| OutageRow {
            subject: books.outages.subject(id).to_owned(),
            system: books.outages.word(books.outages.case(id).system).to_owned(),
            start: now.start,
            end: now.end.filter(|end| *end <= engine.position().as_of),
            impact: now.impact.to_owned(),
            attribution: now.attribution.to_owned(),
            cause: now.cause.map(str::to_owned),
            counted: now.counts(accounting),
            entry: books.outages.case(id).opening(),
        })
        .collect();
    rows.sort_by(|a, b| (a.start, &a.subject).cmp(&(b.start, &b.subject)));
    rows
}

/// The outages that are there and share an instant with the period.
fn present<'a>(engine: &'a Engine, books: &'a Books) -> impl Iterator<Item = (u32, OutageNow<'a>)> {
    let (lens, as_of, period) = (engine.lens(books), engine.position().as_of, engine.contract().period);
    let accounting = &engine.contract().accounting;
    (0..books.outages.len()).filter_map(move |id| {
        let now = books.outages.now(id, &lens, as_of, accounting, None)?;
        let end = now.end.map_or(as_of, |end| end.min(as_of));
        let shares = now.start < period.end && (end > period.start || now.start >= period.start);
        (now.start <= as_of && !now.void && shares).then_some((id, now))
    })
}

/// The whole document.
pub(crate) fn assessment(
    engine: &Engine,
    books: &Books,
    head: Option<HeadRef>,
    view: View,
) -> Result<Assessment> {
    let contract = engine.contract();
    let position = engine.position();
    let stamp = |at| Stamp { at, zone: contract.zone };
    let totals: Vec<Totals> = engine.totals(books).collect();
    let clauses: Vec<ClauseVerdict> =
        totals.iter().enumerate().map(|(i, t)| clause(&engine.cx(books, i), engine, i, t)).collect();
    let statuses: Vec<Status> = clauses.iter().map(|c| c.status).collect();
    let (unconfirmed, disputed) = words(engine, books);
    let mut waived: Vec<u64> = engine.waivers().collect();
    waived.sort_unstable();
    waived.dedup();
    Ok(Assessment {
        format: 1,
        contract: contract.id.clone(),
        contract_sm3: contract.sm3.clone(),
        holidays: holidays(engine),
        view,
        as_of: stamp(position.as_of),
        known_at: stamp(position.known_at),
        head,
        status: worst(statuses.iter().copied()),
        clauses,
        outages: outages_object(engine, books, &totals)?,
        remedies: remedies(books, &engine.lens(books), position.as_of).0,
        late: late(engine, books),
        unconfirmed,
        disputed,
        waived,
        faults: faults(engine, books),
    })
}

fn holidays(engine: &Engine) -> Vec<HolidayFile> {
    let sources = engine.tools().sources.iter().cloned();
    sources.map(|(id, sm3)| HolidayFile { id, sm3 }).collect()
}

fn clause(cx: &Cx<'_>, engine: &Engine, i: usize, totals: &Totals) -> ClauseVerdict {
    let (rule, clause) = (engine.rule(i), cx.clause);
    let (text_zh, text_en) = rule.sentence(cx, totals);
    let mut evidence = rule.evidence(cx);
    evidence.extend(&cx.waived.seqs);
    evidence.sort_unstable();
    evidence.dedup();
    let figure = |v: Option<i64>| {
        v.map(|v| match totals.unit {
            unit::POINTS => Figure::Points(decimal_text(v, totals.scale)),
            _ => Figure::Integer(v),
        })
    };
    // A limit of points is a least, every other one a most.
    let margin = totals.limit.zip(totals.value).map(|(limit, value)| match totals.unit {
        unit::POINTS => value - limit,
        _ => limit - value,
    });
    ClauseVerdict {
        id: clause.id.clone(),
        reference: clause.reference.clone(),
        rule: clause.rule.name(),
        status: totals.status,
        value: figure(totals.value),
        limit: figure(totals.limit),
        margin: figure(margin),
        unit: totals.value.map(|_| totals.unit),
        breaches: totals.breaches,
        breached_at: cx.stamp(totals.breached_at),
        forecast_breach_at: cx.stamp(totals.forecast),
        assumed: clause.assumed,
        text_zh,
        text_en,
        evidence,
        detail: rule.detail(cx),
    }
}

fn outages_object(engine: &Engine, books: &Books, totals: &[Totals]) -> Result<Outages> {
    let contract = engine.contract();
    let (as_of, period) = (engine.position().as_of, contract.period);
    let line = &engine.lines().list[0];
    let counts = line.timeline.counts(0, engine.long_from());
    let watched = books.watching.now(&engine.lens(books), as_of, &[]);
    let parts = line.divide(engine.lines(), &watched, period, as_of)?;
    let stamp = |at| Stamp { at, zone: contract.zone };
    let lens = engine.lens(books);
    let episodes = line.timeline.episodes(period).into_iter().map(|e| Episode {
        start: stamp(e.start),
        end: stamp(e.end),
        downtime_us: e.downtime,
        class: class(contract, e.downtime, e.open),
        open: e.open,
        counted: e.first_down.is_some_and(|t| period.contains(t)),
        outages: e.members.iter().map(|id| books.outages.subject(*id).to_owned()).collect(),
        evidence: outages::episode_evidence(books, engine.lines(), &lens, as_of, &e),
    });
    let first = |is: fn(&RuleParams) -> bool| {
        let clause = contract.clauses.iter().position(|c| is(&c.rule));
        clause.and_then(|i| totals[i].forecast).map(stamp)
    };
    Ok(Outages {
        episodes: episodes.collect(),
        long: counts.long,
        short: counts.short,
        pending: counts.pending,
        downtime_us: parts.down,
        planned_us: parts.planned,
        unknown_us: parts.unknown,
        availability_elapsed: ratio(parts.elapsed - parts.down, parts.elapsed),
        availability_eligible: ratio(
            parts.elapsed - parts.planned - parts.unknown - parts.down,
            parts.elapsed - parts.planned - parts.unknown,
        ),
        excluded: excluded(engine, books),
        forecast: OutageForecast {
            becomes_long_at: line.timeline.becomes_long_at(engine.long_from()).map(stamp),
            long_breach_at: first(
                |r| matches!(r, RuleParams::OutageCount(p) if matches!(p.threshold, Threshold::AtLeast(_))),
            ),
            downtime_breach_at: first(|r| matches!(r, RuleParams::Downtime(_))),
        },
    })
}

fn class(contract: &Contract, downtime: Micros, open: bool) -> &'static str {
    match downtime {
        0 => "none",
        d if d >= contract.accounting.long_from => "long",
        _ if open => "pending",
        _ => "short",
    }
}

/// `units / 10^scale` without trailing zeros.
pub(crate) fn decimal_text(units: i64, scale: u32) -> String {
    let one = 10u64.pow(scale);
    let (whole, part) = (units.unsigned_abs() / one, units.unsigned_abs() % one);
    let sign = if units < 0 { "-" } else { "" };
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let text = format!("{sign}{whole}.{part:0width$}", width = scale as usize);
    text.trim_end_matches('0').to_owned()
}

/// `part / whole` with nine digits, half up; none with nothing to divide by.
pub(crate) fn ratio(part: Micros, whole: Micros) -> Option<String> {
    const ONE: i128 = 1_000_000_000;
    if whole <= 0 {
        return None;
    }
    let whole = i128::from(whole);
    let units = (i128::from(part) * ONE * 2 + whole) / (2 * whole);
    let text = format!("{}.{:09}", units / ONE, units % ONE);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// Long and short outages and counted downtime of all systems inside the period.
#[cfg(feature = "report")]
pub(crate) fn outage_totals(engine: &Engine, books: &Books) -> Result<(i64, i64, Micros)> {
    let (as_of, period) = (engine.position().as_of, engine.contract().period);
    let line = &engine.lines().list[0];
    let counts = line.timeline.counts(0, engine.long_from());
    let watched = books.watching.now(&engine.lens(books), as_of, &[]);
    Ok((counts.long, counts.short, line.divide(engine.lines(), &watched, period, as_of)?.down))
}

/// Outages whose attribution does not count, and exclusions, inside the period.
fn excluded(engine: &Engine, books: &Books) -> Vec<Excluded> {
    let contract = engine.contract();
    let (accounting, as_of, period) = (&contract.accounting, engine.position().as_of, contract.period);
    let stamp = |at| Stamp { at, zone: contract.zone };
    let mut list: Vec<Excluded> = present(engine, books)
        .filter(|(_, now)| now.has_counted_impact(accounting) && now.excluded(accounting))
        .map(|(id, now)| Excluded {
            subject: books.outages.subject(id).to_owned(),
            start: stamp(now.start),
            end: now.end.filter(|end| *end <= as_of).map(stamp),
            cause: now.reason.or(now.cause).map(str::to_owned),
            entry: now.attributed_by,
        })
        .collect();
    for id in 0..books.windows.len() {
        let Some(now) = engine.lines().window(id).filter(|w| w.exclusion) else { continue };
        if !now.window.clip(period).is_empty() {
            let approve = &books.windows.case(id).approve;
            list.push(Excluded {
                subject: books.windows.subject(id).to_owned(),
                start: stamp(now.window.start),
                end: Some(stamp(now.window.end)),
                cause: approve.text("reason").map(str::to_owned),
                entry: approve.seq,
            });
        }
    }
    list.sort_by_key(|e| (e.start.at, e.entry));
    list
}

/// Entries that wait for the other party's word, and entries it disputes.
fn words(engine: &Engine, books: &Books) -> (Vec<u64>, Vec<u64>) {
    let lens = engine.lens(books);
    let accounting = &engine.contract().accounting;
    let mut waiting = BTreeSet::new();
    for id in 0..books.outages.len() {
        let case = books.outages.case(id);
        for (seq, kind, ..) in case.entries(&lens) {
            let away = if seq == case.opening() {
                case.attributes_away(&books.outages)
            } else {
                case.fixes().iter().any(|f| f.seq == seq && attributes_away(f))
            };
            if lens.wants_word(kind, away) {
                waiting.insert(seq);
            }
        }
        if lens.wants_lowering() && !case.fixes().is_empty() {
            waiting.extend(case.lowering(&books.outages, &lens, accounting));
        }
    }
    let windows = (0..books.windows.len()).flat_map(|id| books.windows.case(id).items());
    let subjects = (0..books.subjects.len()).flat_map(|id| &books.subjects.case(id).items);
    for item in windows.chain(subjects).chain(books.watching.items()) {
        if lens.knows(item.seq, item.recorded_at) && lens.wants_word(item.kind, attributes_away(item)) {
            waiting.insert(item.seq);
        }
    }
    for i in 0..engine.contract().clauses.len() {
        waiting.extend(engine.rule(i).waiting(&engine.cx(books, i)));
    }
    let unconfirmed =
        waiting.into_iter().filter(|seq| lens.standing(*seq) == Standing::Unconfirmed).collect();
    (unconfirmed, lens.disputed())
}

fn attributes_away(item: &Item) -> bool {
    item.text("attribution").is_some_and(|party| party != "supplier")
}

/// Facts recorded late that lower a count or a duration: the case with and without each.
fn late(engine: &Engine, books: &Books) -> Vec<u64> {
    let (lens, contract) = (engine.lens(books), engine.contract());
    let (as_of, after) = (engine.position().as_of, contract.accounting.late_after);
    let look = Look { lens, as_of, accounting: &contract.accounting };
    let is_late = |at: Instant, recorded: Instant| recorded - at > after;
    let mut seqs = BTreeSet::new();
    for id in 0..books.outages.len() {
        let entries = books.outages.case(id).entries(&lens).into_iter();
        let late =
            entries.filter(|(_, kind, at, rec)| is_late(*at, *rec) && crate::rules::acts(kind, *at, as_of));
        for (seq, ..) in late {
            let down = |without| engine.lines().downtime_of(id, books, &look, without, None);
            if down(None) < down(Some(seq)) {
                seqs.insert(seq);
            }
        }
    }
    for id in 0..books.windows.len() {
        let approve = &books.windows.case(id).approve;
        if lens.sees_item(approve)
            && is_late(approve.at, lens.item_recorded(approve))
            && engine.lines().takes_time(id, books, &look)
        {
            seqs.insert(approve.seq);
        }
    }
    for case in 0..books.subjects.len() {
        for item in &books.subjects.case(case).items {
            let there = lens.sees_item(item) && crate::rules::acts(item.kind, item.at, as_of);
            if !there || !is_late(item.at, lens.item_recorded(item)) {
                continue;
            }
            let lowers = |i: usize| engine.rule(i).lowers(&engine.cx(books, i), case, item.seq);
            if (0..contract.clauses.len()).any(lowers) {
                seqs.insert(item.seq);
            }
        }
    }
    for i in 0..contract.clauses.len() {
        seqs.extend(engine.rule(i).late(&engine.cx(books, i)));
    }
    seqs.into_iter().collect()
}

fn faults(engine: &Engine, books: &Books) -> Vec<Fault> {
    let position = engine.position();
    let accounting = &engine.contract().accounting;
    let known = |seq: u64| {
        seq <= position.limit && books.recorded_at(seq).is_some_and(|recorded| recorded <= position.known_at)
    };
    let mut found: Vec<Finding> = Vec::new();
    for refused in books.refused.iter().filter(|r| known(r.seq)) {
        let error = Error::new(refused.error.code(), refused.error.detail());
        found.push(Finding { seq: Some(refused.seq), subject: refused.subject.clone(), error });
    }
    let clocks = books.clock_faults.iter().filter(|seq| known(**seq));
    found.extend(clocks.map(|seq| Finding::new(Some(*seq), Code::ClockFault, "", "")));
    for (id, now) in present(engine, books) {
        let subject = books.outages.subject(id);
        if now.empty {
            found.push(Finding::new(
                Some(books.outages.case(id).opening()),
                Code::EndBeforeStart,
                subject,
                subject,
            ));
        }
        if now.has_counted_impact(accounting)
            && now.excluded(accounting)
            && now.reason.or(now.cause).is_none()
        {
            found.push(Finding::new(Some(now.attributed_by), Code::ExclusionNoCause, subject, subject));
        }
    }
    for i in 0..engine.contract().clauses.len() {
        found.extend(engine.rule(i).findings(&engine.cx(books, i)));
    }
    found.extend(remedies(books, &engine.lens(books), position.as_of).1);
    let mut faults: Vec<Fault> = found
        .into_iter()
        .map(|f| Fault {
            seq: f.seq,
            code: f.error.code().info().name,
            subject: f.subject,
            text_zh: f.error.text(Lang::Zh),
            text_en: f.error.text(Lang::En),
        })
        .collect();
    faults.sort_by(|a, b| (a.seq, a.code, &a.subject).cmp(&(b.seq, b.code, &b.subject)));
    faults.dedup();
    faults
}

/// `as_of` and `known_at` of a question. `last`: the last `recorded_at`. `follows`: the account follows a ledger, so that
/// the present is the host's clock; loose facts know all there is, so an `as_of` after the last of them is known too.
///
/// # Errors
/// `as-of-after-known-at`.
pub(crate) fn instants(ask: &Ask, last: Option<Instant>, follows: bool) -> Result<(Instant, Instant)> {
    let present = if follows { ask.now } else { ask.as_of };
    let known_at = ask.known_at.or(present.into_iter().chain(last).max()).unwrap_or_default();
    let as_of = ask.as_of.unwrap_or(known_at);
    if as_of > known_at {
        let text = |t| crate::time::canonical_instant(t).unwrap_or_else(|_| t.to_string());
        let detail = format!("as_of = {}, known_at = {}", text(as_of), text(known_at));
        return Err(Error::new(Code::AsOfAfterKnown, detail));
    }
    Ok((as_of, known_at))
}
