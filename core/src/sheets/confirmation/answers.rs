//! The sheet that came back: its opinions as facts, after every line was found to be what the ledger holds.

use super::{
    CONFIRM, Cases, DISPUTE, HEAD_SEQ, HEAD_SM3, LABELS, MONTH, PARTY, TAB, cases, digest_of, may_answer,
    recorded, stem, words,
};
use crate::contract::Contract;
use crate::digest;
use crate::error::{Code, Error, Result};
use crate::facts::{Entry, Fact};
use crate::ledger::{Imported, Ledger};
use crate::sheets::cell::told;
use crate::sheets::local;
use crate::table::xlsx::{self, Sheet, Value};
use crate::time::{Instant, canonical_instant};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The opinions of a sheet.
#[derive(Debug)]
pub struct Answers {
    /// In the sheet's order; rows without an opinion are not among them.
    pub answers: Vec<Answer>,
    /// Wrong cells: place and what is wrong. With one, nothing is recorded.
    pub wrong: Vec<(String, Error)>,
    /// Rows without an opinion.
    pub open: usize,
}

/// One opinion.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// From 1.
    pub row: u32,
    /// The entry it speaks of.
    pub entry: u64,
    /// Confirmed, else disputed.
    pub confirms: bool,
    /// What it would record; none where it was recorded before.
    pub fact: Option<Fact>,
}

impl Answers {
    /// Records the opinions: all or nothing.
    ///
    /// # Errors
    /// The first wrong cell, if there is one; as [`Ledger::import`].
    pub fn record(&self, ledger: &Ledger, now: Instant) -> Result<Imported> {
        if let Some((_, error)) = self.wrong.first() {
            return Err(error.clone());
        }
        let facts: Vec<_> = self.answers.iter().filter_map(|a| Some((a.fact.clone()?, None))).collect();
        ledger.import(&facts, now, false)
    }
}

/// Columns of the sheet by their heads.
struct Columns {
    head: u32,
    by_name: BTreeMap<&'static str, u32>,
}

/// Reads a filled confirmation sheet; records nothing. `person` gives the opinions, for the party the sheet was written for.
///
/// # Errors
/// `bad-sheet`; `other-sheet` where contract or ledger are not the sheet's. Everything else is in the answers.
pub fn read(
    bytes: &[u8],
    contract: &Contract,
    ledger: &Ledger,
    person: &str,
    now: Instant,
) -> Result<Answers> {
    if person.trim().is_empty() {
        return Err(Error::new(Code::EmptyText, "person"));
    }
    let book = xlsx::read(bytes)?;
    let Some((sheet, columns)) = book.sheets.iter().find_map(|sheet| Some((sheet, columns(sheet)?))) else {
        return Err(Error::new(Code::BadSheet, TAB).with_hints(
            "it has no list to confirm; write one with opsledger form confirmation",
            "其中没有待确认的列表；请用 opsledger form confirmation 生成",
        ));
    };
    let about = about(sheet, &columns, contract, ledger)?;
    let mut reader = Reader {
        sheet,
        columns: &columns,
        contract,
        person,
        now,
        mark: format!(
            "sheet:confirm:{}:{}:{}",
            about.month,
            about.party,
            &about.head[..16.min(about.head.len())]
        ),
        about,
        evidence: digest::sm3_hex(bytes),
        out: Answers { answers: Vec::new(), wrong: Vec::new(), open: 0 },
    };
    // Below the Chinese heads stand the English ones.
    let english = |row: u32| plain(sheet, row, columns.by_name["意见"]).as_deref() == Some("Opinion");
    let below = |row: &u32| *row > columns.head && !(*row == columns.head + 1 && english(*row));
    let rows: Vec<u32> = sheet.rows().into_iter().filter(below).collect();
    let lines = reader.lines(&rows, ledger)?;
    let statements = statements(ledger, lines.iter().map(|(_, entry, _)| entry.seq).collect())?;
    let known = cases(ledger, lines.iter().map(|(_, entry, _)| stem(entry)).collect())?;
    for (row, entry, (confirms, reason)) in lines {
        reader.answer(row, &entry, confirms, reason, &known, &statements)?;
    }
    reader.out.wrong.sort_by(|a, b| a.0.len().cmp(&b.0.len()).then(a.0.cmp(&b.0)));
    Ok(reader.out)
}

