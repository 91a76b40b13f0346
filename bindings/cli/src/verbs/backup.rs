//! `backup`: options as JSON, the one door of the library, the report on the first stream.

use crate::args::{self, Backup, Cli, Common, Operation, Which};
use crate::out::{Out, clean};
use crate::progress::Progress;
use crate::table::{self, Value};
use crate::texts::{self, Text};
use crate::{exit_of, input, verbs};
use opsledger::assess::Status;
use opsledger::backup::{self, Level, Report, Shared, Verdict, Watch, Weight};
use opsledger::error::{Code, Error, Result};
use opsledger::ledger::clock::system_now;
use opsledger::time;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What Ctrl-C stops.
static RUNNING: Mutex<Option<Shared>> = Mutex::new(None);

pub(super) fn run(cli: &Cli, args: &Backup, out: &mut Out<'_, '_>) -> Result<i32> {
    let mut options = Options::default();
    let (operation, common) = match &args.operation {
        Operation::Seal(args) => ("seal", options.seal(args)?),
        Operation::Verify(args) => ("verify", options.verify(args)?),
        Operation::Drill(args) => ("drill", options.drill(args)?),
        Operation::Compare(args) => ("compare", options.compare(args)?),
        Operation::Status(args) => ("status", options.status(args)?),
    };
    options.text("set", common.set.as_ref());
    options.text("io_limit", common.io_limit.as_ref());
    let ledger = verbs::stated_ledger(cli)?;
    let bar = Progress::of_bytes(out);
    let mut tell = |p: &backup::Progress| {
        bar.step(p.step);
        if p.bytes_total > 0 {
            bar.at(p.bytes, p.bytes_total)
        } else {
            bar.at(p.files, p.files_total)
        }
        true
    };
    let mut watch = Watch::new(system_now(), &mut tell).with_shared(stopped_by_signals());
    let done = backup::run(ledger.as_ref(), operation, &Json::Object(options.0).to_string(), &mut watch);
    drop(bar);
    let report = done?;
    if let Some(path) = &common.report {
        input::write_all(path, report.to_json().as_bytes(), out)?;
    }
    if out.json {
        out.write(report.to_json().as_bytes())?
    } else {
        show(&report, out)?
    }
    let status = i32::from(report.verdict.exit_status());
    let Some(error) = &report.not_recorded else { return Ok(status) };
    out.flush()?;
    out.note(texts::BACKUP_NOT_RECORDED.get(out.lang));
    out.error(error);
    // Damage that was found is the graver answer.
    Ok(if status == 0 { exit_of(error) } else { status })
}

/// Ctrl-C and termination ask the operation to end between two reads.
fn stopped_by_signals() -> Shared {
    let shared = Shared::default();
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if running.replace(shared.clone()).is_none() {
        let handler = || {
            if let Some(shared) = &*RUNNING.lock().unwrap_or_else(PoisonError::into_inner) {
                shared.stop();
            }
        };
        // A host that has a handler of its own keeps it.
        let _ = ctrlc::set_handler(handler);
    }
    shared
}

/// Options under the names of the public document.
#[derive(Default)]
struct Options(Map<String, Json>);

