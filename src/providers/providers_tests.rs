//! Answers of providers that behave and of providers that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use serde_json::json;

use super::chat_provider::{End, FakeChatProvider, Script, anthropic, gemini, openai};
use super::*;
use crate::egress::{Allow, Reach, SystemLookup};
use crate::llm::{
    ChatEvent, ChatMessage, ChatRequest, ChatStream, Claim, FinishReason, LlmError, OutputFormat,
    Priority, Role, Usage,
};
use crate::store::egress::{Entry, list};
use crate::store::providers::{
    Mode, Provider, ProviderBudget, ProviderKind, ProviderModels, ProviderPrices, ProviderUse,
    Redaction, Spend, Wanted,
};
use crate::store::workspaces;
use crate::usage::Flow;

/// This machine's model: it answers with one word after a while.
#[derive(Default)]
struct Here {
    asked: AtomicU32,
    waits: Duration,
}

#[async_trait]
impl ChatModel for Here {
    fn name(&self) -> String {
        "here".to_owned()
    }

    fn context_tokens(&self) -> u32 {
        4_096
    }

    fn weights_hash(&self) -> Option<String> {
        None
    }

    fn ready(&self) -> Result<(), LlmError> {
        Ok(())
    }

    async fn chat(&self, _: ChatRequest) -> Result<ChatStream, LlmError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.waits).await;
        let events = [
            ChatEvent::Delta("local".to_owned()),
            ChatEvent::Done {
                finish: FinishReason::Stop,
                usage: Usage::default(),
            },
        ];
        Ok(stream::iter(events.into_iter().map(Ok)).boxed())
    }
}

/// A workspace with one provider, which is asked first.
struct Desk {
    fake: FakeChatProvider,
    store: Store,
    providers: Providers,
    workspace: WorkspaceId,
    here: Arc<Here>,
}

fn wanted(kind: ProviderKind, port: u16) -> Wanted {
    Wanted {
        kind,
        name: "Cloud".to_owned(),
        url: format!("http://127.0.0.1:{port}/v1"),
        own: true,
        region: "EU".to_owned(),
        models: ProviderModels {
            chat: Some("small".to_owned()),
            ..ProviderModels::default()
        },
        classes: vec!["business".to_owned(), "customer".to_owned()],
        redaction: Redaction::default(),
        budget: ProviderBudget::default(),
        prices: ProviderPrices {
            currency: "EUR".to_owned(),
            million_read: 1_000_000,
            million_written: 2_000_000,
            ..ProviderPrices::default()
        },
        active: true,
    }
}

impl Desk {
    async fn of(kind: ProviderKind) -> Self {
        Self::with(kind, Reach::Open, |_, _| {}).await
    }

    async fn with(
        kind: ProviderKind,
        reach: Reach,
        set: impl FnOnce(&mut Wanted, &mut ProviderUse) + Send + 'static,
    ) -> Self {
        let fake = FakeChatProvider::start().await;
        let port = fake.port;
        let store = Store::open_in_memory().unwrap();
        let workspace = store
            .write(move |tx| {
                let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                let mut used = ProviderUse {
                    workspace: shop,
                    purpose: Use::Chat,
                    mode: Mode::Provider,
                    wait_ms: 50,
                    provider: crate::store::ProviderId::new(),
                    tell: true,
                };
                let mut wanted = wanted(kind, port);
                set(&mut wanted, &mut used);
                let made = kept::create(tx, shop, &wanted, Some("k-secret"), 1)?;
                used.provider = made.id;
                kept::set_use(tx, &made, used, 1)?;
                Ok(shop)
            })
            .await
            .unwrap();
        let allow = Allow::parse(&format!("127.0.0.1:{port}")).unwrap();
        let gateway = Gateway::new(store.clone(), reach, allow, Arc::new(SystemLookup)).unwrap();
        let patience = Duration::from_millis(400);
        let quotas = Quotas::new(store.clone());
        let providers = Providers::start_with(store.clone(), gateway, quotas, patience)
            .await
            .unwrap();
        Self {
            fake,
            store,
            providers,
            workspace,
            here: Arc::default(),
        }
    }

