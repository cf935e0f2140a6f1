//! The dialogue with a mail server, step by step, so that it is known how far a message came.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::address::domain;
use super::message::Letter;
use super::settings::{Kept, Tls};
use crate::egress::{Class, Clear, EgressError, Gateway, StreamLimits, TlsStream};
use crate::store::WorkspaceId;

/// For some messages one after another.
const LIMITS: StreamLimits = StreamLimits {
    sent: 64 << 20,
    received: 1 << 20,
    time: Duration::from_secs(20 * 60),
};
/// What a server's greeting is taken for after STARTTLS, where it says none.
const GREETING: &[u8] = b"220 TLS\r\n";
/// Most characters of a server's sentence.
const LONGEST: usize = 400;

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For an answer.
    step: Duration,
    /// For the answer to a whole message, which some servers read first (RFC 5321, section 4.5.3.2.6).
    taken: Duration,
}

impl Patience {
    pub(super) const BACKGROUND: Self = Self {
        step: Duration::from_secs(120),
        taken: Duration::from_secs(600),
    };
    /// For a person who waits for the outcome.
    pub(super) const WATCHED: Self = Self {
        step: Duration::from_secs(20),
        taken: Duration::from_secs(40),
    };
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server took it, and said this.
    Sent(String),
    /// Not yet: why.
    Later(String),
    /// Never: why.
    Refused(String),
    /// Not yet, and the connection or the account is at fault: the messages after it would fare alike.
    Broken(String),
}

/// A server that let us in.
pub(super) struct Post {
    connection: AsyncSmtpConnection,
    host: String,
    patience: Patience,
}

/// Why a step failed.
struct Failed {
    /// The server's status; `None` if the connection failed.
    code: Option<u16>,
    said: String,
}

