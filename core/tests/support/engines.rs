//! Servers of the tests' own, to make backups of: in a folder that vanishes, on a socket, as an account without rights.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder that the account of an engine may enter.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("opsledger-test-").tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// `nobody` where we are root: engines refuse root.
fn account(folder: &Path) -> Option<(u32, u32)> {
    (std::fs::metadata(folder).unwrap().uid() == 0).then(|| {
        let text = std::fs::read_to_string("/etc/passwd").unwrap();
        let line = text.lines().find(|l| l.starts_with("nobody:")).unwrap();
        let fields: Vec<_> = line.split(':').collect();
        (fields[2].parse().unwrap(), fields[3].parse().unwrap())
    })
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    output
}

fn feed(command: &mut Command, text: &[u8]) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A PostgreSQL server.
pub(crate) struct Postgres {
    server: Child,
    pub(crate) bin: PathBuf,
    pub(crate) root: tempfile::TempDir,
    account: Option<(u32, u32)>,
}

impl Postgres {
    /// The newest of the programs that are installed.
    pub(crate) fn bin() -> PathBuf {
        let mut homes: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
            .collect();
        homes.sort();
        homes.pop().map_or_else(|| PathBuf::from("/usr/bin"), |(_, bin)| bin)
    }
    pub(crate) fn start(superuser: &str) -> Postgres {
        let root = folder();
        let (bin, account) = (Self::bin(), account(root.path()));
        if let Some((user, group)) = account {
            chown(root.path(), Some(user), Some(group)).unwrap();
        }
        let data = root.path().join("data");
        let mut init = Command::new(bin.join("initdb"));
        init.arg("-D").arg(&data).args(["-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
        let mut postgres = Command::new(bin.join("postgres"));
        postgres.arg("-D").arg(&data).arg("-k").arg(root.path());
        let archive = root.path().join("archive");
        std::fs::create_dir(&archive).unwrap();
        if let Some((user, group)) = account {
            chown(&archive, Some(user), Some(group)).unwrap();
        }
        let copy = format!("archive_command=cp %p {}/%f", archive.display());
        for setting in [
            "listen_addresses=",
            "fsync=off",
            "wal_level=replica",
            "archive_mode=on",
            &copy,
            "max_connections=120",
        ] {
            postgres.arg("-c").arg(setting);
        }
        for command in [&mut init, &mut postgres] {
            command.current_dir(root.path());
            if let Some((user, group)) = account {
                command.uid(user).gid(group);
            }
        }
        run(&mut init);
        let log = std::fs::File::create(root.path().join("log")).unwrap();
        let server = postgres.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let since = Instant::now();
        while !std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default().contains("ready") {
            assert!(since.elapsed() < Duration::from_secs(60), "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Postgres { server, bin, root, account }
    }
    pub(crate) fn command(&self, program: &str, user: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.arg("-h").arg(self.root.path()).arg("-U").arg(user);
        command
    }
    pub(crate) fn sql(&self, user: &str, database: &str, text: &str) -> String {
        let mut psql = self.command("psql", user);
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"]);
        feed(&mut psql, text.as_bytes())
    }
    /// Runs a program of PostgreSQL.
    pub(crate) fn run(&self, program: &str, user: &str, words: &[&str]) {
        run(self.command(program, user).args(words));
    }
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        let host = self.root.path().to_str().unwrap().replace('/', "%2F");
        format!("postgresql:///{database}?host={host}&user={user}")
    }
    /// A folder that the server may write to.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.root.path().join(name);
        std::fs::create_dir(&path).unwrap();
        if let Some((user, group)) = self.account {
            chown(&path, Some(user), Some(group)).unwrap();
        }
        path
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT: its children end with it.
        let _ = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

/// A MariaDB server.
pub(crate) struct Mariadb {
    server: Child,
    pub(crate) root: tempfile::TempDir,
}

impl Mariadb {
    pub(crate) fn start() -> Mariadb {
        Self::start_with(&["--skip-networking"])
    }
    /// With settings of the server's own.
    pub(crate) fn start_with(settings: &[&str]) -> Mariadb {
        let root = folder();
        let account = account(root.path());
        if let Some((user, group)) = account {
            chown(root.path(), Some(user), Some(group)).unwrap();
        }
        let data = format!("--datadir={}", root.path().join("data").display());
        let mut install = Command::new("mariadb-install-db");
        install.args(["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db"]);
        let mut server = Command::new("/usr/sbin/mariadbd");
        let socket = format!("--socket={}", root.path().join("sock").display());
        let pid = format!("--pid-file={}", root.path().join("pid").display());
        server.args(["--no-defaults", &data, &socket, &pid, "--innodb-flush-log-at-trx-commit=0"]);
        server.args(settings);
        for command in [&mut install, &mut server] {
            command.current_dir(root.path());
            if let Some((user, group)) = account {
                command.uid(user).gid(group);
            }
        }
        run(&mut install);
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let started = Mariadb { server, root };
        let since = Instant::now();
        while !started.command("mariadb").args(["-e", "SELECT 1"]).output().unwrap().status.success() {
            assert!(since.elapsed() < Duration::from_secs(60), "MariaDB does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        started
    }
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("--no-defaults").arg(format!("--socket={}", self.root.path().join("sock").display()));
        command.args(["-u", "root", "--default-character-set=utf8mb4"]);
        command
    }
    pub(crate) fn sql(&self, text: &str) -> String {
        feed(self.command("mariadb").args(["-N", "-B"]), text.as_bytes())
    }
    pub(crate) fn dump(&self, into: &Path, words: &[&str]) {
        let output = run(self.command("mariadb-dump").args(words));
        std::fs::write(into, output.stdout).unwrap();
    }
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.root.path().join("sock").display().to_string().replace('/', "%2F");
        format!("mariadb://root@localhost/{database}?socket={socket}")
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
