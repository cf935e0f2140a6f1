//! Rows and columns that the owner hid: purchase prices, margins, what is no longer sold. `calamine` does
//! not tell of them, so they are read from the sheets' own XML.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use quick_xml::events::Event;

use super::super::ExtractError;
use super::super::package::{self, Package, attribute};

/// What is hidden in one sheet; rows and columns count from 0.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hidden {
    rows: Vec<u32>,
    columns: Vec<RangeInclusive<u32>>,
}

impl Hidden {
    pub(super) fn has(&self, row: u32, column: u32) -> bool {
        self.rows.binary_search(&row).is_ok() || self.columns.iter().any(|c| c.contains(&column))
    }
}

/// What is hidden in each sheet, by the sheet's name.
pub(super) fn of_sheets(
    package: &mut Package<'_>,
) -> Result<HashMap<String, Hidden>, ExtractError> {
    let book = package.main_part("xl/workbook.xml")?;
    let targets: HashMap<String, String> = package
        .relations(&book)?
        .into_iter()
        .map(|relation| (relation.id, relation.target))
        .collect();
    let sheets = package.part(&book, |xml| {
        let mut sheets = Vec::new();
        package::each_event(xml, |event| {
            if let Event::Start(e) | Event::Empty(e) = event
                && package::local(e.name().as_ref()) == "sheet"
                && let (Some(name), Some(id)) = (attribute(&e, "name"), attribute(&e, "id"))
            {
                sheets.push((name, id));
            }
            Ok(())
        })?;
        Ok(sheets)
    })?;
    let mut hidden = HashMap::new();
    for (name, id) in sheets.unwrap_or_default() {
        if let Some(target) = targets.get(&id)
            && let Some(found) = package.part(target, of_sheet)?
        {
            hidden.insert(name, found);
        }
    }
    Ok(hidden)
}

fn of_sheet(xml: &mut package::Xml<'_>) -> Result<Hidden, ExtractError> {
    let mut hidden = Hidden::default();
    // A row without a number is the one behind the last.
    let mut next = 0u32;
    package::each_event(xml, |event| {
        let (Event::Start(e) | Event::Empty(e)) = event else {
            return Ok(());
        };
        let number = |key: &str| attribute(&e, key).and_then(|v| v.parse::<u32>().ok());
        let flag = |key: &str| attribute(&e, key).is_some_and(|v| v == "1" || v == "true");
        let flat = |key: &str| {
            let size = attribute(&e, key).and_then(|v| v.parse::<f32>().ok());
            size.is_some_and(|size| size == 0.0)
        };
        match package::local(e.name().as_ref()) {
            "col" if flag("hidden") || flat("width") => {
                if let (Some(first @ 1..), Some(last @ 1..)) = (number("min"), number("max")) {
                    hidden.columns.push(first - 1..=last - 1);
                }
            }
            "row" => {
                let row = number("r").and_then(|r| r.checked_sub(1)).unwrap_or(next);
                next = row.saturating_add(1);
                if flag("hidden") || flat("ht") {
                    hidden.rows.push(row);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    hidden.rows.sort_unstable();
    Ok(hidden)
}
