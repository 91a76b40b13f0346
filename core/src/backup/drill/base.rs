//! Base backups of PostgreSQL, plain and tar: copied, recovered by a server of the same major version, read to the last page.
//! Of the settings in the backup only those are kept that recovery depends on: an `archive_command` or a `primary_conninfo`
//! of the real server must never run in a drill.

use super::postgres::{Server, installs, major};
use super::process::{Ask, command};
use super::set::base_folder;
use super::{Done, Drill, archive, expect, feed};
use crate::backup::files::io;
use crate::backup::{Level, Problem, ProblemKind};
use crate::shell::quote;
use std::path::{Path, PathBuf};

/// Settings that recovery refuses to run with when they are lower than the server's that was backed up, and their names
/// in the control file.
const AT_LEAST: &[(&str, &str)] = &[
    ("max_connections", "max_connections setting:"),
    ("max_worker_processes", "max_worker_processes setting:"),
    ("max_wal_senders", "max_wal_senders setting:"),
    ("max_prepared_transactions", "max_prepared_xacts setting:"),
    ("max_locks_per_transaction", "max_locks_per_xact setting:"),
];
/// Files of the backup that say how the real server runs.
const SETTINGS: &[&str] = &[
    "postgresql.conf",
    "postgresql.auto.conf",
    "pg_hba.conf",
    "pg_ident.conf",
    "standby.signal",
    "recovery.signal",
    "postmaster.pid",
];

pub(super) fn restore(drill: &mut Drill<'_, '_>) -> Done<()> {
    drill.detail.engine = "postgresql".into();
    if drill.options.target.is_some() {
        return Err(drill.impossible("target: a base backup is restored as a server of its own"));
    }
    let Some(folder) = base_folder(&drill.set.payload, &drill.set.files) else {
        return Err(drill.failed("", "no PG_VERSION, no base.tar"));
    };
    let installs = installs(drill)?;
    let data = drill.scratch.folder("pgdata")?;
    drill.step("copy", true, |drill| {
        if folder.join("PG_VERSION").is_file() {
            plain(drill, &folder, &data)
        } else {
            unpack(drill, &folder, &data)
        }
    })?;
    let text = std::fs::read_to_string(data.join("PG_VERSION")).unwrap_or_default();
    let Some(needs) = major(text.trim()) else {
        return Err(drill.failed("PG_VERSION", &format!("{text:?}")));
    };
    let Some(install) = installs.iter().find(|i| i.major == needs) else {
        let here = installs.iter().map(|i| i.version.as_str()).collect::<Vec<_>>().join(", ");
        let problem = Problem::new(ProblemKind::EngineVersion, "PG_VERSION");
        return Err(drill.stop(problem.with(format!("PostgreSQL {needs}"), format!("PostgreSQL {here}"))));
    };
    drill.detail.version = Some(install.version.clone());
    drill.step("configure", true, |drill| configure(drill, &install.home, &data))?;
    let mut server = drill.step("start", true, |drill| Server::start(drill, &install.home, &data))?;
    drill.step("superuser", false, |drill| superuser(drill, &mut server))?;
    let databases = server.databases(drill)?;
    drill.step("engine-checks", true, |drill| server.check(drill, &databases))?;
    drill.step("read-all", false, |drill| read_all(drill, &server, &databases))?;
    let sources: Vec<_> = databases.iter().map(|d| (d.clone(), server.source(d))).collect();
    drill.step("compare", false, |drill| expect::compare(drill, &sources))?;
    server.end();
    Ok(())
}

/// A plain base backup: every file is copied; the links of its tablespaces lead into the set or nowhere.
fn plain(drill: &mut Drill<'_, '_>, folder: &Path, data: &Path) -> Done<()> {
    let links = archive::copy_folder(drill, folder, data)?;
    for link in links {
        let shown = link.display().to_string();
        if link == Path::new("pg_wal") {
            let wal = data.join("pg_wal");
            std::fs::create_dir(&wal).map_err(|error| io(&wal, &error))?;
            drill.scratch.give(&wal)?;
            continue;
        }
        let oid = link.strip_prefix("pg_tblspc").ok().and_then(Path::to_str);
        let Some(oid) = oid.filter(|o| o.bytes().all(|b| b.is_ascii_digit())) else {
            drill.report.leave_out(shown.as_str(), "链接或设备，未复制", "a link or a device: not copied");
            continue;
        };
        let target =
            std::fs::read_link(folder.join(&link)).map_err(|error| io(&folder.join(&link), &error))?;
        let Some(from) = tablespace(drill, folder, &target) else {
            let problem = Problem::new(ProblemKind::RestoreFailed, shown);
            return Err(drill.stop(problem.with("tablespace in the set", target.display())));
        };
        let to = tablespace_folder(drill, oid)?;
        archive::copy_folder(drill, &from, &to)?;
        let link = data.join(&link);
        std::os::unix::fs::symlink(&to, &link).map_err(|error| io(&link, &error))?;
        drill.scratch.give(&link)?;
    }
    Ok(())
}

