//! Office formats, e-books and archives, each built here from its parts.

use std::io::{Cursor, Write};

use super::BlockKind::{Heading, ListItem, Paragraph, TableRow};
use super::*;

pub(super) fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).expect("a part begins");
        zip.write_all(content).expect("a part is written");
    }
    zip.finish().expect("the archive is written").into_inner()
}

pub(super) fn read(bytes: &[u8], name: &str) -> Extracted {
    extract(bytes, name, &Limits::default()).expect("the document is read")
}

pub(super) fn refuse(bytes: &[u8], name: &str) -> String {
    extract(bytes, name, &Limits::default())
        .expect_err("the document is refused")
        .to_string()
}

fn blocks(doc: &Extracted) -> Vec<(BlockKind, Option<u32>, &str)> {
    doc.blocks
        .iter()
        .map(|b| (b.kind, b.page, b.text.as_str()))
        .collect()
}

const CORE: &[u8] = br#"<cp:coreProperties xmlns:dc="d" xmlns:dcterms="t"><dc:title>Spring fees</dc:title>
    <dcterms:created>2026-01-02T10:00:00Z</dcterms:created><dcterms:modified>2026-03-04T10:00:00Z</dcterms:modified>
    </cp:coreProperties>"#;
/// 2026-03-04T10:00:00Z
const MODIFIED: i64 = 1_772_618_400_000;

pub(super) fn presentation() -> Vec<u8> {
    let slide = |body: &str| {
        format!("<p:sld><p:cSld><p:spTree>{body}</p:spTree></p:cSld></p:sld>").into_bytes()
    };
    let first = slide(
        r#"<p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="1"/></p:nvPr></p:nvSpPr><p:txBody>
             <a:p><a:r><a:t>Open on weekdays</a:t></a:r></a:p>
             <a:p><a:r><a:t>Closed on </a:t></a:r><a:r><a:t>Sunday</a:t></a:r></a:p></p:txBody></p:sp>
           <p:sp><p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody>
             <a:p><a:r><a:t>Welcome &amp; hours</a:t></a:r></a:p></p:txBody></p:sp>
           <p:sp><p:nvSpPr><p:nvPr><p:ph type="sldNum"/></p:nvPr></p:nvSpPr><p:txBody>
             <a:p><a:fld><a:t>1</a:t></a:fld></a:p></p:txBody></p:sp>"#,
    );
    let second = slide(
        r#"<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tblPr firstRow="1"/>
             <a:tr><a:tc><a:txBody><a:p><a:r><a:t>Service</a:t></a:r></a:p></a:txBody></a:tc>
                   <a:tc><a:txBody><a:p><a:r><a:t>Fee</a:t></a:r></a:p></a:txBody></a:tc></a:tr>
             <a:tr><a:tc><a:txBody><a:p><a:r><a:t>Cleaning</a:t></a:r></a:p></a:txBody></a:tc>
                   <a:tc><a:txBody><a:p><a:r><a:t>$95</a:t></a:r></a:p></a:txBody></a:tc></a:tr>
           </a:tbl></a:graphicData></a:graphic></p:graphicFrame>"#,
    );
    let notes = slide(
        r#"<p:sp><p:nvSpPr><p:nvPr><p:ph type="body"/></p:nvPr></p:nvSpPr><p:txBody>
             <a:p><a:r><a:t>Say that children pay half.</a:t></a:r></a:p></p:txBody></p:sp>"#,
    );
    zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        (
            "ppt/presentation.xml",
            br#"<p:presentation xmlns:r="r"><p:sldIdLst><p:sldId id="256" r:id="rId7"/><p:sldId id="257" r:id="rId3"/>
                </p:sldIdLst></p:presentation>"#,
        ),
        (
            "ppt/_rels/presentation.xml.rels",
            br#"<Relationships><Relationship Id="rId3" Type="x/slide" Target="slides/slide1.xml"/>
                <Relationship Id="rId7" Type="x/slide" Target="slides/slide2.xml"/></Relationships>"#,
        ),
        ("ppt/slides/slide2.xml", &first),
        ("ppt/slides/slide1.xml", &second),
        (
            "ppt/slides/_rels/slide1.xml.rels",
            br#"<Relationships><Relationship Id="n" Type="x/notesSlide" Target="../notesSlides/notes1.xml"/></Relationships>"#,
        ),
        ("ppt/notesSlides/notes1.xml", &notes),
        ("docProps/core.xml", CORE),
    ])
}

