//! A front desk for tests, with one caller on the line. Its fake ears and voice are shared with `tests/it`.

#[path = "../../../tests/it/voice_fakes.rs"]
mod voice_fakes;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::voice_fakes::{FakeEars, FakeSynthesizer};
use crate::agent::Agent;
use crate::extract::Extracted;
use crate::knowledge::{ExtractFailure, Extractor, Knowledge};
use crate::llm::{
    ChatModel, ChatRequest, ChatStream, Claim, EmbedAs, Embedder, Embeddings, LlmError,
    ReadPassage, Reader, Span,
};
use crate::store::assistants::{self, NewAssistant};
use crate::store::calls::CallChannel;
use crate::store::faqs::{FaqState, NewFaq};
use crate::store::{Store, WorkspaceId, workspaces};
use crate::usage::Flow;
use crate::voice::listener::Listener;
use crate::voice::{Caller, Incoming, Outgoing, Parts, VoiceSettings, line};
use crate::worker::Governor;

/// Stands in for all engines that a test does not use.
struct Nothing;

fn unavailable() -> LlmError {
    LlmError::Unavailable("there is none".into())
}

#[async_trait]
impl ChatModel for Nothing {
    fn name(&self) -> String {
        "none".into()
    }
    fn context_tokens(&self) -> u32 {
        1024
    }
    fn weights_hash(&self) -> Option<String> {
        None
    }
    fn ready(&self) -> Result<(), LlmError> {
        Err(unavailable())
    }
    async fn chat(&self, _: ChatRequest) -> Result<ChatStream, LlmError> {
        Err(unavailable())
    }
}

#[async_trait]
impl Embedder for Nothing {
    fn name(&self) -> String {
        "none".into()
    }
    fn dimensions(&self) -> usize {
        384
    }
    fn ready(&self) -> Result<(), LlmError> {
        Err(unavailable())
    }
    async fn embed(&self, _: Vec<String>, _: EmbedAs, _: Claim) -> Result<Embeddings, LlmError> {
        Err(unavailable())
    }
}

#[async_trait]
impl Reader for Nothing {
    fn name(&self) -> String {
        "none".into()
    }
    fn weights_hash(&self) -> Option<String> {
        None
    }
    fn ready(&self) -> Result<(), LlmError> {
        Err(unavailable())
    }
    async fn read(
        &self,
        _: String,
        _: Vec<ReadPassage>,
        _: Claim,
    ) -> Result<Vec<Vec<Span>>, LlmError> {
        Err(unavailable())
    }
}

#[async_trait]
impl Extractor for Nothing {
    async fn extract(&self, _: Bytes, _: String, _: bool) -> Result<Extracted, ExtractFailure> {
        Err(ExtractFailure::Machine("none".into()))
    }
}

/// A front desk with one caller on the line.
pub(super) struct TestDesk {
    pub(super) store: Store,
    pub(super) workspace: WorkspaceId,
    pub(super) ears: Arc<FakeEars>,
    pub(super) voice: Arc<FakeSynthesizer>,
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
    /// Fires when the workspace has no minutes left.
    pub(super) spent: CancellationToken,
    to: Option<mpsc::Sender<Incoming>>,
    from: mpsc::Receiver<Outgoing>,
    pub(super) log: Vec<Outgoing>,
}

pub(super) const OPEN: &str = "We are open from nine to five on every day of the week but Sunday.";

