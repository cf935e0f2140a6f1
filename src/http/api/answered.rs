//! An answer, as the OpenAPI document describes it. What is sent is the agent's own type; a test holds the two together.

use utoipa::ToSchema;

/// An answer with what it rests on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the answer")]
pub struct AskAnswer {
    /// With `[n]` where it cites.
    answer: String,
    /// How it was found: `faq`, `fact`, `read` (quoted), `related` (close, but no answer), `model`, `refusal` or `talk`.
    rung: String,
    /// In the order of their numbers.
    citations: Vec<AskCitation>,
    /// Id of its receipt; `null` when nothing was stored.
    receipt: Option<String>,
    timings_ms: AskTimings,
    tokens: AskTokens,
    /// Whether it offers a person.
    handoff: bool,
    /// Whether the engine stopped before it was complete.
    interrupted: bool,
    /// The provider that wrote it, if people are to be told; absent otherwise.
    provider: Option<String>,
    /// Answers to the question in it that can be chosen; absent where there is no choice.
    options: Option<Vec<String>>,
}

/// A place in a document that supports an answer, or an answer or fact that the business approved.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the answer")]
pub struct AskCitation {
    /// The number in the answer: `[1]` is 1.
    number: u32,
    /// `document`, `faq` or `fact`.
    kind: String,
    /// Id of the document, approved answer or fact.
    document: String,
    /// Id of the quoted document version; empty unless it is a document.
    version: String,
    /// Title of the document, or the approved question.
    title: String,
    /// Headings above the passage, outermost first.
    section: Option<String>,
    /// From 1, where the format has pages.
    page: Option<u32>,
    /// Byte range of `quote` in the version's text.
    #[schema(value_type = Vec<usize>)]
    span: [usize; 2],
    /// The cited words.
    quote: String,
    /// The answering words within `quote`, as a byte range; absent if none are marked.
    #[schema(value_type = Option<Vec<usize>>)]
    marked: Option<[usize; 2]>,
    /// 0 to 1; only comparable within one answer.
    score: f32,
}

/// Times of an answer in ms.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the answer")]
pub struct AskTimings {
    /// Searching for passages.
    retrieve: u64,
    /// From the question to the first word.
    first_token: u64,
    /// From the question to the end.
    total: u64,
}

/// Tokens of an answer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the answer")]
pub struct AskTokens {
    prompt: u32,
    /// Prompt tokens that came from the cache.
    cached: u32,
    /// Generated tokens.
    completion: u32,
}
