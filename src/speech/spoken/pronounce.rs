//! Turns the words of a clause into phonemes, with the punctuation that shapes the melody.

use misaki_rs::lexicon::TokenContext;

use super::own::FIRST_MARK;
use super::symbols;
use super::weak;
use super::word::{self, ENGLISH};

/// Marks a letter to spell out in normalised text: "\u{e000}A" is the letter A.
pub(super) const LETTER: char = '\u{e000}';

enum Token {
    Word(String),
    Letter(char),
    /// Index of sounds that the workspace gave.
    Sounds(usize),
    Pause(char),
}

/// Turns words from [`super::normalise`] into phonemes. A clause that does not end its sentence gets a
/// comma, so that the voice does not fall; one that ends the text gets a full stop.
pub(super) fn pronounce(words: &str, own: &[String], ends_text: bool) -> String {
    let tokens = tokens(words);
    if !tokens.iter().any(|token| !matches!(token, Token::Pause(_))) {
        return String::new();
    }
    let english = &*ENGLISH;
    let tags = tags(&tokens);
    let mut parts: Vec<String> = Vec::with_capacity(tokens.len());
    let mut ctx = TokenContext::default();
    // Backwards, since "the" and "a" depend on the sound that follows.
    for (token, tag) in tokens.iter().zip(&tags).rev() {
        let sounds = match token {
            Token::Word(written) => english.sounds(written, tag, &ctx),
            Token::Letter(letter) => word::letter(*letter).to_owned(),
            Token::Sounds(index) => own.get(*index).cloned().unwrap_or_default(),
            Token::Pause(mark) => mark.to_string(),
        };
        let first = sounds.chars().find(|c| !matches!(c, 'ˈ' | 'ˌ'));
        ctx = TokenContext {
            future_vowel: match token {
                Token::Pause(_) => None,
                _ => first.map(|c| symbols::VOWELS.contains(c)),
            },
            future_to: matches!(token, Token::Word(written) if written.eq_ignore_ascii_case("to")),
        };
        parts.push(match token {
            Token::Word(written) => {
                symbols::from_dictionary(&weak::weaken_vowels(written, &sounds))
            }
            Token::Letter(_) => symbols::from_dictionary(&sounds),
            _ => sounds,
        });
    }
    let mut out = String::new();
    for (token, sounds) in tokens.iter().zip(parts.into_iter().rev()) {
        let pause = matches!(token, Token::Pause(_));
        if sounds.is_empty() || (pause && (out.is_empty() || out.ends_with([',', '.', '?', '!']))) {
            // Of two marks the stronger one counts.
            if out.ends_with(',') && matches!(token, Token::Pause('.' | '?' | '!')) {
                out.pop();
                out.push_str(&sounds);
            }
            continue;
        }
        let vowel = |sounds: &str| {
            let first = sounds.chars().find(|c| !matches!(c, 'ˈ' | 'ˌ'));
            first.is_some_and(|c| symbols::VOWELS.contains(c))
        };
        // A linking r: "for a".
        if !pause && out.ends_with('ɚ') && vowel(&sounds) {
            out.push('ɹ');
        }
        if !pause && !out.is_empty() && !weak::are_joined(&out, &sounds) {
            out.push(' ');
        }
        out.push_str(&sounds);
    }
    if !out.is_empty() && !out.ends_with([',', '.', '?', '!']) {
        out.push(if ends_text { '.' } else { ',' });
    }
    out
}

fn tokens(words: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    let mut named = false;
    for letter in words.chars().chain([' ']) {
        let inside = letter.is_alphabetic()
            || super::normalise::is_mark(letter)
            || (matches!(letter, '\'' | '’' | '-') && !word.is_empty());
        if inside && named {
            tokens.push(Token::Letter(letter));
            named = false;
            continue;
        }
        if inside {
            word.push(if letter == '’' { '\'' } else { letter });
            continue;
        }
        push_word(&mut tokens, &word);
        word.clear();
        named = false;
        match letter {
            LETTER => named = true,
            ',' | '.' | '?' | '!' => tokens.push(Token::Pause(letter)),
            ';' | ':' => tokens.push(Token::Pause(',')),
            _ => {
                let index = u32::from(letter).wrapping_sub(u32::from(FIRST_MARK));
                if index < 6000 {
                    tokens.push(Token::Sounds(index as usize));
                }
            }
        }
    }
    mark_letters_in_rows(&mut tokens);
    tokens
}

