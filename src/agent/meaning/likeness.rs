//! How alike two sentences are in their subject.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::language::data;

static FILE: &str = include_str!("forms.toml");
/// By language and form.
type Forms = BTreeMap<String, BTreeMap<String, Vec<String>>>;
static FORMS: LazyLock<Forms> = LazyLock::new(|| data::read(FILE));

/// The means of the forms' vectors of one embedder, made by `means.py`: embedding them takes a second, and more on a busy machine.
#[derive(Deserialize)]
struct Means {
    /// Catalogue name.
    embedder: String,
    /// In the order of the forms.
    means: Vec<Vec<f32>>,
}

static MADE: LazyLock<Option<(String, Arc<Likeness>)>> = LazyLock::new(|| {
    let made: Means = serde_json::from_str(include_str!("means.json")).ok()?;
    let likeness = Likeness::of_means(&made.means)?;
    Some((made.embedder, Arc::new(likeness)))
});

/// Known sentences whose mean counts: one alone may be near by chance.
const NEAREST: usize = 3;
/// A shorter vector has no direction; vectors of sentences have length 1.
const SHORTEST: f32 = 1e-3;

/// What the vectors of an embedder say beside the subject, from example sentences of each language and form.
#[derive(Debug, Clone)]
pub struct Likeness {
    /// The mean of all forms.
    mean: Vec<f32>,
    /// Directions in which the means of the forms differ from it, each of length 1 and at right angles to the others.
    forms: Vec<Vec<f32>>,
}

impl Likeness {
    /// That of an embedder whose vectors are known already.
    pub fn known(embedder: &str) -> Option<Arc<Self>> {
        let made = MADE.as_ref().filter(|(name, _)| name == embedder);
        made.map(|(_, likeness)| Arc::clone(likeness))
    }

    /// The sentences that [`Self::of`] needs the vectors of.
    pub fn sentences() -> Vec<String> {
        groups().flatten().cloned().collect()
    }

    /// Made of the vectors of [`Self::sentences`], in their order; `None` if some are missing.
    pub fn of(vectors: &[Vec<f32>]) -> Option<Self> {
        let mut left = vectors;
        let mut means = Vec::new();
        for group in groups() {
            let (own, others) = left.split_at_checked(group.len())?;
            means.push(mean_of(own)?);
            left = others;
        }
        Self::of_means(&means)
    }

    fn of_means(means: &[Vec<f32>]) -> Option<Self> {
        let mean = mean_of(means)?;
        let mut forms = Vec::new();
        for own in means {
            let mut form = less(own, &mean);
            take_away(&mut form, &forms);
            forms.extend(of_length_one(form));
        }
        Some(Self { mean, forms })
    }

    /// How close a sentence is to known ones together: 1 for the same, 0.5 for another subject. `None` where there are no vectors
    /// to compare.
    pub fn closeness(&self, sentence: &[f32], known: &[Vec<f32>]) -> Option<f32> {
        let own = self.subject(sentence)?;
        let subjects = known.iter().filter_map(|one| self.subject(one));
        let mut near: Vec<f32> = subjects.map(|one| dot(&own, &one)).collect();
        near.sort_by(|a, b| b.total_cmp(a));
        near.truncate(NEAREST);
        let mean = near.iter().sum::<f32>() / near.len() as f32;
        (!near.is_empty()).then_some(f32::midpoint(1.0, mean))
    }

    /// What a vector says of the subject, with length 1.
    fn subject(&self, vector: &[f32]) -> Option<Vec<f32>> {
        let mut own = less(vector, &self.mean);
        take_away(&mut own, &self.forms);
        of_length_one(own)
    }
}

fn groups() -> impl Iterator<Item = &'static Vec<String>> {
    FORMS.values().flat_map(BTreeMap::values)
}

fn mean_of(vectors: &[Vec<f32>]) -> Option<Vec<f32>> {
    let mut sum = vec![0.0; vectors.first()?.len()];
    for vector in vectors {
        for (all, own) in sum.iter_mut().zip(vector) {
            *all += own;
        }
    }
    let count = vectors.len() as f32;
    Some(sum.into_iter().map(|all| all / count).collect())
}

