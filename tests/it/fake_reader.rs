//! A reader that marks what a test says, or the words of the question.

use async_trait::async_trait;
use frontdesk::language::sentences::sentences;
use frontdesk::llm::{Claim, LlmError, ReadPassage, Reader, Span};

/// Marks the sentence that holds most of the question's words: −8 for none of them, 24 for all.
#[derive(Default)]
pub struct FakeReader {
    /// It is as if there were none.
    pub off: std::sync::atomic::AtomicBool,
    /// Nothing was fitted to it.
    pub uncalibrated: std::sync::atomic::AtomicBool,
    /// So many times it says that it is busy.
    pub busy: std::sync::atomic::AtomicU32,
    /// If there are some, exactly these words are marked where they stand.
    marks: std::sync::Mutex<Vec<Mark>>,
}

#[derive(Clone)]
struct Mark {
    /// Only in a question with this in it.
    asked: String,
    words: String,
    margin: f32,
}

impl FakeReader {
    /// Marks exactly these words from now on.
    pub fn mark(&self, marks: &[(&str, f32)]) {
        let marks: Vec<_> = marks.iter().map(|(words, m)| ("", *words, *m)).collect();
        self.mark_asked(&marks);
    }

    /// Marks exactly these words from now on, each when the question holds what stands before it.
    pub fn mark_asked(&self, marks: &[(&str, &str, f32)]) {
        let marks = marks.iter().map(|(asked, words, margin)| Mark {
            asked: (*asked).to_owned(),
            words: (*words).to_owned(),
            margin: *margin,
        });
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

    fn is_calibrated(&self) -> bool {
        !self.uncalibrated.load(std::sync::atomic::Ordering::Relaxed)
    }

    async fn read(
        &self,
        question: String,
        passages: Vec<ReadPassage>,
        _: Claim,
    ) -> Result<Vec<Vec<Span>>, LlmError> {
        let busy = &self.busy;
        let still = std::sync::atomic::Ordering::Relaxed;
        if busy
            .fetch_update(still, still, |n| n.checked_sub(1))
            .is_ok()
        {
            return Err(LlmError::Busy { waiting: 9 });
        }
        let asked = words(&question);
        let marks = self.marks.lock().unwrap().clone();
        if !marks.is_empty() {
            let of = |passage: &ReadPassage| {
                let fitting = marks.iter().filter(|m| question.contains(&m.asked));
                let found = fitting.filter_map(|mark| {
                    let start = passage.text.find(&mark.words)?;
                    let bytes = start..start + mark.words.len();
                    let margin = mark.margin;
                    Some(Span { bytes, margin })
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
