//! Reads typed values out of what a person wrote: a date, a clock time, an e-mail address, a telephone number, a choice, a
//! number with its unit, a name, yes or no, a wish to stop, a correction. Pure: the day of today is an argument, and whether
//! a value may be used is for others to say.
//!
//! Reading order: `tokens`, `words` (the lists of each language), then the file of a kind of value. A reader takes a
//! [`Text`] and says which of its tokens it used, so that the next one leaves them alone.

mod address;
mod answer;
mod choice;
mod date;
mod day;
mod name;
mod number;
mod time;
mod tokens;
mod words;

pub use address::{email, phone};
pub use answer::{Answer, answer, corrects, is_question, question_beside, wants_to_stop};
pub use choice::{choice, is_said, is_said_loosely};
pub use date::{DateRead, date};
pub use name::name;
pub use number::number;
pub use time::{Part, TimeRead, settle, time};
pub use tokens::{Phrases, Text};

/// A value, and the tokens that said it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read<T> {
    pub what: T,
    /// Places in the tokens of the text.
    pub tokens: std::ops::Range<usize>,
}

#[cfg(test)]
mod dates_tests;
#[cfg(test)]
mod slots_tests;
#[cfg(test)]
mod times_tests;
