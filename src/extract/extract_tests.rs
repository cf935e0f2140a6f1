use std::io::{Cursor, Write};

use proptest::prelude::*;

use super::BlockKind::{Code, Heading, ListItem, Paragraph, TableRow};
use super::*;

const GUIDE: &[u8] = include_bytes!("../../tests/fixtures/documents/guide.pdf");
const VISIT: &[u8] = include_bytes!("../../tests/fixtures/documents/visit.docx");
const PAGE: &[u8] = include_bytes!("../../tests/fixtures/documents/page.html");

fn read(bytes: &[u8], name: &str) -> Extracted {
    extract(bytes, name, &Limits::default()).expect("the document is read")
}

fn refuse(bytes: &[u8], name: &str) -> ExtractError {
    extract(bytes, name, &Limits::default()).expect_err("the document is refused")
}

fn blocks(doc: &Extracted) -> Vec<(BlockKind, &str)> {
    doc.blocks
        .iter()
        .map(|b| (b.kind, b.text.as_str()))
        .collect()
}

#[test]
fn a_pdf_keeps_headings_lists_tables_columns_and_pages() {
    let doc = read(GUIDE, "guide.pdf");
    assert_eq!((doc.kind, doc.pages), (Format::Pdf, Some(3)));
    assert_eq!(
        blocks(&doc),
        [
            (Paragraph, "Harbor Vets - Guide for owners"),
            (Heading(1), "Guide for owners"),
            (Heading(2), "Before the visit"),
            (
                Paragraph,
                "Please bring the vaccination book and a list of all medicines. Cats travel best in a carrier that \
                 opens at the top. Do not feed your pet for eight hours before an anesthetic; water is fine."
            ),
            (ListItem, "Bring the insurance card."),
            (ListItem, "Arrive ten minutes early."),
            (Heading(3), "Telephone"),
            (
                Paragraph,
                "Call (207) 555-0177 on weekdays from 8:30 a.m. to 6 p.m. In an emergency outside these hours the \
                 same number reaches the veterinarian who is on duty, and she will tell you where to go."
            ),
            (Heading(2), "Fees"),
            (
                TableRow,
                "Service: Check-up | Fee: $62 | Remark: twice a year"
            ),
            (TableRow, "Service: Vaccination | Fee: $48 | Remark: each"),
            (
                TableRow,
                "Service: Dental cleaning | Fee: $310 | Remark: with anesthetic"
            ),
            (Paragraph, "Fees are due on the day of the visit."),
            (Heading(2), "After surgery"),
            (
                Paragraph,
                "Keep your pet warm and quiet on the first evening. Offer a small meal after four hours. Check the \
                 wound every morning and every night. Call us if it is red."
            ),
            (
                Paragraph,
                "Stitches come out after ten days. Until then no baths, no stairs and no games with other animals. \
                 The collar stays on day and night even if your pet dislikes it."
            ),
        ]
    );
    let page_of = |text: &str| {
        doc.blocks
            .iter()
            .find(|b| b.text.starts_with(text))
            .and_then(|b| b.page)
    };
    assert_eq!(
        (page_of("Call (207)"), page_of("Fees"), page_of("Stitches")),
        (Some(1), Some(2), Some(3))
    );
}

#[test]
fn a_word_document_keeps_styles_numbers_tables_and_boxes() {
    let doc = read(VISIT, "visit.docx");
    assert_eq!(doc.title.as_deref(), Some("Your first visit"));
    assert_eq!(
        blocks(&doc),
        [
            (Heading(1), "Your first visit"),
            (Heading(1), "Before you come"),
            (ListItem, "Bring photo ID & your insurance card."),
            (ListItem, "Arrive 20 minutes early."),
            (ListItem, "1. Rinse gently."),
            (ListItem, "2. Eat after two hours."),
            (Heading(1), "How long it takes"),
            (TableRow, "Visit: Adult | Time: 75 minutes"),
            (TableRow, "Visit: Child | Time: 75 minutes"),
            (Paragraph, "In a box."),
            (Paragraph, "Kept text."),
        ]
    );
}

#[test]
fn a_web_page_gives_its_content_only() {
    let doc = read(PAGE, "insurance.html");
    assert_eq!(doc.title.as_deref(), Some("Insurance | Harbor Vets"));
    assert_eq!(
        blocks(&doc),
        [
            (Heading(1), "Insurance"),
            (Paragraph, "We work with three insurers."),
            (TableRow, "Plan: Paws | Status: Accepted"),
            (TableRow, "Plan: Paws | Status: In network since 2024"),
            (TableRow, "Plan: Whiskers"),
            (ListItem, "1. Send the claim."),
            (ListItem, "2. Wait for the letter."),
            (ListItem, "Deductible: What you pay first."),
            (Paragraph, "Questions? Call us (+12075550177)."),
            (Code, "line one\n  line two"),
        ]
    );
}

#[test]
fn the_bytes_decide_and_the_owner_is_told() {
    let doc = read(PAGE, "insurance.pdf");
    assert_eq!(doc.kind, Format::Html);
    assert!(
        doc.notes
            .iter()
            .any(|n| n.contains(".pdf") && n.contains("web page")),
        "{:?}",
        doc.notes
    );
    assert_eq!(read(GUIDE, "guide.txt").kind, Format::Pdf);
    assert_eq!(
        read(b"# Fees\n\nAn exam costs $62.", "a.mdx").kind,
        Format::Markdown
    );
    assert_eq!(read(b"a,b\n1,2", "a.csv").kind, Format::Csv);
}

