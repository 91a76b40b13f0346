//! `form`, `import sheet` and `confirm`.

use crate::args::{Cli, Confirm, Form, ImportSheet};
use crate::out::Out;
use crate::table::{self, Value};
use crate::texts::{self, Text};
use crate::{EXIT_INPUT, EXIT_OK, input, verbs};
use opsledger::Lang;
use opsledger::contract::Contract;
use opsledger::error::{Code, Error, Result};
use opsledger::facts::Fact;
use opsledger::ledger::{Imported, Ledger, Options, clock};
use opsledger::sheets::{self, Change, Preview, Who, confirmation, families};
use opsledger::table::xlsx;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The form that is no family: the month's opinions.
const CONFIRMATION: &str = "confirmation";

pub(super) fn form(cli: &Cli, args: &Form, out: &mut Out<'_, '_>) -> Result<i32> {
    let (bytes, name) = match (args.families.as_slice(), &args.month) {
        ([name], Some(month)) if is_confirmation(name) => {
            let ledger = verbs::open(cli, false)?;
            let contract = verbs::stated_contract(cli, out)?;
            let party = args.party.as_deref().unwrap_or("buyer");
            let bytes = confirmation::form(contract, &ledger, month, party, clock::system_now())?;
            (bytes, format!("{CONFIRMATION}-{month}"))
        }
        (names, month) if month.is_some() || names.iter().any(|name| is_confirmation(name)) => {
            return Err(Error::new(Code::BadRequest, "form").with_hints(
                "the confirmation stands alone and names its month: form confirmation --month 2026-03",
                "确认表须单独生成并写明月份：form confirmation --month 2026-03",
            ));
        }
        (names, _) => {
            let families = names.iter().map(|name| families::find(name)).collect::<Result<Vec<_>>>()?;
            let contract = verbs::contract(cli, out)?;
            let rows = args.rows.unwrap_or(sheets::DEFAULT_ROWS);
            let name = families.iter().map(|f| f.name).collect::<Vec<_>>().join("-");
            (sheets::form(&families, &contract, rows)?, name)
        }
    };
    write(args.out.as_deref(), &name, &bytes, out)
}

fn is_confirmation(name: &str) -> bool {
    matches!(name, CONFIRMATION | "确认表")
}

/// Where no file is named, one that may have been filled in is not overwritten.
fn write(path: Option<&Path>, name: &str, bytes: &[u8], out: &mut Out<'_, '_>) -> Result<i32> {
    let path = match path {
        Some(path) => path.to_owned(),
        None => PathBuf::from(format!("{name}.xlsx")),
    };
    if path.exists() && path.as_os_str() == format!("{name}.xlsx").as_str() {
        return Err(Error::new(Code::BadRequest, path.display().to_string()).with_hints(
            "the file exists and may have been filled in: name another with --out",
            "该文件已存在，可能已填写：请用 --out 指定其他文件名",
        ));
    }
    input::write_all(&path, bytes, out)?;
    if !input::is_stdin(&path) {
        out.note(&texts::WRITTEN.with(out.lang, &[&path.display()]));
    }
    Ok(EXIT_OK)
}

pub(super) fn import(cli: &Cli, args: &ImportSheet, out: &mut Out<'_, '_>) -> Result<i32> {
    let bytes = input::read_all(&args.file, out, xlsx::MAX_FILE)?;
    let ledger = open(cli, args.dry_run, args.accept_clock)?;
    let contract = verbs::contract(cli, out)?;
    let who = Who { person: args.person.clone(), party: args.party.clone() };
    let now = clock::system_now();
    let preview = sheets::preview(&bytes, &contract, &ledger, &who, now)?;
    if let Some(path) = &args.preview {
        if same_file(path, &args.file) {
            return Err(Error::new(Code::BadRequest, format!("--preview {}", path.display()))
                .with_hints("name another file than the sheet itself", "请使用与原表不同的文件名"));
        }
        input::write_all(path, &preview.copy()?, out)?;
    }
    let wrong = preview.wrong();
    let recorded = match (wrong.is_empty(), args.dry_run) {
        (true, false) => Some(preview.record(&ledger, now)?),
        _ => None,
    };
    if out.json {
        out.line(&document(&preview, &wrong, recorded.as_ref())?)?;
    } else {
        print(&preview, &contract, &wrong, recorded.as_ref(), out)?;
        if let Some(path) = &args.preview {
            out.note(&texts::WRITTEN.with(out.lang, &[&path.display()]));
        }
    }
    Ok(if wrong.is_empty() { EXIT_OK } else { EXIT_INPUT })
}

