//! Limits nesting before a page is parsed: the parser scans all open elements at every tag, so a
//! page of a million open tags would take it hours.

use crate::extract::ExtractError;

/// Deepest nesting. Pages written by people stay below 100; generated pages, and comparisons in
/// scripts that look like tags, stay far below this limit.
const MAX_DEPTH: usize = 20_000;

/// Elements without an end tag, or whose end tag is optional.
const ENDLESS: &[&str] = &[
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta",
    "option", "p", "param", "source", "td", "th", "tr", "track", "wbr", "tbody", "thead", "tfoot",
    "path", "html", "body", "head",
];

/// Refuses a page whose elements are nested too deeply. This is an estimate: it counts tags without parsing.
pub(super) fn check(page: &str) -> Result<(), ExtractError> {
    let (mut depth, mut deepest) = (0usize, 0usize);
    for tag in page.split('<').skip(1) {
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let end = tag
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(tag.len());
            let name = tag.get(..end).unwrap_or_default().to_ascii_lowercase();
            let closed = tag.split('>').next().is_some_and(|t| t.ends_with('/'));
            if !closed && !ENDLESS.contains(&name.as_str()) {
                depth += 1;
                deepest = deepest.max(depth);
            }
        }
    }
    if deepest > MAX_DEPTH {
        return Err(ExtractError::malformed(
            "the elements of the page are nested too deeply",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absurd_nesting_is_refused() {
        assert!(check(&"<div>".repeat(MAX_DEPTH + 1)).is_err());
        assert!(check(&"<div><p>x<br></div>".repeat(MAX_DEPTH + 1)).is_ok());
        assert!(check(&"<p>".repeat(MAX_DEPTH * 2)).is_ok());
    }
}
