//! Instants, durations and decimals between Python and core, exactly: no float is ever made.

use crate::errors::{Trouble, input};
use opsledger::Error;
use opsledger::error::Code;
use opsledger::time::{Instant, Micros};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDateTime, PyDelta, PyTzInfo};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

static EPOCH: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static DECIMAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

fn epoch(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    let made = EPOCH.get_or_try_init(py, || {
        let utc = PyTzInfo::utc(py)?;
        PyResult::Ok(PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&utc))?.into_any().unbind())
    })?;
    Ok(made.bind(py))
}

/// Name of a value's type, for messages.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string())
}

/// Microseconds since 1970-01-01T00:00:00Z of an aware `datetime`; `what` names the argument in messages.
pub(crate) fn instant(value: &Bound<'_, PyAny>, what: &str) -> Result<Instant, Trouble> {
    let py = value.py();
    if !value.is_instance_of::<PyDateTime>() {
        let wrong = format!("{what} must be an aware datetime, not {}", type_name(value));
        return Err(PyTypeError::new_err(wrong).into());
    }
    if value.call_method0(intern!(py, "utcoffset"))?.is_none() {
        let text = value.call_method0(intern!(py, "isoformat"))?;
        let naive = Error::new(Code::NaiveTime, format!("{what} = {text}"));
        return Err(Trouble::Ours(naive.with_hints(
            "give the datetime a tzinfo, such as ZoneInfo(\"Asia/Shanghai\")",
            "请给 datetime 加上 tzinfo，如 ZoneInfo(\"Asia/Shanghai\")",
        )));
    }
    // Subclasses (pandas.Timestamp) may carry what a microsecond cannot hold.
    if !value.is_exact_instance_of::<PyDateTime>()
        && value.getattr_opt(intern!(py, "nanosecond"))?.is_some_and(|ns| ns.is_truthy().unwrap_or(true))
    {
        return Err(Error::new(Code::BadTime, format!("{what} has nanoseconds")).into());
    }
    micros(&value.sub(epoch(py)?)?, what)
}

/// As [`instant`], for an argument that may be left out.
pub(crate) fn instant_opt(value: Option<&Bound<'_, PyAny>>, what: &str) -> Result<Option<Instant>, Trouble> {
    value.map(|v| instant(v, what)).transpose()
}

/// Microseconds of a `timedelta`.
pub(crate) fn micros(value: &Bound<'_, PyAny>, what: &str) -> Result<Micros, Trouble> {
    let py = value.py();
    if !value.is_instance_of::<PyDelta>() {
        let wrong = format!("{what} must be a timedelta, not {}", type_name(value));
        return Err(PyTypeError::new_err(wrong).into());
    }
    let days: i64 = value.getattr(intern!(py, "days"))?.extract()?;
    let seconds: i64 = value.getattr(intern!(py, "seconds"))?.extract()?;
    let rest: i64 = value.getattr(intern!(py, "microseconds"))?.extract()?;
    days.checked_mul(SECONDS_PER_DAY * MICROS_PER_SECOND)
        .and_then(|us| us.checked_add(seconds * MICROS_PER_SECOND + rest))
        .ok_or_else(|| Error::new(Code::OutOfRange, format!("{what} = {value}")).into())
}

/// A `timedelta` of so many microseconds.
pub(crate) fn delta(py: Python<'_>, us: Micros) -> PyResult<Bound<'_, PyDelta>> {
    let seconds = us.div_euclid(MICROS_PER_SECOND);
    let days = seconds.div_euclid(SECONDS_PER_DAY);
    // An i64 of microseconds is at most 106 751 992 days, so all three fit.
    let (days, seconds) = (days as i32, seconds.rem_euclid(SECONDS_PER_DAY) as i32);
    PyDelta::new(py, days, seconds, us.rem_euclid(MICROS_PER_SECOND) as i32, false)
}

/// As [`delta`], None for none.
pub(crate) fn delta_opt(py: Python<'_>, us: Option<Micros>) -> PyResult<Option<Bound<'_, PyDelta>>> {
    us.map(|us| delta(py, us)).transpose()
}

/// An aware `datetime` in UTC.
pub(crate) fn datetime(py: Python<'_>, us: Instant) -> PyResult<Bound<'_, PyAny>> {
    epoch(py)?
        .add(delta(py, us)?)
        .map_err(|_| input(py, Code::OutOfRange, format!("{us} us lies outside the years 1 to 9999")))
}

/// As [`datetime`], None for none.
pub(crate) fn datetime_opt(py: Python<'_>, us: Option<Instant>) -> PyResult<Option<Bound<'_, PyAny>>> {
    us.map(|us| datetime(py, us)).transpose()
}

/// The class `decimal.Decimal`.
pub(crate) fn decimal_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    let class = DECIMAL.get_or_try_init(py, || {
        PyResult::Ok(py.import(intern!(py, "decimal"))?.getattr(intern!(py, "Decimal"))?.unbind())
    })?;
    Ok(class.bind(py))
}

/// A `Decimal` of plain decimal text.
pub(crate) fn decimal<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    decimal_class(py)?.call1((text,))
}