#[test]
fn slides_are_pages_with_title_first_and_tables_and_the_speakers_notes_stay_out() {
    let doc = read(&presentation(), "fees.pptx");
    assert_eq!((doc.kind, doc.pages), (Format::Pptx, Some(2)));
    assert_eq!(
        blocks(&doc),
        [
            (Heading(2), Some(1), "Welcome & hours"),
            (ListItem, Some(1), "Open on weekdays"),
            (ListItem, Some(1), "Closed on Sunday"),
            (TableRow, Some(2), "Service: Cleaning | Fee: $95"),
        ]
    );
    assert!(
        doc.notes
            .iter()
            .any(|n| n.contains("1 slide's speaker notes"))
    );
    assert_eq!(doc.title.as_deref(), Some("Welcome & hours"));
    assert_eq!(doc.written_at, Some(MODIFIED));
}

fn workbook(cells: &str) -> Vec<u8> {
    workbook_with("", cells)
}

/// `before` is the XML before the cells.
pub(super) fn workbook_with(before: &str, cells: &str) -> Vec<u8> {
    zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        (
            "_rels/.rels",
            br#"<Relationships><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            br#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Prices" sheetId="1" r:id="rId1"/>
                <sheet name="Secret" sheetId="2" state="hidden" r:id="rId2"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
                <Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>
                <Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/>
                </Relationships>"#,
        ),
        (
            "xl/styles.xml",
            br##"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
                <numFmts><numFmt numFmtId="164" formatCode="&quot;$&quot;#,##0.00"/><numFmt numFmtId="165" formatCode="mmmm d, yyyy"/></numFmts>
                <fonts><font/></fonts><fills><fill/></fills><borders><border/></borders>
                <cellXfs><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/></cellXfs></styleSheet>"##,
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{before}<sheetData>{cells}</sheetData></worksheet>"#).as_bytes(),
        ),
        (
            "xl/worksheets/sheet2.xml",
            br#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
                <row r="1"><c r="A1" t="inlineStr"><is><t>wages</t></is></c></row></sheetData></worksheet>"#,
        ),
        ("docProps/core.xml", CORE),
    ])
}

#[test]
fn sheets_are_sections_and_cells_read_as_shown() {
    let text = |at: &str, t: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{t}</t></is></c>"#);
    let cells = format!(
        r#"<row r="1">{}</row><row r="3">{}{}{}</row><row r="4">{}<c r="B4" s="1"><v>1295.5</v></c><c r="C4" s="2"><v>46380</v></c></row>"#,
        text("A1", "Prices from 2026"),
        text("A3", "Service"),
        text("B3", "Fee"),
        text("C3", "Valid until"),
        text("A4", "Crown"),
    );
    let doc = read(&workbook(&cells), "prices.xlsx");
    assert_eq!(
        blocks(&doc),
        [
            (Heading(2), None, "Prices"),
            (Paragraph, None, "Prices from 2026"),
            (
                TableRow,
                None,
                "Service: Crown | Fee: $1,295.50 | Valid until: December 24, 2026"
            ),
        ]
    );
    assert!(doc.notes[0].contains("1 hidden sheet."), "{:?}", doc.notes);
    assert_eq!(doc.written_at, Some(MODIFIED));
}

#[test]
fn hidden_rows_and_columns_of_a_workbook_are_not_read_and_told() {
    let cells = r#"<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c><c r="C1"><v>3</v></c></row>
        <row r="2" hidden="1"><c r="A2"><v>4</v></c><c r="C2"><v>5</v></c></row>"#;
    let hidden = r#"<cols><col min="2" max="2" hidden="1"/></cols>"#;
    let doc = read(&workbook_with(hidden, cells), "wine.xlsx");
    let rows = blocks(&doc);
    assert_eq!(rows.last().map(|b| b.2), Some("1 | 3"));
    assert!(doc.notes.iter().any(|n| n.contains("3 cells in hidden")));
}

#[test]
fn a_sheet_that_claims_a_cell_at_its_far_end_takes_no_memory_for_it() {
    let cells = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Hello</t></is></c></row>
        <row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
    let doc = read(&workbook(cells), "a.xlsx");
    assert_eq!(doc.blocks.len(), 2);
    assert!(
        doc.notes.iter().any(|n| n.contains("beyond")),
        "{:?}",
        doc.notes
    );
}

