//! `report`: the page of an assessment, and the documents that people sign.

use crate::args::{Cli, Report};
use crate::out::Out;
use crate::texts;
use crate::verbs::{self, assess};
use crate::{EXIT_OK, input};
use opsledger::account::Account;
use opsledger::assess::Ask;
use opsledger::error::{Code, Error, Result};
use opsledger::ledger::clock;
use opsledger::report::{self, DocumentKind, DocumentOptions, Format, Month, Package};
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) fn run(cli: &Cli, args: &Report, out: &mut Out<'_, '_>) -> Result<i32> {
    // What is asked is read before the ledger is: a wrong word costs nothing.
    let kind = args.kind.as_deref().map(DocumentKind::parse).transpose()?;
    let (account, ask) = assess::account(cli, &args.ask, out)?;
    match (kind, &args.out) {
        (None, Some(path)) => page(cli, &account, &ask, path, out),
        (Some(kind), _) => documents(cli, args, kind, &account, &ask, out),
        // The grammar asks for one of them.
        (None, None) => Err(Error::new(Code::BadRequest, "--out")),
    }
}

/// Names of the ledger's and the contract's file.
fn names(cli: &Cli) -> (Option<String>, Option<String>) {
    let name = |path: &Option<PathBuf>| path.as_ref().map(|p| p.display().to_string());
    (name(&cli.ledger), name(&cli.contract))
}

/// The page of an assessment.
fn page(cli: &Cli, account: &Account, ask: &Ask, path: &Path, out: &mut Out<'_, '_>) -> Result<i32> {
    let (ledger, contract) = names(cli);
    let options = report::Options {
        lang: out.lang,
        ledger: ledger.as_deref(),
        contract_file: contract.as_deref(),
        ..report::Options::default()
    };
    let page = report::of(account, ask, &options)?;
    let status = account.assess(ask)?.status;
    input::write_all(path, page.as_bytes(), out)?;
    if input::is_stdin(path) {
        return Ok(EXIT_OK);
    }
    if out.json {
        let document = json!({ "report": path.display().to_string(), "status": status.name() });
        out.line(&document.to_string())?;
    } else {
        out.line(&texts::WRITTEN.with(out.lang, &[&path.display()]))?;
    }
    Ok(EXIT_OK)
}

fn documents(
    cli: &Cli,
    args: &Report,
    kind: DocumentKind,
    account: &Account,
    ask: &Ask,
    out: &mut Out<'_, '_>,
) -> Result<i32> {
    let (ledger, contract) = names(cli);
    let mut formats = args.format.iter().map(|f| Format::parse(f)).collect::<Result<Vec<_>>>()?;
    // A file's name says its form.
    let ending = args.out.as_deref().and_then(Path::extension).and_then(|e| e.to_str());
    let single = ending.and_then(|e| Format::parse(e).ok()).filter(|f| formats.is_empty() || formats == [*f]);
    if let (Some(format), true) = (single, formats.is_empty()) {
        formats.push(format);
    }
    let options = DocumentOptions {
        lang: out.lang,
        month: args.month.as_deref().map(Month::parse).transpose()?,
        subject: args.subject.as_deref(),
        formats: &formats,
        ledger: ledger.as_deref(),
        contract_file: contract.as_deref(),
    };
    let package = report::package(account, kind, ask, &options)?;
    let places = places(&package, args.out.as_deref(), single.is_some())?;
    for (path, file) in places.iter().zip(&package.files) {
        input::write_all(path, &file.bytes, out)?;
    }
    // Recorded once the files are there: the ledger never names what was not written.
    let entry = if args.issue { Some(issue(cli, args, &package)?) } else { None };
    told(&package, &places, entry, out)?;
    Ok(EXIT_OK)
}

/// Where the files go: into a folder, or the only one to the file named.
fn places(package: &Package, out: Option<&Path>, single: bool) -> Result<Vec<PathBuf>> {
    let out = out.unwrap_or(Path::new("."));
    if let (true, [_], false) = (single, package.files.as_slice(), out.is_dir()) {
        return Ok(vec![out.to_owned()]);
    }
    if input::is_stdin(out) {
        return match package.files.as_slice() {
            [_] => Ok(vec![out.to_owned()]),
            files => Err(Error::new(Code::BadRequest, format!("--out -: {} files", files.len()))
                .with_hints("ask for one form: --format docx", "请只要一种格式：--format docx")),
        };
    }
    for file in &package.files {
        let path = out.join(&file.name);
        let folder = path.parent().unwrap_or(out);
        std::fs::create_dir_all(folder).map_err(|e| input::io_error(folder, &e))?;
    }
    Ok(package.files.iter().map(|file| out.join(&file.name)).collect())
}

fn issue(cli: &Cli, args: &Report, package: &Package) -> Result<u64> {
    let now = clock::system_now();
    let fact = package.issue(now, "supplier", args.person.as_deref())?;
    let seqs = verbs::open(cli, true)?.append(&[fact], now)?;
    seqs.first().copied().ok_or_else(|| Error::new(Code::Internal, "report.submit"))
}

fn told(package: &Package, places: &[PathBuf], entry: Option<u64>, out: &mut Out<'_, '_>) -> Result<()> {
    if places.iter().any(|p| input::is_stdin(p)) {
        return Ok(());
    }
    let digest = |bytes: &[u8]| opsledger::digest::sm3_hex(bytes);
    if out.json {
        let files: Vec<_> = places
            .iter()
            .zip(&package.files)
            .map(|(path, f)| json!({ "file": path.display().to_string(), "media_type": f.media_type, "sm3": digest(&f.bytes) }))
            .collect();
        let d = &package.document;
        let document = json!({ "number": d.number, "covers": d.covers, "version": d.version, "content_sm3": d.digest,
            "files": files, "entry": entry });
        return out.line(&document.to_string());
    }
    for path in places {
        out.line(&texts::WRITTEN.with(out.lang, &[&path.display()]))?;
    }
    if let Some(seq) = entry {
        out.line(&texts::ISSUED.with(out.lang, &[&package.document.number, &seq]))?;
    }
    Ok(())
}
