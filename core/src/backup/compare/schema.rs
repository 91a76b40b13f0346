//! What is compared before any row: tables, their definitions, sequences, extensions.

use crate::backup::source::{About, Table, Why};
use crate::backup::{CompareOptions, Problem, ProblemKind, Report};
use crate::error::{Code, Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of differing lines that are shown.
const SHOWN: usize = 4_000;

/// A table of both sides, or of one.
pub(super) struct Both<'a> {
    pub(super) name: &'a str,
    pub(super) platform: Option<&'a Table>,
    pub(super) standby: Option<&'a Table>,
}

/// The tables asked for, by name; what is left out is said.
pub(super) fn tables<'a>(
    options: &CompareOptions,
    platform: &'a About,
    standby: &'a About,
    report: &mut Report,
) -> Result<Vec<Both<'a>>> {
    let mut all: BTreeMap<&str, Both<'a>> = BTreeMap::new();
    for table in &platform.tables {
        all.insert(&table.name, Both { name: &table.name, platform: Some(table), standby: None });
    }
    for table in &standby.tables {
        all.entry(&table.name).or_insert(Both { name: &table.name, platform: None, standby: None }).standby =
            Some(table);
    }
    let mut unread = BTreeMap::new();
    for left in platform.left_out.iter().chain(&standby.left_out) {
        unread.insert(left.name.as_str(), left.why);
    }
    for name in options.tables.iter().chain(&options.ignore) {
        if !all.contains_key(name.as_str()) && !unread.contains_key(name.as_str()) {
            let near: Vec<&str> = all.keys().copied().take(30).collect();
            return Err(Error::new(Code::BadRequest, format!("table \"{name}\"")).with_hints(
                format!("tables: {}", near.join(", ")),
                format!("现有的表：{}", near.join("、")),
            ));
        }
    }
    let asked: BTreeSet<&str> = options.tables.iter().map(String::as_str).collect();
    let wanted = |name: &str| asked.is_empty() || asked.contains(name);
    for (name, why) in unread.iter().filter(|(name, _)| wanted(name)) {
        let (zh, en) = why.texts();
        report.leave_out(*name, zh, en);
        if *why == Why::NotAllowed {
            report.problem(Problem::new(ProblemKind::CannotRead, *name).detail(en));
        }
    }
    let mut chosen = Vec::new();
    for (name, both) in all {
        if options.ignore.iter().any(|ignored| ignored == name) {
            report.leave_out(name, "按要求不比对", "left out as asked");
        } else if !wanted(name) {
            report.leave_out(name, "未要求比对", "not asked for");
        } else if !unread.contains_key(name) {
            chosen.push(both);
        }
    }
    Ok(chosen)
}

/// Compares a table's definition; true when it is the same on both sides.
pub(super) fn definition(both: &Both<'_>, report: &mut Report) -> bool {
    match (both.platform, both.standby) {
        (Some(own), Some(other)) if own.lines == other.lines => true,
        (Some(own), Some(other)) => {
            let only = |lines: &[String], of: &[String], sign: &str| -> Vec<String> {
                lines.iter().filter(|line| !of.contains(line)).map(|line| format!("{sign} {line}")).collect()
            };
            let mut lines = only(&own.lines, &other.lines, "-");
            lines.extend(only(&other.lines, &own.lines, "+"));
            let mut detail = if lines.is_empty() { "order of columns".to_owned() } else { lines.join("\n") };
            if let Some((at, _)) = detail.char_indices().nth(SHOWN) {
                detail.truncate(at);
                detail.push('…');
            }
            report.problem(
                Problem::new(ProblemKind::SchemaDiffers, both.name)
                    .with(own.schema(), other.schema())
                    .detail(detail),
            );
            false
        }
        (own, _) => {
            let kind = if own.is_some() { ProblemKind::TableMissing } else { ProblemKind::TableExtra };
            report.problem(Problem::new(kind, both.name));
            false
        }
    }
}

/// Compares sequences and extensions, and hands on what the servers say of themselves.
pub(super) fn others(platform: &About, standby: &About, report: &mut Report) {
    for own in &platform.sequences {
        let shown = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |v| v.to_string());
        match standby.sequences.iter().find(|other| other.name == own.name) {
            None => report.problem(Problem::new(ProblemKind::SequenceMissing, &own.name)),
            Some(other) if other.behind(own) => report.problem(
                Problem::new(ProblemKind::SequenceBehind, &own.name)
                    .with(shown(own.value), shown(other.value)),
            ),
            Some(_) => {}
        }
    }
    for (name, version) in &platform.extensions {
        match standby.extensions.iter().find(|(other, _)| other == name) {
            None => report.problem(Problem::new(ProblemKind::ExtensionMissing, name)),
            Some((_, other)) if other != version => {
                report.problem(Problem::new(ProblemKind::ExtensionDiffers, name).with(version, other));
            }
            Some(_) => {}
        }
    }
    for (side, about) in [("platform", platform), ("standby", standby)] {
        for remark in &about.remarks {
            let detail = remark.detail.clone().unwrap_or_default();
            report.problem(Problem { detail: Some(format!("{side}: {detail}")), ..remark.clone() });
        }
    }
}
