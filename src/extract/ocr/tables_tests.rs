//! Ruled tables from their lines to the text of their rows.

use super::ocr_tests::{PNG, line, near};
use super::picture::Picture;
use super::{Grid, SeenLine, SeenPage, grids};
use crate::extract::hidden_tests::pdf_with;
use crate::extract::{Limits, extract_seen, page_picture};

#[test]
fn the_ruling_of_a_table_says_which_lines_are_a_row() {
    let in_cell = |y: f32, words: &[(&str, f32)], confidence| {
        let seen = line(y, words, confidence);
        let (x0, x1) = (seen.words[0].x0, seen.words[words.len() - 1].x1);
        SeenLine {
            corners: [(x0, y - 8.0), (x1, y - 8.0), (x1, y + 2.0), (x0, y + 2.0)],
            ..seen
        }
    };
    let page = SeenPage {
        page: 1,
        width: 600.0,
        height: 842.0,
        lines: vec![
            in_cell(120.0, &[("Service", 55.0)], 0.99),
            in_cell(120.0, &[("Price", 305.0)], 0.99),
            in_cell(155.0, &[("Haircut", 55.0), ("with", 94.0)], 0.99),
            in_cell(161.0, &[("€30", 305.0)], 0.99),
            in_cell(
                167.0,
                &[("wash", 55.0), ("and", 80.0), ("style", 98.0)],
                0.99,
            ),
            in_cell(200.0, &[("Shave", 55.0)], 0.99),
            in_cell(200.0, &[("€15", 305.0)], 0.99),
            in_cell(240.0, &[("Colour", 55.0), ("for", 90.0)], 0.99),
            in_cell(252.0, &[("lorg", 55.0), ("hair", 80.0)], 0.4),
            in_cell(246.0, &[("€55", 305.0)], 0.99),
        ],
        grids: vec![Grid {
            xs: vec![50.0, 300.0, 550.0],
            ys: vec![100.0, 140.0, 180.0, 220.0, 260.0],
            ..Grid::default()
        }],
    };
    let out = extract_seen(PNG, "menu.png", &Limits::default(), &[page]).unwrap();
    let texts: Vec<&str> = out.blocks.iter().map(|b| b.text.as_str()).collect();
    let row = texts.iter().find(|text| text.contains("€30"));
    assert!(
        row.unwrap().contains("Haircut with wash and style"),
        "{texts:?}"
    );
    assert!(
        texts
            .iter()
            .any(|t| t.contains("Shave") && t.contains("€15")),
        "{texts:?}"
    );
    // A doubtful line keeps its whole row back.
    assert!(
        !texts
            .iter()
            .any(|t| t.contains("Colour") || t.contains("€55")),
        "{texts:?}"
    );
    assert_eq!(out.kept_back, 1);
}

#[test]
fn lines_that_are_drawn_over_a_scan_are_those_of_a_table() {
    let image = "BI /W 1 /H 1 /CS /G /BPC 8 /F /AHx ID FF> EI";
    // Lines across with a pen, one of them dashed and one as wide as a hair; lines down as thin rectangles.
    let pens =
        "0.2 G 1 w 50 350 m 550 350 l S 0 w 50 200 m 550 200 l S [6 2] 0 d 1 w 50 50 m 550 50 l S ";
    let rectangles = "0.2 g 49.5 50 1 300 re f 299.5 50 1 300 re f 549.5 50 1 300 re f";
    let content = format!("q 600 0 0 400 0 0 cm {image} Q {pens} {rectangles}");
    let bytes = pdf_with(&content, "", &[]);
    let (picture, point) = page_picture(&bytes, "a.pdf", &Limits::default(), 1)
        .unwrap()
        .unwrap();
    let found = grids(&picture, point, 0);
    let [grid] = found.as_slice() else {
        panic!("{found:?}");
    };
    let all = |found: &[f32], expected: [f32; 3]| {
        found.len() == 3 && found.iter().zip(expected).all(|(a, b)| near(*a, b, 1.5))
    };
    assert!(all(&grid.xs, [50.0, 300.0, 550.0]), "{grid:?}");
    assert!(all(&grid.ys, [50.0, 200.0, 350.0]), "{grid:?}");
}

#[test]
fn the_cells_of_a_crooked_table_are_read_where_they_are() {
    // A page that is turned by 4 degrees about its corner: far to the right a row stands as high as the one above it.
    let (sin, cos) = 4.0_f32.to_radians().sin_cos();
    let shown = |x: f32, y: f32| (x * cos - y * sin, x * sin + y * cos);
    let mut sheet = Picture::white(1_700, 1_200);
    let mut draw = |from: (f32, f32), to: (f32, f32)| {
        for part in 0..=6_000 {
            let share = part as f32 / 6_000.0;
            let (x, y) = shown(
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            );
            for across in 0..3 {
                for down in 0..3 {
                    sheet.set(x as usize + across, y as usize + down, [60; 3]);
                }
            }
        }
    };
    let (columns, rows) = ([200.0, 700.0, 1_500.0], [100.0, 180.0, 260.0, 340.0]);
    for y in rows {
        draw((columns[0], y), (columns[2], y));
    }
    for x in columns {
        draw((x, rows[0]), (x, rows[3]));
    }
    let seen = |text: &str, left: f32, right: f32, row: usize| {
        let y = 140.0 + 80.0 * row as f32;
        let corners = [
            shown(left, y - 15.0),
            shown(right, y - 15.0),
            shown(right, y + 15.0),
            shown(left, y + 15.0),
        ];
        SeenLine {
            corners: corners.map(|(x, y)| (x * 0.5, y * 0.5)),
            ..line(y * 0.5, &[(text, left * 0.5)], 0.99)
        }
    };
    let names = [("Service", "Price"), ("Haircut", "€30"), ("Shave", "€15")];
    let lines = names.iter().enumerate().flat_map(|(row, (name, price))| {
        [
            seen(name, 220.0, 420.0, row),
            seen(price, 1_380.0, 1_480.0, row),
        ]
    });
    let page = SeenPage {
        page: 1,
        width: 850.0,
        height: 600.0,
        lines: lines.collect(),
        grids: grids(&sheet, 0.5, 0),
    };
    let out = extract_seen(PNG, "menu.png", &Limits::default(), &[page]).unwrap();
    let texts: Vec<&str> = out.blocks.iter().map(|b| b.text.as_str()).collect();
    assert!(texts.contains(&"Haircut | €30"), "{texts:?}");
    assert!(texts.contains(&"Shave | €15"), "{texts:?}");
}
