//! Filled-in form fields are read; the prompts of unfilled ones are not.

use super::formats_tests::{read, zipped};
use super::hidden_tests::{opendocument, pdf_stream, pdf_with, text};

fn word(body: &str) -> Vec<u8> {
    let styles = r#"<w:styles><w:style w:type="character" w:styleId="Platzhaltertext"><w:name w:val="Placeholder Text"/></w:style></w:styles>"#;
    let body = format!("<w:document><w:body>{body}</w:body></w:document>");
    zipped(&[
        ("word/styles.xml", styles.as_bytes()),
        ("word/document.xml", body.as_bytes()),
    ])
}

fn run(t: &str) -> String {
    format!(r#"<w:r><w:t xml:space="preserve">{t}</w:t></w:r>"#)
}

fn control(properties: &str, content: &str) -> String {
    format!("<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>")
}

const PROMPT: &str = "<w:showingPlcHdr/><w:text/>";

#[test]
fn controls_of_a_word_document_are_read_wherever_they_stand() {
    let cell = |content: &str| format!("<w:tc><w:p>{content}</w:p></w:tc>");
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let table = [
        row(&[cell(&run("Plan")), cell(&run("Price")), cell(&run("With"))]),
        row(&[
            cell(&run("Gold")),
            control("<w:text/>", &cell(&run("59"))),
            cell(&run("sauna")),
        ]),
        control(
            "",
            &row(&[cell(&run("Silver")), cell(&run("39")), cell(&run("gym"))]),
        ),
        row(&[
            cell(&run("Bronze")),
            control(PROMPT, &cell(&run("Enter a price"))),
            cell(&run("pool")),
        ]),
    ];
    let body = [
        control("", &format!("<w:p>{}</w:p>", run("Agreement"))),
        format!(
            "<w:p>{}{}{}</w:p>",
            run("Notice: "),
            control("<w:dropDownList/>", &run("six weeks")),
            run(".")
        ),
        format!("<w:tbl>{}</w:tbl>", table.concat()),
    ];
    assert_eq!(
        text(&read(&word(&body.concat()), "plan.docx")),
        "Agreement\nNotice: six weeks.\nPlan: Gold | Price: 59 | With: sauna\n\
         Plan: Silver | Price: 39 | With: gym\nPlan: Bronze | With: pool"
    );
}

#[test]
fn prompts_of_a_word_document_are_not_read() {
    let prompt = r#"<w:r><w:rPr><w:rStyle w:val="Platzhaltertext"/></w:rPr><w:t>Klicken Sie hier</w:t></w:r>"#;
    let nested = control("", &control(PROMPT, &run("Click here to enter text.")));
    let body = [
        format!(
            "<w:p>{}{}</w:p>",
            run("Name: Ann "),
            control(PROMPT, &run("Your name"))
        ),
        control(PROMPT, &format!("<w:p>{}</w:p>", run("Choose an item."))),
        format!(
            "<w:p>{}{}</w:p>",
            run("Remarks:"),
            control("<w:text/>", prompt)
        ),
        format!("<w:p>{nested}{}</w:p>", run("Signed.")),
        format!(
            "<w:p>{}</w:p>",
            control(r#"<w:showingPlcHdr w:val="0"/>"#, &run("Filled in."))
        ),
    ];
    assert_eq!(
        text(&read(&word(&body.concat()), "form.docx")),
        "Name: Ann\nRemarks:\nSigned.\nFilled in."
    );
}

#[test]
fn prompts_of_other_formats_are_not_read() {
    let content = r#"<text:p>Name: <text:placeholder text:placeholder-type="text">&lt;Your name&gt;</text:placeholder></text:p>
        <text:p>Town: <loext:content-control loext:showing-place-holder="true">Click here</loext:content-control></text:p>
        <text:p>Plan: <loext:content-control>Gold</loext:content-control></text:p>"#;
    let doc = read(&opendocument("text", content), "form.odt");
    assert_eq!(text(&doc), "Name:\nTown:\nPlan: Gold");
    let page = r#"<form><label>Name <input placeholder="Your name" value="Jane Doe"></label><textarea placeholder="Message">Say hello</textarea>
        <select><option>Choose one</option></select><p>We answer within a day.</p></form>"#;
    let doc = read(page.as_bytes(), "form.html");
    assert_eq!(text(&doc), "Name\nWe answer within a day.");
}

#[test]
fn fields_of_a_pdf_are_read_once_they_are_filled_in() {
    let field = |y: u16, values: &str, shown: &str| {
        let look = pdf_stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 5 0 R >> >>",
            &format!("BT /F1 10 Tf 2 5 Td ({shown}) Tj ET"),
        );
        let rect = format!("/Rect [120 {y} 320 {}]", y + 20);
        (
            format!("/Type /Annot /Subtype /Widget {rect} {values}"),
            look,
        )
    };
    let fields = [
        field(345, "/FT /Tx /V (Your name) /DV (Your name)", "Your name"),
        field(315, "/FT /Tx /V (Oldbridge) /DV (Your town)", "Oldbridge"),
        field(
            285,
            "/FT /Ch /V (Please choose) /Parent << /DV (Please choose) >>",
            "Please choose",
        ),
        field(255, "/FT /Tx /V (Two nights)", "Two nights"),
    ];
    let objects: Vec<String> = (fields.into_iter().enumerate())
        .flat_map(|(i, (widget, look))| {
            [
                format!("<< {widget} /AP << /N {} 0 R >> >>", 7 + i * 2),
                look,
            ]
        })
        .collect();
    let drawing = "BT /F1 10 Tf 50 350 Td (Name:) Tj ET BT /F1 10 Tf 50 320 Td (Town:) Tj ET \
                   BT /F1 10 Tf 50 290 Td (Plan:) Tj ET BT /F1 10 Tf 50 260 Td (Stay:) Tj ET";
    let file = pdf_with(drawing, "/Annots [6 0 R 8 0 R 10 0 R 12 0 R]", &objects);
    assert_eq!(
        text(&read(&file, "form.pdf")),
        "Name:\nTown: Oldbridge\nPlan:\nStay: Two nights"
    );
}
