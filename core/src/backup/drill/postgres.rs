//! A PostgreSQL server of the drill's own: on a private socket, with no network, under a name for its superuser that no dump has.

use super::process::{Ask, Held, command};
use super::{Done, Drill, Stop, last, programs};
use crate::backup::{Level, Problem, ProblemKind};
use crate::error::{Code, Error};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The superuser of a cluster made by the drill: a dump of a whole cluster makes `postgres` itself.
pub(super) const SUPERUSER: &str = "opsledger_drill";
/// Bytes of an answer to a query that are read.
const ANSWER: usize = 8 << 20;
/// Bytes of the server's own messages that a problem shows.
const SERVER_LOG: usize = 2000;
/// How long a server may take to end by itself.
const END: Duration = Duration::from_secs(20);
/// Programs looked for, as a message names them.
pub(super) const LOOKED_FOR: &str =
    "postgres, initdb, psql (PATH, /usr/lib/postgresql/*/bin, /usr/pgsql-*/bin)";

/// A PostgreSQL installation.
pub(super) struct Install {
    pub(super) home: PathBuf,
    pub(super) major: u32,
    pub(super) version: String,
}

/// The installations of this host, the newest first.
pub(super) fn installs(drill: &mut Drill<'_, '_>) -> Done<Vec<Install>> {
    let mut found: Vec<Install> = Vec::new();
    for home in programs::postgres_homes(drill.options.programs.as_deref()) {
        let mut ask = Command::new(home.join("postgres"));
        ask.arg("--version");
        let ended = drill.run("postgres --version", Ask::new(ask))?;
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let version = ended.out.trim().rsplit("(PostgreSQL) ").next().unwrap_or_default().to_owned();
        if let Some(major) = major(&version)
            && ended.ok
            && !found.iter().any(|i| i.major == major)
        {
            found.push(Install { home, major, version });
        }
    }
    if found.is_empty() {
        return Err(drill.impossible(LOOKED_FOR));
    }
    found.sort_by_key(|i| std::cmp::Reverse(i.major));
    Ok(found)
}

