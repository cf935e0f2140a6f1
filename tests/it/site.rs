//! A web site on this machine that does what a test tells it, and remembers who asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

use crate::app::TestApp;

type Answer = Arc<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

/// Status, media type and body.
type Page = (u16, &'static str, Vec<u8>);

#[derive(Default)]
struct Inner {
    pages: Mutex<HashMap<String, Page>>,
    any: Mutex<Option<Answer>>,
    asked: Mutex<Vec<(String, HeaderMap)>>,
}

/// The site.
pub struct Site {
    inner: Arc<Inner>,
    pub port: u16,
}

impl Site {
    pub async fn start() -> Self {
        let inner = Arc::<Inner>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, port }
    }

    /// An application that may fetch from this site.
    pub async fn app(&self) -> TestApp {
        let allow = format!("127.0.0.1:{}", self.port);
        TestApp::with(|config| config.egress_allow = allow).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Serves a page with an `ETag` made of its content.
    pub fn page(&self, path: &str, body: impl AsRef<str>) {
        self.serve(path, 200, "text/html; charset=utf-8", body.as_ref());
    }

    pub fn serve(&self, path: &str, status: u16, media_type: &'static str, body: impl AsRef<[u8]>) {
        let page = (status, media_type, body.as_ref().to_vec());
        self.inner.pages.lock().unwrap().insert(path.into(), page);
    }

    pub fn remove(&self, path: &str) {
        self.inner.pages.lock().unwrap().remove(path);
    }

    /// Answers whatever has no page.
    pub fn otherwise(&self, answer: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) {
        *self.inner.any.lock().unwrap() = Some(Arc::new(answer));
    }

    /// The paths that were asked for, in order; forgets them.
    pub fn asked(&self) -> Vec<(String, HeaderMap)> {
        std::mem::take(&mut self.inner.asked.lock().unwrap())
    }

    pub fn asked_paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(path, _)| path).collect()
    }
}

async fn answer(State(site): State<Arc<Inner>>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().to_string();
    let asked = (path.clone(), request.headers().clone());
    site.asked.lock().unwrap().push(asked);
    let found = site.pages.lock().unwrap().get(&path).cloned();
    let Some((status, media_type, body)) = found else {
        let any = site.any.lock().unwrap().clone();
        let made = any.and_then(|any| any(&request));
        return made.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response());
    };
    let sum: u64 = body
        .iter()
        .fold(7, |h, b| h.wrapping_mul(31) + u64::from(*b));
    let etag = format!("\"{sum:x}\"");
    if status == 200
        && request
            .headers()
            .get("if-none-match")
            .is_some_and(|v| v == &etag)
    {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    Response::builder()
        .status(status)
        .header("content-type", media_type)
        .header("etag", etag)
        .body(Body::from(body))
        .unwrap()
}

pub fn redirect(to: &str) -> Response {
    Response::builder()
        .status(302)
        .header("location", to)
        .body(Body::empty())
        .unwrap()
}

/// A page with a title, a sentence and links.
pub fn html(title: &str, text: &str, links: &[&str]) -> String {
    let links: String = links
        .iter()
        .map(|to| format!("<li><a href=\"{to}\">{to}</a></li>"))
        .collect();
    format!(
        "<!doctype html><html lang=en><head><title>{title}</title></head><body><nav><ul>{links}</ul></nav>\
         <main><h1>{title}</h1><p>{text} This sentence makes the page long enough to be read.</p></main>\
         </body></html>"
    )
}
