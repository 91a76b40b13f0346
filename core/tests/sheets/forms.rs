//! Empty forms.

use crate::support::{Desk, contract, wrong};
use opsledger::error::Code;
use opsledger::sheets::{DEFAULT_ROWS, MAX_ROWS, families, form};
use opsledger::table::xlsx::{self, Value};
use std::io::Read;

fn text(sheet: &xlsx::Sheet, row: u32, column: u32) -> &str {
    match &sheet.cell(row, column).unwrap_or_else(|| panic!("{}", sheet.place(row, column))).value {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_form_says_what_it_is_and_holds_no_formula() {
    let all = families::FAMILIES;
    let bytes = form(all, &contract(), 20).unwrap();
    let book = xlsx::read(&bytes).unwrap();
    assert_eq!(book.sheets.len(), all.len() + 1);
    for (sheet, family) in book.sheets.iter().zip(all) {
        assert_eq!((sheet.name.as_str(), sheet.hidden, sheet.merged.len()), (family.zh, false, 0));
        assert_eq!((text(sheet, 1, 0), text(sheet, 1, 1)), ("合同", "portal"));
        assert_eq!((text(sheet, 1, 2), text(sheet, 1, 3)), ("时区", "Asia/Shanghai"));
        assert_eq!((text(sheet, 1, 4), text(sheet, 1, 5)), ("表单", family.name));
        for (column, i) in family.columns.iter().zip(0..) {
            assert_eq!((text(sheet, 3, i), text(sheet, 4, i)), (column.zh, column.en));
        }
        assert!(text(sheet, 5, 0).starts_with("示例"));
        assert!(sheet.cells.values().all(|cell| !cell.formula));
    }
    assert_eq!(
        (book.sheets[all.len()].name.as_str(), text(&book.sheets[all.len()], 0, 0)),
        ("说明", "填表说明")
    );
}

#[test]
fn a_form_as_it_is_states_nothing() {
    let desk = Desk::new();
    let preview = desk.preview(&form(families::FAMILIES, &desk.contract, DEFAULT_ROWS).unwrap());
    assert_eq!((preview.rows.len(), wrong(&preview).len()), (0, 0));
    assert_eq!(preview.record(&desk.ledger, 0).unwrap().new, 0);
}

#[test]
fn words_are_chosen_from_a_list() {
    let family = families::find("incidents").unwrap();
    let bytes = form(&[family], &contract(), 5).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut xml = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut xml).unwrap();
    // Five rows below the sample, column C.
    let list = xml.split("<dataValidation ").find(|part| part.contains("sqref=\"C7:C11\"")).unwrap();
    assert!(list.contains("特别严重,严重,一般") && !list.contains("errorStyle"), "{list}");
    // A channel may be another word: one is asked back, not refused.
    let list = xml.split("<dataValidation ").find(|part| part.contains("sqref=\"F7:F11\"")).unwrap();
    assert!(list.contains("电话,邮件") && list.contains("errorStyle=\"information\""), "{list}");
}

#[test]
fn the_same_form_is_the_same_file() {
    let family = families::find("roster").unwrap();
    let make = || form(&[family], &contract(), 5).unwrap();
    assert_eq!(make(), make());
}

#[test]
fn what_is_no_form_is_refused() {
    let family = families::find("roster").unwrap();
    for (families, rows, code) in [
        (vec![], 5, Code::BadRequest),
        (vec![family, family], 5, Code::BadRequest),
        (vec![family], 0, Code::OutOfRange),
        (vec![family], MAX_ROWS + 1, Code::OutOfRange),
    ] {
        assert_eq!(form(&families, &contract(), rows).unwrap_err().code(), code);
    }
}

#[test]
fn a_form_of_another_contract_or_zone_is_refused() {
    let desk = Desk::new();
    let family = families::find("roster").unwrap();
    for (old, new) in [("id = \"portal\"", "id = \"other\""), ("Asia/Shanghai", "Asia/Urumqi")] {
        let other =
            opsledger::contract::Contract::parse(&crate::support::CONTRACT.replace(old, new)).unwrap();
        let bytes = form(&[family], &other, 5).unwrap();
        let e = opsledger::sheets::preview(&bytes, &desk.contract, &desk.ledger, &Default::default(), 0)
            .unwrap_err();
        assert_eq!(e.code(), Code::OtherSheet);
        assert!(e.detail().starts_with("排班!"), "{e}");
    }
}
