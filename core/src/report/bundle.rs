//! The annual acceptance package: the form, the twelve monthly reports, ledger, rosters, incident reports, registers, the
//! assessments and the contract, and an index with the SM3 of each file.

use super::kind::{self, DocumentKind, DocumentOptions, Package};
use super::model::{Cell, Column, Document, Row, Table};
use super::render::{Format, Rendered, render};
use super::words::pick;
use super::{acceptance, incident, text};
use crate::account::Account;
use crate::assess::{Ask, View};
use crate::digest::sm3_hex;
use crate::error::{Lang, Result};
use crate::time::parse_instant;

/// Incident reports that a package holds; the register lists all incidents.
const MOST_INCIDENTS: usize = 60;

/// A file of the package with what it is.
struct Piece {
    what: String,
    file: Rendered,
}

/// The package; its index comes first, so that the digest of the first file stands for all of them.
pub(super) fn acceptance(account: &Account, ask: &Ask, options: &DocumentOptions<'_>) -> Result<Package> {
    let document = acceptance::build(account, ask, options)?;
    // Everything else is asked of the same head and the same instants as the form.
    let as_of = parse_instant(&document.asked.as_of)?;
    let pinned = Ask {
        as_of: None,
        known_at: Some(parse_instant(&document.asked.known_at)?),
        head: document.asked.head.as_ref().map(|h| h.seq).or(ask.head),
        ..ask.clone()
    };
    let at_end = Ask { as_of: Some(as_of), ..pinned.clone() };
    let mut pieces = Pieces { lang: options.lang, list: Vec::new() };
    pieces.take(&document, kind::forms(&document, DocumentKind::Acceptance, options)?);
    let contract = account.contract_at(&at_end)?;
    for month in acceptance::months_of(contract.period_dates, contract.zone, as_of) {
        let options = DocumentOptions { month: Some(month), subject: None, ..options.clone() };
        for kind in [DocumentKind::Monthly, DocumentKind::Roster] {
            let d = kind::build(account, kind, &pinned, &options)?;
            pieces.take(&d, kind::forms(&d, kind, &options)?);
        }
    }
    let whole = DocumentOptions { month: None, subject: None, ..options.clone() };
    let ledger = kind::build(account, DocumentKind::Ledger, &at_end, &whole)?;
    pieces.take(&ledger, kind::forms(&ledger, DocumentKind::Ledger, &whole)?);
    let incidents = incident::grave(&account.register("incidents", &at_end)?);
    for subject in incidents.iter().take(MOST_INCIDENTS) {
        let options = DocumentOptions { subject: Some(subject), ..whole.clone() };
        let d = kind::build(account, DocumentKind::Incident, &at_end, &options)?;
        pieces.take(&d, kind::forms(&d, DocumentKind::Incident, &options)?);
    }
    let annex = acceptance::annex(account, &at_end, options)?;
    pieces.take(&annex, vec![render(&annex, Format::Xlsx)?]);
    for (view, name) in [(View::Agreed, "assessment-agreed.json"), (View::Claimed, "assessment-claimed.json")]
    {
        let assessment = account.assess(&Ask { view, ..at_end.clone() })?;
        let what = pick(options.lang, "评估数据（JSON）", "Assessment (JSON)");
        pieces.add(what, name, "application/json", assessment.to_json().into_bytes());
    }
    let text = contract.text.as_bytes().to_vec();
    pieces.add(pick(options.lang, "合同文本", "Contract"), "contract.toml", "application/toml", text);
    let files = pieces.finish(&document, options)?;
    Ok(Package { kind: DocumentKind::Acceptance, document, files })
}

struct Pieces {
    lang: Lang,
    list: Vec<Piece>,
}

impl Pieces {
    fn take(&mut self, d: &Document, files: Vec<Rendered>) {
        let what = format!("{} {}", d.kind, d.number);
        self.list.extend(files.into_iter().map(|file| Piece { what: what.clone(), file }));
    }

    fn add(&mut self, what: &str, name: &str, media_type: &'static str, bytes: Vec<u8>) {
        let file = Rendered { name: name.to_owned(), media_type, bytes };
        self.list.push(Piece { what: what.to_owned(), file });
    }

    /// Numbers the files in their order, and puts the index before them.
    fn finish(mut self, form: &Document, options: &DocumentOptions<'_>) -> Result<Vec<Rendered>> {
        for (n, piece) in (1..).zip(&mut self.list) {
            piece.file.name = format!("{n:03}-{}", piece.file.name);
        }
        let mut index = self.index(form);
        index.seal();
        let mut files = kind::forms(&index, DocumentKind::Acceptance, options)?;
        let sums = self.list.iter().map(|p| format!("{}  {}\n", sm3_hex(&p.file.bytes), p.file.name));
        files.push(Rendered {
            name: "SM3SUMS".to_owned(),
            media_type: "text/plain; charset=utf-8",
            bytes: sums.collect::<String>().into_bytes(),
        });
        files.extend(self.list.into_iter().map(|p| p.file));
        Ok(files)
    }

    fn index(&self, form: &Document) -> Document {
        let lang = self.lang;
        let row = |(n, p): (i64, &Piece)| {
            let size = i64::try_from(p.file.bytes.len()).unwrap_or(i64::MAX);
            Row::new(vec![
                Cell::integer(n),
                Cell::text(&p.file.name),
                Cell::text(&p.what),
                Cell::integer(size),
                Cell::text(sm3_hex(&p.file.bytes)),
            ])
        };
        let mut d = Document {
            name: text::file_name(&format!("000-{}", pick(lang, "验收资料目录", "index"))),
            title: form.title.clone(),
            kind: pick(lang, "年度验收资料目录", "Index of the acceptance package").to_owned(),
            number: format!("{}-index", form.number),
            covers: form.covers.clone(),
            version: form.version,
            asked: form.asked.clone(),
            lang,
            landscape: true,
            meta: form.meta.clone(),
            ..Document::default()
        };
        d.table(Table {
            name: pick(lang, "目录", "index").to_owned(),
            caption: String::new(),
            head: vec![
                Column::right(pick(lang, "序号", "No."), 6),
                Column::left(pick(lang, "文件", "File"), 36),
                Column::left(pick(lang, "内容", "What"), 40),
                Column::right(pick(lang, "字节数", "Bytes"), 10),
                Column::left("SM3", 66),
            ],
            rows: (1..).zip(&self.list).map(row).collect(),
            empty: String::new(),
        });
        d.note(pick(
            lang,
            "任何一个文件都可用 openssl dgst -sm3 核对；SM3SUMS 是同一份清单的纯文本。",
            "Check any file with openssl dgst -sm3; SM3SUMS is the same list as plain text.",
        ));
        d
    }
}
