//! Tables with their places in the file: unknown and missing keys, wrong types, the nearest known name.

use crate::error::{Code, Error, Place, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Most characters of a value that an error message quotes.
const QUOTED: usize = 60;
/// Most names that a hint lists.
const LISTED: usize = 20;

/// A text with the name of its file.
pub(crate) struct Source<'a> {
    pub(crate) file: Option<&'a str>,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// Line and column of a byte offset.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        Place {
            file: self.file.map(str::to_owned),
            line: count(before.matches('\n').count()),
            column: count(before[line_start..].chars().count()),
        }
    }
}

/// A text short enough to quote.
pub(crate) fn clip(text: &str) -> String {
    let mut chars = text.chars();
    let mut out: String = chars.by_ref().take(QUOTED).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// A TOML value with its place and its path of keys.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) source: &'a Source<'a>,
    pub(crate) span: Range<usize>,
    pub(crate) path: String,
    pub(crate) value: &'a DeValue<'a>,
}

impl<'a> Node<'a> {
    /// The whole file.
    pub(crate) fn root(source: &'a Source<'a>, value: &'a DeValue<'a>) -> Node<'a> {
        Node { source, span: 0..0, path: String::new(), value }
    }

    /// An error at this value, which it quotes.
    pub(crate) fn error(&self, code: Code) -> Error {
        let shown = match self.value {
            DeValue::Table(_) => String::new(),
            DeValue::Array(_) if self.source.text[self.span.clone()].starts_with("[[") => String::new(),
            _ => self.source.text[self.span.clone()].lines().next().map(clip).unwrap_or_default(),
        };
        let detail = match (self.path.as_str(), shown.as_str()) {
            (path, "") => path.to_owned(),
            ("", shown) => shown.to_owned(),
            (path, shown) => format!("{path} = {shown}"),
        };
        Error::new(code, detail).at_place(self.source.place(self.span.start))
    }

    /// An error at this value, with what to do.
    pub(crate) fn fail<T>(&self, code: Code, en: impl Into<String>, zh: impl Into<String>) -> Result<T> {
        Err(self.error(code).with_hints(en, zh))
    }

    /// This value is not written as a `T`.
    pub(crate) fn wrong<T: Read<'a>, R>(&self) -> Result<R> {
        let (en, zh) = T::EXPECTED;
        self.fail(Code::ContractValue, format!("expected {en}"), format!("应为{zh}"))
    }

    /// This value, a name, is none of `known`.
    pub(crate) fn unknown<'n, T>(
        &self,
        code: Code,
        name: &str,
        known: impl Iterator<Item = &'n str> + Clone,
    ) -> Result<T> {
        let (en, zh) = suggestion(name, known);
        self.fail(code, en, zh)
    }

    /// The keys of a table.
    pub(crate) fn keys(&self) -> Result<&'a DeTable<'a>> {
        match self.value {
            DeValue::Table(t) => Ok(t),
            _ => self.fail(Code::ContractValue, "expected a table, { key = value }", "应为表：{ 键 = 值 }"),
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<Node<'a>> {
        let DeValue::Table(table) = self.value else { return None };
        let value = table.get(key)?;
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Some(Node { source: self.source, span: value.span(), path, value: value.get_ref() })
    }

    /// The values of a list, each named by its `id`, else by its number from 1.
    pub(crate) fn items(&self) -> Option<Vec<Node<'a>>> {
        let DeValue::Array(list) = self.value else { return None };
        let name = |i: usize, value: &DeValue<'_>| match value.get("id").and_then(|id| id.get_ref().as_str())
        {
            Some(id) => format!("{}[{}]", self.path, quote(id)),
            None => format!("{}[#{}]", self.path, i + 1),
        };
        let node = |(i, v): (usize, &'a toml::Spanned<DeValue<'a>>)| Node {
            source: self.source,
            span: v.span(),
            path: name(i, v.get_ref()),
            value: v.get_ref(),
        };
        Some(list.iter().enumerate().map(node).collect())
    }

    /// Refuses keys that are not in `known`; the first of the file is named.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        let table = self.keys()?;
        let unknown = table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref()));
        let Some((key, _)) = unknown.min_by_key(|(key, _)| key.span().start) else { return Ok(()) };
        let name = key.get_ref().as_ref();
        let value = self.get(name).unwrap_or_else(|| self.clone());
        let (en, zh) = suggestion(name, known.iter().copied());
        Err(value.error(Code::ContractKey).with_hints(en, zh).at_place(self.source.place(key.span().start)))
    }
}

/// A text in double quotes, control characters escaped.
pub(crate) fn quote(text: &str) -> String {
    let clipped = clip(text);
    if clipped.chars().any(|c| c.is_control() || c == '"') {
        format!("{clipped:?}")
    } else {
        format!("\"{clipped}\"")
    }
}

/// The nearest of `known`, where a slip of the finger explains the difference.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let fold = |s: &str| s.to_lowercase().replace('_', "-");
    let name = fold(name);
    let allowed = (name.chars().count() / 3).max(1);
    let distances = known.map(|k| (strsim::damerau_levenshtein(&name, &fold(k)), k));
    distances.min().filter(|(d, _)| *d <= allowed).map(|(_, k)| k)
}

