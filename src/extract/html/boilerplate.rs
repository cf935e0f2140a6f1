//! Recognises the parts of a page that are not its content.

use scraper::{ElementRef, node::Element};

/// Words at the start of a class or id that mark notices and navigation. Whole words only: "cookie-banner"
/// matches, "cookies-and-cream" in a bakery's menu does not.
const MARKS: &[&[&str]] = &[
    &["cookie"],
    &["cookiebar"],
    &["consent"],
    &["gdpr"],
    &["breadcrumb"],
    &["breadcrumbs"],
    &["skip"],
    &["skip", "link"],
    &["skiplink"],
    &["sr", "only"],
    &["visually", "hidden"],
    &["navbar"],
    &["pagination"],
    &["share", "buttons"],
    &["social", "links"],
];

/// Elements that never contain text for a reader.
pub(super) fn is_never_text(e: &Element) -> bool {
    matches!(
        e.name(),
        "script"
            | "style"
            | "noscript"
            | "template"
            | "svg"
            | "iframe"
            | "object"
            | "embed"
            | "canvas"
            | "select"
            | "datalist"
            | "textarea"
            | "input"
            | "head"
            | "audio"
            | "video"
            | "map"
            | "math"
            | "dialog"
    )
}

/// Whether an element is hidden, temporarily or permanently.
pub(super) fn is_hidden(e: &Element) -> bool {
    if e.attr("hidden").is_some_and(|v| v != "until-found") || e.attr("aria-hidden") == Some("true")
    {
        return true;
    }
    if is_hidden_by_class(e) {
        return true;
    }
    let style: String = e
        .attr("style")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .split_whitespace()
        .collect();
    style.contains("display:none")
        || style.contains("visibility:hidden")
        || style.contains("font-size:0;")
        || style.ends_with("font-size:0")
        || style.contains("opacity:0;")
        || style.ends_with("opacity:0")
}

/// Whether a class of common CSS frameworks hides an element on every screen: `d-none`, but not `d-none d-md-block`.
fn is_hidden_by_class(e: &Element) -> bool {
    let classes = || e.attr("class").unwrap_or_default().split_whitespace();
    let shows = |class: &str| class.contains(':') || (class.starts_with("d-") && class != "d-none");
    !matches!(e.name(), "html" | "body" | "main" | "article")
        && classes().any(|class| matches!(class, "d-none" | "hidden" | "is-hidden"))
        && !classes().any(shows)
}

/// Navigation, notices and page frames. A footer with an `address` is kept, since the address is often
/// nowhere else.
pub(super) fn is_boilerplate(element: ElementRef<'_>) -> bool {
    let e = element.value();
    let role = e.attr("role").unwrap_or_default();
    if matches!(
        role,
        "navigation"
            | "banner"
            | "search"
            | "dialog"
            | "alertdialog"
            | "complementary"
            | "contentinfo"
            | "menu"
            | "menubar"
    ) {
        return true;
    }
    match e.name() {
        "nav" | "aside" | "footer" => {
            return !(e.name() == "footer" && has_inside(element, &["address"]));
        }
        // A page's header is boilerplate; an article's header has its heading.
        "header" => return !has_inside(element, &["h1", "h2"]),
        "body" | "html" | "main" | "article" => return false,
        _ => {}
    }
    let marks = format!(
        "{} {}",
        e.attr("class").unwrap_or_default(),
        e.attr("id").unwrap_or_default()
    );
    marks.split_whitespace().any(is_marked)
}

fn is_marked(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['-', '_']).filter(|w| !w.is_empty()).collect();
    MARKS.iter().any(|mark| words.starts_with(mark))
}

fn has_inside(element: ElementRef<'_>, names: &[&str]) -> bool {
    element
        .descendent_elements()
        .any(|d| names.contains(&d.value().name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_whole_words() {
        assert!(is_marked("cookie-banner"));
        assert!(is_marked("Breadcrumb"));
        assert!(!is_marked("cookies-and-cream"));
        assert!(!is_marked("consenting"));
    }
}
