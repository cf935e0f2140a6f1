//! Arabic and Hebrew: a file has their letters from left to right, people read them from right to left.

fn is_rtl(c: char) -> bool {
    matches!(c, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

/// Whether most letters belong to a right-to-left script.
pub(super) fn is_right_to_left(text: &str) -> bool {
    let (mut rtl, mut all) = (0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        all += 1;
        rtl += usize::from(is_rtl(c));
    }
    rtl * 2 > all
}

/// Converts text from its order on the page to reading order: reverses everything, then numbers and
/// Latin words again.
pub(super) fn to_reading_order(text: &str) -> String {
    if !is_right_to_left(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut kept: Vec<char> = Vec::new();
    for c in text.chars().rev() {
        let left_to_right = c.is_numeric() || (c.is_alphabetic() && !is_rtl(c));
        let inner = matches!(c, '.' | ',' | ':' | '/' | '-' | '@' | '%');
        if left_to_right || (inner && !kept.is_empty()) {
            kept.push(c);
            continue;
        }
        put_back(&mut kept, &mut out);
        out.push(match c {
            '(' => ')',
            ')' => '(',
            '[' => ']',
            ']' => '[',
            other => other,
        });
    }
    put_back(&mut kept, &mut out);
    out
}

fn put_back(kept: &mut Vec<char>, out: &mut String) {
    // Punctuation at the end of the kept run belongs to the right-to-left text.
    let tail = kept
        .iter()
        .rev()
        .take_while(|c| !c.is_alphanumeric())
        .count();
    let trailing = kept.split_off(kept.len() - tail);
    out.extend(kept.drain(..).rev());
    out.extend(trailing);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hebrew_is_turned_and_numbers_are_not() {
        assert_eq!(to_reading_order("95 םולש"), "שלום 95");
        assert_eq!(to_reading_order("plain 12"), "plain 12");
    }
}
