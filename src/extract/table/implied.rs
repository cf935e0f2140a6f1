//! Column spans that a document does not mark: "Weekend" with an empty cell beside it, above "8-18 h" and "18-22 h".

use super::head::names_values;
use super::{Cell, MAX_COLUMN_NAME, looks_like_value};

/// Extends each name in the first row over the empty cells after it, if that row and the next look like two header
/// rows above values; else `None`.
pub(crate) fn spread(rows: &[Vec<Cell>]) -> Option<Vec<Cell>> {
    let [first, second, third, ..] = rows else {
        return None;
    };
    let plain = |row: &[Cell]| row.iter().all(|c| c.columns <= 1 && !c.continued);
    if !plain(first) || !plain(second) {
        return None;
    }
    let at =
        |row: &[Cell], column: usize| row.get(column).map_or("", |c| c.text.as_str()).to_owned();
    let width = first.len().max(second.len());
    let texts = |row: &[Cell]| (0..width).filter(|c| !at(row, *c).is_empty()).count();
    let is_name = |text: &str| !looks_like_value(text) && text.chars().count() <= MAX_COLUMN_NAME;
    // The corner: "Zone" above an empty cell, or an empty cell above "Zone".
    let corner = match (at(first, 0).is_empty(), at(second, 0).is_empty()) {
        (false, true) => true,
        (true, false) => texts(first) > 1 && texts(second) == width,
        _ => false,
    };
    let mut spreads = false;
    let mut above_values = false;
    let mut seen = false;
    for column in 0..width {
        let (upper, lower, value) = (at(first, column), at(second, column), at(third, column));
        if !upper.is_empty() {
            seen = true;
            if !is_name(&upper) {
                return None;
            }
        }
        if lower.is_empty() {
            continue;
        }
        if !is_name(&lower) && !names_values(&lower, &value) {
            return None;
        }
        spreads |= upper.is_empty() && seen;
        above_values |= !value.is_empty() && looks_like_value(&value);
    }
    if !(corner && spreads && above_values) || at(third, 0).is_empty() {
        return None;
    }
    let mut out: Vec<Cell> = Vec::new();
    for column in 0..width {
        let (upper, lower) = (at(first, column), at(second, column));
        match out.last_mut() {
            Some(last) if upper.is_empty() && !lower.is_empty() && !last.text.is_empty() => {
                last.columns = last.columns.max(1) + 1;
            }
            _ => out.push(Cell::from(upper)),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use crate::extract::table::Table;

    fn read(rows: &[&[&str]]) -> Vec<String> {
        let mut table = Table::default();
        for row in rows {
            table.push(row.iter().map(|c| (*c).to_owned()).collect());
        }
        table.rows()
    }

    #[test]
    fn a_name_goes_on_over_the_empty_places_behind_it() {
        assert_eq!(
            read(&[
                &["Zone", "Place", "Weekday", "", "Weekend", ""],
                &["", "", "08-18 h", "18-22 h", "08-18 h", "18-22 h"],
                &["A", "Easthaven", "45", "62", "79", "98"],
            ]),
            [
                "Zone: A | Place: Easthaven | Weekday – 08-18 h: 45 | Weekday – 18-22 h: 62 | \
                 Weekend – 08-18 h: 79 | Weekend – 18-22 h: 98"
            ]
        );
        assert_eq!(
            read(&[
                &["", "Summer", "", "Winter", ""],
                &["Activity", "Adult", "Child", "Adult", "Child"],
                &["Kayak", "20", "10", "", ""],
            ]),
            ["Activity: Kayak | Summer – Adult: 20 | Summer – Child: 10"]
        );
    }

    #[test]
    fn an_incomplete_row_of_names_above_data_stays_alone() {
        let rows: &[&[&str]] = &[
            &["Day", "Course", ""],
            &["", "Yoga", "9:00"],
            &["Tuesday", "Pilates", "10:00"],
        ];
        assert!(read(rows)[1].contains("Yoga"), "{:?}", read(rows));
        let rows: &[&[&str]] = &[
            &["Name", "Role", "Room"],
            &["Ann", "Cook", "12"],
            &["Ben", "Clerk", "14"],
        ];
        assert_eq!(read(rows).len(), 2);
    }
}
