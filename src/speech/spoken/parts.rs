//! Words made of known ones: compounds, and stems with a suffix or prefix.

use super::word::{English, LISTS};

impl English {
    /// Splits a word into two known ones, as in "Northgate", preferring the most even split.
    pub(super) fn find_compound(&self, word: &str) -> Option<String> {
        if word.len() < 7 || !word.is_ascii() || word.len() > 24 {
            return None;
        }
        let whole = |part: &str| {
            part.len() > 3 && self.look_up_plain(part).is_some()
                || part.len() == 3 && LISTS.short_parts.contains(part)
        };
        let mut cuts: Vec<usize> = (3..=word.len() - 3).collect();
        cuts.sort_by_key(|at| std::cmp::Reverse((*at).min(word.len() - at)));
        let at = cuts.into_iter().find(|at| {
            let (left, right) = word.split_at(*at);
            whole(left)
                && whole(right)
                && self.is_in_dictionary(left)
                && self.is_in_dictionary(right)
        })?;
        let (left, right) = word.split_at(at);
        let second = self.look_up_plain(right)?.replace('ˈ', "ˌ");
        Some(format!("{}{second}", self.look_up_plain(left)?))
    }

    fn is_in_dictionary(&self, word: &str) -> bool {
        self.lexicon.golds.contains_key(word)
    }

    /// Finds a known word with a suffix or prefix.
    pub(super) fn find_by_stem(&self, word: &str) -> Option<String> {
        let find = |stem: &str| {
            self.look_up_plain(stem)
                .or_else(|| self.look_up_plain(&format!("{stem}e")))
                .or_else(|| self.look_up_plain(&format!("{}y", stem.strip_suffix('i')?)))
                .or_else(|| {
                    // A doubled consonant, as in "stopped".
                    let once = stem.get(..stem.len() - 1)?;
                    (stem.len() > 3 && stem.ends_with(once.chars().last()?))
                        .then(|| self.look_up_plain(once))
                        .flatten()
                })
        };
        for (ending, sounds) in ENDINGS {
            if let Some(stem) = word.strip_suffix(ending)
                && stem.len() > 2
                && let Some(known) = find(stem)
            {
                return Some(match *ending {
                    "s" | "es" => add_s(&known),
                    "ed" => add_ed(&known),
                    _ => format!("{known}{sounds}"),
                });
            }
        }
        STARTS.iter().find_map(|(start, sounds)| {
            let rest = word.strip_prefix(start).filter(|rest| rest.len() > 3)?;
            Some(format!("{sounds}{}", self.look_up_plain(rest)?))
        })
    }
}

/// Suffixes that do not change the sounds of the stem. Longer ones come before those they end with.
const ENDINGS: &[(&str, &str)] = &[
    ("iness", "inəs"),
    ("ness", "nəs"),
    ("ments", "mənts"),
    ("ment", "mənt"),
    ("fully", "fəli"),
    ("ful", "fəl"),
    ("less", "ləs"),
    ("ships", "ʃɪps"),
    ("ship", "ʃɪp"),
    ("able", "əbəl"),
    ("ably", "əbli"),
    ("ly", "li"),
    ("ings", "ɪŋz"),
    ("ing", "ɪŋ"),
    ("ers", "əɹz"),
    ("er", "əɹ"),
    ("est", "əst"),
    ("ists", "ɪsts"),
    ("ist", "ɪst"),
    ("ish", "ɪʃ"),
    ("wise", "wˌIz"),
    ("like", "lˌIk"),
    ("ed", "d"),
    ("es", "ɪz"),
    ("s", "z"),
    ("y", "i"),
];

const STARTS: &[(&str, &str)] = &[
    ("un", "ʌn"),
    ("re", "ɹi"),
    ("non", "nɑn"),
    ("pre", "pɹi"),
    ("over", "ˌOvəɹ"),
    ("under", "ˌʌndəɹ"),
    ("multi", "mˌʌlti"),
    ("anti", "ˌænti"),
    ("micro", "mˌIkɹO"),
    ("tele", "tˌɛlə"),
    ("inter", "ˌɪntəɹ"),
    ("super", "sˌupəɹ"),
    ("auto", "ˌɔTO"),
    ("bio", "bˌIO"),
    ("photo", "fˌOTO"),
    ("mis", "mɪs"),
    ("dis", "dɪs"),
    ("out", "Wt"),
    ("sub", "sʌb"),
    ("co", "kO"),
    ("de", "di"),
];

/// Adds the "s" of a plural or a possessive.
pub(super) fn add_s(sounds: &str) -> String {
    match sounds.chars().last() {
        Some('s' | 'z' | 'ʃ' | 'ʒ' | 'ʧ' | 'ʤ') => format!("{sounds}ɪz"),
        Some('p' | 't' | 'k' | 'f' | 'θ') => format!("{sounds}s"),
        _ => format!("{sounds}z"),
    }
}

fn add_ed(sounds: &str) -> String {
    match sounds.chars().last() {
        Some('t' | 'd') => format!("{sounds}ɪd"),
        Some('p' | 'k' | 'f' | 'θ' | 's' | 'ʃ' | 'ʧ') => format!("{sounds}t"),
        _ => format!("{sounds}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_keep_their_sounds() {
        assert_eq!(add_s("bˈʌs"), "bˈʌsɪz");
        assert_eq!(add_s("kˈæt"), "kˈæts");
        assert_eq!(add_ed("nˈid"), "nˈidɪd");
    }
}
