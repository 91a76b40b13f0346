//! What a PostgreSQL database has: tables with their definitions, sequences, extensions, and what is not read. A partitioned
//! table is its definition; its rows are read partition by partition, under the partitions' names.

use super::postgres::{Answer, Session};
use super::{About, Canon, Column, LeftOut, SequencePrint, Table, Why};
use crate::backup::{Problem, ProblemKind, Watch};
use crate::error::Result;
use std::collections::BTreeMap;

/// First object number that is not the system's own.
const FIRST_USER_OID: u32 = 16384;

/// A table on the way to its description, by its object number.
struct Draft {
    table: Table,
    /// Numbers of the columns in `table.columns`, and whether each refuses NULL.
    numbers: Vec<(String, bool)>,
    /// Keys and indexes: those of the definition that have no order of their own.
    others: Vec<String>,
    /// The key chosen so far, and its rank: the primary key before others, then by name.
    key: Option<(bool, String, Vec<usize>)>,
}

/// Fills in tables, sequences, extensions, remarks.
pub(super) fn describe(s: &mut Session, about: &mut About, watch: &mut Option<&mut Watch<'_>>) -> Result<()> {
    let mut drafts = relations(s, about, watch)?;
    columns(s, &mut drafts, watch)?;
    constraints(s, about, &mut drafts, watch)?;
    indexes(s, about, &mut drafts, watch)?;
    about.tables = drafts.into_values().map(finish).collect();
    large_objects(s, about, watch)?;
    about.tables.sort_by(|a, b| a.name.cmp(&b.name));
    about.left_out.sort_by(|a, b| a.name.cmp(&b.name));
    sequences(s, about, watch)?;
    let extensions = s.ask("SELECT extname, extversion FROM pg_extension", watch)?;
    about.extensions = extensions.into_iter().map(|row| (text(&row, 0), text(&row, 1))).collect();
    about.extensions.sort();
    Ok(())
}

fn text(row: &Answer, at: usize) -> String {
    row.get(at).cloned().flatten().unwrap_or_default()
}

/// A name as it stands in a statement.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn finish(mut draft: Draft) -> Table {
    draft.others.sort();
    draft.table.lines.append(&mut draft.others);
    draft.table.key = draft.key.map(|(_, _, key)| key).unwrap_or_default();
    draft.table
}

