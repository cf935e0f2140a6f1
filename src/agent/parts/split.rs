//! Where a message asks two or three things: at the ends of questions, and at an "and" behind which another
//! question begins.

use unicode_segmentation::UnicodeSegmentation;

use crate::agent::talk;
use crate::language::Language;
use crate::language::lists::is_function_word;
use crate::language::sentences::sentences;
use crate::language::words::unaccented;

/// Parts at most; what follows stays with the last one.
const MOST: usize = 3;
/// Longer messages tell a story, where these rules would split at the wrong words.
const LONGEST_WORDS: usize = 60;

/// The words of a language, folded, by which a second question is known.
struct Joints {
    /// What joins two questions.
    and: &'static str,
    /// Words of asking.
    asking: &'static str,
    /// Verbs that ask where a clause begins with them …
    verbs: &'static str,
    /// … and one of these follows: "and can I", but not "and can be".
    subjects: &'static str,
}

fn joints(language: Language) -> Joints {
    let (and, asking, verbs, subjects) = match language {
        Language::En | Language::Other => (
            "and &",
            "what whats what's how hows how's when whens when's where wheres where's who whos who's which why",
            "do does did is are can could will would should may",
            "i you u ya ye we it they he she there the this that your my our a an any anyone somebody",
        ),
        Language::De => (
            "und &",
            "was wie wann wo wer wem wen welche welcher welches welchen warum wieso wieviel woher wohin",
            "kann konnen koennen darf durfen gibt gibts haben hat bieten muss ist sind",
            "ich man wir sie es er ihr du da das der die den mein meine euch",
        ),
        Language::Es => (
            "y e &",
            "cuanto cuanta cuantos cuantas cuando donde quien cual cuales como",
            "",
            "",
        ),
        Language::Fr => (
            "et &",
            "quel quelle quels quelles combien quand quoi comment pourquoi",
            "",
            "",
        ),
        Language::It => (
            "e ed &",
            "cosa quanto quanta quanti quante quale qual quali quando dove dov'e chi come",
            "",
            "",
        ),
        Language::Pt => (
            "e &",
            "quanto quanta quantos quantas quando onde quem qual quais como",
            "",
            "",
        ),
        Language::Nl => (
            "en &",
            "wat hoe hoeveel wanneer waar wie welke waarom",
            "kan mag is zijn hebben heeft",
            "ik je u we wij jullie het er de een mijn",
        ),
        Language::Pl => (
            "i oraz a &",
            "co ile kiedy gdzie kto jaki jaka jakie dlaczego jak",
            "",
            "",
        ),
        Language::Ru => (
            "и а &",
            "сколько когда где кто какой какая какие как почему",
            "",
            "",
        ),
        // Their question words stand inside the sentence: only marks part questions.
        Language::Tr | Language::Ar | Language::Zh => ("", "", "", ""),
    };
    Joints {
        and,
        asking,
        verbs,
        subjects,
    }
}

fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// The questions of a message, in its own words; one if it asks one thing. What is told before the first
/// question belongs to it, a remark behind a question to that one.
pub(super) fn questions(message: &str, language: Language) -> Vec<String> {
    let whole = vec![message.trim().to_owned()];
    if message.unicode_words().count() > LONGEST_WORDS {
        return whole;
    }
    let mut parts: Vec<String> = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for range in sentences(message) {
        let sentence = message.get(range).unwrap_or_default().trim();
        let clauses = clauses(sentence, language);
        let marked = sentence.ends_with(['?', '？', '؟']);
        // "Roughly?", "…, right?": no question of its own.
        let asks = clauses.len() > 1 || (marked && is_whole(sentence, language));
        if !asks {
            match parts.last_mut() {
                Some(last) => *last = format!("{last} {sentence}"),
                None => told.push(sentence),
            }
            continue;
        }
        for clause in clauses {
            told.push(clause);
            parts.push(told.join(" "));
            told.clear();
        }
    }
    if parts.len() < 2 || parts.iter().any(|part| !says_something(part, language)) {
        return whole;
    }
    if parts.len() > MOST {
        let last = parts.split_off(MOST - 1);
        parts.push(last.join(" "));
    }
    parts
}

