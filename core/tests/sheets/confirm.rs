//! The monthly sheet of opinions, out and back.

use crate::support::{Desk, Filled, at};
use opsledger::error::Code;
use opsledger::sheets::confirmation::{self, Answers};
use opsledger::table::xlsx::{self, Sheet, Value};
use opsledger::time::Instant;
use rust_xlsxwriter::Workbook;

/// After March.
fn april() -> Instant {
    at("2026-04-05 09:00")
}

/// An outage voided, one laid to the buyer, and one that ended late on record.
fn desk() -> Desk {
    let desk = Desk::new();
    let row = |code, day: &'static str, end: &'static str| {
        [("code", code), ("system", "门户"), ("start", day), ("end", end)]
    };
    let sheet = Filled::new("outages")
        .row(1, &row("O-1", "2026-03-02 08:00", "2026-03-02 10:00"))
        .row(1, &[("voided", "2026-03-02 11:00"), ("reason", "<b>误报</b>")])
        .row(2, &row("O-2", "2026-03-05 08:00", "2026-03-05 10:00"))
        .row(2, &[("attribution", "采购方"), ("cause", "市电中断")])
        .row(3, &row("O-3", "2026-04-03 08:00", "2026-04-03 10:00"))
        .row(3, &[("attribution", "采购方"), ("cause", "四月的")]);
    desk.import_at(&sheet.bytes(), at("2026-03-05 12:00"));
    desk
}

fn form(desk: &Desk, now: Instant) -> Vec<u8> {
    let contract = std::sync::Arc::new(crate::support::contract());
    confirmation::form(Some(contract), &desk.ledger, "2026-03", "buyer", now).unwrap()
}

fn read(desk: &Desk, bytes: &[u8]) -> Answers {
    confirmation::read(bytes, &desk.contract, &desk.ledger, "采购方甲", april()).unwrap()
}

/// Rows of the list: (entry, text of the matter).
fn listed(bytes: &[u8]) -> Vec<(u32, String, String, String)> {
    let book = xlsx::read(bytes).unwrap();
    let sheet = &book.sheets[0];
    let cell = |row, column| match sheet.cell(row, column).map(|c| &c.value) {
        Some(Value::Text(text)) => text.clone(),
        None => String::new(),
        other => panic!("{other:?}"),
    };
    let rows = sheet.rows().into_iter().filter(|row| *row > 8 && !cell(*row, 9).is_empty());
    rows.map(|row| (row, cell(row, 9), cell(row, 1), cell(row, 2))).collect()
}

/// The sheet as a person hands it back: cells overwritten by place.
fn filled(bytes: &[u8], cells: &[(u32, u16, &str)]) -> Vec<u8> {
    let book = xlsx::read(bytes).unwrap();
    let sheet: &Sheet = &book.sheets[0];
    let mut out = Workbook::new();
    let copy = out.add_worksheet();
    copy.set_name(&sheet.name).unwrap();
    for ((row, column), cell) in &sheet.cells {
        let Value::Text(text) = &cell.value else { continue };
        copy.write_string(*row, *column as u16, text).unwrap();
    }
    for (row, column, text) in cells {
        copy.write_string(*row, *column, *text).unwrap();
    }
    out.save_to_buffer().unwrap()
}

const OPINION: u16 = 7;
const REASON: u16 = 8;

#[test]
fn it_lists_what_waits_for_a_word_in_the_month() {
    let sheet = form(&desk(), april());
    let rows = listed(&sheet);
    let what: Vec<_> =
        rows.iter().map(|(_, entry, why, what)| (entry.as_str(), why.as_str(), what.as_str())).collect();
    assert_eq!(
        what,
        [
            ("3", "待确认、补录", "作废故障 O-1（门户，2026-03-02 08:00 起）；原因：<b>误报</b>"),
            ("4", "待确认", "故障开始 O-2；系统：门户；责任方：采购方；原因：市电中断"),
            ("2", "补录", "故障结束 O-1（门户，2026-03-02 08:00 起）"),
        ]
    );
    let book = xlsx::read(&sheet).unwrap();
    assert!(book.sheets[0].cells.values().all(|cell| !cell.formula));
    let head = desk().ledger.head().unwrap();
    let texts: Vec<_> = book.sheets[0].cells.values().map(|c| format!("{:?}", c.value)).collect();
    for wanted in ["portal", "Asia/Shanghai", "2026-03", &crate::support::contract().sm3] {
        assert!(texts.iter().any(|t| t.contains(wanted)), "{wanted}");
    }
    assert_eq!(head.seq, 7);
}

