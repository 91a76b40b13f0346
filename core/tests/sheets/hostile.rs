//! Sheets as they come: read rightly, or refused with the cell named. Never run, never lost without a word.

use crate::support::{Desk, Filled, at, incident, now, told, wrong};
use opsledger::error::Code;
use opsledger::sheets::{Change, families, form, preview};
use opsledger::table::xlsx::{self, Value};
use rust_xlsxwriter::{Format, Formula, Workbook};
use serde_json::json;
use std::io::{Read, Write};

fn one(cell: &str) -> Vec<(String, String)> {
    vec![(cell.to_owned(), "bad-cell".to_owned())]
}

/// The time a cell of the column `reported` is read as.
fn reported(text: &str) -> Result<i64, String> {
    let desk = Desk::new();
    let sheet = Filled::new("incidents").row(1, &incident("I-1")).row(1, &[("reported", text)]);
    let preview = desk.preview(&sheet.bytes());
    match preview.wrong().first() {
        None => Ok(preview.rows[0].facts[0].at),
        Some((place, e)) => Err(format!("{place} {}", e.code().info().name)),
    }
}

#[test]
fn times_as_people_write_them() {
    let wanted = at("2026-03-02 08:10");
    for text in [
        "2026-03-02 08:10",
        "2026/3/2 8:10",
        "2026.3.2 8:10",
        "２０２６－０３－０２　０８：１０",
        "2026年3月2日 8:10",
        "2026年3月2日8时10分",
        "2026-03-02T08:10:00",
        " 2026-03-02  08:10\u{a0}",
        "2026-03-02T00:10:00Z",
        "2026-03-02T09:10:00+09:00",
    ] {
        assert_eq!(reported(text), Ok(wanted), "{text}");
    }
    assert_eq!(reported("2026-03-01 24:00"), Ok(at("2026-03-02 00:00")));
    assert_eq!(reported("2026年3月2日8时"), Ok(at("2026-03-02 08:00")));
    for text in [
        "3/2/2026 8:10",
        "02-03-2026 08:10",
        "26-03-02 08:10",
        "2026-03-02",
        "08:10",
        "2026-02-30 08:10",
        "2026-03-02 25:10",
        "2026-03-02 08:10 左右",
        "昨天 8:10",
        "2026-03-02 8:10 PM",
        "99999-03-02 08:10",
    ] {
        assert_eq!(reported(text), Err("事件!B2 bad-cell".to_owned()), "{text}");
    }
}

#[test]
fn true_dates_to_the_second() {
    let desk = Desk::new();
    let sheet = Filled::new("incidents")
        .row(1, &incident("I-1"))
        .date(1, "reported", "2026-03-02 08:10:00")
        .row(2, &incident("I-2"))
        .date(2, "reported", "2026-03-02 23:59:59")
        .row(3, &incident("I-3"))
        .date(3, "reported", "2026-03-02");
    let preview = desk.preview(&sheet.bytes());
    let ats: Vec<_> = preview.rows.iter().map(|row| row.facts[0].at).collect();
    let last = at("2026-03-03 00:00") - 1_000_000;
    assert_eq!(ats, [at("2026-03-02 08:10"), last, at("2026-03-02 00:00")]);
    // Midnight may be a date without its time.
    let remarks = preview.remarks(opsledger::Lang::Zh);
    assert!(remarks.len() == 1 && remarks[0].0 == "事件!B4" && remarks[0].1.contains("00:00"), "{remarks:?}");
}

#[test]
fn numbers_are_no_times_and_dates_are_no_text() {
    let desk = Desk::new();
    let sheet = Filled::new("incidents").row(1, &incident("I-1")).number(1, "reported", 46_083.340_277_8);
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), one("事件!B2"));
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1"));
    let clock = Format::new().set_num_format("hh:mm");
    sheet.sheet().write_number_with_format(1, 1, 0.34, &clock).unwrap();
    let preview = desk.preview(&sheet.bytes());
    assert_eq!(wrong(&preview), one("事件!B2"));
    assert!(told(&preview)[0].1.contains("只有时刻"), "{:?}", told(&preview));
    // A number for a code is its digits.
    let sheet = Filled::new("incidents").row(1, &incident("I-1")).number(1, "code", 17.0);
    assert_eq!(desk.preview(&sheet.bytes()).rows[0].subject, "17");
    // More digits than a number keeps: what the sheet shows may not be what was typed.
    let sheet = Filled::new("incidents").row(1, &incident("I-1")).number(1, "code", 1_234_567_890_123_456.0);
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), one("事件!A2"));
    let sheet = Filled::new("incidents").row(1, &incident("I-1")).date(1, "code", "2026-03-02");
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), one("事件!A2"));
}

