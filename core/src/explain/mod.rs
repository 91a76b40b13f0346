//! Why a clause stands as it does: its text, the rule in words, each case with its arithmetic, the facts, what was left out
//! and why, and how to check it. In: the engine and its assessment. Out: a document. Decides nothing.

mod left;
mod make;
pub(crate) mod rule;
#[cfg(test)]
mod tests;

pub(crate) use make::explain;

use crate::assess::cases::{CaseLine, Sentence};
use crate::assess::{ClauseVerdict, HeadRef, Stamp, Status, View};
use crate::books::FactLine;
use crate::error::Lang;
use crate::shell;
use schemars::JsonSchema;
use serde::Serialize;

/// Most facts that the text lists; the document holds all.
const MOST_FACTS: usize = 200;

/// A case with the arithmetic behind it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Explained {
    /// The case.
    #[serde(flatten)]
    pub line: CaseLine,
    /// Its arithmetic in words.
    pub step: Sentence,
    /// Its entries.
    pub entries: Vec<u64>,
}

/// Something that did not count, or counts and is marked.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// The entry; null where no single one is meant.
    pub entry: Option<u64>,
    /// The case.
    pub subject: String,
    /// `unconfirmed`, `disputed`, `waived`, `excluded`, `late`, `fault`, `withdrawn`, `duplicate`, `attribution`, `outside`.
    pub why: &'static str,
    /// In words.
    #[serde(flatten)]
    pub text: Sentence,
}

/// Why a clause stands as it does.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    /// 1.
    pub format: u32,
    /// Id of the contract.
    pub contract: String,
    /// Its identity.
    pub contract_sm3: String,
    /// The view.
    pub view: View,
    /// The instant asked for.
    pub as_of: Stamp,
    /// What was known.
    pub known_at: Stamp,
    /// The last entry read; null without a ledger.
    pub head: Option<HeadRef>,
    /// The promise in the source's words.
    pub promise: Option<String>,
    /// The verdict, as the assessment has it.
    pub clause: ClauseVerdict,
    /// The case that was asked for; null: all.
    pub case: Option<String>,
    /// The rule with its parameters, in words.
    pub rule: Sentence,
    /// Each case, step by step.
    pub cases: Vec<Explained>,
    /// How the cases come to the verdict.
    pub conclusion: Sentence,
    /// The facts it rests on, by entry.
    pub facts: Vec<FactLine>,
    /// What did not count, and why.
    pub left_out: Vec<LeftOut>,
}

/// Names of files for the commands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'a> {
    /// The ledger.
    pub ledger: Option<&'a str>,
    /// The contract.
    pub contract: Option<&'a str>,
    /// The facts, of an account without a ledger.
    pub facts: Option<&'a str>,
}

impl Explanation {
    /// The document as JSON text.
    pub fn to_json(&self) -> String {
        // Serialising these types cannot fail: no maps with other keys than text, no failing Serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The command that computes the same again.
    pub fn check(&self, files: Files<'_>) -> String {
        let zone = self.as_of.zone;
        let source = match &self.head {
            Some(head) => {
                let contract = files.contract.map(|c| format!(" --contract {}", shell::quote(c)));
                let ledger = shell::quote(files.ledger.unwrap_or("LEDGER"));
                format!("--ledger {ledger} --head {}{}", head.seq, contract.unwrap_or_default())
            }
            None => format!(
                "--contract {} --facts {}",
                shell::quote(files.contract.unwrap_or("CONTRACT.toml")),
                shell::quote(files.facts.unwrap_or("FACTS.jsonl"))
            ),
        };
        let view = if self.view == View::Agreed { "agreed" } else { "claimed" };
        let case = self.case.as_ref().map(|c| format!(" --case {}", shell::quote(c))).unwrap_or_default();
        format!(
            "opsledger explain {}{case} {source} --as-of {} --known-at {} --view {view}",
            shell::quote(&self.clause.id),
            zone.format(self.as_of.at),
            zone.format(self.known_at.at)
        )
    }

    /// The document as plain text.
    pub fn text(&self, lang: Lang, files: Files<'_>) -> String {
        let pick = |zh: &'static str, en: &'static str| if lang == Lang::Zh { zh } else { en };
        let status = |s: Status| if lang == Lang::Zh { s.zh() } else { s.name() };
        let zone = self.as_of.zone;
        let c = &self.clause;
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        let reference = c.reference.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
        line(format!("{}{reference}{}{}", c.id, pick("：", ": "), status(c.status)));
        if let Some(promise) = &self.promise {
            line(format!("{}{promise}", pick("原文：", "promise: ")));
        }
        if c.assumed {
            line(pick("未约定，示例值", "not agreed; example value").to_owned());
        }
        line(format!("{}{}", pick("规则：", "rule: "), self.rule.get(lang)));
        line(format!(
            "{}{}{}{}{}{}",
            pick("截至 ", "as of "),
            zone.format(self.as_of.at),
            pick("，已知至 ", ", known at "),
            zone.format(self.known_at.at),
            pick("，口径 ", ", view "),
            match (self.view, lang) {
                (View::Agreed, Lang::Zh) => "双方认可",
                (View::Claimed, Lang::Zh) => "全部主张",
                (View::Agreed, Lang::En) => "agreed",
                (View::Claimed, Lang::En) => "claimed",
            }
        ));
        if !self.cases.is_empty() {
            line(pick("计算：", "arithmetic:").to_owned());
        }
        for case in &self.cases {
            let state = case.line.status.map(status).unwrap_or_default();
            line(format!("  {}  {state}  {}", case.line.case, case.step.get(lang)));
        }
        line(format!("{}{}", pick("结论：", "conclusion: "), self.conclusion.get(lang)));
        if !self.facts.is_empty() {
            line(pick("事实：", "facts:").to_owned());
        }
        for fact in self.facts.iter().take(MOST_FACTS) {
            line(format!("  {}", fact_text(fact, lang)));
        }
        if self.facts.len() > MOST_FACTS {
            let rest = self.facts.len() - MOST_FACTS;
            line(match lang {
                Lang::Zh => format!("  另有 {rest} 条；用 --case 或 --json 查看"),
                Lang::En => format!("  {rest} more; --case or --json shows them"),
            });
        }
        if !self.left_out.is_empty() {
            line(pick("未计入或另行标明：", "left out, or marked:").to_owned());
        }
        for left in &self.left_out {
            let entry = left.entry.map(|seq| format!("#{seq} ")).unwrap_or_default();
            line(format!("  {entry}{}  {}", left.subject, left.text.get(lang)));
        }
        line(format!("{}{}", pick("核对：", "check: "), self.check(files)));
        out
    }
}

/// An entry in a line.
pub fn fact_text(fact: &FactLine, lang: Lang) -> String {
    let zone = fact.at.zone;
    let standing = match (fact.standing, lang) {
        (Some("confirmed"), Lang::Zh) => " 已确认",
        (Some("disputed"), Lang::Zh) => " 有异议",
        (Some("confirmed"), Lang::En) => " confirmed",
        (Some("disputed"), Lang::En) => " disputed",
        _ => "",
    };
    let recorded = if fact.recorded_at == fact.at {
        String::new()
    } else {
        let at = zone.format(fact.recorded_at.at);
        if lang == Lang::Zh { format!("，记录于 {at}") } else { format!(", recorded {at}") }
    };
    let who = fact.who(lang);
    let parts = [
        format!("#{}", fact.seq),
        fact.name(lang).to_owned(),
        fact.subject.clone(),
        format!("{}{recorded}", zone.format(fact.at.at)),
        who,
        fact.told(lang),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    format!("{}{standing}", parts.join(" "))
}
