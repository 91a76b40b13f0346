//! One base backup, judged by `pg_verifybackup` and by us.

use crate::common::{is_pass, try_verify};
use crate::server::{account, bin, command, folder, give, run};
use opsledger::backup::VerifyOptions;
use opsledger::digest::Algorithm;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Path of the options that [`as_another_account`] is to verify with.
const ASKED: &str = "OPSLEDGER_TEST_VERIFY";

/// What both said.
#[derive(Debug)]
pub(crate) struct Both {
    pub(crate) theirs: bool,
    pub(crate) said: String,
    pub(crate) ours: bool,
    pub(crate) kinds: Vec<String>,
    /// Problems in full.
    pub(crate) shown: String,
    pub(crate) not_covered: Vec<String>,
}

/// A copy of a backup with its tablespace, to be damaged.
pub(crate) struct Copy {
    pub(crate) _root: tempfile::TempDir,
    pub(crate) backup: PathBuf,
    pub(crate) space: PathBuf,
}

impl Copy {
    pub(crate) fn of(made: &Path) -> Copy {
        let root = folder();
        run(command("cp").arg("-a").arg(made.join("backup")).arg(made.join("space")).arg(root.path()));
        let copy = Copy { backup: root.path().join("backup"), space: root.path().join("space"), _root: root };
        let link = copy.link();
        std::fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&copy.space, &link).unwrap();
        copy
    }
    /// The link of its tablespace.
    pub(crate) fn link(&self) -> PathBuf {
        let mut links = std::fs::read_dir(self.backup.join("pg_tblspc")).unwrap();
        links.next().expect("a tablespace").unwrap().path()
    }
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.backup.with_file_name(name)
    }
}

/// Verifies with the options of `pg_verifybackup`.
pub(crate) fn both(backup: &Path, words: &[String], unprivileged: bool) -> Both {
    let program = bin().join("pg_verifybackup");
    let mut theirs = if unprivileged { command(program) } else { Command::new(program) };
    let output = theirs.env("LC_ALL", "C").args(words).arg(backup).output().unwrap();
    let mut options = VerifyOptions {
        path: backup.to_owned(),
        kind: Some(opsledger::backup::Kind::PostgresBase),
        ..VerifyOptions::default()
    };
    for word in words {
        match word.split_once('=') {
            Some(("--ignore", path)) => options.ignore.push(path.to_owned()),
            Some(("--wal-directory", path)) => options.wal = Some(path.into()),
            None if word == "--exit-on-error" => options.first = true,
            None if word == "--no-parse-wal" => options.no_wal = true,
            None if word == "--quiet" => {}
            _ => panic!("{word}"),
        }
    }
    let lines = if unprivileged && account().is_some() { elsewhere(backup) } else { verify(&options) };
    let of = |word: &str| -> Vec<String> {
        lines.lines().filter_map(|l| l.strip_prefix(word)).map(|l| l.trim().to_owned()).collect()
    };
    Both {
        theirs: output.status.success(),
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
        ours: of("VERDICT ") == ["true"],
        kinds: of("KIND "),
        not_covered: of("LEFT "),
        shown: lines,
    }
}

fn verify(options: &VerifyOptions) -> String {
    let report = try_verify(options).unwrap();
    let mut lines = format!("VERDICT {}\n", is_pass(&report));
    for p in &report.problems {
        lines +=
            &format!("KIND {}\n  {} {:?} {:?} {:?}\n", p.kind.name(), p.path, p.expected, p.found, p.detail);
    }
    for left in &report.coverage.not_covered {
        lines += &format!("LEFT {}\n", left.path);
    }
    lines
}

/// Verifies as an account that file modes hold for: this program again.
fn elsewhere(backup: &Path) -> String {
    let folder = folder();
    let program = folder.path().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    give(&program);
    let words = ["--exact", "side::as_another_account", "--ignored", "--nocapture"];
    let output = run(command(&program).args(words).env(ASKED, backup));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "run by the test itself, under an account without rights"]
fn as_another_account() {
    let path = std::env::var_os(ASKED).expect(ASKED);
    println!("\n{}", verify(&VerifyOptions { path: path.into(), ..VerifyOptions::default() }));
}

/// The same text with the digest of its own content at its end.
pub(crate) fn resealed(text: &str) -> String {
    let at = text.trim_end().rfind('\n').map_or(0, |i| i + 1);
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(&text.as_bytes()[..at]);
    format!("{}\"Manifest-Checksum\": \"{}\"}}\n", &text[..at], hasher.finish_hex())
}
