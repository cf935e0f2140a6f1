//! A plain stream to a machine of the owner's own: one that the setting `egress.allow` names with this port.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::tunnel::Tunnel;
use super::{Class, EgressError, Gateway, StreamLimits, TlsPlace};

/// The name in the ledger.
const PROTOCOL: &str = "TCP";

/// A stream without encryption to a machine of the owner's own.
pub struct OwnStream(Tunnel);

impl Gateway {
    /// Opens a plain stream to a machine that `egress.allow` names with its port; everything else is refused, since
    /// everybody on the way could read it.
    pub async fn own(
        &self,
        place: &TlsPlace,
        data: BTreeSet<Class>,
        limits: StreamLimits,
    ) -> Result<OwnStream, EgressError> {
        if !self.inner.allow.names(&place.host, place.port, &[]) {
            return Err(EgressError::Place {
                place: format!("{}:{}", place.host, place.port),
                reason: "without encryption only machines that the setting egress.allow names with this port are \
                         connected to"
                    .into(),
            });
        }
        let opening = place.opening(PROTOCOL, &[], data, limits);
        Ok(OwnStream(self.tunnel(opening).await?))
    }
}

impl AsyncRead for OwnStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for OwnStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl fmt::Debug for OwnStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnStream")
    }
}