fn open(cli: &Cli, read_only: bool, accept_clock: bool) -> Result<Ledger> {
    Ledger::open(&verbs::ledger_path(cli)?, &Options { read_only, accept_clock, ..Options::default() })
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn document(preview: &Preview, wrong: &[(String, Error)], recorded: Option<&Imported>) -> Result<String> {
    let fact = |fact: &Fact| -> Result<serde_json::Value> {
        serde_json::from_str(&fact.canonical()?).map_err(|e| Error::new(Code::Internal, e.to_string()))
    };
    let row = |row: &sheets::Planned| -> Result<serde_json::Value> {
        let facts = row.facts.iter().map(fact).collect::<Result<Vec<_>>>()?;
        Ok(json!({ "sheet": row.sheet, "row": row.row, "family": row.family, "subject": row.subject,
            "change": row.change.name(), "facts": facts }))
    };
    let rows = preview.rows.iter().map(row).collect::<Result<Vec<_>>>()?;
    let remarks: Vec<_> = preview
        .remarks(Lang::Zh)
        .into_iter()
        .zip(preview.remarks(Lang::En))
        .map(|((cell, zh), (_, en))| json!({ "cell": cell, "text_zh": zh, "text_en": en }))
        .collect();
    Ok(json!({ "rows": rows, "wrong": wrong_cells(wrong), "remarks": remarks,
        "new": recorded.map(|r| r.new), "seqs": recorded.map(|r| &r.seqs) })
    .to_string())
}

fn wrong_cells(wrong: &[(String, Error)]) -> Vec<serde_json::Value> {
    let cell = |(cell, e): &(String, Error)| json!({ "cell": cell, "code": e.code().info().name, "text_zh": e.text(Lang::Zh), "text_en": e.text(Lang::En) });
    wrong.iter().map(cell).collect()
}

fn print(
    preview: &Preview,
    contract: &Arc<Contract>,
    wrong: &[(String, Error)],
    recorded: Option<&Imported>,
    out: &mut Out<'_, '_>,
) -> Result<()> {
    let lang = out.lang;
    let head =
        [texts::SHEET_ROW, texts::SUBJECT, texts::SHEET_RESULT, texts::SHEET_FACTS].map(|t| t.get(lang));
    let rows = preview.rows.iter().map(|row| {
        let facts = row.facts.iter().map(|fact| match lang {
            Lang::Zh => format!("{} {}", fact.kind.zh, contract.zone.format(fact.at)),
            Lang::En => format!("{} {}", fact.kind_name(), contract.zone.format(fact.at)),
        });
        vec![
            Value::Text(format!("{}!{}", row.sheet, row.row)),
            row.subject.as_str().into(),
            result(row.change).get(lang).into(),
            facts.collect::<Vec<_>>().join("; ").into(),
        ]
    });
    table::print(out, &head, rows.collect())?;
    for (place, text) in preview.remarks(lang) {
        out.note(&texts::REMARK.with(lang, &[&place, &text]));
    }
    for (_, e) in wrong {
        out.error(e);
    }
    let facts = preview.facts().len();
    out.line(&texts::ZONE_READ.with(lang, &[&contract.zone.name()]))?;
    out.line(&match recorded {
        _ if !wrong.is_empty() => texts::CELLS_WRONG.with(lang, &[&wrong.len()]),
        None => texts::DRY_RUN.with(lang, &[&preview.rows.len(), &facts]),
        Some(_) if facts == 0 => texts::SHEET_UNCHANGED.with(lang, &[&preview.rows.len()]),
        Some(r) => texts::SHEET_RECORDED.with(lang, &[&preview.rows.len(), &r.new, &texts::ranges(&r.seqs)]),
    })
}

fn result(change: Change) -> Text {
    match change {
        Change::New => texts::ROW_NEW,
        Change::Further => texts::ROW_FURTHER,
        Change::Corrected => texts::ROW_CORRECTED,
        Change::Unchanged => texts::ROW_UNCHANGED,
        Change::Wrong => texts::ROW_WRONG,
    }
}

pub(super) fn confirm(cli: &Cli, args: &Confirm, out: &mut Out<'_, '_>) -> Result<i32> {
    let bytes = input::read_all(&args.from, out, xlsx::MAX_FILE)?;
    let ledger = open(cli, args.dry_run, args.accept_clock)?;
    let contract = verbs::contract(cli, out)?;
    let now = clock::system_now();
    let answers = confirmation::read(&bytes, &contract, &ledger, &args.person, now)?;
    let recorded = match (answers.wrong.is_empty(), args.dry_run) {
        (true, false) => Some(answers.record(&ledger, now)?),
        _ => None,
    };
    let status = if answers.wrong.is_empty() { EXIT_OK } else { EXIT_INPUT };
    if out.json {
        let list: Vec<_> = answers
            .answers
            .iter()
            .map(|a| json!({ "row": a.row, "entry": a.entry, "confirms": a.confirms, "new": a.fact.is_some() }))
            .collect();
        let document = json!({ "answers": list, "open": answers.open, "wrong": wrong_cells(&answers.wrong),
            "new": recorded.as_ref().map(|r| r.new), "seqs": recorded.as_ref().map(|r| &r.seqs) });
        out.line(&document.to_string())?;
        return Ok(status);
    }
    let lang = out.lang;
    for (_, e) in &answers.wrong {
        out.error(e);
    }
    let fresh = answers.answers.iter().filter(|a| a.fact.is_some());
    let (confirmed, disputed): (Vec<_>, Vec<_>) = fresh.partition(|a| a.confirms);
    let before = answers.answers.len() - confirmed.len() - disputed.len();
    let counts: [&dyn std::fmt::Display; 4] = [&confirmed.len(), &disputed.len(), &before, &answers.open];
    out.line(&match recorded {
        _ if status != EXIT_OK => texts::CELLS_WRONG.with(lang, &[&answers.wrong.len()]),
        None => texts::OPINIONS_READ.with(lang, &counts),
        Some(_) => texts::OPINIONS_RECORDED.with(lang, &counts),
    })?;
    Ok(status)
}
