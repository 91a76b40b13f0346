//! Ledgers.

use crate::contract::hex65;
use crate::guard::{guard, guard_or};
use crate::handles::Handle;
use crate::types::*;
use opsledger::calendar::Zone;
use opsledger::facts::Fact;
use opsledger::import::csv;
use opsledger::ledger::clock::system_now as now;
use opsledger::ledger::{Ledger, Options, Progress, Verdict};
use opsledger::{Code, Error, Result, digest};
use serde_json::json;
use std::ffi::{c_char, c_void};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// An open ledger. Any number of threads may use it at once.
#[allow(non_camel_case_types)]
pub struct opsl_ledger(Handle<Ledger>);

/// An append that returned is on disk.
pub const OPSL_DURABILITY_DISK: i32 = 0;
/// An append that returned is in the operating system's hands: a power cut may lose it.
pub const OPSL_DURABILITY_OS: i32 = 1;

/// How to open a ledger. Zero is the default of each field.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opsl_ledger_options {
    /// sizeof(opsl_ledger_options).
    pub struct_size: usize,
    /// 1: make the file if there is none (an existing ledger is opened).
    pub create: i32,
    /// 1: only reading.
    pub read_only: i32,
    /// `OPSL_DURABILITY_DISK` or `OPSL_DURABILITY_OS`.
    pub durability: i32,
    /// 1: accept a clock more than 400 days ahead of the last entry.
    pub accept_clock: i32,
    /// How long a writer waits for others, microseconds; 0: 30 seconds.
    pub wait_limit_us: i64,
}

// SAFETY: pairs of four bytes between eight, so no padding; integers only.
unsafe impl Versioned for opsl_ledger_options {
    const NAME: &'static str = "opsl_ledger_options";
}

/// The last entry of a ledger.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opsl_head {
    /// sizeof(opsl_head).
    pub struct_size: usize,
    /// Its number; 0 for an empty ledger.
    pub seq: i64,
    /// When it was recorded, microseconds; 0 for an empty ledger.
    pub recorded_at: i64,
    /// SM3 of its head line in lower-case hex (64 zeros for an empty ledger), and a NUL.
    pub sm3: [c_char; 65],
    /// Not used.
    pub reserved: [c_char; 7],
}

// SAFETY: the reserved bytes fill up what would be padding; integers only.
unsafe impl Versioned for opsl_head {
    const NAME: &'static str = "opsl_head";
}

impl opsl_ledger {
    pub(crate) fn open(path: &Path, given: &opsl_ledger_options) -> Result<Self> {
        Ok(opsl_ledger(Handle::new(Ledger::open(path, &options(given)?)?)))
    }
    pub(crate) fn run<R>(&self, call: impl FnOnce(&Ledger) -> Result<R>) -> Result<R> {
        self.0.run(call)
    }
}

fn flag(value: i32, name: &str) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::new(Code::BadRequest, format!("{name} = {other} is neither 0 nor 1"))),
    }
}

/// What a host asks for when it opens a ledger, in core's words. `wait_limit` 0: core's own.
fn options(given: &opsl_ledger_options) -> Result<Options> {
    let defaults = Options::default();
    Ok(Options {
        create: flag(given.create, "create")?,
        read_only: flag(given.read_only, "read_only")?,
        sync: !flag(given.durability, "durability")?,
        accept_clock: flag(given.accept_clock, "accept_clock")?,
        wait_limit: match given.wait_limit_us {
            0 => defaults.wait_limit,
            us if us > 0 => us,
            us => return Err(Error::new(Code::OutOfRange, format!("wait_limit_us = {us}"))),
        },
    })
}

const DEFAULTS: opsl_ledger_options = opsl_ledger_options {
    struct_size: 0,
    create: 0,
    read_only: 0,
    durability: 0,
    accept_clock: 0,
    wait_limit_us: 0,
};

/// Appends JSON Lines; an error names the line.
pub(crate) fn append(ledger: &Ledger, jsonl: &str) -> Result<Vec<i64>> {
    let mut lines = Vec::new();
    let mut facts = Vec::new();
    for (line, text) in (1..).zip(jsonl.lines()) {
        if !text.trim().is_empty() {
            facts.push(Fact::parse(text).map_err(|e| e.at_row(line))?);
            lines.push(line);
        }
    }
    let line = |position: u64| lines.get((position as usize).wrapping_sub(1)).copied();
    let seqs = ledger.append(&facts, now()).map_err(|e| renumber(e, line))?;
    Ok(seqs.into_iter().map(signed).collect())
}