fn less(one: &[f32], other: &[f32]) -> Vec<f32> {
    one.iter().zip(other).map(|(a, b)| a - b).collect()
}

/// Leaves what is at right angles to these directions.
fn take_away(vector: &mut [f32], directions: &[Vec<f32>]) {
    for direction in directions {
        let along = dot(vector, direction);
        for (own, part) in vector.iter_mut().zip(direction) {
            *own -= along * part;
        }
    }
}

fn of_length_one(vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = dot(&vector, &vector).sqrt();
    (length > SHORTEST).then(|| vector.into_iter().map(|x| x / length).collect())
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vector of 40 numbers: the subject in the first ones, the form in another, and what all have in common.
    fn sentence(subject: usize, form: usize) -> Vec<f32> {
        let mut vector = vec![0.0; 40];
        vector[subject] = 0.2;
        vector[10 + form] = 0.5;
        vector[39] = 0.9;
        vector
    }

    fn likeness() -> Likeness {
        let vectors = groups().enumerate().flat_map(|(form, group)| {
            let subjects = (0..group.len()).map(|place| place % 10);
            subjects.map(move |subject| sentence(subject, form))
        });
        Likeness::of(&vectors.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_subject_counts_and_not_the_form() {
        let likeness = likeness();
        let close = |one: &[f32], known: &[Vec<f32>]| likeness.closeness(one, known).unwrap();
        let asked = sentence(3, 1);
        let same = close(&asked, &[sentence(3, 6)]);
        let other = close(&asked, &[sentence(4, 1)]);
        assert!(same > 0.95 && other < 0.55, "{same} {other}");
        // By the plain cosine it is the other way about.
        assert!(dot(&asked, &sentence(3, 6)) < dot(&asked, &sentence(4, 1)));
        assert!((close(&asked, std::slice::from_ref(&asked)) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn three_known_sentences_count_together() {
        let likeness = likeness();
        let asked = sentence(3, 1);
        let known = [sentence(3, 2), sentence(5, 2), sentence(6, 2)];
        let one = likeness.closeness(&asked, &known[..1]).unwrap();
        let three = likeness.closeness(&asked, &known).unwrap();
        assert!(three < one, "{three} {one}");
        let mut more = known.to_vec();
        more.push(sentence(7, 2));
        assert!(likeness.closeness(&asked, &more).unwrap() >= three);
    }

    #[test]
    fn nothing_to_compare_is_no_closeness() {
        let likeness = likeness();
        assert_eq!(likeness.closeness(&sentence(1, 1), &[]), None);
        assert_eq!(likeness.closeness(&likeness.mean, &[sentence(1, 1)]), None);
        assert!(Likeness::of(&[sentence(1, 1)]).is_none());
        assert!(Likeness::of(&[]).is_none());
    }

    #[test]
    fn the_means_are_those_of_the_forms_and_of_the_embedder_that_was_measured() {
        let made: Means = serde_json::from_str(include_str!("means.json")).unwrap();
        assert_eq!(made.embedder, super::super::MEASURED_WITH);
        assert_eq!(made.means.len(), groups().count());
        assert!(made.means.iter().all(|mean| mean.len() == 384));
        let known = Likeness::known(&made.embedder).unwrap();
        // One direction fewer than forms: their differences from the mean add up to nothing.
        assert_eq!(known.forms.len(), made.means.len() - 1);
        assert!(Likeness::known("another").is_none());
    }

    #[test]
    fn each_language_has_each_form() {
        let written: Forms = data::check(FILE);
        for (language, forms) in &written {
            let names: Vec<&str> = forms.keys().map(String::as_str).collect();
            assert_eq!(
                names,
                ["phrases", "questions", "remarks", "wishes"],
                "{language}"
            );
            assert!(forms.values().all(|own| own.len() >= 14), "{language}");
        }
        assert_eq!(written.len(), 4);
        assert_eq!(written, *FORMS);
    }
}
