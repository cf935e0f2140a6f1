//! The numbers of clauses stand in the text, although a file only says how to count them.

use crate::extract::formats_tests::{read, zipped};
use crate::extract::{BlockKind, Extracted};

const NUMBERING: &str = r#"<w:numbering><w:abstractNum w:abstractNumId="0">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:pStyle w:val="Heading1"/><w:lvlText w:val="%1"/></w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:pStyle w:val="Clause"/><w:lvlText w:val="%1.%2"/></w:lvl>
    <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%3)"/></w:lvl>
    </w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>"#;
const STYLES: &str = r#"<w:styles>
    <w:style w:styleId="Heading1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
    <w:style w:styleId="Clause"><w:name w:val="Clause"/><w:basedOn w:val="Heading1"/>
      <w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr><w:outlineLvl w:val="9"/></w:pPr></w:style>
    <w:style w:styleId="Own"><w:name w:val="Own"/><w:basedOn w:val="Clause"/></w:style></w:styles>"#;

fn document(paragraphs: &[(&str, &str, &str)]) -> Extracted {
    let body: String = (paragraphs.iter())
        .map(|(style, more, text)| {
            format!(r#"<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#)
        })
        .collect();
    let body = format!("<w:document><w:body>{body}</w:body></w:document>");
    let bytes = zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", body.as_bytes()),
        ("word/styles.xml", STYLES.as_bytes()),
        ("word/numbering.xml", NUMBERING.as_bytes()),
    ]);
    read(&bytes, "contract.docx")
}

#[test]
fn levels_belong_to_styles_and_to_those_based_on_them() {
    let point = r#"<w:numPr><w:ilvl w:val="2"/></w:numPr>"#;
    let without = r#"<w:numPr><w:numId w:val="0"/></w:numPr>"#;
    let doc = document(&[
        ("Heading1", "", "Rent"),
        ("Clause", "", "A month is 900 euros."),
        ("Heading1", "", "Notice"),
        ("Clause", "", "In writing."),
        ("Own", "", "Three months ahead."),
        ("Own", point, "by post"),
        ("Own", point, "by hand"),
        ("Clause", without, "No number here."),
        ("Clause", "", "  "),
        ("Clause", "", "After an empty one."),
    ]);
    let texts: Vec<&str> = doc.blocks.iter().map(|b| b.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "1 Rent",
            "1.1 A month is 900 euros.",
            "2 Notice",
            "2.1 In writing.",
            "2.2 Three months ahead.",
            "(a) by post",
            "(b) by hand",
            "No number here.",
            "2.4 After an empty one.",
        ]
    );
    assert_eq!(doc.blocks[2].kind, BlockKind::Heading(1));
}
