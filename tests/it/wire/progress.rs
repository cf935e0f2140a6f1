//! How far documents and web sources are, as events.

use axum::body::Body;
use axum::http::Method;
use http_body_util::BodyExt;
use serde_json::Value;
use std::time::Duration;
use tower::ServiceExt;

use super::seed::{Desk, desk};
use super::settle::hold_messages;
use crate::app::request;
use crate::sources;

/// The events at a path while something is done, up to the one whose stage is this. Of a stage that is told many times
/// the first.
async fn told(desk: &Desk, path: &str, work: impl AsyncFnOnce(), end: &str) -> Vec<Value> {
    let watch = request(Method::GET, path, &desk.app.key);
    let watch = watch.body(Body::empty()).unwrap();
    let watched = desk.app.router.clone().oneshot(watch).await.unwrap();
    let mut body = watched.into_body();
    work().await;
    let mut events: Vec<Value> = Vec::new();
    while events
        .last()
        .is_none_or(|last| last["stage"]["stage"] != end)
    {
        let next = tokio::time::timeout(Duration::from_secs(20), body.frame()).await;
        let frame = next.expect("an event in time").unwrap().unwrap();
        let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        events.extend(data.map(|data| serde_json::from_str::<Value>(data).unwrap()));
    }
    events.dedup_by(|next, kept| next["stage"]["stage"] == kept["stage"]["stage"]);
    events
}

#[tokio::test]
async fn of_documents_and_sources() {
    let desk = desk().await;
    let upload = async || {
        desk.app
            .document("default", "lift.txt", "The lift is broken.")
            .await;
    };
    let events = told(&desk, "/api/v1/documents/events", upload, "ready").await;
    hold_messages("documents_events", &events);
    let sync = async || {
        sources::sync(&desk.app, &desk.source).await;
    };
    let events = told(&desk, "/api/v1/sources/events", sync, "done").await;
    hold_messages("sources_events", &events);
}
