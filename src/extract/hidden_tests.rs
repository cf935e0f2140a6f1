//! Hidden content of a file is left out with a note, or read if the owner chose so.

use std::io::{Cursor, Write};

use super::formats_tests::{presentation, read, workbook_with, zipped};
use super::{Extracted, Limits, extract};

pub(super) fn text(doc: &Extracted) -> String {
    let texts: Vec<&str> = doc.blocks.iter().map(|b| b.text.as_str()).collect();
    texts.join("\n")
}

/// Reads a file with its hidden content.
pub(super) fn read_all(bytes: &[u8], name: &str) -> Extracted {
    let limits = Limits {
        hidden: true,
        ..Limits::default()
    };
    extract(bytes, name, &limits).expect("the document is read")
}

pub(super) fn opendocument(kind: &str, content: &str) -> Vec<u8> {
    let mimetype = format!("application/vnd.oasis.opendocument.{kind}");
    let content = format!("<office:document-content>{content}</office:document-content>");
    zipped(&[
        ("mimetype", mimetype.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

#[test]
fn hidden_sheets_rows_and_columns_of_an_opendocument_sheet_are_left_out() {
    let cell = |t: &str| format!("<table:table-cell><text:p>{t}</text:p></table:table-cell>");
    let row = |attributes: &str, cells: [&str; 3]| {
        let cells: String = cells.iter().map(|c| cell(c)).collect();
        format!("<table:table-row {attributes}>{cells}</table:table-row>")
    };
    let columns = r#"<table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>"#;
    let content = format!(
        r#"<office:automatic-styles><style:style style:name="ta2" style:family="table">
             <style:table-properties table:display="false"/></style:style></office:automatic-styles>
           <table:table table:name="Prices" table:style-name="ta1">{columns}{}{}{}</table:table>
           <table:table table:name="Costs" table:style-name="ta2">{}</table:table>"#,
        row("", ["Cake", "Cost", "Price"]),
        row("", ["Apple", "3.10", "9.00"]),
        row(
            r#"table:visibility="filter""#,
            ["Plum", "2.00", "not sold any more"]
        ),
        row("", ["Flour", "Mill &amp; Sons", "0.40"]),
    );
    let doc = read(&opendocument("spreadsheet", &content), "prices.ods");
    assert_eq!(text(&doc), "Prices\nCake: Apple | Price: 9.00");
    assert!(
        doc.notes[0].contains("1 hidden sheet, 5 cells in hidden rows or columns"),
        "{:?}",
        doc.notes
    );
}

#[test]
fn a_cell_that_is_repeated_is_hidden_in_hidden_columns_only() {
    let content = r#"<table:table table:name="Rooms"><table:table-column/><table:table-column table:visibility="collapse"/>
        <table:table-column/><table:table-row><table:table-cell><text:p>Wifi</text:p></table:table-cell>
        <table:table-cell table:number-columns-repeated="2"><text:p>Yes</text:p></table:table-cell></table:table-row></table:table>"#;
    let doc = read(&opendocument("spreadsheet", content), "rooms.ods");
    assert!(
        text(&doc).contains("Wifi") && text(&doc).contains("Yes"),
        "{}",
        text(&doc)
    );
}

#[test]
fn hidden_slides_and_notes_of_an_opendocument_presentation_are_left_out() {
    let content = r#"<office:automatic-styles><style:style style:name="dp2" style:family="drawing-page">
          <style:drawing-page-properties presentation:visibility="hidden"/></style:style></office:automatic-styles>
        <draw:page draw:style-name="dp1"><draw:frame><draw:text-box><text:p>Open daily</text:p></draw:text-box></draw:frame>
          <presentation:notes><draw:frame><draw:text-box><text:p>Do not mention the sale</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>
        <draw:page draw:style-name="dp2"><draw:frame><draw:text-box><text:p>Margins</text:p></draw:text-box></draw:frame></draw:page>"#;
    let doc = read(&opendocument("presentation", content), "team.odp");
    assert_eq!(text(&doc), "Open daily");
    assert_eq!(doc.notes.len(), 1, "{:?}", doc.notes);
}

#[test]
fn hidden_text_of_an_opendocument_text_is_left_out() {
    let content = r#"<office:automatic-styles><style:style style:name="T1" style:family="text">
          <style:text-properties text:display="none"/></style:style></office:automatic-styles>
        <text:p>Deposit: 200 euros<text:span text:style-name="T1">, for regulars none</text:span>.</text:p>
        <text:section text:display="none"><text:p>Draft</text:p></text:section>
        <text:p>Ask the owner.<text:hidden-paragraph text:is-hidden="true"/></text:p>
        <text:p text:style-name="T1">Open daily.</text:p>"#;
    let doc = read(&opendocument("text", content), "terms.odt");
    assert_eq!(text(&doc), "Deposit: 200 euros.\nOpen daily.");
    assert_eq!(doc.notes.len(), 1, "{:?}", doc.notes);
}

/// A page whose content stream is `drawing`; F1 is Helvetica, F2 the same in bold.
pub(super) fn pdf(drawing: &str) -> Vec<u8> {
    pdf_with(drawing, "", &[])
}

/// The same with more page entries, and more objects from number 6 on.
pub(super) fn pdf_with(drawing: &str, entries: &str, more: &[String]) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 400] /Contents 4 0 R {entries} \
              /Resources << /Font << /F1 5 0 R /F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> >> >> >>"
        ),
        pdf_stream("", drawing),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
    ];
    objects.extend_from_slice(more);
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file.push_str(&format!("xref\n0 {size}\n0000000000 65535 f \n"));
    for place in places {
        file.push_str(&format!("{place:010} 00000 n \n"));
    }
    file.push_str(&format!(
        "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    ));
    file.into_bytes()
}

pub(super) fn pdf_stream(entries: &str, content: &str) -> String {
    let length = content.len();
    format!("<< {entries} /Length {length} >>\nstream\n{content}\nendstream")
}

#[test]
fn white_text_of_a_pdf_is_read_on_a_dark_ground_only() {
    let doc = read(
        &pdf("BT /F1 14 Tf 50 350 Td (A crown costs 900 euros.) Tj ET \
              1 1 1 rg BT /F1 14 Tf 50 300 Td (Our margin is sixty percent.) Tj ET \
              0.1 0.1 0.4 rg 40 190 300 30 re f \
              1 1 1 rg BT /F1 14 Tf 50 200 Td (Open on Saturdays.) Tj ET"),
        "prices.pdf",
    );
    let text = text(&doc);
    assert!(text.contains("A crown costs 900 euros."), "{text}");
    assert!(text.contains("Open on Saturdays."), "{text}");
    assert!(!text.contains("margin"), "{text}");
    assert!(doc.notes.iter().any(|n| n.contains("colour of the paper")));
}

#[test]
fn a_workbook_is_read_with_hidden_cells_and_sheets_if_its_owner_wants() {
    let cells = r#"<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row><row r="2" hidden="1"><c r="A2"><v>4</v></c></row>"#;
    let file = workbook_with(r#"<cols><col min="2" max="2" hidden="1"/></cols>"#, cells);
    let doc = read_all(&file, "wine.xlsx");
    let all = text(&doc);
    for there in ["1 | 2", "4", "wages"] {
        assert!(all.contains(there), "{there}: {all}");
    }
    assert!(doc.hidden);
    assert_eq!(
        doc.notes,
        ["Read as well, as you chose: 1 hidden sheet, 2 cells in hidden rows or columns."]
    );
    assert!(!text(&read(&file, "wine.xlsx")).contains("wages"));
}

fn with_parts(file: &[u8], more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new_append(Cursor::new(file.to_vec())).expect("it is a ZIP");
    for (name, content) in more {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).expect("a part begins");
        zip.write_all(content).expect("a part is written");
    }
    zip.finish().expect("the archive is written").into_inner()
}

#[test]
fn comments_of_a_workbook_are_told_and_read_only_if_wanted() {
    let relation = |id: u8, kind: &str, target: &str| {
        format!(
            r#"<Relationship Id="rId{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>"#
        )
    };
    let file = workbook_with("", r#"<row r="1"><c r="A1"><v>90</v></c></row>"#);
    let file = with_parts(
        &file,
        &[
            (
                "xl/worksheets/_rels/sheet1.xml.rels",
                format!(
                    "<Relationships>{}{}</Relationships>",
                    relation(1, "comments", "../comments1.xml"),
                    relation(2, "threadedComment", "../threadedComments/threadedComment1.xml")
                )
                .as_bytes(),
            ),
            (
                "xl/comments1.xml",
                br#"<comments><commentList><comment ref="A1"><text><r><t>[Threaded comment] Your version is too old</t></r></text></comment></commentList></comments>"#,
            ),
            (
                "xl/threadedComments/threadedComment1.xml",
                br#"<ThreadedComments><threadedComment ref="A1"><text>We pay 40 &amp; tax</text></threadedComment></ThreadedComments>"#,
            ),
        ],
    );
    let doc = read(&file, "prices.xlsx");
    assert!(!text(&doc).contains("We pay"), "{}", text(&doc));
    assert!(
        doc.notes[0].contains("1 hidden sheet, 1 comment."),
        "{:?}",
        doc.notes
    );
    let doc = read_all(&file, "prices.xlsx");
    assert!(text(&doc).contains("A1: We pay 40 & tax"), "{}", text(&doc));
    assert!(!text(&doc).contains("too old"));
}

#[test]
fn notes_and_hidden_slides_are_read_if_wanted() {
    let doc = read_all(&presentation(), "hours.pptx");
    assert!(
        text(&doc).contains("Say that children pay half."),
        "{}",
        text(&doc)
    );
    assert!(doc.hidden);
}

#[test]
fn comments_and_hidden_text_of_a_word_document_are_told_and_read_only_if_wanted() {
    let file = zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        (
            "_rels/.rels",
            br#"<Relationships><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#,
        ),
        (
            "word/document.xml",
            b"<w:document><w:body><w:p><w:r><w:t>Deposit: 200 euros</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>, for regulars none</w:t></w:r></w:p></w:body></w:document>",
        ),
        (
            "word/comments.xml",
            b"<w:comments><w:comment w:id=\"0\"><w:p><w:r><w:t>Raise it in May</w:t></w:r></w:p></w:comment></w:comments>",
        ),
    ]);
    let doc = read(&file, "terms.docx");
    assert_eq!(text(&doc), "Deposit: 200 euros");
    assert!(
        doc.notes[0].contains("1 comment, 1 hidden piece of text"),
        "{:?}",
        doc.notes
    );
    let all = text(&read_all(&file, "terms.docx"));
    assert_eq!(
        all,
        "Deposit: 200 euros, for regulars none\nRaise it in May"
    );
}

#[test]
fn comments_of_an_opendocument_are_told_and_read_only_if_wanted() {
    let content = "<text:p>Open daily.<office:annotation><dc:creator>Ann</dc:creator><dc:date>2026-01-02</dc:date>\
                   <text:p>Not in May</text:p></office:annotation></text:p>";
    let file = opendocument("text", content);
    let doc = read(&file, "hours.odt");
    assert_eq!(text(&doc), "Open daily.");
    assert!(doc.notes[0].contains("1 comment"), "{:?}", doc.notes);
    let all = text(&read_all(&file, "hours.odt"));
    assert!(all.contains("Not in May") && !all.contains("Ann"), "{all}");
}

/// A record of an Excel 97 workbook: its type and content.
fn record(kind: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a record is short");
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), content].concat()
}

