//! Read-only SQL for the caller. In: one statement. Out: a table. Nothing it can say writes, attaches or changes the connection.

use super::Table;
use super::db::Db;
use super::store::Store;
use crate::digest::hex;
use crate::error::{Code, Error, Result};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;
use serde_json::Value;

/// Pragmas that only tell something, with or without an argument.
const TELLING: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "quick_check",
    "integrity_check",
];
/// Pragmas that only tell something while they have no argument.
const ASKING: &[&str] =
    &["application_id", "user_version", "schema_version", "page_count", "page_size", "encoding"];

/// Answers one query.
pub(super) fn answer(store: &Store, query: &str) -> Result<Table> {
    store.read(|db| db.query(query))
}

impl Db {
    fn query(&mut self, query: &str) -> Result<Table> {
        let connection = self.raw();
        connection.authorizer(Some(may)).map_err(|e| refused(&e))?;
        let answer = run(connection, query);
        connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(|e| refused(&e))?;
        answer
    }
}

/// What a query may do: read, and compute.
fn may(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if function_name != "load_extension" => Authorization::Allow,
        AuthAction::Pragma { pragma_name, pragma_value } => {
            let tells =
                TELLING.contains(&pragma_name) || (ASKING.contains(&pragma_name) && pragma_value.is_none());
            if tells { Authorization::Allow } else { Authorization::Deny }
        }
        _ => Authorization::Deny,
    }
}

fn run(connection: &rusqlite::Connection, query: &str) -> Result<Table> {
    let mut statement = connection.prepare(query).map_err(|e| refused(&e))?;
    if !statement.readonly() {
        return Err(Error::new(Code::NotReadOnly, query));
    }
    if statement.column_count() == 0 {
        return Err(Error::new(Code::BadRequest, format!("{query:?} asks nothing")));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut table = Table { rows: Vec::new(), columns };
    let mut rows = statement.query([]).map_err(|e| refused(&e))?;
    while let Some(row) = rows.next().map_err(|e| refused(&e))? {
        let cells = (0..table.columns.len()).map(|i| row.get_ref(i).map(cell));
        table.rows.push(cells.collect::<rusqlite::Result<_>>().map_err(|e| refused(&e))?);
    }
    Ok(table)
}

fn cell(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => n.into(),
        ValueRef::Real(x) => x.to_string().into(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into(),
        ValueRef::Blob(bytes) => hex(bytes).into(),
    }
}

fn refused(e: &rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{AuthorizationForStatementDenied, DatabaseBusy, DatabaseCorrupt, ReadOnly};
    let code = match e.sqlite_error_code() {
        Some(AuthorizationForStatementDenied | ReadOnly) => Code::NotReadOnly,
        // A function that is not allowed has no code of its own.
        _ if e.to_string().contains("not authorized") => Code::NotReadOnly,
        Some(DatabaseBusy) => Code::Busy,
        Some(DatabaseCorrupt) => Code::Corrupt,
        _ => Code::BadRequest,
    };
    Error::new(code, e.to_string())
}
