//! Old Word documents, built here from their tables.

use super::read;
use crate::extract::BlockKind::{Heading, ListItem, Paragraph, TableRow};
use crate::extract::outlook::compound;
use crate::extract::{BlockKind, ExtractError, Extracted, Limits};

/// Where the text begins, and how long a page of runs is.
const TEXT: usize = 0x400;
const PAGE: usize = 512;

/// Properties: a code and its value.
const IN_TABLE: &[u8] = &[0x16, 0x24, 1];
const ENDS_ROW: &[u8] = &[0x16, 0x24, 1, 0x17, 0x24, 1];
const LISTED: &[u8] = &[0x0B, 0x46, 1, 0];
const LISTED_DEEPER: &[u8] = &[0x0B, 0x46, 1, 0, 0x0A, 0x26, 1];
const HIDDEN: &[u8] = &[0x3C, 0x08, 1];
const DELETED: &[u8] = &[0x00, 0x08, 1];
const RAISED: &[u8] = &[0x48, 0x2A, 1];
const BOLD: &[u8] = &[0x35, 0x08, 1];
/// The end of a row with its columns, whose length takes two bytes.
const ENDS_ROW_WITH_COLUMNS: &[u8] = &[0x16, 0x24, 1, 0x08, 0xD6, 4, 0, 1, 0, 0, 0x17, 0x24, 1];

