//! Dumps of MariaDB and MySQL, loaded into a server of the drill's own: on a socket, with no network.

use super::postgres::percent;
use super::process::{Ask, Held, command};
use super::set::{File, head};
use super::{Done, Drill, expect, feed, last, message, programs};
use crate::backup::files::io;
use crate::backup::{Level, Problem, ProblemKind};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where a dump that names no database goes.
const DATABASE: &str = "opsledger_drill";
/// What mariadb-dump writes at the head of a dump, and leaves out of a compact one: tables come before those they refer to, and
/// a number 0 stays 0.
pub(super) const SESSION: &str =
    "--init-command=SET foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'";
/// Databases that are the server's own.
const OWN: &[&str] = &["information_schema", "mysql", "performance_schema", "sys"];
const LOOKED_FOR: &str = "mariadbd (mysqld), mariadb-install-db (mysql_install_db), mariadb (mysql) in PATH, /usr/sbin, /usr/local/mysql/bin";
/// Bytes of an answer to a query that are read.
const ANSWER: usize = 8 << 20;

struct Server {
    held: Held,
    client: PathBuf,
    socket: PathBuf,
    work: PathBuf,
    account: Option<(u32, u32)>,
}

pub(super) fn restore(drill: &mut Drill<'_, '_>) -> Done<()> {
    drill.detail.engine = "mariadb".into();
    let mut dumps: Vec<File> = Vec::new();
    for file in &drill.set.files {
        let head = head(&file.path)?;
        let text = String::from_utf8_lossy(&head[..head.len().min(4096)]);
        // A compact dump has no header at all: its name, or its first words, must do.
        if file.shown.contains(".sql")
            || ["-- MariaDB dump", "-- MySQL dump", "/*M!", "/*!40", "CREATE TABLE", "INSERT INTO"]
                .iter()
                .any(|m| text.contains(m))
        {
            let bytes = feed::plain_bytes(&file.path, file.bytes)?;
            dumps.push(File { bytes, ..file.clone() });
        }
    }
    if dumps.is_empty() {
        return Err(drill.failed("", "no dump of mariadb-dump or mysqldump"));
    }
    if let Some(target) = &drill.options.target {
        let load = |d: File| super::target::Load {
            shown: d.shown,
            path: d.path,
            bytes: d.bytes,
            archive: false,
            folder: false,
        };
        let loads: Vec<_> = dumps.into_iter().map(load).collect();
        return super::target::restore(drill, target, &loads, false);
    }
    let given = drill.options.programs.as_deref();
    let (Some(daemon), Some(install), Some(client)) = (
        programs::find(given, &["mariadbd", "mysqld"]),
        programs::find(given, &["mariadb-install-db", "mysql_install_db"]),
        programs::find(given, &["mariadb", "mysql"]),
    ) else {
        return Err(drill.impossible(LOOKED_FOR));
    };
    let mut ask = Command::new(&daemon);
    ask.arg("--version");
    let ended = drill.run("mariadbd --version", Ask::new(ask))?;
    let version = ended.out.split_once("Ver ").map_or(ended.out.as_str(), |(_, v)| v);
    let version = version.split_whitespace().next().unwrap_or_default().to_owned();
    drill.detail.version = Some(version);

    let data = drill.step("install-db", true, |drill| {
        let data = drill.scratch.folder("mysqldata")?;
        let mut ask = command(&install, drill.scratch.path(), drill.scratch.account);
        ask.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
        ask.args(["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-log-bin"]);
        drill.must("mariadb-install-db", "", Ask::new(ask))?;
        Ok(data)
    })?;
    let mut server = drill.step("start", true, |drill| Server::start(drill, &daemon, client, &data))?;
    drill.step("restore", true, |drill| {
        server.query(drill, "", &format!("CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4"))?;
        for dump in &dumps {
            drill.watch.step("restore", 1, dump.bytes)?;
            let mut ask = Ask::new(
                server.ask(DATABASE, &[SESSION, "--show-warnings", "--binary-mode", "--local-infile=0"]),
            );
            ask.input = Some(feed::open_plain(&dump.path)?);
            ask.only = Some("ERROR ");
            let ended = drill.must("mariadb", &dump.shown, ask)?;
            // The client prints warnings among its answers.
            drill.warnings(&dump.shown, &ended.out, "Warning (Code");
        }
        Ok(())
    })?;
    let mut databases = server.query(drill, "", "SHOW DATABASES")?;
    databases.retain(|d| !OWN.contains(&d.as_str()));
    drill.step("engine-checks", true, |drill| server.check(drill, &databases))?;
    let sources: Vec<_> = databases.iter().map(|d| (d.clone(), server.source(d))).collect();
    drill.step("compare", false, |drill| expect::compare(drill, &sources))?;
    server.end();
    Ok(())
}

