//! How the customer feels in each turn, by counted words, by what the business answered before, and by having to say it again.

use std::collections::HashSet;

use crate::analysis::conversation::Conversation;
use crate::analysis::count::Counted;
use crate::analysis::types::Mood;
use crate::analysis::words::{Word, moods, words_of};
use crate::language::Language;
use crate::language::lists::is_stop_word;

/// Words before one of feeling in which a "not" turns it around.
const REACH: usize = 3;
/// The share of the words of a turn that were in the customer's turn before, for it to count as said again.
const SAME: f64 = 0.6;
/// Fewer words than this are said again without a meaning.
const LEAST_WORDS: usize = 4;

/// One for each turn of the customer.
pub(crate) fn moods_of(conversation: &Conversation, counted: &[Counted]) -> Vec<Mood> {
    let mut found = Vec::new();
    let mut before: HashSet<String> = HashSet::new();
    let mut sorry = false;
    for one in counted {
        let Some(turn) = conversation.turns.get(one.turn) else {
            continue;
        };
        if !one.by_customer {
            sorry = one.sorry && !one.done;
            continue;
        }
        let words = words_of(&turn.text);
        let content = content_of(&words);
        let mut halves = weigh(&words);
        if is_said_again(&content, &before) {
            halves -= 2;
        }
        if !one.thanks && moods().again.is_in(&words) {
            halves -= 2;
        }
        // Whoever was told "unfortunately not" is not delighted, unless they say so.
        if sorry && halves <= 0 && !one.commitment {
            halves -= 1;
        }
        if turn.text.contains("!!") {
            halves += halves.signum();
        }
        found.push(Mood {
            turn: one.turn,
            value: step(halves),
        });
        before = content;
        sorry = false;
    }
    found
}

/// Halves of a step to −2..2.
fn step(halves: i32) -> i8 {
    match halves {
        ..=-4 => -2,
        -3..=-2 => -1,
        -1..=1 => 0,
        2..=3 => 1,
        4.. => 2,
    }
}

/// The sum of the words of feeling, those after a "not" turned around and weaker.
fn weigh(words: &[Word]) -> i32 {
    let lists = moods();
    let mut taken = vec![false; words.len()];
    let mut sum = 0;
    let mut weighted: Vec<_> = lists.weighted.iter().collect();
    // The strongest first, so that a phrase is not also counted by a word in it.
    weighted.sort_by_key(|(weight, _)| -weight.abs());
    for (weight, lexicon) in weighted {
        for hit in lexicon.all(words) {
            let place = hit.word..hit.word + hit.length;
            if taken
                .get(place.clone())
                .is_none_or(|used| used.contains(&true))
            {
                continue;
            }
            if let Some(used) = taken.get_mut(place) {
                used.fill(true);
            }
            let from = hit.word.saturating_sub(REACH);
            let near = words.get(from..hit.word).unwrap_or_default();
            sum += match lists.not.is_in(near) {
                true => -weight / 2,
                false => *weight,
            };
        }
    }
    sum
}

fn content_of(words: &[Word]) -> HashSet<String> {
    words
        .iter()
        .filter(|word| !is_stop_word(Language::En, &word.folded) && word.folded.chars().count() > 2)
        .map(|word| word.folded.clone())
        .collect()
}

fn is_said_again(now: &HashSet<String>, before: &HashSet<String>) -> bool {
    if now.len() < LEAST_WORDS {
        return false;
    }
    let same = now.intersection(before).count();
    #[expect(clippy::cast_precision_loss, reason = "words of one turn")]
    let share = same as f64 / now.len() as f64;
    share >= SAME
}

/// The mean of all turns from −2 to 2, the later half twice; 0 without a turn.
pub(crate) fn overall(moods: &[Mood]) -> f64 {
    let half = moods.len() / 2;
    let (mut sum, mut weight) = (0.0, 0.0);
    for (at, mood) in moods.iter().enumerate() {
        let counts = if at >= half { 2.0 } else { 1.0 };
        sum += counts * f64::from(mood.value);
        weight += counts;
    }
    if weight > 0.0 { sum / weight } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::conversation::Who;
    use crate::analysis::count::count;

    fn values(turns: &[(Who, &str)]) -> Vec<i8> {
        let conversation = Conversation::of(turns);
        let moods = moods_of(&conversation, &count(&conversation));
        moods.iter().map(|mood| mood.value).collect()
    }

    #[test]
    fn words_of_feeling_make_a_mood() {
        let found = values(&[
            (Who::Customer, "Do you have a room?"),
            (Who::Customer, "That is perfect, thank you"),
            (Who::Customer, "This is terrible, I am furious"),
            (Who::Customer, "Das ist nicht gut"),
        ]);
        assert_eq!(found, [0, 2, -2, 0]);
    }

    #[test]
    fn a_not_turns_a_word_around() {
        let found = values(&[(Who::Customer, "It is not helpful and not nice")]);
        assert_eq!(found, [-1]);
    }

    #[test]
    fn who_has_to_say_it_again_is_not_happy() {
        let found = values(&[
            (
                Who::Customer,
                "I need a cheap restaurant in the centre serving Indian food",
            ),
            (Who::Staff, "Sorry, there are no hotels."),
            (
                Who::Customer,
                "A cheap restaurant in the centre serving Indian food",
            ),
        ]);
        assert_eq!(found[0], 0);
        assert!(found[1] < 0);
    }
}
