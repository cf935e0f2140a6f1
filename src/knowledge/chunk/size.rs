//! The length of a text in words.

/// Characters of a script without spaces that count as one word.
const WIDE_PER_WORD: usize = 2;

/// The length of a text in words; in Chinese, Japanese and other scripts without spaces, every two
/// characters count as one.
pub fn words(text: &str) -> usize {
    let (mut count, mut wide, mut inside) = (0, 0, false);
    for c in text.chars() {
        if is_wide(c) {
            wide += 1;
            inside = false;
        } else if c.is_whitespace() {
            inside = false;
        } else if !inside {
            inside = true;
            count += 1;
        }
    }
    count + usize::div_ceil(wide, WIDE_PER_WORD)
}

/// Whether a character belongs to a script without spaces.
pub(super) fn is_wide(c: char) -> bool {
    matches!(
        c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3000}'..='\u{30FF}'
            | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}'
    )
}
