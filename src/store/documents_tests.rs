//! Documents, versions and chunks.

use serde_json::json;

use super::chunks::{ChunkRow, NewChunk};
use super::documents::{Document, DocumentState, Inserted, NewDocument};
use super::versions::{Extracted, Version};
use super::{
    ChunkId, DocumentId, Scoped, Store, StoreError, Transaction, VersionId, WorkspaceId, chunks,
    documents, versions, workspaces,
};

fn within(test: impl FnOnce(&Transaction<'_>, WorkspaceId) -> Result<(), StoreError>) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "w", "W", 1)?.id;
            test(tx, workspace)
        })
        .unwrap();
}

fn put(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
    bytes: &[u8],
    at: i64,
) -> Inserted {
    let new = NewDocument {
        name,
        title: "Prices",
        media_type: "text/plain",
        original: bytes,
    };
    documents::insert(tx, workspace, &new, at).unwrap()
}

fn load(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    inserted: Inserted,
) -> (Scoped<Document>, Scoped<Version>) {
    (
        documents::get(tx, workspace, inserted.document()).unwrap(),
        versions::get(tx, workspace, inserted.version()).unwrap(),
    )
}

fn piece(text: &str, start: i64) -> NewChunk {
    NewChunk {
        heading_path: vec!["Prices".into(), "Cleaning".into()],
        page: Some(2),
        start_byte: start,
        end_byte: start + i64::try_from(text.len()).unwrap(),
        text: text.into(),
        embedding: None,
        language: None,
    }
}

fn visible(tx: &Transaction<'_>) -> Vec<ChunkRow> {
    let mut rows = Vec::new();
    chunks::for_each_indexable(tx, None, |row| rows.push(row)).unwrap();
    rows
}

