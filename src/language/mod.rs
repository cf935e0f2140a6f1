//! Knowledge of languages: detecting the language of a text, words in comparable form, sentences, names of weekdays and
//! months, numbers in words, function words and negations, and typed values in what people write (`slots`). Pure: no store,
//! no settings, no clock.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as language;

pub mod calendar;
pub mod codes;
pub mod cutter;
pub mod data;
pub mod detect;
pub mod lists;
pub mod numbers;
pub mod question;
pub mod sentences;
pub mod slots;
pub mod words;

pub use detect::{Language, of_document, of_question, of_question_among};

#[cfg(test)]
mod language_tests;
