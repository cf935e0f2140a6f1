//! Moves messages between a socket and a session.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::client_event;
use super::server_event::ServerEvent;
use crate::voice::realtime::{ClientOrder, Event, Fault, Opening, Order, serve};

/// Events that may wait for a slow client; beyond that, the session waits as well.
const EVENTS: usize = 64;
/// Orders that may wait for the session. Few, because each may be large.
const ORDERS: usize = 1;
/// Interval of pings, and the timeout for a client that sends nothing, not even pongs.
const PING_EVERY: Duration = Duration::from_secs(20);
const SILENT_FOR: Duration = Duration::from_secs(70);
/// Timeout for the last events to go out when the session ends.
const GOODBYE: Duration = Duration::from_secs(2);

/// Runs a session; returns when it is over and its record is complete.
pub(super) async fn talk(socket: WebSocket, opening: Opening) {
    let (sink, stream) = socket.split();
    let (events, outgoing) = mpsc::channel(EVENTS);
    let (to_session, orders) = mpsc::channel(ORDERS);
    let mut writer = AbortOnDropHandle::new(tokio::spawn(write(sink, outgoing)));
    let listening = async {
        listen(stream, to_session).await;
        // Never completes: the session ends by its closed channel, and must not be dropped before its record
        // is written.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = serve(opening, orders, events) => {}
        () = listening => {}
    }
    if timeout(GOODBYE, &mut writer).await.is_err() {
        tracing::debug!("a client did not take its last events");
    }
}

/// Passes on what the client sends, until it leaves, falls silent or its connection breaks.
async fn listen(mut stream: SplitStream<WebSocket>, to_session: mpsc::Sender<ClientOrder>) {
    while let Ok(message) = timeout(SILENT_FOR, stream.next()).await {
        let order = match message {
            Some(Ok(Message::Text(text))) => client_event::parse(text.as_str()),
            Some(Ok(Message::Binary(_))) => {
                let message = "events are JSON in text frames; audio goes as base64 in \
                               input_audio_buffer.append";
                let order = Err(Fault::invalid("binary_frame", message));
                ClientOrder { id: None, order }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            None | Some(Ok(Message::Close(_))) => {
                let order = Ok(Order::HangUp);
                // Fails when the session is over already, which is fine.
                let _ = to_session.send(ClientOrder { id: None, order }).await;
                return;
            }
            Some(Err(error)) => {
                tracing::debug!(%error, "a realtime connection broke");
                return;
            }
        };
        if to_session.send(order).await.is_err() {
            return;
        }
    }
}

/// Sends the events in order, until the session or the connection ends.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut outgoing: mpsc::Receiver<Event>) {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            biased;
            event = outgoing.recv() => match event {
                Some(event) => Message::text(ServerEvent::from(event).to_text()),
                None => break,
            },
            _ = pings.tick() => Message::Ping(bytes::Bytes::new()),
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
    // Fails when the client is gone already, which is fine.
    let _ = sink.close().await;
}
