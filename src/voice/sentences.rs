//! Turns an answer's text, as it arrives, into sentences for speech: without citation marks or layout,
//! lists as sentences, and only as many at once as a caller can follow.

use crate::language::cutter::Cutter;

/// Sentences of an answer to speak before asking the caller whether to go on.
const AT_ONCE: usize = 3;
/// Speak one sentence more than [`AT_ONCE`] instead of asking, if it has at most this many characters.
const LAST_CHARS: usize = 90;
/// Cuts text that arrives in pieces into sentences for speech.
#[derive(Debug, Default)]
pub struct Sentences(Cutter);

impl Sentences {
    /// Adds text; returns the sentences that are complete.
    pub fn push(&mut self, piece: &str) -> Vec<String> {
        let written = self.0.push(piece);
        let spoken = written.iter().map(|sentence| rewrite_for_speech(sentence));
        spoken.filter(|sentence| !sentence.is_empty()).collect()
    }

    /// Ends the text; returns what is left.
    pub fn finish(&mut self) -> Option<String> {
        let rest = rewrite_for_speech(&self.0.finish()?);
        (!rest.is_empty()).then_some(rest)
    }

    /// The sentences of a complete text.
    pub fn of(text: &str) -> Vec<String> {
        let mut cutter = Self::default();
        let mut out = cutter.push(text);
        out.extend(cutter.finish());
        out
    }
}

/// Rewrites a text for speech.
pub fn rewrite_for_speech(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty()
            || line
                .chars()
                .all(|c| matches!(c, '-' | '=' | '|' | ':' | '*' | ' '))
        {
            continue;
        }
        let line = line
            .trim_start_matches(['#', '>', '•', '*', '-', '–'])
            .trim();
        let plain = strip_layout(line);
        let plain = plain.trim();
        if plain.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(plain);
        if !plain.ends_with([
            '.', '!', '?', ':', ';', ',', '…', '。', '！', '？', '”', '"',
        ]) {
            out.push('.');
        }
    }
    out
}

/// Removes citation numbers, emphasis, table cells and link addresses.
fn strip_layout(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if c == '[' {
            let inside = after.split(']').next().unwrap_or("");
            if after.len() > inside.len() {
                let behind = &after[inside.len() + 1..];
                if !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit()) {
                    while out.ends_with(' ') {
                        out.pop();
                    }
                    rest = behind;
                    continue;
                }
                if let Some(link) = behind.strip_prefix('(')
                    && let Some(end) = link.find(')')
                {
                    out.push_str(inside);
                    rest = &link[end + 1..];
                    continue;
                }
            }
            out.push(c);
        } else if c == '|' {
            let kept = out.trim_end().len();
            out.truncate(kept);
            if !out.is_empty() && !after.trim().is_empty() {
                out.push(',');
            }
        } else if !matches!(c, '*' | '`') && (c != '_' || out.ends_with(char::is_alphanumeric)) {
            out.push(c);
        }
        rest = after;
    }
    out
}

/// Decides which sentences of an answer to speak at once, and which only if the caller wants more.
#[derive(Debug, Default)]
pub struct Portion {
    /// Number of sentences to speak at once so far.
    said: usize,
    /// Sentences for later.
    pub rest: Vec<String>,
}

impl Portion {
    /// Takes the next sentence; returns it if it should be spoken now.
    pub fn take(&mut self, sentence: String) -> Option<String> {
        if self.said < AT_ONCE && self.rest.is_empty() {
            self.said += 1;
            return Some(sentence);
        }
        self.rest.push(sentence);
        None
    }

    /// Ends the answer: returns a last short sentence that is not worth asking about.
    pub fn finish(&mut self) -> Option<String> {
        match self.rest.as_slice() {
            [only] if only.chars().count() <= LAST_CHARS => self.rest.pop(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_layout_are_not_spoken() {
        for (text, spoken) in [
            ("We are open. [1]", "We are open."),
            ("A cleaning costs **$120** [2].", "A cleaning costs $120."),
            (
                "See [our page](https://example.com/a) for more.",
                "See our page for more.",
            ),
            ("# Parking", "Parking."),
            ("- Free of charge", "Free of charge."),
            ("| Monday | 9 to 5 |", "Monday, 9 to 5."),
            ("|---|---|", ""),
            ("snake_case stays", "snake_case stays."),
        ] {
            assert_eq!(rewrite_for_speech(text), spoken, "{text}");
        }
    }

    #[test]
    fn sentences_are_cut_where_they_end() {
        for (text, parts) in [
            (
                "We are open today. Come by! [1] It is free.",
                vec!["We are open today.", "Come by!", "It is free."],
            ),
            (
                "Ask Dr. Smith about 3.5 mg at 9 a.m. on Monday.",
                vec!["Ask Dr. Smith about 3.5 mg at 9 a.m. on Monday."],
            ),
            (
                "Bring these:\n- a card\n- a pen",
                vec!["Bring these:", "a card.", "a pen."],
            ),
            (
                "1. Open the door please. Then go in there.",
                vec!["1. Open the door please.", "Then go in there."],
            ),
        ] {
            assert_eq!(Sentences::of(text), parts, "{text}");
        }
    }

    #[test]
    fn pieces_give_the_same_sentences_as_the_whole() {
        let text = "The pool opens at 6:30 a.m. every day. [1] Towels are free. “Bring a cap.” Children pay half.";
        let mut cutter = Sentences::default();
        let mut parts: Vec<String> = text
            .chars()
            .flat_map(|c| cutter.push(&c.to_string()))
            .collect();
        parts.extend(cutter.finish());
        assert_eq!(parts, Sentences::of(text));
    }

    #[test]
    fn long_answers_come_in_portions() {
        let mut portion = Portion::default();
        let long = "x".repeat(200);
        for n in 0..3 {
            assert!(portion.take(format!("{n}")).is_some());
        }
        assert!(portion.take("short".into()).is_none());
        assert_eq!(portion.finish().as_deref(), Some("short"));
        assert!(portion.take(long.clone()).is_some() || portion.rest.len() == 1);
        portion.take(long);
        assert!(portion.finish().is_none());
    }
}
