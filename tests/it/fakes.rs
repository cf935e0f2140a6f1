//! Engines that do what a test tells them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk::extract::ocr::SeenPage;
use frontdesk::extract::{self, ExtractError, Extracted};
use frontdesk::knowledge::{ExtractFailure, Extractor, Read, TellPage};
use frontdesk::llm::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, Claim, EmbedAs, Embedder, Embeddings,
    FinishReason, LlmError, OutputFormat, ToolCall, Usage,
};
use frontdesk::speech::{
    AudioError, Segment, SpeechError, TranscribeOptions, Transcriber, Transcript, Word,
};
use futures::{StreamExt, stream};
use parking::Script;

pub mod parking {
    //! What a fake chat model does next, set by the test.

    use std::sync::{Mutex, PoisonError};

    use super::{ChatRequest, LlmError, OutputFormat};

    /// What the model does with a request.
    #[derive(Debug, Clone)]
    pub enum Plan {
        /// Says these words.
        Words(Vec<String>),
        /// Says these words and then nothing for ever.
        Stall(Vec<String>),
        /// Says these words and fails.
        Break(Vec<String>, LlmError),
        /// Refuses the request.
        Refuse(LlmError),
        /// Calls a tool.
        Call(String, String),
        /// Panics.
        Panic,
    }

    /// The plan, and the requests that came.
    #[derive(Debug)]
    pub struct Script {
        plan: Mutex<Plan>,
        /// What is written where a form is asked for; `None`: as the plan says.
        form: Mutex<Option<String>>,
        seen: Mutex<Vec<ChatRequest>>,
    }

    impl Default for Script {
        fn default() -> Self {
            let words = ["Hello", " there", "."].map(str::to_owned).to_vec();
            Self {
                plan: Mutex::new(Plan::Words(words)),
                form: Mutex::default(),
                seen: Mutex::default(),
            }
        }
    }

    impl Script {
        pub fn set(&self, plan: Plan) {
            *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
        }

        /// Writes this from now on where a form is asked for.
        pub fn fill_forms(&self, json: &serde_json::Value) {
            *self.form.lock().unwrap_or_else(PoisonError::into_inner) = Some(json.to_string());
        }

        pub fn note(&self, request: ChatRequest) -> Plan {
            let is_form = matches!(request.format, OutputFormat::JsonSchema(_));
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(request);
            let form = self.form.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(form) = form.as_ref().filter(|_| is_form) {
                return Plan::Words(vec![form.clone()]);
            }
            drop(form);
            self.plan
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        }

        pub fn last(&self) -> ChatRequest {
            self.seen
                .lock()
                .unwrap()
                .last()
                .expect("a request came")
                .clone()
        }

        /// What each request said, its messages joined.
        pub fn prompts(&self) -> Vec<String> {
            let seen = self.seen.lock().unwrap();
            let joined = |request: &ChatRequest| {
                let texts: Vec<&str> = request
                    .messages
                    .iter()
                    .map(|m| m.content.as_str())
                    .collect();
                texts.join("\n")
            };
            seen.iter().map(joined).collect()
        }

        pub fn count(&self) -> usize {
            self.seen.lock().unwrap().len()
        }
    }
}

pub use parking::Plan;

/// A chat model that follows a script, and counts the answers that were dropped before their end.
#[derive(Default)]
pub struct FakeChat {
    pub script: Script,
    pub cancelled: Arc<AtomicUsize>,
}

