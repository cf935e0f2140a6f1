//! Merged cells in the formats that have them: each row is complete.

use super::formats_tests::{read, workbook_with, zipped};
use super::hidden_tests::{number_at, numbers, old_workbook, opendocument, text};

/// A row of a worksheet; numbers are written as numbers, `_` means no cell.
fn row(number: usize, cells: &[&str]) -> String {
    let cells: String = ('A'..)
        .zip(cells)
        .filter(|(_, c)| **c != "_")
        .map(|(column, c)| match c.parse::<f64>() {
            Ok(_) => format!(r#"<c r="{column}{number}"><v>{c}</v></c>"#),
            Err(_) => format!(r#"<c r="{column}{number}" t="inlineStr"><is><t>{c}</t></is></c>"#),
        })
        .collect();
    format!(r#"<row r="{number}">{cells}</row>"#)
}

/// A workbook with merged areas; the first argument is the XML before the cells.
fn workbook(before: &str, rows: &[&[&str]], merged: &[&str]) -> Vec<u8> {
    let rows: String = (1..).zip(rows).map(|(n, cells)| row(n, cells)).collect();
    let merged: String = (merged.iter())
        .map(|area| format!(r#"<mergeCell ref="{area}"/>"#))
        .collect();
    let merged = format!("</sheetData><mergeCells>{merged}</mergeCells><sheetData>");
    workbook_with(before, &format!("{rows}{merged}"))
}

#[test]
fn merged_cells_of_a_workbook_belong_to_each_row_and_column() {
    let doc = read(
        &workbook(
            "",
            &[
                &["Ferry fares 2026"],
                &["Route", "Season", "Adults", "_", "Children", "_"],
                &["_", "_", "single", "return", "single", "return"],
                &["North", "Summer", "12", "20", "6", "10"],
                &["_", "Winter", "9", "15", "free", "_"],
                &["South", "Summer", "14", "24", "7", "12"],
                &["_", "Winter", "_", "_", "_", "_"],
            ],
            &[
                "A1:F1", "A2:A3", "B2:B3", "C2:D2", "E2:F2", "A4:A5", "E5:F5", "A6:A7", "C6:C7",
                "D6:D7", "E6:E7", "F6:F7",
            ],
        ),
        "fares.xlsx",
    );
    assert_eq!(
        text(&doc),
        "Prices\nFerry fares 2026\n\
         Route: North | Season: Summer | Adults – single: 12 | Adults – return: 20 | Children – single: 6 | Children – return: 10\n\
         Route: North | Season: Winter | Adults – single: 9 | Adults – return: 15 | Children – single, return: free\n\
         Route: South | Season: Summer | Adults – single: 14 | Adults – return: 24 | Children – single: 7 | Children – return: 12\n\
         Route: South | Season: Winter | Adults – single: 14 | Adults – return: 24 | Children – single: 7 | Children – return: 12"
    );
}

#[test]
fn rows_that_are_merged_as_a_whole_do_not_end_their_table() {
    let doc = read(
        &workbook(
            "",
            &[
                &["Room", "Price"],
                &["Blue", "90"],
                &["_", "_"],
                &["Red", "110"],
                &["Total", "_", "200"],
            ],
            &["A2:A3", "B2:B3", "A5:B5"],
        ),
        "rooms.xlsx",
    );
    assert_eq!(
        text(&doc),
        "Prices\nRoom: Blue | Price: 90\nRoom: Red | Price: 110\nTotal | 200"
    );
}

#[test]
fn what_lies_behind_a_merged_cell_or_is_hidden_with_it_is_not_read() {
    let doc = read(
        &workbook(
            r#"<cols><col min="2" max="2" hidden="1"/></cols>"#,
            &[
                &["Wine", "Cost", "Price", "Glass"],
                &["Red", "3.10", "18", "old 17"],
                &["White", "2.90", "16", "4"],
            ],
            &["C2:D2", "A3:B3"],
        ),
        "wine.xlsx",
    );
    assert_eq!(
        text(&doc),
        "Prices\nWine: Red | Price, Glass: 18\nWine: White | Price: 16 | Glass: 4"
    );
}

#[test]
fn hidden_rows_and_columns_do_not_cut_a_table() {
    let doc = read(
        &workbook(
            r#"<cols><col min="3" max="3" hidden="1"/></cols>"#,
            &[
                &["Wine", "Grape", "Cost", "Bottle", "Glass"],
                &["Red", "Merlot", "3", "18", "5"],
                &["White", "Pinot", "4", "16", "4"],
            ],
            &[],
        ),
        "wine.xlsx",
    );
    let rows = "Wine: Red | Grape: Merlot | Bottle: 18 | Glass: 5\nWine: White | Grape: Pinot | Bottle: 16 | Glass: 4";
    assert_eq!(text(&doc), format!("Prices\n{rows}"));
    let cells = [
        row(1, &["Wine", "Grape", "Bottle"]),
        row(2, &["Red", "Merlot", "18"]),
        row(3, &["Old", "Syrah", "9"]).replace("<row", r#"<row hidden="1""#),
        row(4, &["White", "Pinot", "16"]),
    ];
    let doc = read(&workbook_with("", &cells.concat()), "wine.xlsx");
    assert_eq!(
        text(&doc),
        "Prices\nWine: Red | Grape: Merlot | Bottle: 18\nWine: White | Grape: Pinot | Bottle: 16"
    );
    let row = |attributes: &str, cells: &[&str]| {
        let cells: String = (cells.iter())
            .map(|t| format!("<table:table-cell><text:p>{t}</text:p></table:table-cell>"))
            .collect();
        format!("<table:table-row {attributes}>{cells}</table:table-row>")
    };
    let hidden = r#"table:visibility="collapse""#;
    let content = format!(
        r#"<table:table table:name="Wines"><table:table-column table:number-columns-repeated="2"/><table:table-column {hidden}/>
           <table:table-column table:number-columns-repeated="2"/>{}{}{}{}</table:table>"#,
        row("", &["Wine", "Grape", "Cost", "Bottle", "Glass"]),
        row("", &["Red", "Merlot", "3", "18", "5"]),
        row(hidden, &["Old", "Syrah", "3", "9", "2"]),
        row("", &["White", "Pinot", "4", "16", "4"]),
    );
    let doc = read(&opendocument("spreadsheet", &content), "wine.ods");
    assert_eq!(text(&doc), format!("Wines\n{rows}"));
}

#[test]
fn names_over_several_columns_need_no_merged_cells() {
    let doc = read(
        &workbook(
            "",
            &[
                &["Route", "Season", "Adults", "_", "Children", "_"],
                &["_", "_", "single", "return", "single", "return"],
                &["North", "Summer", "12", "20", "6", "10"],
            ],
            &[],
        ),
        "fares.xlsx",
    );
    let row = "Route: North | Season: Summer | Adults – single: 12 | Adults – return: 20 | Children – single: 6 | Children – return: 10";
    assert_eq!(text(&doc), format!("Prices\n{row}"));
    let csv =
        "Route;Season;Adults;;Children;\n;;single;return;single;return\nNorth;Summer;12;20;6;10\n";
    assert_eq!(text(&read(csv.as_bytes(), "fares.csv")), row);
}

#[test]
fn merged_cells_of_an_old_workbook_belong_to_each_row() {
    let file = old_workbook(&[
        number_at(0, 0, 11.0),
        number_at(0, 1, 12.0),
        number_at(1, 1, 22.0),
        // One area: its first and last row, its first and last column.
        numbers(0x00E5, &[1, 0, 1, 0, 0]),
    ]);
    let doc = read(&file, "prices.xls");
    assert!(text(&doc).ends_with("11 | 12\n11 | 22"), "{}", text(&doc));
}

#[test]
fn merged_cells_of_an_opendocument_sheet_belong_to_each_row_and_column() {
    let cell = |t: &str| format!("<table:table-cell><text:p>{t}</text:p></table:table-cell>");
    let merged = |rows: u8, columns: u8, t: &str| {
        format!(
            r#"<table:table-cell table:number-rows-spanned="{rows}" table:number-columns-spanned="{columns}"><text:p>{t}</text:p></table:table-cell>"#
        )
    };
    let covered = |count: u8| {
        format!(
            r#"<table:covered-table-cell table:number-columns-repeated="{count}"><text:p>left over</text:p></table:covered-table-cell>"#
        )
    };
    let rows = [
        [
            merged(2, 1, "Route"),
            merged(2, 1, "Season"),
            merged(1, 2, "Adults"),
            covered(1),
        ]
        .concat(),
        [covered(2), cell("single"), cell("return")].concat(),
        [
            merged(2, 1, "North"),
            cell("Summer"),
            merged(2, 1, "12"),
            merged(2, 1, "20"),
        ]
        .concat(),
        [covered(1), cell("Winter"), covered(2)].concat(),
    ];
    let rows: String = rows
        .iter()
        .map(|cells| format!("<table:table-row>{cells}</table:table-row>"))
        .collect();
    let content = format!(r#"<table:table table:name="Fares">{rows}</table:table>"#);
    let expected = "Route: North | Season: Summer | Adults – single: 12 | Adults – return: 20\n\
                    Route: North | Season: Winter | Adults – single: 12 | Adults – return: 20";
    let doc = read(&opendocument("spreadsheet", &content), "fares.ods");
    assert_eq!(text(&doc), format!("Fares\n{expected}"));
    let doc = read(&opendocument("text", &content), "fares.odt");
    assert_eq!(text(&doc), expected);
}

#[test]
fn spans_of_a_web_page_are_told_with_each_row() {
    let page = "<main><h1>Lessons</h1><table>
        <thead><tr><th rowspan=2>Course<th rowspan=2>Age<th colspan=2>Price</tr><tr><th>Week<th>Season</tr></thead>
        <tbody><tr><td rowspan=2>Swimming<td>4-6<td>12<td>90</tr><tr><td>7-9<td colspan=2>on request</tr>
        <tr><th colspan=4>For grown-ups</th></tr>
        <tr><td>Diving<td>16<td>30<td>240</tr></tbody></table></main>";
    assert_eq!(
        text(&read(page.as_bytes(), "lessons.html")),
        "Lessons\n\
         Course: Swimming | Age: 4-6 | Price – Week: 12 | Price – Season: 90\n\
         Course: Swimming | Age: 7-9 | Price – Week, Season: on request\n\
         For grown-ups | Course: Diving | Age: 16 | Price – Week: 30 | Price – Season: 240"
    );
}

#[test]
fn a_title_in_a_web_page_s_table_is_no_name_of_a_column() {
    let page = "<table><tr><th colspan=2>Opening hours</th></tr><tr><td>Monday<td>Closed</tr><tr><td>Tuesday<td>9-5</tr></table>";
    assert_eq!(
        text(&read(page.as_bytes(), "hours.html")),
        "Opening hours\nMonday | Closed\nTuesday | 9-5"
    );
}

#[test]
fn merged_cells_of_a_word_table_belong_to_each_row_and_column() {
    let cell = |properties: &str, t: &str| {
        format!("<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{t}</w:t></w:r></w:p></w:tc>")
    };
    let down = r#"<w:vMerge w:val="restart"/>"#;
    let on = "<w:vMerge/>";
    let wide = r#"<w:gridSpan w:val="2"/>"#;
    let rows = [
        [cell(down, "Route"), cell(wide, "Adults")].concat(),
        [cell(on, ""), cell("", "single"), cell("", "return")].concat(),
        [cell(down, "North"), cell("", "12"), cell(down, "20")].concat(),
        [cell(on, ""), cell("", "9"), cell(on, "")].concat(),
        [cell("", "South"), cell(wide, "closed")].concat(),
    ];
    let rows: String = (rows.iter().enumerate())
        .map(|(i, cells)| {
            let properties = if i < 2 {
                "<w:trPr><w:tblHeader/></w:trPr>"
            } else {
                ""
            };
            format!("<w:tr>{properties}{cells}</w:tr>")
        })
        .collect();
    let body = format!("<w:document><w:body><w:tbl>{rows}</w:tbl></w:body></w:document>");
    let doc = read(
        &zipped(&[("word/document.xml", body.as_bytes())]),
        "fares.docx",
    );
    assert_eq!(
        text(&doc),
        "Route: North | Adults – single: 12 | Adults – return: 20\n\
         Route: North | Adults – single: 9 | Adults – return: 20\n\
         Route: South | Adults – single, return: closed"
    );
}

#[test]
fn merged_cells_of_a_slide_belong_to_each_row_and_column() {
    let cell = |attributes: &str, t: &str| {
        format!(
            "<a:tc {attributes}><a:txBody><a:p><a:r><a:t>{t}</a:t></a:r></a:p></a:txBody></a:tc>"
        )
    };
    let rows = [
        [
            cell(r#"rowSpan="2""#, "Route"),
            cell(r#"gridSpan="2""#, "Adults"),
            cell(r#"hMerge="1""#, ""),
        ],
        [
            cell(r#"vMerge="1""#, ""),
            cell("", "single"),
            cell("", "return"),
        ],
        [
            cell("", "North"),
            cell("", "12"),
            cell(r#"rowSpan="2""#, "20"),
        ],
        [cell("", "South"), cell("", "14"), cell(r#"vMerge="1""#, "")],
    ];
    let rows: String = (rows.iter())
        .map(|cells| format!("<a:tr>{}</a:tr>", cells.concat()))
        .collect();
    let slide = format!(
        r#"<p:sld><p:graphicFrame><a:tbl><a:tblPr firstRow="1"/>{rows}</a:tbl></p:graphicFrame></p:sld>"#
    );
    let slides = zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("ppt/presentation.xml", br#"<p:presentation><p:sldIdLst><p:sldId r:id="r1"/></p:sldIdLst></p:presentation>"#),
        (
            "ppt/_rels/presentation.xml.rels",
            br#"<Relationships><Relationship Id="r1" Type="x/slide" Target="slides/slide1.xml"/></Relationships>"#,
        ),
        ("ppt/slides/slide1.xml", slide.as_bytes()),
    ]);
    assert_eq!(
        text(&read(&slides, "fares.pptx")),
        "Route: North | Adults – single: 12 | Adults – return: 20\n\
         Route: South | Adults – single: 14 | Adults – return: 20"
    );
}

#[test]
fn a_table_in_a_cell_does_not_take_the_rows_around_it_apart() {
    let page = "<table><thead><tr><th>Course</th><th>Times</th></tr></thead>\
        <tr><td>Yoga</td><td><table><tr><td>Monday</td><td>9:00</td></tr></table></td></tr>\
        <tr><td>Pilates</td><td>Friday</td></tr></table>";
    let expected = "Course: Yoga | Times: Monday 9:00\nCourse: Pilates | Times: Friday";
    assert_eq!(text(&read(page.as_bytes(), "a.html")), expected);
    let layout = "<table><tr><td>Menu</td><td><table><tr><th>Day</th><th>Open</th></tr><tr><td>Monday</td><td>9</td></tr>\
        </table></td></tr></table>";
    let expected = "Menu\nDay: Monday | Open: 9";
    assert_eq!(text(&read(layout.as_bytes(), "a.html")), expected);
}

#[test]
fn a_cell_with_a_picture_alone_says_what_the_picture_says() {
    let page = "<table><tr><th>Room</th><th>Bath</th><th>Sea view</th></tr>\
        <tr><td>Single</td><td><img src='y.png' alt='yes'></td><td><i aria-label='no' class='x'></i></td></tr>\
        <tr><td>Double</td><td>shared <img alt='bath'></td><td><img src='n.png'></td></tr></table>";
    let expected = "Room: Single | Bath: yes | Sea view: no\nRoom: Double | Bath: shared";
    assert_eq!(text(&read(page.as_bytes(), "a.html")), expected);
}
