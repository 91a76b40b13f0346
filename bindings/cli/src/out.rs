//! What the command prints: results on the first stream, everything else on the second.

use crate::{EXIT_INPUT, EXIT_OK, pick};
use opsledger::error::{Code, Error, Lang, Result};
use std::io::{BufRead, ErrorKind, IsTerminal, Write};

/// The streams of a run.
pub struct Streams<'a> {
    /// What `-` reads.
    pub stdin: &'a mut dyn BufRead,
    /// Results.
    pub stdout: &'a mut dyn Write,
    /// Messages and progress.
    pub stderr: &'a mut dyn Write,
    /// Results may be coloured and fitted to the width.
    pub stdout_is_terminal: bool,
    /// Progress bars may be drawn.
    pub stderr_is_terminal: bool,
}

impl<'a> Streams<'a> {
    /// The process's own.
    pub fn of_process(
        stdin: &'a mut dyn BufRead,
        stdout: &'a mut dyn Write,
        stderr: &'a mut dyn Write,
    ) -> Streams<'a> {
        Streams {
            stdin,
            stdout,
            stderr,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }
}

/// The streams with the language, and whether anyone still reads.
pub(crate) struct Out<'s, 'a> {
    streams: &'s mut Streams<'a>,
    pub(crate) lang: Lang,
    pub(crate) json: bool,
    gone: bool,
}

impl<'s, 'a> Out<'s, 'a> {
    pub(crate) fn new(streams: &'s mut Streams<'a>, lang: Lang, json: bool) -> Self {
        Out { streams, lang, json, gone: false }
    }

    pub(crate) fn stdin(&mut self) -> &mut dyn BufRead {
        &mut *self.streams.stdin
    }

    /// A terminal that wants colour.
    pub(crate) fn styled(&self) -> bool {
        self.streams.stdout_is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    }

    pub(crate) fn stdout_is_terminal(&self) -> bool {
        self.streams.stdout_is_terminal
    }

    pub(crate) fn progress_is_shown(&self) -> bool {
        self.streams.stderr_is_terminal
    }

    /// True once the reader of the results left (`| head`): nothing more needs to be made.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// A line of the result.
    pub(crate) fn line(&mut self, text: &str) -> Result<()> {
        self.write(text.as_bytes())?;
        self.write(b"\n")
    }

    /// A part of the result, as it is.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = if self.gone { Ok(()) } else { self.streams.stdout.write_all(bytes) };
        self.settle(written)
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        let flushed = if self.gone { Ok(()) } else { self.streams.stdout.flush() };
        self.settle(flushed)
    }

    fn settle(&mut self, written: std::io::Result<()>) -> Result<()> {
        match written {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => self.gone = true,
            // Said once; what follows would only say it again.
            Err(e) => {
                self.gone = true;
                return Err(Error::new(Code::Io, format!("stdout: {e}")));
            }
            Ok(()) => {}
        }
        Ok(())
    }

    /// A remark beside the result. That nobody can read it stops nothing.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.streams.stderr, "{}", clean(text));
    }

    pub(crate) fn error(&mut self, e: &Error) {
        if self.json {
            let info = e.code().info();
            let document = serde_json::json!({ "error": {
                "code": info.name, "category": format!("{:?}", info.category).to_lowercase(), "row": e.row(),
                "text_zh": e.text(Lang::Zh), "text_en": e.text(Lang::En),
            }});
            let _ = writeln!(self.streams.stderr, "{document}");
        } else {
            self.note(&format!("{}{}", pick(self.lang, "error: ", "错误："), e.text(self.lang)));
        }
    }

    /// Help that was asked for, or what is wrong with the arguments. Returns the exit status.
    pub(crate) fn usage(&mut self, e: &clap::Error) -> i32 {
        let text = e.render();
        if !e.use_stderr() {
            let text = if self.styled() { text.ansi().to_string() } else { text.to_string() };
            return self.write(text.as_bytes()).map_or(crate::EXIT_OTHER, |()| EXIT_OK);
        }
        let _ = write!(self.streams.stderr, "{text}");
        EXIT_INPUT
    }
}

/// What a fact says must not steer the terminal it is shown on.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
