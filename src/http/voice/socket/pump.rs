//! Moves messages between a socket and a session.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::ears::{Ears, Fault};
use super::start::{Guest, Ready, Refused};
use super::wire::{self, Reader, Start};
use crate::reason::Reason;
use crate::usage::{Budgets, Exhausted, Flow, MESSAGE_TOKENS, Work};
use crate::voice::{Incoming, Outgoing, line};

/// Timeout for the first message.
const FIRST_MESSAGE: Duration = Duration::from_secs(5);
/// Timeout for a client, or a session, that takes nothing.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);
const PING_EVERY: Duration = Duration::from_secs(15);
/// Timeout without any frame, not even pongs.
const SILENCE: Duration = Duration::from_secs(45);
/// Timeout for each step of the end, such as the session writing its record after the caller left.
const FAREWELL: Duration = Duration::from_secs(5);
/// Shortest interval of complaints to the client.
const COMPLAIN_EVERY: Duration = Duration::from_secs(1);
/// Unreadable messages that end a call.
const MOST_FAULTS: u32 = 200;
/// Messages that a client may send at once …
const BURST: f64 = 40.0;
/// … and how many more each second. Our own client reports what was played four times a second.
const PER_SECOND: f64 = 8.0;
/// Messages of this file that may wait to be sent; the session has its own queue.
const OWN_QUEUE: usize = 16;

/// Why the client's side ended.
enum Over {
    HungUp,
    /// The connection broke or went silent.
    Lost,
    /// We close it, with this reason.
    Closed(&'static str),
}

/// Carries a call from its first message to its end.
pub(super) async fn run_call(mut socket: WebSocket, guest: Guest) {
    let start = match first_message(&mut socket).await {
        Ok(start) => start,
        Err(reason) => return refuse(socket, wire::error("bad_start", &reason)).await,
    };
    let ready = match guest.admit(start).await {
        Ok(ready) => ready,
        Err(Refused::Busy(message)) => return refuse(socket, wire::busy(&message)).await,
        Err(Refused::Problem(problem)) => {
            let message = wire::error(problem.code, problem.detail());
            return refuse(socket, message).await;
        }
    };
    let Ready {
        caller,
        place,
        reader,
        _one,
        outlived,
    } = ready;
    let (to_session, from_session, line) = line();
    let (budgets, flow) = (Arc::clone(&guest.app.budgets), caller.flow);
    let desk = guest.app.voice.clone();
    // A task of its own: a broken connection must not cut the call's record short.
    let session = tokio::spawn(async move { desk.serve(place, caller, line).await });
    let (sink, stream) = socket.split();
    let (own, from_us) = mpsc::channel(OWN_QUEUE);
    let gone = CancellationToken::new();
    let writer = tokio::spawn(write(sink, from_session, from_us, reader, gone.clone()));
    let mut uplink = Uplink {
        to_session,
        own,
        ears: Ears::new(Instant::now()),
        complained: None,
        faults: 0,
        in_hand: BURST,
        counted: Instant::now(),
        budgets,
        flow,
    };
    let draining = guest.app.cancel();
    let over = tokio::select! {
        over = uplink.listen(stream) => over,
        () = gone.cancelled() => Over::Lost,
        () = outlived => Over::Closed("ended by the front desk"),
        () = draining.cancelled() => Over::HungUp,
    };
    let Uplink {
        to_session, own, ..
    } = uplink;
    match over {
        Over::HungUp => {
            timeout(FAREWELL, to_session.send(Incoming::Hangup))
                .await
                .ok();
        }
        Over::Closed(reason) => {
            let close = close_frame(close_code::POLICY, reason);
            timeout(FAREWELL, own.send(close)).await.ok();
        }
        Over::Lost => {}
    }
    // The session ends when its channel closes; its last messages still go out.
    drop((to_session, own));
    timeout(FAREWELL, session).await.ok();
    if timeout(FAREWELL, writer).await.is_err() {
        gone.cancel();
    }
}

async fn first_message(socket: &mut WebSocket) -> Result<Start, Reason> {
    let until = Instant::now() + FIRST_MESSAGE;
    loop {
        let Ok(next) = timeout_at(until, socket.recv()).await else {
            return Err("the first message did not arrive within 5 s".into());
        };
        match next {
            Some(Ok(Message::Text(text))) => return Start::read(&text),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(_))) => {
                return Err("the first message must be {\"type\":\"start\",\"token\":…}".into());
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err("".into()),
        }
    }
}

async fn refuse(mut socket: WebSocket, message: Message) {
    let sent = async {
        socket.send(message).await?;
        socket
            .send(close_frame(close_code::POLICY, "refused"))
            .await?;
        // Wait until the browser answers the close; otherwise the message can be lost with the connection.
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<_, axum::Error>(())
    };
    timeout(FAREWELL, sent).await.ok();
}

fn close_frame(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: reason.into(),
    }))
}

