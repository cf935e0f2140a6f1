//! Finds the table row that a question names.

use std::collections::HashSet;
use std::ops::Range;

use super::words::QuestionWords;
use crate::agent::computed::{Row, Table};
use crate::knowledge::Passage;

/// Finds a row that holds all the words of the question that `place` holds, and more: 30 minutes instead of 60. Also
/// returns the cells there that match those at `focus`. `None` if `place` is not a row, or no single row is better.
pub(super) fn find_better_named(
    asked: &QuestionWords,
    text: &str,
    place: &Range<usize>,
    focus: &Range<usize>,
) -> Option<(Range<usize>, Range<usize>)> {
    let table = Table::around(text, place, "")?;
    let marked = table.rows.get(table.quoted)?;
    if marked.range != *place {
        return None;
    }
    let held = |row: &Row<'_>| asked.find_held(text.get(row.range.clone()).unwrap_or_default());
    let here = held(marked);
    let better: Vec<(&Row<'_>, HashSet<String>)> = table
        .rows
        .iter()
        .map(|row| (row, held(row)))
        .filter(|(_, there)| there.len() > here.len() && there.is_superset(&here))
        .collect();
    let most = better.iter().map(|(_, there)| there.len()).max()?;
    let mut best = better.iter().filter(|(_, there)| there.len() == most);
    let (row, _) = best.next()?;
    if best.next().is_some() {
        return None;
    }
    Some((
        row.range.clone(),
        find_matching_cells(text, marked, row, focus),
    ))
}

/// The cells of `row` under the same headers as those that `focus` touches in `marked`; the whole row if there are none.
fn find_matching_cells(
    text: &str,
    marked: &Row<'_>,
    row: &Row<'_>,
    focus: &Range<usize>,
) -> Range<usize> {
    let place = |part: &str| {
        // Offsets from pointers: `part` is a slice of `text`.
        let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        Some(start..start + part.len())
    };
    let touched = marked.cells.iter().filter(|(_, value)| {
        place(value).is_some_and(|at| at.start < focus.end && focus.start < at.end)
    });
    let others = touched.filter_map(|(header, _)| {
        let cell = row.cells.iter().find(|(other, _)| other == header)?;
        place(cell.1)
    });
    let bounds = others.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
    bounds.unwrap_or_else(|| row.range.clone())
}

/// Whether this row, with headings and title, is the only one of its table to hold every word of the question.
pub(super) fn is_named_alone(
    asked: &QuestionWords,
    passage: &Passage,
    place: &Range<usize>,
) -> bool {
    let Some(table) = Table::around(&passage.text, place, "") else {
        return false;
    };
    let about = [&passage.title]
        .into_iter()
        .chain(&passage.heading_path)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    let all = |row: &Row<'_>| {
        let line = passage.text.get(row.range.clone()).unwrap_or_default();
        asked.is_held_whole(&format!("{line}\n{about}"))
    };
    let mut whole = table.rows.iter().filter(|row| all(row));
    whole.next().is_some_and(|row| row.range == *place) && whole.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::{Found, QueryTerm};
    use crate::language::Language;
    use crate::language::words::stem;

    const TABLE: &str = "Prices\n\
        Massage: Relaxing | Time: 30 min | Weekday: 36 | Weekend: 41\n\
        Massage: Relaxing | Time: 60 min | Weekday: 62 | Weekend: 70\n\
        Massage: Sports | Time: 30 min | Weekday: 39 | Weekend: 45\n\
        Massage: Sports | Time: 60 min | Weekday: 69 | Weekend: 78";

    fn asked(question: &str) -> QuestionWords {
        let term = |word: &str| QueryTerm {
            text: word.into(),
            stem: stem(Language::En, word),
            known: true,
            idf: 1.0,
            corrected: None,
            synonyms: vec![],
        };
        let found = Found {
            terms: question.split(' ').map(term).collect(),
            ..Found::default()
        };
        QuestionWords::new(&found, question)
    }

    fn row(holding: &str) -> Range<usize> {
        let at = TABLE.find(holding).unwrap();
        let start = TABLE[..at].rfind('\n').unwrap() + 1;
        let end = TABLE[at..].find('\n').map_or(TABLE.len(), |end| at + end);
        start..end
    }

    #[test]
    fn the_row_is_taken_that_the_question_names() {
        for (question, marked, named) in [
            ("30 min relaxing massage weekday", "62", Some("36")),
            ("sports 60 min weekend", "45", Some("78")),
            // It is the right one, or two are named as well, or the marked one has what the others lack.
            ("sports 60 min weekend", "78", None),
            ("massage 60 min", "36", None),
            ("sports massage", "36", None),
            ("relaxing massage 90 min", "62", None),
        ] {
            let at = TABLE.find(marked).unwrap();
            let focus = at..at + marked.len();
            let better = find_better_named(&asked(question), TABLE, &row(marked), &focus);
            let better = better.map(|(place, focus)| {
                assert!(place.start <= focus.start && focus.end <= place.end);
                &TABLE[focus]
            });
            assert_eq!(better, named, "{question}");
        }
        let sentence = 0..6;
        assert_eq!(
            find_better_named(&asked("sports"), TABLE, &sentence, &sentence),
            None
        );
    }
}
