//! What a MariaDB or MySQL database has.

use super::mariadb::Session;
use super::{About, Canon, Column, LeftOut, SequencePrint, Table, Why};
use crate::backup::{Problem, ProblemKind, Watch};
use crate::error::Result;
use std::collections::BTreeMap;

/// Engines whose tables take part in a snapshot.
const TRANSACTIONAL: &[&str] = &["innodb", "rocksdb", "tokudb", "myrocks", "ndbcluster"];
/// Character sets that are read as they stand: nothing is lost on the way to UTF-8.
const UNICODE: &[&str] = &["utf8mb4", "utf8mb3", "utf8", "ascii", ""];

/// A name as it stands in a statement.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// An expression that is never NULL.
fn or_nothing(expression: &str) -> String {
    format!("IFNULL({expression}, '')")
}

/// Fills in tables, sequences, remarks.
pub(super) fn describe(s: &mut Session, about: &mut About, watch: &mut Option<&mut Watch<'_>>) -> Result<()> {
    let mut tables = BTreeMap::new();
    let mut sequences = Vec::new();
    about.one_point = true;
    let rows = s.ask(
        "SELECT 'r', TABLE_NAME, TABLE_TYPE, IFNULL(ENGINE, ''), IFNULL(TABLE_COLLATION, ''), IFNULL(CREATE_OPTIONS, '') \
         FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
        watch,
    )?;
    for row in rows {
        let [name, kind, engine, collation, options] = row.as_slice() else { continue };
        match kind.as_str() {
            "BASE TABLE" | "SYSTEM VERSIONED" => {
                if !TRANSACTIONAL.contains(&engine.to_ascii_lowercase().as_str()) {
                    about.one_point = false;
                    about
                        .remarks
                        .push(Problem::new(ProblemKind::NotInSnapshot, name.clone()).detail(engine.clone()));
                }
                let lines = vec![format!("table {engine} {collation} {}", options.trim())];
                let table = Table {
                    name: name.clone(),
                    from: quoted(name),
                    columns: Vec::new(),
                    key: Vec::new(),
                    lines,
                };
                tables.insert(name.clone(), table);
            }
            "SEQUENCE" => sequences.push(name.clone()),
            _ => about.left_out.push(LeftOut { name: name.clone(), why: Why::View }),
        }
    }
    let nullable = columns(s, &mut tables, watch)?;
    let mut others = indexes(s, &mut tables, &nullable, watch)?;
    references(s, &mut others, watch)?;
    for (name, table) in &mut tables {
        let mut lines = others.remove(name).unwrap_or_default();
        lines.sort();
        table.lines.append(&mut lines);
    }
    about.tables = tables.into_values().collect();
    sequences.sort();
    for name in sequences {
        let row =
            s.ask(&format!("SELECT 'r', next_not_cached_value, increment FROM {}", quoted(&name)), watch)?;
        let number = |at: usize| row.first().and_then(|r| r.get(at)).and_then(|v| v.parse::<i64>().ok());
        about.sequences.push(SequencePrint { value: number(0), step: number(1).unwrap_or(1), name });
    }
    about.left_out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}

