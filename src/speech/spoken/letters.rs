//! Guesses the sounds of an unknown word by rules of English spelling. At each letter they are tried in
//! order, the longest groups of letters first.

use std::sync::LazyLock;

use super::stress;

/// Where the letters of a rule must be.
#[derive(Clone, Copy)]
enum Where {
    Any,
    Start,
    End,
    /// Before e, i or y.
    Soft,
    /// Before a vowel letter.
    Vowel,
    /// Before a consonant letter, or at the end.
    Closed,
    /// Before one consonant and a final e ("made").
    Magic,
    /// Before one consonant and a vowel ("paper").
    Open,
    /// Between vowels.
    Between,
}

use Where::{Any, Between, Closed, End, Magic, Open, Soft, Start, Vowel};

/// A spelling rule. Its sounds are in the dictionary's alphabet.
struct Rule {
    spelling: &'static [u8],
    place: Where,
    sounds: &'static str,
}

/// The rules by their first letter, in the order of the file.
static RULES: LazyLock<[Vec<Rule>; 26]> = LazyLock::new(|| {
    let mut rules: [Vec<Rule>; 26] = Default::default();
    for line in include_str!("letters.txt").lines() {
        let mut parts = line.split(' ');
        let (Some(spelling), Some(place), Some(sounds)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let (Some(place), Some(first)) = (parse_place(place), spelling.bytes().next()) else {
            continue;
        };
        if let Some(list) = rules.get_mut(usize::from(first.wrapping_sub(b'a'))) {
            let sounds = if sounds == "-" { "" } else { sounds };
            list.push(Rule {
                spelling: spelling.as_bytes(),
                place,
                sounds,
            });
        }
    }
    rules
});

fn parse_place(place: &str) -> Option<Where> {
    Some(match place {
        "any" => Any,
        "start" => Start,
        "end" => End,
        "soft" => Soft,
        "vowel" => Vowel,
        "closed" => Closed,
        "magic" => Magic,
        "open" => Open,
        "between" => Between,
        _ => return None,
    })
}

fn rules(first: u8) -> &'static [Rule] {
    RULES
        .get(usize::from(first.wrapping_sub(b'a')))
        .map_or(&[], Vec::as_slice)
}

/// Sounds of a word in lower-case Latin letters without accents, in the dictionary's alphabet; never
/// empty if the word has a letter.
pub(super) fn sounds(word: &str) -> String {
    let letters: Vec<u8> = word.bytes().filter(u8::is_ascii_lowercase).collect();
    let mut out = String::new();
    let mut at = 0;
    while at < letters.len() {
        // A doubled consonant sounds once.
        let doubled = letters.get(at + 1) == Some(&letters[at])
            && !is_vowel(letters[at])
            && letters[at] != b'z';
        let long_s = doubled && letters[at] == b's';
        if doubled && !(letters[at] == b'c' || long_s && letters[at..].starts_with(b"ssion")) {
            out.push_str(match letters[at] {
                b's' => "s",
                b'g' => "ɡ",
                b'r' => "ɹ",
                b'j' => "ʤ",
                b'w' | b'h' | b'q' => "",
                other => single_letter_sounds(other),
            });
            at += 2;
            continue;
        }
        let rule = rules(letters[at]).iter().find(|rule| {
            letters[at..].starts_with(rule.spelling)
                && holds(rule.place, &letters, at, at + rule.spelling.len())
        });
        let Some(rule) = rule else {
            at += 1;
            continue;
        };
        out.push_str(rule.sounds);
        at += rule.spelling.len();
    }
    if !out
        .chars()
        .any(|sound| super::symbols::VOWELS.contains(sound))
        && letters.len() > 1
    {
        // Without a vowel it cannot be read as a word, so it is spelled out.
        return word
            .chars()
            .map(super::word::letter)
            .collect::<Vec<_>>()
            .join(" ");
    }
    stress::place(word, &out)
}

fn single_letter_sounds(letter: u8) -> &'static str {
    let alone = rules(letter)
        .iter()
        .find(|rule| rule.spelling.len() == 1 && matches!(rule.place, Any));
    alone.map_or("", |rule| rule.sounds)
}

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

fn holds(place: Where, word: &[u8], from: usize, to: usize) -> bool {
    let next = word.get(to).copied();
    let vowel = |at: usize| word.get(at).is_some_and(|letter| is_vowel(*letter));
    let has_vowel_before = word[..from].iter().any(|letter| is_vowel(*letter));
    match place {
        Any => true,
        Start => from == 0,
        // An ending needs a syllable before it: "ton", "an" and "us" are words, not endings.
        End => next.is_none() && (has_vowel_before || to - from == 1 && from > 0 || to - from > 3),
        Soft => matches!(next, Some(b'e' | b'i' | b'y')),
        Vowel => next.is_some_and(is_vowel),
        Closed => !vowel(to),
        Magic => next.is_some_and(|n| !is_vowel(n)) && to + 2 == word.len() && word[to + 1] == b'e',
        Open => next.is_some_and(|n| !is_vowel(n) && n != b'x') && vowel(to + 1),
        Between => from > 0 && vowel(from - 1) && vowel(to),
    }
}

#[cfg(test)]
mod tests {
    use super::sounds;

    #[test]
    fn spelling_gives_sounds() {
        for (word, wanted) in [
            ("blick", "blˈɪk"),
            ("mave", "mˈAv"),
            ("throop", "θɹˈup"),
            ("glation", "ɡlˈæʃən"),
            ("kowalski", "kəwˈɔlski"),
            ("zuccini", "zəksˈini"),
            ("hoffner", "hˈɑfnəɹ"),
        ] {
            let got = sounds(word);
            assert!(got.contains('ˈ'), "{word}: {got}");
            assert_eq!(
                got.matches('ˈ').count(),
                1,
                "{word}: {got} (about {wanted})"
            );
        }
        assert_eq!(sounds("blick"), "blˈɪk");
        assert_eq!(sounds("mave"), "mˈAv");
        assert_eq!(sounds("throop"), "θɹˈup");
    }

    #[test]
    fn every_rule_is_read_and_its_sounds_are_known() {
        let lines = include_str!("letters.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count();
        assert_eq!(super::RULES.iter().map(Vec::len).sum::<usize>(), lines);
        for rule in super::RULES.iter().flatten() {
            let voiced = crate::speech::spoken::symbols::from_dictionary(rule.sounds);
            assert!(
                voiced
                    .chars()
                    .all(|c| crate::speech::spoken::symbols::KNOWN.contains(c)),
                "{voiced}"
            );
        }
    }

    #[test]
    fn no_word_is_dropped() {
        for word in ["xkcd", "hmm", "q", "zzz", "ghgh", "strngth", "wwww", "hh"] {
            assert!(!sounds(word).trim().is_empty(), "{word}");
        }
    }
}
