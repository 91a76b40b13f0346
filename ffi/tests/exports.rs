//! What the shared object exports is a committed list, `symbols.txt`; every function of it stands behind the guard.
//! `OPSLEDGER_UPDATE=1` writes the list.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Exports as the sources have them: name and the first words of the body.
fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let files = ["src", "src/jni"].map(|dir| std::fs::read_dir(here().join(dir)).unwrap());
    for entry in files.into_iter().flatten().map(|entry| entry.unwrap()).filter(|e| e.path().is_file()) {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for part in text.split("#[unsafe(no_mangle)]").skip(1) {
            let name = part.split(" fn ").nth(1).unwrap().split(['(', '<']).next().unwrap();
            let body =
                part.split_once(" {\n").unwrap().1.trim_start().trim_start_matches("unsafe {").trim_start();
            found.insert(name.to_owned(), body.chars().take(60).collect());
        }
    }
    found
}

fn library() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--target-dir"])
        .arg(target)
        .current_dir(here())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    target.join("debug/libopsledger.so")
}

fn run(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(arguments).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_export_is_guarded() {
    let guards = ["guard(err, ", "guard_or(", "guard(env, &native, ", "guard_raw(env, &native, "];
    for (name, body) in sources() {
        assert!(guards.iter().any(|g| body.starts_with(g)), "{name} begins with {body:?}");
    }
}

#[test]
fn the_shared_object_exports_the_committed_list_and_nothing_else() {
    let library = library();
    let table = run("nm", &["-D", "--defined-only", "--format=posix"], &library);
    let mut exported: Vec<&str> = table.lines().map(|line| line.split(' ').next().unwrap()).collect();
    exported.sort_unstable();
    let list = here().join("symbols.txt");
    if std::env::var_os("OPSLEDGER_UPDATE").is_some() {
        std::fs::write(&list, exported.join("\n") + "\n").unwrap();
    }
    let committed = std::fs::read_to_string(&list).unwrap();
    assert_eq!(exported, committed.lines().collect::<Vec<_>>(), "see ffi/symbols.txt");
    assert_eq!(exported, sources().keys().collect::<Vec<_>>());
    assert!(exported.iter().all(|s| s.starts_with("opsl_") || s.starts_with("Java_io_opsledger_")));
    let header = std::fs::read_to_string(here().join("../include/opsledger.h")).unwrap();
    for name in exported.iter().filter(|s| s.starts_with("opsl_")) {
        assert!(header.contains(&format!("{name}(")), "{name} is not in the header");
    }
}

#[test]
fn soname_and_nodelete_are_set() {
    let dynamic = run("readelf", &["--dynamic", "--wide"], &library());
    assert!(dynamic.contains(&format!("[libopsledger.so.{}]", env!("CARGO_PKG_VERSION_MAJOR"))), "{dynamic}");
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}
