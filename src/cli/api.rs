//! The API for a command: that of the server using the data folder or, if there is
//! none, of this process itself, without a socket.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tower::ServiceExt;

use super::out;
use super::remote::{Server, sentence, url};
use crate::app::{App, Start, ensure_workspace};
use crate::config::Config;
use crate::http;
use crate::http::server::Peer;

const LOADING: Duration = Duration::from_secs(180);

/// The API that a command talks to.
pub(super) struct Api {
    workspace: String,
    whom: Whom,
}

enum Whom {
    Server(Server),
    Own(Box<Own>),
}

struct Own {
    app: Arc<App>,
    router: Router,
    /// Only builds requests; sends none.
    client: Client,
}

/// Runs `work` with the API of the data folder, then releases the folder. Without a server, engines are started in
/// this process only if the work needs them.
pub(super) async fn with_api<T>(
    config: Arc<Config>,
    workspace: &str,
    engines: Start,
    work: impl AsyncFnOnce(&Api) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let api = Api::open(config, workspace, engines).await?;
    let done = work(&api).await;
    api.close().await;
    done
}

/// Asks the API for something and prints the answer, as JSON or as `show` tells it. Starts no engines.
pub(super) async fn ask_and_show(
    config: Arc<Config>,
    workspace: &str,
    json: bool,
    ask: impl AsyncFnOnce(&Api) -> anyhow::Result<Value>,
    show: impl FnOnce(&Api, &Value),
) -> anyhow::Result<Value> {
    with_api(config, workspace, Start::Never, async move |api| {
        let answer = ask(api).await?;
        match json {
            true => out::json(&answer)?,
            false => show(api, &answer),
        }
        Ok(answer)
    })
    .await
}

impl Api {
    /// Connects to the server that uses the data folder, or opens the folder itself.
    async fn open(config: Arc<Config>, workspace: &str, engines: Start) -> anyhow::Result<Self> {
        let workspace = workspace.to_owned();
        if let Some(server) = Server::find(&config.data_dir)? {
            let whom = Whom::Server(server);
            return Ok(Self { workspace, whom });
        }
        let app = App::open(config, engines).await?;
        let router = http::router(Arc::clone(&app));
        let client = Client::builder().no_proxy().build()?;
        let whom = Whom::Own(Box::new(Own {
            app,
            router,
            client,
        }));
        Ok(Self { workspace, whom })
    }

    /// Releases the data folder.
    async fn close(self) {
        if let Whom::Own(own) = self.whom {
            own.app.stop().await;
        }
    }

