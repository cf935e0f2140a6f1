//! Tables of PDF documents, recognised by the positions of words alone.

use super::formats_tests::read;
use super::hidden_tests::{pdf, text};

/// A page with words at positions, in 10-point Helvetica; `*` begins bold ones.
fn page(words: &[(i32, i32, &str)]) -> Vec<u8> {
    let drawing: String = words
        .iter()
        .map(|(x, y, t)| {
            let (font, t) = match t.strip_prefix('*') {
                Some(t) => ("F2", t),
                None => ("F1", *t),
            };
            format!("BT /{font} 10 Tf {x} {y} Td ({t}) Tj ET\n")
        })
        .collect();
    pdf(&drawing)
}

#[test]
fn a_value_of_a_pdf_stands_under_the_column_that_it_is_printed_under() {
    let mut words = vec![
        (50, 300, "Hall"),
        (150, 300, "Fewest guests"),
        (250, 300, "Most guests"),
        (350, 300, "Rent"),
    ];
    for (y, hall, fewest, most, rent) in [
        (280, "Oak", "10", "40", "250"),
        (260, "Elm", "", "60", "300"),
        (240, "Ash", "20", "", "310"),
    ] {
        words.extend([
            (50, y, hall),
            (180, y, fewest),
            (275, y, most),
            (355, y, rent),
        ]);
    }
    // Centred over both columns: one that extends into both, and one between them.
    words.extend([
        (50, 220, "Barn"),
        (190, 220, "any number of guests"),
        (355, 220, "90"),
    ]);
    words.extend([(50, 200, "Yard"), (228, 200, "any"), (355, 200, "30")]);
    words.retain(|(_, _, t)| !t.is_empty());
    assert_eq!(
        text(&read(&page(&words), "halls.pdf")),
        "Hall: Oak | Fewest guests: 10 | Most guests: 40 | Rent: 250\n\
         Hall: Elm | Most guests: 60 | Rent: 300\n\
         Hall: Ash | Fewest guests: 20 | Rent: 310\n\
         Hall: Barn | Fewest guests, Most guests: any number of guests | Rent: 90\n\
         Hall: Yard | Fewest guests, Most guests: any | Rent: 30"
    );
}

#[test]
fn names_over_several_columns_of_a_pdf_are_part_of_each() {
    // "Weekdays" is 47.79 points wide, "Weekend" 43.36, "18-22 h" 33.35.
    let mut words = vec![(226, 300, "Weekdays"), (378, 300, "Weekend")];
    for (x, t) in [
        (50, "Place"),
        (200, "08-18 h"),
        (266, "18-22 h"),
        (350, "08-18 h"),
        (416, "18-22 h"),
    ] {
        words.push((x, 286, t));
    }
    for (y, place, fees) in [
        (266, "Easthaven", ["45", "62", "79", "98"]),
        (246, "Oldbridge", ["58", "78", "96", "99"]),
    ] {
        words.push((50, y, place));
        words.extend(
            [211, 277, 361, 427]
                .into_iter()
                .zip(fees)
                .map(|(x, t)| (x, y, t)),
        );
    }
    assert_eq!(
        text(&read(&page(&words), "fees.pdf")),
        "Place: Easthaven | Weekdays – 08-18 h: 45 | Weekdays – 18-22 h: 62 | Weekend – 08-18 h: 79 | Weekend – 18-22 h: 98\n\
         Place: Oldbridge | Weekdays – 08-18 h: 58 | Weekdays – 18-22 h: 78 | Weekend – 08-18 h: 96 | Weekend – 18-22 h: 99"
    );
}

#[test]
fn groups_of_a_pdf_s_table_are_told_with_each_row() {
    let mut words = vec![];
    for (y, cells) in [
        (340, ["*Treatment", "*Minutes", "*Price"]),
        (320, ["*For the face", "", ""]),
        (300, ["Cleansing", "30", "36"]),
        (280, ["Mask", "", "25"]),
        (260, ["*For the hands", "", ""]),
        (240, ["Manicure", "45", "40"]),
    ] {
        words.extend(
            [50, 150, 250]
                .into_iter()
                .zip(cells)
                .map(|(x, t)| (x, y, t)),
        );
    }
    words.retain(|(_, _, t)| !t.is_empty());
    words.push((
        50,
        200,
        "Please arrive ten minutes early, the rooms are there for the hour before the treatment.",
    ));
    assert_eq!(
        text(&read(&page(&words), "treatments.pdf")),
        "For the face | Treatment: Cleansing | Minutes: 30 | Price: 36\n\
         For the face | Treatment: Mask | Price: 25\n\
         For the hands | Treatment: Manicure | Minutes: 45 | Price: 40\n\
         Please arrive ten minutes early, the rooms are there for the hour before the treatment."
    );
}

#[test]
fn cells_of_a_pdf_in_the_middle_of_several_rows_belong_to_each() {
    let mut words = vec![];
    for (y, cells) in [
        (360, ["Zone", "Place", "Day", "Night"]),
        (340, ["", "Easthaven", "45", ""]),
        (330, ["A", "", "", "60"]),
        (320, ["", "Millbrook", "48", ""]),
        (300, ["", "Fernhill", "58", "70"]),
        (280, ["B", "Oldbridge", "61", "71"]),
        (260, ["", "Quay Town", "62", "72"]),
    ] {
        words.extend(
            [50, 120, 220, 290]
                .into_iter()
                .zip(cells)
                .map(|(x, t)| (x, y, t)),
        );
    }
    words.retain(|(_, _, t)| !t.is_empty());
    assert_eq!(
        text(&read(&page(&words), "zones.pdf")),
        "Zone: A | Place: Easthaven | Day: 45 | Night: 60\n\
         Zone: A | Place: Millbrook | Day: 48 | Night: 60\n\
         Zone: B | Place: Fernhill | Day: 58 | Night: 70\n\
         Zone: B | Place: Oldbridge | Day: 61 | Night: 71\n\
         Zone: B | Place: Quay Town | Day: 62 | Night: 72"
    );
}

#[test]
fn a_name_over_some_columns_of_a_pdf_is_part_of_these_only() {
    // "Price per night" is 66.70 points wide, "weekday" 40.01, "weekend" 40.57.
    let mut words = vec![(198, 300, "Price per night")];
    for (y, cells) in [
        (284, ["Room", "weekday", "weekend", "Deposit"]),
        (264, ["Lake", "90", "120", "50"]),
        (244, ["Hill", "", "110", "50"]),
    ] {
        words.extend(
            [50, 180, 242, 330]
                .into_iter()
                .zip(cells)
                .map(|(x, t)| (x, y, t)),
        );
    }
    words.retain(|(_, _, t)| !t.is_empty());
    assert_eq!(
        text(&read(&page(&words), "rooms.pdf")),
        "Room: Lake | Price per night – weekday: 90 | Price per night – weekend: 120 | Deposit: 50\n\
         Room: Hill | Price per night – weekend: 110 | Deposit: 50"
    );
}