/// Counts a drop that came before the end.
struct Watch {
    cancelled: Arc<AtomicUsize>,
    ended: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.ended {
            self.cancelled.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl FakeChat {
    pub fn cancelled(&self) -> usize {
        self.cancelled.load(Ordering::SeqCst)
    }

    fn stream(&self, events: Vec<Result<ChatEvent, LlmError>>, stall: bool) -> ChatStream {
        let watch = Watch {
            cancelled: self.cancelled.clone(),
            ended: false,
        };
        let tail = if stall {
            stream::pending().left_stream()
        } else {
            stream::empty().right_stream()
        };
        let events = stream::iter(events).chain(tail);
        Box::pin(events.scan(watch, |watch, event| {
            watch.ended = matches!(event, Ok(ChatEvent::Done { .. }) | Err(_));
            futures::future::ready(Some(event))
        }))
    }
}

const USAGE: Usage = Usage {
    prompt_tokens: 12,
    cached_tokens: 5,
    completion_tokens: 3,
};

fn deltas(words: Vec<String>) -> Vec<Result<ChatEvent, LlmError>> {
    let started = ChatEvent::Started {
        prompt_tokens: 12,
        cached_tokens: 5,
        dropped_messages: 0,
    };
    let words = words.into_iter().map(|word| Ok(ChatEvent::Delta(word)));
    std::iter::once(Ok(started)).chain(words).collect()
}

fn done(finish: FinishReason) -> Result<ChatEvent, LlmError> {
    Ok(ChatEvent::Done {
        finish,
        usage: USAGE,
    })
}

#[async_trait]
impl ChatModel for FakeChat {
    fn name(&self) -> String {
        "fake-chat".into()
    }

    fn context_tokens(&self) -> u32 {
        4096
    }

    fn weights_hash(&self) -> Option<String> {
        Some("ab".repeat(32))
    }

    fn ready(&self) -> Result<(), LlmError> {
        Ok(())
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, LlmError> {
        if let OutputFormat::Choice(words) = &request.format {
            // Judges everything as the first word says.
            let mut events = deltas(vec![words.first().cloned().unwrap_or_default()]);
            let chances = (0..words.len()).map(|at| if at == 0 { -50 } else { -5000 });
            events.insert(1, Ok(ChatEvent::Chances(chances.collect())));
            events.push(done(FinishReason::Stop));
            return Ok(self.stream(events, false));
        }
        let (events, stall) = match self.script.note(request) {
            Plan::Refuse(error) => return Err(error),
            Plan::Panic => panic!("the secret detail of a panic"),
            Plan::Words(words) => {
                let mut events = deltas(words);
                events.push(done(FinishReason::Stop));
                (events, false)
            }
            Plan::Stall(words) => (deltas(words), true),
            Plan::Break(words, error) => {
                let mut events = deltas(words);
                events.push(Err(error));
                (events, false)
            }
            Plan::Call(name, arguments) => {
                let mut events = deltas(Vec::new());
                let call = ToolCall {
                    id: "call_1".into(),
                    name,
                    arguments,
                };
                events.push(Ok(ChatEvent::ToolCall(call)));
                events.push(done(FinishReason::ToolCalls));
                (events, false)
            }
        };
        Ok(self.stream(events, stall))
    }
}

/// Vectors from hashed words, so that texts with common words are near each other.
pub struct FakeEmbedder;

const DIMENSIONS: usize = 64;

impl FakeEmbedder {
    fn vector(text: &str) -> Vec<f32> {
        let mut vector = vec![0.0_f32; DIMENSIONS];
        for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                let hash = word
                    .bytes()
                    .fold(17_usize, |h, b| h.wrapping_mul(31) ^ usize::from(b));
                vector[hash % DIMENSIONS] += 1.0;
            }
        }
        let length = vector
            .iter()
            .map(|x| x * x)
            .sum::<f32>()
            .sqrt()
            .max(f32::MIN_POSITIVE);
        vector.iter().map(|x| x / length).collect()
    }
}

#[async_trait]
impl Embedder for FakeEmbedder {
    fn name(&self) -> String {
        "fake-embedder".into()
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn ready(&self) -> Result<(), LlmError> {
        Ok(())
    }

    async fn embed(
        &self,
        texts: Vec<String>,
        _: EmbedAs,
        _: Claim,
    ) -> Result<Embeddings, LlmError> {
        let tokens = texts
            .iter()
            .map(|text| text.split_whitespace().count())
            .sum::<usize>();
        let vectors = texts.iter().map(|text| Self::vector(text)).collect();
        Ok(Embeddings {
            vectors,
            tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
        })
    }
}

/// Hears "Hello there." in everything that begins like a WAV file.
pub struct FakeTranscriber;

#[async_trait]
impl Transcriber for FakeTranscriber {
    fn ready(&self) -> Result<(), SpeechError> {
        Ok(())
    }

