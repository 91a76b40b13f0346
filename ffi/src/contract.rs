//! Contracts.

use crate::guard::{guard, guard_or};
use crate::handles::Handle;
use crate::types::*;
use opsledger::calendar::Calendar;
use opsledger::contract::Contract;
use opsledger::time::{Instant, Micros};
use opsledger::{Code, Error, Result};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ffi::c_char;
use std::sync::Arc;

/// A contract as read from its text. Never changes, so any number of threads may use it at once.
#[allow(non_camel_case_types)]
pub struct opsl_contract(Handle<Held>);

/// What both C and Java hold: the contract, and its calendars once they were asked for.
pub(crate) struct Held {
    pub(crate) contract: Arc<Contract>,
    calendars: Mutex<BTreeMap<String, Arc<Calendar>>>,
}

impl Held {
    /// The calendar with every holiday notice that this version carries: a pure question about dates has no `known_at`.
    fn calendar(&self, id: &str) -> Result<Arc<Calendar>> {
        if let Some(calendar) = self.calendars.lock().get(id) {
            return Ok(calendar.clone());
        }
        let calendar = Arc::new(self.contract.hours(id, Instant::MAX)?);
        self.calendars.lock().insert(id.to_owned(), calendar.clone());
        Ok(calendar)
    }
    /// Working time in each `[start, end)`.
    pub(crate) fn between(&self, id: &str, start: &[Instant], end: &[Instant]) -> Result<Vec<Micros>> {
        let calendar = self.calendar(id)?;
        rows(start, end, |start, end| calendar.between(start, end))
    }
    /// The instants after so much working time.
    pub(crate) fn add(&self, id: &str, start: &[Instant], add: &[Micros]) -> Result<Vec<Instant>> {
        let calendar = self.calendar(id)?;
        rows(start, add, |start, add| calendar.add(start, add))
    }
}

/// One answer a row; an error names its row when there are several.
fn rows(a: &[i64], b: &[i64], answer: impl Fn(i64, i64) -> Result<i64>) -> Result<Vec<i64>> {
    if a.len() != b.len() {
        return Err(Error::new(Code::BadRequest, format!("columns of {} and {} rows", a.len(), b.len())));
    }
    let several = a.len() > 1;
    let row = |(row, (a, b)): (usize, (&i64, &i64))| {
        answer(*a, *b).map_err(|e| if several { e.at_row(row as u64 + 1) } else { e })
    };
    a.iter().zip(b).enumerate().map(row).collect()
}

impl opsl_contract {
    pub(crate) fn parse(toml: &[u8]) -> Result<Self> {
        let contract = Arc::new(Contract::parse_bytes(None, toml)?);
        Ok(opsl_contract(Handle::new(Held { contract, calendars: Mutex::new(BTreeMap::new()) })))
    }
    pub(crate) fn run<R>(&self, call: impl FnOnce(&Held) -> Result<R>) -> Result<R> {
        self.0.run(call)
    }
}

/// Reads a contract (UTF-8 TOML, format 1, no byte order mark). The error names line, column, value and what to do.
/// `*contract` is the caller's, freed with `opsl_contract_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_contract_parse(
    toml: opsl_str,
    contract: *mut *mut opsl_contract,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = out(contract, "contract")?;
            to.write(Box::into_raw(Box::new(opsl_contract::parse(bytes(toml, "toml")?)?)));
            Ok(())
        })
    }
}

/// The contract's identity: SM3 of the text's bytes, as 64 lower-case hex digits and a NUL.
/// cbindgen:ptrs-as-arrays=[[sm3; 65]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opsl_contract_sm3(
    contract: Option<&opsl_contract>,
    sm3: *mut c_char,
    err: *mut *mut opsl_error,
) -> opsl_status {
    unsafe {
        guard(err, || {
            let to = out(sm3, "sm3")?;
            let digits = required(contract, "contract")?.run(|held| Ok(hex65(&held.contract.sm3)))?;
            to.cast::<[u8; 65]>().write(digits);
            Ok(())
        })
    }
}

/// 64 hex digits and a NUL.
pub(crate) fn hex65(hex: &str) -> [u8; 65] {
    let mut text = [0; 65];
    for (to, from) in text.iter_mut().take(64).zip(hex.bytes()) {
        *to = from;
    }
    text
}

/// Frees a contract. NULL is fine. Accounts opened with it keep what they need.
#[unsafe(no_mangle)]
pub extern "C" fn opsl_contract_free(contract: Option<Box<opsl_contract>>) {
    guard_or((), || drop(contract))
}
