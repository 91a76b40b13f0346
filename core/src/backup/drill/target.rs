//! A running server's empty database as the target. Nothing that stands there is ever written over or removed, what the
//! drill loaded included.

use super::process::Ask;
use super::set::File;
use super::{Done, Drill, expect, feed, programs};
use crate::backup::DrillOptions;
use crate::error::{Code, Error, Result, err};
use std::path::PathBuf;
use std::process::Command;

/// Refuses a target that is written like one of the sources.
pub(super) fn refuse(options: &DrillOptions) -> Result<()> {
    let Some(target) = &options.target else { return Ok(()) };
    if options.sources.iter().any(|s| place(s) == place(target)) {
        return err(Code::TargetInUse, format!("target = {}", masked(target)));
    }
    Ok(())
}

/// Host, port and database, without login and settings.
fn place(url: &str) -> (String, String) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, r)| r);
    let mut settings: Vec<_> = query
        .split('&')
        .filter(|s| ["host=", "port=", "dbname=", "socket="].iter().any(|k| s.starts_with(k)))
        .collect();
    settings.sort_unstable();
    let scheme = match scheme {
        "postgres" => "postgresql",
        "mysql" => "mariadb",
        other => other,
    };
    (format!("{scheme}://{}", rest.to_ascii_lowercase()), settings.join("&"))
}

/// Without its password.
fn masked(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, rest)), Some((_, place))) => {
            let user = rest.split([':', '@']).next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        _ => url.to_owned(),
    }
}

/// Dumps of PostgreSQL into a running server: name, path, and whether it is for pg_restore.
pub(super) fn postgres(
    drill: &mut Drill<'_, '_>,
    target: &str,
    dumps: &[(String, PathBuf, bool)],
) -> Done<()> {
    todo(drill, target, dumps.len())
}

/// Dumps of MariaDB into a running server.
pub(super) fn mariadb(drill: &mut Drill<'_, '_>, target: &str, dumps: &[File]) -> Done<()> {
    todo(drill, target, dumps.len())
}

fn todo(drill: &mut Drill<'_, '_>, _: &str, _: usize) -> Done<()> {
    Err(drill.impossible("target"))
}