/// A document in the making: letters with their properties, and where paragraphs end.
#[derive(Default)]
struct Builder {
    text: Vec<u16>,
    letters: Vec<(usize, &'static [u8])>,
    paragraphs: Vec<(usize, u16, &'static [u8])>,
    stories: [u32; 6],
    flags: u16,
}

impl Builder {
    fn run(mut self, text: &str, properties: &'static [u8]) -> Self {
        self.text.extend(text.encode_utf16());
        self.letters.push((self.text.len(), properties));
        self
    }

    /// Ends a paragraph, cell or row.
    fn end(self, mark: &str, style: u16, properties: &'static [u8]) -> Self {
        let mut out = self.run(mark, &[]);
        out.paragraphs.push((out.text.len(), style, properties));
        out
    }

    fn paragraph(self, text: &str, style: u16) -> Self {
        self.run(text, &[]).end("\r", style, &[])
    }

    fn cell(self, text: &str, properties: &'static [u8]) -> Self {
        self.run(text, properties).end("\u{7}", 0, IN_TABLE)
    }

    /// Ends the story with this number; what follows belongs to the next.
    fn story(mut self, number: usize) -> Self {
        let before: u32 = self.stories.iter().sum();
        self.stories[number] = self.text.len() as u32 - before;
        self
    }

    fn build(self) -> Vec<u8> {
        let bytes: Vec<u8> = self.text.iter().flat_map(|u| u.to_le_bytes()).collect();
        let pages = (TEXT + bytes.len()).div_ceil(PAGE);
        let mut main = vec![0; TEXT];
        main.extend(&bytes);
        main.resize(pages * PAGE, 0);
        let letters: Vec<(usize, Vec<u8>)> = (self.letters.iter())
            .map(|(end, p)| (*end, [&[p.len() as u8], *p].concat()))
            .collect();
        main.extend(page(&letters, 1));
        let paragraphs: Vec<(usize, Vec<u8>)> = (self.paragraphs.iter())
            .map(|(end, style, p)| {
                let content = [&style.to_le_bytes(), *p].concat();
                let head = match content.len() % 2 {
                    0 => vec![0, (content.len() / 2) as u8],
                    _ => vec![(content.len() / 2 + 1) as u8],
                };
                (*end, [head, content].concat())
            })
            .collect();
        main.extend(page(&paragraphs, 13));
        let list = |number: usize| {
            let ends = [TEXT as u32, (TEXT + bytes.len()) as u32, number as u32];
            ends.iter()
                .flat_map(|n| n.to_le_bytes())
                .collect::<Vec<u8>>()
        };
        let mut pieces = vec![1, 2, 0, 9, 9, 2];
        pieces.extend(16u32.to_le_bytes());
        pieces.extend(0u32.to_le_bytes());
        pieces.extend((self.text.len() as u32).to_le_bytes());
        pieces.extend([0, 0]);
        pieces.extend((TEXT as u32).to_le_bytes());
        pieces.extend([0, 0]);
        let mut table = Vec::new();
        let mut put = |main: &mut Vec<u8>, part: usize, content: &[u8]| {
            let at = 0x9A + part * 8;
            main[at..at + 4].copy_from_slice(&(table.len() as u32).to_le_bytes());
            main[at + 4..at + 8].copy_from_slice(&(content.len() as u32).to_le_bytes());
            table.extend(content);
        };
        put(&mut main, 1, &styles());
        put(&mut main, 12, &list(pages));
        put(&mut main, 13, &list(pages + 1));
        put(&mut main, 33, &pieces);
        let (kinds, levels, lists) = lists();
        // The levels lie behind the part that names their kinds.
        put(&mut main, 73, &[kinds.as_slice(), &levels].concat());
        main[0x9A + 73 * 8 + 4..][..2].copy_from_slice(&[kinds.len() as u8, 0]);
        put(&mut main, 74, &lists);
        let mut short = |at: usize, value: u16| {
            main[at..at + 2].copy_from_slice(&value.to_le_bytes());
        };
        short(0, 0xA5EC);
        short(2, 0x00C1);
        short(10, 0x0200 | self.flags);
        short(0x20, 14);
        short(0x3E, 22);
        short(0x98, 0x5D);
        for (place, length) in [3, 4, 5, 7, 8, 9].into_iter().zip(self.stories) {
            let at = 0x40 + place * 4;
            main[at..at + 4].copy_from_slice(&length.to_le_bytes());
        }
        compound(&[("/WordDocument", &main), ("/1Table", &table)])
    }
}

/// A page of runs: where each ends, and its properties.
fn page(runs: &[(usize, Vec<u8>)], width: usize) -> Vec<u8> {
    let mut page = vec![0u8; PAGE];
    let place = |end: usize| ((TEXT + end * 2) as u32).to_le_bytes();
    page[..4].copy_from_slice(&place(0));
    let mut free = PAGE - 2;
    for (i, (end, properties)) in runs.iter().enumerate() {
        page[(i + 1) * 4..(i + 2) * 4].copy_from_slice(&place(*end));
        free = (free - properties.len()) & !1;
        page[free..free + properties.len()].copy_from_slice(properties);
        page[(runs.len() + 1) * 4 + i * width] = (free / 2) as u8;
    }
    page[PAGE - 1] = runs.len() as u8;
    page
}

/// Normal, "heading 2", and one of the owner's that is based on it.
fn styles() -> Vec<u8> {
    let style = |built_in: u16, base: u16| {
        let mut out = Vec::new();
        for number in [
            built_in,
            base << 4 | 1,
            2,
            0,
            0,
            1,
            u16::from(b'x'),
            0,
            2,
            0,
            0,
        ] {
            out.extend(number.to_le_bytes());
        }
        let length = (out.len() as u16).to_le_bytes();
        [length.as_slice(), &out].concat()
    };
    let mut out = Vec::new();
    for number in [4u16, 3, 10] {
        out.extend(number.to_le_bytes());
    }
    out.extend(style(0, 0x0FFF));
    out.extend(style(2, 0));
    out.extend(style(0x0FFE, 1));
    out
}

/// A kind of list with nine levels, of which two count; its levels; and one list of it.
fn lists() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let mut kinds = vec![1, 0];
    kinds.extend(77u32.to_le_bytes());
    kinds.resize(2 + 28, 0);
    let level = |start: u32, format: u8, label: &[u16]| {
        let mut out = start.to_le_bytes().to_vec();
        out.push(format);
        out.resize(24, 0);
        // Three bytes of properties before the label.
        out.extend([1, 2, 0, 0, 9, 9, 9]);
        out.extend((label.len() as u16).to_le_bytes());
        out.extend(label.iter().flat_map(|u| u.to_le_bytes()));
        out
    };
    let mut levels = level(3, 0, &[0xA7, 0x20, 0]);
    levels.extend(level(1, 4, &[0, 0x2E, 1]));
    for _ in 2..9 {
        levels.extend(level(1, 23, &[0xF0B7]));
    }
    let mut lists = 1u32.to_le_bytes().to_vec();
    lists.extend(77u32.to_le_bytes());
    lists.resize(4 + 16, 0);
    lists.extend([0xFF; 4]);
    (kinds, levels, lists)
}

fn sample() -> Vec<u8> {
    Builder::default()
        .paragraph("Deposit", 1)
        .paragraph("Own heading", 2)
        .run("A boat costs 40 € a day", &[])
        .run("1", RAISED)
        .run(". Purchase price 12.", HIDDEN)
        .run(" Thirty.", DELETED)
        .run("\u{13} PAGE \u{14}Page 7\u{15}", &[])
        .end("\r", 0, &[])
        .run("Bring your passport.", &[])
        .end("\r", 0, LISTED)
        .run("A copy will do.", &[])
        .end("\r", 0, LISTED_DEEPER)
        .cell("Boat", BOLD)
        .cell("Price", BOLD)
        .end("\u{7}", 0, ENDS_ROW)
        .cell("Tern", &[])
        .cell("", &[])
        .end("\u{7}", 0, ENDS_ROW_WITH_COLUMNS)
        .paragraph("Привет\u{b}😀 Closed", 0)
        .story(0)
        .paragraph("Weekends only.", 0)
        .story(1)
        .paragraph("Page head", 0)
        .story(2)
        .paragraph("Is this right?", 0)
        .story(3)
        .build()
}

fn blocks(doc: &Extracted) -> Vec<(BlockKind, &str)> {
    let all = doc.blocks.iter();
    all.map(|b| (b.kind, b.text.as_str())).collect()
}

#[test]
fn headings_lists_tables_and_notes_are_read_and_hidden_text_is_not() {
    let doc = read(&sample(), &Limits::default()).expect("it is read");
    assert_eq!(
        blocks(&doc),
        [
            (Heading(2), "Deposit"),
            (Heading(2), "Own heading"),
            (Paragraph, "A boat costs 40 € a day Page 7"),
            (ListItem, "§ 3 Bring your passport."),
            (ListItem, "3.a A copy will do."),
            (TableRow, "Boat: Tern"),
            (Paragraph, "Привет"),
            (Paragraph, "😀 Closed"),
            (Paragraph, "Weekends only."),
        ]
    );
    let notes = doc.notes.join(" ");
    assert!(
        notes.contains("1 comment, 1 hidden piece of text"),
        "{notes}"
    );
    let limits = Limits {
        hidden: true,
        ..Limits::default()
    };
    let doc = read(&sample(), &limits).expect("it is read");
    let texts: Vec<&str> = doc.blocks.iter().map(|b| b.text.as_str()).collect();
    let texts = texts.join("\n");
    assert!(
        texts.contains("Purchase price 12") && texts.contains("Is this right?"),
        "{texts}"
    );
    assert!(
        !texts.contains("Thirty") && !texts.contains("Page head"),
        "{texts}"
    );
}

#[test]
fn protected_and_older_documents_say_what_to_do() {
    let protected = Builder {
        flags: 0x0100,
        ..Builder::default()
    };
    let found = read(
        &protected.paragraph("x", 0).story(0).build(),
        &Limits::default(),
    );
    assert_eq!(found.err(), Some(ExtractError::Encrypted));
    let mut main = vec![0; 100];
    main[..4].copy_from_slice(&[0xEC, 0xA5, 0x65, 0]);
    let older = read(&compound(&[("/WordDocument", &main)]), &Limits::default());
    assert!(
        matches!(older, Err(ExtractError::SaveAs { .. })),
        "{older:?}"
    );
}

#[test]
fn damaged_documents_never_end_in_a_panic() {
    crate::extract::damaged_tests::damage(&sample(), |bytes| {
        let _ = read(bytes, &Limits::default());
    });
}
