//! `form`, `import sheet` and `confirm`, on real runs of the binary.

mod support;

use opsledger::sheets::families;
use opsledger::table::xlsx::{self, Value};
use rust_xlsxwriter::Workbook;
use serde_json::json;
use support::Place;

/// A sheet of a family: heads, and a row for each list of cells.
fn sheet(place: &Place, name: &str, family: &str, rows: &[&[(&str, &str)]]) {
    let family = families::find(family).unwrap();
    let mut book = Workbook::new();
    let tab = book.add_worksheet();
    tab.set_name(family.zh).unwrap();
    for (column, i) in family.columns.iter().zip(0..) {
        tab.write_string(0, i, column.zh).unwrap();
        for (cells, row) in rows.iter().zip(1..) {
            if let Some((_, text)) = cells.iter().find(|(key, _)| *key == column.key) {
                tab.write_string(row, i, *text).unwrap();
            }
        }
    }
    place.write(name, book.save_to_buffer().unwrap());
}

fn incident<'t>(code: &'t str, severity: &'t str) -> [(&'t str, &'t str); 4] {
    [("code", code), ("reported", "2026-03-02 08:10"), ("severity", severity), ("affects_use", "是")]
}

fn read(place: &Place, name: &str) -> xlsx::Book {
    xlsx::read(&std::fs::read(place.path().join(name)).unwrap()).unwrap()
}

#[test]
fn form_writes_a_sheet_and_never_over_a_filled_one() {
    let place = Place::with_ledger();
    let made = place.run(&["form", "incidents", "roster", "--ledger", "l"]).ok();
    assert_eq!((made.out.as_str(), made.err.as_str()), ("", "wrote incidents-roster.xlsx\n"));
    let names: Vec<_> = read(&place, "incidents-roster.xlsx").sheets.into_iter().map(|s| s.name).collect();
    assert_eq!(names, ["事件", "排班", "说明"]);
    let again = place.run(&["form", "incidents", "roster", "--ledger", "l"]);
    assert!(again.status == 2 && again.err.contains("--out"), "{again:?}");
    place.run(&["form", "事件", "--rows", "3", "--contract", "contract.toml", "--out", "a.xlsx"]).ok();
    // The form as it is states nothing.
    let empty = place.run(&["import", "sheet", "a.xlsx", "--ledger", "l", "--json"]).ok().json();
    assert_eq!((&empty["rows"], &empty["new"]), (&json!([]), &json!(0)));
    for args in
        [&["form", "nothing"][..], &["form", "confirmation"], &["form", "roster", "--month", "2026-03"]]
    {
        let ran = place.run(&[args, &["--ledger", "l"]].concat());
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
    }
}

#[test]
fn a_sheet_is_shown_then_recorded_once() {
    let place = Place::with_ledger();
    sheet(&place, "s.xlsx", "incidents", &[&incident("I-1", "严重"), &incident("I-2", "一般")]);
    let dry = place.run(&["import", "sheet", "s.xlsx", "--dry-run", "--ledger", "l"]).ok();
    assert!(
        dry.out.contains("事件!2") && dry.out.contains("incident.report 2026-03-02T08:10:00+08:00"),
        "{dry:?}"
    );
    assert!(
        dry.out.contains("times are read in Asia/Shanghai") && dry.out.contains("nothing is recorded yet")
    );
    assert_eq!(place.entries(), 1);
    let args = ["import", "sheet", "s.xlsx", "--ledger", "l", "--person", "测试员01", "--party", "supplier"];
    let done = place.run(&args).ok();
    assert!(done.out.ends_with("2 rows, 2 facts recorded, entries 2-3\n"), "{done:?}");
    let fact = &place.run(&["show", "2", "--ledger", "l", "--json"]).ok().json()["fact"];
    assert_eq!(fact["actor"], json!({ "person": "测试员01", "party": "supplier" }));
    assert_eq!(fact["body"]["stated_zone"], "Asia/Shanghai");
    let again = place.run(&args).ok();
    assert!(again.out.ends_with("2 rows, all recorded before\n"), "{again:?}");
    assert_eq!(place.entries(), 3);
    let zh = place.run(&["import", "sheet", "s.xlsx", "--ledger", "l", "--lang", "zh"]).ok();
    assert!(zh.out.contains("已记录") && zh.out.contains("没有变化"), "{zh:?}");
}

