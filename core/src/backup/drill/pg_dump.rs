//! Dumps of PostgreSQL: plain (also of whole clusters), custom, tar and directory, restored with its own programs.

use super::postgres::{Install, Server, installs, major};
use super::process::{Ask, Ended};
use super::roles::Scan;
use super::set::{File, head};
use super::target::{self, Load};
use super::{Done, Drill, expect, feed};
use crate::backup::{Problem, ProblemKind};
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// Bytes of roles and tablespaces at the head of a dump of a cluster, at most.
const MAX_GLOBALS: u64 = 16 << 20;

/// How a dump is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// pg_dumpall: roles, databases and all.
    Cluster,
    /// An SQL script.
    Plain,
    /// Custom or tar, for pg_restore.
    Archive,
    /// A folder, for pg_restore.
    Folder,
}

/// A dump of the set.
struct Dump {
    form: Form,
    shown: String,
    path: PathBuf,
    bytes: u64,
    /// Major version of the pg_dump that wrote it, where it says so.
    needs: Option<u32>,
}

pub(super) fn restore(drill: &mut Drill<'_, '_>) -> Done<()> {
    drill.detail.engine = "postgresql".into();
    let mut dumps = dumps(drill.set.files.as_slice())?;
    if dumps.is_empty() {
        return Err(drill.failed("", "no dump of pg_dump or pg_dumpall"));
    }
    if let Some(target) = &drill.options.target {
        if let Some(cluster) = dumps.iter().find(|d| d.form == Form::Cluster) {
            return Err(drill.impossible(format!("{}: pg_dumpall needs a server of its own", cluster.shown)));
        }
        let loads: Vec<_> = dumps.into_iter().map(Load::from).collect();
        return target::restore(drill, target, &loads, true);
    }
    let install = installs(drill)?.swap_remove(0);
    drill.detail.version = Some(install.version.clone());
    for dump in &mut dumps {
        if matches!(dump.form, Form::Archive | Form::Folder) {
            dump.needs = drill.step("list", false, |drill| listed(drill, &install, dump))?;
        }
        if let Some(needs) = dump.needs
            && needs > install.major
        {
            let problem = Problem::new(ProblemKind::EngineVersion, dump.shown.as_str());
            let problem =
                problem.with(format!("PostgreSQL {needs}"), format!("PostgreSQL {}", install.version));
            return Err(drill.stop(problem));
        }
    }
    let data = drill.step("initdb", true, |drill| Server::init(drill, &install))?;
    let mut server = drill.step("start", true, |drill| Server::start(drill, &install.home, &data))?;
    for (n, dump) in dumps.iter().enumerate() {
        let needs = drill.step("scan", false, |drill| scan(drill, &server, dump))?;
        let database = format!("drill_{}", n + 1);
        drill.step("restore", true, |drill| load(drill, &server, dump, &needs, &database))?;
    }
    let mut databases = server.databases(drill)?;
    drill.step("engine-checks", true, |drill| server.check(drill, &databases))?;
    databases.retain(|d| d != "postgres" || dumps.iter().any(|d| d.form == Form::Cluster));
    let sources: Vec<_> = databases.iter().map(|d| (d.clone(), server.source(d))).collect();
    drill.step("compare", false, |drill| expect::compare(drill, &sources))?;
    server.end();
    Ok(())
}

impl From<Dump> for Load {
    fn from(dump: Dump) -> Load {
        let archive = matches!(dump.form, Form::Archive | Form::Folder);
        let folder = dump.form == Form::Folder;
        Load { shown: dump.shown, path: dump.path, bytes: dump.bytes, archive, folder }
    }
}

