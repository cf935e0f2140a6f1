//! Word documents: paragraphs with their styles, lists, tables, text boxes and notes.

mod body;
mod math;
mod numbering;
#[cfg(test)]
mod numbers_tests;
mod styles;
mod table;

use super::chart::Chart;
use super::hidden::Hidden;
use super::package::{self, Package};
use super::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut package = Package::open(bytes, limits)?;
    let main = package.main_part("word/document.xml")?;
    let folder = main
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned();
    let styles = package
        .part(&format!("{folder}/styles.xml"), styles::read)?
        .unwrap_or_default();
    let mut numbering = package
        .part(&format!("{folder}/numbering.xml"), numbering::read)?
        .unwrap_or_default();
    let mut blocks = Blocks::new(limits);
    let mut hidden = Hidden::new(limits);
    package
        .part(&main, |xml| {
            body::read(xml, &styles, &mut numbering, &mut blocks, &mut hidden)
        })?
        .ok_or_else(|| ExtractError::malformed("its main part is missing"))?;
    // Charts are separate parts, so they come after the text instead of at their position in it.
    for chart in package.relations(&main)? {
        if chart.kind == "chart"
            && let Some(chart) = package.part(&chart.target, Chart::read)?
        {
            chart.append(&mut blocks, None)?;
        }
    }
    for notes in ["footnotes.xml", "endnotes.xml"] {
        package.part(&format!("{folder}/{notes}"), |xml| {
            body::read(xml, &styles, &mut numbering, &mut blocks, &mut hidden)
        })?;
    }
    let comments = format!("{folder}/comments.xml");
    hidden.comments = package.part(&comments, body::count_comments)?.unwrap_or(0);
    if hidden.read {
        package.part(&comments, |xml| {
            body::read(xml, &styles, &mut numbering, &mut blocks, &mut hidden)
        })?;
    }
    if blocks.blocks.is_empty() && package.has_pictures() {
        return Err(ExtractError::NoText);
    }
    let properties = package
        .part("docProps/core.xml", package::properties)?
        .unwrap_or_default();
    let heading = blocks
        .blocks
        .iter()
        .find(|b| b.kind == BlockKind::Heading(1))
        .map(|b| b.text.clone());
    let mut out = blocks.finish(Format::Docx);
    out.title = heading.or(properties.title);
    out.written_at = properties.written_at;
    hidden.add_notes(&mut out);
    Ok(out)
}