/// Adds a word. One with hyphens stays whole only if the dictionary has it ("Wi-Fi").
fn push_word(tokens: &mut Vec<Token>, word: &str) {
    let whole = word.trim_end_matches(['\'', '-']);
    let parts: Vec<&str> = if whole.contains('-') && !ENGLISH.has(whole) {
        whole.split('-').collect()
    } else {
        vec![whole]
    };
    let parts = parts.into_iter().map(|part| part.trim_matches('\''));
    tokens.extend(
        parts
            .filter(|part| !part.is_empty())
            .map(|part| Token::Word(part.to_owned())),
    );
}

/// Turns single capitals into letters, except "I" and "A" among words: "M, A, C" is spelled out.
fn mark_letters_in_rows(tokens: &mut [Token]) {
    let single = |token: Option<&Token>| match token {
        Some(Token::Word(word)) => {
            word.chars().count() == 1 && word.chars().all(char::is_uppercase)
        }
        Some(Token::Letter(_)) => true,
        _ => false,
    };
    let named: Vec<bool> = (0..tokens.len())
        .map(|at| {
            let Token::Word(word) = &tokens[at] else {
                return false;
            };
            if !single(Some(&tokens[at])) {
                return false;
            }
            let beside = |step: isize| {
                let next = at.checked_add_signed(step);
                let skip = matches!(next.and_then(|at| tokens.get(at)), Some(Token::Pause(',')));
                let far = if skip {
                    at.checked_add_signed(2 * step)
                } else {
                    next
                };
                single(far.and_then(|at| tokens.get(at)))
            };
            !matches!(word.as_str(), "A" | "I") || beside(1) || beside(-1)
        })
        .collect();
    for (token, named) in tokens.iter_mut().zip(named) {
        if let (true, Token::Word(word)) = (named, &*token)
            && let Some(letter) = word.chars().next()
        {
            *token = Token::Letter(letter);
        }
    }
}

/// Part of speech of each token. The tagger takes longer than everything else, so it runs only if the
/// sounds of a word depend on it.
fn tags(tokens: &[Token]) -> Vec<&'static str> {
    let needed = tokens
        .iter()
        .any(|token| matches!(token, Token::Word(word) if ENGLISH.is_heteronym(word)));
    if !needed {
        return (0..tokens.len()).map(|at| usual_tag(tokens, at)).collect();
    }
    let input: Vec<(String, String, bool)> = tokens
        .iter()
        .map(|token| {
            let text = match token {
                Token::Word(word) => word.clone(),
                Token::Letter(letter) => letter.to_string(),
                Token::Sounds(_) => "Name".to_owned(),
                Token::Pause(mark) => mark.to_string(),
            };
            let norm = text.to_lowercase();
            (text, norm, !matches!(token, Token::Pause(_)))
        })
        .collect();
    ENGLISH.tagger.tag(&input)
}

/// The usual tag of a word, without running the tagger. Only a few common words need one.
fn usual_tag(tokens: &[Token], at: usize) -> &'static str {
    let Token::Word(word) = &tokens[at] else {
        return "NN";
    };
    match word.as_str() {
        "a" | "A" => "DT",
        "I" => "PRP",
        "am" | "Am" => "VBP",
        "to" | "To" => "TO",
        "in" | "In" | "by" | "By" => "IN",
        // "Is that right?", "that is it" against "I see that you came".
        "that" | "That" => {
            let before = at.checked_sub(1).and_then(|before| tokens.get(before));
            let starts = match before {
                Some(Token::Word(word)) => {
                    ["is", "was", "of", "for", "at"].contains(&word.to_lowercase().as_str())
                }
                _ => true,
            };
            let ends = matches!(tokens.get(at + 1), None | Some(Token::Pause(_)));
            if starts || ends { "DT" } else { "IN" }
        }
        _ => "NN",
    }
}

#[cfg(test)]
mod tests {
    use super::pronounce;

    #[test]
    fn melody_follows_the_end() {
        assert!(pronounce("hello there", &[], true).ends_with('.'));
        assert!(pronounce("hello there", &[], false).ends_with(','));
        assert!(pronounce("hello there, !", &[], true).ends_with('!'));
        assert_eq!(pronounce(" , . ", &[], true), "");
    }

    #[test]
    fn words_differ_by_their_place() {
        let past = pronounce("I have read it.", &[], true);
        let now = pronounce("I want to read it.", &[], true);
        assert!(
            past.contains("ɹˈɛd") && now.contains("ɹˈiːd"),
            "{past} {now}"
        );
        assert!(pronounce("M, A, C.", &[], true).contains("ˈeɪ,"));
        assert!(
            pronounce("\u{e100} is here.", &["ʃɪvˈɔːn".to_owned()], true).starts_with("ʃɪvˈɔːn ")
        );
    }
}
