//! A document as docx: A4, real headings, tables that repeat their head, page numbers as fields, links to entries.

use super::model::{Align, Block, Cell, Chart, Column, Document, EntryLine, Pair, Row, Signature, Table};
use super::words::{self, pick};
use crate::error::{Code, Error, Lang, Result};
use docx_rs as dx;
use docx_rs::{Docx, Paragraph, Run, TableCell, TableRow};
use std::collections::BTreeSet;
use std::io::{Cursor, Write};

/// A4 in twentieths of a point.
const A4: (u32, u32) = (11_906, 16_838);
/// 20 mm.
const MARGIN: u32 = 1_134;
/// A row of this height heads its table: `tblHeader` is put in its place, for the writer has no word for it. No text
/// can contain it, since texts are escaped.
const HEAD_MARK: &str = r#"<w:trHeight w:val="1" w:hRule="exact" />"#;
const HEAD_WORD: &str = "<w:tblHeader />";
/// A Latin letter of a cell, half a Chinese character, in twentieths of a point.
const CHARACTER: usize = 87;
/// What a cell keeps free at both sides.
const PADDING: usize = 150;
/// A column of so many letters is not squeezed for a wider one.
const NARROW: usize = 11;
const GRAY: &str = "6B7885";
const RULE: &str = "B8C2CC";

/// The document as the bytes of a docx.
pub(super) fn write(d: &Document) -> Result<Vec<u8>> {
    let writer = Writer {
        lang: d.lang,
        width: if d.landscape { A4.1 - 2 * MARGIN } else { A4.0 - 2 * MARGIN },
        known: d.blocks.iter().flat_map(known).collect(),
    };
    let (w, h) = if d.landscape { (A4.1, A4.0) } else { A4 };
    let margin = dx::PageMargin {
        top: MARGIN as i32,
        bottom: MARGIN as i32,
        left: MARGIN as i32,
        right: MARGIN as i32,
        header: 567,
        footer: 567,
        gutter: 0,
    };
    let mut docx = styles(Docx::new()).page_size(w, h).page_margin(margin);
    if d.landscape {
        docx = docx.page_orient(dx::PageOrientationType::Landscape);
    }
    docx = docx.header(writer.header(d)).footer(writer.footer(d));
    docx = docx.add_paragraph(Paragraph::new().style("Subtitle").add_run(Run::new().add_text(&d.kind)));
    docx = docx.add_paragraph(Paragraph::new().style("Title").add_run(Run::new().add_text(&d.title)));
    docx = docx.add_table(writer.pairs(&d.meta));
    let mut breaks = false;
    for block in &d.blocks {
        docx = writer.block(docx, block, &mut breaks);
    }
    let failed = |e: zip::result::ZipError| Error::new(Code::Internal, format!("docx: {e}"));
    pack(docx.build(), d).map_err(failed)
}

/// The entries that a block has a place for.
fn known(block: &Block) -> Vec<u64> {
    match block {
        Block::Entries { entries } => entries.iter().map(|e| e.seq).collect(),
        _ => Vec::new(),
    }
}

fn fonts(latin: &str, chinese: &str) -> dx::RunFonts {
    dx::RunFonts::new().ascii(latin).hi_ansi(latin).cs(latin).east_asia(chinese)
}

