//! A document in the making: the account asked at one head and one pair of instants, and which entries its figures named.

use super::issued::{self, Issued};
use super::model::{Align, Asked, Block, Cell, Column, Document, EntryLine, Pair, Row, Table};
use super::page::{self, Time};
use super::words::{self, pick};
use super::{DocumentKind, DocumentOptions};
use crate::account::Account;
use crate::assess::{Ask, Assessment, ClauseVerdict, View};
use crate::books::registers::{self, Rows};
use crate::calendar::Zone;
use crate::contract::{Clause, Contract};
use crate::error::{Code, Error, Lang, Result};
use crate::time::{Instant, Interval, canonical_instant};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Runs of entries that a cell shows; the appendix has them all.
const MOST_RUNS: usize = 6;
/// Entries that an appendix lists.
const MOST_ENTRIES: usize = 5_000;
/// The widest word that a column gives room to, characters.
const WIDEST: usize = 24;
/// Texts up to this stay in one line, characters.
const SHORT: usize = 8;

/// A document in the making.
pub(super) struct Draft<'a> {
    pub(super) account: &'a Account,
    pub(super) paper: &'a DocumentOptions<'a>,
    /// The question, with both instants and the head said.
    pub(super) ask: Ask,
    pub(super) contract: Arc<Contract>,
    pub(super) a: Assessment,
    /// The other view, where it differs.
    pub(super) other: Option<Assessment>,
    pub(super) lang: Lang,
    pub(super) zone: Zone,
    /// Issued before, of the same kind.
    pub(super) issued: Vec<Issued>,
    pub(super) d: Document,
    named: BTreeSet<u64>,
}

