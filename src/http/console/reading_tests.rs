use super::*;
use crate::extract::Block;
use crate::knowledge::layout::Layout;

fn handbook() -> Layout {
    let block = |kind, text: &str| Block {
        kind,
        text: text.to_owned(),
        page: None,
    };
    Layout::of(&[
        block(BlockKind::Heading(1), "Prices"),
        block(BlockKind::Paragraph, "All prices include tax."),
        block(BlockKind::TableRow, "Service: Tyre change | Price: 25 €"),
        block(BlockKind::TableRow, "Service: Full check | Price: 89 €"),
        block(BlockKind::ListItem, "Cash"),
        block(BlockKind::ListItem, "Card"),
    ])
}

fn marked(reading: &Reading) -> Vec<String> {
    let runs = |part: &Part| -> Vec<Run> {
        match part {
            Part::Heading { runs, .. } | Part::Paragraph { runs } | Part::Code { runs } => {
                runs.clone()
            }
            Part::List { items } => items.concat(),
            Part::Table { rows, .. } => rows.iter().flatten().flatten().cloned().collect(),
        }
    };
    reading
        .parts
        .iter()
        .flat_map(runs)
        .filter(|run| run.marked)
        .map(|run| run.text)
        .collect()
}

#[test]
fn rows_become_a_table_and_items_a_list() {
    let Layout { text, blocks } = handbook();
    let reading = lay_out(&text, Some(&blocks), None);
    assert_eq!(reading.parts.len(), 4);
    let Part::Table { head, rows } = &reading.parts[2] else {
        panic!("{:?}", reading.parts)
    };
    assert_eq!(head, &["Service", "Price"]);
    assert_eq!(rows[1][1][0].text, "89 €");
    assert!(!reading.cut);
}

#[test]
fn the_quoted_words_are_marked_across_blocks() {
    let Layout { text, blocks } = handbook();
    let from = text.find("include").unwrap();
    let to = text.find("25 €").unwrap() + "25 €".len();
    let reading = lay_out(&text, Some(&blocks), Some(from..to));
    assert_eq!(marked(&reading), ["include tax.", "Tyre change", "25 €"]);
    let Part::Paragraph { runs } = &reading.parts[1] else {
        panic!()
    };
    assert!(runs[1].first && !runs[0].marked);
}

#[test]
fn a_span_of_another_text_marks_nothing() {
    let text = "Öffnungszeiten";
    for span in [0..1, 5..99, 99..120, 4..4] {
        assert!(marked(&lay_out(text, None, Some(span.clone()))).is_empty());
        assert_eq!(surroundings(text, span), None);
    }
}

#[test]
fn blocks_that_do_not_fit_the_text_are_not_used() {
    let span = |start, end| BlockSpan {
        kind: BlockKind::Paragraph,
        start,
        end,
        page: None,
    };
    for blocks in [[span(0, 6), span(3, 9)], [span(0, 6), span(8, 900)]] {
        let reading = lay_out("First.\n\n  Second.\n\n", Some(&blocks), Some(10..16));
        assert_eq!(reading.parts.len(), 2);
        assert_eq!(marked(&reading), ["Second"]);
    }
}

#[test]
fn a_long_document_is_shown_around_the_quote() {
    let lines: Vec<String> = (0..10_000).map(|n| format!("Line {n}.")).collect();
    let text = lines.join("\n\n");
    let at = text.find("Line 9000.").unwrap();
    let reading = lay_out(&text, None, Some(at..at + 10));
    assert!(reading.cut);
    assert_eq!(marked(&reading), ["Line 9000."]);
}

#[test]
fn surroundings_begin_and_end_with_lines() {
    let text = format!("{}\nOpen on Sunday.\n{}", "é".repeat(900), "ü".repeat(900));
    let at = text.find("Open").unwrap();
    let found = surroundings(&text, at..at + 15).unwrap();
    assert_eq!(found.quote, "Open on Sunday.");
    assert!(found.before.len() <= CONTEXT_BYTES + 1 && found.after.len() <= CONTEXT_BYTES + 1);
}

#[test]
fn a_first_heading_that_repeats_the_title_goes_unless_it_is_quoted() {
    let Layout { text, blocks } = handbook();
    let dropped = |span, title| {
        let mut reading = lay_out(&text, Some(&blocks), span);
        reading.drop_title(title);
        reading.parts.len()
    };
    assert_eq!(dropped(None, "Prices"), 3);
    assert_eq!(dropped(None, "Hours"), 4);
    assert_eq!(dropped(Some(0..6), "Prices"), 4);
}
