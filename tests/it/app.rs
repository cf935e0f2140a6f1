//! A whole application on fakes, and what a client needs to talk to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use bytes::Bytes;
use frontdesk::app::{App, Engines};
use frontdesk::config::Config;
use frontdesk::http::server::{self, Limits};
use frontdesk::store::api_keys::{self, NewApiKey};
use frontdesk::store::assistants::{self, NewAssistant};
use frontdesk::store::token::{Token, TokenKind};
use frontdesk::store::{ApiKeyId, Store, WorkspaceId, workspaces};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::fake_reader::FakeReader;
use crate::fakes::{FakeChat, FakeEmbedder, FakeEyes, FakeTranscriber, InProcessExtractor};
use crate::voice_fakes::{FakeEars, FakeSynthesizer};

pub const ALL_SCOPES: [&str; 6] = [
    "chat",
    "audio",
    "documents",
    "admin",
    "evaluate",
    "conversations",
];
/// Largest document and recording in the tests, in bytes.
pub const FILE_LIMIT: u64 = 1 << 20;

pub struct TestApp {
    pub app: Arc<App>,
    pub chat: Arc<FakeChat>,
    pub reader: Arc<FakeReader>,
    pub ears: Arc<FakeEars>,
    pub eyes: Arc<FakeEyes>,
    pub router: Router,
    /// A key with every scope for every workspace.
    pub key: String,
    data: Arc<tempfile::TempDir>,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings of its own.
    pub async fn with(set: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: data.path().to_owned(),
            upload_max_bytes: FILE_LIMIT,
            audio_max_bytes: FILE_LIMIT,
            ..Config::default()
        };
        set(&mut config);
        let store = Store::open_in_memory().unwrap();
        let mut this = Self::on(config, store, Arc::new(data)).await;
        this.workspace("default").await;
        this.key = this.make_key(&ALL_SCOPES, None).await.0;
        this
    }

    /// Stops, and starts again on the same store.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// Stops, and starts again on the same store with other settings.
    pub async fn restart_with(self, set: impl FnOnce(&mut Config)) -> Self {
        self.app.stop().await;
        let (mut config, store) = ((*self.app.config).clone(), self.app.store.clone());
        set(&mut config);
        let mut this = Self::on(config, store, self.data).await;
        this.key = self.key;
        this
    }

    async fn on(config: Config, store: Store, data: Arc<tempfile::TempDir>) -> Self {
        let chat = Arc::new(FakeChat::default());
        let ears = Arc::new(FakeEars::default());
        let eyes = Arc::new(FakeEyes::default());
        let reader = Arc::new(FakeReader::default());
        let engines = Engines {
            chat: chat.clone(),
            embedder: Arc::new(FakeEmbedder),
            reader: reader.clone(),
            transcriber: Arc::new(FakeTranscriber),
            ears: ears.clone(),
            synthesizer: Arc::new(FakeSynthesizer::default()),
            extractor: Arc::new(InProcessExtractor { eyes: eyes.clone() }),
            budgets: Arc::default(),
            workers: Box::new(Vec::new),
            shutdown: CancellationToken::new(),
        };
        let app = App::assemble(Arc::new(config), store, engines)
            .await
            .unwrap();
        let router = frontdesk::http::router(app.clone());
        Self {
            app,
            chat,
            reader,
            ears,
            eyes,
            router,
            key: String::new(),
            data,
        }
    }

    /// A workspace with one assistant, `desk`; made if it is not there.
    pub async fn workspace(&self, name: &str) -> WorkspaceId {
        let name = name.to_owned();
        let made = self.app.store.write(move |tx| {
            let workspace = workspaces::get_or_create(tx, &name, &name, now())?;
            // What is scripted here is not as sure as what a threshold in use asks for.
            let mut answers: serde_json::Map<String, serde_json::Value> =
                workspaces::section(tx, workspace.id, "answers")?;
            if !answers.contains_key("read_threshold") {
                answers.insert("read_threshold".into(), 0.5.into());
                workspaces::set_section(tx, workspace.id, "answers", &answers)?;
            }
            if assistants::find_by_name(tx, workspace.id, "desk")?.is_none() {
                let new = NewAssistant {
                    name: "desk",
                    title: "Desk",
                    instructions: "",
                    greeting: "Hello",
                    model: None,
                    settings: &serde_json::json!({}),
                };
                assistants::create(tx, workspace.id, &new, now())?;
            }
            Ok(workspace.id)
        });
        made.await.unwrap()
    }

    /// Makes the default workspace put every answer into the model's words.
    pub async fn always_ask_the_model(&self) {
        self.reader
            .off
            .store(true, std::sync::atomic::Ordering::Relaxed);
        let workspace = self.workspace("default").await;
        let always = serde_json::json!({
            "read_threshold": 2.0, "related_threshold": 2.0, "model_threshold": 0.0, "quote_only": [], "rephrase": false,
        });
        let set = self
            .app
            .store
            .write(move |tx| workspaces::set_section(tx, workspace, "answers", &always));
        set.await.unwrap();
    }

    pub async fn make_key(
        &self,
        scopes: &[&str],
        workspace: Option<WorkspaceId>,
    ) -> (String, ApiKeyId) {
        let token = Token::generate(TokenKind::ApiKey).unwrap();
        let (hash, prefix) = (token.hash(), token.display_prefix());
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let made = self.app.store.write(move |tx| {
            let new = NewApiKey {
                name: "test",
                token: hash,
                prefix: &prefix,
                scopes: &scopes,
                workspace,
                made_by: None,
            };
            api_keys::create(tx, &new, now())
        });
        (token.reveal().to_owned(), made.await.unwrap())
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(
            request(Method::GET, path, &self.key)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(
            request(Method::DELETE, path, &self.key)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.post_as(&self.key, path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        let mut request = json_request(&self.key, path, body.to_string());
        *request.method_mut() = Method::PATCH;
        self.send(request).await
    }

    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> Reply {
        self.send(json_request(key, path, body.to_string())).await
    }

    pub async fn post_raw(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(json_request(&self.key, path, body)).await
    }

    pub async fn post_form(&self, path: &str, form: Form) -> Reply {
        self.send(form.request(&self.key, path)).await
    }

    /// Waits until a document was read, or could not be.
    pub async fn read(&self, workspace: &str, id: &str) {
        let name = workspace.to_owned();
        let found = self
            .app
            .store
            .read(move |conn| workspaces::find_by_name(conn, &name));
        let workspace = found.await.unwrap().unwrap().id;
        let documents = self.app.knowledge.documents();
        let read = documents.wait(workspace, id.parse().unwrap());
        read.await.unwrap();
    }

    /// Uploads a text file and waits until it was read; the document's id.
    pub async fn document(&self, workspace: &str, name: &str, text: &str) -> String {
        let path = format!("/api/v1/documents?workspace={workspace}");
        let reply = self
            .post_form(&path, Form::new().file("file", name, text))
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let id = reply.json()["files"][0]["document"]
            .as_str()
            .unwrap()
            .to_owned();
        // The end of the version before may be told late: wait for that of the newest.
        for _ in 0..100 {
            self.read(workspace, &id).await;
            let path = format!("/api/v1/documents/{id}?workspace={workspace}");
            if !self.get(&path).await.json()["versions"][0]["extracted_at"].is_null() {
                break;
            }
        }
        id
    }

    /// Serves on a real socket until the returned server is dropped.
    pub async fn serve(&self, limits: Limits) -> Server {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(server::serve(
            listener,
            self.router.clone(),
            limits,
            stop.clone(),
        ));
        Server {
            address,
            stop,
            running,
        }
    }
}

/// A server on a socket.
pub struct Server {
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub running: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub fn request(method: Method, path: &str, key: &str) -> axum::http::request::Builder {
    let builder = Request::builder().method(method).uri(path);
    if key.is_empty() {
        return builder;
    }
    builder.header(header::AUTHORIZATION, format!("Bearer {key}"))
}

pub fn json_request(key: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    let builder = request(Method::POST, path, key).header(header::CONTENT_TYPE, "application/json");
    builder.body(body.into()).unwrap()
}

/// A response that was read to its end.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The events of a stream, as name and data.
    pub fn events(&self) -> Vec<(String, String)> {
        assert!(
            self.header("content-type").starts_with("text/event-stream"),
            "{}",
            self.text()
        );
        let of_block = |block: &str| {
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim_start().to_owned())
            };
            Some((field("event:").unwrap_or_default(), field("data:")?))
        };
        self.text().split("\n\n").filter_map(of_block).collect()
    }
}

/// A multipart form.
pub struct Form {
    body: Vec<u8>,
}

const BOUNDARY: &str = "frontdesk-test-boundary";

impl Form {
    pub fn new() -> Self {
        Self { body: Vec::new() }
    }

    pub fn text(mut self, name: &str, value: &str) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        self.body.extend_from_slice(head.as_bytes());
        self
    }

    pub fn file(mut self, field: &str, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; \
             filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(bytes.as_ref());
        self.body.extend_from_slice(b"\r\n");
        self
    }

    pub fn request(mut self, key: &str, path: &str) -> Request<Body> {
        self.body
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let builder = request(Method::POST, path, key).header(header::CONTENT_TYPE, kind);
        builder.body(self.body.into()).unwrap()
    }
}

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// Waits until something is so, for at most five seconds.
pub async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not in time: {what}");
}