impl<'a> Draft<'a> {
    /// Asks the account. `until` is the latest instant that the document speaks of; what is known may end earlier.
    pub(super) fn open(
        account: &'a Account,
        kind: DocumentKind,
        ask: &Ask,
        paper: &'a DocumentOptions<'a>,
        until: Option<Instant>,
    ) -> Result<Draft<'a>> {
        let lang = paper.lang;
        let wanted = Ask { as_of: ask.as_of.or(until), ..ask.clone() };
        let a = match account.assess(&wanted) {
            // The stretch is not over: it is told as far as it is known.
            Err(e) if e.code() == Code::AsOfAfterKnown && ask.as_of.is_none() => {
                account.assess(&Ask { as_of: None, ..ask.clone() })?
            }
            other => other?,
        };
        // The ledger may grow meanwhile: everything is asked of one head and one pair of instants.
        let ask = Ask {
            as_of: Some(a.as_of.at),
            known_at: Some(a.known_at.at),
            head: a.head.as_ref().map(|h| h.seq).or(ask.head),
            ..ask.clone()
        };
        let contract = account.contract_at(&ask)?;
        let view = if ask.view == View::Agreed { View::Claimed } else { View::Agreed };
        let other = if contract.needs.is_empty() {
            None
        } else {
            Some(account.assess(&Ask { view, ..ask.clone() })?)
        };
        let other = other.filter(|other| differs(&a, other));
        let zone = contract.zone;
        let issued = issued::before(account, kind, &ask, zone)?;
        let asked = Asked {
            as_of: canonical_instant(a.as_of.at)?,
            known_at: canonical_instant(a.known_at.at)?,
            view: a.view,
            head: a.head.clone(),
        };
        let d = Document {
            lang,
            asked,
            title: contract.title.clone(),
            kind: kind.title(lang).to_owned(),
            ..Document::default()
        };
        let mut draft =
            Draft { account, paper, ask, lang, zone, a, other, issued, d, contract, named: BTreeSet::new() };
        draft.meta();
        Ok(draft)
    }

    /// Gives the document its number and its file's name: contract, kind, what it covers, version.
    pub(super) fn number(&mut self, kind: DocumentKind, covers: &str) {
        let version = 1 + self.issued.iter().filter(|i| i.covers == covers).count();
        (self.d.version, self.d.covers) = (version, covers.to_owned());
        let covers = if covers.is_empty() { String::new() } else { format!("-{covers}") };
        self.d.number = format!("{}-{}{covers}-v{version}", self.contract.id, kind.code());
        let name = format!("{}-{}{covers}", self.contract.id, kind.file(self.lang));
        self.d.name = super::text::file_name(&name);
    }

    pub(super) fn word(&self, zh: &'static str, en: &'static str) -> &'static str {
        pick(self.lang, zh, en)
    }

    /// Links to entries; the appendix will list them.
    pub(super) fn refs(&mut self, seqs: &[u64]) -> Cell {
        self.named.extend(seqs);
        Cell::entries(seqs, MOST_RUNS)
    }

    /// An instant, in the contract's zone.
    pub(super) fn time(&self, at: Instant) -> String {
        Time::new(at, self.zone).text
    }

    /// A register as the document sees it.
    pub(super) fn rows(&self, name: &str) -> Result<Rows> {
        self.account.register(name, &self.ask)
    }

    fn meta(&mut self) {
        let (a, c) = (&self.a, &self.contract);
        let head = match &a.head {
            Some(h) => format!("#{} {}", h.seq, h.sm3),
            None => self.word("无台账（由零散事实计算）", "no ledger (from loose facts)").to_owned(),
        };
        let dates = format!("{} {} {}", c.period_dates.0, self.word("至", "to"), c.period_dates.1);
        let mut pairs = vec![
            Pair::new(self.word("合同", "Contract"), format!("{} {}", c.id, c.title)),
            Pair::new(self.word("合同 SM3", "Contract SM3"), a.contract_sm3.as_str()),
            Pair::new(self.word("服务期", "Period"), dates),
            Pair::new(self.word("截至", "As of"), Time::from(&a.as_of).exact),
            Pair::new(self.word("已知至", "Known at"), Time::from(&a.known_at).exact),
            Pair::new(self.word("口径", "View"), words::view(self.lang, a.view)),
            Pair::new(self.word("台账末条", "Ledger head"), head),
            Pair::new(self.word("时区", "Zone"), page::zone_text(a.as_of)),
        ];
        pairs.extend(
            a.holidays
                .iter()
                .map(|h| Pair::new(self.word("放假安排数据", "Holiday data"), format!("{} {}", h.id, h.sm3))),
        );
        self.d.meta = pairs;
    }

    /// Inserts a line at the head of what the document rests on.
    pub(super) fn first_meta(&mut self, key: &str, value: impl Into<Cell>) {
        self.d.meta.insert(0, Pair::new(key, value));
    }

    /// The clause of a verdict.
    pub(super) fn clause(&self, v: &ClauseVerdict) -> Option<&Clause> {
        self.contract.clauses.iter().find(|c| c.id == v.id)
    }

    /// What a clause promises, in the source's words where it has them; an example value is called one.
    pub(super) fn promise(&self, v: &ClauseVerdict) -> String {
        let text = self.clause(v).and_then(|c| c.text.clone()).unwrap_or_else(|| v.id.clone());
        let reference = v.reference.as_ref().map_or_else(String::new, |r| format!("{r} "));
        let assumed = if v.assumed {
            self.word("\n（未约定，示例值）", "\n(not agreed, example value)")
        } else {
            ""
        };
        format!("{reference}{text}{assumed}")
    }

    /// Where the two views say different things, a table of both.
    pub(super) fn views(&mut self) {
        let Some(other) = &self.other else { return };
        let lang = self.lang;
        let cell = |v: &ClauseVerdict| {
            let value = v.value.as_ref().map(|f| words::figure(lang, f, v.unit)).unwrap_or_default();
            Cell { text: value, ..Cell::status(lang, v.status) }
        };
        let changed = self
            .a
            .clauses
            .iter()
            .zip(&other.clauses)
            .filter(|(x, y)| (x.status, &x.value) != (y.status, &y.value));
        let rows: Vec<Row> =
            changed.map(|(x, y)| Row::new(vec![Cell::text(&x.id), cell(x), cell(y)])).collect();
        let table = Table {
            name: self.word("两种口径", "views").to_owned(),
            caption: self.word("两种口径不同之处", "Where the two views differ").to_owned(),
            head: vec![
                Column::left(self.word("条款", "Clause"), 20),
                Column::left(words::view(lang, self.a.view), 24),
                Column::left(words::view(lang, other.view), 24),
            ],
            rows,
            empty: String::new(),
        };
        self.d.table(table);
        let note = self.word(
            "有利于记录方的事实，须经对方确认才计入双方认可口径。",
            "What helps its writer counts in the agreed view only once the other party confirmed it.",
        );
        self.d.note(note);
    }

    /// Some columns of some rows of a register, with the entries each row rests on. Columns in which nothing is stated are
    /// left out.
    pub(super) fn register_table(
        &mut self,
        rows: &Rows,
        keys: &[&str],
        keep: impl Fn(&registers::Row) -> bool,
    ) -> Table {
        let lang = self.lang;
        let kept: Vec<&registers::Row> = rows.rows.iter().filter(|r| keep(r)).collect();
        let stated =
            |i: usize| kept.iter().any(|r| r.cells.get(i).is_some_and(|c| *c != registers::Cell::Empty));
        let columns: Vec<usize> =
            keys.iter().filter_map(|k| rows.column(k)).filter(|i| kept.is_empty() || stated(*i)).collect();
        let mut head: Vec<Column> = columns
            .iter()
            .map(|i| {
                let numbers = kept.iter().all(|r| is_number(&r.cells[*i]));
                let align = if numbers && !kept.is_empty() { Align::Right } else { Align::Left };
                Column { text: rows.columns[*i].head(lang).to_owned(), align, width: 0 }
            })
            .collect();
        head.push(Column::left(self.word("依据", "Entries"), 0));
        let mut out = Vec::with_capacity(kept.len());
        for row in kept {
            let mut cells: Vec<Cell> =
                columns.iter().map(|i| self.register_cell(&rows.columns[*i], &row.cells[*i])).collect();
            cells.push(self.refs(&row.entries));
            out.push(Row::new(cells));
        }
        let mut table = Table {
            name: pick(lang, rows.zh, rows.en).to_owned(),
            caption: pick(lang, rows.zh, rows.en).to_owned(),
            head,
            rows: out,
            empty: self.word("本期无记录。", "Nothing was recorded for this stretch.").to_owned(),
        };
        fit(&mut table, lang);
        table
    }

    /// A cell of a register.
    pub(super) fn register_cell(&self, column: &registers::Column, cell: &registers::Cell) -> Cell {
        match cell {
            registers::Cell::Instant(at) => Cell::text(self.time(*at)),
            registers::Cell::Duration(us) => Cell::text(words::duration(self.lang, *us)),
            registers::Cell::Integer(n) => Cell::integer(*n),
            registers::Cell::Decimal(text) => Cell::decimal(text),
            other => Cell::text(column.text(other, self.lang, self.zone)),
        }
    }

    /// The appendices every document has, and the seal.
    pub(super) fn finish(mut self) -> Result<Document> {
        let mut letter = 'A';
        let mut title = |d: &mut Document, zh: &str, en: &str| {
            d.heading(1, pick(d.lang, format!("附录 {letter}　{zh}"), format!("Annex {letter}. {en}")));
            letter = char::from_u32(u32::from(letter) + 1).unwrap_or('Z');
        };
        title(&mut self.d, "数字的口径与核对", "How the figures are read and checked");
        for note in super::record::notes(&self.a, &self.contract, self.lang) {
            self.d.note(note);
        }
        let options = super::Options {
            lang: self.lang,
            ledger: self.paper.ledger,
            contract_file: self.paper.contract_file,
            ..super::Options::default()
        };
        let commands = super::record::commands(&self.a, &options);
        self.d.pairs(commands.into_iter().map(|c| Pair::new(c.what, c.text())).collect());
        title(&mut self.d, "所依据的台账记录", "Entries the figures rest on");
        self.appendix()?;
        self.d.seal();
        Ok(self.d)
    }

    fn appendix(&mut self) -> Result<()> {
        if self.a.head.is_none() {
            let note = self.word(
                "未使用台账：各处的编号是事实文件的行号。",
                "No ledger: the numbers are lines of the file of facts.",
            );
            self.d.note(note);
            return Ok(());
        }
        let all = self.named.len();
        let shown: BTreeSet<u64> = self.named.iter().copied().take(MOST_ENTRIES).collect();
        let entries = self.account.entries(&shown)?;
        let heads = self.account.heads(&shown)?;
        let lang = self.lang;
        let line = |(e, h): (&crate::facts::Entry, crate::assess::HeadRef)| {
            let fact = &e.fact;
            let party = fact.party().map(|p| words::term(lang, p).to_owned());
            let person = fact.actor.as_ref().and_then(|a| a.person.clone());
            EntryLine {
                seq: e.seq,
                kind: format!("{} {}", pick(lang, fact.kind.zh, ""), fact.kind_name()).trim().to_owned(),
                subject: fact.subject.clone(),
                at: self.time(fact.at),
                recorded_at: self.time(e.recorded_at),
                by: party.into_iter().chain(person).collect::<Vec<_>>().join(" "),
                head: h.sm3,
            }
        };
        let entries = entries.iter().zip(heads).map(line).collect();
        if all > MOST_ENTRIES {
            let note = pick(
                lang,
                format!("共 {all} 条，列出前 {MOST_ENTRIES} 条；其余可用 opsledger show 查看。"),
                format!(
                    "{all} in all, the first {MOST_ENTRIES} are listed; see the others with opsledger show."
                ),
            );
            self.d.note(note);
        }
        self.d.blocks.push(Block::Entries { entries });
        Ok(())
    }
}

