//! Server-sent events as they come in pieces: a piece may end anywhere, also within a character.
//!
//! After the HTML Living Standard, section 9.2.6. Written here, since the crates that do it either bring a client of their
//! own or have not been kept up for years, and it is a page of code.

use super::error::ProviderError;

/// The longest line and the longest event, in bytes: a provider that sends more is broken.
const LONGEST: usize = 4 << 20;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct SseEvent {
    /// Empty if it has no name.
    pub(super) name: String,
    pub(super) data: String,
}

#[derive(Debug, Default)]
pub(super) struct SseReader {
    line: Vec<u8>,
    event: SseEvent,
    has_data: bool,
    /// The last byte was a carriage return, so a line feed belongs to it.
    after_return: bool,
    begun: bool,
}

impl SseReader {
    /// Takes the next piece and returns the events that are complete with it.
    ///
    /// # Errors
    /// When a line is not UTF-8, or too long.
    pub(super) fn push(
        &mut self,
        provider: &str,
        piece: &[u8],
    ) -> Result<Vec<SseEvent>, ProviderError> {
        let mut events = Vec::new();
        for &byte in piece {
            if std::mem::take(&mut self.after_return) && byte == b'\n' {
                continue;
            }
            match byte {
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.end_line(provider, &line)?);
                }
                _ if self.line.len() >= LONGEST => {
                    return Err(ProviderError::broken(provider, "a line does not end"));
                }
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    fn end_line(&mut self, provider: &str, line: &[u8]) -> Result<Option<SseEvent>, ProviderError> {
        let text = std::str::from_utf8(line)
            .map_err(|_| ProviderError::broken(provider, "a line is not UTF-8"))?;
        // A mark of the byte order may stand before the first line.
        let text = match std::mem::replace(&mut self.begun, true) {
            false => text.trim_start_matches('\u{feff}'),
            true => text,
        };
        if text.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok(std::mem::take(&mut self.has_data).then_some(event));
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                if self.event.data.len() + value.len() > LONGEST {
                    return Err(ProviderError::broken(provider, "an event does not end"));
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            "event" => value.clone_into(&mut self.event.name),
            // `id`, `retry`, comments, and what nobody knows.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut reader = SseReader::default();
        let mut all = Vec::new();
        for piece in pieces {
            all.extend(reader.push("x", piece).unwrap());
        }
        all.into_iter().map(|e| (e.name, e.data)).collect()
    }

    fn pair(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn events_come_whole_wherever_the_pieces_end() {
        let text = "\u{feff}: hello\nevent: ping\ndata: {\"a\":\"grüß €\"}\r\n\r\ndata: one\rdata:two\r\rid: 7\n\ndata\n\n";
        let wanted = [
            pair("ping", "{\"a\":\"grüß €\"}"),
            pair("", "one\ntwo"),
            pair("", ""),
        ];
        assert_eq!(read(&[text.as_bytes()]), wanted);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(read(&bytes), wanted);
        let threes: Vec<&[u8]> = text.as_bytes().chunks(3).collect();
        assert_eq!(read(&threes), wanted);
    }

    #[test]
    fn an_event_that_breaks_off_is_none_and_bad_bytes_are_an_error() {
        assert!(read(&[b"data: half"]).is_empty());
        assert!(read(&[b"data: half\n"]).is_empty());
        let mut reader = SseReader::default();
        assert!(reader.push("x", b"data: \xc3\x28\n").is_err());
    }
}