impl Options {
    fn put(&mut self, key: &str, value: impl Into<Json>) {
        self.0.insert(key.to_owned(), value.into());
    }
    fn text(&mut self, key: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.put(key, text.as_str());
        }
    }
    fn texts(&mut self, key: &str, texts: &[String]) {
        if !texts.is_empty() {
            self.put(key, texts.to_vec());
        }
    }
    fn path(&mut self, key: &str, path: Option<&PathBuf>) -> Result<()> {
        if let Some(path) = path {
            self.put(key, utf8(path)?);
        }
        Ok(())
    }
    fn flag(&mut self, key: &str, flag: bool) {
        if flag {
            self.put(key, true);
        }
    }
    /// `NAME=VALUE` each.
    fn pairs(&mut self, key: &str, pairs: &[String], value: impl Fn(&str) -> Result<Json>) -> Result<()> {
        let mut map = Map::new();
        for pair in pairs {
            let Some((name, text)) = pair.split_once('=') else {
                return Err(Error::new(Code::BadRequest, format!("{key}: {pair:?}"))
                    .with_hints("write NAME=VALUE", "请写成 名称=值"));
            };
            if map.insert(name.to_owned(), value(text).map_err(|e| e.in_field(name))?).is_some() {
                return Err(Error::new(Code::BadRequest, format!("{key}: {name:?} stands twice")));
            }
        }
        if !map.is_empty() {
            self.put(key, map);
        }
        Ok(())
    }
    fn which(&mut self, which: &Which) {
        self.text("run", which.run.as_ref());
        self.text("kind", which.kind.as_ref());
    }

    fn seal<'a>(&mut self, args: &'a args::Seal) -> Result<&'a Common> {
        self.path("path", Some(&args.path))?;
        self.path("into", args.into.as_ref())?;
        self.texts("algorithms", &args.algorithms);
        if let Some(size) = &args.chunks_from {
            self.put("chunks_from", backup::parse_size(size).map_err(|e| e.in_field("--chunks-from"))?);
        }
        self.path("key", args.key.as_ref())?;
        self.text("source", args.source.as_ref());
        self.text("command", args.command.as_ref());
        self.pairs("info", &args.info, |text| Ok(text.into()))?;
        self.which(&args.which);
        Ok(&args.common)
    }
    fn verify<'a>(&mut self, args: &'a args::Check) -> Result<&'a Common> {
        self.path("path", Some(&args.path))?;
        self.text("level", args.level.as_ref().map(|l| l.to_uppercase()).as_ref());
        self.path("check_file", args.check_file.as_ref())?;
        self.path("key", args.key.as_ref())?;
        self.text("manifest_sm3", args.manifest_sm3.as_ref());
        self.text("sample", args.sample.as_ref());
        self.path("state", args.state.as_ref())?;
        self.texts("ignore", &args.ignore);
        self.flag("first", args.first);
        self.path("wal", args.wal.as_ref())?;
        self.flag("no_wal", args.no_wal);
        self.path("log", args.log.as_ref())?;
        self.text("log_marker", args.log_marker.as_ref());
        self.which(&args.which);
        Ok(&args.common)
    }
    fn drill<'a>(&mut self, args: &'a args::Drill) -> Result<&'a Common> {
        self.path("path", Some(&args.path))?;
        self.path("scratch", args.scratch.as_ref())?;
        self.text("target", args.target.as_ref());
        self.texts("sources", &args.source);
        self.path("programs", args.programs.as_ref())?;
        self.path("wal", args.wal.as_ref())?;
        self.text("command", args.command.as_ref());
        self.pairs("counts", &args.count, |text| {
            let rows = text.parse::<u64>();
            rows.map(Json::from).map_err(|_| Error::new(Code::BadRequest, format!("{text:?} is no count")))
        })?;
        self.text("rto", args.rto.as_ref());
        self.flag("keep", args.keep);
        self.which(&args.which);
        Ok(&args.common)
    }
    fn compare<'a>(&mut self, args: &'a args::Compare) -> Result<&'a Common> {
        self.text("platform", Some(&args.platform));
        self.text("standby", Some(&args.standby));
        self.text("run", args.run.as_ref());
        self.texts("tables", &args.table);
        self.texts("ignore", &args.ignore);
        self.text("recheck", args.recheck.as_ref());
        if let Some(rows) = args.rows {
            self.put("rows", rows);
        }
        self.path("programs", args.programs.as_ref())?;
        Ok(&args.common)
    }
    fn status<'a>(&mut self, args: &'a args::Standing) -> Result<&'a Common> {
        self.pairs("folders", &args.folder, |text| Ok(text.into()))?;
        Ok(&args.common)
    }
}

/// Options are JSON, which is Unicode.
fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::new(Code::BadUtf8, path.display().to_string()))
}