/// Where the set has the tablespace that was at `target`. Never there itself, unless that is in the set: the real server may
/// still be using it.
fn tablespace(drill: &Drill<'_, '_>, base: &Path, target: &Path) -> Option<PathBuf> {
    let payload = drill.set.payload.canonicalize().ok()?;
    if let Ok(real) = target.canonicalize()
        && real.starts_with(&payload)
    {
        return Some(real);
    }
    // The set was moved since: by the name of the folder, among those that look like a tablespace.
    let mut folders: Vec<PathBuf> = Vec::new();
    for file in drill.set.files.iter().filter(|f| !f.path.starts_with(base)) {
        for folder in file.path.ancestors() {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("PG_")
                && name.matches('_').count() == 2
                && let Some(parent) = folder.parent()
                && !folders.iter().any(|f| f == parent)
            {
                folders.push(parent.to_owned());
            }
        }
    }
    let named: Vec<_> = folders.iter().filter(|f| f.file_name() == target.file_name()).collect();
    match (named.as_slice(), folders.as_slice()) {
        ([one], _) => Some((*one).clone()),
        ([], [one]) => Some(one.clone()),
        _ => None,
    }
}

fn tablespace_folder(drill: &Drill<'_, '_>, oid: &str) -> Done<PathBuf> {
    Ok(drill.scratch.folder(&format!("tablespace-{oid}"))?)
}

/// A base backup of tar files: `base.tar`, one for each tablespace, `pg_wal.tar`; compressed or not.
fn unpack(drill: &mut Drill<'_, '_>, folder: &Path, data: &Path) -> Done<()> {
    let files: Vec<_> = drill.set.files.iter().filter(|f| f.path.parent() == Some(folder)).cloned().collect();
    drill.watch.step(
        "copy",
        files.len() as u64,
        files.iter().map(|f| f.bytes).fold(0, u64::saturating_add),
    )?;
    let mut tablespaces = Vec::new();
    for file in &files {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let Some((stem, _)) = name.split_once(".tar") else { continue };
        let into = match stem {
            "base" => data.to_owned(),
            "pg_wal" => {
                let wal = data.join("pg_wal");
                if !wal.is_dir() {
                    std::fs::create_dir(&wal).map_err(|error| io(&wal, &error))?;
                    drill.scratch.give(&wal)?;
                }
                wal
            }
            oid if oid.bytes().all(|b| b.is_ascii_digit()) => {
                let into = tablespace_folder(drill, oid)?;
                tablespaces.push((oid.to_owned(), into.clone()));
                into
            }
            _ => continue,
        };
        archive::untar(drill, feed::open_plain(&file.path)?, &file.shown, &into)?;
    }
    // Recovery makes the links itself, by this map.
    let map = data.join("tablespace_map");
    if let Ok(text) = std::fs::read_to_string(&map) {
        let mut mapped = String::new();
        for line in text.lines() {
            let oid = line.split(' ').next().unwrap_or_default();
            let Some((_, to)) = tablespaces.iter().find(|(o, _)| o == oid) else {
                let problem = Problem::new(ProblemKind::RestoreFailed, format!("{oid}.tar"));
                return Err(drill.stop(problem.with("tablespace in the set", line)));
            };
            mapped.push_str(&format!("{oid} {}\n", to.display()));
        }
        std::fs::write(&map, mapped).map_err(|error| io(&map, &error))?;
    }
    Ok(())
}