    /// Whether a server uses the data folder and so does the work.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.whom, Whom::Server(_))
    }

    /// Waits until the models of this process are loaded or have failed to load.
    pub(super) async fn models_settled(&self) {
        if let Whom::Own(own) = &self.whom {
            own.app.models_settled(LOADING).await;
        }
    }

    /// Creates the workspace if it does not exist. Does nothing while a server runs, which answers 404 for an unknown one.
    pub(super) async fn make_workspace(&self) -> anyhow::Result<()> {
        if let Whom::Own(own) = &self.whom {
            ensure_workspace(&own.app.store, &self.workspace, &self.workspace).await?;
        }
        Ok(())
    }

    /// GETs JSON.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// POSTs JSON and returns the response's JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// POSTs JSON and passes each event of the response with its data to `take`, as it arrives.
    pub(super) async fn events(
        &self,
        path: &str,
        body: &Value,
        mut take: impl FnMut(&str, Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let request = self.request(Method::POST, path).json(body);
        let request = request.header(header::ACCEPT, "text/event-stream");
        let answer = self.answer(request).await?;
        if !answer.status().is_success() {
            json_of(answer).await?;
            anyhow::bail!("the response has no events");
        }
        let (mut body, mut unread) = (answer.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.context("the connection was lost before the end of the response")?;
            unread.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
            while let Some(end) = unread.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = unread.drain(..end + 2).collect();
                if let Some((name, data)) = event_of(&String::from_utf8_lossy(&event)) {
                    take(name, serde_json::from_str(data)?)?;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// PUTs JSON and returns the response's JSON.
    pub(super) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None).await
    }

    /// POSTs a file as the form field `file`.
    pub(super) async fn send_file(
        &self,
        path: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> anyhow::Result<Value> {
        let part = Part::bytes(bytes).file_name(name.to_owned());
        let form = Form::new().part("file", part);
        self.execute(self.request(Method::POST, path).multipart(form))
            .await
    }

    /// Saves a response to a file that only this user can read, or to standard output (`-`), and returns its bytes. A
    /// file that could not be written in full is removed, because half of it would look complete.
    pub(super) async fn save(&self, path: &str, to: &Path) -> anyhow::Result<u64> {
        let answer = self.answer(self.request(Method::GET, path)).await?;
        if !answer.status().is_success() {
            json_of(answer).await?;
            anyhow::bail!("the response is not a file");
        }
        let body = answer.into_body();
        if to == Path::new("-") {
            return copy(body, &mut std::io::stdout(), to).await;
        }
        let failed = || format!("{} cannot be written", to.display());
        let mut file = out::private_file(to).with_context(failed)?;
        let written = copy(body, &mut file, to).await;
        if written.is_err() {
            let _missing = std::fs::remove_file(to);
        }
        written
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.execute(request).await
    }

    /// Builds a request about the workspace.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mark = if path.contains('?') { '&' } else { '?' };
        let name = form_urlencoded::byte_serialize(self.workspace.as_bytes()).collect::<String>();
        let path = format!("{path}{mark}workspace={name}");
        match &self.whom {
            Whom::Server(server) => server.request(method, &path),
            Whom::Own(own) => own.client.request(method, url(&path)),
        }
    }

    async fn execute(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        json_of(self.answer(request).await?).await
    }

    async fn answer(&self, request: RequestBuilder) -> anyhow::Result<Response<Body>> {
        match &self.whom {
            Whom::Server(_) => Ok(Response::from(request.send().await?).map(Body::new)),
            Whom::Own(own) => {
                let request: Request<reqwest::Body> = request.build()?.try_into()?;
                let mut request = request.map(Body::new);
                if let Some(path) = request.uri().path_and_query().cloned() {
                    *request.uri_mut() = path.into();
                }
                request.extensions_mut().insert(Peer::Installation);
                Ok(own.router.clone().oneshot(request).await?)
            }
        }
    }
}

/// Name and data of a server-sent event; `None` for comments, which keep the connection open.
fn event_of(event: &str) -> Option<(&str, &str)> {
    let field = |name: &str| {
        let value = event.lines().find_map(|line| line.strip_prefix(name))?;
        Some(value.strip_prefix(' ').unwrap_or(value))
    };
    Some((field("event:")?, field("data:")?))
}

/// Writes a body piece by piece and returns its bytes.
async fn copy(mut body: Body, target: &mut impl Write, to: &Path) -> anyhow::Result<u64> {
    let failed = || format!("{} cannot be written", to.display());
    let mut written = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.context("the connection was lost before the end of the response")?;
        let piece = frame.data_ref().map(AsRef::as_ref).unwrap_or_default();
        target.write_all(piece).with_context(failed)?;
        written += piece.len() as u64;
    }
    target.flush().with_context(failed)?;
    Ok(written)
}

/// Returns the JSON of a successful response, or null if it has none; else fails with the problem's detail.
async fn json_of(answer: Response<Body>) -> anyhow::Result<Value> {
    let status = answer.status();
    let bytes = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        let told = serde_json::from_slice(&bytes).unwrap_or_default();
        anyhow::bail!(sentence(&told, status.as_u16()));
    }
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_a_name_and_data() {
        let event = "event: delta\ndata: {\"text\":\"Yes\"}\n\n";
        assert_eq!(event_of(event), Some(("delta", "{\"text\":\"Yes\"}")));
        assert_eq!(event_of(": waiting\n\n"), None);
    }
}
