//! What a report states, as facts for the ledger. A fact holds 64 KiB at most, so problems are counted by kind and the first
//! ones named; the SM3 of the whole report stands in it, so that a saved report can be proved.

use super::status::SetStatus;
use super::{Fingerprint, Level, Report, Verdict};
use crate::digest::sm3_hex;
use crate::error::{Code, Error, Result};
use crate::facts::Fact;
use crate::time::{HOUR, Instant, MINUTE, Micros, SECOND, canonical_instant};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Problems, and places not covered, that are named.
const NAMED: usize = 10;
/// Longest text of a report in a fact, characters; the whole of it stands in the report.
const LONGEST: usize = 200;
/// Bytes of the names of what is present: with everything else, a fact keeps below its limit.
const MAX_PRESENT: usize = 40 * 1024;

/// The facts of a report; all of them go into one append.
pub(super) fn facts(report: &Report) -> Result<Vec<Fact>> {
    let sm3 = report.sm3();
    let kind = match report.operation {
        // A seal that failed made no backup.
        "seal" if report.verdict > Verdict::PassWithRemarks => return Ok(Vec::new()),
        "seal" => "backup.run",
        "drill" => "backup.drill",
        "compare" => "backup.compare",
        "status" => {
            let sets = report.status.iter().flat_map(|status| &status.sets);
            return sets.map(|set| listing(report, set, &sm3)).collect();
        }
        _ => "backup.verify",
    };
    let mut body = outcome(report, &sm3)?;
    detail(report, &mut body);
    let subject = match &report.run {
        Some(run) => run.clone(),
        None => named_by_time(report, report.set.as_deref().unwrap_or("set"))?,
    };
    Ok(vec![fact(kind, &subject, report.finished, &format!("{kind}/{sm3}"), &body)?])
}

/// `set@2026-11-25T02:00:00.000000Z`.
fn named_by_time(report: &Report, what: &str) -> Result<String> {
    Ok(format!("{what}@{}", canonical_instant(report.started)?))
}

/// One fact; its key makes a second append of the same report no second entry.
fn fact(kind: &str, subject: &str, at: Instant, key: &str, body: &Map<String, Value>) -> Result<Fact> {
    let text = json!({
        "kind": kind, "subject": subject, "at": canonical_instant(at)?, "key": key, "actor": { "party": "machine" }, "body": body,
    });
    Fact::parse(&text.to_string())
}

/// What every fact of a report says.
fn outcome(report: &Report, sm3: &str) -> Result<Map<String, Value>> {
    let mut body = Map::new();
    put(&mut body, "set", report.set.as_deref());
    put(&mut body, "level", Some(level(report.level)));
    put(&mut body, "verdict", Some(report.verdict.name()));
    put(&mut body, "started", Some(&canonical_instant(report.started)?));
    put(&mut body, "finished", Some(&canonical_instant(report.finished)?));
    put(&mut body, "digest", report.manifest_sm3.as_deref());
    put(&mut body, "signed_by", report.signed_by.as_deref());
    put(&mut body, "report_sm3", Some(sm3));
    let coverage = &report.coverage;
    for (name, number) in [
        ("files", coverage.files),
        ("files_read", coverage.files_read),
        ("bytes", coverage.bytes),
        ("bytes_read", coverage.bytes_read),
    ] {
        body.insert(name.into(), whole(number));
    }
    if !coverage.not_covered.is_empty() {
        let first: Vec<_> = coverage.not_covered.iter().take(NAMED).map(|u| cut(&u.path)).collect();
        body.insert("not_covered".into(), json!({ "places": coverage.not_covered.len(), "first": first }));
    }
    if report.problems_total > 0 {
        body.insert("problems".into(), problems(report));
    }
    Ok(body)
}

/// How many of each kind, and the first ones by name.
fn problems(report: &Report) -> Value {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for problem in &report.problems {
        *kinds.entry(problem.kind.name()).or_default() += 1;
    }
    // The worst first: a remark must not crowd out the damage.
    let mut worst: Vec<_> = report.problems.iter().collect();
    worst.sort_by_key(|p| std::cmp::Reverse(p.kind.weight()));
    let first = worst.iter().take(NAMED).map(|problem| {
        let mut shown = json!({ "kind": problem.kind.name(), "path": cut(&problem.path) });
        if let Some(at) = problem.at {
            shown["at"] = whole(at);
        }
        shown
    });
    let first: Vec<Value> = first.collect();
    json!({ "total": whole(report.problems_total), "kinds": kinds, "first": first })
}

