//! Compares two answers word by word.

/// Longest text that is compared, in words: time and memory grow with the square.
const MOST: usize = 600;

/// A run of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The words with the space after them.
    pub text: String,
    /// Whether the other text lacks them here.
    pub differs: bool,
}

/// Splits both texts into common and differing runs, by their longest common subsequence.
pub fn compare(then: &str, now: &str) -> (Vec<Words>, Vec<Words>) {
    let (a, b) = (words(then), words(now));
    if a.len().max(b.len()) > MOST {
        return (runs(&a, |_| true), runs(&b, |_| true));
    }
    let common = common(&a, &b);
    let kept_a: Vec<usize> = common.iter().map(|pair| pair.0).collect();
    let kept_b: Vec<usize> = common.iter().map(|pair| pair.1).collect();
    (
        runs(&a, |at| kept_a.binary_search(&at).is_err()),
        runs(&b, |at| kept_b.binary_search(&at).is_err()),
    )
}

fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

/// Index pairs of a longest common subsequence, in order.
fn common(a: &[&str], b: &[&str]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    // `longest[i * width + j]`: how much `a[i..]` and `b[j..]` have in common.
    let mut longest = vec![0_u16; (a.len() + 1) * width];
    let at = |table: &[u16], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, x) in a.iter().enumerate().rev() {
        for (j, y) in b.iter().enumerate().rev() {
            let value = if x.trim() == y.trim() {
                at(&longest, i + 1, j + 1) + 1
            } else {
                at(&longest, i + 1, j).max(at(&longest, i, j + 1))
            };
            if let Some(cell) = longest.get_mut(i * width + j) {
                *cell = value;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if x.trim() == y.trim() {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if at(&longest, i + 1, j) >= at(&longest, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

fn runs(words: &[&str], differs: impl Fn(usize) -> bool) -> Vec<Words> {
    let mut runs: Vec<Words> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let differs = differs(at);
        match runs.last_mut() {
            Some(last) if last.differs == differs => last.text.push_str(word),
            _ => runs.push(Words {
                text: (*word).to_owned(),
                differs,
            }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(runs: &[Words]) -> String {
        let run = |r: &Words| match r.differs {
            true => format!("<{}>", r.text.trim_end()),
            false => format!("{} ", r.text.trim_end()),
        };
        runs.iter().map(run).collect::<String>().trim().to_owned()
    }

    #[test]
    fn words_that_differ_are_marked_in_both() {
        for (then, now, marked_then, marked_now) in [
            (
                "It costs $89 today.",
                "It costs $95 today.",
                "It costs <$89>today.",
                "It costs <$95>today.",
            ),
            ("Same.", "Same.", "Same.", "Same."),
            ("", "New.", "", "<New.>"),
            ("a b c d", "b d", "<a>b <c>d", "b d"),
            ("one\ntwo", "one two", "one\ntwo", "one two"),
        ] {
            let (a, b) = compare(then, now);
            assert_eq!(
                (shown(&a).as_str(), shown(&b).as_str()),
                (marked_then, marked_now)
            );
            assert_eq!(a.iter().map(|r| r.text.as_str()).collect::<String>(), then);
            assert_eq!(b.iter().map(|r| r.text.as_str()).collect::<String>(), now);
        }
        let long = "word ".repeat(MOST + 1);
        assert!(compare(&long, "word").0.iter().all(|r| r.differs));
    }
}
