//! Each verb, on real runs of the binary.

mod support;

use serde_json::json;
use support::{CONTRACT, Place, Ran, finish, outage};

const MARCH: &str = "2026-04-01T00:00:00+08:00";

fn two_outages() -> String {
    outage("O-1", "2026-03-02T08:00:00+08:00", "2026-03-02T09:30:00+08:00")
        + &outage("O-2", "2026-03-05T08:00:00+08:00", "2026-03-05T08:20:00+08:00")
}

#[test]
fn init_makes_and_adopts_once() {
    let place = Place::new();
    let made = place.run(&["init", "--ledger", "l", "--contract", "contract.toml", "--json"]).ok().json();
    assert_eq!((&made["made"], &made["entries"], &made["adopted"]), (&json!(true), &json!(1), &json!(1)));
    let again = place.run(&["init", "--ledger", "l", "--contract", "contract.toml", "--json"]).ok().json();
    assert_eq!(
        (&again["made"], &again["entries"], &again["adopted"]),
        (&json!(false), &json!(1), &json!(null))
    );
    assert_eq!(again["contract_sm3"], made["contract_sm3"]);
    let fact = &place.run(&["show", "1", "--ledger", "l", "--json"]).ok().json()["fact"];
    assert_eq!(fact["kind"], "contract.adopt");
    assert_eq!(fact["body"], json!({ "sm3": made["contract_sm3"], "text": CONTRACT, "from": "2026-01-01" }));
    // Another text of the same contract is a further entry.
    place.write("contract.toml", CONTRACT.replace("门户运维", "门户运维（修订）"));
    let amended = place.run(&["init", "--ledger", "l", "--contract", "contract.toml", "--json"]).ok().json();
    assert_eq!(amended["adopted"], json!(2));
}

#[test]
fn append_prints_seqs_and_records_a_key_once() {
    let place = Place::with_ledger();
    let fact = r#"{"kind":"watch.start","at":"2026-01-01T00:00:00+08:00","key":"k"}"#;
    let facts = format!("\u{feff}{fact}\n\n{}", two_outages());
    place.write("f.jsonl", &facts);
    let ran = place.run(&["append", "f.jsonl", "--ledger", "l"]).ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("5 facts, entries 2-6\n", ""));
    let again = place.run_with(&["append", "-", "--ledger", "l", "--json"], fact).ok();
    assert_eq!(again.json(), json!({ "seqs": [2] }));
    assert_eq!(place.run_with(&["append", "-", "--ledger", "l"], "\n").ok().out, "no facts read\n");
    assert_eq!(place.entries(), 6);
}

#[test]
fn assess_answers_by_exit_status() {
    let place = Place::new();
    place.write("good.toml", CONTRACT.to_owned() + "[accounting]\nassume_watched = true\n");
    let facts = two_outages();
    let third = outage("O-3", "2026-03-06T08:00:00+08:00", "2026-03-06T10:00:00+08:00");
    let assess = |contract: &str, facts: &str| {
        place.run_with(
            &[
                "assess",
                "--contract",
                contract,
                "--facts",
                "-",
                "--json",
                "--as-of",
                MARCH,
                "--known-at",
                MARCH,
            ],
            facts,
        )
    };
    let status = |ran: &Ran| ran.json()["status"].as_str().unwrap().to_owned();
    let met = assess("good.toml", "");
    assert_eq!((met.status, status(&met).as_str()), (0, "met"));
    let at_risk = assess("contract.toml", &facts);
    assert!(at_risk.status == 0 && at_risk.json()["clauses"][0]["value"] == 1, "{at_risk:?}");
    let breached = assess("good.toml", &(facts + &third));
    assert_eq!((breached.status, status(&breached).as_str()), (1, "breached"));
    let unwatched = assess("contract.toml", "");
    assert_eq!((unwatched.status, status(&unwatched).as_str()), (3, "no-evidence"));
}

