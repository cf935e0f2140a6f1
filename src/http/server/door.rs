//! Where connections come in: from the network, or from processes of this machine.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::Peer;
use super::peers::{Guest, Peers};

/// A listener that knows who may come in.
pub(super) trait Door {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection. One that may not come in is closed, and is an error of this connection only.
    async fn accept(&self) -> io::Result<Accepted<Self::Stream>>;
}

/// A connection that came in.
pub(super) struct Accepted<S> {
    pub(super) stream: S,
    pub(super) peer: Peer,
    /// Its place among the connections of its address, where these are counted.
    pub(super) guest: Option<Guest>,
}

/// The network.
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
    /// Ids of these users.
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
                tracing::warn!(user, "another user is kept out of the socket for commands");
            }
            Err(error) => tracing::debug!(%error, "whose connection it was is not known any more"),
        }
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}
