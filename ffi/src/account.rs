//! Accounts: a contract with its facts.

use crate::contract::opsl_contract;
use crate::guard::{guard, guard_or};
use crate::handles::Handle;
use crate::ledger::{opsl_ledger, request};
use crate::types::*;
use opsledger::account::Account;
use opsledger::assess::{Ask, Budget, View};
use opsledger::error::Lang;
use opsledger::ledger::clock::system_now as now;
use opsledger::time::parse_instant;
use opsledger::{Code, Error, Result, report};
use std::ffi::c_void;
use std::mem::{offset_of, size_of};

/// The books of one contract. Any number of threads may use it at once.
#[allow(non_camel_case_types)]
pub struct opsl_account(Handle<Account>);

impl opsl_account {
    pub(crate) fn open(contract: Option<&opsl_contract>, ledger: Option<&opsl_ledger>) -> Result<Self> {
        let contract = contract.map(|c| c.run(|held| Ok(held.contract.clone()))).transpose()?;
        Ok(opsl_account(Handle::new(match (contract, ledger) {
            (contract, Some(ledger)) => Account::open(contract, ledger.run(|l| Ok(l.clone()))?)?,
            (Some(contract), None) => Account::new(contract),
            (None, None) => return Err(null("contract and ledger")),
        })))
    }
    pub(crate) fn run<R>(&self, call: impl FnOnce(&Account) -> Result<R>) -> Result<R> {
        self.0.run(call)
    }
}

/// How the contract stands, as numbers. Counts, downtime and limits are those of the first clause of their kind without
/// `systems` or `per`. Absent: -1 in a count, `OPSL_ABSENT` elsewhere.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opsl_budget {
    /// sizeof(opsl_budget).
    pub struct_size: usize,
    /// The instant the figures hold for, microseconds.
    pub as_of: i64,
    /// What was known, microseconds.
    pub known_at: i64,
    /// Status of the contract, `OPSL_VERDICT_...`.
    pub status: i32,
    /// Long outages.
    pub long_count: i32,
    /// How many are allowed.
    pub long_max: i32,
    /// Short outages.
    pub short_count: i32,
    /// How many are allowed.
    pub short_max: i32,
    /// Open outages that are not long yet.
    pub pending_count: i32,
    /// Downtime, microseconds.
    pub downtime_us: i64,
    /// How much is allowed, microseconds.
    pub downtime_max_us: i64,
    /// What is left of it, microseconds; negative once it is broken.
    pub remaining_us: i64,
    /// The earliest breach to come if nothing more is recorded, microseconds.
    pub next_breach_at: i64,
    /// The last entry read; absent without a ledger.
    pub head_seq: i64,
}

// SAFETY: six of four bytes between eight, so no padding; integers only.
unsafe impl Versioned for opsl_budget {
    const NAME: &'static str = "opsl_budget";
}

// Java reads it as a column of longs, by these places.
const _: () = assert!(size_of::<opsl_budget>() == 88 && offset_of!(opsl_budget, downtime_us) == 48);

/// Not yet due.
pub const OPSL_VERDICT_NOT_DUE: i32 = 0;
/// Kept.
pub const OPSL_VERDICT_MET: i32 = 1;
/// Broken, and waived by the party it benefits.
pub const OPSL_VERDICT_WAIVED: i32 = 2;
/// Kept so far, with little left.
pub const OPSL_VERDICT_AT_RISK: i32 = 3;
/// Nothing recorded to judge it by.
pub const OPSL_VERDICT_NO_EVIDENCE: i32 = 4;
/// Broken.
pub const OPSL_VERDICT_BREACHED: i32 = 5;

/// What an assessment is asked for. Zero is the default of each field.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opsl_assess_options {
    /// sizeof(opsl_assess_options).
    pub struct_size: usize,
    /// Only entries up to this one; 0: all.
    pub head: i64,
    /// `OPSL_VIEW_AGREED` or `OPSL_VIEW_CLAIMED`.
    pub view: i32,
    /// 0.
    pub reserved: i32,
}

// SAFETY: two of four bytes at the end, so no padding; integers only.
unsafe impl Versioned for opsl_assess_options {
    const NAME: &'static str = "opsl_assess_options";
}

/// A question, with the system's clock for what it leaves open.
pub(crate) fn ask(as_of: i64, known_at: i64, head: i64, view: i32) -> Result<Ask> {
    Ok(Ask {
        as_of: given(as_of),
        known_at: given(known_at),
        head: match head {
            0 => None,
            seq => Some(unsigned(seq, "head")?),
        },
        view: crate::types::view(view)?,
        now: Some(now()),
    })
}

/// A question with what the options of the header add to it.
///
/// # Safety
/// As [`read_struct`].
pub(crate) unsafe fn ask_with(as_of: i64, known_at: i64, options: *const opsl_assess_options) -> Result<Ask> {
    let defaults = opsl_assess_options { struct_size: 0, head: 0, view: 0, reserved: 0 };
    // SAFETY: the caller's promise.
    let options = unsafe { read_struct(options, defaults)? };
    if options.reserved != 0 {
        return Err(Error::new(Code::Unsupported, "opsl_assess_options.reserved is not 0"));
    }
    ask(as_of, known_at, options.head, options.view)
}

