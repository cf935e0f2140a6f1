//! A reader that marks what a test says, or the words of the question.

use async_trait::async_trait;
use frontdesk::knowledge::sentences::sentences;
use frontdesk::llm::{LlmError, Priority, ReadPassage, Reader, Span};

/// Marks the sentence that holds most of the question's words: −8 for none of them, 24 for all.
#[derive(Default)]
pub struct FakeReader {
    /// It is as if there were none.
    pub off: std::sync::atomic::AtomicBool,
    /// If there are some, exactly these words are marked where they stand, with these margins.
    pub marks: std::sync::Mutex<Vec<(String, f32)>>,
}

impl FakeReader {
    /// Marks exactly these words from now on.
    pub fn mark(&self, marks: &[(&str, f32)]) {
        let marks = marks.iter().map(|(words, m)| ((*words).to_owned(), *m));
        *self.marks.lock().unwrap() = marks.collect();
    }
}

fn words(text: &str) -> std::collections::BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[async_trait]
impl Reader for FakeReader {
    fn name(&self) -> String {
        "fake-reader".into()
    }

    fn weights_hash(&self) -> Option<String> {
        Some("facade".into())
    }

    fn ready(&self) -> Result<(), LlmError> {
        if self.off.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(LlmError::Unavailable("it is off".into()));
        }
        Ok(())
    }

    async fn read(
        &self,
        question: String,
        passages: Vec<ReadPassage>,
        _: Priority,
    ) -> Result<Vec<Vec<Span>>, LlmError> {
        let asked = words(&question);
        let marks = self.marks.lock().unwrap().clone();
        if !marks.is_empty() {
            let of = |passage: &ReadPassage| {
                let found = marks.iter().filter_map(|(words, margin)| {
                    let start = passage.text.find(words)?;
                    let bytes = start..start + words.len();
                    Some(Span {
                        bytes,
                        margin: *margin,
                    })
                });
                let mut found: Vec<Span> = found.collect();
                found.sort_by(|a, b| b.margin.total_cmp(&a.margin));
                found
            };
            return Ok(passages.iter().map(of).collect());
        }
        let mark = |passage: &ReadPassage| {
            let best = sentences(&passage.text).into_iter().map(|bytes| {
                let text = format!("{} {}", passage.heading, &passage.text[bytes.clone()]);
                let found = words(&text).intersection(&asked).count();
                let share = found as f32 / asked.len().max(1) as f32;
                let margin = 32.0f32.mul_add(share, -8.0);
                Span { bytes, margin }
            });
            let best = best.reduce(|a, b| if b.margin > a.margin { b } else { a });
            best.into_iter().collect()
        };
        Ok(passages.iter().map(mark).collect())
    }
}
