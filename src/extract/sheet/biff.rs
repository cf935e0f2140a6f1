//! Finds hidden rows and columns, and counts comments, in Excel 97 to 2003 workbooks, since `calamine` does not report
//! them. `cfb` reads the container; its stream is a sequence of records: two bytes of type, two of length, and the
//! content (MS-XLS 2.1.4).

use std::io::{Cursor, Read as _};

use super::HiddenLines;

/// Record types (MS-XLS 2.3.2).
const BOUND_SHEET: u16 = 0x0085;
const BEGIN: u16 = 0x0809;
const END: u16 = 0x000A;
const ROW: u16 = 0x0208;
const COLUMN: u16 = 0x007D;
const NOTE: u16 = 0x001C;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SheetParts {
    pub(super) lines: HiddenLines,
    pub(super) comments: usize,
}

/// Reads all sheets, in the workbook's order; `None` if the file has an unexpected structure.
pub(super) fn read_sheets(bytes: &[u8]) -> Option<Vec<SheetParts>> {
    let stream = read_workbook(bytes)?;
    let places = records(&stream, 0)
        .take_while(|(kind, _)| *kind != END)
        .filter(|(kind, _)| *kind == BOUND_SHEET)
        .filter_map(|(_, content)| content.first_chunk::<4>().map(|p| u32::from_le_bytes(*p)));
    Some(places.map(|at| read_sheet(&stream, at as usize)).collect())
}

fn read_workbook(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).ok()?;
    let name = ["/Workbook", "/Book"]
        .into_iter()
        .find(|n| file.is_stream(n))?;
    let mut stream = Vec::new();
    // A stream cannot be longer than the file, whose size was checked.
    file.open_stream(name)
        .ok()?
        .take(bytes.len() as u64)
        .read_to_end(&mut stream)
        .ok()?;
    Some(stream)
}

fn read_sheet(stream: &[u8], at: usize) -> SheetParts {
    let mut found = SheetParts::default();
    // Charts in a sheet have their own BEGIN and END records within the sheet's.
    let mut depth = 0;
    for (kind, content) in records(stream, at) {
        let field = |at: usize| {
            let two = content.get(at..at + 2)?;
            Some(u16::from_le_bytes([two[0], two[1]]))
        };
        match kind {
            BEGIN => depth += 1,
            END => {
                depth -= 1;
                if depth <= 0 {
                    break;
                }
            }
            // fDyZero: hidden
            ROW if field(12).is_some_and(|flags| flags & 0x20 != 0) => {
                found.lines.rows.extend(field(0).map(u32::from));
            }
            // fHidden, or a width of 0
            COLUMN if field(8).is_some_and(|f| f & 1 != 0) || field(4) == Some(0) => {
                if let (Some(first), Some(last)) = (field(0), field(2)) {
                    found.lines.columns.push(first.into()..=last.into());
                }
            }
            NOTE => found.comments += 1,
            _ => {}
        }
    }
    found.lines.rows.sort_unstable();
    found
}

fn records(stream: &[u8], mut at: usize) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let head = stream.get(at..at.checked_add(4)?)?;
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let content = stream.get(at + 4..at + 4 + length)?;
        at += 4 + length;
        Some((u16::from_le_bytes([head[0], head[1]]), content))
    })
}
