//! The front desk's own phrases, and the words that reveal small talk, in each language. A
//! language is a TOML file; its texts address the visitor politely.

use std::sync::LazyLock;

use serde::Deserialize;

use super::talk::Talk;
use crate::inbox;
use crate::language::Language;
use crate::language::data::ByLanguage;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
struct Texts {
    phrases: Phrases,
    cues: Cues,
}

static ENGLISH: &str = include_str!("en.toml");
static OTHERS: [(Language, &str); 11] = [
    (Language::De, include_str!("de.toml")),
    (Language::Es, include_str!("es.toml")),
    (Language::Fr, include_str!("fr.toml")),
    (Language::It, include_str!("it.toml")),
    (Language::Pt, include_str!("pt.toml")),
    (Language::Nl, include_str!("nl.toml")),
    (Language::Pl, include_str!("pl.toml")),
    (Language::Tr, include_str!("tr.toml")),
    (Language::Ru, include_str!("ru.toml")),
    (Language::Ar, include_str!("ar.toml")),
    (Language::Zh, include_str!("zh.toml")),
];
static TEXTS: LazyLock<ByLanguage<Texts>> = LazyLock::new(|| ByLanguage::read(ENGLISH, &OTHERS));

/// The front desk's own phrases. `{business}` stands for the name of the business.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phrases {
    pub(super) greeting: &'static str,
    pub(super) how_are_you: &'static str,
    pub(super) thanks: &'static str,
    pub(super) goodbye: &'static str,
    /// Says honestly that the visitor is talking to a machine.
    pub(super) bot: &'static str,
    pub(super) capabilities: &'static str,
    /// Offers a person, and asks how to reach the visitor. Of what asks for that there is one for the chat and one for where
    /// visitors must agree first (`…_form`), which names the form: see [`Phrases::offers`].
    handover: &'static str,
    handover_form: &'static str,
    /// Confirms that the visitor's contact details are noted.
    pub(super) noted: &'static str,
    /// Says that they are not, without an agreement; points to the form.
    pub(super) unkept: &'static str,
    abuse: &'static str,
    abuse_form: &'static str,
    /// Answers a request for this language.
    pub(super) language: &'static str,
    pub(super) unclear: &'static str,
    pub(super) acknowledged: &'static str,
    /// Says that the documents have no answer; offers a person.
    refusal: &'static str,
    refusal_form: &'static str,
    /// Introduces a related quotation that is not an answer.
    pub(super) related: &'static str,
    /// Follows it: offers a person.
    offer: &'static str,
    offer_form: &'static str,
    /// Says that a part of the question, in place of `{}`, has no answer.
    pub(super) unanswered: &'static str,
    /// Introduces a quotation in another language than the visitor's.
    pub(super) quoted: &'static str,
    /// Says that an older document, its title in place of `{}`, contradicts the quotation.
    pub(super) older: &'static str,
    /// Introduces a translation that the language model made.
    pub(super) translated: &'static str,
    /// Says that a topic is none for the assistant.
    pub(super) declined: &'static str,
    /// Says that it answers in these languages only, their own names in place of `{}`.
    pub(super) only_languages: &'static str,
    /// Asks for what a tool needs, in place of `{}`, at the end.
    pub(super) tool_ask: &'static str,
    /// Tells what a tool would do; its title in place of `{}`. A confirmation follows.
    pub(super) tool_would: &'static str,
    pub(super) tool_done: &'static str,
    /// Says that something will be done, perhaps when staff allow it.
    pub(super) tool_passed: &'static str,
    pub(super) tool_staff: &'static str,
    /// Why there is no answer of a tool; the offer of a person follows.
    pub(super) tool_failed: &'static str,
    pub(super) tool_nothing: &'static str,
    /// Says that nobody knows whether something was done.
    pub(super) tool_unsure: &'static str,
    /// Names the free `{times}` of a `{day}`, or says that nothing is free.
    pub(super) tool_free: &'static str,
    pub(super) tool_taken: &'static str,
}

/// The phrases that offer a person and ask how to reach the visitor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offers {
    pub(super) handover: &'static str,
    pub(super) abuse: &'static str,
    pub(super) refusal: &'static str,
    pub(super) offer: &'static str,
}

