//! What is known of languages: which one a text is in, its words as they are compared, its sentences, and the words
//! that say nothing by themselves. Pure: no store, no settings, no clock.

pub mod cutter;
pub mod detect;
pub mod lists;
pub mod question;
pub mod sentences;
pub mod words;

pub use detect::{Language, of_document, of_question, of_question_among};
