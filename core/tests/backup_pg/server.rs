//! A PostgreSQL server of the tests' own: on a socket in a folder that vanishes, as an account without rights.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Where the newest PostgreSQL's programs lie.
pub(crate) fn bin() -> PathBuf {
    let homes = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let homes =
        homes.filter_map(|e| Some((e.file_name().to_str()?.parse::<u32>().ok()?, e.path().join("bin"))));
    let newest = homes.max();
    newest.expect("no PostgreSQL in /usr/lib/postgresql: run tests/packages.sh test").1
}

/// `nobody`, where we are root: PostgreSQL refuses root.
pub(crate) fn account() -> Option<(u32, u32)> {
    (std::fs::metadata("/proc/self").unwrap().uid() == 0).then(|| {
        let text = std::fs::read_to_string("/etc/passwd").unwrap();
        let line = text.lines().find(|l| l.starts_with("nobody:")).unwrap();
        let fields: Vec<_> = line.split(':').collect();
        (fields[2].parse().unwrap(), fields[3].parse().unwrap())
    })
}

/// A folder that the account may enter.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("opsledger-pg-").tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    give(folder.path());
    folder
}

/// Makes it the account's.
pub(crate) fn give(path: &Path) {
    if let Some((user, group)) = account() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// A program run as the account.
pub(crate) fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir("/").env("LC_ALL", "C");
    if let Some((user, group)) = account() {
        command.uid(user).gid(group);
    }
    command
}

pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    output
}

pub(crate) struct Server {
    child: Child,
    /// Its socket's folder.
    socket: tempfile::TempDir,
}

impl Server {
    pub(crate) fn init(data: &Path) {
        run(command(bin().join("initdb")).arg("-D").arg(data).args([
            "-U",
            "test",
            "-A",
            "trust",
            "--locale=C",
            "-N",
        ]));
    }
    pub(crate) fn start(data: &Path) -> Server {
        let socket = folder();
        let log = std::fs::File::create(socket.path().join("log")).unwrap();
        let mut postgres = command(bin().join("postgres"));
        postgres.arg("-D").arg(data).arg("-k").arg(socket.path());
        for setting in ["listen_addresses=", "fsync=off", "wal_level=replica", "max_wal_senders=4"] {
            postgres.arg("-c").arg(setting);
        }
        let child = postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut server = Server { child, socket };
        let since = Instant::now();
        while !command(bin().join("pg_isready"))
            .arg("-h")
            .arg(server.socket.path())
            .output()
            .unwrap()
            .status
            .success()
        {
            let log = || std::fs::read_to_string(server.socket.path().join("log")).unwrap_or_default();
            assert!(server.child.try_wait().unwrap().is_none(), "PostgreSQL ended: {}", log());
            assert!(since.elapsed() < Duration::from_secs(60), "PostgreSQL does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
    pub(crate) fn sql(&self, text: &str) -> String {
        let mut psql = command(bin().join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "test", "-d", "postgres", "-h"]);
        let output = run(psql.arg(self.socket.path()).arg("-c").arg(text));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
    /// Takes a base backup.
    pub(crate) fn base_backup(&self, into: &Path, words: &[&str]) -> Output {
        let mut program = command(bin().join("pg_basebackup"));
        program.arg("-h").arg(self.socket.path()).args(["-U", "test", "-c", "fast", "--no-sync", "-D"]);
        program.arg(into).args(words).output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGQUIT: its children end with it.
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
