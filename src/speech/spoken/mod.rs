//! Text → phonemes: what is written as figures, times, money or abbreviations is put into words
//! (`normalise`), cut into clauses that are spoken at once, and each word gets its sounds.
//!
//! Pure: no engine, no clock, no files but the data that is built in.

mod cut;
mod letters;
mod names;
mod normalise;
mod own;
mod parts;
mod pronounce;
mod quiet;
mod stress;
mod symbols;
mod weak;
mod word;

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
///
/// The first call of a process loads the pronouncing dictionary; [`warm_up`] does that beforehand.
pub fn clauses(text: &str, lexicon: &[Pronunciation]) -> Vec<Clause> {
    let audible = quiet::blank(text);
    let own = own::OwnWords::new(lexicon);
    let found = own.find(&audible);
    cut::cut(&audible, &found)
        .into_iter()
        .map(|part| {
            let (written, sounds) = own.mark(&audible, &part, &found);
            let ends_text = audible[part.end..].trim().is_empty();
            Clause {
                text: text[part].to_owned(),
                phonemes: pronounce::pronounce(&normalise::normalise(&written), &sounds, ends_text),
            }
        })
        .collect()
}

/// Loads the pronouncing dictionary and the patterns, so that the first answer need not wait for them.
pub fn warm_up() {
    let _ = clauses("Ready at 9.", &[]);
}

#[cfg(test)]
#[path = "spoken_tests.rs"]
mod tests;
