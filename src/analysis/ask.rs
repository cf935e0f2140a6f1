//! Small questions to a model. All of them begin with the same words, so that a conversation is read once.

use futures::StreamExt;
use serde_json::Value;

use crate::analysis::prompts::Prompts;
use crate::analysis::types::Cost;
use crate::llm::{
    ChatEvent, ChatMessage, ChatModel, ChatRequest, Claim, FinishReason, LlmError, OutputFormat,
    Role, patiently,
};

/// Chances are rounded to quarters of a nat: values from the cache differ in their last bits, and a score must not.
const STEP: f64 = 0.25;

pub(crate) struct Asker<'a> {
    model: &'a dyn ChatModel,
    prompts: &'static Prompts,
    claim: Claim,
    pub(crate) cost: Cost,
}

/// What a stream gave.
#[derive(Default)]
struct Answer {
    text: String,
    chances: Vec<i32>,
    is_cut: bool,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(model: &'a dyn ChatModel, prompts: &'static Prompts, claim: Claim) -> Self {
        let cost = Cost {
            model: Some(model.name()),
            weights_hash: model.weights_hash(),
            prompt_version: prompts.version.clone(),
            ..Cost::default()
        };
        Self {
            model,
            prompts,
            claim,
            cost,
        }
    }

    /// An answer in the form of a schema. One that was cut off is closed where it is still whole.
    ///
    /// # Errors
    /// [`LlmError::Interrupted`] if it is no JSON.
    pub(crate) async fn json(
        &mut self,
        window: &str,
        question: &str,
        schema: &Value,
        max_tokens: u32,
    ) -> Result<Value, LlmError> {
        let format = OutputFormat::JsonSchema(schema.to_string());
        self.cost.json_asked += 1;
        let answer = self.ask(window, question, format, max_tokens).await?;
        if let Ok(value) = serde_json::from_str(&answer.text) {
            self.cost.json_valid += 1;
            return Ok(value);
        }
        tracing::debug!(cut = answer.is_cut, "an answer was no whole JSON");
        close(&answer.text).ok_or_else(|| LlmError::Interrupted("the model wrote no JSON".into()))
    }

    /// How likely each word is, from 0 to 1.
    pub(crate) async fn choose(
        &mut self,
        window: &str,
        question: &str,
        words: &[&str],
    ) -> Result<Vec<f64>, LlmError> {
        let format = OutputFormat::Choice(words.iter().map(|word| (*word).to_owned()).collect());
        let answer = self.ask(window, question, format, 1).await?;
        if answer.chances.len() != words.len() {
            return Err(LlmError::Interrupted(
                "the engine returned no judgement".into(),
            ));
        }
        Ok(chances(&answer.chances))
    }

    async fn ask(
        &mut self,
        window: &str,
        question: &str,
        format: OutputFormat,
        max_tokens: u32,
    ) -> Result<Answer, LlmError> {
        let messages = vec![
            ChatMessage::new(Role::System, self.prompts.system.clone()),
            ChatMessage::new(Role::User, self.prompts.about(window, question)),
        ];
        let mut request = ChatRequest::new(messages, self.claim);
        // Greedy. A seed would change nothing but keep the conversation from being read once only.
        request.sampling.temperature = 0.0;
        request.sampling.max_tokens = Some(max_tokens);
        request.format = format;
        let model = self.model;
        let mut stream = patiently(|| model.chat(request.clone())).await?;
        self.cost.requests += 1;
        let mut answer = Answer::default();
        while let Some(event) = stream.next().await {
            match event? {
                ChatEvent::Started {
                    prompt_tokens,
                    cached_tokens,
                    ..
                } => {
                    let read = prompt_tokens.saturating_sub(cached_tokens);
                    self.cost.tokens_read += u64::from(read);
                }
                ChatEvent::ServedBy(served) => {
                    // Whatever else the local model said: this analysis also rests on another.
                    self.cost.model = Some(format!("{} ({})", served.model, served.provider));
                    self.cost.weights_hash = None;
                }
                ChatEvent::Delta(piece) => answer.text.push_str(&piece),
                ChatEvent::Chances(chances) => answer.chances = chances,
                ChatEvent::ToolCall(_) => {}
                ChatEvent::Done { finish, usage } => {
                    answer.is_cut = finish == FinishReason::Length;
                    self.cost.tokens_written += u64::from(usage.completion_tokens);
                }
            }
        }
        Ok(answer)
    }
}

/// Log-probabilities in thousandths of a nat to shares of 1.
fn chances(logs: &[i32]) -> Vec<f64> {
    let best = logs.iter().copied().max().unwrap_or_default();
    let weights: Vec<f64> = logs
        .iter()
        .map(|log| {
            let nats = (f64::from(*log) - f64::from(best)) / 1000.0;
            ((nats / STEP).round() * STEP).exp()
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// The longest beginning of a cut answer that is JSON once its brackets are closed.
fn close(text: &str) -> Option<Value> {
    let mut ends: Vec<(usize, String)> = Vec::new();
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    for (at, c) in text.char_indices() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
        } else {
            match c {
                '"' => in_string = true,
                '{' => open.push('}'),
                '[' => open.push(']'),
                '}' | ']' => {
                    open.pop();
                }
                // What stands before a comma is whole.
                ',' => ends.push((at, open.iter().rev().collect())),
                _ => {}
            }
        }
    }
    ends.into_iter().rev().find_map(|(at, brackets)| {
        let whole = format!("{}{brackets}", text.get(..at)?);
        serde_json::from_str(&whole).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_answer_keeps_what_is_whole() {
        let cut = r#"{"summary":["One.","Two, he said.","Thr"#;
        let value = close(cut).unwrap();
        assert_eq!(value["summary"][1], "Two, he said.");
        assert!(value["summary"].get(2).is_none());
        assert!(close("no").is_none());
    }

    #[test]
    fn chances_add_up_and_small_differences_do_not_count() {
        let shares = chances(&[-100, -2000]);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(shares[0] > 0.8);
        assert_eq!(chances(&[-100, -2000]), chances(&[-100, -2010]));
    }
}
