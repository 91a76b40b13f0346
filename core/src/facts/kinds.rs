//! The table of kinds: one row a kind of fact.

/// What a fact groups by, together with its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Family {
    Agreement,
    Contract,
    Watching,
    Outage,
    Planned,
    Exclusion,
    Incident,
    Request,
    Task,
    Desk,
    Staff,
    Event,
    Care,
    Document,
    Acceptance,
    Judgement,
    Change,
    Finding,
    Assessment,
    Backup,
    Interface,
    Alarm,
    Window,
    Transfer,
    Remedy,
    Other,
}

/// Type of a field of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Text.
    Text,
    /// An instant.
    Instant,
    /// An integer.
    Integer,
    /// True or false.
    Bool,
    /// A decimal as text.
    Decimal,
    /// A list of texts.
    Texts,
    /// Any JSON.
    Any,
}

/// A field of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name in the body.
    pub name: &'static str,
    /// Type.
    pub ty: FieldType,
    /// Must be given.
    pub required: bool,
}

/// By which axis a fact takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActsBy {
    /// From its `at` on.
    At,
    /// As soon as it is known (corrections).
    RecordedAt,
}

/// One row of the table.
#[derive(Debug, PartialEq)]
pub struct Kind {
    /// `outage.start`.
    pub name: &'static str,
    /// What it groups by.
    pub family: Family,
    /// Fields of the body.
    pub fields: &'static [Field],
    /// Chinese name.
    pub zh: &'static str,
    /// Which axis.
    pub acts_by: ActsBy,
    /// Whether a subject must be given.
    pub subject: bool,
}

/// Kinds named `x.…`: kept, unjudged.
pub static OTHER: Kind =
    Kind { name: "x", family: Family::Other, fields: &[], zh: "其他", acts_by: ActsBy::At, subject: false };

/// The table.
pub static KINDS: &[Kind] = &[];

/// By name.
pub fn find(name: &str) -> Option<&'static Kind> {
    if name.starts_with("x.") {
        return Some(&OTHER);
    }
    KINDS.iter().find(|k| k.name == name)
}