#[test]
fn formulas_and_errors_are_refused() {
    let desk = Desk::new();
    for formula in [
        Formula::new("=B1&\"x\"").set_result("I-1"),
        Formula::new("=HYPERLINK(\"http://example.invalid\",\"x\")").set_result(""),
        Formula::new("=1/0").set_result("#DIV/0!"),
    ] {
        let mut sheet = Filled::new("incidents").row(1, &incident("I-1"));
        let column = sheet.column("summary");
        sheet.sheet().write_formula(1, column, formula).unwrap();
        let bytes = sheet.bytes();
        assert_eq!(wrong(&desk.preview(&bytes)), one("事件!E2"));
        // The copy holds no formula either.
        let copy = xlsx::read(&desk.preview(&bytes).copy().unwrap()).unwrap();
        assert!(copy.sheets.iter().flat_map(|s| s.cells.values()).all(|cell| !cell.formula));
    }
}

#[test]
fn what_looks_like_code_is_kept_as_text_and_written_as_text() {
    let desk = Desk::new();
    let texts = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "-2+3",
        "<script>alert(1)</script>",
        "\t=1",
        "../../etc/passwd",
    ];
    for (i, text) in texts.iter().enumerate() {
        let code = format!("I-{i}");
        let sheet = || Filled::new("incidents").row(1, &incident(&code)).row(1, &[("summary", *text)]);
        let preview = desk.preview(&sheet().bytes());
        assert_eq!(wrong(&preview), []);
        assert_eq!(preview.rows[0].facts[0].text("text"), Some(text.trim()));
        let bytes = preview.copy().unwrap();
        let copy = xlsx::read(&bytes).unwrap();
        let cell = copy.sheets[0].cell(1, 4).unwrap();
        assert_eq!((&cell.value, cell.formula), (&Value::Text((*text).to_owned()), false));
        assert_eq!(desk.import(&bytes), [Change::New]);
    }
    // Where editing the cell would turn the text into a formula, the cell is marked as quoted text.
    let sheet = Filled::new("incidents").row(1, &incident("I-9")).row(1, &[("summary", "=1+1")]);
    let bytes = desk.preview(&sheet.bytes()).copy().unwrap();
    let mut styles = String::new();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    archive.by_name("xl/styles.xml").unwrap().read_to_string(&mut styles).unwrap();
    assert!(styles.contains("quotePrefix=\"1\""));
}

#[test]
fn unseen_characters_are_refused_and_never_written() {
    let desk = Desk::new();
    let sheet = Filled::new("incidents").row(1, &incident("I-1")).row(1, &[("summary", "a\u{7}b")]);
    let preview = desk.preview(&sheet.bytes());
    assert_eq!(wrong(&preview), one("事件!E2"));
    let copy = xlsx::read(&preview.copy().unwrap()).unwrap();
    assert_eq!(copy.sheets[0].cell(1, 4).unwrap().value, Value::Text("a\u{fffd}b".to_owned()));
    assert_eq!(xlsx::shown("工程师\u{202e}甲"), "工程师\u{fffd}甲");
    assert_eq!(xlsx::shown(&"长".repeat(40_000)).chars().count(), 32_767);
    for key in ["code", "responder"] {
        let row = [("responded", "2026-03-02 08:25"), ("responder", "甲"), ("arrangement", "远程")];
        let sheet = Filled::new("incidents").row(1, &incident("I-1")).row(1, &row).row(1, &[(key, "两\n行")]);
        assert_eq!(wrong(&desk.preview(&sheet.bytes())).len(), 1);
    }
}

#[test]
fn merged_and_hidden_cells_are_refused() {
    let desk = Desk::new();
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1")).row(2, &incident("I-2"));
    sheet.sheet().merge_range(1, 4, 2, 4, "同一现象", &Format::new()).unwrap();
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), one("事件!E2"));
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1")).row(2, &incident("I-2"));
    sheet.sheet().set_row_hidden(2).unwrap();
    let preview = desk.preview(&sheet.bytes());
    assert_eq!(wrong(&preview).len(), 4);
    assert_eq!(wrong(&preview)[0], ("事件!A3".to_owned(), "bad-cell".to_owned()));
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1")).row(1, &[("summary", "x")]);
    sheet.sheet().set_column_hidden(4).unwrap();
    sheet.sheet().set_column_hidden(6).unwrap();
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), one("事件!E2"));
}