/// The major version a text begins with.
pub(super) fn major(version: &str) -> Option<u32> {
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

/// A running server.
pub(super) struct Server {
    held: Held,
    pub(super) home: PathBuf,
    pub(super) data: PathBuf,
    sockets: PathBuf,
    work: PathBuf,
    account: Option<(u32, u32)>,
    pub(super) role: String,
}

impl Server {
    /// Makes a cluster.
    pub(super) fn init(drill: &mut Drill<'_, '_>, install: &Install) -> Done<PathBuf> {
        let data = drill.scratch.folder("pgdata")?;
        let mut ask = command(&install.home.join("initdb"), drill.scratch.path(), drill.scratch.account);
        ask.arg("-D").arg(&data).args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
        drill.must("initdb", "", Ask::new(ask))?;
        Ok(data)
    }
    /// Starts a server, and waits until it answers.
    pub(super) fn start(drill: &mut Drill<'_, '_>, home: &Path, data: &Path) -> Done<Server> {
        let log_path = drill.scratch.path().join("postgres.log");
        let log = File::options().create(true).append(true).open(&log_path);
        let log = log.map_err(|error| crate::backup::files::io(&log_path, &error))?;
        drill.scratch.give(&log_path)?;
        let other = log.try_clone().map_err(|error| crate::backup::files::io(&log_path, &error))?;
        let sockets = drill.scratch.sockets().to_owned();
        let mut ask = command(&home.join("postgres"), drill.scratch.path(), drill.scratch.account);
        ask.arg("-D").arg(data).arg("-k").arg(&sockets);
        ask.args(["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "lc_messages=C"]);
        ask.args([
            "-c",
            "archive_mode=off",
            "-c",
            "ssl=off",
            "-c",
            "logging_collector=off",
            "-c",
            "log_destination=stderr",
        ]);
        ask.stdin(Stdio::null()).stdout(other).stderr(log);
        // In its own hands from the first moment: stopped on the way, it takes its children with it.
        let mut server = Server {
            held: Held::start(&mut ask)?,
            home: home.to_owned(),
            data: data.to_owned(),
            sockets,
            work: drill.scratch.path().to_owned(),
            account: drill.scratch.account,
            role: SUPERUSER.to_owned(),
        };
        loop {
            if let Some(status) = server.held.ended()? {
                let said = std::fs::read(&log_path).unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                drill.note(&format!("== postgres: {status}\n{}", last(&said, 4 * SERVER_LOG)));
                return Err(drill.failed("", &format!("postgres: {status}\n{}", reason(&said))));
            }
            // The server's own word, as pg_ctl reads it: the eighth line.
            let state = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            if state.lines().nth(7).is_some_and(|s| s.trim() == "ready") {
                break;
            }
            drill.watch.tick()?;
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
    /// Ends the server in order, so that what is kept can be started again.
    pub(super) fn end(&mut self) {
        self.held.signal(libc::SIGINT);
        self.held.wait(END);
    }
    /// Finds the name of the superuser where `postgres` is none: stopped, the server tells it to a session without a login.
    pub(super) fn single(&mut self, drill: &mut Drill<'_, '_>) -> Done<()> {
        self.end();
        let mut ask = command(&self.home.join("postgres"), &self.work, self.account);
        ask.arg("--single").arg("-D").arg(&self.data).arg("template1");
        let mut ask = Ask::new(ask);
        let sql =
            "SELECT 'role=' || encode(rolname::text::bytea, 'hex') AS r FROM pg_authid WHERE oid = 10\n";
        ask.input = Some(Box::new(std::io::Cursor::new(sql)));
        let ended = drill.must("postgres --single", "", ask)?;
        let hex = ended
            .out
            .split_once("\"role=")
            .map_or("", |(_, rest)| rest.split('"').next().unwrap_or_default());
        let bytes: Option<Vec<u8>> = (0..hex.len() / 2)
            .map(|i| hex.get(2 * i..2 * i + 2).and_then(|d| u8::from_str_radix(d, 16).ok()))
            .collect();
        match bytes.and_then(|b| String::from_utf8(b).ok()).filter(|name| !name.is_empty()) {
            Some(name) => self.role = name,
            None => return Err(drill.failed("", &format!("postgres --single: {}", ended.out))),
        }
        let mut server = Server::start(drill, &self.home.clone(), &self.data.clone())?;
        std::mem::swap(&mut self.held, &mut server.held);
        Ok(())
    }
    /// One of its client programs, connected to a database.
    pub(super) fn client(&self, program: &str, database: &str, ours: bool) -> Command {
        let account = if ours { None } else { self.account };
        let mut ask = command(&self.home.join(program), &self.work, account);
        ask.arg("-h").arg(&self.sockets).arg("-U").arg(&self.role).arg("-d").arg(database);
        ask
    }
    /// psql, stopping at the first error, reading a script.
    pub(super) fn psql(&self, database: &str) -> Command {
        let mut ask = self.client("psql", database, false);
        ask.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
        ask
    }
    /// Where a session of ours reads that database.
    pub(super) fn source(&self, database: &str) -> String {
        format!(
            "postgresql:///{}?host={}&user={}",
            percent(database),
            percent(&self.sockets.to_string_lossy()),
            percent(&self.role)
        )
    }
    /// Rows of a query, fields parted by tabs.
    pub(super) fn query(&self, drill: &mut Drill<'_, '_>, database: &str, sql: &str) -> Done<Vec<String>> {
        let mut command = self.client("psql", database, false);
        command.args(["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        let mut ask = Ask::new(command);
        ask.answer = ANSWER;
        let ended = drill.must("psql", "", ask)?;
        if ended.cut {
            return Err(Stop::Error(Error::new(Code::Io, format!("{database}: {ANSWER} B"))));
        }
        Ok(ended.out.lines().map(str::to_owned).collect())
    }
    /// Databases that can be connected to, templates left out.
    pub(super) fn databases(&self, drill: &mut Drill<'_, '_>) -> Done<Vec<String>> {
        self.query(
            drill,
            "template1",
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname",
        )
    }
    /// What the engine can say itself about what was restored.
    pub(super) fn check(&self, drill: &mut Drill<'_, '_>, databases: &[String]) -> Done<()> {
        for database in databases {
            let count = |rows: &[String]| rows.first().cloned().unwrap_or_default();
            let tables = self.query(drill, database, TABLES)?;
            let sequences = self.query(drill, database, "SELECT count(*) FROM pg_sequences")?;
            let extensions = self.query(
                drill,
                database,
                "SELECT string_agg(extname || ' ' || extversion, ', ' ORDER BY extname) FROM pg_extension",
            )?;
            drill.report.check(
                Level::L3,
                "postgresql-database",
                Some(database),
                &[
                    ("tables", count(&tables)),
                    ("sequences", count(&sequences)),
                    ("extensions", count(&extensions)),
                ],
            );
            for (sql, kind) in
                [(INVALID, ProblemKind::InvalidIndex), (UNVALIDATED, ProblemKind::NotValidated)]
            {
                for row in self.query(drill, database, sql)? {
                    drill.report.problem(Problem::new(kind, database.as_str()).detail(row));
                }
            }
        }
        self.amcheck(drill)
    }
    fn amcheck(&self, drill: &mut Drill<'_, '_>) -> Done<()> {
        let there = self.query(
            drill,
            "template1",
            "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'",
        )?;
        if there.first().is_none_or(|n| n == "0") || !self.home.join("pg_amcheck").is_file() {
            drill.report.leave_out(
                "",
                "未安装 pg_amcheck：未检查堆与索引的一致性",
                "pg_amcheck is not installed: heaps and indexes were not checked against each other",
            );
            return Ok(());
        }
        let mut ask = command(&self.home.join("pg_amcheck"), &self.work, self.account);
        ask.arg("-h").arg(&self.sockets).arg("-U").arg(&self.role);
        ask.args(["--all", "--maintenance-db=template1", "--heapallindexed", "--install-missing"]);
        let ended = drill.run("pg_amcheck", Ask::new(ask))?;
        if ended.ok {
            drill.report.check(Level::L3, "pg-amcheck", None, &[]);
        } else {
            let why = format!("{}\n{}", ended.out.trim(), ended.messages.trim());
            drill.report.problem(
                Problem::new(ProblemKind::EngineCheckFailed, "")
                    .detail(super::message(&format!("pg_amcheck: {why}"))),
            );
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its children are in groups of their own; told to stop at once, it takes them with it.
        self.held.signal(libc::SIGQUIT);
        self.held.wait(Duration::from_secs(5));
    }
}

const TABLES: &str = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'";
const INVALID: &str =
    "SELECT indexrelid::regclass FROM pg_index WHERE NOT (indisvalid AND indisready) ORDER BY 1";
const UNVALIDATED: &str =
    "SELECT conrelid::regclass || ': ' || conname FROM pg_constraint WHERE NOT convalidated ORDER BY 1";

/// The lines of a server's log that say why it ended.
fn reason(log: &str) -> String {
    let lines: Vec<_> = log
        .lines()
        .filter(|l| ["FATAL:", "PANIC:", "ERROR:", "HINT:", "DETAIL:"].iter().any(|m| l.contains(m)))
        .collect();
    let said = if lines.is_empty() { log.to_owned() } else { lines.join("\n") };
    last(&said, SERVER_LOG).to_owned()
}

/// A word as a part of a URL.
pub(super) fn percent(word: &str) -> String {
    word.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}
