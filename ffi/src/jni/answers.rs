//! Answers and documents.

use super::{ACCOUNTS, give, guard, text};
use crate::account::ask;
use crate::answers::{case, documents_of, within};
use ::jni::EnvUnowned;
use ::jni::objects::{JByteArray, JClass, JObjectArray};
use ::jni::sys::{jint, jlong};

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountRegister<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
    name: JByteArray<'l>,
    as_of: jlong,
    known_at: jlong,
    view: jint,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let name = text(env, &name, "name")?;
        let ask = ask(as_of, known_at, 0, view)?;
        let rows = ACCOUNTS.get(account)?.run(|a| a.register(&name, &ask))?.to_json();
        give(env, rows)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountExplain<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
    clause: JByteArray<'l>,
    case_name: JByteArray<'l>,
    as_of: jlong,
    known_at: jlong,
    view: jint,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let (clause, of) = (text(env, &clause, "clause")?, text(env, &case_name, "case")?);
        let ask = ask(as_of, known_at, 0, view)?;
        let found = ACCOUNTS.get(account)?.run(|a| a.explain(&ask, &clause, case(&of)))?.to_json();
        give(env, found)
    })
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountDue<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
    as_of: jlong,
    known_at: jlong,
    within_us: jlong,
    view: jint,
) -> JByteArray<'l> {
    guard(env, &native, |env| {
        let ask = ask(as_of, known_at, 0, view)?;
        let list = ACCOUNTS.get(account)?.run(|a| a.due(&ask, within(within_us)))?.to_json();
        give(env, list)
    })
}

/// Three elements a file: name, media type, content.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_accountDocuments<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
    account: jlong,
    kind: JByteArray<'l>,
    json: JByteArray<'l>,
) -> JObjectArray<'l, JByteArray<'l>> {
    guard(env, &native, |env| {
        let (kind, json) = (text(env, &kind, "kind")?, text(env, &json, "json")?);
        let files = ACCOUNTS.get(account)?.run(|a| documents_of(a, &kind, &json))?;
        let parts: Vec<&[u8]> = files
            .iter()
            .flat_map(|f| [f.name.as_bytes(), f.media_type.as_bytes(), f.bytes.as_slice()])
            .collect();
        let array = JObjectArray::<JByteArray<'_>>::new(env, parts.len(), JByteArray::null())?;
        for (i, part) in parts.into_iter().enumerate() {
            // One at a time: an acceptance package has more files than a frame has local references.
            let part = give(env, part)?;
            array.set_element(env, i, &part)?;
            env.delete_local_ref(part);
        }
        Ok(array)
    })
}