/// Settings of the drill in place of the real server's.
fn configure(drill: &mut Drill<'_, '_>, home: &Path, data: &Path) -> Done<()> {
    for name in SETTINGS {
        let path = data.join(name);
        if path.exists() {
            let aside = data.join(format!("{name}.of-the-set"));
            std::fs::rename(&path, &aside).map_err(|error| io(&path, &error))?;
        }
    }
    for folder in [
        "pg_wal",
        "pg_tblspc",
        "pg_dynshmem",
        "pg_notify",
        "pg_replslot",
        "pg_serial",
        "pg_snapshots",
        "pg_stat",
        "pg_stat_tmp",
        "pg_subtrans",
        "pg_twophase",
        "pg_commit_ts",
        "pg_logical",
    ] {
        // Folders that are empty in a backup, which a bag does not keep.
        let path = data.join(folder);
        if !path.exists() {
            std::fs::create_dir(&path).map_err(|error| io(&path, &error))?;
            drill.scratch.give(&path)?;
        }
    }
    let mut ask = command(&home.join("pg_controldata"), drill.scratch.path(), drill.scratch.account);
    ask.arg("-D").arg(data);
    let ended = drill.must("pg_controldata", "global/pg_control", Ask::new(ask))?;
    let mut conf = String::from("hot_standby = off\nwal_level = replica\n");
    for (name, label) in AT_LEAST {
        if let Some(value) = ended.out.lines().find_map(|l| l.strip_prefix(label))
            && let Ok(value) = value.trim().parse::<u32>()
        {
            conf.push_str(&format!("{name} = {value}\n"));
        }
    }
    if let Some(wal) = &drill.options.wal {
        let archive = drill.scratch.folder("wal")?;
        collect_wal(drill, wal, data, &archive)?;
        let from = quote(&archive.to_string_lossy().replace('%', "%%"));
        let fetch = format!("cp {from}/%f \"%p\"").replace('\'', "''");
        conf.push_str(&format!("restore_command = '{fetch}'\nrecovery_target_timeline = 'latest'\n"));
        let signal = data.join("recovery.signal");
        std::fs::write(&signal, "").map_err(|error| io(&signal, &error))?;
        drill.scratch.give(&signal)?;
    }
    let hba = "local all all trust\n";
    for (name, text) in [("postgresql.conf", conf.as_str()), ("pg_hba.conf", hba), ("pg_ident.conf", "")] {
        let path = data.join(name);
        std::fs::write(&path, text).map_err(|error| io(&path, &error))?;
        drill.scratch.give(&path)?;
    }
    Ok(())
}

/// The archived WAL that recovery may ask for, decompressed: from the segment the backup began in.
fn collect_wal(drill: &mut Drill<'_, '_>, from: &Path, data: &Path, to: &Path) -> Done<()> {
    let label = std::fs::read_to_string(data.join("backup_label")).unwrap_or_default();
    // "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)"
    let first = label.split_once("(file ").map_or("", |(_, rest)| rest.split(')').next().unwrap_or_default());
    let from_segment = first.get(8..24).unwrap_or_default();
    let (found, _) = crate::backup::files::walk(from, drill.watch)?;
    let mut segments = 0u64;
    for file in found {
        let name = Path::new(&file.path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = name.split('.').next().unwrap_or_default();
        let segment = stem.len() == 24
            && stem.bytes().all(|b| b.is_ascii_hexdigit())
            && !name.contains(".backup")
            && !name.contains(".partial");
        let history = name.contains(".history");
        if file.what != crate::backup::files::What::File
            || !(segment && &stem[8..] >= from_segment || history)
        {
            continue;
        }
        let target = to.join(if history { format!("{stem}.history") } else { stem.to_owned() });
        let path = from.join(&file.path);
        if !target.exists() {
            archive::write(drill, &mut feed::open_plain(&path)?, &target, &path)?;
            segments += u64::from(segment);
        }
    }
    drill.report.check(Level::L3, "archived-wal", None, &[("segments", segments.to_string())]);
    Ok(())
}

/// Finds the name of a superuser: the one of the cluster is not ours to choose.
fn superuser(drill: &mut Drill<'_, '_>, server: &mut Server) -> Done<()> {
    let owner = std::env::var("PGUSER").ok();
    for role in ["postgres"].into_iter().map(str::to_owned).chain(owner) {
        server.role = role;
        let mut ask = server.client("psql", "template1", false);
        ask.args(["-X", "-A", "-t", "-c", "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"]);
        let ended = drill.run("psql", Ask::new(ask))?;
        if ended.ok && ended.out.trim() == "t" {
            return Ok(());
        }
    }
    server.single(drill)
}

/// Reads every page of every table, by dumping them to nowhere.
fn read_all(drill: &mut Drill<'_, '_>, server: &Server, databases: &[String]) -> Done<()> {
    for database in databases {
        let mut ask = server.client("pg_dump", database, false);
        ask.args(["-f", "/dev/null"]);
        let ended = drill.run("pg_dump", Ask::new(ask))?;
        if ended.ok {
            drill.report.check(Level::L3, "pg-dump-to-nowhere", Some(database), &[]);
        } else {
            let problem = Problem::new(ProblemKind::EngineCheckFailed, database.as_str());
            drill.report.problem(problem.detail(super::message(&format!("pg_dump: {}", ended.why()))));
        }
    }
    Ok(())
}
