//! Excel workbooks: each sheet is a section, each row a line of text with the names of its columns.
//!
//! `calamine` reads the cells. [`number`] formats their values, [`grid`] finds where tables begin and
//! end, [`merged`] resolves merged cells, and [`xml`] and [`biff`] find what is hidden.

mod biff;
pub(super) mod grid;
mod merged;
mod number;
mod xml;

use std::collections::HashMap;
use std::io::Cursor;
use std::ops::RangeInclusive;

use calamine::{
    Data, DataRef, Reader, Sheet, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError,
    open_workbook_from_rs,
};

use self::grid::{Cell, Row};
use self::merged::{Area, Merged};
use super::hidden::Hidden;
use super::package::{self, Package};
use super::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits};

/// Most rows to read of one sheet; longer sheets are data for programs.
const MAX_ROWS: u32 = 50_000;
/// Most columns to read of one sheet.
const MAX_COLUMNS: u32 = 500;
/// Most cells to read of one workbook.
const MAX_CELLS: usize = 1_000_000;

/// Hidden rows and columns of one sheet, counted from 0.
#[derive(Debug, Default, PartialEq, Eq)]
struct HiddenLines {
    /// In ascending order.
    rows: Vec<u32>,
    columns: Vec<RangeInclusive<u32>>,
}

impl HiddenLines {
    fn has(&self, row: u32, column: u32) -> bool {
        self.has_row(row) || self.has_column(column)
    }

    fn has_row(&self, row: u32) -> bool {
        self.rows.binary_search(&row).is_ok()
    }

    fn has_column(&self, column: u32) -> bool {
        self.columns.iter().any(|c| c.contains(&column))
    }
}

/// What was found in a workbook besides its text.
#[derive(Default)]
struct Seen {
    hidden: Hidden,
    /// Comments that we cannot read (XLS).
    unread_comments: usize,
    charts: usize,
    cells: usize,
    cut: bool,
}

impl Seen {
    /// The hidden rows and columns to skip; `None` if the owner wants them read.
    fn lines_to_skip<'l>(&self, lines: Option<&'l HiddenLines>) -> Option<&'l HiddenLines> {
        lines.filter(|_| !self.hidden.read)
    }

    /// Whether to skip a cell because it is in a hidden row or column. Counts it if it is hidden.
    fn hides(&mut self, lines: Option<&HiddenLines>, row: u32, column: u32) -> bool {
        let hidden = lines.is_some_and(|lines| lines.has(row, column));
        self.hidden.cells += usize::from(hidden);
        hidden && !self.hidden.read
    }
}

pub(super) fn read(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
) -> Result<Extracted, ExtractError> {
    let mut blocks = Blocks::new(limits);
    let mut seen = Seen {
        hidden: Hidden::new(limits),
        ..Seen::default()
    };
    let mut properties = package::Properties::default();
    if format == Format::Xls {
        read_xls(bytes, &mut blocks, &mut seen)?;
    } else {
        let mut package = Package::open(bytes, limits)?;
        package.check_size()?;
        // The size check used up this package's limit, so the properties are read from a new one.
        properties = Package::open(bytes, limits)?
            .part("docProps/core.xml", package::properties)?
            .unwrap_or_default();
        // If this fails, so does the whole file: without knowing what is hidden, we must not read any cell.
        let parts = xml::read_sheets(&mut Package::open(bytes, limits)?)?;
        let raised = xml::read_raised_strings(&mut Package::open(bytes, limits)?)?;
        read_xlsx(bytes, &parts, &raised, &mut blocks, &mut seen)?;
    }
    let mut out = blocks.finish(format);
    out.title = properties.title;
    out.written_at = properties.written_at;
    seen.hidden.add_notes(&mut out);
    if seen.unread_comments > 0 {
        out.notes.push(format!(
            "{} comments were left out: save the file as XLSX if they should be read.",
            seen.unread_comments
        ));
    }
    if seen.charts > 0 {
        out.notes.push(format!(
            "{} sheets hold only a chart and were not read.",
            seen.charts
        ));
    }
    if seen.cut {
        out.notes.push(format!(
            "A sheet has more than {MAX_ROWS} rows or {MAX_COLUMNS} columns; what is beyond them was not read."
        ));
    }
    Ok(out)
}