    fn request(&self, text: &str) -> ChatRequest {
        let messages = vec![
            ChatMessage::new(Role::System, "Be kind."),
            ChatMessage::new(Role::User, text),
        ];
        let flow = Flow::member(self.workspace, &"test");
        let mut request = ChatRequest::new(messages, Claim::new(Priority::Chat, flow));
        request.sampling.max_tokens = Some(50);
        request
    }

    async fn ask(&self, request: ChatRequest) -> Vec<Result<ChatEvent, LlmError>> {
        let here: Arc<dyn ChatModel> = Arc::clone(&self.here) as Arc<dyn ChatModel>;
        let stream = self
            .providers
            .chat(here, Arc::default())
            .chat(request)
            .await
            .unwrap();
        stream.collect().await
    }

    /// The words of an answer, and the error that ended it.
    async fn say(&self, request: ChatRequest) -> (String, Option<LlmError>) {
        let (mut text, mut error) = (String::new(), None);
        for event in self.ask(request).await {
            match event {
                Ok(ChatEvent::Delta(more)) => text.push_str(&more),
                Ok(_) => {}
                Err(why) => error = Some(why),
            }
        }
        (text, error)
    }

    async fn hello(&self) -> (String, Option<LlmError>) {
        self.say(self.request("Hello")).await
    }

    /// The ledger, newest first, once every row has ended.
    async fn ledger(&self) -> Vec<Entry> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.store.read(|conn| list(conn, None, 50)).await.unwrap()
    }

    async fn spent(&self) -> Spend {
        let (workspace, month) = (self.workspace, budget::month(now()));
        let read = move |conn: &_| kept::spent(conn, workspace, &month, "Cloud");
        self.store.read(read).await.unwrap()
    }

    async fn provider(&self) -> Provider {
        let workspace = self.workspace;
        let read = self.store.read(move |conn| kept::list(conn, workspace));
        read.await.unwrap().remove(0)
    }
}

fn local() -> (String, Option<LlmError>) {
    ("local".to_owned(), None)
}

