//! Chooses the next token: the most likely one, with a sampler, or among given words.

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use serde_json::Value;

use super::schema;
use super::tools::call_schema;
use crate::llm::{ChatRequest, LlmError, OutputFormat};
use crate::reason::Reason;

pub(super) enum Choose {
    /// The most likely token; it needs no sampler.
    Greedy,
    Sampler(Box<LlamaSampler>),
    /// The most likely of these words, each with the tokens that it may begin with.
    Options(Vec<(String, Vec<LlamaToken>)>),
}

pub(super) fn sampler(request: &ChatRequest, model: &LlamaModel) -> Result<Choose, LlmError> {
    if let OutputFormat::Choice(words) = &request.format {
        return Ok(Choose::Options(first_tokens(words, model)));
    }
    let sampling = &request.sampling;
    let mut chain = Vec::new();
    if sampling.presence_penalty != 0.0 || sampling.frequency_penalty != 0.0 {
        let (frequency, presence) = (sampling.frequency_penalty, sampling.presence_penalty);
        chain.push(LlamaSampler::penalties(
            model.n_vocab(),
            -1,
            1.0,
            frequency,
            presence,
        ));
    }
    if let Some(grammar) = build_grammar(request)? {
        let sampler = LlamaSampler::grammar(model, &grammar, "root").map_err(|e| {
            let told = format!("the answer's schema cannot be used as a grammar: {e}");
            LlmError::Invalid(Reason::told(told, e))
        })?;
        chain.push(sampler);
    }
    if sampling.temperature <= 0.0 {
        if chain.is_empty() {
            return Ok(Choose::Greedy);
        }
        chain.push(LlamaSampler::greedy());
    } else {
        if sampling.top_p < 1.0 {
            chain.push(LlamaSampler::top_p(sampling.top_p, 1));
        }
        chain.push(LlamaSampler::temp(sampling.temperature));
        // To llama.cpp, the largest number means "choose a seed".
        chain.push(LlamaSampler::dist(sampling.seed.unwrap_or(u32::MAX)));
    }
    Ok(Choose::Sampler(Box::new(LlamaSampler::chain_simple(chain))))
}

/// The grammar that constrains the answer, if any.
fn build_grammar(request: &ChatRequest) -> Result<Option<String>, LlmError> {
    let schema = match (&request.require_tool, &request.tools, &request.format) {
        (Some(name), Some(tools), _) => {
            let tools: Value = serde_json::from_str(tools)
                .map_err(|e| Reason::told(format!("the tools are not valid JSON: {e}"), e))
                .map_err(LlmError::Invalid)?;
            let only = (name != "*").then_some(name.as_str());
            let called = call_schema(&tools, only).ok_or_else(|| {
                LlmError::Invalid(format!("there is no tool named `{name}`").into())
            })?;
            schema::rewrite_or_ignore(called).to_string()
        }
        (_, _, OutputFormat::JsonSchema(schema)) => {
            let schema = serde_json::from_str(schema)
                .map_err(|e| Reason::told(format!("the schema is not valid JSON: {e}"), e))
                .map_err(LlmError::Invalid)?;
            let kept = schema::rewrite_or_refuse(schema).map_err(|what| {
                let told = format!("the JSON Schema of the answer: {what}");
                LlmError::Invalid(Reason::told(told, what))
            })?;
            kept.to_string()
        }
        (_, _, OutputFormat::JsonObject) => r#"{"type":"object"}"#.to_owned(),
        (_, _, OutputFormat::Text | OutputFormat::Choice(_)) => return Ok(None),
    };
    llama_cpp_2::json_schema_to_grammar(&schema)
        .map(Some)
        .map_err(|e| {
            let told = format!("the JSON Schema of the answer is not supported: {e}");
            LlmError::Invalid(Reason::told(told, e))
        })
}

/// The tokens that each word may begin with: as it is, capitalised, and after a space.
fn first_tokens(words: &[String], model: &LlamaModel) -> Vec<(String, Vec<LlamaToken>)> {
    let vocab = model.vocab();
    let of = |word: &String| {
        let mut letters = word.chars();
        let capital: String = letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect())
            .unwrap_or_default();
        let mut tokens: Vec<LlamaToken> = [word.clone(), capital]
            .iter()
            .flat_map(|w| [w.clone(), format!(" {w}")])
            .filter_map(|w| {
                let tokens = vocab.tokenize(w.as_bytes(), false, false);
                tokens.first().copied()
            })
            .collect();
        tokens.sort_by_key(|token| token.0);
        tokens.dedup();
        (word.clone(), tokens)
    };
    words.iter().map(of).collect()
}

/// Log-probability of each word, in thousandths of a nat: the softmax over all tokens, summed over
/// those that begin the word.
pub(super) fn chances(logits: &[f32], words: &[(String, Vec<LlamaToken>)]) -> Vec<i32> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let all: f64 = logits.iter().map(|&l| f64::from(l - top).exp()).sum();
    let chance = |tokens: &[LlamaToken]| {
        let of = tokens.iter().filter_map(|token| {
            let at = usize::try_from(token.0).ok()?;
            logits.get(at).map(|&l| f64::from(l - top).exp())
        });
        // Below e^-20 the exact value makes no difference.
        let log = (of.sum::<f64>() / all.max(f64::MIN_POSITIVE))
            .ln()
            .max(-20.0);
        #[expect(clippy::cast_possible_truncation, reason = "between -20000 and 0")]
        {
            (log * 1000.0).round() as i32
        }
    };
    words.iter().map(|(_, tokens)| chance(tokens)).collect()
}

/// Index of the largest logit. Works in blocks, so that the compiler can compare many at once.
pub(super) fn find_most_likely(logits: &[f32]) -> LlamaToken {
    const BLOCK: usize = 256;
    let mut best = (f32::NEG_INFINITY, 0usize);
    for (n, block) in logits.chunks(BLOCK).enumerate() {
        let top = block.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if top > best.0 {
            let at = block.iter().position(|&l| l == top).unwrap_or(0);
            best = (top, n * BLOCK + at);
        }
    }
    LlamaToken(i32::try_from(best.1).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chances_of_words_are_a_softmax_over_all_tokens() {
        let words = [
            ("yes".to_owned(), vec![LlamaToken(0), LlamaToken(1)]),
            ("no".to_owned(), vec![LlamaToken(2)]),
            ("never".to_owned(), vec![LlamaToken(9)]),
        ];
        let found = chances(&[0.0, 0.0, 0.0, 0.0], &words);
        assert_eq!(found, [-693, -1386, -20_000]);
    }

    #[test]
    fn the_first_of_the_largest_logits_is_chosen() {
        let mut logits = vec![-1.0f32; 1000];
        logits[700] = 3.0;
        logits[900] = 3.0;
        assert_eq!(find_most_likely(&logits).0, 700);
        assert_eq!(find_most_likely(&[]).0, 0);
        assert_eq!(find_most_likely(&[f32::NAN, 1.0]).0, 1);
    }
}