/// What was meant; where that is not clear, what is possible.
fn suggestion<'n>(name: &str, known: impl Iterator<Item = &'n str> + Clone) -> (String, String) {
    if let Some(near) = nearest(name, known.clone()) {
        return (format!("did you mean \"{near}\"?"), format!("是否应为 \"{near}\"？"));
    }
    let all: Vec<&str> = known.take(LISTED).collect();
    if all.is_empty() {
        return ("none is defined".to_owned(), "尚未定义任何名称".to_owned());
    }
    (format!("known: {}", all.join(", ")), format!("可用：{}", all.join("、")))
}

/// How a value is written.
pub(crate) trait Read<'a>: Sized {
    /// What is expected, English and Chinese.
    const EXPECTED: (&'static str, &'static str);
    /// Reads it.
    fn read(node: &Node<'a>) -> Result<Self>;
}

/// A value that remembers where it stands.
#[derive(Clone)]
pub(crate) struct At<'a, T> {
    pub(crate) value: T,
    pub(crate) node: Node<'a>,
}

impl<T: JsonSchema> JsonSchema for At<'_, T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A key of a table: required, or optional.
pub(crate) trait Field<'a>: Sized {
    /// Reads the key of a table.
    fn field(table: &Node<'a>, key: &str) -> Result<Self>;
}

impl<'a, T: Read<'a>> Field<'a> for At<'a, T> {
    fn field(table: &Node<'a>, key: &str) -> Result<Self> {
        match Option::<At<'a, T>>::field(table, key)? {
            Some(at) => Ok(at),
            None => {
                let path =
                    if table.path.is_empty() { key.to_owned() } else { format!("{}.{key}", table.path) };
                let (en, zh) = T::EXPECTED;
                Err(Error::new(Code::ContractMissing, path)
                    .with_hints(format!("add {key} = …: {en}"), format!("请补充 {key} = …：{zh}"))
                    .at_place(table.source.place(table.span.start)))
            }
        }
    }
}

impl<'a, T: Read<'a>> Field<'a> for Option<At<'a, T>> {
    fn field(table: &Node<'a>, key: &str) -> Result<Self> {
        table.get(key).map(|node| Ok(At { value: T::read(&node)?, node })).transpose()
    }
}

/// A table as written: its keys, and their values as plain fields. The reader and the JSON Schema both come from it.
pub(crate) trait Table<'a>: Sized {
    /// Its keys, those of the tables it takes in included.
    fn keys() -> Vec<&'static str>;
    /// Reads its keys from a table that may hold others.
    fn fields(node: &Node<'a>) -> Result<Self>;
    /// The schemas whose keys together are its own.
    fn schemas(generator: &mut SchemaGenerator) -> Vec<Schema>;
    /// Reads a table that holds its keys and `further` ones only.
    fn read_table(node: &Node<'a>, further: &[&str]) -> Result<Self> {
        let mut known = Self::keys();
        known.extend(further);
        node.only(&known)?;
        Self::fields(node)
    }
}

/// Declares tables: `"key" field: type`, where the type is `At<…>` (required) or `Option<At<…>>`; `..field: Table` first
/// takes in the keys of another table.
macro_rules! tables {
    ($($(#[$doc:meta])* struct $name:ident {
        $(..$part:ident: $pty:ident,)*
        $($(#[$fdoc:meta])* $key:literal $field:ident: $ty:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        #[allow(dead_code, reason = "some keys are read only to be checked")]
        pub(crate) struct $name<'a> {
            $(#[schemars(skip)] pub(crate) $part: $pty<'a>,)*
            $($(#[$fdoc])* #[schemars(rename = $key)] pub(crate) $field: $ty,)*
        }
        impl<'a> $crate::contract::parse::reader::Table<'a> for $name<'a> {
            fn keys() -> Vec<&'static str> {
                #[allow(unused_mut, reason = "only where tables are taken in")]
                let mut keys = vec![$($key),*];
                $(keys.extend(<$pty<'a> as $crate::contract::parse::reader::Table<'a>>::keys());)*
                keys
            }
            fn fields(node: &$crate::contract::parse::reader::Node<'a>) -> $crate::error::Result<Self> {
                use $crate::contract::parse::reader::Field;
                Ok($name {
                    $($part: <$pty<'a> as $crate::contract::parse::reader::Table<'a>>::fields(node)?,)*
                    $($field: Field::field(node, $key)?,)*
                })
            }
            fn schemas(generator: &mut schemars::SchemaGenerator) -> Vec<schemars::Schema> {
                #[allow(unused_mut, reason = "only where tables are taken in")]
                let mut schemas = vec![<Self as schemars::JsonSchema>::json_schema(generator)];
                $(schemas.extend(<$pty<'a> as $crate::contract::parse::reader::Table<'a>>::schemas(generator));)*
                schemas
            }
        }
        impl<'a> $crate::contract::parse::reader::Read<'a> for $name<'a> {
            const EXPECTED: (&'static str, &'static str) = ("a table, { key = value }", "表：{ 键 = 值 }");
            fn read(node: &$crate::contract::parse::reader::Node<'a>) -> $crate::error::Result<Self> {
                <$name<'a> as $crate::contract::parse::reader::Table<'a>>::read_table(node, &[])
            }
        }
    )*};
}
pub(crate) use tables;

impl<'a, T: Read<'a>> Read<'a> for Vec<At<'a, T>> {
    const EXPECTED: (&'static str, &'static str) = ("a list, [ … ]", "列表：[ … ]");
    fn read(node: &Node<'a>) -> Result<Self> {
        let Some(items) = node.items() else { return node.wrong::<Self, _>() };
        items.into_iter().map(|node| Ok(At { value: T::read(&node)?, node })).collect()
    }
}
