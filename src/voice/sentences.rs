//! From an answer's text, as it comes, to sentences as they are spoken: no marks of citations or layout,
//! lists as sentences, and no more at once than somebody on the line can follow.

/// Sentences of one answer that are spoken before the caller is asked whether to go on.
const AT_ONCE: usize = 3;
/// One sentence more than [`AT_ONCE`] is spoken rather than announced, if it is not longer than this.
const LAST_CHARS: usize = 90;
/// A shorter sentence is spoken together with the next.
const SHORT_CHARS: usize = 12;

/// Cuts text that comes in pieces into sentences.
#[derive(Debug, Default)]
pub struct Sentences {
    waiting: String,
}

impl Sentences {
    /// Takes more text; gives the sentences that are complete.
    pub fn push(&mut self, piece: &str) -> Vec<String> {
        self.waiting.push_str(piece);
        let mut out = Vec::new();
        while let Some(end) = boundary(&self.waiting) {
            let rest = self.waiting.split_off(end);
            let sentence = std::mem::replace(&mut self.waiting, rest);
            let spoken = spoken_form(&sentence);
            if !spoken.is_empty() {
                out.push(spoken);
            }
        }
        out
    }

    /// The text is complete: what is left.
    pub fn finish(&mut self) -> Option<String> {
        let rest = spoken_form(&std::mem::take(&mut self.waiting));
        (!rest.is_empty()).then_some(rest)
    }

    /// The sentences of a whole text.
    pub fn of(text: &str) -> Vec<String> {
        let mut cutter = Self::default();
        let mut out = cutter.push(text);
        out.extend(cutter.finish());
        out
    }
}

/// Abbreviations that end in a point without ending a sentence.
const ABBREVIATIONS: &str = "dr mr mrs ms prof st no nr vs etc e.g i.e approx inc ltd co z.b ca bzw usw tel str \
    jan feb mar apr jun jul aug sep sept oct nov dec sr sra dra av p.m a.m";

/// Where the first sentence ends, if it surely does.
fn boundary(text: &str) -> Option<usize> {
    for (at, c) in text.char_indices() {
        if c == '\n' {
            if text[..at].trim().is_empty() {
                continue;
            }
            return Some(at + 1);
        }
        if matches!(c, '。' | '！' | '？') {
            return Some(at + c.len_utf8());
        }
        if !matches!(c, '.' | '!' | '?' | '…') {
            continue;
        }
        // Marks of citations and closing quotes belong to the sentence.
        let mut end = at + c.len_utf8();
        let after = text.get(end..)?;
        let closing: usize = after
            .chars()
            .take_while(|c| matches!(c, '"' | '”' | '»' | ')' | '’' | '.' | '!' | '?'))
            .map(char::len_utf8)
            .sum();
        end += closing;
        end += citation_marks(text.get(end..)?);
        let rest = text.get(end..)?;
        if !rest.starts_with(char::is_whitespace) {
            continue;
        }
        let next = rest.trim_start().chars().next()?;
        let word = text[..at].rsplit(char::is_whitespace).next().unwrap_or("");
        let bare = word.trim_start_matches(['(', '"', '“']).to_lowercase();
        let short = c == '.'
            && (ABBREVIATIONS.split_whitespace().any(|a| a == bare)
                || (bare.chars().count() == 1 && bare.chars().all(char::is_alphabetic)));
        let listed = c == '.'
            && !bare.is_empty()
            && bare.chars().all(|c| c.is_ascii_digit())
            && text[..at].trim() == bare;
        if short
            || listed
            || next.is_lowercase()
            || text[..end].trim().chars().count() < SHORT_CHARS
        {
            continue;
        }
        return Some(end);
    }
    None
}

/// Bytes of ` [1] [2]` at the beginning.
fn citation_marks(text: &str) -> usize {
    let mut used = 0;
    loop {
        let rest = &text[used..];
        let trimmed = rest.trim_start_matches(' ');
        let Some(inside) = trimmed.strip_prefix('[') else {
            return used;
        };
        let digits = inside.chars().take_while(char::is_ascii_digit).count();
        if digits == 0 || !inside[digits..].starts_with(']') {
            return used;
        }
        used += rest.len() - trimmed.len() + digits + 2;
    }
}

/// A sentence as it is spoken.
pub fn spoken_form(text: &str) -> String {
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
        let plain = plain_line(line);
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

/// Without citation numbers, emphasis, cells of tables and addresses of links.
fn plain_line(line: &str) -> String {
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

/// What of an answer is spoken at once, and what only if the caller wants it.
#[derive(Debug, Default)]
pub struct Portion {
    /// Sentences that were let through.
    said: usize,
    /// Sentences for later.
    pub rest: Vec<String>,
}

impl Portion {
    /// Takes the next sentence; gives it back if it is to be spoken now.
    pub fn take(&mut self, sentence: String) -> Option<String> {
        if self.said < AT_ONCE && self.rest.is_empty() {
            self.said += 1;
            return Some(sentence);
        }
        self.rest.push(sentence);
        None
    }

    /// The answer is complete: a last short sentence that is not worth a question.
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
            assert_eq!(spoken_form(text), spoken, "{text}");
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
