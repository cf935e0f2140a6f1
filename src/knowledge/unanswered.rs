//! Questions that got no good answer, in groups of similar ones, so that one answer can be written for all.
//!
//! Each question joins the group whose first question it resembles most, or starts its own. Going from
//! oldest to newest keeps the groups stable: a new question never moves an old one. Similarity is the
//! cosine of the embeddings plus the share of common words; without the embedding model, common words alone.

use std::collections::HashSet;
use std::sync::Arc;

use super::live;
use super::{Inner, KnowledgeError, content_words};
use crate::access::{Member, Scope};
use crate::llm::{EmbedAs, Priority};
use crate::store::faqs::Faq;
use crate::store::gaps::{self, GapReason, GapState};
use crate::store::{Connection, FaqId, ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId};

const MAY: &[Scope] = &[Scope::Evaluate, Scope::Admin];
/// Only this many of the latest questions are grouped.
const LATEST: u32 = 1000;
/// Questions per request to the embedder.
const BATCH: u32 = 16;
/// Two questions are similar from here on: the cosine of their embeddings (0 to 1) plus the share of words
/// that both have (0 to 1). Tuned on questions to small shops, with the starter model.
const ALIKE: f32 = 0.82;
/// The same without embeddings, for the share of words alone.
const ALIKE_BY_WORDS: f32 = 0.5;
/// From this many letters on, a word matches as a prefix of another: "park" and "parking".
const STEM: usize = 4;

/// A question that got no good answer.
#[derive(Debug, Clone, PartialEq)]
pub struct GapQuestion {
    /// Of the answer that it got.
    pub receipt: ReceiptId,
    pub question: String,
    /// It was answered, and the answer was rated bad.
    pub rated_bad: bool,
    pub at: UnixMs,
    /// `None` while the embedding model is unavailable.
    pub vector: Option<Vec<f32>>,
}

/// Similar questions.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The question that resembles the others most.
    pub representative: GapQuestion,
    /// Newest first.
    pub members: Vec<GapQuestion>,
}

impl Cluster {
    pub fn last_at(&self) -> UnixMs {
        self.members.first().map_or(0, |asked| asked.at)
    }

    pub fn holds(&self, receipt: ReceiptId) -> bool {
        self.members.iter().any(|asked| asked.receipt == receipt)
    }
}

/// The questions of all workspaces that got no good answer.
#[derive(Clone)]
pub struct Gaps {
    pub(super) inner: Arc<Inner>,
}

impl Gaps {
    /// The questions whose gaps are in this state, in groups, the largest group first.
    async fn find_groups(
        &self,
        workspace: WorkspaceId,
        state: GapState,
    ) -> Result<Vec<Cluster>, KnowledgeError> {
        if let Err(error) = self.embed_missing().await {
            tracing::debug!(%error, "unanswered questions are compared by their words only");
        }
        let embedder = self.inner.embedder.name();
        let found = self
            .inner
            .store
            .read(move |conn| groups(conn, workspace, state, Some(&embedder)));
        Ok(found.await?)
    }

