//! From text to index terms, the same way for documents and for questions.

use std::collections::HashSet;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, Stemmer, TextAnalyzer, Token,
    TokenStream, Tokenizer,
};

/// Longest term, in bytes; longer ones are encoded data.
const MAX_TERM: usize = 60;

/// Words of English questions that say nothing about the answer's place. They stay in the index;
/// a question made of nothing else is searched for as it is.
const STOP_WORDS: &[&str] = &[
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "d", "did", "do", "does", "for", "from", "get", "had", "has", "have", "how", "i",
    "if", "in", "into", "is", "it", "its", "ll", "m", "me", "my", "of", "on", "or", "our",
    "please", "re", "s", "should", "so", "such", "t", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "to", "ve", "was", "we", "were", "what", "when", "where",
    "which", "who", "why", "will", "with", "would", "you", "your",
];

/// Terms as written, in lower case and without accents: for every language.
pub(super) fn plain() -> TextAnalyzer {
    TextAnalyzer::builder(Words::default())
        .filter(RemoveLongFilter::limit(MAX_TERM))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build()
}

/// Terms reduced to their stems.
pub(super) fn stemmed(language: Language) -> TextAnalyzer {
    TextAnalyzer::builder(Words::default())
        .filter(RemoveLongFilter::limit(MAX_TERM))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(Stemmer::new(language))
        .build()
}

/// The terms of a question, each once, in order.
pub(super) fn of_question(question: &str, analyzer: &mut TextAnalyzer) -> Vec<String> {
    let kept: Vec<&str> = words(question)
        .map(|(from, to)| question.get(from..to).unwrap_or_default())
        .filter(|w| !STOP_WORDS.contains(&w.to_lowercase().as_str()))
        .collect();
    let mut terms = all(&kept.join(" "), analyzer);
    if terms.is_empty() {
        terms = all(question, analyzer);
    }
    terms
}

fn all(text: &str, analyzer: &mut TextAnalyzer) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut terms = Vec::new();
    let mut stream = analyzer.token_stream(text);
    while stream.advance() {
        let term = &stream.token().text;
        if seen.insert(term.clone()) {
            terms.push(term.clone());
        }
    }
    terms
}

/// Splits text into words. Of scripts without spaces (Chinese, Japanese, Thai …) every pair of
/// neighbouring characters is a term: such pairs find words without a dictionary.
#[derive(Clone, Default)]
struct Words {
    token: Token,
}

struct Stream<'a> {
    text: &'a str,
    spans: Vec<(usize, usize)>,
    next: usize,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.token.reset();
        Stream {
            text,
            spans: words(text).collect(),
            next: 0,
            token: &mut self.token,
        }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        let Some(&(from, to)) = self.spans.get(self.next) else {
            return false;
        };
        self.token.text.clear();
        self.token
            .text
            .push_str(self.text.get(from..to).unwrap_or_default());
        self.token.offset_from = from;
        self.token.offset_to = to;
        self.token.position = self.next;
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The byte spans of the words of a text.
fn words(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut chars = text.char_indices().peekable();
    let mut pending: Option<(usize, usize)> = None;
    std::iter::from_fn(move || {
        loop {
            let Some(&(at, c)) = chars.peek() else {
                return pending.take();
            };
            if is_unspaced(c) {
                if let Some(span) = pending.take() {
                    return Some(span);
                }
                chars.next();
                let end = at + c.len_utf8();
                match chars.peek() {
                    Some(&(_, next)) if is_unspaced(next) => {
                        return Some((at, end + next.len_utf8()));
                    }
                    // The last character is already part of a pair, unless it stands alone.
                    _ if text
                        .get(..at)
                        .and_then(|t| t.chars().last())
                        .is_some_and(is_unspaced) => {}
                    _ => return Some((at, end)),
                }
            } else if c.is_alphanumeric() || is_mark(c) {
                chars.next();
                let start = pending.map_or(at, |(from, _)| from);
                pending = Some((start, at + c.len_utf8()));
            } else {
                chars.next();
                if let Some(span) = pending.take() {
                    return Some(span);
                }
            }
        }
    })
}

/// Vowel signs and accents continue the word that they stand in.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05BD}' | '\u{064B}'..='\u{065F}'
        | '\u{0900}'..='\u{0963}' | '\u{0980}'..='\u{0DFF}' | '\u{200C}' | '\u{200D}')
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E01}'..='\u{0E4E}' | '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_pairs() {
        assert_eq!(
            all("Crème brûlée, $1,450!", &mut plain()),
            ["creme", "brulee", "1", "450"]
        );
        assert_eq!(
            all("我们九点open", &mut plain()),
            ["我们", "们九", "九点", "open"]
        );
        assert_eq!(all("我 x", &mut plain()), ["我", "x"]);
        assert_eq!(
            all("cleanings cleaned", &mut stemmed(Language::English)),
            ["clean"]
        );
    }

    #[test]
    fn stop_words_go_unless_there_is_nothing_else() {
        let mut analyzer = stemmed(Language::English);
        assert_eq!(
            of_question("What is the price of a crown?", &mut analyzer),
            ["price", "crown"]
        );
        assert_eq!(
            of_question("Who are you?", &mut analyzer),
            ["who", "are", "you"]
        );
    }
}
