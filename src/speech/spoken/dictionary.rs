//! The pronouncing dictionary of US English (about 180,000 words).
//!
//! It is the one of `misaki-rs`, packed: the library carries it as text, and a British one beside it, 12.6 MB in all.
//! Nothing here may call what loads those (`Lexicon::new`, `misaki_rs::data`), or they are in the program again.

use std::collections::HashMap;
use std::io::Read as _;

use flate2::read::ZlibDecoder;
use misaki_rs::lexicon::PhonemeEntry;
use misaki_rs::{Language, Lexicon};
use serde::Deserialize;

/// Made by `models/voice/pack.py`.
static PACKED: &[u8] = include_bytes!("../../../models/voice/us-english.zlib");

/// Stress of words with a capital letter and of words in capitals, as the library sets it.
const CAPITALS: (f64, f64) = (0.5, 2.0);

#[derive(Default, Deserialize)]
struct Tables {
    gold: HashMap<String, PhonemeEntry>,
    silver: HashMap<String, PhonemeEntry>,
}

pub(super) fn load() -> Lexicon {
    let Tables { gold, silver } = unpack()
        .inspect_err(|error| tracing::error!(%error, "the dictionary cannot be read"))
        .unwrap_or_default();
    Lexicon {
        lang: Language::EnglishUS,
        cap_stresses: CAPITALS,
        golds: gold,
        silvers: silver,
    }
}

fn unpack() -> std::io::Result<Tables> {
    let mut text = Vec::new();
    ZlibDecoder::new(PACKED).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packed_dictionary_is_the_one_of_the_library() {
        let (ours, theirs) = (load(), Lexicon::new(Language::EnglishUS));
        assert_eq!(ours.cap_stresses, theirs.cap_stresses);
        let value = |table: &HashMap<String, PhonemeEntry>| serde_json::to_value(table).unwrap();
        assert!(value(&ours.golds) == value(&theirs.golds));
        assert!(value(&ours.silvers) == value(&theirs.silvers));
        assert!(ours.golds.len() > 80_000, "{}", ours.golds.len());
    }
}