/// Sizes are half points, spacings twentieths of a point.
fn styles(docx: Docx) -> Docx {
    let paragraph =
        |id: &str, name: &str| dx::Style::new(id, dx::StyleType::Paragraph).name(name).q_format(true);
    let space = |before, after| dx::LineSpacing::new().before(before).after(after);
    let heading = |level: usize, size, before| {
        let (id, name) = (format!("Heading{level}"), format!("heading {level}"));
        let style = paragraph(&id, &name).based_on("Normal").next("Normal").outline_lvl(level - 1);
        style.size(size).bold().fonts(fonts("Arial", "黑体")).line_spacing(space(before, 80))
    };
    docx.default_fonts(fonts("Times New Roman", "宋体"))
        .default_size(21)
        .add_style(
            paragraph("Title", "Title")
                .size(40)
                .bold()
                .fonts(fonts("Arial", "黑体"))
                .align(dx::AlignmentType::Center)
                .line_spacing(space(0, 240)),
        )
        .add_style(
            paragraph("Subtitle", "Subtitle")
                .size(28)
                .fonts(fonts("Arial", "黑体"))
                .align(dx::AlignmentType::Center)
                .line_spacing(space(240, 80)),
        )
        .add_style(heading(1, 30, 320))
        .add_style(heading(2, 25, 240))
        .add_style(heading(3, 22, 180))
        .add_style(paragraph("Caption", "caption").size(20).bold().line_spacing(space(160, 60)))
        .add_style(paragraph("BodyText", "Body Text").line_spacing(space(40, 80)))
        .add_style(paragraph("Remark", "Remark").size(18).color(GRAY).line_spacing(space(20, 80)))
        .add_style(paragraph("Cell", "Cell").size(17).line_spacing(space(10, 10)))
        .add_style(paragraph("CellHead", "Cell Head").size(17).bold().line_spacing(space(20, 20)))
        .add_style(paragraph("Small", "Small").size(15).color(GRAY))
}

struct Writer {
    lang: Lang,
    /// Of the text, in twentieths of a point.
    width: u32,
    /// Entries that a link can lead to.
    known: BTreeSet<u64>,
}

impl Writer {
    fn header(&self, d: &Document) -> dx::Header {
        let line = format!("{}　{}", d.kind, d.title);
        dx::Header::new().add_paragraph(
            Paragraph::new()
                .style("Small")
                .align(dx::AlignmentType::Right)
                .add_run(Run::new().add_text(line)),
        )
    }

    fn footer(&self, d: &Document) -> dx::Footer {
        let number = pick(self.lang, format!("编号 {}　第 ", d.number), format!("No. {}  page ", d.number));
        let page = Paragraph::new()
            .style("Small")
            .align(dx::AlignmentType::Center)
            .add_run(Run::new().add_text(number))
            .add_page_num(dx::PageNum::new())
            .add_run(Run::new().add_text(pick(self.lang, " 页 / 共 ", " of ")))
            .add_num_pages(dx::NumPages::new())
            .add_run(Run::new().add_text(pick(self.lang, " 页", "")));
        let digest =
            pick(self.lang, format!("内容摘要 SM3 {}", d.digest), format!("content SM3 {}", d.digest));
        let digest = Paragraph::new()
            .style("Small")
            .align(dx::AlignmentType::Center)
            .add_run(Run::new().add_text(digest));
        dx::Footer::new().add_paragraph(page).add_paragraph(digest)
    }

    fn block(&self, docx: Docx, block: &Block, breaks: &mut bool) -> Docx {
        let start = std::mem::take(breaks);
        let text = |style: &str, text: &str| {
            lines(Paragraph::new().style(style), text, None).page_break_before(start)
        };
        // What is no paragraph of its own takes an empty one to begin a page.
        let docx = match block {
            Block::KeyValues { .. } | Block::Signatures { .. } if start => {
                docx.add_paragraph(Paragraph::new().page_break_before(true))
            }
            _ => docx,
        };
        match block {
            Block::Heading { level, text: t } => {
                docx.add_paragraph(text(&format!("Heading{}", level.clamp(&1, &3)), t).keep_next(true))
            }
            Block::Paragraph { text: t } => docx.add_paragraph(text("BodyText", t)),
            Block::Note { text: t } => docx.add_paragraph(text("Remark", t)),
            Block::KeyValues { pairs } => {
                docx.add_table(self.pairs(pairs)).add_paragraph(Paragraph::new().style("Small"))
            }
            Block::Table { table } => self.table(docx, table, start),
            Block::Chart { chart } => self.chart(docx, chart, start),
            Block::PageBreak => {
                *breaks = true;
                docx
            }
            Block::Signatures { parties } => self.signatures(docx, parties),
            Block::Entries { entries } => self.entries(docx, entries, start),
        }
    }

