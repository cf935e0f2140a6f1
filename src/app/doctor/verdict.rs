//! What of a running server works, part by part, in words for its owner.

use super::{Finding, Level, damaged_models, disk, memory, processor, uncalibrated};
use crate::app::App;
use crate::models::ModelError;

/// Protections that belong into the verdict; the page Status shows all.
const PROTECTIONS: [&str; 5] = ["backups", "store_key", "database", "network", "certificate"];

/// One part of what the server does or rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `answers`, `search`, `reading`, `recordings`, `calls`, `processor`, `memory`, `disk`, `model`, or the name of a
    /// protection.
    pub name: &'static str,
    pub level: Level,
    /// What was found, and what to do about it.
    pub text: String,
}

impl From<Finding> for Part {
    fn from(found: Finding) -> Self {
        Self {
            name: found.what,
            level: found.level,
            text: found.text,
        }
    }
}

impl App {
    /// What works here and what does not, the worst first. It may read model files and takes moments, so keep it off
    /// the threads that serve requests.
    ///
    /// # Errors
    /// When the catalogue of models cannot be read.
    pub fn verdict_blocking(&self) -> Result<Vec<Part>, ModelError> {
        let mut parts = self.engine_parts();
        let measured = self.protections().into_iter();
        parts.extend(
            measured
                .filter(|found| PROTECTIONS.contains(&found.name))
                .map(|found| Part {
                    name: found.name,
                    level: match (found.ok, found.name) {
                        (true, _) => Level::Ok,
                        (false, "database") => Level::Problem,
                        (false, _) => Level::Hint,
                    },
                    text: found.detail,
                }),
        );
        let machine = [memory(), disk(&self.config), processor()];
        parts.extend(machine.into_iter().map(Part::from));
        // Which engine lacks its model is told above; here are files that are there and damaged.
        let damaged = damaged_models(&self.config)?.into_iter();
        parts.extend(damaged.map(Part::from));
        parts.sort_by_key(|part| std::cmp::Reverse(part.level));
        Ok(parts)
    }

    fn engine_parts(&self) -> Vec<Part> {
        let workers = self.workers();
        let starting = |names: &[&str]| {
            workers
                .iter()
                .any(|worker| names.contains(&worker.name.as_str()) && worker.state == "starting")
        };
        let part = |name, at_work: &[&str], outcome: Result<String, (Level, String)>| {
            let (level, text) = match outcome {
                Ok(text) => (Level::Ok, text),
                Err(_) if starting(at_work) => {
                    let text = "it is starting; look again in a moment";
                    (Level::Hint, text.to_owned())
                }
                Err(told) => told,
            };
            Part { name, level, text }
        };
        let models = ["llm", "embed"];
        let answers = self.chat.ready().map_err(|reason| {
            let text =
                format!("answers are quoted from your documents and none is written: {reason}");
            (Level::Hint, text)
        });
        let search = self.embedder.ready().map_err(|reason| {
            let text = format!("passages are found by their words only: {reason}");
            (Level::Problem, text)
        });
        let recordings = self.transcriber.ready().map_err(|reason| {
            let text = format!("recordings and voice notes are not understood: {reason}");
            (Level::Hint, text)
        });
        let calls = self.synthesizer.ready().and_then(|()| self.ears.ready());
        let calls = calls.map_err(|reason| {
            let text = format!("visitors can write, but not talk: {reason}");
            (Level::Hint, text)
        });
        let wording = format!("{} puts answers into its own words", self.chat.name());
        let meaning = format!(
            "questions find passages by their meaning ({})",
            self.embedder.name()
        );
        let heard = format!(
            "they are written down by {}",
            self.transcriber.models().join(", ")
        );
        vec![
            part("search", &models, search.map(|()| meaning)),
            part("reading", &models, self.reading()),
            part("answers", &models, answers.map(|()| wording)),
            part("recordings", &["speech"], recordings.map(|()| heard)),
            part(
                "calls",
                &["voice"],
                calls.map(|()| "visitors can talk, and hear the answers".to_owned()),
            ),
        ]
    }

    /// Whether the words that answer are found in documents.
    fn reading(&self) -> Result<String, (Level, String)> {
        if let Err(reason) = self.reader.ready() {
            let text = format!("few questions are answered from documents: {reason}");
            return Err((Level::Problem, text));
        }
        if !self.reader.is_calibrated() {
            return Err((
                Level::Hint,
                uncalibrated(&self.reader.name(), &self.embedder.name()),
            ));
        }
        Ok(format!(
            "{} finds the words that answer",
            self.reader.name()
        ))
    }
}
