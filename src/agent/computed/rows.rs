//! The rows of a table, as the document readers write them: "Header: value | Header: value".

use std::ops::Range;

use super::amount::Amount;
use crate::agent::evidence::quote;

#[derive(Debug)]
pub(crate) struct Row<'t> {
    /// Byte range in the passage's text.
    pub(crate) range: Range<usize>,
    /// Header and value of each cell.
    pub(crate) cells: Vec<(&'t str, &'t str)>,
}

#[derive(Debug)]
pub(super) struct Price<'t> {
    /// Header of its column.
    pub(super) column: &'t str,
    pub(super) sum: Amount,
    /// The words after the sum: "per hour". Prices with different units cannot be compared.
    pub(super) unit: Vec<String>,
}

impl Price<'_> {
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.column == other.column && self.unit == other.unit && self.sum.same_currency(&other.sum)
    }
}

/// Neighbouring rows with the same first header.
#[derive(Debug)]
pub(crate) struct Table<'t> {
    /// The heading above it; may be empty.
    pub(super) above: &'t str,
    pub(crate) rows: Vec<Row<'t>>,
    /// Position of the quoted row in `rows`.
    pub(crate) quoted: usize,
}

/// The size of a table, to check whether the passage holds all of it.
#[derive(Debug)]
pub(crate) struct Extent {
    pub(crate) rows: usize,
    /// Header of the first column.
    first: String,
}

impl Extent {
    /// Counts the rows of a document with the same first header.
    pub(crate) fn rows_like_it(&self, document: &str) -> usize {
        let of_it = |line: &str| {
            let line = line.trim();
            let row = Row::read(line, &(0..line.len()));
            row.is_some_and(|row| row.cells.iter().any(|(header, _)| *header == self.first))
        };
        document.lines().filter(|line| of_it(line)).count()
    }
}

impl<'t> Table<'t> {
    /// Finds the table around the row at `place`; `None` if there is no row, or only one.
    pub(crate) fn around(text: &'t str, place: &Range<usize>, above: &'t str) -> Option<Self> {
        let mut at = 0;
        let lines: Vec<Range<usize>> = text
            .split_inclusive('\n')
            .map(|line| {
                let start = at;
                at += line.len();
                start..start + line.trim_end().len()
            })
            .filter(|line| !line.is_empty())
            .collect();
        let rows: Vec<Option<Row<'t>>> = lines.iter().map(|line| Row::read(text, line)).collect();
        let quoted = lines
            .iter()
            .position(|line| line.start <= place.start && place.end <= line.end)?;
        let first_header = |at: usize| Some(rows.get(at)?.as_ref()?.cells.first()?.0);
        let header = first_header(quoted)?;
        let same = |at: &usize| first_header(*at) == Some(header);
        let first = (0..quoted).rev().take_while(same).last().unwrap_or(quoted);
        let last = (quoted + 1..rows.len())
            .take_while(same)
            .last()
            .unwrap_or(quoted);
        let rows: Vec<Row<'t>> = rows
            .into_iter()
            .take(last + 1)
            .skip(first)
            .flatten()
            .collect();
        (rows.len() > 1).then_some(Self {
            above,
            rows,
            quoted: quoted - first,
        })
    }
}

impl Table<'_> {
    pub(crate) fn extent(&self) -> Extent {
        let header = self.rows.first().and_then(|row| row.cells.first());
        Extent {
            rows: self.rows.len(),
            first: header.map_or(String::new(), |(header, _)| (*header).to_owned()),
        }
    }
}

impl<'t> Row<'t> {
    fn read(text: &'t str, line: &Range<usize>) -> Option<Self> {
        let words = text.get(line.clone())?;
        if !quote::is_row(words) {
            return None;
        }
        let cells = words
            .split(" | ")
            .map(|cell| cell.split_once(": ").unwrap_or(("", cell)))
            .collect();
        Some(Self {
            range: line.clone(),
            cells,
        })
    }

    /// The only price in the row; `None` if there are several, or the price depends on something.
    pub(super) fn price(&self) -> Option<Price<'t>> {
        let mut found = None;
        for (column, value) in &self.cells {
            let number = value.contains(|c: char| c.is_ascii_digit());
            match Amount::read_only(value) {
                Some((sum, unit)) if found.is_none() && !Amount::depends(column) => {
                    let column = *column;
                    found = Some(Price { column, sum, unit });
                }
                Some(_) => return None,
                // A bare number under a header that names a currency is a price as well.
                None if number && (Amount::is_money(value) || Amount::is_money(column)) => {
                    return None;
                }
                None => {}
            }
        }
        found
    }

    pub(super) fn words(&self) -> Vec<String> {
        self.cells
            .iter()
            .flat_map(|(_, value)| super::words(value))
            .collect()
    }

    /// The words of all cells except those in this column.
    pub(super) fn words_beside(&self, column: &str) -> Vec<String> {
        let cells = self.cells.iter().filter(|(header, _)| *header != column);
        cells.flat_map(|(_, value)| super::words(value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_what_stands_together_under_one_header() {
        let text =
            "Fees\nService: Cut | Fee: $20\nService: Beard | Fee: $10\nPlan: Gold | Fee: $90\nEnd.";
        let at = text.find("Beard").unwrap();
        let table = Table::around(text, &(at..at + 5), "").unwrap();
        assert_eq!((table.rows.len(), table.quoted), (2, 1));
        assert_eq!(table.extent().rows_like_it(text), 2);
        let longer = format!("{text}\nMore\nService: Wash | Fee: $5");
        assert_eq!(table.extent().rows_like_it(&longer), 3);
        assert_eq!(table.rows[0].cells, [("Service", "Cut"), ("Fee", "$20")]);
        let alone = text.find("Gold").unwrap();
        assert!(Table::around(text, &(alone..alone + 4), "").is_none());
        assert!(Table::around(text, &(0..4), "").is_none());
    }

    #[test]
    fn a_row_has_a_price_if_it_is_the_only_one_and_depends_on_nothing() {
        let price = |row: &str| {
            let row = Row::read(row, &(0..row.len())).unwrap();
            row.price()
                .map(|p| format!("{} {}", p.column, p.sum.format(p.sum.cents)))
        };
        assert_eq!(
            price("Service: Cut | Min: 30 | Fee: $20").as_deref(),
            Some("Fee $20")
        );
        for none in [
            "Service: Cut | Fee: from $20",
            "Service: Cut | Fee: $20 | Child: $10",
            "Service: Cut | Fee: $20 to $30",
            "Service: Cut | Fee: ask us",
            "Service: Cut | Fee from: $20",
            "Service: Cut | Price (GBP): 38 | Deposit: £10",
            "Service: Cut | Fee: $5k",
            "Service: Cut | Fee: $1.5 million",
            "Service: Cut | Discount: -$5",
        ] {
            assert_eq!(price(none), None, "{none}");
        }
    }
}
