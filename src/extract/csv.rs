//! Tables as text: CSV, TSV and similar formats.

use super::{
    Blocks, ExtractError, Extracted, Format, Limits, decode, table::Table, table::looks_like_value,
};

/// Longest line in bytes; a file with longer ones is not a table.
const MAX_LINE: usize = 1 << 20;
/// Most columns to read; wider tables are data for programs.
const MAX_COLUMNS: usize = 500;

/// Reads a table, with the separator that gives the most regular columns.
pub(super) fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Extracted, ExtractError> {
    let text = decode::decode(bytes, None);
    if !decode::is_text(&text) {
        return Err(ExtractError::Unsupported {
            seems_to_be: "binary data of an unknown kind".into(),
        });
    }
    if text.split('\n').any(|line| line.len() > MAX_LINE) {
        return Err(ExtractError::malformed(
            "one of its lines is longer than 1 MiB",
        ));
    }
    let (separator, text) = separated(&text, name);
    let mut table = Table::default();
    for record in reader(text, separator).records() {
        let record =
            record.map_err(|e| ExtractError::malformed(format!("the table breaks off: {e}")))?;
        table.push(record.iter().take(MAX_COLUMNS).map(str::to_owned).collect());
    }
    table.marked_head = usize::from(names_columns(text, separator));
    let mut blocks = Blocks::new(limits);
    blocks.push_table(&table, None)?;
    Ok(blocks.finish(Format::Csv))
}

/// The separator of a table's columns, and the table without Excel's first line `sep=…`, which names it.
pub fn separated<'t>(text: &'t str, name: &str) -> (u8, &'t str) {
    let (hint, text) = match text
        .strip_prefix("sep=")
        .and_then(|rest| rest.split_once('\n'))
    {
        Some((hint, rest)) => (hint.trim().bytes().next(), rest),
        None => (None, text),
    };
    (hint.unwrap_or_else(|| guess_separator(text, name)), text)
}

pub fn reader(text: &str, separator: u8) -> ::csv::Reader<&[u8]> {
    ::csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// The first line of a table file names the columns, unless one of its cells is a value.
fn names_columns(text: &str, separator: u8) -> bool {
    reader(text, separator)
        .records()
        .next()
        .and_then(Result::ok)
        .is_some_and(|first| {
            first
                .iter()
                .filter(|c| !c.trim().is_empty())
                .all(|c| !looks_like_value(c))
        })
}

fn guess_separator(text: &str, name: &str) -> u8 {
    if name.to_ascii_lowercase().ends_with(".tsv") {
        return b'\t';
    }
    let mut best = (b',', 0.0);
    for candidate in [b',', b';', b'\t', b'|'] {
        let widths: Vec<usize> = reader(text, candidate)
            .records()
            .take(50)
            .map_while(Result::ok)
            .map(|r| r.len())
            .collect();
        let Some(&first) = widths.first() else {
            continue;
        };
        let same = widths.iter().filter(|w| **w == first).count() as f64;
        let score = if first < 2 {
            0.0
        } else {
            same / widths.len() as f64 + first as f64 * 0.01
        };
        if score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, name: &str) -> Vec<String> {
        let read = read(text.as_bytes(), name, &Limits::default()).expect("the table is read");
        read.blocks.into_iter().map(|b| b.text).collect()
    }

    #[test]
    fn every_row_repeats_the_column_names() {
        let text = "Service,Fee USD\n\"Cleaning, adult\",128\nFilling,\n";
        assert_eq!(
            rows(text, "a.csv"),
            [
                "Service: Cleaning, adult | Fee USD: 128",
                "Service: Filling"
            ]
        );
    }

    #[test]
    fn the_separator_is_found() {
        assert_eq!(rows("a;b\nx, y;z\n", "a.csv"), ["a: x, y | b: z"]);
        assert_eq!(rows("a\tb\n1\t2\n", "a.csv"), ["a: 1 | b: 2"]);
        assert_eq!(rows("sep=|\na|b\n1|2\n", "a.csv"), ["a: 1 | b: 2"]);
    }

    #[test]
    fn a_table_of_values_has_no_column_names() {
        assert_eq!(
            rows("Mon,9-5\nTue,9-6\n", "a.csv"),
            ["Mon | 9-5", "Tue | 9-6"]
        );
    }
}