impl Phrases {
    /// For visitors who may leave their details in the chat, or, with `in_form`, in the form alone.
    pub(super) fn offers(&self, in_form: bool) -> Offers {
        match in_form {
            false => Offers {
                handover: self.handover,
                abuse: self.abuse,
                refusal: self.refusal,
                offer: self.offer,
            },
            true => Offers {
                handover: self.handover_form,
                abuse: self.abuse_form,
                refusal: self.refusal_form,
                offer: self.offer_form,
            },
        }
    }
}

/// Words that reveal small talk: phrases separated by `|`, or single words separated by spaces. Accents and
/// case do not matter.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cues {
    pub(super) greetings: &'static str,
    pub(super) how_are_you: &'static str,
    pub(super) thanks: &'static str,
    pub(super) goodbye: &'static str,
    pub(super) bot: &'static str,
    pub(super) capabilities: &'static str,
    pub(super) acknowledgements: &'static str,
    /// Words that carry no meaning of their own.
    pub(super) fillers: &'static str,
    /// A request for a person consists of an action, a person, words of wishing, and only these other words (`around`).
    pub(super) verbs: &'static str,
    pub(super) persons: &'static str,
    pub(super) wish: &'static str,
    pub(super) around: &'static str,
    /// A request to be called back.
    pub(super) callback: &'static str,
    /// The first ten are insults even as a single word.
    pub(super) insults: &'static str,
    pub(super) insult_around: &'static str,
    pub(super) complaints: &'static str,
    /// Names of the language, and the other words of a request for it.
    pub(super) languages: &'static str,
    pub(super) say: &'static str,
    /// Accepting an offer.
    pub(super) yes: &'static str,
    /// Small talk recognised by its words in any order.
    #[serde(default)]
    pub(super) themes: Vec<Theme>,
}

/// Small talk with many wordings: a clause with a word from each of `needs`, and no words but those
/// and `around`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Theme {
    pub(super) talk: Talk,
    pub(super) needs: [&'static str; 2],
    pub(super) around: &'static str,
}

/// The languages with phrases of their own, English first.
pub(super) const SPOKEN: [Language; 12] = Language::KNOWN;

/// The phrases of a language; English where Frontdesk has none.
pub(super) fn phrases(language: Language) -> &'static Phrases {
    &TEXTS.of(language).phrases
}

pub(super) fn cues(language: Language) -> &'static Cues {
    &TEXTS.of(language).cues
}

/// The language in which an answer or a notice offered a person to the visitor, if it did.
pub(super) fn offers_person(text: &str) -> Option<Language> {
    let in_answer = SPOKEN.into_iter().find(|language| {
        let phrases = phrases(*language);
        let all = [false, true].map(|in_form| phrases.offers(in_form));
        let mut all = all
            .iter()
            .flat_map(|of| [of.handover, of.refusal, of.abuse, of.offer])
            .chain([phrases.unkept]);
        all.any(|offer| text.contains(offer))
    });
    in_answer.or_else(|| inbox::offers_callback(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::data::{check, placeholders};

    #[test]
    fn every_language_has_every_phrase_with_the_same_placeholders() {
        let english: Texts = check(ENGLISH);
        let of = |phrases: &Phrases| {
            [
                placeholders(phrases.bot),
                placeholders(phrases.capabilities),
                placeholders(phrases.unanswered),
                placeholders(phrases.older),
                placeholders(phrases.greeting),
                placeholders(phrases.refusal),
                placeholders(phrases.declined),
                placeholders(phrases.only_languages),
                placeholders(phrases.tool_ask),
                placeholders(phrases.tool_would),
                placeholders(phrases.tool_done),
                placeholders(phrases.tool_free),
                placeholders(phrases.tool_taken),
            ]
            .concat()
        };
        let own = [
            "business", "business", "", "", "", "", "", "", "day", "times", "day",
        ];
        assert_eq!(of(&english.phrases), own);
        for (language, file) in OTHERS {
            let texts: Texts = check(file);
            assert_eq!(of(&texts.phrases), of(&english.phrases), "{language:?}");
            assert_ne!(phrases(language).greeting, english.phrases.greeting);
            assert_ne!(phrases(language).unkept, english.phrases.unkept);
            let (own, theirs) = (phrases(language).offers(true), english.phrases.offers(true));
            for (own, theirs) in [
                (own.handover, theirs.handover),
                (own.abuse, theirs.abuse),
                (own.refusal, theirs.refusal),
                (own.offer, theirs.offer),
            ] {
                assert_ne!(own, theirs, "{language:?}");
                assert_eq!(offers_person(own), Some(language));
            }
        }
        assert_eq!(SPOKEN.len(), OTHERS.len() + 1);
    }
}
