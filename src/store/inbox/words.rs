//! Words as the search of messages sees them. SQLite's tokenizer parts words at spaces, so each character of a script that
//! writes without them gets spaces of its own; a search for several of them is a search for them in a row.

use std::borrow::Cow;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use crate::store::StoreError;

/// Lets the triggers of `messages` (migration 14) call [`spread`]. It is pure, so a schema may call it (`INNOCUOUS`).
pub(crate) fn register(connection: &Connection) -> Result<(), StoreError> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    Ok(
        connection.create_scalar_function("search_words", 1, flags, |call| {
            let text: String = call.get(0)?;
            Ok(spread(&text).into_owned())
        })?,
    )
}

/// Puts spaces around each character of a script that is written without them.
pub(super) fn spread(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unspaced) {
        return Cow::Borrowed(text);
    }
    let mut spread = String::with_capacity(text.len() * 2);
    for letter in text.chars() {
        match is_unspaced(letter) {
            true => spread.extend([' ', letter]),
            false if is_mark(letter) => spread.push(letter),
            false => {
                if spread.chars().next_back().is_some_and(is_unspaced_or_mark) {
                    spread.push(' ');
                }
                spread.push(letter);
            }
        }
    }
    Cow::Owned(spread)
}

/// Letters of Thai, Lao, Tibetan, Burmese, Khmer, Chinese, Japanese and Korean (which has spaces, but endings that hang on
/// its words), by the blocks of the Unicode standard. Vowel signs and tone marks are not among them: they belong to the
/// letter before.
fn is_unspaced(letter: char) -> bool {
    match letter {
        '\u{0E00}'..='\u{0FFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' => {
            !is_mark(letter)
        }
        '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FF}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}' => true,
        _ => false,
    }
}

/// Signs above, below and after letters of the scripts of [`is_unspaced`] (general categories Mn and Mc).
fn is_mark(letter: char) -> bool {
    matches!(letter,
        '\u{0E31}' | '\u{0E34}'..='\u{0E3A}' | '\u{0E47}'..='\u{0E4E}'
        | '\u{0EB1}' | '\u{0EB4}'..='\u{0EBC}' | '\u{0EC8}'..='\u{0ECE}'
        | '\u{0F71}'..='\u{0F84}' | '\u{0F8D}'..='\u{0FBC}'
        | '\u{102B}'..='\u{103E}' | '\u{1056}'..='\u{1059}' | '\u{105E}'..='\u{1060}' | '\u{1062}'..='\u{1064}'
        | '\u{17B4}'..='\u{17D3}' | '\u{17DD}')
}

fn is_unspaced_or_mark(letter: char) -> bool {
    is_unspaced(letter) || is_mark(letter)
}

/// The words of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// For `MATCH`: every word in quotation marks, so that nothing in it is an operator.
    pub(super) query: String,
    /// In lower case, for finding the place in a text.
    words: Vec<String>,
}

/// A longer search is cut here; each word costs a walk through the index.
const MOST_WORDS: usize = 12;
/// In characters.
const LONGEST_WORD: usize = 60;
/// Shorter beginnings of words stand in no index of their own.
const LEAST_OF_PREFIX: usize = 2;

impl Sought {
    /// What somebody typed: all of its words must be in a message, words in quotation marks in a row, and the last one may
    /// be unfinished. `None` if there is no word in it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = Vec::new();
        let mut open = false;
        for (at, part) in text.split('"').enumerate() {
            open = at % 2 == 1;
            match open {
                true => words.push(part.to_owned()),
                false => words.extend(part.split_whitespace().map(str::to_owned)),
            }
        }
        let unfinished = !open && !text.ends_with(['"', ' ', '\t', '\n']);
        let mut kept: Vec<String> = Vec::new();
        for word in words {
            // Control characters end a text for SQLite.
            let word: String = word
                .chars()
                .map(|letter| if letter.is_control() { ' ' } else { letter })
                .take(LONGEST_WORD)
                .collect();
            if word.chars().any(char::is_alphanumeric) && kept.len() < MOST_WORDS {
                kept.push(word);
            }
        }
        let last = kept.last()?;
        let ending = last.chars().next_back().is_some_and(char::is_alphanumeric)
            && !last.chars().next_back().is_some_and(is_unspaced_or_mark)
            && last.chars().count() >= LEAST_OF_PREFIX;
        let star = if unfinished && ending { "*" } else { "" };
        let quoted: Vec<String> = kept
            .iter()
            .map(|word| format!("\"{}\"", spread(word)))
            .collect();
        Some(Self {
            query: quoted.join(" ") + star,
            words: kept.iter().map(|word| word.to_lowercase()).collect(),
        })
    }

    /// The part of a text around the first of the words, at most `most` characters.
    pub(super) fn excerpt(&self, text: &str, most: usize) -> String {
        let flat = flatten(text);
        let lower = flat.to_lowercase();
        let found = self.words.iter().find_map(|word| lower.find(word.trim()));
        // Lower case may have other lengths, so the place is counted in characters.
        let at = found.map_or(0, |byte| {
            lower.get(..byte).map_or(0, |before| before.chars().count())
        });
        let lead = most / 4;
        if at <= lead {
            return shorten(&flat, most);
        }
        let rest: String = flat.chars().skip(at - lead).collect();
        format!("…{}", shorten(rest.trim_start(), most))
    }
}

/// A text on one line.
pub(super) fn flatten(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `most` characters of a text, with `…` if that is not all of it.
pub(super) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_without_spaces_between_words_get_some() {
        assert_eq!(spread("Hello, Zoë"), "Hello, Zoë");
        assert_eq!(spread("配送3日"), " 配 送 3 日");
        // A vowel sign stays with its letter.
        assert_eq!(spread("น้ำ"), " น้ ำ");
    }

    #[test]
    fn nothing_that_somebody_types_is_an_operator() {
        let query = |text: &str| Sought::parse(text).map(|sought| sought.query);
        assert_eq!(query("open saturday").unwrap(), "\"open\" \"saturday\"*");
        assert_eq!(query("open ").unwrap(), "\"open\"");
        assert_eq!(query("\"open on\" sat").unwrap(), "\"open on\" \"sat\"*");
        assert_eq!(query("a OR b)").unwrap(), "\"a\" \"OR\" \"b)\"");
        assert_eq!(query("text:x* NEAR(").unwrap(), "\"text:x*\" \"NEAR(\"");
        assert_eq!(query("配送").unwrap(), "\" 配 送\"");
        assert_eq!(query("x\0y").unwrap(), "\"x y\"*");
        assert_eq!(query("\" - ! *"), None);
        assert_eq!(query(""), None);
        let many = "word ".repeat(100);
        assert_eq!(Sought::parse(&many).unwrap().words.len(), MOST_WORDS);
    }

    #[test]
    fn an_excerpt_shows_the_word() {
        let text = format!("{}the Repair\nshop{}", "x ".repeat(100), " y".repeat(100));
        let found = Sought::parse("repair").unwrap().excerpt(&text, 40);
        assert!(
            found.starts_with('…') && found.contains("Repair shop"),
            "{found}"
        );
        assert!(found.chars().count() <= 42, "{found}");
        assert_eq!(
            Sought::parse("absent").unwrap().excerpt("Hello", 40),
            "Hello"
        );
    }
}