#[test]
fn ledger_and_loose_facts_agree() {
    let place = Place::with_ledger();
    place.run_with(&["append", "-", "--ledger", "l"], two_outages()).ok();
    let by_ledger = place.run(&["assess", "--ledger", "l", "--json"]);
    // The export of the ledger, read as loose facts.
    let entries = place.run(&["show", "--all", "--ledger", "l", "--json"]).ok();
    let mut facts = String::new();
    for entry in entries.lines() {
        let mut fact = entry["fact"].clone();
        fact["recorded_at"] = entry["recorded_at"].clone();
        facts += &format!("{fact}\n");
    }
    let ledger = by_ledger.json();
    let instants =
        ["--as-of", ledger["as_of"].as_str().unwrap(), "--known-at", ledger["known_at"].as_str().unwrap()];
    let mut args = vec!["assess", "--contract", "contract.toml", "--facts", "-", "--json"];
    args.extend(instants);
    let mut loose = place.run_with(&args, facts).json();
    assert_eq!((&loose["head"], &ledger["head"]["seq"]), (&json!(null), &json!(5)));
    loose["head"] = ledger["head"].clone();
    assert_eq!(loose, ledger);
    // An earlier head is an earlier answer.
    let before = place.run(&["assess", "--ledger", "l", "--json", "--head", "1"]).json();
    assert_eq!((&before["head"]["seq"], &before["outages"]["long"]), (&json!(1), &json!(0)));
    assert_eq!(ledger["outages"]["long"], 1);
}

#[test]
fn assess_prints_a_readable_table() {
    let place = Place::new();
    let run = |lang: &str| {
        place.run_with(
            &[
                "assess",
                "--contract",
                "contract.toml",
                "--facts",
                "-",
                "--lang",
                lang,
                "--as-of",
                MARCH,
                "--known-at",
                MARCH,
            ],
            two_outages(),
        )
    };
    let zh = run("zh").out;
    for part in
        ["门户运维", "状态", "条款", "二.4", "双方认可", "停机 1 小时 50 分", "长故障 1 次，短故障 1 次"]
    {
        assert!(zh.contains(part), "{part}: {zh}");
    }
    let en = run("en").out;
    for part in ["STATUS", "CLAUSE", "view agreed", "downtime 1 h 50 min", "1 long, 1 short"] {
        assert!(en.contains(part), "{part}: {en}");
    }
    assert!(!zh.contains('\u{1b}') && !en.contains('\u{1b}'), "a pipe gets no colour");
    // Chinese columns stand below each other: the clause ids begin at one display column.
    let table: Vec<&str> = zh.lines().skip_while(|l| !l.starts_with("状态")).take(3).collect();
    let column = |line: &str, word: &str| -> usize {
        line[..line.find(word).unwrap()].chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
    };
    assert_eq!(column(table[0], "条款"), column(table[1], "long"));
    assert_eq!(column(table[0], "条款"), column(table[2], "downtime"));
}

#[test]
fn import_csv_keeps_what_was_stated_and_takes_the_contract_s_zone() {
    let place = Place::with_ledger();
    let csv = "kind,subject,at,recorded_at,body.system,body.impact\n\
               outage.start,O-1,2026/3/2 8:00,2026-03-02 09:00,portal,down\n\
               outage.end,O-1,2026-03-02 09:30,2026-03-02 10:00,,\n";
    place.write("o.csv", csv);
    let first = place.run(&["import", "csv", "o.csv", "--ledger", "l", "--json"]).ok().json();
    assert_eq!(first, json!({ "seqs": [2, 3], "new": 2, "faults": [] }));
    let again = place.run(&["import", "csv", "o.csv", "--ledger", "l"]).ok();
    assert_eq!(again.out, "2 rows read, 0 new, entries 2-3\n");
    let fact = place.run(&["show", "2", "--ledger", "l", "--json"]).ok().json()["fact"].clone();
    assert_eq!(fact["at"], "2026-03-02T00:00:00.000000Z");
    assert_eq!(fact["claimed_recorded_at"], "2026-03-02T01:00:00.000000Z");
    assert_eq!(fact["body"]["stated_zone"], "Asia/Shanghai");
    // Without a contract and a zone there is no way to read the times.
    place.run(&["init", "--ledger", "bare"]).ok();
    let refused = place.run(&["import", "csv", "o.csv", "--ledger", "bare"]);
    assert!(
        refused.status == 2 && refused.err.contains("row 2") && refused.err.contains("--zone"),
        "{refused:?}"
    );
    place.run(&["import", "csv", "o.csv", "--ledger", "bare", "--zone", "UTC"]).ok();
}

