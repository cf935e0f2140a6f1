//! Tags of what is known: documents, web sources and approved answers. Assistants choose their knowledge by them.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, Transaction};

use super::values::{Json, text_enum};
use super::{StoreError, WorkspaceId};

text_enum! {
    pub enum Tagged {
        Document = "document",
        /// A website; its pages have its tags too.
        Source = "source",
        /// An approved answer.
        Faq = "faq",
    }
}

impl Tagged {
    fn table(self) -> &'static str {
        match self {
            Self::Document => "documents",
            Self::Source => "sources",
            Self::Faq => "faqs",
        }
    }
}

/// Something with its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    pub kind: Tagged,
    pub id: String,
    /// File name, address or question.
    pub name: String,
    pub tags: Vec<String>,
}

/// What has tags, or could: sources, documents that do not come from one, approved answers; each by name.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Labelled>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT 'source' AS kind, id, url AS name, tags FROM sources WHERE workspace = ?1
         UNION ALL
         SELECT 'document', id, name, tags FROM documents
         WHERE workspace = ?1 AND deleted_at IS NULL AND source IS NULL
         UNION ALL
         SELECT 'faq', f.id, coalesce((SELECT question FROM faq_phrasings WHERE faq = f.id ORDER BY id LIMIT 1), ''),
                f.tags
         FROM faqs f WHERE f.workspace = ?1
         ORDER BY kind DESC, name",
    )?;
    let rows = statement.query_map([workspace], |row| {
        Ok(Labelled {
            kind: row.get("kind")?,
            id: row.get("id")?,
            name: row.get("name")?,
            tags: row.get::<_, Json<Vec<String>>>("tags")?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every tag in use, with how many things have it.
pub fn count(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<BTreeMap<String, usize>, StoreError> {
    let mut counts = BTreeMap::new();
    for tag in list(conn, workspace)?.into_iter().flat_map(|one| one.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    Ok(counts)
}

/// Replaces the tags of one thing. `NotFound` if another workspace has it.
pub fn set(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    kind: Tagged,
    id: &str,
    tags: &[String],
) -> Result<(), StoreError> {
    let table = kind.table();
    let changed = tx
        .prepare_cached(&format!(
            "UPDATE {table} SET tags = ? WHERE workspace = ? AND id = ?"
        ))?
        .execute((Json(tags), workspace, id))?;
    match (changed, kind) {
        (0, Tagged::Document) => Err(StoreError::NotFound("the document")),
        (0, Tagged::Source) => Err(StoreError::NotFound("the source")),
        (0, Tagged::Faq) => Err(StoreError::NotFound("the question")),
        _ => Ok(()),
    }
}

/// Which of these passages have one of the tags, by their document or its source.
pub fn chunks_with(
    conn: &Connection,
    workspace: WorkspaceId,
    tags: &[String],
    chunks: &[i64],
) -> Result<HashSet<i64>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document
                  LEFT JOIN sources s ON s.id = d.source
             WHERE d.workspace = ?1 AND c.id IN (SELECT value FROM json_each(?2))
               AND (EXISTS (SELECT 1 FROM json_each(d.tags) t WHERE t.value IN (SELECT value FROM json_each(?3)))
                    OR EXISTS (SELECT 1 FROM json_each(coalesce(s.tags, '[]')) t
                               WHERE t.value IN (SELECT value FROM json_each(?3))))",
        )?
        .query_map((workspace, Json(chunks), Json(tags)), |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::chunks::{self, NewChunk};
    use crate::store::documents::{self, NewDocument};
    use crate::store::{DocumentId, Store, versions, workspaces};

    fn upload(
        tx: &Transaction<'_>,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<(DocumentId, i64), StoreError> {
        let new = NewDocument {
            name,
            title: name,
            media_type: "text/plain",
            original: name.as_bytes(),
        };
        let made = documents::insert(tx, workspace, &new, 1)?;
        let chunk = NewChunk {
            heading_path: Vec::new(),
            page: None,
            start_byte: 0,
            end_byte: 1,
            text: name.into(),
            embedding: None,
            language: None,
        };
        let version = versions::get(tx, workspace, made.version())?;
        let ids = chunks::replace(tx, &version, &[chunk], 1)?;
        Ok((made.document(), ids[0].0))
    }

    #[test]
    fn passages_are_chosen_by_the_tags_of_their_document_in_their_workspace() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            let (sales, first) = upload(tx, shop, "sales.txt")?;
            let (_, second) = upload(tx, shop, "repairs.txt")?;
            let (_, foreign) = upload(tx, other, "sales.txt")?;
            let (kind, id) = (Tagged::Document, sales.to_string());
            set(tx, shop, kind, &id, &["sales".into(), "bikes".into()])?;
            let all = [first, second, foreign];
            let with = |tags: &[&str]| {
                let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
                chunks_with(tx, shop, &tags, &all).unwrap()
            };
            assert_eq!(with(&["sales"]), HashSet::from([first]));
            assert_eq!(with(&["none", "bikes"]), HashSet::from([first]));
            assert!(with(&["none"]).is_empty() && with(&[]).is_empty());
            assert_eq!(count(tx, shop)?.get("bikes"), Some(&1));
            let refused = set(tx, other, kind, &id, &[]);
            assert!(matches!(refused, Err(StoreError::NotFound(_))));
            assert_eq!(list(tx, shop)?.len(), 2);
            Ok(())
        });
        done.unwrap();
    }
}