/// A record of two-byte numbers.
pub(super) fn numbers(kind: u16, all: &[u16]) -> Vec<u8> {
    let content: Vec<u8> = all.iter().flat_map(|n| n.to_le_bytes()).collect();
    record(kind, &content)
}

/// The record of a cell with a number.
pub(super) fn number_at(row: u16, column: u16, value: f64) -> Vec<u8> {
    let place: Vec<u8> = [row, column, 0]
        .iter()
        .flat_map(|n| n.to_le_bytes())
        .collect();
    record(0x0203, &[place, value.to_le_bytes().to_vec()].concat())
}

/// An Excel 97 workbook with one sheet of these records.
pub(super) fn old_workbook(records: &[Vec<u8>]) -> Vec<u8> {
    let begin = |kind: u16| numbers(0x0809, &[0x0600, kind, 0x0DBB, 0x07CC, 0, 0, 0, 6]);
    let sheet = [begin(0x0010), records.concat(), record(0x000A, &[])].concat();
    let name = b"\x06\0Prices";
    let head = begin(0x0005);
    let entry = 4 + 6 + name.len();
    let at = u32::try_from(head.len() + entry + 4).expect("it is small");
    let bound = [&at.to_le_bytes()[..], &[0, 0], name].concat();
    let stream = [head, record(0x0085, &bound), record(0x000A, &[]), sheet].concat();
    // A stream below 4,096 bytes is stored elsewhere in the container, where `calamine` does not look for a workbook.
    let stream = [stream, vec![0; 8_192]].concat();
    let mut file =
        cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()))
            .expect("a container");
    let mut workbook = file.create_stream("/Workbook").expect("a stream");
    workbook.write_all(&stream).expect("the stream is written");
    drop(workbook);
    file.flush().expect("the container is written");
    file.into_inner().into_inner()
}