#[test]
fn import_lenient_records_what_contradicts() {
    let place = Place::with_ledger();
    let csv = "kind,subject,at\n\nincident.repair,I-1,2026-03-02T00:00:00Z\n";
    let strict = place.run_with(&["import", "csv", "-", "--ledger", "l"], csv);
    assert!(strict.status == 2 && strict.err.contains("row 3"), "{strict:?}");
    assert_eq!(place.entries(), 1);
    let lenient =
        place.run_with(&["import", "csv", "-", "--ledger", "l", "--lenient", "--json"], csv).ok().json();
    assert_eq!((&lenient["new"], &lenient["faults"][0]["row"]), (&json!(1), &json!(3)));
    assert_eq!(place.entries(), 2);
}

#[test]
fn show_filters_and_shows_single_entries() {
    let place = Place::with_ledger();
    place.run_with(&["append", "-", "--ledger", "l"], two_outages()).ok();
    let show = |args: &[&str]| {
        let args: Vec<&str> = ["show", "--ledger", "l", "--json"].iter().chain(args).copied().collect();
        place.run(&args).ok().lines().iter().map(|e| e["seq"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(show(&[]), [1, 2, 3, 4, 5]);
    assert_eq!(show(&["--tail", "2"]), [4, 5]);
    assert_eq!(show(&["--kind", "outage.end", "--kind", "contract.adopt"]), [1, 3, 5]);
    assert_eq!(show(&["--subject", "O-2"]), [4, 5]);
    assert_eq!(show(&["--since", "2026-03-02T09:30:00+08:00", "--until", "2026-03-05T08:00:00+08:00"]), [3]);
    assert_eq!(show(&["--from", "4"]), [4, 5]);
    assert_eq!(show(&["--all"]), [1, 2, 3, 4, 5]);
    let table = place.run(&["show", "--ledger", "l", "--tail", "1", "--lang", "zh"]).ok();
    assert!(
        table.out.contains("故障结束 outage.end") && table.out.contains("2026-03-05T08:20:00+08:00"),
        "{table:?}"
    );
    assert!(table.err.contains("最后 1 条"), "{table:?}");
    let single = place.run(&["show", "2", "--ledger", "l"]).ok().out;
    assert!(single.contains("entry 2") && single.contains("\"system\": \"portal\""), "{single}");
    let none = place.run(&["show", "9", "--ledger", "l"]);
    assert!(none.status == 2 && none.err.contains('9'), "{none:?}");
    let unknown = place.run(&["show", "--kind", "outage", "--ledger", "l"]);
    assert!(unknown.status == 2 && unknown.err.contains("\"outage\""), "{unknown:?}");
}

#[test]
fn sql_reads_and_never_writes() {
    let place = Place::with_ledger();
    let ran = place
        .run(&["sql", "select seq as n, 'a' as t, null as z from entry", "--ledger", "l", "--json"])
        .ok();
    assert_eq!(ran.json(), json!({ "columns": ["n", "t", "z"], "rows": [[1, "a", null]] }));
    let table =
        place.run_with(&["sql", "-", "--ledger", "l"], "select seq as 序号, 'x' as y from entry").ok();
    assert_eq!(table.out, "序号  y\n   1  x\n");
    for query in ["delete from entry", "drop table entry", "attach 'x' as y", "select nothing"] {
        let ran = place.run(&["sql", query, "--ledger", "l"]);
        assert!(ran.status == 2 && ran.out.is_empty() && !ran.err.is_empty(), "{query}: {ran:?}");
    }
    assert_eq!(place.entries(), 1);
}

#[test]
fn verify_names_the_first_bad_entry() {
    let place = Place::with_ledger();
    place.run_with(&["append", "-", "--ledger", "l"], two_outages()).ok();
    let sound = place.run(&["verify", "--ledger", "l", "--json"]).ok().json();
    assert_eq!(
        (&sound["ok"], &sound["entries"], &sound["first_bad"]),
        (&json!(true), &json!(5), &json!(null))
    );
    assert_eq!(sound["problem"], json!(null));
    assert_eq!(place.run(&["verify", "--ledger", "l"]).ok().out, "sound: 5 entries\n");
    // One byte of the third fact, changed in the file.
    place.run(&["snapshot", "copy", "--ledger", "l"]).ok();
    let mut bytes = std::fs::read(place.path().join("copy")).unwrap();
    let wanted = br#""kind":"outage.end","subject":"O-1""#;
    let at = bytes.windows(wanted.len()).position(|w| w == wanted).unwrap();
    bytes[at + wanted.len() - 2] = b'7';
    place.write("copy", &bytes);
    let broken = place.run(&["verify", "--ledger", "copy", "--json"]);
    let found = broken.json();
    assert_eq!((broken.status, &found["ok"], &found["first_bad"]), (1, &json!(false), &json!(3)));
    assert_eq!(found["problem"], "fact-changed");
    let text = place.run(&["verify", "--ledger", "copy", "--lang", "zh"]);
    assert!(text.status == 1 && text.out.contains("首个问题记录 3"), "{text:?}");
}

#[test]
fn snapshot_and_export_hold_the_same_entries() {
    let place = Place::with_ledger();
    place.run_with(&["append", "-", "--ledger", "l"], two_outages()).ok();
    assert_eq!(place.run(&["snapshot", "copy", "--ledger", "l"]).ok().out, "wrote copy\n");
    let exported = place.run(&["export", "--ledger", "l"]).ok().out;
    assert_eq!(exported, place.run(&["export", "--ledger", "copy"]).ok().out);
    let mut prev = "0".repeat(64);
    for (seq, line) in (1..).zip(exported.lines()) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [number, _, link, digest, hash, fact] = fields[..] else { panic!("{line}") };
        assert_eq!((number, link), (seq.to_string().as_str(), prev.as_str()));
        assert_eq!(digest, opsledger::digest::sm3_hex(fact.as_bytes()));
        assert_eq!(hash, opsledger::digest::sm3_hex(fields[..4].join("\t").as_bytes()));
        hash.clone_into(&mut prev);
    }
    assert_eq!(exported.lines().count(), 5);
    let json = place.run(&["export", "--ledger", "l", "--from", "5", "--json"]).ok().lines();
    assert_eq!((json.len(), &json[0]["seq"], &json[0]["hash"]), (1, &json!(5), &json!(prev)));
    let taken = place.run(&["snapshot", "copy", "--ledger", "l"]);
    assert!(taken.status == 2 && taken.err.contains("copy"), "{taken:?}");
}

#[test]
fn calendar_counts_working_time() {
    let place = Place::with_ledger();
    // Spring Festival 2026: off from Sunday the 15th to Monday the 23rd; Saturday the 14th is a workday.
    let (start, end) = ("2026-02-13T17:00:00+08:00", "2026-02-24T09:00:00+08:00");
    let between =
        ["calendar", "between", start, end, "--calendar", "workdays", "--contract", "contract.toml"];
    assert_eq!(place.run(&between).ok().out, "8 h\n");
    let add = ["calendar", "add", start, "8h", "--calendar", "workdays", "--ledger", "l", "--json"];
    assert_eq!(place.run(&add).ok().json(), json!({ "at": end }));
    let json =
        place.run(&["calendar", "between", start, end, "--contract", "contract.toml", "--json"]).ok().json();
    assert_eq!(json, json!({ "working_us": 10 * 86_400_000_000_i64 + 16 * 3_600_000_000_i64 }));
    let unknown =
        place.run(&["calendar", "add", start, "1h", "--calendar", "office", "--contract", "contract.toml"]);
    assert!(unknown.status == 4 && unknown.err.contains("workdays"), "{unknown:?}");
    let backwards = place.run(&["calendar", "between", end, start, "--contract", "contract.toml"]);
    assert_eq!(backwards.status, 2, "{backwards:?}");
    let years = [
        "calendar",
        "between",
        start,
        "2031-01-01T00:00:00Z",
        "--calendar",
        "workdays",
        "--contract",
        "contract.toml",
    ];
    let unpublished = place.run(&years);
    assert!(unpublished.status == 2 && unpublished.err.contains("202"), "{unpublished:?}");
}

#[test]
fn report_writes_one_page() {
    let place = Place::with_ledger();
    place.run_with(&["append", "-", "--ledger", "l"], two_outages()).ok();
    place.write("page.html", "old");
    let args = ["report", "--out", "page.html", "--ledger", "l", "--lang", "zh", "--as-of", MARCH];
    assert_eq!(place.run(&args).ok().out, "已写出 page.html\n");
    let page = std::fs::read_to_string(place.path().join("page.html")).unwrap();
    assert!(page.contains("<html") && page.contains("门户运维") && page.contains("O-2"));
    let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(".new")), "{left:?}");
    let printed = place.run(&["report", "--out", "-", "--ledger", "l", "--as-of", MARCH]).ok();
    assert!(printed.out.contains("<html"));
    let nowhere = place.run(&["report", "--out", "none/page.html", "--ledger", "l"]);
    assert!(nowhere.status == 4 && nowhere.err.contains("none/page.html"), "{nowhere:?}");
}

