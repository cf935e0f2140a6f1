//! Raised text in the formats that have it: a footnote mark is not a digit of a price, and an exponent stays.

use super::formats_tests::{read, workbook_with, zipped};
use super::hidden_tests::{opendocument, pdf, text};

#[test]
fn raised_marks_of_a_web_page_are_no_digits() {
    let page = r##"<main><table><tr><th>Set<th>Day<th>Week</tr><tr><td>Child<sup>2</sup><td>29.90<sup>1</sup><td>119 <sup><a href="#n">1, 3</a></sup></tr></table>
        <p>A room of 20 m<sup>2</sup> costs 48<span style="vertical-align: super">2</span> euros on the 1<sup>st</sup> floor.</p>
        <p><sup>1</sup>Sticks included.</p></main>"##;
    assert_eq!(
        text(&read(page.as_bytes(), "rental.html")),
        "Set: Child | Day: 29.90 | Week: 119\nA room of 20 m² costs 48 euros on the 1st floor.\n¹ Sticks included."
    );
}

#[test]
fn raised_marks_of_a_word_document_are_no_digits() {
    let run = |properties: &str, t: &str| {
        format!(r#"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{t}</w:t></w:r>"#)
    };
    let up = r#"<w:vertAlign w:val="superscript"/>"#;
    let body = [
        run("", "A helmet costs 4.50"),
        run(up, "1"),
        run(up, ",2"),
        run("", " a day, a room of 20 m"),
        run(up, "2"),
        run("", " costs 48"),
        run(r#"<w:position w:val="8"/><w:sz w:val="12"/>"#, "3"),
        run("", "."),
    ]
    .concat();
    let body = format!("<w:document><w:body><w:p>{body}</w:p></w:body></w:document>");
    let doc = read(&zipped(&[("word/document.xml", body.as_bytes())]), "a.docx");
    assert_eq!(
        text(&doc),
        "A helmet costs 4.50 a day, a room of 20 m² costs 48."
    );
}

#[test]
fn raised_marks_of_other_formats_are_no_digits() {
    let content = r#"<office:automatic-styles><style:style style:name="T1" style:family="text">
          <style:text-properties style:text-position="super 58%"/></style:style></office:automatic-styles>
        <text:p>A helmet costs 4.50<text:span text:style-name="T1">1</text:span> a day.</text:p>"#;
    let doc = read(&opendocument("text", content), "a.odt");
    assert_eq!(text(&doc), "A helmet costs 4.50 a day.");
    let rtf =
        br"{\rtf1\ansi A helmet costs 4.50{\super 1} a day, 20 m\super 2\nosupersub  as well.\par}";
    assert_eq!(
        text(&read(rtf, "a.rtf")),
        "A helmet costs 4.50 a day, 20 m² as well."
    );
    let slide = r#"<p:sld><p:sp><p:txBody><a:p><a:r><a:t>A helmet costs 4.50</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>1</a:t></a:r></a:p></p:txBody></p:sp></p:sld>"#;
    let slides = zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("ppt/presentation.xml", br#"<p:presentation><p:sldIdLst><p:sldId r:id="r1"/></p:sldIdLst></p:presentation>"#),
        (
            "ppt/_rels/presentation.xml.rels",
            br#"<Relationships><Relationship Id="r1" Type="x/slide" Target="slides/slide1.xml"/></Relationships>"#,
        ),
        ("ppt/slides/slide1.xml", slide.as_bytes()),
    ]);
    assert_eq!(text(&read(&slides, "a.pptx")), "A helmet costs 4.50");
    let doc = read(
        "# Prices\n\nA helmet costs 4.50<sup>1</sup> or 5.00² a day.".as_bytes(),
        "a.md",
    );
    assert_eq!(text(&doc), "Prices\nA helmet costs 4.50 or 5.00 a day.");
}

#[test]
fn raised_marks_of_a_workbook_are_no_digits() {
    let up = r#"<r><rPr><vertAlign val="superscript"/></rPr><t>1</t></r>"#;
    let cell = |at: &str, t: &str| {
        format!(r#"<c r="{at}" t="inlineStr"><is><r><t>{t}</t></r>{up}</is></c>"#)
    };
    let cells = format!(
        r#"<row r="1">{}{}</row>"#,
        cell("A1", "Helmet"),
        cell("B1", "4.50")
    );
    let doc = read(&workbook_with("", &cells), "prices.xlsx");
    assert_eq!(text(&doc), "Prices\nHelmet | 4.50");
}

/// Words in Helvetica at positions: column, height, size, text.
fn page(words: &[(f32, f32, f32, &str)]) -> Vec<u8> {
    let drawing: String = words
        .iter()
        .map(|(x, y, size, t)| format!("BT /F1 {size} Tf {x} {y} Td ({t}) Tj ET\n"))
        .collect();
    pdf(&drawing)
}

#[test]
fn raised_marks_of_a_pdf_are_no_digits() {
    // "29.90" is 25.02 points wide, "Set of skis" 48.91, "20 m" 22.23, "for two" 32.79.
    let doc = read(
        &page(&[
            (50.0, 350.0, 10.0, "Equipment"),
            (200.0, 350.0, 10.0, "Day in EUR"),
            (300.0, 350.0, 10.0, "Week in EUR"),
            (50.0, 330.0, 10.0, "Set of skis"),
            (98.9, 333.5, 6.5, "2"),
            (200.0, 330.0, 10.0, "29.90"),
            (225.0, 335.0, 6.0, "1"),
            (300.0, 330.0, 10.0, "119"),
            (316.7, 332.0, 7.0, "1"),
            (50.0, 310.0, 10.0, "Helmet"),
            (200.0, 310.0, 10.0, "4.50"),
            (300.0, 310.0, 10.0, "18"),
            (50.0, 250.0, 10.0, "20 m"),
            (72.3, 254.0, 6.0, "2"),
            (79.0, 250.0, 10.0, "for two"),
            (50.0, 204.0, 6.0, "1"),
            (56.0, 200.0, 10.0, "Sticks included."),
        ]),
        "rental.pdf",
    );
    assert_eq!(
        text(&doc),
        "Equipment: Set of skis | Day in EUR: 29.90 | Week in EUR: 119\n\
         Equipment: Helmet | Day in EUR: 4.50 | Week in EUR: 18\n\
         20 m² for two\n¹ Sticks included."
    );
}
