//! Cleans text: control characters, unusual spaces, ligatures.

use super::raised;

/// Characters that are not displayed and only disturb search and quoting: soft hyphen, zero-width space,
/// word joiner, byte order mark, and the Unicode tag characters (used to hide text).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{FFFC}')
        || ('\u{E0000}'..='\u{E007F}').contains(&c)
        // Noncharacters are never text.
        || (c as u32) & 0xFFFE == 0xFFFE
        || ('\u{FDD0}'..='\u{FDEF}').contains(&c)
}

/// The letters of a typographic ligature. A document may have "fi" as one character; people search for two.
fn ligature(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{FB00}' => "ff",
        '\u{FB01}' => "fi",
        '\u{FB02}' => "fl",
        '\u{FB03}' => "ffi",
        '\u{FB04}' => "ffl",
        '\u{FB05}' | '\u{FB06}' => "st",
        _ => return None,
    })
}

/// Collapses white space, removes control and invisible characters, and writes superscript text out.
pub(super) fn flowing(text: &str) -> String {
    let text = raised::write_out(text);
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            space = !out.is_empty();
            continue;
        }
        if is_invisible(c) {
            continue;
        }
        if space {
            out.push(' ');
            space = false;
        }
        match ligature(c) {
            Some(letters) => out.push_str(letters),
            None => out.push(c),
        }
    }
    out
}

/// Removes control and invisible characters and the empty lines at both ends, and keeps the other lines.
pub(super) fn preformatted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.replace("\r\n", "\n").replace('\r', "\n").split('\n') {
        let kept: String = line
            .chars()
            .filter(|&c| c == '\t' || !(c.is_control() || is_invisible(c)))
            .collect();
        out.push_str(kept.trim_end());
        out.push('\n');
    }
    out.trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowing_text_loses_controls_and_keeps_words() {
        assert_eq!(
            flowing("  a\u{0}b\t\n c\u{00AD}d \u{FB01}ne\u{00A0}x "),
            "a b cd fine x"
        );
        assert_eq!(flowing("\u{0}\u{7}"), "");
    }

    #[test]
    fn preformatted_text_keeps_its_lines_and_indent() {
        assert_eq!(
            preformatted("\r\n  let a;\r\n\r\n  b\u{0}  \n"),
            "  let a;\n\n  b"
        );
    }
}