fn opendocument(kind: &str, content: &str) -> Vec<u8> {
    zipped(&[
        (
            "mimetype",
            format!("application/vnd.oasis.opendocument.{kind}").as_bytes(),
        ),
        (
            "content.xml",
            format!("<office:document-content>{content}</office:document-content>").as_bytes(),
        ),
        (
            "meta.xml",
            br#"<m><dc:title>House rules</dc:title><dc:date>2026-03-04T10:00:00</dc:date></m>"#,
        ),
    ])
}

#[test]
fn an_opendocument_text_keeps_headings_lists_and_tables() {
    let doc = read(
        &opendocument(
            "text",
            r#"<office:body><office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>
               <text:h text:outline-level="1">Rules</text:h>
               <text:p>Dogs stay<text:s text:c="2"/>on a <text:span>leash</text:span>.<office:annotation><text:p>really?</text:p></office:annotation></text:p>
               <text:list><text:list-item><text:p>No smoking</text:p></text:list-item></text:list>
               <table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Day</text:p></table:table-cell>
                 <table:table-cell><text:p>Hours</text:p></table:table-cell></table:table-row></table:table-header-rows>
                 <table:table-row><table:table-cell><text:p>Monday</text:p></table:table-cell>
                 <table:table-cell table:number-rows-spanned="2"><text:p>9-5</text:p></table:table-cell></table:table-row>
                 <table:table-row><table:table-cell><text:p>Tuesday</text:p></table:table-cell><table:covered-table-cell/></table:table-row>
               </table:table></office:text></office:body>"#,
        ),
        "rules.odt",
    );
    assert_eq!(
        blocks(&doc),
        [
            (Heading(1), None, "Rules"),
            (Paragraph, None, "Dogs stay on a leash."),
            (ListItem, None, "No smoking"),
            (TableRow, None, "Day: Monday | Hours: 9-5"),
            (TableRow, None, "Day: Tuesday | Hours: 9-5"),
        ]
    );
    assert_eq!(doc.title.as_deref(), Some("House rules"));
    assert_eq!(doc.written_at, Some(MODIFIED));
}

