//! `/v1/rerank`: orders texts by how well they answer a question, in the shape that Cohere's and Jina's clients read. The reader
//! judges, or the embedder where it is named or there is no reader.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::auth::{OfCredential, OfPrincipal, Principal, Scope};
use super::metrics::Metrics;
use super::openai::{ApiError, ErrorEnvelope, Json};
use super::route::{Policy, Route, routes};
use crate::app::App;
use crate::llm::{Claim, EmbedAs, Priority, ReadPassage};

/// Where newer clients of Cohere ask.
pub(super) const PATH_V2: &str = "/v2/rerank";
/// Of one request.
const MOST_DOCUMENTS: usize = 256;
/// In characters: longer texts are judged part by part.
const PART: usize = 1500;
/// Of one request.
const MOST_PARTS: usize = 1024;

pub(super) fn routes() -> Vec<Route> {
    const CHAT: Policy = Policy::Scope(Scope::Chat);
    routes![
        (POST, "/v1/rerank", CHAT, create),
        (POST, "/v2/rerank", CHAT, create_v2),
    ]
}

/// Texts to order. Unknown fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RerankRequest {
    /// Name of the reader or of the embedding model, or `default`.
    model: Option<String>,
    /// The question.
    query: String,
    /// Up to 256 texts, or objects with `text`.
    #[schema(value_type = Vec<Object>)]
    documents: Vec<Value>,
    /// How many to return; all when absent.
    top_n: Option<usize>,
    /// Return the texts too.
    return_documents: Option<bool>,
}

/// The texts, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RerankView {
    id: String,
    /// Always `list`.
    object: &'static str,
    model: String,
    results: Vec<RankedView>,
    /// Tokens read, where the model tells them.
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Value>,
    #[schema(value_type = Object)]
    meta: Value,
}

/// One text.
#[derive(Debug, Serialize, ToSchema)]
pub struct RankedView {
    /// Its place in the request.
    index: usize,
    /// 0 to 1; only comparable within one request.
    relevance_score: f32,
    #[schema(value_type = Option<Object>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Value>,
}

/// Orders texts by how well they answer a question.
#[utoipa::path(post, path = "/v1/rerank", tag = "openai", operation_id = "rerank", request_body = RerankRequest,
    responses((status = 200, body = RerankView), (status = 400, body = ErrorEnvelope),
              (status = 404, body = ErrorEnvelope), (status = 503, body = ErrorEnvelope)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    principal: Principal,
    Json(request): Json<RerankRequest>,
) -> Result<axum::Json<RerankView>, ApiError> {
    rank(&app, &metrics, &principal, request)
        .await
        .map(axum::Json)
}

/// The same where newer clients of Cohere ask.
#[utoipa::path(post, path = "/v2/rerank", tag = "openai", operation_id = "rerankV2", request_body = RerankRequest,
    responses((status = 200, body = RerankView), (status = 400, body = ErrorEnvelope),
              (status = 404, body = ErrorEnvelope), (status = 503, body = ErrorEnvelope)))]
pub(super) async fn create_v2(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    principal: Principal,
    Json(request): Json<RerankRequest>,
) -> Result<axum::Json<RerankView>, ApiError> {
    rank(&app, &metrics, &principal, request)
        .await
        .map(axum::Json)
}

/// Who judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judge {
    Reader,
    Embedder,
}

fn find_judge(app: &App, asked: Option<&str>) -> Result<Judge, ApiError> {
    let asked = asked.map_or("default", |name| app.config.openai_aliases.resolve(name));
    let (reader, embedder) = (app.reader.name(), app.embedder.name());
    match asked {
        "default" | "frontdesk" if app.reader.ready().is_ok() => Ok(Judge::Reader),
        "default" | "frontdesk" => Ok(Judge::Embedder),
        name if name == reader => Ok(Judge::Reader),
        name if name == embedder => Ok(Judge::Embedder),
        name => Err(ApiError::no_such_model(name, &[reader, embedder])),
    }
}