/// Entries as JSON Lines: number, head line, its hash, and the fact exactly as it is stored.
pub(crate) fn read(ledger: &Ledger, from: i64, limit: i64) -> Result<String> {
    let mut lines = String::new();
    for record in ledger.read(unsigned(from, "from")?, unsigned(limit, "limit")?)? {
        let (seq, head, fact) = (record.seq, json!(record.head), record.fact);
        let hash = digest::sm3_hex(record.head.as_bytes());
        lines.push_str(&format!("{{\"seq\":{seq},\"head\":{head},\"hash\":\"{hash}\",\"fact\":{fact}}}\n"));
    }
    Ok(lines)
}

pub(crate) fn sql(ledger: &Ledger, query: &str) -> Result<String> {
    let table = ledger.sql(query)?;
    Ok(json!({ "columns": table.columns, "rows": table.rows }).to_string())
}

/// What `opsl_ledger_import` reads from its JSON.
#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ImportOptions {
    lenient: bool,
    zone: Option<String>,
}

pub(crate) fn import(
    ledger: &Ledger,
    kind: &str,
    path: &Path,
    json: &str,
    progress: Progress<'_>,
) -> Result<String> {
    if kind != "csv" {
        return Err(Error::new(Code::Unsupported, format!("import of {kind:?}")).with_hint("csv"));
    }
    let options: ImportOptions = request(json)?;
    let zone = options.zone.as_deref().map(Zone::parse).transpose()?;
    let rows = csv::read_rows(&read_file(path, csv::MAX_FILE)?, zone)?;
    let (numbers, facts): (Vec<u64>, Vec<_>) = rows.into_iter().map(|row| (row.number, row.stated)).unzip();
    let total = facts.len() as u64;
    if !progress(0, total) {
        return Err(Error::new(Code::Cancelled, ""));
    }
    let number = |position: u64| numbers.get((position as usize).wrapping_sub(1)).copied();
    let done = ledger.import(&facts, now(), options.lenient).map_err(|e| renumber(e, number))?;
    progress(total, total);
    let faults: Vec<_> =
        done.faults.iter().map(|(row, text)| json!({ "row": number(*row), "text": text })).collect();
    Ok(json!({ "seqs": done.seqs, "new": done.new, "faults": faults }).to_string())
}

/// A position in a batch as the line or row of the caller's text.
fn renumber(error: Error, number: impl Fn(u64) -> Option<u64>) -> Error {
    match error.row().and_then(number) {
        Some(number) => error.at_row(number),
        None => error,
    }
}

/// A whole file of at most `limit` bytes.
fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>> {
    let about = |code, what: &dyn std::fmt::Display| Error::new(code, format!("{}: {what}", path.display()));
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| about(Code::Io, &e))?;
    if bytes.len() > limit {
        return Err(
            about(Code::OutOfRange, &format!("> {limit} bytes")).with_hints("split the file", "请拆分文件")
        );
    }
    Ok(bytes)
}

/// A JSON object of options; empty text asks for nothing in particular.
pub(crate) fn request<T: Default + for<'a> serde::Deserialize<'a>>(json: &str) -> Result<T> {
    if json.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(json).map_err(|e| Error::new(Code::BadRequest, e.to_string()))
}

pub(crate) fn verdict(found: &Verdict) -> String {
    let ok = found.problem.is_none() && found.first_bad.is_none();
    let problem = found.problem.as_ref().map(|p| p.name);
    let detail = found.problem.as_ref().map(|p| &p.detail);
    let (entries, first_bad) = (found.entries, found.first_bad);
    json!({ "ok": ok, "entries": entries, "first_bad": first_bad, "problem": problem, "detail": detail })
        .to_string()
}

pub(crate) fn snapshot(ledger: &Ledger, path: &Path, progress: Progress<'_>) -> Result<()> {
    let total = ledger.head()?.seq;
    if !progress(0, total) {
        return Err(Error::new(Code::Cancelled, ""));
    }
    ledger.snapshot(path)?;
    progress(total, total);
    Ok(())
}

/// Opens a ledger, or makes one. `options` may be NULL. `*ledger` is the caller's, freed with `opsl_ledger_free`. Several
/// handles and several processes may have one ledger open. After a fork the parent's handle answers `OPSL_E_FORKED` in the child.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_ledger_open(
    path: opsl_str,
    options: *const opsl_ledger_options,
    ledger: *mut *mut opsl_ledger,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = out(ledger, "ledger")?;
            let options = read_struct(options, DEFAULTS)?;
            let opened = opsl_ledger::open(Path::new(text(path, "path")?), &options)?;
            to.write(Box::into_raw(Box::new(opened)));
            Ok(())
        })
    }
}

