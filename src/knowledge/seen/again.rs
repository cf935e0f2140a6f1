//! Rebuilds a version's text after the owner has decided on lines of it, without recognising its pictures again.

use std::collections::HashMap;

use bytes::Bytes;

use super::judge::{self, Change, Known, to_pages};
use super::{LineDecision, LinesToCheck, find};
use crate::access::Member;
use crate::extract::Extracted;
use crate::knowledge::ingest::{EXTRACTOR, about, cut, now, today};
use crate::knowledge::reader::Read;
use crate::knowledge::sources::reading_name;
use crate::knowledge::{Documents, KnowledgeError, Stage, View};
use crate::store::chunks::{ChunkRow, NewChunk};
use crate::store::documents::{self, Document};
use crate::store::seen::{self, LineState, SeenLine};
use crate::store::versions::{self, Hold, Version};
use crate::store::{self, DocumentId, Scoped, SeenLineId, StoreError, Transaction};

/// A version with all that its text is made of.
struct Loaded {
    version: Scoped<Version>,
    pages: Vec<seen::SeenPage>,
    lines: Vec<SeenLine>,
    original: Vec<u8>,
    /// Its text so far.
    text: String,
    /// Its passages so far.
    passages: Vec<ChunkRow>,
}

impl Documents {
    /// Decides on lines: answers quote what was confirmed or corrected when this returns. Of several lines those that were
    /// decided on before stay as they are.
    ///
    /// # Errors
    /// `Conflict` when a line is gone, or was decided on in another way.
    pub async fn decide_lines(
        &self,
        by: &Member,
        id: DocumentId,
        chosen: Vec<SeenLineId>,
        decision: LineDecision,
    ) -> Result<LinesToCheck, KnowledgeError> {
        self.find(by, id).await?;
        let _turn = self.inner.changing.take(id).await;
        let document = self.find(by, id).await?;
        let of = document.clone();
        let loaded = self.inner.store.read(move |conn| load(conn, &of)).await?;
        let lines = loaded.as_ref().map(|loaded| loaded.lines.as_slice());
        let changes = judge::decide(lines.unwrap_or_default(), &chosen, &decision, now())?;
        if let Some(loaded) = loaded.filter(|_| !changes.is_empty()) {
            self.make_again(document, loaded, changes).await?;
        }
        self.lines_to_check(by, id).await
    }

    async fn make_again(
        &self,
        document: Scoped<Document>,
        loaded: Loaded,
        changes: Vec<Change>,
    ) -> Result<(), KnowledgeError> {
        let Loaded {
            version,
            pages,
            lines,
            original,
            text: before,
            passages,
        } = loaded;
        let mut known = Known {
            pages: to_pages(pages)?,
            lines,
        };
        for (line, _) in &changes {
            if let Some(place) = known.lines.iter_mut().find(|old| old.id == line.id) {
                place.clone_from(line);
            }
        }
        let (workspace, id, name) = (document.workspace(), document.id, document.name.clone());
        let extracted = self
            .inner
            .extractor
            .extract_judged(
                Bytes::from(original),
                reading_name(&name, &version.media_type),
                version.read_hidden,
                known.judged(),
            )
            .await?;
        let held = version.hold == Some(Hold::Held);
        let stored = self.inner.store.write(move |tx| {
            for (line, state) in &changes {
                seen::decide(tx, &version, line, *state)?;
            }
            let rows = put(tx, &document, &version, &extracted, (&before, &passages))?;
            let said = |state| {
                changes
                    .iter()
                    .filter(|(line, _)| line.state == state)
                    .count()
            };
            let data = serde_json::json!({
                "version": version.number, "confirmed": said(LineState::Confirmed),
                "corrected": said(LineState::Corrected), "left_out": said(LineState::LeftOut),
                "taken_back": said(LineState::Doubtful),
            });
            let subject = id.to_string();
            store::events::append(tx, workspace, "lines_decided", &subject, &data, now())?;
            Ok(rows)
        });
        let rows = stored.await?;
        let (index, embedder) = (&self.inner.index, self.inner.embedder.name());
        match held {
            true => index.stage(id, &rows, &embedder)?,
            false => index.replace(id, &rows, &embedder)?,
        }
        // The document may have been deleted meanwhile; then it must not be found.
        let still = self
            .inner
            .store
            .read(move |c| documents::get(c, workspace, id));
        if still.await.is_err() {
            return self.inner.index.remove(id);
        }
        self.propose_again(workspace, id).await;
        if held {
            let bare: Vec<ChunkRow> = rows
                .iter()
                .filter(|row| row.embedding.is_none())
                .cloned()
                .collect();
            let embedded = self.embed(workspace, id, &name, &bare, View::Next).await;
            if let Err(error) = embedded {
                tracing::warn!(document = %name, %error, "passages at the gate have no vectors yet");
            }
        }
        // Words find the new passages from now on; this has their vectors made.
        self.inner.bare.notify_one();
        let chunks = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let notes = Vec::new();
        self.report(workspace, id, &name, Stage::Ready { chunks, notes });
        Ok(())
    }

