//! SQLite files, read-only, in one transaction. A field begins with the letter of its storage class: in SQLite a column holds
//! any, and `1` is not `'1'`.

use super::{About, Canon, Column, LeftOut, Row, SequencePrint, Source, Table, Why};
use crate::backup::Watch;
use crate::digest::hex;
use crate::error::{Code, Error, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::io::Write;
use std::time::Duration;

/// How long a writer that holds the file is waited for.
const BUSY: Duration = Duration::from_secs(20);

/// An open file.
pub(super) struct Sqlite {
    connection: Connection,
    about: About,
    shown: String,
}

/// Opens a file and begins to read.
pub(super) fn open(path: &str) -> Result<Sqlite> {
    let refused = |error: rusqlite::Error| Error::new(Code::SourceRefused, format!("sqlite:{path}: {error}"));
    let real = std::fs::canonicalize(path)
        .map_err(|error| Error::new(Code::Io, format!("sqlite:{path}: {error}")))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&real, flags).map_err(refused)?;
    connection.busy_timeout(BUSY).map_err(refused)?;
    connection
        .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; BEGIN")
        .map_err(refused)?;
    let about = describe(&connection, &real.to_string_lossy()).map_err(refused)?;
    Ok(Sqlite { connection, about, shown: format!("sqlite:{path}") })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn describe(c: &Connection, path: &str) -> rusqlite::Result<About> {
    let mut about = About {
        engine: "sqlite",
        version: rusqlite::version().to_owned(),
        identity: path.to_owned(),
        one_point: true,
        reached: true,
        ..About::default()
    };
    let mut list = c.prepare(
        "SELECT name, type, sql FROM sqlite_schema WHERE type IN ('table','view') AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\') ORDER BY name",
    )?;
    let rows = list.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    for row in rows {
        let (name, kind, sql) = row?;
        let virtual_table = sql.is_some_and(|sql| {
            sql.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("create virtual"))
        });
        match (kind.as_str(), virtual_table) {
            ("view", _) => about.left_out.push(LeftOut { name, why: Why::View }),
            (_, true) => about.left_out.push(LeftOut { name, why: Why::VirtualTable }),
            _ => about.tables.push(table(c, name)?),
        }
    }
    about.tables.sort_by(|a, b| a.name.cmp(&b.name));
    let has: bool = c.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence')",
        [],
        |row| row.get(0),
    )?;
    if has {
        let mut list =
            c.prepare("SELECT name, seq FROM sqlite_sequence WHERE name IS NOT NULL ORDER BY name")?;
        let rows =
            list.query_map([], |row| Ok(SequencePrint { name: row.get(0)?, value: row.get(1)?, step: 1 }))?;
        about.sequences = rows.collect::<rusqlite::Result<_>>()?;
    }
    Ok(about)
}

