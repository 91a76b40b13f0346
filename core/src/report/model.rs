//! A document as blocks, before it takes a form. In: text and figures that were decided elsewhere. Out: what the three
//! writers (docx, xlsx, html) draw. Holds no markup: a text is a text in every form.

use super::words;
use crate::assess::{HeadRef, Status, View};
use crate::error::Lang;
use serde::Serialize;

/// One document, in one language.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Document {
    /// Name of its files without the ending, as [`super::text::file_name`] leaves it.
    pub name: String,
    /// Title.
    pub title: String,
    /// What stands over the title: what kind of document this is.
    pub kind: String,
    /// Number of the document.
    pub number: String,
    /// What it covers: `2026-03`, an incident, a contract.
    pub covers: String,
    /// From 1: how many of its kind were issued for what it covers, and one.
    pub version: usize,
    /// What was asked: `as_of`, `known_at` (canonical instants) and the view.
    pub asked: Asked,
    /// Language of every text in it that is not data.
    pub lang: Lang,
    /// Pages lie on their side.
    pub landscape: bool,
    /// What it rests on: contract, identity, instants, view, head.
    pub meta: Vec<Pair>,
    /// The content, in order.
    pub blocks: Vec<Block>,
    /// SM3 of the content ([`Document::seal`]); stands in the footer of every page.
    pub digest: String,
}

/// The question that a document answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Asked {
    /// The instant it speaks of, canonical.
    pub as_of: String,
    /// What was known, canonical.
    pub known_at: String,
    /// The view.
    pub view: View,
    /// The last entry looked at; none without a ledger.
    pub head: Option<HeadRef>,
}

/// A name and what stands for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Pair {
    /// Name.
    pub key: String,
    /// Value.
    pub value: Cell,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "block", rename_all = "kebab-case")]
pub enum Block {
    /// A heading of level 1 to 3.
    Heading {
        /// 1 to 3.
        level: u8,
        /// Text.
        text: String,
    },
    /// A paragraph.
    Paragraph {
        /// Text.
        text: String,
    },
    /// A paragraph that says how to read what is beside it.
    Note {
        /// Text.
        text: String,
    },
    /// Names and values, two columns.
    KeyValues {
        /// In order.
        pairs: Vec<Pair>,
    },
    /// A table.
    Table {
        /// The table.
        table: Table,
    },
    /// A drawing; where none can be drawn its table stands for it.
    Chart {
        /// The chart.
        chart: Chart,
    },
    /// The next block begins a page.
    PageBreak,
    /// Lines to sign and stamp.
    Signatures {
        /// One a party.
        parties: Vec<Signature>,
    },
    /// The ledger's entries that the document rests on; links of figures lead here.
    Entries {
        /// By number.
        entries: Vec<EntryLine>,
    },
}

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Column {
    /// Head.
    pub text: String,
    /// Where its cells stand.
    pub align: Align,
    /// Share of the width, about the characters of its longest usual cell.
    pub width: u16,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// Name of its tab.
    pub name: String,
    /// Line over it; empty: none.
    pub caption: String,
    /// Columns.
    pub head: Vec<Column>,
    /// Rows, as long as `head`.
    pub rows: Vec<Row>,
    /// What is said instead of a table without rows.
    pub empty: String,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// Cells.
    pub cells: Vec<Cell>,
    /// It sums or heads the rows below it.
    pub strong: bool,
}

/// A cell: any of a status, a text and links to entries, in this order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    /// A verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Mark>,
    /// Text, lines apart by `\n`.
    pub text: String,
    /// The text is a plain number: a sheet keeps it as one.
    pub number: bool,
    /// Runs of entry numbers, first and last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<(u64, u64)>,
    /// How many more entries there are than `runs` shows.
    pub more: u64,
}

/// A status by its name and in words.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// As it stands in JSON.
    pub name: &'static str,
    /// In words.
    pub label: &'static str,
}

/// A chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Chart {
    /// Line over it.
    pub caption: String,
    /// How to read it; empty: nothing.
    pub note: String,
    /// What is drawn.
    pub figure: Figure,
    /// Colours: class of a shape, what it stands for.
    pub legend: Vec<(&'static str, String)>,
    /// The same in figures.
    pub table: Table,
}

/// A drawing 1000 units wide.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figure {
    /// Height.
    pub height: f64,
    /// In the order of painting.
    pub shapes: Vec<Shape>,
}