#[test]
fn report_writes_documents_and_records_them() {
    let place = Place::with_ledger();
    place.run_with(&["append", "-", "--ledger", "l"], two_outages()).ok();
    let monthly = ["report", "monthly", "--month", "2026-02", "--ledger", "l", "--lang", "zh"];
    let told = place
        .run(&[&monthly[..], &["--out", "docs", "--issue", "--person", "工程师甲", "--json"]].concat())
        .ok()
        .json();
    let files: Vec<&str> =
        told["files"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap()).collect();
    assert_eq!(files.len(), 3, "{told}");
    for file in &files {
        let bytes = std::fs::read(place.path().join(file)).unwrap();
        let known = told["files"].as_array().unwrap().iter().find(|f| f["file"] == *file).unwrap();
        assert_eq!(known["sm3"], opsledger::digest::sm3_hex(&bytes));
    }
    let entry = told["entry"].as_u64().unwrap().to_string();
    let shown = place.run(&["show", &entry, "--ledger", "l"]).ok().out;
    assert!(shown.contains("report.submit") && shown.contains("2026-02"), "{shown}");
    // One form to the file named, or to the standard output.
    place.run(&[&monthly[..], &["--out", "one.html"]].concat()).ok();
    assert!(std::fs::read_to_string(place.path().join("one.html")).unwrap().contains("<html"));
    assert!(
        place.run(&[&monthly[..], &["--format", "html", "--out", "-"]].concat()).ok().out.contains("<html")
    );
    let many = place.run(&[&monthly[..], &["--out", "-"]].concat());
    assert!(many.status == 2 && many.err.contains("3"), "{many:?}");
    for (args, what) in [
        (vec!["report", "yearly", "--ledger", "l"], "yearly"),
        (vec!["report", "monthly", "--month", "2026-13", "--ledger", "l"], "2026-13"),
        (vec!["report", "monthly", "--format", "pdf", "--ledger", "l"], "pdf"),
        (vec!["report", "incident", "--ledger", "l"], "--subject"),
        (vec!["report", "incident", "--subject", "none", "--ledger", "l"], "none"),
        (vec!["report", "--ledger", "l"], "--out"),
    ] {
        let refused = place.run(&args);
        assert!(refused.status == 2 || refused.status == 4, "{args:?}: {refused:?}");
        assert!(refused.err.contains(what), "{args:?}: {refused:?}");
    }
}

#[test]
fn completions_and_schemas() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]).ok().out;
        assert!(script.contains("opsledger") && script.contains("snapshot"), "{shell}");
    }
    assert_eq!(place.run(&["schema", "contract"]).ok().json(), opsledger::contract::schema());
    assert_eq!(place.run(&["schema", "assessment"]).ok().json(), opsledger::assess::schema());
}

#[test]
fn the_environment_names_ledger_and_contract() {
    let place = Place::with_ledger();
    let mut command = place.command(&["assess", "--json"]);
    command.env("OPSLEDGER_LEDGER", "l");
    assert_eq!(finish(command, "").json()["head"]["seq"], 1);
    let mut command = place.command(&["assess", "--facts", "-", "--json"]);
    command.env("OPSLEDGER_LEDGER", "elsewhere").env("OPSLEDGER_CONTRACT", "contract.toml");
    assert_eq!(finish(command, two_outages()).json()["outages"]["long"], 1);
}
