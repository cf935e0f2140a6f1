//! A server of IMAP with one mailbox, which tells at once of new mail.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{PASSWORD, USER, vouched};

struct Mailbox {
    /// By UID, from 1.
    messages: Mutex<Vec<String>>,
    /// Commands as heard, without their tags.
    heard: Mutex<Vec<String>>,
    count: watch::Sender<usize>,
}

/// The running server.
#[derive(Clone)]
pub struct FakeImap {
    pub port: u16,
    /// PEM of the authority that vouches for it.
    pub authority: String,
    mailbox: Arc<Mailbox>,
}

impl FakeImap {
    /// Starts it, with TLS from the first byte.
    pub async fn start() -> Self {
        let (authority, acceptor) = vouched();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            port: listener.local_addr().unwrap().port(),
            authority,
            mailbox: Arc::new(Mailbox {
                messages: Mutex::default(),
                heard: Mutex::default(),
                count: watch::Sender::new(0),
            }),
        };
        let mailbox = Arc::clone(&fake.mailbox);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, mailbox) = (acceptor.clone(), Arc::clone(&mailbox));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(socket).await {
                        // Whether the client hangs up or says good-bye is the same.
                        let _ended = talk(BufReader::new(stream), &mailbox).await;
                    }
                });
            }
        });
        fake
    }

    /// Puts a message into the mailbox. Its lines end with CRLF.
    pub fn deliver(&self, message: &str) {
        let mut messages = self.mailbox.messages.lock().unwrap();
        messages.push(message.to_owned());
        self.mailbox.count.send_replace(messages.len());
    }

    pub fn heard(&self) -> Vec<String> {
        self.mailbox.heard.lock().unwrap().clone()
    }
}

/// The conversation within TLS. Errors mean that the client hung up.
async fn talk<S>(mut stream: BufReader<S>, mailbox: &Mailbox) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    stream.write_all(b"* OK fake ready\r\n").await?;
    let mut counts = mailbox.count.subscribe();
    // How many messages the client knows of.
    let mut known = 0;
    loop {
        let Some((tag, command)) = command(&mut stream).await? else {
            return Ok(());
        };
        mailbox.heard.lock().unwrap().push(command.clone());
        let count = mailbox.messages.lock().unwrap().len();
        let wanted = format!("LOGIN \"{USER}\" \"{PASSWORD}\"");
        let mut status = "OK done";
        let mut said = String::new();
        match command.as_str() {
            login if login.starts_with("LOGIN") => {
                if login != wanted {
                    status = "NO [AUTHENTICATIONFAILED] wrong user or password";
                }
            }
            "CAPABILITY" => said.push_str("* CAPABILITY IMAP4rev1 IDLE\r\n"),
            "EXAMINE \"INBOX\"" => said.push_str(&format!(
                "* FLAGS (\\Seen)\r\n* {count} EXISTS\r\n* OK [UIDVALIDITY 7] fine\r\n* OK [UIDNEXT {}] fine\r\n",
                count + 1
            )),
            examine if examine.starts_with("EXAMINE") => status = "NO no such folder",
            "IDLE" => {
                stream.write_all(b"+ idling\r\n").await?;
                idle(&mut stream, &mut counts, known).await?;
            }
            "NOOP" => {}
            "LOGOUT" => said.push_str("* BYE good-bye\r\n"),
            search if search.starts_with("UID SEARCH UID ") => {
                known = count;
                let from: usize = search.trim_start_matches("UID SEARCH UID ").trim_end_matches(":*").parse().unwrap_or(1);
                // As servers do: `*` is the last message, even below the range.
                let uids = (from.min(count.max(1))..=count).map(|uid| format!(" {uid}"));
                said = format!("* SEARCH{}\r\n", uids.collect::<String>());
            }
            fetch if fetch.starts_with("UID FETCH ") => said = fetched(mailbox, fetch),
            _ => status = "BAD what?",
        }
        said.push_str(&format!("{tag} {status}\r\n"));
        stream.write_all(said.as_bytes()).await?;
        stream.flush().await?;
        if command == "LOGOUT" {
            return Ok(());
        }
    }
}

async fn command<S>(stream: &mut BufReader<S>) -> std::io::Result<Option<(String, String)>>
where
    S: AsyncRead + Unpin,
{
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let line = line.trim_end();
    Ok(line
        .split_once(' ')
        .map(|(tag, command)| (tag.to_owned(), command.to_owned())))
}

/// Tells of new mail until the client has enough.
async fn idle<S>(
    stream: &mut BufReader<S>,
    counts: &mut watch::Receiver<usize>,
    known: usize,
) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut line = String::new();
    loop {
        let count = *counts.borrow_and_update();
        if count != known {
            let told = format!("* {count} EXISTS\r\n");
            stream.write_all(told.as_bytes()).await?;
            stream.flush().await?;
        }
        tokio::select! {
            read = stream.read_line(&mut line) => {
                read?;
                return Ok(());
            }
            changed = counts.changed() => changed.map_err(std::io::Error::other)?,
        }
    }
}

fn fetched(mailbox: &Mailbox, command: &str) -> String {
    let messages = mailbox.messages.lock().unwrap();
    let uids = command.split(' ').nth(2).unwrap_or_default();
    let mut said = String::new();
    for uid in uids.split(',').filter_map(|uid| uid.parse::<usize>().ok()) {
        let Some(message) = messages.get(uid - 1) else {
            continue;
        };
        let (section, text) = if command.contains("HEADER.FIELDS") {
            let head = message.split("\r\n\r\n").next().unwrap_or_default();
            let lines = head.split("\r\n").filter(|line| {
                let lower = line.to_lowercase();
                ["to:", "cc:", "delivered-to:"]
                    .iter()
                    .any(|name| lower.starts_with(name))
            });
            let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
            ("HEADER.FIELDS (TO CC)", format!("{lines}\r\n"))
        } else {
            ("", message.clone())
        };
        said.push_str(&format!(
            "* {uid} FETCH (UID {uid} BODY[{section}] {{{}}}\r\n{text})\r\n",
            text.len()
        ));
    }
    said
}
