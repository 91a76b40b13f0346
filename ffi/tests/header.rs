//! `include/opsledger.h` is generated from the sources and committed. This test generates it again and compares; with
//! `OPSLEDGER_UPDATE=1` it writes it. Then it compiles it as C99 and C++11 with every warning an error.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use opsledger::error::{CODES, Category};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Sections in the header's order: file, title.
const SECTIONS: [(&str, &str); 9] = [
    ("types", "Types"),
    ("base", "Base: version, log, buffers, errors"),
    ("contract", "Contract"),
    ("time", "Time: instants, working time"),
    ("columns", "Columns: figures of many systems at once"),
    ("ledger", "Ledger"),
    ("account", "Account"),
    ("answers", "Answers and documents of an account"),
    ("backup", "Backups: sealed, checked, restored, compared"),
];

/// What no function of its own file mentions.
const TYPES: [&str; 6] =
    ["opsl_status", "opsl_str", "opsl_buf", "opsl_error", "opsl_log_fn", "opsl_progress_fn"];

const MANUAL: &str = include_str!("../header.txt");

/// After the types that it needs; inline, so the library exports nothing for it.
const TEXT_OF: &str = "\
/* Text that ends with a NUL, such as a literal, as an opsl_str. NULL gives empty text. */
static inline opsl_str opsl_text(const char *text)
{
  opsl_str str;
  str.ptr = text;
  str.len = text == NULL ? 0 : strlen(text);
  return str;
}
";

const OPEN: &str = "
#ifdef __cplusplus
extern \"C\" {
#endif
";

const CATEGORIES: [(Category, &str); 14] = [
    (Category::Input, "INPUT"),
    (Category::Refused, "REFUSED"),
    (Category::Conflict, "CONFLICT"),
    (Category::NotFound, "NOT_FOUND"),
    (Category::Busy, "BUSY"),
    (Category::Io, "IO"),
    (Category::Corrupt, "CORRUPT"),
    (Category::Version, "VERSION"),
    (Category::Unsupported, "UNSUPPORTED"),
    (Category::Closed, "CLOSED"),
    (Category::Forked, "FORKED"),
    (Category::Disturbed, "DISTURBED"),
    (Category::Cancelled, "CANCELLED"),
    (Category::Internal, "INTERNAL"),
];

fn generate() -> String {
    let mut header = format!(
        "/*\n{} */\n\n#ifndef OPSLEDGER_H\n#define OPSLEDGER_H\n\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n{OPEN}",
        MANUAL.lines().map(|l| format!(" * {l}").trim_end().to_owned() + "\n").collect::<String>()
    );
    constants(&mut header);
    for (file, title) in SECTIONS {
        write!(header, "\n/* ---- {title} ---- */\n\n{}", section(file)).unwrap();
        if file == "types" {
            write!(header, "\n{TEXT_OF}").unwrap();
        }
    }
    header + "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* OPSLEDGER_H */\n"
}

/// Everything that comes from Cargo.toml and from core's table of errors.
fn constants(header: &mut String) {
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    let version = env!("CARGO_PKG_VERSION");
    write!(
        header,
        "\n/* ---- Versions ---- */\n\n/* The version of this header. */\n#define OPSL_VERSION \"{version}\"\n\
         /* Its ABI; see opsl_abi_version. */\n#define OPSL_ABI_VERSION (({major} << 16) | {minor})\n\
         \n/* ---- Status ---- */\n\n/* The category of a status: what can be done about it. */\n\
         #define OPSL_CATEGORY(status) ((status) & 0xff)\n\n"
    )
    .unwrap();
    for (category, name) in CATEGORIES {
        writeln!(header, "#define OPSL_CATEGORY_{name} {}", category as i32).unwrap();
    }
    for (category, name) in CATEGORIES {
        writeln!(header, "\n/* {} */", name.to_lowercase().replace('_', " ")).unwrap();
        for row in CODES.iter().filter(|row| row.category == category) {
            let constant = row.name.to_uppercase().replace('-', "_");
            let status = opsledger::Error::new(row.code, "").status();
            writeln!(header, "#define OPSL_E_{constant} {status} /* {} */", row.en).unwrap();
        }
    }
}

fn section(file: &str) -> String {
    let mut config = Config {
        language: Language::C,
        style: Style::Type,
        no_includes: true,
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::C,
        line_length: 110,
        ..Config::default()
    };
    if file == "types" {
        config.export.include = TYPES.map(str::to_owned).to_vec();
    }
    let source = root().join(format!("ffi/src/{file}.rs"));
    let mut text = Vec::new();
    Builder::new().with_config(config).with_src(source).generate().unwrap().write(&mut text);
    comments(String::from_utf8(text).unwrap().trim_start())
}

/// Brings comments to the shape of the rest of the header: one line where it fits, no Markdown.
fn comments(text: &str) -> String {
    let mut tidy = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "/*" {
            tidy += &format!("{line}\n");
            continue;
        }
        let indent = &line[..line.len() - 2];
        let words: Vec<String> =
            lines.by_ref().map(|l| l.trim().replace('`', "")).take_while(|l| l != "*/").collect();
        match words.as_slice() {
            [only] => tidy += &format!("{indent}/* {only} */\n"),
            several => {
                let body: String = several.iter().map(|l| format!("{indent} * {l}\n")).collect();
                tidy += &format!("{indent}/*\n{body}{indent} */\n");
            }
        }
    }
    tidy
}

#[test]
fn header_is_the_generated_one() {
    let (path, fresh) = (root().join("include/opsledger.h"), generate());
    if std::env::var_os("OPSLEDGER_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let line = fresh.lines().zip(committed.lines()).position(|(a, b)| a != b);
    assert!(
        fresh == committed,
        "include/opsledger.h differs from the sources, first in line {}: run `OPSLEDGER_UPDATE=1 cargo test -p \
         opsledger-ffi --test header`",
        line.map_or(fresh.lines().count().min(committed.lines().count()), |l| l) + 1
    );
}

/// Each error of the core has its constant, and every category a name here.
#[test]
fn every_code_has_a_constant() {
    let header = generate();
    for row in CODES {
        let name = row.name.to_uppercase().replace('-', "_");
        let status = opsledger::Error::new(row.code, "").status();
        assert!(header.contains(&format!("#define OPSL_E_{name} {status} ")), "{}", row.name);
        assert_eq!(status & 0xff, row.category as i32);
    }
}

#[test]
fn header_compiles_without_a_warning() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let include = root().join("include");
    let program = "#include \"opsledger.h\"\n#include \"opsledger.h\"\n\
                   int main(void) { return opsl_text(\"x\").len == 1 && OPSL_E_NAIVE_TIME == 257 ? 0 : 1; }\n";
    for (compiler, standard, suffix) in
        [("gcc", "c99", "c"), ("gcc", "c17", "c"), ("g++", "c++11", "cc"), ("g++", "c++20", "cc")]
    {
        let source = dir.join(format!("header_{}.{suffix}", standard.replace('+', "p")));
        let binary = source.with_extension("out");
        std::fs::write(&source, program).unwrap();
        let built = Command::new(compiler)
            .args([
                &format!("-std={standard}"),
                "-pedantic",
                "-Wall",
                "-Wextra",
                "-Wconversion",
                "-Werror",
                "-o",
            ])
            .arg(&binary)
            .arg(&source)
            .arg("-I")
            .arg(&include)
            .output()
            .unwrap();
        assert!(built.status.success(), "{compiler} {standard}: {}", String::from_utf8_lossy(&built.stderr));
        assert!(Command::new(&binary).status().unwrap().success());
    }
}
