//! Lines and literals of IMAP (RFC 3501, section 4.3), with an end to each.

use std::io;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};

/// Most bytes of one response, with its literals.
const MOST: usize = 4 << 20;

pub(super) struct Wire<S> {
    stream: BufReader<S>,
    /// What was read of a response that is not complete.
    partial: Vec<u8>,
    /// Bytes of a literal that are still to come.
    literal: usize,
    /// Where the line behind the last literal begins.
    line_at: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
            partial: Vec::new(),
            literal: 0,
            line_at: 0,
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// A whole response. If the future is dropped, nothing of it is lost.
    pub(super) async fn read(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let room = MOST.saturating_sub(self.partial.len());
            if room == 0 || self.literal > room {
                let told = format!("the server sent more than {MOST} bytes at once");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, told));
            }
            let limit = if self.literal > 0 { self.literal } else { room };
            let mut stream = (&mut self.stream).take(limit as u64);
            let read = match self.literal {
                0 => stream.read_until(b'\n', &mut self.partial).await?,
                _ => stream.read_buf(&mut self.partial).await?,
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if self.literal > 0 {
                self.literal = self.literal.saturating_sub(read);
                if self.literal == 0 {
                    self.line_at = self.partial.len();
                }
                continue;
            }
            if !self.partial.ends_with(b"\n") {
                continue;
            }
            match literal(self.partial.get(self.line_at..).unwrap_or_default()) {
                Some(0) => self.line_at = self.partial.len(),
                Some(bytes) => self.literal = bytes,
                None => {
                    self.line_at = 0;
                    return Ok(std::mem::take(&mut self.partial));
                }
            }
        }
    }
}

/// The bytes of the literal that a line announces at its end: `{123}`.
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r\n")?.strip_suffix(b"}")?;
    let begins = line.iter().rposition(|byte| *byte == b'{')?;
    let digits = std::str::from_utf8(line.get(begins + 1..)?).ok()?;
    digits.trim_end_matches('+').parse().ok()
}

/// Parts of a command, between which the server has to ask for more.
#[derive(Default)]
pub(super) struct Command {
    pub(super) parts: Vec<Vec<u8>>,
}

impl Command {
    pub(super) fn new(words: &str) -> Self {
        Self {
            parts: vec![words.as_bytes().to_vec()],
        }
    }

    /// Adds a text that may hold anything.
    pub(super) fn with(mut self, text: &str) -> Self {
        let mut part = self.parts.pop().unwrap_or_default();
        part.push(b' ');
        if text.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            part.extend_from_slice(format!("\"{quoted}\"").as_bytes());
            self.parts.push(part);
        } else {
            part.extend_from_slice(format!("{{{}}}\r\n", text.len()).as_bytes());
            self.parts.push(part);
            self.parts.push(text.as_bytes().to_vec());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn responses_are_cut_at_their_ends_whatever_their_literals_hold() {
        let said = b"* OK hello\r\n\
                     * 1 FETCH (UID 7 BODY[] {10}\r\na\r\n{3}\r\nb) X {0}\r\n)\r\n\
                     A1 OK done\r\n* cut";
        let (mut server, client) = tokio::io::duplex(7);
        tokio::spawn(async move { server.write_all(said).await });
        let mut wire = Wire::new(client);
        let mut all = Vec::new();
        let error = loop {
            match wire.read().await {
                Ok(response) => all.push(String::from_utf8(response).unwrap()),
                Err(error) => break error,
            }
        };
        assert_eq!(
            all,
            [
                "* OK hello\r\n",
                "* 1 FETCH (UID 7 BODY[] {10}\r\na\r\n{3}\r\nb) X {0}\r\n)\r\n",
                "A1 OK done\r\n"
            ]
        );
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn a_response_without_end_is_cut_off() {
        let (mut server, client) = tokio::io::duplex(1 << 16);
        tokio::spawn(async move { while server.write_all(&[b'a'; 1 << 16]).await.is_ok() {} });
        let error = Wire::new(client).read().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let (mut server, client) = tokio::io::duplex(100);
        tokio::spawn(async move { server.write_all(b"* 1 FETCH {9999999999}\r\n").await });
        let error = Wire::new(client).read().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[tokio::test]
    async fn nothing_is_lost_when_a_wait_ends() {
        let (mut server, client) = tokio::io::duplex(100);
        let mut wire = Wire::new(client);
        server.write_all(b"* 5 EXI").await.unwrap();
        let wait = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(wait, wire.read()).await.is_err());
        server.write_all(b"STS\r\n").await.unwrap();
        assert_eq!(wire.read().await.unwrap(), b"* 5 EXISTS\r\n");
    }

    #[test]
    fn texts_are_quoted_or_sent_as_they_are() {
        let parts = |text| Command::new("A1 LOGIN").with("desk").with(text).parts;
        assert_eq!(
            parts(r#"a "b\"#),
            [br#"A1 LOGIN "desk" "a \"b\\""#.to_vec()]
        );
        assert_eq!(
            parts("pä\r\nA2 DELETE"),
            [
                b"A1 LOGIN \"desk\" {14}\r\n".to_vec(),
                "pä\r\nA2 DELETE".as_bytes().to_vec()
            ]
        );
    }
}