/// Appends facts, one JSON object a line (blank lines are skipped): all are recorded or none, with the system's clock as
/// `recorded_at`. A fact whose `key` is recorded already with the same content gets its old number. The numbers of the first
/// `cap` facts go to `seqs` (NULL with `cap` 0: not wanted) and how many facts there were to `*n` (may be NULL).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_ledger_append(
    ledger: Option<&opsl_ledger>,
    jsonl: opsl_str,
    seqs: *mut i64,
    cap: usize,
    n: *mut usize,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            check_array(seqs, cap, "seqs")?;
            let jsonl = text(jsonl, "jsonl")?;
            let recorded = required(ledger, "ledger")?.run(|l| append(l, jsonl))?;
            fill(seqs, recorded.get(..cap).unwrap_or(&recorded));
            if !n.is_null() {
                n.write(recorded.len());
            }
            Ok(())
        })
    }
}

/// The last entry, by any process. `head->struct_size` is set by the caller.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_ledger_head(
    ledger: Option<&opsl_ledger>,
    head: *mut opsl_head,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let size = room(head, "head")?;
            let last = required(ledger, "ledger")?.run(Ledger::head)?;
            let value = opsl_head {
                struct_size: size,
                seq: signed(last.seq),
                recorded_at: last.recorded_at,
                sm3: hex65(&last.sm3).map(|b| b as c_char),
                reserved: [0; 7],
            };
            write_struct(head, size, &value);
            Ok(())
        })
    }
}

/// Entries from number `from` on, at most `limit`, as JSON Lines: {"seq":1,"head":"...","hash":"...","fact":{...}}, where the
/// fact stands byte for byte as it is stored, the head line with its tabs escaped, and its SM3 beside it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_ledger_read(
    ledger: Option<&opsl_ledger>,
    from: i64,
    limit: i64,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            give(to, required(ledger, "ledger")?.run(|l| read(l, from, limit))?);
            Ok(())
        })
    }
}

/// Answers a query over the public table `entry(seq, head, fact)` as JSON: {"columns":[...],"rows":[[...],...]}. Only
/// reading: anything else is refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_ledger_sql(
    ledger: Option<&opsl_ledger>,
    query: opsl_str,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let query = text(query, "query")?;
            give(to, required(ledger, "ledger")?.run(|l| sql(l, query))?);
            Ok(())
        })
    }
}

/// Imports a file of foreign records. `kind` is "csv" (columns kind, subject, at, key, recorded_at, body.*). `json` may be empty
/// or an object: "lenient": true records rows that contradict the record and lists them; "zone": "Asia/Shanghai" is taken for
/// times without an offset, which are refused otherwise. All rows are recorded or none; the same file twice changes nothing.
/// `*out`: {"seqs":[...],"new":2,"faults":[{"row":3,"text":"..."}]}. `progress` (may be NULL) is called before anything is
/// recorded and after, in the calling thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_ledger_import(
    ledger: Option<&opsl_ledger>,
    kind: opsl_str,
    path: opsl_str,
    json: opsl_str,
    progress: opsl_progress_fn,
    user: *mut c_void,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let (kind, path, json) = (text(kind, "kind")?, text(path, "path")?, text(json, "json")?);
            let mut progress = crate::types::progress(progress, user);
            let done = required(ledger, "ledger")?;
            give(to, done.run(|l| import(l, kind, Path::new(path), json, &mut progress))?);
            Ok(())
        })
    }
}

/// Re-hashes everything. `*out`: {"ok":true,"entries":812,"first_bad":null,"problem":null,"detail":null}; in a broken ledger "ok" is
/// false, "problem" names what is wrong, "detail" says it in words, and "first_bad" is the first bad entry, if it is one. That is a
/// verdict, not an error; a file too damaged to be read to the end is the error `OPSL_E_CORRUPT`. `progress` (may be NULL) is called
/// in the calling thread with entries done and in all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_ledger_verify(
    ledger: Option<&opsl_ledger>,
    progress: opsl_progress_fn,
    user: *mut c_void,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let mut progress = crate::types::progress(progress, user);
            let found = required(ledger, "ledger")?.run(|l| l.verify(&mut progress))?;
            give(to, verdict(&found));
            Ok(())
        })
    }
}

/// Writes one consistent, self-contained copy for read-only media and auditors; an existing file is refused. `progress` (may be
/// NULL) is called before and after, in the calling thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_ledger_snapshot(
    ledger: Option<&opsl_ledger>,
    path: opsl_str,
    progress: opsl_progress_fn,
    user: *mut c_void,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let path = text(path, "path")?;
            let mut progress = crate::types::progress(progress, user);
            required(ledger, "ledger")?.run(|l| snapshot(l, Path::new(path), &mut progress))
        })
    }
}

/// Frees a ledger. NULL is fine. An account that follows it keeps the file open until it is freed too.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_ledger_free(ledger: Option<Box<opsl_ledger>>) {
    guard_or((), || drop(ledger))
}
