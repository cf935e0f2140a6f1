use super::boxes::Slanted;
use super::decode::Alphabet;
use super::picture::Picture;
use super::upright::{Slant, level};
use super::{SeenLine, SeenPage, SeenWord, Verdict, detect};
use crate::extract::hidden_tests::pdf_with;
use crate::extract::{
    ExtractError, Extracted, Limits, extract, extract_seen, extract_to_check, page_picture, photo,
};

pub(super) fn near(a: f32, b: f32, by: f32) -> bool {
    (a - b).abs() <= by
}

#[test]
fn a_rectangle_is_found_at_its_angle() {
    let angle = 0.2_f32;
    let points: Vec<(i32, i32)> = (-200..=200)
        .flat_map(|u| (-10..=10).map(move |v| (u, v)))
        .map(|(u, v)| {
            let (u, v) = (u as f32, v as f32);
            let x = 300.0 + u * angle.cos() - v * angle.sin();
            let y = 200.0 + u * angle.sin() + v * angle.cos();
            (x.round() as i32, y.round() as i32)
        })
        .collect();
    let found = Slanted::around(&points).unwrap();
    assert!(near(found.angle, angle, 0.01), "{found:?}");
    assert!(near(found.width, 401.0, 3.0) && near(found.height, 21.0, 3.0));
    assert!(near(found.x, 300.5, 1.5) && near(found.y, 200.5, 1.5));
    let back = found.turned(1, 640.0, 480.0).turned(3, 480.0, 640.0);
    assert!(near(back.x, found.x, 0.01) && near(back.y, found.y, 0.01));
    assert!(Slanted::around(&[]).is_none());
    assert!(Slanted::around(&[(3, 4)]).is_some_and(|one| one.width == 1.0));
}

#[test]
fn marked_patches_become_lines_and_dirt_does_not() {
    let (width, height) = (320, 160);
    let mut marks = vec![0.0_f32; width * height];
    for (y0, y1, mark) in [(20, 26, 0.9), (60, 66, 0.9), (100, 106, 0.35)] {
        for y in y0..y1 {
            for x in 40..240 {
                marks[y * width + x] = mark;
            }
        }
    }
    marks[150 * width + 10] = 1.0;
    let lines = detect::lines(&marks, width, height, &Picture::white(640, 320));
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].y < lines[1].y);
    // Twice as large, and grown to the height of the letters.
    assert!(
        near(lines[0].x, 280.0, 2.0) && lines[0].height > 16.0,
        "{lines:?}"
    );
}

#[test]
fn repeats_and_blanks_fall_away_and_chinese_look_alikes_are_not_taken() {
    let alphabet = Alphabet::new("a\nb\n一\n");
    // blank, a, b, 一, space
    let guess = |best: usize, second: usize| {
        let mut out = vec![0.0_f32; alphabet.len()];
        out[best] = 0.9;
        out[second] = 0.1;
        out
    };
    let columns = [
        guess(1, 0),
        guess(1, 0),
        guess(0, 1),
        guess(1, 0),
        guess(2, 0),
        guess(3, 2),
        guess(4, 0),
        guess(2, 0),
    ];
    let read = alphabet.read(&columns.concat());
    let text: String = read.letters.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(text, "aab b");
    assert!(near(read.letters[0].at, 1.0 / 8.0, 0.01));
    let eastern = [guess(3, 1), guess(0, 1), guess(3, 1)];
    let read = alphabet.read(&eastern.concat());
    assert_eq!(read.letters.len(), 2, "a line of Chinese is read as such");
    assert_eq!(alphabet.read(&[]).confidence, 0.0);
}

#[test]
fn a_crooked_page_is_straightened_and_its_sizes_are_levelled() {
    let lines: Vec<Slanted> = (1..10)
        .map(|row| Slanted {
            x: 500.0,
            y: row as f32 * 100.0,
            width: 600.0,
            height: 30.0,
            angle: 0.03 + 0.00002 * row as f32 * 100.0,
        })
        .collect();
    let slant = Slant::of(&lines, 1000);
    // The ends of one line come to the same height.
    let line = lines[4];
    let dy = line.angle.tan() * 250.0;
    let ends = (
        slant.straight(250.0, line.y - dy),
        slant.straight(750.0, line.y + dy),
    );
    assert!(near(ends.0, ends.1, 1.0), "{ends:?}");
    let mut heights = [30.0, 33.0, 28.0, 31.0, 60.0, 66.0, 29.0];
    level(&mut heights);
    assert_eq!(
        heights,
        [30.0, 30.0, 30.0, 30.0, 60.0, 60.0, 30.0].map(|h| if h == 30.0 { 31.0 } else { h })
    );
}

#[test]
fn a_picture_turns_and_comes_back() {
    let mut picture = Picture::white(3, 2);
    picture.set(2, 0, [1, 2, 3]);
    assert_eq!(picture.turned(1).at(1, 2), [1, 2, 3]);
    for quarters in 1..4 {
        assert_eq!(picture.turned(quarters).turned(4 - quarters), picture);
    }
    assert_eq!(picture.mirrored().at(0, 0), [1, 2, 3]);
    assert!(Picture::of(2, 2, vec![0; 11]).is_none());
}