fn relations(
    s: &mut Session,
    about: &mut About,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<BTreeMap<String, Draft>> {
    let (partition, bound, of) = if s.version >= 100_000 {
        (
            "CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END",
            "pg_get_expr(c.relpartbound, c.oid)",
            "CASE WHEN c.relispartition THEN (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid) END",
        )
    } else {
        ("NULL", "NULL", "NULL")
    };
    // True where a policy of row security applies to this user: COPY would end with an error there.
    let hidden =
        if s.version >= 90_500 { "c.relrowsecurity AND row_security_active(c.oid)" } else { "false" };
    let rows = s.ask(
        &format!(
            "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, \
             has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AND NOT ({hidden}), \
             EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'), \
             {partition}, {bound}, {of} \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r','p','v','m','f') AND c.relpersistence <> 't' \
             AND (n.oid >= {FIRST_USER_OID} OR n.nspname = 'public') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        ),
        watch,
    )?;
    let mut drafts = BTreeMap::new();
    for row in rows {
        let (schema, relation, kind) = (text(&row, 1), text(&row, 2), text(&row, 3));
        let name = format!("{schema}.{relation}");
        let unlogged = text(&row, 4) == "u";
        let why = match kind.as_str() {
            "v" => Some(Why::View),
            "m" => Some(Why::MaterialisedView),
            "f" => Some(Why::ForeignTable),
            _ if text(&row, 6) == "t" => Some(Why::Extension),
            _ if unlogged && about.standby => Some(Why::Unlogged),
            _ if text(&row, 5) != "t" => Some(Why::NotAllowed),
            _ => None,
        };
        if let Some(why) = why {
            about.left_out.push(LeftOut { name, why });
            continue;
        }
        let mut others = Vec::new();
        if unlogged {
            others.push("unlogged".to_owned());
        }
        for (word, at) in [("partition by", 7), ("partition bound", 8), ("partition of", 9)] {
            if let Some(Some(value)) = row.get(at) {
                others.push(format!("{word} {value}"));
            }
        }
        let from = match kind.as_str() {
            "p" => String::new(),
            _ => format!("ONLY {}.{}", quoted(&schema), quoted(&relation)),
        };
        let table = Table { name, from, columns: Vec::new(), key: Vec::new(), lines: Vec::new() };
        drafts.insert(text(&row, 0), Draft { table, numbers: Vec::new(), others, key: None });
    }
    Ok(drafts)
}

fn columns(
    s: &mut Session,
    drafts: &mut BTreeMap<String, Draft>,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<()> {
    let generated = if s.version >= 120_000 { "a.attgenerated" } else { "''" };
    let identity = if s.version >= 100_000 { "a.attidentity" } else { "''" };
    // A domain's values look like those of the type below it.
    let rows = s.ask(
        &format!(
            "WITH RECURSIVE base(oid, typ) AS (SELECT oid, oid FROM pg_type WHERE typtype <> 'd' UNION ALL \
             SELECT t.oid, b.typ FROM pg_type t JOIN base b ON t.typbasetype = b.oid WHERE t.typtype = 'd') \
             SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), \
             (SELECT t.typname FROM base b JOIN pg_type t ON t.oid = b.typ WHERE b.oid = a.atttypid), a.attnotnull, \
             pg_get_expr(d.adbin, d.adrelid), {generated}, {identity}, \
             (SELECT l.collname FROM pg_collation l, pg_type t WHERE l.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
             WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r','p') AND c.relnamespace >= 2200 ORDER BY a.attrelid, a.attnum"
        ),
        watch,
    )?;
    for row in rows {
        let Some(draft) = drafts.get_mut(&text(&row, 0)) else { continue };
        let (name, kind, refuses) = (text(&row, 2), text(&row, 3), text(&row, 5) == "t");
        let mut line = format!("column {} {kind}", quoted(&name));
        if refuses {
            line.push_str(" not null");
        }
        if let Some(Some(default)) = row.get(6) {
            line.push_str(" default ");
            line.push_str(default);
        }
        for (word, at) in [("generated", 7), ("identity", 8), ("collate", 9)] {
            if let Some(value) = row.get(at).cloned().flatten().filter(|v| !v.is_empty()) {
                line.push_str(&format!(" {word} {value}"));
            }
        }
        draft.table.lines.push(line);
        // What is only computed when it is asked for is no content.
        if text(&row, 7) == "v" {
            continue;
        }
        let canon = match text(&row, 4).as_str() {
            "numeric" => Canon::Decimal,
            "float4" => Canon::Float4,
            "float8" => Canon::Float8,
            "timestamp" | "timestamptz" | "time" | "timetz" => Canon::Instant,
            "bytea" => Canon::Hex,
            _ => Canon::Text,
        };
        draft.numbers.push((text(&row, 1), refuses));
        draft.table.columns.push(Column { expression: quoted(&name), name, canon });
    }
    Ok(())
}

fn constraints(
    s: &mut Session,
    about: &mut About,
    drafts: &mut BTreeMap<String, Draft>,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<()> {
    let rows = s.ask(
        "SELECT conrelid, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint \
         WHERE conrelid <> 0 AND contype IN ('p','u','c','f','x')",
        watch,
    )?;
    for row in rows {
        let Some(draft) = drafts.get_mut(&text(&row, 0)) else { continue };
        draft.others.push(format!("constraint {} {}", quoted(&text(&row, 1)), text(&row, 2)));
        if text(&row, 3) != "t" {
            about.remarks.push(
                Problem::new(ProblemKind::ConstraintNotValidated, draft.table.name.clone())
                    .detail(text(&row, 1)),
            );
        }
    }
    Ok(())
}

fn indexes(
    s: &mut Session,
    about: &mut About,
    drafts: &mut BTreeMap<String, Draft>,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<()> {
    let keys = if s.version >= 110_000 { "i.indnkeyatts" } else { "i.indnatts" };
    let rows = s.ask(
        &format!(
            "SELECT i.indrelid, c.relname, pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisvalid, \
             i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL, i.indkey, {keys} \
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace >= 2200"
        ),
        watch,
    )?;
    for row in rows {
        let Some(draft) = drafts.get_mut(&text(&row, 0)) else { continue };
        let (name, valid) = (text(&row, 1), text(&row, 4) == "t");
        draft.others.push(format!("index {}", text(&row, 2)));
        if !valid {
            about
                .remarks
                .push(Problem::new(ProblemKind::IndexInvalid, draft.table.name.clone()).detail(name.clone()));
        }
        if !valid || text(&row, 5) != "t" {
            continue;
        }
        let count = text(&row, 7).parse().unwrap_or(0);
        let place = |number: &str| draft.numbers.iter().position(|(n, refuses)| n == number && *refuses);
        let columns: Option<Vec<usize>> = text(&row, 6).split(' ').take(count).map(place).collect();
        let Some(columns) = columns.filter(|c| !c.is_empty()) else { continue };
        let candidate = (text(&row, 3) != "t", name, columns);
        if draft.key.as_ref().is_none_or(|chosen| candidate < *chosen) {
            draft.key = Some(candidate);
        }
    }
    Ok(())
}

/// Large objects, page by page, as a table of their own.
fn large_objects(s: &mut Session, about: &mut About, watch: &mut Option<&mut Watch<'_>>) -> Result<()> {
    let name = "pg_catalog.pg_largeobject".to_owned();
    let row = s.ask(
        "SELECT has_table_privilege(oid, 'SELECT'), EXISTS (SELECT 1 FROM pg_largeobject_metadata) \
         FROM pg_class WHERE relname = 'pg_largeobject' AND relnamespace = 11",
        watch,
    )?;
    let Some(row) = row.first() else { return Ok(()) };
    match (text(row, 0) == "t", text(row, 1) == "t") {
        (false, true) => about.left_out.push(LeftOut { name, why: Why::NotAllowed }),
        (false, false) => {}
        (true, _) => {
            let column =
                |name: &str, canon| Column { name: name.to_owned(), expression: name.to_owned(), canon };
            about.tables.push(Table {
                from: name.clone(),
                name,
                columns: vec![
                    column("loid", Canon::Text),
                    column("pageno", Canon::Text),
                    column("data", Canon::Hex),
                ],
                key: vec![0, 1],
                lines: vec!["large objects".to_owned()],
            });
        }
    }
    Ok(())
}

fn sequences(s: &mut Session, about: &mut About, watch: &mut Option<&mut Watch<'_>>) -> Result<()> {
    if s.version < 100_000 {
        return Ok(());
    }
    let rows = s.ask(
        "SELECT schemaname || '.' || sequencename, last_value, increment_by FROM pg_sequences WHERE schemaname !~ '^pg_temp'",
        watch,
    )?;
    about.sequences = rows
        .iter()
        .map(|row| SequencePrint {
            name: text(row, 0),
            value: text(row, 1).parse().ok(),
            step: text(row, 2).parse().unwrap_or(1),
        })
        .collect();
    about.sequences.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}
