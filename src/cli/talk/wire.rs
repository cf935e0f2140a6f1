//! The connection to a session, in this process or on the server that uses the data folder.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use futures::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::seen::{Seen, Written, written};
use crate::app::{App, default_assistant};
use crate::cli::remote::{HOST, Server};
use crate::store::calls::CallChannel;
use crate::store::{Scoped, assistants};
use crate::usage::Flow;
use crate::voice::{Caller, Incoming, line};

/// Messages that may wait.
const QUEUE: usize = 256;

/// The channels of a session.
pub(super) struct Wire {
    /// To the session.
    pub(super) to: mpsc::Sender<Incoming>,
    /// From the session; closed when it is over.
    pub(super) from: mpsc::Receiver<Seen>,
}

/// Starts a session in this process.
///
/// # Errors
/// When all lines are busy, or there is no voice or no such assistant.
pub(super) async fn local(
    app: &Arc<App>,
    workspace: &str,
    assistant: Option<&str>,
) -> anyhow::Result<Wire> {
    let workspace = crate::cli::shared::workspace_named(&app.store, workspace).await?;
    let assistant = match assistant {
        None => default_assistant(&app.store, workspace).await?,
        Some(name) => {
            let (slug, wanted) = (name.to_owned(), name.to_owned());
            let found = app
                .store
                .read(move |conn| assistants::find_by_name(conn, workspace, &slug));
            let found = found.await?;
            let found = found
                .map(Scoped::into_inner)
                .ok_or_else(|| anyhow!("there is no assistant named `{wanted}`"))?;
            if !found.is_published() {
                return Err(anyhow!(
                    "the assistant `{wanted}` is not published yet; `frontdesk assistants publish {wanted}` makes it live"
                ));
            }
            found
        }
    };
    let place = app.voice.admit(workspace, CallChannel::Kiosk).await?;
    let caller = Caller {
        workspace,
        assistant,
        channel: CallChannel::Kiosk,
        name: None,
        conversation: None,
        begun_by: None,
        flow: Flow::member(workspace, &"kiosk"),
    };
    let (to, mut outgoing, line) = line();
    let (seen, from) = mpsc::channel(QUEUE);
    let desk = app.voice.clone();
    tokio::spawn(async move { desk.serve(place, caller, line).await });
    tokio::spawn(async move {
        while let Some(out) = outgoing.recv().await {
            if seen.send(out.into()).await.is_err() {
                return;
            }
        }
    });
    Ok(Wire { to, from })
}

/// Starts a session on the running server, over its voice socket.
///
/// # Errors
/// When the server cannot be reached.
pub(super) async fn remote(
    server: &Server,
    workspace: &str,
    assistant: Option<&str>,
) -> anyhow::Result<Wire> {
    let connection = server
        .connect()
        .await
        .context("the server does not respond")?;
    let (socket, _) = client_async(format!("ws://{HOST}/api/v1/visit/voice"), connection)
        .await
        .context("the server does not accept voice sessions")?;
    let (mut sink, mut stream) = socket.split();
    let mut start = serde_json::json!({
        "type": "start", "channel": "kiosk", "workspace": workspace,
    });
    if let Some(assistant) = assistant {
        start["assistant"] = assistant.into();
    }
    sink.send(Message::text(start.to_string())).await?;
    let (to, mut incoming) = mpsc::channel(QUEUE);
    let (seen, from) = mpsc::channel(QUEUE);
    // One task per direction, so that neither holds up the other.
    tokio::spawn(async move {
        let mut number = 0;
        while let Some(incoming) = incoming.recv().await {
            let message = match written(&incoming, &mut number) {
                Written::Text(text) => Message::text(text),
                Written::Sound(frame) => Message::binary(frame),
            };
            if sink.send(message).await.is_err() {
                return;
            }
        }
        let _gone = sink.close().await;
    });
    tokio::spawn(async move {
        while let Some(Ok(message)) = stream.next().await {
            let event = match message {
                Message::Text(text) => Seen::read(&text),
                Message::Binary(frame) => Seen::sound(&frame),
                _ => None,
            };
            if let Some(event) = event
                && seen.send(event).await.is_err()
            {
                return;
            }
        }
    });
    Ok(Wire { to, from })
}
