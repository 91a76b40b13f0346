//! Where an engine's programs lie on this host.

use crate::backup::source;
use std::path::{Path, PathBuf};

/// Folders of PostgreSQL's packages, by version.
const POSTGRES_HOMES: &[(&str, &str, &str)] =
    &[("/usr/lib/postgresql", "", "bin"), ("/usr", "pgsql-", "bin"), ("/opt/pgsql", "", "bin")];
/// The first of these programs that is found.
pub(super) fn find(given: Option<&Path>, names: &[&str]) -> Option<PathBuf> {
    source::find(names, given).ok()
}

/// Folders with `postgres`, `initdb` and `psql`, newest version of packages first.
pub(super) fn postgres_homes(given: Option<&Path>) -> Vec<PathBuf> {
    let mut homes = Vec::new();
    if given.is_none() {
        for (root, prefix, below) in POSTGRES_HOMES {
            let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
            let mut versions: Vec<(u32, PathBuf)> = entries
                .filter_map(|e| {
                    let name = e.file_name().into_string().ok()?;
                    let major = name.strip_prefix(prefix)?.split('.').next()?.parse().ok()?;
                    Some((major, e.path().join(below)))
                })
                .collect();
            versions.sort_by(|a, b| b.cmp(a));
            homes.extend(versions.into_iter().map(|(_, path)| path));
        }
    }
    match given {
        Some(given) => homes.extend([given.to_owned(), given.join("bin")]),
        None => homes.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths)),
    }
    homes.retain(|home| ["postgres", "initdb", "psql"].iter().all(|p| is_program(&home.join(p))));
    homes
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}
