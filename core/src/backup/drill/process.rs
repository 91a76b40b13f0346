//! Programs of an engine: run in a process group of their own, watched, stopped with us. What they print is kept within
//! bounds. A program's exit is an answer, never an error of ours.

use crate::backup::Watch;
use crate::error::{Code, Error, Result};
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How often a program is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Bytes handed on at once.
const BUFFER: usize = 256 * 1024;
/// Bytes of a program's messages that are kept, from their start and from their end.
pub(super) const KEPT: usize = 16 * 1024;
/// The longest line handed to a [`Lines`].
const LINE: usize = 64 * 1024;

/// What a program is asked.
pub(super) struct Ask<'a> {
    /// The program and its words.
    pub(super) command: Command,
    /// What it reads.
    pub(super) input: Option<Box<dyn Read + Send>>,
    /// Hears each line it prints, instead of its being kept.
    pub(super) lines: Option<Lines<'a>>,
    /// Bytes of its answer that are kept.
    pub(super) answer: usize,
    /// Of its messages, only lines that begin so, where there are any: some clients repeat a whole statement, rows and all.
    pub(super) only: Option<&'static str>,
}

/// Hears lines, on another thread.
pub(super) type Lines<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

impl Ask<'_> {
    pub(super) fn new(command: Command) -> Self {
        Ask { command, input: None, lines: None, answer: KEPT, only: None }
    }
}

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// It said that all went well.
    pub(super) ok: bool,
    /// `exit status: 3`, `signal: 9`.
    pub(super) status: String,
    /// What it printed.
    pub(super) out: String,
    /// What it printed was longer than asked for.
    pub(super) cut: bool,
    /// Its messages.
    pub(super) messages: String,
    /// Its input could not be read to the end, so it was stopped.
    pub(super) input_broken: Option<String>,
}

impl Ended {
    /// Its messages, or where it has none, how it ended.
    pub(super) fn why(&self) -> String {
        if let Some(broken) = &self.input_broken {
            return broken.clone();
        }
        let said = self.messages.trim();
        if said.is_empty() { self.status.clone() } else { said.to_owned() }
    }
}

/// A child in a process group of its own, that never outlives this value.
pub(super) struct Held {
    child: Child,
    over: bool,
}

