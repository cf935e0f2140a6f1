//! An answer in progress: its prompt, its sampler, and the text shown so far.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::model::LlamaModel;

use super::choosing::{Choose, chances, find_most_likely, sampler};
use super::sequences::{SequenceId, Token};
use super::text::TextStream;
use super::tools::{Piece, ToolScanner, parse};
use super::unfinished::Unfinished;
use crate::llm::{ChatEvent, ChatRequest, Claim, FinishReason, LlmError, OutputFormat, Usage};

/// A request with a tokenized prompt that waits for a place in the cache.
pub(super) struct PreparedChat {
    pub(super) id: u64,
    pub(super) prompt: Vec<Token>,
    pub(super) dropped: u32,
    /// The most tokens to generate.
    pub(super) limit: u32,
    pub(super) claim: Claim,
    /// Whether cached tokens may be used; not with a seed, which asks for the same text again.
    pub(super) reuse: bool,
    choose: Choose,
    text: TextStream,
    tools: Tools,
    /// Set if the answer must be a JSON object, so that it can be completed before the limit cuts it.
    object: Option<Unfinished>,
}

/// How tool calls are found.
enum Tools {
    None,
    /// Within the text.
    Scan(ToolScanner),
    /// A grammar makes the whole answer one call.
    Forced(String),
}

impl PreparedChat {
    pub(super) fn new(
        id: u64,
        request: &ChatRequest,
        prompt: Vec<Token>,
        dropped: u32,
        limit: u32,
        model: &LlamaModel,
    ) -> Result<Self, LlmError> {
        let forced = request.require_tool.as_deref();
        let tools = match (&request.tools, forced) {
            (Some(_), Some(_)) => Tools::Forced(String::new()),
            (Some(_), None) => Tools::Scan(ToolScanner::default()),
            (None, _) => Tools::None,
        };
        let is_object = forced.is_none() && matches!(request.format, OutputFormat::JsonObject);
        let object = is_object
            .then(Unfinished::object)
            .filter(|object| count_tokens(model, &object.ending()) <= limit);
        Ok(Self {
            id,
            prompt,
            dropped,
            limit,
            claim: request.claim,
            reuse: request.sampling.seed.is_none(),
            choose: sampler(request, model)?,
            text: TextStream::new(&request.sampling.stop),
            tools,
            object,
        })
    }
}

/// An answer that has its place in the cache.
pub(super) struct Answer {
    pub(super) sequence: SequenceId,
    /// Prompt tokens that are in the cache or in the batch being computed.
    pub(super) read: usize,
    /// The last chosen token, which is not in the cache yet.
    pub(super) next: Option<Token>,
    /// Index of its logits in the batch being computed.
    pub(super) logits: Option<i32>,
    pub(super) prepared: PreparedChat,
    cached: usize,
    generated: u32,
    /// Tokens of the ending that we wrote in place of the model.
    ending: u32,
}

impl Answer {
    pub(super) fn new(prepared: PreparedChat, sequence: SequenceId, shared: usize) -> Self {
        Self {
            sequence,
            read: shared,
            next: None,
            logits: None,
            prepared,
            cached: shared,
            generated: 0,
            ending: 0,
        }
    }

    pub(super) fn started_event(&self) -> ChatEvent {
        ChatEvent::Started {
            prompt_tokens: narrow(self.prepared.prompt.len()),
            cached_tokens: narrow(self.cached),
            dropped_messages: self.prepared.dropped,
        }
    }

    /// Position of the next token to compute.
    pub(super) fn position(&self) -> usize {
        self.prepared.prompt.len() + self.generated.saturating_sub(1) as usize
    }

    /// Prompt tokens that are not computed yet.
    pub(super) fn unread(&self) -> &[Token] {
        self.prepared.prompt.get(self.read..).unwrap_or_default()
    }

