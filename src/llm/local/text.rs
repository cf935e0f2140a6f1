//! Turns token bytes into text that may be shown: whole characters, and no part of a stop string.

#[derive(Debug)]
pub(super) struct TextStream {
    stops: Vec<String>,
    /// Bytes of an unfinished character.
    bytes: Vec<u8>,
    /// Text that may be the beginning of a stop string.
    held: String,
    stopped: bool,
}

impl TextStream {
    pub(super) fn new(stops: &[String]) -> Self {
        let stops = stops.iter().filter(|s| !s.is_empty()).cloned().collect();
        Self {
            stops,
            bytes: Vec::new(),
            held: String::new(),
            stopped: false,
        }
    }

    /// Takes a token's bytes; returns the text that is safe to show now.
    pub(super) fn push(&mut self, piece: &[u8]) -> String {
        if self.stopped {
            return String::new();
        }
        self.bytes.extend_from_slice(piece);
        let text = self.take_characters();
        self.held.push_str(&text);
        self.release()
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.stopped
    }

    /// Returns what was held back, at the end of the answer.
    pub(super) fn finish(&mut self) -> String {
        if self.stopped {
            return String::new();
        }
        let rest = std::mem::take(&mut self.bytes);
        self.held.push_str(&String::from_utf8_lossy(&rest));
        let shown = self.release();
        if self.stopped {
            shown
        } else {
            shown + &std::mem::take(&mut self.held)
        }
    }

    /// Moves all complete characters out of `bytes`; bytes that can never become one are replaced.
    fn take_characters(&mut self) -> String {
        let mut out = String::new();
        loop {
            match std::str::from_utf8(&self.bytes) {
                Ok(text) => {
                    out.push_str(text);
                    self.bytes.clear();
                    return out;
                }
                Err(e) => {
                    let rest = self.bytes.split_off(e.valid_up_to());
                    out.push_str(&String::from_utf8_lossy(&self.bytes));
                    self.bytes = rest;
                    match e.error_len() {
                        None => return out,
                        Some(bad) => {
                            self.bytes.drain(..bad);
                            out.push(char::REPLACEMENT_CHARACTER);
                        }
                    }
                }
            }
        }
    }

    /// Returns held text up to a stop string, or up to what may become one.
    fn release(&mut self) -> String {
        if let Some(at) = self
            .stops
            .iter()
            .filter_map(|s| self.held.find(s.as_str()))
            .min()
        {
            self.stopped = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let keep = self
            .stops
            .iter()
            .map(|s| longest_overlap(&self.held, s))
            .max()
            .unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        std::mem::replace(&mut self.held, rest)
    }
}

/// Length in bytes of the end of `text` that is a proper prefix of `stop`.
fn longest_overlap(text: &str, stop: &str) -> usize {
    stop.char_indices()
        .map(|(at, _)| at)
        .skip(1)
        .filter(|&n| stop.get(..n).is_some_and(|start| text.ends_with(start)))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_character_split_over_tokens_comes_whole() {
        let mut stream = TextStream::new(&[]);
        let euro = "€".as_bytes();
        assert_eq!(stream.push(&euro[..1]), "");
        assert_eq!(stream.push(&euro[1..2]), "");
        assert_eq!(stream.push(&euro[2..]), "€");
    }

    #[test]
    fn invalid_bytes_are_replaced_not_lost_with_their_neighbours() {
        let mut stream = TextStream::new(&[]);
        assert_eq!(stream.push(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn a_stop_string_over_several_tokens_is_never_shown() {
        let mut stream = TextStream::new(&["END".into()]);
        assert_eq!(stream.push(b"one E"), "one ");
        assert_eq!(stream.push(b"N"), "");
        assert_eq!(stream.push(b"D two"), "");
        assert!(stream.has_stopped());
        assert_eq!(stream.finish(), "");
    }

    #[test]
    fn a_false_start_of_a_stop_string_is_shown() {
        let mut stream = TextStream::new(&["END".into()]);
        assert_eq!(stream.push(b"EN"), "");
        assert_eq!(stream.push(b"TER"), "ENTER");
        assert_eq!(stream.push(b"E"), "");
        assert_eq!(stream.finish(), "E");
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_text_up_to_the_first_stop(
            text in "[abcé ]{0,40}", cut in 1usize..5
        ) {
            let mut stream = TextStream::new(&["ab".into(), "cc".into()]);
            let mut got = String::new();
            for piece in text.as_bytes().chunks(cut) {
                got += &stream.push(piece);
            }
            got += &stream.finish();
            let end = [text.find("ab"), text.find("cc")].into_iter().flatten().min();
            prop_assert_eq!(got, &text[..end.unwrap_or(text.len())]);
        }
    }
}
