//! What a person says to recognised lines.

use super::{SeenLine, SeenPage, SeenWord};

/// Width of a letter in font sizes, about.
const LETTER: f32 = 0.5;

/// What a person said to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It says what was recognised.
    Right,
    /// It says this.
    Says(String),
    /// It is no text that anybody needs.
    NoText,
}

impl SeenPage {
    /// The page with these verdicts, each with the position of its line. A line that a person has read is not doubtful.
    #[must_use]
    pub fn judged(&self, verdicts: &[(usize, Verdict)]) -> Self {
        let lines = self.lines.iter().enumerate().filter_map(|(at, line)| {
            let verdict = verdicts.iter().find(|(of, _)| *of == at);
            let mut line = line.clone();
            match verdict.map(|(_, verdict)| verdict) {
                None => return Some(line),
                Some(Verdict::NoText) => return None,
                Some(Verdict::Right) => {}
                Some(Verdict::Says(text)) => line.words = places(&line, text),
            }
            line.confidence = 1.0;
            Some(line)
        });
        Self {
            lines: lines.collect(),
            grids: self.grids.clone(),
            ..*self
        }
    }
}

impl SeenLine {
    /// Left, top, right and bottom of the line, as fractions of a page of this size, from 0 to 1.
    #[must_use]
    pub fn place(&self, (width, height): (f32, f32)) -> [f32; 4] {
        let share = |at: f32, whole: f32| {
            let share = at / whole;
            if share.is_finite() {
                share.clamp(0.0, 1.0)
            } else {
                0.0
            }
        };
        let across = self.corners.map(|(x, _)| share(x, width));
        let down = self.corners.map(|(_, y)| share(y, height));
        let least = |all: [f32; 4]| all.into_iter().fold(1.0, f32::min);
        let most = |all: [f32; 4]| all.into_iter().fold(0.0, f32::max);
        [least(across), least(down), most(across), most(down)]
    }
}

/// The words of a corrected line: those that stayed keep their places, and the others share the place of what they stand
/// for, so that cells of a table stay where they were.
fn places(line: &SeenLine, text: &str) -> Vec<SeenWord> {
    let fresh: Vec<&str> = text.split_whitespace().collect();
    let old = &line.words;
    let same = |(a, b): &(&SeenWord, &&str)| a.text == **b;
    let before = old.iter().zip(&fresh).take_while(same).count();
    let after = old.iter().skip(before).rev();
    let after = after.zip(fresh.iter().skip(before).rev());
    let after = after.take_while(same).count();
    let (old_end, fresh_end) = (old.len() - after, fresh.len() - after);
    let changed = fresh.get(before..fresh_end).unwrap_or_default();
    let replaced = old.get(before..old_end).unwrap_or_default();
    let kept = |words: Option<&[SeenWord]>| words.unwrap_or_default().to_vec();
    let mut out = kept(old.get(..before));
    if changed.len() == replaced.len() {
        let renamed = replaced.iter().zip(changed);
        out.extend(renamed.map(|(word, text)| SeenWord {
            text: (*text).to_owned(),
            ..*word
        }));
    } else {
        let last = before.checked_sub(1).and_then(|at| old.get(at));
        let next = old.get(old_end);
        let from = replaced.first().map(|word| word.x0);
        let to = replaced.last().map(|word| word.x1);
        let from = from
            .or(last.map(|word| word.x1))
            .or(next.map(|word| word.x0));
        let from = from.unwrap_or(0.0);
        // Where nothing stood before, the words are as wide as letters of this size are, about.
        let letters: usize = changed.iter().map(|text| text.chars().count() + 1).sum();
        let to = to
            .or(next.map(|word| word.x0))
            .unwrap_or(from + letters as f32 * line.size * LETTER);
        out.extend(spread(changed, from, to.max(from)));
    }
    out.extend(kept(old.get(old_end..)));
    out
}

/// Lays words side by side, each as wide as its share of the letters.
fn spread(words: &[&str], from: f32, to: f32) -> Vec<SeenWord> {
    let letters = |text: &str| text.chars().count() as f32;
    let spaces = words.len().saturating_sub(1) as f32;
    let all: f32 = words.iter().map(|text| letters(text)).sum::<f32>() + spaces;
    let letter = (to - from) / all.max(1.0);
    let mut at = from;
    let mut out = Vec::with_capacity(words.len());
    for text in words {
        let end = at + letters(text) * letter;
        out.push(SeenWord {
            text: (*text).to_owned(),
            x0: at,
            x1: end,
        });
        at = end + letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[(&str, f32, f32)]) -> SeenLine {
        let words = words.iter().map(|(text, x0, x1)| SeenWord {
            text: (*text).into(),
            x0: *x0,
            x1: *x1,
        });
        SeenLine {
            words: words.collect(),
            y: 10.0,
            size: 10.0,
            turn: 0,
            confidence: 0.5,
            corners: [(50.0, 20.0), (300.0, 25.0), (300.0, 35.0), (50.0, 30.0)],
        }
    }

    fn row() -> SeenLine {
        line(&[
            ("Hair", 50.0, 70.0),
            ("cvt", 73.0, 90.0),
            ("€3O", 300.0, 320.0),
        ])
    }

    #[test]
    fn corrected_words_stand_where_the_wrong_ones_stood() {
        let words = places(&row(), "Haircut €30");
        let [name, price] = words.as_slice() else {
            panic!("{words:?}");
        };
        assert_eq!((name.text.as_str(), name.x0), ("Haircut", 50.0));
        assert!(name.x1 < price.x0 && price.x1 == 320.0, "{words:?}");
        let words = places(&row(), "Hair  cut €3O");
        assert_eq!((words[1].text.as_str(), words[1].x0), ("cut", 73.0));
        assert_eq!(words[2], row().words[2]);
        let words = places(&row(), "Hair €3O");
        assert_eq!(words, [row().words[0].clone(), row().words[2].clone()]);
        let words = places(&row(), "Hair cvt dye €3O");
        assert!(words[2].x0 >= 90.0 && words[2].x1 <= 300.0, "{words:?}");
        assert_eq!(words[3], row().words[2]);
        let words = places(&row(), "Hair cvt €3O each");
        assert!(words[3].x0 >= 320.0 && words[3].x1 > words[3].x0);
        assert!(places(&row(), " ").is_empty());
        assert_eq!(places(&line(&[]), "New").len(), 1);
    }

    #[test]
    fn a_judged_line_is_sure_and_one_that_is_no_text_is_gone() {
        let page = SeenPage {
            page: 2,
            width: 600.0,
            height: 100.0,
            lines: vec![row(), row(), row(), row()],
            grids: Vec::new(),
        };
        let verdicts = [
            (0, Verdict::Right),
            (2, Verdict::NoText),
            (3, Verdict::Says("Shave €15".into())),
            (9, Verdict::Right),
        ];
        let judged = page.judged(&verdicts);
        let told: Vec<(String, bool)> = judged
            .lines
            .iter()
            .map(|line| (line.text(), line.is_doubtful()))
            .collect();
        let expected = [
            ("Hair cvt €3O", false),
            ("Hair cvt €3O", true),
            ("Shave €15", false),
        ];
        assert_eq!(told, expected.map(|(text, doubt)| (text.to_owned(), doubt)));
        assert_eq!((judged.page, judged.width), (2, 600.0));
    }

    #[test]
    fn a_place_is_a_share_of_the_page() {
        assert_eq!(row().place((600.0, 100.0)), [50.0 / 600.0, 0.2, 0.5, 0.35]);
        assert_eq!(row().place((0.0, 0.0)), [0.0; 4]);
    }
}
