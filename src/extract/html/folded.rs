//! Content that a page hides until a reader opens it: the answers of an accordion, the panels of tabs. It is
//! hidden like a template or a dialog, but something on the page opens it, so it is content.

use std::collections::{HashMap, HashSet};

use scraper::{ElementRef, Html, Node};

use super::content::{first_words, has_word};

/// Words in the class or id of elements that can be opened.
const OPENED: &[&str] = &[
    "accordion",
    "accordeon",
    "akkordeon",
    "answer",
    "answers",
    "collapse",
    "collapsed",
    "collapsible",
    "details",
    "expand",
    "expandable",
    "expander",
    "faq",
    "faqs",
    "panel",
    "question",
    "spoiler",
    "tab",
    "tabpanel",
    "tabs",
    "toggle",
    "togglable",
];
/// Words in the class or id of elements that can be opened but are not content, or that are never shown.
const NO_CONTENT: &[&str] = &[
    "alert",
    "cart",
    "clone",
    "cloned",
    "consent",
    "cookie",
    "cookies",
    "drawer",
    "error",
    "lightbox",
    "loading",
    "login",
    "menu",
    "modal",
    "nav",
    "navbar",
    "navigation",
    "offcanvas",
    "overlay",
    "placeholder",
    "popover",
    "popup",
    "prototype",
    "search",
    "sidebar",
    "skeleton",
    "spinner",
    "template",
    "toast",
    "tooltip",
    "tpl",
];
/// Longest text of an opener, in characters.
const MAX_OPENER: usize = 300;
/// Most elements to examine inside another.
const MAX_WITHIN: usize = 200;
/// Most openers to examine between one and its panel.
const MAX_ROW: usize = 50;
/// How many ancestors to examine for a heading.
const MAX_UP: usize = 8;

/// How a panel is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By an opener before it: its question.
    Before,
    /// By one of several tabs in a row.
    Tab,
    /// By an opener after or inside it, such as "less".
    Elsewhere,
}

#[derive(Default)]
pub(super) struct Folded {
    /// By the panel's id: how it is opened, and the opener's text.
    panels: HashMap<String, (Way, String)>,
    /// Ids of the openers.
    openers: HashSet<String>,
}

impl Folded {
    pub(super) fn of(page: &Html) -> Self {
        let mut ids: HashMap<&str, usize> = HashMap::new();
        let mut openers = Vec::new();
        for (order, element) in page.root_element().descendent_elements().enumerate() {
            if let Some(id) = element.attr("id").filter(|_| is_content(element)) {
                ids.entry(id).or_insert(order);
            }
            let targets = targets(element);
            if !targets.is_empty() {
                openers.push((order, element, targets));
            }
        }
        openers.retain(|(.., targets): &(_, _, Vec<String>)| {
            targets
                .iter()
                .any(|target| ids.contains_key(target.as_str()))
        });
        let mut out = Self::default();
        for (i, (order, element, targets)) in openers.iter().enumerate() {
            for target in targets {
                let Some(panel) = ids.get(target.as_str()) else {
                    continue;
                };
                // Several openers together, followed by their panels, are tabs.
                let is_in_row = || {
                    let next = openers.get(i + 1..).unwrap_or_default();
                    let before = openers
                        .get(i.saturating_sub(MAX_ROW)..i)
                        .unwrap_or_default();
                    let opens_another = |targets: &[String]| !targets.contains(target);
                    let stands_between =
                        |id: &String| ids.get(id.as_str()).is_some_and(|p| order < p && p < panel);
                    (next.iter().take(MAX_ROW).take_while(|(o, ..)| o < panel))
                        .any(|(.., others)| opens_another(others))
                        || before
                            .iter()
                            .any(|(.., others)| others.iter().any(stands_between))
                };
                let (order, element, target) = (*order, *element, target.clone());
                let way = match *panel < order || holds(element, &target) {
                    true => Way::Elsewhere,
                    false if is_tab(element) || is_in_row() => Way::Tab,
                    false => Way::Before,
                };
                let text = opener_text(element);
                let known = out.panels.entry(target).or_insert((way, String::new()));
                if known.1.is_empty() && !text.is_empty() {
                    *known = (way, text);
                }
                out.openers.extend(element.attr("id").map(str::to_owned));
            }
        }
        out
    }

