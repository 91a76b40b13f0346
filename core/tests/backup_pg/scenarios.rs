//! The scenarios, by their names in `pg_verifybackup_scenarios.json`.

use crate::common::{self, vectors};
use crate::manifests;
use crate::server::{Server, folder, give};
use crate::side::{Both, Copy, both, resealed};
use opsledger::backup::{Kind, SealOptions};
use opsledger::digest::Algorithm;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a scenario's kind is called here.
fn ours(kind: &str) -> &'static [&'static str] {
    match kind {
        "extra_on_disk" => &["extra-on-disk"],
        "missing_on_disk" => &["missing-on-disk"],
        "size_mismatch" => &["size-mismatch"],
        "checksum_mismatch" => &["checksum-mismatch"],
        "system_identifier_mismatch" => &["system-identifier-mismatch"],
        "manifest_checksum_mismatch" => &["manifest-changed"],
        "cannot_open_file" | "cannot_open_directory" | "cannot_stat" => &["cannot-read"],
        "cannot_open_manifest" => &["manifest-missing"],
        "wal_parse_failed" => &["wal-missing", "wal-broken"],
        "manifest_parse_error" | "manifest_fatal" => &["manifest-broken"],
        other => panic!("a kind that is not known here: {other}"),
    }
}

/// A server with a tablespace and some rows, and a base backup of it.
struct Cluster {
    root: tempfile::TempDir,
    server: Server,
}

impl Cluster {
    fn new() -> Cluster {
        let root = folder();
        let data = root.path().join("data");
        let space = root.path().join("live_space");
        fs::create_dir(&space).unwrap();
        give(&space);
        Server::init(&data);
        let server = Server::start(&data);
        server.sql(&format!("CREATE TABLESPACE other LOCATION '{}'", space.display()));
        server.sql("CREATE TABLE course (id int PRIMARY KEY, name text) TABLESPACE other");
        server.sql("INSERT INTO course SELECT i, repeat('课程', 20) || i FROM generate_series(1, 20000) i");
        Cluster { root, server }
    }
    /// Takes a backup into a folder of its own, with its tablespace beside it.
    fn backup(&self, name: &str, words: &[&str]) -> Result<PathBuf, String> {
        backup(&self.server, self.root.path(), name, words)
    }
}

