//! A mailbox over IMAP (RFC 3501), read only: it is opened with EXAMINE and read with PEEK, so nothing in it changes.

mod wire;

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode, Status};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use self::wire::{Command, Wire};
use super::settings::{Mailbox, Tls};
use crate::egress::{Class, Clear, EgressError, Gateway, Secret, StreamLimits, TlsStream};
use crate::store::WorkspaceId;

/// For one session, which is replaced before a server gives up on it (after 30 minutes, RFC 2177).
const LIMITS: StreamLimits = StreamLimits {
    sent: 4 << 20,
    received: 256 << 20,
    time: Duration::from_secs(29 * 60),
};
/// How long a server may take for a response.
const STEP: Duration = Duration::from_secs(60);
/// How often a server that cannot tell of new mail (IDLE, RFC 2177) is asked.
const ASK: Duration = Duration::from_secs(60);
/// Most bytes of a message that are read; the text comes before what is attached.
const MOST_READ: u32 = 1 << 20;

/// A session with a mailbox's server.
pub(super) struct Session<S = TlsStream> {
    wire: Wire<S>,
    /// Number of the last command.
    number: u32,
    can_idle: bool,
    /// Whether the server told of mail since [`Session::newer_than`] asked: it may do so in the reply to any command.
    told: bool,
}

/// Why a command failed; a sentence for the owner, who knows which server is meant.
#[derive(Debug)]
pub(super) enum ImapError {
    Io(io::Error),
    Slow,
    /// The server refused it, in its words.
    No(String),
}

/// The open folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Opened {
    /// Changes when the server renumbers its messages.
    pub(super) validity: u32,
    /// UID of the next message to come, if the server tells.
    pub(super) next: Option<u32>,
}

impl Session {
    /// Connects and signs in.
    ///
    /// # Errors
    /// A sentence for the owner.
    pub(super) async fn open(
        gateway: &Gateway,
        workspace: WorkspaceId,
        mailbox: &Mailbox,
        password: &Secret,
    ) -> Result<Self, String> {
        let server = &mailbox.server;
        let place = server.place(workspace);
        let data = BTreeSet::from([Class::Credential]);
        let told = |error: EgressError| error.to_string();
        let stream = match server.tls {
            Tls::Implicit => gateway.tls(&place, data, LIMITS).await.map_err(told)?,
            Tls::Starttls => {
                let stream = gateway.starttls(&place, Clear::Imap, data, LIMITS).await;
                stream.map_err(told)?
            }
        };
        let mut session = Self::over(stream);
        if server.tls == Tls::Implicit {
            let greeted = session.greeting().await;
            greeted.map_err(|error| {
                format!("{} did not begin the conversation: {error}", server.host)
            })?;
        }
        match session.sign_in(&server.user, password.reveal()).await {
            Ok(()) => Ok(session),
            Err(ImapError::No(said)) => Err(format!(
                "{} refused to let {} in: “{said}”. Check user name and password; many providers want an app password that \
                 you make in your account there, and some have IMAP switched off until you switch it on",
                server.host, server.user
            )),
            Err(error) => Err(format!(
                "{} did not let {} in: {error}",
                server.host, server.user
            )),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn over(stream: S) -> Self {
        Self {
            wire: Wire::new(stream),
            number: 0,
            can_idle: false,
            told: false,
        }
    }

    async fn greeting(&mut self) -> Result<(), ImapError> {
        let said = self.read().await?;
        match said.to_ascii_uppercase().starts_with(b"* OK") {
            true => Ok(()),
            false => Err(ImapError::No(shown(&said))),
        }
    }

    async fn sign_in(&mut self, user: &str, password: &str) -> Result<(), ImapError> {
        let login = Command::new("LOGIN").with(user).with(password);
        self.run(login, |_| {}).await?;
        let mut can_idle = false;
        let asked = self.run(Command::new("CAPABILITY"), |response| {
            if let Response::Capabilities(all) = response {
                can_idle |= all.iter().any(|one| {
                    matches!(one, Capability::Atom(name) if name.eq_ignore_ascii_case("IDLE"))
                });
            }
        });
        asked.await?;
        self.can_idle = can_idle;
        Ok(())
    }

    /// Opens a folder to read in it.
    pub(super) async fn examine(&mut self, folder: &str) -> Result<Opened, ImapError> {
        let mut opened = Opened::default();
        let command = Command::new("EXAMINE").with(folder);
        let asked = self.run(command, |response| {
            if let Response::Data { outcome, .. } = response {
                match outcome.code {
                    Some(ResponseCode::UidValidity(validity)) => opened.validity = validity,
                    Some(ResponseCode::UidNext(next)) => opened.next = Some(next),
                    _ => {}
                }
            }
        });
        asked.await?;
        Ok(opened)
    }

    /// UIDs after this one, in ascending order.
    pub(super) async fn newer_than(&mut self, seen: u32) -> Result<Vec<u32>, ImapError> {
        self.told = false;
        let from = seen.saturating_add(1);
        let mut found = BTreeSet::new();
        let command = Command::new(&format!("UID SEARCH UID {from}:*"));
        let asked = self.run(command, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                // `*` is the last message, even if that is an older one.
                found.extend(uids.iter().copied().filter(|uid| *uid > seen));
            }
        });
        asked.await?;
        Ok(found.into_iter().collect())
    }

