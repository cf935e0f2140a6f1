//! Phoneme symbols: the dictionary's, those that people write, and those that the voice knows.

/// The symbols that Piper's "espeak" voices have ids for, as far as English needs them, with the signs
/// for stress, length and melody. From the `phoneme_id_map` of `en_US-joe-medium`.
pub(super) const KNOWN: &str = " !',-.:;?abcdefhijklmnopqrstuvwxyzæçðøħŋœɐɑɒɓɔɕɖɗɘəɚɛɜɞɟɠɡɢɣɤɥɦɨɪɫɬɭɯɰɱɲɳɵɶɸɹɺɻɽɾʀʁʂʃʈʉʊʋʌʍʎʏʐʑʒʔʕʝʲˈˌːˑ˞βθχᵻ\u{329}\u{303}\u{32f}";

/// Vowels of the dictionary's alphabet, in which capitals are diphthongs.
pub(super) const VOWELS: &str = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻɐᵊoe";

/// Converts phonemes of the dictionary to the voice's symbols.
pub(super) fn from_dictionary(phonemes: &str) -> String {
    let letters: Vec<char> = phonemes.chars().collect();
    let mut out = String::with_capacity(phonemes.len() * 2);
    // Whether the next vowel is stressed.
    let mut stressed = false;
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let next = letters.get(at + 1).copied();
        let before_r = next == Some('ɹ');
        let vowel_after_r = letters
            .get(at + 2)
            .is_some_and(|c| VOWELS.contains(*c) || matches!(c, 'ˈ' | 'ˌ'));
        match letter {
            'ˈ' | 'ˌ' => {
                stressed = true;
                out.push(letter);
            }
            'A' => out.push_str("eɪ"),
            'I' => out.push_str("aɪ"),
            'O' => out.push_str("oʊ"),
            'W' => out.push_str("aʊ"),
            'Y' => out.push_str("ɔɪ"),
            'Q' => out.push_str("əʊ"),
            'ᵊ' => out.push('ə'),
            'T' => out.push('ɾ'),
            'ʤ' => out.push_str("dʒ"),
            'ʧ' => out.push_str("tʃ"),
            'g' => out.push('ɡ'),
            'h' if next == Some('w') => {}
            'ʔ' if next == Some('n')
                && !letters.get(at + 2).is_some_and(|c| VOWELS.contains(*c)) =>
            {
                out.push_str("ʔn\u{329}");
                at += 1;
            }
            'ə' if before_r => {
                out.push('ɚ');
                if vowel_after_r {
                    out.push('ɹ');
                }
                at += 1;
            }
            'ɜ' => {
                out.push_str("ɜː");
                if before_r {
                    if vowel_after_r {
                        out.push('ɹ');
                    }
                    at += 1;
                }
            }
            // Unstressed "happy" is short, "meet" is long.
            'i' if stressed => out.push_str("iː"),
            'u' => out.push_str("uː"),
            'ɑ' => out.push_str("ɑː"),
            // "lost", "off", "cloth", "long" are short, "called" is long.
            'ɔ' if matches!(next, Some('s' | 'f' | 'θ' | 'ŋ')) || phonemes == "ˌɔn" => {
                out.push('ɔ');
            }
            'ɔ' => out.push_str("ɔː"),
            'ː' if out.ends_with('ː') => {}
            _ => out.push(letter),
        }
        if VOWELS.contains(letter) {
            stressed = false;
        }
        at += 1;
    }
    out
}

/// Converts phonemes that a person wrote, and drops what the voice does not know.
pub(super) fn from_ipa(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    for letter in written.chars() {
        match letter {
            'r' => out.push('ɹ'),
            'g' => out.push('ɡ'),
            'ʤ' => out.push_str("dʒ"),
            'ʧ' => out.push_str("tʃ"),
            'ɝ' => out.push_str("ɜː"),
            'ᵊ' => out.push('ə'),
            '\'' => out.push('ˈ'),
            ':' => out.push('ː'),
            // Syllable breaks and punctuation are not sounds.
            '.' | ',' | '-' | '?' | '!' | ';' => {}
            _ if KNOWN.contains(letter) => out.push(letter),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionary_symbols_become_the_voices() {
        for (dictionary, voice) in [
            ("həlˈO", "həlˈoʊ"),
            ("bˈɜɹd", "bˈɜːd"),
            ("wˈɔTəɹ", "wˈɔːɾɚ"),
            ("ɡlˈuʔn", "ɡlˈuːʔn\u{329}"),
            ("sˈɪTi", "sˈɪɾi"),
            ("mˈiTɪŋ", "mˈiːɾɪŋ"),
            ("ʧˈAnʤ", "tʃˈeɪndʒ"),
            ("fˈɜɹi", "fˈɜːɹi"),
        ] {
            assert_eq!(from_dictionary(dictionary), voice);
        }
    }

    #[test]
    fn sounds_written_by_people_are_cleaned() {
        assert_eq!(from_ipa("ˈbluː.fɪn "), "ˈbluːfɪn");
        assert_eq!(from_ipa("'gret☃chən"), "ˈɡɹetchən");
        assert_eq!(from_ipa("日本"), "");
    }
}