impl Held {
    /// Starts a program.
    pub(super) fn start(command: &mut Command) -> Result<Held> {
        command.process_group(0);
        // SAFETY: between fork and exec only prctl is called, which is a plain system call: it allocates nothing and takes
        // no lock. With it the child dies with us even where nobody is left to stop it.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            });
        }
        let child = command.spawn().map_err(|error| {
            Error::new(Code::Io, format!("{}: {error}", Path::new(command.get_program()).display()))
        })?;
        Ok(Held { child, over: false })
    }
    /// How it ended, once it has.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait().map_err(|error| Error::new(Code::Io, error.to_string()))?;
        self.over |= status.is_some();
        Ok(status)
    }
    /// Sends a signal to it alone.
    pub(super) fn signal(&self, signal: libc::c_int) {
        if !self.over {
            send(self.child.id(), signal, false);
        }
    }
    /// Waits for its end at most so long; true when it came.
    pub(super) fn wait(&mut self, limit: Duration) -> bool {
        let since = std::time::Instant::now();
        while !self.over && since.elapsed() < limit {
            if !matches!(self.ended(), Ok(None)) {
                return true;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        self.over
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // The whole group, also where its leader has ended just now: what it left behind goes too, and while one of the
        // group lives its number is nobody else's.
        send(self.child.id(), libc::SIGKILL, true);
        let _ = self.child.wait();
    }
}

fn send(id: u32, signal: libc::c_int, group: bool) {
    let Ok(id) = libc::pid_t::try_from(id) else { return };
    if id > 1 {
        // SAFETY: kill takes two numbers and touches no memory of ours; a number above 1 is one process or one group.
        unsafe { libc::kill(if group { -id } else { id }, signal) };
    }
}

/// Runs a program to its end. Cancelling stops it and all it started.
pub(super) fn run(mut ask: Ask<'_>, watch: &mut Watch<'_>) -> Result<Ended> {
    ask.command.stdin(if ask.input.is_some() { Stdio::piped() } else { Stdio::null() });
    ask.command.stdout(Stdio::piped()).stderr(Stdio::piped());
    watch.tick()?;
    let mut held = Held::start(&mut ask.command)?;
    let (stdin, stdout, stderr) =
        (held.child.stdin.take(), held.child.stdout.take(), held.child.stderr.take());
    let (shared, since) = (watch.shared().clone(), watch.since());
    let (answer, only) = (ask.answer, ask.only);
    std::thread::scope(|scope| {
        let lines = ask.lines;
        let out =
            scope.spawn(move || stdout.map_or_else(|| Kept::new(0, 0), |s| listen(s, lines, answer, 0)));
        let messages =
            scope.spawn(move || stderr.map_or_else(|| Kept::new(0, 0), |s| listen(s, None, KEPT, KEPT)));
        let (tell, told) = mpsc::channel();
        if let (Some(input), Some(stdin)) = (ask.input, stdin) {
            scope.spawn(move || {
                let end = feed(input, stdin, |n| shared.admit(n, since).map(|()| shared.read(n)));
                let _ = tell.send(end);
            });
        } else {
            drop(tell);
        }
        let mut broken = None;
        let mut pipe = None;
        let status = loop {
            if let Ok((stdin, end)) = told.try_recv() {
                match end {
                    Ok(()) => drop(stdin),
                    Err(error) => {
                        // The pipe stays open till it is dead: at its end a client would commit what it has got.
                        pipe = Some(stdin);
                        broken = Some(error);
                        send(held.child.id(), libc::SIGKILL, true);
                    }
                }
            }
            match held.ended() {
                Ok(Some(status)) => break Ok(status),
                Ok(None) => {}
                Err(error) => break Err(error),
            }
            if let Err(error) = watch.tick() {
                break Err(error);
            }
            std::thread::sleep(LOOK_EVERY);
        };
        drop(held);
        drop(pipe);
        let out = out.join().map_err(|_| Error::new(Code::Internal, "stdout"))?;
        let messages = messages.join().map_err(|_| Error::new(Code::Internal, "stderr"))?;
        let status = status?;
        watch.tick()?;
        Ok(Ended {
            ok: status.success() && broken.is_none(),
            status: status.to_string(),
            cut: out.cut(),
            out: out.text(),
            messages: chosen(messages.text(), only),
            input_broken: broken,
        })
    })
}

fn chosen(messages: String, only: Option<&str>) -> String {
    let Some(start) = only else { return messages };
    let lines: Vec<_> = messages.lines().filter(|l| l.starts_with(start)).collect();
    if lines.is_empty() { messages } else { lines.join("\n") }
}

/// Hands the input on; an error is one of the input, never of a reader that left.
fn feed(
    mut input: Box<dyn Read + Send>,
    mut pipe: ChildStdin,
    mut admit: impl FnMut(u64) -> Result<()>,
) -> (ChildStdin, std::result::Result<(), String>) {
    let mut buffer = vec![0; BUFFER];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return (pipe, Ok(())),
            Ok(n) => {
                if let Err(error) = admit(n as u64) {
                    return (pipe, Err(error.to_string()));
                }
                // It left: how it ended says why.
                if pipe.write_all(&buffer[..n]).is_err() {
                    return (pipe, Ok(()));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return (pipe, Err(error.to_string())),
        }
    }
}

/// The start and the end of what was printed.
struct Kept {
    head: Vec<u8>,
    head_max: usize,
    tail: VecDeque<u8>,
    tail_max: usize,
    left_out: u64,
}

impl Kept {
    fn new(head_max: usize, tail_max: usize) -> Kept {
        Kept { head: Vec::new(), head_max, tail: VecDeque::new(), tail_max, left_out: 0 }
    }
    fn add(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(self.head_max - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        while self.tail.len() > self.tail_max {
            self.tail.pop_front();
            self.left_out += 1;
        }
    }
    fn cut(&self) -> bool {
        self.left_out > 0
    }
    fn text(mut self) -> String {
        let head = String::from_utf8_lossy(&self.head);
        let tail = String::from_utf8_lossy(self.tail.make_contiguous());
        if self.left_out == 0 {
            format!("{head}{tail}")
        } else {
            format!("{head}\n[… {} B …]\n{tail}", self.left_out)
        }
    }
}

fn listen(mut from: impl Read, mut lines: Option<Lines<'_>>, head: usize, tail: usize) -> Kept {
    let mut kept = Kept::new(head, tail);
    let mut buffer = vec![0; BUFFER];
    let mut line = Vec::new();
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => match &mut lines {
                None => kept.add(&buffer[..n]),
                Some(lines) => split(&buffer[..n], &mut line, *lines),
            },
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    if let Some(lines) = lines
        && !line.is_empty()
    {
        lines(&line);
    }
    kept
}

/// Cuts bytes into lines; of a line longer than the limit, the start is handed on.
pub(super) fn split(bytes: &[u8], line: &mut Vec<u8>, hear: &mut dyn FnMut(&[u8])) {
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        line.extend_from_slice(&rest[..end.min(LINE - line.len().min(LINE))]);
        hear(line);
        line.clear();
        rest = &rest[end + 1..];
    }
    line.extend_from_slice(&rest[..rest.len().min(LINE - line.len().min(LINE))]);
}

/// A program that runs as `account`, in the folder `home`, with nothing of our environment but what it needs.
pub(super) fn command(program: &Path, home: &Path, account: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(home).env("HOME", home).env("TMPDIR", home);
    command.env("PATH", std::env::var_os("PATH").as_deref().unwrap_or(OsStr::new("/usr/bin:/bin")));
    // Messages that can be read by a program, instants that do not depend on the host.
    command.env("LC_ALL", "C").env("TZ", "UTC");
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}
