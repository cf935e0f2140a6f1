//! Old presentations, built here record by record.

use super::read;
use crate::extract::BlockKind::{Heading, ListItem, Paragraph};
use crate::extract::outlook::compound;
use crate::extract::{BlockKind, ExtractError, Extracted, Limits};

fn record(version: u16, instance: u16, kind: u16, content: &[u8]) -> Vec<u8> {
    let mut out = (instance << 4 | version).to_le_bytes().to_vec();
    out.extend(kind.to_le_bytes());
    out.extend((content.len() as u32).to_le_bytes());
    out.extend(content);
    out
}

fn holder(instance: u16, kind: u16, content: &[Vec<u8>]) -> Vec<u8> {
    record(0xF, instance, kind, &content.concat())
}

fn numbers(all: &[u32]) -> Vec<u8> {
    all.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn text(kind: u32, text: &str) -> Vec<u8> {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let narrow: Option<Vec<u8>> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    let characters = match narrow {
        Some(narrow) => record(0, 0, 0x0FA8, &narrow),
        None => record(0, 0, 0x0FA0, &wide),
    };
    [record(0, 0, 0x0F9F, &numbers(&[kind])), characters].concat()
}

fn shape(content: &[Vec<u8>]) -> Vec<u8> {
    let text = holder(0, 0xF00D, content);
    holder(0, 0xF004, &[record(2, 1, 0xF00A, &[0; 8]), text])
}

fn slide(notes: u32, is_hidden: bool, shapes: &[Vec<u8>]) -> Vec<u8> {
    let head = numbers(&[0, 0, 0, 0, notes, 0]);
    let show = numbers(&[0, 0, if is_hidden { 4 << 16 } else { 0 }, 0]);
    let drawing = holder(
        0,
        0x040C,
        &[holder(0, 0xF002, &[holder(0, 0xF003, shapes)])],
    );
    holder(
        0,
        0x03EE,
        &[
            record(2, 0, 0x03EF, &head),
            drawing,
            record(0, 0, 0x03F9, &show),
        ],
    )
}

fn listed(part: u32, id: u32) -> Vec<u8> {
    record(0, 0, 0x03F3, &numbers(&[part, 0, 0, id, 0]))
}

/// Two slides, a hidden one, notes, and a slide that an edit replaced.
pub(crate) fn presentation(mark: u32) -> Vec<u8> {
    let named = |number: u32| record(0, 0, 0x0F9E, &numbers(&[number]));
    let first = slide(
        900,
        false,
        &[
            shape(&[named(1)]),
            shape(&[text(4, "Call\u{b}555-0177")]),
            shape(&[named(0)]),
            shape(&[text(4, "*")]),
        ],
    );
    let hidden = slide(0, true, &[shape(&[text(0, "Purchase prices")])]);
    let second = slide(
        0,
        false,
        &[
            shape(&[text(6, "Fees")]),
            shape(&[text(1, "Cleaning 95 €")]),
        ],
    );
    let stale = slide(0, false, &[shape(&[text(0, "Old fees")])]);
    let notes = slide(0, false, &[shape(&[text(2, "Children pay half.")])]);
    let slides = holder(
        0,
        0x0FF0,
        &[
            listed(2, 256),
            text(0, "Opening hours"),
            text(1, "Open on weekdays\rClosed on Sunday"),
            listed(3, 257),
            listed(4, 258),
        ],
    );
    let document = holder(0, 0x03E8, &[slides, holder(2, 0x0FF0, &[listed(5, 900)])]);
    let mut stream = Vec::new();
    let mut put = |bytes: &[u8]| {
        let at = stream.len() as u32;
        stream.extend(bytes);
        at
    };
    let parts = [&document, &first, &hidden, &stale, &notes].map(|part| put(part));
    let list = [&[1 | 5 << 20], parts.as_slice()].concat();
    let directory = put(&record(0, 0, 0x1772, &numbers(&list)));
    let edit = put(&record(
        0,
        0,
        0x0FF5,
        &numbers(&[0, 0, 0, directory, 1, 6, 0]),
    ));
    let renewed = put(&second);
    let directory = put(&record(0, 0, 0x1772, &numbers(&[4 | 1 << 20, renewed])));
    let edit = put(&record(
        0,
        0,
        0x0FF5,
        &numbers(&[0, 0, edit, directory, 1, 6, 0]),
    ));
    let user = record(0, 0, 0x0FF6, &numbers(&[20, mark, edit]));
    compound(&[("/PowerPoint Document", &stream), ("/Current User", &user)])
}

const PLAIN: u32 = 0xE391_C05F;

fn blocks(doc: &Extracted) -> Vec<(BlockKind, Option<u32>, &str)> {
    (doc.blocks.iter())
        .map(|b| (b.kind, b.page, b.text.as_str()))
        .collect()
}

#[test]
fn slides_are_read_as_the_last_edit_left_them() {
    let doc = read(&presentation(PLAIN), &Limits::default()).expect("it is read");
    assert_eq!(
        blocks(&doc),
        [
            (Heading(2), Some(1), "Opening hours"),
            (ListItem, Some(1), "Open on weekdays"),
            (ListItem, Some(1), "Closed on Sunday"),
            (Paragraph, Some(1), "Call"),
            (Paragraph, Some(1), "555-0177"),
            (Heading(2), Some(3), "Fees"),
            (Paragraph, Some(3), "Cleaning 95 €"),
        ]
    );
    assert_eq!(
        (doc.pages, doc.title.as_deref()),
        (Some(3), Some("Opening hours"))
    );
    let note = doc.notes.join(" ");
    assert!(
        note.contains("1 hidden slide, 1 slide's speaker notes"),
        "{note}"
    );
}

#[test]
fn hidden_slides_and_notes_are_read_if_the_owner_wants_them() {
    let limits = Limits {
        hidden: true,
        ..Limits::default()
    };
    let doc = read(&presentation(PLAIN), &limits).expect("it is read");
    let texts: Vec<&str> = doc.blocks.iter().map(|b| b.text.as_str()).collect();
    assert!(texts.contains(&"Purchase prices") && texts.contains(&"Children pay half."));
    assert!(!texts.contains(&"Old fees"));
}

#[test]
fn a_protected_presentation_says_so() {
    let found = read(&presentation(0xF3D1_C4DF), &Limits::default());
    assert_eq!(found.err(), Some(ExtractError::Encrypted));
}

#[test]
fn cells_of_a_table_find_their_rows_and_columns() {
    let cell = |what: &str, edges: [u32; 4]| {
        let head = record(2, 1, 0xF00A, &[0; 8]);
        let place = record(0, 0, 0xF00F, &numbers(&edges));
        let text = holder(0, 0xF00D, &[text(4, what)]);
        holder(0, 0xF004, &[head, place, text])
    };
    let property = record(3, 1, 0xF122, &[0x9F, 0x03, 1, 0, 0, 0]);
    let line = holder(0, 0xF004, &[record(0, 0, 0xF00F, &numbers(&[0, 5, 90, 5]))]);
    let group = holder(
        0,
        0xF003,
        &[
            holder(0, 0xF004, &[record(2, 0, 0xF00A, &[0; 8]), property]),
            cell("Fee", [60, 0, 90, 10]),
            cell("Service", [0, 0, 30, 10]),
            cell("Time", [30, 0, 60, 10]),
            line,
            cell("Massage", [0, 10, 30, 30]),
            cell("30 min", [30, 10, 60, 20]),
            cell("39", [60, 10, 90, 20]),
            cell("60\rmin", [30, 20, 60, 30]),
            cell("62", [60, 20, 90, 30]),
        ],
    );
    let found = super::table::read(&group[8..])
        .expect("it is a table")
        .rows();
    let expected = [
        "Service: Massage | Time: 30 min | Fee: 39",
        "Service: Massage | Time: 60 min | Fee: 62",
    ];
    assert_eq!(found, expected);
}

#[test]
fn damaged_presentations_never_end_in_a_panic() {
    crate::extract::damaged_tests::damage(&presentation(PLAIN), |bytes| {
        let _ = read(bytes, &Limits::default());
    });
}