impl Post {
    /// Connects and signs in. `has_words` tells whether words of customers will go out.
    ///
    /// # Errors
    /// A sentence for the owner.
    pub(super) async fn open(
        gateway: &Gateway,
        workspace: WorkspaceId,
        kept: &Kept,
        has_words: bool,
        patience: Patience,
    ) -> Result<Self, String> {
        let (server, sender) = (&kept.settings.server, &kept.settings.sender);
        let mut data = BTreeSet::from([Class::Business]);
        if has_words {
            data.insert(Class::Customer);
        }
        if !server.user.is_empty() {
            data.insert(Class::Credential);
        }
        let (place, hello) = (server.place(workspace), domain(&sender.address));
        let told = |error: EgressError| error.to_string();
        let link = match server.tls {
            Tls::Implicit => Link::new(gateway.tls(&place, data, LIMITS).await.map_err(told)?, b""),
            Tls::Starttls => {
                let clear = Clear::Smtp { hello };
                let stream = gateway.starttls(&place, clear, data, LIMITS).await;
                Link::new(stream.map_err(told)?, GREETING)
            }
        };
        let host = server.host.clone();
        let hello = ClientId::Domain(hello.to_owned());
        let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(link), &hello);
        let connection = within(patience.step, connecting).await;
        let connection = connection
            .map_err(|failed| format!("{host} did not begin the conversation: {failed}"))?;
        let mut post = Self {
            connection,
            host,
            patience,
        };
        if !server.user.is_empty() {
            post.sign_in(&server.user, kept.password.reveal()).await?;
        }
        Ok(post)
    }

    async fn sign_in(&mut self, user: &str, password: &str) -> Result<(), String> {
        let host = self.host.clone();
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        let offers = self.connection.server_info();
        if offers.get_auth_mechanism(&mechanisms).is_none() {
            return Err(format!(
                "{host} offers no way to sign in with a password (PLAIN or LOGIN). Leave the user empty if it lets you in \
                 without, or ask your provider for an app password"
            ));
        }
        let credentials = Credentials::new(user.to_owned(), password.to_owned());
        let signing_in = self.connection.auth(&mechanisms, &credentials);
        match within(self.patience.step, signing_in).await {
            Ok(_) => Ok(()),
            Err(failed) if failed.code.is_some_and(|code| code >= 500) => Err(format!(
                "{host} refused to let {user} in: {failed}. Check user name and password; many providers want an app password \
                 that you make in your account there"
            )),
            Err(failed) => Err(format!("{host} did not let {user} in: {failed}")),
        }
    }

    /// Hands a message over.
    pub(super) async fn send(&mut self, letter: &Letter) -> Outcome {
        let from = MailFrom::new(Some(letter.from.clone()), vec![]);
        if let Err(failed) = self.step(from).await {
            let Some(code) = failed.code else {
                return Outcome::Broken(self.broke(&failed));
            };
            self.reset().await;
            return match code {
                500.. => Outcome::Broken(format!(
                    "{} does not send as {}: {failed}. Use an address that this account may send from",
                    self.host, letter.from
                )),
                _ => self.later(code, &failed),
            };
        }
        let recipient = Rcpt::new(letter.to.clone(), vec![]);
        if let Err(failed) = self.step(recipient).await {
            return self.declined(&failed).await;
        }
        if let Err(failed) = self.step(Data).await {
            return self.declined(&failed).await;
        }
        let handing_over = self.connection.message(&letter.bytes);
        match within(self.patience.taken, handing_over).await {
            Ok(response) => Outcome::Sent(sentence(&words(&response))),
            Err(failed) if failed.code.is_some() => self.declined(&failed).await,
            Err(failed) => Outcome::Broken(format!(
                "{}. The message was handed over, but the server did not say whether it took it; it is sent again with the \
                 same id, so it may arrive twice",
                self.broke(&failed)
            )),
        }
    }

    /// Ends the conversation.
    pub(super) async fn close(mut self) {
        // Whatever it answers, all is sent.
        let _ended = tokio::time::timeout(Duration::from_secs(5), self.connection.quit()).await;
    }

    async fn step<C: fmt::Display>(&mut self, command: C) -> Result<Response, Failed> {
        within(self.patience.step, self.connection.command(command)).await
    }

    async fn reset(&mut self) {
        // If that fails, so does the next message, and tells it.
        let _reset = self.step(Rset).await;
    }

    /// The server said no to this message.
    async fn declined(&mut self, failed: &Failed) -> Outcome {
        match failed.code {
            None => Outcome::Broken(self.broke(failed)),
            Some(500..) => {
                self.reset().await;
                Outcome::Refused(format!("{} refused it: {failed}", self.host))
            }
            Some(code) => {
                self.reset().await;
                self.later(code, failed)
            }
        }
    }

    fn later(&self, code: u16, failed: &Failed) -> Outcome {
        let told = format!("{} put it off: {failed}", self.host);
        match code {
            // The server closes the connection.
            421 => Outcome::Broken(told),
            _ => Outcome::Later(told),
        }
    }

    fn broke(&self, failed: &Failed) -> String {
        format!("the connection to {} broke: {failed}", self.host)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "“{code} {}”", self.said),
            None => f.write_str(&self.said),
        }
    }
}

/// Waits for an answer, no longer than `patience`.
async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failed> {
    let failed = match tokio::time::timeout(patience, answer).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => error,
        Err(_) => {
            let said = format!("no answer within {} seconds", patience.as_secs());
            return Err(Failed { code: None, said });
        }
    };
    // The source has the server's words, or the stream's error; the error itself only names its kind.
    let cause = std::error::Error::source(&failed).map(ToString::to_string);
    Err(Failed {
        code: failed.status().map(u16::from),
        said: sentence(&cause.unwrap_or_else(|| failed.to_string())),
    })
}

fn words(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    format!("{} {}", response.code(), lines.join(" "))
}

/// A server's words on one line.
fn sentence(said: &str) -> String {
    let plain = said.replace(|c: char| c.is_control(), " ");
    plain.trim().chars().take(LONGEST).collect()
}

/// The gateway's stream, as the client wants it.
#[derive(Debug)]
struct Link {
    stream: TlsStream,
    /// What is read before anything from the stream.
    first: &'static [u8],
}

impl Link {
    fn new(stream: TlsStream, first: &'static [u8]) -> Self {
        Self { stream, first }
    }
}

impl AsyncTokioStream for Link {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        // The ledger has it; nobody asks here.
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let (now, later) = self.first.split_at(self.first.len().min(buf.remaining()));
        buf.put_slice(now);
        self.first = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
