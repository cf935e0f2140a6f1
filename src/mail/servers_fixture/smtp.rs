//! A server of SMTP that takes messages, refuses them, puts them off, or hangs up in the middle.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{PASSWORD, USER, vouched};

/// What it does with a message, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whim {
    /// 450 at the recipient (greylisting).
    PutOff,
    /// 550 at the recipient.
    RefuseRecipient,
    /// 550 at the sender.
    RefuseSender,
    /// 554 after the message.
    RefuseMessage,
    /// Hangs up after half of the message.
    HangUpWithin,
    /// Takes the message and hangs up without a word.
    HangUpAfter,
}

/// A message that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub from: String,
    pub to: String,
    /// With its headers, without stuffed dots.
    pub text: String,
}

#[derive(Default)]
struct Notes {
    whims: VecDeque<Whim>,
    taken: Vec<Taken>,
    connections: usize,
}

/// The running server.
#[derive(Clone)]
pub struct FakeSmtp {
    pub port: u16,
    /// PEM of the authority that vouches for it.
    pub authority: String,
    notes: Arc<Mutex<Notes>>,
}

impl FakeSmtp {
    /// Starts it, with TLS from the first byte or after STARTTLS.
    pub async fn start(starttls: bool) -> Self {
        let (authority, acceptor) = vouched();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            port: listener.local_addr().unwrap().port(),
            authority,
            notes: Arc::default(),
        };
        let notes = Arc::clone(&fake.notes);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                notes.lock().unwrap().connections += 1;
                let (acceptor, notes) = (acceptor.clone(), Arc::clone(&notes));
                tokio::spawn(async move { serve(socket, acceptor, &notes, starttls).await });
            }
        });
        fake
    }

    /// The next messages meet these whims, the ones after them are taken.
    pub fn expect(&self, whims: &[Whim]) {
        self.notes.lock().unwrap().whims.extend(whims);
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.notes.lock().unwrap().taken.clone()
    }

    pub fn connections(&self) -> usize {
        self.notes.lock().unwrap().connections
    }
}

async fn serve<S>(socket: S, acceptor: TlsAcceptor, notes: &Mutex<Notes>, starttls: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    if !starttls {
        if let Ok(stream) = acceptor.accept(socket).await {
            talk(BufReader::new(stream), notes, true).await;
        }
        return;
    }
    let mut clear = BufReader::new(socket);
    clear.write_all(b"220 fake ESMTP\r\n").await.unwrap();
    let mut line = String::new();
    while clear.read_line(&mut line).await.is_ok_and(|n| n > 0) {
        if line.starts_with("STARTTLS") {
            clear.write_all(b"220 go ahead\r\n").await.unwrap();
            if let Ok(stream) = acceptor.accept(clear.into_inner()).await {
                talk(BufReader::new(stream), notes, false).await;
            }
            return;
        }
        clear
            .write_all(b"250-fake\r\n250 STARTTLS\r\n")
            .await
            .unwrap();
        line.clear();
    }
}

/// The conversation within TLS. Errors mean that the client hung up.
async fn talk<S>(mut stream: BufReader<S>, notes: &Mutex<Notes>, greets: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    if greets && stream.write_all(b"220 fake ESMTP\r\n").await.is_err() {
        return;
    }
    let (mut signed_in, mut from, mut to) = (false, String::new(), String::new());
    let mut whim = None;
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|n| n > 0) {
        let said = line.trim_end().to_owned();
        line.clear();
        let word = said
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n",
            "AUTH" if said == format!("AUTH PLAIN {}", credentials()) => {
                signed_in = true;
                "235 2.7.0 welcome\r\n"
            }
            "AUTH" => "535 5.7.8 wrong user or password\r\n",
            "MAIL" if !signed_in => "530 5.7.0 sign in first\r\n",
            "MAIL" => {
                whim = notes.lock().unwrap().whims.pop_front();
                from = address(&said);
                match whim {
                    Some(Whim::RefuseSender) => "550 5.7.1 not your address\r\n",
                    _ => "250 2.1.0 fine\r\n",
                }
            }
            "RCPT" => {
                to = address(&said);
                match whim {
                    Some(Whim::PutOff) => "450 4.2.0 greylisted, come again\r\n",
                    Some(Whim::RefuseRecipient) => "550 5.1.1 nobody of that name\r\n",
                    _ => "250 2.1.5 fine\r\n",
                }
            }
            "DATA" => {
                if stream.write_all(b"354 go on\r\n").await.is_err() {
                    return;
                }
                let Some(text) = message(&mut stream, whim == Some(Whim::HangUpWithin)).await
                else {
                    return;
                };
                if whim == Some(Whim::RefuseMessage) {
                    "554 5.6.0 not that\r\n"
                } else {
                    let (from, to) = (from.clone(), to.clone());
                    notes.lock().unwrap().taken.push(Taken { from, to, text });
                    if whim == Some(Whim::HangUpAfter) {
                        return;
                    }
                    "250 2.0.0 taken as 4711\r\n"
                }
            }
            "RSET" | "NOOP" => "250 2.0.0 fine\r\n",
            "QUIT" => "221 2.0.0 bye\r\n",
            _ => "500 5.5.1 what?\r\n",
        };
        if stream.write_all(answer.as_bytes()).await.is_err() || word == "QUIT" {
            return;
        }
    }
}

/// Reads up to the lonely dot; `None` if it hung up.
async fn message<S>(stream: &mut BufReader<S>, hang_up: bool) -> Option<String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (mut text, mut line) = (String::new(), String::new());
    while stream.read_line(&mut line).await.is_ok_and(|n| n > 0) {
        if hang_up {
            return None;
        }
        if line == ".\r\n" {
            return Some(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        line.clear();
    }
    None
}

fn address(said: &str) -> String {
    let inner = said
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}

/// `PLAIN` of RFC 4616, in base64.
fn credentials() -> String {
    let plain = format!("\0{USER}\0{PASSWORD}");
    let mut out = String::new();
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in plain.as_bytes().chunks(3) {
        let bits = three
            .iter()
            .fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        for at in 0..4 {
            match at <= three.len() {
                true => out.push(char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63])),
                false => out.push('='),
            }
        }
    }
    out
}