#[tokio::test]
async fn every_byte_of_an_answer_is_counted_wherever_its_pieces_end() {
    for piece in [1, 3, 7, usize::MAX] {
        let desk = Desk::of(ProviderKind::OpenAi).await;
        let words = openai::words(&["Grüß", "e aus Kö", "ln €"]);
        desk.fake.then(Script::stream(words).in_pieces(piece));
        let events = desk.ask(desk.request("Hello")).await;
        let mut text = String::new();
        for event in &events {
            if let Ok(ChatEvent::Delta(more)) = event {
                text.push_str(more);
            }
        }
        assert_eq!(text, "Grüße aus Köln €");
        let served = |event: &Result<ChatEvent, LlmError>| matches!(event, Ok(ChatEvent::ServedBy(served)) if served.provider == "Cloud" && served.model == "small" && served.tell);
        assert!(events.iter().any(served));
        let Some(Ok(ChatEvent::Done { usage, .. })) = events.last() else {
            panic!("{events:?}");
        };
        assert_eq!((usage.prompt_tokens, usage.completion_tokens), (20, 5));
        let seen = desk.fake.seen();
        let (asked, body) = (&seen[0], seen[0].json());
        assert_eq!(asked.path(), "/v1/chat/completions");
        assert_eq!(asked.header("authorization"), Some("Bearer k-secret"));
        assert_eq!(
            (&body["store"], &body["stream"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(
            (&body["max_tokens"], &body["model"]),
            (&json!(50), &json!("small"))
        );
        let row = &desk.ledger().await[0];
        assert_eq!(row.purpose, "language model");
        assert_eq!(row.data, "metadata, business, customer, credential");
        assert_eq!(row.provider.as_deref(), Some("Cloud"));
        assert_eq!(row.workspace, Some(desk.workspace));
        assert_eq!(row.outcome.error, None);
        assert_eq!(row.outcome.bytes_sent.unsigned_abs(), asked.bytes() as u64);
        assert_eq!(
            row.outcome.bytes_received.unsigned_abs(),
            desk.fake.sent() as u64
        );
        assert!(!format!("{row:?}").contains("k-secret"));
        let spent = desk.spent().await;
        assert_eq!((spent.requests, spent.tokens, spent.micro), (1, 25, 30));
    }
}

#[tokio::test]
async fn details_are_left_out_and_put_back() {
    let desk = Desk::with(ProviderKind::OpenAi, Reach::Open, |wanted, _| {
        wanted.redaction.names = vec!["Ann Smith".to_owned()];
    })
    .await;
    let words = openai::words(&["I call [PHO", "NE_1], ", "[NAME_1]", "."]);
    desk.fake.then(Script::stream(words).in_pieces(5));
    let asked = desk.request("Ann Smith, +49 30 1234567, ann@x.example, 4111 1111 1111 1111");
    let (text, error) = desk.say(asked).await;
    assert_eq!(
        (text.as_str(), error),
        ("I call +49 30 1234567, Ann Smith.", None)
    );
    let sent = String::from_utf8(desk.fake.seen()[0].body.clone()).unwrap();
    for secret in ["Ann Smith", "1234567", "ann@x", "4111"] {
        assert!(!sent.contains(secret), "{sent}");
    }
}

#[tokio::test]
async fn a_provider_that_fails_before_its_first_word_is_replaced() {
    let mut quota = Script::error(429, "slow down");
    quota.headers.push(("retry-after", "7".to_owned()));
    let scripts = [
        quota,
        Script::error(500, "oops"),
        Script::error(401, "bad key"),
        Script::stream(openai::refusal()),
        Script::stream("data: {\"choices\": [\n\n"),
        Script::stream("data: \u{fffd}\n\n"),
        Script::stream(&b"data: \xff\xfe\n\n"[..]),
        Script::stream(openai::call("rm", "{}", "")),
        Script::stream(""),
        Script::stream("").ending(End::Stall),
        Script::stream("").ending(End::CutOff),
        Script::stream("").ending(End::Reset),
        Script::stream("").ending(End::Mute),
        // Half a character, as text and as JSON's own notation.
        Script::stream(&b"data: {\"choices\":[{\"delta\":{\"content\":\"\xe2\x82\"}}]}\n\n"[..]),
        Script::stream("data: {\"choices\":[{\"delta\":{\"content\":\"\\ud83d\"}}]}\n\n"),
    ];
    for script in scripts {
        let desk = Desk::of(ProviderKind::OpenAi).await;
        desk.fake.then(script.clone());
        assert_eq!(desk.hello().await, local(), "{script:?}");
        assert_eq!(desk.here.asked.load(Ordering::Relaxed), 1);
    }
}

/// A whole event, then one that ends within a character.
fn half_a_character(before: &str) -> Script {
    let mut bytes = before.as_bytes().to_vec();
    bytes.extend_from_slice(b"data: {\"choices\":[{\"delta\":{\"content\":\"5 \xe2\x82");
    Script::stream(bytes)
}

#[tokio::test]
async fn nobody_gets_half_an_answer_of_each() {
    let half = openai::only("half");
    let scripts = [
        Script::stream(openai::error_after("half")).in_pieces(half.len()),
        Script::stream(half.clone()).ending(End::CutOff),
        Script::stream(half.clone()).ending(End::Stall),
        Script::stream(half.clone()).ending(End::Reset),
        half_a_character(&half),
        Script::stream(half.clone()),
        Script::stream(format!("{half}data: {{\"choices\n\n")).in_pieces(half.len()),
    ];
    for script in scripts {
        let desk = Desk::of(ProviderKind::OpenAi).await;
        desk.fake.then(script.clone());
        let (text, error) = desk.hello().await;
        assert_eq!(text, "half", "{script:?}");
        assert!(matches!(error, Some(LlmError::Interrupted(_))), "{error:?}");
        assert_eq!(desk.here.asked.load(Ordering::Relaxed), 0);
        // What broke off is counted.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(desk.spent().await.requests, 1);
    }
}

#[tokio::test]
async fn calls_of_functions_count_only_if_they_were_offered() {
    let tools = json!([{"type": "function", "function": {"name": "book", "parameters": {"type": "object"}}}]);
    let desk = Desk::of(ProviderKind::OpenAi).await;
    let asked = |desk: &Desk| ChatRequest {
        tools: Some(tools.to_string()),
        ..desk.request("Book for +49 30 1234567")
    };
    let called = openai::call("book", "{\"phone\":\"[PHO", "NE_1]\"}");
    desk.fake.then(Script::stream(called));
    let events = desk.ask(asked(&desk)).await;
    let call = events.iter().find_map(|event| match event {
        Ok(ChatEvent::ToolCall(call)) => Some(call.clone()),
        _ => None,
    });
    let call = call.unwrap();
    assert_eq!((call.id.as_str(), call.name.as_str()), ("t1", "book"));
    assert_eq!(call.arguments, "{\"phone\":\"+49 30 1234567\"}");
    let last = events.last().unwrap();
    assert!(matches!(
        last,
        Ok(ChatEvent::Done {
            finish: FinishReason::ToolCalls,
            ..
        })
    ));
    for bad in [
        openai::call("burn", "{", "}"),
        openai::call("book", "{\"a\"", ": nonsense"),
    ] {
        desk.fake.then(Script::stream(bad));
        assert_eq!(desk.say(asked(&desk)).await, local());
    }
}

#[tokio::test]
async fn json_is_shown_only_if_it_is_json() {
    let desk = Desk::of(ProviderKind::OpenAi).await;
    let asked = ChatRequest {
        format: OutputFormat::JsonSchema("{\"type\":\"object\"}".to_owned()),
        ..desk.request("Hello")
    };
    desk.fake
        .then(Script::stream(openai::words(&["{\"a\"", ": 1}"])));
    assert_eq!(desk.say(asked.clone()).await.0, "{\"a\": 1}");
    assert_eq!(
        desk.fake.seen()[0].json()["response_format"]["type"],
        "json_schema"
    );
    desk.fake
        .then(Script::stream(openai::words(&["Sure! {\"a\"", ": 1"])));
    assert_eq!(desk.say(asked).await, local());
}

#[tokio::test]
async fn anthropic_and_gemini_are_spoken_too() {
    let desk = Desk::of(ProviderKind::Anthropic).await;
    desk.fake
        .then(Script::stream(anthropic::words(&["Guten ", "Tag €"])).in_pieces(2));
    assert_eq!(desk.hello().await, ("Guten Tag €".to_owned(), None));
    let seen = &desk.fake.seen()[0];
    assert_eq!(seen.path(), "/v1/messages");
    assert_eq!(seen.header("x-api-key"), Some("k-secret"));
    assert_eq!(seen.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(seen.json()["system"], "Be kind.");
    assert_eq!(desk.spent().await.tokens, 15 + 9);
    let in_json = ChatRequest {
        format: OutputFormat::JsonObject,
        ..desk.request("Hello")
    };
    desk.fake.then(Script::stream(anthropic::call(
        "answer",
        &["{\"a\":", "2}"],
    )));
    assert_eq!(desk.say(in_json).await.0, "{\"a\":2}");
    desk.fake.then(Script::stream(anthropic::refusal()));
    assert_eq!(desk.hello().await, local());

    let desk = Desk::of(ProviderKind::Gemini).await;
    desk.fake
        .then(Script::stream(gemini::words(&["Grüß ", "Gott"])).in_pieces(1));
    assert_eq!(desk.hello().await, ("Grüß Gott".to_owned(), None));
    let seen = &desk.fake.seen()[0];
    assert_eq!(
        seen.path(),
        "/v1/models/small:streamGenerateContent?alt=sse"
    );
    assert_eq!(seen.header("x-goog-api-key"), Some("k-secret"));
    assert_eq!(desk.spent().await.tokens, 11);
    desk.fake.then(Script::stream(gemini::blocked()));
    assert_eq!(desk.hello().await, local());
}

#[path = "leash_tests.rs"]
mod leash;

#[path = "tokens_tests.rs"]
mod tokens;