    /// What was read just now, with what the owner has said to lines of the same file before.
    pub(in crate::knowledge) async fn recall(
        &self,
        document: &Document,
        version: &Scoped<Version>,
        original: Bytes,
        read: Read,
    ) -> Result<(Extracted, Known), KnowledgeError> {
        let Read { extracted, seen } = read;
        let mut known = Known::fresh(seen);
        if known.lines.is_empty() {
            return Ok((extracted, known));
        }
        let of = version.clone();
        let decided = self.inner.store.read(move |conn| seen::decided(conn, &of));
        seen::carry_over(&mut known.lines, decided.await?);
        if !known.is_decided() {
            return Ok((extracted, known));
        }
        let name = reading_name(&document.name, &version.media_type);
        let (extractor, hidden) = (&self.inner.extractor, version.read_hidden);
        let judged = extractor.extract_judged(original, name, hidden, known.judged());
        let judged = Extracted {
            notes: extracted.notes,
            ..judged.await?
        };
        Ok((judged, known))
    }
}

fn load(
    conn: &store::Connection,
    document: &Scoped<Document>,
) -> Result<Option<Loaded>, StoreError> {
    let Some((version, lines)) = find(conn, document)? else {
        return Ok(None);
    };
    let (workspace, id) = (version.workspace(), version.id);
    let mut passages = Vec::new();
    match version.hold {
        Some(_) => store::gate::for_each_staged(conn, Some(document.id), |r| passages.push(r))?,
        None => {
            store::chunks::for_each_of_document(conn, workspace, document.id, |r| {
                passages.push(r)
            })?;
        }
    }
    let text = versions::find_text(conn, workspace, id)?;
    Ok(Some(Loaded {
        pages: seen::pages(conn, &version)?,
        lines,
        original: versions::original(conn, workspace, id)?,
        text: text.map(|text| text.text).unwrap_or_default(),
        passages,
        version,
    }))
}

/// Stores the text of a version in place of the one `before`, and its passages; returns these.
fn put(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    version: &Scoped<Version>,
    extracted: &Extracted,
    (before, passages): (&str, &[ChunkRow]),
) -> Result<Vec<ChunkRow>, StoreError> {
    let (layout, mut new, says) = cut(extracted);
    keep_vectors(&mut new, passages);
    let outdated = about(before).said.warning(today());
    let mut notes = version.notes.clone();
    notes.retain(|note| Some(note) != outdated.as_ref());
    notes.extend(says.said.warning(today()));
    let blocks = serde_json::to_value(&layout.blocks).unwrap_or_default();
    let text = versions::Extracted {
        text: &layout.text,
        blocks: Some(&blocks),
        pages: extracted.pages,
        notes: &notes,
        has_hidden: extracted.hidden,
        extractor: EXTRACTOR,
    };
    versions::set_extracted(tx, version, &text, now())?;
    versions::set_language(tx, version, says.language)?;
    let mut rows = Vec::new();
    if version.hold.is_some() {
        store::gate::stage(tx, version, &new, now())?;
        store::gate::for_each_staged(tx, Some(document.id), |row| rows.push(row))?;
        return Ok(rows);
    }
    store::chunks::replace(tx, version, &new, now())?;
    let dated_at = says.said.at().or(extracted.written_at);
    documents::set_dated_at(tx, document, dated_at)?;
    let workspace = document.workspace();
    store::chunks::for_each_of_document(tx, workspace, document.id, |row| rows.push(row))?;
    Ok(rows)
}

/// Passages that stay as they were keep their vectors.
fn keep_vectors(new: &mut [NewChunk], old: &[ChunkRow]) {
    let with_vector = |row: &ChunkRow| {
        let vector = row.embedding.clone().zip(row.embedder.clone())?;
        Some(((row.heading_path.clone(), row.text.clone()), vector))
    };
    let known: HashMap<_, _> = old.iter().filter_map(with_vector).collect();
    for chunk in new {
        let of = (chunk.heading_path.clone(), chunk.text.clone());
        chunk.embedding = known.get(&of).cloned();
    }
}
