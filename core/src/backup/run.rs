//! The one door for every language: an operation by name, its options as JSON, and a ledger that keeps what came of it.

use super::{CompareOptions, DrillOptions, Kind, Level, SealOptions, StatusOptions, VerifyOptions};
use super::{Report, Rotation, Watch, bag, content, options::parse_size, record, sign, status};
use crate::account::Account;
use crate::contract::{BackupSet, Contract};
use crate::digest::sm3_hex;
use crate::error::{Code, Error, Result, err};
use crate::ledger::Ledger;
use crate::time::parse_duration;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;

/// The operations, by the names that every language uses.
pub const OPERATIONS: [&str; 5] = ["seal", "verify", "drill", "compare", "status"];

/// Runs an operation. `json` is an object of its options (`schemas/backup-options.schema.json`); empty text asks for nothing.
///
/// With a ledger, what its contract says of the set stands in for what was left out, and what the report states is appended
/// when the operation has ended, all facts or none: one that was cancelled or killed leaves no entry. Where only that failed,
/// the report comes back all the same, with the reason in [`Report::not_recorded`].
///
/// # Errors
/// `unknown-word` for another operation, `bad-request` for options that are wrong (with the key), `not-found` for a set that
/// the contract does not have, `cancelled`, and what the operation itself may answer.
pub fn run(ledger: Option<&Ledger>, operation: &str, json: &str, watch: &mut Watch<'_>) -> Result<Report> {
    let books = Books::open(ledger)?;
    let mut report = match operation {
        "seal" => seal(&books, request(json)?, watch),
        "verify" => verify(&books, request(json)?, watch),
        "drill" => drill(&books, request(json)?, watch),
        "compare" => compare(&books, request(json)?, watch),
        "status" => look(&books, request(json)?, watch),
        other => err(Code::UnknownWord, format!("operation {other:?}"))
            .map_err(|e: Error| e.with_hint(OPERATIONS.join(", "))),
    }?;
    if let Some(ledger) = ledger {
        let facts = record::facts(&report);
        match facts.and_then(|facts| ledger.append(&facts, watch.now())) {
            Ok(entries) => report.entries = entries,
            Err(error) => {
                let verdict = report.verdict.name();
                report.not_recorded = Some(error.with_hints(
                    format!(
                        "the operation itself ended with {verdict:?}; that is not recorded in the ledger"
                    ),
                    format!("操作本身已完成，结果为 {verdict:?}，但未能记入台账"),
                ));
            }
        }
    }
    Ok(report)
}

/// The ledger with the contract that it adopted, if it did.
pub(super) struct Books<'a> {
    pub(super) ledger: Option<&'a Ledger>,
    pub(super) account: Option<Account>,
    pub(super) contract: Option<Arc<Contract>>,
}

