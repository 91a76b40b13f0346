//! A running server's empty database as the target. Nothing that stands there is ever written over or removed, what the
//! drill loaded included: the report says that it is still there.

use super::process::Ask;
use super::roles::Scan;
use super::{Done, Drill, Stop, expect, feed, message, programs};
use crate::backup::source::{Address, mask};
use crate::backup::{DrillOptions, Level, Problem, ProblemKind};
use crate::error::{Code, Error, Result, err};
use std::path::PathBuf;
use std::process::Command;

/// A dump for a running server.
pub(super) struct Load {
    pub(super) shown: String,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    /// For pg_restore, not for psql; a folder is named to it.
    pub(super) archive: bool,
    pub(super) folder: bool,
}

/// Rows that say whether a database is empty, and which one it is.
struct Probe {
    /// What must be 0.
    things: &'static str,
    /// What two names of one database have in common.
    identity: &'static str,
}

const POSTGRES: Probe = Probe {
    things: "SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%') \
        + (SELECT count(*) FROM pg_namespace WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%')",
    identity: "SELECT system_identifier || ' ' || current_database() FROM pg_control_system()",
};
const MARIADB: Probe = Probe {
    things: "SELECT (SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()) \
        + (SELECT count(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE())",
    identity: "SELECT CONCAT(@@hostname, ' ', @@datadir, ' ', @@port, ' ', DATABASE())",
};

/// Refuses a target that is written like one of the sources.
pub(super) fn refuse(options: &DrillOptions) -> Result<()> {
    let Some(target) = &options.target else { return Ok(()) };
    let place = |url: &str| {
        let address = Address::parse(url)?;
        let host = address.host.clone().or_else(|| setting(&address, "host")).unwrap_or_default();
        let socket = setting(&address, "socket").unwrap_or_default();
        let port =
            address.port.map(|p| p.to_string()).or_else(|| setting(&address, "port")).unwrap_or_default();
        Ok::<_, Error>((is_postgres(&address), host.to_lowercase(), socket, port, address.database))
    };
    let wanted = place(target).map_err(|e| e.in_field("target"))?;
    for source in options.sources.iter().filter(|s| !s.starts_with("sqlite:")) {
        if place(source).map_err(|e| e.in_field("sources"))? == wanted {
            return err(Code::TargetInUse, format!("target = {}", mask(target)));
        }
    }
    Ok(())
}

fn setting(address: &Address, key: &str) -> Option<String> {
    address.settings.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone())
}

fn is_postgres(address: &Address) -> bool {
    matches!(address.scheme.as_str(), "postgresql" | "postgres")
}

/// Restores into a running server.
pub(super) fn restore(drill: &mut Drill<'_, '_>, target: &str, loads: &[Load], postgres: bool) -> Done<()> {
    let address = Address::parse(target)?;
    if is_postgres(&address) != postgres {
        return Err(Stop::Error(Error::new(Code::BadRequest, format!("target = {}", mask(target)))));
    }
    drill.detail.target = mask(target);
    let probe = if postgres { POSTGRES } else { MARIADB };
    let identity = ask(drill, &address, probe.identity)?;
    for source in drill.options.sources.iter().filter(|s| !s.starts_with("sqlite:")) {
        let source = Address::parse(source)?;
        // One that does not answer cannot be asked; it was compared as it is written.
        if is_postgres(&source) == postgres
            && let Ok(other) = quiet(drill, &source, probe.identity)?
            && other == identity
        {
            return Err(Stop::Error(Error::new(Code::TargetInUse, format!("target = {}", mask(target)))));
        }
    }
    let things = ask(drill, &address, probe.things)?;
    if things != "0" {
        return Err(Stop::Error(Error::new(
            Code::TargetNotEmpty,
            format!("target = {}: {things}", mask(target)),
        )));
    }
    let version = ask(drill, &address, if postgres { "SHOW server_version" } else { "SELECT VERSION()" })?;
    drill.detail.version = Some(version);
    for load in loads {
        drill.step("scan", false, |drill| stays_inside(drill, load, postgres))?;
    }
    for load in loads {
        drill.step("restore", true, |drill| one(drill, &address, load, postgres))?;
    }
    drill.report.check(
        Level::L3,
        "target",
        None,
        &[("database", address.database.clone().unwrap_or_default())],
    );
    let sources = [(address.database.clone().unwrap_or_default(), target.to_owned())];
    drill.step("compare", false, |drill| expect::compare(drill, &sources))
}

