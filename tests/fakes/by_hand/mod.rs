//! What is at the control address of each server.

mod chat;
mod deepgram;
mod kommo;
mod lemon_squeezy;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Which;

/// A server that is running.
#[async_trait]
pub(crate) trait Fake: Send + Sync {
    /// What it knows and was asked.
    fn show(&self) -> Value;

    /// Changes it; what comes back is of use to whoever asked.
    ///
    /// # Errors
    /// A sentence for a change that it does not know.
    async fn change(&self, change: Value) -> Result<Value, String>;
}

pub(crate) fn start(which: Which, listener: TcpListener) -> Arc<dyn Fake> {
    match which {
        Which::Kommo => Arc::new(kommo::Kommo::start(listener)),
        Which::LemonSqueezy => Arc::new(lemon_squeezy::Shop::start(listener)),
        Which::Deepgram => Arc::new(deepgram::Deepgram::start(listener)),
        Which::Chat => Arc::new(chat::Chat::start(listener)),
    }
}

pub(crate) async fn serve_control(
    listener: TcpListener,
    fake: Arc<dyn Fake>,
) -> anyhow::Result<()> {
    let router = Router::new()
        .route("/", get(show).post(change))
        .with_state(fake);
    Ok(axum::serve(listener, router).await?)
}

async fn show(State(fake): State<Arc<dyn Fake>>) -> Response {
    told(StatusCode::OK, &fake.show())
}

async fn change(State(fake): State<Arc<dyn Fake>>, body: Bytes) -> Response {
    let changed = match serde_json::from_slice(&body) {
        Ok(change) => fake.change(change).await,
        Err(error) => Err(error.to_string()),
    };
    match changed {
        Ok(value) => told(StatusCode::OK, &value),
        Err(error) => told(StatusCode::BAD_REQUEST, &json!({ "error": error })),
    }
}

fn told(status: StatusCode, value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (status, headers, value.to_string()).into_response()
}

/// Reads what was posted.
fn read<T: DeserializeOwned>(change: Value) -> Result<T, String> {
    serde_json::from_value(change).map_err(|error| error.to_string())
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Posts a body, and says which status came back; 0 if none did.
async fn post(to: &str, headers: &[(&str, &str)], body: Vec<u8>) -> u16 {
    let mut request = client().post(to).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let sent = request.send().await;
    sent.map_or(0, |answer| answer.status().as_u16())
}
