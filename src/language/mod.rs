//! What is known of languages: which one a text is in, its words as they are compared, its sentences, the names of days
//! and months, numbers in words, and the words that say nothing by themselves or turn a sentence round. Pure: no store, no settings, no clock.

pub mod calendar;
pub mod cutter;
pub mod data;
pub mod detect;
pub mod lists;
pub mod numbers;
pub mod question;
pub mod sentences;
pub mod words;

pub use detect::{Language, of_document, of_question, of_question_among};

#[cfg(test)]
mod language_tests;
