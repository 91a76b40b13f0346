//! CSV with columns `kind`, `subject`, `at`, `key`, `recorded_at`, `actor.person`, `actor.party`, `body.*`. In: bytes.
//! Out: facts. A cell is read by the type that the table of kinds gives its field; fields that no kind of the file has
//! are kept as text.

use super::Stated;
use crate::calendar::{self, Zone};
use crate::digest;
use crate::error::{Code, Error, Result, err};
use crate::facts::Fact;
use crate::facts::kinds::{self, FieldType, Kind};
use crate::time::{self, Instant};
use csv::StringRecord;
use std::collections::BTreeMap;

/// Largest file, bytes: it is read and recorded as one batch.
pub const MAX_FILE: usize = 256 * 1024 * 1024;
/// The field that says which zone times without an offset were read in.
pub(crate) const STATED_ZONE: &str = "stated_zone";
/// How far a column's name may be from a known field's to be taken for a slip.
const SLIP: usize = 2;

/// Reads a CSV file (UTF-8, with or without a byte order mark). Blanks around a cell are dropped, an empty cell is an
/// absent field, a row without any cell is skipped. Yes or no: `true`, `false`, `yes`, `no`, `1`, `0`, `是`, `否`; lists:
/// `a;b`. Times without an offset take `zone`, and the fact says so (`body.stated_zone`); without `zone` they are
/// refused. A row without `key` gets one made of its content (and of how many such rows came before it), so that the
/// same file twice changes nothing.
///
/// # Errors
/// Category input with the row (the head is row 1); what [`Fact::parse`] answers, with the row.
pub fn read(bytes: &[u8], zone: Option<Zone>) -> Result<Vec<Stated>> {
    Ok(read_rows(bytes, zone)?.into_iter().map(|row| row.stated).collect())
}

/// A fact and the row it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// From 1, the head and blank rows counted, as a sheet shows it.
    pub number: u64,
    /// The fact.
    pub stated: Stated,
}

/// As [`read`], with the number of each row (for errors of a later step).
///
/// # Errors
/// As [`read`].
pub fn read_rows(bytes: &[u8], zone: Option<Zone>) -> Result<Vec<Row>> {
    if bytes.len() > MAX_FILE {
        return Err(Error::new(Code::OutOfRange, format!("{} > {MAX_FILE} bytes", bytes.len()))
            .with_hints("split the file", "请拆分文件"));
    }
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut cursor = Cursor { text: text.as_bytes(), row: 0 };
    let mut record = StringRecord::new();
    let mut sheet = None;
    while reader.read_record(&mut record).map_err(|e| Error::new(Code::BadCsv, e.to_string()))? {
        let row = cursor.row_of(&record);
        match &mut sheet {
            None => sheet = Some(Sheet::new(&record, zone).map_err(|e| e.at_row(row))?),
            Some(sheet) if !record.iter().all(str::is_empty) => {
                sheet.read(row, &record).map_err(|e| if e.row().is_some() { e } else { e.at_row(row) })?;
            }
            Some(_) => {}
        }
    }
    match sheet {
        Some(sheet) => sheet.finish(),
        None => err(Code::EmptyText, "CSV"),
    }
}

/// Rows as a sheet numbers them: the reader skips empty lines without a word.
struct Cursor<'t> {
    text: &'t [u8],
    row: u64,
}

impl Cursor<'_> {
    fn row_of(&mut self, record: &StringRecord) -> u64 {
        let at = record.position().map_or(0, |p| p.byte() as usize);
        // Between \r and \n the reader may stand still inside the end of the row before.
        let inside = at > 0 && self.text[at - 1] == b'\r' && self.text.get(at) == Some(&b'\n');
        let blank = self.text[at + usize::from(inside)..]
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .filter(|b| **b == b'\n')
            .count();
        self.row += blank as u64 + 1;
        self.row
    }
}

fn decode(bytes: &[u8]) -> Result<&str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|e| {
        let at = e.valid_up_to();
        let row = bytes[..at].iter().filter(|b| **b == b'\n').count() as u64 + 1;
        let error = Error::new(Code::BadUtf8, format!("byte {}: 0x{:02x}", at + 1, bytes[at])).at_row(row);
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            error.with_hints("it is UTF-16: save it as CSV UTF-8", "文件为 UTF-16 编码，请另存为 CSV UTF-8")
        } else if looks_like_gbk(&bytes[at..]) {
            error.with_hints(
                "it looks like GBK: save it as CSV UTF-8, or iconv -f GB18030 -t UTF-8",
                "文件看起来是 GBK 编码：请另存为 CSV UTF-8，或用 iconv -f GB18030 -t UTF-8 转换",
            )
        } else {
            error.with_hints("save it as CSV UTF-8", "请另存为 CSV UTF-8")
        }
    })
}

