//! `POST /v1/embeddings`.

use std::sync::Arc;

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model_name::ALIASES;
use super::{ApiError, Json};
use crate::app::App;
use crate::http::auth::{OfCredential, OfPrincipal, Principal};
use crate::http::metrics::Metrics;
use crate::llm::{Claim, EmbedAs, Priority};

const MOST_INPUTS: usize = 2048;

/// A request for embeddings. Unknown fields are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EmbeddingRequest {
    /// Name of the embedding model, or `default`.
    model: String,
    /// One text or up to 2048.
    #[schema(value_type = Object)]
    input: Input,
    /// `float` (default) or `base64`: little-endian 32-bit floats.
    encoding_format: Option<Encoding>,
    /// Keep only this many leading dimensions; the vectors are scaled back to length 1.
    dimensions: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a text or a list of texts")]
enum Input {
    One(String),
    Many(Vec<String>),
    /// Tokens, from clients that tokenise themselves. Every model has its own, so we cannot use them.
    #[expect(dead_code, reason = "what the list holds does not matter")]
    Other(Vec<serde::de::IgnoredAny>),
}

#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Float,
    Base64,
}

/// Embeddings in the order of the texts.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmbeddingList {
    /// Always `list`.
    object: &'static str,
    /// One per text.
    data: Vec<EmbeddingView>,
    /// Name of the model.
    model: String,
    /// Tokens read.
    usage: EmbeddingUsage,
}

#[derive(Debug, Serialize, ToSchema)]
struct EmbeddingView {
    object: &'static str,
    index: usize,
    #[schema(value_type = Object)]
    embedding: Vector,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Vector {
    Floats(Vec<f32>),
    Base64(String),
}

#[derive(Debug, Serialize, ToSchema)]
struct EmbeddingUsage {
    prompt_tokens: u32,
    total_tokens: u32,
}

/// Maps texts to vectors of length 1.
#[utoipa::path(post, path = "/v1/embeddings", tag = "openai", operation_id = "createEmbedding",
    request_body = EmbeddingRequest,
    responses((status = 200, body = EmbeddingList), (status = 400, body = super::ErrorEnvelope),
              (status = 404, body = super::ErrorEnvelope)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    principal: Principal,
    Json(request): Json<EmbeddingRequest>,
) -> Result<axum::Json<EmbeddingList>, ApiError> {
    let model = app.embedder.name();
    let asked = app.config.openai_aliases.resolve(&request.model);
    if asked != model && !ALIASES.contains(&asked) {
        return Err(ApiError::no_such_model(&request.model, &[model]));
    }
    let dimensions = check_dimensions(request.dimensions, app.embedder.dimensions())?;
    let encoding = request.encoding_format.unwrap_or(Encoding::Float);
    let workspace = principal.workspace(&app, None).await?.id;
    let claim = Claim::new(Priority::Api, principal.credential().flow(workspace));
    let embedded = app
        .embedder
        .embed(request.input.texts()?, EmbedAs::Passage, claim)
        .await?;
    metrics.count_tokens(embedded.tokens, 0, 0);
    let vectors = embedded.vectors.into_iter().enumerate();
    let data = vectors.map(|(index, vector)| EmbeddingView {
        object: "embedding",
        index,
        embedding: encode(shorten(vector, dimensions), encoding),
    });
    let usage = EmbeddingUsage {
        prompt_tokens: embedded.tokens,
        total_tokens: embedded.tokens,
    };
    Ok(axum::Json(EmbeddingList {
        object: "list",
        data: data.collect(),
        model,
        usage,
    }))
}

impl Input {
    fn texts(self) -> Result<Vec<String>, ApiError> {
        let texts = match self {
            Input::One(text) => vec![text],
            Input::Many(texts) => texts,
            Input::Other(_) => {
                return Err(ApiError::invalid(
                    "input",
                    "input must be text: this model's tokens differ from the ones you sent; with \
                     LangChain set check_embedding_ctx_length=False",
                ));
            }
        };
        if texts.is_empty() || texts.len() > MOST_INPUTS {
            let message = format!(
                "input must hold 1 to {MOST_INPUTS} texts, not {}",
                texts.len()
            );
            return Err(ApiError::invalid("input", message));
        }
        match texts.iter().position(String::is_empty) {
            Some(at) => Err(ApiError::invalid(
                "input",
                format!("text {at} of input is empty"),
            )),
            None => Ok(texts),
        }
    }
}

fn check_dimensions(asked: Option<usize>, native: usize) -> Result<usize, ApiError> {
    match asked {
        None => Ok(native),
        Some(n) if (1..=native).contains(&n) => Ok(n),
        Some(_) => {
            let message = format!("dimensions must be between 1 and {native} for this model");
            Err(ApiError::invalid("dimensions", message))
        }
    }
}

/// Keeps the first `dimensions` numbers, scaled to Euclidean length 1.
fn shorten(mut vector: Vec<f32>, dimensions: usize) -> Vec<f32> {
    if dimensions < vector.len() {
        vector.truncate(dimensions);
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|x| *x /= length);
        }
    }
    vector
}

fn encode(vector: Vec<f32>, encoding: Encoding) -> Vector {
    match encoding {
        Encoding::Float => Vector::Floats(vector),
        Encoding::Base64 => {
            let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
            Vector::Base64(STANDARD.encode(bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_vector_has_length_one_again() {
        let short = shorten(vec![0.6, 0.0, 0.8], 2);
        assert_eq!(short, vec![1.0, 0.0]);
        assert_eq!(shorten(vec![0.0, 0.0, 1.0], 2), vec![0.0, 0.0]);
        assert_eq!(shorten(vec![0.6, 0.8], 2), vec![0.6, 0.8]);
    }

    #[test]
    fn base64_is_little_endian_floats() {
        let Vector::Base64(text) = encode(vec![1.0, -2.0], Encoding::Base64) else {
            panic!()
        };
        assert_eq!(text, "AACAPwAAAMA=");
    }
}
