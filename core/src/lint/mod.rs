//! What the author of a contract wants to know before both sides sign it: contradictions, values nobody agreed on, promises
//! that no fact can meet. In: a contract's text; with an account, its record too. Out: findings with their places in the
//! file. Judges no case.

mod clause;
mod pairs;
mod places;
mod record;
#[cfg(test)]
mod tests;
mod whole;

pub(crate) use record::record;

use crate::assess::cases::Sentence;
use crate::contract::Contract;
use crate::error::{Error, Lang};
use places::Places;
use schemars::JsonSchema;
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Worth knowing; nothing to change.
    Note,
    /// Likely not what was meant, or open between the parties.
    Warning,
    /// The text contradicts itself or cannot be read.
    Error,
}

impl Level {
    /// In words.
    pub fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Level::Note, Lang::Zh) => "提示",
            (Level::Warning, Lang::Zh) => "警告",
            (Level::Error, Lang::Zh) => "错误",
            (Level::Note, Lang::En) => "note",
            (Level::Warning, Lang::En) => "warning",
            (Level::Error, Lang::En) => "error",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// Stable name.
    pub code: &'static str,
    /// The clause; null for the contract as a whole.
    pub clause: Option<String>,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// In words.
    #[serde(flatten)]
    pub text: Sentence,
    /// The entries, of a finding in the record.
    pub entries: Vec<u64>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lint {
    /// 1.
    pub format: u32,
    /// The file's name, where the caller gave one.
    pub file: Option<String>,
    /// Id of the contract; null where the text cannot be read.
    pub contract: Option<String>,
    /// Its identity.
    pub contract_sm3: Option<String>,
    /// By line.
    pub findings: Vec<Finding>,
}

impl Lint {
    /// The worst level; none without findings.
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|f| f.level).max()
    }
    /// The document as JSON text.
    pub fn to_json(&self) -> String {
        // Serialising these types cannot fail: no maps with other keys than text, no failing Serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
    /// One line a finding: `file:line:column: level: clause: text [code]`.
    pub fn text(&self, lang: Lang) -> String {
        let file = self.file.as_deref().unwrap_or("contract");
        let mut out = String::new();
        for f in &self.findings {
            let clause = f.clause.as_ref().map(|c| format!("{c}: ")).unwrap_or_default();
            let entries: Vec<String> = f.entries.iter().map(|seq| format!("#{seq}")).collect();
            let entries =
                if entries.is_empty() { String::new() } else { format!(" ({})", entries.join(" ")) };
            out.push_str(&format!(
                "{file}:{}:{}: {}: {clause}{}{entries} [{}]\n",
                f.line,
                f.column,
                f.level.name(lang),
                f.text.get(lang),
                f.code
            ));
        }
        out
    }
    pub(crate) fn sort(&mut self) {
        let key = |f: &Finding| (f.line, f.column, f.code);
        self.findings.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.text.text_en.cmp(&b.text.text_en)));
        self.findings.dedup();
    }
}

/// Looks a contract's bytes over; what cannot be read is the one error found.
pub fn bytes(file: Option<&str>, bytes: &[u8]) -> Lint {
    match Contract::parse_bytes(file, bytes) {
        Ok(contract) => lint(&contract, file),
        Err(e) => Lint {
            format: 1,
            file: file.map(str::to_owned),
            contract: None,
            contract_sm3: None,
            findings: vec![unreadable(&e)],
        },
    }
}

fn unreadable(e: &Error) -> Finding {
    let (line, column) = e.place().map_or((1, 1), |p| (p.line, p.column));
    // The place stands before it already.
    let plain = Error::new(e.code(), e.detail()).with_hints(e.hint(Lang::En), e.hint(Lang::Zh));
    Finding {
        level: Level::Error,
        code: e.code().info().name,
        clause: None,
        line,
        column,
        text: Sentence::new(plain.text(Lang::Zh), plain.text(Lang::En)),
        entries: Vec::new(),
    }
}

/// Looks a contract over.
pub fn lint(contract: &Contract, file: Option<&str>) -> Lint {
    let mut found = Found { places: Places::new(&contract.text), findings: Vec::new() };
    whole::look(contract, &mut found);
    for (i, clause) in contract.clauses.iter().enumerate() {
        clause::look(contract, clause, i, &mut found);
    }
    pairs::look(contract, &mut found);
    let mut lint = Lint {
        format: 1,
        file: file.map(str::to_owned),
        contract: Some(contract.id.clone()),
        contract_sm3: Some(contract.sm3.clone()),
        findings: found.findings,
    };
    lint.sort();
    lint
}

/// What was found so far.
struct Found {
    places: Places,
    findings: Vec<Finding>,
}

impl Found {
    /// About clause `i`, at its key `key` if it is there.
    fn clause(
        &mut self,
        contract: &Contract,
        i: usize,
        key: &str,
        (level, code): (Level, &'static str),
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        let (line, column) = self.places.clause(i, key);
        let clause = contract.clauses.get(i).map(|c| c.id.clone());
        let text = Sentence::new(zh, en);
        self.findings.push(Finding { level, code, clause, line, column, text, entries: Vec::new() });
    }
    /// About the contract, at a path of keys.
    fn top(
        &mut self,
        path: &[&str],
        (level, code): (Level, &'static str),
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        let (line, column) = self.places.top(path);
        let text = Sentence::new(zh, en);
        self.findings.push(Finding { level, code, clause: None, line, column, text, entries: Vec::new() });
    }
}
