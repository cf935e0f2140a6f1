//! Turns text into phonemes: cuts it into clauses that are spoken at once, puts numbers, times, money and
//! abbreviations into words (`normalise`), and finds the sounds of each word.
//!
//! Pure: no engine, no clock, no files except built-in data.

mod cut;
mod dictionary;
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
    /// The clause as written; all clauses together make up the whole text.
    pub text: String,
    /// In the IPA symbols that Piper voices use for US English, with spaces between words and punctuation
    /// that shapes the melody (`,` `.` `?` `!`); empty if there is nothing to say.
    pub phonemes: String,
}

/// Cuts a text into clauses, in order. The first one is short, so that speech can begin early.
///
/// The first call in a process loads the pronouncing dictionary; [`warm_up`] does that ahead of time.
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

/// Loads the pronouncing dictionary and the patterns, so that the first answer does not wait for them.
pub fn warm_up() {
    let _ = clauses("Ready at 9.", &[]);
}

#[cfg(test)]
#[path = "spoken_tests.rs"]
mod tests;