#[test]
fn hidden_rows_and_columns_of_an_old_workbook_are_left_out() {
    // The second row and the middle column are hidden, and there is a comment.
    let file = old_workbook(&[
        numbers(0x007D, &[1, 1, 2560, 0, 1, 0]),
        numbers(0x0208, &[0, 0, 3, 300, 0, 0, 0, 0]),
        numbers(0x0208, &[1, 0, 3, 300, 0, 0, 0x20, 0]),
        number_at(0, 0, 11.0),
        number_at(0, 1, 12.0),
        number_at(0, 2, 13.0),
        number_at(1, 0, 21.0),
        numbers(0x001C, &[0, 0, 0, 1, 0]),
    ]);
    let doc = read(&file, "prices.xls");
    assert!(text(&doc).ends_with("11 | 13"), "{}", text(&doc));
    assert!(
        doc.notes[0].contains("2 cells in hidden rows or columns")
            && doc.notes[1].starts_with("1 comments"),
        "{:?}",
        doc.notes
    );
    let all = text(&read_all(&file, "prices.xls"));
    assert!(all.contains("11 | 12 | 13") && all.contains("21"), "{all}");
}

#[test]
fn comments_on_slides_are_left_out() {
    let slide = r#"<p:sld><p:cSld><p:spTree><p:sp><p:txBody><a:p><a:r><a:t>Fees</a:t></a:r></a:p></p:txBody></p:sp>
        </p:spTree></p:cSld></p:sld>"#;
    let old =
        r#"<p:cmLst><p:cm authorId="0"><p:text>Raise &amp; round these?</p:text></p:cm></p:cmLst>"#;
    let new = r#"<p188:cmLst><p188:cm><p188:replyLst><p188:reply><p188:txBody><a:p><a:r><a:t>No.</a:t></a:r></a:p>
        </p188:txBody></p188:reply></p188:replyLst><p188:txBody><a:p><a:r><a:t>First</a:t></a:r></a:p><a:p><a:r>
        <a:t>second</a:t></a:r></a:p></p188:txBody></p188:cm></p188:cmLst>"#;
    for (comments, count, read_as) in [
        (old, "1 comment", "Raise & round these?"),
        (new, "2 comments", "First second"),
    ] {
        let bytes = zipped(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("ppt/presentation.xml", br#"<p:presentation xmlns:r="r"><p:sldIdLst><p:sldId id="256" r:id="a"/></p:sldIdLst></p:presentation>"#),
            ("ppt/_rels/presentation.xml.rels", br#"<Relationships><Relationship Id="a" Type="x/slide" Target="slides/slide1.xml"/></Relationships>"#),
            ("ppt/slides/slide1.xml", slide.as_bytes()),
            ("ppt/slides/_rels/slide1.xml.rels", br#"<Relationships><Relationship Id="c" Type="x/comments" Target="../comments/c.xml"/></Relationships>"#),
            ("ppt/comments/c.xml", comments.as_bytes()),
        ]);
        let doc = read(&bytes, "fees.pptx");
        assert_eq!(text(&doc), "Fees");
        assert!(doc.notes[0].contains(count), "{:?}", doc.notes);
        let all = text(&read_all(&bytes, "fees.pptx"));
        assert!(all.contains(read_as), "{all}");
    }
}
