//! How good decisions by meaning are: which workflow a message begins, and which declined topic a question is about, beside what
//! their words alone decide. It asks `agent::meaning`, as a turn does.
//!
//! Reading order: [`sentences`] (the data and its halves), `measure` below (embeds and compares), [`count`] (figures).

pub mod count;
pub mod sentences;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use self::count::{Decision, Item, decide};
use self::sentences::{Sentence, Topic};
use crate::agent::meaning::{CLOSE, Likeness, NEAR, is_small_talk, may_begin, phrases};
use crate::agent::names_topic;
use crate::eval::EvalError;
use crate::llm::{EmbedAs, Embedder, Priority, patiently};
use crate::reason::Reason;
use crate::workflows::{Definition, begins, templates};

/// Sentences that are embedded at once.
const AT_ONCE: usize = 64;

#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    pub embedder: String,
    pub workflows: Decision,
    pub topics: Decision,
    pub took_s: f64,
}

/// The vectors of sentences.
struct Vectors(HashMap<String, Vec<f32>>);

impl Vectors {
    async fn embed(embedder: &dyn Embedder, mut texts: Vec<String>) -> Result<Self, EvalError> {
        texts.sort_unstable();
        texts.dedup();
        let mut known = HashMap::new();
        for some in texts.chunks(AT_ONCE) {
            let claim = Priority::Api.into();
            let ask = || embedder.embed(some.to_vec(), EmbedAs::Query, claim);
            let made = patiently(ask).await;
            let made = made.map_err(|error| EvalError::Ask(Reason::of(error)))?;
            known.extend(some.iter().cloned().zip(made.vectors));
        }
        Ok(Self(known))
    }

    fn of(&self, text: &str) -> &[f32] {
        self.0.get(text).map_or(&[], Vec::as_slice)
    }

    fn of_all<'s>(&self, texts: impl IntoIterator<Item = &'s str>) -> Vec<Vec<f32>> {
        let texts = texts.into_iter();
        texts.map(|text| self.of(text).to_vec()).collect()
    }
}

/// Embeds all sentences and decides about each.
///
/// # Errors
/// If the embedding model is unavailable.
pub async fn measure(embedder: &dyn Embedder) -> Result<Figures, EvalError> {
    let since = Instant::now();
    let workflows: Vec<Definition> = templates::ALL
        .iter()
        .filter_map(|(_, text)| Definition::parse(text).ok())
        .collect();
    let said = sentences::of_workflows();
    let topics = sentences::topics();
    let asked = sentences::of_topics(&topics);
    let name = embedder.name();
    let known = Likeness::known(&name);
    let mut texts = match known {
        Some(_) => Vec::new(),
        None => Likeness::sentences(),
    };
    let all = said.iter().chain(&asked);
    texts.extend(all.map(|sentence| sentence.text.clone()));
    texts.extend(workflows.iter().flat_map(phrases).map(str::to_owned));
    texts.extend(topics.iter().flat_map(|topic| topic.examples.clone()));
    let vectors = Vectors::embed(embedder, texts).await?;
    let likeness = match known {
        Some(known) => known,
        None => {
            let own = vectors.of_all(Likeness::sentences().iter().map(String::as_str));
            let unusable = "the embedding model gave no vectors to compare";
            let made = Likeness::of(&own).ok_or_else(|| EvalError::Ask(unusable.into()))?;
            Arc::new(made)
        }
    };
    let begun = of_workflows(&said, &workflows, &vectors, &likeness, &name);
    let declined = of_topics(&asked, &topics, &vectors, &likeness);
    Ok(Figures {
        embedder: name,
        workflows: decide("the workflow that a message begins", &begun, NEAR),
        topics: decide("the topic that a question is about", &declined, CLOSE),
        took_s: since.elapsed().as_secs_f64(),
    })
}

fn of_workflows(
    said: &[Sentence],
    workflows: &[Definition],
    vectors: &Vectors,
    likeness: &Likeness,
    embedder: &str,
) -> Vec<Item> {
    let known: Vec<Vec<Vec<f32>>> = workflows
        .iter()
        .map(|workflow| vectors.of_all(phrases(workflow)))
        .collect();
    let item = |sentence: &Sentence| {
        let (text, language) = (sentence.text.as_str(), sentence.language);
        let vector = vectors.of(text);
        let asked = may_begin(text, language) && !is_small_talk(text, language, vector, embedder);
        let close = |phrases: &Vec<Vec<f32>>| match asked {
            true => likeness.closeness(vector, phrases),
            false => None,
        };
        let owner = sentence.of.as_deref();
        Item {
            owner: owner.and_then(|name| workflows.iter().position(|one| one.name == name)),
            held_out: sentence.held_out,
            by_words: workflows
                .iter()
                .map(|workflow| begins(workflow, text, language))
                .collect(),
            closeness: known.iter().map(close).collect(),
        }
    };
    said.iter().map(item).collect()
}

fn of_topics(
    asked: &[Sentence],
    topics: &[Topic],
    vectors: &Vectors,
    likeness: &Likeness,
) -> Vec<Item> {
    let examples = |topic: &Topic| vectors.of_all(topic.examples.iter().map(String::as_str));
    let known: Vec<Vec<Vec<f32>>> = topics.iter().map(examples).collect();
    let item = |sentence: &Sentence| {
        let vector = vectors.of(&sentence.text);
        let owner = sentence.of.as_deref();
        Item {
            owner: owner.and_then(|name| topics.iter().position(|one| one.name == name)),
            held_out: sentence.held_out,
            by_words: topics
                .iter()
                .map(|topic| names_topic(&sentence.text, &topic.words))
                .collect(),
            closeness: known
                .iter()
                .map(|examples| likeness.closeness(vector, examples))
                .collect(),
        }
    };
    asked.iter().map(item).collect()
}
