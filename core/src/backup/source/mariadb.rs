//! MariaDB and MySQL, through their own client.

use super::address::{Address, mask};
use super::client::{Client, find};
use super::{About, After, Row, Source, Table, mariadb_tables};
use crate::backup::Watch;
use crate::error::{Code, Error, Result};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

/// Settings of an address that go to the client as they are.
const SETTINGS: &[&str] = &[
    "socket",
    "ssl",
    "ssl-mode",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-verify-server-cert",
    "protocol",
    "plugin-dir",
    "default-auth",
    "get-server-public-key",
];
/// What values look like, whatever the server's or the user's settings are.
const SESSION: &str = "SET NAMES utf8mb4; SET SESSION sql_mode = ''; SET SESSION time_zone = '+00:00'; \
    SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET SESSION wait_timeout = 28800; \
    SET SESSION net_write_timeout = 28800;";

/// A session of a client. Every line of an answer begins with `r`, its end is a line of its own.
pub(super) struct Session {
    client: Client,
}

pub(super) type Answer = Vec<String>;

impl Session {
    /// Hands each line of an answer over, without its `r`.
    fn lines(
        &mut self,
        select: &str,
        watch: &mut Option<&mut Watch<'_>>,
        each: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.client.send(&format!("{select};\nSELECT 'end';\n"))?;
        loop {
            self.client.advance(watch)?;
            match self.client.line() {
                b"end" => {
                    self.client.answered();
                    return Ok(());
                }
                [b'r', b'\t', row @ ..] => each(row)?,
                other => {
                    let shown = String::from_utf8_lossy(&other[..other.len().min(200)]).into_owned();
                    return Err(self.client.refused(&shown));
                }
            }
        }
    }
    /// A small answer; NULL is `NULL`, so ask for nothing that may be either.
    pub(super) fn ask(&mut self, select: &str, watch: &mut Option<&mut Watch<'_>>) -> Result<Vec<Answer>> {
        let mut rows = Vec::new();
        let mut field = Vec::new();
        self.lines(select, watch, &mut |line| {
            rows.push(
                line.split(|&b| b == b'\t')
                    .map(|raw| {
                        unescape(raw, &mut field);
                        String::from_utf8_lossy(&field).into_owned()
                    })
                    .collect(),
            );
            Ok(())
        })?;
        Ok(rows)
    }
    pub(super) fn one(&mut self, expression: &str, watch: &mut Option<&mut Watch<'_>>) -> Result<String> {
        let rows = self.ask(&format!("SELECT 'r', {expression}"), watch)?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).unwrap_or_default())
    }
    /// True when the server has that variable.
    fn has(&mut self, variable: &str, watch: &mut Option<&mut Watch<'_>>) -> Result<bool> {
        self.client.send(&format!("SHOW VARIABLES LIKE '{variable}';\nSELECT 'end';\n"))?;
        let mut found = false;
        loop {
            self.client.advance(watch)?;
            if self.client.line() == b"end" {
                self.client.answered();
                return Ok(found);
            }
            found = true;
        }
    }
    /// `SHOW` answers cannot be given a first column: name and value pairs of a status.
    fn status(&mut self, like: &str, watch: &mut Option<&mut Watch<'_>>) -> Result<Vec<(String, String)>> {
        self.client.send(&format!("SHOW STATUS LIKE '{like}';\nSELECT 'end';\n"))?;
        let mut pairs = Vec::new();
        loop {
            self.client.advance(watch)?;
            let line = String::from_utf8_lossy(self.client.line()).into_owned();
            match line.split_once('\t') {
                Some((name, value)) => pairs.push((name.to_ascii_lowercase(), value.to_owned())),
                None => {
                    self.client.answered();
                    return Ok(pairs);
                }
            }
        }
    }
}

