//! Snippets: short Markdown texts that the owner writes in the console. They are stored as documents
//! with versions.

use super::{Documents, KnowledgeError, Submitted};
use crate::access::{Member, Scope};
use crate::store::documents::{self, Origin};
use crate::store::{DocumentId, WorkspaceId};

/// In characters.
const MAX_TITLE: usize = 120;
/// In bytes; a longer text should be uploaded as a document.
const MAX_TEXT: usize = 200_000;

impl Documents {
    /// Writes a new snippet, or a new version of the one that it replaces.
    ///
    /// # Errors
    /// When title or text is missing or too long, or `replaces` is not a snippet.
    pub async fn write_snippet(
        &self,
        by: &Member,
        replaces: Option<DocumentId>,
        title: &str,
        text: &str,
    ) -> Result<Submitted, KnowledgeError> {
        let workspace = by.need(&[Scope::Documents])?;
        let document = match replaces {
            Some(id) => Some(self.find(by, id).await?),
            None => None,
        };
        let content = content(title, text)?;
        let name = match document {
            Some(document) if document.origin == Origin::Snippet => document.name.clone(),
            Some(document) => {
                let told = format!(
                    "{} is a file: change it in its program and upload it again under the same name",
                    document.name
                );
                return Err(KnowledgeError::Document(told.into()));
            }
            None => self.free_name(workspace, title).await?,
        };
        self.keep(workspace, name, content.into(), Origin::Snippet)
            .await
    }

    /// A file name for this title that no document of the workspace has.
    async fn free_name(
        &self,
        workspace: WorkspaceId,
        title: &str,
    ) -> Result<String, KnowledgeError> {
        let stem: String = title
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .map(|c| {
                if matches!(c, '/' | '\\') || c.is_control() {
                    '-'
                } else {
                    c
                }
            })
            .collect();
        let found = self.inner.store.read(move |conn| {
            for number in 1.. {
                let name = match number {
                    1 => format!("{stem}.md"),
                    _ => format!("{stem} ({number}).md"),
                };
                if documents::find_by_name(conn, workspace, &name)?.is_none() {
                    return Ok(name);
                }
            }
            Ok(String::new())
        });
        Ok(found.await?)
    }
}

/// The stored text, with the title as its heading.
fn content(title: &str, text: &str) -> Result<String, KnowledgeError> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    let reason = match (title.chars().count(), text.len()) {
        (0, _) => "give the note a title of a few words".to_owned(),
        (n, _) if n > MAX_TITLE => {
            format!("the title is longer than {MAX_TITLE} characters: shorten it")
        }
        (_, 0) => "write what the note says".to_owned(),
        (_, n) if n > MAX_TEXT => {
            "the note is too long: save it as a file and upload that".to_owned()
        }
        _ => return Ok(format!("# {title}\n\n{text}\n")),
    };
    Err(KnowledgeError::Document(reason.into()))
}

/// Splits what `content` joined into title and text.
pub fn parts(content: &str) -> (&str, &str) {
    match content.split_once("\n\n") {
        Some((title, text)) => (title.trim_start_matches("# "), text.trim_end()),
        None => ("", content.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_put_together_and_taken_apart() {
        let kept = content(
            "  Parking \n on Main St ",
            "Behind the house.\r\n\r\nTwo hours.",
        )
        .expect("fits");
        assert_eq!(
            kept,
            "# Parking on Main St\n\nBehind the house.\n\nTwo hours.\n"
        );
        assert_eq!(
            parts(&kept),
            ("Parking on Main St", "Behind the house.\n\nTwo hours.")
        );
    }

    #[test]
    fn a_snippet_needs_title_and_text_of_some_size() {
        for (title, text) in [
            ("", "a"),
            (" ", "a"),
            ("a", " \n"),
            (&*"a".repeat(121), "a"),
            ("a", &*"a".repeat(200_001)),
        ] {
            assert!(content(title, text).is_err(), "{title:.10} {text:.10}");
        }
    }
}
