//! Facts that documents state about the business, proposed to the owner as soon as a document can be searched.

use serde_json::Value;

use super::ingest::now;
use super::layout::BlockSpan;
use super::{Documents, KnowledgeError};
use crate::extract::BlockKind;
use crate::hours::propose::{DocumentLine, Proposal, Source, propose};
use crate::hours::{Data, What};
use crate::language::{self, Language};
use crate::reason::Reason;
use crate::store::facts::{FactState, NewFact};
use crate::store::{self, DocumentId, StoreError, Transaction, VersionId, WorkspaceId};

/// Limit of facts from one document, so that a file of a million rows does not flood the page.
const MOST: usize = 300;

impl Documents {
    /// Reads the facts of a document's current version again: proposes new ones, drops proposals that it no
    /// longer states, and marks confirmed facts that it no longer states. Returns how many it states.
    pub(super) async fn refresh_facts(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
    ) -> Result<usize, KnowledgeError> {
        let store = &self.inner.store;
        let loaded = store
            .read(move |conn| {
                let document = store::documents::get(conn, workspace, document)?;
                let Some(version) = document.current_version else {
                    return Ok(None);
                };
                let text = store::versions::find_text(conn, workspace, version)?;
                let zone = crate::hours::time_zone(&store::facts::settings(conn, workspace)?);
                Ok(text.map(|text| (document.title.clone(), version, text, zone)))
            })
            .await?;
        let Some((title, version, text, zone)) = loaded else {
            return Ok(0);
        };
        let today = jiff::Timestamp::now().to_zoned(zone).date();
        // Parsing a long document would block the async runtime.
        let found =
            tokio::task::spawn_blocking(move || read(&title, &text.text, text.blocks, today))
                .await
                .map_err(|e| {
                    let told = format!("the facts of a document could not be read ({e})");
                    KnowledgeError::Machine(Reason::told(told, e))
                })?;
        let count = found.len();
        store
            .write(move |tx| keep(tx, workspace, document, version, found))
            .await?;
        Ok(count)
    }

    /// [`Self::refresh_facts`] after another version became current. An error is only logged: the version
    /// can be searched all the same.
    pub(super) async fn propose_again(&self, workspace: WorkspaceId, document: DocumentId) {
        if let Err(error) = self.refresh_facts(workspace, document).await {
            tracing::warn!(%document, %error, "the facts of a document could not be proposed");
        }
    }

    /// Reads the facts of all documents of a workspace again; returns how many they state.
    pub async fn propose_facts(&self, workspace: WorkspaceId) -> Result<usize, KnowledgeError> {
        let documents = self
            .inner
            .store
            .read(move |conn| store::documents::list(conn, workspace))
            .await?;
        let mut count = 0;
        for summary in documents {
            match self.refresh_facts(workspace, summary.document.id).await {
                Ok(found) => count += found,
                // Deleted in the meantime.
                Err(KnowledgeError::Store(StoreError::NotFound(_))) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(count)
    }
}

fn read(title: &str, text: &str, blocks: Option<Value>, today: jiff::civil::Date) -> Vec<Proposal> {
    let blocks: Vec<BlockSpan> = blocks
        .and_then(|b| serde_json::from_value(b).ok())
        .unwrap_or_default();
    let mut lines = Vec::new();
    for block in &blocks {
        let heading = matches!(block.kind, BlockKind::Heading(_));
        let mut start = block.start;
        for line in text
            .get(block.start..block.end)
            .unwrap_or_default()
            .split('\n')
        {
            lines.push(DocumentLine {
                text: line,
                start,
                heading,
            });
            start += line.len() + 1;
        }
    }
    let source = Source {
        lines: &lines,
        title,
        language: language::of_document(text).map_or("en", Language::code),
        dated: None,
        today,
    };
    let mut found = propose(&source);
    found.truncate(MOST);
    found
}

fn keep(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    document: DocumentId,
    version: VersionId,
    found: Vec<Proposal>,
) -> Result<(), StoreError> {
    let known = store::facts::list(tx, workspace)?;
    let known: Vec<_> = known
        .into_iter()
        .filter(|f| f.document == Some(document))
        .collect();
    let mut stated: Vec<(What, bool, Proposal)> = found
        .into_iter()
        .map(|p| (p.what.clone(), false, p))
        .collect();
    for fact in &known {
        let Some(mut data) = Data::read(&fact.data) else {
            continue;
        };
        let again = stated.iter_mut().find(|(what, used, p)| {
            // The owner may have edited the fact; its quote still identifies it.
            !*used && (*what == data.what || (p.quote == fact.quote && what.kind() == fact.kind))
        });
        match again {
            Some((_, used, proposal)) => {
                *used = true;
                data.place = Some(proposal.place.clone());
                data.changed = false;
                store::facts::set_place(tx, fact, version, &proposal.quote, &data.write(), now())?;
            }
            None if fact.state == FactState::Confirmed => {
                data.changed = true;
                store::facts::update(tx, fact, &data.write(), fact.state, now())?;
            }
            None => store::facts::delete(tx, fact)?,
        }
    }
    for (what, used, proposal) in stated {
        if used {
            continue;
        }
        let data = Data {
            what,
            place: Some(proposal.place),
            changed: false,
        };
        let new = NewFact {
            kind: data.what.kind().to_owned(),
            data: data.write(),
            state: FactState::Proposed,
            document: Some(document),
            version: Some(version),
            quote: proposal.quote,
        };
        store::facts::insert(tx, workspace, &new, now())?;
    }
    Ok(())
}