    /// The header lines of these messages that say where they were sent, by UID.
    pub(super) async fn address_lines(
        &mut self,
        uids: &[u32],
    ) -> Result<Vec<(u32, Vec<u8>)>, ImapError> {
        let list: Vec<String> = uids.iter().map(u32::to_string).collect();
        let what = "BODY.PEEK[HEADER.FIELDS (TO CC DELIVERED-TO X-ORIGINAL-TO ENVELOPE-TO)]";
        self.fetch(&list.join(","), what).await
    }

    /// A message, or the beginning of a long one; `None` if it is gone.
    pub(super) async fn message(&mut self, uid: u32) -> Result<Option<Vec<u8>>, ImapError> {
        let what = format!("BODY.PEEK[]<0.{MOST_READ}>");
        let found = self.fetch(&uid.to_string(), &what).await?;
        let wanted = found.into_iter().find(|(found, _)| *found == uid);
        Ok(wanted.map(|(_, bytes)| bytes))
    }

    async fn fetch(&mut self, uids: &str, what: &str) -> Result<Vec<(u32, Vec<u8>)>, ImapError> {
        let mut found = Vec::new();
        let command = Command::new(&format!("UID FETCH {uids} (UID {what})"));
        let asked = self.run(command, |response| {
            if let Response::Fetch(_, values) = response {
                let (mut uid, mut body) = (None, None);
                for value in values {
                    match value {
                        AttributeValue::Uid(number) => uid = Some(*number),
                        AttributeValue::BodySection { data, .. } => {
                            body = Some(data.as_deref().unwrap_or_default().to_vec());
                        }
                        _ => {}
                    }
                }
                found.extend(uid.zip(body));
            }
        });
        asked.await?;
        Ok(found)
    }