/// Where the heads stand; none where the tab is not the list.
fn columns(sheet: &Sheet) -> Option<Columns> {
    const HEADS: [&str; 8] = ["事项", "发生时间", "记录时间", "记录方", "意见", "理由", "记录号", "记录摘要"];
    sheet.rows().into_iter().take(30).find_map(|row| {
        let cells = || sheet.cells.range((row, 0)..(row + 1, 0));
        let place =
            |name: &str| cells().find(|(_, c)| matches!(&c.value, Value::Text(t) if t.trim() == name));
        let by_name: Option<BTreeMap<_, _>> =
            HEADS.iter().map(|name| place(name).map(|((_, column), _)| (*name, *column))).collect();
        by_name.map(|by_name| Columns { head: row, by_name })
    })
}

/// What the sheet says it is.
struct About {
    month: String,
    party: &'static str,
    head: String,
    head_seq: u64,
}

fn about(sheet: &Sheet, columns: &Columns, contract: &Contract, ledger: &Ledger) -> Result<About> {
    let beside = |label: &str| -> Result<(String, String)> {
        let mut above = sheet.cells.range(..(columns.head, 0));
        let at =
            above.find(|(_, c)| matches!(&c.value, Value::Text(t) if t.trim() == label)).map(|(at, _)| *at);
        let found = at.and_then(|(row, column)| {
            let text = plain(sheet, row, column + 1)?;
            Some((sheet.place(row, column + 1), text))
        });
        found.ok_or_else(|| Error::new(Code::SheetChanged, format!("{}: {label}", sheet.name)))
    };
    let other = |(place, found): &(String, String), wanted: &str| {
        Err(Error::new(Code::OtherSheet, format!("{place} = {found:?}, not {wanted:?}")))
    };
    let id = beside(LABELS.contract)?;
    if id.1 != contract.id {
        return other(&id, &contract.id);
    }
    let (seq, sm3) = (beside(HEAD_SEQ)?, beside(HEAD_SM3)?);
    let head = match seq.1.parse::<u64>() {
        Ok(seq) => ledger.head_at(seq)?,
        Err(_) => None,
    };
    let Some(head) = head else { return other(&seq, &ledger.head()?.seq.to_string()) };
    if head.sm3 != sm3.1 {
        return other(&sm3, &head.sm3);
    }
    let party = beside(PARTY)?;
    let party = match party.1.as_str() {
        "采购方" => "buyer",
        "供应商" => "supplier",
        _ => return Err(Error::new(Code::SheetChanged, format!("{} = {:?}", party.0, party.1))),
    };
    Ok(About { month: beside(MONTH)?.1, party, head: head.sm3, head_seq: head.seq })
}

/// Text or number of a cell, trimmed.
fn plain(sheet: &Sheet, row: u32, column: u32) -> Option<String> {
    match &sheet.cell(row, column)?.value {
        Value::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.clone()),
        Value::Nothing => None,
        other => Some(told(other)),
    }
}

/// What a party said of an entry.
#[derive(Clone)]
struct Statement {
    seq: u64,
    party: Option<String>,
    confirms: bool,
    key: String,
}

