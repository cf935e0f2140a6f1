//! The chat model's part of a round: admit requests, assemble one batch, compute it, send the results.
//!
//! While a voice turn is computed the other answers rest, but for every eighth round, and two places are kept for voice.

use std::num::NonZeroU32;
use std::time::Instant;

use llama_cpp_2::DecodeError;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::answer::{Answer, PreparedChat};
use super::prompt::{Template, fit, load_template};
use super::protocol::{ChatSetup, Event};
use super::queue::Queue;
use super::scheduler::refuse;
use super::sequences::{Admission, Placement, Sequences, Token};
use crate::llm::{ChatRequest, LlmError, Priority};
use crate::reason::Reason;
use crate::worker::child::Port;

/// Prompt tokens computed in one round while no answer is being generated. Larger batches are hardly
/// faster on a CPU, and a cancel has to wait for the end of the round.
const PREFILL_ALONE: usize = 512;
/// Prompt tokens computed in one round beside running answers, so that these do not stall.
const PREFILL_BESIDE: usize = 64;
/// While a live voice turn is computed, the others rest for this many rounds before they get one.
const TURN_OF_THE_REST: u32 = 8;
/// Answers beyond `chat.parallel` that only live voice turns may start, so that a caller does not wait for
/// another answer to end.
const VOICE_PLACES: usize = 2;
/// Cells that finished conversations may keep: about five conversations of usual length.
const RESIDENT_CELLS: usize = 3072;
/// Sequences beyond the running ones that keep finished conversations.
const RESIDENT: usize = 16;

/// The chat model with its queue and running answers.
pub(super) struct Chat<'m> {
    model: &'m LlamaModel,
    context: LlamaContext<'m>,
    batch: LlamaBatch<'m>,
    template: Template,
    setup: ChatSetup,
    books: Sequences,
    queue: Queue<PreparedChat>,
    active: Vec<Answer>,
    /// Rounds in a row in which only live voice turns took part.
    rested: u32,
}