/// The struct of the header from core's figures.
pub(crate) fn flat(budget: &Budget) -> opsl_budget {
    let count = |n: Option<i64>| n.map_or(-1, |n| i32::try_from(n).unwrap_or(i32::MAX));
    opsl_budget {
        struct_size: size_of::<opsl_budget>(),
        as_of: budget.as_of,
        known_at: budget.known_at,
        status: budget.status as i32,
        long_count: count(budget.long_count),
        long_max: count(budget.long_max),
        short_count: count(budget.short_count),
        short_max: count(budget.short_max),
        pending_count: count(budget.pending_count),
        downtime_us: or_absent(budget.downtime),
        downtime_max_us: or_absent(budget.downtime_max),
        remaining_us: or_absent(budget.remaining),
        next_breach_at: or_absent(budget.next_breach_at),
        head_seq: or_absent(budget.head_seq.map(signed)),
    }
}

/// What `opsl_account_report` reads from its JSON.
#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReportRequest {
    format: String,
    as_of: Option<String>,
    known_at: Option<String>,
    head: i64,
    view: String,
    lang: String,
}

pub(crate) fn bad_word(key: &str, value: &str, known: &str) -> Error {
    Error::new(Code::BadRequest, format!("{key} = {value:?}")).with_hint(known)
}

/// The language asked for by its name.
pub(crate) fn lang(name: &str, default: Lang) -> Result<Lang> {
    match name {
        "" => Ok(default),
        "en" => Ok(Lang::En),
        "zh" => Ok(Lang::Zh),
        other => Err(bad_word("lang", other, "en, zh")),
    }
}

/// A question whose instants and view are text, as JSON has them.
pub(crate) fn ask_in_words(
    as_of: Option<&str>,
    known_at: Option<&str>,
    head: i64,
    view: &str,
) -> Result<Ask> {
    let view = match view {
        "" | "agreed" => View::Agreed,
        "claimed" => View::Claimed,
        other => return Err(bad_word("view", other, "agreed, claimed")),
    };
    let instant = |text: Option<&str>| text.map_or(Ok(OPSL_ABSENT), parse_instant);
    ask(instant(as_of)?, instant(known_at)?, head, view as i32)
}

pub(crate) fn report_of(account: &Account, json: &str) -> Result<String> {
    let wanted: ReportRequest = request(json)?;
    if !matches!(wanted.format.as_str(), "" | "html") {
        return Err(bad_word("format", &wanted.format, "html"));
    }
    let lang = lang(&wanted.lang, Lang::En)?;
    let asked = ask_in_words(wanted.as_of.as_deref(), wanted.known_at.as_deref(), wanted.head, &wanted.view)?;
    report::of(account, &asked, &report::Options { lang, ..report::Options::default() })
}

/// Opens an account. With a ledger it follows that: every question first reads what was appended since, by any process; `contract`
/// may then be NULL for the one that the ledger adopted. Without a ledger (NULL) facts come from `opsl_account_add`. Both
/// handles stay the caller's and may be freed before the account. `*account` is the caller's, freed with `opsl_account_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_open(
    contract: Option<&opsl_contract>,
    ledger: Option<&opsl_ledger>,
    account: *mut *mut opsl_account,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = out(account, "account")?;
            to.write(Box::into_raw(Box::new(opsl_account::open(contract, ledger)?)));
            Ok(())
        })
    }
}

/// Adds facts to an account without a ledger, one JSON object a line (blank lines are skipped), each with its stated
/// `recorded_at` (absent: its `at`) and in that order. All are added or none; the row is the line. What contradicts the record
/// has no effect and stands in the assessment's `faults`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_add(
    account: Option<&opsl_account>,
    jsonl: opsl_str,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let jsonl = text(jsonl, "jsonl")?;
            required(account, "account")?.run(|a| a.add(jsonl).map(drop))
        })
    }
}

/// The figures as a struct, for the hot path. `as_of` and `known_at` are microseconds; `OPSL_ABSENT` for `as_of` means `known_at`,
/// and for `known_at` the last instant recorded (with a ledger, now if that is later). `view` is `OPSL_VIEW_AGREED` or
/// `OPSL_VIEW_CLAIMED`. `budget->struct_size` is set by the caller.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_budget(
    account: Option<&opsl_account>,
    as_of: i64,
    known_at: i64,
    view: i32,
    budget: *mut opsl_budget,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let size = room(budget, "budget")?;
            let ask = ask(as_of, known_at, 0, view)?;
            let found = required(account, "account")?.run(|a| a.budget(&ask))?;
            write_struct(budget, size, &flat(&found));
            Ok(())
        })
    }
}

/// The assessment document as JSON. Instants as in `opsl_account_budget`; `options` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_assess(
    account: Option<&opsl_account>,
    as_of: i64,
    known_at: i64,
    options: *const opsl_assess_options,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let ask = ask_with(as_of, known_at, options)?;
            give(to, required(account, "account")?.run(|a| a.assess(&ask))?.to_json());
            Ok(())
        })
    }
}

/// The page of an assessment. `json` may be empty or an object: "format": "html" (the only one: one page that needs no network), "as_of" and
/// "known_at" (RFC 3339), "head" (an entry's number), "view": "agreed" or "claimed", "lang": "en" or "zh". `progress` (may be NULL) is
/// called before and after, in the calling thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_account_report(
    account: Option<&opsl_account>,
    json: opsl_str,
    progress: opsl_progress_fn,
    user: *mut c_void,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let json = text(json, "json")?;
            let mut progress = crate::types::progress(progress, user);
            if !progress(0, 1) {
                return Err(Error::new(Code::Cancelled, ""));
            }
            let page = required(account, "account")?.run(|a| report_of(a, json))?;
            progress(1, 1);
            give(to, page);
            Ok(())
        })
    }
}

/// Frees an account. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_account_free(account: Option<Box<opsl_account>>) {
    guard_or((), || drop(account))
}