/// The dumps among the files: those of clusters first, for they bring the roles.
fn dumps(files: &[File]) -> Done<Vec<Dump>> {
    let folders: Vec<&Path> = files
        .iter()
        .filter(|f| f.path.file_name().is_some_and(|n| n == "toc.dat"))
        .filter_map(|f| f.path.parent())
        .collect();
    let mut dumps = Vec::new();
    for file in files {
        if let Some(folder) = folders.iter().find(|f| file.path.starts_with(f)) {
            if file.path == folder.join("toc.dat") {
                let shown = file.shown.trim_end_matches("toc.dat").trim_end_matches('/').to_owned();
                let bytes = files.iter().filter(|f| f.path.starts_with(folder)).map(|f| f.bytes).sum();
                dumps.push(Dump {
                    form: Form::Folder,
                    shown,
                    path: folder.to_path_buf(),
                    bytes,
                    needs: None,
                });
            }
            continue;
        }
        let head = head(&file.path)?;
        let text = String::from_utf8_lossy(&head);
        let form = if head.starts_with(b"PGDMP") || head.starts_with(b"toc.dat\0") {
            Form::Archive
        } else if text.contains("-- PostgreSQL database cluster dump") {
            Form::Cluster
        } else if text.contains("-- PostgreSQL database dump") || file.shown.contains(".sql") {
            Form::Plain
        } else {
            continue;
        };
        let needs = text.split_once("-- Dumped by pg_dump version ").and_then(|(_, v)| major(v));
        let bytes = feed::plain_bytes(&file.path, file.bytes)?;
        dumps.push(Dump { form, shown: file.shown.clone(), path: file.path.clone(), bytes, needs });
    }
    dumps.sort_by_key(|d| d.form != Form::Cluster);
    Ok(dumps)
}

/// The version that wrote an archive, as pg_restore lists it; one that pg_restore cannot read needs a newer one.
fn listed(drill: &mut Drill<'_, '_>, install: &Install, dump: &Dump) -> Done<Option<u32>> {
    let mut version = None;
    let mut hear = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        if let Some(said) = line.split_once("Dumped by pg_dump version: ") {
            version = major(said.1);
        }
    };
    let program = install.home.join("pg_restore");
    let account = if dump.form == Form::Folder { None } else { drill.scratch.account };
    let mut command = super::process::command(&program, drill.scratch.path(), account);
    command.arg("--list");
    let mut ask = Ask::new(command);
    hand_over(&mut ask, dump)?;
    ask.lines = Some(&mut hear);
    let ended = drill.run("pg_restore --list", ask)?;
    if ended.ok {
        return Ok(version);
    }
    if ended.messages.contains("unsupported version") {
        let problem = Problem::new(ProblemKind::EngineVersion, dump.shown.as_str());
        let problem = problem.with("", format!("PostgreSQL {}", install.version));
        return Err(drill.stop(problem.detail(super::message(&ended.messages))));
    }
    Err(drill.failed(&dump.shown, &format!("pg_restore --list: {}", ended.why())))
}

/// A folder is named, anything else goes through a pipe, so that an account without rights to the set can read it.
fn hand_over(ask: &mut Ask<'_>, dump: &Dump) -> Done<()> {
    if dump.form == Form::Folder {
        ask.command.arg(&dump.path);
    } else {
        ask.input = Some(feed::open_plain(&dump.path)?);
    }
    Ok(())
}

/// What the dump takes for granted.
fn scan(drill: &mut Drill<'_, '_>, server: &Server, dump: &Dump) -> Done<Scan> {
    let mut scan = Scan::default();
    if matches!(dump.form, Form::Plain | Form::Cluster) {
        feed::lines(drill, &dump.path, &dump.shown, dump.bytes, &mut |line| scan.line(line))?;
        // psql would take the end of its input for the end of the rows, and call that a success.
        if scan.copying {
            return Err(drill.failed(&dump.shown, "COPY: no \\."));
        }
        return Ok(scan);
    }
    let account = if dump.form == Form::Folder { None } else { drill.scratch.account };
    let mut command = super::process::command(&server.home.join("pg_restore"), drill.scratch.path(), account);
    command.args(["--schema-only", "-f", "-"]);
    let mut ask = Ask::new(command);
    hand_over(&mut ask, dump)?;
    let mut hear = |line: &[u8]| scan.line(line);
    ask.lines = Some(&mut hear);
    drill.must("pg_restore --schema-only", &dump.shown, ask)?;
    Ok(scan)
}