/// For people: the verdict, what was looked at, what is wrong, what nobody looked at.
fn show(report: &Report, out: &mut Out<'_, '_>) -> Result<()> {
    let lang = out.lang;
    let took = time::words(to_millis(report.finished.saturating_sub(report.started)), lang);
    let verdict = verdict(report.verdict).get(lang);
    let what = if report.path.is_empty() { report.operation } else { &report.path };
    let level = format!("{:?}", report.level);
    out.line(&clean(&texts::BACKUP_STANDS.with(lang, &[&what, &verdict, &report.operation, &level, &took])))?;
    let c = &report.coverage;
    if report.level != Level::L0 {
        out.line(&texts::BACKUP_COVERAGE.with(lang, &[&c.files_read, &c.files, &c.bytes_read, &c.bytes]))?;
    }
    if let Some(drill) = &report.drill {
        let limit = drill.rto_limit.map_or_else(|| "-".to_owned(), |limit| time::words(limit, lang));
        let rto = time::words(to_millis(drill.rto), lang);
        out.line(&clean(&texts::BACKUP_RTO.with(lang, &[&rto, &limit, &drill.target])))?;
    }
    sets(report, out)?;
    checks(report, out)?;
    problems(report, out)?;
    if !c.not_covered.is_empty() {
        out.line(texts::BACKUP_LEFT_OUT.get(lang))?;
        for place in &c.not_covered {
            let why = crate::pick(lang, &place.en, &place.zh);
            let gap = if place.path.is_empty() { "" } else { ": " };
            out.line(&clean(&format!("  {}{gap}{why}", place.path)))?;
        }
    }
    unchecked(report, out)?;
    for (text, value) in
        [(texts::BACKUP_DIGEST, &report.manifest_sm3), (texts::BACKUP_SIGNED, &report.signed_by)]
    {
        if let Some(value) = value {
            out.line(&clean(&text.with(lang, &[value])))?;
        }
    }
    if !report.entries.is_empty() {
        out.line(&texts::BACKUP_REPORT.with(lang, &[&report.sm3()]))?;
        out.line(&texts::BACKUP_RECORDED.with(lang, &[&texts::ranges(&report.entries)]))?;
    }
    Ok(())
}

/// A stretch as people read it; the report has it to the microsecond.
fn to_millis(us: time::Micros) -> time::Micros {
    us / 1000 * 1000
}

/// Where each set stands.
fn sets(report: &Report, out: &mut Out<'_, '_>) -> Result<()> {
    let Some(status) = &report.status else { return Ok(()) };
    let lang = out.lang;
    let head = [
        texts::BACKUP_SET,
        texts::BACKUP_VERDICT,
        texts::BACKUP_NEWEST,
        texts::BACKUP_BEGUN,
        texts::BACKUP_VERIFY_DUE,
        texts::BACKUP_DRILL_DUE,
    ];
    let text = |t: &Option<String>| t.as_deref().unwrap_or_default().into();
    let rows = status.sets.iter().map(|set| {
        let colour = match set.verdict {
            Verdict::Pass => Status::Met,
            Verdict::Fail => Status::Breached,
            _ => Status::AtRisk,
        };
        vec![
            set.set.as_str().into(),
            Value::Status(colour, verdict(set.verdict).get(lang).to_owned()),
            text(&set.newest),
            text(&set.newest_at),
            text(&set.verify_due),
            text(&set.drill_due),
        ]
    });
    table::print(out, &head.map(|t| t.get(lang)), rows.collect())
}

fn verdict(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Pass => texts::BACKUP_PASS,
        Verdict::PassWithRemarks => texts::BACKUP_REMARKS,
        Verdict::Fail => texts::BACKUP_FAIL,
        Verdict::Unverifiable => texts::BACKUP_UNVERIFIABLE,
        Verdict::UnstableRead => texts::BACKUP_UNSTABLE,
    }
}