    /// Whether a hidden element is content that can be opened.
    pub(super) fn has(&self, element: ElementRef<'_>) -> bool {
        let e = element.value();
        if !is_content(element) {
            return false;
        }
        e.id().is_some_and(|id| self.panels.contains_key(id))
            || e.attr("role") == Some("tabpanel")
            || e.attr("aria-labelledby")
                .is_some_and(|id| self.openers.contains(id))
            || has_word(element, &["more", "moretext", "readmore"])
            || (e.name() != "span" && (self.is_named(element) || self.follows_opener(element)))
    }

    /// Whether an element is the question of a panel, to be read as its heading.
    pub(super) fn is_question(&self, element: ElementRef<'_>) -> bool {
        matches!(
            element.value().name(),
            "a" | "b" | "button" | "div" | "label" | "p" | "span" | "strong"
        ) && self.opens(element, Way::Before)
            && stands_alone(element)
            && !opener_text(element).is_empty()
    }

    /// Whether an element is a tab, whose text is read at the start of its panel.
    pub(super) fn is_tab(&self, element: ElementRef<'_>) -> bool {
        self.opens(element, Way::Tab)
    }

    /// The text of a panel's tab, unless the panel begins with the same words.
    pub(super) fn tab_of(&self, element: ElementRef<'_>) -> Option<&str> {
        let (way, text) = self.panels.get(element.value().id()?)?;
        let own = first_words(element);
        (*way == Way::Tab && !text.is_empty() && !own.starts_with(text.as_str()))
            .then_some(text.as_str())
    }

    /// Whether a button's text is content, such as a question, and not "send".
    pub(super) fn is_read(&self, button: ElementRef<'_>) -> bool {
        let in_heading = || {
            button.ancestors().take(MAX_UP).any(|node| {
                matches!(node.value(), Node::Element(e)
                    if matches!(e.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "summary" | "dt"))
            })
        };
        let is_alone = || {
            is_toggle(button)
                && !has_word(button, NO_CONTENT)
                && next_element(button).is_some_and(is_content)
                && opener_text(button).contains(' ')
        };
        self.opens(button, Way::Before) || is_alone() || in_heading()
    }

    /// Whether an element's class or id says that it can be opened: a tab's panel, or an answer after its question.
    fn is_named(&self, element: ElementRef<'_>) -> bool {
        if has_word(element, &["tab", "tabs", "tabpanel", "tabcontent"]) {
            return true;
        }
        let class = |e: ElementRef<'_>| e.value().attr("class").map(str::to_owned);
        let has_panel = |before: ElementRef<'_>| {
            before.descendent_elements().take(MAX_WITHIN).any(|e| {
                let v = e.value();
                let style = v.attr("style").unwrap_or_default();
                v.id().is_some_and(|id| self.panels.contains_key(id))
                    || v.attr("hidden").is_some()
                    || style.contains("none")
            })
        };
        has_word(element, OPENED)
            && !has_word(element, &["item", "row"])
            && previous_element(element).is_some_and(|before| {
                class(before) != class(element)
                    && !opener_text(before).is_empty()
                    && !has_panel(before)
            })
    }

    /// Whether the element before a hidden one opens it, or is the question that it answers.
    fn follows_opener(&self, element: ElementRef<'_>) -> bool {
        let Some(before) = previous_element(element) else {
            return false;
        };
        let opens = |e: &ElementRef<'_>| {
            let v = e.value();
            let is_panel = v.id().is_some_and(|id| self.panels.contains_key(id));
            let is_small = matches!(v.name(), "a" | "button" | "label" | "span");
            !is_panel
                && (v.attr("onclick").is_some()
                    || v.attr("aria-expanded").is_some()
                    || matches!(v.attr("role"), Some("button" | "tab"))
                    || (is_small && is_toggle(*e)))
        };
        let is_folded = element
            .attr("style")
            .is_some_and(|style| style.to_ascii_lowercase().contains("display"));
        let asked = opener_text(before);
        // The opener must be all there is before it, and must not have a panel of its own.
        let inner = before.child_elements().take(10).find(opens);
        !asked.is_empty()
            && (opens(&before) && before.child_elements().all(is_inline)
                || inner.is_some_and(|e| opener_text(e).len() + 4 > asked.len())
                || (before.value().name() == "dt" && element.value().name() == "dd")
                || (is_folded && asked.ends_with(['?', '？', '؟'])))
    }

    fn opens(&self, element: ElementRef<'_>, way: Way) -> bool {
        !self.panels.is_empty()
            && targets(element)
                .iter()
                .any(|id| self.panels.get(id).is_some_and(|(w, _)| *w == way))
    }
}