/// Two points, black and white, in shades of grey.
pub(super) const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0xd1, 0x49, 0x20,
    0x56, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0xf8, 0x0f, 0x00,
    0x01, 0x02, 0x01, 0x00, 0x42, 0xbe, 0xbc, 0x68, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44,
    0xae, 0x42, 0x60, 0x82,
];

#[test]
fn a_picture_is_decoded() {
    let (picture, point) = photo::picture(PNG, &Limits::default(), 1).unwrap().unwrap();
    assert!(
        photo::picture(PNG, &Limits::default(), 2)
            .unwrap()
            .is_none()
    );
    assert_eq!((picture.at(0, 0), picture.at(1, 0)), ([0; 3], [255; 3]));
    assert_eq!(point, 421.0);
}

pub(super) fn line(y: f32, words: &[(&str, f32)], confidence: f32) -> SeenLine {
    SeenLine {
        words: words
            .iter()
            .map(|(text, x0)| SeenWord {
                text: (*text).into(),
                x0: *x0,
                x1: x0 + 5.0 * text.len() as f32,
            })
            .collect(),
        y,
        size: 10.0,
        turn: 0,
        confidence,
        corners: [(0.0, 0.0); 4],
    }
}

fn read(lines: Vec<SeenLine>) -> Result<Extracted, ExtractError> {
    let page = SeenPage {
        page: 1,
        lines,
        ..SeenPage::default()
    };
    extract_seen(PNG, "menu.png", &Limits::default(), &[page])
}

#[test]
fn recognised_lines_become_paragraphs_and_rows() {
    let out = read(vec![
        line(100.0, &[("Service", 50.0), ("Price", 300.0)], 0.99),
        line(114.0, &[("Haircut", 50.0), ("€30", 300.0)], 0.99),
        line(128.0, &[("Shave", 50.0), ("€15", 300.0)], 0.99),
        line(142.0, &[("Colour", 50.0), ("€55", 300.0)], 0.99),
        line(
            220.0,
            &[("Please", 50.0), ("book", 84.0), ("ahead.", 108.0)],
            0.99,
        ),
    ])
    .unwrap();
    let texts: Vec<&str> = out.blocks.iter().map(|b| b.text.as_str()).collect();
    assert!(
        texts
            .iter()
            .any(|t| t.contains("Haircut") && t.contains("€30")),
        "{texts:?}"
    );
    assert!(texts.contains(&"Please book ahead."), "{texts:?}");
    assert_eq!((out.pages, out.kept_back), (Some(1), 0));
}

#[test]
fn a_sentence_with_a_doubtful_line_is_kept_back_whole() {
    let words = |text: &'static str| -> Vec<(&'static str, f32)> {
        let mut x = 50.0;
        text.split(' ')
            .map(|word| {
                let at = x;
                x += 5.0 * word.len() as f32 + 3.0;
                (word, at)
            })
            .collect()
    };
    let out = read(vec![
        line(
            100.0,
            &words("Refunds are given within a month if the goods are"),
            0.99,
        ),
        line(
            112.0,
            &words("not damaged and the receipt is shown at the till."),
            0.4,
        ),
        line(180.0, &words("We are open on weekdays."), 0.99),
    ])
    .unwrap();
    let texts: Vec<&str> = out.blocks.iter().map(|b| b.text.as_str()).collect();
    assert_eq!(texts, ["We are open on weekdays."]);
    assert_eq!(out.kept_back, 1);
    let error = read(vec![line(100.0, &words("All of it"), 0.3)]).unwrap_err();
    assert_eq!(error, ExtractError::AllDoubtful { lines: 1 });
    assert_eq!(read(Vec::new()).unwrap_err(), ExtractError::NothingSeen);
}

#[test]
fn a_picture_whose_lines_are_all_doubtful_or_left_out_is_empty_and_waits_for_its_owner() {
    let page = |lines| SeenPage {
        page: 1,
        lines,
        ..SeenPage::default()
    };
    let check = |seen: SeenPage, judged| {
        extract_to_check(PNG, "menu.png", &Limits::default(), &[seen], judged)
    };
    let doubtful = page(vec![line(100.0, &[("Haircvt", 50.0), ("€30", 300.0)], 0.4)]);
    let empty = check(doubtful.clone(), false).unwrap();
    assert!(empty.blocks.is_empty());
    assert_eq!((empty.pages, empty.kept_back), (Some(1), 1));
    let said = Verdict::Says("Haircut €30".into());
    let read = check(doubtful.judged(&[(0, said)]), true).unwrap();
    assert!(read.blocks[0].text.contains("Haircut"), "{read:?}");
    let gone = doubtful.judged(&[(0, Verdict::NoText)]);
    assert!(check(gone.clone(), true).unwrap().blocks.is_empty());
    assert_eq!(check(gone, false).unwrap_err(), ExtractError::NothingSeen);
    let damaged = extract_to_check(
        b"%PDF-1.4 and nothing else",
        "a.pdf",
        &Limits::default(),
        &[doubtful],
        true,
    );
    assert!(
        matches!(damaged, Err(ExtractError::Malformed { .. })),
        "{damaged:?}"
    );
}