    /// Chooses the next token from the logits at `index`. Returns what can be shown, and why the answer ends
    /// if it does.
    pub(super) fn choose(
        &mut self,
        context: &LlamaContext<'_>,
        model: &LlamaModel,
        index: i32,
    ) -> (Vec<ChatEvent>, Option<FinishReason>) {
        let token = match &mut self.prepared.choose {
            Choose::Greedy => find_most_likely(context.get_logits_ith(index)),
            Choose::Sampler(sampler) => sampler.sample(context, index),
            Choose::Options(words) => {
                let logits = context.get_logits_ith(index);
                let chances = chances(logits, words);
                let best = (0..chances.len()).max_by_key(|&at| chances.get(at));
                let word = best
                    .and_then(|at| words.get(at))
                    .map(|(word, _)| word.clone());
                let text = ChatEvent::Delta(word.unwrap_or_default());
                return (
                    vec![ChatEvent::Chances(chances), text],
                    Some(FinishReason::Stop),
                );
            }
        };
        if model.vocab().is_eog(token) {
            // The end mark counts as generated although it is never shown.
            self.generated += 1;
            return (Vec::new(), Some(FinishReason::Stop));
        }
        let piece = model.vocab().token_to_piece(token, false, None);
        if let Some(ending) = self.end_before(&piece, model) {
            self.ending = count_tokens(model, &ending);
            let text = self.prepared.text.push(ending.as_bytes());
            return (self.show(text), Some(FinishReason::Length));
        }
        self.generated += 1;
        let text = self.prepared.text.push(&piece);
        let events = self.show(text);
        self.next = Some(token.0);
        let finish = if self.prepared.text.has_stopped() {
            Some(FinishReason::Stop)
        } else if self.generated >= self.prepared.limit {
            Some(FinishReason::Length)
        } else {
            None
        };
        (events, finish)
    }

    /// Completes the JSON object now if the next piece would leave no room for its ending.
    fn end_before(&mut self, piece: &[u8], model: &LlamaModel) -> Option<String> {
        let before = self.prepared.object.take()?;
        let mut after = before.clone();
        after.push(piece);
        let room = self.prepared.limit.saturating_sub(self.generated + 1);
        let ending = after.ending();
        // A token has at least one byte, so a short ending need not be tokenized.
        let fits = narrow(ending.len()) <= room || count_tokens(model, &ending) <= room;
        self.prepared.object = Some(after);
        (!fits).then(|| before.ending())
    }

    fn show(&mut self, text: String) -> Vec<ChatEvent> {
        if text.is_empty() {
            return Vec::new();
        }
        match &mut self.prepared.tools {
            Tools::None => vec![ChatEvent::Delta(text)],
            Tools::Scan(scanner) => scanner
                .push(&text, self.prepared.id)
                .into_iter()
                .map(to_event)
                .collect(),
            Tools::Forced(all) => {
                all.push_str(&text);
                Vec::new()
            }
        }
    }

    /// Returns the last events of an answer.
    pub(super) fn finish(&mut self, reason: FinishReason) -> Vec<ChatEvent> {
        let rest = self.prepared.text.finish();
        let mut events = self.show(rest);
        let id = self.prepared.id;
        match &mut self.prepared.tools {
            Tools::None => {}
            Tools::Scan(scanner) => events.extend(scanner.finish(id).into_iter().map(to_event)),
            Tools::Forced(all) => {
                let text = std::mem::take(all);
                events
                    .push(parse(&text, id, 1).map_or(ChatEvent::Delta(text), ChatEvent::ToolCall));
            }
        }
        let called =
            events.iter().any(|e| matches!(e, ChatEvent::ToolCall(_))) || self.has_called();
        let finish = if called && reason == FinishReason::Stop {
            FinishReason::ToolCalls
        } else {
            reason
        };
        let usage = Usage {
            prompt_tokens: narrow(self.prepared.prompt.len()),
            cached_tokens: narrow(self.cached),
            completion_tokens: self.generated + self.ending,
        };
        events.push(ChatEvent::Done { finish, usage });
        events
    }

    fn has_called(&self) -> bool {
        matches!(&self.prepared.tools, Tools::Scan(scanner) if scanner.has_found())
    }
}

fn to_event(piece: Piece) -> ChatEvent {
    match piece {
        Piece::Text(text) => ChatEvent::Delta(text),
        Piece::Call(call) => ChatEvent::ToolCall(call),
    }
}

fn count_tokens(model: &LlamaModel, text: &str) -> u32 {
    narrow(model.vocab().tokenize(text.as_bytes(), false, false).len())
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
