//! Why a score is what it is, in words.

use super::{Features, NAMES, Weights, logistic};
use crate::analysis::conversation::Conversation;
use crate::analysis::count::{Counted, quote_of, shorten};
use crate::analysis::types::{Because, Quote};
use crate::analysis::words::{Lexicon, signals};

/// Points that are worth a line.
const LEAST: i16 = 1;

/// How each feature is told, in the order of [`NAMES`].
const TOLD: [&str; NAMES.len()] = [
    "agrees, or wants to book or buy",
    "says yes near the end",
    "speaks of the price",
    "names an amount of money",
    "says what they need",
    "left how to be reached",
    "names a time",
    "something was booked or confirmed",
    "promised something",
    "has objections",
    "declines",
    "asks questions",
    "wrote more or less than others",
    "the mood",
    "the model: agrees to something",
    "the model: is interested",
    "the model: turns it down",
];

/// The features that move the score, the heaviest first, each with the first words that show it.
pub(crate) fn reasons(
    conversation: &Conversation,
    counted: &[Counted],
    features: &Features,
    weights: &Weights,
) -> Vec<Because> {
    let logit = weights.logit(features);
    let parts = weights.parts(features);
    let mut found: Vec<Because> = Vec::new();
    for ((name, part), text) in NAMES.into_iter().zip(parts).zip(TOLD) {
        // What the score would be without it.
        let difference = (logistic(logit) - logistic(logit - part)) * 100.0;
        #[expect(clippy::cast_possible_truncation, reason = "-100 to 100")]
        let points = difference.round() as i16;
        if points.abs() < LEAST {
            continue;
        }
        found.push(Because {
            text: text.to_owned(),
            points,
            quote: find(name, conversation, counted),
        });
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.points.abs()));
    found
}

/// The first words of the conversation that show a feature.
fn find(name: &str, conversation: &Conversation, counted: &[Counted]) -> Option<Quote> {
    let signals = signals();
    let with = |holds: &dyn Fn(&Counted) -> bool, lexicon: &Lexicon, by_customer: bool| {
        let mut some = counted
            .iter()
            .filter(|one| one.by_customer == by_customer && holds(one));
        let one = some.next()?;
        let text = &conversation.turns.get(one.turn)?.text;
        quote_of(one.turn, text, lexicon).or_else(|| {
            Some(Quote {
                text: shorten(text.trim()),
                turn: one.turn,
            })
        })
    };
    match name {
        "commitment" | "commitment_late" => with(
            &|one| one.commitment && !one.refusal,
            &signals.commitment,
            true,
        ),
        "price" => with(&|one| one.price, &signals.price, true),
        "amount" => with(&|one| one.amount && !one.asks, &signals.money, true),
        "wants" => with(&|one| one.wants, &signals.wants, true),
        "reachable" => with(&|one| one.reachable, &Lexicon::default(), true),
        "time" => with(&|one| one.time, &signals.times, true),
        "done" => with(&|one| one.done, &signals.done, false),
        "promise" => with(&|one| one.promise && !one.asks, &signals.promise, true),
        "objections" => {
            let first = counted.iter().find(|one| !one.objections.is_empty())?;
            let (_, lexicon) = signals.objections.get(*first.objections.first()?)?;
            with(&|one| !one.objections.is_empty(), lexicon, true)
        }
        "refusals" => with(&|one| one.refusal, &signals.refusal, true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::conversation::Who;
    use crate::analysis::count::count;
    use crate::analysis::score::features;

    #[test]
    fn a_reason_has_the_words_that_it_rests_on() {
        let conversation = Conversation::of(&[
            (Who::Customer, "How much is it? I am just looking."),
            (Who::Staff, "40 euros"),
            (Who::Customer, "Okay. Please book it for me."),
        ]);
        let features = features(&conversation, None);
        let found = reasons(
            &conversation,
            &count(&conversation),
            &features,
            Weights::own(),
        );
        let books = found
            .iter()
            .find(|one| one.text.starts_with("agrees"))
            .unwrap();
        let quote = books.quote.clone().unwrap();
        assert_eq!(
            (quote.text.as_str(), quote.turn),
            ("Please book it for me.", 2)
        );
        assert!(books.points > 0);
        let sorted = found
            .windows(2)
            .all(|two| two[0].points.abs() >= two[1].points.abs());
        assert!(sorted);
    }
}
