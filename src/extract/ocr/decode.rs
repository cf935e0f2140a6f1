//! From the reader's guesses, one for each narrow column of a line, to letters (CTC: repeats and blanks fall away).

/// The letters that the reader knows, in its order, and which of them Latin and Greek script and their signs use.
pub(super) struct Alphabet {
    letters: Vec<String>,
    western: Vec<bool>,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub(super) letters: Vec<Letter>,
    /// From 0 to 1.
    pub(super) confidence: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    pub(super) text: String,
    /// Its middle, from 0 (left end of the line) to 1.
    pub(super) at: f32,
    pub(super) sure: f32,
}

/// Chinese, Japanese and Korean letters and their full-width signs begin here.
const EASTERN: char = '\u{2E80}';
/// If more of the letters than this are eastern, the line is.
const EASTERN_SHARE: f32 = 0.3;

impl Alphabet {
    /// The blank stands before all letters and the space behind them.
    pub(super) fn new(listed: &str) -> Self {
        let mut letters = vec![String::new()];
        letters.extend(listed.lines().map(str::to_owned));
        letters.push(" ".to_owned());
        let western = letters
            .iter()
            .map(|letter| letter.chars().all(|c| c < EASTERN))
            .collect();
        Self { letters, western }
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    /// Reads a line: as western script, unless most of it is not.
    pub(super) fn read(&self, guesses: &[f32]) -> Read {
        let any = self.decode(guesses, |_| true);
        let eastern = any
            .letters
            .iter()
            .filter(|l| l.text.chars().any(|c| c >= EASTERN));
        let share = eastern.count() as f32 / any.letters.len().max(1) as f32;
        if share > EASTERN_SHARE || share == 0.0 {
            return any;
        }
        self.decode(guesses, |at| self.western.get(at).copied().unwrap_or(false))
    }

    fn decode(&self, guesses: &[f32], allowed: impl Fn(usize) -> bool) -> Read {
        let columns = guesses.len() / self.len().max(1);
        let mut letters: Vec<Letter> = Vec::new();
        let (mut last, mut first_column) = (0, 0);
        for (column, guess) in guesses.chunks_exact(self.len().max(1)).enumerate() {
            let best = guess
                .iter()
                .enumerate()
                .filter(|(at, _)| allowed(*at))
                .max_by(|a, b| a.1.total_cmp(b.1));
            let Some((best, sure)) = best else { continue };
            let middle = |from: usize| (from + column + 1) as f32 / 2.0 / columns as f32;
            if best == last {
                if let Some(letter) = letters.last_mut().filter(|_| best != 0) {
                    letter.sure = letter.sure.max(*sure);
                    letter.at = middle(first_column);
                }
                continue;
            }
            last = best;
            first_column = column;
            if best != 0
                && let Some(text) = self.letters.get(best)
            {
                letters.push(Letter {
                    text: text.clone(),
                    at: middle(column),
                    sure: *sure,
                });
            }
        }
        let confidence = confidence(&letters);
        Read {
            letters,
            confidence,
        }
    }
}

/// How sure a line is: as its least sure letter or digit, but one faint letter in a long sure line weighs less. One wrong
/// digit makes a price wrong, so the mean would say too little. Apostrophes are left out: the network is unsure which of
/// their forms is meant (the French of a clean page was held back for it), and a reader takes one for the other.
fn confidence(letters: &[Letter]) -> f32 {
    const UNTOLD: [&str; 6] = [" ", "'", "’", "‘", "´", "`"];
    let told = || {
        let tells = |l: &&Letter| !UNTOLD.contains(&l.text.as_str());
        letters.iter().filter(tells).map(|l| l.sure)
    };
    let count = told().count();
    if count == 0 {
        return 0.0;
    }
    let mean = told().sum::<f32>() / count as f32;
    let least = told().fold(1.0, f32::min);
    mean.min((mean + least) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_sure_as_its_least_sure_letter_but_for_apostrophes() {
        let line = |letters: &[(&str, f32)]| {
            let letters = letters.iter().map(|(text, sure)| Letter {
                text: (*text).to_owned(),
                at: 0.0,
                sure: *sure,
            });
            confidence(&letters.collect::<Vec<_>>())
        };
        let sure = line(&[("d", 0.98), ("'", 0.2), ("a", 0.98), (" ", 0.1)]);
        assert!((sure - 0.98).abs() < 1e-6, "{sure}");
        assert!(line(&[("9", 0.98), (",", 0.98), ("5", 0.2)]) < 0.5);
        assert_eq!(line(&[("'", 0.9)]), 0.0);
    }
}
