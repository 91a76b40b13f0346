//! The `opsledger` command as a library, so that the native binary and the Python console script run the same code. It
//! holds no rule: it reads files and arguments, calls `opsledger`, and prints.
//!
//! [`main`] works on the process's own streams; [`run`] on any.

mod args;
mod help;
mod input;
mod lang;
mod out;
mod progress;
mod table;
mod texts;
mod verbs;

pub use out::Streams;

use clap::FromArgMatches;
use opsledger::error::{Category, Code, Error, Lang};
use out::Out;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Done; for an assessment: no clause is breached and none lacks evidence.
pub const EXIT_OK: i32 = 0;
/// Some clause is breached; for `verify`: the ledger is broken.
pub const EXIT_BREACHED: i32 = 1;
/// Bad input, refused, or in conflict with what is recorded.
pub const EXIT_INPUT: i32 = 2;
/// No clause is breached, some lack evidence.
pub const EXIT_NO_EVIDENCE: i32 = 3;
/// Anything else that could not be done.
pub const EXIT_OTHER: i32 = 4;

/// Runs the command with the process's own streams; `args` begins with the program's name. Returns the exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> i32 {
    let mut stdin = std::io::stdin().lock();
    let mut stdout = std::io::BufWriter::new(std::io::stdout());
    let mut stderr = std::io::stderr();
    run(args, &mut Streams::of_process(&mut stdin, &mut stdout, &mut stderr))
}

/// Runs the command. Never panics and never leaves the process.
pub fn run(args: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> i32 {
    let args: Vec<OsString> = args.into_iter().collect();
    let lang = lang::chosen(&args);
    let mut out = Out::new(streams, lang, args.iter().any(|a| a == "--json"));
    let done = catch_unwind(AssertUnwindSafe(|| {
        let matches = match help::command(lang).try_get_matches_from(&args) {
            Ok(matches) => matches,
            Err(e) => return Ok(out.usage(&e)),
        };
        let cli =
            args::Cli::from_arg_matches(&matches).map_err(|e| Error::new(Code::BadRequest, e.to_string()))?;
        verbs::run(&cli, &mut out)
    }));
    let result = done.unwrap_or_else(|_| Err(Error::new(Code::Internal, "")));
    let status = result.unwrap_or_else(|e| {
        out.error(&e);
        exit_of(&e)
    });
    out.flush().map_or_else(
        |e| {
            out.error(&e);
            EXIT_OTHER
        },
        |()| status,
    )
}

fn exit_of(e: &Error) -> i32 {
    match e.category() {
        Category::Input | Category::Refused | Category::Conflict => EXIT_INPUT,
        _ => EXIT_OTHER,
    }
}

/// The text in the language of the run.
pub(crate) fn pick<'t>(lang: Lang, en: &'t str, zh: &'t str) -> &'t str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}