/// Reads the columns; hands back those that may be NULL, by table.
fn columns(
    s: &mut Session,
    tables: &mut BTreeMap<String, Table>,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<BTreeMap<String, Vec<String>>> {
    let mut nullable: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let optional =
        ["COLUMN_DEFAULT", "EXTRA", "CHARACTER_SET_NAME", "COLLATION_NAME", "GENERATION_EXPRESSION"];
    let optional: Vec<String> = optional.iter().map(|c| or_nothing(c)).collect();
    let rows = s.ask(
        &format!(
            "SELECT 'r', TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, IS_NULLABLE, COLUMN_DEFAULT IS NULL, {} \
             FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION",
            optional.join(", ")
        ),
        watch,
    )?;
    for row in rows {
        let [of, name, kind, data, null, no_default, default, extra, charset, collation, generated] =
            row.as_slice()
        else {
            continue;
        };
        let Some(table) = tables.get_mut(of) else { continue };
        let mut line = format!("column {} {kind}", quoted(name));
        if null == "YES" {
            nullable.entry(of.clone()).or_default().push(name.clone());
        } else {
            line.push_str(" not null");
        }
        if no_default == "0" {
            line.push_str(&format!(" default {default}"));
        }
        for part in [extra, charset, collation, generated] {
            if !part.is_empty() {
                line.push_str(&format!(" {part}"));
            }
        }
        table.lines.push(line);
        // What is only computed when it is asked for is no content.
        if extra.to_ascii_uppercase().contains("VIRTUAL") {
            continue;
        }
        let own = quoted(name);
        let (expression, canon) = match data.to_ascii_lowercase().as_str() {
            // The engine shows six digits of a FLOAT; as a DOUBLE all of them.
            "float" => (format!("{own} + 0e0"), Canon::Float8),
            "double" => (own, Canon::Float8),
            "decimal" => (own, Canon::Decimal),
            "timestamp" | "datetime" | "time" => (own, Canon::Instant),
            "bit" => (format!("{own} + 0"), Canon::Text),
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry"
            | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
            | "geometrycollection" | "geomcollection" | "vector" => (own, Canon::Bytes),
            // A character that UTF-8 has no place for would be a question mark on both sides.
            _ if !UNICODE.contains(&charset.as_str()) => (format!("CAST({own} AS BINARY)"), Canon::Text),
            _ => (own, Canon::Text),
        };
        table.columns.push(Column { name: name.clone(), expression, canon });
    }
    Ok(nullable)
}

/// Reads the indexes, chooses the keys; hands back lines by table.
fn indexes(
    s: &mut Session,
    tables: &mut BTreeMap<String, Table>,
    nullable: &BTreeMap<String, Vec<String>>,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<BTreeMap<String, Vec<String>>> {
    let rows = s.ask(
        "SELECT 'r', TABLE_NAME, INDEX_NAME, NON_UNIQUE, IFNULL(COLUMN_NAME, ''), IFNULL(SUB_PART, ''), INDEX_TYPE \
         FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
        watch,
    )?;
    // By table and index: unique, type, columns with the length that is indexed.
    /// Unique or not, its type, its columns with their lengths.
    type Index = (bool, String, Vec<(String, String)>);
    let mut found: BTreeMap<(String, String), Index> = BTreeMap::new();
    for row in rows {
        let [of, name, non_unique, column, part, kind] = row.as_slice() else { continue };
        let entry = found
            .entry((of.clone(), name.clone()))
            .or_insert_with(|| (non_unique == "0", kind.clone(), Vec::new()));
        entry.2.push((column.clone(), part.clone()));
    }
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut chosen: BTreeMap<String, (bool, String, Vec<usize>)> = BTreeMap::new();
    for ((of, name), (unique, kind, columns)) in found {
        let Some(table) = tables.get(&of) else { continue };
        let shown: Vec<String> = columns.iter().map(|(c, part)| format!("{}({part})", quoted(c))).collect();
        let word = if unique { "unique index" } else { "index" };
        lines.entry(of.clone()).or_default().push(format!(
            "{word} {} {kind} {}",
            quoted(&name),
            shown.join(", ")
        ));
        let free = |column: &String| nullable.get(&of).is_none_or(|list| !list.contains(column));
        let place = |(column, part): &(String, String)| {
            let at = table.columns.iter().position(|c| c.name == *column)?;
            (part.is_empty() && free(column)).then_some(at)
        };
        let places: Option<Vec<usize>> = columns.iter().map(place).collect();
        if let Some(places) = places.filter(|_| unique) {
            let candidate = (name != "PRIMARY", name, places);
            let best = chosen.entry(of).or_insert_with(|| candidate.clone());
            if candidate < *best {
                *best = candidate;
            }
        }
    }
    for (of, (_, _, places)) in chosen {
        if let Some(table) = tables.get_mut(&of) {
            table.key = places;
        }
    }
    Ok(lines)
}

/// Foreign keys and checks.
fn references(
    s: &mut Session,
    lines: &mut BTreeMap<String, Vec<String>>,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<()> {
    let rows = s.ask(
        "SELECT 'r', TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME \
         FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL \
         ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION",
        watch,
    )?;
    for row in rows {
        let [of, name, column, table, to] = row.as_slice() else { continue };
        lines.entry(of.clone()).or_default().push(format!("foreign key {name} {column} -> {table} {to}"));
    }
    let present = s.one(
        "(SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' \
         AND TABLE_NAME = 'CHECK_CONSTRAINTS' AND COLUMN_NAME = 'TABLE_NAME')",
        watch,
    )?;
    if present != "0" {
        let rows = s.ask(
            "SELECT 'r', TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS \
             WHERE CONSTRAINT_SCHEMA = DATABASE()",
            watch,
        )?;
        for row in rows {
            let [of, name, clause] = row.as_slice() else { continue };
            lines.entry(of.clone()).or_default().push(format!("check {name} {clause}"));
        }
    }
    Ok(())
}
