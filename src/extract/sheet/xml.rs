//! Hidden rows and columns, comments, and raised text of an Office Open XML sheet. `calamine` does not report them, so
//! they are read from the workbook's XML.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::HiddenLines;
use crate::extract::ExtractError;
use crate::extract::package::{self, Package, attribute};
use crate::extract::raised;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SheetParts {
    pub(super) lines: HiddenLines,
    /// The cell and text of each comment.
    pub(super) comments: Vec<(String, String)>,
}

/// Reads all sheets, by their names.
pub(super) fn read_sheets(
    package: &mut Package<'_>,
) -> Result<HashMap<String, SheetParts>, ExtractError> {
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
    let mut found = HashMap::new();
    for (name, id) in sheets.unwrap_or_default() {
        let Some(target) = targets.get(&id) else {
            continue;
        };
        let Some(lines) = package.part(target, read_hidden_lines)? else {
            continue;
        };
        let related = package.relations(target).unwrap_or_default();
        // Newer programs write comments to `threadedComment` parts, and only a notice for older programs to `comments`.
        let mut comments = Vec::new();
        for kind in ["threadedComment", "comments"] {
            for part in related.iter().filter(|r| r.kind == kind) {
                // A damaged comments part must not prevent reading the rest.
                let read = package.part(&part.target, read_comments);
                comments.extend(read.ok().flatten().unwrap_or_default());
            }
            if !comments.is_empty() {
                break;
            }
        }
        found.insert(name, SheetParts { lines, comments });
    }
    Ok(found)
}

/// The strings of a workbook that have raised text, with the raised parts marked. The key is [`key`] of the plain
/// text, since `calamine` changes white space.
pub(super) fn read_raised_strings(
    package: &mut Package<'_>,
) -> Result<HashMap<String, String>, ExtractError> {
    let book = package.main_part("xl/workbook.xml")?;
    let mut parts: Vec<String> = (package.relations(&book)?.into_iter())
        .filter(|relation| matches!(relation.kind.as_str(), "sharedStrings" | "worksheet"))
        .map(|relation| relation.target)
        .collect();
    parts.dedup();
    let mut found = HashMap::new();
    for part in parts {
        package.part(&part, |xml| collect_strings(xml, &mut found))?;
    }
    Ok(found)
}

/// The key of a string for [`read_raised_strings`].
pub(super) fn key(text: &str) -> String {
    text.split_whitespace().collect()
}

fn collect_strings(
    xml: &mut package::Xml<'_>,
    found: &mut HashMap<String, String>,
) -> Result<(), ExtractError> {
    let (mut plain, mut shown) = (String::new(), String::new());
    // Inside a text element; inside a raised run.
    let (mut within, mut is_raised) = (false, false);
    package::each_event(xml, |event| {
        match event {
            Event::Start(e) | Event::Empty(e) => match package::local(e.name().as_ref()) {
                "si" | "is" => {
                    plain.clear();
                    shown.clear();
                }
                "r" => is_raised = false,
                "vertAlign" => {
                    is_raised = attribute(&e, "val").as_deref() == Some("superscript");
                }
                "t" => within = true,
                _ => {}
            },
            Event::End(e) => match package::local(e.name().as_ref()) {
                "t" => within = false,
                "r" => is_raised = false,
                "si" | "is" if plain.len() != shown.len() => {
                    found.insert(key(&plain), std::mem::take(&mut shown));
                }
                _ => {}
            },
            Event::Text(text) if within => {
                let text = text.xml10_content();
                plain.push_str(&text);
                match is_raised {
                    true => shown.push_str(&raised::mark(&text)),
                    false => shown.push_str(&text),
                }
            }
            Event::GeneralRef(e) if within => {
                plain.extend(package::entity(&e));
                shown.extend(package::entity(&e));
            }
            _ => {}
        }
        Ok(())
    })
}

fn read_hidden_lines(xml: &mut package::Xml<'_>) -> Result<HiddenLines, ExtractError> {
    let mut hidden = HiddenLines::default();
    // A row without a number follows the previous one.
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

fn read_comments(xml: &mut package::Xml<'_>) -> Result<Vec<(String, String)>, ExtractError> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut within = false;
    package::each_event(xml, |event| {
        match event {
            Event::Start(e) => match package::local(e.name().as_ref()) {
                "comment" | "threadedComment" => {
                    found.push((attribute(&e, "ref").unwrap_or_default(), String::new()));
                }
                "text" => within = true,
                _ => {}
            },
            Event::End(e) if package::local(e.name().as_ref()) == "text" => within = false,
            Event::Text(text) if within => {
                if let Some((_, so_far)) = found.last_mut() {
                    so_far.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(e) if within => {
                if let (Some((_, so_far)), Some(c)) = (found.last_mut(), package::entity(&e)) {
                    so_far.push(c);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(found)
}