impl<'a> Books<'a> {
    fn open(ledger: Option<&'a Ledger>) -> Result<Books<'a>> {
        let account = match ledger.map(|ledger| Account::open(None, ledger.clone())).transpose() {
            Ok(account) => account,
            // Nothing adopted: the facts are kept all the same.
            Err(e) if e.code() == Code::NotFound => None,
            Err(e) => return Err(e),
        };
        let contract = account.as_ref().map(Account::contract);
        Ok(Books { ledger, account, contract })
    }

    /// What the contract says of a set; an error where it has sets and this is none of them.
    pub(super) fn set(&self, set: Option<&String>) -> Result<Option<&BackupSet>> {
        let (Some(contract), Some(id)) = (&self.contract, set) else { return Ok(None) };
        let sets = &contract.backups;
        match sets.iter().find(|set| set.id == *id) {
            None if !sets.is_empty() => {
                let known: Vec<&str> = sets.iter().map(|set| set.id.as_str()).collect();
                Err(Error::new(Code::NotFound, format!("set {id:?}")).with_hint(known.join(", ")))
            }
            found => Ok(found),
        }
    }
}

fn seal(books: &Books<'_>, mut options: SealOptions, watch: &mut Watch<'_>) -> Result<Report> {
    given(&options.path, "path")?;
    limit(options.io_limit.as_ref(), watch)?;
    let set = books.set(options.set.as_ref())?;
    options.kind = options.kind.or(set.and_then(kind));
    super::seal(&options, watch)
}

fn verify(books: &Books<'_>, mut options: VerifyOptions, watch: &mut Watch<'_>) -> Result<Report> {
    given(&options.path, "path")?;
    limit(options.io_limit.as_ref(), watch)?;
    if let Some(level) = options.level
        && !matches!(level, Level::L1 | Level::L2)
    {
        return Err(bad("level", format!("{level:?}")).with_hints(
            "verify goes to L1 or L2; L0 is `status`, L3 `drill`, L4 `compare`",
            "verify 为 L1 或 L2；L0 用 status，L3 用 drill，L4 用 compare",
        ));
    }
    let set = books.set(known(options.set.as_ref(), &options.path).as_ref())?;
    options.kind = options.kind.or(kind_unless_said(&options.path, set.and_then(kind)));
    // Without a log there is nothing to look for it in.
    if let (Some(_), None, Some(set)) = (&options.log, &options.log_marker, set) {
        options.log_marker.clone_from(&set.log_marker);
    }
    if let (Some(ledger), Some(_), None) = (books.ledger, &options.sample, &options.rotation) {
        options.rotation = rotation(ledger, &options.path)?;
    }
    super::verify(&options, watch)
}

/// The set: as asked, else as the bag says.
fn known(set: Option<&String>, path: &Path) -> Option<String> {
    let said = || bag::described(path)?.get(bag::info::SET).map(str::to_owned);
    set.cloned().or_else(said)
}

/// What the contract says it holds.
fn kind(set: &BackupSet) -> Option<Kind> {
    serde_json::from_value(serde_json::Value::from(set.kind)).ok()
}

/// The same, unless the bag says so itself.
fn kind_unless_said(path: &Path, kind: Option<Kind>) -> Option<Kind> {
    let said = bag::described(path).is_some_and(|info| info.get(bag::info::KIND).is_some());
    if said { None } else { kind }
}

/// Where the last check of this very manifest left off, as the ledger holds it.
fn rotation(ledger: &Ledger, path: &Path) -> Result<Option<Rotation>> {
    let Ok(manifest) = content::read_small(&path.join(sign::SIGNED), bag::MAX_SEALED) else {
        return Ok(None);
    };
    // The fact's text is canonical, so its keys stand in their order and no blank between them.
    let mark = format!("\"manifest_sm3\":\"{}\"", sm3_hex(&manifest));
    let found = ledger.sql(&format!(
        "SELECT fact ->> '$.body.rotation.of', fact ->> '$.body.rotation.next' FROM entry WHERE fact ->> 'kind' = 'backup.verify' \
         AND instr(fact, '{mark}') AND fact -> '$.body.rotation' IS NOT NULL ORDER BY seq DESC LIMIT 1"
    ))?;
    let numbers = found.rows.first().and_then(|row| {
        let number = |i: usize| u32::try_from(row.get(i)?.as_u64()?).ok();
        Some((number(0)?, number(1)?))
    });
    Ok(numbers.map(|(of, next)| Rotation { manifest_sm3: sm3_hex(&manifest), of, next }))
}

fn drill(books: &Books<'_>, mut options: DrillOptions, watch: &mut Watch<'_>) -> Result<Report> {
    given(&options.path, "path")?;
    limit(options.io_limit.as_ref(), watch)?;
    duration(options.rto.as_ref(), "rto")?;
    let set = books.set(known(options.set.as_ref(), &options.path).as_ref())?;
    options.kind = options.kind.or(kind_unless_said(&options.path, set.and_then(kind)));
    options.rto = options.rto.or_else(|| Some(format!("{}us", set?.rto?)));
    super::drill(&options, watch)
}

fn compare(books: &Books<'_>, options: CompareOptions, watch: &mut Watch<'_>) -> Result<Report> {
    given(Path::new(&options.platform), "platform")?;
    given(Path::new(&options.standby), "standby")?;
    limit(options.io_limit.as_ref(), watch)?;
    duration(options.recheck.as_ref(), "recheck")?;
    books.set(options.set.as_ref())?;
    super::compare(&options, watch)
}

fn look(books: &Books<'_>, options: StatusOptions, watch: &mut Watch<'_>) -> Result<Report> {
    limit(options.io_limit.as_ref(), watch)?;
    status::status(books, &options, watch)
}

/// The options; an error names the key that is unknown or has the wrong type.
fn request<T: Default + DeserializeOwned>(json: &str) -> Result<T> {
    if json.trim().is_empty() {
        return Ok(T::default());
    }
    // A list would be taken for the fields in their order.
    if !json.trim_start().starts_with('{') {
        return err(Code::BadRequest, "options: not a JSON object");
    }
    serde_json::from_str(json).map_err(|e| Error::new(Code::BadRequest, e.to_string()))
}

fn bad(key: &str, value: impl std::fmt::Display) -> Error {
    Error::new(Code::BadRequest, format!("{key} = {value}"))
}

fn given(path: &Path, key: &str) -> Result<()> {
    if path.as_os_str().is_empty() { err(Code::BadRequest, format!("{key} is missing")) } else { Ok(()) }
}

fn limit(text: Option<&String>, watch: &mut Watch<'_>) -> Result<()> {
    if let Some(text) = text {
        let bytes = parse_size(text).map_err(|e| e.in_field("io_limit"))?;
        if bytes == 0 {
            return Err(bad("io_limit", text));
        }
        watch.limit_io(bytes);
    }
    Ok(())
}

fn duration(text: Option<&String>, key: &str) -> Result<()> {
    text.map_or(Ok(()), |text| parse_duration(text).map(drop).map_err(|e| e.in_field(key)))
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