    /// No drawing: its figures stand for it.
    fn chart(&self, docx: Docx, chart: &Chart, start: bool) -> Docx {
        let table = Table { caption: chart.caption.clone(), ..chart.table.clone() };
        let docx = self.table(docx, &table, start);
        if chart.note.is_empty() {
            return docx;
        }
        docx.add_paragraph(lines(Paragraph::new().style("Remark"), &chart.note, None))
    }

    fn table(&self, docx: Docx, table: &Table, start: bool) -> Docx {
        let mut docx = docx;
        if !table.caption.is_empty() || start {
            let caption = lines(Paragraph::new().style("Caption"), &table.caption, None);
            docx = docx.add_paragraph(caption.keep_next(true).page_break_before(start));
        }
        if table.rows.is_empty() {
            return docx.add_paragraph(lines(Paragraph::new().style("Remark"), &table.empty, None));
        }
        let widths = self.widths(&table.head);
        let mut rows = vec![self.head(&table.head, &widths)];
        rows.extend(table.rows.iter().map(|row| self.row(row, &table.head, &widths)));
        docx.add_table(self.frame(rows, widths)).add_paragraph(Paragraph::new().style("Small"))
    }

    /// All of the width, given away: to each column first what its short texts need, the rest by what its long ones ask.
    fn widths(&self, head: &[Column]) -> Vec<usize> {
        let whole = self.width as usize;
        let need = |columns: usize| columns * CHARACTER + PADDING;
        let least: Vec<usize> = head.iter().map(|c| need(usize::from(c.width.max(3)).min(NARROW))).collect();
        let more: Vec<usize> = head.iter().map(|c| usize::from(c.width).saturating_sub(NARROW)).collect();
        let (base, shares) = (least.iter().sum::<usize>().max(1), more.iter().sum::<usize>());
        let mut widths: Vec<usize> = match whole.checked_sub(base) {
            Some(left) if shares > 0 => least.iter().zip(&more).map(|(l, m)| l + left * m / shares).collect(),
            _ => least.iter().map(|l| whole * l / base).collect(),
        };
        let given: usize = widths.iter().sum();
        if let Some(last) = widths.last_mut() {
            *last += whole - given;
        }
        widths
    }

    fn frame(&self, rows: Vec<TableRow>, widths: Vec<usize>) -> dx::Table {
        use dx::TableBorderPosition::{Bottom, InsideH, InsideV, Left, Right, Top};
        let border = |at| dx::TableBorder::new(at).size(4).color(RULE);
        let borders = [Top, Bottom, Left, Right, InsideH, InsideV].into_iter();
        let borders = borders.fold(dx::TableBorders::new(), |all, at| all.set(border(at)));
        dx::Table::new(rows)
            .set_grid(widths)
            .layout(dx::TableLayoutType::Fixed)
            .width(self.width as usize, dx::WidthType::Dxa)
            .margins(dx::TableCellMargins::new().margin(20, 70, 20, 70))
            .set_borders(borders)
    }

    fn head(&self, head: &[Column], widths: &[usize]) -> TableRow {
        let cells = head.iter().zip(widths).map(|(column, width)| {
            let p = aligned(Paragraph::new().style("CellHead"), column.align);
            shaded(TableCell::new().width(*width, dx::WidthType::Dxa).add_paragraph(lines(
                p,
                &column.text,
                None,
            )))
        });
        TableRow::new(cells.collect()).cant_split().row_height(1.0).height_rule(dx::HeightRule::Exact)
    }

    fn row(&self, row: &Row, head: &[Column], widths: &[usize]) -> TableRow {
        let cells = row.cells.iter().zip(head).zip(widths).map(|((cell, column), width)| {
            let out = TableCell::new().width(*width, dx::WidthType::Dxa);
            let style = if row.strong { "CellHead" } else { "Cell" };
            let out =
                out.add_paragraph(self.cell(aligned(Paragraph::new().style(style), column.align), cell));
            if row.strong { shaded(out) } else { out }
        });
        TableRow::new(cells.collect()).cant_split()
    }

