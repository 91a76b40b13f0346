//! Backups.

use super::{LEDGERS, give, guard, text, with_progress};
use crate::backup;
use ::jni::EnvUnowned;
use ::jni::objects::{JByteArray, JClass, JObject};
use ::jni::sys::jlong;

/// 0 stands for no ledger.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_backupRun<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    ledger: jlong,
    operation: JByteArray<'l>,
    json: JByteArray<'l>,
    progress: JObject<'l>,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let (operation, json) = (text(env, &operation, "operation")?, text(env, &json, "json")?);
        let ledger = (ledger != 0).then(|| LEDGERS.get(ledger)).transpose()?;
        let (report, failed) = with_progress(env, &progress, |p| match &ledger {
            Some(ledger) => ledger.run(|l| backup::run(Some(l), &operation, &json, p)),
            None => backup::run(None, &operation, &json, p),
        })?;
        match failed {
            Some(error) => Err(error.into()),
            None => give(env, report),
        }
    })
}
