//! What begins a workflow.

use super::definition::Definition;
use crate::language::Language;
use crate::language::slots::{Phrases, Text, is_said, is_said_loosely};

/// Longest message that begins a workflow by its words, in characters.
const LONGEST: usize = 400;

/// Whether a message begins a workflow: by one of its phrases, or by its title, as a button sends it.
pub fn begins(definition: &Definition, message: &str, language: Language) -> bool {
    if message.chars().count() > LONGEST {
        return false;
    }
    let folded = message.trim().to_lowercase();
    if definition
        .title
        .0
        .values()
        .any(|title| title.to_lowercase() == folded)
    {
        return true;
    }
    let own = definition.begin.get_key_value(language.code());
    let others = definition.begin.iter();
    own.into_iter().chain(others).any(|(code, phrases)| {
        let of = Language::of_code(code).unwrap_or(language);
        let text = Text::new(message, of);
        let phrases = Phrases::of(phrases);
        is_said(&text, &phrases) || is_said_loosely(&text, &phrases)
    })
}