    /// Closes the gaps that an answer fills: those of these receipts and all similar ones. Receipts without
    /// an open gap are ignored.
    pub(super) async fn close(
        &self,
        faq: &Scoped<Faq>,
        receipts: Vec<ReceiptId>,
    ) -> Result<(), KnowledgeError> {
        for receipt in receipts {
            let (open, answered) = (GapState::Open, GapState::Answered);
            let settled = self.settle_in(faq.workspace(), receipt, open, answered, Some(faq.id));
            match settled.await {
                // It may have been in the same group as the one before.
                Ok(_) | Err(KnowledgeError::Store(StoreError::NotFound(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The questions that got no good answer, in groups, the largest group first.
    pub async fn list(&self, by: &Member, state: GapState) -> Result<Vec<Cluster>, KnowledgeError> {
        self.find_groups(by.need(MAY)?, state).await
    }

    /// Moves the group of this receipt from one state to another; returns the receipts of the group.
    ///
    /// # Errors
    /// `NotFound` when no gap in state `from` has this receipt.
    pub async fn settle(
        &self,
        by: &Member,
        receipt: ReceiptId,
        from: GapState,
        to: GapState,
        faq: Option<FaqId>,
    ) -> Result<Vec<ReceiptId>, KnowledgeError> {
        self.settle_in(by.need(MAY)?, receipt, from, to, faq).await
    }

    async fn settle_in(
        &self,
        workspace: WorkspaceId,
        receipt: ReceiptId,
        from: GapState,
        to: GapState,
        faq: Option<FaqId>,
    ) -> Result<Vec<ReceiptId>, KnowledgeError> {
        let groups = self.find_groups(workspace, from).await?;
        let group = groups.iter().find(|group| group.holds(receipt));
        let members: Vec<ReceiptId> = group
            .map(|group| group.members.iter().map(|asked| asked.receipt).collect())
            .ok_or(StoreError::NotFound("the gap"))?;
        let settled = self.inner.store.write(move |tx| {
            for receipt in &members {
                let gap = gaps::get(tx, workspace, *receipt)?;
                gaps::set_state(tx, &gap, to, faq)?;
            }
            Ok(members)
        });
        Ok(settled.await?)
    }

    /// Embeds questions that have no vector yet.
    pub(super) async fn embed_missing(&self) -> Result<(), KnowledgeError> {
        let inner = &self.inner;
        if inner.embedder.ready().is_err() {
            return Ok(());
        }
        loop {
            let embedder = inner.embedder.name();
            let wanted = {
                let embedder = embedder.clone();
                inner
                    .store
                    .read(move |conn| gaps::list_missing_embeddings(conn, &embedder, BATCH))
                    .await?
            };
            if wanted.is_empty() {
                return Ok(());
            }
            let (receipts, texts): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
            let embedded = inner
                .embedder
                .embed(texts, EmbedAs::Query, Priority::Background.into())
                .await?;
            let kept: Vec<(ReceiptId, Vec<u8>)> = receipts
                .into_iter()
                .zip(embedded.vectors.iter().map(|vector| live::encode(vector)))
                .collect();
            inner
                .store
                .write(move |tx| gaps::set_embeddings(tx, &embedder, &kept))
                .await?;
        }
    }
}

/// The questions whose gaps are in this state, in groups. Only vectors of this embedder are compared; with
/// `None`, those of the embedder that made the latest.
pub fn groups(
    conn: &Connection,
    workspace: WorkspaceId,
    state: GapState,
    embedder: Option<&str>,
) -> Result<Vec<Cluster>, StoreError> {
    let found = gaps::list(conn, workspace, state, LATEST)?;
    let latest = found.iter().find_map(|gap| gap.embedder.clone());
    let embedder = embedder.map(str::to_owned).or(latest);
    let asked = found.into_iter().map(|gap| {
        let fits = gap.embedder.is_some() && gap.embedder == embedder;
        let vector = gap.embedding.filter(|_| fits);
        GapQuestion {
            receipt: gap.receipt,
            question: gap.question,
            rated_bad: gap.reason == GapReason::Rated,
            at: gap.created_at,
            vector: vector.map(|bytes| live::decode(&bytes)),
        }
    });
    Ok(clusters(asked.collect()))
}

/// Groups similar questions, the largest group first; of equal ones the one asked last.
pub fn clusters(mut asked: Vec<GapQuestion>) -> Vec<Cluster> {
    asked.sort_by_key(|a| (a.at, a.receipt));
    let mut groups: Vec<Vec<(HashSet<String>, GapQuestion)>> = Vec::new();
    for one in asked {
        let words = content_words(&one.question);
        let nearest = groups
            .iter_mut()
            .filter_map(|group| {
                let (first_words, first) = group.first()?;
                let likeness = alike((&words, &one), (first_words, first))?;
                Some((likeness, group))
            })
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        match nearest {
            Some((_, group)) => group.push((words, one)),
            None => groups.push(vec![(words, one)]),
        }
    }
    let mut clusters: Vec<Cluster> = groups.into_iter().filter_map(cluster).collect();
    clusters.sort_by(|a, b| {
        let size = b.members.len().cmp(&a.members.len());
        size.then(b.last_at().cmp(&a.last_at()))
            .then(a.representative.receipt.cmp(&b.representative.receipt))
    });
    clusters
}

fn cluster(group: Vec<(HashSet<String>, GapQuestion)>) -> Option<Cluster> {
    let central = |at: usize| -> f32 {
        let Some((words, one)) = group.get(at) else {
            return 0.0;
        };
        let others = group
            .iter()
            .map(|(w, other)| likeness((words, one), (w, other)));
        others.sum()
    };
    // Of equally central questions take the first, so that a group keeps its name.
    let best = (0..group.len())
        .map(|at| (central(at), at))
        .reduce(|best, next| if next.0 > best.0 + 1e-4 { next } else { best })?
        .1;
    let mut members: Vec<GapQuestion> = group.into_iter().map(|(_, asked)| asked).collect();
    let representative = members.get(best)?.clone();
    members.reverse();
    Some(Cluster {
        representative,
        members,
    })
}

type Worded<'a> = (&'a HashSet<String>, &'a GapQuestion);

/// The similarity of two questions, if it is high enough for one answer.
fn alike(a: Worded<'_>, b: Worded<'_>) -> Option<f32> {
    let likeness = likeness(a, b);
    let enough = match (&a.1.vector, &b.1.vector) {
        (Some(_), Some(_)) => ALIKE,
        _ => ALIKE_BY_WORDS,
    };
    (likeness >= enough).then_some(likeness)
}

/// Cosine of the embeddings, if there are any, plus the share of common words; 0 to 2.
fn likeness(a: Worded<'_>, b: Worded<'_>) -> f32 {
    if a.1.question.to_lowercase() == b.1.question.to_lowercase() {
        return 2.0;
    }
    let words = common(a.0, b.0);
    match (&a.1.vector, &b.1.vector) {
        (Some(x), Some(y)) => cosine(x, y) + words,
        _ => words,
    }
}

/// Words that both have, as a share of those that either has.
fn common(a: &HashSet<String>, b: &HashSet<String>) -> f32 {
    let begins = |short: &str, long: &str| short.chars().count() >= STEM && long.starts_with(short);
    let same = |x: &str, y: &str| x == y || begins(x, y) || begins(y, x);
    let has = |word: &&String| b.iter().any(|other| same(word.as_str(), other.as_str()));
    let both = a.iter().filter(has).count().min(b.len());
    both as f32 / (a.len() + b.len() - both).max(1) as f32
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| -> f32 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        (dot(a, b) / lengths).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
#[path = "unanswered_tests.rs"]
mod tests;