/// Every non-ASCII byte begins a pair that GBK has. (Damaged UTF-8 nearly always breaks this somewhere.)
fn looks_like_gbk(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(first) = bytes.next() {
        match first {
            0..=0x7f => {}
            0x81..=0xfe => match bytes.next() {
                Some(0x40..=0x7e | 0x80..=0xfe) => {}
                _ => return false,
            },
            _ => return false,
        }
    }
    true
}

/// What a column feeds.
#[derive(Clone, Debug, PartialEq)]
enum Column {
    Kind,
    Subject,
    At,
    Key,
    RecordedAt,
    Person,
    Party,
    Body(String),
}

const COLUMNS: &str = "kind, subject, at, key, recorded_at, actor.person, actor.party, body.*";

impl Column {
    fn named(name: &str) -> Option<Column> {
        Some(match name {
            "kind" => Column::Kind,
            "subject" => Column::Subject,
            "at" => Column::At,
            "key" => Column::Key,
            "recorded_at" => Column::RecordedAt,
            "actor.person" => Column::Person,
            "actor.party" => Column::Party,
            _ => Column::Body(name.strip_prefix("body.").filter(|f| !f.is_empty())?.to_owned()),
        })
    }
}

/// The head, and what was read below it.
struct Sheet {
    names: Vec<String>,
    columns: Vec<Column>,
    zone: Option<Zone>,
    rows: Vec<Row>,
    /// How often each content without a key came.
    seen: BTreeMap<String, u64>,
}