#[test]
fn the_same_name_makes_versions_and_the_same_bytes_make_nothing() {
    within(|tx, w| {
        let first = put(tx, w, "prices.md", b"90", 10);
        assert!(matches!(first, Inserted::Created(..)));
        let same = put(tx, w, "prices.md", b"90", 11);
        assert_eq!(same, Inserted::Unchanged(first.document(), first.version()));
        let second = put(tx, w, "prices.md", b"95", 12);
        assert!(matches!(second, Inserted::NewVersion(d, _) if d == first.document()));
        let (document, version) = load(tx, w, second);
        assert_eq!((document.created_at, document.updated_at), (10, 12));
        assert_eq!(version.number, 2);
        let all = versions::list(tx, &document)?;
        assert_eq!(all.iter().map(|v| v.number).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(versions::original(tx, w, first.version())?, b"90");
        assert_eq!(versions::latest(tx, &document)?.id, second.version());
        // SHA-256 of "90", from coreutils.
        assert_eq!(
            all[1].sha256,
            "69f59c273b6e669ac32a6dd5e1b2cb63333d8b004f9696447aee2d422ce63763"
        );
        let elsewhere = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        assert!(matches!(
            put(tx, elsewhere, "prices.md", b"90", 13),
            Inserted::Created(..)
        ));
        Ok(())
    });
}

#[test]
fn what_was_read_comes_back_with_its_structure() {
    within(|tx, w| {
        let inserted = put(tx, w, "prices.md", b"# P\n90", 10);
        let (document, version) = load(tx, w, inserted);
        assert_eq!(versions::find_text(tx, w, version.id)?, None);
        let blocks = json!([{ "kind": "heading", "start": 0 }]);
        let notes = ["one image was skipped".to_owned()];
        let extracted = Extracted {
            text: "P\n90 €",
            blocks: Some(&blocks),
            pages: Some(1),
            notes: &notes,
            has_hidden: false,
            extractor: 3,
        };
        versions::set_extracted(tx, &version, &extracted, 20)?;
        let text = versions::find_text(tx, w, version.id)?.unwrap();
        assert_eq!((text.text.as_str(), text.blocks), ("P\n90 €", Some(blocks)));
        let version = versions::get(tx, w, version.id)?;
        assert_eq!(
            (version.extracted_at, version.extractor),
            (Some(20), Some(3))
        );
        assert_eq!((&version.notes[..], version.pages), (&notes[..], Some(1)));
        documents::set_state(
            tx,
            &document,
            DocumentState::Failed,
            Some("no text in it"),
            21,
        )?;
        let document = documents::get(tx, w, document.id)?;
        assert_eq!(document.state, DocumentState::Failed);
        assert_eq!(document.error.as_deref(), Some("no text in it"));
        Ok(())
    });
}

#[test]
fn the_old_version_is_searched_until_the_new_one_is_ready_and_never_again() {
    within(|tx, w| {
        let first = put(tx, w, "prices.md", b"90", 10);
        let (_, v1) = load(tx, w, first);
        assert!(visible(tx).is_empty());
        let ids = chunks::replace(
            tx,
            &v1,
            &[piece("a cleaning", 0), piece("costs 90", 11)],
            11,
        )?;
        assert_eq!(visible(tx).iter().map(|c| c.id).collect::<Vec<_>>(), ids);
        assert_eq!(
            documents::get(tx, w, first.document())?.state,
            DocumentState::Ready
        );

        let second = put(tx, w, "prices.md", b"95", 12);
        let (queued, v2) = load(tx, w, second);
        assert_eq!(
            (queued.state, queued.current_version),
            (DocumentState::Queued, Some(v1.id))
        );
        // Indexing the old version again while the new one waits leaves the document queued.
        chunks::replace(tx, &v1, &[piece("costs 90", 0)], 13)?;
        assert_eq!(
            documents::get(tx, w, queued.id)?.state,
            DocumentState::Queued
        );
        assert_eq!(visible(tx).len(), 1);

        let new = chunks::replace(tx, &v2, &[piece("costs 95", 0)], 14)?;
        assert!(new[0] > ids[1], "ids are never used twice");
        assert_eq!(visible(tx)[0].text, "costs 95");
        let late = chunks::replace(tx, &v1, &[piece("costs 90", 0)], 15);
        assert!(matches!(late, Err(StoreError::Conflict(_))));
        let document = documents::get(tx, w, queued.id)?;
        assert_eq!(
            (document.state, document.current_version),
            (DocumentState::Ready, Some(v2.id))
        );
        let left: i64 = tx.query_row("SELECT count(*) FROM chunks", [], |row| row.get(0))?;
        assert_eq!(left, 1);
        assert_eq!(versions::purge_superseded(tx, 9)?, 0);
        assert_eq!(versions::purge_superseded(tx, 100)?, 1);
        assert_eq!(versions::list(tx, &document)?.len(), 1);
        Ok(())
    });
}

#[test]
fn a_chunk_brings_what_a_citation_needs() {
    within(|tx, w| {
        let (document, version) = {
            let inserted = put(tx, w, "prices.md", b"90", 10);
            load(tx, w, inserted)
        };
        let ids = chunks::replace(tx, &version, &[piece("one", 0), piece("two", 4)], 11)?;
        let got = chunks::get_many(tx, w, &[ids[1], ChunkId(999), ids[0]])?;
        assert_eq!(
            got.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(),
            ["two", "one"]
        );
        let two = &got[0];
        assert_eq!(
            (two.document, two.version, two.version_number),
            (document.id, version.id, 1)
        );
        assert_eq!(
            (two.document_name.as_str(), two.document_title.as_str()),
            ("prices.md", "Prices")
        );
        assert_eq!(
            (two.ordinal, two.page, two.start_byte, two.end_byte),
            (1, Some(2), 4, 7)
        );
        assert_eq!(two.heading_path, ["Prices", "Cleaning"]);
        let elsewhere = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        assert!(chunks::get_many(tx, elsewhere, &ids)?.is_empty());
        let mut seen = 0;
        chunks::for_each_indexable(tx, Some(elsewhere), |_| seen += 1)?;
        assert_eq!(seen, 0);
        chunks::for_each_of_document(tx, w, document.id, |_| seen += 1)?;
        assert_eq!(seen, 2);
        let upside_down = NewChunk {
            start_byte: 5,
            end_byte: 4,
            ..piece("x", 0)
        };
        assert!(chunks::replace(tx, &version, &[upside_down], 12).is_err());
        Ok(())
    });
}

#[test]
fn embeddings_are_missing_until_this_embedder_made_them() {
    within(|tx, w| {
        let inserted = put(tx, w, "prices.md", b"90", 10);
        let (_, version) = load(tx, w, inserted);
        let ready = NewChunk {
            embedding: Some((vec![1, 2], "minilm".into())),
            language: None,
            ..piece("c", 9)
        };
        let ids = chunks::replace(tx, &version, &[piece("a", 0), piece("b", 2), ready], 11)?;
        let missing = |embedder, limit| -> Vec<ChunkId> {
            let rows = chunks::list_missing_embeddings(tx, embedder, limit).unwrap();
            rows.iter().map(|row| row.id).collect()
        };
        assert_eq!(missing("minilm", 10), ids[..2]);
        assert_eq!(missing("minilm", 1), ids[..1]);
        assert_eq!(missing("other", 10), ids);
        let kept = chunks::set_embeddings(
            tx,
            "minilm",
            &[
                (ids[0], vec![7; 8]),
                (ids[1], vec![8; 8]),
                (ChunkId(999), vec![]),
            ],
        )?;
        assert_eq!(kept, 2);
        assert!(missing("minilm", 10).is_empty());
        let row = chunks::get_many(tx, w, &ids[..1])?.remove(0);
        assert_eq!(
            (row.embedding, row.embedder.as_deref()),
            (Some(vec![7; 8]), Some("minilm"))
        );
        Ok(())
    });
}

#[test]
fn a_deleted_document_is_hidden_at_once_and_purged_with_everything() {
    within(|tx, w| {
        let inserted = put(tx, w, "prices.md", b"90", 10);
        let (document, version) = load(tx, w, inserted);
        let ids = chunks::replace(tx, &version, &[piece("a", 0)], 11)?;
        documents::delete(tx, &document, 20)?;
        assert!(matches!(
            documents::get(tx, w, document.id),
            Err(StoreError::NotFound(_))
        ));
        assert!(documents::find_by_name(tx, w, "prices.md")?.is_none());
        assert!(documents::list(tx, w)?.is_empty());
        assert!(visible(tx).is_empty() && chunks::get_many(tx, w, &ids)?.is_empty());
        assert!(matches!(
            versions::original(tx, w, version.id),
            Err(StoreError::NotFound(_))
        ));
        assert!(matches!(
            versions::get(tx, w, version.id),
            Err(StoreError::NotFound(_))
        ));
        // A job that was still running cannot bring it back.
        assert!(matches!(
            chunks::replace(tx, &version, &[piece("a", 0)], 21),
            Err(StoreError::NotFound(_))
        ));
        // The name is free again.
        let again = put(tx, w, "prices.md", b"99", 22);
        assert!(matches!(again, Inserted::Created(d, _) if d != document.id));
        assert_eq!(documents::purge_deleted(tx, 19)?, 0);
        assert_eq!(documents::purge_deleted(tx, 20)?, 1);
        for (table, rows) in [("documents", 1), ("document_versions", 1), ("chunks", 0)] {
            let sql = format!("SELECT count(*) FROM {table}");
            assert_eq!(
                tx.query_row(&sql, [], |row| row.get::<_, i64>(0))?,
                rows,
                "{table}"
            );
        }
        Ok(())
    });
}

#[test]
fn the_list_counts_and_another_workspace_sees_nothing() {
    within(|tx, w| {
        let inserted = put(tx, w, "b.md", b"12345", 10);
        put(tx, w, "a.md", b"1", 11);
        let (_, version) = load(tx, w, inserted);
        chunks::replace(tx, &version, &[piece("a", 0), piece("b", 1)], 12)?;
        put(tx, w, "b.md", b"123456", 13);
        let listed = documents::list(tx, w)?;
        let names: Vec<_> = listed.iter().map(|s| s.document.name.as_str()).collect();
        assert_eq!(names, ["a.md", "b.md"]);
        assert_eq!(
            (listed[0].chunks, listed[0].bytes, listed[0].version_number),
            (0, 1, 1)
        );
        assert_eq!(
            (listed[1].chunks, listed[1].bytes, listed[1].version_number),
            (2, 6, 2)
        );
        let elsewhere = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        assert!(documents::list(tx, elsewhere)?.is_empty());
        let id = inserted.document();
        assert!(matches!(
            documents::get(tx, elsewhere, id),
            Err(StoreError::NotFound(_))
        ));
        assert!(matches!(
            versions::original(tx, elsewhere, version.id),
            Err(StoreError::NotFound(_))
        ));
        assert!(matches!(
            documents::get(tx, w, DocumentId::new()),
            Err(StoreError::NotFound(_))
        ));
        assert!(matches!(
            versions::get(tx, w, VersionId::new()),
            Err(StoreError::NotFound(_))
        ));
        Ok(())
    });
}