async fn rank(
    app: &App,
    metrics: &Metrics,
    principal: &Principal,
    request: RerankRequest,
) -> Result<RerankView, ApiError> {
    let judge = find_judge(app, request.model.as_deref())?;
    let texts = read_texts(&request)?;
    let mut parts = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        parts.extend(cut(text).into_iter().map(|part| (at, part)));
    }
    if parts.len() > MOST_PARTS {
        let reason = "these documents are too long together; send fewer at once";
        return Err(ApiError::invalid("documents", reason));
    }
    let workspace = principal.workspace(app, None).await?.id;
    let claim = Claim::new(Priority::Api, principal.credential().flow(workspace));
    let mut scores = vec![0.0_f32; texts.len()];
    let mut note = |at: usize, score: f32| {
        if let Some(best) = scores.get_mut(at) {
            *best = best.max(score);
        }
    };
    let mut tokens = None;
    match judge {
        Judge::Reader => {
            let passages = parts.iter().map(|(_, text)| ReadPassage {
                heading: String::new(),
                text: (*text).to_owned(),
            });
            let passages = passages.collect();
            let read = app.reader.read(request.query.clone(), passages, claim);
            for ((at, _), spans) in parts.iter().zip(read.await?) {
                if let Some(best) = spans.first() {
                    note(*at, squash(best.margin));
                }
            }
        }
        Judge::Embedder => {
            let query = vec![request.query.clone()];
            let asked = app.embedder.embed(query, EmbedAs::Query, claim).await?;
            let passages = parts.iter().map(|(_, text)| (*text).to_owned()).collect();
            let given = app
                .embedder
                .embed(passages, EmbedAs::Passage, claim)
                .await?;
            let used = asked.tokens.saturating_add(given.tokens);
            metrics.count_tokens(used, 0, 0);
            tokens = Some(json!({ "prompt_tokens": used, "total_tokens": used }));
            let question = asked.vectors.first().map_or(&[][..], Vec::as_slice);
            for ((at, _), vector) in parts.iter().zip(&given.vectors) {
                let near: f32 = question.iter().zip(vector).map(|(a, b)| a * b).sum();
                note(*at, near.clamp(0.0, 1.0));
            }
        }
    }
    let model = match judge {
        Judge::Reader => app.reader.name(),
        Judge::Embedder => app.embedder.name(),
    };
    Ok(RerankView {
        id: uuid::Uuid::now_v7().to_string(),
        object: "list",
        model,
        results: order(scores, &texts, &request),
        usage: tokens,
        meta: json!({ "api_version": { "version": "2" }, "billed_units": { "search_units": 1 } }),
    })
}

fn order(scores: Vec<f32>, texts: &[String], request: &RerankRequest) -> Vec<RankedView> {
    let with_text = request.return_documents == Some(true);
    let pairs = scores.into_iter().zip(texts).enumerate();
    let mut results: Vec<_> = pairs
        .map(|(index, (relevance_score, text))| RankedView {
            index,
            relevance_score,
            document: with_text.then(|| json!({ "text": text })),
        })
        .collect();
    results.sort_by(|a, b| b.relevance_score.total_cmp(&a.relevance_score));
    results.truncate(request.top_n.unwrap_or(usize::MAX));
    results
}

fn read_texts(request: &RerankRequest) -> Result<Vec<String>, ApiError> {
    if request.query.trim().is_empty() {
        return Err(ApiError::invalid("query", "query must be a question"));
    }
    if request.top_n == Some(0) {
        return Err(ApiError::invalid("top_n", "top_n must be at least 1"));
    }
    let count = request.documents.len();
    if !(1..=MOST_DOCUMENTS).contains(&count) {
        let reason = format!("documents must hold 1 to {MOST_DOCUMENTS} texts, not {count}");
        return Err(ApiError::invalid("documents", reason));
    }
    let numbered = request.documents.iter().enumerate();
    let texts = numbered.map(|(at, one)| {
        let text = one.as_str().or_else(|| one["text"].as_str());
        text.map(str::to_owned).ok_or_else(|| {
            let reason =
                "a document is a text, or an object with the text as text; images are not read";
            ApiError::invalid(format!("documents[{at}]"), reason)
        })
    });
    texts.collect()
}

/// Parts of about [`PART`] characters, cut at white space where there is some.
fn cut(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(PART) {
        let (head, _) = rest.split_at(end);
        let at = head.rfind(char::is_whitespace).filter(|at| *at > 0);
        let (part, more) = rest.split_at(at.unwrap_or(end));
        parts.push(part);
        rest = more.trim_start();
    }
    parts.push(rest);
    parts
}

/// A margin of about −20 to 20 as a number from 0 to 1.
fn squash(margin: f32) -> f32 {
    1.0 / (1.0 + (-margin / 4.0).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_words() {
        let text = "word ".repeat(1000);
        let parts = cut(&text);
        assert_eq!(parts.len(), 4);
        assert!(parts.iter().all(|part| part.chars().count() <= PART));
        assert!(parts[0].ends_with("word") && parts[1].starts_with("word"));
        assert_eq!(cut(&"ü".repeat(PART + 1)).len(), 2);
        assert_eq!(cut(""), [""]);
    }

    #[test]
    fn margins_keep_their_order() {
        assert!(
            squash(-20.0) > 0.0 && squash(-3.0) < 0.5 && squash(3.0) > 0.5 && squash(20.0) <= 1.0
        );
    }
}