    fn cell(&self, p: Paragraph, cell: &Cell) -> Paragraph {
        let mut p = p;
        if let Some(mark) = cell.status {
            p = p.add_run(Run::new().add_text(mark.label).bold().color(colour(mark.name)));
        }
        let gap = |p: Paragraph, wanted: bool| if wanted { p.add_run(Run::new().add_text(" ")) } else { p };
        if !cell.text.is_empty() {
            p = lines(gap(p, cell.status.is_some()), &cell.text, None);
        }
        if !cell.runs.is_empty() {
            p = gap(p, cell.status.is_some() || !cell.text.is_empty());
            p = self.links(p, cell);
        }
        p
    }

    /// Apart by blanks, where a line may end.
    fn links(&self, p: Paragraph, cell: &Cell) -> Paragraph {
        let mut p = p;
        for (i, run) in cell.runs.iter().enumerate() {
            if i > 0 {
                p = p.add_run(Run::new().add_text(" "));
            }
            let label = words::run_text(self.lang, &[*run], 0);
            p = if self.known.contains(&run.0) {
                let link = dx::Hyperlink::new(anchor(run.0), dx::HyperlinkType::Anchor);
                p.add_hyperlink(link.add_run(Run::new().add_text(label).color("2B4A6F")))
            } else {
                p.add_run(Run::new().add_text(label))
            };
        }
        if cell.more > 0 {
            p = p.add_run(Run::new().add_text(words::more_text(self.lang, &cell.runs, cell.more)));
        }
        p
    }

    fn pairs(&self, pairs: &[Pair]) -> dx::Table {
        let key = self.width as usize * 26 / 100;
        let widths = vec![key, self.width as usize - key];
        let row = |pair: &Pair| {
            let name = lines(Paragraph::new().style("CellHead"), &pair.key, None);
            let name = shaded(TableCell::new().width(widths[0], dx::WidthType::Dxa).add_paragraph(name));
            let value = self.cell(Paragraph::new().style("Cell"), &pair.value);
            let value = TableCell::new().width(widths[1], dx::WidthType::Dxa).add_paragraph(value);
            TableRow::new(vec![name, value]).cant_split()
        };
        self.frame(pairs.iter().map(row).collect(), widths.clone())
    }

    /// Side by side, two in a row.
    fn signatures(&self, docx: Docx, parties: &[Signature]) -> Docx {
        let half = self.width as usize / 2;
        let cell = |s: &Signature| {
            let mut cell = TableCell::new().width(half, dx::WidthType::Dxa);
            cell = cell.add_paragraph(lines(Paragraph::new().style("CellHead"), &s.party, None));
            for line in &s.lines {
                let space = dx::LineSpacing::new().before(200).after(200);
                cell = cell.add_paragraph(lines(
                    Paragraph::new().style("BodyText").line_spacing(space),
                    line,
                    None,
                ));
            }
            cell
        };
        let row = |pair: &[Signature]| {
            let empty = pair.len() % 2;
            let cells = pair.iter().map(cell);
            let blank = || {
                TableCell::new().width(half, dx::WidthType::Dxa).add_paragraph(Paragraph::new().style("Cell"))
            };
            TableRow::new(cells.chain((0..empty).map(|_| blank())).collect()).cant_split()
        };
        docx.add_table(self.frame(parties.chunks(2).map(row).collect(), vec![half, half]))
            .add_paragraph(Paragraph::new().style("Small"))
    }