#[test]
fn a_picture_that_nobody_looked_at_says_what_to_do() {
    let error = extract(PNG, "menu.png", &Limits::default()).unwrap_err();
    assert_eq!(error, ExtractError::Pictures { pages: vec![1] });
    assert!(error.to_string().contains("models get pp-ocrv6-tiny"));
}

/// A page of 600 by 400 points with an image over all of it: black on the left, white on the right.
fn scan(entries: &str, more: &str) -> Vec<u8> {
    let image = "BI /W 2 /H 1 /CS /G /BPC 8 /F /AHx ID 00FF> EI";
    pdf_with(
        &format!("q 600 0 0 400 0 0 cm {image} Q {more}"),
        entries,
        &[],
    )
}

#[test]
fn a_scanned_page_is_drawn_as_it_is_shown() {
    let look = |entries: &str| {
        let bytes = scan(entries, "");
        page_picture(&bytes, "a.pdf", &Limits::default(), 1)
            .unwrap()
            .unwrap()
            .0
    };
    let picture = look("");
    assert_eq!((picture.width, picture.height), (1667, 1111));
    assert_eq!(
        (picture.at(300, 555), picture.at(1300, 555)),
        ([0; 3], [255; 3])
    );
    // Turned clockwise, the left side is on top.
    let picture = look("/Rotate 90");
    assert_eq!((picture.width, picture.height), (1111, 1667));
    assert_eq!(
        (picture.at(555, 300), picture.at(555, 1300)),
        ([0; 3], [255; 3])
    );
}

#[test]
fn text_that_is_drawn_as_curves_is_looked_at_and_its_outlines_are_filled() {
    // Forty round letters of 10 points; the last is wide.
    let letter = |x: u32, wide: u32| {
        let (right, middle) = (x + wide, x + wide / 2);
        format!(
            "{x} 200 m {x} 212 {middle} 212 {right} 210 c {right} 198 {middle} 198 {x} 200 c f "
        )
    };
    let few: String = (0..39).map(|n| letter(10 + n * 12, 8)).collect();
    let bytes = pdf_with(&few, "", &[]);
    let error = extract(&bytes, "a.pdf", &Limits::default()).unwrap_err();
    assert_eq!(error, ExtractError::Empty);
    let bytes = pdf_with(&format!("{few} {}", letter(500, 60)), "", &[]);
    let error = extract(&bytes, "a.pdf", &Limits::default()).unwrap_err();
    assert_eq!(error, ExtractError::Pictures { pages: vec![1] });
    let (picture, point) = page_picture(&bytes, "a.pdf", &Limits::default(), 1)
        .unwrap()
        .unwrap();
    let at = |x: f32, y: f32| picture.at((x / point) as usize, ((400.0 - y) / point) as usize);
    assert_eq!(at(530.0, 205.0), [0; 3]);
    assert_eq!(at(530.0, 300.0), [255; 3]);
}

#[test]
fn a_page_is_looked_at_only_if_its_picture_has_no_letters_on_it() {
    let error = extract(&scan("", ""), "a.pdf", &Limits::default()).unwrap_err();
    assert_eq!(error, ExtractError::Pictures { pages: vec![1] });
    let many = "The letters that somebody has recognised before are on it already, and there are so many of them";
    let words = format!("BT /F1 10 Tf 3 Tr 20 200 Td ({many}) Tj ET");
    let read = extract(&scan("", &words), "a.pdf", &Limits::default()).unwrap();
    assert!(read.scans.is_empty(), "{read:?}");
    let stamp = extract(
        &scan("", "BT /F1 8 Tf 1 0 0 rg 20 200 Td (Page 1) Tj ET"),
        "a.pdf",
        &Limits::default(),
    );
    assert_eq!(stamp.unwrap().scans, [1]);
}

#[test]
fn what_was_recognised_stands_beside_the_letters_of_the_page() {
    let bytes = scan(
        "",
        "BT /F1 8 Tf 1 0 0 rg 10 380 Td (Stamp of the office) Tj ET",
    );
    let lines = vec![
        line(
            20.0,
            &[
                ("Stamp", 10.0),
                ("of", 35.0),
                ("the", 45.0),
                ("office", 58.0),
            ],
            0.9,
        ),
        line(60.0, &[("Haircut", 10.0), ("€30", 150.0)], 0.9),
    ];
    let out = extract_seen(
        &bytes,
        "a.pdf",
        &Limits::default(),
        &[SeenPage {
            page: 1,
            lines,
            ..SeenPage::default()
        }],
    )
    .unwrap();
    let text: Vec<&str> = out.blocks.iter().map(|b| b.text.as_str()).collect();
    let text = text.join("\n");
    assert!(text.contains("Haircut") && text.contains("€30"), "{text}");
    assert_eq!(text.matches("Stamp").count(), 1, "{text}");
    assert!(out.scans.is_empty() && out.kept_back == 0);
}