#[test]
fn opinions_become_facts_of_the_buyer_once() {
    let desk = desk();
    let sheet = form(&desk, april());
    let rows = listed(&sheet);
    let back = filled(
        &sheet,
        &[(rows[0].0, OPINION, "确认"), (rows[1].0, OPINION, "异议"), (rows[1].0, REASON, "=市电正常")],
    );
    let answers = read(&desk, &back);
    assert_eq!((answers.wrong.len(), answers.open), (0, 1));
    let done = answers.record(&desk.ledger, april()).unwrap();
    assert_eq!((done.new, done.seqs.as_slice()), (2, &[8, 9][..]));
    let entries = desk.entries();
    let actor = entries[7].fact.actor.as_ref().unwrap();
    assert_eq!((actor.person.as_deref(), actor.party.as_deref()), (Some("采购方甲"), Some("buyer")));
    assert_eq!(
        (entries[7].fact.kind_name(), &entries[7].fact.body["entry"]),
        ("fact.confirm", &serde_json::json!(3))
    );
    assert_eq!(
        (entries[8].fact.kind_name(), entries[8].fact.text("reason")),
        ("fact.dispute", Some("=市电正常"))
    );
    let again = read(&desk, &back);
    assert!(again.answers.iter().all(|a| a.fact.is_none()) && again.wrong.is_empty());
    assert_eq!(again.record(&desk.ledger, april()).unwrap().new, 0);
    // A changed mind on the same sheet, and back.
    let other = filled(&sheet, &[(rows[0].0, OPINION, "异议"), (rows[0].0, REASON, "看错")]);
    assert_eq!(read(&desk, &other).record(&desk.ledger, april()).unwrap().new, 1);
    assert_eq!(read(&desk, &back).record(&desk.ledger, april()).unwrap().new, 1);
    assert_eq!(read(&desk, &back).record(&desk.ledger, april()).unwrap().new, 0);
}

#[test]
fn an_old_sheet_does_not_take_back_a_newer_word() {
    let desk = desk();
    let old = form(&desk, april());
    let rows = listed(&old);
    let confirms = filled(&old, &[(rows[0].0, OPINION, "确认")]);
    read(&desk, &confirms).record(&desk.ledger, april()).unwrap();
    let fact = r#"{"kind":"fact.dispute","at":"2026-04-05T01:00:00Z","actor":{"party":"buyer"},"body":{"entry":3,"reason":"复查"}}"#;
    desk.append(fact, april());
    // The sheet's opinion was recorded; what was said since stands.
    assert_eq!(read(&desk, &confirms).record(&desk.ledger, april()).unwrap().new, 0);
    // A sheet that never came back, and is older than what was said since: to be written anew.
    let never = filled(&old, &[(rows[1].0, OPINION, "确认")]);
    let fact = fact.replace("\"entry\":3", "\"entry\":4");
    desk.append(&fact, april());
    let answers = read(&desk, &never);
    assert_eq!(answers.wrong[0].1.code(), Code::SheetChanged);
    // A new one shows the dispute, and takes it back.
    let new = form(&desk, april() + 60_000_000);
    let row = listed(&new).into_iter().find(|row| row.1 == "4").unwrap();
    assert!(row.2.contains("有异议"), "{row:?}");
    let answers = read(&desk, &filled(&new, &[(row.0, OPINION, "确认")]));
    assert_eq!(answers.record(&desk.ledger, april()).unwrap().new, 1);
}

#[test]
fn wrong_opinions_are_named() {
    let desk = desk();
    let sheet = form(&desk, april());
    let row = listed(&sheet)[0].0;
    for (cells, cell, code) in [
        (vec![(row, OPINION, "异议")], 'I', Code::MissingField),
        (vec![(row, OPINION, "同意")], 'H', Code::UnknownWord),
        (vec![(row, REASON, "不对")], 'H', Code::MissingField),
        (vec![(row, OPINION, "确认"), (row, 2, "作废故障 O-1")], 'C', Code::SheetChanged),
        (vec![(row, OPINION, "确认"), (row, 3, "2026-03-09 08:00")], 'D', Code::SheetChanged),
        (vec![(row, OPINION, "确认"), (row, 10, "0")], 'K', Code::SheetChanged),
        (vec![(row, OPINION, "确认"), (row, 9, "1")], 'K', Code::SheetChanged),
        (vec![(row, OPINION, "确认"), (row, 9, "999")], 'J', Code::SheetChanged),
        (vec![(row + 20, OPINION, "确认")], 'J', Code::SheetChanged),
    ] {
        let answers = read(&desk, &filled(&sheet, &cells));
        let (place, e) = answers.wrong.first().unwrap_or_else(|| panic!("{cells:?}"));
        let row = cells[0].0 + 1;
        assert_eq!((place.as_str(), e.code()), (format!("确认表!{cell}{row}").as_str(), code), "{e}");
        assert!(answers.record(&desk.ledger, april()).is_err());
    }
    assert_eq!(desk.entries().len(), 7);
}

