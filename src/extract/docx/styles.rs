//! The styles of a Word document: which are headings, which are lists.

use std::collections::HashMap;

use quick_xml::events::{BytesStart, Event};

use crate::extract::ExtractError;
use crate::extract::package::{Xml, attribute, each_event, local};

/// Longest chain of styles based on each other; longer ones are loops.
const MAX_CHAIN: usize = 20;

#[derive(Default, Clone)]
struct Style {
    name: String,
    based_on: Option<String>,
    outline: Option<u8>,
    numbered: Option<bool>,
    list: Option<String>,
    level: Option<usize>,
    raised: bool,
}

/// The styles of a document, by id.
#[derive(Default)]
pub(super) struct Styles(HashMap<String, Style>);

/// What a paragraph with a style is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Heading(u8),
    ListItem,
    Text,
}

impl Styles {
    /// The role of a style, from itself or the styles it is based on.
    pub(super) fn role(&self, id: &str) -> Role {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            let Some(style) = self.0.get(id) else {
                return role_by_name(id).unwrap_or(Role::Text);
            };
            if let Some(role) = role_by_name(&style.name) {
                return role;
            }
            match (style.outline, style.numbered) {
                (Some(level), _) if level < 6 => return Role::Heading(level + 1),
                (_, Some(true)) => return Role::ListItem,
                _ => {}
            }
            match &style.based_on {
                Some(parent) => id = parent,
                None => break,
            }
        }
        Role::Text
    }
}

impl Styles {
    /// A style and those it is based on, nearest first.
    pub(super) fn chain<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s str> {
        let based_on = |id: &&str| self.0.get(*id)?.based_on.as_deref();
        std::iter::successors(Some(id), based_on).take(MAX_CHAIN)
    }

    /// The list that a style's paragraphs belong to, and their level in it if the style tells.
    pub(super) fn list(&self, id: &str) -> Option<(&str, Option<usize>)> {
        let mut level = None;
        for style in self.chain(id).map_while(|id| self.0.get(id)) {
            level = level.or(style.level);
            if let Some(list) = &style.list {
                return Some((list, level));
            }
        }
        None
    }
}

impl Styles {
    /// Whether a character style is superscript.
    pub(super) fn is_raised(&self, id: &str) -> bool {
        self.0.get(id).is_some_and(|style| style.raised)
    }

    /// Whether a style is the one for prompts in forms: "Click here to enter text".
    pub(super) fn is_prompt(&self, id: &str) -> bool {
        let name = self.0.get(id).map_or(id, |style| style.name.as_str());
        let name = name.to_ascii_lowercase();
        name.split_whitespace().eq(["placeholder", "text"]) || name == "placeholdertext"
    }
}

/// The role of a built-in style; these keep their English names in every language version of Word.
fn role_by_name(name: &str) -> Option<Role> {
    let name: String = name
        .to_ascii_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    if name == "title" {
        return Some(Role::Heading(1));
    }
    if let Some(level) = name.strip_prefix("heading") {
        return level
            .parse::<u8>()
            .ok()
            .filter(|l| (1..=9).contains(l))
            .map(|l| Role::Heading(l.min(6)));
    }
    (name.starts_with("listbullet") || name.starts_with("listnumber")).then_some(Role::ListItem)
}

pub(super) fn read(xml: &mut Xml<'_>) -> Result<Styles, ExtractError> {
    let mut styles = HashMap::new();
    let mut current: Option<(String, Style)> = None;
    each_event(xml, |event| {
        match event {
            Event::Start(e) if local(e.name().as_ref()) == "style" => {
                current = attribute(&e, "styleId").map(|id| (id, Style::default()));
            }
            Event::End(e) if local(e.name().as_ref()) == "style" => styles.extend(current.take()),
            Event::Start(e) | Event::Empty(e) => {
                if let Some((_, style)) = &mut current {
                    read_property(&e, style);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(Styles(styles))
}

fn read_property(e: &BytesStart<'_>, style: &mut Style) {
    let value = attribute(e, "val");
    match local(e.name().as_ref()) {
        "name" => style.name = value.unwrap_or_default(),
        "basedOn" => style.based_on = value,
        "outlineLvl" => style.outline = value.and_then(|v| v.parse().ok()),
        "numId" => {
            style.numbered = Some(value.as_deref() != Some("0"));
            style.list = value;
        }
        "vertAlign" => style.raised = value.as_deref() == Some("superscript"),
        "ilvl" => style.level = value.and_then(|v| v.parse().ok()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_inherited_and_loops_end() {
        let style = |name: &str, based_on: Option<&str>| Style {
            name: name.into(),
            based_on: based_on.map(str::to_owned),
            ..Style::default()
        };
        let styles = Styles(HashMap::from([
            ("berschrift1".to_owned(), style("heading 1", None)),
            ("Mine".to_owned(), style("Mine", Some("berschrift1"))),
            ("Loop".to_owned(), style("Loop", Some("Loop"))),
        ]));
        assert_eq!(styles.role("Mine"), Role::Heading(1));
        assert_eq!(styles.role("Loop"), Role::Text);
        assert_eq!(styles.role("Heading2"), Role::Heading(2));
    }
}