impl<'m> Chat<'m> {
    pub(super) fn new(
        backend: &LlamaBackend,
        model: &'m LlamaModel,
        setup: ChatSetup,
        threads: i32,
    ) -> Result<Self, Reason> {
        let answers = usize::from(setup.parallel) + VOICE_PLACES;
        let sequences = answers + RESIDENT;
        let batch = PREFILL_ALONE + answers;
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(setup.cells))
            .with_n_batch(narrow(batch))
            .with_n_ubatch(narrow(batch))
            .with_n_seq_max(narrow(sequences))
            .with_kv_unified(true)
            .with_n_threads(threads)
            .with_n_threads_batch(threads);
        let context = model.new_context(backend, params).map_err(|e| {
            let told = format!("the chat model cannot be started: {e}; is there enough memory?");
            Reason::told(told, e)
        })?;
        Ok(Self {
            template: load_template(model)?,
            batch: LlamaBatch::new(batch, 1),
            books: Sequences::new(sequences, setup.cells as usize, RESIDENT_CELLS),
            queue: Queue::new(usize::from(setup.queue)),
            active: Vec::new(),
            rested: 0,
            model,
            context,
            setup,
        })
    }

    pub(super) fn is_computing(&self) -> bool {
        !self.active.is_empty()
    }

    /// Whether anything is being computed or waiting.
    pub(super) fn is_busy(&self) -> bool {
        self.is_computing() || self.queue.len() > 0
    }

    /// The most tokens of one conversation.
    pub(super) fn window(&self) -> u32 {
        self.setup
            .context
            .min(self.setup.cells)
            .min(self.model.n_ctx_train())
    }

    fn prepare(&self, id: u64, request: &ChatRequest) -> Result<PreparedChat, LlmError> {
        let window = self.window();
        let wanted = request
            .sampling
            .max_tokens
            .unwrap_or(self.setup.max_tokens)
            .max(1);
        // The answer reserves at most half of the window; the prompt may fill the rest.
        let reserve = wanted.min(window / 2);
        let tools = match &request.tools {
            Some(text) => Some(
                serde_json::from_str(text)
                    .map_err(|e| Reason::told(format!("the tools are not valid JSON: {e}"), e))
                    .map_err(LlmError::Invalid)?,
            ),
            None => None,
        };
        let (prompt, dropped) = fit(
            &request.messages,
            (window - reserve) as usize,
            window,
            |messages| {
                let text = self.template.render(messages, tools.as_ref())?;
                Ok(self.tokenize(&text))
            },
        )?;
        if prompt.is_empty() {
            return Err(LlmError::Invalid("the messages are empty".into()));
        }
        let read = u32::try_from(prompt.len()).unwrap_or(u32::MAX);
        let limit = wanted.min(window.saturating_sub(read)).max(1);
        let dropped = u32::try_from(dropped).unwrap_or(u32::MAX);
        PreparedChat::new(id, request, prompt, dropped, limit, self.model)
    }

    fn tokenize(&self, text: &str) -> Vec<Token> {
        let vocab = self.model.vocab();
        // Templates usually write the start mark themselves.
        let bos = vocab
            .text(vocab.bos())
            .map(|t| t.to_string_lossy().into_owned());
        let written = bos.is_some_and(|bos| !bos.is_empty() && text.starts_with(&bos));
        let tokens = vocab.tokenize(text.as_bytes(), !written && vocab.should_add_bos(), true);
        tokens.into_iter().map(|t| t.0).collect()
    }

    pub(super) fn request(
        &mut self,
        id: u64,
        request: &ChatRequest,
        port: &Port,
    ) -> std::io::Result<()> {
        let prepared = match self.prepare(id, request) {
            Ok(prepared) => prepared,
            Err(error) => return refuse(port, id, error),
        };
        let claim = prepared.claim;
        match self.queue.push(claim, prepared, Instant::now()) {
            Ok(()) => Ok(()),
            Err(_) => {
                let waiting = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
                refuse(port, id, LlmError::Busy { waiting })
            }
        }
    }

    /// Ends cancelled requests. Their tokens stay in the cache.
    pub(super) fn drop_cancelled(&mut self, port: &Port) -> std::io::Result<()> {
        for gone in self.queue.remove(|waiting| port.is_cancelled(waiting.id)) {
            port.end(gone.id)?;
        }
        let (gone, kept) = std::mem::take(&mut self.active)
            .into_iter()
            .partition(|answer| port.is_cancelled(answer.prepared.id));
        self.active = kept;
        let gone: Vec<Answer> = gone;
        for answer in gone {
            self.books.release(answer.sequence);
            port.end(answer.prepared.id)?;
        }
        Ok(())
    }

    /// Starts waiting requests while there is room.
    pub(super) fn admit(&mut self, port: &Port) -> std::io::Result<()> {
        let parallel = usize::from(self.setup.parallel);
        while self.active.len() < parallel + VOICE_PLACES {
            let books = &self.books;
            let mut blocked = false;
            let full = self.active.len() >= parallel;
            let next = self.queue.offer(Instant::now(), |waiting| {
                if blocked || (full && waiting.claim.priority != Priority::Voice) {
                    return None;
                }
                match books.admit(&waiting.prompt, waiting.limit as usize, waiting.reuse) {
                    Admission::Start(placement) => Some(placement),
                    Admission::AwaitPrefix => None,
                    Admission::Full => {
                        // Smaller requests must not overtake, or a large one might wait forever.
                        blocked = true;
                        None
                    }
                }
            });
            let Some((prepared, placement)) = next else {
                break;
            };
            if !prepared.reuse && self.active.is_empty() {
                // The position of tokens in the cache changes the last bits of sums over them, so
                // repeating a text needs the same starting point: an empty cache.
                self.context.clear_kv_cache();
                self.books.clear_all();
            }
            self.place(&placement);
            self.books
                .start(&placement, &prepared.prompt, prepared.limit as usize);
            let answer = Answer::new(prepared, placement.sequence, placement.shared);
            port.event(answer.prepared.id, &Event::Chat(answer.started_event()))?;
            self.active.push(answer);
        }
        Ok(())
    }

    /// Carries out a placement in llama.cpp's cache.
    fn place(&mut self, placement: &Placement) {
        let target = i32::try_from(placement.sequence).unwrap_or(0);
        for &id in &placement.evict {
            self.forget(id);
        }
        let keep = u32::try_from(placement.shared).unwrap_or(u32::MAX);
        match placement.copy_from {
            Some(source) => {
                self.forget(placement.sequence);
                let source = i32::try_from(source).unwrap_or(0);
                let copied = self
                    .context
                    .kv_cache_seq_cp(source, target, Some(0), Some(keep));
                debug_assert!(copied.is_ok());
            }
            None => {
                let cut = self.context.kv_cache_seq_rm(target, Some(keep), None);
                debug_assert!(cut.is_ok());
            }
        }
    }

    fn forget(&mut self, id: usize) {
        let sequence = i32::try_from(id).unwrap_or(0);
        let cleared = self.context.kv_cache_seq_rm(sequence, None, None);
        debug_assert!(cleared.is_ok());
        self.books.clear(id);
    }

    /// Fills the batch with the next token of every running answer and a piece of the unread prompts.
    fn assemble(&mut self) {
        self.batch.clear();
        let now = Instant::now();
        let mut place = 0i32;
        let mut add =
            |batch: &mut LlamaBatch<'_>, token: Token, position: usize, sequence: usize, logits| {
                let position = i32::try_from(position).unwrap_or(i32::MAX);
                let sequence = i32::try_from(sequence).unwrap_or(0);
                let added = batch.add(LlamaToken(token), position, &[sequence], logits);
                debug_assert!(added.is_ok());
                place += 1;
                place - 1
            };
        let live = self
            .active
            .iter()
            .any(|answer| answer.prepared.claim.priority == Priority::Voice);
        let resting = live && self.rested < TURN_OF_THE_REST;
        self.rested = if resting { self.rested + 1 } else { 0 };
        let takes_part =
            |answer: &Answer| !resting || answer.prepared.claim.priority == Priority::Voice;
        for answer in &mut self.active {
            answer.logits = None;
            if !takes_part(answer) {
                continue;
            }
            if let Some(token) = answer.next.take() {
                let position = answer.position();
                answer.logits = Some(add(&mut self.batch, token, position, answer.sequence, true));
                self.books.extend(answer.sequence, &[token]);
                self.queue.charge(answer.prepared.claim.flow, 1, now);
            }
        }
        let generating = self.batch.n_tokens() > 0;
        let mut budget = if generating {
            PREFILL_BESIDE
        } else {
            PREFILL_ALONE
        };
        let mut readers: Vec<&mut Answer> = self
            .active
            .iter_mut()
            .filter(|a| takes_part(a) && !a.unread().is_empty())
            .collect();
        // The sort is stable: within a priority, the oldest is read first.
        readers.sort_by_key(|a| std::cmp::Reverse(a.prepared.claim.priority));
        for answer in readers {
            let piece: Vec<Token> = answer.unread().iter().take(budget).copied().collect();
            budget -= piece.len();
            let whole = piece.len() == answer.unread().len();
            for (n, &token) in piece.iter().enumerate() {
                let last = whole && n + 1 == piece.len();
                let at = add(
                    &mut self.batch,
                    token,
                    answer.read + n,
                    answer.sequence,
                    last,
                );
                if last {
                    answer.logits = Some(at);
                }
            }
            answer.read += piece.len();
            self.books.extend(answer.sequence, &piece);
            self.queue
                .charge(answer.prepared.claim.flow, piece.len(), now);
            if budget == 0 {
                break;
            }
        }
    }

    fn compute(&mut self) -> Result<(), DecodeError> {
        loop {
            match self.context.decode(&mut self.batch) {
                // Rare, since the estimate of free cells errs on the safe side: make room and retry.
                Err(DecodeError::NoKvCacheSlot) => match self.books.find_oldest_full() {
                    Some(id) => self.forget(id),
                    None => return Err(DecodeError::NoKvCacheSlot),
                },
                other => return other,
            }
        }
    }

    /// Chooses the next tokens from the results and sends them.
    fn commit(&mut self, port: &Port) -> std::io::Result<()> {
        let mut still = Vec::with_capacity(self.active.len());
        for mut answer in std::mem::take(&mut self.active) {
            let Some(index) = answer.logits.take() else {
                still.push(answer);
                continue;
            };
            let (mut events, finish) = answer.choose(&self.context, self.model, index);
            if let Some(reason) = finish {
                events.extend(answer.finish(reason));
            }
            for event in events {
                port.event(answer.prepared.id, &Event::Chat(event))?;
            }
            if finish.is_some() {
                self.books.release(answer.sequence);
                port.end(answer.prepared.id)?;
            } else {
                still.push(answer);
            }
        }
        self.active = still;
        Ok(())
    }

    /// Computes one round. A failure ends every running answer and empties its sequence.
    pub(super) fn round(&mut self, port: &Port) -> std::io::Result<()> {
        self.assemble();
        if self.batch.n_tokens() == 0 {
            return Ok(());
        }
        match self.compute() {
            Ok(()) => self.commit(port),
            Err(error) => {
                let told = format!("the language model failed ({error})");
                let reason = Reason::told(told, error);
                for answer in std::mem::take(&mut self.active) {
                    self.books.release(answer.sequence);
                    self.forget(answer.sequence);
                    let id = answer.prepared.id;
                    port.event(id, &Event::Error(LlmError::Interrupted(reason.clone())))?;
                    port.end(id)?;
                }
                Ok(())
            }
        }
    }
}
