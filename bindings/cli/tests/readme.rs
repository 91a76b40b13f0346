//! What the two READMEs say is so: their commands run, their excerpts stand in the examples, and the tests and files that they
//! name exist.

use std::path::{Path, PathBuf};
use std::process::Command;

const READMES: [&str; 2] = ["README.md", "README.zh-CN.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Language and text of each fenced block.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut parts = text.split("\n```");
    parts.next();
    let parts: Vec<&str> = parts.collect();
    parts
        .chunks(2)
        .map(|block| {
            let (language, body) = block[0].split_once('\n').unwrap();
            (language.to_owned(), format!("{body}\n"))
        })
        .collect()
}

#[test]
fn both_show_the_same_code() {
    let [english, chinese] = READMES.map(|name| blocks(&read(name)));
    assert_eq!(english, chinese);
    let languages: Vec<&str> = english.iter().map(|(l, _)| l.as_str()).collect();
    assert_eq!(languages, ["sh", "sh", "rust", "c", "python", "java"]);
}

#[test]
fn excerpts_stand_in_the_examples() {
    for (language, text) in blocks(&read(READMES[0])) {
        let example = match language.as_str() {
            "rust" => "examples/rust/month.rs",
            "c" => "examples/c/month.c",
            "python" => "examples/python/month.py",
            "java" => "examples/java/Month.java",
            _ => continue,
        };
        assert!(read(example).contains(&text), "{example} does not contain\n{text}");
    }
}

#[test]
fn commands_run_as_they_stand() {
    let dir = tempfile::tempdir().unwrap();
    let month = dir.path().join("examples/month");
    std::fs::create_dir_all(&month).unwrap();
    for name in ["contract.toml", "facts.jsonl"] {
        std::fs::copy(root().join("examples/month").join(name), month.join(name)).unwrap();
    }
    let (_, commands) = blocks(&read(READMES[0])).remove(1);
    let mut run = 0;
    for line in commands.lines() {
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some("opsledger"), "{line}");
        let done = Command::new(env!("CARGO_BIN_EXE_opsledger"))
            .args(words)
            .current_dir(dir.path())
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        // One clause of the month is breached: that is an answer.
        let expected = if line.contains(" assess ") { 1 } else { 0 };
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(expected), "{line}\n{said}");
        assert!(!done.stdout.is_empty(), "{line}");
        run += 1;
    }
    assert_eq!(run, 7);
    let page = std::fs::read_to_string(dir.path().join("month.html")).unwrap();
    assert!(page.contains("data-clause=\"quality.downtime\" data-status=\"met\" data-value=\"11100000000\""));
}

/// Words between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_tests_named_exist() {
    for name in READMES {
        let text = read(name);
        let mut named = 0;
        // The table of what is guaranteed, not the one of the commands.
        let guaranteed = text
            .lines()
            .skip_while(|l| !l.starts_with("## What it guarantees") && !l.starts_with("## 保证什么"));
        for row in guaranteed.filter(|l| l.starts_with('|')) {
            let tests = row.split('|').nth(2).unwrap();
            let mut file = String::new();
            for word in quoted(tests) {
                if word.contains('/') || word.contains('.') {
                    let path =
                        if word.contains('/') { word.to_owned() } else { format!("core/tests/{word}") };
                    file = read(&path);
                } else {
                    assert!(
                        file.contains(&format!("fn {word}(")),
                        "{name}: {word} is not in the file named before it"
                    );
                    named += 1;
                }
            }
        }
        assert!(named >= 30, "{name}: {named}");
    }
}

/// The verbs in the table of the commands are the command's own.
#[test]
fn the_verbs_named_exist() {
    for name in READMES {
        let text = read(name);
        let table =
            text.lines().skip_while(|l| !l.starts_with("## Without JSON") && !l.starts_with("## 不看 JSON"));
        let table = table.skip(1).take_while(|l| !l.starts_with("## ")).filter(|l| l.starts_with("| "));
        let mut named = 0;
        for row in table.skip(1) {
            for command in quoted(row.split('|').nth(2).unwrap()) {
                let verb = command.split(' ').next().unwrap();
                // The kinds of `report` stand beside it.
                let arguments = match verb {
                    "incident" | "ledger" | "roster" | "acceptance" => ["report", "--help"],
                    verb => [verb, "--help"],
                };
                let done = Command::new(env!("CARGO_BIN_EXE_opsledger")).args(arguments).output().unwrap();
                assert!(done.status.success(), "{name}: {command}");
                named += 1;
            }
        }
        assert!(named >= 15, "{name}: {named}");
    }
}

#[test]
fn links_lead_somewhere() {
    for name in READMES {
        let text = read(name);
        let links: Vec<&str> = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
        assert!(links.len() >= 4, "{name}: {links:?}");
        for link in links {
            assert!(root().join(link).exists(), "{name}: {link}");
        }
    }
}