/// Whether an element can be content once it is opened, and is not a menu, dialog or template.
fn is_content(element: ElementRef<'_>) -> bool {
    let e = element.value();
    let role = e.attr("role").unwrap_or_default();
    !matches!(
        role,
        "dialog" | "alertdialog" | "menu" | "alert" | "status" | "navigation"
    ) && !matches!(e.name(), "nav" | "form" | "i" | "img")
        && !has_word(element, NO_CONTENT)
}

/// The ids of the elements that an element opens.
fn targets(element: ElementRef<'_>) -> Vec<String> {
    let e = element.value();
    let attr = |name| e.attr(name);
    let kind = attr("data-bs-toggle").or(attr("data-toggle"));
    let opens_no_content = matches!(
        kind,
        Some("modal" | "dropdown" | "offcanvas" | "popover" | "tooltip")
    ) || attr("aria-haspopup").is_some_and(|v| v != "false");
    if opens_no_content {
        return Vec::new();
    }
    let mut out: Vec<String> = Vec::new();
    for (name, value) in e.attrs() {
        let value = value.trim();
        match name {
            "aria-controls" => out.extend(value.split_whitespace().map(str::to_owned)),
            "data-collapse-toggle" => out.push(value.trim_start_matches('#').to_owned()),
            "onclick" => {
                let quoted = value.split(['\'', '"']).skip(1).step_by(2);
                out.extend(quoted.map(|id| id.trim_start_matches('#').to_owned()));
            }
            "href" if is_toggle(element) => out.extend(value.strip_prefix('#').map(str::to_owned)),
            _ if name.starts_with("data-") && !name.ends_with("parent") => {
                out.extend(value.strip_prefix('#').map(str::to_owned));
            }
            _ => {}
        }
    }
    out.retain(|id| !id.is_empty() && id.len() <= 200);
    out
}

/// Whether an element looks like an opener.
fn is_toggle(element: ElementRef<'_>) -> bool {
    let e = element.value();
    e.attr("aria-expanded").is_some()
        || matches!(e.attr("role"), Some("tab"))
        || matches!(
            e.attr("data-bs-toggle").or(e.attr("data-toggle")),
            Some("collapse" | "tab" | "pill")
        )
        || has_word(element, OPENED)
}

/// Whether an element is one of several tabs in a row. The titles of an accordion are headings, not tabs.
fn is_tab(element: ElementRef<'_>) -> bool {
    let e = element.value();
    let by_role = e.attr("role") == Some("tab")
        || matches!(
            e.attr("data-bs-toggle").or(e.attr("data-toggle")),
            Some("tab" | "pill")
        );
    let is_heading =
        |e: ElementRef<'_>| matches!(e.value().name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
    let parent = element.parent().and_then(ElementRef::wrap);
    by_role
        && !is_heading(element)
        && !parent.is_some_and(is_heading)
        && !element.child_elements().any(is_heading)
}

fn is_inline(element: ElementRef<'_>) -> bool {
    matches!(
        element.value().name(),
        "a" | "b"
            | "br"
            | "button"
            | "em"
            | "i"
            | "img"
            | "small"
            | "span"
            | "strong"
            | "svg"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
    )
}

/// Whether an element contains one with this id.
fn holds(element: ElementRef<'_>, id: &str) -> bool {
    (element.descendent_elements().take(MAX_WITHIN)).any(|e| e.value().id() == Some(id))
}

fn previous_element(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    element.prev_siblings().take(10).find_map(ElementRef::wrap)
}

fn next_element(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    element.next_siblings().take(10).find_map(ElementRef::wrap)
}

/// Whether an element has no text directly beside it, as it would have in a sentence.
fn stands_alone(element: ElementRef<'_>) -> bool {
    let is_text = |node: &Node| matches!(node, Node::Text(text) if !text.trim().is_empty());
    !(element.prev_siblings().take(3)).any(|n| is_text(n.value()))
        && !(element.next_siblings().take(3)).any(|n| is_text(n.value()))
}

/// The text of an opener; empty if it is too long to be one.
fn opener_text(element: ElementRef<'_>) -> String {
    let text = first_words(element);
    match text.chars().count() > MAX_OPENER {
        true => String::new(),
        false => text,
    }
}
