//! What the front desk says by itself, and by which words it knows small talk, in each language. A
//! language is a file; texts address the visitor politely.

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod it;
mod nl;
mod pl;
mod pt;
mod ru;
mod tr;
mod zh;

use super::talk::Talk;
use crate::language::Language;

/// What the front desk says by itself. `{business}` stands for the name of the business.
pub(super) struct Phrases {
    pub(super) greeting: &'static str,
    pub(super) how_are_you: &'static str,
    pub(super) thanks: &'static str,
    pub(super) goodbye: &'static str,
    /// Says honestly that no person is writing.
    pub(super) bot: &'static str,
    pub(super) capabilities: &'static str,
    /// Offers a person, and asks how to reach the visitor.
    pub(super) handover: &'static str,
    /// The visitor said how to reach them.
    pub(super) noted: &'static str,
    pub(super) abuse: &'static str,
    /// The visitor wants this language.
    pub(super) language: &'static str,
    pub(super) unclear: &'static str,
    pub(super) acknowledged: &'static str,
    /// Nothing answers the question; offers a person.
    pub(super) refusal: &'static str,
    /// Before words that come closest and are no answer.
    pub(super) related: &'static str,
    /// Behind them: offers a person.
    pub(super) offer: &'static str,
    /// A part of the question, which stands for `{}`, has no answer.
    pub(super) unanswered: &'static str,
    /// Before words of a document in another language than the visitor's.
    pub(super) quoted: &'static str,
    /// An older document, whose title stands for `{}`, contradicts what is quoted.
    pub(super) older: &'static str,
}

/// How small talk is known: phrases parted by `|`, or single words parted by spaces. Accents and
/// case do not matter.
pub(super) struct Cues {
    pub(super) greetings: &'static str,
    pub(super) how_are_you: &'static str,
    pub(super) thanks: &'static str,
    pub(super) goodbye: &'static str,
    pub(super) bot: &'static str,
    pub(super) capabilities: &'static str,
    pub(super) acknowledgements: &'static str,
    /// Words that mean nothing by themselves.
    pub(super) fillers: &'static str,
    /// A wish for a person: what to do, with whom, that it is wished, and all other words of it.
    pub(super) verbs: &'static str,
    pub(super) persons: &'static str,
    pub(super) wish: &'static str,
    pub(super) around: &'static str,
    /// A wish to be called.
    pub(super) callback: &'static str,
    /// The first ten are so by themselves.
    pub(super) insults: &'static str,
    pub(super) insult_around: &'static str,
    pub(super) complaints: &'static str,
    /// Names of the language, and the words of a wish for it.
    pub(super) languages: &'static str,
    pub(super) say: &'static str,
    /// Taking an offer.
    pub(super) yes: &'static str,
    /// What is known by its words in any order.
    pub(super) themes: &'static [Theme],
}

/// Small talk that is put in many ways: a clause with a word of each of `needs`, and none but those
/// and `around`.
pub(super) struct Theme {
    pub(super) talk: Talk,
    pub(super) needs: [&'static str; 2],
    pub(super) around: &'static str,
}

/// Languages that Frontdesk speaks, English first.
pub(super) const SPOKEN: [Language; 12] = [
    Language::En,
    Language::De,
    Language::Es,
    Language::Fr,
    Language::It,
    Language::Pt,
    Language::Nl,
    Language::Pl,
    Language::Tr,
    Language::Ru,
    Language::Ar,
    Language::Zh,
];

/// What is said in a language; English where Frontdesk has no words of its own.
pub(super) fn phrases(language: Language) -> &'static Phrases {
    match language {
        Language::De => &de::PHRASES,
        Language::Es => &es::PHRASES,
        Language::Fr => &fr::PHRASES,
        Language::It => &it::PHRASES,
        Language::Pt => &pt::PHRASES,
        Language::Nl => &nl::PHRASES,
        Language::Pl => &pl::PHRASES,
        Language::Tr => &tr::PHRASES,
        Language::Ru => &ru::PHRASES,
        Language::Ar => &ar::PHRASES,
        Language::Zh => &zh::PHRASES,
        Language::En | Language::Other => &en::PHRASES,
    }
}

pub(super) fn cues(language: Language) -> &'static Cues {
    match language {
        Language::De => &de::CUES,
        Language::Es => &es::CUES,
        Language::Fr => &fr::CUES,
        Language::It => &it::CUES,
        Language::Pt => &pt::CUES,
        Language::Nl => &nl::CUES,
        Language::Pl => &pl::CUES,
        Language::Tr => &tr::CUES,
        Language::Ru => &ru::CUES,
        Language::Ar => &ar::CUES,
        Language::Zh => &zh::CUES,
        Language::En | Language::Other => &en::CUES,
    }
}

/// The language in which a text offered the visitor a person, if it did.
pub(super) fn offers_person(text: &str) -> Option<Language> {
    SPOKEN.into_iter().find(|language| {
        let phrases = phrases(*language);
        [
            phrases.handover,
            phrases.refusal,
            phrases.abuse,
            phrases.offer,
        ]
        .iter()
        .any(|offer| text.contains(offer))
    })
}
