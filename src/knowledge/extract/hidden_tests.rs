//! What the owner hid in a file is not read, and told.

use super::Extracted;
use super::formats_tests::{read, zipped};

fn text(doc: &Extracted) -> String {
    let texts: Vec<&str> = doc.blocks.iter().map(|b| b.text.as_str()).collect();
    texts.join("\n")
}

fn opendocument(kind: &str, content: &str) -> Vec<u8> {
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
    assert_eq!(doc.notes.len(), 2, "{:?}", doc.notes);
    assert!(doc.notes[0].starts_with("1 hidden sheets"));
    assert!(doc.notes[1].starts_with("5 cells in hidden rows"));
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

/// A page whose content stream is `drawing`; F1 is Helvetica.
fn pdf(drawing: &str) -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 400] /Contents 4 0 R \
          /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!(
            "<< /Length {} >>\nstream\n{drawing}\nendstream",
            drawing.len()
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let start = file.len();
    file.push_str("xref\n0 6\n0000000000 65535 f \n");
    for place in places {
        file.push_str(&format!("{place:010} 00000 n \n"));
    }
    file.push_str(&format!(
        "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    ));
    file.into_bytes()
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
