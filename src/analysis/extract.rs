//! A summary without a model: the sentences that say most, in their order. It is also what a model's summary falls back to.

use std::collections::HashMap;

use crate::analysis::conversation::{Conversation, Who};
use crate::analysis::count::{Counted, shorten};
use crate::analysis::types::{Summary, Written};
use crate::analysis::words::words_of;
use crate::language::Language;
use crate::language::lists::is_stop_word;
use crate::language::sentences::sentences;
use crate::language::words::stem;

/// Sentences of each length.
const SHORT: usize = 1;
const MEDIUM: usize = 3;
const LONG: usize = 6;
/// Turns of a very long conversation that are looked at, at its beginning and at its end.
const MOST_TURNS: usize = 400;
/// A sentence with fewer content words says nothing by itself.
const LEAST_WORDS: usize = 2;
/// How much of a sentence others may have said already.
const MOST_SAME: f64 = 0.6;

struct Candidate {
    /// Its order in the conversation.
    at: usize,
    who: Who,
    text: String,
    stems: Vec<String>,
    worth: f64,
}

/// The summary in three lengths.
pub(crate) fn summarise(
    conversation: &Conversation,
    counted: &[Counted],
    language: Language,
) -> Summary {
    let mut candidates = candidates(conversation, counted, language);
    weigh(&mut candidates);
    let chosen = choose(candidates);
    Summary {
        short: render(&chosen, SHORT),
        medium: render(&chosen, MEDIUM),
        long: render(&chosen, LONG),
        written: Written::Extract,
    }
}

fn candidates(
    conversation: &Conversation,
    counted: &[Counted],
    language: Language,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    let first_of_customer = counted
        .iter()
        .find(|one| one.by_customer && !one.small_talk)
        .map(|one| one.turn);
    let last = counted.len();
    for one in counted {
        if last > 2 * MOST_TURNS && (MOST_TURNS..last - MOST_TURNS).contains(&one.turn) {
            continue;
        }
        let Some(turn) = conversation.turns.get(one.turn) else {
            continue;
        };
        for range in sentences(&turn.text) {
            let Some(text) = turn.text.get(range) else {
                continue;
            };
            let stems = content(text, language);
            if stems.len() < LEAST_WORDS || one.small_talk {
                continue;
            }
            found.push(Candidate {
                at: found.len(),
                who: turn.who,
                text: shorten(&text.split_whitespace().collect::<Vec<_>>().join(" ")),
                worth: bonus(one, text, first_of_customer == Some(one.turn)),
                stems,
            });
        }
    }
    found
}

fn content(text: &str, language: Language) -> Vec<String> {
    words_of(text)
        .into_iter()
        .filter(|word| !is_stop_word(language, &word.folded) && word.folded.chars().count() > 2)
        .map(|word| stem(language, &word.folded))
        .collect()
}

/// What makes a sentence important beside its words.
fn bonus(one: &Counted, text: &str, is_first: bool) -> f64 {
    let mut bonus = 1.0;
    for (holds, adds) in [
        (is_first, 0.9),
        (one.commitment, 0.5),
        (one.promise, 0.4),
        (one.done, 0.5),
        (one.price, 0.3),
        (!one.objections.is_empty(), 0.5),
        (one.refusal, 0.4),
        (one.wants && one.by_customer, 0.3),
        (one.time, 0.2),
        (text.contains(|c: char| c.is_ascii_digit()), 0.2),
        // A question of the business tells less than its answer.
        (!one.by_customer && text.ends_with('?'), -0.4),
    ] {
        if holds {
            bonus += adds;
        }
    }
    bonus
}

/// Words that are said often, but not by everybody all the time, make a sentence central.
fn weigh(candidates: &mut [Candidate]) {
    let mut times: HashMap<String, f64> = HashMap::new();
    for one in candidates.iter() {
        for stem in &one.stems {
            *times.entry(stem.clone()).or_default() += 1.0;
        }
    }
    for one in candidates {
        let sum: f64 = one
            .stems
            .iter()
            .map(|stem| (1.0 + times.get(stem).copied().unwrap_or_default()).ln())
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "words of one sentence")]
        let length = one.stems.len() as f64;
        // Long sentences say more, but not in proportion.
        one.worth *= sum / length.powf(0.45);
    }
}

/// The best sentences, the best first, without those that repeat.
fn choose(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|a, b| b.worth.total_cmp(&a.worth).then(a.at.cmp(&b.at)));
    let mut chosen: Vec<Candidate> = Vec::new();
    for one in candidates {
        if chosen.len() == LONG {
            break;
        }
        let repeats = chosen.iter().any(|known| {
            let same = one.stems.iter().filter(|stem| known.stems.contains(stem));
            #[expect(clippy::cast_precision_loss, reason = "words of one sentence")]
            let share = same.count() as f64 / one.stems.len().max(1) as f64;
            share > MOST_SAME
        });
        if !repeats {
            chosen.push(one);
        }
    }
    chosen
}

/// The best `count` sentences in the order of the conversation, each with its speaker.
fn render(chosen: &[Candidate], count: usize) -> String {
    let mut best: Vec<&Candidate> = chosen.iter().take(count).collect();
    best.sort_by_key(|one| one.at);
    let mut lines: Vec<String> = Vec::new();
    let mut before = None;
    for one in best {
        match lines.last_mut() {
            Some(line) if before == Some(one.who) => {
                line.push(' ');
                line.push_str(&one.text);
            }
            _ => lines.push(format!("{}: {}", one.who.label(), one.text)),
        }
        before = Some(one.who);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::count::count;

    fn summary(turns: &[(Who, &str)]) -> Summary {
        let conversation = Conversation::of(turns);
        summarise(&conversation, &count(&conversation), Language::En)
    }

    #[test]
    fn greetings_are_left_out_and_lengths_differ() {
        let found = summary(&[
            (Who::Customer, "Hello there!"),
            (Who::Staff, "Hello, how are you?"),
            (
                Who::Customer,
                "I need a double room in Porto from Friday for three nights.",
            ),
            (Who::Staff, "We have a double room for 120 euros a night."),
            (
                Who::Customer,
                "That is too expensive for us, is there a cheaper room?",
            ),
            (
                Who::Staff,
                "I will send you an offer for the small room tomorrow.",
            ),
            (Who::Customer, "Great, please book it."),
        ]);
        assert!(
            found.short.starts_with("Customer: I need a double room"),
            "{}",
            found.short
        );
        assert!(!found.long.contains("how are you"));
        assert!(found.medium.len() > found.short.len() && found.long.len() >= found.medium.len());
        assert_eq!(found.written, Written::Extract);
    }

    #[test]
    fn a_conversation_of_greetings_has_no_summary() {
        assert_eq!(summary(&[(Who::Customer, "Hello!")]).long, "");
    }
}