/// One line a check of the set; checks of single files are counted.
fn checks(report: &Report, out: &mut Out<'_, '_>) -> Result<()> {
    if report.checks.is_empty() {
        return Ok(());
    }
    let lang = out.lang;
    out.line(texts::BACKUP_CHECKED.get(lang))?;
    let mut files: BTreeMap<(Level, &str), u64> = BTreeMap::new();
    for check in &report.checks {
        if check.path.is_some() {
            *files.entry((check.level, &check.name)).or_default() += 1;
            continue;
        }
        let figures: Vec<String> =
            check.figures.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let line = format!("  {:?} {} {}", check.level, check.name, figures.join(", "));
        out.line(clean(&line).trim_end())?;
    }
    for ((level, name), count) in files {
        out.line(&clean(&format!("  {level:?} {name} {}", texts::BACKUP_FILES.with(lang, &[&count]))))?;
    }
    Ok(())
}

fn problems(report: &Report, out: &mut Out<'_, '_>) -> Result<()> {
    if report.problems.is_empty() {
        return Ok(());
    }
    let lang = out.lang;
    out.line(&texts::BACKUP_PROBLEMS.with(lang, &[&report.problems_total]))?;
    let head = [texts::WHAT, texts::PATH, texts::EXPECTED, texts::FOUND, texts::OFFSET, texts::DETAIL];
    let text = |t: Option<&String>| t.map_or("", String::as_str).into();
    // What decides the verdict stands first.
    let mut listed: Vec<_> = report.problems.iter().collect();
    listed.sort_by_key(|p| std::cmp::Reverse(p.kind.weight()));
    let rows = listed.iter().map(|p| {
        let colour = match p.kind.weight() {
            Weight::Fail => Status::Breached,
            _ => Status::AtRisk,
        };
        let at = p.at.map_or_else(|| "".into(), |at| Value::Number(at.to_string()));
        vec![
            Value::Status(colour, p.kind.text(lang).to_owned()),
            p.path.as_str().into(),
            text(p.expected.as_ref()),
            text(p.found.as_ref()),
            at,
            text(p.detail.as_ref()),
        ]
    });
    filled(out, &head.map(|t| t.get(lang)), rows.collect())?;
    let more = report.problems_total.saturating_sub(report.problems.len() as u64);
    if more > 0 {
        out.line(&texts::BACKUP_MORE.with(lang, &[&more]))?;
    }
    Ok(())
}

/// A table without the columns that say nothing.
fn filled(out: &mut Out<'_, '_>, head: &[&str], rows: Vec<Vec<Value>>) -> Result<()> {
    let says = |i: usize| rows.iter().any(|row| !matches!(&row[i], Value::Text(text) if text.is_empty()));
    let kept: Vec<bool> = (0..head.len()).map(says).collect();
    let head: Vec<&str> = head.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(text, _)| *text).collect();
    let keep =
        |row: Vec<Value>| row.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(v, _)| v).collect();
    table::print(out, &head, rows.into_iter().map(keep).collect())
}

/// What a pass does not say.
fn unchecked(report: &Report, out: &mut Out<'_, '_>) -> Result<()> {
    let lines: &[Text] = match (report.operation, report.level) {
        _ if report.verdict > Verdict::PassWithRemarks => return Ok(()),
        ("verify", Level::L1) => &[texts::BACKUP_NOT_L2, texts::BACKUP_NOT_L3, texts::BACKUP_NOT_L4],
        ("verify", _) => &[texts::BACKUP_NOT_L3, texts::BACKUP_NOT_L4],
        ("status", _) => {
            &[texts::BACKUP_NOT_L1, texts::BACKUP_NOT_L2, texts::BACKUP_NOT_L3, texts::BACKUP_NOT_L4]
        }
        ("seal", _) => &[texts::BACKUP_NOT_L2, texts::BACKUP_NOT_L3],
        ("drill", _) => &[texts::BACKUP_NOT_L4],
        _ => return Ok(()),
    };
    out.line(texts::BACKUP_NOT_CHECKED.get(out.lang))?;
    lines.iter().try_for_each(|line| out.line(line.get(out.lang)))
}
