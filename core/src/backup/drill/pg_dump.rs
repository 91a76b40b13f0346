//! Dumps of PostgreSQL: plain (also of whole clusters), custom, tar and directory, restored with its own programs.

use super::postgres::{Install, Server, installs, major};
use super::process::Ask;
use super::roles::Scan;
use super::set::{File, head};
use super::target::{self, Load};
use super::{Done, Drill, expect, feed};
use crate::backup::{Problem, ProblemKind};
use std::io::Cursor;
use std::path::{Path, PathBuf};

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
            let problem = Problem::new(ProblemKind::EngineTooOld, dump.shown.as_str());
            let problem =
                problem.with(format!("PostgreSQL {needs}"), format!("PostgreSQL {}", install.version));
            return Err(drill.stop(problem));
        }
    }
    let data = drill.step("initdb", true, |drill| Server::init(drill, &install))?;
    let mut server = drill.step("start", true, |drill| Server::start(drill, &install, &data, &[]))?;
    for (n, dump) in dumps.iter().enumerate() {
        let needs = if dump.form == Form::Cluster {
            Scan::default()
        } else {
            drill.step("scan", false, |drill| scan(drill, &server, dump))?
        };
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
        dumps.push(Dump {
            form,
            shown: file.shown.clone(),
            path: file.path.clone(),
            bytes: file.bytes,
            needs,
        });
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
        let problem = Problem::new(ProblemKind::EngineTooOld, dump.shown.as_str());
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
    if dump.form == Form::Plain {
        feed::lines(drill, &dump.path, &dump.shown, dump.bytes, &mut |line| scan.line(line))?;
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
        hand_over(&mut ask, dump)?;
        let ended = drill.must("psql", &dump.shown, ask)?;
        drill.warnings(&dump.shown, &ended.messages, "WARNING:");
        return Ok(());
    }
    let there = server.query(drill, "postgres", "SELECT rolname FROM pg_roles")?;
    let mut script = String::new();
    let missing: Vec<_> = needs.roles.iter().filter(|r| !there.contains(r)).collect();
    for role in &missing {
        // Some things can only be owned by a superuser, which `postgres` is wherever a dump names it.
        let power = if *role == "postgres" { " SUPERUSER" } else { "" };
        script.push_str(&format!("CREATE ROLE \"{}\"{power};\n", role.replace('"', "\"\"")));
    }
    let encoding = if needs.ascii { " ENCODING 'SQL_ASCII'" } else { "" };
    script.push_str(&format!("CREATE DATABASE {database} TEMPLATE template0{encoding};\n"));
    let mut ask = Ask::new(server.psql("postgres"));
    ask.input = Some(Box::new(Cursor::new(script.into_bytes())));
    drill.must("psql", &dump.shown, ask)?;
    if !missing.is_empty() {
        let names = missing.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ");
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
    let ended = drill.must(title, &dump.shown, ask)?;
    drill.warnings(
        &dump.shown,
        &ended.messages,
        if dump.form == Form::Plain { "WARNING:" } else { "warning:" },
    );
    Ok(())
}