#[test]
fn a_second_tab_is_read_or_refused() {
    let desk = Desk::new();
    // Of another family: read.
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1"));
    let second = sheet.book.add_worksheet();
    second.set_name("人员").unwrap();
    let roster = families::find("roster").unwrap();
    for (column, i) in roster.columns.iter().zip(0..) {
        second.write_string(4, i, column.en).unwrap();
    }
    for (i, text) in [(1, "甲"), (2, "值班"), (3, "2026-05-01 08:00"), (4, "2026-05-01 20:00")] {
        second.write_string(5, i, text).unwrap();
    }
    let preview = desk.preview(&sheet.bytes());
    assert_eq!(wrong(&preview), []);
    let rows: Vec<_> = preview.rows.iter().map(|row| (row.sheet.as_str(), row.row, row.family)).collect();
    assert_eq!(rows, [("事件", 2, "incidents"), ("人员", 6, "roster")]);
    // Of none: refused at its first cell; on a hidden tab it is some list's, and no row.
    for (hidden, wanted) in [(false, one("备忘!C7")), (true, vec![])] {
        let mut sheet = Filled::new("incidents").row(1, &incident("I-1"));
        let second = sheet.book.add_worksheet();
        second.set_name("备忘").unwrap().set_hidden(hidden);
        second.write_string(6, 2, "明天补").unwrap();
        assert_eq!(wrong(&desk.preview(&sheet.bytes())), wanted);
    }
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1"));
    sheet.book.add_worksheet().set_name("首页").unwrap();
    sheet.sheet().set_hidden(true);
    sheet.book.worksheet_from_index(1).unwrap().set_active(true).set_first_tab(true);
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), one("事件!A1"));
}

#[test]
fn heads_may_be_moved_but_not_lost() {
    let desk = Desk::new();
    let family = families::find("requests").unwrap();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, i) in family.columns.iter().rev().zip(0..) {
        sheet.write_string(2, i, format!(" {} ", column.zh)).unwrap();
        if !column.sample.is_empty() {
            sheet.write_string(3, i, column.sample).unwrap();
        }
    }
    let preview = desk.preview(&book.save_to_buffer().unwrap());
    assert_eq!((wrong(&preview), preview.rows[0].subject.as_str()), (vec![], "R-2026-001"));
    assert_eq!(preview.rows[0].facts.len(), 3);
    // A column of one's own with something in it, one twice, a required one missing.
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1"));
    let past = families::find("incidents").unwrap().columns.len() as u16;
    sheet.sheet().write_string(0, past, "备注").unwrap().write_string(2, past, "急").unwrap();
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), one("事件!W3"));
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1"));
    sheet.sheet().write_string(0, past, "级别").unwrap();
    assert_eq!(wrong(&desk.preview(&sheet.bytes())), one("事件!W1"));
    let mut sheet = Filled::new("incidents").row(1, &incident("I-1"));
    sheet.sheet().write_string(0, 2, "别的").unwrap();
    assert_eq!(wrong(&desk.preview(&sheet.bytes()))[0], one("事件!A1")[0]);
}

#[test]
fn an_overwritten_sample_row_is_not_passed_over() {
    let desk = Desk::new();
    let family = families::find("incidents").unwrap();
    let bytes = form(&[family], &desk.contract, 5).unwrap();
    let book = xlsx::read(&bytes).unwrap();
    let mut out = Workbook::new();
    let sheet = out.add_worksheet();
    for ((row, column), cell) in &book.sheets[0].cells {
        let Value::Text(text) = &cell.value else { panic!("{cell:?}") };
        let text = if (*row, *column) == (5, 1) { "2026-03-02 08:10" } else { text };
        sheet.write_string(*row, *column as u16, text).unwrap();
    }
    assert_eq!(wrong(&desk.preview(&out.save_to_buffer().unwrap())), one("Sheet1!A6"));
}

#[test]
fn words_other_than_the_list_are_refused_or_remarked() {
    let desk = Desk::new();
    let sheet = Filled::new("incidents")
        .row(1, &incident("I-1"))
        .row(1, &[("severity", "Major"), ("channel", "传真")]);
    let preview = desk.preview(&sheet.bytes());
    assert_eq!(wrong(&preview), []);
    let body = &preview.rows[0].facts[0].body;
    assert_eq!((&body["severity"], &body["channel"]), (&json!("major"), &json!("传真")));
    assert_eq!(preview.remarks(opsledger::Lang::En).len(), 1);
    for (key, text, cell) in
        [("severity", "很严重", "C2"), ("affects_use", "大概", "D2"), ("attribution", "天气", "H2")]
    {
        let sheet = Filled::new("incidents").row(1, &incident("I-1")).row(1, &[(key, text)]);
        assert_eq!(wrong(&desk.preview(&sheet.bytes())), one(&format!("事件!{cell}")));
    }
}

