//! Pictures of recognised lines: drawn from the original in the child, several of a page at once, and kept for a while in
//! memory.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::find;
use super::judge::to_pages;
use crate::access::Member;
use crate::extract::ocr::Spot;
use crate::knowledge::sources::reading_name;
use crate::knowledge::turns::Turns;
use crate::knowledge::{Documents, KnowledgeError};
use crate::store::seen::{self, SeenLine};
use crate::store::{DocumentId, SeenLineId, StoreError, VersionId, versions};

/// Lines that are drawn at once.
const AT_ONCE: usize = 16;
/// Pages that are drawn at the same time, each in a child of its own.
const SIDE_BY_SIDE: usize = 2;
/// Bytes of pictures that are kept; those of a line have some 50 KB.
const KEPT: usize = 24 << 20;
/// Largest picture of a line, in bytes.
const LARGEST: usize = 8 << 20;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The picture of a line, as a PNG.
#[derive(Debug, Clone, PartialEq)]
pub struct LinePicture {
    pub line: SeenLineId,
    pub png: Bytes,
}

/// Pictures that were drawn, and who draws.
pub(in crate::knowledge) struct Pictures {
    /// Oldest first.
    kept: Mutex<VecDeque<(DocumentId, LinePicture)>>,
    drawing: Turns<(VersionId, u32)>,
    places: Semaphore,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            drawing: Turns::default(),
            places: Semaphore::new(SIDE_BY_SIDE),
        }
    }
}

impl Pictures {
    fn find(&self, line: SeenLineId) -> Option<LinePicture> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(_, picture)| picture.line == line);
        found.map(|(_, picture)| picture.clone())
    }

    fn keep(&self, document: DocumentId, drawn: Vec<LinePicture>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(drawn.into_iter().map(|picture| (document, picture)));
        let mut bytes: usize = kept.iter().map(|(_, picture)| picture.png.len()).sum();
        while bytes > KEPT {
            let Some((_, oldest)) = kept.pop_front() else {
                break;
            };
            bytes -= oldest.png.len();
        }
    }

    /// Drops the pictures of a document that is read again or deleted.
    pub(in crate::knowledge) fn forget(&self, document: DocumentId) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| *of != document);
    }
}

impl Documents {
    /// The picture of a line (from 0) on a page (from 1) with what stands around it.
    ///
    /// # Errors
    /// `NotFound` for a line that was never doubtful; `Document` when its page cannot be drawn.
    pub async fn line_picture(
        &self,
        by: &Member,
        id: DocumentId,
        page: u32,
        line: u32,
    ) -> Result<LinePicture, KnowledgeError> {
        let document = self.find(by, id).await?;
        let of = document.clone();
        let found = self.inner.store.read(move |conn| find(conn, &of)).await?;
        let missing = || StoreError::NotFound("the line");
        let (version, mut lines) = found.ok_or_else(missing)?;
        lines.retain(|line| line.page == page);
        let at = lines.iter().position(|found| found.line == line);
        let at = at.ok_or_else(missing)?;
        let wanted = lines.get(at).map(|line| line.id).ok_or_else(missing)?;
        let pictures = &self.inner.pictures;
        if let Some(picture) = pictures.find(wanted) {
            return Ok(picture);
        }
        let _turn = pictures.drawing.take((version.id, page)).await;
        // Whoever had the turn may have drawn it.
        if let Some(picture) = pictures.find(wanted) {
            return Ok(picture);
        }
        let _place = pictures.places.acquire().await;
        let of = version.clone();
        let loaded = self.inner.store.read(move |conn| {
            let original = versions::original(conn, of.workspace(), of.id)?;
            Ok((original, seen::pages(conn, &of)?))
        });
        let (original, seen) = loaded.await?;
        // Without it, the lines are upright.
        let pages = to_pages(seen).unwrap_or_default();
        let turn = |line: &SeenLine| {
            let page = pages.iter().find(|seen| seen.page == page)?;
            let at = usize::try_from(line.line).ok()?;
            page.lines.get(at).map(|line| line.turn)
        };
        let group: Vec<&SeenLine> = lines
            .iter()
            .skip(at / AT_ONCE * AT_ONCE)
            .take(AT_ONCE)
            .collect();
        let spots = group.iter().map(|line| Spot {
            place: line.place.map(|share| share as f32),
            turn: turn(line).unwrap_or(0),
        });
        let name = reading_name(&document.name, &version.media_type);
        let extractor = &self.inner.extractor;
        let drawn = extractor.draw_spots(original.into(), name, page, spots.collect());
        let drawn = drawn.await?.ok_or_else(undrawable)?;
        let drawn: Vec<LinePicture> = group
            .iter()
            .zip(drawn)
            .filter(|(_, png)| png.starts_with(PNG) && png.len() <= LARGEST)
            .map(|(line, png)| LinePicture { line: line.id, png })
            .collect();
        let picture = drawn.iter().find(|picture| picture.line == wanted).cloned();
        pictures.keep(id, drawn);
        picture.ok_or_else(undrawable)
    }
}

fn undrawable() -> KnowledgeError {
    let told = "the picture of this page cannot be drawn: compare the line with the file itself";
    KnowledgeError::Document(told.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(size: usize) -> LinePicture {
        LinePicture {
            line: SeenLineId::new(),
            png: vec![0; size].into(),
        }
    }

    #[test]
    fn the_oldest_pictures_go_first_and_those_of_a_document_go_with_it() {
        let pictures = Pictures::default();
        let (one, two) = (DocumentId::new(), DocumentId::new());
        let [first, second, third] = [KEPT / 2, KEPT / 2, 1].map(picture);
        pictures.keep(one, vec![first.clone()]);
        pictures.keep(two, vec![second.clone()]);
        assert_eq!(pictures.find(first.line), Some(first.clone()));
        pictures.keep(two, vec![third.clone()]);
        assert_eq!(pictures.find(first.line), None);
        assert_eq!(pictures.find(second.line), Some(second.clone()));
        pictures.forget(one);
        assert!(pictures.find(third.line).is_some());
        pictures.forget(two);
        assert!(pictures.find(second.line).is_none());
    }
}
