//! The documents there are, and how one is asked for.

use super::model::Document;
use super::render::{Format, Rendered, render};
use super::words::pick;
use super::{acceptance, bundle, incident, monthly, roster, service_ledger};
use crate::account::Account;
use crate::assess::Ask;
use crate::calendar::{Date, Zone};
use crate::error::{Code, Error, Lang, Result};
use crate::facts::Fact;
use crate::time::{Instant, Interval, canonical_instant};
use chrono::{Datelike, Months};
use serde_json::json;

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// Monthly platform and security report (运维月报).
    Monthly,
    /// One incident (故障报告).
    Incident,
    /// What was done for whom (服务台账).
    Ledger,
    /// Who was on duty (值班表).
    Roster,
    /// Annual acceptance package (验收资料).
    Acceptance,
}

impl DocumentKind {
    /// All of them.
    pub const ALL: [DocumentKind; 5] = [
        DocumentKind::Monthly,
        DocumentKind::Incident,
        DocumentKind::Ledger,
        DocumentKind::Roster,
        DocumentKind::Acceptance,
    ];
    /// By its name.
    ///
    /// # Errors
    /// `bad-request` with any other name.
    pub fn parse(name: &str) -> Result<DocumentKind> {
        Self::ALL.into_iter().find(|k| k.name() == name).ok_or_else(|| {
            Error::new(Code::BadRequest, format!("report {name:?}")).with_hints(
                "reports are monthly, incident, ledger, roster and acceptance",
                "报告种类：monthly（月报）、incident（故障报告）、ledger（服务台账）、roster（值班表）、acceptance（验收资料）",
            )
        })
    }
    /// Its name in commands and facts.
    pub fn name(self) -> &'static str {
        match self {
            DocumentKind::Monthly => "monthly",
            DocumentKind::Incident => "incident",
            DocumentKind::Ledger => "ledger",
            DocumentKind::Roster => "roster",
            DocumentKind::Acceptance => "acceptance",
        }
    }
    /// The kind under which `report.submit` records it: what clauses ask for.
    fn paper(self) -> &'static str {
        match self {
            DocumentKind::Monthly => "monthly",
            DocumentKind::Incident => "incident",
            DocumentKind::Ledger => "service-ledger",
            DocumentKind::Roster => "duty-roster",
            DocumentKind::Acceptance => "acceptance-materials",
        }
    }
    /// The letter in its number.
    pub(super) fn code(self) -> &'static str {
        match self {
            DocumentKind::Monthly => "M",
            DocumentKind::Incident => "I",
            DocumentKind::Ledger => "L",
            DocumentKind::Roster => "R",
            DocumentKind::Acceptance => "A",
        }
    }
    /// What it is called.
    pub fn title(self, lang: Lang) -> &'static str {
        match self {
            DocumentKind::Monthly => {
                pick(lang, "平台运行与信息安全月报", "Monthly platform and security report")
            }
            DocumentKind::Incident => pick(lang, "故障处理报告", "Incident report"),
            DocumentKind::Ledger => pick(lang, "服务台账", "Service ledger"),
            DocumentKind::Roster => pick(lang, "值班表", "Duty roster"),
            DocumentKind::Acceptance => pick(lang, "年度验收书", "Annual acceptance form"),
        }
    }
    /// What its file is called.
    pub(super) fn file(self, lang: Lang) -> &'static str {
        match self {
            DocumentKind::Monthly => pick(lang, "运维月报", "monthly"),
            DocumentKind::Incident => pick(lang, "故障报告", "incident"),
            DocumentKind::Ledger => pick(lang, "服务台账", "ledger"),
            DocumentKind::Roster => pick(lang, "值班表", "roster"),
            DocumentKind::Acceptance => pick(lang, "验收书", "acceptance"),
        }
    }
}

/// A calendar month of the contract's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: Date,
}

impl Month {
    /// `2026-03`.
    ///
    /// # Errors
    /// `bad-request` for anything else.
    pub fn parse(text: &str) -> Result<Month> {
        let wrong = || {
            Error::new(Code::BadRequest, format!("month = {text:?}"))
                .with_hints("write a month as 2026-03", "月份写作 2026-03")
        };
        let exact = text.len() == 7 && text.is_ascii() && text.as_bytes()[4] == b'-';
        let first = format!("{text}-01").parse::<Date>().ok().filter(|_| exact).ok_or_else(wrong)?;
        Ok(Month { first })
    }
    /// The month of a local day.
    pub fn of(date: Date) -> Month {
        Month { first: date.with_day(1).unwrap_or(date) }
    }
    /// The one after it.
    #[must_use]
    pub fn next(self) -> Month {
        Month { first: self.first.checked_add_months(Months::new(1)).unwrap_or(self.first) }
    }
    /// `2026-03`.
    pub fn name(self) -> String {
        self.first.format("%Y-%m").to_string()
    }
    /// Its first day.
    pub fn first(self) -> Date {
        self.first
    }
    /// Local midnight of its first day to that of the next month's.
    pub fn interval(self, zone: Zone) -> Interval {
        Interval::new(zone.midnight(self.first), zone.midnight(self.next().first))
    }
}

