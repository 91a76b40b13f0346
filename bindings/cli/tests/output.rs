//! Streams, languages, terminals.

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use support::{Place, finish, outage};

#[test]
fn language_by_option_and_locale() {
    let place = Place::new();
    let message = |locale: &[(&str, &str)], args: &[&str]| {
        let mut command = place.command(args);
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            command.env_remove(name);
        }
        command.envs(locale.iter().copied());
        finish(command, "").err
    };
    assert!(message(&[], &["verify"]).starts_with("error: "));
    assert!(message(&[("LANG", "zh_CN.UTF-8")], &["verify"]).starts_with("错误："));
    assert!(message(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")], &["verify"]).starts_with("error: "));
    assert!(message(&[("LC_ALL", ""), ("LC_MESSAGES", "zh_CN.UTF-8")], &["verify"]).starts_with("错误："));
    assert!(message(&[("LC_ALL", "zh_CN.UTF-8")], &["verify", "--lang", "en"]).starts_with("error: "));
    assert!(message(&[], &["--lang=zh", "verify"]).starts_with("错误："));
    let help = place.run(&["append", "--help", "--lang", "zh"]).ok().out;
    assert!(help.contains("用法：") && help.contains("选项") && help.contains("示例："), "{help}");
}

#[test]
fn errors_are_documents_where_json_is_asked_for() {
    let place = Place::with_ledger();
    let ran = place.run_with(
        &["append", "-", "--ledger", "l", "--json"],
        "\n{\"kind\":\"watch.seen\",\"at\":\"2026-03-02\"}",
    );
    let document: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    let error = &document["error"];
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert_eq!((error["code"].as_str(), error["category"].as_str()), (Some("naive-time"), Some("input")));
    assert_eq!(error["row"], 2);
    assert!(
        error["text_zh"].as_str().unwrap().contains("时区")
            && error["text_en"].as_str().unwrap().contains("zone")
    );
}

#[test]
fn a_reader_may_leave() {
    let place = Place::with_ledger();
    let mut facts = String::new();
    for n in 0..5_000 {
        facts += &outage(&format!("O-{n}"), "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z");
    }
    place.run_with(&["append", "-", "--ledger", "l"], facts).ok();
    for args in [["export", "--ledger", "l"].as_slice(), &["show", "--all", "--ledger", "l"]] {
        let mut child = place.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let done = child.wait_with_output().unwrap();
        assert_eq!(
            (done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()),
            (Some(0), ""),
            "{args:?}"
        );
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let place = Place::with_ledger();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let done =
        place.command(&["export", "--ledger", "l"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let done = done.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(4) && err.starts_with("error: ") && err.contains("stdout"), "{err}");
}

#[test]
fn facts_cannot_steer_the_terminal() {
    let place = Place::with_ledger();
    let fact = r#"{"kind":"outage.start","subject":"\u001b[2J","at":"2026-03-02T08:00:00Z","body":{"system":"a\u0007b"}}"#;
    place.run_with(&["append", "-", "--ledger", "l"], fact).ok();
    for args in
        [["show", "--ledger", "l"].as_slice(), &["show", "2", "--ledger", "l"], &["assess", "--ledger", "l"]]
    {
        let out = place.run(args).out;
        assert!(!out.contains('\u{1b}') && !out.contains('\u{7}'), "{out:?}");
    }
}

#[test]
fn a_terminal_gets_colour_and_fits_its_width() {
    let place = Place::with_ledger();
    place
        .run_with(
            &["append", "-", "--ledger", "l"],
            outage("O-1", "2026-03-02T08:00:00Z", "2026-03-02T19:00:00Z"),
        )
        .ok();
    let on_terminal = |environment: &[(&str, &str)]| {
        // `script` gives its child a terminal; stty sets the width that a new one lacks.
        let inner = format!(
            "stty cols 90 rows 40; exec {} assess --ledger l --lang zh",
            env!("CARGO_BIN_EXE_opsledger")
        );
        let mut command = std::process::Command::new("script");
        command.args(["-qec", &inner, "/dev/null"]).current_dir(place.path());
        command.env("LC_ALL", "C.UTF-8").env("TERM", "xterm").env_remove("NO_COLOR");
        command.envs(environment.iter().copied());
        finish(command, "").out
    };
    let coloured = on_terminal(&[]);
    assert!(coloured.contains("\u{1b}[") && coloured.contains("违约"), "{coloured}");
    let plain = on_terminal(&[("NO_COLOR", "1")]);
    assert!(!plain.contains("\u{1b}[3"), "{plain}");
    let width = |line: &str| line.trim_end().chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let table = plain.lines().skip_while(|l| !l.starts_with("状态")).take_while(|l| !l.trim().is_empty());
    let widest = table.map(width).max().unwrap();
    assert!((40..=90).contains(&widest), "{widest}: {plain}");
}
