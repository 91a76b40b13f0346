//! A document as one HTML page: no script, nothing loaded, readable on a phone and printed on A4. The template escapes
//! every text.

use super::model::Document;
use super::words::pick;
use crate::error::{Code, Error, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("document.html");
const STYLE: &str = concat!(include_str!("page.css"), include_str!("document.css"));

#[derive(Serialize)]
struct Page<'a> {
    css: &'static str,
    lang: &'static str,
    d: &'a Document,
    t: BTreeMap<&'static str, &'static str>,
}

/// The words of the page's frame: name, Chinese, English.
const WORDS: &[(&str, &str, &str)] = &[
    ("and", "、", ", "),
    ("digest", "内容摘要 SM3", "Content SM3"),
    ("figures", "图中数值", "The chart in figures"),
    ("in_all", " 及另 ", ", and "),
    ("in_all_end", " 条", " more"),
    ("number", "编号", "Number"),
    ("entry", "序号", "Entry"),
    ("fact", "事实", "Fact"),
    ("subject", "编号", "Subject"),
    ("at", "发生时间", "At"),
    ("recorded_at", "记录时间", "Recorded at"),
    ("by", "记录人", "By"),
    ("head", "记录头 SM3", "Head SM3"),
];

/// The page's text.
pub(super) fn write(d: &Document) -> Result<String> {
    let failed = |e: minijinja::Error| Error::new(Code::Internal, format!("document: {e:#}"));
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?);
    env.add_template("document.html", TEMPLATE).map_err(failed)?;
    let t = WORDS.iter().map(|(name, zh, en)| (*name, pick(d.lang, *zh, *en))).collect();
    let page = Page { css: STYLE, lang: pick(d.lang, "zh-CN", "en"), d, t };
    env.get_template("document.html").map_err(failed)?.render(Serde(page)).map_err(failed)
}