/// A shape; its class says the colour.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "shape", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "names of SVG")]
pub enum Shape {
    Line { class: &'static str, x1: f64, y1: f64, x2: f64, y2: f64 },
    Rect { class: &'static str, x: f64, y: f64, width: f64, height: f64, title: String },
    Circle { class: &'static str, x: f64, y: f64, r: f64, title: String },
    Path { class: &'static str, d: String },
    Text { class: &'static str, x: f64, y: f64, anchor: &'static str, text: String },
}

/// A party's place to sign.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Signature {
    /// Who signs.
    pub party: String,
    /// Lines: what is written there.
    pub lines: Vec<String>,
}

/// An entry of the ledger in one line.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EntryLine {
    /// Its number.
    pub seq: u64,
    /// Kind, with its name in words.
    pub kind: String,
    /// Subject.
    pub subject: String,
    /// When it happened.
    pub at: String,
    /// When the ledger learnt it.
    pub recorded_at: String,
    /// Who stated it.
    pub by: String,
    /// Hash of its head; empty without a ledger.
    pub head: String,
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }
    /// A whole number.
    pub fn integer(n: i64) -> Cell {
        Cell { text: n.to_string(), number: true, ..Cell::default() }
    }
    /// A decimal number as text.
    pub fn decimal(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), number: true, ..Cell::default() }
    }
    /// A status in words.
    pub fn status(lang: Lang, status: Status) -> Cell {
        let mark = Mark { name: status.name(), label: words::status(lang, status) };
        Cell { status: Some(mark), ..Cell::default() }
    }
    /// Links to entries, at most `most` runs of them.
    pub fn entries(seqs: &[u64], most: usize) -> Cell {
        Cell::default().with_entries(seqs, most)
    }
    /// The same with links to entries.
    #[must_use]
    pub fn with_entries(mut self, seqs: &[u64], most: usize) -> Cell {
        let runs = words::runs(seqs);
        self.more = runs.iter().skip(most).map(|(a, b)| b - a + 1).sum();
        self.runs = runs.into_iter().take(most).collect();
        self
    }
    /// Everything it says, as one text: a status, the text, the entries.
    pub fn plain(&self, lang: Lang) -> String {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(self.status.map(|s| s.label.to_owned()));
        parts.extend((!self.text.is_empty()).then(|| self.text.clone()));
        let links = self.links(lang);
        parts.extend((!links.is_empty()).then_some(links));
        parts.join(" ")
    }
    /// The entries in words: `#3–5、#9`.
    pub fn links(&self, lang: Lang) -> String {
        words::run_text(lang, &self.runs, self.more)
    }
    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        self.status.is_none() && self.text.is_empty() && self.runs.is_empty()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell::text(text)
    }
}

impl Column {
    /// A column of text.
    pub fn left(text: impl Into<String>, width: u16) -> Column {
        Column { text: text.into(), align: Align::Left, width }
    }
    /// A column of numbers.
    pub fn right(text: impl Into<String>, width: u16) -> Column {
        Column { text: text.into(), align: Align::Right, width }
    }
}

impl Row {
    /// A row of these cells.
    pub fn new(cells: Vec<Cell>) -> Row {
        Row { cells, strong: false }
    }
    /// The same as a sum or a head.
    pub fn strong(cells: Vec<Cell>) -> Row {
        Row { cells, strong: true }
    }
}

impl Document {
    /// A heading.
    pub fn heading(&mut self, level: u8, text: impl Into<String>) {
        self.blocks.push(Block::Heading { level, text: text.into() });
    }
    /// A paragraph.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph { text: text.into() });
    }
    /// A paragraph that says how to read what is beside it.
    pub fn note(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Note { text: text.into() });
    }
    /// A table.
    pub fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table { table });
    }
    /// A chart.
    pub fn chart(&mut self, chart: Chart) {
        self.blocks.push(Block::Chart { chart });
    }
    /// Names and values.
    pub fn pairs(&mut self, pairs: Vec<Pair>) {
        self.blocks.push(Block::KeyValues { pairs });
    }

    /// Takes out of every text what no page may carry (control characters, marks that turn the direction of writing), and
    /// puts the digest of what is left under it. The last step before a document is written.
    pub fn seal(&mut self) {
        self.each_text(&mut super::text::clean);
        self.digest.clear();
        // Cannot fail: no maps with other keys than text.
        let content = serde_json::to_vec(&self).unwrap_or_default();
        self.digest = crate::digest::sm3_hex(&content);
    }

    fn each_text(&mut self, f: &mut impl FnMut(&mut String)) {
        [&mut self.title, &mut self.kind, &mut self.number].into_iter().for_each(&mut *f);
        self.meta.iter_mut().for_each(|p| p.each_text(f));
        for block in &mut self.blocks {
            match block {
                Block::Heading { text, .. } | Block::Paragraph { text } | Block::Note { text } => f(text),
                Block::KeyValues { pairs } => pairs.iter_mut().for_each(|p| p.each_text(f)),
                Block::Table { table } => table.each_text(f),
                Block::Chart { chart } => chart.each_text(f),
                Block::PageBreak => {}
                Block::Signatures { parties } => {
                    parties
                        .iter_mut()
                        .flat_map(|p| std::iter::once(&mut p.party).chain(&mut p.lines))
                        .for_each(&mut *f);
                }
                Block::Entries { entries } => {
                    for e in entries {
                        [&mut e.kind, &mut e.subject, &mut e.by].into_iter().for_each(&mut *f);
                    }
                }
            }
        }
    }
}

impl Pair {
    /// A name and a value.
    pub fn new(key: impl Into<String>, value: impl Into<Cell>) -> Pair {
        Pair { key: key.into(), value: value.into() }
    }
    fn each_text(&mut self, f: &mut impl FnMut(&mut String)) {
        f(&mut self.key);
        f(&mut self.value.text);
    }
}

impl Table {
    fn each_text(&mut self, f: &mut impl FnMut(&mut String)) {
        [&mut self.name, &mut self.caption, &mut self.empty].into_iter().for_each(&mut *f);
        self.head.iter_mut().for_each(|c| f(&mut c.text));
        self.rows.iter_mut().flat_map(|r| &mut r.cells).for_each(|c| f(&mut c.text));
    }
}

impl Chart {
    fn each_text(&mut self, f: &mut impl FnMut(&mut String)) {
        [&mut self.caption, &mut self.note].into_iter().for_each(&mut *f);
        self.legend.iter_mut().for_each(|(_, text)| f(text));
        self.table.each_text(f);
        for shape in &mut self.figure.shapes {
            match shape {
                Shape::Rect { title: text, .. }
                | Shape::Circle { title: text, .. }
                | Shape::Text { text, .. } => f(text),
                Shape::Line { .. } | Shape::Path { .. } => {}
            }
        }
    }
}