/// From the client to the session.
struct Uplink {
    to_session: mpsc::Sender<Incoming>,
    own: mpsc::Sender<Message>,
    ears: Ears,
    complained: Option<Instant>,
    faults: u32,
    /// Messages that may still come at once (token bucket), and when that was last computed.
    in_hand: f64,
    counted: Instant,
    budgets: Arc<Budgets>,
    flow: Flow,
}

impl Uplink {
    async fn listen(&mut self, mut stream: SplitStream<WebSocket>) -> Over {
        loop {
            let message = match timeout(SILENCE, stream.next()).await {
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(_)) | None) | Err(_) => return Over::Lost,
            };
            let over = match message {
                Message::Binary(frame) => match self.ears.take(&frame, Instant::now()) {
                    Ok(pieces) => self.hear(pieces),
                    Err(Fault::FarTooFast) => Some(Over::Closed("sound faster than real time")),
                    Err(fault @ Fault::TooFast) => self.complain(wire::notice(&fault.to_string())),
                    Err(fault) => self.fault(&fault.to_string()),
                },
                Message::Text(_) if !self.in_pace(Instant::now()) => {
                    self.fault("too many messages; this one was dropped")
                }
                Message::Text(text) => match wire::read(&text) {
                    Ok(Incoming::Hangup) => Some(Over::HungUp),
                    Ok(incoming) => match self.pay(&incoming) {
                        Ok(()) => self.pass(incoming).await,
                        Err(exhausted) => self.complain(wire::notice(&exhausted.to_string())),
                    },
                    Err(reason) => self.fault(&reason),
                },
                Message::Ping(_) | Message::Pong(_) => None,
                Message::Close(_) => Some(Over::HungUp),
            };
            if let Some(over) = over {
                return over;
            }
        }
    }

    /// Counts a message; false if they come faster than [`BURST`] and [`PER_SECOND`] allow.
    fn in_pace(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.counted).as_secs_f64();
        self.counted = now;
        self.in_hand = (self.in_hand + since * PER_SECOND).min(BURST);
        let fits = self.in_hand >= 1.0;
        if fits {
            self.in_hand -= 1.0;
        }
        fits
    }

    /// Charges typed text to the caller's budget, as in the chat.
    fn pay(&self, incoming: &Incoming) -> Result<(), Exhausted> {
        if matches!(incoming, Incoming::Text(_)) {
            self.budgets.admit(self.flow, Work::Tokens)?;
            self.budgets.charge(self.flow, Work::Tokens, MESSAGE_TOKENS);
        }
        Ok(())
    }

    fn hear(&mut self, pieces: Vec<bytes::Bytes>) -> Option<Over> {
        for piece in pieces {
            // Drop audio when the session is behind; waiting here would delay hangup and consent too.
            match self.to_session.try_send(Incoming::Audio(piece)) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(_)) => {
                    let message = "the front desk could not keep up; some words were lost";
                    return self.complain(wire::notice(message));
                }
                // The session is over; the writer says so and closes.
                Err(mpsc::error::TrySendError::Closed(_)) => return None,
            }
        }
        None
    }

    async fn pass(&mut self, incoming: Incoming) -> Option<Over> {
        match timeout(WRITE_PATIENCE, self.to_session.send(incoming)).await {
            Ok(_) => None,
            Err(_) => Some(Over::Closed("the front desk could not keep up")),
        }
    }

    fn fault(&mut self, reason: &str) -> Option<Over> {
        self.faults += 1;
        if self.faults > MOST_FAULTS {
            return Some(Over::Closed("too many messages that cannot be read"));
        }
        self.complain(wire::error("bad_message", reason))
    }

    /// Sends a complaint to the client, but not with every frame.
    fn complain(&mut self, message: Message) -> Option<Over> {
        let now = Instant::now();
        let lately = self
            .complained
            .is_some_and(|at| now.saturating_duration_since(at) < COMPLAIN_EVERY);
        if !lately {
            self.complained = Some(now);
            self.own.try_send(message).ok();
        }
        None
    }
}

/// From the session to the client. Ends when the session is over, or when the client takes nothing more.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut session: mpsc::Receiver<Outgoing>,
    mut own: mpsc::Receiver<Message>,
    reader: Reader,
    gone: CancellationToken,
) {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            // Our own messages (complaints, the close frame) overtake a backlog of audio.
            biased;
            () = gone.cancelled() => break,
            Some(message) = own.recv() => message,
            out = session.recv() => match out {
                Some(out) => wire::message(out, &reader),
                None => break,
            },
            _ = pings.tick() => Message::Ping(bytes::Bytes::new()),
        };
        let closing = matches!(message, Message::Close(_));
        match timeout(WRITE_PATIENCE, sink.send(message)).await {
            Ok(Ok(())) if !closing => {}
            _ => break,
        }
    }
    let bye = close_frame(close_code::NORMAL, "over");
    timeout(FAREWELL, sink.send(bye)).await.ok();
    // Ends the reading side too: the client may still be sending when the session is over.
    gone.cancel();
}
