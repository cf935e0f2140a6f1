//! TLS that begins after a word in the clear (STARTTLS), as mail servers do it. In the clear goes only the request for
//! TLS; a server that does not turn to it gets nothing else.

use std::collections::BTreeSet;
use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::allow::{IMAP_PORTS, SMTP_PORTS};
use super::tunnel::Tunnel;
use super::{CONNECT_TIMEOUT, Class, EgressError, Gateway, StreamLimits, TlsPlace, TlsStream};
use crate::reason::Reason;

/// Most bytes of a server's words before TLS.
const MOST_SAID: usize = 8 << 10;

/// The protocol in which TLS is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clear<'a> {
    /// RFC 3207. After it the client sends EHLO again; the server sends no greeting.
    Smtp {
        /// The name that we greet with.
        hello: &'a str,
    },
    /// RFC 3501, section 6.2.1. After it the client asks for capabilities again.
    Imap,
}

impl Gateway {
    /// Opens a stream to a server, has it turn to TLS, and hands it out if its certificate is valid.
    ///
    /// # Errors
    /// Among others [`EgressError::Place`] for a server that does not turn to TLS.
    pub async fn starttls(
        &self,
        place: &TlsPlace,
        clear: Clear<'_>,
        data: BTreeSet<Class>,
        limits: StreamLimits,
    ) -> Result<TlsStream, EgressError> {
        let proof = place.proof()?;
        let (protocol, ports) = match clear {
            Clear::Smtp { .. } => ("SMTP", SMTP_PORTS),
            Clear::Imap => ("IMAP", IMAP_PORTS),
        };
        let opening = place.opening(protocol, ports, data, limits);
        let mut tunnel = self.tunnel(opening).await?;
        let asking = ask(&mut tunnel, clear);
        match tokio::time::timeout(CONNECT_TIMEOUT, asking).await {
            Ok(Ok(true)) => place.secure(proof, tunnel).await,
            Ok(Ok(false)) => Err(EgressError::Place {
                place: format!("{}:{}", place.host, place.port),
                reason: "it does not offer to turn to TLS (STARTTLS) on this port, so nothing was sent. If it speaks TLS from \
                         the beginning, choose that (usually port 465 for SMTP and 993 for IMAP)"
                    .into(),
            }),
            Ok(Err(error)) => Err(EgressError::Failed {
                host: place.host.clone(),
                reason: Reason::of(error),
            }),
            Err(_) => Err(place.slow()),
        }
    }
}

/// Whether the server agrees to TLS, which then begins with the next byte.
async fn ask(tunnel: &mut Tunnel, clear: Clear<'_>) -> io::Result<bool> {
    let mut said = 0;
    match clear {
        Clear::Smtp { hello } => {
            if hello.is_empty() || hello.contains(|c: char| !c.is_ascii_graphic()) {
                return Err(io::Error::other("our own name is no name of a machine"));
            }
            let greeting = smtp_reply(tunnel, &mut said).await?;
            refuse_unless(greeting.is("220"), "it greets with", greeting.last())?;
            say(tunnel, &format!("EHLO {hello}\r\n")).await?;
            let offers = smtp_reply(tunnel, &mut said).await?;
            refuse_unless(
                offers.is("250"),
                "it answers our greeting with",
                offers.last(),
            )?;
            if !offers.names("STARTTLS") {
                return Ok(false);
            }
            say(tunnel, "STARTTLS\r\n").await?;
            Ok(smtp_reply(tunnel, &mut said).await?.is("220"))
        }
        Clear::Imap => {
            let greeting = line(tunnel, &mut said).await?;
            let is_mail = greeting.to_ascii_uppercase().starts_with("* OK");
            refuse_unless(is_mail, "it greets with", &greeting)?;
            say(tunnel, "f1 STARTTLS\r\n").await?;
            loop {
                let answer = line(tunnel, &mut said).await?;
                if let Some(status) = answer.strip_prefix("f1 ") {
                    return Ok(status.to_ascii_uppercase().starts_with("OK"));
                }
            }
        }
    }
}

/// The lines of a reply of SMTP.
struct SmtpReply(Vec<String>);

impl SmtpReply {
    fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn is(&self, code: &str) -> bool {
        self.last().starts_with(code)
    }

    /// Whether a line of it names an extension.
    fn names(&self, extension: &str) -> bool {
        let named = |line: &String| line.get(4..).map(|rest| rest.trim().to_ascii_uppercase());
        self.0
            .iter()
            .filter_map(named)
            .any(|name| name == extension)
    }
}

async fn smtp_reply(tunnel: &mut Tunnel, said: &mut usize) -> io::Result<SmtpReply> {
    let mut lines = Vec::new();
    loop {
        let line = line(tunnel, said).await?;
        let goes_on = line.as_bytes().get(3) == Some(&b'-');
        lines.push(line);
        if !goes_on {
            return Ok(SmtpReply(lines));
        }
    }
}

/// Reads byte by byte, so that nothing said before TLS is taken for something said within it.
async fn line(tunnel: &mut Tunnel, said: &mut usize) -> io::Result<String> {
    let mut line = Vec::new();
    loop {
        match tunnel.read_u8().await? {
            b'\n' => break,
            byte => line.push(byte),
        }
        *said += 1;
        if *said > MOST_SAID {
            return Err(io::Error::other("it talks too much before TLS"));
        }
    }
    let line = String::from_utf8_lossy(&line);
    Ok(line.trim_end_matches('\r').to_owned())
}

async fn say(tunnel: &mut Tunnel, words: &str) -> io::Result<()> {
    tunnel.write_all(words.as_bytes()).await?;
    tunnel.flush().await
}

fn refuse_unless(fine: bool, what: &str, said: &str) -> io::Result<()> {
    if fine {
        return Ok(());
    }
    let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
    Err(io::Error::other(format!("{what} “{said}”")))
}
