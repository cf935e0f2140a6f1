use proptest::prelude::*;

use super::*;
use crate::extract::{Block, Format};

fn doc(blocks: Vec<(BlockKind, String)>) -> Extracted {
    Extracted {
        title: None,
        kind: Format::Text,
        pages: None,
        blocks: blocks
            .into_iter()
            .map(|(kind, text)| Block {
                kind,
                text,
                page: None,
            })
            .collect(),
        notes: Vec::new(),
        hidden: false,
        written_at: None,
        scans: Vec::new(),
        kept_back: 0,
        web: None,
    }
}

fn text(words: usize, word: &str) -> String {
    (0..words)
        .map(|i| format!("{word}{i}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn main_sections_are_never_mixed() {
    let chunks = chunk(
        &doc(vec![
            (BlockKind::Heading(1), "Clinic".into()),
            (BlockKind::Heading(2), "Hours".into()),
            (BlockKind::Paragraph, "Open nine to five.".into()),
            (BlockKind::Heading(2), "Fees".into()),
            (BlockKind::Paragraph, "An exam costs $62.".into()),
        ]),
        &ChunkOptions::default(),
    );
    assert_eq!(chunks.len(), 2);
    assert_eq!(chunks[0].heading_path, ["Clinic", "Hours"]);
    assert_eq!(chunks[0].text, "Open nine to five.");
    assert_eq!(chunks[1].section.as_deref(), Some("Fees"));
    assert_eq!((chunks[1].start_block, chunks[1].end_block), (4, 5));
}

#[test]
fn small_subsections_share_a_passage_with_their_headings() {
    let chunks = chunk(
        &doc(vec![
            (BlockKind::Heading(1), "Care".into()),
            (BlockKind::Heading(2), "Day one".into()),
            (BlockKind::Paragraph, "Rest.".into()),
            (BlockKind::Heading(2), "Day two".into()),
            (BlockKind::Paragraph, "Walk.".into()),
            (BlockKind::Heading(1), "Fees".into()),
            (BlockKind::Paragraph, "Free.".into()),
        ]),
        &ChunkOptions::default(),
    );
    assert_eq!(chunks.len(), 2);
    assert_eq!(chunks[0].heading_path, ["Care"]);
    assert_eq!(chunks[0].text, "Day one\nRest.\nDay two\nWalk.");
}

#[test]
fn a_list_keeps_its_introduction() {
    let chunks = chunk(
        &doc(vec![
            (BlockKind::Paragraph, format!("{}.", text(140, "w"))),
            (BlockKind::Paragraph, "Bring with you:".into()),
            (BlockKind::ListItem, text(120, "a")),
            (BlockKind::ListItem, text(5, "b")),
        ]),
        &ChunkOptions::default(),
    );
    assert_eq!(chunks.len(), 2);
    assert!(chunks[1].text.starts_with("Bring with you:\na0"));
}

#[test]
fn rows_take_the_caption_of_their_table_along() {
    let rows = |what: &'static str| {
        (0..40).map(move |i| {
            (
                BlockKind::TableRow,
                format!("Boat: {what} {i} | Price: ${i} a day"),
            )
        })
    };
    let mut blocks = vec![
        (BlockKind::Heading(1), "Boats".to_owned()),
        (BlockKind::Paragraph, "Prices in summer".to_owned()),
    ];
    blocks.extend(rows("Tern"));
    blocks.push((BlockKind::Paragraph, "Tabelle 2: Winter.".to_owned()));
    blocks.extend(rows("Heron"));
    blocks.push((BlockKind::Paragraph, "We are open all day.".to_owned()));
    blocks.extend(rows("Gull"));
    let chunks = chunk(&doc(blocks), &ChunkOptions::default());
    let mut seen = [0; 3];
    for c in &chunks {
        let path: Vec<&str> = c.heading_path.iter().map(String::as_str).collect();
        let is_rows_of = |what: &str| {
            c.text
                .lines()
                .all(|l| l.starts_with(&format!("Boat: {what}")))
        };
        if is_rows_of("Tern") {
            assert_eq!(path, ["Boats", "Prices in summer"]);
            seen[0] += 1;
        } else if is_rows_of("Heron") {
            assert_eq!(path, ["Boats", "Tabelle 2: Winter."]);
            seen[1] += 1;
        } else {
            assert_eq!(path, ["Boats"], "{}", c.text);
            seen[2] += 1;
        }
    }
    assert!(seen.iter().all(|n| *n > 0), "{seen:?}");
    for caption in ["Prices in summer", "Tabelle 2: Winter."] {
        let with: Vec<_> = chunks.iter().filter(|c| c.text.contains(caption)).collect();
        assert_eq!(with.len(), 1, "{caption}");
        assert!(with[0].text.contains(&format!("{caption}\nBoat: ")));
    }
}

#[test]
fn rows_stay_whole() {
    let rows = (0..60).map(|i| {
        (
            BlockKind::TableRow,
            format!("Service: number {i} | Price: ${i} each"),
        )
    });
    let chunks = chunk(&doc(rows.collect()), &ChunkOptions::default());
    assert!(chunks.len() > 1);
    for line in chunks.iter().flat_map(|c| c.text.lines()) {
        assert!(
            line.starts_with("Service: number ") && line.ends_with(" each"),
            "{line}"
        );
    }
}

#[test]
fn chinese_is_divided_by_characters() {
    let long = "我们九点开门周日休息".repeat(100);
    let chunks = chunk(
        &doc(vec![(BlockKind::Paragraph, long.clone())]),
        &ChunkOptions::default(),
    );
    assert!(chunks.len() >= 3);
    assert!(chunks.iter().all(|c| words(&c.text) <= 240));
    assert_eq!(
        chunks.iter().map(|c| c.text.as_str()).collect::<String>(),
        long
    );
}

fn any_block() -> impl Strategy<Value = (BlockKind, String)> {
    let kind = prop_oneof![
        1 => (1u8..5).prop_map(BlockKind::Heading),
        4 => Just(BlockKind::Paragraph),
        2 => Just(BlockKind::ListItem),
        2 => Just(BlockKind::TableRow),
        1 => Just(BlockKind::Code),
    ];
    (kind, 1usize..400, any::<u16>()).prop_map(|(kind, n, id)| {
        let n = if matches!(kind, BlockKind::Heading(_)) {
            n % 8 + 1
        } else {
            n
        };
        let words: Vec<String> = (0..n)
            .map(|i| format!("x{id}y{i}{}", if i % 13 == 12 { "." } else { "" }))
            .collect();
        (kind, words.join(" "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_word_is_lost_or_doubled_and_sizes_hold(blocks in prop::collection::vec(any_block(), 0..25)) {
        let document = doc(blocks);
        let options = ChunkOptions::default();
        let chunks = chunk(&document, &options);
        for (i, c) in chunks.iter().enumerate() {
            prop_assert_eq!(c.ordinal as usize, i);
            prop_assert!(words(&c.text) <= options.max_words, "{} words", words(&c.text));
            prop_assert!(c.start_block < c.end_block && c.end_block <= document.blocks.len());
        }
        let body: Vec<&str> = document.blocks.iter()
            .filter(|b| !matches!(b.kind, BlockKind::Heading(_)))
            .flat_map(|b| b.text.split_whitespace()).collect();
        let headings: std::collections::HashSet<&str> = document.blocks.iter()
            .filter(|b| matches!(b.kind, BlockKind::Heading(_)))
            .map(|b| b.text.as_str()).collect();
        let lines = chunks.iter().flat_map(|c| c.text.lines());
        let got: Vec<&str> = lines.filter(|l| !headings.contains(l)).flat_map(str::split_whitespace).collect();
        prop_assert_eq!(got, body);
        for heading in headings {
            let found = chunks.iter().any(|c| c.heading_path.iter().any(|h| h == heading) || c.text.contains(heading));
            prop_assert!(found, "lost: {heading}");
        }
    }
}