impl TestDesk {
    pub(super) async fn with(settings: VoiceSettings) -> Self {
        let store = Store::open_in_memory().unwrap();
        let set = serde_json::to_value(&settings).unwrap();
        let (workspace, assistant) = store
            .write(move |tx| {
                let workspace = workspaces::get_or_create(tx, "default", "Bluefin", 1)?.id;
                workspaces::set_section(tx, workspace, VoiceSettings::SECTION, &set)?;
                let new = NewAssistant {
                    name: "desk",
                    title: "Desk",
                    instructions: "",
                    greeting: "Hello there.",
                    model: None,
                    settings: &serde_json::json!({}),
                };
                Ok((workspace, {
                    let id = assistants::create(tx, workspace, &new, 1)?;
                    assistants::get(tx, workspace, id)?.into_inner()
                }))
            })
            .await
            .unwrap();
        let (engines, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let spent = CancellationToken::new();
        let nothing = Arc::new(Nothing);
        let knowledge = Knowledge::start(
            store.clone(),
            nothing.clone(),
            nothing.clone(),
            &engines,
            shutdown.clone(),
        )
        .unwrap();
        for (question, answer) in [
            ("When are you open?", OPEN),
            ("Do you offer gift cards?", "Yes, from twenty dollars."),
        ] {
            let new = NewFaq {
                answer: answer.into(),
                state: FaqState::Approved,
                owner: String::new(),
                language: Some("en".into()),
                source: String::new(),
                expires_at: None,
                phrasings: vec![question.into()],
            };
            knowledge.faqs().create(workspace, new).await.unwrap();
        }
        let ears = Arc::new(FakeEars {
            takes: Duration::from_millis(60),
            usual: "",
            likely: Mutex::new(0.9),
            ..FakeEars::default()
        });
        let voice = Arc::new(FakeSynthesizer {
            ms_per_word: 250,
            rate: 16_000,
            ..FakeSynthesizer::default()
        });
        let tasks = TaskTracker::new();
        let parts = Arc::new(Parts {
            agent: Agent::new(store.clone(), knowledge, nothing.clone(), nothing),
            inbox: crate::inbox::Inbox::start(store.clone(), &engines, shutdown.clone()),
            store: store.clone(),
            ears: ears.clone(),
            synthesizer: voice.clone(),
            providers: None,
            governor: Governor::default(),
            quotas: crate::usage::quota::Quotas::new(store.clone()),
            places: 1,
            shutdown: shutdown.clone(),
            tasks: tasks.clone(),
        });
        let caller = Caller {
            workspace,
            assistant,
            channel: CallChannel::Browser,
            name: None,
            conversation: None,
            begun_by: None,
            flow: Flow::HOUSE,
        };
        let (to, from, line) = line();
        let loud = |frame: &[f32]| if frame[0].abs() > 0.1 { 0.95 } else { 0.01 };
        let listener = Listener::with_score(Box::new(loud));
        tasks.spawn(super::run_with(
            parts,
            caller,
            line,
            spent.clone(),
            listener,
        ));
        Self {
            store,
            workspace,
            ears,
            voice,
            tasks,
            shutdown,
            spent,
            to: Some(to),
            from,
            log: Vec::new(),
        }
    }

    /// Sets the transcripts of the next pauses.
    pub(super) fn will_say(&self, sentences: &[&str]) {
        self.ears.will_hear(sentences);
    }

    pub(super) async fn send(&self, message: Incoming) {
        if let Some(to) = &self.to {
            let _ = to.send(message).await;
        }
    }

    async fn sound(&mut self, ms: u64, sample: i16) {
        for _ in 0..ms / 20 {
            let pcm: Vec<u8> = sample.to_le_bytes().repeat(320);
            self.send(Incoming::Audio(pcm.into())).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            while let Ok(message) = self.from.try_recv() {
                self.log.push(message);
            }
        }
    }

    pub(super) async fn speak(&mut self, ms: u64) {
        self.sound(ms, 12_000).await;
    }

    pub(super) async fn quiet(&mut self, ms: u64) {
        self.sound(ms, 0).await;
    }

    /// Stays silent until a matching message arrives; panics after a minute.
    pub(super) async fn until(
        &mut self,
        what: &str,
        found: impl Fn(&Outgoing) -> bool,
    ) -> Outgoing {
        let from = self.log.len();
        for _ in 0..3000 {
            if let Some(message) = self.log.iter().skip(from).find(|m| found(m)) {
                return message.clone();
            }
            self.quiet(20).await;
        }
        panic!("{what} did not come; there was {:?}", self.shown());
    }

    /// The messages received, without sound.
    pub(super) fn shown(&self) -> Vec<&Outgoing> {
        self.log
            .iter()
            .filter(|m| !matches!(m, Outgoing::Audio { .. }))
            .collect()
    }

    /// Waits for the end of the greeting.
    pub(super) async fn wait_for_greeting(&mut self) {
        self.until("listening", |m| {
            matches!(m, Outgoing::Phase(crate::voice::Phase::Listening))
        })
        .await;
    }

    /// Hangs up, and checks that all tasks end.
    pub(super) async fn hang_up(&mut self) {
        self.to = None;
        self.wait_for_end().await;
    }

    /// Waits for the session's tasks to end.
    pub(super) async fn wait_for_end(&mut self) {
        self.tasks.close();
        let over = tokio::time::timeout(Duration::from_secs(60), self.tasks.wait()).await;
        assert!(over.is_ok(), "a task of the session is left");
        while let Ok(message) = self.from.try_recv() {
            self.log.push(message);
        }
    }

    /// The first column of a query, as text.
    pub(super) async fn query(&self, sql: &'static str) -> Vec<String> {
        self.store
            .read(move |conn| {
                let mut statement = conn.prepare(sql)?;
                let rows = statement.query_map([], |row| {
                    row.get::<_, rusqlite::types::Value>(0).map(|v| match v {
                        rusqlite::types::Value::Text(text) => text,
                        rusqlite::types::Value::Integer(n) => n.to_string(),
                        other => format!("{other:?}"),
                    })
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
            .unwrap()
    }
}
