//! The accept loop.
//!
//! `axum::serve` gives hyper no timer, so its header timeout never fires, and silent connections pile up
//! until no file descriptor is left. This loop installs the timer, limits connections in total and per
//! peer, ends peers that stop reading, and drains on shutdown. It serves the network, with or without TLS, and through
//! another `door` the commands of the installation.
//!
//! TLS begins here too, after a connection has its place, so that limits and time-outs hold for handshakes. Requests over it are
//! marked with a header that is taken off all others.

mod door;
mod peers;
mod stall;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use self::door::{Accepted, Door, Local, Network, Opening, Secure};
use self::peers::Peers;
use self::stall::StallGuard;
use super::address::OVER_TLS;
use crate::certificates::Certificates;

/// Limits and timeouts of one listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open at a time; further ones wait in the kernel's backlog.
    pub connections: usize,
    /// Open at a time from one address; further ones are closed at once.
    pub per_peer: usize,
    /// Whether `per_peer` leaves out loopback, where a reverse proxy would stand.
    pub exempt_loopback: bool,
    /// Timeout from waiting for a request to the end of its headers. It covers silent peers, peers that send
    /// headers byte by byte, and idle keep-alive connections. A handshake may take as long.
    pub header: Duration,
    /// Timeout for a peer that does not read its response.
    pub write_stall: Duration,
    /// How long running requests may take after shutdown began.
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

/// Like [`serve`], over TLS with these certificates.
pub async fn serve_secure(
    listener: TcpListener,
    certificates: Certificates,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let peers = Peers::new(limits.per_peer, limits.exempt_loopback);
    let door = Secure {
        network: Network { listener, peers },
        certificates,
    };
    run(door, router, limits, shutdown).await;
}

/// Like [`serve`], for commands on the same machine. Processes of the user ids in `trusted` count as the
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
            opening,
            peer,
            over_tls,
            guest,
        } = accepted;
        let connection = serve_connection(
            opening,
            Caller { peer, over_tls },
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
    // Close the listener first, so that nobody connects to a server that is going away.
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

/// Accepts one connection. No error ends the server: those of the machine (no file descriptor left, say) pass
/// with time, and those of a single connection concern only that one.
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

/// Who is at the other end, and how we speak with them.
#[derive(Debug, Clone, Copy)]
struct Caller {
    peer: Peer,
    over_tls: bool,
}

/// Serves one connection until it closes.
async fn serve_connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    opening: Opening<S>,
    Caller { peer, over_tls }: Caller,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let opened = tokio::select! {
        opened = tokio::time::timeout(limits.header, opening) => opened,
        () = shutdown.cancelled() => return,
    };
    let stream = match opened {
        Ok(Ok(Some(stream))) => stream,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return tracing::debug!(?peer, %error, "no handshake"),
        Err(_) => return tracing::debug!(?peer, "the handshake took too long"),
    };
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        // Only this server says so, whatever the client wrote.
        request.headers_mut().remove(OVER_TLS);
        if over_tls {
            let yes = HeaderValue::from_static("yes");
            request.headers_mut().insert(OVER_TLS, yes);
        }
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