/// A sentence cut where another question begins behind an "and".
fn clauses(sentence: &str, language: Language) -> Vec<&str> {
    let joints = joints(language);
    let words: Vec<(usize, String)> = sentence
        .split_word_bound_indices()
        .filter(|(_, word)| !word.trim().is_empty())
        .map(|(at, word)| (at, unaccented(word)))
        .collect();
    let begins_asking = words
        .iter()
        .filter(|(_, word)| word.chars().any(char::is_alphanumeric))
        .take(2)
        .any(|(_, word)| is_in(joints.asking, word));
    let mut cuts: Vec<(usize, usize)> = Vec::new();
    // Whether the clause so far asks something, and of what.
    let (mut asks, mut content) = (false, false);
    // Words of asking in mid-clause: "who speaks German and who does crowns" asks once.
    let mut inside: Vec<&str> = Vec::new();
    let mut joint = None;
    let mut begins = true;
    for (n, (at, word)) in words.iter().enumerate() {
        let next = words.get(n + 1).map_or("", |(_, next)| next.as_str());
        let verb = begins && is_in(joints.verbs, word) && is_in(joints.subjects, next);
        let asking = is_in(joints.asking, word) || verb;
        let again = inside.contains(&word.as_str());
        if let Some(from) = joint.take_if(|_| asking && asks && content && !again) {
            cuts.push((from, *at));
            inside.clear();
        } else if asking && !begins {
            inside.push(word);
        }
        if asking {
            // "When and where": nothing is asked for before what follows.
            (asks, content) = (true, false);
        } else {
            content |= word.chars().any(char::is_alphanumeric) && !is_function_word(language, word);
        }
        joint = is_in(joints.and, word).then_some(*at);
        begins = joint.is_some() || matches!(word.as_str(), "," | "¿");
    }
    // "I know how much it is and where you are." asks nothing.
    if !(begins_asking || verb_begins(&words, &joints) || sentence.ends_with('?')) {
        cuts.clear();
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for (joint, next) in cuts {
        parts.extend(sentence.get(from..joint));
        from = next;
    }
    parts.extend(sentence.get(from..));
    parts
        .into_iter()
        .map(|part| part.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';')))
        .collect()
}

fn verb_begins(words: &[(usize, String)], joints: &Joints) -> bool {
    words
        .first()
        .is_some_and(|(_, word)| is_in(joints.verbs, word))
}

/// Whether a sentence with a question mark can stand alone.
fn is_whole(sentence: &str, language: Language) -> bool {
    let joints = joints(language);
    let folded: Vec<String> = sentence.unicode_words().map(unaccented).collect();
    let asks = folded
        .iter()
        .any(|w| is_in(joints.asking, w) || is_in(joints.verbs, w));
    let content = folded
        .iter()
        .filter(|word| !is_function_word(language, word));
    (asks && folded.len() > 1) || content.count() >= 2
}

/// Whether there is more in it than small talk and function words: something that could be looked up.
fn says_something(part: &str, language: Language) -> bool {
    talk::of_message(part, language, "").is_none()
        && part.unicode_words().any(|word| {
            word.chars().any(char::is_alphabetic) && !is_function_word(language, &unaccented(word))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_twice_is_cut() {
        for (message, language, expected) in [
            (
                "How many cases go in the midi and what's it a day on a Tuesday?",
                Language::En,
                vec![
                    "How many cases go in the midi",
                    "what's it a day on a Tuesday?",
                ],
            ),
            (
                "My son is 5. When is training and how much?",
                Language::En,
                vec!["My son is 5. When is training", "how much?"],
            ),
            (
                "Where are you? Is Dr. Smith in?",
                Language::En,
                vec!["Where are you?", "Is Dr. Smith in?"],
            ),
            (
                "hi! what time do you open on sunday, and can i bring my dog",
                Language::En,
                vec!["hi! what time do you open on sunday", "can i bring my dog"],
            ),
            (
                "Was kostet ein Haarschnitt und wie lange dauert das?",
                Language::De,
                vec!["Was kostet ein Haarschnitt", "wie lange dauert das?"],
            ),
            (
                "¿Cuánto cuesta la limpieza y cuándo abren?",
                Language::Es,
                vec!["¿Cuánto cuesta la limpieza", "cuándo abren?"],
            ),
            (
                "Combien coûte la carte et quand ouvrez-vous ?",
                Language::Fr,
                vec!["Combien coûte la carte", "quand ouvrez-vous ?"],
            ),
        ] {
            assert_eq!(questions(message, language), expected, "{message}");
        }
    }

    #[test]
    fn what_asks_once_stays_whole() {
        for (message, language) in [
            ("Do you take Visa and Mastercard?", Language::En),
            ("when and where is the class", Language::En),
            ("Please tell me when and where the class is?", Language::En),
            ("I lost my ticket. What do I pay?", Language::En),
            (
                "How much is a wash and cut? It's for a wedding.",
                Language::En,
            ),
            ("Hi, how are you? Do you fix bikes?", Language::En),
            ("Are you open on Sunday? Thanks!", Language::En),
            ("Does your dentist also do implants?", Language::En),
            ("How much is a crown? Roughly?", Language::En),
            (
                "Is there someone who speaks German and who can do crowns?",
                Language::En,
            ),
            ("Is it safe and can be used by kids?", Language::En),
            (
                "I know how much it is and where you are. Can I book online?",
                Language::En,
            ),
            ("Is https://shop.example/item?id=5 in stock?", Language::En),
            (
                "Ich habe einen Hund und kann ihn nicht allein lassen",
                Language::De,
            ),
            (
                "Est-il vrai que vous fermez et que c'est définitif ?",
                Language::Fr,
            ),
            ("", Language::En),
            ("???", Language::En),
        ] {
            assert_eq!(questions(message, language).len(), 1, "{message}");
        }
    }
}