#[test]
fn an_opendocument_sheet_shows_its_cells_text_and_repeats_within_bounds() {
    let cell = |t: &str| {
        format!(r#"<table:table-cell office:value="1"><text:p>{t}</text:p></table:table-cell>"#)
    };
    let sheet = format!(
        r#"<table:table table:name="Fees"><table:table-row>{}{}</table:table-row><table:table-row>{}{}</table:table-row>
           <table:table-row table:number-rows-repeated="1048574"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>
           <table:table-row table:number-rows-repeated="4000000000"><table:table-cell table:number-columns-repeated="4000000000"><text:p>x</text:p></table:table-cell></table:table-row>
           </table:table>"#,
        cell("Service"),
        cell("Fee"),
        cell("Cleaning"),
        cell("95,00 €")
    );
    let doc = read(&opendocument("spreadsheet", &sheet), "fees.ods");
    let all = blocks(&doc);
    assert_eq!(
        all[..2],
        [
            (Heading(2), None, "Fees"),
            (TableRow, None, "Service: Cleaning | Fee: 95,00 €"),
        ]
    );
    assert!(all.len() < 200, "{}", all.len());
}

#[test]
fn an_opendocument_presentation_has_slides() {
    let doc = read(
        &opendocument(
            "presentation",
            r#"<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Team</text:p></draw:text-box></draw:frame></draw:page>
               <draw:page><draw:frame><draw:text-box><text:p>Dr. Lee</text:p></draw:text-box></draw:frame></draw:page>"#,
        ),
        "team.odp",
    );
    assert_eq!(
        blocks(&doc),
        [
            (Heading(2), Some(1), "Team"),
            (Paragraph, Some(2), "Dr. Lee")
        ]
    );
    assert_eq!(doc.pages, Some(2));
}

#[test]
fn rich_text_keeps_letters_styles_lists_and_tables() {
    let rtf = br"{\rtf1\ansi\ansicpg1250\deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Times;}}{\colortbl;\red0\green0\blue0;}
{\stylesheet{\s0 Normal;}{\s1\b heading 1;}}{\info{\title Visitors}{\author Ann}}{\*\generator Word;}
\pard\s1\b Before your visit\b0\par
\pard\s0 Zap\'f9 \u8217?s caf\u233\'e9\~open \{daily\}.\line Second line\par
{\f1 \'cf\'f0\'e8\'e2\'e5\'f2}\par
\pard\ls1{\listtext\tab 1.\tab}Bring your card\par
\trowd\cellx1\cellx2\intbl\b Day\cell Hours\b0\cell\row\intbl Monday\cell 9\endash 5\cell\row
\pard {\field{\*\fldinst HYPERLINK x}{\fldrslt our page}} and {\v hidden }{\pict 00ff00ff}more.}";
    let doc = read(rtf, "visit.rtf");
    assert_eq!(
        blocks(&doc),
        [
            (Heading(1), None, "Before your visit"),
            (Paragraph, None, "Zapů ’s café open {daily}."),
            (Paragraph, None, "Second line"),
            (Paragraph, None, "Привет"),
            (ListItem, None, "1. Bring your card"),
            (TableRow, None, "Day: Monday | Hours: 9–5"),
            (Paragraph, None, "our page and more."),
        ]
    );
    assert_eq!(doc.title.as_deref(), Some("Visitors"));
}

#[test]
fn rich_text_that_is_broken_is_read_or_refused_and_ends() {
    assert!(
        refuse(
            &[b"{\\rtf1".as_slice(), &b"{".repeat(100_000)].concat(),
            "a.rtf"
        )
        .contains("nested")
    );
    for broken in [
        b"{\\rtf1 \\u".as_slice(),
        b"{\\rtf1 a\\'",
        b"{\\rtf1 \\bin99999999999 x}",
        b"{\\rtf1 \\bin-5 x}",
        b"{\\rtf1}}}}}}",
        b"{\\rtf1\\ansicpg99999\\u-99999999999?\\cell\\row\\row}",
    ] {
        // Any result is fine, but it must not panic or hang.
        let _ = extract(broken, "a.rtf", &Limits::default());
    }
}

pub(super) fn book(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all: Vec<(&str, &[u8])> = vec![
        ("mimetype", b"application/epub+zip"),
        ("META-INF/container.xml", br#"<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"#),
        (
            "OEBPS/book.opf",
            br#"<package><metadata><dc:title>The Guest Book</dc:title></metadata><manifest>
                <item id="b" href="b%20two.xhtml" media-type="application/xhtml+xml"/>
                <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>
                <item id="css" href="a.css" media-type="text/css"/></manifest>
                <spine><itemref idref="a"/><itemref idref="b"/></spine></package>"#,
        ),
        ("OEBPS/a.xhtml", b"<html><body><h1>Arriving</h1><p>Keys lie under the mat.</p></body></html>"),
        ("OEBPS/b two.xhtml", b"<html><body><h1>Leaving</h1><p>Lock the door.</p></body></html>"),
    ];
    all.extend_from_slice(parts);
    zipped(&all)
}

#[test]
fn a_book_is_read_in_the_order_of_its_spine() {
    let doc = read(&book(&[]), "guests.epub");
    assert_eq!(
        blocks(&doc),
        [
            (Heading(1), None, "Arriving"),
            (Paragraph, None, "Keys lie under the mat."),
            (Heading(1), None, "Leaving"),
            (Paragraph, None, "Lock the door."),
        ]
    );
    assert_eq!(doc.title.as_deref(), Some("The Guest Book"));
    let lock: &[u8] = br#"<encryption><CipherReference URI="OEBPS/a.xhtml"/></encryption>"#;
    let reason = refuse(&book(&[("META-INF/encryption.xml", lock)]), "guests.epub");
    assert!(reason.contains("password"), "{reason}");
}

#[test]
fn subtitles_lose_their_times() {
    let vtt = b"WEBVTT\n\nNOTE nothing\n\n1\n00:00:01.000 --> 00:00:02.000\n<v Ann>We open\nat nine.</v>\n\n00:00:02.000 --> 00:00:03.000\n<v Ben>Thanks.</v>\n";
    let doc = read(vtt, "call.vtt");
    assert_eq!(
        blocks(&doc),
        [
            (Paragraph, None, "Ann: We open at nine."),
            (Paragraph, None, "Ben: Thanks.")
        ]
    );
}