    fn models(&self) -> Vec<String> {
        vec!["fake-whisper".into()]
    }

    async fn transcribe(
        &self,
        audio: Bytes,
        _file_name: Option<String>,
        _model: Option<String>,
        options: TranscribeOptions,
    ) -> Result<Transcript, SpeechError> {
        if options.language.as_deref() == Some("xx") {
            return Err(SpeechError::UnknownLanguage { code: "xx".into() });
        }
        if !audio.starts_with(b"RIFF") {
            let seems = audio.starts_with(b"%PDF").then(|| "a PDF file".to_owned());
            let error = AudioError::NotAudio { seems };
            return Err(SpeechError::Rejected(error.to_string().into()));
        }
        let word = |text: &str, start_ms, end_ms| Word {
            start_ms,
            end_ms,
            text: text.into(),
            probability: 0.9,
        };
        let segment = |id, text: &str, start_ms, end_ms| Segment {
            id,
            start_ms,
            end_ms,
            text: text.into(),
            words: if options.words {
                vec![word(text, start_ms, end_ms)]
            } else {
                Vec::new()
            },
            ..Segment::default()
        };
        Ok(Transcript {
            language: options.language.clone().unwrap_or_else(|| "en".into()),
            duration_ms: 1500,
            text: "Hello there.".into(),
            segments: vec![segment(0, "Hello", 0, 700), segment(1, "there.", 700, 1500)],
            ..Transcript::default()
        })
    }
}

/// Reads documents as the product does, without the process around it.
#[derive(Default)]
pub struct InProcessExtractor {
    pub eyes: Arc<FakeEyes>,
}

/// Text recognition that sees what a test says on every picture; without that, pictures stay unread.
#[derive(Default)]
pub struct FakeEyes {
    pages: Mutex<Vec<SeenPage>>,
    /// How often somebody looked.
    pub looks: AtomicUsize,
}

impl FakeEyes {
    pub fn see(&self, pages: Vec<SeenPage>) {
        *self.pages.lock().unwrap() = pages;
    }
}

#[async_trait]
impl Extractor for InProcessExtractor {
    async fn extract(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
    ) -> Result<Extracted, ExtractFailure> {
        let limits = extract::Limits {
            hidden,
            ..extract::Limits::default()
        };
        extract::extract(&bytes, &name, &limits).map_err(refused)
    }

    async fn extract_pictures(
        &self,
        bytes: Bytes,
        name: String,
        hidden: bool,
        _: TellPage<'_>,
    ) -> Result<Read, ExtractFailure> {
        let mut seen = self.eyes.pages.lock().unwrap().clone();
        let limits = extract::Limits::default();
        let pictures = matches!(
            extract::extract(&bytes, &name, &limits),
            Err(ExtractError::Pictures { .. })
        );
        if seen.is_empty() || !pictures {
            let extracted = self.extract(bytes, name, hidden).await?;
            seen.clear();
            return Ok(Read { extracted, seen });
        }
        self.eyes.looks.fetch_add(1, Ordering::SeqCst);
        let extracted = extract::extract_to_check(&bytes, &name, &limits, &seen, false);
        let extracted = extracted.map_err(refused)?;
        Ok(Read { extracted, seen })
    }
}

fn refused(error: ExtractError) -> ExtractFailure {
    ExtractFailure::Document(error.to_string().into())
}
