//! PostgreSQL and what speaks its protocol and brings a client like psql.

use super::address::{Address, mask};
use super::client::{Client, find};
use super::{About, After, Row, Source, Table, postgres_tables};
use crate::backup::Watch;
use crate::error::{Code, Error, Result};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Clients, the first found is taken: psql, those of openGauss and of Kingbase.
const CLIENTS: &[&str] = &["psql", "gsql", "ksql"];
/// A line that COPY cannot write: it doubles every backslash of a value.
const END: &str = "\\~end";
/// How long a standby is given between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a WAL page, and of the headers a page may begin with.
const WAL_PAGE: u64 = 8192;
const WAL_HEADERS: [u64; 2] = [24, 40];

/// What values look like, whatever the server's or the user's settings are.
const SETTINGS: &[(&str, &str)] = &[
    ("client_encoding", "UTF8"),
    ("DateStyle", "ISO, YMD"),
    ("TimeZone", "UTC"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("lc_monetary", "C"),
    ("xmloption", "content"),
    ("search_path", "pg_catalog"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("transaction_timeout", "0"),
    // Rows that a policy hides are an error, not a smaller table.
    ("row_security", "off"),
    ("synchronize_seqscans", "off"),
];

/// A session of a client.
pub(super) struct Session {
    client: Client,
    /// Functions the server has, of those that are asked for.
    functions: Vec<String>,
    /// `server_version_num`.
    pub(super) version: u32,
}

/// A row of a small answer.
pub(super) type Answer = Vec<Option<String>>;

impl Session {
    /// Hands each line of an answer over.
    fn lines(
        &mut self,
        select: &str,
        watch: &mut Option<&mut Watch<'_>>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.client.send(&format!("COPY ({select}) TO STDOUT;\n\\echo '\\{END}'\n"))?;
        loop {
            self.client.advance(watch)?;
            if self.client.line() == END.as_bytes() {
                self.client.answered();
                return Ok(());
            }
            each(self.client.line())?;
        }
    }
    /// A small answer.
    pub(super) fn ask(&mut self, select: &str, watch: &mut Option<&mut Watch<'_>>) -> Result<Vec<Answer>> {
        let mut rows = Vec::new();
        let mut field = Vec::new();
        self.lines(select, watch, &mut |line| {
            rows.push(
                line.split(|&b| b == b'\t')
                    .map(|raw| {
                        unescape(raw, &mut field).then(|| String::from_utf8_lossy(&field).into_owned())
                    })
                    .collect(),
            );
            Ok(())
        })?;
        Ok(rows)
    }
    /// One value.
    fn one(&mut self, select: &str, watch: &mut Option<&mut Watch<'_>>) -> Result<Option<String>> {
        Ok(self.ask(select, watch)?.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }
    /// The first of these functions that the server has: names changed with version 10.
    fn function(&self, names: &[&str]) -> Option<String> {
        names.iter().find(|name| self.functions.iter().any(|f| f == *name)).map(|name| (*name).to_owned())
    }
    /// Where the log is: what was written on a primary, what was replayed on a standby.
    fn position(&mut self, standby: bool, watch: &mut Option<&mut Watch<'_>>) -> Result<Option<String>> {
        let names: &[&str] = if standby {
            &["pg_last_wal_replay_lsn", "pg_last_xlog_replay_location"]
        } else {
            &["pg_current_wal_insert_lsn", "pg_current_xlog_insert_location"]
        };
        match self.function(names) {
            Some(name) => self.one(&format!("SELECT {name}()"), watch),
            None => Ok(None),
        }
    }
}

/// Undoes COPY's escapes; false: NULL.
fn unescape(raw: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    if raw == b"\\N" {
        return false;
    }
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        match rest.get(at + 1) {
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'v') => out.push(11),
            Some(&other) => out.push(other),
            None => out.push(b'\\'),
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    true
}

/// An LSN as a number, what a page begins with not counted: a primary names the place after it, a standby that before.
fn lsn(text: &str) -> Option<u64> {
    let (high, low) = text.split_once('/')?;
    let at = u64::from_str_radix(high, 16).ok()? << 32 | u64::from_str_radix(low, 16).ok()?;
    let into = at % WAL_PAGE;
    Some(if WAL_HEADERS.contains(&into) { at - into } else { at })
}

/// True when two texts name one place of the log.
pub(super) fn same_point(one: &str, other: &str) -> bool {
    lsn(one).is_some() && lsn(one) == lsn(other)
}

/// An open database.
pub(super) struct Postgres {
    session: Session,
    about: About,
    exported: Option<String>,
}

/// Opens a session, waits for `after` where it is a standby of that family, and begins to read.
pub(super) fn open(
    source: &str,
    programs: Option<&Path>,
    snapshot: Option<&str>,
    after: Option<&After>,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<Postgres> {
    let mut session = start(source, programs, watch)?;
    let mut about = describe(&mut session, watch)?;
    about.reached = true;
    if let Some(after) = after
        && about.standby
        && about.family.is_some()
        && about.family == after.family
    {
        about.reached = wait(&mut session, after, watch)?;
        about.ahead = about.reached;
    }
    let before = session.position(about.standby, watch)?;
    begin(&mut session, snapshot, watch)?;
    let now = session.position(about.standby, watch)?;
    about.exact = snapshot.is_none()
        && before.as_deref().and_then(lsn).is_some()
        && before.as_deref().and_then(lsn) == now.as_deref().and_then(lsn);
    about.point = now;
    about.one_point = true;
    if about.standby && session.function(&["pg_last_xact_replay_timestamp"]).is_some() {
        let lag = "SELECT floor(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000000)::bigint";
        about.lag_us = session.one(lag, watch)?.and_then(|t| t.parse().ok());
    }
    postgres_tables::describe(&mut session, &mut about, watch)?;
    about.until = session.position(about.standby, watch)?;
    Ok(Postgres { session, about, exported: snapshot.map(str::to_owned) })
}

/// Starts the client and fixes what values look like.
fn start(source: &str, programs: Option<&Path>, watch: &mut Option<&mut Watch<'_>>) -> Result<Session> {
    let mut address = Address::parse(source)?;
    let program = match address.take("client") {
        Some(client) if client.contains('/') => client.into(),
        Some(client) => find(&[&client], programs)?,
        None => find(CLIENTS, programs)?,
    };
    let mut command = Command::new(program);
    command
        .args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", &conninfo(&address)])
        .env_remove("PGOPTIONS")
        .env("PGAPPNAME", "opsledger")
        .env("PGCLIENTENCODING", "UTF8");
    if std::env::var_os("PGCONNECT_TIMEOUT").is_none() {
        command.env("PGCONNECT_TIMEOUT", "20");
    }
    // Nobody is there to type one.
    if command.get_program().to_string_lossy().ends_with("psql") {
        command.arg("-w");
    }
    if let Some(password) = &address.password {
        command.env("PGPASSWORD", password);
    }
    let client = Client::start(command, &mask(source), address.password.clone())?;
    let mut session = Session { client, functions: Vec::new(), version: 0 };
    let values: Vec<String> =
        SETTINGS.iter().map(|(name, value)| format!("('{}','{value}')", name.to_lowercase())).collect();
    session.ask(
        &format!(
            "SELECT pg_catalog.set_config(s.name, v.value, false) FROM (VALUES {}) v(name, value) \
             JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = v.name",
            values.join(",")
        ),
        watch,
    )?;
    session.version = session
        .one("SELECT current_setting('server_version_num')", watch)?
        .and_then(|v| v.parse().ok())
        .unwrap_or(0);
    let wanted = "'pg_current_wal_insert_lsn','pg_current_xlog_insert_location','pg_last_wal_replay_lsn',\
                  'pg_last_xlog_replay_location','pg_control_system','pg_export_snapshot','pg_last_xact_replay_timestamp',\
                  'row_security_active'";
    let functions = session.ask(
        &format!("SELECT DISTINCT proname FROM pg_proc WHERE proname IN ({wanted}) AND has_function_privilege(oid, 'EXECUTE')"),
        watch,
    )?;
    session.functions = functions.into_iter().flatten().flatten().collect();
    Ok(session)
}

/// The address for the client's `-d`, without the password: command lines can be seen by everybody.
fn conninfo(address: &Address) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    let fixed = [
        ("user", address.user.clone()),
        ("host", address.host.clone()),
        ("port", address.port.map(|p| p.to_string())),
        ("dbname", address.database.clone()),
    ];
    for (key, value) in fixed {
        if let Some(value) = value.filter(|_| !address.settings.iter().any(|(k, _)| k == key)) {
            parts.push((key.to_owned(), value));
        }
    }
    parts.extend(address.settings.iter().cloned());
    let quoted = |value: &str| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"));
    parts.iter().map(|(key, value)| format!("{key}={}", quoted(value))).collect::<Vec<_>>().join(" ")
}

/// Who it is.
fn describe(session: &mut Session, watch: &mut Option<&mut Watch<'_>>) -> Result<About> {
    let row = session
        .ask(
            "SELECT current_setting('server_version'), pg_is_in_recovery(), current_database(), \
             (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::numeric(30,0), \
             (SELECT oid FROM pg_database WHERE datname = current_database())",
            watch,
        )?
        .pop()
        .unwrap_or_default();
    let get = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
    let system = match session.function(&["pg_control_system"]) {
        Some(_) => session.one("SELECT system_identifier FROM pg_control_system()", watch)?,
        None => None,
    };
    Ok(About {
        engine: "postgresql",
        version: get(0),
        standby: get(1) == "t",
        // A standby is a copy of its primary to the last byte; only when it was started is its own.
        identity: format!("{}/{}/{}/{}", system.clone().unwrap_or_default(), get(3), get(1), get(4)),
        family: system.map(|system| format!("{system}/{}", get(4))),
        ..About::default()
    })
}

/// Waits until a standby has replayed a point; false when it did not in time.
fn wait(session: &mut Session, after: &After, watch: &mut Option<&mut Watch<'_>>) -> Result<bool> {
    let Some(target) = lsn(&after.point) else { return Ok(true) };
    let since = Instant::now();
    loop {
        let at = session.position(true, watch)?.as_deref().and_then(lsn);
        if at.is_none_or(|at| at >= target) {
            return Ok(true);
        }
        if since.elapsed() >= after.most {
            return Ok(false);
        }
        std::thread::sleep(PAUSE);
    }
}

/// Begins the transaction that everything is read in.
fn begin(session: &mut Session, snapshot: Option<&str>, watch: &mut Option<&mut Watch<'_>>) -> Result<()> {
    session.client.tell("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n")?;
    if let Some(id) = snapshot {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(Error::new(Code::BadSource, format!("snapshot \"{id}\"")));
        }
        session.client.tell(&format!("SET TRANSACTION SNAPSHOT '{id}';\n"))?;
    }
    // The snapshot is taken by the first statement that needs one.
    session.ask("SELECT count(*) FROM pg_class WHERE false", watch).map(|_| ())
}

impl Source for Postgres {
    fn about(&self) -> &About {
        &self.about
    }

    fn snapshot(&mut self) -> Result<Option<String>> {
        if self.exported.is_none() && self.session.function(&["pg_export_snapshot"]).is_some() {
            self.exported = self.session.one("SELECT pg_export_snapshot()", &mut None)?;
        }
        Ok(self.exported.clone())
    }

    fn read(
        &mut self,
        table: &Table,
        watch: &mut Watch<'_>,
        each: &mut dyn FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        if table.from.is_empty() {
            return Ok(());
        }
        let columns: Vec<&str> = table.columns.iter().map(|c| c.expression.as_str()).collect();
        let select = format!("SELECT {} FROM {}", columns.join(", "), table.from);
        let mut row = Row::default();
        let mut field = Vec::new();
        self.session.lines(&select, &mut Some(watch), &mut |line| {
            row.clear();
            if !table.columns.is_empty() {
                for (raw, column) in line.split(|&b| b == b'\t').zip(&table.columns) {
                    if unescape(raw, &mut field) { row.field(column.canon, &field) } else { row.null() }
                }
            }
            if row.len() == table.columns.len() {
                each(&row)
            } else {
                Err(Error::new(
                    Code::SourceRefused,
                    format!("{}: {} / {}", table.name, row.len(), table.columns.len()),
                ))
            }
        })
    }
}
