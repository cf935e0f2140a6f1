//! CSV with a header. Columns go by the names that [`lists`](super::lists) knows.

use super::lists::{NAME, ROLE, TEXT, TIME};
use super::{Format, ImportError, Line, role, time};

fn delimiter(header: &str) -> u8 {
    let count = |mark: char| header.matches(mark).count();
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|mark| count(char::from(*mark)))
        .unwrap_or(b',')
}

fn names(header: &str) -> Vec<String> {
    let mark = char::from(delimiter(header));
    let name = |name: &str| name.trim().trim_matches('"').to_lowercase();
    header.split(mark).map(name).collect()
}

/// Whether the first line names a column with texts.
pub(super) fn has_header(start: &str) -> bool {
    let header = names(start.lines().next().unwrap_or_default());
    header.len() > 1 && header.iter().any(|name| TEXT.contains(&name.as_str()))
}

pub(super) fn read(text: &str) -> Result<Vec<Line>, ImportError> {
    let header = text.lines().next().unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(header))
        .flexible(true)
        .from_reader(text.as_bytes());
    let wrong = |line: usize, what: String| ImportError::Line {
        format: Format::Csv,
        line,
        what,
    };
    let columns: Vec<String> = reader
        .headers()
        .map_err(|error| wrong(1, error.to_string()))?
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    let find = |wanted: &[&str]| {
        wanted
            .iter()
            .find_map(|name| columns.iter().position(|column| column == name))
    };
    let Some(text_column) = find(TEXT) else {
        return Err(wrong(
            1,
            format!(
                "no column has the messages' texts; it is looked for under {}",
                TEXT.join(", ")
            ),
        ));
    };
    let (name_column, time_column) = (find(NAME), find(TIME));
    let role_columns: Vec<usize> = ROLE
        .iter()
        .filter_map(|name| columns.iter().position(|column| column == name))
        .collect();
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            wrong(usize::try_from(line).unwrap_or(0), error.to_string())
        })?;
        let field = |column: Option<usize>| column.and_then(|column| record.get(column));
        let named = field(name_column)
            .map(str::trim)
            .filter(|name| !name.is_empty());
        lines.push(Line {
            name: named.map(str::to_owned),
            who: role_columns
                .iter()
                .find_map(|column| role(record.get(*column)?)),
            at: field(time_column).and_then(time),
            text: field(Some(text_column)).unwrap_or_default().to_owned(),
        });
    }
    Ok(lines)
}