impl Sheet {
    fn new(head: &StringRecord, zone: Option<Zone>) -> Result<Sheet> {
        let names: Vec<String> = head.iter().map(str::to_owned).collect();
        let mut columns = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let column = Column::named(name).ok_or_else(|| {
                Error::new(Code::BadCsv, format!("column {}: {name:?}", i + 1)).with_hint(COLUMNS)
            })?;
            if columns.contains(&column) {
                return Err(Error::new(Code::BadCsv, format!("column {}: {name:?}", i + 1))
                    .with_hints("the column stands twice", "该列重复"));
            }
            columns.push(column);
        }
        for needed in [Column::Kind, Column::At] {
            if !columns.contains(&needed) {
                let name = if needed == Column::Kind { "kind" } else { "at" };
                return Err(Error::new(Code::MissingField, format!("column {name:?}")).with_hint(COLUMNS));
            }
        }
        Ok(Sheet { names, columns, zone, rows: Vec::new(), seen: BTreeMap::new() })
    }

    fn read(&mut self, number: u64, record: &StringRecord) -> Result<()> {
        let surplus = record.iter().skip(self.columns.len()).any(|cell| !cell.is_empty());
        if surplus || record.len() < self.columns.len() {
            return Err(Error::new(Code::BadCsv, format!("{} != {}", record.len(), self.columns.len()))
                .with_hints(
                    "the row has more or fewer cells than the head; quote cells that hold a comma",
                    "该行的单元格数与表头不一致；含逗号的单元格请加引号",
                ));
        }
        let (mut fact, recorded_at) = self.fact(record)?;
        if fact.key.is_none() {
            fact.key = Some(self.made_key(&fact, recorded_at)?);
        }
        self.rows.push(Row { number, stated: (fact, recorded_at) });
        Ok(())
    }

    fn fact(&self, record: &StringRecord) -> Result<Stated> {
        let kind = self.cell(record, &Column::Kind).and_then(kinds::find);
        let mut top = Object::default();
        let (mut actor, mut body) = (Object::default(), Object::default());
        let mut zone_used = false;
        for ((column, name), cell) in self.columns.iter().zip(&self.names).zip(record) {
            if cell.is_empty() {
                continue;
            }
            match column {
                Column::Kind | Column::Subject | Column::Key => top.text(name, cell),
                Column::At | Column::RecordedAt => top.text(name, &self.time(name, cell, &mut zone_used)?),
                Column::Person => actor.text("person", cell),
                Column::Party => actor.text("party", cell),
                Column::Body(field) => {
                    body.json(field, &self.value(kind, name, field, cell, &mut zone_used)?);
                }
            }
        }
        if let (true, Some(zone)) = (zone_used, self.zone) {
            body.text(STATED_ZONE, zone.name());
        }
        for (name, object) in [("actor", actor), ("body", body)] {
            if !object.is_empty() {
                top.json(name, &object.close());
            }
        }
        Fact::parse_stated(&top.close())
    }

    fn cell<'r>(&self, record: &'r StringRecord, column: &Column) -> Option<&'r str> {
        record.get(self.columns.iter().position(|c| c == column)?)
    }

    /// The cell as JSON, by the field's type.
    fn value(
        &self,
        kind: Option<&Kind>,
        name: &str,
        field: &str,
        cell: &str,
        zone_used: &mut bool,
    ) -> Result<String> {
        let wrong = |hint: &str| Error::new(Code::WrongType, format!("{name} = {cell:?}")).with_hint(hint);
        let Some(field) = kind.and_then(|k| k.field(field)) else { return Ok(quoted(cell)) };
        Ok(match field.ty {
            FieldType::Instant => quoted(&self.time(name, cell, zone_used)?),
            FieldType::DateOrInstant if cell.len() > "2026-01-01".len() => {
                quoted(&self.time(name, cell, zone_used)?)
            }
            FieldType::Integer | FieldType::Seq => cell.parse::<i64>().map_err(|_| wrong("42"))?.to_string(),
            FieldType::Bool => match cell.to_lowercase().as_str() {
                "true" | "yes" | "1" | "是" => "true".to_owned(),
                "false" | "no" | "0" | "否" => "false".to_owned(),
                _ => return Err(wrong("true, false")),
            },
            FieldType::Decimal => quoted(plain_decimal(cell)),
            FieldType::Texts => {
                let items = cell.split([';', '；']).map(str::trim).filter(|s| !s.is_empty()).map(quoted);
                format!("[{}]", items.collect::<Vec<_>>().join(","))
            }
            FieldType::Any => match serde_json::from_str::<serde_json::Value>(cell) {
                Ok(_) => cell.to_owned(),
                Err(_) => quoted(cell),
            },
            FieldType::Text | FieldType::DateOrInstant | FieldType::Duration | FieldType::OneOf(_) => {
                quoted(cell)
            }
        })
    }

    /// Canonical text of a time that may lack its offset.
    fn time(&self, name: &str, cell: &str, zone_used: &mut bool) -> Result<String> {
        let at = match (self.zone, calendar::is_local_time(cell)) {
            (Some(zone), true) => {
                *zone_used = true;
                zone.parse_local(cell)
            }
            (None, true) => err(Code::NaiveTime, format!("{cell:?}")),
            (_, false) => time::parse_instant(cell),
        };
        time::canonical_instant(at.map_err(|e| e.in_field(name))?)
    }

    fn made_key(&mut self, fact: &Fact, recorded_at: Option<Instant>) -> Result<String> {
        let mut content = fact.canonical()?;
        if let Some(at) = recorded_at {
            content.push_str(&time::canonical_instant(at)?);
        }
        let digest = digest::sm3_hex(content.as_bytes());
        let before = self.seen.entry(digest.clone()).or_default();
        *before += 1;
        Ok(if *before == 1 { format!("csv:{digest}") } else { format!("csv:{digest}:{before}") })
    }

    fn finish(self) -> Result<Vec<Row>> {
        for (name, column) in self.names.iter().zip(&self.columns) {
            let Column::Body(field) = column else { continue };
            self.check_slip(name, field)?;
        }
        Ok(self.rows)
    }

    /// `body.impct` would be kept as a field of the caller's own and the impact read as absent.
    fn check_slip(&self, name: &str, field: &str) -> Result<()> {
        let kinds: BTreeMap<_, _> =
            self.rows.iter().map(|r| (r.stated.0.kind.name, r.stated.0.kind)).collect();
        let known: Vec<&str> = kinds.values().flat_map(|k| k.fields).map(|f| f.name).collect();
        if known.contains(&field) {
            return Ok(());
        }
        let distance = |known: &str| strsim::osa_distance(known, field);
        match known.iter().find(|k| distance(k) <= SLIP.min(field.len() / 3)) {
            Some(known) => Err(Error::new(Code::BadCsv, format!("column {name:?}"))
                .at_row(1)
                .with_hints(format!("did you mean body.{known}?"), format!("是否应为 body.{known}？"))),
            None => Ok(()),
        }
    }
}

