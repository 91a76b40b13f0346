//! Where an engine's programs lie on this host.

use std::path::{Path, PathBuf};

/// Folders of PostgreSQL's packages, by version.
const POSTGRES_HOMES: &[(&str, &str, &str)] =
    &[("/usr/lib/postgresql", "", "bin"), ("/usr", "pgsql-", "bin"), ("/opt/pgsql", "", "bin")];
/// Folders that are looked into beside `PATH`: servers often lie where only root looks.
const MORE: &[&str] =
    &["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/libexec", "/usr/local/mysql/bin"];

/// The folders that hold a program of that name, in the order they are preferred.
pub(super) fn folders(given: Option<&Path>) -> Vec<PathBuf> {
    if let Some(given) = given {
        return vec![given.to_owned(), given.join("bin"), given.join("sbin")];
    }
    let mut folders: Vec<_> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    folders.extend(MORE.iter().map(PathBuf::from));
    folders
}

/// The first of these names that is found.
pub(super) fn find(given: Option<&Path>, names: &[&str]) -> Option<PathBuf> {
    let folders = folders(given);
    names.iter().find_map(|name| folders.iter().map(|f| f.join(name)).find(|p| is_program(p)))
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
    homes.extend(folders(given));
    homes.retain(|home| ["postgres", "initdb", "psql"].iter().all(|p| is_program(&home.join(p))));
    homes
}

/// A client program of PostgreSQL: the newest.
pub(super) fn postgres_client(given: Option<&Path>, name: &str) -> Option<PathBuf> {
    let homes = postgres_homes(given);
    homes.iter().map(|h| h.join(name)).find(|p| is_program(p)).or_else(|| find(given, &[name]))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}
