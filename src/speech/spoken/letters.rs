//! Sounds of a word that no dictionary has, from its spelling: rules of English spelling, tried in
//! order at each letter, the longest groups of letters first.

use super::stress;

/// What stands around the letters of a rule.
#[derive(Clone, Copy)]
enum Where {
    /// Anywhere.
    Any,
    /// At the start of the word.
    Start,
    /// At its end.
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

/// Letters, where they stand, and their sounds in the dictionary's alphabet.
const RULES: &[(&str, Where, &str)] = &[
    ("ough", Any, "O"),
    ("augh", Any, "ɔ"),
    ("eigh", Any, "A"),
    ("igh", Any, "I"),
    ("tion", Any, "ʃən"),
    ("sion", Any, "ʒən"),
    ("ssion", Any, "ʃən"),
    ("cian", Any, "ʃən"),
    ("ture", Any, "ʧəɹ"),
    ("sure", Any, "ʒəɹ"),
    ("cial", Any, "ʃəl"),
    ("tial", Any, "ʃəl"),
    ("cious", Any, "ʃəs"),
    ("tious", Any, "ʃəs"),
    ("eous", Any, "iəs"),
    ("ious", Any, "iəs"),
    ("ous", End, "əs"),
    ("tch", Any, "ʧ"),
    ("schw", Any, "ʃw"),
    ("schm", Any, "ʃm"),
    ("schn", Any, "ʃn"),
    ("sch", Any, "ʃ"),
    ("chr", Any, "kɹ"),
    ("cch", Any, "k"),
    ("ch", Any, "ʧ"),
    ("shh", Any, "ʃ"),
    ("sh", Any, "ʃ"),
    ("ph", Any, "f"),
    ("thm", End, "ðəm"),
    ("th", Between, "ð"),
    ("th", Any, "θ"),
    ("wh", Any, "w"),
    ("wr", Start, "ɹ"),
    ("kn", Start, "n"),
    ("gn", Start, "n"),
    ("gn", End, "n"),
    ("ps", Start, "s"),
    ("pn", Start, "n"),
    ("rh", Any, "ɹ"),
    ("gh", Start, "ɡ"),
    ("gh", Any, ""),
    ("ck", Any, "k"),
    ("cz", Any, "ʧ"),
    ("sz", Any, "ʃ"),
    ("dz", Any, "dz"),
    ("tz", Any, "ts"),
    ("zz", Any, "ts"),
    ("dge", Any, "ʤ"),
    ("dg", Soft, "ʤ"),
    ("qu", Any, "kw"),
    ("que", End, "k"),
    ("gue", End, "ɡ"),
    ("gu", Vowel, "ɡ"),
    ("ng", End, "ŋ"),
    ("ngs", End, "ŋz"),
    ("nk", Any, "ŋk"),
    ("nx", Any, "ŋks"),
    ("ng", Closed, "ŋ"),
    ("ng", Any, "ŋɡ"),
    ("mb", End, "m"),
    ("mn", End, "m"),
    ("bt", End, "t"),
    ("lk", End, "lk"),
    ("lm", End, "lm"),
    ("sci", Vowel, "ʃ"),
    ("sc", Soft, "s"),
    ("cc", Soft, "ks"),
    ("cia", End, "ʃə"),
    ("gli", Vowel, "lj"),
    ("ccia", Any, "ʧə"),
    ("ccio", Any, "ʧiO"),
    ("ght", Any, "t"),
    ("ski", End, "ski"),
    ("owicz", End, "əvɪʧ"),
    ("ewicz", End, "əvɪʧ"),
    ("wicz", End, "vɪʧ"),
    ("eau", Any, "O"),
    ("ille", End, "ɪl"),
    ("elle", End, "ɛl"),
    ("ette", End, "ɛt"),
    ("esque", End, "ɛsk"),
    ("ique", End, "ik"),
    ("mann", End, "mən"),
    ("berg", End, "bɜɹɡ"),
    ("burg", End, "bɜɹɡ"),
    ("stein", End, "stIn"),
    ("ville", End, "vɪl"),
    ("ham", End, "əm"),
    ("ford", End, "fəɹd"),
    ("ton", End, "tən"),
    ("son", End, "sən"),
    ("sen", End, "sən"),
    ("man", End, "mən"),
    ("land", End, "lənd"),
    ("bury", End, "bɛɹi"),
    ("worth", End, "wəɹθ"),
    ("age", End, "ɪʤ"),
    ("ate", End, "At"),
    ("ism", End, "ɪzəm"),
    ("able", End, "əbəl"),
    ("ible", End, "əbəl"),
    ("ment", End, "mənt"),
    ("ness", End, "nəs"),
    ("less", End, "ləs"),
    ("ful", End, "fəl"),
    ("ity", End, "əTi"),
    ("ify", End, "əfI"),
    ("ic", End, "ɪk"),
    ("al", End, "əl"),
    ("el", End, "əl"),
    ("le", End, "əl"),
    ("re", End, "əɹ"),
    ("ier", End, "iəɹ"),
    ("er", End, "əɹ"),
    ("ers", End, "əɹz"),
    ("or", End, "əɹ"),
    ("ar", End, "əɹ"),
    ("en", End, "ən"),
    ("on", End, "ən"),
    ("an", End, "ən"),
    ("um", End, "əm"),
    ("us", End, "əs"),
    ("es", End, "ɪz"),
    ("ed", End, "d"),
    ("is", End, "ɪs"),
    ("ia", End, "iə"),
    ("io", End, "iO"),
    ("ie", End, "i"),
    ("ey", End, "i"),
    ("y", End, "i"),
    ("a", End, "ə"),
    ("o", End, "O"),
    ("i", End, "i"),
    ("u", End, "u"),
    ("ee", Any, "i"),
    ("eer", Any, "ɪɹ"),
    ("ear", Any, "ɪɹ"),
    ("eir", Any, "ɛɹ"),
    ("air", Any, "ɛɹ"),
    ("aire", End, "ɛɹ"),
    ("oor", Any, "ɔɹ"),
    ("our", Any, "ɔɹ"),
    ("oar", Any, "ɔɹ"),
    ("are", End, "ɛɹ"),
    ("ire", End, "Iəɹ"),
    ("ore", End, "ɔɹ"),
    ("ure", End, "jʊɹ"),
    ("arr", Any, "ɛɹ"),
    ("err", Any, "ɛɹ"),
    ("irr", Any, "ɪɹ"),
    ("ar", Closed, "ɑɹ"),
    ("er", Closed, "ɜɹ"),
    ("ir", Closed, "ɜɹ"),
    ("or", Any, "ɔɹ"),
    ("ur", Any, "ɜɹ"),
    ("yr", Closed, "ɜɹ"),
    ("war", Any, "wɔɹ"),
    ("wor", Any, "wɜɹ"),
    ("ai", Any, "A"),
    ("ay", Any, "A"),
    ("au", Any, "ɔ"),
    ("aw", Any, "ɔ"),
    ("ea", Any, "i"),
    ("ei", Any, "I"),
    ("eu", Any, "ju"),
    ("ew", Any, "u"),
    ("ey", Any, "A"),
    ("ia", Any, "iɑ"),
    ("ie", Any, "i"),
    ("io", Any, "iO"),
    ("oa", Any, "O"),
    ("oe", Any, "O"),
    ("oi", Any, "Y"),
    ("oy", Any, "Y"),
    ("oo", Any, "u"),
    ("ou", Any, "W"),
    ("ow", End, "O"),
    ("ow", Any, "W"),
    ("ue", End, "u"),
    ("ui", Any, "u"),
    ("ae", Any, "A"),
    ("aa", Any, "ɑ"),
    ("uy", Any, "I"),
    ("all", Any, "ɔl"),
    ("alk", Any, "ɔk"),
    ("old", Any, "Old"),
    ("ind", End, "Ind"),
    ("a", Magic, "A"),
    ("e", Magic, "i"),
    ("i", Magic, "I"),
    ("o", Magic, "O"),
    ("u", Magic, "u"),
    ("y", Magic, "I"),
    ("e", End, ""),
    ("a", Open, "ɑ"),
    ("e", Open, "ɛ"),
    ("i", Open, "i"),
    ("o", Open, "O"),
    ("u", Open, "u"),
    ("y", Start, "j"),
    ("y", Vowel, "j"),
    ("y", Any, "ɪ"),
    ("a", Any, "æ"),
    ("e", Any, "ɛ"),
    ("i", Any, "ɪ"),
    ("o", Closed, "ɑ"),
    ("o", Any, "O"),
    ("u", Any, "ʌ"),
    ("c", Soft, "s"),
    ("c", Any, "k"),
    ("g", Soft, "ʤ"),
    ("s", Between, "z"),
    ("x", Start, "z"),
    ("x", Any, "ks"),
    ("j", Any, "ʤ"),
    ("g", Any, "ɡ"),
    ("h", Vowel, "h"),
    ("h", Any, ""),
    ("r", Any, "ɹ"),
    ("w", Vowel, "w"),
    ("w", Any, ""),
    ("q", Any, "k"),
    ("b", Any, "b"),
    ("d", Any, "d"),
    ("f", Any, "f"),
    ("k", Any, "k"),
    ("l", Any, "l"),
    ("m", Any, "m"),
    ("n", Any, "n"),
    ("p", Any, "p"),
    ("s", Any, "s"),
    ("t", Any, "t"),
    ("v", Any, "v"),
    ("z", Any, "z"),
];

/// Sounds of a word in small Latin letters without marks, in the dictionary's alphabet; never empty
/// if the word has a letter.
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
                other => single(other),
            });
            at += 2;
            continue;
        }
        let rule = RULES.iter().find(|(spelling, place, _)| {
            letters[at..].starts_with(spelling.as_bytes())
                && holds(*place, &letters, at, at + spelling.len())
        });
        let Some((spelling, _, phonemes)) = rule else {
            at += 1;
            continue;
        };
        out.push_str(phonemes);
        at += spelling.len();
    }
    if !out
        .chars()
        .any(|sound| super::symbols::VOWELS.contains(sound))
        && letters.len() > 1
    {
        // No vowel: nobody can say it as a word, so each letter is named.
        return word
            .chars()
            .map(super::word::letter)
            .collect::<Vec<_>>()
            .join(" ");
    }
    stress::place(word, &out)
}

fn single(letter: u8) -> &'static str {
    RULES
        .iter()
        .find(|(spelling, place, _)| spelling.as_bytes() == [letter] && matches!(place, Any))
        .map_or("", |(_, _, phonemes)| phonemes)
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
    fn no_word_is_dropped() {
        for word in ["xkcd", "hmm", "q", "zzz", "ghgh", "strngth", "wwww", "hh"] {
            assert!(!sounds(word).trim().is_empty(), "{word}");
        }
    }
}
