//! The functions of the Java class `io.opsledger.Native`. Text crosses as UTF-8 bytes, so that Java's own modified form never
//! does; handles as numbers of [`crate::handles::Table`], so that a closed one is an exception and not a crash.
//!
//! No class is kept between calls: several class loaders of one process share this object.
#![allow(unreachable_pub, reason = "these are called by name, from Java")]

mod account;
mod answers;
mod backup;
mod contract;
mod ledger;

use crate::account::opsl_account;
use crate::contract::opsl_contract;
use crate::guard::catch;
use crate::handles::Table;
use crate::ledger::opsl_ledger;
use crate::types::{or_absent, signed, utf8};
use ::jni::errors::{Error as JavaError, ErrorPolicy, Result as JavaResult};
use ::jni::objects::{JByteArray, JClass, JLongArray, JObject, JString, JThrowable, JValue};
use ::jni::sys::jint;
use ::jni::{Env, EnvUnowned, jni_sig, jni_str};
use opsledger::error::{CODES, Lang};
use opsledger::{Code, Error, Result};
use std::any::Any;

static CONTRACTS: Table<opsl_contract> = Table::new();
static LEDGERS: Table<opsl_ledger> = Table::new();
static ACCOUNTS: Table<opsl_account> = Table::new();

/// What ends a native method early: an error of ours to throw, or one of the JVM's.
enum Fail {
    Ours(Error),
    Java(JavaError),
}

type Outcome<T> = std::result::Result<T, Fail>;

impl From<Error> for Fail {
    fn from(e: Error) -> Self {
        Fail::Ours(e)
    }
}

impl From<JavaError> for Fail {
    fn from(e: JavaError) -> Self {
        Fail::Java(e)
    }
}

impl Fail {
    fn into_ours(self) -> Error {
        match self {
            Fail::Ours(e) => e,
            Fail::Java(JavaError::NullPtr(what)) => Error::new(Code::NullPointer, what),
            Fail::Java(e) => Error::new(Code::Internal, e.to_string()),
        }
    }
}

/// Throws what `Native.error` makes of an error, unless an exception (a callback's) is on its way already.
struct Throw;

fn throw(env: &mut Env<'_>, native: &JClass<'_>, error: &Error) -> JavaResult<()> {
    if env.exception_check() {
        return Ok(());
    }
    let name = env.new_string(error.code().info().name)?;
    let en = env.new_string(error.text(Lang::En))?;
    let zh = env.new_string(error.text(Lang::Zh))?;
    let exception = env.call_static_method(
        native,
        jni_str!("error"),
        jni_sig!("(ILjava/lang/String;Ljava/lang/String;Ljava/lang/String;J)Ljava/lang/Throwable;"),
        &[
            JValue::Int(error.status()),
            JValue::Object(&name),
            JValue::Object(&en),
            JValue::Object(&zh),
            JValue::Long(or_absent(error.row().map(signed))),
        ],
    )?;
    let exception = env.cast_local::<JThrowable>(exception.l()?)?;
    match env.throw(exception) {
        Err(JavaError::JavaException) => Ok(()),
        other => other,
    }
}

impl<T: Default> ErrorPolicy<T, Fail> for Throw {
    type Captures<'local: 'method, 'method> = &'method JClass<'local>;

    fn on_error<'local: 'method, 'method>(
        env: &mut Env<'local>,
        native: &mut &'method JClass<'local>,
        fail: Fail,
    ) -> JavaResult<T> {
        throw(env, native, &fail.into_ours())?;
        Ok(T::default())
    }

    fn on_panic<'local: 'method, 'method>(
        _: &mut Env<'local>,
        _: &mut &'method JClass<'local>,
        _: Box<dyn Any + Send>,
    ) -> JavaResult<T> {
        Ok(T::default()) // not reached: `catch` stands inside
    }
}

/// The guard around a native method: panics and errors become exceptions.
fn guard<'local, T: Default>(
    mut env: EnvUnowned<'local>,
    native: &JClass<'local>,
    body: impl FnOnce(&mut Env<'local>) -> Outcome<T>,
) -> T {
    env.with_env_no_catch(|env| catch(|| body(env))).resolve_with::<Throw, _>(|| native)
}

fn bytes(env: &Env<'_>, array: &JByteArray<'_>) -> Outcome<Vec<u8>> {
    Ok(env.convert_byte_array(array)?)
}

fn text(env: &Env<'_>, array: &JByteArray<'_>, name: &str) -> Outcome<String> {
    Ok(utf8(&bytes(env, array)?, name)?.to_owned())
}

fn longs(env: &Env<'_>, array: &JLongArray<'_>) -> Outcome<Vec<i64>> {
    let mut values = vec![0; array.len(env)?];
    array.get_region(env, 0, &mut values)?;
    Ok(values)
}

fn give<'local>(env: &mut Env<'local>, bytes: impl AsRef<[u8]>) -> Outcome<JByteArray<'local>> {
    Ok(env.byte_array_from_slice(bytes.as_ref())?)
}

fn give_longs<'local>(env: &mut Env<'local>, values: &[i64]) -> Outcome<JLongArray<'local>> {
    let array = env.new_long_array(values.len())?;
    array.set_region(env, 0, values)?;
    Ok(array)
}

/// Runs `work` with a progress function that asks the Java object (null: never). An exception it threw comes first.
fn with_progress<'local, T>(
    env: &mut Env<'local>,
    callback: &JObject<'local>,
    work: impl FnOnce(&mut dyn FnMut(u64, u64) -> bool) -> Result<T>,
) -> Outcome<T> {
    let mut progress = |done: u64, total: u64| {
        callback.is_null()
            || env
                .call_method(
                    callback,
                    jni_str!("update"),
                    jni_sig!("(JJ)Z"),
                    &[JValue::Long(signed(done)), JValue::Long(signed(total))],
                )
                .and_then(|go_on| go_on.z())
                .unwrap_or(false)
    };
    let result = work(&mut progress);
    if env.exception_check() {
        return Err(JavaError::JavaException.into());
    }
    Ok(result?)
}

/// As [`guard`] for a body that makes raw calls only and so needs no `Env`.
fn guard_raw<'local>(
    env: EnvUnowned<'local>,
    native: &JClass<'local>,
    body: impl FnOnce(*mut ::jni::sys::JNIEnv) -> Result<()>,
) {
    if let Err(error) = catch(|| body(env.as_raw())) {
        guard(env, native, |_| Err(error.into()))
    }
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_abiVersion<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
) -> jint {
    guard(env, &native, |_| Ok(crate::base::abi_version()))
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_version<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
) -> JString<'l> {
    guard(env, &native, |env| Ok(env.new_string(env!("CARGO_PKG_VERSION"))?))
}

#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_features<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
) -> JString<'l> {
    guard(env, &native, |env| Ok(env.new_string(crate::base::FEATURES.to_string_lossy())?))
}

/// The table of errors, a line each: status, tab, name. A test holds the Java exceptions against it.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_opsledger_Native_codes<'l>(
    env: EnvUnowned<'l>,
    native: JClass<'l>,
) -> JString<'l> {
    guard(env, &native, |env| {
        let line = |row: &opsledger::error::CodeInfo| {
            format!("{}\t{}\n", Error::new(row.code, "").status(), row.name)
        };
        Ok(env.new_string(CODES.iter().map(line).collect::<String>())?)
    })
}
