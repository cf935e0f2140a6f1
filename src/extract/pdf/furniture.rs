//! Removes running headers, footers and page numbers: lines that recur at the edges of many pages.

use std::collections::{HashMap, HashSet};

use super::structure::Page;

/// A running line is on at least this many pages.
const MIN_PAGES: usize = 3;
/// How many lines to examine at the top and at the bottom.
const EDGE_LINES: usize = 3;

/// Most letters in a line with a page number.
const MAX_NUMBER_LETTERS: usize = 12;

/// A recurring line: the pages it is on, and its texts, which differ only in their numbers.
#[derive(Default)]
struct Running {
    pages: HashSet<u32>,
    texts: HashSet<String>,
}

impl Running {
    /// A page number changes from page to page and has few words around it: "Page 3 of 9".
    fn is_page_number(&self, key: &str) -> bool {
        let letters = key.chars().filter(|c| c.is_alphabetic()).count();
        letters == 0 || (self.texts.len() > 1 && letters <= MAX_NUMBER_LETTERS)
    }
}

/// Removes running lines and page numbers. A running line with words is the document's name or
/// number, so these are returned, each once.
pub(super) fn remove(pages: &mut [Page]) -> Vec<String> {
    let mut found: HashMap<String, Running> = HashMap::new();
    for page in pages.iter() {
        for i in edges(page) {
            if let Some(line) = page.lines.get(i) {
                let text = line.text();
                let running = found.entry(key(&text)).or_default();
                running.pages.insert(page.number);
                running.texts.insert(text);
            }
        }
    }
    let needed = MIN_PAGES.max(pages.len().div_ceil(2));
    let mut kept: Vec<(String, String)> = Vec::new();
    for page in pages.iter_mut() {
        let edges: HashSet<usize> = edges(page).into_iter().collect();
        let number = page.number.to_string();
        let mut i = 0;
        page.lines.retain(|line| {
            let at_edge = edges.contains(&i);
            i += 1;
            let text = line.text();
            let key = key(&text);
            if !at_edge {
                return true;
            }
            let Some(running) = found.get(&key).filter(|r| r.pages.len() >= needed) else {
                return text.trim_matches(['-', '–', ' ']) != number;
            };
            if !running.is_page_number(&key) && !kept.iter().any(|(k, _)| *k == key) {
                kept.push((key, text));
            }
            false
        });
    }
    kept.into_iter().map(|(_, text)| text).collect()
}

/// The indices of the lines at the top and bottom of the page.
fn edges(page: &Page) -> Vec<usize> {
    let mut order: Vec<usize> = (0..page.lines.len()).collect();
    order.sort_by(|a, b| {
        let y = |i: &usize| page.lines.get(*i).map_or(0.0, |l| l.y());
        y(a).total_cmp(&y(b))
    });
    if order.len() <= EDGE_LINES * 2 {
        return order;
    }
    let mut out: Vec<usize> = order.iter().take(EDGE_LINES).copied().collect();
    out.extend(order.iter().rev().take(EDGE_LINES));
    out
}

/// A line with its numbers replaced, so that "Page 3 of 9" equals "Page 4 of 9".
fn key(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_numeric() {
            if !out.ends_with('#') {
                out.push('#');
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}