/// The two say different things about a clause or the contract.
fn differs(a: &Assessment, b: &Assessment) -> bool {
    a.status != b.status
        || a.clauses.iter().zip(&b.clauses).any(|(x, y)| (x.status, &x.value) != (y.status, &y.value))
}

fn is_number(cell: &registers::Cell) -> bool {
    matches!(cell, registers::Cell::Integer(_) | registers::Cell::Decimal(_) | registers::Cell::Empty)
}

/// Gives each column the width that its texts ask for: its longest word whole, and of longer texts a part, so that a few
/// long ones do not squeeze the rest.
pub(super) fn fit(table: &mut Table, lang: Lang) {
    for (i, column) in table.head.iter_mut().enumerate() {
        let texts = table.rows.iter().filter_map(|r| r.cells.get(i)).map(|c| c.plain(lang));
        let (mut word, mut whole) = (0, 0);
        for text in texts.chain([column.text.clone()]) {
            word = word.max(longest_word(&text));
            whole = whole.max(text.split('\n').map(words::columns).max().unwrap_or(0));
        }
        let (word, whole) = (word.min(WIDEST), whole.min(4 * WIDEST));
        let width = word.max(whole.min(SHORT)) + whole.saturating_sub(word.max(SHORT)) / 4 + 2;
        column.width = u16::try_from(width).unwrap_or(u16::MAX);
    }
}

/// Columns of the longest stretch that a line does not break in.
fn longest_word(text: &str) -> usize {
    let breaks = |c: char| c.is_whitespace() || u32::from(c) >= 0x1100 || matches!(c, '、' | ',' | '/');
    text.split(breaks).map(|word| words::columns(word) + 1).max().unwrap_or(0)
}

/// Something of a row falls into the stretch, or the row began before its end and nothing has closed it.
pub(super) fn touches(rows: &Rows, row: &registers::Row, span: Interval, open: Option<&str>) -> bool {
    let inside = |cell: &registers::Cell| matches!(cell, registers::Cell::Instant(at) if span.contains(*at));
    let still_open = open.is_some_and(|key| rows.cell(row, key).is_none_or(|c| *c == registers::Cell::Empty));
    span.contains(row.at) || row.cells.iter().any(inside) || (still_open && row.at < span.end)
}

/// The error of a document that is asked without what it speaks of.
pub(super) fn missing(what: &str, en: &str, zh: &str) -> Error {
    Error::new(Code::BadRequest, what).with_hints(en, zh)
}
