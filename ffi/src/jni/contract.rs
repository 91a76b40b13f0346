//! Instants, contracts and their calendars.

use super::{CONTRACTS, bytes, give, give_longs, guard, longs, text};
use crate::contract::opsl_contract;
use ::jni::EnvUnowned;
use ::jni::objects::{JByteArray, JClass, JLongArray};
use ::jni::sys::jlong;

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_timeParse<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    time: JByteArray<'l>,
) -> jlong {
    guard(env, &native, |env| Ok(opsledger::time::parse_instant(&text(env, &time, "text")?)?))
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_timeFormat<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    us: jlong,
    zone: JByteArray<'l>,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let zone = text(env, &zone, "zone")?;
        give(env, crate::time::format(us, &zone)?)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_contractParse<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    toml: JByteArray<'l>,
) -> jlong {
    guard(env, &native, |env| Ok(CONTRACTS.insert(opsl_contract::parse(&bytes(env, &toml)?)?)?))
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_contractSm3<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    contract: jlong,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let sm3 = CONTRACTS.get(contract)?.run(|held| Ok(held.contract.sm3.clone()))?;
        give(env, sm3)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_calendarBetween<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    contract: jlong,
    id: JByteArray<'l>,
    start: JLongArray<'l>,
    end: JLongArray<'l>,
) -> JLongArray<'l> {
    guard(env, &native, |env| {
        let (id, start, end) = (text(env, &id, "id")?, longs(env, &start)?, longs(env, &end)?);
        let answer = CONTRACTS.get(contract)?.run(|held| held.between(&id, &start, &end))?;
        give_longs(env, &answer)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_calendarAdd<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    contract: jlong,
    id: JByteArray<'l>,
    start: JLongArray<'l>,
    add: JLongArray<'l>,
) -> JLongArray<'l> {
    guard(env, &native, |env| {
        let (id, start, add) = (text(env, &id, "id")?, longs(env, &start)?, longs(env, &add)?);
        let answer = CONTRACTS.get(contract)?.run(|held| held.add(&id, &start, &add))?;
        give_longs(env, &answer)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_contractFree<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    contract: jlong,
) {
    guard(env, &native, |_| {
        CONTRACTS.remove(contract);
        Ok(())
    })
}
