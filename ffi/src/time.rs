//! Instants and working time.

use crate::contract::opsl_contract;
use crate::guard::guard;
use crate::types::*;
use opsledger::Result;
use opsledger::calendar::Zone;
use opsledger::time::{Instant, canonical_instant, parse_instant};

/// Reads an instant such as 2026-03-02T08:10:00+08:00 (RFC 3339, at most six digits of the second, years 1900 to 9999) into
/// microseconds since 1970-01-01T00:00:00Z. A time without a zone is refused (`OPSL_E_NAIVE_TIME`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_time_parse(
    text: opsl_str,
    us: *mut i64,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = out(us, "us")?;
            to.write(parse_instant(crate::types::text(text, "text")?)?);
            Ok(())
        })
    }
}

/// Writes an instant with the offset of an IANA zone such as Asia/Shanghai, or, for an empty `zone`, in the canonical form of
/// the ledger, 2026-03-02T00:10:00.000000Z.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_time_format(
    us: i64,
    zone: opsl_str,
    out: *mut opsl_buf,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = crate::types::out(out, "out")?;
            give(to, format(us, text(zone, "zone")?)?);
            Ok(())
        })
    }
}

pub(crate) fn format(us: Instant, zone: &str) -> Result<String> {
    let canonical = canonical_instant(us)?; // refuses what lies outside the years 1900 to 9999
    if zone.is_empty() { Ok(canonical) } else { Ok(Zone::parse(zone)?.format(us)) }
}

/// Working time in each `[start[i], end[i])` on a calendar of the contract, in microseconds, into `us[i]`; 0 where the end is not
/// after the start. With every holiday notice that this version carries; a year without a published schedule is an error that
/// names it. Nothing is written on failure; the row says which one failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_calendar_between(
    contract: Option<&opsl_contract>,
    id: opsl_str,
    start: *const i64,
    end: *const i64,
    n: usize,
    us: *mut i64,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let (start, end) = (slice(start, n, "start")?, slice(end, n, "end")?);
            check_array(us, n, "us")?;
            let id = text(id, "id")?;
            fill(us, &required(contract, "contract")?.run(|c| c.between(id, start, end))?);
            Ok(())
        })
    }
}

/// The first instant at which `add[i]` microseconds of working time have passed since `start[i]`, into `at[i]`; `start[i]` itself
/// for 0. Otherwise as `opsl_calendar_between`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_calendar_add(
    contract: Option<&opsl_contract>,
    id: opsl_str,
    start: *const i64,
    add: *const i64,
    n: usize,
    at: *mut i64,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let (start, add) = (slice(start, n, "start")?, slice(add, n, "add")?);
            check_array(at, n, "at")?;
            let id = text(id, "id")?;
            fill(at, &required(contract, "contract")?.run(|c| c.add(id, start, add))?);
            Ok(())
        })
    }
}