fn backup(server: &Server, root: &Path, name: &str, words: &[&str]) -> Result<PathBuf, String> {
    let made = root.join(name);
    fs::create_dir(&made).unwrap();
    give(&made);
    let live = server.sql("SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'other'");
    let map = format!("--tablespace-mapping={live}={}", made.join("space").display());
    let output = server.base_backup(&made.join("backup"), &[&[map.as_str()], words].concat());
    if output.status.success() { Ok(made) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn append(path: &Path, bytes: &[u8]) {
    let mut content = fs::read(path).unwrap();
    content.extend_from_slice(bytes);
    fs::write(path, content).unwrap();
}

fn replace_version(copy: &Copy) {
    let path = copy.backup.join("PG_VERSION");
    let len = fs::read(&path).unwrap().len();
    fs::write(path, vec![b'q'; len]).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn segment(folder: &Path) -> PathBuf {
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.retain(|p| p.file_name().unwrap().len() == 24);
    all.sort();
    all.first().expect("a segment").clone()
}

/// Does to a copy what the scenario says; gives whether file modes must hold. `None`: not known here.
fn damage(name: &str, copy: &Copy) -> Option<bool> {
    let root = &copy.backup;
    match name {
        "quiet_ok" => {}
        "extra_file" => fs::write(root.join("extra_file"), "x").unwrap(),
        "extra_tablespace_file" => {
            let folder = fs::read_dir(&copy.space).unwrap().next().unwrap().unwrap().path();
            fs::write(folder.join("extra_ts_file"), "x").unwrap();
        }
        "missing_file" => fs::remove_file(root.join("pg_xact/0000")).unwrap(),
        "missing_tablespace" => fs::remove_file(copy.link()).unwrap(),
        "append_to_file" => append(&root.join("global/pg_control"), b"x"),
        "truncate_file" => fs::write(root.join("pg_hba.conf"), "").unwrap(),
        "replace_file" | "quiet_still_fails" | "ignore_one" => replace_version(copy),
        "bad_manifest" => append(&root.join("backup_manifest"), b"\n"),
        "open_file_fails" => mode(&root.join("PG_VERSION"), 0),
        "open_directory_fails" => mode(&root.join("pg_subtrans"), 0),
        "search_directory_fails" => mode(&root.join("base"), 0o400),
        "ignore_both" | "exit_on_first_error" => {
            replace_version(copy);
            fs::remove_dir_all(root.join("pg_xact")).unwrap();
        }
        "manifest_absent" => {
            fs::remove_dir_all(root).unwrap();
            fs::create_dir(root).unwrap();
            give(root);
        }
        "pg_wal_missing" | "pg_wal_missing_no_parse" | "pg_wal_elsewhere" => {
            fs::rename(root.join("pg_wal"), copy.beside("moved")).unwrap();
        }
        "wal_garbage_same_length" => {
            let segment = segment(&root.join("pg_wal"));
            let len = fs::metadata(&segment).unwrap().len();
            fs::write(segment, vec![b'w'; usize::try_from(len).unwrap()]).unwrap();
        }
        "timeline_gt_1" => {}
        _ => return None,
    }
    Some(name.starts_with("open_") || name.starts_with("search_"))
}

fn words(scenario: &Value, copy: &Copy) -> Vec<String> {
    let words = scenario["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    let moved = copy.beside("moved").display().to_string();
    let word = |w: &Value| w.as_str().unwrap().replace("<moved>", &moved);
    words.iter().map(word).collect()
}

/// Both must say what the scenario expects; returns how often ours was held.
fn expect(name: &str, scenario: &Value, both: &Both) {
    let ok = scenario["expect"] == "ok";
    assert_eq!(both.theirs, ok, "{name}: pg_verifybackup\n{}", both.said);
    assert_eq!(both.ours, ok, "{name}: ours\n{}", both.shown);
    let has =
        |kind: &Value| ours(kind.as_str().unwrap()).iter().any(|k| both.kinds.iter().any(|found| found == k));
    if let kind @ Value::String(_) = &scenario["error_kind"] {
        assert!(has(kind), "{name}: {kind}\n{}", both.shown);
    }
    for kind in scenario["error_kinds_all"].as_array().into_iter().flatten() {
        assert!(has(kind), "{name}: {kind}\n{}", both.shown);
    }
    for kind in scenario["error_kinds_absent"].as_array().into_iter().flatten() {
        assert!(!has(kind), "{name}: {kind}\n{}", both.shown);
    }
}

fn scenarios() -> Value {
    serde_json::from_slice(&fs::read(vectors("pg_verifybackup_scenarios.json")).unwrap()).unwrap()
}

#[test]
fn every_scenario_of_pg_verifybackup() {
    let all = scenarios();
    let cluster = Cluster::new();
    let made = cluster.backup("sha256", &["--manifest-checksums=sha256"]).unwrap();
    let later = second_timeline(&cluster);
    let mut held = 0;
    for group in ["corruption", "options", "wal"] {
        for scenario in all[group].as_array().unwrap() {
            let name = scenario["name"].as_str().unwrap();
            if name == "system_identifier" {
                continue; // needs PostgreSQL 17: the_system_identifier_of_another_cluster
            }
            let copy = Copy::of(if name == "timeline_gt_1" { &later } else { &made });
            let unprivileged = damage(name, &copy).unwrap_or_else(|| panic!("{name}: not known here"));
            let both = both(&copy.backup, &words(scenario, &copy), unprivileged);
            if scenario["also_in_tar_format"] == true {
                in_tar_format(name, scenario, &copy);
            }
            for closed in ["PG_VERSION", "pg_subtrans", "base"] {
                if unprivileged {
                    mode(&copy.backup.join(closed), 0o700);
                }
            }
            expect(name, scenario, &both);
            held += 1;
        }
    }
    let total =
        ["corruption", "options", "wal"].iter().map(|g| all[*g].as_array().unwrap().len()).sum::<usize>();
    assert_eq!(held, total - 1);
    another_cluster(&made);
    tar_format(&cluster);
    let_through(&made);
    small_damages(&made);
    algorithms(&all, &cluster);
}

/// A standby of the cluster, promoted: its backup begins on timeline 2.
fn second_timeline(cluster: &Cluster) -> PathBuf {
    let standby = cluster.backup("standby", &[]).unwrap();
    let data = standby.join("backup");
    fs::write(data.join("standby.signal"), "").unwrap();
    give(&data.join("standby.signal"));
    let server = Server::start(&data);
    server.sql("SELECT pg_promote()");
    server.sql("CREATE TABLE later (id int)");
    server.sql("SELECT pg_switch_wal()");
    let made = backup(&server, cluster.root.path(), "later", &["--manifest-checksums=sha256"]).unwrap();
    let manifest = fs::read_to_string(made.join("backup/backup_manifest")).unwrap();
    assert!(manifest.contains("\"Timeline\": 2"), "{manifest}");
    made
}

/// The copy as `pg_basebackup --format=tar` would have packed it.
fn tar_up(copy: &Copy) -> tempfile::TempDir {
    let root = folder();
    let pack = |name: &str, from: &Path, words: &[&str]| {
        let mut tar = std::process::Command::new("tar");
        tar.arg("--format=ustar")
            .args(words)
            .arg("-C")
            .arg(from)
            .arg("-cf")
            .arg(root.path().join(name))
            .arg(".");
        assert!(tar.status().unwrap().success(), "{name}");
    };
    let spaces = fs::read_dir(copy.backup.join("pg_tblspc")).unwrap();
    for link in spaces.map(|e| e.unwrap().file_name().into_string().unwrap()) {
        pack(&format!("{link}.tar"), &copy.space, &[]);
    }
    pack("base.tar", &copy.backup, &["--exclude=./pg_wal/*", "--exclude=./backup_manifest"]);
    pack("pg_wal.tar", &copy.backup.join("pg_wal"), &[]);
    fs::copy(copy.backup.join("backup_manifest"), root.path().join("backup_manifest")).unwrap();
    root
}

/// `pg_verifybackup` reads archives from 18 on, so that ours alone is asked.
fn in_tar_format(name: &str, scenario: &Value, copy: &Copy) {
    let report = common::verified(tar_up(copy).path());
    let kinds = common::kinds(&report);
    assert!(!common::is_pass(&report), "{name}");
    let wanted = ours(scenario["error_kind"].as_str().unwrap());
    assert!(wanted.iter().any(|k| kinds.contains(k)), "{name} in tar format: {:?}", report.problems);
}

/// Archives as PostgreSQL writes them, and as others compress them; cut ones.
fn tar_format(cluster: &Cluster) {
    for (name, words) in [
        ("tar", &["--format=tar"][..]),
        ("tar_fetch", &["--format=tar", "--wal-method=fetch"]),
        ("tar_gzip", &["--format=tar", "--compress=gzip"]),
        ("tar_lz4", &["--format=tar", "--compress=server-lz4"]),
        ("tar_zstd", &["--format=tar", "--compress=server-zstd"]),
    ] {
        let words = [words, &["--manifest-checksums=sha256"]].concat();
        let made = cluster.backup(name, &words).unwrap().join("backup");
        let sound = common::verified(&made);
        assert_eq!(common::kinds(&sound), [""; 0], "{name}: {:?}", sound.problems);
        assert!(sound.checks.iter().any(|c| c.name == "wal-range"), "{name}: {:?}", sound.checks);
        assert!(sound.coverage.not_covered.iter().any(|l| l.path == "pg_wal"), "{name}");
        let mut archives: Vec<_> = fs::read_dir(&made).unwrap().map(|e| e.unwrap().path()).collect();
        archives.sort();
        for archive in archives {
            let bytes = fs::read(&archive).unwrap();
            fs::write(&archive, &bytes[..bytes.len() / 2]).unwrap();
            let cut = common::verified(&made);
            assert!(!common::is_pass(&cut), "{name}: {}", archive.display());
            fs::write(&archive, bytes).unwrap();
        }
    }
}

/// Version 2 names the cluster. `pg_verifybackup` 15 knows only version 1, so it is not asked.
fn another_cluster(made: &Path) {
    let copy = Copy::of(made);
    let control = fs::read(copy.backup.join("global/pg_control")).unwrap();
    let own = u64::from_le_bytes(control[..8].try_into().unwrap());
    let path = copy.backup.join("backup_manifest");
    let text = fs::read_to_string(&path).unwrap();
    for (id, pass) in [(own, true), (own + 1, false)] {
        let second =
            text.replacen("Version\": 1,", &format!("Version\": 2,\n\"System-Identifier\": {id},"), 1);
        fs::write(&path, resealed(&second)).unwrap();
        let report = common::verified(&copy.backup);
        assert_eq!(common::is_pass(&report), pass, "{:?}", report.problems);
        assert_eq!(!common::find(&report, "system-identifier-mismatch").is_empty(), !pass);
        let packed = tar_up(&copy);
        let report = common::verified(packed.path());
        assert_eq!(common::is_pass(&report), pass, "{:?}", report.problems);
        assert_eq!(!common::find(&report, "system-identifier-mismatch").is_empty(), !pass);
    }
}

/// What PostgreSQL does not find, and we say that it was not looked at.
fn let_through(made: &Path) {
    let passes = |name: &str, damage: &dyn Fn(&Copy), left: &str| {
        let copy = Copy::of(made);
        damage(&copy);
        let both = both(&copy.backup, &[], false);
        assert!(both.theirs && both.ours, "{name}: {}\n{}", both.said, both.shown);
        assert!(both.not_covered.iter().any(|l| l == left), "{name}: {:?}", both.not_covered);
    };
    passes("new file in pg_wal", &|c| fs::write(c.backup.join("pg_wal/new"), "x").unwrap(), "pg_wal");
    let auto = "postgresql.auto.conf";
    passes(auto, &|c| append(&c.backup.join(auto), b"work_mem = '1GB'\n"), auto);
    let both_rewritten = |c: &Copy| {
        let path = c.backup.join("pg_hba.conf");
        let before = fs::read(&path).unwrap();
        let mut after = before.clone();
        after[0] ^= 1;
        fs::write(&path, &after).unwrap();
        let sum = |bytes: &[u8]| {
            let mut hasher = Algorithm::Sha256.hasher();
            hasher.update(bytes);
            hasher.finish_hex()
        };
        let manifest = c.backup.join("backup_manifest");
        let text = fs::read_to_string(&manifest).unwrap();
        assert!(text.contains(&sum(&before)));
        fs::write(&manifest, resealed(&text.replace(&sum(&before), &sum(&after)))).unwrap();
    };
    passes("file and manifest rewritten", &both_rewritten, "backup_manifest");
    // A sealed bag around it answers for all of them.
    type Damage<'a> = &'a dyn Fn(&Copy);
    let cases: [(&str, Damage<'_>); 3] = [
        ("pg_wal/new", &|c| fs::write(c.backup.join("data/pg_wal/new"), "x").unwrap()),
        (auto, &|c| append(&c.backup.join("data").join(auto), b"x")),
        ("backup_manifest", &|c| {
            let inner = Copy { _root: folder(), backup: c.backup.join("data"), space: c.space.clone() };
            both_rewritten(&inner);
        }),
    ];
    for (name, damage) in cases {
        let copy = Copy::of(made);
        // A bag holds files and folders, no links.
        let link = copy.link();
        fs::remove_file(&link).unwrap();
        fs::rename(&copy.space, &link).unwrap();
        let kind = Some(Kind::PostgresBase);
        common::try_seal(&SealOptions { path: copy.backup.clone(), kind, ..SealOptions::default() }).unwrap();
        let sound = common::verified(&copy.backup);
        assert!(common::is_pass(&sound), "{name}: {:?}", sound.problems);
        assert!(sound.checks.iter().any(|c| c.name == "wal-range"), "{name}: {:?}", sound.checks);
        damage(&copy);
        let report = common::verified(&copy.backup);
        let named = report.problems.iter().any(|p| p.path.ends_with(name));
        assert!(!common::is_pass(&report) && named, "{name}: {:?}", report.problems);
    }
}

/// One byte of the WAL that a restore needs, or a cut, is found at its place.
fn small_damages(made: &Path) {
    let copy = Copy::of(made);
    let manifest = fs::read_to_string(copy.backup.join("backup_manifest")).unwrap();
    let lsn = |name: &str| {
        let text = manifest.split(&format!("\"{name}\": \"")).nth(1).unwrap().split('"').next().unwrap();
        u64::from_str_radix(text.split('/').nth(1).unwrap(), 16).unwrap() % (16 << 20)
    };
    let (start, end) = (lsn("Start-LSN"), lsn("End-LSN"));
    let segment = segment(&copy.backup.join("pg_wal"));
    let sound = fs::read(&segment).unwrap();
    let found = |bytes: &[u8]| {
        fs::write(&segment, bytes).unwrap();
        common::kinds(&common::verified(&copy.backup)).into_iter().filter(|k| k.starts_with("wal-")).count()
    };
    assert_eq!(found(&sound), 0);
    assert_eq!(found(&sound[..sound.len() - 8192]), 1);
    let mut outside = sound.clone();
    let last = outside.len() - 1;
    outside[last] ^= 1;
    assert_eq!(found(&outside), 0, "behind the range's end");
    let mut silent = Vec::new();
    for at in (start..end).step_by(7) {
        let mut bytes = sound.clone();
        bytes[usize::try_from(at).unwrap()] ^= 0x10;
        if found(&bytes) == 0 {
            silent.push(at);
        }
    }
    // Bytes between records and the padding of a header are no record's.
    assert!(silent.len() < 8, "{silent:?} of {start}..{end}");
    let gz = segment.with_extension("gz");
    fs::write(&segment, &sound).unwrap();
    assert!(std::process::Command::new("gzip").arg(&segment).status().unwrap().success(), "{gz:?}");
    let compressed = common::verified(&copy.backup);
    assert!(common::is_pass(&compressed), "{:?}", compressed.problems);
}

fn algorithms(all: &Value, cluster: &Cluster) {
    let mut names: Vec<_> = all["algorithms"].as_array().unwrap().clone();
    for more in ["none", "sha224", "sha384"] {
        names.push(serde_json::json!({"algorithm": more, "expect_backup": "ok", "expect_verify": "ok"}));
    }
    for row in names {
        let name = row["algorithm"].as_str().unwrap();
        let made = cluster.backup(&format!("with_{name}"), &[&format!("--manifest-checksums={name}")]);
        assert_eq!(made.is_ok(), row["expect_backup"] == "ok", "{name}: {made:?}");
        let Ok(made) = made else { continue };
        let both = both(&made.join("backup"), &[], false);
        assert!(both.theirs, "{name}: {}", both.said);
        // Without digests, or with weak ones, we say so.
        let said = match name {
            "none" => Some("no-digest"),
            "crc32c" => Some("weak-digest"),
            _ => None,
        };
        assert_eq!(both.kinds, said.into_iter().collect::<Vec<_>>(), "{name}");
        assert_eq!(both.ours, name != "none", "{name}: {}", both.shown);
        fs::remove_dir_all(made).unwrap();
    }
}

#[test]
fn bad_manifests() {
    let all = scenarios();
    let rows = all["bad_manifest"].as_array().unwrap().iter().map(|row| {
        let kind = ours(row["error_kind"].as_str().unwrap())[0];
        (row["name"].as_str().unwrap(), row["manifest"].as_str().unwrap(), kind)
    });
    for (name, manifest, kind) in rows.chain(manifests::MORE.iter().copied()) {
        let root = folder();
        fs::write(root.path().join("backup_manifest"), manifest).unwrap();
        let both = both(root.path(), &[], false);
        assert!(!both.theirs, "{name}: pg_verifybackup takes it");
        assert!(!both.ours && both.kinds.iter().any(|k| k == kind), "{name}: {kind}\n{}", both.shown);
    }
}
