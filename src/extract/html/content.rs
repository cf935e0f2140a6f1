//! Finds a page's main content and classifies elements and text.

use scraper::{ElementRef, Html, Selector, node::Element};

/// A `main` or `article` with less text than this is not the page's content, in characters.
const MIN_MAIN_TEXT: usize = 80;

/// The encoding that the page declares in its first kilobyte.
pub(super) fn find_charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(1_024))?).to_ascii_lowercase();
    let (_, after) = head.split_once("charset=")?;
    let label: String = after
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    (!label.is_empty()).then_some(label)
}

pub(super) fn select_first<'a>(page: &'a Html, selector: &str) -> Option<ElementRef<'a>> {
    page.select(&Selector::parse(selector).ok()?).next()
}

/// `main`, else the only `article`, else the whole page.
pub(super) fn main_content(page: &Html) -> ElementRef<'_> {
    let long_enough = |e: &ElementRef<'_>| {
        e.text()
            .flat_map(str::chars)
            .filter(|c| !c.is_whitespace())
            .take(MIN_MAIN_TEXT)
            .count()
            == MIN_MAIN_TEXT
    };
    if let Some(main) = select_first(page, "main, [role=main]").filter(long_enough) {
        return main;
    }
    let articles: Vec<ElementRef<'_>> = Selector::parse("article")
        .map(|s| page.select(&s).collect())
        .unwrap_or_default();
    if let [only] = articles.as_slice()
        && long_enough(only)
    {
        return *only;
    }
    page.root_element()
}

pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "main"
            | "header"
            | "footer"
            | "blockquote"
            | "figure"
            | "figcaption"
            | "address"
            | "details"
            | "form"
            | "fieldset"
            | "hr"
            | "body"
            | "td"
            | "tr"
            | "th"
            | "aside"
            | "nav"
            | "center"
            | "dl"
            | "legend"
            | "hgroup"
            | "label"
    )
}

/// Whether an element's text is superscript.
pub(super) fn is_raised(e: &Element) -> bool {
    let by_style = || {
        let style = e.attr("style").unwrap_or_default().to_ascii_lowercase();
        let style: String = style.split_whitespace().collect();
        style.contains("vertical-align:super")
    };
    e.name() == "sup" || (matches!(e.name(), "span" | "small" | "a" | "font") && by_style())
}

/// Whether a class or the id of an element contains one of these words, as in `faq-answer` or `faqAnswer`.
pub(super) fn has_word(element: ElementRef<'_>, words: &[&str]) -> bool {
    let e = element.value();
    let mut names = String::new();
    for name in [e.attr("class"), e.attr("id")].into_iter().flatten() {
        let mut after_small = false;
        for c in name.chars() {
            if c.is_ascii_uppercase() && after_small {
                names.push(' ');
            }
            after_small = c.is_ascii_lowercase();
            names.push(if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                ' '
            });
        }
        names.push(' ');
    }
    names.split(' ').any(|word| words.contains(&word))
}

/// The first words of an element, about [`MAX_WORDS`] bytes.
pub(super) fn first_words(element: ElementRef<'_>) -> String {
    let mut out = String::new();
    for piece in element.text().take(50) {
        for word in piece.split_whitespace() {
            if out.len() > MAX_WORDS {
                return out;
            }
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

/// How much text [`first_words`] returns, in bytes.
const MAX_WORDS: usize = 1_200;
/// Longest placeholder, in bytes.
const MAX_PLACEHOLDER: usize = 100;

/// Whether a text is an unfilled template: hardly more than `{{question}}`.
pub(super) fn is_template(text: &str) -> bool {
    let mut rest = text;
    let (mut found, mut words) = (false, 0);
    while let Some(at) = rest.find(['{', '<', '$']) {
        let from = rest.get(at..).unwrap_or_default();
        let end = [("{{", "}}"), ("{%", "%}"), ("<%", "%>"), ("${", "}")]
            .iter()
            .find_map(|(open, close)| {
                let inner = from.strip_prefix(open)?;
                let length = inner
                    .get(..inner.floor_char_boundary(MAX_PLACEHOLDER))?
                    .find(close)?;
                Some(open.len() + length + close.len())
            });
        words += count_words(rest.get(..at).unwrap_or_default());
        found |= end.is_some();
        rest = from.get(end.unwrap_or(1)..).unwrap_or_default();
    }
    found && words + count_words(rest) < 4
}

fn count_words(text: &str) -> usize {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_from_text() {
        for template in [
            "{{question}} {{answer}}",
            "Price: ${price} EUR",
            "<%= name %>",
            "{% if a %} Hello",
        ] {
            assert!(is_template(template), "{template}");
        }
        for text in [
            "Costs $5 {plain}",
            "a < b",
            "Write {{name}} where the name of the guest should be",
        ] {
            assert!(!is_template(text), "{text}");
        }
    }
}