impl Server {
    fn start(
        drill: &mut Drill<'_, '_>,
        daemon: &std::path::Path,
        client: PathBuf,
        data: &std::path::Path,
    ) -> Done<Server> {
        let log_path = drill.scratch.path().join("mariadb.log");
        let log = std::fs::File::create(&log_path).map_err(|error| io(&log_path, &error))?;
        let socket = drill.scratch.sockets().join("mysql.sock");
        let mut ask = command(daemon, drill.scratch.path(), drill.scratch.account);
        ask.arg("--no-defaults").arg(format!("--datadir={}", data.display()));
        ask.arg(format!("--socket={}", socket.display()));
        ask.arg(format!("--pid-file={}", drill.scratch.path().join("mariadb.pid").display()));
        ask.arg(format!("--tmpdir={}", drill.scratch.path().display()));
        ask.args(["--skip-networking", "--skip-log-bin", "--skip-slave-start", "--local-infile=0"]);
        // Statements of a dump may read and write files nowhere else.
        ask.arg(format!("--secure-file-priv={}", drill.scratch.folder("mysqlfiles")?.display()));
        ask.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let held = Held::start(&mut ask)?;
        let mut server = Server {
            held,
            client,
            socket,
            work: drill.scratch.path().to_owned(),
            account: drill.scratch.account,
        };
        loop {
            if let Some(status) = server.held.ended()? {
                let said = std::fs::read(&log_path).unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                return Err(drill.failed("", &format!("mariadbd: {status}\n{}", last(&said, 2000))));
            }
            // The socket is there a little before it is answered.
            if server.socket.exists() {
                let ended = super::process::run(Ask::new(server.ask("", &["-e", "SELECT 1"])), drill.watch)?;
                if ended.ok {
                    return Ok(server);
                }
            }
            drill.watch.tick()?;
            std::thread::sleep(Duration::from_millis(30));
        }
    }
    fn end(&mut self) {
        self.held.signal(libc::SIGTERM);
        self.held.wait(Duration::from_secs(30));
    }
    fn ask(&self, database: &str, words: &[&str]) -> Command {
        let mut ask = command(&self.client, &self.work, self.account);
        ask.arg("--no-defaults").arg(format!("--socket={}", self.socket.display())).args([
            "--protocol=socket",
            "-u",
            "root",
        ]);
        ask.args(["--default-character-set=utf8mb4", "--batch"]).args(words);
        if !database.is_empty() {
            ask.arg(format!("--database={database}"));
        }
        ask
    }
    fn query(&self, drill: &mut Drill<'_, '_>, database: &str, sql: &str) -> Done<Vec<String>> {
        let mut ask = Ask::new(self.ask(database, &["--skip-column-names", "-e", sql]));
        ask.answer = ANSWER;
        let ended = drill.must("mariadb", "", ask)?;
        Ok(ended.out.lines().map(str::to_owned).collect())
    }
    fn source(&self, database: &str) -> String {
        format!(
            "mariadb://root@localhost/{}?socket={}",
            percent(database),
            percent(&self.socket.to_string_lossy())
        )
    }
    /// `CHECK TABLE … EXTENDED` of every table.
    fn check(&self, drill: &mut Drill<'_, '_>, databases: &[String]) -> Done<()> {
        for database in databases {
            let tables = self.query(
                drill,
                database,
                "SELECT REPLACE(TABLE_NAME, '`', '``') FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
            )?;
            for some in tables.chunks(50) {
                let names = some.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ");
                for row in self.query(drill, database, &format!("CHECK TABLE {names} EXTENDED"))? {
                    let fields: Vec<_> = row.split('\t').collect();
                    let fine = matches!(fields[..], [_, _, "status", "OK"] | [_, _, "note", _]);
                    if !fine {
                        let problem = Problem::new(ProblemKind::EngineCheckFailed, database.as_str());
                        drill.report.problem(problem.detail(message(&row)));
                    }
                }
            }
            drill.report.check(
                Level::L3,
                "check-table-extended",
                Some(database),
                &[("tables", tables.len().to_string())],
            );
        }
        Ok(())
    }
}