/// What a document is asked with, beside the question to the account.
#[derive(Clone, Debug, Default)]
pub struct DocumentOptions<'a> {
    /// Language.
    pub lang: Lang,
    /// The month it speaks of; monthly report, ledger and roster. Absent: the month before the last instant known, within the service period.
    pub month: Option<Month>,
    /// The incident it speaks of.
    pub subject: Option<&'a str>,
    /// Forms, in this order; empty: those the kind is usually given in.
    pub formats: &'a [Format],
    /// Name of the ledger's file for the commands in the annex.
    pub ledger: Option<&'a str>,
    /// Name of the contract's file for the commands in the annex.
    pub contract_file: Option<&'a str>,
}

/// A document with its files.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its kind.
    pub kind: DocumentKind,
    /// The document itself.
    pub document: Document,
    /// The files; the first is the document in the first form asked for.
    pub files: Vec<Rendered>,
}

/// The files of a document.
///
/// The same account, question and options give the same bytes. Names have no folder. The first file is the document itself;
/// of the acceptance package it is the index, which has the digest of every other file.
///
/// # Errors
/// `bad-request` without the incident it is to speak of, or for a month that has not begun; `not-found` for an incident
/// nobody reported; else as [`Account::assess`].
pub fn document(
    account: &Account,
    kind: DocumentKind,
    ask: &Ask,
    options: &DocumentOptions<'_>,
) -> Result<Vec<Rendered>> {
    Ok(package(account, kind, ask, options)?.files)
}

/// The same with the document that the files were made from, to be issued ([`Package::issue`]).
///
/// # Errors
/// As [`document`].
pub fn package(
    account: &Account,
    kind: DocumentKind,
    ask: &Ask,
    options: &DocumentOptions<'_>,
) -> Result<Package> {
    if kind == DocumentKind::Acceptance {
        return bundle::acceptance(account, ask, options);
    }
    let document = build(account, kind, ask, options)?;
    let files = forms(&document, kind, options)?;
    Ok(Package { kind, document, files })
}

/// A document in the forms asked for, or in those it is usually given in.
pub(super) fn forms(
    document: &Document,
    kind: DocumentKind,
    options: &DocumentOptions<'_>,
) -> Result<Vec<Rendered>> {
    let usual: &[Format] = match kind {
        DocumentKind::Ledger | DocumentKind::Roster => &[Format::Xlsx, Format::Html],
        _ => &[Format::Docx, Format::Xlsx, Format::Html],
    };
    let formats = if options.formats.is_empty() { usual } else { options.formats };
    formats.iter().map(|format| render(document, *format)).collect()
}

pub(super) fn build(
    account: &Account,
    kind: DocumentKind,
    ask: &Ask,
    options: &DocumentOptions<'_>,
) -> Result<Document> {
    match kind {
        DocumentKind::Monthly => monthly::build(account, ask, options),
        DocumentKind::Incident => incident::build(account, ask, options),
        DocumentKind::Ledger => service_ledger::build(account, ask, options),
        DocumentKind::Roster => roster::build(account, ask, options),
        DocumentKind::Acceptance => acceptance::build(account, ask, options),
    }
}

/// The month asked for, or the last one that was over at the last instant known.
pub(super) fn month(account: &Account, ask: &Ask, options: &DocumentOptions<'_>) -> Result<Month> {
    if let Some(month) = options.month {
        return Ok(month);
    }
    let a = account.assess(&Ask { as_of: None, ..ask.clone() })?;
    let (zone, period) = (a.known_at.zone, account.contract_at(ask)?.period);
    let last = Month::of(zone.date(ask.as_of.unwrap_or(a.known_at.at)));
    let before = last.first.checked_sub_months(Months::new(1)).map_or(last, Month::of);
    // A month of the service period: neither before its first nor after its last.
    let (first, end) = (Month::of(zone.date(period.start)), Month::of(zone.date(period.end - 1)));
    Ok(before.max(first).min(end))
}

impl Package {
    /// The fact that it was issued, for the ledger: `report.submit` with the digest of its first file, the digests of all of
    /// them, and what it knew, so that the next one can tell what was corrected since. `at` is the host's clock.
    ///
    /// # Errors
    /// As [`Fact::parse`]; `bad-request` without a file.
    pub fn issue(&self, at: Instant, party: &str, person: Option<&str>) -> Result<Fact> {
        let digest = |f: &Rendered| crate::digest::sm3_hex(&f.bytes);
        let first = self.files.first().ok_or_else(|| Error::new(Code::BadRequest, "report: no file"))?;
        let (d, asked) = (&self.document, &self.document.asked);
        let files: Vec<_> = self.files.iter().map(|f| json!({ "name": f.name, "sm3": digest(f) })).collect();
        let mut fact = json!({
            "kind": "report.submit", "subject": d.number, "at": canonical_instant(at)?,
            "key": format!("report.submit:{}:{}", d.number, d.digest),
            "actor": { "party": party },
            "body": {
                "kind": self.kind.paper(), "covers": d.covers, "version": d.version.to_string(), "digest": digest(first),
                "document": self.kind.name(), "number": d.number, "content_sm3": d.digest, "as_of": asked.as_of,
                "known_at": asked.known_at, "view": asked.view, "head": asked.head, "files": files,
            },
        });
        if let Some(person) = person {
            fact["actor"]["person"] = json!(person);
            fact["body"]["person"] = json!(person);
        }
        Fact::parse(&fact.to_string())
    }
}
