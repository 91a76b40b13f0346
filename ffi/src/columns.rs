//! Figures of many systems from columns of intervals.

use crate::contract::opsl_contract;
use crate::guard::guard;
use crate::types::*;
use opsledger::columns::{Columns, Figures, outages};
use opsledger::time::Interval;
use opsledger::{Code, Error, Result};
use std::mem::{offset_of, size_of};

/// Outages and planned windows as columns; the caller keeps them for the length of the call. Instants and durations are
/// microseconds. Where a contract is given, `period_start`, `period_end`, `merge_gap` and `long_from` may be `OPSL_ABSENT`
/// and are then the contract's.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opsl_columns {
    /// sizeof(opsl_columns).
    pub struct_size: usize,
    /// Number of outages.
    pub n: usize,
    /// System of each outage, from 0 to the number of results.
    pub system: *const i32,
    /// Start of each outage.
    pub start: *const i64,
    /// End of each outage; INT64_MAX while it is open.
    pub end: *const i64,
    /// Number of planned windows.
    pub window_n: usize,
    /// System of each planned window; -1 for all.
    pub window_system: *const i32,
    /// Start of each planned window.
    pub window_start: *const i64,
    /// End of each planned window.
    pub window_end: *const i64,
    /// First instant of the period that hours are clipped to.
    pub period_start: i64,
    /// First instant after it.
    pub period_end: i64,
    /// Outages that start later are not yet there; open ones run to it.
    pub as_of: i64,
    /// Pieces with at most this gap are one episode.
    pub merge_gap: i64,
    /// Episodes of at least this downtime are long.
    pub long_from: i64,
}

// SAFETY: pointers and integers of one width, none narrower before a wider one.
unsafe impl Versioned for opsl_columns {
    const NAME: &'static str = "opsl_columns";
}

/// Figures of one system.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opsl_figures {
    /// Long episodes that count in the period.
    pub long_count: i64,
    /// Short ones.
    pub short_count: i64,
    /// Open ones that are not long yet.
    pub pending_count: i64,
    /// Downtime inside the period, microseconds.
    pub downtime_us: i64,
    /// Planned time inside the elapsed period that is not counted downtime, microseconds.
    pub planned_us: i64,
}

// The kernel fills the caller's rows without a copy, so both must have one shape.
const _: () = assert!(
    size_of::<opsl_figures>() == size_of::<Figures>()
        && offset_of!(opsl_figures, long_count) == offset_of!(Figures, long)
        && offset_of!(opsl_figures, short_count) == offset_of!(Figures, short)
        && offset_of!(opsl_figures, pending_count) == offset_of!(Figures, pending)
        && offset_of!(opsl_figures, downtime_us) == offset_of!(Figures, downtime)
        && offset_of!(opsl_figures, planned_us) == offset_of!(Figures, planned)
);

/// Fills `results[i]` with the figures of system i, by the kernel that the rules use. `contract` may be NULL when the columns
/// say everything. No copy is made of the columns; `results` must not overlap them. On failure `results` is not to be read, and
/// the row says which outage or window is wrong.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_outages_batch(
    contract: Option<&opsl_contract>,
    columns: *const opsl_columns,
    results: *mut opsl_figures,
    n: usize,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let given = read_struct(out(columns.cast_mut(), "columns")?, NOTHING)?;
            let columns = borrow(contract, &given)?;
            check_array(results, n, "results")?;
            if n == 0 {
                return outages(&columns, &mut []);
            }
            results.write_bytes(0, n); // the caller need not have: a slice of what was never written is not ours to make
            outages(&columns, std::slice::from_raw_parts_mut(results.cast::<Figures>(), n))
        })
    }
}

const NOTHING: opsl_columns = opsl_columns {
    struct_size: 0,
    n: 0,
    system: std::ptr::null(),
    start: std::ptr::null(),
    end: std::ptr::null(),
    window_n: 0,
    window_system: std::ptr::null(),
    window_start: std::ptr::null(),
    window_end: std::ptr::null(),
    period_start: OPSL_ABSENT,
    period_end: OPSL_ABSENT,
    as_of: OPSL_ABSENT,
    merge_gap: OPSL_ABSENT,
    long_from: OPSL_ABSENT,
};

/// # Safety
/// The pointers lead to as many elements as the counts say.
unsafe fn borrow<'a>(contract: Option<&opsl_contract>, given: &opsl_columns) -> Result<Columns<'a>> {
    let of_contract = match contract {
        Some(contract) => contract.run(|held| {
            let (period, accounting) = (held.contract.period, &held.contract.accounting);
            Ok([period.start, period.end, accounting.merge_gap, accounting.long_from])
        })?,
        None => [OPSL_ABSENT; 4],
    };
    let [period_start, period_end, merge_gap, long_from] = of_contract;
    let pick = |value: i64, otherwise: i64, name: &str| {
        crate::types::given(value)
            .or(crate::types::given(otherwise))
            .ok_or_else(|| Error::new(Code::BadRequest, format!("opsl_columns.{name} is absent")))
    };
    // SAFETY: the caller's promise.
    unsafe {
        Ok(Columns {
            system: slice(given.system, given.n, "system")?,
            start: slice(given.start, given.n, "start")?,
            end: slice(given.end, given.n, "end")?,
            window_system: slice(given.window_system, given.window_n, "window_system")?,
            window_start: slice(given.window_start, given.window_n, "window_start")?,
            window_end: slice(given.window_end, given.window_n, "window_end")?,
            period: Interval::new(
                pick(given.period_start, period_start, "period_start")?,
                pick(given.period_end, period_end, "period_end")?,
            ),
            as_of: pick(given.as_of, OPSL_ABSENT, "as_of")?,
            merge_gap: pick(given.merge_gap, merge_gap, "merge_gap")?,
            long_from: pick(given.long_from, long_from, "long_from")?,
        })
    }
}
