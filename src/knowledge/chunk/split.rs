//! Splits blocks that are too long for one passage.

use unicode_segmentation::UnicodeSegmentation;

use super::size::{is_wide, words};
use crate::extract::BlockKind;
use crate::language::sentences::sentences;

/// Splits a block into pieces of at most `max` words: code by lines, text by sentences, and a sentence that
/// is too long by words.
pub(super) fn pieces(text: &str, kind: BlockKind, max: usize, target: usize) -> Vec<String> {
    let whole = words(text);
    if whole <= max {
        return vec![text.to_owned()];
    }
    let parts: Vec<&str> = match kind {
        BlockKind::Code => text.split('\n').collect(),
        BlockKind::TableRow => text.split_inclusive(" | ").collect(),
        _ => by_sentence(text),
    };
    let joint = if kind == BlockKind::Code { "\n" } else { " " };
    // Pieces of even size read better than full ones and a short rest.
    let goal = whole.div_ceil(whole.div_ceil(target.max(1)));
    let mut out = Vec::new();
    let mut current = String::new();
    for part in parts.iter().flat_map(|p| by_words(p, max)) {
        let size = words(&current);
        if !current.is_empty() && (size >= goal || size + words(part) > max) {
            out.push(std::mem::take(&mut current));
        }
        let joined = joint == " " && joins_without_space(&current, part);
        if !current.is_empty() && !joined {
            current.push_str(joint);
        }
        current.push_str(if kind == BlockKind::Code {
            part
        } else {
            part.trim()
        });
    }
    out.push(current);
    out.retain(|p| !p.trim().is_empty());
    out
}

/// Cuts from the start of one sentence to the start of the next, so that nothing between them is lost.
fn by_sentence(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = sentences(text).iter().map(|s| s.start).skip(1).collect();
    starts.push(text.len());
    let mut from = 0;
    starts
        .into_iter()
        .filter_map(|to| {
            let part = text.get(from..to);
            from = to;
            part
        })
        .collect()
}

fn by_words(part: &str, max: usize) -> Vec<&str> {
    if words(part) <= max {
        return vec![part];
    }
    let mut out = Vec::new();
    let (mut start, mut size, mut wide) = (0, 0, 0);
    for (at, word) in part.split_word_bound_indices() {
        let count = word.chars().filter(|c| is_wide(*c)).count();
        let at_space = part
            .get(..at)
            .is_some_and(|before| before.ends_with(char::is_whitespace));
        let may_cut = at_space
            || count > 0
            || part
                .get(..at)
                .and_then(|b| b.chars().last())
                .is_some_and(is_wide);
        if at_space && count == 0 {
            size += 1;
        }
        wide += count;
        if may_cut && size + wide.div_ceil(2) >= max && at > start {
            out.extend(part.get(start..at));
            (start, size, wide) = (at, 0, count);
        }
    }
    out.extend(part.get(start..));
    out
}

/// Whether both sides of the joint are in a script without spaces.
pub(super) fn joins_without_space(left: &str, right: &str) -> bool {
    left.chars().last().is_some_and(is_wide)
        && right.trim_start().chars().next().is_some_and(is_wide)
}
