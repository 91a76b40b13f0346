//! Ledgers.

use super::{LEDGERS, give, give_longs, guard, text, with_progress};
use crate::ledger::{self, opsl_ledger, opsl_ledger_options};
use crate::types::{or_absent, signed};
use ::jni::EnvUnowned;
use ::jni::objects::{JByteArray, JClass, JLongArray, JObject};
use ::jni::sys::{jboolean, jint, jlong};
use std::path::Path;

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerOpen<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    path: JByteArray<'l>,
    create: jboolean,
    read_only: jboolean,
    durability: jint,
    accept_clock: jboolean,
    wait_limit_us: jlong,
) -> jlong {
    guard(env, &native, |env| {
        let options = opsl_ledger_options {
            struct_size: size_of::<opsl_ledger_options>(),
            create: create.into(),
            read_only: read_only.into(),
            durability,
            accept_clock: accept_clock.into(),
            wait_limit_us,
        };
        let path = text(env, &path, "path")?;
        Ok(LEDGERS.insert(opsl_ledger::open(Path::new(&path), &options)?)?)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerAppend<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
    jsonl: JByteArray<'l>,
) -> JLongArray<'l> {
    guard(env, &native, |env| {
        let jsonl = text(env, &jsonl, "jsonl")?;
        let seqs = LEDGERS.get(ledger)?.run(|l| ledger::append(l, &jsonl))?;
        give_longs(env, &seqs)
    })
}

/// SM3 of the last head line; its number and instant into `numbers`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerHead<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
    numbers: JLongArray<'l>,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let head = LEDGERS.get(ledger)?.run(opsledger::ledger::Ledger::head)?;
        numbers.set_region(env, 0, &[signed(head.seq), head.recorded_at])?;
        give(env, head.sm3)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerRead<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
    from: jlong,
    limit: jlong,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let lines = LEDGERS.get(ledger)?.run(|l| ledger::read(l, from, limit))?;
        give(env, lines)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerSql<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
    query: JByteArray<'l>,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let query = text(env, &query, "query")?;
        let table = LEDGERS.get(ledger)?.run(|l| ledger::sql(l, &query))?;
        give(env, table)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerImport<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
    kind: JByteArray<'l>,
    path: JByteArray<'l>,
    json: JByteArray<'l>,
    progress: JObject<'l>,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let (kind, path) = (text(env, &kind, "kind")?, text(env, &path, "path")?);
        let json = text(env, &json, "json")?;
        let ledger = LEDGERS.get(ledger)?;
        let done = with_progress(env, &progress, |p| {
            ledger.run(|l| ledger::import(l, &kind, Path::new(&path), &json, p))
        })?;
        give(env, done)
    })
}

/// Null when all is sound, else the problem's name, a NUL and its words; entries and the first bad one into `numbers`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerVerify<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
    progress: JObject<'l>,
    numbers: JLongArray<'l>,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let ledger = LEDGERS.get(ledger)?;
        let found = with_progress(env, &progress, |p| ledger.run(|l| l.verify(p)))?;
        numbers.set_region(env, 0, &[signed(found.entries), or_absent(found.first_bad.map(signed))])?;
        match found.problem {
            Some(problem) => give(env, format!("{}\0{}", problem.name, problem.detail)),
            None => Ok(JByteArray::null()),
        }
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerSnapshot<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
    path: JByteArray<'l>,
    progress: JObject<'l>,
) {
    guard(env, &native, |env| {
        let path = text(env, &path, "path")?;
        let ledger = LEDGERS.get(ledger)?;
        with_progress(env, &progress, |p| ledger.run(|l| ledger::snapshot(l, Path::new(&path), p)))
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_ledgerFree<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
) {
    guard(env, &native, |_| {
        LEDGERS.remove(ledger);
        Ok(())
    })
}