fn table(c: &Connection, name: String) -> rusqlite::Result<Table> {
    let mut table =
        Table { from: quoted(&name), name, columns: Vec::new(), key: Vec::new(), lines: Vec::new() };
    let mut list = c.prepare(
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid",
    )?;
    let rows = list.query_map([&table.name], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, bool>(2)?,
            row.get::<_, Option<String>>(3)?,
            row.get::<_, u32>(4)?,
            row.get::<_, u32>(5)?,
        ))
    })?;
    let mut key = Vec::new();
    for row in rows {
        let (column, kind, refuses, default, pk, hidden) = row?;
        let mut line = format!("column {} {kind}", quoted(&column));
        if refuses {
            line.push_str(" not null");
        }
        if let Some(default) = default {
            line.push_str(&format!(" default {default}"));
        }
        if hidden > 0 {
            line.push_str(&format!(" hidden {hidden}"));
        }
        table.lines.push(line);
        // 1: of a virtual table, 2: computed when asked for.
        if matches!(hidden, 1 | 2) {
            continue;
        }
        if pk > 0 {
            key.push((pk, table.columns.len()));
        }
        table.columns.push(Column { expression: quoted(&column), name: column, canon: Canon::Text });
    }
    key.sort_unstable();
    table.key = key.iter().map(|(_, at)| *at).collect();
    let mut others = Vec::new();
    if !key.is_empty() {
        let names: Vec<String> = table.key.iter().map(|&at| quoted(&table.columns[at].name)).collect();
        others.push(format!("primary key {}", names.join(", ")));
    }
    let mut list = c.prepare("SELECT l.name, l.\"unique\", l.partial, group_concat(coalesce(i.name, '<expression>') || ' ' || i.coll || ' ' || i.desc, ', '), \
         (SELECT s.sql FROM sqlite_schema s WHERE s.type = 'index' AND s.name = l.name) \
         FROM pragma_index_list(?1) l JOIN pragma_index_xinfo(l.name) i ON i.key = 1 GROUP BY l.name")?;
    let rows = list.query_map([&table.name], |row| {
        let (name, unique): (String, bool) = (row.get(0)?, row.get(1)?);
        let (columns, sql): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(match sql {
            Some(sql) => format!("index {sql}"),
            None => format!("index {} {} ({columns})", quoted(&name), if unique { "unique" } else { "" }),
        })
    })?;
    for row in rows {
        others.push(row?);
    }
    let mut list = c.prepare(
        "SELECT id, seq, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list(?1)",
    )?;
    let rows = list.query_map([&table.name], |row| {
        let text = |at| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
        Ok(format!(
            "foreign key {} {} {} -> {} {} {} {}",
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            text(3)?,
            text(2)?,
            text(4)?,
            text(5)?,
            text(6)?
        ))
    })?;
    for row in rows {
        others.push(row?);
    }
    others.sort();
    table.lines.append(&mut others);
    // CHECK, COLLATE, STRICT, WITHOUT ROWID, generated expressions stand nowhere but in the statement.
    let sql: Option<String> = c.query_row(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
        [&table.name],
        |row| row.get(0),
    )?;
    let words: Vec<&str> = sql.as_deref().unwrap_or_default().split_ascii_whitespace().collect();
    table.lines.push(format!("statement {}", words.join(" ")));
    Ok(table)
}

impl Source for Sqlite {
    fn about(&self) -> &About {
        &self.about
    }

    fn snapshot(&mut self) -> Result<Option<String>> {
        Ok(None)
    }

    fn read(
        &mut self,
        table: &Table,
        watch: &mut Watch<'_>,
        each: &mut dyn FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let refused = |error: rusqlite::Error| {
            Error::new(Code::SourceRefused, format!("{}: {}: {error}", self.shown, table.name))
        };
        let columns: Vec<&str> = table.columns.iter().map(|c| c.expression.as_str()).collect();
        let select = format!("SELECT {} FROM {}", columns.join(", "), table.from);
        let mut statement = self.connection.prepare(&select).map_err(refused)?;
        let mut rows = statement.query([]).map_err(refused)?;
        let (mut row, mut field, mut unread) = (Row::default(), Vec::new(), 0u64);
        while let Some(values) = rows.next().map_err(refused)? {
            row.clear();
            for at in 0..table.columns.len() {
                field.clear();
                match values.get_ref(at).map_err(refused)? {
                    ValueRef::Null => {
                        row.null();
                        continue;
                    }
                    ValueRef::Integer(value) => {
                        let _ = write!(field, "i{value}");
                    }
                    ValueRef::Real(value) => {
                        let _ = write!(field, "r{value:e}");
                    }
                    ValueRef::Text(text) => {
                        field.push(b't');
                        field.extend_from_slice(text);
                    }
                    ValueRef::Blob(bytes) => {
                        field.push(b'b');
                        field.extend_from_slice(hex(bytes).as_bytes());
                    }
                }
                unread += field.len() as u64;
                row.field(Canon::Text, &field);
            }
            // Told now and then: once a row would cost more than the row.
            if unread >= 64 * 1024 {
                watch.reading(std::mem::take(&mut unread))?;
            }
            each(&row)?;
        }
        watch.reading(unread)
    }
}