/// All statements on these entries, in one pass over the ledger.
fn statements(ledger: &Ledger, wanted: BTreeSet<u64>) -> Result<BTreeMap<u64, Vec<Statement>>> {
    const PAGE: u64 = 20_000;
    let mut out: BTreeMap<u64, Vec<Statement>> = BTreeMap::new();
    let mut from = 1;
    while !wanted.is_empty() {
        let page = ledger.read(from, PAGE)?;
        let Some(last) = page.last().map(|record| record.seq) else { break };
        for record in page {
            if !["\"kind\":\"fact.", "\"kind\":\"dispute."].iter().any(|kind| record.fact.contains(kind)) {
                continue;
            }
            let fact = Fact::parse_stored(&record.fact)?;
            let number = |field: &str| fact.body.get(field).and_then(serde_json::Value::as_u64);
            let (first, end) = match (number("entry"), number("from"), number("to")) {
                (Some(entry), ..) => (entry, entry),
                (None, Some(from), Some(to)) => (from, to),
                _ => continue,
            };
            let confirms = match fact.kind_name() {
                "fact.confirm" => true,
                "dispute.resolve" => fact.text("outcome") == Some("upheld"),
                _ => false,
            };
            for entry in wanted.range(first..=end) {
                out.entry(*entry).or_default().push(Statement {
                    seq: record.seq,
                    party: fact.party().map(str::to_owned),
                    confirms,
                    key: fact.key.clone().unwrap_or_default(),
                });
            }
        }
        from = last + 1;
    }
    Ok(out)
}

struct Reader<'a> {
    sheet: &'a Sheet,
    columns: &'a Columns,
    contract: &'a Contract,
    person: &'a str,
    now: Instant,
    about: About,
    /// How the keys of this sheet's facts begin.
    mark: String,
    /// SM3 of the file.
    evidence: String,
    out: Answers,
}

type Opinion = (bool, Option<String>);