    /// Waits until there may be new mail, at most `most`.
    pub(super) async fn wait(&mut self, most: Duration) -> Result<(), ImapError> {
        if self.told {
            return Ok(());
        }
        if !self.can_idle {
            tokio::time::sleep(most.min(ASK)).await;
            return self.run(Command::new("NOOP"), |_| {}).await;
        }
        let tag = self.tag();
        self.write(format!("{tag} IDLE\r\n").as_bytes()).await?;
        let until = Instant::now() + most;
        let mut is_idle = false;
        loop {
            let left = match is_idle {
                true => until.saturating_duration_since(Instant::now()),
                false => STEP,
            };
            match timeout(left, self.wire.read()).await {
                Ok(Ok(said)) if said.starts_with(b"+") => is_idle = true,
                Ok(Ok(said)) if is_about(&said, &tag) => return Err(ImapError::No(shown(&said))),
                Ok(Ok(said)) if is_idle && tells_of_mail(&said) => break,
                Ok(Ok(said)) if said.to_ascii_uppercase().starts_with(b"* BYE") => {
                    return Err(ImapError::No(shown(&said)));
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(ImapError::Io(error)),
                Err(_) if is_idle => break,
                Err(_) => return Err(ImapError::Slow),
            }
        }
        self.write(b"DONE\r\n").await?;
        self.finish(&tag, |_| {}).await
    }

    pub(super) async fn close(mut self) {
        // Whatever it answers, we are done.
        let _ended = timeout(
            Duration::from_secs(5),
            self.run(Command::new("LOGOUT"), |_| {}),
        )
        .await;
    }

    fn tag(&mut self) -> String {
        self.number = self.number.wrapping_add(1);
        format!("A{}", self.number)
    }

    async fn run(
        &mut self,
        command: Command,
        on: impl FnMut(&Response<'_>),
    ) -> Result<(), ImapError> {
        let tag = self.tag();
        let mut line = format!("{tag} ").into_bytes();
        let last = command.parts.len().saturating_sub(1);
        for (at, part) in command.parts.into_iter().enumerate() {
            line.extend_from_slice(&part);
            if at == last {
                line.extend_from_slice(b"\r\n");
            }
            self.write(&line).await?;
            line.clear();
            if at < last {
                self.await_invitation(&tag).await?;
            }
        }
        self.finish(&tag, on).await
    }

    /// Waits until the server asks for the next part of a command.
    async fn await_invitation(&mut self, tag: &str) -> Result<(), ImapError> {
        loop {
            let said = self.read().await?;
            if said.starts_with(b"+") {
                return Ok(());
            }
            if is_about(&said, tag) {
                return Err(ImapError::No(shown(&said)));
            }
        }
    }

    /// Reads up to the end of a command.
    async fn finish(
        &mut self,
        tag: &str,
        mut on: impl FnMut(&Response<'_>),
    ) -> Result<(), ImapError> {
        let mut bye = None;
        loop {
            let said = match self.read().await {
                Ok(said) => said,
                // It said why before it hung up.
                Err(ImapError::Io(error)) => {
                    return Err(bye.map_or(ImapError::Io(error), ImapError::No));
                }
                Err(error) => return Err(error),
            };
            if is_about(&said, tag) {
                let status = said.get(tag.len() + 1..).unwrap_or_default();
                return match status.to_ascii_uppercase().starts_with(b"OK") {
                    true => Ok(()),
                    false => Err(ImapError::No(shown(status))),
                };
            }
            self.told |= tells_of_mail(&said);
            // What cannot be parsed is something that nobody asked for.
            if let Ok((_, response)) = Response::parse(&said) {
                if let Response::Data {
                    status: Status::Bye,
                    ..
                } = response
                {
                    bye = Some(shown(&said));
                }
                on(&response);
            }
        }
    }

    async fn read(&mut self) -> Result<Vec<u8>, ImapError> {
        match timeout(STEP, self.wire.read()).await {
            Ok(read) => read.map_err(ImapError::Io),
            Err(_) => Err(ImapError::Slow),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ImapError> {
        match timeout(STEP, self.wire.write(bytes)).await {
            Ok(written) => written.map_err(ImapError::Io),
            Err(_) => Err(ImapError::Slow),
        }
    }
}

impl std::fmt::Display for ImapError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("the server closed the connection")
            }
            Self::Io(error) => write!(f, "the connection broke ({error})"),
            Self::Slow => write!(f, "no answer within {} seconds", STEP.as_secs()),
            Self::No(said) => write!(f, "“{said}”"),
        }
    }
}

/// Whether a line ends the command with this tag.
fn is_about(said: &[u8], tag: &str) -> bool {
    let rest = said.strip_prefix(tag.as_bytes());
    rest.is_some_and(|rest| rest.starts_with(b" "))
}

fn tells_of_mail(said: &[u8]) -> bool {
    let said = said.to_ascii_uppercase();
    said.ends_with(b" EXISTS\r\n") || said.ends_with(b" RECENT\r\n")
}

/// A server's words on one line.
fn shown(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let plain = said.trim().replace(|c: char| c.is_control(), " ");
    plain.chars().take(300).collect()
}

#[cfg(test)]
#[path = "imap_tests.rs"]
mod tests;
