//! Word lists as data: TOML files beside the code that uses them, built into the program and parsed once.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use super::Language;

/// Parses a built-in file. Invalid files count as empty, so a test must read each with `check`.
/// A `&'static str` borrows from the file, so such text cannot have escapes.
pub fn read<T: Deserialize<'static> + Default>(file: &'static str) -> T {
    toml::from_str(file).unwrap_or_default()
}

/// One file per language, always including English.
#[derive(Debug)]
pub struct ByLanguage<T> {
    english: T,
    others: HashMap<Language, T>,
}

impl<T: Deserialize<'static> + Default> ByLanguage<T> {
    pub fn read(english: &'static str, others: &[(Language, &'static str)]) -> Self {
        Self {
            english: read(english),
            others: others.iter().map(|(l, file)| (*l, read(file))).collect(),
        }
    }
}

impl<T> ByLanguage<T> {
    /// The file of a language, or the English one if it has none.
    pub fn of(&self, language: Language) -> &T {
        self.others.get(&language).unwrap_or(&self.english)
    }

    /// The same for an ISO 639-1 code.
    pub fn of_code(&self, code: &str) -> &T {
        Language::of_code(code).map_or(&self.english, |language| self.of(language))
    }
}

/// Words or phrases without order: in TOML an array of them, or one string of words separated by white space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordSet(HashSet<String>);

impl WordSet {
    /// Matches the exact spelling.
    pub fn contains(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// In no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for WordSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = WordSet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("words with spaces between them, or an array of words")
            }

            fn visit_str<E>(self, words: &str) -> Result<WordSet, E> {
                Ok(WordSet(
                    words.split_whitespace().map(str::to_owned).collect(),
                ))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<WordSet, A::Error> {
                let mut set = HashSet::new();
                while let Some(word) = words.next_element()? {
                    set.insert(word);
                }
                Ok(WordSet(set))
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// Replaces each `{name}` by its value. Values are not expanded again, and names without a value stay as they are.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let found = after.split_once('}').and_then(|(name, after)| {
            let value = values.iter().find(|(known, _)| *known == name)?.1;
            Some((value, after))
        });
        match found {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The `{names}` in a text, in its order.
pub fn placeholders_of(text: &str) -> Vec<&str> {
    let parts = text.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0))
        .collect()
}

/// Parses a file strictly, for tests: it must match its type, and lists have no empty or duplicate entries.
#[cfg(any(test, feature = "checks"))]
#[expect(clippy::expect_used, reason = "a test reads why it fails")]
pub fn check<T: Deserialize<'static>>(file: &'static str) -> T {
    fn look(at: &str, value: &toml::Value) {
        match value {
            toml::Value::String(text) => assert!(!text.trim().is_empty(), "{at} is empty"),
            toml::Value::Array(entries) => {
                for (n, entry) in entries.iter().enumerate() {
                    look(&format!("{at}[{n}]"), entry);
                    let twice = entry.is_str() && entries.iter().skip(n + 1).any(|e| e == entry);
                    assert!(!twice, "{at} has {entry} twice");
                }
            }
            toml::Value::Table(table) => {
                for (name, value) in table {
                    look(&format!("{at}.{name}"), value);
                }
            }
            _ => {}
        }
    }
    let table: toml::Table = toml::from_str(file).expect("TOML");
    look("", &toml::Value::Table(table));
    toml::from_str(file).expect("a file of its type")
}

/// The `{names}` in a text, sorted, for tests that compare languages.
#[cfg(any(test, feature = "checks"))]
pub fn placeholders(text: &str) -> Vec<&str> {
    let mut names = placeholders_of(text);
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_from_a_string_or_an_array() {
        #[derive(Debug, Default, serde::Deserialize)]
        struct File {
            line: WordSet,
            array: WordSet,
        }
        let file: File = check("line = \"\"\"\na b\nc\n\"\"\"\narray = [\"a b\", \"c\"]");
        assert!(file.line.contains("b") && file.line.contains("c"));
        assert!(file.array.contains("a b") && !file.array.contains("a"));
        assert_eq!(file.line.iter().count(), 3);
    }

    #[test]
    fn a_template_is_filled_in_one_pass() {
        let filled = fill("{a} and {b}, {c}, {", &[("a", "{b}"), ("b", "two")]);
        assert_eq!(filled, "{b} and two, {c}, {");
        assert_eq!(placeholders("{b} {a} {}"), ["", "a", "b"]);
    }

    #[test]
    fn a_language_without_a_file_has_the_english_one() {
        let files: ByLanguage<HashMap<String, String>> =
            ByLanguage::read("yes = \"yes\"", &[(Language::De, "yes = \"ja\"")]);
        assert_eq!(files.of(Language::De)["yes"], "ja");
        assert_eq!(files.of_code("de")["yes"], "ja");
        assert_eq!(files.of_code("xx")["yes"], "yes");
        assert_eq!(files.of(Language::Other)["yes"], "yes");
    }
}
