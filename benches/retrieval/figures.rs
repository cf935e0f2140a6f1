//! How well passages are found: nDCG@10, recall@5 and the share of questions whose passage is among
//! the first three and eight, for each way of ranking, with times.

use std::collections::HashMap;
use std::time::Instant;

use frontdesk::agent::follow_up;
use frontdesk::knowledge::{Knowledge, KnowledgeError, Passage, RankBy, SearchOptions};
use frontdesk::store::{DocumentId, WorkspaceId};
use serde::Serialize;
use serde_json::json;

use crate::collection::{Collection, Question, Wanted};

/// Passages that are asked for.
const DEPTH: usize = 40;

/// Figures of one way of ranking over one collection.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// The collection.
    pub collection: String,
    /// What decided the order.
    pub by: &'static str,
    /// Questions asked.
    pub questions: usize,
    /// Normalised discounted cumulative gain of the first ten documents, 0 to 1 (Järvelin and
    /// Kekäläinen 2002), for collections that name documents.
    pub ndcg_10: f64,
    /// Share of the wanted documents among the first five.
    pub recall_5: f64,
    /// Share of questions with something wanted among the first three passages.
    pub hit_3: f64,
    /// The same for the first eight.
    pub hit_8: f64,
    /// Milliseconds of a search, the question's vector included: half of them took less.
    pub p50_ms: f64,
    /// 95 of 100 took less.
    pub p95_ms: f64,
}

/// A way of searching.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// What it is called.
    pub name: &'static str,
    /// What decides the order.
    pub by: RankBy,
    /// Whether follow-ups are rewritten from the conversation.
    pub rewriting: bool,
}

/// The ways that are compared.
pub const WAYS: [Way; 5] = [
    way("words", RankBy::Words, true),
    way("meaning", RankBy::Meaning, true),
    way("both", RankBy::Both, true),
    way("as-typed", RankBy::All, false),
    way("all", RankBy::All, true),
];

const fn way(name: &'static str, by: RankBy, rewriting: bool) -> Way {
    Way {
        name,
        by,
        rewriting,
    }
}

/// Asks all questions of a collection whose documents the workspace holds under `names`. What each
/// candidate's place came from goes to `seen`, a line of JSON each.
///
/// # Errors
/// When a search fails.
pub async fn measure(
    knowledge: &Knowledge,
    workspace: WorkspaceId,
    collection: &Collection,
    names: &HashMap<DocumentId, String>,
    way: Way,
    seen: &mut dyn FnMut(serde_json::Value),
) -> Result<Figures, KnowledgeError> {
    let mut sums = [0.0f64; 4];
    let mut times = Vec::new();
    for (i, question) in collection.questions.iter().enumerate() {
        let query = if way.rewriting {
            follow_up::sought(&question.history, &question.text).query
        } else {
            question.text.clone()
        };
        let options = SearchOptions {
            limit: DEPTH,
            rank_by: way.by,
            ..SearchOptions::default()
        };
        let since = Instant::now();
        let found = knowledge
            .search()
            .find_with(workspace, &query, &options)
            .await?;
        times.push(since.elapsed().as_secs_f64() * 1000.0);
        let judged = judge(&found.passages, question, names);
        for (passage, right) in found.passages.iter().zip(&judged) {
            let name = names.get(&passage.document);
            seen(
                json!({"collection": collection.name, "question": i, "right": right,
                "document": name, "cosine": passage.cosine, "signals": passage.signals,
                "wanted": wanted(question)}),
            );
        }
        for (sum, figure) in sums
            .iter_mut()
            .zip(figures(&found.passages, &judged, question))
        {
            *sum += figure;
        }
    }
    let count = collection.questions.len();
    let [ndcg_10, recall_5, hit_3, hit_8] = sums.map(|s| s / count.max(1) as f64);
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(0.0);
    Ok(Figures {
        collection: collection.name.clone(),
        by: way.name,
        questions: count,
        ndcg_10,
        recall_5,
        hit_3,
        hit_8,
        p50_ms: at(50),
        p95_ms: at(95),
    })
}

fn wanted(question: &Question) -> usize {
    match &question.wanted {
        Wanted::Documents(names) => names.len(),
        Wanted::Text { .. } => 1,
    }
}

fn judge(
    passages: &[Passage],
    question: &Question,
    names: &HashMap<DocumentId, String>,
) -> Vec<bool> {
    passages
        .iter()
        .map(|p| {
            let name = names.get(&p.document).map_or("", String::as_str);
            question.wanted.is(name, &p.text)
        })
        .collect()
}

/// nDCG@10 and recall@5 over documents, and whether one of the first 3 and 8 passages is right.
fn figures(passages: &[Passage], judged: &[bool], question: &Question) -> [f64; 4] {
    let first = |n: usize| judged.iter().take(n).any(|right| *right);
    let hits = [3, 8].map(|n| if first(n) { 1.0 } else { 0.0 });
    let mut documents: Vec<(DocumentId, bool)> = Vec::new();
    for (passage, right) in passages.iter().zip(judged) {
        if !documents.iter().any(|(d, _)| *d == passage.document) {
            documents.push((passage.document, *right));
        }
    }
    let all = wanted(question);
    let gain = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
    let gained: f64 = documents
        .iter()
        .take(10)
        .enumerate()
        .filter(|(_, (_, right))| *right)
        .map(|(rank, _)| gain(rank))
        .sum();
    let ideal: f64 = (0..all.min(10)).map(gain).sum();
    let recalled = documents.iter().take(5).filter(|(_, right)| *right).count();
    [
        gained / ideal.max(1e-9),
        recalled as f64 / all.max(1) as f64,
        hits[0],
        hits[1],
    ]
}
