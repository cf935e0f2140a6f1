//! One response from its first event to where it is kept: whole, as a stream, or in the background.

use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use serde_json::Value;

use super::live::Live;
use super::runs::Held;
use super::view::ResponseView;
use crate::app::App;
use crate::http::auth::{Principal, outlived};
use crate::http::now_ms;
use crate::http::openai::chat::piece::{Piece, Pieces};
use crate::http::openai::{ApiError, kept};
use crate::http::problem::Problem;
use crate::llm::LlmError;
use crate::store::api_answers::{self, ApiAnswer, Kind, Reach};
use crate::store::api_threads::{self, ApiThread, ThreadItem};
use crate::store::{Scoped, StoreError};

pub(super) struct Job {
    pub(super) app: Arc<App>,
    pub(super) principal: Principal,
    pub(super) reach: Reach,
    pub(super) live: Live,
    /// What this request sent, with ids.
    pub(super) input: Vec<Value>,
    /// The conversation that it is added to.
    pub(super) thread: Option<Scoped<ApiThread>>,
}

impl Job {
    /// The whole response.
    ///
    /// # Errors
    /// When the answer fails, or cannot be kept. Nothing is kept then.
    pub(super) async fn finish(mut self, mut pieces: Pieces) -> Result<ResponseView, ApiError> {
        self.live.begin();
        while let Some(piece) = pieces.next().await {
            if let Piece::Failed(problem) = piece {
                return Err(problem.into());
            }
            self.live.take(piece);
            if self.live.has_ended() {
                self.keep().await?;
                return Ok(self.live.view);
            }
        }
        Err(LlmError::Interrupted("the answer has no end".into()).into())
    }

    /// Its events. Whoever drops them ends the work, and nothing is kept.
    pub(super) fn events(mut self, pieces: Pieces) -> impl Stream<Item = Value> + Send {
        let begun = self.live.begin();
        let rest = stream::unfold(Some((self, pieces)), |state| async move {
            let (mut job, mut pieces) = state?;
            let piece = pieces.next().await?;
            let events = job.take(piece).await;
            let next = (!job.live.has_ended()).then_some((job, pieces));
            Some((stream::iter(events), next))
        });
        stream::iter(begun).chain(rest.flatten())
    }

    /// The events of a piece; what ends the response is told once it is kept.
    async fn take(&mut self, piece: Piece) -> Vec<Value> {
        let events = self.live.take(piece);
        if !self.live.has_ended() {
            return events;
        }
        match self.keep().await {
            Ok(()) => events,
            Err(error) => self.live.fail_instead(events, &Problem::from(error)),
        }
    }

    /// Works on without its client, until it is done, cancelled, or its key counts no more.
    pub(super) async fn run(mut self, mut pieces: Pieces, run: Held) {
        let _held = self.app.hold();
        let over = outlived(self.principal.clone(), Arc::clone(&self.app));
        let mut over = std::pin::pin!(over);
        loop {
            tokio::select! {
                biased;
                () = run.cancelled() => break,
                () = &mut over => break,
                piece = pieces.next() => {
                    let Some(piece) = piece else { break };
                    let events = self.take(piece).await;
                    run.add(events, None);
                    if self.live.has_ended() {
                        run.end(self.live.view.as_json());
                        return;
                    }
                }
            }
        }
        drop(pieces);
        self.live.cancel();
        if let Err(error) = self.keep().await {
            tracing::warn!(%error, "a cancelled response could not be kept");
        }
        run.end(self.live.view.as_json());
    }

    /// Keeps a response that has only begun, so that its client can ask for it.
    pub(super) async fn keep_begun(&self) -> Result<(), StoreError> {
        let answer = self.answer();
        let workspace = self.reach.workspace;
        let written = self
            .app
            .store
            .write(move |tx| api_answers::keep(tx, workspace, &answer));
        written.await
    }

    async fn keep(&self) -> Result<(), StoreError> {
        let view = &self.live.view;
        let (is_kept, is_begun) = (view.store, view.background);
        let has_answered = matches!(view.status, "completed" | "incomplete");
        let thread = self.thread.clone().filter(|_| has_answered);
        if !is_kept && thread.is_none() {
            return Ok(());
        }
        let (answer, reach) = (
            self.answer(),
            Reach {
                key: None,
                now: 0,
                ..self.reach
            },
        );
        let write = move |tx: &crate::store::Transaction<'_>| {
            if is_begun {
                // Deleted meanwhile: nobody wants it.
                if let Some(found) = api_answers::find(tx, reach, Kind::Response, &answer.id)? {
                    api_answers::set_body(tx, &found, &answer.body)?;
                }
            } else if is_kept {
                api_answers::keep(tx, reach.workspace, &answer)?;
            }
            let Some(thread) = thread else {
                return Ok(());
            };
            let output = answer.body["output"].as_array().into_iter().flatten();
            let all = answer.input.iter().chain(output).filter_map(thread_item);
            let all: Vec<_> = all.collect();
            api_threads::add(tx, &thread, &all, answer.created_at, answer.expires_at)
        };
        self.app.store.write(write).await
    }

    fn answer(&self) -> ApiAnswer {
        let (view, now) = (&self.live.view, now_ms());
        ApiAnswer {
            id: view.id.clone(),
            kind: Kind::Response,
            key: kept::key_of(&self.principal),
            model: view.model.clone(),
            input: self.input.clone(),
            body: view.as_json(),
            previous: view.previous_response_id.clone(),
            created_at: now,
            expires_at: kept::kept_until(&self.app, now),
        }
    }
}

fn thread_item(item: &Value) -> Option<ThreadItem> {
    Some(ThreadItem {
        id: item["id"].as_str()?.to_owned(),
        item: item.clone(),
    })
}