/// What an operation adds of its own.
fn detail(report: &Report, body: &mut Map<String, Value>) {
    if let Some(source) = &report.source {
        body.insert("source".into(), fingerprint(source));
    }
    if let Some(drill) = &report.drill {
        body.insert("rto".into(), duration(drill.rto).into());
        body.insert("engine".into(), cut(&drill.engine).into());
        put(body, "engine_version", drill.version.as_deref());
        put(body, "expected_from", drill.expected_from);
        put(body, "log_sm3", Some(&drill.log_sm3));
        body.insert("tables_compared".into(), whole(drill.tables_compared));
        body.insert("tables_equal".into(), whole(drill.tables_equal));
        body.insert("rows".into(), whole(drill.rows));
        if let Some(limit) = drill.rto_limit {
            body.insert("rto_limit".into(), duration(limit).into());
        }
        if let Some(equal) = drill.digests_equal {
            body.insert("digests_equal".into(), equal.into());
        }
    }
    if let Some(rotation) = &report.rotation {
        body.insert(
            "rotation".into(),
            json!({ "manifest_sm3": rotation.manifest_sm3, "of": rotation.of, "next": rotation.next }),
        );
    }
}

/// What a database held: too long for a fact where there are many tables, so their digest.
fn fingerprint(source: &Fingerprint) -> Value {
    let rows = source.tables.iter().fold(0u64, |sum, table| sum.saturating_add(table.rows));
    let tables: String =
        source.tables.iter().map(|t| format!("{}\t{}\t{}\t{}\n", t.name, t.schema, t.rows, t.sum)).collect();
    let mut shown = json!({
        "engine": cut(&source.engine), "version": cut(&source.version), "one_point": source.one_point, "schema": source.schema,
        "tables": source.tables.len(), "rows": whole(rows), "sm3": sm3_hex(tables.as_bytes()),
    });
    if let Some(point) = &source.point {
        shown["point"] = cut(point).into();
    }
    shown
}

/// L0: what lies in a set's folder.
fn listing(report: &Report, set: &SetStatus, sm3: &str) -> Result<Fact> {
    let mut body = Map::new();
    put(&mut body, "set", Some(&set.set));
    put(&mut body, "level", Some(level(Level::L0)));
    put(&mut body, "verdict", Some(set.verdict.name()));
    put(&mut body, "started", Some(&canonical_instant(report.started)?));
    put(&mut body, "finished", Some(&canonical_instant(report.finished)?));
    put(&mut body, "report_sm3", Some(sm3));
    if let Some(present) = &set.present {
        let bytes: usize = present.iter().map(|name| name.len() + 3).sum();
        if bytes > MAX_PRESENT {
            return Err(Error::new(Code::TooLong, format!("{}: {} runs present", set.set, present.len()))
                .with_hints("split the set's folder, by year", "请按年份拆分该备份集的目录"));
        }
        body.insert("present".into(), json!(present));
    }
    let subject = named_by_time(report, &set.set)?;
    fact("backup.verify", &subject, report.finished, &format!("backup.verify/{}/{sm3}", set.set), &body)
}

fn level(level: Level) -> &'static str {
    match level {
        Level::L0 => "L0",
        Level::L1 => "L1",
        Level::L2 => "L2",
        Level::L3 => "L3",
        Level::L4 => "L4",
    }
}

fn put(body: &mut Map<String, Value>, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        body.insert(name.to_owned(), cut(text).into());
    }
}

/// At most so many characters.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// As facts write durations: `1h2m3s4us`.
fn duration(us: Micros) -> String {
    let mut rest = us.max(0);
    let mut text = String::new();
    for (unit, size) in [("h", HOUR), ("m", MINUTE), ("s", SECOND), ("us", 1)] {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// A fact's integers are within 2^53.
fn whole(number: u64) -> Value {
    number.min(crate::facts::MAX_INTEGER as u64).into()
}
