//! Sentences with what they mean, in two halves: thresholds are chosen on one and told for the other.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::language::{Language, data};

const FILES: [(Language, &str); 4] = [
    (Language::En, include_str!("sentences/en.toml")),
    (Language::De, include_str!("sentences/de.toml")),
    (Language::Es, include_str!("sentences/es.toml")),
    (Language::Fr, include_str!("sentences/fr.toml")),
];
const TOPICS: &str = include_str!("sentences/topics.toml");

/// Sentences by workflow.
type Lists = BTreeMap<String, Vec<String>>;

/// What a language's file holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    /// Should begin that workflow, in other words than its phrases.
    begin: Lists,
    /// About its subject, and want information only.
    ask: Lists,
    /// About something else, or small talk.
    other: Lists,
}

/// A topic as owners name it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Topic {
    pub name: String,
    pub words: Vec<String>,
    pub examples: Vec<String>,
    /// Questions about it.
    belongs: Vec<String>,
    /// Questions that come near and are about something else.
    near: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Topics {
    topics: Vec<Topic>,
}

static WRITTEN: LazyLock<Vec<(Language, Written)>> = LazyLock::new(|| {
    let files = FILES.into_iter();
    files
        .map(|(language, file)| (language, data::read(file)))
        .collect()
});

/// A sentence, and what it should be taken for.
#[derive(Debug, Clone)]
pub struct Sentence {
    pub text: String,
    /// English for sentences of topics, where it does not matter.
    pub language: Language,
    /// The workflow or topic; `None` for none of them.
    pub of: Option<String>,
    /// Whether it is of the half that no threshold was chosen on.
    pub held_out: bool,
}

/// The half depends on the list and the place in it, so that translations of a sentence are in the same one.
fn is_held_out(list: &str, place: usize) -> bool {
    let hash = Sha256::digest(format!("{list}/{place}"));
    hash.first().is_some_and(|byte| byte % 2 == 1)
}

fn listed<'t>(
    list: String,
    texts: &'t [String],
    language: Language,
    of: Option<&'t str>,
) -> impl Iterator<Item = Sentence> + 't {
    texts.iter().enumerate().map(move |(place, text)| Sentence {
        text: text.clone(),
        language,
        of: of.map(str::to_owned),
        held_out: is_held_out(&list, place),
    })
}

/// Messages that begin one of the templates, or none.
pub fn of_workflows() -> Vec<Sentence> {
    let mut all = Vec::new();
    for (language, written) in WRITTEN.iter() {
        let kinds = [
            ("begin", &written.begin),
            ("ask", &written.ask),
            ("other", &written.other),
        ];
        for (kind, lists) in kinds {
            for (name, texts) in lists {
                let of = (kind == "begin").then_some(name.as_str());
                all.extend(listed(format!("{kind}/{name}"), texts, *language, of));
            }
        }
    }
    all
}

/// The topics, which have more than one language.
pub fn topics() -> Vec<Topic> {
    data::read::<Topics>(TOPICS).topics
}

/// Questions about the topics, others that come near, and what has nothing to do with them.
pub fn of_topics(topics: &[Topic]) -> Vec<Sentence> {
    let mut all = Vec::new();
    for topic in topics {
        let (name, english) = (topic.name.as_str(), Language::En);
        let belongs = format!("{name}/belongs");
        all.extend(listed(belongs, &topic.belongs, english, Some(name)));
        all.extend(listed(format!("{name}/near"), &topic.near, english, None));
    }
    for (_, written) in WRITTEN.iter() {
        for (name, texts) in &written.other {
            all.extend(listed(format!("other/{name}"), texts, Language::En, None));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workflows::templates;

    #[test]
    fn each_language_has_enough_sentences_for_each_template_and_none_twice() {
        let names: Vec<&str> = templates::ALL.iter().map(|(name, _)| *name).collect();
        for (language, file) in FILES {
            let written: Written = data::check(file);
            for lists in [&written.begin, &written.ask] {
                let own: Vec<&str> = lists.keys().map(String::as_str).collect();
                assert_eq!(own, names, "{language:?}");
            }
            assert!(written.begin.values().all(|own| own.len() >= 15));
            let others = written.ask.values().chain(written.other.values());
            assert!(others.map(Vec::len).sum::<usize>() >= 80, "{language:?}");
        }
        let all = of_workflows();
        let texts: BTreeSet<&str> = all.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts.len(), all.len());
    }

    #[test]
    fn each_topic_has_enough_questions_and_no_example_among_them() {
        let written: Topics = data::check(TOPICS);
        assert!(written.topics.len() >= 6);
        for topic in &written.topics {
            assert!(topic.belongs.len() >= 30 && topic.near.len() >= 40);
            assert!(!topic.words.is_empty() && topic.examples.len() >= 3);
            let asked = topic.belongs.iter().chain(&topic.near);
            let examples: BTreeSet<&String> = topic.examples.iter().collect();
            assert!(asked.into_iter().all(|one| !examples.contains(one)));
        }
    }

    #[test]
    fn the_halves_are_fixed_and_about_as_large() {
        assert_eq!(
            [0, 1, 2, 3].map(|place| is_held_out("begin/table", place)),
            [true, true, false, true]
        );
        for all in [of_workflows(), of_topics(&topics())] {
            let held_out = all.iter().filter(|one| one.held_out).count();
            let share = held_out * 100 / all.len();
            assert!((35..=65).contains(&share), "{share} %");
        }
    }
}
