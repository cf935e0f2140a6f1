//! Reads questions from a table: CSV and its relatives.

use super::{FaqFile, FaqFileError, LISTS};
use crate::extract::csv;
use crate::language::data::WordSet;

/// `None` if the first line does not name a column of questions and one of answers.
pub(super) fn read(text: &str, name: &str) -> Result<Option<FaqFile>, FaqFileError> {
    let (separator, text) = csv::separated(text, name);
    let mut reader = csv::reader(text, separator);
    let mut records = reader.records();
    let Some(Ok(header)) = records.next() else {
        return Ok(None);
    };
    let column = |names: &WordSet| {
        header.iter().position(|cell| {
            let cell = cell.trim().trim_start_matches('\u{feff}').to_lowercase();
            names.contains(&cell)
        })
    };
    let (Some(questions), Some(answers)) = (column(&LISTS.questions), column(&LISTS.answers))
    else {
        return Ok(None);
    };
    let mut file = FaqFile::default();
    for record in records {
        let record = record?;
        let line = record
            .position()
            .map_or(0, |p| usize::try_from(p.line()).unwrap_or(0));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let phrasings = cell(questions).split('|').map(str::to_owned).collect();
        file.add(line, phrasings, cell(answers));
    }
    Ok(Some(file))
}
