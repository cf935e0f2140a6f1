//! Word documents: paragraphs with their styles, lists, tables, text boxes and notes.

mod body;
mod numbering;
mod package;
mod styles;

use super::{BlockKind, Blocks, ExtractError, Extracted, Format, Limits, clean};
use package::Package;

/// Read a Word document.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut package = Package::open(bytes, limits)?;
    let main = package.main_part()?;
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
    package
        .part(&main, |xml| {
            body::read(xml, &styles, &mut numbering, &mut blocks)
        })?
        .ok_or_else(|| ExtractError::malformed("its main part is missing"))?;
    for notes in ["footnotes.xml", "endnotes.xml"] {
        package.part(&format!("{folder}/{notes}"), |xml| {
            body::read(xml, &styles, &mut numbering, &mut blocks)
        })?;
    }
    if blocks.blocks.is_empty() && package.has_pictures() {
        return Err(ExtractError::NoText);
    }
    let title = package.part("docProps/core.xml", package::title)?.flatten();
    let heading = blocks
        .blocks
        .iter()
        .find(|b| b.kind == BlockKind::Heading(1))
        .map(|b| b.text.clone());
    let mut out = blocks.finish(Format::Docx);
    out.title = heading.or(title.map(|t| clean::flowing(&t)).filter(|t| !t.is_empty()));
    Ok(out)
}

/// A fault of the XML, in words for the document's owner.
fn broken(e: impl std::fmt::Display) -> ExtractError {
    ExtractError::malformed(format!("a part of it cannot be read: {e}"))
}
