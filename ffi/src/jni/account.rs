//! Accounts.

use super::{ACCOUNTS, CONTRACTS, LEDGERS, give, guard, guard_raw, text};
use crate::account::{ask, flat, opsl_account, report_of};
use ::jni::EnvUnowned;
use ::jni::objects::{JByteArray, JClass, JLongArray};
use ::jni::sys::{jint, jlong};
use opsledger::{Code, Error};

/// 0 stands for no contract or no ledger.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountOpen<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    contract: jlong,
    ledger: jlong,
) -> jlong {
    guard(env, &native, |_| {
        let contract = (contract != 0).then(|| CONTRACTS.get(contract)).transpose()?;
        let ledger = (ledger != 0).then(|| LEDGERS.get(ledger)).transpose()?;
        Ok(ACCOUNTS.insert(opsl_account::open(contract.as_deref(), ledger.as_deref())?)?)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountAdd<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
    jsonl: JByteArray<'l>,
) {
    guard(env, &native, |env| {
        let jsonl = text(env, &jsonl, "jsonl")?;
        Ok(ACCOUNTS.get(account)?.run(|a| a.add(&jsonl).map(drop))?)
    })
}

/// The hot one: the figures of `opsl_budget` after `struct_size`, in its order, into 13 longs.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountBudget<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
    as_of: jlong,
    known_at: jlong,
    view: jint,
    figures: JLongArray<'l>,
) {
    guard_raw(env, &native, |raw| {
        let ask = ask(as_of, known_at, 0, view)?;
        let b = flat(&ACCOUNTS.get(account)?.run(|a| a.budget(&ask))?);
        let longs = [
            b.as_of,
            b.known_at,
            b.status.into(),
            b.long_count.into(),
            b.long_max.into(),
            b.short_count.into(),
            b.short_max.into(),
            b.pending_count.into(),
            b.downtime_us,
            b.downtime_max_us,
            b.remaining_us,
            b.next_breach_at,
            b.head_seq,
        ];
        if figures.is_null() {
            return Err(Error::new(Code::NullPointer, "figures"));
        }
        // SAFETY: the JVM's own table and array; a short array makes it throw.
        unsafe {
            ((**raw).v1_1.SetLongArrayRegion)(raw, figures.as_raw(), 0, longs.len() as jint, longs.as_ptr())
        };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountAssess<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
    as_of: jlong,
    known_at: jlong,
    head: jlong,
    view: jint,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let ask = ask(as_of, known_at, head, view)?;
        let document = ACCOUNTS.get(account)?.run(|a| a.assess(&ask))?.to_json();
        give(env, document)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountReport<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
    json: JByteArray<'l>,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let json = text(env, &json, "json")?;
        let page = ACCOUNTS.get(account)?.run(|a| report_of(a, &json))?;
        give(env, page)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountFree<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
) {
    guard(env, &native, |_| {
        ACCOUNTS.remove(account);
        Ok(())
    })
}