    fn entries(&self, docx: Docx, entries: &[EntryLine], start: bool) -> Docx {
        let table = super::render::entry_table(entries, self.lang, true);
        if entries.is_empty() {
            return self.table(docx, &table, start);
        }
        let docx = if start { docx.add_paragraph(Paragraph::new().page_break_before(true)) } else { docx };
        let widths = self.widths(&table.head);
        let mut rows = vec![self.head(&table.head, &widths)];
        for (i, (entry, row)) in entries.iter().zip(&table.rows).enumerate() {
            let cells = row.cells.iter().zip(&table.head).zip(&widths).enumerate().map(
                |(column, ((cell, head), width))| {
                    let mut p = aligned(Paragraph::new().style("Cell"), head.align);
                    // The place that links lead to.
                    if column == 0 {
                        p = p.add_bookmark_start(i + 1, anchor(entry.seq));
                    }
                    p = self.cell(p, cell);
                    if column == 0 {
                        p = p.add_bookmark_end(i + 1);
                    }
                    TableCell::new().width(*width, dx::WidthType::Dxa).add_paragraph(p)
                },
            );
            rows.push(TableRow::new(cells.collect()).cant_split());
        }
        docx.add_table(self.frame(rows, widths)).add_paragraph(Paragraph::new().style("Small"))
    }
}

/// Name of an entry's place; Word wants a letter first.
fn anchor(seq: u64) -> String {
    format!("entry_{seq}")
}

fn aligned(p: Paragraph, align: Align) -> Paragraph {
    match align {
        Align::Left => p,
        Align::Right => p.align(dx::AlignmentType::Right),
    }
}

fn shaded(cell: TableCell) -> TableCell {
    cell.shading(dx::Shading::new().shd_type(dx::ShdType::Clear).color("auto").fill("EEF1F4"))
}

/// The text with its line ends.
fn lines(p: Paragraph, text: &str, colour: Option<&str>) -> Paragraph {
    let mut run = Run::new();
    if let Some(colour) = colour {
        run = run.color(colour);
    }
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            run = run.add_break(dx::BreakType::TextWrapping);
        }
        run = run.add_text(line);
    }
    p.add_run(run)
}

fn colour(status: &str) -> &'static str {
    match status {
        "breached" => "9B2C2C",
        "at-risk" => "96650C",
        "met" => "26694A",
        "waived" => "59549A",
        "running" => "2A5D91",
        _ => "5A6472",
    }
}

/// The parts as a file, compressed; the same parts give the same bytes.
fn pack(parts: dx::XMLDocx, d: &Document) -> zip::result::ZipResult<Vec<u8>> {
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, bytes: &[u8]| -> zip::result::ZipResult<()> {
        zip.start_file(name, options)?;
        Ok(zip.write_all(bytes)?)
    };
    let document = replaced(&parts.document, HEAD_MARK, HEAD_WORD);
    let title =
        format!("<dc:title>{}</dc:title></cp:coreProperties>", escape(&format!("{} {}", d.kind, d.title)));
    let core = replaced(&parts.doc_props.core, "</cp:coreProperties>", &title);
    add("[Content_Types].xml", &parts.content_type)?;
    add("_rels/.rels", &parts.rels)?;
    add("docProps/app.xml", &parts.doc_props.app)?;
    add("docProps/core.xml", &core)?;
    add("docProps/custom.xml", &parts.doc_props.custom)?;
    add("word/_rels/document.xml.rels", &parts.document_rels)?;
    add("word/document.xml", &document)?;
    add("word/styles.xml", &parts.styles)?;
    add("word/settings.xml", &parts.settings)?;
    add("word/fontTable.xml", &parts.font_table)?;
    add("word/comments.xml", &parts.comments)?;
    add("word/numbering.xml", &parts.numberings)?;
    add("word/commentsExtended.xml", &parts.comments_extended)?;
    add("word/footnotes.xml", &parts.footnotes)?;
    for (i, header) in parts.headers.iter().enumerate() {
        add(&format!("word/header{}.xml", i + 1), header)?;
    }
    for (i, footer) in parts.footers.iter().enumerate() {
        add(&format!("word/footer{}.xml", i + 1), footer)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn replaced(part: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(part).replace(from, to).into_bytes()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
