//! Weak vowels and small words as the voices learnt them. The dictionary writes most weak vowels as "ə";
//! the voices distinguish three or four, which the spelling tells apart.

use super::symbols::VOWELS;

/// Prepositions and the like, which are stressed alone but hardly within a sentence. In the
/// dictionary's alphabet.
const SMALL: &[(&str, &str)] = &[
    ("on", "ˌɔn"),
    ("onto", "ˌɑntʊ"),
    ("about", "əbˌWt"),
    ("over", "ˌOvəɹ"),
    ("under", "ˌʌndəɹ"),
    ("below", "bəlˌO"),
    ("between", "bətwˌin"),
    ("within", "wɪðˌɪn"),
    ("upon", "əpˌɑn"),
    ("until", "ʌntˈɪl"),
    ("point", "pYnt"),
    ("hundred", "hˈʌndɹɪd"),
    ("ninety", "nˈInti"),
    ("we", "wiː"),
    ("he", "hiː"),
    ("she", "ʃiː"),
    ("be", "biː"),
    ("i", "I"),
    ("my", "mI"),
    ("your", "jʊɹ"),
    ("you", "ju"),
    ("it", "ɪt"),
    ("is", "ɪz"),
    ("for", "fɔɹ"),
];

/// Sounds of a small word within a sentence, if it is one.
pub(super) fn find_small(word: &str) -> Option<&'static str> {
    SMALL
        .iter()
        .find(|(small, _)| *small == word)
        .map(|(_, sounds)| *sounds)
}

/// Replaces the weak vowels in a word's sounds by those the voices know.
pub(super) fn weaken_vowels(word: &str, sounds: &str) -> String {
    let mut letters: Vec<char> = sounds.chars().collect();
    if letters.contains(&' ') {
        return sounds.to_owned();
    }
    let word = word.to_lowercase();
    let at: Vec<usize> = (0..letters.len())
        .filter(|i| VOWELS.contains(letters[*i]))
        .collect();
    let spelled = spelled_vowels(&word);
    let same_count = spelled.len() == at.len();
    for (index, &place) in at.iter().enumerate() {
        let next = letters.get(place + 1).copied();
        if index == 0 && place < 3 && at.len() > 1 {
            letters[place] = weaken_beginning(&word, &letters, place).unwrap_or(letters[place]);
        }
        if letters[place] != 'ə' || next == Some('ɹ') {
            continue;
        }
        let last = index + 1 == at.len();
        let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
        if last && matches!(next, Some('t' | 's')) && ends(&["it", "its", "ice", "et", "ets"]) {
            letters[place] = 'ɪ';
        } else if ends(&["ible", "ibly", "ity", "ities"]) && index + 2 == at.len() {
            letters[place] = 'ᵻ';
        } else if same_count && !last && matches!(spelled[index].as_str(), "i" | "y") {
            letters[place] = 'ɪ';
        }
    }
    letters.into_iter().collect()
}

/// Whether two words are spoken as one: "of the", "two hundred". In the voice's symbols.
pub(super) fn are_joined(before: &str, sounds: &str) -> bool {
    let last = before.rsplit(' ').next().unwrap_or_default();
    (sounds == "ðə" && ["ɪn", "ʌv", "fɹʌm", "wɪð", "ˌɔn"].contains(&last))
        || (sounds == "hˈʌndɹɪd"
            && [
                "wˈʌn",
                "tˈuː",
                "θɹˈiː",
                "fˈɔːɹ",
                "fˈaɪv",
                "sˈɪks",
                "sˈɛvən",
                "ˈeɪt",
                "nˈaɪn",
            ]
            .contains(&last))
}

/// The vowel of a weak first syllable; `None` leaves it as it is.
fn weaken_beginning(word: &str, letters: &[char], place: usize) -> Option<char> {
    let next = letters.get(place + 1).copied()?;
    let starts = |start: &str| word.starts_with(start);
    match letters[place] {
        'ə' if next == 'ɹ' => None,
        'ə' if place == 0 && starts("a") => Some('ɐ'),
        'ə' if place == 0 && starts("es") => Some('ɛ'),
        'ə' if place == 0 && starts("e") => Some('ɪ'),
        'ɪ' if place == 0 && starts("ex") => Some('ɛ'),
        'ə' if ["be", "de", "re", "se", "di"].iter().any(|s| starts(s)) => Some('ᵻ'),
        'i' if starts("pre") && place == 2 => Some('ɪ'),
        'i' if ["be", "de", "re"].iter().any(|s| starts(s))
            && place == 1
            && letters[..place].iter().all(|c| *c != 'ˈ' && *c != 'ˌ') =>
        {
            Some('ᵻ')
        }
        _ => None,
    }
}

/// Groups of vowel letters in the spelling, without a silent "e" at the end.
fn spelled_vowels(word: &str) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    let mut inside = false;
    for letter in word.chars() {
        let vowel = "aeiouy".contains(letter);
        match (vowel, inside, groups.last_mut()) {
            (true, true, Some(group)) => group.push(letter),
            (true, _, _) => groups.push(letter.to_string()),
            _ => {}
        }
        inside = vowel;
    }
    if word.ends_with('e') && !word.ends_with("le") && groups.last().is_some_and(|g| g == "e") {
        groups.pop();
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::weaken_vowels;

    #[test]
    fn the_spelling_tells_weak_vowels_apart() {
        for (word, sounds, wanted) in [
            ("about", "əbˈWt", "ɐbˈWt"),
            ("occur", "əkˈɜɹ", "əkˈɜɹ"),
            ("Return", "ɹətˈɜɹn", "ɹᵻtˈɜɹn"),
            ("emergency", "əmˈɜɹʤənsi", "ɪmˈɜɹʤənsi"),
            ("explain", "ɪksplˈAn", "ɛksplˈAn"),
            ("notice", "nˈOTəs", "nˈOTɪs"),
            ("possible", "pˈɑsəbəl", "pˈɑsᵻbəl"),
            ("animal", "ˈænəməl", "ˈænɪməl"),
            ("arrive", "əɹˈIv", "əɹˈIv"),
            ("private", "pɹˈIvət", "pɹˈIvət"),
        ] {
            assert_eq!(weaken_vowels(word, sounds), wanted, "{word}");
        }
    }
}
