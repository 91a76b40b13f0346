//! What a family of sheets is: columns, and the facts that a row of them states. Data, no behaviour.

/// A family: one kind of sheet.
#[derive(Debug)]
pub struct Family {
    /// As the command line names it.
    pub name: &'static str,
    /// Name of its tab.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
    /// What a row is, Chinese.
    pub help_zh: &'static str,
    /// What a row is, English.
    pub help_en: &'static str,
    /// The first holds the row's number, the subject of its facts.
    pub columns: &'static [Column],
    /// Columns that make a number where none is given; empty: it must be given.
    pub identity: &'static [&'static str],
    /// The facts a row states, in order; the first opens the case.
    pub steps: &'static [Step],
    /// What becomes of a row that was recorded with other values.
    pub correction: Correction,
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Name in this table.
    pub key: &'static str,
    /// Head.
    pub zh: &'static str,
    /// Head below.
    pub en: &'static str,
    /// What a cell may hold.
    pub ty: Type,
    /// Must be filled in every row.
    pub required: bool,
    /// In the sample row.
    pub sample: &'static str,
    /// How to fill it, Chinese; empty: the head says it.
    pub help_zh: &'static str,
    /// How to fill it, English.
    pub help_en: &'static str,
}

/// What a cell may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A number or name by which something is found again: one line, full-width signs made half-width.
    Code,
    /// One line of text.
    Line,
    /// Text.
    Text,
    /// Date and time in the contract's zone.
    Time,
    /// 是, 否.
    YesNo,
    /// One of these.
    Words(&'static [&'static str]),
    /// Mostly one of these; others are kept as written.
    Mostly(&'static [&'static str]),
    /// An integer from 0.
    Integer,
    /// A decimal.
    Decimal,
    /// Texts with `；` or `、` between; those that are words here are kept as the word.
    List(&'static [&'static str]),
    /// A month, quarter, year, week or date, as the rules name units: `2026-03`.
    Unit,
}

/// A fact of a row.
#[derive(Debug)]
pub struct Step {
    /// Kind.
    pub kind: &'static str,
    /// When it happened; the fact is stated when this is filled.
    pub at: At,
    /// Column and the field of the body that it fills.
    pub fields: &'static [(&'static str, &'static str)],
    /// Columns that must be filled with it.
    pub needs: &'static [&'static str],
    /// The column of a time that it may not precede.
    pub after: Option<&'static str>,
}

/// Where a step's instant comes from.
#[derive(Clone, Copy, Debug)]
pub enum At {
    /// This column.
    Column(&'static str),
    /// What is decided beforehand: when the sheet is read, but at the latest the time in this column.
    Before(&'static str),
}

impl At {
    /// The column.
    pub fn column(self) -> &'static str {
        match self {
            At::Column(column) | At::Before(column) => column,
        }
    }
}

/// What becomes of a row that was recorded with other values.
#[derive(Debug)]
pub enum Correction {
    /// Nothing: what to do instead, Chinese and English.
    None(&'static str, &'static str),
    /// A further fact, for these columns and fields; its reason stands in a column.
    Amend {
        /// Kind.
        kind: &'static str,
        /// Column and field.
        columns: &'static [(&'static str, &'static str)],
        /// Column of the reason.
        reason: &'static str,
        /// What to do about the other columns, Chinese.
        zh: &'static str,
        /// English.
        en: &'static str,
    },
    /// What was assigned is cancelled from now on, and assigned anew.
    Anew {
        /// Kind that cancels.
        cancel: &'static str,
        /// The column whose time must still lie ahead.
        until: &'static str,
        /// Column of the reason.
        reason: &'static str,
        /// What to do about what is past, Chinese.
        zh: &'static str,
        /// English.
        en: &'static str,
    },
}

impl Family {
    /// The place of a column.
    pub(super) fn index(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.key == key)
    }
    /// A column by its name in this table; a test sees to it that the tables name only columns they have.
    pub(super) fn column(&self, key: &str) -> Option<&'static Column> {
        self.columns.iter().find(|c| c.key == key)
    }
}

impl Column {
    pub(super) const fn new(key: &'static str, zh: &'static str, en: &'static str, ty: Type) -> Column {
        Column { key, zh, en, ty, required: false, sample: "", help_zh: "", help_en: "" }
    }
    pub(super) const fn required(self) -> Column {
        Column { required: true, ..self }
    }
    pub(super) const fn sample(self, sample: &'static str) -> Column {
        Column { sample, ..self }
    }
    pub(super) const fn help(self, help_zh: &'static str, help_en: &'static str) -> Column {
        Column { help_zh, help_en, ..self }
    }
}

impl Step {
    pub(super) const fn new(
        kind: &'static str,
        at: &'static str,
        fields: &'static [(&'static str, &'static str)],
    ) -> Step {
        Step { kind, at: At::Column(at), fields, needs: &[], after: None }
    }
    pub(super) const fn needs(self, needs: &'static [&'static str]) -> Step {
        Step { needs, ..self }
    }
    pub(super) const fn after(self, after: &'static str) -> Step {
        Step { after: Some(after), ..self }
    }
}

impl Type {
    /// The drop-down.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Type::Words(words) | Type::Mostly(words) | Type::List(words) => words,
            _ => &[],
        }
    }
}
