//! A ledger, and workbooks to be filled.

use opsledger::contract::Contract;
use opsledger::error::Lang;
use opsledger::facts::{Entry, Fact};
use opsledger::ledger::{Ledger, Options};
use opsledger::sheets::{Change, Family, Preview, Who, families, preview};
use opsledger::time::{Instant, parse_instant};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use serde_json::Value;

pub(crate) const CONTRACT: &str = r#"format = 1
id = "portal"
title = "门户运维"
timezone = "Asia/Shanghai"
holidays = "CN"
period = { start = "2026-01-01", end = "2026-12-31" }
[accounting]
assume_watched = true
[agreement]
needs = ["outage.void", "exclusion.approve", "incident.withdraw", "maintenance.approve", "attribution", "lowering", "late-pause"]
[[clause]]
id = "long"
rule = "outage-count"
at_least = "1h"
max = 1
[[clause]]
id = "respond"
rule = "deadline"
from = "incident.report"
to = "incident.respond"
needs = ["person", "arrangement"]
within = "1h"
"#;

pub(crate) fn contract() -> Contract {
    Contract::parse(CONTRACT).unwrap()
}

/// An instant of the contract's zone: `2026-03-02 08:10`.
pub(crate) fn at(text: &str) -> Instant {
    parse_instant(&format!("{}:00+08:00", text.replace(' ', "T"))).unwrap()
}

/// When the sheets are imported.
pub(crate) fn now() -> Instant {
    at("2026-04-02 09:00")
}

pub(crate) struct Desk {
    _folder: tempfile::TempDir,
    pub(crate) ledger: Ledger,
    pub(crate) contract: Contract,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { create: true, ..Options::default() };
        let ledger = Ledger::open(&folder.path().join("l"), &options).unwrap();
        Desk { _folder: folder, ledger, contract: contract() }
    }
    pub(crate) fn preview_at(&self, bytes: &[u8], now: Instant) -> Preview {
        let who = Who { person: Some("测试员01".to_owned()), party: Some("supplier".to_owned()) };
        preview(bytes, &self.contract, &self.ledger, &who, now).unwrap()
    }
    pub(crate) fn preview(&self, bytes: &[u8]) -> Preview {
        self.preview_at(bytes, now())
    }
    /// Records a sheet whose cells are all right; the change of each row.
    #[track_caller]
    pub(crate) fn import_at(&self, bytes: &[u8], now: Instant) -> Vec<Change> {
        let preview = self.preview_at(bytes, now);
        assert_eq!(wrong(&preview), [] as [(String, String); 0]);
        preview.record(&self.ledger, now).unwrap();
        preview.rows.iter().map(|row| row.change).collect()
    }
    #[track_caller]
    pub(crate) fn import(&self, bytes: &[u8]) -> Vec<Change> {
        self.import_at(bytes, now())
    }
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.ledger.entries(1, 1000).unwrap()
    }
    /// Kind, subject and body of each entry, without the zone that each says it was read in.
    pub(crate) fn facts(&self) -> Vec<(String, String, Value)> {
        let told = |e: Entry| {
            let mut body = e.fact.body.clone();
            body.remove("stated_zone");
            (e.fact.kind_name().to_owned(), e.fact.subject.clone(), Value::Object(body))
        };
        self.entries().into_iter().map(told).collect()
    }
    pub(crate) fn append(&self, fact: &str, now: Instant) {
        self.ledger.append(&[Fact::parse(fact).unwrap()], now).unwrap();
    }
}

/// Wrong cells: place and code.
pub(crate) fn wrong(preview: &Preview) -> Vec<(String, String)> {
    preview.wrong().into_iter().map(|(place, e)| (place, e.code().info().name.to_owned())).collect()
}

/// Their places and Chinese texts.
pub(crate) fn told(preview: &Preview) -> Vec<(String, String)> {
    preview.wrong().into_iter().map(|(place, e)| (place, e.text(Lang::Zh))).collect()
}

/// A workbook in the making: rows of a family below its heads, the heads in row 1.
pub(crate) struct Filled {
    pub(crate) book: Workbook,
    family: &'static Family,
}

impl Filled {
    pub(crate) fn new(name: &str) -> Filled {
        let family = families::find(name).unwrap();
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.set_name(family.zh).unwrap();
        for (column, i) in family.columns.iter().zip(0..) {
            sheet.write_string(0, i, column.zh).unwrap();
        }
        Filled { book, family }
    }
    pub(crate) fn sheet(&mut self) -> &mut Worksheet {
        self.book.worksheet_from_index(0).unwrap()
    }
    /// Place of a column.
    pub(crate) fn column(&self, key: &str) -> u16 {
        let found = self.family.columns.iter().position(|c| c.key == key);
        found.unwrap_or_else(|| panic!("{key}")) as u16
    }
    /// Fills a row (from 1, below the head) with texts.
    pub(crate) fn row(mut self, row: u32, cells: &[(&str, &str)]) -> Filled {
        for (key, text) in cells {
            let column = self.column(key);
            self.sheet().write_string(row, column, *text).unwrap();
        }
        self
    }
    /// A true date cell: `2026-03-02 08:10:00`.
    pub(crate) fn date(mut self, row: u32, key: &str, text: &str) -> Filled {
        let column = self.column(key);
        let format = Format::new().set_num_format("yyyy-mm-dd hh:mm");
        let date = ExcelDateTime::parse_from_str(text).unwrap();
        self.sheet().write_datetime_with_format(row, column, &date, &format).unwrap();
        self
    }
    pub(crate) fn number(mut self, row: u32, key: &str, number: f64) -> Filled {
        let column = self.column(key);
        self.sheet().write_number(row, column, number).unwrap();
        self
    }
    pub(crate) fn bytes(mut self) -> Vec<u8> {
        self.book.save_to_buffer().unwrap()
    }
}

/// An incident reported on the 2 March.
pub(crate) fn incident(code: &str) -> Vec<(&str, &str)> {
    vec![("code", code), ("reported", "2026-03-02 08:10"), ("severity", "严重"), ("affects_use", "是")]
}
