//! Text by others on a page: comments, reviews, guest books. Anyone who can write there could put words into the
//! business's mouth, so it is left out, with a note to the owner, unless the owner wants it read.

use scraper::ElementRef;

use super::content::first_words;
use crate::extract::hidden::Hidden;

/// Whole classes and ids of such sections, with `-` between words.
const SECTIONS: &[&str] = &[
    "comments",
    "comments-area",
    "comments-container",
    "comments-list",
    "comments-section",
    "comments-thread",
    "comments-wrapper",
    "comment-area",
    "comment-list",
    "comment-respond",
    "comment-section",
    "comment-thread",
    "commentlist",
    "comment-body",
    "comment-content",
    "customer-reviews",
    "disqus-thread",
    "guest-book",
    "guestbook",
    "isso-thread",
    "review-list",
    "reviews",
    "reviews-list",
    "user-comments",
    "user-reviews",
    "woocommerce-reviews",
];
/// schema.org types for text by visitors.
const TYPES: &[&str] = &["/Comment", "/UserComments", "/Review", "/UserReview"];
/// How many characters of a section the owner is shown.
const SHOWN: usize = 160;

/// Whether an element contains text by others.
pub(super) fn is_by_others(element: ElementRef<'_>) -> bool {
    let e = element.value();
    if matches!(e.name(), "html" | "body" | "main" | "a" | "button") {
        return false;
    }
    let has = |attribute: &str, words: &[&str]| {
        let value = e.attr(attribute).unwrap_or_default();
        value.split_whitespace().any(|word| words.contains(&word))
    };
    let typed = e.attr("itemtype").unwrap_or_default();
    let marked = e.attr("role") == Some("comment")
        || has("itemprop", &["comment", "review", "reviews"])
        || typed
            .split_whitespace()
            .any(|one| TYPES.iter().any(|ending| one.ends_with(ending)))
        || [e.attr("class"), e.attr("id")]
            .into_iter()
            .flatten()
            .flat_map(str::split_whitespace)
            .any(is_section);
    // Some themes mark the whole article this way.
    marked
        && !element
            .descendent_elements()
            .any(|d| matches!(d.value().name(), "main" | "h1"))
}

/// Matches `comments-area`, `comment_list`, `comment-17`.
fn is_section(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let numbered = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    SECTIONS.contains(&name.as_str()) || name.strip_prefix("comment-").is_some_and(numbered)
}

/// Records a section with its first words for the owner. A section inside another was recorded with the outer one.
pub(super) fn record(element: ElementRef<'_>, hidden: &mut Hidden) {
    let inside = (element.ancestors().filter_map(ElementRef::wrap)).any(is_by_others);
    let words = first_words(element);
    if inside || words.is_empty() {
        return;
    }
    hidden
        .by_others
        .push(match words.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default().trim_end()),
            None => words,
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_known_by_whole_names() {
        for name in ["comments", "Comments_Area", "comment-17", "disqus_thread"] {
            assert!(is_section(name), "{name}");
        }
        for name in [
            "comments-open",
            "comment-form-note",
            "commented",
            "comment-",
            "previews",
        ] {
            assert!(!is_section(name), "{name}");
        }
    }
}