#[test]
fn wrong_cells_are_coloured_and_nothing_is_recorded() {
    let place = Place::with_ledger();
    sheet(&place, "s.xlsx", "incidents", &[&incident("I-1", "严重"), &incident("I-2", "很严重")]);
    let ran = place.run(&["import", "sheet", "s.xlsx", "--preview", "p.xlsx", "--ledger", "l"]);
    assert_eq!((ran.status, place.entries()), (2, 1), "{ran:?}");
    assert!(
        ran.err.contains("事件!C3 级别") && ran.out.ends_with("wrong cells: 1; nothing is recorded\n"),
        "{ran:?}"
    );
    let cell = read(&place, "p.xlsx").sheets[0].cell(2, 2).unwrap().value.clone();
    assert_eq!(cell, Value::Text("很严重".to_owned()));
    let json = place.run(&["import", "sheet", "s.xlsx", "--ledger", "l", "--json"]);
    let wrong = &json.json()["wrong"];
    assert_eq!(
        (json.status, &wrong[0]["cell"], &wrong[0]["code"]),
        (2, &json!("事件!C3"), &json!("bad-cell"))
    );
    // The sheet itself is not overwritten by its copy.
    let same = place.run(&["import", "sheet", "s.xlsx", "--preview", "./s.xlsx", "--ledger", "l"]);
    assert!(same.status == 2 && same.err.contains("another file"), "{same:?}");
    // The copy, corrected by nobody, is wrong in the same way; a file that is none says so.
    assert_eq!(place.run(&["import", "sheet", "p.xlsx", "--ledger", "l"]).status, 2);
    let csv = place.write("t.csv", "kind,subject,at\n");
    let ran = place.run(&["import", "sheet", csv.to_str().unwrap(), "--ledger", "l"]);
    assert!(ran.status == 2 && ran.err.contains(".xlsx"), "{ran:?}");
}

#[test]
fn a_month_is_confirmed_by_its_sheet() {
    let place = Place::new();
    let needs = "[agreement]\nneeds = [\"outage.void\"]\n";
    place.write("contract.toml", support::CONTRACT.to_owned() + needs);
    place.run(&["init", "--ledger", "l", "--contract", "contract.toml"]).ok();
    let row = [
        ("code", "O-1"),
        ("system", "门户"),
        ("start", "2026-03-02 08:00"),
        ("end", "2026-03-02 10:00"),
        ("voided", "2026-03-02 11:00"),
        ("reason", "误报"),
    ];
    sheet(&place, "s.xlsx", "outages", &[&row]);
    place.run(&["import", "sheet", "s.xlsx", "--ledger", "l", "--party", "supplier"]).ok();
    place.run(&["form", "confirmation", "--month", "2026-03", "--ledger", "l"]).ok();
    let book = read(&place, "confirmation-2026-03.xlsx");
    let tab = &book.sheets[0];
    let mut out = Workbook::new();
    let copy = out.add_worksheet();
    for ((row, column), cell) in &tab.cells {
        let Value::Text(text) = &cell.value else { panic!("{cell:?}") };
        copy.write_string(*row, *column as u16, text).unwrap();
    }
    copy.write_string(9, 7, "确认").unwrap();
    place.write("back.xlsx", out.save_to_buffer().unwrap());
    let confirm = ["confirm", "--from", "back.xlsx", "--person", "采购方甲", "--ledger", "l"];
    let dry = place.run(&[&confirm[..], &["--dry-run"]].concat()).ok();
    assert!(dry.out.contains("nothing is recorded yet"), "{dry:?}");
    let done = place.run(&confirm).ok();
    assert!(done.out.starts_with("1 confirmed, 0 disputed, 0 recorded before"), "{done:?}");
    let again = place.run(&confirm).ok();
    assert!(again.out.starts_with("0 confirmed, 0 disputed, 1 recorded before"), "{again:?}");
    assert_eq!(place.entries(), 5);
    let fact = &place.run(&["show", "5", "--ledger", "l", "--json"]).ok().json()["fact"];
    assert_eq!((&fact["kind"], &fact["body"]["entry"]), (&json!("fact.confirm"), &json!(4)));
    assert_eq!(fact["actor"], json!({ "person": "采购方甲", "party": "buyer" }));
    // Another ledger of the same contract.
    place.run(&["init", "--ledger", "m", "--contract", "contract.toml"]).ok();
    let other = place.run(&["confirm", "--from", "back.xlsx", "--person", "采购方甲", "--ledger", "m"]);
    assert!(other.status == 2 && other.err.contains("another contract or ledger"), "{other:?}");
}
