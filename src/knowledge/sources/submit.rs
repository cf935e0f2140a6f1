//! Stores a web page as a document.

use bytes::Bytes;

use crate::knowledge::ingest::{Submitted, keep};
use crate::knowledge::{Documents, KnowledgeError};
use crate::store::Scoped;
use crate::store::documents::{NewDocument, Origin};
use crate::store::sources::{self, Source};

pub(crate) struct NewPage {
    /// Also the document's name.
    pub(crate) url: String,
    /// The address if it has none.
    pub(crate) title: String,
    pub(crate) media_type: String,
    /// As received.
    pub(crate) bytes: Bytes,
}

impl Documents {
    /// Stores a page of a source durably, named after its address, and queues it. Returns after the commit.
    ///
    /// # Errors
    /// When the source is gone or there is no room.
    pub(crate) async fn submit_page(
        &self,
        source: &Scoped<Source>,
        page: NewPage,
    ) -> Result<Submitted, KnowledgeError> {
        let (workspace, shown) = (source.workspace(), page.url.clone());
        let source = source.clone();
        let submitted = self
            .inner
            .store
            .write(move |tx| {
                let new = NewDocument {
                    name: &page.url,
                    title: &page.title,
                    media_type: &page.media_type,
                    original: &page.bytes,
                };
                let submitted = keep(tx, workspace, &new, Origin::Web)?;
                sources::adopt(tx, &source, submitted.document, &page.url)?;
                Ok(submitted)
            })
            .await?;
        self.announce(workspace, &shown, submitted);
        Ok(submitted)
    }
}

/// The file name by which the extractor tells the format. The extension of a web address says nothing about
/// its content, so the media type decides.
pub(crate) fn reading_name(name: &str, media_type: &str) -> String {
    if !name.contains("://") {
        return name.to_owned();
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let ending = match essence {
        "text/html" | "application/xhtml+xml" => Some("html"),
        "text/plain" => Some("txt"),
        _ => mime_guess::get_mime_extensions_str(essence).and_then(|all| all.first().copied()),
    };
    ending.map_or_else(|| "page".to_owned(), |ending| format!("page.{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_by_its_media_type() {
        let page = "https://a.example/price.php?id=3";
        for (media_type, name) in [
            ("text/html; charset=utf-8", "page.html"),
            ("application/pdf", "page.pdf"),
            ("application/x-unheard-of", "page"),
        ] {
            assert_eq!(reading_name(page, media_type), name);
        }
        assert_eq!(reading_name("a.pdf", "text/html"), "a.pdf");
    }
}
