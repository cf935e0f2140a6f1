//! Somebody else's small website, on a port of its own.

use std::collections::HashMap;

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use tokio::task::JoinHandle;

/// A running site; it ends when this is dropped.
pub struct Site {
    /// Where it listens, `http://127.0.0.1:PORT`.
    pub address: String,
    task: JoinHandle<()>,
}

impl Site {
    /// Serves pages by their path, each with a policy of contents or an empty one.
    pub async fn start(pages: Vec<(&'static str, String, String)>) -> Self {
        let pages: HashMap<_, _> = pages
            .into_iter()
            .map(|(path, page, policy)| (path, (page, policy)))
            .collect();
        let serve = move |uri: Uri| {
            let page = pages.get(uri.path()).cloned();
            async move { respond(page) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, task }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn respond(page: Option<(String, String)>) -> Response {
    match page {
        Some((page, policy)) if policy.is_empty() => Html(page).into_response(),
        Some((page, policy)) => {
            ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