/// Sheets show `93.50` where a fact says `93.5`; the value is the same.
pub(crate) fn plain_decimal(cell: &str) -> &str {
    match cell.contains('.') {
        true => cell.trim_end_matches('0').trim_end_matches('.'),
        false => cell,
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A JSON object being written. The facts' own strict reader reads it.
#[derive(Default)]
struct Object(String);

impl Object {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    fn text(&mut self, key: &str, value: &str) {
        self.json(key, &quoted(value));
    }
    fn json(&mut self, key: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quoted(key));
        self.0.push(':');
        self.0.push_str(value);
    }
    fn close(self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { self.0 + "}" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Lang;

    fn shanghai() -> Option<Zone> {
        Some(Zone::parse("Asia/Shanghai").unwrap())
    }

    fn refused(text: &str) -> Error {
        read(text.as_bytes(), None).unwrap_err()
    }

    fn canonical(text: &str) -> Vec<String> {
        let facts = read_rows(text.as_bytes(), shanghai()).unwrap();
        facts.into_iter().map(|row| Fact { key: None, ..row.stated.0 }.canonical().unwrap()).collect()
    }

    #[test]
    fn cells_take_the_type_of_their_field() {
        let facts = canonical(
            "\u{feff}kind,subject,at,body.systems,body.start,body.end,body.affects_use,body.count,body.score,body.level,body.note\r\n\
             maintenance.approve,W-1,2026-03-01T00:00:00Z,portal;api； 学员端,2026-03-02T00:00:00Z,2026-03-02T01:00:00+00:00,,,,,\"a, \"\"b\"\"\"\r\n\
             incident.report,I-1,2026-03-01T00:00:00Z,,,,是,,,,\r\n\
             errorlog.register,E-1,2026-03-01T00:00:00Z,,,,,12,,,\r\n\
             request.close,R-1,2026-03-01T00:00:00Z,,,,,,93.50,,\r\n\
             backup.verify,B-1,2026-03-01T00:00:00Z,,,,,,,3,\r\n",
        );
        assert_eq!(
            facts,
            [
                r#"{"at":"2026-03-01T00:00:00.000000Z","body":{"end":"2026-03-02T01:00:00.000000Z","note":"a, \"b\"","start":"2026-03-02T00:00:00.000000Z","systems":["portal","api","学员端"]},"kind":"maintenance.approve","subject":"W-1"}"#,
                r#"{"at":"2026-03-01T00:00:00.000000Z","body":{"affects_use":true},"kind":"incident.report","subject":"I-1"}"#,
                r#"{"at":"2026-03-01T00:00:00.000000Z","body":{"count":12},"kind":"errorlog.register","subject":"E-1"}"#,
                r#"{"at":"2026-03-01T00:00:00.000000Z","body":{"score":"93.5"},"kind":"request.close","subject":"R-1"}"#,
                r#"{"at":"2026-03-01T00:00:00.000000Z","body":{"level":3},"kind":"backup.verify","subject":"B-1"}"#,
            ]
        );
    }

    #[test]
    fn local_times_take_the_zone_and_say_so() {
        let text = "kind,subject,at,recorded_at,actor.party,body.system\noutage.start,O-1,2026/3/2 8:10,2026-03-02 09:00,supplier,portal\n";
        let (fact, recorded_at) = read(text.as_bytes(), shanghai()).unwrap().remove(0);
        assert_eq!(fact.at, time::parse_instant("2026-03-02T00:10:00Z").unwrap());
        assert_eq!(recorded_at, Some(time::parse_instant("2026-03-02T01:00:00Z").unwrap()));
        assert_eq!(fact.text(STATED_ZONE), Some("Asia/Shanghai"));
        assert_eq!(fact.party(), Some("supplier"));
        let e = refused(text);
        assert_eq!((e.code(), e.row(), e.detail()), (Code::NaiveTime, Some(2), "at = \"2026/3/2 8:10\""));
        let stated = "kind,subject,at,body.system\noutage.start,O-1,2026-03-02T08:10:00+08:00,portal\n";
        assert_eq!(read(stated.as_bytes(), shanghai()).unwrap()[0].0.text(STATED_ZONE), None);
    }

    #[test]
    fn the_same_file_gives_the_same_keys_and_equal_rows_stay_two() {
        let row = "watch.seen,,2026-03-02T00:00:00Z\n";
        let keys = |text: &str| -> Vec<_> {
            read(text.as_bytes(), None).unwrap().into_iter().map(|(fact, _)| fact.key.unwrap()).collect()
        };
        let once = keys(&format!("kind,subject,at\n{row}{row}"));
        assert_ne!(once[0], once[1]);
        assert_eq!(once, keys(&format!("at,kind\n{}", "2026-03-02T00:00:00Z,watch.seen\n".repeat(2))));
        assert_eq!(keys("kind,at,key\nwatch.seen,2026-03-02T00:00:00Z,mine\n"), ["mine"]);
    }

    #[test]
    fn rows_are_counted_as_a_sheet_counts_them() {
        for end in ["\n", "\r\n"] {
            let text = [
                "kind,subject,at,body.system",
                "",
                "outage.start,O-1,2026-03-02T00:00:00Z,\"por\ntal\"",
                ",,,",
                "",
                "",
                "outage.end,O-1,never,",
            ]
            .join(end);
            let e = refused(&text);
            assert_eq!((e.code(), e.row()), (Code::BadTime, Some(7)), "{e}");
            let good = text.replace("never", "2026-03-02T01:00:00Z");
            let rows = read_rows(good.as_bytes(), None).unwrap();
            assert_eq!(rows.iter().map(|r| r.number).collect::<Vec<_>>(), [3, 7]);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: &[(&str, Code, Option<u64>, &str)] = &[
            ("", Code::EmptyText, None, "CSV"),
            ("kind,when,at\n", Code::BadCsv, Some(1), "when"),
            ("kind,body.\n", Code::BadCsv, Some(1), "body."),
            ("kind,at,at\n", Code::BadCsv, Some(1), "twice"),
            ("kind,subject\n", Code::MissingField, Some(1), "\"at\""),
            ("at,subject\n", Code::MissingField, Some(1), "\"kind\""),
            ("kind,at\nwatch.seen\n", Code::BadCsv, Some(2), "cells"),
            ("kind,at\nwatch.seen,2026-03-02T00:00:00Z,x\n", Code::BadCsv, Some(2), "cells"),
            ("kind,at\n,2026-03-02T00:00:00Z\n", Code::MissingField, Some(2), "kind"),
            ("kind,at\noutage,2026-03-02T00:00:00Z\n", Code::UnknownKind, Some(2), "outage.start"),
            (
                "kind,subject,at\noutage.start,O-1,2026-03-02T00:00:00Z\n",
                Code::MissingField,
                Some(2),
                "body.system",
            ),
            (
                "kind,at,body.entry,body.reason\nfact.dispute,2026-03-02T00:00:00Z,one,r\n",
                Code::WrongType,
                Some(2),
                "body.entry = \"one\"",
            ),
            (
                "kind,subject,at,body.affects_use\nincident.report,I-1,2026-03-02T00:00:00Z,maybe\n",
                Code::WrongType,
                Some(2),
                "body.affects_use",
            ),
            (
                "kind,subject,at,body.system,body.impct\noutage.start,O-1,2026-03-02T00:00:00Z,portal,partial\n",
                Code::BadCsv,
                Some(1),
                "body.impact",
            ),
            (
                "kind,subject,at,body.start,body.end\nmaintenance.approve,W,2026-03-02T00:00:00Z,2026-03-02T02:00:00Z,2026-03-02T02:00:00Z\n",
                Code::EndBeforeStart,
                Some(2),
                "body.end",
            ),
        ];
        for (text, code, row, named) in cases {
            let e = refused(text);
            assert_eq!((e.code(), e.row()), (*code, *row), "{text}: {e}");
            assert!(e.to_string().contains(named), "{text}: {e}");
        }
    }

    #[test]
    fn other_encodings_are_recognised() {
        let gbk = b"kind,subject,at,body.system\noutage.start,O-1,2026-03-02T00:00:00Z,\xb5\xc7\xc2\xbc\n";
        let e = read(gbk, None).unwrap_err();
        assert_eq!((e.code(), e.row()), (Code::BadUtf8, Some(2)));
        assert!(e.text(Lang::Zh).contains("GBK"), "{}", e.text(Lang::Zh));
        let e = read(b"\xff\xfek\0i\0", None).unwrap_err();
        assert!(e.to_string().contains("UTF-16"), "{e}");
        let e = read("kind,é".as_bytes().split_last().unwrap().1, None).unwrap_err();
        assert!(e.code() == Code::BadUtf8 && !e.to_string().contains("GBK"), "{e}");
    }
}