#[test]
fn a_sheet_of_another_ledger_is_refused() {
    let (one, other) = (desk(), desk());
    let sheet = form(&one, april());
    let row = listed(&sheet)[0].0;
    // Another ledger may hold the very same facts; its head is another one only where something differs.
    other.append(r#"{"kind":"x.note","subject":"n","at":"2026-03-05T00:00:00Z"}"#, april());
    let shorter = Desk::new();
    let back = filled(&sheet, &[(row, OPINION, "确认")]);
    let refused = |desk: &Desk, bytes: &[u8]| {
        confirmation::read(bytes, &desk.contract, &desk.ledger, "采购方甲", april())
            .map(|a| a.answers.len())
            .map_err(|e| e.code())
    };
    assert_eq!(refused(&shorter, &back), Err(Code::OtherSheet));
    assert_eq!(refused(&one, &filled(&sheet, &[(4, 4, "0".repeat(64).as_str())])), Err(Code::OtherSheet));
    assert_eq!(refused(&one, &filled(&sheet, &[(1, 2, "other")])), Err(Code::OtherSheet));
    assert_eq!(refused(&one, &back), Ok(1));
    let roster =
        opsledger::sheets::form(&[opsledger::sheets::families::find("roster").unwrap()], &one.contract, 5);
    assert_eq!(refused(&one, &roster.unwrap()), Err(Code::BadSheet));
}

#[test]
fn one_does_not_confirm_ones_own_word() {
    let desk = Desk::new();
    let fact = |party: &str, id: &str| {
        format!(
            r#"{{"kind":"outage.start","subject":"{id}","at":"2026-03-05T00:00:00Z","actor":{{"party":"{party}"}},"body":{{"system":"门户","attribution":"buyer","cause":"x"}}}}"#
        )
    };
    desk.append(&fact("buyer", "O-1"), at("2026-03-05 12:00"));
    desk.append(&fact("machine", "O-2"), at("2026-03-05 12:00"));
    let contract = std::sync::Arc::new(crate::support::contract());
    let of = |party: &str| {
        confirmation::form(Some(contract.clone()), &desk.ledger, "2026-03", party, april()).unwrap()
    };
    let row = |sheet: &[u8], entry: &str| listed(sheet).into_iter().find(|row| row.1 == entry).unwrap().0;
    for (party, own, others) in [("buyer", "1", "2"), ("supplier", "2", "1")] {
        let sheet = of(party);
        let answers = read(&desk, &filled(&sheet, &[(row(&sheet, own), OPINION, "确认")]));
        assert_eq!(answers.wrong[0].1.code(), Code::SameParty, "{party}");
        let answers = read(&desk, &filled(&sheet, &[(row(&sheet, others), OPINION, "确认")]));
        assert_eq!((answers.wrong.len(), answers.answers.len()), (0, 1), "{party}");
    }
}

#[test]
fn months_that_are_none_are_refused() {
    let desk = desk();
    let contract = std::sync::Arc::new(crate::support::contract());
    for (month, party, code) in [
        ("2026-3", "buyer", Code::OutOfRange),
        ("2026-13", "buyer", Code::OutOfRange),
        ("2025-12", "buyer", Code::OutOfRange),
        ("2027-01", "buyer", Code::OutOfRange),
        ("2026-05", "buyer", Code::OutOfRange),
        ("2026-03", "machine", Code::UnknownWord),
    ] {
        let e = confirmation::form(Some(contract.clone()), &desk.ledger, month, party, april()).unwrap_err();
        assert_eq!(e.code(), code, "{month} {party}");
    }
    // A quiet month has a sheet too, to be signed.
    let quiet = confirmation::form(Some(contract), &Desk::new().ledger, "2026-02", "buyer", april()).unwrap();
    assert_eq!(listed(&quiet), []);
}
