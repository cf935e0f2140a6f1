//! Lines that text recognition was not sure of. They are in no text and no answer until the owner has decided on them,
//! beside their picture; a decision rebuilds the version's text (`again`).
//!
//! [`judge`] says what a decision changes, [`pictures`] draws the lines.

mod again;
mod judge;
mod pictures;

pub use pictures::LinePicture;
pub(super) use pictures::Pictures;

use super::{Documents, KnowledgeError};
use crate::access::Member;
use crate::store::documents::Document;
use crate::store::seen::{self, LineState, SeenLine};
use crate::store::versions::{Hold, Version};
use crate::store::{self, DocumentId, Scoped, StoreError};

/// What an owner says to doubtful lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineDecision {
    /// They were recognised rightly.
    Confirm,
    /// It says this; for one line only.
    Correct(String),
    /// They are no text that anybody needs.
    LeaveOut,
    /// Takes back what was said; they are doubtful again.
    Undo,
}

/// The lines of a document that were doubtful when it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LinesToCheck {
    /// The version that they are of; `None` if the document was never read.
    pub version: Option<Version>,
    /// By page and place.
    pub lines: Vec<SeenLine>,
}

impl LinesToCheck {
    /// How many wait for a decision.
    pub fn left(&self) -> usize {
        let waits = |line: &&SeenLine| line.state == LineState::Doubtful;
        self.lines.iter().filter(waits).count()
    }

    /// Whether their version waits at the gate.
    pub fn is_held(&self) -> bool {
        let hold = self.version.as_ref().and_then(|version| version.hold);
        hold == Some(Hold::Held)
    }
}

impl Documents {
    /// The lines of a document that the owner has to decide on or has decided on.
    pub async fn lines_to_check(
        &self,
        by: &Member,
        id: DocumentId,
    ) -> Result<LinesToCheck, KnowledgeError> {
        let document = self.find(by, id).await?;
        let found = self.inner.store.read(move |conn| find(conn, &document));
        let found = found.await?;
        Ok(
            found.map_or_else(LinesToCheck::default, |(version, lines)| LinesToCheck {
                version: Some(version.into_inner()),
                lines,
            }),
        )
    }
}

/// A version, and its lines in reading order.
type Looked = (Scoped<Version>, Vec<SeenLine>);

fn find(
    conn: &store::Connection,
    document: &Scoped<Document>,
) -> Result<Option<Looked>, StoreError> {
    let Some(version) = seen::find_version(conn, document)? else {
        return Ok(None);
    };
    let lines = seen::lines(conn, &version)?;
    Ok(Some((version, lines)))
}