/// A dump that goes to a database of its own would leave the target, and write over who knows what.
fn stays_inside(drill: &mut Drill<'_, '_>, load: &Load, postgres: bool) -> Done<()> {
    if load.archive {
        return Ok(());
    }
    let mut scan = Scan::default();
    let mut leaves = false;
    super::feed::lines(drill, &load.path, &load.shown, load.bytes, &mut |line| {
        if postgres {
            scan.line(line);
        } else {
            let start = line[..line.len().min(32)].to_ascii_uppercase();
            leaves |= start.starts_with(b"USE ") || start.starts_with(b"CREATE DATABASE");
        }
    })?;
    if scan.copying {
        return Err(drill.failed(&load.shown, "COPY: no \\."));
    }
    if leaves || scan.connects {
        return Err(drill.impossible(format!("{}: CREATE DATABASE, USE, \\connect", load.shown)));
    }
    Ok(())
}

fn one(drill: &mut Drill<'_, '_>, address: &Address, load: &Load, postgres: bool) -> Done<()> {
    drill.watch.step("restore", 1, load.bytes)?;
    let names: &[&str] = match (postgres, load.archive) {
        (true, true) => &["pg_restore"],
        (true, false) => &["psql"],
        (false, _) => &["mariadb", "mysql"],
    };
    let mut ask = Ask::new(client(drill, address, names)?);
    match (postgres, load.archive) {
        (true, true) => ask.command.args(["--exit-on-error", "--single-transaction"]),
        (true, false) => ask.command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-f", "-"]),
        (false, _) => ask.command.args([
            super::mariadb::SESSION,
            "--batch",
            "--show-warnings",
            "--binary-mode",
            "--local-infile=0",
        ]),
    };
    if load.folder {
        ask.command.arg(&load.path);
    } else {
        ask.input = Some(feed::open_plain(&load.path)?);
    }
    ask.only = if postgres { None } else { Some("ERROR ") };
    let ended = drill.must(names[0], &load.shown, ask)?;
    let (said, mark) = match (postgres, load.archive) {
        (true, true) => (&ended.messages, "warning:"),
        (true, false) => (&ended.messages, "WARNING:"),
        (false, _) => (&ended.out, "Warning (Code"),
    };
    drill.warnings(&load.shown, said, mark);
    Ok(())
}

/// A client program, connected; the password goes where no other user can see it.
fn client(drill: &mut Drill<'_, '_>, address: &Address, names: &[&str]) -> Done<Command> {
    let given = drill.options.programs.as_deref();
    let found = if is_postgres(address) {
        programs::postgres_client(given, names[0])
    } else {
        programs::find(given, names)
    };
    let Some(program) = found else {
        return Err(drill.impossible(names.join(", ")));
    };
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").current_dir(drill.scratch.path());
    if is_postgres(address) {
        let mut words = Vec::new();
        let mut word = |key: &str, value: &str| {
            words.push(format!("{key}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'")));
        };
        let parts = [("host", &address.host), ("user", &address.user), ("dbname", &address.database)];
        for (key, value) in parts.iter().filter_map(|(k, v)| v.as_ref().map(|v| (k, v))) {
            word(key, value);
        }
        if let Some(port) = address.port {
            word("port", &port.to_string());
        }
        for (key, value) in &address.settings {
            word(key, value);
        }
        command.arg("-d").arg(words.join(" "));
        if let Some(password) = &address.password {
            command.env("PGPASSWORD", password);
        }
    } else {
        let host = address.host.as_deref().map(|h| format!("--host={h}"));
        let user = address.user.as_deref().map(|u| format!("--user={u}"));
        let port = address.port.map(|p| format!("--port={p}"));
        command.args([host, user, port].into_iter().flatten());
        for (key, value) in &address.settings {
            command.arg(format!("--{key}={value}"));
        }
        command.arg("--default-character-set=utf8mb4");
        command.arg(format!("--database={}", address.database.as_deref().unwrap_or_default()));
        if let Some(password) = &address.password {
            command.env("MYSQL_PWD", password);
        }
    }
    Ok(command)
}

/// One value; that the server does not answer is an error of the drill's.
fn ask(drill: &mut Drill<'_, '_>, address: &Address, sql: &str) -> Done<String> {
    match quiet(drill, address, sql)? {
        Ok(value) => Ok(value),
        Err(why) => Err(drill.stop(Problem::new(ProblemKind::DrillImpossible, "").detail(message(&why)))),
    }
}

fn quiet(
    drill: &mut Drill<'_, '_>,
    address: &Address,
    sql: &str,
) -> Done<std::result::Result<String, String>> {
    let postgres = is_postgres(address);
    let mut command = client(drill, address, if postgres { &["psql"] } else { &["mariadb", "mysql"] })?;
    if postgres {
        command.args(["-X", "-q", "-A", "-t", "-w", "-c", sql]);
    } else {
        command.args(["--batch", "--skip-column-names", "-e", sql]);
    }
    let ended = super::process::run(Ask::new(command), drill.watch)?;
    Ok(if ended.ok { Ok(ended.out.trim().to_owned()) } else { Err(ended.why()) })
}
