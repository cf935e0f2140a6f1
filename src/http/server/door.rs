//! Where connections come from: the network, or processes of this machine.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::Peer;
use super::peers::{Guest, Peers};

/// A listener that knows who may connect.
pub(super) trait Door {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection. A refused one is closed and returned as an error of that connection only.
    async fn accept(&self) -> io::Result<Accepted<Self::Stream>>;
}

pub(super) struct Accepted<S> {
    pub(super) stream: S,
    pub(super) peer: Peer,
    /// Its share of the limit per address; `None` where there is no such limit.
    pub(super) guest: Option<Guest>,
}

pub(super) struct Network {
    pub(super) listener: TcpListener,
    pub(super) peers: Peers,
}

impl Door for Network {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<Accepted<TcpStream>> {
        let (stream, address) = self.listener.accept().await?;
        let Some(guest) = self.peers.admit(address.ip()) else {
            tracing::debug!(%address, "too many connections from one address");
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%address, %error, "TCP_NODELAY was refused");
        }
        Ok(Accepted {
            stream,
            peer: Peer::Address(address),
            guest: Some(guest),
        })
    }
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
                    stream,
                    peer: Peer::Installation,
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
