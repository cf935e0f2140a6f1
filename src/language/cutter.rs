//! Cuts a text that is still being written into sentences, each as soon as its end is certain.

use super::sentences::{Ending, ending, is_closing, is_end_mark};

/// In characters. A shorter sentence is joined with the next, because a voice sounds better that way.
const SHORTEST: usize = 12;
/// In bytes. Longer text without a sentence end is cut at a space.
const LONGEST: usize = 400;

/// Collects text and returns its sentences. Joined together they are the whole text.
#[derive(Debug, Default)]
pub struct Cutter {
    waiting: String,
}

impl Cutter {
    /// Adds text, and returns the sentences that are complete now.
    pub fn push(&mut self, piece: &str) -> Vec<String> {
        self.waiting.push_str(piece);
        let mut out = Vec::new();
        while let Some(end) = find_first_end(&self.waiting) {
            let rest = self.waiting.split_off(end);
            out.push(std::mem::replace(&mut self.waiting, rest));
        }
        out
    }

    /// Ends the text, and returns the rest unless it is blank.
    pub fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.waiting);
        (!rest.trim().is_empty()).then_some(rest)
    }
}

/// The byte after the first sentence; `None` while it is incomplete.
fn find_first_end(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().peekable();
    let mut space = None;
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        if c == '\n' && !text.get(..at)?.trim().is_empty() {
            return Some(end);
        }
        if c.is_whitespace() {
            space = Some(end);
        }
        if is_end_mark(c) {
            let mut marks = 1;
            while let Some((at, c)) = chars.next_if(|(_, c)| is_end_mark(*c)) {
                (end, marks) = (at + c.len_utf8(), marks + 1);
            }
            while let Some((at, c)) = chars.next_if(|(_, c)| is_closing(*c)) {
                (end, marks) = (at + c.len_utf8(), marks + 1);
            }
            let end = end + measure_citations(text.get(end..)?);
            match ending(text.get(..at)?, c, marks == 1, text.get(end..)?) {
                Ending::Certain if text.get(..end)?.trim().chars().count() >= SHORTEST => {
                    return Some(end);
                }
                Ending::Certain | Ending::None => {}
                Ending::WithMoreText if text.len() < LONGEST => return None,
                Ending::WithMoreText => {}
            }
        }
        if end >= LONGEST {
            return space.or(Some(end));
        }
    }
    None
}

/// Length in bytes of citations such as ` [1] [2]` at the beginning, which belong to the sentence before them.
fn measure_citations(text: &str) -> usize {
    let mut rest = text;
    while let Some((number, after)) = rest
        .trim_start_matches(' ')
        .strip_prefix('[')
        .and_then(|inside| inside.split_once(']'))
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        rest = after;
    }
    text.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut cutter = Cutter::default();
        let mut letters = Vec::new();
        for character in text.chars() {
            letters.extend(cutter.push(&character.to_string()));
        }
        letters.extend(cutter.finish());
        let mut whole = cutter.push(text);
        whole.extend(cutter.finish());
        // A citation that arrives after its sentence was cut goes to the next sentence.
        if !text.contains('[') {
            assert_eq!(letters, whole, "letter by letter and at once");
        }
        assert_eq!(letters.concat(), text.trim_end_matches('\n'));
        whole
    }

    #[test]
    fn sentences_are_given_out_whole() {
        for (text, parts) in [
            (
                "We open at nine. Come in!",
                &["We open at nine.", " Come in!"][..],
            ),
            (
                "Yes. Dr. Smith is in at 9.30 today. Bye.",
                &["Yes. Dr. Smith is in at 9.30 today.", " Bye."],
            ),
            (
                "A first line here\nand a second",
                &["A first line here\n", "and a second"],
            ),
            (
                "We are open today. Come by! [1] It is free.",
                &["We are open today.", " Come by! [1]", " It is free."],
            ),
            (
                "Ask Dr. Smith about 3.5 mg at 9 a.m. on Monday.",
                &["Ask Dr. Smith about 3.5 mg at 9 a.m. on Monday."],
            ),
            (
                "We close at 5 p.m. Monday to Friday. See you.",
                &["We close at 5 p.m. Monday to Friday.", " See you."],
            ),
            (
                "1. Open the door please. Then go in there.",
                &["1. Open the door please.", " Then go in there."],
            ),
            (
                "我们每天早上九点开门营业。周日我们休息！",
                &["我们每天早上九点开门营业。", "周日我们休息！"],
            ),
        ] {
            assert_eq!(cut(text), parts, "{text}");
        }
    }

    #[test]
    fn text_without_an_end_is_cut_as_well() {
        let parts = cut(&"word ".repeat(200));
        assert!(
            parts.len() >= 2 && parts.iter().all(|part| part.len() <= LONGEST),
            "{parts:?}"
        );
        assert_eq!(cut(&"x".repeat(900)).len(), 3);
    }
}