/// Undoes the escapes of the client's batch mode.
fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        match rest.get(at + 1) {
            Some(b'0') => out.push(0),
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(&other) => out.push(other),
            None => out.push(b'\\'),
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// True when two sets of GTIDs are one, in whatever order they are written.
pub(super) fn same_point(one: &str, other: &str) -> bool {
    let parts = |set: &str| -> std::collections::BTreeSet<String> {
        set.split(',').map(|part| part.trim().to_owned()).collect()
    };
    parts(one) == parts(other)
}

/// An open database.
pub(super) struct Mariadb {
    session: Session,
    about: About,
}

/// Opens a session, waits for `after` where it is a replica, and begins to read.
pub(super) fn open(
    source: &str,
    programs: Option<&Path>,
    after: Option<&After>,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<Mariadb> {
    let mut session = start(source, programs, watch)?;
    let version = session.one("VERSION()", watch)?;
    let maria = version.to_ascii_lowercase().contains("mariadb");
    let database = session.one("IFNULL(DATABASE(), '')", watch)?;
    if database.is_empty() {
        return Err(Error::new(Code::BadSource, mask(source)).with_hints(
            "name the database: mariadb://host/database",
            "请写明数据库：mariadb://host/database",
        ));
    }
    let server = if maria { "''" } else { "@@server_uuid" };
    let identity = session.one(
        &format!("CONCAT_WS('/', {server}, @@hostname, @@port, @@datadir, @@socket, DATABASE())"),
        watch,
    )?;
    let position = if maria {
        "CONCAT(@@gtid_current_pos, '')"
    } else if session.has("gtid_executed", watch)? {
        "REPLACE(@@global.gtid_executed, '\\n', '')"
    } else {
        "''"
    };
    let mut about = About {
        engine: if maria { "mariadb" } else { "mysql" },
        version,
        identity,
        reached: true,
        ..About::default()
    };
    if let Some(after) = after {
        let reached = wait(&mut session, maria, after, watch)?;
        (about.reached, about.ahead) = (reached != Some(false), reached == Some(true));
    }
    about.standby = maria && !session.one("CONCAT(@@gtid_slave_pos, '')", watch)?.is_empty();
    let before = session.one(position, watch)?;
    session.client.tell("START TRANSACTION WITH CONSISTENT SNAPSHOT;\n")?;
    let now = session.one(position, watch)?;
    // A replica's own binary log need not hold what it replicated.
    let exact = if maria && !about.standby { snapshot_position(&mut session, watch)? } else { None };
    about.exact = exact.is_some() || (!now.is_empty() && before == now);
    about.point = exact.or(Some(now)).filter(|point| !point.is_empty());
    mariadb_tables::describe(&mut session, &mut about, watch)?;
    about.until = Some(session.one(position, watch)?).filter(|point| !point.is_empty());
    Ok(Mariadb { session, about })
}

/// The GTID set that the snapshot shows: MariaDB tells the binary log's position of a consistent snapshot.
fn snapshot_position(s: &mut Session, watch: &mut Option<&mut Watch<'_>>) -> Result<Option<String>> {
    let pairs = s.status("binlog_snapshot_%", watch)?;
    let get = |key: &str| pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone()).unwrap_or_default();
    let (file, at) = (get("binlog_snapshot_file"), get("binlog_snapshot_position"));
    let sound = !file.is_empty() && file.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b));
    let Some(at) = at.parse::<u64>().ok().filter(|at| sound && *at > 0) else { return Ok(None) };
    let gtid = s.one(&format!("IFNULL(BINLOG_GTID_POS('{file}', {at}), '')"), watch)?;
    Ok(Some(gtid).filter(|gtid| !gtid.is_empty()))
}

/// Waits until a replica has applied a point; false when it did not in time, nothing when it replicates nothing.
fn wait(
    s: &mut Session,
    maria: bool,
    after: &After,
    watch: &mut Option<&mut Watch<'_>>,
) -> Result<Option<bool>> {
    let sound = after.point.bytes().all(|b| b.is_ascii_alphanumeric() || b"-,:".contains(&b));
    if !sound || after.point.is_empty() {
        return Ok(None);
    }
    let seconds = after.most.as_secs().max(1);
    if maria {
        if s.one("CONCAT(@@gtid_slave_pos, '')", watch)?.is_empty() {
            return Ok(None);
        }
        return Ok(Some(s.one(&format!("MASTER_GTID_WAIT('{}', {seconds})", after.point), watch)? == "0"));
    }
    if s.one("@@global.gtid_mode", watch)? != "ON" {
        return Ok(None);
    }
    Ok(Some(s.one(&format!("WAIT_FOR_EXECUTED_GTID_SET('{}', {seconds})", after.point), watch)? == "0"))
}

