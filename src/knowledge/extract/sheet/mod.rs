//! Excel workbooks: each sheet is a section, each row a line with the names of its columns.
//!
//! `calamine` reads the cells; what they show is decided in [`number`], where tables begin and end in
//! [`grid`].

pub(super) mod grid;
mod hidden;
mod number;

use std::collections::HashMap;
use std::io::Cursor;

use calamine::{
    Data, DataRef, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError,
    open_workbook_from_rs,
};

use self::grid::{Cell, Row};
use self::hidden::Hidden;
use super::package::{self, Package};
use super::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits};

/// Most rows that are read of one sheet; longer ones are data for programs.
const MAX_ROWS: u32 = 50_000;
/// Most columns that are read.
const MAX_COLUMNS: u32 = 500;
/// Most cells that are read of one workbook.
const MAX_CELLS: usize = 1_000_000;

/// What was read of a workbook besides its text.
#[derive(Default)]
struct Seen {
    hidden: usize,
    /// Cells in hidden rows and columns.
    hidden_cells: usize,
    charts: usize,
    cells: usize,
    cut: bool,
}

/// Read a workbook.
pub(super) fn read(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
) -> Result<Extracted, ExtractError> {
    let mut blocks = Blocks::new(limits);
    let mut seen = Seen::default();
    let mut properties = package::Properties::default();
    if format == Format::Xls {
        read_xls(bytes, &mut blocks, &mut seen)?;
    } else {
        let mut package = Package::open(bytes, limits)?;
        package.check_size()?;
        // The size check used the allowance up; the reader of the properties gets its own.
        properties = Package::open(bytes, limits)?
            .part("docProps/core.xml", package::properties)?
            .unwrap_or_default();
        // A format without XML (XLSB) has no such parts.
        let hidden = hidden::of_sheets(&mut Package::open(bytes, limits)?).unwrap_or_default();
        read_xlsx(bytes, &hidden, &mut blocks, &mut seen)?;
    }
    let mut out = blocks.finish(format);
    out.title = properties.title;
    out.written_at = properties.written_at;
    out.notes
        .extend(notes_on_hidden(seen.hidden, seen.hidden_cells));
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

/// What the owner is told of hidden sheets, and of cells in hidden rows and columns.
pub(super) fn notes_on_hidden(sheets: usize, cells: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if sheets > 0 {
        notes.push(format!("{sheets} hidden sheets were left out."));
    }
    if cells > 0 {
        notes.push(format!(
            "{cells} cells in hidden rows and columns were left out. Show them in the file, and upload it again, if \
             visitors may know them."
        ));
    }
    notes
}

/// The heading of a sheet; a program's own name for the only sheet says nothing.
pub(super) fn heading(name: &str, only: bool, blocks: &mut Blocks) -> Result<(), ExtractError> {
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
    hidden: &HashMap<String, Hidden>,
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
        if sheet.visible != SheetVisible::Visible {
            seen.hidden += 1;
            continue;
        }
        if sheet.typ == SheetType::ChartSheet {
            seen.charts += 1;
            continue;
        }
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        let merged = (book.merge_cells_by_sheet_name(&sheet.name)).unwrap_or_default();
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
            let text = number::shown_ref(cell.get_value(), code);
            if text.trim().is_empty() {
                continue;
            }
            if hidden
                .get(&sheet.name)
                .is_some_and(|hidden| hidden.has(row, column))
            {
                seen.hidden_cells += 1;
                continue;
            }
            count(seen)?;
            let bold = style
                .and_then(|s| s.font.as_ref())
                .is_some_and(calamine::Font::is_bold);
            put(&mut rows, row, column, Cell { text, bold });
        }
        for area in merged {
            let (first, last) = (area.start, area.end);
            // A cell merged downwards says the same for each of its rows.
            if first.1 == last.1 && last.0 < MAX_ROWS {
                grid::repeat_down(&mut rows, first.1, first.0, last.0);
            }
        }
        if !rows.is_empty() {
            heading(&sheet.name, sheets.len() == 1, blocks)?;
            grid::append(rows, blocks)?;
        }
    }
    Ok(())
}

fn read_xls(bytes: &[u8], blocks: &mut Blocks, seen: &mut Seen) -> Result<(), ExtractError> {
    let failed = |e: XlsError| match e {
        XlsError::Password => ExtractError::Encrypted,
        e => package::broken(e),
    };
    let mut book: Xls<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(failed)?;
    let sheets = book.sheets_metadata().to_vec();
    for sheet in &sheets {
        if sheet.visible != SheetVisible::Visible {
            seen.hidden += 1;
            continue;
        }
        if sheet.typ != SheetType::WorkSheet {
            seen.charts += usize::from(sheet.typ == SheetType::ChartSheet);
            continue;
        }
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
            let text = number::shown(value, "General");
            if !text.trim().is_empty() {
                count(seen)?;
                put(&mut rows, row, column, Cell { text, bold: false });
            }
        }
        if !rows.is_empty() {
            heading(&sheet.name, sheets.len() == 1, blocks)?;
            grid::append(rows, blocks)?;
        }
    }
    Ok(())
}

fn count(seen: &mut Seen) -> Result<(), ExtractError> {
    seen.cells += 1;
    if seen.cells > MAX_CELLS {
        return Err(ExtractError::TooLarge {
            what: format!("it has more than {MAX_CELLS} cells"),
            limit: MAX_CELLS as u64,
        });
    }
    Ok(())
}

/// Cells come row by row; a damaged file's may not.
fn put(rows: &mut Vec<Row>, row: u32, column: u32, cell: Cell) {
    match rows.last_mut() {
        Some(last) if last.number == row => last.cells.push((column, cell)),
        Some(last) if last.number > row => {}
        _ => rows.push(Row {
            number: row,
            cells: vec![(column, cell)],
        }),
    }
}
