//! Word errors: the fewest words that must be put in, left out or changed (Levenshtein).

use serde::Serialize;

/// Errors of a text beside the words that it should have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Errors {
    /// Words that are wrong, missing or too many.
    pub errors: usize,
    /// Words that were said.
    pub words: usize,
}

impl Errors {
    /// Errors for each word that was said; may exceed 1.
    pub fn rate(&self) -> f64 {
        self.errors as f64 / self.words.max(1) as f64
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            words: self.words + other.words,
        }
    }
}

/// Compares what was heard with what was said, both as words. Whether a compound is written as one word
/// or two is no error.
pub fn compare(said: &[String], heard: &[String]) -> Errors {
    // One row per number of words said; each cell is the cost of so many words heard.
    let mut rows: Vec<Vec<usize>> = vec![(0..=heard.len()).collect()];
    for i in 1..=said.len() {
        let mut row = vec![i];
        for j in 1..=heard.len() {
            let cost = |di: usize, dj: usize, price: usize| -> Option<usize> {
                let from = i.checked_sub(di)?;
                let line = if di == 0 { &row } else { rows.get(from)? };
                Some(line.get(j.checked_sub(dj)?)? + price)
            };
            let differs = usize::from(said.get(i - 1) != heard.get(j - 1));
            let joined = |pair: Option<&[String]>, one: Option<&String>| {
                pair.zip(one)
                    .is_some_and(|(pair, one)| pair.concat() == *one)
            };
            let two_said = i >= 2 && joined(said.get(i - 2..i), heard.get(j - 1));
            let two_heard = j >= 2 && joined(heard.get(j - 2..j), said.get(i - 1));
            let options = [
                cost(1, 0, 1),
                cost(0, 1, 1),
                cost(1, 1, differs),
                two_said.then(|| cost(2, 1, 0)).flatten(),
                two_heard.then(|| cost(1, 2, 0)).flatten(),
            ];
            row.push(options.into_iter().flatten().min().unwrap_or(i + j));
        }
        rows.push(row);
    }
    let errors = rows.last().and_then(|row| row.last()).copied();
    Errors {
        errors: errors.unwrap_or_default(),
        words: said.len(),
    }
}
