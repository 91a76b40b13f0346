//! Backups.

use crate::guard::guard;
use crate::ledger::opsl_ledger;
use crate::types::*;
use opsledger::backup::{self, Report, Watch};
use opsledger::ledger::clock::system_now;
use opsledger::ledger::{Ledger, Progress};
use opsledger::{Error, Result};
use std::ffi::c_void;

/// The report, and why it could not be recorded, if it could not.
pub(crate) type Done = (String, Option<Error>);

pub(crate) fn run(
    ledger: Option<&Ledger>,
    operation: &str,
    json: &str,
    progress: Progress<'_>,
) -> Result<Done> {
    // Bytes where bytes are counted, else files.
    let mut tell = |p: &backup::Progress| match p.bytes_total {
        0 => progress(p.files, p.files_total),
        total => progress(p.bytes, total),
    };
    let mut report: Report = backup::run(ledger, operation, json, &mut Watch::new(system_now(), &mut tell))?;
    let failed = report.not_recorded.take();
    Ok((report.to_json(), failed))
}

/// Runs an operation on backups and gives its report (schemas/backup-report.schema.json), one line of JSON with its line feed.
/// `operation` is "seal", "verify", "drill", "compare" or "status"; `json` is an object of its options
/// (schemas/backup-options.schema.json), such as {"path":"/backup/2026-03-02","level":"L2"}; a key that is unknown gives
/// `OPSL_E_BAD_REQUEST` with its name. What the check found is the report's "verdict" ("pass", "pass-with-remarks", "fail",
/// "unverifiable", "unstable-read"), not an error. With a `ledger` (NULL: none), the contract it adopted completes the options,
/// and what the report states is appended when the operation has ended: all of it or nothing. Where only that fails, its status is returned and
/// `*out` holds the report all the same. `progress` (may be NULL) is called in the calling thread with bytes done and in all (files, where
/// no bytes are counted), some twenty times a second; another answer than 0 gives `OPSL_E_CANCELLED`, and nothing is recorded. What is checked is never
/// written to; a seal that was stopped is completed by the next one. The call may take hours and uses several threads of its own, which call nothing of the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_backup_run(
    ledger: Option<&opsl_ledger>,
    operation: opsl_str,
    json: opsl_str,
    progress: opsl_progress_fn,
    user: *mut c_void,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            let (operation, json) = (text(operation, "operation")?, text(json, "json")?);
            let mut progress = crate::types::progress(progress, user);
            let (report, failed) = match ledger {
                Some(ledger) => ledger.run(|l| run(Some(l), operation, json, &mut progress))?,
                None => run(None, operation, json, &mut progress)?,
            };
            give(to, report);
            failed.map_or(Ok(()), Err)
        })
    }
}
