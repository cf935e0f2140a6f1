//! Where connections come from: the network, with or without TLS, or processes of this machine.

use std::io;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::Peer;
use super::peers::{Guest, Peers};
use crate::certificates::{Certificates, TlsStream};

/// A listener that knows who may connect.
pub(super) trait Door {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection. A refused one is closed and returned as an error of that connection only.
    async fn accept(&self) -> io::Result<Accepted<Self::Stream>>;
}

/// What must happen before requests are read, such as the handshake of TLS; `None`: there is nothing to serve.
pub(super) type Opening<S> = BoxFuture<'static, io::Result<Option<S>>>;

pub(super) struct Accepted<S> {
    pub(super) opening: Opening<S>,
    pub(super) peer: Peer,
    /// Whether we speak TLS with the peer.
    pub(super) over_tls: bool,
    /// Its share of the limit per address; `None` where there is no such limit.
    pub(super) guest: Option<Guest>,
}

pub(super) struct Network {
    pub(super) listener: TcpListener,
    pub(super) peers: Peers,
}

impl Network {
    async fn next(&self) -> io::Result<(TcpStream, Peer, Guest)> {
        let (stream, address) = self.listener.accept().await?;
        let Some(guest) = self.peers.admit(address.ip()) else {
            tracing::debug!(%address, "too many connections from one address");
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%address, %error, "TCP_NODELAY was refused");
        }
        Ok((stream, Peer::Address(address), guest))
    }
}

impl Door for Network {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<Accepted<TcpStream>> {
        let (stream, peer, guest) = self.next().await?;
        Ok(Accepted {
            opening: opened(stream),
            peer,
            over_tls: false,
            guest: Some(guest),
        })
    }
}

/// The network, over TLS. The handshake takes a place of its address like every connection.
pub(super) struct Secure {
    pub(super) network: Network,
    pub(super) certificates: Certificates,
}

impl Door for Secure {
    type Stream = TlsStream<TcpStream>;

    async fn accept(&self) -> io::Result<Accepted<Self::Stream>> {
        let (stream, peer, guest) = self.network.next().await?;
        let certificates = self.certificates.clone();
        Ok(Accepted {
            opening: async move { certificates.handshake(stream).await }.boxed(),
            peer,
            over_tls: true,
            guest: Some(guest),
        })
    }
}

fn opened<S: Send + 'static>(stream: S) -> Opening<S> {
    std::future::ready(Ok(Some(stream))).boxed()
}

/// A Unix socket for processes of some users of this machine.
pub(super) struct Local {
    pub(super) listener: UnixListener,
    /// User ids.
    pub(super) trusted: Vec<u32>,
}

impl Door for Local {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<Accepted<UnixStream>> {
        let (stream, _) = self.listener.accept().await?;
        match stream.peer_cred() {
            Ok(peer) if self.trusted.contains(&peer.uid()) => {
                return Ok(Accepted {
                    opening: opened(stream),
                    peer: Peer::Installation,
                    over_tls: false,
                    guest: None,
                });
            }
            Ok(peer) => {
                let user = peer.uid();
                tracing::warn!(user, "refused another user at the socket for commands");
            }
            Err(error) => tracing::debug!(%error, "cannot tell which user a connection belongs to"),
        }
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}