#[test]
fn periods_integers_and_decimals() {
    let desk = Desk::new();
    let inspection = |covers: &str| {
        let row = [("at", "2026-03-20 15:00"), ("type", "月度"), ("person", "甲"), ("covers", covers)];
        let preview = desk.preview(&Filled::new("inspections").row(1, &row).bytes());
        match preview.wrong().first() {
            None => Ok(preview.rows[0].facts[0].text("covers").unwrap().to_owned()),
            Some((place, _)) => Err(place.clone()),
        }
    };
    for (text, unit) in [
        ("2026-03", "2026-03"),
        ("２０２６年３月", "2026-03"),
        ("2026/3", "2026-03"),
        ("2026-q1", "2026-Q1"),
        ("2026-W7", "2026-W07"),
        ("2026年3月5日", "2026-03-05"),
        ("2026", "2026"),
    ] {
        assert_eq!(inspection(text), Ok(unit.to_owned()), "{text}");
    }
    for text in ["3月", "2026-13", "2026-Q5", "2026-02-30", "26-03", "2026-03-", "2026-03-05-1"] {
        if text == "2026-03-" {
            continue;
        }
        assert_eq!(inspection(text), Err("巡检!D2".to_owned()), "{text}");
    }
    let work = |minutes: &str| {
        let row = [("at", "2026-03-20 15:00"), ("action", "优化"), ("person", "甲"), ("minutes", minutes)];
        let preview = desk.preview(&Filled::new("work").row(1, &row).bytes());
        preview.wrong().is_empty().then(|| preview.rows[0].facts[0].body["minutes"].clone())
    };
    assert_eq!((work("４０"), work("40.5"), work("-1"), work("四十")), (Some(json!(40)), None, None, None));
    let score = |score: &str| {
        let row = [
            ("code", "R-1"),
            ("opened", "2026-03-02 08:10"),
            ("type", "咨询"),
            ("closed", "2026-03-02 09:00"),
        ];
        let preview = desk.preview(&Filled::new("requests").row(1, &row).row(1, &[("score", score)]).bytes());
        preview.wrong().is_empty().then(|| preview.rows[0].facts[1].body["score"].clone())
    };
    assert_eq!((score("4.50"), score("９５"), score("很好")), (Some(json!("4.5")), Some(json!("95")), None));
}

/// Puts a file into a package again with one part changed.
fn with_part(bytes: &[u8], name: &str, change: impl Fn(String) -> Vec<u8>) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).unwrap();
        let path = file.name().unwrap().to_string();
        let mut held = Vec::new();
        file.read_to_end(&mut held).unwrap();
        if path == name {
            held = change(String::from_utf8(held).unwrap());
        }
        out.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&held).unwrap();
    }
    out.finish().unwrap().into_inner()
}

#[test]
fn what_is_no_workbook_is_refused() {
    let desk = Desk::new();
    let good = Filled::new("incidents").row(1, &incident("I-1")).bytes();
    let refused =
        |bytes: &[u8]| preview(bytes, &desk.contract, &desk.ledger, &Default::default(), now()).unwrap_err();
    for bytes in [&b""[..], b"kind,subject\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &good[..good.len() / 2]] {
        assert_eq!(refused(bytes).code(), Code::BadSheet);
    }
    let cut = with_part(&good, "xl/worksheets/sheet1.xml", |xml| xml.as_bytes()[..xml.len() / 2].to_vec());
    assert_eq!(refused(&cut).code(), Code::BadSheet);
    let none = with_part(&good, "xl/workbook.xml", |_| b"<workbook/>".to_vec());
    assert_eq!(refused(&none).code(), Code::BadSheet);
    let mut empty = Workbook::new();
    empty.add_worksheet();
    assert_eq!(refused(&empty.save_to_buffer().unwrap()).code(), Code::BadSheet);
    // A cell far out is named, and costs no memory.
    let far = with_part(&good, "xl/worksheets/sheet1.xml", |xml| {
        xml.replace("</sheetData>", r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>"#)
            .into_bytes()
    });
    let e = refused(&far);
    assert!(e.code() == Code::BadSheet && e.detail() == "事件!XFD1048576", "{e}");
}

#[test]
fn a_small_file_does_not_unpack_to_any_size() {
    let good = Filled::new("incidents").row(1, &incident("I-1")).bytes();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(good)).unwrap();
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for i in 0..archive.len() {
        out.raw_copy_file(archive.by_index_raw(i).unwrap()).unwrap();
    }
    out.start_file("xl/media/zeros.bin", zip::write::SimpleFileOptions::default()).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..300 {
        out.write_all(&zeros).unwrap();
    }
    let bomb = out.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20);
    let e = xlsx::read(&bomb).unwrap_err();
    assert!(e.code() == Code::BadSheet && e.detail().contains("unpacked"), "{e}");
}

#[test]
fn places_are_named_as_programs_name_them() {
    for (row, column, name) in
        [(0, 0, "T!A1"), (6, 2, "T!C7"), (9, 25, "T!Z10"), (0, 26, "T!AA1"), (0, 16_383, "T!XFD1")]
    {
        assert_eq!(xlsx::place("T", row, column), name);
    }
}
