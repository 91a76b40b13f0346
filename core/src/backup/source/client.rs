//! An engine's own client program, kept open as a child: statements go in, lines come out.

use crate::backup::Watch;
use crate::error::{Code, Error, Result};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Bytes taken from the client at once.
const CHUNK: usize = 64 * 1024;
/// Chunks that wait to be parsed.
const WAITING: usize = 16;
/// Of what the client complains about, that much is kept.
const COMPLAINTS: usize = 16 * 1024;
/// How long the client may take to end once its input is closed.
const END: Duration = Duration::from_secs(2);
/// How often a caller that waits is asked whether to go on.
const TICK: Duration = Duration::from_millis(50);

/// A running client. Dropped, it ends, and the server rolls its transaction back.
pub(super) struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    chunks: Receiver<Vec<u8>>,
    complaints: Arc<Mutex<Vec<u8>>>,
    /// What must not be shown.
    secret: Option<String>,
    /// The source, its password masked.
    shown: String,
    buffer: Vec<u8>,
    /// Where the current line begins and ends, and where the next begins.
    line: (usize, usize),
    next: usize,
    /// What no answer was complete for: then the client is killed, not asked to end.
    busy: bool,
}

impl Client {
    /// Starts a program.
    pub(super) fn start(mut command: Command, shown: &str, secret: Option<String>) -> Result<Client> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let broken = |error: std::io::Error| Error::new(Code::ProgramMissing, format!("{program}: {error}"));
        let mut child = command.spawn().map_err(broken)?;
        let stdin = child.stdin.take();
        let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Error::new(Code::Internal, "pipes"));
        };
        let (send, chunks) = sync_channel::<Vec<u8>>(WAITING);
        std::thread::spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                match stdout.read(&mut chunk) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Ok(n) if n > 0 => {
                        chunk.truncate(n);
                        if send.send(chunk).is_err() {
                            break;
                        }
                    }
                    _ => break,
                }
            }
        });
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&complaints);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(n) = stderr.read(&mut chunk) {
                if n == 0 {
                    break;
                }
                if let Ok(mut kept) = kept.lock() {
                    let room = COMPLAINTS.saturating_sub(kept.len()).min(n);
                    kept.extend_from_slice(&chunk[..room]);
                }
            }
        });
        Ok(Client {
            child,
            stdin,
            chunks,
            complaints,
            secret,
            shown: shown.to_owned(),
            buffer: Vec::new(),
            line: (0, 0),
            next: 0,
            busy: false,
        })
    }

    /// Hands over a statement; its answer must then be read to its end.
    pub(super) fn send(&mut self, text: &str) -> Result<()> {
        if self.busy {
            // What is left of an answer must not be taken for the next one.
            return Err(self.refused("an answer was not read to its end"));
        }
        self.tell(text)?;
        self.busy = true;
        Ok(())
    }

    /// Hands over a statement that has no answer.
    pub(super) fn tell(&mut self, text: &str) -> Result<()> {
        let sent = match &mut self.stdin {
            Some(stdin) => stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()),
            None => Ok(()),
        };
        // A client that has ended says why on its error output.
        if sent.is_err() { Err(self.ended()) } else { Ok(()) }
    }

    /// The answer is complete.
    pub(super) fn answered(&mut self) {
        self.busy = false;
    }

    /// Goes to the next line; an error if the client ended.
    pub(super) fn advance(&mut self, watch: &mut Option<&mut Watch<'_>>) -> Result<()> {
        let mut from = self.next;
        loop {
            if let Some(at) = self.buffer[from..].iter().position(|&b| b == b'\n') {
                self.line = (self.next, from + at);
                self.next = from + at + 1;
                return Ok(());
            }
            self.buffer.drain(..self.next);
            self.next = 0;
            self.line = (0, 0);
            from = self.buffer.len();
            let chunk = self.receive(watch)?;
            if from == 0 {
                self.buffer = chunk;
            } else {
                self.buffer.extend_from_slice(&chunk);
            }
        }
    }

    /// The current line, without its end.
    pub(super) fn line(&self) -> &[u8] {
        &self.buffer[self.line.0..self.line.1]
    }

    fn receive(&mut self, watch: &mut Option<&mut Watch<'_>>) -> Result<Vec<u8>> {
        loop {
            match self.chunks.recv_timeout(TICK) {
                Ok(chunk) => {
                    if let Some(watch) = watch {
                        watch.reading(chunk.len() as u64)?;
                    }
                    return Ok(chunk);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(watch) = watch {
                        watch.tick()?;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
    }

    /// Why the client ended, in its own words.
    fn ended(&mut self) -> Error {
        let _ = self.wait(END);
        // The thread that reads the complaints may be a little behind.
        std::thread::sleep(Duration::from_millis(20));
        let said = match self.complaints.lock() {
            Ok(kept) => String::from_utf8_lossy(&kept).trim().to_owned(),
            Err(_) => String::new(),
        };
        self.refused(&said)
    }

    /// An error of the source.
    pub(super) fn refused(&self, said: &str) -> Error {
        // MariaDB's client repeats the statement before it says what is wrong.
        let wrong: Vec<&str> = said.lines().filter(|line| line.starts_with("ERROR")).collect();
        let mut text = if wrong.is_empty() { said.replace('\n', "; ") } else { wrong.join("; ") };
        if let Some(secret) = self.secret.as_deref().filter(|s| !s.is_empty()) {
            text = text.replace(secret, "***");
        }
        let conflict = text.contains("conflict with recovery");
        let error = Error::new(Code::SourceRefused, format!("{}: {text}", self.shown));
        if !conflict {
            return error;
        }
        error.with_hints(
            "the standby broke off a long read to go on replaying: set hot_standby_feedback = on there, or raise \
             max_standby_streaming_delay, and run it again",
            "备库为继续回放而中断了长查询：请在备库设置 hot_standby_feedback = on，或调大 max_standby_streaming_delay，然后重新比对",
        )
    }

    fn wait(&mut self, most: Duration) -> bool {
        let since = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(_)) => return true,
                Ok(None) if since.elapsed() < most => std::thread::sleep(Duration::from_millis(5)),
                _ => return false,
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stdin = None;
        if self.busy || !self.wait(END) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Where a program lies: the folder named, `PATH`, Debian's folders of PostgreSQL (the newest version first).
pub(crate) fn find(names: &[&str], programs: Option<&Path>) -> Result<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    match programs {
        // Only there: who names a folder wants no other version by chance.
        Some(folder) => folders.extend([folder.to_owned(), folder.join("bin"), folder.join("sbin")]),
        None => {
            folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
            folders.extend(
                ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/mysql/bin"].map(PathBuf::from),
            );
            let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|entry| {
                    Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
                })
                .collect();
            versions.sort_by(|a, b| b.cmp(a));
            folders.extend(versions.into_iter().map(|(_, path)| path));
        }
    }
    for name in names {
        let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        if let Some(found) = found {
            return Ok(found);
        }
    }
    let at = programs.map_or_else(|| "PATH".to_owned(), |p| p.display().to_string());
    Err(Error::new(Code::ProgramMissing, format!("{} ({at})", names.join(" / "))))
}
