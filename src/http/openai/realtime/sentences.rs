//! Cuts a text that is still being written into parts that can be spoken.

/// Shorter parts wait for the next sentence: a voice sounds better with more of the text.
const SHORTEST: usize = 12;
/// Longer text without an end of a sentence is cut at a comma or a space.
const LONGEST: usize = 400;
/// A full stop after these ends no sentence.
const ABBREVIATIONS: [&str; 14] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "etc", "e.g", "i.e", "approx", "inc", "jr",
];

/// Collects text and gives it out by sentences.
#[derive(Debug, Default)]
pub(super) struct Sentences {
    waiting: String,
}

impl Sentences {
    /// Adds text; the next part that is complete, if any. Ask with an empty text for further ones.
    pub(super) fn push(&mut self, text: &str) -> Option<String> {
        self.waiting.push_str(text);
        let end = self.end()?;
        let rest = self.waiting.split_off(end);
        Some(std::mem::replace(&mut self.waiting, rest))
    }

    /// What is left when the text is complete.
    pub(super) fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.waiting);
        (!rest.trim().is_empty()).then_some(rest)
    }

    /// The byte behind the first complete part.
    fn end(&self) -> Option<usize> {
        let mut characters = self.waiting.char_indices().peekable();
        let mut soft = None;
        while let Some((at, character)) = characters.next() {
            let end = at + character.len_utf8();
            let next = characters.peek().map(|(_, next)| *next);
            let spoken = self.waiting[..end].trim().len() >= SHORTEST;
            let spaced = next.is_some_and(char::is_whitespace);
            let ends = match character {
                '\n' | '。' | '！' | '？' => true,
                '!' | '?' | '…' => spaced,
                '.' => spaced && !is_abbreviation(&self.waiting[..at]),
                _ => false,
            };
            if ends && spoken {
                return Some(end);
            }
            if character.is_whitespace() {
                soft = Some(end);
            }
            if end >= LONGEST {
                return soft.or(Some(end));
            }
        }
        None
    }
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or("");
    let word = word
        .trim_start_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    ABBREVIATIONS.contains(&word.as_str())
        || (word.len() == 1 && word.chars().all(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut sentences = Sentences::default();
        let mut parts = Vec::new();
        for character in text.chars() {
            parts.extend(sentences.push(&character.to_string()));
        }
        parts.extend(sentences.finish());
        assert_eq!(parts.concat(), text.trim_end_matches('\n'));
        parts
    }

    #[test]
    fn sentences_are_given_out_whole() {
        assert_eq!(
            cut("We open at nine. Come in!"),
            ["We open at nine.", " Come in!"]
        );
        assert_eq!(
            cut("Yes. Dr. Smith is in at 9.30 today. Bye."),
            ["Yes. Dr. Smith is in at 9.30 today.", " Bye."]
        );
        assert_eq!(
            cut("A first line here\nand a second"),
            ["A first line here\n", "and a second"]
        );
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
