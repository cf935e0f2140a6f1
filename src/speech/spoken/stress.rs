//! Where the stress of an unknown word lies, and what becomes of its weak vowels.

use super::symbols::VOWELS;

/// Endings that draw the stress to the syllable before them, counted in syllables of the ending.
const BEFORE_ENDING: &[(&str, usize)] = &[
    ("tion", 1),
    ("sion", 1),
    ("cian", 1),
    ("ic", 1),
    ("ics", 1),
    ("ical", 2),
    ("ity", 2),
    ("ian", 2),
    ("ial", 1),
    ("ious", 1),
    ("eous", 1),
    ("ify", 2),
    ("ology", 3),
    ("ography", 3),
    ("ienne", 1),
];

/// Endings of names and loan words that are stressed on the last syllable but one.
const LAST_BUT_ONE: &[&str] = &[
    "ski", "sky", "ska", "ini", "elli", "ello", "ella", "etti", "etta", "etto", "ano", "ana",
    "ino", "ina", "ado", "ada", "ato", "ata", "ito", "ita", "oso", "osa", "ova", "ović", "ovic",
    "ewicz", "owicz", "moto", "mura", "yama", "zzi", "zza", "zzo", "ccia", "ccio", "ero", "era",
    "oro", "ora", "emi", "ami", "ani", "ari", "uki", "iko", "aki",
];

/// Endings that are stressed themselves.
const LAST: &[&str] = &[
    "ette", "eau", "ee", "eer", "ese", "esque", "oon", "ique", "aire", "eaux",
];

/// Beginnings that are weak in words of two syllables.
const WEAK_STARTS: &[&str] = &[
    "re", "de", "be", "ex", "con", "com", "un", "dis", "en", "em", "pre", "pro", "a",
];

/// Marks the stressed vowel of sounds that have no mark yet, and weakens others.
pub(super) fn place(word: &str, sounds: &str) -> String {
    let letters: Vec<char> = sounds.chars().collect();
    let vowels: Vec<usize> = (0..letters.len())
        .filter(|i| VOWELS.contains(letters[*i]))
        .collect();
    let Some(last) = vowels.len().checked_sub(1) else {
        return sounds.to_owned();
    };
    let main = stressed_syllable(word, vowels.len()).min(last);
    let mut out = String::with_capacity(sounds.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let Some(syllable) = vowels.iter().position(|vowel| *vowel == at) else {
            out.push(*letter);
            continue;
        };
        if syllable == main {
            out.push('ˈ');
            out.push(*letter);
        } else if syllable + 2 == main || (main + 2 == syllable && syllable != last) {
            out.push('ˌ');
            out.push(*letter);
        } else {
            let before_r = letters.get(at + 1) == Some(&'ɹ');
            let ends = at + 1 == letters.len();
            out.push(match letter {
                'æ' | 'ʌ' => 'ə',
                'ɑ' if ends => 'ə',
                'ɛ' if !before_r && !ends => 'ə',
                other => *other,
            });
        }
    }
    out
}

fn stressed_syllable(word: &str, syllables: usize) -> usize {
    let ends = |ending: &&str| word.ends_with(*ending);
    if syllables <= 1 {
        return 0;
    }
    if LAST.iter().any(ends) {
        return syllables - 1;
    }
    if let Some((_, own)) = BEFORE_ENDING
        .iter()
        .find(|(ending, _)| word.ends_with(ending))
    {
        return syllables.saturating_sub(own + 1);
    }
    if LAST_BUT_ONE.iter().any(ends) {
        return syllables - 2;
    }
    if syllables == 2 {
        let weak = WEAK_STARTS.iter().any(|start| {
            word.len() > start.len() + 3 && word.starts_with(start) && start.len() > 1
        });
        return usize::from(weak && !word.ends_with("er") && !word.ends_with('y'));
    }
    // Words on a vowel are mostly loans from Romance or Slavic languages or Japanese.
    if word.ends_with(['a', 'i', 'o', 'u']) {
        syllables - 2
    } else {
        syllables - 3
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn stress_follows_the_ending() {
        for (word, sounds, wanted) in [
            ("kowalski", "koʊvælski", "koʊvˈælski"),
            ("blint", "blɪnt", "blˈɪnt"),
            ("zanify", "zænɪfI", "zˈænɪfˌI"),
            ("brandello", "bɹændɛlO", "bɹəndˈɛlO"),
        ] {
            let placed = place(word, &sounds.replace("oʊ", "O"));
            assert_eq!(
                placed.replace('ˌ', ""),
                wanted.replace("oʊ", "O").replace('ˌ', ""),
                "{word}"
            );
        }
    }
}
