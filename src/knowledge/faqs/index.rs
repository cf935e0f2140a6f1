//! The approved questions in memory: loaded from the store at startup, updated with every change.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use super::asked::FaqQuestion;
use super::matching::{FaqThresholds, Likeness, Prepared, compare};
use crate::knowledge::live;
use crate::language::Language;
use crate::store::faqs::Faq;
use crate::store::{FaqId, UnixMs, WorkspaceId};

/// An approved answer whose question matched the visitor's.
#[derive(Debug, Clone, PartialEq)]
pub struct FaqMatch {
    pub faq: Faq,
    /// The phrasing that fits best.
    pub phrasing: String,
    /// Of the visitor's question and the phrasing; `None` without vectors.
    pub cosine: Option<f32>,
    /// Of the visitor's question and phrasing plus answer; `None` without vectors.
    pub answered: Option<f32>,
    /// Share of the content words that both have, 0 to 1.
    pub overlap: f32,
    /// `cosine` and `overlap` together, 0 to 1; only comparable within one question.
    pub score: f32,
    /// The words are the same, so no model has to confirm it.
    pub certain: bool,
}

#[derive(Debug)]
struct Entry {
    faq: Faq,
    phrasings: Vec<Prepared>,
}

#[derive(Debug, Default)]
pub(crate) struct FaqIndex {
    entries: RwLock<HashMap<WorkspaceId, HashMap<FaqId, Entry>>>,
}

impl FaqIndex {
    /// Adds or updates a question; a draft is removed.
    pub(super) fn put(&self, faq: Faq, embedder: &str) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let of_workspace = entries.entry(faq.workspace).or_default();
        if faq.approved_at.is_none() {
            of_workspace.remove(&faq.id);
            return;
        }
        let phrasings = faq
            .phrasings
            .iter()
            .map(|p| {
                let vector = p
                    .embedding
                    .as_deref()
                    .filter(|_| p.embedder.as_deref() == Some(embedder));
                let vectors = vector.map(live::decode).map(|both| {
                    let (asked, answered) = both.split_at(both.len() / 2);
                    (asked.to_vec(), answered.to_vec())
                });
                Prepared::new(&p.question, &faq.answer, vectors)
            })
            .collect();
        of_workspace.insert(faq.id, Entry { faq, phrasings });
    }

    pub(super) fn remove(&self, workspace: WorkspaceId, id: FaqId) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_workspace) = entries.get_mut(&workspace) {
            of_workspace.remove(&id);
        }
    }

    /// Removes all questions of a workspace.
    pub(crate) fn forget(&self, workspace: WorkspaceId) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&workspace);
    }

    pub(super) fn live(&self, workspace: WorkspaceId, now: UnixMs) -> Vec<Faq> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let all = entries
            .get(&workspace)
            .into_iter()
            .flat_map(HashMap::values);
        let mut live: Vec<Faq> = all
            .map(|e| e.faq.clone())
            .filter(|f| f.is_live(now))
            .collect();
        live.sort_by_key(|faq| faq.id);
        live
    }

    pub(super) fn has(&self, workspace: WorkspaceId, now: UnixMs) -> bool {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries
            .get(&workspace)
            .is_some_and(|all| all.values().any(|e| e.faq.is_live(now)))
    }

    /// The approved question that is the same as `question`, if there is no doubt.
    pub(super) fn find(
        &self,
        workspace: WorkspaceId,
        question: &str,
        vector: Option<&[f32]>,
        now: UnixMs,
        limits: &FaqThresholds,
        tags: &[String],
    ) -> Option<FaqMatch> {
        let ranked = self.rank(workspace, question, vector, now, limits, tags, order);
        let (best, likeness) = ranked.iter().find(|(_, l)| l.same)?;
        let rival = ranked
            .iter()
            .filter(|(other, _)| other.faq.answer != best.faq.answer)
            .filter_map(|(_, l)| l.cosine)
            .fold(f32::MIN, f32::max);
        let clear = likeness.certain
            || likeness
                .cosine
                .is_none_or(|cosine| cosine >= rival + limits.margin);
        clear.then(|| best.clone())
    }

    /// The nearest approved questions, best first, whether or not they are the same.
    pub(super) fn nearest(
        &self,
        workspace: WorkspaceId,
        question: &str,
        vector: Option<&[f32]>,
        now: UnixMs,
        limit: usize,
        tags: &[String],
    ) -> Vec<FaqMatch> {
        let limits = FaqThresholds::default();
        let by_nearness = |a: &Likeness, b: &Likeness| a.near.total_cmp(&b.near);
        let ranked = self.rank(workspace, question, vector, now, &limits, tags, by_nearness);
        // An answer to the opposite question is wrong, and must not even be shown as related.
        let near = ranked
            .into_iter()
            .filter(|(_, likeness)| !likeness.contrary);
        near.take(limit).map(|(found, _)| found).collect()
    }

    /// Live questions with their best phrasing, the greatest by `order` first.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is one condition of a match"
    )]
    fn rank(
        &self,
        workspace: WorkspaceId,
        question: &str,
        vector: Option<&[f32]>,
        now: UnixMs,
        limits: &FaqThresholds,
        tags: &[String],
        order: impl Fn(&Likeness, &Likeness) -> std::cmp::Ordering,
    ) -> Vec<(FaqMatch, Likeness)> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let Some(of_workspace) = entries.get(&workspace) else {
            return Vec::new();
        };
        // Cached, so that the question is analysed once per language of the phrasings.
        let mut asked: HashMap<Language, FaqQuestion> = HashMap::new();
        let mut ranked: Vec<(&Entry, &Prepared, Likeness)> = Vec::new();
        let live = of_workspace.values().filter(|e| e.faq.is_live(now));
        for entry in live.filter(|e| is_chosen(&e.faq, tags)) {
            let best = entry
                .phrasings
                .iter()
                .map(|p| {
                    let asked = asked
                        .entry(p.language)
                        .or_insert_with(|| p.analyse(question));
                    (p, compare(asked, vector, p, limits))
                })
                .max_by(|(_, a), (_, b)| order(a, b));
            if let Some((phrasing, likeness)) = best {
                ranked.push((entry, phrasing, likeness));
            }
        }
        ranked.sort_by(|(a, _, x), (b, _, y)| {
            order(y, x).then(b.faq.updated_at.cmp(&a.faq.updated_at))
        });
        let mut seen = HashSet::new();
        ranked
            .into_iter()
            .take(16)
            .filter(|(entry, _, _)| seen.insert(entry.faq.id))
            .map(|(entry, phrasing, likeness)| {
                let found = FaqMatch {
                    faq: entry.faq.clone(),
                    phrasing: phrasing.question.clone(),
                    cosine: likeness.cosine,
                    answered: likeness.answered,
                    overlap: likeness.overlap,
                    score: likeness.score(),
                    certain: likeness.certain,
                };
                (found, likeness)
            })
            .collect()
    }
}

/// Whether an answer has one of the tags; any answer if there are none.
pub(super) fn is_chosen(faq: &Faq, tags: &[String]) -> bool {
    tags.is_empty() || faq.tags.iter().any(|tag| tags.contains(tag))
}

/// Same questions before others, then by similarity.
fn order(a: &Likeness, b: &Likeness) -> std::cmp::Ordering {
    a.same.cmp(&b.same).then(a.score().total_cmp(&b.score()))
}
