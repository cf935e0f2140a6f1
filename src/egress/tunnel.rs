//! A raw outgoing connection: to a checked address, counted and limited in both directions, and in the ledger from
//! start to end. It does not authenticate the peer; the protocol on top does (`ssh`, `tls`).

use std::collections::BTreeSet;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::ledger::LedgerLine;
use super::request::join_names;
use super::{CONNECT_TIMEOUT, Class, EgressError, Gateway, Purpose, guard};
use crate::reason::Reason;
use crate::store::WorkspaceId;
use crate::store::egress::NewRequest;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Most bytes that may go out.
    pub sent: u64,
    /// Most bytes that may come in.
    pub received: u64,
    /// Longest time that it may stay open.
    pub time: Duration,
}

pub(super) struct Opening<'a> {
    /// `None` if the stream is for the whole installation.
    pub(super) workspace: Option<WorkspaceId>,
    pub(super) purpose: Purpose,
    /// Name of the provider at the other end, for the ledger.
    pub(super) provider: Option<&'a str>,
    /// The protocol's name in the ledger, such as `SSH`.
    pub(super) protocol: &'static str,
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// Ports that are allowed without an entry in `egress.allow`.
    pub(super) usual_ports: &'static [u16],
    pub(super) data: BTreeSet<Class>,
    pub(super) limits: StreamLimits,
}

pub(super) struct Tunnel {
    stream: TcpStream,
    line: LedgerLine,
    limits: StreamLimits,
    clock: Pin<Box<Sleep>>,
}

impl Gateway {
    /// Records a stream in the ledger and connects it, if that is allowed.
    pub(super) async fn tunnel(&self, opening: Opening<'_>) -> Result<Tunnel, EgressError> {
        let Opening {
            workspace,
            purpose,
            limits,
            ..
        } = opening;
        let (host, port) = (opening.host.to_owned(), opening.port);
        let scheme = opening.protocol.to_ascii_lowercase();
        let new = (
            format!("{scheme}://{host}:{port}"),
            join_names(&opening.data),
        );
        let (protocol, named) = (opening.protocol, host.clone());
        let provider = opening.provider.map(str::to_owned);
        let mut line = LedgerLine::open(&self.inner.store, move |tx, now| {
            let new = NewRequest {
                workspace,
                purpose: purpose.name(),
                data: &new.1,
                provider: provider.as_deref(),
                method: protocol,
                host: &named,
                url: &new.0,
                bytes_sent: 0,
            };
            crate::store::egress::append(tx, &new, now)
        })
        .await?;
        line.is_stream = true;
        match self
            .connect(purpose, &host, port, opening.usual_ports)
            .await
        {
            Ok(stream) => {
                line.outcome.address = stream.peer_addr().ok().map(|a| a.ip().to_string());
                Ok(Tunnel {
                    stream,
                    line,
                    limits,
                    clock: Box::pin(tokio::time::sleep(limits.time)),
                })
            }
            Err(error) => Err(line.fail(error).await),
        }
    }

    async fn connect(
        &self,
        purpose: Purpose,
        host: &str,
        port: u16,
        usual_ports: &[u16],
    ) -> Result<TcpStream, EgressError> {
        self.check_reach(purpose)?;
        let (lookup, allow) = (self.inner.lookup.as_ref(), &self.inner.allow);
        let found = guard::resolve_for_stream(host, port, usual_ports, lookup, allow);
        let addresses = found.await?;
        let mut last = None;
        for address in addresses {
            match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = Some(Reason::of(error)),
                Err(late) => {
                    let told = format!("no answer within {} seconds", CONNECT_TIMEOUT.as_secs());
                    last = Some(Reason::told(told, late));
                }
            }
        }
        Err(EgressError::Failed {
            host: host.to_owned(),
            reason: last.unwrap_or_else(|| "the name has no address".into()),
        })
    }
}

impl Tunnel {
    /// Notes in the ledger why the stream ended.
    fn fail(&mut self, kind: io::ErrorKind, what: String) -> io::Error {
        self.line.outcome.error = Some(what.clone());
        io::Error::new(kind, what)
    }

    fn check_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.clock.as_mut().poll(cx).is_pending() {
            return Ok(());
        }
        let seconds = self.limits.time.as_secs();
        Err(self.fail(
            io::ErrorKind::TimedOut,
            format!("it was not done within {seconds} seconds"),
        ))
    }
}

/// Adds to the total and returns whether it is still within the limit.
fn add_within(total: &mut i64, more: usize, limit: u64) -> bool {
    *total = total.saturating_add(i64::try_from(more).unwrap_or(i64::MAX));
    u64::try_from(*total).unwrap_or_default() <= limit
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_time(cx)?;
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let (more, limit) = (buf.filled().len() - before, self.limits.received);
        if !add_within(&mut self.line.outcome.bytes_received, more, limit) {
            let what = format!("more than {limit} bytes came");
            return Poll::Ready(Err(self.fail(io::ErrorKind::FileTooLarge, what)));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_time(cx)?;
        let (sent, limit) = (self.line.outcome.bytes_sent, self.limits.sent);
        if u64::try_from(sent).unwrap_or_default() >= limit {
            let what = format!("more than {limit} bytes were to be sent");
            return Poll::Ready(Err(self.fail(io::ErrorKind::FileTooLarge, what)));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        add_within(&mut self.line.outcome.bytes_sent, written, limit);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
