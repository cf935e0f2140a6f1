//! What an assistant does not answer: topics that its owner named, and languages that it does not speak. Checked before any
//! rung answers.

use serde::Serialize;

use super::case::Case;
use super::meaning::{self, Meanings};
use super::phrases::phrases;
use super::rungs::Draft;
use super::talk::{self, Talk};
use super::types::Rung;
use super::{follow_up, parts};
use crate::language::Language;
use crate::language::words::unaccented;
use crate::llm::Role;
use crate::store::assistants::{AssistantSettings, OtherLanguages, TopicAct, TopicRule};

/// Shorter questions do not reveal a language, in words.
const TELLING_WORDS: usize = 3;

/// Why nothing was answered, for the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Declined {
    /// Name of the topic, or the language's code.
    pub(super) what: String,
    pub(super) by: DeclinedBy,
    /// Whether a person is called.
    pub(super) hand_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DeclinedBy {
    Words,
    Meaning,
    Language,
}

/// The languages that an assistant answers in, the main one first; empty: all.
pub(super) fn allowed_languages(own: &AssistantSettings) -> Vec<Language> {
    let codes = own.languages.answers.iter();
    codes.filter_map(|code| Language::of_code(code)).collect()
}

/// The sentence in place of an answer, if the question is about a topic that the assistant leaves to others. Whoever wishes a
/// person, or says how to be reached, is never held up.
pub(super) async fn topic(case: &Case<'_>, meanings: &Meanings) -> Option<(Draft, Declined)> {
    let rules = &case.own.topics;
    if rules.is_empty() || wishes_person(case) {
        return None;
    }
    let asked = asked_texts(case);
    let (rule, by) = match by_words(rules, &asked) {
        Some(rule) => (rule, DeclinedBy::Words),
        None => (
            by_meaning(rules, &asked, case, meanings).await?,
            DeclinedBy::Meaning,
        ),
    };
    let hand_over = rule.act == TopicAct::HandOver;
    let declined = Declined {
        what: rule.name.clone(),
        by,
        hand_over,
    };
    let said = match rule.say.trim() {
        "" => phrases(case.language).declined,
        own => own,
    };
    Some((refuse(said.to_owned(), hand_over, case), declined))
}

/// The sentence in place of an answer, if the question is in a language that the assistant does not answer in and is not
/// answered in its main one either.
pub(super) fn language(case: &Case<'_>, asked_in: Language) -> Option<(Draft, Declined)> {
    let allowed = allowed_languages(case.own);
    let others = case.own.languages.others;
    let tells = case.question.split_whitespace().count() >= TELLING_WORDS
        || case.question.chars().any(|c| c > '\u{2e80}');
    let is_other =
        !allowed.is_empty() && asked_in != Language::Other && !allowed.contains(&asked_in);
    if !is_other || !tells || others == OtherLanguages::Main || wishes_person(case) {
        return None;
    }
    let hand_over = others == OtherLanguages::HandOver;
    let names: Vec<&str> = allowed.iter().map(|language| own_name(*language)).collect();
    let said = phrases(asked_in)
        .only_languages
        .replace("{}", &names.join(", "));
    let declined = Declined {
        what: asked_in.code().to_owned(),
        by: DeclinedBy::Language,
        hand_over,
    };
    Some((refuse(said, hand_over, case), declined))
}

fn refuse(text: String, hand_over: bool, case: &Case<'_>) -> Draft {
    let mut draft = Draft::new(Rung::Refusal, text, Vec::new(), case);
    draft.handoff = hand_over;
    draft
}

fn wishes_person(case: &Case<'_>) -> bool {
    let wish = talk::after_offer(case.question, case.last_message(Role::Assistant))
        .or_else(|| talk::of_message(case.question, case.language, &case.business.title));
    wish.is_some_and(|(talk, _)| matches!(talk, Talk::Person | Talk::Contact))
}

