//! Results of the model, saved as they come: a run of an hour that is ended goes on where it was. A line for each, by the digest of
//! what it follows from (conversation, prompts, weights, model), so that nothing is taken for what it is not.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::analysis::Outcome;
use crate::eval::EvalError;
use crate::reason::Reason;

#[derive(Serialize, Deserialize)]
struct Line<O> {
    digest: String,
    outcome: O,
}

/// Where results are saved; without a file nothing is.
#[derive(Default)]
pub(super) struct Saved {
    known: HashMap<String, Outcome>,
    file: Option<(PathBuf, File)>,
    /// How many were taken from the file.
    pub(super) taken: usize,
}

fn failed(path: &Path, error: std::io::Error) -> EvalError {
    let told = format!(
        "{} cannot be read or written: {error}; take another file for the results",
        path.display()
    );
    EvalError::Ask(Reason::told(told, error))
}

impl Saved {
    /// # Errors
    /// If the file cannot be read or written.
    pub(super) fn open(path: &Path) -> Result<Self, EvalError> {
        let before = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(path, error)),
        };
        // A line that was cut off by a kill tells nothing; its conversation is read again.
        let known = before.lines().filter_map(|line| {
            let line: Line<Outcome> = serde_json::from_str(line).ok()?;
            Some((line.digest, line.outcome))
        });
        let known = known.collect();
        let opened = OpenOptions::new().create(true).append(true).open(path);
        let mut file = opened.map_err(|error| failed(path, error))?;
        if !before.is_empty() && !before.ends_with('\n') {
            file.write_all(b"\n").map_err(|error| failed(path, error))?;
        }
        Ok(Self {
            known,
            file: Some((path.to_owned(), file)),
            taken: 0,
        })
    }

    pub(super) fn find(&mut self, digest: &str) -> Option<Outcome> {
        let found = self.known.get(digest).cloned();
        self.taken += usize::from(found.is_some());
        found
    }

    /// # Errors
    /// If the file cannot be written.
    pub(super) fn keep(&mut self, digest: String, outcome: &Outcome) -> Result<(), EvalError> {
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        let line = Line { digest, outcome };
        let mut line = serde_json::to_string(&line)
            .map_err(|error| EvalError::Ask(Reason::told("a result is no JSON", error)))?;
        line.push('\n');
        // In one piece, so that a kill cuts off at most the last line.
        file.write_all(line.as_bytes())
            .map_err(|error| failed(path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Analysis, Cost};

    fn outcome(language: &str) -> Outcome {
        Outcome {
            analysis: Analysis {
                language: Some(language.to_owned()),
                ..Analysis::default()
            },
            cost: Cost {
                took_ms: 36_000,
                ..Cost::default()
            },
            judged: None,
        }
    }

    #[test]
    fn what_was_saved_is_found_again_and_a_cut_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.jsonl");
        let mut first = Saved::open(&path).unwrap();
        assert!(first.find("a").is_none());
        first.keep("a".to_owned(), &outcome("en")).unwrap();
        first.keep("b".to_owned(), &outcome("pt")).unwrap();
        drop(first);
        let all = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &all[..all.len() - 9]).unwrap();

        let mut again = Saved::open(&path).unwrap();
        assert_eq!(again.find("a"), Some(outcome("en")));
        assert!(again.find("b").is_none());
        assert_eq!(again.taken, 1);
        again.keep("b".to_owned(), &outcome("es")).unwrap();
        drop(again);
        let mut last = Saved::open(&path).unwrap();
        assert_eq!(last.find("b"), Some(outcome("es")));
        assert_eq!(last.find("a"), Some(outcome("en")));
    }

    #[test]
    fn a_folder_is_no_file_for_results_and_without_one_nothing_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Saved::open(folder.path()).err().unwrap().to_string();
        assert!(refused.contains("take another file"), "{refused}");
        let mut none = Saved::default();
        none.keep("a".to_owned(), &outcome("en")).unwrap();
        assert!(none.find("a").is_none());
    }
}