/// Starts the client and fixes what values look like.
fn start(source: &str, programs: Option<&Path>, watch: &mut Option<&mut Watch<'_>>) -> Result<Session> {
    let mut address = Address::parse(source)?;
    let program = match address.take("client") {
        Some(client) if client.contains('/') => client.into(),
        Some(client) => find(&[&client], programs)?,
        None if address.scheme == "mysql" => find(&["mysql", "mariadb"], programs)?,
        None => find(&["mariadb", "mysql"], programs)?,
    };
    let defaults = address.take("defaults-file");
    if let Some((key, _)) = address.settings.iter().find(|(key, _)| !SETTINGS.contains(&key.as_str())) {
        let known = format!("client, defaults-file, {}", SETTINGS.join(", "));
        return Err(Error::new(Code::BadSource, format!("{}: \"{key}\"", mask(source)))
            .with_hints(format!("settings: {known}"), format!("可用的参数：{known}")));
    }
    let secret = match &address.password {
        Some(password) => Some(Secret::write(password)?),
        None => None,
    };
    let mut command = Command::new(program);
    // These two must stand first.
    if let Some(file) = &defaults {
        command.arg(format!("--defaults-file={file}"));
    }
    if let Some(secret) = &secret {
        command.arg(format!("--defaults-extra-file={}", secret.0.display()));
    }
    command.args([
        "--batch",
        "--skip-column-names",
        "--unbuffered",
        "--quick",
        "--no-auto-rehash",
        "--skip-reconnect",
    ]);
    command.args(["--default-character-set=utf8mb4", "--connect-timeout=20", "--max-allowed-packet=1G"]);
    for (key, value) in &address.settings {
        command.arg(format!("--{key}={value}"));
    }
    for (key, value) in [("user", &address.user), ("host", &address.host), ("database", &address.database)] {
        if let Some(value) = value {
            command.arg(format!("--{key}={value}"));
        }
    }
    if let Some(port) = address.port {
        command.arg(format!("--port={port}"));
    }
    let client = Client::start(command, &mask(source), address.password.clone())?;
    let mut session = Session { client };
    session.client.tell(&format!("{SESSION}\n"))?;
    // It answers, so it has read the file, which goes now.
    session.one("1", watch)?;
    Ok(session)
}

/// A password in an option file that only this user reads; gone when dropped.
struct Secret(PathBuf);

impl Secret {
    fn write(password: &str) -> Result<Secret> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("opsledger-{}-{}.cnf", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let io = |error| crate::backup::files::io(&path, &error);
        // What an ended process left behind may stand there; somebody else's file cannot be removed, and ends this.
        let _ = std::fs::remove_file(&path);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(io)?;
        let secret = Secret(path.clone());
        let quoted = password.replace('\\', "\\\\").replace('"', "\\\"");
        file.write_all(format!("[client]\npassword=\"{quoted}\"\n").as_bytes()).map_err(io)?;
        Ok(secret)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Source for Mariadb {
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
        // The client writes NULL as it writes the text 'NULL': so each column says first whether it is.
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|c| format!("{} IS NULL, {}", mariadb_tables::quoted(&c.name), c.expression))
            .collect();
        let select = format!("SELECT 'r', {} FROM {}", columns.join(", "), table.from);
        let mut row = Row::default();
        let mut field = Vec::new();
        self.session.lines(&select, &mut Some(watch), &mut |line| {
            row.clear();
            let mut parts = line.split(|&b| b == b'\t');
            for column in &table.columns {
                match (parts.next(), parts.next()) {
                    (Some(b"1"), Some(_)) => row.null(),
                    (Some(b"0"), Some(raw)) => {
                        unescape(raw, &mut field);
                        row.field(column.canon, &field);
                    }
                    _ => break,
                }
            }
            if row.len() == table.columns.len() && parts.next().is_none() {
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
