//! Tables of PDF documents whose lines are drawn.

use super::formats_tests::read;
use super::hidden_tests::{pdf, text};

/// Where the lines of the table are.
const COLUMNS: [u32; 4] = [50, 180, 420, 550];
const ROWS: [u32; 4] = [350, 320, 260, 200];

/// Words at positions, in 10-point Helvetica.
fn words(words: &[(u32, u32, &str)]) -> String {
    let each = words
        .iter()
        .map(|(x, y, t)| format!("BT /F1 10 Tf {x} {y} Td ({t}) Tj ET\n"));
    each.collect()
}

/// Names and prices in the middle of boxes with two or three lines of text.
fn services() -> String {
    words(&[
        (55, 330, "Service"),
        (185, 330, "What it includes"),
        (425, 330, "Price"),
        (55, 300, "Ladies' haircut"),
        (55, 287, "with a wash"),
        (185, 306, "Wash, cut and"),
        (185, 293, "blow-dry, with"),
        (185, 280, "a head massage"),
        (425, 293, "48.00"),
        (55, 235, "Gents' haircut"),
        (185, 240, "Cut with scissors"),
        (185, 227, "or machine"),
        (425, 233, "24.50"),
    ])
}

const READ: &str = "Service: Ladies' haircut with a wash | What it includes: Wash, cut and blow-dry, with a head massage | Price: 48.00\n\
     Service: Gents' haircut | What it includes: Cut with scissors or machine | Price: 24.50";

#[test]
fn the_boxes_of_a_table_are_its_cells_however_its_lines_are_drawn() {
    let pen = |from: (u32, u32), to: (u32, u32)| {
        format!("{} {} m {} {} l S\n", from.0, from.1, to.0, to.1)
    };
    let mut stroked = String::new();
    let mut filled = String::new();
    for y in ROWS {
        stroked += &pen((COLUMNS[0], y), (COLUMNS[3], y));
        // As many programs write them: a thin rectangle for each side of each box.
        for ends in COLUMNS.windows(2) {
            filled += &format!("{} {y} {} 0.5 re f\n", ends[0], ends[1] - ends[0]);
        }
    }
    for x in COLUMNS {
        stroked += &pen((x, ROWS[3]), (x, ROWS[0]));
        for ends in ROWS.windows(2) {
            filled += &format!("{x} {} 0.5 {} re f\n", ends[1], ends[0] - ends[1]);
        }
    }
    // One path of several rectangles, each drawn around with a pen.
    let mut boxes = String::new();
    for sides in COLUMNS.windows(2) {
        for ends in ROWS.windows(2) {
            let (width, height) = (sides[1] - sides[0], ends[0] - ends[1]);
            boxes += &format!("{} {} {width} {height} re\n", sides[0], ends[1]);
        }
    }
    for lines in [stroked, filled, format!("{boxes} S\n")] {
        let drawn = pdf(&format!("{lines}{}", services()));
        assert_eq!(text(&read(&drawn, "prices.pdf")), READ, "{lines}");
    }
}

#[test]
fn lines_that_do_not_make_whole_boxes_leave_a_table_as_it_is_aligned() {
    let read_with =
        |lines: &str| text(&read(&pdf(&format!("{lines}{}", services())), "prices.pdf"));
    let aligned = read_with("");
    assert_ne!(aligned, READ);
    let frame = "50 200 500 150 re S\n";
    let across = "50 320 m 550 320 l S\n";
    let down = "180 200 m 180 350 l S 420 200 m 420 350 l S\n";
    let whole = "50 260 m 550 260 l S\n";
    assert_eq!(read_with(&format!("{frame}{across}{down}{whole}")), READ);
    // The frame alone; a box over two rows; all lines in the colour of the paper.
    let merged = format!("{frame}{across}{down} 180 260 m 550 260 l S\n");
    let white = format!("1 G {frame}{across}{down}{whole} 0 G\n");
    for lines in [frame, &merged, &white] {
        assert_eq!(read_with(lines), aligned, "{lines}");
    }
}
