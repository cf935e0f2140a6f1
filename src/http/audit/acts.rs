//! What people are told of a route in the audit log. A route that is noted and has no words here fails the test.

use super::{api_acts, page_acts};
use crate::store::audit::Filter;

/// Writes a table of acts: `acts! { POST "/keys": "made an API key", … }`.
macro_rules! acts {
    ($($method:ident $path:literal: $words:literal,)+) => {
        &[$((concat!(stringify!($method), " ", $path), $words)),+]
    };
}
pub(super) use acts;

/// In place of the last part of a path that says what to do.
const VERB: &str = "{verb}";

fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    api_acts::ACTS.iter().chain(page_acts::ACTS)
}

fn find(route: &str) -> Option<&'static str> {
    let mut all = all();
    let found = all.find(|(known, _)| *known == route);
    found.map(|(_, words)| *words)
}

/// What was done, to stand after a name. What was noted in words already stays as it is.
pub(in crate::http) fn in_words(what: &str) -> &str {
    find(what).unwrap_or(what)
}

/// A method and pattern as they are noted, with the verb of the path if it is one that has words of its own.
pub(super) fn with_verb(route: String, path: &str) -> String {
    let Some(start) = route.strip_suffix(VERB) else {
        return route;
    };
    let verb = path.rsplit('/').next().unwrap_or_default();
    let named = format!("{start}{verb}");
    match find(&named) {
        Some(_) => named,
        None => route,
    }
}

/// A filter that also finds acts by the words that people are told.
pub(in crate::http) fn find_by_words(words: &str) -> Filter {
    let words = words.trim().to_lowercase();
    if words.is_empty() {
        return Filter::default();
    }
    let acts = all().filter(|(_, told)| told.to_lowercase().contains(&words));
    Filter {
        acts: acts.map(|(route, _)| (*route).to_owned()).collect(),
        words: Some(words),
        ..Filter::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::http::Method;

    use super::super::is_noted;
    use super::*;
    use crate::http::route::Policy;
    use crate::http::{crm, routes};

    /// The table of pages.
    const PAGES: &str = include_str!("../console/mod.rs");
    /// Not a route.
    const MCP: &str = "MCP read_conversation";

    fn pages() -> Vec<(Method, &'static str)> {
        let (_, table) = PAGES.split_once("Router::new()").unwrap();
        let (table, _) = table
            .split_once(".layer(middleware::from_fn_with_state")
            .unwrap();
        let mut pages = Vec::new();
        for route in table.split(".route(").skip(1) {
            let path = route.split('"').nth(1).unwrap();
            for (method, call) in [(Method::GET, "get("), (Method::POST, "post(")] {
                if route.contains(call) {
                    pages.push((method, path));
                }
            }
        }
        assert!(pages.len() > 150, "only {}", pages.len());
        pages
    }

    /// Every route whose use is noted.
    fn noted() -> BTreeSet<String> {
        let mut mounted = routes();
        mounted.extend(crm::routes());
        // Nobody is known there whom a row could name.
        let known = mounted
            .iter()
            .filter(|route| !matches!(route.policy(), Policy::Public | Policy::Visitor));
        let known = known.map(|route| (route.method().clone(), route.path()));
        let all = known.chain(pages());
        let noted = all.filter(|(method, path)| is_noted(method, path));
        noted
            .map(|(method, path)| format!("{method} {path}"))
            .collect()
    }

    #[test]
    fn every_route_that_is_noted_has_words_and_no_words_are_left_over() {
        let noted = noted();
        let silent: Vec<&String> = noted.iter().filter(|route| find(route).is_none()).collect();
        assert!(silent.is_empty(), "without words: {silent:#?}");
        let of_verbs: Vec<&str> = noted
            .iter()
            .filter_map(|route| route.strip_suffix(VERB))
            .collect();
        let is_left = |route: &str| {
            let last = route.rfind('/').map_or("", |at| &route[..=at]);
            !noted.contains(route) && !of_verbs.contains(&last) && route != MCP
        };
        let left: Vec<&str> = all()
            .map(|(route, _)| *route)
            .filter(|route| is_left(route))
            .collect();
        assert!(left.is_empty(), "of no route: {left:#?}");
        let all: Vec<&str> = all().map(|(route, _)| *route).collect();
        let once: BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), once.len(), "a route stands twice");
    }

    #[test]
    fn words_stand_after_a_name() {
        for (route, words) in all() {
            let is_plain = words.starts_with(|letter: char| letter.is_lowercase())
                && !words.ends_with(['.', ' '])
                && words.len() <= 60;
            assert!(is_plain, "{route}: {words}");
        }
        assert_eq!(
            in_words("POST /api/v1/inbox/{id}/take"),
            "took over a conversation"
        );
        assert_eq!(in_words("signed in"), "signed in");
    }

    #[test]
    fn a_verb_that_is_known_is_noted_by_its_name() {
        let noted = |path: &str| with_verb("POST /inbox/{id}/{verb}".to_owned(), path);
        assert_eq!(noted("/inbox/7/take"), "POST /inbox/{id}/take");
        assert_eq!(noted("/inbox/7/%00made-up"), "POST /inbox/{id}/{verb}");
        let other = with_verb("POST /keys".to_owned(), "/keys");
        assert_eq!(other, "POST /keys");
    }

    #[test]
    fn acts_are_found_by_the_words_that_people_are_told() {
        let filter = find_by_words(" Took OVER a ");
        assert_eq!(
            filter.acts,
            ["POST /api/v1/inbox/{id}/take", "POST /inbox/{id}/take"]
        );
        assert_eq!(filter.words.as_deref(), Some("took over a"));
        assert_eq!(find_by_words("  ").words, None);
    }
}
