//! The API for a command, wherever the data folder is: that of the running server, or, if there is
//! none, of this process itself, without a socket.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::remote::{Server, sentence};
use crate::app::{App, ensure_workspace};
use crate::config::Config;
use crate::http;
use crate::http::server::Peer;

/// Whom a command asks.
pub(super) struct Desk {
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
}

impl Desk {
    /// The server that has the data folder, or the folder itself.
    pub(super) async fn open(config: Arc<Config>, workspace: &str) -> anyhow::Result<Self> {
        let workspace = workspace.to_owned();
        if let Some(server) = Server::find(&config.data_dir)? {
            let whom = Whom::Server(server);
            return Ok(Self { workspace, whom });
        }
        let app = App::open(config).await?;
        ensure_workspace(&app.store, &workspace, &workspace).await?;
        let router = http::router(Arc::clone(&app));
        let whom = Whom::Own(Box::new(Own { app, router }));
        Ok(Self { workspace, whom })
    }

    /// Lets the data folder go.
    pub(super) async fn close(self) {
        if let Whom::Own(own) = self.whom {
            own.app.stop().await;
        }
    }

    /// Asks for JSON.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await
    }

    /// Sends JSON; gives the answer's JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Changes something.
    pub(super) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// Puts something in place of what there was.
    pub(super) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// Deletes something.
    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let name = form_urlencoded::byte_serialize(self.workspace.as_bytes()).collect::<String>();
        let path = format!("{path}{mark}workspace={name}");
        match &self.whom {
            Whom::Server(server) => server.send(method, &path, body).await,
            Whom::Own(own) => own.send(method, &path, body).await,
        }
    }
}

impl Own {
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .extension(Peer::Installation)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))?;
        let answer = self.router.clone().oneshot(request).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        let value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(value);
        }
        anyhow::bail!(sentence(&value, status.as_u16()))
    }
}
