use super::Picture;
use super::rules::{Grid, grids};

fn bar(picture: &mut Picture, (x0, y0): (usize, usize), (x1, y1): (usize, usize)) {
    for y in y0..y1 {
        for x in x0..x1 {
            picture.set(x, y, [40; 3]);
        }
    }
}

/// Three rows and two columns, at most `slant` points lower on the right.
fn table(slant: usize) -> Picture {
    let mut page = Picture::white(1_000, 800);
    for row in 0..4 {
        for x in 100..900 {
            let y = 100 + row * 120 + slant * (x - 100) / 800;
            bar(&mut page, (x, y), (x + 1, y + 3));
        }
    }
    for x in [100, 500, 898] {
        let top = 100 + slant * (x - 100) / 800;
        bar(&mut page, (x, top), (x + 3, top + 362));
    }
    page
}

fn assert_near(found: &[f32], expected: &[f32]) {
    let all = found.len() == expected.len();
    let same = |(a, b): (&f32, &f32)| (a - b).abs() < 6.0;
    assert!(all && found.iter().zip(expected).all(same), "{found:?}");
}

#[test]
fn ruled_lines_make_a_grid_even_when_slightly_crooked() {
    for slant in [0, 8] {
        let found = grids(&table(slant), 0.5, 0);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_near(&found[0].xs, &[50.0, 250.0, 450.0]);
        assert_near(&found[0].ys, &[51.0, 111.0, 171.0, 231.0]);
        assert_eq!(found[0].cell(60.0, 180.0), Some((2, 0)));
        assert_eq!(found[0].cell(400.0, 60.0), Some((0, 1)));
        assert_eq!(found[0].cell(400.0, 300.0), None);
    }
}

#[test]
fn two_tables_stay_two_and_bars_frames_and_rules_alone_are_none() {
    let mut page = table(0);
    for row in 0..3 {
        bar(&mut page, (100, 600 + row * 60), (900, 603 + row * 60));
    }
    for x in [100, 400, 898] {
        bar(&mut page, (x, 600), (x + 3, 723));
    }
    let found = grids(&page, 1.0, 0);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[1].xs.len(), found[1].ys.len()), (3, 3));

    let mut other = Picture::white(1_000, 800);
    bar(&mut other, (100, 100), (900, 400));
    assert!(grids(&other, 1.0, 0).is_empty(), "a bar");
    let mut frame = Picture::white(1_000, 800);
    for y in [100, 500] {
        bar(&mut frame, (100, y), (903, y + 3));
    }
    for x in [100, 900] {
        bar(&mut frame, (x, 100), (x + 3, 503));
    }
    assert!(grids(&frame, 1.0, 0).is_empty(), "a frame");
    let mut rules = Picture::white(1_000, 800);
    for y in [100, 200, 300, 400] {
        bar(&mut rules, (100, y), (903, y + 3));
    }
    assert!(grids(&rules, 1.0, 0).is_empty(), "lines across only");
    let black = Picture {
        rgb: vec![0; 30_000],
        width: 100,
        height: 100,
    };
    assert!(grids(&black, 1.0, 0).is_empty());
}

/// Where a place on a sheet of 1,000 by 1,400 points comes to lie.
type Lay = fn(f32, f32) -> (f32, f32);

/// Turned by some degrees about its middle.
fn crooked(degrees: f32, x: f32, y: f32) -> (f32, f32) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (dx, dy) = (x - 500.0, y - 700.0);
    (500.0 + dx * cos - dy * sin, 700.0 + dx * sin + dy * cos)
}

/// Photographed from below and from one side: what is farther away is smaller.
fn photographed(x: f32, y: f32) -> (f32, f32) {
    let far = 1.0 - (y - 700.0) / 9_000.0 - (x - 500.0) / 14_000.0;
    let (x, y) = crooked(1.5, x, y);
    (500.0 + (x - 500.0) / far, 700.0 + (y - 700.0) / far)
}