/// Adds the name of a sheet as a heading, unless it is the only sheet and has a default name such as "Sheet1".
pub(super) fn push_heading(
    name: &str,
    only: bool,
    blocks: &mut Blocks,
) -> Result<(), ExtractError> {
    let lower = name.to_lowercase();
    let is_default = [
        "sheet", "tabelle", "feuil", "hoja", "foglio", "planilha", "blad", "arkusz",
    ]
    .iter()
    .any(|word| {
        lower
            .strip_prefix(word)
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
    });
    if only && is_default {
        return Ok(());
    }
    blocks.push(BlockKind::Heading(2), name, None)
}

fn read_xlsx(
    bytes: &[u8],
    parts: &HashMap<String, xml::SheetParts>,
    raised: &HashMap<String, String>,
    blocks: &mut Blocks,
    seen: &mut Seen,
) -> Result<(), ExtractError> {
    let failed = |e: XlsxError| match e {
        XlsxError::Password => ExtractError::Encrypted,
        e => package::broken(e),
    };
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(failed)?;
    let sheets = book.sheets_metadata().to_vec();
    for sheet in &sheets {
        if is_skipped(sheet, seen) {
            continue;
        }
        if sheet.typ == SheetType::ChartSheet {
            seen.charts += 1;
            continue;
        }
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let parts = parts.get(&sheet.name);
        let lines = parts.map(|parts| &parts.lines);
        let merged = (book.merge_cells_by_sheet_name(&sheet.name)).unwrap_or_default();
        let merged = Merged::new(merged.into_iter().map(Area::from));
        let mut rows: Vec<Row> = Vec::new();
        let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(failed)?;
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(failed)? {
            let (row, column) = cell.get_position();
            if row >= MAX_ROWS || column >= MAX_COLUMNS {
                seen.cut |= *cell.get_value() != DataRef::Empty;
                continue;
            }
            let style = cells.styles().get(style);
            let code = style
                .and_then(|s| s.number_format.as_ref())
                .map_or("General", |f| f.format_code.as_str());
            let mut text = number::format_ref(cell.get_value(), code);
            if text.trim().is_empty() {
                continue;
            }
            // `calamine` drops the formatting inside strings, so look up the version with marks.
            if !raised.is_empty()
                && let Some(marked) = raised.get(&xml::key(&text))
            {
                text.clone_from(marked);
            }
            let (row, column) = merged.shown_at(row, column, seen.lines_to_skip(lines));
            if seen.hides(lines, row, column) {
                continue;
            }
            count_cell(seen)?;
            let bold = style
                .and_then(|s| s.font.as_ref())
                .is_some_and(calamine::Font::is_bold);
            let cell = Cell {
                text,
                bold,
                ..Cell::default()
            };
            put(&mut rows, row, column, cell);
        }
        sort_rows(&mut rows);
        merged.spread(&mut rows, seen.lines_to_skip(lines));
        if let Some(hidden) = seen.lines_to_skip(lines) {
            merged::close_gaps(&mut rows, hidden);
        }
        if !rows.is_empty() {
            push_heading(&sheet.name, sheets.len() == 1, blocks)?;
            grid::append(rows, blocks)?;
        }
        for (cell, text) in parts.iter().flat_map(|parts| &parts.comments) {
            seen.hidden.comments += 1;
            if seen.hidden.read {
                blocks.push(BlockKind::Paragraph, &format!("{cell}: {text}"), None)?;
            }
        }
    }
    Ok(())
}

