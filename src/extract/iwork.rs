//! Pages, Numbers and Keynote. Apple does not publish how they store text, but many of their files carry a PDF of what
//! they show.

use super::package::Package;
use super::{ExtractError, Extracted, Format, Limits, pdf};

/// The names that the PDF has had, at the end of a member's path.
const PREVIEWS: &[&str] = &["QuickLook/Preview.pdf", "preview.pdf"];

/// Whether the archive with these members is such a document. It may hold a folder of the document's name.
pub(super) fn is_iwork(mut members: impl Iterator<Item = impl AsRef<str>>) -> bool {
    members.any(|name| {
        let name = name.as_ref();
        let is = |file: &str| name == file || name.ends_with(&format!("/{file}"));
        is("Index/Document.iwa")
            || is("Metadata/DocumentIdentifier")
            || is("index.apxl")
            || is("buildVersionHistory.plist")
    })
}

/// Reads the PDF that the file carries.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut package = Package::open(bytes, limits)?;
    let preview = match package.find(|name| PREVIEWS.iter().any(|p| name.ends_with(p))) {
        Some(name) => package.bytes(&name)?,
        None => None,
    };
    let shown = preview.and_then(|bytes| pdf::read(&bytes, limits, &[]).ok());
    let Some(mut out) = shown.filter(|out| !out.blocks.is_empty()) else {
        return Err(ExtractError::SaveAs {
            what: "a document of Pages, Numbers or Keynote".to_owned(),
            remedy: "open it there, choose File, Export To, then Word, Excel, PowerPoint or PDF, and upload that file"
                .to_owned(),
        });
    };
    out.kind = Format::Iwork;
    out.notes.push(
        "It was read from the preview in the file, which may lack pages. If something is missing, export it as PDF \
         and upload that."
            .into(),
    );
    Ok(out)
}