fn load(drill: &mut Drill<'_, '_>, server: &Server, dump: &Dump, needs: &Scan, database: &str) -> Done<()> {
    drill.watch.step("restore", 1, dump.bytes)?;
    if dump.form == Form::Cluster {
        let mut ask = Ask::new(server.psql("postgres"));
        ask.input = Some(moved(drill, feed::open_plain(&dump.path)?, &dump.shown)?);
        let ended = drill.run("psql", ask)?;
        return went_well(drill, "psql", dump, &ended);
    }
    let there = server.query(drill, "postgres", "SELECT rolname FROM pg_roles")?;
    let spaces = server.query(drill, "postgres", "SELECT spcname FROM pg_tablespace")?;
    let mut script = String::new();
    for space in needs.tablespaces.iter().filter(|s| !spaces.contains(s)) {
        let place = tablespace(drill)?;
        script.push_str(&format!("CREATE TABLESPACE {} LOCATION {};\n", name(space), literal(&place)));
    }
    let missing: Vec<_> = needs.roles.iter().filter(|r| !there.contains(r)).collect();
    for role in &missing {
        // Some things can only be owned by a superuser, which `postgres` is wherever a dump names it.
        let power = if *role == "postgres" { " SUPERUSER" } else { "" };
        script.push_str(&format!("CREATE ROLE {}{power};\n", name(role)));
    }
    let encoding = if needs.ascii { " ENCODING 'SQL_ASCII'" } else { "" };
    script.push_str(&format!("CREATE DATABASE {database} TEMPLATE template0{encoding};\n"));
    let mut ask = Ask::new(server.psql("postgres"));
    ask.input = Some(Box::new(Cursor::new(script.into_bytes())));
    drill.must("psql", &dump.shown, ask)?;
    // Every cluster has a `postgres`, or one that is as good.
    let names =
        missing.iter().map(|r| r.as_str()).filter(|r| *r != "postgres").collect::<Vec<_>>().join(", ");
    if !names.is_empty() {
        drill.report.leave_out(
            dump.shown.as_str(),
            format!("角色不在备份集中，已为演练创建：{names}"),
            format!("roles are not in the set, and were made for the drill: {names}"),
        );
    }
    let (title, mut ask) = if dump.form == Form::Plain {
        let mut command = server.psql(database);
        if !needs.connects {
            command.arg("-1");
        }
        ("psql", Ask::new(command))
    } else {
        let mut command = server.client("pg_restore", database, dump.form == Form::Folder);
        command.args(["--exit-on-error", "--single-transaction"]);
        ("pg_restore", Ask::new(command))
    };
    hand_over(&mut ask, dump)?;
    let ended = drill.run(title, ask)?;
    went_well(drill, title, dump, &ended)
}

/// What came of a restore; a psql from before August 2025 does not know the first line of a newer dump.
fn went_well(drill: &mut Drill<'_, '_>, title: &str, dump: &Dump, ended: &Ended) -> Done<()> {
    if !ended.ok && ended.messages.contains("invalid command \\restrict") {
        let problem = Problem::new(ProblemKind::EngineVersion, dump.shown.as_str());
        return Err(drill.stop(problem.detail(super::message(&ended.messages))));
    }
    if !ended.ok {
        return Err(drill.failed(&dump.shown, &format!("{title}: {}", ended.why())));
    }
    let mark = if title == "psql" { "WARNING:" } else { "warning:" };
    drill.warnings(&dump.shown, &ended.messages, mark);
    Ok(())
}

/// A folder in the scratch target for one more tablespace.
fn tablespace(drill: &mut Drill<'_, '_>) -> Done<String> {
    let n = std::fs::read_dir(drill.scratch.path()).into_iter().flatten().count();
    Ok(drill.scratch.folder(&format!("tablespace-{n}"))?.display().to_string())
}

fn name(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

fn literal(word: &str) -> String {
    format!("'{}'", word.replace('\'', "''"))
}

/// A dump of a cluster whose tablespaces lie in the scratch target, never in the folders of the real server: pg_dumpall makes
/// them before it first connects to a database.
fn moved(drill: &mut Drill<'_, '_>, input: Box<dyn Read + Send>, shown: &str) -> Done<Box<dyn Read + Send>> {
    let mut input = BufReader::new(input);
    let mut globals = Vec::new();
    loop {
        let from = globals.len();
        let room = MAX_GLOBALS - from as u64;
        match input.by_ref().take(room).read_until(b'\n', &mut globals) {
            Ok(0) if room == 0 => {
                return Err(drill.failed(shown, &format!("> {MAX_GLOBALS} B of roles and tablespaces")));
            }
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(drill.failed(shown, &error.to_string())),
        }
        let line = String::from_utf8_lossy(&globals[from..]).into_owned();
        if line.starts_with("\\connect ") {
            break;
        }
        if line.starts_with("CREATE TABLESPACE ")
            && let Some((head, _)) = line.rsplit_once(" LOCATION ")
        {
            let place = tablespace(drill)?;
            globals.truncate(from);
            globals.extend_from_slice(format!("{head} LOCATION {};\n", literal(&place)).as_bytes());
        }
    }
    Ok(Box::new(Cursor::new(globals).chain(input)))
}