/// Whether to skip a sheet because it is hidden. Counts it if it is.
fn is_skipped(sheet: &Sheet, seen: &mut Seen) -> bool {
    let hidden = sheet.visible != SheetVisible::Visible;
    seen.hidden.sheets += usize::from(hidden);
    hidden && !seen.hidden.read
}

fn read_xls(bytes: &[u8], blocks: &mut Blocks, seen: &mut Seen) -> Result<(), ExtractError> {
    let failed = |e: XlsError| match e {
        XlsError::Password => ExtractError::Encrypted,
        e => package::broken(e),
    };
    let mut book: Xls<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(failed)?;
    let sheets = book.sheets_metadata().to_vec();
    let parts = biff::read_sheets(bytes).ok_or_else(|| ExtractError::SaveAs {
        what: "an old Excel workbook that does not say which of its rows and columns are hidden"
            .into(),
        remedy: "save it as XLSX and upload that file".into(),
    })?;
    for (number, sheet) in sheets.iter().enumerate() {
        if is_skipped(sheet, seen) {
            continue;
        }
        let parts = parts.get(number);
        seen.unread_comments += parts.map_or(0, |parts| parts.comments);
        if sheet.typ != SheetType::WorkSheet {
            seen.charts += usize::from(sheet.typ == SheetType::ChartSheet);
            continue;
        }
        let lines = parts.map(|parts| &parts.lines);
        let merged = (book.merge_cells_by_sheet_name(&sheet.name)).unwrap_or_default();
        let merged = Merged::new(merged.into_iter().map(Area::from));
        let range = book.worksheet_range(&sheet.name).map_err(failed)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut rows: Vec<Row> = Vec::new();
        for (row, column, value) in range.used_cells() {
            let row = top.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
            let column = left.saturating_add(u32::try_from(column).unwrap_or(u32::MAX));
            if row >= MAX_ROWS || column >= MAX_COLUMNS {
                seen.cut |= *value != Data::Empty;
                continue;
            }
            let text = number::format_value(value, "General");
            if text.trim().is_empty() {
                continue;
            }
            let (row, column) = merged.shown_at(row, column, seen.lines_to_skip(lines));
            if seen.hides(lines, row, column) {
                continue;
            }
            count_cell(seen)?;
            let cell = Cell {
                text,
                ..Cell::default()
            };
            put(&mut rows, row, column, cell);
        }
        sort_rows(&mut rows);
        merged.spread(&mut rows, seen.lines_to_skip(lines));
        if let Some(hidden) = seen.lines_to_skip(lines) {
            merged::close_gaps(&mut rows, hidden);
        }
        if !rows.is_empty() {
            push_heading(&sheet.name, sheets.len() == 1, blocks)?;
            grid::append(rows, blocks)?;
        }
    }
    Ok(())
}

fn count_cell(seen: &mut Seen) -> Result<(), ExtractError> {
    seen.cells += 1;
    if seen.cells > MAX_CELLS {
        return Err(ExtractError::TooLarge {
            what: format!("it has more than {MAX_CELLS} cells"),
            limit: MAX_CELLS as u64,
        });
    }
    Ok(())
}

/// Adds a cell to its row. Cells come row by row, except that a merged cell shown in a later row comes early.
fn put(rows: &mut Vec<Row>, row: u32, column: u32, cell: Cell) {
    match rows.last_mut() {
        Some(last) if last.number == row => last.cells.push((column, cell)),
        _ => rows.push(Row {
            number: row,
            cells: vec![(column, cell)],
        }),
    }
}

/// Sorts rows and cells and removes duplicates.
fn sort_rows(rows: &mut Vec<Row>) {
    rows.sort_by_key(|row| row.number);
    rows.dedup_by(|next, row| {
        let same = next.number == row.number;
        if same {
            row.cells.append(&mut next.cells);
        }
        same
    });
    for row in rows {
        row.cells.sort_by_key(|(column, _)| *column);
        row.cells.dedup_by_key(|(column, _)| *column);
    }
}
