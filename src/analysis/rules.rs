//! The owner's rules: points for phrases, whoever said them.

use crate::analysis::conversation::Conversation;
use crate::analysis::count::sentence_at;
use crate::analysis::settings::{Rule, Said, Settings};
use crate::analysis::types::{Because, Quote};
use crate::analysis::words::{pattern, place_of, words_of};

/// The rules that hold, each with the first words that it holds by.
pub(crate) fn hold(conversation: &Conversation, settings: &Settings) -> Vec<Because> {
    let words: Vec<_> = conversation
        .turns
        .iter()
        .map(|turn| words_of(&turn.text))
        .collect();
    let find = |rule: &Rule| {
        let pattern = pattern(&rule.phrase);
        conversation
            .turns
            .iter()
            .enumerate()
            .find_map(|(at, turn)| {
                let may = match rule.said_by {
                    Said::Anybody => true,
                    Said::Customer => !turn.who.is_business(),
                    Said::Business => turn.who.is_business(),
                };
                let place = place_of(words.get(at)?, &pattern).filter(|_| may)?;
                Some(Quote {
                    text: sentence_at(&turn.text, place.start),
                    turn: at,
                })
            })
    };
    let rules = settings.rules.iter();
    rules
        .filter_map(|rule| {
            Some(Because {
                text: rule.phrase.clone(),
                points: rule.points,
                quote: Some(find(rule)?),
            })
        })
        .collect()
}

/// The sum of the points, cut at ±100.
pub(crate) fn points(held: &[Because]) -> i16 {
    let sum: i32 = held.iter().map(|one| i32::from(one.points)).sum();
    i16::try_from(sum.clamp(-100, 100)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::conversation::Who;

    #[test]
    fn a_rule_holds_once_and_by_whom_it_says() {
        let conversation = Conversation::of(&[
            (Who::Staff, "What is your budget?"),
            (Who::Customer, "Our budget is 900. The BUDGET is fixed."),
        ]);
        let rule = |phrase: &str, points, said_by| Rule {
            phrase: phrase.to_owned(),
            points,
            said_by,
        };
        let settings = Settings {
            rules: vec![
                rule("budget", 20, Said::Customer),
                rule("fix*", -5, Said::Anybody),
                rule("budget is fixed", -10, Said::Business),
            ],
            ..Settings::default()
        };
        let held = hold(&conversation, &settings);
        assert_eq!(held.len(), 2);
        let quote = held[0].quote.clone().unwrap();
        assert_eq!((quote.text.as_str(), quote.turn), ("Our budget is 900.", 1));
        assert_eq!(points(&held), 15);
    }
}