impl Reader<'_> {
    fn at(&self, name: &str) -> u32 {
        self.columns.by_name.get(name).copied().unwrap_or_default()
    }

    fn fail(&mut self, row: u32, name: &str, code: Code, what: &str, hints: (&str, &str)) {
        let place = self.sheet.place(row, self.at(name));
        let blank = if what.is_empty() { "" } else { " = " };
        let error = Error::new(code, format!("{place} {name}{blank}{what}"));
        let error = if hints.0.is_empty() { error } else { error.with_hints(hints.1, hints.0) };
        self.out.wrong.push((place, error));
    }

    /// Rows with an opinion, whose entry is the ledger's and may be answered.
    fn lines(&mut self, rows: &[u32], ledger: &Ledger) -> Result<Vec<(u32, Entry, Opinion)>> {
        let mut lines = Vec::new();
        for row in rows {
            let number = plain(self.sheet, *row, self.at("记录号"));
            let listed = number.as_deref().is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()));
            let Some(opinion) = self.opinion(*row, listed) else { continue };
            let Some(seq) = number.filter(|_| listed).and_then(|n| n.parse::<u64>().ok()) else {
                self.fail(*row, "记录号", Code::SheetChanged, "", ("", ""));
                continue;
            };
            let entry =
                ledger.entries(seq, 1)?.into_iter().find(|e| e.seq == seq && seq <= self.about.head_seq);
            let Some(entry) = entry else {
                self.fail(*row, "记录号", Code::SheetChanged, &seq.to_string(), ("", ""));
                continue;
            };
            if plain(self.sheet, *row, self.at("记录摘要")).as_deref() != Some(&digest_of(&entry)?) {
                self.fail(*row, "记录摘要", Code::SheetChanged, "", ("", ""));
                continue;
            }
            if !may_answer(&entry, self.about.party) {
                self.fail(*row, "意见", Code::SameParty, "", ("", ""));
                continue;
            }
            lines.push((*row, entry, opinion));
        }
        Ok(lines)
    }

    fn opinion(&mut self, row: u32, listed: bool) -> Option<Opinion> {
        let (said, reason) =
            (plain(self.sheet, row, self.at("意见")), plain(self.sheet, row, self.at("理由")));
        let said = said.filter(|said| said != "—");
        let covered = self.sheet.merged.iter().any(|area| {
            (area.start.0..=area.end.0).contains(&row)
                && (area.start.1..=area.end.1).contains(&self.at("意见"))
        });
        let formula = self.sheet.cell(row, self.at("意见")).is_some_and(|cell| cell.formula);
        let hidden = self.sheet.hides_row(row) || self.sheet.hides_column(self.at("意见"));
        if listed && (formula || covered || (hidden && said.is_some())) {
            self.fail(
                row,
                "意见",
                Code::BadCell,
                "",
                (
                    "请勿合并、隐藏或写公式，直接选择 确认 或 异议",
                    "do not merge, hide or compute it: choose 确认 or 异议",
                ),
            );
            return None;
        }
        match said.as_deref() {
            None if listed && reason.as_deref().is_some_and(|r| r != "己方记录，由对方确认") => {
                self.fail(
                    row,
                    "意见",
                    Code::MissingField,
                    "",
                    ("已写理由，请选择 确认 或 异议", "a reason is given: choose 确认 or 异议"),
                );
                None
            }
            None => {
                self.out.open += usize::from(listed);
                None
            }
            Some(CONFIRM | "confirm") => Some((true, None)),
            Some(DISPUTE | "dispute" | "object") if reason.is_none() => {
                self.fail(
                    row,
                    "理由",
                    Code::MissingField,
                    "",
                    ("提出异议须写理由", "an objection needs its reason"),
                );
                None
            }
            Some(DISPUTE | "dispute" | "object") => Some((false, reason)),
            Some(other) => {
                self.fail(
                    row,
                    "意见",
                    Code::UnknownWord,
                    &format!("{other:?}"),
                    ("请选择 确认 或 异议", "choose 确认 or 异议"),
                );
                None
            }
        }
    }

    fn answer(
        &mut self,
        row: u32,
        entry: &Entry,
        confirms: bool,
        reason: Option<String>,
        cases: &Cases,
        statements: &BTreeMap<u64, Vec<Statement>>,
    ) -> Result<()> {
        // What was signed is what was read: the words must be those of the entry.
        let case: Vec<Entry> = cases.get(&stem(entry)).into_iter().flatten().cloned().collect();
        let zone = self.contract.zone;
        let shown = [
            ("事项", words::what(entry, &case, zone)),
            ("发生时间", local(entry.fact.at, zone)),
            ("记录时间", recorded(entry, zone)),
            ("记录方", words::by(entry)),
        ];
        for (name, wanted) in shown {
            if plain(self.sheet, row, self.at(name)).as_deref() != Some(xlsx::shown(&wanted).trim()) {
                let found = self.sheet.cell(row, self.at(name)).map_or(String::new(), |c| told(&c.value));
                self.fail(row, name, Code::SheetChanged, &found, ("", ""));
                return Ok(());
            }
        }
        let own = |s: &&Statement| s.party.as_deref() == Some(self.about.party);
        let said: Vec<&Statement> = statements.get(&entry.seq).into_iter().flatten().filter(own).collect();
        let of_this = |s: &&&Statement| s.key.starts_with(&self.mark);
        let fact = match said.last() {
            Some(last) if last.confirms == confirms => None,
            // Said on this very sheet before, and taken back since elsewhere: the newer word stands.
            Some(last) if !of_this(&last) && said.iter().any(|s| of_this(&s) && s.confirms == confirms) => {
                None
            }
            Some(last) if !of_this(&last) && last.seq > self.about.head_seq => {
                let seq = last.seq.to_string();
                self.fail(
                    row,
                    "意见",
                    Code::SheetChanged,
                    &format!("#{seq}"),
                    (
                        "生成本表之后，己方已对该记录另有表态",
                        "since the sheet was written, the same party has said otherwise",
                    ),
                );
                return Ok(());
            }
            last => Some(self.fact(entry.seq, confirms, reason, last.map_or(0, |s| s.seq))?),
        };
        self.out.answers.push(Answer { row: row + 1, entry: entry.seq, confirms, fact });
        Ok(())
    }

    fn fact(&self, entry: u64, confirms: bool, reason: Option<String>, after: u64) -> Result<Fact> {
        let mut body = json!({ "entry": entry });
        if let Some(reason) = reason {
            body["reason"] = reason.into();
        }
        let kind = if confirms { "fact.confirm" } else { "fact.dispute" };
        let fact = json!({
            "kind": kind, "at": canonical_instant(self.now)?, "body": body,
            "key": format!("{}:{entry}:{after}", self.mark),
            "actor": { "person": self.person.trim(), "party": self.about.party },
            "evidence": { "digest": self.evidence, "name": format!("{TAB} {}", self.about.month) },
        });
        Fact::parse(&fact.to_string())
    }
}
