//! Facts as Python holds them (dicts, or JSON Lines as text) to the JSON text that core reads. Decides nothing about
//! a fact: core's one parser does.

use crate::convert::{decimal_class, instant, type_name};
use crate::errors::Trouble;
use opsledger::Error;
use opsledger::error::Code;
use opsledger::facts::MAX_DEPTH;
use opsledger::time::canonical_instant;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyBytes, PyDate, PyDateTime, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple,
};

/// JSON Lines of what was given: `str` or `bytes` as they are, an iterable of dicts one a line.
pub(crate) fn lines(facts: &Bound<'_, PyAny>) -> PyResult<String> {
    if facts.is_instance_of::<PyString>() {
        return text(facts, "the facts").map_err(PyErr::from);
    }
    if let Ok(bytes) = facts.cast::<PyBytes>() {
        return match std::str::from_utf8(bytes.as_bytes()) {
            Ok(text) => Ok(text.to_owned()),
            Err(e) => Err(Trouble::Ours(bad_utf8(bytes.as_bytes(), e.valid_up_to())).into()),
        };
    }
    if facts.cast::<PyMapping>().is_ok() {
        return Err(PyTypeError::new_err("facts must be a list of dicts; put the one fact into a list"));
    }
    let mut out = String::new();
    for (i, fact) in facts.try_iter()?.enumerate() {
        let fact = fact?;
        if fact.cast::<PyMapping>().is_err() {
            return Err(PyTypeError::new_err(format!(
                "fact {} must be a dict, not {}",
                i + 1,
                type_name(&fact)
            )));
        }
        write(&fact, &mut Path::default(), &mut out).map_err(|e| match e {
            Trouble::Ours(e) => Trouble::Ours(e.at_row(i as u64 + 1)),
            theirs => theirs,
        })?;
        out.push('\n');
    }
    Ok(out)
}

fn bad_utf8(bytes: &[u8], at: usize) -> Error {
    let row = bytes[..at].iter().filter(|b| **b == b'\n').count() as u64 + 1;
    Error::new(Code::BadUtf8, format!("byte {}", at + 1)).at_row(row)
}

/// Where in the fact we are: `body.items[2].amount`.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn error(&self, code: Code, value: &str) -> Trouble {
        let path = self.0.concat();
        let path = path.strip_prefix('.').unwrap_or(&path);
        Trouble::Ours(Error::new(
            code,
            if value.is_empty() { path.to_owned() } else { format!("{path} = {value}") },
        ))
    }
}

fn write(value: &Bound<'_, PyAny>, path: &mut Path, out: &mut String) -> Result<(), Trouble> {
    if path.0.len() > MAX_DEPTH as usize {
        return Err(path.error(Code::TooDeep, ""));
    }
    if value.is_instance_of::<PyString>() {
        quote(&text(value, &path.0.concat())?, out);
    } else if let Ok(flag) = value.cast::<PyBool>() {
        out.push_str(if flag.is_true() { "true" } else { "false" });
    } else if value.is_instance_of::<PyInt>() {
        integer(value, path, out)?;
    } else if value.is_instance_of::<PyDateTime>() {
        let us = instant(value, path.0.concat().trim_start_matches('.'))?;
        quote(&canonical_instant(us).map_err(|_| path.error(Code::BadTime, &shown(value)))?, out);
    } else if value.is_instance_of::<PyDate>() {
        quote(&value.call_method0(intern!(value.py(), "isoformat"))?.extract::<String>()?, out);
    } else if value.is_none() {
        return Err(path.error(Code::NullValue, ""));
    } else if value.is_instance(decimal_class(value.py())?)? {
        quote(&plain_decimal(value, path)?, out);
    } else if value.is_instance_of::<PyFloat>() {
        return Err(path.error(Code::NotInteger, &shown(value)));
    } else if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        list(value, path, out)?;
    } else if let Ok(map) = value.cast::<PyMapping>() {
        mapping(map, path, out)?;
    } else if value.hasattr(intern!(value.py(), "__index__"))? {
        integer(value, path, out)?;
    } else {
        return Err(path.error(Code::WrongType, &format!("a {}", type_name(value))));
    }
    Ok(())
}

fn list(value: &Bound<'_, PyAny>, path: &mut Path, out: &mut String) -> Result<(), Trouble> {
    out.push('[');
    for (i, item) in value.try_iter()?.enumerate() {
        if i > 0 {
            out.push(',');
        }
        path.0.push(format!("[{i}]"));
        write(&item?, path, out)?;
        path.0.pop();
    }
    out.push(']');
    Ok(())
}

fn mapping(map: &Bound<'_, PyMapping>, path: &mut Path, out: &mut String) -> Result<(), Trouble> {
    out.push('{');
    for (i, pair) in map.items()?.iter().enumerate() {
        let (key, item): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair.extract()?;
        if !key.is_instance_of::<PyString>() {
            return Err(path.error(Code::WrongType, &format!("a key of type {}", type_name(&key))));
        }
        if i > 0 {
            out.push(',');
        }
        let key = text(&key, "a key")?;
        quote(&key, out);
        out.push(':');
        path.0.push(format!(".{key}"));
        write(&item, path, out)?;
        path.0.pop();
    }
    out.push('}');
    Ok(())
}

fn integer(value: &Bound<'_, PyAny>, path: &Path, out: &mut String) -> Result<(), Trouble> {
    // Core refuses what lies beyond 2^53; what does not fit an i64 surely does.
    match value.extract::<i64>() {
        Ok(number) => out.push_str(&number.to_string()),
        Err(_) => return Err(path.error(Code::NotInteger, "an integer beyond 2^53")),
    }
    Ok(())
}

/// The one decimal text of this value: no exponent, no trailing zero, no -0.
fn plain_decimal(value: &Bound<'_, PyAny>, path: &Path) -> Result<String, Trouble> {
    if !value.call_method0(intern!(value.py(), "is_finite"))?.is_truthy()? {
        return Err(path.error(Code::BadDecimal, &shown(value)));
    }
    let exponent: i64 = value.call_method0(intern!(value.py(), "adjusted"))?.extract()?;
    if exponent.abs() > 40 {
        return Err(path.error(Code::BadDecimal, &shown(value)));
    }
    let mut plain: String = value.call_method1(intern!(value.py(), "__format__"), ("f",))?.extract()?;
    if plain.contains('.') {
        plain.truncate(plain.trim_end_matches('0').trim_end_matches('.').len());
    }
    Ok(if plain == "-0" { "0".to_owned() } else { plain })
}

fn text(value: &Bound<'_, PyAny>, what: &str) -> Result<String, Trouble> {
    match value.cast::<PyString>().map(|s| s.to_cow().map(|text| text.into_owned())) {
        Ok(Ok(text)) => Ok(text),
        // A lone surrogate: Python can hold it, UTF-8 cannot.
        _ => Err(Trouble::Ours(Error::new(Code::BadUtf8, what.trim_start_matches('.')))),
    }
}

fn shown(value: &Bound<'_, PyAny>) -> String {
    value.str().map_or_else(|_| type_name(value), |s| s.to_string_lossy().into_owned())
}

fn quote(text: &str, out: &mut String) {
    // Text always serialises.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}