#[test]
fn a_picture_of_a_kind_that_is_not_read_is_named() {
    let mut bitmap =
        b"BM\x36\0\x01\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x40\0\0\0\x40\0\0\0\x01\0\x18\0".to_vec();
    // Light points look like letters.
    bitmap.extend([0xff; 4_000]);
    for (bytes, kind) in [
        (bitmap.as_slice(), "BMP"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP"),
        (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1", "AVIF"),
    ] {
        let told = refuse(bytes, "menu.bin").to_string();
        assert!(
            told.contains(kind) && told.contains("save it as JPEG or PNG"),
            "{told}"
        );
    }
    let told = refuse(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2", "menu.mp4").to_string();
    assert!(told.contains("a sound or video file"), "{told}");
    let text = extract(b"BM stands for a benchmark.", "a.txt", &Limits::default());
    assert!(text.is_ok(), "{text:?}");
}

#[test]
fn what_cannot_be_read_is_named() {
    assert_eq!(refuse(b"", "a.txt"), ExtractError::Empty);
    assert_eq!(refuse(b" \n\0", "a.pdf"), ExtractError::Empty);
    assert!(matches!(refuse(b"GIF89a00000000", "a.pdf"),
        ExtractError::SaveAs { what, .. } if what.contains("picture")));
    let noise: Vec<u8> = (0..5_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    assert!(matches!(
        refuse(&noise, "a.txt"),
        ExtractError::Unsupported { .. }
    ));
    assert!(matches!(
        refuse(b"just words", "a.pdf"),
        ExtractError::Malformed { .. }
    ));
    assert!(matches!(
        refuse(b"PK\x03\x04 and no more", "a.docx"),
        ExtractError::Malformed { .. }
    ));
    assert!(matches!(
        refuse(b"%PDF-1.4\nnothing else", "a.pdf"),
        ExtractError::Malformed { .. }
    ));
}

#[test]
fn every_limit_holds() {
    let small = Limits {
        max_bytes_in: 10,
        ..Limits::default()
    };
    assert!(matches!(
        extract(GUIDE, "a.pdf", &small),
        Err(ExtractError::TooLarge { limit: 10, .. })
    ));
    let few = Limits {
        max_pages: 2,
        ..Limits::default()
    };
    assert_eq!(
        extract(GUIDE, "a.pdf", &few),
        Err(ExtractError::TooManyPages { pages: 3, limit: 2 })
    );
    for (bytes, name) in [
        (GUIDE, "a.pdf"),
        (VISIT, "a.docx"),
        (PAGE, "a.html"),
        (b"many words".as_slice(), "a.txt"),
    ] {
        let short = Limits {
            max_text_bytes: 5,
            ..Limits::default()
        };
        assert!(
            matches!(
                extract(bytes, name, &short),
                Err(ExtractError::TooLarge { limit: 5, .. })
            ),
            "{name}"
        );
    }
}

#[test]
fn a_bomb_ends_at_the_limit() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(
        "word/document.xml",
        zip::write::SimpleFileOptions::default(),
    )
    .expect("a member");
    zip.write_all(b"<w:document><w:body><w:p><w:r><w:t>")
        .expect("written");
    for _ in 0..64 {
        zip.write_all(&vec![b'a'; 1 << 20]).expect("written");
    }
    let bytes = zip.finish().expect("an archive").into_inner();
    let limits = Limits {
        max_unpacked_bytes: 1 << 20,
        ..Limits::default()
    };
    assert!(bytes.len() < 200_000);
    assert!(matches!(
        extract(&bytes, "a.docx", &limits),
        Err(ExtractError::TooLarge { .. })
    ));
}

#[test]
fn entities_do_not_expand() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(
        "word/document.xml",
        zip::write::SimpleFileOptions::default(),
    )
    .expect("a member");
    zip.write_all(
        b"<!DOCTYPE x [<!ENTITY a 'boom'>]><w:document><w:p><w:r><w:t>x&a;&amp;&#65;</w:t></w:r></w:p></w:document>",
    )
    .expect("written");
    let bytes = zip.finish().expect("an archive").into_inner();
    assert_eq!(blocks(&read(&bytes, "a.docx")), [(Paragraph, "x&A")]);
}

#[test]
fn the_result_crosses_a_process_border() {
    let doc = read(VISIT, "visit.docx");
    let sent = serde_json::to_string(&doc).expect("serialised");
    assert_eq!(
        serde_json::from_str::<Extracted>(&sent).expect("read back"),
        doc
    );
    let error = refuse(b"", "a.txt");
    let sent = serde_json::to_string(&error).expect("serialised");
    assert_eq!(
        serde_json::from_str::<ExtractError>(&sent).expect("read back"),
        error
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Damaged documents give text or an error, never a panic.
    #[test]
    fn damage_never_panics(
        which in 0usize..3,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        cut in any::<prop::sample::Index>(),
        do_cut in any::<bool>(),
    ) {
        let (source, name) = [(GUIDE, "a.pdf"), (VISIT, "a.docx"), (PAGE, "a.html")][which];
        let mut bytes = source.to_vec();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if do_cut {
            bytes.truncate(cut.index(bytes.len()).max(1));
        }
        let limits = Limits { max_unpacked_bytes: 10 << 20, ..Limits::default() };
        if let Ok(doc) = extract(&bytes, name, &limits) {
            prop_assert!(doc.blocks.iter().all(|b| !b.text.is_empty() && !b.text.contains('\0')));
        }
    }
}
