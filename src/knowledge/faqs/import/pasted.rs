//! Reads questions from plain text: `Q:` and `A:`, or a line that ends in a question mark with its answer
//! below.

use super::{FaqFile, LISTS};

enum PastedLine<'t> {
    Question(&'t str),
    Answer(&'t str),
    More(&'t str),
}

pub(super) fn read(text: &str) -> FaqFile {
    let marked = text
        .lines()
        .any(|l| matches!(of_marked(l), PastedLine::Question(_)))
        && text
            .lines()
            .any(|l| matches!(of_marked(l), PastedLine::Answer(_)));
    let mut file = FaqFile::default();
    let (mut questions, mut answer, mut begun): (Vec<String>, String, usize) = Default::default();
    for (at, line) in text.lines().enumerate() {
        let line = if marked {
            of_marked(line)
        } else {
            of_plain(line)
        };
        match line {
            PastedLine::Question(question) => {
                if !answer.trim().is_empty() || begun == 0 {
                    close(&mut file, begun, &mut questions, &mut answer);
                    begun = at + 1;
                }
                questions.push(question.to_owned());
            }
            PastedLine::Answer(text) => answer.push_str(text),
            PastedLine::More(text) if begun > 0 => {
                if !answer.is_empty() {
                    answer.push('\n');
                }
                answer.push_str(text);
            }
            PastedLine::More("") => {}
            PastedLine::More(_) => file.skip(at + 1, "there is no question above it"),
        }
    }
    close(&mut file, begun, &mut questions, &mut answer);
    if !marked && file.pairs.is_empty() {
        // It is running text; one note about that is enough.
        file.skipped.truncate(1);
    }
    file
}

fn close(file: &mut FaqFile, begun: usize, questions: &mut Vec<String>, answer: &mut String) {
    let (questions, answer) = (std::mem::take(questions), std::mem::take(answer));
    if begun > 0 {
        file.add(begun, questions, &answer);
    }
}

fn of_marked(line: &str) -> PastedLine<'_> {
    let line = strip_marks(line);
    if let Some((mark, rest)) = line.split_once([':', '.', ')']) {
        let mark = mark.trim().to_lowercase();
        let mark = mark.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
        if LISTS.question_marks.contains(mark) {
            return PastedLine::Question(rest.trim_matches(['*', ' ']));
        }
        if LISTS.answer_marks.contains(mark) {
            return PastedLine::Answer(rest.trim_start_matches(['*', ' ']).trim());
        }
    }
    PastedLine::More(line)
}

fn of_plain(line: &str) -> PastedLine<'_> {
    let line = strip_marks(line);
    if line.ends_with(['?', '？', '؟']) {
        let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let bare = match numbered.strip_prefix(['.', ')']) {
            Some(rest) if numbered.len() < line.len() => rest.trim_start(),
            _ => line,
        };
        return PastedLine::Question(bare);
    }
    PastedLine::More(line)
}

/// Strips Markdown marks of headings, lists and bold text from a line.
fn strip_marks(line: &str) -> &str {
    line.trim()
        .trim_start_matches(['#', '>', '-', '*', '•', ' '])
        .trim_end_matches(['*', ' '])
}