/// The question with what it refers to, and each of its parts.
fn asked_texts(case: &Case<'_>) -> Vec<String> {
    let whole = follow_up::write_in_full(case.history, case.question, " ");
    let parts = parts::questions(case.question, case.language);
    let more = parts
        .into_iter()
        .filter(|part| part.trim() != case.question.trim());
    std::iter::once(whole).chain(more).collect()
}

fn by_words<'r>(rules: &'r [TopicRule], asked: &[String]) -> Option<&'r TopicRule> {
    let names = |rule: &&TopicRule| asked.iter().any(|text| names_topic(text, &rule.words));
    rules.iter().find(names)
}

/// Whether a question has one of the words of a topic.
pub fn names_topic(question: &str, words: &[String]) -> bool {
    let question = unaccented(question);
    let mut words = words.iter().map(|word| unaccented(word.trim()));
    words.any(|word| !word.is_empty() && has_word(&question, &word))
}

/// Whether a word of the text begins so; in scripts without spaces, whether it stands there.
fn has_word(text: &str, word: &str) -> bool {
    let spaced = word.chars().next().is_some_and(|c| c < '\u{2e80}');
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        !spaced || before.is_none_or(|c| !c.is_alphanumeric())
    })
}

async fn by_meaning<'r>(
    rules: &'r [TopicRule],
    asked: &[String],
    case: &Case<'_>,
    meanings: &Meanings,
) -> Option<&'r TopicRule> {
    if rules.iter().all(|rule| rule.examples.is_empty()) {
        return None;
    }
    let search = case.knowledge.search();
    let likeness = meanings.likeness(search, case.claim).await?;
    let mut vectors = Vec::new();
    for text in asked {
        if text.trim() == case.question.trim() {
            vectors.extend(case.own_vector().await.map(<[f32]>::to_vec));
        } else {
            vectors.extend(search.question_vector(text, case.claim).await);
        }
    }
    let mut candidates = Vec::new();
    for rule in rules {
        let least = rule.closeness.map_or(meaning::CLOSE, |own| own as f32);
        let examples = rule.examples.iter().map(String::as_str);
        let examples = meanings.vectors(examples, search, case.claim).await;
        let close = vectors
            .iter()
            .filter_map(|asked| likeness.closeness(asked, &examples));
        candidates.push((close.max_by(f32::total_cmp), least));
    }
    rules.get(meaning::nearest(candidates)?)
}

/// What a language calls itself.
fn own_name(language: Language) -> &'static str {
    match language {
        Language::De => "Deutsch",
        Language::Es => "español",
        Language::Fr => "français",
        Language::It => "italiano",
        Language::Pt => "português",
        Language::Nl => "Nederlands",
        Language::Pl => "polski",
        Language::Tr => "Türkçe",
        Language::Ru => "русский",
        Language::Ar => "العربية",
        Language::Zh => "中文",
        _ => "English",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, words: &[&str]) -> TopicRule {
        TopicRule {
            name: name.into(),
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            ..TopicRule::default()
        }
    }

    #[test]
    fn a_topic_is_known_by_the_beginnings_of_its_words() {
        let rules = [
            rule("politics", &["elect", "Präsident"]),
            rule("tax", &["tax advice", "税"]),
        ];
        let found =
            |asked: &str| by_words(&rules, &[asked.to_owned()]).map(|rule| rule.name.as_str());
        assert_eq!(found("Who wins the ELECTION?"), Some("politics"));
        assert_eq!(found("wer wird prasident"), Some("politics"));
        assert_eq!(found("Can I reselect a bike?"), None);
        assert_eq!(found("Do you give tax advice?"), Some("tax"));
        assert_eq!(found("Is tax included?"), None);
        assert_eq!(found("请问税怎么算"), Some("tax"));
    }

    #[test]
    fn every_language_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> =
            Language::KNOWN.into_iter().map(own_name).collect();
        assert_eq!(names.len(), Language::KNOWN.len());
    }
}