/// Draws a line of three points.
fn stroke(page: &mut Picture, lay: Lay, from: (f32, f32), to: (f32, f32)) {
    for part in 0..=4_000 {
        let share = part as f32 / 4_000.0;
        let (x, y) = lay(
            from.0 + (to.0 - from.0) * share,
            from.1 + (to.1 - from.1) * share,
        );
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2)] {
            page.set(x as usize + dx, y as usize + dy, [70; 3]);
        }
    }
}

const COLUMNS: [f32; 4] = [120.0, 480.0, 640.0, 880.0];
const ROWS: [f32; 6] = [200.0, 260.0, 420.0, 500.0, 900.0, 1_200.0];

/// A sheet with a table of five rows and three columns.
fn sheet(lay: Lay) -> Picture {
    let mut page = Picture::white(1_000, 1_400);
    for y in ROWS {
        stroke(&mut page, lay, (COLUMNS[0], y), (COLUMNS[3], y));
    }
    for x in COLUMNS {
        stroke(&mut page, lay, (x, ROWS[0]), (x, ROWS[5]));
    }
    page
}

/// Whether the middle of each cell, and places near its corners, are found to be in it.
fn assert_cells(grid: &Grid, lay: Lay) {
    for (row, ys) in ROWS.windows(2).enumerate() {
        for (column, xs) in COLUMNS.windows(2).enumerate() {
            for (u, v) in [
                (0.5, 0.5),
                (0.08, 0.2),
                (0.92, 0.2),
                (0.08, 0.8),
                (0.92, 0.8),
            ] {
                let (x, y) = lay(xs[0] + (xs[1] - xs[0]) * u, ys[0] + (ys[1] - ys[0]) * v);
                let found = grid.cell(x * 0.5, y * 0.5);
                assert_eq!(found, Some((row, column)), "{u} {v} {grid:?}");
            }
        }
    }
}

#[test]
fn a_crooked_or_photographed_table_is_made_level() {
    let lays: [Lay; 5] = [
        |x, y| (x, y),
        |x, y| crooked(2.0, x, y),
        |x, y| crooked(-3.5, x, y),
        |x, y| crooked(5.0, x, y),
        photographed,
    ];
    for (at, lay) in lays.into_iter().enumerate() {
        let found = grids(&sheet(lay), 0.5, 0);
        let [grid] = found.as_slice() else {
            panic!("{at}: {found:?}");
        };
        assert_eq!((grid.xs.len(), grid.ys.len()), (4, 6), "{at}: {grid:?}");
        assert_cells(grid, lay);
    }
}

#[test]
fn a_table_on_a_page_on_its_side_is_found_as_its_text_runs() {
    let lay: Lay = |x, y| crooked(-2.0, x, y);
    for quarters in 1..4_u8 {
        let shown = sheet(lay).turned(quarters);
        let (width, height) = (shown.width as f32, shown.height as f32);
        let found = grids(&shown, 0.5, quarters);
        let [grid] = found.as_slice() else {
            panic!("{quarters}: {found:?}");
        };
        assert_eq!((grid.xs.len(), grid.ys.len()), (4, 6), "{grid:?}");
        let (x, y) = lay(300.0, 330.0);
        let on_shown = match quarters {
            1 => (width - y, x),
            2 => (width - x, height - y),
            _ => (y, height - x),
        };
        let (x, y) = super::turn_point(on_shown.0 * 0.5, on_shown.1 * 0.5, quarters);
        assert_eq!(grid.cell(x, y), Some((1, 0)), "{quarters} {grid:?}");
    }
}

#[test]
fn a_shadow_and_noise_hide_no_lines_and_make_none() {
    let mut page = sheet(|x, y| crooked(1.0, x, y));
    let mut dice = 7_u32;
    for y in 0..page.height {
        for x in 0..page.width {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (dice >> 24) as f32 / 255.0 * 40.0 - 20.0;
            let light = 1.0 - x as f32 / 2_500.0;
            let [grey, ..] = page.at(x, y);
            let value = (f32::from(grey) * light + noise).clamp(0.0, 255.0) as u8;
            page.set(x, y, [value; 3]);
        }
    }
    let found = grids(&page, 0.5, 0);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_cells(&found[0], |x, y| crooked(1.0, x, y));
}
