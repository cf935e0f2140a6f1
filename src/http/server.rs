//! The accept loop.
//!
//! `axum::serve` gives hyper no timer, so hyper's header timeout never fires there and connections
//! that stay silent pile up until no file descriptor is left. This loop installs the timer, counts
//! connections in all and per peer, ends peers that stop reading, and drains on shutdown. It serves the
//! network and, at a `door` of its own, the commands of the installation.

mod door;
mod peers;
mod stall;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use self::door::{Accepted, Door, Local, Network};
use self::peers::Peers;
use self::stall::StallGuard;

/// How much one listener takes on, and how long it waits.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; further ones wait in the kernel's backlog.
    pub connections: usize,
    /// Connections at a time from one address; further ones are closed at once.
    pub per_peer: usize,
    /// Whether `per_peer` leaves out loopback, where a reverse proxy would stand.
    pub exempt_loopback: bool,
    /// From the start of waiting for a request to the end of its headers. Covers silent peers,
    /// peers that dribble headers, and idle kept-alive connections.
    pub header: Duration,
    /// A response that the peer does not read for this long ends the connection.
    pub write_stall: Duration,
    /// How long running requests may go on after shutdown began.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            per_peer: 512,
            exempt_loopback: true,
            header: Duration::from_secs(15),
            write_stall: Duration::from_secs(60),
            drain: Duration::from_secs(10),
        }
    }
}

/// Who is at the other end of a connection: an extension that the listener puts on each of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Somebody on the network.
    Address(SocketAddr),
    /// A command of this installation: over the socket of [`serve_local`], or in this very process.
    Installation,
}

/// Serves `router` on a bound listener until `shutdown` fires, then lets running requests finish for
/// [`Limits::drain`] and ends the rest. Returns once no connection is left.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let peers = Peers::new(limits.per_peer, limits.exempt_loopback);
    run(Network { listener, peers }, router, limits, shutdown).await;
}

/// Like [`serve`], for commands on the same machine: processes of the users `trusted` (their ids) are the
/// installation itself and may do everything; connections of other users are closed at once.
pub async fn serve_local(
    listener: UnixListener,
    trusted: Vec<u32>,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    run(Local { listener, trusted }, router, limits, shutdown).await;
}

async fn run<D: Door>(door: D, router: Router, limits: Limits, shutdown: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = TaskTracker::new();
    let abort = CancellationToken::new();
    loop {
        let (place, accepted) = tokio::select! {
            () = shutdown.cancelled() => break,
            next = next_connection(&door, &places) => next,
        };
        let Accepted {
            stream,
            peer,
            guest,
        } = accepted;
        let connection = connection(
            stream,
            peer,
            router.clone(),
            limits.clone(),
            shutdown.clone(),
        );
        let abort = abort.clone();
        connections.spawn(async move {
            tokio::select! {
                () = connection => {}
                () = abort.cancelled() => {}
            }
            drop((place, guest));
        });
    }
    drop(door);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!(
            left = connections.len(),
            "ending requests that outlast the shutdown"
        );
        abort.cancel();
        connections.wait().await;
    }
}

/// Waits for a place, then for a connection to take it.
async fn next_connection<D: Door>(
    door: &D,
    places: &Arc<Semaphore>,
) -> (Option<OwnedSemaphorePermit>, Accepted<D::Stream>) {
    // The semaphore is never closed, so there always is a permit.
    let place = places.clone().acquire_owned().await.ok();
    (place, accept(door).await)
}

/// Accepts one connection. Errors that belong to the machine (no descriptor left, say) pass with
/// time, those of a single connection concern only it: neither ends the server.
async fn accept<D: Door>(door: &D) -> Accepted<D::Stream> {
    loop {
        match door.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections; retrying");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
    )
}

/// One connection, from its first byte to its close.
async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: Peer,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let stream = TokioIo::new(StallGuard::new(stream, limits.write_stall));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header);
    let connection = http.serve_connection(stream, service).with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(?peer, %error, "connection ended");
    }
}
